/*
 * recovery - what is done for a customer to whom a promise was broken, or who
 * complains: somebody owns it, apologises, finds out what it did to the customer
 * (in fact and in feeling), makes it good by the customer's own choice, and asks
 * afterwards whether that helped.
 *
 *   none --open--> OPEN --choose--> OFFERED --(remedy kept)--> MADE_GOOD
 *                   |  \              |  ^ \--waive--> MADE_GOOD
 *                   |   \--waive------+--|-----------> MADE_GOOD
 *                   |     (remedy broken)|
 *                   |              REOPENED: as OPEN, and counted
 *                   |                    ^
 *   MADE_GOOD --ask: it helped--> FOLLOW_UP --finish--> DONE
 *       \------ask: it did not---------^ (from MADE_GOOD, FOLLOW_UP, DONE)
 *
 *   of a complaint only:
 *   OPEN, OFFERED, REOPENED --deny--> DENIED --appeal--> APPEALED
 *   APPEALED --uphold--> UPHELD, --overturn--> OPEN
 *
 * Whoever helps may apologise, record harm, and offer. That the customer wants nothing,
 * or was helped, is not for those to say who owe it or whose failure it was, unless
 * they own the recovery; and nobody denies it but the owner and HQ.
 *
 * Apologising and recording harm are steps that change no state. The remedy is a
 * promise like any other, with its own commitments; that it "recovers" this one
 * is written in it, and what becomes of it moves the recovery.
 */
#ifndef TROTH_CORE_RECOVERY_H
#define TROTH_CORE_RECOVERY_H

#include "troth/base/id.h"
#include "troth/base/time.h"
#include "troth/core/capacity.h"
#include "troth/core/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Complaints of a subject; a broken promise always finds room beside them. */
#define TROTH_COMPLAINTS_MAX  32
#define TROTH_COMPLAINTS_KEPT 4 /* Of these, for the brand alone. */

/* Between what the customer may choose. Stored: append, never renumber. */
enum troth_choice {
	TROTH_CHOICE_NONE = 0,
	TROTH_CHOICE_GOODS = 1,
	TROTH_CHOICE_MONEY = 2,
	TROTH_CHOICE_CREDIT = 3,
};
#define TROTH_CHOICE_LAST TROTH_CHOICE_CREDIT

/* Stored: append at the end, never renumber. */
enum troth_recovery_state {
	TROTH_RECOVERY_NONE = 0,
	TROTH_RECOVERY_OPEN = 1,
	TROTH_RECOVERY_OFFERED = 2,   /* The customer has chosen what makes it good. */
	TROTH_RECOVERY_MADE_GOOD = 3, /* That was kept, or the customer waived it. */
	TROTH_RECOVERY_FOLLOW_UP = 4, /* The customer was asked, and it helped. */
	TROTH_RECOVERY_DONE = 5,
	TROTH_RECOVERY_REOPENED = 6, /* It did not help, or the remedy was broken. */
	TROTH_RECOVERY_DENIED = 7,
	TROTH_RECOVERY_APPEALED = 8,
	TROTH_RECOVERY_UPHELD = 9, /* HQ has heard it: the denial stands. */
};
#define TROTH_RECOVERY_STATE_LAST TROTH_RECOVERY_UPHELD

