/*
 * Buffers that grow, and the reader that goes over their bytes.
 */
#include "troth/base/span.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void growing_an_empty_buffer_by_nothing_is_no_failure_and_takes_no_memory(
	void **state)
{
	struct troth_buf b = TROTH_BUF_INIT;

	(void)state;
	(void)troth_buf_grow(&b, 0);
	assert_false(b.failed);
	assert_int_equal(b.len + b.cap, 0);
	troth_buf_fini(&b);
}

static void what_was_put_is_read_back(void **state)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_reader r;
	char text[4] = "";

	(void)state;
	troth_buf_put_u8(&b, 7);
	troth_buf_put_u16be(&b, 0x0102);
	troth_buf_put_u32be(&b, 0x01020304);
	troth_buf_put_u64be(&b, UINT64_MAX - 1);
	troth_buf_put_str(&b, "end");
	assert_false(b.failed);

	r = troth_reader(troth_buf_span(&b));
	assert_int_equal(troth_read_u8(&r), 7);
	assert_int_equal(troth_read_u16be(&r), 0x0102);
	assert_int_equal(troth_read_u32be(&r), 0x01020304);
	assert_true(troth_read_u64be(&r) == UINT64_MAX - 1);
	assert_false(troth_read_done(&r));
	troth_read_bytes(&r, text, 3);
	assert_string_equal(text, "end");
	assert_true(troth_read_done(&r));
	troth_buf_fini(&b);
}

static void reading_past_the_end_yields_zeros_and_is_remembered(void **state)
{
	struct troth_reader r = troth_reader(troth_span("\1\2\3", 3));
	uint8_t rest[2] = { 9, 9 };

	(void)state;
	assert_int_equal(troth_read_u32be(&r), 0);
	assert_true(r.failed);
	troth_read_bytes(&r, rest, sizeof(rest));
	assert_int_equal(rest[0] + rest[1], 0);
	assert_false(troth_read_done(&r));
}

static void a_text_is_read_up_to_the_size_of_its_place_and_not_one_longer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{ "\0", 1, true },    { "\3abc", 4, true },   { "\4abcd", 5, false },
		{ "\3ab", 3, false }, { "\3a\0c", 4, false }, { "\377abc", 4, false },
		{ "", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct troth_reader r = troth_reader(
			troth_span(cases[i].bytes, cases[i].len));
		char out[4] = "???";

		troth_read_text(&r, out, sizeof(out));
		assert_int_equal(troth_read_done(&r), cases[i].good);
		if (cases[i].good) {
			struct troth_buf b = TROTH_BUF_INIT;

			troth_buf_put_text(&b, out);
			assert_int_equal(b.len, cases[i].len);
			assert_memory_equal(b.data, cases[i].bytes, b.len);
			troth_buf_fini(&b);
		}
	}
}

static void a_buffer_grows_to_its_limit_and_remembers_what_did_not_fit(void **state)
{
	struct troth_buf b = TROTH_BUF_INIT;

	(void)state;
	assert_non_null(troth_buf_grow(&b, TROTH_BUF_MAX));
	assert_null(troth_buf_grow(&b, 1));
	assert_true(b.failed);
	assert_int_equal(b.len, TROTH_BUF_MAX);
	troth_buf_reset(&b);
	assert_null(troth_buf_grow(&b, (size_t)TROTH_BUF_MAX + 1));
	troth_buf_reset(&b);
	troth_buf_put_str(&b, "again");
	assert_true(troth_span_eq(troth_buf_span(&b), troth_span_str("again")));
	troth_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			growing_an_empty_buffer_by_nothing_is_no_failure_and_takes_no_memory),
		cmocka_unit_test(what_was_put_is_read_back),
		cmocka_unit_test(reading_past_the_end_yields_zeros_and_is_remembered),
		cmocka_unit_test(
			a_text_is_read_up_to_the_size_of_its_place_and_not_one_longer),
		cmocka_unit_test(
			a_buffer_grows_to_its_limit_and_remembers_what_did_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
