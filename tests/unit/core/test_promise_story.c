/* What is said, asked, approved, taken back and waived: told as stories. */
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define DO(a) TROTH_PROMISE_DO_##a
#define OK    TROTH_REASON_NONE

#define DUE (FIXTURE_NOW + FIXTURE_DAY)

static struct story st;
static struct troth_event e;

static void promise_is(enum troth_promise_state state)
{
	assert_int_equal(story_the_promise(&st)->state, state);
}

static void flagged(enum troth_reason is, enum troth_reason want, uint32_t flags)
{
	assert_int_equal(is, want);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	assert_int_equal(story_the_promise(&st)->flags, flags);
	promise_is(TROTH_PROMISE_ACTIVE);
}

static void refused(enum troth_reason is, enum troth_reason want)
{
	assert_int_equal(is, want);
	assert_int_equal(st.last.outcome, TROTH_REFUSED);
}

/* An order to which acme's case is linked. */
static void begin(void)
{
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
}

static void cancel_order(void)
{
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CANCELLED, "acme"), OK);
	assert_int_equal(st.s.order.state, TROTH_ORDER_CANCELLED);
}

static void a_spoken_promise_on_a_cancelled_order_is_flagged(void **state)
{
	(void)state;
	begin();
	cancel_order();
	flagged(story_promise(&st, "acme", true), TROTH_REASON_SUBJECT_CLOSED,
		TROTH_FLAG_SUBJECT_CLOSED);
	begin();
	cancel_order();
	refused(story_promise(&st, "acme", false), TROTH_REASON_SUBJECT_CLOSED);
}

static void a_spoken_promise_whose_due_has_passed_is_flagged(void **state)
{
	(void)state;
	begin();
	st.now.ms = DUE;
	flagged(story_promise(&st, "acme", true), TROTH_REASON_DUE_PASSED,
		TROTH_FLAG_DUE_PASSED);
	begin();
	st.now.ms = DUE;
	refused(story_promise(&st, "acme", false), TROTH_REASON_DUE_PASSED);
	begin();
	st.now.ms = DUE - 1;
	assert_int_equal(story_promise(&st, "acme", true), OK);
}

static void what_makes_no_sense_is_refused_even_if_spoken(void **state)
{
	static const struct {
		const char *debtor, *creditor;
		enum troth_subject_kind on;
		enum troth_reason want;
	} cases[] = {
		{ "nobody", "", TROTH_SUBJECT_ORDER, TROTH_REASON_NO_PARTY },
		{ "swift", "nobody", TROTH_SUBJECT_ORDER, TROTH_REASON_NO_PARTY },
		{ "swift", "shop", TROTH_SUBJECT_ORDER, OK },
		{ "brand", "", TROTH_SUBJECT_ORDER, OK },
		{ "shop", "", TROTH_SUBJECT_ORDER, OK },
		{ "zeta", "", TROTH_SUBJECT_ORDER, OK },
		{ "swift", "", TROTH_SUBJECT_CASE, TROTH_REASON_WRONG_ROLE },
		{ "shop", "", TROTH_SUBJECT_CASE, TROTH_REASON_WRONG_ROLE },
		{ "nobody", "", TROTH_SUBJECT_CASE, TROTH_REASON_NO_PARTY },
		{ "acme", "", TROTH_SUBJECT_CASE, OK },
		{ "brand", "", TROTH_SUBJECT_CASE, OK },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		if (cases[i].on == TROTH_SUBJECT_ORDER)
			begin();
		else
			story_begin_usual(&st, TROTH_SUBJECT_CASE);
		fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
		e.u.promise.terms[0] = fixture_terms(cases[i].debtor);
		TROTH_TEXT_SET(e.u.promise.terms[0].creditor, cases[i].creditor);
		assert_int_equal(story_tell(&st, &e), cases[i].want);
		assert_int_equal(st.last.outcome, cases[i].want == OK ? TROTH_TAKES_EFFECT
								      : TROTH_REFUSED);
	}
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_promise(&st, "acme", true), TROTH_REASON_EXISTS);
	refused(story_promise(&st, "zeta", true), TROTH_REASON_NOT_ENTITLED);
}

