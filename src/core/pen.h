/*
 * pen - how the fields of a state are written and read: numbers as unsigned LEB128,
 * text as a length byte and its bytes, ids as they are.
 */
#ifndef TROTH_CORE_PEN_H
#define TROTH_CORE_PEN_H

#include "troth/base/id.h"
#include "troth/base/span.h"
#include "troth/base/time.h"

#include <string.h>

/*
 * Where the next byte of an encoding goes. There is always room: troth_subject_
 * encode has made it for the longest encoding that the state can have.
 */
struct pen {
	uint8_t *at;
};

static inline void put_uint(struct pen *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		*b->at++ = (uint8_t)(v | 0x80);
	*b->at++ = (uint8_t)v;
}

static inline void put_time(struct pen *b, struct troth_time t)
{
	put_uint(b, (uint64_t)t.ms);
}

static inline void put_text(struct pen *b, const char *s)
{
	size_t len = strlen(s);

	*b->at++ = (uint8_t)len;
	memcpy(b->at, s, len);
	b->at += len;
}

static inline void put_id(struct pen *b, const struct troth_id *id)
{
	memcpy(b->at, id->b, sizeof(id->b));
	b->at += sizeof(id->b);
}

static inline uint64_t get_uint(struct troth_reader *r)
{
	uint64_t v = 0;

	if (r->pos < r->in.len && !r->failed && r->in.data[r->pos] < 0x80)
		return r->in.data[r->pos++]; /* Most numbers are that small. */
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = troth_read_u8(r);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) != 0)
			continue;
		if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1))
			break; /* Not the one encoding of a number of 64 bits. */
		return v;
	}
	r->failed = true;
	return 0;
}

static inline struct troth_time get_time(struct troth_reader *r)
{
	return (struct troth_time){ (int64_t)get_uint(r) };
}

#define GET_TEXT(r, field) troth_read_text((r), (field), sizeof(field))

static inline void get_id(struct troth_reader *r, struct troth_id *id)
{
	troth_read_bytes(r, id->b, sizeof(id->b));
}

/* A number that is at most `max`: a count of things, an enum, 32 bits. */
static inline uint32_t get_count(struct troth_reader *r, uint32_t max)
{
	uint64_t v = get_uint(r);

	if (v > max) {
		r->failed = true;
		return 0;
	}
	return (uint32_t)v;
}

#endif
