/*
 * in - JSON from outside, read by tables.
 *
 * A table says which members an object may have, of which form, and where they
 * go. A member that the table does not have, a text that is too long or holds
 * control characters, a number out of range, a time that is no instant: each is
 * refused with the path of the member ("commitments[2].due"). What belongs
 * together and what is required is troth_event_check's business, not asked here.
 */
#ifndef TROTH_API_IN_H
#define TROTH_API_IN_H

#include "troth/base/id.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TROTH_IN_BASES    3
#define TROTH_IN_PATH_MAX 96

enum troth_in_form {
	TROTH_IN_TEXT = 1, /* char[size] */
	TROTH_IN_LINES,    /* char[size], newlines and tabs allowed */
	TROTH_IN_BORROWED, /* const char *, as lines, in the JSON; less than size */
	TROTH_IN_TIME,     /* struct troth_time */
	TROTH_IN_U32,      /* uint32_t */
	TROTH_IN_I64,      /* int64_t */
	TROTH_IN_BOOL,     /* bool */
	TROTH_IN_WORD,     /* int, by `number` */
	TROTH_IN_ID,       /* struct troth_id of kind `id` */
	TROTH_IN_HEX,      /* uint8_t[size] */
	TROTH_IN_OBJECT,   /* members by `of`, into the same bases */
	TROTH_IN_ARRAY,    /* elements by `of`, base 0 being the element */
	TROTH_IN_TEXTS,    /* a list of texts: char[size] each */
	TROTH_IN_BITS,     /* uint32_t: a list of words by `number`, a bit for each */
};

struct troth_in_table;

struct troth_in_field {
	const char *name;
	enum troth_in_form form;
	unsigned base;
	size_t offset;
	size_t size; /* Of text, hex; of one element of an array. */
	int (*number)(const char *text);
	enum troth_id_kind id;
	const struct troth_in_table *of;
	unsigned max;        /* Elements of an array or of texts. */
	size_t count_offset; /* unsigned: how many there were (array, texts), or 1
				(object). */
};

struct troth_in_table {
	const struct troth_in_field *fields;
	unsigned count;
	const struct troth_in_table *more; /* Searched next. NULL: nothing more. */
};

struct troth_in_flaw {
	char field[TROTH_IN_PATH_MAX];
	const char *problem; /* Static. */
};

/* Reads `object` into `bases`. False: *flaw tells the first member that is wrong. */
bool troth_in_read(const struct troth_in_table *table, const json_t *object,
		   void *const bases[TROTH_IN_BASES], struct troth_in_flaw *flaw);

#endif
