/*
 * client - a gateway's end of the bus: one connection to central, kept up.
 *
 *            +------------------- lost, refused: on_down ------------------+
 *            v                                                             |
 *   WAITING (0.25 s .. 15 s) --> DIALLING --> proving each other --on_up--> UP
 *            ^                      |                 |
 *            +------ on_down -------+-----------------+
 *
 * The first dial happens at once. The wait doubles with each failure and starts
 * over after a connection that lasted. on_up means that central has accepted our
 * certificate and proven to be central. Whatever had not been answered when
 * on_down is called never will be: ask again after the next on_up.
 */
#ifndef TROTH_NET_CLIENT_H
#define TROTH_NET_CLIENT_H

#include "troth/crypto/identity.h"
#include "troth/net/bus.h"

struct troth_client;

/*
 * Called on the client's thread: they must not block, and must not close the
 * client. Everything they are given is borrowed until they return.
 */
struct troth_client_callbacks {
	void *ctx;
	void (*on_up)(void *ctx, const struct troth_identity *peer);
	/* The answer to `request`, at most message_max bytes. */
	void (*on_reply)(void *ctx, uint32_t request, struct troth_span payload);
	/* Once for every dial that failed and every connection that was lost. */
	void (*on_down)(void *ctx, const struct troth_bus_report *report);
};

struct troth_client_config {
	const char *dial;         /* "tcp://central.fed.brand.example:7443" */
	const char *certs_dir;    /* root.pem issuing.pem crl.pem tls.pem tls.key */
	const char *trust_domain; /* "fed.brand.example" */
	struct troth_bus_limits limits;
	struct troth_client_callbacks callbacks; /* All of them given. */
};

/*
 * Loads the certificates and begins to dial. `config` and its strings are
 * copied. That nobody answers is no failure. On failure *out is NULL, with the
 * errors of troth_server_open.
 */
TROTH_MUST_USE enum troth_err troth_client_open(struct troth_client **out,
						const struct troth_client_config *config,
						struct troth_why *why);

/*
 * Closes the connection (with an on_down if it was up), waits for the thread and
 * frees. No callback runs afterwards. NULL is accepted.
 */
void troth_client_close(struct troth_client *client);

/*
 * Sends `payload` as a request and sets *request to its id, which is not 0 and
 * not that of another unanswered one. The buffer moves: it is emptied, whatever
 * comes of it. The reply may come before this returns. TROTH_ERR_AGAIN: not up.
 * TROTH_ERR_LIMIT: beyond message_max, or requests_max are unanswered.
 * TROTH_ERR_MEMORY.
 */
TROTH_MUST_USE enum troth_err troth_client_request(struct troth_client *client,
						   struct troth_buf *payload,
						   uint32_t *request);

/*
 * Gives the connection up, if there is one, and dials again after the shortest
 * wait; `why` (a constant) is what on_down reports.
 */
TROTH_MUST_USE enum troth_err troth_client_redial(struct troth_client *client,
						  const char *why);

/* As troth_server_reload; a central that does not stand is left (REVOKED). */
TROTH_MUST_USE enum troth_err troth_client_reload(struct troth_client *client,
						  struct troth_why *why);

#endif
