#include "daemon.h"

#include <argp.h>
#include <stdio.h>

enum { OPT_PRINT = 256, OPT_HELP_CONFIG, OPT_HELP_EVENTS, OPT_RESTORED };

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0,
	  "The configuration (central.conf or gateway.conf in /etc/troth)", 0 },
	{ "check", 'k', NULL, 0,
	  "Judge configuration and certificates, tell all that is wrong, and end", 0 },
	{ "print-config", OPT_PRINT, NULL, 0,
	  "Show every key with its value in force, as a configuration file, and end", 0 },
	{ "help-config", OPT_HELP_CONFIG, NULL, 0,
	  "Show the table of all keys with defaults and ranges, and end", 0 },
	{ "help-events", OPT_HELP_EVENTS, NULL, 0,
	  "Show the table of all events that are logged, and end", 0 },
	{ "restored", OPT_RESTORED, NULL, 0,
	  "The store was put back from a backup: promise out of shares (central: allot "
	  "them) only when it is known what became of them. Say it at the first start",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct daemon_options *o = state->input;

	switch (key) {
	case 'c':
		o->config = arg;
		return 0;
	case 'k':
		o->check = true;
		return 0;
	case OPT_PRINT:
		o->print_config = true;
		return 0;
	case OPT_HELP_CONFIG:
		o->help_config = true;
		return 0;
	case OPT_HELP_EVENTS:
		o->help_events = true;
		return 0;
	case OPT_RESTORED:
		o->restored = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": takes no arguments", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void daemon_options(struct daemon_options *o, const struct troth_daemon_role *role,
		    int argc, char **argv)
{
	static char name[64], path[64];
	char doc[1024];
	struct argp argp = { options, parse, NULL, doc, NULL, NULL, NULL };

	(void)snprintf(name, sizeof(name), "troth %s", role->name);
	(void)snprintf(path, sizeof(path), "/etc/troth/%s.conf", role->name);
	(void)snprintf(
		doc, sizeof(doc),
		"%s\n\vSIGTERM stops in order, a second one at once; SIGHUP reads "
		"certificates, keys, revocation lists and log level again. Logs go to "
		"stderr. The addresses in use are in data_dir/addresses.\n\n"
		"Exit codes: 0 stopped in order, or --check found nothing; 1 could "
		"not start or go on, or --check found something wrong with the "
		"certificates; 2 command line or configuration unusable.",
		role->summary);
	*o = (struct daemon_options){ .config = path };
	argv[0] = name;
	argp_err_exit_status = 2;
	(void)argp_parse(&argp, argc, argv, 0, NULL, o);
}
