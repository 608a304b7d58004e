/*
 * The event stream: in order, resumed, filtered; slow readers hold nothing up.
 */
#include "api_kit.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define STALL_MS 400
#define PATIENCE 20000 /* ms that a test waits for what must come. */

struct world {
	struct api_kit *kit;
	char agent[TROTH_TOKEN_TEXT], reader[TROTH_TOKEN_TEXT],
		importer[TROTH_TOKEN_TEXT];
};

static const char order_body[] =
	"{\"customer\":\"c-1\",\"seller\":\"brand\",\"personal\":"
	"{\"customer_name\":\"Ann\"}}";

static void post(struct world *w, const char *path, const char *token, const char *body)
{
	struct http_reply r;
	int status = api_call(w->kit, "POST", path, token, NULL, body, &r);

	if (status != 200 && status != 201)
		fail_msg("%s: %d %s", path, status, r.body);
	http_reply_free(&r);
}

static int start(void **state)
{
	struct troth_api_config c = { .stall_ms = STALL_MS };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = api_kit_start(&c);
	api_kit_token(w->kit, "ann", "agent", w->agent);
	api_kit_token(w->kit, "rita", "read", w->reader);
	api_kit_token(w->kit, "import", "integration", w->importer);
	post(w, "/v1/parties", api_kit_admin(w->kit),
	     "{\"party\":\"brand\",\"role\":\"brand\"}"); /* Number 1. */
	*state = w;
	return 0;
}

static int stop(void **state)
{
	struct world *w = *state;

	api_kit_stop(w->kit);
	free(w);
	return 0;
}

/* A reader of the stream, with what it has read so far. */
struct reader {
	int fd;
	char text[65536];
	size_t len;
};

static void subscribe(struct world *w, struct reader *r, const char *path,
		      const char *token, const char *headers)
{
	char text[1024];
	int n = snprintf(
		text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer %s\r\n%s\r\n", path,
		token, headers);

	r->len = 0;
	r->text[0] = '\0';
	r->fd = http_connect(api_kit_port(w->kit));
	assert_true(http_send(r->fd, text, (size_t)n));
}

/* Reads until `what` has come; false if the stream ends or nothing more comes. */
static bool read_until(struct reader *r, const char *what)
{
	while (strstr(r->text, what) == NULL) {
		struct pollfd p = { .fd = r->fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, PATIENCE) != 1 || r->len + 1 >= sizeof(r->text))
			return false;
		n = recv(r->fd, r->text + r->len, sizeof(r->text) - 1 - r->len, 0);
		if (n <= 0)
			return false;
		r->len += (size_t)n;
		r->text[r->len] = '\0';
	}
	return true;
}

static void entries_come_in_order_from_where_the_reader_was(void **state)
{
	struct world *w = *state;
	struct reader r;
	const char *a, *b;

	subscribe(w, &r, "/v1/events?after=0", w->agent, "");
	assert_true(read_until(&r, "id: 1\nevent: party_added\ndata: {"));
	assert_non_null(strstr(r.text, "text/event-stream"));
	assert_non_null(strstr(r.text, "retry: "));
	post(w, "/v1/orders", w->agent, order_body);
	post(w, "/v1/orders", w->agent, order_body);
	assert_true(read_until(&r, "id: 3\n"));
	a = strstr(r.text, "id: 2\nevent: order_placed\n");
	b = strstr(r.text, "id: 3\nevent: order_placed\n");
	assert_true(a != NULL && b != NULL && a < b);
	assert_non_null(strstr(r.text, "\"customer_name\":\"Ann\""));
	(void)close(r.fd);

	subscribe(w, &r, "/v1/events", w->agent, "Last-Event-ID: 2\r\n");
	assert_true(read_until(&r, "id: 3\n"));
	assert_null(strstr(r.text, "id: 2\n"));
	(void)close(r.fd);
}

