#include "troth/wire/bus.h"

#include "troth/wire/event.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "troth/v1/bus.pb-c.h"

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

/* Encodes, decodes to *back (which the caller ends), and encodes again. */
static void request_round_trip(const struct troth_bus_request *m,
			       struct troth_bus_request *back)
{
	struct troth_buf once = TROTH_BUF_INIT, twice = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	enum troth_err err;

	troth_bus_request_encode(m, &once);
	assert_false(once.failed);
	err = troth_bus_request_decode(back, troth_buf_span(&once), &why);
	if (err != TROTH_OK)
		fail_msg("%s", why.text);
	memset(once.data, 0xee, once.len); /* What was decoded owns its bytes. */
	troth_bus_request_encode(back, &twice);
	troth_buf_reset(&once);
	troth_bus_request_encode(m, &once);
	assert_true(troth_span_eq(troth_buf_span(&once), troth_buf_span(&twice)));
	assert_int_equal(back->type, m->type);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

static void reply_round_trip(const struct troth_bus_reply *m,
			     struct troth_bus_reply *back)
{
	struct troth_buf once = TROTH_BUF_INIT, twice = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	enum troth_err err;

	troth_bus_reply_encode(m, &once);
	assert_false(once.failed);
	err = troth_bus_reply_decode(back, troth_buf_span(&once), &why);
	if (err != TROTH_OK)
		fail_msg("%s", why.text);
	memset(once.data, 0xee, once.len);
	troth_bus_reply_encode(back, &twice);
	troth_buf_reset(&once);
	troth_bus_reply_encode(m, &once);
	assert_true(troth_span_eq(troth_buf_span(&once), troth_buf_span(&twice)));
	assert_int_equal(back->type, m->type);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

static struct troth_digest digest(uint8_t with)
{
	struct troth_digest d;

