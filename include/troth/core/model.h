/*
 * model - the words of the federation as data: parties, orders, cases, promises
 * and commitments, with the limits that everything from outside is held to.
 *
 * All of it lies in memory that the caller provides; nothing here allocates,
 * reads a clock or does I/O. A subject (an order or a case) is the unit of
 * everything: every event is about one, it has one revision, one digest, one
 * list of participants, and it is loaded, changed and stored as a whole.
 */
#ifndef TROTH_CORE_MODEL_H
#define TROTH_CORE_MODEL_H

#include "troth/base/id.h"
#include "troth/base/time.h"
#include "troth/core/alarm.h"
#include "troth/core/limits.h"
#include "troth/core/recovery.h"
#include "troth/crypto/digest.h"

#include <stdbool.h>
#include <stdint.h>

/* How many there may be. */
#define TROTH_LINES_MAX        64  /* of an order */
#define TROTH_LINKS_MAX        16  /* cases of an order, orders of a case */
#define TROTH_PROMISES_MAX     64  /* of a subject */
#define TROTH_TERMS_MAX        16  /* commitments made together with a promise */
#define TROTH_COMMITMENTS_MAX  256 /* of a subject; of one promise at most 255 */
#define TROTH_PARTICIPANTS_MAX 32
/*
 * So many of them are for the brand alone, which must be able to make good, and to take
 * back, what others have filled a subject with.
 */
#define TROTH_LINKS_KEPT        2
#define TROTH_PROMISES_KEPT     8
#define TROTH_COMMITMENTS_KEPT  32
#define TROTH_PARTICIPANTS_KEPT 4
#define TROTH_RECOVERIES_MAX    (TROTH_PROMISES_MAX + TROTH_COMPLAINTS_MAX)
#define TROTH_ON_DUTY_MAX       100000u /* agents, at one site */
#define TROTH_QUEUE_MAX         1000000u
#define TROTH_WAIT_MAX_S        86400u
#define TROTH_AVAILABLE_MAX_MS                                                           \
	INT64_C(86400000) /* What a site says holds a day at most. */
#define TROTH_QUANTITY_MAX      1000000u
#define TROTH_AMOUNT_MAX        INT64_C(1000000000000)
#define TROTH_ACCEPTANCE_MAX_MS INT64_C(31536000000) /* one year */
#define TROTH_GRANTS_MAX        16                   /* of a party */
#define TROTH_GRANT_SKUS_MAX    8
#define TROTH_POOLS_MAX         32
#define TROTH_SHARES_MAX        128 /* of a party: one for each site and pool */
#define TROTH_SHARE_SUM_MAX     INT64_C(1000000000000000000) /* then no more of it */
#define TROTH_LEVEL_SUPERVISOR  2u /* May approve what an agent is not certified for. */
#define TROTH_LEVEL_MAX         9
#define TROTH_PERIOD_MAX_MS     INT64_C(315360000000) /* ten years */

/* Stored: append at the end, never renumber. So are all enums of this page. */
enum troth_role {
	TROTH_ROLE_BRAND = 1,
	TROTH_ROLE_VENDOR = 2,
	TROTH_ROLE_CARRIER = 3,
	TROTH_ROLE_SELLER = 4,
};

enum troth_subject_kind {
	TROTH_SUBJECT_ORDER = 1,
	TROTH_SUBJECT_CASE = 2,
	TROTH_SUBJECT_FEDERATION = 3, /* Parties, sites and their keys; id zero. */
	TROTH_SUBJECT_AUTHORITY = 4,  /* What one party may promise: grants, shares. */
};
#define TROTH_SUBJECT_LAST TROTH_SUBJECT_AUTHORITY

enum troth_order_state {
	TROTH_ORDER_PLACED = 1,
	TROTH_ORDER_SHIPPED = 2,
	TROTH_ORDER_DELIVERED = 3,
	TROTH_ORDER_CANCELLED = 4,
};

