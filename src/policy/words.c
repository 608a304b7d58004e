/* Waits, hours and dates as people write them. */
#include "read.h"

#include <string.h>

static bool literal(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

/* Exactly `width` digits, or 1 to -width of them. */
static bool digits(const char **p, int width, int *out)
{
	int most = width < 0 ? -width : width, count = 0;

	*out = 0;
	for (; count < most && **p >= '0' && **p <= '9'; count++)
		*out = *out * 10 + (*(*p)++ - '0');
	return width < 0 ? count > 0 : count == width;
}

/* ---- Waits ---- */

static const struct unit {
	const char *name;
	int64_t ms;
	bool working;
} units[] = {
	{ "second", 1000, false },
	{ "minute", 60000, true },
	{ "hour", 3600000, true },
	{ "day", INT64_C(86400000), true },
	{ "week", INT64_C(604800000), false },
};

static const struct unit *unit(const char **p)
{
	for (size_t i = 0; i < TROTH_LEN(units); i++) {
		if (!literal(p, units[i].name))
			continue;
		(void)literal(p, "s");
		return &units[i];
	}
	return NULL;
}

bool read_wait_text(const char *text, struct troth_wait *out, const char **calendar)
{
	const char *p = text;
	const struct unit *u;
	bool working;
	int n;

	*out = TROTH_NO_WAIT;
	*calendar = NULL;
	if (!digits(&p, -6, &n) || n == 0 || !literal(&p, " "))
		return false;
	working = literal(&p, "working ");
	u = unit(&p);
	if (u == NULL || (working && !u->working))
		return false;
	if (working && u->ms == INT64_C(86400000)) {
		out->days = (unsigned)n;
		if (n > TROTH_WORKING_DAYS_MAX)
			return false;
	} else {
		out->ms = n * u->ms;
		if (out->ms > TROTH_WAIT_MAX_MS)
			return false;
	}
	if (!working)
		return *p == '\0';
	*calendar = p + strlen(" in ");
	return literal(&p, " in ") && *p != '\0';
}

/* ---- Hours ---- */

/* hh:mm, up to 24:00, as minutes. */
static bool minute(const char **p, uint16_t *out)
{
	int h, m;

	if (!digits(p, 2, &h) || !literal(p, ":") || !digits(p, 2, &m) || m > 59 ||
	    h * 60 + m > 1440)
		return false;
	*out = (uint16_t)(h * 60 + m);
	return true;
}

bool read_hours_text(const char *text, struct troth_day *out)
{
	const char *p = text;
	int after = -1; /* An interval that begins where one ends is the same one. */

	*out = (struct troth_day){ .count = 0 };
	do {
		struct troth_hours h;

		(void)literal(&p, " ");
		if (out->count == TROTH_HOURS_MAX || !minute(&p, &h.from) ||
		    !literal(&p, "-") || !minute(&p, &h.to) || h.from <= after ||
		    h.to <= h.from)
			return false;
		after = h.to;
		out->hours[out->count++] = h;
	} while (literal(&p, ","));
	return *p == '\0';
}

/* ---- Days ---- */

bool read_date_text(const char *text, int32_t *out)
{
	const char *p = text;
	int year, month, day, y, m, d;

	if (!digits(&p, 4, &year) || !literal(&p, "-") || !digits(&p, 2, &month) ||
	    !literal(&p, "-") || !digits(&p, 2, &day) || *p != '\0')
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*out = troth_date(year, month, day);
	troth_date_split(*out, &y, &m, &d);
	return y == year && m == month && d == day; /* There is no 30 February. */
}

static bool weekday(const char **p, unsigned *out)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu",
					     "fri", "sat", "sun" };

	for (*out = 0; *out < TROTH_LEN(names); (*out)++)
		if (literal(p, names[*out]))
			return true;
	return false;
}

bool read_days_text(const char *text, unsigned *first, unsigned *last)
{
	const char *p = text;

	if (!weekday(&p, first))
		return false;
	*last = *first;
	if (literal(&p, "-") && (!weekday(&p, last) || *last <= *first))
		return false;
	return *p == '\0';
}
