/*
 * What may change in an alarm and a recovery, and what must follow: the oracle's
 * own words, from the model and not from the code.
 */
#include "book.h"
#include "oracle.h"

#include "troth/base/text.h"
#include "troth/core/policy.h"

#include <string.h>

#define R(x) (1u << TROTH_RECOVERY_##x)

/* From each state, where one entry may lead. */
static const unsigned recovery_to[] = {
	[TROTH_RECOVERY_OPEN] = R(OFFERED) | R(MADE_GOOD) | R(REOPENED) | R(DENIED),
	[TROTH_RECOVERY_OFFERED] = R(MADE_GOOD) | R(REOPENED) | R(DENIED),
	[TROTH_RECOVERY_MADE_GOOD] = R(FOLLOW_UP) | R(REOPENED),
	/* Made good again at once: one remedy has failed, another was kept before. */
	[TROTH_RECOVERY_FOLLOW_UP] = R(DONE) | R(REOPENED) | R(MADE_GOOD),
	[TROTH_RECOVERY_DONE] = R(REOPENED) | R(MADE_GOOD),
	[TROTH_RECOVERY_REOPENED] = R(OFFERED) | R(MADE_GOOD) | R(DENIED),
	[TROTH_RECOVERY_DENIED] = R(APPEALED),
	/* Made good at once: a remedy was kept while HQ decided. */
	[TROTH_RECOVERY_APPEALED] = R(UPHELD) | R(OPEN) | R(MADE_GOOD),
	[TROTH_RECOVERY_UPHELD] = 0,
};

static bool is_vendor(const struct oracle *o, const char *party)
{
	for (unsigned i = 0; i < o->party_count; i++)
		if (strcmp(o->parties[i].party, party) == 0)
			return o->parties[i].role == TROTH_ROLE_VENDOR;
	return false;
}

/* Owes it, itself or through whom it acts for. */
static bool owes(const struct oracle *o, const char *party,
		 const struct troth_commitment *c)
{
	if (strcmp(c->debtor, party) == 0)
		return true;
	for (unsigned i = 0; i < o->party_count; i++)
		if (strcmp(o->parties[i].party, c->debtor) == 0)
			return strcmp(o->parties[i].operator_party, party) == 0;
	return false;
}

/* By that entry somebody says what the customer has said of it. */
static bool is_word(const struct oracle *o, const struct troth_recovery *was,
		    const struct troth_recovery *is)
{
	const struct troth_event *e = &o->event;
	int p;

	if (e->type == TROTH_EVENT_RECOVERY_STEP)
		return troth_id_eq(&e->u.recovery.id, &is->id) &&
		       (is->asked.ms > was->asked.ms || (is->waived && !was->waived));
	if (e->type != TROTH_EVENT_PROMISE_STEP ||
	    e->u.promise_step.action != TROTH_PROMISE_DO_RELEASE)
		return false;
	p = troth_subject_promise(o->before, &e->u.promise_step.promise);
	return p >= 0 && troth_id_eq(&o->before->promises[p].recovers, &is->id) &&
	       !o->entries[o->count - 1].refused;
}

/* What the customer is to have said, comes from somebody without a stake in it. */
static void check_word(struct sim *s, const struct troth_subject *k,
		       const struct troth_recovery *was)
{
	const struct oracle *o = s->oracle;

	if (o->by_brand || strcmp(o->by, was->owner) == 0)
		return;
	if (!is_vendor(o, o->by))
		sim_fail(s, "model", "%s speaks for the customer", o->by);
	for (unsigned i = 0; i < k->promise_count; i++) {
		const struct troth_promise *p = &k->promises[i];
		bool about = troth_id_eq(&p->id, &was->promise);

		if (about && strcmp(p->party, o->by) == 0)
			sim_fail(s, "model", "%s has made what it says of", o->by);
		if (!about && !troth_id_eq(&p->recovers, &was->id))
			continue;
		for (unsigned c = 0; c < k->commitment_count; c++)
			if (troth_id_eq(&k->commitments[c].promise, &p->id) &&
			    owes(o, o->by, &k->commitments[c]))
				sim_fail(s, "model", "%s certifies its own work", o->by);
	}
}

/* Which remedies there are, nobody chooses who knows of newer ones. */
static void check_version(struct sim *s, uint64_t version)
{
	const struct oracle *o = s->oracle;
	uint64_t heard = o->event.seen_size;

	if (version < o->policy_count && heard >= 1 && heard <= o->count &&
	    o->entries[heard - 1].accepted.ms >
		    o->policies[version]->published.ms + TROTH_SUPERSEDED_MS)
		sim_fail(s, "model", "remedies of version %llu were over",
			 (unsigned long long)version);
}

