/* Alarms: who is told, in which order, until when. */
#include "alarm_kit.h"

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

/* ---- Whether it helped ---- */

static enum troth_reason recover(enum troth_recovery_action action)
{
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "shop");
	e.u.recovery.id = fixture_id(10);
	e.u.recovery.action = action;
	e.u.recovery.practical[0] = e.u.recovery.felt[0] = '\0';
	return story_tell(&st, &e);
}

/* A promise of shop's is broken, and the customer waives the remedy. */
static void waived(void)
{
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE + 1);
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(st.s.recovery_count, 1);
	assert_int_equal(recover(TROTH_RECOVERY_DO_WAIVE), OK);
	assert_int_equal(st.s.recoveries[0].state, TROTH_RECOVERY_MADE_GOOD);
}

static void a_customer_whom_nobody_asks_whether_it_helped_is_told_of_on_time(void **state)
{
	int64_t asked_by;

	(void)state;
	waived();
	asked_by = st.now.ms + 120 * MINUTE;
	(void)story_clock(&st, asked_by);
	assert_null(alarm(TROTH_CAUSE_FOLLOW_UP));
	(void)story_clock(&st, asked_by + 1);
	told(TROTH_CAUSE_FOLLOW_UP, 1, "", "shop"); /* The recovery's owner. */
	assert_true(
		troth_id_eq(&alarm(TROTH_CAUSE_FOLLOW_UP)->item, &st.s.recoveries[0].id));
	(void)story_clock(&st, asked_by + 2 + 60 * MINUTE);
	told(TROTH_CAUSE_FOLLOW_UP, 2, "", "brand");
	assert_int_equal(recover(TROTH_RECOVERY_DO_HELPED), OK);
	assert_int_equal(alarm(TROTH_CAUSE_FOLLOW_UP)->state, TROTH_ALARM_ENDED);
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_int_equal(alarm(TROTH_CAUSE_FOLLOW_UP)->rung, 2);
}

static void who_could_not_be_reached_was_asked(void **state)
{
	(void)state;
	waived();
	assert_int_equal(recover(TROTH_RECOVERY_DO_UNREACHED), OK);
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_null(alarm(TROTH_CAUSE_FOLLOW_UP));
}

static void what_did_not_help_is_followed_up_anew(void **state)
{
	unsigned before;

	(void)state;
	waived();
	(void)story_clock(&st, st.now.ms + 120 * MINUTE + 1);
	assert_int_equal(recover(TROTH_RECOVERY_DO_NOT_HELPED), OK);
	assert_int_equal(alarm(TROTH_CAUSE_FOLLOW_UP)->state, TROTH_ALARM_ENDED);
	before = st.s.alarm_count;
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_int_equal(st.s.alarm_count, before); /* There is nothing to ask yet. */
	assert_int_equal(recover(TROTH_RECOVERY_DO_WAIVE), OK);
	(void)story_clock(&st, st.now.ms + 120 * MINUTE + 1);
	assert_int_equal(st.s.alarm_count, before + 1);
	told(TROTH_CAUSE_FOLLOW_UP, 1, "", "shop");
	/* That HQ has ended the alarm asks no customer; but nobody is told twice. */
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "brand", TROTH_CAUSE_FOLLOW_UP),
			 OK);
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_int_equal(st.s.alarm_count, before + 1);
}

static void what_no_follow_up_is_laid_down_for_is_not_followed_up(void **state)
{
	(void)state;
	waived();
	policy.remedies[0].follow_up = TROTH_NO_WAIT;
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY);
	assert_null(alarm(TROTH_CAUSE_FOLLOW_UP));
}

/* The driver hears it at the door; its owner is HQ, and of a case who handles it. */
static void the_owner_of_a_complaint_is_told_too(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	TROTH_TEXT_SET(policy.remedies[0].failure, "rude");
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "acme");
	e.u.recovery.policy_version = 3;
	assert_int_equal(story_tell(&st, &e), OK);
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	e.u.recovery.action = TROTH_RECOVERY_DO_WAIVE;
	assert_int_equal(story_tell(&st, &e), OK);
	(void)story_clock(&st, st.now.ms + 120 * MINUTE + 1);
	told(TROTH_CAUSE_FOLLOW_UP, 1, "", "acme");
}

/* "Owner" may stand on the other ladders, too. */
static void of_what_was_broken_the_owner_of_the_recovery_may_be_told(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	TROTH_TEXT_SET(policy.ladders[1].rungs[0].to, "owner");
	TROTH_TEXT_SET(policy.ladders[3].rungs[0].to, "owner");
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE - FIXTURE_HOUR + 1);
	told(TROTH_CAUSE_AT_RISK, 1, "", "brand"); /* There is no recovery yet. */
	(void)story_clock(&st, DUE + 1);
	told(TROTH_CAUSE_BROKEN, 1, "", "shop");
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
		cmocka_unit_test(
			who_does_not_acknowledge_is_told_then_others_up_to_the_top),
		cmocka_unit_test(an_acknowledgement_ends_it_by_itself),
		cmocka_unit_test(a_promise_near_its_due_is_at_risk_unless_it_is_done),
		cmocka_unit_test(a_broken_promise_is_told_in_the_same_tick),
		cmocka_unit_test(what_nobody_granted_is_told_to_hq_at_once),
		cmocka_unit_test(a_case_on_which_nobody_acts_climbs_to_hq),
		cmocka_unit_test(a_closed_case_may_be_left_alone),
		cmocka_unit_test(
			a_customer_whom_nobody_asks_whether_it_helped_is_told_of_on_time),
		cmocka_unit_test(who_could_not_be_reached_was_asked),
		cmocka_unit_test(what_did_not_help_is_followed_up_anew),
		cmocka_unit_test(what_no_follow_up_is_laid_down_for_is_not_followed_up),
		cmocka_unit_test(the_owner_of_a_complaint_is_told_too),
		cmocka_unit_test(
			of_what_was_broken_the_owner_of_the_recovery_may_be_told),
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
