/*
 * server - listens where the config says, and runs the API's thread.
 */
#include "handlers.h"
#include "sockets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 10000
#define REQUESTS_PER_S  20000
#define REQUEST_MS      20000
#define IDLE_MS         60000
#define STALL_MS        30000
#define FRESH_MS        5000
#define CLOSE_MS        5000 /* What is left to be written gets this long at the end. */

/* ---- The thread ---- */

static void *serve(void *arg)
{
	struct troth_server *s = arg;
	int64_t since = 0;

	(void)pthread_setname_np(pthread_self(), "troth-api");
	for (;;) {
		s->called = false;
		if (lws_service(s->lws, 0) < 0)
			break;
		if (!s->called)
			troth_streams_look(s);
		if (!atomic_load(&s->stopping))
			continue;
		/* What the engine holds must come back; what is written may take a
		 * while, but not for ever. */
		troth_server_drain(s);
		if (since == 0)
			since = troth_server_ms();
		if (s->api.inflight == 0 &&
		    (s->answering == 0 || troth_server_ms() - since > CLOSE_MS))
			break;
	}
	return NULL;
}

/* ---- Open and close ---- */

static bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum troth_err check(const struct troth_api_config *c, struct troth_why *why)
{
	struct in6_addr ignored;
	bool tls = c->cert_file != NULL && c->key_file != NULL;

	assert(c->listen_count >= 1 && c->listen_count <= TROTH_API_LISTEN_MAX);
	if ((c->cert_file != NULL) != (c->key_file != NULL))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "api: a certificate and its key belong together");
	if (c->client_ca_file != NULL && !tls)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "api: client certificates need TLS");
	for (unsigned i = 0; i < c->listen_count; i++) {
		const char *a = c->listen[i].address;

		if (inet_pton(AF_INET, a, &ignored) != 1 &&
		    inet_pton(AF_INET6, a, &ignored) != 1)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "api: %s is not an address", a);
		if (!tls && !is_loopback(a))
			return troth_fail(why, TROTH_ERR_INPUT,
					  "api: %s is not loopback: it needs a "
					  "certificate and a key",
					  a);
	}
	return TROTH_OK;
}

static void set_defaults(struct troth_api_config *c)
{
	if (c->connections_max == 0)
		c->connections_max = CONNECTIONS_MAX;
	if (c->requests_per_s == 0)
		c->requests_per_s = REQUESTS_PER_S;
	if (c->request_ms == 0)
		c->request_ms = REQUEST_MS;
	if (c->idle_ms == 0)
		c->idle_ms = IDLE_MS;
	if (c->stall_ms == 0)
		c->stall_ms = STALL_MS;
	if (c->fresh_ms == 0)
		c->fresh_ms = FRESH_MS;
}

static const struct lws_protocols protocols[] = {
	{ .name = "http", .callback = troth_conn_callback },
	{ .name = NULL },
};

/* What libwebsockets says while a server is made; later it has nobody to tell. */
static _Thread_local char said[128];

static void listen_to(int level, const char *line)
{
	(void)level;
	(void)snprintf(said, sizeof(said), "%.*s", (int)strcspn(line, "\n"), line);
}

static int seconds(int64_t ms)
{
	return (int)((ms + 999) / 1000);
}

static bool make_context(struct troth_server *s)
{
	const struct troth_api_config *c = &s->api.config;
	struct lws_context_creation_info info = { 0 };

	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		       (c->cert_file != NULL ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0);
	info.user = s;
	info.uid = (gid_t)-1;
	info.gid = (gid_t)-1;
	info.max_http_header_data = TROTH_API_HEADERS_MAX;
	/* Event readers keep theirs for as long as they read. */
	info.max_http_header_pool = (unsigned short)(c->connections_max < 60000
							     ? c->connections_max
							     : 60000);
	info.pt_serv_buf_size = 16384;
	s->lws = lws_create_context(&info);
	return s->lws != NULL;
}

static bool make_vhost(struct troth_server *s, unsigned i)
{
	const struct troth_api_config *c = &s->api.config;
	struct lws_context_creation_info info = { 0 };
	struct in_addr v4;
	bool tls = c->cert_file != NULL;

	info.iface = c->listen[i].address;
	info.port = c->listen[i].port;
	info.protocols = protocols;
	info.vhost_name = i == 0 ? "api0" : i == 1 ? "api1" : i == 2 ? "api2" : "api3";
	info.user = s;
	info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
	info.timeout_secs = (unsigned)seconds(c->request_ms);
	info.timeout_secs_ah_idle = (unsigned)seconds(c->idle_ms);
	info.keepalive_timeout = seconds(c->idle_ms);
	if (inet_pton(AF_INET, c->listen[i].address, &v4) == 1)
		info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (tls) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_cert_filepath = c->cert_file;
		info.ssl_private_key_filepath = c->key_file;
		info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 |
				       SSL_OP_NO_TLSv1_2;
		info.alpn = "http/1.1";
	}
	if (c->client_ca_file != NULL) {
		info.ssl_ca_filepath = c->client_ca_file;
		info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
	}
	s->vhosts[i] = lws_create_vhost(s->lws, &info);
	return s->vhosts[i] != NULL &&
	       (!tls || lws_get_vhost_listen_port(s->vhosts[i]) > 0);
}

