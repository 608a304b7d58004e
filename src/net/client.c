#include "troth/net/client.h"

#include "link.h"
#include "troth/crypto/random.h"

#include <stdlib.h>
#include <string.h>

/* Request ids have 31 bits; the highest bit of the wire's 32 is always set. */
#define ID_MAX UINT32_C(0x7fffffff)

/* A connection that lasted so many shortest waits was a success. */
#define LASTED_WAITS 4

enum client_cmd { CLIENT_REQUEST, CLIENT_REDIAL, CLIENT_RELOAD };

struct troth_client {
	struct bus_loop loop;
	struct link_family family;
	struct troth_bus_limits limits;
	struct troth_client_callbacks call;
	char *url, *certs_dir, *trust_domain;
	nng_stream_dialer *dialer;

	struct bus_io dial;
	struct bus_timer dial_timer; /* Set: while dialling; its end gives up. */
	struct bus_timer wait_timer; /* Set: until the next dial. */
	bool stopping;
	uint32_t failures; /* In a row. */
	uint64_t up_ms;
	struct link *k; /* NULL, or the one that is not gone yet. */

	/* Guarded by loop.lock. */
	bool up;
	uint64_t generation; /* Of connections: a request goes to its own only. */
	uint32_t last_id;
	uint32_t asked_count;
	uint32_t *asked; /* requests_max: an unanswered id in slot id % max, or 0. */
};

static void on_up(void *owner, struct link *k)
{
	struct troth_client *c = owner;

	c->up_ms = c->loop.now_ms;
	(void)pthread_mutex_lock(&c->loop.lock);
	c->up = true;
	c->generation++;
	(void)pthread_mutex_unlock(&c->loop.lock);
	c->call.on_up(c->call.ctx, &k->verdict.peer);
}

/* True, and forgotten, if `id` is unanswered. */
static bool settle(struct troth_client *c, uint32_t id)
{
	uint32_t *slot = &c->asked[id % c->limits.requests_max];
	bool found;

	(void)pthread_mutex_lock(&c->loop.lock);
	found = id != 0 && *slot == id;
	if (found) {
		*slot = 0;
		c->asked_count--;
	}
	(void)pthread_mutex_unlock(&c->loop.lock);
	return found;
}

static void on_message(void *owner, struct link *k, uint32_t id,
		       struct troth_span payload)
{
	struct troth_client *c = owner;

	if (!settle(c, id)) {
		link_end(k, TROTH_BUS_MALFORMED, "it answered what was not asked");
		return;
	}
	c->call.on_reply(c->call.ctx, id, payload);
}

/* The next dial is due after the wait that `failures` in a row earn. */
static void wait_for_next(struct troth_client *c)
{
	uint64_t wait = c->limits.reconnect_min_ms;
	uint32_t jitter;

	for (uint32_t i = 0; i < c->failures && wait < c->limits.reconnect_max_ms; i++)
		wait *= 2;
	if (wait > c->limits.reconnect_max_ms)
		wait = c->limits.reconnect_max_ms;
	/* Those whom one restart sent away must not all come back at once. */
	troth_random(&jitter, sizeof(jitter));
	wait -= jitter % (wait / 2 + 1);
	c->failures++;
	loop_timer_set(&c->loop, &c->wait_timer, c->loop.now_ms + wait);
}

static void on_end(void *owner, struct link *k, const struct troth_bus_report *r)
{
	struct troth_client *c = owner;

	(void)pthread_mutex_lock(&c->loop.lock);
	c->up = false;
	c->asked_count = 0;
	memset(c->asked, 0, c->limits.requests_max * sizeof(*c->asked));
	(void)pthread_mutex_unlock(&c->loop.lock);
	if (k->was_up && c->loop.now_ms - c->up_ms >=
				 (uint64_t)LASTED_WAITS * c->limits.reconnect_min_ms)
		c->failures = 0;
	if (!c->stopping)
		wait_for_next(c);
	if (!c->stopping || k->was_up)
		c->call.on_down(c->call.ctx, r);
}

static void on_gone(void *owner, struct link *k)
{
	struct troth_client *c = owner;

	(void)k;
	c->k = NULL;
}

static const struct link_hooks hooks = { on_up, on_message, on_end, on_gone };