static void without_a_place_the_stream_begins_with_what_comes_next(void **state)
{
	struct world *w = *state;
	struct reader r;

	post(w, "/v1/orders", w->agent, order_body);
	subscribe(w, &r, "/v1/events", w->agent, "");
	assert_true(read_until(&r, "retry: "));
	post(w, "/v1/orders", w->agent, order_body);
	assert_true(read_until(&r, "id: 3\n"));
	assert_null(strstr(r.text, "id: 2\n"));
	(void)close(r.fd);
}

static void filters_leave_out_what_was_not_asked_for(void **state)
{
	struct world *w = *state;
	struct reader r;

	post(w, "/v1/orders", w->agent, order_body);
	post(w, "/v1/cases", w->agent, "{\"customer\":\"c\",\"reason\":\"r\"}");
	subscribe(w, &r, "/v1/events?after=0&type=case_opened", w->agent, "");
	assert_true(read_until(&r, "id: 3\n"));
	assert_null(strstr(r.text, "id: 2\n"));
	(void)close(r.fd);
	subscribe(w, &r, "/v1/events?after=0&party=brand", w->agent, "");
	assert_true(read_until(&r, "id: 3\n"));
	assert_non_null(strstr(r.text, "id: 2\n"));
	(void)close(r.fd);
	subscribe(w, &r, "/v1/events?after=0&party=other", w->agent, "");
	post(w, "/v1/orders", w->agent, order_body);
	assert_true(read_until(&r, "retry: "));
	assert_null(strstr(r.text, "id: "));
	(void)close(r.fd);
}

static void who_may_only_read_sees_no_personal_field(void **state)
{
	struct world *w = *state;
	struct reader r;

	post(w, "/v1/orders", w->agent, order_body);
	subscribe(w, &r, "/v1/events?after=0", w->reader, "");
	assert_true(read_until(&r, "id: 2\n"));
	assert_true(read_until(&r, "\"payload\""));
	assert_null(strstr(r.text, "Ann"));
	(void)close(r.fd);
}

static void whose_token_is_revoked_reads_nothing_more(void **state)
{
	struct world *w = *state;
	struct reader r, other;

	subscribe(w, &r, "/v1/events", w->agent, "");
	assert_true(read_until(&r, "retry: "));
	subscribe(w, &other, "/v1/events", w->importer, "");
	assert_true(read_until(&other, "retry: "));
	post(w, "/v1/orders", w->agent, order_body);
	assert_true(read_until(&r, "id: 2\n"));
	post(w, "/v1/tokens/revoke", api_kit_admin(w->kit), "{\"name\":\"ann\"}");
	post(w, "/v1/orders", w->importer, order_body);
	assert_true(read_until(&other, "id: 3\n"));
	assert_false(read_until(&r, "id: 3\n")); /* Its end comes instead. */
	assert_int_equal(recv(r.fd, &(char){ 0 }, 1, MSG_DONTWAIT), 0);
	(void)close(r.fd);
	(void)close(other.fd);
}

static void a_place_or_filter_that_is_none_is_refused(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {
		"/v1/events?after=-1",      "/v1/events?after=x",
		"/v1/events?after=1x",      "/v1/events?after=18446744073709551615",
		"/v1/events?subject=ord_1", "/v1/events?colour=red",
	};
	struct http_reply r;

	for (unsigned i = 0; i < TROTH_LEN(bad); i++) {
		if (api_call(w->kit, "GET", bad[i], w->agent, NULL, NULL, &r) != 400)
			fail_msg("%s: %d", bad[i], r.status);
		http_reply_free(&r);
	}
	assert_int_equal(api_call(w->kit, "GET", "/v1/events", NULL, NULL, NULL, &r),
			 401);
	http_reply_free(&r);
}

