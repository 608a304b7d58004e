/* Whether an event is well formed by itself. */
#include "check.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"
#include "troth/core/policy.h"
#include "troth/core/subject.h"

#include <stdio.h>
#include <string.h>

static bool promise_id_ok(const struct troth_id *id, struct troth_flaw *flaw)
{
	return (!troth_id_is_zero(id) && id->b[TROTH_ID_LEN - 1] == 0) ||
	       check_fail(flaw, "promise", "must be the id of a promise");
}

static bool terms_ok(const struct troth_terms *t, struct troth_flaw *flaw)
{
	if (!check_name(t->debtor, TROTH_PARTY_MAX, true, "commitments.debtor", flaw) ||
	    !check_name(t->creditor, TROTH_PARTY_MAX, false, "commitments.creditor",
			flaw))
		return false;
	if (troth_action_name(t->action) == NULL)
		return check_fail(flaw, "commitments.action",
				  "is not one of the actions");
	if (!check_time(t->due, true, "commitments.due", flaw) ||
	    !check_time(t->ack_due, false, "commitments.ack_due", flaw))
		return false;
	if (t->acceptance_ms < 0 || t->acceptance_ms > TROTH_ACCEPTANCE_MAX_MS)
		return check_fail(flaw, "commitments.acceptance_s",
				  "must be 0 to a year");
	return true;
}

static bool party_ok(const struct troth_party *p, struct troth_flaw *flaw)
{
	if (!check_name(p->party, TROTH_PARTY_MAX, true, "party", flaw) ||
	    !check_name(p->operator_party, TROTH_PARTY_MAX, false, "operator", flaw))
		return false;
	if (strchr(p->party, '/') != NULL)
		return check_fail(flaw, "party", "must not contain /");
	if (troth_role_name(p->role) == NULL)
		return check_fail(flaw, "role",
				  "must be brand, vendor, carrier or seller");
	if (!troth_text_ok(troth_span_str(p->name), false))
		return check_fail(flaw, "name", "must be plain text");
	return true;
}

/* spiffe://<trust domain>/gw/<party>/<site>, and of no other party and site. */
static bool origin_is_of(const char *origin, const char *party, const char *site)
{
	char path[TROTH_PARTY_MAX + TROTH_SITE_MAX + 8];
	const char *domain_end = strchr(origin + strlen("spiffe://"), '/');

	(void)snprintf(path, sizeof(path), "/gw/%s/%s", party, site);
	return domain_end != NULL && strcmp(domain_end, path) == 0;
}

static bool site_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (strncmp(e->u.site.origin, "spiffe://", 9) != 0 ||
	    !troth_text_ok(troth_span_str(e->u.site.origin), false))
		return check_fail(flaw, "origin", "must be a SPIFFE id");
	if (e->type == TROTH_EVENT_SITE_ADDED && strchr(e->u.site.site, '/') != NULL)
		return check_fail(flaw, "site", "must not contain /");
	if (e->type == TROTH_EVENT_SITE_ADDED) {
		if (!check_name(e->u.site.party, TROTH_PARTY_MAX, true, "party", flaw) ||
		    !check_name(e->u.site.site, TROTH_SITE_MAX, true, "site", flaw))
			return false;
		return origin_is_of(e->u.site.origin, e->u.site.party, e->u.site.site) ||
		       check_fail(flaw, "origin",
				  "must be the SPIFFE id of that party and site");
	}
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED)
		return check_name(e->u.site.reason, TROTH_CODE_MAX, true, "reason", flaw);
	return true;
}

static bool policy_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	struct troth_span text = e->u.policy.policy_text;

	if (e->u.policy.version == 0)
		return check_fail(flaw, "version", "counts from 1");
	if (e->type == TROTH_EVENT_POLICY_WITHDRAWN)
		return check_name(e->u.policy.reason, TROTH_CODE_MAX, true, "reason",
				  flaw);
	if (text.len == 0 || text.len > TROTH_POLICY_TEXT_MAX)
		return check_fail(flaw, "text", "must be 1 to 49152 bytes");
	return troth_text_ok(text, true) ||
	       check_fail(flaw, "text", "must be UTF-8 without control characters");
}

