/*
 * The contract of kv.h, held against every backend.
 */
#include "memkv.h"
#include "scratch.h"
#include "troth/store/kv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	META = TROTH_TABLE_META,
	LOG,
	THING,
	TABLES,
};

static const char *const tables[TABLES] = { "meta", "log", "thing" };
static const struct troth_schema schema = {
	.kind = "central", .format = 1, .tables = tables, .table_index = TABLES
};

enum backend { LMDB, MEMORY };
static const char *const backend_names[] = { "lmdb", "memory" };

struct rig {
	enum backend backend;
	struct troth_kv *kv;
	struct memkv_disk *disk;
	char dir[SCRATCH_MAX], path[SCRATCH_MAX];
	struct troth_txn t;
	struct troth_why why;
};

static enum troth_err open_as(struct rig *r, const struct troth_schema *s)
{
	static const struct troth_kv_options options = { .map_bytes = 64 << 20,
							 .readers_max = 4 };

	if (r->backend == MEMORY)
		return memkv_open(&r->kv, r->disk, s, &r->why);
	return troth_kv_open(&r->kv, r->path, s, &options, &r->why);
}

static void reopen(struct rig *r)
{
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_OK);
}

/* The database is closed; it gives way to an empty one. */
static void start_over(struct rig *r)
{
	if (r->backend == MEMORY) {
		memkv_disk_free(r->disk);
		r->disk = memkv_disk_new();
	} else {
		scratch_remove(r->path);
	}
	assert_int_equal(open_as(r, &schema), TROTH_OK);
}

static int setup(void **state)
{
	enum backend backend = *(const enum backend *)*state;
	struct rig *r = calloc(1, sizeof(*r));

	r->backend = backend;
	if (backend == MEMORY)
		r->disk = memkv_disk_new();
	else
		scratch_make(r->dir);
	scratch_path(r->path, r->dir, "db");
	*state = r;
	return open_as(r, &schema) == TROTH_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	troth_kv_close(r->kv);
	memkv_disk_free(r->disk);
	scratch_remove(r->dir);
	free(r);
	return 0;
}

/* ---- Shorthand ---- */

static struct troth_span s(const char *text)
{
	return troth_span_str(text);
}

static void begin(struct rig *r)
{
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
}

static void commit(struct rig *r)
{
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_OK);
}

#define assert_span(span, text) assert_true(troth_span_eq((span), s(text)))

/* The whole table as "k=v k=v", by one cursor forward; checked backward, too. */
static const char *listing(struct troth_txn *t, unsigned table)
{
	static char out[4096];
	struct troth_cursor c, back;
	size_t len = 0;
	uint64_t n = 0;

	out[0] = '\0';
	troth_cursor_open(&c, t, table);
	for (bool on = troth_cursor_seek(&c, TROTH_SPAN_NONE); on;
	     on = troth_cursor_next(&c), n++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%.*s=%.*s",
					n > 0 ? " " : "", (int)c.key.len,
					(const char *)c.key.data, (int)c.value.len,
					(const char *)c.value.data);
	troth_cursor_open(&back, t, table);
	for (bool on = troth_cursor_last(&back); on; on = troth_cursor_prev(&back))
		n--;
	assert_int_equal(n, 0);
	troth_cursor_close(&back);
	troth_cursor_close(&c);
	return out;
}

static void assert_listing(struct rig *r, unsigned table, const char *want)
{
	struct troth_txn t;

	troth_txn_begin(&t, r->kv, TROTH_TXN_READ);
	assert_string_equal(listing(&t, table), want);
	assert_int_equal(troth_txn_commit(&t, &r->why), TROTH_OK);
}

static void store(struct rig *r, const char *letters)
{
	begin(r);
	for (; *letters != '\0'; letters++)
		troth_txn_put(&r->t, THING, troth_span(letters, 1),
			      troth_span(letters, 1));
	commit(r);
}

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

/* ---- Cursors ---- */

