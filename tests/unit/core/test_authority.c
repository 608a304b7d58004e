#include "troth/core/authority.h"

#include "fixture.h"
#include "story.h"

#include "troth/base/err.h"
#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK           TROTH_REASON_NONE
#define NOT_ENTITLED TROTH_REASON_NOT_ENTITLED

static struct story st, brands;
static struct troth_event e;

static const struct troth_authority *find_authority(void *ctx, const char *party)
{
	(void)ctx;
	return strcmp(party, "brand") == 0 ? &brands.s.authority : &st.s.authority;
}

static enum troth_reason tell(struct story *to, enum troth_event_type type,
			      const char *by, const char *site)
{
	struct troth_lookup lookup = fixture_lookup;
	struct troth_site s;
	struct troth_who who;
	struct troth_verdict v;

	lookup.authority = find_authority;
	e.type = type;
	fixture_origin(&e, by);
	assert_int_equal(troth_who_acts(&who, &s, &lookup, &e, FIXTURE_CENTRAL), OK);
	who.site = site;
	v = troth_judge(&to->s, &lookup, &who, &e, to->now);
	troth_apply(&to->s, &lookup, &who, &e, v,
		    (struct troth_place){ ++to->position, to->now });
	return v.outcome == TROTH_TAKES_EFFECT ? OK : v.reason;
}

static enum troth_reason usual(enum troth_event_type type, const char *by)
{
	fixture_event(&e, type, by);
	return tell(type == TROTH_EVENT_POOL_SET ? &brands : &st, type, by,
		    strcmp(by, "brand") == 0 ? "hq" : "main");
}

static void begin(void)
{
	struct troth_id acme = troth_authority_id("acme");
	struct troth_id brand = troth_authority_id("brand");

	memset(&st, 0, sizeof(st));
	memset(&brands, 0, sizeof(brands));
	troth_subject_init(&st.s, TROTH_SUBJECT_AUTHORITY, &acme);
	troth_subject_init(&brands.s, TROTH_SUBJECT_AUTHORITY, &brand);
	st.now.ms = brands.now.ms = FIXTURE_NOW;
	assert_int_equal(usual(TROTH_EVENT_POOL_SET, "brand"), OK);
	assert_int_equal(usual(TROTH_EVENT_GRANT_GIVEN, "brand"), OK);
}

static enum troth_reason share(enum troth_event_type type, int64_t amount)
{
	bool sites = type == TROTH_EVENT_SHARE_SPENT || type == TROTH_EVENT_SHARE_FREED ||
		     type == TROTH_EVENT_SHARE_RETURNED;

	fixture_event(&e, type, "acme");
	if (type != TROTH_EVENT_SHARE_FROZEN)
		e.u.share.amount = amount;
	return tell(&st, type, sites ? "acme" : "brand", sites ? "main" : "hq");
}

static const struct troth_share *the_share(void)
{
	int i = troth_authority_share(&st.s.authority, "main", "cables");

	assert_true(i >= 0);
	return &st.s.authority.shares[i];
}

static void only_central_delegates_and_only_the_site_spends(void **state)
{
	static const char *const parties[] = { "brand", "acme", "zeta", "shop" };

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		enum troth_event_type t = fixture_types[i];
		bool own = t == TROTH_EVENT_SHARE_RETURNED ||
			   t == TROTH_EVENT_SHARE_SPENT || t == TROTH_EVENT_SHARE_FREED;

		if (t < TROTH_EVENT_POOL_SET || t > TROTH_EVENT_SHARE_THAWED ||
		    (t > TROTH_EVENT_PARTY_RESUMED && t < TROTH_EVENT_SHARE_ALLOTTED))
			continue;
		for (size_t p = 0; p < TROTH_LEN(parties); p++) {
			bool may = strcmp(parties[p], own ? "acme" : "brand") == 0;

			begin();
			(void)share(TROTH_EVENT_SHARE_ALLOTTED, 10);
			(void)share(TROTH_EVENT_SHARE_SPENT, 1);
			if (t == TROTH_EVENT_SHARE_THAWED)
				(void)share(TROTH_EVENT_SHARE_FROZEN, 0);
			if (t == TROTH_EVENT_PARTY_RESUMED)
				(void)usual(TROTH_EVENT_PARTY_SUSPENDED, "brand");
			assert_int_equal(usual(t, parties[p]), may ? OK : NOT_ENTITLED);
		}
	}
}

