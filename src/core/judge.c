/*
 * judge - what central says about an event, given everything it knows.
 *
 * Every check returns a reason; NONE means that the event may take effect. The
 * outcome follows at the end: what would refuse a request only flags a fact.
 */
#include "judge.h"

#include "troth/base/mutant.h"
#include "troth/core/pool.h"

#include <string.h>

/* --- the federation itself --- */

static enum troth_reason judge_party(const struct bench *b)
{
	const struct troth_event *e = b->e;
	struct troth_party p;

	if (!b->who->central)
		return TROTH_REASON_NOT_ENTITLED;
	if (b->lookup->party(b->lookup->ctx, e->u.party.party, &p))
		return TROTH_REASON_EXISTS;
	/* One brand, and it comes first. */
	if ((e->u.party.role == TROTH_ROLE_BRAND) != (b->lookup->brand[0] == '\0'))
		return TROTH_REASON_WRONG_ROLE;
	return e->u.party.operator_party[0] == '\0'
		       ? TROTH_REASON_NONE
		       : judge_party_of_role(b, e->u.party.operator_party, ANYONE);
}

static enum troth_reason judge_site(const struct bench *b)
{
	const struct troth_event *e = b->e;
	struct troth_site site;
	bool known;

	if (!b->who->central)
		return TROTH_REASON_NOT_ENTITLED;
	known = b->lookup->site(b->lookup->ctx, e->u.site.origin, &site);
	if (e->type == TROTH_EVENT_SITE_ADDED &&
	    strcmp(e->u.site.site, TROTH_HQ_SITE) == 0 &&
	    strcmp(e->u.site.party, b->lookup->brand) == 0)
		return TROTH_REASON_EXISTS; /* It is central's own. */
	if (e->type == TROTH_EVENT_SITE_ADDED)
		return known ? TROTH_REASON_EXISTS
			     : judge_party_of_role(b, e->u.site.party, ANYONE);
	if (!known)
		return TROTH_REASON_NO_PARTY;
	for (unsigned i = 0; i < site.key_count; i++)
		if (memcmp(site.keys[i].key, e->u.site.key, sizeof(e->u.site.key)) == 0)
			return e->type == TROTH_EVENT_SITE_KEY_REVOKED &&
					       !site.keys[i].revoked
				       ? TROTH_REASON_NONE
				       : TROTH_REASON_EXISTS;
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED)
		return TROTH_REASON_NO_PARTY;
	return site.key_count < TROTH_SITE_KEYS_MAX ? TROTH_REASON_NONE
						    : TROTH_REASON_LIMIT;
}

/* A site speaks of itself alone, and a clock that is ahead makes no word hold longer. */
static enum troth_reason judge_availability(const struct bench *b)
{
	if (b->who->central || b->e->on_behalf[0] != '\0')
		return TROTH_REASON_NOT_ENTITLED;
	return b->e->u.availability.until.ms > b->now.ms + 2 * TROTH_AVAILABLE_MAX_MS
		       ? TROTH_REASON_LIMIT
		       : TROTH_REASON_NONE;
}

/* Versions have no gaps, so that one there is, is one up to the newest. */
static enum troth_reason judge_policy(const struct bench *b)
{
	uint64_t version = b->e->u.policy.version;
	uint64_t newest = troth_lookup_newest_policy(b->lookup);
	const struct troth_policy *p;

	if (!b->who->central)
		return TROTH_REASON_NOT_ENTITLED;
	if (b->e->type == TROTH_EVENT_POLICY_PUBLISHED)
		return version == newest + 1 ? TROTH_REASON_NONE : TROTH_REASON_STALE;
	if (version > newest)
		return TROTH_REASON_POLICY_UNKNOWN;
	p = troth_lookup_policy(b->lookup, version);
	return p != NULL && p->withdrawn.ms != 0 ? TROTH_REASON_POLICY_WITHDRAWN
						 : TROTH_REASON_NONE;
}

/* --- orders --- */

static enum troth_reason content(const struct bench *b)
{
	const struct troth_order_content *o = &b->e->u.order;
	enum troth_reason r = TROTH_REASON_NONE;

	if (o->carrier[0] != '\0')
		r = judge_party_of_role(b, o->carrier, CARRIER | BRAND);
	for (unsigned i = 0; r == TROTH_REASON_NONE && i < o->line_count; i++)
		if (o->lines[i].seller[0] != '\0' &&
		    (i == 0 || strcmp(o->lines[i].seller, o->lines[i - 1].seller) != 0))
			r = judge_party_of_role(b, o->lines[i].seller, SELLER | BRAND);
	return r;
}

