/*
 * Each table is a treap whose nodes are shared between versions and copied on the
 * way down to a change. A version is therefore a handful of roots: readers,
 * snapshots and the durable state cost one count each.
 */
#include "memkv.h"

#include "troth/store/backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct record {
	uint32_t refs;
	uint32_t key_len;
	size_t value_len;
	uint8_t bytes[]; /* Key, value. */
};

struct node {
	uint32_t refs;
	uint32_t priority;
	uint64_t stamp; /* The write transaction that made it may change it. */
	struct record *record;
	struct node *kid[2];
};

struct version {
	uint32_t refs;
	uint64_t bytes;
	uint64_t count[TROTH_KV_TABLES_MAX];
	struct node *root[TROTH_KV_TABLES_MAX];
};

struct memcursor {
	bool open;
	unsigned table;
	const struct record *at;
};

struct memtxn {
	struct memtxn *next, **link; /* In disk->open. */
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
	uint64_t stamp, commits, dice;
	struct node *spare; /* Freed nodes, linked by kid[0]. */
};

struct memkv_image {
	struct memkv_disk *disk;
	struct version *version;
};

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* ---- Records and nodes ---- */

static struct troth_span key_of(const struct record *r)
{
	return troth_span(r->bytes, r->key_len);
}

static struct troth_span value_of(const struct record *r)
{
	return troth_span(r->bytes + r->key_len, r->value_len);
}

static struct record *record_new(struct troth_span key, struct troth_span value)
{
	struct record *r = must(malloc(sizeof(*r) + key.len + value.len));

	r->refs = 1;
	r->key_len = (uint32_t)key.len;
	r->value_len = value.len;
	memcpy(r->bytes, key.data, key.len);
	if (value.len > 0)
		memcpy(r->bytes + key.len, value.data, value.len);
	return r;
}

static void record_unref(struct record *r)
{
	if (--r->refs == 0)
		free(r);
}

