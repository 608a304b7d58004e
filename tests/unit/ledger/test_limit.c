/*
 * What one customer is given under a grant: two calls in an hour. A site says when it
 * told a promise, and when it wrote that down; what central knows of it is when it
 * accepted it, and what the site had heard of by then.
 */
#include "pools_kit.h"

#define HOUR  FIXTURE_HOUR
#define RULES "rules: ( { kind = \"callback\"; } );"

static uint8_t calls; /* Cases, each with one promise. */

static void publish(void)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;
	struct troth_why why;

	c->drafts[0]->type = TROTH_EVENT_POLICY_PUBLISHED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	c->drafts[0]->u.policy.version = 1;
	c->policy_text = strdup(RULES);
	c->drafts[0]->u.policy.policy_text = troth_span_str(c->policy_text);
	TROTH_TEXT_SET(c->drafts[0]->actor, "hq-1");
	c->done = done;
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_command_free(c);
}

static void withdraw(void)
{
	fixture_event(&e, TROTH_EVENT_POLICY_WITHDRAWN, "brand");
	e.u.policy.version = 1;
	hq_says();
}

static int delegated(void **state)
{
	struct troth_grant *g = &e.u.grant.grant;

	(void)setup(state);
	calls = 0;
	publish();
	about(TROTH_EVENT_GRANT_GIVEN, "acme");
	*g = (struct troth_grant){ .kinds = 1u << TROTH_KIND_CALLBACK,
				   .most = 1,
				   .per_customer = 2,
				   .period_ms = HOUR };
	TROTH_TEXT_SET(g->grant, "calls");
	hq_says();
	return 0;
}

/* By a site that knew of a ledger of that size. */
static void knows(uint64_t seen)
{
	e.seen_size = seen;
	memset(e.seen_root.b, seen > 0 ? 7 : 0, sizeof(e.seen_root.b));
}

/* Makes e a call of the customer's, told then, by a site that had heard of so much. */
static void call(int64_t told, uint64_t seen)
{
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	e.subject = fixture_id(1000 + ++calls);
	knows(seen);
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(1000 + calls);
	e.u.promise.id = fixture_id(100 + calls);
	e.u.promise.kind = TROTH_KIND_CALLBACK;
	e.u.promise.sku[0] = '\0';
	e.u.promise.quantity = 0;
	e.u.promise.spoken = true;
	e.u.promise.policy_version = 1;
	e.u.promise.made.ms = told;
	e.u.promise.due.ms = k.now.ms + FIXTURE_DAY;
	TROTH_TEXT_SET(e.u.promise.grant, "calls");
	e.u.promise.cost = 1;
	e.u.promise.terms[0] = fixture_terms("acme");
	e.u.promise.terms[0].due = e.u.promise.due;
	e.u.promise.terms[0].ack_due.ms = 0;
	knows(seen);
}

/* What central says of it, written by the site's clock at `written`. */
static enum troth_reason told(int64_t made, int64_t written, uint64_t seen)
{
	struct troth_verdict v;

	call(made, seen);
	k.sites_say.ms = written;
	v = kit_entry(&k, kit_take(&k, &k.acme, &e, NULL), &e);
	k.sites_say.ms = 0;
	assert_int_equal(v.outcome, v.reason == TROTH_REASON_NONE ? TROTH_TAKES_EFFECT
								  : TROTH_FLAGGED);
	return v.reason;
}

#define OK   TROTH_REASON_NONE
#define OVER TROTH_REASON_OVER_CUSTOMER_LIMIT

static uint64_t heard(void)
{
	return troth_ledger_size(k.ledger);
}

static void the_time_that_it_names_gets_no_promise_out_of_the_period(void **state)
{
	const int64_t now = FIXTURE_NOW;

	(void)state;
	assert_int_equal(told(now - 9 * HOUR, now, heard()), OK);
	assert_int_equal(told(now - 7 * HOUR, now, heard()), OK);
	assert_int_equal(told(now - 5 * HOUR, now, heard()), OVER);
	assert_int_equal(told(now + 5 * HOUR, now, heard()), OVER);
	assert_int_equal(told(now, now, heard()), OVER);
}

static void nor_does_the_clock_of_a_site_that_had_heard_of_more(void **state)
{
	const int64_t now = FIXTURE_NOW;

	(void)state;
	for (int64_t i = 0; i < 4; i++)
		assert_int_equal(
			told(now - (9 - 2 * i) * HOUR, now - (9 - 2 * i) * HOUR, heard()),
			i < 2 ? OK : OVER);
	/* Nor one that is ahead: central has heard of it by now. */
	assert_int_equal(told(now, now + 5 * HOUR, heard()), OVER);
	kit_crash(&k);
	assert_int_equal(told(now, now + 9 * HOUR, heard()), OVER);
}

