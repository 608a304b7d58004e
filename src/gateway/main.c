/*
 * gateway - one site's node behind the dialling end of the bus.
 */
#include "troth/gateway/gateway.h"

#include "troth/base/text.h"
#include "troth/crypto/identity.h"
#include "troth/daemon/daemon.h"
#include "troth/net/client.h"
#include "troth/node/log.h"
#include "troth/replica/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the bus puts into the core's inbox. */
enum { MAIL_UP, MAIL_REPLY, MAIL_DOWN };

struct letter {
	struct troth_mail mail;
	uint32_t request;
	struct troth_buf bytes; /* The reply, or why the link is down and a NUL. */
};

struct gateway {
	struct troth_daemon *d;
	struct troth_gateway *node;
	struct troth_client *client;
	char central_origin[TROTH_IDENTITY_TEXT];
};

static struct gateway *of(struct troth_daemon *d)
{
	return d->node;
}

/* ---- The bus, on its thread. ---- */

/* The core must hear all of it: an answer that is lost here would be waited for. */
static void tell(struct gateway *g, int kind, uint32_t request, struct troth_span bytes)
{
	static const struct troth_why why = { "no memory for the bus" };
	struct letter *l = calloc(1, sizeof(*l));

	if (l == NULL)
		troth_daemon_die(g->d, &why);
	l->mail.kind = kind;
	l->request = request;
	troth_buf_put_span(&l->bytes, bytes);
	if (l->bytes.failed)
		troth_daemon_die(g->d, &why);
	troth_inbox_put_all(&g->d->inbox, &l->mail);
}

static void letter_free(struct letter *l)
{
	troth_buf_fini(&l->bytes);
	free(l);
}

static void on_up(void *ctx, const struct troth_identity *peer)
{
	char origin[TROTH_IDENTITY_TEXT];

	troth_identity_format(origin, peer);
	troth_log(TROTH_LOG_link_up, troth_str("peer", origin));
	tell(ctx, MAIL_UP, 0, TROTH_SPAN_NONE);
}

static void on_reply(void *ctx, uint32_t request, struct troth_span payload)
{
	tell(ctx, MAIL_REPLY, request, payload);
}

static void on_down(void *ctx, const struct troth_bus_report *report)
{
	char why[TROTH_WHY_MAX];

	(void)snprintf(why, sizeof(why), "%s: %s", troth_bus_event_name(report->event),
		       report->why);
	troth_daemon_bus_event(troth_bus_event_name(report->event), report->peer,
			       report->address, report->why);
	tell(ctx, MAIL_DOWN, 0, troth_span(why, strlen(why) + 1));
}

/* ---- The node's io, on the core thread. ---- */

static uint32_t io_send(void *ctx, struct troth_buf *payload)
{
	struct gateway *g = ctx;
	uint32_t request = 0;

	if (troth_client_request(g->client, payload, &request) != TROTH_OK)
		return 0;
	return request;
}

static void io_drop(void *ctx, const char *why)
{
	struct gateway *g = ctx;

	/* `why` is gone when the bus gets to it. */
	troth_log(TROTH_LOG_link_dropped, troth_str("why", why));
	if (troth_client_redial(g->client, "the gateway gave it up") != TROTH_OK)
		troth_log(TROTH_LOG_bus_reply_failed, troth_str("why", "no memory"));
}

static void io_note(void *ctx, const char *event, const char *text)
{
	(void)ctx;
	troth_daemon_note(event, NULL, text);
}

static void io_advanced(void *ctx, uint64_t stream_len)
{
	struct gateway *g = ctx;

	troth_daemon_advanced(g->d, stream_len);
}

/* ---- The role. ---- */

static enum troth_err open_node(struct gateway *g, struct troth_why *why)
{
	const struct troth_daemon *d = g->d;
	struct troth_identity central = { .kind = TROTH_IDENTITY_CENTRAL };
	const struct troth_gateway_config config = {
		.origin = d->self.origin,
		.party = d->self.identity.party,
		.site = d->self.identity.site,
		.central_origin = g->central_origin,
		.signer = &d->signer,
		.random = troth_daemon_random,
		.restored = d->restored,
		.zones = &troth_zones_of_system,
		.software = "troth " TROTH_VERSION,
		.batch_events = (unsigned)d->config.batch_events,
		.batches_in_flight = (unsigned)d->config.batches_in_flight,
		.follows_in_flight = (unsigned)d->config.follows_in_flight,
		.follow_wait_ms = d->config.follow_wait_ms,
		.answer_timeout_ms = d->config.answer_timeout_ms,
	};
	const struct troth_gateway_io io = { g, io_send, io_drop, io_note, io_advanced };

	TROTH_TEXT_SET(central.trust_domain, d->self.identity.trust_domain);
	troth_identity_format(g->central_origin, &central);
	return troth_gateway_open(&g->node, d->kv, &config, &io, why);
}

