/*
 * What an entry of the feed does here. Nothing in an entry can stop the feed: what
 * cannot be read or does not fit is kept as it came, noted, and gone past.
 */
#include "replica.h"

#include "troth/state/availability.h"

/* One entry on its way in. */
struct coming {
	struct troth_gateway *g;
	struct troth_txn *t;
	const struct troth_bus_item *item;
	struct troth_entry entry;
	struct troth_digest leaf;
};

static struct troth_key number_key(uint64_t n)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, n);
	return k;
}

static void put_number(struct troth_txn *t, unsigned table, struct troth_key key,
		       uint64_t value)
{
	uint8_t bytes[8];

	troth_store_u64be(bytes, value);
	troth_txn_put(t, table, troth_key_span(&key), troth_span(bytes, 8));
}

static bool marked(const struct troth_bus_item *item, uint8_t mark)
{
	for (int i = 0; i < TROTH_ITEM_DIGEST_LEN; i++)
		if (item->digest[i] != mark)
			return false;
	return true;
}

static void diverged(struct coming *c, const struct troth_id *subject)
{
	struct troth_gateway *g = c->g;
	char hex[2 * TROTH_ID_LEN + 1];

	troth_hex(hex, subject->b, TROTH_ID_LEN);
	replica_note(g, "diverged", "subject %s differs from central's at position %llu",
		     hex, (unsigned long long)c->item->position);
	for (unsigned i = 0; i < g->diverged_count; i++)
		if (troth_id_eq(&g->diverged[i], subject))
			return;
	if (g->diverged_count < DIVERGED_MAX)
		g->diverged[g->diverged_count++] = *subject;
}

/* Keeps the bytes. A backfill may repeat a position that has been here before. */
static void keep_entry(struct coming *c)
{
	struct troth_key k = number_key(c->item->position - 1);
	struct troth_span old;

	if (troth_txn_get(c->t, TROTH_T_ENTRIES, troth_key_span(&k), &old)) {
		if (!troth_span_eq(old, c->item->entry))
			replica_note(
				c->g, "entry_changed",
				"position %llu came again with other bytes; the first stay",
				(unsigned long long)c->item->position);
		return;
	}
	troth_txn_put(c->t, TROTH_T_ENTRIES, troth_key_span(&k), c->item->entry);
}

static void keep_blob(struct coming *c, const struct troth_event *e)
{
	struct troth_key k = number_key(c->item->position - 1);
	struct troth_digest hash;

	if (c->item->blob.len == 0)
		return;
	troth_sha256(&hash, &c->item->blob, 1);
	if (!e->has_personal || !troth_digest_eq(&hash, &e->personal_hash)) {
		replica_note(
			c->g, "blob_changed",
			"position %llu: the personal part is not the one that was hashed",
			(unsigned long long)c->item->position);
		return;
	}
	troth_txn_put(c->t, TROTH_T_BLOBS, troth_key_span(&k), c->item->blob);
	if (e->type == TROTH_EVENT_ORDER_PLACED &&
	    c->entry.verdict.outcome != TROTH_REFUSED) {
		struct troth_personal personal;

		if (troth_personal_decode(&personal, c->item->blob, NULL) == TROTH_OK)
			troth_state_index_number(c->t, &e->subject,
						 personal.order_number);
	}
}

/* Applies the entry to *s, the sequenced state, and seals it. */
static void advance(struct coming *c, struct troth_subject *s,
		    const struct troth_event *e)
{
	struct troth_gateway *g = c->g;
	struct troth_verdict verdict = c->entry.verdict;
	struct troth_who who;

	if (troth_who_acts(&who, &g->site, &g->lookup, e, g->central) !=
		    TROTH_REASON_NONE &&
	    verdict.outcome != TROTH_REFUSED) {
		replica_note(g, "unknown_origin", "position %llu: %s is not known here",
			     (unsigned long long)c->item->position, e->origin);
		verdict.outcome = TROTH_REFUSED; /* The digest will tell. */
	}
	troth_apply(s, &g->lookup, &who, e, verdict,
		    (struct troth_place){ c->item->position, c->entry.accepted });
	troth_buf_reset(&g->run.sealed);
	troth_subject_seal(s, &c->leaf, &g->run.sealed);
	g->run.changed = true;
	if (g->run.sealed.failed)
		troth_txn_fail(c->t, TROTH_ERR_MEMORY, "subjects: no memory");
}

