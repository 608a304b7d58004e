/*
 * Scores over a real ledger, slice by slice, and ids that an integration chooses.
 */
#include "api_kit.h"
#include "schema.h"

#include "troth/crypto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORDERS 7
#define DAY_MS INT64_C(86400000)

struct world {
	struct api_kit *kit;
	char agent[TROTH_TOKEN_TEXT], importer[TROTH_TOKEN_TEXT];
	char orders[ORDERS][TROTH_ID_TEXT], promises[ORDERS][TROTH_ID_TEXT];
};

static json_t *doc;

static int load(void **state)
{
	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json", 0, NULL);
	return doc != NULL ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(doc);
	return 0;
}

/* Calls, and holds what comes back against the document. The caller frees r. */
static void expect(struct world *w, int status, const char *method, const char *path,
		   const char *token, const char *body, struct http_reply *r)
{
	char flaw[SCHEMA_FLAW];
	const json_t *schema;

	if (api_call(w->kit, method, path, token, NULL, body, r) != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, r->status, status,
			 r->body != NULL ? r->body : "(none)");
	schema = schema_of_reply(doc, method, path, status);
	assert_non_null(schema);
	if (!schema_holds(doc, schema, r->json, flaw))
		fail_msg("%s %s: %s", method, path, flaw);
}

static void expect_only(struct world *w, int status, const char *method, const char *path,
			const char *token, const char *body)
{
	struct http_reply r;

	expect(w, status, method, path, token, body, &r);
	http_reply_free(&r);
}

static struct troth_id id_of(unsigned n, bool promise)
{
	uint8_t random[10] = { (uint8_t)n, promise };
	struct troth_id id = troth_id_make(
		(struct troth_time){ INT64_C(1790000000000) + n }, random);

	id.b[TROTH_ID_LEN - 1] = promise ? 0 : 1;
	return id;
}

static void text_of_time(char out[TROTH_TIME_TEXT], struct world *w, int64_t days)
{
	troth_time_format(out,
			  (struct troth_time){ api_kit_now(w->kit).ms + days * DAY_MS });
}

/* Order n, with a promise due in n + 1 days that fleet owes. */
static void make_order(struct world *w, unsigned n)
{
	struct troth_id order = id_of(n, false), promise = id_of(n, true);
	char body[512], path[96], due[TROTH_TIME_TEXT];

	troth_id_format(w->orders[n], TROTH_ID_ORDER, &order);
	troth_id_format(w->promises[n], TROTH_ID_PROMISE, &promise);
	(void)snprintf(body, sizeof(body),
		       "{\"id\":\"%s\",\"customer\":\"c-1\",\"seller\":\"shop\","
		       "\"carrier\":\"fleet\",\"currency\":\"EUR\",\"lines\":[]}",
		       w->orders[n]);
	expect_only(w, 201, "POST", "/v1/orders", w->importer, body);
	text_of_time(due, w, n + 1);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/promises", w->orders[n]);
	(void)snprintf(body, sizeof(body),
		       "{\"id\":\"%s\",\"kind\":\"delivery\",\"due\":\"%s\",\"reason\":"
		       "\"sale\",\"commitments\":[{\"debtor\":\"fleet\",\"action\":"
		       "\"deliver\",\"acceptance_s\":0}]}",
		       w->promises[n], due);
	expect_only(w, 201, "POST", path, w->importer, body);
}

/* What order n's commitment has: done `days` from now. */
static void fulfil(struct world *w, unsigned n, int64_t days)
{
	struct troth_id id = id_of(n, true);
	char body[160], path[96], text[TROTH_ID_TEXT], at[TROTH_TIME_TEXT];

	id.b[TROTH_ID_LEN - 1] = 1;
	troth_id_format(text, TROTH_ID_COMMITMENT, &id);
	text_of_time(at, w, days);
	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/fulfil", text);
	(void)snprintf(body, sizeof(body),
		       "{\"at\":\"%s\",\"evidence\":{\"kind\":\"note\"},\"on_behalf\":"
		       "\"fleet\"}",
		       at);
	expect_only(w, 200, "POST", path, w->importer, body);
}

