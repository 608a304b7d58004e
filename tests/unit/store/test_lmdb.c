/*
 * What only the LMDB backend has: processes, files, the map, backups, readers.
 */
#include "lmdb_rig.h"
#include "store/disk.h"
#include "troth/store/backend.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool exists(const char *dir, const char *name)
{
	char path[SCRATCH_MAX];

	scratch_path(path, dir, name);
	return access(path, F_OK) == 0;
}

/* Runs `job` in a child; true if it returned true. */
static bool in_child(bool (*job)(struct rig *r), struct rig *r)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(job(r) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- Who may open ---- */

static bool open_is_refused_naming_path_and_process(struct rig *r)
{
	struct troth_kv *kv = NULL;
	struct troth_why why;
	char want[64];

	snprintf(want, sizeof(want), "in use by process %d", (int)getppid());
	return troth_kv_open(&kv, r->path, &rig_schema, &rig_options, &why) ==
		       TROTH_ERR_AGAIN &&
	       kv == NULL && strstr(why.text, r->path) != NULL &&
	       strstr(why.text, want) != NULL;
}

static void a_second_daemon_is_refused_with_path_and_process(void **state)
{
	struct rig *r = *state;

	rig_open(r);
	assert_true(in_child(open_is_refused_naming_path_and_process, r));
	assert_int_equal(rig_write(r->kv, 1, 10, &r->why), TROTH_OK);
}

static bool reads_one_record(struct rig *r)
{
	struct troth_kv_options o = { .read_only = true };
	struct troth_kv *kv = NULL;
	bool ok;

	if (troth_kv_open(&kv, r->path, &rig_schema, &o, &r->why) != TROTH_OK)
		return false;
	ok = rig_count(kv) == 1;
	troth_kv_close(kv);
	return ok;
}

static void a_tool_reads_beside_a_running_daemon(void **state)
{
	struct rig *r = *state;
	struct rig beside = *r;

	rig_open(r);
	assert_int_equal(rig_write(r->kv, 1, 10, &r->why), TROTH_OK);
	assert_true(in_child(reads_one_record, r));
	/* In the same process it would take the daemon's locks away. */
	beside.kv = NULL;
	assert_int_equal(rig_try_open(&beside, true), TROTH_ERR_AGAIN);
	assert_int_equal(rig_write(r->kv, 2, 10, &r->why), TROTH_OK);
	rig_close(r);
	assert_int_equal(rig_try_open(r, true), TROTH_OK);
	assert_int_equal(rig_count(r->kv), 2);
}

static void read_only_makes_nothing_and_reads_no_older_format(void **state)
{
	struct rig *r = *state;
	struct troth_schema newer = rig_schema;
	struct troth_kv_options o = { .read_only = true };

	newer.format = 2;
	assert_int_equal(rig_try_open(r, true), TROTH_ERR_NOTFOUND);
	assert_false(exists(r->dir, "db"));
	assert_int_equal(mkdir(r->path, 0700), 0);
	assert_int_equal(rig_try_open(r, true), TROTH_ERR_NOTFOUND);
	assert_false(exists(r->path, "lock.mdb"));
	rig_open(r);
	rig_close(r);
	assert_int_equal(troth_kv_open(&r->kv, r->path, &newer, &o, &r->why),
			 TROTH_ERR_INPUT);
	assert_non_null(strstr(r->why.text, "format 1"));
}

static void a_missing_parent_and_a_file_in_the_way_are_named(void **state)
{
	struct rig *r = *state;
	char deep[SCRATCH_MAX];
	int fd;

	scratch_path(deep, r->path, "deeper");
	assert_int_not_equal(
		troth_kv_open(&r->kv, deep, &rig_schema, &rig_options, &r->why),
		TROTH_OK);
	assert_non_null(strstr(r->why.text, deep));
	fd = open(r->path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(rig_try_open(r, false), TROTH_ERR_IO);
	assert_non_null(strstr(r->why.text, r->path));
}

static void a_table_of_another_making_is_corrupt(void **state)
{
	struct rig *r = *state;
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	MDB_dbi dbi;

	rig_open(r);
	rig_close(r);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
	assert_int_equal(mdb_env_open(env, r->path, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "log", 0, &dbi), 0);
	assert_int_equal(mdb_drop(txn, dbi, 1), 0);
	assert_int_equal(mdb_dbi_open(txn, "log", MDB_CREATE | MDB_DUPSORT, &dbi), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	assert_int_equal(rig_try_open(r, false), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, "log"));
}

static void bytes_that_are_no_database_are_corrupt(void **state)
{
	struct rig *r = *state;
	char path[SCRATCH_MAX];
	FILE *f;

	assert_int_equal(mkdir(r->path, 0700), 0);
	scratch_path(path, r->path, "data.mdb");
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 16384; i++)
		fputc('x', f);
	fclose(f);
	assert_int_equal(rig_try_open(r, false), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, r->path));
}

