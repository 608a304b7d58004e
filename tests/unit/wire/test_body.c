#include "troth/wire/event.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "troth/v1/event.pb-c.h"

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

#define SIZE(topic, member)                                                              \
	[TROTH_TOPIC_##topic] = sizeof(((struct troth_event *)NULL)->u.member)

/* Of the payloads without lists. */
static const size_t sizes[] = {
	SIZE(PARTY, party),
	SIZE(SITE, site),
	SIZE(AVAILABILITY, availability),
	SIZE(AT, at),
	SIZE(CANCEL, cancel),
	SIZE(LINK, link),
	SIZE(CASE, cas),
	SIZE(PROMISE_STEP, promise_step),
	SIZE(COMMITMENT, commitment),
	SIZE(COMMITMENT_STEP, commitment_step),
	SIZE(POOL, pool),
	SIZE(GRANT, grant),
	SIZE(AGENT, agent),
	SIZE(STANDING, standing),
	SIZE(SHARE, share),
	SIZE(ALARM, alarm),
	SIZE(RECOVERY, recovery),
};

/* Compares the members that the type has: what lies behind a count is nobody's. */
static void assert_same(const struct troth_event *a, const struct troth_event *b)
{
	size_t head = offsetof(struct troth_event, u);

	assert_memory_equal(a, b, head);
	if (a->type == TROTH_EVENT_ORDER_PLACED || a->type == TROTH_EVENT_ORDER_CORRECTED)
		assert_memory_equal(&a->u.order, &b->u.order,
				    offsetof(struct troth_order_content, lines) +
					    a->u.order.line_count *
						    sizeof(struct troth_line));
	else if (a->type == TROTH_EVENT_PROMISE_MADE)
		assert_memory_equal(&a->u.promise, &b->u.promise,
				    offsetof(struct troth_event, u.promise.terms) - head +
					    a->u.promise.terms_count *
						    sizeof(struct troth_terms));
	else if (troth_event_topic(a->type) == TROTH_TOPIC_POLICY)
		assert_true(
			a->u.policy.version == b->u.policy.version &&
			strcmp(a->u.policy.reason, b->u.policy.reason) == 0 &&
			troth_span_eq(a->u.policy.policy_text, b->u.policy.policy_text));
	else
		assert_memory_equal(&a->u, &b->u, sizes[troth_event_topic(a->type)]);
}

static struct troth_buf encoded(const struct troth_event *e)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_body_encode(e, &b);
	assert_false(b.failed);
	return b;
}

static void round_trip(const struct troth_event *e)
{
	static struct troth_event back;
	struct troth_buf once = encoded(e), twice;
	struct troth_why why = { "" };

	memset(&back, 0xee, sizeof(back));
	if (troth_body_decode(&back, troth_buf_span(&once), &why) != TROTH_OK)
		fail_msg("%s: %s", troth_event_type_name(e->type), why.text);
	assert_same(e, &back);
	twice = encoded(&back);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

static void every_type_of_event_round_trips(void **state)
{
	static struct troth_event e;

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		fixture_event(&e, fixture_types[i], "acme");
		round_trip(&e);
	}
}

static void every_field_at_its_limit_round_trips(void **state)
{
	static struct troth_event e;

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_buf b;

		fixture_fill(&e, fixture_types[i]);
		round_trip(&e);
		b = encoded(&e);
		assert_true(b.len <= TROTH_BODY_MAX);
		troth_buf_fini(&b);
	}
}

/* --- one past each limit, found by walking the schema --- */

static const struct ProtobufCMessageDescriptor *const body_desc =
	&troth__v1__body__descriptor;

static void refused(const ProtobufCMessage *body, const char *field)
{
	static struct troth_event e;
	static uint8_t bytes[2 * TROTH_BODY_MAX];
	size_t len = protobuf_c_message_get_packed_size(body);
	struct troth_why why = { "" };
	char words[64];

	assert_true(len <= sizeof(bytes));
	protobuf_c_message_pack(body, bytes);
	assert_int_equal(troth_body_decode(&e, troth_span(bytes, len), &why),
			 TROTH_ERR_INPUT);
	snprintf(words, sizeof(words), "%s: ", field);
	assert_says(&why, words);
}

