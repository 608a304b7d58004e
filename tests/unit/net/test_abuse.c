#include "net_kit.h"

#include <dirent.h>
#include <sys/resource.h>

/* How many files this process has open. */
/* Sockets that this process holds; nng lets go of its own a little later than we do. */
static unsigned open_sockets(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");
	char target[64];

	assert_non_null(dir);
	for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, target, sizeof(target));

		count += n > 7 && memcmp(target, "socket:", 7) == 0;
	}
	(void)closedir(dir);
	return count;
}

/* The bytes of a ClientHello. */
static struct troth_buf client_hello(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem());
	BIO *out = BIO_new(BIO_s_mem());
	struct troth_buf hello = TROTH_BUF_INIT;
	size_t len;

	SSL_set_bio(ssl, in, out);
	assert_int_not_equal(SSL_connect(ssl), 1);
	len = BIO_ctrl_pending(out);
	assert_int_equal(BIO_read(out, troth_buf_grow(&hello, len), (int)len), len);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return hello;
}

static void say(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static void a_site_gets_an_answer(struct hub *hub, const struct troth_bus_limits *limits)
{
	struct site site = { 0 };

	site_open(&site, limits, troth_server_port(hub->server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	(void)site_ask(&site, 10, 'a');
	WAIT_FOR(site.replies == 1);
	site_close(&site);
}

static void five_hundred_resets_in_the_handshake_do_not_stop_the_listener(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf hello = client_hello();
	struct hub hub = { 0 };

	(void)state;
	limits.handshakes_per_address = 1000;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 500; i++) {
		int fd = raw_connect(troth_server_port(hub.server));

		say(fd, hello.data, hello.len);
		raw_reset(fd);
	}
	a_site_gets_an_answer(&hub, &limits);
	hub_close(&hub);
	/* At most one line for each, and two for the site. */
	assert_true(hub.all_events <= 502);
	assert_int_equal(hub.events[TROTH_BUS_ACCEPTED], 1);
	troth_buf_fini(&hello);
}

/* Brings a raw peer into a phase and makes it vanish there. */
static void vanish(uint16_t port, const struct troth_buf *hello, int phase)
{
	struct raw raw;
	int fd;

	if (phase < 2) {
		fd = raw_connect(port);
		say(fd, hello->data, phase == 0 ? 0 : hello->len / 2);
		raw_reset(fd);
		return;
	}
	if (phase == 2) {
		raw_tls(&raw, raw_connect(port), kit_certs("gw-acme-s1"), false);
		assert_int_equal(SSL_connect(raw.ssl), 1);
	} else {
		raw_open(&raw, port, kit_certs("gw-acme-s1"));
	}
	if (phase == 4)
		raw_head(&raw, 100, 1);
	for (uint32_t i = 1; phase == 5 && i < 100; i++)
		raw_head(&raw, 0, i);
	raw_reset(raw.fd);
	raw.fd = -1;
	SSL_set_quiet_shutdown(raw.ssl, 1);
	raw_close(&raw);
}

static void peers_that_vanish_in_any_phase_leave_nothing_behind(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf hello = client_hello();
	struct hub hub = { .answer_len = 10000 };
	unsigned before = open_sockets();

	(void)state;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 150; i++)
		vanish(troth_server_port(hub.server), &hello, i % 6);
	a_site_gets_an_answer(&hub, &limits);
	WAIT_FOR(hub.closed == hub.opened);
	hub_close(&hub);
	WAIT_FOR(open_sockets() <= before);
	troth_buf_fini(&hello);
}

static void half_open_connections_are_swept(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf hello = client_hello();
	struct hub hub = { 0 };
	struct raw raw;
	int fds[20];

	(void)state;
	limits.handshake_ms = 300;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 20; i++) {
		fds[i] = raw_connect(troth_server_port(hub.server));
		say(fds[i], hello.data, i % 2 == 0 ? 0 : hello.len / 2);
	}
	/* Proven, but says no hello. */
	raw_tls(&raw, raw_connect(troth_server_port(hub.server)), kit_certs("gw-acme-s1"),
		false);
	assert_int_equal(SSL_connect(raw.ssl), 1);
	WAIT_FOR(hub.events[TROTH_BUS_HANDSHAKE_TIMEOUT] == 21);
	assert_int_equal(seen(&hub.all_events), 21);
	for (int i = 0; i < 20; i++) {
		assert_true(raw_is_closed(fds[i]));
		(void)close(fds[i]);
	}
	assert_true(raw_is_closed(raw.fd));
	raw_close(&raw);
	hub_close(&hub);
	troth_buf_fini(&hello);
}

