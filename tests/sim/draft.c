/* What people do: everything of the model, legal and illegal, at random. */
#include "sim.h"

#include "troth/core/commitment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *party, *operator_party;
	enum troth_role role;
} parties[] = {
	{ "brand", "", TROTH_ROLE_BRAND },     { "acme", "", TROTH_ROLE_VENDOR },
	{ "swift", "", TROTH_ROLE_CARRIER },   { "shop", "", TROTH_ROLE_SELLER },
	{ "zeta", "", TROTH_ROLE_VENDOR },     { "slow", "", TROTH_ROLE_CARRIER },
	{ "mall", "acme", TROTH_ROLE_SELLER },
};

static struct troth_event *add_draft(struct op *op, enum troth_event_type type,
				     enum troth_subject_kind kind,
				     const struct troth_id *subject)
{
	struct troth_event *e = calloc(1, sizeof(*e));

	if (e == NULL)
		abort();
	op->drafts[op->count++] = e;
	e->type = type;
	e->subject_kind = kind;
	if (subject != NULL)
		e->subject = *subject;
	return e;
}

struct troth_id draft_id(struct sim *s, const struct node *n)
{
	uint8_t random[10];
	struct troth_id id;

	dice_fill(&s->dice, random, sizeof(random));
	id = troth_id_make((struct troth_time){ node_time(s, n) }, random);
	id.b[TROTH_ID_LEN - 1] = 0;
	return id;
}

static const char *any_party(struct sim *s)
{
	return parties[dice_below(&s->dice, TROTH_LEN(parties))].party;
}

static const char *party_of(struct sim *s, enum troth_role role)
{
	unsigned i = (unsigned)dice_below(&s->dice, TROTH_LEN(parties));

	if (dice_percent(&s->dice, 4))
		return dice_percent(&s->dice, 50) ? "nobody" : any_party(s);
	while (parties[i].role != role)
		i = (i + 1) % TROTH_LEN(parties);
	return parties[i].party;
}

static int64_t soon(struct sim *s, const struct node *n, int64_t from, int64_t to)
{
	return node_time(s, n) + dice_between(&s->dice, from, to);
}

/* ---- The federation itself ---- */

bool people_found(struct sim *s, struct op *op)
{
	struct troth_event *e;

	for (size_t i = 0; i < TROTH_LEN(parties); i++) {
		if (oracle_has_party(s, parties[i].party))
			continue;
		e = add_draft(op, TROTH_EVENT_PARTY_ADDED, TROTH_SUBJECT_FEDERATION,
			      NULL);
		(void)strcpy(e->u.party.party, parties[i].party);
		(void)strcpy(e->u.party.operator_party, parties[i].operator_party);
		(void)snprintf(e->u.party.name, sizeof(e->u.party.name), "Firm %zu", i);
		e->u.party.role = parties[i].role;
		return true;
	}
	for (unsigned i = 1; i < s->node_count; i++) {
		struct node *n = &s->nodes[i];

		if (n->added)
			continue;
		if (dice_percent(&s->dice, 40))
			return false; /* HQ has other things to do. */
		e = add_draft(op, TROTH_EVENT_SITE_ADDED, TROTH_SUBJECT_FEDERATION, NULL);
		(void)strcpy(e->u.site.party, n->party);
		(void)strcpy(e->u.site.site, n->site);
		(void)strcpy(e->u.site.origin, n->origin);
		memcpy(e->u.site.key, n->signer.public_key, sizeof(e->u.site.key));
		return true;
	}
	/* Some federations have no policy. */
	return s->seed % 8 != 0 && authority_found(s, op);
}

/* ---- Orders and cases ---- */

