/*
 * commitment - the life of what one party owes.
 *
 *   none --request--> REQUESTED --accept--> ACCEPTED --start--> IN_PROGRESS
 *                      |     \--counter--> COUNTERED (creditor: accept or decline)
 *                      +--decline--> DECLINED --request--> REQUESTED
 *
 *   any open but FULFILLED --fulfil--> FULFILLED
 *   FULFILLED --discharge--> DISCHARGED, --reopen--> REOPENED
 *   any open --release--> RELEASED, --cancel--> CANCELLED
 *   any open but DECLINED --violate--> VIOLATED: who declined does not owe
 *   workable --delegate--> DELEGATED --accept--> ACCEPTED, --decline--> as before
 *   workable --hold--> HELD --resume--> as before
 *
 * "Open" is REQUESTED, ACCEPTED, DECLINED, COUNTERED, IN_PROGRESS, FULFILLED,
 * REOPENED, DELEGATED and HELD; "workable" REQUESTED, ACCEPTED, IN_PROGRESS and
 * REOPENED. A driver who hands over without having pressed anything before has
 * still handed over: fulfilment is a fact and does not wait for acceptance. For
 * the same reason a VIOLATED one records its late fulfilment and stays VIOLATED.
 */
#ifndef TROTH_CORE_COMMITMENT_H
#define TROTH_CORE_COMMITMENT_H

#include "troth/core/promise.h"

/*
 * Where `action` leads c, taken in any of the capacities `as` (a set of
 * enum troth_capacity). Changes nothing; *to is set only on TROTH_STEP_OK.
 */
enum troth_step troth_commitment_next(const struct troth_commitment *c,
				      enum troth_commitment_action action, unsigned as,
				      enum troth_commitment_state *to);

bool troth_commitment_is_open(enum troth_commitment_state s);

/* Fulfilled by what its evidence says, at or before `due`. */
bool troth_commitment_met_by(const struct troth_commitment *c, struct troth_time due);

/* Computed, not a state: nobody of the debtor's has reacted yet. */
bool troth_commitment_unacknowledged(const struct troth_commitment *c);

#endif
