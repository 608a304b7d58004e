/*
 * Alarms, complaints, recoveries and remedies, as people's systems ask for them;
 * each answer is held against openapi.json.
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
static char agent[TROTH_TOKEN_TEXT], driver[TROTH_TOKEN_TEXT], reader[TROTH_TOKEN_TEXT];
static char cas[TROTH_ID_TEXT];

/* The path as the document has it: ids and steps by their names. */
static void documented(const char *path, char out[96])
{
	static const struct {
		const char *prefix, *name;
	} ids[] = { { "cas_", "{case}" },
		    { "alm_", "{alarm}" },
		    { "rec_", "{recovery}" } };
	const char *p = path;

	out[0] = '\0';
	while (*p == '/') {
		size_t len = strcspn(++p, "/?");
		const char *name = NULL;

		for (size_t i = 0; i < TROTH_LEN(ids); i++)
			if (strncmp(p, ids[i].prefix, 4) == 0)
				name = ids[i].name;
		if (strstr(out, "/{alarm}") != NULL || strstr(out, "/{recovery}") != NULL)
			name = "{step}";
		(void)snprintf(out + strlen(out), 96 - strlen(out), "/%.*s",
			       name != NULL ? (int)strlen(name) : (int)len,
			       name != NULL ? name : p);
		p += len;
	}
}

static json_t *call(int status, const char *method, const char *path, const char *token,
		    const char *body)
{
	char flaw[SCHEMA_FLAW], at[96];
	struct http_reply r;
	const json_t *schema;
	json_t *answer;

	if (api_call(kit, method, path, token, NULL, body, &r) != status)
		fail_msg("%s %s: %d, not %d: %s", method, path, r.status, status,
			 r.body != NULL ? r.body : "(none)");
	documented(path, at);
	schema = schema_of_reply(doc, method, at, status);
	if (schema == NULL)
		fail_msg("%s %s: %d is not documented", method, at, status);
	if (!schema_holds(doc, schema, r.json, flaw))
		fail_msg("%s %s: %s: %s", method, path, flaw, r.body);
	answer = json_incref(r.json);
	http_reply_free(&r);
	return answer;
}

static void done(int status, const char *path, const char *token, const char *body)
{
	json_decref(call(status, "POST", path, token, body));
}

static void refused(int status, const char *path, const char *token, const char *body,
		    const char *problem, const char *field)
{
	json_t *a = call(status, "POST", path, token, body);
	char type[64];

	(void)snprintf(type, sizeof(type), "urn:troth:problem:%s", problem);
	assert_string_equal(json_string_value(json_object_get(a, "type")), type);
	if (field != NULL)
		assert_string_equal(json_string_value(json_object_get(a, "field")),
				    field);
	json_decref(a);
}

static void id_of(json_t *answer, char out[TROTH_ID_TEXT])
{
	(void)snprintf(out, TROTH_ID_TEXT, "%s",
		       json_string_value(json_object_get(answer, "id")));
	json_decref(answer);
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
	api_kit_token(kit, "ann", "agent approver", agent);
	api_kit_token(kit, "dan", "dispatcher", driver);
	api_kit_token(kit, "ray", "read", reader);
	(void)api_call(kit, "POST", "/v1/parties", api_kit_admin(kit), NULL,
		       "{\"party\":\"bright\",\"role\":\"brand\"}", &r);
	http_reply_free(&r);
	(void)api_call(
		kit, "POST", "/v1/policies", api_kit_admin(kit), NULL,
		"{\"text\":\"remedies: { rude: { offers: (\\n"
		"{ kind = \\\"credit\\\"; amount = 500; currency = \\\"EUR\\\";"
		" due = \\\"1 day\\\"; say = \\\"sorry\\\"; },\\n"
		"{ kind = \\\"gift\\\"; sku = \\\"CAKE\\\"; due = \\\"1 day\\\"; } );"
		" }; };\\nphrases: { sorry: { en = \\\"We are sorry.\\\";"
		" de = \\\"Es tut uns leid.\\\"; }; };\\n\"}",
		&r);
	if (r.status != 200)
		(void)fprintf(stderr, "%s\n", r.body);
	assert_int_equal(r.status, 200);
	http_reply_free(&r);
	id_of(call(201, "POST", "/v1/cases", agent,
		   "{\"customer\":\"c-1\",\"reason\":\"late_delivery\"}"),
	      cas);
	return doc == NULL ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	json_decref(doc);
	return 0;
}

static char *path_to(const char *what, const char *id, const char *step)
{
	static char path[2][128];
	static int n;

	n = !n;
	(void)snprintf(path[n], sizeof(path[n]), "/v1/%s/%s%s%s", what, id,
		       step[0] != '\0' ? "/" : "", step);
	return path[n];
}

