#include "render.h"

#include "troth/base/text.h"

#include <string.h>

void troth_render_party_of(const struct troth_render *r, const struct troth_event *e,
			   char out[TROTH_PARTY_MAX + 1])
{
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	struct troth_site site;

	if (e->on_behalf[0] != '\0') {
		troth_text_copy(out, TROTH_PARTY_MAX + 1, e->on_behalf);
	} else if (troth_state_site(r->t, e->origin, &site)) {
		troth_text_copy(out, TROTH_PARTY_MAX + 1, site.party);
	} else { /* Central's own events are the brand's. */
		troth_state_lookup(&lookup, &(struct troth_source){ .t = r->t }, brand);
		troth_text_copy(out, TROTH_PARTY_MAX + 1, brand);
	}
}

static void out_terms(struct troth_out *o, const char *key, const struct troth_terms *t)
{
	troth_out_object(o, key);
	troth_out_text(o, "debtor", t->debtor);
	troth_out_some_text(o, "creditor", t->creditor);
	troth_out_text(o, "action", troth_action_name(t->action));
	troth_out_time(o, "due", t->due);
	troth_out_some_time(o, "ack_due", t->ack_due);
	troth_out_int(o, "acceptance_s", t->acceptance_ms / 1000);
	troth_out_end_object(o);
}

