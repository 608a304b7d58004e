/*
 * availability - what sites have said about who is on duty there, at every node.
 *
 * Only the newest of each site counts. What a site says holds until an instant that
 * it names; after that nobody knows. Where nobody is on duty it is closed, and then
 * there is no wait.
 */
#ifndef TROTH_STATE_AVAILABILITY_H
#define TROTH_STATE_AVAILABILITY_H

#include "troth/state/query.h"

enum troth_open {
	TROTH_OPEN_UNKNOWN = 0, /* It never said, or what it said is over. */
	TROTH_OPEN = 1,
	TROTH_OPEN_CLOSED = 2,
};

struct troth_availability {
	struct troth_id event; /* That said so; zero: none did. */
	uint64_t position;     /* Of it; 0: not sequenced yet. */
	struct troth_time said, until;
	uint32_t agents, queue, wait_s;
};

/* Keeps what an event of type SITE_AVAILABILITY says, as its site's newest. */
void troth_state_apply_availability(struct troth_txn *t, const struct troth_event *e,
				    uint64_t position);

/*
 * The newest word of the site with that origin; at a gateway, with own events that
 * are still pending. False: it never said anything; *out is then zero.
 */
bool troth_query_availability(struct troth_txn *t, enum troth_node_kind node,
			      const char *origin, struct troth_availability *out);

/* What that comes to at `now`. */
enum troth_open troth_availability_at(const struct troth_availability *a,
				      struct troth_time now);
const char *troth_open_name(enum troth_open v); /* "unknown", "open", "closed" */

#endif
