#include "map.h"

#include "troth/base/text.h"
#include "troth/base/time.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_NAMES 6

enum troth_err troth_map_fail(struct troth_why *why, const struct troth_map_path *up,
			      const char *name, const char *problem)
{
	const char *names[PATH_MAX_NAMES];
	char text[TROTH_WHY_MAX];
	unsigned n = 0;
	size_t len = 0;

	for (; up != NULL && n < PATH_MAX_NAMES; up = up->up)
		names[n++] = up->name;
	text[0] = '\0';
	while (n-- > 0 && len < sizeof(text))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", names[n],
					len == 0 ? ": " : ".");
	return troth_fail(why, TROTH_ERR_INPUT, "%s%s: %s", text, name, problem);
}

static bool all_zero(const uint8_t *p, size_t len)
{
	static const uint8_t zeros[64];

	assert(len <= sizeof(zeros));
	return memcmp(p, zeros, len) == 0;
}

/* Text: `pb` is the char * of the message, `at` the member. NULL: it is good. */
static const char *read_text(const struct troth_map_field *f, const char *s, void *at)
{
	size_t len = strlen(s);

	if (len > f->max)
		return "is too long";
	if (!troth_text_ok(troth_span(s, len), f->kind == TROTH_MAP_TEXT))
		return "is not clean UTF-8 text";
	if (f->kind == TROTH_MAP_POINTER)
		memcpy(at, &s, sizeof(s));
	else
		memcpy(at, s, len + 1);
	return NULL;
}

static const char *read_bytes(const struct troth_map_field *f,
			      const ProtobufCBinaryData *b, uint8_t *base)
{
	uint8_t *at = base + f->offset;

	if (f->kind == TROTH_MAP_BYTES_FLAG) {
		bool there = b->len > 0;

		memcpy(base + f->aux, &there, sizeof(there));
	}
	if (b->len == 0 && f->kind != TROTH_MAP_BYTES) {
		memset(at, 0, (size_t)f->max);
		return NULL;
	}
	if (b->len != f->max)
		return "has the wrong length";
	if (f->kind == TROTH_MAP_BYTES_ZERO && all_zero(b->data, b->len))
		return "is all zeros, and must then be left out";
	memcpy(at, b->data, b->len);
	return NULL;
}

/* Borrowed from the message. */
static const char *read_span(const struct troth_map_field *f,
			     const ProtobufCBinaryData *b, void *at)
{
	struct troth_span s = troth_span(b->data, b->len);

	if (b->len > f->max)
		return "is too long";
	memcpy(at, &s, sizeof(s));
	return NULL;
}

static const char *read_number(const struct troth_map_field *f, const void *from,
			       void *at)
{
	uint32_t v32;
	uint64_t v;
	bool flag;

	if (f->kind == TROTH_MAP_U32) {
		memcpy(&v32, from, sizeof(v32));
		if (f->max != 0 && v32 > f->max)
			return "is too large";
		memcpy(at, &v32, sizeof(v32));
		return NULL;
	}
	if (f->kind == TROTH_MAP_BOOL) {
		flag = *(const protobuf_c_boolean *)from != 0;
		memcpy(at, &flag, sizeof(flag));
		return NULL;
	}
	memcpy(&v, from, sizeof(v));
	if (f->kind == TROTH_MAP_TIME && v > (uint64_t)TROTH_TIME_MAX_MS)
		return "must be an instant before the year 10000";
	if (f->kind == TROTH_MAP_U63 && v > f->max)
		return "is too large";
	memcpy(at, &v, sizeof(v));
	return NULL;
}

