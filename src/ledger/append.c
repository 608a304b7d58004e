/*
 * append - one entry: into the log, the tree, the state, the indexes, the
 * timers and the feeds of those who may see it.
 */
#include "ledger.h"

#include "troth/base/err.h"
#include "troth/base/mutant.h"
#include "troth/base/text.h"
#include "troth/state/availability.h"

#include <string.h>

void ledger_load(struct troth_ledger *l, const struct troth_id *id,
		 enum troth_subject_kind kind)
{
	if (l->run.open && troth_id_eq(&l->subject->id, id))
		return;
	ledger_end_run(l);
	(void)troth_state_load(&l->txn, TROTH_T_SUBJECTS, id, kind, l->subject);
	l->run.open = true;
	l->source.at_hand = l->subject;
	l->run.changed = false;
	l->run.timer = troth_subject_due(l->subject, &l->lookup);
	troth_state_indexed(l->subject, l->indexed);
}

/* Who could see the subject before the entry. */
struct audience {
	unsigned count;
	struct troth_participant before[TROTH_PARTICIPANTS_MAX];
};

static void audience_of(const struct troth_subject *s, struct audience *a)
{
	a->count = s->participant_count;
	memcpy(a->before, s->participants, a->count * sizeof(a->before[0]));
}

static void move_timer(struct troth_ledger *l, const struct troth_id *id,
		       struct troth_time from, struct troth_time to)
{
	struct troth_key k;

	if (from.ms == to.ms)
		return;
	if (from.ms != 0) {
		k.len = 0;
		troth_key_u64(&k, (uint64_t)from.ms);
		troth_key_id(&k, id);
		(void)troth_txn_del(&l->txn, TROTH_T_TIMERS, troth_key_span(&k));
	}
	if (to.ms != 0) {
		k.len = 0;
		troth_key_u64(&k, (uint64_t)to.ms);
		troth_key_id(&k, id);
		troth_txn_put(&l->txn, TROTH_T_TIMERS, troth_key_span(&k),
			      TROTH_SPAN_NONE);
	}
}

void ledger_set_timer(struct troth_ledger *l, const struct troth_id *id,
		      struct troth_time at)
{
	move_timer(l, id, (struct troth_time){ 0 }, at);
}

void ledger_end_run(struct troth_ledger *l)
{
	const struct troth_subject *s = l->subject;
	bool changed = l->run.open && l->run.changed;

	l->run.open = false;
	l->source.at_hand = NULL;
	if (!changed)
		return;
	troth_txn_put(&l->txn, TROTH_T_SUBJECTS, troth_id_span(&s->id),
		      troth_buf_span(&l->record));
	troth_state_reindex(&l->txn, l->indexed, s);
	if (s->kind == TROTH_SUBJECT_AUTHORITY)
		pools_index(l, s);
	else
		pools_follow(l, s);
	awaited_note(l, s);
	move_timer(l, &s->id, l->run.timer, troth_subject_due(s, &l->lookup));
}

static void store_history(struct troth_ledger *l, const struct troth_subject *s)
{
	struct troth_key k = { .len = 0 };
	uint8_t position[8];

	troth_key_id(&k, &s->id);
	troth_key_u64(&k, s->revision);
	troth_store_u64be(position, s->position);
	troth_txn_put(&l->txn, TROTH_T_HISTORY, troth_key_span(&k),
		      troth_span(position, 8));
}

/* The log and the tree: bytes that never change again. */
static void store_entry(struct troth_ledger *l, const struct incoming *in,
			struct troth_digest *leaf)
{
	struct troth_digest record[TROTH_TREE_LEVELS + 1];
	uint8_t key[8];
	unsigned n;

	troth_buf_reset(&l->entry);
	troth_entry_encode(&(struct troth_entry){ in->body, in->verdict, l->now },
			   &l->entry);
	if (l->entry.failed)
		troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for an entry");
	troth_store_u64be(key, l->next_tree.size);
	troth_tree_leaf(leaf, troth_buf_span(&l->entry));
	n = troth_tree_append(&l->next_tree, leaf, record);
	troth_txn_append(&l->txn, TROTH_T_ENTRIES, troth_span(key, 8),
			 troth_buf_span(&l->entry));
	troth_txn_append(&l->txn, TROTH_T_HASHES, troth_span(key, 8),
			 troth_span(record, n * TROTH_DIGEST_LEN));
	if (in->blob.len > 0)
		troth_txn_append(&l->txn, TROTH_T_BLOBS, troth_span(key, 8), in->blob);

	uint8_t position[8];
	troth_store_u64be(position, l->next_tree.size);
	troth_txn_put(&l->txn, TROTH_T_EVENTS, troth_id_span(&in->e->id),
		      troth_span(position, 8));
}

/*
 * Gives the entry to whoever sees the subject now, or did until now (so that a
 * carrier learns that it has been replaced); newcomers get what went before.
 */
