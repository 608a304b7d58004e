/* How policies come into the ledger, and stay there. */
#include "central_kit.h"

#include "troth/base/text.h"
#include "troth/state/policies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kit k;
static struct troth_event e;

/* HQ publishes `text` (NULL: withdraws that version); commits if `commit`. */
static struct troth_result hq(uint64_t version, const char *text, bool commit)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;
	struct troth_why why;

	assert_non_null(c);
	c->drafts[0]->type = text != NULL ? TROTH_EVENT_POLICY_PUBLISHED
					  : TROTH_EVENT_POLICY_WITHDRAWN;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	c->drafts[0]->u.policy.version = version;
	TROTH_TEXT_SET(c->drafts[0]->actor, "care.lead");
	if (text != NULL) {
		c->policy_text = strdup(text);
		c->drafts[0]->u.policy.policy_text = troth_span_str(c->policy_text);
	} else {
		TROTH_TEXT_SET(c->drafts[0]->u.policy.reason, "mistake");
	}
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	troth_command_free(c);
	if (commit)
		assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	return r;
}

static uint64_t newest(void)
{
	struct troth_txn t;
	uint64_t version;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	version = troth_state_newest_policy(&t);
	troth_txn_abort(&t);
	return version;
}

static void what_hq_publishes_is_sequenced_and_outlives_a_crash(void **state)
{
	struct troth_policy_record p;
	struct troth_result r;
	struct troth_txn t;

	(void)state;
	r = hq(1, FIXTURE_POLICY, true);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(hq(2, "# the second", true).status, TROTH_DONE);
	assert_int_equal(kit_entry(&k, r.position, &e).outcome, TROTH_TAKES_EFFECT);
	assert_int_equal(e.type, TROTH_EVENT_POLICY_PUBLISHED);
	kit_crash(&k);
	assert_int_equal(newest(), 2);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_true(troth_state_policy(&t, 1, &p));
	assert_true(troth_span_eq(p.text, troth_span_str(FIXTURE_POLICY)));
	assert_int_equal(p.published.ms, k.now.ms);
	troth_txn_abort(&t);
	assert_int_equal(hq(2, "# late", true).reason, TROTH_REASON_STALE);
	assert_int_equal(hq(3, "# in time", true).status, TROTH_DONE);
}

static void what_the_newest_says_is_published_again_only_if_it_was_withdrawn(void **state)
{
	struct troth_result r;

	(void)state;
	assert_int_equal(hq(1, "# one", true).status, TROTH_DONE);
	r = hq(2, "# one", true);
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "text");
	assert_int_equal(hq(1, "# one", true).reason, TROTH_REASON_STALE);
	assert_int_equal(hq(2, "# two", true).status, TROTH_DONE);
	assert_int_equal(hq(3, "# one", true).status, TROTH_DONE); /* Not the newest. */
	assert_int_equal(hq(3, NULL, true).status, TROTH_DONE);
	assert_int_equal(hq(4, "# one", true).status, TROTH_DONE);
	assert_int_equal(newest(), 4);
}

static void what_does_not_parse_is_not_published(void **state)
{
	struct troth_result r = hq(1, "rulez: 1;", true);

	(void)state;
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "text");
	r = hq(1,
	       "calendars: { c: { zone = \"Europe/Berlin\"; hours: { mon = "
	       "\"09:00-17:00\"; }; }; };",
	       true); /* Here there is only UTC. */
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_int_equal(newest(), 0);
}

static void a_party_that_is_not_there_is_named_in_no_policy(void **state)
{
	struct troth_result r = hq(
		1, "on_call: { night: ( { actor = \"a\"; party = \"nobody\"; } ); };",
		true);

	(void)state;
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "text");
	assert_int_equal(newest(), 0);
	assert_int_equal(
		hq(1, "on_call: { night: ( { actor = \"a\"; party = \"acme\"; } ); };",
		   true)
			.status,
		TROTH_DONE);
}

static void what_was_not_committed_was_not_published(void **state)
{
	(void)state;
	assert_int_equal(hq(1, "# one", false).status, TROTH_DONE);
	kit_crash(&k);
	assert_int_equal(newest(), 0);
	assert_int_equal(hq(1, "# another", true).status, TROTH_DONE);
}

static void a_version_is_withdrawn_once(void **state)
{
	(void)state;
	assert_int_equal(hq(1, NULL, true).reason, TROTH_REASON_POLICY_UNKNOWN);
	assert_int_equal(hq(1, FIXTURE_POLICY, true).status, TROTH_DONE);
	assert_int_equal(hq(1, NULL, true).status, TROTH_DONE);
	assert_int_equal(hq(1, NULL, true).reason, TROTH_REASON_POLICY_WITHDRAWN);
	assert_int_equal(newest(), 1);
}

static void a_site_cannot_publish(void **state)
{
	uint64_t position;

	(void)state;
	fixture_event(&e, TROTH_EVENT_POLICY_PUBLISHED, "shop");
	position = kit_take(&k, &k.shop, &e, NULL);
	assert_int_equal(kit_entry(&k, position, &e).reason, TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(newest(), 0);
}

static void every_site_is_given_what_was_published(void **state)
{
	const struct kit_site *const sites[] = { &k.acme, &k.zeta, &k.swift, &k.slow,
						 &k.shop };
	uint8_t marks[64][TROTH_ITEM_DIGEST_LEN];
	uint64_t positions[64];
	struct troth_result r = hq(1, FIXTURE_POLICY, true);

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(sites); i++) {
		size_t n = kit_feed(&k, sites[i], positions, marks, 64);

		assert_true(n > 0 && n < 64);
		assert_int_equal(positions[n - 1], r.position);
	}
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_hq_publishes_is_sequenced_and_outlives_a_crash),
		TEST(what_the_newest_says_is_published_again_only_if_it_was_withdrawn),
		TEST(what_does_not_parse_is_not_published),
		TEST(a_party_that_is_not_there_is_named_in_no_policy),
		TEST(what_was_not_committed_was_not_published),
		TEST(a_version_is_withdrawn_once),
		TEST(a_site_cannot_publish),
		TEST(every_site_is_given_what_was_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