/* libwebsockets does not say why it cannot bind: whoever tries it is told. */
static const char *why_not_bound(const char *address, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port) };
	bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
	int fd, reuse = 1, rc;

	if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1)
		return said;
	fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return said;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	rc = is_v4 ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
		   : bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	if (rc != 0)
		(void)snprintf(said, sizeof(said), "%s", strerror(errno));
	(void)close(fd);
	return said;
}

static enum troth_err listen_all(struct troth_server *s, struct troth_why *why)
{
	const struct troth_api_config *c = &s->api.config;

	enum troth_err err = TROTH_OK;

	said[0] = '\0';
	lws_set_log_level(LLL_ERR, listen_to);
	if (!make_context(s))
		err = troth_fail(why, TROTH_ERR_MEMORY, "api: no context: %s", said);
	for (unsigned i = 0; err == TROTH_OK && i < c->listen_count; i++)
		if (!make_vhost(s, i))
			err = troth_fail(
				why, TROTH_ERR_IO,
				"api: cannot listen on %s port %d%s%s: %s",
				c->listen[i].address, c->listen[i].port,
				c->cert_file != NULL ? " with " : "",
				c->cert_file != NULL ? c->cert_file : "",
				why_not_bound(c->listen[i].address, c->listen[i].port));
	lws_set_log_level(0, NULL);
	return err;
}

static void destroy(struct troth_server *s)
{
	if (s == NULL)
		return;
	if (s->lws != NULL)
		lws_context_destroy(s->lws);
	troth_cert_fini(s);
	(void)pthread_mutex_destroy(&s->lock);
	troth_buf_fini(&s->out);
	free(s->api.view);
	troth_policies_free(s->api.policies);
	free(s->api.buckets);
	free(s);
}

static struct troth_server *make(const struct troth_api_config *config)
{
	struct troth_server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->finished_last = &s->finished;
	s->api.config = *config;
	set_defaults(&s->api.config);
	s->api.engine = config->engine;
	s->api.routes = troth_routes;
	s->api.routes_count = troth_routes_count;
	s->api.server = s;
	s->api.started = config->engine->now(config->engine->ctx);
	s->api.view = calloc(1, sizeof(*s->api.view));
	s->api.policies = troth_policies_new(config->engine->zones);
	s->api.buckets = calloc(TROTH_API_BUCKETS, sizeof(*s->api.buckets));
	if (s->api.view == NULL || s->api.buckets == NULL || s->api.policies == NULL) {
		destroy(s);
		return NULL;
	}
	return s;
}

enum troth_err troth_api_open(struct troth_api **api,
			      const struct troth_api_config *config,
			      struct troth_why *why)
{
	enum troth_err err = check(config, why);
	struct troth_server *s = NULL;

	*api = NULL;
	if (err != TROTH_OK)
		return err;
	s = make(config);
	if (s == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "api: out of memory");
	if (config->admin_token_file != NULL)
		err = troth_token_bootstrap(config->engine->kv, config->admin_token_file,
					    s->api.started, why);
	if (err == TROTH_OK)
		err = listen_all(s, why);
	if (err == TROTH_OK && pthread_create(&s->thread, NULL, serve, s) != 0)
		err = troth_fail(why, TROTH_ERR_MEMORY, "api: no thread");
	if (err != TROTH_OK) {
		destroy(s);
		return err;
	}
	s->running = true;
	*api = &s->api;
	return TROTH_OK;
}

int troth_api_port(const struct troth_api *api, unsigned index)
{
	assert(index < api->config.listen_count);
	return lws_get_vhost_listen_port(api->server->vhosts[index]);
}

void troth_api_stop(struct troth_api *api)
{
	struct troth_server *s = api->server;

	if (!s->running)
		return;
	atomic_store(&s->stopping, true);
	troth_server_wake(s);
	(void)pthread_join(s->thread, NULL);
	s->running = false;
}

void troth_api_close(struct troth_api *api)
{
	if (api == NULL)
		return;
	troth_api_stop(api);
	destroy(api->server);
}
