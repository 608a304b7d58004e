/*
 * OUTBOX has the bytes by origin_seq, and VIEWS behind each view the numbers of those
 * that are part of it: so a command writes to few places. A record of OUTBOX alone has
 * come back from central already, but under the number it had before this store went
 * back in time; it is only there so that the numbers central is sent have no gap
 * (central takes an event id once). Under which number such an event stands now, is in
 * RENUMBERED.
 */
#include "replica.h"

static struct troth_key seq_key(uint64_t seq)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, seq);
	return k;
}

static struct troth_key of_key(const struct troth_id *subject, uint64_t seq)
{
	struct troth_key k = { .len = 0 };

	troth_key_id(&k, subject);
	troth_key_u64(&k, seq);
	return k;
}

static bool corrupt(struct troth_txn *t, uint64_t seq, const char *why)
{
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "outbox: number %llu: %s",
		       (unsigned long long)seq, why);
	return false;
}

static bool decode(struct troth_txn *t, struct troth_span body, uint64_t seq,
		   struct troth_event *e)
{
	struct troth_why why;

	return troth_body_decode(e, body, &why) == TROTH_OK || corrupt(t, seq, why.text);
}

/* Decodes the record into *e; body and blob are borrowed like it. */
static bool open_record(struct troth_txn *t, struct troth_span record, uint64_t seq,
			struct troth_event *e, struct troth_span *body,
			struct troth_span *blob)
{
	return (troth_outbox_split(record, body, blob) ||
		corrupt(t, seq, "the record is cut")) &&
	       decode(t, *body, seq, e);
}

static bool get_record(struct troth_txn *t, uint64_t seq, struct troth_span *body,
		       struct troth_span *blob)
{
	struct troth_key k = seq_key(seq);
	struct troth_span record;

	return troth_txn_get(t, TROTH_T_OUTBOX, troth_key_span(&k), &record) &&
	       (troth_outbox_split(record, body, blob) ||
		corrupt(t, seq, "the record is cut"));
}

static bool get(struct troth_txn *t, uint64_t seq, struct troth_event *e,
		struct troth_span *body, struct troth_span *blob)
{
	return get_record(t, seq, body, blob) && decode(t, *body, seq, e);
}

/* Gives *e the next number, saves it with `blob` and moves the chain. */
static void chain(struct troth_gateway *g, struct troth_txn *t, struct troth_event *e,
		  struct troth_span blob)
{
	struct troth_key k;
	struct troth_span body;

	e->incarnation = g->now.incarnation;
	e->origin_seq = ++g->now.seq;
	e->origin_prev = g->now.head;
	g->now.spoken = e->origin_seq;

	troth_buf_reset(&g->out);
	troth_buf_put_u32be(&g->out, 0);
	troth_body_encode(e, &g->out);
	if (g->out.failed || g->out.len < 4) {
		troth_txn_fail(t, TROTH_ERR_MEMORY, "outbox: no memory for an event");
		return;
	}
	body = troth_span(g->out.data + 4, g->out.len - 4);
	troth_chain_head(&g->now.head, &e->origin_prev, body);
	for (int i = 0; i < 4; i++)
		g->out.data[i] = (uint8_t)(body.len >> (24 - 8 * i));
	troth_buf_put_span(&g->out, blob);
	if (g->out.failed) {
		troth_txn_fail(t, TROTH_ERR_MEMORY, "outbox: no memory for an event");
		return;
	}

	k = seq_key(e->origin_seq);
	troth_txn_put(t, TROTH_T_OUTBOX, troth_key_span(&k), troth_buf_span(&g->out));
	k = of_key(&e->subject, e->origin_seq);
	troth_txn_put(t, TROTH_T_VIEWS, troth_key_span(&k), TROTH_SPAN_NONE);
}

/* Forgets event *e under its number; its bytes only if `bytes`. */
static void forget(struct troth_txn *t, const struct troth_event *e, uint64_t seq,
		   bool bytes)
{
	struct troth_key k = of_key(&e->subject, seq);

	(void)troth_txn_del(t, TROTH_T_VIEWS, troth_key_span(&k));
	(void)troth_txn_del(t, TROTH_T_RENUMBERED, troth_id_span(&e->id));
	k = seq_key(seq);
	if (bytes)
		(void)troth_txn_del(t, TROTH_T_OUTBOX, troth_key_span(&k));
}

/* Whether the event under that number is part of the view of its subject. */
static bool waits(struct troth_txn *t, const struct troth_id *subject, uint64_t seq)
{
	struct troth_key k = of_key(subject, seq);
	struct troth_span none;

	return troth_txn_get(t, TROTH_T_VIEWS, troth_key_span(&k), &none);
}

