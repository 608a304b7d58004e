/*
 * hub - central's side of the bus: who is connected, what they wait for.
 *
 * The hub collects what has come in, lets the ledger commit it as one batch, and
 * only then answers. It does no I/O of its own and reads no clock, so that the
 * simulator runs it as it is: bytes come in by calls and go out by `io`.
 * One thread.
 */
#ifndef TROTH_LEDGER_HUB_H
#define TROTH_LEDGER_HUB_H

#include "troth/ledger/ledger.h"
#include "troth/state/engine.h"

struct troth_hub;

/* None of these may call the hub back. */
struct troth_hub_io {
	void *ctx;
	/* Sends a reply; takes the buffer's contents and leaves it empty. */
	void (*reply)(void *ctx, uint64_t conn, uint32_t request,
		      struct troth_buf *payload);
	/* Closes a connection that must not go on. */
	void (*close)(void *ctx, uint64_t conn, const char *why);
	/* Something an operator should know. `event` is a stable name. */
	void (*note)(void *ctx, const char *event, const char *origin, const char *text);
	/* After each commit: entries up to `size` may now be shown to users. */
	void (*advanced)(void *ctx, uint64_t size);
};

/*
 * Opens the hub over `ledger`, which must outlive it; `io` is copied. On failure
 * (TROTH_ERR_MEMORY) *hub is NULL.
 */
TROTH_MUST_USE enum troth_err troth_hub_open(struct troth_hub **hub,
					     struct troth_ledger *ledger,
					     const struct troth_hub_io *io,
					     struct troth_why *why);

/*
 * Answers commands and questions that still wait, forgets what sites have asked
 * (they ask again), and frees. NULL is fine.
 */
void troth_hub_close(struct troth_hub *hub);

/*
 * A peer with a verified identity (at most TROTH_ORIGIN_MAX bytes; copied) has
 * connected under an id that is no other's, or is gone. A site has at most 16
 * connections: for one more its oldest is closed.
 */
void troth_hub_connected(struct troth_hub *hub, uint64_t conn, const char *origin);
void troth_hub_disconnected(struct troth_hub *hub, uint64_t conn);

/*
 * A request has come; `bytes` are borrowed for the call. What cannot be read, comes
 * before Hello, or is more than may wait, is answered at once with an error; the
 * rest after the commit of a turn. One of a connection that is gone is ignored.
 */
void troth_hub_request(struct troth_hub *hub, uint64_t conn, uint32_t request,
		       struct troth_span bytes);

/* Commands of HQ's own people (linked by next); ownership moves. */
void troth_hub_commands(struct troth_hub *hub, struct troth_command *commands);

/* A read barrier or a search; at central both are answered at the next turn. */
void troth_hub_ask(struct troth_hub *hub, struct troth_question *q);

/* True if a turn has something to commit or to answer. */
bool troth_hub_busy(const struct troth_hub *hub, struct troth_time now);

/*
 * One turn at `now`: clock work, everything collected, one commit, all answers.
 * A full disk is answered to whom it concerns and is not an error here. After
 * TROTH_ERR_IO the program must exit: nothing of the turn has been answered, because
 * nobody knows whether it was saved. After any other error nothing of the turn was
 * saved, whom it concerns has been told as with a full disk, and another turn may be
 * tried.
 */
TROTH_MUST_USE enum troth_err troth_hub_turn(struct troth_hub *hub, struct troth_time now,
					     struct troth_why *why);

/*
 * For a replay, whose time stands and leaps: from now on entries are dated, and
 * what is due is judged, by the latest `date` given here; `now` is left to tell
 * how long somebody has waited.
 */
void troth_hub_date(struct troth_hub *hub, struct troth_time date);

/* When the next turn is needed even if nothing comes in; 0: never. */
struct troth_time troth_hub_wake(struct troth_hub *hub);

/* From now on new work is answered with STOPPING; what was taken is finished. */
void troth_hub_stop(struct troth_hub *hub);

#endif
