#include "memkv.h"

#include "memkv_tree.h"
#include "troth/store/backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memcursor {
	bool open;
	unsigned table;
	const struct record *at;
};

struct memtxn {
	struct memtxn *next, **link; /* In disk->txns. */
	struct version *version;     /* Shared to read, its own to write. */
	uint64_t stamp;
	uint64_t bytes; /* Written. */
	struct memcursor cursors[TROTH_TXN_CURSORS_MAX];
};

struct memkv {
	struct troth_kv kv; /* First. */
	struct memkv_disk *disk;
	unsigned slot[TROTH_KV_TABLES_MAX]; /* The schema's table on the disk. */
};

struct memkv_disk {
	char names[TROTH_KV_TABLES_MAX][TROTH_KV_NAME_MAX + 1];
	unsigned table_index;
	struct version *seen, *durable;
	struct memkv *open;
	struct memtxn *txns;
	bool writing;
	enum troth_kv_room room;
	memkv_commit_fn *on_commit;
	void *ctx;
	uint64_t commits;
	struct memkv_pool pool;
};

struct memkv_image {
	struct memkv_disk *disk;
	struct version *version;
};

/* ---- What the store asks of a backend ---- */

static void show(struct memkv_disk *d, struct version **which, struct version *v)
{
	memkv_version_ref(v);
	memkv_version_unref(&d->pool, *which);
	*which = v;
}

static struct memkv *memkv_of(struct troth_kv *kv)
{
	return (struct memkv *)kv;
}

static struct memkv_disk *disk_of(const struct troth_txn *t)
{
	return memkv_of(t->kv)->disk;
}

static enum troth_err begin(struct troth_txn *t, struct troth_why *why)
{
	struct memkv_disk *d = disk_of(t);
	struct memtxn *m = memkv_must(calloc(1, sizeof(*m)));

	(void)why;
	if (t->mode == TROTH_TXN_WRITE) {
		assert(!d->writing); /* With one thread it would wait for itself. */
		d->writing = true;
		m->stamp = ++d->pool.stamp;
		m->version = memkv_version_copy(d->seen);
	} else {
		m->version = memkv_version_ref(d->seen);
	}
	m->next = d->txns;
	m->link = &d->txns;
	if (m->next != NULL)
		m->next->link = &m->next;
	d->txns = m;
	t->handle = m;
	return TROTH_OK;
}

static void end(struct memkv_disk *d, struct memtxn *m)
{
	if (m->stamp != 0)
		d->writing = false;
	*m->link = m->next;
	if (m->next != NULL)
		m->next->link = m->link;
	memkv_version_unref(&d->pool, m->version);
	free(m);
}

static void abort_txn(struct troth_txn *t)
{
	end(disk_of(t), t->handle);
}

static enum troth_err commit(struct troth_txn *t, struct troth_why *why)
{
	struct memkv_disk *d = disk_of(t);
	struct memtxn *m = t->handle;
	enum memkv_fate fate = MEMKV_OK;
	enum troth_err err = TROTH_OK;

	if (t->mode == TROTH_TXN_WRITE && t->writes > 0) {
		if (d->on_commit != NULL)
			fate = d->on_commit(d->ctx, t->writes, m->bytes);
		switch (fate) {
		case MEMKV_OK:
		case MEMKV_SLOW:
		case MEMKV_LOST:
			d->commits++;
			show(d, &d->seen, m->version);
			if (fate != MEMKV_SLOW)
				show(d, &d->durable, m->version);
			break;
		case MEMKV_FULL:
			err = troth_fail(why, TROTH_ERR_FULL, "memkv: commit: disk full");
			break;
		case MEMKV_IO:
			break;
		}
	}
	end(d, m);
	if (fate == MEMKV_IO || fate == MEMKV_LOST)
		err = troth_kv_poison(t->kv, why, "memkv: commit: I/O error");
	return err;
}

static struct node **root_of(const struct troth_txn *t, unsigned table)
{
	struct memtxn *m = t->handle;

	return &m->version->root[memkv_of(t->kv)->slot[table]];
}

static uint64_t *count_of(const struct troth_txn *t, unsigned table)
{
	struct memtxn *m = t->handle;

	return &m->version->count[memkv_of(t->kv)->slot[table]];
}

