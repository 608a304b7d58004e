/* What time alone changes. */
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define DO(a) TROTH_COMMITMENT_DO_##a
#define IN(s) TROTH_COMMITMENT_##s
#define OK    TROTH_REASON_NONE

#define ACK_DUE (FIXTURE_NOW + FIXTURE_HOUR)
#define DUE     (FIXTURE_NOW + FIXTURE_DAY)

/* Whatever is broken is looked after, from the same instant on. */
#define RECOVERY 1

static struct story st;

static void begin(bool spoken)
{
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", spoken), OK);
}

static void states_are(enum troth_promise_state p, enum troth_commitment_state c)
{
	assert_int_equal(story_the_promise(&st)->state, p);
	assert_int_equal(story_the_commitment(&st, 1)->state, c);
}

static void nothing_is_due_where_nothing_is_owed(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(troth_subject_due(&st.s, st.lookup).ms, 0);
	assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0);
}

static void who_has_not_acknowledged_is_reported_once(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(troth_subject_due(&st.s, st.lookup).ms, ACK_DUE);
	assert_int_equal(story_clock(&st, ACK_DUE), 0);
	assert_int_equal(story_clock(&st, ACK_DUE + 1), 1);
	states_are(TROTH_PROMISE_ACTIVE, IN(REQUESTED));
	assert_int_equal(story_the_commitment(&st, 1)->ack_overdue.ms, ACK_DUE + 1);
	assert_int_equal(story_clock(&st, ACK_DUE + 2), 0);
	assert_int_equal(troth_subject_due(&st.s, st.lookup).ms, DUE);
}

static void who_has_acknowledged_is_not_reported(void **state)
{
	static const enum troth_commitment_action acts[] = { DO(ACCEPT), DO(COUNTER),
							     DO(DECLINE), DO(FULFIL) };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(acts); i++) {
		begin(true);
		st.now.ms = ACK_DUE;
		assert_int_equal(story_step(&st, "swift", 1, acts[i]), OK);
		assert_int_equal(story_clock(&st, ACK_DUE + 1), 0);
	}
}

static void by_ten_includes_ten(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)), OK);
	assert_int_equal(story_clock(&st, DUE), 0);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_clock(&st, DUE + 1), 0);
	states_are(TROTH_PROMISE_ACTIVE, IN(FULFILLED));
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	states_are(TROTH_PROMISE_KEPT, IN(DISCHARGED));

	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)), OK);
	assert_int_equal(story_clock(&st, DUE + 1), 2 + RECOVERY);
	states_are(TROTH_PROMISE_BROKEN, IN(VIOLATED));
	assert_int_equal(story_the_promise(&st)->settled.ms, DUE + 1);
	assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0); /* Once. */
}

static void done_but_late_is_violated_and_broken(void **state)
{
	(void)state;
	begin(true);
	st.now.ms = DUE + 1;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_clock(&st, DUE + 1), 2 + RECOVERY);
	states_are(TROTH_PROMISE_BROKEN, IN(VIOLATED));
}

static void a_violated_one_records_its_late_fulfilment(void **state)
{
	(void)state;
	begin(true);
	/* Both, and no reminder. */
	assert_int_equal(story_clock(&st, DUE + 1), 2 + RECOVERY);
	st.now.ms = DUE + FIXTURE_HOUR;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	states_are(TROTH_PROMISE_BROKEN, IN(VIOLATED));
	assert_int_equal(story_the_commitment(&st, 1)->fulfilled.ms, st.now.ms);
}

static void silence_within_the_window_is_acceptance(void **state)
{
	(void)state;
	begin(true);
	st.now.ms += FIXTURE_HOUR;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(troth_subject_due(&st.s, st.lookup).ms, st.now.ms + FIXTURE_DAY);
	assert_int_equal(story_clock(&st, st.now.ms + FIXTURE_DAY), 0);
	assert_int_equal(story_clock(&st, st.now.ms + 1), 1);
	/* That is after the due of the promise: it was done in time all the same. */
	assert_true(st.now.ms > DUE);
	states_are(TROTH_PROMISE_KEPT, IN(DISCHARGED));
	assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0);
}