static const struct place {
	const char *from;
	const char *at_or_after; /* NULL: none. */
	const char *before;
} places[] = {
	{ "a", "bb", NULL },      { "b", "bb", NULL },          { "bb", "bb", NULL },
	{ "bba", "d", "bb" },     { "c", "d", "bb" },           { "d", "d", "bb" },
	{ "d\1", "da", "d" },     { "da", "da", "d" },          { "e", "\xff", "da" },
	{ "\xff", "\xff", "da" }, { "\xff\xff", NULL, "\xff" }, { "", "bb", NULL },
};

static void check_place(struct troth_cursor *c, bool found, const char *want)
{
	assert_int_equal(found, want != NULL);
	if (want == NULL) {
		assert_int_equal(c->key.len, 0);
		assert_int_equal(c->value.len, 0);
		assert_false(troth_cursor_next(c)); /* Nowhere leads nowhere. */
		assert_false(troth_cursor_prev(c));
		return;
	}
	assert_span(c->key, want);
	assert_span(c->value, want);
}

static void seek_finds_the_first_key_from_there_and_seek_before_the_last(void **state)
{
	static const char *const keys[] = { "d", "\xff", "bb", "da" };
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	for (size_t i = 0; i < TROTH_LEN(keys); i++)
		troth_txn_insert(&r->t, THING, s(keys[i]), s(keys[i]));
	commit(r);
	for (int mode = TROTH_TXN_READ; mode <= TROTH_TXN_WRITE; mode++) {
		troth_txn_begin(&r->t, r->kv, (enum troth_txn_mode)mode);
		troth_cursor_open(&c, &r->t, THING);
		for (size_t i = 0; i < TROTH_LEN(places); i++) {
			const struct place *p = &places[i];

			check_place(&c, troth_cursor_seek(&c, s(p->from)),
				    p->at_or_after);
			check_place(&c, troth_cursor_seek_before(&c, s(p->from)),
				    p->before);
		}
		commit(r);
	}
}

static void an_empty_table_has_no_place_for_a_cursor(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	troth_cursor_open(&c, &r->t, LOG);
	assert_false(troth_cursor_next(&c));
	assert_false(troth_cursor_prev(&c));
	assert_false(troth_cursor_last(&c));
	assert_false(troth_cursor_seek(&c, TROTH_SPAN_NONE));
	assert_false(troth_cursor_seek(&c, s("a")));
	assert_false(troth_cursor_seek_before(&c, s("a")));
	commit(r);
}

static void keys_are_compared_as_unsigned_bytes_with_zeros(void **state)
{
	static const uint8_t order[][3] = { { 0 },    { 0, 0 },       { 0, 1 },
					    { 1 },    { 1, 0, 0 },    { 0x7f, 0xff },
					    { 0x80 }, { 0xff, 0x00 }, { 0xff, 0xff } };
	static const size_t len[] = { 1, 2, 2, 1, 3, 2, 1, 2, 2 };
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	for (size_t i = TROTH_LEN(order); i-- > 0;)
		troth_txn_insert(&r->t, THING, troth_span(order[i], len[i]), s("v"));
	troth_cursor_open(&c, &r->t, THING);
	assert_true(troth_cursor_seek(&c, TROTH_SPAN_NONE));
	for (size_t i = 0; i < TROTH_LEN(order); i++) {
		assert_true(troth_span_eq(c.key, troth_span(order[i], len[i])));
		assert_int_equal(troth_cursor_next(&c), i + 1 < TROTH_LEN(order));
	}
	commit(r);
}

