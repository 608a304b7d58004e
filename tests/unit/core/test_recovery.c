/* Recoveries: what is done for whom a promise was broken, or who complains. */
#include "recovery_kit.h"

#define B(s) (1u << TROTH_RECOVERY_##s)

/* ---- The life of one recovery ---- */

#define TO_DO   (B(OPEN) | B(OFFERED) | B(REOPENED))
#define OPEN    (TO_DO | B(MADE_GOOD) | B(FOLLOW_UP))
#define OWNER   (TROTH_AS_OWNER | TROTH_AS_HQ)
#define CONTACT (OWNER | TROTH_AS_CONTACT)
#define SERVICE (OWNER | TROTH_AS_SERVICE)
#define STAYS   TROTH_RECOVERY_NONE

static const struct legal {
	unsigned from;
	enum troth_recovery_action action;
	unsigned as;
	enum troth_recovery_state to;
	bool of_complaints;
} legal[] = {
	{ OPEN, DO(APOLOGISE), SERVICE, STAYS, false },
	{ OPEN, DO(HARMS), SERVICE, STAYS, false },
	{ TO_DO, DO(CHOOSE), SERVICE, IN(OFFERED), false },
	{ TO_DO, DO(WAIVE), CONTACT, IN(MADE_GOOD), false },
	{ B(MADE_GOOD), DO(HELPED), CONTACT, IN(FOLLOW_UP), false },
	{ B(MADE_GOOD), DO(UNREACHED), CONTACT, IN(FOLLOW_UP), false },
	{ B(MADE_GOOD) | B(FOLLOW_UP) | B(DONE), DO(NOT_HELPED), CONTACT, IN(REOPENED),
	  false },
	{ B(FOLLOW_UP), DO(FINISH), SERVICE, IN(DONE), false },
	{ TO_DO, DO(DENY), OWNER, IN(DENIED), true },
	{ B(DENIED), DO(APPEAL), SERVICE, IN(APPEALED), true },
	{ B(APPEALED), DO(UPHOLD), TROTH_AS_HQ, IN(UPHELD), true },
	{ B(APPEALED), DO(OVERTURN), TROTH_AS_HQ, IN(OPEN), true },
	{ TO_DO, DO(KEEP), TROTH_AS_STATE, IN(MADE_GOOD), false },
	{ OPEN | B(DONE), DO(FAIL), TROTH_AS_STATE, IN(REOPENED), false },
};

static void check(enum troth_recovery_state from, bool complaint,
		  enum troth_recovery_action action, unsigned as, unsigned *used)
{
	const enum troth_recovery_state untouched = (enum troth_recovery_state)99;
	enum troth_recovery_state to = untouched;
	enum troth_step got = troth_recovery_next(from, complaint, action, as, &to);
	const struct legal *want = NULL;

	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		if ((legal[i].from & 1u << from) != 0 && legal[i].action == action &&
		    (complaint || !legal[i].of_complaints))
			want = &legal[i];
	if (want == NULL || (want->as & as) == 0) {
		assert_int_equal(got, want == NULL ? TROTH_STEP_WRONG_STATE
						   : TROTH_STEP_WRONG_CAPACITY);
		assert_int_equal(to, untouched);
		return;
	}
	assert_int_equal(got, TROTH_STEP_OK);
	assert_int_equal(to, want->to == STAYS ? from : want->to);
	(*used)++;
}

static void only_the_listed_steps_happen(void **state)
{
	unsigned used = 0, sentences = 0;

	(void)state;
	for (int s = 0; s <= TROTH_RECOVERY_STATE_LAST + 1; s++)
		for (int c = 0; c < 2; c++)
			for (int a = 0; a <= TROTH_RECOVERY_ACTION_LAST + 1; a++)
				for (unsigned as = 0; as <= TROTH_AS_ANY; as++)
					check((enum troth_recovery_state)s, c == 1,
					      (enum troth_recovery_action)a, as, &used);
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		sentences += (legal[i].of_complaints ? 1u : 2u) *
			     (unsigned)__builtin_popcount(legal[i].from) *
			     ((TROTH_AS_ANY + 1) -
			      ((TROTH_AS_ANY + 1) >> __builtin_popcount(legal[i].as)));
	assert_int_equal(used, sentences);
}

static void each_action_says_who_may_take_it(void **state)
{
	(void)state;
	for (int a = 0; a <= TROTH_RECOVERY_ACTION_LAST + 1; a++) {
		unsigned want = 0;

		for (size_t i = 0; i < TROTH_LEN(legal); i++)
			if ((int)legal[i].action == a)
				want = legal[i].as;
		assert_int_equal(troth_recovery_by((enum troth_recovery_action)a), want);
	}
}

