/*
 * news - who waits for its feed, or for marks, and is told when there are any.
 *
 * A turn looks at those whose feed the commit has added to, those that have just come
 * and those whose wait is over: not at all who wait. Only marks are looked through by
 * all. They wait a little for each other, and are looked through in pieces: a site has
 * its share of the marks that are looked at in 20 ms, whether its answer is due anyhow
 * or it waits; to those who wait, the sites get by turns.
 */
#include "hub.h"

/* How many marks may still be looked at for the site. */
static unsigned share_left(struct conn_site *s, struct troth_time now)
{
	if (now.ms >= s->since_ms + MARKS_DELAY_MS || now.ms < s->since_ms) {
		s->since_ms = now.ms;
		s->looked = 0;
	}
	return MARKS_SITE_MAX - s->looked;
}

/*
 * Answers, unless there is nothing new and an answer need not be given (false): then
 * m->marks_after is past the marks that were looked at. Those are `marks` at most, and
 * the site's share.
 */
static bool answer_follow(struct troth_hub *h, struct conn *c, uint32_t request,
			  struct troth_bus_follow *m, struct troth_time now,
			  unsigned marks, bool must)
{
	int count;

	troth_buf_reset(&h->out);
	count = troth_ledger_follow(h->ledger, c->origin, m, hub_date(h, now), &marks,
				    &h->out);
	c->site->looked += marks;
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
	(void)answer_follow(h, p->conn, request, &follow, now,
			    share_left(p->conn->site, now), true);
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
	if (p->conn->feed_len > p->follow.after || p->follow.wait_ms == 0) {
		serve(h, p, now);
		return;
	}
	conns_wait(&h->conns, p, (struct troth_time){ now.ms + p->follow.wait_ms });
	if (p->follow.marks_after < troth_ledger_marks(h->ledger))
		hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
}

/*
 * Tells those of the site who wait of the marks that there are, if they are anything to
 * them; *left is reduced by those looked at. True: there are more to look at.
 */
static bool serve_site(struct troth_hub *h, struct conn_site *s, struct troth_time now,
		       unsigned *left)
{
	struct parked *p;

	while ((p = conns_behind(s, troth_ledger_marks(h->ledger))) != NULL) {
		unsigned share = share_left(s, now);
		unsigned looked = s->looked;

		if (share == 0 || *left == 0)
			return true;
		conns_looked(&h->conns, p);
		if (answer_follow(h, p->conn, p->request, &p->follow, now,
				  share < *left ? share : *left, false))
			conns_unpark(&h->conns, p);
		*left -= s->looked - looked;
	}
	return false;
}

static void serve_marks(struct troth_hub *h, struct troth_time now)
{
	unsigned left = MARKS_MAX, sites = h->conns.site_count;
	bool more = false;

	h->marks_at.ms = 0;
	for (; sites > 0 && left > 0; sites--)
		more |= serve_site(h, conns_next_site(&h->conns), now, &left);
	if (more || sites > 0)
		hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
}

void news_serve(struct troth_hub *h, struct troth_time now, bool advanced)
{
	uint64_t marks = troth_ledger_marks(h->ledger);
	struct parked *p;

	if (advanced)
		troth_ledger_each_fed(h->ledger, &(struct serving){ h, now }, on_fed);
	while ((p = conns_soonest(&h->conns)) != NULL && p->until.ms <= now.ms)
		if (p->until.ms == PARKED_NEW)
			begin_to_wait(h, p, now);
		else
			serve(h, p, now);
	if (marks != h->marks && conns_soonest(&h->conns) != NULL)
		hub_sooner(&h->marks_at, now.ms + MARKS_DELAY_MS);
	h->marks = marks;
	if (h->marks_at.ms != 0 && h->marks_at.ms <= now.ms)
		serve_marks(h, now);
}

bool news_due(const struct troth_hub *h, struct troth_time now)
{
	const struct parked *p = conns_soonest(&h->conns);

	return (p != NULL && p->until.ms <= now.ms) ||
	       (h->marks_at.ms != 0 && h->marks_at.ms <= now.ms);
}

struct troth_time news_at(const struct troth_hub *h)
{
	const struct parked *p = conns_soonest(&h->conns);
	struct troth_time t = h->marks_at;

	if (p != NULL && p->until.ms != PARKED_NEW)
		hub_sooner(&t, p->until.ms);
	return t;
}
