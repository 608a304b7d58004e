#include "troth/core/calendar.h"

#include <string.h>

#define MS_PER_S      INT64_C(1000)
#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_DAY    INT64_C(86400000)
#define S_PER_DAY     INT64_C(86400)
#define REACH_MS      (TROTH_CALENDAR_REACH_DAYS * MS_PER_DAY)

/* Divides towards minus infinity: instants before 1970 have days too. */
static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* ---- Dates --- */

int32_t troth_date(int year, int month, int day)
{
	return (int32_t)(troth_time_civil(year, month, day, 0, 0, 0).ms / MS_PER_DAY);
}

void troth_date_split(int32_t date, int *year, int *month, int *day)
{
	troth_time_date((struct troth_time){ date * MS_PER_DAY }, year, month, day);
}

/* 0: Monday. 1970-01-01 was a Thursday. */
static unsigned weekday(int64_t date)
{
	return (unsigned)((date % 7 + 7 + 3) % 7);
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* ---- Zones ---- */

void troth_zone_utc(struct troth_zone *z)
{
	*z = (struct troth_zone){ .name = "UTC", .has_rule = true };
}

/* The first of the change's day in `year`, by any wall clock. */
static int64_t change_date(const struct troth_zone_change *c, int year)
{
	int64_t date;
	unsigned first;
	int last;

	switch (c->how) {
	case TROTH_ZONE_JULIAN:
		return troth_date(year, 1, 1) + c->day - 1 +
		       (leap(year) && c->day >= 60 ? 1 : 0);
	case TROTH_ZONE_DAY:
		return troth_date(year, 1, 1) + c->day;
	case TROTH_ZONE_WEEKDAY:
		break;
	}
	date = troth_date(year, c->month, 1);
	last = troth_date(c->month == 12 ? year + 1 : year, c->month % 12 + 1, 1) - 1;
	first = (weekday(date) + 1) % 7; /* 0: Sunday, as the rule counts. */
	date += (c->day - (int)first + 7) % 7 + (c->week - 1) * 7;
	return date > last ? date - 7 : date;
}

/* Unix seconds of a change in `year`, by a clock that is `ahead_s` before it. */
static int64_t change_at(const struct troth_zone_change *c, int year, int32_t ahead_s)
{
	return change_date(c, year) * S_PER_DAY + c->at_s - ahead_s;
}

/* The offset by the rule at Unix second `s`, and when the rule next has a change. */
static int32_t by_rule(const struct troth_zone *z, int64_t s, int64_t *until)
{
	int64_t best = INT64_MIN;
	int32_t ahead = z->standard_s;
	int year, month, day;

	*until = s + 366 * S_PER_DAY;
	if (!z->has_summer)
		return z->standard_s;
	troth_date_split((int32_t)floor_div(s, S_PER_DAY), &year, &month, &day);
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t ends = change_at(&z->ends, y, z->summer_s);
		int64_t begins = change_at(&z->begins, y, z->standard_s);

		if (ends <= s && ends > best) {
			best = ends;
			ahead = z->standard_s;
		}
		/* Where one year's end is the next one's beginning, it is summer. */
		if (begins <= s && begins >= best) {
			best = begins;
			ahead = z->summer_s;
		}
		if (ends > s && ends < *until)
			*until = ends;
		if (begins > s && begins < *until)
			*until = begins;
	}
	return ahead;
}

