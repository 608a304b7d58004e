#include "pools.h"

#include "ledger.h"

#include "troth/state/query.h"

#include "troth/base/err.h"
#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 16 /* Of balancing in one batch; it comes to rest in two or three. */

/* What central does by itself about shares, as an actor. */
#define CENTRAL_ACTOR "central"

void pools_reset(struct troth_ledger *l)
{
	l->pools.dirty_count = 0;
	l->pools.party_count = 0;
	l->pools.ended_count = 0;
	l->pools.all_parties = false;
	l->pools.looks_changed = false;
	l->pools.next_still = l->pools.still;
}

void pools_fini(struct troth_ledger *l)
{
	free(l->pools.subject);
	free(l->pools.holdings);
	free(l->pools.owners);
	free(l->pools.ended);
}

void pools_mark(struct troth_ledger *l, const char *pool)
{
	struct pools *p = &l->pools;

	for (unsigned i = 0; i < p->dirty_count; i++)
		if (strcmp(p->dirty[i], pool) == 0)
			return;
	if (p->dirty_count < TROTH_POOLS_MAX)
		troth_text_copy(p->dirty[p->dirty_count++], sizeof(p->dirty[0]), pool);
}

static void mark_party(struct pools *p, const char *party)
{
	for (unsigned i = 0; i < p->party_count; i++)
		if (strcmp(p->parties[i], party) == 0)
			return;
	if (p->party_count < POOLS_PARTIES_MAX)
		troth_text_copy(p->parties[p->party_count++], sizeof(p->parties[0]),
				party);
	else
		p->all_parties = true;
}

/* ---- Looks: when time alone changes something ---- */

static struct troth_key look_key(char kind, const char *name)
{
	struct troth_key k = { .len = 0 };

	troth_key_u8(&k, (uint8_t)kind);
	troth_key_text(&k, name);
	k.len--;
	return k;
}

static void set_look(struct troth_ledger *l, char kind, const char *name,
		     struct troth_time at)
{
	struct troth_key k = look_key(kind, name);
	struct troth_span old;
	uint8_t value[8];
	bool known = troth_txn_get(&l->txn, TROTH_T_LOOKS, troth_key_span(&k), &old);

	troth_store_u64be(value, (uint64_t)at.ms);
	if (known ? troth_span_eq(old, troth_span(value, 8)) : at.ms == 0)
		return;
	l->pools.looks_changed = true;
	if (at.ms == 0)
		(void)troth_txn_del(&l->txn, TROTH_T_LOOKS, troth_key_span(&k));
	else
		troth_txn_put(&l->txn, TROTH_T_LOOKS, troth_key_span(&k),
			      troth_span(value, 8));
}

void pools_next(struct troth_ledger *l, struct troth_txn *t)
{
	struct troth_cursor c;

	if (!l->pools.looks_changed && l->pools.still == l->pools.next_still)
		return;
	l->pools.next.ms = 0;
	if (l->pools.next_still)
		return;
	troth_cursor_open(&c, t, TROTH_T_LOOKS);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok && c.value.len == 8;
	     ok = troth_cursor_next(&c)) {
		int64_t at = (int64_t)troth_load_u64be(c.value.data);

		if (l->pools.next.ms == 0 || at < l->pools.next.ms)
			l->pools.next.ms = at;
	}
	troth_cursor_close(&c);
}

/* Notes whose time has come, and lets go of it. */
static void mark_due(struct troth_ledger *l)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;

	if (l->pools.next.ms == 0 || l->pools.next.ms > l->now.ms)
		return;
	l->dirty = true;
	l->pools.looks_changed = true;
	troth_cursor_open(&c, &l->txn, TROTH_T_LOOKS);
	while (troth_cursor_seek(&c, troth_key_span(&k)) && c.value.len == 8 &&
	       c.key.len < sizeof(k.b)) {
		bool due = (int64_t)troth_load_u64be(c.value.data) <= l->now.ms;

		memcpy(k.b, c.key.data, c.key.len);
		k.len = c.key.len;
		k.b[k.len] = 0;
		if (due && k.b[0] == 'p')
			pools_mark(l, (const char *)k.b + 1);
		else if (due)
			mark_party(&l->pools, (const char *)k.b + 1);
		if (due)
			(void)troth_txn_del(&l->txn, TROTH_T_LOOKS, troth_key_span(&k));
		k.len++; /* With a zero byte: the next possible key. */
	}
	troth_cursor_close(&c);
}

