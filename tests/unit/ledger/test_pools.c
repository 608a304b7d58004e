/*
 * Central shares pools out among sites, takes back what is not needed, and never
 * gives more than there is.
 */
#include "pools_kit.h"

static void a_grant_brings_each_site_its_first_share(void **state)
{
	(void)state;
	assert_int_equal(left("acme"), 0);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	assert_int_equal(left("acme"), FIRST);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "handy"); /* acme's site acts for it. */
	assert_int_equal(left("handy"), FIRST);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme"); /* Again: it has one. */
	assert_int_equal(share_of("acme", "main").allotted, FIRST);
	checked();
}

static void a_site_that_is_added_later_gets_its_share(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	fixture_event(&e, TROTH_EVENT_SITE_ADDED, "brand");
	TROTH_TEXT_SET(e.u.site.party, "acme");
	TROTH_TEXT_SET(e.u.site.site, "cebu");
	TROTH_TEXT_SET(e.u.site.origin, "spiffe://" FIXTURE_DOMAIN "/gw/acme/cebu");
	hq_says();
	assert_int_equal(share_of("acme", "cebu").allotted, FIRST);
	assert_int_equal(share_of("acme", "main").allotted, FIRST);
	checked();
}

static void a_share_is_topped_up_below_low_and_not_before(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	spend(&k.acme, FIRST - LOW);
	assert_int_equal(left("acme"), LOW);
	spend(&k.acme, 1);
	assert_int_equal(left("acme"), FIRST);
	checked();
}

static void when_the_pool_is_empty_others_give_back_what_is_above_low(void **state)
{
	(void)state;
	set_pool(60, FIRST, LOW, 0);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	spend(&k.acme, 25);
	assert_int_equal(left("acme"), 5);
	assert_int_equal(share_of("zeta", "main").recalled, 20);
	checked();
	(void)site_says(&k.zeta, TROTH_EVENT_SHARE_RETURNED, 20, 0);
	assert_int_equal(left("zeta"), LOW);
	assert_int_equal(left("acme"), 25);
	assert_int_equal(check(), 60);
	checked();
}

static void who_is_suspended_is_asked_for_all_of_it_and_gets_it_again_later(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	spend(&k.acme, 3);
	hq_about(TROTH_EVENT_PARTY_SUSPENDED, "acme");
	assert_int_equal(share_of("acme", "main").recalled, FIRST - 3);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, FIRST - 3, 0);
	assert_int_equal(check(), 3);
	hq_about(TROTH_EVENT_PARTY_RESUMED, "acme");
	assert_int_equal(left("acme"), FIRST);
	hq_about(TROTH_EVENT_GRANT_WITHDRAWN, "acme");
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	checked();
}

static void what_hq_moves_goes_where_it_said(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 20;
	TROTH_TEXT_SET(e.u.share.to_party, "zeta");
	TROTH_TEXT_SET(e.u.share.to_site, "main");
	hq_says();
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 15, 0);
	assert_int_equal(left("zeta"), 15);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 7, 0); /* Two are its own. */
	/* Nothing entitles zeta: HQ's word does, until somebody looks at the pool. */
	assert_int_equal(share_of("zeta", "main").allotted, 20);
	checked();
}

static void what_was_asked_for_by_mistake_is_taken_back_and_the_site_topped_up(
	void **state)
{
	struct troth_result r;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 5000;
	TROTH_TEXT_SET(e.u.share.to_party, "zeta");
	TROTH_TEXT_SET(e.u.share.to_site, "main");
	hq_says();
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 20, 0);
	assert_int_equal(left("zeta"), 20);
	spend(&k.acme, 8);
	assert_int_equal(left("acme"), 2); /* It is asked for more than it has. */
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 0;
	hq_says();
	assert_int_equal(share_of("acme", "main").recalled, 0);
	assert_int_equal(left("acme"), FIRST);
	/* What it had sent back before it heard of that: moved nowhere, and not lost. */
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 2, 0);
	assert_int_equal(share_of("zeta", "main").allotted, 20);
	assert_int_equal(left("acme"), FIRST - 2);
	spend(&k.acme, FIRST - 2);
	assert_int_equal(left("acme"), FIRST);
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 0;
	r = hq();
	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, TROTH_REASON_WRONG_STATE);
	checked();
}

static void who_may_not_spend_its_share_is_asked_for_it_again_at_once(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_PARTY_SUSPENDED, "acme");
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 0;
	hq_says();
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	hq_about(TROTH_EVENT_PARTY_RESUMED, "acme"); /* What was asked stays asked. */
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 0;
	hq_says();
	assert_int_equal(share_of("acme", "main").recalled, 0);
	assert_int_equal(left("acme"), FIRST);
	checked();
}

