/*
 * sockets - what the files that deal with sockets share: the server, its connections,
 * and the streams of those who read events. From the bottom up:
 *
 *   wake    what other threads tell the API's thread
 *   cert    the certificate
 *   sse     streams
 *   conn    connections, and all that libwebsockets has to say
 *   server  listens, and runs the thread
 */
#ifndef TROTH_API_SOCKETS_H
#define TROTH_API_SOCKETS_H

#include "api.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>

/* Where an event reader stands, and what it wants to see. */
struct troth_stream {
	bool on;
	uint64_t next; /* Number of the next entry to look at. */
	bool personal;
	struct troth_digest token;     /* Of who reads: revoked, the stream ends. */
	char type[TROTH_CODE_MAX + 1]; /* Filters; empty: all. */
	char party[TROTH_PARTY_MAX + 1];
	struct troth_id subject;
	bool by_subject;
	bool begun;        /* The preamble has been sent. */
	int64_t asked_ms;  /* Since when it has not become writable; 0: it is. */
	int64_t spoken_ms; /* When something was sent last. */
	struct troth_conn *next_reader, *prev_reader;
};

struct troth_conn {
	struct troth_server *server;
	struct lws *wsi;
	struct troth_call *call; /* Being received, waiting, or to be answered. */
	size_t body_left;
	bool discard; /* The answer stands already; the body is only read away. */
	bool answering;
	bool body_ended;
	bool crowded; /* Something came before the answer. */
	struct troth_stream stream;
};

struct troth_server {
	struct troth_api api;
	struct lws_context *lws;
	struct lws_vhost *vhosts[TROTH_API_LISTEN_MAX];
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* Guards these: */
	struct troth_call *finished, **finished_last;
	bool woken;
	struct ssl_ctx_st *cert; /* What was reloaded; NULL: as at the start. */

	_Atomic uint64_t stream_len;
	_Atomic bool ready, stopping;

	/* The API's thread only. */
	uint64_t told_len;
	unsigned answering;
	bool called; /* By libwebsockets, in this round of the service. */
	struct troth_conn *readers;
	struct troth_buf out; /* Scratch, LWS_PRE bytes first. */
};

/* ---- wake.c; and what of it calls and handlers need, in api.h ---- */

/* Any thread: has the API's thread look at what it was told. */
void troth_server_wake(struct troth_server *s);
/* The calls that the engine is through with, in that order, linked by next. */
struct troth_call *troth_server_take_finished(struct troth_server *s);

/* ---- cert.c ---- */

/* Has connections of ctx (OpenSSL's SSL_CTX) offer the certificate last read. */
void troth_cert_offer(struct troth_server *s, struct ssl_ctx_st *ctx);
void troth_cert_fini(struct troth_server *s);

/* ---- sse.c ---- */

/* Begins a stream for an admitted call; 1: there is none, and the call is answered. */
int troth_stream_begin(struct troth_conn *conn, struct troth_call *c);
/* What libwebsockets calls for; -1: the connection must close. */
int troth_stream_writable(struct troth_conn *conn);
int troth_stream_timer(struct troth_conn *conn);
void troth_stream_end(struct troth_conn *conn);

/* Has the readers go on, when entries came. */
void troth_streams_wake(struct troth_server *s);
/* Closes the streams of readers that are gone, or say what nobody asked for. */
void troth_streams_look(struct troth_server *s);

/* ---- conn.c ---- */

/* libwebsockets calls this for everything. */
int troth_conn_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
			void *in, size_t len);

/* Goes on with calls that the engine is through with; and readers, when entries came. */
void troth_server_drain(struct troth_server *s);

#endif