/* ---- Alarms ---- */

static size_t count(const char *path)
{
	json_t *a = call(200, "GET", path, reader, NULL);
	size_t n = json_array_size(json_object_get(a, "items"));

	json_decref(a);
	return n;
}

static void danger_is_raised_taken_and_ended_by_its_id(void **state)
{
	char alarm[TROTH_ID_TEXT];
	json_t *a;

	(void)state;
	refused(422, path_to("cases", cas, "alarms"), driver, "{}", "invalid_field",
		"code");
	refused(403, path_to("cases", cas, "alarms"), reader, "{\"code\":\"smoke\"}",
		"no_scope", NULL);
	id_of(call(201, "POST", path_to("cases", cas, "alarms"), driver,
		   "{\"code\":\"smoke\",\"words\":\"there is smoke\"}"),
	      alarm);
	assert_int_equal(strncmp(alarm, "alm_", 4), 0);
	assert_int_equal(count("/v1/alarms"), 1);
	assert_int_equal(count("/v1/alarms?state=ended"), 0);
	json_decref(call(400, "GET", "/v1/alarms?state=loud", reader, NULL));
	a = call(200, "GET", path_to("alarms", alarm, ""), reader, NULL);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(a, "alarm"), "cause")),
		"safety");
	json_decref(a);
	refused(404, path_to("alarms", alarm, "silence"), agent, "{}", "not_found", NULL);
	refused(422, path_to("alarms", alarm, "take"), agent, "{\"reason\":\"x\"}",
		"invalid_field", "reason");
	done(200, path_to("alarms", alarm, "take"), agent, "{}");
	refused(409, path_to("alarms", alarm, "take"), agent, "{}", "wrong_state", NULL);
	refused(422, path_to("alarms", alarm, "end"), agent, "{}", "invalid_field",
		"reason");
	done(200, path_to("alarms", alarm, "end"), agent, "{\"reason\":\"all_well\"}");
	assert_int_equal(count("/v1/alarms"), 0);
	assert_int_equal(count("/v1/alarms?state=ended"), 1);
	refused(404, "/v1/alarms/alm_00000000000000000000000001/take", agent, "{}",
		"no_alarm", NULL);
}

/* ---- Complaints ---- */

static void complain(char out[TROTH_ID_TEXT])
{
	id_of(call(201, "POST", path_to("cases", cas, "complaints"), agent,
		   "{\"failure\":\"rude\",\"words\":\"how dare you\"}"),
	      out);
	assert_int_equal(strncmp(out, "rec_", 4), 0);
}

static json_t *recovery(const char *id)
{
	json_t *a = call(200, "GET", path_to("recoveries", id, ""), reader, NULL);
	json_t *r = json_incref(json_object_get(a, "recovery"));

	json_decref(a);
	return r;
}

static void state_is(const char *id, const char *want)
{
	json_t *r = recovery(id);

	assert_string_equal(json_string_value(json_object_get(r, "state")), want);
	json_decref(r);
}

static void a_recovery_is_not_done_before_all_of_it_is(void **state)
{
	char id[TROTH_ID_TEXT];

	(void)state;
	refused(422, path_to("cases", cas, "complaints"), agent, "{}", "invalid_field",
		"failure");
	complain(id);
	refused(409, path_to("recoveries", id, "finish"), agent, "{}", "harm_missing",
		NULL);
	refused(422, path_to("recoveries", id, "harms"), agent, "{}", "invalid_field",
		"practical");
	done(200, path_to("recoveries", id, "harms"), agent,
	     "{\"practical\":\"no_picture\"}");
	refused(409, path_to("recoveries", id, "finish"), agent, "{}", "harm_missing",
		NULL);
	done(200, path_to("recoveries", id, "harms"), agent, "{\"felt\":\"let_down\"}");
	refused(409, path_to("recoveries", id, "finish"), agent, "{}", "apology_missing",
		NULL);
	done(200, path_to("recoveries", id, "apologise"), agent,
	     "{\"words\":\"we are sorry\",\"language\":\"en\"}");
	refused(409, path_to("recoveries", id, "finish"), agent, "{}", "remedy_missing",
		NULL);
	done(200, path_to("recoveries", id, "waive"), agent, "{}");
	refused(409, path_to("recoveries", id, "finish"), agent, "{}", "not_asked", NULL);
	refused(422, path_to("recoveries", id, "follow_up"), agent, "{}", "invalid_field",
		"answer");
	refused(422, path_to("recoveries", id, "waive"), agent, "{\"answer\":\"yes\"}",
		"invalid_field", "answer");
	done(200, path_to("recoveries", id, "follow_up"), agent, "{\"answer\":\"no\"}");
	state_is(id, "reopened");
	done(200, path_to("recoveries", id, "waive"), agent, "{}");
	done(200, path_to("recoveries", id, "follow_up"), agent, "{\"answer\":\"yes\"}");
	done(200, path_to("recoveries", id, "finish"), agent, "{}");
	state_is(id, "done");
	refused(404, path_to("recoveries", id, "forget"), agent, "{}", "not_found", NULL);
}

