#include "config_keys.h"

#include "troth/base/text.h"
#include "troth/crypto/identity.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What a load goes through: where it is, and what it has found wrong. */
struct loading {
	struct troth_config *c;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
	struct troth_why *why;
	unsigned wrong;
};

/* `line` 0: the place is not a line (environment, whole file). */
static void complain(struct loading *l, const char *place, int line, const char *fmt, ...)
	TROTH_PRINTF(4, 5);

static void complain(struct loading *l, const char *place, int line, const char *fmt, ...)
{
	char said[TROTH_WHY_MAX], text[TROTH_WHY_MAX + TROTH_CONFIG_TEXT_MAX + 16];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	if (line > 0)
		(void)snprintf(text, sizeof(text), "%s:%d: %s", place, line, said);
	else
		(void)snprintf(text, sizeof(text), "%s: %s", place, said);
	if (l->wrong++ == 0)
		(void)troth_fail(l->why, TROTH_ERR_INPUT, "%s", text);
	if (l->problem != NULL)
		l->problem(l->ctx, text);
}

/* ---- Values --------------------------------------------------------------- */

bool troth_config_address(const char *text, char *host, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	char *end;
	unsigned long n;

	if (len == 0 || len > TROTH_CONFIG_TEXT_MAX || !isdigit((unsigned char)colon[1]))
		return false;
	n = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || end - colon > 6 || n > 65535)
		return false;
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL) {
		return false; /* An IPv6 address needs its brackets. */
	}
	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && strchr(".-:_%", text[i]) == NULL)
			return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = (unsigned)n;
	return true;
}

bool troth_config_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* True if `text` is a value of the key's type; then it stands in *c. */
static bool take_text(struct troth_config *c, const struct config_key *key,
		      const char *text)
{
	char host[TROTH_CONFIG_TEXT_MAX + 1];
	char *at = (char *)c + key->offset;
	struct troth_time instant;
	size_t len = strlen(text);
	unsigned port;
	bool ok = false;

	if (len > TROTH_CONFIG_TEXT_MAX || !troth_text_ok(troth_span(text, len), false))
		return false;
	switch (key->type) {
	case CONFIG_PATH:
		ok = text[0] == '/';
		break;
	case CONFIG_DOMAIN:
		ok = troth_identity_domain_ok(text);
		break;
	case CONFIG_ADDRESS:
		ok = troth_config_address(text, host, &port);
		break;
	case CONFIG_INSTANT:
		ok = troth_time_parse(&instant, text);
		break;
	case CONFIG_CHOICE:
		for (int64_t i = 0; key->choices[i] != NULL; i++) {
			if (strcmp(text, key->choices[i]) == 0) {
				*(int64_t *)(void *)at = i;
				return true;
			}
		}
		return false;
	case CONFIG_LIST:
	case CONFIG_NUMBER:
		return false;
	}
	if (!ok && !(len == 0 && !key->required))
		return false;
	memcpy(at, text, len + 1);
	return true;
}

static bool take_number(struct troth_config *c, const struct config_key *key, int64_t n)
{
	if (key->type != CONFIG_NUMBER || n < key->min || n > key->max)
		return false;
	*(int64_t *)(void *)((char *)c + key->offset) = n;
	return true;
}

/* Appends one address; the first of a source replaces what stood there before. */
static bool take_member(struct troth_config *c, const struct config_key *key,
			unsigned index, const char *text)
{
	struct troth_config_list *list = (void *)((char *)c + key->offset);
	char host[TROTH_CONFIG_TEXT_MAX + 1];
	unsigned port;

	if (index >= TROTH_CONFIG_LIST_MAX || strlen(text) > TROTH_CONFIG_TEXT_MAX ||
	    !troth_config_address(text, host, &port))
		return false;
	(void)snprintf(list->text[index], sizeof(list->text[index]), "%s", text);
	list->count = index + 1;
	return true;
}

/* ---- Sources -------------------------------------------------------------- */