static enum troth_reason judge_placed(const struct bench *b)
{
	enum troth_reason r;

	if (troth_subject_exists(b->s))
		return TROTH_REASON_EXISTS;
	r = judge_party_of_role(b, b->e->u.order.seller, SELLER | BRAND);
	if (r == TROTH_REASON_NONE && b->who->role != TROTH_ROLE_BRAND &&
	    strcmp(b->who->party, b->e->u.order.seller) != 0)
		r = TROTH_REASON_NOT_ENTITLED;
	return r != TROTH_REASON_NONE ? r : content(b);
}

static enum troth_reason judge_cancelled(const struct bench *b)
{
	const struct troth_promise *first = troth_first_to_end(b->s);

	if (!judge_may(b, BRAND | VENDOR | SELLER))
		return TROTH_REASON_NOT_ENTITLED;
	if (b->s->order.state == TROTH_ORDER_CANCELLED ||
	    b->s->order.state == TROTH_ORDER_DELIVERED)
		return TROTH_REASON_WRONG_STATE;
	if (b->e->u.cancel.has_tell) {
		if (first != NULL && !judge_room(b, first))
			return TROTH_REASON_LIMIT;
		return judge_terms(b, &b->e->u.cancel.tell);
	}
	return b->e->u.cancel.initiator == TROTH_BY_FIRM && first != NULL
		       ? TROTH_REASON_TELL_CUSTOMER
		       : TROTH_REASON_NONE;
}

static enum troth_reason judge_corrected(const struct bench *b)
{
	if (!judge_may(b, BRAND | VENDOR | SELLER))
		return TROTH_REASON_NOT_ENTITLED;
	if (b->e->u.order.version != b->s->order.version + 1)
		return TROTH_REASON_STALE;
	if (b->s->order.state != TROTH_ORDER_PLACED)
		return TROTH_REASON_WRONG_STATE;
	return content(b);
}

static enum troth_reason judge_moved(const struct bench *b)
{
	bool shipped = b->e->type == TROTH_EVENT_ORDER_SHIPPED;

	if (!judge_may(b, shipped ? BRAND | CARRIER | SELLER : BRAND | CARRIER))
		return TROTH_REASON_NOT_ENTITLED;
	if (b->s->order.state == TROTH_ORDER_CANCELLED)
		return TROTH_REASON_SUBJECT_CLOSED;
	if (b->s->order.state == TROTH_ORDER_DELIVERED ||
	    (shipped && b->s->order.state == TROTH_ORDER_SHIPPED))
		return TROTH_REASON_WRONG_STATE;
	return TROTH_REASON_NONE;
}

/*
 * A vendor that links its case to an order sees the order: so it is to be the same
 * customer's. HQ may know better. Where a gateway does not have the other, central
 * decides.
 */
static enum troth_reason judge_customers(const struct bench *b)
{
	const struct troth_lookup *l = b->lookup;
	char customer[TROTH_CUSTOMER_MAX + 1];
	/* Or an order, named for a case, would vouch for itself. */
	enum troth_subject_kind other = b->s->kind == TROTH_SUBJECT_ORDER
						? TROTH_SUBJECT_CASE
						: TROTH_SUBJECT_ORDER;

	if (l->customer == NULL || judge_may(b, BRAND) ||
	    TROTH_MUTANT(any_customer_is_linked))
		return TROTH_REASON_NONE;
	if (!l->customer(l->ctx, &b->e->u.link.id, other, customer))
		return l->has_all ? TROTH_REASON_OTHER_CUSTOMER : TROTH_REASON_NONE;
	return strcmp(customer, b->s->customer) == 0 ? TROTH_REASON_NONE
						     : TROTH_REASON_OTHER_CUSTOMER;
}

/* Whether who acts may link this at all. */
static enum troth_reason judge_linker(const struct bench *b)
{
	const char *vendor = b->e->u.link.vendor;

	if (b->e->type == TROTH_EVENT_CASE_ORDER_LINKED)
		return judge_may(b, BRAND | VENDOR) ? TROTH_REASON_NONE
						    : TROTH_REASON_NOT_ENTITLED;
	if (b->who->role != TROTH_ROLE_BRAND && strcmp(b->who->party, vendor) != 0)
		return TROTH_REASON_NOT_ENTITLED;
	return judge_party_of_role(b, vendor, VENDOR | BRAND);
}

/* What is linked already is told to those alone who may link it. */
static enum troth_reason judge_link(const struct bench *b)
{
	enum troth_reason r = judge_linker(b);

