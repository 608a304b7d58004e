/*
 * What "may I" was answered, against what the site could know: the decisions of HQ
 * that had come to it, and what it had told before.
 */
#include "book.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

bool yes_is_over(const struct sim *s, const struct yes *y)
{
	return y->ended || (!y->spoken && y->lapses_ms < s->nodes[y->node].latest);
}

static struct yes *find_yes(struct book *b, const struct troth_id *promise)
{
	for (size_t i = b->yes_count; i-- > 0;)
		if (troth_id_eq(&b->yeses[i].promise, promise))
			return &b->yeses[i];
	return NULL;
}

const struct yes *book_to_speak(struct sim *s, const struct node *n)
{
	struct book *b = s->oracle->book;

	for (size_t i = b->yes_count; i-- > 0;) {
		struct yes *y = &b->yeses[i];

		if (y->node != n->number || y->ended || y->tries >= 2 ||
		    (y->spoken && !dice_percent(&s->dice, 1)) ||
		    (!y->spoken && (y->speak_ms == 0 || y->speak_ms > s->now)))
			continue;
		y->tries++;
		return y;
	}
	return NULL;
}

/* ---- What the site knows ---- */

struct known {
	bool suspended, frozen;
	bool in_doubt; /* Its store went back, and nobody has looked into it since. */
	bool has_grant;
	struct troth_grant grant;
	uint64_t level, newest, withdrawn;
};

static void learn(struct known *k, const struct decision *d, const struct yes *y,
		  const char *actor)
{
	switch ((unsigned)d->type) {
	case TROTH_EVENT_POLICY_PUBLISHED:
		k->newest = d->number;
		return;
	case TROTH_EVENT_POLICY_WITHDRAWN:
		if (d->number == k->newest)
			k->withdrawn = d->number;
		return;
	default:
		break;
	}
	if (strcmp(d->party, y->party) != 0)
		return;
	switch ((unsigned)d->type) {
	case TROTH_EVENT_GRANT_GIVEN:
		if (strcmp(d->name, y->grant) == 0) {
			k->has_grant = true;
			k->grant = d->grant;
		}
		break;
	case TROTH_EVENT_GRANT_WITHDRAWN:
		if (strcmp(d->name, y->grant) == 0 &&
		    (k->grant.until.ms == 0 || k->grant.until.ms > d->accepted.ms))
			k->grant.until = d->accepted;
		break;
	case TROTH_EVENT_AGENT_CERTIFIED:
		if (strcmp(d->name, actor) == 0)
			k->level = d->number;
		break;
	case TROTH_EVENT_PARTY_SUSPENDED:
		k->suspended = true;
		break;
	case TROTH_EVENT_PARTY_RESUMED:
		k->suspended = false;
		break;
	default:
		if (strcmp(d->site, y->site) != 0 || strcmp(d->name, y->pool) != 0)
			break;
		if (d->type == TROTH_EVENT_SHARE_FROZEN)
			k->frozen = true;
		if (d->type == TROTH_EVENT_SHARE_THAWED)
			k->frozen = false;
		break;
	}
}

static void learn_all(struct sim *s, const struct yes *y, const char *actor,
		      struct known *k)
{
	const struct book *b = s->oracle->book;
	const struct node *n = &s->nodes[y->node];
	struct troth_txn t;

	*k = (struct known){ .in_doubt = n->doubted_at != 0 };
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	for (size_t i = 0; i < b->decision_count; i++) {
		const struct decision *d = &b->decisions[i];
		struct troth_span entry;
		uint8_t key[8];

		troth_store_u64be(key, d->position - 1);
		if (!troth_txn_get(&t, TROTH_T_ENTRIES, troth_span(key, 8), &entry))
			continue;
		learn(k, d, y, actor);
		if (d->position > n->doubted_at && strcmp(d->site, y->site) == 0 &&
		    strcmp(d->party, y->party) == 0)
			k->in_doubt = false;
	}
	troth_txn_abort(&t);
}

/* ---- A yes ---- */

/* It may end before the one who asked has heard that it was a yes. */
static void note_end(struct book *b, const struct troth_id *id)
{
	b->ends = book_grow(b->ends, b->end_count, &b->end_cap, sizeof(*id));
	b->ends[b->end_count++] = *id;
}

/* And somebody else may have told it by then, or asked HQ. */
static void note_step(struct book *b, const struct troth_id *promise)
{
	b->steps = book_grow(b->steps, b->step_count, &b->step_cap, sizeof(*promise));
	b->steps[b->step_count++] = *promise;
}

static bool has_step(const struct book *b, const struct troth_id *promise)
{
	for (size_t i = 0; i < b->step_count; i++)
		if (troth_id_eq(&b->steps[i], promise))
			return true;
	return false;
}

static bool has_end(const struct book *b, const struct troth_id *id)
{
	for (size_t i = 0; i < b->end_count; i++)
		if (troth_id_eq(&b->ends[i], id))
			return true;
	return false;
}

