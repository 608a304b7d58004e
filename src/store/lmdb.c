#include "env.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

/* ---- Trouble ---- */

static enum troth_err translate(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return TROTH_OK;
	case MDB_NOTFOUND:
	case ENOENT:
		return TROTH_ERR_NOTFOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return TROTH_ERR_FULL;
	case MDB_TXN_FULL:
		return TROTH_ERR_LIMIT;
	case MDB_READERS_FULL:
		return TROTH_ERR_AGAIN;
	case ENOMEM:
		return TROTH_ERR_MEMORY;
	case MDB_KEYEXIST:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
		return TROTH_ERR_CORRUPT;
	default:
		return TROTH_ERR_IO;
	}
}

enum troth_err troth_lmdb_fail(struct troth_lmdb *db, int rc, const char *doing,
			       struct troth_why *why)
{
	enum troth_err err;

	/*
	 * When the disk fills up in the middle of a write, write() is short and LMDB
	 * calls that EIO. Which of the two it was, only the disk can tell.
	 */
	if (rc == EIO && !db->kv.read_only && troth_disk_is_full(&db->disk))
		rc = ENOSPC;
	err = translate(rc);
	if (err == TROTH_OK)
		return TROTH_OK;
	if (rc == MDB_MAP_FULL)
		atomic_store(&db->map_full, true);
	if ((rc == ENOSPC || rc == EDQUOT) && atomic_exchange(&db->ballast, false))
		(void)troth_disk_drop_ballast(&db->disk);
	(void)troth_fail(why, err, "%s: %s: %s", db->disk.path, doing, mdb_strerror(rc));
	if (rc == MDB_PANIC)
		return troth_kv_poison(&db->kv, why, why->text);
	return err;
}

static enum troth_err table_fail(struct troth_txn *t, int rc, const char *doing,
				 unsigned table, struct troth_why *why)
{
	char text[64];
	enum troth_err err;

	snprintf(text, sizeof(text), "%s %s", doing, t->kv->schema->tables[table]);
	err = troth_lmdb_fail(troth_lmdb(t->kv), rc, text, why);
	/* A page that could not be written during a write is a failed commit. */
	if (err == TROTH_ERR_IO && t->mode == TROTH_TXN_WRITE)
		err = troth_kv_poison(t->kv, why, why->text);
	return err;
}

/* ---- Begin and end ---- */

void troth_lmdb_enter(struct troth_lmdb *db)
{
	for (;;) {
		atomic_fetch_add(&db->busy, 1);
		if (!atomic_load(&db->moving))
			return;
		atomic_fetch_sub(&db->busy, 1);
		sched_yield();
	}
}

void troth_lmdb_leave(struct troth_lmdb *db)
{
	atomic_fetch_sub(&db->busy, 1);
}

/* A reader that nobody uses; NULL if all are in use. */
static struct troth_lmdb_reader *take_reader(struct troth_lmdb *db)
{
	/* A thread finds its last one again at the first try, mostly. */
	static _Thread_local unsigned hint;
	static atomic_uint next_hint;
	unsigned n = db->options.readers_max;

	if (hint == 0)
		hint = atomic_fetch_add_explicit(&next_hint, 1, memory_order_relaxed) + 1;
	for (unsigned i = 0; i < n; i++) {
		struct troth_lmdb_reader *r = &db->readers[(hint + i) % n];

		if (!atomic_flag_test_and_set_explicit(&r->taken, memory_order_acquire)) {
			hint += i;
			return r;
		}
	}
	return NULL;
}

static void give_reader(struct troth_lmdb_reader *r)
{
	atomic_flag_clear_explicit(&r->taken, memory_order_release);
}

static int start_reader(struct troth_lmdb *db, struct troth_lmdb_reader *r)
{
	if (r->txn != NULL)
		return mdb_txn_renew(r->txn);
	return mdb_txn_begin(db->env, NULL, MDB_RDONLY, &r->txn);
}

static enum troth_err begin_read(struct troth_txn *t, struct troth_why *why)
{
	struct troth_lmdb *db = troth_lmdb(t->kv);
	struct troth_lmdb_reader *r = take_reader(db);
	int rc;

