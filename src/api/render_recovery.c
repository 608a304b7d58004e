/* Alarms and recoveries as JSON. */
#include "render.h"

#include <string.h>

static void some_id(struct troth_out *o, const char *key, enum troth_id_kind kind,
		    const struct troth_id *id)
{
	if (!troth_id_is_zero(id))
		troth_out_id(o, key, kind, id);
}

/* What an alarm is about, as far as it is not the order or case itself. */
static void out_item(struct troth_out *o, enum troth_cause cause,
		     const struct troth_id *item)
{
	if (cause == TROTH_CAUSE_FOLLOW_UP)
		troth_out_id(o, "recovery", TROTH_ID_RECOVERY, item);
	else if (item->b[TROTH_ID_LEN - 1] == 0)
		some_id(o, "promise", TROTH_ID_PROMISE, item);
	else
		troth_out_id(o, "commitment", TROTH_ID_COMMITMENT, item);
}

static void out_alarm_event(struct troth_out *o, const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_ALARM_RAISED) {
		troth_out_id(o, "alarm", TROTH_ID_ALARM, &e->id);
		troth_out_text(o, "cause", troth_cause_name(e->u.alarm.cause));
		out_item(o, e->u.alarm.cause, &e->u.alarm.item);
		troth_out_some_text(o, "code", e->u.alarm.code);
		troth_out_some_int(o, "policy_version",
				   (int64_t)e->u.alarm.policy_version);
		return;
	}
	troth_out_id(o, "alarm", TROTH_ID_ALARM, &e->u.alarm.alarm);
	if (e->type == TROTH_EVENT_ALARM_TOLD) {
		troth_out_uint(o, "rung", e->u.alarm.rung);
		troth_out_some_text(o, "to", e->u.alarm.to);
		troth_out_text(o, "party", e->u.alarm.party);
		troth_out_some_time(o, "next", e->u.alarm.next);
	}
	troth_out_some_text(o, "reason", e->u.alarm.code);
}

static void out_value(struct troth_out *o, const struct troth_value *v)
{
	if (v->kind == 0)
		return;
	troth_out_text(o, "kind", troth_kind_name((enum troth_kind)v->kind));
	troth_out_some_text(o, "sku", v->sku);
	troth_out_some_int(o, "quantity", v->quantity);
	troth_out_some_int(o, "amount", v->amount);
	troth_out_some_text(o, "currency", v->currency);
}

void troth_render_recovery_event(struct troth_out *o, const struct troth_event *e)
{
	if (troth_event_topic(e->type) == TROTH_TOPIC_ALARM) {
		out_alarm_event(o, e);
		return;
	}
	troth_out_id(o, "recovery", TROTH_ID_RECOVERY, &e->u.recovery.id);
	some_id(o, "promise", TROTH_ID_PROMISE, &e->u.recovery.promise);
	if (e->type == TROTH_EVENT_RECOVERY_OPENED)
		troth_out_id(o, "promise", TROTH_ID_PROMISE, &e->u.recovery.id);
	troth_out_some_text(o, "failure", e->u.recovery.failure);
	troth_out_some_text(o, "owner", e->u.recovery.owner);
	troth_out_some_int(o, "policy_version", (int64_t)e->u.recovery.policy_version);
	if (e->u.recovery.action != 0)
		troth_out_text(o, "step",
			       troth_recovery_action_name(e->u.recovery.action));
	troth_out_some_text(o, "practical", e->u.recovery.practical);
	troth_out_some_text(o, "felt", e->u.recovery.felt);
	if (e->u.recovery.choice != TROTH_CHOICE_NONE) {
		troth_out_text(o, "choice", troth_choice_name(e->u.recovery.choice));
		troth_out_uint(o, "offer", e->u.recovery.offer);
	}
	out_value(o, &e->u.recovery.value);
	troth_out_some_text(o, "reason", e->u.recovery.reason);
	if (e->u.recovery.evidence != TROTH_EVIDENCE_NONE)
		troth_out_text(o, "evidence",
			       troth_evidence_name(e->u.recovery.evidence));
}

/* ---- As they stand ---- */

static enum troth_id_kind kind_of(const struct troth_subject *s)
{
	return s->kind == TROTH_SUBJECT_CASE ? TROTH_ID_CASE : TROTH_ID_ORDER;
}

void troth_render_alarm(struct troth_out *o, const char *key,
			const struct troth_subject *s, unsigned i)
{
	const struct troth_alarm *a = &s->alarms[i];

	troth_out_object(o, key);
	troth_out_id(o, "id", TROTH_ID_ALARM, &a->id);
	troth_out_id(o, "subject", kind_of(s), &s->id);
	troth_out_text(o, "cause", troth_cause_name(a->cause));
	troth_out_text(o, "state", troth_alarm_state_name(a->state));
	out_item(o, a->cause, &a->item);
	troth_out_some_text(o, "code", a->code);
	troth_out_time(o, "raised", a->raised);
	troth_out_some_int(o, "rung", a->rung);
	troth_out_some_text(o, "to", a->to);
	troth_out_some_text(o, "party", a->party);
	troth_out_some_time(o, "told", a->told);
	troth_out_some_time(o, "next", a->next);
	troth_out_some_time(o, "taken", a->taken);
	troth_out_some_text(o, "taken_by", a->taken_by);
	troth_out_some_text(o, "taken_party", a->taken_party);
	troth_out_some_time(o, "ended", a->ended);
	troth_out_some_text(o, "reason", a->reason);
	troth_out_some_int(o, "policy_version", (int64_t)a->policy_version);
	troth_out_end_object(o);
}

