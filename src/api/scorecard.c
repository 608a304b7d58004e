/*
 * Scorecards: what parties promised and what they owed, slice by slice.
 */
#include "handlers.h"
#include "slice.h"

#include "troth/base/text.h"
#include "troth/core/scorecard.h"

#include <stdlib.h>
#include <string.h>

/* What the caller asks for; nothing: everything. */
struct filter {
	const char *party, *site;
	int kind; /* 0: any. */
	struct troth_time from, to;
};

static bool bad(struct troth_call *c, const char *field, const char *what)
{
	troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, field, what);
	return false;
}

static bool read_filter(struct troth_call *c, struct filter *f)
{
	const char *kind = troth_call_query(c, "kind");
	struct troth_party party;

	*f = (struct filter){ .party = troth_call_query(c, "party"),
			      .site = troth_call_query(c, "site") };
	if (f->party != NULL && !troth_text_is_name(f->party, TROTH_PARTY_MAX))
		return bad(c, "party", "must be a name of at most 32 bytes");
	if (f->party != NULL && !troth_state_party(c->t, f->party, &party))
		return bad(c, "party", "there is no such party in the federation");
	if (f->site != NULL && !troth_text_is_name(f->site, TROTH_SITE_MAX))
		return bad(c, "site", "must be a name of at most 32 bytes");
	if (f->site != NULL && f->party == NULL)
		return bad(c, "site", "needs a party");
	if (kind != NULL)
		f->kind = troth_kind_number(kind);
	if (f->kind < 0)
		return bad(c, "kind", "is not one of the kinds");
	if (!troth_read_time(c, "from", &f->from) || !troth_read_time(c, "to", &f->to))
		return false;
	if (f->to.ms != 0 && f->to.ms <= f->from.ms)
		return bad(c, "to", "must be later than from");
	return true;
}

static bool asked_for(const struct filter *f, const struct troth_promise *p)
{
	return (f->kind == 0 || p->kind == (enum troth_kind)f->kind) &&
	       p->made.ms >= f->from.ms && (f->to.ms == 0 || p->made.ms < f->to.ms);
}

static bool is_party(const struct filter *f, const char *party)
{
	return f->party == NULL || strcmp(f->party, party) == 0;
}

/* ---- Cards ---- */

struct made {
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	enum troth_kind kind;
	char currency[4]; /* Of `goodwill`; empty where that is 0. */
	int64_t goodwill;
	struct troth_made_card card;
};

struct owed {
	char party[TROTH_PARTY_MAX + 1];
	enum troth_kind kind;
	struct troth_owed_card card;
};

/* Cards of one subject's things at a time are added to those that are there. */
struct cards {
	size_t made_count, owed_count;
	struct made *made; /* Sorted by party, site, kind and currency; */
	struct owed *owed; /* by party and kind. CARDS_MAX, and those of a subject. */
	uint64_t things;
};

#define CARDS_MAX 4000

static int by_made(const struct made *x, const struct made *y)
{
	int d = strcmp(x->party, y->party);

	if (d == 0)
		d = strcmp(x->site, y->site);
	if (d == 0)
		d = (int)x->kind - (int)y->kind;
	return d != 0 ? d : strcmp(x->currency, y->currency);
}

static int by_owed(const struct owed *x, const struct owed *y)
{
	int d = strcmp(x->party, y->party);

	return d != 0 ? d : (int)x->kind - (int)y->kind;
}

