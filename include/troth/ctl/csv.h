/*
 * csv - tables as text (RFC 4180), gzip'd or not, read row by row and strictly.
 *
 * The first row names the columns. A field may be quoted, and then hold commas,
 * line breaks and doubled quotes; lines end with LF or CRLF; a UTF-8 byte order
 * mark before the first row is skipped. Everything else is refused with
 * "file:line: ...": a quote inside a field that is not quoted, text behind a
 * closing quote, a quote that is never closed, a lone CR, a zero byte, a row with
 * more or fewer fields than there are columns, compressed data that is cut off.
 */
#ifndef TROTH_CTL_CSV_H
#define TROTH_CTL_CSV_H

#include "troth/base/err.h"

#include <stdint.h>

#define TROTH_CSV_COLUMNS_MAX 64
#define TROTH_CSV_ROW_MAX     ((size_t)1 << 20) /* Bytes of a row's fields. */

struct troth_csv;

/*
 * Opens the file and finds the `count` columns of those names in its first row,
 * in whatever order it has them; other columns are passed over. TROTH_ERR_IO if
 * it cannot be read, TROTH_ERR_INPUT if a column is missing or there twice. The
 * caller owes a close in any case.
 */
TROTH_MUST_USE enum troth_err troth_csv_open(struct troth_csv **out, const char *path,
					     const char *const *columns, unsigned count,
					     struct troth_why *why);

/*
 * Reads the next row: fields[i] is its value in column i of those asked for,
 * NUL-terminated, borrowed until the next call. TROTH_ERR_NOTFOUND at the end of
 * the table.
 */
TROTH_MUST_USE enum troth_err troth_csv_next(struct troth_csv *csv, const char **fields,
					     struct troth_why *why);

/* Line of the file on which the row last read began, from 1. */
uint64_t troth_csv_line(const struct troth_csv *csv);

/* Writes "file:line: ..." about the row last read and returns TROTH_ERR_INPUT. */
enum troth_err troth_csv_fail(const struct troth_csv *csv, struct troth_why *why,
			      const char *fmt, ...) TROTH_PRINTF(3, 4);

/* Closes the file. Accepts NULL and what a failed open left. */
void troth_csv_close(struct troth_csv *csv);

#endif
