/*
 * read - what reading handlers have in common: pages and cursors.
 */
#ifndef TROTH_API_READ_H
#define TROTH_API_READ_H

#include "api.h"
#include "render.h"

struct troth_render troth_read_render(struct troth_call *c);

/* Answers 200 with what is written next, which must be one JSON object. */
struct troth_out troth_read_bare(struct troth_call *c);

/* Ends an answer about c->api->view: its ETag, and how new it is. */
void troth_read_end(struct troth_call *c, const struct troth_render *r,
		    struct troth_out *o);

/* The parameter `limit`. False: answered with a problem. */
bool troth_read_limit(struct troth_call *c, unsigned *limit);
/* An instant or a flag of the query; false: answered with a problem. */
bool troth_read_time(struct troth_call *c, const char *name, struct troth_time *out);

/*
 * Member "next": the path with the same query, but parameter `name` now being
 * the cursor (hex) or, where that is NULL, the number.
 */
void troth_read_next(struct troth_call *c, struct troth_out *o, const char *name,
		     const char *cursor, uint64_t number);

#endif
