#include "net_kit.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void sixty_four_outstanding_requests_are_each_answered(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	WAIT_FOR(hub.opened == 1);
	assert_string_equal(site.peer, "spiffe://" KIT_DOMAIN "/central");
	assert_string_equal(hub.peer, "spiffe://" KIT_DOMAIN "/gw/acme/s1");
	for (unsigned round = 1; round <= 50; round++) {
		for (int i = 0; i < 64; i++)
			(void)site_ask(&site, 300, (uint8_t)i);
		WAIT_FOR(site.replies == round * 64);
		assert_int_equal(seen(&site.reply_bytes), 300);
	}
	site_close(&site);
	WAIT_FOR(hub.closed == 1);
	assert_int_equal(site.downs, 1);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 2);
	assert_int_equal(hub.events[TROTH_BUS_ACCEPTED], 1);
	assert_int_equal(hub.events[TROTH_BUS_CLOSED], 1);
}

static void payloads_of_all_sizes_come_back_as_they_went(void **state)
{
	static const size_t sizes[] = { 0,     1,     16371, 16372,   16373,
					16384, 40000, 65536, 1 << 20, 4 << 20 };
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	for (unsigned i = 0; i < TROTH_LEN(sizes); i++) {
		uint8_t mark = (uint8_t)('a' + i);
		uint32_t id = site_ask(&site, sizes[i], mark);

		WAIT_FOR(site.replies == i + 1);
		assert_int_equal(site.last_id, id);
		assert_int_equal(seen(&site.reply_bytes), sizes[i]);
		if (sizes[i] > 0) {
			assert_int_equal(site.first, mark);
			assert_int_equal(site.last, mark);
		}
	}
	site_close(&site);
	hub_close(&hub);
}

static void a_message_past_the_limit_costs_only_its_sender(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf big;
	struct hub hub = { 0 };
	struct site site = { 0 };
	struct raw raw;
	uint32_t id;

	(void)state;
	limits.message_max = 1000;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);

	(void)site_ask(&site, 1000, 'x');
	WAIT_FOR(site.replies == 1);
	assert_int_equal(seen(&site.reply_bytes), 1000);
	big = kit_payload(1001, 'x');
	assert_int_equal(troth_client_request(site.client, &big, &id), TROTH_ERR_LIMIT);
	assert_null(big.data);
	big = kit_payload(1001, 'x');
	assert_int_equal(troth_server_reply(hub.server, hub.conn, 1, &big),
			 TROTH_ERR_LIMIT);
	assert_null(big.data);

	raw_open(&raw, troth_server_port(hub.server), kit_certs("gw-acme-s2"));
	raw_head(&raw, 1001, 1);
	WAIT_FOR(hub.events[TROTH_BUS_OVERSIZE] == 1);
	assert_string_equal(hub.peer, "spiffe://" KIT_DOMAIN "/gw/acme/s2");
	assert_true(raw_is_closed(raw.fd));
	raw_close(&raw);

	(void)site_ask(&site, 10, 'y');
	WAIT_FOR(site.replies == 2);
	assert_int_equal(seen(&site.downs), 0);
	site_close(&site);
	hub_close(&hub);
}

static void more_unanswered_requests_than_agreed_are_refused(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf payload;
	struct hub hub = { .hold = true };
	struct site site = { 0 };
	uint32_t first, id;
	struct raw raw;

	(void)state;
	limits.requests_max = 3;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	first = site_ask(&site, 10, 'a');
	(void)site_ask(&site, 10, 'b');
	(void)site_ask(&site, 10, 'c');
	payload = kit_payload(10, 'd');
	assert_int_equal(troth_client_request(site.client, &payload, &id),
			 TROTH_ERR_LIMIT);
	WAIT_FOR(hub.requests == 3);
	payload = kit_payload(5, 'A');
	assert_int_equal(troth_server_reply(hub.server, hub.conn, first, &payload),
			 TROTH_OK);
	WAIT_FOR(site.replies == 1);
	assert_int_equal(site.last_id, first);
	(void)site_ask(&site, 10, 'd');
	WAIT_FOR(hub.requests == 4);
	assert_int_equal(hub.events[TROTH_BUS_TOO_MANY], 0);

	raw_open(&raw, troth_server_port(hub.server), kit_certs("gw-acme-s2"));
	for (uint32_t i = 1; i <= 4; i++)
		raw_head(&raw, 0, i);
	WAIT_FOR(hub.events[TROTH_BUS_TOO_MANY] == 1);
	assert_true(raw_is_closed(raw.fd));
	raw_close(&raw);
	assert_int_equal(seen(&hub.requests), 7);
	site_close(&site);
	hub_close(&hub);
}

