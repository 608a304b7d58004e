#include "troth/crypto/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define N31 "abcdefghijklmnopqrstuvwxyz01234"
#define N32 N31 "5"
#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

static void both_forms_are_read_and_written_back_as_they_were(void **state)
{
	static const char *const good[] = {
		"spiffe://fed.brand.example/central",
		"spiffe://fed.brand.example/gw/acme/manila",
		"spiffe://d/gw/a/b",
		"spiffe://1-2.x/gw/Acme_BPO.2/shenzhen-1",
		"spiffe://d/gw/" N32 "/" N32,
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(good); i++) {
		struct troth_identity id;
		char text[TROTH_IDENTITY_TEXT];

		assert_int_equal(troth_identity_parse(&id, troth_span_str(good[i]), NULL),
				 TROTH_OK);
		troth_identity_format(text, &id);
		assert_string_equal(text, good[i]);
	}
}

static void the_parts_are_told_apart(void **state)
{
	struct troth_identity gw, central;

	(void)state;
	assert_int_equal(
		troth_identity_parse(&gw, troth_span_str("spiffe://d.e/gw/acme/manila"),
				     NULL),
		TROTH_OK);
	assert_int_equal(gw.kind, TROTH_IDENTITY_GATEWAY);
	assert_string_equal(gw.trust_domain, "d.e");
	assert_string_equal(gw.party, "acme");
	assert_string_equal(gw.site, "manila");
	assert_int_equal(troth_identity_parse(
				 &central, troth_span_str("spiffe://d.e/central"), NULL),
			 TROTH_OK);
	assert_int_equal(central.kind, TROTH_IDENTITY_CENTRAL);
	assert_string_equal(central.party, "");
	assert_false(troth_identity_eq(&gw, &central));
	assert_true(troth_identity_eq(&gw, &gw));

	struct troth_identity other = gw;
	strcpy(other.site, "cebu");
	assert_false(troth_identity_eq(&gw, &other));
}

static void everything_else_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "does not begin with spiffe://" },
		{ "https://d/central", "does not begin with spiffe://" },
		{ "SPIFFE://d/central", "does not begin with spiffe://" },
		{ "spiffe:/d/central", "does not begin with spiffe://" },
		{ "spiffe:///central", "trust domain" },
		{ "spiffe://D/central", "trust domain" },
		{ "spiffe://d:443/central", "trust domain" },
		{ "spiffe://u@d/central", "trust domain" },
		{ "spiffe://d./central", "trust domain" },
		{ "spiffe://.d/central", "trust domain" },
		{ "spiffe://a..b/central", "trust domain" },
		{ "spiffe://-a/central", "trust domain" },
		{ "spiffe://a-/central", "trust domain" },
		{ "spiffe://a_b/central", "trust domain" },
		{ "spiffe://" L60 "aaaa/central", "trust domain" },
		{ "spiffe://d", "neither /central nor" },
		{ "spiffe://d/", "neither /central nor" },
		{ "spiffe://d/Central", "neither /central nor" },
		{ "spiffe://d/central/", "neither /central nor" },
		{ "spiffe://d/central?x", "neither /central nor" },
		{ "spiffe://d/gw", "neither /central nor" },
		{ "spiffe://d/gateway/a/b", "neither /central nor" },
		{ "spiffe://d/gw/", "the party is not a name" },
		{ "spiffe://d/gw//b", "the party is not a name" },
		{ "spiffe://d/gw/../b", "the party is not a name" },
		{ "spiffe://d/gw/a%62/b", "the party is not a name" },
		{ "spiffe://d/gw/" N32 "6/b", "the party is not a name" },
		{ "spiffe://d/gw/a", "no site" },
		{ "spiffe://d/gw/a/", "the site is not a name" },
		{ "spiffe://d/gw/a/.", "the site is not a name" },
		{ "spiffe://d/gw/a/b#c", "the site is not a name" },
		{ "spiffe://d/gw/a/" N32 "6", "the site is not a name" },
		{ "spiffe://d/gw/a/b/", "more after the site" },
		{ "spiffe://d/gw/a/b/c", "more after the site" },
		{ "spiffe://d/gw/a/b\n", "not text" },
		{ "spiffe://d/gw/a/\xff", "not text" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		struct troth_identity id = { .party = "before" };
		struct troth_why why = { "" };

		if (troth_identity_parse(&id, troth_span_str(bad[i].text), &why) !=
		    TROTH_ERR_INPUT)
			fail_msg("\"%s\" was let through", bad[i].text);
		assert_says(&why, bad[i].why);
		assert_string_equal(id.party, "before");
	}
}