static void unreachable(struct troth_client *c, const char *why)
{
	struct troth_bus_report r = { TROTH_BUS_UNREACHABLE, "", c->url, why };

	if (c->stopping)
		return;
	wait_for_next(c);
	c->call.on_down(c->call.ctx, &r);
}

static void dial_done(void *owner)
{
	struct troth_client *c = owner;
	int failed = nng_aio_result(c->dial.aio);
	nng_stream *stream;

	loop_timer_clear(&c->loop, &c->dial_timer);
	if (failed != 0) {
		unreachable(c, failed == NNG_ECANCELED ? "no answer in time"
						       : nng_strerror(failed));
		return;
	}
	stream = nng_aio_get_output(c->dial.aio, 0);
	if (c->stopping) {
		nng_stream_free(stream);
		return;
	}
	c->k = link_new(&c->family, stream);
	if (c->k == NULL)
		unreachable(c, "no memory");
	else
		link_start(c->k);
}

static void dial_took_too_long(void *owner)
{
	struct troth_client *c = owner;

	nng_aio_cancel(c->dial.aio);
}

/* Its having been set is what kept us; round_end dials. */
static void wait_over(void *owner)
{
	(void)owner;
}

static void dial_if_free(struct troth_client *c)
{
	if (c->stopping || c->dial.busy || c->k != NULL ||
	    troth_timer_is_set(&c->wait_timer.timer))
		return;
	loop_timer_set(&c->loop, &c->dial_timer, c->loop.now_ms + c->limits.handshake_ms);
	io_begin(&c->dial);
	nng_stream_dialer_dial(c->dialer, c->dial.aio);
}

static void redial(struct troth_client *c, const char *why)
{
	c->failures = 0;
	if (c->k != NULL && c->k->state != LINK_DEAD && c->k->state != LINK_LINGER)
		link_end(c->k, TROTH_BUS_CLOSED, why);
	else if (troth_timer_is_set(&c->wait_timer.timer))
		wait_for_next(c);
}

static void on_cmd(void *ctx, struct bus_cmd *cmd)
{
	struct troth_client *c = ctx;

	switch ((enum client_cmd)cmd->kind) {
	case CLIENT_REQUEST:
		/* Only this thread writes the generation, so it may read it. */
		if (c->k != NULL && cmd->conn == c->generation)
			link_send(c->k, cmd->id, &cmd->payload);
		else
			troth_buf_fini(&cmd->payload);
		break;
	case CLIENT_REDIAL:
		redial(c, cmd->ptr);
		break;
	case CLIENT_RELOAD:
		tls_unref(c->family.tls);
		c->family.tls = cmd->ptr;
		if (c->k != NULL)
			link_rejudge(c->k);
		break;
	}
}

static void round_end(void *ctx)
{
	struct troth_client *c = ctx;

	link_settle_all(&c->family);
	dial_if_free(c);
}

static void on_stop(void *ctx)
{
	struct troth_client *c = ctx;

	c->stopping = true;
	loop_timer_clear(&c->loop, &c->dial_timer);
	loop_timer_clear(&c->loop, &c->wait_timer);
	nng_stream_dialer_close(c->dialer);
	nng_aio_cancel(c->dial.aio);
	if (c->k != NULL) {
		link_end(c->k, TROTH_BUS_CLOSED, "shutting down");
		/* Nobody waits for an alert to be read any more. */
		link_end(c->k, TROTH_BUS_CLOSED, "shutting down");
	}
}

static enum troth_err allocate(struct troth_client *c,
			       const struct troth_client_config *config,
			       struct troth_why *why)
{
	c->limits = config->limits;
	c->call = config->callbacks;
	c->url = strdup(config->dial);
	c->certs_dir = strdup(config->certs_dir);
	c->trust_domain = strdup(config->trust_domain);
	c->asked = calloc(config->limits.requests_max, sizeof(*c->asked));
	if (c->url == NULL || c->certs_dir == NULL || c->trust_domain == NULL ||
	    c->asked == NULL || !io_init(&c->dial, &c->loop, c, dial_done))
		return troth_fail(why, TROTH_ERR_MEMORY, "client: no memory");
	loop_timer_init(&c->dial_timer, c, dial_took_too_long);
	loop_timer_init(&c->wait_timer, c, wait_over);
	c->family = (struct link_family){ .loop = &c->loop,
					  .limits = &c->limits,
					  .hooks = &hooks,
					  .owner = c,
					  .server = false };
	return TROTH_OK;
}

