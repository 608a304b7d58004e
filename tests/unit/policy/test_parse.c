#include "troth/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zones without files. */
static enum troth_err find(void *ctx, const char *name, struct troth_zone *out,
			   struct troth_why *why)
{
	(void)ctx;
	troth_zone_utc(out);
	if (strcmp(name, "Mars/Base") == 0)
		return troth_fail(why, TROTH_ERR_NOTFOUND, "not on this planet");
	return TROTH_OK;
}

static const struct troth_zone_source zones = { find, NULL };

static struct troth_policy *good(const char *text)
{
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };

	if (troth_policy_parse(text, strlen(text), &zones, &p, &why) != TROTH_OK)
		fail_msg("%.200s: %s", text, why.text);
	assert_int_equal(p->version, 0);
	return p;
}

static void bad(const char *text, enum troth_err want, const char *says)
{
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };
	enum troth_err err = troth_policy_parse(text, strlen(text), &zones, &p, &why);

	if (err != want || strncmp(why.text, says, strlen(says)) != 0)
		fail_msg("%.200s: error %d, %s; wanted %s", text, err, why.text, says);
	assert_null(p);
}

#define CAL                                                                              \
	"calendars: { work: { zone = \"UTC\"; hours: { mon-fri = \"09:00-17:00\"; }; "   \
	"}; };\n"

static void an_empty_text_is_a_policy_that_says_nothing(void **state)
{
	struct troth_policy *p = good("");

	(void)state;
	assert_null(troth_policy_rule(p, TROTH_KIND_GIFT, "HDMI-2M"));
	assert_null(troth_policy_remedy(p, "late_delivery"));
	assert_null(troth_policy_ladder(p, TROTH_CAUSE_BROKEN));
	troth_policy_free(p);
}

