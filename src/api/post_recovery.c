/*
 * What is asked about alarms, complaints and recoveries.
 */
#include "body.h"
#include "handlers.h"

#include "troth/base/text.h"

#include <string.h>

static const struct troth_in_field alarm_fields[] = {
	TROTH_FIELD_E("code", TROTH_IN_TEXT, u.alarm.code),
	TROTH_FIELD_P("words", TROTH_IN_LINES, words),
	TROTH_FIELD_P("language", TROTH_IN_TEXT, language),
};
const struct troth_in_table troth_in_alarm = { alarm_fields, TROTH_LEN(alarm_fields),
					       &troth_in_common };

static const struct troth_in_field alarm_step_fields[] = {
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.alarm.code),
};
const struct troth_in_table troth_in_alarm_step = { alarm_step_fields,
						    TROTH_LEN(alarm_step_fields),
						    &troth_in_common };

static const struct troth_in_field complaint_fields[] = {
	{ .name = "id",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.recovery.id),
	  .id = TROTH_ID_RECOVERY },
	{ .name = "promise",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.recovery.promise),
	  .id = TROTH_ID_PROMISE },
	TROTH_FIELD_E("failure", TROTH_IN_TEXT, u.recovery.failure),
	TROTH_FIELD_E("practical", TROTH_IN_TEXT, u.recovery.practical),
	TROTH_FIELD_E("felt", TROTH_IN_TEXT, u.recovery.felt),
	TROTH_FIELD_P("words", TROTH_IN_LINES, words),
	TROTH_FIELD_P("language", TROTH_IN_TEXT, language),
};
const struct troth_in_table troth_in_complaint = { complaint_fields,
						   TROTH_LEN(complaint_fields),
						   &troth_in_common };

/* What the customer says when asked whether it helped. */
static int answer_number(const char *text)
{
	if (strcmp(text, "yes") == 0)
		return TROTH_RECOVERY_DO_HELPED;
	if (strcmp(text, "no") == 0)
		return TROTH_RECOVERY_DO_NOT_HELPED;
	return strcmp(text, "unreached") == 0 ? TROTH_RECOVERY_DO_UNREACHED : -1;
}

static int decision_number(const char *text)
{
	if (strcmp(text, "uphold") == 0)
		return TROTH_RECOVERY_DO_UPHOLD;
	return strcmp(text, "overturn") == 0 ? TROTH_RECOVERY_DO_OVERTURN : -1;
}

static const struct troth_in_field evidence_fields[] = {
	TROTH_FIELD_WORD("kind", u.recovery.evidence, troth_evidence_number),
	TROTH_FIELD_P("text", TROTH_IN_LINES, evidence),
};
static const struct troth_in_table evidence_table = { evidence_fields,
						      TROTH_LEN(evidence_fields), NULL };

static const struct troth_in_field step_fields[] = {
	TROTH_FIELD_E("practical", TROTH_IN_TEXT, u.recovery.practical),
	TROTH_FIELD_E("felt", TROTH_IN_TEXT, u.recovery.felt),
	TROTH_FIELD_WORD("choice", u.recovery.choice, troth_choice_number),
	TROTH_FIELD_E("offer", TROTH_IN_U32, u.recovery.offer),
	TROTH_FIELD_WORD("kind", u.recovery.value.kind, troth_kind_number),
	TROTH_FIELD_E("sku", TROTH_IN_TEXT, u.recovery.value.sku),
	TROTH_FIELD_E("quantity", TROTH_IN_U32, u.recovery.value.quantity),
	TROTH_FIELD_E("amount", TROTH_IN_I64, u.recovery.value.amount),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.recovery.value.currency),
	TROTH_FIELD_WORD("answer", u.recovery.action, answer_number),
	TROTH_FIELD_WORD("decision", u.recovery.action, decision_number),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.recovery.reason),
	{ .name = "evidence",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &evidence_table,
	  .count_offset = offsetof(struct troth_body, has_evidence) },
	TROTH_FIELD_P("words", TROTH_IN_LINES, words),
	TROTH_FIELD_P("language", TROTH_IN_TEXT, language),
};
const struct troth_in_table troth_in_recovery_step = { step_fields,
						       TROTH_LEN(step_fields),
						       &troth_in_common };

/* ---- Alarms ---- */

void troth_post_alarm(struct troth_call *c)
{
	struct troth_body b;

	if (!troth_body_begin_subject(&b, c, 1))
		return;
	b.e->type = TROTH_EVENT_ALARM_RAISED;
	b.e->u.alarm.cause = TROTH_CAUSE_SAFETY;
	b.e->u.alarm.policy_version = troth_state_newest_policy(c->t);
	(void)troth_body_read(&b);
}

void troth_post_alarm_step(struct troth_call *c)
{
	bool take = strcmp(c->step, "take") == 0;
	struct troth_body b;

	if (!take && strcmp(c->step, "end") != 0) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "no such step of an alarm");
		return;
	}
	if (!troth_body_begin_item(&b, c))
		return;
	b.e->type = take ? TROTH_EVENT_ALARM_TAKEN : TROTH_EVENT_ALARM_ENDED;
	b.e->u.alarm.alarm = c->id;
	if (!troth_body_read(&b))
		return;
	if (take && b.e->u.alarm.code[0] != '\0')
		troth_body_flaw(&b, "reason", "stands with end, and only there");
}

/* ---- Complaints ---- */

void troth_post_complaint(struct troth_call *c)
{
	struct troth_body b;

	if (!troth_body_begin_subject(&b, c, 1))
		return;
	b.e->type = TROTH_EVENT_COMPLAINT;
	b.e->u.recovery.id = troth_body_new_id(c);
	b.e->u.recovery.id.b[TROTH_ID_LEN - 1] = 0;
	if (!troth_body_read(&b) || !troth_body_may_choose_id(&b))
		return;
	b.e->u.recovery.policy_version = troth_state_newest_policy(c->t);
	c->command->item = b.e->u.recovery.id;
}

