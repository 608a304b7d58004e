#include "api_kit.h"

#include "troth/crypto/random.h"
#include "troth/ledger/hub.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CENTRAL "spiffe://troth/central/hq"

struct api_kit {
	char dir[SCRATCH_MAX];
	struct troth_kv *kv;
	struct troth_sign_key *key;
	struct troth_signer signer;
	struct troth_ledger *ledger;
	struct troth_hub *hub;
	struct troth_engine engine;
	struct troth_api *_Atomic api;
	char admin[TROTH_TOKEN_TEXT];

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct troth_command *commands, **commands_last;
	struct troth_question *questions;
	bool stop, hold;
	_Atomic int64_t clock_ms;
};

static void kit_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	troth_random(out, len);
}

static struct troth_time kit_now(void *ctx)
{
	struct api_kit *k = ctx;

	return (struct troth_time){ atomic_load(&k->clock_ms) };
}

static bool kit_set_clock(void *ctx, struct troth_time to)
{
	struct api_kit *k = ctx;
	int64_t before = atomic_load(&k->clock_ms);

	if (to.ms < before)
		return false;
	atomic_store(&k->clock_ms, to.ms);
	(void)pthread_mutex_lock(&k->lock);
	(void)pthread_cond_signal(&k->came);
	(void)pthread_mutex_unlock(&k->lock);
	return true;
}

static void kit_link(void *ctx, struct troth_link_state *out)
{
	(void)ctx;
	*out = (struct troth_link_state){ .up = true };
}

static void kit_submit(void *ctx, struct troth_command *commands)
{
	struct api_kit *k = ctx;

	(void)pthread_mutex_lock(&k->lock);
	*k->commands_last = commands;
	while (*k->commands_last != NULL)
		k->commands_last = &(*k->commands_last)->next;
	(void)pthread_cond_signal(&k->came);
	(void)pthread_mutex_unlock(&k->lock);
}

static void kit_ask(void *ctx, struct troth_question *q)
{
	struct api_kit *k = ctx;

	(void)pthread_mutex_lock(&k->lock);
	q->next = k->questions;
	k->questions = q;
	(void)pthread_cond_signal(&k->came);
	(void)pthread_mutex_unlock(&k->lock);
}

static void kit_advanced(void *ctx, uint64_t size)
{
	struct api_kit *k = ctx;
	struct troth_api *api = atomic_load(&k->api);

	if (api != NULL)
		troth_api_advanced(api, size);
}

static void kit_note(void *ctx, const char *event, const char *origin, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "note %s %s %s\n", event, origin != NULL ? origin : "",
		      text != NULL ? text : "");
}

static void kit_reply(void *ctx, uint64_t conn, uint32_t request,
		      struct troth_buf *payload)
{
	(void)ctx;
	(void)conn;
	(void)request;
	troth_buf_fini(payload);
}

static void kit_close(void *ctx, uint64_t conn, const char *why)
{
	(void)ctx;
	(void)conn;
	(void)why;
}

/* Hands over what came; false at the end. */
static bool take(struct api_kit *k)
{
	struct troth_command *commands;
	struct troth_question *questions;
	bool go_on;

	(void)pthread_mutex_lock(&k->lock);
	while (!k->stop && (k->hold || (k->commands == NULL && k->questions == NULL &&
					!troth_hub_busy(k->hub, kit_now(k)))))
		(void)pthread_cond_wait(&k->came, &k->lock);
	commands = k->commands;
	questions = k->questions;
	k->commands = NULL;
	k->commands_last = &k->commands;
	k->questions = NULL;
	go_on = !k->stop || commands != NULL || questions != NULL;
	(void)pthread_mutex_unlock(&k->lock);

	if (commands != NULL)
		troth_hub_commands(k->hub, commands);
	for (struct troth_question *q = questions, *next; q != NULL; q = next) {
		next = q->next;
		troth_hub_ask(k->hub, q);
	}
	return go_on;
}

static void *core(void *arg)
{
	struct api_kit *k = arg;
	struct troth_why why;

	(void)pthread_setname_np(pthread_self(), "core");
	while (take(k)) {
		enum troth_err err = troth_hub_turn(k->hub, kit_now(k), &why);

		if (err != TROTH_OK) {
			(void)fprintf(stderr, "turn: %s\n", why.text);
			abort();
		}
	}
	return NULL;
}

