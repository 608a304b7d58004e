/*
 * apply - what an entry does to the state. The judgement has been made; here
 * nothing is decided any more, and every node comes to the same bits.
 */
#include "apply.h"

#include "troth/base/text.h"

#include <string.h>

/* --- orders and cases --- */

static void set_content(struct troth_order *o, const struct troth_order_content *from)
{
	TROTH_TEXT_SET(o->carrier, from->carrier);
	o->deliver_by = from->deliver_by;
	o->line_count = from->line_count;
	memcpy(o->lines, from->lines, from->line_count * sizeof(from->lines[0]));
}

static void apply_content(const struct change *c)
{
	struct troth_order *o = &c->s->order;

	if (c->e->type == TROTH_EVENT_ORDER_CORRECTED) {
		set_content(o, &c->e->u.order);
		o->version = c->e->u.order.version;
		return;
	}
	memset(o, 0, offsetof(struct troth_order, lines));
	o->state = TROTH_ORDER_PLACED;
	o->version = 1;
	o->placed = c->e->u.order.at;
	TROTH_TEXT_SET(o->seller, c->e->u.order.seller);
	TROTH_TEXT_SET(o->currency, c->e->u.order.currency);
	TROTH_TEXT_SET(c->s->customer, c->e->u.order.customer);
	set_content(o, &c->e->u.order);
}

static void apply_order_cancelled(const struct change *c)
{
	bool customer = c->e->u.cancel.initiator == TROTH_BY_CUSTOMER;
	bool told = !c->e->u.cancel.has_tell;

	c->s->order.state = TROTH_ORDER_CANCELLED;
	c->s->order.cancelled = c->place.accepted;
	TROTH_TEXT_SET(c->s->order.cancel_reason, c->e->u.cancel.reason);
	for (unsigned i = 0; i < c->s->promise_count; i++) {
		struct troth_promise *p = &c->s->promises[i];

		if (p->state != TROTH_PROMISE_ACTIVE &&
		    p->state != TROTH_PROMISE_REOPENED)
			continue;
		apply_ended(c, p,
			    customer ? TROTH_COMMITMENT_RELEASED
				     : TROTH_COMMITMENT_CANCELLED);
		apply_settled(c, p,
			      customer ? TROTH_PROMISE_RELEASED : TROTH_PROMISE_CANCELLED,
			      c->e->u.cancel.reason);
		if (!told)
			apply_owed(c, p, &c->e->u.cancel.tell);
		told = true;
	}
}

static void apply_moved(const struct change *c)
{
	struct troth_order *o = &c->s->order;
	bool shipped = c->e->type == TROTH_EVENT_ORDER_SHIPPED;
	struct troth_time *at = shipped ? &o->shipped : &o->delivered;

	if (at->ms == 0)
		*at = c->e->u.at;
	if (c->verdict.outcome == TROTH_TAKES_EFFECT)
		o->state = shipped ? TROTH_ORDER_SHIPPED : TROTH_ORDER_DELIVERED;
}

static void apply_case(const struct change *c)
{
	struct troth_case *k = &c->s->cas;

	if (c->e->type == TROTH_EVENT_CASE_OPENED) {
		memset(k, 0, sizeof(*k));
		k->state = TROTH_CASE_OPEN;
		k->opened = c->place.accepted;
		TROTH_TEXT_SET(k->reason, c->e->u.cas.reason);
		TROTH_TEXT_SET(k->handler, c->who->party);
		k->policy_version = c->e->u.cas.policy_version;
		TROTH_TEXT_SET(c->s->customer, c->e->u.cas.customer);
	} else if (c->e->type == TROTH_EVENT_CASE_HANDED_OVER) {
		TROTH_TEXT_SET(k->handler, c->e->u.cas.to);
	} else {
		k->state = TROTH_CASE_CLOSED;
		k->closed = c->place.accepted;
		TROTH_TEXT_SET(k->outcome, c->e->u.cas.outcome);
	}
}

