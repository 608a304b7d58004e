/* Central's clock and the policy that promises rest on. */
#include "central_kit.h"

#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DUE (FIXTURE_NOW + FIXTURE_DAY)

static struct kit k;
static struct troth_event e;
static struct troth_subject s;

static void publish_next(uint64_t version, const char *text)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;
	struct troth_why why;

	assert_non_null(c);
	c->drafts[0]->type = TROTH_EVENT_POLICY_PUBLISHED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	c->drafts[0]->u.policy.version = version;
	TROTH_TEXT_SET(c->drafts[0]->actor, "care.lead");
	c->policy_text = strdup(text);
	c->drafts[0]->u.policy.policy_text = troth_span_str(c->policy_text);
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	troth_command_free(c);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

static void publish(const char *text)
{
	publish_next(1, text);
}

/* A gift that rests on version 1; what is owed for it is due long after. */
static void promise(void)
{
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.policy_version = 1;
	e.u.promise.due.ms = DUE;
	e.u.promise.terms[0].due.ms = DUE + FIXTURE_DAY;
	e.u.promise.terms[0].ack_due.ms = 0;
	(void)kit_take(&k, &k.shop, &e, NULL);
}

static enum troth_promise_state state_at(int64_t now)
{
	const struct troth_id order = fixture_id(1);
	struct troth_why why;

	k.now.ms = now;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	kit_subject(&k, &order, &s);
	return s.promises[0].state;
}

static void its_breach_waits_for_the_grace_of_its_rule(void **state)
{
	(void)state;
	publish("rules: ( { kind = \"gift\"; grace = \"2 hours\"; } );");
	promise();
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 DUE + 2 * FIXTURE_HOUR + 1);
	assert_int_equal(state_at(DUE + 2 * FIXTURE_HOUR), TROTH_PROMISE_ACTIVE);
	assert_int_equal(state_at(DUE + 2 * FIXTURE_HOUR + 1), TROTH_PROMISE_BROKEN);
	assert_int_equal(s.recovery_count, 1);
	assert_int_equal(s.recoveries[0].opened.ms, k.now.ms);
}

/* The timer was set without it: it is found out and put right, not taken for damage. */
static void a_policy_that_is_published_after_it_was_cited_moves_the_timer(void **state)
{
	(void)state;
	promise();
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, DUE + 1);
	publish("rules: ( { kind = \"gift\"; grace = \"2 hours\"; } );");
	assert_int_equal(state_at(DUE + 1), TROTH_PROMISE_ACTIVE);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 DUE + 2 * FIXTURE_HOUR + 1);
	kit_crash(&k);
	assert_int_equal(state_at(DUE + 2 * FIXTURE_HOUR + 1), TROTH_PROMISE_BROKEN);
	/* The commitment is all that is left. */
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, DUE + FIXTURE_DAY + 1);
}

static void a_policy_that_was_cited_before_may_have_it_fall_due_earlier(void **state)
{
	(void)state;
	promise();
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, DUE + 1);
	kit_crash(&k);
	publish("ladders: { at_risk: { before = \"2 hours\"; rungs: ( { to = \"brand\"; } "
		"); }; };");
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 DUE - 2 * FIXTURE_HOUR + 1);
	kit_crash(&k);
	assert_int_equal(state_at(DUE - 2 * FIXTURE_HOUR), TROTH_PROMISE_ACTIVE);
	assert_int_equal(s.alarm_count, 0);
	(void)state_at(DUE - 2 * FIXTURE_HOUR + 1);
	assert_int_equal(s.alarm_count, 1);
	assert_int_equal(s.alarms[0].cause, TROTH_CAUSE_AT_RISK);
	/* What had stood there before is no harm. */
	assert_int_equal(state_at(DUE + 1), TROTH_PROMISE_BROKEN);
}

