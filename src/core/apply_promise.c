/* What an entry does to promises and commitments. */
#include "apply.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

/*
 * Who may take a step has been judged. Here only the state decides where it leads,
 * or a node that cannot tell central's clock from its people would differ.
 */
#define IN_ANY_CAPACITY (~0u)

void apply_owed(const struct change *c, struct troth_promise *p,
		const struct troth_terms *t)
{
	struct troth_commitment *n = &c->s->commitments[c->s->commitment_count++];

	*n = (struct troth_commitment){
		.promise = p->id,
		.ordinal = (uint8_t)++p->commitment_count,
		.state = TROTH_COMMITMENT_REQUESTED,
		.action = t->action,
		.due = t->due,
		.ack_due = t->ack_due,
		.acceptance_ms = t->acceptance_ms,
		.position = c->place.position,
		.requested = c->place.accepted,
	};
	TROTH_TEXT_SET(n->debtor, t->debtor);
	TROTH_TEXT_SET(n->creditor,
		       t->creditor[0] != '\0' ? t->creditor : c->lookup->brand);
}

void apply_settled(const struct change *c, struct troth_promise *p,
		   enum troth_promise_state to, const char *reason)
{
	p->state = to;
	p->settled = c->place.accepted;
	if (reason != NULL)
		TROTH_TEXT_SET(p->settle_reason, reason);
}

static void keep_if_met(const struct change *c, const struct troth_id *promise)
{
	int i = troth_subject_promise(c->s, promise);
	enum troth_promise_state to;

	if (i < 0 || !troth_promise_is_met(c->s, (unsigned)i))
		return;
	if (troth_promise_next(c->s->promises[i].state, TROTH_PROMISE_DO_KEEP,
			       TROTH_AS_STATE, &to) == TROTH_STEP_OK)
		apply_settled(c, &c->s->promises[i], to, NULL);
}

void apply_ended(const struct change *c, const struct troth_promise *p,
		 enum troth_commitment_state to)
{
	for (unsigned i = 0; i < c->s->commitment_count; i++) {
		struct troth_commitment *k = &c->s->commitments[i];

		if (troth_id_eq(&k->promise, &p->id) &&
		    troth_commitment_is_open(k->state)) {
			k->state = to;
			k->delegate[0] = '\0';
			k->held.ms = 0;
			k->settled = c->place.accepted;
		}
	}
}

/*
 * Said is said: what a rejection or the clock had ended is owed again. (A
 * commitment that HQ took back by itself, while the promise stood, was cancelled
 * at another instant.)
 */
static void owe_again(const struct change *c, const struct troth_promise *p)
{
	for (unsigned i = 0; i < c->s->commitment_count; i++) {
		struct troth_commitment *k = &c->s->commitments[i];

		if (troth_id_eq(&k->promise, &p->id) &&
		    k->state == TROTH_COMMITMENT_CANCELLED &&
		    k->settled.ms == p->settled.ms) {
			/* Or it had been done already. */
			k->state = k->fulfilled.ms != 0 ? TROTH_COMMITMENT_FULFILLED
							: TROTH_COMMITMENT_REQUESTED;
			k->settled.ms = 0;
		}
	}
}

/* --- promises --- */

static uint32_t flag_of(enum troth_reason r)
{
	if (r == TROTH_REASON_DUE_PASSED)
		return TROTH_FLAG_DUE_PASSED;
	if (r == TROTH_REASON_SUBJECT_CLOSED)
		return TROTH_FLAG_SUBJECT_CLOSED;
	return r == TROTH_REASON_NONE ? 0 : TROTH_FLAG_OVER_AUTHORITY;
}

/* Notes when p was taken from the grant that it rests on. */
static void apply_written(const struct change *c, struct troth_promise *p)
{
	if (p->grant[0] == '\0')
		return;
	p->written = (struct troth_writing){ c->e->created, c->place.accepted,
					     c->e->seen_size };
	if (TROTH_MUTANT(limit_goes_by_made))
		p->written = (struct troth_writing){ p->made, p->made, 0 };
}

