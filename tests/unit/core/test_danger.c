/* Who may take an alarm, who end it, and what taking stops; danger above all. */
#include "alarm_kit.h"

/* ---- The life of one alarm ---- */

#define DANGER 1u
#define OTHERS 2u

static const struct legal {
	unsigned causes;
	enum troth_alarm_state from;
	enum troth_alarm_action action;
	unsigned as; /* Any one of these. */
	enum troth_alarm_state to;
} legal[] = {
	{ DANGER | OTHERS, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK,
	  TROTH_ALARM_TOLD },
	{ DANGER | OTHERS, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK,
	  TROTH_ALARM_TOLD },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK,
	  TROTH_ALARM_TAKEN },
	{ OTHERS, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ,
	  TROTH_ALARM_TAKEN },
	{ OTHERS, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ | TROTH_AS_TOLD,
	  TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_HQ | TROTH_AS_SERVICE | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_HQ | TROTH_AS_SERVICE | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ | TROTH_AS_TOLD,
	  TROTH_ALARM_TAKEN },
	{ DANGER | OTHERS, TROTH_ALARM_RAISED, TROTH_ALARM_DO_END,
	  TROTH_AS_HQ | TROTH_AS_STATE, TROTH_ALARM_ENDED },
	{ DANGER | OTHERS, TROTH_ALARM_TOLD, TROTH_ALARM_DO_END,
	  TROTH_AS_HQ | TROTH_AS_STATE, TROTH_ALARM_ENDED },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
	{ OTHERS, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_END,
	  TROTH_AS_HQ | TROTH_AS_TAKER | TROTH_AS_STATE, TROTH_ALARM_ENDED },
};

static unsigned class_of(enum troth_cause cause)
{
	return cause == TROTH_CAUSE_SAFETY ? DANGER : OTHERS;
}

static void check(enum troth_cause cause, enum troth_alarm_state from,
		  enum troth_alarm_action action, unsigned as, unsigned *used)
{
	const enum troth_alarm_state untouched = (enum troth_alarm_state)99;
	enum troth_alarm_state to = untouched;
	enum troth_step got = troth_alarm_next(cause, from, action, as, &to);
	const struct legal *want = NULL;

	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		if (legal[i].from == from && legal[i].action == action &&
		    (legal[i].causes & class_of(cause)) != 0)
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
	for (int c = 1; c <= TROTH_CAUSE_LAST; c++)
		for (int s = 0; s <= TROTH_ALARM_STATE_LAST + 1; s++)
			for (int a = 0; a <= TROTH_ALARM_ACTION_LAST + 1; a++)
				for (unsigned as = 0; as <= TROTH_AS_ANY; as++)
					check((enum troth_cause)c,
					      (enum troth_alarm_state)s,
					      (enum troth_alarm_action)a, as, &used);
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		for (int c = 1; c <= TROTH_CAUSE_LAST; c++)
			if ((legal[i].causes & class_of((enum troth_cause)c)) != 0)
				sentences += (TROTH_AS_ANY + 1) -
					     ((TROTH_AS_ANY + 1) >>
					      __builtin_popcount(legal[i].as));
	assert_int_equal(used, sentences);
}

/* ---- Who, in which state, of which cause ---- */

/* Parties as the alarm knows them. */
enum whom { HQ, LAST, BEFORE, SELLER, DRIVER, TAKER, STRANGER, WHOM_COUNT };

static const char *const names[WHOM_COUNT] = { "brand", "swift", "zeta", "shop",
					       "slow",  "mall",  "acme" };

#define BIT(w)   (1u << (w))
#define TOLD     (BIT(LAST) | BIT(BEFORE))
#define PARTAKES (TOLD | BIT(HQ) | BIT(SELLER) | BIT(DRIVER) | BIT(TAKER))

/* Who may take it, and end it; in the state "taken" the taker has it, or HQ. */
static const struct may {
	unsigned causes;
	enum troth_alarm_state state;
	bool by_hq;
	unsigned take, end;
} may[] = {
	{ OTHERS, TROTH_ALARM_RAISED, false, BIT(HQ), BIT(HQ) },
	{ OTHERS, TROTH_ALARM_TOLD, false, BIT(HQ) | TOLD, BIT(HQ) },
	{ OTHERS, TROTH_ALARM_TAKEN, false, 0, BIT(HQ) | BIT(TAKER) },
	{ OTHERS, TROTH_ALARM_TAKEN, true, 0, BIT(HQ) },
	{ DANGER, TROTH_ALARM_RAISED, false, PARTAKES, BIT(HQ) },
	{ DANGER, TROTH_ALARM_TOLD, false, PARTAKES, BIT(HQ) },
	{ DANGER, TROTH_ALARM_TAKEN, false, BIT(HQ) | TOLD, BIT(HQ) },
	{ DANGER, TROTH_ALARM_TAKEN, true, 0, BIT(HQ) },
	{ DANGER | OTHERS, TROTH_ALARM_ENDED, false, 0, 0 },
};

