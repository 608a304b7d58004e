/*
 * replica - what the files of this layer share: the gateway's inside.
 *
 * `kept` is what the last commit left on the disk; `now` runs ahead of it inside
 * a transaction and falls back to it when the commit fails. Whatever is told to
 * anybody is told from `kept`.
 *
 *   gateway.c  open, turn, commit
 *   reply.c    what comes from central goes to whom it is for
 *   uplink.c   Hello and Submit
 *   follow.c   Follow and Receive; apply.c what an entry does here
 *   decide.c   commands -> own events on the view
 *   may.c      questions and approvals: what they come to
 *   shares.c   what becomes of shares by itself
 *   outbox.c   own events: saved, chained again, set aside, confirmed
 *   link.c     the link: what is in flight on it, and its end
 *   ask.c      questions to central
 *   kept.c     numbers, and the transactions in which they change
 *   lapses.c   what is to be looked at, and when
 *   offers.c   what each agent holds back, told to nobody yet
 *   view.c     the view of a subject: sequenced state and own events on top
 *
 * A file rests on those below it alone.
 */
#ifndef TROTH_REPLICA_REPLICA_H
#define TROTH_REPLICA_REPLICA_H

#include "troth/base/mutant.h"
#include "troth/core/chain.h"
#include "troth/replica/gateway.h"
#include "troth/state/key.h"
#include "troth/state/query.h"

#define COMMANDS_MAX   4096 /* Decided in one turn. */
#define LOOKS_MAX      256  /* Of LAPSES in one turn. */
#define FLIGHTS_MAX    32   /* Requests without an answer, questions not counted. */
#define SUBMITS_MAX    16
#define STALE_MAX      8  /* Views of authorities to be made again after an arrival. */
#define DIVERGED_MAX   64 /* Named in one Receive. */
#define MESSAGE_MIN    ((size_t)4 << 10) /* Bytes aimed at in one message: */
#define MESSAGE_MAX    ((size_t)1 << 20) /* see link.c. */
#define FULL_RETRY_MS  1000
#define SEND_RETRY_MS  100
#define COMPANY_MS     4 /* What waits for company in a commit or batch, waits so long, */
#define TRAFFIC_MS     20 /* if a command came so short a time ago. */
#define UNSPOKEN_MS    20 /* A batch of offers, which concern nobody yet, waits so long. */
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 15000

struct numbers {
	uint64_t incarnation;
	uint64_t seq;             /* Of the last event made in it; 0: none. */
	struct troth_digest head; /* The chain's, after that event. */
	uint64_t cursor;          /* Entries of the feed applied. */
	uint64_t position;        /* Nothing that is to be seen is missing up to it. */
	uint64_t marks;
	uint64_t seen_size; /* Newest tree heard of. */
	struct troth_digest seen_root;
	uint64_t set_aside; /* Own events that central turned away. */
	uint64_t restored;  /* Whether the shares are in doubt: RESTORED_... */
	uint64_t backlog;   /* Own events not yet sequenced; counted at open. */
	uint64_t spoken;    /* Last own event that concerns others; at open, the last. */
	struct troth_time as_of;
	struct troth_time clock; /* Newest time used; own times never go back. */
};

/* Stored. Until it is 0, nothing is promised out of shares, and nothing freed. */
enum {
	RESTORED_NOW = 1,   /* A new incarnation is to begin. */
	RESTORED_AGAIN = 2, /* It has; central is to know it, and we what it then says. */
};

enum phase {
	PHASE_DOWN,
	PHASE_UP,       /* Hello is to be sent. */
	PHASE_GREETING, /* Hello was sent. */
	PHASE_WELCOME,  /* It was answered; the answer has not been judged yet. */
	PHASE_LIVE,
};

