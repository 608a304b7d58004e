/*
 * sim - a federation in one process: simulated clock, network, disks, people.
 *
 * The nodes run the real code (core, wire, state, ledger, replica). Everything
 * that happens is taken from one queue in the order of simulated time, and all
 * chance comes from the seed, so one seed gives one history, bit for bit. What
 * must hold is judged by an oracle that believes only what clients were told and
 * what is durable on the disks.
 */
#ifndef TROTH_TESTS_SIM_H
#define TROTH_TESTS_SIM_H

#include "memkv.h"

#include "troth/ledger/hub.h"
#include "troth/replica/gateway.h"
#include "troth/state/query.h"

#define SITES_MAX    6
#define NODES_MAX    (1 + SITES_MAX) /* Node 0 is central. */
#define CLIENTS_EACH 3
#define CLIENTS_MAX  (NODES_MAX * CLIENTS_EACH)
#define THINGS_MAX   48 /* Orders and cases in one run. */
#define IMAGES_MAX   3
#define DOMAIN       "spiffe://fed.example"
#define CENTRAL      DOMAIN "/central"
#define START_MS     INT64_C(1794650400000)
#define LOG_LINES    64
#define LOG_WIDTH    200

/* ---- Chance ---- */

struct dice {
	uint64_t s[4];
};

void dice_seed(struct dice *d, uint64_t seed);
uint64_t dice_next(struct dice *d);
/* 0 .. n - 1; 0 for n == 0. */
uint64_t dice_below(struct dice *d, uint64_t n);
/* from .. to, both included. */
int64_t dice_between(struct dice *d, int64_t from, int64_t to);
bool dice_percent(struct dice *d, unsigned percent);
void dice_fill(struct dice *d, void *out, size_t len);

/* ---- What happens, in the order of time ---- */

enum what {
	SIM_ARRIVE, /* The next packet of a connection, in one direction. */
	SIM_CONNECT,
	SIM_TURN,
	SIM_CLIENT,
	SIM_FAULT,
	SIM_BOOT,
	SIM_WINDOW_ENDS, /* Central gets its newer state back. */
	SIM_HEAL,
};

struct happening {
	int64_t at;
	uint64_t order;
	enum what what;
	unsigned who;     /* Node, client or direction. */
	uint64_t what_of; /* Connection or stamp. */
};

struct queue {
	struct happening *all;
	size_t count, cap;
	uint64_t order;
};

/* ---- Network ---- */

enum direction {
	TO_CENTRAL = 0,
	TO_SITE = 1,
};

struct packet {
	struct packet *next;
	int64_t sent_at; /* After a slow commit: in the future. */
	int64_t at;      /* Not to arrive before. */
	uint32_t request;
	bool fin;
	struct troth_buf bytes;
};

/* In order, once, or not at all: a TCP connection. */
struct conn {
	unsigned site;
	bool rogue;   /* Nobody is at its other end but us. */
	bool open[2]; /* At central, at the site. */
	bool cut;     /* What is sent now is lost. */
	int64_t last[2];
	struct packet *first[2], **end[2];
	uint32_t next_request;
};

/* ---- Nodes ---- */

struct node {
	struct sim *sim;
	unsigned number;
	char origin[TROTH_ORIGIN_MAX + 1];
	char party[TROTH_PARTY_MAX + 1];
	char site[TROTH_SITE_MAX + 1];
	char feed_party[TROTH_PARTY_MAX + 1];
	struct troth_signer signer;
	struct memkv_disk *disk;
	struct troth_kv *kv;
	struct troth_ledger *ledger;
	struct troth_hub *hub;
	struct troth_gateway *gateway;
	bool added; /* HQ has added the site. */
	bool up;
	bool stopping;
	int64_t skew;
	int64_t busy_until;
	int64_t turn_at;
	uint64_t turn_stamp;
	unsigned spins;
	uint64_t boots;
	uint64_t conn; /* Of a site, 0: none. */
	bool connecting;
	/* Inside a turn. */
	bool in_turn;
	int64_t slow;
	/* Trouble. */
	enum memkv_fate doom; /* Of the next commit: IO or LOST. */
	int64_t full_until, slow_until, last_full;
	bool garble; /* The next reply to it is junk. */
	bool garbled;
	int64_t stalled_until[2];
	struct memkv_image *images[IMAGES_MAX];
	uint64_t image_marks[IMAGES_MAX]; /* Ops told by then. */
	uint64_t image_sizes[IMAGES_MAX];
	uint64_t restores;
	/* Oracle's memory. */
	uint64_t checked_feed;
	uint64_t seen_position;
	int64_t seen_as_of;
	int64_t latest;      /* Newest instant that its clock has shown. */
	bool put_back;       /* It is to be told so when it starts. */
	uint64_t doubted_at; /* The ledger's size when its store last went back. */
	uint64_t etags[THINGS_MAX];
	struct troth_buf last_submit;
};

/* ---- People ---- */

