/*
 * event - the Body, Entry and Personal bytes of proto/troth/v1/event.proto.
 *
 * A body is accepted only in its one canonical encoding: decoding and encoding
 * it again gives the same bytes, nothing unknown stands in it (at any depth),
 * every text is clean UTF-8, every field is within its limit. So two readers
 * can never see different things in the same signed bytes.
 */
#ifndef TROTH_WIRE_EVENT_H
#define TROTH_WIRE_EVENT_H

#include "troth/base/span.h"
#include "troth/core/event.h"
#include "troth/core/subject.h"

#define TROTH_BODY_MAX     ((size_t)64 << 10) /* A policy's; others are shorter. */
#define TROTH_PERSONAL_MAX ((size_t)16 << 10)
#define TROTH_ENTRY_MAX    (TROTH_BODY_MAX + 64)

/* Limits of the personal fields, in bytes. */
#define TROTH_WORDS_MAX         2000
#define TROTH_ORDER_NUMBER_MAX  64
#define TROTH_PERSON_MAX        200
#define TROTH_PHONE_MAX         32
#define TROTH_ADDRESS_MAX       500
#define TROTH_NOTE_MAX          2000
#define TROTH_EVIDENCE_TEXT_MAX 500

/* Appends the canonical Body bytes of *e. */
void troth_body_encode(const struct troth_event *e, struct troth_buf *out);

/*
 * Reads Body bytes. TROTH_ERR_INPUT (why names the field) if they are not
 * canonical or not within the limits; *e is then undefined. Whether the event
 * makes sense is troth_event_check's business, not asked here. A policy's text is
 * borrowed from `body`; nothing else is.
 */
TROTH_MUST_USE enum troth_err troth_body_decode(struct troth_event *e,
						struct troth_span body,
						struct troth_why *why);

struct troth_entry {
	struct troth_span body; /* Borrowed from the entry's bytes. */
	struct troth_verdict verdict;
	struct troth_time accepted;
};

void troth_entry_encode(const struct troth_entry *entry, struct troth_buf *out);

/* Reads an entry without copying: entry->body lies inside `bytes`. */
TROTH_MUST_USE enum troth_err troth_entry_decode(struct troth_entry *entry,
						 struct troth_span bytes,
						 struct troth_why *why);

/* The personal part: every field NUL-terminated, empty where there is none. */
struct troth_personal {
	char words[TROTH_WORDS_MAX + 1];
	char language[TROTH_LANGUAGE_MAX + 1];
	char order_number[TROTH_ORDER_NUMBER_MAX + 1];
	char customer_name[TROTH_PERSON_MAX + 1];
	char customer_phone[TROTH_PHONE_MAX + 1];
	char address[TROTH_ADDRESS_MAX + 1];
	char note[TROTH_NOTE_MAX + 1];
	char evidence[TROTH_EVIDENCE_TEXT_MAX + 1];
	char actor_name[TROTH_PERSON_MAX + 1];
};

void troth_personal_encode(const struct troth_personal *p, struct troth_buf *out);

/* As troth_body_decode: canonical, clean UTF-8 (newlines allowed), within the limits. */
TROTH_MUST_USE enum troth_err troth_personal_decode(struct troth_personal *p,
						    struct troth_span bytes,
						    struct troth_why *why);

#endif
