#include "olist.h"

#include "replay_csv.h"

#include <stdlib.h>
#include <string.h>

/* ---- Fields ---- */

static bool digits(const char **text, int64_t *v, int max)
{
	int n = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++, n++)
		*v = *v * 10 + (**text - '0');
	return n > 0 && n <= max;
}

/* "199.00", "7.5" or "12", in minor units. */
static enum troth_err read_price(const struct troth_csv *csv, const char *text,
				 int64_t *out, struct troth_why *why)
{
	const char *at = text, *fraction;
	int64_t v = 0;
	bool ok = strlen(text) <= 12 && digits(&at, &v, 9);

	if (ok && *at == '.') {
		fraction = ++at;
		ok = digits(&at, &v, 2);
		if (at - fraction == 1)
			v *= 10;
	} else {
		v *= 100;
	}
	*out = v;
	return ok && *at == '\0'
		       ? TROTH_OK
		       : troth_csv_fail(csv, why, "price \"%.40s\": not as in \"199.00\"",
					text);
}

static enum troth_err read_number(const struct troth_csv *csv, const char *column,
				  const char *text, unsigned least, unsigned most,
				  unsigned *out, struct troth_why *why)
{
	const char *at = text;
	int64_t v = 0;

	if (strlen(text) > 9 || !digits(&at, &v, 9) || *at != '\0' || v < least ||
	    v > most)
		return troth_csv_fail(csv, why,
				      "%s \"%.40s\": not a number from %u to %u", column,
				      text, least, most);
	*out = (unsigned)v;
	return TROTH_OK;
}

/* ---- Files ---- */

enum { NUMBER, CUSTOMER, STATUS, PURCHASED, APPROVED, COLLECTED, DELIVERED, ESTIMATED };
static const char *const order_columns[] = {
	[NUMBER] = "order_id",
	[CUSTOMER] = "customer_id",
	[STATUS] = "order_status",
	[PURCHASED] = "order_purchase_timestamp",
	[APPROVED] = "order_approved_at",
	[COLLECTED] = "order_delivered_carrier_date",
	[DELIVERED] = "order_delivered_customer_date",
	[ESTIMATED] = "order_estimated_delivery_date",
};

static enum troth_err read_order(const struct troth_csv *csv, const char *const *f,
				 struct olist_order *o, struct troth_why *why)
{
	struct troth_time *const times[] = { &o->purchased, &o->approved, &o->collected,
					     &o->delivered, &o->estimated };
	enum troth_err err = csv_name(csv, order_columns[NUMBER], f[NUMBER], o->number,
				      OLIST_NUMBER_MAX, why);

	if (err == TROTH_OK)
		err = csv_name(csv, order_columns[CUSTOMER], f[CUSTOMER], o->customer,
			       OLIST_NUMBER_MAX, why);
	if (err == TROTH_OK)
		err = csv_name(csv, order_columns[STATUS], f[STATUS], o->status,
			       OLIST_STATUS_MAX, why);
	for (int i = PURCHASED; i <= ESTIMATED && err == TROTH_OK; i++)
		err = csv_time(csv, order_columns[i], f[i], i == PURCHASED,
			       times[i - PURCHASED], why);
	return err;
}

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct olist_order *)a)->number,
		      ((const struct olist_order *)b)->number);
}

static enum troth_err load_orders(struct olist *o, const char *path,
				  struct troth_why *why)
{
	const char *f[TROTH_LEN(order_columns)];
	struct troth_csv *csv;
	struct olist_order *order;
	enum troth_err err = troth_csv_open(&csv, path, order_columns,
					    TROTH_LEN(order_columns), why);

	while (err == TROTH_OK) {
		err = troth_csv_next(csv, f, why);
		if (err != TROTH_OK)
			break;
		order = csv_one_more((void **)&o->orders, &o->order_count,
				     sizeof(*order));
		if (order == NULL) {
			(void)troth_fail(why, TROTH_ERR_MEMORY, "no memory");
			err = TROTH_ERR_MEMORY;
			break;
		}
		err = read_order(csv, f, order, why);
	}
	troth_csv_close(csv);
	if (err != TROTH_ERR_NOTFOUND)
		return err;
	if (o->order_count > 0)
		qsort(o->orders, o->order_count, sizeof(*o->orders), by_number);
	for (size_t i = 1; i < o->order_count; i++)
		if (by_number(&o->orders[i - 1], &o->orders[i]) == 0)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: order %s is there twice", path,
					  o->orders[i].number);
	return TROTH_OK;
}

ptrdiff_t olist_find(const struct olist *o, const char *number)
{
	struct olist_order key = { .number = "" };
	const struct olist_order *found;

	if (strlen(number) > OLIST_NUMBER_MAX || o->order_count == 0)
		return -1;
	memcpy(key.number, number, strlen(number) + 1);
	found = bsearch(&key, o->orders, o->order_count, sizeof(*o->orders), by_number);
	return found != NULL ? found - o->orders : -1;
}

