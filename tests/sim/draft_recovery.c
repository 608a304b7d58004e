/* What people do about danger, complaints and what was broken, at random. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits of seconds, so that a run sees every rung; two versions, one after the other. */
static const char *const policies[] = {
	"on_call: { duty: ( { actor = \"dora\"; party = \"acme\"; calendar = \"day\"; },\n"
	"	{ actor = \"nick\"; party = \"brand\"; } ); };\n"
	"calendars: { day: { zone = \"UTC\"; hours: { mon-sun = \"08:00-18:00\"; }; }; };\n"
	"remedies: { broken: { offers: ( { kind = \"gift\"; sku = \"HDMI-2M\"; due = \"1 minute\"; },\n"
	"	{ kind = \"refund\"; amount = 500; currency = \"EUR\"; due = \"1 minute\"; } );\n"
	"	follow_up = \"10 seconds\"; };\n"
	"	rude: { offers: ( { kind = \"credit\"; amount = 100; currency = \"EUR\"; due = \"1 day\"; }\n"
	"	); }; };\n"
	"ladders: { unacknowledged: { rungs: ( { to = \"debtor\"; },\n"
	"	{ after = \"3 seconds\"; to = \"maker\"; },\n"
	"	{ after = \"3 seconds\"; to = \"brand\"; } ); };\n"
	"	at_risk: { before = \"5 seconds\"; rungs: ( { to = \"debtor\"; } ); };\n"
	"	broken: { rungs: ( { to = \"maker\"; }, { to = \"duty\"; } ); };\n"
	"	untouched: { before = \"30 seconds\"; rungs: ( { to = \"maker\"; },\n"
	"	{ after = \"20 seconds\"; to = \"brand\"; } ); };\n"
	"	safety: { rungs: ( { to = \"duty\"; },\n"
	"	{ after = \"4 seconds\"; to = \"maker\"; },\n"
	"	{ after = \"4 seconds\"; to = \"brand\"; } ); };\n"
	"	follow_up: { rungs: ( { to = \"owner\"; },\n"
	"	{ after = \"5 seconds\"; to = \"brand\"; } ); }; };\n",
	"remedies: { broken: { offers: ( { kind = \"callback\"; due = \"1 minute\"; } ); }; };\n"
	"ladders: { broken: { rungs: ( { after = \"2 seconds\"; to = \"brand\"; } ); };\n"
	"	over_authority: { rungs: ( { to = \"maker\"; }, { to = \"brand\"; } ); }; };\n",
};

bool recovery_tells_beyond(uint64_t version)
{
	return version > 0 && version % 2 == 0;
}

int64_t recovery_asks_ms(uint64_t version, const char *failure)
{
	return version % 2 == 1 && strcmp(failure, "broken") == 0 ? 10000 : 0;
}

const char *recovery_policy(unsigned version)
{
	return policies[(version - 1) % TROTH_LEN(policies)];
}

static void danger(struct sim *s, struct troth_event *e)
{
	e->type = TROTH_EVENT_ALARM_RAISED;
	e->u.alarm.cause = dice_percent(&s->dice, 95) ? TROTH_CAUSE_SAFETY
						      : TROTH_CAUSE_BROKEN;
	e->u.alarm.policy_version = dice_below(
		&s->dice, 1 + (oracle_policies(s) < 2 ? oracle_policies(s) : 2));
	(void)strcpy(e->u.alarm.code, "smoke");
}

static void on_alarm(struct sim *s, struct troth_event *e, const struct troth_subject *v)
{
	const struct troth_alarm *a = &v->alarms[dice_below(&s->dice, v->alarm_count)];

	e->type = dice_percent(&s->dice, 70) ? TROTH_EVENT_ALARM_TAKEN
					     : TROTH_EVENT_ALARM_ENDED;
	e->u.alarm.alarm = a->id;
	if (e->type == TROTH_EVENT_ALARM_ENDED)
		(void)strcpy(e->u.alarm.code, "all_well");
}

static void complain(struct sim *s, struct troth_event *e, const struct troth_subject *v,
		     struct troth_id id)
{
	e->type = TROTH_EVENT_COMPLAINT;
	e->u.recovery.id = id;
	(void)strcpy(e->u.recovery.failure, "rude");
	/* Mostly what there is, else what was, or what is to come. */
	e->u.recovery.policy_version = oracle_policies(s);
	if (dice_percent(&s->dice, 30))
		e->u.recovery.policy_version = dice_below(&s->dice,
							  oracle_policies(s) + 2);
	if (v->promise_count > 0 && dice_percent(&s->dice, 40))
		e->u.recovery.promise =
			v->promises[dice_below(&s->dice, v->promise_count)].id;
}

