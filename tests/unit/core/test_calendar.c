#include "troth/core/calendar.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define H(hour) ((hour)*60)

/* Changes of clocks as rules have them, so that no file is needed. */
static const struct troth_zone berlin = {
	.name = "Europe/Berlin",
	.has_rule = true,
	.has_summer = true,
	.standard_s = 3600,
	.summer_s = 7200,
	.begins = { TROTH_ZONE_WEEKDAY, 3, 5, 0, 7200 },
	.ends = { TROTH_ZONE_WEEKDAY, 10, 5, 0, 10800 },
};

static const struct troth_zone new_york = {
	.name = "America/New_York",
	.has_rule = true,
	.has_summer = true,
	.standard_s = -18000,
	.summer_s = -14400,
	.begins = { TROTH_ZONE_WEEKDAY, 3, 2, 0, 7200 },
	.ends = { TROTH_ZONE_WEEKDAY, 11, 1, 0, 7200 },
};

static const struct troth_zone manila = {
	.name = "Asia/Manila",
	.has_rule = true,
	.standard_s = 28800,
};

static const struct troth_zone sydney = {
	.name = "Australia/Sydney",
	.has_rule = true,
	.has_summer = true,
	.standard_s = 36000,
	.summer_s = 39600,
	.begins = { TROTH_ZONE_WEEKDAY, 10, 1, 0, 7200 },
	.ends = { TROTH_ZONE_WEEKDAY, 4, 1, 0, 10800 },
};

/* Monday to Friday from nine to five, Saturday from ten to two; a holiday, a short day.
 */
static struct troth_calendar office(const struct troth_zone *zone)
{
	struct troth_calendar c = { .zone = *zone };

	for (unsigned i = 0; i < 5; i++)
		c.week[i] = (struct troth_day){ 1, { { H(9), H(17) } } };
	c.week[5] = (struct troth_day){ 1, { { H(10), H(14) } } };
	c.holidays[c.holiday_count++] = troth_date(2026, 12, 25);
	c.special[0].date = troth_date(2026, 12, 24);
	c.special[0].day = (struct troth_day){ 1, { { H(9), H(12) } } };
	c.special_count = 1;
	return c;
}

static struct troth_time at(const char *text)
{
	struct troth_time t;

	assert_true(troth_time_parse(&t, text));
	return t;
}

static void same(struct troth_time got, const char *want)
{
	char text[TROTH_TIME_TEXT], wanted[TROTH_TIME_TEXT];

	troth_time_format(text, got);
	troth_time_format(wanted, at(want));
	assert_string_equal(text, wanted);
}

static void a_wall_clock_is_ahead_by_the_zones_rule(void **state)
{
	static const struct {
		const struct troth_zone *zone;
		const char *instant;
		int32_t ahead_s;
	} rows[] = {
		{ &berlin, "2026-03-29T00:59:59.999Z", 3600 },
		{ &berlin, "2026-03-29T01:00:00Z", 7200 },
		{ &berlin, "2026-10-25T00:59:59.999Z", 7200 },
		{ &berlin, "2026-10-25T01:00:00Z", 3600 },
		{ &new_york, "2026-03-08T06:59:59.999Z", -18000 },
		{ &new_york, "2026-03-08T07:00:00Z", -14400 },
		{ &new_york, "2026-11-01T05:59:59.999Z", -14400 },
		{ &new_york, "2026-11-01T06:00:00Z", -18000 },
		{ &manila, "2026-03-29T01:00:00Z", 28800 },
		{ &manila, "2026-10-25T01:00:00Z", 28800 },
		/* In the south the year begins and ends in summer. */
		{ &sydney, "2026-01-01T00:00:00Z", 39600 },
		{ &sydney, "2026-04-04T15:59:59.999Z", 39600 },
		{ &sydney, "2026-04-04T16:00:00Z", 36000 },
		{ &sydney, "2026-10-03T15:59:59.999Z", 36000 },
		{ &sydney, "2026-10-03T16:00:00Z", 39600 },
		{ &sydney, "2026-12-31T23:59:59Z", 39600 },
		/* A leap year and one that is none; long after any table. */
		{ &berlin, "2400-03-26T01:00:00Z", 7200 },
		{ &berlin, "2100-03-28T00:59:59Z", 3600 },
		{ &berlin, "9999-12-31T23:59:59Z", 3600 },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++)
		assert_int_equal(
			troth_zone_ahead(rows[i].zone, at(rows[i].instant), NULL),
			rows[i].ahead_s);
}

