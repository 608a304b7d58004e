/* Recoveries against those who would rather have none, or another. */
#include "recovery_kit.h"

/* A complaint of acme's about its own promise, which is not broken yet. */
static void complain_early(void)
{
	told_in_a_case();
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "acme");
	e.u.recovery.promise = fixture_id(10);
	assert_int_equal(story_tell(&st, &e), OK);
}

/* The recovery that goes by the promise's own id has begun. */
static void the_break_is_looked_after(void)
{
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_BROKEN);
	assert_int_equal(st.s.recovery_count, 2);
	assert_true(troth_id_eq(&recovery()->id, &story_the_promise(&st)->id));
	assert_false(recovery()->complaint);
	assert_int_equal(recovery()->state, IN(OPEN));
	assert_string_equal(recovery()->failure, "broken_gift");
	assert_int_equal(story_clock(&st, DUE + FIXTURE_HOUR), 0); /* Once. */
}

static void no_complaint_stands_for_what_breaks_later(void **state)
{
	(void)state;
	complain_early(); /* Still open, of another failure. */
	the_break_is_looked_after();

	complain_early();
	assert_int_equal(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, "acme", "ann"), OK);
	the_break_is_looked_after();

	complain_early();
	assert_int_equal(step("acme", DO(WAIVE)), OK);
	the_break_is_looked_after();
	fixture_event(&e, TROTH_EVENT_COMPLAINT_DENIED, "acme");
	e.u.recovery.id = recovery()->id;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_WRONG_STATE);
}

static void what_makes_a_complaint_good_remedies_no_broken_promise(void **state)
{
	(void)state;
	complain_early();
	promise_remedy(1, 40);
	keep_remedy(40);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
	the_break_is_looked_after();
}

static void what_was_kept_before_it_broke_makes_nothing_good(void **state)
{
	(void)state;
	told_in_a_case();
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.id = fixture_id(40);
	e.u.promise.recovers = fixture_id(10); /* Of which there is no recovery yet. */
	e.u.promise.terms[0] = fixture_terms("acme");
	e.u.promise.terms[0].acceptance_ms = 0;
	assert_int_equal(story_tell(&st, &e), OK);
	keep_remedy(40);
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_BROKEN);
	assert_int_equal(recovery()->state, IN(OPEN));
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(40);
	e.u.promise_step.action = TROTH_PROMISE_DO_CONFIRM;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(recovery()->state, IN(OPEN));
	promise_remedy(1, 41);
	keep_remedy(41);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_REMEDIED);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
}

static void what_is_chosen_afterwards_hides_no_other_remedy(void **state)
{
	(void)state;
	break_it();
	promise_remedy(2, 40);
	assert_true(recovery()->differs);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	assert_true(recovery()->differs);
	keep_remedy(40);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
	assert_true(recovery()->differs);

	break_it(); /* Beside what was chosen, something more. */
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	promise_remedy(2, 40);
	promise_remedy(1, 41);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	keep_remedy(40);
	keep_remedy(41);
	assert_true(recovery()->differs);

	break_it(); /* What was promised, and only then chosen, is as it was offered. */
	promise_remedy(1, 40);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	assert_false(recovery()->differs);
	keep_remedy(40);
	assert_int_equal(step("acme", DO(NOT_HELPED)), OK);
	assert_int_equal(choose(TROTH_CHOICE_MONEY, 2), OK); /* The next of the offers. */
	assert_false(recovery()->differs);
	promise_remedy(2, 41);
	keep_remedy(41);
	assert_false(recovery()->differs);
}

static void what_was_kept_while_hq_decided_counts_when_it_is_overturned(void **state)
{
	(void)state;
	complain();
	promise_remedy(1, 40);
	assert_int_equal(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, "acme", "ann"), OK);
	keep_remedy(40);
	assert_int_equal(recovery()->state, IN(DENIED));
	assert_int_equal(of_complaint(TROTH_EVENT_DENIAL_APPEALED, "acme", "ann"), OK);
	assert_int_equal(of_complaint(TROTH_EVENT_APPEAL_DECIDED, "brand", "eve"), OK);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
}

/* ---- What is over, but not made good ---- */

static enum troth_reason promise_in_closed(const struct troth_id *recovers, bool spoken)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.id = fixture_id(40 + spoken);
	e.u.promise.recovers = *recovers;
	e.u.promise.spoken = spoken;
	e.u.promise.lapses.ms = spoken ? 0 : st.now.ms + FIXTURE_HOUR;
	e.u.promise.terms[0] = fixture_terms("acme");
	e.u.promise.terms[0].acceptance_ms = 0;
	return story_tell(&st, &e);
}

static enum troth_reason tell_offer(void)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(40);
	e.u.promise_step.action = TROTH_PROMISE_DO_ACTIVATE;
	return story_tell(&st, &e);
}

static void what_is_overturned_after_the_case_was_closed_is_made_good(void **state)
{
	(void)state;
	complain();
	assert_int_equal(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, "acme", "ann"), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_CLOSED, "acme"), OK);
	/* While the denial stands there is nothing to make good. */
	assert_int_equal(promise_in_closed(&recovery()->id, false),
			 TROTH_REASON_SUBJECT_CLOSED);
	assert_int_equal(of_complaint(TROTH_EVENT_DENIAL_APPEALED, "acme", "ann"), OK);
	assert_int_equal(of_complaint(TROTH_EVENT_APPEAL_DECIDED, "brand", "eve"), OK);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	assert_int_equal(promise_in_closed(&(struct troth_id){ { 0 } }, false),
			 TROTH_REASON_SUBJECT_CLOSED);
	assert_int_equal(promise_in_closed(&recovery()->id, false), OK);
	assert_int_equal(tell_offer(), OK);
	keep_remedy(40);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
	assert_int_equal(step("acme", DO(APOLOGISE)), OK);
	assert_int_equal(step("acme", DO(HARMS)), OK);
	assert_int_equal(step("acme", DO(HELPED)), OK);
	assert_int_equal(step("acme", DO(FINISH)), OK);
	assert_int_equal(promise_in_closed(&recovery()->id, true),
			 TROTH_REASON_SUBJECT_CLOSED); /* A fact: flagged. */
}

static void what_did_not_help_is_made_good_on_a_cancelled_order(void **state)
{
	(void)state;
	publish();
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "shop", true), OK);
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CANCELLED, "brand"), OK);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.id = fixture_id(40);
	e.u.promise.due.ms = st.now.ms + FIXTURE_DAY;
	e.u.promise.terms[0].due = e.u.promise.due;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_SUBJECT_CLOSED);
	e.u.promise.id = fixture_id(41);
	e.u.promise.recovers = recovery()->id;
	assert_int_equal(story_tell(&st, &e), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_complaint_stands_for_what_breaks_later),
		cmocka_unit_test(what_makes_a_complaint_good_remedies_no_broken_promise),
		cmocka_unit_test(what_was_kept_before_it_broke_makes_nothing_good),
		cmocka_unit_test(what_is_chosen_afterwards_hides_no_other_remedy),
		cmocka_unit_test(
			what_was_kept_while_hq_decided_counts_when_it_is_overturned),
		cmocka_unit_test(
			what_is_overturned_after_the_case_was_closed_is_made_good),
		cmocka_unit_test(what_did_not_help_is_made_good_on_a_cancelled_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
