/*
 * Who is believed, for what and when: troth_trust_* over real files. The
 * certificates come from `troth certs quick` and from tests/support/mint_bad.sh;
 * both programs' paths are compiled in.
 */
#include "troth/crypto/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DOMAIN "fed.brand.example"

static char top[64];

static void shell(const char *fmt, ...) TROTH_PRINTF(1, 2);

static void shell(const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	assert_true(len > 0 && (size_t)len < sizeof(line));
	if (system(line) != 0)
		fail_msg("failed: %s", line);
}

static int make_federation(void **state)
{
	(void)state;
	strcpy(top, "/tmp/troth-test-XXXXXX");
	assert_non_null(mkdtemp(top));
	shell("%s certs quick %s --domain " DOMAIN " central gw/acme/manila",
	      TROTH_PROGRAM, top);
	return 0;
}

static int remove_federation(void **state)
{
	(void)state;
	shell("rm -rf %s", top);
	return 0;
}

static struct troth_time now(void)
{
	return (struct troth_time){ (int64_t)time(NULL) * 1000 };
}

static const char *in_top(const char *name)
{
	static char paths[4][256];
	static int at;

	at = (at + 1) % 4;
	snprintf(paths[at], sizeof(paths[at]), "%s/%s", top, name);
	return paths[at];
}

static struct troth_trust *open_trust(const char *dir)
{
	struct troth_trust *t = NULL;
	struct troth_why why = { "" };

