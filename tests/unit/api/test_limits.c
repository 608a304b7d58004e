/*
 * What a request may hold: each limit, and one past it.
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
static char agent[TROTH_TOKEN_TEXT], importer[TROTH_TOKEN_TEXT];

static void post(int status, const char *path, const char *token, const char *body,
		 const char *field, const char *detail)
{
	struct http_reply r;
	const char *named, *said;

	if (api_call(kit, "POST", path, token, NULL, body, &r) != status)
		fail_msg("%s %.200s: %d, not %d: %s", path, body, r.status, status,
			 r.body);
	named = json_string_value(json_object_get(r.json, "field"));
	said = json_string_value(json_object_get(r.json, "detail"));
	if (field != NULL && (named == NULL || strcmp(named, field) != 0))
		fail_msg("%s: not for %s: %s", path, field, r.body);
	if (detail != NULL && (said == NULL || strcmp(said, detail) != 0))
		fail_msg("%s: not because it %s: %s", path, detail, r.body);
	http_reply_free(&r);
}

static int start(void **state)
{
	(void)state;
	kit = api_kit_start(NULL);
	api_kit_token(kit, "ann", "agent", agent);
	api_kit_token(kit, "import", "integration", importer);
	post(200, "/v1/parties", api_kit_admin(kit),
	     "{\"party\":\"brand\",\"role\":\"brand\"}", NULL, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	api_kit_stop(kit);
	return 0;
}

/* A copy of `text` with so many `fill` for its '*'; the caller frees. */
static char *filled(const char *text, char fill, size_t count)
{
	const char *star = strchr(text, '*');
	size_t before = (size_t)(star - text), rest = strlen(star + 1);
	char *s = malloc(before + count + rest + 1);

	assert_non_null(s);
	memcpy(s, text, before);
	memset(s + before, fill, count);
	memcpy(s + before + count, star + 1, rest + 1);
	return s;
}

#define CASE  "{\"customer\":\"c\",\"reason\":\"r\","
#define ORDER "{\"customer\":\"c\",\"seller\":\"brand\","

/* What integrators are told (doc/integrators.md, "Values"). */
static const struct {
	const char *path, *body, *field;
	size_t max;
} texts[] = {
	{ "/v1/cases", "{\"customer\":\"*\",\"reason\":\"r\"}", "customer", 64 },
	{ "/v1/cases", "{\"customer\":\"c\",\"reason\":\"*\"}", "reason", 32 },
	{ "/v1/cases", CASE "\"note\":\"*\"}", "note", 2000 },
	{ "/v1/orders", ORDER "\"personal\":{\"order_number\":\"*\"}}",
	  "personal.order_number", 64 },
	{ "/v1/orders", ORDER "\"personal\":{\"customer_name\":\"*\"}}",
	  "personal.customer_name", 200 },
	{ "/v1/orders", ORDER "\"personal\":{\"customer_phone\":\"*\"}}",
	  "personal.customer_phone", 32 },
	{ "/v1/orders", ORDER "\"personal\":{\"address\":\"*\"}}", "personal.address",
	  500 },
	{ "/v1/orders", ORDER "\"lines\":[{\"sku\":\"*\",\"quantity\":1}]}",
	  "lines[0].sku", 64 },
};

static void each_text_may_be_as_long_as_the_document_says_and_not_longer(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(texts); i++) {
		char *fits = filled(texts[i].body, 'a', texts[i].max);
		char *longer = filled(texts[i].body, 'a', texts[i].max + 1);

		post(201, texts[i].path, agent, fits, NULL, NULL);
		post(422, texts[i].path, agent, longer, texts[i].field, "is too long");
		free(fits);
		free(longer);
	}
}

