/*
 * tls - what a certs directory makes of a connection: TLS 1.3, both sides proven.
 *
 * Immutable once open; a reload opens a new one. Connections that began with the
 * old one hold a reference.
 */
#ifndef TROTH_NET_TLS_H
#define TROTH_NET_TLS_H

#include "troth/crypto/trust.h"
#include "troth/net/bus.h"

#include <openssl/ssl.h>

struct bus_tls;

/* What the handshake found out about the other side. */
struct tls_verdict {
	bool judged;                /* A certificate came. */
	enum troth_bus_event event; /* TLS_REFUSED or BAD_IDENTITY, if it was refused. */
	bool refused;
	struct troth_identity peer; /* If judged and not refused. */
	struct troth_why why;       /* If refused. */
};

/*
 * Loads `dir` and checks that our own certificate stands by its own rules: what
 * would refuse us elsewhere is told here. `server`: which end we are.
 */
TROTH_MUST_USE enum troth_err tls_open(struct bus_tls **out, const char *dir,
				       const char *trust_domain, bool server,
				       struct troth_why *why);
/* References, counted on the bus thread (or before it runs). NULL is accepted. */
struct bus_tls *tls_ref(struct bus_tls *t);
void tls_unref(struct bus_tls *t);

/* The encrypted side of a connection: TLS takes all of `in` and appends to `out`. */
struct tls_pipe {
	struct troth_span in;
	struct troth_buf out;
};

/*
 * A connection's TLS over `pipe`. `verdict` and `pipe` outlive the SSL, and the
 * caller holds a reference to `t` for as long. NULL: no memory.
 */
SSL *tls_new(struct bus_tls *t, struct tls_verdict *verdict, struct tls_pipe *pipe);

/* Judges again, by `t`, the peer of a connection that is up. */
TROTH_MUST_USE enum troth_err tls_rejudge(struct bus_tls *t, SSL *ssl,
					  struct troth_why *why);

/*
 * Why the last SSL call on this thread failed, and which event that is. Empties
 * OpenSSL's queue.
 */
enum troth_bus_event tls_failure(const struct tls_verdict *v, struct troth_why *why);

#endif
