#include "render.h"

#include "troth/core/authority.h"
#include "troth/core/commitment.h"

#include <string.h>

enum troth_id_kind troth_render_subject_kind(enum troth_subject_kind kind)
{
	if (kind == TROTH_SUBJECT_AUTHORITY)
		return TROTH_ID_AUTHORITY;
	return kind == TROTH_SUBJECT_CASE ? TROTH_ID_CASE : TROTH_ID_ORDER;
}

static enum troth_id_kind kind_of(const struct troth_subject *s)
{
	return troth_render_subject_kind(s->kind);
}

static void out_id(struct troth_out *o, enum troth_id_kind kind,
		   const struct troth_id *id)
{
	char code[TROTH_SHORT_CODE];

	troth_out_id(o, "id", kind, id);
	troth_id_short(code, id);
	troth_out_text(o, "code", code);
}

void troth_render_freshness(const struct troth_render *r, struct troth_out *o,
			    unsigned pending)
{
	struct troth_freshness f;

	troth_query_freshness(r->t, &f);
	troth_out_uint(o, "position", f.position);
	if (f.as_of.ms != 0)
		troth_out_time(o, "as_of", f.as_of);
	else
		troth_out_null(o, "as_of");
	troth_out_uint(o, "pending", pending);
}

/* ---- The personal part of what a view shows ---- */

/* True if the event brought the thing about: the order, or promise `id`. */
static bool brings(const struct troth_event *e, const struct troth_id *promise)
{
	if (promise == NULL)
		return e->type == TROTH_EVENT_ORDER_PLACED;
	return e->type == TROTH_EVENT_PROMISE_MADE &&
	       troth_id_eq(&e->u.promise.id, promise);
}

static bool pending_event(const struct troth_render *r, const struct troth_id *subject,
			  const struct troth_id *promise, struct troth_event *e,
			  struct troth_span *blob)
{
	struct troth_span body;
	struct troth_why why;
	uint64_t seq = 0;

	while (troth_query_pending(r->t, subject, &seq, &body, blob))
		if (troth_body_decode(e, body, &why) == TROTH_OK && brings(e, promise))
			return true;
	return false;
}

/* Entries before the one that placed an order were refused, and are few. */
#define FIRST_ENTRIES 8

static bool placed_personal(const struct troth_render *r, const struct troth_id *order,
			    struct troth_personal *out)
{
	struct troth_entry entry;
	struct troth_span bytes, blob;
	struct troth_event e;
	struct troth_why why;

	for (uint64_t revision = 1; revision <= FIRST_ENTRIES; revision++) {
		uint64_t position = troth_query_history(r->t, order, revision);

		if (position == 0 || !troth_query_entry(r->t, position, &bytes, &blob))
			break;
		if (troth_entry_decode(&entry, bytes, &why) == TROTH_OK &&
		    troth_body_decode(&e, entry.body, &why) == TROTH_OK &&
		    e.type == TROTH_EVENT_ORDER_PLACED)
			return troth_query_personal(r->t, position, out);
	}
	return pending_event(r, order, NULL, &e, &blob) && blob.len > 0 &&
	       troth_personal_decode(out, blob, &why) == TROTH_OK;
}

static bool promise_personal(const struct troth_render *r, const struct troth_view *v,
			     const struct troth_promise *p, struct troth_personal *out)
{
	struct troth_span blob;
	struct troth_event e;
	struct troth_why why;

	if (p->position != 0)
		return troth_query_personal(r->t, p->position, out);
	return pending_event(r, &v->subject.id, &p->id, &e, &blob) && blob.len > 0 &&
	       troth_personal_decode(out, blob, &why) == TROTH_OK;
}

/* ---- Commitments ---- */