struct op {
	unsigned number, node;
	unsigned attempts;
	unsigned count;
	struct troth_event *drafts[TROTH_COMMAND_EVENTS_MAX];
	int thing;     /* That it creates, or -1. */
	bool named;    /* Its actor counts; it is known by its reason. */
	bool question; /* "May I", of draft 0: */
	struct troth_asked asked;
	char customer[TROTH_CUSTOMER_MAX + 1];
	enum troth_answer answer; /* That the client was told. */
	bool has_if_match;
	uint64_t if_match;
	bool has_key, keyed_again;
	unsigned key_of;
	char words[24];
	/* What the client was told. */
	enum troth_status told; /* 0: nothing yet. */
	uint64_t told_order;
	uint64_t began; /* The order at its beginning. */
	struct troth_id event;
	uint64_t position;
	bool waived; /* The disk that held it was put back. */
	bool ended;
	uint64_t restores; /* Of the node when it began. */
	unsigned entries;  /* In the ledger, as the oracle counts. */
};

struct client {
	unsigned number, node;
	struct op *op; /* That it waits for. */
	uint64_t stamp;
};

/* An order or a case that clients talk about. */
struct thing {
	struct troth_id id;
	enum troth_subject_kind kind;
	char number[16];
};

/* ---- The run ---- */

struct options {
	uint64_t steps;
	bool trace;
	bool stats;
	bool twice;
	bool brief; /* Of a failure only the last line. */
};

/* Which troubles this seed has, in percent of all. */
struct weights {
	unsigned cut, stall, partition, crash, crash_central, doom, full, slow, jump;
	unsigned snapshot, restore, central_back, rogue, stop, garble;
};

struct counts {
	uint64_t told[16], retries, repeated, reads, fresh_ok, fresh_no, entries, refused,
		flagged, broken, kept, violated, expired, discharged, ack_overdue, cuts,
		crashes, restores, went_back, rogues, full, dooms, fin, breaks_late,
		signs, recoveries, told_rungs;
	uint64_t answers[TROTH_ANSWER_LAST + 1], spoken, late, allotted, recalled,
		returned, freed, frozen, thawed, supervised;
};

struct oracle;
struct call;

struct sim {
	uint64_t seed;
	struct options options;
	struct dice dice;
	int64_t now;
	uint64_t steps;
	struct queue queue;
	struct node nodes[NODES_MAX];
	unsigned node_count;
	struct conn *conns;
	size_t conn_count, conn_cap;
	struct client clients[CLIENTS_MAX];
	unsigned client_count;
	struct op **ops;
	size_t op_count, op_cap;
	uint64_t told_count;
	struct call *calls; /* Of clients, not answered yet. */
	struct thing things[THINGS_MAX];
	unsigned thing_count;
	unsigned federation_next; /* Steps of the federation's making. */
	struct weights weights;
	bool calm;   /* No new troubles and no new work. */
	bool silent; /* A node is being killed: what it says is not heard. */
	bool window; /* Central is an old backup. */
	int64_t window_until;
	uint64_t window_conns; /* Connections up to here may still bring its words. */
	struct memkv_image *newer;
	struct oracle *oracle;
	struct troth_view *view;
	struct troth_subject *scratch;
	struct counts counts;
	uint64_t hash;
	char log[LOG_LINES][LOG_WIDTH];
	uint64_t log_count;
};

/* world.c */
void sim_log(struct sim *s, const char *fmt, ...) TROTH_PRINTF(2, 3);
/* What must hold does not: says so and ends the process with 1. */
_Noreturn void sim_fail(struct sim *s, const char *invariant, const char *fmt, ...)
	TROTH_PRINTF(3, 4);
void sim_push(struct sim *s, int64_t at, enum what what, unsigned who, uint64_t of);
/* Runs one seed to its end; returns the hash of its trace. */
uint64_t sim_run(uint64_t seed, const struct options *options);
int64_t node_time(const struct sim *s, const struct node *n);

/* net.c */
void net_connect(struct sim *s, struct node *n);
void net_reconnect_later(struct sim *s, struct node *n);
uint64_t net_rogue(struct sim *s, struct node *n);
uint32_t net_send(struct sim *s, uint64_t conn, enum direction to, uint32_t request,
		  struct troth_buf *bytes, int64_t after);
void net_arrive(struct sim *s, uint64_t conn, enum direction to);
/* One end closes; the other learns of it in order, or much later. */
void net_close(struct sim *s, uint64_t conn, enum direction who_learns);
/* Central closes: it hears of it like of any other end. */
void net_hub_closes(struct sim *s, uint64_t conn);
/* Breaks somewhere on the way: a part of what is in flight is lost. */
void net_cut(struct sim *s, uint64_t conn);
/* The node is dead: what it would have sent later is never sent. */
void net_node_died(struct sim *s, struct node *n);
void net_fini(struct sim *s);

/* node.c */
void node_boot(struct sim *s, struct node *n);
void node_kill(struct sim *s, struct node *n);
void node_stop(struct sim *s, struct node *n);
void node_turn(struct sim *s, struct node *n);
/* A turn is wanted soon, or by its own wish. */
void node_poke(struct sim *s, struct node *n);
void node_restore(struct sim *s, struct node *n, unsigned image);
void node_snapshot(struct sim *s, struct node *n);

