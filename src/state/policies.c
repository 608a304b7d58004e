#include "troth/state/policies.h"

#include "troth/policy/policy.h"
#include "troth/state/key.h"
#include "troth/state/state.h"

#include "troth/base/err.h"
#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

#define KEPT 8

/* ---- In the store ---- */

static struct troth_key key_of(uint64_t version)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, version);
	return k;
}

static bool decode(struct troth_span value, struct troth_policy_record *out)
{
	struct troth_reader r = troth_reader(value);

	out->published.ms = (int64_t)troth_read_u64be(&r);
	out->withdrawn.ms = (int64_t)troth_read_u64be(&r);
	out->withdrawn_at = troth_read_u64be(&r);
	troth_read_bytes(&r, out->digest.b, sizeof(out->digest.b));
	troth_read_text(&r, out->reason, sizeof(out->reason));
	out->text = troth_read_span(&r, value.len - r.pos);
	return troth_read_done(&r) && out->text.len > 0;
}

bool troth_state_policy(struct troth_txn *t, uint64_t version,
			struct troth_policy_record *out)
{
	struct troth_key k = key_of(version);
	struct troth_span value;

	*out = (struct troth_policy_record){ .version = version };
	if (!troth_txn_get(t, TROTH_T_POLICIES, troth_key_span(&k), &value))
		return false;
	if (decode(value, out))
		return true;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "policies: record of version %llu",
		       (unsigned long long)version);
	return false;
}

uint64_t troth_state_newest_policy(struct troth_txn *t)
{
	return troth_state_last_number(t, TROTH_T_POLICIES);
}

static void put(struct troth_txn *t, const struct troth_policy_record *p)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_key k = key_of(p->version);

	troth_buf_put_u64be(&b, (uint64_t)p->published.ms);
	troth_buf_put_u64be(&b, (uint64_t)p->withdrawn.ms);
	troth_buf_put_u64be(&b, p->withdrawn_at);
	troth_buf_put(&b, p->digest.b, sizeof(p->digest.b));
	troth_buf_put_text(&b, p->reason);
	troth_buf_put_span(&b, p->text);
	troth_txn_put_buf(t, TROTH_T_POLICIES, troth_key_span(&k), &b);
	troth_buf_fini(&b);
}

void troth_state_apply_policy(struct troth_txn *t, const struct troth_event *e,
			      uint64_t position)
{
	struct troth_policy_record p;

	if (e->type == TROTH_EVENT_POLICY_PUBLISHED) {
		p = (struct troth_policy_record){ .version = e->u.policy.version,
						  .published = e->created,
						  .text = e->u.policy.policy_text };
		troth_sha256(&p.digest, &p.text, 1);
		put(t, &p);
	} else if (troth_state_policy(t, e->u.policy.version, &p) &&
		   p.withdrawn.ms == 0) {
		p.withdrawn = e->created;
		p.withdrawn_at = TROTH_MUTANT(withdrawal_is_not_placed) ? 0 : position;
		TROTH_TEXT_SET(p.reason, e->u.policy.reason);
		put(t, &p);
	}
}

/* ---- Parsed ---- */

struct kept {
	uint64_t used; /* When it was asked for, in questions; 0: nothing is kept. */
	uint64_t version;
	struct troth_digest digest;
	struct troth_policy *policy; /* NULL: it cannot be read here. */
};

struct troth_policies {
	const struct troth_zone_source *zones;
	struct troth_txn *t; /* Of the lookup that asks. */
	uint64_t questions;
	struct kept kept[KEPT];
};

struct troth_policies *troth_policies_new(const struct troth_zone_source *zones)
{
	struct troth_policies *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->zones = zones != NULL ? zones : &troth_zones_utc;
	return c;
}

void troth_policies_free(struct troth_policies *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < KEPT; i++)
		troth_policy_free(c->kept[i].policy);
	free(c);
}

#define NO_PARTY "is no party of the federation"

