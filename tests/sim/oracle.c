/* The oracle at the doors: what is told, sent and kept, as it happens. */
#include "book.h"

#include "troth/core/chain.h"
#include "troth/state/key.h"
#include "troth/wire/bus.h"

#include <stdlib.h>
#include <string.h>

struct oracle *oracle_new(void)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->before = calloc(1, sizeof(*o->before));
	if (o->before == NULL)
		abort();
	o->book = book_new();
	return o;
}

void oracle_free(struct oracle *o)
{
	for (unsigned i = 0; i < o->subject_count; i++) {
		free(o->subjects[i].s);
		free(o->subjects[i].digests);
		free(o->subjects[i].positions);
	}
	oracle_forget_policies(o);
	book_free(o->book);
	free(o->entries);
	free(o->told);
	free(o->before);
	free(o);
}

uint64_t oracle_size(const struct sim *s)
{
	return s->oracle->count;
}

uint64_t oracle_visible(const struct sim *s, const struct node *n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s->oracle->count; i++)
		count += s->oracle->entries[i].to[n->number] != NOT_GIVEN;
	return count;
}

unsigned oracle_policies(const struct sim *s)
{
	return s->oracle->policy_count;
}

bool oracle_has_party(const struct sim *s, const char *party)
{
	for (unsigned i = 0; i < s->oracle->party_count; i++)
		if (strcmp(s->oracle->parties[i].party, party) == 0)
			return true;
	return false;
}

bool oracle_knows_order(const struct sim *s, const struct troth_id *id)
{
	const struct known_subject *k = oracle_subject(s->oracle, id);

	return k != NULL && k->s->kind == TROTH_SUBJECT_ORDER &&
	       troth_subject_exists(k->s);
}

static const struct troth_party *party_of(const struct sim *s, const char *party)
{
	for (unsigned i = 0; i < s->oracle->party_count; i++)
		if (strcmp(s->oracle->parties[i].party, party) == 0)
			return &s->oracle->parties[i];
	return NULL;
}

bool oracle_feeds(const struct sim *s, const struct node *n, const char *party)
{
	const struct troth_party *p = party_of(s, party);

	return p != NULL &&
	       strcmp(p->operator_party[0] != '\0' ? p->operator_party : p->party,
		      n->feed_party) == 0;
}

bool oracle_may_find(const struct sim *s, const struct node *n, const struct troth_id *id,
		     bool once)
{
	const struct known_subject *k = oracle_subject(s->oracle, id);
	const struct troth_party *p = party_of(s, n->party);

	if (p != NULL && (p->role == TROTH_ROLE_VENDOR || p->role == TROTH_ROLE_BRAND))
		return true;
	for (unsigned i = 0; k != NULL && i < k->s->participant_count; i++)
		if ((once || k->s->participants[i].active) &&
		    oracle_feeds(s, n, k->s->participants[i].party))
			return true;
	return false;
}

static bool entry_at(struct troth_txn *t, uint64_t position, struct troth_span *out)
{
	uint8_t key[8];

	troth_store_u64be(key, position - 1);
	return troth_txn_get(t, TROTH_T_ENTRIES, troth_span(key, 8), out);
}

static void sound(struct sim *s, const struct node *n, struct troth_txn *t)
{
	struct troth_why why = { "" };

	if (troth_txn_commit(t, &why) != TROTH_OK)
		sim_fail(s, "store", "node %u: %s", n->number, why.text);
}

/* ---- Central's disk ---- */

void oracle_central(struct sim *s)
{
	struct node *n = &s->nodes[0];
	struct oracle *o = s->oracle;
	struct troth_span bytes;
	struct troth_txn t;
	uint64_t size;

	if (s->window)
		return;
	if (troth_kv_poisoned(n->kv, NULL))
		return; /* It says nothing any more; the next start tells. */
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	size = troth_txn_count(&t, TROTH_T_ENTRIES);
	if (size < o->count)
		sim_fail(s, "I3", "central has %llu entries, it had %zu",
			 (unsigned long long)size, o->count);
	if (o->count > 0) { /* One of the old ones, at random. */
		uint64_t old = 1 + s->steps % o->count;
		struct troth_digest leaf;

		if (!entry_at(&t, old, &bytes))
			sim_fail(s, "I3", "position %llu has vanished",
				 (unsigned long long)old);
		troth_tree_leaf(&leaf, bytes);
		if (!troth_digest_eq(&leaf, &o->entries[old - 1].hash))
			sim_fail(s, "I3", "position %llu has changed",
				 (unsigned long long)old);
	}
	while (o->count < size) {
		if (!entry_at(&t, o->count + 1, &bytes))
			sim_fail(s, "I3", "position %zu is missing", o->count + 1);
		replay(s, bytes);
	}
	sound(s, n, &t);
}

/* ---- A site's disk ---- */