enum troth_initiator {
	TROTH_BY_CUSTOMER = 1,
	TROTH_BY_FIRM = 2,
};

enum troth_case_state {
	TROTH_CASE_OPEN = 1,
	TROTH_CASE_CLOSED = 2,
};

enum troth_kind {
	TROTH_KIND_GIFT = 1,
	TROTH_KIND_CREDIT = 2,
	TROTH_KIND_REFUND = 3,
	TROTH_KIND_REPLACEMENT = 4,
	TROTH_KIND_REPAIR = 5,
	TROTH_KIND_REDELIVERY = 6,
	TROTH_KIND_DELIVERY = 7,
	TROTH_KIND_CALLBACK = 8,
	TROTH_KIND_ANSWER = 9,
	TROTH_KIND_OTHER = 10,
};
#define TROTH_KIND_LAST TROTH_KIND_OTHER

enum troth_channel {
	TROTH_CHANNEL_UNKNOWN = 0,
	TROTH_CHANNEL_PHONE = 1,
	TROTH_CHANNEL_CHAT = 2,
	TROTH_CHANNEL_EMAIL = 3,
	TROTH_CHANNEL_WEB = 4,
	TROTH_CHANNEL_SHOP = 5,
	TROTH_CHANNEL_DOOR = 6,
	TROTH_CHANNEL_OTHER = 7,
};
#define TROTH_CHANNEL_LAST TROTH_CHANNEL_OTHER

enum troth_promise_state {
	TROTH_PROMISE_NONE = 0,
	TROTH_PROMISE_PROPOSED = 1,
	TROTH_PROMISE_PENDING_APPROVAL = 2,
	TROTH_PROMISE_APPROVED = 3,
	TROTH_PROMISE_REJECTED = 4,
	TROTH_PROMISE_EXPIRED = 5,
	TROTH_PROMISE_ACTIVE = 6,
	TROTH_PROMISE_KEPT = 7,
	TROTH_PROMISE_BROKEN = 8,
	TROTH_PROMISE_RELEASED = 9,
	TROTH_PROMISE_CANCELLED = 10,
	TROTH_PROMISE_CONFIRMED = 11,
	TROTH_PROMISE_REOPENED = 12,
	TROTH_PROMISE_REMEDIED = 13,
};
#define TROTH_PROMISE_STATE_LAST TROTH_PROMISE_REMEDIED

enum troth_promise_action {
	TROTH_PROMISE_DO_ACTIVATE = 1, /* Inside delegated authority, and told. */
	TROTH_PROMISE_DO_ASK = 2,      /* The approver at HQ is to decide. */
	TROTH_PROMISE_DO_APPROVE = 3,
	TROTH_PROMISE_DO_REJECT = 4,
	TROTH_PROMISE_DO_SPEAK = 5,  /* After approval: the customer has been told. */
	TROTH_PROMISE_DO_EXPIRE = 6, /* Never spoken, the offer lapsed. */
	TROTH_PROMISE_DO_BREAK = 7,
	TROTH_PROMISE_DO_RELEASE = 8, /* The customer waived it. */
	TROTH_PROMISE_DO_CANCEL = 9,
	TROTH_PROMISE_DO_CONFIRM = 10, /* The customer, in the follow-up: it was kept. */
	TROTH_PROMISE_DO_REOPEN = 11,  /* The customer, in the follow-up: it was not. */
	TROTH_PROMISE_DO_REMEDY = 12,  /* Its recovery promise was kept. */
	TROTH_PROMISE_DO_KEEP = 13,    /* Follows from the commitments; never sent. */
};
#define TROTH_PROMISE_ACTION_LAST TROTH_PROMISE_DO_KEEP

