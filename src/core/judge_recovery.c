/* What judge says of complaints and recoveries. */
#include "subject.h"

#include "troth/base/mutant.h"

#include <string.h>

/* ---- Who may do what ---- */

/*
 * True if the one could say of the other's work that it was well done, and mean its own:
 * either acts for the other, or the same party acts for both.
 */
static bool is_one_hand(const struct troth_lookup *lookup, const char *a, const char *b)
{
	struct troth_party p;

	return troth_acts_for(lookup, a, b) ||
	       (lookup->party(lookup->ctx, a, &p) && p.operator_party[0] != '\0' &&
		troth_acts_for(lookup, p.operator_party, b));
}

/* True if who acts has made or owes what v is about, or owes what is to make it good. */
static bool is_concerned(const struct troth_recovery *v, const struct troth_subject *s,
			 const struct troth_lookup *lookup, const struct troth_who *who)
{
	int p = troth_subject_promise(s, &v->promise);

	if (TROTH_MUTANT(debtor_says_it_helped))
		return false;
	if (p >= 0 && is_one_hand(lookup, who->party, s->promises[p].party))
		return true;
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		p = troth_subject_promise(s, &c->promise);
		if (p >= 0 &&
		    (troth_id_eq(&c->promise, &v->promise) ||
		     troth_id_eq(&s->promises[p].recovers, &v->id)) &&
		    is_one_hand(lookup, who->party, c->debtor))
			return true;
	}
	return false;
}

static unsigned capacities(const struct troth_recovery *v, const struct troth_subject *s,
			   const struct troth_lookup *lookup, const struct troth_who *who)
{
	unsigned as = 0;

	if (who->clock)
		return TROTH_AS_CLOCK;
	if (who->role == TROTH_ROLE_BRAND)
		as |= TROTH_AS_HQ;
	if (strcmp(v->owner, who->party) == 0 || TROTH_MUTANT(helpers_are_owners))
		as |= TROTH_AS_OWNER;
	if (!troth_subject_is_participant(s, who->party))
		return as;
	if (who->role != TROTH_ROLE_CARRIER)
		as |= TROTH_AS_SERVICE;
	if (who->role == TROTH_ROLE_VENDOR && !is_concerned(v, s, lookup, who))
		as |= TROTH_AS_CONTACT;
	return as;
}

enum troth_reason troth_remedy_release_judge(const struct troth_subject *s,
					     const struct troth_lookup *lookup,
					     const struct troth_who *who,
					     const struct troth_promise *p)
{
	int i = troth_subject_recovery(s, &p->recovers);

	return i < 0 || (capacities(&s->recoveries[i], s, lookup, who) &
			 troth_recovery_by(TROTH_RECOVERY_DO_WAIVE)) != 0
		       ? TROTH_REASON_NONE
		       : TROTH_REASON_NOT_ENTITLED;
}

/* ---- What it rests on ---- */

/*
 * Nobody goes back to remedies that it knows to be over. Which version stood when the
 * site said it, central alone can tell: by the newest entry that the site had heard of.
 * One that is to come is awaited.
 */
static enum troth_reason judge_version(const struct troth_lookup *lookup,
				       const struct troth_event *e)
{
	uint64_t version = e->u.recovery.policy_version;
	const struct troth_policy *next = NULL;

	if (version < troth_lookup_newest_policy(lookup))
		next = troth_lookup_policy(lookup, version + 1);
	if (next == NULL || lookup->accepted == NULL ||
	    lookup->accepted(lookup->ctx, e->seen_size).ms <=
		    next->published.ms + TROTH_SUPERSEDED_MS ||
	    TROTH_MUTANT(old_remedies_are_cited))
		return TROTH_REASON_NONE;
	return version == 0 ? TROTH_REASON_UNCITED : TROTH_REASON_STALE;
}

/* ---- Complaints and recoveries ---- */

static enum troth_reason judge_opened(const struct troth_subject *s,
				      const struct troth_who *who,
				      const struct troth_event *e)
{
	int p = troth_subject_promise(s, &e->u.recovery.id);

	if (!who->clock)
		return TROTH_REASON_NOT_ENTITLED;
	if (p < 0)
		return TROTH_REASON_NO_PROMISE;
	/* A complaint about it is something else: that can be denied. */
	if (troth_subject_recovery(s, &e->u.recovery.id) >= 0)
		return TROTH_REASON_EXISTS;
	return s->promises[p].state == TROTH_PROMISE_BROKEN ? TROTH_REASON_NONE
							    : TROTH_REASON_WRONG_STATE;
}

static unsigned complaints(const struct troth_subject *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->recovery_count; i++)
		n += s->recoveries[i].complaint;
	return n;
}

