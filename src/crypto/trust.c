#include "troth/crypto/trust.h"

#include "pem.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct troth_trust {
	X509_STORE *store;
	struct troth_time lists_end;
	char domain[TROTH_TRUST_DOMAIN_MAX + 1];
};

static enum troth_err join(char out[PATH_MAX], const char *dir, const char *name,
			   const char *suffix, struct troth_why *why)
{
	int len = snprintf(out, PATH_MAX, "%s/%s%s", dir, name, suffix);

	if (len < 0 || len >= PATH_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "%s: the path is too long", dir);
	return TROTH_OK;
}

/* What the reading of PEM blocks ended with: the end of the file, or a bad block. */
static bool ended_well(void)
{
	unsigned long e = ERR_peek_last_error();
	bool well = ERR_GET_LIB(e) == ERR_LIB_PEM &&
		    ERR_GET_REASON(e) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return well;
}

static enum troth_err judge_count(const char *path, const char *what, int n, bool whole,
				  struct troth_why *why)
{
	if (n > TROTH_TRUST_BLOCKS_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "%s: more than %d %ss", path,
				  TROTH_TRUST_BLOCKS_MAX, what);
	if (!whole)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: %s %d does not parse", path,
				  what, n + 1);
	if (n == 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: holds no %s", path, what);
	return TROTH_OK;
}

/* All certificates of a file, at least one. On failure *out is NULL. */
static enum troth_err read_certs(STACK_OF(X509) * *out, const char *path,
				 struct troth_why *why)
{
	enum troth_err err = TROTH_OK;
	BIO *bio = troth_pem_open(path, false, &err, why);
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509 *cert = NULL;

	*out = NULL;
	if (bio == NULL)
		goto out;
	ERR_clear_error();
	while (sk_X509_num(certs) <= TROTH_TRUST_BLOCKS_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(certs, cert);
	err = judge_count(path, "certificate", sk_X509_num(certs),
			  cert != NULL || ended_well(), why);
	if (err != TROTH_OK)
		goto out;
	*out = certs;
	certs = NULL;
out:
	sk_X509_pop_free(certs, X509_free);
	BIO_free(bio);
	return err;
}

static struct troth_time instant(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return (struct troth_time){ 0 };
	return troth_time_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
				tm.tm_min, tm.tm_sec);
}

static enum troth_err add_certs(struct troth_trust *t, const char *dir, const char *name,
				struct troth_why *why)
{
	char path[PATH_MAX];
	STACK_OF(X509) *certs = NULL;
	enum troth_err err = join(path, dir, name, "", why);

	if (err == TROTH_OK)
		err = read_certs(&certs, path, why);
	for (int i = 0; err == TROTH_OK && i < sk_X509_num(certs); i++) {
		if (X509_STORE_add_cert(t->store, sk_X509_value(certs, i)) != 1)
			err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	}
	sk_X509_pop_free(certs, X509_free);
	return err;
}

static enum troth_err add_lists(struct troth_trust *t, const char *dir,
				struct troth_why *why)
{
	char path[PATH_MAX];
	enum troth_err err = join(path, dir, "crl.pem", "", why);
	BIO *bio = err == TROTH_OK ? troth_pem_open(path, false, &err, why) : NULL;
	X509_CRL *crl = NULL;
	int n = 0;

	if (bio == NULL)
		return err;
	ERR_clear_error();
	while (n <= TROTH_TRUST_BLOCKS_MAX &&
	       (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		struct troth_time end = instant(X509_CRL_get0_nextUpdate(crl));

		if (n == 0 || end.ms < t->lists_end.ms)
			t->lists_end = end;
		X509_STORE_add_crl(t->store, crl);
		X509_CRL_free(crl);
		n++;
	}
	err = judge_count(path, "revocation list", n, crl != NULL || ended_well(), why);
	BIO_free(bio);
	return err;
}

enum troth_err troth_trust_open(struct troth_trust **out, const char *dir,
				const char *trust_domain, struct troth_why *why)
{
	struct troth_trust *t = NULL;
	enum troth_err err = TROTH_OK;

	*out = NULL;
	if (!troth_identity_domain_ok(trust_domain))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "trust domain \"%.*s\": not a DNS name in lower case",
				  TROTH_TRUST_DOMAIN_MAX, trust_domain);
	t = calloc(1, sizeof(*t));
	if (t == NULL || (t->store = X509_STORE_new()) == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
		goto out;
	}
	memcpy(t->domain, trust_domain, strlen(trust_domain));
	X509_STORE_set_flags(t->store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
					       X509_V_FLAG_X509_STRICT);
	err = add_certs(t, dir, "root.pem", why);
	/* An issuing CA in the store is no anchor: a chain still has to end in a root. */
	if (err == TROTH_OK)
		err = add_certs(t, dir, "issuing.pem", why);
	if (err == TROTH_OK)
		err = add_lists(t, dir, why);
	if (err != TROTH_OK)
		goto out;
	*out = t;
	t = NULL;
out:
	troth_trust_close(t);
	return err;
}

