#include "troth/node/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOOD                                                                             \
	"data_dir = \"/var/lib/troth\";\n"                                               \
	"certs_dir = \"/etc/troth/certs\";\n"                                            \
	"trust_domain = \"fed.brand.example\";\n"
#define GOOD_GATEWAY GOOD "central = \"central.fed.brand.example:7443\";\n"

static char path[] = "/tmp/troth-config-XXXXXX";
static char said[8192];

static void note(void *ctx, const char *text)
{
	(void)ctx;
	assert_true(strlen(said) + strlen(text) + 2 < sizeof(said));
	strcat(said, text);
	strcat(said, "\n");
}

static enum troth_err load(struct troth_config *c, enum troth_config_kind kind,
			   const char *text)
{
	FILE *f = fopen(path, "w");
	struct troth_why why = { "" };

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	said[0] = '\0';
	return troth_config_load(c, kind, path, note, NULL, &why);
}

static void what_is_not_given_has_its_default(void **state)
{
	struct troth_config c;

	(void)state;
	assert_int_equal(load(&c, TROTH_CONFIG_CENTRAL, GOOD), TROTH_OK);
	assert_string_equal(c.data_dir, "/var/lib/troth");
	assert_string_equal(c.listen, "127.0.0.1:7443");
	assert_int_equal(c.api_listen.count, 1);
	assert_string_equal(c.api_listen.text[0], "127.0.0.1:7480");
	assert_int_equal(c.connections_max, 4096);
	assert_int_equal(c.log_level, TROTH_LEVEL_INFO);
	assert_int_equal(c.batch_events, 0); /* A gateway's key. */
	assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY, GOOD_GATEWAY), TROTH_OK);
	assert_int_equal(c.batch_events, 1024);
	assert_string_equal(c.api_listen.text[0], "127.0.0.1:7481");
}

static void each_problem_is_named_with_line_and_key(void **state)
{
	static const struct {
		const char *more, *said;
	} rows[] = {
		{ "no_such = 1;", ":5: no_such: no such key\n" },
		{ "listen = \"a:1\";", ":5: listen: no such key\n" },
		{ "batch_events = 0;",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = 1025;",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = \"8\";",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = 8.0;",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = 99999999999999;",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = true;",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "log_level = \"loud\";",
		  ":5: log_level: must be one of \"error\", \"warn\", \"info\", \"debug\"\n" },
		{ "log_level = 1;",
		  ":5: log_level: must be one of \"error\", \"warn\", \"info\", \"debug\"\n" },
		{ "api_cert = \"cert.pem\"; api_key = \"/k\";",
		  ":5: api_cert: must be an absolute path\n" },
		{ "api_listen = [];",
		  ":5: api_listen: must be a list of 1 to 4 \"host:port\"\n" },
		{ "api_listen = \"127.0.0.1:1\";",
		  ":5: api_listen: must be a list of 1 to 4 \"host:port\"\n" },
		{ "api_listen = [\"a:1\", \"a:2\", \"a:3\", \"a:4\", \"a:5\"];",
		  ":5: api_listen: must be a list of 1 to 4 \"host:port\"\n" },
		{ "api_listen = [\"127.0.0.1\"];",
		  ":5: api_listen: must be a list of 1 to 4 \"host:port\"\n" },
		{ "api_listen = [\"[::1]:65536\"];",
		  ":5: api_listen: must be a list of 1 to 4 \"host:port\"\n" },
		{ "clock_start = \"yesterday\"; clock = \"simulated\";",
		  ":5: clock_start: must be an instant (RFC 3339)\n" },
		{ "batch_events = { a = 1; };",
		  ":5: batch_events: must be a number, 1 to 1024\n" },
		{ "batch_events = ;", ":5: syntax error\n" },
		{ "batch_events = 1;\nbatch_events = 2;",
		  ":6: duplicate setting name\n" },
		{ "api_key = \"/k\";", ": api_cert and api_key: give both or none\n" },
		{ "api_client_ca = \"/ca\";",
		  ": api_client_ca: needs api_cert and api_key\n" },
		{ "clock = \"simulated\";",
		  ": clock_start: must be given with clock = \"simulated\"\n" },
		{ "clock_start = \"2026-01-01T00:00:00Z\";",
		  ": clock_start: needs clock = \"simulated\"\n" },
		{ "map_gib = 2000;", ": map_gib: must not be above map_max_gib\n" },
		{ "reconnect_min_ms = 20000;",
		  ": reconnect_min_ms: must not be above reconnect_max_ms\n" },
		{ "heartbeat_ms = 45000;", ": heartbeat_ms: must be below idle_ms\n" },
		{ "follow_wait_ms = 9000; answer_timeout_ms = 9000;",
		  ": answer_timeout_ms: must be above follow_wait_ms\n" },
		{ "api_listen = [\"127.9.9.9:0\", \"0.0.0.0:1\"];",
		  ": api_listen: 0.0.0.0:1 is not loopback, so it needs TLS: give "
		  "api_cert and api_key\n" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_config c;
		char text[1024], want[512];

		(void)snprintf(text, sizeof(text), "%s%s\n", GOOD_GATEWAY, rows[i].more);
		(void)snprintf(want, sizeof(want), "%s%s", path, rows[i].said);
		assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY, text), TROTH_ERR_INPUT);
		assert_string_equal(said, want);
	}
}

