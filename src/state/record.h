/* record - short text in the records of tables: a length byte and its bytes. */
#ifndef TROTH_STATE_RECORD_H
#define TROTH_STATE_RECORD_H

#include "troth/base/span.h"

#include <string.h>

static inline void write_text(struct troth_buf *b, const char *s)
{
	troth_buf_put_u8(b, (uint8_t)strlen(s));
	troth_buf_put_str(b, s);
}

/* `size` is that of the field, so its text may have size - 1 bytes. */
static inline void read_text(struct troth_reader *r, char *out, size_t size)
{
	size_t len = troth_read_u8(r);

	if (len >= size) {
		r->failed = true;
		len = 0;
	}
	troth_read_bytes(r, out, len);
	out[len] = '\0';
}

#endif
