/*
 * What HQ delegates: pools, grants, certificates of agents, suspensions, and what
 * becomes of a site's share. All of it is decided at central.
 */
#include "body.h"
#include "handlers.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"

#include <assert.h>
#include <string.h>

/* Seconds of the API as milliseconds; what is out of range stays so. */
static int64_t to_ms(int64_t seconds)
{
	if (seconds < 0)
		return -1;
	return seconds > TROTH_PERIOD_MAX_MS / 1000 ? TROTH_PERIOD_MAX_MS + 1
						    : seconds * 1000;
}

static const struct troth_in_field pool_fields[] = {
	TROTH_FIELD_E("pool", TROTH_IN_TEXT, u.pool.pool),
	TROTH_FIELD_E("sku", TROTH_IN_TEXT, u.pool.sku),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.pool.currency),
	TROTH_FIELD_E("total", TROTH_IN_I64, u.pool.total),
	TROTH_FIELD_E("share", TROTH_IN_I64, u.pool.share),
	TROTH_FIELD_E("low", TROTH_IN_I64, u.pool.low),
	TROTH_FIELD_B("idle_s", TROTH_IN_I64, seconds),
};
const struct troth_in_table troth_in_pool = { pool_fields, TROTH_LEN(pool_fields),
					      &troth_in_common };

static const struct troth_in_field grant_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.grant.party),
	TROTH_FIELD_E("grant", TROTH_IN_TEXT, u.grant.grant.grant),
	{ .name = "kinds",
	  .form = TROTH_IN_BITS,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.grant.grant.kinds),
	  .number = troth_kind_number },
	{ .name = "skus",
	  .form = TROTH_IN_TEXTS,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.grant.grant.skus),
	  .size = sizeof(struct troth_grant_sku),
	  .max = TROTH_GRANT_SKUS_MAX,
	  .count_offset = offsetof(struct troth_event, u.grant.grant.sku_count) },
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.grant.grant.currency),
	TROTH_FIELD_E("most", TROTH_IN_I64, u.grant.grant.most),
	TROTH_FIELD_E("per_customer", TROTH_IN_I64, u.grant.grant.per_customer),
	TROTH_FIELD_B("period_s", TROTH_IN_I64, seconds),
	TROTH_FIELD_E("pool", TROTH_IN_TEXT, u.grant.grant.pool),
	TROTH_FIELD_E("level", TROTH_IN_U32, u.grant.grant.level),
	TROTH_FIELD_E("from", TROTH_IN_TIME, u.grant.grant.from),
	TROTH_FIELD_E("until", TROTH_IN_TIME, u.grant.grant.until),
};
const struct troth_in_table troth_in_grant = { grant_fields, TROTH_LEN(grant_fields),
					       &troth_in_common };

static const struct troth_in_field withdrawal_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.grant.party),
	TROTH_FIELD_E("grant", TROTH_IN_TEXT, u.grant.grant.grant),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.grant.reason),
};
const struct troth_in_table troth_in_withdrawal = { withdrawal_fields,
						    TROTH_LEN(withdrawal_fields),
						    &troth_in_common };

static const struct troth_in_field agent_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.agent.party),
	TROTH_FIELD_E("agent", TROTH_IN_TEXT, u.agent.actor),
	TROTH_FIELD_E("level", TROTH_IN_U32, u.agent.level),
	TROTH_FIELD_E("until", TROTH_IN_TIME, u.agent.until),
};
const struct troth_in_table troth_in_agent = { agent_fields, TROTH_LEN(agent_fields),
					       &troth_in_common };

static const struct troth_in_field suspension_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.standing.party),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.standing.reason),
};
const struct troth_in_table troth_in_suspension = { suspension_fields,
						    TROTH_LEN(suspension_fields),
						    &troth_in_common };
/* It needs no reason. */
const struct troth_in_table troth_in_resumption = { suspension_fields, 1,
						    &troth_in_common };

static const struct troth_in_field from_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.share.party),
	TROTH_FIELD_E("site", TROTH_IN_TEXT, u.share.site),
};
static const struct troth_in_table from_table = { from_fields, TROTH_LEN(from_fields),
						  NULL };
