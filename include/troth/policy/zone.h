/*
 * zone - time zones as the system has them: TZif files (RFC 9636).
 *
 * Reading bytes (troth_zone_decode, troth_zone_rule) touches nothing else;
 * troth_zone_load reads one file. A policy names zones and is given them by a
 * troth_zone_source, so that whoever wants other zones brings its own.
 */
#ifndef TROTH_POLICY_ZONE_H
#define TROTH_POLICY_ZONE_H

#include "troth/base/err.h"
#include "troth/base/span.h"
#include "troth/core/calendar.h"

#define TROTH_ZONE_DIR      "/usr/share/zoneinfo"
#define TROTH_ZONE_FILE_MAX ((size_t)64 << 10)

/* Where zones come from. */
struct troth_zone_source {
	/*
	 * Fills *out with the zone of that name. NOTFOUND: there is none; INPUT: the
	 * name cannot be one, or what stands there is no zone; IO, MEMORY.
	 */
	enum troth_err (*find)(void *ctx, const char *name, struct troth_zone *out,
			       struct troth_why *why);
	void *ctx;
};

/* The zones of this system, in TROTH_ZONE_DIR. */
extern const struct troth_zone_source troth_zones_of_system;

/* None but UTC, for whoever is to read no files. */
extern const struct troth_zone_source troth_zones_utc;

/*
 * True if `name` may be the name of a zone: parts of A-Z a-z 0-9 + - _ that begin
 * with a letter, with a single / between them; at most TROTH_ZONE_NAME_MAX bytes.
 * So it names nothing outside a directory of zones.
 */
bool troth_zone_name_ok(const char *name);

/*
 * Reads a TZif file of version 2 or later. Transitions before 1970 are left out
 * but for what they came to; leap seconds are refused, for no clock here shows
 * them. INPUT (what is wrong stands in *why) or LIMIT, and then *out says nothing.
 */
TROTH_MUST_USE enum troth_err troth_zone_decode(struct troth_zone *out,
						struct troth_span in,
						struct troth_why *why);

/*
 * Reads the rule of a TZif footer, a POSIX TZ string with RFC 9636's extension
 * (changes from -167 to 167 hours), into the members of *z that begin with
 * has_rule. False: it is not one, and they are as they were.
 */
bool troth_zone_rule(struct troth_zone *z, const char *text);

/* Reads the zone `name` under directory `dir`. Errors as troth_zone_source has them. */
TROTH_MUST_USE enum troth_err troth_zone_load(struct troth_zone *out, const char *dir,
					      const char *name, struct troth_why *why);

#endif
