#include "troth/net/server.h"

#include "link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* After the system refused us a socket or memory. */
#define ACCEPT_PAUSE_MS 100

/* So many peers are judged again at a time, to let messages through in between. */
#define REJUDGE_BATCH 64

enum server_cmd { SERVER_REPLY, SERVER_DROP, SERVER_RELOAD };

struct troth_server {
	struct bus_loop loop;
	struct link_family family;
	struct troth_bus_limits limits;
	struct troth_server_callbacks call;
	char *certs_dir, *trust_domain;
	nng_stream_listener *listener;
	uint16_t port;

	struct bus_io accept;
	struct bus_timer accept_timer; /* Set: accepting pauses. */
	bool stopping;

	struct link **slots; /* connections_max of them; NULL is free. */
	uint32_t *free_slots;
	uint32_t free_count;
	uint32_t serial;    /* Of the last connection. */
	struct link *young; /* Those that are not up yet: a list. */
	uint32_t young_count;

	struct bus_timer rejudge_timer;
	uint32_t rejudge_next; /* Slot at which judging again goes on. */
};

static void report(struct troth_server *s, enum troth_bus_event event,
		   const struct link *k, const char *why)
{
	char name[TROTH_IDENTITY_TEXT] = "";
	struct troth_bus_report r = {
		.event = event, .peer = name, .address = k->address, .why = why
	};

	troth_identity_format(name, &k->verdict.peer);
	s->call.on_event(s->call.ctx, &r);
}

static void grow_up(struct troth_server *s, struct link *k)
{
	if (k->prev != NULL)
		k->prev->next = k->next;
	else
		s->young = k->next;
	if (k->next != NULL)
		k->next->prev = k->prev;
	k->next = k->prev = NULL;
	s->young_count--;
}

static void on_up(void *owner, struct link *k)
{
	struct troth_server *s = owner;

	grow_up(s, k);
	report(s, TROTH_BUS_ACCEPTED, k, "");
	s->call.on_open(s->call.ctx, k->conn, &k->verdict.peer);
}

static void on_message(void *owner, struct link *k, uint32_t id,
		       struct troth_span payload)
{
	struct troth_server *s = owner;

	s->call.on_request(s->call.ctx, k->conn, id, payload);
}

static void on_end(void *owner, struct link *k, const struct troth_bus_report *r)
{
	struct troth_server *s = owner;

	if (!k->was_up)
		grow_up(s, k);
	s->call.on_event(s->call.ctx, r);
	if (k->was_up)
		s->call.on_close(s->call.ctx, k->conn, r);
}

static void on_gone(void *owner, struct link *k)
{
	struct troth_server *s = owner;
	uint32_t slot = (uint32_t)k->conn;

	s->slots[slot] = NULL;
	s->free_slots[s->free_count++] = slot;
}

static const struct link_hooks hooks = { on_up, on_message, on_end, on_gone };

/* How many of the young come from the host in `address`. */
static uint32_t young_from(const struct troth_server *s, const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon != NULL ? (size_t)(colon - address) : strlen(address);
	uint32_t n = 0;

	for (const struct link *k = s->young; k != NULL; k = k->next)
		if (strncmp(k->address, address, len) == 0 &&
		    (k->address[len] == ':' || k->address[len] == '\0'))
			n++;
	return n;
}

static void turn_away(struct troth_server *s, nng_stream *stream, const char *address,
		      const char *why)
{
	struct troth_bus_report r = { TROTH_BUS_TOO_MANY, "", address, why };

	nng_stream_free(stream);
	s->call.on_event(s->call.ctx, &r);
}

static void admit(struct troth_server *s, nng_stream *stream)
{
	char address[LINK_ADDRESS_MAX];
	struct link *k;
	uint32_t slot;

	link_address(stream, address);
	if (s->free_count == 0) {
		turn_away(s, stream, address, "all connections are taken");
		return;
	}
	if (young_from(s, address) >= s->limits.handshakes_per_address) {
		turn_away(s, stream, address, "too many unproven ones from this address");
		return;
	}
	k = link_new(&s->family, stream);
	if (k == NULL)
		return;
	slot = s->free_slots[--s->free_count];
	s->slots[slot] = k;
	k->conn = (uint64_t)++s->serial << 32 | slot;
	k->next = s->young;
	if (k->next != NULL)
		k->next->prev = k;
	s->young = k;
	s->young_count++;
	link_start(k);
}

/* Keeps one accept posted, unless handshakes in flight are at their bound. */
static void accept_more(struct troth_server *s)
{
	if (s->stopping || s->accept.busy || troth_timer_is_set(&s->accept_timer.timer) ||
	    s->young_count >= s->limits.handshakes_max)
		return;
	io_begin(&s->accept);
	nng_stream_listener_accept(s->listener, s->accept.aio);
}

