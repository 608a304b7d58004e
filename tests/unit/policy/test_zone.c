#include "troth/policy/zone.h"

#include "troth/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* A TZif file in the making: both blocks alike but for the width of instants. */
struct made {
	uint8_t version;
	uint32_t leap, times, types;
	int64_t first, apart; /* Instants of the transitions. */
	int32_t ahead[2];     /* Transition i has offset i % 2. */
	const char *footer;
};

static const struct made usual = { '2', 0, 2, 2, 1000, 1000, { 3600, 7200 }, "\nUTC0\n" };

static void block(struct troth_buf *b, const struct made *m, bool wide)
{
	static const uint8_t zeros[15];

	troth_buf_put(b, "TZif", 4);
	troth_buf_put_u8(b, m->version);
	troth_buf_put(b, zeros, 15);
	troth_buf_put_u32be(b, 0);
	troth_buf_put_u32be(b, 0);
	troth_buf_put_u32be(b, m->leap);
	troth_buf_put_u32be(b, m->times);
	troth_buf_put_u32be(b, m->types);
	troth_buf_put_u32be(b, 4);
	for (uint32_t i = 0; i < m->times; i++) {
		if (wide)
			troth_buf_put_u64be(b, (uint64_t)(m->first + i * m->apart));
		else
			troth_buf_put_u32be(b, (uint32_t)i);
	}
	for (uint32_t i = 0; i < m->times; i++)
		troth_buf_put_u8(b, (uint8_t)(i % 2));
	for (uint32_t i = 0; i < m->types; i++) {
		troth_buf_put_u32be(b, (uint32_t)m->ahead[i % 2]);
		troth_buf_put_u8(b, 0);
		troth_buf_put_u8(b, 0);
	}
	troth_buf_put(b, "UTC", 4);
	for (uint32_t i = 0; i < m->leap; i++)
		troth_buf_put(b, zeros, wide ? 12 : 8);
}

static enum troth_err decode(const struct made *m, size_t cut, struct troth_zone *z)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	enum troth_err err;

	block(&b, m, false);
	block(&b, m, true);
	troth_buf_put_str(&b, m->footer);
	err = troth_zone_decode(z, troth_span(b.data, b.len - cut), &why);
	assert_true((err == TROTH_OK) == (why.text[0] == '\0'));
	troth_buf_fini(&b);
	return err;
}

static void a_zone_is_read_with_its_table_and_its_rule(void **state)
{
	static struct troth_zone z;

	(void)state;
	assert_int_equal(decode(&usual, 0, &z), TROTH_OK);
	assert_int_equal(z.first_s, 3600);
	assert_int_equal(z.count, 1); /* The first transition changed nothing. */
	assert_int_equal(z.at[0], 2000);
	assert_int_equal(z.ahead_s[0], 7200);
	assert_true(z.has_rule);
	assert_false(z.has_summer);
}

static void what_came_before_1970_is_only_where_1970_began(void **state)
{
	static struct troth_zone z;
	struct made m = usual;

	(void)state;
	m.first = -2000;
	m.apart = 1500;
	m.times = 3;
	assert_int_equal(decode(&m, 0, &z), TROTH_OK);
	assert_int_equal(z.first_s, 7200);
	assert_int_equal(z.count, 1);
	assert_int_equal(z.at[0], 1000);
	assert_int_equal(z.ahead_s[0], 3600);
}

static void what_is_no_tzif_is_refused(void **state)
{
	static struct troth_zone z;
	struct made bad[] = { usual, usual, usual, usual, usual, usual, usual, usual };

	(void)state;
	bad[0].version = 0;
	bad[1].types = 0;
	bad[2].leap = 1;
	bad[3].apart = 0;
	bad[4].ahead[1] = 93601;
	bad[5].ahead[0] = -93601;
	bad[6].types = 1; /* Type 1 is named, and is not there. */
	bad[7].footer = "\nUTC\n";
	for (size_t i = 0; i < TROTH_LEN(bad); i++)
		assert_int_equal(decode(&bad[i], 0, &z), TROTH_ERR_INPUT);
	for (size_t cut = 1; cut < 150; cut++)
		assert_int_equal(decode(&usual, cut, &z), TROTH_ERR_INPUT);
	assert_int_equal(troth_zone_decode(&z, TROTH_SPAN_NONE, NULL), TROTH_ERR_INPUT);
}

static void a_zone_has_at_most_so_many_transitions(void **state)
{
	static struct troth_zone z;
	struct made m = usual;

	(void)state;
	m.times = TROTH_ZONE_TRANSITIONS_MAX + 1; /* The first one changes nothing. */
	assert_int_equal(decode(&m, 0, &z), TROTH_OK);
	assert_int_equal(z.count, TROTH_ZONE_TRANSITIONS_MAX);
	m.times++;
	assert_int_equal(decode(&m, 0, &z), TROTH_ERR_LIMIT);
}

static void a_file_has_at_most_so_many_bytes(void **state)
{
	static uint8_t bytes[TROTH_ZONE_FILE_MAX + 1];
	static struct troth_zone z;

	(void)state;
	assert_int_equal(
		troth_zone_decode(&z, troth_span(bytes, TROTH_ZONE_FILE_MAX), NULL),
		TROTH_ERR_INPUT);
	assert_int_equal(troth_zone_decode(&z, troth_span(bytes, sizeof(bytes)), NULL),
			 TROTH_ERR_LIMIT);
}

