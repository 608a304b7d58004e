/*
 * clock - what time alone changes. Only central's clock declares anything; the
 * rules are here, so that every auditor can hold each declaration against them.
 */
#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

static void sooner(struct troth_time *best, struct troth_time t)
{
	if (t.ms != 0 && (best->ms == 0 || t.ms < best->ms))
		*best = t;
}

/* When the clock next has something to say about c: 0, never as it stands. */
static struct troth_time commitment_due(const struct troth_commitment *c)
{
	struct troth_time t = { 0 };

	if (!troth_commitment_is_open(c->state) ||
	    (c->state == TROTH_COMMITMENT_HELD && !TROTH_MUTANT(hold_does_not_stop)) ||
	    c->state == TROTH_COMMITMENT_DECLINED)
		return t;
	if (troth_commitment_unacknowledged(c) && c->ack_overdue.ms == 0)
		sooner(&t, c->ack_due);
	if (c->state != TROTH_COMMITMENT_FULFILLED) {
		sooner(&t, c->due);
	} else if (troth_commitment_met_by(c, c->due)) {
		sooner(&t, (struct troth_time){ c->reported.ms + c->acceptance_ms });
	} else {
		sooner(&t, c->due); /* Done, but late: it is violated, not accepted. */
	}
	return t;
}

/*
 * What was answered yes may have been told by a site that is cut off. So the site
 * itself lets the offer lapse, and the clock only where none has for very long.
 */
#define FORSAKEN_MS (INT64_C(30) * 86400000)

/* When a promise that was not kept is declared broken: its rule may have grace. */
static struct troth_time breaks(const struct troth_lookup *lookup,
				const struct troth_promise *p)
{
	const struct troth_policy *policy = p->policy_version != 0
						    ? troth_lookup_policy(
							      lookup, p->policy_version)
						    : NULL;
	const struct troth_rule *rule = policy != NULL ? troth_policy_rule(
								 policy, p->kind, p->sku)
						       : NULL;
	struct troth_time end = p->due;

	if (rule != NULL && troth_wait_given(&rule->grace) &&
	    !troth_wait_end(policy, &rule->grace, p->due, &end))
		end = p->due;
	return end;
}

static struct troth_time promise_due(const struct troth_subject *s,
				     const struct troth_lookup *lookup,
				     const struct troth_promise *p)
{
	switch (p->state) {
	case TROTH_PROMISE_PROPOSED:
		if (p->grant[0] != '\0')
			return (struct troth_time){ p->lapses.ms + FORSAKEN_MS };
		return p->lapses;
	case TROTH_PROMISE_PENDING_APPROVAL:
	case TROTH_PROMISE_APPROVED:
		return p->lapses;
	case TROTH_PROMISE_ACTIVE:
		return troth_promise_is_done(s, p) ? (struct troth_time){ 0 }
						   : breaks(lookup, p);
	case TROTH_PROMISE_NONE:
	case TROTH_PROMISE_REJECTED:
	case TROTH_PROMISE_EXPIRED:
	case TROTH_PROMISE_KEPT:
		if (TROTH_MUTANT(kept_is_broken) && p->state == TROTH_PROMISE_KEPT)
			return p->due;
		break;
	case TROTH_PROMISE_BROKEN:
	case TROTH_PROMISE_RELEASED:
	case TROTH_PROMISE_CANCELLED:
	case TROTH_PROMISE_CONFIRMED:
	case TROTH_PROMISE_REOPENED:
	case TROTH_PROMISE_REMEDIED:
		break;
	}
	return (struct troth_time){ 0 };
}

struct troth_time troth_subject_due(const struct troth_subject *s,
				    const struct troth_lookup *lookup)
{
	struct troth_time t = troth_watch_due(s, lookup);

	for (unsigned i = 0; i < s->commitment_count; i++)
		sooner(&t, commitment_due(&s->commitments[i]));
	for (unsigned i = 0; i < s->promise_count; i++)
		sooner(&t, promise_due(s, lookup, &s->promises[i]));
	if (TROTH_MUTANT(clock_is_early) && t.ms != 0)
		t.ms--;
	return t;
}

