/* Who may do what to orders, cases and the federation, and who sees them. */
#include "story.h"

#include "troth/core/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define OK           TROTH_REASON_NONE
#define NOT_ENTITLED TROTH_REASON_NOT_ENTITLED

static struct story st;
static struct troth_event e;

static void refused(enum troth_reason is, enum troth_reason want)
{
	assert_int_equal(is, want);
	assert_int_equal(st.last.outcome, TROTH_REFUSED);
}

static bool sees(const char *party)
{
	return troth_subject_is_participant(&st.s, party);
}

/* --- orders --- */

static void an_order_is_placed_by_its_seller_or_the_brand(void **state)
{
	static const struct {
		const char *by, *seller, *carrier, *line_seller;
		enum troth_reason want;
	} cases[] = {
		{ "shop", "shop", "swift", "", OK },
		{ "shop", "shop", "", "", OK },
		{ "brand", "shop", "swift", "mall", OK },
		{ "brand", "brand", "brand", "brand", OK },
		{ "mall", "shop", "swift", "", NOT_ENTITLED },
		{ "acme", "shop", "swift", "", NOT_ENTITLED },
		{ "swift", "shop", "swift", "", NOT_ENTITLED },
		{ "brand", "nobody", "swift", "", TROTH_REASON_NO_PARTY },
		{ "brand", "acme", "swift", "", TROTH_REASON_WRONG_ROLE },
		{ "shop", "shop", "nobody", "", TROTH_REASON_NO_PARTY },
		{ "shop", "shop", "mall", "", TROTH_REASON_WRONG_ROLE },
		{ "shop", "shop", "swift", "nobody", TROTH_REASON_NO_PARTY },
		{ "shop", "shop", "swift", "slow", TROTH_REASON_WRONG_ROLE },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		story_begin(&st, TROTH_SUBJECT_ORDER);
		fixture_event(&e, TROTH_EVENT_ORDER_PLACED, cases[i].by);
		TROTH_TEXT_SET(e.u.order.seller, cases[i].seller);
		TROTH_TEXT_SET(e.u.order.carrier, cases[i].carrier);
		e.u.order.lines[1] = e.u.order.lines[0];
		e.u.order.line_count = 2;
		TROTH_TEXT_SET(e.u.order.lines[1].seller, cases[i].line_seller);
		assert_int_equal(story_tell(&st, &e), cases[i].want);
		assert_int_equal(troth_subject_exists(&st.s), cases[i].want == OK);
	}
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	refused(story_do(&st, TROTH_EVENT_ORDER_PLACED, "shop"), TROTH_REASON_EXISTS);
}

static void what_does_not_exist_cannot_be_changed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		enum troth_event_type type = fixture_types[i];
		bool of_case = type >= TROTH_EVENT_CASE_OPENED &&
			       type < TROTH_EVENT_PROMISE_MADE;

		if (type < TROTH_EVENT_ORDER_PLACED || type == TROTH_EVENT_ORDER_PLACED ||
		    type == TROTH_EVENT_CASE_OPENED || type >= TROTH_EVENT_POOL_SET)
			continue; /* These bring something to life. */
		story_begin(&st, of_case ? TROTH_SUBJECT_CASE : TROTH_SUBJECT_ORDER);
		refused(story_do(&st, type, "brand"), TROTH_REASON_NO_SUBJECT);
		assert_false(troth_subject_exists(&st.s));
	}
}

