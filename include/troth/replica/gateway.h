/*
 * gateway - a site's node without its sockets: outbox, replica, uplink.
 *
 * Commands are decided on the site's own view and saved in the outbox; the
 * uplink submits the outbox in order, in sealed batches with several in flight;
 * the follower brings what central has sequenced and this party may see. Each
 * turn is one commit. It does no I/O of its own and reads no clock, so that the
 * simulator runs it as it is. One thread.
 *
 *   link:  DOWN --up--> GREETING (Hello sent) --HelloOk--> LIVE --down--> DOWN
 *                        ^     \-- central went back --> DOWN, for a while
 *                        \-- this store went back: a new incarnation
 *
 * Order of effects: what a caller is told, and what is submitted, was committed
 * before; central is told "received" only what was committed before.
 */
#ifndef TROTH_REPLICA_GATEWAY_H
#define TROTH_REPLICA_GATEWAY_H

#include "troth/crypto/sign.h"
#include "troth/state/engine.h"
#include "troth/wire/bus.h"

struct troth_gateway;

struct troth_gateway_config {
	const char *origin; /* This site's SPIFFE id. */
	const char *party;
	const char *site;
	const char *central_origin;
	const struct troth_signer *signer;
	void (*random)(void *ctx, void *out, size_t len);
	void *random_ctx;
	/* Of policies' calendars; must outlive the gateway. NULL: troth_zones_utc. */
	const struct troth_zone_source *zones;
	const char *software;
	unsigned batch_events;      /* At most so many in a Submit; 0: TROTH_BATCH_MAX. */
	unsigned batches_in_flight; /* 0: 4. */
	unsigned follows_in_flight; /* Answers to Follow that may wait for the commit;
				       0: 2. */
	int64_t follow_wait_ms;     /* 0: TROTH_FOLLOW_WAIT_MAX_MS. */
	bool restored; /* The store was put back from a backup: the shares are in doubt.
			*/
	int64_t answer_timeout_ms; /* No answer for so long: the link is dropped; 0: 40 s.
				    */
};

/* None of these may call the gateway back. */
struct troth_gateway_io {
	void *ctx;
	/*
	 * Sends a request; returns its id, 0 if it cannot be sent just now. Takes the
	 * buffer's contents and leaves it empty, or leaves it alone.
	 */
	uint32_t (*send)(void *ctx, struct troth_buf *payload);
	/* Drops the link; it will come up again by itself. */
	void (*drop)(void *ctx, const char *why);
	/*
	 * Something an operator should know. Stable names: restored_store,
	 * shares_in_doubt, central_went_back, central_declined, version, silence,
	 * bad_answer, bad_feed (the link); set_aside, conflict, own_event_changed (own
	 * events); bad_entry, blob_changed, entry_changed, unknown_origin, diverged
	 * (entries); no_room.
	 */
	void (*note)(void *ctx, const char *event, const char *text);
	/* After a commit that brought entries: the event stream has `stream_len` now. */
	void (*advanced)(void *ctx, uint64_t stream_len);
};

/*
 * Opens the site kept in `kv` (schema troth_gateway_schema), which must outlive
 * it, as must the signer. The names of `config` are copied. On failure *g is
 * NULL; TROTH_ERR_INPUT for a store that belongs to another origin.
 */
TROTH_MUST_USE enum troth_err troth_gateway_open(
	struct troth_gateway **g, struct troth_kv *kv,
	const struct troth_gateway_config *config, const struct troth_gateway_io *io,
	struct troth_why *why);

/* Answers commands and questions that still wait, and frees. NULL is fine. */
void troth_gateway_close(struct troth_gateway *g);

/*
 * The link is connected (TLS stands); or it is gone, or could not be made: `why` is then
 * what troth_gateway_link tells, unless this gateway had given the connection up itself.
 */
void troth_gateway_up(struct troth_gateway *g, struct troth_time now);
void troth_gateway_down(struct troth_gateway *g, const char *why, struct troth_time now);

/* A reply has come; `bytes` are borrowed for the call. */
void troth_gateway_reply(struct troth_gateway *g, uint32_t request,
			 struct troth_span bytes, struct troth_time now);

/*
 * Commands of the site's people (linked by next), for the next turn. Ownership
 * goes to the command's `done`, which is called once.
 */
void troth_gateway_commands(struct troth_gateway *g, struct troth_command *commands);

/*
 * A read barrier or a search: asks central. Without a link `done` is called before
 * this returns.
 */
void troth_gateway_ask(struct troth_gateway *g, struct troth_question *q,
		       struct troth_time now);

/* True if a turn has something to do. */
bool troth_gateway_busy(const struct troth_gateway *g, struct troth_time now);

/*
 * One turn at `now`: received entries and commands, one commit, then answers to
 * callers and requests to central. A full store is no failure: commands get
 * NO_ROOM, what was received is tried again.
 *
 * After TROTH_ERR_IO the program must exit: commands of this turn are freed without
 * an answer, because nobody knows whether they were saved; the next start does, and
 * the same idempotency key will tell. After any other failure (a record that cannot
 * be read, no memory) nothing of the turn was saved and its commands got NO_ROOM;
 * another turn may be tried.
 */
TROTH_MUST_USE enum troth_err troth_gateway_turn(struct troth_gateway *g,
						 struct troth_time now,
						 struct troth_why *why);

/*
 * For a replay, whose time stands and leaps: from now on own events are dated by
 * the latest `date` given here; `now` is left to tell how long somebody has waited.
 */
void troth_gateway_date(struct troth_gateway *g, struct troth_time date);

/* When the next turn is needed even if nothing comes in; 0: never. */
struct troth_time troth_gateway_wake(struct troth_gateway *g);

/* Whether there is a link, since when, and how much waits for it. */
void troth_gateway_link(const struct troth_gateway *g, struct troth_link_state *out);

/* From now on commands are answered with STOPPING; what was taken is finished. */
void troth_gateway_stop(struct troth_gateway *g);

#endif
