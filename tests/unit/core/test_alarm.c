/* Alarms: who is told, in which order, until when. */
#include "story.h"

#include "troth/core/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define OK      TROTH_REASON_NONE
#define MINUTE  FIXTURE_MINUTE
#define ACK_DUE (FIXTURE_NOW + FIXTURE_HOUR)
#define DUE     (FIXTURE_NOW + FIXTURE_DAY)

/* ---- The life of one alarm ---- */

static const struct legal {
	enum troth_alarm_state from;
	enum troth_alarm_action action;
	unsigned as; /* Any one of these. */
	enum troth_alarm_state to;
} legal[] = {
	{ TROTH_ALARM_RAISED, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK, TROTH_ALARM_TOLD },
	{ TROTH_ALARM_TOLD, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK, TROTH_ALARM_TOLD },
	{ TROTH_ALARM_RAISED, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_HQ | TROTH_AS_SERVICE | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ TROTH_ALARM_TOLD, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_HQ | TROTH_AS_SERVICE | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ TROTH_ALARM_RAISED, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
	{ TROTH_ALARM_TOLD, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
	{ TROTH_ALARM_TAKEN, TROTH_ALARM_DO_END,
	  TROTH_AS_HQ | TROTH_AS_TAKER | TROTH_AS_STATE, TROTH_ALARM_ENDED },
};

static void check(enum troth_alarm_state from, enum troth_alarm_action action,
		  unsigned as, unsigned *used)
{
	const enum troth_alarm_state untouched = (enum troth_alarm_state)99;
	enum troth_alarm_state to = untouched;
	enum troth_step got = troth_alarm_next(from, action, as, &to);
	const struct legal *want = NULL;

	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		if (legal[i].from == from && legal[i].action == action)
			want = &legal[i];
	if (want == NULL || (want->as & as) == 0) {
		assert_int_equal(got, want == NULL ? TROTH_STEP_WRONG_STATE
						   : TROTH_STEP_WRONG_CAPACITY);
		assert_int_equal(to, untouched);
		return;
	}
	assert_int_equal(got, TROTH_STEP_OK);
	assert_int_equal(to, want->to);
	(*used)++;
}

static void only_the_listed_steps_happen(void **state)
{
	unsigned used = 0, sentences = 0;

	(void)state;
	for (int s = 0; s <= TROTH_ALARM_STATE_LAST + 1; s++)
		for (int a = 0; a <= TROTH_ALARM_ACTION_LAST + 1; a++)
			for (unsigned as = 0; as <= TROTH_AS_ANY; as++)
				check((enum troth_alarm_state)s,
				      (enum troth_alarm_action)a, as, &used);
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		sentences += (TROTH_AS_ANY + 1) -
			     ((TROTH_AS_ANY + 1) >> __builtin_popcount(legal[i].as));
	assert_int_equal(used, sentences);
}

/* ---- A policy with ladders ---- */

static struct troth_policy policy;
static struct story st;
static struct troth_event e;

static const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	(void)ctx;
	return version == policy.version ? &policy : NULL;
}

static uint64_t newest_policy(void *ctx)
{
	(void)ctx;
	return policy.version;
}

static struct troth_lookup lookup;

static struct troth_wait minutes(int64_t n)
{
	return (struct troth_wait){ .ms = n * MINUTE, .calendar = -1 };
}

static void rung(enum troth_cause cause, const char *to, int64_t after)
{
	struct troth_ladder *l = NULL;

	for (unsigned i = 0; i < policy.ladder_count; i++)
		if (policy.ladders[i].cause == cause)
			l = &policy.ladders[i];
	if (l == NULL) {
		l = &policy.ladders[policy.ladder_count++];
		l->cause = cause;
	}
	l->rungs[l->count].after = minutes(after);
	TROTH_TEXT_SET(l->rungs[l->count].to, to);
	l->count++;
}

static void hours(struct troth_calendar *c, int from, int to)
{
	troth_zone_utc(&c->zone);
	for (int d = 0; d < 7; d++) {
		c->week[d].count = 1;
		c->week[d].hours[0] = (struct troth_hours){ (uint16_t)(60 * from),
							    (uint16_t)(60 * to) };
	}
}

static void shift(struct troth_on_call *l, const char *actor, const char *party,
		  int calendar)
{
	TROTH_TEXT_SET(l->shifts[l->count].actor, actor);
	TROTH_TEXT_SET(l->shifts[l->count].party, party);
	l->shifts[l->count++].calendar = calendar;
}

/* Day shift from 8 to 18, else the substitute; it is ten o'clock when stories begin. */
static void publish(void)
{
	memset(&policy, 0, sizeof(policy));
	policy.version = 3; /* That the usual promise cites. */
	policy.calendar_count = 1;
	hours(&policy.calendars[0], 8, 18);
	policy.on_call_count = 1;
	TROTH_TEXT_SET(policy.on_call[0].name, "duty");
	shift(&policy.on_call[0], "dora", "acme", 0);
	shift(&policy.on_call[0], "nick", "zeta", -1);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "debtor", 0);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "maker", 5);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "brand", 10);
	rung(TROTH_CAUSE_BROKEN, "brand", 0);
	rung(TROTH_CAUSE_SAFETY, "duty", 0);
	rung(TROTH_CAUSE_SAFETY, "brand", 3);
	rung(TROTH_CAUSE_AT_RISK, "debtor", 0);
	policy.ladders[3].before = minutes(60);
	rung(TROTH_CAUSE_UNTOUCHED, "maker", 0);
	rung(TROTH_CAUSE_UNTOUCHED, "brand", 60);
	policy.ladders[4].before = minutes(30);
	rung(TROTH_CAUSE_OVER_AUTHORITY, "duty", 0);
	lookup = fixture_lookup;
	lookup.policy = find_policy;
}

