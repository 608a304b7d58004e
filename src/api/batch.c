/*
 * batch - many POSTs in one, saved by as few commits as the engine needs.
 *
 * Each request has its own answer; they are given to the engine in one list, in
 * their order. What is wrong with one of them costs the others nothing.
 */
#include "api.h"
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

struct troth_batch {
	struct troth_call *parent;
	unsigned count, waiting;
	struct troth_call *calls[]; /* `count` of them. */
};

static void batch_free(struct troth_batch *b)
{
	for (unsigned i = 0; i < b->count; i++)
		troth_call_free(b->calls[i]);
	free(b);
}

static void finish(struct troth_batch *b)
{
	struct troth_out o = troth_call_reply(b->parent, 200);

	troth_out_array(&o, "responses");
	for (unsigned i = 0; i < b->count; i++) {
		const struct troth_call *c = b->calls[i];

		troth_out_object(&o, NULL);
		troth_out_uint(&o, "status", c->status);
		if (c->has_etag)
			troth_out_uint(&o, "etag", c->etag);
		if (c->location[0] != '\0')
			troth_out_text(&o, "location", c->location);
		troth_out_raw(&o, "body", troth_buf_span(&c->reply));
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	troth_out_end_object(&o);
	if (b->parent->reply.failed)
		troth_call_problem(b->parent, TROTH_PROBLEM_STORE, NULL, "out of memory");
	batch_free(b);
}

static void child_done(struct troth_call *c)
{
	struct troth_batch *b = c->waiter;
	struct troth_call *parent = b->parent;

	if (--b->waiting > 0)
		return;
	parent->waiting = false;
	finish(b);
	troth_call_end(parent);
}

static bool copy_text(char *out, size_t size, const json_t *v)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v) || len >= size ||
	    memchr(json_string_value(v), '\0', len) != NULL)
		return false;
	memcpy(out, json_string_value(v), len + 1);
	return true;
}

static const char *read_member(struct troth_call *c, const char *name, json_t *v)
{
	if (strcmp(name, "method") == 0)
		return json_is_string(v) && strcmp(json_string_value(v), "POST") == 0
			       ? NULL
			       : "must be POST";
	if (strcmp(name, "path") == 0)
		return copy_text(c->path, sizeof(c->path), v) ? NULL : "is no path";
	if (strcmp(name, "idempotency_key") == 0)
		return copy_text(c->key, sizeof(c->key), v) ? NULL : "is no key";
	if (strcmp(name, "if_match") == 0) {
		c->has_if_match = true;
		c->if_match = (uint64_t)json_integer_value(v);
		return json_is_integer(v) && json_integer_value(v) >= 0
			       ? NULL
			       : "must be a number";
	}
	if (strcmp(name, "body") == 0) {
		c->json = json_incref(v);
		return NULL;
	}
	return "is not known here";
}

/* Runs one request as far as it goes without the engine. */
static void prepare(const struct troth_batch *b, struct troth_call *c, json_t *request)
{
	const char *flaw = json_is_object(request) ? NULL : "must be an object";
	const char *name = NULL;

	for (void *it = json_object_iter(request); it != NULL && flaw == NULL;
	     it = json_object_iter_next(request, it)) {
		name = json_object_iter_key(it);
		flaw = read_member(c, name, json_object_iter_value(it));
	}
	if (flaw != NULL) {
		/* It goes back to its sender: nothing long does. */
		if (name != NULL && strlen(name) > TROTH_STEP_MAX)
			name = NULL;
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, name, flaw);
		return;
	}
	troth_call_admit_child(c);
	if (c->done)
		return;
	c->t = b->parent->t;
	troth_call_run(c);
}

static struct troth_call *child_of(struct troth_batch *b)
{
	struct troth_call *c = troth_call_new(b->parent->api);

	if (c == NULL)
		return NULL;
	c->on_done = child_done;
	c->waiter = b;
	c->method = TROTH_POST;
	c->caller = b->parent->caller;
	b->calls[b->count++] = c;
	return c;
}

static struct troth_batch *batch_new(struct troth_call *parent, size_t n)
{
	struct troth_batch *b = calloc(1, sizeof(*b) + n * sizeof(struct troth_call *));

	if (b == NULL)
		return NULL;
	b->parent = parent;
	for (unsigned i = 0; i < n; i++)
		if (child_of(b) == NULL) {
			batch_free(b);
			return NULL;
		}
	return b;
}

void troth_post_batch(struct troth_call *c)
{
	json_t *requests = json_object_get(c->json, "requests");
	size_t n = json_array_size(requests);
	struct troth_call *first = NULL, **last = &first;
	struct troth_batch *b;

	if (!json_is_array(requests) || json_object_size(c->json) != 1) {
		troth_call_problem(c, TROTH_PROBLEM_FIELD, "requests",
				   "must be a list, and stand alone");
		return;
	}
	if (n == 0 || n > TROTH_API_BATCH_MAX) {
		troth_call_problem(c, TROTH_PROBLEM_FIELD, "requests",
				   "must be 1 to 1000 requests");
		return;
	}
	if (c->api->inflight + n > TROTH_API_WAITING_MAX) {
		troth_call_problem(c, TROTH_PROBLEM_TOO_MANY, NULL,
				   "too many requests are at work");
		return;
	}
	b = batch_new(c, n);
	if (b == NULL)
		return;
	c->api->metrics.batched += n;
	for (unsigned i = 0; i < n; i++) {
		prepare(b, b->calls[i], json_array_get(requests, i));
		if (b->calls[i]->command == NULL)
			continue;
		b->waiting++;
		*last = b->calls[i];
		last = &b->calls[i]->next;
	}
	*last = NULL;
	if (b->waiting == 0) {
		finish(b);
		return;
	}
	c->waiting = true;
	troth_calls_submit(c->api, first);
}