static enum troth_err get(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_span *value, struct troth_why *why)
{
	struct record *r = memkv_find(*root_of(t, table), key);

	(void)why;
	if (r == NULL)
		return TROTH_ERR_NOTFOUND;
	*value = memkv_value(r);
	return TROTH_OK;
}

static enum troth_err put(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_span value, enum troth_kv_put how,
			  struct troth_why *why)
{
	struct memtxn *m = t->handle;
	struct node **root = root_of(t, table);
	const char *name = t->kv->schema->tables[table];
	struct record *old = memkv_find(*root, key), *r;
	size_t len = key.len + value.len;

	if (how == TROTH_KV_INSERT && old != NULL)
		return troth_fail(why, TROTH_ERR_CORRUPT,
				  "memkv: insert into %s: key exists", name);
	if (how == TROTH_KV_APPEND && *root != NULL &&
	    memkv_compare(key, memkv_key(memkv_edge(*root, 1))) <= 0)
		return troth_fail(why, TROTH_ERR_CORRUPT,
				  "memkv: append to %s: not behind the last key", name);
	/* First the copy: key and value may be borrowed from the record replaced. */
	r = memkv_record_new(key, value);
	if (old != NULL)
		m->version->bytes -= old->key_len + old->value_len;
	else
		++*count_of(t, table);
	m->version->bytes += len;
	m->bytes += len;
	*root = memkv_insert(&disk_of(t)->pool, *root, r);
	return TROTH_OK;
}

static enum troth_err del(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_why *why)
{
	struct memtxn *m = t->handle;
	struct node **root = root_of(t, table);
	struct record *old = memkv_find(*root, key);
	uint8_t copy[TROTH_KV_KEY_MAX]; /* The key may be borrowed from the record. */

	(void)why;
	if (old == NULL)
		return TROTH_ERR_NOTFOUND;
	memcpy(copy, key.data, key.len);
	m->version->bytes -= old->key_len + old->value_len;
	m->bytes += key.len;
	--*count_of(t, table);
	*root = memkv_without(&disk_of(t)->pool, *root, troth_span(copy, key.len));
	return TROTH_OK;
}

static enum troth_err count(struct troth_txn *t, unsigned table, uint64_t *n,
			    struct troth_why *why)
{
	(void)why;
	*n = *count_of(t, table);
	return TROTH_OK;
}

static enum troth_err cursor_open(struct troth_txn *t, unsigned table, void **cursor,
				  struct troth_why *why)
{
	struct memcursor *c = ((struct memtxn *)t->handle)->cursors;

	(void)why;
	while (c->open) /* As many as kv.c lets anyone open. */
		c++;
	*c = (struct memcursor){ .open = true, .table = table };
	*cursor = c;
	return TROTH_OK;
}

static void cursor_close(struct troth_txn *t, void *cursor)
{
	(void)t;
	((struct memcursor *)cursor)->open = false;
}

static enum troth_err cursor_move(struct troth_txn *t, void *cursor,
				  enum troth_kv_move move, struct troth_span *key,
				  struct troth_span *value, struct troth_why *why)
{
	struct memcursor *c = cursor;
	const struct node *root = *root_of(t, c->table);
	const struct record *r = NULL;

	(void)why;
	switch (move) {
	case TROTH_KV_FIRST:
		r = memkv_edge(root, 0);
		break;
	case TROTH_KV_LAST:
		r = memkv_edge(root, 1);
		break;
	case TROTH_KV_SEEK:
		r = memkv_nearest(root, *key, 1, true);
		break;
	case TROTH_KV_NEXT:
		r = memkv_nearest(root, memkv_key(c->at), 1, false);
		break;
	case TROTH_KV_PREV:
		r = memkv_nearest(root, memkv_key(c->at), 0, false);
		break;
	}
	if (r == NULL)
		return TROTH_ERR_NOTFOUND;
	c->at = r;
	*key = memkv_key(r);
	*value = memkv_value(r);
	return TROTH_OK;
}

static enum troth_err usage(struct troth_kv *kv, struct troth_kv_usage *u,
			    struct troth_why *why)
{
	struct memkv_disk *d = memkv_of(kv)->disk;

