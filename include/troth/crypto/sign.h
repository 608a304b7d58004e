/*
 * sign - Ed25519 (RFC 8032): keys, signatures, and who may make them.
 *
 * Whoever needs signatures takes a `struct troth_signer`, not a key: a daemon
 * gives one over its key file, a simulation one over a seed, and a program that
 * keeps keys in another process one over a pipe. Any thread.
 */
#ifndef TROTH_CRYPTO_SIGN_H
#define TROTH_CRYPTO_SIGN_H

#include "troth/base/span.h"

#define TROTH_PUBLIC_KEY_LEN 32
#define TROTH_SIGNATURE_LEN  64
#define TROTH_SEED_LEN       32

/* No file of keys, certificates or CRLs may be larger than this, in bytes. */
#define TROTH_PEM_MAX (1 << 20)

struct troth_sign_key;

/*
 * Reads an Ed25519 private key, PEM (PKCS #8, not encrypted), at most
 * TROTH_PEM_MAX bytes. Refused with TROTH_ERR_IDENTITY: a file that group or
 * others can read or write, another kind of key. On failure *out is NULL; on
 * success the caller frees it.
 */
TROTH_MUST_USE enum troth_err troth_sign_key_load(struct troth_sign_key **out,
						  const char *path,
						  struct troth_why *why);

/* The key with this seed. Never NULL; the caller frees it. */
struct troth_sign_key *troth_sign_key_from_seed(const uint8_t seed[TROTH_SEED_LEN]);

/* Wipes and frees; NULL is accepted. */
void troth_sign_key_free(struct troth_sign_key *key);

void troth_sign_key_public(const struct troth_sign_key *key,
			   uint8_t out[TROTH_PUBLIC_KEY_LEN]);

/* Signs `msg`. The same key and message always give the same signature. */
void troth_sign(const struct troth_sign_key *key, struct troth_span msg,
		uint8_t sig[TROTH_SIGNATURE_LEN]);

/*
 * True if `sig` is the signature of `msg` under `public_key`. Any 32 and 64
 * bytes may come in; what is not a point on the curve is just not valid.
 */
bool troth_verify(const uint8_t public_key[TROTH_PUBLIC_KEY_LEN], struct troth_span msg,
		  const uint8_t sig[TROTH_SIGNATURE_LEN]);

/* What can sign under one public key. Does not own `ctx`. */
struct troth_signer {
	void *ctx;
	void (*sign)(void *ctx, struct troth_span msg, uint8_t sig[TROTH_SIGNATURE_LEN]);
	uint8_t public_key[TROTH_PUBLIC_KEY_LEN];
};

/* The signer over `key`, which it borrows: the key is freed after its last use. */
struct troth_signer troth_signer_of(struct troth_sign_key *key);

#endif
