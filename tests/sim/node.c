/* The nodes: the real hub, ledger and gateway on simulated disks, started and killed. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* ---- The disk ---- */

static enum memkv_fate on_commit(void *ctx, uint64_t writes, uint64_t bytes)
{
	struct node *n = ctx;
	struct sim *s = n->sim;
	enum memkv_fate fate = MEMKV_OK;

	(void)writes;
	(void)bytes;
	if (n->full_until > s->now && dice_percent(&s->dice, 70)) {
		s->counts.full++;
		n->last_full = s->now;
		sim_log(s, "node %u: commit: disk full", n->number);
		return MEMKV_FULL;
	}
	if (n->doom != MEMKV_OK && n->in_turn) {
		fate = n->doom;
		n->doom = MEMKV_OK;
		s->counts.dooms++;
		sim_log(s, "node %u: commit: %s", n->number,
			fate == MEMKV_LOST ? "done, the answer lost" : "failed");
		return fate;
	}
	if (n->slow_until > s->now ? dice_percent(&s->dice, 60)
				   : dice_percent(&s->dice, 2))
		n->slow += dice_between(&s->dice, 10, 2500);
	return fate;
}

/* ---- What the nodes ask of the world ---- */

static void random_bytes(void *ctx, void *out, size_t len)
{
	struct node *n = ctx;

	dice_fill(&n->sim->dice, out, len);
}

static void hub_reply(void *ctx, uint64_t conn, uint32_t request,
		      struct troth_buf *payload)
{
	struct node *n = ctx;
	struct sim *s = n->sim;

	oracle_reply(s, &s->nodes[s->conns[conn - 1].site], troth_buf_span(payload));
	(void)net_send(s, conn, TO_SITE, request, payload, n->slow);
	*payload = TROTH_BUF_INIT;
}

static void hub_close(void *ctx, uint64_t conn, const char *why)
{
	struct node *n = ctx;
	struct sim *s = n->sim;

	sim_log(s, "central: closes %llu: %s", (unsigned long long)conn, why);
	if (!s->conns[conn - 1].rogue)
		sim_fail(s, "I11", "central closes the connection of site %u: %s",
			 s->conns[conn - 1].site, why);
	net_hub_closes(s, conn);
}

static void hub_note(void *ctx, const char *event, const char *origin, const char *text)
{
	struct node *n = ctx;
	struct sim *s = n->sim;

	sim_log(s, "central: note %s %s: %s", event, origin, text);
	if (strcmp(event, "diverged") == 0)
		sim_fail(s, "I4", "%s says that its state of %s differs", origin, text);
	if (strcmp(event, "went_back") == 0)
		s->counts.went_back++;
}

static void hub_advanced(void *ctx, uint64_t size)
{
	struct node *n = ctx;

	if (size > troth_ledger_size(n->ledger))
		sim_fail(n->sim, "order", "central shows position %llu before its commit",
			 (unsigned long long)size);
}

static uint32_t site_send(void *ctx, struct troth_buf *payload)
{
	struct node *n = ctx;
	struct sim *s = n->sim;

	if (n->conn == 0 || dice_percent(&s->dice, 1))
		return 0;
	oracle_request(s, n, troth_buf_span(payload));
	return net_send(s, n->conn, TO_CENTRAL, 0, payload, n->slow);
}

static void site_drop(void *ctx, const char *why)
{
	struct node *n = ctx;
	struct sim *s = n->sim;

	sim_log(s, "site %u: drops its link: %s", n->number, why);
	if (n->conn == 0)
		return;
	net_close(s, n->conn, TO_CENTRAL);
	s->conns[n->conn - 1].open[TO_SITE] = false;
	n->conn = 0;
	net_reconnect_later(s, n);
}

static void site_note(void *ctx, const char *event, const char *text)
{
	static const char *const alarms[] = { "diverged",      "own_event_changed",
					      "entry_changed", "blob_changed",
					      "bad_entry",     "unknown_origin",
					      "bad_answer",    "bad_feed",
					      "set_aside" };
	struct node *n = ctx;
	struct sim *s = n->sim;

	sim_log(s, "site %u: note %s: %s", n->number, event, text);
	if (n->garbled && strcmp(event, "bad_answer") == 0) {
		n->garbled = false;
		return;
	}
	for (size_t i = 0; i < TROTH_LEN(alarms); i++)
		if (strcmp(event, alarms[i]) == 0)
			sim_fail(s, "I4", "site %u notes %s: %s", n->number, event, text);
	if (strcmp(event, "central_went_back") == 0 && !s->window &&
	    n->conn > s->window_conns)
		sim_fail(s, "I10", "site %u believes that central went back: %s",
			 n->number, text);
}

