/*
 * disk - the directory of a database: who may write, what it stands on, and the
 * ballast that is thrown off when the disk is full.
 */
#ifndef TROTH_STORE_DISK_H
#define TROTH_STORE_DISK_H

#include "troth/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TROTH_DISK_LOCK    "LOCK"
#define TROTH_DISK_BALLAST "ballast"

struct troth_disk {
	char *path;
	int dir;  /* -1: none. */
	int lock; /* -1: none; closing it gives the lock up. */
};

#define TROTH_DISK_NONE ((struct troth_disk){ NULL, -1, -1 })

/*
 * Opens directory `path`. With `make`, makes it (mode 0700) if it is missing and
 * fsyncs its parent. TROTH_ERR_NOTFOUND, TROTH_ERR_IO, TROTH_ERR_MEMORY; *d is
 * TROTH_DISK_NONE then.
 */
TROTH_MUST_USE enum troth_err troth_disk_open(struct troth_disk *d, const char *path,
					      bool make, struct troth_why *why);
/* Accepts TROTH_DISK_NONE. Gives the lock up. */
void troth_disk_close(struct troth_disk *d);

/*
 * Takes the writer's lock, which ends with the process at the latest.
 * TROTH_ERR_AGAIN, naming path and process, if somebody has it.
 */
TROTH_MUST_USE enum troth_err troth_disk_lock(struct troth_disk *d,
					      struct troth_why *why);
/* True if this very process holds the writer's lock on the directory. */
bool troth_disk_is_ours(const struct troth_disk *d);

/*
 * Judges a file system by its statfs type: TROTH_ERR_INPUT for those that several
 * machines may share, where neither locks nor the memory map can be trusted; a
 * remark in `warning` for those that lie about fsync or cannot be known.
 */
TROTH_MUST_USE enum troth_err troth_disk_judge(long type, const char *path,
					       struct troth_why *warning,
					       struct troth_why *why);
/* The same for the file system under the directory. */
TROTH_MUST_USE enum troth_err troth_disk_check(const struct troth_disk *d,
					       struct troth_why *warning,
					       struct troth_why *why);

/* Bytes that we, not root, may still write. */
TROTH_MUST_USE enum troth_err troth_disk_free(const struct troth_disk *d, uint64_t *bytes,
					      struct troth_why *why);

/* Tries: true if the disk, or a quota, has no room for a few pages more. */
bool troth_disk_is_full(const struct troth_disk *d);

/* fsyncs the directory itself, so that the files in it stay. */
TROTH_MUST_USE enum troth_err troth_disk_sync(const struct troth_disk *d,
					      struct troth_why *why);
/* The same for the directory that holds `path`. */
TROTH_MUST_USE enum troth_err troth_disk_sync_parent(const char *path,
						     struct troth_why *why);

bool troth_disk_has_ballast(const struct troth_disk *d);
/* Writes the ballast (blocks, not a hole). True if it is there afterwards. */
bool troth_disk_load_ballast(const struct troth_disk *d, uint64_t bytes);
/* Removes it. True if that made room. */
bool troth_disk_drop_ballast(const struct troth_disk *d);

#endif
