/*
 * troth - the one program: every command is a row of the table below.
 */
#include "troth/base/err.h"
#include "troth/bench/bench.h"
#include "troth/central/central.h"
#include "troth/ctl/certs.h"
#include "troth/ctl/cli.h"
#include "troth/ctl/replay.h"
#include "troth/ctl/score.h"
#include "troth/ctl/scorecard.h"
#include "troth/ctl/demo.h"
#include "troth/gateway/gateway.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

/* `run` gets the arguments from the command's name on, and returns the exit code. */
static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "bench", "measure this troth on this machine", troth_bench_main },
	{ "central", "run central, which orders and judges everything",
	  troth_central_main },
	{ "gateway", "run the gateway of one site", troth_gateway_main },
	{ "certs", "make, renew, revoke and check the federation's certificates",
	  troth_ctl_certs },
	{ "demo", "play the story of the free cable through real processes",
	  troth_ctl_demo },
	{ "order", "place, show, correct, ship, deliver, cancel orders", troth_ctl_cli },
	{ "case", "open, show, hand over, close cases", troth_ctl_cli },
	{ "promise", "make, show, list promises, and every step of theirs",
	  troth_ctl_cli },
	{ "commitment", "show, list commitments, and every step of theirs",
	  troth_ctl_cli },
	{ "alarm", "who is told that something is wrong: raise, list, take, end",
	  troth_ctl_cli },
	{ "recovery", "what is done for whom a promise was broken, or who complains",
	  troth_ctl_cli },
	{ "remedy", "what makes good for what", troth_ctl_cli },
	{ "party", "parties of the federation", troth_ctl_cli },
	{ "site", "sites of the federation", troth_ctl_cli },
	{ "token", "tokens for a node's API", troth_ctl_cli },
	{ "policy", "what may be promised, and what then: check, publish, show, diff",
	  troth_ctl_policy },
	{ "availability", "who is on duty where", troth_ctl_cli },
	{ "pool", "money and goods that promises are made from", troth_ctl_cli },
	{ "grant", "what parties may promise without asking", troth_ctl_cli },
	{ "agent", "what agents are certified to", troth_ctl_cli },
	{ "suspend", "a party may promise nothing more by itself", troth_ctl_plain },
	{ "resume", "it may again", troth_ctl_plain },
	{ "share", "what sites hold of pools: list, move, freeze, thaw", troth_ctl_cli },
	{ "ask", "may I promise this, on an order or a case?", troth_ctl_cli },
	{ "approve", "what HQ has been asked, and its yes or no", troth_ctl_cli },
	{ "status", "how a node is", troth_ctl_plain },
	{ "score", "what became of the promises that a node knows", troth_ctl_score },
	{ "scorecard", "how parties do: kept, how long it took, what it cost",
	  troth_ctl_scorecard },
	{ "replay", "tell a federation what happened to real orders", troth_ctl_replay },
	{ "replay-run", "the same, with a federation that is made for it",
	  troth_ctl_replay_run },
};

static void help(FILE *out)
{
	fprintf(out, "Usage: troth COMMAND [OPTION...] ...\n"
		     "Federation gateway for outsourced contact centers.\n\n");
	for (size_t i = 0; i < TROTH_LEN(commands); i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fprintf(out,
		"\nWhat asks a node takes its address from TROTH_API and a token from the "
		"file\nTROTH_TOKEN_FILE, or from --api and --token-file.\n"
		"`troth COMMAND --help` (or -h) says more about one; "
		"`troth --version` says which troth this is.\n");
}

int main(int argc, char **argv)
{
	static char long_help[] = "--help";
	int first = 1;

	argp_err_exit_status = 2;
	if (argc < 2) {
		help(stderr);
		return 2;
	}
	/* Before the first option: behind one it could be that option's value. */
	while (first < argc && argv[first][0] != '-')
		first++;
	if (first < argc && strcmp(argv[first], "-h") == 0)
		argv[first] = long_help;
	for (size_t i = 0; i < TROTH_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("troth %s\n", TROTH_VERSION);
		return 0;
	}
	fprintf(stderr, "troth: no command \"%s\"; troth --help lists them\n", argv[1]);
	return 2;
}
