#include "troth/core/may.h"

#include "fixture.h"

#include "troth/base/err.h"
#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/*
 * The whole space: every way in which policy, rule, standing, grant, agent,
 * limits, share, due and subject can stand to a question, in all combinations.
 * The oracle knows only what each of them has against it.
 */
#define NOW      FIXTURE_NOW
#define HOUR     INT64_C(3600000)
#define EARLIEST (NOW + 2 * HOUR)
#define COST     5

enum { POLICY_NONE, POLICY_HERE, POLICY_WITHDRAWN, POLICIES };
enum { RULE_NONE, RULE_ALLOWS, RULE_AT_MOST, RULE_EXCEEDED, RULE_FORBIDS, RULES };
enum { IN_GOOD_STANDING, SUSPENDED, STANDINGS };
enum { GRANT_NONE, GRANT_COVERS, GRANT_OVER_MONEY, GRANT_ENDED, GRANT_NOT_YET, GRANTS };
enum { CERTIFIED, NOT_CERTIFIED, AGENTS };
enum { LIMIT_ABOVE, LIMIT_EXACT, LIMIT_BELOW, LIMITS };
enum { NO_LIMIT, GIVEN_LITTLE, GIVEN_UP_TO_IT, GIVEN_TOO_MUCH, GIVENS };
enum { NO_POOL, SHARE_EXACT, SHARE_ONE_SHORT, SHARE_FROZEN, SHARE_OF_ANOTHER, SHARES };
enum { DUE_OPEN, DUE_EARLIEST, DUE_TOO_EARLY, DUES };
enum { SUBJECT_OPEN, SUBJECT_CLOSED, SUBJECT_OF_OTHERS, SUBJECTS };

struct setting {
	int policy, rule, standing, grant, agent, limit, given, share, due, subject;
};

static struct troth_policy policy;
static struct troth_authority authority;
static struct troth_subject subject;
static struct setting at;

static const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	(void)ctx;
	return version == 3 ? &policy : NULL;
}

static uint64_t newest(void *ctx)
{
	(void)ctx;
	return at.policy == POLICY_NONE ? 0 : 3;
}

static uint32_t level(void *ctx, const char *party, const char *actor,
		      struct troth_time when)
{
	(void)ctx;
	assert_string_equal(party, "acme");
	assert_string_equal(actor, "agent-7");
	assert_int_equal(when.ms, NOW);
	return at.agent == CERTIFIED ? 2 : 1;
}

static int64_t given(void *ctx, const char *party, const char *grant,
		     const char *customer, struct troth_time when, int64_t period_ms)
{
	(void)ctx;
	assert_string_equal(party, "acme");
	assert_string_equal(grant, "gifts");
	assert_string_equal(customer, "cust-1");
	assert_int_equal(when.ms, NOW);
	assert_int_equal(period_ms, FIXTURE_DAY);
	return at.given == GIVEN_LITTLE ? 1 : at.given == GIVEN_UP_TO_IT ? 10 : 11;
}

static void set_policy(void)
{
	struct troth_rule *r = &policy.rules[0];

	memset(&policy, 0, sizeof(policy));
	policy.version = 3;
	policy.withdrawn.ms = at.policy == POLICY_WITHDRAWN ? NOW : 0;
	policy.rule_count = at.rule != RULE_NONE;
	r->kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(r->sku, "HDMI-*");
	r->forbidden = at.rule == RULE_FORBIDS;
	r->most = at.rule == RULE_AT_MOST    ? COST
		  : at.rule == RULE_EXCEEDED ? COST - 1
					     : 0;
	r->earliest = (struct troth_wait){ .ms = 2 * HOUR, .calendar = -1 };
	r->offer = (struct troth_wait){ .ms = HOUR / 4, .calendar = -1 };
	r->phrase = -1;
}

