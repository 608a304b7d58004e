#include "troth/bench/bench.h"

#include "bench.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_print(const struct bench *b, const char *name, double value, const char *unit,
		 const char *ratio_to, double ratio)
{
	if (b->json) {
		printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"", name, value,
		       unit);
		if (ratio_to != NULL)
			printf(",\"ratio_to\":\"%s\",\"ratio\":%.4f}\n", ratio_to, ratio);
		else
			printf(",\"ratio_to\":null,\"ratio\":null}\n");
	} else if (ratio_to != NULL) {
		printf("%-32s %12.0f %-5s = %.3f x %s\n", name, value, unit, ratio,
		       ratio_to);
	} else {
		printf("%-32s %12.0f %-5s\n", name, value, unit);
	}
	(void)fflush(stdout);
}

typedef enum troth_err measure(struct bench *b, struct troth_why *why);

/* In the order of running: ratios need the limits first. */
static const struct {
	const char *name;
	measure *run;
	bool limit; /* Others are measured in ratio to it, so it always runs. */
} measures[] = {
	{ "fdatasync", bench_fdatasync, true },
	{ "lmdb", bench_lmdb, true },
	{ "tls", bench_tls, true },
	{ "append", bench_append, false },
};

struct options {
	bool json, quick;
	const char *only;
	const char *dir;
};

static const struct argp_option argp_options[] = {
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ "quick", 'q', NULL, 0, "Shorter measures: all in less than a minute", 0 },
	{ "only", 'o', "NAME", 0, "Beside the limits only this measure: append", 0 },
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

static int run_all(struct bench *b, const char *only)
{
	struct troth_why why = { "" };
	bool any = only == NULL;
	int status = 0;

	for (size_t i = 0; i < TROTH_LEN(measures); i++) {
		bool chosen = only != NULL && strcmp(only, measures[i].name) == 0;

		any = any || chosen;
		if (only != NULL && !chosen && !measures[i].limit)
			continue;
		if (measures[i].run(b, &why) != TROTH_OK) {
			(void)fprintf(stderr, "troth bench: %s: %s\n", measures[i].name,
				      why.text);
			status = 1;
		}
	}
	if (!any) {
		(void)fprintf(stderr, "troth bench: no measure is called %s\n", only);
		status = 2;
	}
	return status;
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
	struct options o = { .dir = "." };
	struct bench b = { 0 };
	char dir[512];
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
		return 2;
	(void)snprintf(dir, sizeof(dir), "%s/troth-bench-XXXXXX", o.dir);
	if (mkdtemp(dir) == NULL) {
		(void)fprintf(stderr, "troth bench: cannot make a directory in %s\n",
			      o.dir);
		return 2;
	}
	b.json = o.json;
	b.seconds = o.quick ? 3 : 10;
	b.dir = dir;
	status = run_all(&b, o.only);
	remove_tree(dir);
	return status;
}
