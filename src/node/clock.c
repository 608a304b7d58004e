#include "troth/node/clock.h"

#include <time.h>

void troth_clock_init_real(struct troth_clock *clock)
{
	clock->simulated = false;
	atomic_init(&clock->newest_ms, 0);
	atomic_init(&clock->went_back_ms, 0);
}

void troth_clock_init_simulated(struct troth_clock *clock, struct troth_time start)
{
	clock->simulated = true;
	atomic_init(&clock->newest_ms, start.ms);
	atomic_init(&clock->went_back_ms, 0);
}

static int64_t system_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Raises *a to `v`; returns what it then is. */
static int64_t raise_to(_Atomic int64_t *a, int64_t v)
{
	int64_t old = atomic_load(a);

	while (old < v && !atomic_compare_exchange_weak(a, &old, v))
		;
	return old < v ? v : old;
}

struct troth_time troth_clock_now(struct troth_clock *clock)
{
	int64_t now, shown;

	if (clock->simulated)
		return (struct troth_time){ atomic_load(&clock->newest_ms) };
	now = system_ms();
	shown = raise_to(&clock->newest_ms, now);
	(void)raise_to(&clock->went_back_ms, shown - now);
	return (struct troth_time){ shown };
}

bool troth_clock_set(struct troth_clock *clock, struct troth_time to)
{
	int64_t old = atomic_load(&clock->newest_ms);

	if (!clock->simulated || to.ms > TROTH_TIME_MAX_MS)
		return false;
	do {
		if (to.ms < old)
			return false;
	} while (!atomic_compare_exchange_weak(&clock->newest_ms, &old, to.ms));
	return true;
}

int64_t troth_clock_went_back(struct troth_clock *clock)
{
	return atomic_exchange(&clock->went_back_ms, 0);
}
