#include "troth/wire/bus.h"

#include "troth/wire/event.h"

#include "map.h"
#include "scan.h"

#include "troth/v1/bus.pb-c.h"

#include <assert.h>
#include <string.h>

/* What reading one item of a list takes, at most, beside its bytes. */
#define ITEM_BYTES ((size_t)400)
/* What reading takes beside that, and how much unknown fields may cost us. */
#define BASE_BYTES    ((size_t)4 << 10)
#define UNKNOWN_BYTES ((size_t)1 << 20)

#define AT(type, member) offsetof(struct troth_bus_##type, member)

static const struct troth_map_field hello_fields[] = {
	U32(AT(hello, version_min)),
	U32(AT(hello, version_max)),
	POINTER(AT(hello, software), TROTH_SOFTWARE_MAX),
	U64(AT(hello, incarnation)),
	U64(AT(hello, origin_seq)),
	U64(AT(hello, cursor)),
	U64(AT(hello, seen_size)),
	BYTES_ZERO(AT(hello, seen_root), TROTH_DIGEST_LEN),
};
MAP(hello, hello);

static const struct troth_map_field hello_ok_fields[] = {
	U32(AT(hello_ok, version)),
	U64(AT(hello_ok, taken_seq)),
	BYTES_ZERO(AT(hello_ok, taken_head), TROTH_DIGEST_LEN),
	U64(AT(hello_ok, feed_len)),
	U64(AT(hello_ok, size)),
	BYTES_ZERO(AT(hello_ok, root), TROTH_DIGEST_LEN),
	TIME(AT(hello_ok, now)),
	U64(AT(hello_ok, top_incarnation)),
	POINTER(AT(hello_ok, brand), TROTH_PARTY_MAX),
	U64(AT(hello_ok, marks)),
};
MAP(hello_ok, hello_ok);

static const struct troth_map_field submit_fields[] = {
	U64(AT(submit, incarnation)), U64(AT(submit, first_seq)),
	HAND(TROTH_BATCH_MAX, NULL), /* bodies */
	HAND(TROTH_BATCH_MAX, NULL), /* blobs */
	BYTES(AT(submit, seal), 64),
};
MAP(submit, submit);

static const struct troth_map_field submit_ok_fields[] = {
	U64(AT(submit_ok, taken_seq)),
	U64(AT(submit_ok, last_position)),
	U64(AT(submit_ok, resend_from)),
};
MAP(submit_ok, submit_ok);

static const struct troth_map_field follow_fields[] = {
	U64(AT(follow, after)),
	U32(AT(follow, max_bytes)),
	U32_TO(AT(follow, wait_ms), TROTH_FOLLOW_WAIT_MAX_MS),
	U64(AT(follow, marks_after)),
};
MAP(follow, follow);

static const struct troth_map_field item_fields[] = {
	U64(AT(item, position)),
	HAND(0, NULL), /* entry */
	HAND(0, NULL), /* blob */
	BYTES(AT(item, digest), 8),
};
MAP(item, item);

static const struct troth_map_field mark_fields[] = {
	POINTER(AT(mark, origin), TROTH_ORIGIN_MAX),
	U64(AT(mark, position)),
	TIME(AT(mark, at)),
};
MAP(mark, mark);

static const struct troth_map_field follow_ok_fields[] = {
	U64(AT(follow_ok, first)),
	HAND(TROTH_BATCH_MAX, NULL), /* items */
	U64(AT(follow_ok, upto_position)),
	U64(AT(follow_ok, size)),
	BYTES_ZERO(AT(follow_ok, root), TROTH_DIGEST_LEN),
	TIME(AT(follow_ok, now)),
	HAND(TROTH_MARKS_MAX, NULL), /* marks */
	U64(AT(follow_ok, marks_upto)),
};
MAP(follow_ok, follow_ok);

static const struct troth_map fresh = { &troth__v1__fresh__descriptor, NULL };

static const struct troth_map_field fresh_ok_fields[] = {
	U64(AT(fresh_ok, feed_len)),
	U64(AT(fresh_ok, position)),
	TIME(AT(fresh_ok, now)),
};
MAP(fresh_ok, fresh_ok);

static const struct troth_map_field receive_fields[] = {
	U64(AT(receive, cursor)), U64(AT(receive, position)),
	HAND(TROTH_DIVERGED_MAX, NULL), /* diverged */
};
MAP(receive, receive);

static const struct troth_map receive_ok = { &troth__v1__receive_ok__descriptor, NULL };

