/*
 * bus - the messages between a gateway, which asks, and central, which answers
 * (proto/troth/v1/bus.proto, doc/protocol.md).
 *
 * Decoded messages own what they point to until their fini. For encoding, the
 * caller fills the struct with borrowed spans and keeps `owner` NULL.
 */
#ifndef TROTH_WIRE_BUS_H
#define TROTH_WIRE_BUS_H

#include "troth/base/id.h"
#include "troth/base/span.h"
#include "troth/crypto/digest.h"

#define TROTH_BUS_VERSION 1

/* Longest message on the bus; the net layer refuses longer ones unread. */
#define TROTH_BUS_MESSAGE_MAX ((size_t)4 << 20)
/* Most events in one Submit, and most items in one FollowOk. */
#define TROTH_BATCH_MAX          1024
#define TROTH_FOLLOW_WAIT_MAX_MS 25000
#define TROTH_MARKS_MAX          1024
#define TROTH_FIND_MAX           16
#define TROTH_DIVERGED_MAX       1024 /* Subjects in one Receive. */
#define TROTH_SOFTWARE_MAX       64   /* Bytes of text fields, without the NUL. */
#define TROTH_ERROR_TEXT_MAX     255

enum troth_bus_type {
	TROTH_BUS_HELLO = 1,
	TROTH_BUS_SUBMIT = 2,
	TROTH_BUS_FOLLOW = 3,
	TROTH_BUS_FRESH = 4,
	TROTH_BUS_RECEIVE = 5,
	TROTH_BUS_FIND = 6,
	TROTH_BUS_ERROR = 15, /* Replies only. */
};

/* Error codes on the wire: append, never renumber. */
enum troth_bus_error {
	TROTH_BUS_E_MALFORMED = 1,    /* The message cannot be read. */
	TROTH_BUS_E_VERSION = 2,      /* No common version. */
	TROTH_BUS_E_NO_HELLO = 3,     /* Something else was asked first. */
	TROTH_BUS_E_UNKNOWN_SITE = 4, /* The certificate's site is not registered. */
	TROTH_BUS_E_TURNED_AWAY =
		5,                 /* One event is unacceptable; origin_seq says which. */
	TROTH_BUS_E_CHAIN = 6,     /* The batch does not continue the chain. */
	TROTH_BUS_E_SEAL = 7,      /* The seal does not verify with a live key. */
	TROTH_BUS_E_FULL = 8,      /* Central has no room just now: try again later. */
	TROTH_BUS_E_WENT_BACK = 9, /* Central holds less than the gateway has seen. */
	TROTH_BUS_E_STOPPING = 10, /* Central is going down. */
	TROTH_BUS_E_INCARNATION = 11, /* Not the current incarnation of this origin. */
};

/* "malformed", ...; "unknown" for a number that is none. */
const char *troth_bus_error_name(uint32_t code);

struct troth_bus_hello {
	uint32_t version_min, version_max;
	const char *software;
	uint64_t incarnation;
	uint64_t origin_seq;
	uint64_t cursor;
	uint64_t seen_size;
	struct troth_digest seen_root;
};

struct troth_bus_hello_ok {
	uint32_t version;
	uint64_t taken_seq;
	struct troth_digest taken_head;
	uint64_t feed_len;
	uint64_t size;
	struct troth_digest root;
	struct troth_time now;
	uint64_t top_incarnation;
	const char *brand;
	uint64_t marks;
};

struct troth_bus_submit {
	uint64_t incarnation;
	uint64_t first_seq;
	size_t count; /* 0: it only announces a new incarnation. */
	const struct troth_span *bodies;
	const struct troth_span *blobs; /* `count` of them; empty where there is none. */
	uint8_t seal[64];
};

struct troth_bus_submit_ok {
	uint64_t taken_seq;
	uint64_t last_position;
	uint64_t resend_from;
};

struct troth_bus_follow {
	uint64_t after;
	uint32_t max_bytes;
	uint32_t wait_ms;
	uint64_t marks_after;
};

/*
 * `digest` is the beginning of the subject's digest after this entry, or one of
 * two marks. ABSENT: the receiver takes no part in the subject; this is its own
 * event, refused, and is not applied. UNCHECKED: applied; an entry of the past
 * for a new participant, covered by the digest of a later one.
 */
#define TROTH_ITEM_DIGEST_LEN 8
#define TROTH_ITEM_ABSENT     0x00 /* All bytes. */
#define TROTH_ITEM_UNCHECKED  0xff /* All bytes. */

struct troth_bus_item {
	uint64_t position;
	struct troth_span entry;
	struct troth_span blob;
	uint8_t digest[TROTH_ITEM_DIGEST_LEN];
};

struct troth_bus_mark {
	const char *origin;
	uint64_t position;
	struct troth_time at;
};

struct troth_bus_follow_ok {
	uint64_t first;
	size_t item_count;
	const struct troth_bus_item *items;
	uint64_t upto_position;
	uint64_t size;
	struct troth_digest root;
	struct troth_time now;
	size_t mark_count;
	const struct troth_bus_mark *marks;
	uint64_t marks_upto;
};

struct troth_bus_fresh_ok {
	uint64_t feed_len;
	uint64_t position;
	struct troth_time now;
};

struct troth_bus_receive {
	uint64_t cursor;
	uint64_t position;
	size_t diverged_count;
	const struct troth_id *diverged;
};

struct troth_bus_find {
	const char *order_number;
};

struct troth_bus_find_ok {
	size_t count;
	const struct troth_id *orders;
};

struct troth_bus_error_reply {
	uint32_t code;
	const char *text;
	uint64_t origin_seq;
};

struct troth_bus_request {
	enum troth_bus_type type;
	union {
		struct troth_bus_hello hello;
		struct troth_bus_submit submit;
		struct troth_bus_follow follow;
		struct troth_bus_receive receive;
		struct troth_bus_find find;
	} u;
	void *owner;
};

struct troth_bus_reply {
	enum troth_bus_type type;
	union {
		struct troth_bus_hello_ok hello;
		struct troth_bus_submit_ok submit;
		struct troth_bus_follow_ok follow;
		struct troth_bus_fresh_ok fresh;
		struct troth_bus_find_ok find;
		struct troth_bus_error_reply error;
	} u;
	void *owner;
};

/*
 * Append the message's bytes to `out`; without memory, `out` is marked as failed.
 * Counts are within the limits, and what the decoders refuse is not in it.
 */
void troth_bus_request_encode(const struct troth_bus_request *m, struct troth_buf *out);
void troth_bus_reply_encode(const struct troth_bus_reply *m, struct troth_buf *out);

/*
 * Read a message. TROTH_ERR_INPUT with the reason for anything malformed: wrong
 * lengths of ids and digests, more than the limits above, bad UTF-8, a Submit
 * without bodies. Unknown fields are ignored; bodies, entries and blobs are not
 * looked into (troth_body_decode and its like hold them to their limits). On
 * success the caller owes a fini; `bytes` may go.
 */
TROTH_MUST_USE enum troth_err troth_bus_request_decode(struct troth_bus_request *m,
						       struct troth_span bytes,
						       struct troth_why *why);
TROTH_MUST_USE enum troth_err troth_bus_reply_decode(struct troth_bus_reply *m,
						     struct troth_span bytes,
						     struct troth_why *why);

/* Frees what decoding allocated; harmless on a message that was never decoded. */
void troth_bus_request_fini(struct troth_bus_request *m);
void troth_bus_reply_fini(struct troth_bus_reply *m);

#endif