static bool order_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	const struct troth_order_content *o = &e->u.order;

	if (!check_name(o->carrier, TROTH_PARTY_MAX, false, "carrier", flaw) ||
	    !check_time(o->deliver_by, false, "deliver_by", flaw))
		return false;
	for (unsigned i = 0; i < o->line_count; i++) {
		const struct troth_line *l = &o->lines[i];

		if (!check_name(l->sku, TROTH_SKU_MAX, true, "lines.sku", flaw) ||
		    !check_name(l->seller, TROTH_PARTY_MAX, false, "lines.seller", flaw))
			return false;
		if (l->quantity == 0 || l->quantity > TROTH_QUANTITY_MAX)
			return check_fail(flaw, "lines.quantity", "must be 1 to 1000000");
		if (l->unit_price < 0 || l->unit_price > TROTH_AMOUNT_MAX)
			return check_fail(flaw, "lines.unit_price", "must be 0 to 10^12");
	}
	if (e->type == TROTH_EVENT_ORDER_CORRECTED) {
		if (o->version < 2)
			return check_fail(flaw, "version",
					  "must be one more than the corrected");
		return check_name(o->reason, TROTH_CODE_MAX, true, "reason", flaw);
	}
	if (o->currency[0] != '\0' && !troth_text_is_currency(o->currency))
		return check_fail(flaw, "currency", "must be an ISO 4217 code");
	return check_name(o->customer, TROTH_CUSTOMER_MAX, true, "customer", flaw) &&
	       check_name(o->seller, TROTH_PARTY_MAX, true, "seller", flaw) &&
	       check_time(o->at, true, "placed", flaw);
}

static bool cancel_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.cancel.initiator != TROTH_BY_CUSTOMER &&
	    e->u.cancel.initiator != TROTH_BY_FIRM)
		return check_fail(flaw, "initiator", "must be customer or firm");
	if (!check_name(e->u.cancel.reason, TROTH_CODE_MAX, true, "reason", flaw))
		return false;
	return !e->u.cancel.has_tell || terms_ok(&e->u.cancel.tell, flaw);
}

static bool link_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (troth_id_is_zero(&e->u.link.id))
		return check_fail(
			flaw, e->type == TROTH_EVENT_ORDER_CASE_LINKED ? "case" : "order",
			"is missing");
	return e->type == TROTH_EVENT_CASE_ORDER_LINKED ||
	       check_name(e->u.link.vendor, TROTH_PARTY_MAX, true, "vendor", flaw);
}

static bool case_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->type == TROTH_EVENT_CASE_CLOSED)
		return check_name(e->u.cas.outcome, TROTH_CODE_MAX, true, "outcome",
				  flaw);
	if (e->type == TROTH_EVENT_CASE_HANDED_OVER)
		return check_name(e->u.cas.to, TROTH_PARTY_MAX, true, "to", flaw) &&
		       check_name(e->u.cas.reason, TROTH_CODE_MAX, true, "reason", flaw);
	return check_name(e->u.cas.customer, TROTH_CUSTOMER_MAX, true, "customer",
			  flaw) &&
	       check_name(e->u.cas.reason, TROTH_CODE_MAX, true, "reason", flaw);
}

/* The value must be of the sort that the kind of promise needs. */
static bool value_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool goods = troth_kind_is_of_goods(e->u.promise.kind);
	bool money = troth_kind_is_of_money(e->u.promise.kind);

	if (!check_name(e->u.promise.sku, TROTH_SKU_MAX, goods, "sku", flaw))
		return false;
	if (e->u.promise.quantity > TROTH_QUANTITY_MAX ||
	    (e->u.promise.quantity == 0) != (e->u.promise.sku[0] == '\0'))
		return check_fail(flaw, "quantity",
				  "must be 1 to 1000000 where there is a sku");
	if (e->u.promise.amount < 0 || e->u.promise.amount > TROTH_AMOUNT_MAX)
		return check_fail(flaw, "amount", "must be 0 to 10^12 minor units");
	if (money && e->u.promise.amount == 0)
		return check_fail(flaw, "amount", "is missing");
	if (e->u.promise.amount > 0 && !troth_text_is_currency(e->u.promise.currency))
		return check_fail(flaw, "currency", "must be an ISO 4217 code");
	if (e->u.promise.amount == 0 && e->u.promise.currency[0] != '\0')
		return check_fail(flaw, "currency", "stands only with an amount");
	return true;
}

