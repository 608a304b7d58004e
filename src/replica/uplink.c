#include "replica.h"

#include <stdio.h>

void uplink_hello(struct troth_gateway *g)
{
	struct troth_bus_request m = {
		.type = TROTH_BUS_HELLO,
		.u.hello = {
			.version_min = TROTH_BUS_VERSION,
			.version_max = TROTH_BUS_VERSION,
			.software = g->software,
			.incarnation = g->kept.incarnation,
			.origin_seq = g->kept.seq,
			.cursor = g->kept.cursor,
			.seen_size = g->heard_size,
			.seen_root = g->heard_root,
		},
	};

	if (replica_send(g, &m) != NULL)
		g->phase = PHASE_GREETING;
}

void uplink_on_hello(struct troth_gateway *g, const struct troth_bus_hello_ok *m)
{
	if (m->version != TROTH_BUS_VERSION) {
		replica_note(g, "version", "central speaks version %u, this gateway %u",
			     m->version, TROTH_BUS_VERSION);
		replica_lose(g, "no common version");
		return;
	}
	g->welcome = *m;
	g->welcome.brand = NULL; /* Borrowed from the message. */
	g->phase = PHASE_WELCOME;
}

/* How the answer to Hello and this store fit together. */
enum fit {
	FIT_GOOD,
	FIT_CENTRAL_WENT_BACK,
	FIT_WE_WENT_BACK,
};

static enum fit fit_of(struct troth_gateway *g, struct troth_txn *t)
{
	const struct troth_bus_hello_ok *w = &g->welcome;
	struct troth_digest head;

	if (w->size < g->heard_size || w->feed_len < g->kept.cursor)
		return FIT_CENTRAL_WENT_BACK;
	if (w->size == g->heard_size && w->size != 0 &&
	    !troth_digest_eq(&w->root, &g->heard_root))
		return FIT_CENTRAL_WENT_BACK;
	if (w->top_incarnation > g->kept.incarnation || w->taken_seq > g->kept.seq)
		return FIT_WE_WENT_BACK;
	/* What comes after it was confirmed, so central had taken more than it says. */
	if (!outbox_head(g, t, w->taken_seq, &head))
		return FIT_CENTRAL_WENT_BACK;
	return troth_digest_eq(&head, &w->taken_head) ? FIT_GOOD : FIT_WE_WENT_BACK;
}

static void go_live(struct troth_gateway *g)
{
	g->phase = PHASE_LIVE;
	g->since = (struct troth_time){ g->raw_ms };
	g->trouble[0] = '\0';
	g->heard_size = g->welcome.size;
	g->heard_root = g->welcome.root;
	g->taken = g->welcome.taken_seq;
	if (!TROTH_MUTANT(nothing_is_resent) || g->next_submit == 0)
		g->next_submit = g->taken + 1;
	g->announced = g->kept.incarnation <= 1 ||
		       g->welcome.top_incarnation == g->kept.incarnation;
	g->settled_at = g->announced ? 0 : UINT64_MAX;
	g->submit_at_ms = g->follow_at_ms = 0;
	g->told = false;
	arrivals_forget(g);
	/* A central that was put back counts on from fewer marks than we have heard. */
	if (g->received_marks > g->welcome.marks)
		g->received_marks = g->welcome.marks;
}

/* This store lost what it had made since its backup: its numbers must not be reused. */
static enum troth_err begin_again(struct troth_gateway *g, struct troth_why *why)
{
	const struct troth_bus_hello_ok *w = &g->welcome;
	uint64_t top = w->top_incarnation > g->kept.incarnation ? w->top_incarnation
								: g->kept.incarnation;
	struct troth_txn t;
	enum troth_err err;

	replica_note(
		g, "restored_store",
		"central has event %llu of incarnation %llu (top %llu), this store made %llu: "
		"going on as incarnation %llu",
		(unsigned long long)w->taken_seq, (unsigned long long)g->kept.incarnation,
		(unsigned long long)w->top_incarnation, (unsigned long long)g->kept.seq,
		(unsigned long long)top + 1);
	replica_begin(g, &t, TROTH_TXN_WRITE);
	outbox_reincarnate(g, &t, top + 1);
	g->now.restored = RESTORED_AGAIN;
	err = replica_end(g, &t, why);
	if (err == TROTH_OK) {
		g->phase = PHASE_UP; /* Central is to know us by the new number. */
		g->greet_at_ms = g->raw_ms + replica_back_off(g);
	}
	return err;
}

/* Hello has been answered, and nobody has gone back. */
static enum troth_err be_welcome(struct troth_gateway *g, struct troth_why *why)
{
	if (g->kept.restored == RESTORED_NOW)
		return begin_again(g, why);
	go_live(g);
	return TROTH_OK;
}

enum troth_err uplink_welcome(struct troth_gateway *g, struct troth_why *why)
{
	struct troth_txn t;
	enum fit fit;
	enum troth_err err;

