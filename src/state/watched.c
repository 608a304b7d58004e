#include "watched.h"

#include "troth/state/key.h"

static struct troth_indexed_watched alarm_now(const struct troth_alarm *a)
{
	return (struct troth_indexed_watched){
		.id = a->id,
		.closed = a->state == TROTH_ALARM_ENDED,
		.item = true,
		.since = a->raised,
	};
}

/* The recovery of a broken promise is found as the promise itself is. */
static struct troth_indexed_watched recovery_now(const struct troth_recovery *v)
{
	return (struct troth_indexed_watched){
		.id = v->id,
		.closed = !troth_recovery_is_open(v->state),
		.item = v->complaint,
		.since = v->opened,
	};
}

void watched_indexed(const struct troth_subject *s, struct troth_indexed *out)
{
	out->alarm_count = s->alarm_count;
	for (unsigned i = 0; i < s->alarm_count; i++)
		out->alarms[i] = alarm_now(&s->alarms[i]);
	out->recovery_count = s->recovery_count;
	for (unsigned i = 0; i < s->recovery_count; i++)
		out->recoveries[i] = recovery_now(&s->recoveries[i]);
}

/* One index: its table, and the subject that its records lead to. */
struct index {
	struct troth_txn *t;
	unsigned table;
	const struct troth_id *subject;
};

static struct troth_key key_of(const struct troth_indexed_watched *w)
{
	struct troth_key k = { .len = 0 };

	troth_key_u8(&k, w->closed);
	troth_key_u64(&k, (uint64_t)w->since.ms);
	troth_key_id(&k, &w->id);
	return k;
}

static void forget(const struct index *x, const struct troth_indexed_watched *w)
{
	struct troth_key k = key_of(w);

	(void)troth_txn_del(x->t, x->table, troth_key_span(&k));
}

static bool same(const struct troth_indexed_watched *a,
		 const struct troth_indexed_watched *b)
{
	return a->closed == b->closed && a->since.ms == b->since.ms;
}

static int find(const struct troth_indexed_watched *in, unsigned count,
		const struct troth_id *id)
{
	for (unsigned i = 0; i < count; i++)
		if (troth_id_eq(&in[i].id, id))
			return (int)i;
	return -1;
}

static void move(const struct index *x, const struct troth_indexed_watched *before,
		 unsigned before_count, const struct troth_indexed_watched *after,
		 unsigned after_count)
{
	for (unsigned i = 0; i < before_count; i++) {
		if (find(after, after_count, &before[i].id) >= 0)
			continue;
		forget(x, &before[i]);
		if (before[i].item)
			(void)troth_txn_del(x->t, TROTH_T_ITEMS,
					    troth_id_span(&before[i].id));
	}
	for (unsigned i = 0; i < after_count; i++) {
		int was = find(before, before_count, &after[i].id);
		struct troth_key k = key_of(&after[i]);

		if (was >= 0 && same(&before[was], &after[i]))
			continue;
		if (was >= 0)
			forget(x, &before[was]);
		else if (after[i].item)
			troth_txn_put(x->t, TROTH_T_ITEMS, troth_id_span(&after[i].id),
				      troth_id_span(x->subject));
		troth_txn_put(x->t, x->table, troth_key_span(&k),
			      troth_id_span(x->subject));
	}
}

void watched_reindex(struct troth_txn *t, const struct troth_indexed *before,
		     const struct troth_subject *s)
{
	const struct index alarms = { t, TROTH_T_ALARMS, &s->id };
	const struct index recoveries = { t, TROTH_T_RECOVERIES, &s->id };
	struct troth_indexed_watched now[TROTH_RECOVERIES_MAX];

	_Static_assert(TROTH_ALARMS_MAX <= TROTH_RECOVERIES_MAX, "now[] holds either");
	for (unsigned i = 0; i < s->alarm_count; i++)
		now[i] = alarm_now(&s->alarms[i]);
	move(&alarms, before->alarms, before->alarm_count, now, s->alarm_count);
	for (unsigned i = 0; i < s->recovery_count; i++)
		now[i] = recovery_now(&s->recoveries[i]);
	move(&recoveries, before->recoveries, before->recovery_count, now,
	     s->recovery_count);
}
