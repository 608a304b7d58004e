/*
 * "May I promise this?": the question, and its answer for the one who asked it.
 */
#include "body.h"
#include "handlers.h"
#include "render.h"

#include "troth/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct troth_in_field may_i_fields[] = {
	{ .name = "id",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.promise.id),
	  .id = TROTH_ID_PROMISE },
	TROTH_FIELD_WORD("kind", u.promise.kind, troth_kind_number),
	TROTH_FIELD_E("customer", TROTH_IN_TEXT, u.promise.customer),
	TROTH_FIELD_E("sku", TROTH_IN_TEXT, u.promise.sku),
	TROTH_FIELD_E("quantity", TROTH_IN_U32, u.promise.quantity),
	TROTH_FIELD_E("amount", TROTH_IN_I64, u.promise.amount),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.promise.currency),
	TROTH_FIELD_E("due", TROTH_IN_TIME, u.promise.due),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.promise.reason),
	TROTH_FIELD_WORD("channel", u.promise.channel, troth_channel_number),
	TROTH_FIELD_B("language", TROTH_IN_TEXT, language),
	{ .name = "recovers",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.promise.recovers),
	  .id = TROTH_ID_RECOVERY },
};
const struct troth_in_table troth_in_may_i = { may_i_fields, TROTH_LEN(may_i_fields),
					       &troth_in_common };

void troth_post_may_i(struct troth_call *c)
{
	struct troth_asked *asked;
	struct troth_body b;

	if (c->api->engine->kind == TROTH_NODE_CENTRAL) {
		troth_call_problem(
			c, TROTH_PROBLEM_NOT_HERE, NULL,
			"central holds no share of any pool: ask at the gateway of a site, "
			"HQ's people at one of the brand");
		return;
	}
	if (!troth_body_begin_subject(&b, c, 2))
		return;
	b.e->u.promise.id = troth_body_new_id(c);
	b.e->u.promise.id.b[TROTH_ID_LEN - 1] = 0;
	if (!troth_body_read(&b) || !troth_body_may_choose_id(&b))
		return;
	/* A "no" saves nothing, so nobody else looks at whether the question is whole. */
	if (b.e->u.promise.kind == 0) {
		troth_body_flaw(&b, "kind", "is missing");
		return;
	}
	if (!troth_text_is_name(b.e->u.promise.reason, TROTH_CODE_MAX)) {
		troth_body_flaw(&b, "reason", "must be a code, such as late_delivery");
		return;
	}
	TROTH_TEXT_SET(c->language, b.language);
	c->command->item = b.e->u.promise.id;
	c->command->is_question = true;
	asked = &c->command->asked;
	asked->kind = b.e->u.promise.kind;
	TROTH_TEXT_SET(asked->sku, b.e->u.promise.sku);
	asked->quantity = b.e->u.promise.quantity;
	asked->amount = b.e->u.promise.amount;
	TROTH_TEXT_SET(asked->currency, b.e->u.promise.currency);
	asked->due = b.e->u.promise.due;
}

/* ---- The answer ---- */

/* What to say, as the policy has it: with a yes alone, for it will be said. */
static void out_words(struct troth_call *c, struct troth_txn *t, struct troth_out *o)
{
	const struct troth_answered *a = &c->result.answer;
	const struct troth_policy *p = troth_policies_get(c->api->policies, t,
							  a->policy_version);
	const char *words = NULL;

	if (p != NULL && a->answer == TROTH_ANSWER_YES)
		words = troth_policy_words(p, a->phrase, c->language);
	if (words != NULL)
		troth_out_text(o, "words", words);
}

static void out_at_least(struct troth_out *o, const char *key, int64_t v)
{
	if (v < 0)
		troth_out_null(o, key);
	else
		troth_out_int(o, key, v);
}

/* Who would owe what: as it stands with the promise that the question has made. */
static void out_owing(struct troth_call *c, struct troth_txn *t, struct troth_out *o)
{
	const struct troth_result *r = &c->result;
	struct troth_subject *s = &c->api->view->subject;
	bool known = r->answer.answer != TROTH_ANSWER_NO &&
		     troth_query_subject(t, c->api->engine->kind, &r->subject,
					 c->api->view);

	troth_out_array(o, "commitments");
	for (unsigned i = 0; known && i < s->commitment_count; i++) {
		struct troth_id id = troth_commitment_id(&s->commitments[i]);

		if (!troth_id_eq(&s->commitments[i].promise, &r->item))
			continue;
		troth_out_object(o, NULL);
		troth_out_id(o, "id", TROTH_ID_COMMITMENT, &id);
		troth_out_text(o, "debtor", s->commitments[i].debtor);
		troth_out_text(o, "creditor", s->commitments[i].creditor);
		troth_out_text(o, "action", troth_action_name(s->commitments[i].action));
		troth_out_time(o, "due", s->commitments[i].due);
		troth_out_some_time(o, "ack_due", s->commitments[i].ack_due);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

static void out_promise(struct troth_call *c, struct troth_out *o)
{
	const struct troth_result *r = &c->result;
	char text[TROTH_ID_TEXT], code[TROTH_SHORT_CODE];

	troth_id_format(text, TROTH_ID_PROMISE, &r->item);
	troth_id_short(code, &r->item);
	troth_out_text(o, "promise", text);
	troth_out_text(o, "code", code);
	(void)snprintf(c->location, sizeof(c->location), "/v1/promises/%s", text);
}

static void out_left(struct troth_out *o, const struct troth_answered *a)
{
	troth_out_object(o, "left");
	out_at_least(o, "promise", a->grant[0] != '\0' ? a->left_promise : -1);
	out_at_least(o, "customer", a->left_customer);
	out_at_least(o, "share", a->left_share);
	troth_out_end_object(o);
}

void troth_may_i_answer(struct troth_call *c)
{
	const struct troth_engine *engine = c->api->engine;
	const struct troth_answered *a = &c->result.answer;
	bool no = a->answer == TROTH_ANSWER_NO;
	struct troth_out o = troth_call_reply(c, no ? 200 : 201);
	struct troth_render r = { .node = engine->kind, .now = troth_call_now(c) };
	struct troth_link_state link = { .up = true };
	struct troth_txn t;

	troth_txn_begin(&t, engine->kv, TROTH_TXN_READ);
	r.t = &t;
	engine->link(engine->ctx, &link);
	troth_out_text(&o, "answer", troth_answer_name(a->answer));
	if (a->reason != TROTH_REASON_NONE)
		troth_out_text(&o, "reason", troth_reason_name(a->reason));
	out_words(c, &t, &o);
	if (!no)
		out_promise(c, &o);
	troth_out_id(&o, "subject", troth_render_subject_kind(c->result.subject_kind),
		     &c->result.subject);
	troth_out_some_time(&o, "due", a->due);
	troth_out_some_time(&o, "earliest_due", a->earliest);
	if (!no)
		troth_out_time(&o, "lapses", a->lapses);
	troth_out_uint(&o, "policy_version", a->policy_version);
	troth_out_some_text(&o, "grant", a->grant);
	troth_out_some_text(&o, "pool", a->pool);
	troth_out_int(&o, "cost", a->cost);
	out_left(&o, a);
	out_owing(c, &t, &o);
	if (!no)
		troth_out_id(&o, "event", TROTH_ID_EVENT, &c->result.event);
	troth_out_uint(&o, "etag", c->result.etag);
	troth_out_bool(&o, "link_up", link.up);
	troth_render_freshness(&r, &o, (unsigned)link.backlog);
	troth_out_end_object(&o);
	troth_txn_abort(&t);
	c->has_etag = true;
	c->etag = c->result.etag;
}