static void out_commitment(struct troth_out *o, const char *key,
			   const struct troth_commitment *c)
{
	struct troth_id id = troth_commitment_id(c);

	troth_out_object(o, key);
	out_id(o, TROTH_ID_COMMITMENT, &id);
	troth_out_text(o, "state", troth_commitment_state_name(c->state));
	troth_out_text(o, "action", troth_action_name(c->action));
	troth_out_text(o, "debtor", c->debtor);
	troth_out_text(o, "creditor", c->creditor);
	troth_out_some_text(o, "delegate", c->delegate);
	troth_out_time(o, "due", c->due);
	troth_out_some_time(o, "counter_due", c->counter_due);
	troth_out_some_time(o, "ack_due", c->ack_due);
	troth_out_some_time(o, "ack_overdue", c->ack_overdue);
	troth_out_some_time(o, "acknowledged", c->acknowledged);
	troth_out_bool(o, "unacknowledged", troth_commitment_unacknowledged(c));
	troth_out_some_time(o, "held", c->held);
	troth_out_some_time(o, "fulfilled", c->fulfilled);
	troth_out_some_time(o, "reported", c->reported);
	troth_out_some_time(o, "settled", c->settled);
	if (c->evidence != TROTH_EVIDENCE_NONE)
		troth_out_text(o, "evidence", troth_evidence_name(c->evidence));
	troth_out_some_text(o, "reason", c->reason);
	troth_out_int(o, "acceptance_s", c->acceptance_ms / 1000);
	troth_out_bool(o, "sequenced", c->position != 0);
	troth_out_end_object(o);
}

/* ---- Promises ---- */

static bool is_unfinished(const struct troth_commitment *c)
{
	return troth_commitment_is_open(c->state) &&
	       c->state != TROTH_COMMITMENT_FULFILLED;
}

/* Computed, not a state: it may still be kept, but somebody should look. */
static bool at_risk(const struct troth_render *r, const struct troth_subject *s,
		    const struct troth_promise *p)
{
	if (p->state != TROTH_PROMISE_ACTIVE && p->state != TROTH_PROMISE_REOPENED)
		return false;
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (!troth_id_eq(&c->promise, &p->id))
			continue;
		if (c->state == TROTH_COMMITMENT_VIOLATED ||
		    c->state == TROTH_COMMITMENT_DECLINED)
			return true;
		if (is_unfinished(c) && (c->due.ms - r->now.ms < TROTH_AT_RISK_MS ||
					 p->due.ms - r->now.ms < TROTH_AT_RISK_MS))
			return true;
		if (troth_commitment_unacknowledged(c) && c->ack_due.ms != 0 &&
		    c->ack_due.ms < r->now.ms)
			return true;
	}
	return false;
}

static void out_flags(struct troth_out *o, uint32_t flags)
{
	troth_out_array(o, "flags");
	if ((flags & TROTH_FLAG_OVER_AUTHORITY) != 0)
		troth_out_text(o, NULL, "over_authority");
	if ((flags & TROTH_FLAG_DUE_PASSED) != 0)
		troth_out_text(o, NULL, "due_passed");
	if ((flags & TROTH_FLAG_SUBJECT_CLOSED) != 0)
		troth_out_text(o, NULL, "subject_closed");
	troth_out_end_array(o);
}

/* Towards the customer it is never anybody else, whoever made the promise. */
static void out_debtor(const struct troth_render *r, struct troth_out *o)
{
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;

	troth_state_lookup(&lookup, &(struct troth_source){ .t = r->t }, brand);
	troth_out_text(o, "debtor", brand);
}

static void out_made_by(struct troth_out *o, const struct troth_promise *p)
{
	troth_out_object(o, "made_by");
	troth_out_text(o, "party", p->party);
	troth_out_some_text(o, "site", p->site);
	troth_out_some_text(o, "actor", p->actor);
	troth_out_end_object(o);
}

