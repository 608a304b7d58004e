/*
 * What is asked about promises and commitments.
 */
#include "body.h"
#include "handlers.h"

#include <string.h>

static const struct troth_in_field made_fields[] = {
	{ .name = "id",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.promise.id),
	  .id = TROTH_ID_PROMISE },
	TROTH_FIELD_WORD("kind", u.promise.kind, troth_kind_number),
	TROTH_FIELD_P("words", TROTH_IN_LINES, words),
	TROTH_FIELD_P("language", TROTH_IN_TEXT, language),
	TROTH_FIELD_E("customer", TROTH_IN_TEXT, u.promise.customer),
	TROTH_FIELD_E("sku", TROTH_IN_TEXT, u.promise.sku),
	TROTH_FIELD_E("quantity", TROTH_IN_U32, u.promise.quantity),
	TROTH_FIELD_E("amount", TROTH_IN_I64, u.promise.amount),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.promise.currency),
	TROTH_FIELD_E("due", TROTH_IN_TIME, u.promise.due),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.promise.reason),
	TROTH_FIELD_B("policy_version", TROTH_IN_U32, policy_version),
	TROTH_FIELD_E("grant", TROTH_IN_TEXT, u.promise.grant),
	TROTH_FIELD_WORD("channel", u.promise.channel, troth_channel_number),
	TROTH_FIELD_E("spoken", TROTH_IN_BOOL, u.promise.spoken),
	TROTH_FIELD_E("made", TROTH_IN_TIME, u.promise.made),
	TROTH_FIELD_E("lapses", TROTH_IN_TIME, u.promise.lapses),
	{ .name = "recovers",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, u.promise.recovers),
	  .id = TROTH_ID_RECOVERY },
	{ .name = "commitments",
	  .form = TROTH_IN_ARRAY,
	  .base = TROTH_BASE_BODY,
	  .offset = offsetof(struct troth_body, terms),
	  .size = sizeof(struct troth_in_terms),
	  .of = &troth_in_terms,
	  .max = TROTH_TERMS_MAX,
	  .count_offset = offsetof(struct troth_body, terms_count) },
};
const struct troth_in_table troth_in_promise = { made_fields, TROTH_LEN(made_fields),
						 &troth_in_common };

static const struct troth_in_field instead_fields[] = {
	TROTH_FIELD_WORD("kind", u.promise_step.instead.kind, troth_kind_number),
	TROTH_FIELD_E("sku", TROTH_IN_TEXT, u.promise_step.instead.sku),
	TROTH_FIELD_E("quantity", TROTH_IN_U32, u.promise_step.instead.quantity),
	TROTH_FIELD_E("amount", TROTH_IN_I64, u.promise_step.instead.amount),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.promise_step.instead.currency),
};
static const struct troth_in_table instead_table = { instead_fields,
						     TROTH_LEN(instead_fields), NULL };

static const struct troth_in_field step_fields[] = {
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.promise_step.reason),
	{ .name = "instead",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &instead_table,
	  .count_offset = offsetof(struct troth_body, has_instead) },
	TROTH_FIELD_TELL,
};
const struct troth_in_table troth_in_promise_step = { step_fields, TROTH_LEN(step_fields),
						      &troth_in_common };

/* A commitment is terms and nothing else. */
static const struct troth_in_field added_fields[] = {
	TROTH_FIELDS_TERMS(TROTH_BASE_BODY, struct troth_body, terms[0].),
};
const struct troth_in_table troth_in_commitment = { added_fields, TROTH_LEN(added_fields),
						    &troth_in_common };

static const struct troth_in_field evidence_fields[] = {
	TROTH_FIELD_WORD("kind", u.commitment_step.evidence, troth_evidence_number),
	TROTH_FIELD_P("text", TROTH_IN_LINES, evidence),
	{ "photo_sha256", TROTH_IN_HEX, TROTH_BASE_EVENT,
	  offsetof(struct troth_event, u.commitment_step.photo), TROTH_DIGEST_LEN },
};
static const struct troth_in_table evidence_table = { evidence_fields,
						      TROTH_LEN(evidence_fields), NULL };

static const struct troth_in_field commitment_step_fields[] = {
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.commitment_step.reason),
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.commitment_step.party),
	TROTH_FIELD_E("due", TROTH_IN_TIME, u.commitment_step.due),
	TROTH_FIELD_E("at", TROTH_IN_TIME, u.commitment_step.at),
	{ .name = "evidence",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &evidence_table,
	  .count_offset = offsetof(struct troth_body, has_evidence) },
};
const struct troth_in_table troth_in_commitment_step = {
	commitment_step_fields, TROTH_LEN(commitment_step_fields), &troth_in_common
};

static void default_lapse(struct troth_event *e)
{
	e->u.promise.lapses.ms = e->u.promise.made.ms + TROTH_LAPSES_MS;
	if (e->u.promise.due.ms > 0 && e->u.promise.due.ms < e->u.promise.lapses.ms)
		e->u.promise.lapses = e->u.promise.due;
}