static void all_problems_are_told_at_once(void **state)
{
	struct troth_config c;

	(void)state;
	assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY, "x = 1;\ny = 2;\n"),
			 TROTH_ERR_INPUT);
	assert_non_null(strstr(said, ":1: x: no such key\n"));
	assert_non_null(strstr(said, ":2: y: no such key\n"));
	assert_non_null(strstr(said, ": data_dir: must be given\n"));
	assert_non_null(strstr(said, ": central: must be given\n"));
}

static void values_are_taken_at_both_ends_of_their_range(void **state)
{
	struct troth_config c;

	(void)state;
	assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY,
			      GOOD_GATEWAY
			      "batch_events = 1; idle_ms = 3600000;"
			      "api_listen = [\"[::1]:0\", \"localhost:65535\","
			      "\"127.0.0.1:1\", \"127.0.0.2:2\"];"),
			 TROTH_OK);
	assert_int_equal(c.batch_events, 1);
	assert_int_equal(c.idle_ms, 3600000);
	assert_int_equal(c.api_listen.count, 4);
}

static void a_file_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
	struct troth_config c;
	char *text = malloc(TROTH_CONFIG_FILE_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', TROTH_CONFIG_FILE_MAX + 1);
	memcpy(text, GOOD, sizeof(GOOD) - 1);
	text[TROTH_CONFIG_FILE_MAX] = '\0';
	assert_int_equal(load(&c, TROTH_CONFIG_CENTRAL, text), TROTH_OK);
	text[TROTH_CONFIG_FILE_MAX] = ' ';
	text[TROTH_CONFIG_FILE_MAX + 1] = '\0';
	assert_int_equal(load(&c, TROTH_CONFIG_CENTRAL, text), TROTH_ERR_INPUT);
	free(text);
}

static void the_environment_overrides_the_file(void **state)
{
	struct troth_config c;

	(void)state;
	assert_int_equal(setenv("TROTH_BATCH_EVENTS", "17", 1), 0);
	assert_int_equal(setenv("TROTH_API_LISTEN", "127.0.0.1:1,[::1]:2", 1), 0);
	assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY, GOOD_GATEWAY "batch_events = 5;"),
			 TROTH_OK);
	assert_int_equal(c.batch_events, 17);
	assert_int_equal(c.api_listen.count, 2);
	assert_string_equal(c.api_listen.text[1], "[::1]:2");
	assert_int_equal(setenv("TROTH_BATCH_EVENTS", "17x", 1), 0);
	assert_int_equal(load(&c, TROTH_CONFIG_GATEWAY, GOOD_GATEWAY), TROTH_ERR_INPUT);
	assert_string_equal(said, "TROTH_BATCH_EVENTS: must be a number, 1 to 1024\n");
	assert_int_equal(unsetenv("TROTH_BATCH_EVENTS"), 0);
	assert_int_equal(unsetenv("TROTH_API_LISTEN"), 0);
}

