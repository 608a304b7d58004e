#include "troth/net/bus.h"

const char *troth_bus_event_name(enum troth_bus_event event)
{
	switch (event) {
	case TROTH_BUS_ACCEPTED:
		return "accepted";
	case TROTH_BUS_CLOSED:
		return "closed";
	case TROTH_BUS_TLS_REFUSED:
		return "tls_refused";
	case TROTH_BUS_BAD_IDENTITY:
		return "bad_identity";
	case TROTH_BUS_HANDSHAKE_TIMEOUT:
		return "handshake_timeout";
	case TROTH_BUS_OVERSIZE:
		return "oversize";
	case TROTH_BUS_MALFORMED:
		return "malformed";
	case TROTH_BUS_IDLE:
		return "idle";
	case TROTH_BUS_HALF_MESSAGE:
		return "half_message";
	case TROTH_BUS_SLOW_PEER:
		return "slow_peer";
	case TROTH_BUS_TOO_MANY:
		return "too_many";
	case TROTH_BUS_REVOKED:
		return "revoked";
	case TROTH_BUS_UNREACHABLE:
		return "unreachable";
	}
	return "unknown";
}

struct troth_bus_limits troth_bus_limits(void)
{
	return (struct troth_bus_limits){
		.message_max = 4 << 20,
		.queue_max = 16 << 20,
		.requests_max = 256,
		.connections_max = 4096,
		.handshakes_max = 256,
		.handshakes_per_address = 64,
		.handshake_ms = 5000,
		.idle_ms = 45000,
		.heartbeat_ms = 15000,
		.stall_ms = 30000,
		.reconnect_min_ms = 250,
		.reconnect_max_ms = 15000,
	};
}

enum troth_err troth_bus_limits_check(const struct troth_bus_limits *limits,
				      struct troth_why *why)
{
	const struct {
		const char *name;
		uint32_t value;
	} all[] = {
		{ "message_max", limits->message_max },
		{ "queue_max", limits->queue_max },
		{ "requests_max", limits->requests_max },
		{ "connections_max", limits->connections_max },
		{ "handshakes_max", limits->handshakes_max },
		{ "handshakes_per_address", limits->handshakes_per_address },
		{ "handshake_ms", limits->handshake_ms },
		{ "idle_ms", limits->idle_ms },
		{ "heartbeat_ms", limits->heartbeat_ms },
		{ "stall_ms", limits->stall_ms },
		{ "reconnect_min_ms", limits->reconnect_min_ms },
		{ "reconnect_max_ms", limits->reconnect_max_ms },
	};

	for (size_t i = 0; i < TROTH_LEN(all); i++)
		if (all[i].value == 0)
			return troth_fail(why, TROTH_ERR_INPUT, "%s must not be 0",
					  all[i].name);
	if (limits->message_max > TROTH_BUF_MAX / 2)
		return troth_fail(why, TROTH_ERR_INPUT, "message_max is beyond %zu",
				  TROTH_BUF_MAX / 2);
	if (limits->queue_max < limits->message_max)
		return troth_fail(why, TROTH_ERR_INPUT, "queue_max is below message_max");
	if (limits->reconnect_max_ms < limits->reconnect_min_ms)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "reconnect_max_ms is below reconnect_min_ms");
	return TROTH_OK;
}
