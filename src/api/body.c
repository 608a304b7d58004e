#include "body.h"
#include "canon.h"
#include "read.h"

#include "troth/base/text.h"
#include "troth/crypto/random.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

static const struct troth_in_field common_fields[] = {
	TROTH_FIELD_E("on_behalf", TROTH_IN_TEXT, on_behalf),
	TROTH_FIELD_E("actor", TROTH_IN_TEXT, actor),
	TROTH_FIELD_P("note", TROTH_IN_LINES, note),
};
const struct troth_in_table troth_in_common = { common_fields, TROTH_LEN(common_fields),
						NULL };

static const struct troth_in_field terms_fields[] = {
	TROTH_FIELDS_TERMS(0, struct troth_in_terms, ),
};
const struct troth_in_table troth_in_terms = { terms_fields, TROTH_LEN(terms_fields),
					       NULL };

static const struct troth_in_field tell_fields[] = {
	TROTH_FIELDS_TERMS(TROTH_BASE_BODY, struct troth_body, tell[0].),
};
const struct troth_in_table troth_in_tell = { tell_fields, TROTH_LEN(tell_fields), NULL };

struct troth_time troth_body_now(const struct troth_call *c)
{
	return c->api->engine->now(c->api->engine->ctx);
}

struct troth_id troth_body_new_id(struct troth_call *c)
{
	uint8_t random[10];

	troth_random(random, sizeof(random));
	return troth_id_make(troth_body_now(c), random);
}

bool troth_body_begin(struct troth_body *b, struct troth_call *c, unsigned count)
{
	memset(b, 0, sizeof(*b));
	c->command = troth_command_new(count);
	if (c->command == NULL)
		return false;
	b->c = c;
	b->e = c->command->drafts[0];
	for (unsigned i = 0; i < TROTH_TERMS_MAX; i++)
		b->terms[i].ack_within_s = b->terms[i].acceptance_s = TROTH_NOT_SAID;
	b->tell[0].ack_within_s = b->tell[0].acceptance_s = TROTH_NOT_SAID;
	return true;
}

bool troth_body_begin_subject(struct troth_body *b, struct troth_call *c, unsigned count)
{
	if (!troth_body_begin(b, c, count))
		return false;
	b->e->subject_kind = c->id_kind == TROTH_ID_ORDER ? TROTH_SUBJECT_ORDER
							  : TROTH_SUBJECT_CASE;
	b->e->subject = c->id;
	return true;
}

bool troth_body_begin_item(struct troth_body *b, struct troth_call *c)
{
	const struct troth_subject *s = &c->api->view->subject;

	if (!troth_read_subject_of(c) || !troth_body_begin(b, c, 1))
		return false;
	b->e->subject_kind = s->kind;
	b->e->subject = s->id;
	c->command->item = c->id;
	return true;
}

static void drop(struct troth_call *c)
{
	troth_command_free(c->command);
	c->command = NULL;
}

void troth_body_drop(struct troth_body *b)
{
	drop(b->c);
}

void troth_body_flaw(struct troth_body *b, const char *field, const char *problem)
{
	drop(b->c);
	troth_call_problem(b->c, TROTH_PROBLEM_FIELD, field, problem);
}

static bool is_empty(const struct troth_personal *p)
{
	return p->words[0] == '\0' && p->language[0] == '\0' &&
	       p->order_number[0] == '\0' && p->customer_name[0] == '\0' &&
	       p->customer_phone[0] == '\0' && p->address[0] == '\0' &&
	       p->note[0] == '\0' && p->evidence[0] == '\0';
}