static void shared_file_systems_are_refused_and_doubtful_ones_remarked(void **state)
{
	static const struct {
		long type;
		enum troth_err err;
		const char *says;
	} cases[] = {
		{ NFS_SUPER_MAGIC, TROTH_ERR_INPUT, "nfs" },
		{ (int)0xFF534D42, TROTH_ERR_INPUT, "cifs" }, /* Sign-extended. */
		{ 0xFF534D42L, TROTH_ERR_INPUT, "cifs" },
		{ V9FS_MAGIC, TROTH_ERR_INPUT, "9p" },
		{ OVERLAYFS_SUPER_MAGIC, TROTH_OK, "overlayfs" },
		{ TMPFS_MAGIC, TROTH_OK, "tmpfs" },
		{ EXT4_SUPER_MAGIC, TROTH_OK, "" },
		{ XFS_SUPER_MAGIC, TROTH_OK, "" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		struct troth_why warning = { "" }, why = { "" };

		assert_int_equal(
			troth_disk_judge(cases[i].type, "/some/where", &warning, &why),
			cases[i].err);
		assert_non_null(strstr(cases[i].err == TROTH_OK ? warning.text : why.text,
				       cases[i].says));
		if (cases[i].says[0] == '\0')
			assert_string_equal(warning.text, "");
	}
}

/* ---- The map ---- */

static void open_with_map(struct rig *r, uint64_t map, uint64_t max, uint64_t step)
{
	struct troth_kv_options o = { .map_bytes = map,
				      .map_max_bytes = max,
				      .map_step_bytes = step };

	assert_int_equal(troth_kv_open(&r->kv, r->path, &rig_schema, &o, &r->why),
			 TROTH_OK);
}

/* Writes until something fails; returns how many were taken. */
static uint64_t fill(struct rig *r, uint64_t n, enum troth_err *err)
{
	*err = TROTH_OK;
	while ((*err = rig_write(r->kv, n + 1, 60000, &r->why)) == TROTH_OK)
		n++;
	return n;
}

static void a_full_map_changes_nothing_and_growth_mends_it(void **state)
{
	struct rig *r = *state;
	struct troth_txn reader;
	enum troth_err err;
	uint64_t n;

	open_with_map(r, 2 * MIB, 0, 0);
	n = fill(r, 0, &err);
	assert_int_equal(err, TROTH_ERR_FULL);
	assert_non_null(strstr(r->why.text, r->path));
	assert_true(n > 10);
	assert_int_equal(rig_count(r->kv), n);
	assert_int_equal(rig_write(r->kv, n + 1, 60000, &r->why), TROTH_ERR_FULL);
	assert_false(troth_kv_poisoned(r->kv, NULL));

	troth_txn_begin(&reader, r->kv, TROTH_TXN_READ);
	assert_int_equal(troth_kv_grow(r->kv, 4 * MIB, &r->why), TROTH_ERR_AGAIN);
	troth_txn_abort(&reader);
	assert_int_equal(troth_kv_grow(r->kv, 4 * MIB, &r->why), TROTH_OK);
	assert_int_equal(rig_write(r->kv, n + 1, 60000, &r->why), TROTH_OK);
	assert_int_equal(rig_count(r->kv), n + 1);
	assert_int_equal(troth_kv_grow(r->kv, MIB, &r->why), TROTH_OK); /* No shrink. */
	assert_int_equal(rig_write(r->kv, n + 2, 60000, &r->why), TROTH_OK);
}

static void the_map_grows_by_itself_up_to_its_maximum(void **state)
{
	struct rig *r = *state;
	uint64_t n = 0, before;
	enum troth_err err;
	unsigned steps = 0;

	open_with_map(r, MIB, 8 * MIB, MIB);
	do { /* Each refusal is followed by a step, until there is none left. */
		before = n;
		n = fill(r, n, &err);
		assert_int_equal(err, TROTH_ERR_FULL);
		steps++;
	} while (n > before);
	assert_true(steps >= 8);
	assert_true(n * 60000 > 6 * MIB);
	assert_int_equal(rig_count(r->kv), n);
	rig_close(r);
	/* A smaller beginning than the data is no obstacle. */
	open_with_map(r, MIB, 16 * MIB, MIB);
	assert_int_equal(rig_count(r->kv), n);
	assert_int_equal(rig_write(r->kv, n + 1, 60000, &r->why), TROTH_OK);
}

static void usage_rises_with_records_falls_with_deletes_and_sets_the_room(void **state)
{
	struct rig *r = *state;
	struct troth_kv_usage empty, full, after;
	struct troth_cursor c;
	struct troth_txn t;
	enum troth_err err;

	open_with_map(r, 8 * MIB, 0, 0);
	assert_int_equal(troth_kv_usage(r->kv, &empty, &r->why), TROTH_OK);
	assert_true(empty.used_bytes < MIB);
	assert_int_equal(empty.limit_bytes, 8 * MIB);
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_OK);
	(void)fill(r, 0, &err);
	assert_int_equal(troth_kv_usage(r->kv, &full, &r->why), TROTH_OK);
	assert_true(full.used_bytes > 7 * MIB);
	assert_int_equal(full.room, TROTH_ROOM_REFUSE);
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_REFUSE);

	/* To delete what has been served must be possible even now: in small steps. */
	for (bool more = true; more;) {
		troth_txn_begin(&t, r->kv, TROTH_TXN_WRITE);
		troth_cursor_open(&c, &t, LOG);
		more = troth_cursor_seek(&c, TROTH_SPAN_NONE);
		if (more)
			(void)troth_txn_del(&t, LOG, c.key);
		assert_int_equal(troth_txn_commit(&t, &r->why), TROTH_OK);
	}
	assert_int_equal(troth_kv_usage(r->kv, &after, &r->why), TROTH_OK);
	assert_true(after.used_bytes < MIB);
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_OK);
}

