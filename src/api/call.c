/*
 * call - one request from its path to its answer, or to the engine and back.
 */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct troth_call *troth_call_new(struct troth_api *api)
{
	struct troth_call *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->api = api;
	return c;
}

void troth_call_free(struct troth_call *c)
{
	if (c == NULL)
		return;
	troth_command_free(c->command);
	troth_buf_fini(&c->body);
	troth_buf_fini(&c->reply);
	json_decref(c->json);
	free(c);
}

/* ---- The query ---- */

static const char *query_flaw(const struct troth_call *c, const char *name,
			      const char *value)
{
	char word[TROTH_STEP_MAX + 2];

	(void)snprintf(word, sizeof(word), " %s ", name);
	if (c->route->query == NULL || strstr(c->route->query, word) == NULL)
		return "is not known here";
	if (troth_call_query(c, name) != value)
		return "is given twice";
	if (strcmp(name, "fresh") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return "must be true or false";
	return NULL;
}

/* A misspelt filter would otherwise answer another question than was asked. */
static bool query_is_known(struct troth_call *c)
{
	for (const char *q = c->query; *q != '\0'; q += strlen(q) + 1) {
		char name[TROTH_STEP_MAX];
		size_t len = strcspn(q, "=");
		const char *flaw = "holds a parameter that is not known here";

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, q);
		if (len == 0 || len >= sizeof(name))
			(void)snprintf(name, sizeof(name), "query");
		else
			flaw = query_flaw(c, name, q + len + 1);
		if (flaw == NULL)
			continue;
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, name, flaw);
		return false;
	}
	return true;
}

/* ---- The path ---- */

static const struct {
	const char *name;
	enum troth_id_kind kind;
} segments[] = {
	{ "{order}", TROTH_ID_ORDER },     { "{case}", TROTH_ID_CASE },
	{ "{promise}", TROTH_ID_PROMISE }, { "{commitment}", TROTH_ID_COMMITMENT },
	{ "{alarm}", TROTH_ID_ALARM },     { "{recovery}", TROTH_ID_RECOVERY },
};

static bool is_word(struct troth_span pattern)
{
	return pattern.len == 0 || pattern.data[0] != '{';
}

/* What a segment of the path says for {this} in the pattern goes into c. */
static bool take_segment(struct troth_call *c, struct troth_span pattern,
			 struct troth_span path)
{
	char text[TROTH_ID_TEXT];

	if (path.len == 0 || path.len >= sizeof(text))
		return false;
	memcpy(text, path.data, path.len);
	text[path.len] = '\0';
	for (unsigned i = 0; i < TROTH_LEN(segments); i++)
		if (troth_span_eq(pattern, troth_span_str(segments[i].name))) {
			c->id_kind = segments[i].kind;
			return troth_id_parse(&c->id, c->id_kind, text);
		}
	if (path.len >= sizeof(c->step))
		return false;
	memcpy(c->step, text, path.len + 1);
	return true;
}

static struct troth_span segment(const char **p)
{
	size_t len = strcspn(*p, "/");
	struct troth_span s = troth_span(*p, len);

	*p += len + ((*p)[len] == '/');
	return s;
}

/* True if the words of the pattern stand in the path, whatever is between them. */
static bool words_match(const char *path, const char *pattern)
{
	char last = '\0';

	while (*pattern != '\0' && *path != '\0') {
		struct troth_span a = segment(&pattern);
		struct troth_span b = segment(&path);

		if (is_word(a) && !troth_span_eq(a, b))
			return false;
		last = path[-1];
	}
	return *pattern == '\0' && *path == '\0' && last != '/';
}

static bool match(struct troth_call *c, const char *pattern)
{
	const char *path = c->path;

	/* Most patterns fall here, before anything is read as an id. */
	if (!words_match(path, pattern))
		return false;
	while (*pattern != '\0') {
		struct troth_span a = segment(&pattern);
		struct troth_span b = segment(&path);

		if (!is_word(a) && !take_segment(c, a, b))
			return false;
	}
	return true;
}

