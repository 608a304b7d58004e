/*
 * feeds - for each party, the list of what it may see, in order.
 *
 * A feed is kept as one row per commit: the party and the number of the row's
 * first entry as key, positions and digest marks as value. So a party costs one
 * write per commit, however many entries the commit has.
 */
#include "hash.h"
#include "ledger.h"

#include "troth/base/mutant.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

static uint64_t stored_len(struct troth_txn *t, const char *party, bool *exists)
{
	struct troth_span value;

	*exists = troth_txn_get(t, TROTH_T_FEED_LENS, troth_span_str(party), &value) &&
		  value.len == 8;
	return *exists ? troth_load_u64be(value.data) : 0;
}

/* The party's feed in this batch; NULL if it cannot be had (the transaction has failed).
 */
static struct feed *feed_of(struct troth_ledger *l, const char *party)
{
	struct feeds *f = &l->feeds;
	uint32_t *bucket = &f->buckets[troth_hash_name(party) % FEED_BUCKETS];
	bool exists;

	for (uint32_t i = *bucket; i != 0; i = f->all[i - 1].next)
		if (strcmp(f->all[i - 1].party, party) == 0)
			return &f->all[i - 1];
	if (f->count == f->cap) {
		uint32_t cap = f->cap == 0 ? 64 : 2 * f->cap;
		struct feed *all = realloc(f->all, cap * sizeof(*all));

		if (all == NULL) {
			troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for feeds");
			return NULL;
		}
		memset(all + f->cap, 0, (cap - f->cap) * sizeof(*all));
		f->all = all;
		f->cap = cap;
	}

	struct feed *n = &f->all[f->count++];
	TROTH_TEXT_SET(n->party, party);
	n->len = stored_len(&l->txn, party, &exists);
	n->added = 0;
	n->next = *bucket;
	troth_buf_reset(&n->rows);
	*bucket = f->count;
	return n;
}

static void add(struct troth_ledger *l, struct feed *f, uint64_t position,
		const uint8_t mark[TROTH_ITEM_DIGEST_LEN])
{
	uint8_t *row = troth_buf_grow(&f->rows, FEED_ROW);

	if (row == NULL) {
		troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for feeds");
		return;
	}
	troth_store_u64be(row, position);
	memcpy(row + 8, mark, TROTH_ITEM_DIGEST_LEN);
	f->len++;
	f->added++;
}

/* The brand's feed begins with its first site; central itself needs none. */
static bool is_kept(struct troth_ledger *l, const char *party)
{
	bool exists = true;

	if (strcmp(party, l->brand) == 0)
		(void)stored_len(&l->txn, party, &exists);
	return exists;
}

/* Does this batch already end the feed with that position? Then it is not said twice. */
static bool ends_with(const struct feed *f, uint64_t position)
{
	return f->added > 0 &&
	       troth_load_u64be(f->rows.data + f->rows.len - FEED_ROW) == position;
}

void feed_add(struct troth_ledger *l, const char *party, uint64_t position,
	      const uint8_t mark[TROTH_ITEM_DIGEST_LEN])
{
	char feed_party[TROTH_PARTY_MAX + 1];
	struct feed *f;

	troth_state_feed_party(&l->txn, party, feed_party);
	if (!is_kept(l, feed_party))
		return;
	f = feed_of(l, feed_party);
	if (f != NULL && !ends_with(f, position))
		add(l, f, position, mark);
}

void feed_add_all(struct troth_ledger *l, uint64_t position,
		  const uint8_t mark[TROTH_ITEM_DIGEST_LEN])
{
	struct troth_cursor c;
	char party[TROTH_PARTY_MAX + 1];

	troth_cursor_open(&c, &l->txn, TROTH_T_PARTIES);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c)) {
		memcpy(party, c.key.data, c.key.len);
		party[c.key.len] = '\0';
		feed_add(l, party, position, mark);
	}
	troth_cursor_close(&c);
}

