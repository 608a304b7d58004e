#include "link.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a refused peer has to read why. */
#define LINGER_MS 250

/* A message that comes in pieces must make this much progress within stall_ms. */
#define STALL_BYTES 65536

/* After so many small receives a large buffer is given back. */
#define RX_SMALL_MAX 16

#define NEVER UINT64_MAX

static void rx_done(void *owner);
static void tx_done(void *owner);
static void timer_fired(void *owner);

static void mark(struct link *k)
{
	if (k->dirty)
		return;
	k->dirty = true;
	k->dirty_next = k->family->dirty;
	k->family->dirty = k;
}

static void free_link(struct link *k)
{
	io_fini(&k->rx);
	io_fini(&k->tx);
	nng_stream_free(k->stream);
	loop_timer_clear(k->family->loop, &k->timer);
	SSL_free(k->ssl);
	tls_unref(k->tls);
	frame_in_fini(&k->frame);
	link_out_fini(&k->out);
	troth_buf_fini(&k->pipe.out);
	troth_buf_fini(&k->sending);
	free(k->rx_bufs[0].data);
	free(k->rx_bufs[1].data);
	free(k);
}

void link_address(nng_stream *stream, char out[LINK_ADDRESS_MAX])
{
	char host[INET6_ADDRSTRLEN] = "?";
	nng_sockaddr sa;

	(void)snprintf(out, LINK_ADDRESS_MAX, "?");
	if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &sa) != 0)
		return;
	if (sa.s_family == NNG_AF_INET) {
		(void)inet_ntop(AF_INET, &sa.s_in.sa_addr, host, sizeof(host));
		(void)snprintf(out, LINK_ADDRESS_MAX, "%s:%u", host,
			       ntohs(sa.s_in.sa_port));
	} else if (sa.s_family == NNG_AF_INET6) {
		(void)inet_ntop(AF_INET6, sa.s_in6.sa_addr, host, sizeof(host));
		(void)snprintf(out, LINK_ADDRESS_MAX, "[%s]:%u", host,
			       ntohs(sa.s_in6.sa_port));
	}
}

struct link *link_new(struct link_family *family, nng_stream *stream)
{
	struct link *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		nng_stream_free(stream);
		return NULL;
	}
	k->family = family;
	k->stream = stream;
	k->server = family->server;
	k->tls = tls_ref(family->tls);
	k->born_ms = k->heard_ms = family->loop->now_ms;
	k->timer_ms = NEVER;
	loop_timer_init(&k->timer, k, timer_fired);
	frame_in_init(&k->frame, k->server ? FRAME_REQ : FRAME_REP,
		      family->limits->message_max);
	link_address(stream, k->address);
	/* A small answer must not wait for the ACK of the one before. */
	(void)nng_stream_set_bool(stream, NNG_OPT_TCP_NODELAY, true);
	k->rx_cap = LINK_RX_MIN;
	k->ssl = tls_new(k->tls, &k->verdict, &k->pipe);
	if (k->ssl == NULL || !io_init(&k->rx, family->loop, k, rx_done) ||
	    !io_init(&k->tx, family->loop, k, tx_done)) {
		free_link(k);
		return NULL;
	}
	return k;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t deadline(const struct link *k)
{
	const struct troth_bus_limits *lim = k->family->limits;
	uint64_t at = NEVER;

	switch (k->state) {
	case LINK_HANDSHAKE:
	case LINK_GREETING:
		return k->born_ms + lim->handshake_ms;
	case LINK_LINGER:
		return k->born_ms + LINGER_MS;
	case LINK_UP:
		at = k->heard_ms + lim->idle_ms;
		if (k->half_ms != 0)
			at = earlier(at, k->half_ms + lim->stall_ms);
		if (k->tx.busy)
			at = earlier(at, k->tx_ms + lim->stall_ms);
		if (!k->server)
			at = earlier(at, k->beat_ms + lim->heartbeat_ms);
		break;
	case LINK_DEAD:
		break;
	}
	return at;
}

/*
 * Most deadlines move away all the time. The timer is set only when it would be
 * late; when it comes early, timer_fired looks again.
 */
