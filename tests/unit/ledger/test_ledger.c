/* What central takes, what it turns away, and what it keeps through a crash. */
#include "central_kit.h"

#include "troth/base/text.h"
#include "troth/core/chain.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct kit k;
static struct troth_event e;
static struct troth_subject subject;

static void an_event_is_kept_with_its_verdict(void **state)
{
	uint64_t position;

	(void)state;
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	position = kit_take(&k, &k.shop, &e, "A-1001");
	assert_int_equal(position, troth_ledger_size(k.ledger));
	assert_int_equal(kit_entry(&k, position, &e).outcome, TROTH_TAKES_EFFECT);
	kit_subject(&k, &e.subject, &subject);
	assert_int_equal(subject.revision, 1);
	assert_int_equal(subject.position, position);
	assert_string_equal(subject.order.carrier, "swift");
}

static void what_hq_wrote_reads_back_from_the_first_entry_on(void **state)
{
	(void)state;
	for (uint64_t p = 1; p <= troth_ledger_size(k.ledger); p++)
		assert_int_equal(kit_entry(&k, p, &e).outcome, TROTH_TAKES_EFFECT);
}

static void a_batch_that_comes_again_is_taken_once(void **state)
{
	struct kit_batch b;
	uint64_t size;

	(void)state;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).code, 0);
	size = troth_ledger_size(k.ledger);

	struct troth_taken again = kit_submit(&k, &b);
	assert_int_equal(again.code, 0);
	assert_int_equal(again.taken_seq, 1);
	assert_int_equal(troth_ledger_size(k.ledger), size);
	kit_batch_fini(&b);
}

static void a_batch_with_old_events_in_front_gives_only_the_new(void **state)
{
	struct kit_batch b;
	uint64_t size;

	(void)state;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).code, 0);
	size = troth_ledger_size(k.ledger);

	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).taken_seq, 2);
	assert_int_equal(troth_ledger_size(k.ledger), size + 1);
	kit_batch_fini(&b);
}

static void a_gap_is_answered_with_where_to_resend_from(void **state)
{
	struct kit_batch b;

	(void)state;
	k.shop.seq = 4;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);

	struct troth_taken taken = kit_submit(&k, &b);
	assert_int_equal(taken.code, 0);
	assert_int_equal(taken.resend_from, 1);
	kit_batch_fini(&b);
}

/* What makes a batch unacceptable, and what central says of it. */
struct flaw {
	const char *story;
	void (*spoil)(struct kit_batch *b);
	enum troth_bus_error code;
};

static void spoil_seal(struct kit_batch *b)
{
	b->m.seal[5] ^= 1;
}

static void spoil_chain(struct kit_batch *b)
{
	memset(b->site->head.b, 7, sizeof(b->site->head.b));
}

static void spoil_body(struct kit_batch *b)
{
	b->bodies[0].data[0] ^= 0x80;
}

static void spoil_incarnation(struct kit_batch *b)
{
	b->m.incarnation = 3;
}

static void drop_incarnation(struct kit_batch *b)
{
	b->m.incarnation = 0;
}

static void spoil_count(struct kit_batch *b)
{
	b->m.count = 0;
}

static void spoil_blob(struct kit_batch *b)
{
	b->blobs[0].data[b->blobs[0].len - 1] ^= 1;
}

static void drop_blob(struct kit_batch *b)
{
	b->blob_spans[0] = TROTH_SPAN_NONE;
}

static const struct flaw flaws[] = {
	{ "a seal that does not verify", spoil_seal, TROTH_BUS_E_SEAL },
	{ "a body that is not canonical", spoil_body, TROTH_BUS_E_TURNED_AWAY },
	{ "another incarnation than its events'", spoil_incarnation, TROTH_BUS_E_CHAIN },
	{ "no incarnation", drop_incarnation, TROTH_BUS_E_INCARNATION },
	{ "an empty batch", spoil_count, TROTH_BUS_E_MALFORMED },
	{ "a personal part that is not the hashed one", spoil_blob,
	  TROTH_BUS_E_TURNED_AWAY },
	{ "a personal part that did not come", drop_blob, TROTH_BUS_E_TURNED_AWAY },
};