static const char *const wrong_texts[][2] = {
	{ "a = 1;", "line 1: a: no such section" },
	{ "\nrules: ( {\nkynd = \"gift\"; } );", "line 3: rules[0].kynd: no such key" },
	{ "rules: ( { }, { kind = \"bribe\"; } );",
	  "line 1: rules[1].kind: \"bribe\" is none of gift, credit, refund, "
	  "replacement, repair, redelivery, delivery, callback, answer, other" },
	{ "rules: ( { kind = 1; } );", "line 1: rules[0].kind: must be text in quotes" },
	{ "rules: ( { kind = \"gi\\x01ft\"; } );",
	  "line 1: rules[0].kind: must be UTF-8 without control" },
	{ "rules: ( { most = 0; } );",
	  "line 1: rules[0].most: must be a whole number, 1 to 1000000000000" },
	{ "rules: ( { most = 1.5; } );",
	  "line 1: rules[0].most: must be a whole number" },
	{ "rules: ( { most = 1000000000001L; } );",
	  "line 1: rules[0].most: must be a whole number" },
	{ "rules: ( { forbidden = \"yes\"; } );",
	  "line 1: rules[0].forbidden: must be true or false" },
	{ "rules: ( { sku = \"HD MI\"; } );", "line 1: rules[0].sku: must be a name" },
	{ "rules: ( { sku = \"HD*MI\"; } );", "line 1: rules[0].sku: must be a name" },
	{ "rules: ( { say = \"hello\"; } );",
	  "line 1: rules[0].say: there is no phrase \"hello\"" },
	{ "rules: ( { offer = \"2 working hours in work\"; } );",
	  "line 1: rules[0].offer: there is no calendar \"work\"" },
	{ "rules: { a: { }; };", "line 1: rules: must be a list" },
	{ "rules: ( 1 );", "line 1: rules[0]: must be a group of keys" },
	{ "rules: ( );", "line 1: rules: is empty" },
	{ "routes: ( { kind = \"gift\"; } );", "line 1: routes[0]: owed is missing" },
	{ "routes: ( { on = \"parcel\"; owed: ( ); } );",
	  "line 1: routes[0].on: \"parcel\" is none of order, case" },
	{ "routes: ( { owed: ( { debtor = \"party\"; action = \"pay\"; } ); } );",
	  "line 1: routes[0].owed[0].debtor: \"party\" is none of brand, seller, "
	  "carrier, maker" },
	{ "routes: ( { owed: ( { debtor = \"brand\"; action = \"bribe\"; } ); } );",
	  "line 1: routes[0].owed[0].action: \"bribe\" is none of pack, hand_over, "
	  "deliver, call_back, pay, repair, tell_customer, confirm_with_customer, other" },
	{ "routes: ( { owed: ( { action = \"pay\"; } ); } );",
	  "line 1: routes[0].owed[0]: must have either a debtor or a party" },
	{ "routes: ( { owed: ( { debtor = \"brand\"; party = \"a\"; action = "
	  "\"pay\"; } ); } );",
	  "line 1: routes[0].owed[0]: must have either a debtor or a party" },
	{ "routes: ( { owed: ( { debtor = \"brand\"; } ); } );",
	  "line 1: routes[0].owed[0]: action is missing" },
	{ CAL "routes: ( { owed: ( { debtor = \"brand\"; action = \"pay\";\n"
	      "before_due = \"1 working hour in work\"; } ); } );",
	  "line 3: routes[0].owed[0].before_due: is counted by the clock" },
	{ "remedies: { late: { offers: ( { kind = \"gift\"; due = \"1 day\"; } "
	  "); }; };",
	  "line 1: remedies.late.offers[0]: sku is missing" },
	{ "remedies: { late: { offers: ( { kind = \"credit\"; due = \"1 day\"; } "
	  "); }; };",
	  "line 1: remedies.late.offers[0]: amount is missing" },
	{ "remedies: { late: { offers: ( { kind = \"credit\"; due = \"1 day\"; "
	  "amount = 5; } ); }; };",
	  "line 1: remedies.late.offers[0]: amount and currency" },
	{ "remedies: { late: { offers: ( { kind = \"credit\"; due = \"1 day\"; "
	  "amount = 5; currency = \"eur\"; } ); }; };",
	  "line 1: remedies.late.offers[0].currency: must be an ISO 4217" },
	{ "remedies: { late: { offers: ( { kind = \"callback\"; due = \"1 day\"; "
	  "quantity = 2; } ); }; };",
	  "line 1: remedies.late.offers[0]: quantity stands only with sku" },
	{ "ladders: { sad: { }; };",
	  "line 1: ladders.sad: is no cause: unacknowledged, at_risk, broken, untouched, "
	  "safety, over_authority or follow_up" },
	{ "ladders: { at_risk: { rungs: ( { to = \"maker\"; } ); }; };",
	  "line 1: ladders.at_risk: before stands with at_risk" },
	{ "ladders: { broken: { before = \"1 day\"; rungs: ( { to = \"maker\"; } "
	  "); }; };",
	  "line 1: ladders.broken: before stands with at_risk" },
	{ "ladders: { broken: { rungs: ( { to = \"ghosts\"; } ); }; };",
	  "line 1: ladders.broken.rungs[0]: \"ghosts\" is no on-call list" },
	{ "on_call: { debtor: ( { actor = \"a\"; party = \"b\"; } ); };",
	  "line 1: on_call.debtor: debtor, maker, owner and brand are no names" },
	{ "on_call: { owner: ( { actor = \"a\"; party = \"b\"; } ); };",
	  "line 1: on_call.owner: debtor, maker, owner and brand are no names" },
	{ "ladders: { follow_up: { before = \"1 day\"; rungs: ( { to = \"owner\"; } "
	  "); }; };",
	  "line 1: ladders.follow_up: before stands with at_risk" },
	{ "on_call: { hq: ( { actor = \"a\"; } ); };",
	  "line 1: on_call.hq[0]: party is missing" },
	{ "phrases: { hello: { }; };", "line 1: phrases.hello: has no words" },
	{ "phrases: { hello: { e = \"x\"; }; };",
	  "line 1: phrases.hello.e: is no language" },
	{ "phrases: { hello: { en_GB = \"x\"; }; };",
	  "line 1: phrases.hello.en_GB: is no language" },
	{ "phrases: { he*o: { en = \"x\"; }; };",
	  "line 1: phrases.he*o: must have a name of 1 to 32" },
	{ "calendars: { work: { hours: { mon = \"09:00-17:00\"; }; }; };",
	  "line 1: calendars.work: zone is missing" },
	{ "calendars: { work: { zone = \"Mars/Base\"; }; };",
	  "line 1: calendars.work.zone: no such time zone here: not on this "
	  "planet" },
	{ "calendars: { work: { zone = \"../UTC\"; }; };",
	  "line 1: calendars.work.zone: must be a time zone such as" },
	{ "rules: ( { kind = \"gift\" kind = \"gift\" } );", "line 1: " },
	{ "rules: (", "line 1: syntax error" },
	{ "phrases: { p: { en = \"a\n\"; }; };\nrules: \"",
	  "line 3: text in quotes that does not end" },
	{ "a = \"one \\\" two", "line 1: text in quotes that does not end" },
	{ "\na \"b\";", "line 2: text in quotes where none may stand" },
	{ "{ a = 1, \"b\" }", "line 1: text in quotes where none may stand" },
	{ "rules: (\n}", "line 2: a bracket closes what is not open" },
	{ ")", "line 1: a bracket closes what is not open" },
	{ "\n/* one", "line 2: a comment that does not end" },
	{ "/*/#*/\"a\"", "line 1: text in quotes where none may stand" },
	{ "\n# note\n@include \"/etc/passwd\"\n",
	  "line 3: @include: a policy is one text" },
	{ "# one\r\n", "line 1: lines must end without CR" },
	{ "# \x01\n", "not UTF-8, or with control characters" },
	{ "# \xff\n", "not UTF-8, or with control characters" },
};