static void an_iteration_goes_on_from_its_key_whatever_is_written(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c, back;

	store(r, "bdfh");
	begin(r);
	troth_cursor_open(&c, &r->t, THING);
	troth_cursor_open(&back, &r->t, THING);
	assert_true(troth_cursor_seek(&c, s("d")));
	assert_true(troth_cursor_seek(&back, s("d")));
	(void)troth_txn_del(&r->t, THING, s("d"));
	troth_txn_put(&r->t, THING, s("e"), s("e"));
	troth_txn_put(&r->t, THING, s("c"), s("c"));
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "e");
	assert_true(troth_cursor_prev(&back));
	assert_span(back.key, "c");

	troth_txn_put(&r->t, THING, s("e"), s("rewritten"));
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "f");
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "h");
	(void)troth_txn_del(&r->t, THING, s("h"));
	assert_true(troth_cursor_prev(&c)); /* From behind everything. */
	assert_span(c.key, "f");
	troth_txn_put(&r->t, THING, s("z"), s("z"));
	(void)troth_txn_del(&r->t, THING, s("f"));
	(void)troth_txn_del(&r->t, THING, s("z"));
	assert_false(troth_cursor_next(&c));
	assert_int_equal(c.key.len, 0);
	commit(r);
	assert_listing(r, THING, "b=b c=c e=rewritten");
}

static void a_table_can_be_emptied_while_iterating(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c;
	uint8_t key[8];
	unsigned n = 0;

	begin(r);
	for (unsigned i = 0; i < 3000; i++) {
		troth_store_u64be(key, i);
		troth_txn_append(&r->t, LOG, troth_span(key, 8), troth_span(key, 8));
	}
	commit(r);
	begin(r);
	troth_cursor_open(&c, &r->t, LOG);
	for (bool on = troth_cursor_seek(&c, TROTH_SPAN_NONE); on;
	     on = troth_cursor_next(&c), n++) {
		assert_int_equal(troth_load_u64be(c.key.data), n);
		/* The key is borrowed from the very record that goes. */
		assert_true(troth_txn_del(&r->t, LOG, c.key));
	}
	assert_int_equal(n, 3000);
	assert_int_equal(troth_txn_count(&r->t, LOG), 0);
	commit(r);
	assert_listing(r, LOG, "");
}

static void eight_cursors_are_open_at_one_time_and_close_in_any_order(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c[TROTH_TXN_CURSORS_MAX], zero = { 0 };

	store(r, "abcdefgh");
	troth_cursor_close(&zero);
	for (int round = 0; round < 3; round++) {
		troth_txn_begin(&r->t, r->kv, TROTH_TXN_READ);
		for (size_t i = 0; i < TROTH_LEN(c); i++) {
			troth_cursor_open(&c[i], &r->t, THING);
			assert_true(
				troth_cursor_seek(&c[i], troth_span(&"abcdefgh"[i], 1)));
		}
		troth_cursor_close(&c[3]);
		troth_cursor_close(&c[3]);
		troth_cursor_open(&c[3], &r->t, THING);
		assert_true(troth_cursor_last(&c[3]));
		assert_true(troth_cursor_prev(&c[7]));
		assert_span(c[7].key, "g");
		assert_span(c[0].key, "a");
		commit(r);
	}
}

/* ---- Kind and format ---- */

static void another_kind_and_a_newer_format_are_refused(void **state)
{
	struct rig *r = *state;
	struct troth_schema other = schema, newer = schema;

	store(r, "a");
	other.kind = "gateway";
	newer.format = 2;
	newer.migrations = (const struct troth_migration[]){ { 0 } };
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &other), TROTH_ERR_INPUT);
	assert_null(r->kv);
	assert_non_null(strstr(r->why.text, "central"));
	assert_non_null(strstr(r->why.text, "gateway"));
	assert_int_equal(open_as(r, &newer), TROTH_ERR_INPUT); /* No way up. */
	assert_non_null(strstr(r->why.text, "format 1"));

	assert_int_equal(open_as(r, &schema), TROTH_OK);
	begin(r);
	troth_txn_put(&r->t, META, s("format"), s("2"));
	commit(r);
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_ERR_INPUT);
	assert_non_null(strstr(r->why.text, "format 2 is newer than 1"));
}