static void distribute(struct troth_ledger *l, const struct audience *a)
{
	const struct troth_subject *s = l->subject;

	for (unsigned i = 0; i < s->participant_count; i++) {
		const struct troth_participant *p = &s->participants[i];
		bool was = i < a->count && a->before[i].active;

		if (!p->active && !was && !TROTH_MUTANT(who_left_is_fed))
			continue;
		if (!was) {
			uint64_t first = i < a->count ? a->before[i].left + 1 : 1;

			feed_backfill(l, p->party, &s->id, first, s->revision - 1);
			for (unsigned j = 0; j < s->participant_count; j++)
				if (s->participants[j].active && j != i)
					shared_add(l, p->party, s->participants[j].party);
		}
		feed_add(l, p->party, s->position, s->digest.b);
	}
}

static void distribute_federation(struct troth_ledger *l, const struct incoming *in)
{
	const struct troth_subject *s = l->subject;
	const struct troth_party *p = &in->e->u.party;

	if (in->e->type == TROTH_EVENT_SITE_AVAILABILITY)
		troth_state_apply_availability(&l->txn, in->e, s->position);
	else
		troth_state_apply_federation(&l->txn, in->e, s->position);
	if (in->e->type == TROTH_EVENT_PARTY_ADDED) {
		if (p->role == TROTH_ROLE_BRAND)
			TROTH_TEXT_SET(l->brand, p->party);
		else if (p->operator_party[0] == '\0')
			feed_backfill(l, p->party, &s->id, 1, s->revision - 1);
	} else if (in->e->type == TROTH_EVENT_SITE_ADDED) {
		feed_site_added(l, in->e->u.site.party);
		pools_note(l, in);
	}
	feed_add_all(l, s->position, s->digest.b);
}

/* The author of a refused event is told, though it takes no part in the subject. */
static void tell_author(struct troth_ledger *l, const struct incoming *in,
			uint64_t position)
{
	static const uint8_t none[TROTH_ITEM_DIGEST_LEN] = { TROTH_ITEM_ABSENT };

	if (in->who != NULL && in->who->party != NULL &&
	    !TROTH_MUTANT(refusal_is_not_told))
		feed_add(l, in->who->party, position, none);
}

uint64_t ledger_append(struct troth_ledger *l, const struct incoming *in)
{
	struct troth_subject *s = l->subject;
	struct audience a;
	struct troth_digest leaf;
	struct troth_place place = { l->next_tree.size + 1, l->now };
	/* Nothing comes of it: there is no subject, or the federation stays as it is. */
	bool absent = s->kind == TROTH_SUBJECT_FEDERATION || !troth_subject_exists(s);

	l->dirty = true;
	audience_of(s, &a);
	store_entry(l, in, &leaf);
	if (in->verdict.outcome == TROTH_REFUSED && absent) {
		tell_author(l, in, place.position);
		return place.position;
	}
	troth_apply(s, &l->lookup, in->who, in->e, in->verdict, place);
	troth_buf_reset(&l->record);
	troth_subject_seal(s, &leaf, &l->record);
	if (l->record.failed)
		troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for a subject");
	l->run.changed = true;
	store_history(l, s);
	if (s->kind == TROTH_SUBJECT_FEDERATION) {
		distribute_federation(l, in);
		return place.position;
	}
	if (in->verdict.outcome != TROTH_REFUSED) {
		troth_state_index_number(&l->txn, &s->id, in->order_number);
		if (in->e->type == TROTH_EVENT_AGENT_CERTIFIED)
			troth_state_apply_agent(&l->txn, in->e);
		pools_note(l, in);
	}
	distribute(l, &a);
	/* After those who take part: through one feed an entry comes as theirs. */
	if (in->verdict.outcome == TROTH_REFUSED)
		tell_author(l, in, place.position);
	return place.position;
}

uint64_t ledger_append_own(struct troth_ledger *l, struct troth_event *e,
			   const struct troth_personal *personal,
			   const struct troth_who *who, struct troth_verdict verdict)
{
	uint8_t random[10 + sizeof(e->salt)];

	l->config.random(l->config.random_ctx, random, sizeof(random));
	e->id = troth_id_make(l->now, random);
	memcpy(e->salt, random + 10, sizeof(e->salt));
	TROTH_TEXT_SET(e->origin, l->config.origin);
	e->incarnation = l->next_own.incarnation;
	e->origin_seq = l->next_own.taken_seq + 1;
	e->origin_prev = l->next_own.head;
	e->created = l->now;
	e->seen_size = l->tree.size;
	if (l->tree.size > 0) /* The empty tree has a root too, but none was seen. */
		e->seen_root = l->root;
	troth_buf_reset(&l->blob);
	if (personal != NULL)
		troth_personal_encode(personal, &l->blob);
	e->has_personal = l->blob.len > 0;
	if (e->has_personal) {
		struct troth_span blob = troth_buf_span(&l->blob);

		troth_sha256(&e->personal_hash, &blob, 1);
	}
	troth_buf_reset(&l->body);
	troth_body_encode(e, &l->body);
	if (l->body.failed || l->blob.failed)
		troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for an event");
	l->next_own.taken_seq++;
	troth_chain_head(&l->next_own.head, &e->origin_prev, troth_buf_span(&l->body));
	l->own_unsealed = true;
	return ledger_append(
		l, &(struct incoming){
			   .e = e,
			   .body = troth_buf_span(&l->body),
			   .blob = troth_buf_span(&l->blob),
			   .order_number = personal == NULL ? "" : personal->order_number,
			   .who = who,
			   .verdict = verdict,
		   });
}