static void content(struct sim *s, const struct node *n, struct troth_order_content *o)
{
	if (dice_percent(&s->dice, 80))
		(void)strcpy(o->carrier, party_of(s, TROTH_ROLE_CARRIER));
	o->deliver_by.ms = soon(s, n, 60000, 600000);
	o->line_count = (unsigned)dice_between(&s->dice, 1, 3);
	for (unsigned i = 0; i < o->line_count; i++) {
		(void)snprintf(o->lines[i].sku, sizeof(o->lines[i].sku), "SKU-%u",
			       (unsigned)dice_below(&s->dice, 20));
		o->lines[i].quantity = (uint32_t)dice_between(&s->dice, 1, 5);
		o->lines[i].unit_price = dice_between(&s->dice, 0, 100000);
	}
}

static void begin_thing(struct sim *s, struct node *n, struct op *op)
{
	unsigned i = s->thing_count < THINGS_MAX
			     ? s->thing_count++
			     : (unsigned)dice_below(&s->dice, THINGS_MAX);
	struct thing *thing = &s->things[i];
	bool exists = thing->kind != 0;
	bool vendor = strcmp(n->party, "acme") == 0 || strcmp(n->party, "zeta") == 0;
	bool order = exists ? thing->kind == TROTH_SUBJECT_ORDER
			    : dice_percent(&s->dice, vendor ? 40 : 70);
	struct troth_event *e;

	if (!exists) { /* Otherwise it is placed a second time. */
		thing->id = draft_id(s, n);
		thing->kind = order ? TROTH_SUBJECT_ORDER : TROTH_SUBJECT_CASE;
		(void)snprintf(thing->number, sizeof(thing->number), "N-%u", i);
		op->thing = (int)i;
	}
	e = add_draft(op, order ? TROTH_EVENT_ORDER_PLACED : TROTH_EVENT_CASE_OPENED,
		      thing->kind, &thing->id);
	(void)strcpy(op->words, thing->number);
	if (!order) {
		(void)strcpy(e->u.cas.customer, "cust-1");
		(void)strcpy(e->u.cas.reason, "where_is_it");
		e->u.cas.policy_version = oracle_policies(s);
		return;
	}
	/* Cases are all of one: of these they are linked, and of others people try. */
	(void)snprintf(e->u.order.customer, sizeof(e->u.order.customer), "cust-%u",
		       dice_percent(&s->dice, 50) ? 1
						  : (unsigned)dice_below(&s->dice, 4));
	(void)strcpy(e->u.order.seller, strcmp(n->party, "shop") == 0
						? "shop"
						: party_of(s, TROTH_ROLE_SELLER));
	(void)strcpy(e->u.order.currency, "EUR");
	e->u.order.at.ms = node_time(s, n);
	content(s, n, &e->u.order);
	if (strcmp(n->party, "acme") == 0 && dice_percent(&s->dice, 80)) {
		(void)strcpy(e->u.order.seller, "mall");
		(void)strcpy(e->on_behalf, "mall");
	}
}

static struct troth_terms terms(struct sim *s, const struct node *n, bool cas)
{
	struct troth_terms t = {
		.action = (enum troth_action)dice_between(&s->dice, 1, TROTH_ACTION_LAST),
		.due.ms = soon(s, n, 3000, 240000),
	};

	(void)strcpy(t.debtor, cas ? party_of(s, TROTH_ROLE_VENDOR) : any_party(s));
	if (dice_percent(&s->dice, 30))
		(void)strcpy(t.creditor, any_party(s));
	if (dice_percent(&s->dice, 40))
		t.ack_due.ms = soon(s, n, 1000, 60000);
	if (dice_percent(&s->dice, 60))
		t.acceptance_ms = dice_between(&s->dice, 1000, 60000);
	return t;
}

static void link_case(struct sim *s, struct node *n, struct op *op, struct thing *order)
{
	for (unsigned tries = 0; tries < 4; tries++) {
		struct thing *cas = &s->things[dice_below(&s->dice, s->thing_count)];
		struct troth_event *e;

		if (cas->kind != TROTH_SUBJECT_CASE)
			continue;
		e = add_draft(op, TROTH_EVENT_ORDER_CASE_LINKED, TROTH_SUBJECT_ORDER,
			      &order->id);
		e->u.link.id = cas->id;
		(void)strcpy(e->u.link.vendor,
			     n->party[0] != '\0' && dice_percent(&s->dice, 90)
				     ? n->party
				     : party_of(s, TROTH_ROLE_VENDOR));
		e = add_draft(op, TROTH_EVENT_CASE_ORDER_LINKED, TROTH_SUBJECT_CASE,
			      &cas->id);
		e->u.link.id = order->id;
		return;
	}
}