/* Neither is a certificate, but only one of them is looked at. */
static void a_certificate_may_have_8191_bytes_and_not_one_more(void **state)
{
	static const char body[] =
		"{\"party\":\"brand\",\"site\":\"s\",\"sign_cert\":\"*\"}";
	char *fits = filled(body, 'a', 8191), *longer = filled(body, 'a', 8192);

	(void)state;
	post(422, "/v1/sites", api_kit_admin(kit), fits, "sign_cert",
	     "must be a PEM certificate with an Ed25519 key");
	post(422, "/v1/sites", api_kit_admin(kit), longer, "sign_cert", "is too long");
	free(fits);
	free(longer);
}

/* Whoever has to be asked for a passphrase would be asked at the node's terminal. */
static void for_a_certificate_nobody_is_asked_for_a_passphrase(void **state)
{
	static const char body[] =
		"{\"party\":\"brand\",\"site\":\"s\",\"sign_cert\":\""
		"-----BEGIN CERTIFICATE-----\\nProc-Type: 4,ENCRYPTED\\n"
		"DEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\\n\\n"
		"AAAAAAAAAAAAAAAAAAAAAA==\\n-----END CERTIFICATE-----\\n\"}";
	int terminal[2], before = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(terminal), 0); /* Nobody types there. */
	assert_true(dup2(terminal[0], STDIN_FILENO) >= 0);
	post(422, "/v1/sites", api_kit_admin(kit), body, "sign_cert",
	     "must be a PEM certificate with an Ed25519 key");
	if (before >= 0)
		(void)dup2(before, STDIN_FILENO);
	(void)close(before);
	(void)close(terminal[0]);
	(void)close(terminal[1]);
}

static void a_batch_may_have_4_mib_and_not_one_byte_more(void **state)
{
	static const char body[] = "{\"requests\":[{}]*}";
	size_t room = TROTH_API_BATCH_BODY_MAX - (sizeof(body) - 2);
	char *fits = filled(body, ' ', room), *longer = filled(body, ' ', room + 1);

	(void)state;
	assert_int_equal(strlen(fits), TROTH_API_BATCH_BODY_MAX);
	post(200, "/v1/batch", importer, fits, NULL, NULL);
	post(413, "/v1/batch", importer, longer, NULL, NULL);
	free(fits);
	free(longer);
}

/* Who sends on hears why it was refused; beyond 16 MiB that is said before it comes. */
static void a_body_of_16_mib_is_read_away_and_one_that_is_longer_is_not(void **state)
{
	char head[512], *body = filled("*", ' ', (size_t)16 << 20);
	int fd = http_connect(api_kit_port(kit));
	size_t len = (size_t)snprintf(head, sizeof(head),
				      "POST /v1/orders HTTP/1.1\r\nHost: t\r\n"
				      "Authorization: Bearer %s\r\n"
				      "Content-Length: %zu\r\n\r\n",
				      agent, ((size_t)16 << 20) + 1);
	struct http_reply r;

	(void)state;
	post(413, "/v1/orders", agent, body, NULL, NULL);
	assert_true(http_send(fd, head, len));
	http_read(fd, &r);
	assert_int_equal(r.status, 413);
	http_reply_free(&r);
	(void)close(fd);
	free(body);
}

/* Where the promises of a case are made, which is opened for that. */
static void promises_of_a_new_case(char *path, size_t size)
{
	struct http_reply r;

	assert_int_equal(api_call(kit, "POST", "/v1/cases", agent, NULL,
				  "{\"customer\":\"c\",\"reason\":\"r\"}", &r),
			 201);
	(void)snprintf(path, size, "/v1/cases/%s/promises",
		       json_string_value(json_object_get(r.json, "id")));
	http_reply_free(&r);
}

static void a_promise_may_have_16_commitments_and_not_one_more(void **state)
{
	char body[4096], path[96];

	(void)state;
	promises_of_a_new_case(path, sizeof(path));
	for (unsigned n = 16; n <= 17; n++) {
		size_t len = (size_t)snprintf(
			body, sizeof(body),
			"{\"kind\":\"callback\",\"due\":\"2026-11-20T10:00:00Z\","
			"\"reason\":\"r\",\"commitments\":[");

		for (unsigned i = 0; i < n; i++)
			len += (size_t)snprintf(body + len, sizeof(body) - len,
						"%s{\"debtor\":\"brand\",\"action\":"
						"\"call_back\"}",
						i > 0 ? "," : "");
		(void)snprintf(body + len, sizeof(body) - len, "]}");
		if (n == 16)
			post(201, path, agent, body, NULL, NULL);
		else
			post(422, path, agent, body, "commitments",
			     "has too many elements");
	}
}

