#include "body.h"
#include "read.h"

#include "troth/base/text.h"
#include "troth/crypto/random.h"

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

struct troth_id troth_body_new_id(struct troth_call *c)
{
	uint8_t random[10];

	troth_random(random, sizeof(random));
	return troth_id_make(troth_call_now(c), random);
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
