/*
 * spends - what has been spent on which promise: what the subject of a share alone
 * does not tell, because the promise is on another.
 */
#include "ledger.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"
#include "troth/state/query.h"

#include <string.h>

void spends_note(struct troth_ledger *l, const struct incoming *in)
{
	const struct troth_event *e = in->e;
	struct troth_spend spend = { .amount = e->u.share.amount,
				     .freed = e->type == TROTH_EVENT_SHARE_FREED,
				     .flagged = in->verdict.reason };

	TROTH_TEXT_SET(spend.party, e->u.share.party);
	TROTH_TEXT_SET(spend.site, e->u.share.site);
	TROTH_TEXT_SET(spend.pool, e->u.share.pool);
	troth_state_set_spend(&l->txn, &e->u.share.promise, &spend);
}

const struct troth_promise *spends_promise(struct troth_ledger *l,
					   const struct troth_id *promise)
{
	struct troth_subject *s = l->pools.subject;
	struct troth_id subject;
	int i;

	if (!troth_query_item(&l->txn, promise, &subject))
		return NULL;
	(void)troth_state_load(&l->txn, TROTH_T_SUBJECTS, &subject, TROTH_SUBJECT_ORDER,
			       s);
	i = troth_subject_promise(s, promise);
	return i >= 0 ? &s->promises[i] : NULL;
}

/*
 * A share is spent on a promise of that very site, and by what that costs; on one that
 * had to be asked, by whoever could approve it.
 */
static bool is_spent_on(const struct troth_ledger *l, const struct troth_promise *p,
			const struct troth_event *e)
{
	const char *party = e->u.share.party;

	if (p == NULL || strcmp(p->pool, e->u.share.pool) != 0 ||
	    p->cost != e->u.share.amount)
		return false;
	if (p->asked != 0)
		return strcmp(p->party, party) == 0 || strcmp(l->brand, party) == 0;
	return strcmp(p->party, party) == 0 && strcmp(p->site, e->u.share.site) == 0;
}

static bool is_of(const struct troth_spend *s, const struct troth_event *e)
{
	return strcmp(s->party, e->u.share.party) == 0 &&
	       strcmp(s->site, e->u.share.site) == 0 &&
	       strcmp(s->pool, e->u.share.pool) == 0 && s->amount == e->u.share.amount;
}

enum troth_reason spends_judge(struct troth_ledger *l, const struct troth_event *e)
{
	const struct troth_promise *p;
	struct troth_spend s;
	bool known;

	if (e->type == TROTH_EVENT_SHARE_ALLOTTED) {
		int64_t free = pools_free(l, e->u.share.pool);

		return free < 0                   ? TROTH_REASON_NO_POOL
		       : free < e->u.share.amount ? TROTH_REASON_POOL_EMPTY
						  : TROTH_REASON_NONE;
	}
	if (e->type != TROTH_EVENT_SHARE_SPENT && e->type != TROTH_EVENT_SHARE_FREED)
		return TROTH_REASON_NONE;
	known = troth_state_spend(&l->txn, &e->u.share.promise, &s);
	p = spends_promise(l, &e->u.share.promise);
	if (e->type == TROTH_EVENT_SHARE_SPENT)
		return known && !s.freed       ? TROTH_REASON_EXISTS
		       : !is_spent_on(l, p, e) ? TROTH_REASON_NO_PROMISE
					       : TROTH_REASON_NONE;
	if (!known || !is_of(&s, e))
		return TROTH_REASON_NO_PROMISE;
	return s.freed || (p != NULL && !troth_promise_came_to_nothing(p->state))
		       ? TROTH_REASON_WRONG_STATE
		       : TROTH_REASON_NONE;
}

enum troth_reason spends_unpaid(struct troth_ledger *l, const struct troth_event *e)
{
	struct troth_spend s;
	int i;

	if (e->type == TROTH_EVENT_PROMISE_MADE)
		return e->u.promise.spoken && e->u.promise.pool[0] != '\0'
			       ? TROTH_REASON_SHARE_EMPTY
			       : TROTH_REASON_NONE;
	if (e->type != TROTH_EVENT_PROMISE_STEP ||
	    (e->u.promise_step.action != TROTH_PROMISE_DO_ACTIVATE &&
	     e->u.promise_step.action != TROTH_PROMISE_DO_SPEAK))
		return TROTH_REASON_NONE;
	i = troth_subject_promise(l->subject, &e->u.promise_step.promise);
	if (i < 0 || l->subject->promises[i].pool[0] == '\0')
		return TROTH_REASON_NONE;
	if (!troth_state_spend(&l->txn, &e->u.promise_step.promise, &s) || s.freed)
		return TROTH_REASON_SHARE_EMPTY;
	return TROTH_MUTANT(overdrawn_pays) ? TROTH_REASON_NONE : s.flagged;
}
