/*
 * What the simulated disk adds to the contract: fates, crashes, old backups.
 */
#include "lmdb_rig.h"
#include "memkv.h"

struct sim {
	struct memkv_disk *disk;
	struct troth_kv *kv;
	enum memkv_fate fate;
	unsigned asked;
	uint64_t writes, bytes;
	struct troth_why why;
};

static enum memkv_fate decide(void *ctx, uint64_t writes, uint64_t bytes)
{
	struct sim *s = ctx;

	s->asked++;
	s->writes = writes;
	s->bytes = bytes;
	return s->fate;
}

static void start(struct sim *s)
{
	s->fate = MEMKV_OK;
	assert_int_equal(memkv_open(&s->kv, s->disk, &rig_schema, &s->why), TROTH_OK);
}

static int setup(void **state)
{
	struct sim *s = calloc(1, sizeof(*s));

	s->disk = memkv_disk_new();
	memkv_disk_on_commit(s->disk, decide, s);
	start(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct sim *s = *state;

	memkv_disk_free(s->disk);
	free(s);
	return 0;
}

static const struct {
	enum memkv_fate fate;
	enum troth_err err;
	bool poisoned;
	uint64_t seen, after_crash; /* How many of two numbers, the first being safe. */
} fates[] = {
	{ MEMKV_OK, TROTH_OK, false, 2, 2 },
	{ MEMKV_SLOW, TROTH_OK, false, 2, 1 },
	{ MEMKV_FULL, TROTH_ERR_FULL, false, 1, 1 },
	{ MEMKV_IO, TROTH_ERR_IO, true, 0, 1 },
	{ MEMKV_LOST, TROTH_ERR_IO, true, 0, 2 },
};

static void each_fate_of_a_commit_is_what_its_name_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(fates); i++) {
		struct sim *s;

		assert_int_equal(setup((void **)&s), 0);
		assert_int_equal(rig_write(s->kv, 1, 10, &s->why), TROTH_OK);
		s->fate = fates[i].fate;
		assert_int_equal(rig_write(s->kv, 2, 10, &s->why), fates[i].err);
		assert_int_equal(troth_kv_poisoned(s->kv, NULL), fates[i].poisoned);
		if (fates[i].poisoned)
			assert_int_equal(rig_write(s->kv, 3, 10, &s->why), TROTH_ERR_IO);
		else
			assert_int_equal(rig_count(s->kv), fates[i].seen);
		assert_int_equal(memkv_is_settled(s->disk), fates[i].fate != MEMKV_SLOW);
		memkv_crash(s->disk);
		start(s);
		assert_int_equal(rig_count(s->kv), fates[i].after_crash);
		assert_int_equal(teardown((void **)&s), 0);
	}
}

static void a_slow_commit_is_durable_once_settled(void **state)
{
	struct sim *s = *state;

	s->fate = MEMKV_SLOW;
	assert_int_equal(rig_write(s->kv, 1, 10, &s->why), TROTH_OK);
	memkv_settle(s->disk);
	assert_true(memkv_is_settled(s->disk));
	assert_int_equal(rig_write(s->kv, 2, 10, &s->why), TROTH_OK);
	memkv_crash(s->disk);
	start(s);
	assert_int_equal(rig_count(s->kv), 1);
}

static void the_hook_is_asked_once_for_each_commit_that_wrote(void **state)
{
	struct sim *s = *state;
	struct troth_txn t;
	unsigned before = s->asked;
	uint64_t commits = memkv_commits(s->disk);

	troth_txn_begin(&t, s->kv, TROTH_TXN_WRITE);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	troth_txn_begin(&t, s->kv, TROTH_TXN_READ);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	troth_txn_begin(&t, s->kv, TROTH_TXN_WRITE);
	troth_txn_put(&t, THING, troth_span_str("k"), troth_span_str("v"));
	troth_txn_abort(&t);
	assert_int_equal(s->asked, before);
	assert_int_equal(rig_write(s->kv, 1, 100, &s->why), TROTH_OK);
	assert_int_equal(s->asked, before + 1);
	assert_int_equal(s->writes, 2);
	assert_int_equal(s->bytes, 8 + 100 + 6 + 8);
	assert_int_equal(memkv_commits(s->disk), commits + 1);
}

