#include "names.h"
#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

/* ---- The life of an alarm ---- */

#define DANGER 1u
#define OTHERS 2u
#define ANY    (DANGER | OTHERS)

static const struct edge {
	unsigned causes;
	enum troth_alarm_state from;
	enum troth_alarm_action action;
	unsigned as;
	enum troth_alarm_state to;
} edges[] = {
	{ ANY, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK,
	  TROTH_ALARM_TOLD },
	{ ANY, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK, TROTH_ALARM_TOLD },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_TELL, TROTH_AS_CLOCK,
	  TROTH_ALARM_TAKEN },
	{ OTHERS, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ,
	  TROTH_ALARM_TAKEN },
	{ OTHERS, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ | TROTH_AS_TOLD,
	  TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_RAISED, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_SERVICE | TROTH_AS_HQ | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_TOLD, TROTH_ALARM_DO_TAKE,
	  TROTH_AS_SERVICE | TROTH_AS_HQ | TROTH_AS_TOLD, TROTH_ALARM_TAKEN },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_TAKE, TROTH_AS_HQ | TROTH_AS_TOLD,
	  TROTH_ALARM_TAKEN },
	{ ANY, TROTH_ALARM_RAISED, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
	{ ANY, TROTH_ALARM_TOLD, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
	{ OTHERS, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_END,
	  TROTH_AS_HQ | TROTH_AS_TAKER | TROTH_AS_STATE, TROTH_ALARM_ENDED },
	{ DANGER, TROTH_ALARM_TAKEN, TROTH_ALARM_DO_END, TROTH_AS_HQ | TROTH_AS_STATE,
	  TROTH_ALARM_ENDED },
};

enum troth_step troth_alarm_next(enum troth_cause cause, enum troth_alarm_state from,
				 enum troth_alarm_action action, unsigned as,
				 enum troth_alarm_state *to)
{
	unsigned causes = cause == TROTH_CAUSE_SAFETY ? DANGER : OTHERS;

	for (size_t i = 0; i < TROTH_LEN(edges); i++) {
		if (edges[i].from != from || edges[i].action != action ||
		    (edges[i].causes & causes) == 0)
			continue;
		if ((edges[i].as & as) == 0)
			return TROTH_STEP_WRONG_CAPACITY;
		*to = edges[i].to;
		return TROTH_STEP_OK;
	}
	return TROTH_STEP_WRONG_STATE;
}

static const char *const states[] = { "none", "raised", "told", "taken", "ended" };

static const char *const causes[] = {
	NULL,        "unacknowledged", "at_risk",        "broken",
	"untouched", "safety",         "over_authority", "follow_up",
};

const char *troth_alarm_state_name(enum troth_alarm_state v)
{
	return name_of(NAMES(states), (unsigned)v);
}

const char *troth_cause_name(enum troth_cause v)
{
	return name_of(NAMES(causes), (unsigned)v);
}

int troth_cause_number(const char *text)
{
	return number_of(NAMES(causes), text);
}

/* ---- Alarms of a subject ---- */

/*
 * Where a new alarm goes: behind the others, or in place of the one that has ended
 * longest ago. Danger displaces even what has not ended. -1: there is no room.
 */
static int place_for(const struct troth_subject *s, enum troth_cause cause)
{
	int best = -1;

	if (s->alarm_count < TROTH_ALARMS_MAX)
		return (int)s->alarm_count;
	for (unsigned i = 0; i < s->alarm_count; i++)
		if (s->alarms[i].state == TROTH_ALARM_ENDED &&
		    (best < 0 || s->alarms[i].ended.ms < s->alarms[best].ended.ms))
			best = (int)i;
	for (unsigned i = 0; i < s->alarm_count && best < 0; i++)
		if (cause == TROTH_CAUSE_SAFETY &&
		    s->alarms[i].cause != TROTH_CAUSE_SAFETY)
			best = (int)i;
	return best;
}

unsigned troth_alarm_room(const struct troth_subject *s)
{
	unsigned room = TROTH_ALARMS_MAX - s->alarm_count;

	for (unsigned i = 0; i < s->alarm_count; i++)
		room += s->alarms[i].state == TROTH_ALARM_ENDED;
	return room;
}

static unsigned capacities(const struct troth_subject *s, const struct troth_alarm *a,
			   const struct troth_who *who)
{
	int i = troth_subject_participant(s, who->party);
	unsigned as = 0;

	if (who->clock)
		return TROTH_AS_CLOCK;
	if (who->role == TROTH_ROLE_BRAND)
		as |= TROTH_AS_HQ;
	if (troth_subject_is_participant(s, who->party))
		as |= TROTH_AS_SERVICE; /* Danger is everybody's, the driver's too. */
	if (i >= 0 && (a->told_to & 1u << i) != 0)
		as |= TROTH_AS_TOLD;
	if (strcmp(a->taken_party, who->party) == 0)
		as |= TROTH_AS_TAKER;
	if (TROTH_MUTANT(untold_may_take) && as != 0)
		as |= TROTH_AS_TOLD;
	if (TROTH_MUTANT(danger_is_ended_by_its_taker) && (as & TROTH_AS_TAKER) != 0)
		as |= TROTH_AS_HQ;
	return as;
}

static enum troth_alarm_action action_of(enum troth_event_type type)
{
	return type == TROTH_EVENT_ALARM_TOLD    ? TROTH_ALARM_DO_TELL
	       : type == TROTH_EVENT_ALARM_TAKEN ? TROTH_ALARM_DO_TAKE
						 : TROTH_ALARM_DO_END;
}

/*
 * One party alone cannot fill the subject with danger, so that there is no room for
 * what another has to say.
 */
static bool has_cried_enough(const struct troth_subject *s, const struct troth_who *who)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->alarm_count; i++)
		n += s->alarms[i].state != TROTH_ALARM_ENDED &&
		     strcmp(s->alarms[i].raised_party, who->party) == 0;
	return who->role != TROTH_ROLE_BRAND && n >= TROTH_DANGERS_MAX;
}