enum troth_action { /* What a commitment is to do. */
		    TROTH_ACTION_PACK = 1,
		    TROTH_ACTION_HAND_OVER = 2,
		    TROTH_ACTION_DELIVER = 3,
		    TROTH_ACTION_CALL_BACK = 4,
		    TROTH_ACTION_PAY = 5,
		    TROTH_ACTION_REPAIR = 6,
		    TROTH_ACTION_TELL_CUSTOMER = 7,
		    TROTH_ACTION_CONFIRM_WITH_CUSTOMER = 8,
		    TROTH_ACTION_OTHER = 9,
};
#define TROTH_ACTION_LAST TROTH_ACTION_OTHER

enum troth_commitment_state {
	TROTH_COMMITMENT_NONE = 0,
	TROTH_COMMITMENT_REQUESTED = 1,
	TROTH_COMMITMENT_ACCEPTED = 2,
	TROTH_COMMITMENT_DECLINED = 3,
	TROTH_COMMITMENT_COUNTERED = 4,
	TROTH_COMMITMENT_IN_PROGRESS = 5,
	TROTH_COMMITMENT_FULFILLED = 6,
	TROTH_COMMITMENT_DISCHARGED = 7,
	TROTH_COMMITMENT_REOPENED = 8,
	TROTH_COMMITMENT_VIOLATED = 9,
	TROTH_COMMITMENT_RELEASED = 10,
	TROTH_COMMITMENT_CANCELLED = 11,
	TROTH_COMMITMENT_DELEGATED = 12,
	TROTH_COMMITMENT_HELD = 13,
};
#define TROTH_COMMITMENT_STATE_LAST TROTH_COMMITMENT_HELD

enum troth_commitment_action {
	TROTH_COMMITMENT_DO_ACCEPT = 1,
	TROTH_COMMITMENT_DO_DECLINE = 2,
	TROTH_COMMITMENT_DO_COUNTER = 3,
	TROTH_COMMITMENT_DO_START = 4,
	TROTH_COMMITMENT_DO_FULFIL = 5,
	TROTH_COMMITMENT_DO_DISCHARGE = 6,
	TROTH_COMMITMENT_DO_REOPEN = 7,
	TROTH_COMMITMENT_DO_VIOLATE = 8,
	TROTH_COMMITMENT_DO_RELEASE = 9,
	TROTH_COMMITMENT_DO_CANCEL = 10,
	TROTH_COMMITMENT_DO_DELEGATE = 11,
	TROTH_COMMITMENT_DO_HOLD = 12,
	TROTH_COMMITMENT_DO_RESUME = 13,
	TROTH_COMMITMENT_DO_REQUEST = 14,     /* A declined one, again, of somebody. */
	TROTH_COMMITMENT_DO_ACK_OVERDUE = 15, /* The clock: not acknowledged in time. */
};
#define TROTH_COMMITMENT_ACTION_LAST TROTH_COMMITMENT_DO_ACK_OVERDUE

enum troth_evidence {
	TROTH_EVIDENCE_NONE = 0,
	TROTH_EVIDENCE_CODE = 1,
	TROTH_EVIDENCE_PHOTO = 2,
	TROTH_EVIDENCE_TRACKING = 3,
	TROTH_EVIDENCE_NOTE = 4,
};
#define TROTH_EVIDENCE_LAST TROTH_EVIDENCE_NOTE

/* Bits of troth_promise.flags. */
#define TROTH_FLAG_OVER_AUTHORITY 0x01u /* Spoken beyond what the maker may promise. */
#define TROTH_FLAG_DUE_PASSED     0x02u /* Its due had passed when HQ heard of it. */
#define TROTH_FLAG_SUBJECT_CLOSED 0x04u /* Spoken after the order or case had ended. */

struct troth_party {
	char party[TROTH_PARTY_MAX + 1];
	enum troth_role role;
	char name[TROTH_FIRM_MAX + 1];
	char operator_party[TROTH_PARTY_MAX + 1]; /* Empty: acts through its own sites. */
};

#define TROTH_SITE_KEYS_MAX 4

