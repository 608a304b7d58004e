/*
 * SP frames: what comes out does not depend on how the bytes were cut, and never
 * exceeds the limit. The first byte of the input says where it is cut.
 */
#include "net/frame.h"

#include "fuzz.h"

#define PAYLOAD_MAX 300

/* Everything that came out: ids and payloads, and the verdict at the end. */
struct trace {
	struct troth_buf bytes;
	enum frame_got end;
};

static void feed(struct frame_in *f, struct troth_span piece, struct trace *t)
{
	struct troth_span payload;
	uint32_t id;

	while (t->end == FRAME_MORE) {
		enum frame_got got = frame_next(f, &piece, &id, &payload);

		if (got == FRAME_MORE) {
			MUST(piece.len == 0);
			return;
		}
		if (got == FRAME_MESSAGE) {
			MUST(payload.len <= PAYLOAD_MAX);
			MUST((id & FRAME_ID_BIT) == 0);
			troth_buf_put_u32be(&t->bytes, id);
			troth_buf_put_u64be(&t->bytes, payload.len);
			troth_buf_put_span(&t->bytes, payload);
		} else if (got != FRAME_HELLO) {
			t->end = got;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct trace whole = { .end = FRAME_MORE }, cut = { .end = FRAME_MORE };
	struct frame_in a, b;
	size_t step;

	if (len == 0)
		return 0;
	step = 1 + data[0] % 40;
	data++;
	len--;
	frame_in_init(&a, FRAME_REQ, PAYLOAD_MAX);
	frame_in_init(&b, FRAME_REQ, PAYLOAD_MAX);
	feed(&a, troth_span(data, len), &whole);
	for (size_t at = 0; at < len; at += step)
		feed(&b, troth_span(data + at, len - at < step ? len - at : step), &cut);
	MUST(whole.end == cut.end);
	MUST(troth_span_eq(troth_buf_span(&whole.bytes), troth_buf_span(&cut.bytes)));
	MUST(frame_is_halfway(&a) == frame_is_halfway(&b) || whole.end != FRAME_MORE);
	frame_in_fini(&a);
	frame_in_fini(&b);
	troth_buf_fini(&whole.bytes);
	troth_buf_fini(&cut.bytes);
	return 0;
}
