#include "in.h"

#include "troth/base/span.h"
#include "troth/base/text.h"

#include <stdio.h>
#include <string.h>

struct reading {
	struct troth_in_flaw *flaw;
	char path[TROTH_IN_PATH_MAX];
	size_t path_len;
};

static bool wrong(struct reading *r, const char *problem)
{
	memcpy(r->flaw->field, r->path, r->path_len);
	r->flaw->field[r->path_len] = '\0';
	r->flaw->problem = problem;
	return false;
}

/* Text beyond the room is cut, between two characters: it goes back to its sender. */
static void add_path(struct reading *r, const char *s)
{
	size_t room = sizeof(r->path) - 1 - r->path_len, len = strlen(s);

	if (len > room)
		for (len = room; len > 0 && ((uint8_t)s[len] & 0xc0) == 0x80;)
			len--;
	memcpy(r->path + r->path_len, s, len);
	r->path_len += len;
}

static void into_member(struct reading *r, const char *name)
{
	if (r->path_len > 0)
		add_path(r, ".");
	add_path(r, name);
}

static void into_element(struct reading *r, size_t index)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "[%zu]", index);
	add_path(r, text);
}

static const struct troth_in_field *find(const struct troth_in_table *t, const char *name)
{
	for (; t != NULL; t = t->more)
		for (unsigned i = 0; i < t->count; i++)
			if (strcmp(t->fields[i].name, name) == 0)
				return &t->fields[i];
	return NULL;
}

static bool read_text(struct reading *r, const struct troth_in_field *f, const json_t *v,
		      void *to)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return wrong(r, "must be a text");
	if (!troth_text_ok(troth_span(json_string_value(v), len),
			   f->form != TROTH_IN_TEXT))
		return wrong(r, "holds a character that is not allowed");
	if (len >= f->size)
		return wrong(r, "is too long");
	if (f->form == TROTH_IN_BORROWED)
		*(const char **)to = json_string_value(v);
	else
		memcpy(to, json_string_value(v), len + 1);
	return true;
}

static bool read_number(struct reading *r, const struct troth_in_field *f,
			const json_t *v, void *to)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return wrong(r, "must be a whole number");
	if (f->form == TROTH_IN_I64) {
		*(int64_t *)to = n;
		return true;
	}
	if (n < 0 || n > UINT32_MAX)
		return wrong(r, "is out of range");
	*(uint32_t *)to = (uint32_t)n;
	return true;
}

static bool read_time(struct reading *r, const json_t *v, struct troth_time *to)
{
	if (!json_is_string(v) || !troth_time_parse(to, json_string_value(v)))
		return wrong(r, "must be an instant, such as 2026-11-14T10:32:00Z");
	return true;
}

static bool read_word(struct reading *r, const struct troth_in_field *f, const json_t *v,
		      int *to)
{
	int n = json_is_string(v) ? f->number(json_string_value(v)) : -1;

	if (n < 0)
		return wrong(r, "is not one of the words allowed here");
	*to = n;
	return true;
}

/* The recovery of a broken promise goes by the promise's id as well. */
static bool read_id(enum troth_id_kind kind, const char *text, struct troth_id *to)
{
	return troth_id_parse(to, kind, text) ||
	       (kind == TROTH_ID_RECOVERY && troth_id_parse(to, TROTH_ID_PROMISE, text));
}

static bool read_object(struct reading *r, const struct troth_in_table *t,
			const json_t *v, void *const bases[TROTH_IN_BASES]);

static bool read_array(struct reading *r, const struct troth_in_field *f, const json_t *v,
		       void *const bases[TROTH_IN_BASES])
{
	uint8_t *base = bases[f->base];
	size_t n = json_array_size(v);
	size_t path_len = r->path_len;

	if (!json_is_array(v))
		return wrong(r, "must be a list");
	if (n > f->max)
		return wrong(r, "has too many elements");
	for (size_t i = 0; i < n; i++) {
		void *const at[TROTH_IN_BASES] = { base + f->offset + i * f->size };

		r->path_len = path_len;
		into_element(r, i);
		if (!read_object(r, f->of, json_array_get(v, i), at))
			return false;
	}
	r->path_len = path_len;
	*(unsigned *)(base + f->count_offset) = (unsigned)n;
	return true;
}

