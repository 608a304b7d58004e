#include "troth/state/state.h"

#include "given.h"
#include "watched.h"

#include "troth/base/text.h"
#include "troth/core/commitment.h"
#include "troth/state/key.h"

#include <string.h>

#define EMPTY TROTH_SPAN_NONE

/* ---- Subjects ---- */

bool troth_state_load(struct troth_txn *t, unsigned table, const struct troth_id *id,
		      enum troth_subject_kind kind, struct troth_subject *s)
{
	struct troth_span value;
	char hex[2 * TROTH_ID_LEN + 1];

	if (!troth_txn_get(t, table, troth_id_span(id), &value)) {
		troth_subject_init(s, kind, id);
		return false;
	}
	if (troth_subject_decode(s, value))
		return true;
	troth_hex(hex, id->b, TROTH_ID_LEN);
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "subjects: record of %s", hex);
	troth_subject_init(s, kind, id);
	return false;
}

static struct troth_indexed_promise promise_now(const struct troth_promise *p)
{
	struct troth_indexed_promise now = {
		.id = p->id,
		.listed = !troth_promise_is_mere_offer(p->state, p->asked),
		.closed = !troth_promise_is_open(p->state),
		.due = p->due,
		.given = given_counts(p),
	};

	if (p->state == TROTH_PROMISE_PENDING_APPROVAL)
		now.asked = p->lapses;

	if (now.given) {
		now.written = p->written;
		now.cost = p->cost;
		TROTH_TEXT_SET(now.party, p->party);
		TROTH_TEXT_SET(now.grant, p->grant);
	}
	return now;
}

static struct troth_indexed_commitment commitment_now(const struct troth_subject *s,
						      const struct troth_commitment *c)
{
	int promise = troth_subject_promise(s, &c->promise);
	struct troth_indexed_commitment now = {
		.id = troth_commitment_id(c),
		.listed = promise < 0 ||
			  !troth_promise_is_mere_offer(s->promises[promise].state,
						       s->promises[promise].asked),
		.closed = !troth_commitment_is_open(c->state),
		.due = c->due,
	};

	TROTH_TEXT_SET(now.debtor, c->debtor);
	return now;
}

void troth_state_indexed(const struct troth_subject *s, struct troth_indexed *out)
{
	TROTH_TEXT_SET(out->customer, s->customer);
	out->promise_count = s->promise_count;
	for (unsigned i = 0; i < s->promise_count; i++)
		out->promises[i] = promise_now(&s->promises[i]);
	out->commitment_count = s->commitment_count;
	for (unsigned i = 0; i < s->commitment_count; i++)
		out->commitments[i] = commitment_now(s, &s->commitments[i]);
	watched_indexed(s, out);
}

/* Keys of what is in an index; empty for what is not. */
static struct troth_key promise_key(const struct troth_indexed_promise *p)
{
	struct troth_key k = { .len = 0 };

	if (p == NULL || !p->listed)
		return k;
	troth_key_u8(&k, p->closed);
	troth_key_u64(&k, (uint64_t)p->due.ms);
	troth_key_id(&k, &p->id);
	return k;
}

static struct troth_key asked_key(const struct troth_indexed_promise *p)
{
	struct troth_key k = { .len = 0 };

	if (p == NULL || p->asked.ms == 0)
		return k;
	troth_key_u64(&k, (uint64_t)p->asked.ms);
	troth_key_id(&k, &p->id);
	return k;
}

static struct troth_key debt_key(const struct troth_indexed_commitment *c)
{
	struct troth_key k = { .len = 0 };

	if (c == NULL || !c->listed)
		return k;
	troth_key_text(&k, c->debtor);
	troth_key_u8(&k, c->closed);
	troth_key_u64(&k, (uint64_t)c->due.ms);
	troth_key_id(&k, &c->id);
	return k;
}

static struct troth_key customer_key(const char *customer, const struct troth_id *id)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, customer);
	troth_key_id(&k, id);
	return k;
}

/* Nearly always a thing stands where it stood before, so `hint` is tried first. */
static int promise_before(const struct troth_indexed *in, const struct troth_id *id,
			  unsigned hint)
{
	if (hint < in->promise_count && troth_id_eq(&in->promises[hint].id, id))
		return (int)hint;
	for (unsigned i = 0; i < in->promise_count; i++)
		if (troth_id_eq(&in->promises[i].id, id))
			return (int)i;
	return -1;
}

static int commitment_before(const struct troth_indexed *in, const struct troth_id *id,
			     unsigned hint)
{
	if (hint < in->commitment_count && troth_id_eq(&in->commitments[hint].id, id))
		return (int)hint;
	for (unsigned i = 0; i < in->commitment_count; i++)
		if (troth_id_eq(&in->commitments[i].id, id))
			return (int)i;
	return -1;
}