static void arm(struct link *k)
{
	uint64_t at = deadline(k);

	if (at >= k->timer_ms)
		return;
	k->timer_ms = at;
	loop_timer_set(k->family->loop, &k->timer, at);
}

static void die(struct link *k)
{
	k->state = LINK_DEAD;
	loop_timer_clear(k->family->loop, &k->timer);
	nng_stream_close(k->stream);
	mark(k);
}

void link_end(struct link *k, enum troth_bus_event event, const char *why)
{
	char name[TROTH_IDENTITY_TEXT] = "";
	struct troth_bus_report report = {
		.event = event, .peer = name, .address = k->address, .why = why
	};

	if (k->state == LINK_DEAD)
		return;
	if (k->state == LINK_LINGER) {
		die(k);
		return;
	}
	if (k->verdict.judged && !k->verdict.refused)
		troth_identity_format(name, &k->verdict.peer);
	if (k->state == LINK_HANDSHAKE && k->pipe.out.len > 0) {
		/* Closing with unread bytes resets, and a reset overtakes our alert:
		 * read on, and let the peer close. */
		k->state = LINK_LINGER;
		k->born_ms = k->family->loop->now_ms;
		arm(k);
		mark(k);
	} else {
		die(k);
	}
	k->family->hooks->on_end(k->family->owner, k, &report);
}

/* Posts a receive into the buffer whose turn it is. */
static void receive(struct link *k)
{
	struct link_rx *buf = &k->rx_bufs[k->rx_turn];
	nng_iov iov;

	if (buf->cap != k->rx_cap) {
		uint8_t *data = malloc(k->rx_cap);

		if (data != NULL) {
			free(buf->data);
			*buf = (struct link_rx){ data, k->rx_cap };
		} else if (buf->data == NULL) {
			link_end(k, TROTH_BUS_CLOSED, "no memory");
			return;
		}
	}
	iov = (nng_iov){ .iov_buf = buf->data, .iov_len = buf->cap };
	io_begin(&k->rx);
	(void)nng_aio_set_iov(k->rx.aio, 1, &iov);
	nng_stream_recv(k->stream, k->rx.aio);
}

/* The `len` bytes that came, while the next receive goes into the other buffer. */
static struct troth_span turn_buffers(struct link *k, size_t len)
{
	struct link_rx *buf = &k->rx_bufs[k->rx_turn];

	if (len == buf->cap && k->rx_cap < LINK_RX_MAX)
		k->rx_cap = buf->cap * 2;
	k->rx_small = len < buf->cap / 8 ? k->rx_small + 1 : 0;
	if (k->rx_small >= RX_SMALL_MAX)
		k->rx_cap = LINK_RX_MIN;
	k->rx_turn = !k->rx_turn;
	return troth_span(buf->data, len);
}

void link_rejudge(struct link *k)
{
	struct troth_why why;

	/* During a handshake there is nobody to judge yet: its end looks again. */
	if (k->state != LINK_GREETING && k->state != LINK_UP)
		return;
	if (tls_rejudge(k->family->tls, k->ssl, &why) != TROTH_OK)
		link_end(k, TROTH_BUS_REVOKED, why.text);
}

/* Goes on with the handshake; true when it is over and well. */
static bool shake_hands(struct link *k)
{
	uint8_t hello[FRAME_HELLO_LEN];
	struct troth_why why;
	int rc = SSL_do_handshake(k->ssl);

	if (rc != 1) {
		if (SSL_get_error(k->ssl, rc) != SSL_ERROR_WANT_READ) {
			enum troth_bus_event event = tls_failure(&k->verdict, &why);

			link_end(k, event, why.text);
		}
		return false;
	}
	k->state = LINK_GREETING;
	if (k->tls != k->family->tls)
		link_rejudge(k);
	if (k->state != LINK_GREETING)
		return false;
	frame_hello(hello, k->server ? FRAME_REP : FRAME_REQ);
	if (SSL_write(k->ssl, hello, sizeof(hello)) != (int)sizeof(hello)) {
		link_end(k, TROTH_BUS_CLOSED, "no memory");
		return false;
	}
	return true;
}

