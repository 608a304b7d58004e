#include "replica.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Open and close ---- */

static bool copy_text(char *out, size_t size, const char *from)
{
	int len = snprintf(out, size, "%s", from);

	return len > 0 && (size_t)len < size;
}

static unsigned at_most(unsigned value, unsigned preset, unsigned max)
{
	if (value == 0)
		return preset;
	return value < max ? value : max;
}

static bool take_config(struct troth_gateway *g, const struct troth_gateway_config *c)
{
	g->config = *c;
	g->config.batch_events = at_most(c->batch_events, TROTH_BATCH_MAX,
					 TROTH_BATCH_MAX);
	g->config.batches_in_flight = at_most(c->batches_in_flight, 4, SUBMITS_MAX);
	g->config.follows_in_flight = at_most(c->follows_in_flight, 2, 16);
	if (c->follow_wait_ms <= 0 || c->follow_wait_ms > TROTH_FOLLOW_WAIT_MAX_MS)
		g->config.follow_wait_ms = TROTH_FOLLOW_WAIT_MAX_MS;
	if (c->answer_timeout_ms <= 0)
		g->config.answer_timeout_ms = 40000;
	return copy_text(g->origin, sizeof(g->origin), c->origin) &&
	       copy_text(g->party, sizeof(g->party), c->party) &&
	       copy_text(g->site_name, sizeof(g->site_name), c->site) &&
	       copy_text(g->central, sizeof(g->central), c->central_origin) &&
	       copy_text(g->software, sizeof(g->software), c->software);
}

static bool take_memory(struct troth_gateway *g)
{
	/* Zeroed once: afterwards they are only used within their counts. */
	g->view[0] = calloc(1, sizeof(*g->view[0]));
	g->view[1] = calloc(1, sizeof(*g->view[1]));
	g->source.authority = calloc(1, sizeof(*g->source.authority));
	g->results = calloc(COMMANDS_MAX, sizeof(*g->results));
	g->bodies = calloc(TROTH_BATCH_MAX, sizeof(*g->bodies));
	g->blobs = calloc(TROTH_BATCH_MAX, sizeof(*g->blobs));
	g->source.policies = troth_policies_new(g->config.zones);
	return g->view[0] != NULL && g->view[1] != NULL && g->source.authority != NULL &&
	       g->source.policies != NULL && g->results != NULL && g->bodies != NULL &&
	       g->blobs != NULL;
}

/* Checks whose store it is; a new one becomes ours. */
static enum troth_err claim(struct troth_gateway *g, struct troth_why *why)
{
	struct troth_span key = troth_span_str("origin"), owner;
	struct troth_txn t;

	troth_txn_begin(&t, g->kv, TROTH_TXN_WRITE);
	if (!troth_txn_get(&t, TROTH_T_META, key, &owner))
		troth_txn_put(&t, TROTH_T_META, key, troth_span_str(g->origin));
	else if (!troth_span_eq(owner, troth_span_str(g->origin)))
		troth_txn_fail(&t, TROTH_ERR_INPUT,
			       "the store belongs to %.*s, not to %s", (int)owner.len,
			       (const char *)owner.data, g->origin);
	if (g->config.restored)
		troth_state_set_meta(&t, TROTH_META_RESTORED, RESTORED_NOW);
	kept_read(&t, &g->kept);
	lapses_next(g, &t);
	g->clock_ms = g->kept.clock.ms;
	offers_read(g, &t);
	return troth_txn_commit(&t, why);
}

enum troth_err troth_gateway_open(struct troth_gateway **out, struct troth_kv *kv,
				  const struct troth_gateway_config *config,
				  const struct troth_gateway_io *io,
				  struct troth_why *why)
{
	struct troth_gateway *g = calloc(1, sizeof(*g));
	enum troth_err err = TROTH_OK;

	*out = NULL;
	if (g == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "gateway: no memory");
	g->kv = kv;
	g->io = *io;
	g->submit_bytes = g->follow_bytes = MESSAGE_MAX;
	g->arrivals_end = &g->arrivals;
	g->commands_end = &g->commands;
	if (!take_config(g, config))
		err = troth_fail(why, TROTH_ERR_INPUT,
				 "gateway: a name in its configuration is empty or long");
	else if (!take_memory(g))
		err = troth_fail(why, TROTH_ERR_MEMORY, "gateway: no memory");
	else
		err = claim(g, why);
	if (err != TROTH_OK) {
		troth_gateway_close(g);
		return err;
	}
	g->now = g->kept;
	g->heard_size = g->kept.seen_size;
	g->heard_root = g->kept.seen_root;
	arrivals_forget(g);
	if (g->kept.restored != 0)
		replica_note(
			g, "shares_in_doubt",
			"the store was restored, and central has not settled it yet");
	*out = g;
	return TROTH_OK;
}

