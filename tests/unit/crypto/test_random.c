#include "troth/crypto/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAWS 4000

struct draw {
	uint8_t b[16];
};

static int order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct draw));
}

static void assert_all_differ(struct draw *d, size_t n)
{
	qsort(d, n, sizeof(*d), order);
	for (size_t i = 1; i < n; i++)
		assert_int_not_equal(order(&d[i - 1], &d[i]), 0);
}

static void *draw_many(void *arg)
{
	struct draw *d = arg;

	for (int i = 0; i < DRAWS; i++)
		troth_random(d[i].b, sizeof(d[i].b));
	return NULL;
}

static void no_draw_repeats_within_or_across_threads(void **state)
{
	static struct draw d[3 * DRAWS];
	pthread_t t[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&t[i], NULL, draw_many, d + (i + 1) * DRAWS), 0);
	draw_many(d);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_all_differ(d, 3 * DRAWS);
}

static void every_byte_of_every_length_is_filled_and_none_beyond(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 300; len++) {
		uint8_t seen[300] = { 0 };
		uint8_t buf[302];

		for (int round = 0; round < 20; round++) {
			memset(buf, 0, sizeof(buf));
			buf[0] = buf[len + 1] = 0xa5;
			troth_random(buf + 1, len);
			assert_int_equal(buf[0], 0xa5);
			assert_int_equal(buf[len + 1], 0xa5);
			for (size_t i = 0; i < len; i++)
				seen[i] |= buf[i + 1];
		}
		/* Twenty zeros at one place: once in 2^160. */
		for (size_t i = 0; i < len; i++)
			assert_int_not_equal(seen[i], 0);
	}
}

static void each_bit_is_set_about_half_of_the_time(void **state)
{
	static struct draw d[DRAWS];

	(void)state;
	draw_many(d);
	for (unsigned bit = 0; bit < 128; bit++) {
		int set = 0;

		for (int i = 0; i < DRAWS; i++)
			set += d[i].b[bit / 8] >> bit % 8 & 1;
		/* Eight standard deviations of 31.6 to either side. */
		assert_in_range(set, DRAWS / 2 - 253, DRAWS / 2 + 253);
	}
}

static void a_child_process_does_not_repeat_its_parent(void **state)
{
	struct draw d[2];
	int pipe_fd[2];
	int status;

	(void)state;
	troth_random(d[0].b, sizeof(d[0].b)); /* So that a block is there to inherit. */
	assert_int_equal(pipe(pipe_fd), 0);

	pid_t child = fork();
	if (child == 0) {
		troth_random(d[0].b, sizeof(d[0].b));
		_exit(write(pipe_fd[1], &d[0], sizeof(d[0])) == sizeof(d[0]) ? 0 : 1);
	}
	assert_true(child > 0);
	troth_random(d[0].b, sizeof(d[0].b));
	assert_int_equal(read(pipe_fd[0], &d[1], sizeof(d[1])), sizeof(d[1]));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_all_differ(d, 2);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_draw_repeats_within_or_across_threads),
		cmocka_unit_test(every_byte_of_every_length_is_filled_and_none_beyond),
		cmocka_unit_test(each_bit_is_set_about_half_of_the_time),
		cmocka_unit_test(a_child_process_does_not_repeat_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
