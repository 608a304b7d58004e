/* Callers that go away while the engine holds what they have asked for. */
#include "api_kit.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_S 20

static struct api_kit *kit;
static char importer[TROTH_TOKEN_TEXT];

static int start(void **state)
{
	(void)state;
	kit = api_kit_start(NULL);
	api_kit_token(kit, "import", "integration", importer);
	api_kit_brand(kit);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (kit != NULL) {
		api_kit_hold(kit, false);
		api_kit_stop(kit);
	}
	return 0;
}

/* Until the metrics have that line. */
static void wait_for(const char *metric, unsigned n)
{
	time_t end = time(NULL) + PATIENCE_S;
	struct http_reply r;
	bool found = false;
	char line[64];

	(void)snprintf(line, sizeof(line), "\n%s %u\n", metric, n);
	while (!found) {
		assert_int_equal(
			api_call(kit, "GET", "/metrics", importer, NULL, NULL, &r), 200);
		found = strstr(r.body, line) != NULL;
		http_reply_free(&r);
		assert_true(time(NULL) < end);
	}
}

/* Three requests: a case, one that is flawed, and a case. */
static const char batch[] =
	"{\"requests\":["
	"{\"method\":\"POST\",\"path\":\"/v1/cases\",\"idempotency_key\":\"one\","
	"\"body\":{\"customer\":\"c\",\"reason\":\"r\"}},"
	"{\"method\":\"POST\",\"path\":\"/v1/cases\",\"idempotency_key\":\"two\","
	"\"body\":{\"customer\":\"c\"}},"
	"{\"method\":\"POST\",\"path\":\"/v1/cases\",\"idempotency_key\":\"three\","
	"\"body\":{\"customer\":\"c\",\"reason\":\"r\"}}]}";

static int ask_for_batch(void)
{
	int fd = http_connect(api_kit_port(kit));
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s"
		       "\r\nContent-Length: %zu\r\n\r\n%s",
		       importer, strlen(batch), batch);
	assert_true(http_send(fd, text, strlen(text)));
	return fd;
}

/* As if its machine had lost power, and then another one had its address. */
static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	(void)close(fd);
}

static void cases_are(unsigned n)
{
	struct http_reply r;

	assert_int_equal(api_call(kit, "GET", "/v1/cases", importer, NULL, NULL, &r),
			 200);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), n);
	http_reply_free(&r);
}

/* The engine has the batch, and holds it; its caller has gone. */
static void leave_with_a_batch(void)
{
	int fd;

	api_kit_hold(kit, true);
	fd = ask_for_batch();
	wait_for("troth_requests_waiting", 3);
	reset(fd);
	wait_for("troth_connections", 1); /* That of the question. */
}

static void a_batch_whose_caller_leaves_is_saved_all_the_same(void **state)
{
	(void)state;
	leave_with_a_batch();
	api_kit_hold(kit, false);
	wait_for("troth_requests_waiting", 0);
	cases_are(2);
}

static void callers_may_leave_while_others_are_answered(void **state)
{
	struct http_reply r;
	int fds[8];

	(void)state;
	api_kit_hold(kit, true);
	for (unsigned i = 0; i < TROTH_LEN(fds); i++)
		fds[i] = ask_for_batch();
	wait_for("troth_requests_waiting", 3 * TROTH_LEN(fds));
	for (unsigned i = 0; i < TROTH_LEN(fds); i += 2)
		reset(fds[i]);
	wait_for("troth_connections", TROTH_LEN(fds) / 2 + 1);
	api_kit_hold(kit, false);
	for (unsigned i = 1; i < TROTH_LEN(fds); i += 2) {
		http_read(fds[i], &r);
		assert_int_equal(r.status, 200);
		assert_int_equal(json_array_size(json_object_get(r.json, "responses")),
				 3);
		http_reply_free(&r);
		(void)close(fds[i]);
	}
	cases_are(2);
}

static void a_node_that_ends_is_not_kept_by_a_caller_that_left(void **state)
{
	(void)state;
	leave_with_a_batch();
	api_kit_hold(kit, false);
	api_kit_stop(kit); /* It comes back, whether or not the engine was through. */
	kit = NULL;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_batch_whose_caller_leaves_is_saved_all_the_same),
		TEST(callers_may_leave_while_others_are_answered),
		TEST(a_node_that_ends_is_not_kept_by_a_caller_that_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