static void set_authority(void)
{
	struct troth_grant *g = &authority.grants[0];
	struct troth_share *s = &authority.shares[0];

	memset(&authority, 0, sizeof(authority));
	authority.suspended.ms = at.standing == SUSPENDED ? NOW : 0;
	authority.grant_count = at.grant != GRANT_NONE;
	TROTH_TEXT_SET(g->grant, "gifts");
	g->kinds = 1u << TROTH_KIND_GIFT;
	TROTH_TEXT_SET(g->currency, at.grant == GRANT_OVER_MONEY ? "EUR" : "");
	g->until.ms = at.grant == GRANT_ENDED ? NOW : 0;
	g->from.ms = at.grant == GRANT_NOT_YET ? NOW + 1 : 0;
	g->level = 2;
	g->most = at.limit == LIMIT_ABOVE   ? COST + 1
		  : at.limit == LIMIT_EXACT ? COST
					    : COST - 1;
	g->per_customer = at.given == NO_LIMIT ? 0 : 10 + COST;
	g->period_ms = at.given == NO_LIMIT ? 0 : FIXTURE_DAY;
	TROTH_TEXT_SET(g->pool, at.share == NO_POOL ? "" : "cables");
	authority.share_count = 1;
	TROTH_TEXT_SET(s->site, at.share == SHARE_OF_ANOTHER ? "other" : "main");
	TROTH_TEXT_SET(s->pool, "cables");
	s->allotted = 100;
	s->spent = 90 + (at.share == SHARE_ONE_SHORT);
	s->freed = 5;
	s->returned = 8;
	s->lost = 2;
	s->frozen = at.share == SHARE_FROZEN;
}

static void set_subject(void)
{
	struct troth_id id = fixture_id(1);

	troth_subject_init(&subject, TROTH_SUBJECT_ORDER, &id);
	subject.order.state = at.subject == SUBJECT_CLOSED ? TROTH_ORDER_CANCELLED
							   : TROTH_ORDER_PLACED;
	TROTH_TEXT_SET(subject.customer, "cust-1");
	subject.participant_count = 1;
	subject.participants[0].active = true;
	TROTH_TEXT_SET(subject.participants[0].party,
		       at.subject == SUBJECT_OF_OTHERS ? "zeta" : "acme");
}

static struct troth_asked question(void)
{
	struct troth_asked a = { .kind = TROTH_KIND_GIFT, .quantity = COST };

	TROTH_TEXT_SET(a.sku, "HDMI-2M");
	a.due.ms = at.due == DUE_OPEN       ? 0
		   : at.due == DUE_EARLIEST ? EARLIEST
					    : EARLIEST - 1;
	return a;
}

static const struct troth_authority *find_authority(void *ctx, const char *party)
{
	(void)ctx;
	assert_string_equal(party, "acme");
	return &authority;
}

static struct troth_lookup lookup;
static const struct troth_who who = { .party = "acme",
				      .site = "main",
				      .role = TROTH_ROLE_VENDOR };
static const struct troth_may may = { &lookup, &subject,  &authority,
				      &who,    "agent-7", { NOW } };

static void answer(struct troth_answered *out)
{
	struct troth_asked a = question();

	lookup = fixture_lookup;
	lookup.policy = find_policy;
	lookup.newest_policy = newest;
	lookup.authority = find_authority;
	lookup.level = level;
	lookup.given = given;
	set_policy();
	set_authority();
	set_subject();
	troth_may_promise(&may, &a, out);
}

/* Sets of reasons, a bit each. */
#define R(name) (UINT64_C(1) << TROTH_REASON_##name)

static uint64_t forbids(void)
{
	bool rules = at.policy != POLICY_NONE;
	uint64_t r = 0;

	if (at.subject == SUBJECT_CLOSED)
		r |= R(SUBJECT_CLOSED);
	if (at.subject == SUBJECT_OF_OTHERS)
		r |= R(NOT_ENTITLED);
	if (rules && (at.rule == RULE_FORBIDS || at.rule == RULE_EXCEEDED))
		r |= R(FORBIDDEN);
	if (rules && at.rule != RULE_NONE && at.due == DUE_TOO_EARLY)
		r |= R(DUE_TOO_EARLY);
	if (at.standing == SUSPENDED)
		r |= R(SUSPENDED);
	return r;
}

static uint64_t asks(void)
{
	uint64_t r = 0;

	if (at.policy == POLICY_NONE)
		r |= R(POLICY_UNKNOWN);
	if (at.policy == POLICY_WITHDRAWN)
		r |= R(POLICY_WITHDRAWN);
	if ((at.policy != POLICY_NONE && at.rule == RULE_NONE) ||
	    at.grant != GRANT_COVERS)
		r |= R(NO_GRANT);
	if (at.grant != GRANT_COVERS)
		return r;
	if (at.agent == NOT_CERTIFIED)
		r |= R(UNCERTIFIED);
	if (at.limit == LIMIT_BELOW)
		r |= R(OVER_PROMISE_LIMIT);
	if (at.given == GIVEN_TOO_MUCH)
		r |= R(OVER_CUSTOMER_LIMIT);
	if (at.share == SHARE_FROZEN)
		r |= R(SHARE_FROZEN);
	if (at.share == SHARE_ONE_SHORT || at.share == SHARE_OF_ANOTHER)
		r |= R(SHARE_EMPTY);
	return r;
}

