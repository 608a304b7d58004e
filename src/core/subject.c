#include "subject.h"

#include "troth/base/text.h"
#include "troth/core/pool.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct troth_subject) <= 220 * 1024,
	       "model.h and doc/ARCHITECTURE.md say how much memory it takes");

void troth_subject_init(struct troth_subject *s, enum troth_subject_kind kind,
			const struct troth_id *id)
{
	s->kind = kind;
	s->id = *id;
	s->revision = 0;
	s->position = 0;
	s->changed = (struct troth_time){ 0 };
	s->digest = (struct troth_digest){ { 0 } };
	s->customer[0] = '\0';
	/* All that is encoded: a subject whose first entry was refused is stored, too. */
	memset(&s->order, 0, offsetof(struct troth_order, lines));
	memset(&s->cas, 0, sizeof(s->cas));
	s->link_count = 0;
	s->participant_count = 0;
	s->promise_count = 0;
	s->commitment_count = 0;
	s->authority.party[0] = '\0';
	s->authority.suspended.ms = 0;
	s->authority.suspended_at = 0;
	s->authority.reason[0] = '\0';
	s->authority.pool_count = 0;
	s->authority.grant_count = 0;
	s->authority.share_count = 0;
	s->alarm_count = 0;
	s->recovery_count = 0;
}

bool troth_subject_closed(const struct troth_subject *s, const struct troth_id *recovers)
{
	int v = troth_subject_recovery(s, recovers);

	if (v >= 0 && troth_recovery_is_open(s->recoveries[v].state))
		return false;
	return s->kind == TROTH_SUBJECT_ORDER ? s->order.state == TROTH_ORDER_CANCELLED
					      : s->cas.state == TROTH_CASE_CLOSED;
}

int troth_subject_promise(const struct troth_subject *s, const struct troth_id *id)
{
	for (unsigned i = 0; i < s->promise_count; i++)
		if (troth_id_eq(&s->promises[i].id, id))
			return (int)i;
	return -1;
}

int troth_subject_recovery(const struct troth_subject *s, const struct troth_id *id)
{
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (troth_id_eq(&s->recoveries[i].id, id))
			return (int)i;
	return -1;
}

int troth_subject_alarm(const struct troth_subject *s, const struct troth_id *id)
{
	for (unsigned i = 0; i < s->alarm_count; i++)
		if (troth_id_eq(&s->alarms[i].id, id))
			return (int)i;
	return -1;
}

int troth_subject_commitment(const struct troth_subject *s, const struct troth_id *id)
{
	struct troth_id promise = troth_promise_of(id);

	for (unsigned i = 0; i < s->commitment_count; i++)
		if (s->commitments[i].ordinal == id->b[TROTH_ID_LEN - 1] &&
		    troth_id_eq(&s->commitments[i].promise, &promise))
			return (int)i;
	return -1;
}

bool troth_subject_names(const struct troth_subject *s, const struct troth_id *id)
{
	return troth_subject_promise(s, id) >= 0 || troth_subject_recovery(s, id) >= 0 ||
	       troth_subject_alarm(s, id) >= 0;
}

int troth_subject_participant(const struct troth_subject *s, const char *party)
{
	for (unsigned i = 0; i < s->participant_count; i++)
		if (strcmp(s->participants[i].party, party) == 0)
			return (int)i;
	return -1;
}

bool troth_subject_is_participant(const struct troth_subject *s, const char *party)
{
	int i = troth_subject_participant(s, party);

	return i >= 0 && s->participants[i].active;
}

unsigned troth_capacities(const struct troth_subject *s, const struct troth_promise *p,
			  const struct troth_who *who)
{
	unsigned as = 0;

	if (who->clock)
		return TROTH_AS_CLOCK;
	if (strcmp(p->party, who->party) == 0)
		as |= TROTH_AS_MAKER;
	if (who->role == TROTH_ROLE_BRAND)
		as |= TROTH_AS_HQ;
	if (who->role != TROTH_ROLE_CARRIER &&
	    troth_subject_is_participant(s, who->party))
		as |= TROTH_AS_SERVICE;
	return as;
}

unsigned troth_commitment_capacities(const struct troth_subject *s,
				     const struct troth_commitment *c,
				     const struct troth_who *who)
{
	int promise = troth_subject_promise(s, &c->promise);
	unsigned as = 0;

	if (promise >= 0)
		as = troth_capacities(s, &s->promises[promise], who);
	if (who->clock)
		return as;
	if (strcmp(c->debtor, who->party) == 0)
		as |= TROTH_AS_DEBTOR;
	if (strcmp(c->creditor, who->party) == 0)
		as |= TROTH_AS_CREDITOR;
	if (c->delegate[0] != '\0' && strcmp(c->delegate, who->party) == 0)
		as |= TROTH_AS_DELEGATE;
	return as;
}

bool troth_acts_for(const struct troth_lookup *lookup, const char *acting,
		    const char *party)
{
	struct troth_party p;

	return strcmp(acting, party) == 0 || (lookup->party(lookup->ctx, party, &p) &&
					      strcmp(p.operator_party, acting) == 0);
}

