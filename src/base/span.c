#include "troth/base/span.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct troth_span troth_span_str(const char *s)
{
	return (struct troth_span){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

bool troth_span_eq(struct troth_span a, struct troth_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void troth_buf_fini(struct troth_buf *b)
{
	free(b->data);
	*b = TROTH_BUF_INIT;
}

void troth_buf_reset(struct troth_buf *b)
{
	b->len = 0;
	b->failed = false;
}

uint8_t *troth_buf_grow(struct troth_buf *b, size_t len)
{
	if (b->failed || len > TROTH_BUF_MAX - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->len + len > b->cap) {
		size_t cap = b->cap == 0 ? 256 : b->cap;

		while (cap < b->len + len)
			cap *= 2;

		uint8_t *data = realloc(b->data, cap);
		if (data == NULL) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
	}
	b->len += len;
	/* An empty buffer has no memory, and NULL no offsets, not even 0. */
	return b->len == len ? b->data : b->data + b->len - len;
}

void troth_buf_put(struct troth_buf *b, const void *data, size_t len)
{
	uint8_t *at = troth_buf_grow(b, len);

	if (at != NULL && len > 0)
		memcpy(at, data, len);
}

void troth_buf_put_span(struct troth_buf *b, struct troth_span s)
{
	troth_buf_put(b, s.data, s.len);
}

void troth_buf_put_str(struct troth_buf *b, const char *s)
{
	troth_buf_put(b, s, strlen(s));
}

static void put_be(struct troth_buf *b, uint64_t v, size_t len)
{
	uint8_t *at = troth_buf_grow(b, len);

	for (size_t i = 0; at != NULL && i < len; i++)
		at[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

void troth_buf_put_text(struct troth_buf *b, const char *s)
{
	size_t len = strlen(s);

	assert(len <= UINT8_MAX);
	troth_buf_put_u8(b, (uint8_t)len);
	troth_buf_put(b, s, len);
}

void troth_buf_put_u8(struct troth_buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void troth_buf_put_u16be(struct troth_buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void troth_buf_put_u32be(struct troth_buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void troth_buf_put_u64be(struct troth_buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void troth_buf_printf(struct troth_buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		b->failed = true;
	} else {
		/* vsnprintf also writes a NUL, which must not count. */
		uint8_t *at = troth_buf_grow(b, (size_t)len + 1);
		if (at != NULL) {
			(void)vsnprintf((char *)at, (size_t)len + 1, fmt, again);
			b->len--;
		}
	}
	va_end(again);
}

struct troth_span troth_read_span(struct troth_reader *r, size_t len)
{
	if (r->failed || len > r->in.len - r->pos) {
		r->failed = true;
		return TROTH_SPAN_NONE;
	}
	r->pos += len;
	return troth_span(r->in.data + r->pos - len, len);
}

static uint64_t read_be(struct troth_reader *r, size_t len)
{
	struct troth_span s = troth_read_span(r, len);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.data[i];
	return v;
}

uint8_t troth_read_u8(struct troth_reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t troth_read_u16be(struct troth_reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t troth_read_u32be(struct troth_reader *r)
{
	return (uint32_t)read_be(r, 4);
}

uint64_t troth_read_u64be(struct troth_reader *r)
{
	return read_be(r, 8);
}

void troth_read_bytes(struct troth_reader *r, void *out, size_t len)
{
	struct troth_span s = troth_read_span(r, len);

	if (s.len == len && len > 0)
		memcpy(out, s.data, len);
	else
		memset(out, 0, len);
}

void troth_read_text(struct troth_reader *r, char *out, size_t size)
{
	size_t len = troth_read_u8(r);

	if (len >= size) {
		r->failed = true;
		len = 0;
	}
	troth_read_bytes(r, out, len);
	out[len] = '\0';
	if (strlen(out) != len)
		r->failed = true;
}

bool troth_read_done(const struct troth_reader *r)
{
	return !r->failed && r->pos == r->in.len;
}

void troth_store_u64be(uint8_t out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

uint64_t troth_load_u64be(const uint8_t in[8])
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return v;
}

void troth_hex(char *out, const void *in, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = in;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool troth_unhex(void *out, size_t len, const char *hex)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		int high = nibble(hex[2 * i]);
		int low = high < 0 ? -1 : nibble(hex[2 * i + 1]);

		if (low < 0)
			return false;
		p[i] = (uint8_t)(high << 4 | low);
	}
	return hex[2 * len] == '\0';
}