static const struct troth_map_field find_fields[] = {
	POINTER(AT(find, order_number), TROTH_ORDER_NUMBER_MAX),
};
MAP(find, find);

static const struct troth_map_field find_ok_fields[] = {
	HAND(TROTH_FIND_MAX, NULL), /* orders */
};
MAP(find_ok, find_ok);

static const struct troth_map_field error_fields[] = {
	U32(AT(error_reply, code)),
	POINTER(AT(error_reply, text), TROTH_ERROR_TEXT_MAX),
	U64(AT(error_reply, origin_seq)),
};
MAP(error, error);

/* One message: its field in Request or Reply, and how its lists are handled. */
struct kind {
	unsigned type; /* enum troth_bus_type. */
	const struct troth_map *map;
	/* From what protobuf-c read to the struct: NULL where there is no list. */
	enum troth_err (*take)(const ProtobufCMessage *pb, void *to,
			       struct troth_arena *a, struct troth_why *why);
	/* The other way; false: no room. */
	bool (*give)(const void *from, ProtobufCMessage *pb, struct troth_arena *a);
};

static enum troth_err no_memory(struct troth_why *why)
{
	return troth_fail(why, TROTH_ERR_MEMORY, "bus: no memory for a message");
}

static struct troth_span span_of(const ProtobufCBinaryData *b)
{
	return troth_span(b->len == 0 ? NULL : b->data, b->len);
}

/* protobuf-c has no pointer to const; packing does not write. */
static ProtobufCBinaryData data_of(struct troth_span s)
{
	return (ProtobufCBinaryData){ s.len, (uint8_t *)s.data };
}

static enum troth_err take_submit(const ProtobufCMessage *from, void *to,
				  struct troth_arena *a, struct troth_why *why)
{
	const Troth__V1__Submit *pb = (const Troth__V1__Submit *)from;
	struct troth_bus_submit *m = to;
	struct troth_span *spans;

	spans = troth_arena_take(a, 2 * pb->n_bodies * sizeof(*spans));
	if (spans == NULL)
		return no_memory(why);
	memset(spans, 0, 2 * pb->n_bodies * sizeof(*spans));
	m->count = pb->n_bodies;
	m->bodies = spans;
	m->blobs = spans + m->count;
	for (size_t i = 0; i < m->count; i++)
		spans[i] = span_of(&pb->bodies[i]);
	for (size_t i = 0; i < pb->n_blobs; i++) {
		uint32_t index = pb->blobs[i]->index;

		if (index >= m->count)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "submit: blobs.index: %u of %zu bodies", index,
					  m->count);
		if (spans[m->count + index].len > 0 || pb->blobs[i]->data.len == 0)
			return troth_fail(
				why, TROTH_ERR_INPUT,
				"submit: blobs.data: empty or twice for body %u",
				pb->blobs[i]->index);
		spans[m->count + index] = span_of(&pb->blobs[i]->data);
	}
	return TROTH_OK;
}

static bool give_submit(const void *from, ProtobufCMessage *to, struct troth_arena *a)
{
	const struct troth_bus_submit *m = from;
	Troth__V1__Submit *pb = (Troth__V1__Submit *)to;
	Troth__V1__Blob *blobs = troth_arena_take(a, m->count * sizeof(*blobs));

	assert(m->count <= TROTH_BATCH_MAX);
	pb->bodies = troth_arena_take(a, m->count * sizeof(*pb->bodies));
	pb->blobs = troth_arena_take(a, m->count * sizeof(Troth__V1__Blob *));
	if (blobs == NULL || pb->bodies == NULL || pb->blobs == NULL)
		return false;
	for (size_t i = 0; i < m->count; i++) {
		pb->bodies[pb->n_bodies++] = data_of(m->bodies[i]);
		if (m->blobs == NULL || m->blobs[i].len == 0)
			continue;
		troth__v1__blob__init(&blobs[i]);
		blobs[i].index = (uint32_t)i;
		blobs[i].data = data_of(m->blobs[i]);
		pb->blobs[pb->n_blobs++] = &blobs[i];
	}
	return true;
}

static enum troth_err take_follow_ok(const ProtobufCMessage *from, void *to,
				     struct troth_arena *a, struct troth_why *why)
{
	static const struct troth_map_path path = { NULL, "follow_ok" };
	static const struct troth_map_path in_items = { &path, "items" };
	static const struct troth_map_path in_marks = { &path, "marks" };
	const Troth__V1__FollowOk *pb = (const Troth__V1__FollowOk *)from;
	struct troth_bus_follow_ok *m = to;
	struct troth_bus_item *items = troth_arena_take(a, pb->n_items * sizeof(*items));
	struct troth_bus_mark *marks = troth_arena_take(a, pb->n_marks * sizeof(*marks));
	enum troth_err err = TROTH_OK;

