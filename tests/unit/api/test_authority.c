/*
 * Pools, grants, agents, suspensions and shares, as HQ sets them up and reads them.
 */
#include "api_kit.h"
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *doc;
static struct api_kit *kit;
static char agent[TROTH_TOKEN_TEXT];

/* Calls, and holds what comes back against the document. The caller frees *r. */
static void call(int status, const char *method, const char *path, const char *token,
		 const char *body, struct http_reply *r)
{
	char flaw[SCHEMA_FLAW];
	const json_t *schema;

	if (api_call(kit, method, path, token, NULL, body, r) != status)
		fail_msg("%s %s %s: %d, not %d: %s", method, path,
			 body != NULL ? body : "", r->status, status,
			 r->body != NULL ? r->body : "(none)");
	schema = schema_of_reply(doc, method, path, status);
	assert_non_null(schema);
	if (!schema_holds(doc, schema, r->json, flaw))
		fail_msg("%s %s: %s: %s", method, path, flaw, r->body);
}

static void post(int status, const char *path, const char *body)
{
	struct http_reply r;

	call(status, "POST", path, api_kit_admin(kit), body, &r);
	http_reply_free(&r);
}

/* Posts what must be refused for the value of a field. */
static void refused_by(const char *token, int status, const char *path, const char *body,
		       const char *field)
{
	struct http_reply r;

	call(status, "POST", path, token, body, &r);
	assert_string_equal(json_string_value(json_object_get(r.json, "field")), field);
	http_reply_free(&r);
}

/* Posts what must be refused, and says by which problem and which field. */
static void refused(int status, const char *path, const char *body, const char *problem,
		    const char *field)
{
	struct http_reply r;
	char type[64];

	call(status, "POST", path, api_kit_admin(kit), body, &r);
	(void)snprintf(type, sizeof(type), "urn:troth:problem:%s", problem);
	assert_string_equal(json_string_value(json_object_get(r.json, "type")), type);
	if (field != NULL)
		assert_string_equal(json_string_value(json_object_get(r.json, "field")),
				    field);
	http_reply_free(&r);
}

/* The items of a list; the caller frees. */
static json_t *items(const char *path, const char *list)
{
	struct http_reply r;
	json_t *found;

	call(200, "GET", path, agent, NULL, &r);
	found = json_incref(json_object_get(r.json, list));
	http_reply_free(&r);
	assert_non_null(found);
	return found;
}

