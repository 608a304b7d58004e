/*
 * pem - files of PEM blocks, read once and with a limit. Private to crypto.
 */
#ifndef TROTH_SRC_CRYPTO_PEM_H
#define TROTH_SRC_CRYPTO_PEM_H

#include "troth/base/err.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <stdbool.h>

/*
 * The contents of `path` as a memory BIO that the caller frees, or NULL and
 * *err, *why. A `secret` file must not be readable or writable by group or others.
 */
BIO *troth_pem_open(const char *path, bool secret, enum troth_err *err,
		    struct troth_why *why);

/* The unencrypted private key in `path`; the caller frees it. NULL and *err, *why. */
EVP_PKEY *troth_pem_key(const char *path, enum troth_err *err, struct troth_why *why);

#endif