static void a_site_does_not_touch_the_share_of_another(void **state)
{
	static const enum troth_event_type types[] = { TROTH_EVENT_SHARE_RETURNED,
						       TROTH_EVENT_SHARE_SPENT,
						       TROTH_EVENT_SHARE_FREED };

	(void)state;
	begin();
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, 10), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, 2), OK);
	for (size_t i = 0; i < TROTH_LEN(types); i++) {
		fixture_event(&e, types[i], "acme");
		assert_int_equal(tell(&st, types[i], "acme", "other"), NOT_ENTITLED);
	}
	assert_int_equal(troth_share_available(the_share()), 8);
}

static void a_share_is_spent_to_its_last_piece_and_one_more_is_flagged(void **state)
{
	(void)state;
	begin();
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, 1), TROTH_REASON_NO_POOL);
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, 10), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, 10), OK);
	assert_int_equal(troth_share_available(the_share()), 0);
	assert_int_equal(share(TROTH_EVENT_SHARE_RETURNED, 1), TROTH_REASON_SHARE_EMPTY);
	assert_int_equal(share(TROTH_EVENT_SHARE_FREED, 11), TROTH_REASON_WRONG_STATE);
	/* A site that has promised it all the same: its word stands, and is seen. */
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, 1), TROTH_REASON_SHARE_EMPTY);
	assert_int_equal(the_share()->spent, 11);
	assert_int_equal(share(TROTH_EVENT_SHARE_FREED, 11), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_RETURNED, 10), OK);
	assert_int_equal(troth_share_out(the_share()), 0);
}

static void a_sum_beyond_all_reason_is_not_added_to(void **state)
{
	(void)state;
	begin();
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, TROTH_AMOUNT_MAX), OK);
	st.s.authority.shares[0].spent = TROTH_SHARE_SUM_MAX - 1;
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, TROTH_AMOUNT_MAX),
			 TROTH_REASON_SHARE_EMPTY); /* Flagged: it stands. */
	assert_int_equal(the_share()->spent, TROTH_SHARE_SUM_MAX - 1 + TROTH_AMOUNT_MAX);
	assert_int_equal(share(TROTH_EVENT_SHARE_SPENT, 1), TROTH_REASON_LIMIT);
	assert_int_equal(the_share()->spent, TROTH_SHARE_SUM_MAX - 1 + TROTH_AMOUNT_MAX);
	assert_int_equal(troth_share_available(the_share()), 0);
	st.s.authority.shares[0].allotted = TROTH_SHARE_SUM_MAX;
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, 1), TROTH_REASON_LIMIT);
}

static void a_frozen_share_is_not_returned_and_thaws_less_what_was_lost(void **state)
{
	(void)state;
	begin();
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, 10), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_THAWED, 0), TROTH_REASON_WRONG_STATE);
	assert_int_equal(share(TROTH_EVENT_SHARE_FROZEN, 0), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_RETURNED, 1), TROTH_REASON_SHARE_FROZEN);
	assert_int_equal(share(TROTH_EVENT_SHARE_THAWED, 11), TROTH_REASON_SHARE_EMPTY);
	assert_int_equal(share(TROTH_EVENT_SHARE_THAWED, 4), OK);
	assert_int_equal(troth_share_available(the_share()), 6);
	assert_int_equal(troth_share_out(the_share()), 10);
}

