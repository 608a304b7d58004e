#include "subject.h"

#include "troth/base/err.h"
#include "troth/base/text.h"

#include <stdio.h>
#include <string.h>

#define FLAW(f, p) ((struct troth_flaw){ (f), (p) })

static const char name_rule[] =
	"must be letters, digits and . _ - / and begin with a letter or digit";

static bool fail(struct troth_flaw *flaw, const char *field, const char *problem)
{
	*flaw = FLAW(field, problem);
	return false;
}

static bool name_ok(const char *s, size_t max, bool required, const char *field,
		    struct troth_flaw *flaw)
{
	if (s[0] == '\0')
		return required ? fail(flaw, field, "is missing") : true;
	return troth_text_is_name(s, max) || fail(flaw, field, name_rule);
}

static bool time_ok(struct troth_time t, bool required, const char *field,
		    struct troth_flaw *flaw)
{
	if (t.ms == 0)
		return required ? fail(flaw, field, "is missing") : true;
	return (t.ms > 0 && t.ms <= TROTH_TIME_MAX_MS) ||
	       fail(flaw, field, "must be an instant before the year 10000");
}

static bool promise_id_ok(const struct troth_id *id, struct troth_flaw *flaw)
{
	return (!troth_id_is_zero(id) && id->b[TROTH_ID_LEN - 1] == 0) ||
	       fail(flaw, "promise", "must be the id of a promise");
}

static bool terms_ok(const struct troth_terms *t, struct troth_flaw *flaw)
{
	if (!name_ok(t->debtor, TROTH_PARTY_MAX, true, "commitments.debtor", flaw) ||
	    !name_ok(t->creditor, TROTH_PARTY_MAX, false, "commitments.creditor", flaw))
		return false;
	if (troth_action_name(t->action) == NULL)
		return fail(flaw, "commitments.action", "is not one of the actions");
	if (!time_ok(t->due, true, "commitments.due", flaw) ||
	    !time_ok(t->ack_due, false, "commitments.ack_due", flaw))
		return false;
	if (t->acceptance_ms < 0 || t->acceptance_ms > TROTH_ACCEPTANCE_MAX_MS)
		return fail(flaw, "commitments.acceptance_s", "must be at most a year");
	return true;
}

static bool party_ok(const struct troth_party *p, struct troth_flaw *flaw)
{
	if (!name_ok(p->party, TROTH_PARTY_MAX, true, "party", flaw) ||
	    !name_ok(p->operator_party, TROTH_PARTY_MAX, false, "operator", flaw))
		return false;
	if (strchr(p->party, '/') != NULL)
		return fail(flaw, "party", "must not contain /");
	if (troth_role_name(p->role) == NULL)
		return fail(flaw, "role", "must be brand, vendor, carrier or seller");
	if (!troth_text_ok(troth_span_str(p->name), false))
		return fail(flaw, "name", "must be plain text");
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
		return fail(flaw, "origin", "must be a SPIFFE id");
	if (e->type == TROTH_EVENT_SITE_ADDED && strchr(e->u.site.site, '/') != NULL)
		return fail(flaw, "site", "must not contain /");
	if (e->type == TROTH_EVENT_SITE_ADDED) {
		if (!name_ok(e->u.site.party, TROTH_PARTY_MAX, true, "party", flaw) ||
		    !name_ok(e->u.site.site, TROTH_SITE_MAX, true, "site", flaw))
			return false;
		return origin_is_of(e->u.site.origin, e->u.site.party, e->u.site.site) ||
		       fail(flaw, "origin",
			    "must be the SPIFFE id of that party and site");
	}
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED)
		return name_ok(e->u.site.reason, TROTH_CODE_MAX, true, "reason", flaw);
	return true;
}

static bool policy_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	struct troth_span text = e->u.policy.policy_text;

	if (e->u.policy.version == 0)
		return fail(flaw, "version", "counts from 1");
	if (e->type == TROTH_EVENT_POLICY_WITHDRAWN)
		return name_ok(e->u.policy.reason, TROTH_CODE_MAX, true, "reason", flaw);
	if (text.len == 0 || text.len > TROTH_POLICY_TEXT_MAX)
		return fail(flaw, "text", "must be 1 to 49152 bytes");
	return troth_text_ok(text, true) ||
	       fail(flaw, "text", "must be UTF-8 without control characters");
}

