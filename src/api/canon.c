#include "canon.h"

#include <stdlib.h>
#include <string.h>

/*
 * Whatever our own bodies look like lies within these; what does not is left to
 * jansson, which is slower and has no such bounds.
 */
#define DEPTH_MAX   8
#define MEMBERS_MAX 32

struct member {
	const char *key;
	const json_t *value;
};

static void put_text(struct troth_buf *out, const char *s, size_t len)
{
	troth_buf_put_u32be(out, (uint32_t)len);
	troth_buf_put(out, s, len);
}

static void put_unbounded(const json_t *v, struct troth_buf *out)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (text == NULL) {
		out->failed = true;
		return;
	}
	troth_buf_put_u8(out, 'j');
	put_text(out, text, strlen(text));
	free(text);
}

static void put_value(const json_t *v, unsigned depth, struct troth_buf *out);

static void put_object(const json_t *v, unsigned depth, struct troth_buf *out)
{
	struct member m[MEMBERS_MAX];
	json_t *object = (json_t *)v; /* Iterating does not change it. */
	size_t n = 0;

	for (void *it = json_object_iter(object); it != NULL;
	     it = json_object_iter_next(object, it)) {
		const char *key = json_object_iter_key(it);
		size_t i = n++;

		for (; i > 0 && strcmp(m[i - 1].key, key) > 0; i--)
			m[i] = m[i - 1];
		m[i] = (struct member){ key, json_object_iter_value(it) };
	}
	troth_buf_put_u8(out, 'o');
	troth_buf_put_u32be(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_text(out, m[i].key, strlen(m[i].key));
		put_value(m[i].value, depth + 1, out);
	}
}

static void put_array(const json_t *v, unsigned depth, struct troth_buf *out)
{
	size_t n = json_array_size(v);

	troth_buf_put_u8(out, 'a');
	troth_buf_put_u32be(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		put_value(json_array_get(v, i), depth + 1, out);
}

static void put_value(const json_t *v, unsigned depth, struct troth_buf *out)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		if (depth < DEPTH_MAX && json_object_size(v) <= MEMBERS_MAX)
			put_object(v, depth, out);
		else
			put_unbounded(v, out);
		break;
	case JSON_ARRAY:
		if (depth < DEPTH_MAX)
			put_array(v, depth, out);
		else
			put_unbounded(v, out);
		break;
	case JSON_STRING:
		troth_buf_put_u8(out, 's');
		put_text(out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		troth_buf_put_u8(out, 'i');
		troth_buf_put_u64be(out, (uint64_t)json_integer_value(v));
		break;
	case JSON_REAL:
		put_unbounded(v, out);
		break;
	case JSON_TRUE:
		troth_buf_put_u8(out, 't');
		break;
	case JSON_FALSE:
		troth_buf_put_u8(out, 'f');
		break;
	case JSON_NULL:
		troth_buf_put_u8(out, 'n');
		break;
	}
}

void troth_canon(const json_t *v, struct troth_buf *out)
{
	put_value(v, 0, out);
}