static void take_message(struct link *k, uint32_t id, struct troth_span payload)
{
	struct troth_buf nothing = TROTH_BUF_INIT;

	/* A sign of life: a client's question is answered with the same. */
	if (id == 0 && payload.len == 0) {
		if (k->server)
			link_send(k, id, &nothing);
		return;
	}
	if (k->server && ++k->unanswered > k->family->limits->requests_max) {
		link_end(k, TROTH_BUS_TOO_MANY, "too many unanswered requests");
		return;
	}
	k->family->hooks->on_message(k->family->owner, k, id, payload);
}

/* What came out of TLS; returns at the end of it or of the link. */
static void take_plain(struct link *k, struct troth_span in)
{
	struct troth_span payload;
	uint32_t id;

	while (k->state == LINK_GREETING || k->state == LINK_UP) {
		switch (frame_next(&k->frame, &in, &id, &payload)) {
		case FRAME_MORE:
			return;
		case FRAME_HELLO:
			k->state = LINK_UP;
			k->was_up = true;
			k->beat_ms = k->family->loop->now_ms;
			k->family->hooks->on_up(k->family->owner, k);
			break;
		case FRAME_MESSAGE:
			k->half_ms = 0;
			take_message(k, id, payload);
			break;
		case FRAME_OVERSIZE:
			link_end(k, TROTH_BUS_OVERSIZE,
				 "announced a message beyond the limit");
			break;
		case FRAME_MALFORMED:
			link_end(k, TROTH_BUS_MALFORMED, "not SP REQ/REP");
			break;
		case FRAME_NO_MEMORY:
			link_end(k, TROTH_BUS_CLOSED, "no memory for its message");
			break;
		}
	}
}

static void note_progress(struct link *k)
{
	if (!frame_is_halfway(&k->frame)) {
		k->half_ms = 0;
	} else if (k->half_ms == 0 || k->frame.body.len >= k->half_len + STALL_BYTES) {
		k->half_ms = k->family->loop->now_ms;
		k->half_len = k->frame.body.len;
	}
}

