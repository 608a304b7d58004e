/*
 * alarm - somebody has to look at it, and is told until somebody does.
 *
 *   none --raise--> RAISED --tell--> TOLD --tell--> TOLD (the next rung) ...
 *                     |               |
 *                     +-----take------+--take--> TAKEN
 *                     +-----end-------+----------end--> ENDED
 *
 * Central's clock raises them by the ladders of the policy, but for danger, which
 * whoever hears of it raises. The clock tells one rung of the ladder after
 * the other until somebody takes the alarm or what it is about has ended; behind
 * the last rung it stays where it is. An alarm carries all that the clock needs
 * to know when to go on, so that nobody but central has to know the ladder.
 *
 * HQ may take an alarm at any time, another party once it has been told; who has
 * taken it may end it.
 *
 * Danger is HQ's. Any participant may take it at once, so that all can see who is at
 * it, and the ladder climbs on all the same: until HQ takes it, or takes it over. Who
 * has been told may take it over, too. A ladder that does not end with HQ does so
 * here, and only HQ says that the danger is over.
 */
#ifndef TROTH_CORE_ALARM_H
#define TROTH_CORE_ALARM_H

#include "troth/base/id.h"
#include "troth/base/time.h"
#include "troth/core/capacity.h"
#include "troth/core/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a subject; the oldest that has ended makes room for a new one. */
#define TROTH_ALARMS_MAX 32
/* Of danger, not ended, that one party may have raised; the brand has no such bound. */
#define TROTH_DANGERS_MAX 4

/* Stored: append at the end, never renumber. So are all enums of this page. */
enum troth_cause {
	TROTH_CAUSE_UNACKNOWLEDGED = 1, /* Nobody of the debtor's has reacted. */
	TROTH_CAUSE_AT_RISK = 2,        /* A promise is due soon, and not done. */
	TROTH_CAUSE_BROKEN = 3,
	TROTH_CAUSE_UNTOUCHED = 4,      /* An open case on which nobody has acted. */
	TROTH_CAUSE_SAFETY = 5,         /* Somebody may come to harm. */
	TROTH_CAUSE_OVER_AUTHORITY = 6, /* Told to a customer beyond what was granted. */
	TROTH_CAUSE_FOLLOW_UP = 7, /* Nobody has asked the customer whether it helped. */
};
#define TROTH_CAUSE_LAST TROTH_CAUSE_FOLLOW_UP

enum troth_alarm_state {
	TROTH_ALARM_NONE = 0,
	TROTH_ALARM_RAISED = 1, /* Nobody has been told yet. */
	TROTH_ALARM_TOLD = 2,
	TROTH_ALARM_TAKEN = 3, /* Somebody looks after it. */
	TROTH_ALARM_ENDED = 4,
};
#define TROTH_ALARM_STATE_LAST TROTH_ALARM_ENDED

enum troth_alarm_action {
	TROTH_ALARM_DO_TELL = 1,
	TROTH_ALARM_DO_TAKE = 2,
	TROTH_ALARM_DO_END = 3,
};
#define TROTH_ALARM_ACTION_LAST TROTH_ALARM_DO_END

struct troth_alarm {
	struct troth_id id; /* Of the event that raised it. */
	enum troth_cause cause;
	enum troth_alarm_state state;
	struct troth_id item; /* Promise, commitment or (FOLLOW_UP) recovery; zero: the
				 order or case. */
	char code[TROTH_CODE_MAX + 1];   /* Safety: what it is about. */
	uint64_t policy_version;         /* Whose ladder it climbs; 0: none. */
	uint32_t rung;                   /* Of those told, from 1; 0: nobody yet. */
	char to[TROTH_ACTOR_MAX + 1];    /* Told last: this person, */
	char party[TROTH_PARTY_MAX + 1]; /* or whoever is there of this party. */
	uint32_t told_to; /* Parties told so far: bits 1 << index of the participant. */
	char raised_party[TROTH_PARTY_MAX + 1]; /* Who raised it; empty: the clock. */
	struct troth_time raised, told;
	struct troth_time next; /* The clock tells the next rung after it; 0: no more. */
	struct troth_time taken;
	char taken_by[TROTH_ACTOR_MAX + 1];
	char taken_party[TROTH_PARTY_MAX + 1];
	struct troth_time ended;
	char reason[TROTH_CODE_MAX + 1]; /* Ended by somebody: why. */
};

/*
 * Where `action`, taken in any of the capacities `as` (enum troth_capacity), leads
 * an alarm of that cause from `from`; *to is set only on TROTH_STEP_OK
 * (core/promise.h).
 */
enum troth_step troth_alarm_next(enum troth_cause cause, enum troth_alarm_state from,
				 enum troth_alarm_action action, unsigned as,
				 enum troth_alarm_state *to);

/* "unacknowledged", "raised", ...; NULL, or -1, for what is none. */
const char *troth_cause_name(enum troth_cause v);
int troth_cause_number(const char *text);
const char *troth_alarm_state_name(enum troth_alarm_state v);

#endif