enum { ITEM_ORDER, ITEM_NUMBER, ITEM_PRODUCT, ITEM_SELLER, ITEM_LIMIT, ITEM_PRICE };
static const char *const item_columns[] = {
	[ITEM_ORDER] = "order_id",
	[ITEM_NUMBER] = "order_item_id",
	[ITEM_PRODUCT] = "product_id",
	[ITEM_SELLER] = "seller_id",
	[ITEM_LIMIT] = "shipping_limit_date",
	[ITEM_PRICE] = "price",
};

static enum troth_err read_item(const struct troth_csv *csv, const char *const *f,
				struct olist_item *item, struct troth_why *why)
{
	enum troth_err err = read_number(csv, item_columns[ITEM_NUMBER], f[ITEM_NUMBER],
					 1, OLIST_ITEM_LAST, &item->number, why);

	item->line = troth_csv_line(csv);
	if (err == TROTH_OK)
		err = csv_name(csv, item_columns[ITEM_PRODUCT], f[ITEM_PRODUCT],
			       item->product, OLIST_NUMBER_MAX, why);
	if (err == TROTH_OK)
		err = csv_name(csv, item_columns[ITEM_SELLER], f[ITEM_SELLER],
			       item->seller, OLIST_SELLER_MAX, why);
	if (err == TROTH_OK && strchr(item->seller, '/') != NULL)
		err = troth_csv_fail(csv, why, "seller_id \"%s\": has a /", item->seller);
	if (err == TROTH_OK)
		err = csv_time(csv, item_columns[ITEM_LIMIT], f[ITEM_LIMIT], false,
			       &item->limit, why);
	if (err == TROTH_OK)
		err = read_price(csv, f[ITEM_PRICE], &item->price, why);
	return err;
}

static int by_order(const void *a, const void *b)
{
	const struct olist_item *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->number == y->number ? 0 : x->number < y->number ? -1 : 1;
}

/* Ties the items, sorted, to their orders. */
static enum troth_err tie_items(struct olist *o, const char *path, struct troth_why *why)
{
	for (size_t i = 0; i < o->item_count; i++) {
		struct olist_item *item = &o->items[i];
		struct olist_order *order = &o->orders[item->order];

		if (i > 0 && by_order(item - 1, item) == 0)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s:%llu: item %u of order %s is there twice",
					  path, (unsigned long long)item->line,
					  item->number, order->number);
		if (order->item_count == OLIST_ITEMS_MAX)
			return troth_fail(why, TROTH_ERR_LIMIT,
					  "%s:%llu: order %s has more than %d items",
					  path, (unsigned long long)item->line,
					  order->number, OLIST_ITEMS_MAX);
		if (order->item_count++ == 0)
			order->first_item = i;
	}
	return TROTH_OK;
}

static enum troth_err load_items(struct olist *o, const char *path, struct troth_why *why)
{
	const char *f[TROTH_LEN(item_columns)];
	struct troth_csv *csv;
	struct olist_item *item;
	enum troth_err err = troth_csv_open(&csv, path, item_columns,
					    TROTH_LEN(item_columns), why);

