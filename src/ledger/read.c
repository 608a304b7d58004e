/* read - what gateways are told, by the last commit. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

static bool site_party(struct troth_txn *t, const char *origin, struct troth_site *site,
		       char party[TROTH_PARTY_MAX + 1])
{
	if (!troth_state_site(t, origin, site))
		return false;
	troth_state_feed_party(t, site->party, party);
	return true;
}

static uint64_t feed_len(struct troth_txn *t, const char *party)
{
	struct troth_span value;

	if (!troth_txn_get(t, TROTH_T_FEED_LENS, troth_span_str(party), &value) ||
	    value.len != 8)
		return 0;
	return troth_load_u64be(value.data);
}

bool troth_ledger_hello(struct troth_ledger *l, const char *origin, uint64_t incarnation,
			struct troth_bus_hello_ok *out,
			char feed_party[TROTH_PARTY_MAX + 1])
{
	struct origin_state o;
	struct troth_site site;
	struct troth_txn t;
	bool known;

	*out = (struct troth_bus_hello_ok){ 0 };
	troth_txn_begin(&t, l->kv, TROTH_TXN_READ);
	known = site_party(&t, origin, &site, feed_party);
	if (known) {
		(void)origin_load(&t, origin, &o);
		out->top_incarnation = o.incarnation;
		if (o.incarnation == incarnation) {
			out->taken_seq = o.taken_seq;
			out->taken_head = o.head;
		}
		out->feed_len = feed_len(&t, feed_party);
		out->size = l->tree.size;
		out->root = l->root;
		out->brand = l->brand;
		out->marks = l->mark_count;
	}
	troth_txn_abort(&t);
	return known;
}

uint64_t troth_ledger_feed_len(struct troth_ledger *l, const char *origin)
{
	char party[TROTH_PARTY_MAX + 1];
	struct troth_site site;
	struct troth_txn t;
	uint64_t len = 0;

	troth_txn_begin(&t, l->kv, TROTH_TXN_READ);
	if (site_party(&t, origin, &site, party))
		len = feed_len(&t, party);
	troth_txn_abort(&t);
	return len;
}

/* An answer under construction. */
struct answer {
	struct troth_txn t;
	char party[TROTH_PARTY_MAX + 1];
	struct troth_bus_item items[TROTH_BATCH_MAX];
	size_t item_count;
	size_t bytes, max_bytes;
	struct troth_bus_mark marks[TROTH_MARKS_MAX];
	char mark_origins[TROTH_MARKS_MAX][TROTH_ORIGIN_MAX + 1];
	size_t mark_count;
	uint64_t marks_upto;
};

/* Adds the entry that a row of a feed names. False: full, or the store failed. */
static bool add_item(struct answer *a, const uint8_t *row)
{
	struct troth_bus_item *item = &a->items[a->item_count];
	uint8_t key[8];

	item->position = troth_load_u64be(row);
	memcpy(item->digest, row + 8, TROTH_ITEM_DIGEST_LEN);
	troth_store_u64be(key, item->position - 1);
	if (!troth_txn_get(&a->t, TROTH_T_ENTRIES, troth_span(key, 8), &item->entry)) {
		troth_txn_fail(&a->t, TROTH_ERR_CORRUPT, "feeds: position %llu",
			       (unsigned long long)item->position);
		return false;
	}
	if (!troth_txn_get(&a->t, TROTH_T_BLOBS, troth_span(key, 8), &item->blob))
		item->blob = TROTH_SPAN_NONE;

	size_t bytes = item->entry.len + item->blob.len + 64;
	if (a->item_count > 0 && a->bytes + bytes > a->max_bytes)
		return false;
	a->bytes += bytes;
	return ++a->item_count < TROTH_BATCH_MAX;
}

static void add_items(struct answer *a, uint64_t after)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;
	size_t prefix;
	bool ok;

	troth_key_text(&k, a->party);
	prefix = k.len;
	troth_key_u64(&k, after + 2);
	troth_cursor_open(&c, &a->t, TROTH_T_FEEDS);
	/* The row that holds number after + 1 is the last one that begins up to it. */
	for (ok = troth_cursor_seek_before(&c, troth_key_span(&k)); ok;
	     ok = troth_cursor_next(&c)) {
		if (c.key.len != prefix + 8 || memcmp(c.key.data, k.b, prefix) != 0)
			break;

		uint64_t first = troth_load_u64be(c.key.data + prefix);
		uint64_t rows = c.value.len / FEED_ROW;
		uint64_t skip = after + 1 > first ? after + 1 - first : 0;

		for (; skip < rows && ok; skip++)
			ok = add_item(a, c.value.data + skip * FEED_ROW);
		if (!ok)
			break;
	}
	troth_cursor_close(&c);
}