/* The card with the key of `key`, made if need be: there is room. */
static struct made *made_card(struct cards *k, const struct made *key)
{
	size_t low = 0, high = k->made_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (by_made(&k->made[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == k->made_count || by_made(&k->made[low], key) != 0) {
		memmove(&k->made[low + 1], &k->made[low],
			(k->made_count - low) * sizeof(*k->made));
		k->made[low] = *key;
		k->made_count++;
	}
	return &k->made[low];
}

static struct owed *owed_card(struct cards *k, const struct owed *key)
{
	size_t low = 0, high = k->owed_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (by_owed(&k->owed[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == k->owed_count || by_owed(&k->owed[low], key) != 0) {
		memmove(&k->owed[low + 1], &k->owed[low],
			(k->owed_count - low) * sizeof(*k->owed));
		k->owed[low] = *key;
		k->owed_count++;
	}
	return &k->owed[low];
}

static void add_made(struct cards *k, const struct filter *f,
		     const struct troth_subject *s, unsigned i, struct troth_time as_of)
{
	const struct troth_promise *p = &s->promises[i];
	struct made key = { .kind = p->kind };
	struct troth_made_card counted = { .goods = 0 };
	struct made *m;

	if (!asked_for(f, p) || !is_party(f, p->party) ||
	    (f->site != NULL && strcmp(f->site, p->site) != 0) ||
	    !troth_card_made(&counted, s, i, as_of))
		return;
	TROTH_TEXT_SET(key.party, p->party);
	TROTH_TEXT_SET(key.site, p->site);
	if (troth_goodwill(s, i, as_of) != 0)
		TROTH_TEXT_SET(key.currency, p->currency);
	m = made_card(k, &key);
	m->goodwill += troth_goodwill(s, i, as_of);
	troth_made_card_add(&m->card, &counted);
	k->things++;
}

static void add_owed(struct cards *k, const struct filter *f,
		     const struct troth_subject *s, unsigned i, struct troth_time as_of)
{
	const struct troth_commitment *c = &s->commitments[i];
	int p = troth_subject_promise(s, &c->promise);
	struct troth_owed_card counted = { .reopened = 0 };
	struct owed key = { .kind = 0 };

	/* Sites promise, parties owe. */
	if (f->site != NULL || p < 0 || !asked_for(f, &s->promises[p]) ||
	    !is_party(f, c->debtor) || !troth_card_owed(&counted, s, i, as_of))
		return;
	key.kind = s->promises[p].kind;
	TROTH_TEXT_SET(key.party, c->debtor);
	troth_owed_card_add(&owed_card(k, &key)->card, &counted);
	k->things++;
}

/* ---- The answer ---- */

static void out_outcomes(struct troth_out *o, const struct troth_tally *t)
{
	uint64_t all = 0;

	for (int v = TROTH_SCORE_KEPT; v <= TROTH_SCORE_LAST; v++)
		all += t->of[v];
	troth_out_uint(o, "count", all);
	for (int v = TROTH_SCORE_KEPT; v <= TROTH_SCORE_LAST; v++)
		troth_out_uint(o, troth_score_name((enum troth_score)v), t->of[v]);
}

static void out_durations(struct troth_out *o, const char *key,
			  const struct troth_durations *d)
{
	troth_out_object(o, key);
	troth_out_uint(o, "count", d->count);
	troth_out_uint(o, "total_ms", d->total_ms);
	troth_out_array(o, "within");
	for (unsigned i = 0; i < TROTH_DURATIONS; i++)
		troth_out_uint(o, NULL, d->within[i]);
	troth_out_end_array(o);
	troth_out_end_object(o);
}

/* Cards of the same party, site and kind differ in currency: one row, end behind it. */
static size_t out_made(struct troth_out *o, const struct cards *k, size_t first)
{
	const struct made *m = &k->made[first];
	struct troth_made_card sum = { .goods = 0 };
	size_t end = first;

	while (end < k->made_count && strcmp(k->made[end].party, m->party) == 0 &&
	       strcmp(k->made[end].site, m->site) == 0 && k->made[end].kind == m->kind)
		troth_made_card_add(&sum, &k->made[end++].card);
	troth_out_object(o, NULL);
	troth_out_text(o, "party", m->party);
	troth_out_text(o, "site", m->site);
	troth_out_text(o, "kind", troth_kind_name(m->kind));
	out_outcomes(o, &sum.outcomes);
	troth_out_uint(o, "over_authority", sum.over_authority);
	troth_out_uint(o, "reopened", sum.reopened);
	troth_out_uint(o, "recoveries", sum.recoveries);
	troth_out_uint(o, "repeats", sum.repeats);
	troth_out_uint(o, "goods", sum.goods);
	troth_out_array(o, "goodwill");
	for (size_t i = first; i < end; i++) {
		if (k->made[i].currency[0] == '\0')
			continue;
		troth_out_object(o, NULL);
		troth_out_text(o, "currency", k->made[i].currency);
		troth_out_int(o, "amount", k->made[i].goodwill);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
	out_durations(o, "settled", &sum.settled);
	troth_out_end_object(o);
	return end;
}

static void out_owed(struct troth_out *o, const struct owed *d)
{
	troth_out_object(o, NULL);
	troth_out_text(o, "party", d->party);
	troth_out_text(o, "kind", troth_kind_name(d->kind));
	out_outcomes(o, &d->card.outcomes);
	troth_out_uint(o, "unacknowledged", d->card.unacknowledged);
	troth_out_uint(o, "ack_overdue", d->card.ack_overdue);
	troth_out_uint(o, "reopened", d->card.reopened);
	out_durations(o, "acknowledged", &d->card.acknowledged);
	out_durations(o, "settled", &d->card.settled);
	troth_out_end_object(o);
}

/* What the address of the next slice repeats. */
static void put_filter(struct troth_buf *b, const struct filter *f)
{
	const struct {
		const char *name;
		struct troth_time at;
	} times[] = { { "from", f->from }, { "to", f->to } };
	char text[TROTH_TIME_TEXT];

	if (f->party != NULL)
		troth_buf_printf(b, "&party=%s", f->party);
	if (f->site != NULL)
		troth_buf_printf(b, "&site=%s", f->site);
	if (f->kind != 0)
		troth_buf_printf(b, "&kind=%s",
				 troth_kind_name((enum troth_kind)f->kind));
	for (size_t i = 0; i < TROTH_LEN(times); i++) {
		if (times[i].at.ms == 0)
			continue;
		troth_time_format(text, times[i].at);
		troth_buf_printf(b, "&%s=%s", times[i].name, text);
	}
	troth_buf_put_u8(b, '\0');
}

static void answer(struct troth_call *c, struct troth_slice *s, const struct filter *f,
		   const struct cards *k)
{
	struct troth_out o = troth_call_reply(c, 200);
	struct troth_buf more = TROTH_BUF_INIT;

	troth_out_array(&o, "bounds_ms");
	for (unsigned i = 0; i < TROTH_DURATIONS; i++)
		troth_out_int(&o, NULL, troth_duration_bounds_ms[i]);
	troth_out_end_array(&o);
	troth_out_array(&o, "made");
	for (size_t i = 0; i < k->made_count;)
		i = out_made(&o, k, i);
	troth_out_end_array(&o);
	troth_out_array(&o, "owed");
	for (size_t i = 0; i < k->owed_count; i++)
		out_owed(&o, &k->owed[i]);
	troth_out_end_array(&o);
	put_filter(&more, f);
	troth_slice_end(s, &o, more.failed ? "" : (const char *)more.data);
	troth_buf_fini(&more);
}

void troth_get_scorecards(struct troth_call *c)
{
	struct cards k = { 0 };
	struct troth_slice s;
	struct filter f;

	if (!read_filter(c, &f) || !troth_slice_begin(&s, c))
		return;
	k.made = calloc(CARDS_MAX + TROTH_PROMISES_MAX, sizeof(*k.made));
	k.owed = calloc(CARDS_MAX + TROTH_COMMITMENTS_MAX, sizeof(*k.owed));
	if (k.made != NULL && k.owed != NULL) {
		while (troth_slice_next(&s, k.things >= TROTH_SLICE_THINGS_MAX ||
						    k.made_count >= CARDS_MAX ||
						    k.owed_count >= CARDS_MAX)) {
			const struct troth_subject *subject = &c->api->view->subject;

			for (unsigned i = 0; i < subject->promise_count; i++)
				add_made(&k, &f, subject, i, s.as_of);
			for (unsigned i = 0; i < subject->commitment_count; i++)
				add_owed(&k, &f, subject, i, s.as_of);
		}
		answer(c, &s, &f, &k);
	}
	free(k.made);
	free(k.owed);
}
