#include "troth/base/err.h"

#include <stdarg.h>
#include <stdio.h>

enum troth_err troth_fail(struct troth_why *why, enum troth_err err, const char *fmt, ...)
{
	va_list ap;

	if (why != NULL) {
		va_start(ap, fmt);
		(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
		va_end(ap);
	}
	return err;
}

const char *troth_err_name(enum troth_err err)
{
	switch (err) {
	case TROTH_OK:
		return "ok";
	case TROTH_ERR_INPUT:
		return "input";
	case TROTH_ERR_NOTFOUND:
		return "not-found";
	case TROTH_ERR_LIMIT:
		return "limit";
	case TROTH_ERR_IDENTITY:
		return "identity";
	case TROTH_ERR_IO:
		return "io";
	case TROTH_ERR_FULL:
		return "full";
	case TROTH_ERR_CORRUPT:
		return "corrupt";
	case TROTH_ERR_AGAIN:
		return "again";
	case TROTH_ERR_MEMORY:
		return "memory";
	}
	return "unknown";
}
