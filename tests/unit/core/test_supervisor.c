/* What a supervisor may approve, and by which grant. */
#include "story.h"

#include "troth/core/may.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define DO(a) TROTH_PROMISE_DO_##a
#define OK    TROTH_REASON_NONE

static struct story st;
static struct troth_event e;

static void refused(enum troth_reason is, enum troth_reason want)
{
	assert_int_equal(is, want);
	assert_int_equal(st.last.outcome, TROTH_REFUSED);
}

static struct troth_authority acmes;

static const struct troth_authority *authority_of(void *ctx, const char *party)
{
	(void)ctx;
	return strcmp(party, "acme") == 0 ? &acmes : NULL;
}

static uint32_t supervisors(void *ctx, const char *party, const char *actor,
			    struct troth_time at)
{
	(void)ctx;
	(void)party;
	(void)at;
	return strcmp(actor, "boss") == 0 ? TROTH_LEVEL_SUPERVISOR : 0;
}

static enum troth_reason boss_approves(const char *grant, int64_t cost)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.action = DO(APPROVE);
	TROTH_TEXT_SET(e.u.promise_step.grant, grant);
	e.u.promise_step.cost = cost;
	TROTH_TEXT_SET(e.actor, "boss");
	return story_tell(&st, &e);
}

static int64_t one_given(void *ctx, const char *party, const char *grant,
			 const char *customer, struct troth_time at, int64_t period_ms)
{
	(void)ctx;
	(void)customer;
	assert_string_equal(party, "acme");
	assert_string_equal(grant, "gifts");
	assert_int_equal(at.ms, FIXTURE_NOW);
	assert_int_equal(period_ms, FIXTURE_DAY);
	return 1;
}

static struct troth_policy forbidding;

static const struct troth_policy *the_forbidding(void *ctx, uint64_t version)
{
	(void)ctx;
	return version == 3 ? &forbidding : NULL;
}

static uint64_t the_third(void *ctx)
{
	(void)ctx;
	return 3;
}

/* Two pieces, asked because acme's agent is not certified; boss is, to level 2. */
static void ask_for_two(struct troth_lookup *lookup)
{
	*lookup = fixture_lookup;
	lookup->authority = authority_of;
	lookup->level = supervisors;
	lookup->given = one_given;
	memset(&acmes, 0, sizeof(acmes));
	TROTH_TEXT_SET(acmes.grants[0].grant, "gifts");
	acmes.grants[0].kinds = 1u << TROTH_KIND_GIFT;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
	st.lookup = lookup;
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	e.u.promise.asked = TROTH_REASON_UNCERTIFIED; /* As its gateway says. */
	e.u.promise.quantity = 2;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(story_promise_step(&st, "acme", DO(ASK)), OK);
}

static void a_supervisor_approves_inside_the_grant_alone(void **state)
{
	struct troth_lookup lookup;
	struct troth_grant *g = &acmes.grants[0];

	(void)state;
	ask_for_two(&lookup);
	refused(boss_approves("gifts", 2), TROTH_REASON_NO_GRANT);
	acmes.grant_count = 1;
	g->most = 1;
	refused(boss_approves("gifts", 2), TROTH_REASON_OVER_PROMISE_LIMIT);
	refused(boss_approves("gifts", 1), TROTH_REASON_OVER_PROMISE_LIMIT);
	g->most = 2;
	refused(boss_approves("gifts", 1), TROTH_REASON_OVER_PROMISE_LIMIT);
	g->level = TROTH_LEVEL_SUPERVISOR + 1;
	refused(boss_approves("gifts", 2), TROTH_REASON_UNCERTIFIED);
	g->level = TROTH_LEVEL_SUPERVISOR;
	g->period_ms = FIXTURE_DAY;
	g->per_customer = 2; /* Of which one has been given. */
	refused(boss_approves("gifts", 2), TROTH_REASON_OVER_CUSTOMER_LIMIT);
	g->per_customer = 3;
	acmes.suspended.ms = FIXTURE_NOW;
	refused(boss_approves("gifts", 2), TROTH_REASON_SUSPENDED);
	acmes.suspended.ms = 0;
	assert_int_equal(boss_approves("gifts", 2), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_APPROVED);
	st.lookup = &fixture_lookup;
}

static void a_supervisor_approves_nothing_that_the_policy_forbids(void **state)
{
	struct troth_lookup lookup;

	(void)state;
	ask_for_two(&lookup);
	lookup.policy = the_forbidding;
	lookup.newest_policy = the_third;
	acmes.grant_count = 1;
	acmes.grants[0].most = 2;
	refused(boss_approves("gifts", 2), TROTH_REASON_NO_GRANT); /* No rule for it. */
	forbidding.rule_count = 1;
	forbidding.rules[0].forbidden = true;
	refused(boss_approves("gifts", 2), TROTH_REASON_FORBIDDEN);
	forbidding.rules[0].forbidden = false;
	forbidding.rules[0].most = 1;
	refused(boss_approves("gifts", 2), TROTH_REASON_FORBIDDEN);
	forbidding.rules[0].most = 2;
	assert_int_equal(boss_approves("gifts", 2), OK);
	st.lookup = &fixture_lookup;
}

/* Which grant the gateway of boss takes, where there are three of them. */
static void a_supervisor_takes_the_grant_that_covers_all_of_it(void **state)
{
	struct troth_lookup lookup;
	struct troth_approval cost;
	const struct troth_who who = { .party = "acme",
				       .site = "main",
				       .role = TROTH_ROLE_VENDOR };
	struct troth_may m = { &lookup, &st.s, &acmes, &who, "boss", { FIXTURE_NOW } };

	(void)state;
	ask_for_two(&lookup);
	troth_approval_by_supervisor(&m, story_the_promise(&st), &cost);
	assert_string_equal(cost.grant, "");
	acmes.grant_count = 3;
	for (unsigned i = 1; i < 3; i++)
		acmes.grants[i] = acmes.grants[0];
	TROTH_TEXT_SET(acmes.grants[0].grant, "single");
	acmes.grants[0].most = 1;
	TROTH_TEXT_SET(acmes.grants[1].grant, "cables");
	acmes.grants[1].most = 2;
	TROTH_TEXT_SET(acmes.grants[1].pool, "cables");
	TROTH_TEXT_SET(acmes.grants[2].grant, "others");
	acmes.grants[2].most = 1;
	troth_approval_by_supervisor(&m, story_the_promise(&st), &cost);
	assert_string_equal(cost.grant, "cables"); /* Though the share is empty. */
	assert_string_equal(cost.pool, "cables");
	assert_int_equal(cost.cost, 2);
	acmes.grants[2].most = 2;
	troth_approval_by_supervisor(&m, story_the_promise(&st), &cost);
	assert_string_equal(cost.grant, "others"); /* It costs nothing that runs out. */
	acmes.share_count = 1;
	TROTH_TEXT_SET(acmes.shares[0].site, "main");
	TROTH_TEXT_SET(acmes.shares[0].pool, "cables");
	acmes.shares[0].allotted = 2;
	troth_approval_by_supervisor(&m, story_the_promise(&st), &cost);
	assert_string_equal(cost.grant, "cables");
	acmes.grants[1].most = acmes.grants[2].most = 1;
	troth_approval_by_supervisor(&m, story_the_promise(&st), &cost);
	assert_string_equal(cost.grant, "single"); /* It says what is wrong. */
	st.lookup = &fixture_lookup;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_supervisor_approves_inside_the_grant_alone),
		cmocka_unit_test(a_supervisor_approves_nothing_that_the_policy_forbids),
		cmocka_unit_test(a_supervisor_takes_the_grant_that_covers_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
