/*
 * What a lookup finds of a party's authority: agents, shares, and what has been
 * given. The index of gifts is held against counting them all.
 */
#include "memkv.h"

#include "troth/base/err.h"
#include "troth/base/text.h"
#include "troth/core/authority.h"
#include "troth/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORDERS   6
#define PROMISES 5
#define ROUNDS   4000
#define ENTRIES  4 /* The n-th was accepted at 5n. */

struct rig {
	struct memkv_disk *disk;
	struct troth_kv *kv;
	struct troth_txn t;
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_source source;
	struct troth_lookup lookup;
	struct troth_subject orders[ORDERS], authority, room;
	struct troth_indexed before;
	uint32_t dice;
	bool central;
};

static int start_with(void **state, const struct troth_schema *schema)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct troth_why why;

	assert_non_null(r);
	r->disk = memkv_disk_new();
	assert_int_equal(memkv_open(&r->kv, r->disk, schema, &why), TROTH_OK);
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
	r->source = (struct troth_source){ .t = &r->t, .authority = &r->room };
	troth_state_lookup(&r->lookup, &r->source, r->brand);
	r->central = schema == &troth_central_schema;
	*state = r;
	return 0;
}

static int start(void **state)
{
	return start_with(state, &troth_central_schema);
}

static int start_gateway(void **state)
{
	return start_with(state, &troth_gateway_schema);
}

static int stop(void **state)
{
	struct rig *r = *state;
	struct troth_why why;

	assert_int_equal(troth_txn_commit(&r->t, &why), TROTH_OK);
	troth_kv_close(r->kv);
	memkv_disk_free(r->disk);
	free(r);
	return 0;
}

static unsigned roll(struct rig *r, unsigned sides)
{
	r->dice = r->dice * 1664525u + 1013904223u;
	return (r->dice >> 16) % sides;
}

static void certify(struct rig *r, const char *party, const char *actor, uint32_t level,
		    int64_t until_ms)
{
	struct troth_event e = { .type = TROTH_EVENT_AGENT_CERTIFIED };

	TROTH_TEXT_SET(e.u.agent.party, party);
	TROTH_TEXT_SET(e.u.agent.actor, actor);
	e.u.agent.level = level;
	e.u.agent.until.ms = until_ms;
	troth_state_apply_agent(&r->t, &e);
}

static uint32_t level_of(struct rig *r, const char *party, const char *actor, int64_t at)
{
	return r->lookup.level(r->lookup.ctx, party, actor, (struct troth_time){ at });
}

static void an_agent_has_the_level_of_its_own_party_until_it_ends(void **state)
{
	struct rig *r = *state;

	certify(r, "acme", "ana", 2, 0);
	certify(r, "acme", "ben", 3, 1000);
	certify(r, "zeta", "ana", 1, 0);
	assert_int_equal(level_of(r, "acme", "ana", 1), 2);
	assert_int_equal(level_of(r, "acme", "ben", 999), 3);
	assert_int_equal(level_of(r, "acme", "ben", 1000), 0);
	assert_int_equal(level_of(r, "zeta", "ana", 1), 1);
	assert_int_equal(level_of(r, "zeta", "ben", 1), 0);
	assert_int_equal(level_of(r, "acme", "an", 1), 0);
	certify(r, "acme", "ana", 0, 0);
	assert_int_equal(level_of(r, "acme", "ana", 1), 0);
}

static const struct troth_authority *authority_of(struct rig *r, const char *party)
{
	return r->lookup.authority(r->lookup.ctx, party);
}

static void store(struct rig *r, struct troth_subject *s)
{
	static const struct troth_digest leaf;
	struct troth_buf b = TROTH_BUF_INIT;

	troth_subject_seal(s, &leaf, &b);
	troth_txn_put(&r->t, TROTH_T_SUBJECTS, troth_span(s->id.b, TROTH_ID_LEN),
		      troth_buf_span(&b));
	troth_buf_fini(&b);
}

static void the_authority_is_the_stored_one_or_the_one_at_hand(void **state)
{
	struct rig *r = *state;
	struct troth_subject *s = &r->authority;
	struct troth_id id = troth_authority_id("acme");

	assert_null(authority_of(r, "acme"));
	troth_subject_init(s, TROTH_SUBJECT_AUTHORITY, &id);
	r->source.at_hand = s;
	assert_null(authority_of(r, "acme")); /* It does not exist yet. */
	s->participant_count = 1;
	TROTH_TEXT_SET(s->participants[0].party, "acme");
	s->authority.share_count = 1;
	s->authority.shares[0].allotted = 7;
	store(r, s);
	s->authority.shares[0].allotted = 9;
	assert_int_equal(authority_of(r, "acme")->shares[0].allotted, 9);
	r->source.at_hand = NULL;
	assert_int_equal(authority_of(r, "acme")->shares[0].allotted, 7);
	assert_null(authority_of(r, "zeta"));
}

/* ---- What has been given ---- */

static const char *const parties[] = { "acme", "acm", "zeta" };
static const char *const grants[] = { "", "gifts", "gift" };
static const char *const customers[] = { "cust-1", "cust-11" };