static void check_row(struct sim *s, struct node *n, struct troth_txn *t,
		      uint64_t position)
{
	struct oracle *o = s->oracle;
	struct troth_span bytes;
	struct troth_digest leaf;

	if (position == 0 || position > o->count)
		sim_fail(s, "order", "site %u holds position %llu, central has %zu",
			 n->number, (unsigned long long)position, o->count);
	if (!o->entries[position - 1].to[n->number])
		sim_fail(s, "I5", "site %u has position %llu, which is not its business",
			 n->number, (unsigned long long)position);
	if (!entry_at(t, position, &bytes))
		sim_fail(s, "I5", "site %u: position %llu stands in the feed only",
			 n->number, (unsigned long long)position);
	troth_tree_leaf(&leaf, bytes);
	if (!troth_digest_eq(&leaf, &o->entries[position - 1].hash))
		sim_fail(s, "I3", "site %u holds another entry at position %llu",
			 n->number, (unsigned long long)position);
}

void oracle_site(struct sim *s, struct node *n)
{
	struct troth_txn t;
	uint64_t cursor;

	if (troth_kv_poisoned(n->kv, NULL))
		return;
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	cursor = troth_state_meta(&t, TROTH_META_CURSOR);
	if (troth_txn_count(&t, TROTH_T_FEED) != cursor)
		sim_fail(s, "I5", "site %u: the feed has %llu rows, the cursor is %llu",
			 n->number, (unsigned long long)troth_txn_count(&t, TROTH_T_FEED),
			 (unsigned long long)cursor);
	if (cursor < n->checked_feed)
		sim_fail(s, "I7", "site %u: the cursor went back", n->number);
	for (; n->checked_feed < cursor; n->checked_feed++)
		check_row(
			s, n, &t,
			troth_query_stream(&t, TROTH_NODE_GATEWAY, n->checked_feed + 1));
	if (troth_state_meta(&t, TROTH_META_POSITION) > s->oracle->count)
		sim_fail(s, "order", "site %u: position beyond central's", n->number);
	sound(s, n, &t);
}

/* ---- What is said on the bus ---- */

static void check_follow_ok(struct sim *s, const struct node *n,
			    const struct troth_bus_follow_ok *m)
{
	struct oracle *o = s->oracle;

	if (m->size > o->count || m->upto_position > o->count)
		sim_fail(s, "order",
			 "central tells site %u of position %llu, %zu are durable",
			 n->number, (unsigned long long)m->size, o->count);
	for (size_t i = 0; i < m->item_count; i++) {
		uint64_t position = m->items[i].position;

		sim_log(s, "feed: to site %u: %llu is %llu, mark %02x", n->number,
			(unsigned long long)(m->first + i), (unsigned long long)position,
			m->items[i].digest[0]);

		if (position == 0 || position > o->count)
			sim_fail(s, "order",
				 "central sends position %llu, %zu are durable",
				 (unsigned long long)position, o->count);
		if (!o->entries[position - 1].to[n->number])
			sim_fail(s, "I5", "central sends position %llu to site %u",
				 (unsigned long long)position, n->number);
	}
	for (size_t i = 0; i < m->mark_count; i++) {
		if (m->marks[i].position > o->count)
			sim_fail(s, "order", "a mark beyond the ledger");
	}
}

static uint64_t durable_taken(struct sim *s, const struct node *n)
{
	struct troth_txn t;
	struct troth_span v;
	uint64_t taken = 0;

	troth_txn_begin(&t, s->nodes[0].kv, TROTH_TXN_READ);
	if (troth_txn_get(&t, TROTH_T_ORIGINS, troth_span_str(n->origin), &v) &&
	    v.len >= 16)
		taken = troth_load_u64be(v.data + 8);
	troth_txn_abort(&t);
	return taken;
}

void oracle_reply(struct sim *s, struct node *n, struct troth_span bytes)
{
	struct troth_bus_reply m = { .owner = NULL };
	struct troth_why why;

	if (troth_bus_reply_decode(&m, bytes, &why) != TROTH_OK)
		sim_fail(s, "I11", "central says what cannot be read: %s", why.text);
	if (s->window) {
		if (m.type != TROTH_BUS_ERROR)
			sim_fail(s, "I10", "an old backup of central serves site %u",
				 n->number);
		troth_bus_reply_fini(&m);
		return;
	}
	oracle_central(s);
	switch (m.type) {
	case TROTH_BUS_HELLO:
		if (m.u.hello.size > s->oracle->count)
			sim_fail(s, "order", "HelloOk tells of what is not durable");
		break;
	case TROTH_BUS_SUBMIT:
		if (m.u.submit.taken_seq > durable_taken(s, n) ||
		    m.u.submit.last_position > s->oracle->count)
			sim_fail(s, "order",
				 "central acknowledges %llu before its commit",
				 (unsigned long long)m.u.submit.taken_seq);
		break;
	case TROTH_BUS_FOLLOW:
		check_follow_ok(s, n, &m.u.follow);
		break;
	case TROTH_BUS_FRESH:
		if (m.u.fresh.position > s->oracle->count)
			sim_fail(s, "order", "FreshOk tells of what is not durable");
		break;
	case TROTH_BUS_RECEIVE:
	case TROTH_BUS_FIND:
	case TROTH_BUS_ERROR:
		break;
	}
	troth_bus_reply_fini(&m);
}

