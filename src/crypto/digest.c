#include "troth/crypto/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

/*
 * Fetching an algorithm takes locks and several microseconds, far more than
 * hashing 300 bytes; so it is done once, and each thread keeps one context.
 */
static EVP_MD *sha256;
static pthread_key_t at_thread_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local EVP_MD_CTX *context;

static void free_context(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void fetch(void)
{
	int rc = pthread_key_create(&at_thread_exit, free_context);

	assert(rc == 0);
	sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	assert(sha256 != NULL);
}

static EVP_MD_CTX *my_context(void)
{
	if (context != NULL)
		return context;
	pthread_once(&once, fetch);
	context = EVP_MD_CTX_new();
	assert(context != NULL);

	int rc = pthread_setspecific(at_thread_exit, context);
	assert(rc == 0);
	return context;
}

void troth_sha256(struct troth_digest *out, const struct troth_span *parts, size_t n)
{
	EVP_MD_CTX *ctx = my_context();
	int ok = EVP_DigestInit_ex2(ctx, sha256, NULL);

	for (size_t i = 0; i < n; i++)
		ok &= EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	ok &= EVP_DigestFinal_ex(ctx, out->b, NULL);
	assert(ok == 1); /* Nothing here can fail once the context exists. */
}

bool troth_digest_eq(const struct troth_digest *a, const struct troth_digest *b)
{
	return memcmp(a->b, b->b, TROTH_DIGEST_LEN) == 0;
}