static void a_question_goes_to_hq_and_comes_back(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", false), OK);
	promise_is(TROTH_PROMISE_PROPOSED);
	refused(story_promise_step(&st, "shop", DO(ASK)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
	refused(story_promise_step(&st, "acme", DO(APPROVE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "brand", DO(APPROVE)), OK);
	promise_is(TROTH_PROMISE_APPROVED);
	assert_int_equal(story_promise_step(&st, "acme", DO(SPEAK)), OK);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_the_promise(&st)->flags, 0);
}

static void the_approver_is_not_the_asker(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "brand", false), OK);
	assert_int_equal(story_promise_step(&st, "brand", DO(ASK)), OK);
	refused(story_promise_step(&st, "brand", DO(APPROVE)), TROTH_REASON_OWN_REQUEST);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
	e.u.promise_step.action = DO(APPROVE);
	TROTH_TEXT_SET(e.actor, "boss");
	assert_int_equal(story_tell(&st, &e), OK);
	promise_is(TROTH_PROMISE_APPROVED);
}

static bool brand_operates(void *ctx, const char *name, struct troth_party *out)
{
	if (!fixture_lookup.party(ctx, name, out))
		return false;
	if (strcmp(name, "acme") == 0)
		TROTH_TEXT_SET(out->operator_party, "brand");
	return true;
}

static void who_asks_for_a_firm_that_it_operates_does_not_approve_it(void **state)
{
	struct troth_lookup lookup = fixture_lookup;
	char actor[TROTH_ACTOR_MAX + 1];

	(void)state;
	lookup.party = brand_operates;
	begin();
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
	TROTH_TEXT_SET(actor, e.actor);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme"); /* By the same person. */
	TROTH_TEXT_SET(e.actor, actor);
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
	st.lookup = &lookup;
	refused(story_promise_step(&st, "brand", DO(APPROVE)), TROTH_REASON_OWN_REQUEST);
	st.lookup = &fixture_lookup; /* A namesake of a firm of its own may. */
	assert_int_equal(story_promise_step(&st, "brand", DO(APPROVE)), OK);
}

static void what_had_to_be_asked_and_is_told_unasked_is_flagged(void **state)
{
	(void)state;
	begin();
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	e.u.promise.asked = TROTH_REASON_OVER_PROMISE_LIMIT;
	assert_int_equal(story_tell(&st, &e), OK);
	refused(story_promise_step(&st, "shop", DO(ACTIVATE)), TROTH_REASON_NOT_ENTITLED);
	flagged(story_promise_step(&st, "acme", DO(ACTIVATE)), TROTH_REASON_WRONG_STATE,
		TROTH_FLAG_OVER_AUTHORITY);
}

/* The usual question, by acme. */
static void ask(void)
{
	begin();
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	e.u.promise.asked = TROTH_REASON_OVER_PROMISE_LIMIT;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
}

static void who_has_made_a_promise_can_say_what_became_of_it(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "swift");
	TROTH_TEXT_SET(e.u.promise.terms[0].debtor, "shop");
	e.u.promise.terms_count = 1;
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	assert_int_equal(story_tell(&st, &e), OK);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	TROTH_TEXT_SET(e.u.order.carrier, "slow");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_string_equal(st.s.order.carrier, "slow");
	assert_int_equal(story_promise_step(&st, "swift", DO(ACTIVATE)), OK);
	assert_true(troth_subject_is_participant(&st.s, "swift"));
	assert_int_equal(story_promise_step(&st, "shop", DO(RELEASE)), OK);
	assert_false(troth_subject_is_participant(&st.s, "swift"));
}

static void what_is_told_while_hq_decides_stands_whoever_is_first(void **state)
{
	(void)state;
	ask();
	flagged(story_promise_step(&st, "acme", DO(ACTIVATE)), TROTH_REASON_WRONG_STATE,
		TROTH_FLAG_OVER_AUTHORITY);
	refused(story_promise_step(&st, "brand", DO(APPROVE)), TROTH_REASON_WRONG_STATE);
	refused(story_promise_step(&st, "brand", DO(REJECT)), TROTH_REASON_WRONG_STATE);
	promise_is(TROTH_PROMISE_ACTIVE);
	ask();
	assert_int_equal(story_promise_step(&st, "brand", DO(APPROVE)), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(ACTIVATE)), OK);
	promise_is(TROTH_PROMISE_ACTIVE);
	assert_int_equal(story_the_promise(&st)->flags, 0);
}

