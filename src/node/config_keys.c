#include "config_keys.h"

#include <assert.h>

#define BOTH    (TROTH_CONFIG_CENTRAL | TROTH_CONFIG_GATEWAY)
#define CENTRAL TROTH_CONFIG_CENTRAL
#define GATEWAY TROTH_CONFIG_GATEWAY

#define AT(field) offsetof(struct troth_config, field)

#define TEXT(name, kinds, type, required, def, help)                                     \
	{                                                                                \
#name, kinds, type, required, def, 0, 0, NULL, AT(name), help            \
	}
#define NUMBER(name, kinds, def, min, max, help)                                         \
	{                                                                                \
#name, kinds, CONFIG_NUMBER, false, #def, min, max, NULL, AT(name), help \
	}
#define CHOICE(name, kinds, def, choices, help)                                          \
	{                                                                                \
#name, kinds, CONFIG_CHOICE, false, def, 0, 0, choices, AT(name), help   \
	}

static const char *const levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const clocks[] = { "real", "simulated", NULL };

const struct config_key config_keys[] = {
	TEXT(data_dir, BOTH, CONFIG_PATH, true, "",
	     "Where the node keeps its data; made if only it is missing."),
	TEXT(certs_dir, BOTH, CONFIG_PATH, true, "",
	     "The node's certificates and keys, as `troth certs install` leaves them."),
	TEXT(trust_domain, BOTH, CONFIG_DOMAIN, true, "",
	     "The federation's name in every identity: spiffe://<trust_domain>/..."),
	CHOICE(log_level, BOTH, "info", levels,
	       "What is logged, from here up. Read again on SIGHUP."),

	TEXT(listen, CENTRAL, CONFIG_ADDRESS, false, "127.0.0.1:7443",
	     "Where gateways reach central. Port 0 takes a free one."),
	TEXT(central, GATEWAY, CONFIG_ADDRESS, true, "", "Where central listens."),

	TEXT(api_listen, CENTRAL, CONFIG_LIST, false, "127.0.0.1:7480",
	     "Where the API is served; TLS unless it is loopback."),
	TEXT(api_listen, GATEWAY, CONFIG_LIST, false, "127.0.0.1:7481",
	     "Where the API is served; TLS unless it is loopback."),
	TEXT(api_cert, BOTH, CONFIG_PATH, false, "",
	     "Certificate chain (PEM) of the API; with it every api_listen is TLS."),
	TEXT(api_key, BOTH, CONFIG_PATH, false, "", "Private key (PEM) of api_cert."),
	TEXT(api_client_ca, BOTH, CONFIG_PATH, false, "",
	     "Only clients with a certificate of this CA (PEM) may call; needs api_cert."),
	TEXT(admin_token_file, BOTH, CONFIG_PATH, false, "",
	     "The manager's token at the first start; made, mode 0400, if there is no such file."),
	NUMBER(api_connections_max, BOTH, 10000, 8, 100000, "Connections to the API."),
	NUMBER(api_requests_per_s, BOTH, 20000, 1, 1000000,
	       "Requests a second of one token; twice as many at once."),
	NUMBER(api_request_ms, BOTH, 20000, 100, 600000,
	       "For a request to come in completely."),
	NUMBER(api_idle_ms, BOTH, 60000, 100, 3600000,
	       "Between two requests of a connection."),
	NUMBER(api_stall_ms, BOTH, 30000, 100, 3600000,
	       "A reader of events that takes nothing for so long is cut off."),
	NUMBER(fresh_ms, BOTH, 5000, 100, 60000,
	       "How long fresh=true waits for central."),

	CHOICE(clock, BOTH, "real", clocks,
	       "simulated: time stands until the API moves it. For replays; a store "
	       "keeps to one kind."),
	TEXT(clock_start, BOTH, CONFIG_INSTANT, false, "",
	     "When a simulated clock begins; needed with it."),

	NUMBER(batch_events, GATEWAY, 1024, 1, 1024, "Events in one submitted batch."),
	NUMBER(batches_in_flight, GATEWAY, 4, 1, 64,
	       "Batches that may wait for central's answer."),
	NUMBER(follows_in_flight, GATEWAY, 2, 1, 8,
	       "Requests for news that may wait at central."),
	NUMBER(follow_wait_ms, GATEWAY, 25000, 100, 25000,
	       "How long central may hold a request for news."),
	NUMBER(answer_timeout_ms, GATEWAY, 40000, 1000, 600000,
	       "Without an answer for so long the link is dropped and made anew."),
	NUMBER(reconnect_min_ms, GATEWAY, 250, 10, 60000,
	       "Wait after a first failed dial; it doubles with each further one."),
	NUMBER(reconnect_max_ms, GATEWAY, 15000, 10, 600000, "The longest such wait."),

	NUMBER(connections_max, CENTRAL, 4096, 1, 65536, "Connections of gateways."),
	NUMBER(handshakes_max, CENTRAL, 256, 1, 65536,
	       "Connections that have not proven themselves yet; more must wait."),
	NUMBER(handshakes_per_address, CENTRAL, 64, 1, 65536,
	       "The same from one address; more are closed at once."),
	NUMBER(inbox_mib, CENTRAL, 256, 8, 65536,
	       "MiB of requests that may wait for the core; who sends more is dropped."),
	NUMBER(queue_mib, BOTH, 16, 4, 4096,
	       "MiB that may wait for one peer that does not take them."),
	NUMBER(handshake_ms, BOTH, 5000, 100, 600000,
	       "From the connection to proof of who it is."),
	NUMBER(idle_ms, BOTH, 45000, 1000, 3600000,
	       "A peer of whom nothing is heard for so long is gone."),
	NUMBER(heartbeat_ms, GATEWAY, 15000, 100, 3600000,
	       "Between signs of life to central; well below its idle_ms."),
	NUMBER(stall_ms, BOTH, 30000, 100, 3600000,
	       "For the next 64 KiB of a message that has begun."),
	NUMBER(stop_ms, BOTH, 10000, 100, 600000,
	       "How long stopping may take before the rest is given up."),

	NUMBER(map_gib, BOTH, 64, 1, 16384,
	       "GiB of address space for the database, not of memory or disk."),
	NUMBER(map_max_gib, BOTH, 1024, 1, 16384, "GiB to which it may grow by itself."),
	NUMBER(reserve_mib, BOTH, 64, 1, 1048576,
	       "MiB of disk to leave free; below it new work is refused."),
	NUMBER(readers_max, BOTH, 126, 8, 4096, "Readers of the database at one time."),
};

