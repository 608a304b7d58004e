/*
 * Policies, as HQ publishes and withdraws them and everybody reads them.
 */
#include "api_kit.h"
#include "schema.h"

#include "troth/core/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULE "rules: ( { kind = \\\"gift\\\"; most = %d; } );\\n"

static json_t *doc;
static struct api_kit *kit;
static char agent[TROTH_TOKEN_TEXT];

/* Calls, and holds what comes back against the document. The caller frees *r. */
static void call(int status, const char *method, const char *path, const char *token,
		 const char *headers, const char *body, struct http_reply *r)
{
	char flaw[SCHEMA_FLAW], documented[64];
	const json_t *schema;

	if (api_call(kit, method, path, token, headers, body, r) != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, r->status, status,
			 r->body != NULL ? r->body : "(none)");
	(void)snprintf(documented, sizeof(documented), "%s",
		       strncmp(path, "/v1/policies/", 13) == 0 && path[13] != 'w'
			       ? "/v1/policies/{version}"
			       : path);
	documented[strcspn(documented, "?")] = '\0';
	schema = schema_of_reply(doc, method, documented, status);
	assert_non_null(schema);
	if (!schema_holds(doc, schema, r->json, flaw))
		fail_msg("%s %s: %s: %s", method, path, flaw, r->body);
}

static void refused(int status, const char *method, const char *path, const char *token,
		    const char *body, const char *problem, const char *detail)
{
	struct http_reply r;
	char type[64];

	call(status, method, path, token, NULL, body, &r);
	(void)snprintf(type, sizeof(type), "urn:troth:problem:%s", problem);
	assert_string_equal(json_string_value(json_object_get(r.json, "type")), type);
	if (detail != NULL)
		assert_string_equal(json_string_value(json_object_get(r.json, "detail")),
				    detail);
	http_reply_free(&r);
}

static void publish(unsigned most, int64_t version)
{
	char body[128];
	struct http_reply r;

	(void)snprintf(body, sizeof(body), "{\"text\":\"" RULE "\"}", most);
	call(200, "POST", "/v1/policies", api_kit_admin(kit), NULL, body, &r);
	assert_int_equal(json_integer_value(json_object_get(r.json, "version")), version);
	http_reply_free(&r);
}

static int start(void **state)
{
	struct troth_api_config config = { 0 };
	struct http_reply r;
	json_error_t e;

	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json",
			     JSON_REJECT_DUPLICATES, &e);
	kit = api_kit_start(&config);
	api_kit_token(kit, "ann", "agent read", agent);
	(void)api_call(kit, "POST", "/v1/parties", api_kit_admin(kit), NULL,
		       "{\"party\":\"bright\",\"role\":\"brand\"}", &r);
	http_reply_free(&r);
	return doc == NULL ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	json_decref(doc);
	return 0;
}

static void there_is_none_before_the_first(void **state)
{
	struct http_reply r;

	(void)state;
	call(200, "GET", "/v1/policies", agent, NULL, NULL, &r);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), 0);
	http_reply_free(&r);
	refused(404, "GET", "/v1/policies/1", agent, NULL, "no_policy",
		"there is none here yet");
	refused(404, "GET", "/v1/policies/newest", agent, NULL, "no_policy",
		"there is none here yet");
}

static void what_was_published_is_read_byte_for_byte(void **state)
{
	struct http_reply r;

	(void)state;
	publish(2, 1);
	publish(3, 2);
	call(200, "GET", "/v1/policies/1", agent, NULL, NULL, &r);
	assert_string_equal(json_string_value(json_object_get(r.json, "text")),
			    "rules: ( { kind = \"gift\"; most = 2; } );\n");
	assert_int_equal(json_integer_value(json_object_get(r.json, "bytes")), 41);
	assert_null(json_object_get(r.json, "withdrawn"));
	http_reply_free(&r);
	call(200, "GET", "/v1/policies/newest", agent, NULL, NULL, &r);
	assert_int_equal(json_integer_value(json_object_get(r.json, "version")), 2);
	http_reply_free(&r);
	refused(404, "GET", "/v1/policies/3", agent, NULL, "no_policy",
		"the newest here is 2");
	refused(404, "GET", "/v1/policies/0", agent, NULL, "no_policy", NULL);
	refused(404, "GET", "/v1/policies/two", agent, NULL, "not_found", NULL);
	refused(404, "GET", "/v1/policies/99999999999999999999", agent, NULL, "not_found",
		NULL);
}

static void versions_are_listed_page_by_page(void **state)
{
	struct http_reply r;
	const json_t *items;

	(void)state;
	call(200, "GET", "/v1/policies?limit=1", agent, NULL, NULL, &r);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), 1);
	assert_string_equal(json_string_value(json_object_get(r.json, "next")),
			    "/v1/policies?after=1&limit=1");
	http_reply_free(&r);
	call(200, "GET", "/v1/policies?limit=5&after=1", agent, NULL, NULL, &r);
	items = json_object_get(r.json, "items");
	assert_int_equal(json_array_size(items), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(items, 0), "version")),
		2);
	http_reply_free(&r);
	refused(400, "GET", "/v1/policies?after=x", agent, NULL, "bad_request", NULL);
}

