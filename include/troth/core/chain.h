/*
 * chain - the hashes that make the ledger evidence.
 *
 * Each origin's events form a chain of heads; a seal signs a head, so one
 * signature covers a whole batch. All entries form one Merkle tree as RFC 6962 2.1
 * has it. doc/protocol.md has the bytes. Pure.
 */
#ifndef TROTH_CORE_CHAIN_H
#define TROTH_CORE_CHAIN_H

#include "troth/crypto/digest.h"

/* head_n = SHA-256("troth-head-v1\n" ‖ head_(n-1) ‖ SHA-256(body_n)); head_0 is zeros. */
void troth_chain_head(struct troth_digest *head, const struct troth_digest *prev,
		      struct troth_span body);

#define TROTH_SEAL_LEN     64
#define TROTH_SEAL_MESSAGE 320 /* Longest message that a seal signs. */

/*
 * The bytes that a seal signs: "troth-seal-v1\n" ‖ origin ‖ 0 ‖ u64be(incarnation)
 * ‖ u64be(origin_seq) ‖ head. Returns the span of them within `out`.
 */
struct troth_span troth_seal_message(uint8_t out[TROTH_SEAL_MESSAGE], const char *origin,
				     uint64_t incarnation, uint64_t origin_seq,
				     const struct troth_digest *head);

/* Leaf hash of an entry: SHA-256(0x00 ‖ entry). */
void troth_tree_leaf(struct troth_digest *leaf, struct troth_span entry);

#define TROTH_TREE_LEVELS 64

/* The right edge of the tree: peak[L] is the root of 2^L leaves where bit L of size is
 * set. */
struct troth_tree {
	uint64_t size;
	struct troth_digest peak[TROTH_TREE_LEVELS];
};

/*
 * Appends a leaf. `record` receives what the tree keeps for it: the leaf hash
 * followed by the roots of all perfect subtrees that this leaf completes, at
 * most TROTH_TREE_LEVELS + 1 digests. Returns how many.
 */
unsigned troth_tree_append(struct troth_tree *t, const struct troth_digest *leaf,
			   struct troth_digest record[TROTH_TREE_LEVELS + 1]);

/* The root; SHA-256 of nothing for the empty tree (RFC 6962 2.1). */
void troth_tree_root(const struct troth_tree *t, struct troth_digest *root);

/*
 * Which record holds the root of perfect subtree number k of level L (leaves
 * k * 2^L and on): record index ((k + 1) << L) - 1, digest number L in it.
 */
static inline uint64_t troth_tree_record(unsigned level, uint64_t k)
{
	return ((k + 1) << level) - 1;
}

#endif