	while (err == TROTH_OK) {
		ptrdiff_t order;

		err = troth_csv_next(csv, f, why);
		if (err != TROTH_OK)
			break;
		order = olist_find(o, f[ITEM_ORDER]);
		if (order < 0) {
			o->stray_items++;
			continue;
		}
		item = csv_one_more((void **)&o->items, &o->item_count, sizeof(*item));
		if (item == NULL) {
			(void)troth_fail(why, TROTH_ERR_MEMORY, "no memory");
			err = TROTH_ERR_MEMORY;
			break;
		}
		item->order = (size_t)order;
		err = read_item(csv, f, item, why);
	}
	troth_csv_close(csv);
	if (err != TROTH_ERR_NOTFOUND)
		return err;
	if (o->item_count > 0)
		qsort(o->items, o->item_count, sizeof(*o->items), by_order);
	return tie_items(o, path, why);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum troth_err list_sellers(struct olist *o, struct troth_why *why)
{
	size_t n = 0;

	o->sellers = calloc(o->item_count + 1, sizeof(*o->sellers));
	if (o->sellers == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	for (size_t i = 0; i < o->item_count; i++)
		memcpy(o->sellers[i].id, o->items[i].seller, sizeof(o->sellers[i].id));
	qsort(o->sellers, o->item_count, sizeof(*o->sellers), by_id);
	for (size_t i = 0; i < o->item_count; i++)
		if (n == 0 || strcmp(o->sellers[n - 1].id, o->sellers[i].id) != 0)
			o->sellers[n++] = o->sellers[i];
	o->seller_count = n;
	return TROTH_OK;
}

/* ---- Reviews: facts of their file, nothing else ---- */

struct review {
	char id[OLIST_NUMBER_MAX + 1], order[OLIST_NUMBER_MAX + 1];
	unsigned score;
};

static int by_review(const void *a, const void *b)
{
	return strcmp(((const struct review *)a)->id, ((const struct review *)b)->id);
}

static int by_reviewed(const void *a, const void *b)
{
	return strcmp(((const struct review *)a)->order,
		      ((const struct review *)b)->order);
}

static size_t distinct(struct review *r, size_t n, int (*by)(const void *, const void *))
{
	size_t found = 0;

	if (n > 0)
		qsort(r, n, sizeof(*r), by);
	for (size_t i = 0; i < n; i++)
		found += i == 0 || by(&r[i - 1], &r[i]) != 0;
	return found;
}

static json_t *sum_reviews(struct review *r, size_t n)
{
	json_t *scores = json_object();
	json_int_t counts[6] = { 0 };
	json_int_t ids = (json_int_t)distinct(r, n, by_review);
	json_int_t orders = (json_int_t)distinct(r, n, by_reviewed);

	for (size_t i = 0; i < n; i++)
		counts[r[i].score]++;
	for (unsigned i = 1; i < TROTH_LEN(counts); i++) {
		char name[2] = { (char)('0' + i), '\0' };

		if (counts[i] > 0)
			(void)json_object_set_new(scores, name, json_integer(counts[i]));
	}
	return json_pack("{sIsIsIso}", "rows", (json_int_t)n, "distinct_review_ids", ids,
			 "orders_with_reviews", orders, "scores", scores);
}

static enum troth_err load_reviews(struct olist *o, const char *path,
				   struct troth_why *why)
{
	static const char *const columns[] = { "review_id", "order_id", "review_score" };
	const char *f[TROTH_LEN(columns)];
	struct review *reviews = NULL, *r;
	struct troth_csv *csv;
	size_t count = 0;
	enum troth_err err = troth_csv_open(&csv, path, columns, TROTH_LEN(columns), why);

	while (err == TROTH_OK) {
		err = troth_csv_next(csv, f, why);
		if (err != TROTH_OK)
			break;
		r = csv_one_more((void **)&reviews, &count, sizeof(*r));
		if (r == NULL) {
			(void)troth_fail(why, TROTH_ERR_MEMORY, "no memory");
			err = TROTH_ERR_MEMORY;
			break;
		}
		err = csv_name(csv, columns[0], f[0], r->id, OLIST_NUMBER_MAX, why);
		if (err == TROTH_OK)
			err = csv_name(csv, columns[1], f[1], r->order, OLIST_NUMBER_MAX,
				       why);
		if (err == TROTH_OK)
			err = read_number(csv, columns[2], f[2], 1, 5, &r->score, why);
	}
	troth_csv_close(csv);
	if (err == TROTH_ERR_NOTFOUND) {
		err = TROTH_OK;
		o->reviews = sum_reviews(reviews, count);
	}
	free(reviews);
	return err;
}

/* ---- All of it ---- */

enum troth_err olist_load(struct olist *o, const char *dir, struct troth_why *why)
{
	char orders[PATH_MAX], items[PATH_MAX], reviews[PATH_MAX];
	bool has_orders = csv_find_file(dir, "orders", "olist_orders_dataset", orders);
	bool has_items = csv_find_file(dir, "order_items", "olist_order_items_dataset",
				       items);
	enum troth_err err;

	*o = (struct olist){ 0 };
	if (!has_orders || !has_items)
		return troth_fail(why, TROTH_ERR_IO,
				  "%.150s: there is no %s%s%s (.csv.gz or .csv)", dir,
				  has_orders ? "" : "orders",
				  has_orders || has_items ? "" : " and no ",
				  has_items ? "" : "order_items");
	err = load_orders(o, orders, why);
	if (err == TROTH_OK)
		err = load_items(o, items, why);
	if (err == TROTH_OK)
		err = list_sellers(o, why);
	if (err == TROTH_OK &&
	    csv_find_file(dir, "reviews", "olist_order_reviews_dataset", reviews))
		err = load_reviews(o, reviews, why);
	return err;
}

void olist_free(struct olist *o)
{
	free(o->orders);
	free(o->items);
	free(o->sellers);
	json_decref(o->reviews);
	*o = (struct olist){ 0 };
}

bool olist_was_cancelled(const struct olist_order *order)
{
	return order->delivered.ms == 0 && (strcmp(order->status, "canceled") == 0 ||
					    strcmp(order->status, "unavailable") == 0);
}