static void a_day_of_the_year_is_counted_with_or_without_february_29(void **state)
{
	struct troth_zone z = { .has_rule = true,
				.has_summer = true,
				.summer_s = 3600,
				.begins = { TROTH_ZONE_JULIAN, .day = 60 },
				.ends = { TROTH_ZONE_DAY, .day = 60, .at_s = 86400 } };

	(void)state;
	/* J60 is 1 March in every year; 60 is 1 March, and 29 February + 1 in 2028. */
	assert_int_equal(troth_zone_ahead(&z, at("2026-02-28T23:59:59Z"), NULL), 0);
	assert_int_equal(troth_zone_ahead(&z, at("2026-03-01T00:00:00Z"), NULL), 3600);
	assert_int_equal(troth_zone_ahead(&z, at("2026-03-02T23:00:00Z"), NULL), 0);
	assert_int_equal(troth_zone_ahead(&z, at("2028-02-29T23:59:59Z"), NULL), 0);
	assert_int_equal(troth_zone_ahead(&z, at("2028-03-01T00:00:00Z"), NULL), 3600);
	assert_int_equal(troth_zone_ahead(&z, at("2028-03-01T23:00:00Z"), NULL), 0);
}

static void summer_that_ends_where_it_begins_lasts_all_year(void **state)
{
	struct troth_zone z = { .has_rule = true,
				.has_summer = true,
				.standard_s = -10800,
				.summer_s = -14400,
				.begins = { TROTH_ZONE_DAY },
				.ends = { TROTH_ZONE_JULIAN, .day = 365,
					  .at_s = 82800 } };

	(void)state;
	for (int64_t day = 0; day < 800; day++)
		assert_int_equal(troth_zone_ahead(&z,
						  (struct troth_time){
							  at("2026-01-01T03:00:00Z").ms +
							  day * INT64_C(86400000) },
						  NULL),
				 -14400);
}

static void a_table_comes_before_the_rule(void **state)
{
	struct troth_zone z = berlin;

	(void)state;
	z.first_s = 600;
	z.count = 2;
	z.at[0] = at("2000-01-01T00:00:00Z").ms / 1000;
	z.ahead_s[0] = 1200;
	z.at[1] = at("2010-01-01T00:00:00Z").ms / 1000;
	z.ahead_s[1] = 3600;
	assert_int_equal(troth_zone_ahead(&z, at("1999-12-31T23:59:59.999Z"), NULL), 600);
	assert_int_equal(troth_zone_ahead(&z, at("2000-01-01T00:00:00Z"), NULL), 1200);
	assert_int_equal(troth_zone_ahead(&z, at("2009-12-31T23:59:59Z"), NULL), 1200);
	assert_int_equal(troth_zone_ahead(&z, at("2010-07-01T00:00:00Z"), NULL), 7200);
	z.has_rule = false;
	assert_int_equal(troth_zone_ahead(&z, at("2010-07-01T00:00:00Z"), NULL), 3600);
}

static void a_local_time_is_the_first_instant_that_shows_it_or_a_later_one(void **state)
{
	(void)state;
	same(troth_zone_instant(&berlin, troth_date(2026, 7, 1), H(12)),
	     "2026-07-01T10:00:00Z");
	/* Never shown: from two to three on 29 March. */
	same(troth_zone_instant(&berlin, troth_date(2026, 3, 29), H(2) + 30),
	     "2026-03-29T01:00:00Z");
	/* Shown twice: from two to three on 25 October. */
	same(troth_zone_instant(&berlin, troth_date(2026, 10, 25), H(2) + 30),
	     "2026-10-25T00:30:00Z");
	same(troth_zone_instant(&berlin, troth_date(2026, 10, 25), H(24)),
	     "2026-10-25T23:00:00Z");
	same(troth_zone_instant(&new_york, troth_date(2026, 3, 8), H(2) + 30),
	     "2026-03-08T07:00:00Z");
	same(troth_zone_instant(&new_york, troth_date(2026, 11, 1), H(1) + 30),
	     "2026-11-01T05:30:00Z");
	same(troth_zone_instant(&sydney, troth_date(2026, 10, 4), H(2)),
	     "2026-10-03T16:00:00Z");
}

