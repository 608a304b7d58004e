#include "troth/ctl/csv.h"

#include "troth/base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char *const columns[] = { "b", "a" };

static char path[] = "/tmp/troth-csv-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd >= 0 ? close(fd) : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_plain(const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void write_gz(const void *data, size_t len)
{
	gzFile f = gzopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(gzwrite(f, data, (unsigned)len), len);
	assert_int_equal(gzclose(f), Z_OK);
}

/* Reads all rows as "b|a;b|a;", or "error: " and what is wrong, without the path. */
static void read_all(char *out, size_t size)
{
	struct troth_csv *csv;
	struct troth_why why;
	const char *f[2];
	enum troth_err err = troth_csv_open(&csv, path, columns, 2, &why);
	size_t n = 0;

	out[0] = '\0';
	while (err == TROTH_OK) {
		err = troth_csv_next(csv, f, &why);
		if (err == TROTH_OK)
			n += (size_t)snprintf(out + n, size - n, "%s|%s;", f[0], f[1]);
	}
	if (err != TROTH_ERR_NOTFOUND) {
		assert_int_equal(err, TROTH_ERR_INPUT);
		assert_memory_equal(why.text, path, strlen(path));
		snprintf(out, size, "error%s", why.text + strlen(path));
	}
	troth_csv_close(csv);
}

static const struct story {
	const char *says, *text, *want;
} stories[] = {
	{ "columns are found by name", "a,x,b\n1,2,3\n4,5,6\n", "3|1;6|4;" },
	{ "the last line needs no end", "a,b\n1,2", "2|1;" },
	{ "an empty last field is a field", "a,b\n1,", "|1;" },
	{ "CRLF ends a line as LF does", "a,b\r\n1,2\r\n3,4\n", "2|1;4|3;" },
	{ "a byte order mark is passed over",
	  "\xef\xbb\xbf"
	  "a,b\n1,2\n",
	  "2|1;" },
	{ "quoted fields hold commas, breaks and quotes",
	  "\"a\",b\n\"x, \"\"y\"\"\r\nz\",\"\"\n\"\"\"\",2\n", "|x, \"y\"\r\nz;2|\";" },
	{ "a table may have no rows", "a,b\n", "" },
	{ "an empty file has no columns", "", "error:1: it is empty" },
	{ "a column must be there", "a,c\n1,2\n", "error:1: column b is missing" },
	{ "a column must be there once", "a,b,b\n", "error:1: column b is there twice" },
	{ "a short row is refused", "a,b\n1,2\n3\n",
	  "error:3: 1 fields, where there are 2 columns" },
	{ "a long row is refused", "a,b\n1,2,3\n",
	  "error:2: 3 fields, where there are 2 columns" },
	{ "an empty line is no row", "a,b\n\n1,2\n",
	  "error:2: 1 fields, where there are 2 columns" },
	{ "lines in fields are counted", "a,b\n\"1\n\n\",2\n3\n",
	  "error:5: 1 fields, where there are 2 columns" },
	{ "a quote must open a field", "a,b\n1,2\"3\"\n",
	  "error:2: a quote inside a field that is not quoted" },
	{ "a quote must end a field", "a,b\n\"1\"2,3\n",
	  "error:2: text behind a closing quote" },
	{ "a quote must be closed", "a,b\n\"1,2\n3,4\n",
	  "error:2: a quote is never closed" },
	{ "CR alone ends nothing", "a,b\n1\r2,3\n", "error:2: a CR without LF" },
	{ "CR at the end of the file ends nothing", "a,b\n1,2\r",
	  "error:2: a CR without LF" },
};

static void rows_are_read_and_what_is_no_row_is_refused_with_its_line(void **state)
{
	char got[512];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(stories); i++) {
		print_message("  %s\n", stories[i].says);
		write_plain(stories[i].text, strlen(stories[i].text));
		read_all(got, sizeof(got));
		assert_string_equal(got, stories[i].want);
		write_gz(stories[i].text, strlen(stories[i].text));
		read_all(got, sizeof(got));
		assert_string_equal(got, stories[i].want);
	}
}

