/*
 * sse - the event stream (text/event-stream) of one reader.
 *
 * A reader is a number: entries are read from the store when its socket can take
 * more, some 32 kB at a time. Nothing is queued for anybody.
 */
#include "handlers.h"
#include "read.h"
#include "sockets.h"

#include "troth/base/text.h"

#include <string.h>
#include <sys/socket.h>

#define CHUNK        32768 /* About so many bytes at a time, */
#define LOOK_AT      2000  /* and so many entries looked at for them. */
#define HEARTBEAT_MS 15000
#define TICK_MS      5000 /* How often it is looked at, at least; */
#define TICKS        4    /* or so many times in stall_ms. */
#define RETRY        "retry: 2000\n\n"

static const char head[] = "HTTP/1.1 200 OK\r\n"
			   "content-type: text/event-stream\r\n"
			   "cache-control: no-store\r\n"
			   "x-content-type-options: nosniff\r\n"
			   "connection: close\r\n\r\n";

/* Where to begin: behind Last-Event-ID, or `after`, or with what comes from now on. */
static bool first_number(struct troth_call *c, uint64_t *next)
{
	const char *after = c->key[0] != '\0' ? c->key : troth_call_query(c, "after");
	struct troth_txn t;

	if (after == NULL) {
		troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_READ);
		*next = troth_query_stream_len(&t, c->api->engine->kind);
		troth_txn_abort(&t);
	} else if (!troth_read_digits(after, next) || *next == UINT64_MAX) {
		return troth_read_bad(c, c->key[0] != '\0' ? "Last-Event-ID" : "after",
				      "must be the number of an event");
	}
	(*next)++;
	return true;
}

/* A word that no event has would be waited for for ever. */
static bool is_event_type(const char *word)
{
	for (unsigned t = 0; t <= UINT8_MAX; t++) {
		const char *name = troth_event_type_name((enum troth_event_type)t);

		if (name != NULL && strcmp(name, word) == 0)
			return true;
	}
	return false;
}

static bool read_filters(struct troth_call *c, struct troth_stream *s)
{
	const char *type = troth_call_query(c, "type");
	const char *party = troth_call_query(c, "party");
	const char *subject = troth_call_query(c, "subject");

	if (type != NULL && !is_event_type(type))
		return troth_read_bad(c, "type", "is no type of event");
	if (party != NULL && strlen(party) > TROTH_PARTY_MAX)
		return troth_read_bad(c, "party", "is no name of a party");
	if (type != NULL)
		TROTH_TEXT_SET(s->type, type);
	if (party != NULL)
		TROTH_TEXT_SET(s->party, party);
	s->by_subject = subject != NULL;
	return subject == NULL || troth_id_parse(&s->subject, TROTH_ID_ORDER, subject) ||
	       troth_id_parse(&s->subject, TROTH_ID_CASE, subject) ||
	       troth_id_parse(&s->subject, TROTH_ID_AUTHORITY, subject) ||
	       troth_read_bad(c, "subject",
			      "is no id of an order, a case or an authority");
}

static void set_timer(struct troth_conn *conn)
{
	int64_t ms = conn->server->api.config.stall_ms / TICKS + 1;

	lws_set_timer_usecs(conn->wsi, (ms < TICK_MS ? ms : TICK_MS) * 1000);
}

static void wake(struct troth_conn *conn)
{
	if (conn->stream.asked_ms == 0)
		conn->stream.asked_ms = troth_server_ms();
	(void)lws_callback_on_writable(conn->wsi);
}

int troth_stream_begin(struct troth_conn *conn, struct troth_call *c)
{
	struct troth_stream *s = &conn->stream;

	*s = (struct troth_stream){ .personal = troth_call_may_see_personal(c),
				    .token = c->caller.id };
	if (!first_number(c, &s->next) || !read_filters(c, s))
		return 1;
	s->on = true;
	s->spoken_ms = troth_server_ms();
	s->next_reader = conn->server->readers;
	if (s->next_reader != NULL)
		s->next_reader->stream.prev_reader = conn;
	conn->server->readers = conn;
	conn->server->api.metrics.readers++;
	lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
	set_timer(conn);
	wake(conn);
	return 0;
}

void troth_stream_end(struct troth_conn *conn)
{
	struct troth_stream *s = &conn->stream;

	if (!s->on)
		return;
	s->on = false;
	if (s->prev_reader != NULL)
		s->prev_reader->stream.next_reader = s->next_reader;
	else
		conn->server->readers = s->next_reader;
	if (s->next_reader != NULL)
		s->next_reader->stream.prev_reader = s->prev_reader;
	conn->server->api.metrics.readers--;
}

static bool wanted(const struct troth_stream *s, const struct troth_render *r,
		   const struct troth_event *e)
{
	const char *type = troth_event_type_name(e->type);
	char party[TROTH_PARTY_MAX + 1];

	if (s->by_subject && !troth_id_eq(&s->subject, &e->subject))
		return false;
	if (s->type[0] != '\0' && (type == NULL || strcmp(type, s->type) != 0))
		return false;
	if (s->party[0] == '\0')
		return true;
	troth_render_party_of(r, e, party);
	return strcmp(party, s->party) == 0;
}

