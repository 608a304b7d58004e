/* watched - the indexes of alarms and recoveries, as reindex keeps them. */
#ifndef TROTH_STATE_WATCHED_PRIVATE_H
#define TROTH_STATE_WATCHED_PRIVATE_H

#include "troth/state/state.h"

/* What the indexes say of them now. */
void watched_indexed(const struct troth_subject *s, struct troth_indexed *out);

/* Brings ALARMS, RECOVERIES and their ITEMS from `before` to what *s says. */
void watched_reindex(struct troth_txn *t, const struct troth_indexed *before,
		     const struct troth_subject *s);

#endif
