/* What becomes of recoveries, and of what they are about. */
#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

int troth_recovery_about(const struct troth_subject *s, const struct troth_id *promise)
{
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (troth_id_eq(&s->recoveries[i].promise, promise))
			return (int)i;
	return -1;
}

/* ---- Remedies ---- */

static bool is_value(const struct troth_promise *p, const struct troth_value *v)
{
	return p->kind == v->kind && strcmp(p->sku, v->sku) == 0 &&
	       p->quantity == v->quantity && p->amount == v->amount &&
	       strcmp(p->currency, v->currency) == 0;
}

/* Confirming it later keeps nothing anew: then by what was done last. */
static struct troth_time kept_at(const struct troth_subject *s,
				 const struct troth_promise *p)
{
	struct troth_time at = { 0 };

	if (p->state == TROTH_PROMISE_KEPT)
		return p->settled;
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (!troth_id_eq(&c->promise, &p->id))
			continue;
		at.ms = c->settled.ms > at.ms ? c->settled.ms : at.ms;
		at.ms = c->reported.ms > at.ms ? c->reported.ms : at.ms;
	}
	return at;
}

/* What was kept before there was anything to make good makes nothing good. */
static bool is_kept(const struct troth_subject *s, const struct troth_recovery *v,
		    const struct troth_promise *p)
{
	return (p->state == TROTH_PROMISE_KEPT || p->state == TROTH_PROMISE_CONFIRMED) &&
	       kept_at(s, p).ms >= v->opened.ms;
}

/* True if something else than was chosen is owed for it, or was given since. */
static bool other_is_promised(const struct troth_subject *s,
			      const struct troth_recovery *v)
{
	int64_t since = v->answer == TROTH_RECOVERY_DO_NOT_HELPED ? v->asked.ms : 0;

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];

		if (troth_id_eq(&p->recovers, &v->id) && !is_value(p, &v->value) &&
		    (troth_promise_is_open(p->state) ||
		     (is_kept(s, v, p) && kept_at(s, p).ms > since)))
			return true;
	}
	return false;
}

/* ---- Applying ---- */

bool troth_recovery_fits(const struct troth_subject *s, const struct troth_event *e)
{
	return e->type == TROTH_EVENT_RECOVERY_OPENED || e->type == TROTH_EVENT_COMPLAINT
		       ? s->recovery_count < TROTH_RECOVERIES_MAX
		       : troth_subject_recovery(s, &e->u.recovery.id) >= 0;
}

static void begin(struct troth_subject *s, const struct troth_who *who, const char *brand,
		  const struct troth_event *e, struct troth_place place)
{
	struct troth_recovery *v = &s->recoveries[s->recovery_count++];
	bool complaint = e->type == TROTH_EVENT_COMPLAINT;

	*v = (struct troth_recovery){
		.id = e->u.recovery.id,
		.state = TROTH_RECOVERY_OPEN,
		.complaint = complaint,
		.promise = complaint ? e->u.recovery.promise : e->u.recovery.id,
		.policy_version = e->u.recovery.policy_version,
		.opened = place.accepted,
		.position = place.position,
	};
	TROTH_TEXT_SET(v->failure, e->u.recovery.failure);
	TROTH_TEXT_SET(v->practical, e->u.recovery.practical);
	TROTH_TEXT_SET(v->felt, e->u.recovery.felt);
	if (!complaint)
		TROTH_TEXT_SET(v->owner, e->u.recovery.owner);
	else if (s->kind == TROTH_SUBJECT_CASE)
		TROTH_TEXT_SET(v->owner, s->cas.handler);
	else /* The driver hears it at the door; those who call back look after it. */
		TROTH_TEXT_SET(v->owner,
			       who->role == TROTH_ROLE_CARRIER ? brand : who->party);
}

static void make_good(struct troth_recovery *v, struct troth_time at)
{
	v->made_good = at;
	v->asked.ms = 0;
	v->alarmed = false;
	v->answer = (enum troth_recovery_action)0;
}

static void reopen(struct troth_recovery *v)
{
	v->reopened++;
	v->made_good.ms = 0;
	v->done.ms = 0;
	v->waived = false;
	v->choice = TROTH_CHOICE_NONE;
	v->offer = 0;
}

static void choose(const struct troth_subject *s, struct troth_recovery *v,
		   const struct troth_event *e)
{
	v->choice = e->u.recovery.choice;
	v->offer = e->u.recovery.offer;
	v->value = e->u.recovery.value;
	v->differs = (v->offer == 0 || other_is_promised(s, v)) &&
		     !TROTH_MUTANT(difference_is_hidden);
	if (v->policy_version == 0 && v->offer != 0)
		v->policy_version = e->u.recovery.policy_version;
}

static void deny(struct troth_recovery *v, const struct troth_who *who,
		 const struct troth_event *e, struct troth_time at)
{
	v->denied = at;
	v->evidence = e->u.recovery.evidence;
	TROTH_TEXT_SET(v->reason, e->u.recovery.reason);
	TROTH_TEXT_SET(v->denied_by, e->actor);
	TROTH_TEXT_SET(v->denied_party, who->party);
}

static void answered(struct troth_recovery *v, enum troth_recovery_action answer,
		     struct troth_time at)
{
	v->asked = at;
	v->answer = answer;
}