static void act_on_order(struct sim *s, struct node *n, struct op *op,
			 struct thing *thing, unsigned what)
{
	const struct troth_order *o = &s->view->subject.order;
	struct troth_event *e;

	if (what == 4) {
		link_case(s, n, op, thing);
		return;
	}
	e = add_draft(op, TROTH_EVENT_ORDER_CORRECTED, TROTH_SUBJECT_ORDER, &thing->id);
	if (what == 0) {
		e->u.order.version = o->version + 1 + dice_percent(&s->dice, 5);
		(void)strcpy(e->u.order.reason, "typing_error");
		content(s, n, &e->u.order);
	} else if (what == 1 || what == 2) {
		e->type = what == 1 ? TROTH_EVENT_ORDER_SHIPPED
				    : TROTH_EVENT_ORDER_DELIVERED;
		e->u.at.ms = soon(s, n, -60000, 0);
	} else {
		e->type = TROTH_EVENT_ORDER_CANCELLED;
		(void)strcpy(e->u.cancel.reason, "changed_mind");
		e->u.cancel.initiator = dice_percent(&s->dice, 50) ? TROTH_BY_CUSTOMER
								   : TROTH_BY_FIRM;
		e->u.cancel.has_tell = dice_percent(&s->dice, 60);
		if (e->u.cancel.has_tell)
			e->u.cancel.tell = terms(s, n, false);
	}
}

static void act_on_case(struct sim *s, struct op *op, const struct thing *thing,
			unsigned what)
{
	struct troth_event *e = add_draft(op, TROTH_EVENT_CASE_HANDED_OVER,
					  TROTH_SUBJECT_CASE, &thing->id);

	if (what < 3) {
		(void)strcpy(e->u.cas.to, party_of(s, TROTH_ROLE_VENDOR));
		(void)strcpy(e->u.cas.reason, "language");
	} else {
		e->type = TROTH_EVENT_CASE_CLOSED;
		(void)strcpy(e->u.cas.outcome, "solved");
	}
}

/* ---- Promises and commitments ---- */

/* One who owes it here and has a minute or two: mostly kept. */
static void simple_terms(struct sim *s, const struct node *n, struct troth_event *e)
{
	struct troth_terms *t = &e->u.promise.terms[0];

	e->u.promise.due.ms = soon(s, n, 40000, 240000);
	*t = (struct troth_terms){
		.action = (enum troth_action)dice_between(&s->dice, 1, TROTH_ACTION_LAST),
		.due = e->u.promise.due,
		.acceptance_ms = dice_between(&s->dice, 500, 5000),
	};
	(void)strcpy(t->debtor, n->number == 0 ? "brand" : n->party);
	e->u.promise.terms_count = 1;
}

/*
 * By a grant, as an integration posts it: told by acme's, or an offer of cables. When
 * that was, the site's people say, and they lie.
 */
static void by_a_grant(struct sim *s, struct troth_event *e)
{
	bool offer = !e->u.promise.spoken;

	e->u.promise.kind = offer ? TROTH_KIND_GIFT : TROTH_KIND_CALLBACK;
	(void)strcpy(e->u.promise.sku, offer ? "HDMI-2M" : "");
	e->u.promise.quantity = offer;
	e->u.promise.amount = 0;
	e->u.promise.currency[0] = '\0';
	(void)strcpy(e->u.promise.grant, offer ? "gifts" : "calls");
	e->u.promise.cost = 1;
	e->u.promise.asked = 0;
	e->u.promise.policy_version = oracle_policies(s);
	if (dice_percent(&s->dice, 20))
		e->u.promise.policy_version = 1 +
					      dice_below(&s->dice, oracle_policies(s));
	if (dice_percent(&s->dice, 70))
		e->u.promise.made.ms -= dice_between(&s->dice, 5000, 60000);
	else if (dice_percent(&s->dice, 50))
		e->u.promise.made.ms += dice_between(&s->dice, -600000, 60000);
}

