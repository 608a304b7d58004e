#include "replay_report.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_MANY 10

bool report_init(struct report *r, const struct replay_plan *p, const struct facts *f)
{
	*r = (struct report){ .plan = p, .f = f };
	r->sorted = calloc(f->count + 1, sizeof(struct fact *));
	return r->sorted != NULL;
}

void report_fini(struct report *r)
{
	free(r->sorted);
	*r = (struct report){ 0 };
}

json_t *report_end(struct report *r, json_t *whole)
{
	if (!r->failed)
		return whole;
	json_decref(whole);
	return NULL;
}

json_t *report_naive(struct troth_time t)
{
	char text[TROTH_TIME_TEXT];

	if (t.ms == 0)
		return json_null();
	troth_time_format(text, t);
	text[10] = ' ';
	return json_stringn(text, 19);
}

/* ---- Lists ---- */

static int compare_times(struct troth_time a, struct troth_time b)
{
	return a.ms == b.ms ? 0 : a.ms < b.ms ? -1 : 1;
}

int report_by_due(const void *a, const void *b)
{
	const struct fact *x = *(const struct fact *const *)a;
	const struct fact *y = *(const struct fact *const *)b;
	int d = compare_times(x->due, y->due);

	return d != 0 ? d : fact_by_place(x, y);
}

int report_by_evidence(const void *a, const void *b)
{
	const struct fact *x = *(const struct fact *const *)a;
	const struct fact *y = *(const struct fact *const *)b;
	int d = compare_times(x->evidence, y->evidence);

	return d != 0 ? d : fact_by_place(x, y);
}

json_t *report_first_ten(struct report *r, uint8_t kind, unsigned outcomes,
			 int (*by)(const void *, const void *), report_row *row)
{
	json_t *out = json_array();
	size_t n = 0;

	for (size_t i = 0; i < r->f->count; i++)
		if (r->f->at[i].kind == kind &&
		    (outcomes & 1u << r->f->at[i].outcome) != 0)
			r->sorted[n++] = &r->f->at[i];
	if (n > 0)
		qsort(r->sorted, n, sizeof(struct fact *), by);
	for (size_t i = 0; i < n && i < FIRST_MANY; i++)
		(void)json_array_append_new(out, row(r, r->sorted[i]));
	return out;
}

void report_put_breach(json_t *row, const struct fact *f)
{
	(void)json_object_set_new(row, "breached_at", report_naive(f->due));
	(void)json_object_set_new(row, "outcome", json_string(outcome_names[f->outcome]));
	(void)json_object_set_new(row, "fulfilled_at", report_naive(f->evidence));
}

/* ---- Sums ---- */

json_t *report_totals(const struct report *r, uint8_t kind, size_t all)
{
	json_t *out = json_object();
	struct tally t = { { 0 } };

	for (size_t i = 0; i < r->f->count; i++)
		if (r->f->at[i].kind == kind) {
			t.of[r->f->at[i].outcome]++;
			all--;
		}
	t.of[NO_DUE] = all;
	tally_out(&t, out);
	return out;
}

json_t *report_by_due_month(struct report *r, uint8_t kind)
{
	struct months m = { 0 };
	json_t *out = json_object();
	char text[TROTH_TIME_TEXT];

	for (size_t i = 0; i < r->f->count; i++) {
		const struct fact *f = &r->f->at[i];
		struct tally *t;

		if (f->kind != kind)
			continue;
		troth_time_format(text, f->due);
		t = months_of(&m, text);
		if (t != NULL)
			t->of[f->outcome]++;
		r->failed = r->failed || t == NULL;
	}
	for (size_t i = 0; i < m.count; i++) {
		json_t *month = json_object();

		tally_counts(&m.at[i].t, NO_DUE, month);
		(void)json_object_set_new(out, m.at[i].name, month);
	}
	months_free(&m);
	return out;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct report_group *)a)->id,
		      ((const struct report_group *)b)->id);
}

static int by_size(const void *a, const void *b)
{
	const struct report_group *x = a, *y = b;
	uint64_t m = tally_promises(&x->t), n = tally_promises(&y->t);

	if (m != n)
		return m > n ? -1 : 1;
	return by_name(a, b);
}

struct report_group *report_groups(const char *const *ids, size_t count, size_t *groups)
{
	struct report_group *g = calloc(count + 1, sizeof(*g));

	*groups = 0;
	if (g == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		g[i].id = ids[i];
	qsort(g, count, sizeof(*g), by_name);
	for (size_t i = 0; i < count; i++)
		if (*groups == 0 || strcmp(g[*groups - 1].id, g[i].id) != 0)
			g[(*groups)++].id = g[i].id;
	return g;
}

struct report_group *report_group(struct report_group *g, size_t groups, const char *id)
{
	struct report_group key = { .id = id };

	return bsearch(&key, g, groups, sizeof(*g), by_name);
}

json_t *report_top(struct report_group *g, size_t groups, size_t most)
{
	json_t *out = json_array();

	qsort(g, groups, sizeof(*g), by_size);
	for (size_t i = 0; i < groups && i < most; i++) {
		json_t *row = json_object();

		(void)json_object_set_new(row, "id", json_string(g[i].id));
		tally_out(&g[i].t, row);
		(void)json_array_append_new(out, row);
	}
	return out;
}

void report_print_totals(const char *what, const json_t *totals, FILE *out)
{
	const json_t *v;
	const char *name;

	(void)fprintf(out, "%s\n", what);
	json_object_foreach((json_t *)totals, name, v)
	{
		if (json_is_real(v))
			(void)fprintf(out, "  %-18s %.6f\n", name, json_real_value(v));
		else if (json_is_integer(v))
			(void)fprintf(out, "  %-18s %lld\n", name,
				      (long long)json_integer_value(v));
		else
			(void)fprintf(out, "  %-18s -\n", name);
	}
}