/* Stored: append at the end, never renumber. */
enum troth_recovery_action {
	TROTH_RECOVERY_DO_APOLOGISE = 1,
	TROTH_RECOVERY_DO_HARMS = 2,
	TROTH_RECOVERY_DO_CHOOSE = 3,
	TROTH_RECOVERY_DO_WAIVE = 4,
	TROTH_RECOVERY_DO_HELPED = 5,     /* Asked: yes, */
	TROTH_RECOVERY_DO_NOT_HELPED = 6, /* no, */
	TROTH_RECOVERY_DO_UNREACHED = 7,  /* or nobody could be asked. */
	TROTH_RECOVERY_DO_FINISH = 8,
	TROTH_RECOVERY_DO_DENY = 9,
	TROTH_RECOVERY_DO_APPEAL = 10,
	TROTH_RECOVERY_DO_UPHOLD = 11,
	TROTH_RECOVERY_DO_OVERTURN = 12,
	TROTH_RECOVERY_DO_KEEP = 13, /* The remedy was kept; never sent. */
	TROTH_RECOVERY_DO_FAIL = 14, /* The remedy was broken; never sent. */
};
#define TROTH_RECOVERY_ACTION_LAST TROTH_RECOVERY_DO_FAIL
/* The last one that a recovery_step may hold; the others have events of their own. */
#define TROTH_RECOVERY_STEP_LAST TROTH_RECOVERY_DO_FINISH

/* Goods or money that a remedy consists of, as a promise says it. */
struct troth_value {
	uint32_t kind; /* enum troth_kind; 0: not said. */
	char sku[TROTH_SKU_MAX + 1];
	uint32_t quantity;
	int64_t amount;
	char currency[4];
};

struct troth_recovery {
	struct troth_id id; /* The broken promise's, or the complaint's own. */
	enum troth_recovery_state state;
	bool complaint;          /* The customer complained; else a promise broke. */
	struct troth_id promise; /* That it is about; zero: a complaint about none. */
	char failure[TROTH_CODE_MAX + 1];
	char owner[TROTH_PARTY_MAX + 1];
	uint64_t policy_version; /* Whose remedies count; 0: none. */
	struct troth_time opened;
	struct troth_time apologised;
	char practical[TROTH_CODE_MAX + 1]; /* What it did to the customer in fact, */
	char felt[TROTH_CODE_MAX + 1];      /* and in feeling. */
	enum troth_choice choice;
	uint32_t offer;           /* Of the policy, from 1; 0: another remedy. */
	bool differs;             /* The remedy is not what the policy offers. */
	bool waived;              /* The customer wanted none. */
	struct troth_id remedy;   /* The newest promise that recovers this; zero: none. */
	struct troth_value value; /* Of the offer that was chosen. */
	uint32_t good;            /* Remedies that were kept or waived, */
	uint32_t failed;          /* and those that were broken. */
	struct troth_time made_good;
	struct troth_time asked;           /* In the follow-up. */
	enum troth_recovery_action answer; /* HELPED, NOT_HELPED, UNREACHED; 0: none. */
	uint32_t reopened;                 /* How often. */
	struct troth_time done;
	char reason[TROTH_CODE_MAX + 1]; /* Of the denial. */
	uint32_t evidence;               /* Of the denial: enum troth_evidence. */
	struct troth_time denied, appealed, decided;
	char denied_by[TROTH_ACTOR_MAX + 1];
	char denied_party[TROTH_PARTY_MAX + 1];
	uint64_t position; /* Of the entry that opened it; 0: not sequenced yet. */
	bool alarmed;      /* That nobody has asked, since it was made good. */
};

/*
 * Where `action`, taken in any of the capacities `as` on a recovery of that sort,
 * leads from `from`; *to is set only on TROTH_STEP_OK. Pure.
 */
enum troth_step troth_recovery_next(enum troth_recovery_state from, bool complaint,
				    enum troth_recovery_action action, unsigned as,
				    enum troth_recovery_state *to);

/* In which capacities that action may be taken from some state; 0: there is none such. */
unsigned troth_recovery_by(enum troth_recovery_action action);

/* True while somebody has still something to do for the customer. */
bool troth_recovery_is_open(enum troth_recovery_state s);

/* "goods", "made_good", ...; NULL, or -1, for what is none. */
const char *troth_choice_name(enum troth_choice v);
int troth_choice_number(const char *text);
const char *troth_recovery_state_name(enum troth_recovery_state v);
const char *troth_recovery_action_name(enum troth_recovery_action v);

#endif
