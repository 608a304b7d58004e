/*
 * A pool is shared out by rules that are tried over many states at random: whatever
 * they are, it is never overdrawn, and it comes to rest.
 */
#include "troth/core/pool.h"

#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define SITES  7
#define ROUNDS 20000
#define NOW    1000000

static uint32_t dice = 1;

static int64_t roll(int64_t sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (int64_t)(dice >> 8) % sides;
}

static struct troth_holding holding(int64_t allotted, int64_t spent)
{
	return (struct troth_holding){
		.entitled = true,
		.share = { .allotted = allotted, .spent = spent, .used.ms = NOW },
	};
}

/* The site answers what it is asked; central books what it has allotted. */
static bool follow(struct troth_holding *all, unsigned count)
{
	bool changed = false;

	for (unsigned i = 0; i < count; i++) {
		struct troth_share *s = &all[i].share;
		int64_t left, back;

		changed |= all[i].allot > 0 || all[i].recall > 0;
		s->allotted += all[i].allot;
		if (all[i].allot > 0)
			s->used.ms = NOW;
		if (all[i].recall > 0)
			s->recalled = all[i].recall;
		left = troth_share_available(s);
		back = s->frozen ? 0 : s->recalled < left ? s->recalled : left;
		changed |= back > 0;
		s->returned += back;
		s->recalled -= back;
	}
	return changed;
}

static void draw(struct troth_pool *pool, struct troth_holding *all, unsigned count)
{
	*pool = (struct troth_pool){ .total = roll(200), .share = roll(30) };
	pool->low = roll(pool->share + 1);
	pool->idle_ms = roll(2) * 1000;
	for (unsigned i = 0; i < count; i++) {
		struct troth_share *s = &all[i].share;

		all[i] = holding(roll(40), 0);
		all[i].entitled = roll(5) != 0;
		s->spent = roll(s->allotted + 1);
		s->freed = roll(s->spent + 1);
		s->used.ms = NOW - roll(2000);
		s->frozen = roll(6) == 0;
		s->recalled = roll(4) == 0 ? roll(10) : 0;
	}
}

static void check(const struct troth_pool *pool, const struct troth_holding *all,
		  unsigned count)
{
	int64_t low = pool->low > 0 ? pool->low : pool->share > 0;
	int64_t free = troth_pool_free(pool, all, count), allotted = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct troth_holding *h = &all[i];
		int64_t left = troth_share_available(&h->share);

		allotted += h->allot;
		assert_true(h->allot >= 0 && h->recall >= 0 && h->recall <= left);
		assert_true(h->allot == 0 || h->recall == 0);
		assert_true(h->allot == 0 || left + h->allot <= pool->share);
		if (h->share.frozen || (h->entitled && h->share.recalled > 0))
			assert_true(h->allot == 0 && h->recall == 0);
		if (!h->entitled)
			assert_int_equal(h->allot, 0);
		else if (h->recall > 0 && free >= 0)
			assert_true(left - h->recall >= low);
	}
	assert_true(allotted <= (free > 0 ? free : 0));
}

static void a_pool_is_never_overdrawn_and_comes_to_rest(void **state)
{
	struct troth_holding all[SITES];
	struct troth_pool pool;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = 1 + (unsigned)roll(SITES), steps = 0;
		int64_t before;

		draw(&pool, all, count);
		do {
			before = troth_pool_free(&pool, all, count);
			(void)troth_pool_balance(&pool, all, count,
						 (struct troth_time){ NOW });
			check(&pool, all, count);
			assert_true(++steps < 20);
		} while (follow(all, count));
		/* Nobody is out of it for others' sake while something is free. */
		for (unsigned i = 0; before > 0 && i < count; i++)
			assert_false(all[i].entitled && !all[i].share.frozen &&
				     all[i].share.recalled == 0 && pool.share > 0 &&
				     troth_share_available(&all[i].share) == 0);
	}
}

/* ---- Each rule by itself ---- */

