/* Shares and pools as the entries tell them, and what must hold of them. */
#include "book.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"

#include <stdlib.h>
#include <string.h>

struct book *book_new(void)
{
	struct book *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	return b;
}

void book_free(struct book *b)
{
	free(b->decisions);
	free(b->yeses);
	free(b->ends);
	free(b->steps);
	free(b->spends);
	free(b->takens);
	free(b);
}

void *book_grow(void *all, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return all;
	*cap = *cap == 0 ? 64 : 2 * *cap;
	all = realloc(all, *cap * size);
	if (all == NULL)
		abort();
	return all;
}

/* ---- What is asked of it ---- */

struct held *book_held(struct book *b, const char *party, const char *site,
		       const char *pool)
{
	for (unsigned i = 0; i < b->held_count; i++)
		if (strcmp(b->held[i].party, party) == 0 &&
		    strcmp(b->held[i].site, site) == 0 &&
		    strcmp(b->held[i].pool, pool) == 0)
			return &b->held[i];
	return NULL;
}

const struct troth_pool *book_pool(const struct book *b, const char *pool)
{
	for (unsigned i = 0; i < b->pool_count; i++)
		if (strcmp(b->pools[i].pool, pool) == 0)
			return &b->pools[i];
	return NULL;
}

int64_t book_out(const struct book *b, const char *pool)
{
	int64_t out = 0;

	for (unsigned i = 0; i < b->held_count; i++)
		if (strcmp(b->held[i].pool, pool) == 0)
			out += b->held[i].allotted - b->held[i].returned;
	return out;
}

int64_t book_left(const struct held *h)
{
	return h->allotted - h->spent + h->freed - h->returned - h->lost;
}

bool book_has_pool(const struct sim *s, const char *pool)
{
	return book_pool(s->oracle->book, pool) != NULL;
}

static const struct decision *decision_on(const struct sim *s, const char *party,
					  const char *name, enum troth_event_type a,
					  enum troth_event_type b)
{
	const struct book *book = s->oracle->book;

