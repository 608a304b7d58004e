#include "troth/core/policy.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define NOW ((struct troth_time){ FIXTURE_NOW })
#define DUE ((struct troth_time){ FIXTURE_NOW + FIXTURE_DAY })

/* A Saturday at ten in UTC; `office` is open on weekdays from nine to five. */
static struct troth_policy *policy(void)
{
	struct troth_policy *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	troth_zone_utc(&p->calendars[0].zone);
	for (unsigned i = 0; i < 5; i++)
		p->calendars[0].week[i] = (struct troth_day){ 1, { { 540, 1020 } } };
	troth_zone_utc(&p->calendars[1].zone); /* Never open. */
	p->calendar_count = 2;
	return p;
}

static void a_wait_ends_by_the_clock_by_business_time_or_by_working_days(void **state)
{
	static const struct {
		struct troth_wait wait;
		bool ends;
		int64_t after;
	} rows[] = {
		{ { 0, 0, -1 }, true, 0 },
		{ { 0, 0, 0 }, true, 0 },
		{ { FIXTURE_HOUR, 0, -1 }, true, FIXTURE_HOUR },
		/* Monday at eleven; Monday and Tuesday at five. */
		{ { 2 * FIXTURE_HOUR, 0, 0 }, true, 2 * FIXTURE_DAY + FIXTURE_HOUR },
		{ { 0, 1, 0 }, true, 2 * FIXTURE_DAY + 7 * FIXTURE_HOUR },
		{ { 0, 2, 0 }, true, 3 * FIXTURE_DAY + 7 * FIXTURE_HOUR },
		{ { FIXTURE_HOUR, 0, 1 }, false, 0 },
		{ { 0, 1, 1 }, false, 0 },
	};
	struct troth_policy *p = policy();

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_time end = { 42 };

		assert_int_equal(troth_wait_end(p, &rows[i].wait, NOW, &end),
				 rows[i].ends);
		assert_int_equal(end.ms, rows[i].ends ? FIXTURE_NOW + rows[i].after : 42);
	}
	free(p);
}

static void the_first_rule_that_fits_counts(void **state)
{
	static const struct {
		enum troth_kind kind;
		const char *sku;
		int rule;
	} rows[] = {
		{ TROTH_KIND_GIFT, "HDMI-2M", 0 }, { TROTH_KIND_GIFT, "HDMI-", 1 },
		{ TROTH_KIND_GIFT, "HDMI", 2 },    { TROTH_KIND_GIFT, "", 2 },
		{ TROTH_KIND_CREDIT, "", 3 },      { TROTH_KIND_CREDIT, "TV-50", 3 },
		{ TROTH_KIND_REPAIR, "TV-50", 4 }, { TROTH_KIND_REPAIR, "", -1 },
		{ TROTH_KIND_REPAIR, "SOFA", -1 },
	};
	struct troth_policy *p = policy();

	(void)state;
	p->rule_count = 5;
	p->rules[0] = (struct troth_rule){ .kind = TROTH_KIND_GIFT, .sku = "HDMI-2M" };
	p->rules[1] = (struct troth_rule){ .kind = TROTH_KIND_GIFT, .sku = "HDMI-*" };
	p->rules[2] = (struct troth_rule){ .kind = TROTH_KIND_GIFT };
	p->rules[3] = (struct troth_rule){ .kind = TROTH_KIND_CREDIT };
	p->rules[4] = (struct troth_rule){ .sku = "TV-*" };
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		const struct troth_rule *r = troth_policy_rule(p, rows[i].kind,
							       rows[i].sku);

		assert_ptr_equal(r, rows[i].rule < 0 ? NULL : &p->rules[rows[i].rule]);
	}
	free(p);
}

/* Routes for gifts: one on orders with each sort of debtor, one on cases. */
static struct troth_policy *routed(void)
{
	struct troth_policy *p = policy();
	struct troth_route *r = &p->routes[0];