/* It is in good hands: nobody takes over from HQ, nor from themselves. */
static bool is_in_hand(const struct troth_alarm *a, const char *brand,
		       const struct troth_who *who)
{
	return a->state == TROTH_ALARM_TAKEN && (strcmp(a->taken_party, brand) == 0 ||
						 strcmp(a->taken_party, who->party) == 0);
}

enum troth_reason troth_alarm_judge(const struct troth_subject *s, const char *brand,
				    const struct troth_who *who,
				    const struct troth_event *e)
{
	const struct troth_alarm *a;
	enum troth_alarm_state to;
	int i;

	if (e->type == TROTH_EVENT_ALARM_RAISED) {
		/* Danger is everybody's business; the other causes are the clock's. */
		if (!who->clock && e->u.alarm.cause != TROTH_CAUSE_SAFETY)
			return TROTH_REASON_NOT_ENTITLED;
		return place_for(s, e->u.alarm.cause) < 0 || has_cried_enough(s, who)
			       ? TROTH_REASON_LIMIT
			       : TROTH_REASON_NONE;
	}
	i = troth_subject_alarm(s, &e->u.alarm.alarm);
	if (i < 0)
		return TROTH_REASON_NO_ALARM;
	a = &s->alarms[i];
	if (e->type == TROTH_EVENT_ALARM_TAKEN && is_in_hand(a, brand, who))
		return TROTH_REASON_WRONG_STATE;
	return troth_step_reason(troth_alarm_next(a->cause, a->state, action_of(e->type),
						  capacities(s, a, who), &to));
}

/* Notes that it has been raised, so that it is not raised again for the same. */
static void note_raised(struct troth_subject *s, const struct troth_event *e)
{
	uint32_t bit = 1u << e->u.alarm.cause;
	int p = troth_subject_promise(s, &e->u.alarm.item);
	int c = troth_subject_commitment(s, &e->u.alarm.item);
	int v = troth_subject_recovery(s, &e->u.alarm.item);

	if (e->u.alarm.cause == TROTH_CAUSE_UNTOUCHED)
		s->cas.untouched = true;
	else if (e->u.alarm.cause == TROTH_CAUSE_FOLLOW_UP && v >= 0)
		s->recoveries[v].alarmed = true;
	else if (p >= 0)
		s->promises[p].alarmed |= bit;
	else if (c >= 0)
		s->commitments[c].alarmed |= bit;
}

static void raise(struct troth_subject *s, const struct troth_who *who,
		  const struct troth_event *e, struct troth_time at)
{
	int i = place_for(s, e->u.alarm.cause);
	struct troth_alarm *a = &s->alarms[i];

	s->alarm_count += (unsigned)i == s->alarm_count;
	*a = (struct troth_alarm){
		.id = e->id,
		.cause = e->u.alarm.cause,
		.state = TROTH_ALARM_RAISED,
		.item = e->u.alarm.item,
		.policy_version = e->u.alarm.policy_version,
		.raised = at,
		.next = e->u.alarm.next,
	};
	if (a->cause == TROTH_CAUSE_SAFETY) {
		a->next.ms = at.ms - 1; /* The first is told at once. */
		TROTH_TEXT_SET(a->raised_party, who->party);
	}
	TROTH_TEXT_SET(a->code, e->u.alarm.code);
	note_raised(s, e);
}

