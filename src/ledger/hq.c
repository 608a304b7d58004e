/*
 * hq - the share of HQ's own site: nothing is held in it in advance. What HQ approves
 * is allotted to it and spent in the same transaction; what comes to nothing is freed
 * and returned. If it was told after all, by a site that had been cut off, it is spent
 * again, as soon as the pool has room for it.
 */
#include "ledger.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"
#include "troth/state/query.h"

#include <stdlib.h>
#include <string.h>

static struct troth_share own_share(struct troth_ledger *l, const char *pool)
{
	const struct troth_authority *a = l->lookup.authority(l->lookup.ctx, l->brand);
	int i = a != NULL ? troth_authority_share(a, TROTH_HQ_SITE, pool) : -1;

	return i >= 0 ? a->shares[i] : (struct troth_share){ 0 };
}

#define UNPAID_BATCH 256 /* Looked at whenever the pool is balanced, oldest first. */

/* How much must be allotted before so much can be spent. */
static int64_t missing(struct troth_ledger *l, const char *pool, int64_t cost)
{
	struct troth_share s = own_share(l, pool);
	int64_t left = troth_share_available(&s);

	return left < cost ? cost - left : 0;
}

enum troth_reason pools_approve(struct troth_ledger *l, struct troth_event *e)
{
	const struct troth_promise *p;
	struct troth_approval cost;
	int i;

	ledger_load(l, &e->subject, e->subject_kind);
	i = troth_subject_promise(l->subject, &e->u.promise_step.promise);
	if (i < 0 || l->subject->promises[i].state != TROTH_PROMISE_PENDING_APPROVAL)
		return TROTH_REASON_NONE; /* It will be declined for that. */
	p = &l->subject->promises[i];
	troth_approval_by_grant(p, l->lookup.authority(l->lookup.ctx, p->party), l->now,
				&cost);
	troth_approval_by_goods(p, l->lookup.authority(l->lookup.ctx, l->brand), &cost);
	if (cost.pool[0] == '\0')
		return TROTH_REASON_NONE;
	if (own_share(l, cost.pool).frozen)
		return TROTH_REASON_SHARE_FROZEN;
	if (l->pools.next_still ||
	    missing(l, cost.pool, cost.cost) > pools_free(l, cost.pool))
		return TROTH_REASON_POOL_EMPTY;
	TROTH_TEXT_SET(e->u.promise_step.pool, cost.pool);
	e->u.promise_step.cost = cost.cost;
	return TROTH_REASON_NONE;
}

/* Spends or frees in HQ's share. Who has approved stands in the step. */
static bool book(struct troth_ledger *l, enum troth_event_type type, const char *pool,
		 int64_t amount, const struct troth_id *promise)
{
	struct troth_event *e = pools_about(l, type, l->brand, TROTH_HQ_SITE, pool,
					    amount);

	e->u.share.promise = *promise;
	return pools_say(l, e);
}

/* False: the subject of the share has no room for it. */
static bool spend(struct troth_ledger *l, const char *pool, int64_t cost,
		  const struct troth_id *promise)
{
	int64_t more = missing(l, pool, cost);

	return (more == 0 || pools_allot(l, l->brand, TROTH_HQ_SITE, pool, more)) &&
	       book(l, TROTH_EVENT_SHARE_SPENT, pool, cost, promise);
}

void pools_approved(struct troth_ledger *l, const struct troth_event *e)
{
	if (e->u.promise_step.pool[0] != '\0')
		(void)spend(l, e->u.promise_step.pool, e->u.promise_step.cost,
			    &e->u.promise_step.promise);
}

/* ---- What came to nothing ---- */

static void note(struct troth_ledger *l, const struct troth_id *promise)
{
	struct pools *p = &l->pools;

	if (p->ended_count == p->ended_capacity) {
		unsigned capacity = p->ended_capacity == 0 ? 64 : 2 * p->ended_capacity;
		void *ended = realloc(p->ended, capacity * sizeof(*p->ended));

		if (ended == NULL) {
			troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for shares");
			return;
		}
		p->ended = ended;
		p->ended_capacity = capacity;
	}
	p->ended[p->ended_count++] = *promise;
}

bool pools_is_hq(const struct troth_ledger *l, const char *party, const char *site)
{
	return strcmp(site, TROTH_HQ_SITE) == 0 && strcmp(party, l->brand) == 0;
}

bool pools_asks_hq(const struct troth_ledger *l, const struct troth_event *e)
{
	return e->type == TROTH_EVENT_SHARE_RECALLED &&
	       pools_is_hq(l, e->u.share.party, e->u.share.site);
}

void pools_follow(struct troth_ledger *l, const struct troth_subject *s)
{
	struct troth_spend spend;

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];

		/* What rests on a grant was spent by a site, not by HQ. */
		if (p->cost > 0 && p->grant[0] == '\0' &&
		    troth_state_spend(&l->txn, &p->id, &spend) &&
		    pools_is_hq(l, spend.party, spend.site) &&
		    troth_promise_came_to_nothing(p->state) != spend.freed)
			note(l, &p->id);
	}
}

