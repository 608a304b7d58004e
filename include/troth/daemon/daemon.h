/*
 * daemon - what `troth central` and `troth gateway` do alike.
 *
 * Threads, and what passes between them:
 *
 *   core     the one that changes anything: takes what came in, makes one turn
 *            (one commit), answers; waits for the next
 *   bus      net's; puts mail into the core's inbox
 *   API      reads the store by itself; hands commands and questions to the core
 *   signals  service.h's; wakes the main thread
 *   main     starts all, then once a minute, and when the room in the store has
 *            changed, looks after store and certificates; reloads; stops all in order
 *
 * Stopping: the API takes no more and waits until the core has answered what it
 * took; the core makes its last turn; the bus closes; the store closes. Exit
 * codes: 0 stopped in order, 1 could not start or could not go on, 2 the command
 * line or the configuration is unusable.
 */
#ifndef TROTH_DAEMON_DAEMON_H
#define TROTH_DAEMON_DAEMON_H

#include "troth/api/server.h"
#include "troth/node/clock.h"
#include "troth/node/config.h"
#include "troth/node/inbox.h"
#include "troth/node/self.h"
#include "troth/node/service.h"
#include "troth/state/engine.h"

struct troth_daemon;

/*
 * What is different at central and at a gateway. `d->node` is the role's own.
 * All but open, close, reload and address run on the core thread.
 */
struct troth_daemon_role {
	const char *name;    /* "central", "gateway" */
	const char *summary; /* For --help. */
	enum troth_config_kind config;
	enum troth_identity_kind identity;
	enum troth_node_kind kind;
	const struct troth_schema *schema;

	/* Opens the node and its end of the bus. On failure `close` still runs. */
	enum troth_err (*open)(struct troth_daemon *d, struct troth_why *why);
	/* Ends the bus; the core has ended. Accepts what a failed open left. */
	void (*close)(struct troth_daemon *d);
	enum troth_err (*reload)(struct troth_daemon *d, struct troth_why *why);
	/* Where the bus listens, or what it dials. */
	void (*address)(struct troth_daemon *d, char *out, size_t len);

	/* One piece of mail that the bus put in; ownership moves. */
	void (*mail)(struct troth_daemon *d, struct troth_mail *mail,
		     struct troth_time now);
	void (*commands)(struct troth_daemon *d, struct troth_command *list);
	void (*ask)(struct troth_daemon *d, struct troth_question *q,
		    struct troth_time now);
	bool (*busy)(struct troth_daemon *d, struct troth_time now);
	enum troth_err (*turn)(struct troth_daemon *d, struct troth_time now,
			       struct troth_why *why);
	struct troth_time (*wake)(struct troth_daemon *d);
	/* What day it is by a simulated clock; called before a turn if it is one. */
	void (*date)(struct troth_daemon *d, struct troth_time date);
	void (*link)(struct troth_daemon *d, struct troth_link_state *out);
	/* No new work from here on. */
	void (*stop)(struct troth_daemon *d);
};

/* What the API handed over and the core has not taken yet. */
struct troth_daemon_desk {
	pthread_mutex_t lock;
	struct troth_command *commands, **commands_end;
	struct troth_question *questions, **questions_end;
	struct troth_link_state link; /* As of the last turn. */
};

struct troth_daemon {
	bool restored; /* Started with --restored. */
	const struct troth_daemon_role *role;
	void *node;
	struct troth_config config;
	struct troth_self self;
	struct troth_signer signer; /* The core's once it runs; before, of the start. */
	struct troth_clock clock;   /* The node's: what time its entries bear. */
	struct troth_clock wall;    /* Real in any case: how long somebody has waited. */
	struct troth_kv *kv;
	struct troth_inbox inbox;
	struct troth_service *service;
	struct troth_engine engine;
	struct troth_api *api;

	struct troth_daemon_desk desk;
	struct troth_inbox control; /* Only ever nudged: the main thread's wake-up. */
	_Atomic bool want_stop, want_reload, core_stop;
	/* Read again, for the core to take; owned by whoever exchanges it out. */
	_Atomic(struct troth_sign_key *) next_key;
	uint8_t key[TROTH_PUBLIC_KEY_LEN]; /* The newest, as the main thread knows it. */
	pthread_t core;
	bool core_runs;
	enum troth_kv_room room;      /* As last logged. */
	enum troth_kv_room room_told; /* As the core last told the main thread. */
	int64_t warned_ms;            /* When certificates were last warned of. */
};

/* The whole program; argv[0] is the command's name. Returns the exit code. */
int troth_daemon_main(const struct troth_daemon_role *role, int argc, char **argv);

/* For the roles' io: random bytes, and "commits up to here may be shown". */
void troth_daemon_random(void *ctx, void *out, size_t len);
void troth_daemon_advanced(struct troth_daemon *d, uint64_t stream_len);

/*
 * Logs what a part of the node noted under its own name: as that event, or as
 * `note` with the name beside it. `peer` may be NULL.
 */
void troth_daemon_note(const char *event, const char *peer, const char *text);

/* Logs what the bus reports of a connection, as the event bus_<name>. */
void troth_daemon_bus_event(const char *name, const char *peer, const char *address,
			    const char *why);

/* A store that is poisoned, or a failure like it: logs and ends the process, 1. */
_Noreturn void troth_daemon_die(struct troth_daemon *d, const struct troth_why *why);

#endif
