/*
 * troth_sim - runs seeds, or sees that planted bugs are found.
 *
 *     troth_sim --seeds FROM-TO [--steps N] [--trace] [--stats] [--twice] [--mutant NAME]
 *     troth_sim --mutants [--seeds FROM-TO]
 *
 * Exit 0: all held. 1: an invariant did not; or, with --mutants, one lived.
 */
#include "sim.h"

#include "troth/base/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 2500

struct range {
	uint64_t from, to;
};

static int usage(void)
{
	fputs("usage: troth_sim --seeds FROM-TO [--steps N] [--trace] [--stats] [--twice]\n"
	      "                 [--mutant NAME | --mutants]\n",
	      stderr);
	return 2;
}

static bool read_range(const char *text, struct range *r)
{
	char *end;

	r->from = strtoull(text, &end, 10);
	r->to = r->from;
	if (end != text && *end == '-')
		r->to = strtoull(end + 1, &end, 10);
	return end != text && *end == '\0' && r->from <= r->to;
}

static int mutant_number(const char *name)
{
	for (int i = 1; i < TROTH_MUTANT_COUNT; i++)
		if (strcmp(troth_mutant_names[i], name) == 0)
			return i;
	return 0;
}

static void run(const struct range *r, const struct options *options)
{
	uint64_t all = 0;

	for (uint64_t seed = r->from; seed <= r->to; seed++) {
		uint64_t hash = sim_run(seed, options);

		if (options->twice && sim_run(seed, options) != hash) {
			printf("seed %llu: the second run was another one\n",
			       (unsigned long long)seed);
			exit(1);
		}
		all = all * 31 + hash;
	}
	printf("seeds %llu-%llu: all held, trace %016llx\n", (unsigned long long)r->from,
	       (unsigned long long)r->to, (unsigned long long)all);
}

/* True if a seed of the range finds the mutant. */
static bool is_found(int mutant, const struct range *r, const struct options *options)
{
	int status = 0;
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		troth_mutant = mutant;
		run(r, options);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return false;
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int run_mutants(const struct range *r, const struct options *options)
{
	int lived = 0;

	for (int i = 1; i < TROTH_MUTANT_COUNT; i++) {
		printf("mutant %s: ", troth_mutant_names[i]);
		if (!is_found(i, r, options)) {
			printf("mutant %s LIVES\n", troth_mutant_names[i]);
			lived++;
		}
	}
	printf("%d of %d mutants live\n", lived, TROTH_MUTANT_COUNT - 1);
	return lived == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options options = { .steps = STEPS };
	struct range range = { 1, 100 };
	bool mutants = false;

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--seeds") == 0 && more) {
			if (!read_range(argv[++i], &range))
				return usage();
		} else if (strcmp(argv[i], "--steps") == 0 && more) {
			options.steps = strtoull(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--mutant") == 0 && more) {
			troth_mutant = mutant_number(argv[++i]);
			if (troth_mutant == 0)
				return usage();
		} else if (strcmp(argv[i], "--trace") == 0) {
			options.trace = true;
		} else if (strcmp(argv[i], "--stats") == 0) {
			options.stats = true;
		} else if (strcmp(argv[i], "--twice") == 0) {
			options.twice = true;
		} else if (strcmp(argv[i], "--mutants") == 0) {
			mutants = true;
		} else {
			return usage();
		}
	}
	options.brief = mutants;
	if (mutants)
		return run_mutants(&range, &options);
	run(&range, &options);
	return 0;
}
