/*
 * codec - the stored form of a subject's state (doc/disk-format.md, "state").
 *
 * Every field is written in the order of struct troth_subject: numbers as
 * unsigned LEB128, text as a length byte and its bytes, ids and digests as they
 * are. There is exactly one encoding of a state; the digest depends on it.
 */
#include "codec.h"

#include "troth/base/mutant.h"
#include "troth/core/subject.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define FORMAT 3

static void put_order(struct pen *b, const struct troth_order *o)
{
	put_uint(b, o->state);
	put_uint(b, o->version);
	put_text(b, o->seller);
	put_text(b, o->carrier);
	put_text(b, o->currency);
	put_time(b, o->deliver_by);
	put_time(b, o->placed);
	put_time(b, o->shipped);
	put_time(b, o->delivered);
	put_time(b, o->cancelled);
	put_text(b, o->cancel_reason);
	put_uint(b, o->line_count);
	for (unsigned i = 0; i < o->line_count; i++) {
		put_text(b, o->lines[i].sku);
		put_uint(b, o->lines[i].quantity);
		put_uint(b, (uint64_t)o->lines[i].unit_price);
		put_text(b, o->lines[i].seller);
	}
}

static void get_order(struct troth_reader *r, struct troth_order *o)
{
	o->state = (enum troth_order_state)get_count(r, TROTH_ORDER_CANCELLED);
	o->version = get_count(r, UINT32_MAX);
	GET_TEXT(r, o->seller);
	GET_TEXT(r, o->carrier);
	GET_TEXT(r, o->currency);
	o->deliver_by = get_time(r);
	o->placed = get_time(r);
	o->shipped = get_time(r);
	o->delivered = get_time(r);
	o->cancelled = get_time(r);
	GET_TEXT(r, o->cancel_reason);
	o->line_count = get_count(r, TROTH_LINES_MAX);
	for (unsigned i = 0; i < o->line_count; i++) {
		GET_TEXT(r, o->lines[i].sku);
		o->lines[i].quantity = get_count(r, UINT32_MAX);
		o->lines[i].unit_price = (int64_t)get_uint(r);
		GET_TEXT(r, o->lines[i].seller);
	}
}

static void put_case(struct pen *b, const struct troth_case *c)
{
	put_uint(b, c->state);
	put_text(b, c->handler);
	put_text(b, c->reason);
	put_text(b, c->outcome);
	put_time(b, c->opened);
	put_time(b, c->closed);
	put_uint(b, c->policy_version);
	put_time(b, c->touched);
	put_uint(b, c->untouched);
}

static void get_case(struct troth_reader *r, struct troth_case *c)
{
	c->state = (enum troth_case_state)get_count(r, TROTH_CASE_CLOSED);
	GET_TEXT(r, c->handler);
	GET_TEXT(r, c->reason);
	GET_TEXT(r, c->outcome);
	c->opened = get_time(r);
	c->closed = get_time(r);
	c->policy_version = get_uint(r);
	c->touched = get_time(r);
	c->untouched = get_count(r, 1) == 1;
}

static void put_promise(struct pen *b, const struct troth_promise *p)
{
	put_id(b, &p->id);
	put_uint(b, p->state);
	put_uint(b, p->flags);
	put_uint(b, p->kind);
	put_uint(b, p->channel);
	put_text(b, p->sku);
	put_uint(b, p->quantity);
	put_uint(b, (uint64_t)p->amount);
	put_text(b, p->currency);
	put_text(b, p->reason);
	put_uint(b, p->policy_version);
	put_text(b, p->party);
	put_text(b, p->site);
	put_text(b, p->actor);
	put_time(b, p->made);
	put_time(b, p->due);
	put_time(b, p->lapses);
	put_time(b, p->settled);
	put_uint(b, p->position);
	put_text(b, p->settle_reason);
	put_text(b, p->grant);
	put_text(b, p->pool);
	put_uint(b, (uint64_t)p->cost);
	put_time(b, p->written.created);
	put_time(b, p->written.accepted);
	put_uint(b, p->written.heard);
	put_uint(b, p->asked);
	put_id(b, &p->recovers);
	put_uint(b, p->alarmed);
	put_uint(b, p->reopened_after);
	put_uint(b, p->reopened);
	put_uint(b, p->commitment_count);
}

