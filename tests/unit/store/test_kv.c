/*
 * Records and transactions, by the contract of kv.h.
 */
#include "kv_rig.h"

/* ---- Records ---- */

static void what_is_committed_is_read_back_by_the_next_transaction(void **state)
{
	struct rig *r = *state;
	struct troth_span v;

	begin(r);
	troth_txn_put(&r->t, THING, s("key"), s("value"));
	assert_true(troth_txn_get(&r->t, THING, s("key"), &v)); /* Its own write. */
	assert_span(v, "value");
	commit(r);

	troth_txn_begin(&r->t, r->kv, TROTH_TXN_READ);
	assert_true(troth_txn_get(&r->t, THING, s("key"), &v));
	assert_span(v, "value");
	assert_false(troth_txn_get(&r->t, THING, s("ke"), &v));
	assert_int_equal(v.len, 0);
	assert_false(troth_txn_get(&r->t, LOG, s("key"), &v));
	commit(r); /* Not found is an answer, not a failure. */
}

static void what_is_committed_survives_a_reopen(void **state)
{
	struct rig *r = *state;

	store(r, "abc");
	reopen(r);
	assert_listing(r, THING, "a=a b=b c=c");
	assert_listing(r, META, "format=1 kind=central");
}

static void put_replaces_and_an_empty_value_is_a_value(void **state)
{
	struct rig *r = *state;
	struct troth_span v;

	store(r, "a");
	begin(r);
	troth_txn_put(&r->t, THING, s("a"), s("longer than before"));
	assert_int_equal(troth_txn_count(&r->t, THING), 1);
	troth_txn_put(&r->t, THING, s("e"), TROTH_SPAN_NONE);
	assert_true(troth_txn_get(&r->t, THING, s("e"), &v));
	assert_int_equal(v.len, 0);
	commit(r);
	assert_listing(r, THING, "a=longer than before e=");
}

static void insert_on_an_existing_key_is_corrupt_and_commits_nothing(void **state)
{
	struct rig *r = *state;

	store(r, "a");
	begin(r);
	troth_txn_insert(&r->t, THING, s("b"), s("b"));
	troth_txn_insert(&r->t, THING, s("a"), s("other"));
	assert_false(troth_txn_sound(&r->t));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, "thing"));
	assert_listing(r, THING, "a=a");
}

static void append_takes_only_a_key_behind_all_others(void **state)
{
	static const char *const refused[] = { "b", "a", "am", "a\1" };
	struct rig *r = *state;

	begin(r);
	troth_txn_append(&r->t, LOG, s("a"), s("1"));
	troth_txn_append(&r->t, LOG, s("b"), s("2"));
	commit(r);
	for (size_t i = 0; i < TROTH_LEN(refused); i++) {
		begin(r);
		troth_txn_append(&r->t, LOG, s("c"), s("3"));
		troth_txn_append(&r->t, LOG, s(refused[i]), s("4"));
		assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_CORRUPT);
		assert_non_null(strstr(r->why.text, "log"));
	}
	begin(r);
	troth_txn_append(&r->t, LOG, s("bb"), s("3")); /* A prefix sorts before. */
	commit(r);
	assert_listing(r, LOG, "a=1 b=2 bb=3");
}

static void del_tells_whether_the_key_was_there(void **state)
{
	struct rig *r = *state;

	store(r, "ab");
	begin(r);
	assert_true(troth_txn_del(&r->t, THING, s("a")));
	assert_false(troth_txn_del(&r->t, THING, s("a")));
	assert_false(troth_txn_del(&r->t, THING, s("never")));
	commit(r);
	assert_listing(r, THING, "b=b");
}

static void count_includes_the_writes_of_its_own_transaction(void **state)
{
	struct rig *r = *state;

	store(r, "ab");
	begin(r);
	troth_txn_put(&r->t, THING, s("c"), s("c"));
	troth_txn_put(&r->t, THING, s("a"), s("x"));
	assert_int_equal(troth_txn_count(&r->t, THING), 3);
	(void)troth_txn_del(&r->t, THING, s("b"));
	(void)troth_txn_del(&r->t, THING, s("b"));
	assert_int_equal(troth_txn_count(&r->t, THING), 2);
	assert_int_equal(troth_txn_count(&r->t, LOG), 0);
	troth_txn_abort(&r->t);

	troth_txn_begin(&r->t, r->kv, TROTH_TXN_READ);
	assert_int_equal(troth_txn_count(&r->t, THING), 2);
	commit(r);
}

