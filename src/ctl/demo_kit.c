#include "demo_kit.h"

#include "troth/base/text.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const demo_names[DEMO_NODES] = {
	[DEMO_HQ] = "HQ",
	[DEMO_VENDOR] = "call centre",
	[DEMO_SELLER] = "seller",
	[DEMO_CARRIER] = "carrier",
};

static const struct troth_federation_party parties[] = {
	{ "bright", "brand", "Bright Televisions", NULL },
	{ "acme", "vendor", "Acme Customer Care", NULL },
	{ "webshop", "seller", "The Web Shop", NULL },
	{ "swift", "carrier", "Swift Deliveries", NULL },
};

static const struct troth_federation_site sites[] = {
	{ .party = "acme", .site = "manila" },
	{ .party = "webshop", .site = "online" },
	{ .party = "swift", .site = "depot-7", .cable = true },
};

double demo_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool demo_is_called_off(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
					     sigismember(&pending, SIGTERM) == 1 ||
					     sigismember(&pending, SIGHUP) == 1);
}

/* ---- Telling ---- */

void demo_step(struct demo *d, const char *text)
{
	if (!d->failed)
		printf("\n%2u. %s\n", ++d->step, text);
	(void)fflush(stdout);
}

void demo_say(const struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->failed)
		return;
	va_start(ap, fmt);
	printf("      ");
	(void)vprintf(fmt, ap);
	(void)putchar('\n');
	va_end(ap);
	(void)fflush(stdout);
}

void demo_fail(struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->failed)
		return;
	d->failed = true;
	if (demo_is_called_off()) /* Not the step's fault. */
		return;
	va_start(ap, fmt);
	(void)fflush(stdout);
	(void)fprintf(stderr, "      This step did not hold: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}

/* ---- Asking ---- */

static json_t *call(struct demo *d, enum demo_node at, const struct troth_http_call *c,
		    long status)
{
	struct troth_http_reply r = { 0 };
	char problem[256];
	json_t *json = NULL;

	d->asked = demo_now();
	if (demo_is_called_off()) {
		demo_fail(d, "called off");
	} else if (troth_http_call(d->http[at], c, &r, &d->why) != TROTH_OK) {
		demo_fail(d, "%s", d->why.text);
	} else if (r.status != status) {
		troth_http_problem(r.json, r.status, problem, sizeof(problem));
		demo_fail(d, "%s %s at the %s: status %ld instead of %ld: %s", c->method,
			  c->path, demo_names[at], r.status, status, problem);
	} else {
		json = json_incref(r.json);
	}
	d->answered = demo_now();
	troth_http_reply_fini(&r);
	return json;
}

json_t *demo_post(struct demo *d, enum demo_node at, long status, const char *path,
		  const char *etag, const char *body)
{
	struct troth_http_call c = { .method = "POST", .path = path, .etag = etag };
	char key[32], *text;
	json_t *reply;

	if (d->failed)
		return NULL;
	text = strdup(body);
	if (text == NULL) {
		demo_fail(d, "no memory");
		return NULL;
	}
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	(void)snprintf(key, sizeof(key), "demo-%u", ++d->keys);
	c.key = key;
	c.body = troth_span_str(text);
	reply = call(d, at, &c, status);
	free(text);
	return reply;
}

json_t *demo_get(struct demo *d, enum demo_node at, const char *path)
{
	struct troth_http_call c = { .method = "GET", .path = path };

	return d->failed ? NULL : call(d, at, &c, 200);
}

void demo_take(struct demo *d, const json_t *reply, const char *name, char out[40])
{
	const char *text = json_string_value(json_object_get(reply, name));

	if (text == NULL || strlen(text) >= 40)
		demo_fail(d, "the answer has no %s", name);
	else
		troth_text_copy(out, 40, text);
}

/* ---- Watching ---- */

static void on_event(void *ctx, const char *data, double at)
{
	struct demo_screen *s = ctx;

	(void)pthread_mutex_lock(&s->lock);
	if (s->count < DEMO_EVENTS_MAX) {
		s->seen[s->count].data = strdup(data);
		s->seen[s->count].at = at;
		if (s->seen[s->count].data != NULL)
			s->count++;
	}
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
}

/* Index of the n-th event of that type about the id; -1: not there. With the lock. */
static int find(const struct demo_screen *s, const char *type, const char *id,
		unsigned nth)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strstr(s->seen[i].data, type) != NULL &&
		    strstr(s->seen[i].data, id) != NULL && nth-- == 0)
			return (int)i;
	return -1;
}