static bool read_texts(struct reading *r, const struct troth_in_field *f, const json_t *v,
		       uint8_t *base)
{
	size_t n = json_array_size(v), path_len = r->path_len;

	if (!json_is_array(v))
		return wrong(r, "must be a list");
	if (n > f->max)
		return wrong(r, "has too many elements");
	for (size_t i = 0; i < n; i++) {
		r->path_len = path_len;
		into_element(r, i);
		if (!read_text(r, f, json_array_get(v, i),
			       (char *)base + f->offset + i * f->size))
			return false;
	}
	r->path_len = path_len;
	*(unsigned *)(base + f->count_offset) = (unsigned)n;
	return true;
}

static bool read_bits(struct reading *r, const struct troth_in_field *f, const json_t *v,
		      uint32_t *to)
{
	size_t path_len = r->path_len;

	if (!json_is_array(v))
		return wrong(r, "must be a list");
	*to = 0;
	for (size_t i = 0; i < json_array_size(v); i++) {
		int n = 0;

		r->path_len = path_len;
		into_element(r, i);
		if (!read_word(r, f, json_array_get(v, i), &n))
			return false;
		*to |= 1u << n;
	}
	r->path_len = path_len;
	return true;
}

static bool read_field(struct reading *r, const struct troth_in_field *f, const json_t *v,
		       void *const bases[TROTH_IN_BASES])
{
	uint8_t *to = (uint8_t *)bases[f->base] + f->offset;

	switch (f->form) {
	case TROTH_IN_TEXT:
	case TROTH_IN_LINES:
	case TROTH_IN_BORROWED:
		return read_text(r, f, v, to);
	case TROTH_IN_TIME:
		return read_time(r, v, (struct troth_time *)to);
	case TROTH_IN_U32:
	case TROTH_IN_I64:
		return read_number(r, f, v, to);
	case TROTH_IN_BOOL:
		if (!json_is_boolean(v))
			return wrong(r, "must be true or false");
		*(bool *)to = json_is_true(v);
		return true;
	case TROTH_IN_WORD:
		return read_word(r, f, v, (int *)to);
	case TROTH_IN_ID:
		return (json_is_string(v) &&
			read_id(f->id, json_string_value(v), (struct troth_id *)to)) ||
		       wrong(r, "is not an id of the kind that belongs here");
	case TROTH_IN_HEX:
		return (json_is_string(v) &&
			troth_unhex(to, f->size, json_string_value(v))) ||
		       wrong(r, "must be hex digits, as many as belong here");
	case TROTH_IN_OBJECT:
		if (!read_object(r, f->of, v, bases))
			return false;
		*(unsigned *)((uint8_t *)bases[f->base] + f->count_offset) = 1;
		return true;
	case TROTH_IN_ARRAY:
		return read_array(r, f, v, bases);
	case TROTH_IN_TEXTS:
		return read_texts(r, f, v, bases[f->base]);
	case TROTH_IN_BITS:
		return read_bits(r, f, v, (uint32_t *)to);
	}
	return wrong(r, "cannot be read");
}

static bool read_object(struct reading *r, const struct troth_in_table *t,
			const json_t *v, void *const bases[TROTH_IN_BASES])
{
	size_t path_len = r->path_len;

	if (!json_is_object(v))
		return wrong(r, "must be an object");
	for (void *it = json_object_iter((json_t *)v); it != NULL;
	     it = json_object_iter_next((json_t *)v, it)) {
		const struct troth_in_field *f = find(t, json_object_iter_key(it));
		const json_t *member = json_object_iter_value(it);

		r->path_len = path_len;
		into_member(r, json_object_iter_key(it));
		if (f == NULL)
			return wrong(r, "is not known here");
		if (json_is_null(member))
			continue; /* The same as not there. */
		if (!read_field(r, f, member, bases))
			return false;
	}
	r->path_len = path_len;
	return true;
}

bool troth_in_read(const struct troth_in_table *table, const json_t *object,
		   void *const bases[TROTH_IN_BASES], struct troth_in_flaw *flaw)
{
	struct reading r = { .flaw = flaw };

	return read_object(&r, table, object, bases);
}