/* What central says of the same promise when it has been told to the customer. */
static void check_judged(struct troth_event *e, uint64_t against)
{
	enum troth_reason r;

	e->u.promise.spoken = true;
	e->u.promise.policy_version = 3;
	e->u.promise.asked = 0;
	TROTH_TEXT_SET(e->u.promise.grant, "gifts");
	TROTH_TEXT_SET(e->u.promise.pool, at.share == NO_POOL ? "" : "cables");
	e->u.promise.cost = COST;
	TROTH_TEXT_SET(e->actor, "agent-7");
	/* Naming another customer does not get anybody around the limit. */
	TROTH_TEXT_SET(e->u.promise.customer, "cust-2");
	r = troth_promise_unauthorised(&lookup, &subject, &who, e,
				       (struct troth_time){ NOW });
	against &= ~(R(SHARE_FROZEN) |
		     R(SHARE_EMPTY)); /* Share_spent is judged itself. */
	if (at.policy == POLICY_NONE)
		against = 0; /* Nothing has been delegated yet: as it was before. */
	assert_true(against == 0 ? r == TROTH_REASON_NONE
				 : (against & UINT64_C(1) << r) != 0);
}

static void check_event(const struct troth_answered *got)
{
	static struct troth_event e;
	struct troth_asked a = question();
	struct troth_id id = fixture_id(10);
	struct troth_flaw flaw;

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	troth_may_event(&a, got, &id, (struct troth_time){ NOW }, &e);
	assert_true(troth_event_check(&e, &flaw));
	assert_int_equal(troth_event_is_fact(&e), got->answer == TROTH_ANSWER_YES);
	assert_int_equal(e.u.promise.cost, got->answer == TROTH_ANSWER_YES ? COST : 0);
	check_judged(&e, asks());
}

static void check(void)
{
	struct troth_answered got;
	uint64_t no = forbids(), ask = asks();

	answer(&got);
	if (no != 0) {
		assert_int_equal(got.answer, TROTH_ANSWER_NO);
		assert_true((no & UINT64_C(1) << got.reason) != 0);
		assert_int_equal(got.terms_count, 0);
		return;
	}
	assert_int_equal(got.answer, ask != 0 ? TROTH_ANSWER_ASK : TROTH_ANSWER_YES);
	assert_true(ask == 0 ? got.reason == TROTH_REASON_NONE
			     : (ask & UINT64_C(1) << got.reason) != 0);
	assert_true(got.terms_count > 0);
	assert_true(got.due.ms >= got.earliest.ms && got.lapses.ms > NOW &&
		    got.lapses.ms <= got.due.ms);
	check_event(&got);
}

static void the_worst_that_anything_says_is_the_answer(void **state)
{
	static const struct {
		int *of;
		unsigned count;
	} dimensions[] = {
		{ &at.policy, POLICIES },    { &at.rule, RULES },
		{ &at.standing, STANDINGS }, { &at.grant, GRANTS },
		{ &at.agent, AGENTS },       { &at.limit, LIMITS },
		{ &at.given, GIVENS },       { &at.share, SHARES },
		{ &at.due, DUES },           { &at.subject, SUBJECTS },
	};
	unsigned all = 1;

	(void)state;
	for (size_t d = 0; d < TROTH_LEN(dimensions); d++)
		all *= dimensions[d].count;
	for (unsigned n = 0; n < all; n++) {
		unsigned rest = n;

		for (size_t d = 0; d < TROTH_LEN(dimensions); d++) {
			*dimensions[d].of = (int)(rest % dimensions[d].count);
			rest /= dimensions[d].count;
		}
		check();
	}
}

static void all_is_well(void)
{
	at = (struct setting){ POLICY_HERE, RULE_ALLOWS, IN_GOOD_STANDING, GRANT_COVERS,
			       CERTIFIED,   LIMIT_EXACT, GIVEN_LITTLE,     SHARE_EXACT,
			       DUE_OPEN,    SUBJECT_OPEN };
}

static void the_answer_tells_what_is_left(void **state)
{
	struct troth_answered got;

	(void)state;
	all_is_well();
	answer(&got);
	assert_int_equal(got.answer, TROTH_ANSWER_YES);
	assert_int_equal(got.left_promise, COST);
	assert_int_equal(got.left_customer, 14);
	assert_int_equal(got.left_share, 5);
	assert_int_equal(got.due.ms, EARLIEST);
	assert_int_equal(got.earliest.ms, EARLIEST);
	assert_int_equal(got.lapses.ms, NOW + HOUR / 4);
	assert_int_equal(got.policy_version, 3);
	assert_string_equal(got.grant, "gifts");
	assert_string_equal(got.pool, "cables");
	at.share = NO_POOL;
	at.given = NO_LIMIT;
	answer(&got);
	assert_int_equal(got.answer, TROTH_ANSWER_YES);
	assert_int_equal(got.left_customer, -1);
	assert_int_equal(got.left_share, -1);
}

