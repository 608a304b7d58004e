/*
 * server - central's end of the bus: listens, proves peers, answers requests.
 *
 * A peer is up when its certificate stands: TLS 1.3, chain and CRLs to our root,
 * clientAuth, and exactly one URI name, of a gateway in our trust domain. Bad
 * peers cost themselves only: each is reported once and closed.
 *
 * A request is handed out once; its reply, from any thread and in any order,
 * goes to the connection it came by, or nowhere if that is gone. Peers repeat
 * requests after a loss, so nothing hangs on a reply's arrival.
 */
#ifndef TROTH_NET_SERVER_H
#define TROTH_NET_SERVER_H

#include "troth/crypto/identity.h"
#include "troth/net/bus.h"

struct troth_server;

/*
 * Called on the server's thread, which serves all peers: they must not block,
 * and must not close the server. Everything they are given is borrowed until
 * they return. `conn` names a connection and is never used again after it.
 */
struct troth_server_callbacks {
	void *ctx;
	/* `conn` is up. */
	void (*on_open)(void *ctx, uint64_t conn, const struct troth_identity *peer);
	/* A request of at most message_max bytes, between on_open and on_close. */
	void (*on_request)(void *ctx, uint64_t conn, uint32_t request,
			   struct troth_span payload);
	/* `conn`, which was up, is gone: replies to it go nowhere. */
	void (*on_close)(void *ctx, uint64_t conn, const struct troth_bus_report *report);
	/* Everything worth a log line, also of peers that never came up. */
	void (*on_event)(void *ctx, const struct troth_bus_report *report);
};

struct troth_server_config {
	const char *listen;       /* "tcp://127.0.0.1:7443"; port 0 takes a free one. */
	const char *certs_dir;    /* root.pem issuing.pem crl.pem tls.pem tls.key */
	const char *trust_domain; /* "fed.brand.example" */
	struct troth_bus_limits limits;
	struct troth_server_callbacks callbacks; /* All of them given. */
};

/*
 * Loads the certificates, listens and serves until troth_server_close. `config`
 * and its strings are copied. On failure *out is NULL: TROTH_ERR_INPUT (the
 * address, a limit of 0), TROTH_ERR_IDENTITY (a certificate file; `why` names
 * it), TROTH_ERR_IO, TROTH_ERR_MEMORY.
 */
TROTH_MUST_USE enum troth_err troth_server_open(struct troth_server **out,
						const struct troth_server_config *config,
						struct troth_why *why);

/*
 * Stops listening, closes every connection (each gets its on_close), waits for
 * the thread and frees. No callback runs afterwards. NULL is accepted. Nobody
 * may use `server` during or after it.
 */
void troth_server_close(struct troth_server *server);

/* The TCP port that is listened on. */
uint16_t troth_server_port(const struct troth_server *server);

struct troth_server_answer {
	uint64_t conn;
	uint32_t request;
	struct troth_buf payload;
};

/*
 * Sends `payload` as the reply to `request` of `conn`. The buffer moves: it is
 * emptied, whatever comes of it. A `conn` that is gone is no failure. Beyond
 * message_max: TROTH_ERR_LIMIT, and nothing is sent. TROTH_ERR_MEMORY.
 */
TROTH_MUST_USE enum troth_err troth_server_reply(struct troth_server *server,
						 uint64_t conn, uint32_t request,
						 struct troth_buf *payload);

/*
 * The same for `n` answers with one wake-up. All go or none; all payloads are
 * emptied either way.
 */
TROTH_MUST_USE enum troth_err troth_server_reply_all(struct troth_server *server,
						     struct troth_server_answer *answers,
						     size_t n);

/* Closes `conn` if it is still there; `why` (a constant) is what on_close reports. */
TROTH_MUST_USE enum troth_err troth_server_drop(struct troth_server *server,
						uint64_t conn, const char *why);

/*
 * Takes the files of certs_dir as they are now: new connections are judged by
 * them, and so is, at once, every connection that is there; those that do not
 * stand are closed (REVOKED). If the files do not hold together, nothing
 * changes, and the failure is as in troth_server_open.
 */
TROTH_MUST_USE enum troth_err troth_server_reload(struct troth_server *server,
						  struct troth_why *why);

#endif