static void what_is_reopened_after_the_due_is_broken(void **state)
{
	(void)state;
	begin(true);
	st.now.ms = DUE - 1;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	st.now.ms = DUE + 1;
	assert_int_equal(story_step(&st, "brand", 1, DO(REOPEN)), OK);
	assert_int_equal(story_clock(&st, DUE + 2), 2 + RECOVERY);
	states_are(TROTH_PROMISE_BROKEN, IN(VIOLATED));
}

static void a_held_commitment_waits_but_the_customer_does_not(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(HOLD)), OK);
	assert_int_equal(story_clock(&st, ACK_DUE + 1), 0);
	assert_int_equal(troth_subject_due(&st.s, st.lookup).ms, DUE);
	assert_int_equal(story_clock(&st, DUE + 1), 1 + RECOVERY);
	states_are(TROTH_PROMISE_BROKEN, IN(HELD));
}

static void a_declined_commitment_is_nobodys_violation(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(DECLINE)), OK);
	assert_int_equal(story_clock(&st, DUE + 1), 1 + RECOVERY);
	states_are(TROTH_PROMISE_BROKEN, IN(DECLINED));
}

static void an_offer_never_spoken_lapses(void **state)
{
	static const enum troth_promise_action steps[] = { TROTH_PROMISE_DO_ASK,
							   TROTH_PROMISE_DO_APPROVE };

	(void)state;
	for (size_t n = 0; n <= TROTH_LEN(steps); n++) {
		begin(false);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(story_promise_step(&st,
							    i == 0 ? "shop" : "brand",
							    steps[i]),
					 OK);
		assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)), OK);
		assert_int_equal(story_clock(&st, FIXTURE_NOW + FIXTURE_HOUR), 0);
		assert_int_equal(story_clock(&st, FIXTURE_NOW + FIXTURE_HOUR + 1), 1);
		states_are(TROTH_PROMISE_EXPIRED, IN(CANCELLED));
		assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0);
	}
}

static void a_kept_promise_is_never_broken(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	assert_int_equal(story_clock(&st, TROTH_TIME_MAX_MS), 0);
	assert_int_equal(story_promise_step(&st, "brand", TROTH_PROMISE_DO_BREAK),
			 TROTH_REASON_WRONG_STATE);
	states_are(TROTH_PROMISE_KEPT, IN(DISCHARGED));
}

static void what_is_left_over_comes_with_the_next_call(void **state)
{
	static struct troth_event e;
	struct troth_declaration d[TROTH_TERMS_MAX];

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.terms_count = TROTH_TERMS_MAX;
	for (unsigned i = 0; i < TROTH_TERMS_MAX; i++)
		e.u.promise.terms[i] = fixture_terms("swift");
	assert_int_equal(story_tell(&st, &e), OK);
	st.now.ms = DUE + 1;
	assert_int_equal(troth_subject_tick(&st.s, st.lookup, st.now, d, 3), 3);
	assert_int_equal(troth_subject_tick(&st.s, st.lookup, st.now, d, TROTH_TERMS_MAX),
			 TROTH_TERMS_MAX);
	assert_int_equal(story_clock(&st, DUE + 1), TROTH_TERMS_MAX + 1 + RECOVERY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_where_nothing_is_owed),
		cmocka_unit_test(who_has_not_acknowledged_is_reported_once),
		cmocka_unit_test(who_has_acknowledged_is_not_reported),
		cmocka_unit_test(by_ten_includes_ten),
		cmocka_unit_test(done_but_late_is_violated_and_broken),
		cmocka_unit_test(a_violated_one_records_its_late_fulfilment),
		cmocka_unit_test(silence_within_the_window_is_acceptance),
		cmocka_unit_test(what_is_reopened_after_the_due_is_broken),
		cmocka_unit_test(a_held_commitment_waits_but_the_customer_does_not),
		cmocka_unit_test(a_declined_commitment_is_nobodys_violation),
		cmocka_unit_test(an_offer_never_spoken_lapses),
		cmocka_unit_test(a_kept_promise_is_never_broken),
		cmocka_unit_test(what_is_left_over_comes_with_the_next_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
