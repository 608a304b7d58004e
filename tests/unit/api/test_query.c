/*
 * Paths and queries: what is wrong is refused, and the parameter named; of JSON that
 * cannot be read, its place.
 */
#include "api_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct api_kit *kit;
static char agent[TROTH_TOKEN_TEXT];

static int start(void **state)
{
	(void)state;
	kit = api_kit_start(NULL);
	api_kit_token(kit, "ann", "agent", agent);
	api_kit_brand(kit);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	return 0;
}

static void refused(const char *path, const char *field)
{
	const char *named;
	struct http_reply r;
	int status = api_call(kit, "GET", path, api_kit_admin(kit), NULL, NULL, &r);

	named = json_string_value(json_object_get(r.json, "field"));
	if (status != 400 || named == NULL || strcmp(named, field) != 0)
		fail_msg("%s: %d, not 400 for %s: %s", path, status, field,
			 r.body != NULL ? r.body : "(none)");
	assert_non_null(json_object_get(r.json, "detail"));
	http_reply_free(&r);
}

static int status_of(const char *path)
{
	struct http_reply r;
	int status = api_call(kit, "GET", path, api_kit_admin(kit), NULL, NULL, &r);

	http_reply_free(&r);
	return status;
}

#define SUBJECT "ord_01kaf3vsp0e4mwq3c9r8xzt6gm"
#define NAME_33 "a23456789012345678901234567890123"

static const struct {
	const char *path, *field;
} bad[] = {
	{ "/v1/orders?limit=0", "limit" },
	{ "/v1/orders?limit=201", "limit" },
	{ "/v1/orders?limit=18446744073709551617", "limit" },
	{ "/v1/orders?limit=+1", "limit" },
	{ "/v1/scores?limit=2001", "limit" },
	{ "/v1/scorecards?limit=0", "limit" },
	{ "/v1/orders?cursor=zz", "cursor" },
	{ "/v1/shares?cursor=00", "cursor" },
	{ "/v1/scores?cursor=00", "cursor" },
	{ "/v1/orders?fresh=yes", "fresh" },
	{ "/v1/orders?limit=1&limit=2", "limit" },
	{ "/v1/orders?Limit=1", "Limit" },
	{ "/v1/orders?customer", "customer" },
	{ "/v1/orders?customer=a&=b", "query" },
	{ "/v1/orders?", "query" },
	{ "/v1/orders?a-name-that-no-parameter-could-have=1", "query" },
	{ "/v1/orders?customer=%ff", "customer" },
	{ "/v1/orders?customer=%ef%bf%bd", "customer" },
	{ "/v1/orders?customer=a%07b", "customer" },
	{ "/v1/orders?number=1&customer=\x01", "customer" },
	{ "/v1/orders?%01=a", "query" },
	/* What stands behind an end of line would be lost. */
	{ "/v1/orders?customer=a%0a&number=1", "customer" },
	{ "/v1/orders?customer=a%0D%0Ab", "customer" },
	{ "/v1/orders?number=7&customer=%0d", "customer" },
	{ "/v1/orders%0a?customer=a", "path" },
	{ "/v1/parties?after=" NAME_33, "after" },
	{ "/v1/parties?after=", "after" },
	{ "/v1/grants?after=" NAME_33, "after" },
	{ "/v1/agents?after=acme", "after" },
	{ "/v1/tokens?after=", "after" },
	{ "/v1/policies?after=-1", "after" },
	{ "/v1/policies?after=18446744073709551616", "after" },
	{ "/v1/orders/" SUBJECT "/history?after=x", "after" },
	{ "/v1/promises?due_before=x", "due_before" },
	{ "/v1/promises?state=lost", "state" },
	{ "/v1/recoveries?differs=1", "differs" },
	{ "/v1/events?after=x", "after" },
	{ "/v1/events?after=18446744073709551615", "after" },
	{ "/v1/events?type=" NAME_33, "type" },
	{ "/v1/events?type=case_openned", "type" },
	{ "/v1/events?party=" NAME_33, "party" },
	{ "/v1/events?subject=prm_01kaf3vsp0e4mwq3c9r8xzt6gm", "subject" },
};

static void a_parameter_that_will_not_do_is_refused_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(bad); i++)
		refused(bad[i].path, bad[i].field);
	assert_int_equal(status_of("/v1/orders?number=1%202&customer=%C3%A4"), 200);
	assert_int_equal(status_of("/v1/parties?after=a2345678901234567890123456789012"),
			 200);
	assert_int_equal(status_of("/v1/scores?limit=2000"), 200);
	assert_int_equal(status_of("/v1/policies?after=18446744073709551615"), 200);
}

/* "/v1/remedies?failure=xx..." with so many bytes behind the question mark. */
static char *with_query(size_t len)
{
	static char path[4096];
	size_t at = (size_t)snprintf(path, sizeof(path), "/v1/remedies?");

	assert_true(at + len < sizeof(path));
	memset(path + at, 'x', len);
	memcpy(path + at, "failure=", 8);
	path[at + len] = '\0';
	return path;
}

