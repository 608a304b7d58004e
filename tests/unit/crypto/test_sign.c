/* Vectors: RFC 8032 7.1 (tests 1, 2, 3 and SHA(abc)). */
#include "troth/crypto/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct vector {
	const char *seed, *public_key, *msg, *sig;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
	  "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};

static void unhex(uint8_t *out, size_t len, const char *hex)
{
	assert_true(troth_unhex(out, len, hex));
}

static void the_published_vectors_come_out_and_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		uint8_t seed[32], want_key[32], want_sig[64], msg[64], key[32], sig[64];
		struct troth_span m = troth_span(msg, strlen(v->msg) / 2);

		unhex(seed, sizeof(seed), v->seed);
		unhex(want_key, sizeof(want_key), v->public_key);
		unhex(want_sig, sizeof(want_sig), v->sig);
		unhex(msg, m.len, v->msg);

		struct troth_sign_key *k = troth_sign_key_from_seed(seed);
		troth_sign_key_public(k, key);
		troth_sign(k, m, sig);
		assert_memory_equal(key, want_key, sizeof(key));
		assert_memory_equal(sig, want_sig, sizeof(sig));
		assert_true(troth_verify(key, m, sig));
		troth_sign_key_free(k);
	}
}

static void one_changed_bit_anywhere_does_not_verify(void **state)
{
	uint8_t all[32 + 2 + 64]; /* Key, message, signature. */

	(void)state;
	unhex(all, 32, vectors[2].public_key);
	unhex(all + 32, 2, vectors[2].msg);
	unhex(all + 34, 64, vectors[2].sig);
	assert_true(troth_verify(all, troth_span(all + 32, 2), all + 34));
	for (unsigned bit = 0; bit < sizeof(all) * 8; bit++) {
		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(troth_verify(all, troth_span(all + 32, 2), all + 34));
		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_false(troth_verify(all, troth_span(all + 32, 1), all + 34));
}

/* S + L verifies in careless implementations: a second signature for one message. */
static void a_signature_with_a_second_encoding_is_refused(void **state)
{
	static const char order[] =
		"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
	uint8_t key[32], sig[64], l[32];
	unsigned carry = 0;

	(void)state;
	unhex(key, sizeof(key), vectors[0].public_key);
	unhex(sig, sizeof(sig), vectors[0].sig);
	unhex(l, sizeof(l), order);
	assert_true(troth_verify(key, TROTH_SPAN_NONE, sig));
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + l[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(troth_verify(key, TROTH_SPAN_NONE, sig));
}

static void a_signer_signs_like_its_key(void **state)
{
	uint8_t seed[32], sig[64], want[64];

	(void)state;
	unhex(seed, sizeof(seed), vectors[1].seed);
	unhex(want, sizeof(want), vectors[1].sig);

	struct troth_sign_key *k = troth_sign_key_from_seed(seed);
	struct troth_signer s = troth_signer_of(k);
	s.sign(s.ctx, troth_span("\x72", 1), sig);
	assert_memory_equal(sig, want, sizeof(sig));
	assert_true(troth_verify(s.public_key, troth_span("\x72", 1), sig));
	troth_sign_key_free(k);
	troth_sign_key_free(NULL);
}

/* A directory of its own for each test; the files in it are few and known. */
struct place {
	char dir[64];
	char file[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->dir, "/tmp/troth-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%s/sign.key", p->dir);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	unlink(p->file);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void write_key(const char *path, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	FILE *f = fopen(path, "w");
	unsigned char pass[] = "pass";

	assert_non_null(f);
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, cipher,
						   cipher ? (char *)pass : NULL,
						   cipher ? 4 : 0, NULL, NULL),
			 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0400), 0);
}

static void write_seed(const char *path, const char *hex)
{
	uint8_t seed[32];

	unhex(seed, sizeof(seed), hex);

	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	write_key(path, key, NULL);
	EVP_PKEY_free(key);
}