void feed_backfill(struct troth_ledger *l, const char *party,
		   const struct troth_id *subject, uint64_t first, uint64_t last)
{
	uint8_t unchecked[TROTH_ITEM_DIGEST_LEN];

	memset(unchecked, TROTH_ITEM_UNCHECKED, sizeof(unchecked));
	if (TROTH_MUTANT(backfill_misses_the_first))
		first++;
	for (uint64_t revision = first; revision <= last; revision++) {
		struct troth_key k = { .len = 0 };
		struct troth_span value;

		troth_key_id(&k, subject);
		troth_key_u64(&k, revision);
		if (!troth_txn_get(&l->txn, TROTH_T_HISTORY, troth_key_span(&k),
				   &value) ||
		    value.len != 8) {
			troth_txn_fail(&l->txn, TROTH_ERR_CORRUPT, "history: a revision");
			return;
		}
		feed_add(l, party, troth_load_u64be(value.data), unchecked);
	}
}

void feed_site_added(struct troth_ledger *l, const char *party)
{
	uint8_t unchecked[TROTH_ITEM_DIGEST_LEN];
	struct feed *f;

	if (strcmp(party, l->brand) != 0 || is_kept(l, party))
		return;
	memset(unchecked, TROTH_ITEM_UNCHECKED, sizeof(unchecked));
	f = feed_of(l, party);
	/* The entry that adds the site comes by itself, after these. */
	for (uint64_t position = 1; f != NULL && position < l->next_tree.size; position++)
		add(l, f, position, unchecked);
	if (f != NULL) {
		uint8_t len[8];

		troth_store_u64be(len, f->len);
		troth_txn_put(&l->txn, TROTH_T_FEED_LENS, troth_span_str(party),
			      troth_span(len, 8));
	}
}

void feeds_write(struct troth_ledger *l)
{
	for (uint32_t i = 0; i < l->feeds.count; i++) {
		struct feed *f = &l->feeds.all[i];
		struct troth_key k = { .len = 0 };
		uint8_t len[8];

		if (f->added == 0)
			continue;
		troth_key_text(&k, f->party);
		troth_key_u64(&k, f->len - f->added + 1);
		troth_txn_put(&l->txn, TROTH_T_FEEDS, troth_key_span(&k),
			      troth_buf_span(&f->rows));
		troth_store_u64be(len, f->len);
		troth_txn_put(&l->txn, TROTH_T_FEED_LENS, troth_span_str(f->party),
			      troth_span(len, 8));
	}
}

void troth_ledger_each_fed(const struct troth_ledger *l, void *ctx,
			   void (*fn)(void *ctx, const char *party, uint64_t len))
{
	for (uint32_t i = 0; i < l->feeds.count; i++)
		if (l->feeds.all[i].added > 0)
			fn(ctx, l->feeds.all[i].party, l->feeds.all[i].len);
}

void feeds_reset(struct troth_ledger *l)
{
	memset(l->feeds.buckets, 0, sizeof(l->feeds.buckets));
	l->feeds.count = 0;
}

void feeds_fini(struct feeds *f)
{
	for (uint32_t i = 0; i < f->cap; i++)
		troth_buf_fini(&f->all[i].rows);
	free(f->all);
}

void shared_add(struct troth_ledger *l, const char *a, const char *b)
{
	char x[TROTH_PARTY_MAX + 1], y[TROTH_PARTY_MAX + 1];
	struct troth_span value;
	struct troth_key k = { .len = 0 }, back = { .len = 0 };

	troth_state_feed_party(&l->txn, a, x);
	troth_state_feed_party(&l->txn, b, y);
	if (strcmp(x, y) == 0)
		return;
	troth_key_text(&k, x);
	troth_key_text(&k, y);
	if (troth_txn_get(&l->txn, TROTH_T_SHARED, troth_key_span(&k), &value))
		return;
	troth_key_text(&back, y);
	troth_key_text(&back, x);
	troth_txn_put(&l->txn, TROTH_T_SHARED, troth_key_span(&k), TROTH_SPAN_NONE);
	troth_txn_put(&l->txn, TROTH_T_SHARED, troth_key_span(&back), TROTH_SPAN_NONE);
}
