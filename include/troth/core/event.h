/*
 * event - what happened, as its originating site wrote it.
 *
 * A `struct troth_event` is the decoded form of the Body bytes (proto/troth/v1/
 * event.proto). It owns everything in it but the text of a policy, which lies in
 * the bytes that were decoded (or with whoever made the event). Those bytes stay
 * with whoever holds them, because they, not this struct, are what is hashed,
 * sealed and kept.
 *
 * Some events are facts (the customer was told, the parcel was handed over):
 * central never refuses a well-formed fact, it can only flag it. The others are
 * requests, and may be refused with a reason.
 */
#ifndef TROTH_CORE_EVENT_H
#define TROTH_CORE_EVENT_H

#include "troth/base/span.h"
#include "troth/core/model.h"

/* The same numbers as the fields of Body's payload. */
enum troth_event_type {
	TROTH_EVENT_NONE = 0,
	TROTH_EVENT_PARTY_ADDED = 20,
	TROTH_EVENT_SITE_ADDED = 21,
	TROTH_EVENT_SITE_KEY_ADDED = 22,
	TROTH_EVENT_SITE_KEY_REVOKED = 23,
	TROTH_EVENT_POLICY_PUBLISHED = 24,
	TROTH_EVENT_POLICY_WITHDRAWN = 25,
	TROTH_EVENT_ORDER_PLACED = 30,
	TROTH_EVENT_ORDER_CORRECTED = 31,
	TROTH_EVENT_ORDER_SHIPPED = 32,
	TROTH_EVENT_ORDER_DELIVERED = 33,
	TROTH_EVENT_ORDER_CANCELLED = 34,
	TROTH_EVENT_ORDER_CASE_LINKED = 35,
	TROTH_EVENT_CASE_OPENED = 40,
	TROTH_EVENT_CASE_ORDER_LINKED = 41,
	TROTH_EVENT_CASE_HANDED_OVER = 42,
	TROTH_EVENT_CASE_CLOSED = 43,
	TROTH_EVENT_PROMISE_MADE = 50,
	TROTH_EVENT_PROMISE_STEP = 51,
	TROTH_EVENT_COMMITMENT_ADDED = 60,
	TROTH_EVENT_COMMITMENT_STEP = 61,
	TROTH_EVENT_POOL_SET = 70,
	TROTH_EVENT_GRANT_GIVEN = 71,
	TROTH_EVENT_GRANT_WITHDRAWN = 72,
	TROTH_EVENT_AGENT_CERTIFIED = 73,
	TROTH_EVENT_PARTY_SUSPENDED = 74,
	TROTH_EVENT_PARTY_RESUMED = 75,
	TROTH_EVENT_ALARM_RAISED = 80,
	TROTH_EVENT_ALARM_TOLD = 81,
	TROTH_EVENT_ALARM_TAKEN = 82,
	TROTH_EVENT_ALARM_ENDED = 83,
	TROTH_EVENT_RECOVERY_OPENED = 90,
	TROTH_EVENT_RECOVERY_STEP = 91,
	TROTH_EVENT_COMPLAINT = 92,
	TROTH_EVENT_COMPLAINT_DENIED = 93,
	TROTH_EVENT_DENIAL_APPEALED = 94,
	TROTH_EVENT_APPEAL_DECIDED = 95,
	TROTH_EVENT_SHARE_ALLOTTED = 100,
	TROTH_EVENT_SHARE_RECALLED = 101,
	TROTH_EVENT_SHARE_RETURNED = 102,
	TROTH_EVENT_SHARE_SPENT = 103,
	TROTH_EVENT_SHARE_FREED = 104,
	TROTH_EVENT_SHARE_FROZEN = 105,
	TROTH_EVENT_SHARE_THAWED = 106,
	TROTH_EVENT_SITE_AVAILABILITY = 110,
};

/*
 * What an event speaks of, which is the member of `u` that it has. Whoever must not
 * forget a type switches over this: a new type has a topic, or does not compile.
 */
enum troth_topic {
	TROTH_TOPIC_NONE = 0, /* No type that this release knows. */
	TROTH_TOPIC_PARTY,
	TROTH_TOPIC_SITE,
	TROTH_TOPIC_AVAILABILITY,
	TROTH_TOPIC_POLICY,
	TROTH_TOPIC_ORDER,  /* Its content: placed, corrected. */
	TROTH_TOPIC_AT,     /* Where it is: shipped, delivered. */
	TROTH_TOPIC_CANCEL, /* Of an order. */
	TROTH_TOPIC_LINK,
	TROTH_TOPIC_CASE,
	TROTH_TOPIC_PROMISE,
	TROTH_TOPIC_PROMISE_STEP,
	TROTH_TOPIC_COMMITMENT,
	TROTH_TOPIC_COMMITMENT_STEP,
	TROTH_TOPIC_POOL,
	TROTH_TOPIC_GRANT,
	TROTH_TOPIC_AGENT,
	TROTH_TOPIC_STANDING, /* Of a party: suspended, resumed. */
	TROTH_TOPIC_SHARE,
	TROTH_TOPIC_ALARM,
	TROTH_TOPIC_RECOVERY,
};