static void open_is_what_the_wall_clock_shows(void **state)
{
	struct troth_calendar c = office(&berlin);
	struct troth_time until;

	(void)state;
	assert_false(troth_calendar_open(&c, at("2026-11-16T07:59:59.999Z"), &until));
	same(until, "2026-11-16T08:00:00Z");
	assert_true(troth_calendar_open(&c, at("2026-11-16T08:00:00Z"), &until));
	same(until, "2026-11-16T16:00:00Z");
	assert_false(troth_calendar_open(&c, at("2026-11-16T16:00:00Z"), NULL));
	/* A holiday; a special day; a Saturday; a Sunday. */
	assert_false(troth_calendar_open(&c, at("2026-12-25T10:00:00Z"), NULL));
	assert_true(troth_calendar_open(&c, at("2026-12-24T10:59:59Z"), NULL));
	assert_false(troth_calendar_open(&c, at("2026-12-24T11:00:00Z"), NULL));
	assert_true(troth_calendar_open(&c, at("2026-12-26T10:00:00Z"), NULL));
	assert_false(troth_calendar_open(&c, at("2026-12-27T10:00:00Z"), NULL));
}

/* Hours in the night in which clocks change. */
static struct troth_calendar nights(const struct troth_zone *zone)
{
	struct troth_calendar c = { .zone = *zone };

	for (unsigned i = 0; i < 7; i++)
		c.week[i] = (struct troth_day){ 1, { { H(1), H(4) } } };
	return c;
}

static void hours_that_no_clock_shows_do_not_count_and_others_count_twice(void **state)
{
	static const struct {
		const struct troth_zone *zone;
		const char *from, *to;
		int64_t hours;
	} rows[] = {
		{ &berlin, "2026-03-28T00:00:00Z", "2026-03-28T12:00:00Z", 3 },
		{ &berlin, "2026-03-28T20:00:00Z", "2026-03-29T12:00:00Z", 2 },
		{ &berlin, "2026-10-24T20:00:00Z", "2026-10-25T12:00:00Z", 4 },
		{ &new_york, "2026-03-08T00:00:00Z", "2026-03-08T12:00:00Z", 2 },
		{ &new_york, "2026-11-01T00:00:00Z", "2026-11-01T12:00:00Z", 4 },
		{ &sydney, "2026-10-03T12:00:00Z", "2026-10-04T00:00:00Z", 2 },
		{ &sydney, "2026-04-04T12:00:00Z", "2026-04-05T00:00:00Z", 4 },
		{ &manila, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 3 },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_calendar c = nights(rows[i].zone);

		assert_int_equal(
			troth_calendar_between(&c, at(rows[i].from), at(rows[i].to)),
			rows[i].hours * 3600000);
	}
}