static void after_downtime_the_ladder_begins_with_its_first_rung(void **state)
{
	(void)state;
	publish("ladders: { broken: { rungs: ( { to = \"maker\"; },\n"
		"{ after = \"1 hour\"; to = \"brand\"; } ); }; };");
	promise();
	kit_crash(&k);
	assert_int_equal(state_at(DUE + FIXTURE_HOUR), TROTH_PROMISE_BROKEN);
	assert_int_equal(s.alarm_count, 1);
	assert_int_equal(s.alarms[0].rung, 1);
	assert_string_equal(s.alarms[0].party, "shop");
	/* The next has its full hour from there: nobody is told two at a time. */
	(void)state_at(DUE + 2 * FIXTURE_HOUR);
	assert_int_equal(s.alarms[0].rung, 1);
	(void)state_at(DUE + 2 * FIXTURE_HOUR + 1);
	assert_int_equal(s.alarms[0].rung, 2);
	assert_string_equal(s.alarms[0].party, "brand");
}

/* What was flagged stands; a ladder that comes later is for it, too. */
static void a_ladder_that_comes_later_tells_of_what_was_flagged_before(void **state)
{
	static const char ladder[] = "ladders: { over_authority: { rungs: ( { to = "
				     "\"maker\"; } ); }; };";

	(void)state;
	publish("# Nobody may promise anything.");
	promise();
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR);
	assert_int_equal(s.promises[0].flags, TROTH_FLAG_OVER_AUTHORITY);
	assert_int_equal(s.alarm_count, 0);
	publish_next(2, "# Nor is anybody told.");
	kit_crash(&k);
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR + 1);
	assert_int_equal(s.alarm_count, 0);
	publish_next(3, ladder);
	assert_int_not_equal(troth_ledger_next_timer(k.ledger).ms, 0);
	assert_true(troth_ledger_next_timer(k.ledger).ms <= k.now.ms + 1);
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR + 2);
	assert_int_equal(s.alarm_count, 1);
	assert_int_equal(s.alarms[0].cause, TROTH_CAUSE_OVER_AUTHORITY);
	publish_next(4, "ladders: { over_authority: { rungs: ( { to = \"maker\"; } ); }; "
			"}; # once more");
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR + 3);
	assert_int_equal(s.alarm_count, 1); /* Raised once. */
}

static void of_what_was_settled_meanwhile_a_later_ladder_tells_nobody(void **state)
{
	(void)state;
	publish("# Nobody may promise anything.");
	promise();
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "shop");
	e.u.promise_step.promise = s.promises[0].id;
	e.u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	TROTH_TEXT_SET(e.u.promise_step.reason, "waived");
	(void)kit_take(&k, &k.shop, &e, NULL);
	publish_next(2, "ladders: { over_authority: { rungs: ( { to = \"maker\"; } ); "
			"}; };");
	(void)state_at(FIXTURE_NOW + FIXTURE_HOUR + 1);
	assert_int_equal(s.promises[0].state, TROTH_PROMISE_RELEASED);
	assert_int_equal(s.alarm_count, 0);
}

static void a_recovery_may_rest_on_a_policy_to_come_too(void **state)
{
	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "shop");
	e.u.recovery.policy_version = 1;
	(void)kit_take(&k, &k.shop, &e, NULL);
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "shop");
	e.u.recovery.action = TROTH_RECOVERY_DO_WAIVE;
	(void)kit_take(&k, &k.shop, &e, NULL);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, 0);
	publish("remedies: { rude: { offers: ( { kind = \"callback\"; due = \"1 day\"; } );"
		" follow_up = \"2 hours\"; }; };"
		"ladders: { follow_up: { rungs: ( { to = \"owner\"; } ); }; };");
	(void)state_at(FIXTURE_NOW + 2 * FIXTURE_HOUR);
	assert_int_equal(s.alarm_count, 0);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 s.recoveries[0].made_good.ms + 2 * FIXTURE_HOUR + 1);
	(void)state_at(troth_ledger_next_timer(k.ledger).ms);
	assert_int_equal(s.alarm_count, 1);
	assert_string_equal(s.alarms[0].party, "shop");
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_breach_waits_for_the_grace_of_its_rule),
		TEST(a_policy_that_is_published_after_it_was_cited_moves_the_timer),
		TEST(a_policy_that_was_cited_before_may_have_it_fall_due_earlier),
		TEST(a_ladder_that_comes_later_tells_of_what_was_flagged_before),
		TEST(of_what_was_settled_meanwhile_a_later_ladder_tells_nobody),
		TEST(a_recovery_may_rest_on_a_policy_to_come_too),
		TEST(after_downtime_the_ladder_begins_with_its_first_rung),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