static void site_advanced(void *ctx, uint64_t stream_len)
{
	(void)ctx;
	(void)stream_len;
}

/* ---- Life ---- */

static enum troth_err open_central(struct node *n, struct troth_why *why)
{
	struct troth_ledger_config config = { .origin = n->origin,
					      .signer = &n->signer,
					      .random = random_bytes,
					      .random_ctx = n,
					      .restored = n->sim->window };
	struct troth_hub_io io = { .ctx = n,
				   .reply = hub_reply,
				   .close = hub_close,
				   .note = hub_note,
				   .advanced = hub_advanced };
	enum troth_err err;

	err = memkv_open(&n->kv, n->disk, &troth_central_schema, why);
	if (err == TROTH_OK)
		err = troth_ledger_open(&n->ledger, n->kv, &config, why);
	if (err == TROTH_OK)
		err = troth_hub_open(&n->hub, n->ledger, &io, why);
	return err;
}

static enum troth_err open_site(struct node *n, struct troth_why *why)
{
	struct dice *d = &n->sim->dice;
	struct troth_gateway_config config = {
		.origin = n->origin,
		.party = n->party,
		.site = n->site,
		.central_origin = CENTRAL,
		.signer = &n->signer,
		.random = random_bytes,
		.random_ctx = n,
		.restored = n->put_back,
		.software = "sim",
		.batch_events = (unsigned)dice_between(d, 1, 6),
		.batches_in_flight = (unsigned)dice_between(d, 1, 4),
		.follows_in_flight = (unsigned)dice_between(d, 1, 3),
		.follow_wait_ms = dice_between(d, 500, TROTH_FOLLOW_WAIT_MAX_MS),
		.answer_timeout_ms = dice_between(d, 5000, 40000),
	};
	struct troth_gateway_io io = { .ctx = n,
				       .send = site_send,
				       .drop = site_drop,
				       .note = site_note,
				       .advanced = site_advanced };
	enum troth_err err = memkv_open(&n->kv, n->disk, &troth_gateway_schema, why);

	if (err == TROTH_OK)
		err = troth_gateway_open(&n->gateway, n->kv, &config, &io, why);
	return err;
}

void node_boot(struct sim *s, struct node *n)
{
	struct troth_why why = { "" };
	enum troth_err err;

	memkv_disk_on_commit(n->disk, NULL, NULL);
	n->boots++;
	n->spins = 0;
	n->stopping = false;
	n->busy_until = n->turn_at = 0;
	n->slow = 0;
	err = n->number == 0 ? open_central(n, &why) : open_site(n, &why);
	sim_log(s, "node %u: starts (%llu)", n->number, (unsigned long long)n->boots);
	if (err != TROTH_OK)
		sim_fail(s, "restart", "node %u does not start: %s", n->number, why.text);
	memkv_disk_on_commit(n->disk, on_commit, n);
	n->put_back = false;
	n->up = true;
	if (n->number == 0) {
		oracle_central(s);
	} else {
		oracle_site(s, n);
		net_reconnect_later(s, n);
	}
	node_poke(s, n);
}

/* The power goes: nobody is told anything any more. */
void node_kill(struct sim *s, struct node *n)
{
	s->silent = true;
	if (n->hub != NULL)
		troth_hub_close(n->hub);
	if (n->ledger != NULL)
		troth_ledger_close(n->ledger);
	if (n->gateway != NULL)
		troth_gateway_close(n->gateway);
	s->silent = false;
	n->hub = NULL;
	n->ledger = NULL;
	n->gateway = NULL;
	n->kv = NULL;
	n->up = false;
	n->turn_stamp++;
	memkv_crash(n->disk);
	net_node_died(s, n);
	people_lose(s, n);
	s->counts.crashes++;
	sim_log(s, "node %u: dies", n->number);
}

/* Asks it to end in order; node_turn ends it after one more turn. */
void node_stop(struct sim *s, struct node *n)
{
	sim_log(s, "node %u: is asked to stop", n->number);
	if (n->number == 0)
		troth_hub_stop(n->hub);
	else
		troth_gateway_stop(n->gateway);
	n->stopping = true;
	node_poke(s, n);
}