void troth_trust_close(struct troth_trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->store);
	free(trust);
}

const char *troth_trust_domain(const struct troth_trust *trust)
{
	return trust->domain;
}

struct x509_store_st *troth_trust_store(const struct troth_trust *trust)
{
	return trust->store;
}

struct troth_time troth_trust_lists_end(const struct troth_trust *trust)
{
	return trust->lists_end;
}

/* Extended key usages as a set. */
enum {
	EKU_SERVER = 1,
	EKU_CLIENT = 2,
	EKU_SIGN = 4, /* documentSigning, RFC 9336. */
	EKU_CRITICAL = 8,
	EKU_OTHER = 16,
};

static unsigned eku_of(const X509 *cert)
{
	static const struct {
		const char *oid;
		unsigned bit;
	} known[] = {
		{ "1.3.6.1.5.5.7.3.1", EKU_SERVER },
		{ "1.3.6.1.5.5.7.3.2", EKU_CLIENT },
		{ "1.3.6.1.5.5.7.3.36", EKU_SIGN },
	};
	int critical = 0;
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical,
						      NULL);
	unsigned set = critical == 1 ? EKU_CRITICAL : 0;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
		char oid[64];
		unsigned bit = EKU_OTHER;

		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usages, i), 1);
		for (size_t k = 0; k < TROTH_LEN(known); k++) {
			if (strcmp(oid, known[k].oid) == 0)
				bit = known[k].bit;
		}
		set |= bit;
	}
	EXTENDED_KEY_USAGE_free(usages);
	return set;
}

static enum troth_err judge_usage(const X509 *cert, const struct troth_identity *id,
				  enum troth_cert_use use, struct troth_why *why)
{
	unsigned eku = eku_of(cert);
	unsigned tls = id->kind == TROTH_IDENTITY_CENTRAL ? EKU_SERVER | EKU_CLIENT
							  : EKU_CLIENT;
	const EVP_PKEY *key;

	switch (use) {
	case TROTH_CERT_SERVER:
		if (id->kind != TROTH_IDENTITY_CENTRAL)
			return troth_fail(why, TROTH_ERR_IDENTITY,
					  "certificate of a gateway (%s/%s) does not "
					  "make a server: only central is one",
					  id->party, id->site);
		/* fallthrough */
	case TROTH_CERT_CLIENT:
		if ((eku & ~(unsigned)EKU_CRITICAL) != tls)
			return troth_fail(why, TROTH_ERR_IDENTITY,
					  "certificate has the wrong extended key usage: "
					  "want exactly %s",
					  tls == EKU_CLIENT ? "clientAuth"
							    : "serverAuth, clientAuth");
		return TROTH_OK;
	case TROTH_CERT_SIGN:
		if (eku != (EKU_SIGN | EKU_CRITICAL))
			return troth_fail(why, TROTH_ERR_IDENTITY,
					  "certificate has the wrong extended key usage: "
					  "want exactly documentSigning, critical");
		key = X509_get0_pubkey(cert);
		if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519)
			return troth_fail(why, TROTH_ERR_IDENTITY,
					  "certificate's key is not Ed25519");
		return TROTH_OK;
	}
	return TROTH_OK;
}

/* Which certificate of the chain failed, in words for the operator. */
static enum troth_err broken_chain(X509_STORE_CTX *ctx, struct troth_why *why)
{
	char subject[128] = "";
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);

	if (at != NULL)
		X509_NAME_oneline(X509_get_subject_name(at), subject, sizeof(subject));
	return troth_fail(why, TROTH_ERR_IDENTITY, "%s (%s)",
			  X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
			  subject);
}

