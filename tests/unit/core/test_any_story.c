/*
 * Any story at all: events drawn from a seed, most of them nonsense. story.c
 * checks after each that there is one debtor who can see what it owes, that
 * what was refused changed nothing, that the clock's next instant is the one
 * from which it has something to say, and that the stored form comes back the
 * same. TROTH_SEED and TROTH_STORIES choose other or more stories.
 */
#include "story.h"

#include "troth/core/commitment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORIES 500
#define EVENTS  100

static struct story st;
static struct troth_event e;
static uint64_t seed;

/* xorshift64*: the same numbers on every machine. */
static unsigned draw(unsigned n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *some_party(void)
{
	static const char *const names[] = { "brand", "acme", "zeta", "swift",
					     "slow",  "shop", "mall" };

	return names[draw(TROTH_LEN(names))];
}

static struct troth_time soon(void)
{
	return (struct troth_time){ st.now.ms + (int64_t)draw((unsigned)FIXTURE_DAY) -
				    FIXTURE_HOUR };
}

static struct troth_id some_promise(void)
{
	return fixture_id(10 + draw(4));
}

static void some_terms(struct troth_terms *t)
{
	*t = fixture_terms(some_party());
	t->due = soon();
	t->ack_due.ms = draw(2) == 0 ? 0 : t->due.ms - FIXTURE_HOUR;
	t->acceptance_ms = draw(2) == 0 ? 0 : FIXTURE_HOUR;
	if (draw(3) == 0)
		TROTH_TEXT_SET(t->creditor, some_party());
}

static void some_promise_made(void)
{
	e.u.promise.id = some_promise();
	e.u.promise.due = soon();
	e.u.promise.spoken = draw(2) == 0;
	e.u.promise.lapses = soon();
	if (st.s.recovery_count > 0 && draw(2) == 0)
		e.u.promise.recovers = st.s.recoveries[draw(st.s.recovery_count)].id;
	if (troth_id_eq(&e.u.promise.recovers, &e.u.promise.id))
		e.u.promise.recovers = (struct troth_id){ { 0 } };
	e.u.promise.terms_count = 1 + draw(3);
	for (unsigned i = 0; i < e.u.promise.terms_count; i++)
		some_terms(&e.u.promise.terms[i]);
}

/* Any action, but mostly one that leads somewhere. */
static enum troth_promise_action some_promise_action(const struct troth_id *id)
{
	int i = troth_subject_promise(&st.s, id);
	enum troth_promise_action a;
	enum troth_promise_state to;
	unsigned tries = 1 + draw(40);

	do
		a = (enum troth_promise_action)(1 + draw(TROTH_PROMISE_DO_REMEDY));
	while (i >= 0 && --tries > 0 &&
	       troth_promise_next(st.s.promises[i].state, a, ~0u, &to) != TROTH_STEP_OK);
	return a;
}

static enum troth_commitment_action some_commitment_action(const struct troth_id *id)
{
	int i = troth_subject_commitment(&st.s, id);
	enum troth_commitment_action a;
	enum troth_commitment_state to;
	unsigned tries = draw(40);

	do
		a = (enum troth_commitment_action)(1 +
						   draw(TROTH_COMMITMENT_ACTION_LAST));
	while (i >= 0 && tries-- > 0 &&
	       troth_commitment_next(&st.s.commitments[i], a, ~0u, &to) != TROTH_STEP_OK);
	return a;
}

static void some_promise_step(void)
{
	e.u.promise_step.promise = some_promise();
	e.u.promise_step.action = some_promise_action(&e.u.promise_step.promise);
	TROTH_TEXT_SET(e.u.promise_step.reason, "why");
	if (e.u.promise_step.action == TROTH_PROMISE_DO_CANCEL) {
		e.u.promise_step.has_tell = true;
		some_terms(&e.u.promise_step.tell);
	}
	if (draw(2) == 0)
		TROTH_TEXT_SET(e.actor, "boss");
}

static void some_commitment_step(void)
{
	e.u.commitment_step.commitment = some_promise();
	e.u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = (uint8_t)(1 + draw(3));
	e.u.commitment_step.action = some_commitment_action(
		&e.u.commitment_step.commitment);
	TROTH_TEXT_SET(e.u.commitment_step.reason, "why");
	e.u.commitment_step.due = soon();
	if (e.u.commitment_step.action == TROTH_COMMITMENT_DO_DELEGATE ||
	    e.u.commitment_step.action == TROTH_COMMITMENT_DO_REQUEST)
		TROTH_TEXT_SET(e.u.commitment_step.party, some_party());
	if (e.u.commitment_step.action == TROTH_COMMITMENT_DO_FULFIL) {
		e.u.commitment_step.at = soon();
		e.u.commitment_step.evidence = TROTH_EVIDENCE_NOTE;
	}
}

/* ---- Alarms and recoveries, by a policy with every ladder ---- */

static struct troth_policy policy;
static struct troth_lookup lookup;

static const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	(void)ctx;
	return version == 3 ? &policy : NULL; /* That the usual promise cites. */
}