static void many_answers_travel_with_one_call_and_stale_ones_go_nowhere(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_server_answer answers[200];
	uint32_t ids[100];
	struct hub hub = { .hold = true };
	struct site site = { 0 };

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	for (int i = 0; i < 100; i++)
		ids[i] = site_ask(&site, 10, 'q');
	WAIT_FOR(hub.requests == 100);
	for (uint64_t i = 0; i < 200; i++)
		answers[i] = (struct troth_server_answer){
			.conn = i % 2 == 0 ? hub.conn : hub.conn + (i << 32),
			.request = ids[i / 2],
			.payload = kit_payload(20, 'r'),
		};
	assert_int_equal(troth_server_reply_all(hub.server, answers, 200), TROTH_OK);
	for (int i = 0; i < 200; i++)
		assert_null(answers[i].payload.data);
	WAIT_FOR(site.replies == 100);
	assert_int_equal(seen(&site.downs), 0);
	site_close(&site);
	hub_close(&hub);
}

#define CROWD_ASKS 2000

static void *ask_many(void *arg)
{
	uint64_t end_ms = kit_now_ms() + KIT_BOUND_S * 1000;
	struct site *site = arg;

	for (unsigned asked = 0; asked < CROWD_ASKS && kit_now_ms() < end_ms;) {
		struct troth_buf payload = kit_payload(100 + asked % 500, 'm');
		uint32_t id;

		/* Refused while all ids are in use: the next answer frees one. */
		if (troth_client_request(site->client, &payload, &id) == TROTH_OK)
			asked++;
		else
			(void)sched_yield();
	}
	return NULL;
}

static void many_threads_ask_while_files_are_reloaded_and_others_come_and_go(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct site sites[2] = { 0 };
	struct hub hub = { 0 };
	pthread_t threads[4];
	struct troth_why why;

	(void)state;
	hub_open(&hub, &limits, 0);
	for (int i = 0; i < 2; i++) {
		site_open(&sites[i], &limits, troth_server_port(hub.server),
			  kit_certs(i == 0 ? "gw-acme-s1" : "gw-acme-s2"));
		WAIT_FOR(sites[i].ups == 1);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, ask_many, &sites[i / 2]), 0);
	for (int i = 0; i < 10; i++) {
		struct site guest = { 0 };

		assert_int_equal(troth_server_reload(hub.server, &why), TROTH_OK);
		site_open(&guest, &limits, troth_server_port(hub.server),
			  kit_certs("gw-acme-s1"));
		if (i % 2 == 0)
			WAIT_FOR(guest.ups == 1);
		assert_int_equal(troth_client_reload(sites[0].client, &why), TROTH_OK);
		site_close(&guest);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 2; i++) {
		WAIT_FOR(sites[i].replies == 2 * CROWD_ASKS);
		assert_int_equal(seen(&sites[i].downs), 0);
		site_close(&sites[i]);
	}
	hub_close(&hub);
}

static void an_answer_that_nobody_asked_for_costs_the_connection(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf payload = kit_payload(5, 'x');
	struct hub hub = { .hold = true };
	struct site site = { 0 };
	uint32_t id;

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(hub.opened == 1);
	WAIT_FOR(site.ups == 1);
	id = site_ask(&site, 10, 'a');
	assert_int_equal(troth_server_reply(hub.server, hub.conn, id + 1, &payload),
			 TROTH_OK);
	WAIT_FOR(site.events[TROTH_BUS_MALFORMED] == 1);
	WAIT_FOR(site.ups == 2);
	site_close(&site);
	hub_close(&hub);
}