static void a_crash_takes_open_transactions_and_cursors_along(void **state)
{
	struct sim *s = *state;
	struct troth_txn reader, writer;
	struct troth_cursor c;

	assert_int_equal(rig_write(s->kv, 1, 10, &s->why), TROTH_OK);
	troth_txn_begin(&reader, s->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &reader, LOG);
	assert_true(troth_cursor_last(&c));
	troth_txn_begin(&writer, s->kv, TROTH_TXN_WRITE);
	troth_txn_put(&writer, THING, troth_span_str("k"), troth_span_str("v"));
	memkv_crash(s->disk);
	start(s);
	assert_int_equal(rig_count(s->kv), 1);
	assert_int_equal(rig_write(s->kv, 2, 10, &s->why), TROTH_OK);
}

static void an_old_backup_can_be_put_back_more_than_once(void **state)
{
	struct sim *s = *state;
	struct memkv_image *old;

	assert_int_equal(rig_write(s->kv, 1, 10, &s->why), TROTH_OK);
	s->fate = MEMKV_SLOW;
	assert_int_equal(rig_write(s->kv, 2, 10, &s->why), TROTH_OK);
	old = memkv_snapshot(s->disk); /* What is not durable is not in it. */
	memkv_settle(s->disk);
	for (int i = 0; i < 2; i++) {
		troth_kv_close(s->kv);
		memkv_restore(s->disk, old);
		start(s);
		assert_int_equal(rig_count(s->kv), 1);
		for (uint64_t n = 2; n < 50; n++)
			assert_int_equal(rig_write(s->kv, n, n, &s->why), TROTH_OK);
		assert_int_equal(rig_count(s->kv), 49);
	}
	memkv_image_free(old);
}

static void the_room_is_what_the_simulation_says(void **state)
{
	struct sim *s = *state;
	struct troth_kv_usage u;

	assert_int_equal(troth_kv_room(s->kv), TROTH_ROOM_OK);
	memkv_disk_set_room(s->disk, TROTH_ROOM_REFUSE);
	assert_int_equal(troth_kv_room(s->kv), TROTH_ROOM_REFUSE);
	assert_int_equal(troth_kv_usage(s->kv, &u, NULL), TROTH_OK);
	assert_int_equal(u.room, TROTH_ROOM_REFUSE);
	memkv_crash(s->disk);
	start(s);
	assert_int_equal(troth_kv_room(s->kv), TROTH_ROOM_REFUSE);
}

static void a_disk_that_fails_while_opening_gives_no_handle(void **state)
{
	struct sim *s = *state;
	struct memkv_disk *fresh = memkv_disk_new();
	struct troth_kv *kv = s->kv;

	memkv_disk_on_commit(fresh, decide, s);
	s->fate = MEMKV_FULL;
	assert_int_equal(memkv_open(&kv, fresh, &rig_schema, &s->why), TROTH_ERR_FULL);
	assert_null(kv);
	s->fate = MEMKV_LOST;
	assert_int_equal(memkv_open(&kv, fresh, &rig_schema, &s->why), TROTH_ERR_IO);
	assert_null(kv);
	s->fate = MEMKV_OK;
	assert_int_equal(memkv_open(&kv, fresh, &rig_schema, &s->why), TROTH_OK);
	memkv_disk_free(fresh);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fate_of_a_commit_is_what_its_name_says),
		TEST(a_slow_commit_is_durable_once_settled),
		TEST(the_hook_is_asked_once_for_each_commit_that_wrote),
		TEST(a_crash_takes_open_transactions_and_cursors_along),
		TEST(an_old_backup_can_be_put_back_more_than_once),
		TEST(the_room_is_what_the_simulation_says),
		TEST(a_disk_that_fails_while_opening_gives_no_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