/* ---- Stories ---- */

static void what_is_broken_is_looked_after_in_the_same_tick(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(recovery()->state, IN(OPEN));
	assert_int_equal(recovery()->opened.ms, DUE + 1);
	assert_string_equal(recovery()->owner, "acme");
	assert_string_equal(recovery()->failure, "broken_gift");
	assert_true(troth_id_eq(&recovery()->promise, &story_the_promise(&st)->id));
	assert_int_equal(story_clock(&st, DUE + FIXTURE_HOUR), 0); /* Once. */
}

static void each_choice_settles_and_the_broken_promise_is_remedied(void **state)
{
	static const enum troth_choice choices[] = { TROTH_CHOICE_GOODS,
						     TROTH_CHOICE_MONEY,
						     TROTH_CHOICE_CREDIT };

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(choices); i++) {
		break_it();
		assert_int_equal(step("acme", DO(APOLOGISE)), OK);
		assert_int_equal(step("acme", DO(HARMS)), OK);
		assert_int_equal(choose(choices[i], i + 1), OK);
		assert_int_equal(recovery()->state, IN(OFFERED));
		promise_remedy(i + 1, 40);
		assert_int_equal(recovery()->choice, choices[i]);
		assert_false(recovery()->differs);
		assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_BROKEN);
		keep_remedy(40);
		assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_REMEDIED);
		assert_int_equal(recovery()->state, IN(MADE_GOOD));
		assert_int_equal(step("acme", DO(HELPED)), OK);
		assert_int_equal(step("acme", DO(FINISH)), OK);
		assert_int_equal(recovery()->state, IN(DONE));
	}
}

static void nothing_is_finished_before_all_of_it_is_done(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_HARM_MISSING);
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	e.u.recovery.id = recovery()->id;
	e.u.recovery.felt[0] = '\0';
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_HARM_MISSING);
	assert_int_equal(step("acme", DO(HARMS)), OK);
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_APOLOGY_MISSING);
	assert_int_equal(step("acme", DO(APOLOGISE)), OK);
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_REMEDY_MISSING);
	assert_int_equal(step("acme", DO(WAIVE)), OK);
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_NOT_ASKED);
	assert_int_equal(step("acme", DO(UNREACHED)), OK);
	assert_int_equal(step("acme", DO(FINISH)), OK);
	assert_int_equal(step("acme", DO(FINISH)), TROTH_REASON_WRONG_STATE);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_BROKEN);
}

static void who_was_not_helped_is_counted_and_begins_again(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	promise_remedy(1, 40);
	keep_remedy(40);
	assert_int_equal(step("acme", DO(NOT_HELPED)), OK);
	assert_int_equal(recovery()->state, IN(REOPENED));
	assert_int_equal(recovery()->reopened, 1);
	/* What had been kept does not make it good again. */
	assert_int_equal(step("acme", DO(APOLOGISE)), OK);
	assert_int_equal(recovery()->state, IN(REOPENED));
	assert_int_equal(choose(TROTH_CHOICE_MONEY, 2), OK);
	promise_remedy(2, 41);
	keep_remedy(41);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
	assert_int_equal(recovery()->reopened, 1);
}

static void a_broken_remedy_reopens_what_it_was_for(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	promise_remedy(1, 40);
	(void)story_clock(&st, st.now.ms + FIXTURE_DAY + 1);
	assert_int_equal(st.s.recovery_count, 1);
	assert_int_equal(recovery()->state, IN(REOPENED));
	assert_int_equal(recovery()->failed, 1);
	assert_int_equal(recovery()->reopened, 1);
}

static void several_remedies_make_good_together(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	promise_remedy(1, 40);
	promise_remedy(3, 41);
	keep_remedy(40);
	assert_int_equal(recovery()->state, IN(OFFERED));
	keep_remedy(41);
	assert_int_equal(recovery()->state, IN(MADE_GOOD));
}

static void another_remedy_is_allowed_and_shown(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 2), TROTH_REASON_OTHER_REMEDY);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 4), TROTH_REASON_OTHER_REMEDY);
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 0), OK);
	assert_true(recovery()->differs);

	break_it(); /* Chosen one thing, promised another. */
	assert_int_equal(choose(TROTH_CHOICE_GOODS, 1), OK);
	assert_false(recovery()->differs);
	promise_remedy(2, 40);
	assert_true(recovery()->differs);

	break_it(); /* Promised without having been chosen from what is offered. */
	promise_remedy(2, 40);
	assert_int_equal(recovery()->choice, TROTH_CHOICE_MONEY);
	assert_true(recovery()->differs);
}

