/*
 * replay_send - steps as requests, in batches.
 */
#include "replay_run.h"

#include <stdio.h>
#include <string.h>

#define BATCH_MAX      1000
#define BATCH_BODY_MAX ((size_t)3 << 20) /* Of the 4 MiB that a node takes. */
#define TRIES_MAX      50

struct batch {
	struct replay *r;
	const struct replay_set *set;
	struct replay_node *node;
	uint32_t number; /* Of this batch, in batch_of. */
	unsigned count;
	size_t steps[BATCH_MAX];
	struct troth_buf body;
};

static unsigned flags_of(const struct batch *b, const struct replay_step *s)
{
	return b->set->kinds[s->kind].flags;
}

/* ---- Requests ---- */

static enum troth_err read_etag(struct batch *b, const struct replay_step *s,
				uint64_t *etag, struct troth_why *why)
{
	struct troth_id subject = b->set->subject_id(b->r->plan, s->subject);
	char path[64], id[TROTH_ID_TEXT];
	enum troth_err err;

	troth_id_format(id, b->set->id_kind, &subject);
	(void)snprintf(path, sizeof(path), "%s%s", b->set->path, id);
	err = replay_node_get(b->node, path, why);
	if (err == TROTH_OK)
		*etag = (uint64_t)json_integer_value(
			json_object_get(b->node->reply.json, "etag"));
	return err;
}

static enum troth_err put_request(struct batch *b, const struct replay_step *s,
				  struct troth_why *why)
{
	const struct replay_plan *p = b->r->plan;
	enum troth_err err = TROTH_OK;
	uint64_t etag = 0;

	if ((flags_of(b, s) & REPLAY_ETAG) != 0)
		err = read_etag(b, s, &etag, why);
	if (err != TROTH_OK)
		return err;
	troth_buf_printf(&b->body,
			 "%s{\"method\":\"POST\",\"idempotency_key\":\"%s-%s-%s-%u\","
			 "\"path\":",
			 b->body.len > 0 ? "," : "{\"requests\":[", b->set->name,
			 b->set->number(p, s->subject), b->set->kinds[s->kind].name,
			 b->set->item_number(p, s));
	b->set->put(&b->body, b->r, s, etag);
	troth_buf_put_str(&b->body, "}");
	return TROTH_OK;
}

/* ---- Answers ---- */

enum fate { DONE, LATER, NEVER };

static enum fate fate_of(unsigned flags, long status, const json_t *body)
{
	static const char prefix[] = "urn:troth:problem:";
	const char *type = json_string_value(json_object_get(body, "type"));
	const char *what = type != NULL && strncmp(type, prefix, sizeof(prefix) - 1) == 0
				   ? type + sizeof(prefix) - 1
				   : "";

	if (status >= 200 && status < 300)
		return DONE;
	/* What an interrupted replay had done before: ids are the same each time. */
	if ((flags & (REPLAY_FIRST | REPLAY_PROMISES)) != 0 &&
	    strcmp(what, "exists") == 0)
		return DONE;
	if ((flags & REPLAY_ENDS) != 0 && strcmp(what, "wrong_state") == 0)
		return DONE;
	/* Central's clock has declared what ends the promise, or is about to. */
	if ((flags & REPLAY_ENDS) != 0 && strcmp(what, "open_promise") == 0)
		return LATER;
	return status == 412 || status == 429 || status >= 500 ? LATER : NEVER;
}

static enum fate look_at_answers(struct batch *b, struct troth_why *why)
{
	const json_t *answers = json_object_get(b->node->reply.json, "responses");
	enum fate worst = DONE;

