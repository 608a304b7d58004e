/*
 * seal - by what a command is known again: its caller's key and what was asked.
 */
#include "api.h"
#include "canon.h"

#include <string.h>

#define KEY_CALLER 8  /* Bytes of the caller's id in the stored key, */
#define KEY_TEXT   16 /* of the Idempotency-Key as it is, and then of a hash of all. */

/*
 * Keys that are made in the order of time, UUIDv7 for one, stay in that order when
 * they are stored, so that the table grows at its end; hashed, every request would
 * touch a page of its own.
 */
static void name_key(const struct troth_call *c, struct troth_digest *out)
{
	struct troth_span all[] = { troth_digest_span(&c->caller.id),
				    troth_span_str(c->key) };
	struct troth_digest hash;

	troth_sha256(&hash, all, TROTH_LEN(all));
	memcpy(out->b, c->caller.id.b, KEY_CALLER);
	memset(out->b + KEY_CALLER, 0, KEY_TEXT);
	memcpy(out->b + KEY_CALLER, c->key, strnlen(c->key, KEY_TEXT));
	memcpy(out->b + KEY_CALLER + KEY_TEXT, hash.b,
	       TROTH_DIGEST_LEN - KEY_CALLER - KEY_TEXT);
}

void troth_call_seal(struct troth_call *c)
{
	struct troth_command *m = c->command;
	struct troth_buf *b = &c->reply; /* Nothing has been replied yet. */
	struct troth_span payload[] = { troth_span_str("POST "),
					troth_span(c->path, strlen(c->path) + 1),
					TROTH_SPAN_NONE };

	m->has_if_match = c->has_if_match;
	m->if_match = c->if_match;
	troth_buf_reset(b);
	troth_canon(c->json, b);
	if (b->failed) {
		troth_command_free(m);
		c->command = NULL;
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, "out of memory");
		return;
	}
	m->has_key = true;
	name_key(c, &m->key);
	payload[2] = troth_buf_span(b);
	troth_sha256(&m->payload, payload, TROTH_LEN(payload));
	troth_buf_reset(b);
}
