/* Bus messages: what was read says the same when it is written and read again. */
#include "troth/wire/bus.h"

#include "fuzz.h"

static void request(struct troth_span in)
{
	struct troth_buf once = TROTH_BUF_INIT, twice = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	struct troth_bus_request m, again;

	if (troth_bus_request_decode(&m, in, &why) == TROTH_OK) {
		troth_bus_request_encode(&m, &once);
		MUST(troth_bus_request_decode(&again, troth_buf_span(&once), &why) ==
		     TROTH_OK);
		troth_bus_request_encode(&again, &twice);
		MUST(troth_span_eq(troth_buf_span(&once), troth_buf_span(&twice)));
		troth_bus_request_fini(&again);
	} else {
		MUST(why.text[0] != '\0');
	}
	troth_bus_request_fini(&m);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

static void reply(struct troth_span in)
{
	struct troth_buf once = TROTH_BUF_INIT, twice = TROTH_BUF_INIT;
	struct troth_why why = { "" };
	struct troth_bus_reply m, again;

	if (troth_bus_reply_decode(&m, in, &why) == TROTH_OK) {
		troth_bus_reply_encode(&m, &once);
		MUST(troth_bus_reply_decode(&again, troth_buf_span(&once), &why) ==
		     TROTH_OK);
		troth_bus_reply_encode(&again, &twice);
		MUST(troth_span_eq(troth_buf_span(&once), troth_buf_span(&twice)));
		troth_bus_reply_fini(&again);
	} else {
		MUST(why.text[0] != '\0');
	}
	troth_bus_reply_fini(&m);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	request(troth_span(data, len));
	reply(troth_span(data, len));
	return 0;
}
