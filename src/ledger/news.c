/*
 * news - who waits for its feed, or for marks, and is told when there are any.
 *
 * A turn looks at those whose feed the commit has added to, those that have just come
 * and those whose wait is over: not at all who wait. Only marks are looked through by
 * all, and they wait a little for each other.
 */
#include "hub.h"

/* Answers, unless there is nothing new and an answer need not be given (false). */
static bool answer_follow(struct troth_hub *h, struct conn *c, uint32_t request,
			  const struct troth_bus_follow *m, struct troth_time now,
			  bool must)
{
	int count;

	troth_buf_reset(&h->out);
	count = troth_ledger_follow(h->ledger, c->origin, m, hub_date(h, now), &h->out);
	if (count == 0 && !must)
		return false;
	if (count >= 0) {
		h->io.reply(h->io.ctx, c->id, request, &h->out);
		return true;
	}
	h->io.note(h->io.ctx, "follow_failed", c->origin, "the store cannot be read");
	h->io.close(h->io.ctx, c->id, "the store cannot be read");
	return true;
}

void news_park(struct troth_hub *h, struct conn *c, uint32_t request,
	       const struct troth_bus_follow *m)
{
	if (conns_park(&h->conns, c, request, m))
		return;
	h->io.note(h->io.ctx, "too_many_follows", c->origin, "more than 4 at one time");
	h->io.close(h->io.ctx, c->id, "more than 4 follows at one time");
}

/* Answers, whatever there is. */
static void serve(struct troth_hub *h, struct parked *p, struct troth_time now)
{
	struct troth_bus_follow follow = p->follow;
	uint32_t request = p->request;

	conns_unpark(&h->conns, p);
	(void)answer_follow(h, p->conn, request, &follow, now, true);
}

struct serving {
	struct troth_hub *h;
	struct troth_time now;
};

/* The commit has added to the party's feed: tells those who wait for that. */
static void on_fed(void *ctx, const char *party, uint64_t len)
{
	const struct serving *s = ctx;
	struct conn *c = NULL;

	while ((c = conns_of_party(&s->h->conns, c, party)) != NULL) {
		c->feed_len = len;
		for (unsigned i = 0; i < PARKED_MAX; i++)
			if (c->parked[i].request != 0 && c->parked[i].follow.after < len)
				serve(s->h, &c->parked[i], s->now);
	}
}

/* Has come since the last turn: is answered, or begins to wait. */
static void begin_to_wait(struct troth_hub *h, struct parked *p, struct troth_time now)
{
	if (p->conn->feed_len > p->follow.after) {
		serve(h, p, now);
		return;
	}
	conns_wait(&h->conns, p, (struct troth_time){ now.ms + p->follow.wait_ms });
	if (p->follow.marks_after < troth_ledger_marks(h->ledger))
		hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
}

/* Tells who waits of the marks that there are, if they are anything to it. */
static void serve_marks(struct troth_hub *h, struct troth_time now)
{
	uint64_t marks = troth_ledger_marks(h->ledger);

	h->marks_at.ms = 0;
	for (struct parked *p = h->conns.soonest, *next; p != NULL; p = next) {
		next = p->later;
		if (p->follow.marks_after >= marks)
			continue;
		if (answer_follow(h, p->conn, p->request, &p->follow, now, false)) {
			conns_unpark(&h->conns, p);
			continue;
		}
		/* The news was of others: go on waiting, past it. */
		p->follow.marks_after += TROTH_MARKS_LOOKED_AT;
		if (p->follow.marks_after < marks)
			hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
		else
			p->follow.marks_after = marks;
	}
}

void news_serve(struct troth_hub *h, struct troth_time now, bool advanced)
{
	uint64_t marks = troth_ledger_marks(h->ledger);
	struct parked *p;

	if (advanced)
		troth_ledger_each_fed(h->ledger, &(struct serving){ h, now }, on_fed);
	while ((p = h->conns.soonest) != NULL && p->until.ms <= now.ms)
		if (p->until.ms == PARKED_NEW)
			begin_to_wait(h, p, now);
		else
			serve(h, p, now);
	if (marks != h->marks && h->conns.soonest != NULL)
		hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
	h->marks = marks;
	if (h->marks_at.ms != 0 && h->marks_at.ms <= now.ms)
		serve_marks(h, now);
}

bool news_due(const struct troth_hub *h, struct troth_time now)
{
	const struct parked *p = h->conns.soonest;

	return (p != NULL && p->until.ms <= now.ms) ||
	       (h->marks_at.ms != 0 && h->marks_at.ms <= now.ms);
}

struct troth_time news_at(const struct troth_hub *h)
{
	struct troth_time t = h->marks_at;

	if (h->conns.soonest != NULL && h->conns.soonest->until.ms != PARKED_NEW)
		hub_sooner(&t, h->conns.soonest->until.ms);
	return t;
}
