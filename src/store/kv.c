#include "troth/store/kv.h"

#include "troth/store/backend.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool live(const struct troth_txn *t)
{
	if (!troth_txn_sound(t))
		return false;
	assert(t->handle != NULL); /* Begun, and not ended. */
	return true;
}

static const char *name_of(const struct troth_txn *t, unsigned table)
{
	return t->kv->schema->tables[table];
}

/* ---- The handle ---- */

static void check_schema(const struct troth_schema *s)
{
	assert(s->kind != NULL);
	assert(s->format >= 1);
	assert(s->table_index >= 1);
	assert(s->table_index <= TROTH_KV_TABLES_MAX);
	assert(strcmp(s->tables[TROTH_TABLE_META], "meta") == 0);
	for (unsigned i = 0; i < s->table_index; i++) {
		size_t len = strlen(s->tables[i]);

		assert(len >= 1);
		assert(len <= TROTH_KV_NAME_MAX);
		assert(strspn(s->tables[i], "abcdefghijklmnopqrstuvwxyz_") == len);
		for (unsigned j = 0; j < i; j++)
			assert(strcmp(s->tables[i], s->tables[j]) != 0);
	}
}

void troth_kv_init(struct troth_kv *kv, const struct troth_kv_ops *ops,
		   const struct troth_schema *schema, bool read_only)
{
	check_schema(schema);
	kv->ops = ops;
	kv->schema = schema;
	kv->read_only = read_only;
	atomic_init(&kv->room, TROTH_ROOM_OK);
	atomic_init(&kv->poisoned, false);
	atomic_flag_clear(&kv->poisoning);
	kv->poison_why.text[0] = '\0';
	kv->warning.text[0] = '\0';
}

void troth_kv_close(struct troth_kv *kv)
{
	if (kv != NULL)
		kv->ops->close(kv);
}

const char *troth_kv_warning(const struct troth_kv *kv)
{
	return kv->warning.text;
}

enum troth_err troth_kv_poison(struct troth_kv *kv, struct troth_why *why,
			       const char *what)
{
	struct troth_why said; /* `what` may lie in *why. */
	enum troth_err err = troth_fail(&said, TROTH_ERR_IO,
					"%.180s; what is on disk is uncertain: must exit",
					what);

	if (!atomic_flag_test_and_set(&kv->poisoning)) {
		kv->poison_why = said;
		atomic_store_explicit(&kv->poisoned, true, memory_order_release);
	}
	if (why != NULL)
		*why = said;
	return err;
}

bool troth_kv_poisoned(const struct troth_kv *kv, struct troth_why *why)
{
	if (!atomic_load_explicit(&kv->poisoned, memory_order_acquire))
		return false;
	if (why != NULL)
		*why = kv->poison_why;
	return true;
}

enum troth_kv_room troth_kv_judge_room(const struct troth_kv_usage *usage,
				       uint64_t reserve_bytes)
{
	uint64_t percent = usage->limit_bytes / 100;

	if (usage->used_bytes >= 90 * percent || usage->room_bytes < reserve_bytes)
		return TROTH_ROOM_REFUSE;
	if (usage->used_bytes >= 70 * percent || usage->room_bytes / 3 < reserve_bytes)
		return TROTH_ROOM_ALARM;
	return TROTH_ROOM_OK;
}

enum troth_kv_room troth_kv_room(const struct troth_kv *kv)
{
	return atomic_load_explicit(&kv->room, memory_order_relaxed);
}

enum troth_err troth_kv_usage(struct troth_kv *kv, struct troth_kv_usage *usage,
			      struct troth_why *why)
{
	*usage = (struct troth_kv_usage){ 0 };
	return kv->ops->usage(kv, usage, why);
}

enum troth_err troth_kv_maintain(struct troth_kv *kv, unsigned *freed,
				 struct troth_why *why)
{
	unsigned unused;

	if (freed == NULL)
		freed = &unused;
	*freed = 0;
	return kv->ops->maintain(kv, freed, why);
}

enum troth_err troth_kv_grow(struct troth_kv *kv, uint64_t map_bytes,
			     struct troth_why *why)
{
	assert(kv->ops->grow != NULL);
	return kv->ops->grow(kv, map_bytes, why);
}

enum troth_err troth_kv_backup(struct troth_kv *kv, const char *dir,
			       struct troth_why *why)
{
	assert(kv->ops->backup != NULL);
	return kv->ops->backup(kv, dir, why);
}

/* ---- Begin and end ---- */