static enum troth_reason judge_complaint(const struct troth_subject *s,
					 const struct troth_lookup *lookup,
					 const struct troth_who *who,
					 const struct troth_event *e)
{
	const struct troth_id *promise = &e->u.recovery.promise;

	if (troth_subject_names(s, &e->u.recovery.id))
		return TROTH_REASON_EXISTS;
	if (!troth_id_is_zero(promise) && troth_subject_promise(s, promise) < 0)
		return TROTH_REASON_NO_PROMISE;
	if (!troth_id_is_zero(promise) && troth_recovery_about(s, promise) >= 0)
		return TROTH_REASON_EXISTS; /* It is being looked after. */
	return complaints(s) < troth_room_of(who, TROTH_COMPLAINTS_MAX,
					     TROTH_COMPLAINTS_KEPT)
		       ? judge_version(lookup, e)
		       : TROTH_REASON_LIMIT;
}

/* What must have been done before the recovery may be called done. */
static enum troth_reason judge_finish(const struct troth_recovery *v)
{
	if ((v->practical[0] == '\0' || v->felt[0] == '\0') &&
	    !TROTH_MUTANT(finished_without_harm))
		return TROTH_REASON_HARM_MISSING;
	if (v->apologised.ms == 0)
		return TROTH_REASON_APOLOGY_MISSING;
	if (v->made_good.ms == 0)
		return TROTH_REASON_REMEDY_MISSING;
	return v->asked.ms == 0 ? TROTH_REASON_NOT_ASKED : TROTH_REASON_NONE;
}

static bool is_offer(const struct troth_offer *o, const struct troth_event *e)
{
	const struct troth_value *v = &e->u.recovery.value;

	return o->choice == e->u.recovery.choice && o->kind == v->kind &&
	       strcmp(o->sku, v->sku) == 0 && o->quantity == v->quantity &&
	       o->amount == v->amount && strcmp(o->currency, v->currency) == 0;
}

/* An offer is what the policy says that the recovery rests on, whatever else it says. */
static enum troth_reason judge_choice(const struct troth_recovery *v,
				      const struct troth_lookup *lookup,
				      const struct troth_event *e)
{
	const struct troth_policy *p = troth_lookup_policy(lookup,
							   e->u.recovery.policy_version);
	const struct troth_remedy *r = p != NULL ? troth_policy_remedy(p, v->failure)
						 : NULL;

	if (e->u.recovery.offer == 0)
		return TROTH_REASON_NONE;
	if (p == NULL) /* Or any remedy could pass for one that the policy offers. */
		return TROTH_REASON_POLICY_UNKNOWN;
	if (v->policy_version != 0 && v->policy_version != e->u.recovery.policy_version)
		return TROTH_REASON_OTHER_REMEDY;
	if (r == NULL || e->u.recovery.offer > r->count ||
	    !is_offer(&r->offers[e->u.recovery.offer - 1], e))
		return TROTH_REASON_OTHER_REMEDY;
	return v->policy_version != 0 ? TROTH_REASON_NONE : judge_version(lookup, e);
}

static enum troth_reason judge_step(const struct troth_subject *s,
				    const struct troth_lookup *lookup,
				    const struct troth_who *who,
				    const struct troth_event *e)
{
	int i = troth_subject_recovery(s, &e->u.recovery.id);
	enum troth_recovery_action action = troth_recovery_action_of(e);
	const struct troth_recovery *v;
	enum troth_recovery_state to;
	enum troth_reason r;
	unsigned as;

	if (i < 0)
		return TROTH_REASON_NO_RECOVERY;
	v = &s->recoveries[i];
	as = capacities(v, s, lookup, who);
	if (action == TROTH_RECOVERY_DO_FINISH && troth_recovery_is_open(v->state) &&
	    v->state != TROTH_RECOVERY_APPEALED &&
	    (as & troth_recovery_by(action)) != 0) {
		r = judge_finish(v);
		if (r != TROTH_REASON_NONE)
			return r;
	}
	r = troth_step_reason(
		troth_recovery_next(v->state, v->complaint, action, as, &to));
	if (r != TROTH_REASON_NONE)
		return r;
	if (action == TROTH_RECOVERY_DO_CHOOSE)
		return judge_choice(v, lookup, e);
	if (e->type == TROTH_EVENT_APPEAL_DECIDED &&
	    strcmp(v->denied_by, e->actor) == 0 &&
	    troth_acts_for(lookup, who->party, v->denied_party))
		return TROTH_REASON_OWN_REQUEST;
	return TROTH_REASON_NONE;
}

enum troth_reason troth_recovery_judge(const struct troth_subject *s,
				       const struct troth_lookup *lookup,
				       const struct troth_who *who,
				       const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_RECOVERY_OPENED)
		return judge_opened(s, who, e);
	if (e->type == TROTH_EVENT_COMPLAINT)
		return judge_complaint(s, lookup, who, e);
	return judge_step(s, lookup, who, e);
}