	replica_begin(g, &t, TROTH_TXN_READ);
	fit = fit_of(g, &t);
	err = troth_txn_commit(&t, why);
	if (err != TROTH_OK)
		return err;
	if (TROTH_MUTANT(old_central_is_trusted))
		fit = FIT_GOOD;
	switch (fit) {
	case FIT_GOOD:
		return be_welcome(g, why);
	case FIT_CENTRAL_WENT_BACK:
		replica_note(
			g, "central_went_back",
			"central holds %llu entries, %llu in our feed, %llu of our events; we "
			"know of %llu and hold %llu",
			(unsigned long long)g->welcome.size,
			(unsigned long long)g->welcome.feed_len,
			(unsigned long long)g->welcome.taken_seq,
			(unsigned long long)g->heard_size,
			(unsigned long long)g->kept.cursor);
		replica_lose(g, "central went back");
		break;
	case FIT_WE_WENT_BACK:
		if (TROTH_MUTANT(incarnation_is_kept)) {
			go_live(g);
			break;
		}
		return begin_again(g, why);
	}
	return TROTH_OK;
}

enum troth_err uplink_set_aside(struct troth_gateway *g, struct troth_why *why)
{
	uint64_t seq = g->turned_away;
	struct troth_txn t;
	enum troth_err err;

	replica_begin(g, &t, TROTH_TXN_WRITE);
	outbox_set_aside(g, &t, seq, g->turned_away_why);
	err = replica_end(g, &t, why);
	if (err != TROTH_OK)
		return err;
	replica_note(g, "set_aside", "central turned own event %llu away: %s",
		     (unsigned long long)seq, g->turned_away_why);
	g->turned_away = 0;
	g->next_submit = g->taken + 1;
	return TROTH_OK;
}

bool uplink_can_submit(const struct troth_gateway *g)
{
	return g->phase == PHASE_LIVE && g->announced && g->turned_away == 0 &&
	       g->next_submit <= g->kept.seq &&
	       replica_flights(g, TROTH_BUS_SUBMIT) < g->config.batches_in_flight;
}

int64_t uplink_submit_at_ms(const struct troth_gateway *g)
{
	bool small = g->kept.seq - g->next_submit + 1 < g->config.batch_events;

	if (small && g->kept.spoken < g->next_submit &&
	    g->unspoken_until_ms > g->submit_at_ms)
		return g->unspoken_until_ms;
	if (small && g->gather_until_ms > g->submit_at_ms &&
	    replica_flights(g, TROTH_BUS_SUBMIT) > 0)
		return g->gather_until_ms;
	return g->submit_at_ms;
}

bool uplink_can_announce(const struct troth_gateway *g)
{
	return g->phase == PHASE_LIVE && !g->announced;
}

void uplink_announce(struct troth_gateway *g)
{
	static const struct troth_digest none;
	uint8_t message[TROTH_SEAL_MESSAGE];
	struct troth_bus_request m = {
		.type = TROTH_BUS_SUBMIT,
		.u.submit = { .incarnation = g->kept.incarnation, .first_seq = 1 },
	};
	struct flight *f;

	g->config.signer->sign(
		g->config.signer->ctx,
		troth_seal_message(message, g->origin, g->kept.incarnation, 0, &none),
		m.u.submit.seal);
	f = replica_send(g, &m);
	if (f == NULL)
		return;
	f->first = 1;
	g->announced = true;
}

/* Gathers a batch from g->next_submit on, borrowed from *t. */
static void gather(struct troth_gateway *g, struct troth_txn *t,
		   struct troth_bus_submit *m)
{
	struct troth_key k = { .len = 0 };
	struct troth_cursor c;
	size_t bytes = 0;

	troth_key_u64(&k, g->next_submit);
	troth_cursor_open(&c, t, TROTH_T_OUTBOX);
	for (bool more = troth_cursor_seek(&c, troth_key_span(&k)); more;
	     more = troth_cursor_next(&c)) {
		uint64_t seq = troth_load_u64be(c.key.data);

		if (m->count == 0)
			m->first_seq = seq; /* What is missing has been confirmed. */
		bytes += c.value.len;
		if (seq != m->first_seq + m->count ||
		    m->count >= g->config.batch_events ||
		    (m->count > 0 && bytes > g->submit_bytes))
			break;
		if (!troth_outbox_split(c.value, &g->bodies[m->count],
					&g->blobs[m->count])) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT,
				       "outbox: number %llu: the record is cut",
				       (unsigned long long)seq);
			break;
		}
		m->count++;
	}
	troth_cursor_close(&c);
}

/*
 * Signs the chain head after the batch; the last event knows the one before it. False:
 * it does not decode.
 */