	if (b->node->reply.status != 200 || json_array_size(answers) != b->count) {
		char problem[TROTH_WHY_MAX];

		troth_http_problem(b->node->reply.json, b->node->reply.status, problem,
				   sizeof(problem));
		(void)troth_fail(why, TROTH_ERR_INPUT, "%s/v1/batch: %s",
				 troth_http_url(b->node->http), problem);
		return NEVER;
	}
	for (unsigned i = 0; i < b->count; i++) {
		const struct replay_step *s = &b->r->plan->steps[b->steps[i]];
		const json_t *a = json_array_get(answers, i);
		const json_t *body = json_object_get(a, "body");
		long status = (long)json_integer_value(json_object_get(a, "status"));
		enum fate fate = fate_of(flags_of(b, s), status, body);

		if (fate > worst) {
			char problem[TROTH_WHY_MAX];

			worst = fate;
			troth_http_problem(body, status, problem, sizeof(problem));
			(void)troth_fail(why, TROTH_ERR_INPUT, "%s: %s %s, %s: %s",
					 troth_http_url(b->node->http), b->set->word,
					 b->set->number(b->r->plan, s->subject),
					 b->set->kinds[s->kind].name, problem);
		}
	}
	return worst;
}

/* ---- Batches ---- */

/* Writes the requests of all steps of the batch; false if they are too many. */
static enum troth_err write_body(struct batch *b, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	troth_buf_reset(&b->body);
	for (unsigned i = 0; i < b->count && err == TROTH_OK; i++)
		err = put_request(b, &b->r->plan->steps[b->steps[i]], why);
	troth_buf_put_str(&b->body, "]}");
	if (err == TROTH_OK && b->body.failed)
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	return err;
}

/* Sends the batch until all of it is done. Keys make a repetition harmless. */
static enum troth_err flush(struct batch *b, struct troth_why *why)
{
	struct troth_http_call call = { .method = "POST", .path = "/v1/batch" };
	enum fate fate = b->count > 0 ? LATER : DONE;
	enum troth_err err = TROTH_OK;
	int pause_ms = 0;

	for (int tries = 0; fate == LATER && err == TROTH_OK; tries++) {
		if (tries == TRIES_MAX)
			return TROTH_ERR_AGAIN; /* `why` is of the last one. */
		if (tries > 0)
			replay_pause(&pause_ms);
		err = write_body(b, why); /* Anew: an ETag may have been too old. */
		if (err != TROTH_OK)
			break;
		call.body = troth_buf_span(&b->body);
		err = replay_node_call(b->node, &call, why);
		if (err == TROTH_OK)
			fate = look_at_answers(b, why);
	}
	if (err == TROTH_OK && fate == NEVER)
		err = TROTH_ERR_INPUT;
	if (err == TROTH_OK)
		atomic_fetch_add(&b->r->done, b->count);
	b->count = 0;
	b->number += b->set->lane_count; /* Each lane has numbers of its own. */
	return err;
}

/*
 * Whether the step must wait for what the batch holds: a commitment is found only
 * once its promise is saved, and an ETag is read before the batch is sent.
 */
static bool must_wait(const struct batch *b, const struct replay_step *s)
{
	return (flags_of(b, s) & REPLAY_WAITS) != 0 &&
	       b->r->batch_of[s->subject] == b->number;
}

enum troth_err replay_send(struct replay *r, unsigned lane, const struct replay_run *run,
			   struct troth_id *last, struct troth_why *why)
{
	const struct replay_set *set = r->plan->set;
	struct batch b = { .r = r,
			   .set = set,
			   .node = r->parts[lane],
			   .number = (uint32_t)(run->first * set->lane_count) + 1 +
				     lane };
	enum troth_err err = TROTH_OK;
	size_t size = 0;

	for (size_t i = run->first; i < run->end && err == TROTH_OK; i++) {
		const struct replay_step *s = &r->plan->steps[i];

		if (s->lane != lane)
			continue;
		if (b.count == BATCH_MAX ||
		    size + set->size(r->plan, s) > BATCH_BODY_MAX || must_wait(&b, s)) {
			err = flush(&b, why);
			size = 0;
		}
		size += set->size(r->plan, s);
		b.steps[b.count++] = i;
		r->batch_of[s->subject] = b.number;
		*last = set->subject_id(r->plan, s->subject);
	}
	if (err == TROTH_OK)
		err = flush(&b, why);
	troth_buf_fini(&b.body);
	return err;
}
