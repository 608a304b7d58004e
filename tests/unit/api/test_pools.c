/*
 * A pool that there is is changed in what is said of it, and in nothing else.
 */
#include "api_kit.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct api_kit *kit;
static json_t *doc;
static char importer[TROTH_TOKEN_TEXT];

/* What one says of it, and the number that stands in the answer. */
struct row {
	const char *body;
	int status;
	const char *field; /* NULL: none is named. */
	int64_t total, share, low, idle_s;
};

static void call(const char *method, const char *path, const char *token,
		 const char *body, int status, struct http_reply *r)
{
	char flaw[SCHEMA_FLAW];

	if (api_call(kit, method, path, token, NULL, body, r) != status)
		fail_msg("%s %s: %d %s", path, body != NULL ? body : "", r->status,
			 r->body);
	if (!schema_holds(doc, schema_of_reply(doc, method, path, status), r->json, flaw))
		fail_msg("%s: %s: %s", path, flaw, r->body);
}

static void post(const char *path, const char *body)
{
	struct http_reply r;

	call("POST", path, api_kit_admin(kit), body, 200, &r);
	http_reply_free(&r);
}

static int64_t number(const json_t *pool, const char *name)
{
	const json_t *v = json_object_get(pool, name);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

/* The first pool is the one that the tests change. */
static void expect(int64_t total, int64_t share, int64_t low, int64_t idle_s)
{
	struct http_reply r;
	const json_t *pool;

	call("GET", "/v1/pools", api_kit_admin(kit), NULL, 200, &r);
	pool = json_array_get(json_object_get(r.json, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(pool, "pool")), "cables");
	assert_string_equal(json_string_value(json_object_get(pool, "sku")), "HDMI-2M");
	assert_int_equal(number(pool, "total"), total);
	assert_int_equal(number(pool, "share"), share);
	assert_int_equal(number(pool, "low"), low);
	assert_int_equal(number(pool, "idle_s"), idle_s);
	http_reply_free(&r);
}

static int start(void **state)
{
	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json", 0, NULL);
	assert_non_null(doc);
	kit = api_kit_start(NULL);
	api_kit_token(kit, "importer", "manager integration", importer);
	post("/v1/parties", "{\"party\":\"brand\",\"role\":\"brand\"}");
	post("/v1/pools", "{\"pool\":\"cables\",\"sku\":\"HDMI-2M\",\"total\":100,"
			  "\"share\":30,\"low\":10,\"idle_s\":3600}");
	post("/v1/pools", "{\"pool\":\"money\",\"currency\":\"EUR\",\"total\":5}");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	json_decref(doc);
	return 0;
}

#define OF "{\"pool\":\"cables\""

static const struct row rows[] = {
	{ OF ",\"total\":200}", 200, NULL, 200, 30, 10, 3600 },
	{ OF ",\"sku\":\"HDMI-2M\",\"total\":100}", 200, NULL, 100, 30, 10, 3600 },
	{ OF ",\"share\":40}", 200, NULL, 100, 40, 10, 3600 },
	{ OF ",\"low\":40}", 200, NULL, 100, 40, 40, 3600 },
	{ OF ",\"low\":41}", 422, "low", 100, 40, 40, 3600 },
	{ OF ",\"share\":39}", 422, "low", 100, 40, 40, 3600 },
	{ OF ",\"idle_s\":60}", 200, NULL, 100, 40, 40, 60 },
	{ OF ",\"idle_s\":0,\"low\":null}", 200, NULL, 100, 40, 40, 0 },
	{ OF ",\"total\":-1}", 422, "total", 100, 40, 40, 0 },
	{ OF ",\"total\":null}", 200, NULL, 100, 40, 40, 0 },
	{ OF "}", 200, NULL, 100, 40, 40, 0 },
	{ OF ",\"total\":0,\"share\":0,\"low\":0}", 200, NULL, 0, 0, 0, 0 },
	{ OF ",\"currency\":\"EUR\"}", 409, NULL, 0, 0, 0, 0 },
	{ OF ",\"sku\":\"OTHER\"}", 409, NULL, 0, 0, 0, 0 },
	{ OF ",\"sku\":\"HDMI-2M\",\"currency\":\"EUR\"}", 422, "currency", 0, 0, 0, 0 },
	{ "{\"pool\":\"new\",\"sku\":\"S\",\"share\":1}", 422, "total", 0, 0, 0, 0 },
	{ "{\"pool\":\"new\",\"total\":1}", 422, "currency", 0, 0, 0, 0 },
	{ OF ",\"total\":100,\"share\":30,\"low\":10,\"idle_s\":3600}", 200, NULL, 100,
	  30, 10, 3600 },
};

static void what_is_not_said_of_a_pool_stays_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct http_reply r;

		call("POST", "/v1/pools", api_kit_admin(kit), row->body, row->status, &r);
		if (row->field != NULL)
			assert_string_equal(
				json_string_value(json_object_get(r.json, "field")),
				row->field);
		http_reply_free(&r);
		expect(row->total, row->share, row->low, row->idle_s);
	}
}

/* Both are read before either is done: what the second has read is old by then. */
static void of_two_who_change_a_pool_at_once_one_is_told(void **state)
{
	static const char two[] =
		"{\"requests\":["
		"{\"method\":\"POST\",\"path\":\"/v1/pools\",\"idempotency_key\":\"a\","
		"\"body\":{\"pool\":\"cables\",\"total\":500}},"
		"{\"method\":\"POST\",\"path\":\"/v1/pools\",\"idempotency_key\":\"b\","
		"\"body\":{\"pool\":\"cables\",\"share\":50}}]}";
	static const char whole[] =
		"{\"requests\":["
		"{\"method\":\"POST\",\"path\":\"/v1/pools\",\"idempotency_key\":\"c\","
		"\"body\":{\"pool\":\"cables\",\"share\":20}},"
		"{\"method\":\"POST\",\"path\":\"/v1/pools\",\"idempotency_key\":\"d\","
		"\"body\":{\"pool\":\"cables\",\"sku\":\"HDMI-2M\",\"total\":100,"
		"\"share\":30,\"low\":10,\"idle_s\":3600}}]}";
	struct http_reply r;
	const json_t *answers;

	(void)state;
	call("POST", "/v1/batch", importer, two, 200, &r);
	answers = json_object_get(r.json, "responses");
	assert_int_equal(number(json_array_get(answers, 0), "status"), 200);
	assert_int_equal(number(json_array_get(answers, 1), "status"), 412);
	http_reply_free(&r);
	expect(500, 30, 10, 3600);
	/* Who says all of it rests on nothing that was read. */
	call("POST", "/v1/batch", importer, whole, 200, &r);
	answers = json_object_get(r.json, "responses");
	assert_int_equal(number(json_array_get(answers, 0), "status"), 200);
	assert_int_equal(number(json_array_get(answers, 1), "status"), 200);
	http_reply_free(&r);
	expect(100, 30, 10, 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_of_a_pool_stays_as_it_is),
		cmocka_unit_test(of_two_who_change_a_pool_at_once_one_is_told),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
