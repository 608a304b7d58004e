/*
 * Central shares pools out among sites, takes back what is not needed, and never
 * gives more than there is. After every step the index of shares is held against
 * the authority subjects.
 */
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

static void done(struct troth_command *c, const struct troth_result *r)
{
	(void)c;
	(void)r;
}

static struct troth_result hq(void)
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

static void hq_says(void)
{
	assert_int_equal(hq().status, TROTH_DONE);
}

static void set_pool(int64_t total, int64_t share, int64_t low, int64_t idle_ms)
{
	fixture_event(&e, TROTH_EVENT_POOL_SET, "brand");
	e.u.pool.total = total;
	e.u.pool.share = share;
	e.u.pool.low = low;
	e.u.pool.idle_ms = idle_ms;
	hq_says();
}

static void about(enum troth_event_type type, const char *party)
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

static void hq_about(enum troth_event_type type, const char *party)
{
	about(type, party);
	hq_says();
}

/* ---- What sites say ---- */

/* An offer on a case of its own. */
static void offer(struct kit_site *site, int64_t cost, uint8_t number)
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

static void promise(struct kit_site *site, int64_t cost, uint8_t number)
{
	offer(site, cost, number);
	(void)kit_take(&k, site, &e, NULL);
}

static struct troth_verdict step(struct kit_site *site, uint8_t number,
				 enum troth_promise_action action)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, site->party);
	e.subject_kind = TROTH_SUBJECT_CASE;
	e.subject = fixture_id(1000 + number);
	e.u.promise_step.promise = fixture_id(100 + number);
	e.u.promise_step.action = action;
	return kit_entry(&k, kit_take(&k, site, &e, NULL), &e);
}

static struct troth_verdict site_says(struct kit_site *site, enum troth_event_type type,
				      int64_t amount, uint8_t promise)
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

static void spend(struct kit_site *site, int64_t amount)
{
	promise(site, amount, ++next_promise);
	assert_int_equal(
		site_says(site, TROTH_EVENT_SHARE_SPENT, amount, next_promise).outcome,
		TROTH_TAKES_EFFECT);
}

/* ---- What is then so ---- */

static struct troth_share share_of(const char *party, const char *site)
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

static int64_t left(const char *party)
{
	struct troth_share s = share_of(party, "main");

	return troth_share_available(&s);
}

static bool same(const struct troth_share *a, const struct troth_share *b)
{
	return a->allotted == b->allotted && a->spent == b->spent &&
	       a->freed == b->freed && a->returned == b->returned && a->lost == b->lost &&
	       a->recalled == b->recalled && a->frozen == b->frozen &&
	       a->used.ms == b->used.ms;
}

/* The index says what the subjects say; returns what is out of the pool. */
static int64_t check(void)
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

static void checked(void)
{
	assert_true(check() <= TOTAL);
	kit_crash(&k);
	(void)check();
}

static int setup(void **state)
{
	kit_init(&k);
	set_pool(TOTAL, FIRST, LOW, 0);
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_fini(&k);
	return 0;
}

/* ---- The tests ---- */

static void a_grant_brings_each_site_its_first_share(void **state)
{
	(void)state;
	assert_int_equal(left("acme"), 0);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	assert_int_equal(left("acme"), FIRST);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "handy"); /* acme's site acts for it. */
	assert_int_equal(left("handy"), FIRST);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme"); /* Again: it has one. */
	assert_int_equal(share_of("acme", "main").allotted, FIRST);
	checked();
}

static void a_site_that_is_added_later_gets_its_share(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	fixture_event(&e, TROTH_EVENT_SITE_ADDED, "brand");
	TROTH_TEXT_SET(e.u.site.party, "acme");
	TROTH_TEXT_SET(e.u.site.site, "cebu");
	TROTH_TEXT_SET(e.u.site.origin, "spiffe://" FIXTURE_DOMAIN "/gw/acme/cebu");
	hq_says();
	assert_int_equal(share_of("acme", "cebu").allotted, FIRST);
	assert_int_equal(share_of("acme", "main").allotted, FIRST);
	checked();
}

static void a_share_is_topped_up_below_low_and_not_before(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	spend(&k.acme, FIRST - LOW);
	assert_int_equal(left("acme"), LOW);
	spend(&k.acme, 1);
	assert_int_equal(left("acme"), FIRST);
	checked();
}

static void when_the_pool_is_empty_others_give_back_what_is_above_low(void **state)
{
	(void)state;
	set_pool(60, FIRST, LOW, 0);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	spend(&k.acme, 25);
	assert_int_equal(left("acme"), 5);
	assert_int_equal(share_of("zeta", "main").recalled, 20);
	checked();
	(void)site_says(&k.zeta, TROTH_EVENT_SHARE_RETURNED, 20, 0);
	assert_int_equal(left("zeta"), LOW);
	assert_int_equal(left("acme"), 25);
	assert_int_equal(check(), 60);
	checked();
}