static void promise(struct sim *s, struct node *n, struct op *op,
		    const struct thing *thing)
{
	bool cas = thing->kind == TROTH_SUBJECT_CASE;
	struct troth_event *e = add_draft(op, TROTH_EVENT_PROMISE_MADE, thing->kind,
					  &thing->id);
	unsigned count = (unsigned)dice_between(&s->dice, 1, 3);

	e->u.promise.id = draft_id(s, n);
	e->u.promise.kind = (enum troth_kind)dice_between(&s->dice, 1, TROTH_KIND_LAST);
	e->u.promise.channel = TROTH_CHANNEL_PHONE;
	if (e->u.promise.kind == TROTH_KIND_GIFT ||
	    e->u.promise.kind == TROTH_KIND_REPLACEMENT) {
		(void)strcpy(e->u.promise.sku, "HDMI-2M");
		e->u.promise.quantity = 1;
	}
	if (e->u.promise.kind == TROTH_KIND_CREDIT ||
	    e->u.promise.kind == TROTH_KIND_REFUND) {
		e->u.promise.amount = dice_between(&s->dice, 100, 5000);
		(void)strcpy(e->u.promise.currency, "EUR");
	}
	(void)strcpy(e->u.promise.reason, "late_delivery");
	e->u.promise.spoken = dice_percent(&s->dice, 65);
	e->u.promise.made.ms = node_time(s, n);
	e->u.promise.due.ms = soon(s, n, dice_percent(&s->dice, 4) ? -5000 : 3000,
				   240000);
	if (!e->u.promise.spoken)
		e->u.promise.lapses.ms = soon(s, n, 2000, 120000);
	if (dice_percent(&s->dice, 70) && oracle_policies(s) > 0)
		e->u.promise.policy_version = 1;
	if (!e->u.promise.spoken && dice_percent(&s->dice, 90))
		e->u.promise.asked = TROTH_REASON_NO_GRANT; /* HQ decides. */
	if (dice_percent(&s->dice, 50))
		simple_terms(s, n, e);
	else
		for (unsigned i = 0; i < count; i++)
			e->u.promise.terms[e->u.promise.terms_count++] = terms(s, n, cas);
	if (n->number != 0 && oracle_policies(s) > 0 &&
	    dice_percent(&s->dice, strcmp(n->party, "acme") == 0 ? 55 : 10))
		by_a_grant(s, e);
	recovery_remedy(s, e, &s->view->subject, n->party);
	op->words[0] = 'p';
}

static void step_promise(struct sim *s, struct node *n, struct op *op,
			 const struct thing *thing)
{
	const struct troth_subject *v = &s->view->subject;
	enum troth_promise_action action = (enum troth_promise_action)dice_between(
		&s->dice, 1, TROTH_PROMISE_ACTION_LAST - 1);
	enum troth_promise_state to;
	struct troth_event *e;

	if (v->promise_count == 0)
		return;
	const struct troth_promise *p =
		&v->promises[dice_below(&s->dice, v->promise_count)];
	/* Mostly something that leads somewhere. */
	for (int i = 0;
	     i < 12 && troth_promise_next(p->state, action, 0x7f, &to) != TROTH_STEP_OK;
	     i++)
		action = (enum troth_promise_action)dice_between(
			&s->dice, 1, TROTH_PROMISE_ACTION_LAST - 1);
	if ((action == TROTH_PROMISE_DO_BREAK || action == TROTH_PROMISE_DO_RELEASE ||
	     action == TROTH_PROMISE_DO_CANCEL) &&
	    dice_percent(&s->dice, 70))
		return; /* People do this rarely. */
	e = add_draft(op, TROTH_EVENT_PROMISE_STEP, thing->kind, &thing->id);
	e->u.promise_step.promise = p->id;
	e->u.promise_step.action = action;
	if (action == TROTH_PROMISE_DO_CANCEL || action == TROTH_PROMISE_DO_REJECT)
		(void)strcpy(e->u.promise_step.reason, "no_stock");
	if (action == TROTH_PROMISE_DO_CANCEL) {
		e->u.promise_step.has_tell = true;
		e->u.promise_step.tell = terms(s, n, thing->kind == TROTH_SUBJECT_CASE);
	}
}