	p->route_count = 2;
	r->kind = TROTH_KIND_GIFT;
	r->on = TROTH_SUBJECT_ORDER;
	r->count = 5;
	for (unsigned i = 0; i < r->count; i++)
		r->terms[i] = (struct troth_route_terms){
			.debtor = (enum troth_debtor_is)(TROTH_DEBTOR_BRAND + i),
			.party = "zeta",
			.action = TROTH_ACTION_PACK,
			.before_due = { 2 * FIXTURE_HOUR, 0, -1 },
			.acknowledge = { FIXTURE_HOUR, 0, -1 },
			.acceptance = { FIXTURE_DAY, 0, -1 },
		};
	p->routes[1] = (struct troth_route){ .count = 2 };
	p->routes[1].terms[0] = (struct troth_route_terms){
		.debtor = TROTH_DEBTOR_CARRIER, .action = TROTH_ACTION_CALL_BACK
	};
	p->routes[1].terms[1] = (struct troth_route_terms){
		.debtor = TROTH_DEBTOR_MAKER, .action = TROTH_ACTION_CALL_BACK
	};
	return p;
}

static struct troth_subject *subject(enum troth_subject_kind kind)
{
	struct troth_subject *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->kind = kind;
	TROTH_TEXT_SET(s->order.seller, "shop");
	TROTH_TEXT_SET(s->order.carrier, "swift");
	return s;
}

static void a_route_says_who_owes_what(void **state)
{
	static const char *const debtors[] = { "brand", "shop", "swift", "acme", "zeta" };
	struct troth_policy *p = routed();
	struct troth_subject *s = subject(TROTH_SUBJECT_ORDER);
	struct troth_terms t[TROTH_TERMS_MAX];

	(void)state;
	assert_int_equal(troth_policy_route(p, s, "acme", "brand", TROTH_KIND_GIFT,
					    "HDMI-2M", DUE, NOW, t),
			 5);
	for (unsigned i = 0; i < TROTH_LEN(debtors); i++) {
		assert_string_equal(t[i].debtor, debtors[i]);
		assert_string_equal(t[i].creditor, "");
		assert_int_equal(t[i].action, TROTH_ACTION_PACK);
		assert_int_equal(t[i].due.ms, DUE.ms - 2 * FIXTURE_HOUR);
		assert_int_equal(t[i].ack_due.ms, FIXTURE_NOW + FIXTURE_HOUR);
		assert_int_equal(t[i].acceptance_ms, FIXTURE_DAY);
	}
	free(s);
	free(p);
}

static void where_there_is_no_seller_or_carrier_it_is_for_the_brand(void **state)
{
	struct troth_policy *p = routed();
	struct troth_subject *s = subject(TROTH_SUBJECT_CASE);
	struct troth_terms t[TROTH_TERMS_MAX];

	(void)state;
	assert_int_equal(troth_policy_route(p, s, "acme", "brand", TROTH_KIND_GIFT,
					    "HDMI-2M", DUE, NOW, t),
			 2);
	assert_string_equal(t[0].debtor, "brand");
	assert_string_equal(t[1].debtor, "acme");
	assert_int_equal(t[0].due.ms, DUE.ms);
	assert_int_equal(t[0].ack_due.ms, 0);
	s->kind = TROTH_SUBJECT_ORDER;
	s->order.carrier[0] = '\0';
	assert_int_equal(troth_policy_route(p, s, "acme", "brand", TROTH_KIND_GIFT,
					    "HDMI-2M", DUE, NOW, t),
			 5);
	assert_string_equal(t[2].debtor, "brand");
	p->route_count = 1;
	assert_int_equal(troth_policy_route(p, s, "acme", "brand", TROTH_KIND_CREDIT, "",
					    DUE, NOW, t),
			 0);
	free(s);
	free(p);
}

static void no_instant_of_a_route_is_over_or_after_due(void **state)
{
	struct troth_policy *p = routed();
	struct troth_subject *s = subject(TROTH_SUBJECT_ORDER);
	struct troth_terms t[TROTH_TERMS_MAX];
	struct troth_time due = { FIXTURE_NOW + 2 * FIXTURE_HOUR };

	(void)state;
	p->routes[0].terms[1].acknowledge.ms = 2 * FIXTURE_HOUR + 1;
	p->routes[0].terms[2].acknowledge = (struct troth_wait){ FIXTURE_HOUR, 0,
								 1 }; /* Never. */
	(void)troth_policy_route(p, s, "acme", "brand", TROTH_KIND_GIFT, "HDMI-2M", due,
				 NOW, t);
	assert_int_equal(t[0].due.ms, due.ms);
	assert_int_equal(t[1].ack_due.ms, due.ms);
	assert_int_equal(t[2].ack_due.ms, due.ms);
	due.ms++;
	(void)troth_policy_route(p, s, "acme", "brand", TROTH_KIND_GIFT, "HDMI-2M", due,
				 NOW, t);
	assert_int_equal(t[0].due.ms, FIXTURE_NOW + 1);
	assert_int_equal(t[0].ack_due.ms, FIXTURE_NOW + 1);
	free(s);
	free(p);
}