static void accept_done(void *owner)
{
	struct troth_server *s = owner;
	int failed = nng_aio_result(s->accept.aio);
	struct troth_bus_report r = { TROTH_BUS_TOO_MANY, "", "?", nng_strerror(failed) };

	if (failed == 0) {
		admit(s, nng_aio_get_output(s->accept.aio, 0));
	} else if (!s->stopping && failed != NNG_ECONNABORTED &&
		   failed != NNG_ECONNRESET) {
		/* Out of files or memory: those who wait are not lost by waiting. */
		loop_timer_set(&s->loop, &s->accept_timer,
			       s->loop.now_ms + ACCEPT_PAUSE_MS);
		s->call.on_event(s->call.ctx, &r);
	}
}

/* Its being set is what paused; round_end accepts again. */
static void accept_pause_over(void *owner)
{
	(void)owner;
}

static void rejudge_some(void *owner)
{
	struct troth_server *s = owner;
	unsigned judged = 0;

	while (s->rejudge_next < s->limits.connections_max && judged < REJUDGE_BATCH) {
		struct link *k = s->slots[s->rejudge_next++];

		if (k == NULL)
			continue;
		link_rejudge(k);
		judged++;
	}
	if (s->rejudge_next < s->limits.connections_max)
		loop_timer_set(&s->loop, &s->rejudge_timer, s->loop.now_ms + 1);
}

static struct link *find(struct troth_server *s, uint64_t conn)
{
	uint32_t slot = (uint32_t)conn;
	struct link *k = slot < s->limits.connections_max ? s->slots[slot] : NULL;

	return k != NULL && k->conn == conn ? k : NULL;
}

static void on_cmd(void *ctx, struct bus_cmd *cmd)
{
	struct troth_server *s = ctx;
	struct link *k = find(s, cmd->conn);

	switch ((enum server_cmd)cmd->kind) {
	case SERVER_REPLY:
		if (k == NULL) {
			troth_buf_fini(&cmd->payload);
			break;
		}
		if (k->unanswered > 0)
			k->unanswered--;
		link_send(k, cmd->id, &cmd->payload);
		break;
	case SERVER_DROP:
		if (k != NULL)
			link_end(k, TROTH_BUS_CLOSED, cmd->ptr);
		break;
	case SERVER_RELOAD:
		tls_unref(s->family.tls);
		s->family.tls = cmd->ptr;
		s->rejudge_next = 0;
		rejudge_some(s);
		break;
	}
}

static void round_end(void *ctx)
{
	struct troth_server *s = ctx;

	link_settle_all(&s->family);
	accept_more(s);
}

static void on_stop(void *ctx)
{
	struct troth_server *s = ctx;

	s->stopping = true;
	nng_stream_listener_close(s->listener);
	loop_timer_clear(&s->loop, &s->accept_timer);
	loop_timer_clear(&s->loop, &s->rejudge_timer);
	for (uint32_t i = 0; i < s->limits.connections_max; i++)
		if (s->slots[i] != NULL) {
			link_end(s->slots[i], TROTH_BUS_CLOSED, "shutting down");
			/* Nobody waits for an alert to be read any more. */
			link_end(s->slots[i], TROTH_BUS_CLOSED, "shutting down");
		}
}

static enum troth_err start_listening(struct troth_server *s, const char *url,
				      struct troth_why *why)
{
	int port = 0;
	int rc;