	memset(d.b, with, sizeof(d.b));
	return d;
}

static void a_hello_round_trips(void **state)
{
	struct troth_bus_request back,
		m = { .type = TROTH_BUS_HELLO,
		      .u.hello = { 1, 2, "troth 0.1.0", 3, 4, 5, 6, digest(7) } };

	(void)state;
	request_round_trip(&m, &back);
	assert_int_equal(back.u.hello.version_min, 1);
	assert_int_equal(back.u.hello.version_max, 2);
	assert_string_equal(back.u.hello.software, "troth 0.1.0");
	assert_int_equal(back.u.hello.incarnation, 3);
	assert_int_equal(back.u.hello.origin_seq, 4);
	assert_int_equal(back.u.hello.cursor, 5);
	assert_int_equal(back.u.hello.seen_size, 6);
	assert_memory_equal(back.u.hello.seen_root.b, digest(7).b, 32);
	troth_bus_request_fini(&back);
}

static void a_submit_round_trips_with_blobs_where_they_were(void **state)
{
	struct troth_span bodies[3] = { troth_span("one", 3), troth_span("two", 3),
					troth_span("three", 5) };
	struct troth_span blobs[3] = { TROTH_SPAN_NONE, troth_span("blob", 4),
				       TROTH_SPAN_NONE };
	struct troth_bus_request back,
		m = { .type = TROTH_BUS_SUBMIT,
		      .u.submit = { 1, 42, 3, bodies, blobs, { 9, 8, 7 } } };

	(void)state;
	request_round_trip(&m, &back);
	assert_int_equal(back.u.submit.incarnation, 1);
	assert_int_equal(back.u.submit.first_seq, 42);
	assert_int_equal(back.u.submit.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(troth_span_eq(back.u.submit.bodies[i], bodies[i]));
		assert_true(troth_span_eq(back.u.submit.blobs[i], blobs[i]));
	}
	assert_memory_equal(back.u.submit.seal, m.u.submit.seal, 64);
	troth_bus_request_fini(&back);
}

static void the_other_requests_round_trip(void **state)
{
	const struct troth_id ids[2] = { fixture_id(1), fixture_id(2) };
	struct troth_bus_request back,
		follow = { .type = TROTH_BUS_FOLLOW,
			   .u.follow = { 1, 2, TROTH_FOLLOW_WAIT_MAX_MS, 4 } },
		fresh = { .type = TROTH_BUS_FRESH },
		receive = { .type = TROTH_BUS_RECEIVE, .u.receive = { 5, 6, 2, ids } },
		find = { .type = TROTH_BUS_FIND, .u.find = { "A-4711" } };

	(void)state;
	request_round_trip(&follow, &back);
	assert_int_equal(back.u.follow.wait_ms, TROTH_FOLLOW_WAIT_MAX_MS);
	assert_int_equal(back.u.follow.marks_after, 4);
	troth_bus_request_fini(&back);
	request_round_trip(&fresh, &back);
	troth_bus_request_fini(&back);
	request_round_trip(&receive, &back);
	assert_int_equal(back.u.receive.diverged_count, 2);
	assert_true(troth_id_eq(&back.u.receive.diverged[1], &ids[1]));
	troth_bus_request_fini(&back);
	request_round_trip(&find, &back);
	assert_string_equal(back.u.find.order_number, "A-4711");
	troth_bus_request_fini(&back);
}

static void a_follow_reply_round_trips(void **state)
{
	const struct troth_bus_item items[2] = {
		{ 7, troth_span("entry", 5), troth_span("blob", 4), { 1, 2, 3 } },
		{ 9, troth_span("entry 2", 7), TROTH_SPAN_NONE, { 0 } },
	};
	const struct troth_bus_mark marks[1] = { { FIXTURE_CENTRAL, 3, { 12345 } } };
	struct troth_bus_reply back, m = {
		.type = TROTH_BUS_FOLLOW,
		.u.follow = { 3, 2, items, 9, 10, digest(5), { 77 }, 1, marks, 4 }
	};

	(void)state;
	reply_round_trip(&m, &back);
	assert_int_equal(back.u.follow.first, 3);
	assert_int_equal(back.u.follow.item_count, 2);
	assert_int_equal(back.u.follow.items[0].position, 7);
	assert_true(troth_span_eq(back.u.follow.items[0].blob, items[0].blob));
	assert_memory_equal(back.u.follow.items[0].digest, items[0].digest, 8);
	assert_true(troth_span_eq(back.u.follow.items[1].entry, items[1].entry));
	assert_int_equal(back.u.follow.items[1].blob.len, 0);
	assert_int_equal(back.u.follow.upto_position, 9);
	assert_int_equal(back.u.follow.size, 10);
	assert_int_equal(back.u.follow.now.ms, 77);
	assert_int_equal(back.u.follow.mark_count, 1);
	assert_string_equal(back.u.follow.marks[0].origin, FIXTURE_CENTRAL);
	assert_int_equal(back.u.follow.marks[0].at.ms, 12345);
	assert_int_equal(back.u.follow.marks_upto, 4);
	troth_bus_reply_fini(&back);
}

static void the_other_replies_round_trip(void **state)
{
	const struct troth_id ids[2] = { fixture_id(1), fixture_id(2) };
	struct troth_bus_reply back,
		hello = { .type = TROTH_BUS_HELLO,
			  .u.hello = { 1,
				       2,
				       digest(3),
				       4,
				       5,
				       digest(6),
				       { 7 },
				       8,
				       "brand",
				       9 } },
		submit = { .type = TROTH_BUS_SUBMIT, .u.submit = { 1, 2, 3 } },
		fresh = { .type = TROTH_BUS_FRESH, .u.fresh = { 1, 2, { 3 } } },
		receive = { .type = TROTH_BUS_RECEIVE },
		find = { .type = TROTH_BUS_FIND, .u.find = { 2, ids } },
		error = { .type = TROTH_BUS_ERROR,
			  .u.error = { TROTH_BUS_E_TURNED_AWAY, "sku: is missing", 8 } };

	(void)state;
	reply_round_trip(&hello, &back);
	assert_int_equal(back.u.hello.top_incarnation, 8);
	assert_string_equal(back.u.hello.brand, "brand");
	assert_int_equal(back.u.hello.marks, 9);
	assert_memory_equal(back.u.hello.taken_head.b, digest(3).b, 32);
	troth_bus_reply_fini(&back);
	reply_round_trip(&submit, &back);
	assert_int_equal(back.u.submit.resend_from, 3);
	troth_bus_reply_fini(&back);
	reply_round_trip(&fresh, &back);
	assert_int_equal(back.u.fresh.now.ms, 3);
	troth_bus_reply_fini(&back);
	reply_round_trip(&receive, &back);
	troth_bus_reply_fini(&back);
	reply_round_trip(&find, &back);
	assert_int_equal(back.u.find.count, 2);
	assert_true(troth_id_eq(&back.u.find.orders[1], &ids[1]));
	troth_bus_reply_fini(&back);
	reply_round_trip(&error, &back);
	assert_int_equal(back.u.error.code, TROTH_BUS_E_TURNED_AWAY);
	assert_string_equal(back.u.error.text, "sku: is missing");
	assert_int_equal(back.u.error.origin_seq, 8);
	troth_bus_reply_fini(&back);
}

static void what_we_encode_is_what_the_schema_says(void **state)
{
	struct troth_span body = troth_span("body", 4), blob = troth_span("blob", 4);
	struct troth_bus_request m = { .type = TROTH_BUS_SUBMIT,
				       .u.submit = { 1, 42, 1, &body, &blob, { 9 } } };
	struct troth_buf b = TROTH_BUF_INIT;
	Troth__V1__Request *pb;

	(void)state;
	troth_bus_request_encode(&m, &b);
	pb = troth__v1__request__unpack(NULL, b.len, b.data);
	assert_non_null(pb);
	assert_int_equal(pb->message_case, TROTH__V1__REQUEST__MESSAGE_SUBMIT);
	assert_int_equal(pb->submit->first_seq, 42);
	assert_int_equal(pb->submit->n_blobs, 1);
	assert_int_equal(pb->submit->blobs[0]->index, 0);
	assert_memory_equal(pb->submit->bodies[0].data, "body", 4);
	troth__v1__request__free_unpacked(pb, NULL);
	troth_buf_fini(&b);
}

/* Packs a message made with the generated types, wraps it, and expects a refusal. */
static void refused(const void *inner, unsigned number, bool reply, const char *words)
{
	const ProtobufCMessage *pb = inner;
	struct troth_buf b = TROTH_BUF_INIT;
	size_t len = protobuf_c_message_get_packed_size(pb);
	struct troth_why why = { "" };
	enum troth_err err;

	troth_buf_put_u8(&b, (uint8_t)(number << 3 | 2));
	for (size_t rest = len;; rest >>= 7) {
		troth_buf_put_u8(&b, (uint8_t)(rest < 0x80 ? rest : rest | 0x80));
		if (rest < 0x80)
			break;
	}
	protobuf_c_message_pack(pb, troth_buf_grow(&b, len));
	if (reply) {
		struct troth_bus_reply m;

		err = troth_bus_reply_decode(&m, troth_buf_span(&b), &why);
		troth_bus_reply_fini(&m);
	} else {
		struct troth_bus_request m;

		err = troth_bus_request_decode(&m, troth_buf_span(&b), &why);
		troth_bus_request_fini(&m);
	}
	if (words == NULL) {
		if (err != TROTH_OK)
			fail_msg("%s", why.text);
	} else {
		assert_int_equal(err, TROTH_ERR_INPUT);
		assert_says(&why, words);
	}
	troth_buf_fini(&b);
}

static void a_batch_holds_its_limit_and_not_one_more(void **state)
{
	static uint8_t seal[65];
	static ProtobufCBinaryData bodies[TROTH_BATCH_MAX + 1];
	static Troth__V1__Blob blob[TROTH_BATCH_MAX + 1];
	static Troth__V1__Blob *blobs[TROTH_BATCH_MAX + 1];
	Troth__V1__Submit pb = TROTH__V1__SUBMIT__INIT;

	(void)state;
	for (unsigned i = 0; i <= TROTH_BATCH_MAX; i++) {
		bodies[i] = (ProtobufCBinaryData){ 1, (uint8_t *)"b" };
		troth__v1__blob__init(&blob[i]);
		blob[i].index = i;
		blob[i].data = bodies[i];
		blobs[i] = &blob[i];
	}
	pb.bodies = bodies;
	pb.blobs = blobs;
	pb.seal = (ProtobufCBinaryData){ 64, seal };
	refused(&pb, TROTH_BUS_SUBMIT, false, NULL); /* It announces an incarnation. */
	pb.n_bodies = TROTH_BATCH_MAX + 1;
	refused(&pb, TROTH_BUS_SUBMIT, false, "bodies");
	pb.n_bodies = pb.n_blobs = TROTH_BATCH_MAX;
	refused(&pb, TROTH_BUS_SUBMIT, false, NULL);
	pb.n_blobs = TROTH_BATCH_MAX + 1;
	refused(&pb, TROTH_BUS_SUBMIT, false, "blobs");
	pb.n_blobs = 2;
	blob[1].index = 0;
	refused(&pb, TROTH_BUS_SUBMIT, false, "twice for body 0");
	blob[1].index = TROTH_BATCH_MAX;
	refused(&pb, TROTH_BUS_SUBMIT, false, "blobs.index");
	blob[1].index = TROTH_BATCH_MAX - 1;
	refused(&pb, TROTH_BUS_SUBMIT, false, NULL);
	pb.seal.len = 63;
	refused(&pb, TROTH_BUS_SUBMIT, false, "seal");
	pb.seal.len = 65;
	refused(&pb, TROTH_BUS_SUBMIT, false, "seal");
}

static void a_follow_reply_holds_its_limits_and_not_one_more(void **state)
{
	static Troth__V1__Item item[TROTH_BATCH_MAX + 1], *items[TROTH_BATCH_MAX + 1];
	static Troth__V1__Mark mark[TROTH_MARKS_MAX + 1], *marks[TROTH_MARKS_MAX + 1];
	static uint8_t nine[9];
	char origin[TROTH_ORIGIN_MAX + 2];
	Troth__V1__FollowOk pb = TROTH__V1__FOLLOW_OK__INIT;

	(void)state;
	memset(origin, 'o', sizeof(origin));
	origin[TROTH_ORIGIN_MAX] = origin[TROTH_ORIGIN_MAX + 1] = '\0';
	for (unsigned i = 0; i <= TROTH_BATCH_MAX; i++) {
		troth__v1__item__init(&item[i]);
		item[i].position = UINT64_MAX;
		item[i].entry = (ProtobufCBinaryData){ 1, nine };
		item[i].blob = (ProtobufCBinaryData){ 1, nine };
		item[i].digest = (ProtobufCBinaryData){ 8, nine };
		items[i] = &item[i];
	}
	for (unsigned i = 0; i <= TROTH_MARKS_MAX; i++) {
		troth__v1__mark__init(&mark[i]);
		mark[i].origin = origin;
		mark[i].position = i;
		mark[i].at_ms = (uint64_t)TROTH_TIME_MAX_MS;
		marks[i] = &mark[i];
	}
	pb.items = items;
	pb.marks = marks;
	pb.n_items = TROTH_BATCH_MAX;
	pb.n_marks = TROTH_MARKS_MAX;
	refused(&pb, TROTH_BUS_FOLLOW, true, NULL);
	pb.n_items = TROTH_BATCH_MAX + 1;
	refused(&pb, TROTH_BUS_FOLLOW, true, "items");
	pb.n_items = 1;
	pb.n_marks = TROTH_MARKS_MAX + 1;
	refused(&pb, TROTH_BUS_FOLLOW, true, "marks");
	pb.n_marks = 1;
	origin[TROTH_ORIGIN_MAX] = 'o';
	refused(&pb, TROTH_BUS_FOLLOW, true, "marks.origin");
	origin[TROTH_ORIGIN_MAX] = '\0';
	mark[0].at_ms++;
	refused(&pb, TROTH_BUS_FOLLOW, true, "marks.at_ms");
	mark[0].at_ms--;
	item[0].digest.len = 9;
	refused(&pb, TROTH_BUS_FOLLOW, true, "items.digest");
	item[0].digest.len = 8;
	item[0].entry.len = 0;
	refused(&pb, TROTH_BUS_FOLLOW, true, "items.entry");
	item[0].entry.len = 1;
	pb.root = (ProtobufCBinaryData){ 9, nine };
	refused(&pb, TROTH_BUS_FOLLOW, true, "root");
}

static void small_fields_hold_their_limits_and_not_one_more(void **state)
{
	static uint8_t ids[TROTH_ID_LEN + 1];
	static ProtobufCBinaryData list[TROTH_DIVERGED_MAX + 1];
	char text[TROTH_ERROR_TEXT_MAX + 2];
	Troth__V1__Follow follow = TROTH__V1__FOLLOW__INIT;
	Troth__V1__Hello hello = TROTH__V1__HELLO__INIT;
	Troth__V1__Find find = TROTH__V1__FIND__INIT;
	Troth__V1__FindOk found = TROTH__V1__FIND_OK__INIT;
	Troth__V1__Receive receive = TROTH__V1__RECEIVE__INIT;
	Troth__V1__Error error = TROTH__V1__ERROR__INIT;

	(void)state;
	memset(text, 't', sizeof(text));
	follow.wait_ms = TROTH_FOLLOW_WAIT_MAX_MS + 1;
	refused(&follow, TROTH_BUS_FOLLOW, false, "wait_ms");
	hello.software = error.text = find.order_number = text;
	text[TROTH_ERROR_TEXT_MAX + 1] = '\0';
	refused(&error, TROTH_BUS_ERROR, true, "text");
	text[TROTH_ERROR_TEXT_MAX] = '\0';
	refused(&error, TROTH_BUS_ERROR, true, NULL);
	text[TROTH_SOFTWARE_MAX + 1] = '\0';
	refused(&hello, TROTH_BUS_HELLO, false, "software");
	text[TROTH_SOFTWARE_MAX] = '\0';
	refused(&hello, TROTH_BUS_HELLO, false, NULL);
	text[0] = (char)0xff;
	refused(&hello, TROTH_BUS_HELLO, false, "software");
	text[0] = '\n';
	refused(&hello, TROTH_BUS_HELLO, false, "software");
	text[0] = 't';
	text[TROTH_ORDER_NUMBER_MAX] = 't';
	text[TROTH_ORDER_NUMBER_MAX + 1] = '\0';
	refused(&find, TROTH_BUS_FIND, false, "order_number");
	text[TROTH_ORDER_NUMBER_MAX] = '\0';
	refused(&find, TROTH_BUS_FIND, false, NULL);
	hello.seen_root = (ProtobufCBinaryData){ 17, ids };
	refused(&hello, TROTH_BUS_HELLO, false, "seen_root");

	for (unsigned i = 0; i <= TROTH_DIVERGED_MAX; i++)
		list[i] = (ProtobufCBinaryData){ TROTH_ID_LEN, ids };
	receive.diverged = found.orders = list;
	receive.n_diverged = TROTH_DIVERGED_MAX;
	refused(&receive, TROTH_BUS_RECEIVE, false, NULL);
	receive.n_diverged++;
	refused(&receive, TROTH_BUS_RECEIVE, false, "diverged");
	found.n_orders = TROTH_FIND_MAX;
	refused(&found, TROTH_BUS_FIND, true, NULL);
	found.n_orders++;
	refused(&found, TROTH_BUS_FIND, true, "orders");
	receive.n_diverged = found.n_orders = 1;
	list[0].len = TROTH_ID_LEN + 1;
	refused(&receive, TROTH_BUS_RECEIVE, false, "diverged");
	refused(&found, TROTH_BUS_FIND, true, "orders");
}

static enum troth_err decode_request(const char *bytes, size_t len, struct troth_why *why)
{
	struct troth_bus_request m;
	enum troth_err err = troth_bus_request_decode(&m, troth_span(bytes, len), why);

