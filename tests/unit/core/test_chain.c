#include "troth/core/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* The leaves and roots with which Certificate Transparency logs are tested. */
static const struct {
	const char *leaf; /* Hex. */
	const char *root; /* Of the tree that ends with this leaf. */
} known[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243",
	  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657",
	  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f",
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

#define SIZES 301

static void digest_is(const struct troth_digest *d, const char *hex)
{
	char have[2 * TROTH_DIGEST_LEN + 1];

	troth_hex(have, d->b, sizeof(d->b));
	assert_string_equal(have, hex);
}

static void the_empty_tree_is_the_hash_of_nothing(void **state)
{
	struct troth_tree t = { 0 };
	struct troth_digest root;

	(void)state;
	troth_tree_root(&t, &root);
	digest_is(&root,
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void roots_are_those_of_certificate_transparency(void **state)
{
	struct troth_tree t = { 0 };

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(known); i++) {
		struct troth_digest leaf, root, record[TROTH_TREE_LEVELS + 1];
		size_t len = strlen(known[i].leaf) / 2;
		uint8_t bytes[16];

		assert_true(troth_unhex(bytes, len, known[i].leaf));
		troth_tree_leaf(&leaf, troth_span(bytes, len));
		(void)troth_tree_append(&t, &leaf, record);
		troth_tree_root(&t, &root);
		digest_is(&root, known[i].root);
	}
}

static void leaf_number(struct troth_digest *leaf, unsigned n)
{
	uint8_t bytes[8];

	troth_store_u64be(bytes, n);
	troth_tree_leaf(leaf, troth_span(bytes, sizeof(bytes)));
}

/* RFC 6962 2.1, word for word. */
static void naive_root(struct troth_digest *out, unsigned from, unsigned n)
{
	struct troth_digest left, right;
	unsigned k = 1;

	if (n == 1) {
		leaf_number(out, from);
		return;
	}
	while (2 * k < n)
		k *= 2;
	naive_root(&left, from, k);
	naive_root(&right, from + k, n - k);

	struct troth_span parts[] = { troth_span("\1", 1), troth_digest_span(&left),
				      troth_digest_span(&right) };
	troth_sha256(out, parts, TROTH_LEN(parts));
}

static void every_size_has_the_root_of_the_definition(void **state)
{
	struct troth_tree t = { 0 };

	(void)state;
	for (unsigned n = 1; n < SIZES; n++) {
		struct troth_digest leaf, have, want, record[TROTH_TREE_LEVELS + 1];

		leaf_number(&leaf, n - 1);
		(void)troth_tree_append(&t, &leaf, record);
		assert_int_equal(t.size, n);
		troth_tree_root(&t, &have);
		naive_root(&want, 0, n);
		assert_memory_equal(have.b, want.b, sizeof(want.b));
	}
}

/* What was stored: for each leaf its record. */
static struct {
	unsigned count;
	struct troth_digest d[16];
} stored[SIZES];

static void store_all(struct troth_tree *t)
{
	*t = (struct troth_tree){ 0 };
	for (unsigned i = 0; i < SIZES; i++) {
		struct troth_digest leaf, record[TROTH_TREE_LEVELS + 1];

		leaf_number(&leaf, i);
		stored[i].count = troth_tree_append(t, &leaf, record);
		assert_true(stored[i].count <= TROTH_LEN(stored[i].d));
		memcpy(stored[i].d, record, stored[i].count * sizeof(record[0]));
	}
}

static void every_perfect_subtree_stands_in_the_record_where_it_is_looked_for(
	void **state)
{
	struct troth_tree t;
	unsigned found = 0;

	(void)state;
	store_all(&t);
	for (unsigned level = 0; 1u << level <= SIZES; level++) {
		for (unsigned k = 0; (k + 1) << level <= SIZES; k++) {
			uint64_t at = troth_tree_record(level, k);
			struct troth_digest want;

			assert_true(at < SIZES && level < stored[at].count);
			naive_root(&want, k << level, 1u << level);
			assert_memory_equal(stored[at].d[level].b, want.b,
					    sizeof(want.b));
			found++;
		}
	}
	/* And nothing else stands there. */
	for (unsigned i = 0; i < SIZES; i++)
		found -= stored[i].count;
	assert_int_equal(found, 0);
}

static void a_tree_goes_on_from_its_stored_records_at_any_size(void **state)
{
	struct troth_tree whole;

	(void)state;
	store_all(&whole);
	for (unsigned size = 0; size < SIZES; size++) {
		struct troth_tree t = { .size = size };
		struct troth_digest root, want, leaf, record[TROTH_TREE_LEVELS + 1];

		for (unsigned level = 0; 1u << level <= size; level++)
			if ((size >> level & 1) != 0)
				t.peak[level] =
					stored[troth_tree_record(level,
								 (size >> level) - 1)]
						.d[level];
		leaf_number(&leaf, size);
		assert_int_equal(troth_tree_append(&t, &leaf, record),
				 stored[size].count);
		troth_tree_root(&t, &root);
		naive_root(&want, 0, size + 1);
		assert_memory_equal(root.b, want.b, sizeof(want.b));
	}
}

static void a_head_is_the_hash_that_the_design_states(void **state)
{
	struct troth_digest head, body_hash, want, prev = { { 1, 2, 3 } };
	struct troth_span body = troth_span("a body", 6);

	(void)state;
	troth_sha256(&body_hash, &body, 1);

	struct troth_span parts[] = { troth_span("troth-head-v1\n", 14),
				      troth_digest_span(&prev),
				      troth_digest_span(&body_hash) };
	troth_sha256(&want, parts, TROTH_LEN(parts));
	troth_chain_head(&head, &prev, body);
	assert_memory_equal(head.b, want.b, sizeof(want.b));
	troth_chain_head(&prev, &prev, body); /* The head may take its own place. */
	assert_memory_equal(prev.b, want.b, sizeof(want.b));
}

static void a_seal_signs_origin_place_and_head(void **state)
{
	static const char want[] = "troth-seal-v1\nspiffe://d/gw/a/b\0"
				   "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\1\3";
	uint8_t room[TROTH_SEAL_MESSAGE];
	char origin[201];
	struct troth_digest head;
	struct troth_span m;

	(void)state;
	memset(head.b, 0xab, sizeof(head.b));
	m = troth_seal_message(room, "spiffe://d/gw/a/b", 2, 0x103, &head);
	assert_int_equal(m.len, sizeof(want) - 1 + TROTH_DIGEST_LEN);
	assert_memory_equal(m.data, want, sizeof(want) - 1);
	assert_memory_equal(m.data + sizeof(want) - 1, head.b, TROTH_DIGEST_LEN);

	memset(origin, 'o', 200); /* The longest origin has room. */
	origin[200] = '\0';
	m = troth_seal_message(room, origin, 1, 1, &head);
	assert_true(m.len <= TROTH_SEAL_MESSAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_tree_is_the_hash_of_nothing),
		cmocka_unit_test(roots_are_those_of_certificate_transparency),
		cmocka_unit_test(every_size_has_the_root_of_the_definition),
		cmocka_unit_test(
			every_perfect_subtree_stands_in_the_record_where_it_is_looked_for),
		cmocka_unit_test(a_tree_goes_on_from_its_stored_records_at_any_size),
		cmocka_unit_test(a_head_is_the_hash_that_the_design_states),
		cmocka_unit_test(a_seal_signs_origin_place_and_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
