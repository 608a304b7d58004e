/* A promise that cites a grant is what a yes by that grant would be. */
#include "shares_kit.h"

/* A second grant, over what costs nothing that could run out. */
static struct kit *kit_with_grants(void)
{
	struct kit *k = kit_with_share();
	struct troth_event e = central_event(TROTH_EVENT_GRANT_GIVEN, "acme");
	struct troth_grant *g = &e.u.grant.grant;

	TROTH_TEXT_SET(e.u.grant.party, "acme");
	TROTH_TEXT_SET(g->grant, "cards");
	g->kinds = 1u << TROTH_KIND_GIFT;
	g->sku_count = 1;
	TROTH_TEXT_SET(g->skus[0].sku, "CARD");
	g->most = 1;
	g->per_customer = 2;
	g->period_ms = DAY_MS;
	(void)kit_foreign(k, CENTRAL, &e);
	kit_serve(k);
	return k;
}

/* A gift on case 1, as an integration posts it. */
static struct troth_command *gift(struct kit *k, uint8_t promise, const char *grant,
				  const char *sku, bool spoken)
{
	struct troth_command *c = cmd_promise(k, 1, promise);
	struct troth_event *e = c->drafts[0];

	c->item = e->u.promise.id;
	e->u.promise.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(e->u.promise.sku, sku);
	e->u.promise.quantity = 1;
	TROTH_TEXT_SET(e->u.promise.grant, grant);
	e->u.promise.spoken = spoken;
	e->u.promise.lapses.ms = spoken ? 0 : k->now.ms + DAY_MS;
	return c;
}

static struct troth_command *cable(struct kit *k, uint8_t promise)
{
	return gift(k, promise, "gifts", "HDMI-2M", false);
}

static void declined(struct kit *k, struct troth_command *c, enum troth_reason reason)
{
	unsigned outbox = kit_count(k, TROTH_T_OUTBOX);
	int64_t left = available(k);
	struct troth_result r = kit_do(k, c);

	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, reason);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), outbox);
	assert_int_equal(available(k), left);
}

static void flawed(struct kit *k, struct troth_command *c, const char *field)
{
	unsigned outbox = kit_count(k, TROTH_T_OUTBOX);
	struct troth_result r = kit_do(k, c);

	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, field);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), outbox);
}

static struct troth_promise promise_of(struct kit *k, uint8_t promise)
{
	static struct troth_view v;
	struct troth_id id = promise_id(promise);
	int i;

	assert_true(kit_view(k, 1, &v));
	i = troth_subject_promise(&v.subject, &id);
	assert_true(i >= 0);
	return v.subject.promises[i];
}

static void an_offer_reserves_in_one_commit_and_lapses_as_the_policy_has_it(void **state)
{
	struct kit *k = kit_with_grants();
	uint64_t commits = memkv_commits(k->disk);
	struct troth_result r = kit_do(k, cable(k, 1));
	struct troth_promise p = promise_of(k, 1);

	(void)state;
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.reason, TROTH_REASON_NONE);
	assert_int_equal(memkv_commits(k->disk), commits + 1);
	assert_int_equal(available(k), SHARE - 1);
	assert_int_equal(p.state, TROTH_PROMISE_PROPOSED);
	assert_int_equal(p.flags, 0);
	assert_int_equal(p.policy_version, 1);
	assert_int_equal(p.cost, 1);
	assert_string_equal(p.pool, "cables");
	assert_int_equal(p.lapses.ms, k->now.ms + OFFER_MS);
	kit_down(k);
	pass(k, OFFER_MS + 1);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_EXPIRED);
	assert_int_equal(available(k), SHARE);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(central_share(k).freed, 1);
	kit_free(k);
}

static void an_offer_that_was_told_is_paid_for_and_not_flagged(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	kit_down(k);
	assert_int_equal(kit_do(k, cable(k, 1)).status, TROTH_DONE);
	kit_crash(k);
	step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(promise_of(k, 1).state, TROTH_PROMISE_ACTIVE);
	assert_int_equal(promise_of(k, 1).flags, 0);
	assert_int_equal(central_share(k).spent, 1);
	assert_int_equal(central_share(k).freed, 0);
	kit_free(k);
}

