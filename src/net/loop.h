/*
 * loop - the bus thread: what wakes it, and the order in which it works.
 *
 * nng's threads only put a finished I/O on a list, other threads only append a
 * command; both wake the thread if it sleeps. It takes all there is at once, so
 * that under load one wake-up serves many messages, and works in rounds: finished
 * I/O, commands, timers, then the owner's round_end (where output is sent and
 * what has died is freed).
 */
#ifndef TROTH_NET_LOOP_H
#define TROTH_NET_LOOP_H

#include "troth/base/span.h"
#include "troth/net/wheel.h"

#include <nng/nng.h>
#include <pthread.h>

/* The plaintext of one TLS record. */
#define LOOP_RECORD 16384

struct bus_loop;

/* One nng operation, of which at most one runs at a time. */
struct bus_io {
	struct bus_loop *loop;
	struct nng_aio *aio;
	struct bus_io *next;
	void (*done)(void *owner); /* On the bus thread. */
	void *owner;
	bool busy; /* Begun, and done not called yet. */
};

/* All zeros until loop_timer_init. */
struct bus_timer {
	struct troth_timer timer;
	void (*fire)(void *owner);
	void *owner;
};

struct bus_cmd {
	int kind; /* The owner's. */
	uint64_t conn;
	uint32_t id;
	struct troth_buf payload;
	void *ptr;
};

/* Called on the bus thread. */
struct bus_owner {
	void *ctx;
	void (*on_cmd)(void *ctx, struct bus_cmd *cmd);
	void (*round_end)(void *ctx);
	void (*on_stop)(void *ctx); /* Once: end everything that is busy. */
};

struct bus_cmds {
	struct bus_cmd *items;
	size_t count, cap;
};

struct bus_loop {
	pthread_mutex_t lock; /* Guards the group below. */
	pthread_cond_t wake;
	struct bus_io *ready, **ready_end;
	struct bus_cmds inbox;
	bool asleep, stop;

	/* The rest belongs to the bus thread. */
	pthread_t thread;
	bool running;
	struct bus_owner owner;
	struct troth_wheel wheel;
	uint64_t now_ms; /* Monotonic; of this round. */
	size_t busy;     /* I/O that is under way. */
	uint8_t plain_in[LOOP_RECORD], plain_out[LOOP_RECORD];
};

/* Prepares; nothing runs yet. Pair with loop_fini, also after a failure. */
TROTH_MUST_USE enum troth_err loop_init(struct bus_loop *l, const struct bus_owner *owner,
					struct troth_why *why);
TROTH_MUST_USE enum troth_err loop_start(struct bus_loop *l, struct troth_why *why);

/* Has the thread call on_stop, waits until nothing is busy and the thread ends. */
void loop_stop(struct bus_loop *l);

/* Frees; commands that were not taken go with their payloads. */
void loop_fini(struct bus_loop *l);

/* Any thread: appends a command; its payload moves on success. False: no memory. */
TROTH_MUST_USE bool loop_post(struct bus_loop *l, const struct bus_cmd *cmd);

/* The same in steps, with l->lock held: room for `n`, then each, which cannot fail. */
TROTH_MUST_USE bool loop_reserve(struct bus_loop *l, size_t n);
void loop_put(struct bus_loop *l, const struct bus_cmd *cmd);

TROTH_MUST_USE bool io_init(struct bus_io *io, struct bus_loop *l, void *owner,
			    void (*done)(void *owner));
/* Not while busy. Accepts all zeros. */
void io_fini(struct bus_io *io);
/* Call it just before the nng operation on io->aio begins. */
void io_begin(struct bus_io *io);

void loop_timer_init(struct bus_timer *t, void *owner, void (*fire)(void *owner));
void loop_timer_set(struct bus_loop *l, struct bus_timer *t, uint64_t at_ms);
void loop_timer_clear(struct bus_loop *l, struct bus_timer *t);

#endif
