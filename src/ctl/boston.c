#include "boston.h"

#include "replay_csv.h"
#include "troth/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER,
	OPENED,
	DUE,
	CLOSED,
	ON_TIME,
	STATUS,
	REASON,
	TYPE,
	QUEUE,
	DEPARTMENT,
	SOURCE,
	EXTRACT
};
static const char *const columns[] = {
	[NUMBER] = "case_enquiry_id", [OPENED] = "open_dt",  [DUE] = "sla_target_dt",
	[CLOSED] = "closed_dt",       [ON_TIME] = "on_time", [STATUS] = "case_status",
	[REASON] = "reason",          [TYPE] = "type",       [QUEUE] = "queue",
	[DEPARTMENT] = "department",  [SOURCE] = "source",   [EXTRACT] = "extract",
};

/* "Street Cleaning" -> "street_cleaning"; what a code cannot hold is "_". */
static enum troth_err read_code(const struct troth_csv *csv, const char *text,
				char out[BOSTON_CODE_MAX + 1], struct troth_why *why)
{
	size_t n = 0;

	for (; text[n] != '\0' && n < BOSTON_CODE_MAX; n++) {
		unsigned char c = (unsigned char)text[n];

		out[n] = c < 0x80 && isalnum(c) ? (char)tolower(c) : '_';
	}
	out[n] = '\0';
	return troth_text_is_name(out, BOSTON_CODE_MAX)
		       ? TROTH_OK
		       : troth_csv_fail(csv, why,
					"reason \"%.40s\": does not begin with a letter "
					"or digit",
					text);
}

/* A word of the city's, or nothing. */
static enum troth_err read_word(const struct troth_csv *csv, const char *column,
				const char *text, char out[BOSTON_WORD_MAX + 1],
				struct troth_why *why)
{
	out[0] = '\0';
	return text[0] == '\0' ? TROTH_OK
			       : csv_text(csv, column, text, out, BOSTON_WORD_MAX, why);
}

static enum troth_err read_texts(const struct troth_csv *csv, const char *const *f,
				 struct boston_case *c, struct troth_why *why)
{
	const struct {
		int column;
		char *out;
	} texts[] = { { TYPE, c->type },
		      { QUEUE, c->queue },
		      { SOURCE, c->source },
		      { EXTRACT, c->extract } };
	enum troth_err err = TROTH_OK;

	for (size_t i = 0; i < TROTH_LEN(texts) && err == TROTH_OK; i++)
		err = csv_text(csv, columns[texts[i].column], f[texts[i].column],
			       texts[i].out, BOSTON_TEXT_MAX, why);
	return err;
}

static enum troth_err read_case(const struct troth_csv *csv, const char *const *f,
				struct boston_case *c, struct troth_why *why)
{
	enum troth_err err = csv_name(csv, columns[NUMBER], f[NUMBER], c->number,
				      BOSTON_NUMBER_MAX, why);

	if (err == TROTH_OK)
		err = csv_time(csv, columns[OPENED], f[OPENED], true, &c->opened, why);
	if (err == TROTH_OK)
		err = csv_time(csv, columns[DUE], f[DUE], false, &c->due, why);
	if (err == TROTH_OK)
		err = csv_time(csv, columns[CLOSED], f[CLOSED], false, &c->closed, why);
	if (err == TROTH_OK)
		err = read_word(csv, columns[ON_TIME], f[ON_TIME], c->on_time, why);
	if (err == TROTH_OK)
		err = read_word(csv, columns[STATUS], f[STATUS], c->status, why);
	if (err == TROTH_OK)
		err = read_code(csv, f[REASON], c->reason, why);
	if (err == TROTH_OK)
		err = csv_name(csv, columns[DEPARTMENT], f[DEPARTMENT], c->department,
			       BOSTON_DEPARTMENT_MAX, why);
	if (err == TROTH_OK && strchr(c->department, '/') != NULL)
		err = troth_csv_fail(csv, why, "department \"%s\": has a /",
				     c->department);
	return err == TROTH_OK ? read_texts(csv, f, c, why) : err;
}

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct boston_case *)a)->number,
		      ((const struct boston_case *)b)->number);
}

static enum troth_err load_cases(struct boston *b, const char *path,
				 struct troth_why *why)
{
	const char *f[TROTH_LEN(columns)];
	struct troth_csv *csv;
	struct boston_case *c;
	enum troth_err err = troth_csv_open(&csv, path, columns, TROTH_LEN(columns), why);

	while (err == TROTH_OK) {
		err = troth_csv_next(csv, f, why);
		if (err != TROTH_OK)
			break;
		c = csv_one_more((void **)&b->cases, &b->case_count, sizeof(*c));
		if (c == NULL)
			err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
		else
			err = read_case(csv, f, c, why);
	}
	troth_csv_close(csv);
	if (err != TROTH_ERR_NOTFOUND)
		return err;
	if (b->case_count == 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: holds no cases", path);
	qsort(b->cases, b->case_count, sizeof(*b->cases), by_number);
	for (size_t i = 1; i < b->case_count; i++)
		if (by_number(&b->cases[i - 1], &b->cases[i]) == 0)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: case %s is there twice", path,
					  b->cases[i].number);
	return TROTH_OK;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct boston_department *)a)->id,
		      ((const struct boston_department *)b)->id);
}

static enum troth_err list_departments(struct boston *b, struct troth_why *why)
{
	size_t n = 0;

	b->departments = calloc(b->case_count + 1, sizeof(*b->departments));
	if (b->departments == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	for (size_t i = 0; i < b->case_count; i++)
		memcpy(b->departments[i].id, b->cases[i].department,
		       sizeof(b->departments[i].id));
	qsort(b->departments, b->case_count, sizeof(*b->departments), by_id);
	for (size_t i = 0; i < b->case_count; i++)
		if (n == 0 || by_id(&b->departments[n - 1], &b->departments[i]) != 0)
			b->departments[n++] = b->departments[i];
	b->department_count = n;
	return TROTH_OK;
}

size_t boston_department(const struct boston *b, const char *id)
{
	struct boston_department key = { .id = "" };
	const struct boston_department *found;

	TROTH_TEXT_SET(key.id, id);
	found = bsearch(&key, b->departments, b->department_count,
			sizeof(*b->departments), by_id);
	return (size_t)(found - b->departments);
}

enum troth_err boston_load(void **data, const char *dir, struct troth_why *why)
{
	struct boston *b = calloc(1, sizeof(*b));
	char path[PATH_MAX];
	enum troth_err err;

	*data = b;
	if (b == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	if (!csv_find_file(dir, "cases", "311", path))
		return troth_fail(why, TROTH_ERR_IO, "%s: there is no such file", path);
	err = load_cases(b, path, why);
	return err == TROTH_OK ? list_departments(b, why) : err;
}

void boston_free(void *data)
{
	struct boston *b = data;

	if (b == NULL)
		return;
	free(b->cases);
	free(b->departments);
	free(b);
}
