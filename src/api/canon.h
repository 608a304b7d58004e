/*
 * canon - JSON as bytes that only depend on what it says.
 *
 * Two values give the same bytes if and only if they are the same JSON, in
 * whatever order their members came and with whatever blanks between them. The
 * bytes are for hashing and for nothing else.
 */
#ifndef TROTH_API_CANON_H
#define TROTH_API_CANON_H

#include "troth/base/span.h"

#include <jansson.h>

/* Appends the bytes of *v. Out of memory: out->failed. */
void troth_canon(const json_t *v, struct troth_buf *out);

#endif
