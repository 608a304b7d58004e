/*
 * result - what the engine said to a command, as an answer.
 */
#include "api.h"
#include "render.h"

#include <stdio.h>

static const char *collection(enum troth_id_kind kind)
{
	switch (kind) {
	case TROTH_ID_ORDER:
		return "orders";
	case TROTH_ID_CASE:
		return "cases";
	case TROTH_ID_PROMISE:
		return "promises";
	case TROTH_ID_COMMITMENT:
		return "commitments";
	case TROTH_ID_ALARM:
		return "alarms";
	case TROTH_ID_RECOVERY:
		return "recoveries";
	case TROTH_ID_EVENT:
	case TROTH_ID_AUTHORITY:
		break;
	}
	return "events";
}

static void out_owed(struct troth_call *c, struct troth_out *o)
{
	troth_out_array(o, "commitments");
	for (unsigned i = 1; i <= c->owed; i++) {
		struct troth_id id = c->result.item;

		id.b[TROTH_ID_LEN - 1] = (uint8_t)i;
		troth_out_id(o, NULL, TROTH_ID_COMMITMENT, &id);
	}
	troth_out_end_array(o);
}

/* Only what the result says: a repeated call must get the same bytes again. */
static void answer_done(struct troth_call *c)
{
	const struct troth_result *r = &c->result;
	bool created = (c->route->flags & TROTH_ROUTE_CREATES) != 0;
	enum troth_id_kind of = troth_render_subject_kind(r->subject_kind), kind = of;
	const struct troth_id *id = &r->subject;
	struct troth_out o = troth_call_reply(c, created ? 201 : 200);
	char code[TROTH_SHORT_CODE], text[TROTH_ID_TEXT];

	if ((c->route->flags & TROTH_ROUTE_ITEM) != 0 && !troth_id_is_zero(&r->item)) {
		id = &r->item;
		kind = id->b[TROTH_ID_LEN - 1] == 0 ? TROTH_ID_PROMISE
						    : TROTH_ID_COMMITMENT;
	}
	if ((c->route->flags & TROTH_ROUTE_RECOVERY) != 0)
		kind = TROTH_ID_RECOVERY;
	if ((c->route->flags & TROTH_ROUTE_ALARM) != 0) {
		id = troth_id_is_zero(&r->item) ? &r->event : &r->item;
		kind = TROTH_ID_ALARM;
	}
	if (r->subject_kind == TROTH_SUBJECT_AUTHORITY) {
		troth_out_id(&o, "subject", of, &r->subject);
	} else if (r->subject_kind != TROTH_SUBJECT_FEDERATION) {
		troth_id_short(code, id);
		troth_id_format(text, kind, id);
		troth_out_text(&o, "id", text);
		troth_out_text(&o, "code", code);
		troth_out_id(&o, "subject", of, &r->subject);
		if (created)
			(void)snprintf(c->location, sizeof(c->location), "/v1/%s/%s",
				       collection(kind), text);
	}
	/* Of policies it is the version (policies.c). */
	if (r->subject_kind == TROTH_SUBJECT_FEDERATION && !troth_id_is_zero(&r->item))
		troth_out_uint(&o, "version", troth_load_u64be(r->item.b + 8));
	troth_out_id(&o, "event", TROTH_ID_EVENT, &r->event);
	troth_out_time(&o, "saved", r->at);
	if (r->position != 0)
		troth_out_uint(&o, "position", r->position);
	else
		troth_out_null(&o, "position");
	troth_out_bool(&o, "sequenced", r->position != 0);
	troth_out_uint(&o, "etag", r->etag);
	if (r->reason != TROTH_REASON_NONE)
		troth_out_text(&o, "flagged", troth_reason_name(r->reason));
	if (kind == TROTH_ID_PROMISE && c->owed > 0)
		out_owed(c, &o);
	troth_out_end_object(&o);
	c->has_etag = r->subject_kind != TROTH_SUBJECT_FEDERATION;
	c->etag = r->etag;
}

void troth_call_answer(struct troth_call *c)
{
	const struct troth_result *r = &c->result;

	c->has_result = true;
	switch (r->status) {
	case TROTH_DONE:
		if (r->has_answer)
			troth_may_i_answer(c);
		else
			answer_done(c);
		break;
	case TROTH_DECLINED:
		troth_call_declined(c, r->reason);
		break;
	case TROTH_STALE:
		troth_call_problem(c, TROTH_PROBLEM_STALE, NULL, NULL);
		c->has_etag = true;
		c->etag = r->etag;
		break;
	case TROTH_FLAWED:
		troth_call_problem(c, TROTH_PROBLEM_FIELD, r->flaw.field,
				   r->flaw.problem);
		break;
	case TROTH_KEY_REUSED:
		troth_call_problem(c, TROTH_PROBLEM_KEY_REUSED, NULL, NULL);
		break;
	case TROTH_NO_ROOM:
		troth_call_problem(c, TROTH_PROBLEM_NO_ROOM, NULL, NULL);
		break;
	case TROTH_STOPPING:
		troth_call_problem(c, TROTH_PROBLEM_STOPPING, NULL, NULL);
		break;
	case TROTH_NO_BRAND:
		troth_call_problem(c, TROTH_PROBLEM_NO_BRAND, NULL, NULL);
		break;
	}
	if (!c->done)
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, NULL);
}