static void a_comment_may_end_with_the_text(void **state)
{
	(void)state;
	troth_policy_free(good("# nothing more"));
	bad("# nothing more\nrules", TROTH_ERR_INPUT, "line 2: syntax error");
}

static void every_error_names_its_line_and_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(wrong_texts); i++)
		bad(wrong_texts[i][0], TROTH_ERR_INPUT, wrong_texts[i][1]);
}

static void a_zero_byte_does_not_end_a_text(void **state)
{
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };

	(void)state;
	assert_int_equal(troth_policy_parse("#\n\0rules", 8, &zones, &p, &why),
			 TROTH_ERR_INPUT);
	assert_string_equal(why.text, "line 2: a zero byte");
}

static void hours_are_spans_in_order(void **state)
{
	static const char *const wrong[] = {
		"",
		"9:00-17:00",
		"09:00-17:60",
		"09:00-24:01",
		"17:00-09:00",
		"09:00-09:00",
		"09:00-12:00,12:00-17:00",
		"09:00-12:00,11:00-17:00",
		"09:00-12:00;13:00-17:00",
		"09:00-12:00,",
		"00:00-01:00,02:00-03:00,04:00-05:00,06:00-07:00,08:00-09:00",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(wrong); i++) {
		(void)snprintf(text, sizeof(text),
			       "calendars: { c: { zone = \"UTC\"; hours: { mon = "
			       "\"%s\"; }; }; };",
			       wrong[i]);
		bad(text, TROTH_ERR_INPUT,
		    "line 1: calendars.c.hours.mon: must be at most 4 spans in order");
	}

	struct troth_policy *p = good(
		"calendars: { c: { zone = \"UTC\"; hours: { sun = "
		"\"00:00-01:00,02:00-03:00, 04:00-05:00,06:00-24:00\"; mon-tue = "
		"\"08:30-12:00\"; }; }; };");
	const struct troth_day *week = p->calendars[0].week;

	assert_int_equal(week[6].count, TROTH_HOURS_MAX);
	assert_int_equal(week[6].hours[3].to, 1440);
	assert_int_equal(week[0].hours[0].from, 510);
	assert_int_equal(week[1].count, 1);
	assert_int_equal(week[2].count, 0);
	troth_policy_free(p);
}