/* One of the things that happen to orders: made, changed, dropped from a view. */
static void happen(struct rig *r, struct troth_subject *s)
{
	unsigned i = roll(r, PROMISES);
	struct troth_promise *p = &s->promises[i];

	if (i >= s->promise_count) {
		p = &s->promises[s->promise_count++];
		*p = (struct troth_promise){ .written.created.ms = 1 + roll(r, 20),
					     .written.accepted.ms = 1 + roll(r, 20),
					     .written.heard = roll(r, ENTRIES + 1),
					     .state = TROTH_PROMISE_PROPOSED,
					     .cost = 1 + roll(r, 9) };
		p->id = s->id;
		p->id.b[10] = (uint8_t)(s->promise_count - 1);
		TROTH_TEXT_SET(p->party, parties[roll(r, TROTH_LEN(parties))]);
		TROTH_TEXT_SET(p->grant, grants[roll(r, TROTH_LEN(grants))]);
	} else if (roll(r, 8) == 0) {
		s->promise_count--;
	} else {
		p->state = (enum troth_promise_state)(1 +
						      roll(r, TROTH_PROMISE_STATE_LAST));
		if (roll(r, 4) == 0)
			TROTH_TEXT_SET(p->grant, grants[roll(r, TROTH_LEN(grants))]);
	}
}

static bool lives(const struct troth_promise *p)
{
	static const enum troth_promise_state came_to_nothing[] = {
		TROTH_PROMISE_EXPIRED, TROTH_PROMISE_REJECTED, TROTH_PROMISE_RELEASED,
		TROTH_PROMISE_CANCELLED
	};

	for (size_t i = 0; i < TROTH_LEN(came_to_nothing); i++)
		if (p->state == came_to_nothing[i])
			return false;
	return true;
}

/* By counting, over what the orders are now. */
static int64_t counted(const struct rig *r, const char *party, const char *grant,
		       const char *customer, int64_t at, int64_t period)
{
	int64_t sum = 0, until = r->source.until.ms;

	for (unsigned i = 0; i < ORDERS; i++)
		for (unsigned j = 0; j < r->orders[i].promise_count; j++) {
			const struct troth_promise *p = &r->orders[i].promises[j];

			int64_t then = p->written.created.ms;

			if (r->central && then > p->written.accepted.ms)
				then = p->written.accepted.ms;
			if (r->central && then < 5 * (int64_t)p->written.heard)
				then = 5 * (int64_t)p->written.heard;
			if (strcmp(r->orders[i].customer, customer) == 0 &&
			    strcmp(p->party, party) == 0 &&
			    strcmp(p->grant, grant) == 0 && llabs(then - at) <= period &&
			    (until == 0 || then <= until) && lives(p))
				sum += p->cost;
		}
	return sum;
}

static void ask_all(struct rig *r)
{
	for (size_t p = 0; p < TROTH_LEN(parties); p++)
		for (size_t g = 1; g < TROTH_LEN(grants); g++)
			for (size_t c = 0; c < TROTH_LEN(customers); c++) {
				int64_t at = roll(r, 22), period = roll(r, 12);

				r->source.until.ms = roll(r, 22);
				assert_int_equal(
					r->lookup.given(r->lookup.ctx, parties[p],
							grants[g], customers[c],
							(struct troth_time){ at },
							period),
					counted(r, parties[p], grants[g], customers[c],
						at, period));
			}
}

static void store_entry(struct rig *r, uint64_t position, int64_t accepted_ms)
{
	static const uint8_t body[] = { 1 };
	struct troth_buf b = TROTH_BUF_INIT;
	uint8_t key[8];

	troth_entry_encode(
		&(struct troth_entry){ troth_span(body, sizeof(body)),
				       { TROTH_TAKES_EFFECT, TROTH_REASON_NONE },
				       { accepted_ms } },
		&b);
	troth_store_u64be(key, position - 1);
	troth_txn_put(&r->t, TROTH_T_ENTRIES, troth_span(key, 8), troth_buf_span(&b));
	troth_buf_fini(&b);
}

static void only_central_knows_when_an_entry_was_accepted(void **state)
{
	struct rig *r = *state;

	store_entry(r, 1, 5);
	assert_int_equal(r->lookup.accepted(r->lookup.ctx, 0).ms, 0);
	assert_int_equal(r->lookup.accepted(r->lookup.ctx, 1).ms, r->central ? 5 : 0);
	assert_int_equal(r->lookup.accepted(r->lookup.ctx, 2).ms, 0);
	assert_int_equal(troth_txn_sound(&r->t), !r->central); /* Its log has no gaps. */
	troth_txn_abort(&r->t);
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
}

static void what_was_given_is_the_sum_whatever_has_happened(void **state)
{
	struct rig *r = *state;

	for (uint64_t i = 1; i <= ENTRIES; i++)
		store_entry(r, i, 5 * (int64_t)i);
	for (unsigned i = 0; i < ORDERS; i++) {
		struct troth_id id = { { 1, [14] = (uint8_t)(i + 1) } };

		troth_subject_init(&r->orders[i], TROTH_SUBJECT_ORDER, &id);
		TROTH_TEXT_SET(r->orders[i].customer,
			       customers[i % TROTH_LEN(customers)]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct troth_subject *s = &r->orders[roll(r, ORDERS)];

		troth_state_indexed(s, &r->before);
		happen(r, s);
		r->source.at_hand = s; /* The index does not know yet. */
		ask_all(r);
		troth_state_reindex(&r->t, &r->before, s);
		ask_all(r);
		r->source.at_hand = NULL;
		ask_all(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_agent_has_the_level_of_its_own_party_until_it_ends, start,
			stop),
		cmocka_unit_test_setup_teardown(
			the_authority_is_the_stored_one_or_the_one_at_hand, start, stop),
		cmocka_unit_test_setup_teardown(
			what_was_given_is_the_sum_whatever_has_happened, start, stop),
		cmocka_unit_test_setup_teardown(
			what_was_given_is_the_sum_whatever_has_happened, start_gateway,
			stop),
		cmocka_unit_test_setup_teardown(
			only_central_knows_when_an_entry_was_accepted, start, stop),
		cmocka_unit_test_setup_teardown(
			only_central_knows_when_an_entry_was_accepted, start_gateway,
			stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
