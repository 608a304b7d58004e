/*
 * What judge and apply ask for that is not in the subject, as the oracle knows it:
 * from the entries alone, kept beside all of central's tables and indexes.
 */
#include "oracle.h"

#include "troth/core/authority.h"
#include "troth/policy/policy.h"

#include <stdlib.h>
#include <string.h>

static bool find_party(void *ctx, const char *name, struct troth_party *out)
{
	struct oracle *o = ctx;

	for (unsigned i = 0; i < o->party_count; i++) {
		if (strcmp(o->parties[i].party, name) != 0)
			continue;
		*out = o->parties[i];
		return true;
	}
	return false;
}

static bool find_site(void *ctx, const char *origin, struct troth_site *out)
{
	struct oracle *o = ctx;

	for (unsigned i = 0; i < o->site_count; i++) {
		if (strcmp(o->sites[i].origin, origin) != 0)
			continue;
		*out = o->sites[i];
		return true;
	}
	return false;
}

static const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	struct oracle *o = ctx;

	return version >= 1 && version <= o->policy_count ? o->policies[version - 1]
							  : NULL;
}

static uint64_t newest_policy(void *ctx)
{
	return ((struct oracle *)ctx)->policy_count;
}

static const struct troth_authority *find_authority(void *ctx, const char *party)
{
	struct troth_id id = troth_authority_id(party);
	const struct known_subject *k = oracle_subject(ctx, &id);

	return k != NULL && troth_subject_exists(k->s) ? &k->s->authority : NULL;
}

static uint32_t find_level(void *ctx, const char *party, const char *actor,
			   struct troth_time at)
{
	struct oracle *o = ctx;

	for (unsigned i = 0; i < o->agent_count; i++) {
		const struct troth_agent *a = &o->agents[i];

		if (strcmp(a->party, party) == 0 && strcmp(a->actor, actor) == 0)
			return a->until.ms == 0 || at.ms < a->until.ms ? a->level : 0;
	}
	return 0;
}

bool came_to_nothing(enum troth_promise_state state)
{
	return state == TROTH_PROMISE_EXPIRED || state == TROTH_PROMISE_REJECTED ||
	       state == TROTH_PROMISE_RELEASED || state == TROTH_PROMISE_CANCELLED;
}

static struct troth_time accepted_at(void *ctx, uint64_t position)
{
	static const struct troth_time unknown = { 0 };
	const struct oracle *o = ctx;

	return position >= 1 && position <= o->count ? o->entries[position - 1].accepted
						     : unknown;
}

static bool find_customer(void *ctx, const struct troth_id *subject,
			  enum troth_subject_kind kind, char out[TROTH_CUSTOMER_MAX + 1])
{
	const struct known_subject *k = oracle_subject(ctx, subject);

	if (k == NULL || k->s->kind != kind || k->s->customer[0] == '\0')
		return false;
	memcpy(out, k->s->customer, sizeof(k->s->customer));
	return true;
}

static int64_t sum_given(void *ctx, const char *party, const char *grant,
			 const char *customer, struct troth_time at, int64_t period_ms)
{
	struct oracle *o = ctx;
	int64_t sum = 0;

	for (unsigned i = 0; i < o->subject_count; i++) {
		const struct troth_subject *s = o->subjects[i].s;

		if (strcmp(s->customer, customer) != 0)
			continue;
		for (unsigned j = 0; j < s->promise_count; j++) {
			const struct troth_promise *p = &s->promises[j];

			int64_t heard = accepted_at(o, p->written.heard).ms;
			int64_t then = p->written.created.ms;

			if (then > p->written.accepted.ms)
				then = p->written.accepted.ms;
			if (then < heard)
				then = heard;

			if (strcmp(p->grant, grant) == 0 &&
			    strcmp(p->party, party) == 0 &&
			    llabs(then - at.ms) <= period_ms &&
			    !came_to_nothing(p->state))
				sum += p->cost;
		}
	}
	return sum;
}

void oracle_lookup(struct oracle *o, struct troth_lookup *out)
{
	*out = (struct troth_lookup){
		.ctx = o,
		.party = find_party,
		.site = find_site,
		.brand = o->brand,
		.policy = find_policy,
		.newest_policy = newest_policy,
		.policies = o,
		.authority = find_authority,
		.level = find_level,
		.given = sum_given,
		.accepted = accepted_at,
		.customer = find_customer,
		.has_all = true,
	};
}

/* ---- What is learnt from entries that take effect ---- */

void oracle_learn_agent(struct oracle *o, const struct troth_agent *a)
{
	unsigned i = 0;

	while (i < o->agent_count && (strcmp(o->agents[i].party, a->party) != 0 ||
				      strcmp(o->agents[i].actor, a->actor) != 0))
		i++;
	if (i == AGENTS_MAX)
		abort();
	o->agents[i] = *a;
	o->agent_count += i == o->agent_count;
}

void oracle_learn_policy(struct sim *s, const struct troth_event *e)
{
	struct oracle *o = s->oracle;
	struct troth_span text = e->u.policy.policy_text;
	struct troth_why why = { "" };
	struct troth_policy *p;

	if (e->type == TROTH_EVENT_POLICY_WITHDRAWN) {
		p = o->policies[e->u.policy.version - 1];
		if (p->withdrawn.ms == 0) {
			p->withdrawn = e->created;
			p->withdrawn_at = o->count;
		}
		return;
	}
	if (e->u.policy.version != o->policy_count + 1 || o->policy_count == POLICIES_MAX)
		sim_fail(s, "policy", "version %llu follows %u",
			 (unsigned long long)e->u.policy.version, o->policy_count);
	if (troth_policy_parse((const char *)text.data, text.len, &troth_zones_utc, &p,
			       &why) != TROTH_OK)
		sim_fail(s, "policy", "what was published cannot be read: %s", why.text);
	p->version = e->u.policy.version;
	p->published = e->created;
	o->policies[o->policy_count++] = p;
	o->published_ms = s->now;
}

void oracle_forget_policies(struct oracle *o)
{
	for (unsigned i = 0; i < o->policy_count; i++)
		troth_policy_free(o->policies[i]);
}
