#include "env.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GIB           ((uint64_t)1 << 30)
#define MIB           ((uint64_t)1 << 20)
#define DATA          "data.mdb"
#define READER_BYTES  64   /* A reader's place in lock.mdb. */
#define LOCK_OVERHEAD 4096 /* More than what lock.mdb begins with. */
#define REMAP_WAIT_MS 20

/* ---- The size of the map ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

enum troth_err troth_lmdb_remap(struct troth_lmdb *db, uint64_t bytes,
				struct troth_why *why)
{
	int64_t until = now_ms() + REMAP_WAIT_MS;
	enum troth_err err = TROTH_OK;
	int rc;

	if (atomic_exchange(&db->moving, true))
		return troth_fail(why, TROTH_ERR_AGAIN, "%s: the map is being moved",
				  db->disk.path);
	/* New ones wait for us now; short ones end; for a long one we give up. */
	while (atomic_load(&db->busy) != 0 && now_ms() < until)
		sched_yield();
	if (atomic_load(&db->busy) != 0) {
		err = troth_fail(why, TROTH_ERR_AGAIN,
				 "%s: the map cannot move while transactions are open",
				 db->disk.path);
	} else {
		rc = mdb_env_set_mapsize(db->env, bytes);
		/* Without a map no transaction can be begun any more. */
		if (rc != MDB_SUCCESS)
			err = troth_kv_poison(&db->kv, why, "the map could not be moved");
	}
	atomic_store(&db->moving, false);
	return err;
}

static uint64_t map_size(struct troth_lmdb *db)
{
	MDB_envinfo info;

	mdb_env_info(db->env, &info);
	return info.me_mapsize;
}

static uint64_t whole_pages(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

void troth_lmdb_grow_step(struct troth_lmdb *db)
{
	uint64_t have, want;
	struct troth_why why;

	if (!atomic_load_explicit(&db->map_full, memory_order_relaxed))
		return;
	have = map_size(db);
	want = have + db->options.map_step_bytes;
	if (want > db->options.map_max_bytes)
		want = db->options.map_max_bytes;
	if (want <= have || troth_lmdb_remap(db, want, &why) == TROTH_OK)
		atomic_store(&db->map_full, false);
}

enum troth_err troth_lmdb_grow(struct troth_kv *kv, uint64_t map_bytes,
			       struct troth_why *why)
{
	struct troth_lmdb *db = troth_lmdb(kv);
	enum troth_err err = TROTH_OK;

	map_bytes = whole_pages(map_bytes);
	if (map_bytes > map_size(db))
		err = troth_lmdb_remap(db, map_bytes, why);
	return err;
}

/* ---- Usage and upkeep ---- */

/*
 * Pages of the file that hold nothing are room; pages that a transaction is about
 * to add to the file are not.
 */
static uint64_t room(uint64_t free_bytes, uint64_t file_bytes, uint64_t used_bytes)
{
	if (file_bytes >= used_bytes)
		return free_bytes + (file_bytes - used_bytes);
	used_bytes -= file_bytes;
	return free_bytes > used_bytes ? free_bytes - used_bytes : 0;
}

enum troth_err troth_lmdb_measure(struct troth_lmdb *db, MDB_txn *txn,
				  struct troth_kv_usage *usage, struct troth_why *why)
{
	const MDB_dbi free_list = 0, main_db = 1;
	unsigned n = db->kv.schema->table_index;
	uint64_t pages = 2, file_pages, free_bytes; /* 2: the meta pages. */
	MDB_envinfo info;
	MDB_stat s = { 0 };
	enum troth_err err;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < n + 2; i++) {
		MDB_dbi dbi = i < n ? db->dbi[i] : i == n ? free_list : main_db;

		rc = mdb_stat(txn, dbi, &s);
		pages += s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages;
	}
	if (rc != 0)
		return troth_lmdb_fail(db, rc, "stat", why);
	err = troth_disk_free(&db->disk, &free_bytes, why);
	if (err != TROTH_OK)
		return err;
	mdb_env_info(db->env, &info);
	file_pages = info.me_last_pgno + 1;
	usage->used_bytes = pages * s.ms_psize;
	usage->limit_bytes = info.me_mapsize > db->options.map_max_bytes
				     ? info.me_mapsize
				     : db->options.map_max_bytes;
	usage->room_bytes = room(free_bytes, file_pages * s.ms_psize, usage->used_bytes);
	usage->room = troth_kv_judge_room(usage, db->options.reserve_bytes);
	atomic_store_explicit(&db->kv.room, usage->room, memory_order_relaxed);
	return TROTH_OK;
}