enum troth_reason troth_step_reason(enum troth_step step)
{
	switch (step) {
	case TROTH_STEP_OK:
		return TROTH_REASON_NONE;
	case TROTH_STEP_WRONG_STATE:
		return TROTH_REASON_WRONG_STATE;
	case TROTH_STEP_WRONG_CAPACITY:
		return TROTH_REASON_NOT_ENTITLED;
	}
	return TROTH_REASON_WRONG_STATE;
}

/* A met commitment counts for the promise even if it was late by its own due. */
static bool commitment_is_met(const struct troth_commitment *c,
			      const struct troth_promise *p)
{
	if (c->state != TROTH_COMMITMENT_DISCHARGED &&
	    c->state != TROTH_COMMITMENT_VIOLATED)
		return false;
	/* Reopened, its due is long over: what was accepted counts. */
	return p->state == TROTH_PROMISE_REOPENED
		       ? c->state == TROTH_COMMITMENT_DISCHARGED
		       : troth_commitment_met_by(c, p->due);
}

static bool is_off(const struct troth_commitment *c)
{
	return c->state == TROTH_COMMITMENT_RELEASED ||
	       c->state == TROTH_COMMITMENT_CANCELLED;
}

/*
 * Reopened, it is kept by what was owed since then; of that, what was violated is
 * made up for by a later commitment that was discharged.
 */
static bool kept_again(const struct troth_subject *s, const struct troth_promise *p)
{
	unsigned last = 0;

	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (troth_id_eq(&c->promise, &p->id) && c->ordinal > p->reopened_after &&
		    commitment_is_met(c, p) && c->ordinal > last)
			last = c->ordinal;
	}
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];
		bool made_up = c->state == TROTH_COMMITMENT_VIOLATED && c->ordinal < last;

		if (troth_id_eq(&c->promise, &p->id) && c->ordinal > p->reopened_after &&
		    !is_off(c) && !made_up && !commitment_is_met(c, p))
			return false;
	}
	return last > 0;
}

bool troth_promise_is_met(const struct troth_subject *s, unsigned index)
{
	const struct troth_promise *p = &s->promises[index];
	unsigned met = 0;

	if (p->state == TROTH_PROMISE_REOPENED)
		return kept_again(s, p);
	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (!troth_id_eq(&c->promise, &p->id) || is_off(c))
			continue;
		if (!commitment_is_met(c, p))
			return false;
		met++;
	}
	return met > 0;
}

bool troth_promise_is_done(const struct troth_subject *s, const struct troth_promise *p)
{
	unsigned done = 0;

	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];

		if (!troth_id_eq(&c->promise, &p->id) || is_off(c))
			continue;
		if (!troth_commitment_met_by(c, p->due))
			return false;
		done++;
	}
	return done > 0;
}

unsigned troth_room_of(const struct troth_who *who, unsigned max, unsigned kept)
{
	return who->role == TROTH_ROLE_BRAND ? max : max - kept;
}

bool troth_room_for_terms(const struct troth_subject *s, const struct troth_who *who,
			  unsigned count)
{
	return s->commitment_count + count <=
	       troth_room_of(who, TROTH_COMMITMENTS_MAX, TROTH_COMMITMENTS_KEPT);
}

void troth_invite(struct troth_guests *g, const char *party)
{
	if (party[0] == '\0' || troth_subject_participant(g->s, party) >= 0)
		return;
	for (unsigned i = 0; i < g->count; i++)
		if (strcmp(g->names[i], party) == 0)
			return;
	g->names[g->count++] = party;
}

bool troth_room_for_guests(const struct troth_guests *g, const struct troth_who *who)
{
	/* Who brings nobody does no harm where the brand has used what is kept for it. */
	return g->count == 0 || g->s->participant_count + g->count <=
					troth_room_of(who, TROTH_PARTICIPANTS_MAX,
						      TROTH_PARTICIPANTS_KEPT);
}

bool troth_room_for_commitment(const struct troth_subject *s,
			       const struct troth_promise *p)
{
	return s->commitment_count < TROTH_COMMITMENTS_MAX &&
	       p->commitment_count < TROTH_ORDINAL_MAX;
}

const struct troth_promise *troth_first_to_end(const struct troth_subject *s)
{
	for (unsigned i = 0; i < s->promise_count; i++)
		if (s->promises[i].state == TROTH_PROMISE_ACTIVE ||
		    s->promises[i].state == TROTH_PROMISE_REOPENED)
			return &s->promises[i];
	return NULL;
}

static void join(struct troth_subject *s, const char *party, bool *stays)
{
	int i = troth_subject_participant(s, party);

	if (party[0] == '\0')
		return;
	if (i < 0 && s->participant_count < TROTH_PARTICIPANTS_MAX) {
		i = (int)s->participant_count++;
		s->participants[i] = (struct troth_participant){ .active = true };
		TROTH_TEXT_SET(s->participants[i].party, party);
	}
	if (i >= 0)
		stays[i] = true;
}

