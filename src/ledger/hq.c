/*
 * hq - the share of HQ's own site: nothing is held in it in advance. What HQ approves
 * is allotted to it and spent in the same transaction; what comes to nothing is freed
 * and returned. If it was told after all, by a site that had been cut off, it is spent
 * again, as soon as the pool has room for it.
 */
#include "ledger.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

static struct troth_share own_share(struct troth_ledger *l, const char *pool)
{
	const struct troth_authority *a = l->lookup.authority(l->lookup.ctx, l->brand);
	int i = a != NULL ? troth_authority_share(a, TROTH_HQ_SITE, pool) : -1;

	return i >= 0 ? a->shares[i] : (struct troth_share){ 0 };
}

#define UNPAID_BATCH 256 /* Looked at whenever the pool is balanced, by their ids. */

/* How much of `cost` what is left does not do for. */
static int64_t beyond(int64_t cost, int64_t left)
{
	return left < cost ? cost - left : 0;
}

/* How much must be allotted before so much can be spent. */
static int64_t missing(struct troth_ledger *l, const char *pool, int64_t cost)
{
	struct troth_share s = own_share(l, pool);

	return beyond(cost, troth_share_available(&s));
}

enum troth_reason pools_approve(struct troth_ledger *l, struct troth_event *e)
{
	const struct troth_promise *p;
	struct troth_approval cost;
	struct troth_spend spent;
	int i;

	ledger_load(l, &e->subject, e->subject_kind);
	i = troth_subject_promise(l->subject, &e->u.promise_step.promise);
	if (i < 0 || l->subject->promises[i].state != TROTH_PROMISE_PENDING_APPROVAL)
		return TROTH_REASON_NONE; /* It will be declined for that. */
	p = &l->subject->promises[i];
	if (troth_state_spend(&l->txn, &p->id, &spent) && !spent.freed)
		return TROTH_REASON_NONE; /* Its site had it in its share, and asked. */
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

static struct troth_key unpaid_key(const char *pool, const struct troth_id *promise)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, pool);
	troth_key_id(&k, promise);
	return k;
}

/*
 * It was said after all: it is paid when the pool is balanced, now or when something has
 * come back to it.
 */
static void await_payment(struct troth_ledger *l, const char *pool,
			  const struct troth_id *promise)
{
	struct troth_key k = unpaid_key(pool, promise);
	struct troth_span awaited;

	if (troth_txn_get(&l->txn, TROTH_T_UNPAID, troth_key_span(&k), &awaited))
		return;
	troth_txn_put(&l->txn, TROTH_T_UNPAID, troth_key_span(&k), TROTH_SPAN_NONE);
	pools_mark(l, pool);
}

/* It has come to nothing again: if it was to be paid, others need not wait for it. */
static void owe_no_more(struct troth_ledger *l, const char *pool,
			const struct troth_id *promise)
{
	struct troth_key k = unpaid_key(pool, promise);

	if (troth_txn_del(&l->txn, TROTH_T_UNPAID, troth_key_span(&k)))
		pools_mark(l, pool);
}

void pools_follow(struct troth_ledger *l, const struct troth_subject *s)
{
	struct troth_spend spend;

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];
		bool nothing = troth_promise_came_to_nothing(p->state);

		/* What rests on a grant was spent by a site, not by HQ. */
		if (p->cost == 0 || p->grant[0] != '\0' ||
		    !troth_state_spend(&l->txn, &p->id, &spend) ||
		    !pools_is_hq(l, spend.party, spend.site))
			continue;
		if (nothing && !spend.freed)
			note(l, &p->id);
		else if (nothing)
			owe_no_more(l, spend.pool, &p->id);
		else if (spend.freed)
			await_payment(l, spend.pool, &p->id);
	}
}

void pools_free_ended(struct troth_ledger *l)
{
	struct troth_spend s;

	ledger_end_run(l); /* What it has changed is followed, too. */
	for (unsigned i = 0; i < l->pools.ended_count; i++) {
		struct troth_id id = l->pools.ended[i];
		const struct troth_promise *p = spends_promise(l, &id);

		/* It may have been noted twice, or said again since, or a site has spent
		 * on it in the meantime. */
		if ((p == NULL || troth_promise_came_to_nothing(p->state)) &&
		    troth_state_spend(&l->txn, &id, &s) && !s.freed &&
		    pools_is_hq(l, s.party, s.site))
			(void)book(l, TROTH_EVENT_SHARE_FREED, s.pool, s.amount, &id);
	}
	l->pools.ended_count = 0;
}

/* ---- What was said after all ---- */

/* The first row of the pool from *k on; *k becomes its key. */
static bool next_unpaid(struct troth_ledger *l, const char *pool, struct troth_key *k,
			struct troth_id *promise)
{
	size_t prefix = strlen(pool) + 1;
	struct troth_cursor c;
	bool found;

	troth_cursor_open(&c, &l->txn, TROTH_T_UNPAID);
	found = troth_cursor_seek(&c, troth_key_span(k)) &&
		c.key.len == prefix + TROTH_ID_LEN &&
		memcmp(c.key.data, pool, prefix) == 0;
	if (found) {
		memcpy(promise->b, c.key.data + prefix, TROTH_ID_LEN);
		*k = unpaid_key(pool, promise);
	}
	troth_cursor_close(&c);
	return found;
}

/* What can be paid from, as of now; looked up once, not for each promise. */
struct purse {
	int64_t left; /* In HQ's own share, */
	int64_t free; /* and what could be allotted to it. */
	bool frozen;
};

static struct purse purse_of(struct troth_ledger *l, const char *pool)
{
	struct troth_share s = own_share(l, pool);

	return (struct purse){ .left = troth_share_available(&s),
			       .free = pools_free(l, pool),
			       .frozen = s.frozen };
}

/* Spends on the promise what it costs, if there is room. What is owed afterwards. */
static int64_t pay(struct troth_ledger *l, const char *pool,
		   const struct troth_id *promise, struct purse *purse)
{
	const struct troth_promise *p;
	struct troth_spend s;

	if (!troth_state_spend(&l->txn, promise, &s) || !s.freed ||
	    !pools_is_hq(l, s.party, s.site))
		return 0;
	if (purse->frozen || beyond(s.amount, purse->left) > purse->free)
		return s.amount;
	p = spends_promise(l, promise);
	if (p == NULL || troth_promise_came_to_nothing(p->state))
		return 0;
	if (!spend(l, pool, s.amount, promise))
		return s.amount;
	*purse = purse_of(l, pool);
	return 0;
}

int64_t pools_pay(struct troth_ledger *l, const char *pool)
{
	struct troth_key k = { .len = 0 };
	struct purse purse = { .left = 0 };
	struct troth_id promise;
	int64_t owed = 0;

	troth_key_text(&k, pool);
	for (unsigned n = 0; n < UNPAID_BATCH && next_unpaid(l, pool, &k, &promise);
	     n++) {
		int64_t left;

		if (n == 0)
			purse = purse_of(l, pool);
		left = pay(l, pool, &promise, &purse);
		if (left == 0)
			(void)troth_txn_del(&l->txn, TROTH_T_UNPAID, troth_key_span(&k));
		owed += left;
		troth_key_u8(&k, 0); /* The next possible key. */
	}
	return owed > 0 ? beyond(owed, purse.left) : 0;
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