/* What it rests on: either a grant covers it, or it is asked. */
static bool authority_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (!check_name(e->u.promise.grant, TROTH_CODE_MAX, false, "grant", flaw) ||
	    !check_name(e->u.promise.pool, TROTH_CODE_MAX, false, "pool", flaw))
		return false;
	if (e->u.promise.pool[0] != '\0' && e->u.promise.grant[0] == '\0')
		return check_fail(flaw, "pool", "stands only with a grant");
	if ((e->u.promise.cost != 0) != (e->u.promise.grant[0] != '\0'))
		return check_fail(flaw, "cost", "stands with a grant, and only there");
	if (e->u.promise.cost < 0 || e->u.promise.cost > TROTH_AMOUNT_MAX)
		return check_fail(flaw, "cost", "must be 1 to 10^12");
	if (e->u.promise.asked > TROTH_REASON_LAST ||
	    (e->u.promise.asked != 0 &&
	     (e->u.promise.spoken || e->u.promise.grant[0] != '\0')))
		return check_fail(flaw, "asked",
				  "stands only with what is not promised yet");
	if (e->u.promise.recovers.b[TROTH_ID_LEN - 1] != 0 ||
	    troth_id_eq(&e->u.promise.recovers, &e->u.promise.id))
		return check_fail(flaw, "recovers", "must be the id of another promise");
	return true;
}

static bool promise_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (!promise_id_ok(&e->u.promise.id, flaw) ||
	    !check_name(e->u.promise.customer, TROTH_CUSTOMER_MAX, false, "customer",
			flaw))
		return false;
	if (troth_kind_name(e->u.promise.kind) == NULL)
		return check_fail(flaw, "kind", "is not one of the kinds");
	if (troth_channel_name(e->u.promise.channel) == NULL)
		return check_fail(flaw, "channel", "is not one of the channels");
	if (!value_ok(e, flaw) || !check_time(e->u.promise.due, true, "due", flaw) ||
	    !check_time(e->u.promise.made, true, "made", flaw) ||
	    !check_time(e->u.promise.lapses, !e->u.promise.spoken, "lapses", flaw) ||
	    !check_name(e->u.promise.reason, TROTH_CODE_MAX, true, "reason", flaw))
		return false;
	if (!authority_ok(e, flaw))
		return false;
	if (e->u.promise.terms_count == 0)
		return check_fail(flaw, "commitments",
				  "must say who owes what: at least one");
	for (unsigned i = 0; i < e->u.promise.terms_count; i++)
		if (!terms_ok(&e->u.promise.terms[i], flaw))
			return false;
	return true;
}

static bool instead_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.promise_step.action != TROTH_PROMISE_DO_REJECT)
		return check_fail(flaw, "instead", "stands only with reject");
	if (troth_kind_name(e->u.promise_step.instead.kind) == NULL)
		return check_fail(flaw, "instead.kind", "is not one of the kinds");
	if (e->u.promise_step.instead.quantity > TROTH_QUANTITY_MAX ||
	    (e->u.promise_step.instead.quantity == 0) !=
		    (e->u.promise_step.instead.sku[0] == '\0'))
		return check_fail(flaw, "instead.quantity",
				  "must be 1 to 1000000 where there is a sku");
	if (!check_name(e->u.promise_step.instead.sku, TROTH_SKU_MAX, false,
			"instead.sku", flaw))
		return false;
	if (e->u.promise_step.instead.amount < 0 ||
	    e->u.promise_step.instead.amount > TROTH_AMOUNT_MAX)
		return check_fail(flaw, "instead.amount",
				  "must be 0 to 10^12 minor units");
	return (e->u.promise_step.instead.amount > 0) ==
		       troth_text_is_currency(e->u.promise_step.instead.currency) ||
	       check_fail(flaw, "instead.currency",
			  "stands with an amount: an ISO 4217 code");
}

