/* Parties, sites and their keys; indexes that follow a subject; keys of commands. */
#include "memkv.h"

#include "troth/base/text.h"
#include "troth/core/model.h"
#include "troth/state/command.h"
#include "troth/state/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)

static struct memkv_disk *disk, *other_disk;
static struct troth_kv *kv, *other_kv;
static struct troth_txn t, other;

static int start(void **state)
{
	struct troth_why why;

	(void)state;
	disk = memkv_disk_new();
	other_disk = memkv_disk_new();
	if (memkv_open(&kv, disk, &troth_central_schema, &why) != TROTH_OK ||
	    memkv_open(&other_kv, other_disk, &troth_central_schema, &why) != TROTH_OK)
		return -1;
	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	troth_txn_begin(&other, other_kv, TROTH_TXN_WRITE);
	return 0;
}

static int stop(void **state)
{
	bool sound = troth_txn_sound(&t) && troth_txn_sound(&other);

	(void)state;
	troth_txn_abort(&t);
	troth_txn_abort(&other);
	memkv_disk_free(disk);
	memkv_disk_free(other_disk);
	return sound ? 0 : -1;
}

/* ---- Parties and sites ---- */

static void add_party(const char *party, enum troth_role role, const char *operator_party)
{
	static struct troth_event e;

	e.type = TROTH_EVENT_PARTY_ADDED;
	e.u.party = (struct troth_party){ .role = role, .name = "A firm" };
	TROTH_TEXT_SET(e.u.party.party, party);
	TROTH_TEXT_SET(e.u.party.operator_party, operator_party);
	troth_state_apply_federation(&t, &e, 1);
}

static void site_event(enum troth_event_type type, const char *origin, uint8_t key)
{
	static struct troth_event e;

	e.type = type;
	memset(&e.u.site, 0, sizeof(e.u.site));
	TROTH_TEXT_SET(e.u.site.party, "acme");
	TROTH_TEXT_SET(e.u.site.site, "manila");
	TROTH_TEXT_SET(e.u.site.origin, origin);
	memset(e.u.site.key, key, sizeof(e.u.site.key));
	troth_state_apply_federation(&t, &e, 1);
}

static void parties_are_found_as_they_were_added_and_the_brand_is_known(void **state)
{
	char brand[TROTH_PARTY_MAX + 1], feed[TROTH_PARTY_MAX + 1];
	struct troth_source source = { .t = &t };
	struct troth_lookup lookup;
	char too_long[1001] = "";
	struct troth_site site;
	struct troth_party p;

	(void)state;
	troth_state_lookup(&lookup, &source, brand);
	assert_string_equal(lookup.brand, "");
	assert_false(lookup.party(lookup.ctx, "acme", &p));
	add_party("bright", TROTH_ROLE_BRAND, "");
	add_party("acme", TROTH_ROLE_VENDOR, "");
	add_party("handy", TROTH_ROLE_CARRIER, "acme");
	troth_state_lookup(&lookup, &source, brand);
	assert_string_equal(lookup.brand, "bright");
	assert_true(lookup.party(lookup.ctx, "handy", &p));
	assert_string_equal(p.party, "handy");
	assert_string_equal(p.name, "A firm");
	assert_int_equal(p.role, TROTH_ROLE_CARRIER);
	assert_string_equal(p.operator_party, "acme");
	assert_false(lookup.party(lookup.ctx, "hand", &p));
	memset(too_long, 'x', sizeof(too_long) - 1); /* For any key of a store. */
	assert_false(lookup.party(lookup.ctx, too_long, &p));
	assert_false(lookup.site(lookup.ctx, too_long, &site));
	assert_true(troth_txn_sound(&t));
	troth_state_feed_party(&t, "handy", feed);
	assert_string_equal(feed, "acme");
	troth_state_feed_party(&t, "acme", feed);
	assert_string_equal(feed, "acme");
}

static void a_site_has_its_keys_up_to_the_limit_and_one_is_revoked_alone(void **state)
{
	static const char origin[] = "spiffe://fed.example/gw/acme/manila";
	struct troth_site s;

	(void)state;
	site_event(TROTH_EVENT_SITE_KEY_ADDED, origin, 1); /* There is no site yet. */
	assert_false(troth_state_site(&t, origin, &s));
	site_event(TROTH_EVENT_SITE_ADDED, origin, 1);
	for (uint8_t n = 2; n <= TROTH_SITE_KEYS_MAX + 1; n++)
		site_event(TROTH_EVENT_SITE_KEY_ADDED, origin, n);
	site_event(TROTH_EVENT_SITE_KEY_REVOKED, origin, 2);
	assert_true(troth_state_site(&t, origin, &s));
	assert_string_equal(s.party, "acme");
	assert_string_equal(s.site, "manila");
	assert_string_equal(s.origin, origin);
	assert_int_equal(s.key_count, TROTH_SITE_KEYS_MAX);
	for (uint8_t n = 1; n <= TROTH_SITE_KEYS_MAX; n++) {
		assert_int_equal(s.keys[n - 1].key[31], n);
		assert_int_equal(s.keys[n - 1].revoked, n == 2);
	}
}

