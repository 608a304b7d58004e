#include "troth/ctl/score.h"

#include "cli.h"
#include "tally.h"
#include "troth/base/time.h"
#include "troth/ctl/http.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE     2000
#define NAME_SIZE 64

enum { OPT_JSON = 1000, OPT_AS_OF, OPT_BY, OPT_PROMISES };

static const char *const parts[CLI_PARTS] = { "party", "month", "action" };

struct request {
	struct cli_node node;
	const char *as_of;
	bool json, promises;
	unsigned by_count;
	unsigned by[CLI_PARTS]; /* Indexes of parts. */
};

/* One line of the answer: its names, in the order of `by`, and its counts. */
struct group {
	char names[CLI_PARTS][NAME_SIZE];
	struct tally t;
};

struct sums {
	size_t count;
	struct group *at; /* Sorted by names. */
	struct group all;
};

static const struct argp_option options[] = {
	{ "as-of", OPT_AS_OF, "TIME", 0,
	  "What has no evidence is overdue if it was due before this RFC 3339 instant "
	  "(now)",
	  0 },
	{ "by", OPT_BY, "PARTS", 0,
	  "What each line is about: some of party, month, action, joined by commas "
	  "(party,month)",
	  0 },
	{ "promises", OPT_PROMISES, NULL, 0,
	  "Count promises by who made them and their kind, not commitments by who owes "
	  "them and their action",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Print the answer as JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;
	struct troth_time t;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->node;
		return 0;
	case OPT_JSON:
		r->json = true;
		return 0;
	case OPT_PROMISES:
		r->promises = true;
		return 0;
	case OPT_AS_OF:
		if (!troth_time_parse(&t, arg) || strpbrk(arg, "+&#% ") != NULL)
			argp_error(state, "--as-of %s: not an RFC 3339 time in UTC", arg);
		r->as_of = arg;
		return 0;
	case OPT_BY:
		r->by_count = cli_read_parts(state, "by", arg, parts, r->by);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": takes no arguments", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- Adding up ---- */

static int compare_names(const struct group *a, const struct group *b)
{
	for (unsigned i = 0; i < CLI_PARTS; i++) {
		int d = strcmp(a->names[i], b->names[i]);

		if (d != 0)
			return d;
	}
	return 0;
}

/* The group of these names, made if need be; NULL: no memory. */
static struct group *find(struct sums *s, const struct group *key)
{
	size_t low = 0, high = s->count;
	struct group *grown;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int d = compare_names(&s->at[middle], key);

		if (d == 0)
			return &s->at[middle];
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	grown = reallocarray(s->at, s->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	s->at = grown;
	memmove(&grown[low + 1], &grown[low], (s->count - low) * sizeof(*grown));
	grown[low] = *key;
	s->count++;
	return &grown[low];
}

static bool add(const struct request *r, struct sums *s, const json_t *line)
{
	struct group key = { .t = { { 0 } } }, *g;

	for (unsigned i = 0; i < r->by_count; i++) {
		const char *name = parts[r->by[i]];
		const char *text;

		if (r->promises && strcmp(name, "action") == 0)
			name = "kind";
		text = json_string_value(json_object_get(line, name));
		if (text == NULL || strlen(text) >= NAME_SIZE)
			return false;
		memcpy(key.names[i], text, strlen(text) + 1);
	}
	g = find(s, &key);
	if (g == NULL)
		return false;
	for (int v = 0; v < NO_DUE; v++) {
		uint64_t n = (uint64_t)json_integer_value(
			json_object_get(line, outcome_names[v]));

		g->t.of[v] += n;
		s->all.t.of[v] += n;
	}
	return true;
}

static enum troth_err add_all(const struct request *r, struct sums *s,
			      struct troth_http *h, char *as_of, struct troth_why *why)
{
	char path[512];
	const struct troth_http_call call = { .method = "GET", .path = path };
	struct troth_http_reply reply = { 0 };
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "/v1/scores?limit=%d%s%s", SLICE,
		       r->as_of != NULL ? "&as_of=" : "",
		       r->as_of != NULL ? r->as_of : "");
	while ((err = troth_http_want(h, &call, &reply, why)) == TROTH_OK) {
		const char *next = json_string_value(json_object_get(reply.json, "next"));
		const char *at = json_string_value(
			json_object_get(reply.json, "scored_as_of"));
		const json_t *lines = json_object_get(
			reply.json, r->promises ? "promises" : "commitments");
		bool ok = json_is_array(lines) && at != NULL &&
			  strlen(at) < TROTH_TIME_TEXT &&
			  (next == NULL || strlen(next) < sizeof(path));
		const json_t *line;
		size_t i;

		json_array_foreach(lines, i, line) ok = ok && add(r, s, line);
		if (!ok) {
			err = troth_fail(why, TROTH_ERR_INPUT,
					 "%s: this is not what a node answers",
					 troth_http_url(h));
			break;
		}
		memcpy(as_of, at, strlen(at) + 1);
		if (next == NULL)
			break;
		memcpy(path, next, strlen(next) + 1);
	}
	troth_http_reply_fini(&reply);
	return err;
}

/* ---- Showing ---- */

static json_t *json_of(const struct tally *t)
{
	json_t *out = json_object();

	tally_counts(t, NO_DUE, out);
	tally_ratios(t, out);
	return out;
}

static void print_json(const struct request *r, const struct sums *s, const char *as_of)
{
	json_t *groups = json_array(), *out;
	char *text;

	for (size_t i = 0; i < s->count; i++) {
		json_t *g = json_of(&s->at[i].t);

		for (unsigned k = 0; k < r->by_count; k++)
			(void)json_object_set_new(g, parts[r->by[k]],
						  json_string(s->at[i].names[k]));
		(void)json_array_append_new(groups, g);
	}
	out = json_pack("{sssssoso}", "as_of", as_of, "of",
			r->promises ? "promises" : "commitments", "groups", groups,
			"total", json_of(&s->all.t));
	text = json_dumps(out, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	if (text != NULL)
		(void)printf("%s\n", text);
	free(text);
	json_decref(out);
}

static void print_ratio(double ratio)
{
	if (ratio < 0)
		(void)printf(" %10s", "-");
	else
		(void)printf(" %10.6f", ratio);
}

static void print_line(const struct request *r, const struct group *g, const char *first)
{
	for (unsigned i = 0; i < r->by_count; i++)
		(void)printf("%-*s ", r->by[i] == 1 ? 7 : 32,
			     i == 0 && first != NULL ? first : g->names[i]);
	for (int v = 0; v < NO_DUE; v++)
		(void)printf(" %9llu", (unsigned long long)g->t.of[v]);
	print_ratio(tally_ratio(&g->t, 0));
	print_ratio(tally_ratio(&g->t, 1));
	(void)putchar('\n');
}

static void print_table(const struct request *r, const struct sums *s, const char *as_of)
{
	(void)printf("%s, as of %s\n", r->promises ? "promises" : "commitments", as_of);
	for (unsigned i = 0; i < r->by_count; i++)
		(void)printf("%-*s ", r->by[i] == 1 ? 7 : 32, parts[r->by[i]]);
	(void)printf(" %9s %9s %9s %9s %9s %10s %10s\n", "kept", "late", "withdrawn",
		     "overdue", "pending", "kept", "strict");
	for (size_t i = 0; i < s->count; i++)
		print_line(r, &s->at[i], NULL);
	print_line(r, &s->all, "total");
}

/* ---- The command ---- */

static enum troth_err score(const struct request *r, struct troth_why *why)
{
	char as_of[TROTH_TIME_TEXT] = "";
	struct sums s = { 0 };
	struct troth_http *h = NULL;
	enum troth_err err = cli_connect(&r->node, &h, why);

	if (err == TROTH_OK)
		err = add_all(r, &s, h, as_of, why);
	if (err == TROTH_OK && r->json)
		print_json(r, &s, as_of);
	else if (err == TROTH_OK)
		print_table(r, &s, as_of);
	troth_http_close(h);
	free(s.at);
	return err;
}

int troth_ctl_score(int argc, char **argv)
{
	static char name[] = "troth score";
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Adds up what became of the commitments, or promises, that a node "
		       "knows: kept, late, withdrawn, overdue, pending; and which part "
		       "was kept, of what was done (kept) and of what was due "
		       "(strict).\vExit codes: 0 done; 1 the node refused or did not "
		       "answer; 2 usage.",
		.children = cli_node_options,
	};
	struct request r = {
		.by_count = 2,
		.by = { 0, 1 },
	};
	struct troth_why why = { "" };

	argv[0] = name;
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &r) != 0)
		return 2;
	if (score(&r, &why) == TROTH_OK)
		return 0;
	(void)fprintf(stderr, "%s: %s\n", name, why.text);
	return 1;
}
