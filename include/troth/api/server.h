/*
 * server - the REST API of a node, the same at central and at every gateway.
 *
 * One thread of its own serves HTTP/1.1 with JSON, as openapi.json documents it.
 * Reads happen on that thread, in read transactions of the engine's store.
 * Changes become commands for the engine and are answered when the engine says
 * that they are saved, never before. The same thread serves the event stream:
 * it keeps nothing for a reader but a number, so a slow reader costs a
 * connection and no memory, and one that takes nothing for `stall_ms` is cut
 * off; it resumes with Last-Event-ID.
 *
 * Who may call is told by bearer tokens, kept as SHA-256 in the store. Everything
 * from outside is held to the limits below; what is beyond costs its sender an
 * answer that names it, or the connection.
 */
#ifndef TROTH_API_SERVER_H
#define TROTH_API_SERVER_H

#include "troth/state/engine.h"

struct troth_api;

#define TROTH_API_LISTEN_MAX     4
#define TROTH_API_BODY_MAX       ((size_t)256 << 10)
#define TROTH_API_BATCH_BODY_MAX ((size_t)4 << 20)
#define TROTH_API_BATCH_MAX      1000  /* Requests in one batch. */
#define TROTH_API_WAITING_MAX    16000 /* Requests at work, of which some 25 kB each. */
#define TROTH_API_HEADERS_MAX    8192  /* Bytes of all header fields of a request. */
#define TROTH_API_KEY_MAX        128   /* Bytes of an Idempotency-Key. */
#define TROTH_API_PAGE_MAX       200   /* Items on one page of a list. */
#define TROTH_API_PAGE           50    /* The same, if the caller does not say. */
#define TROTH_API_BUCKETS        1024  /* Tokens whose rate is watched at one time. */

/* Where it listens: an address and a port (0: any free one; troth_api_port tells). */
struct troth_api_listen {
	const char *address; /* "127.0.0.1", "::1", "0.0.0.0", ... */
	int port;
};

struct troth_api_config {
	const struct troth_engine *engine; /* Must outlive the API. */
	unsigned listen_count;
	struct troth_api_listen listen[TROTH_API_LISTEN_MAX];
	/*
	 * PEM files; without both, only loopback addresses are served, and plainly.
	 * TLS 1.3 only.
	 */
	const char *cert_file, *key_file;
	/* Beyond the token: only clients with a certificate of this CA. NULL: any. */
	const char *client_ca_file;
	/*
	 * At the first start (no token in the store) the token in this file becomes a
	 * manager's; if there is no such file, one is made, mode 0400, with a new token.
	 * A file that is there is never changed. NULL: no token comes into being.
	 */
	const char *admin_token_file;

	/* Limits; 0: the default that stands behind. */
	unsigned connections_max; /* 10000 */
	unsigned requests_per_s;  /* Per token, with twice as many at once; 20000 */
	int64_t request_ms;       /* For a request to come in completely; 20 s */
	int64_t idle_ms;          /* Between two requests of a connection; 60 s */
	int64_t stall_ms;         /* An event reader that takes nothing; 30 s */
	int64_t fresh_ms;         /* How long fresh=true waits for central; 5 s */

	/* For the operator's log, on the API's thread: `event` is a stable name. */
	void (*note)(void *ctx, const char *event, const char *text);
	void *note_ctx;
};

/*
 * Listens and serves until close. TROTH_ERR_INPUT for a configuration that cannot
 * be (a plain listener beyond loopback, an unreadable certificate, an
 * admin_token_file without a token or that others may read), TROTH_ERR_IO if an
 * address cannot be had; `why` names it. *api is then NULL.
 */
TROTH_MUST_USE enum troth_err troth_api_open(struct troth_api **api,
					     const struct troth_api_config *config,
					     struct troth_why *why);

/* The port of listener `index`. */
int troth_api_port(const struct troth_api *api, unsigned index);

/*
 * Any thread, never blocks: the event stream has `stream_len` entries that may be
 * shown now. Readers are woken.
 */
void troth_api_advanced(struct troth_api *api, uint64_t stream_len);

/*
 * Reads cert_file and key_file again, for connections that begin from now on; any
 * thread. TROTH_ERR_INPUT, and nothing has changed, if they cannot be used or do not
 * belong together; `why` names them. Without TLS it does nothing.
 */
TROTH_MUST_USE enum troth_err troth_api_reload(struct troth_api *api,
					       struct troth_why *why);

/* What /readyz answers: false (503) until the node says otherwise. Any thread. */
void troth_api_ready(struct troth_api *api, bool ready);

/*
 * Stops listening and serving, and waits until what the engine still holds has been
 * answered: the engine must go on running until this returns, and may tell of
 * entries (troth_api_advanced) even afterwards. Then stop the engine, then close.
 */
void troth_api_stop(struct troth_api *api);

/*
 * Frees everything, and stops first if that has not been done. Nobody may be in
 * a call of this module, or begin one, any more. NULL is fine.
 */
void troth_api_close(struct troth_api *api);

/*
 * Makes a token with the scopes of `scopes` ("agent dispatcher", see openapi.json)
 * in a write transaction of its own, on any thread. `text` receives it; nothing else
 * keeps it.
 * TROTH_ERR_INPUT: a name or scope that is none, or a name that is taken.
 */
#define TROTH_TOKEN_TEXT 48
TROTH_MUST_USE enum troth_err troth_api_make_token(struct troth_kv *kv, const char *name,
						   const char *scopes,
						   struct troth_time now,
						   char text[TROTH_TOKEN_TEXT],
						   struct troth_why *why);

#endif