	(void)why;
	u->used_bytes = d->seen->bytes;
	u->limit_bytes = UINT64_MAX;
	u->room_bytes = UINT64_MAX;
	u->room = d->room;
	return TROTH_OK;
}

static enum troth_err maintain(struct troth_kv *kv, unsigned *freed,
			       struct troth_why *why)
{
	(void)kv;
	(void)freed;
	(void)why;
	return TROTH_OK;
}

static void close_kv(struct troth_kv *kv)
{
	struct memkv *m = memkv_of(kv);

	assert(m->disk->txns == NULL);
	m->disk->open = NULL;
	free(m);
}

static const struct troth_kv_ops ops = {
	.close = close_kv,
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
	.usage = usage,
	.maintain = maintain,
};

/* ---- The disk ---- */

struct memkv_disk *memkv_disk_new(void)
{
	struct memkv_disk *d = memkv_must(calloc(1, sizeof(*d)));

	d->pool.dice = UINT64_C(0x9e3779b97f4a7c15);
	d->seen = memkv_must(calloc(1, sizeof(*d->seen)));
	d->seen->refs = 1;
	d->durable = memkv_version_ref(d->seen);
	return d;
}

void memkv_disk_free(struct memkv_disk *d)
{
	if (d == NULL)
		return;
	memkv_crash(d);
	memkv_version_unref(&d->pool, d->seen);
	memkv_version_unref(&d->pool, d->durable);
	memkv_pool_fini(&d->pool);
	free(d);
}

void memkv_disk_on_commit(struct memkv_disk *d, memkv_commit_fn *fn, void *ctx)
{
	d->on_commit = fn;
	d->ctx = ctx;
}

static unsigned slot_for(struct memkv_disk *d, const char *name)
{
	unsigned i = 0;

	while (i < d->table_index && strcmp(d->names[i], name) != 0)
		i++;
	assert(i < TROTH_KV_TABLES_MAX);
	if (i == d->table_index) {
		memcpy(d->names[i], name, strlen(name) + 1);
		d->table_index++;
	}
	return i;
}

enum troth_err memkv_open(struct troth_kv **kv, struct memkv_disk *d,
			  const struct troth_schema *schema, struct troth_why *why)
{
	struct memkv *m;
	enum troth_err err;

	*kv = NULL;
	if (d->open != NULL)
		return troth_fail(why, TROTH_ERR_AGAIN, "memkv: in use");
	m = memkv_must(calloc(1, sizeof(*m)));
	troth_kv_init(&m->kv, &ops, schema, false);
	atomic_store(&m->kv.room, d->room);
	m->disk = d;
	d->open = m;
	for (unsigned i = 0; i < schema->table_index; i++)
		m->slot[i] = slot_for(d, schema->tables[i]);
	err = troth_kv_settle_schema(&m->kv, "memkv", why);
	if (err == TROTH_OK)
		*kv = &m->kv;
	else
		close_kv(&m->kv);
	return err;
}

void memkv_settle(struct memkv_disk *d)
{
	show(d, &d->durable, d->seen);
}

bool memkv_is_settled(const struct memkv_disk *d)
{
	return d->durable == d->seen;
}

void memkv_crash(struct memkv_disk *d)
{
	while (d->txns != NULL)
		end(d, d->txns);
	show(d, &d->seen, d->durable);
	if (d->open != NULL)
		close_kv(&d->open->kv);
}

struct memkv_image *memkv_snapshot(struct memkv_disk *d)
{
	struct memkv_image *image = memkv_must(malloc(sizeof(*image)));

	image->disk = d;
	image->version = memkv_version_ref(d->durable);
	return image;
}

void memkv_restore(struct memkv_disk *d, const struct memkv_image *image)
{
	assert(d->open == NULL);
	assert(image->disk == d);
	show(d, &d->seen, image->version);
	show(d, &d->durable, image->version);
}

void memkv_image_free(struct memkv_image *image)
{
	if (image == NULL)
		return;
	memkv_version_unref(&image->disk->pool, image->version);
	free(image);
}

void memkv_disk_set_room(struct memkv_disk *d, enum troth_kv_room room)
{
	d->room = room;
	if (d->open != NULL)
		atomic_store(&d->open->kv.room, room);
}

uint64_t memkv_commits(const struct memkv_disk *d)
{
	return d->commits;
}
