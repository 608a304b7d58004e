#include "troth/crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void assert_zeros(const void *data, size_t len)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		assert_int_equal(b[i], 0);
}

static void a_released_secret_leaves_zeros(void **state)
{
	struct troth_secret s = { 0 };

	(void)state;
	assert_true(troth_secret_set(&s, troth_span_str("open sesame")));
	troth_secret_fini(&s);
	assert_zeros(&s, sizeof(s));
	troth_secret_fini(&s);
}

static void a_shorter_secret_leaves_nothing_of_the_longer_one(void **state)
{
	struct troth_secret s = { 0 };

	(void)state;
	assert_true(troth_secret_set(&s, troth_span_str("a long one")));
	assert_true(troth_secret_set(&s, troth_span_str("short")));
	assert_zeros(s.b + 5, sizeof(s.b) - 5);
	assert_true(troth_secret_is(&s, troth_span_str("short")));
}

static void a_secret_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	struct troth_secret s = { 0 };
	uint8_t bytes[TROTH_SECRET_MAX + 1];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_true(troth_secret_set(&s, troth_span(bytes, TROTH_SECRET_MAX)));
	assert_int_equal(s.len, TROTH_SECRET_MAX);
	assert_false(troth_secret_set(&s, troth_span(bytes, TROTH_SECRET_MAX + 1)));
	assert_zeros(&s, sizeof(s));
}

static void only_the_very_same_bytes_match(void **state)
{
	struct troth_secret s = { 0 };

	(void)state;
	assert_true(troth_secret_is(&s, TROTH_SPAN_NONE));
	assert_true(troth_secret_set(&s, troth_span_str("token")));
	assert_true(troth_secret_is(&s, troth_span_str("token")));
	assert_false(troth_secret_is(&s, troth_span_str("tokeN")));
	assert_false(troth_secret_is(&s, troth_span_str("toke")));
	assert_false(troth_secret_is(&s, troth_span_str("token1")));
	assert_false(troth_secret_is(&s, TROTH_SPAN_NONE));
	troth_secret_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_released_secret_leaves_zeros),
		cmocka_unit_test(a_shorter_secret_leaves_nothing_of_the_longer_one),
		cmocka_unit_test(a_secret_may_be_as_long_as_the_limit_and_no_longer),
		cmocka_unit_test(only_the_very_same_bytes_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