static enum troth_err make_dialer(struct troth_client *c, struct troth_why *why)
{
	int rc;

	if (strncmp(c->url, "tcp://", 6) != 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: not tcp://host:port",
				  c->url);
	rc = nng_stream_dialer_alloc(&c->dialer, c->url);
	if (rc != 0)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: %s", c->url,
				  nng_strerror(rc));
	return TROTH_OK;
}

enum troth_err troth_client_open(struct troth_client **out,
				 const struct troth_client_config *config,
				 struct troth_why *why)
{
	struct troth_client *c;
	enum troth_err err = troth_bus_limits_check(&config->limits, why);

	*out = NULL;
	if (err != TROTH_OK)
		return err;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "client: no memory");
	err = loop_init(&c->loop,
			&(struct bus_owner){ .ctx = c,
					     .on_cmd = on_cmd,
					     .round_end = round_end,
					     .on_stop = on_stop },
			why);
	if (err == TROTH_OK)
		err = allocate(c, config, why);
	if (err == TROTH_OK)
		err = tls_open(&c->family.tls, c->certs_dir, c->trust_domain, false, why);
	if (err == TROTH_OK)
		err = make_dialer(c, why);
	if (err == TROTH_OK)
		err = loop_start(&c->loop, why);
	if (err == TROTH_OK) {
		*out = c;
		c = NULL;
	}
	troth_client_close(c);
	return err;
}

void troth_client_close(struct troth_client *c)
{
	if (c == NULL)
		return;
	loop_stop(&c->loop);
	io_fini(&c->dial);
	nng_stream_dialer_free(c->dialer);
	tls_unref(c->family.tls);
	loop_fini(&c->loop);
	free(c->asked);
	free(c->url);
	free(c->certs_dir);
	free(c->trust_domain);
	free(c);
}

/* A free id, with loop.lock held and a free slot there. */
static uint32_t pick_id(struct troth_client *c)
{
	uint32_t max = c->limits.requests_max;

	do {
		c->last_id = c->last_id == ID_MAX ? 1 : c->last_id + 1;
	} while (c->asked[c->last_id % max] != 0);
	return c->last_id;
}

static enum troth_err post_request(struct troth_client *c, struct troth_buf *payload,
				   uint32_t *request)
{
	if (!c->up)
		return TROTH_ERR_AGAIN;
	if (c->asked_count >= c->limits.requests_max)
		return TROTH_ERR_LIMIT;
	if (!loop_reserve(&c->loop, 1))
		return TROTH_ERR_MEMORY;
	*request = pick_id(c);
	c->asked[*request % c->limits.requests_max] = *request;
	c->asked_count++;
	loop_put(&c->loop, &(struct bus_cmd){ .kind = CLIENT_REQUEST,
					      .conn = c->generation,
					      .id = *request,
					      .payload = *payload });
	*payload = TROTH_BUF_INIT;
	return TROTH_OK;
}

enum troth_err troth_client_request(struct troth_client *c, struct troth_buf *payload,
				    uint32_t *request)
{
	enum troth_err err = TROTH_OK;

	if (payload->failed)
		err = TROTH_ERR_MEMORY;
	else if (payload->len > c->limits.message_max)
		err = TROTH_ERR_LIMIT;
	if (err == TROTH_OK) {
		(void)pthread_mutex_lock(&c->loop.lock);
		err = post_request(c, payload, request);
		(void)pthread_mutex_unlock(&c->loop.lock);
	}
	troth_buf_fini(payload);
	return err;
}

enum troth_err troth_client_redial(struct troth_client *c, const char *why)
{
	struct bus_cmd cmd = { .kind = CLIENT_REDIAL, .ptr = (void *)why };

	return loop_post(&c->loop, &cmd) ? TROTH_OK : TROTH_ERR_MEMORY;
}

enum troth_err troth_client_reload(struct troth_client *c, struct troth_why *why)
{
	struct bus_cmd cmd = { .kind = CLIENT_RELOAD };
	struct bus_tls *fresh;
	enum troth_err err = tls_open(&fresh, c->certs_dir, c->trust_domain, false, why);

	if (err != TROTH_OK)
		return err;
	cmd.ptr = fresh;
	if (!loop_post(&c->loop, &cmd)) {
		tls_unref(fresh);
		return troth_fail(why, TROTH_ERR_MEMORY, "reload: no memory");
	}
	return TROTH_OK;
}
