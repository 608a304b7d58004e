/*
 * state - subjects, parties and sites in the store, with their indexes.
 *
 * The same on both kinds of node. Central indexes what is sequenced; a gateway
 * indexes its view, that is the sequenced state with its own pending events on
 * top. Everything works inside a transaction of the caller's; failures are the
 * transaction's.
 */
#ifndef TROTH_STATE_STATE_H
#define TROTH_STATE_STATE_H

#include "troth/core/subject.h"
#include "troth/state/policies.h"
#include "troth/state/tables.h"
#include "troth/wire/event.h"

/* ---- Parties and sites ---- */

/* What a lookup asks, its owner's; only the transaction is needed by all of it. */
struct troth_source {
	struct troth_txn *t;
	/*
	 * A subject that its owner is about to change counts as it stands here,
	 * whatever tables and indexes say of it. NULL: none.
	 */
	const struct troth_subject *at_hand;
	/* What was written later than that is not given yet; 0: all is. */
	struct troth_time until;
	/* Room for the authority subject that was asked for last; NULL: never asked. */
	struct troth_subject *authority;
	/* What has been published, parsed; NULL: never asked. */
	struct troth_policies *policies;
};

/*
 * Makes *lookup ask the source. `brand` is storage for the brand's id, which is
 * read now; both must outlive *lookup. The source's policies answer to the lookup
 * that was made with them last.
 */
void troth_state_lookup(struct troth_lookup *lookup, struct troth_source *source,
			char brand[TROTH_PARTY_MAX + 1]);

bool troth_state_party(struct troth_txn *t, const char *name, struct troth_party *out);
bool troth_state_site(struct troth_txn *t, const char *origin, struct troth_site *out);

/*
 * Applies what the federation event at that position does to parties, sites and
 * policies (takes effect only).
 */
void troth_state_apply_federation(struct troth_txn *t, const struct troth_event *e,
				  uint64_t position);

/* Notes what an agent_certified that takes effect says of a person or program. */
void troth_state_apply_agent(struct troth_txn *t, const struct troth_event *e);

/* What `actor` is certified to at `at`; 0: nothing. */
uint32_t troth_state_level(struct troth_txn *t, const char *party, const char *actor,
			   struct troth_time at);

/* What a site has spent of a share on a promise; kept for as long as the promise. */
struct troth_spend {
	char party[TROTH_PARTY_MAX + 1]; /* Whose share. */
	char site[TROTH_SITE_MAX + 1];
	char pool[TROTH_CODE_MAX + 1]; /* Empty: it costs nothing that could run out. */
	int64_t amount;
	bool freed;
	enum troth_reason flagged; /* At central: what the share did not do for it. */
};

bool troth_state_spend(struct troth_txn *t, const struct troth_id *promise,
		       struct troth_spend *out);
void troth_state_set_spend(struct troth_txn *t, const struct troth_id *promise,
			   const struct troth_spend *s);
/* Forgets that anything was. */
void troth_state_forget_spend(struct troth_txn *t, const struct troth_id *promise);

/* A share as central indexes it, by pool. */
struct troth_share_row {
	char party[TROTH_PARTY_MAX + 1];
	struct troth_share share; /* Without to_party and to_site. */
	bool entitled; /* A grant on the pool is in force, and so is the party. */
};

/* True if the index did not say that already. */
bool troth_state_set_share(struct troth_txn *t, const struct troth_share_row *row);

/*
 * At central: moves *row on to what comes after it in the index, by pool, party and
 * site (all empty: before the first). False at the end, and with `one_pool` at that
 * of the row's pool.
 */
bool troth_state_next_share(struct troth_txn *t, bool one_pool,
			    struct troth_share_row *row);

/* The party whose sites receive what `party` may see: its operator, or itself. */
void troth_state_feed_party(struct troth_txn *t, const char *party,
			    char out[TROTH_PARTY_MAX + 1]);

/* ---- Subjects ---- */

/*
 * Loads the subject from TROTH_T_SUBJECTS or TROTH_T_VIEWS. False if it is not
 * there (*s is then made absent with `kind`); a record that does not decode
 * fails the transaction as corrupt.
 */
bool troth_state_load(struct troth_txn *t, unsigned table, const struct troth_id *id,
		      enum troth_subject_kind kind, struct troth_subject *s);

/*
 * What indexes say about a subject now; taken before it is changed. A gateway's
 * view may also lose things again, or have them in another order.
 */
struct troth_indexed {
	char customer[TROTH_CUSTOMER_MAX + 1];
	unsigned promise_count;
	struct troth_indexed_promise {
		struct troth_id id;
		bool listed; /* In PROMISES, its commitments in DEBTS. */
		bool closed;
		struct troth_time due;
		struct troth_time asked; /* When the question lapses; 0: none. */
		bool given; /* It counts against the grant's limit per customer: */
		struct troth_writing written;
		int64_t cost;
		char party[TROTH_PARTY_MAX + 1];
		char grant[TROTH_CODE_MAX + 1];
	} promises[TROTH_PROMISES_MAX];
	unsigned commitment_count;
	struct troth_indexed_commitment {
		struct troth_id id;
		bool listed;
		bool closed;
		struct troth_time due;
		char debtor[TROTH_PARTY_MAX + 1];
	} commitments[TROTH_COMMITMENTS_MAX];
	unsigned alarm_count, recovery_count;
	struct troth_indexed_watched {
		struct troth_id id;
		bool closed;
		bool item; /* Its id leads to the subject (ITEMS). */
		struct troth_time since;
	} alarms[TROTH_ALARMS_MAX], recoveries[TROTH_RECOVERIES_MAX];
};

void troth_state_indexed(const struct troth_subject *s, struct troth_indexed *out);

/*
 * Brings ITEMS, CUSTOMERS, PROMISES, ASKED, GIVEN, DEBTS, ALARMS and RECOVERIES
 * from `before` to what *s says. A mere offer is in ITEMS, and in no list by due: nobody
 * waits for it.
 */
void troth_state_reindex(struct troth_txn *t, const struct troth_indexed *before,
			 const struct troth_subject *s);

/*
 * True if the event makes a promise, a complaint or an alarm under an id that stands for
 * something on another order or case: the one would hide the other, for ids alone lead to
 * them (ITEMS).
 */
bool troth_state_item_elsewhere(struct troth_txn *t, const struct troth_event *e);

/* Notes the order number of a personal part (order_placed) for find by number. */
void troth_state_index_number(struct troth_txn *t, const struct troth_id *order,
			      const char *number);

/* ---- Numbers ---- */

/* The last key of a table whose keys are numbers; 0: it is empty. */
uint64_t troth_state_last_number(struct troth_txn *t, unsigned table);

/* Small values in META. */

uint64_t troth_state_meta(struct troth_txn *t, const char *key);
void troth_state_set_meta(struct troth_txn *t, const char *key, uint64_t value);

/*
 * At a gateway: how many own events on the subject came to nothing without becoming
 * one of its revisions here (refused where the party takes no part any more, or
 * turned away). They go on counting in its ETag, which never goes back.
 */
uint64_t troth_state_lapsed(struct troth_txn *t, const struct troth_id *subject);
void troth_state_add_lapsed(struct troth_txn *t, const struct troth_id *subject);

#endif
