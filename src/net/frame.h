/*
 * frame - the Scalability Protocols' REQ/REP framing, as bytes.
 *
 * Each side begins with eight bytes: 0 'S' 'P' 0, its protocol, 0 0. Then come
 * messages: their length in 64 bits, a request id of 32 bits whose high bit is
 * set, the payload. Pure: bytes in any pieces go in, messages come out.
 */
#ifndef TROTH_NET_FRAME_H
#define TROTH_NET_FRAME_H

#include "troth/base/span.h"

#define FRAME_HELLO_LEN 8
#define FRAME_HEAD_LEN  12 /* Length and request id. */
#define FRAME_REQ       0x0030
#define FRAME_REP       0x0031
#define FRAME_ID_BIT    UINT32_C(0x80000000)

enum frame_got {
	FRAME_MORE,      /* All was taken; nothing is complete. */
	FRAME_HELLO,     /* The other side's first eight bytes are right. */
	FRAME_MESSAGE,   /* *id and *payload are set. */
	FRAME_OVERSIZE,  /* Announced beyond the limit; nothing was allocated. */
	FRAME_MALFORMED, /* Not the protocol. */
	FRAME_NO_MEMORY,
};

struct frame_in {
	uint32_t payload_max;
	uint16_t peer_protocol;
	bool greeted;
	uint8_t head[FRAME_HEAD_LEN];
	size_t head_len;
	struct troth_buf body; /* Of a message that came in pieces. */
	size_t missing;        /* Bytes of it still to come. */
	bool emit;             /* body was handed out; forget it at the next call. */
};

void frame_in_init(struct frame_in *f, uint16_t peer_protocol, uint32_t payload_max);
void frame_in_fini(struct frame_in *f);

/*
 * Takes bytes from *in, which shrinks, up to the next thing of note. Call it
 * until it says FRAME_MORE. A payload borrows from *in or from `f` and ends with
 * the next call. After OVERSIZE, MALFORMED or NO_MEMORY `f` is of no more use.
 */
enum frame_got frame_next(struct frame_in *f, struct troth_span *in, uint32_t *id,
			  struct troth_span *payload);

/* True between the first byte of a message (or of the hello) and its last. */
bool frame_is_halfway(const struct frame_in *f);

void frame_hello(uint8_t out[FRAME_HELLO_LEN], uint16_t own_protocol);
void frame_head(uint8_t out[FRAME_HEAD_LEN], uint32_t id, size_t payload_len);

#endif
