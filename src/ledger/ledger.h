/* What the files of the ledger share: the open batch and how entries get into it. */
#ifndef TROTH_LEDGER_PRIVATE_H
#define TROTH_LEDGER_PRIVATE_H

#include "pools.h"

#include "troth/core/chain.h"
#include "troth/ledger/ledger.h"
#include "troth/state/key.h"

/* What is known of an origin: how far its chain has been taken. */
struct origin_state {
	uint64_t incarnation; /* 0: never heard of. */
	uint64_t taken_seq;
	uint64_t
		seen; /* The ledger's size as the site knew it when it made that event. */
	struct troth_digest head;
};

/* A party's feed, as far as this batch adds to it. */
struct feed {
	char party[TROTH_PARTY_MAX + 1];
	uint64_t len; /* Of the feed, this batch included. */
	uint64_t added;
	struct troth_buf rows; /* position ‖ digest mark, for what was added. */
	uint32_t next;         /* In its bucket, + 1. */
};

#define FEED_BUCKETS 1024
#define FEED_ROW     (8 + TROTH_ITEM_DIGEST_LEN)

struct feeds {
	struct feed *all;
	uint32_t count, cap;
	uint32_t buckets[FEED_BUCKETS]; /* Index + 1 of the first. */
};

struct troth_ledger {
	struct troth_kv *kv;
	struct troth_ledger_config config;

	/* As of the last commit. */
	struct troth_tree tree;
	struct troth_digest root;
	struct troth_time time;
	struct origin_state own;
	uint64_t mark_count;
	uint64_t turned_away;

	/* The open batch. */
	struct troth_txn txn;
	bool dirty;
	struct troth_time now;
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_source source; /* `at_hand` is the subject of the present run. */
	struct troth_lookup lookup;
	struct troth_tree next_tree;
	struct origin_state next_own;
	uint64_t next_mark_count;
	uint64_t next_turned_away;
	struct feeds feeds;
	struct pools pools;
	bool own_unsealed;

	/*
	 * Entries about one subject that follow each other are a run: `subject` is
	 * loaded before the first and stored, with indexes and timer, after the last.
	 */
	struct {
		bool open;               /* `subject` is as the transaction has it. */
		bool changed;            /* `record` is to be stored. */
		struct troth_time timer; /* Of the subject before the run. */
	} run;
	struct troth_subject *subject;
	struct troth_indexed *indexed; /* What the indexes say of it until then. */

	/* Scratch, reused for every entry. */
	struct troth_event *events; /* TROTH_BATCH_MAX of them. */
	struct troth_event *declared;
	struct troth_personal *personal;
	struct troth_buf entry, record, body, blob;
};

/* An event on its way into the ledger, judged. */
struct incoming {
	const struct troth_event *e;
	struct troth_span body;
	struct troth_span blob;   /* Empty: none. */
	const char *order_number; /* Of the personal part, or "". */
	const struct troth_who *who;
	struct troth_verdict verdict;
};

/* Appends one entry about the subject loaded in l->subject. Returns its position. */
uint64_t ledger_append(struct troth_ledger *l, const struct incoming *in);

/* Makes an event of central's own of what *e says (type, u, subject), and appends it. */
uint64_t ledger_append_own(struct troth_ledger *l, struct troth_event *e,
			   const struct troth_personal *personal,
			   const struct troth_who *who, struct troth_verdict verdict);

/* Has the subject in l->subject: of the present run, or of a new one. */
void ledger_load(struct troth_ledger *l, const struct troth_id *id,
		 enum troth_subject_kind kind);

/* Stores what the present run has made of its subject. */
void ledger_end_run(struct troth_ledger *l);

/* Has the clock look at the subject at that instant, too; 0: not. */
void ledger_set_timer(struct troth_ledger *l, const struct troth_id *id,
		      struct troth_time at);

/* awaited.c: notes which policies to come s rests on. */
void awaited_note(struct troth_ledger *l, const struct troth_subject *s);
/* Sets the timers of those whose policy has been published, some at a time, */
void awaited_look(struct troth_ledger *l);
/* and whether there are more of them. */
bool awaited_waits(struct troth_txn *t);

/* Lets the clock declare what is due before l->now. */
void ledger_clock(struct troth_ledger *l);

/* Adds `position` to the feed of `party` (after operator), with that digest mark. */
void feed_add(struct troth_ledger *l, const char *party, uint64_t position,
	      const uint8_t mark[TROTH_ITEM_DIGEST_LEN]);
/* Adds an entry to every feed there is. */
void feed_add_all(struct troth_ledger *l, uint64_t position,
		  const uint8_t mark[TROTH_ITEM_DIGEST_LEN]);
/* Adds the entries of `subject` with revisions first..last to the feed of `party`. */
void feed_backfill(struct troth_ledger *l, const char *party,
		   const struct troth_id *subject, uint64_t first, uint64_t last);
/* A site of `party` was added: the brand's feed begins with the whole ledger. */
void feed_site_added(struct troth_ledger *l, const char *party);
/* Writes what the batch added; forgets it. */
void feeds_write(struct troth_ledger *l);
void feeds_reset(struct troth_ledger *l);
void feeds_fini(struct feeds *f);

/* Notes that two parties now see a subject together. */
void shared_add(struct troth_ledger *l, const char *a, const char *b);

bool origin_load(struct troth_txn *t, const char *origin, struct origin_state *out);
void origin_store(struct troth_txn *t, const char *origin, const struct origin_state *o);
/* Stores the seal over the chain of `origin` up to o. */
void seal_store(struct troth_txn *t, const char *origin, const struct origin_state *o,
		const uint8_t seal[TROTH_SEAL_LEN]);

#endif
