#include "daemon.h"

#include "place.h"

#include "troth/node/log.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARE_MS 60000

static_assert(TROTH_CONFIG_LIST_MAX <= TROTH_API_LISTEN_MAX, "each has its listener");

/* ---- Signals, on their thread. ---- */

static void on_stop(void *ctx)
{
	struct troth_daemon *d = ctx;

	atomic_store(&d->want_stop, true);
	troth_inbox_nudge(&d->control);
}

static void on_reload(void *ctx)
{
	struct troth_daemon *d = ctx;

	atomic_store(&d->want_reload, true);
	troth_inbox_nudge(&d->control);
}

/* ---- Start. ---- */

static void api_note(void *ctx, const char *event, const char *text)
{
	(void)ctx;
	troth_daemon_note(event, NULL, text);
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static enum troth_err open_api(struct troth_daemon *d, struct troth_why *why)
{
	const struct troth_config *c = &d->config;
	char hosts[TROTH_CONFIG_LIST_MAX][TROTH_CONFIG_TEXT_MAX + 1];
	struct troth_api_config api = {
		.engine = &d->engine,
		.listen_count = c->api_listen.count,
		.cert_file = or_null(c->api_cert),
		.key_file = or_null(c->api_key),
		.client_ca_file = or_null(c->api_client_ca),
		.admin_token_file = or_null(c->admin_token_file),
		.connections_max = (unsigned)c->api_connections_max,
		.requests_per_s = (unsigned)c->api_requests_per_s,
		.request_ms = c->api_request_ms,
		.idle_ms = c->api_idle_ms,
		.stall_ms = c->api_stall_ms,
		.fresh_ms = c->fresh_ms,
		.note = api_note,
	};

	for (unsigned i = 0; i < c->api_listen.count; i++) {
		unsigned port;
		bool ok = troth_config_address(c->api_listen.text[i], hosts[i], &port);

		assert(ok);
		api.listen[i].address = hosts[i];
		api.listen[i].port = (int)port;
	}
	return troth_api_open(&d->api, &api, why);
}

/* Tells the world where the node is to be found, and that it serves. */
static enum troth_err announce(struct troth_daemon *d, struct troth_why *why)
{
	const struct troth_config *c = &d->config;
	char text[TROTH_CONFIG_LIST_MAX][TROTH_CONFIG_TEXT_MAX + 16];
	const char *api[TROTH_CONFIG_LIST_MAX];
	char bus[TROTH_CONFIG_TEXT_MAX + 8];
	enum troth_err err;

	d->role->address(d, bus, sizeof(bus));
	for (unsigned i = 0; i < c->api_listen.count; i++) {
		const char *configured = c->api_listen.text[i];

		(void)snprintf(text[i], sizeof(text[i]), "%s://%.*s:%d",
			       c->api_cert[0] != '\0' ? "https" : "http",
			       (int)(strrchr(configured, ':') - configured), configured,
			       troth_api_port(d->api, i));
		api[i] = text[i];
	}
	err = place_tell(d, bus, api, c->api_listen.count, why);
	if (err != TROTH_OK)
		return err;
	troth_log(TROTH_LOG_ready, troth_str("node", d->self.origin),
		  troth_str("bus", bus), troth_str("api", api[0]),
		  troth_str("version", TROTH_VERSION));
	troth_service_ready(d->service, "serves");
	return TROTH_OK;
}

static enum troth_err start(struct troth_daemon *d, struct troth_why *why)
{
	const struct troth_service_callbacks callbacks = { d, on_stop, on_reload };
	enum troth_err err;

	err = troth_self_load(&d->self, d->config.certs_dir, d->config.trust_domain,
			      d->role->identity, daemon_wall_clock(), why);
	if (err != TROTH_OK)
		return err;
	d->signer = troth_signer_of(d->self.key);
	troth_sign_key_public(d->self.key, d->key);
	err = troth_service_open(&d->service, &callbacks, why);
	if (err == TROTH_OK)
		err = place_open(d, why);
	if (err != TROTH_OK)
		return err;
	d->engine.kv = d->kv;
	err = d->role->open(d, why);
	if (err == TROTH_OK)
		err = open_api(d, why);
	if (err != TROTH_OK)
		return err;
	err = daemon_core_start(d, why);
	if (err != TROTH_OK)
		return err;
	troth_api_ready(d->api, true);
	return announce(d, why);
}

/* ---- Run and stop. ---- */

static void serve(struct troth_daemon *d)
{
	while (!atomic_load(&d->want_stop)) {
		daemon_care(d);
		(void)troth_inbox_take(&d->control, CARE_MS);
		if (atomic_exchange(&d->want_reload, false))
			daemon_reload(d);
	}
}

/* In the order in which they depend on each other; after a failed start, too. */
static void stop(struct troth_daemon *d)
{
	struct troth_api *api = d->api;

	if (d->service != NULL)
		troth_service_stopping(d->service, d->config.stop_ms);
	if (api != NULL) {
		troth_api_ready(api, false);
		troth_api_stop(api); /* The core answers what it took, meanwhile. */
	}
	daemon_core_stop(d);
	troth_api_close(api);
	d->api = NULL;
	d->role->close(d);
	place_close(d);
	troth_service_close(d->service);
	troth_sign_key_free(atomic_exchange(&d->next_key, NULL));
	troth_self_fini(&d->self);
}

/* ---- The command. ---- */

static void say(void *ctx, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "%s\n", text);
}