static json_int_t number(const json_t *list, size_t i, const char *name)
{
	const json_t *v = json_object_get(json_array_get(list, i), name);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static const char *text(const json_t *list, size_t i, const char *name)
{
	const char *v = json_string_value(json_object_get(json_array_get(list, i), name));

	assert_non_null(v);
	return v;
}

static int start(void **state)
{
	(void)state;
	doc = json_load_file(TROTH_SOURCE_DIR "/src/api/openapi.json", 0, NULL);
	assert_non_null(doc);
	kit = api_kit_start(NULL);
	api_kit_token(kit, "ann", "agent", agent);
	post(200, "/v1/parties", "{\"party\":\"brand\",\"role\":\"brand\"}");
	post(200, "/v1/parties", "{\"party\":\"acme\",\"role\":\"vendor\"}");
	post(200, "/v1/parties", "{\"party\":\"zeta\",\"role\":\"vendor\"}");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	json_decref(doc);
	return 0;
}

#define CABLES                                                                           \
	"{\"pool\":\"cables\",\"sku\":\"HDMI-2M\",\"total\":100,\"share\":30,"           \
	"\"low\":10,\"idle_s\":3600}"
#define GIFTS                                                                            \
	"{\"party\":\"acme\",\"grant\":\"gifts\",\"kinds\":[\"gift\",\"replacement\"],"  \
	"\"skus\":[\"HDMI-2M\"],\"most\":2,\"per_customer\":3,\"period_s\":86400,"       \
	"\"pool\":\"cables\",\"level\":1,\"until\":\"2031-01-01T00:00:00Z\"}"

static void a_pool_is_set_shown_and_made_larger_but_stays_what_it_is_of(void **state)
{
	json_t *pools;

	(void)state;
	post(200, "/v1/pools", CABLES);
	post(200, "/v1/pools",
	     "{\"pool\":\"money\",\"currency\":\"EUR\",\"total\":50000}");
	post(200, "/v1/pools",
	     "{\"pool\":\"money\",\"currency\":\"EUR\",\"total\":60000}");
	refused(409, "/v1/pools",
		"{\"pool\":\"money\",\"currency\":\"USD\",\"total\":60000}", "exists",
		NULL);
	pools = items("/v1/pools", "items");
	assert_int_equal(json_array_size(pools), 2);
	assert_string_equal(text(pools, 0, "pool"), "cables");
	assert_string_equal(text(pools, 0, "sku"), "HDMI-2M");
	assert_int_equal(number(pools, 0, "idle_s"), 3600);
	assert_int_equal(number(pools, 0, "free"), 100);
	assert_string_equal(text(pools, 1, "currency"), "EUR");
	assert_int_equal(number(pools, 1, "total"), 60000);
	json_decref(pools);
}

static void a_grant_is_given_shown_replaced_and_withdrawn(void **state)
{
	json_t *all, *grants;

	(void)state;
	post(200, "/v1/grants", GIFTS);
	post(200, "/v1/grants",
	     "{\"party\":\"acme\",\"grant\":\"calls\",\"kinds\":[\"callback\"],"
	     "\"most\":1}");
	post(200, "/v1/grants",
	     "{\"party\":\"acme\",\"grant\":\"calls\",\"kinds\":[\"callback\"],"
	     "\"most\":4}");
	all = items("/v1/grants?party=acme", "items");
	assert_int_equal(json_array_size(all), 1);
	assert_false(json_is_true(json_object_get(json_array_get(all, 0), "suspended")));
	grants = json_object_get(json_array_get(all, 0), "grants");
	assert_int_equal(json_array_size(grants), 2);
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_array_get(grants, 0), "kinds"), 1)),
		"replacement");
	assert_int_equal(number(grants, 0, "per_customer"), 3);
	assert_int_equal(number(grants, 0, "period_s"), 86400);
	assert_int_equal(number(grants, 0, "level"), 1);
	assert_string_equal(text(grants, 0, "until"), "2031-01-01T00:00:00.000Z");
	assert_null(json_object_get(json_array_get(grants, 0), "from"));
	assert_int_equal(number(grants, 1, "most"), 4);
	assert_true(json_is_true(json_object_get(json_array_get(grants, 1), "in_force")));
	json_decref(all);

	post(200, "/v1/grants/withdraw",
	     "{\"party\":\"acme\",\"grant\":\"calls\",\"reason\":\"abuse\"}");
	refused(404, "/v1/grants/withdraw",
		"{\"party\":\"acme\",\"grant\":\"king\",\"reason\":\"abuse\"}",
		"no_grant_id", NULL);
	all = items("/v1/grants", "items");
	grants = json_object_get(json_array_get(all, 0), "grants");
	assert_true(json_is_true(json_object_get(json_array_get(grants, 0), "in_force")));
	assert_true(
		json_is_false(json_object_get(json_array_get(grants, 1), "in_force")));
	json_decref(all);
}

static void a_grant_needs_a_pool_of_what_it_gives(void **state)
{
	(void)state;
	refused(404, "/v1/grants",
		"{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1,"
		"\"skus\":[\"HDMI-2M\"],\"pool\":\"nosuch\"}",
		"no_pool", NULL);
	refused(404, "/v1/grants",
		"{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1,"
		"\"skus\":[\"OTHER\"],\"pool\":\"cables\"}",
		"no_pool", NULL);
	refused(422, "/v1/grants",
		"{\"party\":\"nosuch\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1}",
		"no_party", NULL);
}

