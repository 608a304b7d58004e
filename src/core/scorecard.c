#include "troth/core/scorecard.h"

#include "troth/core/commitment.h"
#include "troth/core/subject.h"

#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

const int64_t troth_duration_bounds_ms[TROTH_DURATIONS] = {
	MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR,    4 * HOUR, 8 * HOUR,
	DAY,    2 * DAY,    3 * DAY,     7 * DAY, 14 * DAY, 30 * DAY,
};

void troth_durations_add(struct troth_durations *s, struct troth_time from,
			 struct troth_time to)
{
	int64_t took = to.ms > from.ms ? to.ms - from.ms : 0;

	s->count++;
	s->total_ms += (uint64_t)took;
	for (unsigned i = 0; i < TROTH_DURATIONS; i++)
		s->within[i] += took <= troth_duration_bounds_ms[i];
}

/* The same had been promised there before, at an earlier instant. */
static bool is_repeat(const struct troth_subject *s, unsigned index,
		      struct troth_time as_of)
{
	const struct troth_promise *p = &s->promises[index];

	for (unsigned i = 0; i < s->promise_count; i++)
		if (s->promises[i].made.ms < p->made.ms &&
		    strcmp(s->promises[i].reason, p->reason) == 0 &&
		    troth_score_promise(s, i, as_of).score != TROTH_SCORE_NONE)
			return true;
	return false;
}

static bool is_goodwill(const struct troth_promise *p, enum troth_score score)
{
	return (p->kind == TROTH_KIND_GIFT || p->kind == TROTH_KIND_CREDIT ||
		p->kind == TROTH_KIND_REFUND) &&
	       score != TROTH_SCORE_NONE && score != TROTH_SCORE_WITHDRAWN;
}

bool troth_card_made(struct troth_made_card *card, const struct troth_subject *s,
		     unsigned index, struct troth_time as_of)
{
	const struct troth_promise *p = &s->promises[index];
	struct troth_scored scored = troth_score_promise(s, index, as_of);

	if (scored.score == TROTH_SCORE_NONE)
		return false;
	troth_tally_add(&card->outcomes, scored.score);
	card->over_authority += (p->flags & TROTH_FLAG_OVER_AUTHORITY) != 0;
	card->reopened += p->reopened;
	for (unsigned i = 0; i < s->recovery_count; i++)
		if (troth_id_eq(&s->recoveries[i].promise, &p->id)) {
			card->reopened += s->recoveries[i].reopened;
			card->recoveries++;
		}
	card->repeats += is_repeat(s, index, as_of);
	if (is_goodwill(p, scored.score) && p->amount == 0)
		card->goods += p->quantity;
	if (scored.evidence.ms != 0)
		troth_durations_add(&card->settled, p->made, scored.evidence);
	return true;
}

bool troth_card_owed(struct troth_owed_card *card, const struct troth_subject *s,
		     unsigned index, struct troth_time as_of)
{
	const struct troth_commitment *c = &s->commitments[index];
	struct troth_scored scored = troth_score_commitment(s, index, as_of);
	int i = troth_subject_promise(s, &c->promise);

	if (scored.score == TROTH_SCORE_NONE || i < 0)
		return false;
	troth_tally_add(&card->outcomes, scored.score);
	card->unacknowledged += troth_commitment_unacknowledged(c);
	card->ack_overdue += c->ack_overdue.ms != 0;
	card->reopened += c->reopened;
	if (c->acknowledged.ms != 0)
		troth_durations_add(&card->acknowledged, c->requested, c->acknowledged);
	if (scored.evidence.ms != 0)
		troth_durations_add(&card->settled, s->promises[i].made, scored.evidence);
	return true;
}

static void add_tally(struct troth_tally *t, const struct troth_tally *more)
{
	for (int v = TROTH_SCORE_KEPT; v <= TROTH_SCORE_LAST; v++)
		t->of[v] += more->of[v];
}

static void add_durations(struct troth_durations *d, const struct troth_durations *more)
{
	d->count += more->count;
	d->total_ms += more->total_ms;
	for (unsigned i = 0; i < TROTH_DURATIONS; i++)
		d->within[i] += more->within[i];
}

void troth_made_card_add(struct troth_made_card *card, const struct troth_made_card *more)
{
	add_tally(&card->outcomes, &more->outcomes);
	card->over_authority += more->over_authority;
	card->reopened += more->reopened;
	card->recoveries += more->recoveries;
	card->repeats += more->repeats;
	card->goods += more->goods;
	add_durations(&card->settled, &more->settled);
}

void troth_owed_card_add(struct troth_owed_card *card, const struct troth_owed_card *more)
{
	add_tally(&card->outcomes, &more->outcomes);
	card->unacknowledged += more->unacknowledged;
	card->ack_overdue += more->ack_overdue;
	card->reopened += more->reopened;
	add_durations(&card->acknowledged, &more->acknowledged);
	add_durations(&card->settled, &more->settled);
}

int64_t troth_goodwill(const struct troth_subject *s, unsigned index,
		       struct troth_time as_of)
{
	const struct troth_promise *p = &s->promises[index];

	return is_goodwill(p, troth_score_promise(s, index, as_of).score) ? p->amount : 0;
}