static const struct troth_in_field to_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.share.to_party),
	TROTH_FIELD_E("site", TROTH_IN_TEXT, u.share.to_site),
};
static const struct troth_in_table to_table = { to_fields, TROTH_LEN(to_fields), NULL };

static const struct troth_in_field move_fields[] = {
	TROTH_FIELD_E("pool", TROTH_IN_TEXT, u.share.pool),
	TROTH_FIELD_E("amount", TROTH_IN_I64, u.share.amount),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.share.reason),
	{ .name = "from",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &from_table,
	  .count_offset = offsetof(struct troth_body, has_from) },
	{ .name = "to",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &to_table,
	  .count_offset = offsetof(struct troth_body, has_to) },
};
const struct troth_in_table troth_in_share_move = { move_fields, TROTH_LEN(move_fields),
						    &troth_in_common };

static const struct troth_in_field freeze_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.share.party),
	TROTH_FIELD_E("site", TROTH_IN_TEXT, u.share.site),
	TROTH_FIELD_E("pool", TROTH_IN_TEXT, u.share.pool),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.share.reason),
};
const struct troth_in_table troth_in_share_freeze = { freeze_fields,
						      TROTH_LEN(freeze_fields),
						      &troth_in_common };

const struct troth_in_table troth_in_share_keep = { freeze_fields,
						    TROTH_LEN(freeze_fields),
						    &troth_in_common };

static const struct troth_in_field thaw_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.share.party),
	TROTH_FIELD_E("site", TROTH_IN_TEXT, u.share.site),
	TROTH_FIELD_E("pool", TROTH_IN_TEXT, u.share.pool),
	TROTH_FIELD_E("lost", TROTH_IN_I64, u.share.amount),
};
const struct troth_in_table troth_in_share_thaw = { thaw_fields, TROTH_LEN(thaw_fields),
						    &troth_in_common };

/* ---- What has to be said beyond the members of the body ---- */

static bool is_said(const struct troth_body *b, const char *member)
{
	const json_t *v = json_object_get(b->c->json, member);

	return v != NULL && !json_is_null(v);
}

/*
 * What is not said of a pool that there is stays as it is: nobody who makes it larger
 * ends the topping up by that. It is taken from the books as they stand here, and done
 * on these books alone: of two at once, one is told that they have changed.
 */
static void leave_the_rest(struct troth_body *b, const struct troth_pool *old)
{
	struct troth_pool *p = &b->e->u.pool;
	const struct {
		const char *member;
		int64_t *to, from;
	} sizes[] = {
		{ "total", &p->total, old->total },
		{ "share", &p->share, old->share },
		{ "low", &p->low, old->low },
		{ "idle_s", &p->idle_ms, old->idle_ms },
	};

	if (!is_said(b, "sku") && !is_said(b, "currency")) {
		TROTH_TEXT_SET(p->sku, old->sku);
		TROTH_TEXT_SET(p->currency, old->currency);
	}
	for (size_t i = 0; i < TROTH_LEN(sizes); i++) {
		if (is_said(b, sizes[i].member))
			continue;
		*sizes[i].to = sizes[i].from;
		if (!b->c->has_if_match)
			b->c->if_match = troth_view_etag(b->c->api->view);
		b->c->has_if_match = true;
	}
}

/* Pools are the brand's. */
static void of_pool(struct troth_body *b)
{
	const struct troth_authority *a = &b->c->api->view->subject.authority;
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	int i = -1;

	troth_state_lookup(&lookup, &(struct troth_source){ .t = b->c->t }, brand);
	b->e->subject = troth_authority_id(brand);
	b->e->u.pool.idle_ms = to_ms(b->seconds);
	if (troth_query_subject(b->c->t, b->c->api->engine->kind, &b->e->subject,
				b->c->api->view))
		i = troth_authority_pool(a, b->e->u.pool.pool);
	if (i >= 0)
		leave_the_rest(b, &a->pools[i]);
	else if (!is_said(b, "total"))
		troth_body_flaw(b, "total",
				"is missing: there is no pool of this name yet");
}

/* Credits and refunds are always of a currency: a grant without one covers none. */
#define MONEY (1u << TROTH_KIND_CREDIT | 1u << TROTH_KIND_REFUND)

