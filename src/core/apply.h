/* apply - what the files that apply share: the entry at hand, which takes effect. */
#ifndef TROTH_CORE_APPLY_H
#define TROTH_CORE_APPLY_H

#include "subject.h"

struct change {
	struct troth_subject *s;
	const struct troth_lookup *lookup;
	const struct troth_who *who;
	const struct troth_event *e;
	struct troth_verdict verdict;
	struct troth_place place;
};

/* apply_promise.c */

/* One more commitment of promise p; there is room. */
void apply_owed(const struct change *c, struct troth_promise *p,
		const struct troth_terms *t);
/* The promise comes to its end in `to`, for a reason or for NULL. */
void apply_settled(const struct change *c, struct troth_promise *p,
		   enum troth_promise_state to, const char *reason);
/* Ends what is still owed for promise p (all of them), as released or cancelled. */
void apply_ended(const struct change *c, const struct troth_promise *p,
		 enum troth_commitment_state to);
void apply_made(const struct change *c);
void apply_promise_step(const struct change *c);
void apply_commitment_step(const struct change *c);

#endif
