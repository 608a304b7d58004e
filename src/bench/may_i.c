/*
 * may_i - "may I promise this?" at 500 a second at gateway A, inside what HQ has
 * delegated: from when the agent wants to know until the answer is there. A yes has
 * been saved by then, with what it takes out of the site's share. Then the same with
 * central dead, and so it stays: this measure is the last.
 */
#include "nodes.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EACH    4 /* Questions of one agent, who leaves them unspoken. */
#define WAIT_S  30
#define POLL_MS 20

static const char policy[] =
	"{\"version\":1,\"text\":\"rules: ({ kind = \\\"gift\\\"; sku = \\\"HDMI-*\\\"; "
	"earliest = \\\"1 hour\\\"; say = \\\"cable\\\"; }); routes: ({ kind = "
	"\\\"gift\\\"; owed: ({ debtor = \\\"carrier\\\"; action = \\\"hand_over\\\"; }); "
	"}); phrases: { cable: { en = \\\"It comes with your parcel, free.\\\"; }; };\"}";
static const char pool[] = "{\"pool\":\"cables\",\"sku\":\"HDMI-2M\","
			   "\"total\":1000000000,\"share\":100000000}";
static const char grant[] =
	"{\"party\":\"shop\",\"grant\":\"gifts\",\"kinds\":[\"gift\"],"
	"\"skus\":[\"HDMI-2M\"],\"most\":2,\"per_customer\":100,\"period_s\":86400,"
	"\"pool\":\"cables\"}";

struct asker {
	struct nodes *n;
	struct troth_http *http;
	size_t first,
		count;   /* Asks every BENCH_ASKERS-th of `count` from the first on. */
	size_t promised; /* By the whole bench before this measure. */
	uint64_t keys;
	double start;
	double *took;
	enum troth_err err;
	struct troth_why why;
	pthread_t thread;
};

static enum troth_err ask_one(struct asker *a, size_t i)
{
	static const char format[] = "{\"kind\":\"gift\",\"sku\":\"HDMI-2M\","
				     "\"quantity\":1,\"reason\":\"late_delivery\","
				     "\"channel\":\"phone\",\"language\":\"en\","
				     "\"actor\":\"agent-%zu\"}";
	static const char yes[] = "\"answer\":\"yes\"";
	char path[128], key[32], body[sizeof(format) + 24];
	struct troth_http_call call = {
		.method = "POST", .path = path, .key = key, .raw = true
	};
	struct troth_http_reply r = { 0 };
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "/v1/orders/%s/may-i",
		       a->n->orders[(a->promised + i) / PROMISES_PER_ORDER]);
	(void)snprintf(key, sizeof(key), "m-%012" PRIu64, a->keys + i);
	(void)snprintf(body, sizeof(body), format, (a->promised + i) / EACH);
	call.body = troth_span_str(body);
	err = troth_http_want(a->http, &call, &r, &a->why);
	if (err == TROTH_OK &&
	    memmem(r.body.data, r.body.len, yes, sizeof(yes) - 1) == NULL)
		err = troth_fail(&a->why, TROTH_ERR_INPUT,
				 "it was not answered yes: %.*s",
				 r.body.len < 200 ? (int)r.body.len : 200,
				 (const char *)r.body.data);
	troth_http_reply_fini(&r);
	return err;
}

/* Counted from when the question was due: who has to wait for a turn, waits. */
static void *run_asker(void *arg)
{
	struct asker *a = arg;

	for (size_t i = a->first; a->err == TROTH_OK && i < a->count; i += BENCH_ASKERS) {
		double due = a->start + (double)i / BENCH_QUESTIONS_PER_S;

		bench_wait_until(due);
		a->err = ask_one(a, i);
		a->took[i] = bench_now() - due;
	}
	return NULL;
}

static enum troth_err ask_all(struct nodes *n, size_t count, double *took,
			      struct troth_why *why)
{
	struct troth_http_config config = {
		.url = troth_federation_url(n->federation, NODE_A),
		.token = troth_federation_token(n->federation, NODE_A),
	};
	struct asker a[BENCH_ASKERS] = { 0 };
	enum troth_err err = TROTH_OK;
	double start = bench_now() + 0.1;
	size_t started = 0; /* They work on `a`: they are waited for, come what may. */