/* ---- The index ---- */

/* True if that was not known already. */
static bool put_row(struct troth_ledger *l, const char *party,
		    const struct troth_share *s, bool is_entitled)
{
	struct troth_share_row row = { .share = *s, .entitled = is_entitled };

	TROTH_TEXT_SET(row.party, party);
	return troth_state_set_share(&l->txn, &row);
}

static bool entitled(const struct troth_authority *a, const char *pool,
		     struct troth_time now)
{
	for (unsigned i = 0; i < a->grant_count && a->suspended.ms == 0; i++)
		if (strcmp(a->grants[i].pool, pool) == 0 &&
		    troth_grant_in_force(&a->grants[i], now))
			return true;
	return false;
}

void pools_index(struct troth_ledger *l, const struct troth_subject *s)
{
	const struct troth_authority *a = &s->authority;

	for (unsigned i = 0; i < a->share_count; i++)
		if (put_row(l, a->party, &a->shares[i],
			    entitled(a, a->shares[i].pool, l->now)))
			pools_mark(l, a->shares[i].pool);
}

/* ---- Who may have a share: sites of parties with a grant on a pool ---- */

/* True if sites of site_party act for the party. */
static bool operates(struct troth_txn *t, const char *site_party, const char *party)
{
	struct troth_party p;

	return strcmp(party, site_party) == 0 ||
	       (troth_state_party(t, party, &p) &&
		strcmp(p.operator_party, site_party) == 0);
}

/* One site of the party: a row for each pool that it is entitled to, or has some of. */
static void enrol_site(struct troth_ledger *l, const char *site)
{
	const struct troth_authority *a = &l->pools.subject->authority;

	for (unsigned i = 0; i < a->grant_count; i++) {
		const char *pool = a->grants[i].pool;
		struct troth_share none = { .allotted = 0 };

		if (pool[0] == '\0' || troth_authority_share(a, site, pool) >= 0)
			continue;
		TROTH_TEXT_SET(none.site, site);
		TROTH_TEXT_SET(none.pool, pool);
		if (put_row(l, a->party, &none, entitled(a, pool, l->now)))
			pools_mark(l, pool);
	}
}

/* When a grant of the party begins or ends next. */
static struct troth_time next_change(const struct troth_authority *a,
				     struct troth_time now)
{
	struct troth_time next = { 0 };

	for (unsigned i = 0; i < a->grant_count; i++) {
		const int64_t at[] = { a->grants[i].from.ms, a->grants[i].until.ms };

		for (size_t j = 0; j < TROTH_LEN(at); j++)
			if (at[j] > now.ms && (next.ms == 0 || at[j] < next.ms))
				next.ms = at[j];
	}
	return next;
}

static void enrol(struct troth_ledger *l, const char *party, void *ctx)
{
	struct troth_subject *s = l->pools.subject;
	struct troth_id id = troth_authority_id(party);
	struct troth_cursor c;
	struct troth_site site;

	(void)ctx;
	ledger_end_run(l);
	if (!troth_state_load(&l->txn, TROTH_T_SUBJECTS, &id, TROTH_SUBJECT_AUTHORITY,
			      s) ||
	    s->authority.grant_count == 0)
		return;
	pools_index(l, s);
	set_look(l, 'g', party, next_change(&s->authority, l->now));
	troth_cursor_open(&c, &l->txn, TROTH_T_SITES);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c)) {
		char origin[TROTH_ORIGIN_MAX + 1];

		if (c.key.len > TROTH_ORIGIN_MAX)
			continue;
		memcpy(origin, c.key.data, c.key.len);
		origin[c.key.len] = '\0';
		if (troth_state_site(&l->txn, origin, &site) &&
		    operates(&l->txn, site.party, party))
			enrol_site(l, site.site);
	}
	troth_cursor_close(&c);
}