static int check(struct troth_daemon *d)
{
	struct troth_self self;
	struct troth_why why = { "" };

	if (troth_self_load(&self, d->config.certs_dir, d->config.trust_domain,
			    d->role->identity, daemon_wall_clock(), &why) != TROTH_OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	(void)printf("%s: fine; this node is %s\n", d->config.file, self.origin);
	troth_self_fini(&self);
	return 0;
}

static int run(struct troth_daemon *d)
{
	struct troth_why why = { "" };
	enum troth_err err;

	troth_log_set_level((enum troth_log_level)d->config.log_level);
	troth_log(TROTH_LOG_starting, troth_str("config", d->config.file),
		  troth_str("version", TROTH_VERSION));
	daemon_core_init(d);
	err = start(d, &why);
	if (err != TROTH_OK) {
		troth_log(TROTH_LOG_start_failed, troth_str("err", troth_err_name(err)),
			  troth_str("why", why.text));
	} else {
		serve(d);
		troth_log(TROTH_LOG_stopping);
	}
	stop(d);
	daemon_core_fini(d);
	if (err != TROTH_OK)
		return 1;
	troth_log(TROTH_LOG_stopped);
	return 0;
}

/*
 * Batches come and go by the megabyte: memory that one has used is kept for the
 * next, instead of being given back to the system and cleared anew each time.
 */
static void keep_memory(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 16 << 20);
}

int troth_daemon_main(const struct troth_daemon_role *role, int argc, char **argv)
{
	struct troth_daemon *d = calloc(1, sizeof(*d));
	struct daemon_options options;
	struct troth_why why = { "" };
	enum troth_err err;
	int code = 0;

	if (d == NULL)
		return 1;
	keep_memory();
	d->role = role;
	daemon_options(&options, role, argc, argv);
	d->restored = options.restored;
	if (options.help_config) {
		troth_config_help(role->config, stdout);
		goto out;
	}
	if (options.help_events) {
		troth_log_help(stdout);
		goto out;
	}
	err = troth_config_load(&d->config, role->config, options.config, say, NULL,
				&why);
	if (err != TROTH_OK) {
		if (err != TROTH_ERR_INPUT)
			say(NULL, why.text);
		code = 2;
	} else if (options.print_config) {
		troth_config_print(&d->config, stdout);
	} else {
		code = options.check ? check(d) : run(d);
	}
out:
	free(d);
	return code;
}