static void a_nul_inside_is_refused(void **state)
{
	static const char text[] = "spiffe://d/central\0.evil";
	struct troth_identity id;

	(void)state;
	assert_int_equal(
		troth_identity_parse(&id, troth_span(text, sizeof(text) - 1), NULL),
		TROTH_ERR_INPUT);
}

/* A trust domain of `len` bytes in labels of at most 60. */
static void make_domain(char *out, size_t len)
{
	memset(out, 'a', len);
	for (size_t i = 60; i + 1 < len; i += 61)
		out[i] = '.';
	out[len] = '\0';
}

static void an_id_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	char domain[TROTH_TRUST_DOMAIN_MAX + 2];
	char text[256], back[TROTH_IDENTITY_TEXT];
	struct troth_identity id;
	struct troth_why why;

	(void)state;
	make_domain(domain, TROTH_TRUST_DOMAIN_MAX);
	assert_true(troth_identity_domain_ok(domain));
	snprintf(text, sizeof(text), "spiffe://%s/gw/" N32 "/" N32, domain);
	assert_int_equal(strlen(text), TROTH_IDENTITY_MAX);
	assert_int_equal(troth_identity_parse(&id, troth_span_str(text), NULL), TROTH_OK);
	troth_identity_format(back, &id);
	assert_string_equal(back, text);

	make_domain(domain, TROTH_TRUST_DOMAIN_MAX + 1);
	assert_false(troth_identity_domain_ok(domain));
	snprintf(text, sizeof(text), "spiffe://%s/central", domain);
	assert_int_equal(troth_identity_parse(&id, troth_span_str(text), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "trust domain");
	snprintf(text, sizeof(text), "spiffe://%s/gw/" N32 "/" N32, domain);
	assert_int_equal(troth_identity_parse(&id, troth_span_str(text), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "identity of 201 bytes");
}

/* A certificate (unsigned: nobody asks here) with these subject alternative names. */
static X509 *cert_with(const char *first, const char *second_list)
{
	X509 *cert = X509_new();
	const char *lists[] = { first, second_list };

	assert_non_null(cert);
	for (int i = 0; i < 2; i++) {
		if (lists[i] == NULL)
			continue;

		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
							lists[i]);
		assert_non_null(e);
		assert_int_equal(X509_add_ext(cert, e, -1), 1);
		X509_EXTENSION_free(e);
	}
	return cert;
}

static void a_certificate_is_whom_its_only_uri_says(void **state)
{
	static const struct {
		const char *names, *second_list, *why; /* why NULL: it is good. */
	} cases[] = {
		{ "URI:spiffe://d.e/gw/acme/manila", NULL, NULL },
		{ "DNS:hub.d.e,URI:spiffe://d.e/gw/acme/manila", NULL, NULL },
		{ NULL, NULL, "names no URI" },
		{ "DNS:d.e", NULL, "names no URI" },
		{ "URI:spiffe://d.e/gw/acme/manila,URI:spiffe://d.e/central", NULL,
		  "more than one URI" },
		{ "URI:spiffe://d.e/gw/acme/manila,URI:spiffe://d.e/gw/acme/manila", NULL,
		  "more than one URI" },
		{ "URI:spiffe://d.e/gw/acme/manila", "URI:spiffe://d.e/central",
		  "more than one list" },
		{ "URI:spiffe://other.e/gw/acme/manila", NULL,
		  "of trust domain other.e, not d.e" },
		{ "URI:spiffe://sub.d.e/gw/acme/manila", NULL,
		  "of trust domain sub.d.e, not d.e" },
		{ "URI:https://d.e/gw/acme/manila", NULL, "does not begin" },
		{ "URI:spiffe://d.e/gw/acme", NULL, "no site" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		X509 *cert = cert_with(cases[i].names, cases[i].second_list);
		struct troth_identity id = { .party = "before" };
		struct troth_why why = { "" };
		enum troth_err err = troth_identity_of_cert(&id, cert, "d.e", &why);

		if (cases[i].why == NULL) {
			assert_int_equal(err, TROTH_OK);
			assert_string_equal(id.party, "acme");
			assert_string_equal(id.site, "manila");
		} else {
			assert_int_equal(err, TROTH_ERR_IDENTITY);
			assert_says(&why, cases[i].why);
			assert_string_equal(id.party, "before");
		}
		X509_free(cert);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_are_read_and_written_back_as_they_were),
		cmocka_unit_test(the_parts_are_told_apart),
		cmocka_unit_test(everything_else_is_refused_with_its_reason),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(an_id_may_be_as_long_as_the_limit_and_no_longer),
		cmocka_unit_test(a_certificate_is_whom_its_only_uri_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