	if (strncmp(url, "tcp://", 6) != 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: not tcp://host:port", url);
	rc = nng_stream_listener_alloc(&s->listener, url);
	if (rc != 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: %s", url, nng_strerror(rc));
	rc = nng_stream_listener_listen(s->listener);
	if (rc == 0)
		rc = nng_stream_listener_get_int(s->listener, NNG_OPT_TCP_BOUND_PORT,
						 &port);
	if (rc != 0)
		return troth_fail(why, TROTH_ERR_IO, "listen on %s: %s", url,
				  nng_strerror(rc));
	s->port = (uint16_t)port;
	return TROTH_OK;
}

static enum troth_err allocate(struct troth_server *s,
			       const struct troth_server_config *config,
			       struct troth_why *why)
{
	uint32_t n = config->limits.connections_max;

	s->limits = config->limits;
	s->call = config->callbacks;
	s->certs_dir = strdup(config->certs_dir);
	s->trust_domain = strdup(config->trust_domain);
	s->slots = calloc(n, sizeof(struct link *));
	s->free_slots = calloc(n, sizeof(uint32_t));
	if (s->certs_dir == NULL || s->trust_domain == NULL || s->slots == NULL ||
	    s->free_slots == NULL || !io_init(&s->accept, &s->loop, s, accept_done))
		return troth_fail(why, TROTH_ERR_MEMORY, "server: no memory");
	while (s->free_count < n) {
		s->free_slots[s->free_count] = n - 1 - s->free_count;
		s->free_count++;
	}
	loop_timer_init(&s->accept_timer, s, accept_pause_over);
	loop_timer_init(&s->rejudge_timer, s, rejudge_some);
	s->family = (struct link_family){ .loop = &s->loop,
					  .limits = &s->limits,
					  .hooks = &hooks,
					  .owner = s,
					  .server = true };
	return TROTH_OK;
}

enum troth_err troth_server_open(struct troth_server **out,
				 const struct troth_server_config *config,
				 struct troth_why *why)
{
	struct troth_server *s;
	enum troth_err err = troth_bus_limits_check(&config->limits, why);

	*out = NULL;
	if (err != TROTH_OK)
		return err;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "server: no memory");
	err = loop_init(&s->loop,
			&(struct bus_owner){ .ctx = s,
					     .on_cmd = on_cmd,
					     .round_end = round_end,
					     .on_stop = on_stop },
			why);
	if (err == TROTH_OK)
		err = allocate(s, config, why);
	if (err == TROTH_OK)
		err = tls_open(&s->family.tls, s->certs_dir, s->trust_domain, true, why);
	if (err == TROTH_OK)
		err = start_listening(s, config->listen, why);
	if (err == TROTH_OK)
		err = loop_start(&s->loop, why);
	if (err == TROTH_OK) {
		*out = s;
		s = NULL;
	}
	troth_server_close(s);
	return err;
}

void troth_server_close(struct troth_server *s)
{
	if (s == NULL)
		return;
	loop_stop(&s->loop);
	io_fini(&s->accept);
	nng_stream_listener_free(s->listener);
	tls_unref(s->family.tls);
	loop_fini(&s->loop);
	free(s->slots);
	free(s->free_slots);
	free(s->certs_dir);
	free(s->trust_domain);
	free(s);
}

uint16_t troth_server_port(const struct troth_server *s)
{
	return s->port;
}

static enum troth_err check_answers(const struct troth_server *s,
				    const struct troth_server_answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (answers[i].payload.failed)
			return TROTH_ERR_MEMORY;
		if (answers[i].payload.len > s->limits.message_max)
			return TROTH_ERR_LIMIT;
	}
	return TROTH_OK;
}

enum troth_err troth_server_reply_all(struct troth_server *s,
				      struct troth_server_answer *answers, size_t n)
{
	enum troth_err err = check_answers(s, answers, n);

	if (err == TROTH_OK) {
		(void)pthread_mutex_lock(&s->loop.lock);
		if (!loop_reserve(&s->loop, n))
			err = TROTH_ERR_MEMORY;
		for (size_t i = 0; i < n && err == TROTH_OK; i++) {
			loop_put(&s->loop,
				 &(struct bus_cmd){ .kind = SERVER_REPLY,
						    .conn = answers[i].conn,
						    .id = answers[i].request,
						    .payload = answers[i].payload });
			answers[i].payload = TROTH_BUF_INIT;
		}
		(void)pthread_mutex_unlock(&s->loop.lock);
	}
	for (size_t i = 0; i < n; i++)
		troth_buf_fini(&answers[i].payload);
	return err;
}

enum troth_err troth_server_reply(struct troth_server *s, uint64_t conn, uint32_t request,
				  struct troth_buf *payload)
{
	struct troth_server_answer answer = { conn, request, *payload };

	*payload = TROTH_BUF_INIT;
	return troth_server_reply_all(s, &answer, 1);
}

enum troth_err troth_server_drop(struct troth_server *s, uint64_t conn, const char *why)
{
	struct bus_cmd cmd = { .kind = SERVER_DROP, .conn = conn, .ptr = (void *)why };

	return loop_post(&s->loop, &cmd) ? TROTH_OK : TROTH_ERR_MEMORY;
}

enum troth_err troth_server_reload(struct troth_server *s, struct troth_why *why)
{
	struct bus_cmd cmd = { .kind = SERVER_RELOAD };
	struct bus_tls *fresh;
	enum troth_err err = tls_open(&fresh, s->certs_dir, s->trust_domain, true, why);

	if (err != TROTH_OK)
		return err;
	cmd.ptr = fresh;
	if (!loop_post(&s->loop, &cmd)) {
		tls_unref(fresh);
		return troth_fail(why, TROTH_ERR_MEMORY, "reload: no memory");
	}
	return TROTH_OK;
}