static void die_and_return(struct sim *s, struct node *n)
{
	node_kill(s, n);
	sim_push(s, s->now + dice_between(&s->dice, 50, 5000), SIM_BOOT, n->number,
		 n->boots);
}

static void want_turn(struct sim *s, struct node *n, int64_t at)
{
	if (n->number == 0 && s->window)
		return; /* An old backup that is only there to be found out. */
	if (at < n->busy_until)
		at = n->busy_until;
	if (at < s->now)
		at = s->now;
	if (n->turn_at != 0 && n->turn_at <= at)
		return;
	n->turn_at = at;
	sim_push(s, at, SIM_TURN, n->number, ++n->turn_stamp);
}

void node_poke(struct sim *s, struct node *n)
{
	if (n->up)
		want_turn(s, n, s->now + dice_between(&s->dice, 0, 3));
}

/* When it wants its next turn by itself. */
static void sleep_on(struct sim *s, struct node *n)
{
	struct troth_time now = { node_time(s, n) }, wake;
	bool busy;

	if (n->number == 0) {
		wake = troth_hub_wake(n->hub);
		busy = troth_hub_busy(n->hub, now);
	} else {
		wake = troth_gateway_wake(n->gateway);
		busy = troth_gateway_busy(n->gateway, now);
	}
	if (busy)
		want_turn(s, n, s->now);
	else if (wake.ms != 0)
		want_turn(s, n, wake.ms - n->skew);
}

static void watch_spinning(struct sim *s, struct node *n, int64_t before)
{
	n->spins = n->turn_at == before && n->busy_until <= s->now ? n->spins + 1 : 0;
	if (n->spins > 200)
		sim_fail(s, "liveness", "node %u wants turn after turn and does nothing",
			 n->number);
}

void node_turn(struct sim *s, struct node *n)
{
	struct troth_time now = { node_time(s, n) };
	struct troth_why why = { "" };
	enum troth_err err;

	n->turn_at = 0;
	n->latest = now.ms > n->latest ? now.ms : n->latest;
	n->in_turn = true;
	n->slow = 0;
	err = n->number == 0 ? troth_hub_turn(n->hub, now, &why)
			     : troth_gateway_turn(n->gateway, now, &why);
	n->in_turn = false;
	n->busy_until = s->now + n->slow;
	n->slow = 0;
	if (n->number == 0 && !s->window)
		oracle_central(s);
	if (err != TROTH_OK && err != TROTH_ERR_IO && err != TROTH_ERR_FULL)
		sim_fail(s, "turn", "node %u: %s", n->number, why.text);
	if (err == TROTH_ERR_IO) {
		die_and_return(s, n);
		return;
	}
	if (n->number == 0) {
		if (!s->window)
			oracle_clock(s);
	} else {
		oracle_site(s, n);
	}
	if (n->stopping) {
		die_and_return(s, n);
		return;
	}
	sleep_on(s, n);
	watch_spinning(s, n, s->now);
}

/* ---- Backups ---- */

static uint64_t position_of(const struct node *n)
{
	struct troth_txn t;
	uint64_t position;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	position = troth_state_meta(&t, TROTH_META_POSITION);
	troth_txn_abort(&t);
	return position;
}

void node_snapshot(struct sim *s, struct node *n)
{
	unsigned i = (unsigned)dice_below(&s->dice, IMAGES_MAX);

	memkv_image_free(n->images[i]);
	n->images[i] = memkv_snapshot(n->disk);
	n->image_marks[i] = s->told_count;
	n->image_sizes[i] = position_of(n);
	sim_log(s, "node %u: backup %u at position %llu", n->number, i,
		(unsigned long long)n->image_sizes[i]);
}

void node_restore(struct sim *s, struct node *n, unsigned i)
{
	sim_log(s, "node %u: backup %u is put back", n->number, i);
	s->counts.restores++;
	n->restores++;
	n->put_back = true;
	n->doubted_at = oracle_size(s);
	node_kill(s, n);
	memkv_restore(n->disk, n->images[i]);
	people_waive(s, n, n->image_marks[i]);
	n->checked_feed = 0;
	n->seen_position = 0;
	n->seen_as_of = 0;
	memset(n->etags, 0, sizeof(n->etags));
	node_boot(s, n);
}