	for (size_t i = book->decision_count; i-- > 0;) {
		const struct decision *d = &book->decisions[i];

		if ((d->type == a || d->type == b) && strcmp(d->party, party) == 0 &&
		    strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}

bool book_has_grant(const struct sim *s, const char *party, const char *grant)
{
	return decision_on(s, party, grant, TROTH_EVENT_GRANT_GIVEN,
			   TROTH_EVENT_GRANT_WITHDRAWN) != NULL;
}

bool book_grant_stands(const struct sim *s, const char *party, const char *grant)
{
	const struct decision *d = decision_on(s, party, grant, TROTH_EVENT_GRANT_GIVEN,
					       TROTH_EVENT_GRANT_WITHDRAWN);

	return d != NULL && d->type == TROTH_EVENT_GRANT_GIVEN;
}

bool book_has_agent(const struct sim *s, const char *party, const char *actor)
{
	return decision_on(s, party, actor, TROTH_EVENT_AGENT_CERTIFIED,
			   TROTH_EVENT_AGENT_CERTIFIED) != NULL;
}

bool book_is_suspended(const struct sim *s, const char *party)
{
	const struct decision *d = decision_on(s, party, "", TROTH_EVENT_PARTY_SUSPENDED,
					       TROTH_EVENT_PARTY_RESUMED);

	return d != NULL && d->type == TROTH_EVENT_PARTY_SUSPENDED;
}

bool book_is_withdrawn(const struct sim *s)
{
	const struct book *b = s->oracle->book;

	for (size_t i = b->decision_count; i-- > 0;)
		if (b->decisions[i].type == TROTH_EVENT_POLICY_WITHDRAWN &&
		    b->decisions[i].number == oracle_policies(s))
			return true;
	return false;
}

int64_t book_most(const struct sim *s, const char *party, const char *grant)
{
	const struct decision *d = decision_on(s, party, grant, TROTH_EVENT_GRANT_GIVEN,
					       TROTH_EVENT_GRANT_GIVEN);

	return d != NULL ? d->grant.most : 0;
}

const struct held *book_any_share(struct sim *s)
{
	const struct book *b = s->oracle->book;

	return b->held_count == 0 ? NULL : &b->held[dice_below(&s->dice, b->held_count)];
}

/* ---- What must hold at all times ---- */

int64_t book_outstanding(const struct sim *s, const struct held *h)
{
	const struct book *b = s->oracle->book;
	int64_t sum = 0;

	for (size_t i = 0; i < b->yes_count; i++) {
		const struct yes *y = &b->yeses[i];

		if (y->node == h->node && strcmp(y->pool, h->pool) == 0 &&
		    strcmp(y->party, h->party) == 0 && !yes_is_over(s, y))
			sum += y->cost;
	}
	return sum;
}

void book_check(struct sim *s, const struct held *h)
{
	const struct book *b = s->oracle->book;
	const struct troth_pool *pool = book_pool(b, h->pool);
	int64_t out = book_out(b, h->pool), told = book_outstanding(s, h), all = 0;

	if (told > h->allotted - h->returned)
		sim_fail(s, "I6",
			 "%s/%s has told of %lld of %s, and was given %lld in all",
			 h->party, h->site, (long long)told, h->pool,
			 (long long)(h->allotted - h->returned));
	for (unsigned i = 0; i < b->held_count; i++)
		if (strcmp(b->held[i].pool, h->pool) == 0)
			all += book_outstanding(s, &b->held[i]);
	if (pool == NULL || (all > pool->total && all > out))
		sim_fail(s, "I6", "%lld of pool %s are promised, there are %lld",
			 (long long)all, h->pool,
			 pool == NULL ? 0 : (long long)pool->total);
}

/* ---- Entries ---- */

static struct held *held_for(struct sim *s, const struct troth_event *e)
{
	struct book *b = s->oracle->book;
	struct held *h = book_held(b, e->u.share.party, e->u.share.site, e->u.share.pool);

	if (h != NULL)
		return h;
	if (b->held_count == HELD_MAX)
		sim_fail(s, "oracle", "too many shares");
	if (e->type != TROTH_EVENT_SHARE_ALLOTTED)
		sim_fail(s, "shares", "%s on a share that was never allotted",
			 troth_event_type_name(e->type));
	h = &b->held[b->held_count++];
	TROTH_TEXT_SET(h->party, e->u.share.party);
	TROTH_TEXT_SET(h->site, e->u.share.site);
	TROTH_TEXT_SET(h->pool, e->u.share.pool);
	h->node = NODES_MAX;
	for (unsigned i = 1; i < s->node_count; i++)
		if (strcmp(s->nodes[i].site, h->site) == 0 &&
		    strcmp(s->nodes[i].feed_party,
			   oracle_feed_party(s->oracle, h->party)) == 0)
			h->node = i;
	return h;
}

static struct spend *find_spend(const struct book *b, const struct troth_id *promise)
{
	for (size_t i = 0; i < b->spend_count; i++)
		if (troth_id_eq(&b->spends[i].promise, promise))
			return &b->spends[i];
	return NULL;
}

/* Whether nothing is, or was, to be given for the promise. */
static bool is_nothing(const struct oracle *o, const struct troth_id *promise)
{
	for (unsigned i = 0; i < o->subject_count; i++) {
		int k = troth_subject_promise(o->subjects[i].s, promise);

		if (k >= 0)
			return came_to_nothing(o->subjects[i].s->promises[k].state);
	}
	return true;
}

/* Whether there is a promise that this share pays, by what it costs. */
static bool is_paid(const struct oracle *o, const struct troth_event *e)
{
	for (unsigned i = 0; i < o->subject_count; i++) {
		const struct troth_subject *s = o->subjects[i].s;
		int k = troth_subject_promise(s, &e->u.share.promise);
		const struct troth_promise *p = k >= 0 ? &s->promises[k] : NULL;

		if (p == NULL)
			continue;
		if (strcmp(p->pool, e->u.share.pool) != 0 || p->cost != e->u.share.amount)
			return false;
		if (p->asked != 0 && strcmp(e->u.share.party, o->brand) == 0)
			return true; /* HQ has approved it. */
		return strcmp(p->party, e->u.share.party) == 0 &&
		       (p->asked != 0 || strcmp(p->site, e->u.share.site) == 0);
	}
	return false;
}

enum troth_reason book_unpaid(const struct oracle *o, const struct troth_subject *s)
{
	const struct troth_event *e = &o->event;
	const struct spend *spend;
	int i;

	if (e->type == TROTH_EVENT_PROMISE_MADE)
		return e->u.promise.spoken && e->u.promise.pool[0] != '\0'
			       ? TROTH_REASON_SHARE_EMPTY
			       : TROTH_REASON_NONE;
	if (e->type != TROTH_EVENT_PROMISE_STEP ||
	    (e->u.promise_step.action != TROTH_PROMISE_DO_ACTIVATE &&
	     e->u.promise_step.action != TROTH_PROMISE_DO_SPEAK))
		return TROTH_REASON_NONE;
	i = troth_subject_promise(s, &e->u.promise_step.promise);
	spend = find_spend(o->book, &e->u.promise_step.promise);
	if (i < 0 || s->promises[i].pool[0] == '\0')
		return TROTH_REASON_NONE;
	return spend == NULL || spend->spent <= spend->freed ? TROTH_REASON_SHARE_EMPTY
							     : spend->flagged;
}

enum troth_reason book_reason(struct oracle *o)
{
	const struct troth_event *e = &o->event;
	const struct troth_pool *pool = book_pool(o->book, e->u.share.pool);
	const struct spend *p;
	const struct held *h;
	bool open;

	if (e->type == TROTH_EVENT_SHARE_ALLOTTED)
		return pool == NULL ? TROTH_REASON_NO_POOL
		       : book_out(o->book, pool->pool) + e->u.share.amount > pool->total
			       ? TROTH_REASON_POOL_EMPTY
			       : TROTH_REASON_NONE;
	if (e->type == TROTH_EVENT_SHARE_RECALLED &&
	    strcmp(e->u.share.party, o->brand) == 0 &&
	    strcmp(e->u.share.site, "central") == 0)
		return TROTH_REASON_WRONG_STATE;
	if (e->type != TROTH_EVENT_SHARE_SPENT && e->type != TROTH_EVENT_SHARE_FREED)
		return TROTH_REASON_NONE;
	p = find_spend(o->book, &e->u.share.promise);
	open = p != NULL && p->spent > p->freed;
	if (e->type == TROTH_EVENT_SHARE_SPENT)
		return open            ? TROTH_REASON_EXISTS
		       : is_paid(o, e) ? TROTH_REASON_NONE
				       : TROTH_REASON_NO_PROMISE;
	h = book_held(o->book, e->u.share.party, e->u.share.site, e->u.share.pool);
	if (p == NULL || h != &o->book->held[p->held] || p->amount != e->u.share.amount)
		return TROTH_REASON_NO_PROMISE;
	return open && is_nothing(o, &e->u.share.promise) ? TROTH_REASON_NONE
							  : TROTH_REASON_WRONG_STATE;
}

static struct spend *spend_for(struct book *b, const struct held *h,
			       const struct troth_event *e)
{
	struct spend *p;

	p = find_spend(b, &e->u.share.promise);
	if (p != NULL)
		return p;
	b->spends = book_grow(b->spends, b->spend_count, &b->spend_cap, sizeof(*p));
	p = &b->spends[b->spend_count++];
	*p = (struct spend){ .promise = e->u.share.promise,
			     .held = (unsigned)(h - b->held),
			     .amount = e->u.share.amount };
	return p;
}

static void spent(struct sim *s, struct held *h, const struct troth_entry *entry)
{
	struct book *b = s->oracle->book;
	const struct troth_event *e = &s->oracle->event;
	struct spend *p = spend_for(b, h, e);
	bool fact = entry->verdict.outcome == TROTH_FLAGGED;

	if (p->held != (unsigned)(h - b->held) || p->amount != e->u.share.amount)
		sim_fail(s, "I6", "another share, or amount, is spent on a promise");
	if (++p->spent != p->freed + 1)
		sim_fail(s, "I6", "spent twice on one promise of %s/%s", h->party,
			 h->site);
	/* Told from the books, and not from the verdict. */
	p->flagged = h->frozen                          ? TROTH_REASON_SHARE_FROZEN
		     : e->u.share.amount > book_left(h) ? TROTH_REASON_SHARE_EMPTY
							: TROTH_REASON_NONE;
	h->spent += e->u.share.amount;
	h->flagged |= fact;
	if (fact != (p->flagged != TROTH_REASON_NONE))
		sim_fail(s, "I6", "a share of %s/%s that is %s is spent", h->party,
			 h->site, fact ? "sound, and flagged," : "frozen or empty");
	for (size_t i = 0; i < b->yes_count; i++)
		if (troth_id_eq(&b->yeses[i].promise, &e->u.share.promise))
			b->yeses[i].booked = true;
}

static void freed(struct sim *s, struct held *h)
{
	const struct troth_event *e = &s->oracle->event;
	struct spend *p = spend_for(s->oracle->book, h, e);

	if (p->amount != e->u.share.amount || ++p->freed > p->spent)
		sim_fail(s, "I6", "%s/%s frees what it has not spent", h->party, h->site);
	h->freed += e->u.share.amount;
}

static void allotted(struct sim *s, struct held *h, uint64_t position)
{
	const struct book *b = s->oracle->book;
	const struct troth_pool *pool = book_pool(b, h->pool);

	h->allotted += s->oracle->event.u.share.amount;
	h->allotted_at = position;
	if (pool == NULL || book_out(b, h->pool) > pool->total)
		sim_fail(s, "I6", "%lld of pool %s are out, there are %lld",
			 (long long)book_out(b, h->pool), h->pool,
			 pool == NULL ? 0 : (long long)pool->total);
}

static void returned(struct sim *s, struct held *h)
{
	int64_t amount = s->oracle->event.u.share.amount;

	h->returned += amount;
	h->recalled = h->recalled > amount ? h->recalled - amount : 0;
	if (book_left(h) < 0 && !h->flagged)
		sim_fail(s, "I6", "%s/%s returns %lld of %s more than it has", h->party,
			 h->site, (long long)-book_left(h), h->pool);
}

static void share_entry(struct sim *s, const struct troth_entry *entry)
{
	const struct troth_event *e = &s->oracle->event;
	uint64_t position = s->oracle->count;
	struct held *h = held_for(s, e);

	s->counts.allotted += e->type == TROTH_EVENT_SHARE_ALLOTTED;
	s->counts.recalled += e->type == TROTH_EVENT_SHARE_RECALLED;
	s->counts.returned += e->type == TROTH_EVENT_SHARE_RETURNED;
	s->counts.freed += e->type == TROTH_EVENT_SHARE_FREED;
	s->counts.frozen += e->type == TROTH_EVENT_SHARE_FROZEN;
	s->counts.thawed += e->type == TROTH_EVENT_SHARE_THAWED;
	switch ((unsigned)e->type) {
	case TROTH_EVENT_SHARE_ALLOTTED:
		allotted(s, h, position);
		break;
	case TROTH_EVENT_SHARE_RECALLED:
		h->recalled = e->u.share.amount;
		break;
	case TROTH_EVENT_SHARE_RETURNED:
		returned(s, h);
		break;
	case TROTH_EVENT_SHARE_SPENT:
		spent(s, h, entry);
		break;
	case TROTH_EVENT_SHARE_FREED:
		freed(s, h);
		break;
	case TROTH_EVENT_SHARE_FROZEN:
		h->frozen = true;
		h->frozen_at = position;
		break;
	case TROTH_EVENT_SHARE_THAWED:
		h->thawed_at = position;
		book_thawed(s, h);
		break;
	default:
		break;
	}
	book_check(s, h);
}

static void note_decision(struct sim *s, const struct troth_entry *entry)
{
	struct book *b = s->oracle->book;
	const struct troth_event *e = &s->oracle->event;
	struct decision *d;

	b->decisions = book_grow(b->decisions, b->decision_count, &b->decision_cap,
				 sizeof(*d));
	d = &b->decisions[b->decision_count++];
	*d = (struct decision){ .position = s->oracle->count,
				.accepted = entry->accepted,
				.type = e->type };
	switch ((unsigned)e->type) {
	case TROTH_EVENT_POLICY_PUBLISHED:
		d->number = e->u.policy.version;
		break;
	case TROTH_EVENT_POLICY_WITHDRAWN:
		d->number = e->u.policy.version;
		break;
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
		TROTH_TEXT_SET(d->party, e->u.grant.party);
		TROTH_TEXT_SET(d->name, e->u.grant.grant.grant);
		d->grant = e->u.grant.grant;
		break;
	case TROTH_EVENT_AGENT_CERTIFIED:
		TROTH_TEXT_SET(d->party, e->u.agent.party);
		TROTH_TEXT_SET(d->name, e->u.agent.actor);
		d->number = e->u.agent.level;
		break;
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
		TROTH_TEXT_SET(d->party, e->u.standing.party);
		break;
	default: /* Of shares: allotted, frozen, thawed. */
		TROTH_TEXT_SET(d->party, e->u.share.party);
		TROTH_TEXT_SET(d->site, e->u.share.site);
		TROTH_TEXT_SET(d->name, e->u.share.pool);
		break;
	}
}

static void set_pool(struct book *b, const struct troth_pool *p)
{
	for (unsigned i = 0; i < b->pool_count; i++)
		if (strcmp(b->pools[i].pool, p->pool) == 0) {
			b->pools[i] = *p;
			return;
		}
	if (b->pool_count < TROTH_LEN(b->pools))
		b->pools[b->pool_count++] = *p;
}

void book_entry(struct sim *s, const struct troth_entry *entry)
{
	const struct troth_event *e = &s->oracle->event;

	switch ((unsigned)e->type) {
	case TROTH_EVENT_POOL_SET:
		set_pool(s->oracle->book, &e->u.pool);
		return;
	case TROTH_EVENT_POLICY_PUBLISHED:
	case TROTH_EVENT_POLICY_WITHDRAWN:
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
	case TROTH_EVENT_AGENT_CERTIFIED:
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
		note_decision(s, entry);
		return;
	case TROTH_EVENT_SHARE_ALLOTTED:
	case TROTH_EVENT_SHARE_FROZEN:
	case TROTH_EVENT_SHARE_THAWED:
		note_decision(s, entry);
		share_entry(s, entry);
		return;
	case TROTH_EVENT_SHARE_RECALLED:
	case TROTH_EVENT_SHARE_RETURNED:
	case TROTH_EVENT_SHARE_SPENT:
	case TROTH_EVENT_SHARE_FREED:
		share_entry(s, entry);
		return;
	default:
		return;
	}
}
