/* What a promise takes from a grant, asked before it is told and judged afterwards. */
#ifndef TROTH_CORE_GRANT_H
#define TROTH_CORE_GRANT_H

#include "troth/core/subject.h"

struct taking {
	const struct troth_lookup *l;
	const char *party;
	const char *actor;
	const char *customer;
	int64_t cost;
	struct troth_time at;      /* When it is told. */
	struct troth_time written; /* Where it stands in the customer's period. */
};

/*
 * What the grant, if it is over such a promise, has against this one; NONE: nothing.
 * *left_customer is what of it is left to the customer (-1: there is no limit).
 */
enum troth_reason troth_grant_exceeded(const struct taking *t,
				       const struct troth_grant *g,
				       int64_t *left_customer);

#endif
