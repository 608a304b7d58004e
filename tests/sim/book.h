/*
 * book - what the oracle knows of pools, shares and what was answered yes.
 *
 * Shares are counted from entries alone, and offers from what clients were told.
 * The two must agree, whatever the nodes believe: what customers may count on is
 * never more than what was allotted, and that never more than the pool.
 */
#ifndef TROTH_TESTS_SIM_BOOK_H
#define TROTH_TESTS_SIM_BOOK_H

#include "oracle.h"

#define HELD_MAX 48 /* Shares in one run. */

/* One site's share of a pool. */
struct held {
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	char pool[TROTH_CODE_MAX + 1];
	unsigned node; /* Whose; NODES_MAX: nobody's that runs here. */
	int64_t allotted, spent, freed, returned, lost, recalled;
	bool flagged; /* Something was spent although there was nothing. */
	bool frozen;
	uint64_t frozen_at, thawed_at, allotted_at; /* Positions, the latest. */
};

/* A yes that a client was told. */
struct yes {
	unsigned op, node;
	enum troth_subject_kind kind;
	struct troth_id subject, promise;
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	char pool[TROTH_CODE_MAX + 1];
	char grant[TROTH_CODE_MAX + 1];
	char customer[TROTH_CUSTOMER_MAX + 1];
	char actor[TROTH_ACTOR_MAX + 1];
	int64_t cost, made_ms, lapses_ms;
	int64_t speak_ms; /* When the agent will tell the customer; 0: never. */
	unsigned tries;
	bool spoken, asked;
	bool touched;      /* A step on it was tried, wherever that was. */
	bool ended;        /* Released, cancelled or refused, or that was tried. */
	bool booked;       /* Its share_spent is in the ledger. */
	bool lost;         /* It is not, and HQ was told so. */
	uint64_t restores; /* Of its node, when it was told. */
};

/* What HQ has decided about a party, or for all. */
struct decision {
	uint64_t position;
	struct troth_time accepted;
	enum troth_event_type type;
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];                   /* Of a share. */
	char name[TROTH_CODE_MAX + TROTH_ACTOR_MAX + 1]; /* Grant, pool or actor. */
	struct troth_grant grant;
	uint64_t number; /* Level or version. */
};

/* What was spent on a promise, by its site. */
struct spend {
	struct troth_id promise;
	unsigned held;
	int64_t amount;
	unsigned spent, freed;     /* How often. */
	enum troth_reason flagged; /* The last time. */
};

/* What a promise takes from a grant, and when. */
struct taken {
	struct troth_id promise, subject;
	char party[TROTH_PARTY_MAX + 1];
	char grant[TROTH_CODE_MAX + 1];
	char customer[TROTH_CUSTOMER_MAX + 1];
	int64_t cost, at_ms;
};

struct book {
	struct held held[HELD_MAX];
	unsigned held_count;
	struct troth_pool pools[2];
	unsigned pool_count;
	struct decision *decisions;
	size_t decision_count, decision_cap;
	struct yes *yeses;
	size_t yes_count, yes_cap;
	struct troth_id *ends; /* Promises, and orders, that somebody has tried to end. */
	size_t end_count, end_cap;
	struct troth_id *steps; /* Promises stepped on before their yes was told. */
	size_t step_count, step_cap;
	struct spend *spends;
	size_t spend_count, spend_cap;
	struct taken *takens;
	size_t taken_count, taken_cap;
};

/* book.c */
struct book *book_new(void);
void book_free(struct book *b);
/* What refuses the event at hand, besides its subject; NONE: nothing. */
enum troth_reason book_reason(struct oracle *o);
/*
 * Said, out of a pool from which nothing was spent on it, or more than there was: what
 * speaks against it. `s` is its subject.
 */
enum troth_reason book_unpaid(const struct oracle *o, const struct troth_subject *s);
/* An entry that stands, behind all others. */
void book_entry(struct sim *s, const struct troth_entry *entry);
/* After an entry on its subject, which may have ended a promise. */
void book_subject(struct sim *s, const struct troth_subject *k);
/* What customers may count on that was answered at h's site, out of h. */
int64_t book_outstanding(const struct sim *s, const struct held *h);
void book_check(struct sim *s, const struct held *h);
const struct troth_pool *book_pool(const struct book *b, const char *pool);
/* Of a pool: what is out. Of a share: what is left. */
int64_t book_out(const struct book *b, const char *pool);
int64_t book_left(const struct held *h);
bool book_grant_stands(const struct sim *s, const char *party, const char *grant);

/* book_made.c */

/* After an entry that is not refused and may make, or approve, a promise on k. */
void book_made(struct sim *s, const struct known_subject *k,
	       const struct troth_entry *entry);

/* book_final.c */
void book_thawed(struct sim *s, struct held *h);

struct held *book_held(struct book *b, const char *party, const char *site,
		       const char *pool);

void *book_grow(void *all, size_t count, size_t *cap, size_t size);

/* answers.c */
void book_told(struct sim *s, const struct op *op, const struct troth_result *r);
void book_attempt(struct sim *s, const struct op *op);
void book_refused(struct sim *s, const struct troth_id *promise);
/* Nobody will say it any more, or it came to nothing after it was said. */
bool yes_is_over(const struct sim *s, const struct yes *y);

#endif
