/*
 * read - what the sections of a policy's text have in common: where they are,
 * what is wrong with them, and how a group of keys becomes a struct.
 */
#ifndef TROTH_POLICY_READ_H
#define TROTH_POLICY_READ_H

#include "troth/policy/policy.h"

#include <libconfig.h>

struct reading {
	struct troth_policy *p;
	const struct troth_zone_source *zones;
	struct troth_why *why;
	enum troth_err err; /* Of the first thing that is wrong, which *why tells. */
	size_t text_len;    /* Of p->text so far. */
};

/*
 * What must hold before libconfig sees the text: its length, its letters, brackets that
 * match and are at most 64 deep, strings that end and stand where they may, no @include.
 */
TROTH_MUST_USE enum troth_err read_scan(const char *text, size_t len,
					struct troth_why *why);

/* The line, from 1, in which `at` lies. */
unsigned read_line_of(const char *text, const char *at);

/* Notes what is wrong with the value of s. Always false. */
bool read_fail(struct reading *r, enum troth_err err, const config_setting_t *s,
	       const char *fmt, ...) TROTH_PRINTF(4, 5);

/* The string in s, without control characters, or NULL (and that is noted). */
const char *read_string(struct reading *r, const config_setting_t *s);

/* How a key's value becomes a member of a struct. */
enum read_as {
	READ_NAME,     /* char[max + 1] */
	READ_SKU,      /* char[TROTH_SKU_MAX + 1] */
	READ_SKUS,     /* the same, and a last '*' is let through */
	READ_CURRENCY, /* char[4] */
	READ_WORD,     /* an enum, by number() */
	READ_FLAG,     /* bool */
	READ_NUMBER,   /* int64_t, 1 to max */
	READ_COUNT,    /* uint32_t, 1 to max */
	READ_WAIT,     /* struct troth_wait */
	READ_CLOCK,    /* struct troth_wait of clock time */
	READ_PHRASE,   /* int, index of a phrase by its name */
	READ_CALENDAR, /* int, index of a calendar by its name */
	READ_WITH,     /* whatever with() does */
};

struct read_key {
	const char *name;
	enum read_as as;
	size_t offset; /* Of the member. */
	bool required;
	int64_t max;
	int (*number)(const char *text); /* Of READ_WORD, and the word of a number; */
	const char *(*word)(int number); /* NULL where there is none. */
	bool (*with)(struct reading *r, const config_setting_t *s, void *into);
};

/*
 * Reads a group into the struct at `into` by a table of its keys, in the table's
 * order. False: something is wrong, a key is unknown, or a required one missing.
 */
bool read_group(struct reading *r, const config_setting_t *group,
		const struct read_key *keys, size_t count, void *into);

/* True if s is a list with 1 to `max` members. */
bool read_is_list(struct reading *r, const config_setting_t *s, unsigned max);

/* True if s is a group with at most `max` members; `what` are they. */
bool read_is_group(struct reading *r, const config_setting_t *s, unsigned max,
		   const char *what);

/* Puts the name of member s (of a group) into out[max + 1], if it may be one. */
bool read_name_of(struct reading *r, const config_setting_t *s, char *out, size_t max);

/* What waits, hours and dates look like. *calendar: where its name stands, or NULL. */
bool read_wait_text(const char *text, struct troth_wait *out, const char **calendar);
bool read_hours_text(const char *text, struct troth_day *out);
bool read_date_text(const char *text, int32_t *out);
/* "mon", or "mon-fri": the first and last of the days, 0 for Monday. */
bool read_days_text(const char *text, unsigned *first, unsigned *last);

/* One calendar, into a struct troth_calendar. */
bool read_calendar(struct reading *r, const config_setting_t *s, void *into);

#endif
