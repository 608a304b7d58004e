#include "troth/ctl/cli.h"

#include "cli.h"
#include "troth/base/text.h"
#include "troth/crypto/random.h"
#include "troth/ctl/http.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXIT_REFUSED 1
#define EXIT_USAGE   2

/* Keys of argp options: first those that every verb has, then the verb's own. */
enum {
	KEY_JSON = 1000,
	KEY_IDEMPOTENCY,
	KEY_OWN,
};

#define COMMON_COUNT 2

#define OPTIONS_MAX (CLI_OPTIONS_MAX + COMMON_COUNT + 3) /* With the groups' names. */

static const struct argp_option common[COMMON_COUNT] = {
	{ "json", KEY_JSON, NULL, 0, "Print the answer as JSON", CLI_GROUP_COMMON },
	{ "idempotency-key", KEY_IDEMPOTENCY, "KEY", 0,
	  "So that a repeated command has effect once (default: random)",
	  CLI_GROUP_COMMON },
};

struct call {
	const struct cli_verb *verb;
	struct cli_node node;
	const char *key;
	bool json;
	const char *id;
	char on[64]; /* "orders/ord_..." */
	char query[512];
	char etag[64];
	json_t *body;
	bool given[CLI_OPTIONS_MAX];
	struct troth_why why; /* What is wrong with an option. */
};

static unsigned option_count(const struct cli_verb *v)
{
	unsigned n = 0;

	while (v->options != NULL && v->options[n].name != NULL)
		n++;
	return n;
}

static bool is_get(const struct call *c)
{
	return strcmp(c->verb->method, "GET") == 0;
}

/* Appends name=value to the query, percent-encoded. */
static bool add_query(struct call *c, const char *name, const char *value)
{
	size_t len = strlen(c->query);
	int n = snprintf(c->query + len, sizeof(c->query) - len,
			 "%c%s=", len == 0 ? '?' : '&', name);

	len += (size_t)n;
	for (; *value != '\0' && len + 4 < sizeof(c->query); value++) {
		bool plain = (*value >= '0' && *value <= '9') ||
			     (*value >= 'a' && *value <= 'z') ||
			     (*value >= 'A' && *value <= 'Z') || strchr("-._~:", *value);

		if (plain)
			c->query[len++] = *value;
		else
			len += (size_t)snprintf(c->query + len, 4, "%%%02X",
						(unsigned char)*value);
	}
	c->query[len < sizeof(c->query) ? len : sizeof(c->query) - 1] = '\0';
	return *value == '\0';
}

static bool take_option(struct call *c, const struct cli_option *o, const char *value)
{
	if (o->type == CLI_IF_MATCH) { /* As it is printed, or without its quotes. */
		bool quoted = value[0] == '"';

		(void)snprintf(c->etag, sizeof(c->etag), quoted ? "%.60s" : "\"%.60s\"",
			       value);
		return true;
	}
	if (o->field != NULL && o->field[0] == '\0') { /* --order, --case */
		if (c->on[0] != '\0' || !troth_text_is_name(value, 40)) {
			(void)troth_fail(&c->why, TROTH_ERR_INPUT,
					 "--%s: give one id of an order or of a case",
					 o->name);
			return false;
		}
		(void)snprintf(c->on, sizeof(c->on), "%ss/%s", o->name, value);
		return true;
	}
	if (is_get(c)) {
		if (add_query(c, o->field != NULL ? o->field : o->name, value))
			return true;
		(void)troth_fail(&c->why, TROTH_ERR_INPUT, "--%s: too long", o->name);
		return false;
	}
	return cli_set(c->body, o, value, &c->why);
}

