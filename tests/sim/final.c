/* What must be true in the end, when nothing is broken any more. */
#include "oracle.h"

#include "troth/core/chain.h"
#include "troth/core/promise.h"
#include "troth/state/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Has everything arrived? ---- */

static bool received(struct troth_txn *t, const struct node *who, uint64_t position)
{
	return troth_query_received(t, who->origin, position).ms != 0;
}

/* Sites that see a subject together know of each other how far they are. */
static bool marks_are_there(struct sim *s, struct node *n, struct troth_txn *t)
{
	struct oracle *o = s->oracle;

	for (unsigned i = 0; i < o->subject_count; i++) {
		const struct troth_subject *k = o->subjects[i].s;

		if (k->kind == TROTH_SUBJECT_FEDERATION || !troth_subject_exists(k) ||
		    !oracle_sees(s, k, n))
			continue;
		for (unsigned j = 1; j < s->node_count; j++) {
			const struct node *other = &s->nodes[j];

			if (other->added && oracle_sees(s, k, other) &&
			    !received(t, other, k->position))
				return false;
		}
	}
	return true;
}

static const char *site_missing(struct sim *s, struct node *n)
{
	struct node *central = &s->nodes[0];
	struct troth_link_state link;
	const char *missing = NULL;
	struct troth_txn t;

	troth_gateway_link(n->gateway, &link);
	if (!link.up)
		return "a site is not linked";
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	if (link.backlog != 0 || troth_txn_count(&t, TROTH_T_VIEWS) != 0)
		missing = "a site has events that are not sequenced";
	else if (troth_state_meta(&t, TROTH_META_CURSOR) !=
		 troth_ledger_feed_len(central->ledger, n->origin))
		missing = "a site has not all of its feed";
	else if (troth_state_meta(&t, TROTH_META_POSITION) < oracle_size(s))
		missing = "a site does not know that it has everything";
	else if (!marks_are_there(s, n, &t))
		missing = "a site does not know who has received what";
	troth_txn_abort(&t);
	return missing;
}

const char *final_missing(struct sim *s)
{
	const char *missing = NULL;

	for (unsigned i = 0; i < s->node_count; i++)
		if (!s->nodes[i].up)
			return "a node is down";
	for (unsigned i = 1; i < s->node_count && missing == NULL; i++)
		if (s->nodes[i].added)
			missing = site_missing(s, &s->nodes[i]);
	return missing;
}

/* ---- What clients were told ---- */

static void check_op(struct sim *s, const struct op *op)
{
	struct oracle *o = s->oracle;

	if (op->waived)
		return;
	if (op->told == TROTH_DONE && !op->keyed_again && op->key_of == op->number) {
		unsigned count = op->answer == TROTH_ANSWER_NO ? 0 : op->count;

		if (op->entries != count)
			sim_fail(s, "I1",
				 "op %u was done, and %u of its %u events are there",
				 op->number, op->entries, count);
		if (count == 0)
			return;
		for (size_t i = 0; i < o->count; i++)
			if (troth_id_eq(&o->entries[i].event, &op->event) &&
			    o->entries[i].op == op->number + 1)
				return;
		sim_fail(s, "I1", "op %u was done, and its event is nowhere", op->number);
	}
	if (op->told != 0 && op->told != TROTH_DONE && op->told != TROTH_NO_ROOM &&
	    op->told != TROTH_STOPPING && op->entries != 0)
		sim_fail(s, "I2", "op %u was turned down (%d), and has taken effect",
			 op->number, (int)op->told);
	if ((op->told == TROTH_NO_ROOM || op->told == TROTH_STOPPING) &&
	    op->attempts == 1 && op->entries != 0)
		sim_fail(s, "I12", "op %u was told that nothing was saved (%d)",
			 op->number, (int)op->told);
}

/* ---- Central ---- */

static void check_ledger(struct sim *s)
{
	struct node *n = &s->nodes[0];
	struct oracle *o = s->oracle;
	struct troth_tree tree = { 0 };
	struct troth_digest record[TROTH_TREE_LEVELS + 1], leaf, root, said;
	struct troth_cursor c;
	struct troth_txn t;
	size_t i = 0;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	troth_cursor_open(&c, &t, TROTH_T_ENTRIES);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c), i++) {
		troth_tree_leaf(&leaf, c.value);
		if (i >= o->count || troth_load_u64be(c.key.data) != i ||
		    !troth_digest_eq(&leaf, &o->entries[i].hash))
			sim_fail(s, "I3", "position %zu is not what it was", i + 1);
		(void)troth_tree_append(&tree, &leaf, record);
	}
	if (i != o->count)
		sim_fail(s, "I3", "%zu entries of %zu are left", i, o->count);
	troth_tree_root(&tree, &root);
	troth_ledger_root(n->ledger, &said);
	if (!troth_digest_eq(&root, &said))
		sim_fail(s, "I3", "the root does not follow from the entries");
	troth_cursor_close(&c);
	troth_txn_abort(&t);
}

