/*
 * read - what reading handlers have in common: the item in the path, what the query
 * asks for, and how an answer ends.
 */
#ifndef TROTH_API_READ_H
#define TROTH_API_READ_H

#include "api.h"
#include "render.h"

struct troth_render troth_read_render(struct troth_call *c);

/* Answers 200 with what is written next, which must be one JSON object. */
struct troth_out troth_read_bare(struct troth_call *c);

/*
 * Has the subject of the promise, commitment, alarm or recovery in the path in
 * c->api->view. False: answered, for there is no such item here.
 */
bool troth_read_subject_of(struct troth_call *c);
/* The same, and `*index` is where the item stands in its subject. */
bool troth_read_item(struct troth_call *c, int *index);

/* Ends an answer about c->api->view: its ETag, and how new it is. */
void troth_read_end(struct troth_call *c, const struct troth_render *r,
		    struct troth_out *o);

/* A number in decimal digits and nothing else; false: it is none, or beyond 64 bits. */
bool troth_read_digits(const char *text, uint64_t *out);

/* Answers with a problem of that parameter of the query; false, always. */
bool troth_read_bad(struct troth_call *c, const char *name, const char *detail);

/*
 * Parameters of the query. False: answered with a problem that names the parameter.
 * troth_read_count has `limit`, 1 to `max`, or else `standard`; troth_read_limit the
 * same for pages. What is not there is no time, 0, or an empty text.
 */
bool troth_read_count(struct troth_call *c, unsigned standard, unsigned max,
		      unsigned *limit);
bool troth_read_limit(struct troth_call *c, unsigned *limit);
bool troth_read_time(struct troth_call *c, const char *name, struct troth_time *out);
/* `after`: where the page before ended, as a name of less than `size` bytes, */
bool troth_read_after(struct troth_call *c, char *out, size_t size);
/* or as a number. */
bool troth_read_after_number(struct troth_call *c, uint64_t *out);

/*
 * Member "next": the path with the same query, but parameter `name` now being
 * the cursor (hex) or, where that is NULL, the number.
 */
void troth_read_next(struct troth_call *c, struct troth_out *o, const char *name,
		     const char *cursor, uint64_t number);

#endif