/* A row of an index by time goes from one key to another; an empty key: none. */
static void move_row(struct troth_txn *t, unsigned table, const struct troth_key *was,
		     const struct troth_key *is, const struct troth_id *subject)
{
	if (troth_span_eq(troth_key_span(was), troth_key_span(is)))
		return;
	if (was->len > 0)
		(void)troth_txn_del(t, table, troth_key_span(was));
	if (is->len > 0)
		troth_txn_put(t, table, troth_key_span(is), troth_id_span(subject));
}

/* ASKED and PROMISES; NULL: there was, or is, no such promise. */
static void move_promise(struct troth_txn *t, const struct troth_indexed_promise *before,
			 const struct troth_indexed_promise *now,
			 const struct troth_id *subject)
{
	struct troth_key was = asked_key(before), is = asked_key(now);

	move_row(t, TROTH_T_ASKED, &was, &is, subject);
	was = promise_key(before);
	is = promise_key(now);
	move_row(t, TROTH_T_PROMISES, &was, &is, subject);
}

static void reindex_promises(struct troth_txn *t, const struct troth_indexed *before,
			     const struct troth_subject *s)
{
	bool stays[TROTH_PROMISES_MAX] = { false };

	for (unsigned i = 0; i < s->promise_count; i++) {
		struct troth_indexed_promise p = promise_now(&s->promises[i]);
		int was = promise_before(before, &p.id, i);
		const struct troth_indexed_promise *old = was >= 0
								  ? &before->promises[was]
								  : NULL;

		if (old != NULL)
			stays[was] = true;
		else
			troth_txn_put(t, TROTH_T_ITEMS, troth_id_span(&p.id),
				      troth_id_span(&s->id));
		given_move(t, old != NULL ? before->customer : "", old, s, &p);
		move_promise(t, old, &p, &s->id);
	}
	for (unsigned i = 0; i < before->promise_count; i++)
		if (!stays[i]) {
			const struct troth_indexed_promise *old = &before->promises[i];

			given_move(t, before->customer, old, s, NULL);
			move_promise(t, old, NULL, &s->id);
			(void)troth_txn_del(t, TROTH_T_ITEMS, troth_id_span(&old->id));
		}
}

/* DEBTS, likewise. */
static void move_debt(struct troth_txn *t, const struct troth_indexed_commitment *before,
		      const struct troth_indexed_commitment *now,
		      const struct troth_id *subject)
{
	struct troth_key was = debt_key(before), is = debt_key(now);

	move_row(t, TROTH_T_DEBTS, &was, &is, subject);
}

static void reindex_commitments(struct troth_txn *t, const struct troth_indexed *before,
				const struct troth_subject *s)
{
	bool stays[TROTH_COMMITMENTS_MAX] = { false };

	for (unsigned i = 0; i < s->commitment_count; i++) {
		struct troth_indexed_commitment c = commitment_now(s, &s->commitments[i]);
		int was = commitment_before(before, &c.id, i);

		if (was >= 0)
			stays[was] = true;
		move_debt(t, was >= 0 ? &before->commitments[was] : NULL, &c, &s->id);
	}
	for (unsigned i = 0; i < before->commitment_count; i++)
		if (!stays[i])
			move_debt(t, &before->commitments[i], NULL, &s->id);
}

void troth_state_reindex(struct troth_txn *t, const struct troth_indexed *before,
			 const struct troth_subject *s)
{
	struct troth_key k;

	if (strcmp(before->customer, s->customer) != 0) {
		if (before->customer[0] != '\0') {
			k = customer_key(before->customer, &s->id);
			(void)troth_txn_del(t, TROTH_T_CUSTOMERS, troth_key_span(&k));
		}
		if (s->customer[0] != '\0') {
			k = customer_key(s->customer, &s->id);
			troth_txn_put(t, TROTH_T_CUSTOMERS, troth_key_span(&k), EMPTY);
		}
	}
	reindex_promises(t, before, s);
	reindex_commitments(t, before, s);
	watched_reindex(t, before, s);
}

bool troth_state_item_elsewhere(struct troth_txn *t, const struct troth_event *e)
{
	const struct troth_id *id = e->type == TROTH_EVENT_PROMISE_MADE ? &e->u.promise.id
				    : e->type == TROTH_EVENT_COMPLAINT ? &e->u.recovery.id
				    : e->type == TROTH_EVENT_ALARM_RAISED ? &e->id
									  : NULL;
	struct troth_span subject;

	return id != NULL &&
	       troth_txn_get(t, TROTH_T_ITEMS, troth_id_span(id), &subject) &&
	       !troth_span_eq(subject, troth_id_span(&e->subject));
}