	if (r == NULL)
		return troth_fail(why, TROTH_ERR_AGAIN, "%s: %u readers are busy",
				  db->disk.path, db->options.readers_max);
	troth_lmdb_enter(db);
	rc = start_reader(db, r);
	if (rc == MDB_MAP_RESIZED) { /* Another process made it grow. */
		troth_lmdb_leave(db);
		(void)troth_lmdb_remap(db, 0, NULL);
		troth_lmdb_enter(db);
		rc = start_reader(db, r);
	}
	if (rc == MDB_SUCCESS) {
		t->handle = r;
		return TROTH_OK;
	}
	troth_lmdb_leave(db);
	give_reader(r);
	if (rc == MDB_MAP_RESIZED)
		return troth_fail(why, TROTH_ERR_AGAIN,
				  "%s: has grown, and open readers hold the old map",
				  db->disk.path);
	return troth_lmdb_fail(db, rc, "begin read", why);
}

static enum troth_err begin_write(struct troth_txn *t, struct troth_why *why)
{
	struct troth_lmdb *db = troth_lmdb(t->kv);
	MDB_txn *txn = NULL;
	int me = (int)gettid();
	int rc;

	assert(atomic_load(&db->writer) != me); /* It would wait for itself. */
	troth_lmdb_grow_step(db);
	troth_lmdb_enter(db);
	rc = mdb_txn_begin(db->env, NULL, 0, &txn);
	if (rc != MDB_SUCCESS) {
		troth_lmdb_leave(db);
		return troth_lmdb_fail(db, rc, "begin write", why);
	}
	atomic_store(&db->writer, me);
	t->handle = txn;
	return TROTH_OK;
}

static enum troth_err begin(struct troth_txn *t, struct troth_why *why)
{
	return t->mode == TROTH_TXN_READ ? begin_read(t, why) : begin_write(t, why);
}

static MDB_txn *txn_of(const struct troth_txn *t)
{
	if (t->mode == TROTH_TXN_READ)
		return ((struct troth_lmdb_reader *)t->handle)->txn;
	return t->handle;
}

static void end_read(struct troth_txn *t)
{
	struct troth_lmdb_reader *r = t->handle;

	mdb_txn_reset(r->txn);
	troth_lmdb_leave(troth_lmdb(t->kv));
	give_reader(r);
}

/* LMDB remembers a meta page that it could not write, and tells at the next begin. */
static bool is_intact(struct troth_lmdb *db)
{
	MDB_txn *txn = NULL;

	if (mdb_txn_begin(db->env, NULL, 0, &txn) != MDB_SUCCESS)
		return false;
	mdb_txn_abort(txn);
	return true;
}

static enum troth_err commit(struct troth_txn *t, struct troth_why *why)
{
	struct troth_lmdb *db = troth_lmdb(t->kv);
	struct troth_kv_usage usage;
	enum troth_err err;
	int rc;

	if (t->mode == TROTH_TXN_READ) {
		end_read(t);
		return TROTH_OK;
	}
	if (t->writes > 0)
		(void)troth_lmdb_measure(db, t->handle, &usage, NULL);
	atomic_store(&db->writer, 0);
	rc = mdb_txn_commit(t->handle);
	err = troth_lmdb_fail(db, rc, "commit", why);
	if (err != TROTH_OK && ((err != TROTH_ERR_FULL && err != TROTH_ERR_MEMORY &&
				 err != TROTH_ERR_LIMIT) ||
				!is_intact(db)))
		err = troth_kv_poison(t->kv, why, why->text);
	troth_lmdb_leave(db);
	return err;
}

static void abort_txn(struct troth_txn *t)
{
	struct troth_lmdb *db = troth_lmdb(t->kv);

	if (t->mode == TROTH_TXN_READ) {
		end_read(t);
		return;
	}
	atomic_store(&db->writer, 0);
	mdb_txn_abort(t->handle);
	troth_lmdb_leave(db);
}

/* ---- Records ---- */

static MDB_val val(struct troth_span s)
{
	/* LMDB does not write through it; its type just cannot say so. */
	return (MDB_val){ .mv_size = s.len, .mv_data = (void *)s.data };
}

static struct troth_span span(MDB_val v)
{
	return troth_span(v.mv_data, v.mv_size);
}