	if (items == NULL || marks == NULL)
		return no_memory(why);
	for (size_t i = 0; i < pb->n_items && err == TROTH_OK; i++) {
		items[i].entry = span_of(&pb->items[i]->entry);
		items[i].blob = span_of(&pb->items[i]->blob);
		if (items[i].entry.len == 0)
			return troth_map_fail(why, &in_items, "entry", "is missing");
		err = troth_map_read(&item, &pb->items[i]->base, &items[i], &in_items,
				     why);
	}
	for (size_t i = 0; i < pb->n_marks && err == TROTH_OK; i++)
		err = troth_map_read(&mark, &pb->marks[i]->base, &marks[i], &in_marks,
				     why);
	m->item_count = pb->n_items;
	m->items = items;
	m->mark_count = pb->n_marks;
	m->marks = marks;
	return err;
}

static bool give_follow_ok(const void *from, ProtobufCMessage *to, struct troth_arena *a)
{
	const struct troth_bus_follow_ok *m = from;
	Troth__V1__FollowOk *pb = (Troth__V1__FollowOk *)to;

	assert(m->item_count <= TROTH_BATCH_MAX && m->mark_count <= TROTH_MARKS_MAX);
	pb->items = troth_arena_take(a, m->item_count * sizeof(Troth__V1__Item *));
	pb->marks = troth_arena_take(a, m->mark_count * sizeof(Troth__V1__Mark *));
	if (pb->items == NULL || pb->marks == NULL)
		return false;
	for (size_t i = 0; i < m->item_count; i++) {
		Troth__V1__Item *one = (Troth__V1__Item *)troth_map_write(
			&item, &m->items[i], a);

		if (one == NULL)
			return false;
		one->entry = data_of(m->items[i].entry);
		one->blob = data_of(m->items[i].blob);
		pb->items[pb->n_items++] = one;
	}
	for (size_t i = 0; i < m->mark_count; i++) {
		Troth__V1__Mark *one = (Troth__V1__Mark *)troth_map_write(
			&mark, &m->marks[i], a);

		if (one == NULL)
			return false;
		pb->marks[pb->n_marks++] = one;
	}
	return true;
}

static enum troth_err take_ids(const ProtobufCBinaryData *from, size_t n,
			       const struct troth_id **out, struct troth_arena *a,
			       const char *field, struct troth_why *why)
{
	struct troth_id *ids = troth_arena_take(a, n * sizeof(*ids));

	if (ids == NULL)
		return no_memory(why);
	for (size_t i = 0; i < n; i++) {
		if (from[i].len != TROTH_ID_LEN)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: has the wrong length", field);
		memcpy(ids[i].b, from[i].data, TROTH_ID_LEN);
	}
	*out = ids;
	return TROTH_OK;
}

static bool give_ids(const struct troth_id *ids, size_t n, ProtobufCBinaryData **out,
		     struct troth_arena *a)
{
	*out = troth_arena_take(a, n * sizeof(**out));
	if (*out == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		(*out)[i] = data_of(troth_span(ids[i].b, TROTH_ID_LEN));
	return true;
}

static enum troth_err take_receive(const ProtobufCMessage *from, void *to,
				   struct troth_arena *a, struct troth_why *why)
{
	const Troth__V1__Receive *pb = (const Troth__V1__Receive *)from;
	struct troth_bus_receive *m = to;

	m->diverged_count = pb->n_diverged;
	return take_ids(pb->diverged, pb->n_diverged, &m->diverged, a,
			"receive: diverged", why);
}

static bool give_receive(const void *from, ProtobufCMessage *to, struct troth_arena *a)
{
	const struct troth_bus_receive *m = from;
	Troth__V1__Receive *pb = (Troth__V1__Receive *)to;

	assert(m->diverged_count <= TROTH_DIVERGED_MAX);
	pb->n_diverged = m->diverged_count;
	return give_ids(m->diverged, m->diverged_count, &pb->diverged, a);
}

static enum troth_err take_find_ok(const ProtobufCMessage *from, void *to,
				   struct troth_arena *a, struct troth_why *why)
{
	const Troth__V1__FindOk *pb = (const Troth__V1__FindOk *)from;
	struct troth_bus_find_ok *m = to;