struct flight {
	uint32_t request; /* 0: free. */
	enum troth_bus_type type;
	int64_t sent_ms;
	size_t bytes;
	bool stale;           /* A Submit after which the uplink went back. */
	uint64_t first, last; /* Of a Submit: origin_seq. */
	uint64_t cursor;      /* Of a Receive: what it told. */
	unsigned diverged;    /* Of a Receive: how many it named. */
};

/* Of each agent, the offers out of shares that may still be told. */
struct offers {
	bool known; /* Else they are to be read from the store. */
	struct holder *holders;
	size_t size, count; /* Places, and those that are taken. */
};

/* A FollowOk that waits for its commit. */
struct arrival {
	struct troth_bus_reply reply;
	struct arrival *next;
};

struct troth_gateway {
	struct troth_kv *kv;
	struct troth_gateway_config config; /* Its strings are ours. */
	struct troth_gateway_io io;
	char origin[TROTH_ORIGIN_MAX + 1], party[TROTH_PARTY_MAX + 1];
	char site_name[TROTH_SITE_MAX + 1], central[TROTH_ORIGIN_MAX + 1];
	char software[64];

	struct numbers kept, now;
	int64_t raw_ms;   /* As the caller gave it: time-outs are measured in this, */
	int64_t clock_ms; /* and events get this, which never goes back. */
	bool dated;       /* They get it by troth_gateway_date alone. */
	bool stopping;
	int64_t full_until_ms; /* The store was full: no work of our own before. */
	int64_t lapse_ms;      /* The first of LAPSES, in own time; INT64_MAX: none. */
	int64_t look_at_ms;    /* No looking at them before. */

	struct offers offers;

	/* The link. */
	enum phase phase;
	struct troth_time since;
	char trouble[TROTH_WHY_MAX];
	bool given_up; /* By us: that the connection then ends is no news. */
	struct flight flights[FLIGHTS_MAX];
	int64_t greet_at_ms, send_at_ms;
	int64_t backoff_ms;                /* Last one used; 0 after a success. */
	struct troth_bus_hello_ok welcome; /* Without its texts. */
	uint64_t heard_size;
	struct troth_digest heard_root;
	size_t submit_bytes, follow_bytes; /* Aimed at now. */

	/* Uplink. */
	bool announced;      /* Central has been told of this incarnation, or knows it. */
	uint64_t settled_at; /* What it then said of our shares is here by this position;
				0: it knew before. */
	uint64_t taken;      /* Central has taken so far, as heard on this link. */
	uint64_t next_submit; /* origin_seq. */
	int64_t submit_at_ms;
	int64_t gather_until_ms;   /* While a batch is on its way, no small one before. */
	int64_t unspoken_until_ms; /* Nor before that, one of mere offers. */
	uint64_t turned_away;      /* origin_seq; 0: none. */
	char turned_away_why[TROTH_WHY_MAX];

	/* Follower. */
	struct arrival *arrivals, **arrivals_end;
	unsigned arrival_count;
	uint64_t received; /* Feed number up to which entries are here or in arrivals. */
	uint64_t received_marks;
	int64_t apply_at_ms; /* Arrivals wait for a command's commit no longer. */
	int64_t follow_at_ms;
	bool told; /* `told_cursor` is what central knows of us. */
	uint64_t told_cursor;
	uint64_t confirmed; /* Greatest own number that the arrival at hand confirmed. */
	unsigned diverged_count;
	struct troth_id diverged[DIVERGED_MAX];

	struct troth_command *commands, **commands_end;
	int64_t commanded_ms; /* The last ones were taken then. */
	struct troth_question *questions;

	/* Of the transaction at hand. */
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_source source;
	struct troth_lookup lookup;

	/* Scratch, because these are large. */
	struct troth_subject *view[2];
	struct troth_indexed before[2];
	struct troth_event event, other;
	struct troth_answered answered;
	struct troth_site site;
	struct troth_buf out, personal, record;

