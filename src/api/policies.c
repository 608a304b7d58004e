/*
 * Policies: published and withdrawn by HQ, read by everybody.
 */
#include "body.h"
#include "handlers.h"
#include "read.h"

#include "troth/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct troth_in_field policy_fields[] = {
	{ "text", TROTH_IN_BORROWED, TROTH_BASE_BODY,
	  offsetof(struct troth_body, policy_text), TROTH_POLICY_TEXT_MAX + 1 },
	TROTH_FIELD_E("version", TROTH_IN_I64, u.policy.version),
};
const struct troth_in_table troth_in_policy = { policy_fields, TROTH_LEN(policy_fields),
						&troth_in_common };

static const struct troth_in_field policy_withdrawal_fields[] = {
	TROTH_FIELD_E("version", TROTH_IN_I64, u.policy.version),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.policy.reason),
};
const struct troth_in_table troth_in_policy_withdrawal = {
	policy_withdrawal_fields, TROTH_LEN(policy_withdrawal_fields), &troth_in_common
};

static bool begin(struct troth_body *b, struct troth_call *c, enum troth_event_type type)
{
	if (!troth_body_at_central(c) || !troth_body_begin(b, c, 1))
		return false;
	b->e->type = type;
	b->e->subject_kind = TROTH_SUBJECT_FEDERATION;
	return troth_body_read(b);
}

/* The version is the item that a command on policies is about: its answer names it. */
static void name_version(struct troth_call *c, uint64_t version)
{
	troth_store_u64be(c->command->item.b + 8, version);
}

/* Takes a copy of the text into the command. False: the call has been answered. */
static bool take_text(struct troth_body *b)
{
	const struct troth_zone_source *zones = b->c->api->engine->zones;
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };
	enum troth_err err;
	size_t len = b->policy_text != NULL ? strlen(b->policy_text) : 0;

	if (len == 0) {
		troth_body_flaw(b, "text", "is missing");
		return false;
	}
	err = troth_policy_parse(b->policy_text, len,
				 zones != NULL ? zones : &troth_zones_utc, &p, &why);
	if (err == TROTH_OK)
		err = troth_state_policy_parties(b->c->t, p, &why);
	troth_policy_free(p);
	if (err != TROTH_OK) {
		troth_body_flaw(b, "text", why.text);
		return false;
	}
	b->c->command->policy_text = strdup(b->policy_text);
	if (b->c->command->policy_text == NULL) {
		troth_command_free(b->c->command);
		b->c->command = NULL;
		return false;
	}
	b->e->u.policy.policy_text = troth_span(b->c->command->policy_text, len);
	return true;
}

void troth_post_policy(struct troth_call *c)
{
	struct troth_body b;

	if (!begin(&b, c, TROTH_EVENT_POLICY_PUBLISHED) || !take_text(&b))
		return;
	if (b.e->u.policy.version == 0)
		b.e->u.policy.version = troth_state_newest_policy(c->t) + 1;
	name_version(c, b.e->u.policy.version);
}

void troth_post_policy_withdrawal(struct troth_call *c)
{
	struct troth_body b;

	if (begin(&b, c, TROTH_EVENT_POLICY_WITHDRAWN))
		name_version(c, b.e->u.policy.version);
}

/* ---- Reading them ---- */

static void out_policy(struct troth_out *o, const struct troth_policy_record *p)
{
	troth_out_uint(o, "version", p->version);
	troth_out_time(o, "published", p->published);
	troth_out_some_time(o, "withdrawn", p->withdrawn);
	troth_out_some_text(o, "reason", p->reason);
	troth_out_uint(o, "bytes", p->text.len);
	troth_out_hex(o, "sha256", p->digest.b, sizeof(p->digest.b));
}

void troth_get_policies(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	struct troth_policy_record p = { .version = 0 };
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) || !troth_read_after_number(c, &p.version))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	for (; given < limit && troth_state_policy(c->t, p.version + 1, &p); given++) {
		troth_out_object(&o, NULL);
		out_policy(&o, &p);
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	if (given == limit)
		troth_read_next(c, &o, "after", NULL, p.version);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}

void troth_get_policy(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	uint64_t newest = troth_state_newest_policy(c->t), version = newest;
	struct troth_policy_record p;
	char detail[80];
	struct troth_out o;

	if (strcmp(c->step, "newest") != 0 && !troth_read_digits(c->step, &version)) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "a version is a number, or newest");
		return;
	}
	if (!troth_state_policy(c->t, version, &p)) {
		(void)snprintf(detail, sizeof(detail), "the newest here is %llu",
			       (unsigned long long)newest);
		troth_call_problem(c, TROTH_PROBLEM_NO_POLICY, NULL,
				   newest > 0 ? detail : "there is none here yet");
		return;
	}
	o = troth_call_reply(c, 200);
	out_policy(&o, &p);
	troth_out_span(&o, "text", p.text);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}