static void who_asked_takes_the_question_back_and_nobody_else(void **state)
{
	(void)state;
	ask();
	refused(story_promise_step(&st, "brand", DO(EXPIRE)), TROTH_REASON_NOT_ENTITLED);
	refused(story_promise_step(&st, "shop", DO(EXPIRE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "acme", DO(EXPIRE)), OK);
	promise_is(TROTH_PROMISE_EXPIRED);
	refused(story_promise_step(&st, "brand", DO(APPROVE)), TROTH_REASON_WRONG_STATE);
	ask();
	assert_int_equal(story_promise_step(&st, "brand", DO(APPROVE)), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(EXPIRE)), OK);
	promise_is(TROTH_PROMISE_EXPIRED);
}

static void what_is_said_after_its_due_is_flagged(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + 2 * FIXTURE_DAY;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(story_promise_step(&st, "shop", TROTH_PROMISE_DO_ASK), OK);
	assert_int_equal(story_promise_step(&st, "brand", TROTH_PROMISE_DO_APPROVE), OK);
	st.now = story_the_promise(&st)->due;
	assert_int_equal(story_promise_step(&st, "shop", TROTH_PROMISE_DO_SPEAK),
			 TROTH_REASON_DUE_PASSED);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_ACTIVE);
	assert_true((story_the_promise(&st)->flags & TROTH_FLAG_DUE_PASSED) != 0);
}

static void what_was_rejected_is_owed_by_nobody(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", false), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
	assert_int_equal(story_promise_step(&st, "brand", DO(REJECT)), OK);
	promise_is(TROTH_PROMISE_REJECTED);
	assert_string_equal(story_the_promise(&st)->settle_reason, "why");
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_CANCELLED);
}

/* Brings the usual promise, asked for by acme, into a state before it was spoken. */
static void bring(enum troth_promise_state to)
{
	begin();
	assert_int_equal(story_promise(&st, "acme", false), OK);
	if (to == TROTH_PROMISE_EXPIRED) {
		assert_true(story_clock(&st, FIXTURE_NOW + FIXTURE_HOUR + 1) > 0);
	} else if (to != TROTH_PROMISE_PROPOSED) {
		assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
		if (to == TROTH_PROMISE_REJECTED)
			assert_int_equal(story_promise_step(&st, "brand", DO(REJECT)),
					 OK);
		if (to == TROTH_PROMISE_APPROVED)
			assert_int_equal(story_promise_step(&st, "brand", DO(APPROVE)),
					 OK);
	}
	promise_is(to);
}

static void spoken_without_leave_stands_and_is_flagged_and_owed(void **state)
{
	static const enum troth_promise_state from[] = { TROTH_PROMISE_PROPOSED,
							 TROTH_PROMISE_PENDING_APPROVAL,
							 TROTH_PROMISE_REJECTED,
							 TROTH_PROMISE_EXPIRED };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(from); i++) {
		bring(from[i]);
		refused(story_promise_step(&st, "shop", DO(SPEAK)),
			TROTH_REASON_WRONG_STATE);
		flagged(story_promise_step(&st, "acme", DO(SPEAK)),
			TROTH_REASON_WRONG_STATE, TROTH_FLAG_OVER_AUTHORITY);
		assert_int_equal(story_the_promise(&st)->settled.ms, 0);
		assert_string_equal(story_the_promise(&st)->settle_reason, "");
		/* Said is said: somebody owes it again. */
		assert_int_equal(story_the_commitment(&st, 1)->state,
				 TROTH_COMMITMENT_REQUESTED);
		assert_int_equal(story_the_commitment(&st, 1)->settled.ms, 0);
	}
}

