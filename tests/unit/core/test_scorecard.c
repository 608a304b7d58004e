#include "troth/core/scorecard.h"

#include "troth/base/text.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define MADE FIXTURE_NOW
#define DUE  (MADE + FIXTURE_DAY)
#define HOUR INT64_C(3600000)

static const struct troth_time after = { DUE + 1 };

/* An order with one active promise, and one commitment of it. */
static struct troth_subject *subject(void)
{
	struct troth_subject *s = calloc(1, sizeof(*s));
	struct troth_id id = fixture_id(1);

	assert_non_null(s);
	troth_subject_init(s, TROTH_SUBJECT_ORDER, &id);
	s->order.state = TROTH_ORDER_PLACED;
	s->promise_count = 1;
	s->promises[0] = (struct troth_promise){ .id = fixture_id(7),
						 .state = TROTH_PROMISE_ACTIVE,
						 .kind = TROTH_KIND_DELIVERY,
						 .commitment_count = 1,
						 .made = { MADE },
						 .due = { DUE } };
	s->commitment_count = 1;
	s->commitments[0] = (struct troth_commitment){
		.promise = fixture_id(7),
		.ordinal = 1,
		.state = TROTH_COMMITMENT_REQUESTED,
		.action = TROTH_ACTION_DELIVER,
		.due = { DUE },
		.requested = { MADE },
	};
	return s;
}

static struct troth_made_card made(const struct troth_subject *s, unsigned i)
{
	struct troth_made_card card = { .goods = 0 };

	assert_true(troth_card_made(&card, s, i, after));
	return card;
}

static struct troth_owed_card owed(const struct troth_subject *s)
{
	struct troth_owed_card card = { .reopened = 0 };

	assert_true(troth_card_owed(&card, s, 0, after));
	return card;
}

static void what_was_never_spoken_is_on_no_card(void **state)
{
	struct troth_subject *s = subject();

	(void)state;
	for (int p = TROTH_PROMISE_NONE; p <= TROTH_PROMISE_STATE_LAST; p++) {
		struct troth_made_card m, none_made = { .goods = 0 };
		struct troth_owed_card o, none_owed = { .reopened = 0 };
		bool counts;

		memset(&m, 0, sizeof(m));
		memset(&o, 0, sizeof(o));
		s->promises[0].state = (enum troth_promise_state)p;
		counts = troth_score_promise(s, 0, after).score != TROTH_SCORE_NONE;
		assert_int_equal(troth_card_made(&m, s, 0, after), counts);
		assert_int_equal(troth_card_owed(&o, s, 0, after), counts);
		assert_int_equal(memcmp(&m, &none_made, sizeof(m)) != 0, counts);
		assert_int_equal(memcmp(&o, &none_owed, sizeof(o)) != 0, counts);
		for (int v = TROTH_SCORE_KEPT; v <= TROTH_SCORE_LAST; v++)
			assert_int_equal(m.outcomes.of[v],
					 counts &&
						 troth_score_promise(s, 0, after).score ==
							 (enum troth_score)v);
	}
	free(s);
}

static void goodwill_is_what_gifts_credits_and_refunds_cost_unless_withdrawn(void **state)
{
	struct troth_subject *s = subject();
	struct troth_promise *p = &s->promises[0];

	(void)state;
	TROTH_TEXT_SET(p->currency, "EUR");
	for (int kind = TROTH_KIND_GIFT; kind <= TROTH_KIND_LAST; kind++)
		for (int st = TROTH_PROMISE_ACTIVE; st <= TROTH_PROMISE_STATE_LAST;
		     st++) {
			bool given = kind <= TROTH_KIND_REFUND &&
				     st != TROTH_PROMISE_RELEASED &&
				     st != TROTH_PROMISE_CANCELLED;

			p->kind = (enum troth_kind)kind;
			p->state = (enum troth_promise_state)st;
			p->amount = 2500;
			p->quantity = 0;
			assert_int_equal(troth_goodwill(s, 0, after), given ? 2500 : 0);
			assert_int_equal(made(s, 0).goods, 0);
			p->amount = 0;
			p->quantity = 3;
			assert_int_equal(troth_goodwill(s, 0, after), 0);
			assert_int_equal(made(s, 0).goods, given ? 3 : 0);
		}
	free(s);
}