static bool order_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	const struct troth_order_content *o = &e->u.order;

	if (!name_ok(o->carrier, TROTH_PARTY_MAX, false, "carrier", flaw) ||
	    !time_ok(o->deliver_by, false, "deliver_by", flaw))
		return false;
	for (unsigned i = 0; i < o->line_count; i++) {
		const struct troth_line *l = &o->lines[i];

		if (!name_ok(l->sku, TROTH_SKU_MAX, true, "lines.sku", flaw) ||
		    !name_ok(l->seller, TROTH_PARTY_MAX, false, "lines.seller", flaw))
			return false;
		if (l->quantity == 0 || l->quantity > TROTH_QUANTITY_MAX)
			return fail(flaw, "lines.quantity", "must be 1 to 1000000");
		if (l->unit_price < 0 || l->unit_price > TROTH_AMOUNT_MAX)
			return fail(flaw, "lines.unit_price", "must be 0 to 10^12");
	}
	if (e->type == TROTH_EVENT_ORDER_CORRECTED) {
		if (o->version < 2)
			return fail(flaw, "version",
				    "must be one more than the corrected");
		return name_ok(o->reason, TROTH_CODE_MAX, true, "reason", flaw);
	}
	if (o->currency[0] != '\0' && !troth_text_is_currency(o->currency))
		return fail(flaw, "currency", "must be an ISO 4217 code");
	return name_ok(o->customer, TROTH_CUSTOMER_MAX, true, "customer", flaw) &&
	       name_ok(o->seller, TROTH_PARTY_MAX, true, "seller", flaw) &&
	       time_ok(o->at, true, "placed", flaw);
}

static bool cancel_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.cancel.initiator != TROTH_BY_CUSTOMER &&
	    e->u.cancel.initiator != TROTH_BY_FIRM)
		return fail(flaw, "initiator", "must be customer or firm");
	if (!name_ok(e->u.cancel.reason, TROTH_CODE_MAX, true, "reason", flaw))
		return false;
	return !e->u.cancel.has_tell || terms_ok(&e->u.cancel.tell, flaw);
}

static bool link_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (troth_id_is_zero(&e->u.link.id))
		return fail(flaw,
			    e->type == TROTH_EVENT_ORDER_CASE_LINKED ? "case" : "order",
			    "is missing");
	return e->type == TROTH_EVENT_CASE_ORDER_LINKED ||
	       name_ok(e->u.link.vendor, TROTH_PARTY_MAX, true, "vendor", flaw);
}

static bool case_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->type == TROTH_EVENT_CASE_CLOSED)
		return name_ok(e->u.cas.outcome, TROTH_CODE_MAX, true, "outcome", flaw);
	if (e->type == TROTH_EVENT_CASE_HANDED_OVER)
		return name_ok(e->u.cas.to, TROTH_PARTY_MAX, true, "to", flaw) &&
		       name_ok(e->u.cas.reason, TROTH_CODE_MAX, true, "reason", flaw);
	return name_ok(e->u.cas.customer, TROTH_CUSTOMER_MAX, true, "customer", flaw) &&
	       name_ok(e->u.cas.reason, TROTH_CODE_MAX, true, "reason", flaw);
}