static void days_are_named_once(void **state)
{
#define WEEK(days) "calendars: { c: { zone = \"UTC\"; hours: { " days " }; }; };"
	(void)state;
	bad(WEEK(""), TROTH_ERR_INPUT, "line 1: calendars.c.hours: is never open");
	bad(WEEK("mon-wed = \"09:00-17:00\"; tue = \"09:00-17:00\";"), TROTH_ERR_INPUT,
	    "line 1: calendars.c.hours.tue: has a day that was named before");
	bad(WEEK("fri-mon = \"09:00-17:00\";"), TROTH_ERR_INPUT,
	    "line 1: calendars.c.hours.fri-mon: is no day");
	bad(WEEK("monday = \"09:00-17:00\";"), TROTH_ERR_INPUT,
	    "line 1: calendars.c.hours.monday: is no day");
}

static void holidays_are_dates_that_there_are(void **state)
{
#define OFF(more)                                                                        \
	"calendars: { c: { zone = \"UTC\"; hours: { mon = \"09:00-17:00\"; }; " more     \
	" }; };"
	static const char *const wrong[] = { "2026-02-29", "2026-13-01", "2026-00-01",
					     "2026-01-00", "2026-1-1",   "1969-12-31",
					     "26-01-01",   "2026-01-01 " };
	char text[256];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(wrong); i++) {
		(void)snprintf(text, sizeof(text), OFF("holidays = [ \"%s\" ];"),
			       wrong[i]);
		bad(text, TROTH_ERR_INPUT,
		    "line 1: calendars.c.holidays[0]: must be a date such as");
	}
	bad(OFF("holidays = [ \"2028-02-29\", \"2028-02-29\" ];"), TROTH_ERR_INPUT,
	    "line 1: calendars.c.holidays[1]: stands there twice");
	bad(OFF("holidays = [ \"2028-02-29\" ]; special = ( { date = \"2028-02-29\"; "
		"hours = \"09:00-12:00\"; } );"),
	    TROTH_ERR_INPUT, "line 1: calendars.c.special[0]: stands there twice, or");

	struct troth_policy *p = good(
		OFF("holidays = [ \"2028-02-29\", \"2026-01-01\", "
		    "\"2027-01-01\" ]; special = ( { date = \"2026-01-03\"; hours = "
		    "\"09:00-12:00\"; }, { date = \"2026-01-02\"; hours = "
		    "\"10:00-12:00\"; } );"));

	assert_int_equal(p->calendars[0].holidays[0], troth_date(2026, 1, 1));
	assert_int_equal(p->calendars[0].holidays[2], troth_date(2028, 2, 29));
	assert_int_equal(p->calendars[0].special[0].date, troth_date(2026, 1, 2));
	assert_int_equal(p->calendars[0].special[0].day.hours[0].from, 600);
	troth_policy_free(p);
}

static void waits_have_one_grammar(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		unsigned days;
		int calendar;
	} rows[] = {
		{ "1 second", 1000, 0, -1 },
		{ "20 minutes", 1200000, 0, -1 },
		{ "1 day", 86400000, 0, -1 },
		{ "2 weeks", INT64_C(1209600000), 0, -1 },
		{ "365 days", TROTH_WAIT_MAX_MS, 0, -1 },
		{ "45 working minutes in work", 2700000, 0, 0 },
		{ "2 working hours in work", 7200000, 0, 0 },
		{ "1 working day in work", 0, 1, 0 },
		{ "1000 working days in work", 0, TROTH_WORKING_DAYS_MAX, 0 },
	};
	static const char *const wrong[] = {
		"",
		"1",
		"day",
		"0 days",
		"-1 day",
		"1  day",
		" 1 day",
		"1 day ",
		"1 dayss",
		"1 month",
		"1.5 days",
		"366 days",
		"9999999 seconds",
		"1 day in work",
		"1 working day",
		"1 working day in ",
		"1 working second in work",
		"1 working week in work",
		"1001 working days in work",
		"8761 working hours in work",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_policy *p;

		(void)snprintf(text, sizeof(text), CAL "rules: ( { grace = \"%s\"; } );",
			       rows[i].text);
		p = good(text);
		assert_int_equal(p->rules[0].grace.ms, rows[i].ms);
		assert_int_equal(p->rules[0].grace.days, rows[i].days);
		assert_int_equal(p->rules[0].grace.calendar, rows[i].calendar);
		assert_false(troth_wait_given(&p->rules[0].offer));
		troth_policy_free(p);
	}
	for (size_t i = 0; i < TROTH_LEN(wrong); i++) {
		(void)snprintf(text, sizeof(text), CAL "rules: ( { grace = \"%s\"; } );",
			       wrong[i]);
		bad(text, TROTH_ERR_INPUT,
		    "line 2: rules[0].grace: must be a wait such as");
	}
}

