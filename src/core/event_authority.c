/* Whether what is said of authorities and shares is well formed by itself. */
#include "check.h"
#include "subject.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"

#include <string.h>

static bool amount_ok(int64_t v, int64_t least, const char *field,
		      struct troth_flaw *flaw)
{
	return (v >= least && v <= TROTH_AMOUNT_MAX) ||
	       check_fail(flaw, field,
			  least > 0 ? "must be 1 to 10^12" : "must be 0 to 10^12");
}

/* A SKU, or the beginning of one before a '*'. */
static bool sku_ok(const char *s, const char *field, struct troth_flaw *flaw)
{
	char name[TROTH_SKU_MAX + 1];
	size_t len = strlen(s);

	TROTH_TEXT_SET(name, s);
	if (len > 1 && name[len - 1] == '*')
		name[len - 1] = '\0';
	return check_name(name, TROTH_SKU_MAX, true, field, flaw);
}

static bool pool_ok(const struct troth_pool *p, struct troth_flaw *flaw)
{
	if (!check_name(p->pool, TROTH_CODE_MAX, true, "pool", flaw) ||
	    !check_name(p->sku, TROTH_SKU_MAX, false, "sku", flaw))
		return false;
	if ((p->sku[0] != '\0') == (p->currency[0] != '\0'))
		return check_fail(flaw, "currency",
				  "stands in place of a sku: one of them");
	if (p->currency[0] != '\0' && !troth_text_is_currency(p->currency))
		return check_fail(flaw, "currency", "must be an ISO 4217 code");
	if (!amount_ok(p->total, 0, "total", flaw) ||
	    !amount_ok(p->share, 0, "share", flaw) || !amount_ok(p->low, 0, "low", flaw))
		return false;
	if (p->low > p->share)
		return check_fail(flaw, "low", "must not be more than share");
	return (p->idle_ms >= 0 && p->idle_ms <= TROTH_PERIOD_MAX_MS) ||
	       check_fail(flaw, "idle_s", "must be at most ten years");
}

static bool grant_ok(const struct troth_grant *g, struct troth_flaw *flaw)
{
	uint32_t all = (1u << (TROTH_KIND_LAST + 1)) - 2;

	if (!check_name(g->grant, TROTH_CODE_MAX, true, "grant", flaw) ||
	    !check_name(g->pool, TROTH_CODE_MAX, false, "pool", flaw))
		return false;
	if (g->kinds == 0 || (g->kinds & ~all) != 0)
		return check_fail(flaw, "kinds", "must be some of the kinds");
	for (unsigned i = 0; i < g->sku_count; i++)
		if (!sku_ok(g->skus[i].sku, "skus", flaw))
			return false;
	if (g->currency[0] != '\0' && !troth_text_is_currency(g->currency))
		return check_fail(flaw, "currency", "must be an ISO 4217 code");
	if (!amount_ok(g->most, 1, "most", flaw) ||
	    !amount_ok(g->per_customer, 0, "per_customer", flaw))
		return false;
	if (g->period_ms < 0 || g->period_ms > TROTH_PERIOD_MAX_MS ||
	    (g->per_customer > 0) != (g->period_ms > 0))
		return check_fail(flaw, "period_s",
				  "stands with per_customer: 1 s to 10 years");
	if (g->level > TROTH_LEVEL_MAX)
		return check_fail(flaw, "level", "must be 0 to 9");
	if (g->from.ms < 0 || g->from.ms > TROTH_TIME_MAX_MS || g->until.ms < 0 ||
	    g->until.ms > TROTH_TIME_MAX_MS ||
	    (g->until.ms != 0 && g->until.ms < g->from.ms))
		return check_fail(flaw, "until", "must be an instant after from");
	return true;
}

static bool share_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	enum troth_event_type t = e->type;
	bool promise = t == TROTH_EVENT_SHARE_SPENT || t == TROTH_EVENT_SHARE_FREED;
	/* Nothing may have been lost, and nothing be asked back any more. */
	bool none = t == TROTH_EVENT_SHARE_THAWED || t == TROTH_EVENT_SHARE_RECALLED;

	if (!check_name(e->u.share.site, TROTH_SITE_MAX, true, "site", flaw) ||
	    !check_name(e->u.share.pool, TROTH_CODE_MAX, true, "pool", flaw) ||
	    !check_name(e->u.share.to_party, TROTH_PARTY_MAX, false, "to_party", flaw) ||
	    !check_name(e->u.share.to_site, TROTH_SITE_MAX, false, "to_site", flaw) ||
	    !check_name(e->u.share.reason, TROTH_CODE_MAX,
			t == TROTH_EVENT_SHARE_RECALLED || t == TROTH_EVENT_SHARE_FROZEN,
			"reason", flaw))
		return false;
	if ((e->u.share.to_party[0] == '\0') != (e->u.share.to_site[0] == '\0'))
		return check_fail(flaw, "to_site", "stands with to_party");
	if (t == TROTH_EVENT_SHARE_RECALLED && e->u.share.amount == 0 &&
	    e->u.share.to_site[0] != '\0')
		return check_fail(flaw, "to_site", "stands with an amount");
	if (promise && (troth_id_is_zero(&e->u.share.promise) ||
			e->u.share.promise.b[TROTH_ID_LEN - 1] != 0))
		return check_fail(flaw, "promise", "must be the id of a promise");
	if (t == TROTH_EVENT_SHARE_FROZEN)
		return true;
	return amount_ok(e->u.share.amount, none ? 0 : 1,
			 t == TROTH_EVENT_SHARE_THAWED ? "lost" : "amount", flaw);
}

static bool agent_ok(const struct troth_agent *a, struct troth_flaw *flaw)
{
	if (a->level > TROTH_LEVEL_MAX)
		return check_fail(flaw, "level", "must be 0 to 9");
	if (a->until.ms < 0 || a->until.ms > TROTH_TIME_MAX_MS)
		return check_fail(flaw, "until", "must be an instant");
	return check_name(a->actor, TROTH_ACTOR_MAX, true, "agent", flaw);
}

static bool payload_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->type == TROTH_EVENT_POOL_SET)
		return pool_ok(&e->u.pool, flaw);
	if (e->type == TROTH_EVENT_GRANT_GIVEN)
		return grant_ok(&e->u.grant.grant, flaw);
	if (e->type == TROTH_EVENT_GRANT_WITHDRAWN)
		return check_name(e->u.grant.grant.grant, TROTH_CODE_MAX, true, "grant",
				  flaw) &&
		       check_name(e->u.grant.reason, TROTH_CODE_MAX, true, "reason",
				  flaw);
	if (e->type == TROTH_EVENT_AGENT_CERTIFIED)
		return agent_ok(&e->u.agent, flaw);
	if (e->type == TROTH_EVENT_PARTY_SUSPENDED)
		return check_name(e->u.standing.reason, TROTH_CODE_MAX, true, "reason",
				  flaw);
	return e->type == TROTH_EVENT_PARTY_RESUMED || share_ok(e, flaw);
}

bool troth_authority_check(const struct troth_event *e, struct troth_flaw *flaw)
{
	struct troth_id id;

	if (e->type !=
	    TROTH_EVENT_POOL_SET) { /* Pools are the brand's: judge knows it. */
		if (!check_name(troth_authority_party(e), TROTH_PARTY_MAX, true, "party",
				flaw))
			return false;
		id = troth_authority_id(troth_authority_party(e));
		if (!troth_id_eq(&id, &e->subject))
			return check_fail(flaw, "subject",
					  "must be the id of the party's authority");
	}
	return payload_ok(e, flaw);
}