static void a_client_is_back_within_a_second_of_a_restart(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_buf payload = kit_payload(10, 'x');
	struct hub hub = { 0 };
	struct site site = { 0 };
	uint16_t port;
	uint32_t id;

	(void)state;
	hub_open(&hub, &limits, 0);
	port = troth_server_port(hub.server);
	site_open(&site, &limits, port, kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	for (unsigned round = 1; round <= 3; round++) {
		uint64_t restarted_ms;

		hub_close(&hub);
		WAIT_FOR(site.downs >= round);
		hub_open(&hub, &limits, port);
		restarted_ms = kit_now_ms();
		WAIT_FOR(site.ups == round + 1);
		print_message("  back after %d ms\n",
			      (int)(site.up_at_ms - restarted_ms));
		assert_true(site.up_at_ms < restarted_ms + 1500);
		(void)site_ask(&site, 10, 'z');
		WAIT_FOR(site.replies == round);
	}
	hub_close(&hub);
	WAIT_FOR(site.downs >= 4);
	assert_int_equal(troth_client_request(site.client, &payload, &id),
			 TROTH_ERR_AGAIN);
	site_close(&site);
}

static void each_dial_that_fails_is_told_once_and_waits_grow(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };
	uint64_t begin_ms;
	uint16_t port;

	(void)state;
	limits.reconnect_min_ms = 40;
	limits.reconnect_max_ms = 160;
	/* A port that was just free: nobody listens there. */
	hub_open(&hub, &limits, 0);
	port = troth_server_port(hub.server);
	hub_close(&hub);
	begin_ms = kit_now_ms();
	site_open(&site, &limits, port, kit_certs("gw-acme-s1"));
	WAIT_FOR(site.downs == 5);
	/* At least half of 40 + 80 + 160 + 160. */
	assert_true(kit_now_ms() - begin_ms >= 220);
	assert_int_equal(seen(&site.events[TROTH_BUS_UNREACHABLE]), seen(&site.downs));
	site_close(&site);
}

static void a_connection_that_lasted_makes_waits_short_again(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };
	uint64_t down_ms;
	uint16_t port;

	(void)state;
	limits.reconnect_min_ms = 20;
	hub_open(&hub, &limits, 0);
	port = troth_server_port(hub.server);
	hub_close(&hub);
	site_open(&site, &limits, port, kit_certs("gw-acme-s1"));
	WAIT_FOR(site.downs == 6);
	hub_open(&hub, &limits, port);
	WAIT_FOR(site.ups == 1);
	for (unsigned n = 1; kit_now_ms() < site.up_at_ms + 100; n++) {
		(void)site_ask(&site, 10, 'a');
		WAIT_FOR(site.replies == n);
	}
	hub_close(&hub);
	down_ms = kit_now_ms();
	hub_open(&hub, &limits, port);
	WAIT_FOR(site.ups == 2);
	/* The next wait would have been 1,280 ms less up to half. */
	assert_true(site.up_at_ms < down_ms + 600);
	site_close(&site);
	hub_close(&hub);
}

static void heartbeats_keep_a_quiet_client_and_silence_does_not(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };
	struct raw raw;

	(void)state;
	limits.idle_ms = 600;
	limits.heartbeat_ms = 100;
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	WAIT_FOR(site.ups == 1);
	raw_open(&raw, troth_server_port(hub.server), kit_certs("gw-acme-s2"));
	WAIT_FOR(hub.events[TROTH_BUS_IDLE] == 1);
	assert_string_equal(hub.peer, "spiffe://" KIT_DOMAIN "/gw/acme/s2");
	assert_true(raw_is_closed(raw.fd));
	raw_close(&raw);
	/* The site has been silent for longer than that peer, but for heartbeats. */
	assert_int_equal(seen(&site.downs), 0);
	assert_int_equal(seen(&hub.requests), 0);
	site_close(&site);
	hub_close(&hub);
}