static void an_unacceptable_batch_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(flaws); i++) {
		uint64_t size = troth_ledger_size(k.ledger);
		struct kit_site before = k.shop;
		struct kit_batch b;

		print_message("  %s\n", flaws[i].story);
		kit_batch_init(&b, &k.shop);
		fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
		kit_batch_add(&k, &b, &e, "A-1001");
		kit_batch_seal(&b);
		flaws[i].spoil(&b);
		assert_int_equal(kit_submit(&k, &b).code, flaws[i].code);
		assert_int_equal(troth_ledger_size(k.ledger), size);
		kit_batch_fini(&b);
		k.shop = before;
	}
	kit_place_order(&k, &e); /* And the site goes on as if nothing had been. */
}

static void a_batch_that_does_not_continue_the_chain_is_refused(void **state)
{
	struct kit_batch b;

	(void)state;
	kit_place_order(&k, &e);
	kit_batch_init(&b, &k.shop);
	spoil_chain(&b);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).code, TROTH_BUS_E_CHAIN);
	kit_batch_fini(&b);
}

static void one_bad_event_turns_its_whole_batch_away_and_is_named(void **state)
{
	uint64_t size = troth_ledger_size(k.ledger);
	struct troth_taken taken;
	struct kit_batch b;

	(void)state;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	e.u.order.lines[0].quantity = 0;
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	taken = kit_submit(&k, &b);
	assert_int_equal(taken.code, TROTH_BUS_E_TURNED_AWAY);
	assert_int_equal(taken.origin_seq, 2);
	assert_non_null(strstr(taken.text, "quantity"));
	assert_int_equal(troth_ledger_size(k.ledger), size);
	kit_batch_fini(&b);
}

static void events_of_one_site_are_not_taken_from_another(void **state)
{
	struct kit_batch b;
	struct troth_taken taken;
	struct troth_why why;

	(void)state;
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_submit(k.ledger, k.acme.origin, &b.m, &taken);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(taken.code, TROTH_BUS_E_TURNED_AWAY);
	kit_batch_fini(&b);
}

static void an_event_made_again_after_a_restore_has_effect_once(void **state)
{
	struct kit_batch b;
	struct troth_id id;
	uint64_t size;

	(void)state;
	kit_place_order(&k, &e);
	id = e.id;
	size = troth_ledger_size(k.ledger);
	k.shop = (struct kit_site){ .party = "shop",
				    .key = k.shop.key,
				    .incarnation = 2 };
	(void)strcpy(k.shop.origin, k.acme.origin);
	(void)strcpy(strstr(k.shop.origin, "/gw/"), "/gw/shop/main");
	kit_batch_init(&b, &k.shop);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
	kit_batch_add(&k, &b, &e, NULL);
	/* The same event, under the new number. */
	k.shop.seq = 0;
	k.shop.head = (struct troth_digest){ { 0 } };
	kit_batch_fini(&b);
	kit_batch_init(&b, &k.shop);
	e.id = id;
	e.origin_seq = 1;
	e.origin_prev = k.shop.head;
	b.m.count = 1;
	troth_body_encode(&e, &b.bodies[0]);
	b.body_spans[0] = troth_buf_span(&b.bodies[0]);
	k.shop.seq = 1;
	troth_chain_head(&k.shop.head, &e.origin_prev, b.body_spans[0]);
	kit_batch_seal(&b);
	assert_int_equal(kit_submit(&k, &b).taken_seq, 1);
	assert_int_equal(troth_ledger_size(k.ledger), size);
	kit_batch_fini(&b);
}

static void make_promise(void)
{
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "shop");
	(void)kit_take(&k, &k.shop, &e, NULL);
}

static void tick(int64_t ms)
{
	struct troth_why why;

	k.now.ms = ms;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

static void what_is_due_is_declared_after_downtime_too(void **state)
{
	struct troth_id id;

	(void)state;
	make_promise();
	id = e.subject;
	kit_crash(&k);
	tick(FIXTURE_NOW + 3 * FIXTURE_DAY);
	kit_subject(&k, &id, &subject);
	assert_int_equal(subject.promises[0].state, TROTH_PROMISE_BROKEN);
	assert_int_equal(subject.commitments[0].state, TROTH_COMMITMENT_VIOLATED);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, 0);
}

