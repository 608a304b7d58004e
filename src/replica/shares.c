/*
 * What a site does about its shares by itself: offers that nobody has spoken lapse
 * by the site's own clock, also without a link; what was spent on a promise that
 * came to nothing is freed; what central asks for back is returned.
 *
 * What is to be looked at stands in LAPSES (lapses.c). The looking is done at the end of
 * a turn, in the same transaction or a later one, and decides by the state alone:
 * whatever was noted twice, or before a crash, is done once.
 */
#include "replica.h"

#include "troth/core/authority.h"
#include "troth/base/text.h"

bool shares_known(const struct troth_gateway *g)
{
	if (g->kept.restored == 0 || g->phase != PHASE_LIVE)
		return false;
	return g->settled_at == 0 ? g->now.cursor >= g->welcome.feed_len
				  : g->now.position >= g->settled_at;
}

/* ---- Own events ---- */

/*
 * Makes the site's own event of what *e says (type, u, subject) on the view in
 * view[1], which holds its subject. False: it would be refused, and is not made.
 */
static bool make(struct troth_gateway *g, struct troth_txn *t, struct troth_event *e,
		 const char *party)
{
	struct troth_subject *s = g->view[1];

	outbox_fill(g, e);
	TROTH_TEXT_SET(e->actor, TROTH_SITE_ACTOR);
	TROTH_TEXT_SET(e->on_behalf, strcmp(party, g->party) != 0 ? party : "");
	if (view_apply(g, s, e).outcome == TROTH_REFUSED)
		return false;
	outbox_add(g, t, e, NULL);
	return true;
}

static void open_view(struct troth_gateway *g, struct troth_txn *t,
		      const struct troth_id *id, enum troth_subject_kind kind)
{
	(void)view_load(t, id, kind, g->view[1]);
	troth_state_indexed(g->view[1], &g->before[1]);
}

static void close_view(struct troth_gateway *g, struct troth_txn *t)
{
	view_put(g, t, g->view[1]);
	troth_state_reindex(t, &g->before[1], g->view[1]);
	lapses_note(g, t, &g->before[1], g->view[1]);
}

static struct troth_event *share_event(struct troth_gateway *g,
				       enum troth_event_type type, const char *party,
				       const char *pool, int64_t amount)
{
	struct troth_event *e = &g->event;

	*e = (struct troth_event){ .type = type,
				   .subject_kind = TROTH_SUBJECT_AUTHORITY,
				   .subject = troth_authority_id(party) };
	TROTH_TEXT_SET(e->u.share.party, party);
	TROTH_TEXT_SET(e->u.share.site, g->site_name);
	TROTH_TEXT_SET(e->u.share.pool, pool);
	e->u.share.amount = amount;
	return e;
}

/* Spends, or frees, what the promise costs. */
static void set_freed(struct troth_gateway *g, struct troth_txn *t,
		      const struct troth_id *promise, struct troth_spend *s, bool freed)
{
	struct troth_event *e;

	s->freed = freed;
	if (s->pool[0] != '\0') {
		e = share_event(g,
				freed ? TROTH_EVENT_SHARE_FREED : TROTH_EVENT_SHARE_SPENT,
				s->party, s->pool, s->amount);
		e->u.share.promise = *promise;
		open_view(g, t, &e->subject, TROTH_SUBJECT_AUTHORITY);
		if (!make(g, t, e, s->party))
			return;
		close_view(g, t);
	}
	troth_state_set_spend(t, promise, s);
}

/* ---- Looking ---- */

