/*
 * e2e - promises from gateway A through central to gateway B, all of them real
 * processes: saved at A, sequenced at central, applied at B, each fsynced, over
 * mTLS. The load comes through A's API in batches, as an integration sends it.
 */
#include "nodes.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define SENDERS      8
#define WAIT_S       120
#define LINK_POLL_MS 5

struct sender {
	struct troth_http *http;
	struct troth_buf *batches;
	size_t first, count; /* Takes every SENDERS-th from the first on. */
	enum troth_err err;
	struct troth_why why;
	pthread_t thread;
};

static void *run_sender(void *arg)
{
	struct sender *s = arg;

	for (size_t i = s->first; s->err == TROTH_OK && i < s->count; i += SENDERS)
		s->err = nodes_send(s->http, troth_buf_span(&s->batches[i]), &s->why);
	return NULL;
}

/* Makes `count` batches before any clock starts. */
static struct troth_buf *make_batches(struct nodes *n, size_t count)
{
	struct troth_buf *batches = calloc(count, sizeof(*batches));

	for (size_t i = 0; batches != NULL && i < count; i++)
		nodes_batch(n, BATCH_PROMISES, &batches[i]);
	return batches;
}

static void free_batches(struct troth_buf *batches, size_t count)
{
	for (size_t i = 0; batches != NULL && i < count; i++)
		troth_buf_fini(&batches[i]);
	free(batches);
}

/* Sends all batches to A over SENDERS connections. */
static enum troth_err send_all(struct nodes *n, struct troth_buf *batches, size_t count,
			       struct troth_why *why)
{
	struct troth_http_config config = {
		.url = troth_federation_url(n->federation, NODE_A),
		.token = troth_federation_token(n->federation, NODE_A),
	};
	struct sender s[SENDERS] = { 0 };
	enum troth_err err = TROTH_OK;
	size_t started = 0; /* They work on `s`: they are waited for, come what may. */

	for (; started < SENDERS; started++) {
		size_t i = started;

		s[i] = (struct sender){ .batches = batches, .first = i, .count = count };
		s[i].err = troth_http_open(&s[i].http, &config, &s[i].why);
		if (pthread_create(&s[i].thread, NULL, run_sender, &s[i]) != 0) {
			troth_http_close(s[i].http);
			err = troth_fail(why, TROTH_ERR_AGAIN, "no thread for a sender");
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		(void)pthread_join(s[i].thread, NULL);
		troth_http_close(s[i].http);
		if (s[i].err != TROTH_OK) {
			err = s[i].err;
			*why = s[i].why;
		}
	}
	return err;
}

static size_t batches_for(const struct bench *b)
{
	return 1 + (size_t)(b->seconds * 15000 / BATCH_PROMISES);
}

enum troth_err bench_end_to_end(struct bench *b, struct nodes *n, struct troth_why *why)
{
	size_t count = batches_for(b);
	enum troth_err err = nodes_orders(n, count * BATCH_PROMISES, why);
	struct troth_buf *batches = err == TROTH_OK ? make_batches(n, count) : NULL;
	int64_t target = nodes_status(n->b, "stream_len", why) +
			 (int64_t)(count * BATCH_PROMISES);
	double start = bench_now();

	if (err == TROTH_OK)
		err = send_all(n, batches, count, why);
	if (err == TROTH_OK)
		err = nodes_await(n, target, WAIT_S, why);
	if (err == TROTH_OK) {
		double rate = (double)(count * BATCH_PROMISES) / (bench_now() - start);

		bench_print(b, "end_to_end_promises_per_s", rate, "1/s",
			    "raw_lmdb_256_records_per_s", rate / b->lmdb_256_per_s);
	}
	free_batches(batches, count);
	return err;
}

static enum troth_err await_link(struct nodes *n, int64_t up, struct troth_why *why)
{
	double until = bench_now() + WAIT_S;

	while (nodes_status(n->a, "up", why) != up ||
	       (up == 1 && nodes_status(n->b, "up", why) != 1)) {
		if (bench_now() > until)
			return troth_fail(why, TROTH_ERR_AGAIN,
					  "the link does not change");
		(void)poll(NULL, 0, LINK_POLL_MS);
	}
	return TROTH_OK;
}

/* A backlog made while central is away; timed from when both links are up again. */
enum troth_err bench_catch_up(struct bench *b, struct nodes *n, struct troth_why *why)
{
	size_t count = batches_for(b);
	enum troth_err err = nodes_orders(n, count * BATCH_PROMISES, why);
	struct troth_buf *batches = err == TROTH_OK ? make_batches(n, count) : NULL;
	int64_t before = nodes_status(n->b, "stream_len", why);

	if (err == TROTH_OK) {
		troth_federation_kill(n->federation, TROTH_FEDERATION_CENTRAL);
		err = await_link(n, 0, why);
	}
	if (err == TROTH_OK)
		err = send_all(n, batches, count, why);
	if (err == TROTH_OK)
		err = troth_federation_start(n->federation, TROTH_FEDERATION_CENTRAL,
					     why);
	if (err == TROTH_OK)
		err = await_link(n, 1, why);

	double start = bench_now();
	int64_t there = nodes_status(n->b, "stream_len", why);
	int64_t target = before + (int64_t)(count * BATCH_PROMISES);

	if (err == TROTH_OK)
		err = nodes_await(n, target, WAIT_S, why);
	if (err == TROTH_OK) {
		double rate = (double)(target - there) / (bench_now() - start);

		bench_print(b, "catch_up_promises_per_s", rate, "1/s",
			    "raw_lmdb_256_records_per_s", rate / b->lmdb_256_per_s);
	}
	free_batches(batches, count);
	return err;
}