static void an_offer_is_chosen_by_its_number_and_another_is_seen(void **state)
{
	char id[TROTH_ID_TEXT], other[TROTH_ID_TEXT];
	json_t *r;

	(void)state;
	complain(id);
	refused(422, path_to("recoveries", id, "choose"), agent, "{\"offer\":3}",
		"invalid_field", "offer");
	refused(422, path_to("recoveries", id, "choose"), agent, "{}", "invalid_field",
		"choice");
	done(200, path_to("recoveries", id, "choose"), agent, "{\"offer\":1}");
	r = recovery(id);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(r, "chosen"), "kind")),
		"credit");
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(r, "chosen"), "amount")),
			 500);
	assert_true(json_is_false(json_object_get(r, "differs")));
	json_decref(r);
	complain(other);
	done(200, path_to("recoveries", other, "choose"), agent,
	     "{\"choice\":\"money\",\"kind\":\"refund\",\"amount\":9900,"
	     "\"currency\":\"EUR\"}");
	assert_int_equal(count("/v1/recoveries?differs=true"), 1);
	assert_true(count("/v1/recoveries?differs=false") >= 1);
	assert_int_equal(count("/v1/recoveries?owner=nobody"), 0);
}

static void a_denial_needs_a_reason_and_evidence_and_can_be_appealed(void **state)
{
	char id[TROTH_ID_TEXT];

	(void)state;
	complain(id);
	refused(422, path_to("recoveries", id, "deny"), agent,
		"{\"evidence\":{\"kind\":\"note\"}}", "invalid_field", "reason");
	refused(422, path_to("recoveries", id, "deny"), agent,
		"{\"reason\":\"not_ours\"}", "invalid_field", "evidence");
	done(200, path_to("recoveries", id, "deny"), agent,
	     "{\"reason\":\"not_ours\","
	     "\"evidence\":{\"kind\":\"note\",\"text\":\"seal was broken\"}}");
	state_is(id, "denied");
	refused(409, path_to("recoveries", id, "apologise"), agent, "{}", "wrong_state",
		NULL);
	done(200, path_to("recoveries", id, "appeal"), agent, "{}");
	refused(422, path_to("recoveries", id, "decide"), agent, "{\"reason\":\"x\"}",
		"invalid_field", "decision");
	refused(403, path_to("recoveries", id, "decide"), agent,
		"{\"reason\":\"x\",\"decision\":\"uphold\"}", "own_request", NULL);
	done(200, path_to("recoveries", id, "decide"), api_kit_admin(kit),
	     "{\"reason\":\"it_was_ours\",\"decision\":\"overturn\"}");
	state_is(id, "open");
}

/* ---- Remedies ---- */

static void remedies_are_told_in_the_language_asked_for(void **state)
{
	json_t *a = call(200, "GET", "/v1/remedies?failure=rude&language=de-AT", reader,
			 NULL);
	json_t *offers = json_object_get(json_array_get(json_object_get(a, "items"), 0),
					 "offers");

	(void)state;
	assert_int_equal(json_array_size(offers), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(offers, 0), "words")),
		"Es tut uns leid.");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(offers, 1), "choice")),
		"goods");
	json_decref(a);
	a = call(200, "GET", "/v1/remedies?failure=unheard_of", reader, NULL);
	assert_int_equal(json_array_size(json_object_get(a, "items")), 0);
	json_decref(a);
}

/* A case shows both, and its history tells how they came about. */
static void the_case_shows_what_was_done(void **state)
{
	json_t *a = call(200, "GET", path_to("cases", cas, ""), agent, NULL);

	(void)state;
	assert_true(json_array_size(json_object_get(a, "alarms")) >= 1);
	assert_true(json_array_size(json_object_get(a, "recoveries")) >= 4);
	json_decref(a);
	json_decref(call(200, "GET", path_to("cases", cas, "history"), agent, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(danger_is_raised_taken_and_ended_by_its_id),
		cmocka_unit_test(a_recovery_is_not_done_before_all_of_it_is),
		cmocka_unit_test(an_offer_is_chosen_by_its_number_and_another_is_seen),
		cmocka_unit_test(
			a_denial_needs_a_reason_and_evidence_and_can_be_appealed),
		cmocka_unit_test(remedies_are_told_in_the_language_asked_for),
		cmocka_unit_test(the_case_shows_what_was_done),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