static void must(enum troth_err err, const struct troth_why *why)
{
	if (err == TROTH_OK)
		return;
	(void)fprintf(stderr, "api kit: %s\n", why->text);
	abort();
}

static void read_admin(struct api_kit *k, const char *path)
{
	FILE *f = fopen(path, "r");

	assert(f != NULL);
	assert(fgets(k->admin, sizeof(k->admin), f) != NULL);
	k->admin[strcspn(k->admin, "\n")] = '\0';
	(void)fclose(f);
}

struct api_kit *api_kit_start(const struct troth_api_config *config)
{
	struct api_kit *k = calloc(1, sizeof(*k));
	struct troth_api_config c = config != NULL ? *config
						   : (struct troth_api_config){ 0 };
	struct troth_hub_io io = { .ctx = k,
				   .reply = kit_reply,
				   .close = kit_close,
				   .note = kit_note,
				   .advanced = kit_advanced };
	char path[SCRATCH_MAX], admin[SCRATCH_MAX];
	struct troth_api *api;
	struct troth_why why;

	assert(k != NULL);
	scratch_make(k->dir);
	scratch_path(path, k->dir, "db");
	scratch_path(admin, k->dir, "admin.token");
	must(troth_kv_open(&k->kv, path, &troth_central_schema, NULL, &why), &why);
	k->key = troth_sign_key_from_seed((const uint8_t[TROTH_SEED_LEN]){ 7 });
	k->signer = troth_signer_of(k->key);
	must(troth_ledger_open(&k->ledger, k->kv,
			       &(struct troth_ledger_config){ .origin = CENTRAL,
							      .signer = &k->signer,
							      .random = kit_random },
			       &why),
	     &why);
	must(troth_hub_open(&k->hub, k->ledger, &io, &why), &why);
	atomic_store(&k->clock_ms, troth_time_civil(2026, 11, 14, 10, 0, 0).ms);
	k->commands_last = &k->commands;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->came, NULL);
	k->engine = (struct troth_engine){ .ctx = k,
					   .kind = TROTH_NODE_CENTRAL,
					   .kv = k->kv,
					   .origin = CENTRAL,
					   .party = "",
					   .site = "hq",
					   .submit = kit_submit,
					   .ask = kit_ask,
					   .link = kit_link,
					   .now = kit_now,
					   .set_clock = kit_set_clock };
	c.engine = &k->engine;
	if (c.listen_count == 0) {
		c.listen_count = 1;
		c.listen[0].address = "127.0.0.1";
	}
	c.admin_token_file = admin;
	must(troth_api_open(&api, &c, &why), &why);
	atomic_store(&k->api, api);
	read_admin(k, admin);
	assert(pthread_create(&k->thread, NULL, core, k) == 0);
	troth_api_ready(api, true);
	return k;
}

void api_kit_stop(struct api_kit *k)
{
	struct troth_api *api = atomic_load(&k->api);

	troth_api_stop(api);
	(void)pthread_mutex_lock(&k->lock);
	k->stop = true;
	(void)pthread_cond_signal(&k->came);
	(void)pthread_mutex_unlock(&k->lock);
	(void)pthread_join(k->thread, NULL);
	troth_api_close(api);
	troth_hub_close(k->hub);
	troth_ledger_close(k->ledger);
	troth_kv_close(k->kv);
	troth_sign_key_free(k->key);
	(void)pthread_mutex_destroy(&k->lock);
	(void)pthread_cond_destroy(&k->came);
	scratch_remove(k->dir);
	free(k);
}

int api_kit_port(const struct api_kit *k)
{
	return troth_api_port(k->api, 0);
}

struct troth_api *api_kit_api(struct api_kit *k)
{
	return k->api;
}

const char *api_kit_admin(const struct api_kit *k)
{
	return k->admin;
}

void api_kit_token(struct api_kit *k, const char *name, const char *scopes,
		   char out[TROTH_TOKEN_TEXT])
{
	struct troth_why why;

	must(troth_api_make_token(k->kv, name, scopes, kit_now(k), out, &why), &why);
}

void api_kit_hold(struct api_kit *k, bool hold)
{
	(void)pthread_mutex_lock(&k->lock);
	k->hold = hold;
	(void)pthread_cond_signal(&k->came);
	(void)pthread_mutex_unlock(&k->lock);
}