static void who_is_suspended_is_asked_for_all_of_it_and_gets_it_again_later(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	spend(&k.acme, 3);
	hq_about(TROTH_EVENT_PARTY_SUSPENDED, "acme");
	assert_int_equal(share_of("acme", "main").recalled, FIRST - 3);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, FIRST - 3, 0);
	assert_int_equal(check(), 3);
	hq_about(TROTH_EVENT_PARTY_RESUMED, "acme");
	assert_int_equal(left("acme"), FIRST);
	hq_about(TROTH_EVENT_GRANT_WITHDRAWN, "acme");
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	checked();
}

static void what_hq_moves_goes_where_it_said(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	about(TROTH_EVENT_SHARE_RECALLED, "acme");
	e.u.share.amount = 20;
	TROTH_TEXT_SET(e.u.share.to_party, "zeta");
	TROTH_TEXT_SET(e.u.share.to_site, "main");
	hq_says();
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 15, 0);
	assert_int_equal(left("zeta"), 15);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_RETURNED, 7, 0); /* Two are its own. */
	/* Nothing entitles zeta: HQ's word does, until somebody looks at the pool. */
	assert_int_equal(share_of("zeta", "main").allotted, 20);
	checked();
}

static void a_total_that_is_lowered_is_asked_back(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	set_pool(40, FIRST, LOW, 0);
	assert_int_equal(share_of("acme", "main").recalled +
				 share_of("zeta", "main").recalled,
			 20);
	(void)check();
}

static void an_idle_share_flows_back_when_its_time_has_come(void **state)
{
	struct troth_why why;

	(void)state;
	set_pool(TOTAL, FIRST, LOW, FIXTURE_HOUR);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	k.now.ms += FIXTURE_HOUR / 2;
	spend(&k.acme, 1);
	kit_crash(&k);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, k.now.ms + FIXTURE_HOUR);
	k.now.ms += FIXTURE_HOUR;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(share_of("acme", "main").recalled, FIRST - 1 - LOW);
	/* No more of the share: what was promised out of it is due then. */
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms,
			 FIXTURE_NOW + FIXTURE_DAY + 1);
	checked();
}

static void a_grant_that_begins_and_ends_does_so_by_the_clock(void **state)
{
	struct troth_why why;

	(void)state;
	about(TROTH_EVENT_GRANT_GIVEN, "acme");
	e.u.grant.grant.from.ms = k.now.ms + 1000;
	e.u.grant.grant.until.ms = k.now.ms + 5000;
	hq_says();
	assert_int_equal(left("acme"), 0);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, k.now.ms + 1000);
	k.now.ms += 1000;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(left("acme"), FIRST);
	k.now.ms += 4000;
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	assert_int_equal(share_of("acme", "main").recalled, FIRST);
	assert_int_equal(troth_ledger_next_timer(k.ledger).ms, 0);
	checked();
}

static void nobody_allots_more_than_there_is(void **state)
{
	struct troth_result r;

	(void)state;
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	e.u.share.amount = TOTAL + 1;
	r = hq();
	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, TROTH_REASON_POOL_EMPTY);
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	TROTH_TEXT_SET(e.u.share.pool, "nothing");
	assert_int_equal(hq().reason, TROTH_REASON_NO_POOL);
	about(TROTH_EVENT_SHARE_ALLOTTED, "acme");
	e.u.share.amount = TOTAL;
	hq_says();
	checked();
}

static void what_was_spent_is_freed_once_by_who_spent_it(void **state)
{
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	promise(&k.acme, 3, 1);
	promise(&k.acme, 9, 2);
	promise(&k.zeta, 9, 3);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_EXISTS);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 9, 2);
	(void)site_says(&k.zeta, TROTH_EVENT_SHARE_SPENT, 9, 3);
	v = site_says(&k.zeta, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_NO_PROMISE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 4, 1);
	assert_int_equal(v.reason, TROTH_REASON_NO_PROMISE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	(void)step(&k.acme, 1, TROTH_PROMISE_DO_EXPIRE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1); /* Said after all. */
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	assert_int_equal(left("acme"), FIRST - 12);
	checked();
}

