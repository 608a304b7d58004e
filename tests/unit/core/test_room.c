/* How much of an order or case others may fill, and what the brand can then still do. */
#include "alarm_kit.h"

#include "troth/base/text.h"
#include "troth/core/promise.h"

#include <stdio.h>

#define LIMIT TROTH_REASON_LIMIT

/* Of one order or case: how many others may make there be, and how many the brand. */
static const struct limit {
	enum troth_event_type type;
	unsigned others, all;
} limits[] = {
	{ TROTH_EVENT_ORDER_CASE_LINKED, 14, 16 },
	{ TROTH_EVENT_CASE_ORDER_LINKED, 14, 16 },
	{ TROTH_EVENT_PROMISE_MADE, 56, 64 },
	{ TROTH_EVENT_COMMITMENT_ADDED, 224, 256 },
	{ TROTH_EVENT_COMPLAINT, 28, 32 },
};

/* An order, or acme's case, with two promises of acme's (10 and 11). */
static void begin_with_two(enum troth_subject_kind kind)
{
	begin(kind);
	if (kind == TROTH_SUBJECT_ORDER)
		assert_int_equal(story_do(&st, TROTH_EVENT_ORDER_CASE_LINKED, "acme"),
				 OK);
	for (uint64_t n = 10; n < 12; n++) {
		fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
		e.u.promise.id = fixture_id(n);
		e.u.promise.terms[0] = fixture_terms("acme");
		assert_int_equal(story_tell(&st, &e), OK);
	}
}

static unsigned there_are(enum troth_event_type type)
{
	unsigned complaints = 0;

	if (type == TROTH_EVENT_PROMISE_MADE)
		return st.s.promise_count;
	if (type == TROTH_EVENT_COMMITMENT_ADDED)
		return st.s.commitment_count;
	if (type != TROTH_EVENT_COMPLAINT)
		return st.s.link_count;
	for (unsigned i = 0; i < st.s.recovery_count; i++)
		complaints += st.s.recoveries[i].complaint;
	return complaints;
}

static enum troth_reason one_more(enum troth_event_type type, const char *party)
{
	struct troth_id id = fixture_id(100 + st.position);

	fixture_event(&e, type, party);
	if (type == TROTH_EVENT_PROMISE_MADE)
		e.u.promise.id = id;
	else if (type == TROTH_EVENT_COMMITMENT_ADDED) /* No promise can have all. */
		e.u.commitment.promise = fixture_id(10 + st.s.commitment_count % 2);
	else if (type == TROTH_EVENT_COMPLAINT)
		e.u.recovery.id = id;
	else
		e.u.link.id = id;
	return story_tell(&st, &e);
}

static void fill(enum troth_event_type type, const char *party, unsigned upto)
{
	while (there_are(type) < upto)
		assert_int_equal(one_more(type, party), OK);
	assert_int_equal(there_are(type), upto);
}

static void refused(enum troth_event_type type, const char *party)
{
	assert_int_equal(one_more(type, party), LIMIT);
	assert_int_equal(st.last.outcome, TROTH_REFUSED);
}

static void others_fill_so_much_and_the_brand_alone_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(limits); i++) {
		const struct limit *l = &limits[i];
		bool order = l->type != TROTH_EVENT_CASE_ORDER_LINKED;

		begin_with_two(order ? TROTH_SUBJECT_ORDER : TROTH_SUBJECT_CASE);
		fill(l->type, "acme", l->others);
		refused(l->type, "acme");
		if (order && l->type != TROTH_EVENT_ORDER_CASE_LINKED)
			refused(l->type, "shop"); /* Whoever it was that filled it. */
		fill(l->type, "brand", l->all);
		refused(l->type, "brand");
		refused(l->type, "acme");
	}
}

static enum troth_reason promise_with(unsigned count, const char *party)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, party);
	e.u.promise.id = fixture_id(100 + st.position);
	e.u.promise.terms_count = count;
	for (unsigned i = 0; i < count; i++)
		e.u.promise.terms[i] = fixture_terms("swift");
	return story_tell(&st, &e);
}

/* A federation of many carriers: "c-0" and so on. */
static bool find_carrier(void *ctx, const char *name, struct troth_party *out)
{
	if (fixture_lookup.party(ctx, name, out))
		return true;
	if (name[0] != 'c' || name[1] != '-')
		return false;
	*out = (struct troth_party){ .role = TROTH_ROLE_CARRIER };
	TROTH_TEXT_SET(out->party, name);
	return true;
}

/* By which somebody comes to see an order. The promise is acme's, which owes it, too. */
static const enum troth_event_type ways[] = {
	TROTH_EVENT_PROMISE_MADE,    TROTH_EVENT_COMMITMENT_ADDED,
	TROTH_EVENT_ORDER_CORRECTED, TROTH_EVENT_ORDER_CANCELLED,
	TROTH_EVENT_COMMITMENT_STEP,
};

