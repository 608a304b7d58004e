/*
 * central - the ledger and the hub behind the listening end of the bus.
 *
 * Central appends nothing by itself at its first start: a federation begins with
 * the brand, which HQ adds through the API.
 */
#include "troth/central/central.h"

#include "troth/daemon/daemon.h"
#include "troth/ledger/hub.h"
#include "troth/net/server.h"
#include "troth/node/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answers handed to the bus with one wake-up. */
#define ANSWERS_MAX 256

/* What the bus puts into the core's inbox. */
enum { MAIL_OPEN, MAIL_REQUEST, MAIL_CLOSE };

struct letter {
	struct troth_mail mail;
	uint64_t conn;
	uint32_t request;
	struct troth_buf bytes; /* The request, or the peer's identity and a NUL. */
};

struct central {
	struct troth_daemon *d;
	struct troth_ledger *ledger;
	struct troth_hub *hub;
	struct troth_server *server;
	struct troth_server_answer answers[ANSWERS_MAX];
	size_t answer_count;
};

static struct central *of(struct troth_daemon *d)
{
	return d->node;
}

/* ---- The bus, on its thread. ---- */

static struct letter *letter_new(int kind, uint64_t conn, struct troth_span bytes)
{
	struct letter *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->mail.kind = kind;
	l->mail.len = sizeof(*l) + bytes.len;
	l->conn = conn;
	troth_buf_put_span(&l->bytes, bytes);
	if (l->bytes.failed) {
		troth_buf_fini(&l->bytes);
		free(l);
		return NULL;
	}
	return l;
}

static void letter_free(struct letter *l)
{
	troth_buf_fini(&l->bytes);
	free(l);
}

/* Without memory even for this the connection lives on until its peer is silent. */
static void drop(struct central *c, uint64_t conn, const char *why)
{
	if (troth_server_drop(c->server, conn, why) != TROTH_OK)
		troth_log(TROTH_LOG_bus_reply_failed, troth_str("why", why));
}

/* The hub must hear of every open and close; a node that cannot say so is done. */
static void must_tell(struct central *c, struct letter *l)
{
	static const struct troth_why why = { "no memory for the bus" };

	if (l == NULL)
		troth_daemon_die(c->d, &why);
	troth_inbox_put_all(&c->d->inbox, &l->mail);
}

static void on_open(void *ctx, uint64_t conn, const struct troth_identity *peer)
{
	char origin[TROTH_IDENTITY_TEXT];

	troth_identity_format(origin, peer);
	must_tell(ctx,
		  letter_new(MAIL_OPEN, conn, troth_span(origin, strlen(origin) + 1)));
}

static void on_request(void *ctx, uint64_t conn, uint32_t request,
		       struct troth_span payload)
{
	static const char full[] = "more requests wait than inbox_mib allows";
	struct central *c = ctx;
	struct letter *l = letter_new(MAIL_REQUEST, conn, payload);

	if (l == NULL) {
		drop(c, conn, "no memory for a request");
		return;
	}
	l->request = request;
	if (troth_inbox_put(&c->d->inbox, &l->mail))
		return;
	letter_free(l);
	troth_log(TROTH_LOG_bus_overload, troth_str("why", full));
	drop(c, conn, full);
}

static void on_close(void *ctx, uint64_t conn, const struct troth_bus_report *report)
{
	(void)report; /* on_event has it, too. */
	must_tell(ctx, letter_new(MAIL_CLOSE, conn, TROTH_SPAN_NONE));
}

static void on_event(void *ctx, const struct troth_bus_report *report)
{
	(void)ctx;
	troth_daemon_bus_event(troth_bus_event_name(report->event), report->peer,
			       report->address, report->why);
}

/* ---- The hub's io, on the core thread. ---- */

static void flush(struct central *c)
{
	size_t n = c->answer_count;
	enum troth_err err;

	c->answer_count = 0;
	if (n == 0)
		return;
	err = troth_server_reply_all(c->server, c->answers, n);
	if (err == TROTH_OK)
		return;
	/* All of them are lost; whoever waits asks again on a new connection. */
	troth_log(TROTH_LOG_bus_reply_failed, troth_str("why", troth_err_name(err)));
	for (size_t i = 0; i < n; i++)
		drop(c, c->answers[i].conn, "a reply could not be sent");
}

static void io_reply(void *ctx, uint64_t conn, uint32_t request,
		     struct troth_buf *payload)
{
	struct central *c = ctx;

	c->answers[c->answer_count++] = (struct troth_server_answer){ conn, request,
								      *payload };
	*payload = TROTH_BUF_INIT;
	if (c->answer_count == ANSWERS_MAX)
		flush(c);
}

static void io_close(void *ctx, uint64_t conn, const char *why)
{
	struct central *c = ctx;

	flush(c); /* The answer that says why goes first. */
	drop(c, conn, why);
}

static void io_note(void *ctx, const char *event, const char *origin, const char *text)
{
	(void)ctx;
	troth_daemon_note(event, origin, text);
}

static void io_advanced(void *ctx, uint64_t size)
{
	struct central *c = ctx;

	troth_daemon_advanced(c->d, size);
}

/* ---- The role. ---- */