/* A case on which all but the stranger take part, with one alarm as it says. */
static struct troth_alarm *stand(const struct may *m, enum troth_cause cause)
{
	struct troth_alarm *a = &st.s.alarms[0];

	begin(TROTH_SUBJECT_CASE);
	assert_int_equal(safety("brand"), OK);
	for (int w = 0; w < WHOM_COUNT; w++) {
		int i = troth_subject_participant(&st.s, names[w]);

		if (i < 0)
			i = (int)st.s.participant_count++;
		TROTH_TEXT_SET(st.s.participants[i].party, names[w]);
		st.s.participants[i].active = w != STRANGER;
	}
	st.s.cas.untouched = true;
	a->cause = cause;
	a->state = m->state;
	a->next.ms = FIXTURE_NOW + FIXTURE_HOUR;
	TROTH_TEXT_SET(a->party, names[LAST]);
	for (int w = LAST; w <= BEFORE; w++)
		a->told_to |= 1u << troth_subject_participant(&st.s, names[w]);
	if (m->state == TROTH_ALARM_TAKEN)
		TROTH_TEXT_SET(a->taken_party, names[m->by_hq ? HQ : TAKER]);
	return a;
}

static void try_it(const struct may *m, enum troth_cause cause, int w, bool take)
{
	const bool legal_now = ((take ? m->take : m->end) & BIT(w)) != 0;
	struct troth_alarm *a = stand(m, cause), before = *a;
	bool climbs_on = take && cause == TROTH_CAUSE_SAFETY && w != HQ;
	/* Who looks after a case has touched it: there is nothing more to take. */
	bool taken = take && cause != TROTH_CAUSE_UNTOUCHED;

	fixture_event(&e, take ? TROTH_EVENT_ALARM_TAKEN : TROTH_EVENT_ALARM_ENDED,
		      names[w]);
	e.u.alarm.alarm = a->id;
	if (!legal_now) {
		assert_int_not_equal(story_tell(&st, &e), OK);
		assert_memory_equal(a, &before, sizeof(before));
		return;
	}
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(a->state, taken ? TROTH_ALARM_TAKEN : TROTH_ALARM_ENDED);
	assert_int_equal(a->next.ms, climbs_on ? before.next.ms : 0);
	if (take)
		assert_string_equal(a->taken_party, names[w]);
}

static void who_may_take_and_end_it_is_in_the_table_and_nobody_else_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(may); i++)
		for (int c = 1; c <= TROTH_CAUSE_LAST; c++)
			for (int w = 0; w < WHOM_COUNT; w++) {
				if ((may[i].causes & class_of((enum troth_cause)c)) == 0)
					continue;
				try_it(&may[i], (enum troth_cause)c, w, true);
				try_it(&may[i], (enum troth_cause)c, w, false);
			}
}

/* ---- Taking ---- */

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

/* ---- Danger ---- */

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

/* ---- Danger climbs on until HQ has it ---- */

static void a_driver_who_takes_danger_at_once_does_not_keep_it_from_hq(void **state)
{
	const struct troth_alarm *a;

	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(safety("swift"), OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "swift", TROTH_CAUSE_SAFETY), OK);
	a = alarm(TROTH_CAUSE_SAFETY);
	assert_int_equal(a->state, TROTH_ALARM_TAKEN);
	(void)story_clock(&st, st.now.ms);
	assert_int_equal(a->rung, 1);
	assert_string_equal(a->to, "dora");
	(void)story_clock(&st, st.now.ms + 3 * MINUTE + 1);
	assert_int_equal(a->rung, 2);
	assert_string_equal(a->party, "brand");
	assert_int_equal(a->state, TROTH_ALARM_TAKEN); /* That swift is at it, all see. */
	assert_string_equal(a->taken_party, "swift");
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "swift", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "brand", TROTH_CAUSE_SAFETY), OK);
	assert_string_equal(a->taken_party, "brand");
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "acme", TROTH_CAUSE_SAFETY),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "brand", TROTH_CAUSE_SAFETY), OK);
	assert_int_equal(a->state, TROTH_ALARM_ENDED);
}