/* As a gateway could say it that is not ours. */
static enum troth_reason choose_by(uint64_t version, unsigned number)
{
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	memset(&e.u.recovery, 0, sizeof(e.u.recovery));
	e.u.recovery.id = recovery()->id;
	e.u.recovery.action = DO(CHOOSE);
	e.u.recovery.choice = TROTH_CHOICE_MONEY;
	e.u.recovery.offer = number;
	e.u.recovery.policy_version = version;
	e.u.recovery.value = (struct troth_value){ .kind = TROTH_KIND_REFUND,
						   .amount = 900000,
						   .currency = "EUR" };
	return story_tell(&st, &e);
}

static void no_other_version_of_the_policy_makes_an_offer_of_another_remedy(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(choose(TROTH_CHOICE_MONEY, 2), OK);
	assert_int_equal(recovery()->policy_version, 3);
	generous = policy;
	generous.version = 2;
	for (unsigned i = 0; i < generous.remedy_count; i++)
		generous.remedies[i].offers[1].amount = 900000;
	assert_int_equal(choose_by(99, 2), TROTH_REASON_POLICY_UNKNOWN);
	assert_int_equal(choose_by(2, 2), TROTH_REASON_OTHER_REMEDY);
	assert_int_equal(choose_by(2, 0), OK); /* Allowed, and shown as what it is. */
	assert_true(recovery()->differs);
	assert_int_equal(choose_by(2, 2), TROTH_REASON_OTHER_REMEDY);
	assert_int_equal(recovery()->policy_version, 3);
}

static void a_remedy_of_nothing_is_refused_unless_it_was_said(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.recovers = fixture_id(30);
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NO_RECOVERY);
	e.u.promise.spoken = true;
	assert_int_equal(story_tell(&st, &e), OK);
}

static void the_driver_hears_it_and_others_look_after_it(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_promise(&st, "swift", true), OK); /* At the door. */
	(void)story_clock(&st, DUE + 1);
	assert_string_equal(recovery()->owner, "brand");
	assert_string_equal(recovery()->failure, "broken");
	assert_int_equal(step("swift", DO(APOLOGISE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(step("zeta", DO(APOLOGISE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(step("shop", DO(APOLOGISE)), OK);
}

static void only_the_clock_opens_and_nobody_twice(void **state)
{
	(void)state;
	break_it();
	assert_int_equal(story_do(&st, TROTH_EVENT_RECOVERY_OPENED, "brand"),
			 TROTH_REASON_NOT_ENTITLED);
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "acme");
	e.u.recovery.promise = fixture_id(10);
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_EXISTS);
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "acme");
	e.u.recovery.promise = fixture_id(11);
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NO_PROMISE);
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_NO_RECOVERY);
}

/* ---- Complaints ---- */

static void a_denial_is_appealed_to_somebody_else_at_hq(void **state)
{
	(void)state;
	complain();
	assert_int_equal(of_complaint(TROTH_EVENT_DENIAL_APPEALED, "acme", "ann"),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, "brand", "bob"), OK);
	assert_int_equal(recovery()->state, IN(DENIED));
	assert_int_equal(step("acme", DO(APOLOGISE)), TROTH_REASON_WRONG_STATE);
	assert_int_equal(of_complaint(TROTH_EVENT_DENIAL_APPEALED, "acme", "ann"), OK);
	assert_int_equal(of_complaint(TROTH_EVENT_APPEAL_DECIDED, "acme", "ann"),
			 TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(of_complaint(TROTH_EVENT_APPEAL_DECIDED, "brand", "bob"),
			 TROTH_REASON_OWN_REQUEST);
	assert_int_equal(of_complaint(TROTH_EVENT_APPEAL_DECIDED, "brand", "eve"), OK);
	assert_int_equal(recovery()->state, IN(OPEN)); /* Overturned. */
	assert_int_equal(step("acme", DO(APOLOGISE)), OK);
}

static void an_upheld_denial_is_the_end(void **state)
{
	(void)state;
	complain();
	assert_int_equal(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, "acme", "ann"), OK);
	assert_int_equal(of_complaint(TROTH_EVENT_DENIAL_APPEALED, "acme", "ann"), OK);
	fixture_event(&e, TROTH_EVENT_APPEAL_DECIDED, "brand");
	e.u.recovery.action = DO(UPHOLD);
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(recovery()->state, IN(UPHELD));
	assert_false(troth_recovery_is_open(recovery()->state));
}