void apply_made(const struct change *c)
{
	struct troth_promise *p = &c->s->promises[c->s->promise_count++];

	*p = (struct troth_promise){
		.id = c->e->u.promise.id,
		.state = c->e->u.promise.spoken ? TROTH_PROMISE_ACTIVE
						: TROTH_PROMISE_PROPOSED,
		.flags = flag_of(c->verdict.reason),
		.kind = c->e->u.promise.kind,
		.channel = c->e->u.promise.channel,
		.quantity = c->e->u.promise.quantity,
		.amount = c->e->u.promise.amount,
		.policy_version = c->e->u.promise.policy_version,
		.made = c->e->u.promise.made,
		.due = c->e->u.promise.due,
		.lapses = c->e->u.promise.lapses,
		.position = c->place.position,
		.cost = c->e->u.promise.cost,
		.asked = c->e->u.promise.asked,
		.recovers = c->e->u.promise.recovers,
	};
	TROTH_TEXT_SET(p->grant, c->e->u.promise.grant);
	TROTH_TEXT_SET(p->pool, c->e->u.promise.pool);
	TROTH_TEXT_SET(p->sku, c->e->u.promise.sku);
	TROTH_TEXT_SET(p->currency, c->e->u.promise.currency);
	TROTH_TEXT_SET(p->reason, c->e->u.promise.reason);
	TROTH_TEXT_SET(p->party, c->who->party);
	TROTH_TEXT_SET(p->site, c->who->site);
	TROTH_TEXT_SET(p->actor, c->e->actor);
	apply_written(c, p);
	for (unsigned i = 0; i < c->e->u.promise.terms_count; i++)
		apply_owed(c, p, &c->e->u.promise.terms[i]);
}

void apply_promise_step(const struct change *c)
{
	int i = troth_subject_promise(c->s, &c->e->u.promise_step.promise);
	struct troth_promise *p = &c->s->promises[i];
	enum troth_promise_state to = TROTH_PROMISE_ACTIVE;

	if (c->verdict.outcome == TROTH_FLAGGED)
		p->flags |= flag_of(c->verdict.reason); /* Spoken all the same. */
	else
		(void)troth_promise_next(p->state, c->e->u.promise_step.action,
					 IN_ANY_CAPACITY, &to);
	p->reopened += to == TROTH_PROMISE_REOPENED;
	if (to == TROTH_PROMISE_APPROVED && c->e->u.promise_step.cost > 0) {
		p->cost = c->e->u.promise_step.cost;
		TROTH_TEXT_SET(p->pool, c->e->u.promise_step.pool);
		TROTH_TEXT_SET(p->grant, c->e->u.promise_step.grant);
		apply_written(c, p);
	}
	if (to == TROTH_PROMISE_RELEASED)
		apply_ended(c, p, TROTH_COMMITMENT_RELEASED);
	if (to == TROTH_PROMISE_CANCELLED || to == TROTH_PROMISE_REJECTED ||
	    to == TROTH_PROMISE_EXPIRED)
		apply_ended(c, p, TROTH_COMMITMENT_CANCELLED);
	if (!troth_promise_is_open(to)) {
		apply_settled(c, p, to, c->e->u.promise_step.reason);
	} else {
		if (to == TROTH_PROMISE_REOPENED)
			p->reopened_after = p->commitment_count;
		if (p->state == TROTH_PROMISE_REJECTED ||
		    p->state == TROTH_PROMISE_EXPIRED)
			owe_again(c, p);
		p->state = to;
		p->settled.ms = 0;
		p->settle_reason[0] = '\0';
		if (to == TROTH_PROMISE_ACTIVE)
			keep_if_met(c, &p->id); /* It may have been done already. */
	}
	if (c->e->u.promise_step.has_tell)
		apply_owed(c, p, &c->e->u.promise_step.tell);
}

/* --- commitments --- */

static void acknowledge(const struct change *c, struct troth_commitment *k)
{
	if (k->acknowledged.ms == 0)
		k->acknowledged = c->place.accepted;
}

static void fulfil(const struct change *c, struct troth_commitment *k)
{
	if (k->fulfilled.ms == 0) {
		k->fulfilled = c->e->u.commitment_step.at;
		k->evidence = c->e->u.commitment_step.evidence;
		k->reported = c->place.accepted;
	}
	acknowledge(c, k);
	/* What was done too late is not accepted by silence: the clock will say so. */
	if (k->state == TROTH_COMMITMENT_FULFILLED && k->acceptance_ms == 0 &&
	    troth_commitment_met_by(k, k->due)) {
		k->state = TROTH_COMMITMENT_DISCHARGED;
		k->settled = c->place.accepted;
	}
}

