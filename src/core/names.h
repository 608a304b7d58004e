/* names - lists of the names that numbers have in the API. */
#ifndef TROTH_CORE_NAMES_H
#define TROTH_CORE_NAMES_H

#include "troth/base/err.h"

#include <string.h>

/* Entry i is the name of number i; NULL: there is no such number. */
struct names {
	const char *const *text;
	unsigned count;
};

#define NAMES(array) ((struct names){ (array), TROTH_LEN(array) })

/* NULL for what is none. */
static inline const char *name_of(struct names n, unsigned v)
{
	return v < n.count ? n.text[v] : NULL;
}

/* -1 for what is none. */
static inline int number_of(struct names n, const char *text)
{
	for (unsigned i = 0; i < n.count; i++)
		if (n.text[i] != NULL && strcmp(n.text[i], text) == 0)
			return (int)i;
	return -1;
}

#endif