	if (troth_trust_open(&t, in_top(dir), DOMAIN, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	return t;
}

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

/* `file` under the trust of the directory central; words NULL: it holds. */
static void judge(const char *file, enum troth_cert_use use, struct troth_time at,
		  const char *words)
{
	struct troth_trust *t = open_trust("central");
	struct troth_cert_facts facts = { .not_after = { 1 } };
	struct troth_why why = { "" };
	enum troth_err err = troth_trust_judge_file(t, in_top(file), use, at, &facts,
						    &why);

	if (words == NULL) {
		if (err != TROTH_OK)
			fail_msg("%s: %s", file, why.text);
	} else {
		if (err != TROTH_ERR_IDENTITY)
			fail_msg("%s: want \"%s\", got %s %s", file, words,
				 troth_err_name(err), why.text);
		assert_says(&why, words);
		assert_int_equal(facts.not_after.ms, 1);
	}
	troth_trust_close(t);
}

static void each_certificate_holds_for_its_own_uses_and_no_other(void **state)
{
	static const struct {
		const char *file;
		const char *words[3]; /* Server, client, sign; NULL: holds. */
	} rows[] = {
		{ "central/tls.pem", { NULL, NULL, "wrong extended key usage" } },
		{ "central/sign.pem",
		  { "wrong extended key usage", "wrong extended key usage", NULL } },
		{ "gw-acme-manila/tls.pem",
		  { "only central", NULL, "wrong extended key usage" } },
		{ "gw-acme-manila/sign.pem",
		  { "only central", "wrong extended key usage", NULL } },
		{ "central/issuing.pem", { "no URI", "no URI", "no URI" } },
	};
	static const enum troth_cert_use uses[] = { TROTH_CERT_SERVER, TROTH_CERT_CLIENT,
						    TROTH_CERT_SIGN };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		for (int u = 0; u < 3; u++)
			judge(rows[i].file, uses[u], now(), rows[i].words[u]);
	}
}

static void a_gateway_with_a_servers_usage_is_no_server(void **state)
{
	(void)state;
	shell("%s server-eku %s/ca gw/acme/manila %s/bad", TROTH_MINT_BAD, top, top);
	judge("bad/tls.pem", TROTH_CERT_SERVER, now(), "only central");
	judge("bad/tls.pem", TROTH_CERT_CLIENT, now(), "wrong extended key usage");
}

static void an_impostors_central_is_refused(void **state)
{
	static const char *const kinds[][2] = {
		{ "other-ca", "unable to get local issuer certificate" },
		{ "expired", "certificate has expired" },
		{ "two-uris", "more than one URI" },
		{ "other-domain", "trust domain other.example" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(kinds); i++) {
		shell("%s %s %s/ca central %s/bad", TROTH_MINT_BAD, kinds[i][0], top,
		      top);
		judge("bad/tls.pem", TROTH_CERT_SERVER, now(), kinds[i][1]);
		judge("bad/sign.pem", TROTH_CERT_SIGN, now(), kinds[i][1]);
	}
}

static void validity_counts_to_the_second(void **state)
{
	struct troth_trust *t = open_trust("central");
	struct troth_cert_facts f;
	struct troth_time ends;

	(void)state;
	assert_int_equal(troth_trust_judge_file(t, in_top("gw-acme-manila/tls.pem"),
						TROTH_CERT_CLIENT, now(), &f, NULL),
			 TROTH_OK);
	judge("gw-acme-manila/tls.pem", TROTH_CERT_CLIENT, f.not_before, NULL);
	judge("gw-acme-manila/tls.pem", TROTH_CERT_CLIENT,
	      (struct troth_time){ f.not_before.ms - 1000 }, "not yet valid");
	ends = troth_trust_lists_end(t);
	assert_true(ends.ms > now().ms && ends.ms < f.not_after.ms);
	judge("gw-acme-manila/tls.pem", TROTH_CERT_CLIENT,
	      (struct troth_time){ ends.ms - 1000 }, NULL);
	judge("gw-acme-manila/tls.pem", TROTH_CERT_CLIENT,
	      (struct troth_time){ ends.ms + 1000 }, "CRL has expired");
	troth_trust_close(t);
}

static void the_facts_are_those_of_the_key_and_the_certificate(void **state)
{
	struct troth_trust *t = open_trust("gw-acme-manila");
	struct troth_sign_key *key = NULL;
	struct troth_credential c;
	struct troth_cert_facts f;
	uint8_t public_key[TROTH_PUBLIC_KEY_LEN];

	(void)state;
	assert_int_equal(
		troth_credential_load(&c, in_top("gw-acme-manila"), "sign", NULL),
		TROTH_OK);
	assert_int_equal(
		troth_trust_judge(t, c.cert, c.chain, TROTH_CERT_SIGN, now(), &f, NULL),
		TROTH_OK);
	assert_int_equal(
		troth_sign_key_load(&key, in_top("gw-acme-manila/sign.key"), NULL),
		TROTH_OK);
	troth_sign_key_public(key, public_key);
	assert_memory_equal(f.public_key, public_key, sizeof(public_key));
	assert_string_equal(f.identity.party, "acme");
	assert_string_equal(f.identity.site, "manila");
	assert_string_equal(f.identity.trust_domain, troth_trust_domain(t));
	assert_int_equal((f.not_after.ms - f.not_before.ms) / 3600000, 397 * 24 + 1);

	/* The fingerprint is what `openssl pkey -pubout -outform DER | sha256` says. */
	struct troth_digest want;
	uint8_t spki[44];
	assert_true(troth_unhex(spki, 12, "302a300506032b6570032100"));
	memcpy(spki + 12, public_key, sizeof(public_key));
	struct troth_span s = troth_span(spki, sizeof(spki));
	troth_sha256(&want, &s, 1);
	assert_true(troth_digest_eq(&f.key_id, &want));
	troth_sign_key_free(key);
	troth_credential_fini(&c);
	troth_credential_fini(&c);
	troth_trust_close(t);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	struct troth_credential c = { .cert = (void *)1 };
	struct troth_why why = { "" };

	(void)state;
	shell("%s wrong-key %s/ca gw/acme/manila %s/bad", TROTH_MINT_BAD, top, top);
	assert_int_equal(troth_credential_load(&c, in_top("bad"), "tls", &why),
			 TROTH_ERR_IDENTITY);
	assert_says(&why, "tls.key does not belong to");
	assert_null(c.cert);
	assert_null(c.chain);
	assert_null(c.key);
	assert_int_equal(troth_credential_load(&c, in_top("none"), "tls", &why),
			 TROTH_ERR_NOTFOUND);
	assert_says(&why, "none/tls.pem");
	troth_credential_fini(&c);
}

static void refuse_trust(enum troth_err want, const char *words)
{
	struct troth_trust *t = (void *)1;
	struct troth_why why = { "" };

	assert_int_equal(troth_trust_open(&t, in_top("t"), DOMAIN, &why), want);
	assert_null(t);
	assert_says(&why, words);
}

/* Makes the directory t anew: the trust of central, then `change` done in it. */
static void change_trust(const char *change)
{
	shell("cd %s && rm -rf t && mkdir t && "
	      "cp central/root.pem central/issuing.pem central/crl.pem t && "
	      "chmod 0600 t/* && cd t && %s",
	      top, change);
}

static void a_trust_with_a_bad_file_is_refused_by_its_name(void **state)
{
	struct troth_trust *t = (void *)1;
	struct troth_why why;

	(void)state;
	change_trust("rm root.pem");
	refuse_trust(TROTH_ERR_NOTFOUND, "t/root.pem: No such file");
	change_trust("rm crl.pem");
	refuse_trust(TROTH_ERR_NOTFOUND, "t/crl.pem: No such file");
	change_trust(": > issuing.pem");
	refuse_trust(TROTH_ERR_INPUT, "t/issuing.pem: holds no certificate");
	change_trust("cp root.pem crl.pem");
	refuse_trust(TROTH_ERR_INPUT, "t/crl.pem: holds no revocation list");
	change_trust("head -n -2 ../ca/crl.pem > crl.pem");
	refuse_trust(TROTH_ERR_INPUT, "t/crl.pem: revocation list 2 does not parse");
	change_trust("sed -i '3s/./!/' root.pem");
	refuse_trust(TROTH_ERR_INPUT, "t/root.pem: certificate 1 does not parse");
	assert_int_equal(troth_trust_open(&t, in_top("central"), "Not.A.Domain", &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "trust domain");
	troth_trust_close(NULL);
}

static void a_trust_file_may_hold_as_much_as_the_limits_and_no_more(void **state)
{
	struct troth_trust *t = NULL;
	char change[128];

	(void)state;
	for (int over = 0; over < 2; over++) {
		snprintf(
			change, sizeof(change),
			"for i in $(seq %d); do cat issuing.pem; done > x && mv x issuing.pem",
			TROTH_TRUST_BLOCKS_MAX + over);
		change_trust(change);
		if (over == 0) {
			t = open_trust("t");
			troth_trust_close(t);
		}
	}
	refuse_trust(TROTH_ERR_LIMIT, "t/issuing.pem: more than 32 certificates");
	snprintf(change, sizeof(change),
		 "for i in $(seq %d); do cat ../ca/root/root.crl; done > crl.pem",
		 TROTH_TRUST_BLOCKS_MAX + 1);
	change_trust(change);
	refuse_trust(TROTH_ERR_LIMIT, "t/crl.pem: more than 32 revocation lists");
	snprintf(change, sizeof(change), "truncate -s %d root.pem", TROTH_PEM_MAX + 1);
	change_trust(change);
	refuse_trust(TROTH_ERR_LIMIT, "t/root.pem: larger than");
}

static void without_the_issuing_cas_list_nobody_is_believed(void **state)
{
	struct troth_trust *t;
	struct troth_why why = { "" };

	(void)state;
	change_trust("cp ../ca/root/root.crl crl.pem");
	t = open_trust("t");
	assert_int_equal(troth_trust_judge_file(t, in_top("central/tls.pem"),
						TROTH_CERT_SERVER, now(), NULL, &why),
			 TROTH_ERR_IDENTITY);
	assert_says(&why, "unable to get certificate CRL");
	troth_trust_close(t);
}

/* While a root is replaced, root.pem holds both and both are believed. */
static void two_roots_are_believed_side_by_side(void **state)
{
	struct troth_trust *t;

	(void)state;
	shell("rm -rf %s/second && %s certs quick %s/second --domain " DOMAIN " central",
	      top, TROTH_PROGRAM, top);
	judge("second/central/tls.pem", TROTH_CERT_SERVER, now(), "issuer");
	change_trust("for f in root issuing crl; do "
		     "cat ../second/central/$f.pem >> $f.pem; done");
	t = open_trust("t");
	assert_int_equal(troth_trust_judge_file(t, in_top("central/tls.pem"),
						TROTH_CERT_SERVER, now(), NULL, NULL),
			 TROTH_OK);
	assert_int_equal(troth_trust_judge_file(t, in_top("second/central/tls.pem"),
						TROTH_CERT_SERVER, now(), NULL, NULL),
			 TROTH_OK);
	troth_trust_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_certificate_holds_for_its_own_uses_and_no_other),
		cmocka_unit_test(a_gateway_with_a_servers_usage_is_no_server),
		cmocka_unit_test(an_impostors_central_is_refused),
		cmocka_unit_test(validity_counts_to_the_second),
		cmocka_unit_test(the_facts_are_those_of_the_key_and_the_certificate),
		cmocka_unit_test(a_key_of_another_certificate_is_refused),
		cmocka_unit_test(a_trust_with_a_bad_file_is_refused_by_its_name),
		cmocka_unit_test(a_trust_file_may_hold_as_much_as_the_limits_and_no_more),
		cmocka_unit_test(without_the_issuing_cas_list_nobody_is_believed),
		cmocka_unit_test(two_roots_are_believed_side_by_side),
	};

	return cmocka_run_group_tests(tests, make_federation, remove_federation);
}
