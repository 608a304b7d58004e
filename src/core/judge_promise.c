/* What judge says of promises and commitments. */
#include "judge.h"

#include "troth/core/authority.h"

#include <string.h>

bool judge_room(const struct bench *b, const struct troth_promise *p)
{
	return troth_room_for_terms(b->s, b->who, 1) &&
	       troth_room_for_commitment(b->s, p);
}

enum troth_reason judge_impossible(const struct bench *b)
{
	const struct troth_event *e = b->e;

	if (troth_subject_names(b->s, &e->u.promise.id))
		return TROTH_REASON_EXISTS;
	if (b->s->promise_count >=
		    troth_room_of(b->who, TROTH_PROMISES_MAX, TROTH_PROMISES_KEPT) ||
	    !troth_room_for_terms(b->s, b->who, e->u.promise.terms_count))
		return TROTH_REASON_LIMIT;
	for (unsigned i = 0; i < e->u.promise.terms_count; i++) {
		enum troth_reason r = judge_terms(b, &e->u.promise.terms[i]);

		if (r != TROTH_REASON_NONE)
			return r;
	}
	return TROTH_REASON_NONE;
}

enum troth_reason judge_made(const struct bench *b)
{
	if (troth_subject_closed(b->s, &b->e->u.promise.recovers))
		return TROTH_REASON_SUBJECT_CLOSED;
	if (b->e->u.promise.due.ms <= b->now.ms)
		return TROTH_REASON_DUE_PASSED;
	if (!b->e->u.promise.spoken && !troth_id_is_zero(&b->e->u.promise.recovers) &&
	    troth_subject_recovery(b->s, &b->e->u.promise.recovers) < 0)
		return TROTH_REASON_NO_RECOVERY;
	return b->e->u.promise.asked != 0
		       ? TROTH_REASON_NONE /* HQ decides. */
		       : troth_promise_unauthorised(b->lookup, b->s, b->who, b->e,
						    b->now);
}

/* Who is certified to it may decide what a colleague only was not certified for. */
static unsigned as_supervisor(const struct bench *b, const struct troth_promise *p)
{
	const struct troth_lookup *l = b->lookup;

	if (p->asked != TROTH_REASON_UNCERTIFIED || b->who->clock || l->level == NULL ||
	    strcmp(p->party, b->who->party) != 0)
		return 0;
	return l->level(l->ctx, b->who->party, b->e->actor, b->now) >=
			       TROTH_LEVEL_SUPERVISOR
		       ? TROTH_AS_SUPERVISOR
		       : 0;
}

enum troth_reason judge_promise_step(const struct bench *b)
{
	const struct troth_event *e = b->e;
	int i = troth_subject_promise(b->s, &e->u.promise_step.promise);
	enum troth_promise_state to;
	enum troth_reason r;

	if (i < 0)
		return TROTH_REASON_NO_PROMISE;

	const struct troth_promise *p = &b->s->promises[i];
	r = troth_step_reason(troth_promise_next(
		p->state, e->u.promise_step.action,
		troth_capacities(b->s, p, b->who) | as_supervisor(b, p), &to));
	if (r != TROTH_REASON_NONE)
		return r;
	if (e->u.promise_step.action == TROTH_PROMISE_DO_RELEASE)
		return troth_remedy_release_judge(b->s, b->lookup, b->who, p);
	if (e->u.promise_step.action == TROTH_PROMISE_DO_APPROVE &&
	    strcmp(p->actor, e->actor) == 0 &&
	    troth_acts_for(b->lookup, b->who->party, p->party))
		return TROTH_REASON_OWN_REQUEST;
	if (e->u.promise_step.action == TROTH_PROMISE_DO_APPROVE && !judge_may(b, BRAND))
		return troth_approval_unauthorised(b->lookup, b->s, p, e, b->now);
	if (e->u.promise_step.action == TROTH_PROMISE_DO_ACTIVATE && p->asked != 0 &&
	    p->state == TROTH_PROMISE_PROPOSED)
		return TROTH_REASON_WRONG_STATE; /* It had to be asked, and was not. */
	if (to == TROTH_PROMISE_ACTIVE && troth_subject_closed(b->s, &p->recovers))
		return TROTH_REASON_SUBJECT_CLOSED;
	if (to == TROTH_PROMISE_ACTIVE && p->due.ms <= b->now.ms)
		return TROTH_REASON_DUE_PASSED; /* Said when it could not be kept. */
	if (e->u.promise_step.has_tell)
		return troth_room_for_commitment(b->s, p)
			       ? judge_terms(b, &e->u.promise_step.tell)
			       : TROTH_REASON_LIMIT; /* Only HQ cancels. */
	return TROTH_REASON_NONE;
}

