/*
 * What is to be looked at, and when: offers of this site that may lapse, what was
 * spent on promises that may have come to nothing, what central asks back. Changes of
 * a view only note it here; shares.c does the looking.
 */
#include "replica.h"

#include "troth/core/authority.h"
#include "troth/base/text.h"

static struct troth_key lapse_key(struct troth_time at, const struct troth_id *id)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, (uint64_t)at.ms);
	troth_key_id(&k, id);
	return k;
}

void lapses_add(struct troth_txn *t, struct troth_time at, const struct troth_id *id)
{
	struct troth_key k = lapse_key(at, id);

	troth_txn_put(t, TROTH_T_LAPSES, troth_key_span(&k), TROTH_SPAN_NONE);
}

static void look_now(struct troth_txn *t, const struct troth_id *id)
{
	lapses_add(t, (struct troth_time){ 0 }, id);
}

void lapses_next(struct troth_gateway *g, struct troth_txn *t)
{
	struct troth_cursor c;

	g->lapse_ms = INT64_MAX;
	troth_cursor_open(&c, t, TROTH_T_LAPSES);
	if (troth_cursor_seek(&c, TROTH_SPAN_NONE) && c.key.len == 8 + TROTH_ID_LEN)
		g->lapse_ms = (int64_t)troth_load_u64be(c.key.data);
	troth_cursor_close(&c);
}

bool lapses_due(const struct troth_gateway *g)
{
	return g->lapse_ms < g->clock_ms && g->kept.restored == 0;
}

void lapses_spend(struct troth_gateway *g, struct troth_txn *t,
		  const struct troth_id *promise, const char *party, const char *pool,
		  int64_t amount, struct troth_time look)
{
	struct troth_spend s = { .amount = amount };

	TROTH_TEXT_SET(s.party, party);
	TROTH_TEXT_SET(s.site, g->site_name);
	TROTH_TEXT_SET(s.pool, pool);
	troth_state_set_spend(t, promise, &s);
	if (TROTH_MUTANT(offer_lapses_early) && look.ms != 0)
		look.ms -= 2000;
	lapses_add(t, look, promise);
}

/* An offer of this site, made by a life of it that its store does not remember. */
static bool is_forgotten(struct troth_gateway *g, struct troth_txn *t,
			 const struct troth_promise *p)
{
	struct troth_spend spend;
	struct troth_party party;

	if (p->state != TROTH_PROMISE_PROPOSED || p->grant[0] == '\0' ||
	    strcmp(p->site, g->site_name) != 0 || troth_state_spend(t, &p->id, &spend))
		return false;
	return strcmp(p->party, g->party) == 0 ||
	       (troth_state_party(t, p->party, &party) &&
		strcmp(party.operator_party, g->party) == 0);
}

/* What it was spent from comes by itself (lapses_note_own), if it ever was. */
static void remember(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_promise *p)
{
	struct troth_spend s = { .amount = p->cost };

	TROTH_TEXT_SET(s.party, p->party);
	TROTH_TEXT_SET(s.site, g->site_name);
	troth_state_set_spend(t, &p->id, &s);
	lapses_add(t, p->lapses, &p->id);
	if (p->pool[0] != '\0')
		offers_hold(g, t, p->actor, &p->id, p->lapses);
}

static void note_promises(struct troth_gateway *g, struct troth_txn *t,
			  const struct troth_indexed *before,
			  const struct troth_subject *s)
{
	struct troth_spend spend;

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];

		if (is_forgotten(g, t, p))
			remember(g, t, p);
		if (p->pool[0] != '\0' && p->state != TROTH_PROMISE_PROPOSED)
			offers_drop(g, p->actor, &p->id);
		if (p->cost > 0 && troth_state_spend(t, &p->id, &spend) &&
		    troth_promise_came_to_nothing(p->state) != spend.freed)
			look_now(t, &p->id);
	}
	/* Refused by central, it is no promise any more. */
	for (unsigned i = 0; i < before->promise_count; i++)
		if (before->promises[i].given &&
		    troth_subject_promise(s, &before->promises[i].id) < 0 &&
		    troth_state_spend(t, &before->promises[i].id, &spend))
			look_now(t, &before->promises[i].id);
}

int64_t lapses_owed(const struct troth_gateway *g, const struct troth_share *s)
{
	int64_t available = troth_share_available(s);

	if (s->frozen || strcmp(s->site, g->site_name) != 0 ||
	    TROTH_MUTANT(recall_is_ignored))
		return 0;
	return s->recalled < available ? s->recalled : available;
}

void lapses_note(struct troth_gateway *g, struct troth_txn *t,
		 const struct troth_indexed *before, const struct troth_subject *s)
{
	if (s->kind != TROTH_SUBJECT_AUTHORITY) {
		note_promises(g, t, before, s);
		return;
	}
	for (unsigned i = 0; i < s->authority.share_count; i++)
		if (lapses_owed(g, &s->authority.shares[i]) > 0)
			look_now(t, &s->id);
}

void lapses_note_own(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_event *e, bool ours, bool refused)
{
	struct troth_spend s = { .amount = e->u.share.amount };
	bool known = troth_state_spend(t, &e->u.share.promise, &s);

	if (e->type == TROTH_EVENT_SHARE_FREED && refused && known) {
		s.freed = false; /* Looked at again when the promise changes. */
	} else if (ours || refused) {
		return; /* What was done here, is written here already. */
	} else {
		/* Of a life of this site that its store does not remember. */
		s.freed = e->type == TROTH_EVENT_SHARE_FREED;
		TROTH_TEXT_SET(s.party, e->u.share.party);
		TROTH_TEXT_SET(s.site, g->site_name);
		TROTH_TEXT_SET(s.pool, e->u.share.pool);
		look_now(t, &e->u.share.promise);
	}
	troth_state_set_spend(t, &e->u.share.promise, &s);
}
