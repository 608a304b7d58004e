/*
 * conn - one HTTP connection: from header fields to a call, from a call to bytes.
 *
 * libwebsockets parses HTTP and keeps the time-outs; everything that is not one
 * of our paths is refused here.
 */
#include "handlers.h"
#include "sockets.h"

#include "troth/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_HEADER_MAX 256
/*
 * A body that is too large is read away up to this length, and then answered: a
 * connection that is closed on somebody who still sends takes the answer with it.
 */
#define READ_AWAY_MAX ((size_t)16 << 20)

static struct troth_server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

static struct troth_conn *conn_of(struct lws *wsi)
{
	return lws_get_opaque_user_data(wsi);
}

/* ---- Answering ---- */

static const char *reason_phrase(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 412:
		return "Precondition Failed";
	case 413:
		return "Content Too Large";
	case 422:
		return "Unprocessable Content";
	case 428:
		return "Precondition Required";
	case 429:
		return "Too Many Requests";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	case 507:
		return "Insufficient Storage";
	}
	return "Status";
}

static void put_head(struct troth_buf *b, const struct troth_call *c, bool close)
{
	troth_buf_printf(b,
			 "HTTP/1.1 %u %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n"
			 "cache-control: no-store\r\nx-content-type-options: nosniff\r\n",
			 c->status, reason_phrase(c->status),
			 c->content_type != NULL ? c->content_type : "application/json",
			 c->reply.len);
	if (c->has_etag)
		troth_buf_printf(b, "etag: \"%llu\"\r\n", (unsigned long long)c->etag);
	if (c->location[0] != '\0')
		troth_buf_printf(b, "location: %s\r\n", c->location);
	if (c->challenge != NULL)
		troth_buf_printf(b, "www-authenticate: %s\r\n", c->challenge);
	if (c->retry_after_s != 0)
		troth_buf_printf(b, "retry-after: %u\r\n", c->retry_after_s);
	if (c->has_result && c->result.repeated)
		troth_buf_put_str(b, "idempotency-replayed: true\r\n");
	if (c->status == 405)
		troth_buf_put_str(b, "allow: GET, POST\r\n");
	if (close)
		troth_buf_put_str(b, "connection: close\r\n");
	troth_buf_put_str(b, "\r\n");
}

/* Writes head and body in one go. -1: the connection is to close. */
static int send_bytes(struct troth_conn *conn, bool close)
{
	struct troth_server *s = conn->server;
	struct troth_call *c = conn->call;
	struct troth_buf *b = &s->out;
	size_t len;

	s->api.metrics.requests[c->status / 100 % 6]++;
	troth_buf_reset(b);
	if (troth_buf_grow(b, LWS_PRE) == NULL)
		return -1;
	put_head(b, c, close);
	troth_buf_put_span(b, troth_buf_span(&c->reply));
	conn->call = NULL;
	troth_call_free(c);
	if (b->failed)
		return -1;
	len = b->len - LWS_PRE;
	if (lws_write(conn->wsi, b->data + LWS_PRE, len, LWS_WRITE_HTTP_FINAL) < (int)len)
		return -1;
	return close ? -1 : 0;
}

static int answer(struct troth_conn *conn, bool close)
{
	if (conn->answering) {
		conn->answering = false;
		conn->server->answering--;
	}
	if (send_bytes(conn, close) != 0)
		return -1;
	return lws_http_transaction_completed(conn->wsi) != 0 ? -1 : 0;
}

/* The engine is through with the call: it is answered as soon as bytes can go out. */
static void on_call_done(struct troth_call *c)
{
	struct troth_conn *conn = c->waiter;

	if (!conn->answering) {
		conn->answering = true;
		conn->server->answering++;
	}
	(void)lws_callback_on_writable(conn->wsi);
}

/* ---- Reading the head ---- */

static bool copy_header(struct lws *wsi, enum lws_token_indexes token, char *out,
			size_t size)
{
	int len = lws_hdr_total_length(wsi, token);

	out[0] = '\0';
	if (len <= 0)
		return true;
	return (size_t)len < size && lws_hdr_copy(wsi, out, (int)size, token) == len;
}

