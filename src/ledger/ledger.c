#include "ledger.h"

#include <stdlib.h>
#include <string.h>

/* How many of the newest entries are hashed again when the ledger is opened. */
#define TAIL 1000

/* ---- Origins and seals ---- */

bool origin_load(struct troth_txn *t, const char *origin, struct origin_state *out)
{
	struct troth_span value;

	*out = (struct origin_state){ 0 };
	if (!troth_txn_get(t, TROTH_T_ORIGINS, troth_span_str(origin), &value))
		return false;

	struct troth_reader r = troth_reader(value);
	out->incarnation = troth_read_u64be(&r);
	out->taken_seq = troth_read_u64be(&r);
	out->seen = troth_read_u64be(&r);
	troth_read_bytes(&r, out->head.b, TROTH_DIGEST_LEN);
	if (!troth_read_done(&r))
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "origins: record of %s", origin);
	return troth_read_done(&r);
}

void origin_store(struct troth_txn *t, const char *origin, const struct origin_state *o)
{
	uint8_t value[24 + TROTH_DIGEST_LEN];

	troth_store_u64be(value, o->incarnation);
	troth_store_u64be(value + 8, o->taken_seq);
	troth_store_u64be(value + 16, o->seen);
	memcpy(value + 24, o->head.b, TROTH_DIGEST_LEN);
	troth_txn_put(t, TROTH_T_ORIGINS, troth_span_str(origin),
		      troth_span(value, sizeof(value)));
}

void seal_store(struct troth_txn *t, const char *origin, const struct origin_state *o,
		const uint8_t seal[TROTH_SEAL_LEN])
{
	struct troth_span name = troth_span_str(origin);
	struct troth_digest hash;
	uint8_t key[32];

	troth_sha256(&hash, &name, 1);
	memcpy(key, hash.b, 16);
	troth_store_u64be(key + 16, o->incarnation);
	troth_store_u64be(key + 24, o->taken_seq);
	troth_txn_put(t, TROTH_T_SEALS, troth_span(key, sizeof(key)),
		      troth_span(seal, TROTH_SEAL_LEN));
}

/* ---- Open and close ---- */

static bool record_of(struct troth_txn *t, uint64_t index, struct troth_span *value)
{
	uint8_t key[8];

	troth_store_u64be(key, index);
	return troth_txn_get(t, TROTH_T_HASHES, troth_span(key, 8), value) &&
	       value->len >= TROTH_DIGEST_LEN && value->len % TROTH_DIGEST_LEN == 0;
}

/* Finds the tree's right edge again from what the last leaves completed. */
static void load_tree(struct troth_ledger *l, struct troth_txn *t, uint64_t size)
{
	l->tree.size = size;
	for (unsigned level = 0; level < TROTH_TREE_LEVELS; level++) {
		struct troth_span record;

		if ((size >> level & 1) == 0)
			continue;

		uint64_t index = troth_tree_record(level, (size >> level) - 1);
		if (!record_of(t, index, &record) ||
		    record.len < (level + 1) * TROTH_DIGEST_LEN) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT, "hashes: record %llu",
				       (unsigned long long)index);
			return;
		}
		memcpy(l->tree.peak[level].b, record.data + level * TROTH_DIGEST_LEN,
		       TROTH_DIGEST_LEN);
	}
}

static void check_tail(struct troth_ledger *l, struct troth_txn *t, uint64_t size)
{
	struct troth_why why = { "" };
	struct troth_entry entry;
	struct troth_digest leaf;

	for (uint64_t i = size > TAIL ? size - TAIL : 0; i < size; i++) {
		struct troth_span value, record;
		uint8_t key[8];

		troth_store_u64be(key, i);
		if (!troth_txn_get(t, TROTH_T_ENTRIES, troth_span(key, 8), &value) ||
		    !record_of(t, i, &record) ||
		    troth_entry_decode(&entry, value, &why) != TROTH_OK) {
			troth_txn_fail(
				t, TROTH_ERR_CORRUPT,
				"entries: position %llu is missing or unreadable %s",
				(unsigned long long)i + 1, why.text);
			return;
		}
		troth_tree_leaf(&leaf, value);
		if (memcmp(leaf.b, record.data, TROTH_DIGEST_LEN) != 0) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT,
				       "entries: position %llu is not what was hashed",
				       (unsigned long long)i + 1);
			return;
		}
		l->time = entry.accepted;
	}
}

static enum troth_err load(struct troth_ledger *l, struct troth_why *why)
{
	struct troth_txn t;

	troth_txn_begin(&t, l->kv, l->config.restored ? TROTH_TXN_WRITE : TROTH_TXN_READ);
	if (l->config.restored)
		troth_state_set_meta(&t, TROTH_META_RESTORED, 1);

	uint64_t size = troth_txn_count(&t, TROTH_T_ENTRIES);
	if (troth_txn_count(&t, TROTH_T_HASHES) != size)
		troth_txn_fail(&t, TROTH_ERR_CORRUPT,
			       "entries and hashes differ in number");
	load_tree(l, &t, size);
	if (troth_txn_sound(&t))
		check_tail(l, &t, size);
	if (!origin_load(&t, l->config.origin, &l->own))
		l->own.incarnation = 1;
	l->mark_count = troth_state_last_number(&t, TROTH_T_MARKS);
	l->turned_away = troth_state_last_number(&t, TROTH_T_TURNED_AWAY);
	l->pools.still = l->pools.next_still = troth_state_meta(&t,
								TROTH_META_RESTORED) != 0;
	l->pools.looks_changed = true;
	pools_next(l, &t);
	troth_tree_root(&l->tree, &l->root);
	return troth_txn_commit(&t, why);
}

