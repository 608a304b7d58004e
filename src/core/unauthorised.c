/* unauthorised - what speaks against a promise, by what HQ has published. */
#include "troth/core/authority.h"
#include "troth/core/may.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <limits.h>
#include <string.h>

/* What is promised, by whom and when. */
struct claim {
	const struct troth_lookup *l;
	const struct troth_subject *s;
	const char *party;
	const char *actor;
	uint64_t policy_version;
	enum troth_kind kind;
	const char *sku;
	const char *currency;
	int64_t cost;
	struct troth_time at;
};

static enum troth_reason by_policy(const struct claim *c)
{
	const struct troth_policy *p;
	const struct troth_rule *rule;

	if (c->policy_version == 0)
		return TROTH_REASON_UNCITED;
	p = troth_lookup_policy(c->l, c->policy_version);
	if (p == NULL)
		return TROTH_REASON_POLICY_UNKNOWN;
	if (p->withdrawn.ms != 0 && c->at.ms >= p->withdrawn.ms)
		return TROTH_REASON_POLICY_WITHDRAWN;
	rule = troth_policy_rule(p, c->kind, c->sku);
	if (rule == NULL)
		return TROTH_REASON_NO_GRANT;
	return rule->forbidden || (rule->most > 0 && c->cost > rule->most)
		       ? TROTH_REASON_FORBIDDEN
		       : TROTH_REASON_NONE;
}

static bool is_over(const struct claim *c, const struct troth_grant *g)
{
	return troth_grant_covers(g, c->kind, c->sku, c->currency) &&
	       troth_grant_in_force(g, c->at);
}

/* What a grant that is over it has against it. */
static enum troth_reason by_grant(const struct claim *c, const struct troth_grant *g)
{
	const struct troth_lookup *l = c->l;
	struct troth_time since = { c->at.ms - g->period_ms };

	if (g->level > 0 && l->level(l->ctx, c->party, c->actor, c->at) < g->level)
		return TROTH_REASON_UNCERTIFIED;
	if (c->cost > g->most)
		return TROTH_REASON_OVER_PROMISE_LIMIT;
	if (g->per_customer > 0 &&
	    l->given(l->ctx, c->party, g->grant, c->s->customer, since) + c->cost >
		    g->per_customer)
		return TROTH_REASON_OVER_CUSTOMER_LIMIT;
	return TROTH_REASON_NONE;
}

/* ---- What was told ---- */

/* Whether whoever wrote it had heard of that entry, whatever it says of the time. */
static bool had_heard_of(const struct troth_event *e, uint64_t position)
{
	return position != 0 && e->seen_size >= position &&
	       !TROTH_MUTANT(made_alone_is_believed);
}

enum troth_reason troth_promise_unauthorised(const struct troth_lookup *l,
					     const struct troth_subject *s,
					     const struct troth_who *who,
					     const struct troth_event *e)
{
	const struct claim c = {
		.l = l,
		.s = s,
		.party = who->party,
		.actor = e->actor,
		.policy_version = e->u.promise.policy_version,
		.kind = e->u.promise.kind,
		.sku = e->u.promise.sku,
		.currency = e->u.promise.currency,
		.cost = troth_promise_cost(e->u.promise.quantity, e->u.promise.amount),
		.at = e->u.promise.made,
	};
	const struct troth_authority *a;
	const struct troth_grant *g;
	enum troth_reason r;
	int i;

	if (troth_lookup_newest_policy(l) == 0)
		return TROTH_REASON_NONE;
	r = by_policy(&c);
	if (r != TROTH_REASON_NONE)
		return r;
	a = l->authority(l->ctx, who->party);
	if (a == NULL)
		return TROTH_REASON_NO_GRANT;
	if (a->suspended.ms != 0 &&
	    (c.at.ms >= a->suspended.ms || had_heard_of(e, a->suspended_at)))
		return TROTH_REASON_SUSPENDED;
	i = troth_authority_grant(a, e->u.promise.grant);
	g = i >= 0 ? &a->grants[i] : NULL;
	if (g == NULL || !is_over(&c, g) || had_heard_of(e, g->withdrawn_at) ||
	    strcmp(g->pool, e->u.promise.pool) != 0)
		return TROTH_REASON_NO_GRANT;
	r = by_grant(&c, g);
	return r == TROTH_REASON_NONE && e->u.promise.cost != c.cost
		       ? TROTH_REASON_OVER_PROMISE_LIMIT
		       : r;
}