void troth_gateway_close(struct troth_gateway *g)
{
	if (g == NULL)
		return;
	while (g->commands != NULL) {
		struct troth_command *c = g->commands;
		const struct troth_result r = { .status = TROTH_STOPPING };

		g->commands = c->next;
		c->done(c, &r);
	}
	questions_fail(g, "the gateway is stopping");
	arrivals_forget(g);
	troth_policies_free(g->source.policies);
	offers_forget(&g->offers);
	free(g->view[0]);
	free(g->view[1]);
	free(g->source.authority);
	free(g->results);
	free(g->bodies);
	free(g->blobs);
	troth_buf_fini(&g->run.sealed);
	troth_buf_fini(&g->out);
	troth_buf_fini(&g->personal);
	troth_buf_fini(&g->record);
	free(g);
}

/* ---- A turn ---- */

void troth_gateway_commands(struct troth_gateway *g, struct troth_command *commands)
{
	*g->commands_end = commands;
	while (*g->commands_end != NULL)
		g->commands_end = &(*g->commands_end)->next;
}

void troth_gateway_stop(struct troth_gateway *g)
{
	g->stopping = true;
}

/* Takes up to COMMANDS_MAX commands off the queue. */
static struct troth_command *take_commands(struct troth_gateway *g)
{
	struct troth_command *list = g->commands, **end = &g->commands;

	for (unsigned n = 0; n < COMMANDS_MAX && *end != NULL; n++)
		end = &(*end)->next;
	g->commands = *end;
	if (g->commands == NULL)
		g->commands_end = &g->commands;
	if (list != NULL)
		*end = NULL;
	return list;
}

static void answer_all(struct troth_command *list, enum troth_status status)
{
	const struct troth_result r = { .status = status };

	while (list != NULL) {
		struct troth_command *c = list;

		list = c->next;
		c->done(c, &r);
	}
}

static void answer_each(struct troth_gateway *g, struct troth_command *list)
{
	for (unsigned i = 0; list != NULL; i++) {
		struct troth_command *c = list;

		list = c->next;
		c->done(c, &g->results[i]);
	}
}

/* What was received goes first: commands are decided on the newest state. */
static enum troth_err commit_all(struct troth_gateway *g, struct troth_command **at,
				 unsigned arrivals, struct troth_why *why)
{
	struct troth_command *list = *at;
	struct troth_txn t;
	unsigned n = 0;

	replica_begin(g, &t, TROTH_TXN_WRITE);
	for (struct arrival *a = g->arrivals; arrivals > 0; a = a->next, arrivals--)
		replica_apply(g, &t, &a->reply.u.follow);
	for (struct troth_command *c = list; c != NULL; c = c->next)
		replica_decide(g, &t, c, &g->results[n++]);
	replica_decided(g, &t);
	if (shares_known(g))
		g->now.restored = 0;
	shares_look(g, &t);
	troth_command_forget(&t, (struct troth_time){ g->clock_ms },
			     n * TROTH_KEYS_FORGET);
	if (TROTH_MUTANT(submit_before_commit) && g->phase == PHASE_LIVE &&
	    g->turned_away == 0 && g->next_submit <= g->now.seq)
		uplink_send_batch(g, &t);
	if (TROTH_MUTANT(site_answers_before_commit)) {
		answer_each(g, list);
		*at = NULL;
	}
	return replica_end(g, &t, why);
}

static int64_t look_after_ms(const struct troth_gateway *g)
{
	return g->look_at_ms > g->full_until_ms ? g->look_at_ms : g->full_until_ms;
}

/* Commands and arrivals: one commit, then whoever waits for it is told. */
static enum troth_err work(struct troth_gateway *g, struct troth_why *why)
{
	struct troth_command *list = take_commands(g);
	unsigned arrivals = 0;
	uint64_t cursor = g->kept.cursor, seq = g->kept.seq;
	bool look = (lapses_due(g) || shares_known(g)) && look_after_ms(g) <= g->raw_ms;
	enum troth_err err;