static bool copy_named(struct lws *wsi, const char *name, char *out, size_t size)
{
	int len = lws_hdr_custom_length(wsi, name, (int)strlen(name));

	out[0] = '\0';
	if (len <= 0)
		return true;
	return (size_t)len < size &&
	       lws_hdr_custom_copy(wsi, out, (int)size, name, (int)strlen(name)) >= 0;
}

static bool is_visible(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

/* Exactly one strong tag, as we hand them out. */
static bool read_if_match(struct troth_call *c, const char *text)
{
	char *end;

	if (text[0] == '\0')
		return true;
	if (text[0] != '"' || text[1] < '0' || text[1] > '9')
		return false;
	c->has_if_match = true;
	c->if_match = strtoull(text + 1, &end, 10);
	return strcmp(end, "\"") == 0;
}

/* The name of a parameter: it goes back to its sender, so it must be one. */
static void name_parameter(char field[TROTH_STEP_MAX], const char *text)
{
	size_t len = strcspn(text, "=");

	(void)snprintf(field, TROTH_STEP_MAX, "%.*s", (int)len, text);
	if (len >= TROTH_STEP_MAX || !troth_text_is_name(field, TROTH_STEP_MAX))
		(void)snprintf(field, TROTH_STEP_MAX, "query");
}

/* NULL, or what is wrong with the query, and where: a parameter, or all of it. */
static const char *read_query(struct lws *wsi, struct troth_call *c,
			      char field[TROTH_STEP_MAX])
{
	char text[TROTH_QUERY_MAX];
	size_t len = 0;

	/* libwebsockets has split it at '&', and decoded it. */
	text[0] = '\0';
	(void)snprintf(field, TROTH_STEP_MAX, "path"); /* As long as there is none. */
	for (int i = 0;; i++) {
		int room = (int)(sizeof(text) - len - 1);
		int n = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);

		/* Copying says the same of one that is too long and of the end. */
		if (n >= room) {
			(void)snprintf(field, TROTH_STEP_MAX, "query");
			return "is too long";
		}
		n = lws_hdr_copy_fragment(wsi, text + len, room, WSI_TOKEN_HTTP_URI_ARGS,
					  i);
		if (n < 0)
			break;
		name_parameter(field, text + len);
		if (!troth_text_ok(troth_span(text + len, (size_t)n), false))
			return "holds bytes that are no text";
		if (memchr(text + len, '=', (size_t)n) == NULL)
			return "must be written as name=value";
		len += (size_t)n + 1;
	}
	memcpy(c->query, text, len);
	c->query[len] = '\0';
	/* An escaped end of line ends the request line for libwebsockets, and what
	 * stands behind it has become header fields. */
	return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP) > 0 ? NULL
							     : "holds an end of line";
}

/* Reads everything of the head but the token. */
static bool read_head(struct lws *wsi, struct troth_call *c, const char *path)
{
	char text[64], field[TROTH_STEP_MAX] = "path";
	size_t len = strlen(path);
	const char *bad = "is too long";

	if (len < sizeof(c->path)) {
		memcpy(c->path, path, len + 1);
		bad = read_query(wsi, c, field);
	}
	if (bad == NULL &&
	    (!copy_named(wsi, "idempotency-key:", c->key, sizeof(c->key)) ||
	     !is_visible(c->key))) {
		(void)snprintf(field, sizeof(field), "Idempotency-Key");
		bad = "must be at most 128 visible characters";
	}
	if (bad == NULL &&
	    (!copy_header(wsi, WSI_TOKEN_HTTP_IF_MATCH, text, sizeof(text)) ||
	     !read_if_match(c, text))) {
		(void)snprintf(field, sizeof(field), "If-Match");
		bad = "must be one ETag as it was given";
	}
	if (bad != NULL)
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, field, bad);
	return bad == NULL;
}

