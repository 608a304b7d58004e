/*
 * link - one connection: a stream, TLS over it, frames inside; bus thread only.
 *
 *   HANDSHAKE --> GREETING --> UP ----> DEAD --> freed by link_settle
 *       |             |         |        ^
 *       +-> LINGER ---|---------|--------+
 *             (our alert is on its way)
 *
 * A link ends once, by link_end or by itself; the owner hears of it by on_end and
 * sees it again when nothing of it is busy, by on_gone, which frees it.
 */
#ifndef TROTH_NET_LINK_H
#define TROTH_NET_LINK_H

#include "frame.h"
#include "link_out.h"
#include "loop.h"
#include "tls.h"
#include "troth/net/bus.h"

#define LINK_ADDRESS_MAX 64

/* A receive buffer is small until the peer fills it. */
#define LINK_RX_MIN 8192
#define LINK_RX_MAX (256 << 10)

/* What one send takes at most, but for the last record; kept while idle at most. */
#define LINK_TX_MAX  (256 << 10)
#define LINK_TX_KEEP 16384

enum link_state { LINK_HANDSHAKE, LINK_GREETING, LINK_UP, LINK_LINGER, LINK_DEAD };

struct link;

struct link_family;

struct link_hooks {
	void (*on_up)(void *owner, struct link *k);
	/* `id` without the high bit; `payload` is borrowed for the call. */
	void (*on_message)(void *owner, struct link *k, uint32_t id,
			   struct troth_span payload);
	void (*on_end)(void *owner, struct link *k, const struct troth_bus_report *r);
	void (*on_gone)(void *owner, struct link *k);
};

struct link {
	struct link_family *family;
	uint64_t conn;            /* The owner's. */
	struct link *next, *prev; /* The owner's. */
	struct link *dirty_next;
	bool dirty;

	enum link_state state;
	bool was_up;
	bool server;
	nng_stream *stream;
	char address[LINK_ADDRESS_MAX];
	struct bus_tls *tls; /* Referenced: what the handshake began with. */
	SSL *ssl;
	struct tls_pipe pipe;
	struct tls_verdict verdict;
	struct bus_io rx, tx;
	struct bus_timer timer;
	uint64_t timer_ms; /* What it is set for. */

	struct frame_in frame;
	uint64_t born_ms, heard_ms, beat_ms;
	uint64_t half_ms; /* When the present message last made progress; 0: none. */
	size_t half_len;
	uint32_t unanswered;

	struct link_out out;      /* Not yet encrypted. */
	struct troth_buf sending; /* Encrypted; the send that is under way reads it. */
	size_t sent;
	uint64_t tx_ms; /* When that began. */

	/* One is being received into while the other is decrypted. */
	struct link_rx {
		uint8_t *data;
		size_t cap;
	} rx_bufs[2];
	unsigned rx_turn;
	size_t rx_cap;     /* What the next receive should have. */
	unsigned rx_small; /* Receives in a row that had no need of so much. */
};

/* What the links of one owner have in common; outlives them. */
struct link_family {
	struct bus_loop *loop;
	const struct troth_bus_limits *limits;
	const struct link_hooks *hooks;
	void *owner;
	bool server;
	struct bus_tls *tls; /* The newest. */
	struct link *dirty;  /* Links with output to send or a death to settle. */
};

/*
 * A link over `stream`, which moves to it, success or not. NULL: no memory, and
 * the stream is closed.
 */
struct link *link_new(struct link_family *family, nng_stream *stream);

/* Begins the handshake and the first receive. */
void link_start(struct link *k);

/* Queues a message; the payload moves. May end the link (SLOW_PEER). */
void link_send(struct link *k, uint32_t id, struct troth_buf *payload);

/* Ends the link unless it has ended. */
void link_end(struct link *k, enum troth_bus_event event, const char *why);

/* "127.0.0.1:40112" of a stream's other end. */
void link_address(nng_stream *stream, char out[LINK_ADDRESS_MAX]);

/* The end of a round: sends what was queued, frees what is dead and quiet. */
void link_settle_all(struct link_family *family);

/* Judges the peer by the family's newest files; ends the link if it does not stand. */
void link_rejudge(struct link *k);

#endif
