/*
 * What may stand in a text field, and how it gets there.
 */
#include "troth/base/text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "troth/base/err.h"

static void clean_utf8_is_let_through_and_nothing_else(void **state)
{
	static const char *const good[] = { "", "HDMI", "\xe7\x94\xb5\xe8\xa7\x86",
					    "\xe0\xb0\xa4\xe0\xb1\x86",
					    "\xf0\x9f\x99\x82" };
	static const char *const bad[] = {
		"\xc0\xaf",         /* Overlong. */
		"\xed\xa0\x80",     /* A surrogate. */
		"\xf4\x90\x80\x80", /* Above U+10FFFF. */
		"\xef\xbf\xbd",     /* U+FFFD: garbled before it came here. */
		"\xe7\x94",         /* Cut off. */
		"\x80",             /* Begins in the middle. */
		"bell\x07",         /* A control character. */
		"\x7f",
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(good); i++)
		assert_true(troth_text_ok(troth_span_str(good[i]), false));
	for (size_t i = 0; i < TROTH_LEN(bad); i++)
		assert_false(troth_text_ok(troth_span_str(bad[i]), true));
	assert_true(troth_text_ok(troth_span_str("two\n\tlines"), true));
	assert_false(troth_text_ok(troth_span_str("two\nlines"), false));
}

static void a_name_has_its_characters_and_its_length(void **state)
{
	(void)state;
	assert_true(troth_text_is_name("acme-bpo/eu_1.x", 32));
	assert_true(troth_text_is_name("12345", 5));
	assert_false(troth_text_is_name("123456", 5));
	assert_false(troth_text_is_name("", 5));
	assert_false(troth_text_is_name("-acme", 32));
	assert_false(troth_text_is_name("ac me", 32));
	assert_false(troth_text_is_name("acm\xc3\xa9", 32));
}

static void a_copy_fills_the_field_to_its_last_byte(void **state)
{
	char field[5];

	(void)state;
	TROTH_TEXT_SET(field, "full");
	assert_string_equal(field, "full");
	TROTH_TEXT_SET(field, "");
	assert_string_equal(field, "");
}

static void a_copy_that_does_not_fit_is_a_bug_that_ends_the_program(void **state)
{
	char field[5];
	int status = 0;
	pid_t child;

	(void)state;
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL); /* cmocka's handler would go on. */
		(void)close(STDERR_FILENO);
		TROTH_TEXT_SET(field, "fuller");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_utf8_is_let_through_and_nothing_else),
		cmocka_unit_test(a_name_has_its_characters_and_its_length),
		cmocka_unit_test(a_copy_fills_the_field_to_its_last_byte),
		cmocka_unit_test(a_copy_that_does_not_fit_is_a_bug_that_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