static void resume(const struct change *c, struct troth_commitment *k)
{
	int64_t stood_still = c->place.accepted.ms - k->held.ms;

	k->due.ms += stood_still;
	if (k->ack_due.ms != 0)
		k->ack_due.ms += stood_still;
	k->held.ms = 0;
}

static void request_again(const struct change *c, struct troth_commitment *k)
{
	if (c->e->u.commitment_step.party[0] != '\0')
		TROTH_TEXT_SET(k->debtor, c->e->u.commitment_step.party);
	if (c->e->u.commitment_step.due.ms != 0)
		k->due = c->e->u.commitment_step.due;
	k->requested = c->place.accepted;
	k->acknowledged.ms = 0;
	k->ack_overdue.ms = 0;
	k->ack_due.ms = 0;
	k->alarmed = 0;
}

/* What the step does beside changing the state from `from` to k->state. */
static void consequences(const struct change *c, struct troth_commitment *k,
			 enum troth_commitment_state from)
{
	switch (c->e->u.commitment_step.action) {
	case TROTH_COMMITMENT_DO_ACCEPT:
		if (from == TROTH_COMMITMENT_COUNTERED)
			k->due = k->counter_due;
		if (from == TROTH_COMMITMENT_DELEGATED) {
			TROTH_TEXT_SET(k->debtor, k->delegate);
		}
		acknowledge(c, k);
		break;
	case TROTH_COMMITMENT_DO_DECLINE:
		acknowledge(c, k);
		break;
	case TROTH_COMMITMENT_DO_COUNTER:
		k->counter_due = c->e->u.commitment_step.due;
		acknowledge(c, k);
		break;
	case TROTH_COMMITMENT_DO_START:
	case TROTH_COMMITMENT_DO_RESUME:
		break;
	case TROTH_COMMITMENT_DO_FULFIL:
		fulfil(c, k);
		break;
	case TROTH_COMMITMENT_DO_REOPEN:
		k->reopened++;
		k->fulfilled.ms = 0;
		k->reported.ms = 0;
		k->evidence = TROTH_EVIDENCE_NONE;
		break;
	case TROTH_COMMITMENT_DO_DISCHARGE:
	case TROTH_COMMITMENT_DO_VIOLATE:
	case TROTH_COMMITMENT_DO_RELEASE:
	case TROTH_COMMITMENT_DO_CANCEL:
		k->settled = c->place.accepted;
		break;
	case TROTH_COMMITMENT_DO_DELEGATE:
		k->before = from;
		TROTH_TEXT_SET(k->delegate, c->e->u.commitment_step.party);
		if (TROTH_MUTANT(delegate_owes_at_once))
			TROTH_TEXT_SET(k->debtor, k->delegate);
		break;
	case TROTH_COMMITMENT_DO_HOLD:
		k->before = from;
		k->held = c->place.accepted;
		break;
	case TROTH_COMMITMENT_DO_REQUEST:
		request_again(c, k);
		break;
	case TROTH_COMMITMENT_DO_ACK_OVERDUE:
		k->ack_overdue = c->place.accepted;
		break;
	}
}

void apply_commitment_step(const struct change *c)
{
	int i = troth_subject_commitment(c->s, &c->e->u.commitment_step.commitment);
	struct troth_commitment *k = &c->s->commitments[i];
	enum troth_commitment_state from = k->state;

	if (c->verdict.outcome == TROTH_FLAGGED) {
		fulfil(c, k); /* The one fact there is: what was done is recorded. */
		keep_if_met(c, &k->promise);
		return;
	}
	(void)troth_commitment_next(k, c->e->u.commitment_step.action, IN_ANY_CAPACITY,
				    &k->state);
	if (c->e->u.commitment_step.reason[0] != '\0')
		TROTH_TEXT_SET(k->reason, c->e->u.commitment_step.reason);
	if (from == TROTH_COMMITMENT_HELD && k->state != from)
		resume(c, k); /* Whatever ends the holding sets the clock going. */
	consequences(c, k, from);
	if (k->state != TROTH_COMMITMENT_DELEGATED)
		k->delegate[0] = '\0';
	keep_if_met(c, &k->promise);
}
