/*
 * Which of the parties that a command names is not in the federation, or not one that
 * this site acts for: whoever mistyped one of three would have to guess.
 */
#include "api.h"

#include "troth/base/text.h"
#include "troth/state/state.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct troth_event, u.member)

/* Where events name one party; an empty name is none. */
static const struct {
	enum troth_event_type type;
	const char *field;
	size_t at;
} named[] = {
	{ TROTH_EVENT_PARTY_ADDED, "operator", AT(party.operator_party) },
	{ TROTH_EVENT_SITE_ADDED, "party", AT(site.party) },
	{ TROTH_EVENT_ORDER_PLACED, "seller", AT(order.seller) },
	{ TROTH_EVENT_ORDER_PLACED, "carrier", AT(order.carrier) },
	{ TROTH_EVENT_ORDER_CORRECTED, "carrier", AT(order.carrier) },
	{ TROTH_EVENT_ORDER_CANCELLED, "tell.debtor", AT(cancel.tell.debtor) },
	{ TROTH_EVENT_CASE_HANDED_OVER, "to", AT(cas.to) },
	{ TROTH_EVENT_PROMISE_STEP, "tell.debtor", AT(promise_step.tell.debtor) },
	{ TROTH_EVENT_COMMITMENT_ADDED, "debtor", AT(commitment.terms.debtor) },
	{ TROTH_EVENT_COMMITMENT_ADDED, "creditor", AT(commitment.terms.creditor) },
	{ TROTH_EVENT_COMMITMENT_STEP, "party", AT(commitment_step.party) },
	{ TROTH_EVENT_GRANT_GIVEN, "party", AT(grant.party) },
	{ TROTH_EVENT_GRANT_WITHDRAWN, "party", AT(grant.party) },
	{ TROTH_EVENT_AGENT_CERTIFIED, "party", AT(agent.party) },
	{ TROTH_EVENT_PARTY_SUSPENDED, "party", AT(standing.party) },
	{ TROTH_EVENT_PARTY_RESUMED, "party", AT(standing.party) },
};

struct search {
	struct troth_txn t;
	char *field;
	const char *found;
};

/* True, with the field's name, if it is the one that is sought. */
static bool is_stranger(struct search *s, const char *party, const char *list, unsigned i,
			const char *member)
{
	struct troth_party p;

	if (party[0] == '\0' || troth_state_party(&s->t, party, &p))
		return false;
	if (list == NULL)
		(void)snprintf(s->field, TROTH_FIELD_TEXT, "%s", member);
	else
		(void)snprintf(s->field, TROTH_FIELD_TEXT, "%s[%u].%s", list, i, member);
	s->found = party;
	return true;
}

static void search_lists(struct search *s, const struct troth_event *e)
{
	const struct troth_terms *terms = e->u.promise.terms;

	if (e->type == TROTH_EVENT_PROMISE_MADE)
		for (unsigned i = 0; i < e->u.promise.terms_count; i++)
			if (is_stranger(s, terms[i].debtor, "commitments", i, "debtor") ||
			    is_stranger(s, terms[i].creditor, "commitments", i,
					"creditor"))
				return;
	if (e->type == TROTH_EVENT_ORDER_PLACED || e->type == TROTH_EVENT_ORDER_CORRECTED)
		for (unsigned i = 0; i < e->u.order.line_count; i++)
			if (is_stranger(s, e->u.order.lines[i].seller, "lines", i,
					"seller"))
				return;
}

const char *troth_call_stranger(struct troth_call *c, char field[TROTH_FIELD_TEXT])
{
	const struct troth_event *e = c->command != NULL ? c->command->drafts[0] : NULL;
	struct search s = { .field = field };

	if (e == NULL)
		return NULL;
	troth_txn_begin(&s.t, c->api->engine->kv, TROTH_TXN_READ);
	(void)is_stranger(&s, e->on_behalf, NULL, 0, "on_behalf");
	for (size_t i = 0; s.found == NULL && i < TROTH_LEN(named); i++)
		if (named[i].type == e->type)
			(void)is_stranger(&s, (const char *)e + named[i].at, NULL, 0,
					  named[i].field);
	if (s.found == NULL)
		search_lists(&s, e);
	troth_txn_abort(&s.t);
	return s.found;
}

const char *troth_call_not_served(struct troth_call *c)
{
	const struct troth_event *e = c->command != NULL ? c->command->drafts[0] : NULL;
	char own[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	struct troth_party p;
	struct troth_txn t;
	bool served = true;

	if (e == NULL || e->on_behalf[0] == '\0')
		return NULL;
	troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_READ);
	troth_state_lookup(&lookup, &(struct troth_source){ .t = &t }, own);
	if (c->api->engine->party[0] != '\0') /* Central acts for the brand. */
		TROTH_TEXT_SET(own, c->api->engine->party);
	if (strcmp(e->on_behalf, own) != 0 && troth_state_party(&t, e->on_behalf, &p))
		served = strcmp(p.operator_party, own) == 0;
	troth_txn_abort(&t);
	return served ? NULL : e->on_behalf;
}
