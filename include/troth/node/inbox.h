/*
 * inbox - how the other threads hand work to a node's core thread.
 *
 * Any thread puts mail in, one thread takes out all there is, in the order in
 * which it came, and waits when there is none. Mail is part of its owner's
 * structure and belongs to the inbox's side between put and take.
 */
#ifndef TROTH_NODE_INBOX_H
#define TROTH_NODE_INBOX_H

#include "troth/base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Put as the first member of what is sent. */
struct troth_mail {
	struct troth_mail *next;
	int kind;   /* The users' own; the inbox does not look at it. */
	size_t len; /* Bytes that it counts for, against the inbox's limit. */
};

struct troth_inbox {
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct troth_mail *first, **end;
	size_t len, len_max;
	bool waiting, nudged;
};

/* `len_max`: bytes that may wait at one time, for troth_inbox_put. */
void troth_inbox_init(struct troth_inbox *inbox, size_t len_max);

/* Nobody may use it any more; mail still in it is the caller's loss, so take first. */
void troth_inbox_fini(struct troth_inbox *inbox);

/*
 * Puts one piece of mail in. False if more than len_max bytes would then wait; it
 * stays the caller's. One that is larger than len_max passes when none waits.
 */
TROTH_MUST_USE bool troth_inbox_put(struct troth_inbox *inbox, struct troth_mail *mail);

/* Puts a whole list in (linked by next), whatever waits already. */
void troth_inbox_put_all(struct troth_inbox *inbox, struct troth_mail *list);

/* Ends the present or next wait, without mail. */
void troth_inbox_nudge(struct troth_inbox *inbox);

/*
 * Takes all mail, oldest first, linked by next. If there is none, waits for mail
 * or a nudge, at most `wait_ms` milliseconds (0: not at all), and may return NULL.
 */
struct troth_mail *troth_inbox_take(struct troth_inbox *inbox, int64_t wait_ms);

#endif