static void garbage_before_tls_is_told_once(void **state)
{
	static const char zeros[100];
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	int fd;

	(void)state;
	hub_open(&hub, &limits, 0);
	fd = raw_connect(troth_server_port(hub.server));
	say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] == 1);
	assert_true(raw_is_closed(fd));
	(void)close(fd);
	fd = raw_connect(troth_server_port(hub.server));
	say(fd, zeros, sizeof(zeros));
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] == 2);
	assert_true(raw_is_closed(fd));
	(void)close(fd);
	a_site_gets_an_answer(&hub, &limits);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 4);
}

static void garbage_inside_tls_is_told_once(void **state)
{
	static const struct garbage {
		const char *bytes;
		int len;
		bool greeted; /* After a proper hello. */
	} garbage[] = {
		{ "GET / HTTP/1.1", 14, false },
		{ "\0SP\0\0\x31\0\0", 8, false }, /* Another protocol's hello. */
		{ "\0SP\0\0\x30\0\1", 8, false }, /* Reserved bits. */
		{ "\0\0\0\0\0\0\0\3\x80\0\0\1", 12, true },    /* No room for an id. */
		{ "\0\0\0\0\0\0\0\5\0\0\0\1x", 13, true },     /* A hop, not an id. */
		{ "\x80\0\0\0\0\0\0\5\x80\0\0\1x", 13, true }, /* 2^63 bytes. */
	};
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };

	(void)state;
	hub_open(&hub, &limits, 0);
	for (unsigned i = 0; i < TROTH_LEN(garbage); i++) {
		struct raw raw;

		if (garbage[i].greeted) {
			raw_open(&raw, troth_server_port(hub.server),
				 kit_certs("gw-acme-s1"));
		} else {
			raw_tls(&raw, raw_connect(troth_server_port(hub.server)),
				kit_certs("gw-acme-s1"), false);
			assert_int_equal(SSL_connect(raw.ssl), 1);
		}
		assert_int_equal(SSL_write(raw.ssl, garbage[i].bytes, garbage[i].len),
				 garbage[i].len);
		WAIT_FOR(hub.events[TROTH_BUS_MALFORMED] +
				 hub.events[TROTH_BUS_OVERSIZE] ==
			 i + 1);
		assert_true(raw_is_closed(raw.fd));
		raw_close(&raw);
	}
	assert_int_equal(hub.events[TROTH_BUS_OVERSIZE], 1);
	assert_int_equal(seen(&hub.requests), 0);
	a_site_gets_an_answer(&hub, &limits);
	hub_close(&hub);
}

static void a_record_that_was_tampered_with_closes_the_connection(void **state)
{
	static const char record[] =
		"\x17\x03\x03\0\x20 a record of nobody's key..........";
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct raw raw;

	(void)state;
	hub_open(&hub, &limits, 0);
	raw_open(&raw, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	say(raw.fd, record, 37);
	WAIT_FOR(hub.events[TROTH_BUS_MALFORMED] == 1);
	assert_true(raw_is_closed(raw.fd));
	raw_close(&raw);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 2);
}

static void a_message_that_stops_half_way_is_swept(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct raw head, body;

	(void)state;
	limits.stall_ms = 300;
	hub_open(&hub, &limits, 0);
	raw_open(&head, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	assert_int_equal(SSL_write(head.ssl, "\0\0\0", 3), 3);
	raw_open(&body, troth_server_port(hub.server), kit_certs("gw-acme-s2"));
	raw_head(&body, 1000, 1);
	assert_int_equal(SSL_write(body.ssl, "abc", 3), 3);
	WAIT_FOR(hub.events[TROTH_BUS_HALF_MESSAGE] == 2);
	assert_true(raw_is_closed(head.fd));
	assert_true(raw_is_closed(body.fd));
	raw_close(&head);
	raw_close(&body);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 4);
}

