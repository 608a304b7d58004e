#include "troth/wire/event.h"

#include "payload.h"
#include "scan.h"

#include "troth/v1/event.pb-c.h"

#include <assert.h>
#include <string.h>

#define TEXT_FIELD 2 /* Of policy_published. */

#define E(member) offsetof(struct troth_event, member)

static const struct troth_map_path body_path = { NULL, "body" };

/* The bytes of the event's canonical body in the arena; empty if it has no room. */
static ProtobufCMessage *build(const struct troth_event *e, struct troth_arena *a)
{
	const ProtobufCFieldDescriptor *d = protobuf_c_message_descriptor_get_field(
		&troth__v1__body__descriptor, (unsigned)e->type);
	Troth__V1__Body *body;
	ProtobufCMessage *payload;

	assert(d != NULL);
	body = (Troth__V1__Body *)troth_map_write(&troth_body_map, e, a);
	if (body == NULL)
		return NULL;
	payload = troth_map_write(
		troth_body_map.fields[d - troth_body_map.desc->fields].sub, e, a);
	if (payload == NULL)
		return NULL;
	body->payload_case = (Troth__V1__Body__PayloadCase)e->type;
	*(ProtobufCMessage **)((uint8_t *)body + d->offset) = payload;
	return &body->base;
}

void troth_body_encode(const struct troth_event *e, struct troth_buf *out)
{
	struct troth_arena a;
	ProtobufCMessage *body;
	uint8_t *to;

	troth_arena_init_thread(&a);
	body = build(e, &a);
	assert(body != NULL); /* The arena is made for the largest event. */
	to = troth_buf_grow(out, protobuf_c_message_get_packed_size(body));
	if (to != NULL)
		(void)protobuf_c_message_pack(body, to);
}

/* Whether encoding *e gives these bytes. */
static bool encodes_to(const struct troth_event *e, struct troth_span bytes)
{
	struct troth_arena a;
	ProtobufCMessage *body;
	uint8_t *again;

	troth_arena_init_thread(&a);
	body = build(e, &a);
	if (body == NULL || protobuf_c_message_get_packed_size(body) != bytes.len)
		return false;
	again = troth_arena_take(&a, bytes.len);
	if (again == NULL)
		return false;
	(void)protobuf_c_message_pack(body, again);
	return memcmp(again, bytes.data, bytes.len) == 0;
}

/*
 * How much of the payload there is whatever it holds. Lines and terms are set as they
 * are read, up to their count; what lies behind them is large, and nobody looks at it.
 */
static size_t payload_len(const struct troth_event *e, enum troth_event_type type)
{
	switch (troth_event_topic(type)) {
	case TROTH_TOPIC_NONE:
		break;
	case TROTH_TOPIC_PARTY:
		return sizeof(e->u.party);
	case TROTH_TOPIC_SITE:
		return sizeof(e->u.site);
	case TROTH_TOPIC_AVAILABILITY:
		return sizeof(e->u.availability);
	case TROTH_TOPIC_POLICY:
		return sizeof(e->u.policy);
	case TROTH_TOPIC_ORDER:
		return offsetof(struct troth_order_content, lines);
	case TROTH_TOPIC_AT:
		return sizeof(e->u.at);
	case TROTH_TOPIC_CANCEL:
		return sizeof(e->u.cancel);
	case TROTH_TOPIC_LINK:
		return sizeof(e->u.link);
	case TROTH_TOPIC_CASE:
		return sizeof(e->u.cas);
	case TROTH_TOPIC_PROMISE:
		return E(u.promise.terms) - E(u);
	case TROTH_TOPIC_PROMISE_STEP:
		return sizeof(e->u.promise_step);
	case TROTH_TOPIC_COMMITMENT:
		return sizeof(e->u.commitment);
	case TROTH_TOPIC_COMMITMENT_STEP:
		return sizeof(e->u.commitment_step);
	case TROTH_TOPIC_POOL:
		return sizeof(e->u.pool);
	case TROTH_TOPIC_GRANT:
		return sizeof(e->u.grant);
	case TROTH_TOPIC_AGENT:
		return sizeof(e->u.agent);
	case TROTH_TOPIC_STANDING:
		return sizeof(e->u.standing);
	case TROTH_TOPIC_SHARE:
		return sizeof(e->u.share);
	case TROTH_TOPIC_ALARM:
		return sizeof(e->u.alarm);
	case TROTH_TOPIC_RECOVERY:
		return sizeof(e->u.recovery);
	}
	return 0;
}

