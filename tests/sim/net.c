/*
 * The network: connections like TCP's. Within one, bytes come in order or not at
 * all; it can stall in one direction, break anywhere, and be dead at one end long
 * before the other end knows.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static struct conn *conn_of(struct sim *s, uint64_t id)
{
	return &s->conns[id - 1];
}

static uint64_t conn_new(struct sim *s, unsigned site)
{
	if (s->conn_count == s->conn_cap) {
		size_t cap = s->conn_cap == 0 ? 64 : 2 * s->conn_cap;
		struct conn *all = realloc(s->conns, cap * sizeof(*all));

		if (all == NULL)
			abort();
		/* Ends of empty lists point into the array itself. */
		for (size_t i = 0; i < s->conn_count; i++)
			for (int d = 0; d < 2; d++)
				if (all[i].first[d] == NULL)
					all[i].end[d] = &all[i].first[d];
		s->conns = all;
		s->conn_cap = cap;
	}
	struct conn *c = &s->conns[s->conn_count++];
	*c = (struct conn){ .site = site, .open = { true, true } };
	c->end[0] = &c->first[0];
	c->end[1] = &c->first[1];
	return s->conn_count;
}

static void enqueue(struct sim *s, uint64_t id, enum direction to, struct packet *p,
		    int64_t extra)
{
	struct conn *c = conn_of(s, id);
	int64_t at = p->sent_at + dice_between(&s->dice, 1, 40) + extra;

	if (dice_percent(&s->dice, 3))
		at += dice_between(&s->dice, 50, 3000);
	if (at < c->last[to])
		at = c->last[to];
	c->last[to] = at;
	p->at = at;
	*c->end[to] = p;
	c->end[to] = &p->next;
	sim_push(s, at, SIM_ARRIVE, to, id);
}

static struct packet *packet_new(int64_t sent_at)
{
	struct packet *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->sent_at = sent_at;
	return p;
}

uint32_t net_send(struct sim *s, uint64_t id, enum direction to, uint32_t request,
		  struct troth_buf *bytes, int64_t after)
{
	struct conn *c = conn_of(s, id);
	struct packet *p;

	if (to == TO_CENTRAL)
		request = ++c->next_request;
	if (c->cut || !c->open[to == TO_CENTRAL ? TO_SITE : TO_CENTRAL]) {
		troth_buf_fini(bytes); /* Into the void; nobody notices yet. */
		return request;
	}
	p = packet_new(s->now + after);
	p->request = request;
	p->bytes = *bytes;
	*bytes = TROTH_BUF_INIT;
	enqueue(s, id, to, p, 0);
	return request;
}

static void send_fin(struct sim *s, uint64_t id, enum direction to, int64_t extra)
{
	struct packet *p = packet_new(s->now);

	p->fin = true;
	enqueue(s, id, to, p, extra);
}

static void drop_packets(struct conn *c, enum direction to, unsigned keep)
{
	struct packet **at = &c->first[to];

	while (keep-- > 0 && *at != NULL && !(*at)->fin)
		at = &(*at)->next;
	while (*at != NULL) {
		struct packet *p = *at;

		*at = p->next;
		troth_buf_fini(&p->bytes);
		free(p);
	}
	c->end[to] = at;
}

/* How long an end may believe in a connection that is dead. */
static int64_t notice_ms(struct sim *s)
{
	return dice_percent(&s->dice, 70) ? dice_between(&s->dice, 0, 200)
					  : dice_between(&s->dice, 200, 30000);
}

void net_close(struct sim *s, uint64_t id, enum direction who_learns)
{
	struct conn *c = conn_of(s, id);

	if (!c->open[who_learns] || c->cut)
		return;
	send_fin(s, id, who_learns, dice_percent(&s->dice, 90) ? 0 : notice_ms(s));
}

void net_hub_closes(struct sim *s, uint64_t id)
{
	net_close(s, id, TO_SITE);
	drop_packets(conn_of(s, id), TO_CENTRAL, 0);
	send_fin(s, id, TO_CENTRAL, 0);
}

void net_cut(struct sim *s, uint64_t id)
{
	struct conn *c = conn_of(s, id);

	if (c->cut)
		return;
	s->counts.cuts++;
	sim_log(s, "net: connection %llu breaks", (unsigned long long)id);
	for (int to = 0; to < 2; to++) {
		drop_packets(c, (enum direction)to, (unsigned)dice_below(&s->dice, 4));
		if (c->open[to])
			send_fin(s, id, (enum direction)to, notice_ms(s));
	}
	c->cut = true;
}

static void at_central(struct sim *s, uint64_t id, struct packet *p)
{
	struct node *n = &s->nodes[0];
	struct conn *c = conn_of(s, id);

	if (!n->up || !c->open[TO_CENTRAL])
		return;
	if (p->fin) {
		sim_log(s, "central: connection %llu is gone", (unsigned long long)id);
		c->open[TO_CENTRAL] = false;
		troth_hub_disconnected(n->hub, id);
	} else {
		sim_log(s, "central: request %u on %llu, %zu bytes", p->request,
			(unsigned long long)id, p->bytes.len);
		troth_hub_request(n->hub, id, p->request, troth_buf_span(&p->bytes));
	}
	node_poke(s, n);
}

