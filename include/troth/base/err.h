/*
 * err - how a function says that the world failed.
 *
 * Three kinds of trouble have three channels. A bug is an assert. A request
 * that we decline is a verdict of the module that declines it. What is left,
 * a file, a peer, a disk that fails, is an `enum troth_err` together with a
 * `struct troth_why` that names the file, peer or table concerned.
 */
#ifndef TROTH_BASE_ERR_H
#define TROTH_BASE_ERR_H

#include <stddef.h>

#define TROTH_MUST_USE     __attribute__((warn_unused_result))
#define TROTH_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define TROTH_LEN(array)   (sizeof(array) / sizeof((array)[0]))

enum troth_err {
	TROTH_OK = 0,
	TROTH_ERR_INPUT, /* Bytes, a file or an argument from outside are not acceptable.
			  */
	TROTH_ERR_NOTFOUND, /* What was asked for is not there. */
	TROTH_ERR_LIMIT,    /* A limit stated in a header would be exceeded. */
	TROTH_ERR_IDENTITY, /* A key, certificate or signature does not hold. */
	TROTH_ERR_IO,       /* The operating system said no; `why` has its words. */
	TROTH_ERR_FULL,     /* Disk or map is full: nothing changed, try again later. */
	TROTH_ERR_CORRUPT,  /* Stored bytes are not what was stored. */
	TROTH_ERR_AGAIN, /* Cannot be had just now (no link, time-out, shutting down). */
	TROTH_ERR_MEMORY,
};

#define TROTH_WHY_MAX 256

/* Why something failed, in words for the operator. Always NUL-terminated. */
struct troth_why {
	char text[TROTH_WHY_MAX];
};

/*
 * Writes the formatted reason into `why` (which may be NULL) and returns `err`,
 * so that a failing function can say `return troth_fail(why, ERR, "...")`.
 * Text beyond TROTH_WHY_MAX - 1 bytes is cut.
 */
enum troth_err troth_fail(struct troth_why *why, enum troth_err err, const char *fmt, ...)
	TROTH_PRINTF(3, 4);

/* A constant, lower-case name of `err`, as it stands in logs ("input", "io", ...). */
const char *troth_err_name(enum troth_err err);

#endif
