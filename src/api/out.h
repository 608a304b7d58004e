/*
 * out - JSON, written as it goes.
 *
 * Every call takes the key of an object's member, or NULL inside an array.
 * Commas are the writer's business; nesting is the caller's. Text must be valid
 * UTF-8, as all text in the store is. A failure is the buffer's.
 */
#ifndef TROTH_API_OUT_H
#define TROTH_API_OUT_H

#include "troth/base/id.h"
#include "troth/base/span.h"
#include "troth/base/time.h"
#include "troth/crypto/digest.h"

struct troth_out {
	struct troth_buf *b;
	bool comma; /* Something stands before the next value. */
};

static inline struct troth_out troth_out(struct troth_buf *b)
{
	return (struct troth_out){ b, false };
}

void troth_out_object(struct troth_out *o, const char *key); /* { */
void troth_out_array(struct troth_out *o, const char *key);  /* [ */
void troth_out_end_object(struct troth_out *o);
void troth_out_end_array(struct troth_out *o);

void troth_out_text(struct troth_out *o, const char *key, const char *s);
void troth_out_span(struct troth_out *o, const char *key, struct troth_span s);
void troth_out_uint(struct troth_out *o, const char *key, uint64_t v);
void troth_out_int(struct troth_out *o, const char *key, int64_t v);
void troth_out_bool(struct troth_out *o, const char *key, bool v);
void troth_out_null(struct troth_out *o, const char *key);
void troth_out_id(struct troth_out *o, const char *key, enum troth_id_kind kind,
		  const struct troth_id *id);
void troth_out_time(struct troth_out *o, const char *key, struct troth_time t);
void troth_out_hex(struct troth_out *o, const char *key, const void *data, size_t len);
/* JSON that stands already. */
void troth_out_raw(struct troth_out *o, const char *key, struct troth_span json);

/* The same, but nothing at all for an empty text, a zero number, no time. */
void troth_out_some_text(struct troth_out *o, const char *key, const char *s);
void troth_out_some_int(struct troth_out *o, const char *key, int64_t v);
void troth_out_some_time(struct troth_out *o, const char *key, struct troth_time t);

#endif
