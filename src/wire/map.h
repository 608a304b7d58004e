/*
 * map - tables that say which field of a protobuf message is which member of a
 * core struct, how long it may be, and the two loops that follow them.
 *
 * The generated descriptors give names, numbers and offsets of the one side, a
 * map gives the other. What a table says holds for reading and for writing, so
 * the two cannot drift apart.
 */
#ifndef TROTH_WIRE_MAP_H
#define TROTH_WIRE_MAP_H

#include "troth/base/err.h"
#include "troth/base/span.h"

#include "arena.h"

enum troth_map_kind {
	TROTH_MAP_NAME,        /* char[max + 1], one line of text. */
	TROTH_MAP_TEXT,        /* The same; newlines and tabs allowed. */
	TROTH_MAP_POINTER,     /* const char *, at most `max` bytes; NULL is "". */
	TROTH_MAP_BYTES,       /* uint8_t[max], always there. */
	TROTH_MAP_BYTES_ZERO,  /* uint8_t[max], left out when it is all zeros. */
	TROTH_MAP_BYTES_FLAG,  /* uint8_t[max], there if the bool at `aux` says so. */
	TROTH_MAP_SPAN,        /* struct troth_span of at most `max` bytes. */
	TROTH_MAP_U32,         /* uint32_t or an enum; at most `max` unless that is 0. */
	TROTH_MAP_U64,         /* uint64_t. */
	TROTH_MAP_I64,         /* int64_t. */
	TROTH_MAP_U63,         /* int64_t that is not negative, at most `max`. */
	TROTH_MAP_TIME,        /* struct troth_time. */
	TROTH_MAP_BOOL,        /* bool. */
	TROTH_MAP_STRUCT,      /* What `sub` says, always there. */
	TROTH_MAP_STRUCT_FLAG, /* The same, there if the bool at `aux` says so. */
	TROTH_MAP_LIST,        /* unsigned at `aux` counts up to `max` structs. */
	TROTH_MAP_HAND,        /* Left to the caller; `max`: most of a repeated one. */
};

struct troth_map;

struct troth_map_field {
	enum troth_map_kind kind;
	size_t offset; /* In the core struct. */
	uint64_t max;
	size_t aux;
	const struct troth_map *sub;
	size_t stride; /* LIST: size of one struct. */
};

/* Rows of the tables. */
#define FIELD(kind, at, max, aux, sub, stride)                                           \
	{                                                                                \
		TROTH_MAP_##kind, (at), (max), (aux), (sub), (stride)                    \
	}
#define NAME(at, most)              FIELD(NAME, at, most, 0, NULL, 0)
#define TEXT(at, most)              FIELD(TEXT, at, most, 0, NULL, 0)
#define POINTER(at, most)           FIELD(POINTER, at, most, 0, NULL, 0)
#define BYTES(at, len)              FIELD(BYTES, at, len, 0, NULL, 0)
#define BYTES_ZERO(at, len)         FIELD(BYTES_ZERO, at, len, 0, NULL, 0)
#define BYTES_IF(at, has, len)      FIELD(BYTES_FLAG, at, len, has, NULL, 0)
#define SPAN(at, most)              FIELD(SPAN, at, most, 0, NULL, 0)
#define U32(at)                     FIELD(U32, at, 0, 0, NULL, 0)
#define U32_TO(at, most)            FIELD(U32, at, most, 0, NULL, 0)
#define U64(at)                     FIELD(U64, at, 0, 0, NULL, 0)
#define I64(at)                     FIELD(I64, at, 0, 0, NULL, 0)
#define U63_TO(at, most)            FIELD(U63, at, most, 0, NULL, 0)
#define TIME(at)                    FIELD(TIME, at, 0, 0, NULL, 0)
#define BOOL(at)                    FIELD(BOOL, at, 0, 0, NULL, 0)
#define STRUCT(at, m)               FIELD(STRUCT, at, 0, 0, m, 0)
#define STRUCT_IF(at, has, m)       FIELD(STRUCT_FLAG, at, 0, has, m, 0)
#define LIST(at, most, count, m, s) FIELD(LIST, at, most, count, m, s)
#define HAND(most, m)               FIELD(HAND, 0, most, 0, m, 0)

/* The map `name` of the rows `name`_fields. */
#define MAP(name, message)                                                               \
	static const struct troth_map name = { &troth__v1__##message##__descriptor,      \
					       name##_fields }

/* fields[i] speaks of desc->fields[i] (both are sorted by number). */
struct troth_map {
	const ProtobufCMessageDescriptor *desc;
	const struct troth_map_field *fields;
};

/* Where in a message something is wrong: the innermost name last. */
struct troth_map_path {
	const struct troth_map_path *up;
	const char *name;
};

/* TROTH_ERR_INPUT with "body: promise_made.sku: <problem>" in *why. */
enum troth_err troth_map_fail(struct troth_why *why, const struct troth_map_path *up,
			      const char *name, const char *problem);

/*
 * Copies the fields of `pb` to the struct at `to`; what is out of its limits or
 * not clean text is TROTH_ERR_INPUT. Pointers point into `pb` afterwards.
 */
TROTH_MUST_USE enum troth_err troth_map_read(const struct troth_map *m,
					     const ProtobufCMessage *pb, void *to,
					     const struct troth_map_path *path,
					     struct troth_why *why);

/*
 * The message for the struct at `from`, built in the arena; NULL if that has no
 * room. It borrows text and bytes from the struct.
 */
ProtobufCMessage *troth_map_write(const struct troth_map *m, const void *from,
				  struct troth_arena *a);

/* The same into a message that is initialised already. False: no room. */
bool troth_map_fill(const struct troth_map *m, const void *from, ProtobufCMessage *pb,
		    struct troth_arena *a);

/*
 * For bytes that protobuf-c could not read or that are not their own canonical
 * encoding: TROTH_ERR_INPUT and the first place where that is so. TROTH_OK if
 * they are canonical.
 */
enum troth_err troth_map_blame(const struct troth_map *m, struct troth_span bytes,
			       const struct troth_map_path *path, struct troth_why *why);

#endif