enum troth_err troth_state_policy_parties(struct troth_txn *t,
					  const struct troth_policy *p,
					  struct troth_why *why)
{
	struct troth_party party;

	for (unsigned i = 0; i < p->on_call_count; i++) {
		const struct troth_on_call *list = &p->on_call[i];

		for (unsigned k = 0; k < list->count; k++)
			if (!troth_state_party(t, list->shifts[k].party, &party))
				return troth_fail(why, TROTH_ERR_INPUT,
						  "on_call.%s[%u].party: %s " NO_PARTY,
						  list->name, k, list->shifts[k].party);
	}
	for (unsigned i = 0; i < p->route_count; i++) {
		const struct troth_route *r = &p->routes[i];

		for (unsigned k = 0; k < r->count; k++)
			if (r->terms[k].debtor == TROTH_DEBTOR_PARTY &&
			    !troth_state_party(t, r->terms[k].party, &party))
				return troth_fail(
					why, TROTH_ERR_INPUT,
					"routes[%u].owed[%u].party: %s " NO_PARTY, i, k,
					r->terms[k].party);
	}
	return TROTH_OK;
}

enum troth_err troth_policies_check(const struct troth_policies *c, struct troth_txn *t,
				    struct troth_span text, struct troth_why *why)
{
	struct troth_policy *p = NULL;
	enum troth_err err = troth_policy_parse((const char *)text.data, text.len,
						c->zones, &p, why);

	if (err == TROTH_OK)
		err = troth_state_policy_parties(t, p, why);
	troth_policy_free(p);
	return err;
}

/* Where the version is kept, or the one that nobody has asked for longest. */
static struct kept *place_of(struct troth_policies *c, uint64_t version)
{
	struct kept *oldest = &c->kept[0];

	for (unsigned i = 0; i < KEPT; i++) {
		if (c->kept[i].used != 0 && c->kept[i].version == version)
			return &c->kept[i];
		if (c->kept[i].used < oldest->used)
			oldest = &c->kept[i];
	}
	return oldest;
}

const struct troth_policy *troth_policies_get(struct troth_policies *c,
					      struct troth_txn *t, uint64_t version)
{
	struct troth_policy_record r;
	struct troth_why why;
	enum troth_err err;
	struct kept *k;
	bool same;

	if (version == 0 || !troth_state_policy(t, version, &r))
		return NULL;
	k = place_of(c, version);
	/* A transaction that came to nothing may have held another text. */
	same = k->used != 0 && k->version == version &&
	       troth_digest_eq(&k->digest, &r.digest);
	k->used = ++c->questions;
	if (!same) {
		troth_policy_free(k->policy);
		k->version = version;
		k->digest = r.digest;
		err = troth_policy_parse((const char *)r.text.data, r.text.len, c->zones,
					 &k->policy, &why);
		if (err == TROTH_ERR_MEMORY)
			troth_txn_fail(t, err, "policy %llu: %s",
				       (unsigned long long)version, why.text);
		if (err == TROTH_ERR_MEMORY || err == TROTH_ERR_IO)
			k->used = 0; /* That may pass, so it is not remembered. */
		if (k->policy != NULL)
			k->policy->version = version;
	}
	if (k->policy != NULL) {
		k->policy->published = r.published;
		k->policy->withdrawn = r.withdrawn;
		k->policy->withdrawn_at = r.withdrawn_at;
	}
	return k->policy;
}

static const struct troth_policy *lookup_policy(void *policies, uint64_t version)
{
	struct troth_policies *c = policies;

	return troth_policies_get(c, c->t, version);
}

static uint64_t lookup_newest(void *policies)
{
	const struct troth_policies *c = policies;

	return troth_state_newest_policy(c->t);
}

void troth_policies_ask(struct troth_policies *c, struct troth_txn *t,
			struct troth_lookup *lookup)
{
	c->t = t;
	lookup->policy = lookup_policy;
	lookup->newest_policy = lookup_newest;
	lookup->policies = c;
}