static void a_site_that_was_cut_off_is_judged_by_its_own_clock(void **state)
{
	const int64_t cut = FIXTURE_NOW;
	const uint64_t seen = heard();

	(void)state;
	k.now.ms = cut + FIXTURE_DAY; /* All of it comes at once. */
	for (int64_t i = 1; i <= 10; i++)
		assert_int_equal(told(cut + i * HOUR, cut + i * HOUR, seen), OK);
	/* Two stand within an hour of each: before it, and behind it. */
	assert_int_equal(told(cut + 5 * HOUR, cut + 5 * HOUR, seen), OVER);
	assert_int_equal(told(cut + 12 * HOUR, cut + 12 * HOUR, seen), OK);
	assert_int_equal(told(cut + 14 * HOUR, cut + 14 * HOUR, seen), OK);
	assert_int_equal(told(cut + 13 * HOUR, cut + 13 * HOUR, seen), OVER);
}

static void what_comes_in_another_order_is_no_less(void **state)
{
	const int64_t cut = FIXTURE_NOW;
	const uint64_t seen = heard();

	(void)state;
	k.now.ms = cut + FIXTURE_DAY;
	assert_int_equal(told(cut + 3 * HOUR, cut + 3 * HOUR, seen), OK);
	assert_int_equal(told(cut + 3 * HOUR - 1, cut + 3 * HOUR - 1, seen), OK);
	assert_int_equal(told(cut + 3 * HOUR - 2, cut + 3 * HOUR - 2, seen), OVER);
	/* What was told later than a period after it is none of its business. */
	assert_int_equal(told(cut + HOUR - 1, cut + HOUR - 1, seen), OK);
	assert_int_equal(told(cut + HOUR - 1, cut + HOUR - 1, seen), OK);
	assert_int_equal(told(cut + HOUR - 1, cut + HOUR - 1, seen), OVER);
}

static void what_was_told_late_counts_from_when_it_was_written_down(void **state)
{
	const int64_t now = FIXTURE_NOW;

	(void)state;
	assert_int_equal(told(now, now, heard()), OK);
	k.now.ms = now + 2 * HOUR;
	assert_int_equal(told(now, k.now.ms, heard()), OK);
	assert_int_equal(told(now, k.now.ms, heard()), OK);
	assert_int_equal(told(now, k.now.ms, heard()), OVER);
}

static void nobody_tells_by_a_grant_that_has_not_begun_yet(void **state)
{
	struct troth_grant *g = &e.u.grant.grant;

	(void)state;
	about(TROTH_EVENT_GRANT_GIVEN, "acme");
	*g = (struct troth_grant){ .kinds = 1u << TROTH_KIND_CALLBACK,
				   .most = 1,
				   .from.ms = k.now.ms + HOUR };
	TROTH_TEXT_SET(g->grant, "calls");
	hq_says();
	assert_int_equal(told(k.now.ms + HOUR, k.now.ms + HOUR, heard()),
			 TROTH_REASON_NO_GRANT);
	k.now.ms += HOUR;
	assert_int_equal(told(k.now.ms, k.now.ms, heard()), OK);
}

static void who_had_heard_of_its_withdrawal_did_not_cite_a_policy_before(void **state)
{
	const int64_t before = FIXTURE_NOW - 1;
	uint64_t seen = heard();

	(void)state;
	withdraw();
	assert_int_equal(told(before, FIXTURE_NOW, seen), OK);
	assert_int_equal(told(FIXTURE_NOW, FIXTURE_NOW, seen),
			 TROTH_REASON_POLICY_WITHDRAWN);
	assert_int_equal(told(before, FIXTURE_NOW, seen + 1),
			 TROTH_REASON_POLICY_WITHDRAWN);
	kit_crash(&k);
	assert_int_equal(told(before, FIXTURE_NOW, seen + 1),
			 TROTH_REASON_POLICY_WITHDRAWN);
}

static void what_a_site_has_heard_of_it_cannot_unhear(void **state)
{
	uint64_t seen = heard();
	struct troth_taken taken;
	struct kit_batch b;

	(void)state;
	assert_int_equal(told(FIXTURE_NOW, FIXTURE_NOW, seen), OK);
	assert_int_equal(told(FIXTURE_NOW, FIXTURE_NOW, seen), OK);
	kit_crash(&k); /* That is kept. */
	kit_batch_init(&b, &k.acme);
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	e.subject = fixture_id(2000);
	knows(seen - 1);
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	taken = kit_submit(&k, &b);
	assert_int_equal(taken.code, TROTH_BUS_E_TURNED_AWAY);
	assert_non_null(strstr(taken.text, "seen_size"));
	kit_batch_fini(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, delegated, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_time_that_it_names_gets_no_promise_out_of_the_period),
		TEST(nor_does_the_clock_of_a_site_that_had_heard_of_more),
		TEST(a_site_that_was_cut_off_is_judged_by_its_own_clock),
		TEST(what_comes_in_another_order_is_no_less),
		TEST(what_was_told_late_counts_from_when_it_was_written_down),
		TEST(nobody_tells_by_a_grant_that_has_not_begun_yet),
		TEST(what_a_site_has_heard_of_it_cannot_unhear),
		TEST(who_had_heard_of_its_withdrawal_did_not_cite_a_policy_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
