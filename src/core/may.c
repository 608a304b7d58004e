#include "troth/core/may.h"

#include "grant.h"
#include "names.h"
#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

/* The worse of two answers counts; of two that are equally bad, the first. */
static void say(struct troth_answered *out, enum troth_answer answer,
		enum troth_reason reason)
{
	if (answer <= out->answer)
		return;
	out->answer = answer;
	out->reason = reason;
}

/* Whether it can be kept at all: by the policy's rule, the subject and the due. */
static void by_policy(const struct troth_may *m, const struct troth_asked *a,
		      const struct troth_policy *p, struct troth_answered *out)
{
	const struct troth_rule *rule = troth_policy_rule(p, a->kind, a->sku);

	out->earliest = m->now;
	out->due = a->due;
	out->lapses.ms = m->now.ms + TROTH_OFFER_MS;
	if (rule == NULL) {
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_NO_GRANT);
	} else {
		out->phrase = rule->phrase;
		if (rule->forbidden || (rule->most > 0 && out->cost > rule->most))
			say(out, TROTH_ANSWER_NO, TROTH_REASON_FORBIDDEN);
		if (!troth_wait_end(p, &rule->earliest, m->now, &out->earliest))
			say(out, TROTH_ANSWER_NO, TROTH_REASON_DUE_TOO_EARLY);
		if (rule->offer.ms > 0 || rule->offer.days > 0)
			(void)troth_wait_end(p, &rule->offer, m->now, &out->lapses);
	}
	if (out->due.ms == 0)
		out->due.ms = out->earliest.ms > m->now.ms ? out->earliest.ms
							   : m->now.ms + TROTH_ASKED_MS;
	if (out->due.ms < out->earliest.ms || out->due.ms <= m->now.ms)
		say(out, TROTH_ANSWER_NO, TROTH_REASON_DUE_TOO_EARLY);
	if (out->due.ms < out->lapses.ms)
		out->lapses = out->due;
}

/* What grant g says, and the site's share of its pool. Fills `out` with what is left. */
static void by_grant(const struct troth_may *m, const struct troth_grant *g,
		     struct troth_answered *out)
{
	const struct taking t = { .l = m->lookup,
				  .party = m->who->party,
				  .actor = m->actor,
				  .customer = m->subject->customer,
				  .cost = out->cost,
				  .at = m->now,
				  .written = m->now };
	const struct troth_share *share = NULL;
	enum troth_reason r;
	int i;

	TROTH_TEXT_SET(out->grant, g->grant);
	TROTH_TEXT_SET(out->pool, g->pool);
	out->left_promise = g->most;
	r = troth_grant_exceeded(&t, g, &out->left_customer);
	if (r != TROTH_REASON_NONE)
		say(out, TROTH_ANSWER_ASK, r);
	if (g->pool[0] == '\0')
		return;
	i = troth_authority_share(m->authority, m->who->site, g->pool);
	if (i >= 0)
		share = &m->authority->shares[i];
	out->left_share = share == NULL ? 0 : troth_share_available(share);
	if (share != NULL && share->frozen && !TROTH_MUTANT(frozen_share_is_spent))
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_SHARE_FROZEN);
	if (out->cost > out->left_share && !TROTH_MUTANT(share_is_overspent))
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_SHARE_EMPTY);
}

/* The grant that says yes, else what the first that covers it has against it. */
static void by_authority(const struct troth_may *m, const struct troth_asked *a,
			 struct troth_answered *out)
{
	const struct troth_authority *au = m->authority;
	struct troth_answered best = *out;
	bool covered = false;

	if (au != NULL && au->suspended.ms != 0 && !TROTH_MUTANT(suspended_may_promise))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_SUSPENDED);
	for (unsigned i = 0; au != NULL && i < au->grant_count; i++) {
		const struct troth_grant *g = &au->grants[i];
		struct troth_answered one = *out;

		if ((m->grant != NULL && strcmp(m->grant, g->grant) != 0) ||
		    !troth_grant_covers(g, a->kind, a->sku, a->currency) ||
		    !troth_grant_in_force(g, m->now))
			continue;
		by_grant(m, g, &one);
		if (!covered || one.answer < best.answer)
			best = one;
		covered = true;
	}
	if (covered)
		*out = best;
	else
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_NO_GRANT);
}

static void by_subject(const struct troth_may *m, struct troth_answered *out)
{
	static const struct troth_id nothing;
	const struct troth_subject *s = m->subject;

	if (!troth_subject_exists(s))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_NO_SUBJECT);
	else if (troth_subject_closed(s, m->recovers != NULL ? m->recovers : &nothing))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_SUBJECT_CLOSED);
	else if (m->who->role != TROTH_ROLE_BRAND &&
		 !troth_subject_is_participant(s, m->who->party))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_NOT_ENTITLED);
	if (s->promise_count >=
	    troth_room_of(m->who, TROTH_PROMISES_MAX, TROTH_PROMISES_KEPT))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_LIMIT);
}

/* Without a route the brand itself owes it: somebody always does. */
static void route(const struct troth_may *m, const struct troth_asked *a,
		  const struct troth_policy *p, struct troth_answered *out)
{
	struct troth_terms *t = &out->terms[0];

	if (p != NULL)
		out->terms_count = troth_policy_route(p, m->subject, m->who->party,
						      m->lookup->brand, a->kind, a->sku,
						      out->due, m->now, out->terms);
	if (out->terms_count > 0)
		return;
	*t = (struct troth_terms){ .action = TROTH_ACTION_OTHER, .due = out->due };
	TROTH_TEXT_SET(t->debtor, m->lookup->brand);
	out->terms_count = 1;
}