enum troth_err troth_lmdb_usage(struct troth_kv *kv, struct troth_kv_usage *usage,
				struct troth_why *why)
{
	struct troth_txn t;

	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	if (troth_txn_sound(&t)) {
		struct troth_lmdb_reader *r = t.handle;

		t.err = troth_lmdb_measure(troth_lmdb(kv), r->txn, usage, &t.why);
	}
	return troth_txn_commit(&t, why);
}

enum troth_err troth_lmdb_maintain(struct troth_kv *kv, unsigned *freed,
				   struct troth_why *why)
{
	struct troth_lmdb *db = troth_lmdb(kv);
	struct troth_kv_usage usage;
	uint64_t free_bytes;
	enum troth_err err;
	int dead = 0;

	err = troth_lmdb_fail(db, mdb_reader_check(db->env, &dead), "reader check", why);
	if (err != TROTH_OK)
		return err;
	*freed = (unsigned)dead;
	if (!kv->read_only && !atomic_load(&db->ballast)) {
		err = troth_disk_free(&db->disk, &free_bytes, why);
		if (err != TROTH_OK)
			return err;
		if (free_bytes >= db->options.reserve_bytes + db->options.ballast_bytes)
			atomic_store(&db->ballast,
				     troth_disk_load_ballast(&db->disk,
							     db->options.ballast_bytes));
	}
	return troth_lmdb_usage(kv, &usage, why);
}

/* ---- Backup ---- */

static void remove_partial(const char *partial)
{
	int fd = open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)unlinkat(fd, DATA, 0);
		close(fd);
	}
	(void)rmdir(partial);
}

/* Copies into the empty directory `partial` and has it on disk. */
static enum troth_err copy_to(struct troth_lmdb *db, const char *partial,
			      struct troth_why *why)
{
	struct troth_disk d = TROTH_DISK_NONE;
	enum troth_err err;
	int fd = -1, rc;

	troth_lmdb_enter(db);
	rc = mdb_env_copy2(db->env, partial, MDB_CP_COMPACT);
	troth_lmdb_leave(db);
	if (rc != MDB_SUCCESS)
		/* Not troth_lmdb_fail: the ballast need not go for a copy. */
		return troth_fail(
			why, rc == ENOSPC || rc == EDQUOT ? TROTH_ERR_FULL : TROTH_ERR_IO,
			"%s: copy: %s", partial, mdb_strerror(rc));
	err = troth_disk_open(&d, partial, false, why);
	if (err != TROTH_OK)
		goto out;
	fd = openat(d.dir, DATA, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		err = troth_fail(why, TROTH_ERR_IO, "%s/" DATA ": fsync: %s", partial,
				 strerror(errno));
		goto out;
	}
	err = troth_disk_sync(&d, why);
out:
	if (fd >= 0)
		close(fd);
	troth_disk_close(&d);
	return err;
}

enum troth_err troth_lmdb_backup(struct troth_kv *kv, const char *dir,
				 struct troth_why *why)
{
	enum troth_err err = TROTH_OK;
	char *partial = NULL;

	if (asprintf(&partial, "%s.partial", dir) < 0)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
	if (access(dir, F_OK) == 0) {
		err = troth_fail(why, TROTH_ERR_INPUT, "%s: exists already", dir);
		goto out;
	}
	if (mkdir(partial, 0700) != 0) {
		err = troth_fail(why, errno == EEXIST ? TROTH_ERR_INPUT : TROTH_ERR_IO,
				 "%s: mkdir: %s", partial, strerror(errno));
		goto out;
	}
	err = copy_to(troth_lmdb(kv), partial, why);
	if (err == TROTH_OK &&
	    renameat2(AT_FDCWD, partial, AT_FDCWD, dir, RENAME_NOREPLACE) != 0)
		err = troth_fail(why, errno == EEXIST ? TROTH_ERR_INPUT : TROTH_ERR_IO,
				 "%s: rename: %s", dir, strerror(errno));
	if (err != TROTH_OK) {
		remove_partial(partial);
		goto out;
	}
	err = troth_disk_sync_parent(dir, why);
out:
	free(partial);
	return err;
}

/* ---- Open and close ---- */

