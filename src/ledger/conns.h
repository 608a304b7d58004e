/*
 * conns - the connections of sites, and the requests for news parked on them.
 *
 * There may be thousands. So that a turn looks only at those that it concerns, they
 * are found by their id and by the party whose feed they get, and what is parked
 * stands in the order in which its wait is over.
 */
#ifndef TROTH_LEDGER_CONNS_PRIVATE_H
#define TROTH_LEDGER_CONNS_PRIVATE_H

#include "troth/core/model.h"
#include "troth/wire/bus.h"

#define PARKED_MAX    4    /* Follows that wait on one connection. */
#define CONNS_BUCKETS 4096 /* As many as connections_max has by default. */
#define PARTY_BUCKETS 1024

/* Until the clock comes, with the next turn. */
#define PARKED_NEW INT64_MIN

struct conn;

struct parked {
	uint32_t request; /* 0: free. */
	struct troth_bus_follow follow;
	struct troth_time until; /* PARKED_NEW, or when an answer must be given. */
	struct conn *conn;
	struct parked *sooner, *later;
};

struct conn {
	uint64_t id;
	char origin[TROTH_ORIGIN_MAX + 1];
	char party[TROTH_PARTY_MAX + 1]; /* Whose feed it gets; "": no Hello yet. */
	bool closing;
	uint64_t feed_len; /* As of the last commit. */
	struct parked parked[PARKED_MAX];
	struct conn *next, *before; /* The older one, the newer one. */
	struct conn *bucket_next;
	struct conn *party_next; /* Of those in the same bucket. */
};

/* Zeroed: none. */
struct conns {
	struct conn *newest;
	struct conn *buckets[CONNS_BUCKETS];
	struct conn *parties[PARTY_BUCKETS];
	struct parked *soonest, *latest;
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

/* It has said Hello, and gets that party's feed. Repeating it is fine. */
void conns_greeted(struct conns *all, struct conn *c, const char *party);

/* The first (c is NULL), or the next behind c, that gets the party's feed; or NULL. */
struct conn *conns_of_party(const struct conns *all, const struct conn *c,
			    const char *party);

/* Parks a request, as PARKED_NEW. False: PARKED_MAX are parked on c. */
bool conns_park(struct conns *all, struct conn *c, uint32_t request,
		const struct troth_bus_follow *follow);
/* Lets it wait until then. */
void conns_wait(struct conns *all, struct parked *p, struct troth_time until);
/* Its place is free again. */
void conns_unpark(struct conns *all, struct parked *p);

#endif
