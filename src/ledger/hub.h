/* What the files of the hub share. */
#ifndef TROTH_LEDGER_HUB_PRIVATE_H
#define TROTH_LEDGER_HUB_PRIVATE_H

#include "conns.h"
#include "queue.h"

#include "troth/ledger/hub.h"

/*
 * News of who has received what may wait so long for company: on its way in for a
 * commit that is made anyhow, on its way out for more of the kind.
 */
#define MARKS_DELAY_MS 20
/* So many marks are looked at in that time for a site, whatever it asks, */
#define MARKS_SITE_MAX 1024
/* and so many for all that wait. */
#define MARKS_MAX 8192

struct troth_hub {
	struct troth_ledger *ledger;
	struct troth_hub_io io;
	struct conns conns;
	uint64_t marks;             /* The ledger's at the last look at who waits. */
	struct troth_time marks_at; /* There are more to tell from then on; 0: none. */
	struct queue queue;
	struct troth_command *commands, **commands_last;
	struct troth_question *questions;
	bool still;              /* The ledger stood still at the last look. */
	int64_t committed_ms;    /* The last commit was begun then. */
	uint64_t told;           /* Ledger size at the last `advanced`. */
	struct troth_time retry; /* The clock's work, after a full disk. */
	struct troth_time date;  /* The ledger's time where it is not `now`; else 0. */
	bool stopping;
	struct troth_buf out;
};

/* What the ledger is told, and tells others, to be the time. */
static inline struct troth_time hub_date(const struct troth_hub *h, struct troth_time now)
{
	return h->date.ms != 0 ? h->date : now;
}

/* Moves *best to `ms` if that is earlier; 0: never. */
static inline void hub_sooner(struct troth_time *best, int64_t ms)
{
	if (ms != 0 && (best->ms == 0 || ms < best->ms))
		best->ms = ms;
}

/* ---- news.c ---- */

/* A Follow has come: it is answered with the next turn, or waits. */
void news_park(struct troth_hub *h, struct conn *c, uint32_t request,
	       const struct troth_bus_follow *m);

/*
 * In a turn, after its commit: tells those who wait what there is for them. `advanced`:
 * the commit has brought entries.
 */
void news_serve(struct troth_hub *h, struct troth_time now, bool advanced);

/* True if somebody is to be told, or to begin to wait. */
bool news_due(const struct troth_hub *h, struct troth_time now);

/* When time alone makes news due; 0: never. */
struct troth_time news_at(const struct troth_hub *h);

#endif