static void what_is_asked_back_is_taken_back_by_asking_for_nothing(void **state)
{
	struct troth_flaw flaw;

	(void)state;
	begin();
	assert_int_equal(share(TROTH_EVENT_SHARE_RECALLED, 0), TROTH_REASON_NO_POOL);
	assert_int_equal(share(TROTH_EVENT_SHARE_ALLOTTED, 10), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_RECALLED, 0), TROTH_REASON_WRONG_STATE);
	fixture_event(&e, TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 5000;
	TROTH_TEXT_SET(e.u.share.to_party, "zeta");
	TROTH_TEXT_SET(e.u.share.to_site, "main");
	assert_true(troth_event_check(&e, &flaw));
	assert_int_equal(tell(&st, e.type, "brand", "hq"), OK);
	assert_int_equal(the_share()->recalled, 5000);
	assert_int_equal(share(TROTH_EVENT_SHARE_RETURNED, 2), OK);
	assert_int_equal(share(TROTH_EVENT_SHARE_RECALLED, 0), OK);
	assert_int_equal(the_share()->recalled, 0);
	assert_string_equal(the_share()->to_party, "");
	assert_string_equal(the_share()->to_site, "");
	/* What the site had sent back before it heard of that is booked once. */
	assert_int_equal(share(TROTH_EVENT_SHARE_RETURNED, 3), OK);
	assert_int_equal(the_share()->recalled, 0);
	assert_int_equal(the_share()->returned, 5);
	assert_int_equal(troth_share_available(the_share()), 5);
	assert_int_equal(share(TROTH_EVENT_SHARE_RECALLED, 0), TROTH_REASON_WRONG_STATE);
}

static void nothing_is_asked_back_for_nobody(void **state)
{
	static const struct {
		enum troth_event_type type;
		int64_t amount;
		bool to;
		const char *field; /* NULL: it is well formed. */
	} rows[] = {
		{ TROTH_EVENT_SHARE_RECALLED, 0, false, NULL },
		{ TROTH_EVENT_SHARE_RECALLED, 1, true, NULL },
		{ TROTH_EVENT_SHARE_RECALLED, 0, true, "to_site" },
		{ TROTH_EVENT_SHARE_RECALLED, -1, false, "amount" },
		{ TROTH_EVENT_SHARE_RECALLED, TROTH_AMOUNT_MAX, true, NULL },
		{ TROTH_EVENT_SHARE_RECALLED, TROTH_AMOUNT_MAX + 1, true, "amount" },
		{ TROTH_EVENT_SHARE_ALLOTTED, 0, false, "amount" },
		{ TROTH_EVENT_SHARE_RETURNED, 0, false, "amount" },
		{ TROTH_EVENT_SHARE_SPENT, 0, false, "amount" },
		{ TROTH_EVENT_SHARE_FREED, 0, false, "amount" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_flaw flaw = { "", "" };

		fixture_event(&e, rows[i].type, "acme");
		e.u.share.amount = rows[i].amount;
		TROTH_TEXT_SET(e.u.share.to_party, rows[i].to ? "zeta" : "");
		TROTH_TEXT_SET(e.u.share.to_site, rows[i].to ? "main" : "");
		assert_int_equal(troth_event_check(&e, &flaw), rows[i].field == NULL);
		assert_string_equal(flaw.field,
				    rows[i].field != NULL ? rows[i].field : "");
	}
}

/* Whatever central accepts as it should be, in any order: nothing is spent twice. */
static void whatever_happens_a_share_is_never_more_than_was_allotted(void **state)
{
	static const enum troth_event_type types[] = {
		TROTH_EVENT_SHARE_ALLOTTED, TROTH_EVENT_SHARE_RECALLED,
		TROTH_EVENT_SHARE_RETURNED, TROTH_EVENT_SHARE_SPENT,
		TROTH_EVENT_SHARE_SPENT,    TROTH_EVENT_SHARE_FREED,
		TROTH_EVENT_SHARE_FROZEN,   TROTH_EVENT_SHARE_THAWED,
	};

	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		srand(seed);
		begin();
		(void)share(TROTH_EVENT_SHARE_ALLOTTED, 20);
		for (int step = 0; step < 60; step++) {
			enum troth_event_type t =
				types[(size_t)rand() % TROTH_LEN(types)];
			const struct troth_share *s = the_share();
			int64_t spent = s->spent, amount = 1 + rand() % 12;

			if (t == TROTH_EVENT_SHARE_RECALLED && amount > 9)
				amount = 0;
			enum troth_reason r = share(t, amount);

			if (t == TROTH_EVENT_SHARE_SPENT && r != OK) {
				assert_int_equal(s->spent, spent + amount);
				(void)share(TROTH_EVENT_SHARE_FREED, amount);
			}
			assert_true(s->spent - s->freed + s->returned + s->lost +
					    troth_share_available(s) ==
				    s->allotted);
			assert_true(troth_share_out(s) >= 0);
		}
	}
}