/* ---- Indexes ---- */

/* Both transactions hold the same in the table; how much it is. */
static unsigned same(unsigned table)
{
	struct troth_cursor a, b;
	unsigned n = 0;
	bool more;

	troth_cursor_open(&a, &t, table);
	troth_cursor_open(&b, &other, table);
	more = troth_cursor_seek(&a, TROTH_SPAN_NONE);
	assert_int_equal(troth_cursor_seek(&b, TROTH_SPAN_NONE), more);
	for (; more; n++) {
		assert_true(troth_span_eq(a.key, b.key));
		assert_true(troth_span_eq(a.value, b.value));
		more = troth_cursor_next(&a);
		assert_int_equal(troth_cursor_next(&b), more);
	}
	troth_cursor_close(&a);
	troth_cursor_close(&b);
	return n;
}

static struct troth_subject subject;

static bool is_listed(const struct troth_id *promise)
{
	int i = troth_subject_promise(&subject, promise);
	const struct troth_promise *p = i < 0 ? NULL : &subject.promises[i];

	return p == NULL || (p->state != TROTH_PROMISE_PROPOSED &&
			     (p->state != TROTH_PROMISE_EXPIRED || p->asked != 0));
}

/* Brings the indexes on from `before`; they must be those that are made at once. */
static void follow(const struct troth_indexed *before)
{
	static const unsigned tables[] = { TROTH_T_ITEMS, TROTH_T_CUSTOMERS,
					   TROTH_T_PROMISES, TROTH_T_DEBTS,
					   TROTH_T_ASKED };
	static const struct troth_indexed nothing;
	unsigned counts[TROTH_LEN(tables)], asked = 0, listed = 0, owed = 0;

	troth_state_reindex(&t, before, &subject);
	troth_txn_abort(&other);
	troth_txn_begin(&other, other_kv, TROTH_TXN_WRITE);
	troth_state_reindex(&other, &nothing, &subject);
	for (size_t i = 0; i < TROTH_LEN(tables); i++)
		counts[i] = same(tables[i]);
	assert_int_equal(counts[0], subject.promise_count);
	assert_int_equal(counts[1], subject.customer[0] != '\0');
	for (unsigned i = 0; i < subject.promise_count; i++)
		listed += is_listed(&subject.promises[i].id);
	assert_int_equal(counts[2], listed);
	for (unsigned i = 0; i < subject.commitment_count; i++)
		owed += is_listed(&subject.commitments[i].promise);
	assert_int_equal(counts[3], owed);
	for (unsigned i = 0; i < subject.promise_count; i++)
		asked += subject.promises[i].state == TROTH_PROMISE_PENDING_APPROVAL;
	assert_int_equal(counts[4], asked);
}

static void change(unsigned step)
{
	struct troth_promise p;

	switch (step) {
	case 0:
		TROTH_TEXT_SET(subject.customer, "ann");
		break;
	case 1:
		subject.promises[0].due.ms++;
		subject.promises[0].state = TROTH_PROMISE_PENDING_APPROVAL;
		break;
	case 2:
		subject.promises[1].state = TROTH_PROMISE_KEPT;
		break;
	case 3:
		subject.commitments[0].due.ms++;
		break;
	case 4:
		subject.commitments[1].state = TROTH_COMMITMENT_DISCHARGED;
		break;
	case 5:
		TROTH_TEXT_SET(subject.commitments[2].debtor, "slow");
		break;
	case 6: /* In another order, as a view may have them. */
		p = subject.promises[0];
		subject.promises[0] = subject.promises[2];
		subject.promises[2] = p;
		subject.commitments[0].due.ms++;
		break;
	case 7:
		TROTH_TEXT_SET(subject.customer, "bob");
		subject.promises[0].state = TROTH_PROMISE_APPROVED;
		break;
	case 8: /* An offer comes to nothing, one is told, HQ is asked about one. */
		subject.promises[2].state = TROTH_PROMISE_EXPIRED;
		break;
	case 9:
		subject.promises[0].state = TROTH_PROMISE_PROPOSED;
		break;
	case 10:
		subject.promises[0].state = TROTH_PROMISE_ACTIVE;
		break;
	case 11: /* HQ had been asked about it. */
		subject.promises[2].asked = TROTH_REASON_OVER_PROMISE_LIMIT;
		break;
	case 12: /* What a refused event of one's own takes away again. */
		subject.promise_count = 1;
		subject.commitment_count = 1;
		break;
	default:
		subject.customer[0] = '\0';
		break;
	}
}

