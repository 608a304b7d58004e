#include "replay_report.h"

#include "replay_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP_SELLERS 50
#define FIRST_MANY  10

struct report {
	const struct replay_plan *plan;
	struct facts f;
	struct fact **sorted; /* Room for pointers to all of them. */
	bool failed;          /* No memory. */
};

/* ---- Lists ---- */

/* "2018-10-18 00:00:00" */
static json_t *naive(struct troth_time t)
{
	char text[TROTH_TIME_TEXT];

	if (t.ms == 0)
		return json_null();
	troth_time_format(text, t);
	text[10] = ' ';
	return json_stringn(text, 19);
}

static const char *number_of(const struct report *r, const struct fact *f)
{
	return r->plan->data->orders[f->order].number;
}

static unsigned item_of(const struct report *r, const struct fact *f)
{
	return r->plan->data->items[f->item].number;
}

static int compare_times(struct troth_time a, struct troth_time b)
{
	return a.ms == b.ms ? 0 : a.ms < b.ms ? -1 : 1;
}

/* Orders stand by number and items behind them, so their indexes order like these. */
static int by_due(const void *a, const void *b)
{
	const struct fact *x = *(struct fact *const *)a, *y = *(struct fact *const *)b;
	int d = compare_times(x->due, y->due);

	return d != 0 ? d : fact_by_place(x, y);
}

static int by_evidence(const void *a, const void *b)
{
	const struct fact *x = *(struct fact *const *)a, *y = *(struct fact *const *)b;
	int d = compare_times(x->evidence, y->evidence);

	return d != 0 ? d : fact_by_place(x, y);
}

/* Gathers the promises of a sort with an outcome of the set, in some order. */
static size_t gather(struct report *r, bool delivery, unsigned outcomes,
		     int (*by)(const void *, const void *))
{
	size_t n = 0;

	for (size_t i = 0; i < r->f.count; i++)
		if ((r->f.at[i].item == NO_ITEM) == delivery &&
		    (outcomes & 1u << r->f.at[i].outcome) != 0)
			r->sorted[n++] = &r->f.at[i];
	if (n > 0)
		qsort(r->sorted, n, sizeof(struct fact *), by);
	return n;
}

static json_t *first_breaches(struct report *r, bool delivery)
{
	size_t n = gather(r, delivery, 1u << LATE | 1u << OVERDUE, by_due);
	json_t *out = json_array();

	for (size_t i = 0; i < n && i < FIRST_MANY; i++) {
		const struct fact *f = r->sorted[i];
		json_t *row = json_object();

		(void)json_object_set_new(row, "order_id", json_string(number_of(r, f)));
		if (!delivery) {
			(void)json_object_set_new(row, "order_item_id",
						  json_integer(item_of(r, f)));
			(void)json_object_set_new(row, "seller_id",
						  json_string(f->debtor));
		}
		(void)json_object_set_new(row, "breached_at", naive(f->due));
		(void)json_object_set_new(row, "outcome",
					  json_string(outcome_names[f->outcome]));
		(void)json_object_set_new(row, "fulfilled_at", naive(f->evidence));
		(void)json_array_append_new(out, row);
	}
	return out;
}

static json_t *first_late(struct report *r)
{
	size_t n = gather(r, true, 1u << LATE, by_evidence);
	json_t *out = json_array();

	for (size_t i = 0; i < n && i < FIRST_MANY; i++) {
		const struct fact *f = r->sorted[i];
		json_t *row = json_object();

		(void)json_object_set_new(row, "order_id", json_string(number_of(r, f)));
		(void)json_object_set_new(row, "fulfilled_at", naive(f->evidence));
		(void)json_object_set_new(row, "due", naive(f->due));
		(void)json_array_append_new(out, row);
	}
	return out;
}

/* ---- Sums ---- */

/* All promises of a sort, with those that the files gave no due. */
static json_t *totals(const struct report *r, bool delivery)
{
	json_t *out = json_object();
	struct tally t = { { 0 } };
	uint64_t all = delivery ? r->plan->data->order_count : r->plan->data->item_count;

	for (size_t i = 0; i < r->f.count; i++)
		if ((r->f.at[i].item == NO_ITEM) == delivery) {
			t.of[r->f.at[i].outcome]++;
			all--;
		}
	t.of[NO_DUE] = all;
	tally_out(&t, out);
	return out;
}