static void keep_history(struct coming *c, const struct troth_subject *s)
{
	struct troth_key k = { .len = 0 };

	troth_key_id(&k, &s->id);
	troth_key_u64(&k, s->revision);
	put_number(c->t, TROTH_T_HISTORY, k, c->item->position);
}

/* True if the view may wait for the end of the arrival. */
static bool put_off(struct troth_gateway *g, const struct troth_subject *s)
{
	if (s->kind != TROTH_SUBJECT_AUTHORITY)
		return false;
	for (unsigned i = 0; i < g->stale_count; i++)
		if (troth_id_eq(&g->stale[i], &s->id))
			return true;
	if (g->stale_count == STALE_MAX)
		return false;
	g->stale[g->stale_count++] = s->id;
	return true;
}

static void renew_stale(struct troth_gateway *g, struct troth_txn *t)
{
	/* An authority has nothing that is indexed. */
	static const struct troth_indexed nothing;

	for (unsigned i = 0; i < g->stale_count; i++) {
		(void)troth_state_load(t, TROTH_T_SUBJECTS, &g->stale[i],
				       TROTH_SUBJECT_AUTHORITY, g->view[0]);
		outbox_renew(g, t, g->view[0], &nothing);
	}
	g->stale_count = 0;
}

/* Stores what the run has made of its subject, with the view and the indexes. */
static void end_run(struct troth_gateway *g, struct troth_txn *t)
{
	struct troth_subject *s = g->view[0];

	if (!g->run.open)
		return;
	g->run.open = false;
	if (g->run.changed)
		troth_txn_put(t, TROTH_T_SUBJECTS, troth_id_span(&s->id),
			      troth_buf_span(&g->run.sealed));
	if (g->run.has_view && put_off(g, s))
		return;
	if (g->run.has_view && !TROTH_MUTANT(view_is_not_renewed)) {
		outbox_renew(g, t, s, &g->before[0]);
		return;
	}
	troth_state_reindex(t, &g->before[0], s);
	lapses_note(g, t, &g->before[0], s);
}

/* The sequenced state of the event's subject: of the present run, or of a new one. */
static struct troth_subject *run_of(struct coming *c, const struct troth_event *e)
{
	struct troth_gateway *g = c->g;
	struct troth_subject *s = g->view[0];

	if (g->run.open && troth_id_eq(&g->run.subject, &e->subject))
		return s;
	end_run(g, c->t);
	g->run.open = true;
	g->run.changed = false;
	g->run.subject = e->subject;
	g->run.has_view = troth_state_load(c->t, TROTH_T_VIEWS, &e->subject,
					   e->subject_kind, s);
	if (g->run.has_view)
		troth_state_indexed(s, &g->before[0]);
	(void)troth_state_load(c->t, TROTH_T_SUBJECTS, &e->subject, e->subject_kind, s);
	if (!g->run.has_view)
		troth_state_indexed(s, &g->before[0]);
	return s;
}

static void tell_refused(struct coming *c, const struct troth_event *e)
{
	const char *type = troth_event_type_name(e->type);
	const char *reason = troth_reason_name(c->entry.verdict.reason);

	replica_note(c->g, "conflict", "own %s at position %llu is refused: %s",
		     type != NULL ? type : "event", (unsigned long long)c->item->position,
		     reason != NULL ? reason : "for an unknown reason");
}

/*
 * The event is decoded in g->event; its bytes are kept. An entry may come twice:
 * when a subject is backfilled, or when two parties of this feed take part in it.
 */
