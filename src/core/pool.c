#include "troth/core/pool.h"

#include "troth/base/mutant.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What falls to `part` of `whole` when so much is divided; rounded up. */
static int64_t portion(int64_t amount, int64_t part, int64_t whole)
{
	return (int64_t)(((__int128)amount * part + whole - 1) / whole);
}

/* Below that a site is topped up, and so much it may keep. */
static int64_t low_of(const struct troth_pool *pool)
{
	return pool->low > 0 ? pool->low : least(1, pool->share);
}

int64_t troth_pool_free(const struct troth_pool *pool, const struct troth_holding *all,
			unsigned count)
{
	int64_t free = pool->total;

	for (unsigned i = 0; i < count; i++)
		free -= troth_share_out(&all[i].share);
	return free;
}

/* What each needs, or need not keep, whatever the others do. */
static struct troth_time look_at_each(const struct troth_pool *pool,
				      struct troth_holding *all, unsigned count,
				      struct troth_time now)
{
	struct troth_time next = { 0 };
	int64_t low = low_of(pool);

	for (unsigned i = 0; i < count; i++) {
		struct troth_holding *h = &all[i];
		int64_t left = troth_share_available(&h->share);
		int64_t idle_ms = h->share.used.ms + pool->idle_ms;
		bool idles = pool->idle_ms > 0 && left > low;

		h->allot = h->recall = 0;
		if (h->share.frozen)
			continue;
		if (!h->entitled)
			h->recall = h->share.recalled < left ? left : 0;
		else if (h->share.recalled > 0)
			continue;
		else if (left < low && !TROTH_MUTANT(nobody_is_topped_up))
			h->allot = pool->share - left;
		else if (idles && now.ms >= idle_ms)
			h->recall = left - low;
		else if (idles && (next.ms == 0 || idle_ms < next.ms))
			next.ms = idle_ms;
	}
	return next;
}

/* Gives out what is free. Returns how much more would have been needed. */
static int64_t give_out(struct troth_holding *all, unsigned count, int64_t free)
{
	int64_t left = free > 0 ? free : 0, wanted = 0, lack;

	for (unsigned i = 0; i < count; i++)
		wanted += all[i].allot;
	lack = wanted > free ? wanted - free : 0;
	for (unsigned i = 0; i < count && wanted > 0; i++) {
		int64_t want = all[i].allot;

		all[i].allot = least(want, portion(left, want, wanted));
		left -= all[i].allot;
		wanted -= want;
	}
	return lack;
}

/* What is on its way back, or will be. */
static int64_t coming_back(const struct troth_holding *all, unsigned count)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		int64_t asked = all[i].recall > 0 ? all[i].recall : all[i].share.recalled;

		if (!all[i].share.frozen)
			sum += least(asked, troth_share_available(&all[i].share));
	}
	return sum;
}

/* What the site could do without. */
static int64_t spare(const struct troth_holding *h, int64_t keep)
{
	int64_t left = troth_share_available(&h->share);

	if (h->share.frozen || h->share.recalled > 0 || h->recall > 0 || h->allot > 0)
		return 0;
	return left > keep ? left - keep : 0;
}

static void ask_back(struct troth_holding *all, unsigned count, int64_t lack,
		     int64_t keep)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += spare(&all[i], keep);
	lack = least(lack, sum);
	for (unsigned i = 0; i < count && lack > 0; i++) {
		int64_t has = spare(&all[i], keep);

		if (has == 0)
			continue;
		all[i].recall = least(has, portion(lack, has, sum));
		lack -= all[i].recall;
		sum -= has;
	}
}

struct troth_time troth_pool_balance(const struct troth_pool *pool,
				     struct troth_holding *all, unsigned count,
				     struct troth_time now)
{
	struct troth_time next = look_at_each(pool, all, count, now);
	int64_t free = troth_pool_free(pool, all, count) +
		       TROTH_MUTANT(allotted_beyond_the_pool);
	int64_t lack = give_out(all, count, free) - coming_back(all, count);

	ask_back(all, count, lack, free < 0 ? 0 : low_of(pool));
	return next;
}