	if (r == TROTH_REASON_NONE)
		r = judge_customers(b);
	if (r != TROTH_REASON_NONE)
		return r;
	for (unsigned i = 0; i < b->s->link_count; i++)
		if (troth_id_eq(&b->s->links[i].id, &b->e->u.link.id))
			return TROTH_REASON_EXISTS;
	return b->s->link_count < troth_room_of(b->who, TROTH_LINKS_MAX, TROTH_LINKS_KEPT)
		       ? TROTH_REASON_NONE
		       : TROTH_REASON_LIMIT;
}

/* --- cases --- */

static enum troth_reason judge_case(const struct bench *b)
{
	if (b->e->type == TROTH_EVENT_CASE_OPENED) {
		if (troth_subject_exists(b->s))
			return TROTH_REASON_EXISTS;
		return judge_may(b, BRAND | VENDOR) ? TROTH_REASON_NONE
						    : TROTH_REASON_NOT_ENTITLED;
	}
	if (b->who->role != TROTH_ROLE_BRAND &&
	    strcmp(b->who->party, b->s->cas.handler) != 0)
		return TROTH_REASON_NOT_ENTITLED;
	if (b->s->cas.state != TROTH_CASE_OPEN)
		return TROTH_REASON_WRONG_STATE;
	if (b->e->type == TROTH_EVENT_CASE_HANDED_OVER)
		return judge_party_of_role(b, b->e->u.cas.to, VENDOR | BRAND);
	for (unsigned i = 0; i < b->s->promise_count; i++)
		if (troth_promise_is_open(b->s->promises[i].state))
			return TROTH_REASON_OPEN_PROMISE;
	return troth_recoveries_are_open(b->s) ? TROTH_REASON_OPEN_RECOVERY
					       : TROTH_REASON_NONE;
}

/* --- all together --- */

/* Whether the event may concern this subject at all; facts do not get past this. */
static enum troth_reason admission(const struct bench *b)
{
	enum troth_event_type type = b->e->type;
	bool first = type == TROTH_EVENT_ORDER_PLACED ||
		     type == TROTH_EVENT_CASE_OPENED ||
		     b->e->subject_kind == TROTH_SUBJECT_AUTHORITY;

	if (b->s->kind != b->e->subject_kind) /* An order's id, and a case's event. */
		return first ? TROTH_REASON_EXISTS : TROTH_REASON_NO_SUBJECT;
	if (b->s->kind == TROTH_SUBJECT_FEDERATION || first)
		return TROTH_REASON_NONE;
	if (!troth_subject_exists(b->s))
		return TROTH_REASON_NO_SUBJECT;
	if (type == TROTH_EVENT_ORDER_CASE_LINKED || b->who->clock ||
	    b->who->role == TROTH_ROLE_BRAND)
		return TROTH_REASON_NONE;
	return troth_subject_is_participant(b->s, b->who->party)
		       ? TROTH_REASON_NONE
		       : TROTH_REASON_NOT_ENTITLED;
}

static enum troth_reason judge_payload(const struct bench *b)
{
	switch (troth_event_topic(b->e->type)) {
	case TROTH_TOPIC_PARTY:
		return judge_party(b);
	case TROTH_TOPIC_SITE:
		return judge_site(b);
	case TROTH_TOPIC_AVAILABILITY:
		return judge_availability(b);
	case TROTH_TOPIC_POLICY:
		return judge_policy(b);
	case TROTH_TOPIC_ORDER:
		return b->e->type == TROTH_EVENT_ORDER_PLACED ? judge_placed(b)
							      : judge_corrected(b);
	case TROTH_TOPIC_AT:
		return judge_moved(b);
	case TROTH_TOPIC_CANCEL:
		return judge_cancelled(b);
	case TROTH_TOPIC_LINK:
		return judge_link(b);
	case TROTH_TOPIC_CASE:
		return judge_case(b);
	case TROTH_TOPIC_PROMISE:
		return judge_made(b);
	case TROTH_TOPIC_PROMISE_STEP:
		return judge_promise_step(b);
	case TROTH_TOPIC_COMMITMENT:
		return judge_commitment_added(b);
	case TROTH_TOPIC_COMMITMENT_STEP:
		return judge_commitment_step(b);
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		return troth_authority_judge(b->s, b->lookup, b->who, b->e);
	case TROTH_TOPIC_ALARM:
		/* It goes by the event's id, which whoever raises it has chosen. */
		if (b->e->type == TROTH_EVENT_ALARM_RAISED &&
		    troth_subject_names(b->s, &b->e->id))
			return TROTH_REASON_EXISTS;
		return troth_alarm_judge(b->s, b->lookup->brand, b->who, b->e);
	case TROTH_TOPIC_RECOVERY:
		return troth_recovery_judge(b->s, b->lookup, b->who, b->e);
	case TROTH_TOPIC_NONE:
		break;
	}
	return TROTH_REASON_NOT_ENTITLED;
}

