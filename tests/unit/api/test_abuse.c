/*
 * What is malformed, too much, too slow or not allowed costs its sender only.
 */
#include "api_kit.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000

struct world {
	struct api_kit *kit;
	char agent[TROTH_TOKEN_TEXT], importer[TROTH_TOKEN_TEXT];
	struct troth_api_config config;
};

static void post(struct world *w, const char *path, const char *token, const char *body)
{
	struct http_reply r;
	int status = api_call(w->kit, "POST", path, token, NULL, body, &r);

	if (status != 200 && status != 201)
		fail_msg("%s: %d %s", path, status, r.body);
	http_reply_free(&r);
}

static struct world *make(const struct troth_api_config *c)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = api_kit_start(c);
	api_kit_token(w->kit, "ann", "agent", w->agent);
	api_kit_token(w->kit, "import", "integration", w->importer);
	post(w, "/v1/parties", api_kit_admin(w->kit),
	     "{\"party\":\"brand\",\"role\":\"brand\"}");
	return w;
}

static int start(void **state)
{
	*state = make(NULL);
	return 0;
}

static int stop(void **state)
{
	struct world *w = *state;

	api_kit_stop(w->kit);
	free(w);
	return 0;
}

static const char good_body[] = "{\"customer\":\"c-1\",\"seller\":\"brand\"}";

static const struct bad {
	const char *path, *body;
	int status;
	const char *field; /* NULL: none is named. */
} bad[] = {
	{ "/v1/orders", "", 422, "customer" },
	{ "/v1/orders", "{", 400, NULL },
	{ "/v1/orders", "[]", 422, "" },
	{ "/v1/orders", "null", 400, NULL },
	{ "/v1/orders", "{\"customer\":\"a\",\"customer\":\"b\"}", 400, NULL },
	{ "/v1/orders", "{\"customer\":\"\xff\"}", 400, NULL },
	{ "/v1/orders", "{\"customer\":\"a\\u0000b\"}", 400, NULL },
	{ "/v1/orders", "{\"customer\":\"a\\u0007\"}", 422, "customer" },
	{ "/v1/orders", "{\"customer\":\"a\\ufffd\"}", 422, "customer" },
	{ "/v1/orders", "{\"customer\":\"a b\",\"seller\":\"brand\"}", 422, "customer" },
	{ "/v1/orders", "{\"customer\":7}", 422, "customer" },
	{ "/v1/orders", "{\"colour\":\"red\"}", 422, "colour" },
	{ "/v1/orders", "{\"lines\":{}}", 422, "lines" },
	{ "/v1/orders", "{\"lines\":[7]}", 422, "lines[0]" },
	{ "/v1/orders", "{\"lines\":[{\"sku\":\"a\"},{\"quantity\":-1}]}", 422,
	  "lines[1].quantity" },
	{ "/v1/orders", "{\"lines\":[{\"quantity\":4294967296}]}", 422,
	  "lines[0].quantity" },
	{ "/v1/orders", "{\"lines\":[{\"quantity\":1.5}]}", 422, "lines[0].quantity" },
	{ "/v1/orders", "{\"deliver_by\":\"2026-13-01T00:00:00Z\"}", 422, "deliver_by" },
	{ "/v1/orders", "{\"deliver_by\":\"2026-11-01\"}", 422, "deliver_by" },
	{ "/v1/orders", "{\"personal\":{\"age\":7}}", 422, "personal.age" },
	{ "/v1/orders", "{\"actor\":\"somebody\"}", 403, "actor" },
	{ "/v1/orders", "{\"customer\":\"c\",\"seller\":\"nobody\"}", 422, "seller" },
	{ "/v1/orders",
	  "{\"customer\":\"c\",\"seller\":\"brand\",\"lines\":[{\"sku\":\"b\",\"quantity\":1,"
	  "\"seller\":\"nobody\"}]}",
	  422, "lines[0].seller" },
	{ "/v1/orders?x=1", good_body, 400, "x" },
	{ "/v1/orders/", good_body, 404, NULL },
	{ "/v1/orders/ord_1/shipments", "{}", 404, NULL },
	{ "/v1/cases/ord_00000000000000000000000000/close", "{}", 404, NULL },
	{ "/v1/promises/prm_01kaf3vsp0e4mwq3c9r8xzt6gm/keep", "{}", 404, NULL },
	{ "/v1/promises/prm_01kaf3vsp0e4mwq3c9r8xzt6g0/speak", "{}", 404, NULL },
	{ "/v1/nothing", "{}", 404, NULL },
	{ "/v1/status", "{}", 405, NULL },
	{ "/", "{}", 404, NULL },
	{ "/v1/../v1/orders", "{}", 422, "customer" }, /* Made plain before it is read. */
	{ "/v1/orders/ord_01kaf3vsp0e4mwq3c9r8xzt6gm/cases", "{}", 422, "case" },
	{ "/v1/orders/ord_01kaf3vsp0e4mwq3c9r8xzt6gm/cases",
	  "{\"case\":\"ord_01kaf3vsp0e4mwq3c9r8xzt6gm\"}", 422, "case" },
	{ "/v1/cases", "{\"customer\":\"c\"}", 422, "reason" },
};

