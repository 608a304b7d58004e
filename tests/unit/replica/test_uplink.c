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

/* The only record beside the outbox, as disk-format.md has it. */
static void check_set_aside(struct kit *k, const char *reason, const struct troth_id *id)
{
	struct troth_cursor c;
	struct troth_reader r;
	struct troth_span text, body;
	struct troth_event e;
	struct troth_why why;
	struct troth_txn t;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &t, TROTH_T_SET_ASIDE);
	assert_true(troth_cursor_seek(&c, TROTH_SPAN_NONE));
	r = troth_reader(c.value);
	text = troth_read_span(&r, troth_read_u16be(&r));
	assert_true(troth_span_eq(text, troth_span_str(reason)));
	body = troth_read_span(&r, troth_read_u32be(&r));
	assert_int_equal(troth_body_decode(&e, body, &why), TROTH_OK);
	assert_true(troth_id_eq(&e.id, id));
	troth_txn_abort(&t);
}

static void an_event_turned_away_is_set_aside_and_the_rest_goes_on(void **state)
{
	struct kit *k = offline_with(6, 2);
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
	assert_int_equal(k->taken_seq, 5);
	assert_false(kit_knows(k, &third));
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(kit_knows(k, &k->results[i].event), i != 2);
	assert_int_equal(kit_count(k, TROTH_T_SET_ASIDE), 1);
	check_set_aside(k, "malformed: for the test", &third);
	assert_int_equal(kit_noted(k, "set_aside"), 1);
	assert_false(kit_view(k, 3, &v));
	kit_check_same(k);

	/* And the chain goes on from there, also after a restart. */
	kit_crash(k);
	cases(k, 3, 3);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 6);
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

static void the_link_says_why_it_is_not_there_now(void **state)
{
	struct kit *k = offline_with(1, 0);
	struct troth_link_state link;

	(void)state;
	kit_down(k);
	troth_gateway_down(k->g, "unreachable: refused", k->now);
	troth_gateway_link(k->g, &link);
	assert_string_equal(link.trouble, "unreachable: refused");
	kit_up(k);
	kit_turn(k);
	greet(k);
	k->now.ms += 40000;
	kit_turn(k);
	assert_int_equal(k->drops, 1);
	troth_gateway_down(k->g, "closed: the gateway gave it up", k->now);
	troth_gateway_link(k->g, &link);
	assert_non_null(strstr(link.trouble, "40000 ms")); /* What the matter is. */
	troth_gateway_down(k->g, "tls_refused: revoked", k->now);
	troth_gateway_link(k->g, &link);
	assert_string_equal(link.trouble, "tls_refused: revoked");
	assert_int_equal(link.since.ms, k->now.ms);
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
		cmocka_unit_test(the_link_says_why_it_is_not_there_now),
		cmocka_unit_test(a_clock_that_goes_back_does_not_make_time_outs_longer),
		cmocka_unit_test(what_cannot_be_sent_just_now_is_sent_a_little_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
