#include "troth/ctl/replay.h"

#include "replay_command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_CENTRAL = 'c', OPT_GATEWAY = 'g', OPT_TOKENS = 't', OPT_CA = 0x100 };

/* What names the nodes of a federation that runs. */
struct nodes {
	unsigned count;
	struct {
		const char *url, *token_file;
		bool central;
	} at[REPLAY_NODES_MAX];
	const char *token_file, *ca_file;
};

struct line {
	struct replay_options o;
	struct nodes nodes;
};

static const struct argp_option options[] = {
	{ "central", OPT_CENTRAL, "URL", 0, "The API of central", 0 },
	{ "gateway", OPT_GATEWAY, "URL", 0,
	  "The API of a gateway. olist: one of a seller, one of a carrier, one of a vendor; "
	  "boston311: three of vendors, the one that takes the calls first; and one of the "
	  "brand if it is to be asked",
	  0 },
	{ "token-file", OPT_TOKENS, "FILE", 0,
	  "Token, with scope integration, for the nodes that are named behind it", 0 },
	{ "ca-file", OPT_CA, "FILE", 0, "Whom to believe with https", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct line *l = state->input;
	struct nodes *n = &l->nodes;

	switch (key) {
	case OPT_TOKENS:
		n->token_file = arg;
		return 0;
	case OPT_CA:
		n->ca_file = arg;
		return 0;
	case OPT_CENTRAL:
	case OPT_GATEWAY:
		if (n->count == REPLAY_NODES_MAX)
			argp_error(state, "more than %d nodes", REPLAY_NODES_MAX);
		if (n->token_file == NULL)
			argp_error(state, "--token-file must stand before %s", arg);
		n->at[n->count].url = arg;
		n->at[n->count].token_file = n->token_file;
		n->at[n->count++].central = key == OPT_CENTRAL;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &l->o;
		return 0;
	case ARGP_KEY_END:
		if (n->count == 0 || !n->at[0].central)
			argp_error(state, "--central must be named before the gateways");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum troth_err open_nodes(struct replay *r, const struct nodes *n,
				 struct troth_why *why)
{
	char token[TROTH_HTTP_TOKEN_MAX + 1];
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < n->count && err == TROTH_OK; i++) {
		const struct troth_http_config config = { .url = n->at[i].url,
							  .token = token,
							  .ca_file = n->ca_file };

		err = troth_http_token(token, n->at[i].token_file, why);
		if (err == TROTH_OK)
			err = replay_node_open(&r->nodes[r->node_count++], &config, NULL,
					       why);
	}
	explicit_bzero(token, sizeof(token));
	return err;
}

int troth_ctl_replay(int argc, char **argv)
{
	static char name[] = "troth replay";
	static const struct argp_child children[] = { { &replay_argp, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = REPLAY_ARGS,
		.doc = "Tells a federation, in the order of time, what happened to real "
		       "orders or cases.\vThe clocks of all nodes must be simulated. An "
		       "interrupted replay goes on where it stood. Exit codes: 0 done; 1 "
		       "a node refused or could not be reached; 2 the command line or "
		       "the files are unusable.",
		.children = children,
	};
	struct replay_job job = { 0 };
	struct line line = { .o = { 0 } };
	struct troth_why why = { "" };
	enum troth_err err;
	int code;

	argv[0] = name;
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
		return 2;
	err = replay_load(&job, &line.o, &why);
	if (err != TROTH_OK) {
		code = 2;
		goto out;
	}
	err = open_nodes(&job.replay, &line.nodes, &why);
	if (err == TROTH_OK)
		err = replay_play(&job, &why);
	if (err == TROTH_OK && (line.o.json || line.o.report))
		err = replay_tell(&job, &line.o, &why);
	code = err == TROTH_OK ? 0 : 1;
out:
	if (err != TROTH_OK)
		(void)fprintf(stderr, "%s: %s\n", name, why.text);
	replay_unload(&job);
	return code;
}
