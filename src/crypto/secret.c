#include "troth/crypto/secret.h"

#include <openssl/crypto.h>
#include <string.h>

bool troth_secret_set(struct troth_secret *s, struct troth_span bytes)
{
	troth_secret_fini(s);
	if (bytes.len > TROTH_SECRET_MAX)
		return false;
	if (bytes.len > 0)
		memcpy(s->b, bytes.data, bytes.len);
	s->len = bytes.len;
	return true;
}

void troth_secret_fini(struct troth_secret *s)
{
	troth_wipe(s, sizeof(*s));
}

bool troth_secret_is(const struct troth_secret *s, struct troth_span bytes)
{
	return s->len == bytes.len && troth_equal_constant_time(s->b, bytes.data, s->len);
}

bool troth_equal_constant_time(const void *a, const void *b, size_t len)
{
	return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}

void troth_wipe(void *data, size_t len)
{
	if (len > 0)
		OPENSSL_cleanse(data, len);
}