/* The value must be of the sort that the kind of promise needs. */
static bool value_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool goods = e->u.promise.kind == TROTH_KIND_GIFT ||
		     e->u.promise.kind == TROTH_KIND_REPLACEMENT;
	bool money = e->u.promise.kind == TROTH_KIND_CREDIT ||
		     e->u.promise.kind == TROTH_KIND_REFUND;

	if (!name_ok(e->u.promise.sku, TROTH_SKU_MAX, goods, "sku", flaw))
		return false;
	if (e->u.promise.quantity > TROTH_QUANTITY_MAX ||
	    (e->u.promise.quantity == 0) != (e->u.promise.sku[0] == '\0'))
		return fail(flaw, "quantity",
			    "must be 1 to 1000000 where there is a sku");
	if (e->u.promise.amount < 0 || e->u.promise.amount > TROTH_AMOUNT_MAX)
		return fail(flaw, "amount", "must be 0 to 10^12 minor units");
	if (money && e->u.promise.amount == 0)
		return fail(flaw, "amount", "is missing");
	if (e->u.promise.amount > 0 && !troth_text_is_currency(e->u.promise.currency))
		return fail(flaw, "currency", "must be an ISO 4217 code");
	if (e->u.promise.amount == 0 && e->u.promise.currency[0] != '\0')
		return fail(flaw, "currency", "stands only with an amount");
	return true;
}

/* What it rests on: either a grant covers it, or it is asked. */
static bool authority_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (!name_ok(e->u.promise.grant, TROTH_CODE_MAX, false, "grant", flaw) ||
	    !name_ok(e->u.promise.pool, TROTH_CODE_MAX, false, "pool", flaw))
		return false;
	if (e->u.promise.pool[0] != '\0' && e->u.promise.grant[0] == '\0')
		return fail(flaw, "pool", "stands only with a grant");
	if ((e->u.promise.cost != 0) != (e->u.promise.grant[0] != '\0'))
		return fail(flaw, "cost", "stands with a grant, and only there");
	if (e->u.promise.cost < 0 || e->u.promise.cost > TROTH_AMOUNT_MAX)
		return fail(flaw, "cost", "must be 1 to 10^12");
	if (e->u.promise.asked > TROTH_REASON_LAST ||
	    (e->u.promise.asked != 0 &&
	     (e->u.promise.spoken || e->u.promise.grant[0] != '\0')))
		return fail(flaw, "asked", "stands only with what is not promised yet");
	if (e->u.promise.recovers.b[TROTH_ID_LEN - 1] != 0 ||
	    troth_id_eq(&e->u.promise.recovers, &e->u.promise.id))
		return fail(flaw, "recovers", "must be the id of another promise");
	return true;
}

static bool promise_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (!promise_id_ok(&e->u.promise.id, flaw) ||
	    !name_ok(e->u.promise.customer, TROTH_CUSTOMER_MAX, false, "customer", flaw))
		return false;
	if (troth_kind_name(e->u.promise.kind) == NULL)
		return fail(flaw, "kind", "is not one of the kinds");
	if (troth_channel_name(e->u.promise.channel) == NULL)
		return fail(flaw, "channel", "is not one of the channels");
	if (!value_ok(e, flaw) || !time_ok(e->u.promise.due, true, "due", flaw) ||
	    !time_ok(e->u.promise.made, true, "made", flaw) ||
	    !time_ok(e->u.promise.lapses, !e->u.promise.spoken, "lapses", flaw) ||
	    !name_ok(e->u.promise.reason, TROTH_CODE_MAX, true, "reason", flaw))
		return false;
	if (!authority_ok(e, flaw))
		return false;
	if (e->u.promise.terms_count == 0)
		return fail(flaw, "commitments", "must say who owes what: at least one");
	for (unsigned i = 0; i < e->u.promise.terms_count; i++)
		if (!terms_ok(&e->u.promise.terms[i], flaw))
			return false;
	return true;
}

static bool instead_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.promise_step.action != TROTH_PROMISE_DO_REJECT)
		return fail(flaw, "instead", "stands only with reject");
	if (troth_kind_name(e->u.promise_step.instead.kind) == NULL)
		return fail(flaw, "instead.kind", "is not one of the kinds");
	if (e->u.promise_step.instead.quantity > TROTH_QUANTITY_MAX ||
	    (e->u.promise_step.instead.quantity == 0) !=
		    (e->u.promise_step.instead.sku[0] == '\0'))
		return fail(flaw, "instead.quantity",
			    "must be 1 to 1000000 where there is a sku");
	if (!name_ok(e->u.promise_step.instead.sku, TROTH_SKU_MAX, false, "instead.sku",
		     flaw))
		return false;
	if (e->u.promise_step.instead.amount < 0 ||
	    e->u.promise_step.instead.amount > TROTH_AMOUNT_MAX)
		return fail(flaw, "instead.amount", "must be 0 to 10^12 minor units");
	return (e->u.promise_step.instead.amount > 0) ==
		       troth_text_is_currency(e->u.promise_step.instead.currency) ||
	       fail(flaw, "instead.currency", "stands with an amount: an ISO 4217 code");
}