static void an_offer_is_repeated_by_its_key_and_spent_once(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct troth_command *c = cable(k, 1);

		c->has_key = true;
		c->key.b[0] = 9;
		assert_int_equal(kit_do(k, c).repeated, i > 0);
		kit_crash(k);
	}
	assert_int_equal(available(k), SHARE - 1);
	kit_free(k);
}

static void exactly_the_share_is_offered_and_one_more_is_declined(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	kit_down(k);
	for (uint8_t i = 1; i <= SHARE; i++)
		assert_int_equal(kit_do(k, cable(k, i)).status, TROTH_DONE);
	assert_int_equal(available(k), 0);
	declined(k, cable(k, SHARE + 1), TROTH_REASON_SHARE_EMPTY);
	kit_free(k);
}

static void what_the_grant_does_not_say_yes_to_is_declined_and_nothing_is_saved(
	void **state)
{
	struct kit *k = kit_with_grants();
	struct troth_command *c;

	(void)state;
	c = cable(k, 1); /* The most is 2: at it, and one past it. */
	c->drafts[0]->u.promise.quantity = 2;
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	c = cable(k, 2);
	c->drafts[0]->u.promise.quantity = 3;
	declined(k, c, TROTH_REASON_OVER_PROMISE_LIMIT);
	/* By this grant alone, though another would cover it. */
	declined(k, gift(k, 2, "cards", "HDMI-2M", false), TROTH_REASON_NO_GRANT);
	c = cable(k, 2);
	c->drafts[0]->u.promise.policy_version = 7;
	declined(k, c, TROTH_REASON_POLICY_UNKNOWN);
	c = cable(k, 2);
	c->drafts[0]->u.promise.kind = TROTH_KIND_REFUND;
	c->drafts[0]->u.promise.sku[0] = '\0';
	c->drafts[0]->u.promise.quantity = 0;
	c->drafts[0]->u.promise.amount = 5;
	TROTH_TEXT_SET(c->drafts[0]->u.promise.currency, "EUR");
	declined(k, c, TROTH_REASON_FORBIDDEN);
	central_says(k, TROTH_EVENT_SHARE_FROZEN, 0);
	kit_serve(k);
	declined(k, cable(k, 2), TROTH_REASON_SHARE_FROZEN);
	kit_free(k);
}

static void two_are_offered_to_one_customer_in_a_day_and_not_a_third(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	for (uint8_t i = 1; i <= 2; i++)
		assert_int_equal(kit_do(k, gift(k, i, "cards", "CARD", false)).status,
				 TROTH_DONE);
	declined(k, gift(k, 3, "cards", "CARD", false), TROTH_REASON_OVER_CUSTOMER_LIMIT);
	/* What was not taken counts no more. */
	pass(k, OFFER_MS + 1);
	assert_int_equal(kit_do(k, gift(k, 3, "cards", "CARD", false)).status,
			 TROTH_DONE);
	kit_free(k);
}

static void what_was_told_is_inside_its_grant_or_is_flagged(void **state)
{
	struct kit *k = kit_with_grants();
	struct troth_command *c = gift(k, 1, "cards", "CARD", true);
	struct troth_result r;

	(void)state;
	c->drafts[0]->u.promise.policy_version = 1;
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.reason, TROTH_REASON_NONE);
	c = gift(k, 2, "cards", "CARD", true);
	c->drafts[0]->u.promise.policy_version = 1;
	c->drafts[0]->u.promise.quantity = 2;
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.reason, TROTH_REASON_OVER_PROMISE_LIMIT);
	r = kit_do(k, gift(k, 3, "cards", "CARD", true));
	assert_int_equal(r.reason, TROTH_REASON_UNCITED);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(promise_of(k, 1).flags, 0);
	assert_int_equal(promise_of(k, 2).flags, TROTH_FLAG_OVER_AUTHORITY);
	assert_int_equal(promise_of(k, 3).flags, TROTH_FLAG_OVER_AUTHORITY);
	kit_free(k);
}

