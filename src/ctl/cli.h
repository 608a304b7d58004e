/*
 * cli - commands that talk to a node's API, as tables.
 *
 * A noun (`troth promise`) has verbs (`make`, `show`, ...); a verb is one request
 * of the API: its method, its path, and the options that fill its JSON body or
 * its query. The engine (cli.c) knows nothing of orders or promises.
 */
#ifndef TROTH_CTL_CLI_PRIVATE_H
#define TROTH_CTL_CLI_PRIVATE_H

#include "troth/base/err.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

enum cli_type {
	CLI_TEXT,
	CLI_WORDS, /* Words with commas or blanks between; in the body blanks. */
	CLI_NUMBER,
	CLI_LIST,  /* The same; in the body a list. */
	CLI_FLAG,  /* No value: true. */
	CLI_LINE,  /* SKU:QUANTITY[:UNIT_PRICE[:SELLER]], may be repeated. */
	CLI_TERMS, /* debtor=..,action=..[,due=..][,ack_within_s=..]..., may be repeated.
		    */
	CLI_FILE,  /* The contents of the named file. */
	CLI_SITE,  /* PARTY/SITE; in the body an object. */
	CLI_IF_MATCH,
};

#define CLI_OPTIONS_MAX 24

struct cli_option {
	const char *name; /* Without the dashes; NULL ends the list. */
	const char
		*field; /* In the body ("personal.order_number") or query; NULL: name. */
	enum cli_type type;
	bool required;
	const char *help;
};

struct cli_verb {
	const char *name; /* NULL ends the list. */
	const char *method;
	const char
		*path; /* "{id}" stands for the argument, "{on}" for --order or --case. */
	const char *help;
	const struct cli_option *options; /* NULL: none. */
	const char *list; /* Answers with lists under these names, blanks between. */
	/* What the argument is where the path has no {id}; NULL: there is none. */
	const struct cli_option *argument;
	const char *otherwise; /* The {id} if none is given; NULL: one is needed. */
	const char *undecided; /* Told if central has yet to decide. */
	bool trees;            /* What is in the lists is printed whole. */
	const char *only;      /* For people, this text of the answer and no more. */
};

struct cli_noun {
	const char *name;
	const char *help;
	const struct cli_verb *verbs;
};

extern const struct cli_noun cli_nouns[];
/* cli_recovery.c */
extern const struct cli_verb cli_alarm_verbs[], cli_recovery_verbs[];
extern const struct cli_verb cli_remedy_verbs[];

/* Commands that are a verb by themselves, such as `troth status`. */
extern const struct cli_verb cli_plain[];

/* The verbs of cli_authority.c. */
extern const struct cli_verb cli_pool_verbs[], cli_grant_verbs[], cli_agent_verbs[],
	cli_share_verbs[], cli_ask_verbs[], cli_approve_verbs[];
extern const struct cli_option cli_suspend[], cli_resume[];

/* Those of cli_policy.c. */
extern const struct cli_verb cli_policy_verbs[];

/* Where a node is, and who asks; what is NULL comes from the environment. */
struct cli_node {
	const char *api, *token_file, *ca_file;
};

/* Of options, in the order of the help. */
enum { CLI_GROUP_NEEDED = 1, CLI_GROUP_OTHERS, CLI_GROUP_COMMON };

/* The options that fill it, as the only children of an argp: their input is a cli_node.
 */
extern const struct argp_child cli_node_options[];

/* The file with the token, NULL: none was named. */
const char *cli_token_file(const struct cli_node *n);
/* *http is the caller's to close, and NULL where it fails. */
struct troth_http;
TROTH_MUST_USE enum troth_err cli_connect(const struct cli_node *n,
					  struct troth_http **http,
					  struct troth_why *why);

/*
 * Reads the value of an option that names some of three parts, each once, with commas
 * between: their indexes into `out`, in that order. Returns how many; anything else is
 * told as argp tells errors.
 */
#define CLI_PARTS 3
unsigned cli_read_parts(struct argp_state *state, const char *option, const char *arg,
			const char *const parts[CLI_PARTS], unsigned out[CLI_PARTS]);

/*
 * Prints an answer for people: its lists (NULL: it has none) a line a record, or with
 * `trees` each record whole, and how to go on; an answer without lists as a tree. What is
 * empty is not there.
 */
void cli_print(const json_t *answer, const char *lists, bool trees);

/* Parses one value into the body; false with *why naming what is wrong. */
bool cli_set(json_t *body, const struct cli_option *o, const char *value,
	     struct troth_why *why);

#endif
