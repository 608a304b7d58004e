#include "troth/node/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void assert_line(const struct troth_log_field *fields, size_t n, const char *want)
{
	struct troth_buf out = TROTH_BUF_INIT;

	troth_log_format(&out, TROTH_LOG_ready, "", fields, n);
	troth_buf_put_u8(&out, 0);
	assert_false(out.failed);
	assert_string_equal((const char *)out.data, want);
	troth_buf_fini(&out);
}

static void values_are_quoted_only_where_they_must_be(void **state)
{
	static const struct {
		const char *value, *shown;
	} rows[] = {
		{ "plain", "plain" },
		{ "spiffe://fed.example/gw/acme/de", "spiffe://fed.example/gw/acme/de" },
		{ "", "\"\"" },
		{ "two words", "\"two words\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "line\nerror forged=1", "\"line\\nerror forged=1\"" },
		{ "bell\a\x7f", "\"bell\\x07\\x7f\"" },
		{ "grüße", "grüße" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_log_field f = troth_str("k", rows[i].value);
		char want[128];

		(void)snprintf(want, sizeof(want), "info ready k=%s", rows[i].shown);
		assert_line(&f, 1, want);
	}
}

static void numbers_and_texts_stand_in_the_order_given(void **state)
{
	struct troth_log_field f[] = { troth_num("n", -3), troth_str("s", NULL),
				       troth_num("m", INT64_MAX) };

	(void)state;
	assert_line(f, 3, "info ready n=-3 s=\"\" m=9223372036854775807");
	assert_line(NULL, 0, "info ready");
}

static void a_long_value_is_cut_at_the_limit_between_characters(void **state)
{
	char text[TROTH_LOG_VALUE_MAX + 3], want[TROTH_LOG_VALUE_MAX + 32];
	struct troth_log_field f = troth_str("k", text);

	(void)state;
	memset(text, 'x', sizeof(text));
	text[TROTH_LOG_VALUE_MAX] = '\0';
	(void)snprintf(want, sizeof(want), "info ready k=%s", text);
	assert_line(&f, 1, want);

	/* One byte more; the cut would fall into the two bytes of "ü". */
	memset(text, 'x', sizeof(text));
	memcpy(text + TROTH_LOG_VALUE_MAX - 4, "ü", 2);
	text[TROTH_LOG_VALUE_MAX + 1] = '\0';
	(void)snprintf(want, sizeof(want), "info ready k=%.*s...",
		       TROTH_LOG_VALUE_MAX - 4, text);
	assert_line(&f, 1, want);
}

static void event_names_are_unlike_and_can_be_looked_up(void **state)
{
	(void)state;
	for (int i = 0; i < TROTH_LOG_EVENTS; i++) {
		enum troth_log_event e = (enum troth_log_event)i;

		assert_int_equal(troth_log_event_named(troth_log_event_name(e)), e);
		assert_true(strlen(troth_log_event_meaning(e)) > 10);
	}
	assert_int_equal(troth_log_event_named("no_such_event"), TROTH_LOG_EVENTS);
	assert_int_equal(troth_log_event_named(""), TROTH_LOG_EVENTS);
}

/* stderr is a datagram socket here: one recv is what one write(2) brought. */
static void a_call_is_one_write_and_levels_above_are_silent(void **state)
{
	char got[TROTH_LOG_LINE_MAX + 1];
	int saved = dup(STDERR_FILENO), pair[2];
	ssize_t first, second, third;

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
		0);
	assert_true(dup2(pair[1], STDERR_FILENO) >= 0);
	troth_log(TROTH_LOG_ready, troth_str("bus", "127.0.0.1:1"), troth_num("n", 7));
	first = recv(pair[0], got, sizeof(got) - 1, 0);
	troth_log_set_level(TROTH_LEVEL_ERROR);
	troth_log(TROTH_LOG_ready);
	second = recv(pair[0], got + (first > 0 ? first : 0), 1, 0);
	troth_log_set_level(TROTH_LEVEL_INFO);
	troth_log(TROTH_LOG_stopped);
	third = recv(pair[0], got + (first > 0 ? first : 0), 64, 0);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(pair[0]);
	(void)close(pair[1]);

	assert_true(first > 0);
	assert_true(second < 0);
	assert_true(third > 0);
	got[first + third] = '\0';
	assert_memory_equal(got, "info ready at=20", 16);
	assert_non_null(strstr(got, "Z bus=127.0.0.1:1 n=7\ninfo stopped at="));
	assert_int_equal(got[first + third - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_quoted_only_where_they_must_be),
		cmocka_unit_test(numbers_and_texts_stand_in_the_order_given),
		cmocka_unit_test(a_long_value_is_cut_at_the_limit_between_characters),
		cmocka_unit_test(event_names_are_unlike_and_can_be_looked_up),
		cmocka_unit_test(a_call_is_one_write_and_levels_above_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
