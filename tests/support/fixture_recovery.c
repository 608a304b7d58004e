#include "fixture.h"

#include <string.h>

static void step(struct troth_event *e)
{
	e->u.recovery.action = TROTH_RECOVERY_DO_HARMS;
	strcpy(e->u.recovery.practical, "no_picture");
	strcpy(e->u.recovery.felt, "let_down");
}

void fixture_recovery(struct troth_event *e)
{
	if (e->type <= TROTH_EVENT_ALARM_ENDED)
		e->u.alarm.alarm = fixture_id(20);
	else
		e->u.recovery.id = fixture_id(30);
	switch ((unsigned)e->type) {
	case TROTH_EVENT_ALARM_RAISED:
		e->u.alarm.alarm = (struct troth_id){ { 0 } };
		e->u.alarm.cause = TROTH_CAUSE_SAFETY;
		strcpy(e->u.alarm.code, "smoke");
		break;
	case TROTH_EVENT_ALARM_TOLD:
		e->u.alarm.rung = 1;
		strcpy(e->u.alarm.party, "brand");
		break;
	case TROTH_EVENT_ALARM_ENDED:
		strcpy(e->u.alarm.code, "all_well");
		break;
	case TROTH_EVENT_RECOVERY_OPENED:
		e->u.recovery.id = fixture_id(10);
		strcpy(e->u.recovery.owner, "acme");
		strcpy(e->u.recovery.failure, "broken");
		break;
	case TROTH_EVENT_RECOVERY_STEP:
		step(e);
		break;
	case TROTH_EVENT_COMPLAINT:
		strcpy(e->u.recovery.failure, "rude");
		break;
	case TROTH_EVENT_COMPLAINT_DENIED:
		strcpy(e->u.recovery.reason, "not_ours");
		e->u.recovery.evidence = TROTH_EVIDENCE_NOTE;
		break;
	case TROTH_EVENT_APPEAL_DECIDED:
		e->u.recovery.action = TROTH_RECOVERY_DO_OVERTURN;
		strcpy(e->u.recovery.reason, "it_was_ours");
		break;
	default:
		break;
	}
}

static void longest(char *out, size_t len)
{
	memset(out, 'n', len);
	out[len] = '\0';
}

static void alarm_full(struct troth_event *e)
{
	if (e->type == TROTH_EVENT_ALARM_RAISED) {
		e->u.alarm.cause = TROTH_CAUSE_AT_RISK;
		e->u.alarm.item = fixture_id(10);
		e->u.alarm.policy_version = UINT64_MAX;
		e->u.alarm.next.ms = TROTH_TIME_MAX_MS;
		longest(e->u.alarm.code, TROTH_CODE_MAX);
	} else if (e->type == TROTH_EVENT_ALARM_TOLD) {
		e->u.alarm.rung = TROTH_RUNGS_MAX;
		longest(e->u.alarm.to, TROTH_ACTOR_MAX);
		longest(e->u.alarm.party, TROTH_PARTY_MAX);
		e->u.alarm.next.ms = TROTH_TIME_MAX_MS;
	} else if (e->type == TROTH_EVENT_ALARM_ENDED) {
		longest(e->u.alarm.code, TROTH_CODE_MAX);
	}
}

static void choose_full(struct troth_event *e)
{
	struct troth_value *v = &e->u.recovery.value;

	e->u.recovery.action = TROTH_RECOVERY_DO_CHOOSE;
	e->u.recovery.choice = TROTH_CHOICE_CREDIT;
	e->u.recovery.offer = TROTH_OFFERS_MAX;
	e->u.recovery.policy_version = UINT64_MAX;
	longest(e->u.recovery.practical, TROTH_CODE_MAX);
	longest(e->u.recovery.felt, TROTH_CODE_MAX);
	v->kind = TROTH_KIND_LAST;
	longest(v->sku, TROTH_SKU_MAX);
	v->quantity = TROTH_QUANTITY_MAX;
	v->amount = TROTH_AMOUNT_MAX;
	strcpy(v->currency, "JPY");
}

void fixture_recovery_full(struct troth_event *e)
{
	if (e->type <= TROTH_EVENT_ALARM_ENDED) {
		alarm_full(e);
	} else if (e->type == TROTH_EVENT_RECOVERY_STEP) {
		choose_full(e);
	} else if (e->type == TROTH_EVENT_RECOVERY_OPENED) {
		longest(e->u.recovery.owner, TROTH_PARTY_MAX);
		longest(e->u.recovery.failure, TROTH_CODE_MAX);
		e->u.recovery.policy_version = UINT64_MAX;
	} else if (e->type == TROTH_EVENT_COMPLAINT) {
		e->u.recovery.promise = fixture_id(10);
		longest(e->u.recovery.failure, TROTH_CODE_MAX);
		longest(e->u.recovery.practical, TROTH_CODE_MAX);
		longest(e->u.recovery.felt, TROTH_CODE_MAX);
		e->u.recovery.policy_version = UINT64_MAX;
	} else if (e->type != TROTH_EVENT_DENIAL_APPEALED) {
		longest(e->u.recovery.reason, TROTH_CODE_MAX);
	}
}