static enum troth_reason bring(enum troth_event_type way, const char *party,
			       const char *guest)
{
	fixture_event(&e, way, party);
	if (way == TROTH_EVENT_PROMISE_MADE) {
		e.u.promise.id = fixture_id(100 + st.position);
		e.u.promise.terms[0] = fixture_terms(guest);
	} else if (way == TROTH_EVENT_COMMITMENT_ADDED) {
		e.u.commitment.terms = fixture_terms(guest);
	} else if (way == TROTH_EVENT_ORDER_CORRECTED) {
		e.u.order.version = st.s.order.version + 1;
		TROTH_TEXT_SET(e.u.order.carrier, guest);
	} else if (way == TROTH_EVENT_ORDER_CANCELLED) {
		e.u.cancel.initiator = TROTH_BY_FIRM;
		e.u.cancel.has_tell = true;
		e.u.cancel.tell = fixture_terms(guest);
	} else {
		e.u.commitment_step.commitment = story_the_commitment(&st, 1)->promise;
		e.u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = 1;
		e.u.commitment_step.action = TROTH_COMMITMENT_DO_DELEGATE;
		TROTH_TEXT_SET(e.u.commitment_step.party, guest);
	}
	return story_tell(&st, &e);
}

static void bring_upto(const char *party, unsigned count)
{
	char guest[TROTH_PARTY_MAX + 1];

	while (st.s.participant_count < count) {
		(void)snprintf(guest, sizeof(guest), "c-%u", st.s.participant_count);
		assert_int_equal(bring(TROTH_EVENT_COMMITMENT_ADDED, party, guest), OK);
	}
	assert_int_equal(st.s.participant_count, count);
}

static void others_bring_in_so_many_and_the_brand_alone_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(ways); i++) {
		begin_with_two(TROTH_SUBJECT_ORDER);
		lookup.party = find_carrier;
		bring_upto("acme", 27);
		assert_int_equal(bring(ways[i], "acme", "c-last"), OK);
		assert_int_equal(st.s.participant_count, 28);

		begin_with_two(TROTH_SUBJECT_ORDER);
		lookup.party = find_carrier;
		bring_upto("acme", 28);
		assert_int_equal(bring(ways[i], "acme", "c-more"), LIMIT);
		assert_int_equal(st.last.outcome, TROTH_REFUSED);
		bring_upto("brand", 29);
		assert_int_equal(bring(ways[i], "acme", "c-more"), LIMIT);
		assert_int_equal(bring(ways[i], "acme", "swift"), OK); /* It sees it. */
	}
}

static void the_brand_brings_in_a_new_carrier_where_a_vendor_filled_the_order(
	void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(ways) - 1;
	     i++) { /* It has nothing to delegate. */
		begin_with_two(TROTH_SUBJECT_ORDER);
		lookup.party = find_carrier;
		bring_upto("acme", 28);
		bring_upto("brand", 31);
		assert_int_equal(bring(ways[i], "brand", "c-last"), OK);
		assert_true(troth_subject_is_participant(&st.s, "c-last"));

		begin_with_two(TROTH_SUBJECT_ORDER);
		lookup.party = find_carrier;
		bring_upto("brand", 32);
		assert_int_equal(bring(ways[i], "brand", "c-more"), LIMIT);
		assert_int_equal(bring(ways[i], "brand", "c-31"), OK);
	}
}

static void who_may_not_link_hears_that_and_not_how_full_it_is(void **state)
{
	static const struct {
		enum troth_event_type type;
		const char *party;
	} rows[] = {
		{ TROTH_EVENT_ORDER_CASE_LINKED, "shop" },
		{ TROTH_EVENT_CASE_ORDER_LINKED, "swift" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		begin_with_two(i == 0 ? TROTH_SUBJECT_ORDER : TROTH_SUBJECT_CASE);
		fill(rows[i].type, "brand", 16);
		fixture_event(&e, rows[i].type, rows[i].party);
		e.u.link.id = fixture_id(100 + st.position);
		TROTH_TEXT_SET(e.u.link.vendor, "acme");
		assert_int_equal(story_tell(&st, &e), TROTH_REASON_NOT_ENTITLED);
		e.u.link.id = st.s.links[0].id; /* Nor what is linked already. */
		assert_int_equal(story_tell(&st, &e), TROTH_REASON_NOT_ENTITLED);
	}
}

static enum troth_reason cancel_order(const char *party)
{
	fixture_event(&e, TROTH_EVENT_ORDER_CANCELLED, party);
	e.u.cancel.initiator = TROTH_BY_FIRM;
	e.u.cancel.has_tell = true;
	e.u.cancel.tell = fixture_terms("acme");
	return story_tell(&st, &e);
}

static void what_comes_with_a_promise_or_with_its_end_needs_room_too(void **state)
{
	static const struct {
		const char *party;
		unsigned most;
	} rows[] = { { "acme", 224 }, { "brand", 256 } };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		begin_with_two(TROTH_SUBJECT_ORDER);
		fill(TROTH_EVENT_COMMITMENT_ADDED, "brand", rows[i].most - 4);
		assert_int_equal(promise_with(5, rows[i].party), LIMIT);
		assert_int_equal(promise_with(4, rows[i].party), OK);
		assert_int_equal(there_are(TROTH_EVENT_COMMITMENT_ADDED), rows[i].most);
		assert_int_equal(promise_with(1, rows[i].party), LIMIT);
		assert_int_equal(cancel_order(rows[i].party), LIMIT);
		assert_int_equal(st.s.order.state, TROTH_ORDER_PLACED);

		begin_with_two(TROTH_SUBJECT_ORDER);
		fill(TROTH_EVENT_COMMITMENT_ADDED, "brand", rows[i].most - 1);
		assert_int_equal(cancel_order(rows[i].party), OK);
		assert_int_equal(st.s.order.state, TROTH_ORDER_CANCELLED);
	}
}

