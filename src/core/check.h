/*
 * check - what the files that hold an event against its rules have in common.
 * Each says true, or false with what is wrong in *flaw; `field` is its API name.
 */
#ifndef TROTH_CORE_CHECK_H
#define TROTH_CORE_CHECK_H

#include "troth/core/event.h"

/* Notes what is wrong. Always false. */
bool check_fail(struct troth_flaw *flaw, const char *field, const char *problem);

/* A name of 1 to `max` bytes (troth_text_is_name), or none where it is not required. */
bool check_name(const char *s, size_t max, bool required, const char *field,
		struct troth_flaw *flaw);

/* An instant that can be written; 0 is none. */
bool check_time(struct troth_time t, bool required, const char *field,
		struct troth_flaw *flaw);

/* The payloads that have files of their own: event_authority.c, event_recovery.c. */
bool troth_authority_check(const struct troth_event *e, struct troth_flaw *flaw);
bool troth_alarm_check(const struct troth_event *e, struct troth_flaw *flaw);
bool troth_recovery_check(const struct troth_event *e, struct troth_flaw *flaw);

/* What an event of that type may be about: a set of bits 1 << subject kind. */
unsigned troth_event_subjects(enum troth_event_type type);

#endif
