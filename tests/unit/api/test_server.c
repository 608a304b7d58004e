/*
 * The server over a real ledger: what callers send, what they get, what is kept.
 */
#include "api_kit.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static json_t *doc; /* Every reply is held against it. */

struct world {
	struct api_kit *kit;
	char agent[TROTH_TOKEN_TEXT], reader[TROTH_TOKEN_TEXT],
		importer[TROTH_TOKEN_TEXT], dispatcher[TROTH_TOKEN_TEXT];
};

static const char *text_of(const struct http_reply *r, const char *name)
{
	const char *s = json_string_value(json_object_get(r->json, name));

	return s != NULL ? s : "";
}

static size_t count_of(const struct http_reply *r, const char *name)
{
	return json_array_size(json_object_get(r->json, name));
}

static void expect(struct world *w, int status, const char *method, const char *path,
		   const char *token, const char *headers, const char *body,
		   struct http_reply *r)
{
	if (api_call(w->kit, method, path, token, headers, body, r) != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, r->status, status,
			 r->body != NULL ? r->body : "(none)");
	const json_t *schema = schema_of_reply(doc, method, path, status);
	char flaw[SCHEMA_FLAW];

	if (schema == NULL)
		fail_msg("%s %s: %d is not documented", method, path, status);
	if (!schema_holds(doc, schema, r->json, flaw))
		fail_msg("%s %s: %s\n%s", method, path, flaw, r->body);
}

static void expect_only(struct world *w, int status, const char *method, const char *path,
			const char *token, const char *headers, const char *body)
{
	struct http_reply r;

	expect(w, status, method, path, token, headers, body, &r);
	http_reply_free(&r);
}

static const char order_body[] =
	"{\"customer\":\"c-1\",\"seller\":\"shop\",\"carrier\":\"fleet\",\"currency\":"
	"\"EUR\",\"deliver_by\":\"2026-11-16T18:00:00Z\",\"lines\":[{\"sku\":\"tv-55\","
	"\"quantity\":1,\"unit_price\":49900}],\"personal\":{\"order_number\":\"A-1\","
	"\"customer_name\":\"Ann \\u738b\",\"customer_phone\":\"+43 1\",\"address\":"
	"\"1 Road\\nTown\"}}";

static const char promise_body[] =
	"{\"kind\":\"gift\",\"words\":\"An HDMI cable, free\",\"language\":\"en\","
	"\"sku\":\"hdmi-2m\",\"quantity\":1,\"due\":\"2026-11-16T18:00:00Z\","
	"\"reason\":\"late_delivery\",\"channel\":\"phone\",\"commitments\":[{\"debtor\":"
	"\"fleet\",\"action\":\"hand_over\",\"ack_within_s\":3600}]}";

static void add_parties(struct world *w)
{
	static const char *const parties[] = {
		"{\"party\":\"brand\",\"role\":\"brand\"}",
		"{\"party\":\"shop\",\"role\":\"seller\"}",
		"{\"party\":\"fleet\",\"role\":\"carrier\"}",
		"{\"party\":\"bpo\",\"role\":\"vendor\"}",
	};
	const char *admin = api_kit_admin(w->kit);

	for (unsigned i = 0; i < TROTH_LEN(parties); i++)
		expect_only(w, 200, "POST", "/v1/parties", admin, NULL, parties[i]);
	expect_only(
		w, 200, "POST", "/v1/sites", admin, NULL,
		"{\"party\":\"fleet\",\"site\":\"depot\",\"sign_key\":\"00112233445566"
		"778899aabbccddeeff00112233445566778899aabbccddeeff\"}");
}

static int load(void **state)
{
	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json", 0, NULL);
	return doc == NULL ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(doc);
	return 0;
}

static int start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = api_kit_start(NULL);
	api_kit_token(w->kit, "ann", "agent", w->agent);
	api_kit_token(w->kit, "rita", "read", w->reader);
	api_kit_token(w->kit, "import", "integration", w->importer);
	api_kit_token(w->kit, "dirk", "dispatcher", w->dispatcher);
	add_parties(w);
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

