/*
 * net_kit - a bus in a test: certificates, a hub that answers, sites that ask,
 * and raw peers that misbehave. One program includes it once.
 *
 * What callbacks saw is kept under kit_lock; WAIT_FOR waits for it, with a bound.
 */
#ifndef TROTH_TESTS_NET_KIT_H
#define TROTH_TESTS_NET_KIT_H

#include "troth/net/client.h"
#include "troth/net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KIT_DOMAIN  "fed.brand.example"
#define KIT_BOUND_S 20
#define KIT_EVENTS  (TROTH_BUS_UNREACHABLE + 1)

static pthread_mutex_t kit_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t kit_news = PTHREAD_COND_INITIALIZER;
static char kit_dir[] = "/tmp/troth-net-XXXXXX";

#define WAIT_FOR(expr)                                                                   \
	do {                                                                             \
		struct timespec until_;                                                  \
		bool came_;                                                              \
		(void)clock_gettime(CLOCK_REALTIME, &until_);                            \
		until_.tv_sec += KIT_BOUND_S;                                            \
		(void)pthread_mutex_lock(&kit_lock);                                     \
		while (!(expr) &&                                                        \
		       pthread_cond_timedwait(&kit_news, &kit_lock, &until_) == 0)       \
			;                                                                \
		came_ = (expr);                                                          \
		(void)pthread_mutex_unlock(&kit_lock);                                   \
		if (!came_)                                                              \
			fail_msg("it never came true that %s", #expr);                   \
	} while (0)

/* Reads a number that callbacks write. */
static inline unsigned seen(const unsigned *number)
{
	unsigned n;

	(void)pthread_mutex_lock(&kit_lock);
	n = *number;
	(void)pthread_mutex_unlock(&kit_lock);
	return n;
}

static inline uint64_t kit_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* --- certificates ------------------------------------------------------------ */

static inline void TROTH_PRINTF(1, 2) kit_run(const char *fmt, ...)
{
	char command[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* The federation: central, two gateways. A group setup. */
static inline int kit_up(void **state)
{
	(void)state;
	/* Raw peers write to connections that were closed. */
	(void)signal(SIGPIPE, SIG_IGN);
	assert_non_null(mkdtemp(kit_dir));
	kit_run("bash %s/certs/pki.sh quick %s/pki %s central gw/acme/s1 gw/acme/s2",
		TROTH_SOURCE_DIR, kit_dir, KIT_DOMAIN);
	return 0;
}

static inline int kit_down(void **state)
{
	(void)state;
	kit_run("rm -rf %s", kit_dir);
	return 0;
}

/* The directory of a node of the federation: "central", "gw-acme-s1". */
static inline const char *kit_certs(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/pki/%s", kit_dir, name);
	return p;
}

/* Makes and names a directory with one thing wrong; see mint_bad.sh. */
static inline const char *kit_mint(const char *kind, const char *node, const char *name)
{
	kit_run("bash %s/tests/support/mint_bad.sh %s %s %s %s", TROTH_SOURCE_DIR, kind,
		kit_certs("ca"), node, kit_certs(name));
	return kit_certs(name);
}

/* --- a hub: a server and what it saw ------------------------------------------- */

struct hub {
	struct troth_server *server;
	bool hold;         /* Does not answer by itself. */
	size_t answer_len; /* 0: the request comes back. Else so many bytes. */
	unsigned events[KIT_EVENTS];
	unsigned all_events, opened, closed, requests;
	char why[TROTH_WHY_MAX];        /* Of the last event that was not ACCEPTED. */
	char peer[TROTH_IDENTITY_TEXT]; /* Of the last event. */
	uint64_t conn;                  /* The last that opened, */
	uint32_t request;               /* the last that was asked, */
	uint64_t asked_by;              /* and by whom. */
};

static inline void hub_open_seen(void *ctx, uint64_t conn,
				 const struct troth_identity *peer)
{
	struct hub *h = ctx;

	(void)peer;
	(void)pthread_mutex_lock(&kit_lock);
	h->opened++;
	h->conn = conn;
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void hub_request_seen(void *ctx, uint64_t conn, uint32_t request,
				    struct troth_span payload)
{
	struct hub *h = ctx;
	struct troth_buf answer = TROTH_BUF_INIT;
	struct troth_server *server;
	bool hold;

	(void)pthread_mutex_lock(&kit_lock);
	h->requests++;
	h->request = request;
	h->asked_by = conn;
	hold = h->hold;
	server = h->server;
	if (h->answer_len > 0)
		memset(troth_buf_grow(&answer, h->answer_len), 'x', h->answer_len);
	else
		troth_buf_put_span(&answer, payload);
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
	if (hold)
		troth_buf_fini(&answer);
	else
		(void)!troth_server_reply(server, conn, request, &answer);
}

static inline void hub_close_seen(void *ctx, uint64_t conn,
				  const struct troth_bus_report *r)
{
	struct hub *h = ctx;

	(void)conn;
	(void)r;
	(void)pthread_mutex_lock(&kit_lock);
	h->closed++;
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void hub_event_seen(void *ctx, const struct troth_bus_report *r)
{
	struct hub *h = ctx;

	(void)pthread_mutex_lock(&kit_lock);
	h->events[r->event]++;
	h->all_events++;
	if (r->event != TROTH_BUS_ACCEPTED)
		(void)snprintf(h->why, sizeof(h->why), "%s", r->why);
	(void)snprintf(h->peer, sizeof(h->peer), "%s", r->peer);
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

/* Opens on `port` (0: a free one) with central's certificates. */
static inline void hub_open(struct hub *h, const struct troth_bus_limits *limits,
			    uint16_t port)
{
	char url[64];
	struct troth_why why;
	struct troth_server *server;
	struct troth_server_config config = {
		.listen = url,
		.certs_dir = kit_certs("central"),
		.trust_domain = KIT_DOMAIN,
		.limits = *limits,
		.callbacks = { h, hub_open_seen, hub_request_seen, hub_close_seen,
			       hub_event_seen },
	};

	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", port);
	/* Held, so that a request cannot be answered before there is h->server. */
	(void)pthread_mutex_lock(&kit_lock);
	if (troth_server_open(&server, &config, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	h->server = server;
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void hub_close(struct hub *h)
{
	troth_server_close(h->server);
	h->server = NULL;
}

/* --- a site: a client and what it saw ------------------------------------------ */

struct site {
	struct troth_client *client;
	unsigned ups, downs, replies;
	unsigned events[KIT_EVENTS];
	unsigned reply_bytes;
	uint32_t last_id;
	uint8_t first, last; /* Of the last reply. */
	uint64_t up_at_ms;
	char why[TROTH_WHY_MAX];
	char peer[TROTH_IDENTITY_TEXT];
};

static inline void site_up_seen(void *ctx, const struct troth_identity *peer)
{
	struct site *s = ctx;

	(void)pthread_mutex_lock(&kit_lock);
	s->ups++;
	s->up_at_ms = kit_now_ms();
	troth_identity_format(s->peer, peer);
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void site_reply_seen(void *ctx, uint32_t request, struct troth_span payload)
{
	struct site *s = ctx;

	(void)pthread_mutex_lock(&kit_lock);
	s->replies++;
	s->reply_bytes = (unsigned)payload.len;
	s->last_id = request;
	if (payload.len > 0) {
		s->first = payload.data[0];
		s->last = payload.data[payload.len - 1];
	}
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void site_down_seen(void *ctx, const struct troth_bus_report *r)
{
	struct site *s = ctx;

	(void)pthread_mutex_lock(&kit_lock);
	s->downs++;
	s->events[r->event]++;
	(void)snprintf(s->why, sizeof(s->why), "%s", r->why);
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static inline void site_open(struct site *s, const struct troth_bus_limits *limits,
			     uint16_t port, const char *certs)
{
	char url[64];
	struct troth_why why;
	struct troth_client_config config = {
		.dial = url,
		.certs_dir = certs,
		.trust_domain = KIT_DOMAIN,
		.limits = *limits,
		.callbacks = { s, site_up_seen, site_reply_seen, site_down_seen },
	};

	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", port);
	if (troth_client_open(&s->client, &config, &why) != TROTH_OK)
		fail_msg("%s", why.text);
}

static inline void site_close(struct site *s)
{
	troth_client_close(s->client);
	s->client = NULL;
}

/* A payload of `len` bytes: `c`, then zeros, and `c` again as the last. */
static inline struct troth_buf kit_payload(size_t len, uint8_t c)
{
	struct troth_buf b = TROTH_BUF_INIT;

	if (len > 0) {
		memset(troth_buf_grow(&b, len), 0, len);
		b.data[0] = b.data[len - 1] = c;
	}
	return b;
}

static inline uint32_t site_ask(struct site *s, size_t len, uint8_t c)
{
	struct troth_buf b = kit_payload(len, c);
	uint32_t id = 0;

	assert_int_equal(troth_client_request(s->client, &b, &id), TROTH_OK);
	return id;
}

/* --- raw peers ------------------------------------------------------------------ */

/* A connected socket whose reads and writes end after KIT_BOUND_S. */
static inline int raw_connect(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval bound = { .tv_sec = KIT_BOUND_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Closes with a RST. */
static inline void raw_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd);
}

/* True if the other end has closed, within the bound; reads what comes before. */
static inline bool raw_is_closed(int fd)
{
	char sink[4096];
	ssize_t n;

	do
		n = read(fd, sink, sizeof(sink));
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

struct raw {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

/* TLS as a peer that judges nobody; `certs` may be NULL: without a certificate. */
static inline void raw_tls(struct raw *r, int fd, const char *certs, bool accept)
{
	char path[512];

	r->fd = fd;
	r->ctx = SSL_CTX_new(accept ? TLS_server_method() : TLS_client_method());
	assert_non_null(r->ctx);
	if (certs != NULL) {
		(void)snprintf(path, sizeof(path), "%s/tls.pem", certs);
		assert_int_equal(SSL_CTX_use_certificate_chain_file(r->ctx, path), 1);
		(void)snprintf(path, sizeof(path), "%s/tls.key", certs);
		assert_int_equal(
			SSL_CTX_use_PrivateKey_file(r->ctx, path, SSL_FILETYPE_PEM), 1);
	}
	r->ssl = SSL_new(r->ctx);
	assert_non_null(r->ssl);
	SSL_set_fd(r->ssl, fd);
}

static inline void raw_close(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	(void)close(r->fd);
	ERR_clear_error();
}

/* A peer that is up: handshake and both hellos. */
static inline void raw_open(struct raw *r, uint16_t port, const char *certs)
{
	char hello[8];

	raw_tls(r, raw_connect(port), certs, false);
	assert_int_equal(SSL_connect(r->ssl), 1);
	assert_int_equal(SSL_write(r->ssl, "\0SP\0\0\x30\0\0", 8), 8);
	assert_int_equal(SSL_read(r->ssl, hello, 8), 8);
	assert_memory_equal(hello, "\0SP\0\0\x31\0\0", 8);
}

/* Sends a message head that announces `len` bytes of payload. */
static inline void raw_head(struct raw *r, uint64_t len, uint32_t id)
{
	uint8_t head[12];

	troth_store_u64be(head, len + 4);
	for (int i = 0; i < 4; i++)
		head[8 + i] = (uint8_t)((id | 0x80000000) >> (24 - 8 * i));
	assert_int_equal(SSL_write(r->ssl, head, 12), 12);
}

#endif
