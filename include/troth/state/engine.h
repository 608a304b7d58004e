/*
 * engine - a running node as the API sees it.
 *
 * Reads go straight to the store, in read transactions on the caller's thread.
 * Everything that changes something, or must ask central, goes through these
 * functions, which any thread may call and which never block: they enqueue for
 * the node's core thread.
 */
#ifndef TROTH_STATE_ENGINE_H
#define TROTH_STATE_ENGINE_H

#include "troth/state/command.h"
#include "troth/state/query.h"
#include "troth/wire/bus.h"

/* The link to central, at a gateway. At central: always up. */
struct troth_link_state {
	bool up;
	struct troth_time since;
	uint64_t backlog; /* Own events that are saved here but not yet sequenced. */
	char trouble[TROTH_WHY_MAX]; /* Why it is down; empty when up. */
};

/* Asks central: for a read barrier, or for orders of a number. */
struct troth_question {
	bool find;
	char order_number[TROTH_ORDER_NUMBER_MAX + 1];
	/* Answer. */
	bool ok; /* False: no word from central in time; `why` says so. */
	struct troth_why why;
	unsigned found_count;
	struct troth_id found[TROTH_FIND_MAX];
	/* Called once, on the core thread; with ok, the view is as new as the question.
	 */
	void (*done)(struct troth_question *q);
	void *ctx;
	int64_t timeout_ms;
	struct troth_time deadline;  /* The node's. */
	uint32_t request;            /* The node's. */
	uint64_t wait_for;           /* The node's. */
	struct troth_question *next; /* The node's. */
};

struct troth_engine {
	void *ctx;
	enum troth_node_kind kind;
	struct troth_kv *kv;
	const char *origin; /* SPIFFE id of this node. */
	const char *party;  /* Of this site; "" at central. */
	const char *site;
	/* Of the calendars of a policy that is to be published; NULL: troth_zones_utc. */
	const struct troth_zone_source *zones;
	/* Hands commands (a list linked by next) to the core thread; ownership moves. */
	void (*submit)(void *ctx, struct troth_command *commands);
	void (*ask)(void *ctx, struct troth_question *q); /* Ownership stays; see done. */
	void (*link)(void *ctx, struct troth_link_state *out);
	/* The node's clock (simulated only where the config says so). */
	struct troth_time (*now)(void *ctx);
	/* Moves a simulated clock forward; false if it is not simulated or would go back.
	 */
	bool (*set_clock)(void *ctx, struct troth_time to);
};

#endif