/* A value as text, from the environment or the defaults; lists have commas. */
static bool take_words(struct troth_config *c, const struct config_key *key,
		       const char *text)
{
	char member[TROTH_CONFIG_TEXT_MAX + 1];
	long long n;
	char *end;
	size_t len;

	if (key->type == CONFIG_NUMBER) {
		errno = 0;
		n = strtoll(text, &end, 10);
		return errno == 0 && end != text && *end == '\0' &&
		       take_number(c, key, n);
	}
	if (key->type != CONFIG_LIST)
		return take_text(c, key, text);
	for (unsigned i = 0;; i++) {
		len = strcspn(text, ",");
		if (len > TROTH_CONFIG_TEXT_MAX)
			return false;
		memcpy(member, text, len);
		member[len] = '\0';
		if (!take_member(c, key, i, member))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

static bool take_list(struct troth_config *c, const struct config_key *key,
		      const config_setting_t *s)
{
	int n = config_setting_length(s);

	for (int i = 0; i < n; i++) {
		const char *text = config_setting_get_string_elem(s, i);

		if (text == NULL || !take_member(c, key, (unsigned)i, text))
			return false;
	}
	return n > 0;
}

static bool take_setting(struct troth_config *c, const struct config_key *key,
			 const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return take_number(c, key, config_setting_get_int64(s));
	case CONFIG_TYPE_STRING:
		return take_text(c, key, config_setting_get_string(s));
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return key->type == CONFIG_LIST && take_list(c, key, s);
	default:
		return false;
	}
}

/* The key of that name for that kind of node, or config_key_index. */
static size_t find_key(enum troth_config_kind kind, const char *name)
{
	size_t i = 0;

	while (i < config_key_index && ((config_keys[i].kinds & (unsigned)kind) == 0 ||
					strcmp(config_keys[i].name, name) != 0))
		i++;
	return i;
}

static void take_defaults(struct troth_config *c)
{
	for (size_t i = 0; i < config_key_index; i++) {
		const struct config_key *key = &config_keys[i];
		bool ok = true;

		if ((key->kinds & (unsigned)c->kind) != 0 && key->def[0] != '\0')
			ok = take_words(c, key, key->def);
		assert(ok);
	}
}

static void take_root(struct loading *l, const config_t *file)
{
	const config_setting_t *root = config_root_setting(file);
	char what[128];

	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(s);
		const char *place = config_setting_source_file(s);
		int line = (int)config_setting_source_line(s);
		size_t at = find_key(l->c->kind, name);

		if (place == NULL)
			place = l->c->file;
		if (at == config_key_index) {
			complain(l, place, line, "%s: no such key", name);
			continue;
		}
		config_describe(&config_keys[at], what, sizeof(what));
		l->c->given |= UINT64_C(1) << at;
		if (!take_setting(l->c, &config_keys[at], s))
			complain(l, place, line, "%s: must be %s", name, what);
	}
}

static void take_environment(struct loading *l)
{
	char name[64], what[128];

	for (size_t i = 0; i < config_key_index; i++) {
		const struct config_key *key = &config_keys[i];
		int len = snprintf(name, sizeof(name), "TROTH_%s", key->name);
		const char *text;

		assert(len > 0 && (size_t)len < sizeof(name));
		for (int k = 0; k < len; k++)
			name[k] = (char)toupper((unsigned char)name[k]);
		text = getenv(name);
		if ((key->kinds & (unsigned)l->c->kind) == 0 || text == NULL)
			continue;
		config_describe(key, what, sizeof(what));
		l->c->given |= UINT64_C(1) << i;
		if (!take_words(l->c, key, text))
			complain(l, name, 0, "must be %s", what);
	}
}

/* ---- The whole ------------------------------------------------------------ */

static enum troth_err read_file(char **out, const char *path, struct troth_why *why)
{
	FILE *f = fopen(path, "re");
	enum troth_err err = TROTH_OK;
	char *text = NULL;
	size_t len;