static void publish(void)
{
	static const char *const to[] = { "debtor", "maker", "brand" };

	for (unsigned i = 0; i < TROTH_CAUSE_LAST; i++) {
		struct troth_ladder *l = &policy.ladders[policy.ladder_count++];

		l->cause = (enum troth_cause)(i + 1);
		l->before = (struct troth_wait){ .ms = FIXTURE_HOUR, .calendar = -1 };
		for (; l->count < TROTH_LEN(to); l->count++) {
			TROTH_TEXT_SET(l->rungs[l->count].to, to[l->count]);
			l->rungs[l->count].after = (struct troth_wait){
				.ms = l->count * 10 * FIXTURE_MINUTE, .calendar = -1
			};
		}
	}
	policy.rule_count = 1; /* Gifts have grace. */
	policy.rules[0].grace = (struct troth_wait){ .ms = FIXTURE_HOUR, .calendar = -1 };
	lookup = fixture_lookup;
	lookup.policy = find_policy;
}

static void some_alarm(void)
{
	e.u.alarm.policy_version = draw(2) == 0 ? 3 : 0;
	if (st.s.alarm_count > 0)
		e.u.alarm.alarm = st.s.alarms[draw(st.s.alarm_count)].id;
	if (e.type == TROTH_EVENT_ALARM_RAISED)
		e.u.alarm.alarm = (struct troth_id){ { 0 } };
}

/* What the recovery is waiting for, by and large. */
static enum troth_recovery_action some_recovery_action(const struct troth_recovery *r)
{
	enum troth_recovery_action a;
	enum troth_recovery_state to;
	unsigned tries = 1 + draw(30);

	if (r->apologised.ms == 0 && draw(2) == 0)
		return TROTH_RECOVERY_DO_APOLOGISE;
	do
		a = (enum troth_recovery_action)(1 + draw(TROTH_RECOVERY_DO_OVERTURN));
	while (--tries > 0 && (a <= TROTH_RECOVERY_DO_HARMS ||
			       troth_recovery_next(r->state, r->complaint, a, ~0u, &to) !=
				       TROTH_STEP_OK));
	return a;
}

static void some_recovery(void)
{
	const struct troth_recovery *r;
	enum troth_recovery_action a;

	if (e.type == TROTH_EVENT_COMPLAINT) {
		e.u.recovery.id = fixture_id(30 + draw(40));
		return;
	}
	if (st.s.recovery_count == 0)
		return;
	r = &st.s.recoveries[draw(4) != 0 ? 0 : draw(st.s.recovery_count)];
	a = some_recovery_action(r);
	fixture_event(&e,
		      a == TROTH_RECOVERY_DO_DENY     ? TROTH_EVENT_COMPLAINT_DENIED
		      : a == TROTH_RECOVERY_DO_APPEAL ? TROTH_EVENT_DENIAL_APPEALED
		      : a > TROTH_RECOVERY_DO_APPEAL  ? TROTH_EVENT_APPEAL_DECIDED
						      : TROTH_EVENT_RECOVERY_STEP,
		      "brand");
	e.u.recovery.id = r->id;
	if (a <= TROTH_RECOVERY_STEP_LAST || a > TROTH_RECOVERY_DO_APPEAL)
		e.u.recovery.action = a;
	if (a == TROTH_RECOVERY_DO_CHOOSE)
		e.u.recovery.choice = TROTH_CHOICE_GOODS;
	if (draw(2) == 0)
		TROTH_TEXT_SET(e.actor, "boss");
}