static bool seal(struct troth_gateway *g, struct troth_bus_submit *m,
		 struct troth_why *why)
{
	struct troth_span body = m->bodies[m->count - 1];
	uint8_t message[TROTH_SEAL_MESSAGE];
	struct troth_digest head;

	if (troth_body_decode(&g->other, body, why) != TROTH_OK)
		return false;
	troth_chain_head(&head, &g->other.origin_prev, body);
	g->config.signer->sign(g->config.signer->ctx,
			       troth_seal_message(message, g->origin, m->incarnation,
						  m->first_seq + m->count - 1, &head),
			       m->seal);
	return true;
}

void uplink_send_batch(struct troth_gateway *g, struct troth_txn *t)
{
	struct troth_bus_request m = {
		.type = TROTH_BUS_SUBMIT,
		.u.submit = {
			.incarnation = g->kept.incarnation,
			.bodies = g->bodies,
			.blobs = g->blobs,
		},
	};
	struct flight *f;
	struct troth_why bad;

	gather(g, t, &m.u.submit);
	if (!troth_txn_sound(t))
		return;
	if (m.u.submit.count == 0) {
		g->next_submit = g->kept.seq + 1; /* All of it came back already. */
	} else if (!seal(g, &m.u.submit, &bad)) {
		troth_txn_fail(
			t, TROTH_ERR_CORRUPT, "outbox: number %llu: %s",
			(unsigned long long)(m.u.submit.first_seq + m.u.submit.count - 1),
			bad.text);
	} else {
		f = replica_send(g, &m);
		if (f != NULL) {
			f->first = m.u.submit.first_seq;
			f->last = f->first + m.u.submit.count - 1;
			g->next_submit = f->last + 1;
			g->gather_until_ms = g->raw_ms + COMPANY_MS;
		}
	}
}

enum troth_err uplink_submit(struct troth_gateway *g, struct troth_why *why)
{
	struct troth_txn t;

	replica_begin(g, &t, TROTH_TXN_READ);
	uplink_send_batch(g, &t);
	return troth_txn_commit(&t, why);
}

/* Sends from `seq` on again; answers to what is on its way do not count any more. */
static void go_back(struct troth_gateway *g, uint64_t seq)
{
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		if (g->flights[i].type == TROTH_BUS_SUBMIT)
			g->flights[i].stale = true;
	g->next_submit = seq;
}

void uplink_on_submit(struct troth_gateway *g, const struct flight *f,
		      const struct troth_bus_submit_ok *m)
{
	if (m->taken_seq > g->kept.seq) {
		replica_lose(g, "central has taken event %llu, which has not been made",
			     (unsigned long long)m->taken_seq);
		return;
	}
	if (f->last == 0)
		g->settled_at = m->last_position;
	if (m->taken_seq > g->taken) {
		g->taken = m->taken_seq;
		g->backoff_ms = 0;
	}
	if (f->stale || (m->resend_from == 0 && m->taken_seq >= f->last))
		return;
	if (m->resend_from > g->taken && m->resend_from <= f->first)
		go_back(g, m->resend_from);
	else
		replica_lose(g, "central took events up to %llu, and wants %llu next",
			     (unsigned long long)m->taken_seq,
			     (unsigned long long)m->resend_from);
}

static void on_turned_away(struct troth_gateway *g, const struct flight *f,
			   const struct troth_bus_error_reply *m)
{
	if (f->stale || g->turned_away != 0)
		return;
	if (m->origin_seq < f->first || m->origin_seq > f->last) {
		replica_lose(g,
			     "central turned event %llu away, which was not in the batch",
			     (unsigned long long)m->origin_seq);
		return;
	}
	go_back(g, g->taken + 1);
	g->turned_away = m->origin_seq;
	(void)snprintf(g->turned_away_why, sizeof(g->turned_away_why), "%s", m->text);
}

void uplink_on_error(struct troth_gateway *g, const struct flight *f,
		     const struct troth_bus_error_reply *m)
{
	const char *name = troth_bus_error_name(m->code);

	if (m->code == TROTH_BUS_E_TURNED_AWAY && f->type == TROTH_BUS_SUBMIT) {
		on_turned_away(g, f, m);
		return;
	}
	if (f->stale)
		return;
	if (m->code == TROTH_BUS_E_FULL || m->code == TROTH_BUS_E_STOPPING) {
		int64_t at = g->raw_ms + replica_back_off(g);

		if (f->type == TROTH_BUS_SUBMIT) {
			g->announced = g->announced && f->last != 0;
			go_back(g, g->taken + 1);
			g->submit_at_ms = at;
			return;
		}
		g->follow_at_ms = at;
		if (f->type != TROTH_BUS_HELLO)
			return;
	}
	replica_note(g,
		     m->code == TROTH_BUS_E_WENT_BACK ? "central_went_back"
						      : "central_declined",
		     "%s: %s", name, m->text);
	replica_lose(g, "central declined: %s: %s", name, m->text);
}
