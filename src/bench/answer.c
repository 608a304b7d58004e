/*
 * answer - what an answer that has been saved costs here at least: questions of one
 * byte, over as many connections and at the same rate as those of may_i, each
 * answered when one LMDB transaction with a record for it has been committed. All
 * that lie there go into one transaction. Nothing of ours, no TLS, no HTTP: the disk
 * and waking threads up.
 */
#include "bench.h"

#include <errno.h>
#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD 300

struct asker {
	int fd, peer; /* The asker's end, and the end of who answers. */
	size_t first, count;
	double start;
	double *took;
	bool failed;
	pthread_t thread;
};

struct answerer {
	struct asker askers[BENCH_ASKERS];
	MDB_env *env;
	MDB_dbi dbi;
	uint64_t next;
	int rc; /* Of LMDB. */
};

static void *run_asker(void *arg)
{
	struct asker *a = arg;
	char byte = 'q';

	for (size_t i = a->first; i < a->count && !a->failed; i += BENCH_ASKERS) {
		double due = a->start + (double)i / BENCH_QUESTIONS_PER_S;

		bench_wait_until(due);
		a->failed = send(a->fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
			    read(a->fd, &byte, 1) != 1;
		a->took[i] = bench_now() - due;
	}
	(void)shutdown(a->fd, SHUT_RDWR);
	return NULL;
}

static int save(struct answerer *w, unsigned records)
{
	uint8_t record[RECORD] = { 0 }, key[8];
	MDB_txn *txn;
	int rc = mdb_txn_begin(w->env, NULL, 0, &txn);

	for (; rc == 0 && records > 0; records--, w->next++) {
		for (int i = 0; i < 8; i++)
			key[i] = (uint8_t)(w->next >> (56 - 8 * i));
		rc = mdb_put(txn, w->dbi, &(MDB_val){ sizeof(key), key },
			     &(MDB_val){ sizeof(record), record }, MDB_APPEND);
	}
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* Until all askers are done. */
static void *run_answerer(void *arg)
{
	struct answerer *w = arg;
	struct pollfd p[BENCH_ASKERS];
	unsigned open = BENCH_ASKERS;

	for (unsigned i = 0; i < BENCH_ASKERS; i++)
		p[i] = (struct pollfd){ .fd = w->askers[i].peer, .events = POLLIN };
	while (open > 0 && w->rc == 0 && poll(p, BENCH_ASKERS, -1) > 0) {
		bool asks[BENCH_ASKERS] = { false };
		unsigned records = 0;
		char byte;

		for (unsigned i = 0; i < BENCH_ASKERS; i++) {
			if (p[i].revents == 0)
				continue;
			asks[i] = read(p[i].fd, &byte, 1) == 1;
			records += asks[i];
			if (!asks[i]) {
				p[i].fd = -1;
				open--;
			}
		}
		if (records > 0)
			w->rc = save(w, records);
		for (unsigned i = 0; i < BENCH_ASKERS && w->rc == 0; i++)
			if (asks[i] && send(p[i].fd, "a", 1, MSG_NOSIGNAL) != 1)
				w->rc = errno;
	}
	for (unsigned i = 0; i < BENCH_ASKERS; i++)
		(void)shutdown(w->askers[i].peer, SHUT_RDWR);
	return NULL;
}

static int open_store(const struct bench *b, struct answerer *w)
{
	char path[512];
	MDB_txn *txn;
	int rc = mdb_env_create(&w->env);

	(void)snprintf(path, sizeof(path), "%s/answers", b->dir);
	(void)mkdir(path, 0700);
	if (rc == 0)
		rc = mdb_env_set_mapsize(w->env, (size_t)1 << 30);
	if (rc == 0)
		rc = mdb_env_open(w->env, path, 0, 0600);
	if (rc == 0)
		rc = mdb_txn_begin(w->env, NULL, 0, &txn);
	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &w->dbi);
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

/* False: there was no thread or socket for it, or it failed. */
static bool run(struct answerer *w, size_t count, double *took)
{
	struct asker *a = w->askers;
	double start = bench_now() + 0.1;
	unsigned pairs = 0, started = 0;
	pthread_t thread;
	bool ok, answered = false;

	for (; pairs < BENCH_ASKERS; pairs++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
			break;
		a[pairs] = (struct asker){ .fd = fds[0],
					   .peer = fds[1],
					   .first = pairs,
					   .count = count,
					   .start = start,
					   .took = took };
	}
	if (pairs == BENCH_ASKERS)
		answered = pthread_create(&thread, NULL, run_answerer, w) == 0;
	while (answered && started < BENCH_ASKERS &&
	       pthread_create(&a[started].thread, NULL, run_asker, &a[started]) == 0)
		started++;
	ok = started == BENCH_ASKERS;
	for (unsigned i = started; i < pairs; i++)
		(void)shutdown(a[i].fd, SHUT_RDWR);
	for (unsigned i = 0; i < started; i++) {
		(void)pthread_join(a[i].thread, NULL);
		ok = ok && !a[i].failed;
	}
	if (answered)
		(void)pthread_join(thread, NULL);
	for (unsigned i = 0; i < pairs; i++) {
		(void)close(a[i].fd);
		(void)close(a[i].peer);
	}
	return ok;
}

enum troth_err bench_answer(struct bench *b, struct troth_why *why)
{
	size_t count = (size_t)(b->seconds * BENCH_QUESTIONS_PER_S);
	double *took = calloc(count, sizeof(*took));
	struct answerer w = { .next = 0 };
	enum troth_err err = TROTH_OK;

	if (took == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
	w.rc = open_store(b, &w);
	if (w.rc != 0 || !run(&w, count, took))
		err = troth_fail(why, TROTH_ERR_IO, "saved answers: %s",
				 w.rc != 0 ? mdb_strerror(w.rc) : "no thread or socket");
	if (w.env != NULL)
		mdb_env_close(w.env);
	if (err == TROTH_OK) {
		double fsync_us = 1e6 / b->fdatasync_per_s;
		double half, most;

		bench_sort(took, count);
		half = bench_quantile(took, count, 0.5) * 1e6;
		most = bench_quantile(took, count, 0.99) * 1e6;
		bench_print(b, "raw_answer_p50_us", half, "us", "raw_fdatasync_per_s",
			    half / fsync_us);
		bench_print(b, "raw_answer_p99_us", most, "us", "raw_fdatasync_per_s",
			    most / fsync_us);
		b->answer_p99_us = most;
	}
	free(took);
	return err;
}