/* What an approval costs; with other steps it says nothing. */
static bool approval_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool named = e->u.promise_step.pool[0] != '\0' ||
		     e->u.promise_step.grant[0] != '\0';

	if (!check_name(e->u.promise_step.pool, TROTH_CODE_MAX, false, "pool", flaw) ||
	    !check_name(e->u.promise_step.grant, TROTH_CODE_MAX, false, "grant", flaw))
		return false;
	if (e->u.promise_step.cost < 0 || e->u.promise_step.cost > TROTH_AMOUNT_MAX)
		return check_fail(flaw, "cost", "must be 0 to 10^12");
	if (named != (e->u.promise_step.cost > 0))
		return check_fail(flaw, "cost", "stands with a pool or a grant");
	return true;
}

static bool promise_step_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool cancel = e->u.promise_step.action == TROTH_PROMISE_DO_CANCEL;
	bool reason = cancel || e->u.promise_step.action == TROTH_PROMISE_DO_REJECT;

	if (!promise_id_ok(&e->u.promise_step.promise, flaw))
		return false;
	if (troth_promise_action_name(e->u.promise_step.action) == NULL ||
	    e->u.promise_step.action == TROTH_PROMISE_DO_KEEP)
		return check_fail(flaw, "action",
				  "is not one of the actions on a promise");
	if (!check_name(e->u.promise_step.reason, TROTH_CODE_MAX, reason, "reason", flaw))
		return false;
	if (e->u.promise_step.has_instead && !instead_ok(e, flaw))
		return false;
	if (!approval_ok(e, flaw))
		return false;
	if (cancel != e->u.promise_step.has_tell)
		return check_fail(flaw, "tell",
				  "must say who tells the customer of a cancellation");
	return !cancel || terms_ok(&e->u.promise_step.tell, flaw);
}

static bool commitment_step_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	enum troth_commitment_action a = e->u.commitment_step.action;
	bool reason = a == TROTH_COMMITMENT_DO_DECLINE ||
		      a == TROTH_COMMITMENT_DO_CANCEL || a == TROTH_COMMITMENT_DO_HOLD ||
		      a == TROTH_COMMITMENT_DO_REOPEN;
	bool fulfil = a == TROTH_COMMITMENT_DO_FULFIL;

	if (e->u.commitment_step.commitment.b[TROTH_ID_LEN - 1] == 0)
		return check_fail(flaw, "commitment", "must be the id of a commitment");
	if (troth_commitment_action_name(a) == NULL)
		return check_fail(flaw, "action",
				  "is not one of the actions on a commitment");
	if (!check_name(e->u.commitment_step.reason, TROTH_CODE_MAX, reason, "reason",
			flaw) ||
	    !check_name(e->u.commitment_step.party, TROTH_PARTY_MAX,
			a == TROTH_COMMITMENT_DO_DELEGATE, "party", flaw) ||
	    !check_time(e->u.commitment_step.due, a == TROTH_COMMITMENT_DO_COUNTER, "due",
			flaw) ||
	    !check_time(e->u.commitment_step.at, fulfil, "at", flaw))
		return false;
	if (troth_evidence_name(e->u.commitment_step.evidence) == NULL)
		return check_fail(flaw, "evidence",
				  "is not one of the kinds of evidence");
	if (fulfil == (e->u.commitment_step.evidence == TROTH_EVIDENCE_NONE))
		return check_fail(flaw, "evidence", "stands with fulfil, and only there");
	if (e->u.commitment_step.has_photo !=
	    (e->u.commitment_step.evidence == TROTH_EVIDENCE_PHOTO))
		return check_fail(flaw, "photo_sha256",
				  "stands with evidence photo, and only there");
	return true;
}