static struct troth_key unpaid_key(struct troth_span prefix,
				   const struct troth_id *promise)
{
	struct troth_key k = { .len = 0 };

	memcpy(k.b, prefix.data, prefix.len);
	k.len = prefix.len;
	troth_key_id(&k, promise);
	return k;
}

/* It is paid when the pool is balanced, now or when something has come back to it. */
static void await_payment(struct troth_ledger *l, const char *pool,
			  const struct troth_id *promise)
{
	struct troth_key name = { .len = 0 }, k;

	troth_key_text(&name, pool);
	k = unpaid_key(troth_key_span(&name), promise);
	troth_txn_put(&l->txn, TROTH_T_UNPAID, troth_key_span(&k), TROTH_SPAN_NONE);
	pools_mark(l, pool);
}

void pools_free_ended(struct troth_ledger *l)
{
	struct troth_spend s;

	ledger_end_run(l); /* What it has changed is followed, too. */
	for (unsigned i = 0; i < l->pools.ended_count; i++) {
		struct troth_id id = l->pools.ended[i];
		const struct troth_promise *p = spends_promise(l, &id);
		bool nothing = p == NULL || troth_promise_came_to_nothing(p->state);

		/* It may have been noted twice, or said again since. */
		if (!troth_state_spend(&l->txn, &id, &s) || s.freed == nothing)
			continue;
		if (!s.freed)
			(void)book(l, TROTH_EVENT_SHARE_FREED, s.pool, s.amount, &id);
		else
			await_payment(l, s.pool, &id); /* Said after all. */
	}
	l->pools.ended_count = 0;
}

/* ---- What was said after all ---- */

/* The first row of the pool from *k on; *k becomes its key. */
static bool next_unpaid(struct troth_ledger *l, struct troth_span prefix,
			struct troth_key *k, struct troth_id *promise)
{
	struct troth_cursor c;
	bool found;

	troth_cursor_open(&c, &l->txn, TROTH_T_UNPAID);
	found = troth_cursor_seek(&c, troth_key_span(k)) &&
		c.key.len == prefix.len + TROTH_ID_LEN &&
		memcmp(c.key.data, prefix.data, prefix.len) == 0;
	if (found) {
		memcpy(promise->b, c.key.data + prefix.len, TROTH_ID_LEN);
		*k = unpaid_key(prefix, promise);
	}
	troth_cursor_close(&c);
	return found;
}

/* Spends on the promise what it costs, if there is room. What is owed afterwards. */
static int64_t pay(struct troth_ledger *l, const char *pool,
		   const struct troth_id *promise)
{
	const struct troth_promise *p = spends_promise(l, promise);
	struct troth_spend s;

	if (p == NULL || troth_promise_came_to_nothing(p->state) ||
	    !troth_state_spend(&l->txn, promise, &s) || !s.freed)
		return 0;
	if (own_share(l, pool).frozen ||
	    missing(l, pool, s.amount) > pools_free(l, pool) ||
	    !spend(l, pool, s.amount, promise))
		return s.amount;
	return 0;
}

int64_t pools_pay(struct troth_ledger *l, const char *pool)
{
	struct troth_key name = { .len = 0 }, k;
	struct troth_id promise;
	int64_t owed = 0;

	troth_key_text(&name, pool);
	k = name;
	for (unsigned n = 0;
	     n < UNPAID_BATCH && next_unpaid(l, troth_key_span(&name), &k, &promise);
	     n++) {
		int64_t left = pay(l, pool, &promise);

		if (left == 0)
			(void)troth_txn_del(&l->txn, TROTH_T_UNPAID, troth_key_span(&k));
		owed += left;
		troth_key_u8(&k, 0); /* The next possible key. */
	}
	return owed > 0 ? missing(l, pool, owed) : 0;
}

/* ---- What HQ moves from one site to another ---- */

void pools_moved(struct troth_ledger *l, const struct move *m)
{
	int64_t free = m->amount > 0 ? pools_free(l, m->pool) : 0;
	int64_t amount = m->amount < free || TROTH_MUTANT(moved_beyond_the_pool)
				 ? m->amount
				 : free;

	if (amount > 0) /* The pool may have been made smaller since. */
		(void)pools_allot(l, m->party, m->site, m->pool, amount);
}

struct move pools_move_of(const struct troth_ledger *l, const struct troth_event *e)
{
	const struct troth_authority *a = &l->subject->authority;
	struct move m = { .amount = 0 };
	int i = -1;

	if (e->type == TROTH_EVENT_SHARE_RETURNED)
		i = troth_authority_share(a, e->u.share.site, e->u.share.pool);
	if (i < 0 || a->shares[i].to_site[0] == '\0')
		return m;
	m.amount = e->u.share.amount < a->shares[i].recalled ? e->u.share.amount
							     : a->shares[i].recalled;
	TROTH_TEXT_SET(m.party, a->shares[i].to_party);
	TROTH_TEXT_SET(m.site, a->shares[i].to_site);
	TROTH_TEXT_SET(m.pool, a->shares[i].pool);
	return m;
}
