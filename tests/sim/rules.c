/*
 * What may change in a promise and a commitment, and when: the oracle's own table,
 * written from the model and not from the code.
 */
#include "oracle.h"

#include "troth/core/commitment.h"

#include <string.h>

#define P(x) (1u << TROTH_PROMISE_##x)
#define C(x) (1u << TROTH_COMMITMENT_##x)

/* From each state, where one entry may lead. */
#define SPOKEN (P(ACTIVE) | P(KEPT)) /* It may have been done by then. */

static const unsigned promise_to[] = {
	[TROTH_PROMISE_PROPOSED] = P(PENDING_APPROVAL) | P(EXPIRED) | SPOKEN,
	[TROTH_PROMISE_PENDING_APPROVAL] = P(APPROVED) | P(REJECTED) | P(EXPIRED) |
					   SPOKEN,
	[TROTH_PROMISE_APPROVED] = P(EXPIRED) | SPOKEN,
	[TROTH_PROMISE_REJECTED] = SPOKEN, /* All the same. */
	[TROTH_PROMISE_EXPIRED] = SPOKEN,
	/* Remedied at once where it had been made good before it was broken. */
	[TROTH_PROMISE_ACTIVE] = P(KEPT) | P(BROKEN) | P(RELEASED) | P(CANCELLED) |
				 P(REMEDIED),
	[TROTH_PROMISE_KEPT] = P(CONFIRMED) | P(REOPENED),
	[TROTH_PROMISE_BROKEN] = P(REMEDIED),
	[TROTH_PROMISE_RELEASED] = 0,
	[TROTH_PROMISE_CANCELLED] = 0,
	[TROTH_PROMISE_CONFIRMED] = 0,
	[TROTH_PROMISE_REOPENED] = P(KEPT) | P(RELEASED) | P(CANCELLED),
	[TROTH_PROMISE_REMEDIED] = 0,
};

#define ENDS (C(RELEASED) | C(CANCELLED) | C(VIOLATED))

static const unsigned commitment_to[] = {
	[TROTH_COMMITMENT_REQUESTED] = C(ACCEPTED) | C(DECLINED) | C(COUNTERED) |
				       C(FULFILLED) | C(DISCHARGED) | C(DELEGATED) |
				       C(HELD) | ENDS,
	[TROTH_COMMITMENT_ACCEPTED] = C(IN_PROGRESS) | C(FULFILLED) | C(DISCHARGED) |
				      C(DELEGATED) | C(HELD) | ENDS,
	[TROTH_COMMITMENT_DECLINED] = C(REQUESTED) | C(FULFILLED) | C(DISCHARGED) |
				      C(RELEASED) | C(CANCELLED),
	[TROTH_COMMITMENT_COUNTERED] = C(ACCEPTED) | C(REQUESTED) | C(FULFILLED) |
				       C(DISCHARGED) | ENDS,
	[TROTH_COMMITMENT_IN_PROGRESS] = C(FULFILLED) | C(DISCHARGED) | C(DELEGATED) |
					 C(HELD) | ENDS,
	[TROTH_COMMITMENT_FULFILLED] = C(DISCHARGED) | C(REOPENED) | ENDS,
	[TROTH_COMMITMENT_DISCHARGED] = 0,
	[TROTH_COMMITMENT_REOPENED] = C(IN_PROGRESS) | C(FULFILLED) | C(DISCHARGED) |
				      C(DELEGATED) | C(HELD) | ENDS,
	[TROTH_COMMITMENT_VIOLATED] = 0,
	[TROTH_COMMITMENT_RELEASED] = 0,
	[TROTH_COMMITMENT_CANCELLED] = 0,
	[TROTH_COMMITMENT_DELEGATED] = C(REQUESTED) | C(ACCEPTED) | C(IN_PROGRESS) |
				       C(REOPENED) | C(FULFILLED) | C(DISCHARGED) | ENDS,
	[TROTH_COMMITMENT_HELD] = C(REQUESTED) | C(ACCEPTED) | C(IN_PROGRESS) |
				  C(REOPENED) | C(FULFILLED) | C(DISCHARGED) |
				  C(RELEASED) | C(CANCELLED),
};

struct change {
	struct sim *s;
	const struct troth_event *e;
	const struct troth_entry *entry;
	bool clock;
};

