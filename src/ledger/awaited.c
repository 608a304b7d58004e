/*
 * awaited - a policy may be cited before it is published: by a site that was told of
 * it otherwise, or by mistake. Its waits and ladders count from the moment when it
 * is there, so the timers of those that cite it are set anew then. What stood there
 * before is found out when it is due (ledger_clock).
 *
 * What was told beyond authority is told to others by the newest policy. If that has
 * no ladder for it, it waits for the next one.
 */
#include "ledger.h"

#include "troth/base/mutant.h"
#include "troth/core/promise.h"
#include "troth/state/policies.h"

#include <string.h>

static struct troth_key key_of(uint64_t version, const struct troth_id *subject)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, version);
	troth_key_id(&k, subject);
	return k;
}

static void await(struct troth_ledger *l, uint64_t version, uint64_t newest,
		  const struct troth_id *subject)
{
	struct troth_key k = key_of(version, subject);

	if (version > newest)
		troth_txn_put(&l->txn, TROTH_T_AWAITED, troth_key_span(&k),
			      TROTH_SPAN_NONE);
}

/* Beyond authority, and nobody has been told. */
static bool awaits_ladder(const struct troth_promise *p)
{
	return p->state == TROTH_PROMISE_ACTIVE &&
	       (p->flags & TROTH_FLAG_OVER_AUTHORITY) != 0 &&
	       (p->alarmed & 1u << TROTH_CAUSE_OVER_AUTHORITY) == 0;
}

void awaited_note(struct troth_ledger *l, const struct troth_subject *s)
{
	uint64_t newest;
	bool cites = s->kind == TROTH_SUBJECT_CASE && s->cas.policy_version != 0;
	bool beyond = false;

	for (unsigned i = 0; i < s->recovery_count; i++)
		cites = cites || s->recoveries[i].policy_version != 0;
	for (unsigned i = 0; i < s->promise_count; i++) {
		cites = cites || s->promises[i].policy_version != 0;
		beyond = beyond || awaits_ladder(&s->promises[i]);
	}
	if (!cites && !beyond)
		return;
	newest = troth_lookup_newest_policy(&l->lookup);
	/* Though the newest may have a ladder: before the clock looks there may be a
	 * newer. */
	if (beyond && !TROTH_MUTANT(later_ladder_is_ignored))
		await(l, newest + 1, newest, &s->id);
	if (s->kind == TROTH_SUBJECT_CASE)
		await(l, s->cas.policy_version, newest, &s->id);
	for (unsigned i = 0; i < s->promise_count; i++)
		if (troth_promise_is_open(s->promises[i].state))
			await(l, s->promises[i].policy_version, newest, &s->id);
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (troth_recovery_is_open(s->recoveries[i].state))
			await(l, s->recoveries[i].policy_version, newest, &s->id);
}

/* The first that waits for a version that is there. */
static bool first(struct troth_txn *t, uint64_t newest, struct troth_key *k)
{
	struct troth_cursor c;
	bool found;

	troth_cursor_open(&c, t, TROTH_T_AWAITED);
	found = troth_cursor_seek(&c, TROTH_SPAN_NONE);
	if (found && c.key.len != 8 + TROTH_ID_LEN) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "awaited: a key");
		found = false;
	}
	if (found && troth_load_u64be(c.key.data) <= newest) {
		memcpy(k->b, c.key.data, c.key.len);
		k->len = c.key.len;
	} else {
		found = false;
	}
	troth_cursor_close(&c);
	return found;
}

bool awaited_waits(struct troth_txn *t)
{
	struct troth_key k;

	return first(t, troth_state_newest_policy(t), &k);
}

void awaited_look(struct troth_ledger *l)
{
	uint64_t newest = troth_lookup_newest_policy(&l->lookup);
	struct troth_key k;

	for (unsigned n = 0; n < TROTH_CLOCK_BATCH && first(&l->txn, newest, &k); n++) {
		struct troth_id id;

		memcpy(id.b, k.b + 8, TROTH_ID_LEN);
		ledger_end_run(l);
		ledger_load(l, &id, TROTH_SUBJECT_ORDER);
		ledger_set_timer(l, &id, l->run.timer);
		awaited_note(l, l->subject); /* It may wait for one more. */
		ledger_end_run(l);
		(void)troth_txn_del(&l->txn, TROTH_T_AWAITED, troth_key_span(&k));
		l->dirty = true;
	}
}