static void check_recovery(struct sim *s, const struct troth_recovery *was,
			   const struct troth_recovery *is)
{
	if (is_word(s->oracle, was, is))
		check_word(s, s->oracle->before, was);
	if (is->state == TROTH_RECOVERY_DENIED && was->state != TROTH_RECOVERY_DENIED &&
	    !s->oracle->by_brand && strcmp(s->oracle->by, was->owner) != 0)
		sim_fail(s, "model", "%s has denied what %s answers for", s->oracle->by,
			 was->owner);
	if (was->policy_version == 0 && is->policy_version != 0)
		check_version(s, is->policy_version);
	if (was->state != is->state && (recovery_to[was->state] & 1u << is->state) == 0)
		sim_fail(s, "model", "a recovery went from %s to %s",
			 troth_recovery_state_name(was->state),
			 troth_recovery_state_name(is->state));
	if (is->reopened < was->reopened || is->failed < was->failed)
		sim_fail(s, "model", "a recovery counts backwards");
	if (is->state == TROTH_RECOVERY_DONE &&
	    (is->practical[0] == '\0' || is->felt[0] == '\0' || is->apologised.ms == 0 ||
	     is->asked.ms == 0))
		sim_fail(s, "model", "a recovery is done, and not all of it was");
	if (is->state == TROTH_RECOVERY_OFFERED && is->offer == 0 && !is->differs)
		sim_fail(s, "model", "another remedy than the policy's goes unseen");
}

static void note_told(struct oracle *o, const struct troth_alarm *a)
{
	struct told *t;

	o->told = book_grow(o->told, o->told_count, &o->told_cap, sizeof(*t));
	t = &o->told[o->told_count++];
	t->alarm = a->id;
	TROTH_TEXT_SET(t->party, a->party);
}

static bool was_told(const struct oracle *o, const struct troth_id *alarm,
		     const char *party)
{
	for (size_t i = 0; i < o->told_count; i++)
		if (troth_id_eq(&o->told[i].alarm, alarm) &&
		    strcmp(o->told[i].party, party) == 0)
			return true;
	return false;
}

/* Danger alone is taken by whoever is there; and that keeps nobody from being told. */
static void check_taken(struct sim *s, const struct troth_alarm *was,
			const struct troth_alarm *is)
{
	const struct oracle *o = s->oracle;
	bool danger = was->cause == TROTH_CAUSE_SAFETY;

	if (!danger && !o->by_brand && !was_told(o, &is->id, is->taken_party))
		sim_fail(s, "model", "%s has taken what it was not told of",
			 is->taken_party);
	if (was->state == TROTH_ALARM_TAKEN &&
	    (!danger || strcmp(was->taken_party, o->brand) == 0))
		sim_fail(s, "model", "%s has taken what %s had", is->taken_party,
			 was->taken_party);
	if (danger && !o->by_brand && is->next.ms != was->next.ms)
		sim_fail(s, "model", "%s has stopped the telling of a danger",
			 is->taken_party);
}

static void check_alarm(struct sim *s, const struct troth_event *e,
			const struct troth_alarm *was, const struct troth_alarm *is)
{
	bool told = e->type == TROTH_EVENT_ALARM_TOLD &&
		    troth_id_eq(&e->u.alarm.alarm, &was->id);

	if (!troth_id_eq(&was->id, &is->id)) { /* Its place was wanted. */
		if (was->state != TROTH_ALARM_ENDED && was->cause == TROTH_CAUSE_SAFETY)
			sim_fail(s, "model", "danger was displaced");
		return;
	}
	if (is->state < was->state)
		sim_fail(s, "model", "an alarm went from %s to %s",
			 troth_alarm_state_name(was->state),
			 troth_alarm_state_name(is->state));
	if (was->cause == TROTH_CAUSE_SAFETY && is->state == TROTH_ALARM_ENDED &&
	    was->state != TROTH_ALARM_ENDED && !s->oracle->by_brand)
		sim_fail(s, "model", "danger is over, and HQ has not said so");
	if (told && was->state != TROTH_ALARM_RAISED && was->state != TROTH_ALARM_TOLD &&
	    (was->state != TROTH_ALARM_TAKEN || was->cause != TROTH_CAUSE_SAFETY ||
	     strcmp(was->taken_party, s->oracle->brand) == 0))
		sim_fail(s, "model", "somebody is told of an alarm that is %s",
			 troth_alarm_state_name(was->state));
	if (told && is->rung != was->rung + 1)
		sim_fail(s, "model", "rung %u is told after rung %u", is->rung,
			 was->rung);
	s->counts.told_rungs += told;
	if (told)
		note_told(s->oracle, is);
	if (is->taken.ms != was->taken.ms ||
	    strcmp(is->taken_party, was->taken_party) != 0)
		check_taken(s, was, is);
}

