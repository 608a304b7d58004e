#include "frame.h"

#include <string.h>

/* What the id takes of a message's length. */
#define ID_LEN 4

/* A body larger than this is not kept for the next message. */
#define BODY_KEEP 16384

void frame_in_init(struct frame_in *f, uint16_t peer_protocol, uint32_t payload_max)
{
	*f = (struct frame_in){ .payload_max = payload_max,
				.peer_protocol = peer_protocol };
}

void frame_in_fini(struct frame_in *f)
{
	troth_buf_fini(&f->body);
}

bool frame_is_halfway(const struct frame_in *f)
{
	return f->head_len > 0;
}

void frame_hello(uint8_t out[FRAME_HELLO_LEN], uint16_t own_protocol)
{
	memcpy(out, "\0SP\0\0\0\0", FRAME_HELLO_LEN);
	out[4] = (uint8_t)(own_protocol >> 8);
	out[5] = (uint8_t)own_protocol;
}

void frame_head(uint8_t out[FRAME_HEAD_LEN], uint32_t id, size_t payload_len)
{
	troth_store_u64be(out, payload_len + ID_LEN);
	for (int i = 0; i < ID_LEN; i++)
		out[8 + i] = (uint8_t)((id | FRAME_ID_BIT) >> (24 - 8 * i));
}

static struct troth_span take(struct troth_span *in, size_t len)
{
	struct troth_span taken = troth_span(in->data, len < in->len ? len : in->len);

	in->data += taken.len;
	in->len -= taken.len;
	return taken;
}

/* Fills `head` up to `len` bytes; true when they are there. */
static bool fill_head(struct frame_in *f, struct troth_span *in, size_t len)
{
	struct troth_span piece = take(in, len - f->head_len);

	if (piece.len > 0)
		memcpy(f->head + f->head_len, piece.data, piece.len);
	f->head_len += piece.len;
	return f->head_len == len;
}

static enum frame_got greet(struct frame_in *f, struct troth_span *in)
{
	uint8_t want[FRAME_HELLO_LEN];
	bool whole = fill_head(f, in, FRAME_HELLO_LEN);

	/* Judged as it comes: what is wrong already need not be waited for. */
	frame_hello(want, f->peer_protocol);
	if (memcmp(f->head, want, f->head_len) != 0)
		return FRAME_MALFORMED;
	if (!whole)
		return FRAME_MORE;
	f->greeted = true;
	f->head_len = 0;
	return FRAME_HELLO;
}

/* A head is complete: judges it. FRAME_MORE means that a payload follows. */
static enum frame_got begin(struct frame_in *f)
{
	uint64_t len = troth_load_u64be(f->head);

	/* Without the bit the id would be a hop of a device, and we have none. */
	if (len < ID_LEN || (f->head[8] & 0x80) == 0)
		return FRAME_MALFORMED;
	if (len - ID_LEN > f->payload_max)
		return FRAME_OVERSIZE;
	f->missing = (size_t)len - ID_LEN;
	return FRAME_MORE;
}

/* The message is complete. */
static enum frame_got finish(struct frame_in *f, uint32_t *id)
{
	*id = ((uint32_t)f->head[8] << 24 | (uint32_t)f->head[9] << 16 |
	       (uint32_t)f->head[10] << 8 | f->head[11]) &
	      ~FRAME_ID_BIT;
	f->head_len = 0;
	f->missing = 0;
	return FRAME_MESSAGE;
}

static void forget_body(struct frame_in *f)
{
	f->emit = false;
	if (f->body.cap > BODY_KEEP)
		troth_buf_fini(&f->body);
	f->body.len = 0;
}

enum frame_got frame_next(struct frame_in *f, struct troth_span *in, uint32_t *id,
			  struct troth_span *payload)
{
	struct troth_span piece;

	if (f->emit)
		forget_body(f);
	if (in->len == 0)
		return FRAME_MORE;
	if (!f->greeted)
		return greet(f, in);
	if (f->head_len < FRAME_HEAD_LEN) {
		enum frame_got got;

		if (!fill_head(f, in, FRAME_HEAD_LEN))
			return FRAME_MORE;
		got = begin(f);
		if (got != FRAME_MORE)
			return got;
		if (in->len >= f->missing) {
			*payload = take(in, f->missing);
			return finish(f, id);
		}
	}
	piece = take(in, f->missing);
	troth_buf_put_span(&f->body, piece);
	if (f->body.failed)
		return FRAME_NO_MEMORY;
	f->missing -= piece.len;
	if (f->missing > 0)
		return FRAME_MORE;
	*payload = troth_buf_span(&f->body);
	f->emit = true;
	return finish(f, id);
}
