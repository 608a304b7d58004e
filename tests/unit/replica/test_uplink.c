/* What was saved gets to central once, in order, whatever is lost on the way. */
#include "replica_kit.h"

static void cases(struct kit *k, uint8_t first, uint8_t last)
{
	for (uint8_t i = first; i <= last; i++)
		assert_int_equal(kit_do(k, cmd_case(k, i)).status, TROTH_DONE);
}

/* A joined gateway with cases 1..n saved while the link is down. */
static struct kit *offline_with(uint8_t n, unsigned batch_events)
{
	struct kit *k = kit_new();

	k->batch_events = batch_events;
	kit_close(k);
	kit_open(k);
	kit_found(k);
	kit_up(k);
	kit_serve(k);
	kit_down(k);
	cases(k, 1, n);
	kit_up(k);
	kit_turn(k);
	return k;
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

static void nothing_is_submitted_before_hello_is_answered(void **state)
{
	struct kit *k = offline_with(3, 0);

	(void)state;
	assert_int_equal(k->request_count, 1);
	assert_int_equal(k->requests[0].m.type, TROTH_BUS_HELLO);
	assert_int_equal(k->requests[0].m.u.hello.origin_seq, 3);
	assert_int_equal(k->requests[0].m.u.hello.incarnation, 1);
	assert_int_equal(k->requests[0].m.u.hello.cursor, k->size);
	greet(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void several_batches_are_in_flight_but_not_too_many(void **state)
{
	struct kit *k = offline_with(11, 2);

	(void)state;
	greet(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 4);
	assert_int_equal(k->requests[0].m.u.submit.first_seq, 1);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 11);
	kit_check_same(k);
	kit_free(k);
}

static void after_a_lost_link_the_same_bytes_are_sent_again(void **state)
{
	struct kit *k = offline_with(2, 0);
	struct kit_request first, again;

	(void)state;
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &first));
	kit_crash(k);
	kit_up(k);
	kit_turn(k);
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &again));
	assert_true(troth_span_eq(troth_buf_span(&first.bytes),
				  troth_buf_span(&again.bytes)));
	kit_answer_submit(k, &first); /* Both arrive, and count once. */
	kit_answer_submit(k, &again);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 2);
	kit_check_same(k);
	kit_done(&first);
	kit_done(&again);
	kit_free(k);
}

/* The newest Submit that waits for its answer. */
static size_t newest_submit(const struct kit *k)
{
	for (unsigned i = k->request_count; i-- > 0;)
		if (k->requests[i].m.type == TROTH_BUS_SUBMIT)
			return k->requests[i].m.u.submit.count;
	return 0;
}

static void what_a_link_did_not_live_to_answer_is_sent_in_smaller_pieces(void **state)
{
	struct kit *k = offline_with(200, 0);
	struct kit_request r;
	size_t small;

	(void)state;
	greet(k);
	assert_int_equal(newest_submit(k), 200);
	for (int i = 0; i < 12; i++) {
		kit_down(k);
		kit_up(k);
		kit_turn(k);
		greet(k);
	}
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	small = r.m.u.submit.count;
	assert_in_range(small, 2, 40);
	kit_answer_submit(k, &r);
	kit_done(&r);
	kit_turn(k);
	assert_in_range(newest_submit(k), small + 1, 2 * small + 2);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 200);
	kit_check_same(k);
	kit_free(k);
}

static void a_gap_sends_the_uplink_back_once(void **state)
{
	struct kit *k = offline_with(8, 2);
	struct kit_request lost, r;

	(void)state;
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &lost)); /* 1, 2 never arrive. */
	for (unsigned waiting = 3; waiting > 0; waiting--) {
		assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
		kit_answer_submit(k, &r);
		kit_done(&r);
		kit_turn(k);
		/* One place became free; it is used to go on, not to begin again. */
		assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 3);
		assert_int_equal(k->requests[k->request_count - 1].m.u.submit.first_seq,
				 7 - 2 * waiting);
	}
	kit_done(&lost);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 8);
	kit_check_same(k);
	kit_free(k);
}

static void an_event_turned_away_is_set_aside_and_the_rest_goes_on(void **state)
{
	struct kit *k = offline_with(5, 2);
	struct troth_id third = k->results[2].event;
	struct kit_request r;
	struct troth_view v;

	(void)state;
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_answer_submit(k, &r);
	kit_done(&r);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_TURNED_AWAY, "malformed: for the test", 3);
	kit_done(&r);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r)); /* 5: a gap, for central. */
	kit_answer_submit(k, &r);
	kit_done(&r);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 4);
	assert_false(kit_knows(k, &third));
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(kit_knows(k, &k->results[i].event), i != 2);
	assert_int_equal(kit_count(k, TROTH_T_SET_ASIDE), 1);
	assert_int_equal(kit_noted(k, "set_aside"), 1);
	assert_false(kit_view(k, 3, &v));
	kit_check_same(k);

	/* And the chain goes on from there, also after a restart. */
	kit_crash(k);
	cases(k, 3, 3);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 5);
	kit_check_same(k);
	kit_free(k);
}

