#include "net_kit.h"

/*
 * Tries to come up as a client with the certificates in `certs` (NULL: none).
 * True if the server's hello arrives.
 */
static bool gets_in(uint16_t port, const char *certs)
{
	char hello[8];
	struct raw raw;
	bool in;

	raw_tls(&raw, raw_connect(port), certs, false);
	/* In TLS 1.3 a client may believe it is connected before it is judged. */
	in = SSL_connect(raw.ssl) == 1 &&
	     SSL_write(raw.ssl, "\0SP\0\0\x30\0\0", 8) == 8 &&
	     SSL_read(raw.ssl, hello, 8) == 8;
	raw_close(&raw);
	return in;
}

static void each_bad_certificate_is_refused_with_one_event(void **state)
{
	static const struct bad {
		const char *kind, *node;
		enum troth_bus_event event;
		const char *why;
	} bad[] = {
		{ "expired", "gw/acme/bad", TROTH_BUS_TLS_REFUSED, "expired" },
		{ "early", "gw/acme/bad", TROTH_BUS_TLS_REFUSED, "not yet valid" },
		{ "other-ca", "gw/acme/bad", TROTH_BUS_TLS_REFUSED, "" },
		{ "other-domain", "gw/acme/bad", TROTH_BUS_TLS_REFUSED, "subtree" },
		{ "ip-san", "gw/acme/bad", TROTH_BUS_TLS_REFUSED, "subtree" },
		{ "no-eku", "gw/acme/bad", TROTH_BUS_BAD_IDENTITY, "" },
		{ "two-uris", "gw/acme/bad", TROTH_BUS_BAD_IDENTITY, "URI" },
		{ "no-uri", "gw/acme/bad", TROTH_BUS_BAD_IDENTITY, "URI" },
		{ "server-eku", "gw/acme/bad", TROTH_BUS_BAD_IDENTITY, "" },
		{ "good", "central", TROTH_BUS_BAD_IDENTITY, "gateway" },
	};
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	uint16_t port;
	unsigned n = 0;

	(void)state;
	hub_open(&hub, &limits, 0);
	port = troth_server_port(hub.server);
	assert_true(gets_in(port, kit_mint("good", "gw/acme/bad", "control")));
	WAIT_FOR(hub.closed == 1);
	n = seen(&hub.all_events);

	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		unsigned before = seen(&hub.events[bad[i].event]);

		assert_false(gets_in(port, kit_mint(bad[i].kind, bad[i].node, "bad")));
		n++;
		WAIT_FOR(hub.all_events == n);
		print_message("  %s: %s\n", bad[i].kind, hub.why);
		assert_int_equal(seen(&hub.events[bad[i].event]), before + 1);
		assert_non_null(strstr(hub.why, bad[i].why));
	}
	assert_false(gets_in(port, NULL));
	n++;
	WAIT_FOR(hub.all_events == n);
	assert_non_null(strstr(hub.why, "did not return a certificate"));

	/* Nothing of this stands in the way of an honest one. */
	assert_true(gets_in(port, kit_certs("control")));
	WAIT_FOR(hub.closed == 2);
	hub_close(&hub);
	assert_int_equal(hub.all_events, n + 2);
	assert_int_equal(hub.opened, 2);
}

static void tls_1_2_is_refused(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct raw raw;

	(void)state;
	hub_open(&hub, &limits, 0);
	raw_tls(&raw, raw_connect(troth_server_port(hub.server)), kit_certs("gw-acme-s1"),
		false);
	assert_int_equal(SSL_set_max_proto_version(raw.ssl, TLS1_2_VERSION), 1);
	assert_int_not_equal(SSL_connect(raw.ssl), 1);
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] == 1);
	raw_close(&raw);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 1);
}

/* A listening socket for a false central, and its port. */
static int false_listener(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* A client meets a server that shows `certs`: which event, and why. */
static enum troth_bus_event meet_false_central(const char *certs, char why[256])
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct site site = { 0 };
	enum troth_bus_event event = TROTH_BUS_ACCEPTED;
	struct raw raw;
	uint16_t port;
	int fd = false_listener(&port);

	limits.reconnect_min_ms = 60000;
	limits.reconnect_max_ms = 60000;
	site_open(&site, &limits, port, kit_certs("gw-acme-s1"));
	raw_tls(&raw, accept(fd, NULL, NULL), certs, true);
	SSL_set_verify(raw.ssl, SSL_VERIFY_NONE, NULL);
	assert_int_not_equal(SSL_accept(raw.ssl), 1);
	WAIT_FOR(site.downs == 1);
	for (int i = 0; i < KIT_EVENTS; i++)
		if (site.events[i] == 1)
			event = (enum troth_bus_event)i;
	(void)snprintf(why, 256, "%s", site.why);
	assert_int_equal(site.ups, 0);
	raw_close(&raw);
	(void)close(fd);
	site_close(&site);
	assert_int_equal(site.downs, 1);
	return event;
}