static enum troth_err read_list(const struct troth_map_field *f,
				const ProtobufCFieldDescriptor *d,
				const ProtobufCMessage *pb, uint8_t *base,
				const struct troth_map_path *path, struct troth_why *why)
{
	const struct troth_map_path here = { path, d->name };
	size_t n = *(const size_t *)((const uint8_t *)pb + d->quantifier_offset);
	ProtobufCMessage *const *list = *(
		ProtobufCMessage *const *const *)((const uint8_t *)pb + d->offset);
	unsigned count = (unsigned)n;
	enum troth_err err = TROTH_OK;

	if (n > f->max)
		return troth_map_fail(why, path, d->name, "holds too many");
	memcpy(base + f->aux, &count, sizeof(count));
	for (size_t i = 0; i < n && err == TROTH_OK; i++) {
		uint8_t *one = base + f->offset + i * f->stride;

		memset(one, 0, f->stride);
		err = troth_map_read(f->sub, list[i], one, &here, why);
	}
	return err;
}

static enum troth_err read_struct(const struct troth_map_field *f,
				  const ProtobufCFieldDescriptor *d,
				  const ProtobufCMessage *pb, uint8_t *base,
				  const struct troth_map_path *path,
				  struct troth_why *why)
{
	const struct troth_map_path here = { path, d->name };
	const ProtobufCMessage *sub = *(
		const ProtobufCMessage *const *)((const uint8_t *)pb + d->offset);
	bool there = sub != NULL;

	if (f->kind == TROTH_MAP_STRUCT_FLAG)
		memcpy(base + f->aux, &there, sizeof(there));
	else if (!there)
		return troth_map_fail(why, path, d->name, "is missing");
	return there ? troth_map_read(f->sub, sub, base + f->offset, &here, why)
		     : TROTH_OK;
}

enum troth_err troth_map_read(const struct troth_map *m, const ProtobufCMessage *pb,
			      void *to, const struct troth_map_path *path,
			      struct troth_why *why)
{
	for (unsigned i = 0; i < m->desc->n_fields; i++) {
		const struct troth_map_field *f = &m->fields[i];
		const ProtobufCFieldDescriptor *d = &m->desc->fields[i];
		const uint8_t *from = (const uint8_t *)pb + d->offset;
		uint8_t *at = (uint8_t *)to + f->offset;
		const char *problem = NULL;
		enum troth_err err = TROTH_OK;

		switch (f->kind) {
		case TROTH_MAP_NAME:
		case TROTH_MAP_TEXT:
		case TROTH_MAP_POINTER:
			problem = read_text(f, *(char *const *)from, at);
			break;
		case TROTH_MAP_BYTES:
		case TROTH_MAP_BYTES_ZERO:
		case TROTH_MAP_BYTES_FLAG:
			problem = read_bytes(f, (const void *)from, to);
			break;
		case TROTH_MAP_SPAN:
			problem = read_span(f, (const void *)from, at);
			break;
		case TROTH_MAP_U32:
		case TROTH_MAP_U64:
		case TROTH_MAP_I64:
		case TROTH_MAP_U63:
		case TROTH_MAP_TIME:
		case TROTH_MAP_BOOL:
			problem = read_number(f, from, at);
			break;
		case TROTH_MAP_STRUCT:
		case TROTH_MAP_STRUCT_FLAG:
			err = read_struct(f, d, pb, to, path, why);
			break;
		case TROTH_MAP_LIST:
			err = read_list(f, d, pb, to, path, why);
			break;
		case TROTH_MAP_HAND:
			break;
		}
		if (problem != NULL)
			return troth_map_fail(why, path, d->name, problem);
		if (err != TROTH_OK)
			return err;
	}
	return TROTH_OK;
}

static void write_bytes(const struct troth_map_field *f, const uint8_t *base,
			ProtobufCBinaryData *to)
{
	const uint8_t *at = base + f->offset;
	bool there = true;

	if (f->kind == TROTH_MAP_BYTES_FLAG)
		memcpy(&there, base + f->aux, sizeof(there));
	if (f->kind == TROTH_MAP_BYTES_ZERO)
		there = !all_zero(at, (size_t)f->max);
	/* protobuf-c has no pointer to const; packing does not write. */
	*to = (ProtobufCBinaryData){ there ? (size_t)f->max : 0, (uint8_t *)at };
}

