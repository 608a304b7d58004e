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
static void out_item(struct troth_out *o, const struct troth_id *item)
{
	if (item->b[TROTH_ID_LEN - 1] == 0)
		some_id(o, "promise", TROTH_ID_PROMISE, item);
	else
		troth_out_id(o, "commitment", TROTH_ID_COMMITMENT, item);
}

static void out_alarm_event(struct troth_out *o, const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_ALARM_RAISED) {
		troth_out_id(o, "alarm", TROTH_ID_ALARM, &e->id);
		troth_out_text(o, "cause", troth_cause_name(e->u.alarm.cause));
		out_item(o, &e->u.alarm.item);
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
	if (e->type <= TROTH_EVENT_ALARM_ENDED) {
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