bool troth_body_read(struct troth_body *b)
{
	struct troth_call *c = b->c;
	void *const bases[TROTH_IN_BASES] = { b->e, &b->p, b };
	struct troth_personal *personal;
	struct troth_in_flaw flaw;

	if (!troth_in_read(c->route->body, c->json, bases, &flaw)) {
		troth_body_flaw(b, flaw.field, flaw.problem);
		return false;
	}
	if (b->e->actor[0] == '\0') {
		TROTH_TEXT_SET(b->e->actor, c->caller.name);
	} else if ((c->caller.scopes & TROTH_SCOPE_INTEGRATION) == 0) {
		drop(c);
		troth_call_problem(c, TROTH_PROBLEM_NO_SCOPE, "actor",
				   "only an integration may name another actor");
		return false;
	}
	if (is_empty(&b->p))
		return true;
	personal = troth_command_personal(c->command, 0);
	if (personal == NULL) {
		drop(c);
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, "out of memory");
		return false;
	}
	*personal = b->p;
	return true;
}

bool troth_body_at_central(struct troth_call *c)
{
	if (c->api->engine->kind == TROTH_NODE_CENTRAL)
		return true;
	troth_call_declined(c, TROTH_REASON_NOT_ENTITLED);
	return false;
}

bool troth_body_may_choose_id(struct troth_body *b)
{
	struct troth_call *c = b->c;

	if ((c->caller.scopes & TROTH_SCOPE_INTEGRATION) != 0 ||
	    json_object_get(c->json, "id") == NULL)
		return true;
	drop(c);
	troth_call_problem(c, TROTH_PROBLEM_NO_SCOPE, "id",
			   "only an integration may choose an id");
	return false;
}

/* What goes back or leaves the calendar ends up negative, and is refused as a due is. */
static struct troth_time later(struct troth_time t, int64_t seconds)
{
	if (seconds < 0 || seconds > TROTH_TIME_MAX_MS / 1000)
		return (struct troth_time){ -1 };
	return (struct troth_time){ t.ms + seconds * 1000 };
}

void troth_body_terms(struct troth_terms *out, const struct troth_in_terms *in,
		      struct troth_time due, struct troth_time now)
{
	*out = in->t;
	if (out->due.ms == 0)
		out->due = due;
	if (out->ack_due.ms == 0 && in->ack_within_s != TROTH_NOT_SAID)
		out->ack_due = later(now, in->ack_within_s);
	if (in->acceptance_s == TROTH_NOT_SAID)
		out->acceptance_ms = TROTH_ACCEPTANCE_S * 1000;
	else if (in->acceptance_s < 0 ||
		 in->acceptance_s > TROTH_ACCEPTANCE_MAX_MS / 1000)
		out->acceptance_ms = -1;
	else
		out->acceptance_ms = in->acceptance_s * 1000;
}

/* ---- To the engine and back ---- */

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

void troth_body_seal(struct troth_call *c)
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
		drop(c);
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, "out of memory");
		return;
	}
	m->has_key = true;
	name_key(c, &m->key);
	payload[2] = troth_buf_span(b);
	troth_sha256(&m->payload, payload, TROTH_LEN(payload));
	troth_buf_reset(b);
}

static const char *collection(enum troth_id_kind kind)
{
	switch (kind) {
	case TROTH_ID_ORDER:
		return "orders";
	case TROTH_ID_CASE:
		return "cases";
	case TROTH_ID_PROMISE:
		return "promises";
	case TROTH_ID_COMMITMENT:
		return "commitments";
	case TROTH_ID_ALARM:
		return "alarms";
	case TROTH_ID_RECOVERY:
		return "recoveries";
	case TROTH_ID_EVENT:
	case TROTH_ID_AUTHORITY:
		break;
	}
	return "events";
}

static void out_owed(struct troth_call *c, struct troth_out *o)
{
	troth_out_array(o, "commitments");
	for (unsigned i = 1; i <= c->owed; i++) {
		struct troth_id id = c->result.item;

		id.b[TROTH_ID_LEN - 1] = (uint8_t)i;
		troth_out_id(o, NULL, TROTH_ID_COMMITMENT, &id);
	}
	troth_out_end_array(o);
}

