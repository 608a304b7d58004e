#include "net/frame.h"

#include "net/link_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three messages behind a hello: empty, short, long. */
#define LONG_LEN 300

static struct troth_buf stream(void)
{
	static const size_t lens[] = { 0, 5, LONG_LEN };
	struct troth_buf b = TROTH_BUF_INIT;

	frame_hello(troth_buf_grow(&b, FRAME_HELLO_LEN), FRAME_REQ);
	for (uint32_t i = 0; i < TROTH_LEN(lens); i++) {
		frame_head(troth_buf_grow(&b, FRAME_HEAD_LEN), 0x01020300 + i, lens[i]);
		for (size_t n = 0; n < lens[i]; n++)
			troth_buf_put_u8(&b, (uint8_t)(n + i));
	}
	return b;
}

struct seen {
	unsigned hellos, messages;
	enum frame_got end;
};

/* Feeds one piece; checks what comes out. */
static void feed(struct frame_in *f, struct troth_span piece, struct seen *seen)
{
	static const size_t lens[] = { 0, 5, LONG_LEN };
	/* A copy of exactly that size, so that reading past it is found. */
	uint8_t *copy = malloc(piece.len + 1);
	struct troth_span in = troth_span(copy, piece.len), payload;
	uint32_t id;

	memcpy(copy, piece.data, piece.len);
	for (;;) {
		enum frame_got got = frame_next(f, &in, &id, &payload);

		if (got == FRAME_HELLO) {
			seen->hellos++;
		} else if (got == FRAME_MESSAGE) {
			assert_true(seen->messages < 3);
			assert_int_equal(id, 0x01020300 + seen->messages);
			assert_int_equal(payload.len, lens[seen->messages]);
			for (size_t n = 0; n < payload.len; n++)
				assert_int_equal(payload.data[n],
						 (uint8_t)(n + seen->messages));
			seen->messages++;
		} else {
			seen->end = got;
			break;
		}
	}
	free(copy);
}

static void messages_come_out_whole_however_the_bytes_are_cut(void **state)
{
	struct troth_buf b = stream();

	(void)state;
	for (size_t a = 0; a <= b.len; a++)
		for (size_t c = a; c <= b.len; c++) {
			struct frame_in f;
			struct seen seen = { 0 };

			frame_in_init(&f, FRAME_REQ, LONG_LEN);
			feed(&f, troth_span(b.data, a), &seen);
			feed(&f, troth_span(b.data + a, c - a), &seen);
			feed(&f, troth_span(b.data + c, b.len - c), &seen);
			assert_int_equal(seen.hellos, 1);
			assert_int_equal(seen.messages, 3);
			assert_int_equal(seen.end, FRAME_MORE);
			assert_false(frame_is_halfway(&f));
			frame_in_fini(&f);
		}
	troth_buf_fini(&b);
}

static void a_message_is_half_way_between_its_first_byte_and_its_last(void **state)
{
	struct troth_buf b = stream();
	size_t first_end = FRAME_HELLO_LEN + FRAME_HEAD_LEN;
	size_t second_end = first_end + FRAME_HEAD_LEN + 5;
	struct seen seen = { 0 };
	struct frame_in f;

	(void)state;
	frame_in_init(&f, FRAME_REQ, LONG_LEN);
	for (size_t i = 0; i < b.len; i++) {
		size_t done = i + 1;

		feed(&f, troth_span(b.data + i, 1), &seen);
		assert_int_equal(frame_is_halfway(&f),
				 done != FRAME_HELLO_LEN && done != first_end &&
					 done != second_end && done != b.len);
	}
	frame_in_fini(&f);
	troth_buf_fini(&b);
}

