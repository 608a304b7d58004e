/*
 * policy - what HQ has decided beforehand: what may be promised, who then owes
 * what and by when, what makes good for which failure, and who is told when
 * something goes wrong.
 *
 * A policy is published in versions through the ledger, as the text that people
 * wrote (doc/policy.md); this is what the text says, and pure questions to it.
 * Nothing here allocates, reads a clock or does I/O; a policy is never changed
 * once it has been parsed (troth_policy_parse), only what is `withdrawn`
 * is filled in by whoever looks it up in a ledger.
 */
#ifndef TROTH_CORE_POLICY_H
#define TROTH_CORE_POLICY_H

#include "troth/core/calendar.h"
#include "troth/core/event.h"

#include <stddef.h>

#define TROTH_POLICY_TEXT_MAX ((size_t)48 << 10) /* Bytes of a policy's text. */

/* How many there may be in a policy. */
#define TROTH_CALENDARS_MAX   16
#define TROTH_RULES_MAX       64
#define TROTH_ROUTES_MAX      64
#define TROTH_ROUTE_TERMS_MAX 8
#define TROTH_REMEDIES_MAX    32
#define TROTH_OFFERS_MAX      8
#define TROTH_LADDERS_MAX     8
#define TROTH_RUNGS_MAX       8
#define TROTH_ON_CALL_MAX     16
#define TROTH_SHIFTS_MAX      16
#define TROTH_PHRASES_MAX     64
#define TROTH_LANGUAGES_MAX   8
#define TROTH_PHRASE_MAX      1000 /* Bytes of a phrase in one language. */

/* The longest wait in clock time, and in business time. */
#define TROTH_WAIT_MAX_MS INT64_C(31536000000) /* 365 days. */

/*
 * How long: clock time (calendar -1), business time that passes only while a
 * calendar is open (calendar and ms), or whole working days (calendar and days;
 * ms is then 0). With ms and days both 0 there is no wait, or none is given.
 */
struct troth_wait {
	int64_t ms;
	unsigned days;
	int calendar; /* Index into calendars; -1: clock time. */
};

/* No wait. A zeroed struct is none either, whatever its calendar. */
#define TROTH_NO_WAIT ((struct troth_wait){ .calendar = -1 })

static inline bool troth_wait_given(const struct troth_wait *w)
{
	return w->ms != 0 || w->days != 0;
}

/* Words to say, in several languages. */
struct troth_phrase {
	char name[TROTH_CODE_MAX + 1];
	unsigned count;
	struct {
		char language[TROTH_LANGUAGE_MAX + 1];
		const char *text; /* Owned by the policy. */
	} in[TROTH_LANGUAGES_MAX];
};

/*
 * What may be promised at all. The first rule that fits a question counts. For
 * `sku`, here and below: empty fits all, also what has none; one that ends with
 * '*' fits all that begin like it.
 */
struct troth_rule {
	enum troth_kind kind; /* 0: any. */
	char sku[TROTH_SKU_MAX + 1];
	bool forbidden; /* Nobody may: the answer is no. */
	int64_t most;   /* Minor units, or pieces where there is no amount. Above
			 * it the answer is no, whatever the grant; 0: no limit. */
	struct troth_wait earliest; /* Sooner cannot be kept. */
	struct troth_wait offer;    /* How long an offer stands unspoken. */
	struct troth_wait grace;    /* After due, before it is declared broken. */
	int phrase;                 /* Index; -1: none. */
};

enum troth_debtor_is {
	TROTH_DEBTOR_BRAND = 1,
	TROTH_DEBTOR_SELLER,  /* Of the order; without one, the brand. */
	TROTH_DEBTOR_CARRIER, /* Of the order; without one, the brand. */
	TROTH_DEBTOR_MAKER,   /* The party whose agent promises. */
	TROTH_DEBTOR_PARTY,   /* The one that is named. */
};

struct troth_route_terms {
	enum troth_debtor_is debtor;
	char party[TROTH_PARTY_MAX + 1]; /* With TROTH_DEBTOR_PARTY. */
	enum troth_action action;
	struct troth_wait before_due;  /* Clock time: due that much before the promise. */
	struct troth_wait acknowledge; /* Since the making, but not after due. */
	struct troth_wait acceptance;  /* Clock time: silence then accepts. */
};

/* Who then owes what. The first that fits counts; a promise without one owes nothing. */
struct troth_route {
	enum troth_kind kind; /* 0: any. */
	char sku[TROTH_SKU_MAX + 1];
	enum troth_subject_kind on; /* 0: orders and cases. */
	unsigned count;
	struct troth_route_terms terms[TROTH_ROUTE_TERMS_MAX];
};

struct troth_offer {
	enum troth_choice choice;
	enum troth_kind kind;
	char sku[TROTH_SKU_MAX + 1];
	uint32_t quantity;
	int64_t amount;
	char currency[4];
	struct troth_wait due;
	int phrase; /* Index; -1: none. */
};

