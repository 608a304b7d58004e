/*
 * key - keys of tables, built on the stack from checked fields: nothing is
 * allocated and nothing can fail. doc/disk-format.md lists which table has which.
 */
#ifndef TROTH_STATE_KEY_H
#define TROTH_STATE_KEY_H

#include "troth/base/id.h"
#include "troth/core/model.h"
#include "troth/base/span.h"

#include <string.h>

struct troth_key {
	uint8_t b[TROTH_ORIGIN_MAX + 64];
	size_t len;
};

static inline void troth_key_text(struct troth_key *k,
				  const char *s) /* With its zero byte. */
{
	size_t len = strlen(s) + 1;

	memcpy(k->b + k->len, s, len);
	k->len += len;
}

static inline void troth_key_u64(struct troth_key *k, uint64_t v)
{
	troth_store_u64be(k->b + k->len, v);
	k->len += 8;
}

static inline void troth_key_u8(struct troth_key *k, uint8_t v)
{
	k->b[k->len++] = v;
}

static inline void troth_key_id(struct troth_key *k, const struct troth_id *id)
{
	memcpy(k->b + k->len, id->b, TROTH_ID_LEN);
	k->len += TROTH_ID_LEN;
}

static inline struct troth_span troth_key_span(const struct troth_key *k)
{
	return troth_span(k->b, k->len);
}

static inline struct troth_span troth_id_span(const struct troth_id *id)
{
	return troth_span(id->b, TROTH_ID_LEN);
}

#endif