	troth_bus_request_fini(&m);
	return err;
}

static void the_envelope_holds_exactly_one_known_message(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words; /* NULL: it is read. */
	} cases[] = {
		{ "\x22\x00", 2, NULL },                        /* fresh */
		{ "\x22\x00\x98\x06\x01", 5, NULL },            /* and field 99 */
		{ "\x22\x02\x78\x01", 4, NULL },                /* field 15 inside it */
		{ "", 0, "no message" },                        /**/
		{ "\x98\x06\x01", 3, "no message" },            /**/
		{ "\x22\x00\x22\x00", 4, "Fresh: is not one" }, /* twice */
		{ "\x22\x00\x32\x00", 4, "Find: is not one" },  /* and another */
		{ "\x20\x00", 2, "Fresh: is not one" },         /* a number */
		{ "\x22\x05", 2, "not protobuf" },              /* cut off */
		{ "\x02\x00", 2, "not protobuf" },              /* field number 0 */
		{ "\x22\x02\x02\x00", 4, "not protobuf" },      /* inside */
		{ "\x23\x24", 2, "not protobuf" },              /* a group */
		{ "\x7a\x00", 2, "no message" },                /* an error is a reply */
	};
	struct troth_why why;

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		enum troth_err err = decode_request(cases[i].bytes, cases[i].len, &why);