static void a_total_that_is_lowered_is_asked_back(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	set_pool(40, FIRST, LOW, 0);
	assert_int_equal(share_of("acme", "main").recalled +
				 share_of("zeta", "main").recalled,
			 20);
	(void)check();
}

static void an_idle_share_flows_back_when_its_time_has_come(void **state)
{
	struct troth_why why;

	(void)state;
	set_pool(TOTAL, FIRST, LOW, FIXTURE_HOUR);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	k.now.ms += FIXTURE_HOUR / 2;
	spend(&k.acme, 1);
	kit_crash(&k);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, k.now.ms + FIXTURE_HOUR);
	k.now.ms += FIXTURE_HOUR;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(share_of("acme", "main").recalled, FIRST - 1 - LOW);
	/* No more of the share: what was promised out of it is due then. */
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 FIXTURE_NOW + FIXTURE_DAY + 1);
	checked();
}

static void a_grant_that_begins_and_ends_does_so_by_the_clock(void **state)
{
	struct troth_why why;

	(void)state;
	about(TROTH_EVENT_GRANT_GIVEN, "acme");
	e.u.grant.grant.from.ms = k.now.ms + 1000;
	e.u.grant.grant.until.ms = k.now.ms + 5000;
	hq_says();
	assert_int_equal(left("acme"), 0);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, k.now.ms + 1000);
	k.now.ms += 1000;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(left("acme"), FIRST);
	k.now.ms += 4000;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, 0);
	checked();
}

static void nobody_allots_more_than_there_is(void **state)
{
	struct troth_result r;

	(void)state;
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	e.u.share.amount = TOTAL + 1;
	r = hq();
	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, TROTH_REASON_POOL_EMPTY);
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	TROTH_TEXT_SET(e.u.share.pool, "nothing");
	assert_int_equal(hq().reason, TROTH_REASON_NO_POOL);
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	e.u.share.amount = TOTAL;
	hq_says();
	checked();
}

static void what_was_spent_is_freed_once_by_who_spent_it(void **state)
{
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	promise(&k.acme, 3, 1);
	promise(&k.acme, 9, 2);
	promise(&k.zeta, 9, 3);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_EXISTS);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 9, 2);
	(void)site_says(&k.zeta, TROTH_EVENT_SHARE_SPENT, 9, 3);
	v = site_says(&k.zeta, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_NO_PROMISE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 4, 1);
	assert_int_equal(v.reason, TROTH_REASON_NO_PROMISE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	(void)step(&k.acme, 1, TROTH_PROMISE_DO_EXPIRE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1); /* Said after all. */
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	assert_int_equal(left("acme"), FIRST - 12);
	checked();
}

static void what_stands_as_a_promise_is_not_freed(void **state)
{
	struct troth_event made;
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	kit_place_order(&k, &e);
	kit_link_case(&k, &e);
	fixture_event(&made, TROTH_EVENT_PROMISE_MADE, "acme");
	made.u.promise.id = fixture_id(101);
	TROTH_TEXT_SET(made.u.promise.grant, "gifts");
	TROTH_TEXT_SET(made.u.promise.pool, "cables");
	made.u.promise.cost = 3;
	(void)kit_take(&k, &k.acme, &made, NULL);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(101);
	e.u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	TROTH_TEXT_SET(e.u.promise_step.reason, "waived");
	(void)kit_take(&k, &k.acme, &e, NULL);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	checked();
}

static void not_spent(struct kit_site *site, int64_t amount)
{
	assert_int_equal(site_says(site, TROTH_EVENT_SHARE_SPENT, amount, 1).reason,
			 TROTH_REASON_NO_PROMISE);
}

static void a_share_is_spent_on_a_promise_of_that_site_by_what_it_costs(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	not_spent(&k.acme, 3); /* There is no promise. */
	promise(&k.acme, 3, 1);
	not_spent(&k.zeta, 3);                /* It is of another, */
	not_spent(&k.acme, 2);                /* and costs more, */
	not_spent(&k.acme, TROTH_AMOUNT_MAX); /* or less. */
	assert_int_equal(left("acme"), FIRST);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(left("acme"), FIRST - 3);
	checked();
}

