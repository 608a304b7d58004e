/*
 * What became of Boston's cases, as a node's state says. Every outcome, due and
 * evidence is the node's, and who owed it; the file only says which case a promise
 * is of, and what can be counted in it alone.
 */
#include "boston.h"
#include "replay_report.h"

#include <stdlib.h>
#include <string.h>

#define TOP_MANY 50

static const struct boston *data_of(const struct report *r)
{
	return r->plan->data;
}

/* ---- Rows ---- */

static json_t *row_of(const struct report *r, const struct fact *f)
{
	return json_pack("{ss}", "case_enquiry_id", data_of(r)->cases[f->subject].number);
}

static json_t *breach(const struct report *r, const struct fact *f)
{
	json_t *row = row_of(r, f);

	report_put_breach(row, f);
	return row;
}

static json_t *late(const struct report *r, const struct fact *f)
{
	json_t *row = row_of(r, f);

	(void)json_object_set_new(row, "fulfilled_at", report_naive(f->evidence));
	(void)json_object_set_new(row, "due", report_naive(f->due));
	return row;
}

/* ---- Groups ---- */

/* What a case is grouped by; `owed` is what the node says of it, NULL: no promise. */
typedef const char *key_of(const struct boston_case *c, const struct fact *owed);

static const char *department(const struct boston_case *c, const struct fact *owed)
{
	return owed != NULL ? owed->debtor : c->department;
}

static const char *queue(const struct boston_case *c, const struct fact *owed)
{
	(void)owed;
	return c->queue;
}

static const char *source(const struct boston_case *c, const struct fact *owed)
{
	(void)owed;
	return c->source;
}

static const char *type(const struct boston_case *c, const struct fact *owed)
{
	(void)owed;
	return c->type;
}

static const char *extract(const struct boston_case *c, const struct fact *owed)
{
	(void)owed;
	return c->extract;
}

/* The promise of each case; NULL where nothing was promised. */
static const struct fact **promises_of(const struct report *r)
{
	const struct fact **owed = calloc(data_of(r)->case_count + 1,
					  sizeof(struct fact *));

	for (size_t i = 0; owed != NULL && i < r->f->count; i++)
		owed[r->f->at[i].subject] = &r->f->at[i];
	return owed;
}

static json_t *group(struct report *r, key_of *key, size_t most)
{
	const struct boston *b = data_of(r);
	const struct fact **owed = promises_of(r);
	const char **ids = calloc(b->case_count, sizeof(*ids));
	struct report_group *g = NULL;
	json_t *out = NULL;
	size_t n = 0;

	if (owed == NULL || ids == NULL)
		goto out;
	for (size_t i = 0; i < b->case_count; i++)
		ids[i] = key(&b->cases[i], owed[i]);
	g = report_groups(ids, b->case_count, &n);
	if (g == NULL)
		goto out;
	for (size_t i = 0; i < b->case_count; i++)
		report_group(g, n, ids[i])
			->t.of[owed[i] != NULL ? owed[i]->outcome : NO_DUE]++;
	out = report_top(g, n, most);
out:
	r->failed = r->failed || out == NULL;
	free(g);
	free(ids);
	free(owed);
	return out;
}

/* ---- What the city says, beside what the nodes do ---- */

static json_t *agreement(struct report *r)
{
	const struct boston *b = data_of(r);
	const struct fact **owed = promises_of(r);
	json_t *out = json_object();

	r->failed = r->failed || owed == NULL;
	for (size_t i = 0; owed != NULL && i < b->case_count; i++) {
		const char *flag = b->cases[i].on_time;
		char key[64];
		json_int_t n;

		(void)snprintf(key, sizeof(key), "%s/%s",
			       outcome_names[owed[i] != NULL ? owed[i]->outcome : NO_DUE],
			       flag[0] != '\0' ? flag : "blank");
		n = json_integer_value(json_object_get(out, key));
		(void)json_object_set_new(out, key, json_integer(n + 1));
	}
	free(owed);
	return out;
}

/* Facts of the file alone. */
static json_t *quirks(const struct boston *b)
{
	json_int_t exactly = 0, before = 0, equals = 0, closed_without = 0;
	json_int_t due_before = 0, due_equals = 0, no_due = 0;

	for (size_t i = 0; i < b->case_count; i++) {
		const struct boston_case *c = &b->cases[i];
		bool closed = c->closed.ms != 0, due = c->due.ms != 0;

		exactly += closed && due && c->closed.ms == c->due.ms;
		before += closed && c->closed.ms < c->opened.ms;
		equals += closed && c->closed.ms == c->opened.ms;
		closed_without += !closed && strcmp(c->status, "Closed") == 0;
		due_before += due && c->due.ms < c->opened.ms;
		due_equals += due && c->due.ms == c->opened.ms;
		no_due += !due;
	}
	return json_pack("{sIsIsIsIsIsIsI}", "closed_at_exactly_due", exactly,
			 "closed_before_open", before, "closed_equals_open", equals,
			 "closed_status_without_closed_dt", closed_without,
			 "due_before_open", due_before, "due_equals_open", due_equals,
			 "no_due", no_due);
}

/* ---- All of it ---- */

json_t *boston_report(const struct replay_plan *p, const struct facts *f,
		      struct troth_time as_of)
{
	const struct boston *b = p->data;
	json_t *out = json_object();
	struct report r;

	r.failed = !report_init(&r, p, f);
	if (r.failed)
		goto out;
	(void)json_object_set_new(out, "as_of", report_naive(as_of));
	(void)json_object_set_new(out, "cases", json_integer((json_int_t)b->case_count));
	(void)json_object_set_new(out, "totals",
				  report_totals(&r, BOSTON_PROMISE, b->case_count));
	(void)json_object_set_new(out, "city_flag_agreement", agreement(&r));
	(void)json_object_set_new(out, "by_due_month",
				  report_by_due_month(&r, BOSTON_PROMISE));
	(void)json_object_set_new(out, "by_department", group(&r, department, SIZE_MAX));
	(void)json_object_set_new(out, "top_50_queues", group(&r, queue, TOP_MANY));
	(void)json_object_set_new(out, "by_source", group(&r, source, SIZE_MAX));
	(void)json_object_set_new(out, "by_type_top_50", group(&r, type, TOP_MANY));
	(void)json_object_set_new(out, "by_extract", group(&r, extract, SIZE_MAX));
	(void)json_object_set_new(out, "first_10_breaches_by_due_time",
				  report_first_ten(&r, BOSTON_PROMISE,
						   1u << LATE | 1u << OVERDUE,
						   report_by_due, breach));
	(void)json_object_set_new(out, "first_10_late_by_closing_time",
				  report_first_ten(&r, BOSTON_PROMISE, 1u << LATE,
						   report_by_evidence, late));
	(void)json_object_set_new(out, "quirks", quirks(b));
out:
	out = report_end(&r, out);
	report_fini(&r);
	return out;
}

void boston_print(const json_t *report, FILE *out)
{
	(void)fprintf(out, "%lld cases, as of %s\n",
		      (long long)json_integer_value(json_object_get(report, "cases")),
		      json_string_value(json_object_get(report, "as_of")));
	report_print_totals("answered by the department",
			    json_object_get(report, "totals"), out);
}
