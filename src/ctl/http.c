#include "troth/ctl/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_MAX 512

struct troth_http {
	char url[TROTH_HTTP_URL_MAX + 1];
	char authorization[TROTH_HTTP_TOKEN_MAX + 32]; /* Empty: none. */
	char *ca_file;
	long call_ms;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
};

enum troth_err troth_http_open(struct troth_http **out,
			       const struct troth_http_config *config,
			       struct troth_why *why)
{
	struct troth_http *h = NULL;
	enum troth_err err = TROTH_OK;
	size_t len = strlen(config->url);

	*out = NULL;
	if (len == 0 || len > TROTH_HTTP_URL_MAX ||
	    (strncmp(config->url, "http://", 7) != 0 &&
	     strncmp(config->url, "https://", 8) != 0))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: not a http:// or https:// URL", config->url);
	if (config->token != NULL && strlen(config->token) > TROTH_HTTP_TOKEN_MAX)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: the token is too long",
				  config->url);
	h = calloc(1, sizeof(*h));
	if (h != NULL)
		h->curl = curl_easy_init(); /* Initializes the library as well. */
	if (h == NULL || h->curl == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", config->url);
		goto out;
	}
	memcpy(h->url, config->url, len + 1);
	while (len > 0 && h->url[len - 1] == '/') /* Paths begin with theirs. */
		h->url[--len] = '\0';
	if (config->token != NULL)
		snprintf(h->authorization, sizeof(h->authorization),
			 "Authorization: Bearer %s", config->token);
	h->call_ms = config->call_ms > 0 ? config->call_ms : TROTH_HTTP_CALL_MS;
	if (config->ca_file != NULL) {
		h->ca_file = strdup(config->ca_file);
		if (h->ca_file == NULL) {
			err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", h->url);
			goto out;
		}
	}
	*out = h;
	h = NULL;
out:
	troth_http_close(h);
	return err;
}

void troth_http_close(struct troth_http *h)
{
	if (h == NULL)
		return;
	if (h->curl != NULL)
		curl_easy_cleanup(h->curl);
	explicit_bzero(h->authorization, sizeof(h->authorization));
	free(h->ca_file);
	free(h);
}

const char *troth_http_url(const struct troth_http *h)
{
	return h->url;
}

void troth_http_reply_fini(struct troth_http_reply *r)
{
	troth_buf_fini(&r->body);
	json_decref(r->json);
	*r = (struct troth_http_reply){ 0 };
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct troth_http_reply *r = ctx;

	if (size * n > TROTH_HTTP_REPLY_MAX - r->body.len)
		return 0;
	troth_buf_put(&r->body, data, size * n);
	return r->body.failed ? 0 : size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct troth_http_reply *r = ctx;
	size_t len = size * n, value;

	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (len > 5 && strncasecmp(data, "etag:", 5) == 0) {
		for (value = 5; value < len && data[value] == ' ';)
			value++;
		if (len - value < sizeof(r->etag)) {
			memcpy(r->etag, data + value, len - value);
			r->etag[len - value] = '\0';
		}
	}
	if (len > 12 && len < 24 && strncasecmp(data, "retry-after:", 12) == 0) {
		char text[24] = "";

		memcpy(text, data + 12, len - 12);
		r->retry_after_s = strtol(text, NULL, 10);
	}
	return size * n;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[HEADER_MAX];
	struct curl_slist *more;

	if (value == NULL)
		return true;
	if ((size_t)snprintf(line, sizeof(line), "%s: %s", name, value) >= sizeof(line))
		return false;
	more = curl_slist_append(*list, line);
	if (more != NULL)
		*list = more;
	return more != NULL;
}

