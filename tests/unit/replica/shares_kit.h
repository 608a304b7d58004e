/*
 * shares_kit - a site that may give cables away: one in a promise, 5 in its share,
 * offers stand for ten minutes.
 */
#ifndef TROTH_TESTS_SHARES_KIT_H
#define TROTH_TESTS_SHARES_KIT_H

#include "replica_kit.h"

#include "troth/policy/policy.h"

#define SHARE    5
#define OFFER_MS TROTH_OFFER_MS

/* Gifts may be promised, refunds never. */
#define SHARES_POLICY                                                                    \
	"phrases: { gift: { en = \"We send you one.\"; }; };\n"                          \
	"rules: ( { kind = \"gift\"; say = \"gift\"; },\n"                               \
	"         { kind = \"refund\"; forbidden = true; } );\n"

static inline struct troth_event central_event(enum troth_event_type type,
					       const char *party)
{
	struct troth_event e = { .type = type,
				 .subject_kind = TROTH_SUBJECT_AUTHORITY,
				 .subject = troth_authority_id(party) };

	TROTH_TEXT_SET(e.actor, "hq-1");
	return e;
}

/* What central says of acme's share at manila. */
static inline void central_says(struct kit *k, enum troth_event_type type, int64_t amount)
{
	struct troth_event e = central_event(type, "acme");

	TROTH_TEXT_SET(e.u.share.party, "acme");
	TROTH_TEXT_SET(e.u.share.site, "manila");
	TROTH_TEXT_SET(e.u.share.pool, "cables");
	e.u.share.amount = amount;
	if (type == TROTH_EVENT_SHARE_RECALLED || type == TROTH_EVENT_SHARE_FROZEN)
		TROTH_TEXT_SET(e.u.share.reason, "test");
	(void)kit_foreign(k, CENTRAL, &e);
}

static inline void central_grants(struct kit *k)
{
	struct troth_event e = central_event(TROTH_EVENT_POOL_SET, "brand");
	struct troth_grant *g = &e.u.grant.grant;

	TROTH_TEXT_SET(e.u.pool.pool, "cables");
	TROTH_TEXT_SET(e.u.pool.sku, "HDMI-2M");
	e.u.pool.total = 100;
	e.u.pool.share = SHARE;
	(void)kit_foreign(k, CENTRAL, &e);
	assert_int_equal(k->entries[k->size - 1]->verdict.outcome, TROTH_TAKES_EFFECT);

	e = central_event(TROTH_EVENT_GRANT_GIVEN, "acme");
	TROTH_TEXT_SET(e.u.grant.party, "acme");
	TROTH_TEXT_SET(g->grant, "gifts");
	TROTH_TEXT_SET(g->pool, "cables");
	g->kinds = 1u << TROTH_KIND_GIFT;
	g->sku_count = 1;
	TROTH_TEXT_SET(g->skus[0].sku, "HDMI-2M");
	g->most = 2;
	(void)kit_foreign(k, CENTRAL, &e);
	assert_int_equal(k->entries[k->size - 1]->verdict.outcome, TROTH_TAKES_EFFECT);
}