bool troth_alarm_fits(const struct troth_subject *s, const struct troth_event *e)
{
	return e->type == TROTH_EVENT_ALARM_RAISED
		       ? place_for(s, e->u.alarm.cause) >= 0
		       : troth_subject_alarm(s, &e->u.alarm.alarm) >= 0;
}

/* Who takes danger says who is at it; that HQ need not be told, HQ alone can say. */
static bool stops_climbing(const struct troth_alarm *a, const struct troth_who *who,
			   const struct troth_event *e)
{
	if (TROTH_MUTANT(taken_does_not_stop))
		return false;
	return e->type == TROTH_EVENT_ALARM_ENDED || a->cause != TROTH_CAUSE_SAFETY ||
	       who->role == TROTH_ROLE_BRAND || TROTH_MUTANT(danger_is_silenced);
}

void troth_alarm_apply(struct troth_subject *s, const struct troth_who *who,
		       const struct troth_event *e, struct troth_time at)
{
	struct troth_alarm *a;

	if (e->type == TROTH_EVENT_ALARM_RAISED) {
		raise(s, who, e, at);
		return;
	}
	a = &s->alarms[troth_subject_alarm(s, &e->u.alarm.alarm)];
	(void)troth_alarm_next(a->cause, a->state, action_of(e->type), ~0u, &a->state);
	if (e->type == TROTH_EVENT_ALARM_TOLD) {
		a->rung = e->u.alarm.rung;
		a->told = at;
		a->next = e->u.alarm.next;
		TROTH_TEXT_SET(a->to, e->u.alarm.to);
		TROTH_TEXT_SET(a->party, e->u.alarm.party);
		return;
	}
	if (stops_climbing(a, who, e))
		a->next.ms = 0;
	if (e->type == TROTH_EVENT_ALARM_TAKEN) {
		a->taken = at;
		TROTH_TEXT_SET(a->taken_by, e->actor);
		TROTH_TEXT_SET(a->taken_party, who->party);
	} else {
		a->ended = at;
		TROTH_TEXT_SET(a->reason, e->u.alarm.code);
	}
}

/* ---- What has ended by itself ---- */

/* Somebody has made it good, or need not any more. */
static bool made_good(const struct troth_subject *s, const struct troth_promise *p)
{
	int i = troth_subject_recovery(s, &p->id);

	return p->state != TROTH_PROMISE_BROKEN ||
	       (i >= 0 && (s->recoveries[i].state == TROTH_RECOVERY_MADE_GOOD ||
			   s->recoveries[i].state == TROTH_RECOVERY_FOLLOW_UP ||
			   s->recoveries[i].state == TROTH_RECOVERY_DONE));
}

static bool is_over(const struct troth_subject *s, const struct troth_alarm *a)
{
	int p = troth_subject_promise(s, &a->item);
	int c = troth_subject_commitment(s, &a->item);
	int v;

	switch (a->cause) {
	case TROTH_CAUSE_UNACKNOWLEDGED:
		return c >= 0 && (!troth_commitment_unacknowledged(&s->commitments[c]) ||
				  s->commitments[c].ack_overdue.ms == 0);
	case TROTH_CAUSE_AT_RISK:
	case TROTH_CAUSE_OVER_AUTHORITY:
		return p >= 0 && s->promises[p].state != TROTH_PROMISE_ACTIVE;
	case TROTH_CAUSE_BROKEN:
		return p >= 0 && made_good(s, &s->promises[p]);
	case TROTH_CAUSE_UNTOUCHED:
		return s->cas.state != TROTH_CASE_OPEN || !s->cas.untouched;
	case TROTH_CAUSE_FOLLOW_UP:
		v = troth_subject_recovery(s, &a->item);
		return v >= 0 && s->recoveries[v].state != TROTH_RECOVERY_MADE_GOOD;
	case TROTH_CAUSE_SAFETY:
		break; /* Only somebody can say that it is over. */
	}
	return false;
}

void troth_alarms_follow(struct troth_subject *s, struct troth_time at)
{
	for (unsigned i = 0; i < s->alarm_count; i++) {
		struct troth_alarm *a = &s->alarms[i];

		if (a->state == TROTH_ALARM_ENDED || !is_over(s, a))
			continue;
		a->state = TROTH_ALARM_ENDED;
		a->next.ms = 0;
		a->ended = at;
	}
}

void troth_case_touched(struct troth_subject *s, const struct troth_event *e,
			struct troth_time at)
{
	/* By its name, because not every node can tell central from the others. */
	if (s->kind != TROTH_SUBJECT_CASE || strcmp(e->actor, TROTH_CLOCK_ACTOR) == 0)
		return;
	s->cas.touched = at;
	s->cas.untouched = false;
}