static void once_hq_has_danger_nobody_else_is_told(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	assert_int_equal(safety("shop"), OK);
	(void)story_clock(&st, st.now.ms);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "acme", TROTH_CAUSE_SAFETY), OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "brand", TROTH_CAUSE_SAFETY), OK);
	(void)story_clock(&st, st.now.ms + FIXTURE_HOUR);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->rung, 1);
}

static void danger_whose_ladder_does_not_end_with_hq_is_told_to_hq_in_the_end(
	void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_CASE);
	TROTH_TEXT_SET(policy.ladders[2].rungs[1].to, "maker");
	assert_int_equal(safety("acme"), OK);
	(void)story_clock(&st, st.now.ms);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "acme", TROTH_CAUSE_SAFETY), OK);
	(void)story_clock(&st, st.now.ms + 3 * MINUTE + 1);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->rung, 3);
	assert_string_equal(alarm(TROTH_CAUSE_SAFETY)->party, "brand");
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->next.ms, 0);
	(void)story_clock(&st, st.now.ms + FIXTURE_HOUR);
	assert_int_equal(alarm(TROTH_CAUSE_SAFETY)->rung, 3);
}

/* ---- Any other is taken by whom it was told ---- */

static void what_nobody_was_told_yet_hq_alone_takes(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	policy.ladders[1].rungs[0].after = minutes(10); /* Of what was broken. */
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(alarm(TROTH_CAUSE_BROKEN)->state, TROTH_ALARM_RAISED);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "shop", TROTH_CAUSE_BROKEN),
			 TROTH_REASON_NOT_ENTITLED);
	(void)story_clock(&st, st.now.ms + 10 * MINUTE + 1);
	told(TROTH_CAUSE_BROKEN, 1, "", "brand");
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "shop", TROTH_CAUSE_BROKEN),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "brand", TROTH_CAUSE_BROKEN), OK);
}

/* It may have been taken in time, at a site whose word came late. */
static void who_was_told_first_may_take_it_after_the_next_was_told(void **state)
{
	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	TROTH_TEXT_SET(policy.ladders[0].rungs[0].to, "duty");
	TROTH_TEXT_SET(policy.on_call[0].shifts[0].party, "zeta");
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, ACK_DUE + 1);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 1, "dora", "zeta");
	(void)story_clock(&st, ACK_DUE + 2 + 5 * MINUTE);
	told(TROTH_CAUSE_UNACKNOWLEDGED, 2, "agent-7", "shop");
	assert_true(troth_subject_is_participant(&st.s, "zeta"));
	assert_int_equal(act(TROTH_EVENT_ALARM_TAKEN, "zeta", TROTH_CAUSE_UNACKNOWLEDGED),
			 OK);
	assert_int_equal(act(TROTH_EVENT_ALARM_ENDED, "zeta", TROTH_CAUSE_UNACKNOWLEDGED),
			 OK);
	assert_false(troth_subject_is_participant(&st.s, "zeta"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_steps_happen),
		cmocka_unit_test(
			who_may_take_and_end_it_is_in_the_table_and_nobody_else_may),
		cmocka_unit_test(whoever_takes_it_stops_the_climbing),
		cmocka_unit_test(danger_is_told_at_once_and_then_the_next),
		cmocka_unit_test(off_shift_the_substitute_is_told_and_sees_the_case),
		cmocka_unit_test(whoever_takes_part_may_raise_it_and_no_policy_is_needed),
		cmocka_unit_test(
			a_driver_who_takes_danger_at_once_does_not_keep_it_from_hq),
		cmocka_unit_test(once_hq_has_danger_nobody_else_is_told),
		cmocka_unit_test(
			danger_whose_ladder_does_not_end_with_hq_is_told_to_hq_in_the_end),
		cmocka_unit_test(what_nobody_was_told_yet_hq_alone_takes),
		cmocka_unit_test(who_was_told_first_may_take_it_after_the_next_was_told),
		cmocka_unit_test(people_raise_only_danger_and_the_clock_alone_tells),
		cmocka_unit_test(a_carrier_on_duty_is_not_told_of_a_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
