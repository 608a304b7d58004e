/*
 * scorecard - how a party does: what it promised, and what it owed.
 *
 * Everything is counted thing by thing and only ever added, so cards of parts add
 * up to the card of the whole. A promise counts for who made it (party, site), a
 * commitment for its debtor; both belong to the instant at which the promise was
 * made. doc/scores.md defines every figure. Pure.
 */
#ifndef TROTH_CORE_SCORECARD_H
#define TROTH_CORE_SCORECARD_H

#include "troth/core/score.h"

/* How long something took, over many: how many of them took at most bound [i]. */
#define TROTH_DURATIONS 12
extern const int64_t troth_duration_bounds_ms[TROTH_DURATIONS];

struct troth_durations {
	uint64_t count;
	uint64_t total_ms;
	uint64_t within[TROTH_DURATIONS]; /* Each counts those of the ones before, too. */
};

/* Counts one that took from `from` to `to`; one that ended before it began took 0. */
void troth_durations_add(struct troth_durations *s, struct troth_time from,
			 struct troth_time to);

/* What was promised. */
struct troth_made_card {
	struct troth_tally outcomes;
	uint64_t over_authority; /* Spoken beyond what the maker may promise. */
	uint64_t reopened;       /* Times that it, or a recovery of it, began again. */
	uint64_t recoveries;     /* Opened for it: broken, or complained about. */
	uint64_t repeats;        /* Made when the same had been promised there before. */
	uint64_t goods;          /* Pieces given as goodwill. */
	struct troth_durations settled; /* From the promise to its evidence. */
};

/* What was owed. */
struct troth_owed_card {
	struct troth_tally outcomes;
	uint64_t unacknowledged; /* Nobody has said yet that they know. */
	uint64_t ack_overdue;    /* Central declared that nobody had in time. */
	uint64_t reopened;       /* Times that the creditor sent it back. */
	struct troth_durations
		acknowledged;           /* From the request to the acknowledgement. */
	struct troth_durations settled; /* From the promise to its evidence. */
};

/* Counts promise `index` of s; false, and nothing, if it was never spoken. */
bool troth_card_made(struct troth_made_card *card, const struct troth_subject *s,
		     unsigned index, struct troth_time as_of);

/* Counts commitment `index` of s; false, and nothing, if its promise does not count. */
bool troth_card_owed(struct troth_owed_card *card, const struct troth_subject *s,
		     unsigned index, struct troth_time as_of);

/* Adds what `more` has counted. */
void troth_made_card_add(struct troth_made_card *card,
			 const struct troth_made_card *more);
void troth_owed_card_add(struct troth_owed_card *card,
			 const struct troth_owed_card *more);

/*
 * The money that a promise costs the brand beyond what was sold, in minor units of
 * p->currency: of gifts, credits and refunds. 0: none.
 */
int64_t troth_goodwill(const struct troth_subject *s, unsigned index,
		       struct troth_time as_of);

#endif
