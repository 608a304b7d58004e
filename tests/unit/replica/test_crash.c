/* The machine may die at any commit, before or after it is on the disk. */
#include "replica_kit.h"

struct doom {
	uint64_t left; /* Commits until it happens. */
	enum memkv_fate fate;
};

static enum memkv_fate doomed(void *ctx, uint64_t writes, uint64_t bytes)
{
	struct doom *d = ctx;

	(void)writes;
	(void)bytes;
	return d->left-- == 0 ? d->fate : MEMKV_OK;
}

/* Works until the machine dies; what was acknowledged is in k->results. */
static bool work_until_doom(struct kit *k)
{
	struct troth_why why;

	for (uint8_t i = 1; i <= 4; i++) {
		troth_gateway_commands(k->g, cmd_case(k, i));
		if (troth_gateway_turn(k->g, k->now, &why) != TROTH_OK)
			return false;
		(void)kit_answer_all(k, 2);
		troth_gateway_commands(k->g, cmd_promise(k, i, i));
		if (troth_gateway_turn(k->g, k->now, &why) != TROTH_OK)
			return false;
		(void)kit_answer_all(k, 1);
		k->now.ms += 10;
	}
	return true;
}

/* True if the machine did not live to see that commit. */
static bool crash_working_at(uint64_t commit, enum memkv_fate fate)
{
	struct kit *k = kit_joined();
	struct doom doom = { commit, fate };
	bool died;

	memkv_disk_on_commit(k->disk, doomed, &doom);
	died = !work_until_doom(k);
	memkv_disk_on_commit(k->disk, NULL, NULL);
	kit_crash(k);
	kit_up(k);
	kit_serve(k);
	for (unsigned i = 0; i < k->answered; i++) {
		assert_int_equal(k->results[i].status, TROTH_DONE);
		assert_true(kit_knows(k, &k->results[i].event));
	}
	assert_int_equal(k->resent, 0);
	assert_int_equal(kit_noted(k, "restored_store"), 0);
	kit_check_same(k);
	kit_free(k);
	return died;
}

static void a_crash_at_any_commit_loses_nothing_acknowledged(void **state)
{
	uint64_t commit = 0;

	(void)state;
	while (crash_working_at(commit, MEMKV_IO))
		commit++;
	assert_true(commit >= 8);
	for (commit = 0; crash_working_at(commit, MEMKV_LOST); commit++)
		;
	assert_true(commit >= 8);
}

static bool follow_until_doom(struct kit *k)
{
	struct troth_why why;

	for (uint8_t i = 1; i <= 6; i++) {
		foreign_promise(k, 1, i);
		if (i % 2 == 0)
			foreign_promise(k, 1, (uint8_t)(100 + i));
		troth_gateway_commands(k->g, cmd_promise(k, 1, (uint8_t)(50 + i)));
		do {
			if (troth_gateway_turn(k->g, k->now, &why) != TROTH_OK)
				return false;
		} while (kit_answer_all(k, 1) || kit_linger(k));
	}
	return true;
}

static bool crash_following_at(uint64_t commit, enum memkv_fate fate)
{
	struct kit *k = kit_joined();
	struct doom doom = { commit, fate };
	uint64_t seen;
	bool died;

	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	memkv_disk_on_commit(k->disk, doomed, &doom);
	died = !follow_until_doom(k);
	memkv_disk_on_commit(k->disk, NULL, NULL);
	seen = k->stream_len;
	kit_crash(k);
	assert_true(kit_count(k, TROTH_T_FEED) >= seen); /* I7: reads never go back. */
	kit_up(k);
	kit_serve(k);
	assert_int_equal(kit_noted(k, "diverged"), 0);
	kit_check_same(k);
	kit_free(k);
	return died;
}

static void a_crash_at_any_commit_leaves_a_store_that_goes_on(void **state)
{
	uint64_t commit = 0;

	(void)state;
	while (crash_following_at(commit, MEMKV_IO))
		commit++;
	assert_true(commit > 12);
	for (commit = 0; crash_following_at(commit, MEMKV_LOST); commit++)
		;
	assert_true(commit > 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_at_any_commit_loses_nothing_acknowledged),
		cmocka_unit_test(a_crash_at_any_commit_leaves_a_store_that_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