enum troth_err troth_ledger_open(struct troth_ledger **ledger, struct troth_kv *kv,
				 const struct troth_ledger_config *config,
				 struct troth_why *why)
{
	struct troth_ledger *l = calloc(1, sizeof(*l));
	enum troth_err err;

	*ledger = NULL;
	if (l == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for the ledger");
	l->kv = kv;
	l->config = *config;
	l->subject = malloc(sizeof(*l->subject));
	l->indexed = malloc(sizeof(*l->indexed));
	l->source.authority = malloc(sizeof(*l->source.authority));
	l->events = malloc(TROTH_BATCH_MAX * sizeof(*l->events));
	l->declared = malloc(sizeof(*l->declared));
	l->pools.subject = malloc(sizeof(*l->pools.subject));
	l->personal = malloc(sizeof(*l->personal));
	l->source.policies = troth_policies_new(config->zones);
	if (l->subject == NULL || l->indexed == NULL || l->source.authority == NULL ||
	    l->source.policies == NULL || l->events == NULL || l->declared == NULL ||
	    l->pools.subject == NULL || l->personal == NULL)
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for the ledger");
	else
		err = load(l, why);
	if (err != TROTH_OK) {
		troth_ledger_close(l);
		return err;
	}
	*ledger = l;
	return TROTH_OK;
}

void troth_ledger_close(struct troth_ledger *l)
{
	if (l == NULL)
		return;
	troth_txn_abort(&l->txn);
	feeds_fini(&l->feeds);
	pools_fini(l);
	troth_buf_fini(&l->entry);
	troth_buf_fini(&l->record);
	troth_buf_fini(&l->body);
	troth_buf_fini(&l->blob);
	troth_policies_free(l->source.policies);
	free(l->subject);
	free(l->indexed);
	free(l->source.authority);
	free(l->events);
	free(l->declared);
	free(l->personal);
	free(l);
}

uint64_t troth_ledger_size(const struct troth_ledger *l)
{
	return l->tree.size;
}

void troth_ledger_root(const struct troth_ledger *l, struct troth_digest *root)
{
	*root = l->root;
}

struct troth_time troth_ledger_time(const struct troth_ledger *l)
{
	return l->time;
}

uint64_t troth_ledger_marks(const struct troth_ledger *l)
{
	return l->mark_count;
}

/* ---- A batch ---- */

void troth_ledger_begin(struct troth_ledger *l, struct troth_time now)
{
	l->now = now.ms > l->time.ms ? now : l->time;
	l->dirty = false;
	l->own_unsealed = false;
	l->run.open = false;
	l->next_tree = l->tree;
	l->next_own = l->own;
	l->next_mark_count = l->mark_count;
	l->next_turned_away = l->turned_away;
	feeds_reset(l);
	pools_reset(l);
	troth_txn_begin(&l->txn, l->kv, TROTH_TXN_WRITE);
	l->source.t = &l->txn;
	l->source.at_hand = NULL;
	troth_state_lookup(&l->lookup, &l->source, l->brand);
	l->lookup.has_all = true;
	awaited_look(l);
	ledger_clock(l);
}

/* One signature for all that central itself has added to this batch. */
static void seal_own(struct troth_ledger *l)
{
	uint8_t message[TROTH_SEAL_MESSAGE];
	uint8_t seal[TROTH_SEAL_LEN];
	const struct troth_signer *s = l->config.signer;

	s->sign(s->ctx,
		troth_seal_message(message, l->config.origin, l->next_own.incarnation,
				   l->next_own.taken_seq, &l->next_own.head),
		seal);
	seal_store(&l->txn, l->config.origin, &l->next_own, seal);
	origin_store(&l->txn, l->config.origin, &l->next_own);
}

enum troth_err troth_ledger_commit(struct troth_ledger *l, struct troth_why *why)
{
	struct troth_time next = l->pools.next;
	enum troth_err err;

	awaited_look(l);
	pools_balance(l);
	if (!l->dirty) {
		enum troth_err failed = l->txn.err;

		if (failed != TROTH_OK && why != NULL)
			*why = l->txn.why;
		troth_txn_abort(&l->txn);
		feeds_reset(l);
		return failed;
	}
	if (l->own_unsealed)
		seal_own(l);
	ledger_end_run(l);
	feeds_write(l);
	troth_state_set_meta(&l->txn, TROTH_META_POSITION, l->next_tree.size);
	troth_state_set_meta(&l->txn, TROTH_META_AS_OF, (uint64_t)l->now.ms);
	pools_next(l, &l->txn);
	err = troth_txn_commit(&l->txn, why);
	if (err != TROTH_OK) {
		l->pools.next = next;
		feeds_reset(l);
		return err;
	}
	l->pools.still = l->pools.next_still;
	if (l->next_tree.size != l->tree.size)
		l->time = l->now;
	l->tree = l->next_tree;
	l->own = l->next_own;
	l->mark_count = l->next_mark_count;
	l->turned_away = l->next_turned_away;
	troth_tree_root(&l->tree, &l->root);
	return TROTH_OK;
}