static void an_overdue_acknowledgement_is_declared_once(void **state)
{
	uint64_t size;

	(void)state;
	make_promise();
	tick(FIXTURE_NOW + FIXTURE_HOUR);
	size = troth_ledger_size(k.ledger);
	tick(FIXTURE_NOW + FIXTURE_HOUR + 1);
	assert_int_equal(troth_ledger_size(k.ledger), size + 1);
	tick(FIXTURE_NOW + 2 * FIXTURE_HOUR);
	assert_int_equal(troth_ledger_size(k.ledger), size + 1);
	assert_int_equal(kit_entry(&k, size + 1, &e).outcome, TROTH_TAKES_EFFECT);
	assert_int_equal(e.u.commitment_step.action, TROTH_COMMITMENT_DO_ACK_OVERDUE);
}

/* The state of a subject as anybody makes it who holds nothing but the entries. */
static void apply_entries(const struct troth_id *id, struct troth_subject *s)
{
	struct troth_txn t;
	struct troth_entry entry;
	struct troth_span bytes, blob;
	struct troth_site site;
	struct troth_who who;

	troth_subject_init(s, TROTH_SUBJECT_ORDER, id);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	for (uint64_t at = 1; troth_query_entry(&t, at, &bytes, &blob); at++) {
		assert_int_equal(troth_entry_decode(&entry, bytes, NULL), TROTH_OK);
		assert_int_equal(troth_body_decode(&e, entry.body, NULL), TROTH_OK);
		if (!troth_id_eq(&e.subject, id))
			continue;
		assert_int_equal(
			troth_who_acts(&who, &site, &fixture_lookup, &e, FIXTURE_CENTRAL),
			TROTH_REASON_NONE);
		troth_apply(s, &fixture_lookup, &who, &e, entry.verdict,
			    (struct troth_place){ at, entry.accepted });
	}
	troth_txn_abort(&t);
}

static void whoever_applies_the_entries_comes_to_what_the_clock_declared(void **state)
{
	static struct troth_subject theirs;
	struct troth_buf ours_bytes = TROTH_BUF_INIT, their_bytes = TROTH_BUF_INIT;
	struct troth_id id;

	(void)state;
	make_promise();
	id = e.subject;
	tick(FIXTURE_NOW + FIXTURE_HOUR + 1);
	tick(FIXTURE_NOW + 3 * FIXTURE_DAY);
	kit_subject(&k, &id, &subject);
	assert_int_equal(subject.promises[0].state, TROTH_PROMISE_BROKEN);
	apply_entries(&id, &theirs);
	troth_subject_encode(&subject, &ours_bytes);
	troth_subject_encode(&theirs, &their_bytes);
	assert_true(
		troth_span_eq(troth_buf_span(&ours_bytes), troth_buf_span(&their_bytes)));
	troth_buf_fini(&ours_bytes);
	troth_buf_fini(&their_bytes);
}

static void nobody_at_hq_acts_under_the_name_of_the_clock(void **state)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;

	(void)state;
	kit_place_order(&k, &e);
	fixture_event(c->drafts[0], TROTH_EVENT_ORDER_SHIPPED, "brand");
	TROTH_TEXT_SET(c->drafts[0]->actor, TROTH_CLOCK_ACTOR);
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "actor");
	TROTH_TEXT_SET(c->drafts[0]->actor, "clockmaker");
	troth_ledger_command(k.ledger, c, &r);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(troth_ledger_commit(k.ledger, NULL), TROTH_OK);
	troth_command_free(c);
}

static enum memkv_fate fate;

static enum memkv_fate decide(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)ctx;
	(void)writes;
	(void)bytes;
	return fate;
}

static void a_full_disk_changes_nothing_and_is_got_over(void **state)
{
	uint64_t size = troth_ledger_size(k.ledger);
	struct troth_digest root, after;
	struct troth_why why;

	(void)state;
	troth_ledger_root(k.ledger, &root);
	fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");

	struct kit_batch b;
	struct troth_taken taken;
	kit_batch_init(&b, &k.shop);
	kit_batch_add(&k, &b, &e, NULL);
	kit_batch_seal(&b);
	memkv_disk_on_commit(k.disk, decide, NULL);
	fate = MEMKV_FULL;
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_submit(k.ledger, k.shop.origin, &b.m, &taken);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_ERR_FULL);
	assert_int_equal(troth_ledger_size(k.ledger), size);
	troth_ledger_root(k.ledger, &after);
	assert_true(troth_digest_eq(&root, &after));

	fate = MEMKV_OK;
	assert_int_equal(kit_submit(&k, &b).code, 0);
	assert_int_equal(troth_ledger_size(k.ledger), size + 1);
	kit_batch_fini(&b);
}

