/* The same JSON gives the same bytes, other JSON others. */
#include "api/canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct troth_buf canon(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	struct troth_buf b = TROTH_BUF_INIT;

	assert_non_null(v);
	troth_canon(v, &b);
	assert_false(b.failed);
	assert_true(b.len > 0);
	json_decref(v);
	return b;
}

static bool same(const char *one, const char *other)
{
	struct troth_buf a = canon(one), b = canon(other);
	bool eq = troth_span_eq(troth_buf_span(&a), troth_buf_span(&b));

	troth_buf_fini(&a);
	troth_buf_fini(&b);
	return eq;
}

static void order_and_blanks_do_not_count(void **state)
{
	(void)state;
	assert_true(same("{\"a\":1,\"b\":[true,null]}",
			 "{ \"b\": [ true, null ], \"a\": 1 }"));
	assert_true(same("{\"a\":{\"x\":\"\\u00e4\",\"y\":1.50}}",
			 "{\"a\":{\"y\":1.5,\"x\":\"\xc3\xa4\"}}"));
	assert_true(same("{}", " { } "));
}

static void everything_else_counts(void **state)
{
	static const char *const all[] = {
		"{}",
		"[]",
		"null",
		"true",
		"false",
		"0",
		"1",
		"-1",
		"1.0",
		"1.25",
		"\"\"",
		"\"1\"",
		"\"true\"",
		"{\"a\":1}",
		"{\"b\":1}",
		"{\"a\":\"1\"}",
		"{\"a\":null}",
		"{\"a\":[1]}",
		"{\"a\":[1,2]}",
		"{\"a\":[2,1]}",
		"{\"a\":[[1],2]}",
		"{\"a\":[[1,2]]}",
		"{\"a\":1,\"b\":2}",
		"{\"a\":2,\"b\":1}",
		"{\"a\":{\"b\":2}}",
		"{\"ab\":\"c\"}",
		"{\"a\":\"bc\"}",
		"[\"a\",\"b\"]",
		"[\"ab\"]",
		"[\"a\",\"b\",\"\"]",
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(all); i++)
		for (size_t j = 0; j < TROTH_LEN(all); j++)
			if (same(all[i], all[j]) != (i == j))
				fail_msg("%s and %s", all[i], all[j]);
}

/* {"k00":0,"k01":1,...} of n members, forwards or backwards. */
static void members(char *out, size_t size, int n, bool backwards)
{
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		int m = backwards ? n - 1 - i : i;

		len += (size_t)snprintf(out + len, size - len, "%c\"k%02d\":%d",
					i == 0 ? '{' : ',', m, m);
	}
	(void)snprintf(out + len, size - len, "}");
}

static void any_number_of_members_comes_in_one_order(void **state)
{
	char one[2048], other[2048];

	(void)state;
	for (int n = 31; n <= 34; n++) {
		members(one, sizeof(one), n, false);
		members(other, sizeof(other), n, true);
		assert_true(same(one, other));
	}
	members(one, sizeof(one), 32, false);
	members(other, sizeof(other), 33, false);
	assert_false(same(one, other));
}

/* `core` inside of that many lists. */
static void nested(char *out, size_t size, int depth, const char *core)
{
	char open[32] = "", close[32] = "";

	memset(open, '[', (size_t)depth);
	memset(close, ']', (size_t)depth);
	(void)snprintf(out, size, "%s%s%s", open, core, close);
}

static void any_depth_has_its_bytes(void **state)
{
	char one[256], other[256], less[256];

	(void)state;
	for (int depth = 1; depth <= 20; depth++) {
		nested(one, sizeof(one), depth, "{\"a\":1,\"b\":2}");
		nested(other, sizeof(other), depth, "{\"b\":2,\"a\":1}");
		nested(less, sizeof(less), depth, "{\"b\":1,\"a\":1}");
		assert_true(same(one, other));
		assert_false(same(one, less));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_blanks_do_not_count),
		cmocka_unit_test(everything_else_counts),
		cmocka_unit_test(any_number_of_members_comes_in_one_order),
		cmocka_unit_test(any_depth_has_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
