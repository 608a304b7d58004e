/* A store, or central, that comes back from an old copy is found out in time. */
#include "replica_kit.h"

static void cases(struct kit *k, uint8_t first, uint8_t last)
{
	for (uint8_t i = first; i <= last; i++)
		assert_int_equal(kit_do(k, cmd_case(k, i)).status, TROTH_DONE);
}

/* Answers the Hello that waits and takes a turn. */
static void greet(struct kit *k)
{
	struct kit_request r;

	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	kit_turn(k);
}

static void a_store_restored_from_a_backup_begins_a_new_incarnation(void **state)
{
	struct kit *k = kit_joined();
	struct memkv_image *backup;
	struct troth_view v;

	(void)state;
	cases(k, 1, 2);
	kit_serve(k);
	backup = memkv_snapshot(k->disk);
	cases(k, 3, 5);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 5);

	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	kit_open(k);
	cases(k, 6, 7); /* Before anybody has noticed. */
	kit_up(k);
	kit_turn(k);
	greet(k);
	k->now.ms += 1000;
	kit_serve(k);
	assert_int_equal(kit_noted(k, "restored_store"), 1);
	assert_int_equal(k->incarnation, 2);
	assert_int_equal(k->taken_seq, 2);
	for (unsigned i = 0; i < k->answered; i++)
		assert_true(kit_knows(k, &k->results[i].event));
	for (uint8_t i = 1; i <= 7; i++)
		assert_true(kit_view(k, i, &v)); /* The lost ones came back, too. */
	kit_check_same(k);

	/* It goes on like that after a restart, and nothing is noticed again. */
	kit_crash(k);
	cases(k, 8, 8);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(kit_noted(k, "restored_store"), 1);
	assert_int_equal(k->taken_seq, 3);
	kit_check_same(k);
	kit_free(k);
}

static void other_events_under_the_same_numbers_are_noticed_by_the_chain(void **state)
{
	struct kit *k = kit_joined();
	struct memkv_image *backup = memkv_snapshot(k->disk);

	(void)state;
	cases(k, 1, 3);
	kit_serve(k);
	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	kit_open(k);
	cases(k, 4, 8); /* More than were lost: the count alone tells nothing. */
	kit_up(k);
	kit_turn(k);
	greet(k);
	k->now.ms += 1000;
	kit_serve(k);
	assert_int_equal(kit_noted(k, "restored_store"), 1);
	assert_int_equal(k->incarnation, 2);
	for (unsigned i = 0; i < k->answered; i++)
		assert_true(kit_knows(k, &k->results[i].event));
	kit_check_same(k);
	kit_free(k);
}

static void what_central_had_before_the_restore_has_effect_once(void **state)
{
	struct kit *k = kit_joined();
	struct memkv_image *backup;

	(void)state;
	kit_down(k);
	cases(k, 1, 4);
	backup = memkv_snapshot(k->disk); /* With four events in the outbox. */
	kit_up(k);
	kit_serve(k);
	cases(k, 5, 5);
	kit_serve(k);
	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	kit_open(k);
	cases(k, 6, 6);
	kit_up(k);
	kit_turn(k);
	greet(k);
	k->now.ms += 1000;
	kit_serve_by(k, 1); /* Feed and uplink side by side. */
	assert_int_equal(k->incarnation, 2);
	assert_int_equal(k->resent, 4);
	assert_int_equal(kit_noted(k, "own_event_changed"), 0);
	assert_int_equal(k->size, 6 + 6);
	kit_check_same(k);

	/* What was kept only to be sent is gone with the next one that comes back. */
	cases(k, 7, 7);
	kit_serve(k);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 0);
	kit_check_same(k);
	kit_free(k);
}

