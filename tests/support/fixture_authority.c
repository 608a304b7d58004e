#include "fixture.h"

#include "troth/core/authority.h"

#include <string.h>

/* The party that a payload speaks of. */
static char *party_in(struct troth_event *e)
{
	switch ((unsigned)e->type) {
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
		return e->u.grant.party;
	case TROTH_EVENT_AGENT_CERTIFIED:
		return e->u.agent.party;
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
		return e->u.standing.party;
	default:
		return e->u.share.party;
	}
}

static void share(struct troth_event *e)
{
	bool promise = e->type == TROTH_EVENT_SHARE_SPENT ||
		       e->type == TROTH_EVENT_SHARE_FREED;

	strcpy(e->u.share.site, "main");
	strcpy(e->u.share.pool, "cables");
	if (e->type != TROTH_EVENT_SHARE_FROZEN)
		e->u.share.amount = 1;
	if (promise)
		e->u.share.promise = fixture_id(10);
	if (e->type == TROTH_EVENT_SHARE_RECALLED || e->type == TROTH_EVENT_SHARE_FROZEN)
		strcpy(e->u.share.reason, "restored");
}

void fixture_authority(struct troth_event *e)
{
	struct troth_grant *g = &e->u.grant.grant;

	switch ((unsigned)e->type) {
	case TROTH_EVENT_POOL_SET:
		strcpy(e->u.pool.pool, "cables");
		strcpy(e->u.pool.sku, "HDMI-2M");
		e->u.pool.total = 100;
		e->u.pool.share = 30;
		e->u.pool.low = 10;
		e->subject = troth_authority_id("brand");
		return;
	case TROTH_EVENT_GRANT_GIVEN:
		g->kinds = 1u << TROTH_KIND_GIFT;
		g->most = 2;
		g->sku_count = 1;
		strcpy(g->skus[0].sku, "HDMI-2M");
		strcpy(g->pool, "cables");
		strcpy(g->grant, "gifts");
		break;
	case TROTH_EVENT_GRANT_WITHDRAWN:
		strcpy(g->grant, "gifts");
		strcpy(e->u.grant.reason, "abuse");
		break;
	case TROTH_EVENT_AGENT_CERTIFIED:
		strcpy(e->u.agent.actor, "agent-7");
		e->u.agent.level = 1;
		break;
	case TROTH_EVENT_PARTY_SUSPENDED:
		strcpy(e->u.standing.reason, "abuse");
		break;
	case TROTH_EVENT_PARTY_RESUMED:
		break;
	default:
		share(e);
		break;
	}
	strcpy(party_in(e), "acme");
	e->subject = troth_authority_id("acme");
}

static void longest(char *out, size_t len)
{
	memset(out, 'n', len);
	out[len] = '\0';
}

static void grant_full(struct troth_grant *g)
{
	longest(g->grant, TROTH_CODE_MAX);
	longest(g->pool, TROTH_CODE_MAX);
	strcpy(g->currency, "JPY");
	g->kinds = (1u << (TROTH_KIND_LAST + 1)) - 2;
	g->sku_count = TROTH_GRANT_SKUS_MAX;
	for (unsigned i = 0; i < g->sku_count; i++) {
		longest(g->skus[i].sku, TROTH_SKU_MAX);
		g->skus[i].sku[TROTH_SKU_MAX - 1] = '*';
	}
	g->most = g->per_customer = TROTH_AMOUNT_MAX;
	g->period_ms = TROTH_PERIOD_MAX_MS;
	g->level = TROTH_LEVEL_MAX;
	g->from.ms = g->until.ms = TROTH_TIME_MAX_MS;
}

static void share_full(struct troth_event *e)
{
	longest(e->u.share.site, TROTH_SITE_MAX);
	longest(e->u.share.pool, TROTH_CODE_MAX);
	if (e->u.share.amount > 0)
		e->u.share.amount = TROTH_AMOUNT_MAX;
	if (e->u.share.reason[0] != '\0')
		longest(e->u.share.reason, TROTH_CODE_MAX);
	if (e->type == TROTH_EVENT_SHARE_RECALLED) {
		longest(e->u.share.to_party, TROTH_PARTY_MAX);
		longest(e->u.share.to_site, TROTH_SITE_MAX);
	}
}

void fixture_authority_full(struct troth_event *e)
{
	switch ((unsigned)e->type) {
	case TROTH_EVENT_POOL_SET:
		longest(e->u.pool.pool, TROTH_CODE_MAX);
		longest(e->u.pool.sku, TROTH_SKU_MAX);
		e->u.pool.total = e->u.pool.share = e->u.pool.low = TROTH_AMOUNT_MAX;
		e->u.pool.idle_ms = TROTH_PERIOD_MAX_MS;
		return;
	case TROTH_EVENT_GRANT_GIVEN:
		grant_full(&e->u.grant.grant);
		break;
	case TROTH_EVENT_GRANT_WITHDRAWN:
		longest(e->u.grant.grant.grant, TROTH_CODE_MAX);
		longest(e->u.grant.reason, TROTH_CODE_MAX);
		break;
	case TROTH_EVENT_AGENT_CERTIFIED:
		longest(e->u.agent.actor, TROTH_ACTOR_MAX);
		e->u.agent.level = TROTH_LEVEL_MAX;
		e->u.agent.until.ms = TROTH_TIME_MAX_MS;
		break;
	case TROTH_EVENT_PARTY_SUSPENDED:
		longest(e->u.standing.reason, TROTH_CODE_MAX);
		break;
	case TROTH_EVENT_PARTY_RESUMED:
		break;
	default:
		share_full(e);
		break;
	}
	longest(party_in(e), TROTH_PARTY_MAX);
	e->subject = troth_authority_id(party_in(e));
}
