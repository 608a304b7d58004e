#include "troth/wire/event.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troth/v1/event.pb-c.h"

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

static void an_entry_round_trips_without_its_body_being_copied(void **state)
{
	static const struct troth_verdict verdicts[] = {
		{ TROTH_TAKES_EFFECT, TROTH_REASON_NONE },
		{ TROTH_FLAGGED, TROTH_REASON_DUE_PASSED },
		{ TROTH_REFUSED, (enum troth_reason)127 }, /* Of a later release. */
		{ TROTH_REFUSED, (enum troth_reason)9999 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * TROTH_LEN(verdicts); i++) {
		struct troth_entry e = { troth_span("a body", 6),
					 verdicts[i / 2],
					 { i % 2 == 0 ? FIXTURE_NOW : 0 } };
		struct troth_entry back;
		struct troth_buf b = TROTH_BUF_INIT, again = TROTH_BUF_INIT;

		troth_entry_encode(&e, &b);
		assert_int_equal(troth_entry_decode(&back, troth_buf_span(&b), NULL),
				 TROTH_OK);
		assert_true(troth_span_eq(back.body, e.body));
		assert_ptr_equal(back.body.data, b.data + 2);
		assert_int_equal(back.verdict.outcome, e.verdict.outcome);
		assert_int_equal(back.verdict.reason, e.verdict.reason);
		assert_int_equal(back.accepted.ms, e.accepted.ms);
		troth_entry_encode(&back, &again);
		assert_true(troth_span_eq(troth_buf_span(&b), troth_buf_span(&again)));
		troth_buf_fini(&b);
		troth_buf_fini(&again);
	}
}

static void an_entry_is_what_the_schema_says(void **state)
{
	struct troth_entry e = { troth_span("a body", 6),
				 { TROTH_FLAGGED, TROTH_REASON_DUE_PASSED },
				 { FIXTURE_NOW } };
	struct troth_buf b = TROTH_BUF_INIT;
	Troth__V1__Entry *pb;
	uint8_t packed[64];

	(void)state;
	troth_entry_encode(&e, &b);
	pb = troth__v1__entry__unpack(NULL, b.len, b.data);
	assert_non_null(pb);
	assert_int_equal(pb->verdict->outcome, TROTH_FLAGGED);
	assert_int_equal(pb->verdict->reason, TROTH_REASON_DUE_PASSED);
	assert_int_equal(pb->accepted_ms, FIXTURE_NOW);
	assert_int_equal(troth__v1__entry__get_packed_size(pb), b.len);
	troth__v1__entry__pack(pb, packed);
	assert_memory_equal(packed, b.data, b.len);
	troth__v1__entry__free_unpacked(pb, NULL);
	troth_buf_fini(&b);
}

static void a_body_at_its_limit_makes_an_entry_and_one_beyond_does_not(void **state)
{
	static uint8_t body[TROTH_BODY_MAX + 1];
	struct troth_entry back, e = { troth_span(body, TROTH_BODY_MAX),
				       { TROTH_REFUSED, (enum troth_reason)9999 },
				       { TROTH_TIME_MAX_MS } };
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_why why;

	(void)state;
	troth_entry_encode(&e, &b);
	assert_true(b.len <= TROTH_ENTRY_MAX);
	assert_int_equal(troth_entry_decode(&back, troth_buf_span(&b), NULL), TROTH_OK);
	e.body.len++;
	troth_buf_reset(&b);
	troth_entry_encode(&e, &b);
	assert_int_equal(troth_entry_decode(&back, troth_buf_span(&b), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "entry: body is too long");
	troth_buf_grow(&b, TROTH_ENTRY_MAX);
	assert_int_equal(troth_entry_decode(&back, troth_buf_span(&b), &why),
			 TROTH_ERR_INPUT);
	assert_says(&why, "entry: as a whole is too long");
	troth_buf_fini(&b);
}

#define BODY                                                                             \
	"\x0a\x01"                                                                       \
	"b"
#define VERDICT "\x12\x04\x08\x02\x10\x0b"
#define WHEN    "\x19\x01\x00\x00\x00\x00\x00\x00\x00"

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *story;
	const char *bytes;
	size_t len;
	const char *words; /* NULL: it is good. */
} cases[] = {
	{ "a good one", BYTES(BODY VERDICT WHEN), NULL },
	{ "nothing", BYTES(""), "body" },
	{ "no body", BYTES(VERDICT WHEN), "body" },
	{ "an empty body", BYTES("\x0a\x00" VERDICT WHEN), "body" },
	{ "two bodies", BYTES(BODY BODY VERDICT WHEN), "verdict" },
	{ "no verdict", BYTES(BODY WHEN), "verdict" },
	{ "two verdicts", BYTES(BODY VERDICT VERDICT WHEN), "accepted_ms" },
	{ "another order", BYTES(VERDICT BODY WHEN), "body" },
	{ "another order", BYTES(BODY WHEN VERDICT), "verdict" },
	{ "a long length",
	  BYTES("\x0a\x81\x00"
		"b" VERDICT WHEN),
	  "body" },
	{ "a long key",
	  BYTES("\x8a\x00\x01"
		"b" VERDICT WHEN),
	  "body" },
	{ "an empty verdict", BYTES(BODY "\x12\x00" WHEN), "verdict" },
	{ "no outcome", BYTES(BODY "\x12\x02\x10\x0b" WHEN), "verdict.outcome" },
	{ "outcome 0", BYTES(BODY "\x12\x02\x08\x00" WHEN), "verdict.outcome" },
	{ "outcome 4", BYTES(BODY "\x12\x02\x08\x04" WHEN), "verdict.outcome" },
	{ "reason 0", BYTES(BODY "\x12\x04\x08\x01\x10\x00" WHEN), "verdict.reason" },
	{ "reason 10000", BYTES(BODY "\x12\x05\x08\x03\x10\x90\x4e" WHEN),
	  "verdict.reason" },
	{ "a long reason", BYTES(BODY "\x12\x05\x08\x03\x10\x8b\x00" WHEN),
	  "verdict.reason" },
	{ "more in the verdict", BYTES(BODY "\x12\x06\x08\x02\x10\x0b\x18\x01" WHEN),
	  "verdict goes on" },
	{ "accepted at 0", BYTES(BODY VERDICT "\x19\0\0\0\0\0\0\0\0"), "accepted_ms" },
	{ "accepted in the year 10000",
	  BYTES(BODY VERDICT "\x19\x00\xdc\x1f\xd2\x77\xe6\x00\x00"), "accepted_ms" },
	{ "accepted as a varint", BYTES(BODY VERDICT "\x18\x01"), "accepted_ms" },
	{ "a field more", BYTES(BODY VERDICT WHEN "\x20\x01"), "goes on" },
	{ "field number 0", BYTES("\x02\x00" BODY VERDICT WHEN), "body" },
	{ "an end in the middle", BYTES(BODY VERDICT "\x19\x01"), "accepted_ms" },
};

static void every_other_encoding_is_refused_by_the_fields_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		struct troth_span in = troth_span(cases[i].bytes, cases[i].len);
		struct troth_entry e;
		struct troth_why why = { "" };

		print_message("  %s\n", cases[i].story);
		assert_int_equal(troth_entry_decode(&e, in, &why),
				 cases[i].words == NULL ? TROTH_OK : TROTH_ERR_INPUT);
		if (cases[i].words != NULL)
			assert_says(&why, cases[i].words);
	}
}