/* On the usual order with acme's case; each right tried on a fresh one. */
static void each_party_does_its_own_part(void **state)
{
	static const char *const parties[] = { "brand", "acme", "shop",
					       "swift", "zeta", "slow" };
	static const struct {
		enum troth_event_type type;
		enum troth_reason want[6]; /* In the order of `parties`. */
	} rights[] = {
		{ TROTH_EVENT_ORDER_CORRECTED,
		  { OK, OK, OK, NOT_ENTITLED, NOT_ENTITLED, NOT_ENTITLED } },
		{ TROTH_EVENT_ORDER_SHIPPED,
		  { OK, NOT_ENTITLED, OK, OK, NOT_ENTITLED, NOT_ENTITLED } },
		{ TROTH_EVENT_ORDER_DELIVERED,
		  { OK, NOT_ENTITLED, NOT_ENTITLED, OK, NOT_ENTITLED, NOT_ENTITLED } },
		{ TROTH_EVENT_ORDER_CANCELLED,
		  { OK, OK, OK, NOT_ENTITLED, NOT_ENTITLED, NOT_ENTITLED } },
		{ TROTH_EVENT_PROMISE_MADE,
		  { OK, OK, OK, OK, NOT_ENTITLED, NOT_ENTITLED } },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rights); i++) {
		for (size_t p = 0; p < TROTH_LEN(parties); p++) {
			story_begin_usual(&st, TROTH_SUBJECT_ORDER);
			assert_int_equal(
				story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
			assert_int_equal(story_do(&st, rights[i].type, parties[p]),
					 rights[i].want[p]);
		}
	}
}

static void a_correction_made_on_an_older_version_is_stale(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CORRECTED, "shop"), OK);
	assert_int_equal(st.s.order.version, 2);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "brand");
	TROTH_TEXT_SET(e.u.order.lines[0].sku, "TV-65");
	refused(story_tell(&st, &e), TROTH_REASON_STALE);
	assert_string_equal(st.s.order.lines[0].sku, "TV-55");
	e.u.order.version = 4;
	refused(story_tell(&st, &e), TROTH_REASON_STALE);
	e.u.order.version = 3;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_string_equal(st.s.order.lines[0].sku, "TV-65");
	assert_string_equal(st.s.order.seller, "shop"); /* Placing alone says that. */
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_SHIPPED, "swift"), OK);
	e.u.order.version = 4;
	refused(story_tell(&st, &e), TROTH_REASON_WRONG_STATE);
}

static void what_happened_to_a_parcel_stands(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CANCELLED, "shop"), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_DELIVERED, "swift"),
			 TROTH_REASON_SUBJECT_CLOSED);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	assert_int_equal(st.s.order.state, TROTH_ORDER_CANCELLED);
	assert_int_equal(st.s.order.delivered.ms, FIXTURE_NOW);

	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_DELIVERED, "swift"), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_SHIPPED, "swift"),
			 TROTH_REASON_WRONG_STATE);
	assert_int_equal(st.last.outcome, TROTH_FLAGGED);
	assert_int_equal(st.s.order.state, TROTH_ORDER_DELIVERED);
	assert_int_equal(st.s.order.shipped.ms, FIXTURE_NOW);
	fixture_event(&e, TROTH_EVENT_ORDER_DELIVERED, "swift");
	e.u.at.ms++;
	assert_int_equal(story_tell(&st, &e), TROTH_REASON_WRONG_STATE);
	assert_int_equal(st.s.order.delivered.ms, FIXTURE_NOW); /* The first word. */
	refused(story_do(&st, TROTH_EVENT_ORDER_CANCELLED, "shop"),
		TROTH_REASON_WRONG_STATE);
}

static void a_vendor_links_its_own_cases_only(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	TROTH_TEXT_SET(e.u.link.vendor, "zeta");
	refused(story_tell(&st, &e), NOT_ENTITLED);
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "swift");
	TROTH_TEXT_SET(e.u.link.vendor, "swift");
	refused(story_tell(&st, &e), TROTH_REASON_WRONG_ROLE);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
	assert_true(sees("acme"));
	refused(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"),
		TROTH_REASON_EXISTS);
	for (unsigned i = 1; i <= TROTH_LINKS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "brand");
		e.u.link.id = fixture_id(200 + i);
		assert_int_equal(story_tell(&st, &e),
				 i < TROTH_LINKS_MAX ? OK : TROTH_REASON_LIMIT);
	}
}

/* --- who sees an order --- */

