#include "net_kit.h"

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
		assert_int_equal(SEEN(site.reply_bytes), 300);
	}
	site_close(&site);
	WAIT_FOR(hub.closed == 1);
	assert_int_equal(site.downs, 1);
	hub_close(&hub);
	assert_int_equal(hub.all_events, 2);
	assert_int_equal(hub.events[TROTH_BUS_ACCEPTED], 1);
	assert_int_equal(hub.events[TROTH_BUS_CLOSED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sixty_four_outstanding_requests_are_each_answered),
	};

	return cmocka_run_group_tests(tests, kit_up, kit_down);
}
