/* How much of an order or case others may fill, and what the brand can then still do. */
#include "alarm_kit.h"

#include "troth/core/promise.h"

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
		if (order)
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
		cmocka_unit_test(
			what_comes_with_a_promise_or_with_its_end_needs_room_too),
		cmocka_unit_test(
			the_brand_takes_back_and_makes_good_what_a_vendor_filled),
		cmocka_unit_test(the_clock_finds_room_for_all_that_a_vendor_broke),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