void troth_lmdb_close(struct troth_kv *kv)
{
	struct troth_lmdb *db = troth_lmdb(kv);

	assert(atomic_load(&db->busy) == 0);
	for (unsigned i = 0; db->readers != NULL && i < db->options.readers_max; i++)
		if (db->readers[i].txn != NULL)
			mdb_txn_abort(db->readers[i].txn);
	if (db->env != NULL)
		mdb_env_close(db->env);
	troth_disk_close(&db->disk);
	free(db->readers);
	free(db);
}

static struct troth_kv_options without_zeros(const struct troth_kv_options *given)
{
	struct troth_kv_options o = { 0 };

	if (given != NULL)
		o = *given;
	o.map_bytes = whole_pages(o.map_bytes != 0 ? o.map_bytes : 64 * GIB);
	o.map_max_bytes = whole_pages(o.map_max_bytes);
	if (o.map_max_bytes < o.map_bytes)
		o.map_max_bytes = o.map_bytes;
	o.map_step_bytes = whole_pages(o.map_step_bytes != 0 ? o.map_step_bytes : GIB);
	if (o.reserve_bytes == 0)
		o.reserve_bytes = 64 * MIB;
	if (o.ballast_bytes == 0)
		o.ballast_bytes = MIB;
	if (o.readers_max == 0)
		o.readers_max = 126;
	return o;
}

/*
 * LMDB writes reader slots through a map of lock.mdb. If the disk had no block for
 * one, that write would be a SIGBUS, so the blocks are there beforehand. Before
 * LMDB opens it: closing a descriptor later would drop LMDB's locks.
 */
static enum troth_err prepare_lock_file(struct troth_lmdb *db, struct troth_why *why)
{
	off_t bytes = LOCK_OVERHEAD + (off_t)READER_BYTES * (db->options.readers_max + 2);
	int fd = openat(db->disk.dir, "lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = fd < 0 ? errno : posix_fallocate(fd, 0, bytes);

	if (fd >= 0)
		close(fd);
	return troth_lmdb_fail(db, rc, "lock.mdb", why);
}

static enum troth_err prepare_writer(struct troth_lmdb *db, struct troth_why *why)
{
	uint64_t free_bytes = 0;
	enum troth_err err = troth_disk_lock(&db->disk, why);

	if (err == TROTH_OK)
		err = troth_disk_free(&db->disk, &free_bytes, why);
	if (err != TROTH_OK)
		return err;
	/* A full disk stops a new database here; an old one opens and can be read. */
	if (faccessat(db->disk.dir, DATA, F_OK, 0) != 0 &&
	    free_bytes < db->options.reserve_bytes)
		return troth_fail(why, TROTH_ERR_FULL,
				  "%s: %llu MiB free, a database needs %llu to begin",
				  db->disk.path, (unsigned long long)(free_bytes / MIB),
				  (unsigned long long)(db->options.reserve_bytes / MIB));
	atomic_store(&db->ballast, troth_disk_has_ballast(&db->disk));
	err = prepare_lock_file(db, why);
	if (err == TROTH_ERR_FULL) /* The ballast went; now there is room. */
		err = prepare_lock_file(db, why);
	return err;
}

static enum troth_err prepare_reader(struct troth_lmdb *db, struct troth_why *why)
{
	if (faccessat(db->disk.dir, DATA, F_OK, 0) != 0)
		return troth_fail(why, TROTH_ERR_NOTFOUND, "%s: no database",
				  db->disk.path);
	if (troth_disk_is_ours(&db->disk))
		return troth_fail(why, TROTH_ERR_AGAIN, "%s: open in this process",
				  db->disk.path);
	return TROTH_OK;
}

static int open_env(struct troth_lmdb *db)
{
	unsigned flags = MDB_NOTLS | (db->kv.read_only ? MDB_RDONLY : 0U);
	int rc = mdb_env_create(&db->env);

	/* One more reader for a backup, one for usage while all are busy. */
	if (rc == 0)
		rc = mdb_env_set_maxreaders(db->env, db->options.readers_max + 2);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(db->env, TROTH_KV_TABLES_MAX);
	if (rc == 0 && !db->kv.read_only)
		rc = mdb_env_set_mapsize(db->env, db->options.map_bytes);
	if (rc == 0)
		rc = mdb_env_open(db->env, db->disk.path, flags, 0600);
	return rc;
}

static enum troth_err open_table(struct troth_lmdb *db, MDB_txn *txn, unsigned i,
				 struct troth_why *why)
{
	const char *name = db->kv.schema->tables[i];
	unsigned create = db->kv.read_only ? 0U : MDB_CREATE, flags = 0;
	int rc = mdb_dbi_open(txn, name, create, &db->dbi[i]);

