/*
 * tables - what a node keeps, by name. doc/disk-format.md has keys and values in
 * full; here they stand in short. Numbers in keys are u64be, ids 16 bytes, text
 * keys end with a zero byte where something follows.
 */
#ifndef TROTH_STATE_TABLES_H
#define TROTH_STATE_TABLES_H

#include "troth/store/kv.h"

#define TROTH_FORMAT 2

enum troth_table {
	/* Both kinds of node. */
	TROTH_T_META = TROTH_TABLE_META,
	TROTH_T_ENTRIES,  /* index (position - 1) -> Entry bytes; a gateway has gaps */
	TROTH_T_BLOBS,    /* index -> Personal bytes */
	TROTH_T_SUBJECTS, /* subject -> digest ‖ state, as sequenced */
	TROTH_T_HISTORY,  /* subject ‖ revision -> position */
	TROTH_T_ITEMS, /* promise, complaint, alarm -> subject; promise ‖ 's' -> what a
			  share was spent on it; a site: its own */
	TROTH_T_CUSTOMERS, /* customer 0 subject -> (empty) */
	TROTH_T_NUMBERS,   /* order number 0 subject -> (empty) */
	TROTH_T_PROMISES,  /* closed? ‖ due ‖ promise -> subject */
	TROTH_T_DEBTS,     /* debtor 0 closed? ‖ due ‖ commitment -> subject */
	TROTH_T_PARTIES,   /* party -> record */
	TROTH_T_SITES,     /* origin -> record */
	TROTH_T_RECEIVED,  /* origin 0 position -> time: known by */
	TROTH_T_KEYS,      /* day ‖ caller and idempotency key -> result */
	TROTH_T_TOKENS,    /* SHA-256 of an API token -> record */
	TROTH_T_AGENTS, /* party 0 actor -> level ‖ until: what HQ certified it for */
	TROTH_T_GIVEN, /* customer 0 party 0 grant 0 time ‖ promise -> cost ‖ subject */
	TROTH_T_ALARMS,       /* ended? ‖ raised ‖ alarm -> subject */
	TROTH_T_RECOVERIES,   /* closed? ‖ opened ‖ recovery -> subject */
	TROTH_T_POLICIES,     /* version -> when published, when withdrawn, why, text */
	TROTH_T_ASKED,        /* lapses ‖ promise -> subject: waits for approval */
	TROTH_T_AVAILABILITY, /* origin -> who is on duty there, said when, until when */
	TROTH_T_COMMON,       /* how many the kinds share; not a table */

	/* Central. */
	TROTH_T_HASHES =
		TROTH_T_COMMON, /* index -> leaf hash ‖ completed subtree roots */
	TROTH_T_SEALS, /* SHA-256(origin)[0..15] ‖ incarnation ‖ origin_seq -> seal */
	TROTH_T_ORIGINS, /* origin -> incarnation, last seq taken, chain head */
	TROTH_T_EVENTS,  /* event id -> position */
	TROTH_T_FEEDS,   /* party 0 first number -> positions and digests of one commit */
	TROTH_T_FEED_LENS, /* party -> length of its feed */
	TROTH_T_TIMERS, /* instant ‖ subject -> (empty): when the clock looks at it */
	TROTH_T_MARKS,  /* number -> origin, position, time */
	TROTH_T_SHARED, /* party 0 party -> (empty): take part in some subject together */
	TROTH_T_TURNED_AWAY, /* number -> what was refused at the door, with the reason */
	TROTH_T_SHARES,      /* pool 0 party 0 site -> its share as it is, entitled? */
	TROTH_T_LOOKS, /* 'p' pool or 'g' party -> when its shares change by time alone */
	TROTH_T_AWAITED, /* version ‖ subject -> (empty): cites a policy to come */
	TROTH_T_UNPAID,  /* pool 0 promise -> (empty): HQ owes what it costs */
	TROTH_T_CENTRAL_COUNT,

	/* Gateway. */
	TROTH_T_VIEWS = TROTH_T_COMMON, /* subject -> state with pending own events on
					   top; subject ‖ origin_seq of each of them ->
					   (empty). None: no record */
	TROTH_T_OUTBOX,                 /* origin_seq -> Body and Personal bytes */
	TROTH_T_RENUMBERED,             /* event id of one chained again -> origin_seq */
	TROTH_T_FEED,                   /* feed number -> position */
	TROTH_T_LAPSES, /* instant ‖ promise or authority -> (empty): to be looked at */
	TROTH_T_SET_ASIDE, /* number -> own event that central turned away, reason */
	TROTH_T_GATEWAY_COUNT,
};

/* Numbers in META (troth_state_meta) that both kinds of node keep. */
#define TROTH_META_POSITION                                                              \
	"position"               /* Nothing that is to be seen is missing up to it. */
#define TROTH_META_AS_OF "as_of" /* Last word from central; there: last commit, ms. */
/* Not 0: the store was put back from a backup, and shares are in doubt. */
#define TROTH_META_RESTORED "restored"
/* At a gateway: entries of its feed that have been applied. */
#define TROTH_META_CURSOR "cursor"

/* The value of an OUTBOX record: u32be length of the body ‖ body ‖ personal part. */
/* Of a SET_ASIDE record: u16be length of the reason ‖ reason ‖ OUTBOX record. */

extern const struct troth_schema troth_central_schema;
extern const struct troth_schema troth_gateway_schema;

#endif