static void check_submit(struct sim *s, struct node *n, const struct troth_bus_submit *m)
{
	struct troth_txn t;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	for (size_t i = 0; i < m->count; i++) {
		uint8_t key[8];
		struct troth_span v;

		troth_store_u64be(key, m->first_seq + i);
		if (!troth_txn_get(&t, TROTH_T_OUTBOX, troth_span(key, 8), &v) ||
		    v.len < 4 + m->bodies[i].len ||
		    memcmp(v.data + 4, m->bodies[i].data, m->bodies[i].len) != 0)
			sim_fail(s, "order",
				 "site %u submits number %llu before its commit",
				 n->number, (unsigned long long)(m->first_seq + i));
	}
	sound(s, n, &t);
}

static void check_receive(struct sim *s, struct node *n,
			  const struct troth_bus_receive *m)
{
	struct troth_txn t;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	if (m->cursor > troth_state_meta(&t, TROTH_META_CURSOR) ||
	    m->position > troth_state_meta(&t, TROTH_META_POSITION))
		sim_fail(s, "order", "site %u says received before its commit",
			 n->number);
	sound(s, n, &t);
}

void oracle_request(struct sim *s, struct node *n, struct troth_span bytes)
{
	struct troth_bus_request m = { .owner = NULL };
	struct troth_why why;

	if (troth_bus_request_decode(&m, bytes, &why) != TROTH_OK)
		sim_fail(s, "I11", "site %u says what cannot be read: %s", n->number,
			 why.text);
	if (m.type == TROTH_BUS_SUBMIT) {
		check_submit(s, n, &m.u.submit);
		troth_buf_reset(&n->last_submit);
		troth_buf_put_span(&n->last_submit, bytes);
	} else if (m.type == TROTH_BUS_RECEIVE) {
		check_receive(s, n, &m.u.receive);
	}
	troth_bus_request_fini(&m);
}

/* ---- What clients are told ---- */

/* Whether the node's store has the event that the op made. */
static bool is_kept(struct node *n, struct troth_txn *t, const struct troth_result *r)
{
	struct troth_span body, blob, v;
	uint64_t seq = 0;

	if (n->number == 0)
		return troth_txn_get(t, TROTH_T_EVENTS, troth_id_span(&r->event), &v) &&
		       troth_load_u64be(v.data) == r->position;
	while (troth_query_pending(t, &r->subject, &seq, &body, &blob))
		if (memmem(body.data, body.len, r->event.b, TROTH_ID_LEN) != NULL)
			return true;
	return false;
}

static void check_done(struct sim *s, const struct op *op, const struct troth_result *r)
{
	struct node *n = &s->nodes[op->node];
	struct troth_txn t;

	if (r->repeated || (r->has_answer && r->answer.answer == TROTH_ANSWER_NO))
		return;
	if (op->has_if_match && op->count == 1 && r->etag != op->if_match + 1)
		sim_fail(s, "if-match", "op %u was for ETag %llu and made %llu",
			 op->number, (unsigned long long)op->if_match,
			 (unsigned long long)r->etag);
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	if (!is_kept(n, &t, r))
		sim_fail(s, "order", "op %u is told done before its commit", op->number);
	sound(s, n, &t);
}

/* A key that has been used is used up. */
static void check_key(struct sim *s, const struct op *op, const struct troth_result *r)
{
	const struct op *other = s->ops[op->key_of];

	if (!op->keyed_again || other->told != TROTH_DONE || other->waived ||
	    other->told_order > op->began)
		return;
	if (r->status == TROTH_KEY_REUSED || r->status == TROTH_NO_ROOM ||
	    r->status == TROTH_STOPPING)
		return;
	sim_fail(s, "I2", "op %u went through under the key of op %u", op->number,
		 other->number);
}

void oracle_told(struct sim *s, struct op *op, const struct troth_result *r)
{
	check_key(s, op, r);
	book_told(s, op, r);
	if (r->status == TROTH_DONE) {
		check_done(s, op, r);
		if (op->told == TROTH_DONE && !troth_id_eq(&op->event, &r->event) &&
		    !op->waived && op->has_key)
			sim_fail(s, "I2", "op %u is told of two events", op->number);
	}
	if (op->told == TROTH_DONE)
		return;
	op->told = r->status;
	op->answer = r->has_answer ? r->answer.answer : op->answer;
	op->told_order = ++s->told_count;
	op->event = r->event;
	op->position = r->position;
}