void troth_txn_begin(struct troth_txn *t, struct troth_kv *kv, enum troth_txn_mode mode)
{
	assert(mode == TROTH_TXN_READ || !kv->read_only);
	t->kv = kv;
	t->handle = NULL;
	memset(t->cursors, 0, sizeof(t->cursors));
	t->writes = 0;
	t->mode = mode;
	t->err = TROTH_OK;
	t->why.text[0] = '\0';

	if (troth_kv_poisoned(kv, &t->why))
		t->err = TROTH_ERR_IO;
	else
		t->err = kv->ops->begin(t, &t->why);
}

static void close_cursors(struct troth_txn *t)
{
	for (unsigned i = 0; i < TROTH_TXN_CURSORS_MAX; i++) {
		if (t->cursors[i] != NULL)
			t->kv->ops->cursor_close(t, t->cursors[i]);
		t->cursors[i] = NULL;
	}
}

enum troth_err troth_txn_commit(struct troth_txn *t, struct troth_why *why)
{
	if (live(t)) {
		close_cursors(t);
		t->err = t->kv->ops->commit(t, &t->why);
		t->handle = NULL; /* The backend consumed it, success or not. */
	}
	troth_txn_abort(t);
	if (!troth_txn_sound(t) && why != NULL)
		*why = t->why;
	return t->err;
}

void troth_txn_abort(struct troth_txn *t)
{
	if (t->handle == NULL)
		return;
	close_cursors(t);
	t->kv->ops->abort(t);
	t->handle = NULL;
}

void troth_txn_fail(struct troth_txn *t, enum troth_err err, const char *fmt, ...)
{
	va_list args;

	assert(err != TROTH_OK);
	if (!troth_txn_sound(t))
		return;
	t->err = err;
	va_start(args, fmt);
	vsnprintf(t->why.text, sizeof(t->why.text), fmt, args);
	va_end(args);
}

/* ---- Records ---- */

static bool fits(struct troth_txn *t, unsigned table, struct troth_span key)
{
	assert(table < t->kv->schema->table_index);
	if (key.len >= 1 && key.len <= TROTH_KV_KEY_MAX)
		return true;
	troth_txn_fail(t, TROTH_ERR_LIMIT, "%s: key of %zu bytes, 1 to %d are possible",
		       name_of(t, table), key.len, TROTH_KV_KEY_MAX);
	return false;
}

bool troth_txn_get(struct troth_txn *t, unsigned table, struct troth_span key,
		   struct troth_span *value)
{
	enum troth_err err;

	*value = TROTH_SPAN_NONE;
	if (!live(t) || !fits(t, table, key))
		return false;
	err = t->kv->ops->get(t, table, key, value, &t->why);
	if (err == TROTH_OK)
		return true;
	*value = TROTH_SPAN_NONE;
	if (err != TROTH_ERR_NOTFOUND)
		t->err = err;
	return false;
}

static void put(struct troth_txn *t, unsigned table, struct troth_span key,
		struct troth_span value, enum troth_kv_put how)
{
	if (!live(t) || !fits(t, table, key))
		return;
	assert(t->mode == TROTH_TXN_WRITE);
	if (value.len > TROTH_KV_VALUE_MAX) {
		troth_txn_fail(t, TROTH_ERR_LIMIT,
			       "%s: value of %zu bytes, %zu are possible",
			       name_of(t, table), value.len, TROTH_KV_VALUE_MAX);
		return;
	}
	t->writes++;
	t->err = t->kv->ops->put(t, table, key, value, how, &t->why);
}

void troth_txn_put(struct troth_txn *t, unsigned table, struct troth_span key,
		   struct troth_span value)
{
	put(t, table, key, value, TROTH_KV_PUT);
}

void troth_txn_put_buf(struct troth_txn *t, unsigned table, struct troth_span key,
		       const struct troth_buf *value)
{
	if (value->failed)
		troth_txn_fail(t, TROTH_ERR_MEMORY, "no memory for a record of table %u",
			       table);
	else
		troth_txn_put(t, table, key, troth_buf_span(value));
}

void troth_txn_insert(struct troth_txn *t, unsigned table, struct troth_span key,
		      struct troth_span value)
{
	put(t, table, key, value, TROTH_KV_INSERT);
}

void troth_txn_append(struct troth_txn *t, unsigned table, struct troth_span key,
		      struct troth_span value)
{
	put(t, table, key, value, TROTH_KV_APPEND);
}

bool troth_txn_del(struct troth_txn *t, unsigned table, struct troth_span key)
{
	enum troth_err err;

	if (!live(t) || !fits(t, table, key))
		return false;
	assert(t->mode == TROTH_TXN_WRITE);
	t->writes++;
	err = t->kv->ops->del(t, table, key, &t->why);
	if (err != TROTH_OK && err != TROTH_ERR_NOTFOUND)
		t->err = err;
	return err == TROTH_OK;
}