static int64_t cost_of(const struct troth_asked *a)
{
	if (a->amount > 0)
		return a->amount;
	return a->quantity > 0 ? a->quantity : 1;
}

static bool covers(const struct troth_grant *g, const struct troth_asked *a)
{
	if ((g->kinds & 1u << a->kind) == 0 || strcmp(g->currency, a->currency) != 0)
		return false;
	return g->sku_count == 0 || strcmp(g->skus[0].sku, a->sku) == 0;
}

/* What this site has told that customer under the grant, within the period. */
static int64_t given_to(const struct sim *s, const struct yes *of, int64_t period_ms)
{
	const struct book *b = s->oracle->book;
	int64_t sum = 0;

	for (size_t i = 0; i < b->yes_count; i++) {
		const struct yes *y = &b->yeses[i];

		if (y->node == of->node && y->restores == of->restores &&
		    strcmp(y->party, of->party) == 0 &&
		    strcmp(y->grant, of->grant) == 0 &&
		    strcmp(y->customer, of->customer) == 0 &&
		    y->made_ms > of->made_ms - period_ms && !yes_is_over(s, y))
			sum += y->cost;
	}
	return sum;
}

/* What the agent holds back there, as far as clients know. */
static unsigned held_by(const struct sim *s, const struct yes *of)
{
	const struct book *b = s->oracle->book;
	unsigned n = 0;

	for (size_t i = 0; i < b->yes_count; i++) {
		const struct yes *y = &b->yeses[i];

		n += y->node == of->node && y->restores == of->restores &&
		     strcmp(y->actor, of->actor) == 0 && y->pool[0] != '\0' &&
		     y->lapses_ms >= of->made_ms && y->made_ms <= of->made_ms &&
		     !y->touched && !y->spoken && !y->asked && !y->ended;
	}
	return n;
}

static void check_yes(struct sim *s, const struct op *op, const struct yes *y,
		      const struct troth_answered *a)
{
	const char *who = op->drafts[0]->actor;
	const struct troth_grant *g;
	const char *wrong = NULL;
	struct known k;

	learn_all(s, y, who, &k);
	g = &k.grant;
	if (k.newest == 0 || a->policy_version != k.newest || k.withdrawn == k.newest)
		wrong = "under a policy that does not stand";
	else if (policy_forbids(k.newest, op->asked.kind, y->cost))
		wrong = "to what the policy forbids";
	else if (k.suspended)
		wrong = "though the party is suspended";
	else if (!k.has_grant || !covers(g, &op->asked) ||
		 (g->until.ms != 0 && y->made_ms >= g->until.ms))
		wrong = "without a grant";
	else if (strcmp(g->pool, y->pool) != 0 || y->cost != cost_of(&op->asked))
		wrong = "for another cost, or from another pool";
	else if (y->cost > g->most)
		wrong = "beyond the grant";
	else if (k.level < g->level)
		wrong = "to an agent without the certificate";
	else if (g->per_customer > 0 &&
		 given_to(s, y, g->period_ms) + y->cost > g->per_customer)
		wrong = "beyond what one customer may get";
	else if (g->pool[0] != '\0' && held_by(s, y) >= TROTH_UNSPOKEN_MAX)
		wrong = "to an agent who holds as many offers as one may";
	else if (g->pool[0] != '\0' && k.frozen)
		wrong = "from a frozen share";
	else if (g->pool[0] != '\0' && k.in_doubt)
		wrong = "from a share that may be spent already";
	if (wrong != NULL)
		sim_fail(s, "may", "op %u: yes to %s of %lld at site %u, %s", op->number,
			 troth_kind_name(op->asked.kind), (long long)y->cost, y->node,
			 wrong);
}

static void told_yes(struct sim *s, const struct op *op, const struct troth_result *r)
{
	struct book *b = s->oracle->book;
	const struct troth_event *e = op->drafts[0];
	const struct node *n = &s->nodes[op->node];
	unsigned dice = (unsigned)dice_below(&s->dice, 100);
	struct yes y = {
		.op = op->number,
		.node = op->node,
		.kind = r->subject_kind,
		.subject = r->subject,
		.promise = r->item,
		.cost = r->answer.cost,
		.made_ms = r->at.ms,
		.lapses_ms = r->answer.lapses.ms,
		.restores = n->restores,
	};
	struct held *h;

	if (find_yes(b, &r->item) != NULL)
		return; /* The same again. */
	TROTH_TEXT_SET(y.party, e->on_behalf[0] != '\0' ? e->on_behalf : n->party);
	TROTH_TEXT_SET(y.site, n->site);
	TROTH_TEXT_SET(y.pool, r->answer.pool);
	TROTH_TEXT_SET(y.grant, r->answer.grant);
	TROTH_TEXT_SET(y.customer, op->customer);
	TROTH_TEXT_SET(y.actor, e->actor);
	if (dice < 80) /* Soon, or when it is too late. */
		y.speak_ms = dice < 72 ? s->now + dice_between(&s->dice, 0, 2500)
				       : s->now + (y.lapses_ms - y.made_ms) +
						 dice_between(&s->dice, 0, 4000);
	for (size_t i = 0; i < b->spend_count; i++)
		y.booked |= troth_id_eq(&b->spends[i].promise, &y.promise);
	y.ended = r->repeated && (has_end(b, &y.promise) || has_end(b, &y.subject));
	y.asked = r->repeated && has_step(b, &y.promise);
	if (!r->repeated)
		check_yes(s, op, &y, &r->answer);
	b->yeses = book_grow(b->yeses, b->yes_count, &b->yes_cap, sizeof(y));
	b->yeses[b->yes_count++] = y;
	if (y.pool[0] == '\0')
		return;
	h = book_held(b, y.party, y.site, y.pool);
	if (h == NULL)
		sim_fail(s, "I6", "op %u: yes out of a share that is not there",
			 op->number);
	book_check(s, h);
}

