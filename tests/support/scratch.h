/*
 * scratch - a directory of a test's own, removed with all that is in it.
 */
#ifndef TROTH_TESTS_SCRATCH_H
#define TROTH_TESTS_SCRATCH_H

#include <stddef.h>

#define SCRATCH_MAX 512

/* Makes an empty directory under $TMPDIR or /tmp; aborts if it cannot. */
void scratch_make(char out[SCRATCH_MAX]);

/* Removes `path` and everything below it. What is missing is fine. */
void scratch_remove(const char *path);

/* Writes "dir/name" to `out`; aborts if it does not fit. */
void scratch_path(char out[SCRATCH_MAX], const char *dir, const char *name);

#endif
