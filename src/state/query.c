#include "troth/state/query.h"

#include "troth/state/key.h"

#include <assert.h>
#include <string.h>

static bool begins_with(struct troth_span s, const uint8_t *prefix, size_t len)
{
	return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

static bool read_number(struct troth_txn *t, unsigned table, uint64_t at, uint64_t *out)
{
	struct troth_key k = { .len = 0 };
	struct troth_span v;

	troth_key_u64(&k, at);
	if (!troth_txn_get(t, table, troth_key_span(&k), &v))
		return false;
	if (v.len != 8) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT,
			       "table %u: number %llu has %zu bytes", table,
			       (unsigned long long)at, v.len);
		return false;
	}
	*out = troth_load_u64be(v.data);
	return true;
}

/* ---- Subjects ---- */

void troth_query_freshness(struct troth_txn *t, struct troth_freshness *out)
{
	out->position = troth_state_meta(t, TROTH_META_POSITION);
	out->as_of.ms = (int64_t)troth_state_meta(t, TROTH_META_AS_OF);
}

/* The first key in VIEWS of an own event on the subject with a number from `seq` on. */
static struct troth_key pending_key(const struct troth_id *subject, uint64_t seq)
{
	struct troth_key k = { .len = 0 };

	troth_key_id(&k, subject);
	troth_key_u64(&k, seq);
	return k;
}

static bool is_pending(const struct troth_cursor *c, const struct troth_id *subject)
{
	return c->key.len == TROTH_ID_LEN + 8 &&
	       begins_with(c->key, subject->b, TROTH_ID_LEN);
}

unsigned troth_query_pending_count(struct troth_txn *t, const struct troth_id *subject)
{
	struct troth_key k = pending_key(subject, 0);
	struct troth_cursor c;
	unsigned n = 0;

	troth_cursor_open(&c, t, TROTH_T_VIEWS);
	for (bool more = troth_cursor_seek(&c, troth_key_span(&k));
	     more && is_pending(&c, subject); more = troth_cursor_next(&c))
		n++;
	troth_cursor_close(&c);
	return n;
}

uint64_t troth_query_backlog(struct troth_txn *t)
{
	struct troth_cursor c;
	uint64_t n = 0;

	troth_cursor_open(&c, t, TROTH_T_VIEWS);
	for (bool more = troth_cursor_seek(&c, TROTH_SPAN_NONE); more;
	     more = troth_cursor_next(&c))
		n += c.key.len > TROTH_ID_LEN;
	troth_cursor_close(&c);
	return n;
}

bool troth_query_subject(struct troth_txn *t, enum troth_node_kind node,
			 const struct troth_id *id, struct troth_view *out)
{
	const enum troth_subject_kind kind = TROTH_SUBJECT_ORDER; /* The record knows. */
	bool found = false;

	out->pending = 0;
	out->lapsed = 0;
	if (node == TROTH_NODE_GATEWAY) {
		out->lapsed = troth_state_lapsed(t, id);
		found = troth_state_load(t, TROTH_T_VIEWS, id, kind, &out->subject);
		/* Without pending events there is no view beside the state. */
		out->pending = found ? troth_query_pending_count(t, id) : 0;
	}
	if (!found)
		found = troth_state_load(t, TROTH_T_SUBJECTS, id, kind, &out->subject);
	/* Refused entries alone leave a record, but bring no order or case to life. */
	return found && troth_subject_exists(&out->subject);
}

bool troth_query_item(struct troth_txn *t, const struct troth_id *item,
		      struct troth_id *subject)
{
	struct troth_id promise = troth_promise_of(item);

	return troth_query_alarm(t, &promise, subject);
}

bool troth_query_alarm(struct troth_txn *t, const struct troth_id *alarm,
		       struct troth_id *subject)
{
	struct troth_span v;

	if (!troth_txn_get(t, TROTH_T_ITEMS, troth_id_span(alarm), &v))
		return false;
	if (v.len != sizeof(subject->b)) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "items: a record of %zu bytes",
			       v.len);
		return false;
	}
	memcpy(subject->b, v.data, sizeof(subject->b));
	return true;
}

/* ---- Entries ---- */