static void room_is_judged_at_70_and_90_percent_and_at_the_reserve(void **state)
{
	static const struct {
		uint64_t used, room;
		enum troth_kv_room want;
	} cases[] = {
		{ 0, 1000, TROTH_ROOM_OK },       { 699, 1000, TROTH_ROOM_OK },
		{ 700, 1000, TROTH_ROOM_ALARM },  { 899, 1000, TROTH_ROOM_ALARM },
		{ 900, 1000, TROTH_ROOM_REFUSE }, { 0, 300, TROTH_ROOM_OK },
		{ 0, 299, TROTH_ROOM_ALARM },     { 0, 100, TROTH_ROOM_ALARM },
		{ 0, 99, TROTH_ROOM_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		struct troth_kv_usage u = { .used_bytes = cases[i].used,
					    .limit_bytes = 1000,
					    .room_bytes = cases[i].room };

		assert_int_equal(troth_kv_judge_room(&u, 100), cases[i].want);
	}
}

static bool reads_while_the_map_grows(struct rig *r)
{
	struct troth_kv_options o = { .read_only = true };
	struct troth_kv *kv = NULL;
	char c = 0;
	bool ok;

	if (troth_kv_open(&kv, r->path, &rig_schema, &o, &r->why) != TROTH_OK)
		return false;
	ok = rig_count(kv) == 1 && write(STDOUT_FILENO, "", 1) == 1 &&
	     read(STDIN_FILENO, &c, 1) == 1 && rig_count(kv) == (uint64_t)c;
	troth_kv_close(kv);
	return ok;
}

static void a_tool_follows_when_the_daemon_grows_the_map(void **state)
{
	struct rig *r = *state;
	int up[2], down[2], status = 0;
	uint64_t n = 1;
	pid_t child;
	char c;

	open_with_map(r, MIB, 0, 0);
	assert_int_equal(rig_write(r->kv, 1, 10, &r->why), TROTH_OK);
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(up[1], STDOUT_FILENO);
		dup2(down[0], STDIN_FILENO);
		_exit(reads_while_the_map_grows(r) ? 0 : 1);
	}
	assert_int_equal(read(up[0], &c, 1), 1);
	assert_int_equal(troth_kv_grow(r->kv, 8 * MIB, &r->why), TROTH_OK);
	while (n < 60)
		assert_int_equal(rig_write(r->kv, ++n, 60000, &r->why), TROTH_OK);
	c = (char)n;
	assert_int_equal(write(down[1], &c, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (int i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
}

/* ---- Readers ---- */

static void readers_have_a_limit_and_nothing_breaks_at_it(void **state)
{
	struct rig *r = *state;
	struct troth_kv_options o = rig_options;
	struct troth_txn t[4];

	o.readers_max = 3;
	assert_int_equal(troth_kv_open(&r->kv, r->path, &rig_schema, &o, &r->why),
			 TROTH_OK);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 4; i++)
			troth_txn_begin(&t[i], r->kv, TROTH_TXN_READ);
		for (int i = 0; i < 4; i++)
			assert_int_equal(troth_txn_commit(&t[i], &r->why),
					 i < 3 ? TROTH_OK : TROTH_ERR_AGAIN);
		assert_non_null(strstr(r->why.text, "3 readers"));
	}
}

static bool dies_reading(struct rig *r)
{
	struct troth_kv_options o = { .read_only = true };
	struct troth_kv *kv = NULL;
	struct troth_txn t;

	if (troth_kv_open(&kv, r->path, &rig_schema, &o, &r->why) != TROTH_OK)
		return false;
	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	return troth_txn_sound(&t); /* And exits with the reader open. */
}

static void maintenance_frees_the_slots_of_readers_that_died(void **state)
{
	struct rig *r = *state;
	unsigned freed = 99;

	rig_open(r);
	assert_true(in_child(dies_reading, r));
	assert_int_equal(troth_kv_maintain(r->kv, &freed, &r->why), TROTH_OK);
	assert_int_equal(freed, 1);
	assert_int_equal(troth_kv_maintain(r->kv, &freed, &r->why), TROTH_OK);
	assert_int_equal(freed, 0);
}

struct crowd {
	struct troth_kv *kv;
	atomic_bool stop;
	atomic_uint torn, failed, reads;
};

static void *look(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->stop)) {
		struct troth_span a, b;
		struct troth_txn t;

		troth_txn_begin(&t, crowd->kv, TROTH_TXN_READ);
		if (troth_txn_get(&t, THING, troth_span_str("a"), &a) !=
			    troth_txn_get(&t, THING, troth_span_str("b"), &b) ||
		    !troth_span_eq(a, b))
			atomic_fetch_add(&crowd->torn, 1);
		if (troth_txn_commit(&t, NULL) != TROTH_OK)
			atomic_fetch_add(&crowd->failed, 1);
		atomic_fetch_add(&crowd->reads, 1);
	}
	return NULL;
}

