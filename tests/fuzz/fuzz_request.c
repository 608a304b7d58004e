/*
 * Requests: a first line with a path, then a body. Whatever becomes a command and is
 * well formed must be what the wire can carry: nothing that the API lets in may be
 * turned away by central for its form.
 */
#include "api/handlers.h"
#include "fuzz.h"
#include "memkv.h"
#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

static struct troth_api api;
static struct troth_engine engine;

static struct troth_time now(void *ctx)
{
	(void)ctx;
	return (struct troth_time){ INT64_C(1794650400000) };
}

static bool set_clock(void *ctx, struct troth_time to)
{
	(void)ctx;
	(void)to;
	return false;
}

/* One order with a promise and a commitment, so that steps find their subject. */
static void plant(void)
{
	struct troth_id id = { { 1, [6] = 0x70, [8] = 0x80 } };
	struct troth_subject *s = &api.view->subject;
	struct troth_indexed before = { .promise_count = 0 };
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_digest leaf = { { 0 } };
	struct troth_txn t;

	troth_subject_init(s, TROTH_SUBJECT_ORDER, &id);
	TROTH_TEXT_SET(s->customer, "c");
	s->participant_count = 1;
	TROTH_TEXT_SET(s->participants[0].party, "brand");
	s->promise_count = 1;
	s->promises[0] = (struct troth_promise){ .id = { { 2, [6] = 0x70, [8] = 0x80 } },
						 .state = TROTH_PROMISE_ACTIVE,
						 .kind = TROTH_KIND_OTHER,
						 .due = { 1 },
						 .commitment_count = 1 };
	s->commitment_count = 1;
	s->commitments[0] = (struct troth_commitment){
		.promise = s->promises[0].id,
		.ordinal = 1,
		.state = TROTH_COMMITMENT_REQUESTED,
		.action = TROTH_ACTION_OTHER,
		.due = { 1 }
	};
	troth_subject_seal(s, &leaf, &b);
	troth_txn_begin(&t, engine.kv, TROTH_TXN_WRITE);
	troth_txn_put(&t, TROTH_T_SUBJECTS, troth_span(id.b, sizeof(id.b)),
		      troth_buf_span(&b));
	troth_state_reindex(&t, &before, s);
	MUST(troth_txn_commit(&t, NULL) == TROTH_OK);
	troth_buf_fini(&b);
}

static void begin(void)
{
	struct troth_why why;

	if (engine.kv != NULL)
		return;
	MUST(memkv_open(&engine.kv, memkv_disk_new(), &troth_gateway_schema, &why) ==
	     TROTH_OK);
	engine.kind = TROTH_NODE_GATEWAY;
	engine.origin = "spiffe://troth/brand/hq";
	engine.party = "brand";
	engine.site = "hq";
	engine.now = now;
	engine.set_clock = set_clock;
	api.engine = &engine;
	api.routes = troth_routes;
	api.routes_count = troth_routes_count;
	api.view = calloc(1, sizeof(*api.view));
	MUST(api.view != NULL);
	plant();
}

/* As the node would complete it. */
static void complete(struct troth_event *e)
{
	e->id = (struct troth_id){ { 9 } };
	e->incarnation = e->origin_seq = 1;
	e->created = now(NULL);
	TROTH_TEXT_SET(e->origin, engine.origin);
}

static void check(struct troth_command *c, unsigned i)
{
	static struct troth_event again;
	static struct troth_personal personal;
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_flaw flaw;

	complete(c->drafts[i]);
	if (troth_event_check(c->drafts[i], &flaw)) {
		troth_body_encode(c->drafts[i], &b);
		MUST(troth_body_decode(&again, troth_buf_span(&b), NULL) == TROTH_OK);
	}
	troth_buf_reset(&b);
	if (c->personal[i] != NULL) {
		troth_personal_encode(c->personal[i], &b);
		MUST(troth_personal_decode(&personal, troth_buf_span(&b), NULL) ==
		     TROTH_OK);
	}
	troth_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *line = len > 0 ? memchr(data, '\n', len) : NULL;
	struct troth_call *c;

	if (line == NULL || (size_t)(line - data) >= TROTH_PATH_MAX)
		return 0;
	begin();
	c = troth_call_new(&api);
	MUST(c != NULL);
	c->method = TROTH_POST;
	memcpy(c->path, data, (size_t)(line - data));
	(void)strcpy(c->key, "k");
	c->has_if_match = true;
	c->caller.scopes = TROTH_SCOPE_ANY;
	TROTH_TEXT_SET(c->caller.name, "fuzz");
	troth_buf_put(&c->body, line + 1, len - (size_t)(line + 1 - data));
	/* As part of a batch, so that nothing is counted or written. */
	troth_call_admit_child(c);
	if (!c->done)
		troth_call_run(c);
	MUST(c->done != (c->command != NULL));
	for (unsigned i = 0; c->command != NULL && i < c->command->count; i++)
		check(c->command, i);
	if (c->done) { /* Problems are JSON, whatever was in the request. */
		json_t *reply = json_loadb((const char *)c->reply.data, c->reply.len,
					   JSON_REJECT_DUPLICATES, NULL);

		MUST(reply != NULL);
		json_decref(reply);
	}
	troth_call_free(c);
	return 0;
}
