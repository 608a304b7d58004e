/*
 * pools_kit - a ledger with a pool of 100 cables, of which a site is to have 30 and
 * is topped up below 10. After every step the index of shares can be held against the
 * authority subjects. One program includes it once.
 */
#ifndef TROTH_TEST_POOLS_KIT_H
#define TROTH_TEST_POOLS_KIT_H

#include "central_kit.h"

#include "troth/base/text.h"
#include "troth/core/pool.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TOTAL 100
#define FIRST 30
#define LOW   10

static struct kit k;
static struct troth_event e;
static struct troth_subject subject;
static uint8_t next_promise;

static const char *const parties[] = { "acme", "zeta", "handy", "brand" };

/* ---- What HQ says ---- */

static inline void done(struct troth_command *c, const struct troth_result *r)
{
	(void)c;
	(void)r;
}

static inline struct troth_result hq(void)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;
	struct troth_why why;

	*c->drafts[0] = e;
	TROTH_TEXT_SET(c->drafts[0]->actor, "hq-1");
	c->done = done;
	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_command(k.ledger, c, &r);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	troth_command_free(c);
	return r;
}

static inline void hq_says(void)
{
	assert_int_equal(hq().status, TROTH_DONE);
}

static inline void set_pool(int64_t total, int64_t share, int64_t low, int64_t idle_ms)
{
	fixture_event(&e, TROTH_EVENT_POOL_SET, "brand");
	e.u.pool.total = total;
	e.u.pool.share = share;
	e.u.pool.low = low;
	e.u.pool.idle_ms = idle_ms;
	hq_says();
}

static inline void about(enum troth_event_type type, const char *party)
{
	fixture_event(&e, type, "brand");
	e.subject = troth_authority_id(party);
	if (type == TROTH_EVENT_GRANT_GIVEN || type == TROTH_EVENT_GRANT_WITHDRAWN)
		TROTH_TEXT_SET(e.u.grant.party, party);
	else if (type == TROTH_EVENT_PARTY_SUSPENDED || type == TROTH_EVENT_PARTY_RESUMED)
		TROTH_TEXT_SET(e.u.standing.party, party);
	else
		TROTH_TEXT_SET(e.u.share.party, party);
}

static inline void hq_about(enum troth_event_type type, const char *party)
{
	about(type, party);
	hq_says();
}

/* ---- What sites say ---- */

/* An offer on a case of its own. */
static inline void offer(struct kit_site *site, int64_t cost, uint8_t number)
{
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, site->party);
	e.subject = fixture_id(1000 + number);
	(void)kit_take(&k, site, &e, NULL);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, site->party);
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(1000 + number);
	e.u.promise.id = fixture_id(100 + number);
	e.u.promise.spoken = false;
	e.u.promise.lapses.ms = FIXTURE_NOW + FIXTURE_HOUR;
	TROTH_TEXT_SET(e.u.promise.grant, "gifts");
	TROTH_TEXT_SET(e.u.promise.pool, "cables");
	e.u.promise.cost = cost;
	e.u.promise.terms[0] = fixture_terms(site->party);
	e.u.promise.terms[0].ack_due.ms = 0;
}

static inline void promise(struct kit_site *site, int64_t cost, uint8_t number)
{
	offer(site, cost, number);
	(void)kit_take(&k, site, &e, NULL);
}

static inline struct troth_verdict step(struct kit_site *site, uint8_t number,
					enum troth_promise_action action)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, site->party);
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(1000 + number);
	e.u.promise_step.promise = fixture_id(100 + number);
	e.u.promise_step.action = action;
	return kit_entry(&k, kit_take(&k, site, &e, NULL), &e);
}

static inline struct troth_verdict site_says(struct kit_site *site,
					     enum troth_event_type type, int64_t amount,
					     uint8_t promise)
{
	fixture_event(&e, type, site->party);
	e.subject = troth_authority_id(site->party);
	TROTH_TEXT_SET(e.u.share.party, site->party);
	e.u.share.amount = amount;
	if (type == TROTH_EVENT_SHARE_SPENT || type == TROTH_EVENT_SHARE_FREED)
		e.u.share.promise = fixture_id(100 + promise);
	/* It may be followed by central's own: the site's is the one that it names. */
	uint64_t position = kit_take(&k, site, &e, NULL);

	return kit_entry(&k, position, &e);
}

static inline void spend(struct kit_site *site, int64_t amount)
{
	promise(site, amount, ++next_promise);
	assert_int_equal(
		site_says(site, TROTH_EVENT_SHARE_SPENT, amount, next_promise).outcome,
		TROTH_TAKES_EFFECT);
}

/* ---- What is then so ---- */

static inline struct troth_share share_of(const char *party, const char *site)
{
	struct troth_id id = troth_authority_id(party);
	struct troth_txn t;
	int i;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	(void)troth_state_load(&t, TROTH_T_SUBJECTS, &id, TROTH_SUBJECT_AUTHORITY,
			       &subject);
	troth_txn_abort(&t);
	i = troth_authority_share(&subject.authority, site, "cables");
	return i >= 0 ? subject.authority.shares[i] : (struct troth_share){ 0 };
}

static inline int64_t left(const char *party)
{
	struct troth_share s = share_of(party, "main");

	return troth_share_available(&s);
}

static inline bool same(const struct troth_share *a, const struct troth_share *b)
{
	return a->allotted == b->allotted && a->spent == b->spent &&
	       a->freed == b->freed && a->returned == b->returned && a->lost == b->lost &&
	       a->recalled == b->recalled && a->frozen == b->frozen &&
	       a->used.ms == b->used.ms;
}

/* The index says what the subjects say; returns what is out of the pool. */
static inline int64_t check(void)
{
	struct troth_share_row row = { .entitled = false };
	struct troth_share s;
	struct troth_txn t;
	unsigned rows = 0, shares = 0;
	int64_t out = 0;

	troth_txn_begin(&t, k.kv, TROTH_TXN_READ);
	while (troth_state_next_share(&t, false, &row)) {
		s = share_of(row.party, row.share.site);
		assert_true(same(&row.share, &s));
		rows += s.site[0] != '\0';
		out += troth_share_out(&s);
	}
	troth_txn_abort(&t);
	for (size_t i = 0; i < TROTH_LEN(parties); i++) {
		(void)share_of(parties[i], "main");
		shares += subject.authority.share_count;
	}
	assert_int_equal(rows, shares);
	return out;
}

static inline void checked(void)
{
	assert_true(check() <= TOTAL);
	kit_crash(&k);
	(void)check();
}

static inline int setup(void **state)
{
	kit_init(&k);
	set_pool(TOTAL, FIRST, LOW, 0);
	(void)state;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	kit_fini(&k);
	return 0;
}

#endif