static void a_stock_nng_socket_behind_a_tls_forwarder_is_answered(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 }, other = { 0 };
	char listen[128], connect[1024], url[64];
	char program[] = "socat", *argv[] = { program, listen, connect, NULL };
	nng_socket req;
	uint16_t port;
	pid_t pid;
	int rc;

	(void)state;
	if (system("command -v socat >/dev/null") != 0) {
		print_message("skipped: socat is not installed\n");
		skip();
	}
	hub_open(&hub, &limits, 0);
	/* A port that was just free. */
	hub_open(&other, &limits, 0);
	port = troth_server_port(other.server);
	hub_close(&other);
	(void)snprintf(listen, sizeof(listen),
		       "TCP-LISTEN:%u,bind=127.0.0.1,reuseaddr,fork", port);
	(void)snprintf(connect, sizeof(connect),
		       "OPENSSL:127.0.0.1:%u,certificate=%s/tls.pem,key=%s/tls.key,"
		       "cafile=%s/root.pem,commonname=central.%s",
		       troth_server_port(hub.server), kit_certs("gw-acme-s1"),
		       kit_certs("gw-acme-s1"), kit_certs("gw-acme-s1"), KIT_DOMAIN);
	assert_int_equal(posix_spawnp(&pid, "socat", NULL, NULL, argv, environ), 0);
	assert_int_equal(nng_req0_open(&req), 0);
	assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, 10000), 0);
	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", port);
	/* socat needs a moment to listen; nng dials until it does. */
	assert_int_equal(nng_dial(req, url, NULL, NNG_FLAG_NONBLOCK), 0);
	for (size_t len = 1; len <= 100000; len *= 10) {
		struct troth_buf out = kit_payload(len, 'n');
		char *in = NULL;
		size_t in_len = 0;

		rc = nng_send(req, out.data, len, 0);
		assert_int_equal(rc, 0);
		rc = nng_recv(req, &in, &in_len, NNG_FLAG_ALLOC);
		assert_int_equal(rc, 0);
		assert_int_equal(in_len, len);
		assert_memory_equal(in, out.data, len);
		nng_free(in, in_len);
		troth_buf_fini(&out);
	}
	assert_int_equal(seen(&hub.requests), 6);
	(void)nng_close(req);
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
	hub_close(&hub);
	assert_string_equal(hub.peer, "spiffe://" KIT_DOMAIN "/gw/acme/s1");
}

static void a_configuration_that_cannot_work_is_refused_by_name(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct troth_server_config sc = { .listen = "tcp://127.0.0.1:0",
					  .certs_dir = kit_certs("central"),
					  .trust_domain = KIT_DOMAIN,
					  .limits = limits };
	struct troth_client_config cc = { .dial = "tcp://127.0.0.1:1",
					  .certs_dir = kit_certs("gw-acme-s1"),
					  .trust_domain = KIT_DOMAIN,
					  .limits = limits };
	struct troth_server *server;
	struct troth_client *client;
	struct troth_why why;

	(void)state;
	sc.limits.idle_ms = 0;
	assert_int_equal(troth_server_open(&server, &sc, &why), TROTH_ERR_INPUT);
	assert_non_null(strstr(why.text, "idle_ms"));
	assert_null(server);
	sc.limits = limits;
	sc.limits.queue_max = limits.message_max - 1;
	assert_int_equal(troth_server_open(&server, &sc, &why), TROTH_ERR_INPUT);
	assert_non_null(strstr(why.text, "queue_max"));
	sc.limits = limits;
	sc.listen = "ipc:///tmp/x";
	assert_int_equal(troth_server_open(&server, &sc, &why), TROTH_ERR_INPUT);
	assert_non_null(strstr(why.text, "ipc:///tmp/x"));
	sc.listen = "tcp://127.0.0.1:0";
	sc.certs_dir = kit_certs("gw-acme-s1");
	assert_int_equal(troth_server_open(&server, &sc, &why), TROTH_ERR_IDENTITY);
	assert_non_null(strstr(why.text, "tls.pem"));
	sc.certs_dir = kit_certs("nowhere");
	assert_int_not_equal(troth_server_open(&server, &sc, &why), TROTH_OK);
	assert_non_null(strstr(why.text, "nowhere"));
	cc.dial = "central:7443";
	assert_int_equal(troth_client_open(&client, &cc, &why), TROTH_ERR_INPUT);
	assert_null(client);
	troth_client_close(NULL);
	troth_server_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sixty_four_outstanding_requests_are_each_answered),
		cmocka_unit_test(payloads_of_all_sizes_come_back_as_they_went),
		cmocka_unit_test(a_message_past_the_limit_costs_only_its_sender),
		cmocka_unit_test(more_unanswered_requests_than_agreed_are_refused),
		cmocka_unit_test(
			many_answers_travel_with_one_call_and_stale_ones_go_nowhere),
		cmocka_unit_test(
			many_threads_ask_while_files_are_reloaded_and_others_come_and_go),
		cmocka_unit_test(an_answer_that_nobody_asked_for_costs_the_connection),
		cmocka_unit_test(a_client_is_back_within_a_second_of_a_restart),
		cmocka_unit_test(each_dial_that_fails_is_told_once_and_waits_grow),
		cmocka_unit_test(a_connection_that_lasted_makes_waits_short_again),
		cmocka_unit_test(heartbeats_keep_a_quiet_client_and_silence_does_not),
		cmocka_unit_test(a_stock_nng_socket_behind_a_tls_forwarder_is_answered),
		cmocka_unit_test(a_configuration_that_cannot_work_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, kit_up, kit_down);
}
