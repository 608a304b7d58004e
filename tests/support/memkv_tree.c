#include "memkv_tree.h"

#include <stdlib.h>
#include <string.h>

void *memkv_must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* ---- Records and nodes ---- */

struct record *memkv_record_new(struct troth_span key, struct troth_span value)
{
	struct record *r = memkv_must(malloc(sizeof(*r) + key.len + value.len));

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

int memkv_compare(struct troth_span a, struct troth_span b)
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

static void node_unref(struct memkv_pool *p, struct node *n)
{
	while (n != NULL && --n->refs == 0) {
		struct node *right = n->kid[1];

		node_unref(p, n->kid[0]);
		record_unref(n->record);
		n->kid[0] = p->spare;
		p->spare = n;
		n = right;
	}
}

static struct node *node_alloc(struct memkv_pool *p)
{
	struct node *n = p->spare;

	if (n == NULL)
		return memkv_must(malloc(sizeof(*n)));
	p->spare = n->kid[0];
	return n;
}

/* xorshift64 */
static uint32_t roll(struct memkv_pool *p)
{
	p->dice ^= p->dice << 13;
	p->dice ^= p->dice >> 7;
	p->dice ^= p->dice << 17;
	return (uint32_t)(p->dice >> 32);
}

/* ---- Trees. Functions that return a node consume those they are given. ---- */

static struct node *own(struct memkv_pool *p, struct node *n)
{
	struct node *copy;

	if (n->stamp == p->stamp)
		return n;
	copy = node_alloc(p);
	*copy = *n;
	copy->refs = 1;
	copy->stamp = p->stamp;
	copy->record->refs++;
	node_ref(copy->kid[0]);
	node_ref(copy->kid[1]);
	node_unref(p, n);
	return copy;
}

struct node *memkv_insert(struct memkv_pool *p, struct node *n, struct record *r)
{
	struct node *kid;
	int c;

	if (n == NULL) {
		n = node_alloc(p);
		*n = (struct node){
			.refs = 1, .priority = roll(p), .stamp = p->stamp, .record = r
		};
		return n;
	}
	n = own(p, n);
	c = memkv_compare(memkv_key(r), memkv_key(n->record));
	if (c == 0) {
		record_unref(n->record);
		n->record = r;
		return n;
	}
	kid = memkv_insert(p, n->kid[c > 0], r);
	n->kid[c > 0] = kid;
	if (kid->priority <= n->priority)
		return n;
	n->kid[c > 0] = kid->kid[c < 0]; /* Rotate. */
	kid->kid[c < 0] = n;
	return kid;
}

/* Every key of `a` is before every key of `b`. */
static struct node *merge(struct memkv_pool *p, struct node *a, struct node *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (a->priority > b->priority) {
		a = own(p, a);
		a->kid[1] = merge(p, a->kid[1], b);
		return a;
	}
	b = own(p, b);
	b->kid[0] = merge(p, a, b->kid[0]);
	return b;
}

struct node *memkv_without(struct memkv_pool *p, struct node *n, struct troth_span key)
{
	int c = memkv_compare(key, memkv_key(n->record));

	if (c == 0) {
		struct node *a = node_ref(n->kid[0]), *b = node_ref(n->kid[1]);

		node_unref(p, n);
		return merge(p, a, b);
	}
	n = own(p, n);
	n->kid[c > 0] = memkv_without(p, n->kid[c > 0], key);
	return n;
}

struct record *memkv_edge(const struct node *n, int side)
{
	struct record *r = NULL;

	for (; n != NULL; n = n->kid[side])
		r = n->record;
	return r;
}

struct record *memkv_nearest(const struct node *n, struct troth_span key, int side,
			     bool equal)
{
	struct record *r = NULL;

	while (n != NULL) {
		int c = memkv_compare(key, memkv_key(n->record));

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

struct record *memkv_find(const struct node *n, struct troth_span key)
{
	while (n != NULL) {
		int c = memkv_compare(key, memkv_key(n->record));

		if (c == 0)
			return n->record;
		n = n->kid[c > 0];
	}
	return NULL;
}

/* ---- Versions ---- */

struct version *memkv_version_ref(struct version *v)
{
	v->refs++;
	return v;
}

void memkv_version_unref(struct memkv_pool *p, struct version *v)
{
	if (--v->refs != 0)
		return;
	for (unsigned i = 0; i < TROTH_KV_TABLES_MAX; i++)
		node_unref(p, v->root[i]);
	free(v);
}

struct version *memkv_version_copy(const struct version *v)
{
	struct version *copy = memkv_must(malloc(sizeof(*copy)));

	*copy = *v;
	copy->refs = 1;
	for (unsigned i = 0; i < TROTH_KV_TABLES_MAX; i++)
		node_ref(copy->root[i]);
	return copy;
}

void memkv_pool_fini(struct memkv_pool *p)
{
	while (p->spare != NULL) {
		struct node *n = p->spare;

		p->spare = n->kid[0];
		free(n);
	}
}