/* A text with `n` members between `before` and `after`; %u in member is its number. */
static char *many(const char *before, const char *member, const char *between, unsigned n,
		  const char *after)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put_str(&b, before);
	for (unsigned i = 0; i < n; i++) {
		const char *at = strstr(member, "%u");

		if (i > 0)
			troth_buf_put_str(&b, between);
		troth_buf_put(&b, member,
			      at != NULL ? (size_t)(at - member) : strlen(member));
		if (at != NULL) {
			troth_buf_printf(&b, "%u", i);
			troth_buf_put_str(&b, at + 2);
		}
	}
	troth_buf_put_str(&b, after);
	troth_buf_put_u8(&b, 0);
	assert_false(b.failed);
	return (char *)b.data;
}

static void a_list_is_as_long_as_it_may_be_and_not_one_longer(void **state)
{
	static const struct {
		const char *before, *member, *between, *after;
		unsigned max;
		const char *says;
	} rows[] = {
		{ "calendars: {",
		  "c%u: { zone = \"UTC\"; hours: { mon = \"00:00-24:00\"; }; };", "",
		  "};", TROTH_CALENDARS_MAX, "line 1: calendars: has 17" },
		{ "on_call: {", "l%u: ( { actor = \"a\"; party = \"p\"; } );", "", "};",
		  TROTH_ON_CALL_MAX, "line 1: on_call: has 17" },
		{ "on_call: { l: (", "{ actor = \"a%u\"; party = \"p\"; }", ",", "); };",
		  TROTH_SHIFTS_MAX, "line 1: on_call.l: has 17" },
		{ "phrases: {", "p%u: { en = \"x\"; };", "", "};", TROTH_PHRASES_MAX,
		  "line 1: phrases: has 65" },
		{ "phrases: { p: {", "en-x%u = \"x\";", "", "}; };", TROTH_LANGUAGES_MAX,
		  "line 1: phrases.p: has 9" },
		{ "rules: (", "{ kind = \"gift\"; }", ",", ");", TROTH_RULES_MAX,
		  "line 1: rules: has 65" },
		{ "routes: (", "{ owed: ( { debtor = \"brand\"; action = \"pay\"; } ); }",
		  ",", ");", TROTH_ROUTES_MAX, "line 1: routes: has 65" },
		{ "routes: ( { owed: (", "{ debtor = \"brand\"; action = \"pay\"; }", ",",
		  "); } );", TROTH_ROUTE_TERMS_MAX, "line 1: routes[0].owed: has 9" },
		{ "remedies: {",
		  "f%u: { offers: ( { kind = \"callback\"; due = \"1 day\"; } ); };", "",
		  "};", TROTH_REMEDIES_MAX, "line 1: remedies: has 33" },
		{ "remedies: { f: { offers: (",
		  "{ kind = \"callback\"; due = \"1 day\"; }", ",", "); }; };",
		  TROTH_OFFERS_MAX, "line 1: remedies.f.offers: has 9" },
		{ "ladders: { broken: { rungs: (", "{ to = \"maker\"; }", ",", "); }; };",
		  TROTH_RUNGS_MAX, "line 1: ladders.broken.rungs: has 9" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		char *text = many(rows[i].before, rows[i].member, rows[i].between,
				  rows[i].max, rows[i].after);
		troth_policy_free(good(text));
		free(text);
		text = many(rows[i].before, rows[i].member, rows[i].between,
			    rows[i].max + 1, rows[i].after);
		bad(text, TROTH_ERR_LIMIT, rows[i].says);
		free(text);
	}
}

static char *days_off(unsigned n, const char *before, const char *after, const char *list)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_printf(&b,
			 "calendars: { c: { zone = \"UTC\"; hours: { mon = "
			 "\"00:00-24:00\"; }; %s",
			 list);
	for (unsigned i = 0; i < n; i++)
		troth_buf_printf(&b, "%s%s\"20%02u-%02u-01\"%s", i > 0 ? "," : "", before,
				 26 + i / 12, i % 12 + 1, after);
	troth_buf_printf(&b, "); }; };");
	troth_buf_put_u8(&b, 0);
	assert_false(b.failed);
	return (char *)b.data;
}