static enum troth_err judge_chain(const struct troth_trust *t, X509 *cert,
				  STACK_OF(X509) * untrusted, enum troth_cert_use use,
				  struct troth_time at, struct troth_why *why)
{
	static const int purposes[] = {
		[TROTH_CERT_SERVER] = X509_PURPOSE_SSL_SERVER,
		[TROTH_CERT_CLIENT] = X509_PURPOSE_SSL_CLIENT,
		[TROTH_CERT_SIGN] = 0, /* OpenSSL 3.0 has none; judge_usage knows it. */
	};
	enum troth_err err = TROTH_OK;
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (ctx == NULL || X509_STORE_CTX_init(ctx, t->store, cert, untrusted) != 1) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "certificate: no memory");
		goto out;
	}
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(at.ms / 1000));
	if (purposes[use] != 0)
		X509_STORE_CTX_set_purpose(ctx, purposes[use]);
	if (X509_verify_cert(ctx) != 1)
		err = broken_chain(ctx, why);
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

static void note_facts(struct troth_cert_facts *facts, const X509 *cert,
		       const struct troth_identity *id, enum troth_cert_use use)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	struct troth_span spki = troth_span(der, len > 0 ? (size_t)len : 0);
	size_t key_len = TROTH_PUBLIC_KEY_LEN;

	*facts = (struct troth_cert_facts){
		.identity = *id,
		.not_before = instant(X509_get0_notBefore(cert)),
		.not_after = instant(X509_get0_notAfter(cert)),
	};
	troth_sha256(&facts->key_id, &spki, 1);
	OPENSSL_free(der);
	if (use == TROTH_CERT_SIGN) {
		int ok = EVP_PKEY_get_raw_public_key(X509_get0_pubkey(cert),
						     facts->public_key, &key_len);

		assert(ok == 1); /* judge_usage saw that the key is Ed25519. */
	}
}

enum troth_err troth_trust_judge(const struct troth_trust *trust, struct x509_st *cert,
				 struct stack_st_X509 *untrusted, enum troth_cert_use use,
				 struct troth_time at, struct troth_cert_facts *facts,
				 struct troth_why *why)
{
	struct troth_identity id;
	enum troth_err err = troth_identity_of_cert(&id, cert, trust->domain, why);

	if (err == TROTH_OK)
		err = judge_usage(cert, &id, use, why);
	if (err == TROTH_OK)
		err = judge_chain(trust, cert, untrusted, use, at, why);
	if (err == TROTH_OK && facts != NULL)
		note_facts(facts, cert, &id, use);
	return err;
}

enum troth_err troth_trust_judge_file(const struct troth_trust *trust, const char *path,
				      enum troth_cert_use use, struct troth_time at,
				      struct troth_cert_facts *facts,
				      struct troth_why *why)
{
	struct troth_why inner;
	STACK_OF(X509) *certs = NULL;
	enum troth_err err = read_certs(&certs, path, why);

	if (err != TROTH_OK)
		return err;

	X509 *leaf = sk_X509_value(certs, 0);
	err = troth_trust_judge(trust, leaf, certs, use, at, facts, &inner);
	if (err != TROTH_OK)
		troth_fail(why, err, "%s: %s", path, inner.text);
	sk_X509_pop_free(certs, X509_free);
	return err;
}

enum troth_err troth_credential_load(struct troth_credential *out, const char *dir,
				     const char *name, struct troth_why *why)
{
	struct troth_credential new = { 0 };
	char cert_path[PATH_MAX], key_path[PATH_MAX];
	enum troth_err err = join(cert_path, dir, name, ".pem", why);

	*out = (struct troth_credential){ 0 };
	if (err == TROTH_OK)
		err = join(key_path, dir, name, ".key", why);
	if (err == TROTH_OK)
		err = read_certs(&new.chain, cert_path, why);
	if (err != TROTH_OK)
		goto out;
	new.cert = sk_X509_shift(new.chain);
	new.key = troth_pem_key(key_path, &err, why);
	if (new.key == NULL)
		goto out;
	if (X509_check_private_key(new.cert, new.key) != 1) {
		ERR_clear_error();
		err = troth_fail(why, TROTH_ERR_IDENTITY, "%s does not belong to %s",
				 key_path, cert_path);
		goto out;
	}
	*out = new;
	new = (struct troth_credential){ 0 };
out:
	troth_credential_fini(&new);
	return err;
}

void troth_credential_fini(struct troth_credential *c)
{
	X509_free(c->cert);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct troth_credential){ 0 };
}