/* What an approval costs; with other steps it says nothing. */
static bool approval_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool named = e->u.promise_step.pool[0] != '\0' ||
		     e->u.promise_step.grant[0] != '\0';

	if (!name_ok(e->u.promise_step.pool, TROTH_CODE_MAX, false, "pool", flaw) ||
	    !name_ok(e->u.promise_step.grant, TROTH_CODE_MAX, false, "grant", flaw))
		return false;
	if (e->u.promise_step.cost < 0 || e->u.promise_step.cost > TROTH_AMOUNT_MAX)
		return fail(flaw, "cost", "must be 0 to 10^12");
	if (named != (e->u.promise_step.cost > 0))
		return fail(flaw, "cost", "stands with a pool or a grant");
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
		return fail(flaw, "action", "is not one of the actions on a promise");
	if (!name_ok(e->u.promise_step.reason, TROTH_CODE_MAX, reason, "reason", flaw))
		return false;
	if (e->u.promise_step.has_instead && !instead_ok(e, flaw))
		return false;
	if (!approval_ok(e, flaw))
		return false;
	if (cancel != e->u.promise_step.has_tell)
		return fail(flaw, "tell",
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
		return fail(flaw, "commitment", "must be the id of a commitment");
	if (troth_commitment_action_name(a) == NULL)
		return fail(flaw, "action", "is not one of the actions on a commitment");
	if (!name_ok(e->u.commitment_step.reason, TROTH_CODE_MAX, reason, "reason",
		     flaw) ||
	    !name_ok(e->u.commitment_step.party, TROTH_PARTY_MAX,
		     a == TROTH_COMMITMENT_DO_DELEGATE, "party", flaw) ||
	    !time_ok(e->u.commitment_step.due, a == TROTH_COMMITMENT_DO_COUNTER, "due",
		     flaw) ||
	    !time_ok(e->u.commitment_step.at, fulfil, "at", flaw))
		return false;
	if (troth_evidence_name(e->u.commitment_step.evidence) == NULL)
		return fail(flaw, "evidence", "is not one of the kinds of evidence");
	if (fulfil == (e->u.commitment_step.evidence == TROTH_EVIDENCE_NONE))
		return fail(flaw, "evidence", "stands with fulfil, and only there");
	if (e->u.commitment_step.has_photo !=
	    (e->u.commitment_step.evidence == TROTH_EVIDENCE_PHOTO))
		return fail(flaw, "photo_sha256",
			    "stands with evidence photo, and only there");
	return true;
}

static bool availability_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	int64_t holds_ms = e->u.availability.until.ms - e->created.ms;

	if (e->u.availability.agents > TROTH_ON_DUTY_MAX)
		return fail(flaw, "agents", "must be at most 100000");
	if (e->u.availability.queue > TROTH_QUEUE_MAX)
		return fail(flaw, "queue", "must be at most 1000000");
	if (e->u.availability.wait_s > TROTH_WAIT_MAX_S)
		return fail(flaw, "wait_s", "must be at most a day");
	if (e->u.availability.agents == 0 && e->u.availability.wait_s > 0)
		return fail(flaw, "wait_s", "where nobody is on duty there is none");
	if (!time_ok(e->u.availability.until, true, "until", flaw))
		return false;
	if (holds_ms <= 0 || holds_ms > TROTH_AVAILABLE_MAX_MS)
		return fail(flaw, "until", "must be later than now, by a day at most");
	return true;
}

