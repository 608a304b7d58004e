/*
 * promise - the life of what the brand told a customer.
 *
 *   none --propose--> PROPOSED --activate--> ACTIVE
 *                         +--ask--> PENDING_APPROVAL
 *
 *   PENDING_APPROVAL --approve--> APPROVED --speak, activate--> ACTIVE
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

#include "troth/core/capacity.h"
#include "troth/core/model.h"

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

/*
 * True of an offer that nobody has said, or ever will, and HQ was not asked about (for
 * the reason `asked`): nobody waits for it.
 */
bool troth_promise_is_mere_offer(enum troth_promise_state s, uint32_t asked);

#endif