static void a_broken_promise_cannot_be_denied(void **state)
{
	(void)state;
	break_it();
	fixture_event(&e, TROTH_EVENT_COMPLAINT_DENIED, "brand");
	e.u.recovery.id = recovery()->id;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_WRONG_STATE);
}

static void a_denial_needs_a_reason_and_evidence(void **state)
{
	struct troth_flaw flaw;

	(void)state;
	fixture_event(&e, TROTH_EVENT_COMPLAINT_DENIED, "acme");
	assert_true(troth_event_check(&e, &flaw));
	e.u.recovery.evidence = TROTH_EVIDENCE_NONE;
	assert_false(troth_event_check(&e, &flaw));
	assert_string_equal(flaw.field, "evidence");
	e.u.recovery.evidence = TROTH_EVIDENCE_NOTE;
	e.u.recovery.reason[0] = '\0';
	assert_false(troth_event_check(&e, &flaw));
	assert_string_equal(flaw.field, "reason");
}

static void complaints_have_a_limit_and_broken_promises_room_beside_them(void **state)
{
	(void)state;
	told_in_a_case();
	for (unsigned i = 0; i <= TROTH_COMPLAINTS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_COMPLAINT, "brand");
		e.u.recovery.id = fixture_id(100 + i);
		assert_int_equal(story_tell(&st, &e),
				 i < TROTH_COMPLAINTS_MAX ? OK : TROTH_REASON_LIMIT);
	}
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(st.s.recovery_count, TROTH_COMPLAINTS_MAX + 1);
}

/* ---- Doubts that are settled ---- */

/* Late by its own due, in time by the promise's: kept, and then not, after all. */
static void a_reopened_promise_is_kept_by_a_new_commitment(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.terms[0].due.ms = FIXTURE_NOW + 2 * FIXTURE_HOUR;
	assert_int_equal(story_tell(&st, &e), OK);
	(void)story_clock(&st, FIXTURE_NOW + 2 * FIXTURE_HOUR + 1);
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_FULFIL), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_KEPT);
	assert_int_equal(story_the_commitment(&st, 1)->state, TROTH_COMMITMENT_VIOLATED);
	assert_int_equal(story_promise_step(&st, "shop", TROTH_PROMISE_DO_REOPEN), OK);
	/* What was done before does not keep it again. */
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_FULFIL), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_REOPENED);
	for (uint8_t i = 2; i <= 3; i++) {
		fixture_event(&e, TROTH_EVENT_COMMITMENT_ADDED, "shop");
		e.u.commitment.terms.due.ms = st.now.ms + FIXTURE_HOUR;
		e.u.commitment.terms.ack_due.ms = 0;
		e.u.commitment.terms.acceptance_ms = 0;
		assert_int_equal(story_tell(&st, &e), OK);
		if (i == 2) /* The second is violated, too: a third makes up for it. */
			(void)story_clock(&st, st.now.ms + FIXTURE_HOUR + 1);
		assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_REOPENED);
	}
	assert_int_equal(story_step(&st, "swift", 3, TROTH_COMMITMENT_DO_FULFIL), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_steps_happen),
		cmocka_unit_test(each_action_says_who_may_take_it),
		cmocka_unit_test(what_is_broken_is_looked_after_in_the_same_tick),
		cmocka_unit_test(each_choice_settles_and_the_broken_promise_is_remedied),
		cmocka_unit_test(nothing_is_finished_before_all_of_it_is_done),
		cmocka_unit_test(who_was_not_helped_is_counted_and_begins_again),
		cmocka_unit_test(a_broken_remedy_reopens_what_it_was_for),
		cmocka_unit_test(several_remedies_make_good_together),
		cmocka_unit_test(another_remedy_is_allowed_and_shown),
		cmocka_unit_test(
			no_other_version_of_the_policy_makes_an_offer_of_another_remedy),
		cmocka_unit_test(a_remedy_of_nothing_is_refused_unless_it_was_said),
		cmocka_unit_test(the_driver_hears_it_and_others_look_after_it),
		cmocka_unit_test(only_the_clock_opens_and_nobody_twice),
		cmocka_unit_test(a_denial_is_appealed_to_somebody_else_at_hq),
		cmocka_unit_test(an_upheld_denial_is_the_end),
		cmocka_unit_test(a_broken_promise_cannot_be_denied),
		cmocka_unit_test(a_denial_needs_a_reason_and_evidence),
		cmocka_unit_test(
			complaints_have_a_limit_and_broken_promises_room_beside_them),
		cmocka_unit_test(a_reopened_promise_is_kept_by_a_new_commitment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
