#include "troth/ctl/scorecard.h"

#include "cli.h"
#include "tally.h"
#include "troth/base/text.h"
#include "troth/base/time.h"
#include "troth/ctl/http.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE      2000
#define NAME_BYTES 32 /* Bytes of a party, a site, a kind. */

enum { OPT_JSON = 1000, OPT_BY, OPT_FILTER };

/* What narrows it, in the order of their keys from OPT_FILTER on. */
static const struct {
	const char *option, *parameter;
	bool is_time;
} filters[] = {
	{ "party", "party", false }, { "site", "site", false },
	{ "kind", "kind", false },   { "from", "from", true },
	{ "to", "to", true },        { "as-of", "as_of", true },
};

static const char *const parts[CLI_PARTS] = { "party", "site", "kind" };

struct request {
	struct cli_node node;
	char query[400];    /* "&party=acme&from=..." */
	bool by[CLI_PARTS]; /* Of parts. */
	bool json;
};

static const struct argp_option options[] = {
	{ "party", OPT_FILTER, "PARTY", 0, "Only what this party promised and owed", 0 },
	{ "site", OPT_FILTER + 1, "SITE", 0, "Only what was promised at this site of it",
	  0 },
	{ "kind", OPT_FILTER + 2, "KIND", 0, "Only promises of this kind", 0 },
	{ "from", OPT_FILTER + 3, "TIME", 0,
	  "Only promises made at this instant or later", 0 },
	{ "to", OPT_FILTER + 4, "TIME", 0, "Only promises made before this instant", 0 },
	{ "as-of", OPT_FILTER + 5, "TIME", 0,
	  "What has no evidence is overdue if it was due before this RFC 3339 instant "
	  "(now)",
	  0 },
	{ "by", OPT_BY, "PARTS", 0,
	  "What each line is about: some of party, site, kind, joined by commas (party)",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Print the answer as JSON", 0 },
	{ 0 },
};

static void read_by(struct argp_state *state, struct request *r, const char *arg)
{
	unsigned by[CLI_PARTS], n = cli_read_parts(state, "by", arg, parts, by);

	memset(r->by, 0, sizeof(r->by));
	for (unsigned i = 0; i < n; i++)
		r->by[by[i]] = true;
}

static void put_query(struct argp_state *state, struct request *r, size_t filter,
		      const char *arg)
{
	const char *name = filters[filter].option;
	size_t len = strlen(r->query);
	struct troth_time t;

	if (filters[filter].is_time
		    ? !troth_time_parse(&t, arg) || strpbrk(arg, "+&#% ") != NULL
		    : !troth_text_is_name(arg, NAME_BYTES))
		argp_error(state, "--%s %s: not %s", name, arg,
			   filters[filter].is_time ? "an RFC 3339 time in UTC"
						   : "a name");
	if (len + strlen(name) + strlen(arg) + 3 > sizeof(r->query))
		argp_error(state, "--%s: said too often", name);
	else
		(void)snprintf(r->query + len, sizeof(r->query) - len, "&%s=%s",
			       filters[filter].parameter, arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->node;
		return 0;
	case OPT_JSON:
		r->json = true;
		return 0;
	case OPT_BY:
		read_by(state, r, arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": takes no arguments", arg);
		return 0;
	default:
		if (key < OPT_FILTER || key >= OPT_FILTER + (int)TROTH_LEN(filters))
			return ARGP_ERR_UNKNOWN;
		put_query(state, r, (size_t)(key - OPT_FILTER), arg);
		return 0;
	}
}

/* ---- Adding up ---- */

static void merge(json_t *into, const json_t *more);

/* Money is added by currency. */
static void merge_goodwill(json_t *into, const json_t *more)
{
	const json_t *m;
	json_t *mine;
	size_t i, k;

	json_array_foreach(more, i, m)
	{
		const char *currency = json_string_value(json_object_get(m, "currency"));
		bool found = false;

		json_array_foreach(into, k, mine)
		{
			const char *c = json_string_value(
				json_object_get(mine, "currency"));

			found = currency != NULL && c != NULL && strcmp(c, currency) == 0;
			if (found) {
				merge(mine, m);
				break;
			}
		}
		if (!found)
			(void)json_array_append_new(into, json_deep_copy(m));
	}
}

static void merge_numbers(json_t *into, const json_t *more)
{
	for (size_t i = 0; i < json_array_size(into); i++)
		(void)json_array_set_new(
			into, i,
			json_integer(json_integer_value(json_array_get(into, i)) +
				     json_integer_value(json_array_get(more, i))));
}

/* Adds every count of `more`; both have the same members. */
static void merge(json_t *into, const json_t *more)
{
	const char *name;
	const json_t *m;

	json_object_foreach((json_t *)more, name, m)
	{
		json_t *mine = json_object_get(into, name);

		if (strcmp(name, "goodwill") == 0)
			merge_goodwill(mine, m);
		else if (json_is_integer(m))
			(void)json_object_set_new(into, name,
						  json_integer(json_integer_value(mine) +
							       json_integer_value(m)));
		else if (json_is_array(m))
			merge_numbers(mine, m);
		else if (json_is_object(m))
			merge(mine, m);
	}
}

/* Adds a card to the group that it belongs to. */
static bool add(const struct request *r, json_t *groups, const json_t *card)
{
	char key[128] = "";
	size_t len = 0;
	json_t *group;

	for (unsigned i = 0; i < CLI_PARTS; i++) {
		const json_t *part = json_object_get(card, parts[i]);
		const char *text = json_string_value(part);

		if (!r->by[i] || part == NULL)
			continue;
		if (text == NULL || len + strlen(text) + 2 > sizeof(key))
			return false;
		len += (size_t)snprintf(key + len, sizeof(key) - len, "%s ", text);
	}
	group = json_object_get(groups, key);
	if (group != NULL) {
		merge(group, card);
		return true;
	}
	group = json_deep_copy(card);
	for (unsigned i = 0; i < CLI_PARTS; i++)
		if (!r->by[i])
			(void)json_object_del(group, parts[i]);
	return json_object_set_new(groups, key, group) == 0;
}

/* Reads all slices into *out: scored_as_of, bounds_ms, and groups of made and owed. */
static enum troth_err add_all(const struct request *r, struct troth_http *h, json_t *out,
			      struct troth_why *why)
{
	static const char *const lists[] = { "made", "owed" };
	char path[800];
	const struct troth_http_call call = { .method = "GET", .path = path };
	struct troth_http_reply reply = { 0 };
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "/v1/scorecards?limit=%d%s", SLICE, r->query);
	while ((err = troth_http_want(h, &call, &reply, why)) == TROTH_OK) {
		const char *next = json_string_value(json_object_get(reply.json, "next"));
		bool ok = next == NULL || strlen(next) < sizeof(path);
		const json_t *card;
		size_t i;

		for (size_t k = 0; k < TROTH_LEN(lists); k++) {
			const json_t *cards = json_object_get(reply.json, lists[k]);

			ok = ok && json_is_array(cards);
			json_array_foreach(cards, i, card)
				ok = ok && add(r, json_object_get(out, lists[k]), card);
		}
		if (!ok) {
			err = troth_fail(why, TROTH_ERR_INPUT,
					 "%s: this is not what a node answers",
					 troth_http_url(h));
			break;
		}
		(void)json_object_set(out, "scored_as_of",
				      json_object_get(reply.json, "scored_as_of"));
		(void)json_object_set(out, "bounds_ms",
				      json_object_get(reply.json, "bounds_ms"));
		if (next == NULL)
			break;
		memcpy(path, next, strlen(next) + 1);
	}
	troth_http_reply_fini(&reply);
	return err;
}