static enum troth_reason answered_who_holds(unsigned unspoken, enum troth_answer want)
{
	struct troth_asked a = question();
	struct troth_may m = may;
	struct troth_answered got;

	set_policy();
	set_authority();
	set_subject();
	m.unspoken = unspoken;
	troth_may_promise(&m, &a, &got);
	assert_int_equal(got.answer, want);
	return got.reason;
}

static void who_holds_as_many_offers_as_one_may_is_answered_no_instead_of_yes(
	void **state)
{
	(void)state;
	all_is_well();
	assert_int_equal(answered_who_holds(TROTH_UNSPOKEN_MAX - 1, TROTH_ANSWER_YES),
			 TROTH_REASON_NONE);
	assert_int_equal(answered_who_holds(TROTH_UNSPOKEN_MAX, TROTH_ANSWER_NO),
			 TROTH_REASON_UNSPOKEN_OFFERS);
	/* What HQ decides reserves nothing, nor does what comes out of no pool. */
	at.share = SHARE_FROZEN;
	assert_int_equal(answered_who_holds(TROTH_UNSPOKEN_MAX, TROTH_ANSWER_ASK),
			 TROTH_REASON_SHARE_FROZEN);
	at.share = NO_POOL;
	assert_int_equal(answered_who_holds(TROTH_UNSPOKEN_MAX, TROTH_ANSWER_YES),
			 TROTH_REASON_NONE);
}

static void of_several_grants_the_one_that_says_yes_counts(void **state)
{
	struct troth_answered got;
	struct troth_asked a = question();

	(void)state;
	all_is_well();
	at.limit = LIMIT_BELOW;
	answer(&got);
	assert_int_equal(got.reason, TROTH_REASON_OVER_PROMISE_LIMIT);
	authority.grants[1] = authority.grants[0];
	TROTH_TEXT_SET(authority.grants[1].grant, "more");
	authority.grants[1].most = COST;
	authority.grants[1].per_customer = 0;
	authority.grant_count = 2;
	troth_may_promise(&may, &a, &got);
	assert_int_equal(got.answer, TROTH_ANSWER_YES);
	assert_string_equal(got.grant, "more");
}

/* The order is cancelled, and something on it is in that state of being made good. */
static enum troth_reason answered_to_recover(enum troth_recovery_state state, uint64_t n)
{
	struct troth_answered got;
	struct troth_asked a = question();
	struct troth_id recovers = fixture_id(n);
	struct troth_may m = may;

	all_is_well();
	at.subject = SUBJECT_CLOSED;
	answer(&got);
	assert_int_equal(got.reason, TROTH_REASON_SUBJECT_CLOSED);
	subject.recovery_count = 1;
	subject.recoveries[0] = (struct troth_recovery){ .id = fixture_id(30),
							 .state = state };
	m.recovers = &recovers;
	troth_may_promise(&m, &a, &got);
	return got.reason;
}

static void what_makes_good_what_is_not_may_be_promised_where_all_is_over(void **state)
{
	(void)state;
	for (int s = 1; s <= TROTH_RECOVERY_STATE_LAST; s++) {
		bool open = troth_recovery_is_open((enum troth_recovery_state)s);

		assert_int_equal(answered_to_recover((enum troth_recovery_state)s, 30),
				 open ? TROTH_REASON_NONE : TROTH_REASON_SUBJECT_CLOSED);
		assert_int_equal(answered_to_recover((enum troth_recovery_state)s, 31),
				 TROTH_REASON_SUBJECT_CLOSED);
	}
}

static void somebody_always_owes_it(void **state)
{
	struct troth_answered got;

	(void)state;
	all_is_well();
	answer(&got);
	assert_int_equal(got.terms_count, 1);
	assert_string_equal(got.terms[0].debtor, fixture_lookup.brand);
	assert_int_equal(got.terms[0].due.ms, got.due.ms);
}

/* Suspended, or its grant withdrawn, a moment after it was told: by entry 7. */
static enum troth_reason taken_back(bool suspended, bool withdrawn, uint64_t seen)
{
	static struct troth_event e;
	struct troth_answered got;
	struct troth_asked a = question();
	struct troth_id id = fixture_id(10);

