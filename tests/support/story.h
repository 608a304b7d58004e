/*
 * story - events told one after the other about one order or case, judged and
 * applied as central does it. What must hold after every one of them is checked
 * on the way; a test says only what its story is about.
 */
#ifndef TROTH_TEST_STORY_H
#define TROTH_TEST_STORY_H

#include "fixture.h"

struct story {
	struct troth_subject s;
	uint64_t position;
	struct troth_time now; /* Set it to let time pass. */
	struct troth_verdict last;
	const struct troth_lookup *lookup; /* Parties and, if set, policies. */
};

/* About an order (fixture_id(1)) or a case (fixture_id(2)) that does not exist yet. */
void story_begin(struct story *st, enum troth_subject_kind kind);

/* Order: placed by shop, to be carried by swift. Case: opened by acme. */
void story_begin_usual(struct story *st, enum troth_subject_kind kind);

/* Judges and applies *e; its subject becomes the story's. Gives the reason. */
enum troth_reason story_tell(struct story *st, struct troth_event *e);

/* The usual event of that type by `party`. */
enum troth_reason story_do(struct story *st, enum troth_event_type type,
			   const char *party);

/* The usual promise (fixture_id(10)) by `party`, spoken or only proposed. */
enum troth_reason story_promise(struct story *st, const char *party, bool spoken);

/* A step on the usual promise or on commitment `ordinal` of it. */
enum troth_reason story_promise_step(struct story *st, const char *party,
				     enum troth_promise_action action);
enum troth_reason story_step(struct story *st, const char *party, uint8_t ordinal,
			     enum troth_commitment_action action);

/* Lets central's clock declare all it has to at `now`; how many that were. */
unsigned story_clock(struct story *st, int64_t now);

/* The usual promise, and its commitment of that ordinal. */
const struct troth_promise *story_the_promise(const struct story *st);
const struct troth_commitment *story_the_commitment(const struct story *st,
						    uint8_t ordinal);

#endif
