#include "troth/core/authority.h"

#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

struct troth_id troth_authority_id(const char *party)
{
	struct troth_span parts[] = { troth_span_str("troth-authority-v1\n"),
				      troth_span_str(party) };
	struct troth_digest hash;
	struct troth_id id;

	troth_sha256(&hash, parts, TROTH_LEN(parts));
	memcpy(id.b, hash.b, sizeof(id.b));
	id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

bool troth_is_authority_id(const struct troth_id *id)
{
	return id->b[6] >> 4 == 8;
}

int troth_authority_pool(const struct troth_authority *a, const char *pool)
{
	for (unsigned i = 0; i < a->pool_count; i++)
		if (strcmp(a->pools[i].pool, pool) == 0)
			return (int)i;
	return -1;
}

int troth_authority_grant(const struct troth_authority *a, const char *grant)
{
	for (unsigned i = 0; i < a->grant_count; i++)
		if (strcmp(a->grants[i].grant, grant) == 0)
			return (int)i;
	return -1;
}

int troth_authority_share(const struct troth_authority *a, const char *site,
			  const char *pool)
{
	for (unsigned i = 0; i < a->share_count; i++)
		if (strcmp(a->shares[i].site, site) == 0 &&
		    strcmp(a->shares[i].pool, pool) == 0)
			return (int)i;
	return -1;
}

int64_t troth_share_available(const struct troth_share *s)
{
	int64_t left = s->allotted - s->spent + s->freed - s->returned - s->lost;

	return left > 0 ? left : 0;
}

int64_t troth_share_out(const struct troth_share *s)
{
	return s->allotted - s->returned;
}

bool troth_promise_came_to_nothing(enum troth_promise_state s)
{
	return s == TROTH_PROMISE_EXPIRED || s == TROTH_PROMISE_REJECTED ||
	       s == TROTH_PROMISE_RELEASED || s == TROTH_PROMISE_CANCELLED;
}

bool troth_grant_covers(const struct troth_grant *g, enum troth_kind kind,
			const char *sku, const char *currency)
{
	if ((g->kinds & 1u << kind) == 0 || strcmp(g->currency, currency) != 0)
		return false;
	for (unsigned i = 0; i < g->sku_count; i++)
		if (troth_sku_fits(g->skus[i].sku, sku))
			return true;
	return g->sku_count == 0;
}

bool troth_grant_in_force(const struct troth_grant *g, struct troth_time at)
{
	return at.ms >= g->from.ms && (g->until.ms == 0 || at.ms < g->until.ms);
}

int64_t troth_promise_cost(uint32_t quantity, int64_t amount)
{
	if (amount > 0)
		return amount;
	return quantity > 0 ? quantity : 1;
}

/* ---- Judging ---- */

/* The sums only grow; one that nothing honest comes to is not added to. */
static bool sums_have_room(const struct troth_share *s)
{
	return s->allotted < TROTH_SHARE_SUM_MAX && s->spent < TROTH_SHARE_SUM_MAX;
}

static enum troth_reason judge_share(const struct troth_subject *s,
				     const struct troth_who *who,
				     const struct troth_event *e)
{
	int i = troth_authority_share(&s->authority, e->u.share.site, e->u.share.pool);
	const struct troth_share *share = i >= 0 ? &s->authority.shares[i] : NULL;
	bool own = !who->clock && strcmp(who->party, e->u.share.party) == 0 &&
		   strcmp(who->site, e->u.share.site) == 0;

	if (e->type == TROTH_EVENT_SHARE_ALLOTTED) {
		if (!who->central)
			return TROTH_REASON_NOT_ENTITLED;
		return (i >= 0 ? sums_have_room(&s->authority.shares[i])
			       : s->authority.share_count < TROTH_SHARES_MAX)
			       ? TROTH_REASON_NONE
			       : TROTH_REASON_LIMIT;
	}
	if (e->type == TROTH_EVENT_SHARE_RETURNED || e->type == TROTH_EVENT_SHARE_SPENT ||
			    e->type == TROTH_EVENT_SHARE_FREED
		    ? !own
		    : !who->central)
		return TROTH_REASON_NOT_ENTITLED;
	if (share == NULL)
		return TROTH_REASON_NO_POOL;
	if (e->type == TROTH_EVENT_SHARE_SPENT && !sums_have_room(share))
		return TROTH_REASON_LIMIT;
	if (e->type == TROTH_EVENT_SHARE_FREED)
		return share->freed + e->u.share.amount <= share->spent
			       ? TROTH_REASON_NONE
			       : TROTH_REASON_WRONG_STATE;
	if (e->type == TROTH_EVENT_SHARE_THAWED)
		return !share->frozen ? TROTH_REASON_WRONG_STATE
		       : e->u.share.amount <= troth_share_available(share)
			       ? TROTH_REASON_NONE
			       : TROTH_REASON_SHARE_EMPTY;
	if (e->type == TROTH_EVENT_SHARE_RECALLED) /* 0 takes back what is asked for. */
		return e->u.share.amount > 0 || share->recalled > 0
			       ? TROTH_REASON_NONE
			       : TROTH_REASON_WRONG_STATE;
	if (e->type == TROTH_EVENT_SHARE_FROZEN)
		return TROTH_REASON_NONE;
	if (share->frozen)
		return TROTH_REASON_SHARE_FROZEN;
	return e->u.share.amount <= troth_share_available(share)
		       ? TROTH_REASON_NONE
		       : TROTH_REASON_SHARE_EMPTY;
}

/* A pool of money pays in its currency; one of goods gives out those goods alone. */
static bool counted_alike(const struct troth_pool *p, const struct troth_grant *g)
{
	if (strcmp(p->currency, g->currency) != 0)
		return false;
	for (unsigned i = 0; p->sku[0] != '\0' && i < g->sku_count; i++)
		if (strcmp(g->skus[i].sku, p->sku) != 0)
			return false;
	return p->sku[0] == '\0' || g->sku_count > 0;
}

static enum troth_reason judge_grant(const struct troth_subject *s,
				     const struct troth_lookup *lookup,
				     const struct troth_event *e)
{
	const struct troth_grant *g = &e->u.grant.grant;
	const struct troth_authority *brand;
	int i = troth_authority_grant(&s->authority, g->grant);

	if (e->type == TROTH_EVENT_GRANT_WITHDRAWN)
		return i >= 0 ? TROTH_REASON_NONE : TROTH_REASON_NO_GRANT_ID;
	if (i < 0 && s->authority.grant_count >= TROTH_GRANTS_MAX)
		return TROTH_REASON_LIMIT;
	if (g->pool[0] == '\0')
		return TROTH_REASON_NONE;
	brand = lookup->authority(lookup->ctx, lookup->brand);
	if (brand == NULL)
		return TROTH_REASON_NO_POOL;
	i = troth_authority_pool(brand, g->pool);
	if (i < 0)
		return TROTH_REASON_NO_POOL;
	return counted_alike(&brand->pools[i], g) ? TROTH_REASON_NONE
						  : TROTH_REASON_NO_POOL;
}

enum troth_reason troth_authority_judge(const struct troth_subject *s,
					const struct troth_lookup *lookup,
					const struct troth_who *who,
					const struct troth_event *e)
{
	struct troth_party p;
	struct troth_id brand;
	int i;

	if (troth_event_topic(e->type) == TROTH_TOPIC_SHARE)
		return judge_share(s, who, e);
	if (!who->central)
		return TROTH_REASON_NOT_ENTITLED;
	if (e->type == TROTH_EVENT_POOL_SET) {
		brand = troth_authority_id(lookup->brand);
		if (lookup->brand[0] == '\0' || !troth_id_eq(&brand, &e->subject))
			return TROTH_REASON_WRONG_ROLE;
		i = troth_authority_pool(&s->authority, e->u.pool.pool);
		if (i < 0)
			return s->authority.pool_count < TROTH_POOLS_MAX
				       ? TROTH_REASON_NONE
				       : TROTH_REASON_LIMIT;
		/* What it is of cannot change under the shares that are out. */
		return strcmp(s->authority.pools[i].sku, e->u.pool.sku) == 0 &&
				       strcmp(s->authority.pools[i].currency,
					      e->u.pool.currency) == 0
			       ? TROTH_REASON_NONE
			       : TROTH_REASON_EXISTS;
	}
	if (!lookup->party(lookup->ctx, troth_authority_party(e), &p))
		return TROTH_REASON_NO_PARTY;
	if (e->type == TROTH_EVENT_GRANT_GIVEN || e->type == TROTH_EVENT_GRANT_WITHDRAWN)
		return judge_grant(s, lookup, e);
	if (e->type == TROTH_EVENT_PARTY_SUSPENDED)
		return s->authority.suspended.ms == 0 ? TROTH_REASON_NONE
						      : TROTH_REASON_WRONG_STATE;
	if (e->type == TROTH_EVENT_PARTY_RESUMED)
		return s->authority.suspended.ms != 0 ? TROTH_REASON_NONE
						      : TROTH_REASON_WRONG_STATE;
	return TROTH_REASON_NONE;
}

/* ---- Applying ---- */

bool troth_authority_fits(const struct troth_subject *s, const struct troth_event *e)
{
	const struct troth_authority *a = &s->authority;

	if (e->type == TROTH_EVENT_POOL_SET)
		return troth_authority_pool(a, e->u.pool.pool) >= 0 ||
		       a->pool_count < TROTH_POOLS_MAX;
	if (e->type == TROTH_EVENT_GRANT_GIVEN)
		return troth_authority_grant(a, e->u.grant.grant.grant) >= 0 ||
		       a->grant_count < TROTH_GRANTS_MAX;
	if (e->type == TROTH_EVENT_GRANT_WITHDRAWN)
		return troth_authority_grant(a, e->u.grant.grant.grant) >= 0;
	if (e->type == TROTH_EVENT_SHARE_ALLOTTED)
		return troth_authority_share(a, e->u.share.site, e->u.share.pool) >= 0 ||
		       a->share_count < TROTH_SHARES_MAX;
	return troth_event_topic(e->type) != TROTH_TOPIC_SHARE ||
	       troth_authority_share(a, e->u.share.site, e->u.share.pool) >= 0;
}

static void apply_recall(struct troth_share *s, const struct troth_event *e)
{
	if (e->u.share.amount == 0 && TROTH_MUTANT(recall_is_not_taken_back))
		return;
	s->recalled = e->u.share.amount;
	TROTH_TEXT_SET(s->to_party, e->u.share.to_party);
	TROTH_TEXT_SET(s->to_site, e->u.share.to_site);
}

static void apply_returned(struct troth_share *s, int64_t amount)
{
	if (!TROTH_MUTANT(returned_is_not_debited))
		s->returned += amount;
	s->recalled = s->recalled > amount ? s->recalled - amount : 0;
	if (s->recalled == 0) {
		s->to_party[0] = '\0';
		s->to_site[0] = '\0';
	}
}

static void apply_share(struct troth_authority *a, const struct troth_event *e,
			struct troth_time accepted)
{
	int i = troth_authority_share(a, e->u.share.site, e->u.share.pool);
	struct troth_share *s = &a->shares[i >= 0 ? (unsigned)i : a->share_count];

