#include "api.h"

#include "troth/base/text.h"
#include "troth/core/promise.h"

#include <stdio.h>
#include <string.h>

const struct troth_problem_kind troth_problem_kinds[TROTH_PROBLEM_COUNT] = {
	[TROTH_PROBLEM_BAD_REQUEST] = { "bad_request", 400, "The request is malformed" },
	[TROTH_PROBLEM_BAD_JSON] = { "bad_json", 400, "The body is not acceptable JSON" },
	[TROTH_PROBLEM_NO_KEY] = { "no_idempotency_key", 400,
				   "A POST needs an Idempotency-Key" },
	[TROTH_PROBLEM_NO_TOKEN] = { "no_token", 401, "A valid token is needed" },
	[TROTH_PROBLEM_NO_SCOPE] = { "no_scope", 403, "The token does not allow this" },
	[TROTH_PROBLEM_NOT_FOUND] = { "not_found", 404, "There is nothing here" },
	[TROTH_PROBLEM_METHOD] = { "method_not_allowed", 405,
				   "This cannot be asked here" },
	[TROTH_PROBLEM_LENGTH] = { "length_required", 411, "Content-Length is needed" },
	[TROTH_PROBLEM_TOO_LARGE] = { "too_large", 413, "The body is too large" },
	[TROTH_PROBLEM_FIELD] = { "invalid_field", 422, "A field is not as it must be" },
	[TROTH_PROBLEM_KEY_REUSED] = { "key_reused", 422,
				       "The Idempotency-Key stands for another request" },
	[TROTH_PROBLEM_NO_IF_MATCH] = { "no_if_match", 428,
					"This change needs If-Match" },
	[TROTH_PROBLEM_STALE] = { "stale", 412, "It has changed meanwhile" },
	[TROTH_PROBLEM_NOT_HERE] = { "not_here", 409, "This is not asked at this node" },
	[TROTH_PROBLEM_TOO_MANY] = { "too_many_requests", 429, "Too many requests" },
	[TROTH_PROBLEM_STORE] = { "store", 503, "The store cannot be read just now" },
	[TROTH_PROBLEM_STOPPING] = { "stopping", 503, "The node is going down" },
	[TROTH_PROBLEM_NO_BRAND] = { "no_brand", 503,
				     "This site is not in the federation yet" },
	[TROTH_PROBLEM_NO_ROOM] = { "no_room", 507, "There is no room for new work" },
	[TROTH_PROBLEM_NO_POLICY] = { "no_policy", 404,
				      "This node has no such version of the policy" },
	[TROTH_PROBLEM_NO_WORD] = { "no_word_from_central", 504, "No word from central" },
};

static void answer(struct troth_call *c, const char *name, unsigned status,
		   const char *title, const char *field, const char *detail)
{
	char type[64] = "urn:troth:problem:";
	struct troth_out o;

	(void)strncat(type, name, sizeof(type) - strlen(type) - 1);
	o = troth_call_reply(c, status);
	c->content_type = "application/problem+json";
	troth_out_text(&o, "type", type);
	troth_out_text(&o, "title", title);
	troth_out_uint(&o, "status", status);
	if (detail != NULL)
		troth_out_text(&o, "detail", detail);
	if (field != NULL)
		troth_out_text(&o, "field", field);
}

void troth_call_problem(struct troth_call *c, enum troth_problem p, const char *field,
			const char *detail)
{
	const struct troth_problem_kind *k = &troth_problem_kinds[p];

	answer(c, k->name, k->status, k->title, field, detail);
	troth_buf_put_u8(&c->reply, '}');
	if (k->status == 401)
		c->challenge = "Bearer realm=\"troth\"";
	if (k->status == 429 || k->status == 507)
		c->retry_after_s = k->status == 429 ? 1 : 30;
}

void troth_call_no_scope(struct troth_call *c, unsigned scopes)
{
	struct troth_buf detail = TROTH_BUF_INIT;

	troth_scopes_say(&detail, scopes);
	troth_buf_put_u8(&detail, 0);
	troth_call_problem(c, TROTH_PROBLEM_NO_SCOPE, NULL,
			   detail.failed ? NULL : (const char *)detail.data);
	troth_buf_fini(&detail);
}