uint64_t troth_txn_count(struct troth_txn *t, unsigned table)
{
	uint64_t count = 0;

	if (!live(t))
		return 0;
	assert(table < t->kv->schema->table_index);
	t->err = t->kv->ops->count(t, table, &count, &t->why);
	return troth_txn_sound(t) ? count : 0;
}

/* ---- Cursors ---- */

void troth_cursor_open(struct troth_cursor *c, struct troth_txn *t, unsigned table)
{
	unsigned slot = 0;

	c->key = c->value = TROTH_SPAN_NONE;
	c->txn = t;
	c->table = table;
	c->slot = 0;
	c->placed = false;
	c->writes = 0;
	c->at_len = 0;
	if (!live(t))
		return;
	assert(table < t->kv->schema->table_index);
	while (slot < TROTH_TXN_CURSORS_MAX && t->cursors[slot] != NULL)
		slot++;
	assert(slot < TROTH_TXN_CURSORS_MAX);
	c->slot = slot;
	t->err = t->kv->ops->cursor_open(t, table, &t->cursors[slot], &t->why);
}

void troth_cursor_close(struct troth_cursor *c)
{
	struct troth_txn *t = c->txn;

	c->txn = NULL;
	c->placed = false;
	c->key = c->value = TROTH_SPAN_NONE;
	if (t == NULL || t->handle == NULL || t->cursors[c->slot] == NULL)
		return;
	t->kv->ops->cursor_close(t, t->cursors[c->slot]);
	t->cursors[c->slot] = NULL;
}

static bool move(struct troth_cursor *c, enum troth_kv_move how, struct troth_span key)
{
	struct troth_txn *t = c->txn;
	enum troth_err err;

	c->placed = false;
	c->value = TROTH_SPAN_NONE;
	err = t->kv->ops->cursor_move(t, t->cursors[c->slot], how, &key, &c->value,
				      &t->why);
	if (err != TROTH_OK) {
		c->key = c->value = TROTH_SPAN_NONE;
		if (err != TROTH_ERR_NOTFOUND)
			t->err = err;
		return false;
	}
	c->key = key;
	c->placed = true;
	c->writes = t->writes;
	if (t->mode == TROTH_TXN_WRITE) {
		assert(key.len <= TROTH_KV_KEY_MAX);
		memcpy(c->at, key.data, key.len);
		c->at_len = key.len;
	}
	return true;
}

static bool ready(struct troth_cursor *c)
{
	assert(c->txn != NULL);
	if (live(c->txn))
		return true;
	c->placed = false;
	c->key = c->value = TROTH_SPAN_NONE;
	return false;
}

bool troth_cursor_seek(struct troth_cursor *c, struct troth_span key)
{
	if (!ready(c))
		return false;
	if (key.len == 0)
		return move(c, TROTH_KV_FIRST, key);
	if (key.len > TROTH_KV_KEY_MAX)
		(void)fits(c->txn, c->table, key);
	return ready(c) && move(c, TROTH_KV_SEEK, key);
}

bool troth_cursor_seek_before(struct troth_cursor *c, struct troth_span key)
{
	if (!ready(c))
		return false;
	if (key.len == 0) {
		c->placed = false;
		c->key = c->value = TROTH_SPAN_NONE;
		return false;
	}
	if (troth_cursor_seek(c, key))
		return move(c, TROTH_KV_PREV, TROTH_SPAN_NONE);
	return ready(c) && move(c, TROTH_KV_LAST, TROTH_SPAN_NONE);
}

bool troth_cursor_last(struct troth_cursor *c)
{
	return ready(c) && move(c, TROTH_KV_LAST, TROTH_SPAN_NONE);
}

/*
 * True if the backend's cursor still stands where the caller left it. After a
 * write it is put to the first key from there on, and `*there` says whether that
 * is the very record.
 */
static bool resume(struct troth_cursor *c, bool *there)
{
	uint8_t at[TROTH_KV_KEY_MAX];
	struct troth_span old = troth_span(at, c->at_len);

	*there = true;
	if (c->writes == c->txn->writes)
		return true;
	memcpy(at, c->at, c->at_len);
	if (!move(c, TROTH_KV_SEEK, old))
		return false;
	*there = troth_span_eq(c->key, old);
	return true;
}

bool troth_cursor_next(struct troth_cursor *c)
{
	bool there;

	if (!ready(c) || !c->placed)
		return false;
	if (!resume(c, &there))
		return false;
	return there ? move(c, TROTH_KV_NEXT, TROTH_SPAN_NONE) : true;
}

bool troth_cursor_prev(struct troth_cursor *c)
{
	bool there;

	if (!ready(c) || !c->placed)
		return false;
	if (resume(c, &there))
		return move(c, TROTH_KV_PREV, TROTH_SPAN_NONE);
	return ready(c) && move(c, TROTH_KV_LAST, TROTH_SPAN_NONE);
}