	if (i < 0) {
		*s = (struct troth_share){ .used = accepted };
		TROTH_TEXT_SET(s->site, e->u.share.site);
		TROTH_TEXT_SET(s->pool, e->u.share.pool);
		a->share_count++;
	}
	if (e->type == TROTH_EVENT_SHARE_ALLOTTED) {
		s->allotted += e->u.share.amount;
		s->used = accepted;
	} else if (e->type == TROTH_EVENT_SHARE_RECALLED) {
		apply_recall(s, e);
	} else if (e->type == TROTH_EVENT_SHARE_RETURNED) {
		apply_returned(s, e->u.share.amount);
	} else if (e->type == TROTH_EVENT_SHARE_SPENT) {
		s->spent += e->u.share.amount;
		s->used = accepted;
	} else if (e->type == TROTH_EVENT_SHARE_FREED) {
		s->freed += e->u.share.amount;
	} else if (e->type == TROTH_EVENT_SHARE_FROZEN) {
		s->frozen = true;
	} else { /* Thawed. */
		if (!TROTH_MUTANT(lost_is_forgotten))
			s->lost += e->u.share.amount;
		s->frozen = false;
	}
}

static void apply_grant(struct troth_authority *a, const struct troth_event *e,
			struct troth_place place)
{
	int i = troth_authority_grant(a, e->u.grant.grant.grant);

