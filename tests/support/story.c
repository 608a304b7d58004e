#include "story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void story_begin(struct story *st, enum troth_subject_kind kind)
{
	struct troth_id id = fixture_id(kind == TROTH_SUBJECT_ORDER ? 1 : 2);

	memset(st, 0, sizeof(*st));
	troth_subject_init(&st->s, kind, &id);
	st->now.ms = FIXTURE_NOW;
	st->lookup = &fixture_lookup;
}

void story_begin_usual(struct story *st, enum troth_subject_kind kind)
{
	enum troth_reason r;

	story_begin(st, kind);
	r = kind == TROTH_SUBJECT_ORDER ? story_do(st, TROTH_EVENT_ORDER_PLACED, "shop")
					: story_do(st, TROTH_EVENT_CASE_OPENED, "acme");
	assert(r == TROTH_REASON_NONE);
}

/* The state as stored, without revision, position and time of the last entry. */
static struct troth_buf state_alone(const struct troth_subject *s)
{
	static struct troth_subject copy;
	struct troth_buf b = TROTH_BUF_INIT;

	copy = *s;
	copy.revision = copy.position = 0;
	copy.changed.ms = 0;
	troth_subject_encode(&copy, &b);
	assert(!b.failed);
	return b;
}

static void check_commitments(const struct troth_subject *s)
{
	unsigned of_promises = 0;

	for (unsigned i = 0; i < s->commitment_count; i++) {
		const struct troth_commitment *c = &s->commitments[i];
		struct troth_id id = troth_commitment_id(c);

		/* Exactly one debtor at any time, who can see what it owes. */
		assert(c->debtor[0] != '\0');
		assert(troth_subject_is_participant(s, c->debtor));
		assert(troth_subject_commitment(s, &id) == (int)i);
		assert(troth_subject_promise(s, &c->promise) >= 0);
		assert((c->delegate[0] != '\0') ==
		       (c->state == TROTH_COMMITMENT_DELEGATED));
		assert((c->held.ms != 0) == (c->state == TROTH_COMMITMENT_HELD));
	}
	for (unsigned i = 0; i < s->promise_count; i++)
		of_promises += s->promises[i].commitment_count;
	assert(of_promises == s->commitment_count);
}

static void check_stored_form(const struct troth_subject *s,
			      const struct troth_buf *record)
{
	static struct troth_subject back;
	struct troth_buf again = TROTH_BUF_INIT;

	memset(&back, 0xee, sizeof(back));
	assert(troth_subject_decode(&back, troth_buf_span(record)));
	assert(troth_digest_eq(&back.digest, &s->digest));
	troth_buf_put_span(&again, troth_digest_span(&back.digest));
	troth_subject_encode(&back, &again);
	assert(troth_span_eq(troth_buf_span(record), troth_buf_span(&again)));
	troth_buf_fini(&again);
}

/* The clock has something to declare after its due, and not before. */
static void check_due(const struct troth_subject *s, const struct troth_lookup *lookup,
		      struct troth_time now)
{
	struct troth_time due = troth_subject_due(s, lookup);
	struct troth_declaration d;
	const int64_t instants[] = { now.ms, due.ms, due.ms + 1, FIXTURE_NOW,
				     TROTH_TIME_MAX_MS };

	for (size_t i = 0; i < TROTH_LEN(instants); i++) {
		struct troth_time t = { instants[i] };

		assert((troth_subject_tick(s, lookup, t, &d, 1) > 0) ==
		       (due.ms != 0 && due.ms < t.ms));
	}
}

static void judge_and_apply(struct story *st, const struct troth_who *who,
			    const struct troth_event *e)
{
	struct troth_buf before = state_alone(&st->s), after, record = TROTH_BUF_INIT;
	struct troth_digest leaf = { { (uint8_t)st->position } }, digest = st->s.digest;
	uint64_t revision = st->s.revision;
	struct troth_place place = { ++st->position, st->now };

	st->last = troth_judge(&st->s, st->lookup, who, e, st->now);
	assert((st->last.outcome == TROTH_TAKES_EFFECT) ==
	       (st->last.reason == TROTH_REASON_NONE));
	assert(st->last.outcome != TROTH_FLAGGED || troth_event_is_fact(e));
	troth_apply(&st->s, st->lookup, who, e, st->last, place);
	assert(st->s.revision == revision + 1);
	assert(st->s.position == st->position);
	after = state_alone(&st->s);
	if (st->last.outcome == TROTH_REFUSED)
		assert(troth_span_eq(troth_buf_span(&before), troth_buf_span(&after)));
	troth_subject_seal(&st->s, &leaf, &record);
	assert(!troth_digest_eq(&digest, &st->s.digest));
	check_commitments(&st->s);
	check_stored_form(&st->s, &record);
	check_due(&st->s, st->lookup, st->now);
	troth_buf_fini(&before);
	troth_buf_fini(&after);
	troth_buf_fini(&record);
}

