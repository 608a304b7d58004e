/* unauthorised - what speaks against a promise, by what HQ has published. */
#include "grant.h"

#include "troth/core/authority.h"
#include "troth/core/may.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <limits.h>
#include <string.h>

/* What is promised, by whom and when, and what it says that it rests on. */
struct claim {
	struct taking taking;
	uint64_t policy_version;
	enum troth_kind kind;
	const char *sku;
	const char *currency;
	const char *grant, *pool;
	int64_t cost;
	uint64_t heard; /* How much of the ledger its author had heard of. */
};

/* Who had heard of what stands there did not tell before, whatever it says. */
static bool had_heard_of(const struct claim *c, uint64_t position)
{
	return position != 0 && c->heard >= position &&
	       !TROTH_MUTANT(made_alone_is_believed);
}

static enum troth_reason by_policy(const struct claim *c)
{
	const struct troth_policy *p;
	const struct troth_rule *rule;

	if (c->policy_version == 0)
		return TROTH_REASON_UNCITED;
	p = troth_lookup_policy(c->taking.l, c->policy_version);
	if (p == NULL)
		return TROTH_REASON_POLICY_UNKNOWN;
	if (p->withdrawn.ms != 0 &&
	    (c->taking.at.ms >= p->withdrawn.ms || had_heard_of(c, p->withdrawn_at)))
		return TROTH_REASON_POLICY_WITHDRAWN;
	rule = troth_policy_rule(p, c->kind, c->sku);
	if (rule == NULL)
		return TROTH_REASON_NO_GRANT;
	return rule->forbidden || (rule->most > 0 && c->taking.cost > rule->most)
		       ? TROTH_REASON_FORBIDDEN
		       : TROTH_REASON_NONE;
}

static bool is_over(const struct claim *c, const struct troth_grant *g)
{
	return troth_grant_covers(g, c->kind, c->sku, c->currency) &&
	       troth_grant_in_force(g, c->taking.at);
}

enum troth_reason troth_grant_exceeded(const struct taking *t,
				       const struct troth_grant *g,
				       int64_t *left_customer)
{
	const struct troth_lookup *l = t->l;

	*left_customer = -1;
	if (g->per_customer > 0) {
		*left_customer = g->per_customer - l->given(l->ctx, t->party, g->grant,
							    t->customer, t->written,
							    g->period_ms);
		*left_customer = *left_customer > 0 ? *left_customer : 0;
	}
	if (g->level > 0 && l->level(l->ctx, t->party, t->actor, t->at) < g->level &&
	    !TROTH_MUTANT(uncertified_may_promise))
		return TROTH_REASON_UNCERTIFIED;
	if (t->cost > g->most + TROTH_MUTANT(limit_is_one_more))
		return TROTH_REASON_OVER_PROMISE_LIMIT;
	return *left_customer >= 0 && t->cost > *left_customer &&
			       !TROTH_MUTANT(customer_limit_is_ignored)
		       ? TROTH_REASON_OVER_CUSTOMER_LIMIT
		       : TROTH_REASON_NONE;
}

/* What speaks against it, by the policy that it cites (if there is any) and its grant. */
static enum troth_reason against(const struct claim *c)
{
	const struct troth_lookup *l = c->taking.l;
	const struct troth_authority *a;
	const struct troth_grant *g;
	enum troth_reason r = TROTH_REASON_NONE;
	int64_t left;
	int i;

	if (troth_lookup_newest_policy(l) != 0)
		r = by_policy(c);
	if (r != TROTH_REASON_NONE)
		return r;
	a = l->authority(l->ctx, c->taking.party);
	if (a == NULL)
		return TROTH_REASON_NO_GRANT;
	if (a->suspended.ms != 0 &&
	    (c->taking.at.ms >= a->suspended.ms || had_heard_of(c, a->suspended_at)))
		return TROTH_REASON_SUSPENDED;
	i = troth_authority_grant(a, c->grant);
	g = i >= 0 ? &a->grants[i] : NULL;
	if (g == NULL || !is_over(c, g) || had_heard_of(c, g->withdrawn_at) ||
	    strcmp(g->pool, c->pool) != 0)
		return TROTH_REASON_NO_GRANT;
	r = troth_grant_exceeded(&c->taking, g, &left);
	return r == TROTH_REASON_NONE && c->cost != c->taking.cost
		       ? TROTH_REASON_OVER_PROMISE_LIMIT
		       : r;
}

/* ---- What was told ---- */

struct troth_time troth_written(const struct troth_lookup *l, const struct troth_event *e,
				struct troth_time now)
{
	struct troth_time at = e->created.ms < now.ms ? e->created : now;
	struct troth_time heard = { 0 };

	if (l->accepted != NULL)
		heard = l->accepted(l->ctx, e->seen_size);
	return heard.ms > at.ms ? heard : at;
}

enum troth_reason troth_promise_unauthorised(const struct troth_lookup *l,
					     const struct troth_subject *s,
					     const struct troth_who *who,
					     const struct troth_event *e,
					     struct troth_time now)
{
	struct troth_time made = e->u.promise.made;
	const struct claim c = {
		.taking = { .l = l,
			    .party = who->party,
			    .actor = e->actor,
			    .customer = s->customer,
			    .cost = troth_promise_cost(e->u.promise.quantity,
						       e->u.promise.amount),
			    .at = made.ms < now.ms ? made : now,
			    .written = TROTH_MUTANT(limit_goes_by_made)
					       ? made
					       : troth_written(l, e, now) },
		.policy_version = e->u.promise.policy_version,
		.kind = e->u.promise.kind,
		.sku = e->u.promise.sku,
		.currency = e->u.promise.currency,
		.grant = e->u.promise.grant,
		.pool = e->u.promise.pool,
		.cost = e->u.promise.cost,
		.heard = e->seen_size,
	};

	return troth_lookup_newest_policy(l) == 0 ? TROTH_REASON_NONE : against(&c);
}

/* ---- What a supervisor approves ---- */

/* p as if `actor` had promised it now. */
static struct claim approved(const struct troth_lookup *l, const struct troth_subject *s,
			     const struct troth_promise *p, const char *actor,
			     struct troth_time now)
{
	return (struct claim){
		.taking = { .l = l,
			    .party = p->party,
			    .actor = actor,
			    .customer = s->customer,
			    .cost = troth_promise_cost(p->quantity, p->amount),
			    .at = now,
			    .written = now },
		.policy_version = p->policy_version,
		.kind = p->kind,
		.sku = p->sku,
		.currency = p->currency,
	};
}

enum troth_reason troth_approval_unauthorised(const struct troth_lookup *l,
					      const struct troth_subject *s,
					      const struct troth_promise *p,
					      const struct troth_event *e,
					      struct troth_time now)
{
	struct claim c = approved(l, s, p, e->actor, now);

	c.taking.written = troth_written(l, e, now);
	c.grant = e->u.promise_step.grant;
	c.pool = e->u.promise_step.pool;
	c.cost = e->u.promise_step.cost;
	c.heard = e->seen_size;
	return against(&c);
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
	int64_t left;

	switch ((unsigned)troth_grant_exceeded(&c->taking, g, &left)) {
	case TROTH_REASON_NONE:
		return is_payable(m, g, c->taking.cost) ? 0 : 1;
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

	*out = (struct troth_approval){ .cost = c.taking.cost };
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