static void a_replaced_carrier_sees_no_more(void **state)
{
	uint64_t revision;

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_true(sees("brand") && sees("shop") && sees("swift"));
	assert_false(sees("slow") || sees("acme"));
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	TROTH_TEXT_SET(e.u.order.carrier, "slow");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_true(sees("slow"));
	assert_false(sees("swift"));
	revision = st.s.participants[troth_subject_participant(&st.s, "swift")].left;
	assert_int_equal(revision, st.s.revision);
	refused(story_do(&st, TROTH_EVENT_ORDER_SHIPPED, "swift"), NOT_ENTITLED);
	/* It comes back, and takes the same place. */
	e.u.order.version = 3;
	TROTH_TEXT_SET(e.u.order.carrier, "swift");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_true(sees("swift"));
	assert_int_equal(st.s.participant_count, 4);
}

static void whoever_owes_something_sees_it(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.terms[0] = fixture_terms("slow");
	assert_int_equal(story_tell(&st, &e), OK);
	assert_true(sees("slow"));
}

/* A federation of many sellers, for more participants than there is room for. */
static bool crowd_party(void *ctx, const char *name, struct troth_party *out)
{
	if (fixture_lookup.party(ctx, name, out))
		return true;
	if (name[0] != 's' || name[1] != '-')
		return false;
	*out = (struct troth_party){ .role = TROTH_ROLE_SELLER };
	TROTH_TEXT_SET(out->party, name);
	return true;
}

static enum troth_reason crowded(unsigned sellers)
{
	struct troth_lookup crowd = fixture_lookup;
	const struct troth_who who = { "brand", "hq", TROTH_ROLE_BRAND, true, false };
	struct troth_verdict v;

	crowd.party = crowd_party;
	story_begin(&st, TROTH_SUBJECT_ORDER);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "brand");
	e.u.order.line_count = sellers;
	for (unsigned i = 0; i < sellers; i++) {
		e.u.order.lines[i] = e.u.order.lines[0];
		snprintf(e.u.order.lines[i].seller, sizeof(e.u.order.lines[i].seller),
			 "s-%u", i);
	}
	v = troth_judge(&st.s, &crowd, &who, &e, st.now);
	troth_apply(&st.s, &crowd, &who, &e, v,
		    (struct troth_place){ ++st.position, st.now });
	return v.reason;
}

static void nobody_owes_what_it_cannot_see(void **state)
{
	const unsigned room = TROTH_PARTICIPANTS_MAX - 3; /* brand, shop, swift */

	(void)state;
	assert_int_equal(crowded(room + 1), TROTH_REASON_LIMIT);
	assert_int_equal(crowded(room), OK);
	assert_int_equal(st.s.participant_count, TROTH_PARTICIPANTS_MAX);
	assert_int_equal(story_promise(&st, "shop", true), OK); /* swift is one. */
	assert_int_equal(story_step(&st, "swift", 1, TROTH_COMMITMENT_DO_DELEGATE),
			 TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	e.u.promise.id = fixture_id(11);
	e.u.promise.terms[0] = fixture_terms("slow");
	refused(story_tell(&st, &e), TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_COMMITMENT_ADDED, "shop");
	e.u.commitment.terms = fixture_terms("slow");
	refused(story_tell(&st, &e), TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	refused(story_tell(&st, &e), TROTH_REASON_LIMIT);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	TROTH_TEXT_SET(e.u.order.carrier, "slow");
	refused(story_tell(&st, &e), TROTH_REASON_LIMIT);
}

/* --- cases --- */

static void a_case_is_handled_by_one_vendor_at_a_time(void **state)
{
	(void)state;
	story_begin(&st, TROTH_SUBJECT_CASE);
	refused(story_do(&st, TROTH_EVENT_CASE_OPENED, "swift"), NOT_ENTITLED);
	refused(story_do(&st, TROTH_EVENT_CASE_OPENED, "shop"), NOT_ENTITLED);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_OPENED, "acme"), OK);
	assert_string_equal(st.s.cas.handler, "acme");
	refused(story_do(&st, TROTH_EVENT_CASE_OPENED, "acme"), TROTH_REASON_EXISTS);
	assert_false(sees("zeta"));
	refused(story_do(&st, TROTH_EVENT_CASE_HANDED_OVER, "zeta"), NOT_ENTITLED);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_HANDED_OVER, "acme"), OK);
	assert_string_equal(st.s.cas.handler, "zeta");
	assert_true(sees("zeta") && sees("acme")); /* Who has handled it goes on. */
	refused(story_do(&st, TROTH_EVENT_CASE_CLOSED, "acme"), NOT_ENTITLED);
	fixture_event(&e, TROTH_EVENT_CASE_HANDED_OVER, "zeta");
	TROTH_TEXT_SET(e.u.cas.to, "swift");
	refused(story_tell(&st, &e), TROTH_REASON_WRONG_ROLE);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_CLOSED, "zeta"), OK);
	refused(story_do(&st, TROTH_EVENT_CASE_CLOSED, "zeta"), TROTH_REASON_WRONG_STATE);
}

