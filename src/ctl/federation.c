#include "federation.h"

#include "troth/base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS  10
#define CERT_MAX 8192

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void path_of(const struct troth_federation *f, unsigned node, const char *end,
		    char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/%s%s", f->dir, f->nodes[node].name, end);
}

/* ---- Processes ---- */

enum troth_err troth_federation_start(struct troth_federation *f, unsigned node,
				      struct troth_why *why)
{
	char config[PATH_MAX], log[PATH_MAX];
	const char *args[] = {
		node == TROTH_FEDERATION_CENTRAL ? "central" : "gateway",
		"--config",
		config,
		NULL,
	};
	pid_t pid;

	assert(node < f->count && f->nodes[node].pid == 0);
	path_of(f, node, ".conf", config);
	path_of(f, node, ".log", log);
	pid = federation_run(f, args, log);
	if (pid < 0)
		return troth_fail(why, TROTH_ERR_IO, "fork: %s", strerror(errno));
	f->nodes[node].pid = pid;
	return TROTH_OK;
}

static void reap(struct federation_node *n)
{
	while (waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
		;
	n->pid = 0;
}

void troth_federation_kill(struct troth_federation *f, unsigned node)
{
	struct federation_node *n = &f->nodes[node];

	assert(node < f->count);
	if (n->pid == 0)
		return;
	(void)kill(n->pid, SIGKILL);
	reap(n);
}

void troth_federation_cut(struct troth_federation *f, unsigned node)
{
	assert(node < f->count && f->nodes[node].cable != NULL);
	troth_relay_cut(f->nodes[node].cable);
}

void troth_federation_heal(struct troth_federation *f, unsigned node)
{
	assert(node < f->count && f->nodes[node].cable != NULL);
	troth_relay_heal(f->nodes[node].cable);
}

static enum troth_err given_up(struct troth_why *why)
{
	return troth_fail(why, TROTH_ERR_AGAIN, "given up before all nodes served");
}

static bool has_ended(struct federation_node *n)
{
	if (n->pid != 0 && waitpid(n->pid, NULL, WNOHANG) == n->pid)
		n->pid = 0;
	return n->pid == 0;
}

enum troth_err troth_federation_wait(struct troth_federation *f, unsigned node,
				     struct troth_why *why)
{
	const struct troth_http_config config = { .url = f->nodes[node].url,
						  .call_ms = 2000 };
	const struct troth_http_call ready = { .method = "GET", .path = "/readyz" };
	int64_t end = monotonic_ms() + TROTH_FEDERATION_START_MS;
	struct troth_http_reply reply = { 0 };
	struct troth_http *h;
	char log[PATH_MAX];
	enum troth_err err = troth_http_open(&h, &config, why);

	path_of(f, node, ".log", log);
	while (err == TROTH_OK) {
		if (has_ended(&f->nodes[node])) {
			err = troth_fail(why, TROTH_ERR_IO, "%s ended: see %s",
					 f->nodes[node].name, log);
		} else if (f->give_up != NULL && f->give_up()) {
			err = given_up(why);
		} else if (monotonic_ms() > end) {
			err = troth_fail(why, TROTH_ERR_IO, "%s does not serve: see %s",
					 f->nodes[node].name, log);
		} else if (troth_http_want(h, &ready, &reply, NULL) == TROTH_OK) {
			break;
		} else {
			(void)poll(NULL, 0, POLL_MS);
		}
	}
	troth_http_reply_fini(&reply);
	troth_http_close(h);
	return err;
}

static enum troth_err start_and_wait(struct troth_federation *f, unsigned node,
				     struct troth_why *why)
{
	enum troth_err err = troth_federation_start(f, node, why);

	return err == TROTH_OK ? troth_federation_wait(f, node, why) : err;
}

/* ---- Parties, sites, tokens ---- */

static enum troth_err post(struct troth_http *h, const char *path, const char *key,
			   json_t *body, struct troth_http_reply *reply,
			   struct troth_why *why)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct troth_http_call call = { .method = "POST", .path = path, .key = key };
	enum troth_err err;

	json_decref(body);
	if (text == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	call.body = troth_span_str(text);
	err = troth_http_want(h, &call, reply, why);
	free(text);
	return err;
}

/* Makes a token with every scope by the manager's token that the node has written. */
static enum troth_err make_token(struct troth_federation *f, unsigned node,
				 struct troth_why *why)
{
	char path[PATH_MAX], manager[TROTH_HTTP_TOKEN_MAX + 1];
	struct troth_http_config config = { .url = f->nodes[node].url, .token = manager };
	struct troth_http_reply reply = { 0 };
	struct troth_http *h = NULL;
	const char *token;
	enum troth_err err;

	path_of(f, node, ".token", path);
	err = troth_http_token(manager, path, why);
	if (err == TROTH_OK)
		err = troth_http_open(&h, &config, why);
	if (err == TROTH_OK)
		err = post(
			h, "/v1/tokens", NULL,
			json_pack("{ssss}", "name", "federation", "scopes",
				  "agent dispatcher approver manager integration read"),
			&reply, why);
	if (err == TROTH_OK) {
		token = json_string_value(json_object_get(reply.json, "token"));
		if (token == NULL || strlen(token) > TROTH_HTTP_TOKEN_MAX)
			err = troth_fail(why, TROTH_ERR_INPUT, "%s gave no token",
					 f->nodes[node].url);
		else
			memcpy(f->nodes[node].token, token, strlen(token) + 1);
	}
	troth_http_reply_fini(&reply);
	troth_http_close(h);
	return err;
}

static enum troth_err read_cert(const struct troth_federation *f, unsigned node,
				char out[CERT_MAX], struct troth_why *why)
{
	char path[PATH_MAX];
	size_t len = 0;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/certs/%s/sign.pem", f->dir,
		       f->nodes[node].name);
	in = fopen(path, "re");
	if (in != NULL) {
		len = fread(out, 1, CERT_MAX - 1, in);
		(void)fclose(in);
	}
	out[len] = '\0';
	return len > 0 ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_IO, "%s: cannot be read", path);
}