static void of_grant(struct troth_body *b)
{
	const struct troth_grant *g = &b->e->u.grant.grant;

	if (g->kinds != 0 && (g->kinds & ~MONEY) == 0 && g->currency[0] == '\0') {
		troth_body_flaw(b, "currency", "is missing: a credit or refund has one");
		return;
	}
	b->e->u.grant.grant.period_ms = to_ms(b->seconds);
}

/* A site of the party's, or of who acts for it. */
static bool is_site(struct troth_call *c, const char *party, const char *name)
{
	char feed[TROTH_PARTY_MAX + 1];
	struct troth_site s = { .origin = "" };

	troth_state_feed_party(c->t, party, feed);
	while (troth_query_next_site(c->t, s.origin, &s))
		if (strcmp(s.party, feed) == 0 && strcmp(s.site, name) == 0)
			return true;
	return false;
}

/* Asked back of one site, to be given to another (or nobody) once it has come. */
static void of_move(struct troth_body *b)
{
	if (b->has_from == 0)
		troth_body_flaw(b, "from", "is missing: whose share it is taken from");
	else if (b->has_to > 0 &&
		 !is_site(b->c, b->e->u.share.to_party, b->e->u.share.to_site))
		troth_body_flaw(b, "to", "is no site of the federation");
	else if (b->e->u.share.amount == 0)
		troth_body_flaw(b, "amount",
				"must be 1 to 10^12; /v1/shares/keep takes back what is "
				"still asked for");
	else if (b->e->u.share.reason[0] == '\0')
		TROTH_TEXT_SET(b->e->u.share.reason, "moved");
}

/* Nothing more is asked back: the amount is 0. */
static void of_keep(struct troth_body *b)
{
	if (b->e->u.share.reason[0] == '\0')
		TROTH_TEXT_SET(b->e->u.share.reason, "kept");
}

/* ---- The events, by what is posted ---- */

#define PARTY_IN(member) offsetof(struct troth_event, u.member.party)

static const struct said {
	const struct troth_in_table *body;
	enum troth_event_type type;
	size_t party; /* Where the event names the party whose authority it is about. */
	void (*more)(struct troth_body *b); /* NULL: that is all. */
} said[] = {
	{ &troth_in_pool, TROTH_EVENT_POOL_SET, 0, of_pool },
	{ &troth_in_grant, TROTH_EVENT_GRANT_GIVEN, PARTY_IN(grant), of_grant },
	{ &troth_in_withdrawal, TROTH_EVENT_GRANT_WITHDRAWN, PARTY_IN(grant), NULL },
	{ &troth_in_agent, TROTH_EVENT_AGENT_CERTIFIED, PARTY_IN(agent), NULL },
	{ &troth_in_suspension, TROTH_EVENT_PARTY_SUSPENDED, PARTY_IN(standing), NULL },
	{ &troth_in_resumption, TROTH_EVENT_PARTY_RESUMED, PARTY_IN(standing), NULL },
	{ &troth_in_share_move, TROTH_EVENT_SHARE_RECALLED, PARTY_IN(share), of_move },
	{ &troth_in_share_keep, TROTH_EVENT_SHARE_RECALLED, PARTY_IN(share), of_keep },
	{ &troth_in_share_freeze, TROTH_EVENT_SHARE_FROZEN, PARTY_IN(share), NULL },
	{ &troth_in_share_thaw, TROTH_EVENT_SHARE_THAWED, PARTY_IN(share), NULL },
};

static const struct said *said_by(const struct troth_in_table *body)
{
	size_t i = 0;

	while (i < TROTH_LEN(said) && said[i].body != body)
		i++;
	assert(i < TROTH_LEN(said)); /* Each of its routes has a row. */
	return &said[i];
}

void troth_post_authority(struct troth_call *c)
{
	const struct said *row = said_by(c->route->body);
	struct troth_body b;

	if (!troth_body_at_central(c) || !troth_body_begin(&b, c, 1))
		return;
	b.e->type = row->type;
	b.e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	if (!troth_body_read(&b))
		return;
	if (row->party > 0)
		b.e->subject = troth_authority_id((const char *)b.e + row->party);
	if (row->more != NULL)
		row->more(&b);
}