/* Done while nobody owed it any more, told after all, and reported once more. */
static void what_had_been_done_when_it_was_told_after_all_keeps_it(void **state)
{
	(void)state;
	bring(TROTH_PROMISE_EXPIRED);
	st.s.commitments[0].acceptance_ms = 0;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_FULFIL),
				 TROTH_REASON_WRONG_STATE);
		assert_int_equal(st.last.outcome, TROTH_FLAGGED);
		if (i == 0)
			flagged(story_promise_step(&st, "acme", DO(SPEAK)),
				TROTH_REASON_WRONG_STATE, TROTH_FLAG_OVER_AUTHORITY);
	}
	assert_int_equal(story_the_commitment(&st, 1)->state,
			 TROTH_COMMITMENT_DISCHARGED);
	promise_is(TROTH_PROMISE_KEPT);
}

static void spoken_after_the_order_was_cancelled_is_flagged(void **state)
{
	(void)state;
	bring(TROTH_PROMISE_APPROVED);
	cancel_order();
	flagged(story_promise_step(&st, "acme", DO(SPEAK)), TROTH_REASON_SUBJECT_CLOSED,
		TROTH_FLAG_SUBJECT_CLOSED);
	bring(TROTH_PROMISE_PROPOSED);
	cancel_order();
	flagged(story_promise_step(&st, "acme", DO(ACTIVATE)),
		TROTH_REASON_SUBJECT_CLOSED, TROTH_FLAG_SUBJECT_CLOSED);
}

static void spoken_twice_or_after_the_end_changes_nothing(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_promise_step(&st, "acme", DO(SPEAK)), TROTH_REASON_WRONG_STATE);
	assert_int_equal(story_promise_step(&st, "acme", DO(RELEASE)), OK);
	refused(story_promise_step(&st, "acme", DO(SPEAK)), TROTH_REASON_WRONG_STATE);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(77);
	e.u.promise_step.action = DO(SPEAK);
	refused(story_tell(&st, &e), TROTH_REASON_NO_PROMISE);
}

static void a_waived_promise_releases_what_is_owed(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_promise_step(&st, "swift", DO(RELEASE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "shop", DO(RELEASE)), OK);
	promise_is(TROTH_PROMISE_RELEASED);
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_RELEASED);
	assert_int_equal(story_clock(&st, DUE + 1), 0);
}

static void hq_takes_back_only_with_somebody_to_tell_the_customer(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_promise_step(&st, "acme", DO(CANCEL)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "brand", DO(CANCEL)), OK);
	promise_is(TROTH_PROMISE_CANCELLED);
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_CANCELLED);
	assert_int_equal(story_the_commitment(&st, 2)->state, TROTH_COMMITMENT_REQUESTED);
	assert_int_equal(story_the_commitment(&st, 2)->action,
			 TROTH_ACTION_TELL_CUSTOMER);
	assert_string_equal(story_the_commitment(&st, 2)->debtor, "acme");
	/* Telling is owed by the clock like anything else, and keeps nothing. */
	assert_int_equal(story_step(&st, "acme", 2, TROTH_COMMITMENT_DO_FULFIL), OK);
	assert_int_equal(story_step(&st, "brand", 2, TROTH_COMMITMENT_DO_DISCHARGE), OK);
	promise_is(TROTH_PROMISE_CANCELLED);
	refused(story_promise_step(&st, "brand", DO(CANCEL)), TROTH_REASON_WRONG_STATE);
}

static void a_firm_cancels_an_order_only_with_somebody_to_tell(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	fixture_event(&e, TROTH_EVENT_ORDER_CANCELLED, "brand");
	e.u.cancel.initiator = TROTH_BY_FIRM;
	refused(story_tell(&st, &e), TROTH_REASON_TELL_CUSTOMER);
	e.u.cancel.has_tell = true;
	e.u.cancel.tell = fixture_terms("nobody");
	refused(story_tell(&st, &e), TROTH_REASON_NO_PARTY);
	e.u.cancel.tell = fixture_terms("acme");
	assert_int_equal(story_tell(&st, &e), OK);
	promise_is(TROTH_PROMISE_CANCELLED);
	assert_string_equal(story_the_promise(&st)->settle_reason, "changed_mind");
	assert_string_equal(story_the_commitment(&st, 2)->debtor, "acme");
	refused(story_tell(&st, &e), TROTH_REASON_WRONG_STATE);
	begin(); /* Nothing was promised: nobody need be told. */
	e.u.cancel.has_tell = false;
	assert_int_equal(story_tell(&st, &e), OK);
}

