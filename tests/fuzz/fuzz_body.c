/* Body and Personal bytes: whatever is read is read from its one encoding. */
#include "troth/wire/event.h"

#include "fuzz.h"

static void personal(struct troth_span in)
{
	static struct troth_personal p;
	struct troth_buf again = TROTH_BUF_INIT;

	if (troth_personal_decode(&p, in, NULL) == TROTH_OK) {
		troth_personal_encode(&p, &again);
		MUST(troth_span_eq(in, troth_buf_span(&again)));
	}
	troth_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct troth_event e;
	struct troth_span in = troth_span(data, len);
	struct troth_buf again = TROTH_BUF_INIT;
	struct troth_flaw flaw = { NULL, NULL };
	struct troth_why why = { "" };

	if (troth_body_decode(&e, in, &why) == TROTH_OK) {
		troth_body_encode(&e, &again);
		MUST(troth_span_eq(in, troth_buf_span(&again)));
		MUST(troth_event_check(&e, &flaw) ||
		     (flaw.field != NULL && flaw.problem != NULL));
		(void)troth_event_is_fact(&e);
		MUST(troth_event_type_name(e.type) != NULL);
	} else {
		MUST(why.text[0] != '\0');
	}
	troth_buf_fini(&again);
	personal(in);
	return 0;
}
