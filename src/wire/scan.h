/*
 * scan - one field after the other of protobuf bytes, without a schema.
 */
#ifndef TROTH_WIRE_SCAN_H
#define TROTH_WIRE_SCAN_H

#include "troth/base/span.h"

enum troth_wire_type {
	TROTH_WIRE_VARINT = 0,
	TROTH_WIRE_FIXED64 = 1,
	TROTH_WIRE_BYTES = 2,
	TROTH_WIRE_FIXED32 = 5,
};

struct troth_wire_field {
	uint32_t number; /* 0 too: whoever asks must refuse it. */
	enum troth_wire_type type;
	uint64_t value;          /* VARINT, FIXED64 and FIXED32. */
	struct troth_span bytes; /* BYTES: inside the input. */
	bool minimal;            /* No varint of it is longer than it need be. */
};

/*
 * Takes the next field off `in`, which must not be empty. False, with *f->number
 * set if that much could be read, when the bytes are not a field.
 */
bool troth_wire_next(struct troth_span *in, struct troth_wire_field *f);

/* Appends a varint, as short as it can be. */
void troth_wire_put_varint(struct troth_buf *out, uint64_t v);

#endif