static bool payload_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	switch (e->type) {
	case TROTH_EVENT_NONE:
		break;
	case TROTH_EVENT_PARTY_ADDED:
		return party_ok(&e->u.party, flaw);
	case TROTH_EVENT_SITE_ADDED:
	case TROTH_EVENT_SITE_KEY_ADDED:
	case TROTH_EVENT_SITE_KEY_REVOKED:
		return site_ok(e, flaw);
	case TROTH_EVENT_POLICY_PUBLISHED:
	case TROTH_EVENT_POLICY_WITHDRAWN:
		return policy_ok(e, flaw);
	case TROTH_EVENT_ORDER_PLACED:
	case TROTH_EVENT_ORDER_CORRECTED:
		return order_ok(e, flaw);
	case TROTH_EVENT_ORDER_SHIPPED:
	case TROTH_EVENT_ORDER_DELIVERED:
		return time_ok(e->u.at, true, "at", flaw);
	case TROTH_EVENT_ORDER_CANCELLED:
		return cancel_ok(e, flaw);
	case TROTH_EVENT_ORDER_CASE_LINKED:
	case TROTH_EVENT_CASE_ORDER_LINKED:
		return link_ok(e, flaw);
	case TROTH_EVENT_CASE_OPENED:
	case TROTH_EVENT_CASE_HANDED_OVER:
	case TROTH_EVENT_CASE_CLOSED:
		return case_ok(e, flaw);
	case TROTH_EVENT_PROMISE_MADE:
		return promise_ok(e, flaw);
	case TROTH_EVENT_PROMISE_STEP:
		return promise_step_ok(e, flaw);
	case TROTH_EVENT_COMMITMENT_ADDED:
		return promise_id_ok(&e->u.commitment.promise, flaw) &&
		       terms_ok(&e->u.commitment.terms, flaw);
	case TROTH_EVENT_COMMITMENT_STEP:
		return commitment_step_ok(e, flaw);
	case TROTH_EVENT_POOL_SET:
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
	case TROTH_EVENT_AGENT_CERTIFIED:
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
	case TROTH_EVENT_SHARE_ALLOTTED:
	case TROTH_EVENT_SHARE_RECALLED:
	case TROTH_EVENT_SHARE_RETURNED:
	case TROTH_EVENT_SHARE_SPENT:
	case TROTH_EVENT_SHARE_FREED:
	case TROTH_EVENT_SHARE_FROZEN:
	case TROTH_EVENT_SHARE_THAWED:
		return troth_authority_check(e, flaw);
	case TROTH_EVENT_ALARM_RAISED:
	case TROTH_EVENT_ALARM_TOLD:
	case TROTH_EVENT_ALARM_TAKEN:
	case TROTH_EVENT_ALARM_ENDED:
		return troth_alarm_check(e, flaw);
	case TROTH_EVENT_RECOVERY_OPENED:
	case TROTH_EVENT_RECOVERY_STEP:
	case TROTH_EVENT_COMPLAINT:
	case TROTH_EVENT_COMPLAINT_DENIED:
	case TROTH_EVENT_DENIAL_APPEALED:
	case TROTH_EVENT_APPEAL_DECIDED:
		return troth_recovery_check(e, flaw);
	case TROTH_EVENT_SITE_AVAILABILITY:
		return availability_ok(e, flaw);
	}
	return fail(flaw, "type", "is not one that this release knows");
}

static enum troth_subject_kind subject_of(enum troth_event_type type)
{
	if (type < TROTH_EVENT_ORDER_PLACED || type >= TROTH_EVENT_SITE_AVAILABILITY)
		return TROTH_SUBJECT_FEDERATION;
	if (type >= TROTH_EVENT_POOL_SET)
		return TROTH_SUBJECT_AUTHORITY;
	if (type < TROTH_EVENT_CASE_OPENED)
		return TROTH_SUBJECT_ORDER;
	return TROTH_SUBJECT_CASE;
}

