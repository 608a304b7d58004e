/*
 * kv - ordered tables of byte strings, changed by transactions.
 *
 * What must become true together is put between begin and commit. Commit
 * returns TROTH_OK only when everything is on the disk (fsynced); on any other
 * answer nothing of the transaction is there, unless the database is poisoned
 * (see below), where only the next start can tell.
 *
 *   begin --get, put, del, cursors--> commit --> TROTH_OK     all of it
 *                                        \-----> an error     none of it
 *                                 --> abort                   none of it
 *
 * A transaction remembers its first failure. Every call after it does nothing,
 * and commit aborts and reports it. Code between begin and commit therefore
 * reads as the list of things that must become true together; only commit is
 * checked.
 *
 * Keys are compared as unsigned bytes, a prefix before what it begins; numbers
 * in keys are written big-endian by the caller. One database has one writer at
 * a time (a second begin waits, on its own thread for ever) and any number of
 * readers, each of which sees the state of the last commit before its begin.
 * A transaction belongs to the thread that began it. A reader that stays open
 * keeps the writer from reusing pages: never wait for the network inside one.
 *
 * The tables live in LMDB (troth_kv_open) or, in a simulation, on a simulated
 * disk; the code above does not see which.
 */
#ifndef TROTH_STORE_KV_H
#define TROTH_STORE_KV_H

#include "troth/base/err.h"
#include "troth/base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define TROTH_KV_TABLES_MAX 48
#define TROTH_KV_NAME_MAX   31  /* Bytes in a table's name, without the NUL. */
#define TROTH_KV_KEY_MAX    511 /* Keys have 1 to this many bytes. */
#define TROTH_KV_VALUE_MAX  ((size_t)16 << 20)

struct troth_kv;
struct troth_txn;

/* ---- What a database holds ------------------------------------------------ */

/* Table 0 of every schema is "meta"; keys "format" and "kind" in it are ours. */
#define TROTH_TABLE_META 0

/*
 * One step from format `from` to `from + 1`. `run` changes what must be changed
 * in `t`; the new format number joins the same transaction, so that a crash
 * leaves either the old state or the new one. Failures are those of `t`
 * (troth_txn_fail for its own).
 */
struct troth_migration {
	uint32_t from;
	void (*run)(struct troth_txn *t);
};

/* Static data of the program; must outlive every database opened with it. */
struct troth_schema {
	const char *kind;          /* "central" or "gateway": whose database it is. */
	uint32_t format;           /* What this program reads and writes; 1 or more. */
	const char *const *tables; /* Names, [a-z_]+; [0] is "meta". */
	unsigned table_index;      /* How many. */
	const struct troth_migration *migrations; /* One for each older format. */
	unsigned migration_index;
};

/* ---- Open and close ------------------------------------------------------- */

/* How a directory is opened. Zero everywhere gives the defaults. */
struct troth_kv_options {
	bool read_only;          /* For tools; works beside a running daemon. */
	uint64_t map_bytes;      /* Address space to begin with; 0: 64 GiB. */
	uint64_t map_max_bytes;  /* May grow to this; 0: map_bytes. */
	uint64_t map_step_bytes; /* By this much at a time; 0: 1 GiB. */
	uint64_t reserve_bytes;  /* Disk space to leave alone; 0: 64 MiB. */
	uint64_t ballast_bytes;  /* Given up on a full disk; 0: 1 MiB. */
	unsigned readers_max;    /* Read transactions at one time; 0: 126. */
};

/*
 * Opens (read_only: existing only) the database in directory `dir`, which is
 * made when only it is missing; its parent must exist. Checks kind and format,
 * migrates, and has all of it on disk when it returns TROTH_OK and *kv.
 *
 * Errors, with *kv NULL and `why` naming the path: TROTH_ERR_AGAIN if another
 * process or this one has it open for writing; TROTH_ERR_INPUT for a network
 * file system, another kind, a newer format, or an older one when read_only;
 * TROTH_ERR_NOTFOUND when read_only and nothing is there; TROTH_ERR_CORRUPT,
 * TROTH_ERR_FULL, TROTH_ERR_IO, TROTH_ERR_MEMORY; or what a migration said.
 *
 * A process opens one directory once. Beside data.mdb and lock.mdb the directory
 * holds LOCK (the writer's) and ballast. No handle survives a fork.
 */