static void a_case_with_an_open_promise_is_not_closed(void **state)
{
	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_CASE);
	assert_int_equal(story_promise(&st, "acme", true), OK);
	refused(story_do(&st, TROTH_EVENT_CASE_CLOSED, "acme"),
		TROTH_REASON_OPEN_PROMISE);
	assert_int_equal(story_promise_step(&st, "acme", TROTH_PROMISE_DO_RELEASE), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_CLOSED, "acme"), OK);
	assert_int_equal(st.s.cas.state, TROTH_CASE_CLOSED);

	story_begin_usual(&st, TROTH_SUBJECT_CASE);
	assert_int_equal(story_promise(&st, "acme", false), OK);
	refused(story_do(&st, TROTH_EVENT_CASE_CLOSED, "brand"),
		TROTH_REASON_OPEN_PROMISE);
}

/* --- for whom --- */

static void a_party_acts_through_the_sites_of_its_operator(void **state)
{
	struct troth_who who;
	struct troth_site site;

	(void)state;
	fixture_event(&e, TROTH_EVENT_ORDER_SHIPPED, "acme");
	TROTH_TEXT_SET(e.on_behalf, "handy");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL), OK);
	assert_string_equal(who.party, "handy");
	assert_string_equal(who.site, "main");
	assert_int_equal(who.role, TROTH_ROLE_CARRIER);
	assert_false(who.central || who.clock);
	TROTH_TEXT_SET(e.on_behalf, "swift");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL),
		NOT_ENTITLED);
	TROTH_TEXT_SET(e.on_behalf, "nobody");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL),
		TROTH_REASON_NO_PARTY);
	TROTH_TEXT_SET(e.on_behalf, "acme");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL), OK);
	assert_string_equal(who.party, "acme");
	TROTH_TEXT_SET(e.origin, "spiffe://fed.example/gw/acme/other");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL),
		TROTH_REASON_NO_PARTY);
}

static void central_acts_for_the_brand(void **state)
{
	struct troth_lookup nobody = fixture_lookup;
	struct troth_who who;
	struct troth_site site;

	(void)state;
	fixture_event(&e, TROTH_EVENT_PARTY_ADDED, "brand");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL), OK);
	assert_string_equal(who.party, "brand");
	assert_int_equal(who.role, TROTH_ROLE_BRAND);
	assert_true(who.central);
	assert_false(who.clock);
	TROTH_TEXT_SET(e.actor, TROTH_CLOCK_ACTOR);
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL), OK);
	assert_true(who.clock);
	TROTH_TEXT_SET(e.origin, "spiffe://fed.example/gw/acme/main");
	assert_int_equal(
		troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL), OK);
	assert_false(who.clock); /* A name alone makes no clock. */
	TROTH_TEXT_SET(e.origin, FIXTURE_CENTRAL);
	TROTH_TEXT_SET(e.actor, "clocks");
	nobody.brand = ""; /* Before there is one. */
	assert_int_equal(troth_who_acts(&who, &site, &nobody, &e, FIXTURE_CENTRAL), OK);
	assert_int_equal(who.role, TROTH_ROLE_BRAND);
}

/* --- the federation --- */

static enum troth_reason federation(const char *by, const struct troth_lookup *lookup)
{
	static struct troth_subject header;
	const struct troth_id none = { { 0 } };
	struct troth_who who;
	struct troth_site site;

	troth_subject_init(&header, TROTH_SUBJECT_FEDERATION, &none);
	if (strcmp(by, "brand") == 0)
		TROTH_TEXT_SET(e.origin, FIXTURE_CENTRAL);
	assert_int_equal(troth_who_acts(&who, &site, lookup, &e, FIXTURE_CENTRAL), OK);
	return troth_judge(&header, lookup, &who, &e, st.now).reason;
}