static bool subject_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	enum troth_subject_kind want = subject_of(e->type);
	bool either = (e->type >= TROTH_EVENT_PROMISE_MADE &&
		       e->type <= TROTH_EVENT_COMMITMENT_STEP) ||
		      (e->type >= TROTH_EVENT_ALARM_RAISED &&
		       e->type <= TROTH_EVENT_APPEAL_DECIDED);

	if (either ? e->subject_kind != TROTH_SUBJECT_ORDER &&
			     e->subject_kind != TROTH_SUBJECT_CASE
		   : e->subject_kind != want)
		return fail(flaw, "subject_kind", "does not fit the type of event");
	if (troth_id_is_zero(&e->subject) !=
	    (e->subject_kind == TROTH_SUBJECT_FEDERATION))
		return fail(flaw, "subject", "must be the id of an order or a case");
	return true;
}

bool troth_event_check(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (troth_id_is_zero(&e->id))
		return fail(flaw, "event_id", "is missing");
	if (e->origin_seq == 0 || e->incarnation == 0)
		return fail(flaw, "origin_seq", "counts from 1");
	if (e->origin[0] == '\0' || !troth_text_ok(troth_span_str(e->origin), false))
		return fail(flaw, "origin", "must be a SPIFFE id");
	if (!time_ok(e->created, true, "created", flaw) ||
	    !name_ok(e->on_behalf, TROTH_PARTY_MAX, false, "on_behalf", flaw) ||
	    !name_ok(e->actor, TROTH_ACTOR_MAX, false, "actor", flaw))
		return false;
	return payload_ok(e, flaw) && subject_ok(e, flaw);
}

bool troth_event_is_fact(const struct troth_event *e)
{
	switch (e->type) {
	case TROTH_EVENT_ORDER_SHIPPED:
	case TROTH_EVENT_ORDER_DELIVERED:
		return true;
	case TROTH_EVENT_PROMISE_MADE:
		return e->u.promise.spoken || e->u.promise.grant[0] != '\0';
	case TROTH_EVENT_PROMISE_STEP:
		return e->u.promise_step.action == TROTH_PROMISE_DO_SPEAK ||
		       e->u.promise_step.action == TROTH_PROMISE_DO_ACTIVATE;
	case TROTH_EVENT_COMMITMENT_STEP:
		return e->u.commitment_step.action == TROTH_COMMITMENT_DO_FULFIL;
	case TROTH_EVENT_SHARE_SPENT:
	case TROTH_EVENT_SITE_AVAILABILITY:
		return true;
	case TROTH_EVENT_POOL_SET:
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
	case TROTH_EVENT_AGENT_CERTIFIED:
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
	case TROTH_EVENT_SHARE_ALLOTTED:
	case TROTH_EVENT_SHARE_RECALLED:
	case TROTH_EVENT_SHARE_RETURNED:
	case TROTH_EVENT_SHARE_FREED:
	case TROTH_EVENT_SHARE_FROZEN:
	case TROTH_EVENT_SHARE_THAWED:
	case TROTH_EVENT_NONE:
	case TROTH_EVENT_PARTY_ADDED:
	case TROTH_EVENT_SITE_ADDED:
	case TROTH_EVENT_SITE_KEY_ADDED:
	case TROTH_EVENT_SITE_KEY_REVOKED:
	case TROTH_EVENT_POLICY_PUBLISHED:
	case TROTH_EVENT_POLICY_WITHDRAWN:
	case TROTH_EVENT_ORDER_PLACED:
	case TROTH_EVENT_ORDER_CORRECTED:
	case TROTH_EVENT_ORDER_CANCELLED:
	case TROTH_EVENT_ORDER_CASE_LINKED:
	case TROTH_EVENT_CASE_OPENED:
	case TROTH_EVENT_CASE_ORDER_LINKED:
	case TROTH_EVENT_CASE_HANDED_OVER:
	case TROTH_EVENT_CASE_CLOSED:
	case TROTH_EVENT_COMMITMENT_ADDED:
	case TROTH_EVENT_ALARM_RAISED:
	case TROTH_EVENT_ALARM_TOLD:
	case TROTH_EVENT_ALARM_TAKEN:
	case TROTH_EVENT_ALARM_ENDED:
	case TROTH_EVENT_RECOVERY_OPENED:
	case TROTH_EVENT_RECOVERY_STEP:
	case TROTH_EVENT_COMPLAINT:
	case TROTH_EVENT_COMPLAINT_DENIED:
	case TROTH_EVENT_DENIAL_APPEALED:
	case TROTH_EVENT_APPEAL_DECIDED:
		return false;
	}
	return false;
}