static enum troth_commitment_action action_on(const struct change *c,
					      const struct troth_id *commitment)
{
	if (c->entry->verdict.outcome == TROTH_REFUSED ||
	    c->e->type != TROTH_EVENT_COMMITMENT_STEP ||
	    !troth_id_eq(&c->e->u.commitment_step.commitment, commitment))
		return (enum troth_commitment_action)0;
	return c->e->u.commitment_step.action;
}

/* Whether everything owed for p was done by its due, on the state before. */
static bool was_done(const struct troth_subject *s, const struct troth_promise *p)
{
	unsigned done = 0;

	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (!troth_id_eq(&c->promise, &p->id) ||
		    c->state == TROTH_COMMITMENT_RELEASED ||
		    c->state == TROTH_COMMITMENT_CANCELLED)
			continue;
		if (c->fulfilled.ms == 0 || c->fulfilled.ms > p->due.ms)
			return false;
		done++;
	}
	return done > 0;
}

static void check_promise(const struct change *c, const struct troth_subject *before,
			  const struct troth_promise *was, const struct troth_promise *is)
{
	struct sim *s = c->s;
	bool broken = is->state == TROTH_PROMISE_BROKEN ||
		      (is->state == TROTH_PROMISE_REMEDIED &&
		       was->state == TROTH_PROMISE_ACTIVE);

	if (was->due.ms != is->due.ms)
		sim_fail(s, "I9", "the due of a promise has moved");
	if (was->state == is->state)
		return;
	if ((promise_to[was->state] & 1u << is->state) == 0)
		sim_fail(s, "I9", "a promise went from %s to %s",
			 troth_promise_state_name(was->state),
			 troth_promise_state_name(is->state));
	if (broken && c->clock && c->entry->accepted.ms <= was->due.ms)
		sim_fail(s, "I9", "broken %lld ms before it was late",
			 (long long)(was->due.ms - c->entry->accepted.ms));
	if (broken && c->clock && was_done(before, was))
		sim_fail(s, "I9", "broken, though all of it had been done in time");
	if (is->state == TROTH_PROMISE_EXPIRED && c->clock &&
	    c->entry->accepted.ms <= was->lapses.ms)
		sim_fail(s, "I9", "expired by the clock before it lapsed");
	s->counts.kept += is->state == TROTH_PROMISE_KEPT;
}

static void check_debtor(const struct change *c, const struct troth_commitment *was,
			 const struct troth_commitment *is,
			 enum troth_commitment_action action)
{
	if (strcmp(was->debtor, is->debtor) == 0)
		return;
	if (action == TROTH_COMMITMENT_DO_ACCEPT &&
	    was->state == TROTH_COMMITMENT_DELEGATED &&
	    strcmp(is->debtor, was->delegate) == 0)
		return;
	if (action == TROTH_COMMITMENT_DO_REQUEST &&
	    was->state == TROTH_COMMITMENT_DECLINED)
		return;
	sim_fail(c->s, "model",
		 "a commitment of %s became one of %s, who has not accepted", was->debtor,
		 is->debtor);
}

static void check_due(const struct change *c, const struct troth_commitment *was,
		      const struct troth_commitment *is,
		      enum troth_commitment_action action)
{
	int64_t want = was->due.ms;

	if (action != 0 && was->state == TROTH_COMMITMENT_HELD &&
	    is->state != TROTH_COMMITMENT_HELD)
		want += c->entry->accepted.ms - was->held.ms;
	else if (action == TROTH_COMMITMENT_DO_ACCEPT &&
		 was->state == TROTH_COMMITMENT_COUNTERED)
		want = was->counter_due.ms;
	else if (action == TROTH_COMMITMENT_DO_REQUEST &&
		 c->e->u.commitment_step.due.ms != 0)
		want = c->e->u.commitment_step.due.ms;
	if (is->due.ms != want)
		sim_fail(c->s, "model",
			 "the due of a commitment moved by %lld ms, not %lld",
			 (long long)(is->due.ms - was->due.ms),
			 (long long)(want - was->due.ms));
}

