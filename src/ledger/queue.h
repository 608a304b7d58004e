/*
 * queue - the requests of the sites that wait for a turn of the hub.
 *
 * Each site has a share of the room and of each turn, so that one that asks for
 * more than all the others together makes only itself wait. What one site sends
 * is taken in its order.
 */
#ifndef TROTH_LEDGER_QUEUE_PRIVATE_H
#define TROTH_LEDGER_QUEUE_PRIVATE_H

#include "troth/ledger/ledger.h"

/* What may wait: of all sites, and of one. A good gateway has 4 batches of 1 MiB. */
#define QUEUE_MAX            1024
#define QUEUE_BYTES_MAX      ((size_t)256 << 20)
#define QUEUE_SITE_MAX       256
#define QUEUE_SITE_BYTES_MAX ((size_t)24 << 20)
/* What one turn takes: of all sites, and of one in events. */
#define QUEUE_TURN_MAX      64
#define QUEUE_TURN_SITE_MAX (4 * TROTH_BATCH_MAX)

/* A request that changes something: answered after the commit. */
struct work {
	struct work *next;
	uint64_t conn;
	uint32_t request;
	size_t len; /* Bytes that it came in. */
	char origin[TROTH_ORIGIN_MAX + 1];
	struct troth_bus_request message;
	struct troth_taken taken;
};

struct queue {
	struct work *first, **last; /* In the order in which they came. */
	unsigned count;
	unsigned urgent; /* Of them: all but Receive. */
	size_t len;
};

void queue_init(struct queue *q);
void queue_fini(struct queue *q);

/*
 * Puts a copy of *w in; its message moves. False if more waits than may, or there
 * is no memory: the message stays the caller's.
 */
bool queue_put(struct queue *q, const struct work *w);

/* Takes what a turn does, linked by next; NULL: nothing waits. */
struct work *queue_take(struct queue *q);

void work_free(struct work *w);

#endif