/* The headers of a call; NULL: one of them is too long, or there is no memory. */
static struct curl_slist *headers(const struct troth_http *h,
				  const struct troth_http_call *call)
{
	/* Without the empty Expect, curl waits for a 100 before each larger body. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;
	bool ok = list != NULL &&
		  add_header(&list, "Content-Type",
			     call->body.len > 0 ? "application/json" : NULL) &&
		  add_header(&list, "Idempotency-Key", call->key) &&
		  add_header(&list, "If-Match", call->etag);

	if (ok && h->authorization[0] != '\0') {
		more = curl_slist_append(list, h->authorization);
		ok = more != NULL;
	}
	if (!ok) {
		curl_slist_free_all(list);
		list = NULL;
	}
	return list;
}

static void prepare(struct troth_http *h, const struct troth_http_call *call,
		    const char *url, struct curl_slist *list,
		    struct troth_http_reply *reply)
{
	CURL *c = h->curl;

	curl_easy_reset(c); /* Keeps the connection. */
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, h->call_ms);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	if (h->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, reply);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, reply);
	if (strcmp(call->method, "POST") == 0) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)call->body.len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS,
				 call->body.len > 0 ? (const char *)call->body.data : "");
	}
	h->error[0] = '\0';
	troth_buf_reset(&reply->body);
	json_decref(reply->json);
	reply->json = NULL;
	reply->status = 0;
	reply->etag[0] = '\0';
	reply->retry_after_s = -1;
}

enum troth_err troth_http_call(struct troth_http *h, const struct troth_http_call *call,
			       struct troth_http_reply *reply, struct troth_why *why)
{
	char url[2 * TROTH_HTTP_URL_MAX + 2];
	struct curl_slist *list = NULL;
	enum troth_err err = TROTH_OK;
	const char *type = NULL;
	CURLcode code;

	if ((size_t)snprintf(url, sizeof(url), "%s%s", h->url, call->path) >= sizeof(url))
		return troth_fail(why, TROTH_ERR_INPUT, "%s: the path is too long",
				  h->url);
	list = headers(h, call);
	if (list == NULL)
		return troth_fail(why, TROTH_ERR_INPUT, "%s: a header is too long",
				  h->url);
	prepare(h, call, url, list, reply);
	code = curl_easy_perform(h->curl);
	if (code == CURLE_WRITE_ERROR) {
		err = troth_fail(why, TROTH_ERR_LIMIT, "%s: the reply is too large", url);
	} else if (code != CURLE_OK) {
		err = troth_fail(why, TROTH_ERR_AGAIN, "%s: %s", h->url,
				 h->error[0] != '\0' ? h->error
						     : curl_easy_strerror(code));
	} else {
		curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &reply->status);
		curl_easy_getinfo(h->curl, CURLINFO_CONTENT_TYPE, &type);
		if (type != NULL && strstr(type, "json") != NULL &&
		    (!call->raw || reply->status >= 300))
			reply->json = json_loadb((const char *)reply->body.data,
						 reply->body.len, JSON_REJECT_DUPLICATES,
						 NULL);
	}
	curl_slist_free_all(list);
	return err;
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

void troth_http_problem(const json_t *json, long status, char *out, size_t size)
{
	const char *title = text_of(json, "title"), *detail = text_of(json, "detail");
	const char *field = text_of(json, "field");

	if (title[0] == '\0')
		snprintf(out, size, "answered with status %ld", status);
	else
		snprintf(out, size, "%s%s%s%s%s", title, field[0] != '\0' ? ": " : "",
			 field, detail[0] != '\0' ? ": " : "", detail);
}

enum troth_err troth_http_want(struct troth_http *h, const struct troth_http_call *call,
			       struct troth_http_reply *reply, struct troth_why *why)
{
	enum troth_err err = troth_http_call(h, call, reply, why);
	char problem[TROTH_WHY_MAX];

	if (err != TROTH_OK || reply->status < 300)
		return err;
	troth_http_problem(reply->json, reply->status, problem, sizeof(problem));
	if (reply->status == 429 || reply->status == 503 || reply->status == 504)
		err = TROTH_ERR_AGAIN;
	else
		err = reply->status == 404 ? TROTH_ERR_NOTFOUND : TROTH_ERR_INPUT;
	return troth_fail(why, err, "%s%s: %s", h->url, call->path, problem);
}

enum troth_err troth_http_token(char out[TROTH_HTTP_TOKEN_MAX + 1], const char *path,
				struct troth_why *why)
{
	FILE *f = fopen(path, "re");
	char line[TROTH_HTTP_TOKEN_MAX + 3] = "";
	size_t len;

	out[0] = '\0';
	if (f == NULL)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	len = strcspn(line, "\r\n");
	line[len] = '\0';
	if (len > 0 && len <= TROTH_HTTP_TOKEN_MAX)
		memcpy(out, line, len + 1);
	explicit_bzero(line, sizeof(line));
	return out[0] != '\0'
		       ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_INPUT, "%s: holds no token", path);
}