	m->count = pb->n_orders;
	return take_ids(pb->orders, pb->n_orders, &m->orders, a, "find_ok: orders", why);
}

static bool give_find_ok(const void *from, ProtobufCMessage *to, struct troth_arena *a)
{
	const struct troth_bus_find_ok *m = from;
	Troth__V1__FindOk *pb = (Troth__V1__FindOk *)to;

	assert(m->count <= TROTH_FIND_MAX);
	pb->n_orders = m->count;
	return give_ids(m->orders, m->count, &pb->orders, a);
}

static const struct kind requests[] = {
	{ TROTH_BUS_HELLO, &hello, NULL, NULL },
	{ TROTH_BUS_SUBMIT, &submit, take_submit, give_submit },
	{ TROTH_BUS_FOLLOW, &follow, NULL, NULL },
	{ TROTH_BUS_FRESH, &fresh, NULL, NULL },
	{ TROTH_BUS_RECEIVE, &receive, take_receive, give_receive },
	{ TROTH_BUS_FIND, &find, NULL, NULL },
};

static const struct kind replies[] = {
	{ TROTH_BUS_HELLO, &hello_ok, NULL, NULL },
	{ TROTH_BUS_SUBMIT, &submit_ok, NULL, NULL },
	{ TROTH_BUS_FOLLOW, &follow_ok, take_follow_ok, give_follow_ok },
	{ TROTH_BUS_FRESH, &fresh_ok, NULL, NULL },
	{ TROTH_BUS_RECEIVE, &receive_ok, NULL, NULL },
	{ TROTH_BUS_FIND, &find_ok, take_find_ok, give_find_ok },
	{ TROTH_BUS_ERROR, &error, NULL, NULL },
};

static const struct kind *find_kind(const struct kind *kinds, size_t n, unsigned type)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static void encode(const struct kind *k, const void *from, struct troth_buf *out)
{
	struct troth_arena a;
	uint64_t first[BASE_BYTES / sizeof(uint64_t)];
	ProtobufCMessage *pb;
	uint8_t *to;

	assert(k != NULL);
	troth_arena_init(&a, first, sizeof(first), TROTH_BUS_MESSAGE_MAX);
	pb = troth_map_write(k->map, from, &a);
	if (pb == NULL || (k->give != NULL && !k->give(from, pb, &a))) {
		out->failed = true;
	} else {
		size_t len = protobuf_c_message_get_packed_size(pb);

		troth_wire_put_varint(out, k->type << 3 | TROTH_WIRE_BYTES);
		troth_wire_put_varint(out, len);
		to = troth_buf_grow(out, len);
		if (to != NULL)
			(void)protobuf_c_message_pack(pb, to);
	}
	troth_arena_fini(&a);
}

/* Finds the one message inside a Request or a Reply. */
static enum troth_err open_envelope(const struct kind *kinds, size_t n,
				    struct troth_span in, const struct kind **k,
				    struct troth_span *inner, struct troth_why *why)
{
	*k = NULL;
	while (in.len > 0) {
		struct troth_wire_field f;
		const struct kind *found;

		if (!troth_wire_next(&in, &f) || f.number == 0)
			return troth_fail(why, TROTH_ERR_INPUT, "bus: not protobuf");
		found = find_kind(kinds, n, f.number);
		if (found == NULL)
			continue;
		if (*k != NULL || f.type != TROTH_WIRE_BYTES)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "bus: %s: is not one message",
					  found->map->desc->short_name);
		*k = found;
		*inner = f.bytes;
	}
	if (*k == NULL)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "bus: no message that this release knows");
	return TROTH_OK;
}

/* Holds every list to its limit before anything is allocated; adds up the items. */
static enum troth_err count_items(const struct troth_map *m, struct troth_span in,
				  size_t *items, struct troth_why *why)
{
	size_t counts[16] = { 0 };

	assert(m->desc->n_fields <= TROTH_LEN(counts));
	*items = 0;
	while (in.len > 0) {
		const ProtobufCFieldDescriptor *d;
		struct troth_wire_field f;
		size_t i;

		if (!troth_wire_next(&in, &f) || f.number == 0)
			return troth_fail(why, TROTH_ERR_INPUT, "%s: not protobuf",
					  m->desc->short_name);
		d = protobuf_c_message_descriptor_get_field(m->desc, f.number);
		if (d == NULL || d->label != PROTOBUF_C_LABEL_REPEATED)
			continue;
		i = (size_t)(d - m->desc->fields);
		++*items;
		if (++counts[i] > m->fields[i].max)
			return troth_fail(
				why, TROTH_ERR_INPUT, "%s: %s: more than %zu of them",
				m->desc->short_name, d->name, (size_t)m->fields[i].max);
	}
	return TROTH_OK;
}