const size_t config_key_index = TROTH_LEN(config_keys);

static_assert(TROTH_LEN(config_keys) <= 64, "troth_config.given has a bit for each");

void config_describe(const struct config_key *key, char *out, size_t len)
{
	int n;

	switch (key->type) {
	case CONFIG_PATH:
		(void)snprintf(out, len, "an absolute path");
		break;
	case CONFIG_DOMAIN:
		(void)snprintf(out, len, "a DNS name in lower case");
		break;
	case CONFIG_ADDRESS:
		(void)snprintf(out, len, "\"host:port\"");
		break;
	case CONFIG_LIST:
		(void)snprintf(out, len, "a list of 1 to %d \"host:port\"",
			       TROTH_CONFIG_LIST_MAX);
		break;
	case CONFIG_INSTANT:
		(void)snprintf(out, len, "an instant (RFC 3339)");
		break;
	case CONFIG_NUMBER:
		(void)snprintf(out, len, "a number, %lld to %lld", (long long)key->min,
			       (long long)key->max);
		break;
	case CONFIG_CHOICE:
		n = snprintf(out, len, "one of");
		for (size_t i = 0; key->choices[i] != NULL && (size_t)n < len; i++)
			n += snprintf(out + n, len - (size_t)n, "%s \"%s\"",
				      i > 0 ? "," : "", key->choices[i]);
		break;
	}
}