/* The bytes of the first field `number` in a message that protobuf-c has read. */
static struct troth_span field_of(struct troth_span in, uint32_t number)
{
	struct troth_wire_field f;

	while (in.len > 0 && troth_wire_next(&in, &f))
		if (f.number == number && f.type == TROTH_WIRE_BYTES)
			return f.bytes;
	return TROTH_SPAN_NONE;
}

/* What protobuf-c read, with a payload in it, into *e. */
static enum troth_err take(struct troth_event *e, const Troth__V1__Body *body,
			   struct troth_why *why)
{
	const ProtobufCFieldDescriptor *d;
	struct troth_map_path path = { &body_path, NULL };
	const ProtobufCMessage *payload;
	enum troth_err err;

	memset(e, 0, E(u) + payload_len(e, (enum troth_event_type)body->payload_case));
	err = troth_map_read(&troth_body_map, &body->base, e, &body_path, why);
	if (err != TROTH_OK)
		return err;
	if ((e->seen_size == 0) != (body->seen_root.len == 0))
		return troth_map_fail(why, &body_path, "seen_root",
				      "stands beside seen_size, and only there");
	e->type = (enum troth_event_type)body->payload_case;
	d = protobuf_c_message_descriptor_get_field(troth_body_map.desc,
						    (unsigned)e->type);
	payload = *(const ProtobufCMessage *const *)((const uint8_t *)body + d->offset);
	path.name = d->name;
	return troth_map_read(troth_body_map.fields[d - troth_body_map.desc->fields].sub,
			      payload, e, &path, why);
}

/* Names what is wrong with bytes that are not their own canonical encoding. */
static enum troth_err blame(struct troth_span bytes, struct troth_why *why)
{
	enum troth_err err = troth_map_blame(&troth_body_map, bytes, &body_path, why);

	if (err == TROTH_OK)
		err = troth_fail(why, TROTH_ERR_INPUT, "body: is not canonical");
	return err;
}

enum troth_err troth_body_decode(struct troth_event *e, struct troth_span body,
				 struct troth_why *why)
{
	struct troth_arena a;
	Troth__V1__Body *pb;
	enum troth_err err;

	if (body.len == 0)
		return troth_fail(why, TROTH_ERR_INPUT, "body: is empty");
	if (body.len > TROTH_BODY_MAX)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "body: %zu bytes, the limit is %zu", body.len,
				  TROTH_BODY_MAX);
	troth_arena_init_thread(&a);
	pb = troth__v1__body__unpack(&a.allocator, body.len, body.data);
	if (pb == NULL)
		return blame(body, why);
	if (pb->payload_case == TROTH__V1__BODY__PAYLOAD__NOT_SET)
		return pb->base.n_unknown_fields > 0
			       ? blame(body, why)
			       : troth_map_fail(why, &body_path, "payload", "is missing");
	err = take(e, pb, why);
	if (err != TROTH_OK)
		return err;
	/* Its text lies in the arena, which is about to be used again. */
	if (e->type == TROTH_EVENT_POLICY_PUBLISHED)
		e->u.policy.policy_text = field_of(field_of(body, (uint32_t)e->type),
						   TEXT_FIELD);
	return encodes_to(e, body) ? TROTH_OK : blame(body, why);
}
