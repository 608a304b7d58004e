/* What the measures share. */
#ifndef TROTH_BENCH_PRIVATE_H
#define TROTH_BENCH_PRIVATE_H

#include "troth/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define BENCH_QUESTIONS_PER_S 500
#define BENCH_ASKERS          8 /* Connections over which they go at the same time. */

struct bench {
	bool json;
	double seconds;  /* How long a measure of a rate takes, about. */
	const char *dir; /* Scratch directory on the disk that is measured. */
	double fdatasync_per_s, lmdb_256_per_s, tls_mb_per_s, answer_p99_us;
};

/* A clock for durations, in seconds. */
double bench_now(void);

/* Sleeps until bench_now() is `until`; not at all if that has passed. */
void bench_wait_until(double until);

/* Sorts values, for bench_quantile(): the one that `q` (0 to 1) of them are below. */
void bench_sort(double *values, size_t count);
double bench_quantile(const double *values, size_t count, double q);

/* Prints one figure; `ratio_to` may be NULL. */
void bench_print(const struct bench *b, const char *name, double value, const char *unit,
		 const char *ratio_to, double ratio);

/* Raw limits; each prints its figure and keeps it in *b. */
enum troth_err bench_fdatasync(struct bench *b, struct troth_why *why);
enum troth_err bench_lmdb(struct bench *b, struct troth_why *why);
enum troth_err bench_tls(struct bench *b, struct troth_why *why);
/* Beside may-i, which it is the limit of. */
enum troth_err bench_answer(struct bench *b, struct troth_why *why);

/* Central alone: sealed batches of 8 sites through hub and ledger, on disk. */
enum troth_err bench_append(struct bench *b, struct troth_why *why);

struct nodes;

/* A whole federation of real processes. */
enum troth_err bench_latency(struct bench *b, struct nodes *n, struct troth_why *why);
enum troth_err bench_end_to_end(struct bench *b, struct nodes *n, struct troth_why *why);
enum troth_err bench_catch_up(struct bench *b, struct nodes *n, struct troth_why *why);
/* Last: it publishes a policy, and then what cites none is flagged. */
enum troth_err bench_may_i(struct bench *b, struct nodes *n, struct troth_why *why);

#endif
