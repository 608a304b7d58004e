#include "troth/ctl/certs.h"

#include "certs_native.h"
#include "troth/base/err.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 256

/* What was said on the command line of one subcommand. */
struct request {
	const struct command *command;
	const char *domain, *dns, *reason;
	struct troth_time at;
	bool yes;
	int n;
	char *args[ARGS_MAX];
};

struct command {
	const char *name, *args_doc, *doc;
	const struct argp_option *options;
	int least, most; /* Arguments that are not options. */
	int (*run)(const struct request *r);
};

enum { OPT_DOMAIN = 'D', OPT_DNS = 'd', OPT_YES = 'y', OPT_REASON = 'r', OPT_AT = 0x100 };

#define DOMAIN_OPTION                                                                    \
	{                                                                                \
		"domain", OPT_DOMAIN, "DOMAIN", 0, "The federation's trust domain", 0    \
	}
#define DNS_OPTION                                                                       \
	{                                                                                \
		"dns", OPT_DNS, "NAME", 0, "Central's DNS name (central.<domain>)", 0    \
	}

static const struct argp_option no_options[] = { { 0 } };
static const struct argp_option with_domain[] = { DOMAIN_OPTION, { 0 } };
static const struct argp_option with_dns[] = { DNS_OPTION, { 0 } };
static const struct argp_option with_yes[] = {
	DNS_OPTION,
	{ "yes", OPT_YES, NULL, 0, "The fingerprints were compared already: do not ask",
	  0 },
	{ 0 },
};
static const struct argp_option with_reason[] = {
	{ "reason", OPT_REASON, "REASON", 0,
	  "unspecified (default), keyCompromise, affiliationChanged, superseded or "
	  "cessationOfOperation",
	  0 },
	{ 0 },
};
static const struct argp_option with_at[] = {
	DOMAIN_OPTION,
	{ "at", OPT_AT, "TIME", 0, "Judge as of this RFC 3339 instant, not now", 0 },
	{ 0 },
};

/* The script and its profiles lie together; this is where. False and a word why. */
static bool find_script(char out[PATH_MAX])
{
	static const char build_dir[] = TROTH_BUILD_DIR "/";
	const char *override = getenv("TROTH_CERTS_DIR");
	char exe[PATH_MAX] = "";
	char *slash = NULL;

	if (override != NULL) {
		snprintf(out, PATH_MAX, "%s/pki.sh", override);
		return access(out, R_OK) == 0;
	}
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) <= 0)
		return false;
	/* A program in its build tree has its source tree; an installed one must
	 * not run what lies in somebody's home directory. */
	if (strncmp(exe, build_dir, sizeof(build_dir) - 1) == 0) {
		snprintf(out, PATH_MAX, "%s/certs/pki.sh", TROTH_SOURCE_DIR);
		return access(out, R_OK) == 0;
	}
	for (int up = 0; up < 2; up++) {
		slash = strrchr(exe, '/');
		if (slash == NULL)
			return false;
		*slash = '\0';
	}
	snprintf(out, PATH_MAX, "%.4000s/share/troth/certs/pki.sh", exe);
	return access(out, R_OK) == 0;
}

/* Becomes the script. Returns only if that cannot be done. */
static int become(const char *verb, const char *const *words, int n)
{
	char script[PATH_MAX] = "";
	char *argv[ARGS_MAX + 8] = { (char *)"bash", script, (char *)verb };

	if (!find_script(script)) {
		fprintf(stderr,
			"troth certs: %s: not found; TROTH_CERTS_DIR may name its "
			"directory\n",
			script[0] == '\0' ? "pki.sh" : script);
		return 2;
	}
	for (int i = 0; i < n; i++)
		argv[3 + i] = (char *)words[i];
	fflush(NULL);
	execvp("bash", argv);
	fprintf(stderr, "troth certs: bash: %s\n", strerror(errno));
	return 2;
}

static int need_domain(const struct request *r)
{
	if (r->domain != NULL)
		return 0;
	fprintf(stderr, "troth certs %s: --domain is missing\n", r->command->name);
	return 2;
}

static int run_init(const struct request *r)
{
	const char *words[] = { r->args[0], r->domain };

	return need_domain(r) != 0 ? 2 : become("init", words, 2);
}

static int run_enrol(const struct request *r)
{
	const char *words[] = { r->args[0], r->domain, r->args[1] };

	return need_domain(r) != 0 ? 2 : become("request", words, 3);
}

static int run_install(const struct request *r)
{
	const char *words[] = { r->args[0], r->args[1] };

	return become("install", words, 2);
}

static int run_signing(const struct request *r)
{
	const char *words[8];
	int n = 0;

	if (r->yes)
		words[n++] = "-y";
	if (r->dns != NULL) {
		words[n++] = "-d";
		words[n++] = r->dns;
	}
	words[n++] = "--";
	for (int i = 0; i < r->n; i++)
		words[n++] = r->args[i];
	return become(r->command->name, words, n);
}

static int run_revoke(const struct request *r)
{
	const char *words[] = { r->args[0], r->args[1],
				r->reason == NULL ? "unspecified" : r->reason };

	return become("revoke", words, 3);
}