/* Places an order; its path goes to `path`. */
static void place(struct world *w, char path[64])
{
	struct http_reply r;

	expect(w, 201, "POST", "/v1/orders", w->agent, NULL, order_body, &r);
	(void)snprintf(path, 64, "/v1/orders/%s", text_of(&r, "id"));
	assert_string_equal(http_header(&r, "location"), path);
	http_reply_free(&r);
}

static void an_order_is_placed_and_read_back_with_its_personal_part(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64];

	place(w, path);
	expect(w, 200, "GET", path, w->agent, NULL, NULL, &r);
	assert_string_equal(text_of(&r, "customer"), "c-1");
	assert_string_equal(text_of(&r, "state"), "placed");
	assert_non_null(strstr(r.body, "Ann \xe7\x8e\x8b"));
	assert_non_null(strstr(r.body, "1 Road\\nTown"));
	assert_string_equal(http_header(&r, "etag"), "\"1\"");
	assert_int_equal(json_integer_value(json_object_get(r.json, "pending")), 0);
	http_reply_free(&r);
	expect(w, 200, "GET", path, w->reader, NULL, NULL, &r);
	assert_null(json_object_get(r.json, "personal"));
	assert_null(strstr(r.body, "Ann"));
	http_reply_free(&r);
}

static void a_promise_is_made_and_read_with_its_commitments(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[128], com[64];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/promises", path);
	expect(w, 201, "POST", more, w->agent, NULL, promise_body, &r);
	(void)snprintf(more, sizeof(more), "/v1/promises/%s", text_of(&r, "id"));
	(void)snprintf(com, sizeof(com), "%s",
		       json_string_value(json_array_get(
			       json_object_get(r.json, "commitments"), 0)));
	http_reply_free(&r);
	expect(w, 200, "GET", more, w->agent, NULL, NULL, &r);
	assert_non_null(strstr(r.body, "An HDMI cable, free"));
	assert_non_null(strstr(r.body, "\"unacknowledged\":true"));
	assert_non_null(strstr(r.body, "\"site\":\"depot\",\"at\":null"));
	http_reply_free(&r);
	expect(w, 200, "GET", more, w->reader, NULL, NULL, &r);
	assert_null(strstr(r.body, "HDMI cable"));
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "/v1/commitments/%s/accept", com);
	/* At central the brand acts: it is not the debtor. */
	expect(w, 403, "POST", more, w->dispatcher, NULL, "{}", &r);
	assert_string_equal(text_of(&r, "type"), "urn:troth:problem:not_entitled");
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "/v1/commitments/%s", com);
	expect_only(w, 200, "GET", more, w->dispatcher, NULL, NULL);
	expect(w, 200, "GET", "/v1/commitments?party=fleet&state=open", w->dispatcher,
	       NULL, NULL, &r);
	assert_int_equal(count_of(&r, "items"), 1);
	http_reply_free(&r);
}

static void an_offer_ends_after_a_day_or_when_it_is_due(void **state)
{
	static const struct {
		const char *due, *lapses;
	} offers[] = {
		{ "2026-11-16T18:00:00Z", "2026-11-15T10:00:00.000Z" },
		{ "2026-11-14T11:30:00Z", "2026-11-14T11:30:00.000Z" },
	};
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[128], body[512];

	place(w, path);
	for (unsigned i = 0; i < TROTH_LEN(offers); i++) {
		(void)snprintf(more, sizeof(more), "%s/promises", path);
		(void)snprintf(body, sizeof(body),
			       "{\"kind\":\"callback\",\"spoken\":false,\"due\":\"%s\","
			       "\"reason\":\"late_delivery\",\"commitments\":[{"
			       "\"debtor\":\"fleet\",\"action\":\"call_back\"}]}",
			       offers[i].due);
		expect(w, 201, "POST", more, w->agent, NULL, body, &r);
		(void)snprintf(more, sizeof(more), "/v1/promises/%s", text_of(&r, "id"));
		http_reply_free(&r);
		expect(w, 200, "GET", more, w->agent, NULL, NULL, &r);
		assert_string_equal(
			json_string_value(json_object_get(
				json_object_get(r.json, "promise"), "lapses")),
			offers[i].lapses);
		http_reply_free(&r);
	}
}

