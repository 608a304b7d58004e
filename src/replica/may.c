/*
 * may - questions, offers and approvals: what a command comes to out of the site's
 * shares.
 *
 * "May I promise this" is answered, and becomes the promise and what follows from
 * the answer. An offer that cites a grant is what a yes by that grant would be. An
 * approval takes what the promise costs from the share of whoever approves. The
 * subject's view is in view[0]; view[1] is for the authority's.
 */
#include "replica.h"

#include "troth/base/text.h"

#include <stdlib.h>

static bool decline(struct troth_result *r, enum troth_reason reason)
{
	r->status = TROTH_DECLINED;
	r->reason = reason;
	return false;
}

/* The authority of the party as this site sees it, or NULL: it has none. */
static struct troth_authority *authority_of(struct troth_gateway *g, struct troth_txn *t,
					    const char *party)
{
	struct troth_id id = troth_authority_id(party);
	struct troth_subject *s = g->view[1];

	(void)view_load(t, &id, TROTH_SUBJECT_AUTHORITY, s);
	/* Of a store that was put back nobody knows yet what it has promised since. */
	for (unsigned i = 0; i < s->authority.share_count; i++)
		s->authority.shares[i].frozen |= g->now.restored != 0 &&
						 !TROTH_MUTANT(
							 restored_site_is_not_frozen);
	return troth_subject_exists(s) ? &s->authority : NULL;
}

/* Makes draft 1 what draft 0 needs beside it. */
static struct troth_event *second(struct troth_command *c)
{
	const struct troth_event *first = c->drafts[0];
	struct troth_event *e = c->drafts[1];

	*e = (struct troth_event){ .subject_kind = first->subject_kind,
				   .subject = first->subject };
	TROTH_TEXT_SET(e->actor, first->actor);
	TROTH_TEXT_SET(e->on_behalf, first->on_behalf);
	c->count = 2;
	return e;
}

static void spend(struct troth_command *c, const struct troth_who *who,
		  const struct troth_id *promise, const char *pool, int64_t cost)
{
	struct troth_event *e = second(c);

	e->type = TROTH_EVENT_SHARE_SPENT;
	e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	e->subject = troth_authority_id(who->party);
	TROTH_TEXT_SET(e->u.share.party, who->party);
	TROTH_TEXT_SET(e->u.share.site, who->site);
	TROTH_TEXT_SET(e->u.share.pool, pool);
	e->u.share.amount = cost;
	e->u.share.promise = *promise;
}

/* Room for a second draft; false: there is no memory. */
static bool has_second(struct troth_command *c, struct troth_result *r)
{
	if (c->drafts[1] == NULL)
		c->drafts[1] = calloc(1, sizeof(*c->drafts[1]));
	if (c->drafts[1] == NULL)
		r->status = TROTH_NO_ROOM;
	return c->drafts[1] != NULL;
}

/* ---- Questions ---- */

static void ask(struct troth_command *c)
{
	struct troth_event *e = second(c);

	e->type = TROTH_EVENT_PROMISE_STEP;
	e->u.promise_step.promise = c->item;
	e->u.promise_step.action = TROTH_PROMISE_DO_ASK;
}

bool may_answer(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		struct troth_result *r)
{
	struct troth_event *e = c->drafts[0];
	struct troth_answered *a = &g->answered;
	struct troth_time now = { g->clock_ms };
	struct troth_who who;
	unsigned unspoken;

	outbox_fill(g, e);
	r->reason = troth_who_acts(&who, &g->site, &g->lookup, e, g->central);
	if (r->reason != TROTH_REASON_NONE)
		return decline(r, r->reason);
	unspoken = offers_held(g, t, e->actor);
	g->source.at_hand = g->view[0];
	troth_may_promise(&(struct troth_may){ .lookup = &g->lookup,
					       .subject = g->view[0],
					       .authority = authority_of(g, t, who.party),
					       .who = &who,
					       .actor = e->actor,
					       .recovers = &e->u.promise.recovers,
					       .unspoken = unspoken,
					       .now = now },
			  &c->asked, a);
	r->has_answer = true;
	r->answer = *a;
	r->answer.terms_count = 0;
	memset(r->answer.terms, 0, sizeof(r->answer.terms));
	if (a->answer == TROTH_ANSWER_NO) {
		r->status = TROTH_DONE;
		return false;
	}
	troth_may_event(&c->asked, a, &c->item, now, e);
	c->count = 1;
	if (a->answer == TROTH_ANSWER_ASK)
		ask(c);
	else if (a->pool[0] != '\0' && !TROTH_MUTANT(yes_is_not_spent))
		spend(c, &who, &c->item, a->pool, a->cost);
	return true;
}

