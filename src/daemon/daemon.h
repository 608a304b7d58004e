/*
 * daemon - between the files of this layer.
 */
#ifndef TROTH_SRC_DAEMON_H
#define TROTH_SRC_DAEMON_H

#include "troth/daemon/daemon.h"

/* What the command line asks for. */
struct daemon_options {
	const char *config;
	bool check, print_config, help_config, help_events, restored;
};

/* Reads the command line; ends the process itself for --help and for errors (2). */
void daemon_options(struct daemon_options *o, const struct troth_daemon_role *role,
		    int argc, char **argv);

/* ---- core.c ---- */

/* Makes inbox, desk and d->engine. */
void daemon_core_init(struct troth_daemon *d);
void daemon_core_fini(struct troth_daemon *d);
TROTH_MUST_USE enum troth_err daemon_core_start(struct troth_daemon *d,
						struct troth_why *why);
/* Lets the core make its last turn, and waits for its end. */
void daemon_core_stop(struct troth_daemon *d);

/* ---- care.c: what the main thread looks after ---- */

/* Once a minute, and when something has changed: store, room, certificates, clock. */
void daemon_care(struct troth_daemon *d);
/* SIGHUP. */
void daemon_reload(struct troth_daemon *d);

/* The system's clock, whatever the node's: certificates live by it. */
struct troth_time daemon_wall_clock(void);

#endif
