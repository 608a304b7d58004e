#include "replica.h"

#include "troth/base/text.h"

#include <assert.h>
#include <stddef.h>

/* The fields of a personal part by their API names, and which may have several lines. */
static const struct {
	const char *name;
	size_t at;
	bool lines;
} personal_fields[] = {
	{ "words", offsetof(struct troth_personal, words), true },
	{ "language", offsetof(struct troth_personal, language), true },
	{ "order_number", offsetof(struct troth_personal, order_number), true },
	{ "customer_name", offsetof(struct troth_personal, customer_name), true },
	{ "customer_phone", offsetof(struct troth_personal, customer_phone), true },
	{ "address", offsetof(struct troth_personal, address), true },
	{ "note", offsetof(struct troth_personal, note), true },
	{ "evidence", offsetof(struct troth_personal, evidence), true },
	{ "actor_name", offsetof(struct troth_personal, actor_name), true },
};

/* What central would turn away must not get into the outbox. */
static bool personal_ok(const struct troth_personal *p, struct troth_flaw *flaw)
{
	for (size_t i = 0; p != NULL && i < TROTH_LEN(personal_fields); i++) {
		const char *text = (const char *)p + personal_fields[i].at;

		if (text[0] != '\0' &&
		    !troth_text_ok(troth_span_str(text), personal_fields[i].lines)) {
			*flaw = (struct troth_flaw){ personal_fields[i].name,
						     "must be plain text in UTF-8" };
			return false;
		}
	}
	return true;
}

void replica_fill(struct troth_gateway *g, struct troth_event *e)
{
	uint8_t random[10 + sizeof(e->salt)];

	g->config.random(g->config.random_ctx, random, sizeof(random));
	e->created = (struct troth_time){ g->clock_ms };
	e->id = troth_id_make(e->created, random);
	memcpy(e->salt, random + 10, sizeof(e->salt));
	memcpy(e->origin, g->origin, sizeof(g->origin));
	e->incarnation = g->now.incarnation;
	e->origin_seq = g->now.seq + 1;
	e->seen_size = g->heard_size;
	e->seen_root = g->heard_root;
}

/* Whether draft i may be saved; otherwise *r says why not. It is applied to *s. */
static bool judge_draft(struct troth_gateway *g, const struct troth_command *c,
			unsigned i, struct troth_subject *s, struct troth_result *r)
{
	struct troth_event *e = c->drafts[i];
	struct troth_verdict v;

	replica_fill(g, e);
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
		shares_note(g, t, &g->before[0], g->view[0]);
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
	view_load(g, t, &e->subject, e->subject_kind, g->view[0]);
	g->held.pending = view_pending(t, &e->subject);
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

/* What the answer is given from: the view at hand and that of the party's authority. */
static bool ask(struct troth_gateway *g, struct troth_txn *t,
		const struct troth_command *c, struct troth_who *who,
		struct troth_result *r)
{
	struct troth_event *e = c->drafts[0];
	struct troth_subject *a = g->view[1];
	struct troth_id id;

	replica_fill(g, e);
	r->reason = troth_who_acts(who, &g->site, &g->lookup, e, g->central);
	if (r->reason != TROTH_REASON_NONE) {
		r->status = TROTH_DECLINED;
		return false;
	}
	id = troth_authority_id(who->party);
	view_load(g, t, &id, TROTH_SUBJECT_AUTHORITY, a);
	/* Of a store that was put back nobody knows yet what it has promised since. */
	for (unsigned i = 0; i < a->authority.share_count; i++)
		a->authority.shares[i].frozen |= g->now.restored != 0 &&
						 !TROTH_MUTANT(
							 restored_site_is_not_frozen);
	g->source.at_hand = g->view[0];
	troth_may_promise(
		&(struct troth_may){
			.lookup = &g->lookup,
			.subject = g->view[0],
			.authority = troth_subject_exists(a) ? &a->authority : NULL,
			.who = who,
			.actor = e->actor,
			.now = { g->clock_ms },
		},
		&c->asked, &g->answered);
	r->has_answer = true;
	r->answer = g->answered;
	r->answer.terms_count = 0;
	memset(r->answer.terms, 0, sizeof(r->answer.terms));
	return true;
}

/* What follows from the answer: the draft beside the promise. */
static void draft_more(struct troth_command *c, const struct troth_answered *a,
		       const struct troth_who *who)
{
	struct troth_event *e = c->drafts[1];
	const struct troth_event *made = c->drafts[0];

	*e = (struct troth_event){ .subject_kind = made->subject_kind,
				   .subject = made->subject };
	TROTH_TEXT_SET(e->actor, made->actor);
	TROTH_TEXT_SET(e->on_behalf, made->on_behalf);
	c->count = 2;
	if (a->answer == TROTH_ANSWER_ASK) {
		e->type = TROTH_EVENT_PROMISE_STEP;
		e->u.promise_step.promise = c->item;
		e->u.promise_step.action = TROTH_PROMISE_DO_ASK;
		return;
	}
	if (a->pool[0] == '\0' || TROTH_MUTANT(yes_is_not_spent)) {
		c->count = 1;
		return;
	}
	e->type = TROTH_EVENT_SHARE_SPENT;
	e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	e->subject = troth_authority_id(who->party);
	TROTH_TEXT_SET(e->u.share.party, who->party);
	TROTH_TEXT_SET(e->u.share.site, who->site);
	TROTH_TEXT_SET(e->u.share.pool, a->pool);
	e->u.share.amount = a->cost;
	e->u.share.promise = c->item;
}

/* Answers a question, and makes of it the command that follows. False: none does. */
static bool answer(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		   struct troth_result *r)
{
	struct troth_who who;

	hold(g, t, c->drafts[0]);
	if (!match(g, t, c, r) || !ask(g, t, c, &who, r))
		return false;
	if (g->answered.answer == TROTH_ANSWER_NO) {
		r->status = TROTH_DONE;
		return false;
	}
	troth_may_event(&c->asked, &g->answered, &c->item,
			(struct troth_time){ g->clock_ms }, c->drafts[0]);
	draft_more(c, &g->answered, &who);
	return true;
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
			view_load(g, t, &e->subject, e->subject_kind, s);
			troth_state_indexed(s, &g->before[i]);
		}
		if (troth_state_promise_elsewhere(t, e)) {
			r->status = TROTH_DECLINED;
			r->reason = TROTH_REASON_EXISTS;
			return false;
		}
		if (!judge_draft(g, c, i, s, r))
			return false;
	}
	return true;
}

static void save_all(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_command *c, struct troth_result *r)
{
	unsigned on_first = one_subject(c) ? c->count : 1;

	for (unsigned i = 0; i < c->count; i++) {
		struct troth_event *e = c->drafts[i];

		outbox_add(g, t, e, c->personal[i]);
		if (e->type == TROTH_EVENT_ORDER_PLACED && c->personal[i] != NULL)
			troth_state_index_number(t, &e->subject,
						 c->personal[i]->order_number);
	}
	if (r->has_answer && r->answer.answer == TROTH_ANSWER_YES)
		shares_spend(g, t, c);
	g->held.changed = true;
	g->held.pending += on_first;
	r->etag += on_first;
	if (on_first < c->count) {
		view_put(g, t, g->view[1]);
		troth_state_reindex(t, &g->before[1], g->view[1]);
		shares_note(g, t, &g->before[1], g->view[1]);
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
	/* If the second draft is declined, what the first has done is dropped. */
	if (c->count > 1)
		replica_decided(g, t);
	if (!c->is_question || answer(g, t, c, r)) {
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
