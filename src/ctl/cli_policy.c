/* `troth policy`: what is the API's as rows of a table; check and diff by hand. */
#include "cli_options.h"

#include "troth/ctl/cli.h"
#include "troth/ctl/http.h"
#include "troth/policy/policy.h"

#include <argp.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_REFUSED 1
#define EXIT_USAGE   2

extern char **environ;

static const struct cli_option file_argument = { "FILE", "text", CLI_FILE, true,
						 "The text" };
static const struct cli_option version_argument = { "VERSION", "version", CLI_NUMBER,
						    true, "Which one" };

static const struct cli_option policy_publish[] = {
	{ "as", "version", CLI_NUMBER, false,
	  "The version that it is to be: refused unless it is the next one" },
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option policy_withdraw[] = {
	TEXT("reason", NULL, true, "A code, such as mistake"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option policy_list[] = {
	LIMIT,
	TEXT("after", NULL, false, "Behind this version"),
	FRESH,
	END,
};

static const struct cli_option policy_show[] = {
	FRESH,
	END,
};

const struct cli_verb cli_policy_verbs[] = {
	{ .name = "publish",
	  .method = "POST",
	  .path = "/v1/policies",
	  .help = "Make FILE the next version of the policy (central)",
	  .options = policy_publish,
	  .argument = &file_argument },
	{ .name = "withdraw",
	  .method = "POST",
	  .path = "/v1/policies/withdraw",
	  .help = "Let nothing new rest on VERSION (central)",
	  .options = policy_withdraw,
	  .argument = &version_argument },
	{ .name = "list",
	  .method = "GET",
	  .path = "/v1/policies",
	  .help = "The versions",
	  .options = policy_list,
	  .list = "items" },
	{ .name = "show",
	  .method = "GET",
	  .path = "/v1/policies/{id}",
	  .help = "The text of a version, of the newest if none is given",
	  .options = policy_show,
	  .otherwise = "newest",
	  .only = "text" },
	/* For the help alone: troth_ctl_policy knows them. */
	{ .name = "check", .help = "Say what is wrong with FILE, by line and key" },
	{ .name = "diff", .help = "Compare FILE or VERSION with VERSION or the newest" },
	{ .name = NULL },
};

/* ---- Texts ---- */

static enum troth_err read_file(const char *path, struct troth_buf *out,
				struct troth_why *why)
{
	FILE *f = fopen(path, "re");
	enum troth_err err = TROTH_OK;
	uint8_t *to;
	size_t len;

	if (f == NULL)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	to = troth_buf_grow(out, TROTH_POLICY_TEXT_MAX + 1);
	if (to == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
		goto out;
	}
	len = fread(to, 1, TROTH_POLICY_TEXT_MAX + 1, f);
	out->len -= TROTH_POLICY_TEXT_MAX + 1 - len;
	if (ferror(f) != 0)
		err = troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	else if (len > TROTH_POLICY_TEXT_MAX)
		err = troth_fail(why, TROTH_ERR_LIMIT,
				 "%s: longer than the %zu bytes of a policy", path,
				 TROTH_POLICY_TEXT_MAX);
out:
	(void)fclose(f);
	return err;
}

static enum troth_err fetch(struct troth_http *http, const char *version,
			    struct troth_buf *out, struct troth_why *why)
{
	struct troth_http_call call = { .method = "GET" };
	struct troth_http_reply reply = { 0 };
	char path[64];
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "/v1/policies/%s", version);
	call.path = path;
	err = troth_http_want(http, &call, &reply, why);
	if (err == TROTH_OK) {
		const json_t *text = json_object_get(reply.json, "text");

		troth_buf_put(out, json_string_value(text), json_string_length(text));
	}
	troth_http_reply_fini(&reply);
	return err;
}

static bool is_version(const char *what)
{
	return strcmp(what, "newest") == 0 ||
	       (what[0] != '\0' && what[strspn(what, "0123456789")] == '\0' &&
		strlen(what) < 21);
}

/* ---- check ---- */

static int check(const char *path)
{
	struct troth_buf text = TROTH_BUF_INIT;
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };
	enum troth_err err = read_file(path, &text, &why);
	int status = EXIT_REFUSED;

	if (err != TROTH_OK) {
		(void)fprintf(stderr, "troth: %s\n", why.text);
		goto out;
	}
	err = troth_policy_parse((const char *)text.data, text.len,
				 &troth_zones_of_system, &p, &why);
	if (err != TROTH_OK) {
		(void)fprintf(stderr, "%s: %s\n", path, why.text);
		goto out;
	}
	(void)printf("%s: good: calendars %u, phrases %u, on_call %u, rules %u, "
		     "routes %u, remedies %u, ladders %u\n",
		     path, p->calendar_count, p->phrase_count, p->on_call_count,
		     p->rule_count, p->route_count, p->remedy_count, p->ladder_count);
	if (p->rule_count == 0)
		(void)printf(
			"%s: warning: no rules: whoever asks whether they may promise "
			"something is sent to HQ\n",
			path);
	status = 0;
out:
	troth_policy_free(p);
	troth_buf_fini(&text);
	return status;
}

/* ---- diff ---- */

struct difference {
	struct cli_node node;
	unsigned count;
	const char *of[2];
};

/* A file of no name that another program can open; -1: it cannot be had. */
static int put_in_memory(const struct troth_buf *text)
{
	int fd = memfd_create("policy", 0);

	if (fd >= 0 && write(fd, text->data, text->len) != (ssize_t)text->len) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Runs diff(1); its exit code, or EXIT_USAGE if it cannot be run. */
static int compare(const char *const labels[2], const struct troth_buf texts[2])
{
	char paths[2][32];
	int fds[2] = { put_in_memory(&texts[0]), put_in_memory(&texts[1]) };
	const char *const argv[] = { "diff",    "-u",     "--label", labels[0], "--label",
				     labels[1], paths[0], paths[1],  NULL };
	int status = 0, code = EXIT_USAGE;
	pid_t child;

	for (unsigned i = 0; i < 2; i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", fds[i]);
	(void)fflush(stdout);
	if (fds[0] < 0 || fds[1] < 0 ||
	    posix_spawnp(&child, argv[0], NULL, NULL, (char *const *)argv, environ) != 0)
		(void)fprintf(stderr, "troth: diff cannot be run\n");
	else if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		code = WEXITSTATUS(status);
	for (unsigned i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return code;
}

/* One of the two: a version, which a node is asked for, or a file. */
static enum troth_err get(const struct difference *d, struct troth_http **http,
			  const char *what, struct troth_buf *out, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	if (!is_version(what))
		return read_file(what, out, why);
	if (*http == NULL)
		err = cli_connect(&d->node, http, why);
	return err == TROTH_OK ? fetch(*http, what, out, why) : err;
}

static int differ(const struct difference *d)
{
	/* From what is in force to what is not, from the first to the second. */
	const char *labels[2] = { d->of[0], d->count > 1 ? d->of[1] : "newest" };
	struct troth_buf texts[2] = { TROTH_BUF_INIT, TROTH_BUF_INIT };
	struct troth_http *http = NULL;
	struct troth_why why = { "" };
	int status = EXIT_USAGE;

	if (!is_version(labels[0]) && is_version(labels[1])) {
		labels[1] = labels[0];
		labels[0] = d->count > 1 ? d->of[1] : "newest";
	}
	for (unsigned i = 0; i < 2; i++)
		if (get(d, &http, labels[i], &texts[i], &why) != TROTH_OK) {
			(void)fprintf(stderr, "troth: %s\n", why.text);
			goto out;
		}
	status = compare(labels, texts);
out:
	troth_http_close(http);
	troth_buf_fini(&texts[0]);
	troth_buf_fini(&texts[1]);
	return status;
}

/* ---- The command line ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct difference *d = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &d->node;
		return 0;
	case ARGP_KEY_ARG:
		if (d->count == 2)
			argp_error(state, "one argument too many: %s", arg);
		d->of[d->count++] = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which one?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int diff_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "FILE|VERSION [VERSION]",
		.doc = "What differs between two versions of the policy, or between one "
		       "(the newest) and a file.\vExit codes are those of diff: 0 nothing, "
		       "1 something, 2 trouble.",
		.children = cli_node_options,
	};
	static char name[] = "troth policy diff";
	struct difference d = { .count = 0 };

	argv[0] = name;
	if (argp_parse(&argp, argc, argv, 0, NULL, &d) != 0)
		return EXIT_USAGE;
	return differ(&d);
}

int troth_ctl_policy(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "diff") == 0)
		return diff_main(argc - 1, argv + 1);
	if (argc < 2 || strcmp(argv[1], "check") != 0)
		return troth_ctl_cli(argc, argv);
	if (argc == 3 && strcmp(argv[2], "--help") != 0)
		return check(argv[2]);
	(void)fprintf(argc == 3 ? stdout : stderr,
		      "Usage: troth policy check FILE\n"
		      "Says whether FILE may be published, or the line and the key of "
		      "what is wrong;\nwarns if it has no rules.\n");
	return argc == 3 ? 0 : EXIT_USAGE;
}