/* The bearer token, or NULL. */
static const char *read_token(struct lws *wsi, char *out, size_t size)
{
	if (!copy_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, out, size) ||
	    strncasecmp(out, "bearer ", 7) != 0)
		return NULL;
	return out + 7;
}

/* ---- One request ---- */

/*
 * The length of the body. False: answered with a problem, and to be closed; the call may
 * have been answered where it is true, too.
 */
static bool read_length(struct troth_conn *conn, struct troth_call *c, bool batch)
{
	size_t max = batch ? TROTH_API_BATCH_BODY_MAX : TROTH_API_BODY_MAX;
	unsigned long long len;
	char text[24], *end;

	if (!copy_header(conn->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof(text)) ||
	    text[0] < '0' || text[0] > '9') {
		troth_call_problem(c, TROTH_PROBLEM_LENGTH, NULL, NULL);
		return false;
	}
	len = strtoull(text, &end, 10);
	if (*end != '\0' || len > max)
		troth_call_problem(c, TROTH_PROBLEM_TOO_LARGE, NULL, NULL);
	if (*end != '\0' || len > READ_AWAY_MAX)
		return false;
	conn->body_left = (size_t)len;
	return true;
}

static int run(struct troth_conn *conn)
{
	struct troth_call *c = conn->call;

	if (!c->done)
		troth_call_run(c);
	if (c->command != NULL) {
		c->next = NULL;
		troth_calls_submit(c->api, c);
	}
	if (c->done)
		return answer(conn, false);
	/* The engine always answers; nothing else may end the waiting. */
	lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
	return 0;
}

static int begin_get(struct troth_conn *conn, const char *token)
{
	struct troth_call *c = conn->call;

	if (strcmp(c->path, "/v1/events") == 0 &&
	    !copy_named(conn->wsi, "last-event-id:", c->key, sizeof(c->key)))
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "Last-Event-ID",
				   "is not one that this stream gave");
	if (!c->done)
		troth_call_admit(c, token);
	if (!c->done && c->route->handler == troth_get_events &&
	    troth_stream_begin(conn, c) == 0) {
		conn->call = NULL;
		troth_call_free(c);
		return 0;
	}
	return run(conn);
}

static int begin_post(struct troth_conn *conn, const char *token)
{
	struct troth_call *c = conn->call;

	if (!read_length(conn, c, strcmp(c->path, "/v1/batch") == 0))
		return answer(conn, true);
	if (!c->done)
		troth_call_admit(c, token);
	/* The body must be read all the same; its end comes also where there is none. */
	conn->discard = c->done;
	lws_set_timer_usecs(conn->wsi, conn->server->api.config.request_ms * 1000);
	return 0;
}

static int on_request(struct lws *wsi, const char *path)
{
	struct troth_conn *conn = conn_of(wsi);
	struct troth_call *c;
	char text[TOKEN_HEADER_MAX];
	bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
	bool post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;

	if (conn == NULL || conn->call != NULL || conn->stream.on)
		return -1;
	c = conn->call = troth_call_new(&conn->server->api);
	if (c == NULL)
		return -1;
	c->on_done = on_call_done;
	c->waiter = conn;
	c->method = post ? TROTH_POST : TROTH_GET;
	conn->discard = conn->body_ended = false;
	conn->body_left = 0;
	if (get == post) {
		troth_call_problem(c, TROTH_PROBLEM_METHOD, NULL, NULL);
		return answer(conn, true);
	}
	if (atomic_load(&conn->server->stopping)) {
		troth_call_problem(c, TROTH_PROBLEM_STOPPING, NULL, NULL);
		return answer(conn, true);
	}
	/* Two ways to tell where a request ends are one too many. */
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		troth_call_problem(c, TROTH_PROBLEM_LENGTH, NULL,
				   "a transfer encoding is not taken");
	else if (get && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0)
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, NULL,
				   "a GET has no body");
	if (c->done || !read_head(wsi, c, path))
		return answer(conn, true);
	return get ? begin_get(conn, read_token(wsi, text, sizeof(text)))
		   : begin_post(conn, read_token(wsi, text, sizeof(text)));
}

