/*
 * span - borrowed, read-only bytes; buf - owned bytes that grow.
 *
 * A span never owns: whoever made it says until when it may be read. A buf
 * owns its memory. Appending to a buf remembers the first failure (no memory,
 * limit reached) and does nothing afterwards, so that code which builds a
 * message checks once, at the end.
 */
#ifndef TROTH_BASE_SPAN_H
#define TROTH_BASE_SPAN_H

#include "troth/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct troth_span {
	const uint8_t *data;
	size_t len;
};

#define TROTH_SPAN_NONE ((struct troth_span){ NULL, 0 })

static inline struct troth_span troth_span(const void *data, size_t len)
{
	return (struct troth_span){ data, len };
}

/* The bytes of a C string, without its NUL. NULL gives an empty span. */
struct troth_span troth_span_str(const char *s);

bool troth_span_eq(struct troth_span a, struct troth_span b);

struct troth_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed; /* An append did not fit; `data` holds what came before it. */
};

#define TROTH_BUF_INIT ((struct troth_buf){ NULL, 0, 0, false })

/* No buf grows beyond this; an append that would is a failure. */
#define TROTH_BUF_MAX ((size_t)256 << 20)

void troth_buf_fini(struct troth_buf *b);

/* Forgets the contents and any failure; keeps the memory. */
void troth_buf_reset(struct troth_buf *b);

/*
 * Makes room for `len` more bytes and returns where they start, or NULL (and
 * sets `failed`). The bytes count as appended. Valid until the next append.
 * Room for 0 bytes takes no memory: it may be NULL although nothing failed.
 */
uint8_t *troth_buf_grow(struct troth_buf *b, size_t len);

void troth_buf_put(struct troth_buf *b, const void *data, size_t len);
void troth_buf_put_span(struct troth_buf *b, struct troth_span s);
void troth_buf_put_str(struct troth_buf *b, const char *s);
/* A text of at most 255 bytes: a length byte and its bytes. */
void troth_buf_put_text(struct troth_buf *b, const char *s);
void troth_buf_put_u8(struct troth_buf *b, uint8_t v);
void troth_buf_put_u16be(struct troth_buf *b, uint16_t v);
void troth_buf_put_u32be(struct troth_buf *b, uint32_t v);
void troth_buf_put_u64be(struct troth_buf *b, uint64_t v);
void troth_buf_printf(struct troth_buf *b, const char *fmt, ...) TROTH_PRINTF(2, 3);

/* The contents, borrowed until the next append, reset or fini. */
static inline struct troth_span troth_buf_span(const struct troth_buf *b)
{
	return (struct troth_span){ b->data, b->len };
}

/*
 * A reader over a span. Reading past the end sets `failed` and yields zeros, so
 * a decoder checks once, at the end. `pos` never exceeds the span's length.
 */
struct troth_reader {
	struct troth_span in;
	size_t pos;
	bool failed;
};

static inline struct troth_reader troth_reader(struct troth_span in)
{
	return (struct troth_reader){ in, 0, false };
}

uint8_t troth_read_u8(struct troth_reader *r);
uint16_t troth_read_u16be(struct troth_reader *r);
uint32_t troth_read_u32be(struct troth_reader *r);
uint64_t troth_read_u64be(struct troth_reader *r);
/* Borrows `len` bytes of the input; empty on failure. */
struct troth_span troth_read_span(struct troth_reader *r, size_t len);
/* Copies `len` bytes to `out`; zeros on failure. */
void troth_read_bytes(struct troth_reader *r, void *out, size_t len);
/*
 * Reads what troth_buf_put_text() wrote into `out` of `size` bytes, with a NUL after
 * it. Longer text, or a NUL inside, fails the reader.
 */
void troth_read_text(struct troth_reader *r, char *out, size_t size);
/* True when everything was read and nothing failed. */
bool troth_read_done(const struct troth_reader *r);

void troth_store_u64be(uint8_t out[8], uint64_t v);
uint64_t troth_load_u64be(const uint8_t in[8]);

/* Lower-case hex of `in`; `out` has room for 2 * len + 1 bytes. */
void troth_hex(char *out, const void *in, size_t len);
/* The inverse: exactly 2 * len hex digits (either case) and a NUL. */
bool troth_unhex(void *out, size_t len, const char *hex);

#endif