static const struct rule {
	const char *story;
	struct troth_pool pool;
	struct troth_holding all[3];
	int64_t allot[3], recall[3];
	int64_t next_ms;
} rules[] = {
	{ "a site without a share gets the first one",
	  { .total = 100, .share = 30, .low = 10 },
	  { { .entitled = true } },
	  { 30 },
	  { 0 },
	  0 },
	{ "at low nothing happens, below it is topped up",
	  { .total = 100, .share = 30, .low = 10 },
	  { { .entitled = true, .share = { .allotted = 30, .spent = 20 } },
	    { .entitled = true, .share = { .allotted = 30, .spent = 21 } } },
	  { 0, 21 },
	  { 0, 0 },
	  0 },
	{ "what is left goes round in parts",
	  { .total = 30, .share = 20, .low = 5 },
	  { { .entitled = true }, { .entitled = true }, { .entitled = true } },
	  { 10, 10, 10 },
	  { 0 },
	  0 },
	{ "when nothing is left, who has more than low gives in proportion",
	  { .total = 70, .share = 30, .low = 10 },
	  { { .entitled = true, .share = { .allotted = 40, .used.ms = NOW } },
	    { .entitled = true, .share = { .allotted = 25, .used.ms = NOW } },
	    { .entitled = true, .share = { .allotted = 5, .spent = 5 } } },
	  { 0, 0, 0 },
	  { 20, 10, 0 },
	  0 },
	{ "what has been asked back already is waited for",
	  { .total = 60, .share = 30, .low = 10 },
	  { { .entitled = true, .share = { .allotted = 40, .recalled = 30 } },
	    { .entitled = true, .share = { .allotted = 20 } },
	    { .entitled = true } },
	  { 0, 0, 0 },
	  { 0, 0, 0 },
	  0 },
	{ "idle for so long flows back down to low, a moment before not",
	  { .total = 90, .share = 30, .low = 10, .idle_ms = 1000 },
	  { { .entitled = true, .share = { .allotted = 30, .used.ms = NOW - 1000 } },
	    { .entitled = true, .share = { .allotted = 30, .used.ms = NOW - 999 } },
	    { .entitled = true, .share = { .allotted = 10, .used.ms = 1 } } },
	  { 0 },
	  { 20, 0, 0 },
	  NOW + 1 },
	{ "who is not entitled any more is asked for all of it",
	  { .total = 90, .share = 30, .low = 10 },
	  { { .share = { .allotted = 30, .spent = 4, .freed = 1 } },
	    { .share = { .allotted = 30, .recalled = 30 } },
	    { .share = { .allotted = 30, .spent = 30 } } },
	  { 0 },
	  { 27, 0, 0 },
	  0 },
	{ "a frozen share is left alone",
	  { .total = 90, .share = 30, .low = 10, .idle_ms = 1 },
	  { { .share = { .allotted = 30, .frozen = true } },
	    { .entitled = true, .share = { .frozen = true } },
	    { .entitled = true, .share = { .allotted = 30, .frozen = true } } },
	  { 0 },
	  { 0 },
	  0 },
	{ "a total that was lowered is asked for below low, too",
	  { .total = 20, .share = 30, .low = 10 },
	  { { .entitled = true, .share = { .allotted = 20 } },
	    { .entitled = true, .share = { .allotted = 10 } } },
	  { 0 },
	  { 7, 3 },
	  0 },
	{ "without a low, one is what a site must have",
	  { .total = 50, .share = 5 },
	  { { .entitled = true, .share = { .allotted = 5, .spent = 5 } },
	    { .entitled = true, .share = { .allotted = 5, .spent = 4 } } },
	  { 5, 0 },
	  { 0 },
	  0 },
	{ "a pool without shares gives none",
	  { .total = 50 },
	  { { .entitled = true } },
	  { 0 },
	  { 0 },
	  0 },
};

static void each_rule_does_what_it_says(void **state)
{
	(void)state;
	for (size_t r = 0; r < TROTH_LEN(rules); r++) {
		struct troth_holding all[3];
		struct troth_time next;

		print_message("  %s\n", rules[r].story);
		memcpy(all, rules[r].all, sizeof(all));
		next = troth_pool_balance(&rules[r].pool, all, 3,
					  (struct troth_time){ NOW });
		assert_int_equal(next.ms, rules[r].next_ms);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(all[i].allot, rules[r].allot[i]);
			assert_int_equal(all[i].recall, rules[r].recall[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_is_never_overdrawn_and_comes_to_rest),
		cmocka_unit_test(each_rule_does_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
