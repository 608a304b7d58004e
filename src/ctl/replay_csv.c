#include "replay_csv.h"

#include "troth/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool csv_find_file(const char *dir, const char *name, const char *other,
		   char out[PATH_MAX])
{
	const char *const ends[] = { ".csv.gz", ".csv" };

	for (size_t i = 0; i < 2 * TROTH_LEN(ends); i++) {
		int n = snprintf(out, PATH_MAX, "%s/%s%s", dir, i < 2 ? name : other,
				 ends[i % 2]);

		if (n < PATH_MAX && access(out, R_OK) == 0)
			return true;
	}
	(void)snprintf(out, PATH_MAX, "%.4000s/%s.csv.gz", dir, name);
	return false;
}

enum troth_err csv_name(const struct troth_csv *csv, const char *column, const char *text,
			char *out, size_t max, struct troth_why *why)
{
	if (!troth_text_is_name(text, max))
		return troth_csv_fail(csv, why,
				      "%s \"%.40s\": not 1 to %zu of A-Z a-z "
				      "0-9 . _ - /",
				      column, text, max);
	memcpy(out, text, strlen(text) + 1);
	return TROTH_OK;
}

enum troth_err csv_text(const struct troth_csv *csv, const char *column, const char *text,
			char *out, size_t max, struct troth_why *why)
{
	size_t len = strlen(text);

	if (len == 0 || len > max || !troth_text_ok(troth_span(text, len), false))
		return troth_csv_fail(csv, why,
				      "%s \"%.40s\": not text of 1 to %zu bytes", column,
				      text, max);
	memcpy(out, text, len + 1);
	return TROTH_OK;
}

enum troth_err csv_time(const struct troth_csv *csv, const char *column, const char *text,
			bool required, struct troth_time *out, struct troth_why *why)
{
	char rfc3339[] = "YYYY-MM-DDTHH:MM:SSZ";

	out->ms = 0;
	if (text[0] == '\0' && !required)
		return TROTH_OK;
	if (strlen(text) == 19 && text[10] == ' ') {
		memcpy(rfc3339, text, 19);
		rfc3339[10] = 'T';
		if (troth_time_parse(out, rfc3339) && out->ms > 0)
			return TROTH_OK;
	}
	return troth_csv_fail(csv, why,
			      "%s \"%.40s\": not a time as in \"2018-01-18 14:48:30\"",
			      column, text);
}

void *csv_one_more(void **array, size_t *count, size_t size)
{
	size_t n = *count;
	void *grown = *array;

	if ((n & (n - 1)) == 0) /* Full at every power of two. */
		grown = reallocarray(*array, n == 0 ? 1 : 2 * n, size);
	if (grown == NULL)
		return NULL;
	*array = grown;
	(*count)++;
	return memset((char *)grown + n * size, 0, size);
}