TROTH_MUST_USE enum troth_err troth_kv_open(struct troth_kv **kv, const char *dir,
					    const struct troth_schema *schema,
					    const struct troth_kv_options *options,
					    struct troth_why *why);

/* Closes and frees. All transactions must have ended. NULL is fine. */
void troth_kv_close(struct troth_kv *kv);

/* What the operator should know about the place, or "" ("...: overlayfs ..."). */
const char *troth_kv_warning(const struct troth_kv *kv);

/* ---- Transactions --------------------------------------------------------- */

enum troth_txn_mode {
	TROTH_TXN_READ,
	TROTH_TXN_WRITE,
};

/* Cursors open at one time in one transaction. */
#define TROTH_TXN_CURSORS_MAX 8

/* On the caller's stack. The fields are the store's. */
struct troth_txn {
	struct troth_kv *kv;
	void *handle; /* The backend's; NULL before begin and after the end. */
	void *cursors[TROTH_TXN_CURSORS_MAX];
	uint64_t writes; /* Writes so far: tells a cursor that pages have moved. */
	enum troth_txn_mode mode;
	enum troth_err err;
	struct troth_why why;
};

/*
 * Begins a transaction. A failure is remembered like any other: AGAIN when
 * readers_max readers are busy, IO when the database is poisoned. Every begin is
 * paired with a commit or an abort, whatever happened.
 */
void troth_txn_begin(struct troth_txn *t, struct troth_kv *kv, enum troth_txn_mode mode);

/*
 * Ends the transaction: makes everything durable, or nothing, and returns the
 * first failure of any of its calls (in *why, which may be NULL, too). A read
 * transaction has nothing to make durable; its commit tells whether the reads
 * were sound. `t` may then be begun again.
 *
 * TROTH_ERR_FULL: map or disk full; nothing changed, work on, try again later.
 * TROTH_ERR_IO from a write: the database is poisoned, see troth_kv_poisoned.
 */
TROTH_MUST_USE enum troth_err troth_txn_commit(struct troth_txn *t,
					       struct troth_why *why);

/*
 * Ends the transaction and forgets its changes. Accepts what a failed begin left
 * behind, a transaction that has ended, and one that is all zero.
 */
void troth_txn_abort(struct troth_txn *t);

/* True while nothing has failed. */
static inline bool troth_txn_sound(const struct troth_txn *t)
{
	return t->err == TROTH_OK;
}

/*
 * Fails the transaction from outside (stored bytes that do not decode, say): as
 * if one of its calls had failed with `err`, unless one has.
 */
void troth_txn_fail(struct troth_txn *t, enum troth_err err, const char *fmt, ...)
	TROTH_PRINTF(3, 4);

/*
 * True, and *value, if `key` is in the table. The value is borrowed until the
 * next write of this transaction or its end. False with *value empty if it is
 * not there or the transaction has failed.
 */
bool troth_txn_get(struct troth_txn *t, unsigned table, struct troth_span key,
		   struct troth_span *value);

/*
 * Writes. Key and value are copied; neither may be borrowed from a record that the
 * same transaction wrote (the key of a del may). Beyond its limit: LIMIT.
 */

/* Inserts or replaces. */
void troth_txn_put(struct troth_txn *t, unsigned table, struct troth_span key,
		   struct troth_span value);
/* The same with what was built in `value`: if that failed, so does t (MEMORY). */
void troth_txn_put_buf(struct troth_txn *t, unsigned table, struct troth_span key,
		       const struct troth_buf *value);
/* Inserts; a key that is there already is TROTH_ERR_CORRUPT. */
void troth_txn_insert(struct troth_txn *t, unsigned table, struct troth_span key,
		      struct troth_span value);
/* Inserts behind all other keys; a key that does not belong there is CORRUPT. */
void troth_txn_append(struct troth_txn *t, unsigned table, struct troth_span key,
		      struct troth_span value);
/* Deletes; true if the key was there. */
bool troth_txn_del(struct troth_txn *t, unsigned table, struct troth_span key);

/* How many records the table has, this transaction's writes included. */
uint64_t troth_txn_count(struct troth_txn *t, unsigned table);

/* ---- Cursors -------------------------------------------------------------- */

