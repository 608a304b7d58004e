/*
 * slice - a walk over some subjects of the node's view; the rest is the next
 * request's. A caller adds the slices up; no request holds the API's thread for
 * long.
 */
#ifndef TROTH_API_SLICE_H
#define TROTH_API_SLICE_H

#include "read.h"

/* A slice ends behind the subject with which it has so many things. */
#define TROTH_SLICE_THINGS_MAX 20000

struct troth_slice {
	struct troth_call *c;
	struct troth_list list;
	struct troth_time as_of;
	unsigned limit, subjects;
	bool more;
};

/*
 * Begins where the query's cursor stands, for at most `limit` subjects, as of
 * `as_of` (now, if it does not say). False: the call has been answered with a
 * problem.
 */
bool troth_slice_begin(struct troth_slice *s, struct troth_call *c);

/* Loads the next subject into the API's view; `full` ends the slice. */
bool troth_slice_next(struct troth_slice *s, bool full);

/*
 * Ends the answer: subjects, scored_as_of, next (with `more` of its query, such as
 * "&party=acme"), and how new it is.
 */
void troth_slice_end(struct troth_slice *s, struct troth_out *o, const char *more);

#endif
