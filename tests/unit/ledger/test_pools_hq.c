/* What HQ spends itself, and what becomes of shares when a store was put back. */
#include "pools_kit.h"

static void greet(const struct kit_site *site)
{
	struct troth_why why;

	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_greeted(k.ledger, site->origin);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

/* acme asks HQ for a cable of order 1; returns when the question lapses. */
static struct troth_time ask(uint8_t n)
{
	struct troth_time lapses = { k.now.ms + FIXTURE_HOUR };

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.id = fixture_id(100 + n);
	e.u.promise.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(e.u.promise.sku, "HDMI-2M");
	e.u.promise.quantity = 1;
	e.u.promise.spoken = false;
	e.u.promise.asked = TROTH_REASON_OVER_PROMISE_LIMIT;
	e.u.promise.made = k.now;
	e.u.promise.lapses = lapses;
	e.u.promise.due.ms = k.now.ms + FIXTURE_DAY;
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = TROTH_PROMISE_DO_ASK;
	(void)kit_take(&k, &k.acme, &e, NULL);
	return lapses;
}

static struct troth_result approve(uint8_t n)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = TROTH_PROMISE_DO_APPROVE;
	return hq();
}

/* An order on which acme may promise, and a share of the pool for it. */
static void order_and_grant(void)
{
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	kit_place_order(&k, &e);
	kit_link_case(&k, &e);
}

static void clock_at(int64_t ms)
{
	struct troth_why why;

	k.now.ms = ms;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

static void what_hq_approves_is_spent_from_its_own_share_and_freed_again(void **state)
{
	struct troth_time lapses;
	struct troth_share s;
	struct troth_id order = fixture_id(1);

	(void)state;
	set_pool(FIRST + 2, FIRST, LOW, 0);
	order_and_grant();
	for (uint8_t n = 1; n <= 3; n++)
		lapses = ask(n);
	assert_int_equal(approve(1).status, TROTH_DONE);
	assert_int_equal(approve(2).status, TROTH_DONE);
	assert_int_equal(approve(3).reason, TROTH_REASON_POOL_EMPTY);
	kit_subject(&k, &order, &subject);
	assert_int_equal(subject.promises[0].state, TROTH_PROMISE_APPROVED);
	assert_int_equal(subject.promises[0].cost, 1);
	assert_string_equal(subject.promises[0].pool, "cables");
	s = share_of("brand", TROTH_HQ_SITE);
	assert_int_equal(s.allotted, 2);
	assert_int_equal(s.spent, 2);
	assert_int_equal(check(), FIRST + 2);
	checked();

	clock_at(lapses.ms + 1); /* Nobody spoke them: the clock ends all three. */
	s = share_of("brand", TROTH_HQ_SITE);
	assert_int_equal(s.freed, 2);
	assert_int_equal(s.returned, 2);
	assert_int_equal(check(), FIRST);
	checked();
}

static void what_a_site_has_paid_for_is_not_paid_again_when_hq_approves_it(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	offer(&k.acme, 2, 1);
	(void)kit_take(&k, &k.acme, &e, NULL);
	assert_int_equal(site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 2, 1).outcome,
			 TROTH_TAKES_EFFECT);
	assert_int_equal(step(&k.acme, 1, TROTH_PROMISE_DO_ASK).outcome,
			 TROTH_TAKES_EFFECT);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(1001);
	e.u.promise_step.promise = fixture_id(101);
	e.u.promise_step.action = TROTH_PROMISE_DO_APPROVE;
	hq_says();
	assert_int_equal(share_of("brand", TROTH_HQ_SITE).allotted, 0);
	assert_int_equal(share_of("acme", "main").spent, 2);
	checked();
}

static void told_after_all(uint8_t n)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = TROTH_PROMISE_DO_SPEAK;
	assert_int_equal(kit_entry(&k, kit_take(&k, &k.acme, &e, NULL), &e).outcome,
			 TROTH_FLAGGED);
}

/* Or thawed: HQ's own share. */
static void frozen(enum troth_event_type type)
{
	about(type, "brand");
	TROTH_TEXT_SET(e.u.share.site, TROTH_HQ_SITE);
	e.u.share.amount = 0; /* Nothing of it is lost. */
	hq_says();
}

static int64_t hq_pays(void)
{
	struct troth_share s = share_of("brand", TROTH_HQ_SITE);

	return s.spent - s.freed;
}

static void what_was_told_after_all_is_paid_as_soon_as_the_pool_has_room(void **state)
{
	struct troth_time lapses;

	(void)state;
	set_pool(FIRST + 3, FIRST, LOW, 0);
	order_and_grant();
	for (uint8_t n = 1; n <= 3; n++) {
		lapses = ask(n);
		assert_int_equal(approve(n).status, TROTH_DONE);
	}
	clock_at(lapses.ms + 1);
	assert_int_equal(hq_pays(), 0);
	set_pool(FIRST + 1, FIRST, LOW, 0);
	for (uint8_t n = 1; n <= 3; n++)
		told_after_all(n); /* Its site had been cut off. */
	assert_int_equal(hq_pays(), 1);
	assert_int_equal(share_of("acme", "main").recalled, 1);
	kit_crash(&k); /* It is remembered. */
	frozen(TROTH_EVENT_SHARE_FROZEN);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 1, 0);
	assert_int_equal(hq_pays(), 1);
	frozen(TROTH_EVENT_SHARE_THAWED);
	assert_int_equal(hq_pays(), 2);
	assert_int_equal(share_of("acme", "main").recalled, 1); /* For the third. */
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(103);
	e.u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	(void)kit_take(&k, &k.acme, &e, NULL);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 1, 0);
	assert_int_equal(hq_pays(), 2); /* The third is owed no more. */
	assert_int_equal(check(), FIRST);
	checked();
}

