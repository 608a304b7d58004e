/* Who waits for news gets it, and what it costs does not grow with what a site asks. */
#include "hub_kit.h"

#include "troth/state/query.h"

#define SHARE 1024 /* Of the marks that are looked at in 20 ms: that of one site. */

static struct troth_event made;

static void on_added(struct troth_command *c, const struct troth_result *r)
{
	assert_int_equal(r->status, TROTH_DONE);
	troth_command_free(c);
}

/* Marks of sites that are none of the asker's business. */
static void mark_strangers(unsigned from, unsigned to)
{
	struct troth_why why;
	char origin[64];

	troth_ledger_begin(k.ledger, k.now);
	for (unsigned i = from; i < to; i++) {
		(void)snprintf(origin, sizeof(origin), "spiffe://other/gw/a/%u", i);
		troth_ledger_received(k.ledger, origin, 1);
	}
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

static void mark(const struct kit_site *site, uint64_t position)
{
	struct troth_why why;

	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_received(k.ledger, site->origin, position);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

static void follow(uint32_t wait_ms, uint64_t marks_after)
{
	follow_as(1, &k.acme, wait_ms, marks_after);
}

/* To the next turn in which something is to be done; it must be within 20 ms. */
static void next_turn(void)
{
	int64_t began = k.now.ms;

	k.now = troth_hub_wake(hub);
	assert_in_range(k.now.ms, began, began + 20);
	turn();
}

static void for_a_site_1024_marks_are_looked_at_in_20_ms(void **state)
{
	(void)state;
	mark_strangers(0, SHARE);
	mark(&k.acme, 1);
	connect_site(1, &k.acme);
	connect_site(2, &k.acme);
	follow_as(2, &k.acme, 0, 0);
	follow(0, 0);
	turn();
	assert_int_equal(answered(1, 0) + answered(2, 0), 2);
	assert_int_equal(sum_of_upto, SHARE); /* One of them got nothing. */
	follow(0, SHARE);
	k.now.ms += 19;
	turn();
	assert_int_equal(answered(1, 0), 2);
	assert_int_equal(marks_upto, SHARE);
	k.now.ms += 1;
	follow(0, SHARE);
	turn();
	assert_int_equal(mark_count, 1);
	assert_int_equal(marks_upto, SHARE + 1);
}

static void a_clock_that_is_set_back_gives_a_site_its_share_again(void **state)
{
	(void)state;
	mark_strangers(0, 2 * SHARE);
	connect_site(1, &k.acme);
	follow(0, 0);
	turn();
	k.now.ms -= 3600000;
	follow(0, SHARE);
	turn();
	assert_int_equal(marks_upto, 2 * SHARE);
}

static void who_waits_is_told_of_a_mark_behind_those_of_others(void **state)
{
	(void)state;
	mark_strangers(0, 2 * SHARE);
	mark(&k.acme, 1);
	connect_site(1, &k.acme);
	follow(20000, 0);
	turn();
	for (unsigned turns = 0; turns < 2; turns++) {
		next_turn();
		assert_int_equal(answered(1, 0), 0);
	}
	next_turn();
	assert_int_equal(answered(1, 0), 1);
	assert_int_equal(mark_count, 1);
	assert_int_equal(marks_upto, 2 * SHARE + 1);
}

static void all_that_a_site_has_waiting_gets_no_more_than_one_would(void **state)
{
	(void)state;
	mark_strangers(0, 4 * SHARE);
	mark(&k.acme, 1);
	mark(&k.zeta, 1);
	for (uint64_t conn = 1; conn <= 16; conn++) {
		connect_site(conn, &k.acme);
		for (unsigned i = 0; i < 4; i++)
			follow_as(conn, &k.acme, 20000, 0);
	}
	connect_site(17, &k.zeta);
	follow_as(17, &k.zeta, 20000, 0);
	turn();
	/* 64 times 4 shares; meanwhile another site gets what is its own. */
	for (unsigned turns = 1; turns <= 64 * 4; turns++) {
		next_turn();
		assert_int_equal(answer_count - 17, turns >= 5);
	}
	assert_int_equal(answered(17, 0), 1);
	/* They went on side by side: each has but one mark to go. */
	next_turn();
	for (uint64_t conn = 1; conn <= 16; conn++)
		assert_int_equal(answered(conn, 0), 4);
	assert_int_equal(closed_count, 0);
}

/* A site of acme's beside its first. */
static void add_site(struct kit_site *s, unsigned n)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_event *e = c->drafts[0];

	*s = (struct kit_site){ .party = "acme" };
	(void)snprintf(s->origin, sizeof(s->origin),
		       "spiffe://" FIXTURE_DOMAIN "/gw/acme/s%u", n);
	e->type = TROTH_EVENT_SITE_ADDED;
	e->subject_kind = TROTH_SUBJECT_FEDERATION;
	TROTH_TEXT_SET(e->u.site.party, s->party);
	(void)snprintf(e->u.site.site, sizeof(e->u.site.site), "s%u", n);
	TROTH_TEXT_SET(e->u.site.origin, s->origin);
	e->u.site.key[0] = (uint8_t)n;
	c->done = on_added;
	troth_hub_commands(hub, c);
}

enum { SITES = 12, AT_ONCE = 8 }; /* A share for each of 8 sites is all there is. */

/* 12 sites wait, of whom the mark behind so many is the first that concerns them. */
static void have_sites_wait(unsigned strangers)
{
	static struct kit_site sites[SITES];

	for (unsigned i = 0; i < SITES; i++)
		add_site(&sites[i], i + 1);
	turn();
	mark_strangers(0, strangers);
	mark(&k.acme, 1);
	for (unsigned i = 0; i < SITES; i++)
		connect_site(i + 1, &sites[i]);
	for (unsigned i = 0; i < SITES; i++)
		follow_as(i + 1, &sites[i], 20000, 0);
	answer_count = 0;
	turn();
}

static void of_sites_that_wait_8192_marks_are_looked_at_in_20_ms(void **state)
{
	(void)state;
	have_sites_wait(SHARE - 1);
	next_turn();
	assert_int_equal(answer_count, AT_ONCE);
	next_turn();
	assert_int_equal(answer_count, SITES);
	assert_int_equal(marks_upto, SHARE);
}

static void sites_that_wait_take_turns(void **state)
{
	(void)state;
	have_sites_wait(SHARE);
	next_turn(); /* 8 sites come to the last mark but one, */
	assert_int_equal(answer_count, 0);
	next_turn(); /* then the others do, and the 8 get that. */
	assert_int_equal(answer_count, AT_ONCE);
	for (uint64_t conn = 1; conn <= SITES; conn++)
		assert_int_equal(answered(conn, 0), conn <= AT_ONCE);
	next_turn();
	assert_int_equal(answer_count, SITES);
	assert_int_equal(marks_upto, SHARE + 1);
}

static void who_asks_from_beyond_the_last_mark_is_refused(void **state)
{
	static const uint64_t beyond[] = { 1, UINT64_MAX - 3 };

	(void)state;
	mark_strangers(0, 3);
	connect_site(1, &k.acme);
	follow(1000, 3);
	turn();
	assert_int_equal(answer_count, 1);
	assert_int_equal(closed_count, 0);
	for (unsigned i = 0; i < TROTH_LEN(beyond); i++) {
		connect_site(2 + i, &k.acme);
		follow_as(2 + i, &k.acme, 1000, 3 + beyond[i]);
		assert_int_equal(answered(2 + i, TROTH_BUS_E_WENT_BACK), 1);
		assert_int_equal(closed_count, 1 + i);
		assert_int_equal(closed[i], 2 + i);
	}
	k.now.ms += 1000;
	turn();
	assert_int_equal(answered(1, 0), 1);
	assert_int_equal(marks_upto, 3);
}

static size_t rows(enum troth_table table)
{
	struct troth_txn t;
	size_t n;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	n = (size_t)troth_txn_count(&t, table);
	troth_txn_abort(&t);
	return n;
}

static void receive(uint64_t conn, uint64_t position)
{
	ask(conn, 3,
	    &(struct troth_bus_request){ .type = TROTH_BUS_RECEIVE,
					 .u.receive = { .position = position } });
}

static void a_turn_adds_one_mark_of_a_site_and_none_if_it_has_no_more(void **state)
{
	const uint64_t size = troth_ledger_size(k.ledger);
	struct troth_txn t;

	(void)state;
	assert_true(size > 6);
	connect_site(1, &k.acme);
	connect_site(2, &k.acme);
	connect_site(3, &k.zeta);
	for (uint64_t position = 1; position <= 4; position++) {
		receive(1, position);
		receive(2, position + 1);
		receive(3, 7 - position);
	}
	turn();
	assert_int_equal(answered(1, 0) + answered(2, 0) + answered(3, 0), 12);
	assert_int_equal(rows(TROTH_T_MARKS), 2);
	assert_int_equal(rows(TROTH_T_RECEIVED), 2);
	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	assert_int_equal(troth_query_received(&t, k.acme.origin, 5).ms, k.now.ms);
	assert_int_equal(troth_query_received(&t, k.acme.origin, 6).ms, 0);
	assert_int_equal(troth_query_received(&t, k.zeta.origin, 6).ms, k.now.ms);
	troth_txn_abort(&t);

	k.now.ms += 20;
	receive(1, 5);
	receive(2, 4);
	turn();
	assert_int_equal(rows(TROTH_T_MARKS), 2);
	k.now.ms += 20;
	receive(1, 6);
	turn();
	assert_int_equal(rows(TROTH_T_MARKS), 3);
	assert_int_equal(rows(TROTH_T_RECEIVED), 3);
}

static void waits_of_any_length_are_over_in_their_order(void **state)
{
	enum { CONNS = 4 * 16 };
	struct kit_site *sites[] = { &k.acme, &k.zeta, &k.swift, &k.slow };
	unsigned waiting = 0, random = 1;

	(void)state;
	for (uint64_t conn = 0; conn < CONNS; conn++) {
		connect_site(conn + 1, sites[conn % 4]);
		for (unsigned i = 0; i < 4; i++) {
			random = random * 1103515245 + 12345;
			follow_as(conn + 1, sites[conn % 4], 1 + (random >> 16) % 25000,
				  0);
		}
	}
	turn();
	assert_int_equal(answer_count, CONNS);
	for (uint64_t conn = 1; conn <= CONNS; conn++) {
		if (conn % 5 == 0)
			troth_hub_disconnected(hub, conn);
		waiting += conn % 5 != 0 ? 4 : 0;
	}
	while (waiting > 0) {
		struct troth_time at = troth_hub_wake(hub);
		unsigned before = answer_count;

		assert_in_range(at.ms, k.now.ms, FIXTURE_NOW + 25000);
		k.now = at;
		turn();
		/* Were one out of order, none would be due, or it would be past. */
		assert_in_range(answer_count - before, 1, 4);
		waiting -= answer_count - before;
	}
	assert_int_equal(troth_hub_wake(hub).ms, 0);
}

static void who_waits_is_answered_when_its_wait_is_over_unless_it_is_gone(void **state)
{
	static const uint32_t wait_ms[] = { 300, 100, 200, 200, 400 };
	const int64_t began = k.now.ms;

	(void)state;
	for (uint64_t conn = 1; conn <= TROTH_LEN(wait_ms); conn++) {
		connect_site(conn, conn % 2 == 0 ? &k.acme : &k.zeta);
		follow_as(conn, conn % 2 == 0 ? &k.acme : &k.zeta, wait_ms[conn - 1], 0);
	}
	assert_true(troth_hub_busy(hub, k.now));
	turn();
	assert_false(troth_hub_busy(hub, k.now));
	troth_hub_disconnected(hub, 3);
	for (unsigned answers_want = 1; answers_want <= 4; answers_want++) {
		static const uint64_t order[] = { 2, 4, 1, 5 };
		uint64_t conn = order[answers_want - 1];

		assert_int_equal(answered(conn, 0), 0);
		k.now = troth_hub_wake(hub);
		assert_int_equal(k.now.ms, began + wait_ms[conn - 1]);
		turn();
		assert_int_equal(answered(conn, 0), 1);
		assert_int_equal(answer_count, TROTH_LEN(wait_ms) + answers_want);
	}
	assert_int_equal(answered(3, 0), 0);
	assert_int_equal(troth_hub_wake(hub).ms, 0);
}

static void an_entry_is_told_at_once_to_those_who_may_see_it_and_to_nobody_else(
	void **state)
{
	(void)state;
	connect_site(1, &k.shop);
	connect_site(2, &k.slow);
	connect_site(3, &k.swift);
	connect_site(4, &k.shop);
	connect_site(5, &k.shop);
	follow_as(1, &k.shop, 20000, 0);
	follow_as(2, &k.slow, 20000, 0);
	follow_as(3, &k.swift, 20000, 0);
	follow_as(4, &k.shop, 20000, 0);
	turn();
	assert_int_equal(answer_count, 5); /* Nothing but Hello has been answered. */
	kit_place_order(&k, &made);        /* Of shop, with carrier swift. */
	turn();
	assert_int_equal(answered(1, 0), 1);
	assert_int_equal(answered(2, 0), 0);
	assert_int_equal(answered(3, 0), 1);
	assert_int_equal(answered(4, 0), 1);
	assert_int_equal(answered(5, 0), 0); /* It has not asked. */
	follow_as(5, &k.shop, 20000, 0);
	turn();
	assert_int_equal(answered(5, 0), 0); /* There is no more. */
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(for_a_site_1024_marks_are_looked_at_in_20_ms),
		TEST(a_clock_that_is_set_back_gives_a_site_its_share_again),
		TEST(who_waits_is_told_of_a_mark_behind_those_of_others),
		TEST(all_that_a_site_has_waiting_gets_no_more_than_one_would),
		TEST(of_sites_that_wait_8192_marks_are_looked_at_in_20_ms),
		TEST(sites_that_wait_take_turns),
		TEST(who_asks_from_beyond_the_last_mark_is_refused),
		TEST(a_turn_adds_one_mark_of_a_site_and_none_if_it_has_no_more),
		TEST(who_waits_is_answered_when_its_wait_is_over_unless_it_is_gone),
		TEST(waits_of_any_length_are_over_in_their_order),
		TEST(an_entry_is_told_at_once_to_those_who_may_see_it_and_to_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