static void cancel(struct world *w, unsigned n)
{
	struct http_reply r;
	char path[96], headers[64];

	(void)snprintf(path, sizeof(path), "/v1/orders/%s", w->orders[n]);
	expect(w, 200, "GET", path, w->importer, NULL, &r);
	(void)snprintf(headers, sizeof(headers), "If-Match: %s\r\n",
		       http_header(&r, "etag"));
	http_reply_free(&r);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/cancellation", w->orders[n]);
	assert_int_equal(api_call(w->kit, "POST", path, w->importer, headers,
				  "{\"reason\":\"wish\",\"initiator\":\"customer\"}", &r),
			 200);
	http_reply_free(&r);
}

static int start(void **state)
{
	static const char *const parties[] = {
		"{\"party\":\"brand\",\"role\":\"brand\"}",
		"{\"party\":\"shop\",\"role\":\"seller\"}",
		"{\"party\":\"fleet\",\"role\":\"carrier\",\"operator\":\"brand\"}",
	};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = api_kit_start(NULL);
	api_kit_token(w->kit, "ann", "agent", w->agent);
	api_kit_token(w->kit, "import", "integration", w->importer);
	for (unsigned i = 0; i < TROTH_LEN(parties); i++)
		expect_only(w, 200, "POST", "/v1/parties", api_kit_admin(w->kit),
			    parties[i]);
	*state = w;
	return 0;
}

static int stop(void **state)
{
	struct world *w = *state;

	api_kit_stop(w->kit);
	free(w);
	return 0;
}

/* Adds up `outcome` over all groups of `list` on all slices of `limit` subjects. */
static json_int_t sum(struct world *w, const char *list, const char *outcome,
		      unsigned limit, unsigned *slices)
{
	char url[256], as_of[TROTH_TIME_TEXT];
	json_int_t total = 0, subjects = 0;
	const char *next = url;

	text_of_time(as_of, w, 4); /* Order 3 is due at this very instant. */
	(void)snprintf(url, sizeof(url), "/v1/scores?as_of=%s&limit=%u", as_of, limit);
	for (*slices = 0; next != NULL; (*slices)++) {
		struct http_reply r;
		const json_t *group;
		size_t i;

		expect(w, 200, "GET", url, w->agent, NULL, &r);
		json_array_foreach(json_object_get(r.json, list), i, group)
		{
			total += json_integer_value(json_object_get(group, outcome));
			assert_string_equal(
				json_string_value(json_object_get(group, "party")),
				strcmp(list, "promises") == 0 ? "brand" : "fleet");
		}
		subjects += json_integer_value(json_object_get(r.json, "subjects"));
		next = json_string_value(json_object_get(r.json, "next"));
		if (next != NULL)
			(void)snprintf(url, sizeof(url), "%s", next);
		http_reply_free(&r);
	}
	assert_int_equal(subjects, ORDERS);
	return total;
}

/* One of each outcome, and a late one declared broken; three are open at day 4. */
static void make_outcomes(struct world *w)
{
	for (unsigned n = 0; n < ORDERS; n++)
		make_order(w, n);
	fulfil(w, 0, 1);
	fulfil(w, 1, 3);
	cancel(w, 2);
	cancel(w, 5);
}

static void slices_of_any_size_add_up_to_the_same_counts(void **state)
{
	static const struct {
		const char *outcome;
		json_int_t n;
	} wants[] = { { "kept", 1 },
		      { "breached_late", 1 },
		      { "withdrawn", 2 },
		      { "overdue_open", 0 },
		      { "pending", 3 } };
	static const char *const lists[] = { "promises", "commitments" };
	const unsigned limits[] = { 1, 2, ORDERS - 1, ORDERS, 2000 };
	struct world *w = *state;
	unsigned slices;

	make_outcomes(w);
	for (size_t l = 0; l < TROTH_LEN(limits); l++)
		for (size_t k = 0; k < TROTH_LEN(lists); k++)
			for (size_t i = 0; i < TROTH_LEN(wants); i++)
				assert_int_equal(sum(w, lists[k], wants[i].outcome,
						     limits[l], &slices),
						 wants[i].n);
	(void)sum(w, "promises", "kept", 2, &slices);
	assert_int_equal(slices, 4);
}