static int run_on_ca(const struct request *r)
{
	const char *words[] = { r->args[0] };

	return become(r->command->name, words, 1);
}

static int run_quick(const struct request *r)
{
	const char *words[ARGS_MAX + 1] = { r->args[0], r->domain };

	if (need_domain(r) != 0)
		return 2;
	for (int i = 1; i < r->n; i++)
		words[i + 1] = r->args[i];
	return become("quick", words, r->n + 1);
}

static int run_show(const struct request *r)
{
	return troth_certs_show(r->args[0]);
}

static int run_check(const struct request *r)
{
	struct troth_time at = r->at;
	struct timespec now;

	if (at.ms == 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		at.ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	}
	return troth_certs_check(r->args[0], r->domain, at);
}

static const struct command commands[] = {
	{ "init", "CA",
	  "Make the directory CA: a root, an issuing CA and empty revocation lists.\v"
	  "Afterwards carry CA/root/root.key away to where it is safe; it is needed again "
	  "only for `crl`, twice a year, and for another issuing CA.",
	  with_domain, 1, 1, run_init },
	{ "enrol", "DIR NODE",
	  "On the node's machine: make its keys and a request in DIR/request.\vNODE is "
	  "central or gw/<party>/<site>. If DIR has certificates already, the request is "
	  "for the next ones (see renew) and the keys wait as *.next.key.",
	  with_domain, 2, 2, run_enrol },
	{ "sign", "CA NODE REQUEST BUNDLE",
	  "At headquarters: sign a node's first request.\vShows the fingerprints that "
	  "the site's officer must read out, asks, and writes the directory BUNDLE, "
	  "which holds no secrets.",
	  with_yes, 4, 4, run_signing },
	{ "renew", "CA NODE REQUEST BUNDLE",
	  "At headquarters: sign a node's further request.\vAsks nobody: the request is "
	  "signed by the node's present signing key.",
	  with_dns, 4, 4, run_signing },
	{ "install", "DIR BUNDLE",
	  "On the node's machine: put a bundle, and the keys it certifies, into place.",
	  no_options, 2, 2, run_install },
	{ "revoke", "CA NODE",
	  "Revoke all certificates of a node and make a fresh revocation list.",
	  with_reason, 2, 2, run_revoke },
	{ "crl", "CA",
	  "Make fresh revocation lists (14 days for the issuing CA, 190 for the root).",
	  no_options, 1, 1, run_on_ca },
	{ "list", "CA", "List what was issued, and its fate.", no_options, 1, 1,
	  run_on_ca },
	{ "show", "PATH", "Say what is in a PEM file, or in a node's directory.",
	  no_options, 1, 1, run_show },
	{ "check", "DIR",
	  "Judge a node's directory as the daemons will.\vOne line for each problem, with "
	  "the file's name. Exit code: 0 all is well, 1 there is a problem, 2 DIR "
	  "cannot be looked at.",
	  with_at, 1, 1, run_check },
	{ "quick", "DIR NODE...",
	  "For tests and demonstrations: make DIR/ca and a directory for each node "
	  "(DIR/central, DIR/gw-<party>-<site>), all on this machine.",
	  with_domain, 2, ARGS_MAX, run_quick },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case OPT_DOMAIN:
		r->domain = arg;
		return 0;
	case OPT_DNS:
		r->dns = arg;
		return 0;
	case OPT_REASON:
		r->reason = arg;
		return 0;
	case OPT_YES:
		r->yes = true;
		return 0;
	case OPT_AT:
		if (!troth_time_parse(&r->at, arg) || r->at.ms == 0)
			argp_error(state, "--at %s: not an RFC 3339 time", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (r->n == r->command->most)
			argp_error(state, "too many arguments, from \"%s\" on", arg);
		r->args[r->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (r->n < r->command->least)
			argp_error(state, "too few arguments: want %s",
				   r->command->args_doc);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void help(FILE *out)
{
	fprintf(out, "Usage: troth certs COMMAND [OPTION...] ...\n"
		     "Make, renew, revoke and check the federation's certificates.\n\n");
	for (size_t i = 0; i < TROTH_LEN(commands); i++) {
		const struct command *c = &commands[i];

		fprintf(out, "  %-8s %.*s\n", c->name, (int)strcspn(c->doc, "\v"),
			c->doc);
	}
	fprintf(out, "\n`troth certs COMMAND --help` says more about one.\n");
}

int troth_ctl_certs(int argc, char **argv)
{
	struct request r = { 0 };
	char name[64];

	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0) {
		help(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	for (size_t i = 0; i < TROTH_LEN(commands); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			r.command = &commands[i];
	}
	if (r.command == NULL) {
		fprintf(stderr,
			"troth certs: no command \"%s\"; see troth certs --help\n",
			argv[1]);
		return 2;
	}
	const struct argp argp = { .options = r.command->options,
				   .parser = parse,
				   .args_doc = r.command->args_doc,
				   .doc = r.command->doc };
	snprintf(name, sizeof(name), "troth certs %s", r.command->name);
	argv[1] = name; /* argp says this name in usage and errors. */
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &r) != 0)
		return 2;
	return r.command->run(&r);
}