static void stock_protoc_prints_an_entry_with_its_body(void **state)
{
	static struct troth_event event;
	struct troth_buf body = TROTH_BUF_INIT, entry = TROTH_BUF_INIT;
	struct troth_entry e = { .verdict = { TROTH_TAKES_EFFECT, TROTH_REASON_NONE },
				 .accepted = { FIXTURE_NOW } };
	char path[] = "/tmp/troth-entry-XXXXXX", command[512], text[8192];
	FILE *out;
	size_t len;
	int fd;

	(void)state;
	if (system("command -v protoc >/dev/null") != 0) {
		print_message("skipped: no protoc on this machine\n");
		skip();
	}
	fixture_event(&event, TROTH_EVENT_PROMISE_MADE, "acme");
	troth_body_encode(&event, &body);
	e.body = troth_buf_span(&body);
	troth_entry_encode(&e, &entry);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, entry.data, entry.len), entry.len);
	close(fd);
	snprintf(command, sizeof(command),
		 "protoc --decode=troth.view.Entry -I %s/proto "
		 "troth/v1/ledger_view.proto <%s",
		 TROTH_SOURCE_DIR, path);
	out = popen(command, "r");
	assert_non_null(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	assert_int_equal(pclose(out), 0);
	unlink(path);
	assert_non_null(strstr(text, "promise_made {"));
	assert_non_null(strstr(text, "sku: \"HDMI-2M\""));
	assert_non_null(strstr(text, "debtor: \"swift\""));
	assert_non_null(strstr(text, "outcome: 1"));
	assert_non_null(strstr(text, "accepted_ms: 1794650400000"));
	troth_buf_fini(&body);
	troth_buf_fini(&entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_round_trips_without_its_body_being_copied),
		cmocka_unit_test(an_entry_is_what_the_schema_says),
		cmocka_unit_test(
			a_body_at_its_limit_makes_an_entry_and_one_beyond_does_not),
		cmocka_unit_test(every_other_encoding_is_refused_by_the_fields_name),
		cmocka_unit_test(stock_protoc_prints_an_entry_with_its_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
