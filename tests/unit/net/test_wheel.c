#include "troth/net/wheel.h"

#include "troth/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMERS 300

/* A small generator: the same numbers on every run. */
static uint32_t next_random(uint32_t *s)
{
	*s = *s * 1664525 + 1013904223;
	return *s >> 8;
}

static void every_timer_fires_once_at_its_time_and_within_a_tick(void **state)
{
	static struct troth_wheel w;
	struct troth_timer timers[TIMERS] = { 0 };
	uint64_t now = 123456, end = now + 40000;
	uint32_t seed = 7;
	unsigned fired = 0, set = 0;

	(void)state;
	troth_wheel_init(&w, now);
	for (; now < end; now++) {
		struct troth_timer *t = &timers[next_random(&seed) % TIMERS];
		struct troth_timer *due;

		/* Some again while set, some cleared, some more than a turn away. */
		if (next_random(&seed) % 4 == 0) {
			fired += troth_timer_is_set(t);
			troth_wheel_clear(&w, t);
			assert_false(troth_timer_is_set(t));
		} else {
			set += !troth_timer_is_set(t);
			troth_wheel_set(&w, t, now + next_random(&seed) % 20000);
		}
		while ((due = troth_wheel_due(&w, now)) != NULL) {
			assert_true(due->at_ms <= now);
			assert_true(now - due->at_ms <= TROTH_WHEEL_TICK_MS);
			assert_false(troth_timer_is_set(due));
			fired++;
		}
		for (int i = 0; i < TIMERS; i++)
			if (troth_timer_is_set(&timers[i]))
				assert_true(timers[i].at_ms + TROTH_WHEEL_TICK_MS > now);
	}
	while (troth_wheel_due(&w, now + 40000) != NULL)
		fired++;
	assert_int_equal(fired, set);
	assert_int_equal(w.count, 0);
}

static void sleeping_as_told_neither_misses_nor_spins(void **state)
{
	static struct troth_wheel w;
	static const uint64_t at[] = { 5, 5, 900, 8200, 8192 * 3 + 1, 100000 };
	struct troth_timer timers[TROTH_LEN(at)] = { 0 };
	uint64_t now = 0, wait;
	unsigned fired = 0, wakes = 0;

	(void)state;
	troth_wheel_init(&w, now);
	assert_int_equal(troth_wheel_wait(&w, now), UINT64_MAX);
	for (size_t i = 0; i < TROTH_LEN(at); i++)
		troth_wheel_set(&w, &timers[i], at[i]);
	while ((wait = troth_wheel_wait(&w, now)) != UINT64_MAX) {
		struct troth_timer *t;

		assert_true(wait > 0);
		now += wait;
		wakes++;
		while ((t = troth_wheel_due(&w, now)) != NULL) {
			assert_true(now - t->at_ms <= TROTH_WHEEL_TICK_MS);
			fired++;
		}
	}
	assert_int_equal(fired, TROTH_LEN(at));
	/* Each turn of the wheel may wake once for each slot in use. */
	assert_true(wakes <= TROTH_LEN(at) + 100000 / (TROTH_WHEEL_TICK_MS * 1024) * 6);
}

static void a_time_past_fires_next(void **state)
{
	static struct troth_wheel w;
	struct troth_timer t = { 0 };

	(void)state;
	troth_wheel_init(&w, 1000000);
	troth_wheel_set(&w, &t, 3);
	assert_int_equal(troth_wheel_wait(&w, 1000000), 0);
	assert_ptr_equal(troth_wheel_due(&w, 1000000), &t);
	assert_null(troth_wheel_due(&w, 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_timer_fires_once_at_its_time_and_within_a_tick),
		cmocka_unit_test(sleeping_as_told_neither_misses_nor_spins),
		cmocka_unit_test(a_time_past_fires_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