/* The promise is the second of its order; the first is `earlier` and so on. */
static const struct {
	const char *story;
	int64_t earlier_ms;
	const char *reason;
	enum troth_promise_state state;
	bool repeat;
} repeats[] = {
	{ "the same was promised a moment before", 1, "late", TROTH_PROMISE_BROKEN,
	  true },
	{ "and still is", 1, "late", TROTH_PROMISE_ACTIVE, true },
	{ "it was promised at the same instant", 0, "late", TROTH_PROMISE_BROKEN, false },
	{ "it was promised later", -1, "late", TROTH_PROMISE_BROKEN, false },
	{ "for another reason", 1, "lost", TROTH_PROMISE_BROKEN, false },
	{ "it was only proposed", 1, "late", TROTH_PROMISE_PROPOSED, false },
	{ "and expired", 1, "late", TROTH_PROMISE_EXPIRED, false },
	{ "it was withdrawn", 1, "late", TROTH_PROMISE_RELEASED, true },
};

static void a_repeat_is_what_had_been_promised_there_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(repeats); i++) {
		struct troth_subject *s = subject();
		struct troth_promise *first = &s->promises[0];

		s->promises[s->promise_count++] = *first;
		s->promises[1].id = fixture_id(8);
		TROTH_TEXT_SET(s->promises[1].reason, "late");
		first->made.ms = MADE - repeats[i].earlier_ms;
		TROTH_TEXT_SET(first->reason, repeats[i].reason);
		first->state = repeats[i].state;
		print_message("  %s\n", repeats[i].story);
		assert_int_equal(made(s, 1).repeats, repeats[i].repeat);
		free(s);
	}
}

static void flags_and_counters_are_taken_as_they_stand(void **state)
{
	struct troth_subject *s = subject();

	(void)state;
	s->promises[0].flags = TROTH_FLAG_DUE_PASSED | TROTH_FLAG_SUBJECT_CLOSED;
	assert_int_equal(made(s, 0).over_authority, 0);
	s->promises[0].flags = TROTH_FLAG_OVER_AUTHORITY;
	s->promises[0].reopened = 2;
	s->commitments[0].reopened = 3;
	s->recovery_count = 2;
	s->recoveries[0].promise = s->promises[0].id;
	s->recoveries[0].reopened = 4;
	s->recoveries[1].promise = fixture_id(99); /* Of another one. */
	s->recoveries[1].reopened = 1;
	assert_int_equal(made(s, 0).over_authority, 1);
	assert_int_equal(made(s, 0).reopened, 2 + 4);
	assert_int_equal(made(s, 0).recoveries, 1);
	assert_int_equal(owed(s).reopened, 3);
	assert_int_equal(owed(s).unacknowledged, 1);
	assert_int_equal(owed(s).ack_overdue, 0);
	s->commitments[0].ack_overdue.ms = MADE + HOUR;
	assert_int_equal(owed(s).ack_overdue, 1);
	assert_int_equal(owed(s).acknowledged.count, 0);
	s->commitments[0].acknowledged.ms = MADE + 2 * HOUR;
	assert_int_equal(owed(s).unacknowledged, 0);
	assert_int_equal(owed(s).acknowledged.count, 1);
	assert_int_equal(owed(s).acknowledged.total_ms, 2 * HOUR);
	free(s);
}

