/* What a site may find, hide, leave behind and say of itself at central. */
#include "central_kit.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"
#include "troth/core/chain.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct kit k;
static struct troth_event e;

static void only_vendors_find_the_orders_of_others(void **state)
{
	struct troth_id found[4];

	(void)state;
	kit_place_order(&k, &e); /* Of shop, with carrier swift. */
	assert_int_equal(troth_ledger_find(k.ledger, k.zeta.origin, "A-1001", found, 4),
			 1);
	assert_int_equal(troth_ledger_find(k.ledger, k.shop.origin, "A-1001", found, 4),
			 1);
	assert_int_equal(troth_ledger_find(k.ledger, k.swift.origin, "A-1001", found, 4),
			 1);
	assert_int_equal(troth_ledger_find(k.ledger, k.slow.origin, "A-1001", found, 4),
			 0);
	assert_int_equal(
		troth_ledger_find(k.ledger, "spiffe://no/one", "A-1001", found, 4), 0);
}

/* zeta wants to see the order, and says that this is a case of its customer. */
static enum troth_reason linked_by_zeta(uint64_t other)
{
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "zeta");
	TROTH_TEXT_SET(e.u.link.vendor, "zeta");
	e.u.link.id = fixture_id(other);
	return kit_entry(&k, kit_take(&k, &k.zeta, &e, NULL), &e).reason;
}

static void only_a_case_of_its_customer_lets_a_vendor_see_an_order(void **state)
{
	static struct troth_subject s;
	struct troth_id order = fixture_id(1);

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	e.subject = fixture_id(70); /* Another one of the same customer's. */
	(void)kit_take(&k, &k.shop, &e, NULL);
	for (uint64_t n = 71; n <= 72; n++) {
		fixture_event(&e, TROTH_EVENT_CASE_OPENED, "zeta");
		e.subject = fixture_id(n);
		if (n == 71)
			TROTH_TEXT_SET(e.u.cas.customer, "somebody-else");
		(void)kit_take(&k, &k.zeta, &e, NULL);
	}
	assert_int_equal(linked_by_zeta(1), TROTH_REASON_OTHER_CUSTOMER); /* Itself, */
	assert_int_equal(linked_by_zeta(70), TROTH_REASON_OTHER_CUSTOMER);
	assert_int_equal(linked_by_zeta(71), TROTH_REASON_OTHER_CUSTOMER);
	assert_int_equal(linked_by_zeta(99), TROTH_REASON_OTHER_CUSTOMER); /* nothing. */
	kit_subject(&k, &order, &s);
	assert_int_equal(s.link_count, 0);
	assert_true(troth_subject_participant(&s, "zeta") < 0);
	assert_int_equal(linked_by_zeta(72), TROTH_REASON_NONE);
	assert_int_equal(linked_by_zeta(72), TROTH_REASON_EXISTS);
	kit_subject(&k, &order, &s);
	assert_true(troth_subject_participant(&s, "zeta") >= 0);
}

static void what_is_linked_already_is_told_to_no_outsider(void **state)
{
	(void)state;
	kit_place_order(&k, &e);
	kit_link_case(&k, &e); /* acme's. */
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "swift");
	TROTH_TEXT_SET(e.u.link.vendor, "acme");
	assert_int_equal(kit_entry(&k, kit_take(&k, &k.swift, &e, NULL), &e).reason,
			 TROTH_REASON_NOT_ENTITLED);
}

static void a_promise_cannot_hide_one_of_another_subject(void **state)
{
	struct troth_id id, subject_id;
	struct troth_txn t;
	uint64_t position;

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	id = e.u.promise.id;
	position = kit_take(&k, &k.shop, &e, NULL);
	assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_TAKES_EFFECT);

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(2);
	e.u.promise.spoken = true; /* A fact, but not under this id. */
	TROTH_TEXT_SET(e.u.promise.terms[0].debtor, "acme");
	position = kit_take(&k, &k.acme, &e, NULL);
	assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_REFUSED);
	assert_int_equal(kit_entry(&k, position, &e).reason, TROTH_REASON_EXISTS);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_true(troth_query_item(&t, &id, &subject_id));
	id = fixture_id(1);
	assert_true(troth_id_eq(&subject_id, &id));
	troth_txn_abort(&t);
}

static void must_lead_to(struct troth_id promise, struct troth_id subject)
{
	struct troth_id found;
	struct troth_txn t;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_true(troth_query_item(&t, &promise, &found));
	assert_true(troth_id_eq(&found, &subject));
	troth_txn_abort(&t);
}