static void the_tree_goes_on_after_a_restart(void **state)
{
	struct troth_digest before, after;

	(void)state;
	make_promise();
	troth_ledger_root(k.ledger, &before);
	kit_crash(&k);
	troth_ledger_root(k.ledger, &after);
	assert_true(troth_digest_eq(&before, &after));
}

static void a_changed_entry_is_found_when_the_ledger_is_opened(void **state)
{
	struct troth_ledger *ledger;
	struct troth_ledger_config config = { .origin = FIXTURE_CENTRAL };
	struct troth_why why = { "" };
	uint8_t key[8], entry[TROTH_ENTRY_MAX];
	struct troth_span value;
	struct troth_txn t;

	(void)state;
	kit_place_order(&k, &e);
	troth_store_u64be(key, 3);
	troth_txn_begin(&t, k.kv, TROTH_TXN_WRITE);
	assert_true(troth_txn_get(&t, TROTH_T_ENTRIES, troth_span(key, 8), &value));
	memcpy(entry, value.data, value.len);
	entry[value.len - 9] ^= 1;
	troth_txn_put(&t, TROTH_T_ENTRIES, troth_span(key, 8),
		      troth_span(entry, value.len));
	assert_int_equal(troth_txn_commit(&t, &why), TROTH_OK);
	assert_int_equal(troth_ledger_open(&ledger, k.kv, &config, &why),
			 TROTH_ERR_CORRUPT);
	assert_non_null(strstr(why.text, "position 4"));
}

static void orders_are_found_by_the_number_on_their_invoice(void **state)
{
	struct troth_id found[4];

	(void)state;
	kit_place_order(&k, &e);
	assert_int_equal(troth_ledger_find(k.ledger, NULL, "A-1001", found, 4), 1);
	assert_true(troth_id_eq(&found[0], &e.subject));
	assert_int_equal(troth_ledger_find(k.ledger, NULL, "A-100", found, 4), 0);
	assert_int_equal(troth_ledger_find(k.ledger, NULL, "A-10011", found, 4), 0);
}

static void a_site_cannot_have_received_what_there_is_not(void **state)
{
	struct troth_why why;
	struct troth_txn t;

	(void)state;
	kit_place_order(&k, &e);
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_received(k.ledger, k.swift.origin, UINT64_MAX);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_int_equal(
		troth_query_received(&t, k.swift.origin, troth_ledger_size(k.ledger)).ms,
		k.now.ms);
	assert_int_equal(
		troth_query_received(&t, k.swift.origin, troth_ledger_size(k.ledger) + 1)
			.ms,
		0);
	troth_txn_abort(&t);
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_kept_with_its_verdict),
		TEST(what_hq_wrote_reads_back_from_the_first_entry_on),
		TEST(a_batch_that_comes_again_is_taken_once),
		TEST(a_batch_with_old_events_in_front_gives_only_the_new),
		TEST(a_gap_is_answered_with_where_to_resend_from),
		TEST(an_unacceptable_batch_changes_nothing),
		TEST(a_batch_that_does_not_continue_the_chain_is_refused),
		TEST(one_bad_event_turns_its_whole_batch_away_and_is_named),
		TEST(events_of_one_site_are_not_taken_from_another),
		TEST(an_event_made_again_after_a_restore_has_effect_once),
		TEST(what_is_due_is_declared_after_downtime_too),
		TEST(an_overdue_acknowledgement_is_declared_once),
		TEST(whoever_applies_the_entries_comes_to_what_the_clock_declared),
		TEST(nobody_at_hq_acts_under_the_name_of_the_clock),
		TEST(a_full_disk_changes_nothing_and_is_got_over),
		TEST(the_tree_goes_on_after_a_restart),
		TEST(a_changed_entry_is_found_when_the_ledger_is_opened),
		TEST(orders_are_found_by_the_number_on_their_invoice),
		TEST(a_site_cannot_have_received_what_there_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
