/*
 * The contract of kv.h, held against every backend: what its tests share. Each
 * test of a table runs once with LMDB and once with the simulated disk.
 */
#ifndef TROTH_TESTS_KV_RIG_H
#define TROTH_TESTS_KV_RIG_H

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

static inline enum troth_err open_as(struct rig *r, const struct troth_schema *s)
{
	static const struct troth_kv_options options = { .map_bytes = 64 << 20,
							 .readers_max = 4 };

	if (r->backend == MEMORY)
		return memkv_open(&r->kv, r->disk, s, &r->why);
	return troth_kv_open(&r->kv, r->path, s, &options, &r->why);
}

static inline void reopen(struct rig *r)
{
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_OK);
}

/* The database is closed; it gives way to an empty one. */
static inline void start_over(struct rig *r)
{
	if (r->backend == MEMORY) {
		memkv_disk_free(r->disk);
		r->disk = memkv_disk_new();
	} else {
		scratch_remove(r->path);
	}
	assert_int_equal(open_as(r, &schema), TROTH_OK);
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	struct rig *r = *state;

	troth_kv_close(r->kv);
	memkv_disk_free(r->disk);
	scratch_remove(r->dir);
	free(r);
	return 0;
}

/* ---- Shorthand ---- */

static inline struct troth_span s(const char *text)
{
	return troth_span_str(text);
}

static inline void begin(struct rig *r)
{
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
}

static inline void commit(struct rig *r)
{
	assert_int_equal(troth_txn_commit(&r->t, &r->why), TROTH_OK);
}

#define assert_span(span, text) assert_true(troth_span_eq((span), s(text)))

/* The whole table as "k=v k=v", by one cursor forward; checked backward, too. */
static inline const char *listing(struct troth_txn *t, unsigned table)
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

static inline void assert_listing(struct rig *r, unsigned table, const char *want)
{
	struct troth_txn t;

	troth_txn_begin(&t, r->kv, TROTH_TXN_READ);
	assert_string_equal(listing(&t, table), want);
	assert_int_equal(troth_txn_commit(&t, &r->why), TROTH_OK);
}

static inline void store(struct rig *r, const char *letters)
{
	begin(r);
	for (; *letters != '\0'; letters++)
		troth_txn_put(&r->t, THING, troth_span(letters, 1),
			      troth_span(letters, 1));
	commit(r);
}

/* ---- Every test, with every backend ---- */

struct kv_test {
	const char *name;
	CMUnitTestFunction run;
};

#define TEST(f)                                                                          \
	{                                                                                \
#f, f                                                                    \
	}
#define TESTS_MAX 64

static inline int run_with_every_backend(const struct kv_test *all, size_t count)
{
	static struct CMUnitTest tests[TESTS_MAX];
	static char names[TESTS_MAX][128];
	static enum backend backends[] = { LMDB, MEMORY };
	size_t n = 0;

	for (size_t b = 0; b < TROTH_LEN(backends); b++) {
		for (size_t i = 0; i < count; i++, n++) {
			assert_true(n < TESTS_MAX);
			snprintf(names[n], sizeof(names[n]), "%s: %s", backend_names[b],
				 all[i].name);
			tests[n] = (struct CMUnitTest){ names[n], all[i].run, setup,
							teardown, &backends[b] };
		}
	}
	return _cmocka_run_group_tests("contract", tests, n, NULL, NULL);
}

#endif