static void words_are_said_in_the_nearest_language(void **state)
{
	static const char *const rows[][2] = {
		{ "pt-BR", "brazilian" },
		{ "PT-br", "brazilian" },
		{ "pt-PT", "portuguese" },
		{ "pt", "portuguese" },
		{ "de", "english" },
		{ "p", "english" },
		{ "", "english" },
		{ "en-GB-oed-and-much-more-than-fits-in", "english" },
	};
	struct troth_policy *p = policy();
	struct troth_phrase *f = &p->phrases[0];

	(void)state;
	p->phrase_count = 2;
	f->count = 3;
	TROTH_TEXT_SET(f->in[0].language, "en");
	f->in[0].text = "english";
	TROTH_TEXT_SET(f->in[1].language, "pt-BR");
	f->in[1].text = "brazilian";
	TROTH_TEXT_SET(f->in[2].language, "pt");
	f->in[2].text = "portuguese";
	for (size_t i = 0; i < TROTH_LEN(rows); i++)
		assert_string_equal(troth_policy_words(p, 0, rows[i][0]), rows[i][1]);
	assert_null(troth_policy_words(p, -1, "en"));
	assert_null(troth_policy_words(p, 2, "en"));
	assert_null(troth_policy_words(p, 1, "en")); /* Nobody wrote it. */
	free(p);
}

static void whose_shift_is_open_is_on_call_or_else_the_last(void **state)
{
	struct troth_policy *p = policy();
	const struct troth_on_call *list = NULL;
	const struct troth_time monday = { FIXTURE_NOW + 2 * FIXTURE_DAY };

	(void)state;
	p->on_call_count = 2;
	TROTH_TEXT_SET(p->on_call[1].name, "hq");
	p->on_call[1].count = 3;
	p->on_call[1].shifts[0].calendar = 1;
	p->on_call[1].shifts[1].calendar = 0;
	p->on_call[1].shifts[2].calendar = 1;
	assert_int_equal(troth_policy_on_call(p, "nobody", NOW, &list), -1);
	assert_null(list);
	assert_int_equal(troth_policy_on_call(p, "hq", monday, &list), 1);
	assert_ptr_equal(list, &p->on_call[1]);
	assert_int_equal(troth_policy_on_call(p, "hq", NOW, &list), 2);
	p->on_call[1].shifts[0].calendar = -1;
	assert_int_equal(troth_policy_on_call(p, "hq", NOW, &list), 0);
	free(p);
}

static void names_and_numbers_are_each_others_inverse(void **state)
{
	(void)state;
	for (int i = 1; i <= TROTH_CAUSE_LAST; i++)
		assert_int_equal(
			troth_cause_number(troth_cause_name((enum troth_cause)i)), i);
	for (int i = 1; i <= TROTH_CHOICE_CREDIT; i++)
		assert_int_equal(
			troth_choice_number(troth_choice_name((enum troth_choice)i)), i);
	for (int i = 1; i <= TROTH_DEBTOR_PARTY; i++)
		assert_int_equal(
			troth_debtor_number(troth_debtor_name((enum troth_debtor_is)i)),
			i);
	assert_null(troth_cause_name((enum troth_cause)0));
	assert_null(troth_cause_name((enum troth_cause)(TROTH_CAUSE_LAST + 1)));
	assert_int_equal(troth_cause_number("bored"), -1);
	assert_int_equal(troth_choice_number(""), -1);
	assert_int_equal(troth_debtor_number("bank"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_wait_ends_by_the_clock_by_business_time_or_by_working_days),
		cmocka_unit_test(the_first_rule_that_fits_counts),
		cmocka_unit_test(a_route_says_who_owes_what),
		cmocka_unit_test(where_there_is_no_seller_or_carrier_it_is_for_the_brand),
		cmocka_unit_test(no_instant_of_a_route_is_over_or_after_due),
		cmocka_unit_test(words_are_said_in_the_nearest_language),
		cmocka_unit_test(whose_shift_is_open_is_on_call_or_else_the_last),
		cmocka_unit_test(names_and_numbers_are_each_others_inverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