static void apply_payload(const struct change *c)
{
	int i;

	switch (troth_event_topic(c->e->type)) {
	case TROTH_TOPIC_NONE:
	case TROTH_TOPIC_PARTY: /* What the federation is, stands beside its subject. */
	case TROTH_TOPIC_SITE:
	case TROTH_TOPIC_AVAILABILITY:
	case TROTH_TOPIC_POLICY:
		break;
	case TROTH_TOPIC_ORDER:
		apply_content(c);
		break;
	case TROTH_TOPIC_AT:
		apply_moved(c);
		break;
	case TROTH_TOPIC_CANCEL:
		apply_order_cancelled(c);
		break;
	case TROTH_TOPIC_LINK:
		c->s->links[c->s->link_count++] = c->e->u.link;
		break;
	case TROTH_TOPIC_CASE:
		apply_case(c);
		break;
	case TROTH_TOPIC_PROMISE:
		apply_made(c);
		break;
	case TROTH_TOPIC_PROMISE_STEP:
		apply_promise_step(c);
		break;
	case TROTH_TOPIC_COMMITMENT:
		i = troth_subject_promise(c->s, &c->e->u.commitment.promise);
		apply_owed(c, &c->s->promises[i], &c->e->u.commitment.terms);
		break;
	case TROTH_TOPIC_COMMITMENT_STEP:
		apply_commitment_step(c);
		break;
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		troth_authority_apply(c->s, c->e, c->place);
		break;
	case TROTH_TOPIC_ALARM:
		troth_alarm_apply(c->s, c->who, c->e, c->place.accepted);
		break;
	case TROTH_TOPIC_RECOVERY:
		troth_recovery_apply(c->s, c->who, c->lookup->brand, c->e, c->place);
		break;
	}
}

/* True if promise `id` is there, with room for one more if the event brings one. */
static bool promise_fits(const struct troth_subject *s, const struct troth_id *id,
			 bool one_more)
{
	int i = troth_subject_promise(s, id);

	return i >= 0 && (!one_more || troth_room_for_commitment(s, &s->promises[i]));
}

/*
 * Whether what the event speaks of is there, and has room. Judge has seen to it;
 * but a node that holds another state than central (which the digest will show)
 * is handed verdicts that do not fit, and must survive them.
 */
static bool fits(const struct change *c)
{
	const struct troth_subject *s = c->s;
	const struct troth_event *e = c->e;
	const struct troth_promise *first;

	switch (troth_event_topic(e->type)) {
	case TROTH_TOPIC_CANCEL:
		first = e->u.cancel.has_tell ? troth_first_to_end(s) : NULL;
		return first == NULL || troth_room_for_commitment(s, first);
	case TROTH_TOPIC_LINK:
		return s->link_count < TROTH_LINKS_MAX;
	case TROTH_TOPIC_PROMISE:
		return s->promise_count < TROTH_PROMISES_MAX &&
		       s->commitment_count + e->u.promise.terms_count <=
			       TROTH_COMMITMENTS_MAX;
	case TROTH_TOPIC_PROMISE_STEP:
		return promise_fits(s, &e->u.promise_step.promise,
				    e->u.promise_step.has_tell);
	case TROTH_TOPIC_COMMITMENT:
		return promise_fits(s, &e->u.commitment.promise, true);
	case TROTH_TOPIC_COMMITMENT_STEP:
		return troth_subject_commitment(s, &e->u.commitment_step.commitment) >= 0;
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		return troth_authority_fits(s, e);
	case TROTH_TOPIC_ALARM:
		return troth_alarm_fits(s, e);
	case TROTH_TOPIC_RECOVERY:
		return troth_recovery_fits(s, e);
	case TROTH_TOPIC_NONE:
	case TROTH_TOPIC_PARTY:
	case TROTH_TOPIC_SITE:
	case TROTH_TOPIC_AVAILABILITY:
	case TROTH_TOPIC_POLICY:
	case TROTH_TOPIC_ORDER:
	case TROTH_TOPIC_AT:
	case TROTH_TOPIC_CASE:
		break;
	}
	return true;
}

void troth_apply(struct troth_subject *s, const struct troth_lookup *lookup,
		 const struct troth_who *who, const struct troth_event *e,
		 struct troth_verdict verdict, struct troth_place place)
{
	const struct change c = { s, lookup, who, e, verdict, place };

	if (place.position != 0) {
		s->revision++;
		s->position = place.position;
		s->changed = place.accepted;
	}
	if (verdict.outcome == TROTH_REFUSED || !fits(&c))
		return;
	apply_payload(&c);
	troth_case_touched(s, e, place.accepted);
	troth_recoveries_follow(s, place.accepted);
	troth_alarms_follow(s, place.accepted);
	if (s->kind != TROTH_SUBJECT_FEDERATION)
		troth_participants_update(s, lookup->brand);
}