/* All that a vendor can do to an order: 56 promises with 224 commitments, and the rest.
 */
static void acme_fills_an_order(void)
{
	begin_with_two(TROTH_SUBJECT_ORDER);
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(promise_with(TROTH_TERMS_MAX, "acme"), OK);
	assert_int_equal(promise_with(3, "acme"), OK);
	for (size_t i = 0; i < TROTH_LEN(limits); i++) {
		if (limits[i].type == TROTH_EVENT_CASE_ORDER_LINKED)
			continue;
		fill(limits[i].type, "acme", limits[i].others);
		refused(limits[i].type, "acme");
	}
	assert_int_equal(cancel_order("acme"), LIMIT);
}

/* The brand promises a remedy of recovery `of`, and it is kept. */
static void the_brand_makes_good(const struct troth_id *of, uint64_t n)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "brand");
	e.u.promise.id = fixture_id(n);
	e.u.promise.recovers = *of;
	e.u.promise.due.ms = st.now.ms + FIXTURE_DAY;
	e.u.promise.terms[0] = fixture_terms("brand");
	e.u.promise.terms[0].due = e.u.promise.due;
	e.u.promise.terms[0].acceptance_ms = 0;
	assert_int_equal(story_tell(&st, &e), OK);
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "brand");
	e.u.commitment_step.commitment = fixture_id(n);
	e.u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = 1;
	e.u.commitment_step.action = TROTH_COMMITMENT_DO_FULFIL;
	e.u.commitment_step.evidence = TROTH_EVIDENCE_CODE;
	e.u.commitment_step.at = st.now;
	assert_int_equal(story_tell(&st, &e), OK);
	assert_int_equal(st.s.recoveries[troth_subject_recovery(&st.s, of)].state,
			 TROTH_RECOVERY_MADE_GOOD);
}

static void the_brand_takes_back_and_makes_good_what_a_vendor_filled(void **state)
{
	struct troth_id complaint;

	(void)state;
	acme_fills_an_order();
	assert_int_equal(story_promise_step(&st, "brand", TROTH_PROMISE_DO_CANCEL), OK);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_CANCELLED);
	assert_int_equal(one_more(TROTH_EVENT_COMPLAINT, "brand"), OK);
	complaint = e.u.recovery.id;
	the_brand_makes_good(&complaint, 50);
	assert_int_equal(one_more(TROTH_EVENT_ORDER_CASE_LINKED, "brand"), OK);
	assert_int_equal(cancel_order("brand"), OK);
	assert_int_equal(st.s.order.state, TROTH_ORDER_CANCELLED);
	for (unsigned i = 0; i < st.s.promise_count; i++)
		assert_false(troth_promise_is_open(st.s.promises[i].state));
}

static void the_clock_finds_room_for_all_that_a_vendor_broke(void **state)
{
	const struct troth_id broken = fixture_id(10);

	(void)state;
	acme_fills_an_order();
	assert_true(story_clock(&st, DUE + 1) > 56 + 56); /* Each of them has effect. */
	for (unsigned i = 0; i < st.s.promise_count; i++) {
		assert_int_equal(st.s.promises[i].state, TROTH_PROMISE_BROKEN);
		assert_true(troth_subject_recovery(&st.s, &st.s.promises[i].id) >= 0);
	}
	assert_int_equal(st.s.recovery_count, 28 + 56);
	the_brand_makes_good(&broken, 50);
	assert_int_equal(story_the_promise(&st)->state, TROTH_PROMISE_REMEDIED);
	assert_int_equal(safety("brand"), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_fill_so_much_and_the_brand_alone_the_rest),
		cmocka_unit_test(others_bring_in_so_many_and_the_brand_alone_the_rest),
		cmocka_unit_test(
			the_brand_brings_in_a_new_carrier_where_a_vendor_filled_the_order),
		cmocka_unit_test(who_may_not_link_hears_that_and_not_how_full_it_is),
		cmocka_unit_test(
			what_comes_with_a_promise_or_with_its_end_needs_room_too),
		cmocka_unit_test(
			the_brand_takes_back_and_makes_good_what_a_vendor_filled),
		cmocka_unit_test(the_clock_finds_room_for_all_that_a_vendor_broke),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
