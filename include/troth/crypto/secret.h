/*
 * secret - bytes that must not outlive their use.
 *
 * A secret sits in the caller's storage, is wiped when it is released, is
 * compared in a time that does not depend on where two values differ, and has
 * no function that prints it.
 */
#ifndef TROTH_CRYPTO_SECRET_H
#define TROTH_CRYPTO_SECRET_H

#include "troth/base/span.h"

#define TROTH_SECRET_MAX 128

struct troth_secret {
	uint8_t b[TROTH_SECRET_MAX];
	size_t len;
};

/* Copies `bytes` in, over what was there. False, and empty, beyond TROTH_SECRET_MAX. */
TROTH_MUST_USE bool troth_secret_set(struct troth_secret *s, struct troth_span bytes);

/* Wipes. Accepts a secret that is all zeros, and may be called twice. */
void troth_secret_fini(struct troth_secret *s);

/* True if `s` is exactly `bytes`; the time taken depends on the lengths only. */
bool troth_secret_is(const struct troth_secret *s, struct troth_span bytes);

/* True if the `len` bytes at `a` and `b` are equal, in a time that depends on `len` only.
 */
bool troth_equal_constant_time(const void *a, const void *b, size_t len);

/* Overwrites with zeros in a way that no compiler leaves out. */
void troth_wipe(void *data, size_t len);

#endif