static void what_stands_as_a_promise_is_not_freed(void **state)
{
	struct troth_event made;
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&made, TROTH_EVENT_PROMISE_MADE, "acme");
	made.u.promise.id = fixture_id(101);
	TROTH_TEXT_SET(made.u.promise.grant, "gifts");
	TROTH_TEXT_SET(made.u.promise.pool, "cables");
	made.u.promise.cost = 3;
	(void)kit_take(&k, &k.acme, &made, NULL);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.reason, TROTH_REASON_WRONG_STATE);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(101);
	e.u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	TROTH_TEXT_SET(e.u.promise_step.reason, "waived");
	(void)kit_take(&k, &k.acme, &e, NULL);
	v = site_says(&k.acme, TROTH_EVENT_SHARE_FREED, 3, 1);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	checked();
}

static void not_spent(struct kit_site *site, int64_t amount)
{
	assert_int_equal(site_says(site, TROTH_EVENT_SHARE_SPENT, amount, 1).reason,
			 TROTH_REASON_NO_PROMISE);
}

static void a_share_is_spent_on_a_promise_of_that_site_by_what_it_costs(void **state)
{
	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	not_spent(&k.acme, 3); /* There is no promise. */
	promise(&k.acme, 3, 1);
	not_spent(&k.zeta, 3);                /* It is of another, */
	not_spent(&k.acme, 2);                /* and costs more, */
	not_spent(&k.acme, TROTH_AMOUNT_MAX); /* or less. */
	assert_int_equal(left("acme"), FIRST);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 1);
	assert_int_equal(left("acme"), FIRST - 3);
	checked();
}

static void what_is_told_without_having_been_spent_is_flagged(void **state)
{
	struct troth_verdict v;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	promise(&k.acme, 3, 1);
	promise(&k.acme, 3, 2);
	(void)site_says(&k.acme, TROTH_EVENT_SHARE_SPENT, 3, 2);
	v = step(&k.acme, 1, TROTH_PROMISE_DO_ACTIVATE);
	assert_int_equal(v.outcome, TROTH_FLAGGED);
	assert_int_equal(v.reason, TROTH_REASON_SHARE_EMPTY);
	v = step(&k.acme, 2, TROTH_PROMISE_DO_ACTIVATE);
	assert_int_equal(v.outcome, TROTH_TAKES_EFFECT);
	offer(&k.acme, 1, 3); /* Nor is it said at once. */
	e.u.promise.spoken = true;
	v = kit_entry(&k, kit_take(&k, &k.acme, &e, NULL), &e);
	assert_int_equal(v.outcome, TROTH_FLAGGED);
	assert_int_equal(v.reason, TROTH_REASON_SHARE_EMPTY);
	checked();
}

static void greet(const struct kit_site *site)
{
	struct troth_why why;

	troth_ledger_begin(k.ledger, k.now);
	troth_ledger_greeted(k.ledger, site->origin);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
}

/* acme asks HQ for a cable of order 1; returns when the question lapses. */
static struct troth_time ask(uint8_t n)
{
	struct troth_time lapses = { k.now.ms + FIXTURE_HOUR };

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.id = fixture_id(100 + n);
	e.u.promise.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(e.u.promise.sku, "HDMI-2M");
	e.u.promise.quantity = 1;
	e.u.promise.spoken = false;
	e.u.promise.asked = TROTH_REASON_OVER_PROMISE_LIMIT;
	e.u.promise.made = k.now;
	e.u.promise.lapses = lapses;
	e.u.promise.due.ms = k.now.ms + FIXTURE_DAY;
	(void)kit_take(&k, &k.acme, &e, NULL);
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = TROTH_PROMISE_DO_ASK;
	(void)kit_take(&k, &k.acme, &e, NULL);
	return lapses;
}

static struct troth_result approve(uint8_t n)
{
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
	e.u.promise_step.promise = fixture_id(100 + n);
	e.u.promise_step.action = TROTH_PROMISE_DO_APPROVE;
	return hq();
}

static void what_hq_approves_is_spent_from_its_own_share_and_freed_again(void **state)
{
	struct troth_time lapses;
	struct troth_share s;
	struct troth_why why;
	struct troth_id order = fixture_id(1);

	(void)state;
	set_pool(FIRST + 2, FIRST, LOW, 0);
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	kit_place_order(&k, &e);
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	for (uint8_t n = 1; n <= 3; n++)
		lapses = ask(n);
	assert_int_equal(approve(1).status, TROTH_DONE);
	assert_int_equal(approve(2).status, TROTH_DONE);
	assert_int_equal(approve(3).reason, TROTH_REASON_POOL_EMPTY);
	kit_subject(&k, &order, &subject);
	assert_int_equal(subject.promises[0].state, TROTH_PROMISE_APPROVED);
	assert_int_equal(subject.promises[0].cost, 1);
	assert_string_equal(subject.promises[0].pool, "cables");
	s = share_of("brand", TROTH_HQ_SITE);
	assert_int_equal(s.allotted, 2);
	assert_int_equal(s.spent, 2);
	assert_int_equal(check(), FIRST + 2);
	checked();

	k.now.ms = lapses.ms + 1; /* Nobody spoke them: the clock ends all three. */
	troth_ledger_begin(k.ledger, k.now);
	assert_int_equal(troth_ledger_commit(k.ledger, &why), TROTH_OK);
	s = share_of("brand", TROTH_HQ_SITE);
	assert_int_equal(s.freed, 2);
	assert_int_equal(s.returned, 2);
	assert_int_equal(check(), FIRST);
	checked();
}