static void out_content(struct troth_out *o, const struct troth_order_content *c)
{
	troth_out_some_text(o, "customer", c->customer);
	troth_out_some_text(o, "seller", c->seller);
	troth_out_some_text(o, "currency", c->currency);
	troth_out_some_time(o, "placed", c->at);
	troth_out_some_int(o, "version", c->version);
	troth_out_some_text(o, "reason", c->reason);
	troth_out_some_text(o, "carrier", c->carrier);
	troth_out_some_time(o, "deliver_by", c->deliver_by);
	troth_out_array(o, "lines");
	for (unsigned i = 0; i < c->line_count; i++) {
		troth_out_object(o, NULL);
		troth_out_text(o, "sku", c->lines[i].sku);
		troth_out_uint(o, "quantity", c->lines[i].quantity);
		troth_out_some_int(o, "unit_price", c->lines[i].unit_price);
		troth_out_some_text(o, "seller", c->lines[i].seller);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

static void out_made(struct troth_out *o, const struct troth_event *e)
{
	troth_out_id(o, "promise", TROTH_ID_PROMISE, &e->u.promise.id);
	troth_out_some_text(o, "customer", e->u.promise.customer);
	troth_out_text(o, "kind", troth_kind_name(e->u.promise.kind));
	troth_out_some_text(o, "sku", e->u.promise.sku);
	troth_out_some_int(o, "quantity", e->u.promise.quantity);
	troth_out_some_int(o, "amount", e->u.promise.amount);
	troth_out_some_text(o, "currency", e->u.promise.currency);
	troth_out_time(o, "due", e->u.promise.due);
	troth_out_text(o, "reason", e->u.promise.reason);
	troth_out_text(o, "channel", troth_channel_name(e->u.promise.channel));
	troth_out_bool(o, "spoken", e->u.promise.spoken);
	troth_out_time(o, "made", e->u.promise.made);
	troth_out_some_time(o, "lapses", e->u.promise.lapses);
	troth_out_some_int(o, "policy_version", (int64_t)e->u.promise.policy_version);
	troth_out_some_text(o, "grant", e->u.promise.grant);
	troth_out_some_text(o, "pool", e->u.promise.pool);
	troth_out_some_int(o, "cost", e->u.promise.cost);
	if (e->u.promise.asked != 0)
		troth_render_asked(o, e->u.promise.asked);
	if (!troth_id_is_zero(&e->u.promise.recovers))
		troth_out_id(o, "recovers", TROTH_ID_RECOVERY, &e->u.promise.recovers);
	troth_out_array(o, "commitments");
	for (unsigned i = 0; i < e->u.promise.terms_count; i++)
		out_terms(o, NULL, &e->u.promise.terms[i]);
	troth_out_end_array(o);
}

static void out_commitment_step(struct troth_out *o, const struct troth_event *e)
{
	troth_out_id(o, "commitment", TROTH_ID_COMMITMENT,
		     &e->u.commitment_step.commitment);
	troth_out_text(o, "action",
		       troth_commitment_action_name(e->u.commitment_step.action));
	troth_out_some_text(o, "reason", e->u.commitment_step.reason);
	troth_out_some_text(o, "party", e->u.commitment_step.party);
	troth_out_some_time(o, "due", e->u.commitment_step.due);
	if (e->u.commitment_step.evidence != TROTH_EVIDENCE_NONE)
		troth_out_text(o, "evidence",
			       troth_evidence_name(e->u.commitment_step.evidence));
	if (e->u.commitment_step.has_photo)
		troth_out_hex(o, "photo_sha256", e->u.commitment_step.photo.b,
			      TROTH_DIGEST_LEN);
	troth_out_some_time(o, "at", e->u.commitment_step.at);
}

static void out_promise_step(struct troth_out *o, const struct troth_event *e)
{
	troth_out_id(o, "promise", TROTH_ID_PROMISE, &e->u.promise_step.promise);
	troth_out_text(o, "action", troth_promise_action_name(e->u.promise_step.action));
	troth_out_some_text(o, "reason", e->u.promise_step.reason);
	if (e->u.promise_step.has_tell)
		out_terms(o, "tell", &e->u.promise_step.tell);
	if (e->u.promise_step.has_instead) {
		troth_out_object(o, "instead");
		troth_out_text(o, "kind",
			       troth_kind_name(e->u.promise_step.instead.kind));
		troth_out_some_text(o, "sku", e->u.promise_step.instead.sku);
		if (e->u.promise_step.instead.quantity > 0)
			troth_out_uint(o, "quantity", e->u.promise_step.instead.quantity);
		if (e->u.promise_step.instead.amount > 0)
			troth_out_int(o, "amount", e->u.promise_step.instead.amount);
		troth_out_some_text(o, "currency", e->u.promise_step.instead.currency);
		troth_out_end_object(o);
	}
}

static void out_party(struct troth_out *o, const struct troth_party *p)
{
	troth_out_text(o, "party", p->party);
	troth_out_text(o, "role", troth_role_name(p->role));
	troth_out_some_text(o, "name", p->name);
	troth_out_some_text(o, "operator", p->operator_party);
}

static void out_site(struct troth_out *o, const struct troth_event *e)
{
	troth_out_some_text(o, "party", e->u.site.party);
	troth_out_some_text(o, "site", e->u.site.site);
	troth_out_text(o, "origin", e->u.site.origin);
	troth_out_hex(o, "sign_key", e->u.site.key, sizeof(e->u.site.key));
	troth_out_some_text(o, "reason", e->u.site.reason);
}

static void out_availability(struct troth_out *o, const struct troth_event *e)
{
	troth_out_uint(o, "agents", e->u.availability.agents);
	troth_out_uint(o, "queue", e->u.availability.queue);
	if (e->u.availability.agents > 0)
		troth_out_uint(o, "wait_s", e->u.availability.wait_s);
	troth_out_time(o, "until", e->u.availability.until);
}

static void out_cancelled(struct troth_out *o, const struct troth_event *e)
{
	troth_out_text(o, "reason", e->u.cancel.reason);
	troth_out_text(o, "initiator",
		       e->u.cancel.initiator == TROTH_BY_CUSTOMER ? "customer" : "firm");
	if (e->u.cancel.has_tell)
		out_terms(o, "tell", &e->u.cancel.tell);
}

static void out_link(struct troth_out *o, const struct troth_event *e)
{
	bool order = e->type == TROTH_EVENT_CASE_ORDER_LINKED;

	troth_out_id(o, order ? "order" : "case", order ? TROTH_ID_ORDER : TROTH_ID_CASE,
		     &e->u.link.id);
	troth_out_some_text(o, "vendor", e->u.link.vendor);
}

static void out_payload(struct troth_out *o, const struct troth_event *e)
{
	switch (troth_event_topic(e->type)) {
	case TROTH_TOPIC_NONE:
		break;
	case TROTH_TOPIC_PARTY:
		out_party(o, &e->u.party);
		break;
	case TROTH_TOPIC_SITE:
		out_site(o, e);
		break;
	case TROTH_TOPIC_AVAILABILITY:
		out_availability(o, e);
		break;
	case TROTH_TOPIC_POLICY:
		troth_out_uint(o, "version", e->u.policy.version);
		troth_out_some_text(o, "reason", e->u.policy.reason);
		break;
	case TROTH_TOPIC_ORDER:
		out_content(o, &e->u.order);
		break;
	case TROTH_TOPIC_AT:
		troth_out_time(o, "at", e->u.at);
		break;
	case TROTH_TOPIC_CANCEL:
		out_cancelled(o, e);
		break;
	case TROTH_TOPIC_LINK:
		out_link(o, e);
		break;
	case TROTH_TOPIC_CASE:
		troth_out_some_text(o, "customer", e->u.cas.customer);
		troth_out_some_text(o, "reason", e->u.cas.reason);
		troth_out_some_text(o, "to", e->u.cas.to);
		troth_out_some_text(o, "outcome", e->u.cas.outcome);
		break;
	case TROTH_TOPIC_PROMISE:
		out_made(o, e);
		break;
	case TROTH_TOPIC_PROMISE_STEP:
		out_promise_step(o, e);
		break;
	case TROTH_TOPIC_COMMITMENT:
		troth_out_id(o, "promise", TROTH_ID_PROMISE, &e->u.commitment.promise);
		out_terms(o, "terms", &e->u.commitment.terms);
		break;
	case TROTH_TOPIC_COMMITMENT_STEP:
		out_commitment_step(o, e);
		break;
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		troth_render_authority_event(o, e);
		break;
	case TROTH_TOPIC_ALARM:
	case TROTH_TOPIC_RECOVERY:
		troth_render_recovery_event(o, e);
		break;
	}
}

static void out_personal(struct troth_out *o, struct troth_span blob)
{
	struct troth_personal p;
	struct troth_why why;

	if (blob.len == 0 || troth_personal_decode(&p, blob, &why) != TROTH_OK)
		return;
	troth_out_object(o, "personal");
	troth_out_some_text(o, "words", p.words);
	troth_out_some_text(o, "language", p.language);
	troth_out_some_text(o, "order_number", p.order_number);
	troth_out_some_text(o, "customer_name", p.customer_name);
	troth_out_some_text(o, "customer_phone", p.customer_phone);
	troth_out_some_text(o, "address", p.address);
	troth_out_some_text(o, "note", p.note);
	troth_out_some_text(o, "evidence", p.evidence);
	troth_out_some_text(o, "actor_name", p.actor_name);
	troth_out_end_object(o);
}

static void out_verdict(struct troth_out *o, const struct troth_told *told)
{
	if (told->position == 0) {
		troth_out_null(o, "position");
		return;
	}
	troth_out_uint(o, "position", told->position);
	troth_out_time(o, "accepted", told->accepted);
	troth_out_text(o, "verdict", troth_outcome_name(told->verdict.outcome));
	if (told->verdict.reason != TROTH_REASON_NONE)
		troth_out_text(o, "reason", troth_reason_name(told->verdict.reason));
}

void troth_render_event(const struct troth_render *r, struct troth_out *o,
			const char *key, const struct troth_event *e,
			const struct troth_told *told)
{
	const char *type = troth_event_type_name(e->type);
	char party[TROTH_PARTY_MAX + 1];

	troth_out_object(o, key);
	troth_out_id(o, "event", TROTH_ID_EVENT, &e->id);
	troth_out_text(o, "type", type != NULL ? type : "unknown");
	if (told->number != 0)
		troth_out_uint(o, "number", told->number);
	if (told->revision != 0)
		troth_out_uint(o, "revision", told->revision);
	out_verdict(o, told);
	if (e->subject_kind != TROTH_SUBJECT_FEDERATION)
		troth_out_id(o, "subject", troth_render_subject_kind(e->subject_kind),
			     &e->subject);
	troth_render_party_of(r, e, party);
	troth_out_text(o, "party", party);
	troth_out_text(o, "origin", e->origin);
	troth_out_some_text(o, "actor", e->actor);
	troth_out_time(o, "created", e->created);
	troth_out_object(o, "payload");
	out_payload(o, e);
	troth_out_end_object(o);
	if (r->personal)
		out_personal(o, told->blob);
	troth_out_end_object(o);
}