/* A peer that is up and hardly buffers what it does not read. */
static void open_narrow(struct raw *raw, uint16_t port)
{
	int narrow = 4096;
	char hello[8];

	raw_tls(raw, raw_connect(port), kit_certs("gw-acme-s1"), false);
	(void)setsockopt(raw->fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof(narrow));
	assert_int_equal(SSL_connect(raw->ssl), 1);
	assert_int_equal(SSL_write(raw->ssl, "\0SP\0\0\x30\0\0", 8), 8);
	assert_int_equal(SSL_read(raw->ssl, hello, 8), 8);
}

static void a_reader_too_slow_for_its_queue_is_cut(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { .answer_len = 65536 };
	struct raw raw;

	(void)state;
	limits.message_max = 65536;
	limits.queue_max = 1 << 20;
	hub_open(&hub, &limits, 0);
	open_narrow(&raw, troth_server_port(hub.server));
	/* One at a time, so that each answer is queued before the next request. */
	while (seen(&hub.events[TROTH_BUS_SLOW_PEER]) == 0) {
		unsigned before = seen(&hub.requests);

		if (SSL_write(raw.ssl, "\0\0\0\0\0\0\0\4\x80\0\0\1", 12) != 12)
			break;
		WAIT_FOR(hub.requests > before || hub.events[TROTH_BUS_SLOW_PEER] == 1);
	}
	WAIT_FOR(hub.events[TROTH_BUS_SLOW_PEER] == 1);
	/* What was buffered for it: the queue, one send, the kernel's. */
	print_message("  cut after %u answers of 64 KiB\n", seen(&hub.requests));
	assert_true(seen(&hub.requests) < 200);
	raw_close(&raw);
	a_site_gets_an_answer(&hub, &limits);
	hub_close(&hub);
}

static void a_reader_that_takes_nothing_is_cut(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { .answer_len = 4 << 20 };
	struct raw raw;

	(void)state;
	limits.stall_ms = 300;
	hub_open(&hub, &limits, 0);
	open_narrow(&raw, troth_server_port(hub.server));
	/* Together more than the kernel buffers, and less than queue_max. */
	for (uint32_t i = 1; i <= 3; i++)
		raw_head(&raw, 0, i);
	WAIT_FOR(hub.events[TROTH_BUS_SLOW_PEER] == 1);
	assert_string_equal(hub.why, "takes nothing");
	raw_close(&raw);
	hub_close(&hub);
}

static void connections_past_the_limit_are_turned_away(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct raw raw[3];
	int fd;

	(void)state;
	limits.connections_max = 3;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 3; i++)
		raw_open(&raw[i], troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	assert_int_equal(seen(&hub.events[TROTH_BUS_TOO_MANY]), 0);
	fd = raw_connect(troth_server_port(hub.server));
	WAIT_FOR(hub.events[TROTH_BUS_TOO_MANY] == 1);
	assert_true(raw_is_closed(fd));
	(void)close(fd);
	raw_close(&raw[0]);
	WAIT_FOR(hub.closed == 1);
	a_site_gets_an_answer(&hub, &limits);
	raw_close(&raw[1]);
	raw_close(&raw[2]);
	hub_close(&hub);
}

static void the_unproven_of_one_address_are_few(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	int fds[3];

	(void)state;
	limits.handshakes_per_address = 2;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 3; i++)
		fds[i] = raw_connect(troth_server_port(hub.server));
	WAIT_FOR(hub.events[TROTH_BUS_TOO_MANY] == 1);
	assert_true(raw_is_closed(fds[2]));
	raw_reset(fds[0]);
	WAIT_FOR(hub.events[TROTH_BUS_CLOSED] == 1);
	a_site_gets_an_answer(&hub, &limits);
	(void)close(fds[1]);
	(void)close(fds[2]);
	hub_close(&hub);
}