struct troth_site_key {
	uint8_t key[32];
	bool revoked;
};

struct troth_site {
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	char origin[TROTH_ORIGIN_MAX + 1];
	unsigned key_count;
	struct troth_site_key keys[TROTH_SITE_KEYS_MAX];
};

struct troth_line {
	char sku[TROTH_SKU_MAX + 1];
	uint32_t quantity;
	int64_t unit_price;
	char seller[TROTH_PARTY_MAX + 1]; /* Empty: the order's seller. */
};

struct troth_order {
	enum troth_order_state state;
	uint32_t version;
	char seller[TROTH_PARTY_MAX + 1];
	char carrier[TROTH_PARTY_MAX + 1];
	char currency[4];
	struct troth_time deliver_by;
	struct troth_time placed, shipped, delivered, cancelled;
	char cancel_reason[TROTH_CODE_MAX + 1];
	unsigned line_count;
	struct troth_line lines[TROTH_LINES_MAX];
};

struct troth_case {
	enum troth_case_state state;
	char handler[TROTH_PARTY_MAX + 1];
	char reason[TROTH_CODE_MAX + 1];
	char outcome[TROTH_CODE_MAX + 1];
	struct troth_time opened, closed;
	uint64_t policy_version;   /* Whose clock runs on it; 0: none. */
	struct troth_time touched; /* Somebody has acted on it last. */
	bool untouched;            /* Reported since then. */
};

/* A case linked to an order (with the vendor that brought it), or an order of a case. */
struct troth_link {
	struct troth_id id;
	char vendor[TROTH_PARTY_MAX + 1];
};

/* ---- Delegated authority: an authority subject holds one party's ---- */

/* Money or goods that promises may be made from. On the brand's subject only. */
struct troth_pool {
	char pool[TROTH_CODE_MAX + 1];
	char sku[TROTH_SKU_MAX + 1]; /* Goods, counted in pieces; or else */
	char currency[4];            /* money, in minor units. */
	int64_t total;
	int64_t share;   /* What a site is to hold, */
	int64_t low;     /* and below what it is topped up. */
	int64_t idle_ms; /* A share unused for so long flows back; 0: never. */
};

/* What a party may promise without asking. Never deleted, only ended. */
struct troth_grant {
	char grant[TROTH_CODE_MAX + 1];
	uint32_t kinds;     /* Bit 1 << enum troth_kind. */
	unsigned sku_count; /* 0: any. */
	struct troth_grant_sku {
		char sku[TROTH_SKU_MAX + 1]; /* A last '*' stands for any rest. */
	} skus[TROTH_GRANT_SKUS_MAX];
	char currency[4];     /* It is over money; empty: over goods and services. */
	int64_t most;         /* In one promise: minor units or pieces. */
	int64_t per_customer; /* To one customer in a period; 0: no limit. */
	int64_t period_ms;
	char pool[TROTH_CODE_MAX + 1]; /* Empty: costs nothing that could run out. */
	uint32_t level;                /* The agent must be certified to; 0: need not. */
	struct troth_time from, until; /* In force: from <= t < until (0: open). */
	uint64_t withdrawn_at;         /* Position of its withdrawal; 0: it was not. */
};

/* What of a pool one site alone may spend. The sums only grow. */
struct troth_share {
	char site[TROTH_SITE_MAX + 1];
	char pool[TROTH_CODE_MAX + 1];
	int64_t allotted; /* By central. */
	int64_t spent;    /* By the site, as is all that follows but lost. */
	int64_t freed;    /* Of what was spent: the promise came to nothing. */
	int64_t returned;
	int64_t lost;     /* Promised by a site whose store then went back in time. */
	int64_t recalled; /* Central asks for it back: returned when there is so much. */
	char to_party[TROTH_PARTY_MAX + 1]; /* Whom central then gives it to. */
	char to_site[TROTH_SITE_MAX + 1];
	bool frozen; /* Nothing may be spent: its book may be older than its word. */
	struct troth_time used; /* Allotted or spent from last. */
};

