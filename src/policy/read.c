#include "read.h"

#include "troth/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_END 32 /* No enum that a policy names has a number as high. */
#define DEPTH_MAX 8  /* Nothing that has a meaning lies deeper. */

/* ---- What is wrong, and where ---- */

/* Where s stands: "rules[1].earliest". */
static void path_of(const config_setting_t *s, char *out, size_t size)
{
	const config_setting_t *up[DEPTH_MAX];
	unsigned depth = 0;
	size_t len = 0;

	out[0] = '\0';
	for (; s != NULL && !config_setting_is_root(s) && depth < DEPTH_MAX;
	     s = config_setting_parent(s))
		up[depth++] = s;
	while (depth > 0 && len < size) {
		const config_setting_t *at = up[--depth];
		const char *name = config_setting_name(at);
		int n = name != NULL ? snprintf(out + len, size - len, "%s%.64s",
						len > 0 ? "." : "", name)
				     : snprintf(out + len, size - len, "[%d]",
						config_setting_index(at));

		assert(n >= 0);
		len += (size_t)n;
	}
}

bool read_fail(struct reading *r, enum troth_err err, const config_setting_t *s,
	       const char *fmt, ...)
{
	char said[TROTH_WHY_MAX], path[96];
	va_list ap;

	if (r->err != TROTH_OK)
		return false;
	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	path_of(s, path, sizeof(path));
	r->err = troth_fail(r->why, err, "line %u: %s%s%s",
			    (unsigned)config_setting_source_line(s), path,
			    path[0] != '\0' ? ": " : "", said);
	return false;
}

const char *read_string(struct reading *r, const config_setting_t *s)
{
	const char *text = config_setting_get_string(s);

	if (text == NULL) {
		read_fail(r, TROTH_ERR_INPUT, s, "must be text in quotes");
	} else if (!troth_text_ok(troth_span_str(text), false)) {
		read_fail(r, TROTH_ERR_INPUT, s,
			  "must be UTF-8 without control characters");
		text = NULL;
	}
	return text;
}

bool read_is_list(struct reading *r, const config_setting_t *s, unsigned max)
{
	int n;

	if (!config_setting_is_list(s) && !config_setting_is_array(s))
		return read_fail(r, TROTH_ERR_INPUT, s, "must be a list");
	n = config_setting_length(s);
	if (n < 1)
		return read_fail(r, TROTH_ERR_INPUT, s, "is empty");
	return (unsigned)n <= max || read_fail(r, TROTH_ERR_LIMIT, s,
					       "has %d members, and may have %u", n, max);
}

bool read_is_group(struct reading *r, const config_setting_t *s, unsigned max,
		   const char *what)
{
	int n;

	if (!config_setting_is_group(s))
		return read_fail(r, TROTH_ERR_INPUT, s, "must be a group of %s in { }",
				 what);
	n = config_setting_length(s);
	return (unsigned)n <= max ||
	       read_fail(r, TROTH_ERR_LIMIT, s, "has %d %s, and may have %u", n, what,
			 max);
}

bool read_name_of(struct reading *r, const config_setting_t *s, char *out, size_t max)
{
	const char *name = config_setting_name(s);

	if (name == NULL || !troth_text_is_name(name, max))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "must have a name of 1 to %zu letters, digits, - and _",
				 max);
	troth_text_copy(out, max + 1, name);
	return true;
}

/* ---- Members by their kind ---- */

static bool take_name(struct reading *r, const config_setting_t *s,
		      const struct read_key *k, char *out)
{
	const char *text = read_string(r, s);
	size_t max = k->as == READ_NAME ? (size_t)k->max : TROTH_SKU_MAX;
	char bare[TROTH_SKU_MAX + 1];
	size_t len;

	if (text == NULL)
		return false;
	len = strlen(text);
	if (k->as == READ_SKUS && len > 0 && len <= max && text[len - 1] == '*') {
		memcpy(bare, text, len - 1);
		bare[len - 1] = '\0';
		if (len == 1 || troth_text_is_name(bare, max)) {
			troth_text_copy(out, max + 1, text);
			return true;
		}
	}
	if (!troth_text_is_name(text, max))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "must be a name: 1 to %zu of A-Z a-z 0-9 . _ - /%s", max,
				 k->as == READ_SKUS ? ", and perhaps a * at the end"
						    : "");
	troth_text_copy(out, max + 1, text);
	return true;
}

static bool take_currency(struct reading *r, const config_setting_t *s, char out[4])
{
	const char *text = read_string(r, s);

	if (text == NULL)
		return false;
	if (!troth_text_is_currency(text))
		return read_fail(r, TROTH_ERR_INPUT, s, "must be an ISO 4217 code");
	troth_text_copy(out, 4, text);
	return true;
}