/* The number under which the event stands here now, if it does at all. */
static uint64_t number_of(struct troth_gateway *g, struct troth_txn *t,
			  const struct troth_event *e)
{
	struct troth_span value;

	if (e->incarnation == g->now.incarnation)
		return e->origin_seq;
	if (!troth_txn_get(t, TROTH_T_RENUMBERED, troth_id_span(&e->id), &value) ||
	    value.len != 8)
		return 0;
	return troth_load_u64be(value.data);
}

void outbox_fill(struct troth_gateway *g, struct troth_event *e)
{
	uint8_t random[10 + sizeof(e->salt)];

	g->config.random(g->config.random_ctx, random, sizeof(random));
	e->created = (struct troth_time){ g->clock_ms };
	e->id = troth_id_make(e->created, random);
	memcpy(e->salt, random + 10, sizeof(e->salt));
	memcpy(e->origin, g->origin, sizeof(g->origin));
	e->incarnation = g->now.incarnation;
	e->origin_seq = g->now.seq + 1;
	e->seen_size = g->heard_size;
	e->seen_root = g->heard_root;
}

void outbox_add(struct troth_gateway *g, struct troth_txn *t, struct troth_event *e,
		const struct troth_personal *personal)
{
	struct troth_span blob = TROTH_SPAN_NONE;

	troth_buf_reset(&g->personal);
	if (personal != NULL)
		troth_personal_encode(personal, &g->personal);
	if (g->personal.failed) {
		troth_txn_fail(t, TROTH_ERR_MEMORY, "outbox: no memory for an event");
		return;
	}
	blob = troth_buf_span(&g->personal);
	e->has_personal = blob.len > 0; /* All fields empty: there is no such part. */
	e->personal_hash = (struct troth_digest){ { 0 } };
	if (e->has_personal)
		troth_sha256(&e->personal_hash, &blob, 1);
	chain(g, t, e, blob);
	g->now.backlog++;
}

/* The bytes of what came back must be ours, but for the number they were sent under. */
static bool same(struct troth_gateway *g, struct troth_event *ours,
		 const struct troth_event *theirs, struct troth_span body)
{
	ours->incarnation = theirs->incarnation;
	ours->origin_seq = theirs->origin_seq;
	ours->origin_prev = theirs->origin_prev;
	troth_buf_reset(&g->record);
	troth_body_encode(ours, &g->record);
	return !g->record.failed && troth_span_eq(troth_buf_span(&g->record), body);
}

void outbox_sweep(struct troth_gateway *g, struct troth_txn *t)
{
	uint64_t seq = g->confirmed;
	struct troth_span body, blob;
	struct troth_cursor c;
	uint64_t first;

	g->confirmed = 0;
	if (seq == 0)
		return;
	troth_cursor_open(&c, t, TROTH_T_OUTBOX);
	while (troth_cursor_seek(&c, TROTH_SPAN_NONE)) {
		first = troth_load_u64be(c.key.data);
		if (first >= seq ||
		    !open_record(t, c.value, first, &g->other, &body, &blob) ||
		    waits(t, &g->other.subject, first))
			break;

		struct troth_key k = seq_key(first);
		(void)troth_txn_del(t, TROTH_T_OUTBOX, troth_key_span(&k));
	}
	troth_cursor_close(&c);
}

void outbox_renew(struct troth_gateway *g, struct troth_txn *t, struct troth_subject *s,
		  const struct troth_indexed *before)
{
	struct troth_span body, blob;
	struct troth_why why;
	uint64_t seq = 0;

	/* The index has all of them: for an earlier one, later ones do not count. */
	while (troth_query_pending(t, &s->id, &seq, &body, &blob)) {
		if (troth_body_decode(&g->other, body, &why) != TROTH_OK) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT, "outbox: number %llu: %s",
				       (unsigned long long)seq, why.text);
			return;
		}
		g->source.until = g->other.created;
		(void)view_apply(g, s, &g->other);
	}
	g->source.until.ms = 0;
	if (seq != 0)
		view_put(g, t, s);
	else
		(void)troth_txn_del(t, TROTH_T_VIEWS, troth_id_span(&s->id));
	troth_state_reindex(t, before, s);
	lapses_note(g, t, before, s);
}