	/*
	 * Entries about one subject that follow each other in the feed are applied in
	 * one go: it is loaded and stored once. view[0] is then its sequenced state.
	 */
	struct {
		bool open;     /* The rest says something. */
		bool has_view; /* Own events were pending on it when the run began. */
		bool changed;  /* `sealed` is to be stored. */
		struct troth_id subject;
		struct troth_buf sealed; /* Its newest record. */
	} run;
	/*
	 * Entries about a party's authority come in turn with those about what was
	 * promised, and many own events may be pending on it: its view is made again
	 * once, after the arrival.
	 */
	unsigned stale_count;
	struct troth_id stale[STALE_MAX];
	/*
	 * So are commands about one subject that follow each other: view[0] is then its
	 * view, with what they have made so far.
	 */
	struct {
		bool open;
		bool changed; /* The view is to be stored and indexed. */
		enum troth_subject_kind kind;
		struct troth_id subject;
		unsigned pending; /* Own events in the view. */
	} held;
	struct troth_result *results;
	struct troth_span *bodies, *blobs; /* TROTH_BATCH_MAX of each. */
};

/* ---- kept.c ---- */

/* As the last commit left them. */
void kept_read(struct troth_txn *t, struct numbers *n);
void replica_note(struct troth_gateway *g, const char *event, const char *fmt, ...)
	TROTH_PRINTF(3, 4);
/* Has g->lookup ask *t, with what the transaction has changed. */
void replica_look(struct troth_gateway *g, struct troth_txn *t);
/* Begins a transaction of either mode with the lookup on it. */
void replica_begin(struct troth_gateway *g, struct troth_txn *t,
		   enum troth_txn_mode mode);
/*
 * Commits with g->now, which becomes g->kept. On TROTH_ERR_FULL g->now falls back,
 * and so it does on any other error, after which the program must exit.
 */
TROTH_MUST_USE enum troth_err replica_end(struct troth_gateway *g, struct troth_txn *t,
					  struct troth_why *why);

/* ---- link.c ---- */

/* The caller's clock may go back; what we wait for must not wait longer for that. */
void replica_set_clock(struct troth_gateway *g, struct troth_time now);
/* Gives the link up; it comes up again by itself. */
void replica_lose(struct troth_gateway *g, const char *fmt, ...) TROTH_PRINTF(2, 3);
/* The next wait after a failure: doubled, with jitter. */
int64_t replica_back_off(struct troth_gateway *g);
/*
 * Sends *m and remembers it in a flight, which is returned; NULL: not just now.
 */
struct flight *replica_send(struct troth_gateway *g, const struct troth_bus_request *m);
unsigned replica_flights(const struct troth_gateway *g, enum troth_bus_type type);
/* An answer has got through: of messages of half the size aimed at, twice as much. */
void replica_grow(size_t *aim, size_t got_through);
/* The first `count` arrivals go. */
void arrivals_drop(struct troth_gateway *g, unsigned count);
/* Forgets what was received and not committed. */
void arrivals_forget(struct troth_gateway *g);
/* How long the answer to *f may take. */
int64_t replica_patience_ms(const struct troth_gateway *g, const struct flight *f);
/* Loses the link if an answer has been due for too long. */
void replica_check_silence(struct troth_gateway *g);

/* ---- decide.c ---- */

void replica_decide(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		    struct troth_result *r);
/* After the last command of a transaction: stores the view that they have left. */
void replica_decided(struct troth_gateway *g, struct troth_txn *t);

/* ---- view.c ---- */

/* Loads the view of a subject. True if own events are pending on it. */
bool view_load(struct troth_txn *t, const struct troth_id *id,
	       enum troth_subject_kind kind, struct troth_subject *s);
/* Judges e on *s as of its own time and applies it, unless it would be refused. */
struct troth_verdict view_apply(struct troth_gateway *g, struct troth_subject *s,
				const struct troth_event *e);
void view_put(struct troth_gateway *g, struct troth_txn *t,
	      const struct troth_subject *s);

/* ---- may.c ---- */