static int on_body(struct lws *wsi, const void *in, size_t len)
{
	struct troth_conn *conn = conn_of(wsi);

	if (conn == NULL || conn->call == NULL || len > conn->body_left)
		return -1;
	conn->body_left -= len;
	if (!conn->discard)
		troth_buf_put(&conn->call->body, in, len);
	return conn->call->body.failed ? -1 : 0;
}

static int on_body_end(struct lws *wsi)
{
	struct troth_conn *conn = conn_of(wsi);

	if (conn == NULL || conn->call == NULL || conn->body_left != 0)
		return -1;
	if (conn->body_ended) {
		/* libwebsockets takes what comes before the answer for more of the
		 * body, and it is lost: this answer is the last one. */
		conn->crowded = true;
		return 0;
	}
	conn->body_ended = true;
	if (conn->call->waiting) /* There was no body: it runs already. */
		return 0;
	lws_set_timer_usecs(wsi, LWS_SET_TIMER_USEC_CANCEL);
	return run(conn);
}

static int on_writable(struct lws *wsi)
{
	struct troth_conn *conn = conn_of(wsi);

	if (conn == NULL)
		return 0;
	if (conn->stream.on)
		return troth_stream_writable(conn);
	if (conn->call != NULL && conn->call->done)
		return answer(conn, conn->crowded);
	return 0;
}

/* ---- Connections come and go ---- */

static int on_accept(struct lws *wsi)
{
	struct troth_server *s = server_of(wsi);
	struct troth_conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL)
		return -1;
	conn->server = s;
	conn->wsi = wsi;
	lws_set_opaque_user_data(wsi, conn);
	s->api.metrics.connections++;
	return 0;
}

static bool is_full(struct troth_server *s)
{
	if (s->api.metrics.connections < s->api.config.connections_max &&
	    !atomic_load(&s->stopping))
		return false;
	s->api.metrics.refused++;
	return true;
}

/* A call that the engine still holds ends by itself, with nobody to tell. */
static void on_destroy(struct lws *wsi)
{
	struct troth_conn *conn = conn_of(wsi);
	struct troth_call *c = conn != NULL ? conn->call : NULL;

	if (conn == NULL)
		return;
	lws_set_opaque_user_data(wsi, NULL);
	troth_stream_end(conn);
	if (conn->answering)
		conn->server->answering--;
	if (c != NULL && c->waiting)
		c->on_done = NULL;
	else
		troth_call_free(c);
	conn->server->api.metrics.connections--;
	free(conn);
}

void troth_server_drain(struct troth_server *s)
{
	struct troth_call *next;

	for (struct troth_call *c = troth_server_take_finished(s); c != NULL; c = next) {
		next = c->next;
		troth_call_resume(c);
	}
	troth_streams_wake(s);
}

int troth_conn_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
			void *in, size_t len)
{
	struct troth_conn *conn;

	server_of(wsi)->called = true;
	switch ((int)reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return is_full(server_of(wsi)) ? -1 : 0;
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		return on_accept(wsi);
	case LWS_CALLBACK_HTTP:
		return on_request(wsi, in);
	case LWS_CALLBACK_HTTP_BODY:
		return on_body(wsi, in, len);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return on_body_end(wsi);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return on_writable(wsi);
	case LWS_CALLBACK_TIMER:
		conn = conn_of(wsi);
		if (conn != NULL && conn->stream.on)
			return troth_stream_timer(conn);
		return conn != NULL && conn->call != NULL && conn->body_left > 0 ? -1 : 0;
	case LWS_CALLBACK_WSI_DESTROY:
		on_destroy(wsi);
		return 0;
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		troth_server_drain(server_of(wsi));
		return 0;
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		troth_cert_offer(server_of(wsi), user);
		return 0;
	case LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION:
		/* `len` is OpenSSL's verdict, and what is returned here replaces it. */
		return len == 1 ? 0 : 1;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return -1; /* Neither WebSockets nor HTTP/2 in clear. */
	default:           /* libwebsockets has some hundred reasons; these are ours. */
		return 0;
	}
}