static void a_zero_byte_is_refused(void **state)
{
	static const char text[] = "a,b\n1,\0002\n";
	char got[512];

	(void)state;
	write_plain(text, sizeof(text) - 1);
	read_all(got, sizeof(got));
	assert_string_equal(got, "error:2: a zero byte");
}

static void compressed_data_that_is_cut_off_or_damaged_is_refused(void **state)
{
	enum { ROWS = 40000 };
	char *text = malloc((size_t)ROWS * 16), got[64];
	uint8_t *packed = malloc((size_t)ROWS * 16);
	size_t len = (size_t)snprintf(text, 5, "a,b\n"), size;
	struct troth_csv *csv;
	struct troth_why why;
	const char *f[2];
	enum troth_err err;
	FILE *in;

	(void)state;
	for (int i = 0; i < ROWS; i++)
		len += (size_t)snprintf(text + len, 16, "%d,%d\n", i, i * 7 % 1000);
	write_gz(text, len);
	in = fopen(path, "rb");
	size = fread(packed, 1, (size_t)ROWS * 16, in);
	fclose(in);
	for (int damaged = 0; damaged < 2; damaged++) {
		packed[size / 2] ^= damaged ? 0x55 : 0;
		write_plain(packed, damaged ? size : size - 9);
		err = troth_csv_open(&csv, path, columns, 2, &why);
		while (err == TROTH_OK)
			err = troth_csv_next(csv, f, &why);
		assert_int_equal(err, TROTH_ERR_INPUT);
		snprintf(got, sizeof(got), "compressed data is %s",
			 damaged ? "damaged" : "cut off");
		assert_non_null(strstr(why.text, got));
		troth_csv_close(csv);
	}
	free(text);
	free(packed);
}

static void a_row_and_its_columns_have_limits(void **state)
{
	char *text = malloc(2 * TROTH_CSV_ROW_MAX), *out = malloc(2 * TROTH_CSV_ROW_MAX);
	/* "1" and the field, each with its zero byte. */
	size_t longest = TROTH_CSV_ROW_MAX - 3, at;

	(void)state;
	for (int over = 0; over < 2; over++) {
		at = (size_t)sprintf(text, "a,b\n1,");
		memset(text + at, 'x', longest + (size_t)over);
		at += longest + (size_t)over;
		text[at++] = '\n';
		write_plain(text, at);
		read_all(out, 2 * TROTH_CSV_ROW_MAX);
		if (over)
			assert_string_equal(out, "error:2: the row is longer than 1 MiB");
		else
			assert_int_equal(strlen(out), longest + 3);
	}
	for (unsigned n = TROTH_CSV_COLUMNS_MAX; n <= TROTH_CSV_COLUMNS_MAX + 1; n++) {
		at = (size_t)sprintf(text, "a,b");
		for (unsigned i = 2; i < n; i++)
			at += (size_t)sprintf(text + at, ",c%u", i);
		text[at++] = '\n';
		write_plain(text, at);
		read_all(out, 100);
		assert_string_equal(out, n > TROTH_CSV_COLUMNS_MAX
						 ? "error:1: more than 64 fields"
						 : "");
	}
	free(text);
	free(out);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct troth_csv *csv;
	struct troth_why why;

	(void)state;
	assert_int_equal(troth_csv_open(&csv, "/nonexistent/x.csv", columns, 2, &why),
			 TROTH_ERR_IO);
	assert_string_equal(why.text, "/nonexistent/x.csv: No such file or directory");
	troth_csv_close(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rows_are_read_and_what_is_no_row_is_refused_with_its_line),
		cmocka_unit_test(a_zero_byte_is_refused),
		cmocka_unit_test(compressed_data_that_is_cut_off_or_damaged_is_refused),
		cmocka_unit_test(a_row_and_its_columns_have_limits),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