struct troth_time api_kit_now(const struct api_kit *k)
{
	return (struct troth_time){ atomic_load(&k->clock_ms) };
}

/* ---- The client ---- */

int http_connect(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port) };
	struct timeval tv = { .tv_sec = 30 };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	assert(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

bool http_send(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

const char *http_header(const struct http_reply *r, const char *name)
{
	static _Thread_local char value[512];
	size_t len = strlen(name);

	for (const char *line = strchr(r->head, '\n'); line != NULL;
	     line = strchr(line + 1, '\n')) {
		const char *from = line + 1;

		if (strncasecmp(from, name, len) != 0 || from[len] != ':')
			continue;
		for (from += len + 1; *from == ' ';)
			from++;
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(from, "\r\n"),
			       from);
		return value;
	}
	return "";
}

void http_read(int fd, struct http_reply *r)
{
	size_t len = 0, want;
	char *end;

	*r = (struct http_reply){ 0 };
	/* Nobody pipelines here: what stands behind the head is of this body. */
	while ((end = strstr(r->head, "\r\n\r\n")) == NULL) {
		ssize_t n = recv(fd, r->head + len, sizeof(r->head) - 1 - len, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		r->head[len] = '\0';
	}
	end += 4;
	r->len = len - (size_t)(end - r->head);
	r->status = (int)strtol(r->head + 9, NULL, 10);
	want = strtoul(http_header(r, "content-length"), NULL, 10);
	if (want < r->len)
		want = r->len; /* An event stream has no length. */
	r->body = calloc(1, want + 1);
	assert(r->body != NULL);
	memcpy(r->body, end, r->len);
	*end = '\0';
	while (r->len < want) {
		ssize_t n = recv(fd, r->body + r->len, want - r->len, 0);

		if (n <= 0) {
			r->status = 0;
			return;
		}
		r->len += (size_t)n;
	}
	r->json = json_loadb(r->body, r->len, JSON_REJECT_DUPLICATES, NULL);
}

void http_do(int fd, const char *method, const char *path, const char *token,
	     const char *headers, const char *body, struct http_reply *r)
{
	size_t len = body != NULL ? strlen(body) : 0;
	char *text = NULL;
	int n;

	if (body != NULL)
		n = asprintf(&text,
			     "%s %s HTTP/1.1\r\nHost: t\r\n%s%s%s%sContent-Length: "
			     "%zu\r\n\r\n%s",
			     method, path, token != NULL ? "Authorization: Bearer " : "",
			     token != NULL ? token : "", token != NULL ? "\r\n" : "",
			     headers != NULL ? headers : "", len, body);
	else
		n = asprintf(&text, "%s %s HTTP/1.1\r\nHost: t\r\n%s%s%s%s\r\n", method,
			     path, token != NULL ? "Authorization: Bearer " : "",
			     token != NULL ? token : "", token != NULL ? "\r\n" : "",
			     headers != NULL ? headers : "");
	assert(n > 0);
	*r = (struct http_reply){ 0 };
	if (http_send(fd, text, (size_t)n))
		http_read(fd, r);
	free(text);
}

void http_reply_free(struct http_reply *r)
{
	free(r->body);
	json_decref(r->json);
	*r = (struct http_reply){ 0 };
}

int api_call(struct api_kit *k, const char *method, const char *path, const char *token,
	     const char *headers, const char *body, struct http_reply *r)
{
	static unsigned serial;
	char all[512];
	int fd = http_connect(api_kit_port(k));

	(void)snprintf(all, sizeof(all), "%s%s%u\r\n", headers != NULL ? headers : "",
		       headers != NULL && strcasestr(headers, "idempotency-key") != NULL
			       ? "X-Serial: "
			       : "Idempotency-Key: test-",
		       ++serial);
	http_do(fd, method, path, token, all, body, r);
	(void)close(fd);
	return r->status;
}

void api_kit_brand(struct api_kit *k)
{
	struct http_reply r;

	if (api_call(k, "POST", "/v1/parties", api_kit_admin(k), NULL,
		     "{\"party\":\"brand\",\"role\":\"brand\"}", &r) != 200)
		abort();
	http_reply_free(&r);
}