static bool write_list(const struct troth_map_field *f, const ProtobufCFieldDescriptor *d,
		       const uint8_t *base, ProtobufCMessage *pb, struct troth_arena *a)
{
	ProtobufCMessage **list;
	unsigned count;

	memcpy(&count, base + f->aux, sizeof(count));
	assert(count <= f->max);
	if (count == 0)
		return true;
	list = troth_arena_take(a, count * sizeof(ProtobufCMessage *));
	if (list == NULL)
		return false;
	for (unsigned i = 0; i < count; i++) {
		list[i] = troth_map_write(f->sub, base + f->offset + i * f->stride, a);
		if (list[i] == NULL)
			return false;
	}
	*(size_t *)((uint8_t *)pb + d->quantifier_offset) = count;
	*(ProtobufCMessage ***)((uint8_t *)pb + d->offset) = list;
	return true;
}

static bool write_struct(const struct troth_map_field *f, const uint8_t *base, void *to,
			 struct troth_arena *a)
{
	ProtobufCMessage *sub;
	bool there = true;

	if (f->kind == TROTH_MAP_STRUCT_FLAG)
		memcpy(&there, base + f->aux, sizeof(there));
	if (!there)
		return true;
	sub = troth_map_write(f->sub, base + f->offset, a);
	*(ProtobufCMessage **)to = sub;
	return sub != NULL;
}

/* One field; false if the arena has no room. */
static bool write_field(const struct troth_map_field *f,
			const ProtobufCFieldDescriptor *d, const void *from,
			ProtobufCMessage *pb, struct troth_arena *a)
{
	const uint8_t *at = (const uint8_t *)from + f->offset;
	uint8_t *to = (uint8_t *)pb + d->offset;
	struct troth_span span;
	bool flag;

	switch (f->kind) {
	case TROTH_MAP_NAME:
	case TROTH_MAP_TEXT:
		*(const char **)to = (const char *)at;
		break;
	case TROTH_MAP_POINTER:
		if (*(const char *const *)at != NULL)
			*(const char **)to = *(const char *const *)at;
		break;
	case TROTH_MAP_BYTES:
	case TROTH_MAP_BYTES_ZERO:
	case TROTH_MAP_BYTES_FLAG:
		write_bytes(f, from, (ProtobufCBinaryData *)to);
		break;
	case TROTH_MAP_SPAN:
		memcpy(&span, at, sizeof(span));
		*(ProtobufCBinaryData *)to = (ProtobufCBinaryData){
			span.len, (uint8_t *)span.data
		};
		break;
	case TROTH_MAP_U32:
		memcpy(to, at, sizeof(uint32_t));
		break;
	case TROTH_MAP_U64:
	case TROTH_MAP_I64:
	case TROTH_MAP_U63:
	case TROTH_MAP_TIME:
		memcpy(to, at, sizeof(uint64_t));
		break;
	case TROTH_MAP_BOOL:
		memcpy(&flag, at, sizeof(flag));
		*(protobuf_c_boolean *)to = flag;
		break;
	case TROTH_MAP_STRUCT:
	case TROTH_MAP_STRUCT_FLAG:
		return write_struct(f, from, to, a);
	case TROTH_MAP_LIST:
		return write_list(f, d, from, pb, a);
	case TROTH_MAP_HAND:
		break;
	}
	return true;
}

bool troth_map_fill(const struct troth_map *m, const void *from, ProtobufCMessage *pb,
		    struct troth_arena *a)
{
	for (unsigned i = 0; i < m->desc->n_fields; i++)
		if (!write_field(&m->fields[i], &m->desc->fields[i], from, pb, a))
			return false;
	return true;
}

ProtobufCMessage *troth_map_write(const struct troth_map *m, const void *from,
				  struct troth_arena *a)
{
	ProtobufCMessage *pb = troth_arena_take(a, m->desc->sizeof_message);

	if (pb == NULL)
		return NULL;
	protobuf_c_message_init(m->desc, pb);
	return troth_map_fill(m, from, pb, a) ? pb : NULL;
}