static enum troth_err open_server(struct central *c, struct troth_why *why)
{
	const struct troth_config *config = &c->d->config;
	char listen[TROTH_CONFIG_TEXT_MAX + 8];
	struct troth_server_config server = {
		.listen = listen,
		.certs_dir = config->certs_dir,
		.trust_domain = config->trust_domain,
		.limits = troth_bus_limits(),
		.callbacks = { c, on_open, on_request, on_close, on_event },
	};

	(void)snprintf(listen, sizeof(listen), "tcp://%s", config->listen);
	server.limits.message_max = TROTH_BUS_MESSAGE_MAX;
	server.limits.queue_max = (uint32_t)config->queue_mib << 20;
	server.limits.connections_max = (uint32_t)config->connections_max;
	server.limits.handshakes_max = (uint32_t)config->handshakes_max;
	server.limits.handshakes_per_address = (uint32_t)config->handshakes_per_address;
	server.limits.handshake_ms = (uint32_t)config->handshake_ms;
	server.limits.idle_ms = (uint32_t)config->idle_ms;
	server.limits.stall_ms = (uint32_t)config->stall_ms;
	return troth_server_open(&c->server, &server, why);
}

static enum troth_err central_open(struct troth_daemon *d, struct troth_why *why)
{
	struct central *c = calloc(1, sizeof(*c));
	const struct troth_ledger_config ledger = {
		.origin = d->self.origin,
		.signer = &d->signer,
		.random = troth_daemon_random,
		.zones = &troth_zones_of_system,
		.restored = d->restored,
	};
	const struct troth_hub_io io = { c, io_reply, io_close, io_note, io_advanced };
	enum troth_err err;

	d->node = c;
	if (c == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	c->d = d;
	err = troth_ledger_open(&c->ledger, d->kv, &ledger, why);
	if (err == TROTH_OK)
		err = troth_hub_open(&c->hub, c->ledger, &io, why);
	if (err == TROTH_OK)
		err = open_server(c, why);
	return err;
}

static void central_close(struct troth_daemon *d)
{
	struct central *c = of(d);
	struct troth_mail *mail, *next;

	if (c == NULL)
		return;
	troth_server_close(c->server);
	for (mail = troth_inbox_take(&d->inbox, 0); mail != NULL; mail = next) {
		next = mail->next;
		letter_free((struct letter *)mail);
	}
	troth_hub_close(c->hub);
	troth_ledger_close(c->ledger);
	free(c);
	d->node = NULL;
}

static enum troth_err central_reload(struct troth_daemon *d, struct troth_why *why)
{
	return troth_server_reload(of(d)->server, why);
}

static void central_address(struct troth_daemon *d, char *out, size_t len)
{
	const char *listen = d->config.listen;

	(void)snprintf(out, len, "%.*s:%u", (int)(strrchr(listen, ':') - listen), listen,
		       (unsigned)troth_server_port(of(d)->server));
}

static void central_mail(struct troth_daemon *d, struct troth_mail *mail,
			 struct troth_time now)
{
	struct troth_hub *hub = of(d)->hub;
	struct letter *l = (struct letter *)mail;

	(void)now;
	if (mail->kind == MAIL_OPEN)
		troth_hub_connected(hub, l->conn, (const char *)l->bytes.data);
	else if (mail->kind == MAIL_CLOSE)
		troth_hub_disconnected(hub, l->conn);
	else
		troth_hub_request(hub, l->conn, l->request, troth_buf_span(&l->bytes));
	letter_free(l);
}

static void central_commands(struct troth_daemon *d, struct troth_command *list)
{
	troth_hub_commands(of(d)->hub, list);
}

static void central_ask(struct troth_daemon *d, struct troth_question *q,
			struct troth_time now)
{
	(void)now;
	troth_hub_ask(of(d)->hub, q);
}

static bool central_busy(struct troth_daemon *d, struct troth_time now)
{
	return of(d)->answer_count > 0 || troth_hub_busy(of(d)->hub, now);
}

static enum troth_err central_turn(struct troth_daemon *d, struct troth_time now,
				   struct troth_why *why)
{
	enum troth_err err = troth_hub_turn(of(d)->hub, now, why);

	flush(of(d));
	return err;
}

static struct troth_time central_wake(struct troth_daemon *d)
{
	return troth_hub_wake(of(d)->hub);
}

static void central_date(struct troth_daemon *d, struct troth_time date)
{
	troth_hub_date(of(d)->hub, date);
}

static void central_link(struct troth_daemon *d, struct troth_link_state *out)
{
	(void)d;
	out->up = true;
}

static void central_stop(struct troth_daemon *d)
{
	troth_hub_stop(of(d)->hub);
}

int troth_central_main(int argc, char **argv)
{
	static const struct troth_daemon_role role = {
		.name = "central",
		.summary = "Runs central: orders, judges and keeps everything that the "
			   "federation's sites report, and tells each party what it may "
			   "see.",
		.config = TROTH_CONFIG_CENTRAL,
		.identity = TROTH_IDENTITY_CENTRAL,
		.kind = TROTH_NODE_CENTRAL,
		.schema = &troth_central_schema,
		.open = central_open,
		.close = central_close,
		.reload = central_reload,
		.address = central_address,
		.mail = central_mail,
		.commands = central_commands,
		.ask = central_ask,
		.busy = central_busy,
		.turn = central_turn,
		.wake = central_wake,
		.date = central_date,
		.link = central_link,
		.stop = central_stop,
	};

	return troth_daemon_main(&role, argc, argv);
}
