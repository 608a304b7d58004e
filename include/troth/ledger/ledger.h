/*
 * ledger - the one ordered log of the federation, and the state that follows.
 *
 * Central's single writer opens a batch, puts into it what all sites have
 * submitted, what HQ's own people ask and what the clock declares, and commits
 * once: entries, tree, seals, state, indexes, feeds and timers become durable
 * together or not at all. Nothing is told to anybody before that.
 *
 * Nothing outside this module assumes where the log is kept.
 */
#ifndef TROTH_LEDGER_LEDGER_H
#define TROTH_LEDGER_LEDGER_H

#include "troth/crypto/sign.h"
#include "troth/state/command.h"
#include "troth/wire/bus.h"

struct troth_ledger;

struct troth_ledger_config {
	const char *origin;                /* Central's SPIFFE id. */
	const struct troth_signer *signer; /* Seals HQ's and the clock's own events. */
	/* Ten random bytes at a call, for the ids of the clock's declarations. */
	void (*random)(void *ctx, void *out, size_t len);
	void *random_ctx;
	/*
	 * The store was put back from a backup: nothing is allotted until every site
	 * with a live key has said Hello. Remembered until then.
	 */
	bool restored;
	/* Of policies' calendars; must outlive the ledger. NULL: troth_zones_utc. */
	const struct troth_zone_source *zones;
};

/*
 * Opens the ledger kept in `kv` (schema troth_central_schema), which must outlive
 * it, and checks its tail: the tree's right edge must follow from the last
 * entries. TROTH_ERR_CORRUPT names the position otherwise.
 */
TROTH_MUST_USE enum troth_err troth_ledger_open(struct troth_ledger **ledger,
						struct troth_kv *kv,
						const struct troth_ledger_config *config,
						struct troth_why *why);
void troth_ledger_close(struct troth_ledger *ledger);

/* Where it stands, as of the last commit. */
uint64_t troth_ledger_size(const struct troth_ledger *ledger);
void troth_ledger_root(const struct troth_ledger *ledger, struct troth_digest *root);
struct troth_time troth_ledger_time(const struct troth_ledger *ledger);
/* The number of the newest mark (who has received what). */
uint64_t troth_ledger_marks(const struct troth_ledger *ledger);

/*
 * Begins a batch at `now` (which never goes back: an earlier one counts as the
 * last entry's time). First of all the clock's due declarations are appended, so
 * that nothing is judged in a state that time has overtaken. At most
 * TROTH_CLOCK_BATCH of them; troth_ledger_next_timer tells whether more are due.
 */
#define TROTH_CLOCK_BATCH 4096
void troth_ledger_begin(struct troth_ledger *ledger, struct troth_time now);

/* What became of a Submit; `code` 0 means taken, else enum troth_bus_error. */
struct troth_taken {
	uint32_t code;
	const char *text;
	uint64_t origin_seq; /* Turned away: which event. */
	uint64_t taken_seq;
	uint64_t last_position;
	uint64_t resend_from;
};

/*
 * Takes a batch of events from `origin`, the identity of the connection. All of
 * its checks come before its first effect: a batch is taken whole (events that
 * were taken before are skipped) or not at all. An empty batch announces a new
 * incarnation. The first batch of one freezes all shares of the site.
 */
void troth_ledger_submit(struct troth_ledger *ledger, const char *origin,
			 const struct troth_bus_submit *m, struct troth_taken *out);

/* A site has said Hello, and has not seen more than there is here. */
void troth_ledger_greeted(struct troth_ledger *ledger, const char *origin);

/* True while nothing is allotted after a restore. */
bool troth_ledger_stands_still(const struct troth_ledger *ledger);

/* Decides and appends a command of HQ's own people. */
void troth_ledger_command(struct troth_ledger *ledger, struct troth_command *c,
			  struct troth_result *out);

/*
 * Commits the batch. On any error nothing of it is there and the ledger stands
 * where it stood; TROTH_ERR_FULL may be tried again, after TROTH_ERR_IO the
 * program must exit. With nothing to write it costs nothing.
 */
TROTH_MUST_USE enum troth_err troth_ledger_commit(struct troth_ledger *ledger,
						  struct troth_why *why);

/* The first instant at which the clock has something to declare; 0: none. */
struct troth_time troth_ledger_next_timer(struct troth_ledger *ledger);

/* ---- Reading, for the gateways. All by the last commit. ---- */

/*
 * Fills what Hello is answered with, but version and now, and with `feed_party` the
 * party whose feed the site gets. False: site unknown.
 */
bool troth_ledger_hello(struct troth_ledger *ledger, const char *origin,
			uint64_t incarnation, struct troth_bus_hello_ok *out,
			char feed_party[TROTH_PARTY_MAX + 1]);

/*
 * After a commit: calls fn for each party whose feed it has added to, with the feed's
 * length. After one that failed: for none.
 */
void troth_ledger_each_fed(const struct troth_ledger *ledger, void *ctx,
			   void (*fn)(void *ctx, const char *party, uint64_t len));

/* Length of the feed of the party whose site `origin` is. */
uint64_t troth_ledger_feed_len(struct troth_ledger *ledger, const char *origin);

/*
 * Encodes a FollowOk reply for `origin` from feed number `after` on into `out`:
 * at most TROTH_BATCH_MAX items and about `max_bytes`, and the marks after
 * `marks_after` that concern its party: of whomever they are, no more than *marks
 * of them are looked at. Then *marks is how many have been, and m->marks_after the last
 * of them. Returns the number of items and marks in it (0: nothing new), or -1 on a
 * failure of the store.
 */
int troth_ledger_follow(struct troth_ledger *ledger, const char *origin,
			struct troth_bus_follow *m, struct troth_time now,
			unsigned *marks, struct troth_buf *out);

/*
 * Orders of a number as people know it, for the site `origin` (NULL: HQ itself);
 * returns how many, at most `max`. A vendor's site finds all of them, because it may
 * link its cases to any order; others find what they take part in, and nothing by
 * trying numbers.
 */
unsigned troth_ledger_find(struct troth_ledger *ledger, const char *origin,
			   const char *number, struct troth_id *out, unsigned max);

/*
 * Notes inside a batch that `origin` has durably applied up to `position`; what is
 * not beyond what it said before, changes nothing; beyond the ledger is up to its end.
 *
 * What is noted stays: the first position from a promise on that a site told of says
 * when it had that promise, and a site that joins later is told all marks. So
 * `received` and `marks` grow, for a site by one row each in a turn of the hub at the
 * most and only if its position has advanced: never to more rows than there are
 * entries.
 */
void troth_ledger_received(struct troth_ledger *ledger, const char *origin,
			   uint64_t position);

#endif