/* Each list and each number at one past its limit. */
static const struct {
	const char *path, *body, *field;
} wrong[] = {
	{ "/v1/pools", "{\"sku\":\"S\",\"total\":1}", "pool" },
	{ "/v1/pools", "{\"pool\":\"p\",\"total\":1}", "currency" },
	{ "/v1/pools", "{\"pool\":\"p\",\"sku\":\"S\",\"total\":1000000000001}",
	  "total" },
	{ "/v1/pools", "{\"pool\":\"p\",\"sku\":\"S\",\"total\":9,\"share\":1,\"low\":2}",
	  "low" },
	{ "/v1/pools", "{\"pool\":\"p\",\"sku\":\"S\",\"total\":9,\"idle_s\":315360001}",
	  "idle_s" },
	{ "/v1/pools", "{\"pool\":\"p\",\"sku\":\"S\",\"total\":9,\"idle_s\":-1}",
	  "idle_s" },
	{ "/v1/pools",
	  "{\"pool\":\"p\",\"sku\":\"S\",\"total\":9,"
	  "\"idle_s\":9223372036854775807}",
	  "idle_s" },
	{ "/v1/grants", "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[],\"most\":1}",
	  "kinds" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\",\"king\"],"
	  "\"most\":1}",
	  "kinds[1]" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":\"gift\",\"most\":1}", "kinds" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],"
	  "\"skus\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"],"
	  "\"most\":1}",
	  "skus" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],"
	  "\"skus\":[\"A\",7],\"most\":1}",
	  "skus[1]" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":0}",
	  "most" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1,"
	  "\"per_customer\":3}",
	  "period_s" },
	{ "/v1/grants",
	  "{\"party\":\"acme\",\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1,"
	  "\"level\":10}",
	  "level" },
	{ "/v1/grants", "{\"grant\":\"g\",\"kinds\":[\"gift\"],\"most\":1}", "party" },
	{ "/v1/grants/withdraw", "{\"party\":\"acme\",\"grant\":\"gifts\"}", "reason" },
	{ "/v1/agents", "{\"party\":\"acme\",\"level\":1}", "agent" },
	{ "/v1/agents", "{\"party\":\"acme\",\"agent\":\"a\",\"level\":10}", "level" },
	{ "/v1/suspensions", "{\"party\":\"acme\"}", "reason" },
	{ "/v1/suspensions/lift", "{\"party\":\"acme\",\"reason\":\"r\"}", "reason" },
	{ "/v1/shares/move", "{\"pool\":\"cables\",\"amount\":1}", "from" },
	{ "/v1/shares/move",
	  "{\"pool\":\"cables\",\"amount\":1,\"from\":{\"party\":\"acme\","
	  "\"site\":\"s\"},\"to\":{\"party\":\"acme\",\"site\":\"s\"}}",
	  "to" },
	{ "/v1/shares/move",
	  "{\"pool\":\"cables\",\"amount\":0,\"from\":{\"party\":\"acme\","
	  "\"site\":\"s\"}}",
	  "amount" },
	{ "/v1/shares/move",
	  "{\"pool\":\"cables\",\"from\":{\"party\":\"acme\",\"site\":\"s\"}}",
	  "amount" },
	{ "/v1/shares/keep", "{\"party\":\"acme\",\"site\":\"s\"}", "pool" },
	{ "/v1/shares/keep",
	  "{\"party\":\"acme\",\"site\":\"s\",\"pool\":\"cables\",\"amount\":1}",
	  "amount" },
	{ "/v1/shares/thaw",
	  "{\"party\":\"acme\",\"site\":\"s\",\"pool\":\"cables\",\"lost\":-1}", "lost" },
	{ "/v1/shares/freeze", "{\"party\":\"acme\",\"site\":\"s\",\"pool\":\"cables\"}",
	  "reason" },
};

static void what_is_not_as_it_must_be_names_its_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(422, wrong[i].path, wrong[i].body, "invalid_field",
			wrong[i].field);
	/* And at the limit. */
	post(200, "/v1/grants",
	     "{\"party\":\"zeta\",\"grant\":\"g\",\"kinds\":[\"gift\",\"credit\"],"
	     "\"skus\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8*\"],"
	     "\"most\":1000000000000,\"per_customer\":1000000000000,"
	     "\"period_s\":315360000,\"level\":9}");
	post(200, "/v1/pools",
	     "{\"pool\":\"large\",\"sku\":\"S\",\"total\":1000000000000,"
	     "\"share\":1000000000000,\"low\":1000000000000,\"idle_s\":315360000}");
}