/* ---- The clock ---- */

static unsigned declare(struct troth_ledger *l)
{
	static const struct troth_verdict effect = { TROTH_TAKES_EFFECT,
						     TROTH_REASON_NONE };
	struct troth_declaration d[16];
	struct troth_who who = {
		.party = l->brand,
		.site = TROTH_HQ_SITE,
		.role = TROTH_ROLE_BRAND,
		.central = true,
		.clock = true,
	};
	unsigned total = 0, n;

	while ((n = troth_subject_tick(l->subject, &l->lookup, l->now, d, TROTH_LEN(d))) >
	       0) {
		for (unsigned i = 0; i < n; i++) {
			struct troth_event *e = l->declared;

			e->subject_kind = l->subject->kind;
			e->subject = l->subject->id;
			e->on_behalf[0] = '\0';
			TROTH_TEXT_SET(e->actor, TROTH_CLOCK_ACTOR);
			troth_declaration_event(&d[i], e);
			(void)ledger_append_own(l, e, NULL, &who, effect);
		}
		total += n;
		if (!troth_txn_sound(&l->txn))
			break;
	}
	return total;
}

/*
 * Nothing is due where a timer stands: a policy has been published that had been
 * cited before. Puts the timer where it belongs; false: it belongs there, which
 * cannot be.
 */
static bool moved_on(struct troth_ledger *l, const struct troth_key *at,
		     const struct troth_id *id, struct troth_time due)
{
	if ((int64_t)troth_load_u64be(at->b) == due.ms) {
		troth_txn_fail(&l->txn, TROTH_ERR_CORRUPT,
			       "timers: nothing is due where one stands");
		return false;
	}
	(void)troth_txn_del(&l->txn, TROTH_T_TIMERS, troth_key_span(at));
	move_timer(l, id, (struct troth_time){ 0 }, due);
	l->dirty = true;
	return true;
}

void ledger_clock(struct troth_ledger *l)
{
	unsigned total = 0;
	struct troth_cursor c;

	troth_cursor_open(&c, &l->txn, TROTH_T_TIMERS);
	while (total < TROTH_CLOCK_BATCH && troth_cursor_seek(&c, TROTH_SPAN_NONE)) {
		struct troth_key key;
		struct troth_id id;

		if (c.key.len != 8 + TROTH_ID_LEN) {
			troth_txn_fail(&l->txn, TROTH_ERR_CORRUPT, "timers: a key");
			break;
		}
		if ((int64_t)troth_load_u64be(c.key.data) >= l->now.ms)
			break;
		memcpy(key.b, c.key.data, c.key.len);
		key.len = c.key.len;
		if (TROTH_MUTANT(downtime_is_forgiven) &&
		    (int64_t)troth_load_u64be(key.b) + 2000 < l->now.ms) {
			(void)troth_txn_del(&l->txn, TROTH_T_TIMERS,
					    troth_key_span(&key));
			l->dirty = true;
			continue;
		}
		memcpy(id.b, c.key.data + 8, TROTH_ID_LEN);
		ledger_load(l, &id, TROTH_SUBJECT_ORDER);

		struct troth_time due = l->run.timer;
		unsigned n = declare(l);
		ledger_end_run(l); /* The timer moves on. */
		total += n;
		if (n == 0 && !moved_on(l, &key, &id, due))
			break;
	}
	troth_cursor_close(&c);
}

struct troth_time troth_ledger_next_timer(struct troth_ledger *l)
{
	struct troth_time t = { 0 };
	struct troth_txn txn;
	struct troth_cursor c;

	troth_txn_begin(&txn, l->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &txn, TROTH_T_TIMERS);
	if (troth_cursor_seek(&c, TROTH_SPAN_NONE) && c.key.len >= 8)
		t.ms = (int64_t)troth_load_u64be(c.key.data) +
		       1; /* Late only after it. */
	troth_cursor_close(&c);
	if (awaited_waits(&txn))
		t.ms = l->time.ms + 1;
	troth_txn_abort(&txn);
	if (l->pools.next.ms != 0 && (t.ms == 0 || l->pools.next.ms < t.ms))
		t = l->pools.next;
	return t;
}