static bool owed_by(const struct node *n, const struct troth_commitment *c)
{
	const char *debtor = c->state == TROTH_COMMITMENT_DELEGATED ? c->delegate
								    : c->debtor;

	return strcmp(debtor, n->party) == 0 ||
	       (strcmp(debtor, "mall") == 0 && strcmp(n->party, "acme") == 0);
}

static void step_commitment(struct sim *s, struct node *n, struct op *op,
			    const struct thing *thing)
{
	const struct troth_subject *v = &s->view->subject;
	enum troth_commitment_action action;
	enum troth_commitment_state to;
	const struct troth_commitment *c;
	struct troth_event *e;

	if (v->commitment_count == 0)
		return;
	c = &v->commitments[dice_below(&s->dice, v->commitment_count)];
	for (int i = 0; i < 8 && !(owed_by(n, c) && troth_commitment_is_open(c->state) &&
				   c->state != TROTH_COMMITMENT_FULFILLED);
	     i++)
		c = &v->commitments[dice_below(&s->dice, v->commitment_count)];
	action = TROTH_COMMITMENT_DO_FULFIL;
	for (int i = 0; i < 12 && dice_percent(&s->dice, 45); i++) {
		action = (enum troth_commitment_action)dice_between(
			&s->dice, 1, TROTH_COMMITMENT_ACTION_LAST);
		if (troth_commitment_next(c, action, 0x7f, &to) == TROTH_STEP_OK)
			break;
	}
	e = add_draft(op, TROTH_EVENT_COMMITMENT_STEP, thing->kind, &thing->id);
	e->u.commitment_step.commitment = troth_commitment_id(c);
	e->u.commitment_step.action = action;
	if (action == TROTH_COMMITMENT_DO_DECLINE ||
	    action == TROTH_COMMITMENT_DO_CANCEL || action == TROTH_COMMITMENT_DO_HOLD ||
	    action == TROTH_COMMITMENT_DO_REOPEN)
		(void)strcpy(e->u.commitment_step.reason, "not_possible");
	if (action == TROTH_COMMITMENT_DO_DELEGATE ||
	    (action == TROTH_COMMITMENT_DO_REQUEST && dice_percent(&s->dice, 50)))
		(void)strcpy(e->u.commitment_step.party, any_party(s));
	if (action == TROTH_COMMITMENT_DO_COUNTER ||
	    action == TROTH_COMMITMENT_DO_REQUEST)
		e->u.commitment_step.due.ms = soon(s, n, 3000, 240000);
	if (action == TROTH_COMMITMENT_DO_FULFIL) {
		e->u.commitment_step.at.ms = soon(s, n, -5000, 0);
		e->u.commitment_step.evidence = TROTH_EVIDENCE_CODE;
	}
	if (strcmp(c->debtor, "mall") == 0 && strcmp(n->party, "acme") == 0)
		(void)strcpy(e->on_behalf, "mall");
}

static void add_commitment(struct sim *s, struct node *n, struct op *op,
			   const struct thing *thing)
{
	const struct troth_subject *v = &s->view->subject;
	struct troth_event *e;

	if (v->promise_count == 0)
		return;
	e = add_draft(op, TROTH_EVENT_COMMITMENT_ADDED, thing->kind, &thing->id);
	e->u.commitment.promise = v->promises[dice_below(&s->dice, v->promise_count)].id;
	e->u.commitment.terms = terms(s, n, thing->kind == TROTH_SUBJECT_CASE);
}

