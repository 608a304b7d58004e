/*
 * replay_command - what `troth replay` and `troth replay-run` have in common.
 * Private to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_COMMAND_H
#define TROTH_SRC_CTL_REPLAY_COMMAND_H

#include "replay_run.h"

#include <argp.h>

struct replay_options {
	const struct replay_set *set;
	const char *dir;
	const char *rule; /* NULL: not said. */
	bool end_of_day, json, report, quiet;
	bool at_central, at_gateway; /* Neither: central. */
	struct troth_time as_of;     /* 0: that of the set. */
};

/* Reads the options above, and the arguments "SET DIR". */
extern const struct argp replay_argp;
#define REPLAY_ARGS "olist|boston311 DIR"

/* The data, the plan and the federation of one command. Begin with zeros. */
struct replay_job {
	const struct replay_set *set;
	void *data; /* Of the set. */
	struct replay_plan plan;
	struct replay replay;
};

/* Reads the files and makes the plan. The caller owes an unload in any case. */
TROTH_MUST_USE enum troth_err replay_load(struct replay_job *job,
					  const struct replay_options *o,
					  struct troth_why *why);
void replay_unload(struct replay_job *job);

/* Replays everything into the nodes of job->replay, which are open. */
TROTH_MUST_USE enum troth_err replay_play(struct replay_job *job, struct troth_why *why);

/*
 * Prints what became of the promises, by the state of the node that o names. Of two
 * nodes, both must say the same.
 */
TROTH_MUST_USE enum troth_err replay_tell(struct replay_job *job,
					  const struct replay_options *o,
					  struct troth_why *why);

#endif
