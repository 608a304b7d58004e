#include "troth/core/score.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define DUE (FIXTURE_NOW + FIXTURE_DAY)

/* A subject with one promise, due at DUE, and `n` commitments due then. */
static struct troth_subject *subject(enum troth_promise_state state, unsigned n)
{
	struct troth_subject *s = calloc(1, sizeof(*s));
	struct troth_id id = fixture_id(1);

	assert_non_null(s);
	troth_subject_init(s, TROTH_SUBJECT_ORDER, &id);
	s->order.state = TROTH_ORDER_PLACED;
	s->promise_count = 1;
	s->promises[0].id = fixture_id(7);
	s->promises[0].state = state;
	s->promises[0].due.ms = DUE;
	s->promises[0].commitment_count = n;
	s->commitment_count = n;
	for (unsigned i = 0; i < n; i++) {
		struct troth_commitment *c = &s->commitments[i];

		c->promise = fixture_id(7);
		c->ordinal = (uint8_t)(i + 1);
		c->state = TROTH_COMMITMENT_REQUESTED;
		c->action = TROTH_ACTION_DELIVER;
		c->due.ms = DUE;
	}
	return s;
}

static void done_at(struct troth_commitment *c, int64_t at)
{
	c->state = TROTH_COMMITMENT_DISCHARGED;
	c->fulfilled.ms = at;
	c->reported.ms = at;
}

static bool is_spoken(int state)
{
	return state == TROTH_PROMISE_ACTIVE || state >= TROTH_PROMISE_KEPT;
}

/* doc/scores.md, said once more in other words: the oracle of the whole space. */
static enum troth_score oracle(bool spoken, int64_t evidence, bool called_off,
			       int64_t as_of)
{
	if (!spoken)
		return TROTH_SCORE_NONE;
	if (evidence > 0)
		return evidence > DUE ? TROTH_SCORE_LATE : TROTH_SCORE_KEPT;
	if (called_off)
		return TROTH_SCORE_WITHDRAWN;
	return as_of > DUE ? TROTH_SCORE_OVERDUE : TROTH_SCORE_PENDING;
}

static void check_one(int promise, int commitment, bool cancelled, int64_t evidence,
		      int64_t as_of)
{
	struct troth_subject *s = subject((enum troth_promise_state)promise, 1);
	struct troth_commitment *c = &s->commitments[0];
	bool ended = promise == TROTH_PROMISE_RELEASED ||
		     promise == TROTH_PROMISE_CANCELLED;
	bool own_end = commitment == TROTH_COMMITMENT_RELEASED ||
		       commitment == TROTH_COMMITMENT_CANCELLED;
	struct troth_scored got;
	enum troth_score want;

	done_at(c, evidence);
	c->state = (enum troth_commitment_state)commitment;
	c->settled.ms = DUE + FIXTURE_DAY; /* The evidence came before the end. */
	if (cancelled)
		s->order.state = TROTH_ORDER_CANCELLED;

	want = oracle(is_spoken(promise), evidence, ended || cancelled, as_of);
	got = troth_score_promise(s, 0, (struct troth_time){ as_of });
	assert_int_equal(got.score, want);
	assert_int_equal(got.evidence.ms, want == TROTH_SCORE_NONE ? 0 : evidence);

	want = oracle(is_spoken(promise), evidence, ended || cancelled || own_end, as_of);
	got = troth_score_commitment(s, 0, (struct troth_time){ as_of });
	assert_int_equal(got.score, want);
	assert_int_equal(got.evidence.ms, want == TROTH_SCORE_NONE ? 0 : evidence);
	free(s);
}

static void evidence_beats_every_status_and_none_counts_what_was_never_said(void **state)
{
	const int64_t evidences[] = { 0, DUE - 1, DUE, DUE + 1 };
	const int64_t instants[] = { DUE - 1, DUE, DUE + 1 };

	(void)state;
	for (int p = TROTH_PROMISE_NONE; p <= TROTH_PROMISE_STATE_LAST; p++)
		for (int c = TROTH_COMMITMENT_REQUESTED; c <= TROTH_COMMITMENT_STATE_LAST;
		     c++)
			for (int x = 0; x < 2; x++)
				for (size_t e = 0; e < TROTH_LEN(evidences); e++)
					for (size_t t = 0; t < TROTH_LEN(instants); t++)
						check_one(p, c, x == 1, evidences[e],
							  instants[t]);
}

static enum troth_score score_of(const struct troth_subject *s, int64_t as_of)
{
	return troth_score_promise(s, 0, (struct troth_time){ as_of }).score;
}

static void a_promise_is_done_when_the_last_of_its_commitments_is(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_ACTIVE, 3);

	(void)state;
	done_at(&s->commitments[0], DUE - 5);
	done_at(&s->commitments[1], DUE - 9);
	assert_int_equal(score_of(s, DUE), TROTH_SCORE_PENDING);
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_OVERDUE);
	done_at(&s->commitments[2], DUE + 1);
	assert_int_equal(score_of(s, DUE), TROTH_SCORE_LATE);
	assert_int_equal(
		troth_score_promise(s, 0, (struct troth_time){ DUE }).evidence.ms,
		DUE + 1);
	done_at(&s->commitments[2], DUE - 7);
	assert_int_equal(score_of(s, DUE), TROTH_SCORE_KEPT);
	assert_int_equal(
		troth_score_promise(s, 0, (struct troth_time){ DUE }).evidence.ms,
		DUE - 5);
	free(s);
}