static bool takes_argument(const struct cli_verb *v)
{
	return v->argument != NULL || strstr(v->path, "{id}") != NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct call *c = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &c->node;
		return 0;
	case KEY_JSON:
		c->json = true;
		return 0;
	case KEY_IDEMPOTENCY:
		c->key = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (c->id != NULL || !takes_argument(c->verb))
			argp_error(state, "one argument too many: %s", arg);
		c->id = arg;
		if (c->verb->argument != NULL && !take_option(c, c->verb->argument, arg))
			argp_error(state, "%s", c->why.text);
		return 0;
	default:
		break;
	}
	if (key < KEY_OWN || key >= KEY_OWN + CLI_OPTIONS_MAX)
		return ARGP_ERR_UNKNOWN;
	if (!take_option(c, &c->verb->options[key - KEY_OWN], arg))
		argp_error(state, "%s", c->why.text);
	c->given[key - KEY_OWN] = true;
	return 0;
}

/* All that the verb takes, for argp; those that it cannot do without come first. */
static void list_options(const struct cli_verb *verb,
			 struct argp_option out[OPTIONS_MAX + 1])
{
	static const struct argp_option heads[] = {
		{ NULL, 0, NULL, 0, "Needed:", CLI_GROUP_NEEDED },
		{ NULL, 0, NULL, 0, "If there is more to say:", CLI_GROUP_OTHERS },
		{ NULL, 0, NULL, 0, "With every command:", CLI_GROUP_COMMON },
	};
	unsigned own = option_count(verb), n = 0;
	bool needed = false, others = false;

	for (unsigned i = 0; i < own; i++) {
		const struct cli_option *o = &verb->options[i];

		out[n++] = (struct argp_option){ o->name,
						 (int)(KEY_OWN + i),
						 o->type == CLI_FLAG ? NULL : "VALUE",
						 0,
						 o->help,
						 o->required ? CLI_GROUP_NEEDED
							     : CLI_GROUP_OTHERS };
		needed = needed || o->required;
		others = others || !o->required;
	}
	for (unsigned i = 0; needed && i < TROTH_LEN(heads); i++)
		if (others || heads[i].group != CLI_GROUP_OTHERS)
			out[n++] = heads[i];
	/* What only asks needs no key. */
	memcpy(out + n, common,
	       (strcmp(verb->method, "GET") == 0 ? 1 : COMMON_COUNT) * sizeof(common[0]));
}

/* Reads the verb's arguments; false, having said why, if they will not do. */
static bool read_arguments(struct call *c, const char *noun, int argc, char **argv)
{
	struct argp_option options[OPTIONS_MAX + 1] = { 0 };
	/* Only of the policy is there one that need not be named. */
	const char *what = c->verb->argument != NULL    ? c->verb->argument->name
			   : c->verb->otherwise != NULL ? "[VERSION]"
							: "ID";
	struct argp argp = { .options = options,
			     .parser = parse,
			     .args_doc = takes_argument(c->verb) ? what : NULL,
			     .doc = c->verb->help,
			     .children = cli_node_options };
	unsigned own = option_count(c->verb);
	char name[64];

	list_options(c->verb, options);
	(void)snprintf(name, sizeof(name), "troth %s%s%s", noun,
		       noun[0] != '\0' ? " " : "", c->verb->name);
	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, c) != 0)
		return false;
	for (unsigned i = 0; i < own; i++)
		if (c->verb->options[i].required && !c->given[i]) {
			(void)fprintf(stderr, "%s: --%s is needed: %s\n", name,
				      c->verb->options[i].name, c->verb->options[i].help);
			return false;
		}
	if (c->id == NULL)
		c->id = c->verb->otherwise;
	if (c->id == NULL && takes_argument(c->verb)) {
		(void)fprintf(stderr, "%s: which one? Give its %s\n", name,
			      c->verb->argument != NULL ? what : "id");
		return false;
	}
	if (strstr(c->verb->path, "{on}") != NULL && c->on[0] == '\0') {
		(void)fprintf(stderr, "%s: give --order ID or --case ID\n", name);
		return false;
	}
	return true;
}