/* ---- Recoveries ---- */

/* The steps by the words of the path; `said` names what the body must say. */
static const struct step {
	const char *name;
	enum troth_event_type type;
	enum troth_recovery_action action; /* 0: what the body says. */
	const char *said;
} steps[] = {
	{ "apologise", TROTH_EVENT_RECOVERY_STEP, TROTH_RECOVERY_DO_APOLOGISE, NULL },
	{ "harms", TROTH_EVENT_RECOVERY_STEP, TROTH_RECOVERY_DO_HARMS, NULL },
	{ "choose", TROTH_EVENT_RECOVERY_STEP, TROTH_RECOVERY_DO_CHOOSE, NULL },
	{ "waive", TROTH_EVENT_RECOVERY_STEP, TROTH_RECOVERY_DO_WAIVE, NULL },
	{ "follow_up", TROTH_EVENT_RECOVERY_STEP, 0, "answer" },
	{ "finish", TROTH_EVENT_RECOVERY_STEP, TROTH_RECOVERY_DO_FINISH, NULL },
	{ "deny", TROTH_EVENT_COMPLAINT_DENIED, 0, NULL },
	{ "appeal", TROTH_EVENT_DENIAL_APPEALED, 0, NULL },
	{ "decide", TROTH_EVENT_APPEAL_DECIDED, 0, "decision" },
};

static const struct step *step_of(struct troth_call *c)
{
	for (size_t i = 0; i < TROTH_LEN(steps); i++)
		if (strcmp(c->step, steps[i].name) == 0)
			return &steps[i];
	troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
			   "no such step of a recovery");
	return NULL;
}

/* The members of the body that only one step has; false: answered with a problem. */
static bool only_its_own(struct troth_body *b, const struct step *s)
{
	static const struct {
		const char *member;
		enum troth_event_type type;
		const char *step; /* NULL: of all of that type. */
	} own[] = {
		{ "answer", TROTH_EVENT_RECOVERY_STEP, "follow_up" },
		{ "decision", TROTH_EVENT_APPEAL_DECIDED, NULL },
		{ "evidence", TROTH_EVENT_COMPLAINT_DENIED, NULL },
		{ "choice", TROTH_EVENT_RECOVERY_STEP, "choose" },
		{ "offer", TROTH_EVENT_RECOVERY_STEP, "choose" },
		{ "kind", TROTH_EVENT_RECOVERY_STEP, "choose" },
		{ "practical", TROTH_EVENT_RECOVERY_STEP, NULL },
		{ "felt", TROTH_EVENT_RECOVERY_STEP, NULL },
	};

	for (size_t i = 0; i < TROTH_LEN(own); i++) {
		const json_t *v = json_object_get(b->c->json, own[i].member);

		if (v == NULL || json_is_null(v) ||
		    (own[i].type == s->type &&
		     (own[i].step == NULL || strcmp(own[i].step, s->name) == 0)))
			continue;
		troth_body_flaw(b, own[i].member, "does not stand with this step");
		return false;
	}
	if (s->said != NULL && b->e->u.recovery.action == 0) {
		troth_body_flaw(b, s->said, "is missing");
		return false;
	}
	return true;
}

/* An offer says itself what it consists of; by its number it is what was meant. */
static bool fill_offer(struct troth_body *b)
{
	const struct troth_subject *s = &b->c->api->view->subject;
	int i = troth_subject_recovery(s, &b->c->id);
	const struct troth_policy *p;
	const struct troth_remedy *r;
	const struct troth_offer *o;
	struct troth_value *v = &b->e->u.recovery.value;
	uint64_t version = i >= 0 ? s->recoveries[i].policy_version : 0;

	if (version == 0)
		version = troth_state_newest_policy(b->c->t);
	b->e->u.recovery.policy_version = version;
	if (b->e->u.recovery.offer == 0 || i < 0)
		return true;
	p = troth_policies_get(b->c->api->policies, b->c->t, version);
	r = p != NULL ? troth_policy_remedy(p, s->recoveries[i].failure) : NULL;
	if (r == NULL || b->e->u.recovery.offer > r->count) {
		troth_body_flaw(b, "offer",
				"is not one of the policy's for this failure");
		return false;
	}
	o = &r->offers[b->e->u.recovery.offer - 1];
	b->e->u.recovery.choice = o->choice;
	*v = (struct troth_value){ .kind = o->kind,
				   .quantity = o->quantity,
				   .amount = o->amount };
	TROTH_TEXT_SET(v->sku, o->sku);
	TROTH_TEXT_SET(v->currency, o->currency);
	return true;
}

void troth_post_recovery_step(struct troth_call *c)
{
	const struct step *s = step_of(c);
	struct troth_body b;

	if (s == NULL)
		return;
	if (s->type == TROTH_EVENT_APPEAL_DECIDED &&
	    (c->caller.scopes & (TROTH_SCOPE_APPROVER | TROTH_SCOPE_MANAGER)) == 0) {
		troth_call_no_scope(c, TROTH_SCOPE_APPROVER | TROTH_SCOPE_MANAGER);
		return;
	}
	if (!troth_body_begin_item(&b, c))
		return;
	b.e->type = s->type;
	b.e->u.recovery.id = c->id;
	if (!troth_body_read(&b) || !only_its_own(&b, s))
		return;
	if (s->action != 0)
		b.e->u.recovery.action = s->action;
	if (s->action == TROTH_RECOVERY_DO_CHOOSE)
		(void)fill_offer(&b);
}