static void a_suspension_is_seen_and_lifted(void **state)
{
	json_t *all;

	(void)state;
	post(200, "/v1/suspensions", "{\"party\":\"acme\",\"reason\":\"abuse\"}");
	refused(409, "/v1/suspensions", "{\"party\":\"acme\",\"reason\":\"abuse\"}",
		"wrong_state", NULL);
	all = items("/v1/grants?party=acme", "items");
	assert_true(json_is_true(json_object_get(json_array_get(all, 0), "suspended")));
	assert_string_equal(text(all, 0, "reason"), "abuse");
	assert_string_equal(text(all, 0, "since"), "2026-11-14T10:00:00.000Z");
	json_decref(all);
	post(200, "/v1/suspensions/lift", "{\"party\":\"acme\"}");
	refused(409, "/v1/suspensions/lift", "{\"party\":\"acme\"}", "wrong_state", NULL);
	all = items("/v1/grants?party=acme", "items");
	assert_true(json_is_false(json_object_get(json_array_get(all, 0), "suspended")));
	assert_null(json_object_get(json_array_get(all, 0), "since"));
	json_decref(all);
}

static void a_party_without_anything_has_no_line_and_an_unknown_one_is_no_party(
	void **state)
{
	struct http_reply r;
	json_t *all = items("/v1/grants?party=brand", "items");

	(void)state;
	/* The brand has pools, and no grants. */
	assert_int_equal(json_array_size(all), 1);
	assert_string_equal(text(all, 0, "party"), "brand");
	assert_int_equal(
		json_array_size(json_object_get(json_array_get(all, 0), "grants")), 0);
	json_decref(all);
	call(422, "GET", "/v1/grants?party=nosuch", agent, NULL, &r);
	http_reply_free(&r);
	call(422, "GET", "/v1/shares?party=nosuch", agent, NULL, &r);
	http_reply_free(&r);
	all = items("/v1/shares", "items");
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
	all = items("/v1/shares?pool=cables", "pools");
	assert_int_equal(json_array_size(all), 1);
	assert_int_equal(number(all, 0, "out"), 0);
	json_decref(all);
	all = items("/v1/approvals", "items");
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
}

static void a_share_that_is_not_there_is_not_moved_kept_frozen_or_thawed(void **state)
{
	(void)state;
	refused(404, "/v1/shares/move",
		"{\"pool\":\"cables\",\"amount\":1,\"from\":{\"party\":\"acme\","
		"\"site\":\"nosuch\"}}",
		"no_pool", NULL);
	refused(404, "/v1/shares/keep",
		"{\"party\":\"acme\",\"site\":\"nosuch\",\"pool\":\"cables\"}", "no_pool",
		NULL);
	refused(404, "/v1/shares/freeze",
		"{\"party\":\"acme\",\"site\":\"nosuch\",\"pool\":\"cables\","
		"\"reason\":\"restored\"}",
		"no_pool", NULL);
	refused(404, "/v1/shares/thaw",
		"{\"party\":\"acme\",\"site\":\"nosuch\",\"pool\":\"cables\"}", "no_pool",
		NULL);
}

/* Of a party that another acts for, shares are held at the other's sites. */
static void a_share_may_move_to_a_site_that_acts_for_the_party(void **state)
{
	(void)state;
	post(200, "/v1/parties",
	     "{\"party\":\"tiny\",\"role\":\"vendor\",\"operator\":\"acme\"}");
	post(200, "/v1/sites",
	     "{\"party\":\"acme\",\"site\":\"s1\",\"sign_key\":"
	     "\"0101010101010101010101010101010101010101010101010101010101010101\"}");
	refused(404, "/v1/shares/move",
		"{\"pool\":\"cables\",\"amount\":1,\"from\":{\"party\":\"zeta\","
		"\"site\":\"none\"},\"to\":{\"party\":\"tiny\",\"site\":\"s1\"}}",
		"no_pool", NULL);
	refused(422, "/v1/shares/move",
		"{\"pool\":\"cables\",\"amount\":1,\"from\":{\"party\":\"zeta\","
		"\"site\":\"none\"},\"to\":{\"party\":\"tiny\",\"site\":\"s2\"}}",
		"invalid_field", "to");
}

static void only_a_manager_delegates_and_everybody_may_look(void **state)
{
	static const char *const paths[] = {
		"/v1/pools",       "/v1/grants",        "/v1/grants/withdraw",
		"/v1/agents",      "/v1/suspensions",   "/v1/suspensions/lift",
		"/v1/shares/move", "/v1/shares/freeze", "/v1/shares/thaw",
		"/v1/shares/keep",
	};
	char others[TROTH_TOKEN_TEXT];
	struct http_reply r;

	(void)state;
	api_kit_token(kit, "others", "agent dispatcher approver integration read",
		      others);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		call(403, "POST", paths[i], others, "{}", &r);
		http_reply_free(&r);
	}
	call(200, "GET", "/v1/pools", others, NULL, &r);
	http_reply_free(&r);
}