static json_t *by_due_month(struct report *r, bool delivery)
{
	struct months m = { 0 };
	json_t *out = json_object();
	char text[TROTH_TIME_TEXT];

	for (size_t i = 0; i < r->f.count; i++) {
		const struct fact *f = &r->f.at[i];
		struct tally *t;

		if ((f->item == NO_ITEM) != delivery)
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

static json_t *late_by_month(struct report *r)
{
	struct months m = { 0 };
	json_t *out = json_object();
	char text[TROTH_TIME_TEXT];

	for (size_t i = 0; i < r->f.count; i++) {
		const struct fact *f = &r->f.at[i];
		struct tally *t;

		if (f->item != NO_ITEM || f->outcome != LATE)
			continue;
		troth_time_format(text, f->evidence);
		t = months_of(&m, text);
		if (t != NULL)
			t->of[LATE]++;
		r->failed = r->failed || t == NULL;
	}
	for (size_t i = 0; i < m.count; i++)
		(void)json_object_set_new(out, m.at[i].name,
					  json_integer((json_int_t)m.at[i].t.of[LATE]));
	months_free(&m);
	return out;
}

/* ---- Sellers, as the node names them ---- */

struct seller {
	const char *id;
	struct tally t;
	uint64_t all;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct seller *)a)->id, ((const struct seller *)b)->id);
}

static int by_size(const void *a, const void *b)
{
	const struct seller *x = a, *y = b;

	if (x->all != y->all)
		return x->all > y->all ? -1 : 1;
	return by_name(a, b);
}

/* All debtors of hand-overs, each once, by name. NULL: no memory. */
static struct seller *list_sellers(const struct report *r, size_t *count)
{
	struct seller *s = calloc(r->f.count + 1, sizeof(*s));
	size_t n = 0;

	*count = 0;
	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < r->f.count; i++)
		if (r->f.at[i].item != NO_ITEM)
			s[n++].id = r->f.at[i].debtor;
	qsort(s, n, sizeof(*s), by_name);
	for (size_t i = 0; i < n; i++)
		if (*count == 0 || strcmp(s[*count - 1].id, s[i].id) != 0)
			s[(*count)++].id = s[i].id;
	return s;
}

static void count_for(struct seller *s, size_t n, const char *id, enum outcome outcome)
{
	struct seller key = { .id = id };
	struct seller *found = bsearch(&key, s, n, sizeof(*s), by_name);

	found->t.of[outcome]++;
	found->all++;
}

static json_t *top_sellers(struct seller *s, size_t n)
{
	json_t *out = json_array();

	qsort(s, n, sizeof(*s), by_size);
	for (size_t i = 0; i < n && i < TOP_SELLERS; i++) {
		json_t *row = json_object();

		(void)json_object_set_new(row, "id", json_string(s[i].id));
		tally_out(&s[i].t, row);
		(void)json_array_append_new(out, row);
	}
	return out;
}

/* The facts of an order stand together, the delivery promise last: where they end. */
static size_t end_of_order(const struct report *r, size_t first)
{
	size_t end = first;

	while (end < r->f.count && r->f.at[end].order == r->f.at[first].order)
		end++;
	return end;
}

/* Whether an earlier hand-over of the same order is the same seller's. */
static bool seen_before(const struct report *r, size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (strcmp(r->f.at[k].debtor, r->f.at[i].debtor) == 0)
			return true;
	return false;
}

static json_t *top_by_orders(struct report *r)
{
	size_t n, end;
	struct seller *s = list_sellers(r, &n);
	json_t *out;

	if (s == NULL) {
		r->failed = true;
		return json_array();
	}
	for (size_t first = 0; first < r->f.count; first = end) {
		const struct fact *delivery;

		end = end_of_order(r, first);
		delivery = &r->f.at[end - 1];
		if (delivery->item != NO_ITEM)
			continue; /* It was never promised for a day. */
		for (size_t i = first; i < end - 1; i++)
			if (!seen_before(r, first, i))
				count_for(s, n, r->f.at[i].debtor, delivery->outcome);
	}
	out = top_sellers(s, n);
	free(s);
	return out;
}

static void put_handover_sellers(struct report *r, json_t *out)
{
	size_t n;
	struct seller *s = list_sellers(r, &n);

	if (s == NULL) {
		r->failed = true;
		return;
	}
	for (size_t i = 0; i < r->f.count; i++)
		if (r->f.at[i].item != NO_ITEM)
			count_for(s, n, r->f.at[i].debtor, r->f.at[i].outcome);
	(void)json_object_set_new(out, "sellers", json_integer((json_int_t)n));
	(void)json_object_set_new(out, "top_50_sellers", top_sellers(s, n));
	free(s);
}