static void indexes_follow_whatever_becomes_of_a_subject(void **state)
{
	const struct troth_id id = { { 9 } };
	struct troth_indexed *before = calloc(1, sizeof(*before));

	(void)state;
	assert_non_null(before);
	troth_subject_init(&subject, TROTH_SUBJECT_ORDER, &id);
	troth_state_indexed(&subject, before);
	subject.promise_count = subject.commitment_count = 3;
	for (uint8_t i = 0; i < 3; i++) {
		subject.promises[i] = (struct troth_promise){
			.id = { { 2, i } },
			.state = i == 2 ? TROTH_PROMISE_PENDING_APPROVAL
					: TROTH_PROMISE_ACTIVE,
			.due = { 1000 + i },
			.lapses = { 900 - i }
		};
		subject.commitments[i] = (struct troth_commitment){
			.promise = { { 2, i } },
			.ordinal = 1,
			.state = TROTH_COMMITMENT_REQUESTED,
			.debtor = "swift",
			.due = { 1000 + i }
		};
	}
	follow(before);
	for (unsigned step = 0; step < 14; step++) {
		troth_state_indexed(&subject, before);
		change(step);
		follow(before);
	}
	free(before);
}

static void what_lapsed_is_counted_for_each_subject_by_itself(void **state)
{
	const struct troth_id a = { { 1 } }, b = { { 2 } };

	(void)state;
	troth_state_add_lapsed(&t, &a);
	troth_state_add_lapsed(&t, &a);
	troth_state_add_lapsed(&t, &b);
	assert_int_equal(troth_state_lapsed(&t, &a), 2);
	assert_int_equal(troth_state_lapsed(&t, &b), 1);
	assert_int_equal(troth_state_meta(&t, "lapsed"), 0);
}

/* ---- Commands ---- */

static const struct troth_result full = {
	.status = TROTH_DONE,
	.reason = TROTH_REASON_DUE_PASSED,
	.subject_kind = TROTH_SUBJECT_CASE,
	.subject = { { 1 } },
	.item = { { 2 } },
	.event = { { 3 } },
	.etag = 4,
	.position = 5,
	.at = { 6 },
};

static bool recalled(const struct troth_command *c, int64_t now, struct troth_result *r)
{
	return troth_command_recall(&t, c, (struct troth_time){ now }, r);
}

static void a_key_stands_for_its_result_until_the_end_of_the_next_day(void **state)
{
	const int64_t now = 20000 * DAY_MS + DAY_MS - 1;
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;

	(void)state;
	c->key.b[0] = 7;
	troth_command_remember(&t, c, &full, (struct troth_time){ now });
	assert_int_equal(troth_txn_count(&t, TROTH_T_KEYS), 0); /* It has no key. */
	c->has_key = true;
	assert_false(recalled(c, now, &r));
	troth_command_remember(&t, c, &full, (struct troth_time){ now });
	assert_true(recalled(c, now + DAY_MS, &r));
	assert_true(r.repeated);
	assert_int_equal(r.status, full.status);
	assert_int_equal(r.reason, full.reason);
	assert_int_equal(r.subject_kind, full.subject_kind);
	assert_true(troth_id_eq(&r.subject, &full.subject));
	assert_true(troth_id_eq(&r.item, &full.item));
	assert_true(troth_id_eq(&r.event, &full.event));
	assert_int_equal(r.etag, full.etag);
	assert_int_equal(r.position, full.position);
	assert_int_equal(r.at.ms, full.at.ms);
	assert_false(recalled(c, now + DAY_MS + 1, &r));
	c->payload.b[31] ^= 1;
	assert_true(recalled(c, now, &r));
	assert_int_equal(r.status, TROTH_KEY_REUSED);
	c->key.b[31] ^= 1;
	assert_false(recalled(c, now, &r));
	troth_command_free(c);
}

static void keys_are_forgotten_when_nobody_can_ask_any_more_and_a_few_at_a_time(
	void **state)
{
	struct troth_command *c = troth_command_new(1);
	const struct troth_time today = { 20002 * DAY_MS };
	struct troth_result r;

	(void)state;
	c->has_key = true;
	for (uint8_t i = 0; i < 6; i++) { /* Two on each of three days. */
		c->key.b[0] = i;
		troth_command_remember(&t, c, &full,
				       (struct troth_time){ (20000 + i / 2) * DAY_MS });
	}
	troth_command_forget(&t, today, 0);
	assert_int_equal(troth_txn_count(&t, TROTH_T_KEYS), 6);
	troth_command_forget(&t, today, 1);
	assert_int_equal(troth_txn_count(&t, TROTH_T_KEYS), 5);
	troth_command_forget(&t, today, 100);
	assert_int_equal(troth_txn_count(&t, TROTH_T_KEYS), 4);
	for (uint8_t i = 2; i < 6; i++) {
		c->key.b[0] = i;
		assert_true(recalled(c, today.ms, &r));
	}
	troth_command_free(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parties_are_found_as_they_were_added_and_the_brand_is_known),
		TEST(a_site_has_its_keys_up_to_the_limit_and_one_is_revoked_alone),
		TEST(indexes_follow_whatever_becomes_of_a_subject),
		TEST(what_lapsed_is_counted_for_each_subject_by_itself),
		TEST(a_key_stands_for_its_result_until_the_end_of_the_next_day),
		TEST(keys_are_forgotten_when_nobody_can_ask_any_more_and_a_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
