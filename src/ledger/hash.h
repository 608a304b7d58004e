/* hash - where a name stands in a table of buckets. */
#ifndef TROTH_LEDGER_HASH_H
#define TROTH_LEDGER_HASH_H

#include <stdint.h>

static inline uint32_t troth_hash_name(const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

#endif