/* True if the site of that origin belongs to somebody with whom our party shares work. */
static bool concerns(struct answer *a, const char *origin)
{
	char party[TROTH_PARTY_MAX + 1];
	struct troth_key k = { .len = 0 };
	struct troth_site site;
	struct troth_span value;

	if (!site_party(&a->t, origin, &site, party))
		return false;
	troth_key_text(&k, a->party);
	troth_key_text(&k, party);
	return strcmp(party, a->party) == 0 ||
	       troth_txn_get(&a->t, TROTH_T_SHARED, troth_key_span(&k), &value);
}

/* Looks at `max` marks at the most. Returns at how many. */
static unsigned add_marks(struct answer *a, uint64_t after, unsigned max)
{
	struct troth_cursor c;
	unsigned looked_at = 0;
	uint8_t key[8];

	a->marks_upto = after;
	troth_store_u64be(key, after + 1);
	troth_cursor_open(&c, &a->t, TROTH_T_MARKS);
	for (bool ok = troth_cursor_seek(&c, troth_span(key, 8));
	     ok && a->mark_count < TROTH_MARKS_MAX && looked_at < max;
	     ok = troth_cursor_next(&c), looked_at++) {
		struct troth_reader r = troth_reader(c.value);
		struct troth_bus_mark *m = &a->marks[a->mark_count];
		char *origin = a->mark_origins[a->mark_count];

		m->position = troth_read_u64be(&r);
		m->at.ms = (int64_t)troth_read_u64be(&r);

		size_t len = c.value.len - r.pos;
		if (r.failed || len > TROTH_ORIGIN_MAX || c.key.len != 8) {
			troth_txn_fail(&a->t, TROTH_ERR_CORRUPT, "marks: a record");
			break;
		}
		troth_read_bytes(&r, origin, len);
		origin[len] = '\0';
		m->origin = origin;
		a->marks_upto = troth_load_u64be(c.key.data);
		if (concerns(a, origin))
			a->mark_count++;
	}
	troth_cursor_close(&c);
	if (looked_at == 0)
		troth_txn_fail(&a->t, TROTH_ERR_CORRUPT, "marks: none after %llu",
			       (unsigned long long)after);
	return looked_at;
}

int troth_ledger_follow(struct troth_ledger *l, const char *origin,
			struct troth_bus_follow *m, struct troth_time now,
			unsigned *marks, struct troth_buf *out)
{
	static _Thread_local struct answer a;
	struct troth_site site;
	unsigned marks_max = *marks;
	uint64_t len;
	int count = -1;

	*marks = 0;
	a.item_count = a.mark_count = 0;
	a.bytes = 0;
	a.max_bytes = m->max_bytes < TROTH_BUS_MESSAGE_MAX / 2
			      ? m->max_bytes
			      : TROTH_BUS_MESSAGE_MAX / 2;
	troth_txn_begin(&a.t, l->kv, TROTH_TXN_READ);
	if (site_party(&a.t, origin, &site, a.party)) {
		len = feed_len(&a.t, a.party);
		if (m->after < len)
			add_items(&a, m->after);
		if (m->marks_after < l->mark_count && marks_max > 0) {
			*marks = add_marks(&a, m->marks_after, marks_max);
			m->marks_after = a.marks_upto;
		}

		bool complete = m->after + a.item_count >= len;
		uint64_t upto = complete           ? l->tree.size
				: a.item_count > 0 ? a.items[a.item_count - 1].position
						   : 0;
		struct troth_bus_reply reply = {
			.type = TROTH_BUS_FOLLOW,
			.u.follow = { .first = m->after + 1,
				      .item_count = a.item_count,
				      .items = a.items,
				      .upto_position = upto,
				      .size = l->tree.size,
				      .root = l->root,
				      .now = now,
				      .mark_count = a.mark_count,
				      .marks = a.marks,
				      .marks_upto = m->marks_after },
		};
		troth_bus_reply_encode(&reply, out);
		count = (int)(a.item_count + a.mark_count);
	}
	if (!troth_txn_sound(&a.t) || out->failed)
		count = -1;
	troth_txn_abort(&a.t);
	return count;
}

