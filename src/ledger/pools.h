/*
 * pools - what central does about shares: follows them in an index by pool, and
 * allots and recalls as troth_pool_balance says, at the end of each batch that has
 * changed something about them, and when time alone has.
 */
#ifndef TROTH_LEDGER_POOLS_PRIVATE_H
#define TROTH_LEDGER_POOLS_PRIVATE_H

#include "troth/core/may.h"
#include "troth/core/pool.h"
#include "troth/state/state.h"

struct incoming;
struct troth_ledger;

#define POOLS_PARTIES_MAX 64 /* Noted by name in a batch; more: all are looked at. */

struct pools {
	/* Of the open batch: what is to be looked at before it ends. */
	unsigned dirty_count;
	char dirty[TROTH_POOLS_MAX][TROTH_CODE_MAX + 1];
	unsigned party_count;
	char parties[POOLS_PARTIES_MAX][TROTH_PARTY_MAX + 1];
	bool all_parties;

	/* Scratch. */
	struct troth_subject *subject;
	struct troth_holding *holdings;
	char (*owners)[TROTH_PARTY_MAX + 1]; /* Of the holdings. */
	unsigned capacity;

	unsigned ended_count, ended_capacity; /* Promises that HQ has spent on and that */
	struct troth_id *ended;               /* may have ended, in the open batch. */
	bool looks_changed; /* In the open batch: LOOKS say something else than before. */
	bool still;         /* As of the last commit: nothing is allotted (heard.c). */
	bool next_still;    /* The same in the open batch. */
	struct troth_time next; /* As of the last commit: time alone does something. */
};

void pools_reset(struct troth_ledger *l);
void pools_fini(struct troth_ledger *l);

/* An authority subject has been changed: its shares go into the index. */
void pools_index(struct troth_ledger *l, const struct troth_subject *s);

/* An entry that was not refused: notes what it may change about shares. */
void pools_note(struct troth_ledger *l, const struct incoming *in);

/* The pool is balanced before the batch ends. */
void pools_mark(struct troth_ledger *l, const char *pool);

/* Allots `amount` to the site, by central's own event. False: it may not be. */
bool pools_allot(struct troth_ledger *l, const char *party, const char *site,
		 const char *pool, int64_t amount);

/* What a returned share is then allotted to, by HQ's word; amount 0: to nobody. */
struct move {
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	char pool[TROTH_CODE_MAX + 1];
	int64_t amount;
};

/* Of an event about the subject at hand; asked before it is appended. */
struct move pools_move_of(const struct troth_ledger *l, const struct troth_event *e);
/* After it has been appended and was not refused. */
void pools_moved(struct troth_ledger *l, const struct move *m);

/* An event of central's own about a share, in a scratch; `pools_say` appends it. */
struct troth_event *pools_about(struct troth_ledger *l, enum troth_event_type type,
				const char *party, const char *site, const char *pool,
				int64_t amount);
/* False: its subject has no room for it. */
bool pools_say(struct troth_ledger *l, struct troth_event *e);

/*
 * HQ approves a promise: adds to the step what it costs and from which pool. NONE, or
 * why it cannot be taken from there.
 */
enum troth_reason pools_approve(struct troth_ledger *l, struct troth_event *e);
/* The step has been appended: HQ's own site has, and spends, what it costs. */
void pools_approved(struct troth_ledger *l, const struct troth_event *e);
/* Whether the share is HQ's own. */
bool pools_is_hq(const struct troth_ledger *l, const char *party, const char *site);
/* Asks HQ's own share back, which holds nothing in advance: there is nothing to ask. */
bool pools_asks_hq(const struct troth_ledger *l, const struct troth_event *e);
/*
 * A subject with promises has been changed: notes those that HQ has spent on and that
 * came to nothing. What was told after all is to be paid again.
 */
void pools_follow(struct troth_ledger *l, const struct troth_subject *s);
/* Frees what HQ has spent on promises that came to nothing. */
void pools_free_ended(struct troth_ledger *l);
/* Pays from the pool, as far as it has room; returns what it lacks for the rest. */
int64_t pools_pay(struct troth_ledger *l, const char *pool);

/* Calls fn for all parties; with `site_party` for those that its sites act for. */
void pools_each_party(struct troth_ledger *l, const char *site_party,
		      void (*fn)(struct troth_ledger *l, const char *party, void *ctx),
		      void *ctx);

/* Freezes all shares of the site: its store has gone back in time. */
void pools_freeze(struct troth_ledger *l, struct troth_site *site);

/* What of the pool is not out; -1: there is no such pool. */
int64_t pools_free(struct troth_ledger *l, const char *pool);

/* At the end of a batch: allots and recalls until nothing is left to be done. */
void pools_balance(struct troth_ledger *l);

/* Before a commit, and at open: when there is something to do next. */
void pools_next(struct troth_ledger *l, struct troth_txn *t);

/* ---- spends.c ---- */

/* A share has been spent on a promise, or freed from one. */
void spends_note(struct troth_ledger *l, const struct incoming *in);

/* What speaks against a share's event besides what its subject says; NONE: nothing. */
enum troth_reason spends_judge(struct troth_ledger *l, const struct troth_event *e);

/*
 * What speaks against an event by which a promise out of a pool is told to a customer:
 * nothing has been spent on it, or what was, the share did not have. NONE: nothing.
 */
enum troth_reason spends_unpaid(struct troth_ledger *l, const struct troth_event *e);

/* The promise as it is now, until the next call; NULL: there is none. */
const struct troth_promise *spends_promise(struct troth_ledger *l,
					   const struct troth_id *promise);

#endif
