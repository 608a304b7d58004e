/* Stored subjects: a record either is one, and is written back as it was, or is not. */
#include "troth/core/subject.h"

#include "fuzz.h"

#define DECLARATIONS 8

/* Nobody is in it, and there is no policy. */
static bool no_party(void *ctx, const char *name, struct troth_party *out)
{
	(void)ctx;
	(void)name;
	(void)out;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct troth_lookup lookup = { .party = no_party, .brand = "b" };
	static struct troth_subject s;
	struct troth_declaration out[DECLARATIONS];
	struct troth_buf again = TROTH_BUF_INIT;
	struct troth_time due;

	if (!troth_subject_decode(&s, troth_span(data, len)))
		return 0;
	troth_buf_put_span(&again, troth_digest_span(&s.digest));
	troth_subject_encode(&s, &again);
	MUST(troth_span_eq(troth_span(data, len), troth_buf_span(&again)));
	due = troth_subject_due(&s, &lookup);
	MUST(troth_subject_tick(&s, &lookup, due, out, DECLARATIONS) <= DECLARATIONS);
	troth_buf_fini(&again);
	return 0;
}