	if (rc == MDB_NOTFOUND)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: no table %s; an older program wrote it",
				  db->disk.path, name);
	if (rc == 0)
		rc = mdb_dbi_flags(txn, db->dbi[i], &flags);
	if (rc != 0)
		return troth_lmdb_fail(db, rc, name, why);
	if (flags != 0)
		return troth_fail(why, TROTH_ERR_CORRUPT,
				  "%s: table %s is not one of plain keys", db->disk.path,
				  name);
	return TROTH_OK;
}

static enum troth_err open_tables(struct troth_lmdb *db, struct troth_why *why)
{
	MDB_txn *txn = NULL;
	enum troth_err err = TROTH_OK;
	int rc = mdb_txn_begin(db->env, NULL, db->kv.read_only ? MDB_RDONLY : 0, &txn);

	if (rc != 0)
		return troth_lmdb_fail(db, rc, "begin", why);
	for (unsigned i = 0; err == TROTH_OK && i < db->kv.schema->table_index; i++)
		err = open_table(db, txn, i, why);
	if (err != TROTH_OK) {
		mdb_txn_abort(txn);
		return err;
	}
	return troth_lmdb_fail(db, mdb_txn_commit(txn), "create tables", why);
}

/* Room for a step behind the data, so that not every start fails once. */
static enum troth_err begin_with_room(struct troth_lmdb *db, struct troth_why *why)
{
	MDB_envinfo info;
	MDB_stat s;
	uint64_t want;

	mdb_env_info(db->env, &info);
	mdb_env_stat(db->env, &s);
	want = whole_pages((info.me_last_pgno + 1) * s.ms_psize +
			   db->options.map_step_bytes);
	if (want > db->options.map_max_bytes)
		want = db->options.map_max_bytes;
	return want > info.me_mapsize ? troth_lmdb_remap(db, want, why) : TROTH_OK;
}

static enum troth_err open_all(struct troth_lmdb *db, const char *dir,
			       struct troth_why *why)
{
	struct troth_why unused;
	enum troth_err err;

	err = troth_disk_open(&db->disk, dir, !db->kv.read_only, why);
	if (err == TROTH_OK)
		err = troth_disk_check(&db->disk, &db->kv.warning, why);
	if (err == TROTH_OK)
		err = db->kv.read_only ? prepare_reader(db, why)
				       : prepare_writer(db, why);
	if (err == TROTH_OK)
		err = troth_lmdb_fail(db, open_env(db), "open", why);
	if (err == TROTH_OK && !db->kv.read_only)
		err = begin_with_room(db, why);
	if (err == TROTH_OK)
		err = open_tables(db, why);
	/* LMDB fsyncs its files, not the directory that names them. */
	if (err == TROTH_OK && !db->kv.read_only)
		err = troth_disk_sync(&db->disk, why);
	if (err == TROTH_OK)
		err = troth_kv_settle_schema(&db->kv, dir, why);
	if (err == TROTH_OK && !db->kv.read_only)
		/* Full or failing here is for the alarms, not for a refusal. */
		(void)troth_lmdb_maintain(&db->kv, &(unsigned){ 0 }, &unused);
	return err;
}

enum troth_err troth_kv_open(struct troth_kv **kv, const char *dir,
			     const struct troth_schema *schema,
			     const struct troth_kv_options *options,
			     struct troth_why *why)
{
	struct troth_lmdb *db = calloc(1, sizeof(*db));
	struct troth_why local;
	enum troth_err err;

	*kv = NULL;
	if (why == NULL)
		why = &local;
	if (db == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
	troth_kv_init(&db->kv, &troth_lmdb_ops, schema,
		      options != NULL && options->read_only);
	db->disk = TROTH_DISK_NONE;
	db->options = without_zeros(options);
	db->readers = calloc(db->options.readers_max, sizeof(*db->readers));
	if (db->readers == NULL)
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
	else
		err = open_all(db, dir, why);
	if (err == TROTH_OK)
		*kv = &db->kv;
	else
		troth_lmdb_close(&db->kv);
	return err;
}
