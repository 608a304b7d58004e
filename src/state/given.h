/* What a lookup is told of a party's authority, and what has been given under it. */
#ifndef TROTH_STATE_GIVEN_H
#define TROTH_STATE_GIVEN_H

#include "troth/state/state.h"

/* The functions of struct troth_lookup; ctx is a struct troth_source. */
const struct troth_authority *given_authority(void *ctx, const char *party);
uint32_t given_level(void *ctx, const char *party, const char *actor,
		     struct troth_time at);
int64_t given_sum(void *ctx, const char *party, const char *grant, const char *customer,
		  struct troth_time at, int64_t period_ms);
struct troth_time given_accepted(void *ctx, uint64_t position);

/* True if t is of central's store. */
bool given_is_central(struct troth_txn *t);

/* True if the promise counts as given: under a grant, and it has not come to nothing. */
bool given_counts(const struct troth_promise *p);

/*
 * Brings GIVEN from what it says of a promise of `customer` to what it is now on *s;
 * `was` or `is` may be NULL: there was, or is, none.
 */
void given_move(struct troth_txn *t, const char *customer,
		const struct troth_indexed_promise *was, const struct troth_subject *s,
		const struct troth_indexed_promise *is);

#endif
