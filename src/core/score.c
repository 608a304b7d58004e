#include "troth/core/score.h"

#include "troth/base/err.h"
#include "troth/core/subject.h"

/* Called off: nobody expects it any more. */
static bool promise_ended(const struct troth_promise *p)
{
	return p->state == TROTH_PROMISE_RELEASED || p->state == TROTH_PROMISE_CANCELLED;
}

static bool order_cancelled(const struct troth_subject *s)
{
	return s->kind == TROTH_SUBJECT_ORDER && s->order.state == TROTH_ORDER_CANCELLED;
}

static bool spoken(const struct troth_promise *p)
{
	switch (p->state) {
	case TROTH_PROMISE_ACTIVE:
	case TROTH_PROMISE_KEPT:
	case TROTH_PROMISE_BROKEN:
	case TROTH_PROMISE_RELEASED:
	case TROTH_PROMISE_CANCELLED:
	case TROTH_PROMISE_CONFIRMED:
	case TROTH_PROMISE_REOPENED:
	case TROTH_PROMISE_REMEDIED:
		return true;
	case TROTH_PROMISE_NONE:
	case TROTH_PROMISE_PROPOSED:
	case TROTH_PROMISE_PENDING_APPROVAL:
	case TROTH_PROMISE_APPROVED:
	case TROTH_PROMISE_REJECTED:
	case TROTH_PROMISE_EXPIRED:
		break;
	}
	return false;
}

static bool commitment_ended(const struct troth_commitment *c)
{
	return c->state == TROTH_COMMITMENT_RELEASED ||
	       c->state == TROTH_COMMITMENT_CANCELLED;
}

/* When it was done. What was reported after it had been called off is no evidence. */
static struct troth_time evidence_of(const struct troth_commitment *c)
{
	if (commitment_ended(c) && c->reported.ms > c->settled.ms)
		return (struct troth_time){ 0 };
	return c->fulfilled;
}

/* Ended by itself while the promise went on: what is left of the promise is the rest. */
static bool let_off(const struct troth_promise *p, const struct troth_commitment *c)
{
	return commitment_ended(c) &&
	       !(promise_ended(p) && c->settled.ms >= p->settled.ms);
}

/* Owed because the promise was called off, not to keep it. */
static bool owed_for_the_end(const struct troth_promise *p,
			     const struct troth_commitment *c)
{
	return promise_ended(p) && c->action == TROTH_ACTION_TELL_CUSTOMER;
}

static struct troth_time evidence_of_promise(const struct troth_subject *s,
					     const struct troth_promise *p)
{
	struct troth_time latest = { 0 };

	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];
		struct troth_time at = evidence_of(c);

		if (!troth_id_eq(&c->promise, &p->id) || owed_for_the_end(p, c))
			continue;
		if (at.ms == 0 && let_off(p, c))
			continue;
		if (at.ms == 0)
			return at; /* Something of it was never done. */
		if (at.ms > latest.ms)
			latest = at;
	}
	return latest;
}

static struct troth_scored outcome(struct troth_time evidence, struct troth_time due,
				   bool called_off, struct troth_time as_of)
{
	if (evidence.ms != 0)
		return (struct troth_scored){ evidence.ms <= due.ms ? TROTH_SCORE_KEPT
								    : TROTH_SCORE_LATE,
					      evidence };
	if (called_off)
		return (struct troth_scored){ TROTH_SCORE_WITHDRAWN, evidence };
	return (struct troth_scored){ due.ms < as_of.ms ? TROTH_SCORE_OVERDUE
							: TROTH_SCORE_PENDING,
				      evidence };
}

struct troth_scored troth_score_promise(const struct troth_subject *s, unsigned index,
					struct troth_time as_of)
{
	const struct troth_promise *p = &s->promises[index];

	if (!spoken(p))
		return (struct troth_scored){ TROTH_SCORE_NONE, { 0 } };
	return outcome(evidence_of_promise(s, p), p->due,
		       promise_ended(p) || order_cancelled(s), as_of);
}

struct troth_scored troth_score_commitment(const struct troth_subject *s, unsigned index,
					   struct troth_time as_of)
{
	const struct troth_commitment *c = &s->commitments[index];
	int i = troth_subject_promise(s, &c->promise);
	bool called_off = commitment_ended(c);

	if (i < 0 || !spoken(&s->promises[i]))
		return (struct troth_scored){ TROTH_SCORE_NONE, { 0 } };
	if (!owed_for_the_end(&s->promises[i], c))
		called_off = called_off || promise_ended(&s->promises[i]) ||
			     order_cancelled(s);
	return outcome(evidence_of(c), c->due, called_off, as_of);
}

const char *troth_score_name(enum troth_score v)
{
	static const char *const names[] = {
		[TROTH_SCORE_KEPT] = "kept",
		[TROTH_SCORE_LATE] = "breached_late",
		[TROTH_SCORE_WITHDRAWN] = "withdrawn",
		[TROTH_SCORE_OVERDUE] = "overdue_open",
		[TROTH_SCORE_PENDING] = "pending",
	};

	return (unsigned)v < TROTH_LEN(names) ? names[v] : NULL;
}

void troth_tally_add(struct troth_tally *t, enum troth_score v)
{
	if (v != TROTH_SCORE_NONE)
		t->of[v]++;
}
