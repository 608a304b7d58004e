/* Parties and sites, and what a lookup is told of the store. */
#include "troth/state/state.h"

#include "given.h"

#include "troth/state/key.h"

#include "troth/base/text.h"

#include <string.h>

static bool decode_party(struct troth_span key, struct troth_span value,
			 struct troth_party *out)
{
	struct troth_reader r = troth_reader(value);

	if (key.len > TROTH_PARTY_MAX)
		return false;
	memcpy(out->party, key.data, key.len);
	out->party[key.len] = '\0';
	out->role = (enum troth_role)troth_read_u8(&r);
	troth_read_text(&r, out->name, sizeof(out->name));
	troth_read_text(&r, out->operator_party, sizeof(out->operator_party));
	return troth_read_done(&r);
}

static bool decode_site(struct troth_span key, struct troth_span value,
			struct troth_site *out)
{
	struct troth_reader r = troth_reader(value);

	if (key.len > TROTH_ORIGIN_MAX)
		return false;
	memcpy(out->origin, key.data, key.len);
	out->origin[key.len] = '\0';
	troth_read_text(&r, out->party, sizeof(out->party));
	troth_read_text(&r, out->site, sizeof(out->site));
	out->key_count = troth_read_u8(&r);
	if (out->key_count > TROTH_SITE_KEYS_MAX)
		return false;
	for (unsigned i = 0; i < out->key_count; i++) {
		troth_read_bytes(&r, out->keys[i].key, sizeof(out->keys[i].key));
		out->keys[i].revoked = troth_read_u8(&r) != 0;
	}
	return troth_read_done(&r);
}

bool troth_state_party(struct troth_txn *t, const char *name, struct troth_party *out)
{
	struct troth_span key = troth_span_str(name);
	struct troth_span value;

	/* Whatever somebody asked for: what is too long for a name, is none. */
	if (key.len == 0 || key.len > TROTH_PARTY_MAX ||
	    !troth_txn_get(t, TROTH_T_PARTIES, key, &value))
		return false;
	if (decode_party(key, value, out))
		return true;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "parties: record of %s", name);
	return false;
}

bool troth_state_site(struct troth_txn *t, const char *origin, struct troth_site *out)
{
	struct troth_span key = troth_span_str(origin);
	struct troth_span value;

	if (key.len == 0 || key.len > TROTH_ORIGIN_MAX ||
	    !troth_txn_get(t, TROTH_T_SITES, key, &value))
		return false;
	if (decode_site(key, value, out))
		return true;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "sites: record of %s", origin);
	return false;
}

static bool lookup_party(void *ctx, const char *name, struct troth_party *out)
{
	return troth_state_party(((struct troth_source *)ctx)->t, name, out);
}

static bool lookup_site(void *ctx, const char *origin, struct troth_site *out)
{
	return troth_state_site(((struct troth_source *)ctx)->t, origin, out);
}

static bool lookup_customer(void *ctx, const struct troth_id *subject,
			    enum troth_subject_kind kind,
			    char out[TROTH_CUSTOMER_MAX + 1])
{
	struct troth_txn *t = ((struct troth_source *)ctx)->t;
	struct troth_span id = troth_id_span(subject), record;

	if (troth_txn_get(t, TROTH_T_SUBJECTS, id, &record) &&
	    troth_subject_customer(record, kind, out))
		return true;
	/* What a view shows of the customer, and the state does not, was placed here. */
	return !given_is_central(t) && troth_txn_get(t, TROTH_T_VIEWS, id, &record) &&
	       troth_subject_customer(record, kind, out);
}

void troth_state_lookup(struct troth_lookup *lookup, struct troth_source *source,
			char brand[TROTH_PARTY_MAX + 1])
{
	struct troth_txn *t = source->t;
	struct troth_span value;

	brand[0] = '\0';
	if (troth_txn_get(t, TROTH_T_META, troth_span_str("brand"), &value) &&
	    value.len <= TROTH_PARTY_MAX) {
		memcpy(brand, value.data, value.len);
		brand[value.len] = '\0';
	}
	*lookup = (struct troth_lookup){
		.ctx = source,
		.party = lookup_party,
		.site = lookup_site,
		.brand = brand,
		.authority = given_authority,
		.level = given_level,
		.given = given_sum,
		.accepted = given_accepted,
		.customer = lookup_customer,
	};
	if (source->policies != NULL)
		troth_policies_ask(source->policies, t, lookup);
}

static void put_party(struct troth_txn *t, const struct troth_party *p)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put_u8(&b, (uint8_t)p->role);
	troth_buf_put_text(&b, p->name);
	troth_buf_put_text(&b, p->operator_party);
	troth_txn_put_buf(t, TROTH_T_PARTIES, troth_span_str(p->party), &b);
	troth_buf_fini(&b);
	if (p->role == TROTH_ROLE_BRAND)
		troth_txn_put(t, TROTH_T_META, troth_span_str("brand"),
			      troth_span_str(p->party));
}

static void put_site(struct troth_txn *t, const struct troth_site *s)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put_text(&b, s->party);
	troth_buf_put_text(&b, s->site);
	troth_buf_put_u8(&b, (uint8_t)s->key_count);
	for (unsigned i = 0; i < s->key_count; i++) {
		troth_buf_put(&b, s->keys[i].key, sizeof(s->keys[i].key));
		troth_buf_put_u8(&b, s->keys[i].revoked);
	}
	troth_txn_put_buf(t, TROTH_T_SITES, troth_span_str(s->origin), &b);
	troth_buf_fini(&b);
}

void troth_state_apply_federation(struct troth_txn *t, const struct troth_event *e,
				  uint64_t position)
{
	struct troth_site s;

	if (e->type == TROTH_EVENT_POLICY_PUBLISHED ||
	    e->type == TROTH_EVENT_POLICY_WITHDRAWN) {
		troth_state_apply_policy(t, e, position);
		return;
	}
	if (e->type == TROTH_EVENT_PARTY_ADDED) {
		put_party(t, &e->u.party);
		return;
	}
	if (e->type == TROTH_EVENT_SITE_ADDED) {
		s = (struct troth_site){ .key_count = 0 };
		TROTH_TEXT_SET(s.party, e->u.site.party);
		TROTH_TEXT_SET(s.site, e->u.site.site);
		TROTH_TEXT_SET(s.origin, e->u.site.origin);
	} else if (!troth_state_site(t, e->u.site.origin, &s)) {
		return;
	}
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED) {
		for (unsigned i = 0; i < s.key_count; i++)
			if (memcmp(s.keys[i].key, e->u.site.key, 32) == 0)
				s.keys[i].revoked = true;
	} else if (s.key_count < TROTH_SITE_KEYS_MAX) {
		memcpy(s.keys[s.key_count].key, e->u.site.key, 32);
		s.keys[s.key_count++].revoked = false;
	}
	put_site(t, &s);
}

void troth_state_feed_party(struct troth_txn *t, const char *party,
			    char out[TROTH_PARTY_MAX + 1])
{
	struct troth_party p;

	if (troth_state_party(t, party, &p) && p.operator_party[0] != '\0')
		party = p.operator_party;
	memmove(out, party, strlen(party) + 1);
}
