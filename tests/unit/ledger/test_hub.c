/* What a site with a good certificate and a key can do to the others: nothing. */
#include "hub_kit.h"

/* A batch of `count` bodies of `len` bytes that are none. */
static void submit(uint64_t conn, uint32_t request, size_t count, size_t len)
{
	static uint8_t bytes[4 << 20];
	static struct troth_span bodies[TROTH_BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		bodies[i] = troth_span(bytes, len);
	ask(conn, request,
	    &(struct troth_bus_request){ .type = TROTH_BUS_SUBMIT,
					 .u.submit = { .incarnation = 1,
						       .first_seq = 1,
						       .count = count,
						       .bodies = bodies } });
}

static void a_site_has_16_connections_and_loses_its_oldest(void **state)
{
	(void)state;
	connect_site(100, &k.shop);
	for (uint64_t conn = 1; conn <= 16; conn++)
		connect_site(conn, &k.acme);
	assert_int_equal(closed_count, 0);
	connect_site(17, &k.acme);
	connect_site(18, &k.acme); /* Before the first has gone. */
	assert_int_equal(closed_count, 2);
	assert_int_equal(closed[0], 1);
	assert_int_equal(closed[1], 2);
	troth_hub_disconnected(hub, 1);
	troth_hub_disconnected(hub, 2);
	connect_site(101, &k.shop);
	assert_int_equal(closed_count, 2);
}

/* Also those whose ids fall together in whatever finds them. */
static void each_of_many_connections_is_answered_until_it_is_gone(void **state)
{
	enum { CONNS = 48 };
	struct kit_site *sites[] = { &k.acme, &k.zeta, &k.swift, &k.slow };
	uint64_t ids[CONNS];

	(void)state;
	for (unsigned i = 0; i < CONNS; i++) {
		ids[i] = 1 + i % 16 + ((uint64_t)(i / 16) << 32);
		connect_site(ids[i], sites[i % TROTH_LEN(sites)]);
	}
	for (unsigned i = 0; i < CONNS; i += 3)
		troth_hub_disconnected(hub, ids[i]);
	troth_hub_disconnected(hub, 77); /* There is none. */
	for (unsigned i = 0; i < CONNS; i++)
		ask_fresh(ids[i], 2);
	turn();
	for (unsigned i = 0; i < CONNS; i++)
		assert_int_equal(answered(ids[i], 0), i % 3 != 0);
}

static void one_site_may_have_256_requests_waiting(void **state)
{
	(void)state;
	connect_site(1, &k.acme);
	connect_site(2, &k.acme);
	connect_site(3, &k.shop);
	for (uint32_t i = 0; i < 256; i++)
		ask_fresh(1 + i % 2, 2 + i);
	assert_int_equal(answered(1, TROTH_BUS_E_FULL), 0);
	ask_fresh(1, 1000);
	assert_int_equal(answered(1, TROTH_BUS_E_FULL), 1);
	ask_fresh(3, 2);
	assert_int_equal(answered(3, TROTH_BUS_E_FULL), 0);
	while (troth_hub_busy(hub, k.now))
		turn();
	assert_int_equal(answered(1, 0) + answered(2, 0), 256);
	assert_int_equal(answered(3, 0), 1);
}

static void one_site_may_have_24_mib_waiting(void **state)
{
	(void)state;
	connect_site(1, &k.acme);
	connect_site(3, &k.shop);
	for (uint32_t i = 0; i < 7; i++)
		submit(1, 2 + i, 1, (4 << 20) - 1024);
	assert_int_equal(answered(1, TROTH_BUS_E_FULL), 1);
	submit(3, 2, 1, (4 << 20) - 1024);
	assert_int_equal(answered(3, TROTH_BUS_E_FULL), 0);
}

static void a_flood_of_one_site_does_not_make_the_others_wait(void **state)
{
	(void)state;
	connect_site(1, &k.acme);
	connect_site(3, &k.shop);
	for (uint32_t i = 0; i < 10; i++)
		submit(1, 2 + i, TROTH_BATCH_MAX, 8);
	ask_fresh(1, 12);
	ask_fresh(3, 2);
	turn();
	assert_int_equal(answered(3, 0), 1);
	assert_int_equal(answered(1, TROTH_BUS_E_TURNED_AWAY), 4);
	assert_int_equal(answered(1, 0), 0); /* Its question waits for its batches. */
	while (troth_hub_busy(hub, k.now))
		turn();
	assert_int_equal(answered(1, TROTH_BUS_E_TURNED_AWAY), 10);
	assert_int_equal(answered(1, 0), 1);
}

static void tell_received(uint64_t conn, uint32_t request)
{
	ask(conn, request, &(struct troth_bus_request){ .type = TROTH_BUS_RECEIVE });
}

static void what_was_received_is_saved_with_another_commit_or_20_ms_after_the_last(
	void **state)
{
	int64_t began;

	(void)state;
	connect_site(1, &k.acme);
	connect_site(3, &k.shop);
	ask_fresh(3, 2);
	turn();
	began = k.now.ms;
	tell_received(1, 2);
	assert_false(troth_hub_busy(hub, k.now));
	assert_int_equal(troth_hub_wake(hub).ms, began + 20);
	k.now.ms = began + 19;
	assert_false(troth_hub_busy(hub, k.now));
	turn();
	assert_int_equal(answered(1, 0), 0);
	k.now.ms = began + 20;
	assert_true(troth_hub_busy(hub, k.now));
	turn();
	assert_int_equal(answered(1, 0), 1);
	tell_received(1, 3);
	ask_fresh(3, 3);
	assert_true(troth_hub_busy(hub, k.now));
	turn();
	assert_int_equal(answered(1, 0), 2);
	tell_received(1, 4);
	k.now.ms = began - 3600000; /* A clock that is set back makes nobody wait. */
	assert_true(troth_hub_busy(hub, k.now));
}

/* Else it would fill the queue, and what is urgent would be turned away. */
static void a_turn_s_worth_of_what_was_received_waits_for_nothing(void **state)
{
	(void)state;
	connect_site(1, &k.acme);
	connect_site(3, &k.shop);
	ask_fresh(3, 2);
	turn();
	for (uint32_t i = 0; i < 63; i++)
		tell_received(1, 2 + i);
	assert_false(troth_hub_busy(hub, k.now));
	tell_received(1, 65);
	assert_true(troth_hub_busy(hub, k.now));
	turn();
	assert_int_equal(answered(1, 0), 64);
}

static void a_search_is_answered_at_once(void **state)
{
	static struct troth_event e;

	(void)state;
	kit_place_order(&k, &e);
	connect_site(1, &k.acme);
	ask(1, 2,
	    &(struct troth_bus_request){ .type = TROTH_BUS_FIND,
					 .u.find = { .order_number = "A-1001" } });
	assert_int_equal(answered(1, 0), 1);
	assert_int_equal(found_count, 1);
}

static struct troth_result done[4];
static unsigned done_count;

static void on_done(struct troth_command *c, const struct troth_result *r)
{
	assert_true(done_count < TROTH_LEN(done));
	done[done_count++] = *r;
	troth_command_free(c);
}

static struct troth_command *party_command(const char *party)
{
	struct troth_command *c = troth_command_new(1);

	assert_non_null(c);
	c->drafts[0]->type = TROTH_EVENT_PARTY_ADDED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	c->drafts[0]->u.party.role = TROTH_ROLE_VENDOR;
	TROTH_TEXT_SET(c->drafts[0]->u.party.party, party);
	TROTH_TEXT_SET(c->drafts[0]->u.party.name, party);
	c->done = on_done;
	return c;
}

static void commands_are_done_in_order_and_bear_the_date_that_was_set(void **state)
{
	uint64_t size = troth_ledger_size(k.ledger);
	struct troth_time date = { FIXTURE_NOW + FIXTURE_DAY };

	(void)state;
	done_count = 0;
	troth_hub_commands(hub, party_command("first"));
	troth_hub_commands(hub, party_command("second"));
	turn();
	assert_int_equal(done_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(done[i].status, TROTH_DONE);
		assert_int_equal(done[i].position, size + 1 + i);
		assert_int_equal(done[i].at.ms, k.now.ms);
	}
	troth_hub_date(hub, date);
	troth_hub_commands(hub, party_command("third"));
	turn();
	assert_int_equal(done_count, 3);
	assert_int_equal(done[2].at.ms, date.ms);
}

static void on_answer(struct troth_question *q)
{
	*(unsigned *)q->ctx += 1;
}

static void who_waits_when_the_hub_is_closed_is_told_so(void **state)
{
	unsigned told = 0;
	struct troth_question q = { .done = on_answer, .ctx = &told };

	(void)state;
	done_count = 0;
	troth_hub_commands(hub, party_command("late"));
	troth_hub_ask(hub, &q);
	troth_hub_close(hub);
	hub = NULL;
	assert_int_equal(done_count, 1);
	assert_int_equal(done[0].status, TROTH_STOPPING);
	assert_int_equal(told, 1);
	assert_false(q.ok);
	assert_true(q.why.text[0] != '\0');
}

#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, &k)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_site_has_16_connections_and_loses_its_oldest),
		TEST(each_of_many_connections_is_answered_until_it_is_gone),
		TEST(one_site_may_have_256_requests_waiting),
		TEST(one_site_may_have_24_mib_waiting),
		TEST(a_flood_of_one_site_does_not_make_the_others_wait),
		TEST(what_was_received_is_saved_with_another_commit_or_20_ms_after_the_last),
		TEST(a_turn_s_worth_of_what_was_received_waits_for_nothing),
		TEST(a_search_is_answered_at_once),
		TEST(commands_are_done_in_order_and_bear_the_date_that_was_set),
		TEST(who_waits_when_the_hub_is_closed_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