static void many_threads_read_whole_states_while_one_writes_and_grows(void **state)
{
	struct rig *r = *state;
	struct crowd crowd = { 0 };
	enum troth_err err;
	unsigned grown = 0;
	pthread_t threads[6];
	struct troth_txn t;
	uint8_t n[8];

	open_with_map(r, 2 * MIB, 0, 0);
	crowd.kv = r->kv;
	for (size_t i = 0; i < TROTH_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look, &crowd), 0);
	for (uint64_t i = 0; i < 150 || atomic_load(&crowd.reads) < 2000; i++) {
		troth_store_u64be(n, i);
		troth_txn_begin(&t, r->kv, TROTH_TXN_WRITE);
		troth_txn_put(&t, THING, troth_span_str("a"), troth_span(n, 8));
		troth_txn_put(&t, THING, troth_span_str("b"), troth_span(n, 8));
		assert_int_equal(troth_txn_commit(&t, &r->why), TROTH_OK);
		if (i % 10 == 0) {
			err = troth_kv_grow(r->kv, (3 + i / 10) * MIB, &r->why);
			/* AGAIN under load is an answer. */
			assert_true(err == TROTH_OK || err == TROTH_ERR_AGAIN);
			grown += err == TROTH_OK;
		}
	}
	assert_true(grown > 0);
	atomic_store(&crowd.stop, true);
	for (size_t i = 0; i < TROTH_LEN(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&crowd.torn), 0);
	assert_int_equal(atomic_load(&crowd.failed), 0);
}

