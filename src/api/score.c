/*
 * Scores: what has become of promises and commitments, slice by slice. A caller
 * adds the slices up; no request holds the API's thread for long.
 */
#include "handlers.h"
#include "slice.h"

#include "troth/core/score.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 5000

/* ---- Sums ---- */

/* One thing that was scored, or several of the same group. */
struct thing {
	bool commitment;
	const char *what; /* Kind or action. */
	char party[TROTH_PARTY_MAX + 1];
	char month[8];
	enum troth_score score;
};

struct things {
	size_t count;
	struct thing *at; /* TROTH_SLICE_THINGS_MAX, and what one subject may have. */
};

static void add(struct things *t, bool commitment, const char *party, const char *what,
		struct troth_time due, enum troth_score score)
{
	struct thing *n = &t->at[t->count];
	char text[TROTH_TIME_TEXT];

	if (score == TROTH_SCORE_NONE)
		return;
	t->count++;
	troth_time_format(text, due);
	*n = (struct thing){ .commitment = commitment, .what = what, .score = score };
	memcpy(n->month, text, 7);
	memcpy(n->party, party, sizeof(n->party));
}

static void add_subject(struct things *t, const struct troth_subject *s,
			struct troth_time as_of)
{
	for (unsigned i = 0; i < s->promise_count; i++)
		add(t, false, s->promises[i].party, troth_kind_name(s->promises[i].kind),
		    s->promises[i].due, troth_score_promise(s, i, as_of).score);
	for (unsigned i = 0; i < s->commitment_count; i++)
		add(t, true, s->commitments[i].debtor,
		    troth_action_name(s->commitments[i].action), s->commitments[i].due,
		    troth_score_commitment(s, i, as_of).score);
}

static int by_group(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;
	int d = (int)x->commitment - (int)y->commitment;

	if (d == 0)
		d = strcmp(x->party, y->party);
	if (d == 0)
		d = strcmp(x->what, y->what);
	return d != 0 ? d : strcmp(x->month, y->month);
}

static void out_groups(struct troth_out *o, const struct things *t, bool commitments)
{
	struct troth_tally tally;
	size_t end;

	troth_out_array(o, commitments ? "commitments" : "promises");
	for (size_t i = 0; i < t->count; i = end) {
		const struct thing *first = &t->at[i];

		tally = (struct troth_tally){ { 0 } };
		for (end = i; end < t->count && by_group(first, &t->at[end]) == 0; end++)
			troth_tally_add(&tally, t->at[end].score);
		if (first->commitment != commitments)
			continue;
		troth_out_object(o, NULL);
		troth_out_text(o, "party", first->party);
		troth_out_text(o, commitments ? "action" : "kind", first->what);
		troth_out_text(o, "month", first->month);
		for (int v = TROTH_SCORE_KEPT; v <= TROTH_SCORE_LAST; v++)
			troth_out_uint(o, troth_score_name((enum troth_score)v),
				       tally.of[v]);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

void troth_get_scores(struct troth_call *c)
{
	struct things t = { 0 };
	struct troth_out o;
	struct troth_slice s;

	if (!troth_slice_begin(&s, c))
		return;
	t.at = calloc(TROTH_SLICE_THINGS_MAX + TROTH_PROMISES_MAX + TROTH_COMMITMENTS_MAX,
		      sizeof(*t.at));
	if (t.at == NULL)
		return;
	while (troth_slice_next(&s, t.count >= TROTH_SLICE_THINGS_MAX))
		add_subject(&t, &c->api->view->subject, s.as_of);
	qsort(t.at, t.count, sizeof(*t.at), by_group);
	o = troth_call_reply(c, 200);
	out_groups(&o, &t, false);
	out_groups(&o, &t, true);
	troth_slice_end(&s, &o, "");
	free(t.at);
}

/* ---- One by one ---- */

static void out_debts(struct troth_out *o, const struct troth_subject *s,
		      const struct troth_promise *p, struct troth_time as_of)
{
	troth_out_array(o, "commitments");
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *k = &s->commitments[i];

		if (!troth_id_eq(&k->promise, &p->id))
			continue;
		troth_out_object(o, NULL);
		troth_out_text(o, "debtor", k->debtor);
		troth_out_text(o, "action", troth_action_name(k->action));
		troth_out_text(
			o, "outcome",
			troth_score_name(troth_score_commitment(s, i, as_of).score));
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

/* Writes the scored promises of a subject; returns how many. */
static unsigned out_promises(struct troth_out *o, const struct troth_subject *s,
			     struct troth_time as_of)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];
		struct troth_scored scored = troth_score_promise(s, i, as_of);

		if (scored.score == TROTH_SCORE_NONE)
			continue;
		n++;
		troth_out_object(o, NULL);
		troth_out_id(o, "id", TROTH_ID_PROMISE, &p->id);
		troth_out_id(o, "subject",
			     s->kind == TROTH_SUBJECT_CASE ? TROTH_ID_CASE
							   : TROTH_ID_ORDER,
			     &s->id);
		troth_out_text(o, "party", p->party);
		troth_out_text(o, "kind", troth_kind_name(p->kind));
		troth_out_text(o, "state", troth_promise_state_name(p->state));
		troth_out_text(o, "outcome", troth_score_name(scored.score));
		troth_out_time(o, "due", p->due);
		troth_out_some_time(o, "evidence", scored.evidence);
		out_debts(o, s, p, as_of);
		troth_out_end_object(o);
	}
	return n;
}

void troth_get_score_promises(struct troth_call *c)
{
	unsigned rows = 0;
	struct troth_out o;
	struct troth_slice s;

	if (!troth_slice_begin(&s, c))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (troth_slice_next(&s, rows >= ROWS_MAX))
		rows += out_promises(&o, &c->api->view->subject, s.as_of);
	troth_out_end_array(&o);
	troth_slice_end(&s, &o, "");
}
