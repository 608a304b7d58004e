/*
 * api_kit - central with its API in this process: a real ledger on a real disk, a
 * core thread, a simulated clock, and a plain HTTP client.
 */
#ifndef TROTH_TESTS_API_KIT_H
#define TROTH_TESTS_API_KIT_H

#include "scratch.h"

#include "troth/api/server.h"

#include <jansson.h>

struct api_kit;

/* Starts; aborts if it cannot. `config` gives limits (engine and listen are set here). */
struct api_kit *api_kit_start(const struct troth_api_config *config);
/* Stops, and removes its directory. */
void api_kit_stop(struct api_kit *k);

int api_kit_port(const struct api_kit *k);
struct troth_api *api_kit_api(struct api_kit *k);
/* The manager's token of the first start, as its file has it. */
const char *api_kit_admin(const struct api_kit *k);
/* A new token with these scopes. */
void api_kit_token(struct api_kit *k, const char *name, const char *scopes,
		   char out[TROTH_TOKEN_TEXT]);
/* Adds the brand; aborts if it is not taken. */
void api_kit_brand(struct api_kit *k);
/* The core thread takes nothing more until it is let go on. */
void api_kit_hold(struct api_kit *k, bool hold);
struct troth_time api_kit_now(const struct api_kit *k);

/* ---- The client ---- */

/* Connects to the port on loopback; aborts if it cannot. */
int http_connect(int port);

struct http_reply {
	int status; /* 0: the connection ended before an answer. */
	char head[4096];
	char *body; /* NUL-terminated; freed by http_reply_free. */
	size_t len;
	json_t *json; /* NULL if it is none. */
};

/* Sends bytes as they are. False: the peer has closed. */
bool http_send(int fd, const void *bytes, size_t len);
/* Reads one answer. */
void http_read(int fd, struct http_reply *r);
/* One request over `fd`. `headers` are whole lines with CRLF; `body` NULL: none. */
void http_do(int fd, const char *method, const char *path, const char *token,
	     const char *headers, const char *body, struct http_reply *r);
void http_reply_free(struct http_reply *r);
/* The value of a header field; "" if it is not there. Static storage. */
const char *http_header(const struct http_reply *r, const char *name);

/* One request with a key of its own, over a connection of its own. */
int api_call(struct api_kit *k, const char *method, const char *path, const char *token,
	     const char *headers, const char *body, struct http_reply *r);

#endif