static void handshakes_past_the_bound_wait_for_their_turn(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	uint64_t begin_ms;
	int fds[3];

	(void)state;
	limits.handshakes_max = 1;
	limits.handshake_ms = 200;
	hub_open(&hub, &limits, 0);
	begin_ms = kit_now_ms();
	for (int i = 0; i < 3; i++)
		fds[i] = raw_connect(troth_server_port(hub.server));
	limits.handshake_ms = 5000;
	a_site_gets_an_answer(&hub, &limits);
	WAIT_FOR(hub.events[TROTH_BUS_HANDSHAKE_TIMEOUT] == 3);
	/* One after the other. */
	assert_true(kit_now_ms() - begin_ms >= 600);
	assert_int_equal(seen(&hub.events[TROTH_BUS_TOO_MANY]), 0);
	for (int i = 0; i < 3; i++)
		(void)close(fds[i]);
	hub_close(&hub);
}

static void running_out_of_files_makes_newcomers_wait_and_no_more(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rlimit full, none;
	struct hub hub = { 0 };
	struct site site = { 0 };
	int fd;

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &full), 0);
	none = full;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	to.sin_port = htons(troth_server_port(hub.server));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	WAIT_FOR(hub.events[TROTH_BUS_TOO_MANY] >= 1);
	/* Those who are in do not notice. */
	(void)site_ask(&site, 10, 'a');
	WAIT_FOR(site.replies == 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &full), 0);
	say(fd, "let me in", 9);
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] == 1);
	(void)close(fd);
	site_close(&site);
	hub_close(&hub);
	assert_int_equal(site.ups, 1);
}

static void a_false_central_that_misbehaves_is_left(void **state)
{
	static const enum troth_bus_event want[] = { TROTH_BUS_CLOSED,
						     TROTH_BUS_TLS_REFUSED,
						     TROTH_BUS_HANDSHAKE_TIMEOUT };
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct troth_bus_limits limits = troth_bus_limits();
	socklen_t len = sizeof(at);
	struct site site = { 0 };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = -1;

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	limits.handshake_ms = 300;
	limits.reconnect_min_ms = 10;
	limits.reconnect_max_ms = 20;
	site_open(&site, &limits, ntohs(at.sin_port), kit_certs("gw-acme-s1"));
	for (unsigned i = 0; i < TROTH_LEN(want); i++) {
		fd = accept(listener, NULL, NULL);
		assert_true(fd >= 0);
		if (want[i] == TROTH_BUS_CLOSED)
			raw_reset(fd);
		else if (want[i] == TROTH_BUS_TLS_REFUSED)
			say(fd, "220 mail.example ESMTP\r\n", 24);
		WAIT_FOR(site.downs == i + 1);
		/* A reset may come before the dial is over. */
		if (seen(&site.events[TROTH_BUS_UNREACHABLE]) == 0 || i > 0)
			assert_int_equal(seen(&site.events[want[i]]), 1);
		if (want[i] != TROTH_BUS_CLOSED)
			(void)close(fd);
	}
	site_close(&site);
	assert_int_equal(site.ups, 0);
	(void)close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			five_hundred_resets_in_the_handshake_do_not_stop_the_listener),
		cmocka_unit_test(peers_that_vanish_in_any_phase_leave_nothing_behind),
		cmocka_unit_test(half_open_connections_are_swept),
		cmocka_unit_test(garbage_before_tls_is_told_once),
		cmocka_unit_test(garbage_inside_tls_is_told_once),
		cmocka_unit_test(a_record_that_was_tampered_with_closes_the_connection),
		cmocka_unit_test(a_message_that_stops_half_way_is_swept),
		cmocka_unit_test(a_reader_too_slow_for_its_queue_is_cut),
		cmocka_unit_test(a_reader_that_takes_nothing_is_cut),
		cmocka_unit_test(connections_past_the_limit_are_turned_away),
		cmocka_unit_test(the_unproven_of_one_address_are_few),
		cmocka_unit_test(handshakes_past_the_bound_wait_for_their_turn),
		cmocka_unit_test(running_out_of_files_makes_newcomers_wait_and_no_more),
		cmocka_unit_test(a_false_central_that_misbehaves_is_left),
	};

	return cmocka_run_group_tests(tests, kit_up, kit_down);
}