/* Says which words there are. */
static bool no_such_word(struct reading *r, const config_setting_t *s,
			 const struct read_key *k, const char *text)
{
	char words[TROTH_WHY_MAX / 2] = "";
	size_t len = 0;

	for (int n = 1; n < WORDS_END && len < sizeof(words); n++) {
		const char *word = k->word(n);

		if (word != NULL && k->number(word) == n)
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s",
						len > 0 ? ", " : "", word);
	}
	return read_fail(r, TROTH_ERR_INPUT, s, "\"%.40s\" is none of %s", text, words);
}

static bool take_word(struct reading *r, const config_setting_t *s,
		      const struct read_key *k, void *out)
{
	const char *text = read_string(r, s);
	int n;

	if (text == NULL)
		return false;
	n = k->number(text);
	if (n < 1)
		return no_such_word(r, s, k, text);
	memcpy(out, &n, sizeof(n));
	return true;
}

static bool take_number(struct reading *r, const config_setting_t *s,
			const struct read_key *k, void *out)
{
	int type = config_setting_type(s);
	int64_t n = config_setting_get_int64(s);
	uint32_t count = (uint32_t)n;

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || n < 1 || n > k->max)
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "must be a whole number, 1 to %lld", (long long)k->max);
	if (k->as == READ_COUNT)
		memcpy(out, &count, sizeof(count));
	else
		memcpy(out, &n, sizeof(n));
	return true;
}

static bool find_calendar(struct reading *r, const config_setting_t *s, const char *name,
			  int *out)
{
	for (unsigned i = 0; i < r->p->calendar_count; i++) {
		if (strcmp(r->p->calendars[i].name, name) == 0) {
			*out = (int)i;
			return true;
		}
	}
	return read_fail(r, TROTH_ERR_INPUT, s, "there is no calendar \"%.40s\"", name);
}

static bool take_wait(struct reading *r, const config_setting_t *s,
		      const struct read_key *k, struct troth_wait *out)
{
	const char *text = read_string(r, s), *calendar;

	if (text == NULL)
		return false;
	if (!read_wait_text(text, out, &calendar))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "must be a wait such as \"20 minutes\", \"1 day\", \"2 "
				 "working hours in CALENDAR\" or \"3 working days in "
				 "CALENDAR\"; at most 365 days or %d working days",
				 TROTH_WORKING_DAYS_MAX);
	if (calendar == NULL)
		return true;
	if (k->as == READ_CLOCK)
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "is counted by the clock: \"20 minutes\", \"1 day\"");
	return find_calendar(r, s, calendar, &out->calendar);
}

static bool take_reference(struct reading *r, const config_setting_t *s,
			   const struct read_key *k, int *out)
{
	const char *text = read_string(r, s);

	if (text == NULL)
		return false;
	if (k->as == READ_CALENDAR)
		return find_calendar(r, s, text, out);
	for (unsigned i = 0; i < r->p->phrase_count; i++) {
		if (strcmp(r->p->phrases[i].name, text) == 0) {
			*out = (int)i;
			return true;
		}
	}
	return read_fail(r, TROTH_ERR_INPUT, s, "there is no phrase \"%.40s\"", text);
}

static bool take(struct reading *r, const config_setting_t *s, const struct read_key *k,
		 void *at)
{
	switch (k->as) {
	case READ_NAME:
	case READ_SKU:
	case READ_SKUS:
		return take_name(r, s, k, at);
	case READ_CURRENCY:
		return take_currency(r, s, at);
	case READ_WORD:
		return take_word(r, s, k, at);
	case READ_FLAG:
		if (config_setting_type(s) != CONFIG_TYPE_BOOL)
			return read_fail(r, TROTH_ERR_INPUT, s, "must be true or false");
		*(bool *)at = config_setting_get_bool(s) != 0;
		return true;
	case READ_NUMBER:
	case READ_COUNT:
		return take_number(r, s, k, at);
	case READ_WAIT:
	case READ_CLOCK:
		return take_wait(r, s, k, at);
	case READ_PHRASE:
	case READ_CALENDAR:
		return take_reference(r, s, k, at);
	case READ_WITH:
		return k->with(r, s, at);
	}
	return false;
}

/* ---- Groups ---- */

static bool known(const struct read_key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return true;
	return false;
}

bool read_group(struct reading *r, const config_setting_t *group,
		const struct read_key *keys, size_t count, void *into)
{
	if (!config_setting_is_group(group))
		return read_fail(r, TROTH_ERR_INPUT, group,
				 "must be a group of keys in { }");
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);

		if (!known(keys, count, config_setting_name(s)))
			return read_fail(r, TROTH_ERR_INPUT, s, "no such key");
	}
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *s = config_setting_get_member(group,
								      keys[i].name);

		if (s == NULL && keys[i].required)
			return read_fail(r, TROTH_ERR_INPUT, group, "%s is missing",
					 keys[i].name);
		if (s != NULL && !take(r, s, &keys[i], (char *)into + keys[i].offset))
			return false;
	}
	return true;
}