static void get_promise(struct troth_reader *r, struct troth_promise *p)
{
	get_id(r, &p->id);
	p->state = (enum troth_promise_state)get_count(r, TROTH_PROMISE_STATE_LAST);
	p->flags = get_count(r, UINT32_MAX);
	p->kind = (enum troth_kind)get_count(r, TROTH_KIND_LAST);
	p->channel = (enum troth_channel)get_count(r, TROTH_CHANNEL_LAST);
	GET_TEXT(r, p->sku);
	p->quantity = get_count(r, UINT32_MAX);
	p->amount = (int64_t)get_uint(r);
	GET_TEXT(r, p->currency);
	GET_TEXT(r, p->reason);
	p->policy_version = get_uint(r);
	GET_TEXT(r, p->party);
	GET_TEXT(r, p->site);
	GET_TEXT(r, p->actor);
	p->made = get_time(r);
	p->due = get_time(r);
	p->lapses = get_time(r);
	p->settled = get_time(r);
	p->position = get_uint(r);
	GET_TEXT(r, p->settle_reason);
	GET_TEXT(r, p->grant);
	GET_TEXT(r, p->pool);
	p->cost = (int64_t)get_uint(r);
	p->written.created = get_time(r);
	p->written.accepted = get_time(r);
	p->written.heard = get_uint(r);
	p->asked = get_count(r, UINT32_MAX);
	get_id(r, &p->recovers);
	p->alarmed = get_count(r, UINT32_MAX);
	p->reopened_after = get_count(r, 255);
	p->reopened = get_count(r, UINT32_MAX);
	p->commitment_count = get_count(r, 255);
}

static void put_commitment(struct pen *b, const struct troth_commitment *c)
{
	put_id(b, &c->promise);
	put_uint(b, c->ordinal);
	put_uint(b, c->state);
	put_uint(b, c->before);
	put_uint(b, c->action);
	put_uint(b, c->evidence);
	put_text(b, c->debtor);
	put_text(b, c->delegate);
	put_text(b, c->creditor);
	put_text(b, c->reason);
	put_time(b, c->due);
	put_time(b, c->counter_due);
	put_time(b, c->ack_due);
	put_time(b, c->ack_overdue);
	put_time(b, c->acknowledged);
	put_time(b, c->held);
	put_time(b, c->fulfilled);
	put_time(b, c->reported);
	put_time(b, c->settled);
	put_uint(b, (uint64_t)c->acceptance_ms);
	put_uint(b, c->position);
	put_uint(b, c->alarmed);
	put_time(b, c->requested);
	put_uint(b, c->reopened);
}

static void get_commitment(struct troth_reader *r, struct troth_commitment *c)
{
	get_id(r, &c->promise);
	c->ordinal = (uint8_t)get_count(r, 255);
	c->state = (enum troth_commitment_state)get_count(r, TROTH_COMMITMENT_STATE_LAST);
	c->before = (enum troth_commitment_state)get_count(r,
							   TROTH_COMMITMENT_STATE_LAST);
	c->action = (enum troth_action)get_count(r, TROTH_ACTION_LAST);
	c->evidence = (enum troth_evidence)get_count(r, TROTH_EVIDENCE_LAST);
	GET_TEXT(r, c->debtor);
	GET_TEXT(r, c->delegate);
	GET_TEXT(r, c->creditor);
	GET_TEXT(r, c->reason);
	c->due = get_time(r);
	c->counter_due = get_time(r);
	c->ack_due = get_time(r);
	c->ack_overdue = get_time(r);
	c->acknowledged = get_time(r);
	c->held = get_time(r);
	c->fulfilled = get_time(r);
	c->reported = get_time(r);
	c->settled = get_time(r);
	c->acceptance_ms = (int64_t)get_uint(r);
	c->position = get_uint(r);
	c->alarmed = get_count(r, UINT32_MAX);
	c->requested = get_time(r);
	c->reopened = get_count(r, UINT32_MAX);
}

static void put_subject(struct pen *b, const struct troth_subject *s)
{
	*b->at++ = FORMAT;
	put_uint(b, s->kind);
	put_id(b, &s->id);
	put_uint(b, s->revision);
	put_uint(b, s->position);
	put_time(b, s->changed);
	put_text(b, s->customer);
	if (s->kind == TROTH_SUBJECT_ORDER)
		put_order(b, &s->order);
	if (s->kind == TROTH_SUBJECT_CASE)
		put_case(b, &s->cas);
	if (s->kind == TROTH_SUBJECT_AUTHORITY)
		troth_put_authority(b, &s->authority);
	put_uint(b, s->link_count);
	for (unsigned i = 0; i < s->link_count; i++) {
		put_id(b, &s->links[i].id);
		put_text(b, s->links[i].vendor);
	}
	put_uint(b, s->participant_count);
	for (unsigned i = 0; i < s->participant_count; i++) {
		put_text(b, s->participants[i].party);
		put_uint(b, s->participants[i].active);
		put_uint(b, s->participants[i].left);
	}
	put_uint(b, s->promise_count);
	for (unsigned i = 0; i < s->promise_count; i++)
		put_promise(b, &s->promises[i]);
	put_uint(b, s->commitment_count);
	for (unsigned i = 0; i < s->commitment_count; i++)
		put_commitment(b, &s->commitments[i]);
	troth_alarms_encode(b, s);
	troth_recoveries_encode(b, s);
}