/* Days ago, or days to come: none of it is in the same day as the others. */
static const int64_t lies_ms[] = { -9 * DAY_MS, -6 * DAY_MS, -3 * DAY_MS, 3 * DAY_MS };

static void what_was_told_counts_when_it_is_written_whatever_time_it_names(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	kit_down(k);
	for (uint8_t i = 0; i < TROTH_LEN(lies_ms); i++) {
		struct troth_command *c = gift(k, i + 1, "cards", "CARD", true);
		struct troth_result r;

		c->drafts[0]->u.promise.policy_version = 1;
		c->drafts[0]->u.promise.made.ms = k->now.ms + lies_ms[i];
		r = kit_do(k, c);
		assert_int_equal(r.status, TROTH_DONE); /* Said is said. */
		assert_int_equal(r.reason, i < 2 ? TROTH_REASON_NONE
						 : TROTH_REASON_OVER_CUSTOMER_LIMIT);
	}
	pass(k, DAY_MS / 2); /* It is all heard of much later, and judged alike. */
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	for (uint8_t i = 0; i < TROTH_LEN(lies_ms); i++)
		assert_int_equal(promise_of(k, i + 1).flags,
				 i < 2 ? 0 : TROTH_FLAG_OVER_AUTHORITY);
	kit_free(k);
}

static void an_offer_counts_when_it_is_written_whatever_time_it_names(void **state)
{
	struct kit *k = kit_with_grants();

	(void)state;
	for (uint8_t i = 0; i < TROTH_LEN(lies_ms); i++) {
		struct troth_command *c = gift(k, i + 1, "cards", "CARD", false);

		c->drafts[0]->u.promise.made.ms = k->now.ms + lies_ms[i];
		if (i < 2)
			assert_int_equal(kit_do(k, c).status, TROTH_DONE);
		else
			declined(k, c, TROTH_REASON_OVER_CUSTOMER_LIMIT);
	}
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_grant_that_cannot_be_cited_is_named(void **state)
{
	struct kit *k = kit_with_grants();
	struct troth_command *c;

	(void)state;
	flawed(k, gift(k, 1, "nosuch", "HDMI-2M", false), "grant");
	flawed(k, gift(k, 1, "nosuch", "HDMI-2M", true), "grant");
	flawed(k, gift(k, 1, "no such", "HDMI-2M", false), "grant");
	/* Of a pool nothing is told before it has been taken. */
	flawed(k, gift(k, 1, "gifts", "HDMI-2M", true), "grant");
	c = cable(k, 1);
	c->drafts[0]->u.promise.quantity = 0;
	flawed(k, c, "quantity");
	c = cable(k, 1);
	c->drafts[0]->u.promise.terms_count = 0;
	flawed(k, c, "commitments");
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_offer_reserves_in_one_commit_and_lapses_as_the_policy_has_it),
		cmocka_unit_test(an_offer_that_was_told_is_paid_for_and_not_flagged),
		cmocka_unit_test(an_offer_is_repeated_by_its_key_and_spent_once),
		cmocka_unit_test(exactly_the_share_is_offered_and_one_more_is_declined),
		cmocka_unit_test(
			what_the_grant_does_not_say_yes_to_is_declined_and_nothing_is_saved),
		cmocka_unit_test(
			two_are_offered_to_one_customer_in_a_day_and_not_a_third),
		cmocka_unit_test(what_was_told_is_inside_its_grant_or_is_flagged),
		cmocka_unit_test(
			what_was_told_counts_when_it_is_written_whatever_time_it_names),
		cmocka_unit_test(
			an_offer_counts_when_it_is_written_whatever_time_it_names),
		cmocka_unit_test(a_grant_that_cannot_be_cited_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
