#include "replica.h"

#include "troth/base/text.h"

#include <assert.h>
#include <stddef.h>

/* The fields of a personal part by their API names. */
static const struct {
	const char *name;
	size_t at;
} personal_fields[] = {
	{ "words", offsetof(struct troth_personal, words) },
	{ "language", offsetof(struct troth_personal, language) },
	{ "order_number", offsetof(struct troth_personal, order_number) },
	{ "customer_name", offsetof(struct troth_personal, customer_name) },
	{ "customer_phone", offsetof(struct troth_personal, customer_phone) },
	{ "address", offsetof(struct troth_personal, address) },
	{ "note", offsetof(struct troth_personal, note) },
	{ "evidence", offsetof(struct troth_personal, evidence) },
	{ "actor_name", offsetof(struct troth_personal, actor_name) },
};

/* What central would turn away must not get into the outbox. */
static bool personal_ok(const struct troth_personal *p, struct troth_flaw *flaw)
{
	for (size_t i = 0; p != NULL && i < TROTH_LEN(personal_fields); i++) {
		const char *text = (const char *)p + personal_fields[i].at;

		if (!troth_text_ok(troth_span_str(text), true)) {
			*flaw = (struct troth_flaw){ personal_fields[i].name,
						     "must be plain text in UTF-8" };
			return false;
		}
	}
	return true;
}

/* Whether draft i may be saved; otherwise *r says why not. It is applied to *s. */
static bool judge_draft(struct troth_gateway *g, const struct troth_command *c,
			unsigned i, struct troth_subject *s, struct troth_result *r)
{
	struct troth_event *e = c->drafts[i];
	struct troth_verdict v;

	outbox_fill(g, e);
	if (e->type == TROTH_EVENT_PROMISE_MADE && e->u.promise.customer[0] == '\0')
		memcpy(e->u.promise.customer, s->customer, sizeof(s->customer));
	if (!troth_event_check(e, &r->flaw) || !personal_ok(c->personal[i], &r->flaw)) {
		r->status = TROTH_FLAWED;
		return false;
	}
	v = view_apply(g, s, e);
	if (r->reason == TROTH_REASON_NONE || v.outcome == TROTH_REFUSED)
		r->reason = v.reason;
	if (v.outcome == TROTH_REFUSED) {
		r->status = TROTH_DECLINED;
		return false;
	}
	return true;
}

static bool one_subject(const struct troth_command *c)
{
	return c->count < 2 ||
	       (c->drafts[0]->subject_kind == c->drafts[1]->subject_kind &&
		troth_id_eq(&c->drafts[0]->subject, &c->drafts[1]->subject));
}

void replica_decided(struct troth_gateway *g, struct troth_txn *t)
{
	if (g->held.open && g->held.changed) {
		view_put(g, t, g->view[0]);
		troth_state_reindex(t, &g->before[0], g->view[0]);
		lapses_note(g, t, &g->before[0], g->view[0]);
	}
	g->held.open = false;
}

/* Has the view of the event's subject in view[0]. */
static void hold(struct troth_gateway *g, struct troth_txn *t,
		 const struct troth_event *e)
{
	if (g->held.open && g->held.kind == e->subject_kind &&
	    troth_id_eq(&g->held.subject, &e->subject))
		return;
	replica_decided(g, t);
	g->held.open = true;
	g->held.changed = false;
	g->held.kind = e->subject_kind;
	g->held.subject = e->subject;
	g->held.pending = view_load(t, &e->subject, e->subject_kind, g->view[0])
				  ? troth_query_pending_count(t, &e->subject)
				  : 0;
	troth_state_indexed(g->view[0], &g->before[0]);
}

static bool match(struct troth_gateway *g, struct troth_txn *t,
		  const struct troth_command *c, struct troth_result *r)
{
	r->etag = g->view[0]->revision + g->held.pending +
		  troth_state_lapsed(t, &g->held.subject);
	if (!c->has_if_match || c->if_match == r->etag ||
	    TROTH_MUTANT(if_match_is_ignored))
		return true;
	r->status = TROTH_STALE;
	return false;
}

/*
 * Makes of a question, an offer that cites a grant, or an approval all that it comes
 * to. False: it ends here.
 */
