/* What HQ has published, in the store and parsed. */
#include "memkv.h"

#include "fixture.h"

#include "troth/state/key.h"
#include "troth/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct memkv_disk *disk;
static struct troth_kv *kv;
static struct troth_txn t;
static struct troth_policies *policies;

static int start(void **state)
{
	struct troth_why why;

	(void)state;
	disk = memkv_disk_new();
	if (memkv_open(&kv, disk, &troth_gateway_schema, &why) != TROTH_OK)
		return -1;
	policies = troth_policies_new(NULL);
	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	return policies == NULL ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	troth_txn_abort(&t);
	troth_policies_free(policies);
	memkv_disk_free(disk);
	return 0;
}

static void publish(uint64_t version, const char *text)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_POLICY_PUBLISHED, "brand");
	e.u.policy.version = version;
	e.u.policy.policy_text = troth_span_str(text);
	e.created.ms = FIXTURE_NOW + (int64_t)version;
	troth_state_apply_federation(&t, &e, 100 + version);
}

/* A policy whose one rule lets so many pieces be given. */
static void publish_most(uint64_t version, unsigned most)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "rules: ( { most = %u; } );", most);
	publish(version, text);
}

static void withdraw(uint64_t version, const char *reason, int64_t at)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_POLICY_WITHDRAWN, "brand");
	e.u.policy.version = version;
	TROTH_TEXT_SET(e.u.policy.reason, reason);
	e.created.ms = at;
	troth_state_apply_federation(&t, &e, 200 + version);
}

static void what_was_published_stands_there_byte_for_byte(void **state)
{
	struct troth_policy_record r;
	struct troth_digest digest;
	struct troth_span text = troth_span_str(FIXTURE_POLICY);

	(void)state;
	assert_int_equal(troth_state_newest_policy(&t), 0);
	assert_false(troth_state_policy(&t, 1, &r));
	publish(1, FIXTURE_POLICY);
	publish_most(2, 7);
	assert_int_equal(troth_state_newest_policy(&t), 2);
	assert_true(troth_state_policy(&t, 1, &r));
	assert_true(troth_span_eq(r.text, text));
	troth_sha256(&digest, &text, 1);
	assert_true(troth_digest_eq(&digest, &r.digest));
	assert_int_equal(r.published.ms, FIXTURE_NOW + 1);
	assert_int_equal(r.withdrawn.ms, 0);
	assert_int_equal(r.withdrawn_at, 0);
	assert_string_equal(r.reason, "");
	assert_false(troth_state_policy(&t, 3, &r));
	assert_true(troth_txn_sound(&t));
}

static void a_version_is_withdrawn_once_and_still_says_what_it_said(void **state)
{
	struct troth_policy_record r;
	const struct troth_policy *p;

	(void)state;
	publish_most(1, 7);
	publish_most(2, 8);
	p = troth_policies_get(policies, &t, 1);
	assert_int_equal(p->withdrawn.ms, 0);
	withdraw(1, "mistake", FIXTURE_NOW + 10);
	withdraw(1, "again", FIXTURE_NOW + 20);
	withdraw(3, "unknown", FIXTURE_NOW + 30);
	assert_true(troth_state_policy(&t, 1, &r));
	assert_int_equal(r.withdrawn.ms, FIXTURE_NOW + 10);
	assert_int_equal(r.withdrawn_at, 201);
	assert_string_equal(r.reason, "mistake");
	assert_int_equal(troth_state_newest_policy(&t), 2);
	p = troth_policies_get(policies, &t, 1);
	assert_int_equal(p->withdrawn.ms, FIXTURE_NOW + 10);
	assert_int_equal(p->withdrawn_at, 201);
	assert_int_equal(p->rules[0].most, 7);
	assert_int_equal(troth_policies_get(policies, &t, 2)->withdrawn.ms, 0);
}

static void a_version_is_parsed_once_while_seven_others_are_asked_for(void **state)
{
	const struct troth_policy *first;

	(void)state;
	for (unsigned v = 1; v <= 9; v++)
		publish_most(v, v * 10);
	first = troth_policies_get(policies, &t, 1);
	assert_int_equal(first->version, 1);
	for (unsigned v = 2; v <= 8; v++)
		assert_int_equal(troth_policies_get(policies, &t, v)->rules[0].most,
				 v * 10);
	assert_ptr_equal(troth_policies_get(policies, &t, 1), first);
	assert_int_equal(first->rules[0].most, 10);
	/* The ninth takes the place of 2, which nobody has asked for longest. */
	assert_int_equal(troth_policies_get(policies, &t, 9)->rules[0].most, 90);
	assert_ptr_equal(troth_policies_get(policies, &t, 1), first);
	assert_int_equal(troth_policies_get(policies, &t, 2)->rules[0].most, 20);
}

static void what_a_transaction_took_back_is_not_remembered(void **state)
{
	(void)state;
	publish_most(1, 7);
	assert_int_equal(troth_policies_get(policies, &t, 1)->rules[0].most, 7);
	troth_txn_abort(&t);
	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	assert_null(troth_policies_get(policies, &t, 1));
	publish_most(1, 8);
	assert_int_equal(troth_policies_get(policies, &t, 1)->rules[0].most, 8);
}

static void a_version_that_cannot_be_read_here_is_none(void **state)
{
	struct troth_policy_record r;

	(void)state;
	publish(1, "from_the_future: 1;");
	publish(2, "calendars: { c: { zone = \"Europe/Berlin\"; hours: { mon = "
		   "\"09:00-17:00\"; }; }; };"); /* Here there is only UTC. */
	assert_null(troth_policies_get(policies, &t, 1));
	assert_null(troth_policies_get(policies, &t, 1));
	assert_null(troth_policies_get(policies, &t, 2));
	assert_null(troth_policies_get(policies, &t, 0));
	assert_null(troth_policies_get(policies, &t, 3));
	assert_true(troth_state_policy(&t, 1, &r));
	assert_true(troth_txn_sound(&t));
}