static void out_promise_members(const struct troth_render *r, struct troth_out *o,
				const struct troth_view *v, const struct troth_promise *p)
{
	const struct troth_subject *s = &v->subject;
	struct troth_personal personal;

	out_id(o, TROTH_ID_PROMISE, &p->id);
	troth_out_id(o, "subject", kind_of(s), &s->id);
	troth_out_text(o, "customer", s->customer);
	troth_out_text(o, "state", troth_promise_state_name(p->state));
	troth_out_text(o, "kind", troth_kind_name(p->kind));
	if (r->personal && promise_personal(r, v, p, &personal)) {
		troth_out_some_text(o, "words", personal.words);
		troth_out_some_text(o, "language", personal.language);
		troth_out_some_text(o, "note", personal.note);
	}
	troth_out_some_text(o, "sku", p->sku);
	troth_out_some_int(o, "quantity", p->quantity);
	troth_out_some_int(o, "amount", p->amount);
	troth_out_some_text(o, "currency", p->currency);
	troth_out_time(o, "due", p->due);
	troth_out_time(o, "made", p->made);
	troth_out_some_time(o, "lapses", p->lapses);
	troth_out_some_time(o, "settled", p->settled);
	troth_out_some_text(o, "settle_reason", p->settle_reason);
	troth_out_text(o, "reason", p->reason);
	troth_out_some_int(o, "policy_version", (int64_t)p->policy_version);
	troth_out_some_text(o, "grant", p->grant);
	troth_out_some_text(o, "pool", p->pool);
	troth_out_some_int(o, "cost", p->cost);
	if (p->asked != 0)
		troth_render_asked(o, p->asked);
	if (!troth_id_is_zero(&p->recovers))
		troth_out_id(o, "recovers", TROTH_ID_RECOVERY, &p->recovers);
	troth_out_text(o, "channel", troth_channel_name(p->channel));
	out_flags(o, p->flags);
	out_debtor(r, o);
	out_made_by(o, p);
	troth_out_bool(o, "sequenced", p->position != 0);
	troth_out_bool(o, "at_risk", at_risk(r, s, p));
}

static void begin_promise(const struct troth_render *r, struct troth_out *o,
			  const char *key, const struct troth_view *v, unsigned i)
{
	const struct troth_subject *s = &v->subject;

	troth_out_object(o, key);
	out_promise_members(r, o, v, &s->promises[i]);
	troth_out_array(o, "commitments");
	for (unsigned k = 0; k < s->commitment_count; k++)
		if (troth_id_eq(&s->commitments[k].promise, &s->promises[i].id))
			out_commitment(o, NULL, &s->commitments[k]);
	troth_out_end_array(o);
}

void troth_render_promise(const struct troth_render *r, struct troth_out *o,
			  const char *key, const struct troth_view *v, unsigned i)
{
	begin_promise(r, o, key, v, i);
	troth_out_end_object(o);
}

/*
 * The most that the maker could have said without asking: what one promise may cost
 * by a grant that covers it, as far as its site's share of the pool does.
 */
static int64_t within_authority(const struct troth_promise *p,
				const struct troth_authority *a, struct troth_time now)
{
	int64_t best = 0;

	for (unsigned i = 0; i < a->grant_count; i++) {
		const struct troth_grant *g = &a->grants[i];
		int64_t most = g->most, left = 0;
		int s = troth_authority_share(a, p->site, g->pool);

		if (!troth_grant_covers(g, p->kind, p->sku, p->currency) ||
		    !troth_grant_in_force(g, now))
			continue;
		if (s >= 0 && !a->shares[s].frozen)
			left = troth_share_available(&a->shares[s]);
		if (g->pool[0] != '\0' && left < most)
			most = left;
		if (most > best)
			best = most;
	}
	return best;
}

void troth_render_approval(const struct troth_render *r, struct troth_out *o,
			   const struct troth_view *v, unsigned i,
			   const struct troth_authority *maker)
{
	const struct troth_promise *p = &v->subject.promises[i];
	int64_t most = maker != NULL ? within_authority(p, maker, r->now) : 0;

	begin_promise(r, o, NULL, v, i);
	if (most > 0 && most < troth_promise_cost(p->quantity, p->amount)) {
		troth_out_object(o, "suggested");
		troth_out_text(o, "kind", troth_kind_name(p->kind));
		troth_out_some_text(o, "sku", p->sku);
		troth_out_int(o, p->amount > 0 ? "amount" : "quantity", most);
		troth_out_some_text(o, "currency", p->currency);
		troth_out_end_object(o);
	}
	troth_out_end_object(o);
}

