/*
 * text - what may stand in a text field from outside.
 */
#ifndef TROTH_BASE_TEXT_H
#define TROTH_BASE_TEXT_H

#include "troth/base/span.h"

/*
 * True if `s` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF), holds no U+FFFD and no control character. Newline
 * and tab are let through where `lines` is true.
 */
bool troth_text_ok(struct troth_span s, bool lines);

/*
 * True if `s` is a name as parties, sites, SKUs and codes have them: 1 to `max`
 * characters of A-Z a-z 0-9 . _ - / that do not begin with a mark.
 */
bool troth_text_is_name(const char *s, size_t max);

/* True for three letters A-Z (the form of ISO 4217 codes). */
bool troth_text_is_currency(const char *s);

/*
 * Copies s with its NUL into a field of `size` bytes. That it fits has been
 * checked where s came in; here it is a bug if it does not.
 */
void troth_text_copy(char *out, size_t size, const char *s);
#define TROTH_TEXT_SET(field, s) troth_text_copy((field), sizeof(field), (s))

#endif