const char *troth_event_type_name(enum troth_event_type type)
{
	static const char *const names[] = {
		[TROTH_EVENT_PARTY_ADDED] = "party_added",
		[TROTH_EVENT_SITE_ADDED] = "site_added",
		[TROTH_EVENT_SITE_KEY_ADDED] = "site_key_added",
		[TROTH_EVENT_SITE_KEY_REVOKED] = "site_key_revoked",
		[TROTH_EVENT_POLICY_PUBLISHED] = "policy_published",
		[TROTH_EVENT_POLICY_WITHDRAWN] = "policy_withdrawn",
		[TROTH_EVENT_ORDER_PLACED] = "order_placed",
		[TROTH_EVENT_ORDER_CORRECTED] = "order_corrected",
		[TROTH_EVENT_ORDER_SHIPPED] = "order_shipped",
		[TROTH_EVENT_ORDER_DELIVERED] = "order_delivered",
		[TROTH_EVENT_ORDER_CANCELLED] = "order_cancelled",
		[TROTH_EVENT_ORDER_CASE_LINKED] = "order_case_linked",
		[TROTH_EVENT_CASE_OPENED] = "case_opened",
		[TROTH_EVENT_CASE_ORDER_LINKED] = "case_order_linked",
		[TROTH_EVENT_CASE_HANDED_OVER] = "case_handed_over",
		[TROTH_EVENT_CASE_CLOSED] = "case_closed",
		[TROTH_EVENT_PROMISE_MADE] = "promise_made",
		[TROTH_EVENT_PROMISE_STEP] = "promise_step",
		[TROTH_EVENT_COMMITMENT_ADDED] = "commitment_added",
		[TROTH_EVENT_COMMITMENT_STEP] = "commitment_step",
		[TROTH_EVENT_POOL_SET] = "pool_set",
		[TROTH_EVENT_GRANT_GIVEN] = "grant_given",
		[TROTH_EVENT_GRANT_WITHDRAWN] = "grant_withdrawn",
		[TROTH_EVENT_AGENT_CERTIFIED] = "agent_certified",
		[TROTH_EVENT_PARTY_SUSPENDED] = "party_suspended",
		[TROTH_EVENT_PARTY_RESUMED] = "party_resumed",
		[TROTH_EVENT_SHARE_ALLOTTED] = "share_allotted",
		[TROTH_EVENT_SHARE_RECALLED] = "share_recalled",
		[TROTH_EVENT_SHARE_RETURNED] = "share_returned",
		[TROTH_EVENT_SHARE_SPENT] = "share_spent",
		[TROTH_EVENT_SHARE_FREED] = "share_freed",
		[TROTH_EVENT_SHARE_FROZEN] = "share_frozen",
		[TROTH_EVENT_SHARE_THAWED] = "share_thawed",
		[TROTH_EVENT_ALARM_RAISED] = "alarm_raised",
		[TROTH_EVENT_ALARM_TOLD] = "alarm_told",
		[TROTH_EVENT_ALARM_TAKEN] = "alarm_taken",
		[TROTH_EVENT_ALARM_ENDED] = "alarm_ended",
		[TROTH_EVENT_RECOVERY_OPENED] = "recovery_opened",
		[TROTH_EVENT_RECOVERY_STEP] = "recovery_step",
		[TROTH_EVENT_COMPLAINT] = "complaint",
		[TROTH_EVENT_COMPLAINT_DENIED] = "complaint_denied",
		[TROTH_EVENT_DENIAL_APPEALED] = "denial_appealed",
		[TROTH_EVENT_APPEAL_DECIDED] = "appeal_decided",
		[TROTH_EVENT_SITE_AVAILABILITY] = "site_availability",
	};

	return (unsigned)type < TROTH_LEN(names) ? names[type] : NULL;
}
