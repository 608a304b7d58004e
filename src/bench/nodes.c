#include "nodes.h"

#include "troth/base/text.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 2

static const struct troth_federation_party parties[] = {
	{ "brand", "brand", "The Brand", NULL },
	{ "shop", "seller", "Web Shop", NULL },
	{ "swift", "carrier", "Swift Parcels", NULL },
};

static const struct troth_federation_site sites[] = {
	{ "shop", "a" },
	{ "swift", "b" },
};

static enum troth_err open_http(const struct troth_federation *f, unsigned node,
				struct troth_http **out, struct troth_why *why)
{
	struct troth_http_config c = { .url = troth_federation_url(f, node),
				       .token = troth_federation_token(f, node) };

	return troth_http_open(out, &c, why);
}

enum troth_err nodes_open(struct nodes *n, const struct bench *b, struct troth_why *why)
{
	char dir[512];
	struct troth_federation_spec spec = {
		.domain = "bench.test",
		.dir = dir,
		.settings = "log_level = \"warn\";\napi_requests_per_s = 1000000;\n",
		.party_count = TROTH_LEN(parties),
		.site_count = TROTH_LEN(sites),
		.parties = parties,
		.sites = sites,
	};
	enum troth_err err;

	*n = (struct nodes){ 0 };
	(void)snprintf(dir, sizeof(dir), "%s/nodes", b->dir);
	err = troth_federation_open(&n->federation, &spec, why);
	if (err == TROTH_OK)
		err = open_http(n->federation, NODE_A, &n->a, why);
	if (err == TROTH_OK)
		err = open_http(n->federation, NODE_B, &n->b, why);
	return err;
}

void nodes_close(struct nodes *n)
{
	troth_http_close(n->a);
	troth_http_close(n->b);
	if (n->federation != NULL)
		troth_federation_close(n->federation);
	free(n->orders);
	*n = (struct nodes){ 0 };
}

int64_t nodes_status(struct troth_http *h, const char *name, struct troth_why *why)
{
	struct troth_http_call call = { .method = "GET", .path = "/v1/status" };
	struct troth_http_reply r = { 0 };
	int64_t value = -1;

	if (troth_http_want(h, &call, &r, why) == TROTH_OK) {
		const json_t *v = json_object_get(r.json, name);

		if (v == NULL)
			v = json_object_get(json_object_get(r.json, "link"), name);
		if (json_is_integer(v))
			value = json_integer_value(v);
		else if (json_is_boolean(v))
			value = json_is_true(v);
	}
	troth_http_reply_fini(&r);
	return value;
}

enum troth_err nodes_await(struct nodes *n, int64_t len, double seconds,
			   struct troth_why *why)
{
	double until = bench_now() + seconds;

	while (nodes_status(n->b, "stream_len", why) < len) {
		if (bench_now() > until)
			return troth_fail(why, TROTH_ERR_AGAIN,
					  "gateway B has not got %" PRId64
					  " entries in %.0f s",
					  len, seconds);
		(void)poll(NULL, 0, POLL_MS);
	}
	return TROTH_OK;
}

/* The load must not cost what is measured: the reply is searched, not parsed. */
enum troth_err nodes_send(struct troth_http *h, struct troth_span batch,
			  struct troth_why *why)
{
	static const char status[] = "{\"status\":";
	struct troth_http_call call = {
		.method = "POST", .path = "/v1/batch", .body = batch, .raw = true
	};
	struct troth_http_reply r = { 0 };
	enum troth_err err = troth_http_want(h, &call, &r, why);
	const uint8_t *at = r.body.data, *end = at + r.body.len;

	for (size_t i = 0; err == TROTH_OK; i++) {
		at = memmem(at, (size_t)(end - at), status, strlen(status));
		if (at == NULL && i == 0)
			err = troth_fail(why, TROTH_ERR_INPUT, "a batch has no answers");
		if (at == NULL)
			break;
		at += strlen(status);
		if (at < end && *at != '2')
			err = troth_fail(
				why, TROTH_ERR_INPUT, "request %zu of a batch: %.*s", i,
				end - at < 200 ? (int)(end - at) : 200, (const char *)at);
	}
	troth_http_reply_fini(&r);
	return err;
}

