#include "replica.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int64_t replica_back_off(struct troth_gateway *g)
{
	uint16_t dice;

	g->backoff_ms *= 2;
	if (g->backoff_ms < BACKOFF_MIN_MS)
		g->backoff_ms = BACKOFF_MIN_MS;
	if (g->backoff_ms > BACKOFF_MAX_MS)
		g->backoff_ms = BACKOFF_MAX_MS;
	g->config.random(g->config.random_ctx, &dice, sizeof(dice));
	return g->backoff_ms / 2 + g->backoff_ms * dice / 65536 / 2;
}

unsigned replica_flights(const struct troth_gateway *g, enum troth_bus_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		n += g->flights[i].request != 0 && g->flights[i].type == type;
	return n;
}

/*
 * A link may break, or be given up, before a large message has got through; sent as
 * it was on every new link, it would never get there. So what was not answered is
 * followed by half as much, and what was by twice.
 */
static void shrink(struct troth_gateway *g)
{
	if (replica_flights(g, TROTH_BUS_SUBMIT) > 0 && g->submit_bytes > MESSAGE_MIN)
		g->submit_bytes /= 2;
	if (replica_flights(g, TROTH_BUS_FOLLOW) > 0 && g->follow_bytes > MESSAGE_MIN)
		g->follow_bytes /= 2;
}

void replica_grow(size_t *aim, size_t got_through)
{
	if (got_through >= *aim / 2 && *aim < MESSAGE_MAX)
		*aim *= 2;
}

struct flight *replica_send(struct troth_gateway *g, const struct troth_bus_request *m)
{
	struct troth_buf bytes = TROTH_BUF_INIT;
	struct flight *f = g->flights;
	uint32_t request = 0;
	size_t len = 0;

	while (f < g->flights + FLIGHTS_MAX && f->request != 0)
		f++;
	if (f < g->flights + FLIGHTS_MAX) {
		troth_bus_request_encode(m, &bytes);
		len = bytes.len;
		if (!bytes.failed)
			request = g->io.send(g->io.ctx, &bytes);
	}
	troth_buf_fini(&bytes);
	if (request == 0) {
		g->send_at_ms = g->raw_ms + SEND_RETRY_MS;
		return NULL;
	}
	*f = (struct flight){
		.request = request, .type = m->type, .sent_ms = g->raw_ms, .bytes = len
	};
	return f;
}

void arrivals_drop(struct troth_gateway *g, unsigned count)
{
	for (; count > 0; count--) {
		struct arrival *a = g->arrivals;

		g->arrivals = a->next;
		troth_bus_reply_fini(&a->reply);
		free(a);
		g->arrival_count--;
	}
	if (g->arrivals == NULL)
		g->arrivals_end = &g->arrivals;
}

void arrivals_forget(struct troth_gateway *g)
{
	arrivals_drop(g, g->arrival_count);
	g->received = g->kept.cursor;
	g->received_marks = g->kept.marks;
}

/* Everything that belongs to one connection ends with it. */
static void link_ended(struct troth_gateway *g, const char *why)
{
	char text[TROTH_WHY_MAX];
	char since[TROTH_TIME_TEXT];

	if (g->phase == PHASE_LIVE || g->trouble[0] == '\0')
		g->since = (struct troth_time){ g->raw_ms };
	g->phase = PHASE_DOWN;
	(void)snprintf(g->trouble, sizeof(g->trouble), "%s", why);
	shrink(g);
	memset(g->flights, 0, sizeof(g->flights));
	g->turned_away = 0; /* Central will say it again. */
	arrivals_forget(g);
	troth_time_format(since, g->since);
	(void)snprintf(text, sizeof(text), "no link to central since %s: %.200s", since,
		       g->trouble);
	questions_fail(g, text);
}

void replica_lose(struct troth_gateway *g, const char *fmt, ...)
{
	char why[TROTH_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	g->greet_at_ms = g->raw_ms + replica_back_off(g);
	link_ended(g, why);
	g->given_up = true;
	g->io.drop(g->io.ctx, why);
}

void replica_set_clock(struct troth_gateway *g, struct troth_time now)
{
	int64_t back = g->raw_ms - now.ms;

	g->raw_ms = now.ms;
	if (!g->dated && now.ms > g->clock_ms)
		g->clock_ms = now.ms;
	if (back <= 0)
		return;
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		g->flights[i].sent_ms -= back;
	for (struct troth_question *q = g->questions; q != NULL; q = q->next)
		q->deadline.ms -= back;
	g->greet_at_ms -= back;
	g->send_at_ms -= back;
	g->submit_at_ms -= back;
	g->gather_until_ms -= back;
	g->unspoken_until_ms -= back;
	g->follow_at_ms -= back;
	g->apply_at_ms -= back;
	g->commanded_ms -= back;
	g->full_until_ms -= back;
	g->look_at_ms -= back;
}

void troth_gateway_date(struct troth_gateway *g, struct troth_time date)
{
	g->dated = true;
	if (date.ms > g->clock_ms)
		g->clock_ms = date.ms;
}

void troth_gateway_up(struct troth_gateway *g, struct troth_time now)
{
	replica_set_clock(g, now);
	if (g->phase != PHASE_DOWN)
		link_ended(g, "a new connection");
	g->phase = PHASE_UP;
	g->given_up = false;
	g->send_at_ms = 0;
}

void troth_gateway_down(struct troth_gateway *g, const char *why, struct troth_time now)
{
	replica_set_clock(g, now);
	if (g->phase != PHASE_DOWN)
		link_ended(g, why);
	else if (!g->given_up) /* It was dialled again, in vain. */
		(void)snprintf(g->trouble, sizeof(g->trouble), "%s", why);
	g->given_up = false;
}

void troth_gateway_link(const struct troth_gateway *g, struct troth_link_state *out)
{
	*out = (struct troth_link_state){
		.up = g->phase == PHASE_LIVE,
		.since = g->since,
		.backlog = g->kept.backlog,
	};
	if (!out->up)
		(void)snprintf(out->trouble, sizeof(out->trouble), "%s",
			       g->trouble[0] != '\0' ? g->trouble : "not connected yet");
}

int64_t replica_patience_ms(const struct troth_gateway *g, const struct flight *f)
{
	return g->config.answer_timeout_ms +
	       (f->type == TROTH_BUS_FOLLOW ? g->config.follow_wait_ms : 0);
}

void replica_check_silence(struct troth_gateway *g)
{
	for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
		const struct flight *f = &g->flights[i];

		if (f->request != 0 &&
		    f->sent_ms + replica_patience_ms(g, f) <= g->raw_ms) {
			replica_note(g, "silence", "central has not answered for %lld ms",
				     (long long)(g->raw_ms - f->sent_ms));
			replica_lose(g, "central has not answered for %lld ms",
				     (long long)(g->raw_ms - f->sent_ms));
			return;
		}
	}
}
