/*
 * The API over TLS: 1.3 only, and with a CA for clients, nobody without its mark.
 */
#include "api_kit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	X509 *cert;
	EVP_PKEY *key;
	char cert_file[SCRATCH_MAX], key_file[SCRATCH_MAX];
};

static char dir[SCRATCH_MAX];
static struct pair own, next, stranger; /* Each its own CA. */

static void make_pair(struct pair *p, const char *name)
{
	X509_NAME *subject;
	char file[64];
	FILE *f;

	p->key = EVP_EC_gen("P-256");
	p->cert = X509_new();
	assert_true(p->key != NULL && p->cert != NULL);
	assert_int_equal(X509_set_version(p->cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(p->cert), 1), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(p->cert), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(p->cert), 3600);
	assert_int_equal(X509_set_pubkey(p->cert, p->key), 1);
	subject = X509_get_subject_name(p->cert);
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
						    (const unsigned char *)name, -1, -1,
						    0),
			 1);
	assert_int_equal(X509_set_issuer_name(p->cert, subject), 1);
	assert_true(X509_sign(p->cert, p->key, EVP_sha256()) > 0);
	(void)snprintf(file, sizeof(file), "%s.crt", name);
	scratch_path(p->cert_file, dir, file);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	scratch_path(p->key_file, dir, file);
	f = fopen(p->cert_file, "w");
	assert_true(f != NULL && PEM_write_X509(f, p->cert) == 1);
	(void)fclose(f);
	f = fopen(p->key_file, "w");
	assert_true(f != NULL &&
		    PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL) == 1);
	(void)fclose(f);
}

static int start(void **state)
{
	(void)state;
	scratch_make(dir);
	make_pair(&own, "own");
	make_pair(&next, "next");
	make_pair(&stranger, "stranger");
	return 0;
}

static void free_pair(struct pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

static int stop(void **state)
{
	(void)state;
	free_pair(&own);
	free_pair(&next);
	free_pair(&stranger);
	scratch_remove(dir);
	return 0;
}

/*
 * The status of GET /healthz over TLS up to `version`, believing `server` alone; 0: no
 * answer.
 */
static int ask_of(struct api_kit *k, int version, const struct pair *server,
		  const struct pair *client)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int fd = http_connect(api_kit_port(k)), status = 0, n = 0;
	char reply[2048] = "";
	SSL *ssl;

	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), server->cert),
			 1);
	if (client != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, client->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, client->key), 1);
	}
	ssl = SSL_new(ctx);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof(request) - 1) > 0)
		n = SSL_read(ssl, reply, sizeof(reply) - 1);
	if (n > 9)
		status = (int)strtol(reply + 9, NULL, 10);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return status;
}

static int ask(struct api_kit *k, int version, const struct pair *client)
{
	return ask_of(k, version, &own, client);
}

static void over_tls_1_3_it_answers_and_over_less_it_does_not(void **state)
{
	struct troth_api_config c = { .cert_file = own.cert_file,
				      .key_file = own.key_file };
	struct api_kit *k = api_kit_start(&c);
	struct http_reply r;

	(void)state;
	assert_int_equal(ask(k, TLS1_3_VERSION, NULL), 200);
	assert_int_equal(ask(k, TLS1_2_VERSION, NULL), 0);
	/* Plain HTTP to the same port gets nothing. */
	assert_int_equal(api_call(k, "GET", "/healthz", NULL, NULL, NULL, &r), 0);
	http_reply_free(&r);
	assert_int_equal(ask(k, TLS1_3_VERSION, NULL), 200);
	api_kit_stop(k);
}

static void with_a_client_ca_only_its_clients_are_answered(void **state)
{
	struct troth_api_config c = { .cert_file = own.cert_file,
				      .key_file = own.key_file,
				      .client_ca_file = own.cert_file };
	struct api_kit *k = api_kit_start(&c);

	(void)state;
	assert_int_equal(ask(k, TLS1_3_VERSION, &own), 200);
	assert_int_equal(ask(k, TLS1_3_VERSION, NULL), 0);
	assert_int_equal(ask(k, TLS1_3_VERSION, &stranger), 0);
	assert_int_equal(ask(k, TLS1_3_VERSION, &own), 200);
	api_kit_stop(k);
}

static void a_certificate_that_cannot_be_used_is_named(void **state)
{
	struct troth_engine engine = { .kind = TROTH_NODE_CENTRAL };
	struct troth_api_config c = { .engine = &engine,
				      .listen_count = 1,
				      .listen = { { "127.0.0.1", 0 } },
				      .cert_file = own.cert_file };
	struct troth_api *api;
	struct troth_why why;

	(void)state;
	assert_int_equal(troth_api_open(&api, &c, &why), TROTH_ERR_INPUT);
	assert_null(api);
}

static void copy(const char *from, const char *to)
{
	char bytes[8192];
	FILE *f = fopen(from, "re"), *out = fopen(to, "we");
	size_t len;

	assert_true(f != NULL && out != NULL);
	len = fread(bytes, 1, sizeof(bytes), f);
	assert_true(len > 0 && len < sizeof(bytes));
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	(void)fclose(f);
	assert_int_equal(fclose(out), 0);
}

static void a_renewed_certificate_is_taken_while_it_runs(void **state)
{
	char cert[SCRATCH_MAX], key[SCRATCH_MAX];
	struct troth_api_config c = { .cert_file = cert, .key_file = key };
	struct troth_why why = { "" };
	struct api_kit *k;

	(void)state;
	scratch_path(cert, dir, "api.crt");
	scratch_path(key, dir, "api.key");
	copy(own.cert_file, cert);
	copy(own.key_file, key);
	k = api_kit_start(&c);
	assert_int_equal(ask_of(k, TLS1_3_VERSION, &own, NULL), 200);
	copy(next.cert_file, cert); /* Whose key has not come yet. */
	assert_int_equal(troth_api_reload(api_kit_api(k), &why), TROTH_ERR_INPUT);
	assert_non_null(strstr(why.text, cert));
	assert_non_null(strstr(why.text, key));
	assert_int_equal(ask_of(k, TLS1_3_VERSION, &own, NULL), 200);
	copy(next.key_file, key);
	for (unsigned i = 0; i < 2; i++) { /* The second for what the first left. */
		assert_int_equal(troth_api_reload(api_kit_api(k), &why), TROTH_OK);
		assert_int_equal(ask_of(k, TLS1_3_VERSION, &next, NULL), 200);
		assert_int_equal(ask_of(k, TLS1_3_VERSION, &own, NULL), 0);
	}
	assert_int_equal(unlink(cert), 0);
	assert_int_equal(troth_api_reload(api_kit_api(k), &why), TROTH_ERR_INPUT);
	assert_int_equal(ask_of(k, TLS1_3_VERSION, &next, NULL), 200);
	api_kit_stop(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_tls_1_3_it_answers_and_over_less_it_does_not),
		cmocka_unit_test(with_a_client_ca_only_its_clients_are_answered),
		cmocka_unit_test(a_renewed_certificate_is_taken_while_it_runs),
		cmocka_unit_test(a_certificate_that_cannot_be_used_is_named),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
