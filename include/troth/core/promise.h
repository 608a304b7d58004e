/*
 * promise - the life of what the brand told a customer.
 *
 *   none --propose--> PROPOSED --activate--> ACTIVE
 *                         +--ask--> PENDING_APPROVAL
 *
 *   PENDING_APPROVAL --approve--> APPROVED --speak--> ACTIVE
 *          +--reject--> REJECTED
 *   PROPOSED, PENDING_APPROVAL, APPROVED --expire--> EXPIRED
 *
 *   ACTIVE --keep--> KEPT --confirm--> CONFIRMED
 *      |               \----reopen--> REOPENED --keep--> KEPT, --release, cancel
 *      +--break--> BROKEN --remedy--> REMEDIED
 *      +--release--> RELEASED
 *      +--cancel--> CANCELLED
 *
 * A promise that the agent has already spoken is made ACTIVE at once. Pure.
 */
#ifndef TROTH_CORE_PROMISE_H
#define TROTH_CORE_PROMISE_H

#include "troth/core/model.h"

/* In which capacity somebody acts on a promise or a commitment; a set of bits. */
enum troth_capacity {
	TROTH_AS_MAKER = 0x01,    /* The party that made the promise. */
	TROTH_AS_SERVICE = 0x02,  /* Any participant that speaks with the customer. */
	TROTH_AS_HQ = 0x04,       /* The brand. */
	TROTH_AS_CLOCK = 0x08,    /* Central's clock. */
	TROTH_AS_DEBTOR = 0x10,   /* Of the commitment. */
	TROTH_AS_CREDITOR = 0x20, /* Of the commitment. */
	TROTH_AS_DELEGATE = 0x40, /* Asked to take the commitment over. */
	TROTH_AS_STATE = 0x80,    /* Nobody: it follows from other steps. */
};

enum troth_step {
	TROTH_STEP_OK = 0,
	TROTH_STEP_WRONG_STATE,    /* There is no such step from this state. */
	TROTH_STEP_WRONG_CAPACITY, /* There is, but not for whom asks. */
};

/*
 * Where `action`, taken in any of the capacities `as`, leads from `from`.
 * State is checked before capacity, so that the same bad step earns the same
 * answer everywhere. *to is set only on TROTH_STEP_OK.
 */
enum troth_step troth_promise_next(enum troth_promise_state from,
				   enum troth_promise_action action, unsigned as,
				   enum troth_promise_state *to);

/* True while the customer may still expect something of it. */
bool troth_promise_is_open(enum troth_promise_state s);

#endif