	all_is_well();
	answer(&got);
	authority.suspended.ms = suspended ? NOW + 1 : 0;
	authority.suspended_at = suspended ? 7 : 0;
	authority.grants[0].until.ms = withdrawn ? NOW + 1 : 0;
	authority.grants[0].withdrawn_at = withdrawn ? 7 : 0;
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	troth_may_event(&a, &got, &id, (struct troth_time){ NOW }, &e);
	e.seen_size = seen;
	return troth_promise_unauthorised(&lookup, &subject, &who, &e,
					  (struct troth_time){ NOW + 2 });
}

static void who_had_heard_that_it_was_taken_back_did_not_tell_before(void **state)
{
	(void)state;
	assert_int_equal(taken_back(false, false, 7), TROTH_REASON_NONE);
	assert_int_equal(taken_back(true, false, 6), TROTH_REASON_NONE);
	assert_int_equal(taken_back(true, false, 7), TROTH_REASON_SUSPENDED);
	assert_int_equal(taken_back(false, true, 6), TROTH_REASON_NONE);
	assert_int_equal(taken_back(false, true, 7), TROTH_REASON_NO_GRANT);
}

/* Whether it is answered as judged, with that much on the subject, and routed to two. */
static void check_room(const struct troth_who *asks, unsigned promises,
		       unsigned commitments, unsigned participants, bool room)
{
	static struct troth_event e;
	struct troth_asked a = question();
	struct troth_id id = fixture_id(10);
	struct troth_may m = may;
	struct troth_answered got;
	struct troth_verdict v;

	m.who = asks;
	set_subject();
	troth_may_promise(&m, &a, &got);
	assert_int_equal(got.answer, TROTH_ANSWER_ASK);
	assert_int_equal(got.terms_count, 2);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, asks->party);
	troth_may_event(&a, &got, &id, (struct troth_time){ NOW }, &e);

	subject.promise_count = promises;
	subject.commitment_count = commitments;
	for (unsigned i = subject.participant_count; i < participants; i++)
		(void)snprintf(subject.participants[i].party,
			       sizeof(subject.participants[i].party), "p-%u", i);
	subject.participant_count = participants;
	troth_may_promise(&m, &a, &got);
	assert_int_equal(got.answer, room ? TROTH_ANSWER_ASK : TROTH_ANSWER_NO);
	assert_int_equal(got.reason, room ? TROTH_REASON_NO_GRANT : TROTH_REASON_LIMIT);
	assert_int_equal(got.terms_count, room ? 2 : 0);
	v = troth_judge(&subject, &lookup, asks, &e, (struct troth_time){ NOW });
	assert_int_equal(v.reason, room ? TROTH_REASON_NONE : TROTH_REASON_LIMIT);
}

static void there_is_room_for_whom_it_is_judged_to_be(void **state)
{
	static const struct troth_who brand = { .party = "brand",
						.site = "main",
						.role = TROTH_ROLE_BRAND };
	static const unsigned promises[] = { 0, 55, 56, 63, 64 };
	static const unsigned commitments[] = { 0, 222, 223, 254, 255 };
	struct troth_answered got;

	(void)state;
	all_is_well();
	at.grant = GRANT_NONE; /* So that it is asked, whoever asks. */
	answer(&got);
	policy.route_count = 1;
	policy.routes[0].count = 2;
	policy.routes[0].terms[0].debtor = policy.routes[0].terms[1].debtor =
		TROTH_DEBTOR_BRAND;
	for (size_t p = 0; p < TROTH_LEN(promises); p++)
		for (size_t c = 0; c < TROTH_LEN(commitments); c++) {
			check_room(&who, promises[p], commitments[c], 1,
				   promises[p] < 56 && commitments[c] <= 222);
			check_room(&brand, promises[p], commitments[c], 1,
				   promises[p] < 64 && commitments[c] <= 254);
		}
	for (unsigned n = 1; n <= 32; n++) { /* And the brand, which would owe it. */
		check_room(&who, 0, 0, n, n < 28);
		check_room(&brand, 0, 0, n, n < 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_that_anything_says_is_the_answer),
		cmocka_unit_test(
			who_had_heard_that_it_was_taken_back_did_not_tell_before),
		cmocka_unit_test(the_answer_tells_what_is_left),
		cmocka_unit_test(
			who_holds_as_many_offers_as_one_may_is_answered_no_instead_of_yes),
		cmocka_unit_test(of_several_grants_the_one_that_says_yes_counts),
		cmocka_unit_test(
			what_makes_good_what_is_not_may_be_promised_where_all_is_over),
		cmocka_unit_test(somebody_always_owes_it),
		cmocka_unit_test(there_is_room_for_whom_it_is_judged_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