static void every_bad_input_is_refused_with_its_field_named(void **state)
{
	struct world *w = *state;
	struct http_reply r;

	for (unsigned i = 0; i < TROTH_LEN(bad); i++) {
		const char *field;

		(void)api_call(w->kit, "POST", bad[i].path, w->agent, NULL, bad[i].body,
			       &r);
		field = json_string_value(json_object_get(r.json, "field"));
		if (r.status != bad[i].status ||
		    (field == NULL) != (bad[i].field == NULL) ||
		    (field != NULL && strcmp(field, bad[i].field) != 0))
			fail_msg("%s %s: %d %s", bad[i].path, bad[i].body, r.status,
				 r.body);
		assert_string_equal(http_header(&r, "content-type"),
				    "application/problem+json");
		http_reply_free(&r);
	}
	/* Nothing of it was kept: the ledger has the brand and no more. */
	assert_int_equal(api_call(w->kit, "GET", "/v1/orders", w->agent, NULL, NULL, &r),
			 200);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), 0);
	assert_int_equal(json_integer_value(json_object_get(r.json, "position")), 1);
	http_reply_free(&r);
}

static void bad_queries_are_refused(void **state)
{
	struct world *w = *state;
	static const char *const paths[] = {
		"/v1/orders?limit=0",        "/v1/orders?limit=201",
		"/v1/orders?limit=-1",       "/v1/orders?limit=1x",
		"/v1/orders?limit=",         "/v1/orders?cursor=zz",
		"/v1/orders?cursor=0",       "/v1/promises?state=lost",
		"/v1/promises?due_before=x", "/v1/commitments",
		"/v1/orders?customer",       "/v1/orders?Limit=1",
	};
	struct http_reply r;

	for (unsigned i = 0; i < TROTH_LEN(paths); i++) {
		if (api_call(w->kit, "GET", paths[i], w->agent, NULL, NULL, &r) != 400)
			fail_msg("%s: %d %s", paths[i], r.status, r.body);
		http_reply_free(&r);
	}
	/* A cursor of another list has nothing behind it. */
	assert_int_equal(api_call(w->kit, "GET", "/v1/promises?cursor=ff00", w->agent,
				  NULL, NULL, &r),
			 200);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), 0);
	http_reply_free(&r);
}

static char *padded(size_t len)
{
	char *s = malloc(len + 1);

	assert_non_null(s);
	memset(s, ' ', len);
	s[len] = '\0';
	memcpy(s, good_body, sizeof(good_body) - 1);
	return s;
}

static void a_body_may_be_as_long_as_the_limit_and_not_one_byte_longer(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char *body = padded(TROTH_API_BODY_MAX);

	assert_int_equal(api_call(w->kit, "POST", "/v1/orders", w->agent, NULL, body, &r),
			 201);
	http_reply_free(&r);
	free(body);
	body = padded(TROTH_API_BODY_MAX + 1);
	assert_int_equal(api_call(w->kit, "POST", "/v1/orders", w->agent, NULL, body, &r),
			 413);
	http_reply_free(&r);
	free(body);
}

static void a_key_may_have_128_characters_and_not_one_more(void **state)
{
	struct world *w = *state;
	char header[256] = "Idempotency-Key: ";
	size_t len = strlen(header);
	struct http_reply r;

	memset(header + len, 'k', TROTH_API_KEY_MAX);
	(void)strcpy(header + len + TROTH_API_KEY_MAX, "\r\n");
	assert_int_equal(
		api_call(w->kit, "POST", "/v1/orders", w->agent, header, good_body, &r),
		201);
	http_reply_free(&r);
	(void)strcpy(header + len + TROTH_API_KEY_MAX, "k\r\n");
	assert_int_equal(
		api_call(w->kit, "POST", "/v1/orders", w->agent, header, good_body, &r),
		400);
	http_reply_free(&r);
	assert_int_equal(api_call(w->kit, "POST", "/v1/orders", w->agent,
				  "Idempotency-Key:\r\n", good_body, &r),
			 400);
	assert_string_equal(json_string_value(json_object_get(r.json, "type")),
			    "urn:troth:problem:no_idempotency_key");
	http_reply_free(&r);
}

