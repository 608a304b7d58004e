#include "troth/state/state.h"

#include "troth/base/err.h"
#include "troth/base/text.h"
#include "troth/state/key.h"

#include <string.h>

#define NUMBERS 7
#define ROW_LEN (8 * NUMBERS + 2)

static struct troth_key row_key(const struct troth_share_row *row)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, row->share.pool);
	troth_key_text(&k, row->party);
	troth_key_text(&k, row->share.site);
	return k;
}

bool troth_state_set_share(struct troth_txn *t, const struct troth_share_row *row)
{
	const struct troth_share *s = &row->share;
	const int64_t numbers[NUMBERS] = { s->allotted, s->spent, s->freed,
					   s->returned, s->lost,  s->recalled,
					   s->used.ms };
	struct troth_key k = row_key(row);
	uint8_t value[ROW_LEN];
	struct troth_span old;

	for (size_t i = 0; i < NUMBERS; i++)
		troth_store_u64be(value + 8 * i, (uint64_t)numbers[i]);
	value[8 * NUMBERS] = s->frozen;
	value[8 * NUMBERS + 1] = row->entitled;
	k.len--; /* The site is the rest of it. */
	if (troth_txn_get(t, TROTH_T_SHARES, troth_key_span(&k), &old) &&
	    troth_span_eq(old, troth_span(value, sizeof(value))))
		return false;
	troth_txn_put(t, TROTH_T_SHARES, troth_key_span(&k),
		      troth_span(value, sizeof(value)));
	return true;
}

/* The name at *at in the key, up to a zero byte or its end; moves *at behind it. */
static bool take_name(struct troth_span key, size_t *at, char *out, size_t size)
{
	const uint8_t *from = key.data + *at;
	const uint8_t *end = memchr(from, 0, key.len - *at);
	size_t len = end != NULL ? (size_t)(end - from) : key.len - *at;

	if (len == 0 || len >= size)
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	*at += len + (end != NULL);
	return true;
}

static bool decode(struct troth_span key, struct troth_span value,
		   struct troth_share_row *out)
{
	struct troth_share *s = &out->share;
	int64_t *const numbers[NUMBERS] = { &s->allotted, &s->spent, &s->freed,
					    &s->returned, &s->lost,  &s->recalled,
					    &s->used.ms };
	size_t at = 0;

	*out = (struct troth_share_row){ .entitled = false };
	if (value.len != ROW_LEN || !take_name(key, &at, s->pool, sizeof(s->pool)) ||
	    !take_name(key, &at, out->party, sizeof(out->party)) ||
	    !take_name(key, &at, s->site, sizeof(s->site)) || at != key.len)
		return false;
	for (size_t i = 0; i < NUMBERS; i++)
		*numbers[i] = (int64_t)troth_load_u64be(value.data + 8 * i);
	s->frozen = value.data[8 * NUMBERS] != 0;
	out->entitled = value.data[8 * NUMBERS + 1] != 0;
	return true;
}

bool troth_state_next_share(struct troth_txn *t, bool one_pool,
			    struct troth_share_row *row)
{
	struct troth_key k = row_key(
		row); /* With its zero byte: the next possible key. */
	char pool[TROTH_CODE_MAX + 1];
	struct troth_cursor c;
	bool found;

	TROTH_TEXT_SET(pool, row->share.pool);
	if (row->share.site[0] == '\0') /* Nothing given yet. */
		k.len = pool[0] != '\0' ? strlen(pool) + 1 : 0;
	troth_cursor_open(&c, t, TROTH_T_SHARES);
	found = troth_cursor_seek(&c, troth_key_span(&k));
	if (found && !decode(c.key, c.value, row)) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "shares: a record");
		found = false;
	}
	troth_cursor_close(&c);
	return found && (!one_pool || strcmp(pool, row->share.pool) == 0);
}
