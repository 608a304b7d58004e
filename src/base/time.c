#include "troth/base/time.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

/*
 * Days since 1970-01-01 of a proleptic Gregorian date. Years are counted from
 * March, so that the leap day ends a year and months follow one formula.
 */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;

	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t days, int *y, int *m, int *d)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

static int64_t clamp(int64_t ms)
{
	if (ms < 0)
		return 0;
	return ms > TROTH_TIME_MAX_MS ? TROTH_TIME_MAX_MS : ms;
}

void troth_time_format(char out[TROTH_TIME_TEXT], struct troth_time t)
{
	int64_t ms = clamp(t.ms);
	unsigned in_day = (unsigned)(ms % MS_PER_DAY);
	int y, m, d;

	civil_from_days(ms / MS_PER_DAY, &y, &m, &d);
	/* The moduli tell the compiler that every field has its width. */
	(void)snprintf(out, TROTH_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		       (unsigned)y % 10000, (unsigned)m % 100, (unsigned)d % 100,
		       in_day / 3600000 % 24, in_day / 60000 % 60, in_day / 1000 % 60,
		       in_day % 1000);
}

static bool digits(const char **p, int count, int *out)
{
	int v = 0;

	for (int i = 0; i < count; i++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (*(*p)++ - '0');
	}
	*out = v;
	return true;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool fraction(const char **p, int *ms)
{
	int scale = 100, count = 0;

	*ms = 0;
	if (!literal(p, '.'))
		return true;
	for (; **p >= '0' && **p <= '9'; (*p)++, count++) {
		*ms += scale * (**p - '0');
		scale /= 10;
	}
	return count >= 1 && count <= 9;
}

static bool offset(const char **p, int *minutes)
{
	int sign = **p == '-' ? -1 : 1;
	int h, m;

	*minutes = 0;
	if (literal(p, 'Z') || literal(p, 'z'))
		return true;
	if (!literal(p, '+') && !literal(p, '-'))
		return false;
	if (!digits(p, 2, &h) || !literal(p, ':') || !digits(p, 2, &m) || h > 23 ||
	    m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

static bool valid_date(int y, int m, int d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (m < 1 || m > 12 || d < 1)
		return false;
	return d <= days[m - 1] + (m == 2 && leap);
}

bool troth_time_parse(struct troth_time *out, const char *text)
{
	const char *p = text;
	int y, mo, d, h, mi, s, ms, off;

	if (!digits(&p, 4, &y) || !literal(&p, '-') || !digits(&p, 2, &mo) ||
	    !literal(&p, '-') || !digits(&p, 2, &d))
		return false;
	if (!literal(&p, 'T') && !literal(&p, 't'))
		return false;
	if (!digits(&p, 2, &h) || !literal(&p, ':') || !digits(&p, 2, &mi) ||
	    !literal(&p, ':') || !digits(&p, 2, &s))
		return false;
	if (!fraction(&p, &ms) || !offset(&p, &off) || *p != '\0')
		return false;
	if (!valid_date(y, mo, d) || h > 23 || mi > 59 || s > 59)
		return false;

	int64_t at = days_from_civil(y, mo, d) * MS_PER_DAY + h * INT64_C(3600000) +
		     (mi - off) * INT64_C(60000) + s * INT64_C(1000) + ms;
	if (at < 0 || at > TROTH_TIME_MAX_MS)
		return false;
	out->ms = at;
	return true;
}

struct troth_time troth_time_civil(int year, int month, int day, int hour, int minute,
				   int second)
{
	return (struct troth_time){ days_from_civil(year, month, day) * MS_PER_DAY +
				    hour * INT64_C(3600000) + minute * INT64_C(60000) +
				    second * INT64_C(1000) };
}

void troth_time_date(struct troth_time t, int *year, int *month, int *day)
{
	int y, m, d;

	civil_from_days(clamp(t.ms) / MS_PER_DAY, &y, &m, &d);
	if (year != NULL)
		*year = y;
	if (month != NULL)
		*month = m;
	if (day != NULL)
		*day = d;
}