static void one_too_long(ProtobufCMessage *body, const ProtobufCFieldDescriptor *d,
			 char **at)
{
	char longer[TROTH_ORIGIN_MAX + 2];
	char *was = *at;

	assert_true(was[0] != '\0'); /* The fixture fills every text. */
	snprintf(longer, sizeof(longer), "%sn", was);
	*at = longer;
	refused(body, d->name);
	*at = was;
}

static unsigned one_past(ProtobufCMessage *body, ProtobufCMessage *m);

static unsigned one_past_in_field(ProtobufCMessage *body, ProtobufCMessage *m,
				  const ProtobufCFieldDescriptor *d)
{
	uint8_t *at = (uint8_t *)m + d->offset;
	size_t *n = (size_t *)(void *)((uint8_t *)m + d->quantifier_offset);
	ProtobufCMessage *list[TROTH_LINES_MAX + 1], **was;
	static uint8_t bytes[TROTH_POLICY_TEXT_MAX + 1] = { 1 };
	ProtobufCBinaryData *b, saved;
	unsigned checked = 1;

	if (d->label == PROTOBUF_C_LABEL_REPEATED) {
		was = *(ProtobufCMessage ***)(void *)at;
		for (size_t i = 0; i <= *n; i++)
			list[i] = was[i < *n ? i : 0];
		*(ProtobufCMessage ***)(void *)at = list;
		++*n;
		refused(body, d->name);
		--*n;
		*(ProtobufCMessage ***)(void *)at = was;
		return checked + one_past(body, was[0]);
	}
	if (d->type == PROTOBUF_C_TYPE_MESSAGE) {
		m = *(ProtobufCMessage **)(void *)at;
		return m == NULL ? 0 : one_past(body, m);
	}
	if (d->type == PROTOBUF_C_TYPE_STRING) {
		one_too_long(body, d, (char **)(void *)at);
	} else if (d->type == PROTOBUF_C_TYPE_BYTES) {
		b = (ProtobufCBinaryData *)(void *)at;
		saved = *b;
		*b = (ProtobufCBinaryData){ saved.len + 1, bytes };
		refused(body, d->name);
		b->len -= 2;
		if (saved.len <= TROTH_DIGEST_LEN) /* A text may be shorter. */
			refused(body, d->name);
		*b = saved;
	} else if (d->type == PROTOBUF_C_TYPE_FIXED64 ||
		   (d->type == PROTOBUF_C_TYPE_UINT64 && m != body &&
		    strstr(d->name, "version") == NULL)) {
		++*(uint64_t *)(void *)at;
		refused(body, d->name);
		--*(uint64_t *)(void *)at;
	} else {
		checked = 0; /* A number: troth_event_check knows its limits. */
	}
	return checked;
}

/* Sets each field of m in turn to one past its limit; how many there were. */
static unsigned one_past(ProtobufCMessage *body, ProtobufCMessage *m)
{
	unsigned checked = 0;

	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *d = &m->descriptor->fields[i];

		if ((d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
		    *(unsigned *)(void *)((uint8_t *)m + d->quantifier_offset) != d->id)
			continue;
		checked += one_past_in_field(body, m, d);
	}
	return checked;
}

static void one_past_a_limit_is_refused_by_the_fields_name(void **state)
{
	static struct troth_event e;
	unsigned checked = 0;

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_buf b;
		ProtobufCMessage *pb;

		fixture_fill(&e, fixture_types[i]);
		if (e.type ==
		    TROTH_EVENT_POOL_SET) /* Beside a sku: not for wire to say. */
			strcpy(e.u.pool.currency, "JPY");
		b = encoded(&e);
		pb = protobuf_c_message_unpack(body_desc, NULL, b.len, b.data);
		assert_non_null(pb);
		checked += one_past(pb, pb);
		protobuf_c_message_free_unpacked(pb, NULL);
		troth_buf_fini(&b);
	}
	assert_true(checked > fixture_type_count * 11);
}

/* --- other encodings of the same --- */

#define ID                                                                               \
	"\x10"                                                                           \
	"0123456789abcdef"
#define HASH                                                                             \
	"\x20"                                                                           \
	"0123456789abcdef0123456789abcdef"