void troth_render_commitment(const struct troth_render *r, struct troth_out *o,
			     const char *key, const struct troth_view *v, unsigned i)
{
	const struct troth_subject *s = &v->subject;
	int p = troth_subject_promise(s, &s->commitments[i].promise);

	troth_out_object(o, key);
	out_commitment(o, "commitment", &s->commitments[i]);
	if (p >= 0) {
		troth_out_object(o, "promise");
		out_promise_members(r, o, v, &s->promises[p]);
		troth_out_end_object(o);
	}
	troth_out_end_object(o);
}

/* ---- Orders and cases ---- */

static void out_lines(struct troth_out *o, const struct troth_order *order)
{
	troth_out_array(o, "lines");
	for (unsigned i = 0; i < order->line_count; i++) {
		const struct troth_line *l = &order->lines[i];

		troth_out_object(o, NULL);
		troth_out_text(o, "sku", l->sku);
		troth_out_uint(o, "quantity", l->quantity);
		troth_out_some_int(o, "unit_price", l->unit_price);
		troth_out_some_text(o, "seller", l->seller);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

static void out_order(const struct troth_render *r, struct troth_out *o,
		      const struct troth_subject *s)
{
	const struct troth_order *order = &s->order;
	struct troth_personal p;

	troth_out_text(o, "state", troth_order_state_name(order->state));
	troth_out_uint(o, "version", order->version);
	troth_out_text(o, "seller", order->seller);
	troth_out_some_text(o, "carrier", order->carrier);
	troth_out_some_text(o, "currency", order->currency);
	troth_out_some_time(o, "deliver_by", order->deliver_by);
	troth_out_some_time(o, "placed", order->placed);
	troth_out_some_time(o, "shipped", order->shipped);
	troth_out_some_time(o, "delivered", order->delivered);
	troth_out_some_time(o, "cancelled", order->cancelled);
	troth_out_some_text(o, "cancel_reason", order->cancel_reason);
	out_lines(o, order);
	if (!r->personal || !placed_personal(r, &s->id, &p))
		return;
	troth_out_object(o, "personal");
	troth_out_some_text(o, "order_number", p.order_number);
	troth_out_some_text(o, "customer_name", p.customer_name);
	troth_out_some_text(o, "customer_phone", p.customer_phone);
	troth_out_some_text(o, "address", p.address);
	troth_out_some_text(o, "note", p.note);
	troth_out_end_object(o);
}

static void out_case(struct troth_out *o, const struct troth_case *c)
{
	troth_out_text(o, "state", troth_case_state_name(c->state));
	troth_out_text(o, "handler", c->handler);
	troth_out_text(o, "reason", c->reason);
	troth_out_some_text(o, "outcome", c->outcome);
	troth_out_some_time(o, "opened", c->opened);
	troth_out_some_time(o, "closed", c->closed);
}

static void out_links(struct troth_out *o, const struct troth_subject *s)
{
	bool order = s->kind == TROTH_SUBJECT_ORDER;

	troth_out_array(o, order ? "cases" : "orders");
	for (unsigned i = 0; i < s->link_count; i++) {
		troth_out_object(o, NULL);
		out_id(o, order ? TROTH_ID_CASE : TROTH_ID_ORDER, &s->links[i].id);
		troth_out_some_text(o, "vendor", s->links[i].vendor);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
	troth_out_array(o, "participants");
	for (unsigned i = 0; i < s->participant_count; i++) {
		troth_out_object(o, NULL);
		troth_out_text(o, "party", s->participants[i].party);
		troth_out_bool(o, "active", s->participants[i].active);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

void troth_render_subject(const struct troth_render *r, struct troth_out *o,
			  const char *key, const struct troth_view *v)
{
	const struct troth_subject *s = &v->subject;

	troth_out_object(o, key);
	out_id(o, kind_of(s), &s->id);
	troth_out_text(o, "customer", s->customer);
	if (s->kind == TROTH_SUBJECT_ORDER)
		out_order(r, o, s);
	else
		out_case(o, &s->cas);
	out_links(o, s);
	troth_out_array(o, "promises");
	for (unsigned i = 0; i < s->promise_count; i++)
		troth_render_promise(r, o, NULL, v, i);
	troth_out_end_array(o);
	troth_out_array(o, "alarms");
	for (unsigned i = 0; i < s->alarm_count; i++)
		troth_render_alarm(o, NULL, s, i);
	troth_out_end_array(o);
	troth_out_array(o, "recoveries");
	for (unsigned i = 0; i < s->recovery_count; i++)
		troth_render_recovery(r, o, NULL, v, i);
	troth_out_end_array(o);
	troth_out_uint(o, "revision", s->revision);
	troth_out_uint(o, "etag", troth_view_etag(v));
	troth_render_freshness(r, o, v->pending);
	troth_out_end_object(o);
}

/* ---- Known by ---- */

static void out_stage(struct troth_out *o, const char *key, struct troth_time at)
{
	if (at.ms != 0)
		troth_out_time(o, key, at);
	else
		troth_out_null(o, key);
}

/* When the event was saved at its gateway, and when central took it. */
static void out_made(const struct troth_render *r, struct troth_out *o,
		     const struct troth_view *v, const struct troth_promise *p)
{
	struct troth_time saved = { 0 }, sequenced = { 0 };
	struct troth_span bytes, blob;
	struct troth_entry entry;
	struct troth_event e;
	struct troth_why why;

	if (p->position == 0) {
		if (pending_event(r, &v->subject.id, &p->id, &e, &blob))
			saved = e.created;
	} else if (troth_query_entry(r->t, p->position, &bytes, &blob) &&
		   troth_entry_decode(&entry, bytes, &why) == TROTH_OK &&
		   troth_body_decode(&e, entry.body, &why) == TROTH_OK) {
		saved = e.created;
		sequenced = entry.accepted;
	}
	out_stage(o, "saved", saved);
	out_stage(o, "sequenced", sequenced);
	if (p->position != 0)
		troth_out_uint(o, "position", p->position);
}

/* Sites that receive for an active participant: its operator's, or its own. */
static bool site_takes_part(const struct troth_render *r, const struct troth_subject *s,
			    const struct troth_site *site)
{
	char feed[TROTH_PARTY_MAX + 1];

	for (unsigned i = 0; i < s->participant_count; i++) {
		if (!s->participants[i].active)
			continue;
		troth_state_feed_party(r->t, s->participants[i].party, feed);
		if (strcmp(feed, site->party) == 0)
			return true;
	}
	return false;
}

void troth_render_known_by(const struct troth_render *r, struct troth_out *o,
			   const char *key, const struct troth_view *v, unsigned i)
{
	const struct troth_subject *s = &v->subject;
	const struct troth_promise *p = &s->promises[i];
	struct troth_site site = { .origin = "" };

	troth_out_object(o, key);
	out_made(r, o, v, p);
	troth_out_array(o, "received");
	while (troth_query_next_site(r->t, site.origin, &site)) {
		if (!site_takes_part(r, s, &site))
			continue;
		troth_out_object(o, NULL);
		troth_out_text(o, "party", site.party);
		troth_out_text(o, "site", site.site);
		out_stage(o, "at",
			  p->position == 0
				  ? (struct troth_time){ 0 }
				  : troth_query_received(r->t, site.origin, p->position));
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
	troth_out_array(o, "acknowledged");
	for (unsigned k = 0; k < s->commitment_count; k++) {
		const struct troth_commitment *c = &s->commitments[k];
		struct troth_id id = troth_commitment_id(c);

		if (!troth_id_eq(&c->promise, &p->id))
			continue;
		troth_out_object(o, NULL);
		troth_out_id(o, "commitment", TROTH_ID_COMMITMENT, &id);
		troth_out_text(o, "party", c->debtor);
		out_stage(o, "at", c->acknowledged);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
	troth_out_end_object(o);
}
