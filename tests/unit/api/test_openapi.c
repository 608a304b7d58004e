/*
 * openapi.json and the server say the same: paths, methods, parameters, bodies.
 */
#include "api/handlers.h"
#include "api_kit.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *doc;

static int load(void **state)
{
	json_error_t e;

	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json",
			     JSON_REJECT_DUPLICATES, &e);
	if (doc == NULL)
		(void)fprintf(stderr, "line %d: %s\n", e.line, e.text);
	return doc == NULL ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(doc);
	return 0;
}

static const json_t *operation(const struct troth_api_route *r)
{
	return json_object_get(json_object_get(json_object_get(doc, "paths"), r->path),
			       r->method == TROTH_GET ? "get" : "post");
}

static const json_t *body_schema(const struct troth_api_route *r)
{
	const json_t *content = json_object_get(
		json_object_get(operation(r), "requestBody"), "content");

	return schema_of(
		doc,
		json_object_get(json_object_get(content, "application/json"), "schema"));
}

static void every_route_is_documented_and_every_documented_one_is_a_route(void **state)
{
	const char *path, *method;
	json_t *methods, *op;
	size_t documented = 0;

	(void)state;
	for (unsigned i = 0; i < troth_routes_count; i++)
		if (operation(&troth_routes[i]) == NULL)
			fail_msg("%s is not documented", troth_routes[i].path);
	json_object_foreach(json_object_get(doc, "paths"), path, methods)
	{
		json_object_foreach(methods, method, op)
		{
			documented++;
		}
	}
	/* Each row of the table has its own operation, so equal counts close it. */
	assert_int_equal(documented, troth_routes_count);
}

static bool takes(const json_t *op, const char *in, const char *name)
{
	json_t *parameters = json_object_get(op, "parameters");

	for (size_t i = 0; i < json_array_size(parameters); i++) {
		const json_t *p = schema_of(doc, json_array_get(parameters, i));

		if (strcmp(json_string_value(json_object_get(p, "in")), in) == 0 &&
		    strcmp(json_string_value(json_object_get(p, "name")), name) == 0)
			return true;
	}
	return false;
}

static void queries_and_conditions_are_the_documented_ones(void **state)
{
	(void)state;
	for (unsigned i = 0; i < troth_routes_count; i++) {
		const struct troth_api_route *r = &troth_routes[i];
		const json_t *op = operation(r);
		json_t *parameters = json_object_get(op, "parameters");
		char words[256], *save = NULL;
		size_t n = 0;

		assert_int_equal((r->flags & TROTH_ROUTE_KEY) != 0,
				 takes(op, "header", "Idempotency-Key"));
		assert_int_equal((r->flags & TROTH_ROUTE_IF_MATCH) != 0,
				 takes(op, "header", "If-Match"));
		(void)snprintf(words, sizeof(words), "%s",
			       r->query != NULL ? r->query : "");
		for (char *w = strtok_r(words, " ", &save); w != NULL;
		     w = strtok_r(NULL, " ", &save), n++)
			if (!takes(op, "query", w))
				fail_msg("%s: %s is not documented", r->path, w);
		for (size_t k = 0; k < json_array_size(parameters); k++)
			if (strcmp(json_string_value(json_object_get(
					   schema_of(doc, json_array_get(parameters, k)),
					   "in")),
				   "query") == 0)
				n--;
		if (n != 0)
			fail_msg("%s: a documented parameter is not taken", r->path);
	}
}

static void same_members(const struct troth_in_table *t, const json_t *schema,
			 const char *where)
{
	const json_t *properties = json_object_get(schema, "properties");
	size_t n = 0;

	for (; t != NULL; t = t->more)
		for (unsigned i = 0; i < t->count; i++, n++) {
			const struct troth_in_field *f = &t->fields[i];
			const json_t *p = json_object_get(properties, f->name);

			if (p == NULL)
				fail_msg("%s.%s is not documented", where, f->name);
			p = schema_of(doc, p);
			if (f->form == TROTH_IN_ARRAY)
				p = schema_of(doc, json_object_get(p, "items"));
			if (f->of != NULL)
				same_members(f->of, p, f->name);
			if ((f->form == TROTH_IN_TEXT || f->form == TROTH_IN_LINES ||
			     f->form == TROTH_IN_BORROWED) &&
			    json_object_get(p, "maxLength") != NULL)
				assert_int_equal(json_integer_value(
							 json_object_get(p, "maxLength")),
						 f->size - 1);
		}
	if (n != json_object_size(properties))
		fail_msg("%s: documented members are %zu, the server takes %zu", where,
			 json_object_size(properties), n);
}

static void bodies_have_the_documented_members_and_no_others(void **state)
{
	(void)state;
	for (unsigned i = 0; i < troth_routes_count; i++) {
		const struct troth_api_route *r = &troth_routes[i];

		if (r->method == TROTH_POST && r->handler != troth_post_batch) {
			assert_non_null(r->body);
			same_members(r->body, body_schema(r), r->path);
		} else {
			assert_null(r->body);
		}
	}
}

static void every_word_list_is_the_one_of_the_model(void **state)
{
	static const struct {
		const char *schema, *member;
		int (*number)(const char *);
	} lists[] = {
		{ "NewPromise", "kind", troth_kind_number },
		{ "NewPromise", "channel", troth_channel_number },
		{ "Terms", "action", troth_action_number },
		{ "Promise", "state", troth_promise_state_number },
		{ "Commitment", "state", troth_commitment_state_number },
		{ "Commitment", "evidence", troth_evidence_number },
		{ "NewParty", "role", troth_role_number },
	};
	const json_t *schemas = json_object_get(json_object_get(doc, "components"),
						"schemas");

	(void)state;
	for (unsigned i = 0; i < TROTH_LEN(lists); i++) {
		json_t *words = json_object_get(
			json_object_get(
				json_object_get(json_object_get(schemas, lists[i].schema),
						"properties"),
				lists[i].member),
			"enum");
		size_t n = json_array_size(words);

		assert_true(n > 0);
		for (size_t k = 0; k < n; k++)
			assert_true(lists[i].number(json_string_value(
					    json_array_get(words, k))) >= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_route_is_documented_and_every_documented_one_is_a_route),
		cmocka_unit_test(queries_and_conditions_are_the_documented_ones),
		cmocka_unit_test(bodies_have_the_documented_members_and_no_others),
		cmocka_unit_test(every_word_list_is_the_one_of_the_model),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