void pools_each_party(struct troth_ledger *l, const char *site_party,
		      void (*fn)(struct troth_ledger *l, const char *party, void *ctx),
		      void *ctx)
{
	struct troth_key k = { .len = 0 };
	char name[TROTH_PARTY_MAX + 1];
	struct troth_cursor c;

	troth_cursor_open(&c, &l->txn, TROTH_T_PARTIES);
	while (troth_cursor_seek(&c, troth_key_span(&k)) &&
	       c.key.len <= TROTH_PARTY_MAX) {
		memcpy(name, c.key.data, c.key.len);
		name[c.key.len] = '\0';
		k.len = 0;
		troth_key_text(&k, name); /* With its zero byte: the next possible key. */
		if (site_party == NULL || operates(&l->txn, site_party, name))
			fn(l, name, ctx);
	}
	troth_cursor_close(&c);
}

static void mark(struct troth_ledger *l, const char *party, void *ctx)
{
	(void)ctx;
	mark_party(&l->pools, party);
}

void pools_note(struct troth_ledger *l, const struct incoming *in)
{
	const struct troth_event *e = in->e;

	if (e->type == TROTH_EVENT_SITE_ADDED)
		pools_each_party(l, e->u.site.party, mark, NULL);
	else if (e->type == TROTH_EVENT_POOL_SET)
		pools_mark(l, e->u.pool.pool);
	else if (troth_event_topic(e->type) == TROTH_TOPIC_GRANT)
		mark_party(&l->pools, e->u.grant.party);
	else if (troth_event_topic(e->type) == TROTH_TOPIC_STANDING)
		mark_party(&l->pools, e->u.standing.party);
	else if (e->type == TROTH_EVENT_SHARE_SPENT || e->type == TROTH_EVENT_SHARE_FREED)
		spends_note(l, in);
}

/* ---- Central's own events ---- */

/* Appends what *e says of a share. False: its subject has no room for it. */
bool pools_say(struct troth_ledger *l, struct troth_event *e)
{
	const struct troth_who who = { .party = l->brand,
				       .site = TROTH_HQ_SITE,
				       .role = TROTH_ROLE_BRAND,
				       .central = true };
	struct troth_verdict v;

	e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	e->subject = troth_authority_id(e->u.share.party);
	TROTH_TEXT_SET(e->actor, CENTRAL_ACTOR);
	ledger_load(l, &e->subject, TROTH_SUBJECT_AUTHORITY);
	v = troth_judge(l->subject, &l->lookup, &who, e, l->now);
	if (v.outcome == TROTH_REFUSED)
		return false;
	(void)ledger_append_own(l, e, NULL, &who, v);
	return true;
}

struct troth_event *pools_about(struct troth_ledger *l, enum troth_event_type type,
				const char *party, const char *site, const char *pool,
				int64_t amount)
{
	struct troth_event *e = l->declared;

	*e = (struct troth_event){ .type = type };
	TROTH_TEXT_SET(e->u.share.party, party);
	TROTH_TEXT_SET(e->u.share.site, site);
	TROTH_TEXT_SET(e->u.share.pool, pool);
	e->u.share.amount = amount;
	return e;
}

bool pools_allot(struct troth_ledger *l, const char *party, const char *site,
		 const char *pool, int64_t amount)
{
	return pools_say(
		l, pools_about(l, TROTH_EVENT_SHARE_ALLOTTED, party, site, pool, amount));
}

static void recall(struct troth_ledger *l, const struct troth_holding *h,
		   const char *party, const char *pool)
{
	struct troth_event *e;

	/* HQ's own site answers at once. */
	if (pools_is_hq(l, party, h->share.site)) {
		(void)pools_say(l, pools_about(l, TROTH_EVENT_SHARE_RETURNED, party,
					       h->share.site, pool, h->recall));
		return;
	}
	e = pools_about(l, TROTH_EVENT_SHARE_RECALLED, party, h->share.site, pool,
			h->recall);
	TROTH_TEXT_SET(e->u.share.reason, h->entitled ? "needed" : "not_entitled");
	(void)pools_say(l, e);
}

/* ---- Balancing ---- */