static void the_same_key_gives_the_same_bytes_and_another_payload_is_refused(void **state)
{
	struct world *w = *state;
	const char key[] = "Idempotency-Key: one\r\n";
	struct http_reply a, b;

	expect(w, 201, "POST", "/v1/orders", w->agent, key, order_body, &a);
	expect(w, 201, "POST", "/v1/orders", w->agent, key, order_body, &b);
	assert_string_equal(a.body, b.body);
	assert_string_equal(http_header(&b, "idempotency-replayed"), "true");
	http_reply_free(&b);
	expect(w, 422, "POST", "/v1/orders", w->agent, key,
	       "{\"customer\":\"c-2\",\"seller\":\"shop\"}", &b);
	assert_string_equal(text_of(&b, "type"), "urn:troth:problem:key_reused");
	http_reply_free(&b);
	/* Another caller's key of the same name is another key. */
	expect(w, 201, "POST", "/v1/orders", w->importer, key, order_body, &b);
	assert_string_not_equal(a.body, b.body);
	http_reply_free(&a);
	http_reply_free(&b);
}

static void a_correction_needs_the_newest_etag(void **state)
{
	struct world *w = *state;
	static const char body[] = "{\"lines\":[{\"sku\":\"tv-65\",\"quantity\":1}],"
				   "\"reason\":\"mistyped\"}";
	const char one[] = "If-Match: \"1\"\r\nIdempotency-Key: a\r\n";
	const char two[] = "If-Match: \"1\"\r\nIdempotency-Key: b\r\n";
	struct http_reply r;
	char path[64], more[96];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/corrections", path);
	expect_only(w, 428, "POST", more, w->agent, NULL, body);
	expect_only(w, 200, "POST", more, w->agent, one, body);
	expect(w, 412, "POST", more, w->agent, two, body, &r);
	assert_string_equal(http_header(&r, "etag"), "\"2\"");
	http_reply_free(&r);
	expect_only(w, 400, "POST", more, w->agent,
		    "If-Match: *\r\nIdempotency-Key: c\r\n", body);
}

static void closing_a_case_with_an_open_promise_is_refused_and_names_it(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[128], promise[64];

	expect(w, 201, "POST", "/v1/cases", w->agent, NULL,
	       "{\"customer\":\"c-1\",\"reason\":\"late\"}", &r);
	(void)snprintf(path, sizeof(path), "/v1/cases/%s", text_of(&r, "id"));
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "%s/promises", path);
	expect(w, 201, "POST", more, w->agent, NULL,
	       "{\"kind\":\"callback\",\"due\":\"2026-11-15T10:00:00Z\",\"reason\":\"x\","
	       "\"commitments\":[{\"debtor\":\"bpo\",\"action\":\"call_back\"}]}",
	       &r);
	(void)snprintf(promise, sizeof(promise), "%s", text_of(&r, "id"));
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "%s/close", path);
	expect(w, 409, "POST", more, w->agent, NULL, "{\"outcome\":\"done\"}", &r);
	assert_string_equal(text_of(&r, "type"), "urn:troth:problem:open_promise");
	assert_string_equal(text_of(&r, "promise"), promise);
	http_reply_free(&r);
}

static void a_promise_without_a_due_instant_is_refused(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[96];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/promises", path);
	expect(w, 422, "POST", more, w->agent, NULL,
	       "{\"kind\":\"gift\",\"sku\":\"x\",\"quantity\":1,\"reason\":\"y\","
	       "\"commitments\":[{\"debtor\":\"fleet\",\"action\":\"deliver\"}]}",
	       &r);
	assert_string_equal(text_of(&r, "field"), "due");
	http_reply_free(&r);
	expect(w, 422, "POST", more, w->agent, NULL,
	       "{\"kind\":\"gift\",\"due\":\"as soon as possible\"}", &r);
	assert_string_equal(text_of(&r, "field"), "due");
	http_reply_free(&r);
}