struct troth_authority {
	char party[TROTH_PARTY_MAX + 1];
	struct troth_time suspended; /* 0: it is not. */
	uint64_t suspended_at;       /* Its position. */
	char reason[TROTH_CODE_MAX + 1];
	unsigned pool_count;
	struct troth_pool pools[TROTH_POOLS_MAX];
	unsigned grant_count;
	struct troth_grant grants[TROTH_GRANTS_MAX];
	unsigned share_count;
	struct troth_share shares[TROTH_SHARES_MAX];
};

/* What HQ has certified a person or program of a party for. */
struct troth_agent {
	char party[TROTH_PARTY_MAX + 1];
	char actor[TROTH_ACTOR_MAX + 1];
	uint32_t level;          /* 0: not any more. */
	struct troth_time until; /* 0: open. */
};

/* What is known of when something was written. All zeros: it was not. */
struct troth_writing {
	struct troth_time created;  /* By the clock of its site. */
	struct troth_time accepted; /* By central. */
	uint64_t heard;             /* What of the ledger the site had heard of. */
};

struct troth_promise {
	struct troth_id id; /* Last byte zero. */
	enum troth_promise_state state;
	uint32_t flags;
	enum troth_kind kind;
	enum troth_channel channel;
	char sku[TROTH_SKU_MAX + 1];
	uint32_t quantity;
	int64_t amount;
	char currency[4];
	char reason[TROTH_CODE_MAX + 1];
	uint64_t policy_version;
	char party[TROTH_PARTY_MAX + 1]; /* Made by: for whom, where, who. */
	char site[TROTH_SITE_MAX + 1];
	char actor[TROTH_ACTOR_MAX + 1];
	struct troth_time made;    /* When the customer was told (or the agent asked). */
	struct troth_time due;     /* The customer was told "by then". */
	struct troth_time lapses;  /* If not spoken: when the offer ends. */
	struct troth_time settled; /* When it left active, by central's clock. */
	uint64_t position;         /* Of the entry that made it; 0: not sequenced yet. */
	char settle_reason[TROTH_CODE_MAX + 1];
	char grant[TROTH_CODE_MAX + 1]; /* That it rests on; empty: none. */
	char pool[TROTH_CODE_MAX + 1];  /* That its cost is taken from; empty: none. */
	int64_t cost;                   /* Minor units or pieces of the pool. */
	struct troth_writing written;   /* That it rests on the grant. */
	uint32_t asked;                 /* Why it had to be asked (enum troth_reason). */
	struct troth_id recovers; /* The recovery that it is the remedy of; or zero. */
	uint32_t alarmed;        /* Alarms raised about it: bits 1 << enum troth_cause. */
	uint32_t reopened_after; /* How many commitments it had when it was reopened. */
	uint32_t reopened;       /* Times that the customer said it was not kept. */
	unsigned commitment_count;
};

struct troth_commitment {
	struct troth_id promise;
	uint8_t ordinal; /* 1, 2, ... within its promise. */
	enum troth_commitment_state state;
	enum troth_commitment_state
		before; /* Of held or delegated: what it returns to. */
	enum troth_action action;
	enum troth_evidence evidence;
	char debtor[TROTH_PARTY_MAX + 1];
	char delegate[TROTH_PARTY_MAX +
		      1]; /* Asked to take it over; owes only if it accepts. */
	char creditor[TROTH_PARTY_MAX + 1];
	char reason[TROTH_CODE_MAX + 1]; /* Of the last step that had one. */
	struct troth_time due;
	struct troth_time counter_due;
	struct troth_time ack_due;     /* Somebody must have acknowledged by then. */
	struct troth_time ack_overdue; /* When central declared that nobody had. */
	struct troth_time acknowledged;
	struct troth_time held;
	struct troth_time fulfilled; /* When it was done, by its evidence. */
	struct troth_time reported;  /* When central learned of that. */
	struct troth_time settled;
	int64_t acceptance_ms;
	uint64_t position; /* Of the entry that requested it; 0: not sequenced yet. */
	uint32_t alarmed;  /* As of a promise. */
	struct troth_time requested; /* Of its debtor, by central's clock. */
	uint32_t reopened;           /* Times that its creditor sent it back. */
};