/* --- room for those who come to see the subject --- */

static void invite_for_order(struct troth_guests *g, const struct bench *b)
{
	if (b->e->type == TROTH_EVENT_ORDER_PLACED) {
		troth_invite(g, b->lookup->brand);
		troth_invite(g, b->e->u.order.seller);
	}
	troth_invite(g, b->e->u.order.carrier);
	for (unsigned i = 0; i < b->e->u.order.line_count; i++)
		troth_invite(g, b->e->u.order.lines[i].seller);
}

/* Whoever becomes a participant must find room: nobody owes what it cannot see. */
static bool guests_fit(const struct bench *b)
{
	const struct troth_event *e = b->e;
	struct troth_guests g = { .s = b->s };

	if (e->type == TROTH_EVENT_ORDER_PLACED || e->type == TROTH_EVENT_ORDER_CORRECTED)
		invite_for_order(&g, b);
	else if (e->type == TROTH_EVENT_ORDER_CANCELLED && e->u.cancel.has_tell)
		troth_invite(&g, e->u.cancel.tell.debtor);
	else if (e->type == TROTH_EVENT_ORDER_CASE_LINKED)
		troth_invite(&g, e->u.link.vendor);
	else if (e->type == TROTH_EVENT_CASE_HANDED_OVER)
		troth_invite(&g, e->u.cas.to);
	else if (e->type == TROTH_EVENT_PROMISE_MADE)
		for (unsigned i = 0; i < e->u.promise.terms_count; i++)
			troth_invite(&g, e->u.promise.terms[i].debtor);
	else if (e->type == TROTH_EVENT_PROMISE_STEP && e->u.promise_step.has_tell)
		troth_invite(&g, e->u.promise_step.tell.debtor);
	else if (e->type == TROTH_EVENT_COMMITMENT_ADDED)
		troth_invite(&g, e->u.commitment.terms.debtor);
	else if (e->type == TROTH_EVENT_COMMITMENT_STEP)
		troth_invite(&g, e->u.commitment_step.party);
	return troth_room_for_guests(&g, b->who);
}

/* --- the verdict --- */

/* A fact stands although `reason` speaks against it, unless it makes no sense at all. */
static bool stands(const struct bench *b, enum troth_reason reason)
{
	if (!troth_event_is_fact(b->e))
		return false;
	if (b->e->type == TROTH_EVENT_PROMISE_STEP)
		return judge_said_stands(b, reason);
	if (b->e->type == TROTH_EVENT_COMMITMENT_STEP)
		return judge_done_stands(b, reason);
	if (b->e->type == TROTH_EVENT_SHARE_SPENT)
		return reason == TROTH_REASON_SHARE_EMPTY ||
		       reason == TROTH_REASON_SHARE_FROZEN;
	return reason == TROTH_REASON_WRONG_STATE ||
	       reason == TROTH_REASON_SUBJECT_CLOSED ||
	       reason == TROTH_REASON_DUE_PASSED ||
	       (reason >= TROTH_REASON_UNCITED && reason <= TROTH_REASON_FORBIDDEN);
}

struct troth_verdict troth_judge(const struct troth_subject *s,
				 const struct troth_lookup *lookup,
				 const struct troth_who *who, const struct troth_event *e,
				 struct troth_time now)
{
	const struct bench b = { s, lookup, who, e, now };
	enum troth_reason r = admission(&b);

	if (r == TROTH_REASON_NONE && e->type == TROTH_EVENT_PROMISE_MADE)
		r = judge_impossible(&b);
	if (r != TROTH_REASON_NONE)
		return (struct troth_verdict){ TROTH_REFUSED, r };

	r = judge_payload(&b);
	if ((r == TROTH_REASON_NONE || stands(&b, r)) && !guests_fit(&b))
		return (struct troth_verdict){ TROTH_REFUSED, TROTH_REASON_LIMIT };
	if (r == TROTH_REASON_NONE)
		return (struct troth_verdict){ TROTH_TAKES_EFFECT, r };
	return (struct troth_verdict){ stands(&b, r) ? TROTH_FLAGGED : TROTH_REFUSED, r };
}
