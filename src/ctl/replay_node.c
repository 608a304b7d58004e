#include "replay_node.h"

#include "troth/base/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t replay_monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void replay_pause(int *pause_ms)
{
	*pause_ms = *pause_ms == 0 ? 1 : *pause_ms < 500 ? 2 * *pause_ms : 1000;
	(void)poll(NULL, 0, *pause_ms);
}

enum troth_err replay_node_open(struct replay_node *n,
				const struct troth_http_config *config,
				const atomic_bool *stop, struct troth_why *why)
{
	*n = (struct replay_node){ .stop = stop };
	return troth_http_open(&n->http, config, why);
}

void replay_node_close(struct replay_node *n)
{
	troth_http_reply_fini(&n->reply);
	troth_http_close(n->http);
	*n = (struct replay_node){ 0 };
}

static bool says_later(long status)
{
	return status == 429 || status == 500 || status == 503 || status == 504 ||
	       status == 507;
}

static enum troth_err post_clock(struct replay_node *n, struct troth_time to,
				 struct troth_why *why)
{
	char body[64], text[TROTH_TIME_TEXT];
	struct troth_http_call call = { .method = "POST", .path = "/v1/clock" };

	troth_time_format(text, to);
	(void)snprintf(body, sizeof(body), "{\"now\":\"%s\"}", text);
	call.body = troth_span_str(body);
	return troth_http_call(n->http, &call, &n->reply, why);
}

/* One attempt; AGAIN where another may fare better. */
static enum troth_err attempt(struct replay_node *n, const struct troth_http_call *call,
			      struct troth_why *why)
{
	char problem[TROTH_WHY_MAX];
	enum troth_err err = troth_http_call(n->http, call, &n->reply, why);

	if (err != TROTH_OK || !says_later(n->reply.status))
		return err;
	troth_http_problem(n->reply.json, n->reply.status, problem, sizeof(problem));
	return troth_fail(why, TROTH_ERR_AGAIN, "%s%s: %s", troth_http_url(n->http),
			  call->path, problem);
}

enum troth_err replay_node_call(struct replay_node *n, const struct troth_http_call *call,
				struct troth_why *why)
{
	int64_t end = replay_monotonic_ms() + REPLAY_PATIENCE_MS;
	int pause_ms = 0;
	enum troth_err err;

	for (;;) {
		err = attempt(n, call, why);
		if (err != TROTH_ERR_AGAIN || replay_monotonic_ms() > end)
			return err;
		if (n->stop != NULL && atomic_load(n->stop))
			return troth_fail(why, TROTH_ERR_AGAIN, "stopped");
		replay_pause(&pause_ms);
		if (n->clock.ms != 0) /* A failure of this shows in the next attempt. */
			(void)post_clock(n, n->clock, NULL);
	}
}

enum troth_err replay_node_get(struct replay_node *n, const char *path,
			       struct troth_why *why)
{
	const struct troth_http_call call = { .method = "GET", .path = path };
	enum troth_err err = replay_node_call(n, &call, why);
	char problem[TROTH_WHY_MAX];

	if (err != TROTH_OK || (n->reply.status < 300 && n->reply.json != NULL))
		return err;
	troth_http_problem(n->reply.json, n->reply.status, problem, sizeof(problem));
	return troth_fail(why,
			  n->reply.status == 404 ? TROTH_ERR_NOTFOUND : TROTH_ERR_INPUT,
			  "%s%s: %s", troth_http_url(n->http), path, problem);
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

enum troth_err replay_node_status(struct replay_node *n, struct troth_why *why)
{
	enum troth_err err = replay_node_get(n, "/v1/status", why);
	const char *party = text_of(n->reply.json, "party");

	if (err != TROTH_OK)
		return err;
	if (strlen(party) >= sizeof(n->party) ||
	    !troth_time_parse(&n->clock, text_of(n->reply.json, "now")))
		return troth_fail(why, TROTH_ERR_INPUT, "%s: its status is not a node's",
				  troth_http_url(n->http));
	TROTH_TEXT_SET(n->party, party);
	n->central = strcmp(text_of(n->reply.json, "node"), "central") == 0;
	return TROTH_OK;
}

enum troth_err replay_node_set_clock(struct replay_node *n, struct troth_time to,
				     struct troth_why *why)
{
	char body[64], text[TROTH_TIME_TEXT], problem[TROTH_WHY_MAX];
	struct troth_http_call call = { .method = "POST", .path = "/v1/clock" };
	enum troth_err err;

	troth_time_format(text, to);
	(void)snprintf(body, sizeof(body), "{\"now\":\"%s\"}", text);
	call.body = troth_span_str(body);
	err = replay_node_call(n, &call, why);
	if (err != TROTH_OK)
		return err;
	if (n->reply.status == 404)
		return troth_fail(
			why, TROTH_ERR_INPUT,
			"%s: its clock is not simulated; the past is replayed only "
			"where clock = \"simulated\"",
			troth_http_url(n->http));
	if (n->reply.status >= 300) {
		troth_http_problem(n->reply.json, n->reply.status, problem,
				   sizeof(problem));
		err = replay_node_status(n, why);
		if (err != TROTH_OK || n->clock.ms >= to.ms)
			return err;
		return troth_fail(why, TROTH_ERR_INPUT, "%s/v1/clock: %s",
				  troth_http_url(n->http), problem);
	}
	n->clock = to;
	return TROTH_OK;
}

enum troth_err replay_node_settle(struct replay_node *n, const char *path,
				  enum troth_id_kind kind, const struct troth_id *subject,
				  struct troth_why *why)
{
	int64_t end = replay_monotonic_ms() + REPLAY_PATIENCE_MS;
	char url[96], id[TROTH_ID_TEXT];
	int pause_ms = 0;
	enum troth_err err;

	troth_id_format(id, kind, subject);
	(void)snprintf(url, sizeof(url), "%s%s?fresh=true", path, id);
	for (;;) {
		err = replay_node_get(n, url, why);
		if (err == TROTH_ERR_NOTFOUND) /* Asked all the same; nothing pends. */
			return TROTH_OK;
		if (err != TROTH_OK ||
		    json_integer_value(json_object_get(n->reply.json, "pending")) == 0)
			return err;
		if (replay_monotonic_ms() > end)
			return troth_fail(why, TROTH_ERR_AGAIN,
					  "%s: what it saved is not sequenced",
					  troth_http_url(n->http));
		if (n->stop != NULL && atomic_load(n->stop))
			return troth_fail(why, TROTH_ERR_AGAIN, "stopped");
		replay_pause(&pause_ms);
	}
}