/* ---- All together ---- */

bool draft_look(struct sim *s, struct node *n, const struct thing *thing)
{
	enum troth_node_kind kind = n->number == 0 ? TROTH_NODE_CENTRAL
						   : TROTH_NODE_GATEWAY;
	struct troth_txn t;
	bool found;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	found = troth_query_subject(&t, kind, &thing->id, s->view);
	troth_txn_abort(&t);
	return found;
}

static void touches(struct sim *s, struct node *n, struct op *op)
{
	struct troth_event *e = op->drafts[0];

	if (op->count == 0)
		return;
	if (n->number != 0 && e->on_behalf[0] == '\0' && dice_percent(&s->dice, 3))
		(void)strcpy(e->on_behalf, any_party(s));
	if (op->count == 2)
		(void)strcpy(op->drafts[1]->on_behalf, e->on_behalf);
	if (op->thing < 0 && dice_percent(&s->dice, 15)) {
		op->has_if_match = true;
		op->if_match = troth_view_etag(s->view) + dice_percent(&s->dice, 30);
	}
	if (dice_percent(&s->dice, 2))
		(void)strcpy(e->on_behalf, "!"); /* Not a name. */
	if (dice_percent(&s->dice, 2) && s->op_count > 8 && op->has_key) {
		struct op *other = s->ops[dice_below(&s->dice, s->op_count - 1)];

		if (other->node == n->number && other->has_key && !other->keyed_again) {
			op->key_of = other->key_of; /* Somebody else's key. */
			op->keyed_again = true;
		}
	}
}

void draft_random(struct sim *s, struct node *n, struct op *op)
{
	unsigned dice = (unsigned)dice_below(&s->dice, 100);
	struct thing *thing = NULL;
	bool seen = false;

	if (s->thing_count < 3 || dice < 10) {
		begin_thing(s, n, op);
		touches(s, n, op);
		return;
	}
	if (authority_draft(s, n, op))
		return;
	for (int i = 0; i < 5 && !seen; i++) {
		thing = &s->things[dice_below(&s->dice, s->thing_count)];
		seen = draft_look(s, n, thing);
	}
	if (!seen) {
		/* Blind: on something that this site knows nothing of. */
		memset(&s->view->subject, 0, offsetof(struct troth_subject, links));
		s->view->subject.promise_count = s->view->subject.commitment_count = 0;
		s->view->pending = 0;
		if (dice >= 50)
			return;
	}
	if (seen && dice_percent(&s->dice, 14)) {
		recovery_draft(
			s, add_draft(op, TROTH_EVENT_COMPLAINT, thing->kind, &thing->id),
			&s->view->subject, draft_id(s, n));
		touches(s, n, op);
		return;
	}
	if (dice < 35)
		promise(s, n, op, thing);
	else if (dice < 68)
		step_commitment(s, n, op, thing);
	else if (dice < 82)
		step_promise(s, n, op, thing);
	else if (dice < 87)
		add_commitment(s, n, op, thing);
	else if (thing->kind == TROTH_SUBJECT_ORDER)
		act_on_order(s, n, op, thing, (unsigned)dice_below(&s->dice, 6) % 5);
	else
		act_on_case(s, op, thing, (unsigned)dice_below(&s->dice, 4));
	touches(s, n, op);
}

/* A second attempt makes its new things under new names, as the API does. */
void draft_again(struct sim *s, const struct node *n, struct op *op)
{
	struct troth_event *e = op->drafts[0];

	if (op->thing >= 0)
		e->subject = draft_id(s, n);
	if (e->type == TROTH_EVENT_PROMISE_MADE)
		e->u.promise.id = draft_id(s, n);
	if (e->type == TROTH_EVENT_COMPLAINT)
		e->u.recovery.id = draft_id(s, n);
}
