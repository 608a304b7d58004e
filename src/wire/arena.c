#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>

/*
 * Enough for every body within the limits: twice its bytes, and the structs of
 * TROTH_LINES_MAX lines. What needs more is refused as not valid.
 */
#define THREAD_BYTES ((size_t)160 << 10)
#define CHUNK_MIN    ((size_t)16 << 10)
#define ALIGN        alignof(max_align_t)

struct troth_chunk {
	struct troth_chunk *next;
	alignas(max_align_t) uint8_t bytes[];
};

static void *give(void *arena, size_t len)
{
	return troth_arena_take(arena, len);
}

static void keep(void *arena, void *memory)
{
	(void)arena;
	(void)memory;
}

void troth_arena_init(struct troth_arena *a, void *memory, size_t len, size_t may_grow)
{
	*a = (struct troth_arena){ .allocator = { give, keep, a },
				   .at = memory,
				   .end = len == 0 ? memory : (uint8_t *)memory + len,
				   .may_grow = may_grow };
}

void troth_arena_init_thread(struct troth_arena *a)
{
	static _Thread_local alignas(max_align_t) uint8_t memory[THREAD_BYTES];

	troth_arena_init(a, memory, sizeof(memory), 0);
}

void *troth_arena_take(struct troth_arena *a, size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	len = (len + ALIGN - 1) / ALIGN * ALIGN;
	if (len > (size_t)(a->end - a->at)) {
		size_t want = len > CHUNK_MIN ? len : CHUNK_MIN;
		struct troth_chunk *c;

		if (want > a->may_grow)
			return NULL;
		c = malloc(sizeof(*c) + want);
		if (c == NULL)
			return NULL;
		c->next = a->chunks;
		a->chunks = c;
		a->may_grow -= want;
		a->at = c->bytes;
		a->end = c->bytes + want;
	}
	a->at += len;
	return a->at - len;
}

struct troth_chunk *troth_arena_release(struct troth_arena *a)
{
	struct troth_chunk *c = a->chunks;

	a->chunks = NULL;
	return c;
}

void troth_arena_fini(struct troth_arena *a)
{
	troth_chunks_free(troth_arena_release(a));
}

void troth_chunks_free(struct troth_chunk *c)
{
	while (c != NULL) {
		struct troth_chunk *next = c->next;

		free(c);
		c = next;
	}
}
