/*
 * replay_report - lists and sums that reports of replays are made of. Private to
 * ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_REPORT_H
#define TROTH_SRC_CTL_REPLAY_REPORT_H

#include "replay_facts.h"

struct report {
	const struct replay_plan *plan;
	const struct facts *f;
	const struct fact **sorted; /* Room for pointers to all of them. */
	bool failed;                /* No memory. */
};

/* False: no memory. The caller owes a fini in any case. */
bool report_init(struct report *r, const struct replay_plan *p, const struct facts *f);
void report_fini(struct report *r);
/* `whole`, or NULL (and `whole` is gone) if memory ran out meanwhile. */
json_t *report_end(struct report *r, json_t *whole);

/* "2018-10-18 00:00:00"; null for none. */
json_t *report_naive(struct troth_time t);

/* ---- Lists: the first ten promises of a kind with an outcome of a set ---- */

/*
 * By due or by evidence. Subjects stand by number and items behind them, so where
 * instants are the same, their indexes order as their numbers do.
 */
int report_by_due(const void *a, const void *b);
int report_by_evidence(const void *a, const void *b);

typedef json_t *report_row(const struct report *r, const struct fact *f);
json_t *report_first_ten(struct report *r, uint8_t kind, unsigned outcomes,
			 int (*by)(const void *, const void *), report_row *row);

/* Sets breached_at, outcome and fulfilled_at. */
void report_put_breach(json_t *row, const struct fact *f);

/* ---- Sums ---- */

/* All of a kind, of `all` that could have been promised: the others had no due. */
json_t *report_totals(const struct report *r, uint8_t kind, size_t all);
json_t *report_by_due_month(struct report *r, uint8_t kind);

struct report_group {
	const char *id;
	struct tally t;
};

/*
 * Groups by id. `ids` has room for all of `count` texts, borrowed; each is in the
 * groups once, by name. NULL: no memory. The caller frees.
 */
struct report_group *report_groups(const char *const *ids, size_t count, size_t *groups);
/* The group of that id, which must be there. */
struct report_group *report_group(struct report_group *g, size_t groups, const char *id);
/* Rows of the `most` with the most promises; the order of `g` is lost. */
json_t *report_top(struct report_group *g, size_t groups, size_t most);

/* "  kept  12" and so on, below `what`. */
void report_print_totals(const char *what, const json_t *totals, FILE *out);

#endif
