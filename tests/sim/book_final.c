/* Shares that were frozen, thawed with the truth; and what must be true in the end. */
#include "book.h"

#include "troth/base/text.h"

#include <string.h>

/* ---- Thawing, with the truth ---- */

/* Told by a store that does not know it any more, and not in the ledger either. */
static bool is_lost(const struct sim *s, const struct held *h, const struct yes *y)
{
	return y->node == h->node && strcmp(y->pool, h->pool) == 0 &&
	       strcmp(y->party, h->party) == 0 && !y->booked && !y->lost &&
	       y->restores < s->nodes[y->node].restores && !yes_is_over(s, y);
}

int64_t book_truth(const struct sim *s, const struct held *h)
{
	const struct book *b = s->oracle->book;
	int64_t lost = 0, left = book_left(h) > 0 ? book_left(h) : 0;

	for (size_t i = 0; i < b->yes_count; i++)
		if (is_lost(s, h, &b->yeses[i]))
			lost += b->yeses[i].cost;
	return s->calm && lost > left ? left : lost;
}

void book_thawed(struct sim *s, struct held *h)
{
	struct book *b = s->oracle->book;

	h->frozen = false;
	h->lost += s->oracle->event.u.share.amount;
	for (size_t i = 0; i < b->yes_count; i++)
		if (is_lost(s, h, &b->yeses[i]))
			b->yeses[i].lost = true;
}

/* HQ asks the site first: nothing is on its way to the ledger any more. */
static bool has_reported(struct sim *s, unsigned node)
{
	const struct node *n = &s->nodes[node];
	struct troth_txn t;
	bool reported;

	if (node == NODES_MAX)
		return true;
	if (!n->up || n->conn == 0)
		return false;
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	reported = troth_txn_count(&t, TROTH_T_VIEWS) == 0;
	troth_txn_abort(&t);
	return reported;
}

const struct held *book_to_thaw(struct sim *s)
{
	const struct book *b = s->oracle->book;

	for (unsigned i = 0; i < b->held_count; i++) {
		const struct held *h = &b->held[i];

		if (h->frozen && has_reported(s, h->node) &&
		    book_truth(s, h) <= (book_left(h) < 0 ? 0 : book_left(h)))
			return h;
	}
	return NULL;
}

bool book_is_frozen(const struct sim *s)
{
	const struct book *b = s->oracle->book;

	for (unsigned i = 0; i < b->held_count; i++)
		if (b->held[i].frozen)
			return true;
	return false;
}

/* ---- In the end ---- */

/* Whether HQ lets the party promise out of the pool. */
static bool is_entitled(const struct sim *s, const char *party, const char *pool)
{
	const struct book *b = s->oracle->book;

	if (book_is_suspended(s, party))
		return false;
	for (size_t i = 0; i < b->decision_count; i++) {
		const struct decision *d = &b->decisions[i];

		if (d->type == TROTH_EVENT_GRANT_GIVEN && strcmp(d->party, party) == 0 &&
		    strcmp(d->grant.pool, pool) == 0 &&
		    book_grant_stands(s, party, d->name))
			return true;
	}
	return false;
}

/* What was spent on promises that stand, out of the share. */
static int64_t spent_on(const struct sim *s, const struct held *h)
{
	const struct oracle *o = s->oracle;
	int64_t sum = 0;

	for (size_t i = 0; i < o->book->spend_count; i++) {
		const struct spend *p = &o->book->spends[i];
		bool nothing = true;

		if (h != &o->book->held[p->held])
			continue;
		for (unsigned k = 0; k < o->subject_count; k++) {
			const struct troth_subject *v = o->subjects[k].s;
			int j = troth_subject_promise(v, &p->promise);

			if (j >= 0)
				nothing = came_to_nothing(v->promises[j].state);
		}
		sum += nothing ? 0 : p->amount;
	}
	return sum;
}

static void check_held(struct sim *s, const struct held *h)
{
	const struct troth_pool *pool = book_pool(s->oracle->book, h->pool);
	bool entitled = is_entitled(s, h->party, h->pool);
	int64_t left = book_left(h), free;

	free = pool == NULL ? 0 : pool->total - book_out(s->oracle->book, h->pool);
	if (h->spent - h->freed != spent_on(s, h))
		sim_fail(s, "shares",
			 "%s/%s has spent %lld of %s, and %lld on what it promises",
			 h->party, h->site, (long long)(h->spent - h->freed), h->pool,
			 (long long)spent_on(s, h));
	if (left < 0 && !h->flagged)
		sim_fail(s, "I6", "%s/%s is %lld of %s short", h->party, h->site,
			 (long long)-left, h->pool);
	if (h->recalled > 0 && left > 0)
		sim_fail(s, "shares", "%s/%s keeps %lld of %s that it was asked for",
			 h->party, h->site, (long long)left, h->pool);
	if (!entitled && left > 0)
		sim_fail(s, "shares", "%s/%s keeps %lld of %s that it may not spend",
			 h->party, h->site, (long long)left, h->pool);
	if (entitled && left < pool->low && h->recalled == 0 && free > 0)
		sim_fail(s, "shares", "%s/%s has %lld of %s, and %lld lie idle", h->party,
			 h->site, (long long)left, h->pool, (long long)free);
	if (free < 0 && left > 0)
		sim_fail(s, "shares",
			 "%s/%s keeps %lld of %s, of which %lld are too many", h->party,
			 h->site, (long long)left, h->pool, (long long)-free);
}

/* Each promise that was answered yes out of a pool has been spent on, or is lost. */
static void check_spends(struct sim *s, const struct troth_subject *k)
{
	const struct book *b = s->oracle->book;

	for (unsigned i = 0; i < k->promise_count; i++) {
		const struct troth_promise *p = &k->promises[i];
		bool spent = p->pool[0] == '\0';

		for (size_t j = 0; j < b->spend_count && !spent; j++)
			spent = troth_id_eq(&b->spends[j].promise, &p->id);
		for (unsigned j = 1; j < s->node_count && !spent; j++)
			spent = s->nodes[j].restores > 0; /* By whoever approved it. */
		if (!spent)
			sim_fail(s, "shares", "nothing was spent on a promise out of %s",
				 p->pool);
	}
}

/* Who may promise out of the pool has a share of it, if there is any left. */
static void check_given(struct sim *s, const struct decision *d)
{
	struct book *b = s->oracle->book;
	const struct troth_pool *pool = book_pool(b, d->grant.pool);

	if (d->type != TROTH_EVENT_GRANT_GIVEN || pool == NULL ||
	    pool->total <= book_out(b, pool->pool) ||
	    !is_entitled(s, d->party, pool->pool))
		return;
	for (unsigned i = 1; i < s->node_count; i++)
		if (s->nodes[i].added &&
		    strcmp(s->nodes[i].feed_party,
			   oracle_feed_party(s->oracle, d->party)) == 0 &&
		    book_held(b, d->party, s->nodes[i].site, pool->pool) == NULL)
			sim_fail(s, "shares", "%s/%s has nothing of %s", d->party,
				 s->nodes[i].site, pool->pool);
}

void book_settled(struct sim *s)
{
	struct oracle *o = s->oracle;

	for (size_t i = 0; i < o->book->decision_count; i++)
		check_given(s, &o->book->decisions[i]);

	for (unsigned i = 0; i < o->book->held_count; i++)
		check_held(s, &o->book->held[i]);
	for (unsigned i = 0; i < o->subject_count; i++)
		check_spends(s, o->subjects[i].s);
}
