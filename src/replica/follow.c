#include "replica.h"

#include <stdlib.h>

static bool in_traffic(const struct troth_gateway *g)
{
	return g->raw_ms < g->commanded_ms + TRAFFIC_MS;
}

unsigned follow_share(const struct troth_gateway *g)
{
	return in_traffic(g) && g->arrival_count > 1 ? 1 : g->arrival_count;
}

void follow_kept(struct troth_gateway *g, unsigned count)
{
	arrivals_drop(g, count);
	g->apply_at_ms = g->raw_ms + COMPANY_MS;
}

/* Much at once only if there is much, or nobody asks anything meanwhile. */
void follow_aim(struct troth_gateway *g, size_t bytes)
{
	if (in_traffic(g) && bytes < g->follow_bytes / 2)
		g->follow_bytes = MESSAGE_MIN;
	else
		replica_grow(&g->follow_bytes, bytes);
}

/* Why the answer cannot be one to what was asked; NULL: it can. */
static const char *unsuitable(const struct troth_gateway *g,
			      const struct troth_bus_follow_ok *m)
{
	if (m->item_count > 0 && m->first != g->received + 1)
		return "it does not begin where we asked";
	for (size_t i = 0; i < m->item_count; i++)
		if (m->items[i].position == 0)
			return "an entry has no position";
	if (m->marks_upto < g->received_marks)
		return "its marks end before those that we asked for";
	if (m->size < g->heard_size)
		return "it speaks of a ledger shorter than one we know";
	if (m->size == g->heard_size && g->heard_size != 0 &&
	    !troth_digest_eq(&m->root, &g->heard_root))
		return "it speaks of another ledger of the same size";
	return NULL;
}

void follow_on_answer(struct troth_gateway *g, struct troth_bus_reply *reply)
{
	const struct troth_bus_follow_ok *m = &reply->u.follow;
	const char *problem = unsuitable(g, m);
	struct arrival *a;

	if (problem != NULL) {
		replica_note(g, "bad_feed", "central's answer to Follow: %s", problem);
		replica_lose(g, "central's answer to Follow: %s", problem);
		return;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return; /* It is asked for again. */
	g->received += m->item_count;
	g->received_marks = m->marks_upto;
	g->heard_size = m->size;
	g->heard_root = m->root;
	a->reply = *reply;
	*reply = (struct troth_bus_reply){ .owner = NULL };
	if (g->arrivals == NULL)
		g->apply_at_ms = g->raw_ms + (in_traffic(g) ? COMPANY_MS : 0);
	*g->arrivals_end = a;
	g->arrivals_end = &a->next;
	g->arrival_count++;
	if (follow_can_ask(g))
		follow_ask(g); /* Before the commit: so the round trip is hidden. */
}

bool follow_can_ask(const struct troth_gateway *g)
{
	return g->phase == PHASE_LIVE && g->arrival_count < g->config.follows_in_flight &&
	       replica_flights(g, TROTH_BUS_FOLLOW) == 0;
}

void follow_ask(struct troth_gateway *g)
{
	struct troth_bus_request m = {
		.type = TROTH_BUS_FOLLOW,
		.u.follow = {
			.after = g->received,
			.max_bytes = (uint32_t)g->follow_bytes,
			.wait_ms = (uint32_t)g->config.follow_wait_ms,
			.marks_after = g->received_marks,
		},
	};

	(void)replica_send(g, &m);
}

bool follow_can_report(const struct troth_gateway *g)
{
	return g->phase == PHASE_LIVE && replica_flights(g, TROTH_BUS_RECEIVE) == 0 &&
	       (!g->told || g->told_cursor != g->kept.cursor || g->diverged_count > 0);
}

void follow_report(struct troth_gateway *g)
{
	struct troth_bus_request m = {
		.type = TROTH_BUS_RECEIVE,
		.u.receive = {
			.cursor = TROTH_MUTANT(received_before_commit) ? g->received
								       : g->kept.cursor,
			.position = g->kept.position,
			.diverged_count = g->diverged_count,
			.diverged = g->diverged,
		},
	};
	struct flight *f = replica_send(g, &m);

	if (f != NULL) {
		f->cursor = g->kept.cursor;
		f->diverged = g->diverged_count;
	}
}

void follow_on_reported(struct troth_gateway *g, const struct flight *f)
{
	g->told = true;
	g->told_cursor = f->cursor;
	g->diverged_count -= f->diverged;
	memmove(g->diverged, g->diverged + f->diverged,
		g->diverged_count * sizeof(g->diverged[0]));
}
