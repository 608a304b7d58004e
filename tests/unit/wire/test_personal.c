#include "troth/wire/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "troth/v1/event.pb-c.h"

#define P(member)                                                                        \
	{                                                                                \
#member, offsetof(struct troth_personal, member),                        \
			sizeof(((struct troth_personal *)0)->member) - 1                 \
	}

static const struct {
	const char *name;
	size_t offset, max;
} fields[] = { P(words),         P(language),       P(order_number),
	       P(customer_name), P(customer_phone), P(address),
	       P(note),          P(evidence),       P(actor_name) };

static void assert_says(const struct troth_why *why, const char *words)
{
	if (strstr(why->text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

static void every_field_at_its_limit_round_trips(void **state)
{
	static struct troth_personal p, back;
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_why why = { "" };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(fields); i++)
		memset((char *)&p + fields[i].offset, 'a' + (int)i, fields[i].max);
	p.words[5] = '\n';
	p.note[5] = '\t';
	memcpy(p.customer_name, "\xc3\x85sa", 4);
	memset(&back, 0xee, sizeof(back));
	troth_personal_encode(&p, &b);
	assert_true(b.len <= TROTH_PERSONAL_MAX);
	if (troth_personal_decode(&back, troth_buf_span(&b), &why) != TROTH_OK)
		fail_msg("%s", why.text);
	assert_memory_equal(&p, &back, sizeof(p));
	troth_buf_fini(&b);
}

static void an_empty_one_is_no_bytes(void **state)
{
	static struct troth_personal p, back;
	struct troth_buf b = TROTH_BUF_INIT;

	(void)state;
	troth_personal_encode(&p, &b);
	assert_int_equal(b.len, 0);
	assert_int_equal(troth_personal_decode(&back, troth_buf_span(&b), NULL),
			 TROTH_OK);
	assert_memory_equal(&p, &back, sizeof(p));
	troth_buf_fini(&b);
}

static void one_past_a_limit_is_refused_by_the_fields_name(void **state)
{
	static struct troth_personal back;
	static char text[TROTH_WORDS_MAX + 2];
	static uint8_t bytes[TROTH_WORDS_MAX + 64];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(fields); i++) {
		Troth__V1__Personal pb = TROTH__V1__PERSONAL__INIT;
		const ProtobufCFieldDescriptor *d =
			protobuf_c_message_descriptor_get_field_by_name(
				pb.base.descriptor, fields[i].name);
		struct troth_why why = { "" };
		size_t len;

		assert_non_null(d);
		memset(text, 'x', fields[i].max + 1);
		text[fields[i].max + 1] = '\0';
		*(char **)(void *)((uint8_t *)&pb + d->offset) = text;
		len = troth__v1__personal__pack(&pb, bytes);
		assert_int_equal(
			troth_personal_decode(&back, troth_span(bytes, len), &why),
			TROTH_ERR_INPUT);
		assert_says(&why, fields[i].name);
		text[fields[i].max] = '\0';
		len = troth__v1__personal__pack(&pb, bytes);
		assert_int_equal(
			troth_personal_decode(&back, troth_span(bytes, len), &why),
			TROTH_OK);
	}
}

#define BYTES(text) (text), sizeof(text) - 1

static void every_other_encoding_is_refused_by_the_fields_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} cases[] = {
		{ BYTES("\x12\x02"
			"en"
			"\x0a\x01"
			"w"),
		  "words: is out of order" },
		{ BYTES("\x0a\x01"
			"w"
			"\x0a\x01"
			"w"),
		  "words: stands there twice" },
		{ BYTES("\x0a\x00"), "words: is empty" },
		{ BYTES("\x0a\x81\x00"
			"w"),
		  "words: is not encoded as short" },
		{ BYTES("\x0a\x02"
			"w\0"),
		  "words: is not clean" },
		{ BYTES("\x0a\x02"
			"w\x80"),
		  "words: is not clean" },
		{ BYTES("\x3a\x02"
			"w\r"),
		  "note: is not clean" },
		{ BYTES("\x52\x01"
			"x"),
		  "field 10: is not known" },
		{ BYTES("\x02\x01"
			"x"),
		  "field 0: is not known" },
		{ BYTES("\x08\x01"), "words: is encoded as another type" },
		{ BYTES("\x0a\x02"
			"w"),
		  "words: is cut off" },
	};
	static struct troth_personal p;

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(cases); i++) {
		struct troth_span in = troth_span(cases[i].bytes, cases[i].len);
		struct troth_why why = { "" };

		assert_int_equal(troth_personal_decode(&p, in, &why), TROTH_ERR_INPUT);
		assert_says(&why, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_at_its_limit_round_trips),
		cmocka_unit_test(an_empty_one_is_no_bytes),
		cmocka_unit_test(one_past_a_limit_is_refused_by_the_fields_name),
		cmocka_unit_test(every_other_encoding_is_refused_by_the_fields_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
