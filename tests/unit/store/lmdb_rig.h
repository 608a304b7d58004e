/*
 * What the tests of the LMDB backend share: a schema, a scratch directory with a
 * database in it, and records that are numbers.
 */
#ifndef TROTH_TESTS_LMDB_RIG_H
#define TROTH_TESTS_LMDB_RIG_H

#include "scratch.h"
#include "troth/store/kv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	META = TROTH_TABLE_META,
	LOG,
	THING,
	TABLES,
};

#define MIB ((uint64_t)1 << 20)

static const char *const rig_tables[TABLES] = { "meta", "log", "thing" };
static const struct troth_schema rig_schema = {
	.kind = "central", .format = 1, .tables = rig_tables, .table_index = TABLES
};
static const struct troth_kv_options rig_options = { .map_bytes = 64 * MIB };

struct rig {
	struct troth_kv *kv; /* NULL until a test opens it. */
	char dir[SCRATCH_MAX], path[SCRATCH_MAX];
	struct troth_why why;
};

static inline int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -1;
	scratch_make(r->dir);
	scratch_path(r->path, r->dir, "db");
	*state = r;
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *r = *state;

	troth_kv_close(r->kv);
	scratch_remove(r->dir);
	free(r);
	return 0;
}

static inline enum troth_err rig_try_open(struct rig *r, bool read_only)
{
	struct troth_kv_options o = rig_options;

	o.read_only = read_only;
	return troth_kv_open(&r->kv, r->path, &rig_schema, &o, &r->why);
}

static inline void rig_open(struct rig *r)
{
	assert_int_equal(rig_try_open(r, false), TROTH_OK);
}

static inline void rig_close(struct rig *r)
{
	troth_kv_close(r->kv);
	r->kv = NULL;
}

/* One transaction: `n` to the end of LOG, and as the newest into THING. */
static inline enum troth_err rig_write(struct troth_kv *kv, uint64_t n, size_t value_len,
				       struct troth_why *why)
{
	static uint8_t value[1 << 20];
	struct troth_txn t;
	uint8_t key[8];

	if (value_len > sizeof(value))
		abort();
	troth_store_u64be(key, n);
	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	troth_txn_append(&t, LOG, troth_span(key, 8), troth_span(value, value_len));
	troth_txn_put(&t, THING, troth_span_str("newest"), troth_span(key, 8));
	return troth_txn_commit(&t, why);
}

/*
 * How many numbers LOG has, from 1 without a gap; asserts that THING agrees, that
 * is, that no transaction is there by half.
 */
static inline uint64_t rig_count(struct troth_kv *kv)
{
	struct troth_txn t;
	struct troth_cursor c;
	struct troth_span v;
	uint64_t n = 0;

	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &t, LOG);
	for (bool on = troth_cursor_seek(&c, TROTH_SPAN_NONE); on;
	     on = troth_cursor_next(&c))
		assert_int_equal(troth_load_u64be(c.key.data), ++n);
	assert_int_equal(troth_txn_count(&t, LOG), n);
	if (troth_txn_get(&t, THING, troth_span_str("newest"), &v))
		assert_int_equal(troth_load_u64be(v.data), n);
	else
		assert_int_equal(n, 0);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	return n;
}

#endif
