/* Says what is wrong with bytes that are known to be wrong: off the fast path. */
#include "map.h"

#include "troth/base/text.h"

#include "scan.h"

#include <stdio.h>

static enum troth_wire_type wire_type(const ProtobufCFieldDescriptor *d)
{
	switch (d->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return TROTH_WIRE_VARINT;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return TROTH_WIRE_FIXED64;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return TROTH_WIRE_FIXED32;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return TROTH_WIRE_BYTES;
	}
	return TROTH_WIRE_BYTES;
}

static bool in_oneof(const ProtobufCFieldDescriptor *d)
{
	return (d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* What is wrong with one field by itself; NULL if nothing is. */
static const char *defect(const ProtobufCFieldDescriptor *d,
			  const struct troth_map_field *f,
			  const struct troth_wire_field *w)
{
	uint64_t most = d->type == PROTOBUF_C_TYPE_BOOL     ? 1
			: d->type == PROTOBUF_C_TYPE_UINT32 ? UINT32_MAX
							    : UINT64_MAX;
	bool implicit = d->label == PROTOBUF_C_LABEL_NONE && !in_oneof(d) &&
			d->type != PROTOBUF_C_TYPE_MESSAGE;

	if (w->type != wire_type(d))
		return "is encoded as another type";
	if (!w->minimal)
		return "is not encoded as short as it can be";
	if (w->type != TROTH_WIRE_BYTES && w->value > most)
		return "is too large";
	if (implicit && w->value == 0)
		return "is empty, and must then be left out";
	if (d->type == PROTOBUF_C_TYPE_STRING &&
	    !troth_text_ok(w->bytes, f->kind == TROTH_MAP_TEXT))
		return "is not clean UTF-8 text";
	return NULL;
}

/* What is wrong with it after the one before; NULL if nothing is. */
static const char *misplaced(const ProtobufCMessageDescriptor *m,
			     const ProtobufCFieldDescriptor *d, uint32_t last)
{
	const ProtobufCFieldDescriptor *before = protobuf_c_message_descriptor_get_field(
		m, last);

	if (before != NULL && in_oneof(d) && in_oneof(before))
		return "stands beside another one, and only one may";
	if (d->id == last && d->label != PROTOBUF_C_LABEL_REPEATED)
		return "stands there twice";
	if (d->id < last)
		return "is out of order";
	return NULL;
}

/* Recursion ends with the schema, which is three messages deep. */
enum troth_err troth_map_blame(const struct troth_map *m, struct troth_span bytes,
			       const struct troth_map_path *path, struct troth_why *why)
{
	uint32_t last = 0;
	uint64_t count = 0;

	while (bytes.len > 0) {
		const ProtobufCFieldDescriptor *d;
		const struct troth_map_field *f;
		struct troth_wire_field w;
		const char *problem;
		char name[24];
		bool whole = troth_wire_next(&bytes, &w);

		snprintf(name, sizeof(name), "field %u", w.number);
		d = protobuf_c_message_descriptor_get_field(m->desc, w.number);
		if (!whole)
			return troth_map_fail(why, path, d == NULL ? name : d->name,
					      "is cut off or not protobuf");
		if (d == NULL)
			return troth_map_fail(why, path, name, "is not known");
		f = &m->fields[d - m->desc->fields];
		count = w.number == last ? count + 1 : 1;
		problem = misplaced(m->desc, d, last);
		if (problem == NULL)
			problem = defect(d, f, &w);
		if (problem == NULL && d->label == PROTOBUF_C_LABEL_REPEATED &&
		    count > f->max)
			problem = "holds too many";
		if (problem != NULL)
			return troth_map_fail(why, path, d->name, problem);
		last = w.number;
		if (f->sub != NULL) {
			const struct troth_map_path here = { path, d->name };
			struct troth_why inner = { "" };

			if (troth_map_blame(f->sub, w.bytes, &here, &inner) != TROTH_OK) {
				if (why != NULL)
					*why = inner;
				return TROTH_ERR_INPUT;
			}
		}
	}
	return TROTH_OK;
}
