/* What the arguments of commands have in common. */
#include "cli.h"

#include "troth/ctl/http.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

/* ---- The node ---- */

enum { KEY_API = 1000, KEY_TOKEN, KEY_CA };

static const struct argp_option options[] = {
	{ "api", KEY_API, "URL", 0, "The node's API (TROTH_API; http://127.0.0.1:7481)",
	  CLI_GROUP_COMMON },
	{ "token-file", KEY_TOKEN, "FILE", 0, "File with the token (TROTH_TOKEN_FILE)",
	  CLI_GROUP_COMMON },
	{ "ca-file", KEY_CA, "FILE", 0, "Whom to believe with https", CLI_GROUP_COMMON },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cli_node *n = state->input;

	switch (key) {
	case KEY_API:
		n->api = arg;
		return 0;
	case KEY_TOKEN:
		n->token_file = arg;
		return 0;
	case KEY_CA:
		n->ca_file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp node = { .options = options, .parser = parse };
const struct argp_child cli_node_options[] = { { .argp = &node }, { 0 } };

static const char *or_env(const char *given, const char *variable, const char *otherwise)
{
	const char *env = getenv(variable);

	if (given != NULL)
		return given;
	return env != NULL && env[0] != '\0' ? env : otherwise;
}

const char *cli_token_file(const struct cli_node *n)
{
	return or_env(n->token_file, "TROTH_TOKEN_FILE", NULL);
}

enum troth_err cli_connect(const struct cli_node *n, struct troth_http **http,
			   struct troth_why *why)
{
	const char *file = cli_token_file(n);
	char token[TROTH_HTTP_TOKEN_MAX + 1] = "";
	struct troth_http_config config = {
		.url = or_env(n->api, "TROTH_API", "http://127.0.0.1:7481"),
		.ca_file = n->ca_file,
	};
	enum troth_err err = TROTH_OK;

	*http = NULL;
	if (file != NULL) {
		err = troth_http_token(token, file, why);
		config.token = token;
	}
	if (err == TROTH_OK)
		err = troth_http_open(http, &config, why);
	explicit_bzero(token, sizeof(token));
	return err;
}

/* ---- Parts ---- */

unsigned cli_read_parts(struct argp_state *state, const char *option, const char *arg,
			const char *const parts[CLI_PARTS], unsigned out[CLI_PARTS])
{
	unsigned count = 0;

	for (const char *at = arg; *at != '\0';) {
		size_t len = strcspn(at, ",");
		unsigned i = 0;

		while (i < CLI_PARTS &&
		       (strlen(parts[i]) != len || memcmp(parts[i], at, len) != 0))
			i++;
		for (unsigned k = 0; k < count; k++)
			if (out[k] == i)
				i = CLI_PARTS;
		if (i == CLI_PARTS)
			argp_error(state, "--%s %s: want some of %s, %s, %s, each once",
				   option, arg, parts[0], parts[1], parts[2]);
		else
			out[count++] = i;
		at += len + (at[len] == ',');
	}
	return count;
}
