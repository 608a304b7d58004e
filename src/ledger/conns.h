/*
 * conns - the connections of sites, and the requests for news parked on them.
 *
 * There may be thousands. So that a turn looks only at those that it concerns, they
 * are found by their id and by the party whose feed they get, and of what is parked,
 * that whose wait is over first. What costs work is shared out among the sites, who
 * take turns: a site that has more connections does not get more of it.
 */
#ifndef TROTH_LEDGER_CONNS_PRIVATE_H
#define TROTH_LEDGER_CONNS_PRIVATE_H

#include "troth/core/model.h"
#include "troth/wire/bus.h"

#define PARKED_MAX    4    /* Follows that wait on one connection. */
#define CONNS_BUCKETS 4096 /* As many as connections_max has by default. */
#define PARTY_BUCKETS 1024
#define SITE_BUCKETS  1024

/* Until the clock comes, with the next turn. */
#define PARKED_NEW INT64_MIN

struct conn;

struct parked {
	uint32_t request; /* 0: free. */
	struct troth_bus_follow follow;
	struct troth_time until; /* PARKED_NEW, or when an answer must be given. */
	struct conn *conn;
	unsigned at;     /* Its place in the heap. */
	uint64_t looked; /* Marks were looked at for it, or it was parked, that lately. */
};

/* A site that has a connection. */
struct conn_site {
	char origin[TROTH_ORIGIN_MAX + 1];
	struct conn *newest;
	int64_t since_ms; /* So many marks were looked at for it since then. */
	unsigned looked;
	struct conn_site *next, *before; /* Whose turn is later, whose sooner. */
	struct conn_site *bucket_next;
};

struct conn {
	uint64_t id;
	struct conn_site *site;
	const char *origin;              /* The site's. */
	char party[TROTH_PARTY_MAX + 1]; /* Whose feed it gets; "": no Hello yet. */
	bool closing;
	uint64_t feed_len; /* As of the last commit. */
	struct parked parked[PARKED_MAX];
	struct conn *next, *before; /* The older one of the site, the newer one. */
	struct conn *bucket_next;
	struct conn *party_next; /* Of those in the same bucket. */
};

/* Zeroed: none. */
struct conns {
	unsigned count, site_count;
	struct conn *buckets[CONNS_BUCKETS];
	struct conn *parties[PARTY_BUCKETS];
	struct conn_site *sites[SITE_BUCKETS];
	struct conn_site *first, *last; /* In the order of their turns. */
	struct parked **heap;           /* What is parked, on top what is over first. */
	unsigned parked_count, heap_cap;
	uint64_t looks;
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

/* The site whose turn it is; its next one comes after those of all others. */
struct conn_site *conns_next_site(struct conns *all);

/*
 * Of what is parked for the site and knows fewer than `marks` marks, that for which
 * none have been looked at for the longest time; NULL: there is none.
 */
struct parked *conns_behind(const struct conn_site *s, uint64_t marks);
/* They are being looked at for p. */
void conns_looked(struct conns *all, struct parked *p);

/* What is over first; NULL: nothing is parked. */
struct parked *conns_soonest(const struct conns *all);
/* Parks a request, as PARKED_NEW. False: PARKED_MAX are parked on c. */
bool conns_park(struct conns *all, struct conn *c, uint32_t request,
		const struct troth_bus_follow *follow);
/* Lets it wait until then. */
void conns_wait(struct conns *all, struct parked *p, struct troth_time until);
/* Its place is free again. */
void conns_unpark(struct conns *all, struct parked *p);

#endif