/* What a party sends in one batch, signed once. */
static void sent_together(struct kit_site *site, struct troth_event *events, unsigned n)
{
	struct kit_batch b;

	kit_batch_init(&b, site);
	for (unsigned i = 0; i < n; i++)
		kit_batch_add(&k, &b, &events[i], NULL);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).code, 0);
	kit_batch_fini(&b);
}

static struct troth_event about_promise(uint8_t n, enum troth_promise_action action)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = action;
	return e;
}

static void what_a_site_spent_is_not_freed_in_the_share_of_hq(void **state)
{
	static struct troth_event events[3];
	struct troth_time lapses;

	(void)state;
	order_and_grant();
	(void)ask(1);
	lapses = ask(2);
	assert_int_equal(approve(1).status, TROTH_DONE);
	clock_at(lapses.ms + 1); /* HQ frees what it has spent on the first. */
	(void)ask(3);
	assert_int_equal(approve(3).status, TROTH_DONE);
	assert_int_equal(hq_pays(), 1);
	/* The first is told after all, paid by the site, and released at once. */
	events[0] = about_promise(1, TROTH_PROMISE_DO_SPEAK);
	about(TROTH_EVENT_SHARE_SPENT, "acme");
	e.u.share.amount = 1;
	e.u.share.promise = fixture_id(101);
	events[1] = e;
	events[2] = about_promise(1, TROTH_PROMISE_DO_RELEASE);
	sent_together(&k.acme, events, 3);
	assert_int_equal(hq_pays(), 1);
	assert_int_equal(site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 1, 1).outcome,
			 TROTH_TAKES_EFFECT);
	checked();
}

static void out_of_a_frozen_share_hq_approves_nothing(void **state)
{
	(void)state;
	order_and_grant();
	(void)ask(1);
	(void)ask(2);
	assert_int_equal(approve(1).status, TROTH_DONE);
	frozen(TROTH_EVENT_SHARE_FROZEN);
	assert_int_equal(approve(2).reason, TROTH_REASON_SHARE_FROZEN);
	checked();
}

/* An empty batch. */
static struct troth_taken announce(struct kit_site *site, uint64_t incarnation)
{
	struct kit_batch b;
	struct troth_taken taken;

	site->incarnation = incarnation;
	site->seq = 0;
	memset(&site->head, 0, sizeof(site->head));
	kit_batch_init(&b, site);
	kit_batch_seal(&b);
	taken = kit_submit(&k, &b);
	kit_batch_fini(&b);
	return taken;
}

static void a_site_that_went_back_in_time_has_its_shares_frozen(void **state)
{
	struct troth_taken taken;
	uint64_t size;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "handy");
	spend(&k.acme, 1);
	taken = announce(&k.acme, 2); /* It says nothing but that, */
	assert_int_equal(taken.code, 0);
	assert_int_equal(taken.last_position, troth_ledger_size(k.ledger));
	assert_true(share_of("acme", "main").frozen);
	assert_true(share_of("handy", "main").frozen);
	size = troth_ledger_size(k.ledger);
	assert_int_equal(announce(&k.acme, 2).code, TROTH_BUS_E_MALFORMED);
	assert_int_equal(announce(&k.zeta, 2).code, 0); /* It had sent nothing before. */
	assert_int_equal(troth_ledger_size(k.ledger), size);
	about(TROTH_EVENT_SHARE_THAWED, "acme");
	e.u.share.amount = 20;
	hq_says();
	assert_int_equal(left("acme"), FIRST); /* Nine were left: topped up. */
	k.acme.incarnation = 3;                /* or by what it submits. */
	k.acme.seq = 0;
	memset(&k.acme.head, 0, sizeof(k.acme.head));
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	assert_true(share_of("acme", "main").frozen);
	checked();
}

static void after_a_restore_central_allots_nothing_until_all_have_reported(void **state)
{
	const struct kit_site *sites[] = { &k.acme, &k.zeta, &k.swift, &k.slow, &k.shop };

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	k.restored = true;
	kit_crash(&k);
	k.restored = false;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	spend(&k.acme, FIRST - 1);
	assert_int_equal(left("acme"), 1);
	for (size_t i = 0; i < TROTH_LEN(sites); i++) {
		assert_true(troth_ledger_stands_still(k.ledger));
		greet(sites[i]);
		greet(sites[i]);
		kit_crash(&k); /* It is remembered. */
		assert_int_equal(left("zeta"), i < 4 ? 0 : FIRST);
	}
	assert_false(troth_ledger_stands_still(k.ledger));
	assert_int_equal(left("acme"), FIRST);
	checked();
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORY(what_hq_approves_is_spent_from_its_own_share_and_freed_again),
		STORY(what_a_site_has_paid_for_is_not_paid_again_when_hq_approves_it),
		STORY(what_was_told_after_all_is_paid_as_soon_as_the_pool_has_room),
		STORY(what_a_site_spent_is_not_freed_in_the_share_of_hq),
		STORY(out_of_a_frozen_share_hq_approves_nothing),
		STORY(a_site_that_went_back_in_time_has_its_shares_frozen),
		STORY(after_a_restore_central_allots_nothing_until_all_have_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