static bool complete(struct troth_gateway *g, struct troth_txn *t,
		     struct troth_command *c, struct troth_result *r)
{
	const struct troth_event *e = c->drafts[0];
	bool cites = e->type == TROTH_EVENT_PROMISE_MADE &&
		     e->u.promise.grant[0] != '\0' && c->count == 1;

	if (!c->is_question && !cites && !troth_command_is_approval(c))
		return true;
	/* A second draft may follow; nothing else must be dropped with it. */
	replica_decided(g, t);
	hold(g, t, c->drafts[0]);
	if (!match(g, t, c, r))
		return false;
	if (c->is_question)
		return may_answer(g, t, c, r);
	return cites ? may_cite(g, t, c, r) : may_approve(g, t, c, r);
}

/* Judges all drafts on g->view[]; true if all of them may be saved. */
static bool judge_all(struct troth_gateway *g, struct troth_txn *t,
		      const struct troth_command *c, struct troth_result *r)
{
	hold(g, t, c->drafts[0]);
	if (!match(g, t, c, r))
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		const struct troth_event *e = c->drafts[i];
		struct troth_subject *s = g->view[one_subject(c) ? 0 : i];

		if (s != g->view[0]) {
			(void)view_load(t, &e->subject, e->subject_kind, s);
			troth_state_indexed(s, &g->before[i]);
		}
		if (troth_state_item_elsewhere(t, e)) {
			r->status = TROTH_DECLINED;
			r->reason = TROTH_REASON_EXISTS;
			return false;
		}
		if (!judge_draft(g, c, i, s, r))
			return false;
	}
	return true;
}

/*
 * What the site merely holds ready for an agent to say, with what it has set apart for
 * that: it concerns nobody else before it is said.
 */
static bool is_offer(const struct troth_command *c)
{
	const struct troth_event *e = c->drafts[0];

	return e->type == TROTH_EVENT_PROMISE_MADE && !e->u.promise.spoken &&
	       (c->count == 1 || c->drafts[1]->type == TROTH_EVENT_SHARE_SPENT);
}

static void save_all(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_command *c, struct troth_result *r)
{
	unsigned on_first = one_subject(c) ? c->count : 1;
	uint64_t spoken = g->now.spoken;

	for (unsigned i = 0; i < c->count; i++) {
		struct troth_event *e = c->drafts[i];

		outbox_add(g, t, e, c->personal[i]);
		if (e->type == TROTH_EVENT_ORDER_PLACED && c->personal[i] != NULL)
			troth_state_index_number(t, &e->subject,
						 c->personal[i]->order_number);
	}
	if (is_offer(c))
		g->now.spoken = spoken;
	may_saved(g, t, c);
	g->held.changed = true;
	g->held.pending += on_first;
	r->etag += on_first;
	if (on_first < c->count) {
		view_put(g, t, g->view[1]);
		troth_state_reindex(t, &g->before[1], g->view[1]);
		lapses_note(g, t, &g->before[1], g->view[1]);
	}
}

void replica_decide(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		    struct troth_result *r)
{
	struct troth_time now = { g->clock_ms };

	assert(c->count >= 1 && c->count <= TROTH_COMMAND_EVENTS_MAX);
	if (troth_command_recall(t, c, now, r))
		return;
	*r = (struct troth_result){
		.subject_kind = c->drafts[0]->subject_kind,
		.subject = c->drafts[0]->subject,
		.item = c->item,
		.at = now,
	};
	if (g->brand[0] == '\0' || !troth_state_site(t, g->origin, &g->site)) {
		r->status = TROTH_NO_BRAND;
		return;
	}
	if (complete(g, t, c, r)) {
		/* If the second draft is declined, what the first did is dropped. */
		if (c->count > 1)
			replica_decided(g, t);
		if (!judge_all(g, t, c, r)) {
			if (c->count > 1)
				g->held.open = false;
			return;
		}
		save_all(g, t, c, r);
		r->status = TROTH_DONE;
		r->event = c->drafts[0]->id;
	}
	if (r->status == TROTH_DONE)
		troth_command_remember(t, c, r, now);
}
