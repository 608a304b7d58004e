#include "render.h"

void troth_render_pool(struct troth_out *o, const struct troth_pool *p)
{
	troth_out_text(o, "pool", p->pool);
	troth_out_some_text(o, "sku", p->sku);
	troth_out_some_text(o, "currency", p->currency);
	troth_out_int(o, "total", p->total);
	troth_out_int(o, "share", p->share);
	troth_out_int(o, "low", p->low);
	troth_out_int(o, "idle_s", p->idle_ms / 1000);
}

void troth_render_grant(struct troth_out *o, const struct troth_grant *g)
{
	troth_out_text(o, "grant", g->grant);
	troth_out_array(o, "kinds");
	for (unsigned k = 1; k <= TROTH_KIND_LAST; k++)
		if ((g->kinds & 1u << k) != 0)
			troth_out_text(o, NULL, troth_kind_name((enum troth_kind)k));
	troth_out_end_array(o);
	troth_out_array(o, "skus");
	for (unsigned i = 0; i < g->sku_count; i++)
		troth_out_text(o, NULL, g->skus[i].sku);
	troth_out_end_array(o);
	troth_out_some_text(o, "currency", g->currency);
	troth_out_int(o, "most", g->most);
	if (g->per_customer > 0) {
		troth_out_int(o, "per_customer", g->per_customer);
		troth_out_int(o, "period_s", g->period_ms / 1000);
	}
	troth_out_some_text(o, "pool", g->pool);
	troth_out_uint(o, "level", g->level);
	troth_out_some_time(o, "from", g->from);
	troth_out_some_time(o, "until", g->until);
}

void troth_render_asked(struct troth_out *o, uint32_t asked)
{
	const char *name = troth_reason_name((enum troth_reason)asked);

	troth_out_text(o, "asked", name != NULL ? name : "unknown");
}

static void out_share(struct troth_out *o, const struct troth_event *e)
{
	troth_out_text(o, "party", e->u.share.party);
	troth_out_text(o, "site", e->u.share.site);
	troth_out_text(o, "pool", e->u.share.pool);
	if (e->type == TROTH_EVENT_SHARE_THAWED)
		troth_out_int(o, "lost", e->u.share.amount);
	else if (e->type != TROTH_EVENT_SHARE_FROZEN)
		troth_out_int(o, "amount", e->u.share.amount);
	if (e->type == TROTH_EVENT_SHARE_SPENT || e->type == TROTH_EVENT_SHARE_FREED)
		troth_out_id(o, "promise", TROTH_ID_PROMISE, &e->u.share.promise);
	troth_out_some_text(o, "to_party", e->u.share.to_party);
	troth_out_some_text(o, "to_site", e->u.share.to_site);
	troth_out_some_text(o, "reason", e->u.share.reason);
}

void troth_render_authority_event(struct troth_out *o, const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_POOL_SET) {
		troth_render_pool(o, &e->u.pool);
	} else if (e->type == TROTH_EVENT_GRANT_GIVEN) {
		troth_out_text(o, "party", e->u.grant.party);
		troth_render_grant(o, &e->u.grant.grant);
	} else if (e->type == TROTH_EVENT_GRANT_WITHDRAWN) {
		troth_out_text(o, "party", e->u.grant.party);
		troth_out_text(o, "grant", e->u.grant.grant.grant);
		troth_out_text(o, "reason", e->u.grant.reason);
	} else if (e->type == TROTH_EVENT_AGENT_CERTIFIED) {
		troth_out_text(o, "party", e->u.agent.party);
		troth_out_text(o, "agent", e->u.agent.actor);
		troth_out_uint(o, "level", e->u.agent.level);
		troth_out_some_time(o, "until", e->u.agent.until);
	} else if (troth_event_topic(e->type) == TROTH_TOPIC_STANDING) {
		troth_out_text(o, "party", e->u.standing.party);
		troth_out_some_text(o, "reason", e->u.standing.reason);
	} else {
		out_share(o, e);
	}
}
