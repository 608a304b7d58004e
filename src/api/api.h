/*
 * api - what the files of the API share: calls, routes, and how a call is answered.
 *
 * A call is one request of a caller, alone or as part of a batch. Its life, all
 * on the API's thread:
 *
 *   new --> route, token, body --> handler --reply--------------> DONE
 *                                     |--command--> engine ... result --> DONE
 *                                     \--question-> engine ... handler again
 *
 * When it is DONE, whoever waits for it (the connection, or the batch) takes the
 * answer. A connection that goes away leaves its call to end by itself.
 *
 * The files, from the top down; each rests on those below it alone:
 *
 *   server                     listens, and runs the thread
 *   conn                       connections: from bytes to a call, from a call to bytes
 *   cert                       the certificate that they show
 *   route                      what can be asked, and which handler answers
 *   batch                      many calls within one
 *   call                       the way of a call, to the engine and back
 *   seal, result               a command as it leaves, and the answer to it
 *   get, post_order, sse, ...  handlers; of events, the stream
 *   page, slice                a list, a walk, and where the next one begins
 *   body                       what a POST says
 *   read                       what a GET asks for
 *   problem                    answers that say why not
 *   stranger                   who of those that a command names is not known
 *   reply                      what handlers need of a call
 *   rate                       requests that come too fast
 *   wake                       other threads, and the time that has gone by
 *   token                      who may call
 *   render, in, out, canon     things as JSON, and back
 */
#ifndef TROTH_API_PRIVATE_H
#define TROTH_API_PRIVATE_H

#include "out.h"
#include "token.h"

#include "troth/api/server.h"

#include <jansson.h>

/* ---- Calls ---- */

enum troth_method {
	TROTH_GET = 1,
	TROTH_POST = 2,
};

struct troth_call;
struct troth_in_table;

#define TROTH_ROUTE_KEY      0x01u  /* Idempotency-Key required. */
#define TROTH_ROUTE_IF_MATCH 0x02u  /* If-Match required. */
#define TROTH_ROUTE_CREATES  0x04u  /* 201 and Location instead of 200. */
#define TROTH_ROUTE_OPEN     0x08u  /* No token needed. */
#define TROTH_ROUTE_NO_BATCH 0x10u  /* Not inside a batch. */
#define TROTH_ROUTE_FRESH    0x20u  /* fresh=true asks central first. */
#define TROTH_ROUTE_ITEM     0x40u  /* The reply's id is the item, not the subject. */
#define TROTH_ROUTE_ALARM    0x80u  /* It is an alarm's: the item, or the event itself. */
#define TROTH_ROUTE_RECOVERY 0x100u /* The item is a recovery. */

struct troth_api_route {
	enum troth_method method;
	const char *path; /* "/v1/orders/{order}"; {step} stands for a word. */
	unsigned scopes;
	unsigned flags;
	void (*handler)(struct troth_call *c);
	const char *query; /* Parameters it takes, between blanks: " limit cursor ". */
	const struct troth_in_table *body; /* Of a POST; NULL: read by its handler. */
};

#define TROTH_PATH_MAX  256
#define TROTH_QUERY_MAX 1024
#define TROTH_STEP_MAX  24

struct troth_call {
	struct troth_api *api;
	void (*on_done)(
		struct troth_call *c); /* Told so; NULL: nobody (any more) waits. */
	void *waiter;                  /* Who: the connection, or the batch. */

	/* What was asked. */
	enum troth_method method;
	char path[TROTH_PATH_MAX];
	char query[TROTH_QUERY_MAX]; /* name=value NUL name=value NUL NUL, decoded. */
	char key[TROTH_API_KEY_MAX + 1];
	bool has_if_match;
	uint64_t if_match;
	struct troth_buf body;
	json_t *json; /* The body; a reference of its own. */

	/* What was found out about it. */
	const struct troth_api_route *route;
	struct troth_caller caller;
	struct troth_id id; /* From the path. */
	enum troth_id_kind id_kind;
	char step[TROTH_STEP_MAX];

	/* While the handler runs. */
	struct troth_txn *t;
	bool asked; /* Central has answered the question. */
	struct troth_command *command;
	unsigned owed;                         /* Commitments that the command makes. */
	char language[TROTH_LANGUAGE_MAX + 1]; /* In which a question wants its words. */

	/* What came of it. */
	struct troth_question question;
	struct troth_result result;
	bool waiting, done;
	bool has_result;
	unsigned status;
	const char *content_type; /* NULL: application/json. */
	bool has_etag;
	uint64_t etag;
	char location[64];
	const char *challenge; /* For WWW-Authenticate. */
	unsigned retry_after_s;
	struct troth_buf reply;
	struct troth_call *next;
};

/* NULL: no memory. */
struct troth_call *troth_call_new(struct troth_api *api);
void troth_call_free(struct troth_call *c);

/* What the head decides: path, token, scope, rate, query. A problem is an answer. */
void troth_call_admit(struct troth_call *c, const char *token);
/* The same for a request of a batch, whose caller is known. */
void troth_call_admit_child(struct troth_call *c);
/*
 * Goes as far as it goes at once: afterwards the call is done, or waits for a
 * question, or holds a command that is to be submitted.
 */
