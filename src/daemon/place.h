/*
 * place - a node's data directory: the store, its clock, the addresses in use.
 */
#ifndef TROTH_SRC_DAEMON_PLACE_H
#define TROTH_SRC_DAEMON_PLACE_H

#include "troth/daemon/daemon.h"

/*
 * Opens data_dir/store (making data_dir if only it is missing) and starts
 * d->clock, which must be of the kind that the store was begun with.
 */
TROTH_MUST_USE enum troth_err place_open(struct troth_daemon *d, struct troth_why *why);

/* Closes the store and removes the addresses. Accepts what a failed open left. */
void place_close(struct troth_daemon *d);

/* Writes data_dir/addresses, whole or not at all: a line "bus ..." and one "api ..."
 * each.
 */
TROTH_MUST_USE enum troth_err place_tell(const struct troth_daemon *d, const char *bus,
					 const char *const *api, unsigned api_count,
					 struct troth_why *why);

#endif