enum troth_reason story_tell(struct story *st, struct troth_event *e)
{
	struct troth_flaw flaw;
	struct troth_who who;
	struct troth_site site;

	e->subject_kind = st->s.kind;
	e->subject = st->s.id;
	e->created = st->now;
	assert(troth_event_check(e, &flaw));
	fixture_who(&who, &site, e);
	judge_and_apply(st, &who, e);
	return st->last.reason;
}

enum troth_reason story_do(struct story *st, enum troth_event_type type,
			   const char *party)
{
	static struct troth_event e;

	fixture_event(&e, type, party);
	return story_tell(st, &e);
}

enum troth_reason story_promise(struct story *st, const char *party, bool spoken)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, party);
	e.u.promise.spoken = spoken;
	e.u.promise.lapses.ms = spoken ? 0 : FIXTURE_NOW + FIXTURE_HOUR;
	if (st->s.kind == TROTH_SUBJECT_CASE)
		e.u.promise.terms[0] = fixture_terms("acme");
	return story_tell(st, &e);
}

enum troth_reason story_promise_step(struct story *st, const char *party,
				     enum troth_promise_action action)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, party);
	e.u.promise_step.action = action;
	if (action == TROTH_PROMISE_DO_CANCEL) {
		e.u.promise_step.has_tell = true;
		e.u.promise_step.tell = fixture_terms("acme");
		e.u.promise_step.tell.action = TROTH_ACTION_TELL_CUSTOMER;
	}
	TROTH_TEXT_SET(e.u.promise_step.reason, "why");
	return story_tell(st, &e);
}

enum troth_reason story_step(struct story *st, const char *party, uint8_t ordinal,
			     enum troth_commitment_action action)
{
	static struct troth_event e;

	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, party);
	e.u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = ordinal;
	e.u.commitment_step.action = action;
	TROTH_TEXT_SET(e.u.commitment_step.reason, "why");
	if (action == TROTH_COMMITMENT_DO_FULFIL) {
		e.u.commitment_step.at = st->now;
		e.u.commitment_step.evidence = TROTH_EVIDENCE_CODE;
	}
	if (action == TROTH_COMMITMENT_DO_DELEGATE)
		TROTH_TEXT_SET(e.u.commitment_step.party, "slow");
	if (action == TROTH_COMMITMENT_DO_COUNTER)
		e.u.commitment_step.due.ms = FIXTURE_NOW + FIXTURE_DAY + FIXTURE_HOUR;
	return story_tell(st, &e);
}

unsigned story_clock(struct story *st, int64_t now)
{
	static struct troth_event e;
	const struct troth_who who = { "brand", "hq", TROTH_ROLE_BRAND, true, true };
	struct troth_declaration d[4];
	unsigned total = 0, n;

	st->now.ms = now;
	while ((n = troth_subject_tick(&st->s, st->lookup, st->now, d, TROTH_LEN(d))) >
	       0) {
		for (unsigned i = 0; i < n; i++) {
			struct troth_flaw flaw;

			fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "brand");
			e.subject_kind = st->s.kind;
			e.subject = st->s.id;
			e.created = st->now;
			TROTH_TEXT_SET(e.actor, TROTH_CLOCK_ACTOR);
			troth_declaration_event(&d[i], &e);
			assert(troth_event_check(&e, &flaw));
			judge_and_apply(st, &who, &e);
			assert(st->last.outcome == TROTH_TAKES_EFFECT);
		}
		total += n;
		/* For the acknowledgement, the end, the recovery, alarms of each. */
		assert(total <= 2 * (TROTH_COMMITMENTS_MAX + 4 * TROTH_PROMISES_MAX +
				     8 * TROTH_ALARMS_MAX));
	}
	return total;
}

const struct troth_promise *story_the_promise(const struct story *st)
{
	struct troth_id id = fixture_id(10);
	int i = troth_subject_promise(&st->s, &id);

	assert(i >= 0);
	return &st->s.promises[i];
}

const struct troth_commitment *story_the_commitment(const struct story *st,
						    uint8_t ordinal)
{
	struct troth_id id = fixture_id(10);
	int i;

	id.b[TROTH_ID_LEN - 1] = ordinal;
	i = troth_subject_commitment(&st->s, &id);
	assert(i >= 0);
	return &st->s.commitments[i];
}
