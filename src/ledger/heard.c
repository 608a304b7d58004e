/*
 * heard - what follows for the shares when a store has gone back in time: a site's,
 * or central's own.
 */
#include "ledger.h"

#include "troth/base/text.h"
#include "troth/state/query.h"

#include <string.h>

/* ---- A site's store went back: its book may be older than its word ---- */

static void freeze_party(struct troth_ledger *l, const char *party, void *ctx)
{
	const struct troth_site *site = ctx;
	struct troth_id id = troth_authority_id(party);
	struct troth_authority *a = &l->pools.subject->authority;

	ledger_end_run(l);
	if (!troth_state_load(&l->txn, TROTH_T_SUBJECTS, &id, TROTH_SUBJECT_AUTHORITY,
			      l->pools.subject))
		return;
	for (unsigned i = 0; i < a->share_count; i++) {
		struct troth_event *e;

		if (strcmp(a->shares[i].site, site->site) != 0 || a->shares[i].frozen)
			continue;
		e = pools_about(l, TROTH_EVENT_SHARE_FROZEN, party, site->site,
				a->shares[i].pool, 0);
		TROTH_TEXT_SET(e->u.share.reason, "restored");
		(void)pools_say(l, e);
	}
}

void pools_freeze(struct troth_ledger *l, struct troth_site *site)
{
	pools_each_party(l, site->party, freeze_party, site);
}

/* ---- This store went back: who has seen what it has lost is asked first ---- */

static struct troth_key heard_key(const char *origin)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, "heard");
	troth_key_text(&k, origin);
	k.len--;
	return k;
}

static bool has_live_key(const struct troth_site *s)
{
	for (unsigned i = 0; i < s->key_count; i++)
		if (!s->keys[i].revoked)
			return true;
	return false;
}

/* True if every site that can has reported; then their reports are forgotten. */
static bool all_heard(struct troth_ledger *l)
{
	struct troth_site s = { .key_count = 0 };
	struct troth_span v;

	while (troth_query_next_site(&l->txn, s.origin, &s)) {
		struct troth_key k = heard_key(s.origin);

		if (has_live_key(&s) &&
		    !troth_txn_get(&l->txn, TROTH_T_META, troth_key_span(&k), &v))
			return false;
	}
	s.origin[0] = '\0';
	while (troth_query_next_site(&l->txn, s.origin, &s)) {
		struct troth_key k = heard_key(s.origin);

		(void)troth_txn_del(&l->txn, TROTH_T_META, troth_key_span(&k));
	}
	return true;
}

static void hear(struct troth_ledger *l, const char *origin)
{
	struct troth_key k = heard_key(origin);

	troth_txn_put(&l->txn, TROTH_T_META, troth_key_span(&k), TROTH_SPAN_NONE);
	l->dirty = true;
	if (!all_heard(l))
		return;
	troth_state_set_meta(&l->txn, TROTH_META_RESTORED, 0);
	l->pools.next_still = false;
	l->pools.all_parties = true; /* What was put off. */
}

void troth_ledger_greeted(struct troth_ledger *l, const char *origin)
{
	struct troth_site site;

	if (l->pools.next_still && troth_state_site(&l->txn, origin, &site))
		hear(l, origin);
}

bool troth_ledger_stands_still(const struct troth_ledger *l)
{
	return l->pools.still;
}
