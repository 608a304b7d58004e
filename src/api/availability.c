/*
 * Who is on duty: said by sites about themselves, shown by every node.
 */
#include "body.h"
#include "handlers.h"
#include "read.h"

#include "troth/state/availability.h"

#include <string.h>

/* How long it holds, if the caller does not say. */
#define HOLDS_MS INT64_C(900000)
/* Who is in so great a hurry to say something else is told to wait. */
#define EVERY_MS INT64_C(10000)

static const struct troth_in_field fields[] = {
	TROTH_FIELD_E("agents", TROTH_IN_U32, u.availability.agents),
	TROTH_FIELD_E("queue", TROTH_IN_U32, u.availability.queue),
	TROTH_FIELD_E("wait_s", TROTH_IN_U32, u.availability.wait_s),
	TROTH_FIELD_E("until", TROTH_IN_TIME, u.availability.until),
};
const struct troth_in_table troth_in_availability = { fields, TROTH_LEN(fields),
						      &troth_in_common };

static bool said(const struct troth_body *b, const char *name)
{
	return json_object_get(b->c->json, name) != NULL;
}

/* A wait is measured, or it is not there: none is made up. */
static bool all_said(struct troth_body *b)
{
	const char *missing = NULL;

	if (!said(b, "agents"))
		missing = "agents";
	else if (b->e->u.availability.agents > 0 && !said(b, "queue"))
		missing = "queue";
	else if (b->e->u.availability.agents > 0 && !said(b, "wait_s"))
		missing = "wait_s";
	if (missing != NULL)
		troth_body_flaw(b, missing, "is missing");
	return missing == NULL;
}

static bool same(const struct troth_availability *a, const struct troth_event *e)
{
	return a->agents == e->u.availability.agents &&
	       a->queue == e->u.availability.queue &&
	       a->wait_s == e->u.availability.wait_s;
}

/* Answers with the event that says the same, as if it had just been said. */
static void answer_said(struct troth_call *c, const struct troth_availability *a)
{
	struct troth_out o = troth_call_reply(c, 200);

	troth_out_id(&o, "event", TROTH_ID_EVENT, &a->event);
	troth_out_time(&o, "saved", a->said);
	if (a->position != 0)
		troth_out_uint(&o, "position", a->position);
	else
		troth_out_null(&o, "position");
	troth_out_bool(&o, "sequenced", a->position != 0);
	troth_out_bool(&o, "unchanged", true);
	troth_out_end_object(&o);
}

/*
 * The ledger is for what happens, not for what stays as it is: the same again is
 * an event only when half of the time for which it holds is over, and another
 * length of the queue not more often than EVERY_MS. That a site opens or closes
 * goes through at once.
 */
static bool needs_event(struct troth_body *b, struct troth_time now)
{
	const struct troth_engine *engine = b->c->api->engine;
	const struct troth_event *e = b->e;
	struct troth_availability a;
	bool has = troth_query_availability(b->c->t, engine->kind, engine->origin, &a);
	bool over = !has || troth_availability_at(&a, now) == TROTH_OPEN_UNKNOWN;

	if (!over && same(&a, e) &&
	    2 * (a.until.ms - now.ms) >= e->u.availability.until.ms - now.ms) {
		troth_body_drop(b);
		answer_said(b->c, &a);
		return false;
	}
	if (over || same(&a, e) || (a.agents > 0) != (e->u.availability.agents > 0) ||
	    now.ms - a.said.ms >= EVERY_MS)
		return true;
	troth_body_drop(b);
	troth_call_problem(
		b->c, TROTH_PROBLEM_TOO_MANY, NULL,
		"a site says so every 10 s at most, unless it opens or closes");
	b->c->retry_after_s = (unsigned)((a.said.ms + EVERY_MS - now.ms + 999) / 1000);
	return false;
}

void troth_post_availability(struct troth_call *c)
{
	struct troth_time now = troth_call_now(c);
	struct troth_body b;

	if (!troth_body_begin(&b, c, 1))
		return;
	b.e->type = TROTH_EVENT_SITE_AVAILABILITY;
	b.e->subject_kind = TROTH_SUBJECT_FEDERATION;
	if (!troth_body_read(&b) || !all_said(&b))
		return;
	if (b.e->u.availability.until.ms == 0)
		b.e->u.availability.until.ms = now.ms + HOLDS_MS;
	if (c->api->engine->kind == TROTH_NODE_GATEWAY)
		(void)needs_event(&b, now);
}

static void out_item(struct troth_out *o, const struct troth_site *s,
		     const struct troth_availability *a, struct troth_time now)
{
	enum troth_open open = troth_availability_at(a, now);

	troth_out_object(o, NULL);
	troth_out_text(o, "party", s->party);
	troth_out_text(o, "site", s->site);
	troth_out_text(o, "state", troth_open_name(open));
	if (open != TROTH_OPEN_UNKNOWN) {
		troth_out_uint(o, "agents", a->agents);
		troth_out_uint(o, "queue", a->queue);
	}
	if (open == TROTH_OPEN)
		troth_out_uint(o, "wait_s", a->wait_s);
	troth_out_some_time(o, "said", a->said);
	troth_out_some_time(o, "until", a->until);
	troth_out_end_object(o);
}

void troth_get_availability(struct troth_call *c)
{
	const char *party = troth_call_query(c, "party");
	struct troth_render r = troth_read_render(c);
	struct troth_site s;
	struct troth_availability a;
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) ||
	    !troth_read_after(c, s.origin, sizeof(s.origin)))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (given < limit && troth_query_next_site(c->t, s.origin, &s)) {
		if (party != NULL && strcmp(party, s.party) != 0)
			continue;
		given++;
		(void)troth_query_availability(c->t, c->api->engine->kind, s.origin, &a);
		out_item(&o, &s, &a, r.now);
	}
	troth_out_end_array(&o);
	if (given == limit)
		troth_read_next(c, &o, "after", s.origin, 0);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}
