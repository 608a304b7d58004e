/*
 * What is promised unasked, held against what HQ had decided and whoever promised it had
 * heard of: counted from the entries, apart from the code that judges.
 */
#include "book.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

/* When the event at hand was written, by all that central knows of it. */
static int64_t written_ms(const struct oracle *o, const struct troth_entry *entry)
{
	uint64_t seen = o->event.seen_size;
	int64_t at = o->event.created.ms;

	if (at > entry->accepted.ms)
		at = entry->accepted.ms;
	if (seen > 0 && o->entries[seen - 1].accepted.ms > at)
		at = o->entries[seen - 1].accepted.ms;
	return at;
}

static bool stands(const struct oracle *o, const struct taken *t)
{
	const struct known_subject *k = oracle_subject((struct oracle *)o, &t->subject);
	int i = k != NULL ? troth_subject_promise(k->s, &t->promise) : -1;

	return i >= 0 && !came_to_nothing(k->s->promises[i].state);
}

/* What else the customer has of the grant, by what stands so near in time. */
static int64_t taken_by(const struct oracle *o, const struct taken *of, int64_t period_ms)
{
	int64_t sum = 0;

	for (size_t i = 0; i < o->book->taken_count; i++) {
		const struct taken *t = &o->book->takens[i];

		if (!troth_id_eq(&t->promise, &of->promise) &&
		    strcmp(t->party, of->party) == 0 &&
		    strcmp(t->grant, of->grant) == 0 &&
		    strcmp(t->customer, of->customer) == 0 &&
		    llabs(t->at_ms - of->at_ms) <= period_ms && stands(o, t))
			sum += t->cost;
	}
	return sum;
}

/* What has been decided that bears on it. */
struct decided {
	bool suspended, grant_withdrawn, policy_withdrawn; /* And had been heard of. */
	const struct troth_grant *grant;
	uint64_t level; /* Of whoever makes the event. */
};

static void decide(struct decided *out, const struct decision *d,
		   const struct troth_event *e, const struct troth_promise *p)
{
	bool heard = d->position <= e->seen_size;
	bool named = strcmp(d->name, p->grant) == 0;

	if (d->type == TROTH_EVENT_POLICY_WITHDRAWN && d->number == p->policy_version)
		out->policy_withdrawn = heard;
	if (strcmp(d->party, p->party) != 0)
		return;
	if (d->type == TROTH_EVENT_PARTY_SUSPENDED) {
		out->suspended = heard;
	} else if (d->type == TROTH_EVENT_PARTY_RESUMED) {
		out->suspended = false;
	} else if (d->type == TROTH_EVENT_GRANT_WITHDRAWN && named) {
		out->grant_withdrawn = out->grant_withdrawn || heard;
	} else if (d->type == TROTH_EVENT_GRANT_GIVEN && named) {
		out->grant_withdrawn = false;
		out->grant = &d->grant;
	} else if (d->type == TROTH_EVENT_AGENT_CERTIFIED &&
		   strcmp(d->name, e->actor) == 0) {
		out->level = d->number;
	}
}

static void check(struct sim *s, const struct troth_promise *p, const struct taken *t,
		  bool approved)
{
	const struct oracle *o = s->oracle;
	struct decided d = { .grant = NULL };
	const char *wrong = NULL;

	for (size_t i = 0; i < o->book->decision_count; i++)
		decide(&d, &o->book->decisions[i], &o->event, p);
	if (d.suspended)
		wrong = "though it knew that it was suspended";
	else if (d.grant_withdrawn)
		wrong = "by a grant that it knew was withdrawn";
	else if (d.policy_withdrawn)
		wrong = "by a policy that it knew was withdrawn";
	else if (d.grant == NULL)
		wrong = "by no grant";
	else if (p->cost > d.grant->most)
		wrong = "beyond its grant";
	else if (d.grant->per_customer > 0 &&
		 taken_by(o, t, d.grant->period_ms) + p->cost > d.grant->per_customer)
		wrong = "to one customer more than its grant allows";
	else if (d.level < d.grant->level || (approved && d.level < 2))
		wrong = "without the certificate";
	else if (approved && (p->asked != TROTH_REASON_UNCERTIFIED ||
			      strcmp(p->actor, o->event.actor) == 0))
		wrong = "by the word of somebody who could not give it";
	if (wrong != NULL)
		sim_fail(s, "authority", "%s promises unasked %s", p->party, wrong);
}

static void note(struct book *b, const struct taken *t)
{
	size_t i = 0;

	while (i < b->taken_count && !troth_id_eq(&b->takens[i].promise, &t->promise))
		i++;
	if (i == b->taken_count)
		b->takens = book_grow(b->takens, b->taken_count++, &b->taken_cap,
				      sizeof(*t));
	b->takens[i] = *t;
}

void book_made(struct sim *s, const struct known_subject *k,
	       const struct troth_entry *entry)
{
	struct oracle *o = s->oracle;
	const struct troth_event *e = &o->event;
	bool approved = e->type == TROTH_EVENT_PROMISE_STEP &&
			e->u.promise_step.action == TROTH_PROMISE_DO_APPROVE;
	const struct troth_promise *p;
	struct taken t = { .at_ms = written_ms(o, entry) };
	int i;

	if (e->type != TROTH_EVENT_PROMISE_MADE && !approved)
		return;
	i = troth_subject_promise(k->s, approved ? &e->u.promise_step.promise
						 : &e->u.promise.id);
	if (i < 0)
		sim_fail(s, "model", "a promise that was made is not there");
	p = &k->s->promises[i];
	t.promise = p->id;
	t.subject = k->s->id;
	t.cost = p->cost;
	TROTH_TEXT_SET(t.party, p->party);
	TROTH_TEXT_SET(t.grant, p->grant);
	TROTH_TEXT_SET(t.customer, k->s->customer);
	s->counts.supervised += approved && !o->by_brand;
	if (entry->verdict.outcome == TROTH_TAKES_EFFECT && o->policy_count > 0 &&
	    (approved ? !o->by_brand : p->asked == 0))
		check(s, p, &t, approved);
	if (p->grant[0] != '\0')
		note(o->book, &t);
}