/* ---- Backup ---- */

static void a_backup_opens_equals_and_never_overwrites(void **state)
{
	struct rig *r = *state;
	struct rig copy = *r;

	rig_open(r);
	for (uint64_t n = 1; n <= 40; n++)
		assert_int_equal(rig_write(r->kv, n, 3000, &r->why), TROTH_OK);
	scratch_path(copy.path, r->dir, "copy");
	assert_int_equal(troth_kv_backup(r->kv, copy.path, &r->why), TROTH_OK);
	assert_false(exists(r->dir, "copy.partial"));
	assert_int_equal(rig_write(r->kv, 41, 10, &r->why), TROTH_OK);

	assert_int_equal(troth_kv_backup(r->kv, copy.path, &r->why), TROTH_ERR_INPUT);
	assert_non_null(strstr(r->why.text, copy.path));
	copy.kv = NULL;
	rig_open(&copy);
	assert_int_equal(rig_count(copy.kv), 40);
	assert_int_equal(rig_write(copy.kv, 41, 10, &r->why), TROTH_OK);
	rig_close(&copy);
	assert_int_equal(rig_count(r->kv), 41);
}

static void a_backup_that_was_cut_short_stands_in_the_way_by_name(void **state)
{
	struct rig *r = *state;
	char target[SCRATCH_MAX], partial[SCRATCH_MAX];

	rig_open(r);
	scratch_path(target, r->dir, "copy");
	scratch_path(partial, r->dir, "copy.partial");
	assert_int_equal(mkdir(partial, 0700), 0);
	assert_int_equal(troth_kv_backup(r->kv, target, &r->why), TROTH_ERR_INPUT);
	assert_non_null(strstr(r->why.text, partial));
	assert_true(exists(r->dir, "copy.partial"));
	assert_false(exists(r->dir, "copy"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_daemon_is_refused_with_path_and_process),
		TEST(a_tool_reads_beside_a_running_daemon),
		TEST(read_only_makes_nothing_and_reads_no_older_format),
		TEST(a_missing_parent_and_a_file_in_the_way_are_named),
		TEST(a_table_of_another_making_is_corrupt),
		TEST(bytes_that_are_no_database_are_corrupt),
		TEST(shared_file_systems_are_refused_and_doubtful_ones_remarked),
		TEST(a_full_map_changes_nothing_and_growth_mends_it),
		TEST(the_map_grows_by_itself_up_to_its_maximum),
		TEST(usage_rises_with_records_falls_with_deletes_and_sets_the_room),
		TEST(room_is_judged_at_70_and_90_percent_and_at_the_reserve),
		TEST(a_tool_follows_when_the_daemon_grows_the_map),
		TEST(readers_have_a_limit_and_nothing_breaks_at_it),
		TEST(maintenance_frees_the_slots_of_readers_that_died),
		TEST(many_threads_read_whole_states_while_one_writes_and_grows),
		TEST(a_backup_opens_equals_and_never_overwrites),
		TEST(a_backup_that_was_cut_short_stands_in_the_way_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
