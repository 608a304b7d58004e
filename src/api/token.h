/*
 * token - who may call: tokens, the scopes that they have, and where they are kept.
 */
#ifndef TROTH_API_TOKEN_H
#define TROTH_API_TOKEN_H

#include "out.h"

#include "troth/state/engine.h"

enum troth_scope {
	TROTH_SCOPE_AGENT = 0x01,
	TROTH_SCOPE_DISPATCHER = 0x02,
	TROTH_SCOPE_APPROVER = 0x04,
	TROTH_SCOPE_MANAGER = 0x08,
	TROTH_SCOPE_INTEGRATION = 0x10,
	TROTH_SCOPE_READ = 0x20,
};
#define TROTH_SCOPE_ANY      0x3fu
#define TROTH_SCOPE_PERSONAL 0x1fu /* May see names, phones, words: all but read. */

struct troth_caller {
	struct troth_digest id; /* SHA-256 of the token. */
	char name[TROTH_ACTOR_MAX + 1];
	unsigned scopes;
	struct troth_time created;
};

/* Reads the record of a token. False: there is no such token. */
bool troth_token_find(struct troth_txn *t, const char *text, struct troth_caller *out);
/* True if the token of that hash has not been revoked. */
bool troth_token_stands(struct troth_txn *t, const struct troth_digest *id);
/* The next token behind `after` (NULL: the first); reads records. */
bool troth_token_next(struct troth_txn *t, const struct troth_digest *after,
		      struct troth_caller *out);
/*
 * Deletes the token of that name. TROTH_ERR_NOTFOUND if there is none;
 * TROTH_ERR_INPUT, and nothing has changed, if no manager would be left to make another.
 */
enum troth_err troth_token_revoke(struct troth_txn *t, const char *name);
/* "agent dispatcher" -> bits; 0: not a list of scopes. */
unsigned troth_scopes_parse(const char *text);
void troth_scopes_out(struct troth_out *o, const char *key, unsigned scopes);
/* Appends, for people, that a token needs one of these scopes. */
void troth_scopes_say(struct troth_buf *out, unsigned scopes);
/*
 * If there is no token in the store: the one in the file `path` becomes a manager's,
 * or one is made and written there. TROTH_ERR_INPUT for a file that holds no token or
 * that others may read; it is left alone.
 */
TROTH_MUST_USE enum troth_err troth_token_bootstrap(struct troth_kv *kv, const char *path,
						    struct troth_time now,
						    struct troth_why *why);

#endif