	if (g->stopping) {
		answer_all(list, TROTH_STOPPING);
		list = NULL;
	} else if (troth_kv_room(g->kv) == TROTH_ROOM_REFUSE) {
		answer_all(list, TROTH_NO_ROOM);
		list = NULL;
		look = false;
		g->look_at_ms = g->raw_ms + FULL_RETRY_MS;
	}
	if (list != NULL)
		g->commanded_ms = g->raw_ms;
	if (g->raw_ms >= g->full_until_ms &&
	    (list != NULL || g->raw_ms >= g->apply_at_ms))
		arrivals = follow_share(g);
	if (list == NULL && arrivals == 0 && !look)
		return TROTH_OK;
	err = commit_all(g, &list, arrivals, why);
	if (err == TROTH_ERR_IO) {
		/* Nobody knows what became of them: neither yes nor no is true. */
		while (list != NULL) {
			struct troth_command *c = list;

			list = c->next;
			troth_command_free(c);
		}
		return err;
	}
	if (err != TROTH_OK) {
		answer_all(list, TROTH_NO_ROOM);
		return err == TROTH_ERR_FULL ? TROTH_OK : err;
	}
	if (seq < g->next_submit) /* Until now there was nothing to send. */
		g->unspoken_until_ms = g->raw_ms + UNSPOKEN_MS;
	if (arrivals > 0) {
		follow_kept(g, arrivals);
		g->backoff_ms = 0;
	}
	if (g->kept.cursor != cursor)
		g->io.advanced(g->io.ctx, g->kept.cursor);
	answer_each(g, list);
	return TROTH_OK;
}

/* Sends all that can be sent just now. */
static enum troth_err pump(struct troth_gateway *g, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	if (g->phase == PHASE_UP && g->raw_ms >= g->greet_at_ms &&
	    g->raw_ms >= g->send_at_ms)
		uplink_hello(g);
	if (uplink_can_announce(g) && g->raw_ms >= g->submit_at_ms &&
	    g->raw_ms >= g->send_at_ms)
		uplink_announce(g);
	while (err == TROTH_OK && uplink_can_submit(g) &&
	       g->raw_ms >= uplink_submit_at_ms(g) && g->raw_ms >= g->send_at_ms)
		err = uplink_submit(g, why);
	if (follow_can_ask(g) && g->raw_ms >= g->follow_at_ms &&
	    g->raw_ms >= g->send_at_ms)
		follow_ask(g);
	if (follow_can_report(g) && g->raw_ms >= g->send_at_ms)
		follow_report(g);
	return err;
}

enum troth_err troth_gateway_turn(struct troth_gateway *g, struct troth_time now,
				  struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	replica_set_clock(g, now);
	if (g->phase == PHASE_WELCOME && g->raw_ms >= g->full_until_ms)
		err = uplink_welcome(g, why);
	if (err == TROTH_OK && g->turned_away != 0 && g->raw_ms >= g->full_until_ms)
		err = uplink_set_aside(g, why);
	if (err == TROTH_OK || err == TROTH_ERR_FULL)
		err = work(g, why);
	if (err != TROTH_OK)
		return err;
	questions_settle(g);
	replica_check_silence(g);
	return pump(g, why);
}

static void sooner(int64_t *due, bool is, int64_t a, int64_t b)
{
	int64_t at = a > b ? a : b;

	if (is && at < *due)
		*due = at;
}

/* The next instant at which a turn has something to do; INT64_MAX: none. */
static int64_t due_ms(const struct troth_gateway *g)
{
	int64_t due = questions_due_ms(g);

	sooner(&due, g->commands != NULL, 0, 0);
	sooner(&due, g->arrivals != NULL, g->full_until_ms, g->apply_at_ms);
	sooner(&due, g->phase == PHASE_WELCOME, g->full_until_ms, 0);
	sooner(&due, g->turned_away != 0, g->full_until_ms, 0);
	sooner(&due, shares_known(g), look_after_ms(g), 0);
	if (lapses_due(g))
		sooner(&due, true, look_after_ms(g), 0);
	else if (g->lapse_ms != INT64_MAX && g->kept.restored == 0)
		sooner(&due, !g->dated, g->lapse_ms + 1, look_after_ms(g));
	sooner(&due, g->phase == PHASE_UP, g->greet_at_ms, g->send_at_ms);
	sooner(&due, uplink_can_submit(g), uplink_submit_at_ms(g), g->send_at_ms);
	sooner(&due, uplink_can_announce(g), g->submit_at_ms, g->send_at_ms);
	sooner(&due, follow_can_ask(g), g->follow_at_ms, g->send_at_ms);
	sooner(&due, follow_can_report(g), g->send_at_ms, 0);
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		sooner(&due, g->flights[i].request != 0,
		       g->flights[i].sent_ms + replica_patience_ms(g, &g->flights[i]), 0);
	return due;
}

bool troth_gateway_busy(const struct troth_gateway *g, struct troth_time now)
{
	return due_ms(g) <= now.ms;
}

struct troth_time troth_gateway_wake(struct troth_gateway *g)
{
	int64_t due = due_ms(g);

	if (due == INT64_MAX)
		return (struct troth_time){ 0 };
	return (struct troth_time){ due > 1 ? due : 1 };
}
