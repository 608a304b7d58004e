/*
 * wheel - many timers that mostly do not expire, at a few nanoseconds each.
 *
 * For time-outs of connections and parked polls: setting and clearing is O(1)
 * and allocates nothing. Timers sit in their owner's storage. A timer fires at
 * its time or up to TROTH_WHEEL_TICK_MS later, never earlier. No clock, no
 * lock: the caller says what time it is, on any scale of milliseconds that does
 * not go back, and keeps to one thread.
 */
#ifndef TROTH_NET_WHEEL_H
#define TROTH_NET_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TROTH_WHEEL_TICK_MS 8
#define TROTH_WHEEL_SLOTS   1024

/* All zeros is a timer that is not set. Must not move while it is set. */
struct troth_timer {
	struct troth_timer *next, *prev;
	uint64_t at_ms;
	void *owner; /* The caller's. */
};

struct troth_wheel {
	struct troth_timer slots[TROTH_WHEEL_SLOTS]; /* Heads of rings. */
	uint64_t used[TROTH_WHEEL_SLOTS / 64];
	uint64_t tick; /* Everything due before it has fired. */
	size_t count;
};

void troth_wheel_init(struct troth_wheel *w, uint64_t now_ms);

/* Sets `t` for `at_ms`, whether it was set or not; a time past fires next. */
void troth_wheel_set(struct troth_wheel *w, struct troth_timer *t, uint64_t at_ms);

/* Clears `t`; one that is not set is accepted. */
void troth_wheel_clear(struct troth_wheel *w, struct troth_timer *t);

static inline bool troth_timer_is_set(const struct troth_timer *t)
{
	return t->next != NULL;
}

/*
 * Takes out one timer that is due at `now_ms`, or NULL. Call it until it says
 * NULL; in between timers may be set and cleared.
 */
struct troth_timer *troth_wheel_due(struct troth_wheel *w, uint64_t now_ms);

/*
 * How long nothing can be due, from `now_ms`, in ms; UINT64_MAX if no timer is
 * set. May be too short, as with timers more than a turn of the wheel ahead.
 */
uint64_t troth_wheel_wait(const struct troth_wheel *w, uint64_t now_ms);

#endif