/* ---- What a supervisor approves ---- */

static struct claim approved(const struct troth_lookup *l, const struct troth_subject *s,
			     const struct troth_promise *p, const char *actor,
			     struct troth_time now)
{
	return (struct claim){
		.l = l,
		.s = s,
		.party = p->party,
		.actor = actor,
		.policy_version = p->policy_version,
		.kind = p->kind,
		.sku = p->sku,
		.currency = p->currency,
		.cost = troth_promise_cost(p->quantity, p->amount),
		.at = now,
	};
}

enum troth_reason troth_approval_unauthorised(const struct troth_lookup *l,
					      const struct troth_subject *s,
					      const struct troth_promise *p,
					      const struct troth_event *e,
					      struct troth_time now)
{
	const struct claim c = approved(l, s, p, e->actor, now);
	const struct troth_authority *a;
	const struct troth_grant *g;
	enum troth_reason r = TROTH_REASON_NONE;
	int i;

	if (troth_lookup_newest_policy(l) != 0)
		r = by_policy(&c);
	if (r != TROTH_REASON_NONE)
		return r;
	a = l->authority(l->ctx, p->party);
	if (a != NULL && a->suspended.ms != 0)
		return TROTH_REASON_SUSPENDED;
	i = a != NULL ? troth_authority_grant(a, e->u.promise_step.grant) : -1;
	g = i >= 0 ? &a->grants[i] : NULL;
	if (g == NULL || !is_over(&c, g) || strcmp(g->pool, e->u.promise_step.pool) != 0)
		return TROTH_REASON_NO_GRANT;
	r = by_grant(&c, g);
	return r == TROTH_REASON_NONE && e->u.promise_step.cost != c.cost
		       ? TROTH_REASON_OVER_PROMISE_LIMIT
		       : r;
}

static bool is_payable(const struct troth_may *m, const struct troth_grant *g,
		       int64_t cost)
{
	int i = troth_authority_share(m->authority, m->who->site, g->pool);

	if (g->pool[0] == '\0')
		return true;
	return i >= 0 && !m->authority->shares[i].frozen &&
	       troth_share_available(&m->authority->shares[i]) >= cost;
}

/* How far the grant is from being one that pays for it: 0 does. */
static unsigned distance(const struct troth_may *m, const struct claim *c,
			 const struct troth_grant *g)
{
	switch ((unsigned)by_grant(c, g)) {
	case TROTH_REASON_NONE:
		return is_payable(m, g, c->cost) ? 0 : 1;
	case TROTH_REASON_OVER_CUSTOMER_LIMIT:
		return 2;
	case TROTH_REASON_OVER_PROMISE_LIMIT:
		return 3;
	default:
		return 4;
	}
}

void troth_approval_by_supervisor(const struct troth_may *m,
				  const struct troth_promise *p,
				  struct troth_approval *out)
{
	const struct claim c = approved(m->lookup, m->subject, p, m->actor, m->now);
	const struct troth_authority *a = m->authority;
	unsigned best = UINT_MAX;

	*out = (struct troth_approval){ .cost = c.cost };
	for (unsigned i = 0; a != NULL && i < a->grant_count; i++) {
		const struct troth_grant *g = &a->grants[i];
		unsigned far = is_over(&c, g) ? distance(m, &c, g) : UINT_MAX;

		if (far >= best)
			continue;
		best = far;
		TROTH_TEXT_SET(out->grant, g->grant);
		TROTH_TEXT_SET(out->pool, g->pool);
	}
}