static void begin(enum troth_subject_kind kind)
{
	publish();
	story_begin(&st, kind);
	st.lookup = &lookup;
	fixture_event(&e,
		      kind == TROTH_SUBJECT_ORDER ? TROTH_EVENT_ORDER_PLACED
						  : TROTH_EVENT_CASE_OPENED,
		      kind == TROTH_SUBJECT_ORDER ? "shop" : "acme");
	if (kind == TROTH_SUBJECT_CASE)
		e.u.cas.policy_version = 3;
	assert_int_equal(story_tell(&st, &e), OK);
}

static const struct troth_alarm *alarm(enum troth_cause cause)
{
	for (unsigned i = st.s.alarm_count; i-- > 0;)
		if (st.s.alarms[i].cause == cause)
			return &st.s.alarms[i];
	return NULL;
}

static void told(enum troth_cause cause, unsigned number, const char *to,
		 const char *party)
{
	const struct troth_alarm *a = alarm(cause);

	assert_non_null(a);
	assert_int_equal(a->state, TROTH_ALARM_TOLD);
	assert_int_equal(a->rung, number);
	assert_string_equal(a->to, to);
	assert_string_equal(a->party, party);
}

static enum troth_reason act(enum troth_event_type type, const char *party,
			     enum troth_cause cause)
{
	fixture_event(&e, type, party);
	e.u.alarm.alarm = alarm(cause)->id;
	return story_tell(&st, &e);
}

/* ---- Causes ---- */

static void who_does_not_acknowledge_is_told_then_others_up_to_the_top(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, ACK_DUE);
	assert_null(alarm(TROTH_CAUSE_UNACKNOWLEDGED));
	(void)story_clock(&st, ACK_DUE + 1);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 1, "", "swift");
	(void)story_clock(&st, ACK_DUE + 1 + 5 * MINUTE);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 1, "", "swift");
	(void)story_clock(&st, ACK_DUE + 2 + 5 * MINUTE);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 2, "agent-7", "shop");
	(void)story_clock(&st, ACK_DUE + 3 + 15 * MINUTE);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 3, "", "brand");
	assert_int_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->next.ms, 0);
	(void)story_clock(&st, DUE - 61 * MINUTE);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 3, "", "brand"); /* The top: it stays. */
	assert_int_equal(st.s.alarm_count, 1);            /* Raised once. */
}