static char *printed(const struct troth_config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	troth_config_print(c, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void what_is_printed_loads_to_the_same(void **state)
{
	struct troth_config c, again;
	char *first, *second;

	(void)state;
	assert_int_equal(
		load(&c, TROTH_CONFIG_GATEWAY,
		     GOOD_GATEWAY
		     "clock = \"simulated\"; clock_start = \"2026-01-01T00:00:00Z\";"
		     "admin_token_file = \"/a \\\"b\\\\c\"; batch_events = 9;"),
		TROTH_OK);
	assert_int_equal(c.clock_start_at.ms, 1767225600000);
	first = printed(&c);
	assert_int_equal(load(&again, TROTH_CONFIG_GATEWAY, first), TROTH_OK);
	assert_memory_equal(&c, &again, sizeof(c));
	second = printed(&again);
	assert_string_equal(first, second);
	assert_non_null(strstr(first, "\nbatch_events = 9;\n"));
	assert_non_null(strstr(first, "\n#batches_in_flight = 4;\n"));
	free(first);
	free(second);
}

/* dist/<name>.conf is what `--print-config` makes of it: no key is forgotten. */
static void the_examples_show_every_key(void **state)
{
	static const struct {
		const char *path;
		enum troth_config_kind kind;
	} rows[] = {
		{ TROTH_SOURCE_DIR "/dist/central.conf", TROTH_CONFIG_CENTRAL },
		{ TROTH_SOURCE_DIR "/dist/gateway.conf", TROTH_CONFIG_GATEWAY },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_config c;
		struct troth_why why;
		FILE *f = fopen(rows[i].path, "r");
		char *want, *text = calloc(1, 1 << 16);

		assert_int_equal(troth_config_load(&c, rows[i].kind, rows[i].path, NULL,
						   NULL, &why),
				 TROTH_OK);
		assert_non_null(f);
		assert_non_null(text);
		assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
		assert_int_equal(fclose(f), 0);
		want = printed(&c);
		assert_string_equal(text, want);
		free(want);
		free(text);
	}
}

static void a_missing_file_is_named(void **state)
{
	struct troth_config c;
	struct troth_why why = { "" };

	(void)state;
	assert_int_equal(troth_config_load(&c, TROTH_CONFIG_CENTRAL,
					   "/nonexistent/x.conf", NULL, NULL, &why),
			 TROTH_ERR_IO);
	assert_string_equal(why.text, "/nonexistent/x.conf: No such file or directory");
}

static void loopback_is_told_from_the_rest(void **state)
{
	(void)state;
	assert_true(troth_config_is_loopback("127.0.0.1"));
	assert_true(troth_config_is_loopback("127.255.255.255"));
	assert_true(troth_config_is_loopback("::1"));
	assert_true(troth_config_is_loopback("localhost"));
	assert_false(troth_config_is_loopback("128.0.0.1"));
	assert_false(troth_config_is_loopback("0.0.0.0"));
	assert_false(troth_config_is_loopback("::"));
	assert_false(troth_config_is_loopback("127.0.0.1.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(each_problem_is_named_with_line_and_key),
		cmocka_unit_test(all_problems_are_told_at_once),
		cmocka_unit_test(values_are_taken_at_both_ends_of_their_range),
		cmocka_unit_test(a_file_may_be_as_large_as_the_limit_and_no_larger),
		cmocka_unit_test(the_environment_overrides_the_file),
		cmocka_unit_test(what_is_printed_loads_to_the_same),
		cmocka_unit_test(the_examples_show_every_key),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(loopback_is_told_from_the_rest),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	(void)close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
