/* Whether what is said of alarms and recoveries is well formed by itself. */
#include "check.h"

#include "troth/core/policy.h"

#include "troth/base/text.h"

/* ---- Alarms ---- */

static bool raised_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool safety = e->u.alarm.cause == TROTH_CAUSE_SAFETY;

	if (troth_cause_name(e->u.alarm.cause) == NULL)
		return check_fail(flaw, "cause", "is not one of the causes");
	if (safety && !troth_id_is_zero(&e->u.alarm.item))
		return check_fail(flaw, "item", "does not stand with safety");
	return check_name(e->u.alarm.code, TROTH_CODE_MAX, safety, "code", flaw) &&
	       check_time(e->u.alarm.next, false, "next", flaw);
}

static bool told_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.alarm.rung == 0 || e->u.alarm.rung > TROTH_RUNGS_MAX)
		return check_fail(flaw, "rung", "must be 1 to 8");
	return check_name(e->u.alarm.to, TROTH_ACTOR_MAX, false, "to", flaw) &&
	       check_name(e->u.alarm.party, TROTH_PARTY_MAX, true, "party", flaw) &&
	       check_time(e->u.alarm.next, false, "next", flaw);
}

bool troth_alarm_check(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->type == TROTH_EVENT_ALARM_RAISED)
		return raised_ok(e, flaw);
	if (troth_id_is_zero(&e->u.alarm.alarm))
		return check_fail(flaw, "alarm", "is missing");
	if (e->type == TROTH_EVENT_ALARM_TOLD)
		return told_ok(e, flaw);
	return e->type == TROTH_EVENT_ALARM_TAKEN ||
	       check_name(e->u.alarm.code, TROTH_CODE_MAX, true, "reason", flaw);
}

/* ---- Recoveries ---- */

static bool harms_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool some = e->u.recovery.practical[0] != '\0' || e->u.recovery.felt[0] != '\0';

	/* They may be said with any step, and must be with the one that is about them. */
	if (e->type == TROTH_EVENT_RECOVERY_STEP && !some &&
	    e->u.recovery.action == TROTH_RECOVERY_DO_HARMS)
		return check_fail(flaw, "practical", "is missing, and so is felt");
	return check_name(e->u.recovery.practical, TROTH_CODE_MAX, false, "practical",
			  flaw) &&
	       check_name(e->u.recovery.felt, TROTH_CODE_MAX, false, "felt", flaw);
}

static bool value_ok(const struct troth_value *v, struct troth_flaw *flaw)
{
	if (v->kind != 0 && troth_kind_name((enum troth_kind)v->kind) == NULL)
		return check_fail(flaw, "kind", "is not one of the kinds");
	if (v->kind == 0 && (v->sku[0] != '\0' || v->amount != 0))
		return check_fail(flaw, "kind", "is missing");
	if (!check_name(v->sku, TROTH_SKU_MAX, false, "sku", flaw))
		return false;
	if (v->quantity > TROTH_QUANTITY_MAX || (v->quantity == 0) != (v->sku[0] == '\0'))
		return check_fail(flaw, "quantity",
				  "must be 1 to 1000000 where there is a sku");
	if (v->amount < 0 || v->amount > TROTH_AMOUNT_MAX)
		return check_fail(flaw, "amount", "must be 0 to 10^12 minor units");
	if (v->amount > 0 ? !troth_text_is_currency(v->currency) : v->currency[0] != '\0')
		return check_fail(flaw, "currency",
				  "stands with an amount: an ISO 4217 code");
	return true;
}

static bool choice_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	bool choose = e->u.recovery.action == TROTH_RECOVERY_DO_CHOOSE;

	if ((unsigned)e->u.recovery.choice > TROTH_CHOICE_LAST ||
	    (e->u.recovery.choice != TROTH_CHOICE_NONE) != choose)
		return check_fail(flaw, "choice", "must be goods, money or credit");
	if (e->u.recovery.offer > TROTH_OFFERS_MAX ||
	    (!choose && e->u.recovery.offer != 0))
		return check_fail(flaw, "offer", "is not one of the offers");
	if (!choose &&
	    (e->u.recovery.value.kind != 0 || e->u.recovery.policy_version != 0))
		return check_fail(flaw, "kind", "stands with choose, and only there");
	return value_ok(&e->u.recovery.value, flaw);
}

static bool step_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.recovery.action < TROTH_RECOVERY_DO_APOLOGISE ||
	    e->u.recovery.action > TROTH_RECOVERY_STEP_LAST)
		return check_fail(flaw, "action",
				  "is not one of the steps of a recovery");
	return harms_ok(e, flaw) && choice_ok(e, flaw);
}

static bool complaint_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.recovery.promise.b[TROTH_ID_LEN - 1] != 0)
		return check_fail(flaw, "promise", "must be the id of a promise");
	return check_name(e->u.recovery.failure, TROTH_CODE_MAX, true, "failure", flaw) &&
	       harms_ok(e, flaw);
}

static bool denied_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (!check_name(e->u.recovery.reason, TROTH_CODE_MAX, true, "reason", flaw))
		return false;
	return (e->u.recovery.evidence != TROTH_EVIDENCE_NONE &&
		troth_evidence_name(e->u.recovery.evidence) != NULL) ||
	       check_fail(flaw, "evidence", "is missing: nothing is denied without it");
}

static bool decided_ok(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (e->u.recovery.action != TROTH_RECOVERY_DO_UPHOLD &&
	    e->u.recovery.action != TROTH_RECOVERY_DO_OVERTURN)
		return check_fail(flaw, "decision", "must be uphold or overturn");
	return check_name(e->u.recovery.reason, TROTH_CODE_MAX, true, "reason", flaw);
}

bool troth_recovery_check(const struct troth_event *e, struct troth_flaw *flaw)
{
	if (troth_id_is_zero(&e->u.recovery.id) ||
	    e->u.recovery.id.b[TROTH_ID_LEN - 1] != 0)
		return check_fail(flaw, "recovery", "must be the id of a recovery");
	if (e->type == TROTH_EVENT_RECOVERY_OPENED)
		return check_name(e->u.recovery.owner, TROTH_PARTY_MAX, true, "owner",
				  flaw) &&
		       check_name(e->u.recovery.failure, TROTH_CODE_MAX, true, "failure",
				  flaw);
	if (e->type == TROTH_EVENT_RECOVERY_STEP)
		return step_ok(e, flaw);
	if (e->type == TROTH_EVENT_COMPLAINT)
		return complaint_ok(e, flaw);
	if (e->type == TROTH_EVENT_COMPLAINT_DENIED)
		return denied_ok(e, flaw);
	return e->type != TROTH_EVENT_APPEAL_DECIDED || decided_ok(e, flaw);
}
