/*
 * olist - the public Olist data set, or any part of it, in memory.
 *
 * Orders stand in the order of their numbers, items in that of their orders and
 * numbers. Times are naive: they are taken as UTC, as they are written; 0 where
 * the file has none. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_OLIST_H
#define TROTH_SRC_CTL_OLIST_H

#include "troth/base/err.h"
#include "troth/base/time.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OLIST_NUMBER_MAX 64 /* Bytes of an order's number, customer or product. */
#define OLIST_SELLER_MAX 32
#define OLIST_STATUS_MAX 15
#define OLIST_ITEMS_MAX  55 /* Of an order: 56 promises, one of which is delivery. */
#define OLIST_ITEM_LAST  999999u

struct olist_order {
	char number[OLIST_NUMBER_MAX + 1];
	char customer[OLIST_NUMBER_MAX + 1];
	char status[OLIST_STATUS_MAX + 1];
	struct troth_time purchased, approved, collected, delivered, estimated;
	size_t first_item;
	unsigned item_count;
};

struct olist_item {
	size_t order;
	unsigned number;
	char product[OLIST_NUMBER_MAX + 1];
	char seller[OLIST_SELLER_MAX + 1];
	struct troth_time limit;
	int64_t price; /* Minor units. */
	uint64_t line;
};

struct olist_seller {
	char id[OLIST_SELLER_MAX + 1];
};

struct olist {
	size_t order_count, item_count, seller_count;
	struct olist_order *orders;
	struct olist_item *items;
	struct olist_seller *sellers; /* Of items; each once, sorted. */
	size_t stray_items;           /* Of orders that are not in the files; left out. */
	json_t *reviews;              /* What the file of reviews says; NULL: no file. */
};

/*
 * Reads the files in `dir`: orders and order_items, and reviews if it is there.
 * Names are those of the data set, short ("orders.csv.gz") or whole
 * ("olist_orders_dataset.csv"). What is wrong is refused with file and line. The
 * caller owes a free in any case.
 */
TROTH_MUST_USE enum troth_err olist_load(struct olist *o, const char *dir,
					 struct troth_why *why);
void olist_free(struct olist *o);

/* The order of that number, or -1. */
ptrdiff_t olist_find(const struct olist *o, const char *number);

/* Called off without ever having been delivered. */
bool olist_was_cancelled(const struct olist_order *order);

/* Counts of what is odd in the files, and of orders by status. New references. */
json_t *olist_quirks(const struct olist *o);
json_t *olist_statuses(const struct olist *o);

#endif