static void a_text_that_does_not_parse_is_refused_with_its_line(void **state)
{
	(void)state;
	refused(422, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"\\nrulez: 1;\"}", "invalid_field",
		"line 2: rulez: no such section");
	refused(422, "POST", "/v1/policies", api_kit_admin(kit), "{}", "invalid_field",
		"is missing");
	refused(422, "POST", "/v1/policies", api_kit_admin(kit), "{\"text\":\"\"}",
		"invalid_field", "is missing");
	refused(422, "POST", "/v1/policies", api_kit_admin(kit), "{\"text\":7}",
		"invalid_field", "must be a text");
	refused(422, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"# \\u0007\"}", "invalid_field",
		"holds a character that is not allowed");
}

static void a_party_that_is_not_there_is_named_with_its_key(void **state)
{
	(void)state;
	refused(422, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"on_call: { night: ( { actor = \\\"a\\\"; party = \\\"brigth\\\"; "
		"} ); };\"}",
		"invalid_field",
		"on_call.night[0].party: brigth is no party of the federation");
}

static void a_text_has_48_kib_and_not_a_byte_more(void **state)
{
	static char body[TROTH_POLICY_TEXT_MAX + 64];
	struct http_reply r;
	size_t at = (size_t)snprintf(body, sizeof(body), "{\"text\":\"");

	(void)state;
	memset(body + at, ' ', TROTH_POLICY_TEXT_MAX + 1);
	(void)snprintf(body + at + TROTH_POLICY_TEXT_MAX + 1, 8, "\"}");
	refused(422, "POST", "/v1/policies", api_kit_admin(kit), body, "invalid_field",
		"is too long");
	(void)snprintf(body + at + TROTH_POLICY_TEXT_MAX, 8, "\"}");
	call(200, "POST", "/v1/policies", api_kit_admin(kit), NULL, body, &r);
	assert_int_equal(json_integer_value(json_object_get(r.json, "version")), 3);
	http_reply_free(&r);
	call(200, "GET", "/v1/policies/3", agent, NULL, NULL, &r);
	assert_int_equal(json_string_length(json_object_get(r.json, "text")),
			 TROTH_POLICY_TEXT_MAX);
	http_reply_free(&r);
}

static void of_two_who_publish_the_same_version_one_is_refused(void **state)
{
	(void)state;
	publish(9, 4);
	refused(412, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"#\",\"version\":4}", "stale", NULL);
	refused(412, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"#\",\"version\":6}", "stale", NULL);
	refused(412, "POST", "/v1/policies", api_kit_admin(kit),
		"{\"text\":\"#\",\"version\":-1}", "stale", NULL);
}

static void the_same_request_again_gets_the_same_answer(void **state)
{
	const char *body = "{\"text\":\"# again\"}";
	const char *key = "Idempotency-Key: again\r\n";
	struct http_reply first, second;

	(void)state;
	call(200, "POST", "/v1/policies", api_kit_admin(kit), key, body, &first);
	call(200, "POST", "/v1/policies", api_kit_admin(kit), key, body, &second);
	assert_string_equal(first.body, second.body);
	http_reply_free(&second);
	refused(422, "POST", "/v1/policies", api_kit_admin(kit), body, "invalid_field",
		"is that of the newest version, which is in force");
	publish(1, 6);
	call(200, "POST", "/v1/policies", api_kit_admin(kit), key, body, &second);
	assert_string_equal(first.body, second.body);
	assert_int_equal(json_integer_value(json_object_get(second.json, "version")), 5);
	http_reply_free(&first);
	http_reply_free(&second);
}

static void a_version_is_withdrawn_once(void **state)
{
	const char *withdraw = "/v1/policies/withdraw";
	struct http_reply r;

	(void)state;
	call(200, "POST", withdraw, api_kit_admin(kit), NULL,
	     "{\"version\":1,\"reason\":\"mistake\"}", &r);
	assert_int_equal(json_integer_value(json_object_get(r.json, "version")), 1);
	http_reply_free(&r);
	refused(403, "POST", withdraw, api_kit_admin(kit),
		"{\"version\":1,\"reason\":\"again\"}", "policy_withdrawn", NULL);
	refused(404, "POST", withdraw, api_kit_admin(kit),
		"{\"version\":77,\"reason\":\"mistake\"}", "policy_unknown", NULL);
	refused(422, "POST", withdraw, api_kit_admin(kit), "{\"version\":2}",
		"invalid_field", NULL);
	refused(422, "POST", withdraw, api_kit_admin(kit), "{\"reason\":\"mistake\"}",
		"invalid_field", "counts from 1");
	call(200, "GET", "/v1/policies/1", agent, NULL, NULL, &r);
	assert_string_equal(json_string_value(json_object_get(r.json, "reason")),
			    "mistake");
	assert_non_null(json_object_get(r.json, "withdrawn"));
	http_reply_free(&r);
}

static void only_a_manager_publishes(void **state)
{
	(void)state;
	refused(403, "POST", "/v1/policies", agent, "{\"text\":\"#\"}", "no_scope", NULL);
	refused(403, "POST", "/v1/policies/withdraw", agent,
		"{\"version\":1,\"reason\":\"mistake\"}", "no_scope", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_none_before_the_first),
		cmocka_unit_test(what_was_published_is_read_byte_for_byte),
		cmocka_unit_test(versions_are_listed_page_by_page),
		cmocka_unit_test(a_text_that_does_not_parse_is_refused_with_its_line),
		cmocka_unit_test(a_party_that_is_not_there_is_named_with_its_key),
		cmocka_unit_test(a_text_has_48_kib_and_not_a_byte_more),
		cmocka_unit_test(of_two_who_publish_the_same_version_one_is_refused),
		cmocka_unit_test(the_same_request_again_gets_the_same_answer),
		cmocka_unit_test(a_version_is_withdrawn_once),
		cmocka_unit_test(only_a_manager_publishes),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