static void a_length_is_taken_at_the_limit_and_refused_past_it(void **state)
{
	static const struct length {
		uint64_t len;
		enum frame_got got;
	} lengths[] = {
		{ 0, FRAME_MALFORMED },
		{ 3, FRAME_MALFORMED },
		{ 4, FRAME_MESSAGE },
		{ 5, FRAME_MORE },
		{ 104, FRAME_MORE },
		{ 105, FRAME_OVERSIZE },
		{ UINT32_MAX, FRAME_OVERSIZE },
		{ UINT64_MAX, FRAME_OVERSIZE },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(lengths); i++) {
		uint8_t head[FRAME_HEAD_LEN];
		struct troth_span in = troth_span(head, sizeof(head)), payload;
		struct frame_in f;
		uint32_t id;

		frame_in_init(&f, FRAME_REQ, 100);
		f.greeted = true;
		frame_head(head, 7, 0);
		troth_store_u64be(head, lengths[i].len);
		assert_int_equal(frame_next(&f, &in, &id, &payload), lengths[i].got);
		assert_int_equal(f.body.cap, 0); /* Nothing was allocated for it. */
		frame_in_fini(&f);
	}
}

static void only_the_other_sides_hello_is_a_hello(void **state)
{
	uint8_t right[FRAME_HELLO_LEN];

	(void)state;
	frame_hello(right, FRAME_REQ);
	assert_memory_equal(right, "\0SP\0\0\x30\0\0", FRAME_HELLO_LEN);
	for (size_t at = 0; at < FRAME_HELLO_LEN; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			uint8_t wrong[FRAME_HELLO_LEN];
			struct troth_span in = troth_span(wrong, at + 1), payload;
			struct frame_in f;
			uint32_t id;

			memcpy(wrong, right, sizeof(wrong));
			wrong[at] ^= (uint8_t)(1 << bit);
			frame_in_init(&f, FRAME_REQ, 100);
			/* At the first wrong byte, not only when all are there. */
			assert_int_equal(frame_next(&f, &in, &id, &payload),
					 FRAME_MALFORMED);
			frame_in_fini(&f);
		}
}

static struct troth_buf filled(size_t len)
{
	struct troth_buf b = TROTH_BUF_INIT;

	if (len > 0)
		memset(troth_buf_grow(&b, len), 'f', len);
	return b;
}

static void what_goes_out_comes_in_again_record_by_record(void **state)
{
	static const size_t lens[] = { 0, 1, 87, 88, 89, 100, 1000, 3, 0, 50, 38, 30 };
	struct link_out out = { 0 };
	struct frame_in f;
	uint8_t record[100];
	unsigned came = 0;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < TROTH_LEN(lens); i++) {
		struct troth_buf b = filled(lens[i]);

		assert_true(link_out_put(&out, i, &b));
		assert_null(b.data);
	}
	frame_in_init(&f, FRAME_REP, 1000);
	f.greeted = true;
	while ((n = link_out_take(&out, record, sizeof(record))) > 0) {
		struct troth_span in = troth_span(record, n), payload;
		uint32_t id;

		while (frame_next(&f, &in, &id, &payload) == FRAME_MESSAGE) {
			assert_int_equal(id, came);
			assert_int_equal(payload.len, lens[came]);
			/* One that fits in a record came in one: no copy was made. */
			if (payload.len + FRAME_HEAD_LEN <= sizeof(record))
				assert_true(payload.len == 0 ||
					    (payload.data > record &&
					     payload.data < record + n));
			came++;
		}
	}
	assert_int_equal(came, TROTH_LEN(lens));
	assert_int_equal(out.bytes, 0);
	frame_in_fini(&f);
	link_out_fini(&out);
}

static void the_queue_counts_what_it_holds_and_drops_it_all(void **state)
{
	struct link_out out = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= 100; i++) {
		struct troth_buf b = filled(10);

		assert_true(link_out_put(&out, i, &b));
		assert_int_equal(out.bytes, i * (10 + LINK_OUT_COST));
	}
	link_out_fini(&out);
	assert_int_equal(out.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_whole_however_the_bytes_are_cut),
		cmocka_unit_test(
			a_message_is_half_way_between_its_first_byte_and_its_last),
		cmocka_unit_test(a_length_is_taken_at_the_limit_and_refused_past_it),
		cmocka_unit_test(only_the_other_sides_hello_is_a_hello),
		cmocka_unit_test(what_goes_out_comes_in_again_record_by_record),
		cmocka_unit_test(the_queue_counts_what_it_holds_and_drops_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