/* What an id has to be where the verb's path, or --order, names its kind. */
static bool is_of_kind(const struct call *c)
{
	static const struct {
		const char *path, *prefix, *what;
	} kinds[] = {
		{ "orders/", "ord_", "an order" },
		{ "cases/", "cas_", "a case" },
		{ "promises/", "prm_", "a promise" },
		{ "commitments/", "com_", "a commitment" },
		{ "alarms/", "alm_", "an alarm" },
		{ "recoveries/", "rec_", "a recovery" },
	};
	bool on = c->on[0] != '\0';
	const char *path = on ? c->on : c->verb->path + strlen("/v1/");
	const char *id = on ? strchr(c->on, '/') + 1 : c->id;

	for (size_t i = 0; id != NULL && i < TROTH_LEN(kinds); i++)
		if (strncmp(path, kinds[i].path, strlen(kinds[i].path)) == 0 &&
		    strncasecmp(id, kinds[i].prefix, 4) != 0) {
			(void)fprintf(stderr, "troth: %s is not the id of %s: %s...\n",
				      id, kinds[i].what, kinds[i].prefix);
			return false;
		}
	return true;
}

/* The verb's path with the ids put in. */
static bool make_path(const struct call *c, char *out, size_t size)
{
	const char *hole = strchr(c->verb->path, '{');
	int n;

	if (hole == NULL)
		n = snprintf(out, size, "%s%s", c->verb->path, c->query);
	else
		n = snprintf(out, size, "%.*s%s%s%s", (int)(hole - c->verb->path),
			     c->verb->path, hole[1] == 'o' ? c->on : c->id,
			     strchr(hole, '}') + 1, c->query);
	return n > 0 && (size_t)n < size &&
	       (hole == NULL || c->id == NULL || troth_text_is_name(c->id, 300));
}

static void print_answer(const struct call *c, const struct troth_http_reply *r)
{
	/* People are told it once, in the end, as --if-match has it. */
	if (r->etag[0] != '\0' && !c->json)
		(void)json_object_del(r->json, "etag");
	if (r->json == NULL)
		(void)fwrite(r->body.data, 1, r->body.len, stdout);
	else if (c->json)
		(void)json_dumpf(r->json, stdout, JSON_INDENT(2));
	else if (c->verb->only != NULL)
		(void)fputs(json_string_value(json_object_get(r->json, c->verb->only)) !=
					    NULL
				    ? json_string_value(
					      json_object_get(r->json, c->verb->only))
				    : "",
			    stdout);
	else
		cli_print(r->json, c->verb->list, c->verb->trees);
	/* A text that was asked for is given as it is; what was made is a line. */
	if (r->json == NULL || c->json || (c->verb->only != NULL && !is_get(c)))
		(void)putchar('\n');
	if (r->etag[0] != '\0' && !c->json)
		(void)printf("etag: %s\n", r->etag);
}

/* What else there is to know for whoever reads why it was refused. */
static void hint(const struct call *c, const struct troth_http_reply *r,
		 enum troth_err err)
{
	const char *file = cli_token_file(&c->node);
	const char *field = json_string_value(json_object_get(r->json, "field"));
	const char *promise = json_string_value(json_object_get(r->json, "promise"));

	if (err == TROTH_ERR_AGAIN && r->status == 0) /* Nobody answered. */
		(void)fprintf(stderr, "troth: is the node up, and is that its API, with "
				      "http or https? Name it with --api or TROTH_API\n");
	if (r->status == 401 && file == NULL)
		(void)fprintf(stderr, "troth: none was given: name its file with "
				      "--token-file or TROTH_TOKEN_FILE\n");
	else if (r->status == 401)
		(void)fprintf(stderr,
			      "troth: %s: not a token of this node; each node has tokens "
			      "of its own\n",
			      file);
	if (r->status == 412 && r->etag[0] != '\0')
		(void)fprintf(stderr,
			      "troth: its ETag is now %s: look at it again, then name "
			      "that with --if-match\n",
			      r->etag);
	if (promise != NULL)
		(void)fprintf(stderr, "troth: it is %s\n", promise);
	for (unsigned i = 0; field != NULL && i < option_count(c->verb); i++) {
		const struct cli_option *o = &c->verb->options[i];
		const char *name = o->field != NULL ? o->field : o->name;
		size_t len = strlen(name);

		/* Also of a member of what the option says. */
		if (len > 0 && strncmp(name, field, len) == 0 && strchr("[.", field[len]))
			(void)fprintf(stderr, "troth: --%s: %s\n", o->name, o->help);
	}
}

