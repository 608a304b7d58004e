/*
 * replay_plan - what happened to the orders, as steps in the order of time.
 *
 * Each step is one request to one gateway, and bears the id of what it makes or
 * acts on: ids follow from the order's number, so a replay that is begun again
 * speaks of the same orders, promises and commitments. Private to ctl.
 *
 *   PLACE        market    at purchase
 *   DELIVERY     market    the delivery promise, at purchase
 *   HAND_OVER    market    one promise for each item, at approval, else purchase
 *   HANDED_OVER  market    the seller's evidence, when the carrier collected
 *   DELIVERED    carrier   the carrier's evidence
 *   CANCEL       market    called off, without having been delivered
 *
 * Evidence in the files may precede the promise that it fulfils; it is then
 * reported when the promise is made, and says its true time.
 */
#ifndef TROTH_SRC_CTL_REPLAY_PLAN_H
#define TROTH_SRC_CTL_REPLAY_PLAN_H

#include "olist.h"
#include "troth/base/id.h"

enum replay_kind {
	REPLAY_PLACE,
	REPLAY_DELIVERY,
	REPLAY_HAND_OVER,
	REPLAY_HANDED_OVER,
	REPLAY_DELIVERED,
	REPLAY_CANCEL,
};

/* Which gateway a step is taken at. */
enum replay_lane { REPLAY_MARKET, REPLAY_CARRIER, REPLAY_LANES };

struct replay_step {
	struct troth_time at;
	uint32_t order, item; /* Indexes; item only where the kind is about one. */
	enum replay_kind kind;
};

/*
 * Steps [first, end) of the plan, in which none depends on an earlier one that
 * was taken at another gateway for the same order.
 */
struct replay_run {
	size_t first, end;
};

struct replay_plan {
	const struct olist *data; /* Borrowed. */
	bool end_of_day;          /* The estimated day counts as a whole. */
	size_t step_count, run_count;
	struct replay_step *steps;
	struct replay_run *runs;
};

/* The caller owes a free in any case. */
TROTH_MUST_USE enum troth_err replay_plan_make(struct replay_plan *p,
					       const struct olist *data, bool end_of_day,
					       struct troth_why *why);
void replay_plan_free(struct replay_plan *p);

enum replay_lane replay_lane_of(enum replay_kind kind);

/* When the last step of a run is taken. */
struct troth_time replay_run_time(const struct replay_plan *p, size_t run);

/* The due of an order's delivery promise under the plan's rule; 0: it has none. */
struct troth_time replay_due(const struct replay_plan *p, const struct olist_order *o);

/* Ids of the order, of its delivery promise (item NULL), of an item's hand-over. */
struct troth_id replay_order_id(const struct olist_order *o);
struct troth_id replay_promise_id(const struct olist_order *o,
				  const struct olist_item *item);

#endif