/* SSL_read gave no bytes. */
static void read_stopped(struct link *k, int rc)
{
	enum troth_bus_event event = TROTH_BUS_MALFORMED;
	struct troth_why why;

	switch (SSL_get_error(k->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return;
	case SSL_ERROR_ZERO_RETURN:
		link_end(k, TROTH_BUS_CLOSED, "the peer closed");
		return;
	default:
		/* A client learns here that its certificate was refused. */
		if (k->state == LINK_GREETING)
			event = tls_failure(&k->verdict, &why);
		else
			(void)tls_failure(&k->verdict, &why);
		link_end(k, event, why.text);
	}
}

static void pump_in(struct link *k)
{
	struct bus_loop *loop = k->family->loop;

	ERR_clear_error();
	if (k->state == LINK_HANDSHAKE && !shake_hands(k))
		return;
	while (k->state == LINK_GREETING || k->state == LINK_UP) {
		int n = SSL_read(k->ssl, loop->plain_in, sizeof(loop->plain_in));

		if (n <= 0) {
			read_stopped(k, n);
			break;
		}
		take_plain(k, troth_span(loop->plain_in, (size_t)n));
	}
	note_progress(k);
}

void link_start(struct link *k)
{
	receive(k);
	if (!k->server)
		pump_in(k); /* The client speaks first. */
	arm(k);
	mark(k);
}

static void rx_done(void *owner)
{
	struct link *k = owner;
	int failed = nng_aio_result(k->rx.aio);
	size_t len = nng_aio_count(k->rx.aio);

	mark(k);
	if (k->state == LINK_DEAD)
		return;
	if (failed != 0) {
		link_end(k, TROTH_BUS_CLOSED,
			 k->state == LINK_HANDSHAKE ? "went away in the handshake"
						    : nng_strerror(failed));
		return;
	}
	if (k->state == LINK_LINGER) {
		receive(k);
		return;
	}
	k->heard_ms = k->family->loop->now_ms;
	k->pipe.in = turn_buffers(k, len);
	/* At once: nng forgets a TCP error that comes while nobody receives. */
	receive(k);
	pump_in(k);
	arm(k);
}

static void send_rest(struct link *k)
{
	nng_iov iov = { .iov_buf = k->sending.data + k->sent,
			.iov_len = k->sending.len - k->sent };

	io_begin(&k->tx);
	k->tx_ms = k->family->loop->now_ms;
	(void)nng_aio_set_iov(k->tx.aio, 1, &iov);
	nng_stream_send(k->stream, k->tx.aio);
	arm(k);
}

/* Encrypts what is queued, record by record, and sends what came of it. */
static void flush(struct link *k)
{
	struct bus_loop *loop = k->family->loop;
	struct troth_buf sent = k->sending;

	if (k->tx.busy)
		return;
	while (k->state == LINK_UP && k->pipe.out.len < LINK_TX_MAX) {
		size_t n = link_out_take(&k->out, loop->plain_out, LOOP_RECORD);

		if (n == 0)
			break;
		if (SSL_write(k->ssl, loop->plain_out, (int)n) != (int)n) {
			link_end(k, TROTH_BUS_CLOSED, "TLS cannot write");
			return;
		}
	}
	troth_buf_reset(&sent);
	if (sent.cap > LINK_TX_KEEP && k->pipe.out.len == 0)
		troth_buf_fini(&sent);
	k->sending = sent;
	if (k->pipe.out.len == 0)
		return;
	k->sending = k->pipe.out;
	k->pipe.out = sent;
	k->sent = 0;
	send_rest(k);
}

static void tx_done(void *owner)
{
	struct link *k = owner;
	int failed = nng_aio_result(k->tx.aio);

	mark(k);
	if (k->state == LINK_DEAD)
		return;
	if (failed != 0) {
		link_end(k, TROTH_BUS_CLOSED, nng_strerror(failed));
		return;
	}
	k->sent += nng_aio_count(k->tx.aio);
	if (k->sent < k->sending.len)
		send_rest(k);
}

void link_send(struct link *k, uint32_t id, struct troth_buf *payload)
{
	if (k->state != LINK_UP) {
		troth_buf_fini(payload);
		return;
	}
	if (k->out.bytes + payload->len > k->family->limits->queue_max) {
		troth_buf_fini(payload);
		link_end(k, TROTH_BUS_SLOW_PEER, "does not take what waits for it");
		return;
	}
	if (!link_out_put(&k->out, id, payload)) {
		link_end(k, TROTH_BUS_CLOSED, "no memory for what waits for it");
		return;
	}
	mark(k);
}

static void timer_fired(void *owner)
{
	struct link *k = owner;
	const struct troth_bus_limits *lim = k->family->limits;
	uint64_t now = k->family->loop->now_ms;
	struct troth_buf nothing = TROTH_BUF_INIT;

	k->timer_ms = NEVER;
	if (k->state == LINK_LINGER) {
		if (now >= deadline(k))
			die(k);
	} else if (k->state != LINK_UP) {
		if (now >= deadline(k))
			link_end(k, TROTH_BUS_HANDSHAKE_TIMEOUT,
				 "the handshake was not over in time");
	} else if (k->half_ms != 0 && now >= k->half_ms + lim->stall_ms) {
		link_end(k, TROTH_BUS_HALF_MESSAGE, "a message stopped half way");
	} else if (k->tx.busy && now >= k->tx_ms + lim->stall_ms) {
		link_end(k, TROTH_BUS_SLOW_PEER, "takes nothing");
	} else if (now >= k->heard_ms + lim->idle_ms) {
		link_end(k, TROTH_BUS_IDLE, "nothing came for too long");
	} else if (!k->server && now >= k->beat_ms + lim->heartbeat_ms) {
		k->beat_ms = now;
		link_send(k, 0, &nothing);
	}
	if (k->state != LINK_DEAD)
		arm(k);
}

void link_settle_all(struct link_family *family)
{
	while (family->dirty != NULL) {
		struct link *k = family->dirty;

		family->dirty = k->dirty_next;
		k->dirty = false;
		if (k->state != LINK_DEAD) {
			flush(k);
		} else if (!k->rx.busy && !k->tx.busy) {
			family->hooks->on_gone(family->owner, k);
			free_link(k);
		}
	}
}
