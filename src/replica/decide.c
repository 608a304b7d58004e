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

/* All of the envelope but the chain, which is made when the event is saved. */
static void fill(struct troth_gateway *g, struct troth_event *e,
		 const struct troth_subject *s, unsigned i)
{
	uint8_t random[10 + sizeof(e->salt)];

	g->config.random(g->config.random_ctx, random, sizeof(random));
	e->created = (struct troth_time){ g->clock_ms };
	e->id = troth_id_make(e->created, random);
	memcpy(e->salt, random + 10, sizeof(e->salt));
	memcpy(e->origin, g->origin, sizeof(g->origin));
	e->incarnation = g->now.incarnation;
	e->origin_seq = g->now.seq + 1 + i;
	e->seen_size = g->heard_size;
	e->seen_root = g->heard_root;
	if (e->type == TROTH_EVENT_PROMISE_MADE && e->u.promise.customer[0] == '\0')
		memcpy(e->u.promise.customer, s->customer, sizeof(s->customer));
}

/* Whether draft i may be saved; otherwise *r says why not. It is applied to *s. */
static bool judge_draft(struct troth_gateway *g, const struct troth_command *c,
			unsigned i, struct troth_subject *s, struct troth_result *r)
{
	struct troth_event *e = c->drafts[i];
	struct troth_verdict v;

	fill(g, e, s, i);
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

/* Judges all drafts on g->view[]; true if all of them may be saved. */
static bool judge_all(struct troth_gateway *g, struct troth_txn *t,
		      const struct troth_command *c, struct troth_result *r)
{
	unsigned pending = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct troth_event *e = c->drafts[i];
		struct troth_subject *s = g->view[one_subject(c) ? 0 : i];

		if (i == 0 || !one_subject(c)) {
			unsigned n = view_load(g, t, &e->subject, e->subject_kind, s);

			troth_state_indexed(s, &g->before[i]);
			if (i == 0)
				pending = n;
		}
		if (i == 0) {
			r->etag = s->revision + pending +
				  troth_state_lapsed(t, &e->subject);
			if (c->has_if_match && c->if_match != r->etag &&
			    !TROTH_MUTANT(if_match_is_ignored)) {
				r->status = TROTH_STALE;
				return false;
			}
		}
		if (troth_state_promise_elsewhere(t, e)) {
			r->status = TROTH_DECLINED;
			r->reason = TROTH_REASON_EXISTS;
			return false;
		}
		if (!judge_draft(g, c, i, s, r))
			return false;
	}
	r->etag += one_subject(c) ? c->count : 1;
	return true;
}

static void save_all(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_command *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct troth_event *e = c->drafts[i];

		outbox_add(g, t, e, c->personal[i]);
		if (e->type == TROTH_EVENT_ORDER_PLACED && c->personal[i] != NULL)
			troth_state_index_number(t, &e->subject,
						 c->personal[i]->order_number);
	}
	for (unsigned i = 0; i < (one_subject(c) ? 1 : c->count); i++) {
		view_put(g, t, g->view[i]);
		troth_state_reindex(t, &g->before[i], g->view[i]);
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
	if (!judge_all(g, t, c, r))
		return;
	save_all(g, t, c);
	r->status = TROTH_DONE;
	r->event = c->drafts[0]->id;
	troth_command_remember(t, c, r, now);
}
