#include "troth/bench/bench.h"

#include "nodes.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum troth_err limit(struct bench *b, struct troth_why *why);
typedef enum troth_err measure(struct bench *b, struct nodes *n, struct troth_why *why);

/* What everything else is measured in ratio to; always run, and first. */
static limit *const limits[] = { bench_fdatasync, bench_lmdb, bench_tls };

/* Of the whole federation, on one set of nodes. */
static const struct {
	const char *name;
	measure *run;
} measures[] = {
	{ "latency", bench_latency },
	{ "end-to-end", bench_end_to_end },
	{ "catch-up", bench_catch_up },
	{ "may-i", bench_may_i },
};

struct options {
	bool json, quick;
	const char *only;
	const char *dir;
};

static const struct argp_option argp_options[] = {
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ "quick", 'q', NULL, 0, "Shorter measures: all in less than a minute", 0 },
	{ "only", 'o', "NAME", 0,
	  "Beside the limits only this measure: append, latency, end-to-end, catch-up, "
	  "may-i",
	  0 },
	{ "dir", 'd', "DIR", 0,
	  "Scratch below DIR, on the disk to be measured (default: .)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'j':
		o->json = true;
		return 0;
	case 'q':
		o->quick = true;
		return 0;
	case 'o':
		o->only = arg;
		return 0;
	case 'd':
		o->dir = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "no arguments are taken: %s", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void remove_tree(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

static bool is_measure(const char *name)
{
	for (size_t i = 0; i < TROTH_LEN(measures); i++)
		if (strcmp(name, measures[i].name) == 0)
			return true;
	return strcmp(name, "append") == 0;
}

static bool wanted(const char *only, const char *name)
{
	return only == NULL || strcmp(only, name) == 0;
}

static enum troth_err run_nodes(struct bench *b, const char *only, struct troth_why *why)
{
	struct nodes n;
	enum troth_err err = nodes_open(&n, b, why);

	for (size_t i = 0; err == TROTH_OK && i < TROTH_LEN(measures); i++)
		if (wanted(only, measures[i].name))
			err = measures[i].run(b, &n, why);
	nodes_close(&n);
	return err;
}

static enum troth_err run_all(struct bench *b, const char *only, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	for (size_t i = 0; err == TROTH_OK && i < TROTH_LEN(limits); i++)
		err = limits[i](b, why);
	if (err == TROTH_OK && wanted(only, "append"))
		err = bench_append(b, why);
	if (err == TROTH_OK && (only == NULL || strcmp(only, "append") != 0))
		err = run_nodes(b, only, why);
	return err;
}

int troth_bench_main(int argc, char **argv)
{
	static const struct argp argp = {
		argp_options,
		parse,
		NULL,
		"Measure this troth on this machine, in ratio to what the machine can do.",
		NULL,
		NULL,
		NULL
	};
	static char name[] = "troth bench";
	struct options o = { .dir = "." };
	struct bench b = { 0 };
	char dir[512];
	struct troth_why why = { "" };
	enum troth_err err;

	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
		return 2;
	if (o.only != NULL && !is_measure(o.only)) {
		(void)fprintf(stderr, "troth bench: no measure is called %s\n", o.only);
		return 2;
	}
	(void)snprintf(dir, sizeof(dir), "%s/troth-bench-XXXXXX", o.dir);
	if (mkdtemp(dir) == NULL) {
		(void)fprintf(stderr, "troth bench: cannot make a directory in %s: %s\n",
			      o.dir, strerror(errno));
		return 2;
	}
	b.json = o.json;
	b.seconds = o.quick ? 3 : 10;
	b.dir = dir;
	err = run_all(&b, o.only, &why);
	if (err != TROTH_OK)
		(void)fprintf(stderr, "troth bench: %s\n", why.text);
	remove_tree(dir);
	return err == TROTH_OK ? 0 : 1;
}