/* people.c, draft.c */
void people_init(struct sim *s);
void people_act(struct sim *s, struct client *c, uint64_t stamp);
void people_lose(struct sim *s, struct node *n); /* Whose node has died. */
void people_waive(struct sim *s, struct node *n, uint64_t told_mark);
void people_fini(struct sim *s);
/* HQ's own: parties and sites. False when all are there. */
bool people_found(struct sim *s, struct op *op);
void draft_random(struct sim *s, struct node *n, struct op *op);
void draft_again(struct sim *s, const struct node *n, struct op *op);
struct op *op_new(struct sim *s, unsigned node);
/* What is at the site of an order or a case, into s->view. */
bool draft_look(struct sim *s, struct node *n, const struct thing *thing);
struct troth_id draft_id(struct sim *s, const struct node *n);
/* HQ's first client does it now, even when all is calm. */
void people_hq(struct sim *s, struct op *op);

/* authority.c */
/* HQ's own: policy, pools, grants, agents. False when all are there. */
bool authority_found(struct sim *s, struct op *op);
/* What has to do with authority, now and then. False: something else, then. */
bool authority_draft(struct sim *s, struct node *n, struct op *op);
/* HQ thaws a share, with the truth. False: there is none to be thawed now. */
bool authority_thaw(struct sim *s, struct op *op);
/* What the policies of the simulation say. */
int64_t policy_grace_ms(uint64_t version, enum troth_kind kind);
bool policy_forbids(uint64_t version, enum troth_kind kind, int64_t cost);

/* book.c, answers.c: what has been decided, and answered. */
struct held;
struct yes;
bool book_has_pool(const struct sim *s, const char *pool);
bool book_has_grant(const struct sim *s, const char *party, const char *grant);
bool book_has_agent(const struct sim *s, const char *party, const char *actor);
bool book_is_withdrawn(const struct sim *s); /* The newest policy. */
bool book_is_suspended(const struct sim *s, const char *party);
int64_t book_most(const struct sim *s, const char *party, const char *grant);
const struct held *book_any_share(struct sim *s);
/* A frozen share whose site has reported all; NULL: none. */
const struct held *book_to_thaw(struct sim *s);
/* What was promised of it and is in no book. */
int64_t book_truth(const struct sim *s, const struct held *h);
bool book_is_frozen(const struct sim *s); /* Any share is. */
/* In the end, when all has come to rest. */
void book_settled(struct sim *s);
/* A yes of that site which is to be said now; NULL: none. */
const struct yes *book_to_speak(struct sim *s, const struct node *n);

/* draft_recovery.c: something about danger, complaints, recoveries on what v shows. */
void recovery_draft(struct sim *s, struct troth_event *e, const struct troth_subject *v,
		    struct troth_id id);
/* Makes a promise the remedy of something, now and then. */
void recovery_remedy(struct sim *s, struct troth_event *e, const struct troth_subject *v,
		     const char *party);
/* What that version of the policy says of them. */
const char *recovery_policy(unsigned version);
/* Whether somebody is told by it of what was told beyond authority. */
bool recovery_tells_beyond(uint64_t version);
/* How long after it was made good the customer is asked; 0: nothing says so. */
int64_t recovery_asks_ms(uint64_t version, const char *failure);

/* fault.c */
void fault_init(struct sim *s);
void fault_strike(struct sim *s);
void fault_window_ends(struct sim *s);
void fault_heal(struct sim *s);

/* oracle.c, replay.c, final.c */
struct oracle *oracle_new(void);
void oracle_free(struct oracle *o);
void oracle_central(struct sim *s);              /* After each commit of central's. */
void oracle_site(struct sim *s, struct node *n); /* After each turn of a site's. */
void oracle_reply(struct sim *s, struct node *n, struct troth_span bytes);
void oracle_request(struct sim *s, struct node *n, struct troth_span bytes);
void oracle_told(struct sim *s, struct op *op, const struct troth_result *r);
void oracle_clock(struct sim *s); /* After each turn of central's. */
/* How many entries the site is to have. */
uint64_t oracle_visible(const struct sim *s, const struct node *n);
bool oracle_knows_order(const struct sim *s, const struct troth_id *id);
/* True if what the party sees is fed to that site. */
bool oracle_feeds(const struct sim *s, const struct node *n, const char *party);
/*
 * The site may find the order by its number: a vendor's every one, others those that
 * they take part in, or (`once`) ever did.
 */
bool oracle_may_find(const struct sim *s, const struct node *n, const struct troth_id *id,
		     bool once);
bool oracle_has_party(const struct sim *s, const char *party);
unsigned oracle_policies(const struct sim *s); /* How many have been published. */
uint64_t oracle_size(const struct sim *s);
/* Why not all have converged yet; NULL: they have. */
const char *final_missing(struct sim *s);
void final_check(struct sim *s);
void final_settled(struct sim *s);

#endif