static void check_commitment(const struct change *c, const struct troth_commitment *was,
			     const struct troth_commitment *is)
{
	struct troth_id id = troth_commitment_id(was);
	enum troth_commitment_action action = action_on(c, &id);
	struct sim *s = c->s;

	check_debtor(c, was, is, action);
	check_due(c, was, is, action);
	if (was->state == is->state)
		return;
	/* Spoken although the offer had ended: what was owed for it is owed again. */
	if (was->state == TROTH_COMMITMENT_CANCELLED &&
	    c->e->type == TROTH_EVENT_PROMISE_STEP &&
	    c->entry->verdict.outcome == TROTH_FLAGGED)
		return;
	if ((commitment_to[was->state] & 1u << is->state) == 0)
		sim_fail(s, "model", "a commitment went from %s to %s",
			 troth_commitment_state_name(was->state),
			 troth_commitment_state_name(is->state));
	if (is->state == TROTH_COMMITMENT_VIOLATED &&
	    (!c->clock || c->entry->accepted.ms <= was->due.ms))
		sim_fail(s, "I9", "violated %lld ms before it was late",
			 (long long)(was->due.ms - c->entry->accepted.ms));
}

/* Whoever brings a case sees the order: nobody's but its customer's. */
static void check_link(struct sim *s, const struct known_subject *k)
{
	struct oracle *o = s->oracle;
	const struct known_subject *other;

	if (k->s->link_count == o->before->link_count || o->by_brand)
		return;
	other = oracle_subject(o, &k->s->links[k->s->link_count - 1].id);
	if (other == NULL || strcmp(other->s->customer, k->s->customer) != 0)
		sim_fail(s, "model", "%s has linked what is another customer's", o->by);
}

void check_change(struct sim *s, const struct known_subject *k,
		  const struct troth_entry *entry, bool clock)
{
	const struct troth_subject *before = s->oracle->before, *after = k->s;
	struct change c = { s, &s->oracle->event, entry, clock };

	if (after->promise_count < before->promise_count ||
	    after->commitment_count < before->commitment_count)
		sim_fail(s, "model", "a promise or a commitment has vanished");
	for (unsigned i = 0; i < before->promise_count; i++)
		check_promise(&c, before, &before->promises[i], &after->promises[i]);
	for (unsigned i = 0; i < before->commitment_count; i++)
		check_commitment(&c, &before->commitments[i], &after->commitments[i]);
	check_recoveries(s, k);
	check_link(s, k);
	if (entry->verdict.outcome == TROTH_REFUSED && before->revision > 0 &&
	    (before->promise_count != after->promise_count ||
	     before->commitment_count != after->commitment_count))
		sim_fail(s, "I8", "a refused event has had effect");
}

#define TICK_MS 1000

static int64_t grace_ms(const struct sim *s, const struct troth_promise *p)
{
	return p->policy_version > oracle_policies(s)
		       ? 0
		       : policy_grace_ms(p->policy_version, p->kind);
}

/* For how long central could have declared that `due` has passed. */
static int64_t late_ms(const struct sim *s, const struct troth_subject *k,
		       struct troth_time due)
{
	return s->now - (due.ms > k->changed.ms ? due.ms : k->changed.ms);
}

/*
 * Right after a turn of central's nothing may be overdue any more: what was due
 * before that instant has been declared.
 */
void oracle_clock(struct sim *s)
{
	struct oracle *o = s->oracle;
	struct node *central = &s->nodes[0];

	if (s->now - central->last_full < 2000)
		return; /* It tries again within a second. */
	for (unsigned i = 0; i < o->subject_count; i++) {
		const struct troth_subject *k = o->subjects[i].s;

		check_watched(s, k);

		for (unsigned j = 0; j < k->promise_count; j++) {
			const struct troth_promise *p = &k->promises[j];

			if (p->state == TROTH_PROMISE_ACTIVE && !was_done(k, p) &&
			    late_ms(s, k, p->due) > TICK_MS + grace_ms(s, p))
				sim_fail(s, "I9", "overdue for %lld ms, and not broken",
					 (long long)(s->now - p->due.ms));
		}
		for (unsigned j = 0; j < k->commitment_count; j++) {
			const struct troth_commitment *c = &k->commitments[j];

			if (troth_commitment_is_open(c->state) &&
			    c->state != TROTH_COMMITMENT_HELD &&
			    c->state != TROTH_COMMITMENT_DECLINED &&
			    c->state != TROTH_COMMITMENT_FULFILLED &&
			    late_ms(s, k, c->due) > TICK_MS)
				sim_fail(s, "I9", "late by %lld ms, and not violated",
					 (long long)(s->now - c->due.ms));
		}
	}
}
