/*
 * query - what the API, the command line and scores read from a node.
 *
 * Everything reads inside a read transaction of the caller's, so one answer is
 * one consistent state. Subjects are shown as the node's view of them.
 */
#ifndef TROTH_STATE_QUERY_H
#define TROTH_STATE_QUERY_H

#include "troth/state/state.h"

enum troth_node_kind {
	TROTH_NODE_CENTRAL = 1,
	TROTH_NODE_GATEWAY = 2,
};

/* How new an answer is. */
struct troth_freshness {
	uint64_t position; /* Newest ledger position that is in the answer. */
	struct troth_time
		as_of; /* Last word from central (at central: of its last commit). */
};

void troth_query_freshness(struct troth_txn *t, struct troth_freshness *out);

/* A subject as the node shows it. */
struct troth_view {
	struct troth_subject subject;
	unsigned pending; /* Own events on it that central has not sequenced yet. */
	uint64_t lapsed;  /* Own events that came to nothing (troth_state_lapsed). */
};

/* The ETag of a view: it grows with each change, pending ones included. */
static inline uint64_t troth_view_etag(const struct troth_view *v)
{
	return v->subject.revision + v->pending + v->lapsed;
}

/* False if there is no such order or case here. */
bool troth_query_subject(struct troth_txn *t, enum troth_node_kind node,
			 const struct troth_id *id, struct troth_view *out);

/* The subject of a promise, or of a commitment's promise. False if unknown. */
bool troth_query_item(struct troth_txn *t, const struct troth_id *item,
		      struct troth_id *subject);

/* The subject of an alarm. False if unknown. */
bool troth_query_alarm(struct troth_txn *t, const struct troth_id *alarm,
		       struct troth_id *subject);

/* The personal part of the entry at `position`. False if there is none. */
bool troth_query_personal(struct troth_txn *t, uint64_t position,
			  struct troth_personal *out);

/*
 * At a gateway: the next own event on `subject` that central has not sequenced
 * yet, behind *origin_seq (0 to begin), which moves on to it. Both spans are
 * borrowed for the transaction; `blob` is empty without a personal part. False
 * at the end.
 */
bool troth_query_pending(struct troth_txn *t, const struct troth_id *subject,
			 uint64_t *origin_seq, struct troth_span *body,
			 struct troth_span *blob);

/*
 * How many there are. Counts them: ask where there may be some, that is where the
 * subject has a record in VIEWS.
 */
unsigned troth_query_pending_count(struct troth_txn *t, const struct troth_id *subject);
/* The same on all subjects; looks at each of them. */
uint64_t troth_query_backlog(struct troth_txn *t);

/* Cuts an OUTBOX record up: both spans lie in it. False: it is none. */
bool troth_outbox_split(struct troth_span record, struct troth_span *body,
			struct troth_span *blob);

/* Entry bytes at a position, borrowed for the transaction. False: not here. */
bool troth_query_entry(struct troth_txn *t, uint64_t position, struct troth_span *entry,
		       struct troth_span *blob);

/* Position of the entry that made `revision` of a subject; 0: not here. */
uint64_t troth_query_history(struct troth_txn *t, const struct troth_id *subject,
			     uint64_t revision);

/*
 * Lists walk an index from a cursor. The cursor is the key of the last record
 * given, at most TROTH_LIST_CURSOR_MAX bytes; empty: from the beginning.
 */
#define TROTH_LIST_CURSOR_MAX 128

/*
 * One walk. A cursor that is not one of this list's gives an empty list. Lists
 * hold cursors of the transaction until troth_list_close or its end.
 */
struct troth_list {
	struct troth_txn *t;
	struct troth_cursor cursor;
	struct troth_cursor views; /* Of all subjects at a gateway only. */
	uint8_t prefix[TROTH_LIST_CURSOR_MAX];
	size_t prefix_len;
	uint8_t after[TROTH_LIST_CURSOR_MAX];
	size_t after_len;
	struct troth_time due_before; /* Stop at this due; 0: none. */
	size_t due_at;                /* Where the due stands in the key, */
	bool by_time;                 /* if the records lead from one to a subject. */
	bool started;
};

/* Promises by due, open ones or ended ones. */
void troth_list_promises(struct troth_list *l, struct troth_txn *t, bool closed,
			 struct troth_time due_before, struct troth_span after);
/* Promises that wait for approval, by when the question lapses. */
void troth_list_asked(struct troth_list *l, struct troth_txn *t, struct troth_span after);
/* Commitments of a debtor by due, open ones or ended ones. */
void troth_list_commitments(struct troth_list *l, struct troth_txn *t, const char *debtor,
			    bool closed, struct troth_time due_before,
			    struct troth_span after);
/* Alarms that stand, or those that have ended, the oldest first. */
void troth_list_alarms(struct troth_list *l, struct troth_txn *t, bool ended,
		       struct troth_span after);
/* Recoveries with something left to do, or the others, the oldest first. */
void troth_list_recoveries(struct troth_list *l, struct troth_txn *t, bool closed,
			   struct troth_span after);
/* Orders and cases of a customer, oldest first. */
void troth_list_customer(struct troth_list *l, struct troth_txn *t, const char *customer,
			 struct troth_span after);
/* Orders of a number as people know it. */
void troth_list_number(struct troth_list *l, struct troth_txn *t, const char *number,
		       struct troth_span after);
/* All subjects (of the node's view), by id, that is by the time they were made. */
void troth_list_subjects(struct troth_list *l, struct troth_txn *t,
			 enum troth_node_kind node, struct troth_span after);

/*
 * The next record: its item (promise or commitment; zero in lists of subjects)
 * and subject. False at the end. Borrowed cursor bytes for "next page" are in
 * l->after[0..after_len) after each call.
 */
bool troth_list_next(struct troth_list *l, struct troth_id *item,
		     struct troth_id *subject);

/* Gives the list's cursors back to the transaction; repeating it is fine. */
void troth_list_close(struct troth_list *l);

/* Parties by name, sites by origin; `after` is the last name given, "" to begin. */
bool troth_query_next_party(struct troth_txn *t, const char *after,
			    struct troth_party *out);
bool troth_query_next_site(struct troth_txn *t, const char *after,
			   struct troth_site *out);

/*
 * The agent behind *at, by party and then by name, whether it is certified still or
 * not (level 0). Empty names begin; a party alone begins with its first agent.
 */
bool troth_query_next_agent(struct troth_txn *t, struct troth_agent *at);

/* When site `origin` had durably received `position`; 0: it has not yet, as far as known.
 */
struct troth_time troth_query_received(struct troth_txn *t, const char *origin,
				       uint64_t position);

/*
 * The event stream: entries in the order in which this node got them. At central
 * a number is a position; at a gateway it counts the entries of its feed.
 * Returns the position of entry `number`, or 0 if there is none (yet).
 */
uint64_t troth_query_stream(struct troth_txn *t, enum troth_node_kind node,
			    uint64_t number);
uint64_t troth_query_stream_len(struct troth_txn *t, enum troth_node_kind node);

#endif
