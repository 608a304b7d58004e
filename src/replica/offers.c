/*
 * What each agent of this site holds back: offers out of a share that were told to
 * nobody yet. Whoever asks and never speaks would else empty the share.
 *
 * In memory only. It may name offers that have ended: before an agent is told no, each
 * of them is looked up. What a transaction that came to nothing has changed here is
 * forgotten, and read from the store again, as at open. It may miss offers only of an
 * agent who held more than the limit when the store was put back, and one that was told
 * and, because central refused that, may be told again.
 */
#include "replica.h"

#include "troth/base/text.h"

#include <stdlib.h>

#define BUCKETS_MIN 64 /* A power of two. */

struct holder {
	char actor[TROTH_ACTOR_MAX + 1];
	unsigned count;
	struct {
		struct troth_id promise;
		struct troth_time lapses;
	} held[TROTH_UNSPOKEN_MAX];
};

void offers_forget(struct offers *o)
{
	free(o->holders);
	*o = (struct offers){ .known = false };
}

/* ---- Who holds what ---- */

/* The place of the actor, or the free one where it would be. There is always one. */
static struct holder *place_of(struct holder *all, size_t size, const char *actor)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (const char *c = actor; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	for (i = hash & (size - 1); all[i].actor[0] != '\0'; i = (i + 1) & (size - 1))
		if (strcmp(all[i].actor, actor) == 0)
			break;
	return &all[i];
}

static bool has_lapsed(const struct holder *h, struct troth_time now)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->held[i].lapses.ms >= now.ms)
			return false;
	return true;
}

/* Half of it is free afterwards: who holds nothing any more makes room first. */
static bool make_room(struct offers *o, struct troth_time now)
{
	struct holder *all;
	size_t size = BUCKETS_MIN, live = 0;

	for (size_t i = 0; i < o->size; i++)
		live += o->holders[i].actor[0] != '\0' &&
			!has_lapsed(&o->holders[i], now);
	while (size < 4 * (live + 1))
		size *= 2;
	all = calloc(size, sizeof(*all));
	if (all == NULL)
		return false;
	for (size_t i = 0; i < o->size; i++)
		if (o->holders[i].actor[0] != '\0' && !has_lapsed(&o->holders[i], now))
			*place_of(all, size, o->holders[i].actor) = o->holders[i];
	free(o->holders);
	o->holders = all;
	o->size = size;
	o->count = live;
	return true;
}

void offers_hold(struct troth_gateway *g, struct troth_txn *t, const char *actor,
		 const struct troth_id *promise, struct troth_time lapses)
{
	struct offers *o = &g->offers;
	struct holder *h;

	if (2 * (o->count + 1) > o->size &&
	    !make_room(o, (struct troth_time){ g->clock_ms })) {
		troth_txn_fail(t, TROTH_ERR_MEMORY, "no memory for offers");
		return;
	}
	h = place_of(o->holders, o->size, actor);
	if (h->actor[0] == '\0') {
		TROTH_TEXT_SET(h->actor, actor);
		o->count++;
	}
	for (unsigned i = 0; i < h->count; i++)
		if (troth_id_eq(&h->held[i].promise, promise))
			return;
	if (h->count == TROTH_UNSPOKEN_MAX)
		return; /* That it is full is all that is asked. */
	h->held[h->count].promise = *promise;
	h->held[h->count++].lapses = lapses;
}

void offers_drop(struct troth_gateway *g, const char *actor,
		 const struct troth_id *promise)
{
	const struct offers *o = &g->offers;
	struct holder *h = o->size > 0 ? place_of(o->holders, o->size, actor) : NULL;

	for (unsigned i = h != NULL ? h->count : 0; i-- > 0;)
		if (troth_id_eq(&h->held[i].promise, promise))
			h->held[i] = h->held[--h->count];
}

/* ---- What the store says ---- */

/* True if the offer stands; then *p is it, in view[1]. */
static bool stands(struct troth_gateway *g, struct troth_txn *t,
		   const struct troth_id *promise, const struct troth_promise **p)
{
	struct troth_subject *s = g->view[1];
	struct troth_id subject;
	int i;

	if (!troth_query_item(t, promise, &subject))
		return false;
	(void)view_load(t, &subject, TROTH_SUBJECT_ORDER, s);
	i = troth_subject_promise(s, promise);
	if (i < 0)
		return false;
	*p = &s->promises[i];
	return s->promises[i].state == TROTH_PROMISE_PROPOSED &&
	       s->promises[i].lapses.ms >= g->clock_ms;
}

void offers_read(struct troth_gateway *g, struct troth_txn *t)
{
	struct troth_cursor c;

	offers_forget(&g->offers);
	troth_cursor_open(&c, t, TROTH_T_LAPSES);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c)) {
		const struct troth_promise *p;
		struct troth_spend spend;
		struct troth_id id;

		if (c.key.len != 8 + TROTH_ID_LEN)
			continue; /* Looking at them says so. */
		memcpy(id.b, c.key.data + 8, TROTH_ID_LEN);
		if (troth_state_spend(t, &id, &spend) && !spend.freed &&
		    stands(g, t, &id, &p) && p->pool[0] != '\0')
			offers_hold(g, t, p->actor, &id, p->lapses);
	}
	troth_cursor_close(&c);
	g->offers.known = true;
}

unsigned offers_held(struct troth_gateway *g, struct troth_txn *t, const char *actor)
{
	const struct troth_promise *p;
	struct holder *h;

	if (!g->offers.known)
		offers_read(g, t);
	h = g->offers.size > 0 ? place_of(g->offers.holders, g->offers.size, actor)
			       : NULL;
	if (h == NULL || h->actor[0] == '\0')
		return 0;
	for (unsigned i = h->count; i-- > 0 && h->count >= TROTH_UNSPOKEN_MAX;)
		if (h->held[i].lapses.ms < g->clock_ms ||
		    !stands(g, t, &h->held[i].promise, &p))
			h->held[i] = h->held[--h->count];
	return h->count;
}