void check_recoveries(struct sim *s, const struct known_subject *k)
{
	const struct troth_subject *before = s->oracle->before, *after = k->s;
	const struct troth_event *e = &s->oracle->event;

	if (after->recovery_count < before->recovery_count ||
	    after->alarm_count < before->alarm_count)
		sim_fail(s, "model", "a recovery or an alarm has vanished");
	for (unsigned i = 0; i < before->recovery_count; i++)
		check_recovery(s, &before->recoveries[i], &after->recoveries[i]);
	if (after->recovery_count > before->recovery_count &&
	    e->type == TROTH_EVENT_COMPLAINT)
		check_version(s, e->u.recovery.policy_version);
	for (unsigned i = 0; i < before->alarm_count; i++)
		check_alarm(s, e, &before->alarms[i], &after->alarms[i]);
	for (unsigned i = 0; i < after->promise_count; i++) {
		const struct troth_promise *p = &after->promises[i];
		int of = troth_subject_recovery(after, &p->recovers);
		int broken = of >= 0 && !after->recoveries[of].complaint
				     ? troth_subject_promise(
					       after, &after->recoveries[of].promise)
				     : -1;

		/* What was kept before it broke was not kept to make it good. */
		if (broken >= 0 && p->state == TROTH_PROMISE_KEPT &&
		    p->settled.ms >= after->recoveries[of].opened.ms &&
		    after->promises[broken].state == TROTH_PROMISE_BROKEN)
			sim_fail(s, "model",
				 "what makes good was kept: nothing came of it");
	}
	s->counts.recoveries += after->recovery_count - before->recovery_count;
}

/* A remedy that was broken reopens what it was for. */
static bool is_looked_after(const struct troth_subject *k, const struct troth_promise *p)
{
	int of = troth_subject_recovery(k, &p->recovers);

	if (of >= 0 && (R(DENIED) & 1u << k->recoveries[of].state) == 0 &&
	    (R(APPEALED) & 1u << k->recoveries[of].state) == 0 &&
	    (R(UPHELD) & 1u << k->recoveries[of].state) == 0)
		return true;
	for (unsigned i = 0; i < k->recovery_count; i++)
		if (troth_id_eq(&k->recoveries[i].promise, &p->id) &&
		    !k->recoveries[i].complaint)
			return true;
	return false;
}

/* It was told beyond authority, there is a ladder for that, and nobody is told. */
static bool is_concealed(const struct sim *s, const struct troth_subject *k,
			 const struct troth_promise *p)
{
	return p->state == TROTH_PROMISE_ACTIVE &&
	       (p->flags & TROTH_FLAG_OVER_AUTHORITY) != 0 &&
	       (p->alarmed & 1u << TROTH_CAUSE_OVER_AUTHORITY) == 0 &&
	       recovery_tells_beyond(oracle_policies(s)) &&
	       s->now - k->changed.ms > 1000 && s->now - s->oracle->published_ms > 1000;
}

/* It was made good long since, and who looks after it was not told to ask. */
static bool is_forgotten(const struct sim *s, const struct troth_subject *k,
			 const struct troth_recovery *v)
{
	int64_t wait_ms = v->policy_version <= oracle_policies(s)
				  ? recovery_asks_ms(v->policy_version, v->failure)
				  : 0;

	return v->state == TROTH_RECOVERY_MADE_GOOD && wait_ms > 0 && !v->alarmed &&
	       s->now - v->made_good.ms > wait_ms + 1000 &&
	       s->now - k->changed.ms > 1000 && s->now - s->oracle->published_ms > 1000;
}

void check_watched(struct sim *s, const struct troth_subject *k)
{
	for (unsigned i = 0; i < k->recovery_count; i++)
		if (is_forgotten(s, k, &k->recoveries[i]))
			sim_fail(s, "I9", "made good, and nobody asks whether it helped");
	for (unsigned i = 0; i < k->promise_count; i++)
		if (is_concealed(s, k, &k->promises[i]))
			sim_fail(s, "I9", "beyond authority, and nobody is told");
	for (unsigned i = 0; i < k->promise_count; i++)
		if (k->promises[i].state == TROTH_PROMISE_BROKEN &&
		    !is_looked_after(k, &k->promises[i]) && s->now - k->changed.ms > 1000)
			sim_fail(s, "I9", "broken, and nobody looks after it");
	for (unsigned i = 0; i < k->alarm_count; i++) {
		const struct troth_alarm *a = &k->alarms[i];

		if (a->state != TROTH_ALARM_ENDED && a->cause == TROTH_CAUSE_SAFETY &&
		    a->rung == 0 && strcmp(a->taken_party, s->oracle->brand) != 0 &&
		    s->now - k->changed.ms > 1000)
			sim_fail(s, "I9", "danger, and nobody has been told");
		if (a->state != TROTH_ALARM_ENDED && a->cause == TROTH_CAUSE_SAFETY &&
		    a->next.ms == 0 && strcmp(a->party, s->oracle->brand) != 0 &&
		    strcmp(a->taken_party, s->oracle->brand) != 0)
			sim_fail(s, "I9", "danger, and HQ will never be told");
	}
}
