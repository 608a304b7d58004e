/*
 * subject - the state of an order or a case as a function of its entries.
 *
 *     judge(state, event, who, now) -> verdict       decided once, by central
 *     apply(state, event, verdict)  -> state          the same on every node
 *     due(state)                    -> next instant   when the clock has work here
 *     tick(state, now)              -> events         what the clock then declares
 *
 * Everything is pure: no I/O, no clock, no allocation. A gateway uses judge as
 * well, on its own view, to answer at once; what counts is central's verdict,
 * which stands in the entry, so apply needs nothing that a participant of the
 * subject cannot see. The digest runs over every entry and the state after it,
 * so two nodes that have applied the same entries can prove it to each other
 * with 32 bytes.
 */
#ifndef TROTH_CORE_SUBJECT_H
#define TROTH_CORE_SUBJECT_H

#include "troth/base/span.h"
#include "troth/core/event.h"
#include "troth/core/policy.h"

enum troth_outcome {
	TROTH_TAKES_EFFECT = 1,
	TROTH_FLAGGED =
		2, /* A fact that is not as it should be: it stands, and HQ is told. */
	TROTH_REFUSED = 3, /* A request without effect; its author sees the reason. */
};

/* Stored and on the wire: append at the end, never renumber. */
enum troth_reason {
	TROTH_REASON_NONE = 0,
	TROTH_REASON_NOT_ENTITLED = 1, /* The party may not do this. */
	TROTH_REASON_NO_SUBJECT = 2,   /* No such order or case. */
	TROTH_REASON_EXISTS = 3,       /* There is one of that id or name already. */
	TROTH_REASON_STALE = 4,        /* Made on a version that is not the newest. */
	TROTH_REASON_WRONG_STATE = 5,  /* No such step from the present state. */
	TROTH_REASON_NO_PROMISE = 6,
	TROTH_REASON_NO_COMMITMENT = 7,
	TROTH_REASON_NO_PARTY = 8,    /* Names a party that is not in the federation. */
	TROTH_REASON_WRONG_ROLE = 9,  /* Names a party of another role. */
	TROTH_REASON_LIMIT = 10,      /* The subject has as many of these as it may. */
	TROTH_REASON_DUE_PASSED = 11, /* Due at an instant that is over. */
	TROTH_REASON_SUBJECT_CLOSED = 12,
	TROTH_REASON_OPEN_PROMISE = 13,  /* Cannot end while a promise on it is open. */
	TROTH_REASON_TELL_CUSTOMER = 14, /* Needs a commitment to tell the customer. */
	TROTH_REASON_OWN_REQUEST = 15,   /* Whoever asked cannot approve. */
	TROTH_REASON_KEY_REVOKED = 16,
	TROTH_REASON_OVER_AUTHORITY = 17,
	TROTH_REASON_UNCITED = 18,        /* Rests on no policy, and there is one. */
	TROTH_REASON_POLICY_UNKNOWN = 19, /* No such version has been published. */
	TROTH_REASON_POLICY_WITHDRAWN = 20,
	TROTH_REASON_NO_GRANT = 21, /* Nothing lets the party promise that unasked. */
	TROTH_REASON_OVER_PROMISE_LIMIT = 22,
	TROTH_REASON_OVER_CUSTOMER_LIMIT = 23,
	TROTH_REASON_SHARE_EMPTY = 24, /* The site's share of the pool does not do. */
	TROTH_REASON_UNCERTIFIED = 25, /* The agent is not certified to the level. */
	TROTH_REASON_SUSPENDED = 26,
	TROTH_REASON_FORBIDDEN = 27, /* The policy lets nobody promise that. */
	TROTH_REASON_SHARE_FROZEN = 28,
	TROTH_REASON_DUE_TOO_EARLY = 29, /* Sooner than it can be kept. */
	TROTH_REASON_HARM_MISSING = 30,
	TROTH_REASON_NO_RECOVERY = 31,
	TROTH_REASON_NO_ALARM = 32,
	TROTH_REASON_EVIDENCE_MISSING = 33,
	TROTH_REASON_NO_POOL = 34,
	TROTH_REASON_POOL_EMPTY = 35,
	TROTH_REASON_NO_GRANT_ID = 36, /* The party has no grant of that name. */
	TROTH_REASON_APOLOGY_MISSING = 37,
	TROTH_REASON_REMEDY_MISSING = 38,  /* Neither kept nor waived. */
	TROTH_REASON_NOT_ASKED = 39,       /* The customer was not asked if it helped. */
	TROTH_REASON_OTHER_REMEDY = 40,    /* Not the offer that it says it is. */
	TROTH_REASON_OPEN_RECOVERY = 41,   /* Cannot end before it has been made good. */
	TROTH_REASON_UNSPOKEN_OFFERS = 42, /* The agent holds as many as one may. */
	TROTH_REASON_OTHER_CUSTOMER = 43,  /* Links what is not known to be one's. */
};
#define TROTH_REASON_LAST TROTH_REASON_OTHER_CUSTOMER