/* Only what the result says: a repeated call must get the same bytes again. */
static void answer_done(struct troth_call *c)
{
	const struct troth_result *r = &c->result;
	bool created = (c->route->flags & TROTH_ROUTE_CREATES) != 0;
	enum troth_id_kind of = troth_render_subject_kind(r->subject_kind), kind = of;
	const struct troth_id *id = &r->subject;
	struct troth_out o = troth_call_reply(c, created ? 201 : 200);
	char code[TROTH_SHORT_CODE], text[TROTH_ID_TEXT];

	if ((c->route->flags & TROTH_ROUTE_ITEM) != 0 && !troth_id_is_zero(&r->item)) {
		id = &r->item;
		kind = id->b[TROTH_ID_LEN - 1] == 0 ? TROTH_ID_PROMISE
						    : TROTH_ID_COMMITMENT;
	}
	if ((c->route->flags & TROTH_ROUTE_RECOVERY) != 0)
		kind = TROTH_ID_RECOVERY;
	if ((c->route->flags & TROTH_ROUTE_ALARM) != 0) {
		id = troth_id_is_zero(&r->item) ? &r->event : &r->item;
		kind = TROTH_ID_ALARM;
	}
	if (r->subject_kind == TROTH_SUBJECT_AUTHORITY) {
		troth_out_id(&o, "subject", of, &r->subject);
	} else if (r->subject_kind != TROTH_SUBJECT_FEDERATION) {
		troth_id_short(code, id);
		troth_id_format(text, kind, id);
		troth_out_text(&o, "id", text);
		troth_out_text(&o, "code", code);
		troth_out_id(&o, "subject", of, &r->subject);
		if (created)
			(void)snprintf(c->location, sizeof(c->location), "/v1/%s/%s",
				       collection(kind), text);
	}
	/* Of policies it is the version (policies.c). */
	if (r->subject_kind == TROTH_SUBJECT_FEDERATION && !troth_id_is_zero(&r->item))
		troth_out_uint(&o, "version", troth_load_u64be(r->item.b + 8));
	troth_out_id(&o, "event", TROTH_ID_EVENT, &r->event);
	troth_out_time(&o, "saved", r->at);
	if (r->position != 0)
		troth_out_uint(&o, "position", r->position);
	else
		troth_out_null(&o, "position");
	troth_out_bool(&o, "sequenced", r->position != 0);
	troth_out_uint(&o, "etag", r->etag);
	if (r->reason != TROTH_REASON_NONE)
		troth_out_text(&o, "flagged", troth_reason_name(r->reason));
	if (kind == TROTH_ID_PROMISE && c->owed > 0)
		out_owed(c, &o);
	troth_out_end_object(&o);
	c->has_etag = r->subject_kind != TROTH_SUBJECT_FEDERATION;
	c->etag = r->etag;
}

void troth_body_answer(struct troth_call *c)
{
	const struct troth_result *r = &c->result;

	c->has_result = true;
	switch (r->status) {
	case TROTH_DONE:
		if (r->has_answer)
			troth_may_i_answer(c);
		else
			answer_done(c);
		break;
	case TROTH_DECLINED:
		troth_call_declined(c, r->reason);
		break;
	case TROTH_STALE:
		troth_call_problem(c, TROTH_PROBLEM_STALE, NULL, NULL);
		c->has_etag = true;
		c->etag = r->etag;
		break;
	case TROTH_FLAWED:
		troth_call_problem(c, TROTH_PROBLEM_FIELD, r->flaw.field,
				   r->flaw.problem);
		break;
	case TROTH_KEY_REUSED:
		troth_call_problem(c, TROTH_PROBLEM_KEY_REUSED, NULL, NULL);
		break;
	case TROTH_NO_ROOM:
		troth_call_problem(c, TROTH_PROBLEM_NO_ROOM, NULL, NULL);
		break;
	case TROTH_STOPPING:
		troth_call_problem(c, TROTH_PROBLEM_STOPPING, NULL, NULL);
		break;
	case TROTH_NO_BRAND:
		troth_call_problem(c, TROTH_PROBLEM_NO_BRAND, NULL, NULL);
		break;
	}
	if (!c->done)
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, NULL);
}
