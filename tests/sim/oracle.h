/*
 * oracle - what the oracle knows: a copy of the ledger that only grows, and the
 * states that follow from it, computed entry by entry beside central.
 */
#ifndef TROTH_TESTS_SIM_ORACLE_H
#define TROTH_TESTS_SIM_ORACLE_H

#include "sim.h"

#define PARTIES_MAX  16
#define SUBJECTS_MAX (THINGS_MAX + 64)
#define FEED_PARTIES 8
#define POLICIES_MAX 16
#define AGENTS_MAX   32

enum given {
	NOT_GIVEN,
	GIVEN_TO_AUTHOR, /* Refused, of a subject in which it takes no part. */
	GIVEN,
};

struct known_entry {
	struct troth_digest hash;
	struct troth_id event;
	struct troth_id subject;
	uint64_t revision; /* That it made; 0: none. */
	struct troth_time accepted;
	uint64_t incarnation, seq;
	unsigned node; /* Whose; NODES_MAX: nobody's. */
	unsigned op;   /* Number + 1; 0: no client's. */
	bool refused;
	enum given to[NODES_MAX]; /* Which sites are to have it. */
};

struct known_subject {
	struct troth_subject *s;
	struct troth_digest *digests; /* By revision - 1. */
	size_t digest_count, digest_cap;
	uint64_t *positions; /* Of its entries, by revision - 1. */
};

/* Who was told of which alarm, in the order of the entries. */
struct told {
	struct troth_id alarm;
	char party[TROTH_PARTY_MAX + 1];
};

struct oracle {
	struct known_entry *entries;
	size_t count, cap;
	struct known_subject subjects[SUBJECTS_MAX];
	unsigned subject_count;
	struct troth_party parties[PARTIES_MAX];
	unsigned party_count;
	struct troth_site sites[NODES_MAX];
	unsigned site_count;
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_policy *policies[POLICIES_MAX]; /* By version - 1. */
	unsigned policy_count;
	int64_t published_ms; /* When we heard of the newest. */
	struct troth_agent agents[AGENTS_MAX];
	unsigned agent_count;
	uint64_t seqs[NODES_MAX], incarnations[NODES_MAX];
	int64_t accepted;
	struct troth_event event;
	char by[TROTH_PARTY_MAX + 1]; /* Who has made the event. */
	bool by_brand;
	struct troth_subject *before;
	struct told *told;
	size_t told_count, told_cap;
	struct book *book;
};

struct known_subject *oracle_subject(struct oracle *o, const struct troth_id *id);
/* True if the site takes part in the subject now. */
bool oracle_sees(const struct sim *s, const struct troth_subject *k,
		 const struct node *n);

/* lookup.c */
void oracle_lookup(struct oracle *o, struct troth_lookup *out);
void oracle_learn_agent(struct oracle *o, const struct troth_agent *a);
void oracle_learn_policy(struct sim *s, const struct troth_event *e);
void oracle_forget_policies(struct oracle *o);
/* The promise ended so that nothing was given for it. */
const char *oracle_feed_party(const struct oracle *o, const char *party);
bool came_to_nothing(enum troth_promise_state state);

/* One entry, behind all others: judged, applied, distributed. */
void replay(struct sim *s, struct troth_span bytes);
/* rules_recovery.c: the same of alarms and recoveries, and what is to follow. */
void check_recoveries(struct sim *s, const struct known_subject *k);
/* What central should have declared by now. */
void check_watched(struct sim *s, const struct troth_subject *k);
/* The change from o->before to k->s by o->event is a legal one. */
void check_change(struct sim *s, const struct known_subject *k,
		  const struct troth_entry *entry, bool clock);

#endif
