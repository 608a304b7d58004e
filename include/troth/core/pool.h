/*
 * pool - how central shares a pool out: who is topped up, who gives back.
 *
 * Called again and again with what the shares are now, it comes to rest: what it
 * says is a function of the state, and saying it changes the state so that it need
 * not be said again. Whatever it says, shares hold no more than there is. Pure.
 */
#ifndef TROTH_CORE_POOL_H
#define TROTH_CORE_POOL_H

#include "troth/core/authority.h"

/*
 * Central's own site of the brand: it holds nothing in advance, but is allotted what
 * HQ approves. No gateway of the brand may have that name.
 */
#define TROTH_HQ_SITE "central"

/* What one site holds of the pool, and what is to be done about that. */
struct troth_holding {
	struct troth_share share; /* All zero: it has none yet. */
	bool entitled;  /* A grant on the pool is in force, the party not suspended. */
	int64_t allot;  /* Out: so much is to be allotted; 0: nothing. */
	int64_t recall; /* Out: so much is to be asked back; 0: nothing new. */
};

/* Of the pool what is not out: below 0 if its total was lowered. */
int64_t troth_pool_free(const struct troth_pool *pool, const struct troth_holding *all,
			unsigned count);

/*
 * Fills allot and recall of each holding.
 *
 *   - Who is not entitled is asked for all it has left.
 *   - Who has less than `low` left (at least 1) is topped up to `share`, as far as
 *     the pool goes; when it does not reach for all, each gets its part.
 *   - What lay idle for idle_ms is asked back, down to `low`.
 *   - When the pool is empty, what others have above `low` is asked back in parts of
 *     what they have; when its total was lowered, whatever they have.
 *   - A share that is frozen, or is asked for something already, is left alone.
 *
 * Returns the next instant at which idleness alone changes that; 0: none.
 */
struct troth_time troth_pool_balance(const struct troth_pool *pool,
				     struct troth_holding *all, unsigned count,
				     struct troth_time now);

#endif
