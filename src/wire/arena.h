/*
 * arena - memory that is given out in one direction and taken back all at once.
 *
 * protobuf-c allocates per field. Here that costs the addition of a pointer,
 * and what a hostile message can make us allocate ends at the arena's limit:
 * an allocation beyond it fails, and so does the decoding.
 */
#ifndef TROTH_WIRE_ARENA_H
#define TROTH_WIRE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

struct troth_chunk;

struct troth_arena {
	ProtobufCAllocator allocator; /* Gives from here; its free does nothing. */
	uint8_t *at, *end;
	size_t may_grow;            /* Bytes that may still be had from the heap. */
	struct troth_chunk *chunks; /* What was had. */
};

/* An arena over `len` bytes of the caller's, and up to `may_grow` of the heap. */
void troth_arena_init(struct troth_arena *a, void *memory, size_t len, size_t may_grow);

/* The arena over a block that the calling thread keeps: valid until the next such call.
 */
void troth_arena_init_thread(struct troth_arena *a);

/* Bytes fit for any type, or NULL. Not zeroed. */
void *troth_arena_take(struct troth_arena *a, size_t len);

/* Hands over the heap chunks; troth_chunks_free frees them. */
struct troth_chunk *troth_arena_release(struct troth_arena *a);

void troth_arena_fini(struct troth_arena *a);

/* NULL is accepted. */
void troth_chunks_free(struct troth_chunk *c);

#endif