enum troth_topic troth_event_topic(enum troth_event_type type);

/* What a party is asked to owe. */
struct troth_terms {
	char debtor[TROTH_PARTY_MAX + 1];
	char creditor[TROTH_PARTY_MAX + 1]; /* Empty: the brand. */
	enum troth_action action;
	struct troth_time due;
	struct troth_time ack_due; /* 0: none. */
	int64_t acceptance_ms;
};

struct troth_order_content {
	char customer[TROTH_CUSTOMER_MAX + 1]; /* Placed only. */
	char seller[TROTH_PARTY_MAX + 1];      /* Placed only. */
	char currency[4];                      /* Placed only. */
	struct troth_time at;                  /* Placed only. */
	uint32_t version;                      /* Corrected only: the one it makes. */
	char reason[TROTH_CODE_MAX + 1];       /* Corrected only. */
	char carrier[TROTH_PARTY_MAX + 1];
	struct troth_time deliver_by;
	unsigned line_count;
	struct troth_line lines[TROTH_LINES_MAX];
};

struct troth_event {
	struct troth_id id;
	uint8_t salt[16];
	char origin[TROTH_ORIGIN_MAX + 1];
	uint64_t incarnation;
	uint64_t origin_seq;
	struct troth_digest origin_prev;
	struct troth_time created;
	uint64_t seen_size;
	struct troth_digest seen_root;
	enum troth_subject_kind subject_kind;
	struct troth_id subject;
	char on_behalf[TROTH_PARTY_MAX + 1];
	char actor[TROTH_ACTOR_MAX + 1];
	bool has_personal;
	struct troth_digest personal_hash;