static void each_promise_is_listed_with_its_outcome(void **state)
{
	static const char *const wants[ORDERS] = { "kept",         "breached_late",
						   "withdrawn",    "overdue_open",
						   "overdue_open", "withdrawn",
						   "pending" };
	struct world *w = *state;
	char url[256], as_of[TROTH_TIME_TEXT];
	struct http_reply r;
	const json_t *row;
	size_t i;

	make_outcomes(w);
	text_of_time(as_of, w, 6);
	(void)snprintf(url, sizeof(url), "/v1/scores/promises?as_of=%s", as_of);
	expect(w, 200, "GET", url, w->agent, NULL, &r);
	assert_int_equal(json_array_size(json_object_get(r.json, "items")), ORDERS);
	json_array_foreach(json_object_get(r.json, "items"), i, row)
	{
		assert_string_equal(json_string_value(json_object_get(row, "id")),
				    w->promises[i]);
		assert_string_equal(json_string_value(json_object_get(row, "outcome")),
				    wants[i]);
		assert_int_equal(json_object_get(row, "evidence") != NULL, i < 2);
	}
	http_reply_free(&r);
}

static void what_is_no_slice_is_refused(void **state)
{
	static const char *const bad[] = {
		"/v1/scores?limit=0",      "/v1/scores?limit=2001",
		"/v1/scores?limit=1x",     "/v1/scores?cursor=00",
		"/v1/scores?as_of=today",  "/v1/scores/promises?limit=2001",
		"/v1/scores?before=today",
	};
	struct world *w = *state;

	for (size_t i = 0; i < TROTH_LEN(bad); i++)
		expect_only(w, 400, "GET", bad[i], w->agent, NULL);
	expect_only(w, 200, "GET", "/v1/scores?limit=2000", w->agent, NULL);
	expect_only(w, 200, "GET", "/v1/scores?limit=1", w->agent, NULL);
	expect_only(w, 401, "GET", "/v1/scores", "trt_nobody", NULL);
}

static void only_an_integration_chooses_ids_and_none_that_is_taken(void **state)
{
	struct world *w = *state;
	char body[256], path[96], promise[TROTH_ID_TEXT];
	struct troth_id id = id_of(9, true);

	make_order(w, 0);
	(void)snprintf(body, sizeof(body),
		       "{\"id\":\"%s\",\"customer\":\"c-2\",\"seller\":\"shop\"}",
		       w->orders[0]);
	expect_only(w, 409, "POST", "/v1/orders", w->importer, body);
	expect_only(w, 403, "POST", "/v1/orders", w->agent, body);
	body[9]++; /* "ord_" becomes "ore_". */
	expect_only(w, 422, "POST", "/v1/orders", w->importer, body);

	id.b[TROTH_ID_LEN - 1] = 3; /* A commitment's id. */
	troth_id_format(promise, TROTH_ID_PROMISE, &id);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/promises", w->orders[0]);
	(void)snprintf(
		body, sizeof(body),
		"{\"id\":\"%s\",\"kind\":\"answer\",\"due\":\"2030-01-01T00:00:00Z\""
		",\"reason\":\"x\",\"commitments\":[{\"debtor\":\"fleet\","
		"\"action\":\"other\"}]}",
		promise);
	expect_only(w, 422, "POST", path, w->importer, body);
	expect_only(w, 403, "POST", path, w->agent, body);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(slices_of_any_size_add_up_to_the_same_counts),
		T(each_promise_is_listed_with_its_outcome),
		T(what_is_no_slice_is_refused),
		T(only_an_integration_chooses_ids_and_none_that_is_taken),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
