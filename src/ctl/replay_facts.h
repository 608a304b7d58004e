/*
 * replay_facts - what a node's state says of every promise of a plan. Private to
 * ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_FACTS_H
#define TROTH_SRC_CTL_REPLAY_FACTS_H

#include "replay_node.h"
#include "replay_set.h"
#include "tally.h"

struct fact {
	struct troth_id id;
	uint32_t subject, item;
	uint8_t kind; /* Of the step that made the promise. */
	bool found;
	enum outcome outcome;
	struct troth_time due, evidence;
	char debtor[33];
};

/* By subject; of one subject by kind, the last first, then item. */
struct facts {
	size_t count;
	struct fact *at;
	struct tally sums; /* As the node itself adds them up. */
	uint64_t subjects; /* That it holds. */
};

/* Compares two facts by their place. */
int fact_by_place(const void *a, const void *b);

/*
 * Asks the node for all of them, as of that instant. INPUT if it lacks one, or
 * a subject, or its own sums do not agree with its list. The caller owes a free
 * in any case.
 */
TROTH_MUST_USE enum troth_err facts_read(struct facts *f, struct replay_node *node,
					 const struct replay_plan *plan,
					 struct troth_time as_of, struct troth_why *why);
void facts_free(struct facts *f);

#endif
