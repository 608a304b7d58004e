#include "olist_report.h"

#include "olist.h"
#include "replay_report.h"

#include <stdlib.h>
#include <string.h>

#define TOP_SELLERS 50

static const struct olist *data_of(const struct report *r)
{
	return r->plan->data;
}

/* ---- Rows ---- */

static void put_order(const struct report *r, const struct fact *f, json_t *row)
{
	(void)json_object_set_new(row, "order_id",
				  json_string(data_of(r)->orders[f->subject].number));
}

static json_t *delivery_breach(const struct report *r, const struct fact *f)
{
	json_t *row = json_object();

	put_order(r, f, row);
	report_put_breach(row, f);
	return row;
}

static json_t *handover_breach(const struct report *r, const struct fact *f)
{
	json_t *row = json_object();

	put_order(r, f, row);
	(void)json_object_set_new(row, "order_item_id",
				  json_integer(data_of(r)->items[f->item].number));
	(void)json_object_set_new(row, "seller_id", json_string(f->debtor));
	report_put_breach(row, f);
	return row;
}

static json_t *late_delivery(const struct report *r, const struct fact *f)
{
	json_t *row = json_object();

	put_order(r, f, row);
	(void)json_object_set_new(row, "fulfilled_at", report_naive(f->evidence));
	(void)json_object_set_new(row, "due", report_naive(f->due));
	return row;
}

/* ---- Sums ---- */