static void rules_are_read_as_posix_and_tzif_have_them(void **state)
{
	static const struct {
		const char *text;
		int32_t standard_s;
		bool summer;
		int32_t summer_s;
		int32_t begins_s, ends_s;
	} good[] = {
		{ "UTC0", 0, false, 0, 0, 0 },
		{ "PST-8", 28800, false, 0, 0, 0 },
		{ "<+0545>-5:45", 20700, false, 0, 0, 0 },
		{ "<-03>3", -10800, false, 0, 0, 0 },
		{ "LMT0:44:30", -2670, false, 0, 0, 0 },
		{ "XXX24", -86400, false, 0, 0, 0 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 3600, true, 7200, 7200, 10800 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 37800, true, 39600, 7200,
		  7200 },
		{ "IST-2IDT,M3.4.4/26,M10.5.0", 7200, true, 10800, 93600, 7200 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200, true, -3600, -3600, 0 },
		{ "XXX3EDT4,0/0,J365/23", -10800, true, -14400, 0, 82800 },
		{ "AAA0BBB,0/-167,365/167", 0, true, 3600, -601200, 601200 },
	};
	static const char *const bad[] = {
		"",
		"UTC",
		"UT0",
		"<+1>0",
		"<UTC0",
		"UTC25",
		"UTC0:60",
		"UTC0:",
		"UTC0 ",
		"UTC1000",
		"UTC0DST",
		"UTC0DST,",
		"UTC0DST,M3.5.0",
		"UTC0DST,M0.5.0,M10.5.0",
		"UTC0DST,M13.5.0,M10.5.0",
		"UTC0DST,M3.0.0,M10.5.0",
		"UTC0DST,M3.6.0,M10.5.0",
		"UTC0DST,M3.5.7,M10.5.0",
		"UTC0DST,J0,J365",
		"UTC0DST,J1,J366",
		"UTC0DST,0,366",
		"UTC0DST,0/168,365",
		"UTC0DST,0/-168,365",
		"UTC0DST,0,365,",
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(good); i++) {
		struct troth_zone z = { .count = 0 };

		assert_true(troth_zone_rule(&z, good[i].text));
		assert_true(z.has_rule);
		assert_int_equal(z.standard_s, good[i].standard_s);
		assert_int_equal(z.has_summer, good[i].summer);
		assert_int_equal(z.summer_s, good[i].summer_s);
		assert_int_equal(z.begins.at_s, good[i].begins_s);
		assert_int_equal(z.ends.at_s, good[i].ends_s);
	}
	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		struct troth_zone z = { .count = 0 };

		assert_false(troth_zone_rule(&z, bad[i]));
		assert_false(z.has_rule);
	}
}

static void a_name_leads_nowhere_but_into_the_directory(void **state)
{
	static const char *const good[] = { "UTC", "Europe/Berlin", "Etc/GMT+12",
					    "America/Argentina/Ushuaia", "EST5EDT" };
	static const char *const bad[] = { "",
					   "/etc/passwd",
					   "../Berlin",
					   "Europe/../UTC",
					   "Europe/",
					   "Europe//Berlin",
					   ".",
					   "Europe/.hidden",
					   "Europe\\Berlin",
					   "-Berlin",
					   "Europe/Ber lin" };
	char name[TROTH_ZONE_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(good); i++)
		assert_true(troth_zone_name_ok(good[i]));
	for (size_t i = 0; i < TROTH_LEN(bad); i++)
		assert_false(troth_zone_name_ok(bad[i]));
	memset(name, 'a', sizeof(name));
	name[TROTH_ZONE_NAME_MAX] = '\0';
	assert_true(troth_zone_name_ok(name));
	name[TROTH_ZONE_NAME_MAX] = 'a';
	name[TROTH_ZONE_NAME_MAX + 1] = '\0';
	assert_false(troth_zone_name_ok(name));
}

static void the_zones_of_the_system_are_found(void **state)
{
	static struct troth_zone z;
	struct troth_time t = troth_time_civil(2026, 7, 1, 0, 0, 0);
	struct troth_why why = { "" };

	(void)state;
	assert_int_equal(troth_zones_of_system.find(NULL, "Europe/Berlin", &z, &why),
			 TROTH_OK);
	assert_string_equal(z.name, "Europe/Berlin");
	assert_int_equal(troth_zone_ahead(&z, t, NULL), 7200);
	t = troth_time_civil(2226, 1, 1, 0, 0, 0);
	assert_int_equal(troth_zone_ahead(&z, t, NULL), 3600);
	assert_int_equal(troth_zones_of_system.find(NULL, "Europe/Atlantis", &z, &why),
			 TROTH_ERR_NOTFOUND);
	assert_non_null(strstr(why.text, "/Europe/Atlantis: "));
	assert_int_equal(troth_zones_of_system.find(NULL, "Europe", &z, &why),
			 TROTH_ERR_IO);
	assert_int_equal(troth_zones_of_system.find(NULL, "../passwd", &z, &why),
			 TROTH_ERR_INPUT);
	assert_int_equal(troth_zones_of_system.find(NULL, "tzdata.zi", &z, &why),
			 TROTH_ERR_INPUT); /* Not even a name. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_is_read_with_its_table_and_its_rule),
		cmocka_unit_test(what_came_before_1970_is_only_where_1970_began),
		cmocka_unit_test(what_is_no_tzif_is_refused),
		cmocka_unit_test(a_zone_has_at_most_so_many_transitions),
		cmocka_unit_test(a_file_has_at_most_so_many_bytes),
		cmocka_unit_test(rules_are_read_as_posix_and_tzif_have_them),
		cmocka_unit_test(a_name_leads_nowhere_but_into_the_directory),
		cmocka_unit_test(the_zones_of_the_system_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
