/* Chance: xoshiro256** (public domain algorithm), seeded by splitmix64. */
#include "sim.h"

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

void dice_seed(struct dice *d, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		d->s[i] = z ^ z >> 31;
	}
}

uint64_t dice_next(struct dice *d)
{
	uint64_t *s = d->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
	return n == 0 ? 0 : dice_next(d) % n;
}

int64_t dice_between(struct dice *d, int64_t from, int64_t to)
{
	return from + (int64_t)dice_below(d, (uint64_t)(to - from) + 1);
}

bool dice_percent(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

void dice_fill(struct dice *d, void *out, size_t len)
{
	uint8_t *b = out;

	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)(dice_next(d) >> 32);
}