static int compare(struct troth_span a, struct troth_span b)
{
	int c = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static struct node *node_ref(struct node *n)
{
	if (n != NULL)
		n->refs++;
	return n;
}

static void node_unref(struct memkv_disk *d, struct node *n)
{
	while (n != NULL && --n->refs == 0) {
		struct node *right = n->kid[1];

		node_unref(d, n->kid[0]);
		record_unref(n->record);
		n->kid[0] = d->spare;
		d->spare = n;
		n = right;
	}
}

static struct node *node_alloc(struct memkv_disk *d)
{
	struct node *n = d->spare;

	if (n == NULL)
		return must(malloc(sizeof(*n)));
	d->spare = n->kid[0];
	return n;
}

/* xorshift64: shapes the trees, and is seen nowhere. */
static uint32_t roll(struct memkv_disk *d)
{
	d->dice ^= d->dice << 13;
	d->dice ^= d->dice >> 7;
	d->dice ^= d->dice << 17;
	return (uint32_t)(d->dice >> 32);
}

/* ---- Trees. Functions that return a node consume those they are given. ---- */

static struct node *own(struct memkv_disk *d, struct node *n)
{
	struct node *copy;

	if (n->stamp == d->stamp)
		return n;
	copy = node_alloc(d);
	*copy = *n;
	copy->refs = 1;
	copy->stamp = d->stamp;
	copy->record->refs++;
	node_ref(copy->kid[0]);
	node_ref(copy->kid[1]);
	node_unref(d, n);
	return copy;
}

static struct node *insert(struct memkv_disk *d, struct node *n, struct record *r)
{
	struct node *kid;
	int c;

	if (n == NULL) {
		n = node_alloc(d);
		*n = (struct node){
			.refs = 1, .priority = roll(d), .stamp = d->stamp, .record = r
		};
		return n;
	}
	n = own(d, n);
	c = compare(key_of(r), key_of(n->record));
	if (c == 0) {
		record_unref(n->record);
		n->record = r;
		return n;
	}
	kid = insert(d, n->kid[c > 0], r);
	n->kid[c > 0] = kid;
	if (kid->priority <= n->priority)
		return n;
	n->kid[c > 0] = kid->kid[c < 0]; /* Rotate. */
	kid->kid[c < 0] = n;
	return kid;
}

/* Every key of `a` is before every key of `b`. */
static struct node *merge(struct memkv_disk *d, struct node *a, struct node *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (a->priority > b->priority) {
		a = own(d, a);
		a->kid[1] = merge(d, a->kid[1], b);
		return a;
	}
	b = own(d, b);
	b->kid[0] = merge(d, a, b->kid[0]);
	return b;
}

/* The key is there. */
static struct node *without(struct memkv_disk *d, struct node *n, struct troth_span key)
{
	int c = compare(key, key_of(n->record));

	if (c == 0) {
		struct node *a = node_ref(n->kid[0]), *b = node_ref(n->kid[1]);

		node_unref(d, n);
		return merge(d, a, b);
	}
	n = own(d, n);
	n->kid[c > 0] = without(d, n->kid[c > 0], key);
	return n;
}

/* The record at the end of one side; NULL if the tree is empty. */
static struct record *edge(const struct node *n, int side)
{
	struct record *r = NULL;

	for (; n != NULL; n = n->kid[side])
		r = n->record;
	return r;
}

/*
 * The nearest record on one side of `key`: side 1 the first after it, side 0 the
 * last before it; with `equal`, the one at `key` counts as well.
 */
static struct record *nearest(const struct node *n, struct troth_span key, int side,
			      bool equal)
{
	struct record *r = NULL;

	while (n != NULL) {
		int c = compare(key, key_of(n->record));

		if (c == 0 && equal)
			return n->record;
		if (side == 1 ? c < 0 : c > 0) {
			r = n->record;
			n = n->kid[!side];
		} else {
			n = n->kid[side];
		}
	}
	return r;
}

static struct record *find(const struct node *n, struct troth_span key)
{
	while (n != NULL) {
		int c = compare(key, key_of(n->record));

		if (c == 0)
			return n->record;
		n = n->kid[c > 0];
	}
	return NULL;
}

/* ---- Versions ---- */

static struct version *version_ref(struct version *v)
{
	v->refs++;
	return v;
}

static void version_unref(struct memkv_disk *d, struct version *v)
{
	if (--v->refs != 0)
		return;
	for (unsigned i = 0; i < d->table_index; i++)
		node_unref(d, v->root[i]);
	free(v);
}

static struct version *version_copy(struct memkv_disk *d, const struct version *v)
{
	struct version *copy = must(malloc(sizeof(*copy)));

	*copy = *v;
	copy->refs = 1;
	for (unsigned i = 0; i < d->table_index; i++)
		node_ref(copy->root[i]);
	return copy;
}

static void show(struct memkv_disk *d, struct version **which, struct version *v)
{
	version_ref(v);
	version_unref(d, *which);
	*which = v;
}

/* ---- Operations ---- */

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
	struct memtxn *m = must(calloc(1, sizeof(*m)));

	(void)why;
	if (t->mode == TROTH_TXN_WRITE) {
		assert(!d->writing); /* With one thread it would wait for itself. */
		d->writing = true;
		m->stamp = ++d->stamp;
		m->version = version_copy(d, d->seen);
	} else {
		m->version = version_ref(d->seen);
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
	version_unref(d, m->version);
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
	struct record *r = find(*root_of(t, table), key);

	(void)why;
	if (r == NULL)
		return TROTH_ERR_NOTFOUND;
	*value = value_of(r);
	return TROTH_OK;
}

static enum troth_err put(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_span value, enum troth_kv_put how,
			  struct troth_why *why)
{
	struct memtxn *m = t->handle;
	struct node **root = root_of(t, table);
	const char *name = t->kv->schema->tables[table];
	struct record *old = find(*root, key), *r;
	size_t len = key.len + value.len;

	if (how == TROTH_KV_INSERT && old != NULL)
		return troth_fail(why, TROTH_ERR_CORRUPT,
				  "memkv: insert into %s: key exists", name);
	if (how == TROTH_KV_APPEND && *root != NULL &&
	    compare(key, key_of(edge(*root, 1))) <= 0)
		return troth_fail(why, TROTH_ERR_CORRUPT,
				  "memkv: append to %s: not behind the last key", name);
	/* First the copy: key and value may be borrowed from the record replaced. */
	r = record_new(key, value);
	if (old != NULL)
		m->version->bytes -= old->key_len + old->value_len;
	else
		++*count_of(t, table);
	m->version->bytes += len;
	m->bytes += len;
	*root = insert(disk_of(t), *root, r);
	return TROTH_OK;
}

static enum troth_err del(struct troth_txn *t, unsigned table, struct troth_span key,
			  struct troth_why *why)
{
	struct memtxn *m = t->handle;
	struct node **root = root_of(t, table);
	struct record *old = find(*root, key);
	uint8_t copy[TROTH_KV_KEY_MAX]; /* The key may be borrowed from the record. */

	(void)why;
	if (old == NULL)
		return TROTH_ERR_NOTFOUND;
	memcpy(copy, key.data, key.len);
	m->version->bytes -= old->key_len + old->value_len;
	m->bytes += key.len;
	--*count_of(t, table);
	*root = without(disk_of(t), *root, troth_span(copy, key.len));
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
		r = edge(root, 0);
		break;
	case TROTH_KV_LAST:
		r = edge(root, 1);
		break;
	case TROTH_KV_SEEK:
		r = nearest(root, *key, 1, true);
		break;
	case TROTH_KV_NEXT:
		r = nearest(root, key_of(c->at), 1, false);
		break;
	case TROTH_KV_PREV:
		r = nearest(root, key_of(c->at), 0, false);
		break;
	}
	if (r == NULL)
		return TROTH_ERR_NOTFOUND;
	c->at = r;
	*key = key_of(r);
	*value = value_of(r);
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
	struct memkv_disk *d = must(calloc(1, sizeof(*d)));

	d->dice = UINT64_C(0x9e3779b97f4a7c15);
	d->seen = must(calloc(1, sizeof(*d->seen)));
	d->seen->refs = 1;
	d->durable = version_ref(d->seen);
	return d;
}

void memkv_disk_free(struct memkv_disk *d)
{
	if (d == NULL)
		return;
	memkv_crash(d);
	version_unref(d, d->seen);
	version_unref(d, d->durable);
	while (d->spare != NULL) {
		struct node *n = d->spare;

		d->spare = n->kid[0];
		free(n);
	}
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
		strcpy(d->names[i], name);
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
	m = must(calloc(1, sizeof(*m)));
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
	struct memkv_image *image = must(malloc(sizeof(*image)));

	image->disk = d;
	image->version = version_ref(d->durable);
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
	version_unref(image->disk, image->version);
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
