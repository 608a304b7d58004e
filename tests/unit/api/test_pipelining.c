/* Requests whose end is in doubt, and queries that say other than they seem to. */
#include "api_kit.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct api_kit *kit;
static int fd;

static int start(void **state)
{
	(void)state;
	kit = api_kit_start(NULL);
	fd = http_connect(api_kit_port(kit));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	(void)close(fd);
	api_kit_hold(kit, false);
	api_kit_stop(kit);
	return 0;
}

static void send_text(const char *text)
{
	assert_true(http_send(fd, text, strlen(text)));
}

static int freed(struct http_reply *r)
{
	int status = r->status;

	http_reply_free(r);
	return status;
}

static int next_status(void)
{
	struct http_reply r;

	http_read(fd, &r);
	return freed(&r);
}

static int status_of(const char *method, const char *path)
{
	struct http_reply r;

	http_do(fd, method, path, api_kit_admin(kit), NULL, NULL, &r);
	return freed(&r);
}

/* The API's thread is at work: it has seen what was sent before on `fd`. */
static int status_elsewhere(void)
{
	struct http_reply r;
	int other = http_connect(api_kit_port(kit));

	http_do(other, "GET", "/healthz", NULL, NULL, NULL, &r);
	(void)close(other);
	return freed(&r);
}

static size_t put_party(char *out, size_t size, const char *party)
{
	char body[128];
	int len = snprintf(body, sizeof(body), "{\"party\":\"%s\",\"role\":\"%s\"}",
			   party, strcmp(party, "brand") == 0 ? "brand" : "vendor");

	return (size_t)snprintf(out, size,
				"POST /v1/parties HTTP/1.1\r\nHost: x\r\n"
				"Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
				"Content-Length: %d\r\n\r\n%s",
				api_kit_admin(kit), party, len, body);
}

/* Reads `n` answers that may come in one piece; how many of them begin with 200. */
static unsigned count_ok(unsigned n)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n", any[] = "HTTP/1.1 ";
	static char text[16384];
	size_t len = 0;
	unsigned good = 0, all = 0;

	/* The last answer is the one that closes the connection. */
	for (;;) {
		ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		assert_true(got >= 0);
		if (got == 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	for (const char *p = text; (p = strstr(p, any)) != NULL; p++) {
		all++;
		good += strncmp(p, ok, sizeof(ok) - 1) == 0;
	}
	assert_int_equal(all, n);
	return good;
}

/* Ahead of its answer nothing more is taken: neither for a body nor for a request. */
static void what_comes_before_the_answer_ends_the_connection_with_it(void **state)
{
	char text[4096];
	size_t len = 0;

	(void)state;
	api_kit_hold(kit, true);
	len += put_party(text + len, sizeof(text) - len, "brand");
	len += put_party(text + len, sizeof(text) - len, "acme");
	len += put_party(text + len, sizeof(text) - len, "zeta");
	assert_true(http_send(fd, text, len));
	assert_int_equal(status_elsewhere(), 200);
	api_kit_hold(kit, false);
	assert_int_equal(count_ok(1), 1);
}

static void requests_without_a_body_are_answered_one_after_the_other(void **state)
{
	static const char *const keys[] = { "k1", "k2", "k3" };
	char text[512];

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(keys); i++) {
		(void)snprintf(text, sizeof(text),
			       "POST /v1/parties HTTP/1.1\r\nHost: x\r\n"
			       "Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
			       "Content-Length: 0\r\n\r\n",
			       api_kit_admin(kit), keys[i]);
		send_text(text);
		assert_int_equal(next_status(), 422);
	}
}

static void two_ways_to_tell_where_a_body_ends_are_refused(void **state)
{
	(void)state;
	send_text("POST /v1/parties HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n"
		  "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}");
	assert_int_equal(next_status(), 411);
}

static void two_lengths_of_one_body_are_refused(void **state)
{
	(void)state;
	send_text("POST /v1/parties HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n"
		  "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}");
	assert_int_equal(next_status(), 413);
}

/* A filter that is cut away would answer another question than was asked. */
static void a_parameter_that_is_too_long_is_refused(void **state)
{
	char path[2048] = "/v1/orders?limit=1&customer=";
	size_t len = strlen(path);

	(void)state;
	memset(path + len, 'x', 1100);
	path[len + 1100] = '\0';
	assert_int_equal(status_of("GET", path), 400);
}

/* It would go to central as it is, which closes the link of the site for it. */
static void a_parameter_that_is_no_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"%ff", "%c0%80", "%ed%a0%80", "%1b%5b", "%7f",
	};
	char path[128];

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(bad); i++) {
		(void)snprintf(path, sizeof(path), "/v1/orders?number=%s&fresh=true",
			       bad[i]);
		(void)close(fd);
		fd = http_connect(api_kit_port(kit));
		assert_int_equal(status_of("GET", path), 400);
	}
	(void)close(fd);
	fd = http_connect(api_kit_port(kit));
	assert_int_equal(status_of("GET", "/v1/orders?number=%e7%8e%8b&fresh=true"), 200);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(what_comes_before_the_answer_ends_the_connection_with_it),
		T(requests_without_a_body_are_answered_one_after_the_other),
		T(two_ways_to_tell_where_a_body_ends_are_refused),
		T(two_lengths_of_one_body_are_refused),
		T(a_parameter_that_is_too_long_is_refused),
		T(a_parameter_that_is_no_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