static void told_step(struct sim *s, const struct op *op, const struct troth_result *r)
{
	struct book *b = s->oracle->book;
	const struct troth_event *e = op->drafts[0];
	struct yes *y = find_yes(b, &e->u.promise_step.promise);
	const struct node *n = &s->nodes[op->node];
	struct held *h;

	if (y == NULL || y->node != op->node ||
	    (e->u.promise_step.action != TROTH_PROMISE_DO_ACTIVATE &&
	     e->u.promise_step.action != TROTH_PROMISE_DO_SPEAK))
		return;
	if (e->u.promise_step.action == TROTH_PROMISE_DO_ACTIVATE &&
	    r->reason == TROTH_REASON_WRONG_STATE && !r->repeated && !y->ended &&
	    !y->asked && !y->spoken && r->at.ms <= y->lapses_ms &&
	    y->restores == n->restores)
		sim_fail(s, "may", "op %u: said in time, of an offer that had lapsed",
			 op->number);
	/* Said too late: a fact. A store that was put back lets nothing lapse by itself.
	 */
	if (r->reason == TROTH_REASON_WRONG_STATE ||
	    (y->restores != n->restores && r->at.ms > y->lapses_ms)) {
		s->counts.late++;
		return;
	}
	s->counts.spoken += !y->spoken;
	y->spoken = true;
	h = book_held(b, y->party, y->site, y->pool);
	if (h != NULL)
		book_check(s, h);
}

void book_told(struct sim *s, const struct op *op, const struct troth_result *r)
{
	if (r->status != TROTH_DONE || op->drafts[0] == NULL)
		return;
	if (r->has_answer) {
		s->counts.answers[r->answer.answer]++;
		if (r->answer.answer == TROTH_ANSWER_YES)
			told_yes(s, op, r);
	} else if (op->drafts[0]->type == TROTH_EVENT_PROMISE_STEP) {
		told_step(s, op, r);
	}
}

/* What might end a promise counts as if it had: the site may believe it at once. */
void book_attempt(struct sim *s, const struct op *op)
{
	struct book *b = s->oracle->book;

	for (unsigned i = 0; i < op->count; i++) {
		const struct troth_event *e = op->drafts[i];
		struct yes *y = e->type == TROTH_EVENT_PROMISE_STEP
					? find_yes(b, &e->u.promise_step.promise)
					: NULL;
		bool step = e->type == TROTH_EVENT_PROMISE_STEP &&
			    (e->u.promise_step.action == TROTH_PROMISE_DO_EXPIRE ||
			     e->u.promise_step.action == TROTH_PROMISE_DO_RELEASE ||
			     e->u.promise_step.action == TROTH_PROMISE_DO_CANCEL);

		if (y != NULL)
			y->touched = true;
		if (y != NULL && e->u.promise_step.action == TROTH_PROMISE_DO_ASK)
			y->asked = true; /* HQ decides after all. */
		if (y == NULL && e->type == TROTH_EVENT_PROMISE_STEP)
			note_step(b, &e->u.promise_step.promise);
		if (!step && e->type != TROTH_EVENT_ORDER_CANCELLED)
			continue;
		note_end(b, step ? &e->u.promise_step.promise : &e->subject);
		for (size_t k = 0; k < b->yes_count; k++)
			if (step ? troth_id_eq(&b->yeses[k].promise,
					       &e->u.promise_step.promise)
				 : troth_id_eq(&b->yeses[k].subject, &e->subject))
				b->yeses[k].ended = true;
	}
}

void book_refused(struct sim *s, const struct troth_id *promise)
{
	struct yes *y = find_yes(s->oracle->book, promise);

	note_end(s->oracle->book, promise);
	if (y != NULL)
		y->ended = true;
}

void book_subject(struct sim *s, const struct troth_subject *k)
{
	struct book *b = s->oracle->book;

	for (size_t i = 0; i < b->yes_count; i++) {
		int p;

		if (!troth_id_eq(&b->yeses[i].subject, &k->id))
			continue;
		p = troth_subject_promise(k, &b->yeses[i].promise);
		if (p >= 0 && came_to_nothing(k->promises[p].state))
			b->yeses[i].ended = true;
	}
}
