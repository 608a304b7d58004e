/*
 * replay_csv - what files of past events have in common. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_CSV_H
#define TROTH_SRC_CTL_REPLAY_CSV_H

#include "troth/base/time.h"
#include "troth/ctl/csv.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the file of a table in `dir`, by one of two names, with ".csv.gz" or
 * ".csv". False if there is none; `out` then has the first that was looked for.
 */
bool csv_find_file(const char *dir, const char *name, const char *other,
		   char out[PATH_MAX]);

/* Each copies a field of the row last read, or fails with file, line and column. */
TROTH_MUST_USE enum troth_err csv_name(const struct troth_csv *csv, const char *column,
				       const char *text, char *out, size_t max,
				       struct troth_why *why);
/* Any text of 1 to `max` bytes; `max` and `out` as above. */
TROTH_MUST_USE enum troth_err csv_text(const struct troth_csv *csv, const char *column,
				       const char *text, char *out, size_t max,
				       struct troth_why *why);
/* "2018-01-18 14:48:30", taken as UTC, and nothing else; empty is 0 if it may be. */
TROTH_MUST_USE enum troth_err csv_time(const struct troth_csv *csv, const char *column,
				       const char *text, bool required,
				       struct troth_time *out, struct troth_why *why);

/* Room for one more element, zero, at *array; NULL: no memory. */
void *csv_one_more(void **array, size_t *count, size_t size);

#endif
