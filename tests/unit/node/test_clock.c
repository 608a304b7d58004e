#include "troth/node/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

static void a_simulated_clock_moves_only_when_told_and_only_forward(void **state)
{
	struct troth_clock c;

	(void)state;
	troth_clock_init_simulated(&c, (struct troth_time){ 1000 });
	assert_int_equal(troth_clock_now(&c).ms, 1000);
	assert_true(troth_clock_set(&c, (struct troth_time){ 1000 }));
	assert_true(troth_clock_set(&c, (struct troth_time){ 1001 }));
	assert_false(troth_clock_set(&c, (struct troth_time){ 1000 }));
	assert_int_equal(troth_clock_now(&c).ms, 1001);
	assert_true(troth_clock_set(&c, (struct troth_time){ TROTH_TIME_MAX_MS }));
	assert_false(troth_clock_set(&c, (struct troth_time){ TROTH_TIME_MAX_MS + 1 }));
	assert_int_equal(troth_clock_now(&c).ms, TROTH_TIME_MAX_MS);
}

static void a_real_clock_is_the_systems_and_cannot_be_set(void **state)
{
	struct troth_clock c;
	int64_t before = (int64_t)time(NULL) * 1000, now;

	(void)state;
	troth_clock_init_real(&c);
	now = troth_clock_now(&c).ms;
	assert_true(now >= before && now < before + 60000);
	assert_false(troth_clock_set(&c, (struct troth_time){ now + 5000 }));
	assert_int_equal(troth_clock_went_back(&c), 0);
}

/* The system's clock cannot be set back here; what was read can be set ahead. */
static void a_real_clock_stands_while_the_system_is_behind_it(void **state)
{
	struct troth_clock c;
	int64_t ahead;

	(void)state;
	troth_clock_init_real(&c);
	ahead = troth_clock_now(&c).ms + 3600000;
	atomic_store(&c.newest_ms, ahead);
	assert_int_equal(troth_clock_now(&c).ms, ahead);
	assert_in_range(troth_clock_went_back(&c), 3590000, 3600000);
	assert_int_equal(troth_clock_went_back(&c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simulated_clock_moves_only_when_told_and_only_forward),
		cmocka_unit_test(a_real_clock_is_the_systems_and_cannot_be_set),
		cmocka_unit_test(a_real_clock_stands_while_the_system_is_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