/* ---- Offers that cite a grant ---- */

static bool flawed(struct troth_result *r, const char *problem)
{
	r->status = TROTH_FLAWED;
	r->flaw = (struct troth_flaw){ "grant", problem };
	return false;
}

/* What the event asks, as a question by the grant that it cites: true for a yes. */
static bool may_offer(struct troth_gateway *g, const struct troth_authority *authority,
		      const struct troth_who *who, unsigned unspoken,
		      struct troth_event *e, struct troth_result *r)
{
	struct troth_answered *a = &g->answered;
	struct troth_time now = { g->clock_ms };
	struct troth_asked asked = { .kind = e->u.promise.kind,
				     .quantity = e->u.promise.quantity,
				     .amount = e->u.promise.amount,
				     .due = e->u.promise.due };
	struct troth_verdict v;

	TROTH_TEXT_SET(asked.sku, e->u.promise.sku);
	TROTH_TEXT_SET(asked.currency, e->u.promise.currency);
	troth_may_promise(&(struct troth_may){ .lookup = &g->lookup,
					       .subject = g->view[0],
					       .authority = authority,
					       .who = who,
					       .actor = e->actor,
					       .grant = e->u.promise.grant,
					       .recovers = &e->u.promise.recovers,
					       .unspoken = unspoken,
					       .now = now },
			  &asked, a);
	if (a->answer != TROTH_ANSWER_YES)
		return decline(r, a->reason);
	if (e->u.promise.policy_version == 0)
		e->u.promise.policy_version = a->policy_version;
	if (e->u.promise.lapses.ms > a->lapses.ms)
		e->u.promise.lapses = a->lapses;
	v = troth_judge(g->view[0], &g->lookup, who, e, now);
	return v.outcome == TROTH_TAKES_EFFECT || decline(r, v.reason);
}

bool may_cite(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
	      struct troth_result *r)
{
	struct troth_event *e = c->drafts[0];
	const struct troth_authority *a;
	struct troth_who who;
	unsigned unspoken;
	int i;

	outbox_fill(g, e);
	r->reason = troth_who_acts(&who, &g->site, &g->lookup, e, g->central);
	if (r->reason != TROTH_REASON_NONE)
		return decline(r, r->reason);
	unspoken = offers_held(g, t, e->actor);
	g->source.at_hand = g->view[0];
	a = authority_of(g, t, who.party);
	i = a != NULL ? troth_authority_grant(a, e->u.promise.grant) : -1;
	if (i < 0)
		return flawed(r, "is none of the party's grants");
	TROTH_TEXT_SET(e->u.promise.pool, a->grants[i].pool);
	e->u.promise.cost = troth_promise_cost(e->u.promise.quantity,
					       e->u.promise.amount);
	/* Of a pool, nothing is said before it has been taken. */
	if (e->u.promise.spoken)
		return e->u.promise.pool[0] == '\0' ||
		       flawed(r, "is over a pool: make it with spoken false, then "
				 "activate it");
	if (!troth_event_check(e, &r->flaw)) {
		r->status = TROTH_FLAWED;
		return false;
	}
	if (!may_offer(g, a, &who, unspoken, e, r))
		return false;
	if (e->u.promise.pool[0] == '\0')
		return true;
	if (!has_second(c, r))
		return false;
	spend(c, &who, &e->u.promise.id, e->u.promise.pool, e->u.promise.cost);
	return true;
}