/* What is said of a party's authority goes out under the authority's own id. */
static void what_was_delegated_stands_in_the_answer_under_an_id_of_its_own(void **state)
{
	struct http_reply r;
	const char *subject;

	(void)state;
	call(200, "POST", "/v1/agents", api_kit_admin(kit),
	     "{\"party\":\"acme\",\"agent\":\"ann\",\"level\":2}", &r);
	subject = json_string_value(json_object_get(r.json, "subject"));
	assert_non_null(subject);
	assert_memory_equal(subject, "aut_", 4);
	assert_null(json_object_get(r.json, "id"));
	http_reply_free(&r);
}

static void agents_are_listed_by_party_and_page_by_page(void **state)
{
	json_t *all;

	(void)state;
	post(200, "/v1/agents", "{\"party\":\"zeta\",\"agent\":\"zoe\",\"level\":3}");
	post(200, "/v1/agents",
	     "{\"party\":\"acme\",\"agent\":\"bob/7\",\"level\":1,"
	     "\"until\":\"2026-11-14T10:00:00Z\"}");
	post(200, "/v1/agents", "{\"party\":\"acme\",\"agent\":\"bo\",\"level\":0}");
	all = items("/v1/agents", "items");
	assert_int_equal(json_array_size(all), 4);
	assert_string_equal(text(all, 3, "agent"), "zoe");
	assert_int_equal(number(all, 3, "level"), 3);
	json_decref(all);
	all = items("/v1/agents?party=acme", "items");
	assert_int_equal(json_array_size(all), 3);
	json_decref(all);
	all = items("/v1/agents?party=acme&limit=1&after=acme/bo", "items");
	assert_int_equal(json_array_size(all), 1);
	assert_string_equal(text(all, 0, "agent"), "bob/7");
	/* Its certificate ended at this very instant. */
	assert_true(json_is_false(json_object_get(json_array_get(all, 0), "certified")));
	json_decref(all);
	all = items("/v1/agents?party=acme&after=acme/bob/7", "items");
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
}

/* A case, and on it a promise that HQ is asked for: five cables. Texts of their ids. */
static void ask_for_five(const char *token, char promise[TROTH_ID_TEXT])
{
	struct http_reply r;
	char path[96];

	call(201, "POST", "/v1/cases", token,
	     "{\"customer\":\"c-1\",\"reason\":\"fault\"}", &r);
	(void)snprintf(path, sizeof(path), "/v1/cases/%s/promises",
		       json_string_value(json_object_get(r.json, "id")));
	http_reply_free(&r);
	call(201, "POST", path, token,
	     "{\"kind\":\"gift\",\"sku\":\"HDMI-2M\",\"quantity\":5,\"spoken\":false,"
	     "\"due\":\"2026-11-20T10:00:00Z\",\"reason\":\"fault\",\"commitments\":"
	     "[{\"debtor\":\"acme\",\"action\":\"deliver\"}]}",
	     &r);
	(void)snprintf(promise, TROTH_ID_TEXT, "%s",
		       json_string_value(json_object_get(r.json, "id")));
	http_reply_free(&r);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/ask", promise);
	call(200, "POST", path, token, "{}", &r);
	http_reply_free(&r);
}