static inline void central_publishes(struct kit *k)
{
	struct troth_event e = { .type = TROTH_EVENT_POLICY_PUBLISHED,
				 .subject_kind = TROTH_SUBJECT_FEDERATION };
	struct troth_why why = { "" };

	TROTH_TEXT_SET(e.actor, "hq-1");
	e.u.policy.version = 1;
	e.u.policy.policy_text = troth_span_str(SHARES_POLICY);
	(void)kit_foreign(k, CENTRAL, &e);
	if (troth_policy_parse(SHARES_POLICY, strlen(SHARES_POLICY), &troth_zones_utc,
			       &k->policy, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	k->policy->version = 1;
}

/* A site with case 1, a grant, and a share of 5. */
static inline struct kit *kit_with_share(void)
{
	struct kit *k = kit_joined();

	central_publishes(k);
	assert_int_equal(kit_do(k, cmd_case(k, 1)).status, TROTH_DONE);
	central_grants(k);
	central_says(k, TROTH_EVENT_SHARE_ALLOTTED, SHARE);
	kit_serve(k);
	return k;
}

/* "May I give the customer of case n a cable?" */
static inline struct troth_command *cmd_may(struct kit *k, uint8_t n, uint8_t promise)
{
	struct troth_command *c = kit_command(k, 2);

	c->is_question = true;
	c->item = promise_id(promise);
	c->drafts[0]->subject_kind = TROTH_SUBJECT_CASE;
	c->drafts[0]->subject = case_id(n);
	TROTH_TEXT_SET(c->drafts[0]->actor, "agent-7");
	TROTH_TEXT_SET(c->drafts[0]->u.promise.reason, "late");
	c->drafts[0]->u.promise.channel = TROTH_CHANNEL_PHONE;
	c->asked.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(c->asked.sku, "HDMI-2M");
	c->asked.quantity = 1;
	c->asked.due.ms = k->now.ms + DAY_MS;
	return c;
}

static inline struct troth_command *cmd_step(struct kit *k, uint8_t n, uint8_t promise,
					     enum troth_promise_action action)
{
	struct troth_command *c = kit_command(k, 1);

	draft_release(c->drafts[0], n, promise);
	TROTH_TEXT_SET(c->drafts[0]->actor, "agent-7");
	c->drafts[0]->u.promise_step.action = action;
	if (action == TROTH_PROMISE_DO_ACTIVATE)
		c->drafts[0]->u.promise_step.reason[0] = '\0';
	return c;
}

/* The promise is offered, with a yes. */
static inline void offer(struct kit *k, uint8_t n, uint8_t promise)
{
	struct troth_result r = kit_do(k, cmd_may(k, n, promise));

	assert_int_equal(r.status, TROTH_DONE);
	assert_true(r.has_answer);
	assert_int_equal(r.answer.answer, TROTH_ANSWER_YES);
}

static inline void step(struct kit *k, uint8_t n, uint8_t promise,
			enum troth_promise_action action)
{
	assert_int_equal(kit_do(k, cmd_step(k, n, promise, action)).status, TROTH_DONE);
}

/* The site's share as it sees it. */
static inline struct troth_share share_of(struct kit *k)
{
	static struct troth_view v;
	struct troth_id id = troth_authority_id("acme");
	struct troth_txn t;
	int i;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert_true(troth_query_subject(&t, TROTH_NODE_GATEWAY, &id, &v));
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	i = troth_authority_share(&v.subject.authority, "manila", "cables");
	assert_true(i >= 0);
	return v.subject.authority.shares[i];
}

static inline int64_t available(struct kit *k)
{
	struct troth_share s = share_of(k);

	return troth_share_available(&s);
}

/* The same in central's books. */
static inline struct troth_share central_share(struct kit *k)
{
	const struct troth_authority *a = kit_authority(k, "acme");
	int i = troth_authority_share(a, "manila", "cables");

	assert_true(i >= 0);
	return a->shares[i];
}

static inline enum troth_promise_state state_of(struct kit *k, uint8_t n, uint8_t promise)
{
	static struct troth_view v;
	struct troth_id id = promise_id(promise);
	int i;

	assert_true(kit_view(k, n, &v));
	i = troth_subject_promise(&v.subject, &id);
	return i < 0 ? TROTH_PROMISE_NONE : v.subject.promises[i].state;
}

/* Entries of that type in central's log that were not refused. */
static inline unsigned entries_of(struct kit *k, enum troth_event_type type)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < k->size; i++) {
		struct troth_entry entry;
		struct troth_event e;
		struct troth_why why;

		assert_int_equal(troth_entry_decode(&entry,
						    troth_buf_span(&k->entries[i]->entry),
						    &why),
				 TROTH_OK);
		assert_int_equal(troth_body_decode(&e, entry.body, &why), TROTH_OK);
		n += e.type == type && entry.verdict.outcome != TROTH_REFUSED;
	}
	return n;
}

/* So much later; the gateway has its turns. */
static inline void pass(struct kit *k, int64_t ms)
{
	k->now.ms += ms;
	for (int i = 0; i < 10 && troth_gateway_busy(k->g, k->now); i++)
		kit_turn(k);
}

#endif
