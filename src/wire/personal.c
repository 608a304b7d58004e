#include "troth/wire/event.h"

#include "map.h"

#include "troth/v1/event.pb-c.h"

#include <assert.h>
#include <string.h>

#define P(member) offsetof(struct troth_personal, member)

static const struct troth_map_field map_fields[] = {
	TEXT(P(words), TROTH_WORDS_MAX),
	TEXT(P(language), TROTH_LANGUAGE_MAX),
	TEXT(P(order_number), TROTH_ORDER_NUMBER_MAX),
	TEXT(P(customer_name), TROTH_PERSON_MAX),
	TEXT(P(customer_phone), TROTH_PHONE_MAX),
	TEXT(P(address), TROTH_ADDRESS_MAX),
	TEXT(P(note), TROTH_NOTE_MAX),
	TEXT(P(evidence), TROTH_EVIDENCE_TEXT_MAX),
	TEXT(P(actor_name), TROTH_PERSON_MAX),
};
MAP(map, personal);
static const struct troth_map_path path = { NULL, "personal" };

void troth_personal_encode(const struct troth_personal *p, struct troth_buf *out)
{
	struct troth_arena a;
	ProtobufCMessage *pb;
	uint8_t *to;

	troth_arena_init_thread(&a);
	pb = troth_map_write(&map, p, &a);
	assert(pb != NULL); /* One flat message always has room. */
	to = troth_buf_grow(out, protobuf_c_message_get_packed_size(pb));
	if (to != NULL)
		(void)protobuf_c_message_pack(pb, to);
}

enum troth_err troth_personal_decode(struct troth_personal *p, struct troth_span bytes,
				     struct troth_why *why)
{
	struct troth_arena a;
	Troth__V1__Personal *pb;
	enum troth_err err;

	if (bytes.len > TROTH_PERSONAL_MAX)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "personal: %zu bytes, the limit is %zu", bytes.len,
				  TROTH_PERSONAL_MAX);
	/* A flat message of strings: what blame lets through is canonical. */
	err = troth_map_blame(&map, bytes, &path, why);
	if (err != TROTH_OK)
		return err;
	troth_arena_init_thread(&a);
	pb = troth__v1__personal__unpack(&a.allocator, bytes.len, bytes.data);
	if (pb == NULL)
		return troth_fail(why, TROTH_ERR_INPUT, "personal: cannot be read");
	memset(p, 0, sizeof(*p));
	return troth_map_read(&map, &pb->base, p, &path, why);
}