unsigned demo_count(struct demo *d, enum demo_node at, const char *type, const char *id)
{
	struct demo_screen *s = &d->screen[at];
	unsigned n = 0;

	(void)pthread_mutex_lock(&s->lock);
	while (find(s, type, id, n) >= 0)
		n++;
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}

/*
 * The newest of that type about the id that came since the last request; 0: it has not
 * come in time. It looks up now and then, for a blocked signal wakes nobody.
 */
static double await(struct demo *d, struct demo_screen *s, const char *type,
		    const char *id)
{
	double end = demo_now() + DEMO_WAIT_S, at = 0;
	struct timespec until;

	(void)pthread_mutex_lock(&s->lock);
	for (;;) {
		for (unsigned n = 0; at == 0; n++) {
			int i = find(s, type, id, n);

			if (i < 0)
				break;
			if (s->seen[i].at >= d->asked)
				at = s->seen[i].at;
		}
		if (at != 0 || demo_now() > end || demo_is_called_off())
			break;
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += DEMO_LOOK_UP_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		(void)pthread_cond_clockwait(&s->more, &s->lock, CLOCK_MONOTONIC, &until);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return at;
}

void demo_seen(struct demo *d, enum demo_node at, const char *type, const char *id)
{
	double when;

	if (d->failed)
		return;
	when = await(d, &d->screen[at], type, id);
	if (when == 0)
		demo_fail(d, "the %s has not seen %s of %s within %.0f s", demo_names[at],
			  type, id, DEMO_WAIT_S);
	else
		demo_say(d, "%-11s saw it after %6.1f ms", demo_names[at],
			 (when - d->asked) * 1e3);
}

/* ---- The stage ---- */

static bool open_node(struct demo *d, enum demo_node at)
{
	struct troth_http_config c = { .url = troth_federation_url(d->federation, at),
				       .token = troth_federation_token(d->federation,
								       at) };
	struct demo_screen *s = &d->screen[at];
	struct troth_events_config e = {
		.url = c.url, .token = c.token, .on_event = on_event, .ctx = s
	};

	return troth_http_open(&d->http[at], &c, &d->why) == TROTH_OK &&
	       troth_events_open(&s->events, &e, &d->why) == TROTH_OK;
}

bool demo_open(struct demo *d)
{
	const struct troth_federation_spec spec = {
		.domain = "demo.test",
		.party_count = TROTH_LEN(parties),
		.site_count = TROTH_LEN(sites),
		.parties = parties,
		.sites = sites,
		.give_up = demo_is_called_off,
	};

	for (unsigned i = 0; i < DEMO_NODES; i++) {
		(void)pthread_mutex_init(&d->screen[i].lock, NULL);
		(void)pthread_cond_init(&d->screen[i].more, NULL);
	}
	if (troth_federation_open(&d->federation, &spec, &d->why) != TROTH_OK)
		return false;
	for (unsigned i = 0; i < DEMO_NODES; i++)
		if (!open_node(d, (enum demo_node)i))
			return false;
	return true;
}

void demo_close(struct demo *d)
{
	/* First, for then the readers of events, whose streams end, need not be waited
	 * for. */
	troth_federation_close(d->federation);
	for (unsigned i = 0; i < DEMO_NODES; i++) {
		struct demo_screen *s = &d->screen[i];

		troth_events_close(s->events);
		troth_http_close(d->http[i]);
		for (unsigned j = 0; j < s->count; j++)
			free(s->seen[j].data);
	}
}