static void the_federation_is_changed_by_central_alone(void **state)
{
	struct troth_lookup nobody = fixture_lookup;

	(void)state;
	for (unsigned i = 0; fixture_types[i] < TROTH_EVENT_ORDER_PLACED; i++) {
		fixture_event(&e, fixture_types[i], "acme");
		assert_int_equal(federation("acme", &fixture_lookup), NOT_ENTITLED);
	}
	fixture_event(&e, TROTH_EVENT_PARTY_ADDED, "brand");
	assert_int_equal(federation("brand", &fixture_lookup), OK);
	TROTH_TEXT_SET(e.u.party.operator_party, "nobody");
	assert_int_equal(federation("brand", &fixture_lookup), TROTH_REASON_NO_PARTY);
	TROTH_TEXT_SET(e.u.party.operator_party, "");
	TROTH_TEXT_SET(e.u.party.party, "acme");
	assert_int_equal(federation("brand", &fixture_lookup), TROTH_REASON_EXISTS);
	TROTH_TEXT_SET(e.u.party.party, "nova");
	e.u.party.role = TROTH_ROLE_BRAND;
	assert_int_equal(federation("brand", &fixture_lookup), TROTH_REASON_WRONG_ROLE);
	nobody.brand = "";
	assert_int_equal(federation("brand", &nobody), OK);
	e.u.party.role = TROTH_ROLE_VENDOR;
	assert_int_equal(federation("brand", &nobody), TROTH_REASON_WRONG_ROLE);
}

static void a_site_says_who_is_on_duty_there_and_nowhere_else(void **state)
{
	(void)state;
	fixture_event(&e, TROTH_EVENT_SITE_AVAILABILITY, "acme");
	assert_int_equal(federation("acme", &fixture_lookup), OK);
	TROTH_TEXT_SET(e.on_behalf, "handy"); /* Which acme operates. */
	assert_int_equal(federation("acme", &fixture_lookup), NOT_ENTITLED);
	TROTH_TEXT_SET(e.on_behalf, "");
	assert_int_equal(federation("brand", &fixture_lookup), NOT_ENTITLED);
	/* By a clock that runs far ahead it would hold as long. */
	st.now.ms = FIXTURE_NOW;
	fixture_event(&e, TROTH_EVENT_SITE_AVAILABILITY, "acme");
	e.created.ms = FIXTURE_NOW + TROTH_AVAILABLE_MAX_MS + 1;
	e.u.availability.until.ms = FIXTURE_NOW + 2 * TROTH_AVAILABLE_MAX_MS + 1;
	assert_int_equal(federation("acme", &fixture_lookup), TROTH_REASON_LIMIT);
	e.u.availability.until.ms--;
	assert_int_equal(federation("acme", &fixture_lookup), OK);
}

/* Versions up to `published`; the second one has been withdrawn, if there is one. */
static uint64_t published;

static uint64_t newest_published(void *policies)
{
	(void)policies;
	return published;
}

static const struct troth_policy *find_published(void *policies, uint64_t version)
{
	static struct troth_policy p;

	(void)policies;
	p.version = version;
	p.withdrawn.ms = version == 2 ? FIXTURE_NOW : 0;
	return version == 3 ? NULL : &p; /* The third cannot be read here. */
}

static void a_policy_is_the_next_version_and_is_withdrawn_once(void **state)
{
	struct troth_lookup lookup = fixture_lookup;

	(void)state;
	fixture_event(&e, TROTH_EVENT_POLICY_PUBLISHED, "brand");
	assert_int_equal(federation("brand", &lookup), OK); /* The first of all. */
	e.u.policy.version = 2;
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_STALE);
	lookup.policy = find_published;
	lookup.newest_policy = newest_published;
	published = 3;
	for (uint64_t v = 1; v <= 5; v++) {
		e.u.policy.version = v;
		assert_int_equal(federation("brand", &lookup),
				 v == 4 ? OK : TROTH_REASON_STALE);
	}
	e.type = TROTH_EVENT_POLICY_WITHDRAWN;
	for (uint64_t v = 1; v <= 4; v++) {
		e.u.policy.version = v;
		assert_int_equal(federation("brand", &lookup),
				 v == 2   ? TROTH_REASON_POLICY_WITHDRAWN
				 : v == 4 ? TROTH_REASON_POLICY_UNKNOWN
					  : OK);
	}
}