static void refuse(const char *path, enum troth_err want, const char *words)
{
	struct troth_sign_key *k = (void *)1;
	struct troth_why why = { "" };

	assert_int_equal(troth_sign_key_load(&k, path, &why), want);
	assert_null(k);
	assert_non_null(strstr(why.text, path));
	if (strstr(why.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

static void a_key_file_of_the_owner_alone_is_loaded(void **state)
{
	struct place *p = *state;
	struct troth_sign_key *k = NULL;
	uint8_t want[32], got[32];

	write_seed(p->file, vectors[0].seed);
	assert_int_equal(troth_sign_key_load(&k, p->file, NULL), TROTH_OK);
	unhex(want, sizeof(want), vectors[0].public_key);
	troth_sign_key_public(k, got);
	assert_memory_equal(got, want, sizeof(got));
	troth_sign_key_free(k);
}

static void a_key_file_open_to_group_or_others_is_refused(void **state)
{
	struct place *p = *state;

	write_seed(p->file, vectors[0].seed);
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		assert_int_equal(chmod(p->file, 0400 | bit), 0);
		refuse(p->file, TROTH_ERR_IDENTITY, "lets others at the private key");
	}
	assert_int_equal(chmod(p->file, 0600), 0);

	struct troth_sign_key *k = NULL;
	assert_int_equal(troth_sign_key_load(&k, p->file, NULL), TROTH_OK);
	troth_sign_key_free(k);
}

static void another_kind_of_key_is_refused(void **state)
{
	struct place *p = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	write_key(p->file, key, NULL);
	EVP_PKEY_free(key);
	refuse(p->file, TROTH_ERR_IDENTITY, "not an Ed25519 key");
}

static void an_encrypted_key_is_refused_without_asking_anybody(void **state)
{
	struct place *p = *state;
	uint8_t seed[32] = { 1 };
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);

	write_key(p->file, key, EVP_aes_128_cbc());
	EVP_PKEY_free(key);
	refuse(p->file, TROTH_ERR_IDENTITY, "no unencrypted private key");
}

static void a_file_is_read_up_to_the_limit_and_refused_beyond(void **state)
{
	struct place *p = *state;
	struct troth_sign_key *k = NULL;

	write_seed(p->file, vectors[0].seed);
	assert_int_equal(chmod(p->file, 0600), 0);
	assert_int_equal(truncate(p->file, TROTH_PEM_MAX), 0);
	assert_int_equal(troth_sign_key_load(&k, p->file, NULL), TROTH_OK);
	troth_sign_key_free(k);
	assert_int_equal(truncate(p->file, TROTH_PEM_MAX + 1), 0);
	refuse(p->file, TROTH_ERR_LIMIT, "larger than");
}

static void what_is_no_key_file_is_refused_by_name(void **state)
{
	struct place *p = *state;

	refuse(p->file, TROTH_ERR_NOTFOUND, "No such file");
	refuse(p->dir, TROTH_ERR_INPUT, "not a file");
	assert_int_equal(close(open(p->file, O_CREAT | O_WRONLY, 0600)), 0);
	refuse(p->file, TROTH_ERR_IDENTITY, "no unencrypted private key");
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vectors_come_out_and_verify),
		cmocka_unit_test(one_changed_bit_anywhere_does_not_verify),
		cmocka_unit_test(a_signature_with_a_second_encoding_is_refused),
		cmocka_unit_test(a_signer_signs_like_its_key),
		IN_PLACE(a_key_file_of_the_owner_alone_is_loaded),
		IN_PLACE(a_key_file_open_to_group_or_others_is_refused),
		IN_PLACE(another_kind_of_key_is_refused),
		IN_PLACE(an_encrypted_key_is_refused_without_asking_anybody),
		IN_PLACE(a_file_is_read_up_to_the_limit_and_refused_beyond),
		IN_PLACE(what_is_no_key_file_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