static void a_grant_ends_when_it_is_withdrawn_and_can_be_given_again(void **state)
{
	const struct troth_grant *g;

	(void)state;
	begin();
	st.now.ms += 1000;
	assert_int_equal(usual(TROTH_EVENT_GRANT_WITHDRAWN, "brand"), OK);
	g = &st.s.authority.grants[0];
	assert_true(troth_grant_in_force(g, (struct troth_time){ st.now.ms - 1 }));
	assert_false(troth_grant_in_force(g, st.now));
	assert_int_equal(g->withdrawn_at, st.position);
	assert_int_equal(usual(TROTH_EVENT_GRANT_WITHDRAWN, "brand"), OK);
	assert_int_equal(g->withdrawn_at, st.position - 1); /* It was told once. */
	assert_int_equal(usual(TROTH_EVENT_GRANT_GIVEN, "brand"), OK);
	assert_int_equal(st.s.authority.grant_count, 1);
	assert_int_equal(g->withdrawn_at, 0);
	assert_true(troth_grant_in_force(g, st.now));
	fixture_event(&e, TROTH_EVENT_GRANT_WITHDRAWN, "brand");
	TROTH_TEXT_SET(e.u.grant.grant.grant, "others");
	assert_int_equal(tell(&st, e.type, "brand", "hq"), TROTH_REASON_NO_GRANT_ID);
}

static void a_suspension_knows_where_it_stands_until_it_ends(void **state)
{
	(void)state;
	begin();
	assert_int_equal(usual(TROTH_EVENT_PARTY_SUSPENDED, "brand"), OK);
	assert_int_equal(st.s.authority.suspended_at, st.position);
	assert_int_equal(usual(TROTH_EVENT_PARTY_RESUMED, "brand"), OK);
	assert_int_equal(st.s.authority.suspended_at, 0);
}

static void a_grant_draws_on_a_pool_that_is_counted_alike(void **state)
{
	(void)state;
	begin();
	fixture_event(&e, TROTH_EVENT_GRANT_GIVEN, "brand");
	TROTH_TEXT_SET(e.u.grant.grant.pool, "nothing");
	assert_int_equal(tell(&st, e.type, "brand", "hq"), TROTH_REASON_NO_POOL);
	fixture_event(&e, TROTH_EVENT_GRANT_GIVEN, "brand");
	TROTH_TEXT_SET(e.u.grant.grant.currency, "EUR");
	assert_int_equal(tell(&st, e.type, "brand", "hq"), TROTH_REASON_NO_POOL);
	fixture_event(&e, TROTH_EVENT_GRANT_GIVEN, "brand");
	TROTH_TEXT_SET(e.u.grant.grant.skus[0].sku, "HDMI-*");
	assert_int_equal(tell(&st, e.type, "brand", "hq"), TROTH_REASON_NO_POOL);
	fixture_event(&e, TROTH_EVENT_GRANT_GIVEN, "brand");
	e.u.grant.grant.sku_count = 0;
	assert_int_equal(tell(&st, e.type, "brand", "hq"), TROTH_REASON_NO_POOL);
	fixture_event(&e, TROTH_EVENT_POOL_SET, "brand");
	TROTH_TEXT_SET(e.u.pool.sku, "HDMI-3M");
	assert_int_equal(tell(&brands, e.type, "brand", "hq"), TROTH_REASON_EXISTS);
}