static void a_feed_that_overtakes_the_resending_leaves_no_gap(void **state)
{
	struct kit *k = kit_joined();
	struct memkv_image *backup;
	struct kit_request r;

	(void)state;
	kit_down(k);
	cases(k, 1, 4);
	backup = memkv_snapshot(k->disk);
	kit_up(k);
	kit_serve(k);
	cases(k, 5, 5); /* Lost: it makes the restore visible. */
	kit_serve(k);
	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	k->batch_events = 2;
	kit_open(k);
	kit_up(k);
	kit_turn(k);
	greet(k);
	k->now.ms += 1000;
	kit_turn(k);
	greet(k); /* As incarnation 2: four events to be sent. */
	while (kit_take(k, TROTH_BUS_SUBMIT, &r))
		kit_done(&r); /* None of it arrives ... */
	while (kit_take(k, TROTH_BUS_FOLLOW, &r)) {
		if (kit_has_news(k, &r))
			kit_answer_follow(k, &r, 64); /* ... but all of the feed does. */
		kit_done(&r);
		kit_turn(k);
	}
	assert_int_equal(kit_count(k, TROTH_T_VIEWS), 0);
	kit_down(k);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 4);
	assert_int_equal(k->resent, 4);
	cases(k, 6, 6);
	kit_serve(k);
	assert_int_equal(kit_noted(k, "central_went_back"), 0);
	kit_check_same(k);
	kit_free(k);
}