static void an_acknowledgement_ends_it_by_itself(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, ACK_DUE + 1);
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_ACCEPT), OK);
	assert_int_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->state, TROTH_ALARM_ENDED);
	(void)story_clock(&st, ACK_DUE + FIXTURE_HOUR);
	assert_int_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->rung, 1);
}

static void whoever_takes_it_stops_the_climbing(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, ACK_DUE + 1);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "slow", TROTH_CAUSE_UNACKNOWLEDGED),
			 TROTH_REASON_NOT_ENTITLED); /* It takes no part. */
	assert_int_equal(
		act(TROTH_EVENT_ALARM_TAKEN, "swift", TROTH_CAUSE_UNACKNOWLEDGED), OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "shop", TROTH_CAUSE_UNACKNOWLEDGED),
			 TROTH_REASON_WRONG_STATE);
	(void)story_clock(&st, ACK_DUE + FIXTURE_HOUR);
	assert_int_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->state, TROTH_ALARM_TAKEN);
	assert_int_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->rung, 1);
	assert_string_equal(alarm(TROTH_CAUSE_UNACKNOWLEDGED)->taken_party, "swift");
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "shop", TROTH_CAUSE_UNACKNOWLEDGED),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(
		act(TROTH_EVENT_ALARM_ENDED, "swift", TROTH_CAUSE_UNACKNOWLEDGED), OK);
}

static void a_promise_near_its_due_is_at_risk_unless_it_is_done(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_ACCEPT), OK);
	(void)story_clock(&st, DUE - FIXTURE_HOUR);
	assert_null(alarm(TROTH_CAUSE_AT_RISK));
	(void)story_clock(&st, DUE - FIXTURE_HOUR + 1);
	told(TROTH_CAUSE_AT_RISK, 1, "", "swift");

	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_FULFIL), OK);
	(void)story_clock(&st, DUE + 1);
	assert_null(alarm(TROTH_CAUSE_AT_RISK));
}

static void a_broken_promise_is_told_in_the_same_tick(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE - MINUTE);
	(void)story_clock(&st, DUE + 1);
	told(TROTH_CAUSE_BROKEN, 1, "", "brand");
	assert_int_equal(alarm(TROTH_CAUSE_BROKEN)->raised.ms, DUE + 1);
	/* It is late no more: it is broken. */
	assert_int_equal(alarm(TROTH_CAUSE_AT_RISK)->state, TROTH_ALARM_ENDED);
}

static void what_nobody_granted_is_told_to_hq_at_once(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, FIXTURE_NOW + MINUTE);
	assert_null(alarm(TROTH_CAUSE_OVER_AUTHORITY));
	lookup.newest_policy = newest_policy;
	st.s.promises[0].flags |= TROTH_FLAG_OVER_AUTHORITY;
	(void)story_clock(&st, FIXTURE_NOW + 2 * MINUTE);
	told(TROTH_CAUSE_OVER_AUTHORITY, 1, "dora", "acme");
	assert_int_equal(story_promise_step(&st, "shop", TROTH_PROMISE_DO_RELEASE), OK);
	assert_int_equal(alarm(TROTH_CAUSE_OVER_AUTHORITY)->state, TROTH_ALARM_ENDED);
}

static void a_case_on_which_nobody_acts_climbs_to_hq(void **state)
{
	const int64_t first = FIXTURE_NOW + 30 * MINUTE + 1;

	(void)state;
	begin(TROTH_SUBJECT_CASE);
	(void)story_clock(&st, first - 1);
	assert_int_equal(st.s.alarm_count, 0);
	(void)story_clock(&st, first);
	told(TROTH_CAUSE_UNTOUCHED, 1, "", "acme");
	(void)story_clock(&st, first + 60 * MINUTE + 1);
	told(TROTH_CAUSE_UNTOUCHED, 2, "", "brand");
	fixture_event(&e, TROTH_EVENT_CASE_HANDED_OVER, "acme");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(alarm(TROTH_CAUSE_UNTOUCHED)->state, TROTH_ALARM_ENDED);
	(void)story_clock(&st, st.now.ms + 30 * MINUTE + 1);
	assert_int_equal(st.s.alarm_count, 2); /* Left alone again. */
	told(TROTH_CAUSE_UNTOUCHED, 1, "", "zeta");
}

