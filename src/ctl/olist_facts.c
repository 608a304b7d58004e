/*
 * What can be counted in the files without knowing what became of a promise.
 */
#include "olist.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static bool before(struct troth_time a, struct troth_time b)
{
	return a.ms != 0 && b.ms != 0 && a.ms < b.ms;
}

static bool same_day(struct troth_time a, struct troth_time b)
{
	return a.ms != 0 && b.ms != 0 && a.ms / DAY_MS == b.ms / DAY_MS;
}

static bool has_several_sellers(const struct olist *o, const struct olist_order *order)
{
	const struct olist_item *first = &o->items[order->first_item];

	for (unsigned i = 1; i < order->item_count; i++)
		if (strcmp(first[i].seller, first->seller) != 0)
			return true;
	return false;
}

/* In the order of their names. */
enum quirk {
	APPROVED_NULL,
	APPROVED_BEFORE_PURCHASE,
	CANCELED_BUT_DELIVERED,
	CARRIER_BEFORE_APPROVAL,
	CARRIER_BEFORE_PURCHASE,
	CARRIER_NULL,
	DELIVERED_BEFORE_CARRIER,
	DELIVERED_NULL,
	ON_THE_ESTIMATED_DAY,
	DELIVERED_WITHOUT_DATE,
	DELIVERED_WITHOUT_CARRIER,
	NOT_MIDNIGHT,
	SEVERAL_SELLERS,
	WITHOUT_ITEMS,
	LIMIT_AFTER_ESTIMATE,
	LIMIT_BEFORE_PURCHASE,
};

static const char *const names[] = {
	[APPROVED_NULL] = "approved_at_null",
	[APPROVED_BEFORE_PURCHASE] = "approved_before_purchase",
	[CANCELED_BUT_DELIVERED] = "canceled_but_delivery_date_present",
	[CARRIER_BEFORE_APPROVAL] = "carrier_before_approval",
	[CARRIER_BEFORE_PURCHASE] = "carrier_before_purchase",
	[CARRIER_NULL] = "carrier_date_null",
	[DELIVERED_BEFORE_CARRIER] = "delivered_before_carrier",
	[DELIVERED_NULL] = "delivered_date_null",
	[ON_THE_ESTIMATED_DAY] = "delivered_on_the_estimated_day",
	[DELIVERED_WITHOUT_DATE] = "delivered_status_without_delivery_date",
	[DELIVERED_WITHOUT_CARRIER] = "delivered_without_carrier_date",
	[NOT_MIDNIGHT] = "estimated_time_not_midnight",
	[SEVERAL_SELLERS] = "orders_with_several_sellers",
	[WITHOUT_ITEMS] = "orders_without_items",
	[LIMIT_AFTER_ESTIMATE] = "shipping_limit_after_estimated_delivery",
	[LIMIT_BEFORE_PURCHASE] = "shipping_limit_before_purchase",
};

static void count_order(const struct olist *o, const struct olist_order *r,
			json_int_t *counts)
{
	counts[APPROVED_NULL] += r->approved.ms == 0;
	counts[APPROVED_BEFORE_PURCHASE] += before(r->approved, r->purchased);
	counts[CANCELED_BUT_DELIVERED] += strcmp(r->status, "canceled") == 0 &&
					  r->delivered.ms != 0;
	counts[CARRIER_BEFORE_APPROVAL] += before(r->collected, r->approved);
	counts[CARRIER_BEFORE_PURCHASE] += before(r->collected, r->purchased);
	counts[CARRIER_NULL] += r->collected.ms == 0;
	counts[DELIVERED_BEFORE_CARRIER] += before(r->delivered, r->collected);
	counts[DELIVERED_NULL] += r->delivered.ms == 0;
	counts[ON_THE_ESTIMATED_DAY] += same_day(r->delivered, r->estimated);
	counts[DELIVERED_WITHOUT_DATE] += strcmp(r->status, "delivered") == 0 &&
					  r->delivered.ms == 0;
	counts[DELIVERED_WITHOUT_CARRIER] += r->delivered.ms != 0 && r->collected.ms == 0;
	counts[NOT_MIDNIGHT] += r->estimated.ms % DAY_MS != 0;
	counts[SEVERAL_SELLERS] += has_several_sellers(o, r);
	counts[WITHOUT_ITEMS] += r->item_count == 0;
	for (unsigned i = 0; i < r->item_count; i++) {
		struct troth_time limit = o->items[r->first_item + i].limit;

		counts[LIMIT_AFTER_ESTIMATE] += before(r->estimated, limit);
		counts[LIMIT_BEFORE_PURCHASE] += before(limit, r->purchased);
	}
}

json_t *olist_quirks(const struct olist *o)
{
	json_int_t counts[TROTH_LEN(names)] = { 0 };
	json_t *out = json_object();

	for (size_t i = 0; i < o->order_count; i++)
		count_order(o, &o->orders[i], counts);
	for (size_t i = 0; i < TROTH_LEN(names); i++)
		(void)json_object_set_new(out, names[i], json_integer(counts[i]));
	return out;
}

json_t *olist_statuses(const struct olist *o)
{
	json_t *out = json_object();

	for (size_t i = 0; i < o->order_count; i++) {
		const char *status = o->orders[i].status;
		json_int_t n = json_integer_value(json_object_get(out, status));

		(void)json_object_set_new(out, status, json_integer(n + 1));
	}
	return out;
}