static void there_are_as_many_as_there_may_be(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 1; i <= TROTH_GRANTS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_GRANT_GIVEN, "brand");
		(void)snprintf(e.u.grant.grant.grant, sizeof(e.u.grant.grant.grant),
			       "g%u", i);
		assert_int_equal(tell(&st, e.type, "brand", "hq"),
				 i < TROTH_GRANTS_MAX ? OK : TROTH_REASON_LIMIT);
	}
	for (unsigned i = 0; i <= TROTH_SHARES_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_SHARE_ALLOTTED, "brand");
		(void)snprintf(e.u.share.site, sizeof(e.u.share.site), "s%u", i);
		assert_int_equal(tell(&st, e.type, "brand", "hq"),
				 i < TROTH_SHARES_MAX ? OK : TROTH_REASON_LIMIT);
	}
	for (unsigned i = 1; i <= TROTH_POOLS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_POOL_SET, "brand");
		(void)snprintf(e.u.pool.pool, sizeof(e.u.pool.pool), "p%u", i);
		assert_int_equal(tell(&brands, e.type, "brand", "hq"),
				 i < TROTH_POOLS_MAX ? OK : TROTH_REASON_LIMIT);
	}
}

static void the_brand_and_the_party_see_it_and_nobody_else(void **state)
{
	(void)state;
	begin();
	assert_int_equal(st.s.participant_count, 2);
	assert_true(troth_subject_is_participant(&st.s, "brand"));
	assert_true(troth_subject_is_participant(&st.s, "acme"));
	assert_int_equal(brands.s.participant_count, 1);
}

static void a_name_with_a_star_stands_for_any_rest(void **state)
{
	(void)state;
	assert_true(troth_sku_fits("", "anything"));
	assert_true(troth_sku_fits("HDMI-2M", "HDMI-2M"));
	assert_true(troth_sku_fits("HDMI-*", "HDMI-2M"));
	assert_true(troth_sku_fits("HDMI-*", "HDMI-"));
	assert_false(troth_sku_fits("HDMI-*", "HDMI"));
	assert_false(troth_sku_fits("HDMI-2M", "HDMI-2M-X"));
	assert_false(troth_sku_fits("HDMI-2M", ""));
	assert_true(troth_sku_fits("", ""));
	assert_true(troth_sku_fits("*", "anything"));
	assert_false(troth_sku_fits("*", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_central_delegates_and_only_the_site_spends),
		cmocka_unit_test(a_site_does_not_touch_the_share_of_another),
		cmocka_unit_test(
			a_share_is_spent_to_its_last_piece_and_one_more_is_flagged),
		cmocka_unit_test(
			a_frozen_share_is_not_returned_and_thaws_less_what_was_lost),
		cmocka_unit_test(what_is_asked_back_is_taken_back_by_asking_for_nothing),
		cmocka_unit_test(nothing_is_asked_back_for_nobody),
		cmocka_unit_test(
			whatever_happens_a_share_is_never_more_than_was_allotted),
		cmocka_unit_test(
			a_grant_ends_when_it_is_withdrawn_and_can_be_given_again),
		cmocka_unit_test(a_suspension_knows_where_it_stands_until_it_ends),
		cmocka_unit_test(a_sum_beyond_all_reason_is_not_added_to),
		cmocka_unit_test(a_grant_draws_on_a_pool_that_is_counted_alike),
		cmocka_unit_test(there_are_as_many_as_there_may_be),
		cmocka_unit_test(the_brand_and_the_party_see_it_and_nobody_else),
		cmocka_unit_test(a_name_with_a_star_stands_for_any_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
