/*
 * link_out - the messages that wait for one peer, and how they become records.
 */
#ifndef TROTH_NET_LINK_OUT_H
#define TROTH_NET_LINK_OUT_H

#include "troth/base/span.h"

/* What an entry costs beside its payload, so that empty ones count as well. */
#define LINK_OUT_COST 64

struct link_out_item {
	struct troth_buf payload;
	uint32_t id;
};

/* All zeros is empty. */
struct link_out {
	struct link_out_item *ring;
	size_t first, count, cap;
	size_t done;  /* Bytes of the first one, head included, that are taken. */
	size_t bytes; /* Memory that waits: payloads and LINK_OUT_COST each. */
};

/* Appends; the payload moves, success or not. False: no memory. */
TROTH_MUST_USE bool link_out_put(struct link_out *o, uint32_t id,
				 struct troth_buf *payload);

/*
 * Takes up to `max` bytes of framed messages into `record`; 0 when none wait. A
 * message that fits into one record is not spread over two.
 */
size_t link_out_take(struct link_out *o, uint8_t *record, size_t max);

void link_out_fini(struct link_out *o);

#endif