bool outbox_confirm(struct troth_gateway *g, struct troth_txn *t,
		    const struct troth_event *e, struct troth_span body)
{
	uint64_t seq = number_of(g, t, e);
	const struct troth_event *ours = e; /* Nearly always the very same bytes. */
	bool renumbered = e->incarnation != g->now.incarnation;
	struct troth_span our_body, blob;

	if (!waits(t, &e->subject, seq) || !get_record(t, seq, &our_body, &blob))
		return false;
	if (!troth_span_eq(our_body, body)) {
		if (!decode(t, our_body, seq, &g->other) ||
		    !troth_id_eq(&g->other.id, &e->id))
			return false;
		ours = &g->other;
		if (!same(g, &g->other, e, body))
			replica_note(
				g, "own_event_changed",
				"own event %llu of incarnation %llu is in the ledger with other bytes",
				(unsigned long long)e->origin_seq,
				(unsigned long long)e->incarnation);
	}
	if (TROTH_MUTANT(outbox_is_not_emptied))
		return true;
	forget(t, ours, seq, !renumbered);
	if (!renumbered && seq > g->confirmed)
		g->confirmed = seq;
	g->now.backlog--;
	return true;
}

/*
 * Chains the events from number `from` on again, after g->now.head. They may still come
 * back under the numbers of an earlier incarnation.
 */
static void chain_again(struct troth_gateway *g, struct troth_txn *t, uint64_t from)
{
	struct troth_key k = seq_key(from), now;
	struct troth_span body, blob;
	struct troth_cursor c;

	troth_cursor_open(&c, t, TROTH_T_OUTBOX);
	/* New numbers are never greater than old ones, so none is met twice. */
	for (bool more = troth_cursor_seek(&c, troth_key_span(&k)); more;
	     more = troth_cursor_next(&c)) {
		uint64_t seq = troth_load_u64be(c.key.data);
		bool again;

		troth_buf_reset(&g->record);
		troth_buf_put_span(&g->record, c.value);
		if (g->record.failed)
			troth_txn_fail(t, TROTH_ERR_MEMORY, "outbox: no memory");
		if (!troth_txn_sound(t) || !open_record(t, troth_buf_span(&g->record),
							seq, &g->other, &body, &blob))
			break;
		again = waits(t, &g->other.subject, seq);
		forget(t, &g->other, seq, true);
		if (!again)
			continue;
		chain(g, t, &g->other, blob);
		now = seq_key(g->other.origin_seq);
		troth_txn_put(t, TROTH_T_RENUMBERED, troth_id_span(&g->other.id),
			      troth_key_span(&now));
	}
	troth_cursor_close(&c);
}

void outbox_reincarnate(struct troth_gateway *g, struct troth_txn *t,
			uint64_t incarnation)
{
	g->now.incarnation = incarnation;
	g->now.seq = 0;
	g->now.spoken = 0;
	g->now.head = (struct troth_digest){ { 0 } };
	chain_again(g, t, 0);
}

static void keep_beside(struct troth_gateway *g, struct troth_txn *t,
			struct troth_span body, struct troth_span blob,
			const char *reason)
{
	struct troth_key k = seq_key(++g->now.set_aside);

	troth_buf_reset(&g->record);
	troth_buf_put_u16be(&g->record, (uint16_t)strlen(reason));
	troth_buf_put_str(&g->record, reason);
	troth_buf_put_u32be(&g->record, (uint32_t)body.len);
	troth_buf_put_span(&g->record, body);
	troth_buf_put_span(&g->record, blob);
	troth_txn_put_buf(t, TROTH_T_SET_ASIDE, troth_key_span(&k), &g->record);
}

void outbox_set_aside(struct troth_gateway *g, struct troth_txn *t, uint64_t seq,
		      const char *reason)
{
	struct troth_subject *s = g->view[0];
	struct troth_span body, blob;
	struct troth_event *e = &g->event;

	if (!get(t, seq, e, &body, &blob))
		return;
	keep_beside(g, t, body, blob, reason);
	(void)view_load(t, &e->subject, e->subject_kind, s);
	troth_state_indexed(s, &g->before[0]);
	if (waits(t, &e->subject, seq)) {
		g->now.backlog--;
		troth_state_add_lapsed(t, &e->subject);
	}
	if (e->type == TROTH_EVENT_SHARE_SPENT)
		troth_state_forget_spend(t, &e->u.share.promise);
	forget(t, e, seq, true);
	g->now.seq = seq - 1;
	g->now.head = e->origin_prev;
	chain_again(g, t, seq + 1);

	(void)troth_state_load(t, TROTH_T_SUBJECTS, &e->subject, e->subject_kind, s);
	outbox_renew(g, t, s, &g->before[0]);
}

bool outbox_head(struct troth_gateway *g, struct troth_txn *t, uint64_t seq,
		 struct troth_digest *head)
{
	struct troth_span body, blob;

	*head = g->kept.head;
	if (seq == g->kept.seq)
		return true;
	if (!get(t, seq + 1, &g->other, &body, &blob))
		return false;
	*head = g->other.origin_prev;
	return true;
}
