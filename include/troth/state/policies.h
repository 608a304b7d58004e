/*
 * policies - what HQ has published, in the store and parsed.
 *
 * The store keeps each version's text, byte for byte as it stands in the ledger.
 * A `struct troth_policies` parses versions when they are asked for and keeps the
 * eight that were asked for last. It belongs to one thread: whoever reads policies
 * (the ledger, a gateway, a thread of the API) has one of its own.
 */
#ifndef TROTH_STATE_POLICIES_H
#define TROTH_STATE_POLICIES_H

#include "troth/core/subject.h"
#include "troth/policy/zone.h"
#include "troth/store/kv.h"

/* One version as it stands in the store. */
struct troth_policy_record {
	uint64_t version;
	struct troth_time published;
	struct troth_time withdrawn;     /* 0: not. */
	uint64_t withdrawn_at;           /* The position of the entry that says so. */
	char reason[TROTH_CODE_MAX + 1]; /* Of the withdrawal. */
	struct troth_digest digest;      /* SHA-256 of the text. */
	struct troth_span text;          /* Borrowed from the transaction. */
};

/* False: no such version here (yet). A record that does not decode fails t. */
bool troth_state_policy(struct troth_txn *t, uint64_t version,
			struct troth_policy_record *out);

/* The number of the newest version here; 0: none. */
uint64_t troth_state_newest_policy(struct troth_txn *t);

/* Applies policy_published or policy_withdrawn (takes effect only), at that position. */
void troth_state_apply_policy(struct troth_txn *t, const struct troth_event *e,
			      uint64_t position);

struct troth_policies;

/*
 * `zones` is where calendars get their zones from (NULL: troth_zones_utc) and must
 * outlive it. NULL: no memory.
 */
struct troth_policies *troth_policies_new(const struct troth_zone_source *zones);
void troth_policies_free(struct troth_policies *c); /* NULL is fine. */

/*
 * The version as it stands in t, parsed; its version, publication and withdrawal are
 * filled in. NULL: there is none, or it cannot be read here (it has been published by a
 * newer release, or names a zone that this system does not have). Stays as it is until
 * seven other versions have been asked for. Without memory t fails: nothing is to be
 * judged as if there were no such version.
 */
const struct troth_policy *troth_policies_get(struct troth_policies *c,
					      struct troth_txn *t, uint64_t version);

/* Makes *lookup ask c, with t, for policies: c answers to the last t it was given. */
void troth_policies_ask(struct troth_policies *c, struct troth_txn *t,
			struct troth_lookup *lookup);

/* Whether all parties that it names are here. INPUT: *why names one, and where. */
TROTH_MUST_USE enum troth_err troth_state_policy_parties(struct troth_txn *t,
							 const struct troth_policy *p,
							 struct troth_why *why);

/*
 * Whether a text may be published: it parses, and the parties that it names are here.
 * *why names the line, or the key, if not.
 */
TROTH_MUST_USE enum troth_err troth_policies_check(const struct troth_policies *c,
						   struct troth_txn *t,
						   struct troth_span text,
						   struct troth_why *why);

#endif