static MDB_dbi dbi_of(const struct troth_txn *t, unsigned table)
{
	return troth_lmdb(t->kv)->dbi[table];
}

static enum troth_err get(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_span *value, struct troth_why *why)
{
	MDB_val k = val(key), v;
	int rc = mdb_get(txn_of(t), dbi_of(t, table), &k, &v);

	if (rc == MDB_NOTFOUND)
		return TROTH_ERR_NOTFOUND;
	if (rc != MDB_SUCCESS)
		return table_fail(t, rc, "get from", table, why);
	*value = span(v);
	return TROTH_OK;
}

static enum troth_err put(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_span value, enum troth_kv_put how,
			  struct troth_why *why)
{
	static const unsigned flags[] = {
		[TROTH_KV_PUT] = 0,
		[TROTH_KV_INSERT] = MDB_NOOVERWRITE,
		[TROTH_KV_APPEND] = MDB_APPEND,
	};
	static const char *const doing[] = {
		[TROTH_KV_PUT] = "put into",
		[TROTH_KV_INSERT] = "insert into",
		[TROTH_KV_APPEND] = "append to",
	};
	MDB_val k = val(key), v = val(value);
	int rc = mdb_put(t->handle, dbi_of(t, table), &k, &v, flags[how]);

	return rc == MDB_SUCCESS ? TROTH_OK : table_fail(t, rc, doing[how], table, why);
}

static enum troth_err del(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_why *why)
{
	MDB_val k = val(key);
	int rc = mdb_del(t->handle, dbi_of(t, table), &k, NULL);

	if (rc == MDB_SUCCESS)
		return TROTH_OK;
	if (rc == MDB_NOTFOUND)
		return TROTH_ERR_NOTFOUND;
	return table_fail(t, rc, "delete from", table, why);
}

static enum troth_err count(struct troth_txn *t, unsigned table, uint64_t *n,
			    struct troth_why *why)
{
	MDB_stat s;
	int rc = mdb_stat(txn_of(t), dbi_of(t, table), &s);

	if (rc != MDB_SUCCESS)
		return table_fail(t, rc, "count of", table, why);
	*n = s.ms_entries;
	return TROTH_OK;
}

/* ---- Cursors ---- */

static enum troth_err cursor_open(struct troth_txn *t, unsigned table, void **cursor,
				  struct troth_why *why)
{
	MDB_cursor *c = NULL;
	int rc = mdb_cursor_open(txn_of(t), dbi_of(t, table), &c);

	if (rc != MDB_SUCCESS)
		return table_fail(t, rc, "cursor on", table, why);
	*cursor = c;
	return TROTH_OK;
}

static void cursor_close(struct troth_txn *t, void *cursor)
{
	(void)t;
	mdb_cursor_close(cursor);
}

static enum troth_err cursor_move(struct troth_txn *t, void *cursor,
				  enum troth_kv_move move, struct troth_span *key,
				  struct troth_span *value, struct troth_why *why)
{
	static const MDB_cursor_op ops[] = {
		[TROTH_KV_FIRST] = MDB_FIRST,    [TROTH_KV_LAST] = MDB_LAST,
		[TROTH_KV_SEEK] = MDB_SET_RANGE, [TROTH_KV_NEXT] = MDB_NEXT,
		[TROTH_KV_PREV] = MDB_PREV,
	};
	MDB_val k = val(*key), v;
	int rc = mdb_cursor_get(cursor, &k, &v, ops[move]);

	if (rc == MDB_NOTFOUND)
		return TROTH_ERR_NOTFOUND;
	if (rc != MDB_SUCCESS)
		return troth_lmdb_fail(troth_lmdb(t->kv), rc, "cursor", why);
	*key = span(k);
	*value = span(v);
	return TROTH_OK;
}

const struct troth_kv_ops troth_lmdb_ops = {
	.close = troth_lmdb_close,
	.begin = begin,
	.commit = commit,
	.abort = abort_txn,
	.get = get,
	.put = put,
	.del = del,
	.count = count,
	.cursor_open = cursor_open,
	.cursor_close = cursor_close,
	.cursor_move = cursor_move,
	.usage = troth_lmdb_usage,
	.maintain = troth_lmdb_maintain,
	.grow = troth_lmdb_grow,
	.backup = troth_lmdb_backup,
};