static void business_time_passes_only_while_it_is_open(void **state)
{
	static const struct {
		const struct troth_zone *zone;
		const char *from;
		int64_t ms;
		const char *end;
	} rows[] = {
		/* Inside a day; over a night; over Saturday noon; over a Sunday. */
		{ &berlin, "2026-11-16T09:00:00Z", 7200000, "2026-11-16T11:00:00Z" },
		{ &berlin, "2026-11-16T15:30:00Z", 7200000, "2026-11-17T09:30:00Z" },
		{ &berlin, "2026-11-20T15:00:00Z", 7200000, "2026-11-21T10:00:00Z" },
		{ &berlin, "2026-11-21T12:00:00Z", 7200000, "2026-11-23T09:00:00Z" },
		/* Asked while closed; ends at a close, not at the next opening. */
		{ &berlin, "2026-11-22T03:00:00Z", 1, "2026-11-23T08:00:00.001Z" },
		{ &berlin, "2026-11-16T08:00:00Z", 28800000, "2026-11-16T16:00:00Z" },
		{ &berlin, "2026-11-22T03:00:00Z", 0, "2026-11-22T03:00:00Z" },
		/* Over a short day and a holiday. */
		{ &berlin, "2026-12-24T10:00:00Z", 7200000, "2026-12-26T10:00:00Z" },
		/* Over both changes of clocks. */
		{ &berlin, "2026-03-27T15:00:00Z", 21600000, "2026-03-30T08:00:00Z" },
		{ &berlin, "2026-10-23T14:00:00Z", 21600000, "2026-10-26T09:00:00Z" },
		{ &new_york, "2026-03-06T21:00:00Z", 21600000, "2026-03-09T14:00:00Z" },
		{ &new_york, "2026-10-30T20:00:00Z", 21600000, "2026-11-02T15:00:00Z" },
		{ &sydney, "2026-10-02T06:00:00Z", 21600000, "2026-10-04T23:00:00Z" },
		{ &manila, "2026-10-23T08:00:00Z", 21600000, "2026-10-26T02:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_calendar c = office(rows[i].zone);
		struct troth_time end;

		assert_true(troth_calendar_add(&c, at(rows[i].from), rows[i].ms, &end));
		same(end, rows[i].end);
		assert_int_equal(troth_calendar_between(&c, at(rows[i].from), end),
				 rows[i].ms);
	}
}

static void a_working_day_ends_when_it_closes(void **state)
{
	static const struct {
		const struct troth_zone *zone;
		const char *from;
		unsigned days;
		const char *end;
	} rows[] = {
		/* Whatever the hour of the day that does not count itself. */
		{ &berlin, "2026-11-16T03:00:00Z", 1, "2026-11-17T16:00:00Z" },
		{ &berlin, "2026-11-16T22:59:00Z", 1, "2026-11-17T16:00:00Z" },
		{ &berlin, "2026-11-16T23:00:00Z", 1, "2026-11-18T16:00:00Z" },
		/* A Saturday closes earlier; a Sunday is none; nor a holiday. */
		{ &berlin, "2026-11-20T12:00:00Z", 1, "2026-11-21T13:00:00Z" },
		{ &berlin, "2026-11-21T12:00:00Z", 1, "2026-11-23T16:00:00Z" },
		{ &berlin, "2026-11-22T12:00:00Z", 1, "2026-11-23T16:00:00Z" },
		{ &berlin, "2026-12-23T12:00:00Z", 1, "2026-12-24T11:00:00Z" },
		{ &berlin, "2026-12-23T12:00:00Z", 2, "2026-12-26T13:00:00Z" },
		{ &berlin, "2026-12-23T12:00:00Z", 3, "2026-12-28T16:00:00Z" },
		/* Over changes of clocks. */
		{ &berlin, "2026-03-28T12:00:00Z", 1, "2026-03-30T15:00:00Z" },
		{ &new_york, "2026-10-31T12:00:00Z", 1, "2026-11-02T22:00:00Z" },
		{ &sydney, "2026-10-02T12:00:00Z", 2, "2026-10-05T06:00:00Z" },
		{ &manila, "2026-11-20T12:00:00Z", 2, "2026-11-23T09:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_calendar c = office(rows[i].zone);
		struct troth_time end;

		assert_true(troth_calendar_add_days(&c, at(rows[i].from), rows[i].days,
						    &end));
		same(end, rows[i].end);
	}
}

static void a_calendar_that_is_never_open_ends_with_false(void **state)
{
	struct troth_calendar c = { .zone = berlin };
	struct troth_time end = { 42 };

	(void)state;
	assert_false(troth_calendar_add(&c, at("2026-11-16T03:00:00Z"), 1, &end));
	assert_false(troth_calendar_add_days(&c, at("2026-11-16T03:00:00Z"), 1, &end));
	assert_int_equal(end.ms, 42);
	assert_int_equal(troth_calendar_between(&c, at("2000-01-01T00:00:00Z"),
						at("9999-01-01T00:00:00Z")),
			 0);
}

static void time_is_counted_to_the_reach_and_no_further(void **state)
{
	struct troth_calendar c = { .zone = manila };
	const int64_t reach = TROTH_CALENDAR_REACH_DAYS * INT64_C(86400000);
	struct troth_time from = at("2026-11-16T03:00:00Z"), end;

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		c.week[i] = (struct troth_day){ 1, { { 0, H(24) } } };
	assert_true(troth_calendar_add(&c, from, reach, &end));
	assert_int_equal(end.ms - from.ms, reach);
	assert_false(troth_calendar_add(&c, from, reach + INT64_C(172800000), &end));
	assert_int_equal(
		troth_calendar_between(&c, from, (struct troth_time){ from.ms + reach }),
		reach);
	assert_int_equal(troth_calendar_between(
				 &c, from, (struct troth_time){ from.ms + reach + 1 }),
			 reach);
	assert_int_equal(troth_calendar_between(&c, end, from), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wall_clock_is_ahead_by_the_zones_rule),
		cmocka_unit_test(
			a_day_of_the_year_is_counted_with_or_without_february_29),
		cmocka_unit_test(summer_that_ends_where_it_begins_lasts_all_year),
		cmocka_unit_test(a_table_comes_before_the_rule),
		cmocka_unit_test(
			a_local_time_is_the_first_instant_that_shows_it_or_a_later_one),
		cmocka_unit_test(open_is_what_the_wall_clock_shows),
		cmocka_unit_test(
			hours_that_no_clock_shows_do_not_count_and_others_count_twice),
		cmocka_unit_test(business_time_passes_only_while_it_is_open),
		cmocka_unit_test(a_working_day_ends_when_it_closes),
		cmocka_unit_test(a_calendar_that_is_never_open_ends_with_false),
		cmocka_unit_test(time_is_counted_to_the_reach_and_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