/* An empty batch. */
static struct troth_taken announce(struct kit_site *site, uint64_t incarnation)
{
	struct kit_batch b;
	struct troth_taken taken;

	site->incarnation = incarnation;
	site->seq = 0;
	memset(&site->head, 0, sizeof(site->head));
	kit_batch_init(&b, site);
	kit_batch_seal(&b);
	taken = kit_submit(&k, &b);
	kit_batch_fini(&b);
	return taken;
}

static void a_site_that_went_back_in_time_has_its_shares_frozen(void **state)
{
	struct troth_taken taken;
	uint64_t size;

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	hq_about(TROTH_EVENT_GRANT_GIVEN, "handy");
	spend(&k.acme, 1);
	taken = announce(&k.acme, 2); /* It says nothing but that, */
	assert_int_equal(taken.code, 0);
	assert_int_equal(taken.last_position, troth_ledger_size(k.ledger));
	assert_true(share_of("acme", "main").frozen);
	assert_true(share_of("handy", "main").frozen);
	size = troth_ledger_size(k.ledger);
	assert_int_equal(announce(&k.acme, 2).code, TROTH_BUS_E_MALFORMED);
	assert_int_equal(announce(&k.zeta, 2).code, 0); /* It had sent nothing before. */
	assert_int_equal(troth_ledger_size(k.ledger), size);
	about(TROTH_EVENT_SHARE_THAWED, "acme");
	e.u.share.amount = 20;
	hq_says();
	assert_int_equal(left("acme"), FIRST); /* Nine were left: topped up. */
	k.acme.incarnation = 3;                /* or by what it submits. */
	k.acme.seq = 0;
	memset(&k.acme.head, 0, sizeof(k.acme.head));
	fixture_event(&e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(&k, &k.acme, &e, NULL);
	assert_true(share_of("acme", "main").frozen);
	checked();
}

static void after_a_restore_central_allots_nothing_until_all_have_reported(void **state)
{
	const struct kit_site *sites[] = { &k.acme, &k.zeta, &k.swift, &k.slow, &k.shop };

	(void)state;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "acme");
	k.restored = true;
	kit_crash(&k);
	k.restored = false;
	hq_about(TROTH_EVENT_GRANT_GIVEN, "zeta");
	spend(&k.acme, FIRST - 1);
	assert_int_equal(left("acme"), 1);
	for (size_t i = 0; i < TROTH_LEN(sites); i++) {
		assert_true(troth_ledger_stands_still(k.ledger));
		greet(sites[i]);
		greet(sites[i]);
		kit_crash(&k); /* It is remembered. */
		assert_int_equal(left("zeta"), i < 4 ? 0 : FIRST);
	}
	assert_false(troth_ledger_stands_still(k.ledger));
	assert_int_equal(left("acme"), FIRST);
	checked();
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORY(a_grant_brings_each_site_its_first_share),
		STORY(a_site_that_is_added_later_gets_its_share),
		STORY(a_share_is_topped_up_below_low_and_not_before),
		STORY(when_the_pool_is_empty_others_give_back_what_is_above_low),
		STORY(who_is_suspended_is_asked_for_all_of_it_and_gets_it_again_later),
		STORY(what_hq_moves_goes_where_it_said),
		STORY(a_total_that_is_lowered_is_asked_back),
		STORY(an_idle_share_flows_back_when_its_time_has_come),
		STORY(a_grant_that_begins_and_ends_does_so_by_the_clock),
		STORY(nobody_allots_more_than_there_is),
		STORY(what_was_spent_is_freed_once_by_who_spent_it),
		STORY(what_stands_as_a_promise_is_not_freed),
		STORY(a_share_is_spent_on_a_promise_of_that_site_by_what_it_costs),
		STORY(what_is_told_without_having_been_spent_is_flagged),
		STORY(what_hq_approves_is_spent_from_its_own_share_and_freed_again),
		STORY(a_site_that_went_back_in_time_has_its_shares_frozen),
		STORY(after_a_restore_central_allots_nothing_until_all_have_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
