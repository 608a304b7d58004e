/*
 * config_keys - the table of configuration keys.
 */
#ifndef TROTH_NODE_CONFIG_KEYS_H
#define TROTH_NODE_CONFIG_KEYS_H

#include "troth/node/config.h"

enum config_type {
	CONFIG_PATH,    /* An absolute path. */
	CONFIG_DOMAIN,  /* A DNS name in lower case. */
	CONFIG_ADDRESS, /* host:port */
	CONFIG_LIST,    /* Some host:port. */
	CONFIG_INSTANT, /* RFC 3339. */
	CONFIG_NUMBER,
	CONFIG_CHOICE, /* One of `choices`; kept as its index. */
};

struct config_key {
	const char *name;
	unsigned kinds; /* enum troth_config_kind, or-ed. */
	enum config_type type;
	bool required;   /* Has no default. */
	const char *def; /* As text; "" is none. A list has at most one by default. */
	int64_t min, max;
	const char *const *choices; /* Ends with NULL. */
	size_t offset;              /* In struct troth_config. */
	const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_key_index; /* How many. */

/* What it is, for messages and the manual: "a number, 1 to 64". */
void config_describe(const struct config_key *key, char *out, size_t len);

#endif