static void at_site(struct sim *s, uint64_t id, struct packet *p)
{
	struct conn *c = conn_of(s, id);
	struct node *n = &s->nodes[c->site];
	struct troth_time now = { node_time(s, n) };

	if (!c->open[TO_SITE])
		return;
	if (c->rogue) {
		if (p->fin)
			c->open[TO_SITE] = false;
		return;
	}
	if (p->fin) {
		sim_log(s, "site %u: connection %llu is gone", n->number,
			(unsigned long long)id);
		c->open[TO_SITE] = false;
		n->conn = 0;
		troth_gateway_down(n->gateway, "connection lost", now);
		net_reconnect_later(s, n);
	} else {
		if (n->garble) {
			n->garble = false;
			n->garbled = true;
			memset(p->bytes.data, 0xff, p->bytes.len);
		}
		sim_log(s, "site %u: reply %u on %llu, %zu bytes", n->number, p->request,
			(unsigned long long)id, p->bytes.len);
		troth_gateway_reply(n->gateway, p->request, troth_buf_span(&p->bytes),
				    now);
	}
	node_poke(s, n);
}

void net_arrive(struct sim *s, uint64_t id, enum direction to)
{
	struct conn *c = conn_of(s, id);
	struct packet *p = c->first[to];
	struct node *reader = &s->nodes[to == TO_CENTRAL ? 0 : c->site];
	int64_t stalled = s->nodes[c->site].stalled_until[to];

	if (p == NULL || p->at > s->now)
		return; /* What this was about has been lost. */
	/* Slow commits block the whole node, and stalls the way to it. */
	if (!c->rogue && reader->up && reader->busy_until > stalled)
		stalled = reader->busy_until;
	if (p->sent_at > s->now)
		stalled = p->sent_at > stalled ? p->sent_at : stalled;
	if (stalled > s->now) {
		if (c->last[to] < stalled)
			c->last[to] = stalled;
		sim_push(s, stalled, SIM_ARRIVE, to, id);
		return;
	}
	c->first[to] = p->next;
	if (c->first[to] == NULL)
		c->end[to] = &c->first[to];
	if (to == TO_CENTRAL)
		at_central(s, id, p);
	else
		at_site(s, id, p);
	troth_buf_fini(&p->bytes);
	free(p);
}

void net_reconnect_later(struct sim *s, struct node *n)
{
	if (n->connecting || !n->up)
		return;
	n->connecting = true;
	sim_push(s, s->now + dice_between(&s->dice, 50, 3000), SIM_CONNECT, n->number, 0);
}

void net_connect(struct sim *s, struct node *n)
{
	struct node *central = &s->nodes[0];
	uint64_t id;

	if (!n->up || n->conn != 0)
		return;
	if (!central->up || n->stalled_until[0] > s->now ||
	    n->stalled_until[1] > s->now) {
		net_reconnect_later(s, n);
		return;
	}
	id = conn_new(s, n->number);
	n->conn = id;
	sim_log(s, "net: site %u connects as %llu", n->number, (unsigned long long)id);
	troth_hub_connected(central->hub, id, n->origin);
	troth_gateway_up(n->gateway, (struct troth_time){ node_time(s, n) });
	node_poke(s, central);
	node_poke(s, n);
}

uint64_t net_rogue(struct sim *s, struct node *n)
{
	uint64_t id = conn_new(s, n->number);

	conn_of(s, id)->rogue = true;
	troth_hub_connected(s->nodes[0].hub, id, n->origin);
	return id;
}

/* What it would have sent after its slow commit is never sent. */
static void forget_future(struct sim *s, struct conn *c, enum direction to)
{
	unsigned sent = 0;

	for (struct packet *p = c->first[to]; p != NULL && p->sent_at <= s->now;
	     p = p->next)
		sent++;
	drop_packets(c, to, sent);
}

void net_node_died(struct sim *s, struct node *n)
{
	enum direction own = n->number == 0 ? TO_CENTRAL : TO_SITE;
	enum direction peer = n->number == 0 ? TO_SITE : TO_CENTRAL;

	for (uint64_t id = 1; id <= s->conn_count; id++) {
		struct conn *c = conn_of(s, id);

		if (!c->open[own] ||
		    (n->number != 0 && (c->site != n->number || c->rogue)))
			continue;
		c->open[own] = false;
		forget_future(s, c, peer);
		if (c->open[peer] && !c->cut)
			send_fin(s, id, peer, notice_ms(s));
	}
	n->conn = 0;
}

void net_fini(struct sim *s)
{
	for (uint64_t id = 1; id <= s->conn_count; id++) {
		drop_packets(conn_of(s, id), TO_CENTRAL, 0);
		drop_packets(conn_of(s, id), TO_SITE, 0);
	}
	free(s->conns);
}