static void what_was_called_off_alone_does_not_count_for_the_promise(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_KEPT, 2);

	(void)state;
	s->commitments[0].state = TROTH_COMMITMENT_RELEASED;
	done_at(&s->commitments[1], DUE);
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_KEPT);
	s->commitments[1].state = TROTH_COMMITMENT_RELEASED;
	s->commitments[1].settled.ms = DUE - 1; /* And then done all the same. */
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_OVERDUE);
	free(s);
}

static void half_done_when_it_was_called_off_is_not_kept(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_RELEASED, 2);

	(void)state;
	s->promises[0].settled.ms = DUE - 5;
	done_at(&s->commitments[0], DUE - 9);
	s->commitments[1].state = TROTH_COMMITMENT_RELEASED;
	s->commitments[1].settled.ms = DUE - 5; /* Together with the promise. */
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_WITHDRAWN);
	s->commitments[1].settled.ms = DUE - 6; /* By itself, before. */
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_KEPT);
	free(s);
}

static void what_is_reported_after_the_end_is_no_evidence(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_CANCELLED, 1);

	(void)state;
	done_at(&s->commitments[0], DUE - 2);
	s->commitments[0].state = TROTH_COMMITMENT_CANCELLED;
	s->commitments[0].settled.ms = DUE - 2;
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_KEPT);
	s->commitments[0].reported.ms = DUE - 1;
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_WITHDRAWN);
	free(s);
}

static void telling_the_customer_of_the_end_does_not_keep_the_promise(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_CANCELLED, 2);
	struct troth_commitment *tell = &s->commitments[1];

	(void)state;
	s->order.state = TROTH_ORDER_CANCELLED;
	s->commitments[0].state = TROTH_COMMITMENT_CANCELLED;
	s->commitments[0].settled.ms = DUE - 10;
	tell->action = TROTH_ACTION_TELL_CUSTOMER;
	assert_int_equal(
		troth_score_commitment(s, 1, (struct troth_time){ DUE + 1 }).score,
		TROTH_SCORE_OVERDUE);
	done_at(tell, DUE - 5);
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_WITHDRAWN);
	assert_int_equal(
		troth_score_commitment(s, 1, (struct troth_time){ DUE + 1 }).score,
		TROTH_SCORE_KEPT);

	/* Where telling is what was promised, it does. */
	s->order.state = TROTH_ORDER_PLACED;
	s->promises[0].state = TROTH_PROMISE_KEPT;
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_KEPT);
	free(s);
}

static void a_promise_is_not_judged_by_what_belongs_to_another(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_ACTIVE, 2);

	(void)state;
	s->commitments[1].promise = fixture_id(8);
	done_at(&s->commitments[1], DUE - 1);
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_OVERDUE);
	done_at(&s->commitments[0], DUE - 1);
	s->commitments[1].fulfilled.ms = 0;
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_KEPT);
	free(s);
}

static void a_case_knows_no_cancelled_order(void **state)
{
	struct troth_subject *s = subject(TROTH_PROMISE_ACTIVE, 1);

	(void)state;
	s->kind = TROTH_SUBJECT_CASE;
	s->order.state = TROTH_ORDER_CANCELLED; /* Not of a case: left over. */
	assert_int_equal(score_of(s, DUE + 1), TROTH_SCORE_OVERDUE);
	free(s);
}

static void every_score_has_a_name_and_counts_once(void **state)
{
	struct troth_tally t = { { 0 } };

	(void)state;
	for (int v = TROTH_SCORE_NONE; v <= TROTH_SCORE_LAST; v++) {
		troth_tally_add(&t, (enum troth_score)v);
		assert_int_equal(t.of[v], v != TROTH_SCORE_NONE);
		assert_int_equal(troth_score_name((enum troth_score)v) != NULL,
				 v != TROTH_SCORE_NONE);
	}
	assert_null(troth_score_name((enum troth_score)(TROTH_SCORE_LAST + 1)));
	assert_string_equal(troth_score_name(TROTH_SCORE_LATE), "breached_late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			evidence_beats_every_status_and_none_counts_what_was_never_said),
		cmocka_unit_test(a_promise_is_done_when_the_last_of_its_commitments_is),
		cmocka_unit_test(
			what_was_called_off_alone_does_not_count_for_the_promise),
		cmocka_unit_test(half_done_when_it_was_called_off_is_not_kept),
		cmocka_unit_test(what_is_reported_after_the_end_is_no_evidence),
		cmocka_unit_test(
			telling_the_customer_of_the_end_does_not_keep_the_promise),
		cmocka_unit_test(a_promise_is_not_judged_by_what_belongs_to_another),
		cmocka_unit_test(a_case_knows_no_cancelled_order),
		cmocka_unit_test(every_score_has_a_name_and_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
