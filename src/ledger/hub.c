#include "hub.h"

#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNS_PER_SITE_MAX 16   /* One, and what is left of broken ones. */
#define RETRY_MS           1000 /* After a full disk. */

enum troth_err troth_hub_open(struct troth_hub **hub, struct troth_ledger *ledger,
			      const struct troth_hub_io *io, struct troth_why *why)
{
	struct troth_hub *h = calloc(1, sizeof(*h));

	*hub = h;
	if (h == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for the hub");
	h->ledger = ledger;
	h->io = *io;
	queue_init(&h->queue);
	h->commands_last = &h->commands;
	h->told = troth_ledger_size(ledger);
	return TROTH_OK;
}

void troth_hub_close(struct troth_hub *h)
{
	if (h == NULL)
		return;
	conns_fini(&h->conns);
	queue_fini(&h->queue);
	for (struct troth_command *c = h->commands, *next; c != NULL; c = next) {
		next = c->next;
		c->done(c, &(struct troth_result){ .status = TROTH_STOPPING });
	}
	for (struct troth_question *q = h->questions, *next; q != NULL; q = next) {
		next = q->next;
		q->ok = false;
		(void)troth_fail(&q->why, TROTH_ERR_AGAIN, "central is stopping");
		q->done(q);
	}
	troth_buf_fini(&h->out);
	free(h);
}

/* ---- Connections ---- */

/* Closes the oldest connection of a site that has as many as it may. */
static void make_way(struct troth_hub *h, const char *origin)
{
	struct conn *oldest = conns_oldest_of_many(&h->conns, origin, CONNS_PER_SITE_MAX);

	if (oldest == NULL)
		return;
	oldest->closing = true;
	h->io.note(h->io.ctx, "too_many_connections", origin, "the oldest is closed");
	h->io.close(h->io.ctx, oldest->id, "more than 16 connections of one site");
}

void troth_hub_connected(struct troth_hub *h, uint64_t id, const char *origin)
{
	assert(strlen(origin) <= TROTH_ORIGIN_MAX);
	make_way(h, origin);
	if (!conns_add(&h->conns, id, origin))
		h->io.close(h->io.ctx, id, "no memory");
}

void troth_hub_disconnected(struct troth_hub *h, uint64_t id)
{
	conns_remove(&h->conns, id);
}

/* ---- Replies ---- */

static void reply(struct troth_hub *h, uint64_t conn, uint32_t request,
		  const struct troth_bus_reply *m)
{
	troth_buf_reset(&h->out);
	troth_bus_reply_encode(m, &h->out);
	if (h->out.failed)
		h->io.close(h->io.ctx, conn, "no memory for a reply");
	else
		h->io.reply(h->io.ctx, conn, request, &h->out);
}

static void reply_error(struct troth_hub *h, uint64_t conn, uint32_t request,
			enum troth_bus_error code, const char *text, uint64_t seq)
{
	reply(h, conn, request,
	      &(struct troth_bus_reply){ .type = TROTH_BUS_ERROR,
					 .u.error = { code, text, seq } });
}

/* What the ledger makes of a Hello comes with the next turn; nobody waits for it. */
static void greeted(struct troth_hub *h, const struct conn *c)
{
	struct work w = { .conn = c->id };

	w.message.type = TROTH_BUS_HELLO;
	TROTH_TEXT_SET(w.origin, c->origin);
	(void)queue_put(&h->queue, &w); /* Without room: it will greet again. */
}

static void answer_hello(struct troth_hub *h, struct conn *c, uint32_t request,
			 const struct troth_bus_hello *m)
{
	char party[TROTH_PARTY_MAX + 1];
	struct troth_bus_reply r = { .type = TROTH_BUS_HELLO };

	if (m->version_min > TROTH_BUS_VERSION || m->version_max < TROTH_BUS_VERSION) {
		h->io.note(h->io.ctx, "version_mismatch", c->origin, m->software);
		reply_error(h, c->id, request, TROTH_BUS_E_VERSION,
			    "central speaks version 1 of the bus", 0);
		return;
	}
	if (!troth_ledger_hello(h->ledger, c->origin, m->incarnation, &r.u.hello,
				party)) {
		h->io.note(h->io.ctx, "unknown_site", c->origin,
			   "its certificate is good, but HQ has not added the site");
		reply_error(h, c->id, request, TROTH_BUS_E_UNKNOWN_SITE,
			    "HQ has not added this site", 0);
		return;
	}
	if (m->seen_size > r.u.hello.size && !TROTH_MUTANT(old_central_is_trusted)) {
		h->io.note(h->io.ctx, "went_back", c->origin,
			   "the site has seen a longer ledger than there is here");
		reply_error(h, c->id, request, TROTH_BUS_E_WENT_BACK,
			    "central holds less than this site has seen", 0);
		return;
	}
	if (troth_ledger_stands_still(h->ledger))
		greeted(h, c);
	r.u.hello.version = TROTH_BUS_VERSION;
	r.u.hello.now = troth_ledger_time(h->ledger);
	conns_greeted(&h->conns, c, party);
	c->feed_len = r.u.hello.feed_len;
	reply(h, c->id, request, &r);
}

static void answer_find(struct troth_hub *h, struct conn *c, uint32_t request,
			const struct troth_bus_find *m)
{
	struct troth_id found[TROTH_FIND_MAX];
	struct troth_bus_reply r = { .type = TROTH_BUS_FIND };

	r.u.find.count = troth_ledger_find(h->ledger, c->origin, m->order_number, found,
					   TROTH_FIND_MAX);
	r.u.find.orders = found;
	reply(h, c->id, request, &r);
}

static void answer_fresh(struct troth_hub *h, struct conn *c, uint32_t request)
{
	reply(h, c->id, request,
	      &(struct troth_bus_reply){ .type = TROTH_BUS_FRESH,
					 .u.fresh = { c->feed_len,
						      troth_ledger_size(h->ledger),
						      troth_ledger_time(h->ledger) } });
}

/* Hello has told how many marks there are: who asks from beyond has not heeded it. */
static void take_follow(struct troth_hub *h, struct conn *c, uint32_t request,
			const struct troth_bus_follow *m)
{
	if (m->marks_after <= troth_ledger_marks(h->ledger)) {
		news_park(h, c, request, m);
		return;
	}
	h->io.note(h->io.ctx, "went_back", c->origin,
		   "marks_after is beyond the last mark");
	reply_error(h, c->id, request, TROTH_BUS_E_WENT_BACK,
		    "marks_after is beyond the last mark", 0);
	h->io.close(h->io.ctx, c->id, "marks_after is beyond the last mark");
}

static void enqueue(struct troth_hub *h, struct conn *c, uint32_t request,
		    struct troth_bus_request *m, size_t len)
{
	struct work w = { .conn = c->id, .request = request, .len = len, .message = *m };

	TROTH_TEXT_SET(w.origin, c->origin);
	if (queue_put(&h->queue, &w))
		return;
	reply_error(h, c->id, request, TROTH_BUS_E_FULL, "too much work waits", 0);
	troth_bus_request_fini(m);
}

void troth_hub_request(struct troth_hub *h, uint64_t id, uint32_t request,
		       struct troth_span bytes)
{
	struct conn *c = conns_find(&h->conns, id);
	struct troth_bus_request m = { .owner = NULL };
	struct troth_why why;
	enum troth_err err;

	if (c == NULL)
		return;
	err = troth_bus_request_decode(&m, bytes, &why);
	if (err == TROTH_ERR_MEMORY) { /* Ours, and no fault of theirs. */
		reply_error(h, id, request, TROTH_BUS_E_FULL, "no memory", 0);
		return;
	}
	if (err != TROTH_OK) {
		h->io.note(h->io.ctx, "malformed", c->origin, why.text);
		reply_error(h, id, request, TROTH_BUS_E_MALFORMED, why.text, 0);
		h->io.close(h->io.ctx, id, "malformed message");
		return;
	}
	if (h->stopping) {
		reply_error(h, id, request, TROTH_BUS_E_STOPPING, "central is stopping",
			    0);
	} else if (m.type == TROTH_BUS_HELLO) {
		answer_hello(h, c, request, &m.u.hello);
	} else if (c->party[0] == '\0') {
		reply_error(h, id, request, TROTH_BUS_E_NO_HELLO, "say hello first", 0);
	} else if (m.type == TROTH_BUS_FOLLOW) {
		take_follow(h, c, request, &m.u.follow);
	} else if (m.type == TROTH_BUS_FIND) {
		answer_find(h, c, request, &m.u.find);
	} else {
		enqueue(h, c, request, &m,
			bytes.len); /* Fresh, too: after what came before it. */
		return;
	}
	troth_bus_request_fini(&m);
}

void troth_hub_commands(struct troth_hub *h, struct troth_command *commands)
{
	*h->commands_last = commands;
	while (*h->commands_last != NULL)
		h->commands_last = &(*h->commands_last)->next;
}

void troth_hub_ask(struct troth_hub *h, struct troth_question *q)
{
	q->next = h->questions;
	h->questions = q;
}

/* ---- A turn ---- */

/* What has been put into the open batch, and is answered when it has been committed. */
struct batch {
	struct work *works;
	struct troth_command *commands;
	struct troth_result *results;
	size_t command_count;
};

/*
 * True if the site tells of as much, or more, further on in the turn. Only the most is
 * written, so a turn adds one mark of a site at the most.
 */
static bool is_outdone(const struct work *w)
{
	for (const struct work *n = w->next; n != NULL; n = n->next)
		if (n->message.type == TROTH_BUS_RECEIVE &&
		    n->message.u.receive.position >= w->message.u.receive.position &&
		    strcmp(n->origin, w->origin) == 0)
			return true;
	return false;
}

static void take_works(struct troth_hub *h, struct batch *b)
{
	b->works = queue_take(&h->queue);
	for (struct work *w = b->works; w != NULL; w = w->next)
		if (w->message.type == TROTH_BUS_SUBMIT)
			troth_ledger_submit(h->ledger, w->origin, &w->message.u.submit,
					    &w->taken);
		else if (w->message.type == TROTH_BUS_RECEIVE && !is_outdone(w))
			troth_ledger_received(h->ledger, w->origin,
					      w->message.u.receive.position);
		else if (w->message.type == TROTH_BUS_HELLO)
			troth_ledger_greeted(h->ledger, w->origin);
}

static void take_commands(struct troth_hub *h, struct batch *b)
{
	size_t count = 0;

	b->commands = h->commands;
	h->commands = NULL;
	h->commands_last = &h->commands;
	for (struct troth_command *c = b->commands; c != NULL; c = c->next)
		count++;
	if (count == 0)
		return;
	b->results = calloc(count, sizeof(*b->results));
	for (struct troth_command *c = b->commands; c != NULL && b->results != NULL;
	     c = c->next)
		troth_ledger_command(h->ledger, c, &b->results[b->command_count++]);
}

/* After TROTH_ERR_IO nobody knows what became of them: neither yes nor no is true. */
static void answer_commands(struct batch *b, enum troth_err err)
{
	size_t i = 0;

	for (struct troth_command *c = b->commands, *next; c != NULL; c = next, i++) {
		next = c->next;
		if (err == TROTH_ERR_IO)
			troth_command_free(c);
		else if (err == TROTH_OK && b->results != NULL)
			c->done(c, &b->results[i]);
		else
			c->done(c, &(struct troth_result){ .status = TROTH_NO_ROOM });
	}
	free(b->results);
}

static void note_diverged(struct troth_hub *h, const struct work *w)
{
	const struct troth_bus_receive *m = &w->message.u.receive;

	for (size_t i = 0; i < m->diverged_count; i++) {
		char hex[2 * TROTH_ID_LEN + 1];

		troth_hex(hex, m->diverged[i].b, TROTH_ID_LEN);
		h->io.note(h->io.ctx, "diverged", w->origin, hex);
	}
}

static void answer_work(struct troth_hub *h, const struct work *w, bool saved)
{
	struct troth_bus_reply r = { .type = w->message.type };
	struct conn *c = conns_find(&h->conns, w->conn);

	if (c == NULL || w->message.type == TROTH_BUS_HELLO)
		return;
	if (!saved && w->message.type != TROTH_BUS_FRESH) {
		reply_error(h, w->conn, w->request, TROTH_BUS_E_FULL,
			    "central has no room just now", 0);
	} else if (w->message.type == TROTH_BUS_FRESH) {
		answer_fresh(h, c, w->request);
	} else if (w->message.type == TROTH_BUS_RECEIVE) {
		note_diverged(h, w);
		reply(h, w->conn, w->request, &r);
	} else if (w->taken.code != 0) {
		h->io.note(h->io.ctx, troth_bus_error_name(w->taken.code), w->origin,
			   w->taken.text);
		reply_error(h, w->conn, w->request, w->taken.code, w->taken.text,
			    w->taken.origin_seq);
	} else {
		r.u.submit = (struct troth_bus_submit_ok){ w->taken.taken_seq,
							   w->taken.last_position,
							   w->taken.resend_from };
		reply(h, w->conn, w->request, &r);
	}
}

static void answer_questions(struct troth_hub *h)
{
	struct troth_question *q = h->questions, *next;

	h->questions = NULL;
	for (; q != NULL; q = next) {
		next = q->next;
		q->ok = true;
		if (q->find)
			q->found_count = troth_ledger_find(h->ledger, NULL,
							   q->order_number, q->found,
							   TROTH_FIND_MAX);
		q->done(q);
	}
}

/* When the clock has something to declare; a full disk puts it off. 0: never. */
static struct troth_time clock_at(struct troth_hub *h)
{
	struct troth_time t = troth_ledger_next_timer(h->ledger);

	if (h->date.ms != 0) /* Such time does not run: it is due at once, or not yet. */
		t.ms = t.ms <= h->date.ms && t.ms != 0;
	if (t.ms != 0 && t.ms < h->retry.ms)
		t = h->retry;
	return t;
}

static bool clock_due(struct troth_hub *h, struct troth_time now)
{
	int64_t at_ms = clock_at(h).ms;
	return at_ms != 0 && at_ms <= now.ms;
}

void troth_hub_date(struct troth_hub *h, struct troth_time date)
{
	h->date = date;
}

static void note_standstill(struct troth_hub *h)
{
	bool still = troth_ledger_stands_still(h->ledger);

	if (still != h->still)
		h->io.note(h->io.ctx, still ? "shares_stand_still" : "shares_go_on", "",
			   still ? "this store was restored" : "every site has reported");
	h->still = still;
}

static bool queue_due(const struct troth_hub *h, struct troth_time now)
{
	return h->queue.urgent > 0 || h->queue.count >= QUEUE_TURN_MAX ||
	       (h->queue.first != NULL &&
		(now.ms >= h->committed_ms + MARKS_DELAY_MS || now.ms < h->committed_ms));
}

enum troth_err troth_hub_turn(struct troth_hub *h, struct troth_time now,
			      struct troth_why *why)
{
	struct batch b = { .works = NULL };
	enum troth_err err = TROTH_OK;

	if (queue_due(h, now) || h->commands != NULL || clock_due(h, now)) {
		h->committed_ms = now.ms;
		troth_ledger_begin(h->ledger, hub_date(h, now));
		take_works(h, &b);
		take_commands(h, &b);
		if (TROTH_MUTANT(central_acks_before_commit))
			for (struct work *w = b.works; w != NULL; w = w->next)
				answer_work(h, w, true);
		err = troth_ledger_commit(h->ledger, why);
		h->retry.ms = err == TROTH_ERR_FULL ? now.ms + RETRY_MS : 0;
	}

	note_standstill(h);

	bool advanced = troth_ledger_size(h->ledger) != h->told;
	if (err != TROTH_ERR_IO)
		news_serve(h, now, advanced);
	for (struct work *w = b.works, *next; w != NULL; w = next) {
		next = w->next;
		if (err != TROTH_ERR_IO)
			answer_work(h, w, err == TROTH_OK);
		work_free(w);
	}
	answer_commands(&b, err);
	if (err == TROTH_ERR_IO)
		return err;
	answer_questions(h);
	if (advanced) {
		h->told = troth_ledger_size(h->ledger);
		h->io.advanced(h->io.ctx, h->told);
	}
	if (err == TROTH_OK || err == TROTH_ERR_FULL)
		return TROTH_OK;
	return err;
}

bool troth_hub_busy(const struct troth_hub *h, struct troth_time now)
{
	return queue_due(h, now) || h->commands != NULL || h->questions != NULL ||
	       news_due(h, now);
}

struct troth_time troth_hub_wake(struct troth_hub *h)
{
	struct troth_time t = clock_at(h);

	hub_sooner(&t, news_at(h).ms);
	if (h->queue.first != NULL)
		hub_sooner(&t, h->committed_ms + MARKS_DELAY_MS);
	return t;
}

void troth_hub_stop(struct troth_hub *h)
{
	h->stopping = true;
}