	for (; started < BENCH_ASKERS; started++) {
		size_t i = started;

		a[i] = (struct asker){ .n = n,
				       .first = i,
				       .count = count,
				       .promised = n->promised,
				       .keys = n->keys,
				       .start = start,
				       .took = took };
		a[i].err = troth_http_open(&a[i].http, &config, &a[i].why);
		if (pthread_create(&a[i].thread, NULL, run_asker, &a[i]) != 0) {
			troth_http_close(a[i].http);
			err = troth_fail(why, TROTH_ERR_AGAIN, "no thread for an asker");
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		(void)pthread_join(a[i].thread, NULL);
		troth_http_close(a[i].http);
		if (a[i].err != TROTH_OK) {
			err = a[i].err;
			*why = a[i].why;
		}
	}
	n->promised += count;
	n->keys += count;
	return err;
}

/* ---- What HQ delegates beforehand ---- */

static enum troth_err post(struct troth_http *h, const char *path, const char *body,
			   struct nodes *n, struct troth_why *why)
{
	struct troth_http_reply r = { 0 };
	char key[32];
	struct troth_http_call call = {
		.method = "POST", .path = path, .key = key, .body = troth_span_str(body)
	};
	enum troth_err err;

	(void)snprintf(key, sizeof(key), "d-%012" PRIu64, n->keys++);
	err = troth_http_want(h, &call, &r, why);
	troth_http_reply_fini(&r);
	return err;
}

static int64_t available(struct nodes *n, struct troth_why *why)
{
	struct troth_http_call call = { .method = "GET",
					.path = "/v1/shares?party=shop" };
	struct troth_http_reply r = { 0 };
	int64_t v = 0;

	if (troth_http_want(n->a, &call, &r, why) == TROTH_OK)
		v = json_integer_value(json_object_get(
			json_array_get(json_object_get(r.json, "items"), 0),
			"available"));
	troth_http_reply_fini(&r);
	return v;
}

static enum troth_err delegate(struct nodes *n, struct troth_why *why)
{
	struct troth_http_config config = {
		.url = troth_federation_url(n->federation, TROTH_FEDERATION_CENTRAL),
		.token = troth_federation_token(n->federation, TROTH_FEDERATION_CENTRAL),
	};
	struct troth_http *central = NULL;
	enum troth_err err = troth_http_open(&central, &config, why);
	double until = bench_now() + WAIT_S;

	if (err == TROTH_OK)
		err = post(central, "/v1/policies", policy, n, why);
	if (err == TROTH_OK)
		err = post(central, "/v1/pools", pool, n, why);
	if (err == TROTH_OK)
		err = post(central, "/v1/grants", grant, n, why);
	troth_http_close(central);
	while (err == TROTH_OK && available(n, why) == 0) {
		if (bench_now() > until)
			err = troth_fail(why, TROTH_ERR_AGAIN,
					 "gateway A was allotted no share");
		(void)poll(NULL, 0, POLL_MS);
	}
	return err;
}

static enum troth_err ask_and_print(struct bench *b, struct nodes *n, size_t count,
				    const char *p50, const char *p99,
				    struct troth_why *why)
{
	double fsync_us = 1e6 / b->fdatasync_per_s;
	double *took = calloc(count, sizeof(*took));
	enum troth_err err;

	if (took == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
	err = ask_all(n, count, took, why);
	if (err == TROTH_OK) {
		double half, most;

		bench_sort(took, count);
		half = bench_quantile(took, count, 0.5) * 1e6;
		most = bench_quantile(took, count, 0.99) * 1e6;
		bench_print(b, p50, half, "us", "raw_fdatasync_per_s", half / fsync_us);
		bench_print(b, p99, most, "us", "raw_answer_p99_us",
			    most / b->answer_p99_us);
	}
	free(took);
	return err;
}

enum troth_err bench_may_i(struct bench *b, struct nodes *n, struct troth_why *why)
{
	size_t count = (size_t)(b->seconds * BENCH_QUESTIONS_PER_S);
	enum troth_err err = nodes_orders(n, 2 * count, why);

	if (err == TROTH_OK)
		err = delegate(n, why);
	if (err == TROTH_OK)
		err = bench_answer(b, why);
	if (err == TROTH_OK)
		err = ask_and_print(b, n, count, "may_i_latency_p50_us",
				    "may_i_latency_p99_us", why);
	if (err != TROTH_OK)
		return err;
	troth_federation_kill(n->federation, TROTH_FEDERATION_CENTRAL);
	return ask_and_print(b, n, count, "may_i_cut_latency_p50_us",
			     "may_i_cut_latency_p99_us", why);
}