static void a_value_may_be_borrowed_from_a_committed_record(void **state)
{
	struct rig *r = *state;
	struct troth_span v;

	store(r, "a");
	begin(r);
	assert_true(troth_txn_get(&r->t, THING, s("a"), &v));
	troth_txn_put(&r->t, LOG, s("a"), v);
	commit(r);
	assert_listing(r, LOG, "a=a");
}

static void limits_hold_at_the_limit_and_one_past_it(void **state)
{
	static uint8_t key[TROTH_KV_KEY_MAX + 1];
	struct rig *r = *state;
	uint8_t *value = calloc(1, TROTH_KV_VALUE_MAX + 1);
	struct troth_cursor c;
	struct troth_span v;

	memset(key, 'k', sizeof(key));
	begin(r);
	troth_txn_put(&r->t, THING, troth_span(key, TROTH_KV_KEY_MAX),
		      troth_span(value, TROTH_KV_VALUE_MAX));
	assert_true(troth_txn_get(&r->t, THING, troth_span(key, TROTH_KV_KEY_MAX), &v));
	assert_int_equal(v.len, TROTH_KV_VALUE_MAX);
	troth_cursor_open(&c, &r->t, THING);
	assert_true(troth_cursor_seek(&c, troth_span(key, TROTH_KV_KEY_MAX)));
	commit(r);

	begin(r);
	troth_txn_put(&r->t, THING, troth_span(key, TROTH_KV_KEY_MAX + 1), s("v"));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_LIMIT);
	assert_non_null(strstr(r->why.text, "thing"));
	begin(r);
	troth_txn_put(&r->t, THING, TROTH_SPAN_NONE, s("v"));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_LIMIT);
	begin(r);
	troth_txn_put(&r->t, THING, s("k"), troth_span(value, TROTH_KV_VALUE_MAX + 1));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_LIMIT);
	begin(r);
	assert_false(troth_txn_get(&r->t, THING, troth_span(key, sizeof(key)), &v));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_LIMIT);
	begin(r);
	troth_cursor_open(&c, &r->t, THING);
	assert_false(troth_cursor_seek(&c, troth_span(key, sizeof(key))));
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_LIMIT);
	free(value);
}

/* ---- Transactions ---- */

static void after_the_first_failure_nothing_happens_and_commit_reports_it(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c, early;
	struct troth_span v;

	store(r, "a");
	begin(r);
	troth_cursor_open(&early, &r->t, THING);
	assert_true(troth_cursor_last(&early));
	troth_txn_insert(&r->t, THING, s("a"), s("x")); /* The first. */
	troth_txn_put(&r->t, LOG, TROTH_SPAN_NONE, s("x"));
	troth_txn_append(&r->t, LOG, s("q"), s("x"));
	troth_txn_fail(&r->t, TROTH_ERR_INPUT, "a later failure");
	assert_false(troth_txn_get(&r->t, THING, s("a"), &v));
	assert_false(troth_txn_del(&r->t, THING, s("a")));
	assert_int_equal(troth_txn_count(&r->t, THING), 0);
	troth_cursor_open(&c, &r->t, THING);
	assert_false(troth_cursor_seek(&c, s("a")));
	assert_false(troth_cursor_seek_before(&c, s("b")));
	assert_false(troth_cursor_last(&c));
	assert_false(troth_cursor_next(&early));
	assert_false(troth_cursor_prev(&early));
	assert_int_equal(early.key.len, 0);
	troth_cursor_close(&c);
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, "thing"));
	assert_listing(r, THING, "a=a");
	assert_listing(r, LOG, "");
}

static void a_failure_from_outside_is_a_failure_of_the_transaction(void **state)
{
	struct rig *r = *state;

	begin(r);
	troth_txn_put(&r->t, THING, s("a"), s("a"));
	troth_txn_fail(&r->t, TROTH_ERR_INPUT, "order %d is strange", 7);
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_INPUT);
	assert_string_equal(r->why.text, "order 7 is strange");
	assert_listing(r, THING, "");
}

