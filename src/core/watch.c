/*
 * watch - what the clock declares about alarms and recoveries.
 *
 * One walk over a subject finds every instant at which something is to be said.
 * Asked for the next of them it keeps the earliest; asked at an instant it says
 * what lies before it. So the two can never disagree.
 */
#include "subject.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <string.h>

struct watch {
	const struct troth_subject *s;
	const struct troth_lookup *lookup;
	struct troth_time now;
	struct troth_declaration *out; /* NULL: only `next` is wanted. */
	unsigned max, count;
	unsigned room; /* Alarms that may still be raised. */
	struct troth_time next;
};

/* The place of a declaration that is due at `at`; NULL: it is not to be made now. */
static struct troth_declaration *declare(struct watch *w, struct troth_time at)
{
	if (at.ms == 0)
		return NULL;
	if (w->out == NULL) {
		if (w->next.ms == 0 || at.ms < w->next.ms)
			w->next = at;
		return NULL;
	}
	if (at.ms >= w->now.ms || w->count >= w->max)
		return NULL;
	w->out[w->count] = (struct troth_declaration){ .type = TROTH_EVENT_NONE };
	return &w->out[w->count++];
}

/* "Late only after it": what is due at once is due before that instant. */
static struct troth_time at_once(struct troth_time t)
{
	return (struct troth_time){ t.ms > 1 ? t.ms - 1 : t.ms };
}

/* What a promise rests on; one that says nothing rests on what its case does. */
static uint64_t version_of(const struct troth_subject *s, const struct troth_promise *p)
{
	if (p->policy_version != 0 || s->kind != TROTH_SUBJECT_CASE)
		return p->policy_version;
	return s->cas.policy_version;
}

static const struct troth_policy *policy(const struct watch *w, uint64_t version)
{
	return version != 0 ? troth_lookup_policy(w->lookup, version) : NULL;
}

static const struct troth_ladder *ladder(const struct watch *w, uint64_t version,
					 enum troth_cause cause)
{
	const struct troth_policy *p = policy(w, version);
	const struct troth_ladder *l = p != NULL ? troth_policy_ladder(p, cause) : NULL;

	return l != NULL && l->count > 0 ? l : NULL;
}

/* ---- Who is told ---- */

/* Nobody is told of what it may not see. */
static bool may_be_told(const struct watch *w, const char *party)
{
	struct troth_party p;

	if (!w->lookup->party(w->lookup->ctx, party, &p))
		return false;
	if (troth_subject_is_participant(w->s, party))
		return true;
	return w->s->participant_count < TROTH_PARTICIPANTS_MAX &&
	       (w->s->kind == TROTH_SUBJECT_ORDER || p.role == TROTH_ROLE_BRAND ||
		p.role == TROTH_ROLE_VENDOR);
}

/* Who owes what the alarm is about; "" if nobody does. */
static const char *debtor_of(const struct troth_subject *s, const struct troth_id *item)
{
	int c = troth_subject_commitment(s, item);

	if (c >= 0)
		return s->commitments[c].debtor;
	for (unsigned i = 0; i < s->commitment_count; i++)
		if (troth_id_eq(&s->commitments[i].promise, item) &&
		    s->commitments[i].fulfilled.ms == 0)
			return s->commitments[i].debtor;
	return "";
}

/* Who looks after what the alarm is about; "" if nobody does. */
static const char *owner_of_recovery(const struct troth_subject *s,
				     const struct troth_id *item)
{
	int v = troth_subject_recovery(s, item);

	if (v < 0)
		v = troth_recovery_about(s, item);
	return v >= 0 ? s->recoveries[v].owner : "";
}

static void address(const struct watch *w, const struct troth_alarm *a, const char *rung,
		    struct troth_declaration *d)
{
	const struct troth_policy *p = policy(w, a->policy_version);
	struct troth_id promise = troth_promise_of(&a->item);
	int i = troth_subject_promise(w->s, &promise);
	const struct troth_on_call *list;
	int shift = p != NULL ? troth_policy_on_call(p, rung, w->now, &list) : -1;

	if (shift >= 0) {
		TROTH_TEXT_SET(d->to, list->shifts[shift].actor);
		TROTH_TEXT_SET(d->party, list->shifts[shift].party);
	} else if (strcmp(rung, "debtor") == 0) {
		TROTH_TEXT_SET(d->party, debtor_of(w->s, &a->item));
	} else if (strcmp(rung, "owner") == 0) {
		TROTH_TEXT_SET(d->party, owner_of_recovery(w->s, &a->item));
	} else if (strcmp(rung, "maker") == 0 && i >= 0) {
		TROTH_TEXT_SET(d->to, w->s->promises[i].actor);
		TROTH_TEXT_SET(d->party, w->s->promises[i].party);
	} else if (strcmp(rung, "maker") == 0 && w->s->kind == TROTH_SUBJECT_CASE) {
		TROTH_TEXT_SET(d->party, w->s->cas.handler);
	}
	if (d->party[0] == '\0' || !may_be_told(w, d->party)) {
		d->to[0] = '\0';
		TROTH_TEXT_SET(d->party, w->lookup->brand);
	}
}