struct troth_verdict {
	enum troth_outcome outcome;
	enum troth_reason reason;
};

const char *troth_outcome_name(enum troth_outcome v);
const char *troth_reason_name(enum troth_reason v); /* "not_entitled", ... */

/* Who acts: found by the caller from the origin of the event. */
struct troth_who {
	const char *party; /* On whose behalf. */
	const char *site;
	enum troth_role role;
	bool central; /* HQ's own node: what the federation itself is changed by. */
	bool clock;   /* Central's clock, and nobody else. */
};

/* The actor of what central's own clock declares; no person or program has it. */
#define TROTH_CLOCK_ACTOR "clock"

/*
 * How judge and apply ask for what is not in the subject. `party` fills *out and
 * returns true, or returns false if there is no such party; `brand` is the brand's
 * id (empty before it has been added).
 *
 * `policy` gives a published version, or NULL: there is none of that number, or
 * this node cannot read it. What it gave stays as it is until another version
 * has been asked for seven times. `newest_policy` is the newest version's number;
 * 0: none has been published. Both may be NULL: then there are no policies here
 * (troth_lookup_policy, troth_lookup_newest_policy).
 *
 * authority, level, given, accepted and customer are asked by judge alone: of what is
 * promised under a policy, of a supervisor's approval, of a grant that is out of a pool,
 * of complaints, and of links. Where there is none of these they may be NULL.
 */
struct troth_lookup {
	void *ctx;
	bool (*party)(void *ctx, const char *name, struct troth_party *out);
	bool (*site)(void *ctx, const char *origin, struct troth_site *out);
	const char *brand;
	const struct troth_policy *(*policy)(void *policies, uint64_t version);
	uint64_t (*newest_policy)(void *policies);
	void *policies;
	/* The party's authority, borrowed until the next call; NULL: it has none. */
	const struct troth_authority *(*authority)(void *ctx, const char *party);
	/* What the actor is certified to at `at`; 0: nothing. */
	uint32_t (*level)(void *ctx, const char *party, const char *actor,
			  struct troth_time at);
	/*
	 * What the party has promised `customer` under a grant within so long of `at`,
	 * before or after, by when each was written (troth_written).
	 */
	int64_t (*given)(void *ctx, const char *party, const char *grant,
			 const char *customer, struct troth_time at, int64_t period_ms);
	/* When central accepted the entry at that position; 0: a gateway cannot tell. */
	struct troth_time (*accepted)(void *ctx, uint64_t position);
	/* The customer of the order, or of the case; false: there is none such here. */
	bool (*customer)(void *ctx, const struct troth_id *subject,
			 enum troth_subject_kind kind, char out[TROTH_CUSTOMER_MAX + 1]);
	bool has_all; /* What is not here is nowhere: so it is at central alone. */
};

static inline const struct troth_policy *troth_lookup_policy(const struct troth_lookup *l,
							     uint64_t version)
{
	return l->policy != NULL ? l->policy(l->policies, version) : NULL;
}

static inline uint64_t troth_lookup_newest_policy(const struct troth_lookup *l)
{
	return l->newest_policy != NULL ? l->newest_policy(l->policies) : 0;
}

/*
 * Finds who acts in `e` by its origin and on_behalf. Central's own origin acts
 * for the brand (`central_origin` is its SPIFFE id), and is the clock where the
 * actor is TROTH_CLOCK_ACTOR. `site` is storage that *who points into; it must
 * outlive *who. Returns TROTH_REASON_NONE, or why the origin may not act
 * (NO_PARTY: not registered; NOT_ENTITLED: it does not operate that party).
 */
enum troth_reason troth_who_acts(struct troth_who *who, struct troth_site *site,
				 const struct troth_lookup *lookup,
				 const struct troth_event *e, const char *central_origin);

/* Makes *s an absent subject of that id (revision 0). */
void troth_subject_init(struct troth_subject *s, enum troth_subject_kind kind,
			const struct troth_id *id);

