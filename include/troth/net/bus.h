/*
 * bus - what both ends of the bus share: limits, and words for what happened.
 *
 * The bus carries requests and replies between gateways, which dial and ask, and
 * central, which listens and answers (server.h, client.h). A payload is bytes to
 * it. On the wire it is TLS 1.3, both sides proven by certificate, and inside
 * the Scalability Protocols' REQ/REP over a stream: a stock nng REQ socket
 * behind a TLS forwarder can talk to a server.
 *
 * One thread per server or client owns its connections and runs all callbacks;
 * everything else about the bus may be called from any thread.
 *
 * Life of a connection, as either end sees it; "up" is when the other end's
 * protocol header has come, which a server sends only after it has accepted the
 * client's certificate:
 *
 *   TCP --handshake--> PROVEN --header--> UP --any event below but ACCEPTED--> gone
 *    |                    |
 *    +--------------------+--refused, timed out, lost--> gone
 */
#ifndef TROTH_NET_BUS_H
#define TROTH_NET_BUS_H

#include "troth/base/span.h"

#include <stdint.h>

/*
 * What can happen to a connection. Each connection that ends says so with
 * exactly one of these, each one that comes up with exactly one ACCEPTED before.
 */
enum troth_bus_event {
	TROTH_BUS_ACCEPTED,     /* Up. */
	TROTH_BUS_CLOSED,       /* The other end went, or we close. */
	TROTH_BUS_TLS_REFUSED,  /* No TLS 1.3, or a certificate that does not hold. */
	TROTH_BUS_BAD_IDENTITY, /* The certificate holds, but not for this role. */
	TROTH_BUS_HANDSHAKE_TIMEOUT, /* Not up in time. */
	TROTH_BUS_OVERSIZE,          /* Announced a message beyond the limit. */
	TROTH_BUS_MALFORMED,         /* What came is not the protocol. */
	TROTH_BUS_IDLE,              /* Nothing came for too long. */
	TROTH_BUS_HALF_MESSAGE,      /* A message began and did not go on. */
	TROTH_BUS_SLOW_PEER,         /* Does not take what we send. */
	TROTH_BUS_TOO_MANY,          /* Connections, handshakes or requests. */
	TROTH_BUS_REVOKED,     /* Was up; does not stand before the reloaded files. */
	TROTH_BUS_UNREACHABLE, /* Client only: nobody there to dial. */
};

/* The event's stable name in logs: "accepted", "tls_refused", ... */
const char *troth_bus_event_name(enum troth_bus_event event);

/* What happened, to whom, and why. The texts are borrowed for the callback. */
struct troth_bus_report {
	enum troth_bus_event event;
	const char *peer;    /* Its proven identity, "" before there is one. */
	const char *address; /* "127.0.0.1:40112", "?" if it was gone already. */
	const char *why;     /* For the operator; printable, at most TROTH_WHY_MAX. */
};

/* Every limit of a server or client. What is in () is the default. */
struct troth_bus_limits {
	uint32_t message_max;     /* Payload bytes, both directions (4 MiB). */
	uint32_t queue_max;       /* Bytes waiting for one peer (16 MiB). */
	uint32_t requests_max;    /* Unanswered requests of one connection (256). */
	uint32_t connections_max; /* Server: all (4096). */
	uint32_t handshakes_max;  /* Server: not up yet, all; more wait (256). */
	uint32_t handshakes_per_address; /* Server: more are closed at once (64). */
	uint32_t handshake_ms;           /* From TCP to up (5 s). */
	uint32_t idle_ms;                /* Without a byte from the peer (45 s). */
	uint32_t heartbeat_ms;           /* Client: between signs of life (15 s). */
	uint32_t stall_ms; /* For the next 64 KiB of a message, in or out (30 s). */
	uint32_t reconnect_min_ms; /* Client: after the first failure (0.25 s), */
	uint32_t reconnect_max_ms; /* doubling up to here (15 s), less up to half. */
};

/* The defaults. */
struct troth_bus_limits troth_bus_limits(void);

/*
 * TROTH_ERR_INPUT, naming the limit, if one is 0, message_max is beyond 128 MiB,
 * queue_max is below message_max, or reconnect_max_ms below reconnect_min_ms.
 */
TROTH_MUST_USE enum troth_err troth_bus_limits_check(
	const struct troth_bus_limits *limits, struct troth_why *why);

#endif
