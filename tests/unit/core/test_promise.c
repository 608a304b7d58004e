#include "troth/core/promise.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MAKER   TROTH_AS_MAKER
#define SERVICE TROTH_AS_SERVICE
#define HQ      TROTH_AS_HQ
#define CLOCK   TROTH_AS_CLOCK
#define STATE   TROTH_AS_STATE

#define FROM(s) TROTH_PROMISE_##s
#define DO(a)   TROTH_PROMISE_DO_##a

static const struct legal {
	const char *story;
	enum troth_promise_state from;
	enum troth_promise_action action;
	unsigned as; /* Any one of these. */
	enum troth_promise_state to;
} legal[] = {
	{ "who asked tells the customer", FROM(PROPOSED), DO(ACTIVATE), MAKER,
	  FROM(ACTIVE) },
	{ "who asked passes the question on to HQ", FROM(PROPOSED), DO(ASK), MAKER,
	  FROM(PENDING_APPROVAL) },
	{ "an offer never spoken lapses", FROM(PROPOSED), DO(EXPIRE), CLOCK | MAKER,
	  FROM(EXPIRED) },
	{ "HQ approves, or a supervisor", FROM(PENDING_APPROVAL), DO(APPROVE),
	  HQ | TROTH_AS_SUPERVISOR, FROM(APPROVED) },
	{ "HQ rejects", FROM(PENDING_APPROVAL), DO(REJECT), HQ, FROM(REJECTED) },
	{ "a question never answered lapses, or is taken back", FROM(PENDING_APPROVAL),
	  DO(EXPIRE), CLOCK | MAKER, FROM(EXPIRED) },
	{ "who asked tells the customer after approval", FROM(APPROVED), DO(SPEAK), MAKER,
	  FROM(ACTIVE) },
	{ "who asked has told before hearing of the approval", FROM(APPROVED),
	  DO(ACTIVATE), MAKER, FROM(ACTIVE) },
	{ "an approval never used lapses, or is taken back", FROM(APPROVED), DO(EXPIRE),
	  CLOCK | MAKER, FROM(EXPIRED) },
	{ "all is done", FROM(ACTIVE), DO(KEEP), STATE, FROM(KEPT) },
	{ "the due has passed, or HQ sees that it cannot be kept", FROM(ACTIVE),
	  DO(BREAK), CLOCK | HQ, FROM(BROKEN) },
	{ "the customer waives it", FROM(ACTIVE), DO(RELEASE), MAKER | SERVICE | HQ,
	  FROM(RELEASED) },
	{ "HQ takes it back", FROM(ACTIVE), DO(CANCEL), HQ, FROM(CANCELLED) },
	{ "the customer says that it was kept", FROM(KEPT), DO(CONFIRM),
	  MAKER | SERVICE | HQ, FROM(CONFIRMED) },
	{ "the customer says that it was not", FROM(KEPT), DO(REOPEN),
	  MAKER | SERVICE | HQ, FROM(REOPENED) },
	{ "all is done in the end", FROM(REOPENED), DO(KEEP), STATE, FROM(KEPT) },
	{ "the customer waives what is left", FROM(REOPENED), DO(RELEASE),
	  MAKER | SERVICE | HQ, FROM(RELEASED) },
	{ "HQ takes back what is left", FROM(REOPENED), DO(CANCEL), HQ, FROM(CANCELLED) },
	{ "its recovery was kept", FROM(BROKEN), DO(REMEDY), HQ, FROM(REMEDIED) },
};

static unsigned used;

static const struct legal *find_legal(enum troth_promise_state from,
				      enum troth_promise_action action)
{
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		if (legal[i].from == from && legal[i].action == action)
			return &legal[i];
	return NULL;
}

/* `as` any set of capacities: what counts is whether one of them is enough. */
static void check(enum troth_promise_state from, enum troth_promise_action action,
		  unsigned as)
{
	const enum troth_promise_state untouched = (enum troth_promise_state)99;
	const struct legal *want = find_legal(from, action);
	enum troth_promise_state to = untouched;
	enum troth_step step = troth_promise_next(from, action, as, &to);

	if (want == NULL) {
		assert_int_equal(step, TROTH_STEP_WRONG_STATE);
	} else if ((want->as & as) == 0) {
		assert_int_equal(step, TROTH_STEP_WRONG_CAPACITY);
	} else {
		assert_int_equal(step, TROTH_STEP_OK);
		assert_int_equal(to, want->to);
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
	for (int s = 0; s <= TROTH_PROMISE_STATE_LAST + 1; s++)
		for (int a = 0; a <= TROTH_PROMISE_ACTION_LAST + 1; a++)
			for (unsigned as = 0; as < 0x1000; as++)
				check((enum troth_promise_state)s,
				      (enum troth_promise_action)a, as);
	for (size_t i = 0; i < TROTH_LEN(legal); i++)
		sentences += 0x1000 - (0x1000 >> __builtin_popcount(legal[i].as));
	assert_int_equal(used, sentences);
}

static void what_the_customer_may_still_expect_is_open(void **state)
{
	static const bool open[TROTH_PROMISE_STATE_LAST + 1] = {
		[TROTH_PROMISE_PROPOSED] = true, [TROTH_PROMISE_PENDING_APPROVAL] = true,
		[TROTH_PROMISE_APPROVED] = true, [TROTH_PROMISE_ACTIVE] = true,
		[TROTH_PROMISE_REOPENED] = true,
	};

	(void)state;
	for (int s = 0; s <= TROTH_PROMISE_STATE_LAST; s++)
		assert_int_equal(troth_promise_is_open((enum troth_promise_state)s),
				 open[s]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_steps_happen),
		cmocka_unit_test(what_the_customer_may_still_expect_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