static void a_batch_may_hold_1000_requests_and_not_one_more(void **state)
{
	struct world *w = *state;
	struct http_reply r;

	for (unsigned n = 1000; n <= 1001; n++) {
		struct troth_buf b = TROTH_BUF_INIT;

		troth_buf_put_str(&b, "{\"requests\":[{}");
		for (unsigned i = 1; i < n; i++)
			troth_buf_put_str(&b, ",{}");
		troth_buf_put(&b, "]}", 3);
		assert_int_equal(api_call(w->kit, "POST", "/v1/batch", w->importer, NULL,
					  (char *)b.data, &r),
				 n == 1000 ? 200 : 422);
		http_reply_free(&r);
		troth_buf_fini(&b);
	}
}

/* Sends bytes and reads the status of the answer; 0: the connection ended. */
static int raw(struct world *w, const char *bytes)
{
	struct http_reply r;
	int status, fd = http_connect(api_kit_port(w->kit));

	(void)http_send(fd, bytes, strlen(bytes));
	http_read(fd, &r);
	status = r.status;
	http_reply_free(&r);
	(void)close(fd);
	return status;
}

static void other_methods_and_other_protocols_are_refused(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *bytes;
		int status;
	} asked[] = {
		/* 0: the connection ends, or an error is told. */
		{ "PUT /v1/orders HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
		  405 },
		{ "DELETE /v1/orders HTTP/1.1\r\nHost: t\r\n\r\n", 405 },
		{ "OPTIONS /v1/orders HTTP/1.1\r\nHost: t\r\n\r\n", 405 },
		{ "PATCH /v1/orders HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
		  405 },
		{ "POST /v1/orders HTTP/1.1\r\nHost: t\r\n\r\n", 411 },
		{ "POST /v1/orders HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\n{}\r\n0\r\n\r\n",
		  411 },
		{ "POST /v1/orders HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
		  411 },
		{ "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03 hello\r\n\r\n", 0 },
		{ "NONSENSE\r\n\r\n", 0 },
		{ "GET /v1/orders HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}",
		  400 },
		{ "GET /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", 400 },
	};

	for (unsigned i = 0; i < TROTH_LEN(asked); i++) {
		int status = raw(w, asked[i].bytes);

		if (asked[i].status != 0 ? status != asked[i].status
					 : status != 0 && status < 400)
			fail_msg("%s: %d", asked[i].bytes, status);
	}
	/* An upgrade is not made: the answer is HTTP/1.1, or the connection ends. */
	int status = raw(w, "GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: Upgrade, "
			    "HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
			    "AAMAAABkAAQAAP__\r\n\r\n");
	assert_true(status == 200 || status == 0 || status == 400);
	status = raw(w, "GET /v1/events HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\n"
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
	assert_true(status != 101);
}

static void a_head_beyond_its_limit_is_not_served(void **state)
{
	struct world *w = *state;
	char *bytes;
	char *big = malloc(3 * TROTH_API_HEADERS_MAX);

	assert_non_null(big);
	memset(big, 'a', 3 * TROTH_API_HEADERS_MAX);
	big[3 * TROTH_API_HEADERS_MAX - 1] = '\0';
	assert_true(asprintf(&bytes, "GET /%s HTTP/1.1\r\nHost: t\r\n\r\n", big) > 0);
	assert_true(raw(w, bytes) != 200);
	free(bytes);
	big[1000] = '\0';
	assert_true(asprintf(&bytes,
			     "GET /healthz HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer "
			     "%s\r\n\r\n",
			     big) > 0);
	assert_int_equal(raw(w, bytes), 200);
	free(bytes);
	free(big);
}

/* Waits until the peer closes; false if it does not. */
static bool closes(int fd)
{
	char byte[256];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, PATIENCE) != 1)
			return false;
		if (recv(fd, byte, sizeof(byte), 0) <= 0)
			return true;
	}
}