/* Orders with many lines: some 4 kB of stream each. */
static void post_much(struct world *w, unsigned batches)
{
	struct troth_buf b = TROTH_BUF_INIT;

	for (unsigned k = 0; k < batches; k++) {
		troth_buf_reset(&b);
		troth_buf_put_str(&b, "{\"requests\":[");
		for (unsigned i = 0; i < 500; i++) {
			troth_buf_printf(&b,
					 "%s{\"path\":\"/v1/orders\",\"idempotency_key\":"
					 "\"m%u-%u\",\"body\":{\"customer\":\"c\","
					 "\"seller\":\"brand\",\"lines\":[",
					 i == 0 ? "" : ",", k, i);
			for (unsigned n = 0; n < 64; n++)
				troth_buf_printf(&b,
						 "%s{\"sku\":\"a-long-name-of-an-article-"
						 "number-%u\",\"quantity\":1}",
						 n == 0 ? "" : ",", n);
			troth_buf_put_str(&b, "]}}");
		}
		troth_buf_put_str(&b, "]}");
		troth_buf_put_u8(&b, '\0');
		post(w, "/v1/batch", w->importer, (char *)b.data);
	}
	troth_buf_fini(&b);
}

static bool metric_is(struct world *w, const char *line)
{
	struct http_reply r;
	bool found;

	assert_int_equal(api_call(w->kit, "GET", "/metrics", w->reader, NULL, NULL, &r),
			 200);
	found = strstr(r.body, line) != NULL;
	http_reply_free(&r);
	return found;
}

static void a_reader_that_takes_nothing_is_cut_off_and_others_go_on(void **state)
{
	struct world *w = *state;
	struct reader *good = calloc(1, sizeof(*good));
	struct reader *slow = calloc(1, sizeof(*slow));
	char last[32];
	int small = 4096;

	assert_true(good != NULL && slow != NULL);
	post_much(w, 6);
	(void)snprintf(last, sizeof(last), "id: %u\n", 1 + 6 * 500);
	subscribe(w, slow, "/v1/events?after=0", w->agent, "");
	(void)setsockopt(slow->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	subscribe(w, good, "/v1/events?after=2990", w->agent, "");
	if (!read_until(good, last))
		fail_msg("%zu bytes, %.300s", good->len, good->text);
	/* Its socket is full, so it cannot see the end; the server tells. */
	for (time_t end = time(NULL) + PATIENCE / 1000;
	     !metric_is(w, "\ntroth_event_readers_cut_off_total 1\n");)
		assert_true(time(NULL) < end);
	assert_true(metric_is(w, "\ntroth_event_readers 1\n"));
	good->len = 0;
	good->text[0] = '\0';
	post(w, "/v1/orders", w->agent, order_body);
	assert_true(read_until(good, "id: 3002\n"));
	(void)close(good->fd);
	(void)close(slow->fd);
	free(good);
	free(slow);
}

static void many_readers_all_get_what_is_new(void **state)
{
	enum { READERS = 200 };
	struct world *w = *state;
	struct reader *all = calloc(READERS, sizeof(*all));

	assert_non_null(all);
	for (unsigned i = 0; i < READERS; i++) {
		subscribe(w, &all[i], "/v1/events", w->agent, "");
		assert_true(read_until(&all[i], "retry: "));
	}
	post(w, "/v1/orders", w->agent, order_body);
	for (unsigned i = 0; i < READERS; i++) {
		assert_true(read_until(&all[i], "id: 2\nevent: order_placed\n"));
		(void)close(all[i].fd);
	}
	free(all);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(entries_come_in_order_from_where_the_reader_was),
		T(without_a_place_the_stream_begins_with_what_comes_next),
		T(filters_leave_out_what_was_not_asked_for),
		T(who_may_only_read_sees_no_personal_field),
		T(whose_token_is_revoked_reads_nothing_more),
		T(a_place_or_filter_that_is_none_is_refused),
		T(a_reader_that_takes_nothing_is_cut_off_and_others_go_on),
		T(many_readers_all_get_what_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
