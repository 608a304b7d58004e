/* What nobody waits for shares a commit or a batch, and does not wait long for it. */
#include "shares_kit.h"

static void cases(struct kit *k, uint8_t first, uint8_t last)
{
	for (uint8_t i = first; i <= last; i++)
		assert_int_equal(kit_do(k, cmd_case(k, i)).status, TROTH_DONE);
}

static void what_comes_between_commands_shares_their_commit_or_waits_4_ms(void **state)
{
	struct kit *k = kit_joined();
	uint64_t commits;
	struct kit_request f;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	for (uint8_t i = 1; i <= 2; i++) {
		foreign_promise(k, 1, i);
		assert_true(kit_take(k, TROTH_BUS_FOLLOW, &f));
		kit_answer_follow(k, &f, 64);
		kit_done(&f);
		commits = memkv_commits(k->disk);
		assert_false(troth_gateway_busy(k->g, k->now));
		assert_int_equal(troth_gateway_wake(k->g).ms, k->now.ms + 4);
		if (i == 1)
			(void)kit_do(k, cmd_case(k, 2));
		k->now.ms += i == 2 ? 4 : 0;
		kit_turn(k);
		assert_int_equal(memkv_commits(k->disk), commits + 1);
		assert_int_equal(kit_count(k, TROTH_T_FEED), k->size);
		kit_serve(k);
	}
	kit_check_same(k);
	kit_free(k);
}

static void a_small_batch_waits_while_another_is_on_its_way_but_not_for_long(void **state)
{
	struct kit *k = kit_new();
	int64_t began;

	(void)state;
	k->batch_events = 3;
	kit_close(k);
	kit_open(k);
	kit_found(k);
	kit_up(k);
	kit_serve(k);
	began = k->now.ms;
	cases(k, 1, 3);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	assert_false(troth_gateway_busy(k->g, k->now));
	assert_int_equal(troth_gateway_wake(k->g).ms, began + 4);
	k->now.ms = began + 4;
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 2);
	cases(k, 4, 6); /* A full one waits for nobody. */
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 3);
	cases(k, 7, 7);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 3);
	while (kit_answer_all(k, 64)) /* Nor any when none is on its way. */
		;
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	kit_serve(k);
	assert_int_equal(k->taken_seq, 7);
	kit_check_same(k);
	kit_free(k);
}

static void offers_wait_20_ms_for_company_unless_something_is_said_before(void **state)
{
	struct kit *k = kit_with_share();
	int64_t began = k->now.ms;

	(void)state;
	offer(k, 1, 1);
	k->now.ms = began + 12;
	offer(k, 1, 2);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 0);
	assert_int_equal(troth_gateway_wake(k->g).ms, began + 20);
	k->now.ms = began + 20;
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	kit_serve(k);
	offer(k, 1, 3);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 0);
	step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void while_commands_come_a_commit_applies_one_answer_and_little_is_asked_for(
	void **state)
{
	struct kit *k = kit_joined();
	struct kit_request f;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	for (uint8_t i = 1; i <= 3; i++)
		foreign_promise(k, 1, i);
	(void)kit_do(k, cmd_case(k, 2));
	for (uint64_t i = 0; i < 2; i++) {
		assert_true(kit_take(k, TROTH_BUS_FOLLOW, &f));
		assert_int_equal(f.m.u.follow.max_bytes, 4096);
		kit_answer_follow(k, &f, 1);
		kit_done(&f);
	}
	assert_int_equal(kit_count(k, TROTH_T_FEED), k->size - 3);
	(void)kit_do(k, cmd_case(k, 3));
	assert_int_equal(kit_count(k, TROTH_T_FEED), k->size - 2);
	k->now.ms += 100; /* Nobody asks any more: all that is there is applied. */
	kit_turn(k);
	assert_int_equal(kit_count(k, TROTH_T_FEED), k->size - 1);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void offers_left_from_before_a_crash_are_sent_at_once(void **state)
{
	struct kit *k = kit_with_share();

	(void)state;
	offer(k, 1, 1);
	kit_crash(k);
	kit_up(k);
	kit_turn(k);
	assert_true(kit_answer_all(k, 64));
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_SUBMIT), 1);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_comes_between_commands_shares_their_commit_or_waits_4_ms),
		cmocka_unit_test(
			a_small_batch_waits_while_another_is_on_its_way_but_not_for_long),
		cmocka_unit_test(
			offers_wait_20_ms_for_company_unless_something_is_said_before),
		cmocka_unit_test(
			while_commands_come_a_commit_applies_one_answer_and_little_is_asked_for),
		cmocka_unit_test(offers_left_from_before_a_crash_are_sent_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
