/*
 * clock - what time it is for a node.
 *
 * A real clock is the system's, except that within one run of the program it
 * never goes back: while the system's clock is behind what was once read, time
 * stands. A simulated clock starts at a given instant and moves only when it is
 * told to; replays and rehearsals use it. A store knows which kind wrote it and
 * the daemons refuse the other, so that rehearsed history and real history never
 * mix. Any thread.
 */
#ifndef TROTH_NODE_CLOCK_H
#define TROTH_NODE_CLOCK_H

#include "troth/base/time.h"

#include <stdatomic.h>

struct troth_clock {
	bool simulated;
	_Atomic int64_t newest_ms;    /* The latest instant that was read or set. */
	_Atomic int64_t went_back_ms; /* The largest step back since it was last asked. */
};

void troth_clock_init_real(struct troth_clock *clock);
void troth_clock_init_simulated(struct troth_clock *clock, struct troth_time start);

struct troth_time troth_clock_now(struct troth_clock *clock);

/*
 * Moves a simulated clock to `to`, or leaves it if it is there. False, and
 * nothing changed, for a real clock and for an instant before now or beyond
 * TROTH_TIME_MAX_MS.
 */
bool troth_clock_set(struct troth_clock *clock, struct troth_time to);

/* How far, in ms, the system's clock was seen to be set back since the last call. */
int64_t troth_clock_went_back(struct troth_clock *clock);

#endif
