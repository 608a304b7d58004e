/*
 * nodes - a federation of real processes to be measured: central, the seller's
 * gateway A where promises are made, and the carrier's gateway B which owes.
 */
#ifndef TROTH_BENCH_NODES_H
#define TROTH_BENCH_NODES_H

#include "bench.h"

#include "troth/ctl/federation.h"
#include "troth/ctl/http.h"

#define NODE_A             1
#define NODE_B             2
#define PROMISES_PER_ORDER 8
#define BATCH_PROMISES     500 /* In one /v1/batch. */

struct nodes {
	struct troth_federation *federation;
	struct troth_http *a, *b;
	char (*orders)[40]; /* Ids of orders that promises can be made on. */
	size_t order_count;
	size_t promised; /* Promises made so far, over all orders. */
	uint64_t keys;   /* Idempotency keys used so far. */
};

enum troth_err nodes_open(struct nodes *n, const struct bench *b, struct troth_why *why);
void nodes_close(struct nodes *n);

/* Places orders at A until `promises` more can be made, and waits until B has them. */
enum troth_err nodes_orders(struct nodes *n, size_t promises, struct troth_why *why);

/* The body of the next promise, for a request of its own. Returns the path's order. */
const char *nodes_promise(struct nodes *n, struct troth_buf *body);

/* Appends a /v1/batch of `count` promises to `out`. */
void nodes_batch(struct nodes *n, size_t count, struct troth_buf *out);

/* Sends a batch to a node; all of it must have been done. */
enum troth_err nodes_send(struct troth_http *h, struct troth_span batch,
			  struct troth_why *why);

/* A whole number out of a node's /v1/status, by name; -1: not there. */
int64_t nodes_status(struct troth_http *h, const char *name, struct troth_why *why);

/* Waits until the event stream of B has `len` entries. */
enum troth_err nodes_await(struct nodes *n, int64_t len, double seconds,
			   struct troth_why *why);

#endif
