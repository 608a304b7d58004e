/*
 * may - "may I promise this?", answered while the customer waits.
 *
 *   no   policy or standing forbid it, or it cannot be kept by then
 *   ask  HQ (or a supervisor) decides: it is beyond what was delegated
 *   yes  covered by a grant and by the site's own share of the pool
 *
 * The worst that any rule says counts. The answer is a function of what the site
 * has at hand, so it needs no link, and central and auditors can ask it again.
 * What was asked is promised in the same transaction: a yes reserves. Nothing in
 * here looks at who the customer is, but for what it has been given already.
 */
#ifndef TROTH_CORE_MAY_H
#define TROTH_CORE_MAY_H

#include "troth/core/authority.h"
#include "troth/core/policy.h"

enum troth_answer {
	TROTH_ANSWER_YES = 1,
	TROTH_ANSWER_ASK = 2,
	TROTH_ANSWER_NO = 3,
};
#define TROTH_ANSWER_LAST TROTH_ANSWER_NO

/* How long an offer or a question stands where the policy does not say. */
#define TROTH_OFFER_MS INT64_C(600000)
#define TROTH_ASKED_MS INT64_C(86400000)

/*
 * So many offers out of pools one agent may hold at a site, told to nobody and not taken
 * back: a customer is offered one thing or another, but who asks and never speaks
 * holds back what others could promise.
 */
#ifndef TROTH_UNSPOKEN_MAX /* The simulator's people ask seldom: there it is less. */
#define TROTH_UNSPOKEN_MAX 8
#endif

/* What the agent would like to promise. */
struct troth_asked {
	enum troth_kind kind;
	char sku[TROTH_SKU_MAX + 1];
	uint32_t quantity;
	int64_t amount;
	char currency[4];
	struct troth_time due; /* 0: as early as it can be kept. */
};

/* What the answer rests on. */
struct troth_may {
	const struct troth_lookup *lookup;
	const struct troth_subject *subject;     /* The order or case. */
	const struct troth_authority *authority; /* Of who's party; NULL: none. */
	const struct troth_who *who;
	const char *actor;
	struct troth_time now;
	const char *grant; /* By this grant alone; NULL: by whichever says yes. */
	const struct troth_id
		*recovers; /* The recovery that it is to make good, or NULL. */
	unsigned unspoken; /* Offers out of pools that the actor holds already. */
};

struct troth_answered {
	enum troth_answer answer;
	enum troth_reason reason; /* NONE with yes. */
	uint64_t policy_version;
	struct troth_time due;      /* That it would be promised for. */
	struct troth_time earliest; /* The earliest due that can be kept. */
	struct troth_time lapses;   /* When the offer (yes) or the question (ask) ends. */
	char grant[TROTH_CODE_MAX + 1]; /* The one that covers it, or nearly so. */
	char pool[TROTH_CODE_MAX + 1];
	int64_t cost;          /* In the grant's measure. */
	int64_t left_promise;  /* Most in one promise; 0 without a grant. */
	int64_t left_customer; /* Still to this customer in the period; -1: no limit. */
	int64_t left_share;    /* Of the site's share before this; -1: no pool. */
	int phrase;            /* What to say (troth_policy_words), -1: none. */
	unsigned terms_count;  /* Who would owe what: at least one, but with no. */
	struct troth_terms terms[TROTH_TERMS_MAX];
};

/* Fills *out. Pure. */
void troth_may_promise(const struct troth_may *m, const struct troth_asked *asked,
		       struct troth_answered *out);

/*
 * Fills the payload of *e (type and u only) with the promise as it was answered
 * yes or ask: proposed under `id`, not spoken. Reason, channel and what it
 * recovers are the caller's to fill beforehand, as is the customer.
 */
void troth_may_event(const struct troth_asked *asked,
		     const struct troth_answered *answered, const struct troth_id *id,
		     struct troth_time now, struct troth_event *e);

/* What an approved promise costs, and what it is taken from. */
struct troth_approval {
	char grant[TROTH_CODE_MAX + 1]; /* Of the party that asked; empty: none covers. */
	char pool[TROTH_CODE_MAX + 1];  /* Empty: nothing that could run out. */
	int64_t cost;
};

/* By the first grant of the party's that covers it; `a` may be NULL. */
void troth_approval_by_grant(const struct troth_promise *p,
			     const struct troth_authority *a, struct troth_time now,
			     struct troth_approval *out);

/*
 * By the grant of the party's against which nothing speaks if m->actor, a supervisor,
 * approves p: one that the site's share can pay, if there is any; else the nearest that
 * covers it (troth_approval_unauthorised then says what is wrong).
 */
void troth_approval_by_supervisor(const struct troth_may *m,
				  const struct troth_promise *p,
				  struct troth_approval *out);

/* Where no grant covers it: by a pool of just these goods; `brand` may be NULL. */
void troth_approval_by_goods(const struct troth_promise *p,
			     const struct troth_authority *brand,
			     struct troth_approval *out);

const char *troth_answer_name(enum troth_answer v);

#endif
