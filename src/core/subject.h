/* What the files of the subject module share with each other. */
#ifndef TROTH_CORE_SUBJECT_PRIVATE_H
#define TROTH_CORE_SUBJECT_PRIVATE_H

#include "troth/core/commitment.h"
#include "troth/core/subject.h"

/*
 * True if nothing more can be promised on the order or case that recovers `recovers`
 * (zero: nothing): one that is over is open still for what makes good what is not.
 */
bool troth_subject_closed(const struct troth_subject *s, const struct troth_id *recovers);

/* How many of `max` who acts may use; `kept` of them are for the brand alone. */
unsigned troth_room_of(const struct troth_who *who, unsigned max, unsigned kept);

/* True if s can have `count` more commitments of who acts. */
bool troth_room_for_terms(const struct troth_subject *s, const struct troth_who *who,
			  unsigned count);

/* Who comes to see s with an event, and is no participant yet. Names are borrowed. */
struct troth_guests {
	const struct troth_subject *s;
	unsigned count;
	const char *names[TROTH_LINES_MAX + 3]; /* As many as an order can name. */
};

/* Adds the party, unless it is "", a participant, or there already. */
void troth_invite(struct troth_guests *g, const char *party);

/* True if all of them find room, where it is `who` that brings them. */
bool troth_room_for_guests(const struct troth_guests *g, const struct troth_who *who);

/* True if a promise, recovery or alarm of s goes by that id. */
bool troth_subject_names(const struct troth_subject *s, const struct troth_id *id);

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
			   struct troth_place place);
/* True if `s` has room for what the event puts into it. */
bool troth_authority_fits(const struct troth_subject *s, const struct troth_event *e);
/* Whose authority the event is about; "": a pool's, which is the brand's. */
const char *troth_authority_party(const struct troth_event *e);

/* What a step that may not be taken is refused for. */
enum troth_reason troth_step_reason(enum troth_step step);

/* True if who acts for `acting` may be the one who acted for `party` before. */
bool troth_acts_for(const struct troth_lookup *lookup, const char *acting,
		    const char *party);

/* True if nothing but acceptance is missing, so the due instant does no harm. */
bool troth_promise_is_done(const struct troth_subject *s, const struct troth_promise *p);

/* Alarms (alarm.c). How many more the clock may raise. */
unsigned troth_alarm_room(const struct troth_subject *s);
enum troth_reason troth_alarm_judge(const struct troth_subject *s, const char *brand,
				    const struct troth_who *who,
				    const struct troth_event *e);
bool troth_alarm_fits(const struct troth_subject *s, const struct troth_event *e);
void troth_alarm_apply(struct troth_subject *s, const struct troth_who *who,
		       const struct troth_event *e, struct troth_time at);
/* Ends what has no cause any more. */
void troth_alarms_follow(struct troth_subject *s, struct troth_time at);
/* Notes that somebody has acted on a case. */
void troth_case_touched(struct troth_subject *s, const struct troth_event *e,
			struct troth_time at);

/*
 * Recoveries (recovery.c, judge_recovery.c, apply_recovery.c). The one that is about the
 * promise, by whatever name, or -1.
 */
int troth_recovery_about(const struct troth_subject *s, const struct troth_id *promise);
enum troth_reason troth_recovery_judge(const struct troth_subject *s,
				       const struct troth_lookup *lookup,
				       const struct troth_who *who,
				       const struct troth_event *e);
/* What the event does to the recovery that it names. */
enum troth_recovery_action troth_recovery_action_of(const struct troth_event *e);
/*
 * Why whoever acts may not release p: if it is a remedy, that waives it, and is for those
 * alone who may.
 */
enum troth_reason troth_remedy_release_judge(const struct troth_subject *s,
					     const struct troth_lookup *lookup,
					     const struct troth_who *who,
					     const struct troth_promise *p);
bool troth_recovery_fits(const struct troth_subject *s, const struct troth_event *e);
void troth_recovery_apply(struct troth_subject *s, const struct troth_who *who,
			  const char *brand, const struct troth_event *e,
			  struct troth_place place);
/* Moves recoveries and broken promises by what has become of the remedies. */
void troth_recoveries_follow(struct troth_subject *s, struct troth_time at);

/* What the clock declares about alarms and recoveries (watch.c), as in subject.h. */
struct troth_time troth_watch_due(const struct troth_subject *s,
				  const struct troth_lookup *lookup);
unsigned troth_watch_tick(const struct troth_subject *s,
			  const struct troth_lookup *lookup, struct troth_time now,
			  struct troth_declaration *out, unsigned max);

/* True if one that rests on a policy is open: nobody has laid down the others. */
bool troth_recoveries_are_open(const struct troth_subject *s);

/* Makes the list of participants what the rest of the state says it is. */
void troth_participants_update(struct troth_subject *s, const char *brand);

#endif
