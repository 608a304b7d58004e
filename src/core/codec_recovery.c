/* The stored form of alarms and recoveries: a part of codec.c's. */
#include "codec.h"

static void put_alarm(struct pen *b, const struct troth_alarm *a)
{
	put_id(b, &a->id);
	put_uint(b, a->cause);
	put_uint(b, a->state);
	put_id(b, &a->item);
	put_text(b, a->code);
	put_uint(b, a->policy_version);
	put_uint(b, a->rung);
	put_text(b, a->to);
	put_text(b, a->party);
	put_uint(b, a->told_to);
	put_text(b, a->raised_party);
	put_time(b, a->raised);
	put_time(b, a->told);
	put_time(b, a->next);
	put_time(b, a->taken);
	put_text(b, a->taken_by);
	put_text(b, a->taken_party);
	put_time(b, a->ended);
	put_text(b, a->reason);
}

static void get_alarm(struct troth_reader *r, struct troth_alarm *a)
{
	get_id(r, &a->id);
	a->cause = (enum troth_cause)get_count(r, TROTH_CAUSE_LAST);
	a->state = (enum troth_alarm_state)get_count(r, TROTH_ALARM_STATE_LAST);
	get_id(r, &a->item);
	GET_TEXT(r, a->code);
	a->policy_version = get_uint(r);
	a->rung = get_count(r, UINT32_MAX);
	GET_TEXT(r, a->to);
	GET_TEXT(r, a->party);
	a->told_to = get_count(r, UINT32_MAX);
	GET_TEXT(r, a->raised_party);
	a->raised = get_time(r);
	a->told = get_time(r);
	a->next = get_time(r);
	a->taken = get_time(r);
	GET_TEXT(r, a->taken_by);
	GET_TEXT(r, a->taken_party);
	a->ended = get_time(r);
	GET_TEXT(r, a->reason);
}

void troth_alarms_encode(struct pen *b, const struct troth_subject *s)
{
	put_uint(b, s->alarm_count);
	for (unsigned i = 0; i < s->alarm_count; i++)
		put_alarm(b, &s->alarms[i]);
}

void troth_alarms_decode(struct troth_reader *r, struct troth_subject *s)
{
	s->alarm_count = get_count(r, TROTH_ALARMS_MAX);
	for (unsigned i = 0; i < s->alarm_count; i++)
		get_alarm(r, &s->alarms[i]);
}

static void put_recovery(struct pen *b, const struct troth_recovery *v)
{
	put_id(b, &v->id);
	put_uint(b, v->state);
	put_uint(b, v->complaint);
	put_id(b, &v->promise);
	put_text(b, v->failure);
	put_text(b, v->owner);
	put_uint(b, v->policy_version);
	put_time(b, v->opened);
	put_time(b, v->apologised);
	put_text(b, v->practical);
	put_text(b, v->felt);
	put_uint(b, v->choice);
	put_uint(b, v->offer);
	put_uint(b, v->differs);
	put_uint(b, v->waived);
	put_id(b, &v->remedy);
	put_uint(b, v->value.kind);
	put_text(b, v->value.sku);
	put_uint(b, v->value.quantity);
	put_uint(b, (uint64_t)v->value.amount);
	put_text(b, v->value.currency);
	put_uint(b, v->good);
	put_uint(b, v->failed);
	put_time(b, v->made_good);
	put_time(b, v->asked);
	put_uint(b, v->answer);
	put_uint(b, v->reopened);
	put_time(b, v->done);
	put_text(b, v->reason);
	put_uint(b, v->evidence);
	put_time(b, v->denied);
	put_time(b, v->appealed);
	put_time(b, v->decided);
	put_text(b, v->denied_by);
	put_text(b, v->denied_party);
	put_uint(b, v->position);
	put_uint(b, v->alarmed);
}

static void get_recovery(struct troth_reader *r, struct troth_recovery *v)
{
	get_id(r, &v->id);
	v->state = (enum troth_recovery_state)get_count(r, TROTH_RECOVERY_STATE_LAST);
	v->complaint = get_count(r, 1) == 1;
	get_id(r, &v->promise);
	GET_TEXT(r, v->failure);
	GET_TEXT(r, v->owner);
	v->policy_version = get_uint(r);
	v->opened = get_time(r);
	v->apologised = get_time(r);
	GET_TEXT(r, v->practical);
	GET_TEXT(r, v->felt);
	v->choice = (enum troth_choice)get_count(r, TROTH_CHOICE_LAST);
	v->offer = get_count(r, UINT32_MAX);
	v->differs = get_count(r, 1) == 1;
	v->waived = get_count(r, 1) == 1;
	get_id(r, &v->remedy);
	v->value.kind = get_count(r, TROTH_KIND_LAST);
	GET_TEXT(r, v->value.sku);
	v->value.quantity = get_count(r, UINT32_MAX);
	v->value.amount = (int64_t)get_uint(r);
	GET_TEXT(r, v->value.currency);
	v->good = get_count(r, UINT32_MAX);
	v->failed = get_count(r, UINT32_MAX);
	v->made_good = get_time(r);
	v->asked = get_time(r);
	v->answer = (enum troth_recovery_action)get_count(r, TROTH_RECOVERY_ACTION_LAST);
	v->reopened = get_count(r, UINT32_MAX);
	v->done = get_time(r);
	GET_TEXT(r, v->reason);
	v->evidence = get_count(r, TROTH_EVIDENCE_LAST);
	v->denied = get_time(r);
	v->appealed = get_time(r);
	v->decided = get_time(r);
	GET_TEXT(r, v->denied_by);
	GET_TEXT(r, v->denied_party);
	v->position = get_uint(r);
	v->alarmed = get_count(r, 1) == 1;
}

void troth_recoveries_encode(struct pen *b, const struct troth_subject *s)
{
	put_uint(b, s->recovery_count);
	for (unsigned i = 0; i < s->recovery_count; i++)
		put_recovery(b, &s->recoveries[i]);
}

void troth_recoveries_decode(struct troth_reader *r, struct troth_subject *s)
{
	s->recovery_count = get_count(r, TROTH_RECOVERIES_MAX);
	for (unsigned i = 0; i < s->recovery_count; i++)
		get_recovery(r, &s->recoveries[i]);
}

size_t troth_longest_recoveries(const struct troth_subject *s)
{
	return s->alarm_count * (sizeof(struct troth_alarm) + 32) +
	       s->recovery_count * (sizeof(struct troth_recovery) + 32);
}