/* An alarm goes by the id of its event, which the site makes that raises it. */
static void no_alarm_can_hide_a_promise(void **state)
{
	uint64_t position;

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	(void)kit_take(&k, &k.shop, &e, NULL);
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&e, TROTH_EVENT_ALARM_RAISED, "acme");
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(2);
	k.event_id = fixture_id(10); /* The promise's. */
	position = kit_take(&k, &k.acme, &e, NULL);
	assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_REFUSED);
	assert_int_equal(kit_entry(&k, position, &e).reason, TROTH_REASON_EXISTS);
	must_lead_to(fixture_id(10), fixture_id(1));
}

/* Its place is another's one day, and the id of what goes leads nowhere then. */
static void no_promise_takes_the_id_of_an_alarm(void **state)
{
	enum troth_event_type types[] = { TROTH_EVENT_PROMISE_MADE,
					  TROTH_EVENT_COMPLAINT };

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_ALARM_RAISED, "shop");
	k.event_id = fixture_id(10);
	(void)kit_take(&k, &k.shop, &e, NULL);
	for (unsigned i = 0; i < TROTH_LEN(types); i++) {
		uint64_t position;

		fixture_event(&e, types[i], "shop");
		if (types[i] == TROTH_EVENT_COMPLAINT)
			e.u.recovery.id = fixture_id(10);
		position = kit_take(&k, &k.shop, &e, NULL);
		assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_REFUSED);
		assert_int_equal(kit_entry(&k, position, &e).reason, TROTH_REASON_EXISTS);
	}
}

/* Where HQ's grants and suspensions are to stand, no order or case may stand before. */
static void nobody_takes_the_place_of_an_authority(void **state)
{
	enum troth_event_type types[] = { TROTH_EVENT_ORDER_PLACED,
					  TROTH_EVENT_CASE_OPENED };
	struct kit_site *sites[] = { &k.shop, &k.acme };
	const char *names[] = { "shop", "acme" };
	struct troth_taken taken;
	struct kit_batch b;

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(types); i++) {
		fixture_event(&e, types[i], names[i]);
		e.subject = troth_authority_id(names[i]);
		kit_batch_init(&b, sites[i]);
		kit_batch_add(&k, &b, &e, NULL);
		kit_batch_seal(&b);
		taken = kit_submit(&k, &b);
		kit_batch_fini(&b);
		assert_int_equal(taken.code, TROTH_BUS_E_TURNED_AWAY);
		assert_non_null(strstr(taken.text, "subject"));
	}
}

static void so_much_evidence_is_kept_of_one_site(void **state)
{
	struct kit_batch b, other;
	struct troth_taken taken;
	struct troth_why why;
	struct troth_txn t;

	(void)state;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	e.u.order.lines[0].quantity = 0;
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	kit_batch_init(&other, &k.acme);
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	e.u.cas.customer[0] = '\0';
	kit_batch_add(&k, &other, &e, NULL);
	kit_batch_seal(&other);
	troth_ledger_begin(k.ledger, k.now);
	for (unsigned i = 0; i < 1001; i++) {
		troth_ledger_submit(k.ledger, k.shop.origin, &b.m, &taken);
		assert_int_equal(taken.code, TROTH_BUS_E_TURNED_AWAY);
	}
	troth_ledger_submit(k.ledger, k.acme.origin, &other.m, &taken);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_int_equal(troth_txn_count(&t, TROTH_T_TURNED_AWAY), 1000 + 1);
	troth_txn_abort(&t);
	kit_batch_fini(&b);
	kit_batch_fini(&other);
}

static void what_a_site_has_received_is_told_once_and_only_grows(void **state)
{
	static const uint64_t told[] = { 3, 3, 1, 2, 4 };
	struct troth_why why;
	struct troth_txn t;

	(void)state;
	troth_ledger_begin(k.ledger, k.now);
	for (unsigned i = 0; i < TROTH_LEN(told); i++)
		troth_ledger_received(k.ledger, k.swift.origin, told[i]);
	troth_ledger_received(k.ledger, k.slow.origin, 2);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_int_equal(troth_txn_count(&t, TROTH_T_MARKS), 3);
	assert_int_equal(troth_txn_count(&t, TROTH_T_RECEIVED), 3);
	troth_txn_abort(&t);
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_vendors_find_the_orders_of_others),
		TEST(only_a_case_of_its_customer_lets_a_vendor_see_an_order),
		TEST(what_is_linked_already_is_told_to_no_outsider),
		TEST(a_promise_cannot_hide_one_of_another_subject),
		TEST(no_alarm_can_hide_a_promise),
		TEST(no_promise_takes_the_id_of_an_alarm),
		TEST(nobody_takes_the_place_of_an_authority),
		TEST(so_much_evidence_is_kept_of_one_site),
		TEST(what_a_site_has_received_is_told_once_and_only_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