	if (e->type == TROTH_EVENT_GRANT_GIVEN) {
		i = i >= 0 ? i : (int)a->grant_count++;
		a->grants[i] = e->u.grant.grant;
		a->grants[i].withdrawn_at = 0;
		return;
	}
	if (a->grants[i].until.ms == 0 || a->grants[i].until.ms > place.accepted.ms)
		a->grants[i].until = place.accepted;
	if (a->grants[i].withdrawn_at == 0)
		a->grants[i].withdrawn_at = place.position;
}

void troth_authority_apply(struct troth_subject *s, const struct troth_event *e,
			   struct troth_place place)
{
	struct troth_authority *a = &s->authority;
	int i;

	if (troth_event_topic(e->type) == TROTH_TOPIC_SHARE) {
		apply_share(a, e, place.accepted);
	} else if (e->type == TROTH_EVENT_POOL_SET) {
		i = troth_authority_pool(a, e->u.pool.pool);
		a->pools[i >= 0 ? (unsigned)i : a->pool_count++] = e->u.pool;
		return;
	} else if (e->type == TROTH_EVENT_PARTY_SUSPENDED) {
		a->suspended = place.accepted;
		a->suspended_at = place.position;
		TROTH_TEXT_SET(a->reason, e->u.standing.reason);
	} else if (e->type == TROTH_EVENT_PARTY_RESUMED) {
		a->suspended.ms = 0;
		a->suspended_at = 0;
		a->reason[0] = '\0';
	} else if (e->type != TROTH_EVENT_AGENT_CERTIFIED) {
		apply_grant(a, e, place);
	}
	TROTH_TEXT_SET(a->party, troth_authority_party(e));
}