static void consequences(const struct troth_subject *s, struct troth_recovery *v,
			 const struct troth_who *who, const struct troth_event *e,
			 struct troth_time at)
{
	switch (troth_recovery_action_of(e)) {
	case TROTH_RECOVERY_DO_APOLOGISE:
		if (v->apologised.ms == 0)
			v->apologised = at;
		break;
	case TROTH_RECOVERY_DO_CHOOSE:
		choose(s, v, e);
		break;
	case TROTH_RECOVERY_DO_WAIVE:
		v->waived = true;
		make_good(v, at);
		break;
	case TROTH_RECOVERY_DO_HELPED:
	case TROTH_RECOVERY_DO_UNREACHED:
		answered(v, troth_recovery_action_of(e), at);
		break;
	case TROTH_RECOVERY_DO_NOT_HELPED:
		answered(v, troth_recovery_action_of(e), at);
		reopen(v);
		break;
	case TROTH_RECOVERY_DO_FINISH:
		v->done = at;
		break;
	case TROTH_RECOVERY_DO_DENY:
		deny(v, who, e, at);
		break;
	case TROTH_RECOVERY_DO_APPEAL:
		v->appealed = at;
		break;
	case TROTH_RECOVERY_DO_UPHOLD:
	case TROTH_RECOVERY_DO_OVERTURN:
		v->decided = at;
		break;
	case TROTH_RECOVERY_DO_HARMS:
	case TROTH_RECOVERY_DO_KEEP:
	case TROTH_RECOVERY_DO_FAIL:
		break;
	}
}

void troth_recovery_apply(struct troth_subject *s, const struct troth_who *who,
			  const char *brand, const struct troth_event *e,
			  struct troth_place place)
{
	struct troth_recovery *v;

	if (e->type == TROTH_EVENT_RECOVERY_OPENED || e->type == TROTH_EVENT_COMPLAINT) {
		begin(s, who, brand, e, place);
		return;
	}
	v = &s->recoveries[troth_subject_recovery(s, &e->u.recovery.id)];
	(void)troth_recovery_next(v->state, v->complaint, troth_recovery_action_of(e),
				  ~0u, &v->state);
	consequences(s, v, who, e, place.accepted);
	if (e->u.recovery.practical[0] != '\0')
		TROTH_TEXT_SET(v->practical, e->u.recovery.practical);
	if (e->u.recovery.felt[0] != '\0')
		TROTH_TEXT_SET(v->felt, e->u.recovery.felt);
}

/* ---- What the remedies bring about ---- */

/* What has become of the promises that recover v. */
struct remedies {
	const struct troth_promise *newest; /* That has not come to nothing; or NULL. */
	unsigned open, kept, released, failed;
};

static struct remedies remedies_of(const struct troth_subject *s,
				   const struct troth_recovery *v)
{
	struct remedies r = { .newest = NULL };

	for (unsigned i = 0; i < s->promise_count; i++) {
		const struct troth_promise *p = &s->promises[i];
		bool kept;

		if (!troth_id_eq(&p->recovers, &v->id))
			continue;
		kept = is_kept(s, v, p);
		r.open += troth_promise_is_open(p->state);
		r.kept += kept;
		r.released += p->state == TROTH_PROMISE_RELEASED &&
			      p->settled.ms >= v->opened.ms;
		r.failed += p->state == TROTH_PROMISE_BROKEN ||
			    p->state == TROTH_PROMISE_REMEDIED;
		if (kept || troth_promise_is_open(p->state))
			r.newest = p;
	}
	return r;
}

static void remedy_was_promised(struct troth_recovery *v, const struct troth_promise *p)
{
	v->remedy = p->id;
	if (v->choice == TROTH_CHOICE_NONE)
		v->choice = troth_choice_of(
			p->kind); /* Not chosen from what is offered. */
	if (v->offer == 0 || !is_value(p, &v->value))
		v->differs = !TROTH_MUTANT(difference_is_hidden);
}

static void step(struct troth_recovery *v, enum troth_recovery_action action,
		 struct troth_time at)
{
	if (troth_recovery_next(v->state, v->complaint, action, TROTH_AS_STATE,
				&v->state) != TROTH_STEP_OK)
		return;
	if (action == TROTH_RECOVERY_DO_KEEP)
		make_good(v, at);
	else
		reopen(v);
}

static void follow(struct troth_recovery *v, const struct remedies *r,
		   struct troth_time at)
{
	unsigned good = r->kept + r->released;

	if (r->newest != NULL && !troth_id_eq(&v->remedy, &r->newest->id))
		remedy_was_promised(v, r->newest);
	if (r->failed > v->failed)
		step(v, TROTH_RECOVERY_DO_FAIL, at);
	v->failed = r->failed;
	/* While a denial stands, nothing is made good: it counts when it is overturned.
	 */
	if (good > v->good && r->open == 0 && v->state != TROTH_RECOVERY_DENIED &&
	    v->state != TROTH_RECOVERY_APPEALED) {
		v->waived = v->waived || r->kept == 0;
		step(v, TROTH_RECOVERY_DO_KEEP, at);
		v->good = good;
	} else if (good < v->good) {
		v->good = good; /* One that had been kept was not, after all. */
	}
}

void troth_recoveries_follow(struct troth_subject *s, struct troth_time at)
{
	for (unsigned i = 0; i < s->recovery_count; i++) {
		struct troth_recovery *v = &s->recoveries[i];
		struct remedies r = remedies_of(s, v);
		int p = troth_subject_promise(s, &v->promise);

		follow(v, &r, at);
		/* What makes a complaint about it good, does not undo that it broke. */
		if (r.kept > 0 && p >= 0 && !v->complaint &&
		    s->promises[p].state == TROTH_PROMISE_BROKEN &&
		    !TROTH_MUTANT(kept_remedy_changes_nothing)) {
			s->promises[p].state = TROTH_PROMISE_REMEDIED;
			s->promises[p].settled = at;
		}
	}
}

bool troth_recoveries_are_open(const struct troth_subject *s)
{
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (s->recoveries[i].policy_version != 0 &&
		    troth_recovery_is_open(s->recoveries[i].state))
			return true;
	return false;
}