/* Who searches: empty `party` if it is entitled to find everything. */
struct searcher {
	struct troth_txn *t;
	char party[TROTH_PARTY_MAX + 1];
	struct troth_subject *subject; /* Scratch. */
};

static bool begin_search(struct searcher *s, const char *origin)
{
	struct troth_party party;
	struct troth_site site;

	s->party[0] = '\0';
	if (origin == NULL)
		return true;
	if (!site_party(s->t, origin, &site, s->party))
		return false;
	if (troth_state_party(s->t, site.party, &party) &&
	    (party.role == TROTH_ROLE_VENDOR || party.role == TROTH_ROLE_BRAND))
		s->party[0] = '\0';
	return true;
}

/* True if somebody for whom the site works takes part in the order. */
static bool may_find(struct searcher *s, const struct troth_id *order)
{
	char party[TROTH_PARTY_MAX + 1];

	if (s->party[0] == '\0')
		return true;
	if (!troth_state_load(s->t, TROTH_T_SUBJECTS, order, TROTH_SUBJECT_ORDER,
			      s->subject))
		return false;
	for (unsigned i = 0; i < s->subject->participant_count; i++) {
		troth_state_feed_party(s->t, s->subject->participants[i].party, party);
		if (s->subject->participants[i].active && strcmp(party, s->party) == 0)
			return true;
	}
	return false;
}

unsigned troth_ledger_find(struct troth_ledger *l, const char *origin, const char *number,
			   struct troth_id *out, unsigned max)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;
	struct troth_txn t;
	struct searcher s = { .t = &t, .subject = l->subject };
	unsigned n = 0;
	bool ok;

	if (strlen(number) > TROTH_ORDER_NUMBER_MAX)
		return 0;
	troth_key_text(&k, number);
	troth_txn_begin(&t, l->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &t, TROTH_T_NUMBERS);
	ok = begin_search(&s, origin) && troth_cursor_seek(&c, troth_key_span(&k));
	for (; ok && n < max; ok = troth_cursor_next(&c)) {
		if (c.key.len != k.len + TROTH_ID_LEN ||
		    memcmp(c.key.data, k.b, k.len) != 0)
			break;
		memcpy(out[n].b, c.key.data + k.len, TROTH_ID_LEN);
		n += may_find(&s, &out[n]);
	}
	troth_cursor_close(&c);
	troth_txn_abort(&t);
	return n;
}

/* The last position that the origin, whose key `k` begins with, has told of. */
static uint64_t received_before(struct troth_ledger *l, const struct troth_key *k)
{
	struct troth_key behind = *k;
	struct troth_cursor c;
	uint64_t position = 0;

	troth_key_u64(&behind, UINT64_MAX);
	troth_cursor_open(&c, &l->txn, TROTH_T_RECEIVED);
	if (troth_cursor_seek_before(&c, troth_key_span(&behind)) &&
	    c.key.len == k->len + 8 && memcmp(c.key.data, k->b, k->len) == 0)
		position = troth_load_u64be(c.key.data + k->len);
	troth_cursor_close(&c);
	return position;
}

void troth_ledger_received(struct troth_ledger *l, const char *origin, uint64_t position)
{
	struct troth_key k = { .len = 0 };
	struct troth_buf b = TROTH_BUF_INIT;
	uint8_t bytes[8];

	/* What a site says of itself cannot be newer than the ledger. */
	if (position > l->tree.size)
		position = l->tree.size;
	troth_key_text(&k, origin);
	if (position <= received_before(l, &k))
		return;
	troth_key_u64(&k, position);
	troth_store_u64be(bytes, (uint64_t)l->now.ms);
	troth_txn_put(&l->txn, TROTH_T_RECEIVED, troth_key_span(&k),
		      troth_span(bytes, 8));
	troth_buf_put_u64be(&b, position);
	troth_buf_put_u64be(&b, (uint64_t)l->now.ms);
	troth_buf_put_str(&b, origin);
	troth_store_u64be(bytes, ++l->next_mark_count);
	troth_txn_put_buf(&l->txn, TROTH_T_MARKS, troth_span(bytes, 8), &b);
	troth_buf_fini(&b);
	l->dirty = true;
}