static enum troth_err open_client(struct gateway *g, struct troth_why *why)
{
	const struct troth_config *config = &g->d->config;
	char dial[TROTH_CONFIG_TEXT_MAX + 8];
	struct troth_client_config client = {
		.dial = dial,
		.certs_dir = config->certs_dir,
		.trust_domain = config->trust_domain,
		.limits = troth_bus_limits(),
		.callbacks = { g, on_up, on_reply, on_down },
	};

	(void)snprintf(dial, sizeof(dial), "tcp://%s", config->central);
	client.limits.message_max = TROTH_BUS_MESSAGE_MAX;
	client.limits.queue_max = (uint32_t)config->queue_mib << 20;
	client.limits.handshake_ms = (uint32_t)config->handshake_ms;
	client.limits.idle_ms = (uint32_t)config->idle_ms;
	client.limits.heartbeat_ms = (uint32_t)config->heartbeat_ms;
	client.limits.stall_ms = (uint32_t)config->stall_ms;
	client.limits.reconnect_min_ms = (uint32_t)config->reconnect_min_ms;
	client.limits.reconnect_max_ms = (uint32_t)config->reconnect_max_ms;
	return troth_client_open(&g->client, &client, why);
}

static enum troth_err gateway_open(struct troth_daemon *d, struct troth_why *why)
{
	struct gateway *g = calloc(1, sizeof(*g));
	enum troth_err err;

	d->node = g;
	if (g == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	g->d = d;
	err = open_node(g, why);
	if (err == TROTH_OK)
		err = open_client(g, why);
	return err;
}

static void gateway_close(struct troth_daemon *d)
{
	struct gateway *g = of(d);
	struct troth_mail *mail, *next;

	if (g == NULL)
		return;
	troth_client_close(g->client);
	for (mail = troth_inbox_take(&d->inbox, 0); mail != NULL; mail = next) {
		next = mail->next;
		letter_free((struct letter *)mail);
	}
	troth_gateway_close(g->node);
	free(g);
	d->node = NULL;
}

static enum troth_err gateway_reload(struct troth_daemon *d, struct troth_why *why)
{
	return troth_client_reload(of(d)->client, why);
}

static void gateway_address(struct troth_daemon *d, char *out, size_t len)
{
	(void)snprintf(out, len, "%s", d->config.central);
}

static void gateway_mail(struct troth_daemon *d, struct troth_mail *mail,
			 struct troth_time now)
{
	struct troth_gateway *node = of(d)->node;
	struct letter *l = (struct letter *)mail;

	if (mail->kind == MAIL_UP)
		troth_gateway_up(node, now);
	else if (mail->kind == MAIL_DOWN)
		troth_gateway_down(node, (const char *)l->bytes.data, now);
	else
		troth_gateway_reply(node, l->request, troth_buf_span(&l->bytes), now);
	letter_free(l);
}

static void gateway_commands(struct troth_daemon *d, struct troth_command *list)
{
	troth_gateway_commands(of(d)->node, list);
}

static void gateway_ask(struct troth_daemon *d, struct troth_question *q,
			struct troth_time now)
{
	troth_gateway_ask(of(d)->node, q, now);
}

static bool gateway_busy(struct troth_daemon *d, struct troth_time now)
{
	return troth_gateway_busy(of(d)->node, now);
}

static enum troth_err gateway_turn(struct troth_daemon *d, struct troth_time now,
				   struct troth_why *why)
{
	return troth_gateway_turn(of(d)->node, now, why);
}

static struct troth_time gateway_wake(struct troth_daemon *d)
{
	return troth_gateway_wake(of(d)->node);
}

static void gateway_date(struct troth_daemon *d, struct troth_time date)
{
	troth_gateway_date(of(d)->node, date);
}

static void gateway_link(struct troth_daemon *d, struct troth_link_state *out)
{
	troth_gateway_link(of(d)->node, out);
}

static void gateway_stop(struct troth_daemon *d)
{
	troth_gateway_stop(of(d)->node);
}

int troth_gateway_main(int argc, char **argv)
{
	static const struct troth_daemon_role role = {
		.name = "gateway",
		.summary = "Runs the gateway of one site: saves what its people do, also "
			   "while central is out of reach, and brings them what their "
			   "party may see.",
		.config = TROTH_CONFIG_GATEWAY,
		.identity = TROTH_IDENTITY_GATEWAY,
		.kind = TROTH_NODE_GATEWAY,
		.schema = &troth_gateway_schema,
		.open = gateway_open,
		.close = gateway_close,
		.reload = gateway_reload,
		.address = gateway_address,
		.mail = gateway_mail,
		.commands = gateway_commands,
		.ask = gateway_ask,
		.busy = gateway_busy,
		.turn = gateway_turn,
		.wake = gateway_wake,
		.date = gateway_date,
		.link = gateway_link,
		.stop = gateway_stop,
	};

	return troth_daemon_main(&role, argc, argv);
}