static void a_format_that_is_no_number_or_missing_is_corrupt(void **state)
{
	static const char *const bad[] = { "",   "0",   "01",         "-1",
					   "1 ", "0x1", "4294967296", "99999999999" };
	struct rig *r = *state;

	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		begin(r);
		troth_txn_put(&r->t, META, s("format"), s(bad[i]));
		commit(r);
		troth_kv_close(r->kv);
		assert_int_equal(open_as(r, &schema), TROTH_ERR_CORRUPT);
		assert_non_null(strstr(r->why.text, "format"));
		start_over(r);
	}
	begin(r);
	(void)troth_txn_del(&r->t, META, s("kind"));
	commit(r);
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, "no kind"));
}

static unsigned first_runs, second_runs;
static bool second_fails;

static void first(struct troth_txn *t)
{
	first_runs++;
	troth_txn_insert(t, THING, s("first"), s("done"));
}

static void second(struct troth_txn *t)
{
	struct troth_span v;

	second_runs++;
	assert_true(troth_txn_get(t, THING, s("first"), &v));
	troth_txn_insert(t, THING, s("second"), s("done"));
	if (second_fails)
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "thing: not as format 2 has it");
}

static void migrations_run_once_each_in_order_and_all_or_nothing(void **state)
{
	static const struct troth_migration steps[] = { { 2, second }, { 1, first } };
	struct troth_schema three = schema;
	struct rig *r = *state;

	three.format = 3;
	three.migrations = steps;
	three.migration_index = TROTH_LEN(steps);
	first_runs = second_runs = 0;
	store(r, "a");
	troth_kv_close(r->kv);

	second_fails = true;
	assert_int_equal(open_as(r, &three), TROTH_ERR_CORRUPT);
	assert_string_equal(r->why.text, "thing: not as format 2 has it");
	second_fails = false;
	assert_int_equal(open_as(r, &three), TROTH_OK);
	assert_int_equal(first_runs, 1); /* The first step had been committed. */
	assert_int_equal(second_runs, 2);
	assert_listing(r, META, "format=3 kind=central");
	assert_listing(r, THING, "a=a first=done second=done");
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &three), TROTH_OK);
	assert_int_equal(first_runs + second_runs, 3);
	assert_listing(r, THING, "a=a first=done second=done");
}

/* ---- Every test, with every backend ---- */

#define TEST(f)                                                                          \
	{                                                                                \
#f, f                                                                    \
	}

static const struct {
	const char *name;
	CMUnitTestFunction run;
} all[] = {
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
	TEST(abort_leaves_nothing_and_may_come_at_any_time),
	TEST(a_reader_sees_the_commit_before_its_begin_and_no_other),
	TEST(a_database_is_opened_once),
	TEST(seek_finds_the_first_key_from_there_and_seek_before_the_last),
	TEST(an_empty_table_has_no_place_for_a_cursor),
	TEST(keys_are_compared_as_unsigned_bytes_with_zeros),
	TEST(an_iteration_goes_on_from_its_key_whatever_is_written),
	TEST(a_table_can_be_emptied_while_iterating),
	TEST(eight_cursors_are_open_at_one_time_and_close_in_any_order),
	TEST(another_kind_and_a_newer_format_are_refused),
	TEST(a_format_that_is_no_number_or_missing_is_corrupt),
	TEST(migrations_run_once_each_in_order_and_all_or_nothing),
};

int main(void)
{
	static struct CMUnitTest tests[2 * TROTH_LEN(all)];
	static char names[2 * TROTH_LEN(all)][128];
	static enum backend backends[] = { LMDB, MEMORY };
	size_t n = 0;

	for (size_t b = 0; b < TROTH_LEN(backends); b++) {
		for (size_t i = 0; i < TROTH_LEN(all); i++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s: %s", backend_names[b],
				 all[i].name);
			tests[n] = (struct CMUnitTest){ names[n], all[i].run, setup,
							teardown, &backends[b] };
		}
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
