/*
 * memkv_tree - ordered tables for memkv: treaps whose nodes are shared between
 * versions and copied on the way down to a change. A version is therefore a
 * handful of roots: readers, snapshots and the durable state cost one count each.
 */
#ifndef TROTH_TESTS_MEMKV_TREE_H
#define TROTH_TESTS_MEMKV_TREE_H

#include "troth/store/kv.h"

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

/* Where nodes come from and go to. */
struct memkv_pool {
	uint64_t stamp;     /* The write transaction under way. */
	uint64_t dice;      /* Shapes the trees, and is seen nowhere. Not 0. */
	struct node *spare; /* Freed nodes, linked by kid[0]. */
};

/* Aborts if p is NULL. */
void *memkv_must(void *p);

int memkv_compare(struct troth_span a, struct troth_span b);

static inline struct troth_span memkv_key(const struct record *r)
{
	return troth_span(r->bytes, r->key_len);
}

static inline struct troth_span memkv_value(const struct record *r)
{
	return troth_span(r->bytes + r->key_len, r->value_len);
}

/* Copies. The one reference is the caller's. */
struct record *memkv_record_new(struct troth_span key, struct troth_span value);

/* A change consumes the tree and the record it is given and returns the new tree. */
struct node *memkv_insert(struct memkv_pool *p, struct node *n, struct record *r);
/* The key must be there. */
struct node *memkv_without(struct memkv_pool *p, struct node *n, struct troth_span key);

struct record *memkv_find(const struct node *n, struct troth_span key);
/* The record at the end of one side; NULL if the tree is empty. */
struct record *memkv_edge(const struct node *n, int side);
/*
 * The nearest record on one side of `key`: side 1 the first after it, side 0 the
 * last before it; with `equal`, the one at `key` counts as well.
 */
struct record *memkv_nearest(const struct node *n, struct troth_span key, int side,
			     bool equal);

struct version *memkv_version_ref(struct version *v);
void memkv_version_unref(struct memkv_pool *p, struct version *v);
/* A version of its own, to be changed. */
struct version *memkv_version_copy(const struct version *v);

void memkv_pool_fini(struct memkv_pool *p);

#endif