static void a_promise_turned_away_leaves_no_trace_in_the_indexes(void **state)
{
	struct kit *k = offline_with(1, 0);
	struct kit_request r;
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_promise(k, 1, 1));
	(void)kit_do(k, cmd_promise(k, 1, 2));
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_TURNED_AWAY, "for the test", 2);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 2);
	assert_int_equal(v.subject.promise_count, 1);
	assert_int_equal(v.subject.promises[0].id.b[1], 2);
	kit_check_indexes(k);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 2);
	kit_check_same(k);
	kit_free(k);
}

static void a_full_central_is_tried_again_later(void **state)
{
	struct kit *k = offline_with(4, 2);
	struct kit_request r;

	(void)state;
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_FULL, "no room", 0);
	kit_done(&r);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_FULL, "no room", 0);
	kit_done(&r);
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 0);
	assert_int_equal(k->drops, 0);
	assert_true(troth_gateway_wake(k->g).ms > k->now.ms);
	k->now = troth_gateway_wake(k->g);
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 2);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_chain_that_central_does_not_accept_ends_the_link(void **state)
{
	struct kit *k = offline_with(1, 0);
	struct kit_request r;

	(void)state;
	greet(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_CHAIN, "for the test", 0);
	kit_done(&r);
	assert_int_equal(k->drops, 1);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_silent_central_loses_the_link(void **state)
{
	struct kit *k = offline_with(1, 0);
	struct troth_link_state link;

	(void)state;
	greet(k);
	k->now.ms += 39999;
	kit_turn(k);
	assert_int_equal(k->drops, 0);
	k->now.ms += 1;
	assert_true(troth_gateway_busy(k->g, k->now));
	kit_turn(k);
	assert_int_equal(k->drops, 1);
	assert_int_equal(kit_noted(k, "silence"), 1);
	troth_gateway_link(k->g, &link);
	assert_false(link.up);
	assert_int_equal(link.backlog, 1);
	assert_int_equal(link.since.ms, k->now.ms);
	assert_non_null(strstr(link.trouble, "40000 ms"));
	kit_up(k);
	kit_serve(k);
	troth_gateway_link(k->g, &link);
	assert_true(link.up);
	assert_int_equal(link.backlog, 0);
	kit_free(k);
}

static void a_clock_that_goes_back_does_not_make_time_outs_longer(void **state)
{
	struct kit *k = offline_with(1, 0);

	(void)state;
	greet(k);
	k->now.ms += 30000;
	kit_turn(k);
	k->now.ms -= 3600000;
	kit_turn(k);
	k->now.ms += 10000;
	kit_turn(k);
	assert_int_equal(k->drops, 1);
	kit_free(k);
}

static void what_cannot_be_sent_just_now_is_sent_a_little_later(void **state)
{
	struct kit *k = kit_joined();

	(void)state;
	k->refuse_to_send = true;
	cases(k, 1, 1);
	assert_false(troth_gateway_busy(k->g, k->now)); /* It does not spin. */
	k->refuse_to_send = false;
	k->now = troth_gateway_wake(k->g);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

/* ---- Stores and ledgers that went back in time ---- */

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
	assert_int_equal(kit_count(k, TROTH_T_OWN), 0);
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
			     .brand = k->brand },
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

static void a_central_of_another_version_is_refused(void **state)
{
	struct kit *k = kit_joined();
	struct troth_bus_reply m;
	struct kit_request r;

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
		cmocka_unit_test(nothing_is_submitted_before_hello_is_answered),
		cmocka_unit_test(several_batches_are_in_flight_but_not_too_many),
		cmocka_unit_test(after_a_lost_link_the_same_bytes_are_sent_again),
		cmocka_unit_test(
			what_a_link_did_not_live_to_answer_is_sent_in_smaller_pieces),
		cmocka_unit_test(a_gap_sends_the_uplink_back_once),
		cmocka_unit_test(an_event_turned_away_is_set_aside_and_the_rest_goes_on),
		cmocka_unit_test(a_promise_turned_away_leaves_no_trace_in_the_indexes),
		cmocka_unit_test(a_full_central_is_tried_again_later),
		cmocka_unit_test(a_chain_that_central_does_not_accept_ends_the_link),
		cmocka_unit_test(a_silent_central_loses_the_link),
		cmocka_unit_test(a_clock_that_goes_back_does_not_make_time_outs_longer),
		cmocka_unit_test(what_cannot_be_sent_just_now_is_sent_a_little_later),
		cmocka_unit_test(a_store_restored_from_a_backup_begins_a_new_incarnation),
		cmocka_unit_test(
			other_events_under_the_same_numbers_are_noticed_by_the_chain),
		cmocka_unit_test(what_central_had_before_the_restore_has_effect_once),
		cmocka_unit_test(a_feed_that_overtakes_the_resending_leaves_no_gap),
		cmocka_unit_test(a_central_that_went_back_is_not_followed),
		cmocka_unit_test(each_sign_that_central_went_back_suffices),
		cmocka_unit_test(a_central_of_another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
