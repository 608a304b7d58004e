/*
 * digest - SHA-256 (FIPS 180-4) over a few pieces at once.
 *
 * Most of what is hashed here is a domain prefix, a previous hash and a body:
 * the pieces are taken as they lie, nobody concatenates. A call fetches and
 * allocates nothing once its thread has made the first one. Any thread.
 */
#ifndef TROTH_CRYPTO_DIGEST_H
#define TROTH_CRYPTO_DIGEST_H

#include "troth/base/span.h"

#define TROTH_DIGEST_LEN 32

struct troth_digest {
	uint8_t b[TROTH_DIGEST_LEN];
};

/*
 * Writes to `out` the SHA-256 of the `n` parts, one after the other. Any number
 * of parts, empty ones included; `out` may lie inside a part.
 */
void troth_sha256(struct troth_digest *out, const struct troth_span *parts, size_t n);

/* For digests that are public; what must not leak through time is a secret. */
bool troth_digest_eq(const struct troth_digest *a, const struct troth_digest *b);

/* The 32 bytes, borrowed for as long as `d` lives. */
static inline struct troth_span troth_digest_span(const struct troth_digest *d)
{
	return troth_span(d->b, TROTH_DIGEST_LEN);
}

#endif