/* ---- What follows from counts ---- */

static struct tally tally_of(const json_t *card)
{
	struct tally t = { { 0 } };

	for (int v = 0; v < NO_DUE; v++)
		t.of[v] = (uint64_t)json_integer_value(
			json_object_get(card, outcome_names[v]));
	return t;
}

/* The smallest bound within which so many of 100 lie; null: none, or beyond the last. */
static json_t *percentile(const json_t *d, const json_t *bounds, json_int_t percent)
{
	json_int_t count = json_integer_value(json_object_get(d, "count"));
	const json_t *within = json_object_get(d, "within"), *n;
	size_t i;

	json_array_foreach(within, i, n)
	{
		if (count > 0 && json_integer_value(n) * 100 >= count * percent)
			return json_incref(json_array_get(bounds, i));
	}
	return json_null();
}

static void derive_durations(json_t *d, const json_t *bounds)
{
	json_int_t count = json_integer_value(json_object_get(d, "count"));
	json_int_t total = json_integer_value(json_object_get(d, "total_ms"));

	if (d == NULL)
		return;
	(void)json_object_set_new(d, "mean_ms",
				  count == 0 ? json_null() : json_integer(total / count));
	(void)json_object_set_new(d, "p50_ms", percentile(d, bounds, 50));
	(void)json_object_set_new(d, "p90_ms", percentile(d, bounds, 90));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The groups as a list, by name, with ratios, means and percentiles. */
static json_t *derive(json_t *groups, const json_t *bounds)
{
	const char **keys = calloc(json_object_size(groups) + 1, sizeof(*keys));
	json_t *out = json_array(), *group;
	const char *key;
	size_t n = 0;

	if (keys == NULL) {
		json_decref(out);
		return NULL;
	}
	json_object_foreach(groups, key, group) keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++) {
		struct tally t;

		group = json_object_get(groups, keys[i]);
		t = tally_of(group);
		tally_ratios(&t, group);
		derive_durations(json_object_get(group, "settled"), bounds);
		derive_durations(json_object_get(group, "acknowledged"), bounds);
		(void)json_array_append(out, group);
	}
	free(keys);
	return out;
}