/* An exact path comes before one with a {step}: the table is in that order. */
static const struct troth_api_route *route_of(struct troth_call *c, bool of_method)
{
	const struct troth_api_route *r = c->api->routes;

	for (unsigned i = 0; i < c->api->routes_count; i++, r++)
		if ((r->method == c->method) == of_method && match(c, r->path))
			return r;
	return NULL;
}

static bool find_route(struct troth_call *c)
{
	bool other_method;

	c->route = route_of(c, true);
	if (c->route != NULL)
		return true;
	other_method = route_of(c, false) != NULL;
	troth_call_problem(
		c, other_method ? TROTH_PROBLEM_METHOD : TROTH_PROBLEM_NOT_FOUND, NULL,
		other_method ? NULL : "no such path, or not an id of the right kind");
	return false;
}

/* ---- The caller and the conditions ---- */

static bool may_call(struct troth_call *c)
{
	if ((c->route->flags & TROTH_ROUTE_OPEN) != 0)
		return true;
	if ((c->caller.scopes & c->route->scopes) == 0) {
		troth_call_no_scope(c, c->route->scopes);
		return false;
	}
	return true;
}

static bool is_within_rate(struct troth_call *c)
{
	if ((c->route->flags & TROTH_ROUTE_OPEN) != 0 ||
	    troth_api_allow(c->api, &c->caller))
		return true;
	c->api->metrics.rate_limited++;
	troth_call_problem(c, TROTH_PROBLEM_TOO_MANY, NULL, NULL);
	return false;
}

static bool parse_body(struct troth_call *c)
{
	json_error_t e;
	char where[64];

	if (c->json != NULL || c->method != TROTH_POST)
		return true;
	if (c->body.len == 0) {
		c->json = json_object();
		return c->json != NULL;
	}
	c->json = json_loadb((const char *)c->body.data, c->body.len,
			     JSON_REJECT_DUPLICATES, &e);
	troth_buf_fini(&c->body);
	c->body = TROTH_BUF_INIT;
	if (c->json == NULL) {
		bool twice = json_error_code(&e) == json_error_duplicate_key;

		(void)snprintf(where, sizeof(where), "line %d, column %d%s", e.line,
			       e.column, twice ? ": a member is named twice" : "");
		troth_call_problem(c, TROTH_PROBLEM_BAD_JSON, NULL, where);
	}
	return c->json != NULL;
}

/* ---- Questions to central ---- */

static void answered(struct troth_question *q)
{
	struct troth_call *c = q->ctx;

	troth_server_finished(c->api->server, c);
}

static bool wants_fresh(struct troth_call *c)
{
	const char *fresh = troth_call_query(c, "fresh");

	return (c->route->flags & TROTH_ROUTE_FRESH) != 0 && fresh != NULL &&
	       strcmp(fresh, "true") == 0;
}

static void ask(struct troth_call *c)
{
	const char *number = troth_call_query(c, "number");

	c->question = (struct troth_question){
		.done = answered,
		.ctx = c,
		.timeout_ms = c->api->config.fresh_ms,
	};
	if (number != NULL && strlen(number) <= TROTH_ORDER_NUMBER_MAX) {
		c->question.find = true;
		memcpy(c->question.order_number, number, strlen(number) + 1);
	}
	c->waiting = true;
	c->api->inflight++;
	c->api->engine->ask(c->api->engine->ctx, &c->question);
}

/* ---- Running ---- */

static void store_failed(struct troth_call *c, const struct troth_why *why)
{
	if (c->api->config.note != NULL)
		c->api->config.note(c->api->config.note_ctx, "api_store", why->text);
	troth_command_free(c->command);
	c->command = NULL;
	troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, NULL);
}