	*out = NULL;
	if (f == NULL) {
		err = troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	text = malloc(TROTH_CONFIG_FILE_MAX + 2);
	if (text == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
		goto out;
	}
	len = fread(text, 1, TROTH_CONFIG_FILE_MAX + 1, f);
	if (ferror(f) != 0) {
		err = troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	text[len] = '\0';
	if (len > TROTH_CONFIG_FILE_MAX || memchr(text, '\0', len) != NULL) {
		err = troth_fail(why, TROTH_ERR_INPUT,
				 "%s: larger than %zu bytes, or holds a zero byte", path,
				 TROTH_CONFIG_FILE_MAX);
		goto out;
	}
	*out = text;
	text = NULL;
out:
	free(text);
	if (f != NULL)
		(void)fclose(f);
	return err;
}

static void need(struct loading *l, bool fine, const char *text)
{
	if (!fine)
		complain(l, l->c->file, 0, "%s", text);
}

/* What no key can judge alone. */
static void judge_together(struct loading *l)
{
	struct troth_config *c = l->c;
	char host[TROTH_CONFIG_TEXT_MAX + 1];
	unsigned port;

	for (size_t i = 0; i < config_key_index; i++) {
		if (config_keys[i].required &&
		    (config_keys[i].kinds & (unsigned)c->kind) != 0 &&
		    (c->given >> i & 1) == 0)
			complain(l, c->file, 0, "%s: must be given", config_keys[i].name);
	}
	if (l->wrong > 0)
		return; /* The rest would be judged on values that are not meant. */
	need(l, (c->api_cert[0] == '\0') == (c->api_key[0] == '\0'),
	     "api_cert and api_key: give both or none");
	need(l, c->api_client_ca[0] == '\0' || c->api_cert[0] != '\0',
	     "api_client_ca: needs api_cert and api_key");
	for (unsigned i = 0; i < c->api_listen.count && c->api_cert[0] == '\0'; i++) {
		if (troth_config_address(c->api_listen.text[i], host, &port) &&
		    !troth_config_is_loopback(host))
			complain(l, c->file, 0,
				 "api_listen: %s is not loopback, so it needs TLS: give "
				 "api_cert and api_key",
				 c->api_listen.text[i]);
	}
	need(l, c->clock == 0 || c->clock_start[0] != '\0',
	     "clock_start: must be given with clock = \"simulated\"");
	need(l, c->clock == 1 || c->clock_start[0] == '\0',
	     "clock_start: needs clock = \"simulated\"");
	need(l, c->map_gib <= c->map_max_gib, "map_gib: must not be above map_max_gib");
	need(l, c->reconnect_min_ms <= c->reconnect_max_ms,
	     "reconnect_min_ms: must not be above reconnect_max_ms");
	need(l, c->heartbeat_ms < c->idle_ms, "heartbeat_ms: must be below idle_ms");
	need(l,
	     c->follow_wait_ms < c->answer_timeout_ms || c->kind == TROTH_CONFIG_CENTRAL,
	     "answer_timeout_ms: must be above follow_wait_ms");
	c->clock_start_at = (struct troth_time){ 0 };
	if (c->clock_start[0] != '\0' && l->wrong == 0) {
		bool ok = troth_time_parse(&c->clock_start_at, c->clock_start);

		assert(ok);
	}
}

enum troth_err troth_config_load(struct troth_config *c, enum troth_config_kind kind,
				 const char *path,
				 void (*problem)(void *ctx, const char *text), void *ctx,
				 struct troth_why *why)
{
	struct loading l = { c, problem, ctx, why, 0 };
	enum troth_err err;
	config_t file;
	char *text = NULL;

	config_init(&file);
	*c = (struct troth_config){ .kind = kind };
	if (strlen(path) > TROTH_CONFIG_TEXT_MAX) {
		err = troth_fail(why, TROTH_ERR_LIMIT, "%.64s...: the path is too long",
				 path);
		goto out;
	}
	(void)snprintf(c->file, sizeof(c->file), "%s", path);
	take_defaults(c);
	err = read_file(&text, path, why);
	if (err != TROTH_OK)
		goto out;
	if (config_read_string(&file, text) != CONFIG_TRUE) {
		const char *place = config_error_file(&file);

		complain(&l, place != NULL ? place : path, config_error_line(&file), "%s",
			 config_error_text(&file));
	} else {
		take_root(&l, &file);
		take_environment(&l);
		judge_together(&l);
	}
	if (l.wrong > 0)
		err = TROTH_ERR_INPUT;
out:
	free(text);
	config_destroy(&file);
	return err;
}
