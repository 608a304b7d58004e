/*
 * trust - whose certificates we believe, and what a certificate then proves.
 *
 * A node's certificates lie in one directory, always under the same names:
 *
 *   root.pem     the roots of the federation (one, or two while one is replaced)
 *   issuing.pem  the issuing CAs under them
 *   crl.pem      the newest revocation list of every CA, root included
 *   tls.pem, tls.key     the P-256 leaf and then its issuing CA; its key
 *   sign.pem, sign.key   the Ed25519 leaf that the node signs with; its key
 *
 * A trust is what the first three say, for one trust domain. It is read once
 * and never changes: when files change, open a new one and replace the old.
 * Judging takes the instant as an argument, and may be done by any thread.
 */
#ifndef TROTH_CRYPTO_TRUST_H
#define TROTH_CRYPTO_TRUST_H

#include "troth/base/time.h"
#include "troth/crypto/digest.h"
#include "troth/crypto/identity.h"
#include "troth/crypto/sign.h"

struct x509_st;       /* OpenSSL's X509, */
struct x509_store_st; /* X509_STORE, */
struct stack_st_X509; /* STACK_OF(X509) */
struct evp_pkey_st;   /* and EVP_PKEY. */

/* No PEM file may hold more certificates, or more revocation lists, than this. */
#define TROTH_TRUST_BLOCKS_MAX 32

struct troth_trust;

/*
 * Reads root.pem, issuing.pem and crl.pem in `dir`. Fails, with the file's name
 * in *why and *out NULL, if one is missing, is larger than TROTH_PEM_MAX, holds
 * none or too many of its kind, or does not parse. An expired list is not an
 * error here; it makes every judgement an error. The caller closes.
 */
TROTH_MUST_USE enum troth_err troth_trust_open(struct troth_trust **out, const char *dir,
					       const char *trust_domain,
					       struct troth_why *why);

/* NULL is accepted. */
void troth_trust_close(struct troth_trust *trust);

/* Our trust domain; borrowed from `trust`. */
const char *troth_trust_domain(const struct troth_trust *trust);

/*
 * The certificates and lists as OpenSSL wants them, set to check the whole
 * chain against the lists. Borrowed; SSL_CTX_set1_cert_store() shares it.
 */
struct x509_store_st *troth_trust_store(const struct troth_trust *trust);

/* When the first of the revocation lists ends: from then on nobody is believed. */
struct troth_time troth_trust_lists_end(const struct troth_trust *trust);

/* What a certificate is shown for. */
enum troth_cert_use {
	TROTH_CERT_SERVER, /* The far end of a connection that we made: central only. */
	TROTH_CERT_CLIENT, /* The far end of a connection that came in. */
	TROTH_CERT_SIGN,   /* The key under seals, checkpoints and cosignatures. */
};

/* What a certificate that holds proves. */
struct troth_cert_facts {
	struct troth_identity identity;
	struct troth_time not_before, not_after;
	struct troth_digest key_id; /* SHA-256 of the SubjectPublicKeyInfo (DER). */
	uint8_t public_key[TROTH_PUBLIC_KEY_LEN]; /* For TROTH_CERT_SIGN; else zeros. */
};

/*
 * Judges `cert` for one use at the instant `at`: exactly one identity, of our
 * trust domain; the extended key usage that its kind of node has for that use,
 * neither less nor more; for signing an Ed25519 key; an unbroken, unrevoked
 * chain to a root. `untrusted` (may be NULL) offers certificates in between.
 * TROTH_OK fills *facts (may be NULL); TROTH_ERR_IDENTITY says the first thing
 * that does not hold and leaves *facts alone.
 */
TROTH_MUST_USE enum troth_err troth_trust_judge(
	const struct troth_trust *trust, struct x509_st *cert,
	struct stack_st_X509 *untrusted, enum troth_cert_use use, struct troth_time at,
	struct troth_cert_facts *facts, struct troth_why *why);

/* The same for the first certificate of a PEM file, the rest being `untrusted`. */
TROTH_MUST_USE enum troth_err troth_trust_judge_file(
	const struct troth_trust *trust, const char *path, enum troth_cert_use use,
	struct troth_time at, struct troth_cert_facts *facts, struct troth_why *why);

/* A certificate, what stands behind it, and its private key. */
struct troth_credential {
	struct x509_st *cert;
	struct stack_st_X509 *chain; /* Without `cert`; may be empty. */
	struct evp_pkey_st *key;
};

/*
 * Reads <dir>/<name>.pem and <dir>/<name>.key ("tls", "sign"). Fails, with *out
 * all NULL, if a file is missing, does not parse, the key file is open to group
 * or others, or the key is not the certificate's. Judges nothing else.
 */
TROTH_MUST_USE enum troth_err troth_credential_load(struct troth_credential *out,
						    const char *dir, const char *name,
						    struct troth_why *why);

/* Accepts what a failed load left, and may be called twice. */
void troth_credential_fini(struct troth_credential *c);

#endif