/* ---- Showing ---- */

/* "45 s", "12 min", "3.5 h", "2.0 d"; "-" for none. */
static const char *duration(const json_t *card, const char *which, const char *figure,
			    char out[24])
{
	const json_t *v = json_object_get(json_object_get(card, which), figure);
	double s = (double)json_integer_value(v) / 1000;

	if (!json_is_integer(v))
		(void)snprintf(out, 24, "-");
	else if (s < 60)
		(void)snprintf(out, 24, "%.0f s", s);
	else if (s < 3600)
		(void)snprintf(out, 24, "%.0f min", s / 60);
	else if (s < 86400)
		(void)snprintf(out, 24, "%.1f h", s / 3600);
	else
		(void)snprintf(out, 24, "%.1f d", s / 86400);
	return out;
}

static long long number(const json_t *card, const char *name)
{
	return (long long)json_integer_value(json_object_get(card, name));
}

static void print_ratio(const json_t *card)
{
	const json_t *v = json_object_get(card, "kept_ratio_strict");

	if (json_is_real(v))
		(void)printf(" %6.1f%%", 100 * json_real_value(v));
	else
		(void)printf(" %7s", "-");
}

static void print_names(const struct request *r, const json_t *card)
{
	for (unsigned i = 0; i < CLI_PARTS; i++) {
		const char *text = json_string_value(json_object_get(card, parts[i]));

		if (r->by[i])
			(void)printf("%-*s ", i == 0 ? 20 : 12, text != NULL ? text : "");
	}
}

static void print_goodwill(const json_t *card)
{
	const json_t *money = json_object_get(card, "goodwill"), *m;
	size_t i;

	if (number(card, "goods") > 0)
		(void)printf(" %lld piece%s", number(card, "goods"),
			     number(card, "goods") == 1 ? "" : "s");
	json_array_foreach(money, i, m)(void)
		printf(" %lld %s", number(m, "amount"),
		       json_string_value(json_object_get(m, "currency")));
	(void)putchar('\n');
}

static void print_heads(const struct request *r)
{
	for (unsigned i = 0; i < CLI_PARTS; i++)
		if (r->by[i])
			(void)printf("%-*s ", i == 0 ? 20 : 12, parts[i]);
	(void)printf("%7s %7s %7s %7s %7s", "count", "kept", "late", "overdue", "kept%");
}

