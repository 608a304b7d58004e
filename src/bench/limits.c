/* limits - what the disk, LMDB and TLS can do here, with nothing of ours in between. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE      4096
#define RECORD    300
#define GROUP     256
#define SYNCS_MAX (1 << 18)

enum troth_err bench_fdatasync(struct bench *b, struct troth_why *why)
{
	static double took[SYNCS_MAX]; /* s */
	char path[512], page[PAGE];
	unsigned count = 0;
	int fd;

	memset(page, 'x', sizeof(page));
	(void)snprintf(path, sizeof(path), "%s/fdatasync", b->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));

	double start = bench_now(), now, seconds = 0, p99;
	do {
		if (write(fd, page, sizeof(page)) != PAGE || fdatasync(fd) != 0) {
			(void)troth_fail(why, TROTH_ERR_IO, "%s: %s", path,
					 strerror(errno));
			(void)close(fd);
			return TROTH_ERR_IO;
		}
		now = bench_now();
		took[count++] = now - start - seconds;
		seconds = now - start;
	} while (seconds < b->seconds / 2 && count < SYNCS_MAX);
	(void)close(fd);
	(void)unlink(path);
	b->fdatasync_per_s = count / seconds;
	bench_print(b, "raw_fdatasync_per_s", b->fdatasync_per_s, "1/s", NULL, 0);
	bench_sort(took, count);
	p99 = bench_quantile(took, count, 0.99);
	bench_print(b, "raw_fdatasync_p99_us", p99 * 1e6, "us", "raw_fdatasync_per_s",
		    p99 * b->fdatasync_per_s);
	return TROTH_OK;
}

static int put_group(MDB_env *env, MDB_dbi dbi, uint64_t first)
{
	uint8_t record[RECORD] = { 0 }, key[8];
	MDB_txn *txn;
	int rc = mdb_txn_begin(env, NULL, 0, &txn);

	for (uint64_t i = 0; rc == 0 && i < GROUP; i++) {
		for (int j = 0; j < 8; j++)
			key[j] = (uint8_t)((first + i) >> (56 - 8 * j));
		rc = mdb_put(txn, dbi, &(MDB_val){ sizeof(key), key },
			     &(MDB_val){ sizeof(record), record }, MDB_APPEND);
	}
	if (rc == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

enum troth_err bench_lmdb(struct bench *b, struct troth_why *why)
{
	MDB_env *env = NULL;
	MDB_txn *txn;
	MDB_dbi dbi = 0;
	char path[512];
	uint64_t count = 0;
	double start = 0, seconds = 1;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/lmdb", b->dir);
	(void)mkdir(path, 0700);
	rc = mdb_env_create(&env);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env, (size_t)16 << 30);
	if (rc == 0)
		rc = mdb_env_open(env, path, 0, 0600);
	if (rc == 0)
		rc = mdb_txn_begin(env, NULL, 0, &txn);
	if (rc == 0) {
		rc = mdb_dbi_open(txn, NULL, 0, &dbi);
		rc = rc == 0 ? mdb_txn_commit(txn) : rc;
	}
	for (start = bench_now(); rc == 0; count += GROUP) {
		rc = put_group(env, dbi, count);
		seconds = bench_now() - start;
		if (seconds >= b->seconds / 2)
			break;
	}
	if (env != NULL)
		mdb_env_close(env);
	if (rc != 0)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, mdb_strerror(rc));
	b->lmdb_256_per_s = (double)count / seconds;
	bench_print(b, "raw_lmdb_256_records_per_s", b->lmdb_256_per_s, "1/s",
		    "raw_fdatasync_per_s", b->lmdb_256_per_s / b->fdatasync_per_s);
	return TROTH_OK;
}

/* ---- TLS ---- */

#define TLS_WRITE (16 << 10)

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name;

	if (cert == NULL)
		return NULL;
	name = X509_get_subject_name(cert);
	if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"bench",
				       -1, -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(cert), -60) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert), 3600) == NULL ||
	    X509_set_pubkey(cert, key) != 1 || X509_sign(cert, key, EVP_sha256()) == 0) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* The reader's end: accepts and reads until the peer is done. */
static void *drain(void *arg)
{
	static _Thread_local uint8_t buf[64 << 10];
	SSL *ssl = arg;

	if (SSL_accept(ssl) == 1)
		while (SSL_read(ssl, buf, sizeof(buf)) > 0) {
		}
	return NULL;
}

static double pump(SSL *client, double seconds)
{
	static uint8_t block[TLS_WRITE];
	double start, spent = 0, bytes = 0;

	if (SSL_connect(client) != 1)
		return 0;
	start = bench_now();
	while (spent < seconds && SSL_write(client, block, sizeof(block)) > 0) {
		bytes += sizeof(block);
		spent = bench_now() - start;
	}
	(void)SSL_shutdown(client);
	return spent > 0 ? bytes / spent / 1e6 : 0;
}

enum troth_err bench_tls(struct bench *b, struct troth_why *why)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = key == NULL ? NULL : self_signed(key);
	SSL_CTX *server = SSL_CTX_new(TLS_server_method());
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());
	SSL *in = NULL, *out = NULL;
	int fds[2] = { -1, -1 };
	pthread_t thread;
	double rate = 0;

	if (cert != NULL && server != NULL && client != NULL &&
	    SSL_CTX_use_certificate(server, cert) == 1 &&
	    SSL_CTX_use_PrivateKey(server, key) == 1 &&
	    SSL_CTX_set_min_proto_version(client, TLS1_3_VERSION) == 1 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0) {
		in = SSL_new(server);
		out = SSL_new(client);
	}
	if (in != NULL && out != NULL && SSL_set_fd(in, fds[0]) == 1 &&
	    SSL_set_fd(out, fds[1]) == 1 &&
	    pthread_create(&thread, NULL, drain, in) == 0) {
		rate = pump(out, b->seconds / 2);
		(void)shutdown(fds[1], SHUT_RDWR);
		(void)pthread_join(thread, NULL);
	}
	SSL_free(in);
	SSL_free(out);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	X509_free(cert);
	EVP_PKEY_free(key);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	if (rate == 0)
		return troth_fail(why, TROTH_ERR_IO, "TLS with oneself did not work");
	b->tls_mb_per_s = rate;
	bench_print(b, "raw_tls_mb_per_s", rate, "MB/s", NULL, 0);
	return TROTH_OK;
}