static void without_a_token_or_its_scope_nothing_is_done(void **state)
{
	struct world *w = *state;
	struct http_reply r;

	expect(w, 401, "GET", "/v1/orders", NULL, NULL, NULL, &r);
	assert_string_equal(http_header(&r, "www-authenticate"),
			    "Bearer realm=\"troth\"");
	http_reply_free(&r);
	expect_only(w, 401, "GET", "/v1/orders", "trt_wrong", NULL, NULL);
	expect_only(w, 403, "POST", "/v1/orders", w->reader, NULL, order_body);
	expect_only(w, 403, "POST", "/v1/tokens", w->agent, NULL,
		    "{\"name\":\"x\",\"scopes\":\"read\"}");
	expect_only(w, 200, "GET", "/healthz", NULL, NULL, NULL);
	expect_only(w, 200, "GET", "/v1/openapi.json", NULL, NULL, NULL);
}

static void a_token_works_until_it_is_revoked(void **state)
{
	struct world *w = *state;
	const char *admin = api_kit_admin(w->kit);
	struct http_reply r;
	char token[64];

	expect(w, 201, "POST", "/v1/tokens", admin, NULL,
	       "{\"name\":\"zoe\",\"scopes\":\"agent read\"}", &r);
	(void)snprintf(token, sizeof(token), "%s", text_of(&r, "token"));
	http_reply_free(&r);
	expect_only(w, 200, "GET", "/v1/orders", token, NULL, NULL);
	expect_only(w, 422, "POST", "/v1/tokens", admin, NULL,
		    "{\"name\":\"zoe\",\"scopes\":\"agent\"}");
	expect_only(w, 422, "POST", "/v1/tokens", admin, NULL,
		    "{\"name\":\"eve\",\"scopes\":\"agent god\"}");
	expect_only(w, 200, "POST", "/v1/tokens/revoke", admin, NULL,
		    "{\"name\":\"zoe\"}");
	expect_only(w, 401, "GET", "/v1/orders", token, NULL, NULL);
}

static void the_only_manager_cannot_be_revoked(void **state)
{
	struct world *w = *state;
	const char *admin = api_kit_admin(w->kit);
	struct http_reply r;
	char token[64];

	expect_only(w, 422, "POST", "/v1/tokens/revoke", admin, NULL,
		    "{\"name\":\"admin\"}");
	expect_only(w, 404, "POST", "/v1/tokens/revoke", admin, NULL,
		    "{\"name\":\"nobody\"}");
	expect(w, 201, "POST", "/v1/tokens", admin, NULL,
	       "{\"name\":\"boss\",\"scopes\":\"manager\"}", &r);
	(void)snprintf(token, sizeof(token), "%s", text_of(&r, "token"));
	http_reply_free(&r);
	expect_only(w, 200, "POST", "/v1/tokens/revoke", token, NULL,
		    "{\"name\":\"admin\"}");
	expect_only(w, 401, "GET", "/v1/tokens", admin, NULL, NULL);
	expect_only(w, 422, "POST", "/v1/tokens/revoke", token, NULL,
		    "{\"name\":\"boss\"}");
	expect_only(w, 200, "GET", "/v1/tokens", token, NULL, NULL);
}

