/*
 * token - who may call: names and scopes by the SHA-256 of what they show.
 *
 * A token is "trt_" and 40 digits of base 32: 200 random bits, so a fast hash is
 * enough and nothing that could be shown is ever stored. A record is a length
 * byte, the name, a byte of scopes and the instant it was made (u64be).
 */
#include "token.h"

#include "troth/api/server.h"
#include "troth/base/text.h"
#include "troth/crypto/random.h"
#include "troth/crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX     "trt_"
#define PREFIX_LEN 4
#define DIGITS     40
#define ALPHABET   "0123456789abcdefghjkmnpqrstvwxyz"

static const struct {
	const char *name;
	unsigned bit;
} scopes[] = {
	{ "agent", TROTH_SCOPE_AGENT },       { "dispatcher", TROTH_SCOPE_DISPATCHER },
	{ "approver", TROTH_SCOPE_APPROVER }, { "manager", TROTH_SCOPE_MANAGER },
	{ "read", TROTH_SCOPE_READ },         { "integration", TROTH_SCOPE_INTEGRATION },
};

unsigned troth_scopes_parse(const char *text)
{
	unsigned set = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		unsigned bit = 0;

		for (unsigned i = 0; i < TROTH_LEN(scopes); i++)
			if (strlen(scopes[i].name) == len &&
			    memcmp(scopes[i].name, text, len) == 0)
				bit = scopes[i].bit;
		if (bit == 0 && len > 0)
			return 0;
		set |= bit;
		text += len + (text[len] == ' ');
	}
	return set;
}

void troth_scopes_out(struct troth_out *o, const char *key, unsigned set)
{
	troth_out_array(o, key);
	for (unsigned i = 0; i < TROTH_LEN(scopes); i++)
		if ((set & scopes[i].bit) != 0)
			troth_out_text(o, NULL, scopes[i].name);
	troth_out_end_array(o);
}

void troth_scopes_say(struct troth_buf *out, unsigned set)
{
	const char *before = "wants a token with the scope ";

	for (unsigned i = 0; i < TROTH_LEN(scopes); i++)
		if ((set & scopes[i].bit) != 0) {
			troth_buf_printf(out, "%s%s", before, scopes[i].name);
			before = " or ";
		}
}

static void hash_of(struct troth_digest *out, const char *text)
{
	struct troth_span s = troth_span_str(text);

	troth_sha256(out, &s, 1);
}

static bool decode(struct troth_txn *t, struct troth_span key, struct troth_span value,
		   struct troth_caller *out)
{
	struct troth_reader r = troth_reader(value);
	size_t len = troth_read_u8(&r);

	if (len <= TROTH_ACTOR_MAX && key.len == sizeof(out->id.b)) {
		memcpy(out->id.b, key.data, sizeof(out->id.b));
		troth_read_bytes(&r, out->name, len);
		out->name[len] = '\0';
		out->scopes = troth_read_u8(&r);
		out->created.ms = (int64_t)troth_read_u64be(&r);
		if (troth_read_done(&r))
			return true;
	}
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "tokens: a record");
	return false;
}

bool troth_token_find(struct troth_txn *t, const char *text, struct troth_caller *out)
{
	struct troth_digest id;
	struct troth_span value;

	hash_of(&id, text);
	return troth_txn_get(t, TROTH_T_TOKENS, troth_digest_span(&id), &value) &&
	       decode(t, troth_digest_span(&id), value, out);
}

bool troth_token_stands(struct troth_txn *t, const struct troth_digest *id)
{
	struct troth_span value;

	return troth_txn_get(t, TROTH_T_TOKENS, troth_digest_span(id), &value);
}

bool troth_token_next(struct troth_txn *t, const struct troth_digest *after,
		      struct troth_caller *out)
{
	struct troth_cursor c;
	struct troth_span from = after != NULL ? troth_digest_span(after)
					       : TROTH_SPAN_NONE;
	bool found;

	troth_cursor_open(&c, t, TROTH_T_TOKENS);
	found = troth_cursor_seek(&c, from);
	if (found && after != NULL && troth_span_eq(c.key, from))
		found = troth_cursor_next(&c);
	found = found && decode(t, c.key, c.value, out);
	troth_cursor_close(&c);
	return found;
}

static bool find_name(struct troth_txn *t, const char *name, struct troth_caller *out)
{
	for (bool more = troth_token_next(t, NULL, out); more;
	     more = troth_token_next(t, &out->id, out))
		if (strcmp(out->name, name) == 0)
			return true;
	return false;
}

static bool is_last_manager(struct troth_txn *t, const struct troth_caller *who)
{
	struct troth_caller other;

	if ((who->scopes & TROTH_SCOPE_MANAGER) == 0)
		return false;
	for (bool more = troth_token_next(t, NULL, &other); more;
	     more = troth_token_next(t, &other.id, &other))
		if ((other.scopes & TROTH_SCOPE_MANAGER) != 0 &&
		    !troth_digest_eq(&other.id, &who->id))
			return false;
	return true;
}

enum troth_err troth_token_revoke(struct troth_txn *t, const char *name)
{
	struct troth_caller found;

	if (!find_name(t, name, &found))
		return TROTH_ERR_NOTFOUND;
	if (is_last_manager(t, &found))
		return TROTH_ERR_INPUT;
	(void)troth_txn_del(t, TROTH_T_TOKENS, troth_digest_span(&found.id));
	return TROTH_OK;
}