static void only_central_passes_for_central(void **state)
{
	static const struct impostor {
		const char *kind, *node;
		enum troth_bus_event event;
	} impostors[] = {
		{ "good", "gw/acme/evil", TROTH_BUS_TLS_REFUSED },
		{ "server-eku", "gw/acme/evil", TROTH_BUS_BAD_IDENTITY },
		{ "other-ca", "central", TROTH_BUS_TLS_REFUSED },
		{ "expired", "central", TROTH_BUS_TLS_REFUSED },
		{ "two-uris", "central", TROTH_BUS_BAD_IDENTITY },
		{ "no-eku", "central", TROTH_BUS_BAD_IDENTITY },
	};
	char why[256];

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(impostors); i++) {
		enum troth_bus_event event = meet_false_central(
			kit_mint(impostors[i].kind, impostors[i].node, "impostor"), why);

		print_message("  %s %s: %s: %s\n", impostors[i].kind, impostors[i].node,
			      troth_bus_event_name(event), why);
		assert_int_equal(event, impostors[i].event);
	}
}

static void a_client_learns_why_it_was_refused(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };

	(void)state;
	/* The site still has the list from before its revocation. */
	(void)kit_mint("revoked", "gw/acme/gone", "gone");
	kit_run("cp %s/crl.pem %s/crl.pem.new && cp %s/crl.pem %s/crl.pem",
		kit_certs("gone"), kit_certs("gone"), kit_certs("ca"), kit_certs("gone"));
	kit_run("cp -r %s %s && cp %s/crl.pem.new %s/crl.pem", kit_certs("central"),
		kit_certs("central.old"), kit_certs("gone"), kit_certs("central"));
	hub_open(&hub, &limits, 0);
	limits.reconnect_min_ms = 60000;
	limits.reconnect_max_ms = 60000;
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gone"));
	WAIT_FOR(site.downs == 1);
	assert_int_equal(site.events[TROTH_BUS_TLS_REFUSED], 1);
	assert_non_null(strstr(site.why, "certificate revoked"));
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] == 1);
	assert_non_null(strstr(hub.why, "certificate revoked"));
	assert_int_equal(seen(&hub.all_events), 1);
	site_close(&site);
	hub_close(&hub);
	kit_run("rm -rf %s && mv %s %s", kit_certs("central"), kit_certs("central.old"),
		kit_certs("central"));
}

static void reload_closes_revoked_peers_at_once_and_no_others(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 }, gone = { 0 };
	struct troth_why why;

	(void)state;
	kit_run("cp -r %s %s", kit_certs("central"), kit_certs("central.old"));
	(void)kit_mint("revoked", "gw/acme/gone", "gone");
	kit_run("mv %s/crl.pem %s/new.pem && cp %s/crl.pem %s/crl.pem", kit_certs("gone"),
		kit_certs("gone"), kit_certs("ca"), kit_certs("gone"));
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("gw-acme-s1"));
	site_open(&gone, &limits, troth_server_port(hub.server), kit_certs("gone"));
	WAIT_FOR(site.ups == 1 && gone.ups == 1);
	WAIT_FOR(hub.opened == 2);

	/* The same files again: nobody falls. */
	assert_int_equal(troth_server_reload(hub.server, &why), TROTH_OK);
	(void)site_ask(&gone, 10, 'a');
	WAIT_FOR(gone.replies == 1);

	kit_run("cp %s/new.pem %s/crl.pem", kit_certs("gone"), kit_certs("central"));
	assert_int_equal(troth_server_reload(hub.server, &why), TROTH_OK);
	WAIT_FOR(hub.events[TROTH_BUS_REVOKED] == 1);
	assert_string_equal(hub.peer, "spiffe://" KIT_DOMAIN "/gw/acme/gone");
	WAIT_FOR(gone.downs >= 1);
	/* It tries again, and is refused. */
	WAIT_FOR(hub.events[TROTH_BUS_TLS_REFUSED] >= 1);
	site_close(&gone);
	assert_int_equal(gone.ups, 1);

	(void)site_ask(&site, 10, 'a');
	WAIT_FOR(site.replies == 1);
	assert_int_equal(seen(&site.downs), 0);
	site_close(&site);
	hub_close(&hub);
	kit_run("rm -rf %s && mv %s %s", kit_certs("central"), kit_certs("central.old"),
		kit_certs("central"));
}