static bool make_room(struct troth_ledger *l)
{
	struct pools *p = &l->pools;
	unsigned capacity = p->capacity == 0 ? 256 : 2 * p->capacity;
	void *holdings = realloc(p->holdings, capacity * sizeof(*p->holdings));
	void *owners = NULL;

	if (holdings != NULL) {
		p->holdings = holdings;
		owners = realloc(p->owners, capacity * sizeof(*p->owners));
	}
	if (owners == NULL) {
		troth_txn_fail(&l->txn, TROTH_ERR_MEMORY, "no memory for shares");
		return false;
	}
	p->owners = owners;
	p->capacity = capacity;
	return true;
}

/* Reads all holdings of the pool; returns how many. */
static unsigned read_holdings(struct troth_ledger *l, const char *pool)
{
	struct troth_share_row row = { .entitled = false };
	struct pools *p = &l->pools;
	unsigned n = 0;

	ledger_end_run(l); /* Now the index is as the subjects are. */
	TROTH_TEXT_SET(row.share.pool, pool);
	while (troth_state_next_share(&l->txn, true, &row)) {
		if (n == p->capacity && !make_room(l))
			return 0;
		p->holdings[n] = (struct troth_holding){ .share = row.share,
							 .entitled = row.entitled };
		TROTH_TEXT_SET(p->owners[n], row.party);
		n++;
	}
	return n;
}

/* The pool of that name as HQ has set it. */
static bool find_pool(struct troth_ledger *l, const char *name, struct troth_pool *out)
{
	const struct troth_authority *a = l->lookup.authority(l->lookup.ctx, l->brand);
	int i = a != NULL ? troth_authority_pool(a, name) : -1;

	if (i >= 0)
		*out = a->pools[i];
	return i >= 0;
}

int64_t pools_free(struct troth_ledger *l, const char *name)
{
	struct troth_pool pool;
	struct troth_id id;
	enum troth_subject_kind kind = l->subject->kind;
	bool open = l->run.open;
	unsigned n;
	int64_t free;

	if (!find_pool(l, name, &pool))
		return -1;
	id = l->subject->id;
	n = read_holdings(l, name);
	free = troth_pool_free(&pool, l->pools.holdings, n);
	if (open)
		ledger_load(l, &id, kind); /* As it was before. */
	return free > 0 ? free : 0;
}

static void balance(struct troth_ledger *l, const char *name)
{
	struct pools *p = &l->pools;
	struct troth_pool pool;
	struct troth_time next;
	unsigned n;

	if (!find_pool(l, name, &pool))
		return;
	/* What the brand owes goes first, and is asked back where it lies. */
	pool.total -= pools_pay(l, name);
	n = read_holdings(l, name);
	next = troth_pool_balance(&pool, p->holdings, n, l->now);
	set_look(l, 'p', name, next);
	for (unsigned i = 0; i < n; i++) {
		const struct troth_holding *h = &p->holdings[i];

		if (h->allot > 0)
			(void)pools_allot(l, p->owners[i], h->share.site, name, h->allot);
		if (h->recall > 0)
			recall(l, h, p->owners[i], name);
	}
}

static void mark_all_pools(struct troth_ledger *l)
{
	const struct troth_authority *a = l->lookup.authority(l->lookup.ctx, l->brand);

	for (unsigned i = 0; a != NULL && i < a->pool_count; i++)
		pools_mark(l, a->pools[i].pool);
}

void pools_balance(struct troth_ledger *l)
{
	struct pools *p = &l->pools;

	pools_free_ended(l);
	if (p->next_still)
		return; /* Afterwards all of it is looked at. */
	mark_due(l);
	ledger_end_run(l);
	if (p->all_parties) {
		pools_each_party(l, NULL, enrol, NULL);
		mark_all_pools(l);
	}
	for (unsigned i = 0; i < p->party_count && !p->all_parties; i++)
		enrol(l, p->parties[i], NULL);
	for (unsigned round = 0; round < ROUNDS_MAX && p->dirty_count > 0; round++) {
		char names[TROTH_POOLS_MAX][TROTH_CODE_MAX + 1];
		unsigned count = p->dirty_count;

		memcpy(names, p->dirty, sizeof(names));
		p->dirty_count = 0;
		for (unsigned i = 0; i < count; i++)
			balance(l, names[i]);
		ledger_end_run(l);
	}
}
