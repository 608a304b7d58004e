/*
 * replay_node - a node as a replay calls it: with patience, and with its clock.
 *
 * A node that is down, or starts, or is full for a moment, is asked again with
 * growing pauses, until it answers or patience runs out. Every request of a
 * replay can be repeated, so it does not matter how far the lost one got. Private
 * to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_NODE_H
#define TROTH_SRC_CTL_REPLAY_NODE_H

#include "troth/base/id.h"
#include "troth/ctl/http.h"

#include <stdatomic.h>

#define REPLAY_PATIENCE_MS INT64_C(300000)

struct replay_node {
	struct troth_http *http;
	struct troth_http_reply reply; /* Of the last call. */
	char party[33];                /* Whose site it is; the brand at central. */
	char role[16];                 /* Of that party. */
	bool central;
	struct troth_time clock; /* Where it was last set to, or found. */
	const atomic_bool *stop; /* Set: give up. NULL: never. */
};

TROTH_MUST_USE enum troth_err replay_node_open(struct replay_node *n,
					       const struct troth_http_config *config,
					       const atomic_bool *stop,
					       struct troth_why *why);
void replay_node_close(struct replay_node *n);

/*
 * Calls, and calls again while there is no answer or one that says "later" (429,
 * 500, 503, 504, 507). After a lost connection the clock is set anew first: the
 * node may have been started again. TROTH_OK: n->reply is the answer, of whatever
 * other status.
 */
TROTH_MUST_USE enum troth_err replay_node_call(struct replay_node *n,
					       const struct troth_http_call *call,
					       struct troth_why *why);

/* GETs `path`; an answer of 300 or above is a failure that says what the node said. */
TROTH_MUST_USE enum troth_err replay_node_get(struct replay_node *n, const char *path,
					      struct troth_why *why);

/* Reads /v1/status: who it is, and where its clock stands. */
TROTH_MUST_USE enum troth_err replay_node_status(struct replay_node *n,
						 struct troth_why *why);

/* Sets the clock, unless it is there or further. INPUT if it is not simulated. */
TROTH_MUST_USE enum troth_err replay_node_set_clock(struct replay_node *n,
						    struct troth_time to,
						    struct troth_why *why);

/*
 * Waits until the node's view is as new as central's, and holds nothing about the
 * subject ("/v1/orders/" and its id) that central has not sequenced. The subject
 * need not be there.
 */
TROTH_MUST_USE enum troth_err replay_node_settle(struct replay_node *n, const char *path,
						 enum troth_id_kind kind,
						 const struct troth_id *subject,
						 struct troth_why *why);

/* Pauses; each longer than the one before, up to a second. *pause_ms begins with 0. */
void replay_pause(int *pause_ms);
int64_t replay_monotonic_ms(void);

#endif