static void order_request(struct nodes *n, struct troth_buf *out)
{
	troth_buf_printf(
		out,
		"{\"method\":\"POST\",\"path\":\"/v1/orders\",\"idempotency_key\":"
		"\"o-%012" PRIu64 "\",\"body\":{\"customer\":\"c-%" PRIu64
		"\",\"seller\":\"shop\",\"carrier\":\"swift\",\"currency\":\"EUR\","
		"\"lines\":[{\"sku\":\"TV-55\",\"quantity\":1,\"unit_price\":89900}]}}",
		n->keys, n->keys);
	n->keys++;
}

/* Places `count` orders in one batch and notes their ids. */
static enum troth_err place(struct nodes *n, size_t count, struct troth_why *why)
{
	struct troth_http_call call = { .method = "POST", .path = "/v1/batch" };
	struct troth_http_reply r = { 0 };
	struct troth_buf b = TROTH_BUF_INIT;
	enum troth_err err;
	json_t *one;
	size_t i;

	troth_buf_put_str(&b, "{\"requests\":[");
	for (i = 0; i < count; i++) {
		if (i > 0)
			troth_buf_put_u8(&b, ',');
		order_request(n, &b);
	}
	troth_buf_put_str(&b, "]}");
	call.body = troth_buf_span(&b);
	err = troth_http_want(n->a, &call, &r, why);
	json_array_foreach(json_object_get(r.json, "responses"), i, one)
	{
		const char *id = json_string_value(
			json_object_get(json_object_get(one, "body"), "id"));

		if (err == TROTH_OK && id == NULL)
			err = troth_fail(why, TROTH_ERR_INPUT, "an order was not placed");
		if (err == TROTH_OK)
			troth_text_copy(n->orders[n->order_count++], sizeof(n->orders[0]),
					id);
	}
	troth_http_reply_fini(&r);
	troth_buf_fini(&b);
	return err;
}

enum troth_err nodes_orders(struct nodes *n, size_t promises, struct troth_why *why)
{
	size_t need = (n->promised + promises) / PROMISES_PER_ORDER + 1;
	int64_t len = nodes_status(n->b, "stream_len", why);
	size_t before = n->order_count;
	char(*orders)[40] = realloc(n->orders, need * sizeof(*orders));
	enum troth_err err = TROTH_OK;

	if (orders == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for orders");
	n->orders = orders;
	while (err == TROTH_OK && n->order_count < need) {
		size_t count = need - n->order_count;

		err = place(n, count < BATCH_PROMISES ? count : BATCH_PROMISES, why);
	}
	if (err == TROTH_OK && n->order_count > before)
		err = nodes_await(n, len + (int64_t)(n->order_count - before), 60, why);
	return err;
}

const char *nodes_promise(struct nodes *n, struct troth_buf *body)
{
	const char *order = n->orders[n->promised / PROMISES_PER_ORDER];

	n->promised++;
	troth_buf_put_str(
		body,
		"{\"kind\":\"gift\",\"sku\":\"HDMI-2M\",\"quantity\":1,"
		"\"words\":\"You get an HDMI cable with it, free of charge.\","
		"\"language\":\"en\",\"due\":\"2099-01-01T12:00:00Z\","
		"\"reason\":\"late_delivery\",\"channel\":\"phone\","
		"\"commitments\":[{\"debtor\":\"swift\",\"action\":\"hand_over\"}]}");
	return order;
}

void nodes_batch(struct nodes *n, size_t count, struct troth_buf *out)
{
	struct troth_buf body = TROTH_BUF_INIT;

	troth_buf_put_str(out, "{\"requests\":[");
	for (size_t i = 0; i < count; i++) {
		troth_buf_reset(&body);

		const char *order = nodes_promise(n, &body);

		troth_buf_printf(
			out,
			"%s{\"method\":\"POST\",\"path\":\"/v1/orders/%s/promises\","
			"\"idempotency_key\":\"p-%012" PRIu64 "\",\"body\":",
			i > 0 ? "," : "", order, n->keys++);
		troth_buf_put_span(out, troth_buf_span(&body));
		troth_buf_put_u8(out, '}');
	}
	troth_buf_put_str(out, "]}");
	troth_buf_fini(&body);
}