bool troth_query_entry(struct troth_txn *t, uint64_t position, struct troth_span *entry,
		       struct troth_span *blob)
{
	struct troth_key k = { .len = 0 };

	*entry = *blob = TROTH_SPAN_NONE;
	if (position == 0)
		return false;
	troth_key_u64(&k, position - 1);
	if (!troth_txn_get(t, TROTH_T_ENTRIES, troth_key_span(&k), entry))
		return false;
	(void)troth_txn_get(t, TROTH_T_BLOBS, troth_key_span(&k), blob);
	return true;
}

bool troth_query_personal(struct troth_txn *t, uint64_t position,
			  struct troth_personal *out)
{
	struct troth_span entry, blob;
	struct troth_why why;

	if (!troth_query_entry(t, position, &entry, &blob) || blob.len == 0)
		return false;
	if (troth_personal_decode(out, blob, &why) == TROTH_OK)
		return true;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "position %llu, personal part: %s",
		       (unsigned long long)position, why.text);
	return false;
}

bool troth_outbox_split(struct troth_span record, struct troth_span *body,
			struct troth_span *blob)
{
	struct troth_reader r = troth_reader(record);

	*body = troth_read_span(&r, troth_read_u32be(&r));
	*blob = troth_read_span(&r, record.len - r.pos);
	return troth_read_done(&r) && body->len > 0;
}

bool troth_query_pending(struct troth_txn *t, const struct troth_id *subject,
			 uint64_t *origin_seq, struct troth_span *body,
			 struct troth_span *blob)
{
	struct troth_key k = pending_key(subject, *origin_seq + 1);
	struct troth_cursor c;
	struct troth_span record;
	bool found;

	*body = *blob = TROTH_SPAN_NONE;
	troth_cursor_open(&c, t, TROTH_T_VIEWS);
	found = troth_cursor_seek(&c, troth_key_span(&k)) && is_pending(&c, subject);
	if (found)
		*origin_seq = troth_load_u64be(c.key.data + TROTH_ID_LEN);
	troth_cursor_close(&c);
	if (!found)
		return false;

	k.len = 0;
	troth_key_u64(&k, *origin_seq);
	if (troth_txn_get(t, TROTH_T_OUTBOX, troth_key_span(&k), &record) &&
	    troth_outbox_split(record, body, blob))
		return true;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "outbox: no sound record for number %llu",
		       (unsigned long long)*origin_seq);
	return false;
}

uint64_t troth_query_history(struct troth_txn *t, const struct troth_id *subject,
			     uint64_t revision)
{
	struct troth_key k = { .len = 0 };
	struct troth_span v;

	troth_key_id(&k, subject);
	troth_key_u64(&k, revision);
	if (!troth_txn_get(t, TROTH_T_HISTORY, troth_key_span(&k), &v) || v.len != 8)
		return 0;
	return troth_load_u64be(v.data);
}

/* ---- Lists ---- */

static void list_open(struct troth_list *l, struct troth_txn *t, unsigned table,
		      const struct troth_key *prefix, struct troth_span after)
{
	*l = (struct troth_list){ .t = t };
	assert(prefix->len <= sizeof(l->prefix));
	memcpy(l->prefix, prefix->b, prefix->len);
	l->prefix_len = prefix->len;
	if (after.len > 0 && after.len < sizeof(l->after)) {
		memcpy(l->after, after.data, after.len);
		l->after_len = after.len;
	}
	troth_cursor_open(&l->cursor, t, table);
	/* What is no cursor of this list stands behind its end. */
	if (after.len >= sizeof(l->after) ||
	    (after.len > 0 && !begins_with(after, l->prefix, l->prefix_len)))
		troth_list_close(l);
}

/* Behind the prefix stand a time and an item, and the record is the subject. */
static void by_time(struct troth_list *l, struct troth_time due_before)
{
	l->by_time = true;
	l->due_at = l->prefix_len;
	l->due_before = due_before;
}

void troth_list_close(struct troth_list *l)
{
	troth_cursor_close(&l->cursor);
	troth_cursor_close(&l->views);
	l->t = NULL;
}

void troth_list_promises(struct troth_list *l, struct troth_txn *t, bool closed,
			 struct troth_time due_before, struct troth_span after)
{
	struct troth_key k = { .b = { closed }, .len = 1 };

