/*
 * federation - a whole federation of real processes on this machine, to be
 * thrown away: for replays, demonstrations and rehearsals.
 *
 * Everything lies in one directory: certificates (by `troth certs quick`), a
 * configuration, a store, a log and a token for each node. Nodes listen on
 * loopback ports that were free, and keep them when they are started again. They
 * die with the process that started them, however it ends.
 */
#ifndef TROTH_CTL_FEDERATION_H
#define TROTH_CTL_FEDERATION_H

#include "troth/base/err.h"
#include "troth/base/time.h"

#include <stdbool.h>

#define TROTH_FEDERATION_NODES_MAX 16    /* Central and its gateways. */
#define TROTH_FEDERATION_CENTRAL   0     /* Index of central; gateways follow from 1. */
#define TROTH_FEDERATION_START_MS  20000 /* A node that is not ready by then failed. */

/* As the API has them; operator NULL: none. */
struct troth_federation_party {
	const char *party, *role, *name, *operator_party;
};

struct troth_federation_site {
	const char *party, *site;
	bool cable; /* Its link to central can be cut and healed. */
};

struct troth_federation_spec {
	const char *domain; /* Trust domain, "replay.test" */
	const char *dir;    /* NULL: one is made in TMPDIR and removed in the end; else */
			    /* it is made, and stays with logs and stores. */
	struct troth_time clock_start; /* Of a simulated clock; 0: the real one. */
	bool (*give_up)(void); /* Asked while nodes are waited for: true ends that with */
			       /* TROTH_ERR_AGAIN. NULL: never. */
	const char *settings;  /* More lines for each configuration; NULL: none. */
	unsigned party_count, site_count;
	const struct troth_federation_party *parties; /* The brand first. */
	const struct troth_federation_site *sites;    /* Each with a gateway. */
};

struct troth_federation;

/*
 * Makes the directory and starts every node; parties and sites are added at
 * central. On return all nodes are ready and each gateway knows who it is. On
 * failure *out is NULL and nothing is left but a directory that was asked for
 * (or a temporary one, if `why` speaks of a log in it).
 */
TROTH_MUST_USE enum troth_err troth_federation_open(
	struct troth_federation **out, const struct troth_federation_spec *spec,
	struct troth_why *why);

/* Stops every node in order, and removes the directory unless it was asked for. */
void troth_federation_close(struct troth_federation *f);

unsigned troth_federation_count(const struct troth_federation *f); /* Nodes. */
const char *troth_federation_name(const struct troth_federation *f, unsigned node);
const char *troth_federation_url(const struct troth_federation *f, unsigned node);
const char *troth_federation_dir(const struct troth_federation *f);
/* A token of the node with every scope. */
const char *troth_federation_token(const struct troth_federation *f, unsigned node);

/* Ends the node's process with kill -9 and waits for its end. */
void troth_federation_kill(struct troth_federation *f, unsigned node);

/* Pulls a gateway's cable to central out, and puts it back (spec: cable). */
void troth_federation_cut(struct troth_federation *f, unsigned node);
void troth_federation_heal(struct troth_federation *f, unsigned node);

/* Starts a node that was killed, on what it left; returns before it is ready. */
TROTH_MUST_USE enum troth_err troth_federation_start(struct troth_federation *f,
						     unsigned node,
						     struct troth_why *why);

/* Waits until the node serves, or has failed; `why` then says where its log is. */
TROTH_MUST_USE enum troth_err troth_federation_wait(struct troth_federation *f,
						    unsigned node, struct troth_why *why);

#endif