/* Reads the inner message to `to`; *owner then has the memory behind it. */
static enum troth_err decode(const struct kind *k, struct troth_span in, void *to,
			     void **owner, struct troth_why *why)
{
	const struct troth_map_path path = { NULL, k->map->desc->short_name };
	struct troth_arena a;
	ProtobufCMessage *pb;
	enum troth_err err;
	size_t items;
	void *whole;

	err = count_items(k->map, in, &items, why);
	if (err != TROTH_OK)
		return err;
	troth_arena_init(&a, NULL, 0,
			 in.len + BASE_BYTES + items * ITEM_BYTES + UNKNOWN_BYTES);
	whole = troth_arena_take(&a, in.len + BASE_BYTES + items * ITEM_BYTES);
	if (whole == NULL)
		return no_memory(why);
	a.at = whole; /* One chunk that will do, of which nothing is given out yet. */
	pb = protobuf_c_message_unpack(k->map->desc, &a.allocator, in.len, in.data);
	if (pb == NULL)
		err = troth_fail(why, TROTH_ERR_INPUT, "%s: cannot be read", path.name);
	if (err == TROTH_OK)
		err = troth_map_read(k->map, pb, to, &path, why);
	if (err == TROTH_OK && k->take != NULL)
		err = k->take(pb, to, &a, why);
	if (err == TROTH_OK)
		*owner = troth_arena_release(&a);
	troth_arena_fini(&a);
	return err;
}

void troth_bus_request_encode(const struct troth_bus_request *m, struct troth_buf *out)
{
	encode(find_kind(requests, TROTH_LEN(requests), m->type), &m->u, out);
}

void troth_bus_reply_encode(const struct troth_bus_reply *m, struct troth_buf *out)
{
	encode(find_kind(replies, TROTH_LEN(replies), m->type), &m->u, out);
}

enum troth_err troth_bus_request_decode(struct troth_bus_request *m,
					struct troth_span bytes, struct troth_why *why)
{
	const struct kind *k;
	struct troth_span inner;
	enum troth_err err;

	memset(m, 0, sizeof(*m));
	if (bytes.len > TROTH_BUS_MESSAGE_MAX)
		return troth_fail(why, TROTH_ERR_INPUT, "bus: request is too long");
	err = open_envelope(requests, TROTH_LEN(requests), bytes, &k, &inner, why);
	if (err != TROTH_OK)
		return err;
	m->type = (enum troth_bus_type)k->type;
	return decode(k, inner, &m->u, &m->owner, why);
}

enum troth_err troth_bus_reply_decode(struct troth_bus_reply *m, struct troth_span bytes,
				      struct troth_why *why)
{
	const struct kind *k;
	struct troth_span inner;
	enum troth_err err;

	memset(m, 0, sizeof(*m));
	if (bytes.len > TROTH_BUS_MESSAGE_MAX)
		return troth_fail(why, TROTH_ERR_INPUT, "bus: reply is too long");
	err = open_envelope(replies, TROTH_LEN(replies), bytes, &k, &inner, why);
	if (err != TROTH_OK)
		return err;
	assert(k != NULL);
	m->type = (enum troth_bus_type)k->type;
	return decode(k, inner, &m->u, &m->owner, why);
}

void troth_bus_request_fini(struct troth_bus_request *m)
{
	troth_chunks_free(m->owner);
	m->owner = NULL;
}

void troth_bus_reply_fini(struct troth_bus_reply *m)
{
	troth_chunks_free(m->owner);
	m->owner = NULL;
}

const char *troth_bus_error_name(uint32_t code)
{
	static const char *const names[] = {
		[TROTH_BUS_E_MALFORMED] = "malformed",
		[TROTH_BUS_E_VERSION] = "version",
		[TROTH_BUS_E_NO_HELLO] = "no_hello",
		[TROTH_BUS_E_UNKNOWN_SITE] = "unknown_site",
		[TROTH_BUS_E_TURNED_AWAY] = "turned_away",
		[TROTH_BUS_E_CHAIN] = "chain",
		[TROTH_BUS_E_SEAL] = "seal",
		[TROTH_BUS_E_FULL] = "full",
		[TROTH_BUS_E_WENT_BACK] = "went_back",
		[TROTH_BUS_E_STOPPING] = "stopping",
		[TROTH_BUS_E_INCARNATION] = "incarnation",
	};

	return code < TROTH_LEN(names) && names[code] != NULL ? names[code] : "unknown";
}
