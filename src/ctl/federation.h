/*
 * federation - what its two files share. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_FEDERATION_H
#define TROTH_SRC_CTL_FEDERATION_H

#include "troth/ctl/federation.h"
#include "troth/ctl/http.h"
#include "troth/ctl/relay.h"

#include <limits.h>
#include <sys/types.h>

#define FEDERATION_NAME_MAX 80

struct federation_node {
	char name[FEDERATION_NAME_MAX];     /* "central", "gw-acme-manila" */
	char identity[FEDERATION_NAME_MAX]; /* "central", "gw/acme/manila" */
	char url[64];
	char token[TROTH_HTTP_TOKEN_MAX + 1];
	unsigned api_port;
	pid_t pid;                 /* 0: it does not run. */
	struct troth_relay *cable; /* NULL: none. */
};

struct troth_federation {
	char dir[PATH_MAX / 2];
	char program[PATH_MAX];
	bool throw_away; /* The directory goes with it. */
	bool (*give_up)(void);
	unsigned count;
	struct federation_node nodes[TROTH_FEDERATION_NODES_MAX];
};

/* Makes the directory, and certificates, ports and configurations in it. */
TROTH_MUST_USE enum troth_err federation_lay_out(struct troth_federation *f,
						 const struct troth_federation_spec *spec,
						 struct troth_why *why);

/* Removes a directory with all that is in it. */
void federation_remove(const char *dir);

/*
 * Runs this program as a child that dies with us: `args` are its arguments, to
 * NULL; what it says goes to the end of `log`. Returns its id, or -1 with errno.
 */
pid_t federation_run(const struct troth_federation *f, const char *const *args,
		     const char *log);

#endif
