#include "troth/ctl/csv.h"

#include "troth/base/span.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK ((size_t)64 << 10)
#define EOT   (-1) /* End of the file. */
#define BAD   (-2) /* It cannot be read; csv->trouble says why. */

struct troth_csv {
	char path[512];
	gzFile file;
	uint8_t chunk[CHUNK];
	size_t at, len;
	uint64_t line;     /* Of the byte that is read next, */
	uint64_t row_line; /* and of the row's first. */
	const char *trouble;
	struct troth_buf row; /* The fields, each with a NUL. */
	size_t starts[TROTH_CSV_COLUMNS_MAX];
	unsigned field_count, column_count, wanted_count;
	unsigned wanted[TROTH_CSV_COLUMNS_MAX];
};

enum troth_err troth_csv_fail(const struct troth_csv *csv, struct troth_why *why,
			      const char *fmt, ...)
{
	char text[TROTH_WHY_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return troth_fail(why, TROTH_ERR_INPUT, "%s:%llu: %s", csv->path,
			  (unsigned long long)csv->row_line, text);
}

static int fill(struct troth_csv *csv)
{
	int n = gzread(csv->file, csv->chunk, CHUNK);
	int code = Z_OK;

	csv->at = 0;
	csv->len = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 0;
	(void)gzerror(csv->file, &code);
	if (n < 0 || code == Z_BUF_ERROR) { /* zlib's word for "cut off". */
		csv->trouble = code == Z_BUF_ERROR ? "compressed data is cut off"
			       : code == Z_ERRNO   ? "cannot be read"
						   : "compressed data is damaged";
		return BAD;
	}
	return EOT;
}

static int peek(struct troth_csv *csv)
{
	if (csv->at == csv->len) {
		int end = fill(csv);

		if (end != 0)
			return end;
	}
	return csv->chunk[csv->at];
}

static int take(struct troth_csv *csv)
{
	int c = peek(csv);

	if (c >= 0)
		csv->at++;
	if (c == '\n')
		csv->line++;
	if (c == '\0') {
		csv->trouble = "a zero byte";
		return BAD;
	}
	return c;
}

static bool put(struct troth_csv *csv, int c)
{
	if (csv->row.len >= TROTH_CSV_ROW_MAX) {
		csv->trouble = "the row is longer than 1 MiB";
		return false;
	}
	troth_buf_put_u8(&csv->row, (uint8_t)c);
	return true;
}

/* Behind the opening quote. Returns what follows the closing one. */
static int quoted(struct troth_csv *csv)
{
	for (;;) {
		int c = take(csv);

		if (c == EOT)
			csv->trouble = "a quote is never closed";
		if (c < 0)
			return BAD;
		if (c == '"') {
			if (peek(csv) != '"')
				return take(csv);
			(void)take(csv);
		}
		if (!put(csv, c))
			return BAD;
	}
}

static int plain(struct troth_csv *csv, int c)
{
	for (; c >= 0 && c != ',' && c != '\n' && c != '\r'; c = take(csv)) {
		if (c == '"') {
			csv->trouble = "a quote inside a field that is not quoted";
			return BAD;
		}
		if (!put(csv, c))
			return BAD;
	}
	return c;
}

/* Reads one field; *end is what ended it: ',', '\n' or EOT. False: csv->trouble. */
static bool field(struct troth_csv *csv, int first, int *end)
{
	bool in_quotes = first == '"';

	if (csv->field_count == TROTH_CSV_COLUMNS_MAX) {
		csv->trouble = "more than 64 fields";
		return false;
	}
	csv->starts[csv->field_count++] = csv->row.len;
	*end = in_quotes ? quoted(csv) : plain(csv, first);
	if (*end == '\r') {
		*end = take(csv);
		if (*end != '\n' && *end != BAD) {
			csv->trouble = "a CR without LF";
			return false;
		}
	}
	if (*end >= 0 && *end != ',' && *end != '\n') {
		csv->trouble = "text behind a closing quote";
		return false;
	}
	return *end != BAD && put(csv, '\0');
}

static enum troth_err read_row(struct troth_csv *csv, struct troth_why *why)
{
	int c, end = ',';

	troth_buf_reset(&csv->row);
	csv->field_count = 0;
	csv->row_line = csv->line;
	csv->trouble = NULL;
	c = take(csv);
	if (c == EOT)
		return TROTH_ERR_NOTFOUND;
	while (c != BAD && end == ',') {
		if (!field(csv, c, &end))
			break;
		if (end == ',')
			c = take(csv);
	}
	if (csv->trouble != NULL)
		return troth_csv_fail(csv, why, "%s", csv->trouble);
	if (csv->row.failed)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", csv->path);
	return TROTH_OK;
}

static void skip_mark(struct troth_csv *csv)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	if (peek(csv) >= 0 && csv->len - csv->at >= sizeof(mark) &&
	    memcmp(csv->chunk + csv->at, mark, sizeof(mark)) == 0)
		csv->at += sizeof(mark);
}

static const char *text_of(const struct troth_csv *csv, unsigned i)
{
	return (const char *)csv->row.data + csv->starts[i];
}

static enum troth_err find_columns(struct troth_csv *csv, const char *const *columns,
				   unsigned count, struct troth_why *why)
{
	enum troth_err err = read_row(csv, why);

	if (err == TROTH_ERR_NOTFOUND)
		return troth_csv_fail(csv, why, "it is empty");
	if (err != TROTH_OK)
		return err;
	csv->column_count = csv->field_count;
	for (unsigned i = 0; i < count; i++) {
		unsigned found = 0;

		for (unsigned k = 0; k < csv->column_count; k++) {
			if (strcmp(text_of(csv, k), columns[i]) != 0)
				continue;
			csv->wanted[i] = k;
			found++;
		}
		if (found != 1)
			return troth_csv_fail(csv, why, "column %s %s", columns[i],
					      found == 0 ? "is missing"
							 : "is there twice");
	}
	csv->wanted_count = count;
	return TROTH_OK;
}

enum troth_err troth_csv_open(struct troth_csv **out, const char *path,
			      const char *const *columns, unsigned count,
			      struct troth_why *why)
{
	struct troth_csv *csv = calloc(1, sizeof(*csv));

	assert(count <= TROTH_CSV_COLUMNS_MAX);
	*out = csv;
	if (csv == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	if (strlen(path) >= sizeof(csv->path))
		return troth_fail(why, TROTH_ERR_INPUT, "%s: the path is too long", path);
	memcpy(csv->path, path, strlen(path) + 1);
	csv->line = 1;
	csv->file = gzopen(path, "rbe"); /* Reads what is not compressed as it is. */
	if (csv->file == NULL)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	skip_mark(csv);
	return find_columns(csv, columns, count, why);
}

enum troth_err troth_csv_next(struct troth_csv *csv, const char **fields,
			      struct troth_why *why)
{
	enum troth_err err = read_row(csv, why);

	if (err != TROTH_OK)
		return err;
	if (csv->field_count != csv->column_count)
		return troth_csv_fail(csv, why, "%u fields, where there are %u columns",
				      csv->field_count, csv->column_count);
	for (unsigned i = 0; i < csv->wanted_count; i++)
		fields[i] = text_of(csv, csv->wanted[i]);
	return TROTH_OK;
}

uint64_t troth_csv_line(const struct troth_csv *csv)
{
	return csv->row_line;
}

void troth_csv_close(struct troth_csv *csv)
{
	if (csv == NULL)
		return;
	if (csv->file != NULL)
		(void)gzclose_r(csv->file);
	troth_buf_fini(&csv->row);
	free(csv);
}
