#include "troth/node/self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DOMAIN "fed.brand.example"

static char top[] = "/tmp/troth-self-XXXXXX";

static int sh(const char *fmt, ...) TROTH_PRINTF(1, 2);

static int sh(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static int make_federation(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL || setenv("TOP", top, 1) != 0)
		return 1;
	return sh(TROTH_SOURCE_DIR "/certs/pki.sh quick %s/pki " DOMAIN
				   " central gw/acme/s1 gw/acme/s2",
		  top);
}

static int remove_federation(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

static struct troth_time now(void)
{
	return (struct troth_time){ (int64_t)time(NULL) * 1000 };
}

static enum troth_err load(struct troth_self *self, const char *name,
			   enum troth_identity_kind kind, struct troth_time at,
			   struct troth_why *why)
{
	char dir[128];

	(void)snprintf(dir, sizeof(dir), "%s/%s", top, name);
	why->text[0] = '\0';
	return troth_self_load(self, dir, DOMAIN, kind, at, why);
}

static void good_certificates_say_who_the_node_is(void **state)
{
	uint8_t public_key[TROTH_PUBLIC_KEY_LEN];
	struct troth_self self;
	struct troth_why why;

	(void)state;
	assert_int_equal(
		load(&self, "pki/gw-acme-s1", TROTH_IDENTITY_GATEWAY, now(), &why),
		TROTH_OK);
	assert_string_equal(self.origin, "spiffe://" DOMAIN "/gw/acme/s1");
	assert_string_equal(self.identity.party, "acme");
	assert_string_equal(self.identity.site, "s1");
	assert_true(self.tls_end.ms > now().ms && self.sign_end.ms > self.tls_end.ms);
	assert_true(self.lists_end.ms > now().ms);
	troth_sign_key_public(self.key, public_key);
	troth_self_fini(&self);
	assert_int_equal(load(&self, "pki/central", TROTH_IDENTITY_CENTRAL, now(), &why),
			 TROTH_OK);
	assert_string_equal(self.origin, "spiffe://" DOMAIN "/central");
	troth_self_fini(&self);
	troth_self_fini(&self);
}

static void assert_refused(const char *name, enum troth_identity_kind kind,
			   struct troth_time at, const char *file, const char *words)
{
	struct troth_self self, zero = { 0 };
	struct troth_why why;

	assert_int_not_equal(load(&self, name, kind, at, &why), TROTH_OK);
	assert_memory_equal(&self, &zero, sizeof(self));
	print_message("  %s\n", why.text);
	assert_non_null(strstr(why.text, file));
	assert_non_null(strstr(why.text, words));
}

static void each_bad_kind_is_refused_naming_the_file(void **state)
{
	static const struct {
		const char *kind, *file, *words;
	} rows[] = {
		{ "expired", "tls.pem", "expired" },
		{ "early", "tls.pem", "not yet valid" },
		{ "two-uris", "tls.pem", "URI" },
		{ "no-uri", "tls.pem", "URI" },
		{ "other-ca", "tls.pem", "issuer" },
		{ "other-domain", "tls.pem", "other.example" },
		{ "revoked", "tls.pem", "revoked" },
		{ "stale-crl", "crl.pem", "ended" },
		{ "no-crl", "tls.pem", "CRL" },
		{ "server-eku", "tls.pem", "key usage" },
		{ "wrong-key", "tls.key", "does not belong" },
		{ "p256-sign", "sign.pem", "Ed25519" },
	};
	char name[64];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		(void)snprintf(name, sizeof(name), "bad-%s", rows[i].kind);
		assert_int_equal(sh(TROTH_SOURCE_DIR "/tests/support/mint_bad.sh %s "
						     "$TOP/pki/ca gw/acme/s1 $TOP/bad-%s",
				    rows[i].kind, rows[i].kind),
				 0);
		assert_refused(name, TROTH_IDENTITY_GATEWAY, now(), rows[i].file,
			       rows[i].words);
	}
}

static void the_other_kind_of_node_is_refused_in_so_many_words(void **state)
{
	(void)state;
	assert_refused("pki/central", TROTH_IDENTITY_GATEWAY, now(), "tls.pem",
		       "is the certificate of central, but this program is a gateway");
	assert_refused("pki/gw-acme-s1", TROTH_IDENTITY_CENTRAL, now(), "tls.pem",
		       "is the certificate of a gateway, but this program is central");
}

static void certificates_of_two_nodes_in_one_directory_are_refused(void **state)
{
	(void)state;
	assert_int_equal(sh("cp -r %s/pki/gw-acme-s1 %s/mixed && "
			    "cp $TOP/pki/gw-acme-s2/sign.* $TOP/mixed",
			    top, top),
			 0);
	assert_refused("mixed", TROTH_IDENTITY_GATEWAY, now(), "mixed",
		       "different nodes");
}

static void missing_and_unreadable_files_are_named(void **state)
{
	static const char *const files[] = { "root.pem", "issuing.pem", "crl.pem",
					     "tls.pem",  "tls.key",     "sign.pem",
					     "sign.key" };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(files); i++) {
		assert_int_equal(sh("rm -rf %s/less && cp -r %s/pki/gw-acme-s1 $TOP/less",
				    top, top),
				 0);
		assert_int_equal(sh("rm -f %s/less/%s", top, files[i]), 0);
		assert_refused("less", TROTH_IDENTITY_GATEWAY, now(), files[i],
			       "No such file");
	}
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	static const char *const files[] = { "tls.key", "sign.key" };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(files); i++) {
		assert_int_equal(sh("rm -rf %s/open && cp -r %s/pki/gw-acme-s1 $TOP/open",
				    top, top),
				 0);
		assert_int_equal(sh("chmod 0440 %s/open/%s", top, files[i]), 0);
		assert_refused("open", TROTH_IDENTITY_GATEWAY, now(), files[i],
			       "mode 0440");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_certificates_say_who_the_node_is),
		cmocka_unit_test(each_bad_kind_is_refused_naming_the_file),
		cmocka_unit_test(the_other_kind_of_node_is_refused_in_so_many_words),
		cmocka_unit_test(certificates_of_two_nodes_in_one_directory_are_refused),
		cmocka_unit_test(missing_and_unreadable_files_are_named),
		cmocka_unit_test(a_key_that_others_can_read_is_refused),
	};

	return cmocka_run_group_tests(tests, make_federation, remove_federation);
}