/* In a transaction of its own, or (a request of a batch) in one that is open. */
static void run_handler(struct troth_call *c)
{
	struct troth_txn t = { .kv = NULL };
	struct troth_why why;
	bool own = c->t == NULL;

	if (own) {
		troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_READ);
		c->t = &t;
	}
	c->route->handler(c);
	c->t = NULL;
	if (own && troth_txn_commit(&t, &why) != TROTH_OK) {
		store_failed(c, &why);
		return;
	}
	if (!c->done && c->command == NULL && !c->waiting)
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL, "out of memory");
	else if (c->reply.failed)
		troth_call_problem(c, TROTH_PROBLEM_STORE, NULL,
				   "the answer is too large");
}

/* What the head of the request decides about one who may call. */
static void check_conditions(struct troth_call *c)
{
	if (!query_is_known(c))
		return;
	if ((c->route->flags & TROTH_ROUTE_KEY) != 0 && c->key[0] == '\0')
		troth_call_problem(c, TROTH_PROBLEM_NO_KEY, NULL, NULL);
	else if ((c->route->flags & TROTH_ROUTE_IF_MATCH) != 0 && !c->has_if_match)
		troth_call_problem(c, TROTH_PROBLEM_NO_IF_MATCH, NULL, NULL);
}

void troth_call_admit(struct troth_call *c, const char *token)
{
	struct troth_txn t;
	struct troth_why why;
	bool known;

	if (!find_route(c))
		return;
	if ((c->route->flags & TROTH_ROUTE_OPEN) == 0) {
		troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_READ);
		known = token != NULL && troth_token_find(&t, token, &c->caller);
		if (troth_txn_commit(&t, &why) != TROTH_OK) {
			store_failed(c, &why);
			return;
		}
		if (!known) {
			troth_call_problem(c, TROTH_PROBLEM_NO_TOKEN, NULL, NULL);
			return;
		}
	}
	if (may_call(c) && is_within_rate(c))
		check_conditions(c);
}

void troth_call_admit_child(struct troth_call *c)
{
	if (!find_route(c))
		return;
	if ((c->route->flags & TROTH_ROUTE_NO_BATCH) != 0)
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "this cannot stand in a batch");
	else if (may_call(c)) /* The batch counts as one. */
		check_conditions(c);
}

void troth_call_run(struct troth_call *c)
{
	if (!parse_body(c))
		return;
	if (wants_fresh(c))
		ask(c);
	else
		run_handler(c);
	if (c->command != NULL)
		troth_call_seal(c);
	/* All has been read; waiting for a commit, it would only take room. */
	json_decref(c->json);
	c->json = NULL;
}

/* ---- Commands ---- */

/* On the core thread. */
static void decided(struct troth_command *command, const struct troth_result *r)
{
	struct troth_call *c = command->ctx;

	c->result = *r;
	troth_server_finished(c->api->server, c);
}

void troth_calls_submit(struct troth_api *api, struct troth_call *calls)
{
	struct troth_command *first = NULL, **last = &first;

	for (struct troth_call *c = calls; c != NULL; c = c->next) {
		c->command->done = decided;
		c->command->ctx = c;
		c->command->next = NULL;
		c->waiting = true;
		api->inflight++;
		*last = c->command;
		last = &c->command->next;
	}
	if (first != NULL)
		api->engine->submit(api->engine->ctx, first);
}

void troth_call_end(struct troth_call *c)
{
	if (c->on_done != NULL)
		c->on_done(c);
	else
		troth_call_free(c);
}

static void take_word(struct troth_call *c)
{
	c->waiting = false;
	if (c->command != NULL) {
		troth_call_answer(c);
		troth_command_free(c->command);
		c->command = NULL;
		return;
	}
	c->asked = true;
	if (!c->question.ok) {
		troth_call_problem(c, TROTH_PROBLEM_NO_WORD, NULL, c->question.why.text);
		return;
	}
	run_handler(c);
}

void troth_call_resume(struct troth_call *c)
{
	c->api->inflight--;
	take_word(c);
	if (!c->waiting)
		troth_call_end(c);
}