		if (cases[i].words == NULL) {
			assert_int_equal(err, TROTH_OK);
			continue;
		}
		assert_int_equal(err, TROTH_ERR_INPUT);
		assert_says(&why, cases[i].words);
	}
}

static void a_message_of_nothing_but_unknown_fields_costs_little(void **state)
{
	size_t len = TROTH_BUS_MESSAGE_MAX;
	uint8_t *bytes = malloc(len + 1);
	size_t inner = len - 5;
	struct troth_why why = { "" };

	(void)state;
	assert_non_null(bytes);
	bytes[0] = 0x22; /* Fresh, filled with "field 15 is 1". */
	for (unsigned i = 0; i < 4; i++)
		bytes[1 + i] = (uint8_t)(inner >> (7 * i) | (i < 3 ? 0x80 : 0));
	for (size_t i = 5; i + 1 < len; i += 2) {
		bytes[i] = 0x78;
		bytes[i + 1] = 1;
	}
	bytes[1] = (uint8_t)((bytes[1] & ~1u) | (inner & ~(size_t)1 & 0x7f));
	assert_int_equal(decode_request((char *)bytes, 5 + (inner & ~(size_t)1), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "Fresh: cannot be read");
	assert_int_equal(decode_request((char *)bytes, len + 1, &why), TROTH_ERR_INPUT);
	assert_says(&why, "too long");
	free(bytes);
}

static void every_code_has_a_name_and_a_strange_one_is_unknown(void **state)
{
	(void)state;
	for (uint32_t code = 1; code <= TROTH_BUS_E_INCARNATION; code++)
		assert_string_not_equal(troth_bus_error_name(code), "unknown");
	assert_string_equal(troth_bus_error_name(TROTH_BUS_E_FULL), "full");
	assert_string_equal(troth_bus_error_name(0), "unknown");
	assert_string_equal(troth_bus_error_name(TROTH_BUS_E_INCARNATION + 1), "unknown");
	assert_string_equal(troth_bus_error_name(UINT32_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_round_trips),
		cmocka_unit_test(a_submit_round_trips_with_blobs_where_they_were),
		cmocka_unit_test(the_other_requests_round_trip),
		cmocka_unit_test(a_follow_reply_round_trips),
		cmocka_unit_test(the_other_replies_round_trip),
		cmocka_unit_test(what_we_encode_is_what_the_schema_says),
		cmocka_unit_test(a_batch_holds_its_limit_and_not_one_more),
		cmocka_unit_test(a_follow_reply_holds_its_limits_and_not_one_more),
		cmocka_unit_test(small_fields_hold_their_limits_and_not_one_more),
		cmocka_unit_test(the_envelope_holds_exactly_one_known_message),
		cmocka_unit_test(every_code_has_a_name_and_a_strange_one_is_unknown),
		cmocka_unit_test(a_message_of_nothing_but_unknown_fields_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
