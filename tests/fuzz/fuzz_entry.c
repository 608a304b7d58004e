/* Entry bytes: read without copying, and only from their one encoding. */
#include "troth/wire/event.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct troth_span in = troth_span(data, len);
	struct troth_buf again = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	struct troth_entry e;

	if (troth_entry_decode(&e, in, &why) == TROTH_OK) {
		MUST(e.body.data >= data && e.body.len <= len);
		MUST(e.body.data + e.body.len <= data + len);
		troth_entry_encode(&e, &again);
		MUST(troth_span_eq(in, troth_buf_span(&again)));
	} else {
		MUST(why.text[0] != '\0');
	}
	troth_buf_fini(&again);
	return 0;
}
