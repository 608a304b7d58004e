/*
 * The list of shares: all of them, once, however short the pages are.
 */
#include "api_kit.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARES 8 /* Two parties with two sites each, and two pools. */
#define TRIES  10000

static struct api_kit *kit;
static json_t *doc;

static void post(const char *path, const char *body)
{
	struct http_reply r;
	int status = api_call(kit, "POST", path, api_kit_admin(kit), NULL, body, &r);

	if (status != 200)
		fail_msg("%s %s: %d %s", path, body, status, r.body);
	http_reply_free(&r);
}

static void add_party(const char *party, unsigned key)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"party\":\"%s\",\"role\":\"vendor\"}",
		       party);
	post("/v1/parties", body);
	for (unsigned i = 1; i <= 2; i++) {
		(void)snprintf(body, sizeof(body),
			       "{\"party\":\"%s\",\"site\":\"s%u\",\"sign_key\":"
			       "\"%064x\"}",
			       party, i, key + i);
		post("/v1/sites", body);
	}
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(body, sizeof(body),
			       "{\"party\":\"%s\",\"grant\":\"%s\",\"kinds\":[\"gift\"],"
			       "\"skus\":[\"%s\"],\"most\":2,\"pool\":\"%s\"}",
			       party, i == 0 ? "a" : "b", i == 0 ? "A" : "B",
			       i == 0 ? "pool/a" : "pool/b");
		post("/v1/grants", body);
	}
}

/* One page, held against the document; the caller frees. */
static void page(const char *path, struct http_reply *r)
{
	char flaw[SCHEMA_FLAW];

	if (api_call(kit, "GET", path, api_kit_admin(kit), NULL, NULL, r) != 200)
		fail_msg("%s: %d %s", path, r->status, r->body);
	if (!schema_holds(doc, schema_of_reply(doc, "GET", path, 200), r->json, flaw))
		fail_msg("%s: %s: %s", path, flaw, r->body);
}

static size_t count_of(const struct http_reply *r)
{
	return json_array_size(json_object_get(r->json, "items"));
}

static int start(void **state)
{
	struct http_reply r;
	size_t n = 0;

	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json", 0, NULL);
	assert_non_null(doc);
	kit = api_kit_start(NULL);
	post("/v1/parties", "{\"party\":\"brand\",\"role\":\"brand\"}");
	post("/v1/pools",
	     "{\"pool\":\"pool/a\",\"sku\":\"A\",\"total\":100,\"share\":5}");
	post("/v1/pools",
	     "{\"pool\":\"pool/b\",\"sku\":\"B\",\"total\":100,\"share\":7}");
	add_party("acme", 0x100);
	add_party("bolt", 0x200);
	for (unsigned i = 0; n < SHARES && i < TRIES; i++) {
		page("/v1/shares", &r);
		n = count_of(&r);
		http_reply_free(&r);
	}
	assert_int_equal(n, SHARES);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	json_decref(doc);
	return 0;
}

/* Walks all pages from `first` on and appends their items to `all`; how many pages. */
static unsigned walk(const char *first, json_t *all)
{
	char path[512];
	unsigned pages = 0;

	(void)snprintf(path, sizeof(path), "%s", first);
	while (path[0] != '\0') {
		struct http_reply r;
		const char *next;
		const json_t *pools;

		page(path, &r);
		assert_int_equal(json_array_extend(all, json_object_get(r.json, "items")),
				 0);
		/* How it adds up is said of everything, not of the page. */
		pools = json_object_get(r.json, "pools");
		assert_int_equal(json_integer_value(json_object_get(
					 json_array_get(pools, 0), "out")),
				 20);
		next = json_string_value(json_object_get(r.json, "next"));
		(void)snprintf(path, sizeof(path), "%s", next != NULL ? next : "");
		http_reply_free(&r);
		pages++;
		assert_true(pages <= SHARES);
	}
	return pages;
}