static void what_was_done_took_from_the_promise_to_its_evidence(void **state)
{
	const int64_t done[] = { MADE - HOUR, MADE, MADE + 3 * HOUR, DUE + HOUR };
	struct troth_subject *s = subject();

	(void)state;
	assert_int_equal(made(s, 0).settled.count, 0);
	assert_int_equal(owed(s).settled.count, 0);
	for (size_t i = 0; i < TROTH_LEN(done); i++) {
		uint64_t took = done[i] > MADE ? (uint64_t)(done[i] - MADE) : 0;

		s->commitments[0].fulfilled.ms = done[i];
		s->commitments[0].reported.ms = DUE + 2 * HOUR;
		assert_int_equal(made(s, 0).settled.count, 1);
		assert_int_equal(made(s, 0).settled.total_ms, took);
		assert_int_equal(owed(s).settled.total_ms, took);
	}
	free(s);
}

static void a_bound_holds_what_took_so_long_and_not_a_millisecond_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TROTH_DURATIONS; i++) {
		struct troth_durations d = { .count = 0 };
		struct troth_time from = { MADE };

		assert_true(i == 0 || troth_duration_bounds_ms[i] >
					      troth_duration_bounds_ms[i - 1]);
		troth_durations_add(
			&d, from,
			(struct troth_time){ MADE + troth_duration_bounds_ms[i] });
		assert_int_equal(d.within[i], 1);
		assert_int_equal(i == 0 ? 0 : d.within[i - 1], 0);
		assert_int_equal(d.within[TROTH_DURATIONS - 1], 1);
		troth_durations_add(
			&d, from,
			(struct troth_time){ MADE + troth_duration_bounds_ms[i] + 1 });
		assert_int_equal(d.within[i], 1);
		assert_int_equal(d.count, 2);
		assert_int_equal(d.total_ms, 2 * troth_duration_bounds_ms[i] + 1);
	}
}

static void cards_of_parts_add_up_to_the_card_of_the_whole(void **state)
{
	struct troth_subject *s = subject();
	struct troth_made_card m, twice_made = { .goods = 0 };
	struct troth_owed_card o, twice_owed = { .reopened = 0 };
	const uint64_t *one, *two;

	(void)state;
	s->promises[0].kind = TROTH_KIND_GIFT;
	s->promises[0].quantity = 5;
	s->promises[0].flags = TROTH_FLAG_OVER_AUTHORITY;
	s->promises[0].reopened = s->commitments[0].reopened = 1;
	s->commitments[0].acknowledged.ms = s->commitments[0].fulfilled.ms = MADE + HOUR;
	s->commitments[0].ack_overdue.ms = MADE + 1;
	m = made(s, 0);
	o = owed(s);
	for (int i = 0; i < 2; i++) {
		troth_made_card_add(&twice_made, &m);
		troth_owed_card_add(&twice_owed, &o);
	}
	/* Both structs hold nothing but counts. */
	one = (const uint64_t *)(const void *)&m;
	two = (const uint64_t *)(const void *)&twice_made;
	for (size_t i = 0; i < sizeof(m) / sizeof(*one); i++)
		assert_int_equal(two[i], 2 * one[i]);
	one = (const uint64_t *)(const void *)&o;
	two = (const uint64_t *)(const void *)&twice_owed;
	for (size_t i = 0; i < sizeof(o) / sizeof(*one); i++)
		assert_int_equal(two[i], 2 * one[i]);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_spoken_is_on_no_card),
		cmocka_unit_test(
			goodwill_is_what_gifts_credits_and_refunds_cost_unless_withdrawn),
		cmocka_unit_test(a_repeat_is_what_had_been_promised_there_before),
		cmocka_unit_test(flags_and_counters_are_taken_as_they_stand),
		cmocka_unit_test(what_was_done_took_from_the_promise_to_its_evidence),
		cmocka_unit_test(
			a_bound_holds_what_took_so_long_and_not_a_millisecond_more),
		cmocka_unit_test(cards_of_parts_add_up_to_the_card_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
