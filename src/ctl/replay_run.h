/*
 * replay_run - takes the steps of a plan at the nodes of a federation.
 *
 * Run after run, phase after phase: each gateway gets its steps in their order, in
 * batches; when all is sequenced, and has come to the gateways that act on it
 * next, the next phase begins, or every clock is moved to the time of the run's
 * last step. So a clock says which runs are done, and a replay that was
 * interrupted goes on where it stood. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_RUN_H
#define TROTH_SRC_CTL_REPLAY_RUN_H

#include "replay_node.h"
#include "replay_set.h"

#define REPLAY_NODES_MAX 17

struct replay {
	const struct replay_plan *plan;
	struct troth_time as_of; /* Where the clocks are in the end. */
	unsigned node_count;
	struct replay_node nodes[REPLAY_NODES_MAX];
	struct replay_node *central;
	struct replay_node *parts[REPLAY_PARTS_MAX]; /* As the set numbers them. */
	struct replay_node *sees_all; /* The brand's gateway; NULL: none. */
	size_t first_run;             /* What comes before it is done. */
	atomic_size_t done;           /* Steps taken, for who watches. */
	uint32_t *batch_of;           /* By subject: the batch that last touched it. */
	bool quiet;                   /* No progress on stderr. */
};

/*
 * Asks the nodes (http is open, the rest of each is zero) who they are, gives them
 * their parts, and finds out where a replay goes on. INPUT if a part is missing, a
 * clock is not simulated, or other things have happened here; nothing has changed.
 */
TROTH_MUST_USE enum troth_err replay_meet(struct replay *r, struct troth_why *why);

/* Adds the parties of the files, each operated by that of its part. */
TROTH_MUST_USE enum troth_err replay_parties(struct replay *r, struct troth_why *why);

/* Takes all steps that have not been taken, and moves the clocks to as_of. */
TROTH_MUST_USE enum troth_err replay_steps(struct replay *r, struct troth_why *why);

/* Sends the steps of `run` that are `lane`'s. `last` is set to their last subject. */
TROTH_MUST_USE enum troth_err replay_send(struct replay *r, unsigned lane,
					  const struct replay_run *run,
					  struct troth_id *last, struct troth_why *why);

#endif
