/*
 * log - one line for each thing that an operator should know, to stderr.
 *
 *   warn bus_bad_identity at=2026-11-14T10:32:00.000Z peer=spiffe://… why="no EKU"
 *
 * Level, event, then key=value as logfmt has it: a value with anything but plain
 * characters is quoted, control characters are escaped, so that one call is
 * always one line. Event names are stable and stand in events.def. Under
 * systemd's journal a line begins with <n> for its priority and bears no time.
 *
 * Names of parties, sites, files and peers may be logged; what is personal (a
 * customer, words of theirs, an order number) and what is secret never.
 */
#ifndef TROTH_NODE_LOG_H
#define TROTH_NODE_LOG_H

#include "troth/base/span.h"

#include <stdio.h>

enum troth_log_level {
	TROTH_LEVEL_ERROR, /* Act. */
	TROTH_LEVEL_WARN,  /* Look. */
	TROTH_LEVEL_INFO,  /* Know. */
	TROTH_LEVEL_DEBUG, /* Trace. */
};

enum troth_log_event {
#define TROTH_LOG_EVENT(name, level, meaning) TROTH_LOG_##name,
#include "troth/node/events.def"
#undef TROTH_LOG_EVENT
	TROTH_LOG_EVENTS, /* How many; not an event. */
};

/* Bytes of a value that are written; the rest is cut and ends with "...". */
#define TROTH_LOG_VALUE_MAX 400
/* Bytes of a line: what a pipe takes in one piece. */
#define TROTH_LOG_LINE_MAX 4096

/* One key=value. `key` is a constant; `text` is borrowed for the call. */
struct troth_log_field {
	const char *key;
	const char *text; /* NULL: the number. */
	int64_t number;
};

static inline struct troth_log_field troth_str(const char *key, const char *text)
{
	return (struct troth_log_field){ key, text != NULL ? text : "", 0 };
}

static inline struct troth_log_field troth_num(const char *key, int64_t number)
{
	return (struct troth_log_field){ key, NULL, number };
}

/*
 * Writes one line with one write(2), if the event's level is let through:
 * troth_log(TROTH_LOG_ready, troth_str("bus", bus), troth_num("sites", n)).
 * Any thread. A stderr that is gone or full loses the line and nothing else.
 */
#define troth_log(event, ...)                                                            \
	troth_log_write(event,                                                           \
			(const struct troth_log_field[]){ { 0 }, __VA_ARGS__ } + 1,      \
			sizeof((const struct troth_log_field[]){ { 0 }, __VA_ARGS__ }) / \
					sizeof(struct troth_log_field) -                 \
				1)

void troth_log_write(enum troth_log_event event, const struct troth_log_field *fields,
		     size_t n);

/*
 * The same line as bytes, without the newline: for those who show it elsewhere,
 * and the tests. `at` is its time, "" for none.
 */
void troth_log_format(struct troth_buf *out, enum troth_log_event event, const char *at,
		      const struct troth_log_field *fields, size_t n);

/* From now on events up to `level` are written. At first: INFO. */
void troth_log_set_level(enum troth_log_level level);

/* An event's name, level and meaning, as events.def has them. */
const char *troth_log_event_name(enum troth_log_event event);
enum troth_log_level troth_log_event_level(enum troth_log_event event);
const char *troth_log_event_meaning(enum troth_log_event event);

/* The event of that name; TROTH_LOG_EVENTS if there is none. */
enum troth_log_event troth_log_event_named(const char *name);

/* Writes the manual's table of events, as Markdown. */
void troth_log_help(FILE *out);

/* "error", "warn", "info", "debug". */
const char *troth_log_level_name(enum troth_log_level level);

#endif
