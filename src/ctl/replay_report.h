/*
 * replay_report - what became of the promises, as a node's state says.
 *
 * Every outcome, due and evidence is the node's; the files only say which order
 * and item a promise is of, and what can be counted in them alone. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_REPORT_H
#define TROTH_SRC_CTL_REPLAY_REPORT_H

#include "replay_node.h"
#include "replay_plan.h"

/*
 * Asks `node` for the outcome of every promise of the plan at `as_of` and makes
 * the report (doc/replay.md). INPUT if the node lacks a promise, or its own sums
 * do not agree with its list. The caller owes a json_decref.
 */
TROTH_MUST_USE enum troth_err replay_report(json_t **out, struct replay_node *node,
					    const struct replay_plan *plan,
					    struct troth_time as_of,
					    struct troth_why *why);

/* The report's totals for people. */
void replay_print(const json_t *report, FILE *out);

#endif