	list_open(l, t, TROTH_T_PROMISES, &k, after);
	by_time(l, due_before);
}

void troth_list_asked(struct troth_list *l, struct troth_txn *t, struct troth_span after)
{
	list_open(l, t, TROTH_T_ASKED, &(struct troth_key){ .len = 0 }, after);
	by_time(l, (struct troth_time){ 0 });
}

void troth_list_alarms(struct troth_list *l, struct troth_txn *t, bool ended,
		       struct troth_span after)
{
	struct troth_key k = { .b = { ended }, .len = 1 };

	list_open(l, t, TROTH_T_ALARMS, &k, after);
	by_time(l, (struct troth_time){ 0 });
}

void troth_list_recoveries(struct troth_list *l, struct troth_txn *t, bool closed,
			   struct troth_span after)
{
	struct troth_key k = { .b = { closed }, .len = 1 };

	list_open(l, t, TROTH_T_RECOVERIES, &k, after);
	by_time(l, (struct troth_time){ 0 });
}

/* The part of a key before a zero byte; a name that is too long finds nothing. */
static void list_named(struct troth_list *l, struct troth_txn *t, unsigned table,
		       const char *name, size_t max, const uint8_t *flag,
		       struct troth_span after)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, strlen(name) <= max ? name : "");
	if (flag != NULL)
		troth_key_u8(&k, *flag);
	list_open(l, t, table, &k, after);
}

void troth_list_commitments(struct troth_list *l, struct troth_txn *t, const char *debtor,
			    bool closed, struct troth_time due_before,
			    struct troth_span after)
{
	uint8_t flag = closed;

	list_named(l, t, TROTH_T_DEBTS, debtor, TROTH_PARTY_MAX, &flag, after);
	by_time(l, due_before);
}

void troth_list_customer(struct troth_list *l, struct troth_txn *t, const char *customer,
			 struct troth_span after)
{
	list_named(l, t, TROTH_T_CUSTOMERS, customer, TROTH_CUSTOMER_MAX, NULL, after);
}

void troth_list_number(struct troth_list *l, struct troth_txn *t, const char *number,
		       struct troth_span after)
{
	list_named(l, t, TROTH_T_NUMBERS, number, TROTH_ORDER_NUMBER_MAX, NULL, after);
}

void troth_list_subjects(struct troth_list *l, struct troth_txn *t,
			 enum troth_node_kind node, struct troth_span after)
{
	struct troth_key k = { .len = 0 };

	list_open(l, t, TROTH_T_SUBJECTS, &k, after);
	if (node == TROTH_NODE_GATEWAY && l->t != NULL)
		troth_cursor_open(&l->views, t, TROTH_T_VIEWS);
}

/* Moves c to the first key behind l->after. */
static bool walk(struct troth_list *l, struct troth_cursor *c)
{
	struct troth_key k = { .len = 0 };

	if (l->started && c->key.len > 0 && c->key.len == l->after_len &&
	    memcmp(c->key.data, l->after, l->after_len) == 0)
		return troth_cursor_next(c);
	if (l->after_len == 0)
		return troth_cursor_seek(c, troth_span(l->prefix, l->prefix_len));
	/* The shortest key greater than `after` is `after` and a zero. */
	memcpy(k.b, l->after, l->after_len);
	k.len = l->after_len;
	troth_key_u8(&k, 0);
	return troth_cursor_seek(c, troth_key_span(&k));
}

/* The smaller of where the two cursors stand; only lists of all subjects have two. */
static const struct troth_cursor *step(struct troth_list *l)
{
	bool first = walk(l, &l->cursor);
	bool second = l->views.txn != NULL && walk(l, &l->views);

	while (second && l->views.key.len > TROTH_ID_LEN) /* A pending event. */
		second = troth_cursor_next(&l->views);
	if (!first || !second)
		return first ? &l->cursor : second ? &l->views : NULL;
	return memcmp(l->views.key.data, l->cursor.key.data, TROTH_ID_LEN) < 0
		       ? &l->views
		       : &l->cursor;
}

bool troth_list_next(struct troth_list *l, struct troth_id *item,
		     struct troth_id *subject)
{
	const struct troth_cursor *c;
	struct troth_span key, id;