/* ---- States ---- */

static bool record_of(struct troth_txn *t, const struct troth_id *id,
		      struct troth_span *out)
{
	return troth_txn_get(t, TROTH_T_SUBJECTS, troth_id_span(id), out);
}

/* How many of the first revisions of k site n is to have. */
static uint64_t prefix_of(struct sim *s, const struct known_subject *k,
			  const struct node *n)
{
	uint64_t r = 0;

	while (r < k->digest_count &&
	       (n->number == 0 ||
		s->oracle->entries[k->positions[r] - 1].to[n->number] == GIVEN))
		r++;
	return r;
}

/*
 * Whoever sees all of a subject has central's state of it, to the bit. Whoever has
 * left it has the state of that time, and its own refused events bring no state.
 */
static void check_subject(struct sim *s, struct node *n, struct troth_txn *t,
			  const struct known_subject *k)
{
	struct troth_buf want = TROTH_BUF_INIT;
	struct troth_span have;
	uint64_t prefix = prefix_of(s, k, n);
	bool there = record_of(t, &k->s->id, &have) && have.len >= TROTH_DIGEST_LEN;

	if (there != (prefix > 0))
		sim_fail(s, "I4", "node %u %s a state of a subject of which it has %llu",
			 n->number, there ? "has" : "has not",
			 (unsigned long long)prefix);
	if (!there)
		return;
	troth_buf_put(&want, k->s->digest.b, TROTH_DIGEST_LEN);
	troth_subject_encode(k->s, &want);
	if (prefix == k->digest_count
		    ? !troth_span_eq(have, troth_buf_span(&want))
		    : memcmp(have.data, k->digests[prefix - 1].b, TROTH_DIGEST_LEN) != 0)
		sim_fail(s, "I4",
			 "node %u has another state of a subject at revision %llu",
			 n->number, (unsigned long long)prefix);
	troth_buf_fini(&want);
}

static void check_same_table(struct sim *s, struct node *n, unsigned table)
{
	struct troth_txn a, b;
	struct troth_cursor c;
	struct troth_span v;

	troth_txn_begin(&a, s->nodes[0].kv, TROTH_TXN_READ);
	troth_txn_begin(&b, n->kv, TROTH_TXN_READ);
	if (troth_txn_count(&a, table) != troth_txn_count(&b, table))
		sim_fail(s, "I4", "node %u: table %u has another length", n->number,
			 table);
	troth_cursor_open(&c, &a, table);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c))
		if (!troth_txn_get(&b, table, c.key, &v) || !troth_span_eq(v, c.value))
			sim_fail(s, "I4", "node %u: table %u differs", n->number, table);
	troth_cursor_close(&c);
	troth_txn_abort(&a);
	troth_txn_abort(&b);
}

/* ---- Sites ---- */

static void check_entries(struct sim *s, struct node *n, struct troth_txn *t)
{
	struct oracle *o = s->oracle;
	struct troth_cursor c;
	uint64_t have = 0;

	troth_cursor_open(&c, t, TROTH_T_ENTRIES);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c), have++) {
		uint64_t index = troth_load_u64be(c.key.data);

		if (index >= o->count || !o->entries[index].to[n->number])
			sim_fail(s, "I5", "site %u has position %llu", n->number,
				 (unsigned long long)index + 1);
	}
	troth_cursor_close(&c);
	if (have == oracle_visible(s, n))
		return;
	for (size_t i = 0; i < o->count; i++) {
		uint8_t key[8];
		struct troth_span v;

		troth_store_u64be(key, i);
		if (o->entries[i].to[n->number] &&
		    !troth_txn_get(t, TROTH_T_ENTRIES, troth_span(key, 8), &v))
			sim_fail(s, o->entries[i].refused ? "I8" : "I5",
				 "site %u has not got position %zu", n->number, i + 1);
	}
}

static void check_empty(struct sim *s, struct node *n, struct troth_txn *t)
{
	static const struct {
		unsigned table;
		const char *name;
	} empty[] = { { TROTH_T_OUTBOX, "outbox" },
		      { TROTH_T_RENUMBERED, "renumbered" },
		      { TROTH_T_VIEWS, "views" } };

	for (size_t i = 0; i < TROTH_LEN(empty); i++)
		/* After a backup, what came back under its old number stays in the
		 * outbox until the next event: numbers have no gap. */
		if (troth_txn_count(t, empty[i].table) != 0 &&
		    (empty[i].table != TROTH_T_OUTBOX || n->restores == 0))
			sim_fail(s, "I4", "site %u: %s is not empty", n->number,
				 empty[i].name);
}