void troth_call_run(struct troth_call *c);
/* Hands the commands of `calls` (linked by next) to the engine, in order. */
void troth_calls_submit(struct troth_api *api, struct troth_call *calls);
/* The engine's word is in: the call is answered, or its handler runs again. */
void troth_call_resume(struct troth_call *c);
/* It is done: whoever waits for it is told; where nobody does, it is freed. */
void troth_call_end(struct troth_call *c);

/* Idempotency key, payload hash and If-Match of a command that is to be submitted. */
void troth_call_seal(struct troth_call *c);
/* Answers the call with what the engine said to its command. */
void troth_call_answer(struct troth_call *c);
/* The same for a question, which may.c puts. */
void troth_may_i_answer(struct troth_call *c);

/* ---- What handlers need of a call ---- */

/* The value of a parameter of the query; NULL if it is not there. */
const char *troth_call_query(const struct troth_call *c, const char *name);
bool troth_call_may_see_personal(const struct troth_call *c);
/* Now, as the node has it. */
struct troth_time troth_call_now(const struct troth_call *c);
/* Answers with JSON: begins the object; the caller writes members and ends it. */
struct troth_out troth_call_reply(struct troth_call *c, unsigned status);

/* ---- Problems (RFC 9457) ---- */

enum troth_problem {
	TROTH_PROBLEM_BAD_REQUEST,
	TROTH_PROBLEM_BAD_JSON,
	TROTH_PROBLEM_NO_KEY,
	TROTH_PROBLEM_NO_TOKEN,
	TROTH_PROBLEM_NO_SCOPE,
	TROTH_PROBLEM_NOT_FOUND,
	TROTH_PROBLEM_METHOD,
	TROTH_PROBLEM_LENGTH,
	TROTH_PROBLEM_TOO_LARGE,
	TROTH_PROBLEM_FIELD,
	TROTH_PROBLEM_KEY_REUSED,
	TROTH_PROBLEM_NO_IF_MATCH,
	TROTH_PROBLEM_STALE,
	TROTH_PROBLEM_TOO_MANY,
	TROTH_PROBLEM_STORE,
	TROTH_PROBLEM_STOPPING,
	TROTH_PROBLEM_NO_BRAND,
	TROTH_PROBLEM_NO_ROOM,
	TROTH_PROBLEM_NO_WORD,
	TROTH_PROBLEM_NO_POLICY,
	TROTH_PROBLEM_NOT_HERE,
	TROTH_PROBLEM_COUNT,
};

struct troth_problem_kind {
	const char *name; /* type is "urn:troth:problem:" and this. */
	unsigned status;
	const char *title;
};
extern const struct troth_problem_kind troth_problem_kinds[TROTH_PROBLEM_COUNT];

/* Answers the call with a problem. `field` may be NULL; `detail` too. */
void troth_call_problem(struct troth_call *c, enum troth_problem p, const char *field,
			const char *detail);
/* The problem NO_SCOPE, with the scopes of which the token would need one. */
void troth_call_no_scope(struct troth_call *c, unsigned scopes);
/* Answers with what a command was declined for. */
void troth_call_declined(struct troth_call *c, enum troth_reason reason);
#define TROTH_FIELD_TEXT 64
/*
 * The first party that the call's command names and the federation does not have, with
 * the field that names it, as callers write it; it is the command's. NULL: there is none.
 */
const char *troth_call_stranger(struct troth_call *c, char field[TROTH_FIELD_TEXT]);
/*
 * The party on whose behalf the call's command was given though the node's site does not
 * act for it; it is the command's. NULL: that is not what is wrong with it.
 */
const char *troth_call_not_served(struct troth_call *c);

/* ---- The node as seen by the handlers ---- */

struct troth_sse;

/* A token bucket, by the hash of its token. */
struct troth_bucket {
	struct troth_digest id;
	int64_t at_ms;
	double tokens;
};

struct troth_metrics {
	uint64_t requests[6]; /* By hundreds of the status. */
	uint64_t batched;     /* Requests inside batches. */
	uint64_t cut_off;     /* Event readers. */
	uint64_t refused;     /* Connections over the limit. */
	uint64_t rate_limited;
	uint64_t connections, readers; /* Now. */
};

struct troth_api {
	struct troth_api_config config;
	const struct troth_engine *engine;
	const struct troth_api_route *routes; /* What can be asked, */
	unsigned routes_count;                /* and how many that are. */
	struct troth_view *view;              /* Scratch of the handlers. */
	struct troth_policies *policies;      /* Of the API's thread. */
	struct troth_metrics metrics;
	struct troth_bucket *buckets; /* TROTH_API_BUCKETS of them. */
	struct troth_time started;
	unsigned inflight;           /* Calls that the engine holds. */
	struct troth_server *server; /* The sockets. */
};

/* False: too many requests in a row. */
bool troth_api_allow(struct troth_api *api, const struct troth_caller *who);

/* Any thread: the engine is through with a call. */
void troth_server_finished(struct troth_server *s, struct troth_call *c);
/* Of a clock that only goes forward. */
int64_t troth_server_ms(void);
bool troth_server_is_ready(struct troth_server *s);

#endif
