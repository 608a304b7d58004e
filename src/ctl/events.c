#include "troth/ctl/events.h"

#include "troth/base/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_MS 100

struct troth_events {
	char url[1100], auth[320];
	uint64_t last; /* Stream number of the newest event that was given on. */
	uint64_t next; /* The number that the present event bears. */
	void (*on_event)(void *ctx, const char *data, double at);
	void *ctx;
	char *line;
	size_t len;
	bool overlong;
	atomic_bool stop;
	pthread_t thread;
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void take_line(struct troth_events *e)
{
	e->line[e->len] = '\0';
	if (strncmp(e->line, "id:", 3) == 0) {
		e->next = strtoull(e->line + 3, NULL, 10);
	} else if (strncmp(e->line, "data:", 5) == 0 && !e->overlong) {
		e->on_event(e->ctx, e->line + 5 + (e->line[5] == ' '), now_s());
		if (e->next > e->last)
			e->last = e->next;
	}
	e->len = 0;
	e->overlong = false;
}

static size_t on_bytes(char *data, size_t size, size_t n, void *ctx)
{
	struct troth_events *e = ctx;

	for (size_t i = 0; i < size * n; i++) {
		if (data[i] == '\n')
			take_line(e);
		else if (e->len < TROTH_EVENT_LINE_MAX)
			e->line[e->len++] = data[i];
		else
			e->overlong = true;
	}
	return size * n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct troth_events *e = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&e->stop) ? 1 : 0;
}

static void read_once(struct troth_events *e, CURL *curl)
{
	struct curl_slist *headers = curl_slist_append(NULL, e->auth);
	char resume[64];

	(void)snprintf(resume, sizeof(resume), "Last-Event-ID: %" PRIu64, e->last);
	headers = curl_slist_append(headers, resume);
	e->len = 0;
	(void)curl_easy_setopt(curl, CURLOPT_URL, e->url);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, e);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, e);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_perform(curl);
	curl_slist_free_all(headers);
}

static void *run(void *arg)
{
	struct troth_events *e = arg;
	CURL *curl = curl_easy_init();

	while (curl != NULL && !atomic_load(&e->stop)) {
		read_once(e, curl);
		curl_easy_reset(curl);
		if (!atomic_load(&e->stop))
			(void)poll(NULL, 0, RETRY_MS);
	}
	curl_easy_cleanup(curl);
	return NULL;
}

enum troth_err troth_events_open(struct troth_events **out,
				 const struct troth_events_config *config,
				 struct troth_why *why)
{
	struct troth_events *e = calloc(1, sizeof(*e));

	*out = NULL;
	if (e != NULL)
		e->line = malloc(TROTH_EVENT_LINE_MAX + 1);
	if (e == NULL || e->line == NULL) {
		free(e);
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for an event stream");
	}
	(void)snprintf(e->url, sizeof(e->url), "%s/v1/events", config->url);
	(void)snprintf(e->auth, sizeof(e->auth), "Authorization: Bearer %s",
		       config->token);
	e->last = config->after;
	e->on_event = config->on_event;
	e->ctx = config->ctx;
	atomic_init(&e->stop, false);
	if (pthread_create(&e->thread, NULL, run, e) != 0) {
		free(e->line);
		free(e);
		return troth_fail(why, TROTH_ERR_AGAIN, "no thread for an event stream");
	}
	*out = e;
	return TROTH_OK;
}

void troth_events_close(struct troth_events *e)
{
	if (e == NULL)
		return;
	atomic_store(&e->stop, true);
	(void)pthread_join(e->thread, NULL);
	free(e->line);
	free(e);
}