/* Orders and sellers, and those among them whose limits differ. */
static void put_pairs(const struct report *r, json_t *out)
{
	json_int_t pairs = 0, differ = 0;
	size_t end;

	for (size_t first = 0; first < r->f.count; first = end) {
		end = end_of_order(r, first);
		for (size_t i = first; i < end; i++) {
			bool several = false;

			if (r->f.at[i].item == NO_ITEM || seen_before(r, first, i))
				continue;
			for (size_t k = i + 1; k < end; k++)
				several = several ||
					  (r->f.at[k].item != NO_ITEM &&
					   strcmp(r->f.at[k].debtor, r->f.at[i].debtor) ==
						   0 &&
					   r->f.at[k].due.ms != r->f.at[i].due.ms);
			pairs++;
			differ += several;
		}
	}
	(void)json_object_set_new(out, "order_seller_pairs", json_integer(pairs));
	(void)json_object_set_new(out, "order_seller_pairs_with_more_than_one_limit",
				  json_integer(differ));
}

/* ---- All of it ---- */

static json_t *delivery_part(struct report *r)
{
	json_t *out = json_object();

	(void)json_object_set_new(out, "totals", totals(r, true));
	(void)json_object_set_new(out, "by_due_month", by_due_month(r, true));
	(void)json_object_set_new(out, "late_deliveries_by_delivery_month",
				  late_by_month(r));
	(void)json_object_set_new(out, "first_10_breaches_by_due_time",
				  first_breaches(r, true));
	(void)json_object_set_new(out, "first_10_late_by_delivery_time", first_late(r));
	(void)json_object_set_new(out, "top_50_sellers_by_orders", top_by_orders(r));
	/* Also under the name of the rule, where answers by both rules are side by side.
	 */
	(void)json_object_set_new(out, r->plan->end_of_day ? "end_of_day" : "instant",
				  json_deep_copy(out));
	return out;
}

static json_t *handover_part(struct report *r)
{
	json_t *out = json_object();

	(void)json_object_set_new(out, "totals", totals(r, false));
	(void)json_object_set_new(out, "by_due_month", by_due_month(r, false));
	put_handover_sellers(r, out);
	(void)json_object_set_new(out, "first_10_breaches_by_due_time",
				  first_breaches(r, false));
	put_pairs(r, out);
	return out;
}

static json_t *whole(struct report *r, struct troth_time as_of)
{
	const struct olist *data = r->plan->data;
	json_t *out = json_object();

	(void)json_object_set_new(out, "as_of", naive(as_of));
	(void)json_object_set_new(out, "orders",
				  json_integer((json_int_t)data->order_count));
	(void)json_object_set_new(out, "status", olist_statuses(data));
	(void)json_object_set_new(out, "delivery_promise", delivery_part(r));
	(void)json_object_set_new(out, "seller_handover_promise", handover_part(r));
	(void)json_object_set_new(out, "quirks", olist_quirks(data));
	if (data->reviews != NULL)
		(void)json_object_set(out, "reviews", data->reviews);
	return out;
}

enum troth_err replay_report(json_t **out, struct replay_node *node,
			     const struct replay_plan *plan, struct troth_time as_of,
			     struct troth_why *why)
{
	struct report r = { .plan = plan };
	enum troth_err err = facts_read(&r.f, node, plan, as_of, why);

	*out = NULL;
	if (err != TROTH_OK)
		goto out;
	r.sorted = calloc(r.f.count + 1, sizeof(struct fact *));
	if (r.sorted != NULL)
		*out = whole(&r, as_of);
	if (r.failed || *out == NULL) {
		json_decref(*out);
		*out = NULL;
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	}
out:
	facts_free(&r.f);
	free(r.sorted);
	return err;
}

static void print_totals(const char *what, const json_t *part, FILE *out)
{
	const json_t *t = json_object_get(part, "totals"), *v;
	const char *name;

	(void)fprintf(out, "%s\n", what);
	json_object_foreach((json_t *)t, name, v)
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

void replay_print(const json_t *report, FILE *out)
{
	const json_t *delivery = json_object_get(report, "delivery_promise");
	const json_t *instant = json_object_get(delivery, "instant");

	(void)fprintf(out, "%lld orders, as of %s\n",
		      (long long)json_integer_value(json_object_get(report, "orders")),
		      json_string_value(json_object_get(report, "as_of")));
	print_totals(instant != NULL ? "delivery, due at the estimated instant"
				     : "delivery, due at the end of the estimated day",
		     delivery, out);
	print_totals("hand-over by the sellers",
		     json_object_get(report, "seller_handover_promise"), out);
}
