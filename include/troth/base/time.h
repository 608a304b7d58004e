/*
 * time - instants in UTC, in milliseconds since 1970-01-01T00:00:00Z.
 *
 * Times on the wire and on disk are these 64 bits; times that people and
 * programs exchange are RFC 3339 with milliseconds and Z. Nothing here reads a
 * clock: clocks belong to the programs.
 */
#ifndef TROTH_BASE_TIME_H
#define TROTH_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct troth_time {
	int64_t ms; /* 0 means "none" where a field is optional. */
};

#define TROTH_TIME_TEXT 25 /* "2026-11-14T10:32:00.000Z" and a NUL. */

/* 9999-12-31T23:59:59.999Z; later instants, and negative ones, are refused. */
#define TROTH_TIME_MAX_MS INT64_C(253402300799999)

/* Writes RFC 3339 with milliseconds and Z. Out-of-range instants are clamped. */
void troth_time_format(char out[TROTH_TIME_TEXT], struct troth_time t);

/*
 * Reads RFC 3339 with any offset and 0 to 9 fraction digits (truncated to
 * milliseconds). A missing offset, a 60th second, an impossible date, or an
 * instant outside 1970..9999 is refused: returns false, *out untouched.
 */
bool troth_time_parse(struct troth_time *out, const char *text);

/* The instant of a UTC civil date and time; the fields must be valid. */
struct troth_time troth_time_civil(int year, int month, int day, int hour, int minute,
				   int second);

/* The inverse, down to the day. Any pointer may be NULL. */
void troth_time_date(struct troth_time t, int *year, int *month, int *day);

#endif