static void a_central_that_went_back_is_not_followed(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct troth_tree tree;
	uint64_t size;

	(void)state;
	cases(k, 1, 3);
	kit_serve(k);
	kit_down(k);
	cases(k, 4, 4);
	kit_up(k);
	kit_turn(k);
	size = k->size; /* As after a restore of central's own store. */
	tree = k->tree;
	k->size = 6;
	k->tree = (struct troth_tree){ 0 };
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	kit_turn(k);
	assert_int_equal(kit_noted(k, "central_went_back"), 1);
	assert_int_equal(k->drops, 1);
	assert_int_equal(k->request_count, 0);

	/* The line comes up at once; the next Hello waits a little. */
	troth_gateway_up(k->g, k->now);
	kit_turn(k);
	assert_int_equal(k->request_count, 0);
	k->size = size;
	k->tree = tree;
	k->now.ms += 20000;
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

/* What central says when all is well, to be spoilt by the test. */
static struct troth_bus_reply good_welcome(const struct kit *k)
{
	struct troth_bus_reply m = {
		.type = TROTH_BUS_HELLO,
		.u.hello = { .version = 1,
			     .taken_seq = k->taken_seq,
			     .taken_head = k->head,
			     .feed_len = k->size,
			     .size = k->size,
			     .now = k->now,
			     .top_incarnation = k->incarnation,
			     .brand = k->brand,
			     .marks = k->mark_count },
	};

	troth_tree_root(&k->tree, &m.u.hello.root);
	return m;
}

static void each_sign_that_central_went_back_suffices(void **state)
{
	enum { GOOD, SIZE, FEED, ROOT, FORGOT, SIGNS };

	(void)state;
	for (int sign = GOOD; sign < SIGNS; sign++) {
		struct kit *k = kit_joined();
		struct troth_bus_reply m;
		struct kit_request r;

		cases(k, 1, 3);
		kit_serve(k);
		kit_down(k);
		kit_up(k);
		kit_turn(k);
		m = good_welcome(k);
		if (sign == SIZE)
			m.u.hello.size--;
		if (sign == FEED)
			m.u.hello.feed_len--;
		if (sign == ROOT)
			m.u.hello.root.b[31] ^= 1;
		if (sign == FORGOT) /* Events that have come back confirmed. */
			m.u.hello.taken_seq = 1;
		assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
		kit_reply(k, r.id, &m);
		kit_done(&r);
		kit_turn(k);
		assert_int_equal(kit_noted(k, "central_went_back"), sign != GOOD);
		assert_int_equal(k->drops, sign != GOOD);
		assert_int_equal(kit_waiting(k, TROTH_BUS_FOLLOW), sign == GOOD);
		assert_int_equal(kit_noted(k, "restored_store"), 0);
		kit_free(k);
	}
}

/* After which mark the gateway waits for more. */
static uint64_t waits_after(struct kit *k)
{
	for (unsigned i = 0; i < k->request_count; i++)
		if (k->requests[i].m.type == TROTH_BUS_FOLLOW)
			return k->requests[i].m.u.follow.marks_after;
	fail_msg("it does not follow");
	return 0;
}

static bool has_received(struct kit *k, uint64_t position)
{
	struct troth_time at;
	struct troth_txn t;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	at = troth_query_received(&t, OTHER, position);
	troth_txn_abort(&t);
	return at.ms != 0;
}

static void marks_are_counted_on_from_where_a_central_that_was_put_back_is(void **state)
{
	struct troth_bus_mark marks[3] = { { OTHER, 1, { 11 } },
					   { OTHER, 2, { 12 } },
					   { OTHER, 3, { 13 } } };
	struct kit *k = kit_joined();

	(void)state;
	k->marks = marks;
	k->mark_count = 3;
	kit_serve(k);
	assert_int_equal(waits_after(k), 3);

	/* It has lost two of them, but no entry. */
	kit_down(k);
	k->mark_count = 1;
	kit_up(k);
	kit_serve(k);
	assert_int_equal(waits_after(k), 1);
	marks[1].position = 4;
	k->mark_count = 2;
	kit_serve(k);
	assert_int_equal(waits_after(k), 2);
	assert_true(has_received(k, 4));

	/* That it stands there is on the disk, too: else the third were passed over. */
	kit_crash(k);
	marks[2].position = 5;
	k->mark_count = 3;
	kit_up(k);
	kit_serve(k);
	assert_int_equal(waits_after(k), 3);
	assert_true(has_received(k, 5));
	assert_int_equal(k->drops, 0);
	kit_free(k);
}

static void an_answer_with_fewer_marks_than_are_known_ends_the_link(void **state)
{
	const struct troth_bus_mark mark = { OTHER, 1, { 11 } };
	struct kit *k = kit_joined();
	struct troth_bus_item items[64];
	struct troth_bus_reply m;
	struct kit_request r;

	(void)state;
	k->marks = &mark;
	k->mark_count = 1;
	kit_serve(k);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	k->mark_count = 0;
	kit_feed(k, k->size, 64, items, &m);
	kit_reply(k, r.id, &m);
	kit_done(&r);
	kit_turn(k);
	assert_int_equal(k->drops, 1);
	assert_int_equal(kit_noted(k, "bad_feed"), 1);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(waits_after(k), 0);
	kit_free(k);
}

static void a_central_of_another_version_is_refused(void **state)
{
	struct kit *k = kit_joined();
	struct troth_bus_reply m;
	struct kit_request r = { .id = 0 };

	(void)state;
	kit_down(k);
	kit_up(k);
	kit_turn(k);
	m = good_welcome(k);
	m.u.hello.version = 2;
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_reply(k, r.id, &m);
	kit_done(&r);
	assert_int_equal(kit_noted(k, "version"), 1);
	assert_int_equal(k->drops, 1);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_restored_from_a_backup_begins_a_new_incarnation),
		cmocka_unit_test(
			other_events_under_the_same_numbers_are_noticed_by_the_chain),
		cmocka_unit_test(what_central_had_before_the_restore_has_effect_once),
		cmocka_unit_test(a_feed_that_overtakes_the_resending_leaves_no_gap),
		cmocka_unit_test(a_central_that_went_back_is_not_followed),
		cmocka_unit_test(each_sign_that_central_went_back_suffices),
		cmocka_unit_test(
			marks_are_counted_on_from_where_a_central_that_was_put_back_is),
		cmocka_unit_test(an_answer_with_fewer_marks_than_are_known_ends_the_link),
		cmocka_unit_test(a_central_of_another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