static void a_closed_case_may_be_left_alone(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_CLOSED, "acme"), OK);
	assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0);
}

/* ---- Danger ---- */

static enum troth_reason safety(const char *party)
{
	fixture_event(&e, TROTH_EVENT_ALARM_RAISED, party);
	e.u.alarm.policy_version = 3;
	return story_tell(&st, &e);
}

static void danger_is_told_at_once_and_then_the_next(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	assert_int_equal(safety("acme"), OK);
	(void)story_clock(&st, st.now.ms);
	told(TROTH_CAUSE_SAFETY, 1, "dora", "acme");
	(void)story_clock(&st, st.now.ms + 3 * MINUTE);
	told(TROTH_CAUSE_SAFETY, 1, "dora", "acme");
	(void)story_clock(&st, st.now.ms + 1);
	told(TROTH_CAUSE_SAFETY, 2, "", "brand");
}

static void off_shift_the_substitute_is_told_and_sees_the_case(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	st.now.ms = FIXTURE_NOW + 9 * FIXTURE_HOUR; /* Seven in the evening. */
	assert_false(troth_subject_is_participant(&st.s, "zeta"));
	assert_int_equal(safety("acme"), OK);
	(void)story_clock(&st, st.now.ms);
	told(TROTH_CAUSE_SAFETY, 1, "nick", "zeta");
	assert_true(troth_subject_is_participant(&st.s, "zeta"));
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "zeta", TROTH_CAUSE_SAFETY), OK);
}

static void whoever_takes_part_may_raise_it_and_no_policy_is_needed(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(safety("zeta"), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(safety("swift"), OK);
	(void)story_clock(&st, st.now.ms);
	told(TROTH_CAUSE_SAFETY, 1, "", "brand"); /* There is no ladder: HQ it is. */
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->next.ms, 0);
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->state, TROTH_ALARM_TOLD);
}

static void all_who_take_part_may_take_danger_and_hq_alone_ends_it(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(safety("shop"), OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "shop", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_NOT_ENTITLED); /* Nor who raised it. */
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "slow", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_NOT_ENTITLED); /* It takes no part. */
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "swift", TROTH_CAUSE_SAFETY), OK);
	assert_string_equal(alarm(TROTH_CAUSE_SAFETY)->taken_party, "swift");
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "swift", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->state, TROTH_ALARM_TAKEN);
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "brand", TROTH_CAUSE_SAFETY), OK);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->state, TROTH_ALARM_ENDED);
}

static void people_raise_only_danger_and_the_clock_alone_tells(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	fixture_event(&e, TROTH_EVENT_ALARM_RAISED, "brand");
	e.u.alarm.cause = TROTH_CAUSE_BROKEN;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(safety("acme"), OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_TOLD, "brand", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_NOT_ENTITLED);
	fixture_event(&e, TROTH_EVENT_ALARM_TAKEN, "acme");
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NO_ALARM);
}

static void a_carrier_on_duty_is_not_told_of_a_case(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	TROTH_TEXT_SET(policy.on_call[0].shifts[0].party, "swift");
	assert_int_equal(safety("acme"), OK);
	(void)story_clock(&st, st.now.ms);
	told(TROTH_CAUSE_SAFETY, 1, "", "brand");
	assert_false(troth_subject_is_participant(&st.s, "swift"));
}

/* ---- Room ---- */

static void the_last_one_has_room_and_one_more_waits_for_an_end(void **state)
{
	struct troth_id first;

	(void)state;
	begin(TROTH_SUBJECT_CASE);
	for (unsigned i = 0; i < TROTH_ALARMS_MAX; i++)
		assert_int_equal(safety("brand"), OK);
	assert_int_equal(safety("acme"), TROTH_REASON_LIMIT);
	assert_int_equal(safety("brand"), TROTH_REASON_LIMIT);
	/* Nor has the clock room for what is due. */
	st.s.alarms[0].next.ms = 0;
	(void)story_clock(&st, FIXTURE_NOW + 40 * MINUTE);
	assert_null(alarm(TROTH_CAUSE_UNTOUCHED));
	first = st.s.alarms[7].id;
	fixture_event(&e, TROTH_EVENT_ALARM_ENDED, "brand");
	e.u.alarm.alarm = first;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(safety("acme"), OK);
	assert_int_equal(st.s.alarm_count, TROTH_ALARMS_MAX);
	assert_int_equal(troth_subject_alarm(&st.s, &first), -1);
}