/* No encoding is longer: numbers have up to 10 bytes where the struct has 4 or 8. */
static size_t longest(const struct troth_subject *s)
{
	return offsetof(struct troth_order, lines) + sizeof(struct troth_case) + 1024 +
	       troth_longest_authority(&s->authority) +
	       s->order.line_count * (sizeof(struct troth_line) + 16) +
	       s->link_count * sizeof(struct troth_link) +
	       s->participant_count * (sizeof(struct troth_participant) + 8) +
	       s->promise_count * (sizeof(struct troth_promise) + 64) +
	       s->commitment_count * (sizeof(struct troth_commitment) + 64) +
	       troth_longest_recoveries(s);
}

void troth_subject_encode(const struct troth_subject *s, struct troth_buf *out)
{
	size_t max = longest(s), start = out->len;
	struct pen pen = { troth_buf_grow(out, max) };

	if (pen.at == NULL)
		return;
	put_subject(&pen, s);
	out->len = (size_t)(pen.at - out->data);
	assert(out->len - start <= max);
}

/* What all subjects begin with. */
struct head {
	struct troth_digest digest;
	enum troth_subject_kind kind;
	struct troth_id id;
	uint64_t revision, position;
	struct troth_time changed;
	char customer[TROTH_CUSTOMER_MAX + 1];
};

static bool get_head(struct troth_reader *r, struct head *h)
{
	troth_read_bytes(r, h->digest.b, sizeof(h->digest.b));
	if (troth_read_u8(r) != FORMAT)
		return false;
	h->kind = (enum troth_subject_kind)get_count(r, TROTH_SUBJECT_LAST);
	get_id(r, &h->id);
	h->revision = get_uint(r);
	h->position = get_uint(r);
	h->changed = get_time(r);
	GET_TEXT(r, h->customer);
	return true;
}

bool troth_subject_customer(struct troth_span record, enum troth_subject_kind kind,
			    char out[TROTH_CUSTOMER_MAX + 1])
{
	struct troth_reader r = troth_reader(record);
	struct head h;

	if (!get_head(&r, &h) || r.failed || h.kind != kind || h.customer[0] == '\0')
		return false;
	memcpy(out, h.customer, sizeof(h.customer));
	return true;
}

bool troth_subject_decode(struct troth_subject *s, struct troth_span record)
{
	struct troth_reader r = troth_reader(record);
	struct head h;

	if (!get_head(&r, &h))
		return false;
	s->digest = h.digest;
	s->kind = h.kind;
	s->id = h.id;
	s->revision = h.revision;
	s->position = h.position;
	s->changed = h.changed;
	memcpy(s->customer, h.customer, sizeof(h.customer));
	s->order.line_count = 0;
	s->authority.pool_count = s->authority.grant_count = s->authority.share_count = 0;
	if (s->kind == TROTH_SUBJECT_ORDER)
		get_order(&r, &s->order);
	if (s->kind == TROTH_SUBJECT_CASE)
		get_case(&r, &s->cas);
	if (s->kind == TROTH_SUBJECT_AUTHORITY)
		troth_get_authority(&r, &s->authority);
	s->link_count = get_count(&r, TROTH_LINKS_MAX);
	for (unsigned i = 0; i < s->link_count; i++) {
		get_id(&r, &s->links[i].id);
		GET_TEXT(&r, s->links[i].vendor);
	}
	s->participant_count = get_count(&r, TROTH_PARTICIPANTS_MAX);
	for (unsigned i = 0; i < s->participant_count; i++) {
		GET_TEXT(&r, s->participants[i].party);
		s->participants[i].active = get_count(&r, 1) == 1;
		s->participants[i].left = get_uint(&r);
	}
	s->promise_count = get_count(&r, TROTH_PROMISES_MAX);
	for (unsigned i = 0; i < s->promise_count; i++)
		get_promise(&r, &s->promises[i]);
	s->commitment_count = get_count(&r, TROTH_COMMITMENTS_MAX);
	for (unsigned i = 0; i < s->commitment_count; i++)
		get_commitment(&r, &s->commitments[i]);
	troth_alarms_decode(&r, s);
	troth_recoveries_decode(&r, s);
	return troth_read_done(&r);
}

void troth_subject_seal(struct troth_subject *s, const struct troth_digest *leaf,
			struct troth_buf *out)
{
	size_t start = out->len;
	uint8_t *digest = troth_buf_grow(out, TROTH_DIGEST_LEN);

	troth_subject_encode(s, out);
	if (digest == NULL || out->failed)
		return;

	struct troth_span parts[] = {
		troth_digest_span(&s->digest),
		troth_digest_span(leaf),
		troth_span(out->data + start + TROTH_DIGEST_LEN,
			   out->len - start - TROTH_DIGEST_LEN),
	};
	troth_sha256(&s->digest, parts,
		     TROTH_LEN(parts) - TROTH_MUTANT(digest_is_without_state));
	/* The buffer may have moved while the state was appended. */
	memcpy(out->data + start, s->digest.b, TROTH_DIGEST_LEN);
}