static void a_query_may_have_1021_bytes_and_not_one_more(void **state)
{
	(void)state;
	assert_int_equal(status_of(with_query(1021)), 200);
	refused(with_query(1022), "query");
	refused(with_query(2000), "query");
}

static void a_path_may_have_255_bytes_and_not_one_more(void **state)
{
	char path[257];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[255] = '\0';
	assert_int_equal(status_of(path), 404);
	path[255] = 'x';
	path[256] = '\0';
	refused(path, "path");
}

static void of_headers_it_is_said_which_one_is_wrong(void **state)
{
	static const struct {
		const char *headers, *field;
	} wrong[] = {
		{ "If-Match: *\r\n", "If-Match" },
		{ "Idempotency-Key: a\tb\r\n", "Idempotency-Key" },
	};
	struct http_reply r;

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(wrong); i++) {
		assert_int_equal(api_call(kit, "POST", "/v1/orders", agent,
					  wrong[i].headers, "{}", &r),
				 400);
		assert_string_equal(json_string_value(json_object_get(r.json, "field")),
				    wrong[i].field);
		http_reply_free(&r);
	}
	assert_int_equal(api_call(kit, "GET", "/v1/events", agent, "Last-Event-ID: x\r\n",
				  NULL, &r),
			 400);
	assert_string_equal(json_string_value(json_object_get(r.json, "field")),
			    "Last-Event-ID");
	http_reply_free(&r);
}

/*
 * libwebsockets itself ends most of these, before we see them: with 403, or with nothing.
 * Behind a slash it gives us what stands before the zero, which is no path of ours.
 */
static void a_path_that_cannot_be_decoded_costs_the_connection_alone(void **state)
{
	static const char *const paths[] = {
		"/v1/orders?customer=%00", "/v1/orders?customer=a%00b",
		"/v1/orders%00",           "/v1/orders/" SUBJECT "%00/history",
		"/v1/orders?customer=%zz", "/v1/orders?customer=%4",
		"/v1/orders/%z",           "/v1/%00",
		"/v1/orders/%00" SUBJECT,
	};
	struct http_reply r;

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(paths); i++) {
		int status = api_call(kit, "GET", paths[i], agent, NULL, NULL, &r);

		if (status != 0 && status != 403 && status != 404)
			fail_msg("%s: %d", paths[i], status);
		http_reply_free(&r);
	}
	assert_int_equal(status_of("/v1/orders"), 200);
}

static void tokens_are_listed_by_name_and_page_by_page(void **state)
{
	static const char *const names[] = { "admin", "ann", "bea", "carl", "dora" };
	char text[TROTH_TOKEN_TEXT], path[128] = "/v1/tokens?limit=2";
	unsigned found = 0, pages = 0;
	struct http_reply r;

	(void)state;
	api_kit_token(kit, "dora", "read", text);
	api_kit_token(kit, "bea", "read", text);
	api_kit_token(kit, "carl", "read", text);
	while (path[0] != '\0') {
		const json_t *items;
		const char *next;

		assert_int_equal(
			api_call(kit, "GET", path, api_kit_admin(kit), NULL, NULL, &r),
			200);
		items = json_object_get(r.json, "items");
		for (size_t i = 0; i < json_array_size(items); i++, found++) {
			const char *name = json_string_value(
				json_object_get(json_array_get(items, i), "name"));

			assert_true(found < TROTH_LEN(names));
			assert_string_equal(name, names[found]);
		}
		next = json_string_value(json_object_get(r.json, "next"));
		(void)snprintf(path, sizeof(path), "%s", next != NULL ? next : "");
		http_reply_free(&r);
		pages++;
	}
	assert_int_equal(found, TROTH_LEN(names));
	assert_int_equal(pages, 3);
}

static void json_that_cannot_be_read_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *body, *detail;
	} cases[] = {
		{ "{\n\"customer\": \"c\" \"seller\"}", "line 2, column 24" },
		{ "{\"a\":1,\"a\":2}", "line 1, column 10: a member is named twice" },
	};
	struct http_reply r;

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(cases); i++) {
		assert_int_equal(api_call(kit, "POST", "/v1/orders", agent, NULL,
					  cases[i].body, &r),
				 400);
		assert_string_equal(json_string_value(json_object_get(r.json, "detail")),
				    cases[i].detail);
		http_reply_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_that_cannot_be_read_is_refused_with_its_place),
		cmocka_unit_test(a_parameter_that_will_not_do_is_refused_by_its_name),
		cmocka_unit_test(a_query_may_have_1021_bytes_and_not_one_more),
		cmocka_unit_test(a_path_may_have_255_bytes_and_not_one_more),
		cmocka_unit_test(of_headers_it_is_said_which_one_is_wrong),
		cmocka_unit_test(
			a_path_that_cannot_be_decoded_costs_the_connection_alone),
		cmocka_unit_test(tokens_are_listed_by_name_and_page_by_page),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
