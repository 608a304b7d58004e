/*
 * backend - what stands behind a `struct troth_kv`.
 *
 * For those who write one: LMDB here, the simulated disk of the tests. Arguments
 * have been checked when a backend gets them: tables exist, keys and values are
 * within their limits, writes come in write transactions, handles are live.
 */
#ifndef TROTH_STORE_BACKEND_H
#define TROTH_STORE_BACKEND_H

#include "troth/store/kv.h"

#include <stdatomic.h>

enum troth_kv_put {
	TROTH_KV_PUT,    /* Insert or replace. */
	TROTH_KV_INSERT, /* TROTH_ERR_CORRUPT if there. */
	TROTH_KV_APPEND, /* TROTH_ERR_CORRUPT unless behind all others. */
};

enum troth_kv_move {
	TROTH_KV_FIRST,
	TROTH_KV_LAST,
	TROTH_KV_SEEK, /* First key >= *key. */
	/* From where the last move of this cursor led; no write lies between. */
	TROTH_KV_NEXT,
	TROTH_KV_PREV,
};

/*
 * Each function returns TROTH_OK, TROTH_ERR_NOTFOUND where that is an answer, or
 * an error with the reason in `why`. Absent functions (grow, backup) are NULL.
 */
struct troth_kv_ops {
	void (*close)(struct troth_kv *kv);
	/* Sets t->handle. */
	enum troth_err (*begin)(struct troth_txn *t, struct troth_why *why);
	/* Both consume t->handle, whatever they return; no cursor is open. */
	enum troth_err (*commit)(struct troth_txn *t, struct troth_why *why);
	void (*abort)(struct troth_txn *t);
	enum troth_err (*get)(struct troth_txn *t, unsigned table, struct troth_span key,
			      struct troth_span *value, struct troth_why *why);
	enum troth_err (*put)(struct troth_txn *t, unsigned table, struct troth_span key,
			      struct troth_span value, enum troth_kv_put how,
			      struct troth_why *why);
	enum troth_err (*del)(struct troth_txn *t, unsigned table, struct troth_span key,
			      struct troth_why *why);
	enum troth_err (*count)(struct troth_txn *t, unsigned table, uint64_t *count,
				struct troth_why *why);
	enum troth_err (*cursor_open)(struct troth_txn *t, unsigned table, void **cursor,
				      struct troth_why *why);
	void (*cursor_close)(struct troth_txn *t, void *cursor);
	/* SEEK reads *key; success writes *key and *value. */
	enum troth_err (*cursor_move)(struct troth_txn *t, void *cursor,
				      enum troth_kv_move move, struct troth_span *key,
				      struct troth_span *value, struct troth_why *why);
	enum troth_err (*usage)(struct troth_kv *kv, struct troth_kv_usage *usage,
				struct troth_why *why);
	enum troth_err (*maintain)(struct troth_kv *kv, unsigned *freed,
				   struct troth_why *why);
	enum troth_err (*grow)(struct troth_kv *kv, uint64_t map_bytes,
			       struct troth_why *why);
	enum troth_err (*backup)(struct troth_kv *kv, const char *dir,
				 struct troth_why *why);
};

/* The first member of every backend's handle. */
struct troth_kv {
	const struct troth_kv_ops *ops;
	const struct troth_schema *schema;
	bool read_only;
	_Atomic(enum troth_kv_room) room;
	atomic_bool poisoned; /* Set once, after poison_why. */
	atomic_flag poisoning;
	struct troth_why poison_why;
	struct troth_why warning;
};

/* Begins a handle; asserts that the schema keeps the rules of kv.h. */
void troth_kv_init(struct troth_kv *kv, const struct troth_kv_ops *ops,
		   const struct troth_schema *schema, bool read_only);

/*
 * Marks kv as fit for nothing but exit and returns TROTH_ERR_IO, with a reason in
 * *why that says so. The first reason is the one that is kept.
 */
enum troth_err troth_kv_poison(struct troth_kv *kv, struct troth_why *why,
			       const char *what);

/*
 * The last step of every open: a new database gets kind and format, an old one
 * is checked and migrated. `path` names it in *why.
 */
TROTH_MUST_USE enum troth_err troth_kv_settle_schema(struct troth_kv *kv,
						     const char *path,
						     struct troth_why *why);

/* The room that remains, by the percentages and reserves of kv.h. */
enum troth_kv_room troth_kv_judge_room(const struct troth_kv_usage *usage,
				       uint64_t reserve_bytes);

#endif