static void a_customer_who_cancels_releases_what_was_promised(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	cancel_order();
	promise_is(TROTH_PROMISE_RELEASED);
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_RELEASED);
}

static void a_broken_promise_is_remedied_by_hq_alone(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_promise_step(&st, "acme", DO(BREAK)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "brand", DO(BREAK)), OK);
	promise_is(TROTH_PROMISE_BROKEN);
	refused(story_promise_step(&st, "acme", DO(REMEDY)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_promise_step(&st, "brand", DO(REMEDY)), OK);
	promise_is(TROTH_PROMISE_REMEDIED);
}

/* Ordinals are one byte, and 0 is the promise itself. */
static void a_promise_has_at_most_255_commitments(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "brand"),
				 OK);
	refused(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "brand"), TROTH_REASON_LIMIT);
	refused(story_promise_step(&st, "brand", DO(CANCEL)), TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_ORDER_CANCELLED, "brand");
	e.u.cancel.initiator = TROTH_BY_FIRM;
	e.u.cancel.has_tell = true;
	e.u.cancel.tell = fixture_terms("acme");
	refused(story_tell(&st, &e), TROTH_REASON_LIMIT);
	promise_is(TROTH_PROMISE_ACTIVE);
}

static void commitments_are_added_by_who_speaks_with_the_customer(void **state)
{
	(void)state;
	begin();
	refused(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "acme"),
		TROTH_REASON_NO_PROMISE);
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "swift"),
		TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "shop"), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "brand"), OK);
	fixture_event(&e, TROTH_EVENT_COMMITMENT_ADDED, "acme");
	e.u.commitment.terms = fixture_terms("nobody");
	refused(story_tell(&st, &e), TROTH_REASON_NO_PARTY);
	assert_int_equal(story_promise_step(&st, "acme", DO(RELEASE)), OK);
	refused(story_do(&st, TROTH_EVENT_COMMITMENT_ADDED, "acme"),
		TROTH_REASON_WRONG_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spoken_promise_on_a_cancelled_order_is_flagged),
		cmocka_unit_test(a_spoken_promise_whose_due_has_passed_is_flagged),
		cmocka_unit_test(what_makes_no_sense_is_refused_even_if_spoken),
		cmocka_unit_test(a_question_goes_to_hq_and_comes_back),
		cmocka_unit_test(the_approver_is_not_the_asker),
		cmocka_unit_test(
			who_asks_for_a_firm_that_it_operates_does_not_approve_it),
		cmocka_unit_test(what_had_to_be_asked_and_is_told_unasked_is_flagged),
		cmocka_unit_test(who_has_made_a_promise_can_say_what_became_of_it),
		cmocka_unit_test(what_is_told_while_hq_decides_stands_whoever_is_first),
		cmocka_unit_test(who_asked_takes_the_question_back_and_nobody_else),
		cmocka_unit_test(what_is_said_after_its_due_is_flagged),
		cmocka_unit_test(what_was_rejected_is_owed_by_nobody),
		cmocka_unit_test(spoken_without_leave_stands_and_is_flagged_and_owed),
		cmocka_unit_test(what_had_been_done_when_it_was_told_after_all_keeps_it),
		cmocka_unit_test(spoken_after_the_order_was_cancelled_is_flagged),
		cmocka_unit_test(spoken_twice_or_after_the_end_changes_nothing),
		cmocka_unit_test(a_waived_promise_releases_what_is_owed),
		cmocka_unit_test(hq_takes_back_only_with_somebody_to_tell_the_customer),
		cmocka_unit_test(a_firm_cancels_an_order_only_with_somebody_to_tell),
		cmocka_unit_test(a_customer_who_cancels_releases_what_was_promised),
		cmocka_unit_test(a_broken_promise_is_remedied_by_hq_alone),
		cmocka_unit_test(a_promise_has_at_most_255_commitments),
		cmocka_unit_test(commitments_are_added_by_who_speaks_with_the_customer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