static enum troth_err add_site(struct troth_federation *f, struct troth_http *h,
			       const struct troth_federation_spec *spec, unsigned i,
			       struct troth_http_reply *reply, struct troth_why *why)
{
	const struct troth_federation_site *s = &spec->sites[i];
	char cert[CERT_MAX], origin[256], key[FEDERATION_NAME_MAX + 8];
	enum troth_err err = read_cert(f, i + 1, cert, why);

	if (err != TROTH_OK)
		return err;
	(void)snprintf(origin, sizeof(origin), "spiffe://%s/%s", spec->domain,
		       f->nodes[i + 1].identity);
	(void)snprintf(key, sizeof(key), "site-%s", f->nodes[i + 1].name);
	return post(h, "/v1/sites", key,
		    json_pack("{ssssssss}", "party", s->party, "site", s->site, "origin",
			      origin, "sign_cert", cert),
		    reply, why);
}

static enum troth_err populate(struct troth_federation *f,
			       const struct troth_federation_spec *spec,
			       struct troth_why *why)
{
	const struct troth_http_config config = { .url = f->nodes[0].url,
						  .token = f->nodes[0].token };
	struct troth_http_reply reply = { 0 };
	struct troth_http *h;
	char key[FEDERATION_NAME_MAX + 8];
	enum troth_err err = troth_http_open(&h, &config, why);

	for (unsigned i = 0; i < spec->party_count && err == TROTH_OK; i++) {
		const struct troth_federation_party *p = &spec->parties[i];

		(void)snprintf(key, sizeof(key), "party-%.64s", p->party);
		err = post(h, "/v1/parties", key,
			   json_pack("{ssssssss*}", "party", p->party, "role", p->role,
				     "name", p->name, "operator", p->operator_party),
			   &reply, why);
	}
	for (unsigned i = 0; i < spec->site_count && err == TROTH_OK; i++)
		err = add_site(f, h, spec, i, &reply, why);
	troth_http_reply_fini(&reply);
	troth_http_close(h);
	return err;
}

/* A gateway can save nothing before it has heard of the brand and of itself. */
static enum troth_err wait_for_brand(struct troth_federation *f, unsigned node,
				     struct troth_why *why)
{
	const struct troth_http_config config = { .url = f->nodes[node].url,
						  .token = f->nodes[node].token };
	/* Whatever is listed: with fresh=true all that was known at central is here. */
	const struct troth_http_call fresh = {
		.method = "GET", .path = "/v1/orders?customer=nobody&fresh=true"
	};
	int64_t end = monotonic_ms() + TROTH_FEDERATION_START_MS;
	struct troth_http_reply reply = { 0 };
	struct troth_http *h;
	enum troth_err err = troth_http_open(&h, &config, why);