static void what_was_asked_waits_with_what_could_be_promised_instead(void **state)
{
	char promise[TROTH_ID_TEXT], path[96], lead[TROTH_TOKEN_TEXT];
	struct http_reply r;
	json_t *all;

	(void)state;
	api_kit_token(kit, "lead", "approver", lead);
	post(200, "/v1/grants",
	     "{\"party\":\"brand\",\"grant\":\"own\",\"kinds\":[\"gift\"],\"most\":2}");
	ask_for_five(agent, promise);
	all = items("/v1/approvals", "items");
	assert_int_equal(json_array_size(all), 1);
	assert_string_equal(text(all, 0, "id"), promise);
	assert_string_equal(text(all, 0, "debtor"), "brand");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(json_array_get(all, 0), "suggested"),
				 "quantity")),
			 2);
	json_decref(all);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/reject", promise);
	refused_by(lead, 422, path,
		   "{\"reason\":\"much\",\"instead\":{\"kind\":\"gift\",\"quantity\":2}}",
		   "instead.quantity");
	refused_by(lead, 422, path, "{\"instead\":{\"kind\":\"king\"}}", "instead.kind");
	call(200, "POST", path, lead,
	     "{\"reason\":\"much\",\"instead\":{\"kind\":\"gift\",\"sku\":"
	     "\"HDMI-2M\",\"quantity\":2}}",
	     &r);
	http_reply_free(&r);
	all = items("/v1/approvals", "items");
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
	/* What may be offered instead stands with the no, and only with it. */
	ask_for_five(agent, promise);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/approve", promise);
	refused_by(lead, 422, path, "{\"instead\":{\"kind\":\"callback\"}}", "instead");
}

static void an_offer_that_was_not_taken_is_ended_by_the_agent(void **state)
{
	char path[96];
	struct http_reply r;

	(void)state;
	call(201, "POST", "/v1/cases", agent,
	     "{\"customer\":\"c-1\",\"reason\":\"fault\"}", &r);
	(void)snprintf(path, sizeof(path), "/v1/cases/%s/promises",
		       json_string_value(json_object_get(r.json, "id")));
	http_reply_free(&r);
	call(201, "POST", path, agent,
	     "{\"kind\":\"callback\",\"spoken\":false,\"due\":\"2026-11-20T10:00:00Z\","
	     "\"reason\":\"fault\",\"commitments\":[{\"debtor\":\"acme\",\"action\":"
	     "\"call_back\"}]}",
	     &r);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/expire",
		       json_string_value(json_object_get(r.json, "id")));
	http_reply_free(&r);
	call(200, "POST", path, agent, "{}", &r);
	http_reply_free(&r);
	call(409, "POST", path, agent, "{}", &r); /* It has ended. */
	http_reply_free(&r);
}

/* Central spends no share: HQ's own people ask at a gateway of the brand. */
static void central_says_where_to_ask(void **state)
{
	struct http_reply r;

	(void)state;
	call(409, "POST", "/v1/cases/cas_00000000000000000000000001/may-i", agent,
	     "{\"kind\":\"callback\",\"reason\":\"fault\"}", &r);
	assert_string_equal(json_string_value(json_object_get(r.json, "type")),
			    "urn:troth:problem:not_here");
	assert_non_null(strstr(json_string_value(json_object_get(r.json, "detail")),
			       "ask at the gateway of a site"));
	http_reply_free(&r);
	call(409, "POST", "/v1/cases/cas_00000000000000000000000001/promises", agent,
	     "{\"kind\":\"callback\",\"reason\":\"fault\",\"grant\":\"calls\"}", &r);
	assert_string_equal(json_string_value(json_object_get(r.json, "type")),
			    "urn:troth:problem:not_here");
	assert_string_equal(json_string_value(json_object_get(r.json, "field")), "grant");
	http_reply_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_pool_is_set_shown_and_made_larger_but_stays_what_it_is_of),
		cmocka_unit_test(a_grant_is_given_shown_replaced_and_withdrawn),
		cmocka_unit_test(a_grant_needs_a_pool_of_what_it_gives),
		cmocka_unit_test(what_is_not_as_it_must_be_names_its_field),
		cmocka_unit_test(a_suspension_is_seen_and_lifted),
		cmocka_unit_test(
			a_party_without_anything_has_no_line_and_an_unknown_one_is_no_party),
		cmocka_unit_test(
			a_share_that_is_not_there_is_not_moved_kept_frozen_or_thawed),
		cmocka_unit_test(a_share_may_move_to_a_site_that_acts_for_the_party),
		cmocka_unit_test(only_a_manager_delegates_and_everybody_may_look),
		cmocka_unit_test(
			what_was_delegated_stands_in_the_answer_under_an_id_of_its_own),
		cmocka_unit_test(agents_are_listed_by_party_and_page_by_page),
		cmocka_unit_test(
			what_was_asked_waits_with_what_could_be_promised_instead),
		cmocka_unit_test(an_offer_that_was_not_taken_is_ended_by_the_agent),
		cmocka_unit_test(central_says_where_to_ask),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