enum troth_reason judge_commitment_added(const struct bench *b)
{
	int i = troth_subject_promise(b->s, &b->e->u.commitment.promise);

	if (i < 0)
		return TROTH_REASON_NO_PROMISE;
	if ((troth_capacities(b->s, &b->s->promises[i], b->who) &
	     (TROTH_AS_MAKER | TROTH_AS_SERVICE | TROTH_AS_HQ)) == 0)
		return TROTH_REASON_NOT_ENTITLED;
	if (!troth_promise_is_open(b->s->promises[i].state))
		return TROTH_REASON_WRONG_STATE;
	if (!judge_room(b, &b->s->promises[i]))
		return TROTH_REASON_LIMIT;
	return judge_terms(b, &b->e->u.commitment.terms);
}

enum troth_reason judge_commitment_step(const struct bench *b)
{
	const struct troth_event *e = b->e;
	int i = troth_subject_commitment(b->s, &e->u.commitment_step.commitment);
	enum troth_commitment_state to;
	enum troth_reason r;

	if (i < 0)
		return TROTH_REASON_NO_COMMITMENT;

	const struct troth_commitment *c = &b->s->commitments[i];
	unsigned as = troth_commitment_capacities(b->s, c, b->who);
	r = troth_step_reason(
		troth_commitment_next(c, e->u.commitment_step.action, as, &to));
	if (r != TROTH_REASON_NONE || e->u.commitment_step.party[0] == '\0')
		return r;
	if (strcmp(e->u.commitment_step.party, c->debtor) == 0 &&
	    e->u.commitment_step.action == TROTH_COMMITMENT_DO_DELEGATE)
		return TROTH_REASON_WRONG_ROLE;
	return judge_party_of_role(b, e->u.commitment_step.party,
				   b->s->kind == TROTH_SUBJECT_CASE ? BRAND | VENDOR
								    : ANYONE);
}

bool judge_said_stands(const struct bench *b, enum troth_reason reason)
{
	int i = troth_subject_promise(b->s, &b->e->u.promise_step.promise);

	if (i < 0 ||
	    (troth_capacities(b->s, &b->s->promises[i], b->who) & TROTH_AS_MAKER) == 0)
		return false;
	if (reason == TROTH_REASON_SUBJECT_CLOSED || reason == TROTH_REASON_DUE_PASSED)
		return true;
	return reason == TROTH_REASON_WRONG_STATE &&
	       (b->s->promises[i].state == TROTH_PROMISE_PROPOSED ||
		b->s->promises[i].state == TROTH_PROMISE_PENDING_APPROVAL ||
		b->s->promises[i].state == TROTH_PROMISE_REJECTED ||
		b->s->promises[i].state == TROTH_PROMISE_EXPIRED);
}

bool judge_done_stands(const struct bench *b, enum troth_reason reason)
{
	int i = troth_subject_commitment(b->s, &b->e->u.commitment_step.commitment);

	return reason == TROTH_REASON_WRONG_STATE && i >= 0 &&
	       (troth_commitment_capacities(b->s, &b->s->commitments[i], b->who) &
		TROTH_AS_DEBTOR) != 0;
}
