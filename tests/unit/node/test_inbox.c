#include "troth/node/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#define PRODUCERS 4
#define EACH      20000

static void mail_comes_out_in_the_order_it_went_in(void **state)
{
	struct troth_mail m[5] = { 0 }, *got;
	struct troth_inbox in;

	(void)state;
	troth_inbox_init(&in, 100);
	m[1].next = &m[2];
	m[2].next = &m[3];
	assert_true(troth_inbox_put(&in, &m[0]));
	troth_inbox_put_all(&in, &m[1]);
	assert_true(troth_inbox_put(&in, &m[4]));
	got = troth_inbox_take(&in, 0);
	for (int i = 0; i < 5; i++, got = got->next)
		assert_ptr_equal(got, &m[i]);
	assert_null(got);
	assert_null(troth_inbox_take(&in, 0));
	troth_inbox_fini(&in);
}

static void bytes_are_taken_up_to_the_limit_and_not_one_more(void **state)
{
	struct troth_mail a = { .len = 60 }, b = { .len = 40 }, c = { .len = 1 },
			  huge = { .len = 1000 };
	struct troth_inbox in;

	(void)state;
	troth_inbox_init(&in, 100);
	assert_true(troth_inbox_put(&in, &a));
	assert_true(troth_inbox_put(&in, &b));
	assert_false(troth_inbox_put(&in, &c));
	troth_inbox_put_all(&in, &c); /* What must come through does. */
	assert_ptr_equal(troth_inbox_take(&in, 0), &a);
	assert_true(troth_inbox_put(&in, &huge)); /* Alone, it cannot block for ever. */
	assert_false(troth_inbox_put(&in, &a));
	assert_ptr_equal(troth_inbox_take(&in, 0), &huge);
	troth_inbox_fini(&in);
}

static void a_nudge_ends_one_wait_without_mail(void **state)
{
	struct troth_inbox in;

	(void)state;
	troth_inbox_init(&in, 100);
	troth_inbox_nudge(&in);
	assert_null(troth_inbox_take(&in, 600000)); /* Would outlast the test. */
	assert_null(troth_inbox_take(&in, 1));
	troth_inbox_fini(&in);
}

struct letter {
	struct troth_mail mail;
	int from, number;
};

static struct troth_inbox shared;

static void *produce(void *arg)
{
	int from = *(int *)arg;

	for (int i = 0; i < EACH; i++) {
		struct letter *l = calloc(1, sizeof(*l));

		if (l == NULL)
			abort();
		l->from = from;
		l->number = i;
		troth_inbox_put_all(&shared, &l->mail);
	}
	return NULL;
}

static void many_threads_put_and_nothing_is_lost_or_overtaken(void **state)
{
	pthread_t threads[PRODUCERS];
	int ids[PRODUCERS], next[PRODUCERS] = { 0 }, total = 0;

	(void)state;
	troth_inbox_init(&shared, 100);
	for (int i = 0; i < PRODUCERS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &ids[i]), 0);
	}
	while (total < PRODUCERS * EACH) {
		struct troth_mail *m = troth_inbox_take(&shared, 30000), *after;

		assert_non_null(m); /* Within half a minute something came. */
		for (; m != NULL; m = after) {
			struct letter *l = (struct letter *)m;

			after = m->next;
			assert_int_equal(l->number, next[l->from]++);
			total++;
			free(l);
		}
	}
	for (int i = 0; i < PRODUCERS; i++)
		(void)pthread_join(threads[i], NULL);
	assert_null(troth_inbox_take(&shared, 0));
	troth_inbox_fini(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_comes_out_in_the_order_it_went_in),
		cmocka_unit_test(bytes_are_taken_up_to_the_limit_and_not_one_more),
		cmocka_unit_test(a_nudge_ends_one_wait_without_mail),
		cmocka_unit_test(many_threads_put_and_nothing_is_lost_or_overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
