/*
 * conns - the connections of sites, and the requests for news parked on them.
 */
#ifndef TROTH_LEDGER_CONNS_PRIVATE_H
#define TROTH_LEDGER_CONNS_PRIVATE_H

#include "troth/core/model.h"
#include "troth/wire/bus.h"

#define PARKED_MAX    4    /* Follows that wait on one connection. */
#define CONNS_BUCKETS 4096 /* As many as connections_max has by default. */

struct parked {
	uint32_t request; /* 0: free. */
	struct troth_bus_follow follow;
	struct troth_time until;
	struct troth_time marks_at; /* There are marks to tell from here on; 0: none. */
};

struct conn {
	uint64_t id;
	char origin[TROTH_ORIGIN_MAX + 1];
	bool greeted;
	bool closing;
	uint64_t feed_len; /* As of the last commit. */
	struct parked parked[PARKED_MAX];
	struct conn *next, *before; /* The older one, the newer one. */
	struct conn *bucket_next;
};

/* Zeroed: none. */
struct conns {
	struct conn *newest;
	struct conn *buckets[CONNS_BUCKETS];
};

/* False without memory. The id is that of no other. */
bool conns_add(struct conns *all, uint64_t id, const char *origin);

/* NULL: there is none of that id, or no more. */
struct conn *conns_find(const struct conns *all, uint64_t id);

/* Does nothing if there is none of that id. */
void conns_remove(struct conns *all, uint64_t id);
void conns_fini(struct conns *all);

/*
 * The oldest connection of `origin` that is not closing, if it has `max` of them;
 * else NULL.
 */
struct conn *conns_oldest_of_many(const struct conns *all, const char *origin,
				  unsigned max);

#endif
