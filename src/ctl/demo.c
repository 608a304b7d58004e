#include "troth/ctl/demo.h"

#include "demo_story.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell_addresses(const struct demo *d)
{
	const char *dir = troth_federation_dir(d->federation);
	char program[PATH_MAX] = "troth";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len > 0)
		program[len] = '\0';
	printf("\nEverything is still up; Ctrl-C ends it. Each node's API, and its manager's token:\n\n");
	for (unsigned i = 0; i < DEMO_NODES; i++)
		printf("  %-11s %s   %s/%s.token\n", demo_names[i],
		       troth_federation_url(d->federation, i), dir,
		       troth_federation_name(d->federation, i));
	printf("\nTry, for example, what the carrier's screen is told:\n\n"
	       "  export TROTH_API=%s TROTH_TOKEN_FILE=%s/%s.token\n"
	       "  %s promise show %s\n"
	       "  %s promise known-by %s\n"
	       "  %s order history %s\n"
	       "  curl -N -H \"Authorization: Bearer $(cat $TROTH_TOKEN_FILE)\" "
	       "\"$TROTH_API/v1/events?after=0\"\n\n",
	       troth_federation_url(d->federation, DEMO_CARRIER), dir,
	       troth_federation_name(d->federation, DEMO_CARRIER), program, d->cable,
	       program, d->cable, program, d->order);
	(void)fflush(stdout);
}

/* ---- The command ---- */

static const struct argp_option options[] = {
	{ "once", 'o', NULL, 0, "End after the story", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *once = state->input;

	if (key == 'o') {
		*once = true;
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "no arguments are taken: %s", arg);
	return key == ARGP_KEY_ARG ? EINVAL : ARGP_ERR_UNKNOWN;
}

/* Blocks the signals that end us, in every thread to come; they are waited for. */
static sigset_t block_ends(void)
{
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	return ends;
}

int troth_ctl_demo(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		NULL,
		"Play the story of the free HDMI cable through central and three gateways, "
		"all of them real processes on loopback, each step with who saw it and when.",
		NULL,
		NULL,
		NULL
	};
	static char name[] = "troth demo";
	struct demo *d = calloc(1, sizeof(*d));
	bool once = false;
	sigset_t ends;
	int status = 0, got = 0;

	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &once) != 0 || d == NULL) {
		free(d);
		return 2;
	}
	ends = block_ends();
	printf("Making a throw-away PKI and starting central and three gateways ...\n");
	(void)fflush(stdout);
	if (demo_open(d)) {
		demo_play(d);
	} else {
		d->failed = true;
		if (!demo_is_called_off())
			(void)fprintf(stderr, "troth demo: it could not be started: %s\n",
				      d->why.text);
	}
	if (d->failed)
		status = 1;
	if (d->failed && demo_is_called_off() && sigwait(&ends, &got) == 0)
		status = 128 + got; /* As a shell says it of whom a signal ended. */
	if (!d->failed) {
		printf("\nEvery step held.\n");
		if (!once) {
			tell_addresses(d);
			(void)sigwait(&ends, &got);
		}
	}
	demo_close(d);
	if (status > 1)
		(void)fprintf(stderr,
			      "troth demo: called off before its end (%s); "
			      "everything is stopped and removed\n",
			      strsignal(got));
	free(d);
	return status;
}