static void print_made(const struct request *r, const json_t *cards)
{
	const json_t *c;
	char p50[24], p90[24];
	size_t i;

	(void)printf("promised\n");
	print_heads(r);
	(void)printf(" %9s %9s %5s %8s %7s  %s\n", "done p50", "done p90", "over",
		     "reopened", "repeats", "goodwill, minor units");
	json_array_foreach(cards, i, c)
	{
		print_names(r, c);
		(void)printf("%7lld %7lld %7lld %7lld", number(c, "count"),
			     number(c, "kept"), number(c, "breached_late"),
			     number(c, "overdue_open"));
		print_ratio(c);
		(void)printf(" %9s %9s %5lld %8lld %7lld ",
			     duration(c, "settled", "p50_ms", p50),
			     duration(c, "settled", "p90_ms", p90),
			     number(c, "over_authority"), number(c, "reopened"),
			     number(c, "repeats"));
		print_goodwill(c);
	}
}

static void print_owed(const struct request *r, const json_t *cards)
{
	const json_t *c;
	char a50[24], a90[24], p50[24], p90[24];
	size_t i;

	(void)printf("\nowed\n");
	print_heads(r);
	(void)printf(" %9s %9s %9s %9s %7s %7s %8s\n", "ack p50", "ack p90", "done p50",
		     "done p90", "no ack", "ack late", "reopened");
	json_array_foreach(cards, i, c)
	{
		print_names(r, c);
		(void)printf("%7lld %7lld %7lld %7lld", number(c, "count"),
			     number(c, "kept"), number(c, "breached_late"),
			     number(c, "overdue_open"));
		print_ratio(c);
		(void)printf(" %9s %9s %9s %9s %7lld %8lld %8lld\n",
			     duration(c, "acknowledged", "p50_ms", a50),
			     duration(c, "acknowledged", "p90_ms", a90),
			     duration(c, "settled", "p50_ms", p50),
			     duration(c, "settled", "p90_ms", p90),
			     number(c, "unacknowledged"), number(c, "ack_overdue"),
			     number(c, "reopened"));
	}
}

static enum troth_err show(const struct request *r, json_t *sums, struct troth_why *why)
{
	const json_t *bounds = json_object_get(sums, "bounds_ms");
	json_t *made = derive(json_object_get(sums, "made"), bounds);
	json_t *owed = derive(json_object_get(sums, "owed"), bounds);
	char *text = NULL;

	if (made != NULL && owed != NULL) {
		(void)json_object_set(sums, "made", made);
		(void)json_object_set(sums, "owed", owed);
		if (r->json) {
			text = json_dumps(sums, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
			(void)printf("%s\n", text != NULL ? text : "");
		} else {
			print_made(r, made);
			print_owed(r, owed);
		}
	}
	json_decref(made);
	json_decref(owed);
	free(text);
	return fflush(stdout) == 0 && (text != NULL || !r->json)
		       ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_IO, "the answer cannot be written");
}

/* ---- The command ---- */

static enum troth_err scorecard(const struct request *r, struct troth_why *why)
{
	json_t *sums = json_pack("{s{}s{}}", "made", "owed");
	struct troth_http *h = NULL;
	enum troth_err err;

	if (sums == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	err = cli_connect(&r->node, &h, why);
	if (err == TROTH_OK)
		err = add_all(r, h, sums, why);
	if (err == TROTH_OK)
		err = show(r, sums, why);
	troth_http_close(h);
	json_decref(sums);
	return err;
}

int troth_ctl_scorecard(int argc, char **argv)
{
	static char name[] = "troth scorecard";
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "How parties do, by what a node knows: what they promised, and what "
		       "they owed.\vdoc/scores.md defines each figure. Exit codes: 0 "
		       "done; 1 the node refused or did not answer; 2 usage.",
		.children = cli_node_options,
	};
	struct request r = {
		.by = { true },
	};
	struct troth_why why = { "" };

	argv[0] = name;
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &r) != 0)
		return 2;
	if (scorecard(&r, &why) == TROTH_OK)
		return 0;
	(void)fprintf(stderr, "%s: %s\n", name, why.text);
	return 1;
}