static void what_could_not_be_built_fails_the_transaction_and_is_not_stored(void **state)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct rig *r = *state;

	troth_buf_put_str(&b, "whole");
	begin(r);
	troth_txn_put_buf(&r->t, THING, s("a"), &b);
	commit(r);
	troth_buf_reset(&b);
	troth_buf_put_str(&b, "cut");
	b.failed = true;
	begin(r);
	troth_txn_put_buf(&r->t, THING, s("a"), &b);
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_ERR_MEMORY);
	assert_listing(r, THING, "a=whole");
	troth_buf_fini(&b);
}

static void abort_leaves_nothing_and_may_come_at_any_time(void **state)
{
	struct rig *r = *state;
	struct troth_txn zero = { 0 };
	struct troth_cursor c;

	troth_txn_abort(&zero);
	begin(r);
	troth_txn_put(&r->t, THING, s("a"), s("a"));
	troth_txn_append(&r->t, LOG, s("a"), s("a"));
	troth_cursor_open(&c, &r->t, THING); /* Left open. */
	assert_true(troth_cursor_last(&c));
	troth_txn_abort(&r->t);
	troth_cursor_close(&c);
	troth_txn_abort(&r->t);
	assert_listing(r, THING, "");
	assert_listing(r, LOG, "");
	store(r, "b");
	troth_txn_abort(&r->t);
	assert_listing(r, THING, "b=b");
}

static void a_reader_sees_the_commit_before_its_begin_and_no_other(void **state)
{
	struct rig *r = *state;
	struct troth_txn before, during;
	struct troth_cursor c;

	store(r, "ab");
	troth_txn_begin(&before, r->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &before, THING);
	assert_true(troth_cursor_seek(&c, s("a")));
	begin(r);
	troth_txn_put(&r->t, THING, s("a"), s("new"));
	(void)troth_txn_del(&r->t, THING, s("b"));
	troth_txn_put(&r->t, THING, s("c"), s("c"));
	troth_txn_begin(&during, r->kv, TROTH_TXN_READ);
	commit(r);

	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "b");
	assert_false(troth_cursor_next(&c));
	assert_string_equal(listing(&before, THING), "a=a b=b");
	assert_int_equal(troth_txn_count(&before, THING), 2);
	assert_string_equal(listing(&during, THING), "a=a b=b");
	assert_listing(r, THING, "a=new c=c");
	troth_txn_abort(&during);
	troth_txn_abort(&before);
}

static void a_database_is_opened_once(void **state)
{
	struct rig *r = *state;
	struct rig again = *r;

	assert_int_equal(open_as(&again, &schema), TROTH_ERR_AGAIN);
	assert_null(again.kv);
	assert_non_null(strstr(again.why.text, r->backend == LMDB ? r->path : "memkv"));
	store(r, "a");
	reopen(r);
	assert_listing(r, THING, "a=a");
}

static const struct kv_test all[] = {
	TEST(what_is_committed_is_read_back_by_the_next_transaction),
	TEST(what_is_committed_survives_a_reopen),
	TEST(put_replaces_and_an_empty_value_is_a_value),
	TEST(insert_on_an_existing_key_is_corrupt_and_commits_nothing),
	TEST(append_takes_only_a_key_behind_all_others),
	TEST(del_tells_whether_the_key_was_there),
	TEST(count_includes_the_writes_of_its_own_transaction),
	TEST(a_value_may_be_borrowed_from_a_committed_record),
	TEST(limits_hold_at_the_limit_and_one_past_it),
	TEST(after_the_first_failure_nothing_happens_and_commit_reports_it),
	TEST(a_failure_from_outside_is_a_failure_of_the_transaction),
	TEST(what_could_not_be_built_fails_the_transaction_and_is_not_stored),
	TEST(abort_leaves_nothing_and_may_come_at_any_time),
	TEST(a_reader_sees_the_commit_before_its_begin_and_no_other),
	TEST(a_database_is_opened_once),
};

int main(void)
{
	return run_with_every_backend(all, TROTH_LEN(all));
}
