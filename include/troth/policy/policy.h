/*
 * policy - the text that people write, read into a struct troth_policy.
 *
 * The text is libconfig's syntax without @include; doc/policy.md lists every key.
 * All of it is checked: unknown keys, names that lead nowhere and what exceeds a
 * limit are errors that name the line and the key. Reading depends on nothing but
 * the text and the zones.
 */
#ifndef TROTH_POLICY_POLICY_H
#define TROTH_POLICY_POLICY_H

#include "troth/core/policy.h"
#include "troth/policy/zone.h"

/*
 * Reads `len` bytes of text (at most TROTH_POLICY_TEXT_MAX, UTF-8, no zero byte).
 * With TROTH_OK *out is the caller's, to be freed with troth_policy_free; its
 * version is 0. Else *out is NULL and *why says the line, the key and what is
 * wrong with it: INPUT, LIMIT (the text or a list is too long),
 * or what may pass: IO (of a zone's file), MEMORY.
 */
TROTH_MUST_USE enum troth_err troth_policy_parse(const char *text, size_t len,
						 const struct troth_zone_source *zones,
						 struct troth_policy **out,
						 struct troth_why *why);

/* NULL is fine. */
void troth_policy_free(struct troth_policy *p);

#endif
