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
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(another_number_of_the_form_is_refused),
		cmocka_unit_test(the_digest_tells_order_and_contents),
		cmocka_unit_test(the_digest_is_the_hash_that_the_header_states),
		cmocka_unit_test(what_is_not_sequenced_moves_neither_revision_nor_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
