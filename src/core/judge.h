/*
 * judge - what the files that judge share: the event on the bench, and who may be
 * named in it. What answers with a reason says NONE if it may take effect.
 */
#ifndef TROTH_CORE_JUDGE_H
#define TROTH_CORE_JUDGE_H

#include "subject.h"

struct bench {
	const struct troth_subject *s;
	const struct troth_lookup *lookup;
	const struct troth_who *who;
	const struct troth_event *e;
	struct troth_time now;
};

/* Sets of roles. */
#define BRAND   (1u << TROTH_ROLE_BRAND)
#define VENDOR  (1u << TROTH_ROLE_VENDOR)
#define CARRIER (1u << TROTH_ROLE_CARRIER)
#define SELLER  (1u << TROTH_ROLE_SELLER)
#define ANYONE  (BRAND | VENDOR | CARRIER | SELLER)

/* ---- judge_party.c ---- */

/* True if who acts has one of the roles. */
bool judge_may(const struct bench *b, unsigned roles);
/* Whether that is a party, and of one of the roles. */
enum troth_reason judge_party_of_role(const struct bench *b, const char *name,
				      unsigned roles);
/* Whether the parties that they name may owe, and be owed, on this subject. */
enum troth_reason judge_terms(const struct bench *b, const struct troth_terms *t);

/* ---- judge_promise.c ---- */

/* True if promise p can have one more commitment of who acts. */
bool judge_room(const struct bench *b, const struct troth_promise *p);

/* What stands in the way of a promise even if it has been spoken: it cannot be kept. */
enum troth_reason judge_impossible(const struct bench *b);
enum troth_reason judge_made(const struct bench *b);
enum troth_reason judge_promise_step(const struct bench *b);
enum troth_reason judge_commitment_added(const struct bench *b);
enum troth_reason judge_commitment_step(const struct bench *b);
/* Said by who asked, of a promise that was not (or no longer) to be said. */
bool judge_said_stands(const struct bench *b, enum troth_reason reason);
/* Done by who owed it, of what had ended already. */
bool judge_done_stands(const struct bench *b, enum troth_reason reason);

#endif