/* The HTTP status. */
static unsigned status_of(enum troth_reason reason)
{
	switch (reason) {
	case TROTH_REASON_NOT_ENTITLED:
	case TROTH_REASON_OWN_REQUEST:
	case TROTH_REASON_KEY_REVOKED:
	case TROTH_REASON_OVER_AUTHORITY:
	case TROTH_REASON_UNCITED:
	case TROTH_REASON_POLICY_WITHDRAWN:
	case TROTH_REASON_NO_GRANT:
	case TROTH_REASON_OVER_PROMISE_LIMIT:
	case TROTH_REASON_OVER_CUSTOMER_LIMIT:
	case TROTH_REASON_UNCERTIFIED:
	case TROTH_REASON_SUSPENDED:
	case TROTH_REASON_FORBIDDEN:
		return 403;
	case TROTH_REASON_NO_SUBJECT:
	case TROTH_REASON_NO_PROMISE:
	case TROTH_REASON_NO_COMMITMENT:
	case TROTH_REASON_POLICY_UNKNOWN:
	case TROTH_REASON_NO_POOL:
	case TROTH_REASON_NO_GRANT_ID:
	case TROTH_REASON_NO_RECOVERY:
	case TROTH_REASON_NO_ALARM:
		return 404;
	case TROTH_REASON_STALE:
		return 412;
	case TROTH_REASON_NO_PARTY:
	case TROTH_REASON_WRONG_ROLE:
	case TROTH_REASON_DUE_PASSED:
	case TROTH_REASON_TELL_CUSTOMER:
	case TROTH_REASON_DUE_TOO_EARLY:
	case TROTH_REASON_EVIDENCE_MISSING:
		return 422;
	case TROTH_REASON_NONE:
	case TROTH_REASON_EXISTS:
	case TROTH_REASON_WRONG_STATE:
	case TROTH_REASON_LIMIT:
	case TROTH_REASON_SUBJECT_CLOSED:
	case TROTH_REASON_OPEN_PROMISE:
	case TROTH_REASON_SHARE_EMPTY:
	case TROTH_REASON_SHARE_FROZEN:
	case TROTH_REASON_HARM_MISSING:
	case TROTH_REASON_POOL_EMPTY:
	case TROTH_REASON_APOLOGY_MISSING:
	case TROTH_REASON_REMEDY_MISSING:
	case TROTH_REASON_NOT_ASKED:
	case TROTH_REASON_OPEN_RECOVERY:
	case TROTH_REASON_UNSPOKEN_OFFERS:
	case TROTH_REASON_OTHER_CUSTOMER:
	case TROTH_REASON_OTHER_REMEDY:
		return 409;
	}
	return 409;
}