/* Whether lists by due have it: what was only offered is in none. */
static bool is_listed(const struct troth_subject *s, const struct troth_id *promise)
{
	int i = troth_subject_promise(s, promise);

	return i < 0 ||
	       !troth_promise_is_mere_offer(s->promises[i].state, s->promises[i].asked);
}

/* Rows of ITEMS that lead to a subject. */
static uint64_t items_of(struct troth_txn *t)
{
	struct troth_cursor c;
	uint64_t n = 0;

	troth_cursor_open(&c, t, TROTH_T_ITEMS);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c))
		n += c.key.len == TROTH_ID_LEN;
	troth_cursor_close(&c);
	return n;
}

/* The indexes must be what the states say, and no more. */
static void check_indexes(struct sim *s, struct node *n, struct troth_txn *t)
{
	uint64_t items = 0, promises = 0, commitments = 0, things = 0, alarms = 0,
		 recoveries = 0, complaints = 0;
	struct troth_cursor c;

	troth_cursor_open(&c, t, TROTH_T_SUBJECTS);
	for (bool ok = troth_cursor_seek(&c, TROTH_SPAN_NONE); ok;
	     ok = troth_cursor_next(&c)) {
		if (!troth_subject_decode(s->scratch, c.value))
			sim_fail(s, "I4", "node %u: a state cannot be read", n->number);
		if (s->scratch->kind == TROTH_SUBJECT_FEDERATION ||
		    s->scratch->kind == TROTH_SUBJECT_AUTHORITY ||
		    !troth_subject_exists(s->scratch))
			continue;
		things++;
		items += s->scratch->promise_count;
		for (unsigned i = 0; i < s->scratch->commitment_count; i++)
			commitments += is_listed(s->scratch,
						 &s->scratch->commitments[i].promise);
		alarms += s->scratch->alarm_count;
		recoveries += s->scratch->recovery_count;
		for (unsigned i = 0; i < s->scratch->recovery_count; i++)
			complaints += s->scratch->recoveries[i].complaint;
		for (unsigned i = 0; i < s->scratch->promise_count; i++) {
			const struct troth_promise *p = &s->scratch->promises[i];
			struct troth_key k = { .len = 0 };
			struct troth_span v;

			if (!is_listed(s->scratch, &p->id))
				continue;
			promises++;
			troth_key_u8(&k, !troth_promise_is_open(p->state));
			troth_key_u64(&k, (uint64_t)p->due.ms);
			troth_key_id(&k, &p->id);
			if (!troth_txn_get(t, TROTH_T_PROMISES, troth_key_span(&k), &v) ||
			    !troth_span_eq(v, troth_id_span(&s->scratch->id)))
				sim_fail(s, "I4",
					 "node %u: a promise is not in its index",
					 n->number);
		}
	}
	troth_cursor_close(&c);
	if (promises != troth_txn_count(t, TROTH_T_PROMISES) ||
	    items + alarms + complaints != items_of(t) ||
	    alarms != troth_txn_count(t, TROTH_T_ALARMS) ||
	    recoveries != troth_txn_count(t, TROTH_T_RECOVERIES) ||
	    commitments != troth_txn_count(t, TROTH_T_DEBTS) ||
	    things != troth_txn_count(t, TROTH_T_CUSTOMERS))
		sim_fail(s, "I4", "node %u: an index has rows too many or too few",
			 n->number);
}

static void check_node(struct sim *s, struct node *n)
{
	struct troth_txn t;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	for (unsigned i = 0; i < s->oracle->subject_count; i++)
		check_subject(s, n, &t, &s->oracle->subjects[i]);
	check_indexes(s, n, &t);
	if (n->number != 0) {
		check_entries(s, n, &t);
		check_empty(s, n, &t);
	}
	troth_txn_abort(&t);
	if (n->number != 0) {
		check_same_table(s, n, TROTH_T_PARTIES);
		check_same_table(s, n, TROTH_T_SITES);
	}
}

void final_check(struct sim *s)
{
	check_ledger(s);
	for (size_t i = 0; i < s->op_count; i++)
		check_op(s, s->ops[i]);
	for (unsigned i = 0; i < s->node_count; i++)
		if (i == 0 || s->nodes[i].added)
			check_node(s, &s->nodes[i]);
	oracle_clock(s);
}

/* After the last due nothing may be open that only the clock can end. */
void final_settled(struct sim *s)
{
	struct oracle *o = s->oracle;

	for (unsigned i = 0; i < o->subject_count; i++)
		for (unsigned j = 0; j < o->subjects[i].s->promise_count; j++) {
			enum troth_promise_state state =
				o->subjects[i].s->promises[j].state;

			if (state == TROTH_PROMISE_ACTIVE ||
			    state == TROTH_PROMISE_PROPOSED ||
			    state == TROTH_PROMISE_PENDING_APPROVAL ||
			    state == TROTH_PROMISE_APPROVED)
				sim_fail(s, "I9", "a promise is still %s after its due",
					 troth_promise_state_name(state));
		}
}
