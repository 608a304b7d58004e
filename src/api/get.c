/*
 * Reading one thing: an order, a case, a promise, a commitment, an alarm, a recovery,
 * a history.
 */
#include "handlers.h"
#include "read.h"

#include <string.h>

/* The view of a subject of the path's kind; answers and returns false if none. */
static bool load(struct troth_call *c, const struct troth_id *id,
		 enum troth_subject_kind kind)
{
	struct troth_view *v = c->api->view;

	if (troth_query_subject(c->t, c->api->engine->kind, id, v) &&
	    (kind == 0 || v->subject.kind == kind))
		return true;
	troth_call_declined(c, TROTH_REASON_NO_SUBJECT);
	return false;
}

static void get_subject(struct troth_call *c, enum troth_subject_kind kind)
{
	struct troth_render r = troth_read_render(c);
	struct troth_out o;

	if (!load(c, &c->id, kind))
		return;
	o = troth_read_bare(c);
	troth_render_subject(&r, &o, NULL, c->api->view);
	c->has_etag = true;
	c->etag = troth_view_etag(c->api->view);
}

void troth_get_order(struct troth_call *c)
{
	get_subject(c, TROTH_SUBJECT_ORDER);
}

void troth_get_case(struct troth_call *c)
{
	get_subject(c, TROTH_SUBJECT_CASE);
}

void troth_get_item(struct troth_call *c)
{
	const struct troth_view *v = c->api->view;
	struct troth_render r = troth_read_render(c);
	struct troth_out o;
	int i;

	if (!troth_read_item(c, &i))
		return;
	o = troth_call_reply(c, 200);
	if (c->id_kind == TROTH_ID_PROMISE) {
		troth_render_promise(&r, &o, "promise", v, (unsigned)i);
		troth_render_known_by(&r, &o, "known_by", v, (unsigned)i);
	} else if (c->id_kind == TROTH_ID_COMMITMENT) {
		troth_render_commitment(&r, &o, "item", v, (unsigned)i);
	} else if (c->id_kind == TROTH_ID_ALARM) {
		troth_render_alarm(&o, "alarm", &v->subject, (unsigned)i);
	} else {
		troth_render_recovery(&r, &o, "recovery", v, (unsigned)i);
	}
	troth_read_end(c, &r, &o);
}

void troth_get_known_by(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	struct troth_out o;
	int i;

	if (!troth_read_item(c, &i))
		return;
	o = troth_call_reply(c, 200);
	troth_out_id(&o, "promise", TROTH_ID_PROMISE, &c->id);
	troth_render_known_by(&r, &o, "known_by", c->api->view, (unsigned)i);
	troth_read_end(c, &r, &o);
}

/* ---- History ---- */

static void out_entry(const struct troth_render *r, struct troth_out *o,
		      uint64_t revision, uint64_t position)
{
	struct troth_span bytes, blob;
	struct troth_entry entry;
	struct troth_event e;
	struct troth_why why;

	if (!troth_query_entry(r->t, position, &bytes, &blob))
		return;
	if (troth_entry_decode(&entry, bytes, &why) != TROTH_OK ||
	    troth_body_decode(&e, entry.body, &why) != TROTH_OK) {
		troth_txn_fail(r->t, TROTH_ERR_CORRUPT, "position %llu: %s",
			       (unsigned long long)position, why.text);
		return;
	}
	troth_render_event(r, o, NULL, &e,
			   &(struct troth_told){
				   .revision = revision,
				   .position = position,
				   .verdict = entry.verdict,
				   .accepted = entry.accepted,
				   .blob = blob,
			   });
}

static void out_pending(const struct troth_render *r, struct troth_out *o,
			const struct troth_id *subject)
{
	struct troth_span body, blob;
	struct troth_event e;
	struct troth_why why;
	uint64_t seq = 0;

	if (r->node == TROTH_NODE_CENTRAL)
		return;
	while (troth_query_pending(r->t, subject, &seq, &body, &blob))
		if (troth_body_decode(&e, body, &why) == TROTH_OK)
			troth_render_event(r, o, NULL, &e,
					   &(struct troth_told){ .blob = blob });
}

void troth_get_history(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	uint64_t revision, position = 0;
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) || !troth_read_after_number(c, &revision) ||
	    !load(c, &c->id, 0))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	for (; given < limit; given++) {
		position = troth_query_history(c->t, &c->id, revision + 1);
		if (position == 0)
			break;
		out_entry(&r, &o, ++revision, position);
	}
	if (position == 0) /* Only behind the last entry stands what is pending. */
		out_pending(&r, &o, &c->id);
	troth_out_end_array(&o);
	if (position != 0)
		troth_read_next(c, &o, "after", NULL, revision);
	troth_read_end(c, &r, &o);
}
