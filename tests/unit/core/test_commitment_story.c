/* What steps on commitments do to a promise: told as stories, checked on the way. */
#include "story.h"

#include "troth/core/commitment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define DO(a) TROTH_COMMITMENT_DO_##a
#define IN(s) TROTH_COMMITMENT_##s
#define OK    TROTH_REASON_NONE

#define DUE (FIXTURE_NOW + FIXTURE_DAY) /* Of the usual promise and commitment. */

static struct story st;

static void begin(bool spoken)
{
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
	assert_int_equal(story_promise(&st, "acme", spoken), OK);
}

static void debtor_is(const char *party, enum troth_commitment_state state)
{
	assert_string_equal(story_the_commitment(&st, 1)->debtor, party);
	assert_int_equal(story_the_commitment(&st, 1)->state, state);
}

static void promise_is(enum troth_promise_state state)
{
	assert_int_equal(story_the_promise(&st)->state, state);
}

/* Brings commitment 1 from REQUESTED into the state. */
static void bring(enum troth_commitment_state to)
{
	if (to == IN(IN_PROGRESS))
		assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)), OK);
	if (to == IN(REOPENED))
		assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	if (to == IN(ACCEPTED))
		assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)), OK);
	if (to == IN(DECLINED))
		assert_int_equal(story_step(&st, "swift", 1, DO(DECLINE)), OK);
	if (to == IN(COUNTERED))
		assert_int_equal(story_step(&st, "swift", 1, DO(COUNTER)), OK);
	if (to == IN(IN_PROGRESS))
		assert_int_equal(story_step(&st, "swift", 1, DO(START)), OK);
	if (to == IN(REOPENED))
		assert_int_equal(story_step(&st, "brand", 1, DO(REOPEN)), OK);
	if (to == IN(DELEGATED))
		assert_int_equal(story_step(&st, "swift", 1, DO(DELEGATE)), OK);
	if (to == IN(HELD))
		assert_int_equal(story_step(&st, "swift", 1, DO(HOLD)), OK);
	assert_int_equal(story_the_commitment(&st, 1)->state, to);
}

static const enum troth_commitment_state unfinished[] = {
	IN(REQUESTED),   IN(ACCEPTED), IN(DECLINED),  IN(COUNTERED),
	IN(IN_PROGRESS), IN(REOPENED), IN(DELEGATED), IN(HELD),
};

static void fulfilment_is_a_fact_in_every_open_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(unfinished); i++) {
		begin(true);
		bring(unfinished[i]);
		st.now.ms += FIXTURE_HOUR;
		assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
		debtor_is("swift", IN(FULFILLED));
		assert_int_equal(story_the_commitment(&st, 1)->fulfilled.ms, st.now.ms);
		assert_int_equal(story_the_commitment(&st, 1)->evidence,
				 TROTH_EVIDENCE_CODE);
		assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
		promise_is(TROTH_PROMISE_KEPT);
	}
}

static void fulfilment_of_what_has_ended_is_flagged_and_recorded(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "brand", 1, DO(CANCEL)), OK);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	debtor_is("swift", IN(CANCELLED));
	assert_int_equal(story_the_commitment(&st, 1)->fulfilled.ms, st.now.ms);
	/* But not by anybody: that would not be a fact, but a lie. */
	assert_int_equal(story_step(&st, "shop", 1, DO(FULFIL)),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(st.last.outcome, TROTH_REFUSED);
}

static void the_first_fulfilment_counts(void **state)
{
	int64_t first;

	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	first = st.now.ms;
	st.now.ms += FIXTURE_HOUR;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	assert_int_equal(story_the_commitment(&st, 1)->fulfilled.ms, first);
}

static void the_delegator_owes_until_the_other_accepts(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(DELEGATE)), OK);
	debtor_is("swift", IN(DELEGATED));
	assert_true(troth_subject_is_participant(&st.s, "slow"));
	assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_step(&st, "slow", 1, DO(ACCEPT)), OK);
	debtor_is("slow", IN(ACCEPTED));
	assert_int_equal(story_step(&st, "swift", 1, DO(START)),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_step(&st, "slow", 1, DO(START)), OK);
}

static void a_declined_delegation_returns_to_where_it_was(void **state)
{
	static const enum troth_commitment_state from[] = { IN(REQUESTED), IN(ACCEPTED),
							    IN(IN_PROGRESS),
							    IN(REOPENED) };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(from); i++) {
		begin(true);
		bring(from[i]);
		assert_int_equal(story_step(&st, "swift", 1, DO(DELEGATE)), OK);
		assert_int_equal(story_step(&st, "slow", 1, DO(DECLINE)), OK);
		debtor_is("swift", from[i]);
		assert_false(troth_subject_is_participant(&st.s, "slow"));
	}
}

