/* Vectors: FIPS 180-4 and the NIST example values for SHA-256. */
#include "troth/crypto/digest.h"
#include "troth/crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct troth_span in, const char *hex)
{
	struct troth_digest got, want;

	assert_true(troth_unhex(want.b, sizeof(want.b), hex));
	troth_sha256(&got, &in, 1);
	assert_true(troth_digest_eq(&got, &want));
}

static void the_published_vectors_come_out(void **state)
{
	static uint8_t million[1000000];

	(void)state;
	memset(million, 'a', sizeof(million));
	expect(troth_span_str(""),
	       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect(TROTH_SPAN_NONE,
	       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect(troth_span_str("abc"),
	       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect(troth_span_str("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect(troth_span(million, sizeof(million)),
	       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void every_cut_into_parts_gives_the_same_digest(void **state)
{
	uint8_t in[130];
	struct troth_digest whole, cut;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);

	struct troth_span all = troth_span(in, sizeof(in));
	troth_sha256(&whole, &all, 1);
	for (size_t i = 0; i <= sizeof(in); i++) {
		for (size_t j = i; j <= sizeof(in); j++) {
			struct troth_span parts[] = { troth_span(in, i), TROTH_SPAN_NONE,
						      troth_span(in + i, j - i),
						      troth_span(in + j,
								 sizeof(in) - j) };

			troth_sha256(&cut, parts, TROTH_LEN(parts));
			assert_true(troth_digest_eq(&whole, &cut));
		}
	}
}

static void the_output_may_lie_in_the_input(void **state)
{
	struct troth_digest d, want;
	struct troth_span in = troth_digest_span(&d);

	(void)state;
	memset(&d, 0, sizeof(d));
	troth_sha256(&d, &in, 1);
	assert_true(troth_unhex(
		want.b, sizeof(want.b),
		"66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"));
	assert_true(troth_digest_eq(&d, &want));
}

static void digests_that_differ_in_one_bit_differ(void **state)
{
	struct troth_digest a = { { 0 } };

	(void)state;
	for (unsigned bit = 0; bit < TROTH_DIGEST_LEN * 8; bit++) {
		struct troth_digest b = a;

		b.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(troth_digest_eq(&a, &b));
		assert_false(troth_equal_constant_time(a.b, b.b, TROTH_DIGEST_LEN));
	}
	assert_true(troth_digest_eq(&a, &a));
	assert_true(troth_equal_constant_time(a.b, a.b, TROTH_DIGEST_LEN));
}

#define ROUNDS 2000

static void *chain(void *arg)
{
	struct troth_digest *d = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct troth_span in = troth_digest_span(d);

		troth_sha256(d, &in, 1);
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	struct troth_digest d[4] = { { { 0 } } };
	pthread_t t[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, chain, &d[i]), 0);
	chain(&d[3]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_true(troth_digest_eq(&d[i], &d[3]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vectors_come_out),
		cmocka_unit_test(every_cut_into_parts_gives_the_same_digest),
		cmocka_unit_test(the_output_may_lie_in_the_input),
		cmocka_unit_test(digests_that_differ_in_one_bit_differ),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
