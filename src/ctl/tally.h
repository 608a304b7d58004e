/*
 * tally - counts of outcomes, and what is reported of them. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_TALLY_H
#define TROTH_SRC_CTL_TALLY_H

#include <jansson.h>
#include <stdint.h>

/* In the order in which they are reported. */
enum outcome { KEPT, LATE, WITHDRAWN, OVERDUE, PENDING, NO_DUE, OUTCOMES };

extern const char *const outcome_names[OUTCOMES];

struct tally {
	uint64_t of[OUTCOMES];
};

/* The outcome of that name; OUTCOMES if there is none. */
enum outcome outcome_named(const char *name);

/* Sets counts (the first `n` outcomes), and nothing else, in `out`. */
void tally_counts(const struct tally *t, enum outcome n, json_t *out);

/* How many promises there were: all but NO_DUE. */
uint64_t tally_promises(const struct tally *t);

/* Sets all counts, how many promises they are, and the ratios. */
void tally_out(const struct tally *t, json_t *out);

/* Sets kept_ratio and kept_ratio_strict: null over nothing. */
void tally_ratios(const struct tally *t, json_t *out);

/* kept / below, rounded to six digits; -1 over nothing. */
double tally_ratio(const struct tally *t, int strict);

/* Counts by month, in the order of time. */
struct months {
	size_t count;
	struct month {
		char name[8]; /* "2018-01" */
		struct tally t;
	} * at;
};

/* The month's tally, made if need be; NULL: no memory. `text`: "2018-01-...". */
struct tally *months_of(struct months *m, const char *text);
void months_free(struct months *m);

#endif