/* "By ten o'clock" includes ten o'clock: only what lies after the instant is late. */
static bool over(struct troth_time due, struct troth_time now)
{
	return due.ms != 0 && due.ms - TROTH_MUTANT(clock_is_early) < now.ms;
}

static enum troth_commitment_action commitment_declares(const struct troth_commitment *c,
							struct troth_time now)
{
	if (c->state == TROTH_COMMITMENT_FULFILLED && troth_commitment_met_by(c, c->due))
		return TROTH_COMMITMENT_DO_DISCHARGE;
	if (over(c->due, now))
		return TROTH_COMMITMENT_DO_VIOLATE;
	return TROTH_COMMITMENT_DO_ACK_OVERDUE;
}

unsigned troth_subject_tick(const struct troth_subject *s,
			    const struct troth_lookup *lookup, struct troth_time now,
			    struct troth_declaration *out, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->commitment_count && n < max; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (over(commitment_due(c), now))
			out[n++] = (struct troth_declaration){
				.type = TROTH_EVENT_COMMITMENT_STEP,
				.commitment = troth_commitment_id(c),
				.commitment_action = commitment_declares(c, now),
			};
	}
	/* Promises last: what the commitments' declarations settle comes first. */
	if (n > 0)
		return n;
	for (unsigned i = 0; i < s->promise_count && n < max; i++) {
		const struct troth_promise *p = &s->promises[i];

		if (over(promise_due(s, lookup, p), now))
			out[n++] = (struct troth_declaration){
				.type = TROTH_EVENT_PROMISE_STEP,
				.promise = p->id,
				.promise_action =
					p->state == TROTH_PROMISE_ACTIVE ||
							p->state == TROTH_PROMISE_KEPT
						? TROTH_PROMISE_DO_BREAK
						: TROTH_PROMISE_DO_EXPIRE,
			};
	}
	/* Then what follows from both. */
	return n > 0 ? n : troth_watch_tick(s, lookup, now, out, max);
}

static void step_of(const struct troth_declaration *d, struct troth_event *e)
{
	e->u.commitment_step.commitment = d->commitment;
	e->u.commitment_step.action = d->commitment_action;
	e->u.commitment_step.reason[0] = '\0';
	e->u.commitment_step.party[0] = '\0';
	e->u.commitment_step.due.ms = 0;
	e->u.commitment_step.evidence = TROTH_EVIDENCE_NONE;
	e->u.commitment_step.has_photo = false;
	e->u.commitment_step.at.ms = 0;
}

static void alarm_of(const struct troth_declaration *d, struct troth_event *e)
{
	memset(&e->u.alarm, 0, sizeof(e->u.alarm));
	e->u.alarm.alarm = d->alarm;
	e->u.alarm.cause = d->cause;
	e->u.alarm.item = d->item;
	e->u.alarm.policy_version = d->policy_version;
	e->u.alarm.rung = d->rung;
	e->u.alarm.next = d->next;
	TROTH_TEXT_SET(e->u.alarm.to, d->to);
	TROTH_TEXT_SET(e->u.alarm.party, d->party);
}

void troth_declaration_event(const struct troth_declaration *d, struct troth_event *e)
{
	e->type = d->type;
	if (d->type == TROTH_EVENT_COMMITMENT_STEP) {
		step_of(d, e);
	} else if (d->type == TROTH_EVENT_PROMISE_STEP) {
		memset(&e->u.promise_step, 0, sizeof(e->u.promise_step));
		e->u.promise_step.promise = d->promise;
		e->u.promise_step.action = d->promise_action;
	} else if (d->type == TROTH_EVENT_RECOVERY_OPENED) {
		memset(&e->u.recovery, 0, sizeof(e->u.recovery));
		e->u.recovery.id = d->promise;
		e->u.recovery.policy_version = d->policy_version;
		TROTH_TEXT_SET(e->u.recovery.owner, d->party);
		TROTH_TEXT_SET(e->u.recovery.failure, d->failure);
	} else {
		alarm_of(d, e);
	}
}
