/*
 * What is acknowledged is there, whatever happens: killed processes, full disks,
 * writes that fail.
 */
#include "lmdb_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- kill -9 ---- */

#define ROUNDS 12

/* Commits one number after the other and tells each to `fd` once it is durable. */
static void commit_for_ever(struct rig *r, int fd)
{
	uint64_t n;

	if (rig_try_open(r, false) != TROTH_OK)
		_exit(1);
	for (n = rig_count(r->kv) + 1;; n++)
		if (rig_write(r->kv, n, (n * 977) % 20000, &r->why) != TROTH_OK ||
		    write(fd, &n, sizeof(n)) != sizeof(n))
			_exit(1);
}

/* Kills a writer after it has acknowledged `acks`; returns the last one it did. */
static uint64_t kill_a_writer(struct rig *r, unsigned acks)
{
	uint64_t n = 0, last = 0;
	int fd[2], status = 0;
	pid_t child;

	assert_int_equal(pipe(fd), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		commit_for_ever(r, fd[1]);
	close(fd[1]);
	while (read(fd[0], &n, sizeof(n)) == sizeof(n)) {
		last = n;
		if (--acks == 0)
			assert_int_equal(kill(child, SIGKILL), 0);
	}
	close(fd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	return last;
}

static void every_commit_acknowledged_before_kill_9_is_there(void **state)
{
	struct rig *r = *state;

	for (unsigned round = 1; round <= ROUNDS; round++) {
		uint64_t acknowledged = kill_a_writer(r, round * 7 % 31 + 1);
		uint64_t found;

		rig_open(r); /* The dead process's lock is gone with it. */
		found = rig_count(r->kv);
		assert_true(found >= acknowledged);
		assert_true(found <= acknowledged + 1); /* One, unacknowledged. */
		rig_close(r);
	}
}

/* ---- A crash in the middle of a migration ---- */

static bool crash_now;
static unsigned runs;

static void upgrade(struct troth_txn *t)
{
	runs++;
	for (uint8_t i = 0; i < 100; i++)
		troth_txn_insert(t, THING, troth_span(&i, 1), troth_span(&i, 1));
	if (crash_now)
		_exit(7);
}

static void a_crash_in_a_migration_leaves_the_old_format_and_the_next_start_upgrades(
	void **state)
{
	static const struct troth_migration step[] = { { 1, upgrade } };
	struct rig *r = *state;
	struct troth_schema two = rig_schema;
	struct troth_txn t;
	struct troth_span v;
	int status = 0;
	pid_t child;

	two.format = 2;
	two.migrations = step;
	two.migration_index = 1;
	rig_open(r);
	assert_int_equal(rig_write(r->kv, 1, 10, &r->why), TROTH_OK);
	rig_close(r);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		crash_now = true;
		(void)!troth_kv_open(&r->kv, r->path, &two, &rig_options, &r->why);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);

	rig_open(r); /* By the old program: nothing has happened. */
	assert_int_equal(rig_count(r->kv), 1);
	rig_close(r);
	assert_int_equal(troth_kv_open(&r->kv, r->path, &two, &rig_options, &r->why),
			 TROTH_OK);
	assert_int_equal(runs, 1);
	troth_txn_begin(&t, r->kv, TROTH_TXN_READ);
	assert_int_equal(troth_txn_count(&t, THING), 101);
	assert_true(troth_txn_get(&t, META, troth_span_str("format"), &v));
	assert_true(troth_span_eq(v, troth_span_str("2")));
	assert_int_equal(troth_txn_commit(&t, &r->why), TROTH_OK);
	rig_close(r);
	assert_int_equal(rig_try_open(r, false), TROTH_ERR_INPUT);
}

/* ---- A write that fails ---- */

/*
 * A limit on the size of files makes LMDB's writes fail with EFBIG, which is
 * neither "full" nor anything else that one might live with.
 */
static int die_of_a_failed_write(struct rig *r)
{
	struct rlimit limit = { 200 << 10, 200 << 10 };
	struct troth_why first, again;
	uint64_t n = 0;
	enum troth_err err;
	struct troth_txn t;

	signal(SIGXFSZ, SIG_IGN);
	if (rig_try_open(r, false) != TROTH_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	while ((err = rig_write(r->kv, n + 1, 20000, &first)) == TROTH_OK)
		n++;
	if (err != TROTH_ERR_IO || strstr(first.text, "must exit") == NULL ||
	    strstr(first.text, r->path) == NULL)
		return 2;
	if (!troth_kv_poisoned(r->kv, &again) || strcmp(first.text, again.text) != 0)
		return 3;
	if (rig_write(r->kv, n + 1, 1, &again) != TROTH_ERR_IO)
		return 4;
	troth_txn_begin(&t, r->kv, TROTH_TXN_READ);
	if (troth_txn_commit(&t, &again) != TROTH_ERR_IO ||
	    strcmp(first.text, again.text) != 0)
		return 5;
	return n > 0 ? 100 + (int)n : 6;
}

static void a_commit_that_fails_poisons_and_the_next_start_finds_what_was_told(
	void **state)
{
	struct rig *r = *state;
	int status = 0;
	pid_t child;

	rig_open(r);
	rig_close(r);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(die_of_a_failed_write(r));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), 101, 200);
	rig_open(r);
	assert_int_equal(rig_count(r->kv), WEXITSTATUS(status) - 100);
	assert_int_equal(rig_write(r->kv, rig_count(r->kv) + 1, 10, &r->why), TROTH_OK);
}