static enum troth_err trouble; /* Of the zones, just now. */

static enum troth_err find_zone(void *ctx, const char *name, struct troth_zone *out,
				struct troth_why *why)
{
	(void)ctx;
	(void)name;
	troth_zone_utc(out);
	return trouble == TROTH_OK ? TROTH_OK : troth_fail(why, trouble, "no luck");
}

static void what_cannot_be_read_just_now_is_asked_for_again(void **state)
{
	static const struct troth_zone_source zones = { find_zone, NULL };
	static const enum troth_err passing[] = { TROTH_ERR_MEMORY, TROTH_ERR_IO };

	(void)state;
	troth_policies_free(policies);
	policies = troth_policies_new(&zones);
	publish(1, "calendars: { c: { zone = \"UTC\"; hours: { mon = "
		   "\"09:00-17:00\"; }; }; };");
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	for (size_t i = 0; i < TROTH_LEN(passing); i++) {
		trouble = passing[i];
		troth_txn_begin(&t, kv, TROTH_TXN_READ);
		assert_null(troth_policies_get(policies, &t, 1));
		assert_int_equal(troth_txn_sound(&t), trouble == TROTH_ERR_IO);
		troth_txn_abort(&t);
	}
	trouble = TROTH_OK;
	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	assert_non_null(troth_policies_get(policies, &t, 1));
	assert_true(troth_txn_sound(&t));
}

static void a_lookup_asks_for_policies_only_where_it_is_given_them(void **state)
{
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_source source = { .t = &t };
	struct troth_lookup lookup;

	(void)state;
	publish_most(1, 7);
	troth_state_lookup(&lookup, &source, brand);
	assert_int_equal(troth_lookup_newest_policy(&lookup), 0);
	assert_null(troth_lookup_policy(&lookup, 1));
	source.policies = policies;
	troth_state_lookup(&lookup, &source, brand);
	assert_int_equal(troth_lookup_newest_policy(&lookup), 1);
	assert_int_equal(troth_lookup_policy(&lookup, 1)->rules[0].most, 7);
	publish_most(2, 8); /* In the same transaction. */
	assert_int_equal(troth_lookup_newest_policy(&lookup), 2);
	assert_int_equal(troth_lookup_policy(&lookup, 2)->rules[0].most, 8);
}

static void a_record_that_is_none_is_found_out(void **state)
{
	struct troth_policy_record r;
	struct troth_key k = { .len = 0 };

	(void)state;
	troth_key_u64(&k, 1);
	troth_txn_put(&t, TROTH_T_POLICIES, troth_key_span(&k), troth_span("short", 5));
	assert_false(troth_state_policy(&t, 1, &r));
	assert_int_equal(t.err, TROTH_ERR_CORRUPT);
}

static void a_text_may_be_published_if_it_parses(void **state)
{
	struct troth_why why = { "" };

	(void)state;
	assert_int_equal(
		troth_policies_check(policies, &t, troth_span_str(FIXTURE_POLICY), &why),
		TROTH_OK);
	assert_int_equal(
		troth_policies_check(policies, &t, troth_span_str("\nrulez: 1;"), &why),
		TROTH_ERR_INPUT);
	assert_string_equal(why.text, "line 2: rulez: no such section");
}

#define NAMES(on_call, debtor)                                                           \
	"on_call: { day: ( { actor = \"a\"; party = \"acme\"; } );"                      \
	"           night: ( { actor = \"a\"; party = \"acme\"; },"                      \
	"                    { actor = \"b\"; party = \"" on_call "\"; } ); };"          \
	"routes: ( { owed = ( { debtor = \"brand\"; action = \"pay\"; } ); },"           \
	"          { owed = ( { debtor = \"maker\"; action = \"pay\"; },"                \
	"                     { party = \"" debtor "\"; action = \"pay\"; } ); } );"

static void its_parties_are_those_of_the_federation(void **state)
{
	static struct troth_event e;
	struct troth_why why = { "" };

	(void)state;
	fixture_event(&e, TROTH_EVENT_PARTY_ADDED, "brand");
	TROTH_TEXT_SET(e.u.party.party, "acme");
	troth_state_apply_federation(&t, &e, 1);
	assert_int_equal(troth_policies_check(policies, &t,
					      troth_span_str(NAMES("acme", "acme")),
					      &why),
			 TROTH_OK);
	assert_int_equal(troth_policies_check(policies, &t,
					      troth_span_str(NAMES("acm", "acme")), &why),
			 TROTH_ERR_INPUT);
	assert_string_equal(why.text,
			    "on_call.night[1].party: acm is no party of the federation");
	assert_int_equal(troth_policies_check(policies, &t,
					      troth_span_str(NAMES("acme", "acmes")),
					      &why),
			 TROTH_ERR_INPUT);
	assert_string_equal(
		why.text, "routes[1].owed[1].party: acmes is no party of the federation");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_published_stands_there_byte_for_byte),
		TEST(a_version_is_withdrawn_once_and_still_says_what_it_said),
		TEST(a_version_is_parsed_once_while_seven_others_are_asked_for),
		TEST(what_a_transaction_took_back_is_not_remembered),
		TEST(a_version_that_cannot_be_read_here_is_none),
		TEST(what_cannot_be_read_just_now_is_asked_for_again),
		TEST(a_lookup_asks_for_policies_only_where_it_is_given_them),
		TEST(a_record_that_is_none_is_found_out),
		TEST(its_parties_are_those_of_the_federation),
		TEST(a_text_may_be_published_if_it_parses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