static void apply_event(struct coming *c)
{
	struct troth_gateway *g = c->g;
	struct troth_event *e = &g->event;
	struct troth_subject *s = run_of(c, e);
	bool seen, refused = c->entry.verdict.outcome == TROTH_REFUSED;
	bool ours = outbox_confirm(g, c->t, e, c->entry.body);

	if (ours && refused) {
		tell_refused(c, e);
		if (marked(c->item, TROTH_ITEM_ABSENT))
			troth_state_add_lapsed(c->t, &e->subject);
	}
	seen = marked(c->item, TROTH_ITEM_ABSENT) || s->position >= c->item->position;
	if (!seen) {
		advance(c, s, e);
		keep_history(c, s);
		if (!marked(c->item, TROTH_ITEM_UNCHECKED) &&
		    memcmp(s->digest.b, c->item->digest, TROTH_ITEM_DIGEST_LEN) != 0)
			diverged(c, &e->subject);
	}
	if (e->subject_kind == TROTH_SUBJECT_FEDERATION && !seen && !refused) {
		if (e->type == TROTH_EVENT_SITE_AVAILABILITY)
			troth_state_apply_availability(c->t, e, c->item->position);
		else
			troth_state_apply_federation(c->t, e, c->item->position);
		replica_look(g, c->t);
	}
	if (e->type == TROTH_EVENT_AGENT_CERTIFIED && !seen && !refused)
		troth_state_apply_agent(c->t, e);
	if ((e->type == TROTH_EVENT_SHARE_SPENT || e->type == TROTH_EVENT_SHARE_FREED) &&
	    !seen && strcmp(e->origin, g->origin) == 0)
		lapses_note_own(g, c->t, e, ours, refused);
}

static void apply_item(struct coming *c)
{
	struct troth_gateway *g = c->g;
	struct troth_why why;

	keep_entry(c);
	if (troth_entry_decode(&c->entry, c->item->entry, &why) != TROTH_OK ||
	    troth_body_decode(&g->event, c->entry.body, &why) != TROTH_OK) {
		replica_note(g, "bad_entry", "position %llu is kept and not applied: %s",
			     (unsigned long long)c->item->position, why.text);
		return;
	}
	troth_tree_leaf(&c->leaf, c->item->entry);
	keep_blob(c, &g->event);
	apply_event(c);
}

static void apply_marks(struct troth_gateway *g, struct troth_txn *t,
			const struct troth_bus_follow_ok *m)
{
	for (size_t i = 0; i < m->mark_count; i++) {
		struct troth_key k = { .len = 0 };

		if (m->marks[i].origin[0] == '\0' ||
		    strlen(m->marks[i].origin) > TROTH_ORIGIN_MAX)
			continue;
		troth_key_text(&k, m->marks[i].origin);
		troth_key_u64(&k, m->marks[i].position);
		put_number(t, TROTH_T_RECEIVED, k, (uint64_t)m->marks[i].at.ms);
	}
	g->now.marks = m->marks_upto; /* Fewer, if central was put back. */
}

void replica_apply(struct troth_gateway *g, struct troth_txn *t,
		   const struct troth_bus_follow_ok *m)
{
	g->run.open = false; /* Whatever a transaction that failed has left. */
	g->stale_count = 0;
	g->confirmed = 0;
	for (size_t i = 0; i < m->item_count && troth_txn_sound(t); i++) {
		struct coming c = { .g = g, .t = t, .item = &m->items[i] };

		apply_item(&c);
		put_number(t, TROTH_T_FEED, number_key(++g->now.cursor),
			   m->items[i].position);
	}
	end_run(g, t);
	renew_stale(g, t);
	outbox_sweep(g, t);
	apply_marks(g, t, m);
	if (m->upto_position > g->now.position)
		g->now.position = m->upto_position;
	if (m->now.ms > g->now.as_of.ms)
		g->now.as_of = m->now;
}
