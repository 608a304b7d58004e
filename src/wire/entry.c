#include "troth/wire/event.h"

#include "scan.h"

#include <assert.h>

/* Fields of Entry and of Verdict. */
enum { ENTRY_BODY = 1, ENTRY_VERDICT = 2, ENTRY_ACCEPTED = 3 };
enum { VERDICT_OUTCOME = 1, VERDICT_REASON = 2 };

#define KEY(number, type) ((uint8_t)((number) << 3 | (type)))

/* A later release may know more reasons, but codes stay small. */
#define REASON_MAX 9999

static enum troth_err fail(struct troth_why *why, const char *field, const char *problem)
{
	return troth_fail(why, TROTH_ERR_INPUT, "entry: %s %s", field, problem);
}

void troth_entry_encode(const struct troth_entry *entry, struct troth_buf *out)
{
	uint64_t ms = (uint64_t)entry->accepted.ms;
	uint64_t reason = (uint64_t)entry->verdict.reason;

	assert(entry->body.len > 0);
	assert(entry->verdict.outcome >= TROTH_TAKES_EFFECT);
	assert(reason <= REASON_MAX);
	troth_buf_put_u8(out, KEY(ENTRY_BODY, TROTH_WIRE_BYTES));
	troth_wire_put_varint(out, entry->body.len);
	troth_buf_put_span(out, entry->body);
	troth_buf_put_u8(out, KEY(ENTRY_VERDICT, TROTH_WIRE_BYTES));
	troth_buf_put_u8(out, reason == 0 ? 2 : reason < 0x80 ? 4 : 5);
	troth_buf_put_u8(out, KEY(VERDICT_OUTCOME, TROTH_WIRE_VARINT));
	troth_buf_put_u8(out, (uint8_t)entry->verdict.outcome);
	if (reason > 0) {
		troth_buf_put_u8(out, KEY(VERDICT_REASON, TROTH_WIRE_VARINT));
		troth_wire_put_varint(out, reason);
	}
	if (ms > 0) {
		troth_buf_put_u8(out, KEY(ENTRY_ACCEPTED, TROTH_WIRE_FIXED64));
		for (unsigned i = 0; i < 8; i++)
			troth_buf_put_u8(out, (uint8_t)(ms >> (8 * i)));
	}
}

/*
 * Takes the field `number` off `in`, if it is next there and canonical by itself:
 * what is missing or stands elsewhere makes the next one, or the end, fail.
 */
static bool next_is(struct troth_span *in, uint32_t number, enum troth_wire_type type,
		    struct troth_wire_field *f)
{
	struct troth_span rest = *in;

	if (rest.len == 0 || !troth_wire_next(&rest, f))
		return false;
	if (f->number != number || f->type != type || !f->minimal || f->value == 0)
		return false;
	*in = rest;
	return true;
}

static enum troth_err read_verdict(struct troth_verdict *v, struct troth_span in,
				   struct troth_why *why)
{
	struct troth_wire_field f;

	if (!next_is(&in, VERDICT_OUTCOME, TROTH_WIRE_VARINT, &f) ||
	    f.value > TROTH_REFUSED)
		return fail(why, "verdict.outcome", "is not there in its one encoding");
	v->outcome = (enum troth_outcome)f.value;
	v->reason = TROTH_REASON_NONE;
	if (in.len == 0)
		return TROTH_OK;
	if (!next_is(&in, VERDICT_REASON, TROTH_WIRE_VARINT, &f) || f.value > REASON_MAX)
		return fail(why, "verdict.reason", "is not there in its one encoding");
	v->reason = (enum troth_reason)f.value;
	return in.len == 0 ? TROTH_OK
			   : fail(why, "verdict", "goes on after its last field");
}

enum troth_err troth_entry_decode(struct troth_entry *entry, struct troth_span bytes,
				  struct troth_why *why)
{
	struct troth_wire_field f;
	enum troth_err err;

	if (bytes.len > TROTH_ENTRY_MAX)
		return fail(why, "as a whole", "is too long");
	if (!next_is(&bytes, ENTRY_BODY, TROTH_WIRE_BYTES, &f))
		return fail(why, "body", "is not there in its one encoding");
	if (f.bytes.len > TROTH_BODY_MAX)
		return fail(why, "body", "is too long");
	entry->body = f.bytes;
	if (!next_is(&bytes, ENTRY_VERDICT, TROTH_WIRE_BYTES, &f))
		return fail(why, "verdict", "is not there in its one encoding");
	err = read_verdict(&entry->verdict, f.bytes, why);
	if (err != TROTH_OK)
		return err;
	entry->accepted.ms = 0;
	if (bytes.len == 0)
		return TROTH_OK;
	if (!next_is(&bytes, ENTRY_ACCEPTED, TROTH_WIRE_FIXED64, &f) ||
	    f.value > (uint64_t)TROTH_TIME_MAX_MS)
		return fail(why, "accepted_ms", "is not there in its one encoding");
	entry->accepted.ms = (int64_t)f.value;
	return bytes.len == 0 ? TROTH_OK
			      : fail(why, "as a whole", "goes on after its last field");
}