static const char *title_of(enum troth_reason reason)
{
	static const char *const titles[TROTH_REASON_LAST + 1] = {
		[TROTH_REASON_NONE] = "It was declined",
		[TROTH_REASON_NOT_ENTITLED] = "This party may not do this",
		[TROTH_REASON_NO_SUBJECT] = "There is no such order or case here",
		[TROTH_REASON_EXISTS] = "There is one already",
		[TROTH_REASON_STALE] = "It was made on a version that is not the newest",
		[TROTH_REASON_WRONG_STATE] = "There is no such step from its state",
		[TROTH_REASON_NO_PROMISE] = "There is no such promise",
		[TROTH_REASON_NO_COMMITMENT] = "There is no such commitment",
		[TROTH_REASON_NO_PARTY] =
			"It names a party that is not in the federation",
		[TROTH_REASON_WRONG_ROLE] = "It names a party of another role",
		[TROTH_REASON_LIMIT] = "There are as many as there may be",
		[TROTH_REASON_DUE_PASSED] = "It would be due at an instant that is over",
		[TROTH_REASON_SUBJECT_CLOSED] = "The order or case has ended",
		[TROTH_REASON_OPEN_PROMISE] = "A promise on it is still open",
		[TROTH_REASON_TELL_CUSTOMER] =
			"Somebody must be asked to tell the customer",
		[TROTH_REASON_OWN_REQUEST] = "Whoever asked cannot approve",
		[TROTH_REASON_KEY_REVOKED] = "The key of this site has been revoked",
		[TROTH_REASON_OVER_AUTHORITY] = "It is beyond the authority",
		[TROTH_REASON_UNCITED] = "It rests on no policy",
		[TROTH_REASON_POLICY_UNKNOWN] =
			"This version of the policy is not known here",
		[TROTH_REASON_POLICY_WITHDRAWN] =
			"This version of the policy has been withdrawn",
		[TROTH_REASON_NO_GRANT] = "Nothing lets the party promise that unasked",
		[TROTH_REASON_OVER_PROMISE_LIMIT] =
			"It is more than one promise may cost",
		[TROTH_REASON_OVER_CUSTOMER_LIMIT] =
			"It is more than one customer may be promised",
		[TROTH_REASON_SHARE_EMPTY] =
			"The site's share of the pool does not do for it",
		[TROTH_REASON_UNCERTIFIED] = "The agent is not certified for it",
		[TROTH_REASON_SUSPENDED] = "The party is suspended",
		[TROTH_REASON_FORBIDDEN] = "The policy lets nobody promise that",
		[TROTH_REASON_SHARE_FROZEN] = "The site's share of the pool is frozen",
		[TROTH_REASON_DUE_TOO_EARLY] = "It cannot be kept that soon",
		[TROTH_REASON_HARM_MISSING] = "Both harms must be recorded first",
		[TROTH_REASON_NO_RECOVERY] = "There is no such recovery",
		[TROTH_REASON_NO_ALARM] = "There is no such alarm",
		[TROTH_REASON_EVIDENCE_MISSING] = "It needs evidence",
		[TROTH_REASON_NO_POOL] = "There is no such pool, or no share of it here",
		[TROTH_REASON_POOL_EMPTY] = "The pool does not hold so much",
		[TROTH_REASON_NO_GRANT_ID] = "The party has no such grant",
		[TROTH_REASON_APOLOGY_MISSING] = "Nobody has apologised yet",
		[TROTH_REASON_REMEDY_MISSING] =
			"No remedy has been kept, and none was waived",
		[TROTH_REASON_NOT_ASKED] =
			"The customer has not been asked whether it helped",
		[TROTH_REASON_OPEN_RECOVERY] = "A recovery on it is not finished",
		[TROTH_REASON_OTHER_REMEDY] = "The policy offers something else",
		[TROTH_REASON_UNSPOKEN_OFFERS] =
			"The agent holds as many untold offers as one may",
		[TROTH_REASON_OTHER_CUSTOMER] =
			"The order and the case are not known to be one customer's",
	};

	return reason <= TROTH_REASON_LAST && titles[reason] != NULL
		       ? titles[reason]
		       : titles[TROTH_REASON_NONE];
}

/* Loads what the command was about into the view; false if that cannot be had. */
static bool load_subject(struct troth_call *c)
{
	struct troth_txn t;
	bool found;

	troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_READ);
	found = troth_query_subject(&t, c->api->engine->kind, &c->result.subject,
				    c->api->view);
	troth_txn_abort(&t);
	return found;
}

/* A promise on the subject that keeps it open, if the view shows one. */
static void name_open_promise(struct troth_call *c, struct troth_out *o)
{
	const struct troth_subject *s = &c->api->view->subject;

	if (!load_subject(c))
		return;
	for (unsigned i = 0; i < s->promise_count; i++)
		if (troth_promise_is_open(s->promises[i].state)) {
			troth_out_id(o, "promise", TROTH_ID_PROMISE, &s->promises[i].id);
			break;
		}
}