static int make_call(struct call *c)
{
	struct troth_http *http = NULL;
	struct troth_http_reply reply = { 0 };
	struct troth_http_call call = { .method = c->verb->method };
	struct troth_why why = { "" };
	char path[1024], key[33];
	uint8_t random[16];
	char *body = is_get(c) ? NULL : json_dumps(c->body, JSON_COMPACT);
	int status = EXIT_REFUSED;
	enum troth_err err;

	if (!make_path(c, path, sizeof(path))) {
		(void)fprintf(stderr, "troth: %s is not an id\n", c->id);
		status = EXIT_USAGE;
		goto out;
	}
	if (!is_of_kind(c)) {
		status = EXIT_USAGE;
		goto out;
	}
	call.path = path;
	if (body != NULL) {
		troth_random(random, sizeof(random));
		troth_hex(key, random, sizeof(random));
		call.key = c->key != NULL ? c->key : key;
		call.body = troth_span_str(body);
	}
	call.etag = c->etag[0] != '\0' ? c->etag : NULL;
	if (cli_connect(&c->node, &http, &why) != TROTH_OK) {
		(void)fprintf(stderr, "troth: %s\n", why.text);
		status = EXIT_USAGE;
		goto out;
	}
	err = troth_http_want(http, &call, &reply, &why);
	if (err != TROTH_OK) {
		(void)fprintf(stderr, "troth: %s\n", why.text);
		hint(c, &reply, err);
		goto out;
	}
	print_answer(c, &reply);
	if (c->verb->undecided != NULL && !c->json &&
	    json_is_false(json_object_get(reply.json, "sequenced")))
		(void)fprintf(stderr, "troth: %s\n", c->verb->undecided);
	status = 0;
out:
	troth_http_reply_fini(&reply);
	troth_http_close(http);
	free(body);
	return status;
}

static int run_verb(const char *noun, const struct cli_verb *verb, int argc, char **argv)
{
	struct call c = { .verb = verb, .body = json_object() };
	int status = EXIT_USAGE;

	if (c.body != NULL && read_arguments(&c, noun, argc, argv))
		status = make_call(&c);
	json_decref(c.body);
	return status;
}

static void help_noun(FILE *out, const struct cli_noun *n)
{
	(void)fprintf(out, "Usage: troth %s VERB [OPTION...] [ID]\n%s\n\n", n->name,
		      n->help);
	for (const struct cli_verb *v = n->verbs; v->name != NULL; v++)
		(void)fprintf(out, "  %-10s %s\n", v->name, v->help);
	(void)fprintf(out, "\n`troth %s VERB --help` says more about one.\n", n->name);
}

int troth_ctl_cli(int argc, char **argv)
{
	const struct cli_noun *n = cli_nouns;

	while (n->name != NULL && strcmp(n->name, argv[0]) != 0)
		n++;
	if (n->name == NULL)
		return EXIT_USAGE;
	if (argc < 2) {
		help_noun(stderr, n);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0) {
		help_noun(stdout, n);
		return 0;
	}
	for (const struct cli_verb *v = n->verbs; v->name != NULL; v++)
		if (strcmp(v->name, argv[1]) == 0)
			return run_verb(n->name, v, argc - 1, argv + 1);
	(void)fprintf(stderr, "troth %s: no verb \"%s\"; troth %s --help lists them\n",
		      n->name, argv[1], n->name);
	return EXIT_USAGE;
}

int troth_ctl_plain(int argc, char **argv)
{
	for (const struct cli_verb *v = cli_plain; v->name != NULL; v++)
		if (strcmp(v->name, argv[0]) == 0)
			return run_verb("", v, argc, argv);
	return EXIT_USAGE;
}
