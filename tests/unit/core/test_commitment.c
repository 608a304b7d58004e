#include "troth/core/commitment.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DEBTOR   TROTH_AS_DEBTOR
#define CREDITOR TROTH_AS_CREDITOR
#define DELEGATE TROTH_AS_DELEGATE
#define HQ       TROTH_AS_HQ
#define CLOCK    TROTH_AS_CLOCK

#define IN(s)  TROTH_COMMITMENT_##s
#define DO(a)  TROTH_COMMITMENT_DO_##a
#define BEFORE TROTH_COMMITMENT_NONE /* Back to where it came from. */

static const struct legal {
	const char *story;
	enum troth_commitment_state from;
	enum troth_commitment_action action;
	unsigned as; /* Any one of these. */
	enum troth_commitment_state to;
} legal[] = {
	{ "got it", IN(REQUESTED), DO(ACCEPT), DEBTOR, IN(ACCEPTED) },
	{ "cannot", IN(REQUESTED), DO(DECLINE), DEBTOR, IN(DECLINED) },
	{ "could at another time", IN(REQUESTED), DO(COUNTER), DEBTOR, IN(COUNTERED) },
	{ "the other time will do", IN(COUNTERED), DO(ACCEPT), CREDITOR, IN(ACCEPTED) },
	{ "the other time will not do", IN(COUNTERED), DO(DECLINE), CREDITOR,
	  IN(REQUESTED) },
	{ "the delegate takes it over", IN(DELEGATED), DO(ACCEPT), DELEGATE,
	  IN(ACCEPTED) },
	{ "the delegate does not", IN(DELEGATED), DO(DECLINE), DELEGATE, BEFORE },
	{ "a declined one is asked for again", IN(DECLINED), DO(REQUEST), CREDITOR | HQ,
	  IN(REQUESTED) },
	{ "work begins", IN(ACCEPTED), DO(START), DEBTOR, IN(IN_PROGRESS) },
	{ "work begins again", IN(REOPENED), DO(START), DEBTOR, IN(IN_PROGRESS) },

	{ "done at once", IN(REQUESTED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done", IN(ACCEPTED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done after all", IN(DECLINED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done without waiting", IN(COUNTERED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done as begun", IN(IN_PROGRESS), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done again", IN(REOPENED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done by who still owes", IN(DELEGATED), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done while it was held", IN(HELD), DO(FULFIL), DEBTOR, IN(FULFILLED) },
	{ "done too late", IN(VIOLATED), DO(FULFIL), DEBTOR, IN(VIOLATED) },

	{ "well done, or nobody said otherwise", IN(FULFILLED), DO(DISCHARGE),
	  CREDITOR | CLOCK, IN(DISCHARGED) },
	{ "not done", IN(FULFILLED), DO(REOPEN), CREDITOR, IN(REOPENED) },

	{ "too late", IN(REQUESTED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(ACCEPTED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(COUNTERED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(IN_PROGRESS), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "done, but too late", IN(FULFILLED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(REOPENED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(DELEGATED), DO(VIOLATE), CLOCK, IN(VIOLATED) },
	{ "too late", IN(HELD), DO(VIOLATE), CLOCK, IN(VIOLATED) },

	{ "waived", IN(REQUESTED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(ACCEPTED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(DECLINED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(COUNTERED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(IN_PROGRESS), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(FULFILLED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(REOPENED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(DELEGATED), DO(RELEASE), CREDITOR, IN(RELEASED) },
	{ "waived", IN(HELD), DO(RELEASE), CREDITOR, IN(RELEASED) },

	{ "taken back", IN(REQUESTED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(ACCEPTED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(DECLINED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(COUNTERED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(IN_PROGRESS), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(FULFILLED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(REOPENED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(DELEGATED), DO(CANCEL), HQ, IN(CANCELLED) },
	{ "taken back", IN(HELD), DO(CANCEL), HQ, IN(CANCELLED) },

	{ "would another do it?", IN(REQUESTED), DO(DELEGATE), DEBTOR, IN(DELEGATED) },
	{ "would another do it?", IN(ACCEPTED), DO(DELEGATE), DEBTOR, IN(DELEGATED) },
	{ "would another do it?", IN(IN_PROGRESS), DO(DELEGATE), DEBTOR, IN(DELEGATED) },
	{ "would another do it?", IN(REOPENED), DO(DELEGATE), DEBTOR, IN(DELEGATED) },

	{ "something stands in the way", IN(REQUESTED), DO(HOLD), DEBTOR, IN(HELD) },
	{ "something stands in the way", IN(ACCEPTED), DO(HOLD), DEBTOR, IN(HELD) },
	{ "something stands in the way", IN(IN_PROGRESS), DO(HOLD), DEBTOR, IN(HELD) },
	{ "something stands in the way", IN(REOPENED), DO(HOLD), DEBTOR, IN(HELD) },
	{ "it does no longer", IN(HELD), DO(RESUME), DEBTOR, BEFORE },

	{ "nobody has reacted", IN(REQUESTED), DO(ACK_OVERDUE), CLOCK, IN(REQUESTED) },
	{ "the delegate has not reacted", IN(DELEGATED), DO(ACK_OVERDUE), CLOCK,
	  IN(DELEGATED) },
};

static unsigned used;

static const struct legal *find_legal(enum troth_commitment_state from,
				      enum troth_commitment_action action)
{
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		if (legal[i].from == from && legal[i].action == action)
			return &legal[i];
	return NULL;
}

static void check(enum troth_commitment_state from, enum troth_commitment_action action,
		  unsigned as)
{
	const enum troth_commitment_state untouched = (enum troth_commitment_state)99;
	const struct troth_commitment c = { .state = from,
					    .before = TROTH_COMMITMENT_IN_PROGRESS };
	const struct legal *want = find_legal(from, action);
	enum troth_commitment_state to = untouched;
	enum troth_step step = troth_commitment_next(&c, action, as, &to);

	if (want == NULL) {
		assert_int_equal(step, TROTH_STEP_WRONG_STATE);
	} else if ((want->as & as) == 0) {
		assert_int_equal(step, TROTH_STEP_WRONG_CAPACITY);
	} else {
		assert_int_equal(step, TROTH_STEP_OK);
		assert_int_equal(to, want->to == BEFORE ? TROTH_COMMITMENT_IN_PROGRESS
							: want->to);
		used++;
		return;
	}
	assert_int_equal(to, untouched);
}

static void only_the_listed_steps_happen(void **state)
{
	unsigned sentences = 0;

	(void)state;
	used = 0;
	for (int s = 0; s <= TROTH_COMMITMENT_STATE_LAST + 1; s++)
		for (int a = 0; a <= TROTH_COMMITMENT_ACTION_LAST + 1; a++)
			for (unsigned as = 0; as < 0x100; as++)
				check((enum troth_commitment_state)s,
				      (enum troth_commitment_action)a, as);
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		sentences += 0x100 - (0x100 >> __builtin_popcount(legal[i].as));
	assert_int_equal(used, sentences);
}

static void what_ended_is_not_open(void **state)
{
	static const bool ended[TROTH_COMMITMENT_STATE_LAST + 1] = {
		[IN(NONE)] = true,     [IN(DISCHARGED)] = true, [IN(VIOLATED)] = true,
		[IN(RELEASED)] = true, [IN(CANCELLED)] = true,
	};

	(void)state;
	for (int s = 0; s <= TROTH_COMMITMENT_STATE_LAST; s++)
		assert_int_equal(troth_commitment_is_open((enum troth_commitment_state)s),
				 !ended[s]);
}

static void exactly_at_the_due_is_in_time(void **state)
{
	struct troth_commitment c = { .fulfilled = { 1000 } };

	(void)state;
	assert_true(troth_commitment_met_by(&c, (struct troth_time){ 1000 }));
	assert_false(troth_commitment_met_by(&c, (struct troth_time){ 999 }));
	c.fulfilled.ms = 0;
	assert_false(troth_commitment_met_by(&c, (struct troth_time){ 1000 }));
}

static void only_who_was_asked_and_has_not_reacted_is_unacknowledged(void **state)
{
	(void)state;
	for (int s = 0; s <= TROTH_COMMITMENT_STATE_LAST; s++) {
		struct troth_commitment c = { .state = (enum troth_commitment_state)s };
		bool asked = s == TROTH_COMMITMENT_REQUESTED ||
			     s == TROTH_COMMITMENT_DELEGATED;

		assert_int_equal(troth_commitment_unacknowledged(&c), asked);
		c.acknowledged.ms = 1;
		assert_false(troth_commitment_unacknowledged(&c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_steps_happen),
		cmocka_unit_test(what_ended_is_not_open),
		cmocka_unit_test(exactly_at_the_due_is_in_time),
		cmocka_unit_test(
			only_who_was_asked_and_has_not_reacted_is_unacknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