static void danger_displaces_what_is_less(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	(void)story_clock(&st, FIXTURE_NOW + 30 * MINUTE + 1);
	assert_non_null(alarm(TROTH_CAUSE_UNTOUCHED));
	for (unsigned i = 1; i < TROTH_ALARMS_MAX; i++) {
		st.s.cas.untouched = true; /* As if nobody had come near it. */
		assert_int_equal(safety("brand"), OK);
	}
	assert_int_equal(safety("acme"), OK);
	assert_null(alarm(TROTH_CAUSE_UNTOUCHED));
}

static void who_cries_danger_all_the_time_leaves_room_for_the_others(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	for (unsigned i = 0; i < TROTH_DANGERS_MAX; i++)
		assert_int_equal(safety("acme"), OK);
	assert_int_equal(safety("acme"), TROTH_REASON_LIMIT);
	assert_int_equal(safety("brand"), OK);
	assert_int_equal(safety("acme"), TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_ALARM_ENDED, "brand");
	e.u.alarm.alarm = st.s.alarms[0].id;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(safety("acme"), OK);
}

static void without_a_policy_there_is_no_alarm(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, TROTH_TIME_MAX_MS);
	assert_int_equal(st.s.alarm_count, 0);
}

/* ---- Grace ---- */

static void grace_delays_the_declaration_and_nothing_else(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	policy.rule_count = 1;
	policy.rules[0] = (struct troth_rule){ .kind = TROTH_KIND_GIFT,
					       .grace = minutes(20) };
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE + 20 * MINUTE);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_VIOLATED);
	(void)story_clock(&st, DUE + 20 * MINUTE + 1);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_BROKEN);
}

static void word_that_comes_within_the_grace_is_in_time(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	policy.rule_count = 1;
	policy.rules[0] = (struct troth_rule){ .kind = TROTH_KIND_GIFT,
					       .grace = minutes(20) };
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE + MINUTE);
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "swift");
	e.u.commitment_step.action = TROTH_COMMITMENT_DO_FULFIL;
	e.u.commitment_step.at.ms = DUE - MINUTE;
	e.u.commitment_step.evidence = TROTH_EVIDENCE_CODE;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_steps_happen),
		cmocka_unit_test(
			who_does_not_acknowledge_is_told_then_others_up_to_the_top),
		cmocka_unit_test(an_acknowledgement_ends_it_by_itself),
		cmocka_unit_test(whoever_takes_it_stops_the_climbing),
		cmocka_unit_test(a_promise_near_its_due_is_at_risk_unless_it_is_done),
		cmocka_unit_test(a_broken_promise_is_told_in_the_same_tick),
		cmocka_unit_test(what_nobody_granted_is_told_to_hq_at_once),
		cmocka_unit_test(a_case_on_which_nobody_acts_climbs_to_hq),
		cmocka_unit_test(a_closed_case_may_be_left_alone),
		cmocka_unit_test(danger_is_told_at_once_and_then_the_next),
		cmocka_unit_test(off_shift_the_substitute_is_told_and_sees_the_case),
		cmocka_unit_test(whoever_takes_part_may_raise_it_and_no_policy_is_needed),
		cmocka_unit_test(all_who_take_part_may_take_danger_and_hq_alone_ends_it),
		cmocka_unit_test(people_raise_only_danger_and_the_clock_alone_tells),
		cmocka_unit_test(a_carrier_on_duty_is_not_told_of_a_case),
		cmocka_unit_test(the_last_one_has_room_and_one_more_waits_for_an_end),
		cmocka_unit_test(danger_displaces_what_is_less),
		cmocka_unit_test(
			who_cries_danger_all_the_time_leaves_room_for_the_others),
		cmocka_unit_test(without_a_policy_there_is_no_alarm),
		cmocka_unit_test(grace_delays_the_declaration_and_nothing_else),
		cmocka_unit_test(word_that_comes_within_the_grace_is_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