static const char *answer_name(enum troth_recovery_action v)
{
	return v == TROTH_RECOVERY_DO_HELPED       ? "yes"
	       : v == TROTH_RECOVERY_DO_NOT_HELPED ? "no"
						   : "unreached";
}

static void out_choice(struct troth_out *o, const struct troth_recovery *v)
{
	if (v->choice == TROTH_CHOICE_NONE)
		return;
	troth_out_object(o, "chosen");
	troth_out_text(o, "choice", troth_choice_name(v->choice));
	troth_out_uint(o, "offer", v->offer);
	out_value(o, &v->value);
	troth_out_end_object(o);
}

static void out_denial(struct troth_out *o, const struct troth_recovery *v)
{
	if (v->denied.ms == 0)
		return;
	troth_out_object(o, "denial");
	troth_out_text(o, "reason", v->reason);
	troth_out_text(o, "evidence",
		       troth_evidence_name((enum troth_evidence)v->evidence));
	troth_out_time(o, "at", v->denied);
	troth_out_text(o, "party", v->denied_party);
	troth_out_some_text(o, "by", v->denied_by);
	troth_out_some_time(o, "appealed", v->appealed);
	troth_out_some_time(o, "decided", v->decided);
	troth_out_end_object(o);
}

static struct troth_time follow_up_due(const struct troth_render *r,
				       const struct troth_recovery *v)
{
	return troth_policy_follow_up(
		r->policies != NULL && v->policy_version != 0
			? troth_policies_get(r->policies, r->t, v->policy_version)
			: NULL,
		v);
}

void troth_render_recovery(const struct troth_render *r, struct troth_out *o,
			   const char *key, const struct troth_view *view, unsigned i)
{
	const struct troth_subject *s = &view->subject;
	const struct troth_recovery *v = &s->recoveries[i];

	troth_out_object(o, key);
	troth_out_id(o, "id", TROTH_ID_RECOVERY, &v->id);
	troth_out_id(o, "subject", kind_of(s), &s->id);
	troth_out_text(o, "customer", s->customer);
	troth_out_text(o, "state", troth_recovery_state_name(v->state));
	troth_out_bool(o, "complaint", v->complaint);
	some_id(o, "promise", TROTH_ID_PROMISE, &v->promise);
	troth_out_text(o, "failure", v->failure);
	troth_out_text(o, "owner", v->owner);
	troth_out_time(o, "opened", v->opened);
	troth_out_some_time(o, "apologised", v->apologised);
	troth_out_some_text(o, "practical", v->practical);
	troth_out_some_text(o, "felt", v->felt);
	out_choice(o, v);
	some_id(o, "remedy", TROTH_ID_PROMISE, &v->remedy);
	troth_out_bool(o, "differs", v->differs);
	troth_out_bool(o, "waived", v->waived);
	troth_out_some_time(o, "made_good", v->made_good);
	troth_out_some_time(o, "follow_up_due", follow_up_due(r, v));
	if (v->asked.ms != 0) {
		troth_out_time(o, "asked", v->asked);
		troth_out_text(o, "answer", answer_name(v->answer));
	}
	troth_out_uint(o, "reopened", v->reopened);
	troth_out_uint(o, "failed", v->failed);
	troth_out_some_time(o, "done", v->done);
	out_denial(o, v);
	troth_out_some_int(o, "policy_version", (int64_t)v->policy_version);
	troth_out_bool(o, "sequenced", v->position != 0);
	troth_out_end_object(o);
}

/* ---- What makes good for what ---- */

static void out_offer(struct troth_out *o, const struct troth_policy *p,
		      const struct troth_offer *f, unsigned number, const char *language,
		      struct troth_time now)
{
	const char *words = troth_policy_words(p, f->phrase, language);
	struct troth_time due;

	troth_out_object(o, NULL);
	troth_out_uint(o, "offer", number);
	troth_out_text(o, "choice", troth_choice_name(f->choice));
	troth_out_text(o, "kind", troth_kind_name(f->kind));
	troth_out_some_text(o, "sku", f->sku);
	troth_out_some_int(o, "quantity", f->quantity);
	troth_out_some_int(o, "amount", f->amount);
	troth_out_some_text(o, "currency", f->currency);
	if (troth_wait_given(&f->due) && troth_wait_end(p, &f->due, now, &due))
		troth_out_time(o, "due", due);
	if (words != NULL)
		troth_out_text(o, "words", words);
	troth_out_end_object(o);
}

void troth_render_remedy(struct troth_out *o, const char *key,
			 const struct troth_policy *p, const struct troth_remedy *r,
			 const char *language, struct troth_time now)
{
	troth_out_object(o, key);
	troth_out_text(o, "failure", r->failure);
	troth_out_array(o, "offers");
	for (unsigned i = 0; i < r->count; i++)
		out_offer(o, p, &r->offers[i], i + 1, language, now);
	troth_out_end_array(o);
	troth_out_end_object(o);
}
