/* The stored form of a subject. That it comes back the same is checked by every story. */
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct story st;
static struct troth_subject back;

/* Rich enough that every part of the form is in it. */
static void begin(enum troth_subject_kind kind)
{
	story_begin_usual(&st, kind);
	assert_int_equal(story_do(&st,
				  kind == TROTH_SUBJECT_ORDER
					  ? TROTH_EVENT_ORDER_CASE_LINKED
					  : TROTH_EVENT_CASE_ORDER_LINKED,
				  "acme"),
			 TROTH_REASON_NONE);
	assert_int_equal(story_promise(&st, "acme", true), TROTH_REASON_NONE);
	assert_int_equal(story_do(&st, TROTH_EVENT_ALARM_RAISED, "acme"),
			 TROTH_REASON_NONE);
	assert_int_equal(story_do(&st, TROTH_EVENT_COMPLAINT, "acme"), TROTH_REASON_NONE);
}

static struct troth_buf record_of(const struct troth_subject *s)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put_span(&b, troth_digest_span(&s->digest));
	troth_subject_encode(s, &b);
	assert_false(b.failed);
	return b;
}

/* From memory of exactly that length, so that sanitizers see where it ends. */
static bool decodes(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy + 1, data, len);
	ok = troth_subject_decode(&back, troth_span(copy + 1, len));
	free(copy);
	return ok;
}

static void every_cut_and_every_addition_is_refused(void **state)
{
	(void)state;
	for (int kind = TROTH_SUBJECT_ORDER; kind <= TROTH_SUBJECT_CASE; kind++) {
		struct troth_buf b;

		begin((enum troth_subject_kind)kind);
		b = record_of(&st.s);
		assert_true(decodes(b.data, b.len));
		for (size_t len = 0; len < b.len; len++)
			assert_false(decodes(b.data, len));
		troth_buf_put_u8(&b, 0);
		assert_false(decodes(b.data, b.len));
		troth_buf_fini(&b);
	}
}

static void a_changed_byte_is_refused_or_is_another_state(void **state)
{
	(void)state;
	for (int kind = TROTH_SUBJECT_ORDER; kind <= TROTH_SUBJECT_CASE; kind++) {
		struct troth_buf b;
		unsigned refused = 0;

		begin((enum troth_subject_kind)kind);
		b = record_of(&st.s);
		for (size_t at = 0; at < b.len; at++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				struct troth_buf again;

				b.data[at] ^= (uint8_t)(1u << bit);
				if (decodes(b.data, b.len)) {
					again = record_of(&back);
					assert_true(
						troth_span_eq(troth_buf_span(&b),
							      troth_buf_span(&again)));
					troth_buf_fini(&again);
				} else {
					refused++;
				}
				b.data[at] ^= (uint8_t)(1u << bit);
			}
		}
		assert_true(refused > 0);
		troth_buf_fini(&b);
	}
}

/* Every byte that can be, is; what is behind a text's end stays zero. */
static void fill(void *at, size_t size)
{
	memset(at, 'n', size - 1);
	((char *)at)[size - 1] = '\0';
}

#define FILL(field) fill((field), sizeof(field))

static void fill_alarm(struct troth_alarm *a)
{
	const struct troth_time late = { INT64_MAX };

	memset(a->id.b, 0xff, sizeof(a->id.b));
	a->item = a->id;
	a->cause = TROTH_CAUSE_LAST;
	a->state = TROTH_ALARM_STATE_LAST;
	a->policy_version = UINT64_MAX;
	a->rung = UINT32_MAX;
	a->raised = a->told = a->next = a->taken = a->ended = late;
	FILL(a->code);
	FILL(a->to);
	FILL(a->party);
	a->told_to = UINT32_MAX;
	FILL(a->raised_party);
	FILL(a->taken_by);
	FILL(a->taken_party);
	FILL(a->reason);
}

static void fill_recovery(struct troth_recovery *v)
{
	const struct troth_time late = { INT64_MAX };

	memset(v->id.b, 0xff, sizeof(v->id.b));
	v->promise = v->remedy = v->id;
	v->state = TROTH_RECOVERY_STATE_LAST;
	v->complaint = v->differs = v->waived = true;
	v->policy_version = v->position = UINT64_MAX;
	v->opened = v->apologised = v->made_good = v->asked = v->done = late;
	v->denied = v->appealed = v->decided = late;
	v->choice = TROTH_CHOICE_LAST;
	v->offer = v->good = v->failed = v->reopened = UINT32_MAX;
	v->value.kind = TROTH_KIND_LAST;
	v->value.quantity = UINT32_MAX;
	v->value.amount = INT64_MAX;
	v->answer = TROTH_RECOVERY_ACTION_LAST;
	v->evidence = TROTH_EVIDENCE_LAST;
	FILL(v->failure);
	FILL(v->owner);
	FILL(v->practical);
	FILL(v->felt);
	FILL(v->value.sku);
	FILL(v->value.currency);
	FILL(v->reason);
	FILL(v->denied_by);
	FILL(v->denied_party);
	v->alarmed = true;
}

