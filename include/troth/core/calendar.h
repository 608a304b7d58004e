/*
 * calendar - when somebody is at work: wall clocks of a zone, weekly hours,
 * holidays, and time that counts only while the doors are open.
 *
 * Everything is pure and works in memory that the caller provides. A zone says
 * how far its wall clock is ahead of UTC at any instant; hours and holidays are
 * said by the wall clock. A calendar is open at an instant if, and only if, the
 * wall clock then shows a date and a time of day within its hours. So, where
 * clocks are put forward, hours that no clock shows do not count; and where they
 * are put back, hours that are shown twice count twice.
 *
 * No question looks further than TROTH_CALENDAR_REACH_DAYS ahead: a calendar
 * that is never open (again) ends with false after bounded work.
 */
#ifndef TROTH_CORE_CALENDAR_H
#define TROTH_CORE_CALENDAR_H

#include "troth/base/time.h"

#include <stdbool.h>
#include <stdint.h>

#define TROTH_CALENDAR_NAME_MAX    32
#define TROTH_ZONE_NAME_MAX        63
#define TROTH_ZONE_TRANSITIONS_MAX 512 /* Since 1970. */
#define TROTH_HOURS_MAX            4   /* Intervals in a day. */
#define TROTH_HOLIDAYS_MAX         128
#define TROTH_SPECIAL_DAYS_MAX     32
#define TROTH_CALENDAR_REACH_DAYS  3660 /* Ten years. */
#define TROTH_WORKING_DAYS_MAX     1000 /* To be added at once. */

/* One end of daylight saving time, as POSIX writes them (TZ, RFC 9636 3.3). */
enum troth_zone_day {
	TROTH_ZONE_JULIAN = 1, /* Jn: day 1 to 365; 29 February is never counted. */
	TROTH_ZONE_DAY = 2,    /* n: day 0 to 365; 29 February counts. */
	TROTH_ZONE_WEEKDAY = 3 /* Mm.w.d: weekday d (0: Sunday) of week w (5: last). */
};

struct troth_zone_change {
	enum troth_zone_day how;
	int month, week, day;
	int32_t at_s; /* Wall-clock seconds since that day's midnight; -167 h to 167 h. */
};

/*
 * What a wall clock shows: its seconds ahead of UTC from transition to
 * transition, and the rule for all time after the last one.
 */
struct troth_zone {
	char name[TROTH_ZONE_NAME_MAX + 1];
	int32_t first_s; /* Before the first transition. */
	unsigned count;
	int64_t at[TROTH_ZONE_TRANSITIONS_MAX];      /* Unix seconds, growing. */
	int32_t ahead_s[TROTH_ZONE_TRANSITIONS_MAX]; /* From at[i] on. */
	bool has_rule;   /* Else the last offset holds for ever. */
	bool has_summer; /* Else standard_s holds from the last transition on. */
	int32_t standard_s, summer_s;
	struct troth_zone_change begins, ends; /* Of summer time, in each year. */
};

/* The zone UTC. */
void troth_zone_utc(struct troth_zone *z);

/*
 * Seconds that the zone's wall clock is ahead of UTC at `t`. Where `until` is not
 * NULL, *until is an instant up to which that stays so (and at which it may
 * change), later than t, at most a year and a few days.
 */
int32_t troth_zone_ahead(const struct troth_zone *z, struct troth_time t,
			 struct troth_time *until);

/* A local date as days since 1970-01-01, and the inverse. */
int32_t troth_date(int year, int month, int day);
void troth_date_split(int32_t date, int *year, int *month, int *day);

/* What the wall clock shows at t: the date, and milliseconds since its midnight. */
void troth_zone_local(const struct troth_zone *z, struct troth_time t, int32_t *date,
		      int32_t *ms);

/*
 * The instant at which the wall clock shows `minute` (0 to 1440) of `date`. Shown
 * twice (clocks are put back): the first of the two. Never shown (they are put
 * forward): the instant of the change, the first that is later on the wall clock.
 */
struct troth_time troth_zone_instant(const struct troth_zone *z, int32_t date,
				     int minute);

/* Open from minute `from` of a day until minute `to`, exclusive; to may be 1440. */
struct troth_hours {
	uint16_t from, to;
};

/* The hours of one day: sorted, not touching or overlapping. None: closed. */
struct troth_day {
	unsigned count;
	struct troth_hours hours[TROTH_HOURS_MAX];
};

struct troth_calendar {
	char name[TROTH_CALENDAR_NAME_MAX + 1];
	struct troth_zone zone;
	struct troth_day week[7]; /* Monday first. */
	unsigned holiday_count;
	int32_t holidays[TROTH_HOLIDAYS_MAX]; /* Dates, growing: closed all day. */
	unsigned special_count;
	struct {
		int32_t date;         /* Growing. */
		struct troth_day day; /* In place of the weekday's hours. */
	} special[TROTH_SPECIAL_DAYS_MAX];
};

/*
 * Whether c is open at t. Where `until` is not NULL, *until is an instant later
 * than t up to which that stays so.
 */
bool troth_calendar_open(const struct troth_calendar *c, struct troth_time t,
			 struct troth_time *until);

/*
 * The instant *end by which c has been open for `ms` (0 or more) since `from`: the
 * earliest one, so at the close of a day rather than at the opening of the next;
 * for ms 0 it is `from`. False (*end untouched): not within the reach.
 */
bool troth_calendar_add(const struct troth_calendar *c, struct troth_time from,
			int64_t ms, struct troth_time *end);

/*
 * The close of the `days`th (1 or more) working day after the local date of
 * `from`. That date does not count itself, open or not: asked for on any hour of
 * a Friday, one working day ends when Monday closes. A working day is a date on
 * which c is open at some time; its close is the last instant of that. False
 * (*end untouched): not within the reach.
 */
bool troth_calendar_add_days(const struct troth_calendar *c, struct troth_time from,
			     unsigned days, struct troth_time *end);

/*
 * For how many ms c is open between two instants; 0 unless a is before b. What
 * lies more than TROTH_CALENDAR_REACH_DAYS behind a is not counted.
 */
int64_t troth_calendar_between(const struct troth_calendar *c, struct troth_time a,
			       struct troth_time b);

#endif