#define MS          "\x00\x01\x02\x03\x04\x05\x00\x00"
#define BYTES(text) (text), sizeof(text) - 1

struct piece {
	const char *bytes;
	size_t len;
};

/* The fields of a good body; [0] is what comes after them, the payload. */
static const struct piece good[] = {
	{ BYTES("\x82\x02\x09\x09" MS) }, /* order_shipped { at_ms } */
	{ BYTES("\x0a" ID) },             /* event_id */
	{ BYTES("\x12" ID) },             /* salt */
	{ BYTES("\x1a\x03"
		"abc") },       /* origin */
	{ BYTES("\x20\x01") },  /* incarnation */
	{ BYTES("\x28\x01") },  /* origin_seq */
	{ BYTES("\x32" HASH) }, /* origin_prev */
	{ BYTES("\x39" MS) },   /* created_ms */
	{ BYTES("\x40\x05") },  /* seen_size */
	{ BYTES("\x4a" HASH) }, /* seen_root */
	{ BYTES("\x50\x01") },  /* subject_kind */
	{ BYTES("\x5a" ID) },   /* subject */
};

static struct troth_buf body_with(unsigned field, struct piece instead)
{
	struct troth_buf b = TROTH_BUF_INIT;

	for (unsigned i = 1; i <= TROTH_LEN(good); i++) {
		const struct piece *p = i < TROTH_LEN(good) ? &good[i] : &good[0];

		if (i % TROTH_LEN(good) == field)
			p = &instead;
		troth_buf_put(&b, p->bytes, p->len);
	}
	return b;
}