	while (err == TROTH_OK) {
		err = troth_http_want(h, &fresh, &reply, why);
		if (err != TROTH_ERR_AGAIN || monotonic_ms() > end)
			break;
		(void)poll(NULL, 0, POLL_MS);
		err = f->give_up != NULL && f->give_up() ? given_up(why) : TROTH_OK;
	}
	troth_http_reply_fini(&reply);
	troth_http_close(h);
	return err;
}

/* ---- All of it ---- */

static void name_nodes(struct troth_federation *f,
		       const struct troth_federation_spec *spec)
{
	f->count = spec->site_count + 1;
	TROTH_TEXT_SET(f->nodes[0].name, "central");
	TROTH_TEXT_SET(f->nodes[0].identity, "central");
	for (unsigned i = 0; i < spec->site_count; i++) {
		struct federation_node *n = &f->nodes[i + 1];

		(void)snprintf(n->name, sizeof(n->name), "gw-%s-%s", spec->sites[i].party,
			       spec->sites[i].site);
		(void)snprintf(n->identity, sizeof(n->identity), "gw/%s/%s",
			       spec->sites[i].party, spec->sites[i].site);
	}
}

static enum troth_err bring_up(struct troth_federation *f,
			       const struct troth_federation_spec *spec,
			       struct troth_why *why)
{
	enum troth_err err;

	f->give_up = spec->give_up;
	err = federation_lay_out(f, spec, why);
	if (err == TROTH_OK)
		err = start_and_wait(f, TROTH_FEDERATION_CENTRAL, why);
	if (err == TROTH_OK)
		err = make_token(f, TROTH_FEDERATION_CENTRAL, why);
	if (err == TROTH_OK)
		err = populate(f, spec, why);
	for (unsigned i = 1; i < f->count && err == TROTH_OK; i++)
		err = troth_federation_start(f, i, why);
	for (unsigned i = 1; i < f->count && err == TROTH_OK; i++) {
		err = troth_federation_wait(f, i, why);
		if (err == TROTH_OK)
			err = make_token(f, i, why);
		if (err == TROTH_OK)
			err = wait_for_brand(f, i, why);
	}
	return err;
}

enum troth_err troth_federation_open(struct troth_federation **out,
				     const struct troth_federation_spec *spec,
				     struct troth_why *why)
{
	struct troth_federation *f = calloc(1, sizeof(*f));
	enum troth_err err;

	*out = NULL;
	if (f == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	if (spec->site_count >= TROTH_FEDERATION_NODES_MAX) {
		err = troth_fail(why, TROTH_ERR_LIMIT, "more than %d gateways",
				 TROTH_FEDERATION_NODES_MAX - 1);
	} else {
		name_nodes(f, spec);
		err = bring_up(f, spec, why);
	}
	if (err != TROTH_OK) {
		if (f->throw_away && why != NULL) /* What it says must stay. */
			f->throw_away = strstr(why->text, ".log") == NULL;
		troth_federation_close(f);
		return err;
	}
	*out = f;
	return TROTH_OK;
}

void troth_federation_close(struct troth_federation *f)
{
	if (f == NULL)
		return;
	for (unsigned i = f->count; i-- > 0;) /* Gateways first: central hears them. */
		if (f->nodes[i].pid != 0)
			(void)kill(f->nodes[i].pid, SIGTERM);
	for (unsigned i = 0; i < f->count; i++) {
		int64_t end = monotonic_ms() + TROTH_FEDERATION_START_MS;

		while (!has_ended(&f->nodes[i]) && monotonic_ms() < end)
			(void)poll(NULL, 0, POLL_MS);
		troth_federation_kill(f, i);
		troth_relay_close(f->nodes[i].cable);
	}
	if (f->throw_away)
		federation_remove(f->dir);
	explicit_bzero(f, sizeof(*f));
	free(f);
}

unsigned troth_federation_count(const struct troth_federation *f)
{
	return f->count;
}

const char *troth_federation_name(const struct troth_federation *f, unsigned node)
{
	return f->nodes[node].name;
}

const char *troth_federation_url(const struct troth_federation *f, unsigned node)
{
	return f->nodes[node].url;
}

const char *troth_federation_dir(const struct troth_federation *f)
{
	return f->dir;
}

const char *troth_federation_token(const struct troth_federation *f, unsigned node)
{
	return f->nodes[node].token;
}
