/*
 * latency - single promises at 200 a second, from the request at gateway A to
 * the line in gateway B's event stream.
 */
#include "nodes.h"

#include "troth/base/text.h"
#include "troth/ctl/events.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RATE     200
#define ID_LEN   30 /* "prm_" and 26 digits. */
#define SETTLE_S 30

struct arrival {
	char id[ID_LEN + 1];
	double at;
};

struct sent {
	char id[ID_LEN + 1];
	double asked, answered;
};

/* When which promise came out of B's event stream. */
struct reader {
	struct troth_events *events;
	struct arrival *arrivals;
	size_t count, max;
	pthread_mutex_t lock;
};

static void on_event(void *ctx, const char *data, double at)
{
	struct reader *r = ctx;
	const char *id = strstr(data, "prm_");

	if (id == NULL || strlen(id) < ID_LEN || strstr(data, "promise_made") == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	if (r->count < r->max) {
		memcpy(r->arrivals[r->count].id, id, ID_LEN);
		r->arrivals[r->count].id[ID_LEN] = '\0';
		r->arrivals[r->count++].at = at;
	}
	(void)pthread_mutex_unlock(&r->lock);
}

static enum troth_err send_one(struct nodes *n, struct sent *s, struct troth_why *why)
{
	struct troth_buf body = TROTH_BUF_INIT;
	struct troth_http_reply r = { 0 };
	char path[128], key[32];
	struct troth_http_call call = { .method = "POST", .path = path, .key = key };
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "/v1/orders/%s/promises",
		       nodes_promise(n, &body));
	(void)snprintf(key, sizeof(key), "l-%012" PRIu64, n->keys++);
	call.body = troth_buf_span(&body);
	s->asked = bench_now();
	err = troth_http_want(n->a, &call, &r, why);
	s->answered = bench_now();
	if (err == TROTH_OK) {
		const char *id = json_string_value(json_object_get(r.json, "id"));

		TROTH_TEXT_SET(s->id, id == NULL ? "" : id);
	}
	troth_http_reply_fini(&r);
	troth_buf_fini(&body);
	return err;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct arrival *)a)->id, ((const struct arrival *)b)->id);
}

static enum troth_err report(const struct bench *b, struct reader *r,
			     const struct sent *sent, size_t count, struct troth_why *why)
{
	double *way = calloc(count, sizeof(*way)), *saved = calloc(count, sizeof(*saved));
	double fsync_us = 1e6 / b->fdatasync_per_s, p50, p99;
	enum troth_err err = TROTH_OK;

	if (way == NULL || saved == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
		goto out;
	}
	qsort(r->arrivals, r->count, sizeof(r->arrivals[0]), by_id);
	for (size_t i = 0; i < count; i++) {
		struct arrival key = { .at = 0 }, *found;

		TROTH_TEXT_SET(key.id, sent[i].id);
		found = bsearch(&key, r->arrivals, r->count, sizeof(key), by_id);
		if (found == NULL) {
			err = troth_fail(why, TROTH_ERR_AGAIN,
					 "promise %s did not come to gateway B",
					 sent[i].id);
			goto out;
		}
		way[i] = found->at - sent[i].asked;
		saved[i] = sent[i].answered - sent[i].asked;
	}
	bench_sort(way, count);
	bench_sort(saved, count);
	p50 = bench_quantile(saved, count, 0.5) * 1e6;
	bench_print(b, "saved_latency_p50_us", p50, "us", "raw_fdatasync_per_s",
		    p50 / fsync_us);
	p50 = bench_quantile(way, count, 0.5) * 1e6;
	p99 = bench_quantile(way, count, 0.99) * 1e6;
	bench_print(b, "end_to_end_latency_p50_us", p50, "us", "raw_fdatasync_per_s",
		    p50 / fsync_us);
	bench_print(b, "end_to_end_latency_p99_us", p99, "us", "raw_fdatasync_per_s",
		    p99 / fsync_us);
out:
	free(way);
	free(saved);
	return err;
}

static enum troth_err start_reader(struct reader *r, struct nodes *n, size_t count,
				   struct troth_why *why)
{
	struct troth_events_config config = {
		.url = troth_federation_url(n->federation, NODE_B),
		.token = troth_federation_token(n->federation, NODE_B),
		.after = (uint64_t)nodes_status(n->b, "stream_len", why),
		.on_event = on_event,
		.ctx = r,
	};

	r->max = 2 * count;
	r->arrivals = calloc(r->max, sizeof(*r->arrivals));
	(void)pthread_mutex_init(&r->lock, NULL);
	if (r->arrivals == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
	return troth_events_open(&r->events, &config, why);
}

static size_t arrived(struct reader *r)
{
	size_t count;

	(void)pthread_mutex_lock(&r->lock);
	count = r->count;
	(void)pthread_mutex_unlock(&r->lock);
	return count;
}

static enum troth_err measure(struct bench *b, struct nodes *n, struct reader *r,
			      struct sent *sent, size_t count, struct troth_why *why)
{
	enum troth_err err = start_reader(r, n, count, why);
	double start = bench_now(), until;

	for (size_t i = 0; err == TROTH_OK && i < count; i++) {
		bench_wait_until(start + (double)i / RATE);
		err = send_one(n, &sent[i], why);
	}
	until = bench_now() + SETTLE_S;
	while (err == TROTH_OK && arrived(r) < count && bench_now() < until)
		bench_wait_until(bench_now() + 0.01);
	troth_events_close(r->events);
	if (err == TROTH_OK)
		err = report(b, r, sent, count, why);
	free(r->arrivals);
	return err;
}

enum troth_err bench_latency(struct bench *b, struct nodes *n, struct troth_why *why)
{
	size_t count = (size_t)(b->seconds * 2 * RATE);
	struct reader *r = calloc(1, sizeof(*r));
	struct sent *sent = calloc(count, sizeof(*sent));
	enum troth_err err = nodes_orders(n, count, why);

	if (r == NULL || sent == NULL)
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
	else if (err == TROTH_OK)
		err = measure(b, n, r, sent, count, why);
	free(r);
	free(sent);
	return err;
}