static json_t *late_by_month(struct report *r)
{
	struct months m = { 0 };
	json_t *out = json_object();
	char text[TROTH_TIME_TEXT];

	for (size_t i = 0; i < r->f->count; i++) {
		const struct fact *f = &r->f->at[i];
		struct tally *t;

		if (f->kind != OLIST_DELIVERY || f->outcome != LATE)
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

/* All debtors of hand-overs, as the node names them. NULL: no memory. */
static struct report_group *sellers(struct report *r, size_t *count)
{
	const char **ids = calloc(r->f->count + 1, sizeof(*ids));
	struct report_group *g = NULL;
	size_t n = 0;

	*count = 0;
	for (size_t i = 0; ids != NULL && i < r->f->count; i++)
		if (r->f->at[i].kind == OLIST_HAND_OVER)
			ids[n++] = r->f->at[i].debtor;
	if (ids != NULL)
		g = report_groups(ids, n, count);
	r->failed = r->failed || g == NULL;
	free(ids);
	return g;
}

/* The facts of an order stand together, the delivery promise last: where they end. */
static size_t end_of_order(const struct facts *f, size_t first)
{
	size_t end = first;

	while (end < f->count && f->at[end].subject == f->at[first].subject)
		end++;
	return end;
}

/* Whether an earlier hand-over of the same order is the same seller's. */
static bool seen_before(const struct facts *f, size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (strcmp(f->at[k].debtor, f->at[i].debtor) == 0)
			return true;
	return false;
}

static json_t *top_by_orders(struct report *r)
{
	const struct facts *f = r->f;
	size_t n, end;
	struct report_group *s = sellers(r, &n);
	json_t *out = NULL;

	for (size_t first = 0; s != NULL && first < f->count; first = end) {
		const struct fact *delivery;

		end = end_of_order(f, first);
		delivery = &f->at[end - 1];
		if (delivery->kind != OLIST_DELIVERY)
			continue; /* It was never promised for a day. */
		for (size_t i = first; i < end - 1; i++)
			if (!seen_before(f, first, i))
				report_group(s, n, f->at[i].debtor)
					->t.of[delivery->outcome]++;
	}
	out = s != NULL ? report_top(s, n, TOP_SELLERS) : json_array();
	free(s);
	return out;
}

static void put_handover_sellers(struct report *r, json_t *out)
{
	size_t n;
	struct report_group *s = sellers(r, &n);

	if (s == NULL)
		return;
	for (size_t i = 0; i < r->f->count; i++)
		if (r->f->at[i].kind == OLIST_HAND_OVER)
			report_group(s, n, r->f->at[i].debtor)
				->t.of[r->f->at[i].outcome]++;
	(void)json_object_set_new(out, "sellers", json_integer((json_int_t)n));
	(void)json_object_set_new(out, "top_50_sellers", report_top(s, n, TOP_SELLERS));
	free(s);
}

/* Whether a later hand-over of the same seller, before `end`, has another limit. */
static bool limits_differ(const struct facts *f, size_t i, size_t end)
{
	for (size_t k = i + 1; k < end; k++)
		if (f->at[k].kind == OLIST_HAND_OVER &&
		    strcmp(f->at[k].debtor, f->at[i].debtor) == 0 &&
		    f->at[k].due.ms != f->at[i].due.ms)
			return true;
	return false;
}

/* Orders and sellers, and those among them whose limits differ. */
static void put_pairs(const struct report *r, json_t *out)
{
	const struct facts *f = r->f;
	json_int_t pairs = 0, differ = 0;
	size_t end;

	for (size_t first = 0; first < f->count; first = end) {
		end = end_of_order(f, first);
		for (size_t i = first; i < end; i++) {
			if (f->at[i].kind != OLIST_HAND_OVER || seen_before(f, first, i))
				continue;
			pairs++;
			differ += limits_differ(f, i, end);
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

	(void)json_object_set_new(
		out, "totals", report_totals(r, OLIST_DELIVERY, data_of(r)->order_count));
	(void)json_object_set_new(out, "by_due_month",
				  report_by_due_month(r, OLIST_DELIVERY));
	(void)json_object_set_new(out, "late_deliveries_by_delivery_month",
				  late_by_month(r));
	(void)json_object_set_new(out, "first_10_breaches_by_due_time",
				  report_first_ten(r, OLIST_DELIVERY,
						   1u << LATE | 1u << OVERDUE,
						   report_by_due, delivery_breach));
	(void)json_object_set_new(out, "first_10_late_by_delivery_time",
				  report_first_ten(r, OLIST_DELIVERY, 1u << LATE,
						   report_by_evidence, late_delivery));
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

	(void)json_object_set_new(
		out, "totals", report_totals(r, OLIST_HAND_OVER, data_of(r)->item_count));
	(void)json_object_set_new(out, "by_due_month",
				  report_by_due_month(r, OLIST_HAND_OVER));
	put_handover_sellers(r, out);
	(void)json_object_set_new(out, "first_10_breaches_by_due_time",
				  report_first_ten(r, OLIST_HAND_OVER,
						   1u << LATE | 1u << OVERDUE,
						   report_by_due, handover_breach));
	put_pairs(r, out);
	return out;
}

json_t *olist_report(const struct replay_plan *p, const struct facts *f,
		     struct troth_time as_of)
{
	const struct olist *data = p->data;
	json_t *out = json_object();
	struct report r;

	r.failed = !report_init(&r, p, f);
	if (!r.failed) {
		(void)json_object_set_new(out, "as_of", report_naive(as_of));
		(void)json_object_set_new(out, "orders",
					  json_integer((json_int_t)data->order_count));
		(void)json_object_set_new(out, "status", olist_statuses(data));
		(void)json_object_set_new(out, "delivery_promise", delivery_part(&r));
		(void)json_object_set_new(out, "seller_handover_promise",
					  handover_part(&r));
		(void)json_object_set_new(out, "quirks", olist_quirks(data));
		if (data->reviews != NULL)
			(void)json_object_set(out, "reviews", data->reviews);
	}
	out = report_end(&r, out);
	report_fini(&r);
	return out;
}

void olist_print(const json_t *report, FILE *out)
{
	const json_t *delivery = json_object_get(report, "delivery_promise");
	const json_t *handover = json_object_get(report, "seller_handover_promise");
	const json_t *instant = json_object_get(delivery, "instant");

	(void)fprintf(out, "%lld orders, as of %s\n",
		      (long long)json_integer_value(json_object_get(report, "orders")),
		      json_string_value(json_object_get(report, "as_of")));
	report_print_totals(instant != NULL
				    ? "delivery, due at the estimated instant"
				    : "delivery, due at the end of the estimated day",
			    json_object_get(delivery, "totals"), out);
	report_print_totals("hand-over by the sellers",
			    json_object_get(handover, "totals"), out);
}
