/* A question to central gets an answer as new as itself, or says that there is none. */
#include "replica_kit.h"

struct asked {
	struct troth_question q; /* First. */
	struct kit *k;
	unsigned done;
	uint64_t stream_len; /* When it was answered. */
};

static void on_done(struct troth_question *q)
{
	struct asked *a = q->ctx;

	a->done++;
	a->stream_len = a->k->stream_len;
}

static void ask(struct kit *k, struct asked *a, const char *number)
{
	*a = (struct asked){ .k = k };
	a->q.done = on_done;
	a->q.ctx = a;
	a->q.timeout_ms = 2000;
	if (number != NULL) {
		a->q.find = true;
		TROTH_TEXT_SET(a->q.order_number, number);
	}
	troth_gateway_ask(k->g, &a->q, k->now);
}

static void foreign_case(struct kit *k, uint8_t n)
{
	struct troth_event e = { 0 };

	draft_case(&e, n);
	(void)kit_foreign(k, CENTRAL, &e);
}

static void fresh_waits_until_everything_before_it_is_applied(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct asked a;

	(void)state;
	foreign_case(k, 1);
	ask(k, &a, NULL);
	assert_true(kit_take(k, TROTH_BUS_FRESH, &r));
	kit_answer(k, &r, 0);
	kit_done(&r);
	kit_turn(k);
	assert_int_equal(a.done, 0);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer(k, &r, 64);
	kit_done(&r);
	assert_int_equal(a.done, 0); /* It is here, but not committed. */
	kit_turn(k);
	assert_int_equal(a.done, 1);
	assert_true(a.q.ok);
	assert_int_equal(a.stream_len, k->size);
	kit_free(k);
}

static void fresh_with_nothing_new_is_answered_in_the_next_turn(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct asked a;

	(void)state;
	ask(k, &a, NULL);
	assert_true(kit_take(k, TROTH_BUS_FRESH, &r));
	kit_answer(k, &r, 0);
	kit_done(&r);
	assert_true(troth_gateway_busy(k->g, k->now));
	kit_turn(k);
	assert_int_equal(a.done, 1);
	assert_true(a.q.ok);
	kit_free(k);
}

static enum memkv_fate always_full(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)ctx;
	(void)writes;
	(void)bytes;
	return MEMKV_FULL;
}

static void fresh_is_not_satisfied_by_what_could_not_be_saved(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct asked a;

	(void)state;
	foreign_case(k, 1);
	ask(k, &a, NULL);
	assert_true(kit_take(k, TROTH_BUS_FRESH, &r));
	kit_answer(k, &r, 0);
	kit_done(&r);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer(k, &r, 64);
	kit_done(&r);
	memkv_disk_on_commit(k->disk, always_full, NULL);
	kit_turn(k);
	assert_int_equal(a.done, 0);
	memkv_disk_on_commit(k->disk, NULL, NULL);
	k->now.ms += 1000;
	kit_turn(k);
	assert_int_equal(a.done, 1);
	assert_true(a.q.ok);
	kit_free(k);
}

static void no_word_in_time_is_said_so(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct asked a, b;

	(void)state;
	foreign_case(k, 1);
	ask(k, &a, NULL);
	ask(k, &b, NULL);
	assert_true(kit_take(k, TROTH_BUS_FRESH, &r));
	kit_answer(k, &r, 0); /* a is answered, but its entries never come. */
	kit_done(&r);
	k->now.ms += 1999;
	kit_turn(k);
	assert_int_equal(a.done + b.done, 0);
	assert_int_equal(troth_gateway_wake(k->g).ms, k->now.ms + 1);
	k->now.ms += 1;
	kit_turn(k);
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 1);
	assert_false(a.q.ok);
	assert_false(b.q.ok);
	assert_non_null(strstr(a.q.why.text, "did not come within 2000 ms"));
	assert_string_equal(b.q.why.text, "no word from central within 2000 ms");
	/* A late answer is nobody's any more. */
	assert_true(kit_take(k, TROTH_BUS_FRESH, &r));
	kit_answer(k, &r, 0);
	kit_done(&r);
	assert_int_equal(b.done, 1);
	kit_serve(k);
	kit_free(k);
}

static void without_a_link_the_answer_says_since_when(void **state)
{
	struct kit *k = kit_joined();
	char since[TROTH_TIME_TEXT];
	struct asked a, b;

	(void)state;
	ask(k, &a, NULL);
	k->now.ms += 500;
	troth_time_format(since, k->now);
	kit_down(k);
	assert_int_equal(a.done, 1);
	assert_false(a.q.ok);
	k->now.ms += 70000;
	ask(k, &b, NULL);
	assert_int_equal(b.done, 1);
	assert_false(b.q.ok);
	assert_non_null(strstr(b.q.why.text, since));
	assert_non_null(strstr(b.q.why.text, "the test cut the line"));
	kit_free(k);
}

static void find_gives_the_orders_that_central_knows(void **state)
{
	const struct troth_id orders[2] = { { { 3, 1 } }, { { 3, 2 } } };
	struct kit *k = kit_joined();
	struct kit_request r;
	struct asked a, b;

	(void)state;
	ask(k, &a, "4711");
	assert_true(kit_take(k, TROTH_BUS_FIND, &r));
	assert_string_equal(r.m.u.find.order_number, "4711");
	kit_reply(k, r.id,
		  &(struct troth_bus_reply){ .type = TROTH_BUS_FIND,
					     .u.find = { 2, orders } });
	kit_done(&r);
	assert_int_equal(a.done, 1);
	assert_true(a.q.ok);
	assert_int_equal(a.q.found_count, 2);
	assert_true(troth_id_eq(&a.q.found[1], &orders[1]));

	ask(k, &b, "4712");
	assert_true(kit_take(k, TROTH_BUS_FIND, &r));
	kit_error(k, r.id, TROTH_BUS_E_STOPPING, "going down", 0);
	kit_done(&r);
	assert_int_equal(b.done, 1);
	assert_false(b.q.ok);
	assert_non_null(strstr(b.q.why.text, "going down"));
	kit_free(k);
}

static void a_gateway_that_closes_answers_what_waits(void **state)
{
	struct kit *k = kit_joined();
	struct asked a;

	(void)state;
	ask(k, &a, NULL);
	troth_gateway_commands(k->g, cmd_case(k, 1));
	kit_close(k);
	assert_int_equal(a.done, 1);
	assert_false(a.q.ok);
	assert_int_equal(k->answered, 1);
	assert_int_equal(k->results[0].status, TROTH_STOPPING);
	kit_open(k);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_waits_until_everything_before_it_is_applied),
		cmocka_unit_test(fresh_with_nothing_new_is_answered_in_the_next_turn),
		cmocka_unit_test(fresh_is_not_satisfied_by_what_could_not_be_saved),
		cmocka_unit_test(no_word_in_time_is_said_so),
		cmocka_unit_test(without_a_link_the_answer_says_since_when),
		cmocka_unit_test(find_gives_the_orders_that_central_knows),
		cmocka_unit_test(a_gateway_that_closes_answers_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
