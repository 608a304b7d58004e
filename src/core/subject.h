/* What the files of the subject module share with each other. */
#ifndef TROTH_CORE_SUBJECT_PRIVATE_H
#define TROTH_CORE_SUBJECT_PRIVATE_H

#include "troth/core/commitment.h"
#include "troth/core/subject.h"

/* In which capacities `who` can act on promise p of s. */
unsigned troth_capacities(const struct troth_subject *s, const struct troth_promise *p,
			  const struct troth_who *who);

/* The same, and those in which it can act on commitment c. */
unsigned troth_commitment_capacities(const struct troth_subject *s,
				     const struct troth_commitment *c,
				     const struct troth_who *who);

/* Ordinals are one byte, and 0 stands for the promise itself. */
#define TROTH_ORDINAL_MAX 255

/* True if promise p of s can have one more commitment. */
bool troth_room_for_commitment(const struct troth_subject *s,
			       const struct troth_promise *p);

/*
 * The first promise that ends with the order (active or reopened), or NULL. To
 * it belongs the commitment to tell the customer.
 */
const struct troth_promise *troth_first_to_end(const struct troth_subject *s);

/* True when every commitment of promise `index` has been met, so that it is kept. */
bool troth_promise_is_met(const struct troth_subject *s, unsigned index);

/* Judges and applies what is about a party's authority (authority.c). */
enum troth_reason troth_authority_judge(const struct troth_subject *s,
					const struct troth_lookup *lookup,
					const struct troth_who *who,
					const struct troth_event *e);
void troth_authority_apply(struct troth_subject *s, const struct troth_event *e,
			   struct troth_time accepted);
/* True if `s` has room for what the event puts into it. */
bool troth_authority_fits(const struct troth_subject *s, const struct troth_event *e);
/* The payload's limits and required fields. */
bool troth_authority_check(const struct troth_event *e, struct troth_flaw *flaw);

/* Makes the list of participants what the rest of the state says it is. */
void troth_participants_update(struct troth_subject *s, const char *brand);

#endif
