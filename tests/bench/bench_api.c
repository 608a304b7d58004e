/*
 * How many promises a second come in through the API: over four kept connections,
 * one request each at a time; over many; and in batches.
 */
#include "api_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 4
#define BATCH   500

static struct api_kit *kit;
static char token[TROTH_TOKEN_TEXT];
static char (*orders)[40];
static _Atomic unsigned next_order, used;
static double over; /* When the jobs end. */
static _Atomic unsigned serial;

static const char promise_body[] =
	"{\"kind\":\"gift\",\"words\":\"An HDMI cable, free\",\"language\":\"en\","
	"\"sku\":\"hdmi-2m\",\"quantity\":1,\"due\":\"2026-11-16T18:00:00Z\",\"reason\":"
	"\"late_delivery\",\"channel\":\"phone\",\"commitments\":[{\"debtor\":\"fleet\","
	"\"action\":\"hand_over\",\"ack_within_s\":3600}]}";

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int post(int fd, const char *path, const char *body, struct http_reply *r)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "Idempotency-Key: k%u\r\n",
		       atomic_fetch_add(&serial, 1));
	http_do(fd, "POST", path, token, key, body, r);
	return r->status;
}

static void put_order(struct troth_buf *b, unsigned i)
{
	troth_buf_printf(b,
			 "%s{\"method\":\"POST\",\"path\":\"/v1/orders\","
			 "\"idempotency_key\":\"k%u\",\"body\":{\"customer\":\"c-%u\","
			 "\"seller\":\"shop\",\"carrier\":\"fleet\",\"lines\":[{\"sku\":"
			 "\"tv-55\",\"quantity\":1}],\"personal\":{\"customer_name\":"
			 "\"Ann\",\"address\":\"1 Road\"}}}",
			 i == 0 ? "" : ",", atomic_fetch_add(&serial, 1), i);
}

/* One batch of orders; their ids are appended. */
static unsigned place(int fd, unsigned n)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct http_reply r;
	unsigned ok = 0;

	troth_buf_put_str(&b, "{\"requests\":[");
	for (unsigned i = 0; i < n; i++)
		put_order(&b, i);
	troth_buf_put_str(&b, "]}");
	troth_buf_put_u8(&b, '\0');
	if (post(fd, "/v1/batch", (char *)b.data, &r) == 200) {
		json_t *all = json_object_get(r.json, "responses");

		for (unsigned i = 0; i < n; i++) {
			json_t *one = json_array_get(all, i);
			const char *id = json_string_value(
				json_object_get(json_object_get(one, "body"), "id"));

			if (json_integer_value(json_object_get(one, "status")) != 201)
				continue;
			(void)snprintf(orders[atomic_fetch_add(&used, 1)], 40, "%s", id);
			ok++;
		}
	}
	troth_buf_fini(&b);
	http_reply_free(&r);
	return ok;
}

struct job {
	pthread_t thread;
	unsigned done, failed;
	double worst;
};

static void *alone(void *arg)
{
	struct job *j = arg;
	int fd = http_connect(api_kit_port(kit));
	char path[96];

	while (seconds() < over) {
		double t = seconds();
		unsigned i = atomic_fetch_add(&next_order, 1) % atomic_load(&used);
		struct http_reply r;

		(void)snprintf(path, sizeof(path), "/v1/orders/%s/promises", orders[i]);
		if (post(fd, path, promise_body, &r) == 201)
			j->done++;
		else
			j->failed++;
		http_reply_free(&r);
		t = seconds() - t;
		if (t > j->worst)
			j->worst = t;
	}
	(void)close(fd);
	return NULL;
}

static void *batches(void *arg)
{
	struct job *j = arg;
	int fd = http_connect(api_kit_port(kit));
	struct troth_buf b = TROTH_BUF_INIT;

	while (seconds() < over) {
		double t = seconds();
		unsigned from = atomic_fetch_add(&next_order, BATCH);
		struct http_reply r;

		troth_buf_reset(&b);
		troth_buf_put_str(&b, "{\"requests\":[");
		for (unsigned i = 0; i < BATCH; i++)
			troth_buf_printf(
				&b,
				"%s{\"method\":\"POST\",\"path\":\"/v1/orders/%s/"
				"promises\",\"idempotency_key\":\"k%u\",\"body\":%s}",
				i == 0 ? "" : ",",
				orders[(from + i) % atomic_load(&used)],
				atomic_fetch_add(&serial, 1), promise_body);
		troth_buf_put_str(&b, "]}");
		troth_buf_put_u8(&b, '\0');
		if (post(fd, "/v1/batch", (char *)b.data, &r) == 200)
			for (unsigned i = 0; i < BATCH; i++) {
				json_t *one = json_array_get(
					json_object_get(r.json, "responses"), i);

				if (json_integer_value(json_object_get(one, "status")) ==
				    201)
					j->done++;
				else
					j->failed++;
			}
		http_reply_free(&r);
		t = seconds() - t;
		if (t > j->worst)
			j->worst = t;
	}
	troth_buf_fini(&b);
	(void)close(fd);
	return NULL;
}

static void run(const char *what, unsigned threads, void *(*fn)(void *))
{
	struct job *jobs = calloc(threads, sizeof(*jobs));
	unsigned done = 0, failed = 0;
	double t = seconds(), worst = 0;

	if (jobs == NULL)
		abort();
	over = t + SECONDS;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&jobs[i].thread, NULL, fn, &jobs[i]) != 0)
			abort();
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(jobs[i].thread, NULL);
		done += jobs[i].done;
		failed += jobs[i].failed;
		if (jobs[i].worst > worst)
			worst = jobs[i].worst;
	}
	t = seconds() - t;
	(void)printf("%-32s %8.0f /s  worst %6.1f ms  %u failed\n", what, done / t,
		     worst * 1000, failed);
	free(jobs);
}

int main(void)
{
	static const char *const parties[] = {
		"{\"party\":\"brand\",\"role\":\"brand\"}",
		"{\"party\":\"shop\",\"role\":\"seller\"}",
		"{\"party\":\"fleet\",\"role\":\"carrier\"}",
	};
	int fd;

	kit = api_kit_start(NULL);
	orders = calloc(100000, sizeof(*orders));
	api_kit_token(kit, "bench", "integration manager", token);
	fd = http_connect(api_kit_port(kit));
	for (unsigned i = 0; i < 3; i++) {
		struct http_reply r;

		if (post(fd, "/v1/parties", parties[i], &r) != 200)
			(void)printf("party: %d %s\n", r.status, r.body);
		http_reply_free(&r);
	}
	for (unsigned i = 0; i < 40; i++)
		(void)place(fd, 500);
	(void)printf("%u orders placed\n", atomic_load(&used));
	run("alone, 1 connection", 1, alone);
	run("alone, 4 connections", 4, alone);
	run("alone, 64 connections", 64, alone);
	atomic_store(&next_order, 0);
	run("batches of 500, 1 connection", 1, batches);
	run("batches of 500, 2 connections", 2, batches);
	(void)close(fd);
	api_kit_stop(kit);
	free(orders);
	return 0;
}
