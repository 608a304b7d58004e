#include "troth/core/chain.h"

#include <assert.h>
#include <string.h>

#define TEXT(s) troth_span((s), sizeof(s) - 1)

void troth_chain_head(struct troth_digest *head, const struct troth_digest *prev,
		      struct troth_span body)
{
	struct troth_digest hash;

	troth_sha256(&hash, &body, 1);

	struct troth_span parts[] = { TEXT("troth-head-v1\n"), troth_digest_span(prev),
				      troth_digest_span(&hash) };
	troth_sha256(head, parts, TROTH_LEN(parts));
}

struct troth_span troth_seal_message(uint8_t out[TROTH_SEAL_MESSAGE], const char *origin,
				     uint64_t incarnation, uint64_t origin_seq,
				     const struct troth_digest *head)
{
	static const char prefix[] = "troth-seal-v1\n";
	size_t origin_len = strlen(origin) + 1; /* With its NUL. */
	uint8_t *p = out;

	assert(sizeof(prefix) + origin_len + 16 + TROTH_DIGEST_LEN <= TROTH_SEAL_MESSAGE);
	memcpy(p, prefix, sizeof(prefix) - 1);
	p += sizeof(prefix) - 1;
	memcpy(p, origin, origin_len);
	p += origin_len;
	troth_store_u64be(p, incarnation);
	troth_store_u64be(p + 8, origin_seq);
	memcpy(p + 16, head->b, TROTH_DIGEST_LEN);
	p += 16 + TROTH_DIGEST_LEN;
	return troth_span(out, (size_t)(p - out));
}

void troth_tree_leaf(struct troth_digest *leaf, struct troth_span entry)
{
	struct troth_span parts[] = { troth_span("\0", 1), entry };

	troth_sha256(leaf, parts, TROTH_LEN(parts));
}

static void node(struct troth_digest *out, const struct troth_digest *left,
		 const struct troth_digest *right)
{
	struct troth_span parts[] = { TEXT("\1"), troth_digest_span(left),
				      troth_digest_span(right) };

	troth_sha256(out, parts, TROTH_LEN(parts));
}

unsigned troth_tree_append(struct troth_tree *t, const struct troth_digest *leaf,
			   struct troth_digest record[TROTH_TREE_LEVELS + 1])
{
	unsigned level = 0;

	record[0] = *leaf;
	for (uint64_t n = t->size; (n & 1) != 0; n >>= 1, level++)
		node(&record[level + 1], &t->peak[level], &record[level]);
	t->peak[level] = record[level];
	t->size++;
	return level + 1;
}

void troth_tree_root(const struct troth_tree *t, struct troth_digest *root)
{
	bool any = false;

	troth_sha256(root, NULL, 0);
	for (unsigned level = 0; level < TROTH_TREE_LEVELS; level++) {
		if ((t->size >> level & 1) == 0)
			continue;
		if (any)
			node(root, &t->peak[level], root);
		else
			*root = t->peak[level];
		any = true;
	}
}