static void make_text(char text[TROTH_TOKEN_TEXT])
{
	uint8_t random[DIGITS];

	troth_random(random, sizeof(random));
	memcpy(text, PREFIX, PREFIX_LEN);
	for (unsigned i = 0; i < DIGITS; i++)
		text[PREFIX_LEN + i] = ALPHABET[random[i] & 31];
	text[PREFIX_LEN + DIGITS] = '\0';
	troth_wipe(random, sizeof(random));
}

static void put(struct troth_txn *t, const char *text, const char *name, unsigned set,
		struct troth_time now)
{
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_digest id;

	hash_of(&id, text);
	troth_buf_put_u8(&b, (uint8_t)strlen(name));
	troth_buf_put_str(&b, name);
	troth_buf_put_u8(&b, (uint8_t)set);
	troth_buf_put_u64be(&b, (uint64_t)now.ms);
	if (b.failed)
		troth_txn_fail(t, TROTH_ERR_MEMORY, "no memory for a token");
	troth_txn_insert(t, TROTH_T_TOKENS, troth_digest_span(&id), troth_buf_span(&b));
	troth_buf_fini(&b);
}

enum troth_err troth_api_make_token(struct troth_kv *kv, const char *name,
				    const char *scope_list, struct troth_time now,
				    char text[TROTH_TOKEN_TEXT], struct troth_why *why)
{
	unsigned set = troth_scopes_parse(scope_list);
	struct troth_caller other;
	struct troth_txn t;

	text[0] = '\0';
	if (!troth_text_is_name(name, TROTH_ACTOR_MAX))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "name: must be a name of at most %d bytes",
				  TROTH_ACTOR_MAX);
	if (set == 0)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "scopes: must be some of agent, dispatcher, approver, "
				  "manager, integration, read");
	make_text(text);
	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	if (find_name(&t, name, &other))
		troth_txn_fail(&t, TROTH_ERR_INPUT, "name: %s has a token already", name);
	put(&t, text, name, set, now);
	return troth_txn_commit(&t, why);
}

/* ---- The first token, and its file: the token's text and a newline ---- */

static bool is_token(const char *text)
{
	return strncmp(text, PREFIX, PREFIX_LEN) == 0 &&
	       strlen(text) == PREFIX_LEN + DIGITS &&
	       strspn(text + PREFIX_LEN, ALPHABET) == DIGITS;
}

static enum troth_err file_fail(struct troth_why *why, const char *path)
{
	return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
}

/* The token in the open file, which nobody else may know. */
static enum troth_err read_token(int fd, const char *path, char text[TROTH_TOKEN_TEXT],
				 struct troth_why *why)
{
	enum troth_err err = TROTH_OK;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) != 0)
		return file_fail(why, path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: is there, but others may read it or it is no "
				  "file; make it 0400 or move it away",
				  path);
	len = read(fd, text, TROTH_TOKEN_TEXT - 1);
	if (len < 0)
		return file_fail(why, path);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!is_token(text))
		err = troth_fail(why, TROTH_ERR_INPUT,
				 "%s: is there, but holds no token; move it away or "
				 "name another",
				 path);
	return err;
}

/* Has the name of a new file on disk, too. */
static enum troth_err sync_parent(const char *path, struct troth_why *why)
{
	char *copy = strdup(path);
	enum troth_err err = TROTH_OK;
	int fd;

	if (copy == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = file_fail(why, path);
	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return err;
}

/* Makes the file whole or not at all, durably; one that is there stays as it is. */
static enum troth_err write_token(const char *path, const char *text,
				  struct troth_why *why)
{
	char line[TROTH_TOKEN_TEXT + 1];
	enum troth_err err = TROTH_OK;
	char *fresh = NULL;
	int len, fd;

	if (asprintf(&fresh, "%s.new", path) < 0)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
	(void)unlink(fresh); /* Of a start that did not get further. */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0) {
		err = file_fail(why, fresh);
		goto out;
	}
	len = snprintf(line, sizeof(line), "%s\n", text);
	if (write(fd, line, (size_t)len) != len || fsync(fd) != 0)
		err = file_fail(why, fresh);
	troth_wipe(line, sizeof(line));
	(void)close(fd);
	if (err == TROTH_OK &&
	    renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
		err = file_fail(why, path);
	if (err == TROTH_OK)
		err = sync_parent(path, why);
	else
		(void)unlink(fresh);
out:
	free(fresh);
	return err;
}

/* The token that is in the file, or a new one that is written there. */
static enum troth_err first_token(const char *path, char text[TROTH_TOKEN_TEXT],
				  struct troth_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum troth_err err;

	if (fd < 0 && errno != ENOENT)
		return file_fail(why, path);
	if (fd >= 0) {
		err = read_token(fd, path, text, why);
		(void)close(fd);
	} else {
		make_text(text);
		err = write_token(path, text, why);
	}
	return err;
}

enum troth_err troth_token_bootstrap(struct troth_kv *kv, const char *path,
				     struct troth_time now, struct troth_why *why)
{
	char text[TROTH_TOKEN_TEXT] = "";
	enum troth_err err;
	struct troth_txn t;

	troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
	if (troth_txn_count(&t, TROTH_T_TOKENS) > 0 || !troth_txn_sound(&t))
		return troth_txn_commit(&t, why);
	err = first_token(path, text, why);
	if (err != TROTH_OK) {
		troth_txn_abort(&t);
		goto out;
	}
	put(&t, text, "admin", TROTH_SCOPE_MANAGER, now);
	err = troth_txn_commit(&t, why);
out:
	troth_wipe(text, sizeof(text));
	return err;
}