/*
 * True once it has been placed or opened, sequenced or not. Refused entries
 * count in the revision, but bring nothing to life.
 */
static inline bool troth_subject_exists(const struct troth_subject *s)
{
	return s->participant_count > 0;
}

/*
 * Judges a well-formed event (troth_event_check) about s at `now`. Facts are
 * flagged where requests would be refused, unless what they speak of does not
 * exist at all. Changes nothing. Events about the federation are judged with
 * the lookup alone; s is then the federation's header.
 */
struct troth_verdict troth_judge(const struct troth_subject *s,
				 const struct troth_lookup *lookup,
				 const struct troth_who *who, const struct troth_event *e,
				 struct troth_time now);

/* Where and when an entry stands. Position 0: not sequenced (a gateway's view). */
struct troth_place {
	uint64_t position;
	struct troth_time accepted;
};

/*
 * Applies a judged event to s. `who` is as judge saw it. A refused event only
 * counts (revision, digest). With place.position 0 neither revision nor digest
 * move: that is how a gateway shows its own events before they are sequenced.
 * Otherwise follow it with troth_subject_seal.
 */
void troth_apply(struct troth_subject *s, const struct troth_lookup *lookup,
		 const struct troth_who *who, const struct troth_event *e,
		 struct troth_verdict verdict, struct troth_place place);

/* Whose the stored record is; false: of nobody, of another kind, or it is none. */
bool troth_subject_customer(struct troth_span record, enum troth_subject_kind kind,
			    char out[TROTH_CUSTOMER_MAX + 1]);

/*
 * Moves the running digest: SHA-256(old digest ‖ leaf hash of the entry ‖
 * encoded state), and appends the record to store (digest ‖ state) to `out`.
 */
void troth_subject_seal(struct troth_subject *s, const struct troth_digest *leaf,
			struct troth_buf *out);

/* Appends the encoded state (doc/disk-format.md) to `out`. */
void troth_subject_encode(const struct troth_subject *s, struct troth_buf *out);

/* Reads a record made by troth_subject_seal. False if it is not one. */
bool troth_subject_decode(struct troth_subject *s, struct troth_span record);

/*
 * The next instant after which tick would declare something; 0: none. `lookup`
 * gives parties and policies; a promise that rests on a policy that it does not
 * have is treated as one that rests on none.
 */
struct troth_time troth_subject_due(const struct troth_subject *s,
				    const struct troth_lookup *lookup);

/*
 * One declaration of the clock. `type` is that of the event to make of it; the
 * fields that the type does not need are zero.
 */
struct troth_declaration {
	enum troth_event_type type;
	struct troth_id promise; /* PROMISE_STEP, RECOVERY_OPENED. */
	enum troth_promise_action promise_action;
	struct troth_id commitment; /* COMMITMENT_STEP. */
	enum troth_commitment_action commitment_action;
	struct troth_id alarm;  /* ALARM_TOLD. */
	enum troth_cause cause; /* ALARM_RAISED, about `item`. */
	struct troth_id item;
	uint64_t policy_version; /* ALARM_RAISED, RECOVERY_OPENED. */
	uint32_t rung;           /* ALARM_TOLD: `to` of `party`, then again at `next`. */
	char to[TROTH_ACTOR_MAX + 1];
	char party[TROTH_PARTY_MAX + 1]; /* RECOVERY_OPENED: the owner. */
	char failure[TROTH_CODE_MAX + 1];
	struct troth_time next;
};

/*
 * What the clock has to declare about s at `now`, in order; at most `max` of
 * them (call again after applying them). Returns how many.
 */
unsigned troth_subject_tick(const struct troth_subject *s,
			    const struct troth_lookup *lookup, struct troth_time now,
			    struct troth_declaration *out, unsigned max);

/* Fills the payload of *e (type and u only) with a declaration. */
void troth_declaration_event(const struct troth_declaration *d, struct troth_event *e);

/* Index of a promise or commitment in s by id, or -1. */
int troth_subject_promise(const struct troth_subject *s, const struct troth_id *id);
int troth_subject_commitment(const struct troth_subject *s, const struct troth_id *id);

/* The same for an alarm and a recovery. */
int troth_subject_alarm(const struct troth_subject *s, const struct troth_id *id);
int troth_subject_recovery(const struct troth_subject *s, const struct troth_id *id);

/* Index of a participant by party (active or not), or -1. */
int troth_subject_participant(const struct troth_subject *s, const char *party);

/* True if the party may see s now. */
bool troth_subject_is_participant(const struct troth_subject *s, const char *party);

#endif