/* ---- Climbing ---- */

static struct troth_time after(const struct watch *w, uint64_t version,
			       const struct troth_wait *wait)
{
	const struct troth_policy *p = policy(w, version);
	struct troth_time end = { 0 };

	if (!troth_wait_given(wait))
		return at_once(w->now);
	return troth_wait_end(p, wait, w->now, &end) ? end : (struct troth_time){ 0 };
}

static void climb(struct watch *w, const struct troth_alarm *a)
{
	struct troth_declaration *d;
	const struct troth_ladder *l;
	uint32_t rung = a->rung; /* That is told now: an index. */

	if (a->state == TROTH_ALARM_ENDED)
		return; /* Taken it has no `next`, unless it is danger and HQ has not. */
	d = declare(w, a->next);
	if (d == NULL)
		return;
	l = ladder(w, a->policy_version, a->cause);
	if (TROTH_MUTANT(ladder_skips_rung) && l != NULL && rung + 1 < l->count)
		rung++;
	d->type = TROTH_EVENT_ALARM_TOLD;
	d->alarm = a->id;
	d->rung = rung + 1;
	address(w, a, l != NULL && rung < l->count ? l->rungs[rung].to : "brand", d);
	if (l != NULL && rung + 1 < l->count)
		d->next = after(w, a->policy_version, &l->rungs[rung + 1].after);
	/* Danger always comes to HQ, also if the ladder, or its calendar, ends before. */
	if (a->cause == TROTH_CAUSE_SAFETY && d->next.ms == 0 &&
	    strcmp(d->party, w->lookup->brand) != 0)
		d->next = at_once(w->now);
}

/* ---- Raising ---- */

static void raise(struct watch *w, enum troth_cause cause, const struct troth_id *item,
		  uint64_t version, struct troth_time at)
{
	const struct troth_ladder *l = ladder(w, version, cause);
	struct troth_declaration *d;

	if (l == NULL || w->room == 0)
		return;
	d = declare(w, at);
	if (d == NULL)
		return;
	w->room--;
	d->type = TROTH_EVENT_ALARM_RAISED;
	d->cause = cause;
	d->item = *item;
	d->policy_version = version;
	d->next = after(w, version, &l->rungs[0].after);
}

static void watch_commitment(struct watch *w, const struct troth_commitment *c)
{
	int p = troth_subject_promise(w->s, &c->promise);
	struct troth_id id = troth_commitment_id(c);

	if (c->ack_overdue.ms == 0 || !troth_commitment_unacknowledged(c) || p < 0 ||
	    (c->alarmed & 1u << TROTH_CAUSE_UNACKNOWLEDGED) != 0)
		return;
	raise(w, TROTH_CAUSE_UNACKNOWLEDGED, &id, version_of(w->s, &w->s->promises[p]),
	      at_once(c->ack_overdue));
}

/* By the newest policy: what rests on none is beyond authority for that very reason. */
static void watch_authority(struct watch *w, const struct troth_promise *p)
{
	if (p->state == TROTH_PROMISE_ACTIVE &&
	    (p->flags & TROTH_FLAG_OVER_AUTHORITY) != 0 &&
	    (p->alarmed & 1u << TROTH_CAUSE_OVER_AUTHORITY) == 0)
		raise(w, TROTH_CAUSE_OVER_AUTHORITY, &p->id,
		      troth_lookup_newest_policy(w->lookup), at_once(w->s->changed));
}

static void watch_promise(struct watch *w, const struct troth_promise *p)
{
	uint64_t version = version_of(w->s, p);
	const struct troth_ladder *l;

	if (p->state == TROTH_PROMISE_BROKEN &&
	    (p->alarmed & 1u << TROTH_CAUSE_BROKEN) == 0)
		raise(w, TROTH_CAUSE_BROKEN, &p->id, version, at_once(p->settled));
	if (p->state != TROTH_PROMISE_ACTIVE ||
	    (p->alarmed & 1u << TROTH_CAUSE_AT_RISK) != 0)
		return;
	l = ladder(w, version, TROTH_CAUSE_AT_RISK);
	if (l != NULL && !troth_promise_is_done(w->s, p))
		raise(w, TROTH_CAUSE_AT_RISK, &p->id, version,
		      (struct troth_time){
			      p->due.ms > l->before.ms ? p->due.ms - l->before.ms : 1 });
}

static void watch_case(struct watch *w)
{
	static const struct troth_id none;
	const struct troth_case *c = &w->s->cas;
	const struct troth_ladder *l;
	struct troth_time at;

	if (w->s->kind != TROTH_SUBJECT_CASE || c->state != TROTH_CASE_OPEN ||
	    c->untouched)
		return;
	l = ladder(w, c->policy_version, TROTH_CAUSE_UNTOUCHED);
	if (l != NULL && troth_wait_given(&l->before) &&
	    troth_wait_end(policy(w, c->policy_version), &l->before, c->touched, &at))
		raise(w, TROTH_CAUSE_UNTOUCHED, &none, c->policy_version, at);
}