/* acme's site as its keys are told: `count` of them, of which the first is revoked. */
static struct troth_site keys;

static bool find_keys(void *ctx, const char *origin, struct troth_site *out)
{
	(void)ctx;
	*out = keys;
	return strcmp(origin, keys.origin) == 0;
}

static void a_key_is_added_once_and_revoked_once(void **state)
{
	struct troth_lookup lookup = fixture_lookup;

	(void)state;
	lookup.site = find_keys;
	fixture_event(&e, TROTH_EVENT_SITE_KEY_ADDED, "brand");
	keys = (struct troth_site){ .key_count = 2, .keys = { { { 1 }, true } } };
	TROTH_TEXT_SET(keys.origin, e.u.site.origin);
	keys.keys[1].key[0] = 2;
	memset(e.u.site.key, 0, sizeof(e.u.site.key));
	e.u.site.key[0] = 3;
	assert_int_equal(federation("brand", &lookup), OK);
	e.u.site.key[0] = 2;
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_EXISTS);
	e.u.site.key[0] = 1; /* A revoked key never comes back. */
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_EXISTS);
	e.type = TROTH_EVENT_SITE_KEY_REVOKED;
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_EXISTS);
	e.u.site.key[0] = 2;
	assert_int_equal(federation("brand", &lookup), OK);
	e.u.site.key[0] = 3;
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_NO_PARTY);
	e.type = TROTH_EVENT_SITE_KEY_ADDED;
	keys.key_count = TROTH_SITE_KEYS_MAX;
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_LIMIT);
	TROTH_TEXT_SET(e.u.site.origin, "spiffe://fed.example/gw/acme/other");
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_NO_PARTY);
	fixture_event(&e, TROTH_EVENT_SITE_ADDED, "brand");
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_EXISTS);
	TROTH_TEXT_SET(e.u.site.origin, "spiffe://fed.example/gw/acme/other");
	assert_int_equal(federation("brand", &lookup), OK);
	TROTH_TEXT_SET(e.u.site.site, TROTH_HQ_SITE); /* Others may call theirs so. */
	assert_int_equal(federation("brand", &lookup), OK);
	TROTH_TEXT_SET(e.u.site.party, "brand");
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_EXISTS);
	TROTH_TEXT_SET(e.u.site.site, "hq");
	assert_int_equal(federation("brand", &lookup), OK);
	TROTH_TEXT_SET(e.u.site.party, "nobody");
	assert_int_equal(federation("brand", &lookup), TROTH_REASON_NO_PARTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_placed_by_its_seller_or_the_brand),
		cmocka_unit_test(what_does_not_exist_cannot_be_changed),
		cmocka_unit_test(each_party_does_its_own_part),
		cmocka_unit_test(a_correction_made_on_an_older_version_is_stale),
		cmocka_unit_test(what_happened_to_a_parcel_stands),
		cmocka_unit_test(a_vendor_links_its_own_cases_only),
		cmocka_unit_test(a_replaced_carrier_sees_no_more),
		cmocka_unit_test(whoever_owes_something_sees_it),
		cmocka_unit_test(nobody_owes_what_it_cannot_see),
		cmocka_unit_test(a_case_is_handled_by_one_vendor_at_a_time),
		cmocka_unit_test(a_case_with_an_open_promise_is_not_closed),
		cmocka_unit_test(a_party_acts_through_the_sites_of_its_operator),
		cmocka_unit_test(central_acts_for_the_brand),
		cmocka_unit_test(the_federation_is_changed_by_central_alone),
		cmocka_unit_test(a_site_says_who_is_on_duty_there_and_nowhere_else),
		cmocka_unit_test(a_policy_is_the_next_version_and_is_withdrawn_once),
		cmocka_unit_test(a_key_is_added_once_and_revoked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
