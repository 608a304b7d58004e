/*
 * Scores: what has become of promises and commitments, slice by slice. A caller
 * adds the slices up; no request holds the API's thread for long.
 */
#include "read.h"

#include "troth/core/score.h"

#include <stdlib.h>
#include <string.h>

#define SUBJECTS_DEFAULT 500
#define SUBJECTS_MAX     2000
/* A slice ends behind the subject with which it has so many things. */
#define THINGS_MAX 20000
#define ROWS_MAX   5000

/* One walk over a slice of the subjects of the node's view. */
struct slice {
	struct troth_call *c;
	struct troth_list list;
	struct troth_time as_of;
	unsigned limit, subjects;
	bool more;
};

static bool begin_slice(struct slice *s, struct troth_call *c)
{
	const char *limit = troth_call_query(c, "limit");
	const char *cursor = troth_call_query(c, "cursor");
	struct troth_id after = { { 0 } };
	char *end;
	unsigned long v = SUBJECTS_DEFAULT;

	*s = (struct slice){ .c = c };
	if (!troth_read_time(c, "as_of", &s->as_of))
		return false;
	if (s->as_of.ms == 0)
		s->as_of = troth_read_render(c).now;
	if (limit != NULL) {
		v = strtoul(limit, &end, 10);
		if (*limit < '0' || *limit > '9' || *end != '\0' || v < 1 ||
		    v > SUBJECTS_MAX) {
			troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "limit",
					   "must be 1 to 2000");
			return false;
		}
	}
	s->limit = (unsigned)v;
	if (cursor != NULL && !troth_unhex(after.b, sizeof(after.b), cursor)) {
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "cursor",
				   "is not one that this list gave");
		return false;
	}
	troth_list_subjects(&s->list, c->t, c->api->engine->kind,
			    cursor != NULL ? troth_span(after.b, sizeof(after.b))
					   : TROTH_SPAN_NONE);
	s->more = true;
	return true;
}

/* Loads the next subject into the API's view; `full` ends the slice. */
static bool next_subject(struct slice *s, bool full)
{
	struct troth_id item, id;

	if (full || s->subjects == s->limit)
		return false;
	do {
		s->more = troth_list_next(&s->list, &item, &id);
	} while (s->more && !troth_query_subject(s->c->t, s->c->api->engine->kind, &id,
						 s->c->api->view));
	s->subjects += s->more;
	return s->more;
}

/* The members that both answers end with. */
static void end_slice(struct slice *s, struct troth_out *o)
{
	struct troth_render r = troth_read_render(s->c);
	struct troth_buf link = TROTH_BUF_INIT;
	char cursor[2 * TROTH_LIST_CURSOR_MAX + 1], as_of[TROTH_TIME_TEXT];

	troth_out_uint(o, "subjects", s->subjects);
	troth_out_time(o, "scored_as_of", s->as_of);
	if (s->more) {
		troth_hex(cursor, s->list.after, s->list.after_len);
		troth_time_format(as_of, s->as_of);
		troth_buf_printf(&link, "%s?cursor=%s&as_of=%s&limit=%u", s->c->path,
				 cursor, as_of, s->limit);
		troth_out_span(o, "next", troth_buf_span(&link));
		troth_buf_fini(&link);
	}
	troth_list_close(&s->list);
	troth_render_freshness(&r, o, 0);
	troth_out_end_object(o);
}

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
	struct thing *at; /* THINGS_MAX, and what one subject may have. */
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
	struct slice s;

	if (!begin_slice(&s, c))
		return;
	t.at = calloc(THINGS_MAX + TROTH_PROMISES_MAX + TROTH_COMMITMENTS_MAX,
		      sizeof(*t.at));
	if (t.at == NULL)
		return;
	while (next_subject(&s, t.count >= THINGS_MAX))
		add_subject(&t, &c->api->view->subject, s.as_of);
	qsort(t.at, t.count, sizeof(*t.at), by_group);
	o = troth_call_reply(c, 200);
	out_groups(&o, &t, false);
	out_groups(&o, &t, true);
	end_slice(&s, &o);
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
	struct slice s;

	if (!begin_slice(&s, c))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (next_subject(&s, rows >= ROWS_MAX))
		rows += out_promises(&o, &c->api->view->subject, s.as_of);
	troth_out_end_array(&o);
	end_slice(&s, &o);
}