static void all_alarms_and_recoveries_at_their_limits_come_back(void **state)
{
	static struct troth_subject full;
	struct troth_buf b = TROTH_BUF_INIT, again = TROTH_BUF_INIT;
	const struct troth_id id = fixture_id(2);

	(void)state;
	troth_subject_init(&full, TROTH_SUBJECT_CASE, &id);
	for (; full.alarm_count < TROTH_ALARMS_MAX; full.alarm_count++)
		fill_alarm(&full.alarms[full.alarm_count]);
	for (; full.recovery_count < TROTH_RECOVERIES_MAX; full.recovery_count++)
		fill_recovery(&full.recoveries[full.recovery_count]);
	troth_buf_put(&b, full.digest.b, sizeof(full.digest.b));
	troth_subject_encode(&full, &b);
	assert_true(troth_subject_decode(&back, troth_buf_span(&b)));
	assert_memory_equal(back.alarms, full.alarms, sizeof(full.alarms));
	assert_memory_equal(back.recoveries, full.recoveries, sizeof(full.recoveries));
	troth_buf_put(&again, back.digest.b, sizeof(back.digest.b));
	troth_subject_encode(&back, &again);
	assert_true(troth_span_eq(troth_buf_span(&b), troth_buf_span(&again)));
	troth_buf_fini(&b);
	troth_buf_fini(&again);
}

static void garbage_is_refused(void **state)
{
	static uint8_t bytes[512];
	uint32_t x = 1;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			x = x * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(x >> 24);
		}
		bytes[TROTH_DIGEST_LEN] = 1; /* The form's number; then what comes. */
		bytes[TROTH_DIGEST_LEN + 1] = 1 + n % 2;
		assert_false(decodes(bytes, x % sizeof(bytes)));
	}
}

static void another_number_of_the_form_is_refused(void **state)
{
	struct troth_buf b;

	(void)state;
	begin(TROTH_SUBJECT_ORDER);
	b = record_of(&st.s);
	b.data[TROTH_DIGEST_LEN]++;
	assert_false(decodes(b.data, b.len));
	troth_buf_fini(&b);
}

/* The digest after telling the usual story, in one of several ways. */
static struct troth_digest digest_of(bool swap, uint8_t leaf_of_last)
{
	struct troth_buf out = TROTH_BUF_INIT;
	struct troth_digest leaf = { { leaf_of_last } };

	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	(void)story_do(&st,
		       swap ? TROTH_EVENT_ORDER_CORRECTED : TROTH_EVENT_ORDER_CASE_LINKED,
		       swap ? "shop" : "acme");
	(void)story_do(&st,
		       swap ? TROTH_EVENT_ORDER_CASE_LINKED : TROTH_EVENT_ORDER_CORRECTED,
		       swap ? "acme" : "shop");
	troth_subject_seal(&st.s, &leaf, &out);
	assert_memory_equal(out.data, st.s.digest.b, TROTH_DIGEST_LEN);
	troth_buf_fini(&out);
	return st.s.digest;
}

static void the_digest_tells_order_and_contents(void **state)
{
	struct troth_digest one = digest_of(false, 7), same = digest_of(false, 7),
			    order = digest_of(true, 7), leaf = digest_of(false, 8);

	(void)state;
	assert_true(troth_digest_eq(&one, &same));
	assert_false(troth_digest_eq(&one, &order));
	assert_false(troth_digest_eq(&one, &leaf));
}

static void the_digest_is_the_hash_that_the_header_states(void **state)
{
	struct troth_buf encoded = TROTH_BUF_INIT, out = TROTH_BUF_INIT;
	struct troth_digest old, want, leaf = { { 9 } };

	(void)state;
	begin(TROTH_SUBJECT_CASE);
	old = st.s.digest;
	troth_subject_encode(&st.s, &encoded);

	struct troth_span parts[] = { troth_digest_span(&old), troth_digest_span(&leaf),
				      troth_buf_span(&encoded) };
	troth_sha256(&want, parts, TROTH_LEN(parts));
	troth_buf_put_u8(&out, 0xee); /* The record is appended to what is there. */
	troth_subject_seal(&st.s, &leaf, &out);
	assert_memory_equal(st.s.digest.b, want.b, TROTH_DIGEST_LEN);
	assert_int_equal(out.len, 1 + TROTH_DIGEST_LEN + encoded.len);
	assert_int_equal(out.data[0], 0xee);
	assert_memory_equal(out.data + 1, want.b, TROTH_DIGEST_LEN);
	assert_memory_equal(out.data + 1 + TROTH_DIGEST_LEN, encoded.data, encoded.len);
	troth_buf_fini(&encoded);
	troth_buf_fini(&out);
}

static void what_is_not_sequenced_moves_neither_revision_nor_digest(void **state)
{
	static struct troth_event e;
	struct troth_who who;
	struct troth_site site;
	struct troth_digest digest;
	uint64_t revision;

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	revision = st.s.revision;
	digest = st.s.digest;
	fixture_event(&e, TROTH_EVENT_ORDER_SHIPPED, "swift");
	fixture_who(&who, &site, &e);
	troth_apply(&st.s, &fixture_lookup, &who, &e,
		    (struct troth_verdict){ TROTH_TAKES_EFFECT, TROTH_REASON_NONE },
		    (struct troth_place){ 0, st.now });
	assert_int_equal(st.s.order.state, TROTH_ORDER_SHIPPED);
	assert_int_equal(st.s.revision, revision);
	assert_true(troth_digest_eq(&st.s.digest, &digest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_and_every_addition_is_refused),
		cmocka_unit_test(a_changed_byte_is_refused_or_is_another_state),
		cmocka_unit_test(all_alarms_and_recoveries_at_their_limits_come_back),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(another_number_of_the_form_is_refused),
		cmocka_unit_test(the_digest_tells_order_and_contents),
		cmocka_unit_test(the_digest_is_the_hash_that_the_header_states),
		cmocka_unit_test(what_is_not_sequenced_moves_neither_revision_nor_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
