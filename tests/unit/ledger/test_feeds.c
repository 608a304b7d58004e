/* Who receives which entry: participants, newcomers, authors, and nobody else. */
#include "central_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct kit k;
static struct troth_event e;
static struct troth_subject subject;

static bool in_feed(const struct kit_site *site, uint64_t position)
{
	uint64_t positions[64];
	size_t n = kit_feed(&k, site, positions, NULL, TROTH_LEN(positions));

	for (size_t i = 0; i < n; i++)
		if (positions[i] == position)
			return true;
	return false;
}

static void only_participants_receive_an_entry(void **state)
{
	(void)state;
	kit_place_order(&k, &e);

	uint64_t position = troth_ledger_size(k.ledger);
	assert_true(in_feed(&k.shop, position));
	assert_true(in_feed(&k.swift, position));
	assert_false(in_feed(&k.slow, position));
	assert_false(in_feed(&k.acme, position));
}

static void a_vendor_that_links_its_case_receives_the_whole_history(void **state)
{
	uint64_t positions[64], first;
	uint8_t marks[64][TROTH_ITEM_DIGEST_LEN];
	size_t before, n;

	(void)state;
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	kit_place_order(&k, &e);
	first = troth_ledger_size(k.ledger);
	before = kit_feed(&k, &k.acme, positions, NULL, TROTH_LEN(positions));
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	n = kit_feed(&k, &k.acme, positions, marks, TROTH_LEN(positions));
	assert_int_equal(n, before + 2);
	assert_int_equal(positions[before], first);
	assert_int_equal(positions[before + 1], first + 1);
	assert_int_equal(marks[before][0], TROTH_ITEM_UNCHECKED);
	kit_subject(&k, &e.subject, &subject);
	assert_memory_equal(marks[before + 1], subject.digest.b, TROTH_ITEM_DIGEST_LEN);
}

/* It has read the number of somebody's order, and has, or says it has, a case. */
static void a_vendor_that_links_another_customers_case_receives_nothing(void **state)
{
	static const char *const customers[] = { "cust-2", NULL };
	struct troth_verdict v;
	uint64_t placed, position;

	(void)state;
	kit_place_order(&k, &e);
	placed = troth_ledger_size(k.ledger);
	for (uint64_t i = 0; i < TROTH_LEN(customers); i++) {
		if (customers[i] != NULL) {
			fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
			TROTH_TEXT_SET(e.u.cas.customer, customers[i]);
			(void)kit_take(&k, &k.acme, &e, NULL);
		}
		fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
		e.u.link.id = fixture_id(2 + i);
		position = kit_take(&k, &k.acme, &e, NULL);
		v = kit_entry(&k, position, &e);
		assert_int_equal(v.outcome, TROTH_REFUSED);
		assert_int_equal(v.reason, TROTH_REASON_OTHER_CUSTOMER);
		assert_true(in_feed(&k.acme, position)); /* The refusal alone. */
		assert_false(in_feed(&k.acme, placed));
	}
}

static void a_refused_request_reaches_its_author_and_nobody_else(void **state)
{
	uint64_t positions[64];
	uint8_t marks[64][TROTH_ITEM_DIGEST_LEN];
	struct troth_verdict v;
	uint64_t position;
	size_t n;

	(void)state;
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme"); /* Of no order. */
	position = kit_take(&k, &k.acme, &e, NULL);
	v = kit_entry(&k, position, &e);
	assert_int_equal(v.outcome, TROTH_REFUSED);
	assert_int_equal(v.reason, TROTH_REASON_NO_SUBJECT);
	n = kit_feed(&k, &k.acme, positions, marks, TROTH_LEN(positions));
	assert_int_equal(positions[n - 1], position);
	assert_int_equal(marks[n - 1][0], TROTH_ITEM_ABSENT);
	assert_false(in_feed(&k.shop, position));
	kit_place_order(&k, &e); /* The refusal has left nothing behind under that id. */
	kit_subject(&k, &e.subject, &subject);
	assert_int_equal(subject.revision, 1);
}

/* acme takes part in the order; the carrier it acts for does not. */
static void an_operator_gets_its_partys_refusal_once_and_as_a_participant(void **state)
{
	uint64_t positions[64], position;
	uint8_t marks[64][TROTH_ITEM_DIGEST_LEN];
	size_t before, n;

	(void)state;
	kit_place_order(&k, &e);
	kit_link_case(&k, &e);
	before = kit_feed(&k, &k.acme, positions, NULL, TROTH_LEN(positions));
	fixture_event(&e, TROTH_EVENT_ORDER_SHIPPED, "acme");
	(void)strcpy(e.on_behalf, "handy");
	position = kit_take(&k, &k.acme, &e, NULL);
	assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_REFUSED);
	n = kit_feed(&k, &k.acme, positions, marks, TROTH_LEN(positions));
	assert_int_equal(n, before + 1);
	assert_int_equal(positions[n - 1], position);
	kit_subject(&k, &e.subject, &subject);
	assert_memory_equal(marks[n - 1], subject.digest.b, TROTH_ITEM_DIGEST_LEN);
}

static void the_replaced_carrier_learns_of_it_and_of_nothing_after(void **state)
{
	uint64_t position;

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	(void)strcpy(e.u.order.carrier, "slow");
	position = kit_take(&k, &k.shop, &e, NULL);
	assert_true(in_feed(&k.swift, position));
	assert_true(in_feed(&k.slow, position));
	assert_true(in_feed(&k.slow, position - 1));
	fixture_event(&e, TROTH_EVENT_ORDER_SHIPPED, "shop");
	position = kit_take(&k, &k.shop, &e, NULL);
	assert_false(in_feed(&k.swift, position));
	assert_true(in_feed(&k.slow, position));
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_participants_receive_an_entry),
		TEST(a_vendor_that_links_its_case_receives_the_whole_history),
		TEST(a_vendor_that_links_another_customers_case_receives_nothing),
		TEST(a_refused_request_reaches_its_author_and_nobody_else),
		TEST(an_operator_gets_its_partys_refusal_once_and_as_a_participant),
		TEST(the_replaced_carrier_learns_of_it_and_of_nothing_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
