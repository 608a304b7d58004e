/* What stands in the ledger, read as an auditor reads it; and what Follow brings of it.
 */
#include "central_kit.h"

#include "troth/core/chain.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS_MAX 64

static struct kit k;
static struct troth_event e;

/* Of one origin: its heads by origin_seq, beginning with the one before all. */
struct chain {
	const char *origin;
	uint8_t key[TROTH_PUBLIC_KEY_LEN];
	uint64_t seq;
	struct troth_digest heads[EVENTS_MAX];
	unsigned seals;
	uint64_t sealed; /* The last number that a seal covers. */
};

static void add_party(const char *party)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;
	struct troth_why why;

	c->drafts[0]->type = TROTH_EVENT_PARTY_ADDED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	c->drafts[0]->u.party.role = TROTH_ROLE_VENDOR;
	TROTH_TEXT_SET(c->drafts[0]->u.party.party, party);
	TROTH_TEXT_SET(c->drafts[0]->u.party.name, party);
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_command_free(c);
}

static void walk(struct chain *chains, size_t count)
{
	struct troth_span bytes, blob;
	struct troth_entry entry;
	struct troth_why why;
	struct troth_txn t;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	for (uint64_t p = 1; p <= troth_ledger_size(k.ledger); p++) {
		struct chain *c = chains;

		assert_true(troth_query_entry(&t, p, &bytes, &blob));
		assert_int_equal(troth_entry_decode(&entry, bytes, &why), TROTH_OK);
		assert_int_equal(troth_body_decode(&e, entry.body, &why), TROTH_OK);
		while (c < chains + count && strcmp(c->origin, e.origin) != 0)
			c++;
		assert_true(c < chains + count && c->seq + 1 < EVENTS_MAX);
		assert_int_equal(e.origin_seq, c->seq + 1);
		assert_true(troth_digest_eq(&e.origin_prev, &c->heads[c->seq]));
		troth_chain_head(&c->heads[c->seq + 1], &e.origin_prev, entry.body);
		c->seq++;
	}
	troth_txn_abort(&t);
}

/* Holds the seal whose key begins with the hash of the origin against its chain. */
static void check_seal(struct chain *c, struct troth_span key, struct troth_span seal)
{
	uint8_t message[TROTH_SEAL_MESSAGE];
	uint64_t seq = troth_load_u64be(key.data + 24);

	assert_int_equal(troth_load_u64be(key.data + 16), 1);
	assert_in_range(seq, 1, c->seq);
	assert_int_equal(seal.len, TROTH_SEAL_LEN);
	assert_true(troth_verify(
		c->key, troth_seal_message(message, c->origin, 1, seq, &c->heads[seq]),
		seal.data));
	c->seals++;
	c->sealed = seq;
}

static void check_seals(struct chain *chains, size_t count)
{
	struct troth_cursor cursor;
	struct troth_txn t;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	troth_cursor_open(&cursor, &t, TROTH_T_SEALS);
	for (bool ok = troth_cursor_seek(&cursor, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&cursor)) {
		size_t found = 0;

		assert_int_equal(cursor.key.len, 32);
		for (size_t i = 0; i < count; i++) {
			struct troth_span origin = troth_span_str(chains[i].origin);
			struct troth_digest hash;

			troth_sha256(&hash, &origin, 1);
			if (memcmp(hash.b, cursor.key.data, 16) != 0)
				continue;
			check_seal(&chains[i], cursor.key, cursor.value);
			found++;
		}
		assert_int_equal(found, 1);
	}
	troth_txn_abort(&t);
}

static void what_each_origin_wrote_is_one_chain_under_seals_that_hold(void **state)
{
	static struct chain chains[3];

	(void)state;
	kit_place_order(&k, &e);
	add_party("late");
	kit_link_case(&k, &e);
	fixture_event(&e, TROTH_EVENT_ORDER_CORRECTED, "shop");
	(void)kit_take(&k, &k.shop, &e, NULL);
	kit_crash(&k); /* Central goes on with its own chain, too. */
	add_party("later");
	memset(chains, 0, sizeof(chains));
	chains[0].origin = FIXTURE_CENTRAL;
	memcpy(chains[0].key, k.signer.public_key, sizeof(chains[0].key));
	chains[1].origin = k.shop.origin;
	troth_sign_key_public(k.shop.key, chains[1].key);
	chains[2].origin = k.acme.origin;
	troth_sign_key_public(k.acme.key, chains[2].key);
	walk(chains, TROTH_LEN(chains));
	check_seals(chains, TROTH_LEN(chains));
	for (size_t i = 0; i < TROTH_LEN(chains); i++)
		assert_int_equal(chains[i].sealed, chains[i].seq);
	assert_int_equal(chains[0].seals, 3); /* One for all of a batch. */
	assert_int_equal(chains[1].seals, 2);
	assert_int_equal(chains[2].seals, 2);
}

/* How many items an answer of at most so many bytes brings, and the first position. */
static size_t follow(uint64_t after, uint32_t max_bytes, uint64_t *first)
{
	struct troth_bus_follow m = { .after = after, .max_bytes = max_bytes };
	struct troth_buf out = TROTH_BUF_INIT;
	struct troth_bus_reply r;
	struct troth_why why;
	size_t count;

	assert_true(troth_ledger_follow(k.ledger, k.shop.origin, &m, k.now,
					&(unsigned){ 0 }, &out) >= 0);
	assert_int_equal(troth_bus_reply_decode(&r, troth_buf_span(&out), &why),
			 TROTH_OK);
	count = r.u.follow.item_count;
	*first = count > 0 ? r.u.follow.items[0].position : 0;
	troth_bus_reply_fini(&r);
	troth_buf_fini(&out);
	return count;
}

static void an_answer_brings_what_was_asked_for_and_one_entry_at_least(void **state)
{
	uint64_t positions[64], first;
	size_t n, all;

	(void)state;
	kit_place_order(&k, &e);
	n = kit_feed(&k, &k.shop, positions, NULL, TROTH_LEN(positions));
	assert_true(n > 4);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(follow(i, 1, &first), 1);
		assert_int_equal(first, positions[i]);
	}
	assert_int_equal(follow(n, 1, &first), 0);
	all = follow(0, 1 << 20, &first);
	assert_int_equal(all, n);
	assert_in_range(follow(0, 1000, &first), 2, n - 1);
}

static void a_search_gives_no_more_than_there_is_room_for(void **state)
{
	struct troth_id found[4] = { 0 }, none = { { 0 } };

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		fixture_event(&e, TROTH_EVENT_ORDER_PLACED, "shop");
		e.subject = fixture_id(20 + i);
		(void)kit_take(&k, &k.shop, &e, "SAME");
	}
	assert_int_equal(troth_ledger_find(k.ledger, NULL, "SAME", found, 2), 2);
	assert_true(troth_id_eq(&found[2], &none));
	assert_int_equal(troth_ledger_find(k.ledger, NULL, "SAME", found, 4), 3);
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, kit_setup, kit_teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_each_origin_wrote_is_one_chain_under_seals_that_hold),
		TEST(an_answer_brings_what_was_asked_for_and_one_entry_at_least),
		TEST(a_search_gives_no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