/* Mostly somebody to whom it means something. */
static const char *somebody_concerned(void)
{
	const struct troth_commitment *c;
	int i = -1;

	if (draw(5) == 0)
		return some_party();
	if (e.type == TROTH_EVENT_PROMISE_STEP) {
		i = troth_subject_promise(&st.s, &e.u.promise_step.promise);
		return i < 0 || draw(2) == 0 ? "brand" : st.s.promises[i].party;
	}
	if (e.type == TROTH_EVENT_COMMITMENT_STEP)
		i = troth_subject_commitment(&st.s, &e.u.commitment_step.commitment);
	if (i < 0)
		return st.s.participants[draw(st.s.participant_count)].party;
	c = &st.s.commitments[i];
	if (c->delegate[0] != '\0' && draw(2) == 0)
		return c->delegate;
	return draw(3) == 0 ? c->creditor : c->debtor;
}

static const enum troth_event_type of_orders[] = { TROTH_EVENT_ORDER_CORRECTED,
						   TROTH_EVENT_ORDER_SHIPPED,
						   TROTH_EVENT_ORDER_DELIVERED,
						   TROTH_EVENT_ORDER_CANCELLED,
						   TROTH_EVENT_ORDER_CASE_LINKED };
static const enum troth_event_type of_cases[] = { TROTH_EVENT_CASE_ORDER_LINKED,
						  TROTH_EVENT_CASE_HANDED_OVER,
						  TROTH_EVENT_CASE_CLOSED };
static const enum troth_event_type of_promises[] = {
	TROTH_EVENT_PROMISE_MADE,     TROTH_EVENT_PROMISE_STEP,
	TROTH_EVENT_COMMITMENT_ADDED, TROTH_EVENT_COMMITMENT_STEP,
	TROTH_EVENT_COMMITMENT_STEP,  TROTH_EVENT_COMMITMENT_STEP,
};
static const enum troth_event_type of_what_went_wrong[] = {
	TROTH_EVENT_ALARM_RAISED,  TROTH_EVENT_ALARM_TAKEN,   TROTH_EVENT_ALARM_ENDED,
	TROTH_EVENT_RECOVERY_STEP, TROTH_EVENT_RECOVERY_STEP, TROTH_EVENT_RECOVERY_STEP,
	TROTH_EVENT_RECOVERY_STEP, TROTH_EVENT_COMPLAINT,
};

static enum troth_event_type some_type(void)
{
	if (draw(5) == 0)
		return of_what_went_wrong[draw(TROTH_LEN(of_what_went_wrong))];
	if (draw(8) != 0)
		return of_promises[draw(TROTH_LEN(of_promises))];
	return st.s.kind == TROTH_SUBJECT_ORDER ? of_orders[draw(TROTH_LEN(of_orders))]
						: of_cases[draw(TROTH_LEN(of_cases))];
}

static void some_event(void)
{
	fixture_event(&e, some_type(), "brand");
	if (troth_event_topic(e.type) == TROTH_TOPIC_ALARM)
		some_alarm();
	else if (troth_event_topic(e.type) == TROTH_TOPIC_RECOVERY)
		some_recovery();
	else if (e.type == TROTH_EVENT_PROMISE_MADE)
		some_promise_made();
	else if (e.type == TROTH_EVENT_PROMISE_STEP)
		some_promise_step();
	else if (e.type == TROTH_EVENT_COMMITMENT_ADDED) {
		e.u.commitment.promise = some_promise();
		some_terms(&e.u.commitment.terms);
	} else if (e.type == TROTH_EVENT_COMMITMENT_STEP) {
		some_commitment_step();
	} else if (e.type == TROTH_EVENT_ORDER_CORRECTED) {
		e.u.order.version = st.s.order.version + 1;
		TROTH_TEXT_SET(e.u.order.carrier, draw(2) == 0 ? "swift" : "slow");
	} else if (e.type == TROTH_EVENT_ORDER_CANCELLED && draw(2) == 0) {
		e.u.cancel.initiator = TROTH_BY_FIRM;
		e.u.cancel.has_tell = draw(2) == 0;
		e.u.cancel.tell = fixture_terms(some_party());
	}
	fixture_origin(&e, somebody_concerned());
}