/* Answers question c, and fills its drafts. False: nothing follows from the answer. */
bool may_answer(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		struct troth_result *r);
/*
 * Adds to a promise that cites a grant what it costs, and from where; an offer is judged
 * as a question by that grant would be. False: it is declined, or flawed.
 */
bool may_cite(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
	      struct troth_result *r);
/* Adds to an approval what it costs, and from where. False: it is declined. */
bool may_approve(struct troth_gateway *g, struct troth_txn *t, struct troth_command *c,
		 struct troth_result *r);
/* Command c has been saved: what it has spent is remembered. */
void may_saved(struct troth_gateway *g, struct troth_txn *t,
	       const struct troth_command *c);

/* ---- shares.c ---- */

/* Looks at what is due, up to LOOKS_MAX, and makes the events that follow. */
void shares_look(struct troth_gateway *g, struct troth_txn *t);
/* Central knows the new incarnation, and all that it said until then is here. */
bool shares_known(const struct troth_gateway *g);

/* ---- lapses.c ---- */

/* The promise, or the authority, is to be looked at once that instant is over. */
void lapses_add(struct troth_txn *t, struct troth_time at, const struct troth_id *id);
/*
 * So much of the party's share at this site has been spent on a promise, to be looked
 * at at that instant. A pool of "": nothing was, it only lapses.
 */
void lapses_spend(struct troth_gateway *g, struct troth_txn *t,
		  const struct troth_id *promise, const char *party, const char *pool,
		  int64_t amount, struct troth_time look);
/* After each change of a view: notes what is to be looked at because of it. */
void lapses_note(struct troth_gateway *g, struct troth_txn *t,
		 const struct troth_indexed *before, const struct troth_subject *s);
/*
 * A share_spent or share_freed of this site has come; `ours` if it was waited for, so
 * that it was made by the store as it is.
 */
void lapses_note_own(struct troth_gateway *g, struct troth_txn *t,
		     const struct troth_event *e, bool ours, bool refused);
/* What the share has to give back now. */
int64_t lapses_owed(const struct troth_gateway *g, const struct troth_share *s);
/* Finds out when there is something to look at next. */
void lapses_next(struct troth_gateway *g, struct troth_txn *t);
bool lapses_due(const struct troth_gateway *g);

/* ---- offers.c ---- */

/* Reads from the store what the agents hold. */
void offers_read(struct troth_gateway *g, struct troth_txn *t);
/* After a transaction that came to nothing, and in the end. */
void offers_forget(struct offers *o);
/*
 * How many the agent holds; exact where it matters (TROTH_UNSPOKEN_MAX). Every command
 * before has been stored (replica_decided). Uses view[1].
 */
unsigned offers_held(struct troth_gateway *g, struct troth_txn *t, const char *actor);
/* The promise is no offer any more. */
void offers_drop(struct troth_gateway *g, const char *actor,
		 const struct troth_id *promise);
/* An offer of this site has been made, or has come back. */
void offers_hold(struct troth_gateway *g, struct troth_txn *t, const char *actor,
		 const struct troth_id *promise, struct troth_time lapses);

/* ---- outbox.c ---- */

/* Fills the envelope of *e but the chain, which is made when it is saved. */
void outbox_fill(struct troth_gateway *g, struct troth_event *e);
/* Chains *e to the outbox's end and saves it; its envelope but the chain is filled. */
void outbox_add(struct troth_gateway *g, struct troth_txn *t, struct troth_event *e,
		const struct troth_personal *personal);
/*
 * The entry with `body` (decoded in *e) has come. If it is an own event that waits
 * for that, the event waits no more. True if it was.
 */
bool outbox_confirm(struct troth_gateway *g, struct troth_txn *t,
		    const struct troth_event *e, struct troth_span body);
/* After an arrival: removes what need not be sent any more, now that it has come. */
void outbox_sweep(struct troth_gateway *g, struct troth_txn *t);
/*
 * Makes the view again: *s is the sequenced state and becomes the view. `before` is
 * what the indexes say.
 */