	enum troth_event_type type;
	union {
		struct troth_party party;
		struct {
			char party[TROTH_PARTY_MAX + 1];
			char site[TROTH_SITE_MAX + 1];
			char origin[TROTH_ORIGIN_MAX + 1];
			uint8_t key[32];
			char reason[TROTH_CODE_MAX + 1];
		} site; /* SITE_ADDED, SITE_KEY_ADDED, SITE_KEY_REVOKED */
		struct {
			uint32_t agents;         /* On duty; 0: closed. */
			uint32_t queue;          /* Customers who wait, */
			uint32_t wait_s;         /* and how long the next one will. */
			struct troth_time until; /* It holds so long. */
		} availability;                  /* SITE_AVAILABILITY */
		struct {
			uint64_t version;
			struct troth_span policy_text;   /* Published only: borrowed from
							    the decoded bytes. */
			char reason[TROTH_CODE_MAX + 1]; /* Withdrawn only. */
		} policy;                         /* POLICY_PUBLISHED, POLICY_WITHDRAWN */
		struct troth_order_content order; /* ORDER_PLACED, ORDER_CORRECTED */
		struct troth_time at;             /* ORDER_SHIPPED, ORDER_DELIVERED */
		struct {
			char reason[TROTH_CODE_MAX + 1];
			enum troth_initiator initiator;
			bool has_tell;
			struct troth_terms tell;
		} cancel;               /* ORDER_CANCELLED */
		struct troth_link link; /* ORDER_CASE_LINKED, CASE_ORDER_LINKED */
		struct {
			char customer[TROTH_CUSTOMER_MAX + 1]; /* CASE_OPENED */
			char reason[TROTH_CODE_MAX + 1];       /* OPENED, HANDED_OVER */
			char to[TROTH_PARTY_MAX + 1];          /* CASE_HANDED_OVER */
			char outcome[TROTH_CODE_MAX + 1];      /* CASE_CLOSED */
			uint64_t policy_version;               /* CASE_OPENED */
		} cas;
		struct {
			struct troth_id id;
			char customer[TROTH_CUSTOMER_MAX + 1];
			enum troth_kind kind;
			char sku[TROTH_SKU_MAX + 1];
			uint32_t quantity;
			int64_t amount;
			char currency[4];
			struct troth_time due;
			char reason[TROTH_CODE_MAX + 1];
			uint64_t policy_version;
			enum troth_channel channel;
			bool spoken;
			struct troth_time made;
			struct troth_time lapses;
			char grant[TROTH_CODE_MAX + 1]; /* With one it was answered yes.
							 */
			char pool[TROTH_CODE_MAX + 1];
			int64_t cost;
			struct troth_id recovers; /* Zero: none. */
			uint32_t asked;
			unsigned terms_count;
			struct troth_terms terms[TROTH_TERMS_MAX];
		} promise; /* PROMISE_MADE */
		struct {
			struct troth_id promise;
			enum troth_promise_action action;
			char reason[TROTH_CODE_MAX + 1];
			bool has_tell;
			struct troth_terms tell;
			char pool[TROTH_CODE_MAX + 1];  /* Approve only: where */
			int64_t cost;                   /* what it costs is from. */
			char grant[TROTH_CODE_MAX + 1]; /* A supervisor's approval. */
			bool has_instead; /* Reject only: what may be offered instead. */
			struct {
				enum troth_kind kind;
				char sku[TROTH_SKU_MAX + 1];
				uint32_t quantity;
				int64_t amount;
				char currency[4];
			} instead;
		} promise_step;
		struct {
			struct troth_id promise;
			struct troth_terms terms;
		} commitment;
		struct {
			struct troth_id commitment;
			enum troth_commitment_action action;
			char reason[TROTH_CODE_MAX + 1];
			char party[TROTH_PARTY_MAX + 1];
			struct troth_time due;
			enum troth_evidence evidence;
			bool has_photo;
			struct troth_digest photo;
			struct troth_time at;
		} commitment_step;
		struct troth_pool pool; /* POOL_SET */
		struct {
			char party[TROTH_PARTY_MAX + 1];
			char reason[TROTH_CODE_MAX + 1]; /* GRANT_WITHDRAWN */
			struct troth_grant grant;
		} grant; /* GRANT_GIVEN, GRANT_WITHDRAWN (its name only) */
		struct troth_agent agent; /* AGENT_CERTIFIED */
		struct {
			char party[TROTH_PARTY_MAX + 1];
			char reason[TROTH_CODE_MAX + 1]; /* PARTY_SUSPENDED */
		} standing;
		struct {
			char party[TROTH_PARTY_MAX + 1];
			char site[TROTH_SITE_MAX + 1];
			char pool[TROTH_CODE_MAX + 1];
			/* Not of FROZEN; THAWED: what was lost; RECALLED 0: no more. */
			int64_t amount;
			struct troth_id promise;            /* SPENT, FREED */
			char to_party[TROTH_PARTY_MAX + 1]; /* RECALLED */
			char to_site[TROTH_SITE_MAX + 1];
			char reason[TROTH_CODE_MAX + 1]; /* RECALLED, FROZEN */
		} share;
		struct {
			struct troth_id
				alarm; /* All but RAISED, whose id is the event's. */
			enum troth_cause cause;        /* RAISED */
			struct troth_id item;          /* RAISED; zero: order or case. */
			char code[TROTH_CODE_MAX + 1]; /* RAISED; ENDED: why. */
			uint64_t policy_version;       /* RAISED */
			uint32_t rung;                 /* TOLD */
			char to[TROTH_ACTOR_MAX + 1];
			char party[TROTH_PARTY_MAX + 1];
			struct troth_time next; /* RAISED by the clock, TOLD; 0: none. */
		} alarm;
		struct {
			struct troth_id id;      /* Of the recovery; COMPLAINT: made. */
			struct troth_id promise; /* COMPLAINT; zero: about none. */
			char failure[TROTH_CODE_MAX + 1]; /* OPENED, COMPLAINT */
			char owner[TROTH_PARTY_MAX + 1];  /* OPENED */
			uint64_t policy_version; /* OPENED, COMPLAINT, STEP choose */
			enum troth_recovery_action
				action; /* STEP; DECIDED: UPHOLD, ... */
			char practical[TROTH_CODE_MAX + 1];
			char felt[TROTH_CODE_MAX + 1];
			enum troth_choice choice;
			uint32_t offer;
			struct troth_value value;        /* STEP choose: of the offer. */
			char reason[TROTH_CODE_MAX + 1]; /* DENIED, DECIDED */
			enum troth_evidence evidence;    /* DENIED */
		} recovery;
	} u;
};

/* A field that is not as it must be, and what would be right. Static strings. */
struct troth_flaw {
	const char *field;
	const char *problem;
};

/*
 * Whether `e` is well formed by itself: names, limits, required fields, values
 * that belong together. Knows no state. On false *flaw tells the first field
 * (by its API name) that is wrong; such an event never gets a position.
 */
bool troth_event_check(const struct troth_event *e, struct troth_flaw *flaw);

/* True for what has already happened outside: it can be flagged, never refused. */
bool troth_event_is_fact(const struct troth_event *e);

/* "promise_made", ...; NULL for a number that is none. */
const char *troth_event_type_name(enum troth_event_type type);

#endif