/* ---- Approvals ---- */

/* What the approval costs; the authority of who approves is then in view[1]. */
static const struct troth_authority *cost_of(struct troth_gateway *g, struct troth_txn *t,
					     const struct troth_promise *p,
					     const struct troth_who *who,
					     const char *actor,
					     struct troth_approval *out)
{
	const struct troth_authority *a = authority_of(g, t, p->party);
	struct troth_time now = { g->clock_ms };

	if (who->role != TROTH_ROLE_BRAND && strcmp(p->party, who->party) == 0) {
		troth_approval_by_supervisor(&(struct troth_may){ .lookup = &g->lookup,
								  .subject = g->view[0],
								  .authority = a,
								  .who = who,
								  .actor = actor,
								  .now = now },
					     p, out);
		return a;
	}
	troth_approval_by_grant(p, a, now, out);
	if (strcmp(p->party, who->party) == 0)
		return a;
	a = authority_of(g, t, who->party);
	troth_approval_by_goods(p, a, out);
	out->grant[0] = '\0'; /* HQ's word needs none. */
	return a;
}

bool may_approve(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		 struct troth_result *r)
{
	struct troth_event *e = c->drafts[0];
	int i = troth_subject_promise(g->view[0], &e->u.promise_step.promise);
	const struct troth_authority *a;
	struct troth_approval cost;
	struct troth_who who;
	int share;

	outbox_fill(g, e);
	g->source.at_hand = g->view[0];
	if (troth_who_acts(&who, &g->site, &g->lookup, e, g->central) !=
		    TROTH_REASON_NONE ||
	    i < 0)
		return true; /* It will be declined for that. */
	a = cost_of(g, t, &g->view[0]->promises[i], &who, e->actor, &cost);
	if (cost.grant[0] != '\0' || cost.pool[0] != '\0') {
		TROTH_TEXT_SET(e->u.promise_step.grant, cost.grant);
		TROTH_TEXT_SET(e->u.promise_step.pool, cost.pool);
		e->u.promise_step.cost = cost.cost;
	}
	if (cost.pool[0] == '\0' ||
	    troth_judge(g->view[0], &g->lookup, &who, e, e->created).outcome ==
		    TROTH_REFUSED)
		return true;
	share = a != NULL ? troth_authority_share(a, who.site, cost.pool) : -1;
	if (share >= 0 && a->shares[share].frozen)
		return decline(r, TROTH_REASON_SHARE_FROZEN);
	if (share < 0 || troth_share_available(&a->shares[share]) < cost.cost)
		return decline(r, TROTH_REASON_SHARE_EMPTY);
	if (!has_second(c, r))
		return false;
	spend(c, &who, &e->u.promise_step.promise, cost.pool, cost.cost);
	TROTH_TEXT_SET(c->drafts[1]->actor, TROTH_SITE_ACTOR);
	return true;
}

void may_saved(struct troth_gateway *g, struct troth_txn *t,
	       const struct troth_command *c)
{
	const struct troth_event *e = c->drafts[0], *spent = c->drafts[1];
	struct troth_time lapses = { 0 };

	if (e->type == TROTH_EVENT_PROMISE_MADE && !e->u.promise.spoken)
		lapses = e->u.promise.lapses;
	if (c->count > 1 && spent->type == TROTH_EVENT_SHARE_SPENT && lapses.ms != 0)
		offers_hold(g, t, e->actor, &e->u.promise.id, lapses);
	if (c->count > 1 && spent->type == TROTH_EVENT_SHARE_SPENT)
		lapses_spend(g, t, &spent->u.share.promise, spent->u.share.party,
			     spent->u.share.pool, spent->u.share.amount, lapses);
	else if (lapses.ms != 0 && e->u.promise.grant[0] != '\0')
		lapses_spend(g, t, &e->u.promise.id,
			     e->on_behalf[0] != '\0' ? e->on_behalf : g->party, "",
			     e->u.promise.cost, lapses);
}