void troth_may_promise(const struct troth_may *m, const struct troth_asked *a,
		       struct troth_answered *out)
{
	uint64_t newest = troth_lookup_newest_policy(m->lookup);
	const struct troth_policy *p = troth_lookup_policy(m->lookup, newest);
	struct troth_guests guests = { .s = m->subject };

	*out = (struct troth_answered){
		.answer = TROTH_ANSWER_YES,
		.reason = TROTH_REASON_NONE,
		.policy_version = newest,
		.cost = troth_promise_cost(a->quantity, a->amount),
		.left_customer = -1,
		.left_share = -1,
		.phrase = -1,
		.earliest = m->now,
		.lapses.ms = m->now.ms + TROTH_ASKED_MS,
		.due = a->due.ms != 0 ? a->due
				      : (struct troth_time){ m->now.ms + TROTH_ASKED_MS },
	};
	by_subject(m, out);
	if (p == NULL)
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_POLICY_UNKNOWN);
	else if (p->withdrawn.ms != 0 && !TROTH_MUTANT(withdrawn_policy_is_cited))
		say(out, TROTH_ANSWER_ASK, TROTH_REASON_POLICY_WITHDRAWN);
	if (p != NULL)
		by_policy(m, a, p, out);
	else if (out->due.ms <= m->now.ms)
		say(out, TROTH_ANSWER_NO, TROTH_REASON_DUE_TOO_EARLY);
	by_authority(m, a, out);
	if (out->answer == TROTH_ANSWER_YES && out->pool[0] != '\0' &&
	    m->unspoken >= TROTH_UNSPOKEN_MAX && !TROTH_MUTANT(unspoken_do_not_count))
		say(out, TROTH_ANSWER_NO, TROTH_REASON_UNSPOKEN_OFFERS);
	if (out->answer == TROTH_ANSWER_ASK) {
		out->lapses.ms = m->now.ms + TROTH_ASKED_MS;
		if (out->due.ms < out->lapses.ms)
			out->lapses = out->due;
	}
	if (out->answer != TROTH_ANSWER_NO)
		route(m, a, p, out);
	for (unsigned i = 0; i < out->terms_count; i++)
		troth_invite(&guests, out->terms[i].debtor);
	if (!troth_room_for_terms(m->subject, m->who, out->terms_count) ||
	    !troth_room_for_guests(&guests, m->who)) {
		say(out, TROTH_ANSWER_NO, TROTH_REASON_LIMIT);
		out->terms_count = 0;
	}
}

void troth_may_event(const struct troth_asked *a, const struct troth_answered *r,
		     const struct troth_id *id, struct troth_time now,
		     struct troth_event *e)
{
	bool yes = r->answer == TROTH_ANSWER_YES;

	e->type = TROTH_EVENT_PROMISE_MADE;
	e->u.promise.id = *id;
	e->u.promise.kind = a->kind;
	TROTH_TEXT_SET(e->u.promise.sku, a->sku);
	e->u.promise.quantity = a->quantity;
	e->u.promise.amount = a->amount;
	TROTH_TEXT_SET(e->u.promise.currency, a->currency);
	e->u.promise.due = r->due;
	e->u.promise.policy_version = r->policy_version;
	e->u.promise.spoken = false;
	e->u.promise.made = now;
	e->u.promise.lapses = r->lapses;
	TROTH_TEXT_SET(e->u.promise.grant, yes ? r->grant : "");
	TROTH_TEXT_SET(e->u.promise.pool, yes ? r->pool : "");
	e->u.promise.cost = yes ? r->cost : 0;
	e->u.promise.asked = yes ? 0 : (uint32_t)r->reason;
	e->u.promise.terms_count = r->terms_count;
	memcpy(e->u.promise.terms, r->terms, r->terms_count * sizeof(r->terms[0]));
}

void troth_approval_by_grant(const struct troth_promise *p,
			     const struct troth_authority *a, struct troth_time now,
			     struct troth_approval *out)
{
	*out = (struct troth_approval){
		.cost = troth_promise_cost(p->quantity, p->amount),
	};
	for (unsigned i = 0; a != NULL && i < a->grant_count; i++) {
		const struct troth_grant *g = &a->grants[i];

		if (!troth_grant_covers(g, p->kind, p->sku, p->currency) ||
		    !troth_grant_in_force(g, now))
			continue;
		TROTH_TEXT_SET(out->grant, g->grant);
		TROTH_TEXT_SET(out->pool, g->pool);
		return;
	}
}

void troth_approval_by_goods(const struct troth_promise *p,
			     const struct troth_authority *brand,
			     struct troth_approval *out)
{
	if (brand == NULL || out->grant[0] != '\0' || p->sku[0] == '\0')
		return;
	for (unsigned i = 0; i < brand->pool_count; i++)
		if (strcmp(brand->pools[i].sku, p->sku) == 0)
			TROTH_TEXT_SET(out->pool, brand->pools[i].pool);
}

const char *troth_answer_name(enum troth_answer v)
{
	static const char *const names[] = { NULL, "yes", "ask", "no" };

	return name_of(NAMES(names), (unsigned)v);
}
