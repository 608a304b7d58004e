#include "link_out.h"

#include "frame.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct link_out *o)
{
	size_t cap = o->cap == 0 ? 16 : o->cap * 2;
	struct link_out_item *ring = malloc(cap * sizeof(*ring));

	if (ring == NULL)
		return false;
	for (size_t i = 0; i < o->count; i++)
		ring[i] = o->ring[(o->first + i) % o->cap];
	free(o->ring);
	o->ring = ring;
	o->cap = cap;
	o->first = 0;
	return true;
}

bool link_out_put(struct link_out *o, uint32_t id, struct troth_buf *payload)
{
	if (o->count == o->cap && !grow(o)) {
		troth_buf_fini(payload);
		return false;
	}
	o->ring[(o->first + o->count) % o->cap] = (struct link_out_item){
		.payload = *payload, .id = id
	};
	o->count++;
	o->bytes += payload->len + LINK_OUT_COST;
	*payload = TROTH_BUF_INIT;
	return true;
}

static void pop(struct link_out *o)
{
	struct link_out_item *item = &o->ring[o->first];

	o->bytes -= item->payload.len + LINK_OUT_COST;
	troth_buf_fini(&item->payload);
	o->first = (o->first + 1) % o->cap;
	o->count--;
	o->done = 0;
}

size_t link_out_take(struct link_out *o, uint8_t *record, size_t max)
{
	size_t len = 0;

	while (o->count > 0) {
		const struct link_out_item *item = &o->ring[o->first];
		size_t whole = FRAME_HEAD_LEN + item->payload.len;
		size_t piece = whole - o->done;

		/* What would not fit in the rest but fits in a record waits for one. */
		if (len > 0 && piece > max - len &&
		    (whole <= max || max - len < FRAME_HEAD_LEN))
			break;
		if (o->done == 0) {
			frame_head(record + len, item->id, item->payload.len);
			len += FRAME_HEAD_LEN;
			o->done = FRAME_HEAD_LEN;
			piece -= FRAME_HEAD_LEN;
		}
		if (piece > max - len)
			piece = max - len;
		if (piece > 0)
			memcpy(record + len,
			       item->payload.data + o->done - FRAME_HEAD_LEN, piece);
		len += piece;
		o->done += piece;
		if (o->done < whole)
			break;
		pop(o);
	}
	return len;
}

void link_out_fini(struct link_out *o)
{
	while (o->count > 0)
		pop(o);
	free(o->ring);
	*o = (struct link_out){ 0 };
}