struct troth_participant {
	char party[TROTH_PARTY_MAX + 1];
	bool active;
	uint64_t left; /* If not active: the revision at which it stopped being one. */
};

/* The whole state of one subject. About 220 kB: allocate once, use often. */
struct troth_subject {
	enum troth_subject_kind kind;
	struct troth_id id;
	uint64_t revision; /* Ledger entries on it; 0: it does not exist yet. */
	uint64_t position; /* Of the newest of them. */
	struct troth_time changed;
	struct troth_digest digest; /* Running: covers every entry and every state. */
	char customer[TROTH_CUSTOMER_MAX + 1];
	struct troth_order order;         /* Of an order only, */
	struct troth_case cas;            /* and of a case only. */
	struct troth_authority authority; /* Of an authority subject only. */
	unsigned link_count;
	struct troth_link links[TROTH_LINKS_MAX];
	unsigned participant_count;
	struct troth_participant participants[TROTH_PARTICIPANTS_MAX];
	unsigned promise_count;
	struct troth_promise promises[TROTH_PROMISES_MAX];
	unsigned commitment_count;
	struct troth_commitment commitments[TROTH_COMMITMENTS_MAX];
	unsigned alarm_count;
	struct troth_alarm alarms[TROTH_ALARMS_MAX];
	unsigned recovery_count;
	struct troth_recovery recoveries[TROTH_RECOVERIES_MAX];
};

/* The id under which a commitment is known: the promise's, with the ordinal. */
static inline struct troth_id troth_commitment_id(const struct troth_commitment *c)
{
	struct troth_id id = c->promise;

	id.b[TROTH_ID_LEN - 1] = c->ordinal;
	return id;
}

/* The id of the promise that commitment `id` belongs to. */
static inline struct troth_id troth_promise_of(const struct troth_id *id)
{
	struct troth_id promise = *id;

	promise.b[TROTH_ID_LEN - 1] = 0;
	return promise;
}

/* What a promise of that kind must say: which goods, or how much money. */
static inline bool troth_kind_is_of_goods(enum troth_kind v)
{
	return v == TROTH_KIND_GIFT || v == TROTH_KIND_REPLACEMENT;
}

static inline bool troth_kind_is_of_money(enum troth_kind v)
{
	return v == TROTH_KIND_CREDIT || v == TROTH_KIND_REFUND;
}

/* Names as they stand in the API, lower case; NULL for a number that is none. */
const char *troth_role_name(enum troth_role v);
const char *troth_kind_name(enum troth_kind v);
const char *troth_channel_name(enum troth_channel v);
const char *troth_action_name(enum troth_action v);
const char *troth_evidence_name(enum troth_evidence v);
const char *troth_order_state_name(enum troth_order_state v);
const char *troth_case_state_name(enum troth_case_state v);
const char *troth_promise_state_name(enum troth_promise_state v);
const char *troth_promise_action_name(enum troth_promise_action v);
const char *troth_commitment_state_name(enum troth_commitment_state v);
const char *troth_commitment_action_name(enum troth_commitment_action v);

/* The inverse: the number whose name is `text`, or -1. */
int troth_role_number(const char *text);
int troth_kind_number(const char *text);
int troth_channel_number(const char *text);
int troth_action_number(const char *text);
int troth_evidence_number(const char *text);
int troth_promise_state_number(const char *text);
int troth_promise_action_number(const char *text);
int troth_commitment_state_number(const char *text);
int troth_commitment_action_number(const char *text);

#endif