static const struct {
	const char *story;
	unsigned field; /* Of `good`: which one stands there otherwise. */
	struct piece instead;
	const char *words;
} otherwise[] = {
	{ "two fields change places",
	  4,
	  { BYTES("\x28\x01\x20\x01") },
	  "body: incarnation: is out of order" },
	{ "a scalar stands there twice",
	  4,
	  { BYTES("\x20\x01\x20\x01") },
	  "body: incarnation: stands there twice" },
	{ "a scalar stands there twice, apart",
	  5,
	  { BYTES("\x28\x01\x20\x01") },
	  "body: incarnation: is out of order" },
	{ "two payloads",
	  0,
	  { BYTES("\x82\x02\x09\x09" MS "\x8a\x02\x09\x09" MS) },
	  "body: order_delivered: stands beside another" },
	{ "one payload twice",
	  0,
	  { BYTES("\x82\x02\x09\x09" MS "\x82\x02\x09\x09" MS) },
	  "body: order_shipped: stands beside another" },
	{ "no payload", 0, { BYTES("") }, "body: payload: is missing" },
	{ "a number one byte too long",
	  4,
	  { BYTES("\x20\x81\x00") },
	  "body: incarnation: is not encoded as short" },
	{ "a key one byte too long",
	  4,
	  { BYTES("\xa0\x00\x01") },
	  "body: incarnation: is not encoded as short" },
	{ "a length one byte too long",
	  3,
	  { BYTES("\x1a\x83\x00"
		  "abc") },
	  "body: origin: is not encoded as short" },
	{ "a zero that is written",
	  4,
	  { BYTES("\x20\x00") },
	  "body: incarnation: is empty" },
	{ "an empty text that is written",
	  11,
	  { BYTES("\x5a" ID "\x62\x00") },
	  "body: on_behalf: is empty" },
	{ "empty bytes that are written",
	  11,
	  { BYTES("\x5a" ID "\x72\x00") },
	  "body: personal_hash: is empty" },
	{ "a root of zeros that is written",
	  9,
	  { BYTES("\x4a\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	  "body: seen_root: is all zeros" },
	{ "a root without a size", 8, { BYTES("") }, "body: seen_root: stands beside" },
	{ "a size without a root", 9, { BYTES("") }, "body: seen_root: stands beside" },
	{ "an unknown field",
	  11,
	  { BYTES("\x5a" ID "\x78\x01") },
	  "body: field 15: is not known" },
	{ "an unknown field inside",
	  0,
	  { BYTES("\x82\x02\x0b\x09" MS "\x10\x01") },
	  "body: order_shipped.field 2: is not known" },
	{ "an unknown payload",
	  0,
	  { BYTES("\xfa\x07\x02\x08\x01") },
	  "body: field 127: is not known" },
	{ "field number 0",
	  11,
	  { BYTES("\x5a" ID "\x02\x00") },
	  "body: field 0: is not known" },
	{ "field number 0 inside",
	  0,
	  { BYTES("\x82\x02\x0b\x09" MS "\x00\x01") },
	  "body: order_shipped.field 0: is not known" },
	{ "bytes that are not UTF-8",
	  3,
	  { BYTES("\x1a\x03"
		  "a\xffz") },
	  "body: origin: is not clean UTF-8" },
	{ "an overlong character",
	  3,
	  { BYTES("\x1a\x03"
		  "a\xc1\x81") },
	  "body: origin: is not clean UTF-8" },
	{ "a NUL in a text",
	  3,
	  { BYTES("\x1a\x03"
		  "a\0z") },
	  "body: origin: is not clean UTF-8" },
	{ "a NUL at the end of a text",
	  3,
	  { BYTES("\x1a\x03"
		  "az\0") },
	  "body: origin: is not clean UTF-8" },
	{ "a newline in a name",
	  3,
	  { BYTES("\x1a\x03"
		  "a\nz") },
	  "body: origin: is not clean UTF-8" },
	{ "an id of 17 bytes",
	  1,
	  { BYTES("\x0a\x11"
		  "0123456789abcdefg") },
	  "body: event_id: has the wrong length" },
	{ "an id of 15 bytes",
	  11,
	  { BYTES("\x5a\x0f"
		  "0123456789abcde") },
	  "body: subject: has the wrong length" },
	{ "no id at all", 1, { BYTES("") }, "body: event_id: has the wrong length" },
	{ "a number of 33 bits for one of 32",
	  10,
	  { BYTES("\x50\x81\x80\x80\x80\x10") },
	  "body: subject_kind: is too large" },
	{ "a number of 65 bits",
	  4,
	  { BYTES("\x20\x81\x80\x80\x80\x80\x80\x80\x80\x80\x02") },
	  "body: incarnation: is cut off or not protobuf" },
	{ "another wire type",
	  4,
	  { BYTES("\x25\x01\x00\x00\x00") },
	  "body: incarnation: is encoded as another type" },
	{ "another wire type inside",
	  0,
	  { BYTES("\x82\x02\x02\x08\x01") },
	  "body: order_shipped.at_ms: is encoded as another type" },
	{ "a group", 4, { BYTES("\x23\x24") }, "body: incarnation: is cut off" },
	{ "an end in the middle",
	  0,
	  { BYTES("\x82\x02\x09\x09\x01") },
	  "body: order_shipped: is cut off" },
	{ "an end in the middle, inside",
	  0,
	  { BYTES("\x82\x02\x03\x09\x01\x01") },
	  "body: order_shipped.at_ms: is cut off" },
	{ "a yes that is 2",
	  0,
	  { BYTES("\x92\x03\x14\x0a" ID "\x60\x02") },
	  "body: promise_made.spoken: is too large" },
	{ "a missing part",
	  0,
	  { BYTES("\xe2\x03\x12\x0a" ID) },
	  "body: commitment_added.terms: is missing" },
	{ "an instant in the year 10000",
	  7,
	  { BYTES("\x39\x00\xdc\x1f\xd2\x77\xe6\x00\x00") },
	  "body: created_ms: must be an instant" },
};

static void the_pieces_of_these_tests_make_a_good_body(void **state)
{
	static struct troth_event e;
	struct troth_buf b = body_with(1, good[1]);
	struct troth_why why = { "" };

	(void)state;
	if (troth_body_decode(&e, troth_buf_span(&b), &why) != TROTH_OK)
		fail_msg("%s", why.text);
	assert_int_equal(e.type, TROTH_EVENT_ORDER_SHIPPED);
	assert_string_equal(e.origin, "abc");
	troth_buf_fini(&b);
}

static void every_other_encoding_is_refused_by_the_fields_name(void **state)
{
	static struct troth_event e;

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(otherwise); i++) {
		struct troth_buf b = body_with(otherwise[i].field, otherwise[i].instead);
		struct troth_why why = { "" };

		print_message("  %s\n", otherwise[i].story);
		assert_int_equal(troth_body_decode(&e, troth_buf_span(&b), &why),
				 TROTH_ERR_INPUT);
		assert_says(&why, otherwise[i].words);
		troth_buf_fini(&b);
	}
}

static void more_lines_than_memory_are_refused_by_name(void **state)
{
	static struct troth_event e;
	static uint8_t bytes[TROTH_BODY_MAX - 200 + 6];
	size_t inner = TROTH_BODY_MAX - 200;
	struct troth_buf b;
	struct troth_why why = { "" };

	(void)state;
	memcpy(bytes, "\xf2\x01", 2); /* order_placed */
	bytes[2] = (uint8_t)(inner | 0x80);
	bytes[3] = (uint8_t)(inner >> 7 | 0x80);
	bytes[4] = (uint8_t)(inner >> 14);
	assert_true(inner >> 14 > 0 && inner >> 21 == 0);
	for (size_t i = 0; i < inner; i += 2)
		bytes[5 + i] = 0x32; /* lines: an empty one */
	b = body_with(0, (struct piece){ (char *)bytes, 5 + inner });
	assert_int_equal(troth_body_decode(&e, troth_buf_span(&b), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "body: order_placed.lines: holds too many");
	troth_buf_fini(&b);
}

static void a_body_is_not_empty_and_not_beyond_its_limit(void **state)
{
	static struct troth_event e;
	static uint8_t bytes[TROTH_BODY_MAX + 1];
	struct troth_why why = { "" };

	(void)state;
	assert_int_equal(troth_body_decode(&e, TROTH_SPAN_NONE, &why), TROTH_ERR_INPUT);
	assert_says(&why, "body: is empty");
	assert_int_equal(troth_body_decode(&e, troth_span(bytes, sizeof(bytes)), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "65537 bytes, the limit is 65536");
	assert_int_equal(
		troth_body_decode(&e, troth_span(bytes, sizeof(bytes) - 1), &why),
		TROTH_ERR_INPUT);
	assert_says(&why, "field 0");
}

static void the_text_of_a_policy_lies_in_the_bytes(void **state)
{
	static struct troth_event e, other;
	struct troth_buf b, next;

	(void)state;
	fixture_fill(&e, TROTH_EVENT_POLICY_PUBLISHED);
	b = encoded(&e);
	fixture_event(&e, TROTH_EVENT_POLICY_PUBLISHED, "brand");
	next = encoded(&e);
	assert_int_equal(troth_body_decode(&e, troth_buf_span(&b), NULL), TROTH_OK);
	assert_int_equal(troth_body_decode(&other, troth_buf_span(&next), NULL),
			 TROTH_OK);
	assert_int_equal(e.u.policy.policy_text.len, TROTH_POLICY_TEXT_MAX);
	assert_true(e.u.policy.policy_text.data > b.data &&
		    e.u.policy.policy_text.data + TROTH_POLICY_TEXT_MAX ==
			    b.data + b.len);
	assert_true(troth_span_eq(other.u.policy.policy_text,
				  troth_span_str(FIXTURE_POLICY)));
	troth_buf_fini(&b);
	troth_buf_fini(&next);
}

static void every_cut_of_a_body_is_refused(void **state)
{
	static struct troth_event e, back;
	struct troth_buf b;

	(void)state;
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	b = encoded(&e);
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *cut = test_malloc(len + 1); /* So that asan sees the end. */

		memcpy(cut, b.data, len);
		assert_int_equal(troth_body_decode(&back, troth_span(cut, len), NULL),
				 TROTH_ERR_INPUT);
		test_free(cut);
	}
	troth_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_event_round_trips),
		cmocka_unit_test(every_field_at_its_limit_round_trips),
		cmocka_unit_test(one_past_a_limit_is_refused_by_the_fields_name),
		cmocka_unit_test(the_pieces_of_these_tests_make_a_good_body),
		cmocka_unit_test(every_other_encoding_is_refused_by_the_fields_name),
		cmocka_unit_test(more_lines_than_memory_are_refused_by_name),
		cmocka_unit_test(a_body_is_not_empty_and_not_beyond_its_limit),
		cmocka_unit_test(the_text_of_a_policy_lies_in_the_bytes),
		cmocka_unit_test(every_cut_of_a_body_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
