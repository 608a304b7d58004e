/*
 * hub_kit - a hub over a ledger, connections of sites to it, and what it answered. One
 * program includes it once.
 */
#ifndef TROTH_TEST_HUB_KIT_H
#define TROTH_TEST_HUB_KIT_H

#include "central_kit.h"

#include "troth/ledger/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ANSWERS_MAX 4096

static struct kit k;
static struct troth_hub *hub;

/* What the hub did. */
static struct answer {
	uint64_t conn;
	uint32_t request;
	unsigned type, code;
} answers[ANSWERS_MAX];
static unsigned answer_count;
static uint64_t closed[16];
static unsigned closed_count;
static uint64_t marks_upto;
static uint64_t sum_of_upto; /* Of all answers to Follow. */
static size_t mark_count, found_count;

static inline void on_reply(void *ctx, uint64_t conn, uint32_t request,
			    struct troth_buf *payload)
{
	struct troth_bus_reply r;
	struct troth_why why;

	(void)ctx;
	assert_true(answer_count < ANSWERS_MAX);
	assert_int_equal(troth_bus_reply_decode(&r, troth_buf_span(payload), &why),
			 TROTH_OK);
	answers[answer_count++] = (struct answer){
		conn, request, r.type, r.type == TROTH_BUS_ERROR ? r.u.error.code : 0
	};
	if (r.type == TROTH_BUS_FOLLOW) {
		marks_upto = r.u.follow.marks_upto;
		sum_of_upto += marks_upto;
		mark_count = r.u.follow.mark_count;
	}
	if (r.type == TROTH_BUS_FIND)
		found_count = r.u.find.count;
	troth_bus_reply_fini(&r);
	troth_buf_fini(payload);
}

static inline void on_close(void *ctx, uint64_t conn, const char *why)
{
	(void)ctx;
	(void)why;
	assert_true(closed_count < TROTH_LEN(closed));
	closed[closed_count++] = conn;
}

static inline void on_note(void *ctx, const char *event, const char *origin,
			   const char *text)
{
	(void)ctx;
	(void)event;
	(void)origin;
	(void)text;
}

static inline void on_advanced(void *ctx, uint64_t size)
{
	(void)ctx;
	(void)size;
}

static inline int setup(void **state)
{
	static const struct troth_hub_io io = { NULL, on_reply, on_close, on_note,
						on_advanced };
	struct troth_why why;

	answer_count = closed_count = 0;
	marks_upto = sum_of_upto = mark_count = found_count = 0;
	(void)kit_setup(state);
	return troth_hub_open(&hub, k.ledger, &io, &why) == TROTH_OK ? 0 : -1;
}

static inline int teardown(void **state)
{
	troth_hub_close(hub);
	return kit_teardown(state);
}

static inline void ask(uint64_t conn, uint32_t request, const struct troth_bus_request *m)
{
	struct troth_buf bytes = TROTH_BUF_INIT;

	troth_bus_request_encode(m, &bytes);
	assert_false(bytes.failed);
	troth_hub_request(hub, conn, request, troth_buf_span(&bytes));
	troth_buf_fini(&bytes);
}

static inline void connect_site(uint64_t conn, const struct kit_site *site)
{
	troth_hub_connected(hub, conn, site->origin);
	ask(conn, 1,
	    &(struct troth_bus_request){ .type = TROTH_BUS_HELLO,
					 .u.hello = { .version_min = 1,
						      .version_max = 1,
						      .software = "test",
						      .incarnation = 1 } });
	assert_int_equal(answers[answer_count - 1].type, TROTH_BUS_HELLO);
}

static inline void ask_fresh(uint64_t conn, uint32_t request)
{
	ask(conn, request, &(struct troth_bus_request){ .type = TROTH_BUS_FRESH });
}

static inline void turn(void)
{
	struct troth_why why;

	assert_int_equal(troth_hub_turn(hub, k.now, &why), TROTH_OK);
}

/* How many requests of the connection have been answered, or with that error. */
static inline unsigned answered(uint64_t conn, unsigned code)
{
	unsigned n = 0;

	for (unsigned i = 0; i < answer_count; i++)
		n += answers[i].conn == conn && answers[i].code == code &&
		     answers[i].type != TROTH_BUS_HELLO;
	return n;
}

/* Request 2 of a connection of that site: what is not there yet. */
static inline void follow_as(uint64_t conn, const struct kit_site *site, uint32_t wait_ms,
			     uint64_t marks_after)
{
	ask(conn, 2,
	    &(struct troth_bus_request){
		    .type = TROTH_BUS_FOLLOW,
		    .u.follow = { .after = troth_ledger_feed_len(k.ledger, site->origin),
				  .max_bytes = 1 << 20,
				  .wait_ms = wait_ms,
				  .marks_after = marks_after } });
}

#endif
