#include "scan.h"

#define VARINT_MAX 10

static bool varint(struct troth_span *in, uint64_t *v, bool *minimal)
{
	*v = 0;
	for (unsigned i = 0; i < VARINT_MAX && i < in->len; i++) {
		uint8_t b = in->data[i];

		if (i == VARINT_MAX - 1 && b > 1)
			return false; /* More than 64 bits. */
		*v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			if (b == 0 && i > 0)
				*minimal = false;
			*in = troth_span(in->data + i + 1, in->len - i - 1);
			return true;
		}
	}
	return false;
}

static bool fixed(struct troth_span *in, unsigned len, uint64_t *v)
{
	if (in->len < len)
		return false;
	*v = 0;
	for (unsigned i = 0; i < len; i++)
		*v |= (uint64_t)in->data[i] << (8 * i);
	*in = troth_span(in->data + len, in->len - len);
	return true;
}

bool troth_wire_next(struct troth_span *in, struct troth_wire_field *f)
{
	uint64_t key;

	*f = (struct troth_wire_field){ .minimal = true };
	if (!varint(in, &key, &f->minimal) || key > UINT32_MAX)
		return false;
	f->number = (uint32_t)(key >> 3);
	switch (key & 7) {
	case TROTH_WIRE_VARINT:
		f->type = TROTH_WIRE_VARINT;
		return varint(in, &f->value, &f->minimal);
	case TROTH_WIRE_FIXED64:
		f->type = TROTH_WIRE_FIXED64;
		return fixed(in, 8, &f->value);
	case TROTH_WIRE_FIXED32:
		f->type = TROTH_WIRE_FIXED32;
		return fixed(in, 4, &f->value);
	case TROTH_WIRE_BYTES:
		f->type = TROTH_WIRE_BYTES;
		if (!varint(in, &f->value, &f->minimal) || f->value > in->len)
			return false;
		f->bytes = troth_span(in->data, (size_t)f->value);
		*in = troth_span(in->data + f->value, in->len - (size_t)f->value);
		return true;
	}
	return false;
}

void troth_wire_put_varint(struct troth_buf *out, uint64_t v)
{
	uint8_t b[VARINT_MAX];
	size_t len = 0;

	for (; v >= 0x80; v >>= 7)
		b[len++] = (uint8_t)(v | 0x80);
	b[len++] = (uint8_t)v;
	troth_buf_put(out, b, len);
}
