#include "troth/crypto/sign.h"

#include "pem.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* The OpenSSL key is reference-counted and not changed by signing: threads may share it.
 */
struct troth_sign_key {
	EVP_PKEY *pkey;
};

static struct troth_sign_key *wrap(EVP_PKEY *pkey)
{
	struct troth_sign_key *key = malloc(sizeof(*key));

	assert(key != NULL); /* Sixteen bytes at start-up. */
	key->pkey = pkey;
	return key;
}

enum troth_err troth_sign_key_load(struct troth_sign_key **out, const char *path,
				   struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	*out = NULL;

	EVP_PKEY *pkey = troth_pem_key(path, &err, why);
	if (pkey == NULL)
		return err;
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return troth_fail(why, TROTH_ERR_IDENTITY, "%s: not an Ed25519 key",
				  path);
	}
	*out = wrap(pkey);
	return TROTH_OK;
}

struct troth_sign_key *troth_sign_key_from_seed(const uint8_t seed[TROTH_SEED_LEN])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
						      TROTH_SEED_LEN);

	assert(pkey != NULL); /* Every 32 bytes are a seed. */
	return wrap(pkey);
}

void troth_sign_key_free(struct troth_sign_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

void troth_sign_key_public(const struct troth_sign_key *key,
			   uint8_t out[TROTH_PUBLIC_KEY_LEN])
{
	size_t len = TROTH_PUBLIC_KEY_LEN;
	int ok = EVP_PKEY_get_raw_public_key(key->pkey, out, &len);

	assert(ok == 1);
	assert(len == TROTH_PUBLIC_KEY_LEN);
}

/* OpenSSL takes no NULL message, even where the length is zero. */
static const uint8_t *bytes_of(struct troth_span s)
{
	return s.len == 0 ? (const uint8_t *)"" : s.data;
}

void troth_sign(const struct troth_sign_key *key, struct troth_span msg,
		uint8_t sig[TROTH_SIGNATURE_LEN])
{
	size_t len = TROTH_SIGNATURE_LEN;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert(ctx != NULL);

	int ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey);
	assert(ok == 1);
	ok = EVP_DigestSign(ctx, sig, &len, bytes_of(msg), msg.len);
	assert(ok == 1);
	assert(len == TROTH_SIGNATURE_LEN);
	EVP_MD_CTX_free(ctx);
}

bool troth_verify(const uint8_t public_key[TROTH_PUBLIC_KEY_LEN], struct troth_span msg,
		  const uint8_t sig[TROTH_SIGNATURE_LEN])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key,
						     TROTH_PUBLIC_KEY_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert(pkey != NULL); /* Any 32 bytes are taken; the curve is checked below. */
	assert(ctx != NULL);

	bool good = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestVerify(ctx, sig, TROTH_SIGNATURE_LEN, bytes_of(msg),
				     msg.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}

static void sign_with_key(void *ctx, struct troth_span msg,
			  uint8_t sig[TROTH_SIGNATURE_LEN])
{
	troth_sign(ctx, msg, sig);
}

struct troth_signer troth_signer_of(struct troth_sign_key *key)
{
	struct troth_signer signer = { .ctx = key, .sign = sign_with_key };

	troth_sign_key_public(key, signer.public_key);
	return signer;
}
