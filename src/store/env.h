/*
 * env - the LMDB backend: the environment and its cached readers.
 *
 * A read transaction is taken from `readers`, renewed, and reset when it ends:
 * two atomic operations and no lock. `busy` counts what is open, so that the map
 * moves only when nobody looks at it.
 */
#ifndef TROTH_STORE_ENV_H
#define TROTH_STORE_ENV_H

#include "disk.h"
#include "troth/store/backend.h"

#include <lmdb.h>
#include <stdatomic.h>

struct troth_lmdb_reader {
	atomic_flag taken;
	MDB_txn *txn; /* NULL until first used; else reset, or in use. */
};

struct troth_lmdb {
	struct troth_kv kv; /* First. */
	struct troth_disk disk;
	MDB_env *env;
	MDB_dbi dbi[TROTH_KV_TABLES_MAX];
	struct troth_kv_options options;   /* Without zeros. */
	struct troth_lmdb_reader *readers; /* options.readers_max of them. */
	atomic_uint busy;                  /* Open transactions and backups. */
	atomic_bool moving;                /* The map is being remade: wait. */
	atomic_bool map_full;              /* Grow before the next write. */
	atomic_bool ballast;               /* The ballast is there. */
	atomic_int writer; /* Thread that writes; 0: none. Catches a second begin. */
};

static inline struct troth_lmdb *troth_lmdb(struct troth_kv *kv)
{
	return (struct troth_lmdb *)kv;
}

extern const struct troth_kv_ops troth_lmdb_ops;

/* Between them the map does not move. */
void troth_lmdb_enter(struct troth_lmdb *db);
void troth_lmdb_leave(struct troth_lmdb *db);

/*
 * Turns a code of LMDB into ours and writes the reason, "path: doing: words". A
 * full disk costs the ballast, a full map asks for growth.
 */
enum troth_err troth_lmdb_fail(struct troth_lmdb *db, int rc, const char *doing,
			       struct troth_why *why);

/* Sets the size of the map; TROTH_ERR_AGAIN if a transaction is open. */
enum troth_err troth_lmdb_remap(struct troth_lmdb *db, uint64_t bytes,
				struct troth_why *why);
/* One step towards map_max_bytes, if the map was found full and can be moved. */
void troth_lmdb_grow_step(struct troth_lmdb *db);

/* The operations that concern the environment as a whole (lmdb_env.c). */
void troth_lmdb_close(struct troth_kv *kv);
enum troth_err troth_lmdb_usage(struct troth_kv *kv, struct troth_kv_usage *usage,
				struct troth_why *why);
enum troth_err troth_lmdb_maintain(struct troth_kv *kv, unsigned *freed,
				   struct troth_why *why);
enum troth_err troth_lmdb_grow(struct troth_kv *kv, uint64_t map_bytes,
			       struct troth_why *why);
enum troth_err troth_lmdb_backup(struct troth_kv *kv, const char *dir,
				 struct troth_why *why);

/* Measures the room from within a transaction; called before each commit. */
enum troth_err troth_lmdb_measure(struct troth_lmdb *db, MDB_txn *txn,
				  struct troth_kv_usage *usage, struct troth_why *why);

#endif