/* How many transitions lie at or before Unix second s. */
static unsigned transitions_before(const struct troth_zone *z, int64_t s)
{
	unsigned low = 0, high = z->count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (z->at[mid] <= s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int32_t ahead_at(const struct troth_zone *z, int64_t s, int64_t *until)
{
	unsigned n = transitions_before(z, s);

	/* A zone without a table has its rule from the beginning. */
	if (n == z->count && z->has_rule)
		return by_rule(z, s, until);
	*until = s + 366 * S_PER_DAY;
	if (n < z->count && z->at[n] < *until)
		*until = z->at[n];
	return n == 0 ? z->first_s : z->ahead_s[n - 1];
}

int32_t troth_zone_ahead(const struct troth_zone *z, struct troth_time t,
			 struct troth_time *until)
{
	int64_t end;
	int32_t ahead = ahead_at(z, floor_div(t.ms, MS_PER_S), &end);

	if (until != NULL)
		until->ms = end * MS_PER_S;
	return ahead;
}

void troth_zone_local(const struct troth_zone *z, struct troth_time t, int32_t *date,
		      int32_t *ms)
{
	int64_t local = t.ms + troth_zone_ahead(z, t, NULL) * MS_PER_S;
	int64_t days = floor_div(local, MS_PER_DAY);

	*date = (int32_t)days;
	*ms = (int32_t)(local - days * MS_PER_DAY);
}

struct troth_time troth_zone_instant(const struct troth_zone *z, int32_t date, int minute)
{
	/* No wall clock is more than a day and a bit from UTC (RFC 9636: 26 hours). */
	int64_t local = date * MS_PER_DAY + minute * MS_PER_MINUTE;
	struct troth_time t = { local - 27 * 3600 * MS_PER_S }, until;

	for (;;) {
		int64_t shown = local - troth_zone_ahead(z, t, &until) * MS_PER_S;

		if (shown < t.ms)
			return t; /* The clock had been put forward over it. */
		if (shown < until.ms)
			return (struct troth_time){ shown };
		t = until;
	}
}

/* ---- Calendars ---- */

static const struct troth_day *hours_of(const struct troth_calendar *c, int32_t date)
{
	static const struct troth_day closed;

	for (unsigned i = 0; i < c->special_count; i++)
		if (c->special[i].date == date)
			return &c->special[i].day;
	for (unsigned low = 0, high = c->holiday_count; low < high;) {
		unsigned mid = low + (high - low) / 2;

		if (c->holidays[mid] == date)
			return &closed;
		if (c->holidays[mid] < date)
			low = mid + 1;
		else
			high = mid;
	}
	return &c->week[weekday(date)];
}

/* As troth_calendar_open, and the date that the wall clock shows. */
static bool look(const struct troth_calendar *c, struct troth_time t,
		 struct troth_time *until, int32_t *date)
{
	struct troth_time change;
	int64_t local = t.ms + troth_zone_ahead(&c->zone, t, &change) * MS_PER_S;
	int64_t days = floor_div(local, MS_PER_DAY);
	int64_t shown = local - days * MS_PER_DAY, next = MS_PER_DAY;
	const struct troth_day *day = hours_of(c, (int32_t)days);
	bool open = false;

	for (unsigned i = 0; i < day->count && next == MS_PER_DAY && !open; i++) {
		if (shown < day->hours[i].from * MS_PER_MINUTE) {
			next = day->hours[i].from * MS_PER_MINUTE;
		} else if (shown < day->hours[i].to * MS_PER_MINUTE) {
			next = day->hours[i].to * MS_PER_MINUTE;
			open = true;
		}
	}
	*date = (int32_t)days;
	until->ms = t.ms + next - shown;
	if (change.ms < until->ms)
		*until = change;
	return open;
}

bool troth_calendar_open(const struct troth_calendar *c, struct troth_time t,
			 struct troth_time *until)
{
	struct troth_time end;
	int32_t date;
	bool open = look(c, t, &end, &date);

	if (until != NULL)
		*until = end;
	return open;
}

bool troth_calendar_add(const struct troth_calendar *c, struct troth_time from,
			int64_t ms, struct troth_time *end)
{
	struct troth_time t = from, until;
	int32_t date;

	while (ms > 0) {
		if (t.ms - from.ms > REACH_MS)
			return false;
		if (look(c, t, &until, &date)) {
			if (ms <= until.ms - t.ms)
				until.ms = t.ms + ms;
			ms -= until.ms - t.ms;
		}
		t = until;
	}
	*end = t;
	return true;
}

bool troth_calendar_add_days(const struct troth_calendar *c, struct troth_time from,
			     unsigned days, struct troth_time *end)
{
	struct troth_time t = from, until, close = { 0 };
	int32_t date, last;

	(void)look(c, from, &until, &last);
	/* One whole date beyond the one that counts: clocks may be put back over
	 * midnight, and then a date that was over is shown again. */
	for (;; t = until) {
		bool open = look(c, t, &until, &date);

		if (t.ms - from.ms > REACH_MS)
			return false;
		if (days == 0 && date > last + 1)
			break;
		if (open && date > last && days > 0) {
			days--;
			last = date;
		}
		if (open && date == last)
			close = until;
	}
	*end = close;
	return true;
}

int64_t troth_calendar_between(const struct troth_calendar *c, struct troth_time a,
			       struct troth_time b)
{
	struct troth_time t = a, until;
	int64_t sum = 0;
	int32_t date;

	if (b.ms - a.ms > REACH_MS)
		b.ms = a.ms + REACH_MS;
	while (t.ms < b.ms) {
		bool open = look(c, t, &until, &date);

		if (until.ms > b.ms)
			until = b;
		if (open)
			sum += until.ms - t.ms;
		t = until;
	}
	return sum;
}
