/*
 * alarm_kit - a policy with a ladder for each cause, and stories under it. One program
 * includes it once.
 */
#ifndef TROTH_TEST_ALARM_KIT_H
#define TROTH_TEST_ALARM_KIT_H

#include "story.h"

#include "troth/core/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define OK      TROTH_REASON_NONE
#define MINUTE  FIXTURE_MINUTE
#define ACK_DUE (FIXTURE_NOW + FIXTURE_HOUR)
#define DUE     (FIXTURE_NOW + FIXTURE_DAY)

static struct troth_policy policy;
static struct story st;
static struct troth_event e;

static inline const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	(void)ctx;
	return version == policy.version ? &policy : NULL;
}

static inline uint64_t newest_policy(void *ctx)
{
	(void)ctx;
	return policy.version;
}

static struct troth_lookup lookup;

static inline struct troth_wait minutes(int64_t n)
{
	return (struct troth_wait){ .ms = n * MINUTE, .calendar = -1 };
}

static inline void rung(enum troth_cause cause, const char *to, int64_t after)
{
	struct troth_ladder *l = NULL;

	for (unsigned i = 0; i < policy.ladder_count; i++)
		if (policy.ladders[i].cause == cause)
			l = &policy.ladders[i];
	if (l == NULL) {
		l = &policy.ladders[policy.ladder_count++];
		l->cause = cause;
	}
	l->rungs[l->count].after = minutes(after);
	TROTH_TEXT_SET(l->rungs[l->count].to, to);
	l->count++;
}

static inline void hours(struct troth_calendar *c, int from, int to)
{
	troth_zone_utc(&c->zone);
	for (int d = 0; d < 7; d++) {
		c->week[d].count = 1;
		c->week[d].hours[0] = (struct troth_hours){ (uint16_t)(60 * from),
							    (uint16_t)(60 * to) };
	}
}

static inline void shift(struct troth_on_call *l, const char *actor, const char *party,
			 int calendar)
{
	TROTH_TEXT_SET(l->shifts[l->count].actor, actor);
	TROTH_TEXT_SET(l->shifts[l->count].party, party);
	l->shifts[l->count++].calendar = calendar;
}

/* Day shift from 8 to 18, else the substitute; it is ten o'clock when stories begin. */
static inline void publish(void)
{
	memset(&policy, 0, sizeof(policy));
	policy.version = 3; /* That the usual promise cites. */
	policy.calendar_count = 1;
	hours(&policy.calendars[0], 8, 18);
	policy.on_call_count = 1;
	TROTH_TEXT_SET(policy.on_call[0].name, "duty");
	shift(&policy.on_call[0], "dora", "acme", 0);
	shift(&policy.on_call[0], "nick", "zeta", -1);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "debtor", 0);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "maker", 5);
	rung(TROTH_CAUSE_UNACKNOWLEDGED, "brand", 10);
	rung(TROTH_CAUSE_BROKEN, "brand", 0);
	rung(TROTH_CAUSE_SAFETY, "duty", 0);
	rung(TROTH_CAUSE_SAFETY, "brand", 3);
	rung(TROTH_CAUSE_AT_RISK, "debtor", 0);
	policy.ladders[3].before = minutes(60);
	rung(TROTH_CAUSE_UNTOUCHED, "maker", 0);
	rung(TROTH_CAUSE_UNTOUCHED, "brand", 60);
	policy.ladders[4].before = minutes(30);
	rung(TROTH_CAUSE_OVER_AUTHORITY, "duty", 0);
	rung(TROTH_CAUSE_FOLLOW_UP, "owner", 0);
	rung(TROTH_CAUSE_FOLLOW_UP, "brand", 60);
	policy.remedy_count = 1;
	TROTH_TEXT_SET(policy.remedies[0].failure, "broken");
	policy.remedies[0].follow_up = minutes(120);
	lookup = fixture_lookup;
	lookup.policy = find_policy;
}

static inline void begin(enum troth_subject_kind kind)
{
	publish();
	story_begin(&st, kind);
	st.lookup = &lookup;
	fixture_event(&e,
		      kind == TROTH_SUBJECT_ORDER ? TROTH_EVENT_ORDER_PLACED
						  : TROTH_EVENT_CASE_OPENED,
		      kind == TROTH_SUBJECT_ORDER ? "shop" : "acme");
	if (kind == TROTH_SUBJECT_CASE)
		e.u.cas.policy_version = 3;
	assert_int_equal(story_tell(&st, &e), OK);
}

static inline const struct troth_alarm *alarm(enum troth_cause cause)
{
	for (unsigned i = st.s.alarm_count; i-- > 0;)
		if (st.s.alarms[i].cause == cause)
			return &st.s.alarms[i];
	return NULL;
}

static inline void told(enum troth_cause cause, unsigned number, const char *to,
			const char *party)
{
	const struct troth_alarm *a = alarm(cause);

	assert_non_null(a);
	assert_int_equal(a->state, TROTH_ALARM_TOLD);
	assert_int_equal(a->rung, number);
	assert_string_equal(a->to, to);
	assert_string_equal(a->party, party);
}

static inline enum troth_reason act(enum troth_event_type type, const char *party,
				    enum troth_cause cause)
{
	fixture_event(&e, type, party);
	e.u.alarm.alarm = alarm(cause)->id;
	return story_tell(&st, &e);
}

/* Danger, by the policy. */
static inline enum troth_reason safety(const char *party)
{
	fixture_event(&e, TROTH_EVENT_ALARM_RAISED, party);
	e.u.alarm.policy_version = 3;
	return story_tell(&st, &e);
}

#endif
