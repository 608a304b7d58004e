/*
 * events - a node's event stream, read on a thread of its own.
 *
 * Reconnects by itself and resumes where it stood (Last-Event-ID), so that an
 * event is given once even if the node is restarted in between.
 */
#ifndef TROTH_CTL_EVENTS_H
#define TROTH_CTL_EVENTS_H

#include "troth/base/err.h"

#include <jansson.h>
#include <stdint.h>

#define TROTH_EVENT_LINE_MAX ((size_t)256 << 10) /* Longer events are passed over. */

struct troth_events;

struct troth_events_config {
	const char *url; /* Of the node: "http://127.0.0.1:8600" */
	const char *token;
	uint64_t after; /* Stream number after which to begin. */
	/*
	 * Called on the reader's thread for each event: its data line, borrowed, and
	 * when it came (CLOCK_MONOTONIC, seconds).
	 */
	void (*on_event)(void *ctx, const char *data, double at);
	void *ctx;
};

TROTH_MUST_USE enum troth_err troth_events_open(struct troth_events **out,
						const struct troth_events_config *config,
						struct troth_why *why);

/* Ends the thread; on_event is not called any more. NULL is fine. */
void troth_events_close(struct troth_events *e);

#endif
