/* The section `calendars`: hours, holidays, special days, zones. */
#include "read.h"

#include "troth/base/text.h"

#include <string.h>

static bool take_zone(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_zone *zone = into;
	struct troth_why inner = { "" };
	const char *name = read_string(r, s);
	enum troth_err err;

	if (name == NULL)
		return false;
	if (!troth_zone_name_ok(name))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "must be a time zone such as Europe/Berlin");
	err = r->zones->find(r->zones->ctx, name, zone, &inner);
	if (err == TROTH_ERR_MEMORY || err == TROTH_ERR_IO)
		return read_fail(r, err, s, "%s", inner.text);
	if (err != TROTH_OK)
		return read_fail(r, TROTH_ERR_INPUT, s, "no such time zone here: %s",
				 inner.text);
	TROTH_TEXT_SET(zone->name, name);
	return true;
}

static bool take_day(struct reading *r, const config_setting_t *s, void *into)
{
	const char *text = read_string(r, s);

	if (text == NULL)
		return false;
	return read_hours_text(text, into) ||
	       read_fail(r, TROTH_ERR_INPUT, s,
			 "must be at most %d spans in order, such as \"08:00-12:00, "
			 "13:00-18:00\"",
			 TROTH_HOURS_MAX);
}

static bool take_week(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_day *week = into, day;
	unsigned first, last;

	if (!read_is_group(r, s, 7, "days"))
		return false;
	if (config_setting_length(s) == 0)
		return read_fail(r, TROTH_ERR_INPUT, s, "is never open");
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *d = config_setting_get_elem(s, (unsigned)i);

		if (!read_days_text(config_setting_name(d), &first, &last))
			return read_fail(r, TROTH_ERR_INPUT, d,
					 "is no day: mon, tue, wed, thu, fri, sat, sun, "
					 "or a span such as mon-fri");
		if (!take_day(r, d, &day))
			return false;
		for (unsigned k = first; k <= last; k++) {
			if (week[k].count > 0)
				return read_fail(r, TROTH_ERR_INPUT, d,
						 "has a day that was named before");
			week[k] = day;
		}
	}
	return true;
}

static bool take_date(struct reading *r, const config_setting_t *s, void *into)
{
	const char *text = read_string(r, s);

	if (text == NULL)
		return false;
	return read_date_text(text, into) ||
	       read_fail(r, TROTH_ERR_INPUT, s, "must be a date such as \"2026-12-25\"");
}

static bool is_holiday(const struct troth_calendar *c, int32_t date)
{
	for (unsigned i = 0; i < c->holiday_count; i++)
		if (c->holidays[i] == date)
			return true;
	return false;
}

static bool take_holidays(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_calendar *c = into;

	if (!read_is_list(r, s, TROTH_HOLIDAYS_MAX))
		return false;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		unsigned at = c->holiday_count;
		int32_t date;

		if (!take_date(r, e, &date))
			return false;
		if (is_holiday(c, date))
			return read_fail(r, TROTH_ERR_INPUT, e, "stands there twice");
		for (; at > 0 && c->holidays[at - 1] > date; at--)
			c->holidays[at] = c->holidays[at - 1];
		c->holidays[at] = date;
		c->holiday_count++;
	}
	return true;
}

struct special {
	int32_t date;
	struct troth_day day;
};

static const struct read_key special_keys[] = {
	{ "date", READ_WITH, offsetof(struct special, date), true, .with = take_date },
	{ "hours", READ_WITH, offsetof(struct special, day), true, .with = take_day },
};

/* Comes after holidays: the table of keys has it so. */
static bool take_special(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_calendar *c = into;

	if (!read_is_list(r, s, TROTH_SPECIAL_DAYS_MAX))
		return false;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		unsigned at = c->special_count;
		struct special one;

		if (!read_group(r, e, special_keys, TROTH_LEN(special_keys), &one))
			return false;
		for (; at > 0 && c->special[at - 1].date > one.date; at--)
			c->special[at] = c->special[at - 1];
		if (is_holiday(c, one.date) ||
		    (at > 0 && c->special[at - 1].date == one.date))
			return read_fail(r, TROTH_ERR_INPUT, e,
					 "stands there twice, or is a holiday");
		c->special[at].date = one.date;
		c->special[at].day = one.day;
		c->special_count++;
	}
	return true;
}

static const struct read_key calendar_keys[] = {
	{ "zone", READ_WITH, offsetof(struct troth_calendar, zone), true,
	  .with = take_zone },
	{ "hours", READ_WITH, offsetof(struct troth_calendar, week), true,
	  .with = take_week },
	{ "holidays", READ_WITH, 0, .with = take_holidays },
	{ "special", READ_WITH, 0, .with = take_special },
};

bool read_calendar(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_calendar *c = into;

	return read_name_of(r, s, c->name, TROTH_CALENDAR_NAME_MAX) &&
	       read_group(r, s, calendar_keys, TROTH_LEN(calendar_keys), c);
}