/* ---- A full disk ---- */

static const struct troth_kv_options small_disk = { .map_bytes = 256 * MIB,
						    .reserve_bytes = 4 * MIB };

/* A tmpfs, where a write that meets the end of the disk is short. */
static bool mount_tmpfs(struct rig *r)
{
	return mount("troth-test", r->dir, "tmpfs", 0, "size=16m,mode=0700") == 0;
}

/* An ext4 in a file, where it is refused. */
static bool mount_ext4(struct rig *r)
{
	return setenv("TROTH_TEST_DISK", r->dir, 1) == 0 &&
	       system("d=$TROTH_TEST_DISK && truncate -s 32M \"$d.img\" && "
		      "mkfs.ext4 -q -m 0 \"$d.img\" 2>&1 && "
		      "mount -o loop \"$d.img\" \"$d\" 2>&1") == 0;
}

static int disk_setup(void **state)
{
	bool (*const *mounts)(struct rig * r) = *state;
	bool mounted;
	struct rig *r;

	if (rig_setup(state) != 0)
		return -1;
	r = *state;
	mounted = geteuid() == 0 && (*mounts)(r);
	if (!mounted) {
		print_message("skipped: a small disk cannot be mounted here%s\n",
			      geteuid() != 0 ? ": not root" : "");
		(void)rmdir(r->dir);
		r->path[0] = '\0';
	}
	return 0;
}

static int disk_teardown(void **state)
{
	struct rig *r = *state;
	char image[SCRATCH_MAX + 8];

	troth_kv_close(r->kv);
	snprintf(image, sizeof(image), "%s.img", r->dir);
	if (r->path[0] != '\0') {
		(void)umount2(r->dir, MNT_DETACH);
		(void)rmdir(r->dir);
	}
	(void)unlink(image);
	free(r);
	return 0;
}

static bool has_ballast(struct rig *r)
{
	char path[SCRATCH_MAX];
	struct stat s;

	scratch_path(path, r->path, "ballast");
	return stat(path, &s) == 0 && (uint64_t)s.st_blocks * 512 >= MIB;
}

/* Somebody else's file takes all of the disk but `leave` bytes. */
static void somebody_fills_the_disk(struct rig *r, uint64_t leave)
{
	char path[SCRATCH_MAX];
	struct statvfs fs;
	uint64_t bytes;
	int fd;

	scratch_path(path, r->dir, "filler");
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fstatvfs(fd, &fs), 0);
	assert_true((uint64_t)fs.f_bavail * fs.f_frsize > leave);
	bytes = (uint64_t)fs.f_bavail * fs.f_frsize - leave;
	/* The file's own bookkeeping may need a block or two. */
	while (posix_fallocate(fd, 0, (off_t)bytes) != 0)
		bytes -= 4096;
	close(fd);
}

static void somebody_cleans_up(struct rig *r)
{
	char path[SCRATCH_MAX];

	scratch_path(path, r->dir, "filler");
	assert_int_equal(unlink(path), 0);
}