static void what_is_told_without_having_been_spent_is_flagged(void **state)
{
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	promise(&k.acme, 3, 1);
	promise(&k.acme, 3, 2);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 2);
	v = step(&k.acme, 1, TROTH_PROMISE_DO_ACTIVATE);
	assert_int_equal(v.outcome, TROTH_FLAGGED);
	assert_int_equal(v.reason, TROTH_REASON_SHARE_EMPTY);
	v = step(&k.acme, 2, TROTH_PROMISE_DO_ACTIVATE);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	offer(&k.acme, 1, 3); /* Nor is it said at once. */
	e.u.promise.spoken = true;
	v = kit_entry(&k, kit_take(&k, &k.acme, &e, NULL), &e);
	assert_int_equal(v.outcome, TROTH_FLAGGED);
	assert_int_equal(v.reason, TROTH_REASON_SHARE_EMPTY);
	checked();
}

static void told(uint8_t number, enum troth_reason beyond)
{
	struct troth_verdict v = step(&k.acme, number, TROTH_PROMISE_DO_ACTIVATE);
	struct troth_id id = fixture_id(1000 + number);

	assert_int_equal(v.reason, beyond);
	assert_int_equal(v.outcome, beyond == TROTH_REASON_NONE ? TROTH_TAKES_EFFECT
								: TROTH_FLAGGED);
	kit_subject(&k, &id, &subject);
	assert_int_equal(subject.promises[0].flags,
			 beyond == TROTH_REASON_NONE ? 0 : TROTH_FLAG_OVER_AUTHORITY);
}

static void what_is_paid_by_more_than_the_share_has_is_told_beyond_authority(void **state)
{
	(void)state;
	set_pool(FIRST, FIRST, 0, 0); /* There is no more of it. */
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	promise(&k.acme, FIRST, 1);
	promise(&k.acme, 1, 2);
	promise(&k.acme, 1, 3);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, FIRST, 1);
	assert_int_equal(site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 1, 2).reason,
			 TROTH_REASON_SHARE_EMPTY);
	kit_crash(&k); /* It is remembered. */
	told(1, TROTH_REASON_NONE);
	told(2, TROTH_REASON_SHARE_EMPTY);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 1, 3);
	(void)step(&k.acme, 3, TROTH_PROMISE_DO_EXPIRE);
	assert_int_equal(site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 1, 3).outcome,
			 TROTH_TAKES_EFFECT);
	told(3, TROTH_REASON_WRONG_STATE);
	assert_int_equal(left("acme"), 0);
	kit_crash(&k);
	(void)check();
}

static void what_is_paid_by_a_frozen_share_is_told_beyond_authority(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	for (uint8_t number = 1; number <= 3; number++)
		promise(&k.acme, 1, number);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 1, 1);
	hq_about(TROTH_EVENT_SHARE_FROZEN, "acme");
	assert_int_equal(site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 1, 2).reason,
			 TROTH_REASON_SHARE_FROZEN);
	told(1, TROTH_REASON_NONE); /* It had been paid before. */
	told(2, TROTH_REASON_SHARE_FROZEN);
	about(TROTH_EVENT_SHARE_THAWED, "acme");
	e.u.share.amount = 0;
	hq_says();
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 1, 3);
	told(3, TROTH_REASON_NONE);
	checked();
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORY(a_grant_brings_each_site_its_first_share),
		STORY(a_site_that_is_added_later_gets_its_share),
		STORY(a_share_is_topped_up_below_low_and_not_before),
		STORY(when_the_pool_is_empty_others_give_back_what_is_above_low),
		STORY(who_is_suspended_is_asked_for_all_of_it_and_gets_it_again_later),
		STORY(what_hq_moves_goes_where_it_said),
		STORY(what_was_asked_for_by_mistake_is_taken_back_and_the_site_topped_up),
		STORY(who_may_not_spend_its_share_is_asked_for_it_again_at_once),
		STORY(a_total_that_is_lowered_is_asked_back),
		STORY(an_idle_share_flows_back_when_its_time_has_come),
		STORY(a_grant_that_begins_and_ends_does_so_by_the_clock),
		STORY(nobody_allots_more_than_there_is),
		STORY(what_was_spent_is_freed_once_by_who_spent_it),
		STORY(what_stands_as_a_promise_is_not_freed),
		STORY(a_share_is_spent_on_a_promise_of_that_site_by_what_it_costs),
		STORY(what_is_told_without_having_been_spent_is_flagged),
		STORY(what_is_paid_by_more_than_the_share_has_is_told_beyond_authority),
		STORY(what_is_paid_by_a_frozen_share_is_told_beyond_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