static void so_many_days_off_and_not_one_more(void **state)
{
	char *text = days_off(TROTH_HOLIDAYS_MAX, "", "", "holidays = (");

	(void)state;
	troth_policy_free(good(text));
	free(text);
	text = days_off(TROTH_HOLIDAYS_MAX + 1, "", "", "holidays = (");
	bad(text, TROTH_ERR_LIMIT, "line 1: calendars.c.holidays: has 129");
	free(text);
	text = days_off(TROTH_SPECIAL_DAYS_MAX,
			"{ date = ", "; hours = \"00:00-24:00\"; }", "special = (");
	troth_policy_free(good(text));
	free(text);
	text = days_off(TROTH_SPECIAL_DAYS_MAX + 1,
			"{ date = ", "; hours = \"00:00-24:00\"; }", "special = (");
	bad(text, TROTH_ERR_LIMIT, "line 1: calendars.c.special: has 33");
	free(text);
}

static void a_text_has_at_most_so_many_bytes(void **state)
{
	char *text = malloc(TROTH_POLICY_TEXT_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', TROTH_POLICY_TEXT_MAX + 1);
	text[TROTH_POLICY_TEXT_MAX] = '\0';
	troth_policy_free(good(text));
	text[TROTH_POLICY_TEXT_MAX] = '\n';
	text[TROTH_POLICY_TEXT_MAX + 1] = '\0';
	bad(text, TROTH_ERR_LIMIT, "49153 bytes, and a policy has at most 49152");
	free(text);
}

static void names_and_words_have_their_lengths(void **state)
{
	char text[TROTH_PHRASE_MAX + 100], long_text[TROTH_PHRASE_MAX + 2];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[TROTH_PHRASE_MAX + 1] = '\0';
	(void)snprintf(text, sizeof(text), "phrases: { p: { en = \"%.*s\"; }; };",
		       TROTH_PHRASE_MAX, long_text);
	troth_policy_free(good(text));
	(void)snprintf(text, sizeof(text), "phrases: { p: { en = \"%s\"; }; };",
		       long_text);
	bad(text, TROTH_ERR_LIMIT, "line 1: phrases.p.en: must be 1 to 1000 bytes");
	bad("phrases: { p: { en = \"\"; }; };", TROTH_ERR_LIMIT,
	    "line 1: phrases.p.en: must be 1 to 1000 bytes");
	(void)snprintf(text, sizeof(text), "phrases: { %.32s: { en = \"x\"; }; };",
		       long_text);
	troth_policy_free(good(text));
	(void)snprintf(text, sizeof(text), "phrases: { %.33s: { en = \"x\"; }; };",
		       long_text);
	bad(text, TROTH_ERR_INPUT, "line 1: phrases.xxxxxxxxx");
}

static void brackets_go_64_deep_and_no_deeper(void **state)
{
	char *text = many("rules: ", "(", "", 64, "");

	(void)state;
	bad(text, TROTH_ERR_INPUT, "line 1: syntax error");
	free(text);
	text = many("rules: ", "(", "", 65, "");
	bad(text, TROTH_ERR_INPUT, "line 1: more than 64 open brackets");
	free(text);
}

static void a_group_has_256_keys_and_no_more(void **state)
{
	char *text = many("phrases: { ", "a=1;", "", 255, "b=1; };");

	(void)state;
	bad(text, TROTH_ERR_INPUT, "line 1: duplicate setting name");
	free(text);
	text = many("phrases: { ", "a=1;", "", 256, "b=1; };");
	bad(text, TROTH_ERR_INPUT, "line 1: more than 256 keys in a group");
	free(text);
	text = many("rules: ( ", "{ k = 1; }, ", "", 300, "{ k = 1; } );");
	bad(text, TROTH_ERR_LIMIT, "line 1: rules: has 301 members"); /* One key each. */
	free(text);
}

static void the_example_says_what_it_is_to_say(void **state)
{
	static char text[TROTH_POLICY_TEXT_MAX];
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };
	FILE *f = fopen(TROTH_SOURCE_DIR "/doc/examples/television.policy", "re");
	const struct troth_remedy *remedy;
	const struct troth_on_call *list;
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (troth_policy_parse(text, len, &troth_zones_of_system, &p, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	assert_false(troth_policy_rule(p, TROTH_KIND_GIFT, "HDMI-2M")->forbidden);
	assert_int_equal(troth_policy_rule(p, TROTH_KIND_GIFT, "HDMI-2M")->most, 1);
	assert_true(troth_policy_rule(p, TROTH_KIND_GIFT, "TV-55")->forbidden);
	assert_null(troth_policy_rule(p, TROTH_KIND_GIFT, "SOFA"));
	remedy = troth_policy_remedy(p, "late_delivery");
	assert_int_equal(remedy->count, 2);
	assert_int_equal(remedy->offers[0].choice, TROTH_CHOICE_GOODS);
	assert_int_equal(remedy->offers[1].choice, TROTH_CHOICE_CREDIT);
	assert_int_equal(troth_policy_remedy(p, "wrong_goods")->offers[1].choice,
			 TROTH_CHOICE_MONEY);
	assert_string_equal(troth_policy_words(p, remedy->offers[1].phrase, "de-AT"),
			    "Wir schreiben Ihnen den Betrag auf Ihrem Kundenkonto gut.");
	/* 2026-11-14 is a Saturday: at ten in Berlin the centre is open, at nine pm not.
	 */
	assert_int_equal(troth_policy_on_call(
				 p, "hq", troth_time_civil(2026, 11, 14, 9, 0, 0), &list),
			 0);
	assert_int_equal(troth_policy_on_call(p, "hq",
					      troth_time_civil(2026, 11, 14, 20, 0, 0),
					      &list),
			 1);
	assert_string_equal(list->shifts[1].actor, "care.night");
	assert_int_equal(troth_policy_ladder(p, TROTH_CAUSE_UNACKNOWLEDGED)->count, 3);
	troth_policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_a_policy_that_says_nothing),
		cmocka_unit_test(a_comment_may_end_with_the_text),
		cmocka_unit_test(every_error_names_its_line_and_its_key),
		cmocka_unit_test(a_zero_byte_does_not_end_a_text),
		cmocka_unit_test(hours_are_spans_in_order),
		cmocka_unit_test(days_are_named_once),
		cmocka_unit_test(holidays_are_dates_that_there_are),
		cmocka_unit_test(waits_have_one_grammar),
		cmocka_unit_test(a_list_is_as_long_as_it_may_be_and_not_one_longer),
		cmocka_unit_test(so_many_days_off_and_not_one_more),
		cmocka_unit_test(a_text_has_at_most_so_many_bytes),
		cmocka_unit_test(names_and_words_have_their_lengths),
		cmocka_unit_test(brackets_go_64_deep_and_no_deeper),
		cmocka_unit_test(a_group_has_256_keys_and_no_more),
		cmocka_unit_test(the_example_says_what_it_is_to_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
