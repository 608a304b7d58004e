/*
 * olist_report - what became of the orders of the Olist set, as a node's state
 * says. Every outcome, due and evidence is the node's; the files only say which
 * order and item a promise is of, and what can be counted in them alone. Private
 * to ctl.
 */
#ifndef TROTH_SRC_CTL_OLIST_REPORT_H
#define TROTH_SRC_CTL_OLIST_REPORT_H

#include "replay_facts.h"

/* The kinds of steps, in the order in which those of one instant are taken. */
enum olist_kind {
	OLIST_PLACE,
	OLIST_DELIVERY,
	OLIST_HAND_OVER,
	OLIST_HANDED_OVER,
	OLIST_DELIVERED,
	OLIST_CANCEL,
};

/* As struct replay_set has them. */
json_t *olist_report(const struct replay_plan *p, const struct facts *f,
		     struct troth_time as_of);
void olist_print(const json_t *report, FILE *out);

#endif