static void a_client_that_is_too_slow_is_cut_off(void **state)
{
	struct troth_api_config c = { .request_ms = 1000, .idle_ms = 1000 };
	struct world *w = make(&c);
	char head[512];
	int head_only = http_connect(api_kit_port(w->kit));
	int body = http_connect(api_kit_port(w->kit));
	int silent = http_connect(api_kit_port(w->kit));

	(void)state;
	assert_true(http_send(head_only, "GET /v1/orders HTTP/1.1\r\nHo", 28));
	(void)snprintf(head, sizeof(head),
		       "POST /v1/orders HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer "
		       "%s\r\nIdempotency-Key: a\r\nContent-Length: 100\r\n\r\n{",
		       w->agent);
	assert_true(http_send(body, head, strlen(head)));
	assert_true(closes(body));
	assert_true(closes(head_only));
	assert_true(closes(silent));
	(void)close(head_only);
	(void)close(body);
	(void)close(silent);
	api_kit_stop(w->kit);
	free(w);
}

static void connections_beyond_the_limit_are_refused_until_one_is_free(void **state)
{
	enum { LIMIT = 8 };
	struct troth_api_config c = { .connections_max = LIMIT };
	struct world *w = make(&c);
	struct http_reply r;
	int fd[LIMIT];

	(void)state;
	for (unsigned i = 0; i < LIMIT; i++) {
		fd[i] = http_connect(api_kit_port(w->kit));
		http_do(fd[i], "GET", "/healthz", NULL, NULL, NULL, &r);
		assert_int_equal(r.status, 200);
		http_reply_free(&r);
	}
	assert_int_equal(raw(w, "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"), 0);
	(void)close(fd[0]);
	/* That it is closed reaches the server in its own time. */
	for (int tries = 0; raw(w, "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n") != 200;
	     tries++)
		assert_true(tries < 100000);
	for (unsigned i = 1; i < LIMIT; i++)
		(void)close(fd[i]);
	api_kit_stop(w->kit);
	free(w);
}

static void a_token_that_asks_too_often_waits_and_others_do_not(void **state)
{
	struct troth_api_config c = { .requests_per_s = 5 };
	struct world *w = make(&c);
	struct http_reply r;
	int limited = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		int status = api_call(w->kit, "GET", "/v1/status", w->agent, NULL, NULL,
				      &r);

		assert_true(status == 200 || status == 429);
		if (status == 429) {
			assert_string_equal(http_header(&r, "retry-after"), "1");
			limited++;
		}
		http_reply_free(&r);
	}
	assert_true(limited > 0);
	assert_int_equal(
		api_call(w->kit, "GET", "/v1/status", w->importer, NULL, NULL, &r), 200);
	http_reply_free(&r);
	api_kit_stop(w->kit);
	free(w);
}

/* Until the core holds so many requests. */
static void wait_for_waiting(struct world *w, unsigned n)
{
	time_t end = time(NULL) + PATIENCE / 1000;
	bool found = false;
	char line[64];

	(void)snprintf(line, sizeof(line), "\ntroth_requests_waiting %u\n", n);
	while (!found) {
		struct http_reply r;

		assert_int_equal(
			api_call(w->kit, "GET", "/metrics", w->importer, NULL, NULL, &r),
			200);
		found = strstr(r.body, line) != NULL;
		http_reply_free(&r);
		assert_true(time(NULL) < end);
	}
}

/* A batch of 1000 cases, whose keys begin with `name`. */
static char *thousand_cases(const char *name)
{
	static char body[200000];
	size_t len = (size_t)snprintf(body, sizeof(body), "{\"requests\":[");

	for (unsigned i = 0; i < TROTH_API_BATCH_MAX; i++)
		len += (size_t)snprintf(
			body + len, sizeof(body) - len,
			"%s{\"method\":\"POST\",\"path\":\"/v1/cases\","
			"\"idempotency_key\":\"%s%u\",\"body\":{\"customer\":\"c\","
			"\"reason\":\"r\"}}",
			i > 0 ? "," : "", name, i);
	(void)snprintf(body + len, sizeof(body) - len, "]}");
	return body;
}

static void post_head(int fd, const char *token, const char *body)
{
	char head[256];

	(void)snprintf(
		head, sizeof(head),
		"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
		"Content-Length: %zu\r\n\r\n",
		token, strlen(body));
	assert_true(http_send(fd, head, strlen(head)));
	assert_true(http_send(fd, body, strlen(body)));
}

