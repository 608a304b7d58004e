/*
 * command - what a caller of the API wants a node to do, and what came of it.
 *
 * A command is one or two events without their envelope (id, salt, chain,
 * created), to be decided on the node's newest view and saved together. It is
 * answered after the commit, never before. The same idempotency key with the
 * same payload gets the same result again, for at least 24 hours, across
 * restarts.
 */
#ifndef TROTH_STATE_COMMAND_H
#define TROTH_STATE_COMMAND_H

#include "troth/core/may.h"
#include "troth/state/state.h"

enum troth_status {
	TROTH_DONE = 1,       /* Saved durably (at central: sequenced). */
	TROTH_DECLINED = 2,   /* Judged on the present state and refused: `reason`. */
	TROTH_STALE = 3,      /* if_match is not the subject's present ETag. */
	TROTH_FLAWED = 4,     /* Not well formed: `flaw`. */
	TROTH_KEY_REUSED = 5, /* The idempotency key was used with another payload. */
	/* Map or disk is full, or the store fails: nothing was saved, try again. */
	TROTH_NO_ROOM = 6,
	TROTH_STOPPING = 7, /* The node is going down. Nothing was saved. */
	TROTH_NO_BRAND =
		8, /* The federation has no brand yet, or this site is not in it. */
};

struct troth_result {
	enum troth_status status;
	enum troth_reason reason; /* With DECLINED; with DONE: flagged for it. */
	struct troth_flaw flaw;   /* With FLAWED. */
	enum troth_subject_kind subject_kind;
	struct troth_id subject;
	struct troth_id item;  /* Promise or commitment that the command was about. */
	struct troth_id event; /* Of the first event. */
	uint64_t etag;         /* Of the subject afterwards; with STALE: as it is. */
	uint64_t position;     /* At central; 0 at a gateway: not sequenced yet. */
	struct troth_time at;  /* When it was saved. */
	bool repeated;         /* An earlier command's result, by its idempotency key. */
	bool has_answer;       /* With DONE, of a question (troth_command.asked): */
	struct troth_answered
		answer; /* terms stay empty here. With NO nothing is saved. */
};

#define TROTH_COMMAND_EVENTS_MAX 2

struct troth_command {
	/*
	 * type, u, subject_kind, subject, on_behalf and actor are the caller's; the
	 * node fills the rest. Ids of new things are made by the caller. A promise
	 * in `draft[i].u.promise` without customer gets the subject's.
	 */
	unsigned count;
	struct troth_event *drafts[TROTH_COMMAND_EVENTS_MAX];
	struct troth_personal *personal[TROTH_COMMAND_EVENTS_MAX]; /* NULL: none. */
	struct troth_id item;
	/* What a draft's policy_text lies in: from malloc, freed with the command. */
	char *policy_text;

	/*
	 * "May I promise this?": the node answers it from its newest view and fills
	 * both drafts with what follows. Draft 0 has subject_kind, subject, on_behalf,
	 * actor and, in u.promise, customer, reason, channel and recovers; `item` is
	 * the promise's id. Yes: the promise is proposed and its cost reserved in the
	 * site's share (draft 1). Ask: it is proposed and passed on for approval.
	 */
	bool is_question;
	struct troth_asked asked;

	bool has_if_match;
	uint64_t if_match; /* Against the subject of draft 0. */

	bool has_key;
	struct troth_digest key;     /* Names the caller and its Idempotency-Key. */
	struct troth_digest payload; /* Hash of everything that was asked. */

	/* Called once, on the node's core thread, after the commit (or refusal). */
	void (*done)(struct troth_command *c, const struct troth_result *r);
	void *ctx;
	struct troth_command *next; /* The node's, while it holds the command. */
};

/* A command with room for `count` drafts, zeroed; NULL: no memory. */
struct troth_command *troth_command_new(unsigned count);
/* Frees it with its drafts and personal parts. NULL is fine. */
void troth_command_free(struct troth_command *c);

/* True if it approves a promise, and does nothing else. */
bool troth_command_is_approval(const struct troth_command *c);

/* The personal part of draft i, made on first use; NULL: no memory. */
struct troth_personal *troth_command_personal(struct troth_command *c, unsigned i);

#define TROTH_KEYS_FORGET 8 /* Old keys to let go of for each new one. */

/*
 * Idempotency keys, inside the transaction that saves the events. recall is true
 * if the key was used today or yesterday: *result is then the earlier result, or
 * KEY_REUSED. forget lets go of up to `max` older keys: who remembers must call it too,
 * be it once for many, or the table grows for ever.
 */
bool troth_command_recall(struct troth_txn *t, const struct troth_command *c,
			  struct troth_time now, struct troth_result *result);
void troth_command_remember(struct troth_txn *t, const struct troth_command *c,
			    const struct troth_result *result, struct troth_time now);
void troth_command_forget(struct troth_txn *t, struct troth_time now, unsigned max);

#endif