static void a_batch_answers_each_request_for_itself(void **state)
{
	struct world *w = *state;
	static const int want[] = { 201, 422, 400, 404, 400, 201 };
	struct http_reply r;
	char *body;
	json_t *all;

	assert_true(
		asprintf(&body,
			 "{\"requests\":[{\"method\":\"POST\",\"path\":\"/v1/orders\","
			 "\"idempotency_key\":\"b1\",\"body\":%s},"
			 "{\"method\":\"POST\",\"path\":\"/v1/orders\","
			 "\"idempotency_key\":\"b2\",\"body\":{\"nonsense\":1}},"
			 "{\"method\":\"POST\",\"path\":\"/v1/orders\",\"body\":{}},"
			 "{\"path\":\"/v1/tokens\",\"body\":{}},"
			 "{\"method\":\"GET\",\"path\":\"/v1/orders\"},"
			 "{\"method\":\"POST\",\"path\":\"/v1/cases\","
			 "\"idempotency_key\":\"b3\",\"body\":{\"customer\":\"c\","
			 "\"reason\":\"r\"}}]}",
			 order_body) > 0);
	expect_only(w, 403, "POST", "/v1/batch", w->agent, NULL, body);
	expect(w, 200, "POST", "/v1/batch", w->importer, NULL, body, &r);
	all = json_object_get(r.json, "responses");
	assert_int_equal(json_array_size(all), TROTH_LEN(want));
	for (unsigned i = 0; i < TROTH_LEN(want); i++)
		assert_int_equal(json_integer_value(json_object_get(
					 json_array_get(all, i), "status")),
				 want[i]);
	http_reply_free(&r);
	free(body);
}

static void an_order_and_a_case_are_linked_by_one_request(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[96], body[96], cas[96];

	place(w, path);
	expect(w, 201, "POST", "/v1/cases", w->agent, NULL,
	       "{\"customer\":\"c-1\",\"reason\":\"late\"}", &r);
	(void)snprintf(cas, sizeof(cas), "/v1/cases/%s", text_of(&r, "id"));
	(void)snprintf(body, sizeof(body), "{\"case\":\"%s\"}", text_of(&r, "id"));
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "%s/cases", path);
	expect_only(w, 200, "POST", more, w->agent, NULL, body);
	expect(w, 200, "GET", cas, w->agent, NULL, NULL, &r);
	assert_int_equal(count_of(&r, "orders"), 1);
	http_reply_free(&r);
	expect(w, 200, "GET", path, w->agent, NULL, NULL, &r);
	assert_int_equal(count_of(&r, "cases"), 1);
	http_reply_free(&r);
}

static void orders_are_found_by_number_and_by_customer(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *path;
		size_t found;
	} asked[] = {
		{ "/v1/orders?number=A-1", 1 },
		{ "/v1/orders?number=A-1&fresh=true", 1 },
		{ "/v1/orders?number=A-2", 0 },
		{ "/v1/orders?number=A-2&fresh=true", 0 },
		{ "/v1/orders?customer=c-1&limit=1", 1 },
		{ "/v1/orders?customer=c%2D1", 1 },
		{ "/v1/orders", 1 },
		{ "/v1/cases", 0 },
	};
	struct http_reply r;
	char path[64];

	place(w, path);
	for (unsigned i = 0; i < TROTH_LEN(asked); i++) {
		expect(w, 200, "GET", asked[i].path, w->agent, NULL, NULL, &r);
		if (count_of(&r, "items") != asked[i].found)
			fail_msg("%s: %s", asked[i].path, r.body);
		http_reply_free(&r);
	}
}

static void a_list_goes_on_by_its_next_link(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], next[512] = "/v1/orders?customer=c-1&limit=2";
	size_t seen = 0;

	for (int i = 0; i < 5; i++)
		place(w, path);
	for (int pages = 0; next[0] != '\0' && pages < 9; pages++) {
		expect(w, 200, "GET", next, w->agent, NULL, NULL, &r);
		seen += count_of(&r, "items");
		(void)snprintf(next, sizeof(next), "%s", text_of(&r, "next"));
		http_reply_free(&r);
	}
	assert_int_equal(seen, 5);
	assert_string_equal(next, "");
}