static bool availability_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	int64_t holds_ms = e->u.availability.until.ms - e->created.ms;

	if (e->u.availability.agents > TROTH_ON_DUTY_MAX)
		return check_fail(flaw, "agents", "must be at most 100000");
	if (e->u.availability.queue > TROTH_QUEUE_MAX)
		return check_fail(flaw, "queue", "must be at most 1000000");
	if (e->u.availability.wait_s > TROTH_WAIT_MAX_S)
		return check_fail(flaw, "wait_s", "must be at most a day");
	if (e->u.availability.agents == 0 && e->u.availability.wait_s > 0)
		return check_fail(flaw, "wait_s",
				  "where nobody is on duty there is none");
	if (!check_time(e->u.availability.until, true, "until", flaw))
		return false;
	if (holds_ms <= 0 || holds_ms > TROTH_AVAILABLE_MAX_MS)
		return check_fail(flaw, "until",
				  "must be later than now, by a day at most");
	return true;
}

static bool payload_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	switch (troth_event_topic(e->type)) {
	case TROTH_TOPIC_NONE:
		break;
	case TROTH_TOPIC_PARTY:
		return party_ok(&e->u.party, flaw);
	case TROTH_TOPIC_SITE:
		return site_ok(e, flaw);
	case TROTH_TOPIC_AVAILABILITY:
		return availability_ok(e, flaw);
	case TROTH_TOPIC_POLICY:
		return policy_ok(e, flaw);
	case TROTH_TOPIC_ORDER:
		return order_ok(e, flaw);
	case TROTH_TOPIC_AT:
		return check_time(e->u.at, true, "at", flaw);
	case TROTH_TOPIC_CANCEL:
		return cancel_ok(e, flaw);
	case TROTH_TOPIC_LINK:
		return link_ok(e, flaw);
	case TROTH_TOPIC_CASE:
		return case_ok(e, flaw);
	case TROTH_TOPIC_PROMISE:
		return promise_ok(e, flaw);
	case TROTH_TOPIC_PROMISE_STEP:
		return promise_step_ok(e, flaw);
	case TROTH_TOPIC_COMMITMENT:
		return promise_id_ok(&e->u.commitment.promise, flaw) &&
		       terms_ok(&e->u.commitment.terms, flaw);
	case TROTH_TOPIC_COMMITMENT_STEP:
		return commitment_step_ok(e, flaw);
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		return troth_authority_check(e, flaw);
	case TROTH_TOPIC_ALARM:
		return troth_alarm_check(e, flaw);
	case TROTH_TOPIC_RECOVERY:
		return troth_recovery_check(e, flaw);
	}
	return check_fail(flaw, "type", "is not one that this release knows");
}

static bool subject_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool federation = e->subject_kind == TROTH_SUBJECT_FEDERATION;

	if ((unsigned)e->subject_kind > TROTH_SUBJECT_LAST ||
	    (troth_event_subjects(e->type) & 1u << e->subject_kind) == 0)
		return check_fail(flaw, "subject_kind", "does not fit the type of event");
	if (troth_id_is_zero(&e->subject) != federation)
		return check_fail(flaw, "subject",
				  federation ? "must be zero: there is one federation"
					     : "is missing");
	if ((e->subject_kind == TROTH_SUBJECT_ORDER ||
	     e->subject_kind == TROTH_SUBJECT_CASE) &&
	    troth_is_authority_id(&e->subject))
		return check_fail(flaw, "subject", "is kept for authorities (UUIDv8)");
	return true;
}

bool troth_event_check(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (troth_id_is_zero(&e->id))
		return check_fail(flaw, "event_id", "is missing");
	if (e->origin_seq == 0 || e->incarnation == 0)
		return check_fail(flaw, "origin_seq", "counts from 1");
	if (e->origin[0] == '\0' || !troth_text_ok(troth_span_str(e->origin), false))
		return check_fail(flaw, "origin", "must be a SPIFFE id");
	if (!check_time(e->created, true, "created", flaw) ||
	    !check_name(e->on_behalf, TROTH_PARTY_MAX, false, "on_behalf", flaw) ||
	    !check_name(e->actor, TROTH_ACTOR_MAX, false, "actor", flaw))
		return false;
	return payload_ok(e, flaw) && subject_ok(e, flaw);
}