/* Those who were told before, too, for as long as the alarm lasts. */
static void join_told(struct troth_subject *s, struct troth_alarm *a, bool *stays)
{
	int last;

	join(s, a->party, stays);
	last = troth_subject_participant(s, a->party);
	if (last >= 0)
		a->told_to |= 1u << last;
	for (unsigned i = 0; i < s->participant_count; i++)
		stays[i] |= (a->told_to & 1u << i) != 0;
}

void troth_participants_update(struct troth_subject *s, const char *brand)
{
	bool stays[TROTH_PARTICIPANTS_MAX] = { false };

	join(s, brand, stays);
	if (s->kind == TROTH_SUBJECT_AUTHORITY) {
		join(s, s->authority.party, stays);
	} else if (s->kind == TROTH_SUBJECT_ORDER) {
		join(s, s->order.seller, stays);
		join(s, s->order.carrier, stays);
		for (unsigned i = 0; i < s->order.line_count; i++)
			join(s, s->order.lines[i].seller, stays);
		for (unsigned i = 0; i < s->link_count; i++)
			join(s, s->links[i].vendor, stays);
	} else {
		/* Whoever has handled the case goes on seeing it. */
		join(s, s->cas.handler, stays);
		for (unsigned i = 0; i < s->participant_count; i++)
			stays[i] = true;
	}
	for (unsigned i = 0; i < s->commitment_count; i++) {
		join(s, s->commitments[i].debtor, stays);
		join(s, s->commitments[i].delegate, stays);
	}
	/* Who has made a promise can say what became of it: nobody else was there. */
	for (unsigned i = 0; i < s->promise_count; i++)
		if (troth_promise_is_open(s->promises[i].state))
			join(s, s->promises[i].party, stays);
	/* Who is told of an alarm, or looks after a recovery, sees what it is about. */
	for (unsigned i = 0; i < s->alarm_count; i++)
		if (s->alarms[i].state != TROTH_ALARM_ENDED)
			join_told(s, &s->alarms[i], stays);
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (troth_recovery_is_open(s->recoveries[i].state))
			join(s, s->recoveries[i].owner, stays);
	for (unsigned i = 0; i < s->participant_count; i++) {
		if (s->participants[i].active && !stays[i])
			s->participants[i].left = s->revision;
		s->participants[i].active = stays[i];
	}
}

enum troth_reason troth_who_acts(struct troth_who *who, struct troth_site *site,
				 const struct troth_lookup *lookup,
				 const struct troth_event *e, const char *central_origin)
{
	struct troth_party party;

	*who = (struct troth_who){ .central = strcmp(e->origin, central_origin) == 0 };
	who->clock = who->central && strcmp(e->actor, TROTH_CLOCK_ACTOR) == 0;
	if (who->central) {
		TROTH_TEXT_SET(site->party, lookup->brand);
		TROTH_TEXT_SET(site->site, TROTH_HQ_SITE);
	} else if (!lookup->site(lookup->ctx, e->origin, site)) {
		return TROTH_REASON_NO_PARTY;
	}
	who->site = site->site;
	who->party = e->on_behalf[0] != '\0' ? e->on_behalf : site->party;
	if (who->central && lookup->brand[0] == '\0') {
		who->role =
			TROTH_ROLE_BRAND; /* Before the brand itself has been added. */
		return TROTH_REASON_NONE;
	}
	if (!lookup->party(lookup->ctx, who->party, &party))
		return TROTH_REASON_NO_PARTY;
	if (e->on_behalf[0] != '\0' && strcmp(e->on_behalf, site->party) != 0 &&
	    strcmp(party.operator_party, site->party) != 0)
		return TROTH_REASON_NOT_ENTITLED;
	who->role = party.role;
	return TROTH_REASON_NONE;
}

const char *troth_outcome_name(enum troth_outcome v)
{
	switch (v) {
	case TROTH_TAKES_EFFECT:
		return "takes_effect";
	case TROTH_FLAGGED:
		return "flagged";
	case TROTH_REFUSED:
		return "refused";
	}
	return NULL;
}

const char *troth_reason_name(enum troth_reason v)
{
	static const char *const names[] = {
		"none",
		"not_entitled",
		"no_subject",
		"exists",
		"stale",
		"wrong_state",
		"no_promise",
		"no_commitment",
		"no_party",
		"wrong_role",
		"limit",
		"due_passed",
		"subject_closed",
		"open_promise",
		"tell_customer",
		"own_request",
		"key_revoked",
		"over_authority",
		"uncited",
		"policy_unknown",
		"policy_withdrawn",
		"no_grant",
		"over_promise_limit",
		"over_customer_limit",
		"share_empty",
		"uncertified",
		"suspended",
		"forbidden",
		"share_frozen",
		"due_too_early",
		"harm_missing",
		"no_recovery",
		"no_alarm",
		"evidence_missing",
		"no_pool",
		"pool_empty",
		"no_grant_id",
		"apology_missing",
		"remedy_missing",
		"not_asked",
		"other_remedy",
		"open_recovery",
		"unspoken_offers",
		"other_customer",
	};

	return (unsigned)v < TROTH_LEN(names) ? names[v] : NULL;
}