void troth_state_index_number(struct troth_txn *t, const struct troth_id *order,
			      const char *number)
{
	struct troth_key k = { .len = 0 };

	if (number[0] == '\0')
		return;
	troth_key_text(&k, number);
	troth_key_id(&k, order);
	troth_txn_put(t, TROTH_T_NUMBERS, troth_key_span(&k), EMPTY);
}

/* ---- Spends ---- */

/* The last byte of a record: freed or not, and above that why it was flagged. */
#define SPEND_FREED         1u
#define SPEND_FLAGGED_SHIFT 1
_Static_assert(TROTH_REASON_LAST < 128, "a reason has seven bits");

/* Beside the row of the promise: whoever writes the one writes the other. */
static struct troth_key spend_key(const struct troth_id *promise)
{
	struct troth_key k = { .len = 0 };

	troth_key_id(&k, promise);
	troth_key_u8(&k, 's');
	return k;
}

bool troth_state_spend(struct troth_txn *t, const struct troth_id *promise,
		       struct troth_spend *out)
{
	struct troth_key k = spend_key(promise);
	struct troth_reader r;
	struct troth_span v;
	uint8_t bits;

	if (!troth_txn_get(t, TROTH_T_ITEMS, troth_key_span(&k), &v))
		return false;
	r = troth_reader(v);
	troth_read_text(&r, out->party, sizeof(out->party));
	troth_read_text(&r, out->site, sizeof(out->site));
	troth_read_text(&r, out->pool, sizeof(out->pool));
	out->amount = (int64_t)troth_read_u64be(&r);
	bits = troth_read_u8(&r);
	out->freed = (bits & SPEND_FREED) != 0;
	out->flagged = (enum troth_reason)(bits >> SPEND_FLAGGED_SHIFT);
	if (!troth_read_done(&r))
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "items: what was spent");
	return troth_read_done(&r);
}

void troth_state_set_spend(struct troth_txn *t, const struct troth_id *promise,
			   const struct troth_spend *s)
{
	struct troth_key k = spend_key(promise);
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put_text(&b, s->party);
	troth_buf_put_text(&b, s->site);
	troth_buf_put_text(&b, s->pool);
	troth_buf_put_u64be(&b, (uint64_t)s->amount);
	troth_buf_put_u8(&b, (uint8_t)((unsigned)s->flagged << SPEND_FLAGGED_SHIFT |
				       (s->freed ? SPEND_FREED : 0)));
	troth_txn_put_buf(t, TROTH_T_ITEMS, troth_key_span(&k), &b);
	troth_buf_fini(&b);
}

void troth_state_forget_spend(struct troth_txn *t, const struct troth_id *promise)
{
	struct troth_key k = spend_key(promise);

	(void)troth_txn_del(t, TROTH_T_ITEMS, troth_key_span(&k));
}

/* ---- Numbers ---- */

uint64_t troth_state_last_number(struct troth_txn *t, unsigned table)
{
	struct troth_cursor c;
	uint64_t n = 0;

	troth_cursor_open(&c, t, table);
	if (troth_cursor_last(&c) && c.key.len == 8)
		n = troth_load_u64be(c.key.data);
	troth_cursor_close(&c);
	return n;
}

uint64_t troth_state_meta(struct troth_txn *t, const char *key)
{
	struct troth_span value;

	if (!troth_txn_get(t, TROTH_T_META, troth_span_str(key), &value) ||
	    value.len != 8)
		return 0;
	return troth_load_u64be(value.data);
}

void troth_state_set_meta(struct troth_txn *t, const char *key, uint64_t value)
{
	uint8_t bytes[8];

	troth_store_u64be(bytes, value);
	troth_txn_put(t, TROTH_T_META, troth_span_str(key), troth_span(bytes, 8));
}

static struct troth_key lapsed_key(const struct troth_id *subject)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, "lapsed");
	troth_key_id(&k, subject);
	return k;
}

uint64_t troth_state_lapsed(struct troth_txn *t, const struct troth_id *subject)
{
	struct troth_key k = lapsed_key(subject);
	struct troth_span v;

	if (!troth_txn_get(t, TROTH_T_META, troth_key_span(&k), &v) || v.len != 8)
		return 0;
	return troth_load_u64be(v.data);
}

void troth_state_add_lapsed(struct troth_txn *t, const struct troth_id *subject)
{
	struct troth_key k = lapsed_key(subject);
	uint8_t bytes[8];

	troth_store_u64be(bytes, troth_state_lapsed(t, subject) + 1);
	troth_txn_put(t, TROTH_T_META, troth_key_span(&k), troth_span(bytes, 8));
}