/*
 * A place in a table. Each move returns true and sets key and value, or false
 * (no such record, or the transaction has failed) and leaves both empty and the
 * cursor nowhere. Both are borrowed until the next move, the next write of the
 * transaction, or its end.
 *
 * Writes do not disturb an iteration: next and prev go on from the key where the
 * cursor stood, even if that record is gone.
 */
struct troth_cursor {
	struct troth_span key, value;
	/* The store's. */
	struct troth_txn *txn;
	unsigned table, slot;
	bool placed;
	uint64_t writes;
	size_t at_len;
	uint8_t at[TROTH_KV_KEY_MAX]; /* Where it stood, in a write transaction. */
};

/*
 * Opens a cursor that stands nowhere. It lives until it is closed or its
 * transaction ends, whichever comes first.
 */
void troth_cursor_open(struct troth_cursor *c, struct troth_txn *t, unsigned table);
/* Accepts a closed or zeroed cursor, and one whose transaction has ended. */
void troth_cursor_close(struct troth_cursor *c);

/* To the first key >= `key`; an empty key gives the first record. */
bool troth_cursor_seek(struct troth_cursor *c, struct troth_span key);
/* To the greatest key < `key`; an empty key has none before it. */
bool troth_cursor_seek_before(struct troth_cursor *c, struct troth_span key);
/* To the greatest key. */
bool troth_cursor_last(struct troth_cursor *c);
/* On to the next or previous record. False if the cursor stands nowhere. */
bool troth_cursor_next(struct troth_cursor *c);
bool troth_cursor_prev(struct troth_cursor *c);

/* ---- Health --------------------------------------------------------------- */

/*
 * How much room there is for new work. Commits are not refused by it: what has
 * been promised must still be finished and old things deleted. New work is
 * refused at TROTH_ROOM_REFUSE by whoever admits it (HTTP 507).
 */
enum troth_kv_room {
	TROTH_ROOM_OK,
	TROTH_ROOM_ALARM,  /* 70 % of the limit, or less than 3 reserves on disk. */
	TROTH_ROOM_REFUSE, /* 90 % of the limit, or less than the reserve on disk. */
};

struct troth_kv_usage {
	uint64_t used_bytes;  /* Pages that hold something. */
	uint64_t limit_bytes; /* What the map may grow to. */
	uint64_t room_bytes;  /* Free on the disk, reusable pages included. */
	enum troth_kv_room room;
};

/* Measures now. */
TROTH_MUST_USE enum troth_err troth_kv_usage(struct troth_kv *kv,
					     struct troth_kv_usage *usage,
					     struct troth_why *why);

/* The room as of the last commit, maintenance or usage. Costs one load. */
enum troth_kv_room troth_kv_room(const struct troth_kv *kv);

/*
 * True once a commit failed in a way that leaves open what is on the disk. Every
 * later begin fails with TROTH_ERR_IO and the same reason. The program must
 * exit; the next start finds out, and resends sort out the rest. *why (may be
 * NULL) gets the reason.
 */
bool troth_kv_poisoned(const struct troth_kv *kv, struct troth_why *why);

/*
 * To be called once a minute, from any thread, outside a write transaction of
 * that thread: frees the slots of readers that died (*freed, may be NULL),
 * remakes the ballast when there is room again, and measures the room.
 */
TROTH_MUST_USE enum troth_err troth_kv_maintain(struct troth_kv *kv, unsigned *freed,
						struct troth_why *why);

/*
 * Makes the map at least `map_bytes` large, beyond map_max_bytes if need be; it
 * never shrinks. TROTH_ERR_AGAIN if a transaction is open just now. Growth up to
 * map_max_bytes needs no call: it comes with the first write transaction begun
 * after one that found the map full, when no reader is busy.
 */
TROTH_MUST_USE enum troth_err troth_kv_grow(struct troth_kv *kv, uint64_t map_bytes,
					    struct troth_why *why);

/*
 * Copies the state of the last commit, compacted, to `dir`, which must not exist
 * and is there only when complete and fsynced. Writers go on meanwhile, though
 * they cannot reuse pages. TROTH_ERR_INPUT if `dir` or `dir`.partial exists.
 */
TROTH_MUST_USE enum troth_err troth_kv_backup(struct troth_kv *kv, const char *dir,
					      struct troth_why *why);

#endif