/* Where the promise stands; lets the offer lapse if its time is over. */
static enum troth_promise_state state_of(struct troth_gateway *g, struct troth_txn *t,
					 const struct troth_id *promise,
					 const struct troth_spend *spend)
{
	struct troth_subject *s = g->view[1];
	struct troth_event *e = &g->event;
	struct troth_id subject;
	int i;

	if (!troth_query_item(t, promise, &subject))
		return TROTH_PROMISE_NONE;
	open_view(g, t, &subject, TROTH_SUBJECT_ORDER); /* The record knows its kind. */
	i = troth_subject_promise(s, promise);
	if (i < 0)
		return TROTH_PROMISE_NONE;
	if (s->promises[i].state != TROTH_PROMISE_PROPOSED)
		return s->promises[i].state;
	if (s->promises[i].lapses.ms >=
	    g->clock_ms + TROTH_MUTANT(offer_lapses_early) * 2000) {
		lapses_add(t, s->promises[i].lapses, promise);
		return s->promises[i].state;
	}
	*e = (struct troth_event){ .type = TROTH_EVENT_PROMISE_STEP,
				   .subject_kind = s->kind,
				   .subject = subject };
	e->u.promise_step.promise = *promise;
	e->u.promise_step.action = TROTH_PROMISE_DO_EXPIRE;
	if (make(g, t, e, spend->party))
		close_view(g, t);
	return s->promises[i].state;
}

static void look_at_promise(struct troth_gateway *g, struct troth_txn *t,
			    const struct troth_id *promise, struct troth_spend *spend)
{
	enum troth_promise_state state = state_of(g, t, promise, spend);
	bool nothing = state == TROTH_PROMISE_NONE ||
		       (troth_promise_came_to_nothing(state) &&
			!TROTH_MUTANT(lapsed_is_not_freed)) ||
		       (state == TROTH_PROMISE_ACTIVE &&
			TROTH_MUTANT(activated_is_freed));

	/* What was said after all, when the offer had lapsed, is spent again. */
	if (nothing != spend->freed || (nothing && TROTH_MUTANT(freed_twice)))
		set_freed(g, t, promise, spend, nothing);
}

/* Returns what is recalled of the site's shares, as far as they have it. */
static void look_at_shares(struct troth_gateway *g, struct troth_txn *t,
			   const struct troth_id *authority)
{
	const struct troth_authority *a = &g->view[1]->authority;
	bool changed = false;

	open_view(g, t, authority, TROTH_SUBJECT_AUTHORITY);
	for (unsigned i = 0; i < a->share_count; i++) {
		int64_t amount = lapses_owed(g, &a->shares[i]);
		char party[TROTH_PARTY_MAX + 1], pool[TROTH_CODE_MAX + 1];

		TROTH_TEXT_SET(party, a->party);
		TROTH_TEXT_SET(pool, a->shares[i].pool);
		changed |= amount > 0 && make(g, t,
					      share_event(g, TROTH_EVENT_SHARE_RETURNED,
							  party, pool, amount),
					      party);
	}
	if (changed)
		close_view(g, t);
}

void shares_look(struct troth_gateway *g, struct troth_txn *t)
{
	struct troth_cursor c;
	struct troth_spend spend;

	if (g->now.restored != 0 || g->brand[0] == '\0' ||
	    !troth_state_site(t, g->origin, &g->site))
		return;
	troth_cursor_open(&c, t, TROTH_T_LAPSES);
	for (unsigned n = 0; n < LOOKS_MAX && troth_cursor_seek(&c, TROTH_SPAN_NONE);
	     n++) {
		struct troth_key k;
		struct troth_id id;

		if (c.key.len != 8 + TROTH_ID_LEN) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT, "lapses: a key");
			break;
		}
		if ((int64_t)troth_load_u64be(c.key.data) >= g->clock_ms)
			break;
		memcpy(id.b, c.key.data + 8, TROTH_ID_LEN);
		memcpy(k.b, c.key.data, c.key.len);
		k.len = c.key.len;
		(void)troth_txn_del(t, TROTH_T_LAPSES, troth_key_span(&k));
		if (troth_state_spend(t, &id, &spend))
			look_at_promise(g, t, &id, &spend);
		else
			look_at_shares(g, t, &id);
	}
	troth_cursor_close(&c);
}