/* In seconds from now, and from when it is fulfilled. */
static void what_is_owed_is_not_due_before_it_is_asked_for(void **state)
{
	static const struct {
		int status;
		const char *member, *field;
	} rows[] = {
		{ 201, "\"ack_within_s\":0", NULL },
		{ 422, "\"ack_within_s\":-1", "commitments.ack_due" },
		{ 422, "\"ack_within_s\":-9", "commitments.ack_due" },
		{ 201, "\"acceptance_s\":0", NULL },
		{ 422, "\"acceptance_s\":-1", "commitments.acceptance_s" },
		{ 201, "\"acceptance_s\":31536000", NULL },
		{ 422, "\"acceptance_s\":31536001", "commitments.acceptance_s" },
	};
	char body[256], path[96];

	(void)state;
	promises_of_a_new_case(path, sizeof(path));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(body, sizeof(body),
			       "{\"kind\":\"callback\",\"due\":\"2030-11-20T10:00:00Z\","
			       "\"reason\":\"r\",\"commitments\":[{\"debtor\":\"brand\","
			       "\"action\":\"call_back\",%s}]}",
			       rows[i].member);
		post(rows[i].status, path, agent, body, rows[i].field, NULL);
	}
}

/* Cases, and not one order: a page looks at 1000 of them, and says where it ended. */
static void a_page_on_which_nothing_fits_leads_on_to_the_next(void **state)
{
	struct troth_buf b = TROTH_BUF_INIT;
	char next[256] = "/v1/orders?customer=many";
	unsigned pages = 0, found = 0;
	struct http_reply r;

	(void)state;
	troth_buf_put_str(&b, "{\"requests\":[");
	for (unsigned i = 0; i < 1000; i++)
		troth_buf_printf(&b,
				 "%s{\"method\":\"POST\",\"path\":\"/v1/cases\","
				 "\"idempotency_key\":\"m-%u\",\"body\":{\"customer\":"
				 "\"many\",\"reason\":\"r\"}}",
				 i > 0 ? "," : "", i);
	troth_buf_put(&b, "]}", 3);
	post(200, "/v1/batch", importer, (char *)b.data, NULL, NULL);
	post(201, "/v1/cases", agent, "{\"customer\":\"many\",\"reason\":\"r\"}", NULL,
	     NULL);
	troth_buf_fini(&b);
	while (next[0] != '\0') {
		const char *more;

		assert_int_equal(api_call(kit, "GET", next, agent, NULL, NULL, &r), 200);
		found += (unsigned)json_array_size(json_object_get(r.json, "items"));
		more = json_string_value(json_object_get(r.json, "next"));
		(void)snprintf(next, sizeof(next), "%s", more != NULL ? more : "");
		http_reply_free(&r);
		pages++;
	}
	assert_int_equal(found, 0);
	assert_int_equal(pages, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_text_may_be_as_long_as_the_document_says_and_not_longer),
		cmocka_unit_test(a_certificate_may_have_8191_bytes_and_not_one_more),
		cmocka_unit_test(for_a_certificate_nobody_is_asked_for_a_passphrase),
		cmocka_unit_test(a_batch_may_have_4_mib_and_not_one_byte_more),
		cmocka_unit_test(
			a_body_of_16_mib_is_read_away_and_one_that_is_longer_is_not),
		cmocka_unit_test(a_promise_may_have_16_commitments_and_not_one_more),
		cmocka_unit_test(what_is_owed_is_not_due_before_it_is_asked_for),
		cmocka_unit_test(a_page_on_which_nothing_fits_leads_on_to_the_next),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