static void the_history_tells_who_did_what_and_when(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	json_t *first;
	char path[64], more[96];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/shipments", path);
	expect_only(w, 200, "POST", more, w->dispatcher, NULL, "{}");
	(void)snprintf(more, sizeof(more), "%s/history", path);
	expect(w, 200, "GET", more, w->agent, NULL, NULL, &r);
	assert_int_equal(count_of(&r, "items"), 2);
	first = json_array_get(json_object_get(r.json, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "type")),
			    "order_placed");
	assert_string_equal(json_string_value(json_object_get(first, "actor")), "ann");
	assert_string_equal(json_string_value(json_object_get(first, "verdict")),
			    troth_outcome_name(TROTH_TAKES_EFFECT));
	http_reply_free(&r);
	(void)snprintf(more, sizeof(more), "%s/history?limit=1", path);
	expect(w, 200, "GET", more, w->agent, NULL, NULL, &r);
	assert_non_null(strstr(text_of(&r, "next"), "after=1"));
	http_reply_free(&r);
}

static void a_simulated_clock_moves_forward_and_breaks_what_is_due(void **state)
{
	struct world *w = *state;
	struct http_reply r;
	char path[64], more[160], promise[96];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/promises", path);
	expect(w, 201, "POST", more, w->agent, NULL, promise_body, &r);
	(void)snprintf(promise, sizeof(promise), "/v1/promises/%s", text_of(&r, "id"));
	http_reply_free(&r);
	expect_only(w, 422, "POST", "/v1/clock", w->importer, NULL,
		    "{\"now\":\"2020-01-01T00:00:00Z\"}");
	expect_only(w, 200, "POST", "/v1/clock", w->importer, NULL,
		    "{\"now\":\"2026-12-01T00:00:00Z\"}");
	(void)snprintf(more, sizeof(more), "%s?fresh=true", promise);
	expect(w, 200, "GET", more, w->agent, NULL, NULL, &r);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(r.json, "promise"), "state")),
			    "broken");
	http_reply_free(&r);
}

static void every_page_of_the_node_is_as_documented(void **state)
{
	struct world *w = *state;
	static const char *const pages[] = {
		"/v1/status",       "/v1/parties",
		"/v1/sites",        "/v1/tokens",
		"/v1/orders",       "/v1/cases",
		"/v1/promises",     "/v1/promises?state=kept",
		"/healthz",         "/readyz",
		"/v1/openapi.json",
	};
	struct http_reply r;
	char path[64], more[96];

	place(w, path);
	(void)snprintf(more, sizeof(more), "%s/promises", path);
	expect_only(w, 201, "POST", more, w->agent, NULL, promise_body);
	for (unsigned i = 0; i < TROTH_LEN(pages); i++)
		expect_only(w, 200, "GET", pages[i], api_kit_admin(w->kit), NULL, NULL);
	assert_int_equal(api_call(w->kit, "GET", "/metrics", w->reader, NULL, NULL, &r),
			 200);
	assert_non_null(strstr(r.body, "\ntroth_position 7\n"));
	http_reply_free(&r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(an_order_is_placed_and_read_back_with_its_personal_part),
		T(a_promise_is_made_and_read_with_its_commitments),
		T(an_offer_ends_after_a_day_or_when_it_is_due),
		T(the_same_key_gives_the_same_bytes_and_another_payload_is_refused),
		T(a_correction_needs_the_newest_etag),
		T(closing_a_case_with_an_open_promise_is_refused_and_names_it),
		T(a_promise_without_a_due_instant_is_refused),
		T(without_a_token_or_its_scope_nothing_is_done),
		T(a_token_works_until_it_is_revoked),
		T(the_only_manager_cannot_be_revoked),
		T(a_batch_answers_each_request_for_itself),
		T(an_order_and_a_case_are_linked_by_one_request),
		T(orders_are_found_by_number_and_by_customer),
		T(a_list_goes_on_by_its_next_link),
		T(the_history_tells_who_did_what_and_when),
		T(a_simulated_clock_moves_forward_and_breaks_what_is_due),
		T(every_page_of_the_node_is_as_documented),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