	if (l->t == NULL)
		return false;
	c = step(l);
	if (c == NULL || !begins_with(c->key, l->prefix, l->prefix_len))
		return false;
	key = c->key;
	id = l->by_time ? c->value
			: troth_span(key.data + key.len - TROTH_ID_LEN, TROTH_ID_LEN);
	if (key.len < l->prefix_len + TROTH_ID_LEN + (l->by_time ? 8 : 0) ||
	    key.len > sizeof(l->after) || id.len != TROTH_ID_LEN) {
		troth_txn_fail(l->t, TROTH_ERR_CORRUPT,
			       "an index holds a record of %zu bytes", key.len);
		return false;
	}
	if (l->due_before.ms != 0 &&
	    (int64_t)troth_load_u64be(key.data + l->due_at) >= l->due_before.ms)
		return false;
	*item = (struct troth_id){ { 0 } };
	if (l->by_time)
		memcpy(item->b, key.data + key.len - TROTH_ID_LEN, TROTH_ID_LEN);
	memcpy(subject->b, id.data, TROTH_ID_LEN);
	memcpy(l->after, key.data, key.len);
	l->after_len = key.len;
	l->started = true;
	return true;
}

/* ---- Parties and sites ---- */

/* The first key behind `after`; false at the end. */
static bool next_name(struct troth_txn *t, unsigned table, const char *after, char *out,
		      size_t size)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;
	bool found;

	if (strlen(after) >= size)
		return false;
	if (after[0] != '\0')
		troth_key_text(&k,
			       after); /* Its zero byte makes it the next possible key. */
	troth_cursor_open(&c, t, table);
	found = troth_cursor_seek(&c, troth_key_span(&k));
	if (found && c.key.len >= size) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "table %u: a name of %zu bytes",
			       table, c.key.len);
		found = false;
	}
	if (found) {
		memcpy(out, c.key.data, c.key.len);
		out[c.key.len] = '\0';
	}
	troth_cursor_close(&c);
	return found;
}

bool troth_query_next_party(struct troth_txn *t, const char *after,
			    struct troth_party *out)
{
	char name[TROTH_PARTY_MAX + 1];

	return next_name(t, TROTH_T_PARTIES, after, name, sizeof(name)) &&
	       troth_state_party(t, name, out);
}

bool troth_query_next_site(struct troth_txn *t, const char *after, struct troth_site *out)
{
	char origin[TROTH_ORIGIN_MAX + 1];

	return next_name(t, TROTH_T_SITES, after, origin, sizeof(origin)) &&
	       troth_state_site(t, origin, out);
}

struct troth_time troth_query_received(struct troth_txn *t, const char *origin,
				       uint64_t position)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;
	struct troth_time at = { 0 };
	size_t prefix;

	if (strlen(origin) > TROTH_ORIGIN_MAX)
		return at;
	troth_key_text(&k, origin);
	prefix = k.len;
	troth_key_u64(&k, position);
	troth_cursor_open(&c, t, TROTH_T_RECEIVED);
	/* Whoever has a later position has all before it: the first mark that is
	 * not before this position tells when. */
	if (troth_cursor_seek(&c, troth_key_span(&k)) && c.key.len == k.len &&
	    begins_with(c.key, k.b, prefix) && c.value.len == 8)
		at.ms = (int64_t)troth_load_u64be(c.value.data);
	troth_cursor_close(&c);
	return at;
}

/* ---- The event stream ---- */

uint64_t troth_query_stream(struct troth_txn *t, enum troth_node_kind node,
			    uint64_t number)
{
	uint64_t position;

	if (number == 0)
		return 0;
	if (node == TROTH_NODE_CENTRAL)
		return number <= troth_txn_count(t, TROTH_T_ENTRIES) ? number : 0;
	return read_number(t, TROTH_T_FEED, number, &position) ? position : 0;
}

uint64_t troth_query_stream_len(struct troth_txn *t, enum troth_node_kind node)
{
	return node == TROTH_NODE_CENTRAL ? troth_txn_count(t, TROTH_T_ENTRIES)
					  : troth_state_last_number(t, TROTH_T_FEED);
}