void troth_post_promise(struct troth_call *c)
{
	struct troth_time now = troth_call_now(c);
	struct troth_body b;

	if (!troth_body_begin_subject(&b, c, 1))
		return;
	b.e->type = TROTH_EVENT_PROMISE_MADE;
	b.e->u.promise.id = troth_body_new_id(c);
	b.e->u.promise.id.b[TROTH_ID_LEN - 1] = 0;
	b.e->u.promise.spoken = true;
	if (!troth_body_read(&b) || !troth_body_may_choose_id(&b))
		return;
	if (b.e->u.promise.grant[0] != '\0' &&
	    c->api->engine->kind == TROTH_NODE_CENTRAL) {
		troth_body_drop(&b);
		troth_call_problem(c, TROTH_PROBLEM_NOT_HERE, "grant",
				   "central holds no share: cite a grant at the gateway "
				   "of a site");
		return;
	}
	if (b.e->u.promise.made.ms == 0)
		b.e->u.promise.made = now;
	if (!b.e->u.promise.spoken && b.e->u.promise.lapses.ms == 0)
		default_lapse(b.e);
	b.e->u.promise.policy_version = b.policy_version;
	b.e->u.promise.terms_count = b.terms_count;
	for (unsigned i = 0; i < b.terms_count; i++)
		troth_body_terms(&b.e->u.promise.terms[i], &b.terms[i],
				 b.e->u.promise.due, now);
	c->command->item = b.e->u.promise.id;
	c->owed = b.terms_count;
}

/* Approving is the approver's, ending what was promised HQ's, the rest the agents'. */
static unsigned scopes_of(enum troth_promise_action action)
{
	if (action == TROTH_PROMISE_DO_APPROVE || action == TROTH_PROMISE_DO_REJECT)
		return TROTH_SCOPE_APPROVER;
	if (action == TROTH_PROMISE_DO_CANCEL)
		return TROTH_SCOPE_APPROVER | TROTH_SCOPE_MANAGER;
	return TROTH_SCOPE_AGENT | TROTH_SCOPE_MANAGER | TROTH_SCOPE_INTEGRATION;
}

void troth_post_promise_step(struct troth_call *c)
{
	int action = troth_promise_action_number(c->step);
	struct troth_body b;

	if (action < 0 || action == TROTH_PROMISE_DO_KEEP) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "no such step of a promise");
		return;
	}
	if ((c->caller.scopes & scopes_of((enum troth_promise_action)action)) == 0) {
		troth_call_no_scope(c, scopes_of((enum troth_promise_action)action));
		return;
	}
	if (!troth_body_begin_item(&b, c))
		return;
	b.e->type = TROTH_EVENT_PROMISE_STEP;
	b.e->u.promise_step.promise = c->id;
	b.e->u.promise_step.action = (enum troth_promise_action)action;
	if (!troth_body_read(&b))
		return;
	b.e->u.promise_step.has_instead = b.has_instead > 0;
	b.e->u.promise_step.has_tell = b.has_tell > 0;
	if (b.has_tell > 0)
		troth_body_terms(&b.e->u.promise_step.tell, &b.tell[0],
				 (struct troth_time){ 0 }, troth_call_now(c));
}

void troth_post_commitment(struct troth_call *c)
{
	struct troth_body b;
	int i;

	if (!troth_body_begin_item(&b, c))
		return;
	b.e->type = TROTH_EVENT_COMMITMENT_ADDED;
	b.e->u.commitment.promise = c->id;
	if (!troth_body_read(&b))
		return;
	i = troth_subject_promise(&c->api->view->subject, &c->id);
	troth_body_terms(&b.e->u.commitment.terms, &b.terms[0],
			 i >= 0 ? c->api->view->subject.promises[i].due
				: (struct troth_time){ 0 },
			 troth_call_now(c));
}

void troth_post_commitment_step(struct troth_call *c)
{
	int action = troth_commitment_action_number(c->step);
	struct troth_body b;

	if (action < 0 || action == TROTH_COMMITMENT_DO_VIOLATE ||
	    action == TROTH_COMMITMENT_DO_ACK_OVERDUE) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "no such step of a commitment");
		return;
	}
	if (!troth_body_begin_item(&b, c))
		return;
	b.e->type = TROTH_EVENT_COMMITMENT_STEP;
	b.e->u.commitment_step.commitment = c->id;
	b.e->u.commitment_step.action = (enum troth_commitment_action)action;
	if (!troth_body_read(&b))
		return;
	b.e->u.commitment_step.has_photo = json_is_string(
		json_object_get(json_object_get(c->json, "evidence"), "photo_sha256"));
	if (action == TROTH_COMMITMENT_DO_FULFIL && b.e->u.commitment_step.at.ms == 0)
		b.e->u.commitment_step.at = troth_call_now(c);
}
