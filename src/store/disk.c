#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static enum troth_err sys_fail(struct troth_why *why, const char *path, const char *what)
{
	enum troth_err err = errno == ENOSPC || errno == EDQUOT ? TROTH_ERR_FULL
								: TROTH_ERR_IO;

	return troth_fail(why, err, "%s: %s: %s", path, what, strerror(errno));
}

/* ---- The directory ---- */

enum troth_err troth_disk_sync_parent(const char *path, struct troth_why *why)
{
	char *copy = strdup(path);
	int fd = -1;
	enum troth_err err = TROTH_OK;

	if (copy == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = sys_fail(why, path, "fsync of the parent directory");
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

enum troth_err troth_disk_open(struct troth_disk *d, const char *path, bool make,
			       struct troth_why *why)
{
	struct troth_disk new = TROTH_DISK_NONE;
	enum troth_err err = TROTH_OK;

	*d = TROTH_DISK_NONE;
	new.path = strdup(path);
	if (new.path == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	if (make && mkdir(path, 0700) == 0)
		err = troth_disk_sync_parent(path, why);
	else if (make && errno != EEXIST)
		err = sys_fail(why, path, "mkdir");
	if (err != TROTH_OK)
		goto out;
	new.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (new.dir < 0 && errno == ENOENT) {
		err = troth_fail(why, TROTH_ERR_NOTFOUND, "%s: no such directory", path);
		goto out;
	}
	if (new.dir < 0) {
		err = sys_fail(why, path, "open");
		goto out;
	}
	*d = new;
	new = TROTH_DISK_NONE;
out:
	troth_disk_close(&new);
	return err;
}

void troth_disk_close(struct troth_disk *d)
{
	free(d->path);
	if (d->dir >= 0)
		close(d->dir);
	if (d->lock >= 0)
		close(d->lock);
	*d = TROTH_DISK_NONE;
}

enum troth_err troth_disk_sync(const struct troth_disk *d, struct troth_why *why)
{
	return fsync(d->dir) == 0 ? TROTH_OK : sys_fail(why, d->path, "fsync");
}

enum troth_err troth_disk_free(const struct troth_disk *d, uint64_t *bytes,
			       struct troth_why *why)
{
	struct statvfs s;

	*bytes = 0;
	if (fstatvfs(d->dir, &s) != 0)
		return sys_fail(why, d->path, "statvfs");
	*bytes = (uint64_t)s.f_bavail * s.f_frsize;
	return TROTH_OK;
}

#define PROBE       "probe"
#define PROBE_BYTES (1 << 20)

bool troth_disk_is_full(const struct troth_disk *d)
{
	int fd = openat(d->dir, PROBE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = fd < 0 ? errno : posix_fallocate(fd, 0, PROBE_BYTES);

	if (fd >= 0) {
		close(fd);
		(void)unlinkat(d->dir, PROBE, 0);
	}
	return rc == ENOSPC || rc == EDQUOT;
}

/* ---- The writer's lock ---- */

/* The process whose number stands in the lock file; 0 if none can be read. */
static long read_pid(int fd)
{
	char text[24] = { 0 };
	long pid = 0;

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : 0;
}

enum troth_err troth_disk_lock(struct troth_disk *d, struct troth_why *why)
{
	/*
	 * A lock of the open file, not of the process: a second open in this
	 * process is refused as well, and closing another descriptor of the same
	 * file does not give it up.
	 */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char text[24];
	int len, fd;

	assert(d->lock < 0);
	fd = openat(d->dir, TROTH_DISK_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sys_fail(why, d->path, "open " TROTH_DISK_LOCK);
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		enum troth_err err;

		if (errno == EAGAIN || errno == EACCES)
			err = troth_fail(why, TROTH_ERR_AGAIN,
					 "%s: in use by process %ld", d->path,
					 read_pid(fd));
		else
			err = sys_fail(why, d->path, "lock");
		close(fd);
		return err;
	}
	/* The number is for people; a full disk must not keep us from starting. */
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (pwrite(fd, text, (size_t)len, 0) == len && ftruncate(fd, len) != 0)
		errno = 0;
	d->lock = fd;
	return TROTH_OK;
}

bool troth_disk_is_ours(const struct troth_disk *d)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(d->dir, TROTH_DISK_LOCK, O_RDONLY | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	/* Asks only; to take it even for a moment could turn a daemon away. */
	ours = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK &&
	       read_pid(fd) == (long)getpid();
	close(fd);
	return ours;
}

/* ---- The file system ---- */

#define CIFS_MAGIC 0xFF534D42L
#define CEPH_MAGIC 0x00C36400L
#define GFS2_MAGIC 0x01161970L

static const struct {
	long type;
	const char *name;
	bool refuse;
} file_systems[] = {
	{ NFS_SUPER_MAGIC, "nfs", true },
	{ SMB_SUPER_MAGIC, "smb", true },
	{ SMB2_SUPER_MAGIC, "smb2", true },
	{ CIFS_MAGIC, "cifs", true },
	{ AFS_SUPER_MAGIC, "afs", true },
	{ CODA_SUPER_MAGIC, "coda", true },
	{ V9FS_MAGIC, "9p", true },
	{ CEPH_MAGIC, "ceph", true },
	{ GFS2_MAGIC, "gfs2", true },
	{ OCFS2_SUPER_MAGIC, "ocfs2", true },
	{ OVERLAYFS_SUPER_MAGIC,
	  "overlayfs: goes with the container unless it is a volume", false },
	{ TMPFS_MAGIC, "tmpfs: a reboot loses everything", false },
	{ FUSE_SUPER_MAGIC, "fuse: what fsync does there is not known", false },
};

enum troth_err troth_disk_judge(long type, const char *path, struct troth_why *warning,
				struct troth_why *why)
{
	for (size_t i = 0; i < TROTH_LEN(file_systems); i++) {
		/* Some kernels sign-extend, some do not. */
		if ((uint32_t)file_systems[i].type != (uint32_t)type)
			continue;
		if (file_systems[i].refuse)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: is on %s; a database needs a local disk",
					  path, file_systems[i].name);
		(void)troth_fail(warning, TROTH_OK, "%s: is on %s", path,
				 file_systems[i].name);
	}
	return TROTH_OK;
}

enum troth_err troth_disk_check(const struct troth_disk *d, struct troth_why *warning,
				struct troth_why *why)
{
	struct statfs s;

	if (fstatfs(d->dir, &s) != 0)
		return sys_fail(why, d->path, "statfs");
	return troth_disk_judge((long)s.f_type, d->path, warning, why);
}

/* ---- Ballast ---- */

bool troth_disk_has_ballast(const struct troth_disk *d)
{
	struct stat s;

	return fstatat(d->dir, TROTH_DISK_BALLAST, &s, AT_SYMLINK_NOFOLLOW) == 0;
}

bool troth_disk_load_ballast(const struct troth_disk *d, uint64_t bytes)
{
	int fd;
	bool ok;

	fd = openat(d->dir, TROTH_DISK_BALLAST, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return errno == EEXIST;
	ok = posix_fallocate(fd, 0, (off_t)bytes) == 0 && fsync(fd) == 0;
	close(fd);
	if (!ok)
		(void)unlinkat(d->dir, TROTH_DISK_BALLAST, 0);
	return ok;
}

bool troth_disk_drop_ballast(const struct troth_disk *d)
{
	return unlinkat(d->dir, TROTH_DISK_BALLAST, 0) == 0;
}