/* Sends what `ssl`, which is over memory, has to say. */
static void say_all(int fd, BIO *out)
{
	char bytes[4096];
	int n;

	while ((n = BIO_read(out, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(fd, bytes, (size_t)n), n);
}

static void a_handshake_begun_before_a_reload_is_judged_by_the_new_files(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct hub hub = { 0 };
	struct troth_why why;
	struct raw raw;
	char bytes[16384];
	ssize_t n;

	(void)state;
	kit_run("cp -r %s %s", kit_certs("central"), kit_certs("central.old"));
	(void)kit_mint("revoked", "gw/acme/gone", "gone");
	hub_open(&hub, &limits, 0);
	raw_tls(&raw, raw_connect(troth_server_port(hub.server)), kit_certs("gone"),
		false);
	SSL_set_bio(raw.ssl, in, out);
	assert_int_not_equal(SSL_connect(raw.ssl), 1);
	say_all(raw.fd, out);
	/* The server has answered: it is in the middle of the handshake. */
	n = read(raw.fd, bytes, sizeof(bytes));
	assert_true(n > 0);
	kit_run("cp %s/crl.pem %s/crl.pem", kit_certs("gone"), kit_certs("central"));
	assert_int_equal(troth_server_reload(hub.server, &why), TROTH_OK);
	while (BIO_write(in, bytes, (int)n) == n && SSL_connect(raw.ssl) != 1) {
		n = read(raw.fd, bytes, sizeof(bytes));
		assert_true(n > 0);
	}
	say_all(raw.fd, out);
	WAIT_FOR(hub.events[TROTH_BUS_REVOKED] == 1);
	assert_int_equal(seen(&hub.opened), 0);
	raw_close(&raw);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 1);
	kit_run("rm -rf %s && mv %s %s", kit_certs("central"), kit_certs("central.old"),
		kit_certs("central"));
}

static void a_client_leaves_a_central_that_was_revoked(void **state)
{
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site site = { 0 };
	struct troth_why why;

	(void)state;
	kit_run("mv %s %s && cp -r %s %s", kit_certs("central"), kit_certs("central.old"),
		kit_certs("gw-acme-s1"), kit_certs("mine"));
	(void)kit_mint("revoked", "central", "central");
	kit_run("mv %s/crl.pem %s/new.pem && cp %s/crl.pem %s/crl.pem",
		kit_certs("central"), kit_certs("central"), kit_certs("ca"),
		kit_certs("central"));
	hub_open(&hub, &limits, 0);
	site_open(&site, &limits, troth_server_port(hub.server), kit_certs("mine"));
	WAIT_FOR(site.ups == 1);
	kit_run("cp %s/new.pem %s/crl.pem", kit_certs("central"), kit_certs("mine"));
	assert_int_equal(troth_client_reload(site.client, &why), TROTH_OK);
	WAIT_FOR(site.events[TROTH_BUS_REVOKED] == 1);
	WAIT_FOR(site.events[TROTH_BUS_TLS_REFUSED] >= 1);
	site_close(&site);
	assert_int_equal(site.ups, 1);
	hub_close(&hub);
	kit_run("rm -rf %s && mv %s %s", kit_certs("central"), kit_certs("central.old"),
		kit_certs("central"));
}

static void broken_new_files_keep_the_old_ones(void **state)
{
	/* Run in the directory. */
	static const char *const spoil[] = {
		"echo junk >crl.pem", "rm issuing.pem",           "echo junk >tls.pem",
		"rm -f tls.key",      "cat issuing.pem >tls.pem", "chmod 0644 tls.key",
	};
	struct troth_bus_limits limits = troth_bus_limits();
	struct hub hub = { 0 };
	struct site first = { 0 }, second = { 0 };
	struct troth_why why;

	(void)state;
	hub_open(&hub, &limits, 0);
	site_open(&first, &limits, troth_server_port(hub.server),
		  kit_certs("gw-acme-s1"));
	WAIT_FOR(first.ups == 1);
	kit_run("cp -r %s %s", kit_certs("central"), kit_certs("central.old"));
	for (size_t i = 0; i < TROTH_LEN(spoil); i++) {
		kit_run("cd %s && chmod u+w * && %s", kit_certs("central"), spoil[i]);
		memset(&why, 0, sizeof(why));
		assert_int_not_equal(troth_server_reload(hub.server, &why), TROTH_OK);
		print_message("  %s\n", why.text);
		assert_non_null(strstr(why.text, "central/"));
		kit_run("rm -rf %s && cp -r %s %s", kit_certs("central"),
			kit_certs("central.old"), kit_certs("central"));
	}
	site_open(&second, &limits, troth_server_port(hub.server),
		  kit_certs("gw-acme-s2"));
	WAIT_FOR(second.ups == 1);
	(void)site_ask(&first, 10, 'a');
	(void)site_ask(&second, 10, 'b');
	WAIT_FOR(first.replies == 1 && second.replies == 1);
	assert_int_equal(seen(&first.downs), 0);
	site_close(&first);
	site_close(&second);
	hub_close(&hub);
	kit_run("rm -rf %s", kit_certs("central.old"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bad_certificate_is_refused_with_one_event),
		cmocka_unit_test(tls_1_2_is_refused),
		cmocka_unit_test(only_central_passes_for_central),
		cmocka_unit_test(a_client_learns_why_it_was_refused),
		cmocka_unit_test(reload_closes_revoked_peers_at_once_and_no_others),
		cmocka_unit_test(
			a_handshake_begun_before_a_reload_is_judged_by_the_new_files),
		cmocka_unit_test(a_client_leaves_a_central_that_was_revoked),
		cmocka_unit_test(broken_new_files_keep_the_old_ones),
	};

	return cmocka_run_group_tests(tests, kit_up, kit_down);
}