static void pages_of_any_length_come_to_the_same(void **state)
{
	json_t *whole = json_array();
	char path[64];

	(void)state;
	assert_int_equal(walk("/v1/shares", whole), 1);
	assert_int_equal(json_array_size(whole), SHARES);
	for (unsigned limit = 1; limit <= SHARES + 1; limit++) {
		json_t *all = json_array();

		(void)snprintf(path, sizeof(path), "/v1/shares?limit=%u", limit);
		assert_int_equal(walk(path, all), (SHARES + limit - 1) / limit);
		assert_true(json_equal(all, whole));
		json_decref(all);
	}
	json_decref(whole);
}

static void pages_are_of_what_the_query_wants(void **state)
{
	json_t *of_bolt = json_array(), *of_b = json_array(), *both = json_array();

	(void)state;
	assert_int_equal(walk("/v1/shares?limit=1&party=bolt", of_bolt), 4);
	assert_int_equal(json_array_size(of_bolt), 4);
	assert_int_equal(json_array_size(both), 0);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(json_string_value(json_object_get(
					    json_array_get(of_bolt, i), "party")),
				    "bolt");
	assert_int_equal(walk("/v1/shares?limit=3&pool=pool/a", of_b), 2);
	assert_int_equal(json_array_size(of_b), 4);
	assert_int_equal(walk("/v1/shares?limit=2&party=acme&pool=pool/a", both), 1);
	assert_int_equal(json_array_size(both), 2);
	json_decref(of_bolt);
	json_decref(of_b);
	json_decref(both);
}

static void a_cursor_is_for_the_list_that_gave_it(void **state)
{
	const char *cursor;
	char path[512];
	struct http_reply r;

	(void)state;
	page("/v1/shares?limit=1&party=acme", &r);
	cursor = strstr(json_string_value(json_object_get(r.json, "next")), "cursor=");
	assert_non_null(cursor);
	(void)snprintf(path, sizeof(path), "/v1/shares?%.*s&party=bolt",
		       (int)strcspn(cursor, "&"), cursor);
	http_reply_free(&r);
	assert_int_equal(api_call(kit, "GET", path, api_kit_admin(kit), NULL, NULL, &r),
			 400);
	assert_string_equal(json_string_value(json_object_get(r.json, "field")),
			    "cursor");
	http_reply_free(&r);
}

static json_int_t number_of_s1(const char *name)
{
	struct http_reply r;
	json_int_t n;

	page("/v1/shares?party=acme&pool=pool/a&limit=1", &r);
	n = json_integer_value(json_object_get(
		json_array_get(json_object_get(r.json, "items"), 0), name));
	http_reply_free(&r);
	return n;
}

/* The site is not there to answer: what it is asked for stays asked. */
static void what_was_asked_for_by_mistake_is_taken_back(void **state)
{
	static const char s1[] =
		"{\"pool\":\"pool/a\",\"party\":\"acme\",\"site\":\"s1\"}";
	struct http_reply r;
	char flaw[SCHEMA_FLAW];

	(void)state;
	post("/v1/shares/move",
	     "{\"pool\":\"pool/a\",\"amount\":5000,\"from\":{\"party\":\"acme\","
	     "\"site\":\"s1\"},\"to\":{\"party\":\"bolt\",\"site\":\"s2\"}}");
	assert_int_equal(number_of_s1("recalled"), 5000);
	post("/v1/shares/keep", s1);
	assert_int_equal(number_of_s1("recalled"), 0);
	assert_int_equal(number_of_s1("available"), 5);
	assert_int_equal(api_call(kit, "POST", "/v1/shares/keep", api_kit_admin(kit),
				  NULL, s1, &r),
			 409);
	assert_true(schema_holds(
		doc, schema_of_reply(doc, "POST", "/v1/shares/keep", 409), r.json, flaw));
	assert_string_equal(json_string_value(json_object_get(r.json, "detail")),
			    "nothing is asked back of it");
	http_reply_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_any_length_come_to_the_same),
		cmocka_unit_test(pages_are_of_what_the_query_wants),
		cmocka_unit_test(a_cursor_is_for_the_list_that_gave_it),
		cmocka_unit_test(what_was_asked_for_by_mistake_is_taken_back),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