/* A failure (a code) and what makes it good: the same for every customer. */
struct troth_remedy {
	char failure[TROTH_CODE_MAX + 1];
	unsigned count;
	struct troth_offer offers[TROTH_OFFERS_MAX];
	struct troth_wait follow_up; /* After it was kept: ask the customer. */
};

struct troth_rung {
	struct troth_wait after; /* Since the alarm (the first) or the rung before. */
	/* An on-call list's name, or whoever is the "debtor", "maker", "owner" (of the
	 * recovery) or "brand". */
	char to[TROTH_CODE_MAX + 1];
};

struct troth_ladder {
	enum troth_cause cause;
	/* at_risk: that long (clock time) before due; untouched: nobody acted so long. */
	struct troth_wait before;
	unsigned count;
	struct troth_rung rungs[TROTH_RUNGS_MAX];
};

/* Who is told, by the time: the first whose shift is open; else the last one. */
struct troth_on_call {
	char name[TROTH_CODE_MAX + 1];
	unsigned count;
	struct {
		char actor[TROTH_ACTOR_MAX + 1];
		char party[TROTH_PARTY_MAX + 1];
		int calendar; /* Index; -1: always. */
	} shifts[TROTH_SHIFTS_MAX];
};

/*
 * So long after the next version has been published a complaint may still rest on the one
 * before: a site has heard of it a little before it can go by it.
 */
#ifndef TROTH_SUPERSEDED_MS /* Minutes are long in the simulator: there it is less. */
#define TROTH_SUPERSEDED_MS 60000
#endif

struct troth_policy {
	uint64_t version; /* In the ledger; 0: not from there. */
	struct troth_time published;
	struct troth_time withdrawn; /* 0: not. It then still holds for what cites it. */
	uint64_t withdrawn_at;       /* By the entry at that position. */
	char *text;                  /* What phrases point into. */
	unsigned calendar_count, rule_count, route_count, remedy_count, ladder_count,
		on_call_count, phrase_count;
	struct troth_calendar calendars[TROTH_CALENDARS_MAX];
	struct troth_rule rules[TROTH_RULES_MAX];
	struct troth_route routes[TROTH_ROUTES_MAX];
	struct troth_remedy remedies[TROTH_REMEDIES_MAX];
	struct troth_ladder ladders[TROTH_LADDERS_MAX];
	struct troth_on_call on_call[TROTH_ON_CALL_MAX];
	struct troth_phrase phrases[TROTH_PHRASES_MAX];
};

/*
 * The end of a wait that begins at `from`. False (*end untouched): it never ends,
 * for its calendar is not open for so long (troth_calendar_add).
 */
bool troth_wait_end(const struct troth_policy *p, const struct troth_wait *w,
		    struct troth_time from, struct troth_time *end);

/* Whether `sku` is among those that a rule, a route or a grant is for (struct
 * troth_rule). */
bool troth_sku_fits(const char *pattern, const char *sku);

/* The first rule for it, or NULL: it is not provided for (ask). `sku` may be empty. */
const struct troth_rule *troth_policy_rule(const struct troth_policy *p,
					   enum troth_kind kind, const char *sku);

/*
 * What is owed so that a promise of that kind on s, due then, made by `maker` at
 * `now`, is kept: fills `out` and returns how many (0: no route). An instant that
 * would be over already is the promise's due instead.
 */
unsigned troth_policy_route(const struct troth_policy *p, const struct troth_subject *s,
			    const char *maker, const char *brand, enum troth_kind kind,
			    const char *sku, struct troth_time due, struct troth_time now,
			    struct troth_terms out[TROTH_TERMS_MAX]);

/* Between what the customer chooses by choosing a promise of that kind. */
enum troth_choice troth_choice_of(enum troth_kind kind);

/* What makes that failure good, or NULL: nothing is laid down. */
const struct troth_remedy *troth_policy_remedy(const struct troth_policy *p,
					       const char *failure);

/*
 * When the customer is to be asked whether v helped, by the policy that it rests on
 * (NULL: there is none). 0: nothing is laid down, there is nothing to ask yet, or
 * somebody has.
 */
struct troth_time troth_policy_follow_up(const struct troth_policy *p,
					 const struct troth_recovery *v);

/* Who is told for that cause, or NULL: nobody is. */
const struct troth_ladder *troth_policy_ladder(const struct troth_policy *p,
					       enum troth_cause cause);

/*
 * The words of phrase number `phrase` in that language, else in its main language
 * ("pt" for "pt-BR"), else in the first one. NULL: there is no such phrase (-1).
 */
const char *troth_policy_words(const struct troth_policy *p, int phrase,
			       const char *language);

/*
 * Who is on call at `at`: *list is the list of that name and the result the index
 * of a shift in it; -1 (*list untouched): there is no such list.
 */
int troth_policy_on_call(const struct troth_policy *p, const char *name,
			 struct troth_time at, const struct troth_on_call **list);

/* Names as they stand in the text and the API; NULL, or -1, for what is none. */
const char *troth_debtor_name(enum troth_debtor_is v);
int troth_debtor_number(const char *text);

#endif
