/*
 * Which of the parties that a command names is not in the federation: whoever mistyped
 * one of three would have to guess.
 */
#include "api.h"

#include "troth/state/state.h"

#include <stdio.h>

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
	for (size_t i = 0; s.found == NULL && i < TROTH_LEN(named); i++)
		if (named[i].type == e->type)
			(void)is_stranger(&s, (const char *)e + named[i].at, NULL, 0,
					  named[i].field);
	if (s.found == NULL)
		search_lists(&s, e);
	troth_txn_abort(&s.t);
	return s.found;
}
