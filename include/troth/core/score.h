/*
 * score - what has become of a promise or a commitment, seen at one instant.
 *
 *   evidence <= due                          KEPT
 *   evidence >  due                          LATE
 *   none, and called off                     WITHDRAWN
 *   none, and due lies before the instant    OVERDUE
 *   none, and it does not                    PENDING
 *
 * Evidence beats status: the score asks what happened, not what the clock had
 * to declare meanwhile. A promise that was declared broken before word of a
 * delivery in time came in was kept. doc/scores.md defines every word of this.
 * Pure.
 */
#ifndef TROTH_CORE_SCORE_H
#define TROTH_CORE_SCORE_H

#include "troth/core/model.h"

enum troth_score {
	TROTH_SCORE_NONE = 0, /* Never spoken to the customer: there is nothing to score.
			       */
	TROTH_SCORE_KEPT = 1,
	TROTH_SCORE_LATE = 2,
	TROTH_SCORE_WITHDRAWN = 3,
	TROTH_SCORE_OVERDUE = 4,
	TROTH_SCORE_PENDING = 5,
};
#define TROTH_SCORE_LAST TROTH_SCORE_PENDING

struct troth_scored {
	enum troth_score score;
	struct troth_time evidence; /* When it was done; 0 unless KEPT or LATE. */
};

/*
 * Scores promise `index` of s. `as_of` decides only whether what has no evidence
 * is overdue; it does not turn the state back to what it was then.
 */
struct troth_scored troth_score_promise(const struct troth_subject *s, unsigned index,
					struct troth_time as_of);

/* Scores commitment `index` of s by its own due, in the same way. */
struct troth_scored troth_score_commitment(const struct troth_subject *s, unsigned index,
					   struct troth_time as_of);

/* "kept", "breached_late", "withdrawn", "overdue_open", "pending"; NULL for NONE. */
const char *troth_score_name(enum troth_score v);

/*
 * How many there are of each; a count is never taken away again, so counts of
 * parts add up to the count of the whole.
 */
struct troth_tally {
	uint64_t of[TROTH_SCORE_LAST + 1]; /* of[TROTH_SCORE_NONE] stays 0. */
};

/* Counts v; NONE is not counted. */
void troth_tally_add(struct troth_tally *t, enum troth_score v);

#endif