static void a_full_disk_costs_the_ballast_and_nothing_else(void **state)
{
	struct rig *r = *state;
	struct troth_kv_usage usage;
	enum troth_err err;
	uint64_t n = 0;

	if (r->path[0] == '\0')
		skip();
	assert_int_equal(
		troth_kv_open(&r->kv, r->path, &rig_schema, &small_disk, &r->why),
		TROTH_OK);
	assert_true(has_ballast(r));
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_OK);
	somebody_fills_the_disk(r, 7 * MIB);
	while ((err = rig_write(r->kv, n + 1, 200000, &r->why)) == TROTH_OK) {
		n++;
		/* Admission stops long before commits fail. */
		assert_true(n < 18 || troth_kv_room(r->kv) == TROTH_ROOM_REFUSE);
	}
	assert_int_equal(err, TROTH_ERR_FULL);
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_REFUSE);
	assert_false(has_ballast(r));
	assert_false(troth_kv_poisoned(r->kv, NULL));
	assert_int_equal(rig_count(r->kv), n);

	/* The ballast was the room in which the same process goes on. */
	assert_int_equal(rig_write(r->kv, n + 1, 200000, &r->why), TROTH_OK);
	n++;
	while ((err = rig_write(r->kv, n + 1, 200000, &r->why)) == TROTH_OK)
		n++;
	assert_int_equal(err, TROTH_ERR_FULL);
	assert_int_equal(troth_kv_maintain(r->kv, NULL, &r->why), TROTH_OK);
	assert_false(has_ballast(r)); /* Not while there is no room. */

	somebody_cleans_up(r);
	assert_int_equal(rig_write(r->kv, n + 1, 200000, &r->why), TROTH_OK);
	assert_int_equal(rig_count(r->kv), n + 1);
	assert_int_equal(troth_kv_maintain(r->kv, NULL, &r->why), TROTH_OK);
	assert_true(has_ballast(r));
	assert_int_equal(troth_kv_usage(r->kv, &usage, &r->why), TROTH_OK);
	assert_true(usage.room != TROTH_ROOM_REFUSE);
}

static void a_database_on_a_full_disk_opens_and_a_new_one_is_refused(void **state)
{
	struct rig *r = *state;
	struct rig other = *r;

	if (r->path[0] == '\0')
		skip();
	assert_int_equal(
		troth_kv_open(&r->kv, r->path, &rig_schema, &small_disk, &r->why),
		TROTH_OK);
	assert_int_equal(rig_write(r->kv, 1, 10, &r->why), TROTH_OK);
	rig_close(r);
	somebody_fills_the_disk(r, 0);
	assert_int_equal(
		troth_kv_open(&r->kv, r->path, &rig_schema, &small_disk, &r->why),
		TROTH_OK);
	assert_int_equal(rig_count(r->kv), 1);
	assert_int_equal(troth_kv_room(r->kv), TROTH_ROOM_REFUSE);
	scratch_path(other.path, r->dir, "new");
	assert_int_equal(troth_kv_open(&other.kv, other.path, &rig_schema, &small_disk,
				       &other.why),
			 TROTH_ERR_FULL);
	assert_non_null(strstr(other.why.text, other.path));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
#define DISK(f, fs)                                                                      \
	{                                                                                \
#f " on " #fs, f, disk_setup, disk_teardown, &mount_##fs##_here          \
	}

int main(void)
{
	/* Pointers to functions do not fit a void pointer; pointers to those do. */
	static bool (*mount_tmpfs_here)(struct rig * r) = mount_tmpfs;
	static bool (*mount_ext4_here)(struct rig * r) = mount_ext4;
	const struct CMUnitTest tests[] = {
		TEST(every_commit_acknowledged_before_kill_9_is_there),
		TEST(a_crash_in_a_migration_leaves_the_old_format_and_the_next_start_upgrades),
		TEST(a_commit_that_fails_poisons_and_the_next_start_finds_what_was_told),
		DISK(a_full_disk_costs_the_ballast_and_nothing_else, tmpfs),
		DISK(a_full_disk_costs_the_ballast_and_nothing_else, ext4),
		DISK(a_database_on_a_full_disk_opens_and_a_new_one_is_refused, tmpfs),
		DISK(a_database_on_a_full_disk_opens_and_a_new_one_is_refused, ext4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