static void batches_beyond_16000_requests_at_work_are_put_off(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	int fd[TROTH_API_WAITING_MAX / TROTH_API_BATCH_MAX];
	char name[16];

	api_kit_hold(w->kit, true);
	for (unsigned i = 0; i < TROTH_LEN(fd); i++) {
		(void)snprintf(name, sizeof(name), "b%u-", i);
		fd[i] = http_connect(api_kit_port(w->kit));
		post_head(fd[i], w->importer, thousand_cases(name));
	}
	wait_for_waiting(w, TROTH_API_WAITING_MAX);
	assert_int_equal(api_call(w->kit, "POST", "/v1/batch", w->importer, NULL,
				  thousand_cases("more"), &r),
			 429);
	http_reply_free(&r);
	api_kit_hold(w->kit, false);
	for (unsigned i = 0; i < TROTH_LEN(fd); i++) {
		http_read(fd[i], &r);
		assert_int_equal(r.status, 200);
		http_reply_free(&r);
		(void)close(fd[i]);
	}
	assert_int_equal(api_call(w->kit, "POST", "/v1/batch", w->importer, NULL,
				  thousand_cases("more"), &r),
			 200);
	http_reply_free(&r);
}

static void a_caller_that_leaves_early_finds_its_change_by_its_key(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char head[512];
	int fd = http_connect(api_kit_port(w->kit));

	api_kit_hold(w->kit, true);
	(void)snprintf(head, sizeof(head),
		       "POST /v1/orders HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer "
		       "%s\r\nIdempotency-Key: early\r\nContent-Length: %zu\r\n\r\n%s",
		       w->agent, strlen(good_body), good_body);
	assert_true(http_send(fd, head, strlen(head)));
	wait_for_waiting(w, 1);
	(void)close(fd);
	api_kit_hold(w->kit, false);
	assert_int_equal(api_call(w->kit, "POST", "/v1/orders", w->agent,
				  "Idempotency-Key: early\r\n", good_body, &r),
			 201);
	http_reply_free(&r);
	assert_int_equal(api_call(w->kit, "GET", "/v1/orders", w->agent, NULL, NULL, &r),
			 200);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), 1);
	http_reply_free(&r);
}

static void *let_go(void *kit)
{
	api_kit_hold(kit, false);
	return NULL;
}

static void closing_waits_for_what_the_engine_holds(void **state)
{
	struct world *w = make(NULL);
	pthread_t thread;
	char head[512];
	struct http_reply r;
	int fd = http_connect(api_kit_port(w->kit));

	(void)state;
	api_kit_hold(w->kit, true);
	(void)snprintf(head, sizeof(head),
		       "POST /v1/orders HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer "
		       "%s\r\nIdempotency-Key: last\r\nContent-Length: %zu\r\n\r\n%s",
		       w->agent, strlen(good_body), good_body);
	assert_true(http_send(fd, head, strlen(head)));
	wait_for_waiting(w, 1);
	assert_int_equal(pthread_create(&thread, NULL, let_go, w->kit), 0);
	api_kit_stop(w->kit);
	(void)pthread_join(thread, NULL);
	http_read(fd, &r);
	assert_int_equal(r.status, 201);
	http_reply_free(&r);
	(void)close(fd);
	free(w);
}

static void a_plain_listener_is_for_loopback_only(void **state)
{
	static const char *const addresses[] = { "0.0.0.0", "::", "192.0.2.1",
						 "localhost", "" };
	struct troth_engine engine = { .kind = TROTH_NODE_CENTRAL };

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(addresses); i++) {
		struct troth_api_config c = { .engine = &engine,
					      .listen_count = 1,
					      .listen = { { addresses[i], 0 } } };
		struct troth_why why;
		struct troth_api *api;

		assert_int_equal(troth_api_open(&api, &c, &why), TROTH_ERR_INPUT);
		assert_null(api);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(every_bad_input_is_refused_with_its_field_named),
		T(bad_queries_are_refused),
		T(a_body_may_be_as_long_as_the_limit_and_not_one_byte_longer),
		T(a_key_may_have_128_characters_and_not_one_more),
		T(a_batch_may_hold_1000_requests_and_not_one_more),
		T(other_methods_and_other_protocols_are_refused),
		T(a_head_beyond_its_limit_is_not_served),
		cmocka_unit_test(a_client_that_is_too_slow_is_cut_off),
		cmocka_unit_test(
			connections_beyond_the_limit_are_refused_until_one_is_free),
		cmocka_unit_test(a_token_that_asks_too_often_waits_and_others_do_not),
		T(batches_beyond_16000_requests_at_work_are_put_off),
		T(a_caller_that_leaves_early_finds_its_change_by_its_key),
		cmocka_unit_test(closing_waits_for_what_the_engine_holds),
		cmocka_unit_test(a_plain_listener_is_for_loopback_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