void outbox_renew(struct troth_gateway *g, struct troth_txn *t, struct troth_subject *s,
		  const struct troth_indexed *before);
/* Takes the event out for good, keeps it beside, and chains all later ones again. */
void outbox_set_aside(struct troth_gateway *g, struct troth_txn *t, uint64_t seq,
		      const char *reason);
/* Chains everything not yet confirmed into a new incarnation. */
void outbox_reincarnate(struct troth_gateway *g, struct troth_txn *t,
			uint64_t incarnation);
/* The chain head after event `seq`, as far as that can be known; false: it cannot. */
bool outbox_head(struct troth_gateway *g, struct troth_txn *t, uint64_t seq,
		 struct troth_digest *head);

/* ---- uplink.c ---- */

void uplink_hello(struct troth_gateway *g);
void uplink_on_hello(struct troth_gateway *g, const struct troth_bus_hello_ok *m);
void uplink_on_submit(struct troth_gateway *g, const struct flight *f,
		      const struct troth_bus_submit_ok *m);
/* What central declined, Submit or other. */
void uplink_on_error(struct troth_gateway *g, const struct flight *f,
		     const struct troth_bus_error_reply *m);
/* Judges the answer to Hello; may begin a new incarnation. */
TROTH_MUST_USE enum troth_err uplink_welcome(struct troth_gateway *g,
					     struct troth_why *why);
/* Sets the event aside that central turned away. */
TROTH_MUST_USE enum troth_err uplink_set_aside(struct troth_gateway *g,
					       struct troth_why *why);
/* An empty batch, by which central learns of a new incarnation. */
bool uplink_can_announce(const struct troth_gateway *g);
void uplink_announce(struct troth_gateway *g);
bool uplink_can_submit(const struct troth_gateway *g);
/* The instant before which the next batch is not sent: more may come for it. */
int64_t uplink_submit_at_ms(const struct troth_gateway *g);
/* Sends one batch of what is in the outbox as *t sees it. */
void uplink_send_batch(struct troth_gateway *g, struct troth_txn *t);
TROTH_MUST_USE enum troth_err uplink_submit(struct troth_gateway *g,
					    struct troth_why *why);

/* ---- follow.c ---- */

void follow_on_answer(struct troth_gateway *g,
		      struct troth_bus_reply *reply); /* Moves it. */
bool follow_can_ask(const struct troth_gateway *g);
void follow_ask(struct troth_gateway *g);
/* An answer of so many bytes came: how much the next one may bring. */
void follow_aim(struct troth_gateway *g, size_t bytes);
/*
 * How many of the arrivals one commit is to have: all, but while commands come, one,
 * so that who asks does not wait for a whole batch of news to be applied.
 */
unsigned follow_share(const struct troth_gateway *g);
/* After a commit of the first `count` arrivals. */
void follow_kept(struct troth_gateway *g, unsigned count);
bool follow_can_report(const struct troth_gateway *g);
void follow_report(struct troth_gateway *g);
void follow_on_reported(struct troth_gateway *g, const struct flight *f);

/* ---- apply.c ---- */

/* Applies one arrival. */
void replica_apply(struct troth_gateway *g, struct troth_txn *t,
		   const struct troth_bus_follow_ok *m);

/* ---- ask.c ---- */

/* The question that waits for an answer to `request`, or NULL. */
struct troth_question *questions_find(struct troth_gateway *g, uint32_t request);
void questions_on_answer(struct troth_gateway *g, struct troth_question *q,
			 const struct troth_bus_reply *reply);
/* Answers those that are ready, or over their time. */
void questions_settle(struct troth_gateway *g);
void questions_fail(struct troth_gateway *g, const char *why);
/* When the next of them is over its time, or now if one is ready; INT64_MAX: never. */
int64_t questions_due_ms(const struct troth_gateway *g);

#endif
