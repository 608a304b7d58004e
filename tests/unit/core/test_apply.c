/* What entries leave behind, also those that cannot be right. */
#include "story.h"

#include "troth/core/commitment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DO(a) TROTH_COMMITMENT_DO_##a
#define OK    TROTH_REASON_NONE

static struct story st;
static struct troth_event e;

static void begin(void)
{
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"), OK);
}

static void the_first_word_of_the_debtor_is_when_it_had_acknowledged(void **state)
{
	static const enum troth_commitment_action words[] = { DO(ACCEPT), DO(DECLINE),
							      DO(COUNTER), DO(FULFIL) };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(words); i++) {
		int64_t first;

		begin();
		assert_int_equal(story_promise(&st, "acme", true), OK);
		assert_true(
			troth_commitment_unacknowledged(story_the_commitment(&st, 1)));
		st.now.ms += FIXTURE_MINUTE;
		first = st.now.ms;
		assert_int_equal(story_step(&st, "swift", 1, words[i]), OK);
		assert_false(
			troth_commitment_unacknowledged(story_the_commitment(&st, 1)));
		assert_int_equal(story_the_commitment(&st, 1)->acknowledged.ms, first);
		if (words[i] == DO(FULFIL))
			continue;
		st.now.ms += FIXTURE_MINUTE;
		assert_int_equal(story_step(&st, "swift", 1, DO(FULFIL)), OK);
		assert_int_equal(story_the_commitment(&st, 1)->acknowledged.ms, first);
	}
}

static void one_asked_again_has_acknowledged_nothing(void **state)
{
	(void)state;
	begin();
	assert_int_equal(story_promise(&st, "acme", true), OK);
	assert_int_equal(story_step(&st, "swift", 1, DO(DECLINE)), OK);
	assert_int_equal(story_step(&st, "brand", 1, DO(REQUEST)), OK);
	assert_int_equal(story_the_commitment(&st, 1)->acknowledged.ms, 0);
	assert_true(troth_commitment_unacknowledged(story_the_commitment(&st, 1)));
}

/* An entry that central says has effect, as one that holds another state sees it. */
static void apply_as_it_stands(void)
{
	const struct troth_verdict effect = { TROTH_TAKES_EFFECT, OK };
	unsigned promises = st.s.promise_count, commitments = st.s.commitment_count;
	unsigned links = st.s.link_count;
	uint64_t revision = st.s.revision;
	struct troth_who who;
	struct troth_site site;

	fixture_who(&who, &site, &e);
	troth_apply(&st.s, &fixture_lookup, &who, &e, effect,
		    (struct troth_place){ ++st.position, st.now });
	assert_int_equal(st.s.revision, revision + 1);
	assert_int_equal(st.s.promise_count, promises);
	assert_int_equal(st.s.commitment_count, commitments);
	assert_int_equal(st.s.link_count, links);
}

static void an_entry_about_what_is_not_here_counts_and_does_nothing(void **state)
{
	static const enum troth_event_type types[] = { TROTH_EVENT_PROMISE_STEP,
						       TROTH_EVENT_COMMITMENT_ADDED,
						       TROTH_EVENT_COMMITMENT_STEP };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(types); i++) {
		begin();
		fixture_event(&e, types[i], "acme"); /* Of the usual promise. */
		apply_as_it_stands();
	}
}

static void an_entry_beyond_a_limit_counts_and_does_nothing(void **state)
{
	(void)state;
	begin();
	for (unsigned i = st.s.link_count; i < TROTH_LINKS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "brand");
		e.u.link.id = fixture_id(100 + i);
		assert_int_equal(story_tell(&st, &e), OK);
	}
	e.u.link.id = fixture_id(99);
	apply_as_it_stands();

	begin();
	for (unsigned i = 0; i < TROTH_PROMISES_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "brand");
		e.u.promise.id = fixture_id(100 + i);
		assert_int_equal(story_tell(&st, &e), OK);
	}
	e.u.promise.id = fixture_id(99);
	apply_as_it_stands();

	begin();
	for (unsigned i = 0; i < TROTH_COMMITMENTS_MAX / TROTH_TERMS_MAX; i++) {
		fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "brand");
		e.u.promise.id = fixture_id(100 + i);
		e.u.promise.terms_count = TROTH_TERMS_MAX;
		for (unsigned t = 0; t < TROTH_TERMS_MAX; t++)
			e.u.promise.terms[t] = fixture_terms("swift");
		assert_int_equal(story_tell(&st, &e), OK);
	}
	e.u.promise.id = fixture_id(99);
	e.u.promise.terms_count = 1;
	apply_as_it_stands();
	fixture_event(&e, TROTH_EVENT_COMMITMENT_ADDED, "acme");
	e.u.commitment.promise = fixture_id(100);
	apply_as_it_stands();
}

static void the_clock_declares_at_most_what_there_is_room_for(void **state)
{
	const struct troth_time late = { FIXTURE_NOW + 3 * FIXTURE_DAY };
	struct troth_declaration d[4];

	(void)state;
	begin();
	for (unsigned i = 0; i < 3; i++) { /* Offers: nothing is owed under them yet. */
		fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
		e.u.promise.id = fixture_id(100 + i);
		e.u.promise.spoken = false;
		e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
		assert_int_equal(story_tell(&st, &e), OK);
	}
	for (unsigned max = 1; max <= 3; max++) {
		struct troth_id behind = fixture_id(7);

		d[max].promise = behind;
		assert_int_equal(troth_subject_tick(&st.s, st.lookup, late, d, max), max);
		assert_true(troth_id_eq(&d[max].promise, &behind));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_first_word_of_the_debtor_is_when_it_had_acknowledged),
		cmocka_unit_test(one_asked_again_has_acknowledged_nothing),
		cmocka_unit_test(an_entry_about_what_is_not_here_counts_and_does_nothing),
		cmocka_unit_test(an_entry_beyond_a_limit_counts_and_does_nothing),
		cmocka_unit_test(the_clock_declares_at_most_what_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