static void a_delegate_is_asked_no_more_when_it_ends_otherwise(void **state)
{
	(void)state;
	begin(true);
	bring(IN(DELEGATED));
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_false(troth_subject_is_participant(&st.s, "slow"));
	begin(true);
	bring(IN(DELEGATED));
	assert_int_equal(story_promise_step(&st, "acme", TROTH_PROMISE_DO_RELEASE), OK);
	debtor_is("swift", IN(RELEASED));
	assert_false(troth_subject_is_participant(&st.s, "slow"));
}

static void nobody_delegates_to_itself_or_to_a_stranger(void **state)
{
	static struct troth_event e;

	(void)state;
	begin(true);
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "swift");
	e.u.commitment_step.action = DO(DELEGATE);
	TROTH_TEXT_SET(e.u.commitment_step.party, "swift");
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_WRONG_ROLE);
	TROTH_TEXT_SET(e.u.commitment_step.party, "nobody");
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NO_PARTY);
	debtor_is("swift", IN(REQUESTED));
}

static void a_counter_offer_is_accepted_or_not_by_the_creditor(void **state)
{
	(void)state;
	begin(true);
	bring(IN(COUNTERED));
	assert_int_equal(story_step(&st, "swift", 1, DO(ACCEPT)),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_step(&st, "brand", 1, DO(ACCEPT)), OK);
	assert_int_equal(story_the_commitment(&st, 1)->due.ms, DUE + FIXTURE_HOUR);
	debtor_is("swift", IN(ACCEPTED));
	begin(true);
	bring(IN(COUNTERED));
	assert_int_equal(story_step(&st, "brand", 1, DO(DECLINE)), OK);
	assert_int_equal(story_the_commitment(&st, 1)->due.ms, DUE);
	debtor_is("swift", IN(REQUESTED));
}

static void the_clock_stands_still_while_it_is_held(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(HOLD)), OK);
	st.now.ms += 2 * FIXTURE_HOUR;
	assert_int_equal(story_clock(&st, st.now.ms), 0);
	assert_int_equal(story_step(&st, "swift", 1, DO(RESUME)), OK);
	debtor_is("swift", IN(REQUESTED));
	assert_int_equal(story_the_commitment(&st, 1)->due.ms, DUE + 2 * FIXTURE_HOUR);
	assert_int_equal(story_the_commitment(&st, 1)->ack_due.ms,
			 FIXTURE_NOW + 3 * FIXTURE_HOUR);
}

static void the_clock_stood_still_when_it_is_done_while_held(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(HOLD)), OK);
	st.now.ms = DUE + FIXTURE_HOUR;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_true(story_the_commitment(&st, 1)->due.ms >= DUE + FIXTURE_HOUR);
	assert_int_equal(story_the_commitment(&st, 1)->held.ms, 0);
	debtor_is("swift", IN(FULFILLED));
}

static void what_is_reopened_must_be_done_again(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "swift", 1, DO(REOPEN)),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_step(&st, "brand", 1, DO(REOPEN)), OK);
	debtor_is("swift", IN(REOPENED));
	assert_int_equal(story_the_commitment(&st, 1)->fulfilled.ms, 0);
	assert_int_equal(story_the_commitment(&st, 1)->evidence, TROTH_EVIDENCE_NONE);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	promise_is(TROTH_PROMISE_KEPT);
}

static void a_declined_one_may_be_asked_of_another(void **state)
{
	static struct troth_event e;

	(void)state;
	begin(true);
	bring(IN(DECLINED));
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "brand");
	e.u.commitment_step.action = DO(REQUEST);
	TROTH_TEXT_SET(e.u.commitment_step.party, "slow");
	e.u.commitment_step.due.ms = DUE + 1;
	assert_int_equal(story_tell(&st, &e), OK);
	debtor_is("slow", IN(REQUESTED));
	assert_int_equal(story_the_commitment(&st, 1)->due.ms, DUE + 1);
	assert_true(troth_commitment_unacknowledged(story_the_commitment(&st, 1)));
	assert_true(
		troth_subject_is_participant(&st.s, "swift")); /* It is the carrier. */
}

/* Adds a second commitment, of shop. */
static void add_second(void)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_COMMITMENT_ADDED, "acme");
	e.u.commitment.terms = fixture_terms("shop");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_string_equal(story_the_commitment(&st, 2)->debtor, "shop");
	assert_string_equal(story_the_commitment(&st, 2)->creditor, "brand");
}

