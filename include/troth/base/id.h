/*
 * id - names of things: 16 bytes that sort by the time they were made.
 *
 * An id is a UUIDv7 (RFC 9562 5.7): 48 bits of Unix milliseconds, version,
 * variant, 74 random bits. Keys made of ids therefore append to an index
 * instead of scattering over it. People and programs see the text form: a
 * prefix that tells the kind and 26 digits of Crockford's base 32, lower case
 * on output, either case (and o for 0, i and l for 1) on input.
 */
#ifndef TROTH_BASE_ID_H
#define TROTH_BASE_ID_H

#include "troth/base/time.h"

#include <stdbool.h>
#include <stdint.h>

#define TROTH_ID_LEN  16
#define TROTH_ID_TEXT 32 /* "prm_" and 26 digits and a NUL, rounded up. */

struct troth_id {
	uint8_t b[TROTH_ID_LEN];
};

/* Which prefix an id wears. Never stored; the table's or field's kind is. */
enum troth_id_kind {
	TROTH_ID_ORDER,      /* ord_ */
	TROTH_ID_CASE,       /* cas_ */
	TROTH_ID_PROMISE,    /* prm_ */
	TROTH_ID_COMMITMENT, /* com_ */
	TROTH_ID_EVENT,      /* evt_ */
	TROTH_ID_ALARM,      /* alm_: the event that raised it */
	TROTH_ID_RECOVERY,   /* rec_: the broken promise, or the complaint */
	TROTH_ID_AUTHORITY,  /* aut_: made of its party's name, not of the time. */
};

/* The id made at `now` from ten random bytes. */
struct troth_id troth_id_make(struct troth_time now, const uint8_t random[10]);

/* When the id was made, by the clock of whoever made it. */
struct troth_time troth_id_time(const struct troth_id *id);

bool troth_id_eq(const struct troth_id *a, const struct troth_id *b);
bool troth_id_is_zero(const struct troth_id *id);

void troth_id_format(char out[TROTH_ID_TEXT], enum troth_id_kind kind,
		     const struct troth_id *id);

/* Reads the text form; false (and *out untouched) unless it is exactly of that kind. */
bool troth_id_parse(struct troth_id *out, enum troth_id_kind kind, const char *text);

#define TROTH_SHORT_CODE 10 /* "K7QM-3F2P" and a NUL. */

/*
 * A code of eight digits, from the random part, that can be read over the
 * phone. Not unique by itself: it finds candidates, a person confirms.
 */
void troth_id_short(char out[TROTH_SHORT_CODE], const struct troth_id *id);

#endif