/* What may never be otherwise from one entry to the next. */
static void check_step(const struct troth_subject *was)
{
	for (unsigned i = 0; i < was->promise_count; i++) {
		enum troth_promise_state from = was->promises[i].state;
		enum troth_promise_state to = st.s.promises[i].state;

		if (to == TROTH_PROMISE_BROKEN)
			assert_true(from == TROTH_PROMISE_ACTIVE || from == to);
		if (from == TROTH_PROMISE_BROKEN)
			assert_true(to == from || to == TROTH_PROMISE_REMEDIED);
		if (from == TROTH_PROMISE_ACTIVE && to == TROTH_PROMISE_KEPT)
			for (unsigned k = 0; k < st.s.commitment_count; k++)
				assert_true(
					!troth_id_eq(&st.s.commitments[k].promise,
						     &st.s.promises[i].id) ||
					st.s.commitments[k].state ==
						TROTH_COMMITMENT_RELEASED ||
					st.s.commitments[k].state ==
						TROTH_COMMITMENT_CANCELLED ||
					troth_commitment_met_by(&st.s.commitments[k],
								st.s.promises[i].due));
	}
	for (unsigned i = 0; i < was->commitment_count; i++)
		if (was->commitments[i].state == TROTH_COMMITMENT_VIOLATED)
			assert_int_equal(st.s.commitments[i].state,
					 TROTH_COMMITMENT_VIOLATED);
}

static unsigned took_effect, declared;
/* Bits of those seen. */
static uint32_t promise_states, commitment_states, alarm_states, recovery_states;
static uint64_t story_number; /* Printed by whatever ends the program. */

static void note_states(void)
{
	for (unsigned i = 0; i < st.s.promise_count; i++)
		promise_states |= 1u << st.s.promises[i].state;
	for (unsigned i = 0; i < st.s.commitment_count; i++)
		commitment_states |= 1u << st.s.commitments[i].state;
	for (unsigned i = 0; i < st.s.alarm_count; i++)
		alarm_states |= 1u << st.s.alarms[i].state;
	for (unsigned i = 0; i < st.s.recovery_count; i++)
		recovery_states |= 1u << st.s.recoveries[i].state;
}

static void tell_one(uint64_t number)
{
	static struct troth_subject was;

	seed = number * 2 + 1;
	story_begin_usual(&st,
			  number % 3 == 0 ? TROTH_SUBJECT_CASE : TROTH_SUBJECT_ORDER);
	st.s.cas.policy_version = 3;
	if (number % 2 == 0)
		st.lookup = &lookup;
	for (unsigned i = 0; i < EVENTS; i++) {
		was = st.s;
		if (draw(10) == 0) {
			declared += story_clock(&st, st.now.ms + FIXTURE_HOUR);
			assert_int_equal(story_clock(&st, st.now.ms), 0);
		} else {
			st.now.ms += draw((unsigned)FIXTURE_HOUR / 3);
			some_event();
			(void)story_tell(&st, &e);
			took_effect += st.last.outcome != TROTH_REFUSED;
		}
		check_step(&was);
		note_states();
	}
	declared += story_clock(&st, st.now.ms + 10 * FIXTURE_DAY);
	for (unsigned i = 0; i < st.s.promise_count; i++)
		assert_int_not_equal(st.s.promises[i].state, TROTH_PROMISE_ACTIVE);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void whatever_is_told_the_rules_hold(void **state)
{
	uint64_t first = number_of("TROTH_SEED", 1);
	uint64_t count = number_of("TROTH_STORIES", STORIES);

	(void)state;
	took_effect = declared = 0;
	for (uint64_t n = first; n < first + count; n++) {
		story_number = n;
		tell_one(n);
	}
	print_message("%u events took effect, %u were declared by the clock\n",
		      took_effect, declared);
	/* Stories in which nothing happens would prove nothing. */
	if (count >= STORIES) {
		assert_int_equal(promise_states, (2u << TROTH_PROMISE_STATE_LAST) - 2);
		assert_int_equal(commitment_states,
				 (2u << TROTH_COMMITMENT_STATE_LAST) - 2);
		assert_int_equal(alarm_states, (2u << TROTH_ALARM_STATE_LAST) - 2);
		assert_int_equal(recovery_states, (2u << TROTH_RECOVERY_STATE_LAST) - 2);
	}
}

static void say_which(int signal)
{
	(void)signal;
	fprintf(stderr, "TROTH_SEED=%llu TROTH_STORIES=1 tells this story again\n",
		(unsigned long long)story_number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_told_the_rules_hold),
	};

	(void)signal(SIGABRT, say_which);
	publish();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