static void put_event(struct troth_stream *s, const struct troth_render *r,
		      struct troth_buf *b, uint64_t number, uint64_t position)
{
	struct troth_span bytes, blob;
	struct troth_entry entry;
	struct troth_event e;
	struct troth_why why;
	struct troth_out o = troth_out(b);
	const char *type;

	if (!troth_query_entry(r->t, position, &bytes, &blob) ||
	    troth_entry_decode(&entry, bytes, &why) != TROTH_OK ||
	    troth_body_decode(&e, entry.body, &why) != TROTH_OK)
		return; /* Of a later release: this one has no words for it. */
	if (!wanted(s, r, &e))
		return;
	type = troth_event_type_name(e.type);
	troth_buf_printf(b, "id: %llu\nevent: %s\ndata: ", (unsigned long long)number,
			 type != NULL ? type : "unknown");
	troth_render_event(r, &o, NULL, &e,
			   &(struct troth_told){
				   .number = number,
				   .position = position,
				   .verdict = entry.verdict,
				   .accepted = entry.accepted,
				   .blob = blob,
			   });
	troth_buf_put(b, "\n\n", 2);
}

/* Appends what fits; *more if there is more. False: the reader may read no longer. */
static bool fill(struct troth_conn *conn, struct troth_buf *b, size_t begin, bool *more)
{
	const struct troth_engine *engine = conn->server->api.engine;
	struct troth_stream *s = &conn->stream;
	struct troth_txn t;
	struct troth_render r = { &t, engine->kind, s->personal,
				  engine->now(engine->ctx) };
	unsigned looked_at = 0;
	uint64_t position = 1;
	bool may;

	troth_txn_begin(&t, engine->kv, TROTH_TXN_READ);
	may = troth_token_stands(&t, &s->token);
	while (may && b->len - begin < CHUNK && looked_at++ < LOOK_AT) {
		position = troth_query_stream(&t, engine->kind, s->next);
		if (position == 0)
			break;
		put_event(s, &r, b, s->next, position);
		s->next++;
	}
	troth_txn_abort(&t);
	*more = position != 0;
	return may;
}

int troth_stream_writable(struct troth_conn *conn)
{
	struct troth_stream *s = &conn->stream;
	struct troth_buf *b = &conn->server->out;
	int64_t now = troth_server_ms();
	bool more;

	s->asked_ms = 0;
	troth_buf_reset(b);
	if (troth_buf_grow(b, LWS_PRE) == NULL)
		return -1;
	if (!s->begun) {
		troth_buf_put_str(b, head);
		troth_buf_put_str(b, RETRY);
		s->begun = true;
	}
	if (!fill(conn, b, LWS_PRE, &more))
		return -1;
	if (b->len == LWS_PRE && now - s->spoken_ms >= HEARTBEAT_MS)
		troth_buf_put_str(b, ":\n\n");
	if (b->failed)
		return -1;
	if (b->len > LWS_PRE) {
		int len = (int)(b->len - LWS_PRE);

		s->spoken_ms = now;
		if (lws_write(conn->wsi, b->data + LWS_PRE, (size_t)len, LWS_WRITE_HTTP) <
		    len)
			return -1;
	}
	if (more)
		wake(conn);
	return 0;
}

void troth_streams_wake(struct troth_server *s)
{
	uint64_t len = atomic_load(&s->stream_len);

	if (len == s->told_len)
		return;
	s->told_len = len;
	for (struct troth_conn *r = s->readers; r != NULL; r = r->stream.next_reader)
		wake(r);
}

/*
 * libwebsockets polls a reader for input and leaves what comes unread, so that an
 * end or a stray byte would keep the service spinning. A round in which it had
 * nothing to call us for is the sign.
 */
void troth_streams_look(struct troth_server *s)
{
	for (struct troth_conn *conn = s->readers, *next; conn != NULL; conn = next) {
		char byte;

		next = conn->stream.next_reader;
		if (recv(lws_get_socket_fd(conn->wsi), &byte, 1,
			 MSG_PEEK | MSG_DONTWAIT) < 0)
			continue;
		troth_stream_end(conn);
		lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
	}
}

int troth_stream_timer(struct troth_conn *conn)
{
	struct troth_stream *s = &conn->stream;
	int64_t now = troth_server_ms();

	if (s->asked_ms != 0 && now - s->asked_ms > conn->server->api.config.stall_ms) {
		conn->server->api.metrics.cut_off++;
		troth_stream_end(conn);
		/* Else libwebsockets would try for a while to send what is left. */
		(void)shutdown(lws_get_socket_fd(conn->wsi), SHUT_RDWR);
		return -1;
	}
	if (now - s->spoken_ms >= HEARTBEAT_MS)
		wake(conn);
	set_timer(conn);
	return 0;
}

/* Streams begin before any handler runs. */
void troth_get_events(struct troth_call *c)
{
	troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL, NULL);
}