/* Something of the policy, or (number 0) something else. */
static void choose(struct sim *s, struct troth_event *e, const struct troth_recovery *r)
{
	struct troth_value *v = &e->u.recovery.value;

	e->u.recovery.offer = (uint32_t)dice_below(&s->dice, 3);
	e->u.recovery.policy_version = r->policy_version != 0 ? r->policy_version
							      : oracle_policies(s);
	e->u.recovery.choice = e->u.recovery.offer == 2 ? TROTH_CHOICE_MONEY
							: TROTH_CHOICE_GOODS;
	v->kind = e->u.recovery.offer == 2 ? TROTH_KIND_REFUND : TROTH_KIND_GIFT;
	if (v->kind == TROTH_KIND_GIFT) {
		(void)strcpy(v->sku, "HDMI-2M");
		v->quantity = 1;
	} else {
		v->amount = 500;
		(void)strcpy(v->currency, "EUR");
	}
}

static void give_type(struct troth_event *e, enum troth_recovery_action action)
{
	e->type = action == TROTH_RECOVERY_DO_DENY     ? TROTH_EVENT_COMPLAINT_DENIED
		  : action == TROTH_RECOVERY_DO_APPEAL ? TROTH_EVENT_DENIAL_APPEALED
		  : action > TROTH_RECOVERY_DO_APPEAL  ? TROTH_EVENT_APPEAL_DECIDED
						       : TROTH_EVENT_RECOVERY_STEP;
	if (e->type == TROTH_EVENT_RECOVERY_STEP || e->type == TROTH_EVENT_APPEAL_DECIDED)
		e->u.recovery.action = action;
}

/* What somebody does who looks after it, and forgets what it did to the customer. */
static enum troth_recovery_action next_step(struct sim *s, const struct troth_recovery *r)
{
	switch ((unsigned)r->state) {
	case TROTH_RECOVERY_MADE_GOOD:
		return TROTH_RECOVERY_DO_HELPED;
	case TROTH_RECOVERY_FOLLOW_UP:
		return dice_percent(&s->dice, 70) ? TROTH_RECOVERY_DO_FINISH
						  : TROTH_RECOVERY_DO_HARMS;
	case TROTH_RECOVERY_DENIED:
		return TROTH_RECOVERY_DO_APPEAL;
	case TROTH_RECOVERY_APPEALED:
		return TROTH_RECOVERY_DO_OVERTURN;
	default:
		return r->apologised.ms == 0 ? TROTH_RECOVERY_DO_APOLOGISE
					     : TROTH_RECOVERY_DO_WAIVE;
	}
}

static void on_recovery(struct sim *s, struct troth_event *e,
			const struct troth_subject *v)
{
	const struct troth_recovery *r =
		&v->recoveries[dice_below(&s->dice, v->recovery_count)];
	enum troth_recovery_action a = TROTH_RECOVERY_DO_HARMS;
	enum troth_recovery_state to;

	for (int i = 0; i < 6; i++) { /* Mostly something that leads somewhere. */
		a = (enum troth_recovery_action)dice_between(&s->dice, 1,
							     TROTH_RECOVERY_DO_OVERTURN);
		if (troth_recovery_next(r->state, r->complaint, a, TROTH_AS_ANY, &to) ==
		    TROTH_STEP_OK)
			break;
	}
	/* Few get to their end else, and who finishes too early must be among them. */
	if (dice_percent(&s->dice, 80)) {
		r = &v->recoveries[0];
		a = next_step(s, r);
	}
	e->u.recovery.id = r->id;
	give_type(e, a);
	if (a == TROTH_RECOVERY_DO_HARMS && dice_percent(&s->dice, 70))
		(void)strcpy(e->u.recovery.practical, "no_picture");
	if (a == TROTH_RECOVERY_DO_HARMS)
		(void)strcpy(e->u.recovery.felt, "let_down");
	if (a == TROTH_RECOVERY_DO_CHOOSE)
		choose(s, e, r);
	if (a == TROTH_RECOVERY_DO_DENY)
		e->u.recovery.evidence = TROTH_EVIDENCE_NOTE;
	if (a == TROTH_RECOVERY_DO_DENY || e->type == TROTH_EVENT_APPEAL_DECIDED)
		(void)strcpy(e->u.recovery.reason, "not_ours");
}

void recovery_draft(struct sim *s, struct troth_event *e, const struct troth_subject *v,
		    struct troth_id id)
{
	unsigned dice = (unsigned)dice_below(&s->dice, 100);

	if (v->recovery_count > 0 && dice < 60)
		on_recovery(s, e, v);
	else if (v->alarm_count > 0 && dice < 80)
		on_alarm(s, e, v);
	else if (dice < 88)
		complain(s, e, v, id);
	else
		danger(s, e);
}

void recovery_remedy(struct sim *s, struct troth_event *e, const struct troth_subject *v,
		     const char *party)
{
	if (v->recovery_count == 0 || dice_percent(&s->dice, 40))
		return;
	e->u.promise.recovers = v->recoveries[dice_below(&s->dice, v->recovery_count)].id;
	if (dice_percent(&s->dice, 50) || party[0] == '\0')
		return;
	/* Somebody means it: owes it itself, and soon. */
	e->u.promise.terms_count = 1;
	e->u.promise.terms[0].acceptance_ms = 0;
	(void)strcpy(e->u.promise.terms[0].debtor, party);
}
