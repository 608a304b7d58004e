/*
 * http - a node's API, as the commands of this program call it.
 *
 * One `struct troth_http` is one node, one token and one connection that is kept
 * open; calls on it block, one after the other, and it is for one thread at a
 * time. Nothing is repeated by itself: a caller that repeats a POST does so with
 * the same idempotency key.
 */
#ifndef TROTH_CTL_HTTP_H
#define TROTH_CTL_HTTP_H

#include "troth/base/span.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TROTH_HTTP_URL_MAX   1023
#define TROTH_HTTP_REPLY_MAX ((size_t)64 << 20) /* Bytes of a reply's body. */
#define TROTH_HTTP_TOKEN_MAX 255
#define TROTH_HTTP_CALL_MS   60000 /* For one call, if nothing else is said. */

struct troth_http;

struct troth_http_config {
	const char *url;     /* "http://127.0.0.1:8600", "https://gw.example:8600" */
	const char *token;   /* NULL: none. */
	const char *ca_file; /* PEM; whom to believe with https. NULL: the system's. */
	long call_ms;        /* 0: TROTH_HTTP_CALL_MS */
};

/* Copies what it needs; connects with the first call. *out is NULL on failure. */
TROTH_MUST_USE enum troth_err troth_http_open(struct troth_http **out,
					      const struct troth_http_config *config,
					      struct troth_why *why);
void troth_http_close(struct troth_http *h);

/* The URL, as it was given. */
const char *troth_http_url(const struct troth_http *h);

struct troth_http_call {
	const char *method;     /* "GET", "POST" */
	const char *path;       /* "/v1/status?fresh=true": behind the URL, encoded */
	const char *key;        /* Idempotency-Key; NULL: none. */
	const char *etag;       /* If-Match, with its quotes; NULL: none. */
	struct troth_span body; /* JSON; empty: none. */
	bool raw;               /* Do not parse the reply, unless it is a problem. */
};

/* What came back. Fill with zeros before its first use; reuse as often as you like. */
struct troth_http_reply {
	long status;
	char etag[64];      /* With its quotes; empty: none. */
	long retry_after_s; /* -1: none. */
	struct troth_buf body;
	json_t *json; /* The body, if it is JSON (and not left raw); else NULL. */
};

void troth_http_reply_fini(struct troth_http_reply *r);

/*
 * Makes the call. TROTH_OK: there is a reply, whatever its status.
 * TROTH_ERR_AGAIN: no connection, or it ended or took too long; whether the node
 * has done what was asked is unknown. TROTH_ERR_LIMIT: the reply is too large.
 * `why` names the URL.
 */
TROTH_MUST_USE enum troth_err troth_http_call(struct troth_http *h,
					      const struct troth_http_call *call,
					      struct troth_http_reply *reply,
					      struct troth_why *why);

/*
 * As troth_http_call, but a status of 300 or above is a failure, too: its problem
 * (RFC 9457: title, detail, field) stands in `why`, and *reply is still there.
 * AGAIN for 429, 503 and 504; NOTFOUND for 404; INPUT for the rest.
 */
TROTH_MUST_USE enum troth_err troth_http_want(struct troth_http *h,
					      const struct troth_http_call *call,
					      struct troth_http_reply *reply,
					      struct troth_why *why);

/* Writes what a problem says ("title: field: detail") of a reply's JSON into out. */
void troth_http_problem(const json_t *json, long status, char *out, size_t size);

/* Reads a token from a file: its first line. INPUT if there is none in it. */
TROTH_MUST_USE enum troth_err troth_http_token(char out[TROTH_HTTP_TOKEN_MAX + 1],
					       const char *path, struct troth_why *why);

#endif