/* The state of what the path names, from which there is no such step; NULL: unknown. */
static const char *state_of(const struct troth_call *c)
{
	const struct troth_subject *s = &c->api->view->subject;
	int i;

	if ((c->route->flags & TROTH_ROUTE_ALARM) != 0) {
		i = troth_subject_alarm(s, &c->id);
		return i < 0 ? NULL : troth_alarm_state_name(s->alarms[i].state);
	}
	if ((c->route->flags & TROTH_ROUTE_RECOVERY) != 0) {
		i = troth_subject_recovery(s, &c->id);
		return i < 0 ? NULL : troth_recovery_state_name(s->recoveries[i].state);
	}
	i = troth_subject_promise(s, &c->id);
	if (i >= 0)
		return troth_promise_state_name(s->promises[i].state);
	i = troth_subject_commitment(s, &c->id);
	if (i >= 0)
		return troth_commitment_state_name(s->commitments[i].state);
	if (s->kind == TROTH_SUBJECT_ORDER)
		return troth_order_state_name(s->order.state);
	return s->kind == TROTH_SUBJECT_CASE ? troth_case_state_name(s->cas.state) : NULL;
}

/* What a reason means where the path says more than the reason does. */
static const struct {
	const char *path;
	enum troth_reason reason;
	const char *detail;
} meanings[] = {
	{ "/v1/parties", TROTH_REASON_WRONG_ROLE,
	  "the brand is added first, and there is only one" },
	{ "/v1/orders", TROTH_REASON_NOT_ENTITLED,
	  "a seller or the brand places orders" },
	{ "/v1/cases/{case}/promises", TROTH_REASON_WRONG_ROLE,
	  "on a case the brand and vendors owe; carriers and sellers do on an order" },
	{ "/v1/sites/keys/revoke", TROTH_REASON_NO_PARTY, "no site has this key" },
	{ "/v1/pools", TROTH_REASON_EXISTS,
	  "what a pool is of does not change: only its size does" },
	{ "/v1/grants", TROTH_REASON_NO_POOL,
	  "there is none of this name, or it is of other goods or another currency" },
	{ "/v1/suspensions", TROTH_REASON_WRONG_STATE, "it is suspended already" },
	{ "/v1/suspensions/lift", TROTH_REASON_WRONG_STATE, "it is not suspended" },
	{ "/v1/shares/keep", TROTH_REASON_WRONG_STATE, "nothing is asked back of it" },
	{ "/v1/shares/thaw", TROTH_REASON_WRONG_STATE, "it is not frozen" },
};

static const char *meaning_of(const struct troth_call *c, enum troth_reason reason)
{
	for (size_t i = 0; i < TROTH_LEN(meanings); i++)
		if (meanings[i].reason == reason &&
		    strcmp(meanings[i].path, c->route->path) == 0)
			return meanings[i].detail;
	return NULL;
}

void troth_call_declined(struct troth_call *c, enum troth_reason reason)
{
	const char *name = troth_reason_name(reason), *state = NULL;
	const char *detail = meaning_of(c, reason);
	struct troth_out o = { &c->reply, true };
	char said[96], field[TROTH_FIELD_TEXT] = "";
	const char *party = NULL;

	if (reason == TROTH_REASON_NO_PARTY)
		party = troth_call_stranger(c, field);
	if (party != NULL) {
		(void)snprintf(said, sizeof(said), "%s is no party of the federation",
			       party);
		detail = said;
	}
	if (reason == TROTH_REASON_NOT_ENTITLED && !c->has_result)
		detail = "central alone takes this";
	else if (reason == TROTH_REASON_NOT_ENTITLED)
		party = troth_call_not_served(c);
	if (party != NULL && field[0] == '\0') {
		TROTH_TEXT_SET(field, "on_behalf");
		(void)snprintf(said, sizeof(said), "this site does not act for %s",
			       party);
		detail = said;
	}
	if (reason == TROTH_REASON_WRONG_STATE && detail == NULL && load_subject(c))
		state = state_of(c);
	if (state != NULL) {
		(void)snprintf(said, sizeof(said), "it is %s", state);
		detail = said;
	}
	answer(c, name != NULL ? name : "declined", status_of(reason), title_of(reason),
	       party != NULL ? field : NULL, detail);
	if (reason == TROTH_REASON_OPEN_PROMISE)
		name_open_promise(c, &o);
	troth_buf_put_u8(&c->reply, '}');
}
