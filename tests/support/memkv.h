/*
 * memkv - a simulated disk under the key-value interface.
 *
 * The disk outlives the programs that open it. The simulation decides how each
 * commit ends, takes the power away, and puts old backups back. Everything is
 * deterministic; one thread per disk; when memory runs out it aborts.
 *
 * A disk knows two states: what programs see, and what would survive a crash.
 * They differ only after a commit that was given the fate MEMKV_SLOW, until
 * memkv_settle.
 */
#ifndef TROTH_TESTS_MEMKV_H
#define TROTH_TESTS_MEMKV_H

#include "troth/store/kv.h"

enum memkv_fate {
	MEMKV_OK,   /* Durable, and commit says so. */
	MEMKV_SLOW, /* Commit says so, but it is durable only at memkv_settle. */
	MEMKV_FULL, /* TROTH_ERR_FULL, nothing changed. */
	MEMKV_IO,   /* TROTH_ERR_IO, the handle poisoned, nothing changed. */
	MEMKV_LOST, /* TROTH_ERR_IO, the handle poisoned, but all of it durable. */
};

/* Asked at each commit that wrote something; `writes` calls wrote `bytes`. */
typedef enum memkv_fate memkv_commit_fn(void *ctx, uint64_t writes, uint64_t bytes);

struct memkv_disk;
struct memkv_image;

struct memkv_disk *memkv_disk_new(void);
/* Closes an open handle, too. Images must have been freed. NULL is fine. */
void memkv_disk_free(struct memkv_disk *d);

/* NULL, as in the beginning: every commit is MEMKV_OK. */
void memkv_disk_on_commit(struct memkv_disk *d, memkv_commit_fn *fn, void *ctx);

/*
 * troth_kv_open for this disk, with the same errors: one handle at a time. Ends
 * with troth_kv_close or memkv_crash.
 */
TROTH_MUST_USE enum troth_err memkv_open(struct troth_kv **kv, struct memkv_disk *d,
					 const struct troth_schema *schema,
					 struct troth_why *why);

/* The last MEMKV_SLOW commit, and all before it, have reached the platter. */
void memkv_settle(struct memkv_disk *d);
/* False while a MEMKV_SLOW commit has not been settled. */
bool memkv_is_settled(const struct memkv_disk *d);

/*
 * The machine dies: what was not durable is gone, and so are the handle and its
 * transactions; their troth_txn must not be touched again, abort included.
 */
void memkv_crash(struct memkv_disk *d);

/* A backup of the durable state. Cheap: it shares what does not change. */
struct memkv_image *memkv_snapshot(struct memkv_disk *d);
/* Puts a backup of this disk back, which may be repeated. No handle may be open. */
void memkv_restore(struct memkv_disk *d, const struct memkv_image *image);
void memkv_image_free(struct memkv_image *image);

/* What troth_kv_room and troth_kv_usage shall say. TROTH_ROOM_OK to begin with. */
void memkv_disk_set_room(struct memkv_disk *d, enum troth_kv_room room);

/* Commits so far that became visible; the same run has the same count. */
uint64_t memkv_commits(const struct memkv_disk *d);

#endif
