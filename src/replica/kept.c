/* Numbers in META, and the transactions in which they change. */
#include "replica.h"

#include <stdarg.h>
#include <stdio.h>

/* Those that are plain numbers; `at` is their place in struct numbers. */
static const struct {
	const char *key;
	size_t at;
} plain[] = {
	{ "incarnation", offsetof(struct numbers, incarnation) },
	{ "origin_seq", offsetof(struct numbers, seq) },
	{ TROTH_META_CURSOR, offsetof(struct numbers, cursor) },
	{ TROTH_META_POSITION, offsetof(struct numbers, position) },
	{ "marks", offsetof(struct numbers, marks) },
	{ "seen_size", offsetof(struct numbers, seen_size) },
	{ "set_aside", offsetof(struct numbers, set_aside) },
	{ TROTH_META_RESTORED, offsetof(struct numbers, restored) },
	{ TROTH_META_AS_OF, offsetof(struct numbers, as_of) },
	{ "clock", offsetof(struct numbers, clock) },
};

static uint64_t number_at(const struct numbers *n, size_t at)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)n + at, sizeof(v));
	return v;
}

static void read_digest(struct troth_txn *t, const char *key, struct troth_digest *out)
{
	struct troth_span v;

	*out = (struct troth_digest){ { 0 } };
	if (troth_txn_get(t, TROTH_T_META, troth_span_str(key), &v) &&
	    v.len == TROTH_DIGEST_LEN)
		memcpy(out->b, v.data, v.len);
}

void kept_read(struct troth_txn *t, struct numbers *n)
{
	for (size_t i = 0; i < TROTH_LEN(plain); i++) {
		uint64_t v = troth_state_meta(t, plain[i].key);

		memcpy((uint8_t *)n + plain[i].at, &v, sizeof(v));
	}
	read_digest(t, "head", &n->head);
	read_digest(t, "seen_root", &n->seen_root);
	n->backlog = troth_query_backlog(t);
	n->spoken = n->seq;
	if (n->incarnation == 0)
		n->incarnation = 1;
}

static void write_numbers(struct troth_gateway *g, struct troth_txn *t)
{
	if (memcmp(&g->now, &g->kept, sizeof(g->now)) == 0)
		return; /* What was heard alone is not worth a commit. */
	g->now.seen_size = g->heard_size;
	g->now.seen_root = g->heard_root;
	g->now.clock.ms = g->clock_ms;
	for (size_t i = 0; i < TROTH_LEN(plain); i++)
		if (number_at(&g->now, plain[i].at) != number_at(&g->kept, plain[i].at) &&
		    !(TROTH_MUTANT(cursor_is_not_kept) &&
		      plain[i].at == offsetof(struct numbers, cursor)))
			troth_state_set_meta(t, plain[i].key,
					     number_at(&g->now, plain[i].at));
	if (!troth_digest_eq(&g->now.head, &g->kept.head))
		troth_txn_put(t, TROTH_T_META, troth_span_str("head"),
			      troth_digest_span(&g->now.head));
	if (!troth_digest_eq(&g->now.seen_root, &g->kept.seen_root))
		troth_txn_put(t, TROTH_T_META, troth_span_str("seen_root"),
			      troth_digest_span(&g->now.seen_root));
}

/* ---- Transactions ---- */

void replica_note(struct troth_gateway *g, const char *event, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	g->io.note(g->io.ctx, event, text);
}

void replica_look(struct troth_gateway *g, struct troth_txn *t)
{
	g->source.t = t;
	g->source.at_hand = NULL;
	g->source.until.ms = 0;
	troth_state_lookup(&g->lookup, &g->source, g->brand);
}

void replica_begin(struct troth_gateway *g, struct troth_txn *t, enum troth_txn_mode mode)
{
	troth_txn_begin(t, g->kv, mode);
	replica_look(g, t);
}

enum troth_err replica_end(struct troth_gateway *g, struct troth_txn *t,
			   struct troth_why *why)
{
	struct troth_why local;
	enum troth_err err;

	write_numbers(g, t);
	lapses_next(g, t);
	err = troth_txn_commit(t, &local);
	if (TROTH_MUTANT(full_disk_is_ignored) && err == TROTH_ERR_FULL)
		err = TROTH_OK;
	if (err == TROTH_OK) {
		g->kept = g->now;
		return TROTH_OK;
	}
	g->now = g->kept;
	offers_forget(&g->offers);
	g->lapse_ms = 0; /* What it is now, the next look will tell. */
	if (err == TROTH_ERR_FULL) {
		g->full_until_ms = g->raw_ms + FULL_RETRY_MS;
		replica_note(g, "no_room", "%s", local.text);
	}
	return troth_fail(why, err, "%s", local.text);
}