static void a_promise_is_kept_when_the_last_commitment_is(void **state)
{
	(void)state;
	begin(true);
	add_second();
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_step(&st, "shop", 2, DO(FULFIL)), OK);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_step(&st, "brand", 2, DO(DISCHARGE)), OK);
	promise_is(TROTH_PROMISE_KEPT);
	assert_int_equal(story_the_promise(&st)->settled.ms, st.now.ms);
}

static void a_released_commitment_does_not_stand_in_the_way(void **state)
{
	(void)state;
	begin(true);
	add_second();
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	assert_int_equal(story_step(&st, "brand", 2, DO(RELEASE)), OK);
	promise_is(TROTH_PROMISE_KEPT);
}

static void a_promise_of_which_nothing_was_done_is_not_kept(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "brand", 1, DO(RELEASE)), OK);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_clock(&st, DUE + 1), 2);
	promise_is(TROTH_PROMISE_BROKEN);
}

static void what_was_done_before_it_was_spoken_counts(void **state)
{
	(void)state;
	begin(false);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	promise_is(TROTH_PROMISE_PROPOSED);
	assert_int_equal(story_promise_step(&st, "acme", TROTH_PROMISE_DO_ACTIVATE), OK);
	promise_is(TROTH_PROMISE_KEPT);
}

static void late_by_its_own_due_but_in_time_for_the_customer_is_kept(void **state)
{
	static struct troth_event e;

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.terms[0].due.ms = DUE - FIXTURE_HOUR;
	e.u.promise.terms[0].acceptance_ms = 0;
	assert_int_equal(story_tell(&st, &e), OK);
	st.now.ms = DUE - FIXTURE_HOUR + 1;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_clock(&st, st.now.ms), 1);
	debtor_is("swift", IN(VIOLATED));
	promise_is(TROTH_PROMISE_KEPT);
}

static void without_a_window_fulfilment_is_accepted_at_once(void **state)
{
	static struct troth_event e;

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.terms[0].acceptance_ms = 0;
	assert_int_equal(story_tell(&st, &e), OK);
	st.now.ms = DUE;
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	debtor_is("swift", IN(DISCHARGED));
	promise_is(TROTH_PROMISE_KEPT);
}

static void a_customer_who_says_no_reopens_a_kept_promise(void **state)
{
	(void)state;
	begin(true);
	assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(DISCHARGE)), OK);
	assert_int_equal(story_promise_step(&st, "acme", TROTH_PROMISE_DO_REOPEN), OK);
	promise_is(TROTH_PROMISE_REOPENED);
	add_second();
	assert_int_equal(story_step(&st, "shop", 2, DO(ACCEPT)), OK);
	promise_is(TROTH_PROMISE_REOPENED);
	st.now.ms = DUE - 1;
	assert_int_equal(story_step(&st, "shop", 2, DO(FULFIL)), OK);
	assert_int_equal(story_step(&st, "brand", 2, DO(DISCHARGE)), OK);
	promise_is(TROTH_PROMISE_KEPT);
	assert_int_equal(story_promise_step(&st, "acme", TROTH_PROMISE_DO_CONFIRM), OK);
	promise_is(TROTH_PROMISE_CONFIRMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fulfilment_is_a_fact_in_every_open_state),
		cmocka_unit_test(fulfilment_of_what_has_ended_is_flagged_and_recorded),
		cmocka_unit_test(the_first_fulfilment_counts),
		cmocka_unit_test(the_delegator_owes_until_the_other_accepts),
		cmocka_unit_test(a_declined_delegation_returns_to_where_it_was),
		cmocka_unit_test(a_delegate_is_asked_no_more_when_it_ends_otherwise),
		cmocka_unit_test(nobody_delegates_to_itself_or_to_a_stranger),
		cmocka_unit_test(a_counter_offer_is_accepted_or_not_by_the_creditor),
		cmocka_unit_test(the_clock_stands_still_while_it_is_held),
		cmocka_unit_test(the_clock_stood_still_when_it_is_done_while_held),
		cmocka_unit_test(what_is_reopened_must_be_done_again),
		cmocka_unit_test(a_declined_one_may_be_asked_of_another),
		cmocka_unit_test(a_promise_is_kept_when_the_last_commitment_is),
		cmocka_unit_test(a_released_commitment_does_not_stand_in_the_way),
		cmocka_unit_test(a_promise_of_which_nothing_was_done_is_not_kept),
		cmocka_unit_test(what_was_done_before_it_was_spoken_counts),
		cmocka_unit_test(
			late_by_its_own_due_but_in_time_for_the_customer_is_kept),
		cmocka_unit_test(without_a_window_fulfilment_is_accepted_at_once),
		cmocka_unit_test(a_customer_who_says_no_reopens_a_kept_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
