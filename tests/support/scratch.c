#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scratch_path(char out[SCRATCH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, SCRATCH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= SCRATCH_MAX)
		abort();
}

void scratch_make(char out[SCRATCH_MAX])
{
	const char *base = getenv("TMPDIR");

	scratch_path(out, base != NULL && base[0] != '\0' ? base : "/tmp",
		     "troth-test-XXXXXX");
	if (mkdtemp(out) == NULL) {
		perror(out);
		abort();
	}
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(const char *path)
{
	if (path[0] != '\0')
		(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