/* ---- Recoveries ---- */

/* Once it was made good, somebody is to ask the customer whether that helped. */
static void watch_follow_up(struct watch *w, const struct troth_recovery *v)
{
	struct troth_time due = troth_policy_follow_up(policy(w, v->policy_version), v);

	if (due.ms != 0 && !v->alarmed && !TROTH_MUTANT(follow_up_is_forgotten))
		raise(w, TROTH_CAUSE_FOLLOW_UP, &v->id, v->policy_version, due);
}

/*
 * What went wrong, as the policy calls it: broken_callback, late_delivery,
 * no_callback, whichever it has remedies for; else just broken.
 */
static void set_failure(const struct watch *w, const struct troth_promise *p,
			char failure[TROTH_CODE_MAX + 1])
{
	static const char *const words[] = { "broken", "late", "no" };
	const struct troth_policy *of = policy(w, version_of(w->s, p));
	const char *kind = troth_kind_name(p->kind);

	for (size_t i = 0; of != NULL && kind != NULL && i < TROTH_LEN(words); i++) {
		size_t len = strlen(words[i]);

		memcpy(failure, words[i], len);
		failure[len] = '_';
		troth_text_copy(failure + len + 1, TROTH_CODE_MAX - len, kind);
		if (troth_policy_remedy(of, failure) != NULL)
			return;
	}
	troth_text_copy(failure, TROTH_CODE_MAX + 1, "broken");
}

/* Who looks after it: who made it, unless the customer knows it as the driver. */
static const char *owner_of(const struct watch *w, const struct troth_promise *p)
{
	struct troth_party maker;

	if (w->lookup->party(w->lookup->ctx, p->party, &maker) &&
	    maker.role != TROTH_ROLE_CARRIER)
		return p->party;
	if (w->s->kind == TROTH_SUBJECT_CASE)
		return w->s->cas.handler;
	return w->lookup->brand;
}

static bool is_recovered(const struct troth_subject *s, const struct troth_promise *p)
{
	int i = troth_subject_recovery(s, &p->recovers);

	/* A remedy that is broken reopens what it was to make good. */
	if (i >= 0 && s->recoveries[i].state != TROTH_RECOVERY_DENIED &&
	    s->recoveries[i].state != TROTH_RECOVERY_APPEALED &&
	    s->recoveries[i].state != TROTH_RECOVERY_UPHELD)
		return true;
	/* Not so a complaint about it: whoever speaks for the customer could have
	 * made one, and denied it, before it broke. */
	return troth_subject_recovery(s, &p->id) >= 0;
}

static void watch_broken(struct watch *w, const struct troth_promise *p)
{
	struct troth_declaration *d;

	if (p->state != TROTH_PROMISE_BROKEN || is_recovered(w->s, p) ||
	    w->s->recovery_count >= TROTH_RECOVERIES_MAX ||
	    TROTH_MUTANT(recovery_not_opened))
		return;
	d = declare(w, at_once(p->settled));
	if (d == NULL)
		return;
	d->type = TROTH_EVENT_RECOVERY_OPENED;
	d->promise = p->id;
	d->policy_version = version_of(w->s, p);
	TROTH_TEXT_SET(d->party, owner_of(w, p));
	set_failure(w, p, d->failure);
}

/* ---- All together ---- */

static void walk(struct watch *w)
{
	const struct troth_subject *s = w->s;

	w->room = troth_alarm_room(s);
	for (unsigned i = 0; i < s->promise_count; i++)
		watch_broken(w, &s->promises[i]);
	for (unsigned i = 0; i < s->commitment_count; i++)
		watch_commitment(w, &s->commitments[i]);
	for (unsigned i = 0; i < s->promise_count; i++) {
		watch_promise(w, &s->promises[i]);
		watch_authority(w, &s->promises[i]);
	}
	watch_case(w);
	for (unsigned i = 0; i < s->recovery_count; i++)
		watch_follow_up(w, &s->recoveries[i]);
	for (unsigned i = 0; i < s->alarm_count; i++)
		climb(w, &s->alarms[i]);
}

struct troth_time troth_watch_due(const struct troth_subject *s,
				  const struct troth_lookup *lookup)
{
	struct watch w = { .s = s, .lookup = lookup };

	walk(&w);
	return w.next;
}

unsigned troth_watch_tick(const struct troth_subject *s,
			  const struct troth_lookup *lookup, struct troth_time now,
			  struct troth_declaration *out, unsigned max)
{
	struct watch w = { .s = s, .lookup = lookup, .now = now, .out = out, .max = max };

	walk(&w);
	return w.count;
}
