/*
 * config - what the operator decides for a node: one file, every key known.
 *
 * The file is libconfig's: `key = value;`, strings quoted, # comments. A key may
 * be overridden by the environment variable TROTH_<KEY> in upper case. Nothing is
 * guessed: an unknown key, a wrong type or a value out of range is refused with
 * its line. Who the node is does not stand here; its certificate says so.
 *
 * The table of keys (src/node/config_keys.c) is the one source of defaults,
 * ranges and help; the examples in dist/ and the manual are printed from it.
 */
#ifndef TROTH_NODE_CONFIG_H
#define TROTH_NODE_CONFIG_H

#include "troth/base/err.h"
#include "troth/base/time.h"
#include "troth/node/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TROTH_CONFIG_TEXT_MAX 511               /* Bytes of a value. */
#define TROTH_CONFIG_LIST_MAX 4                 /* Members of a list. */
#define TROTH_CONFIG_FILE_MAX ((size_t)1 << 20) /* Bytes of a file. */

/* Which daemon a configuration is for; bits, because keys may be for both. */
enum troth_config_kind {
	TROTH_CONFIG_CENTRAL = 1,
	TROTH_CONFIG_GATEWAY = 2,
};

struct troth_config_list {
	unsigned count;
	char text[TROTH_CONFIG_LIST_MAX][TROTH_CONFIG_TEXT_MAX + 1];
};

/* Every key's value. Those that are not of its kind of node are zero. */
struct troth_config {
	enum troth_config_kind kind;
	char file[TROTH_CONFIG_TEXT_MAX + 1];
	uint64_t given; /* Bit i: key i was set by file or environment. */

	char data_dir[TROTH_CONFIG_TEXT_MAX + 1];
	char certs_dir[TROTH_CONFIG_TEXT_MAX + 1];
	char trust_domain[TROTH_CONFIG_TEXT_MAX + 1];
	int64_t log_level;

	char listen[TROTH_CONFIG_TEXT_MAX + 1];
	char central[TROTH_CONFIG_TEXT_MAX + 1];

	struct troth_config_list api_listen;
	char api_cert[TROTH_CONFIG_TEXT_MAX + 1];
	char api_key[TROTH_CONFIG_TEXT_MAX + 1];
	char admin_token_file[TROTH_CONFIG_TEXT_MAX + 1];
	char api_client_ca[TROTH_CONFIG_TEXT_MAX + 1];
	int64_t api_connections_max, api_requests_per_s;
	int64_t api_request_ms, api_idle_ms, api_stall_ms, fresh_ms;

	int64_t clock; /* 0 real, 1 simulated. */
	char clock_start[TROTH_CONFIG_TEXT_MAX + 1];
	struct troth_time clock_start_at; /* The same, read. */

	int64_t batch_events, batches_in_flight, follows_in_flight;
	int64_t follow_wait_ms, answer_timeout_ms;
	int64_t reconnect_min_ms, reconnect_max_ms;
	int64_t connections_max, handshakes_max, handshakes_per_address;
	int64_t inbox_mib, queue_mib;
	int64_t handshake_ms, idle_ms, heartbeat_ms, stall_ms, stop_ms;
	int64_t map_gib, map_max_gib, reserve_mib, readers_max;
};

/*
 * Reads the file at `path`, then the environment, over the defaults. Each thing
 * that is wrong is told to `problem` in one line that names file, line and key;
 * TROTH_ERR_INPUT if there was any (with the first in *why), TROTH_ERR_IO if the
 * file cannot be read. *c is whole only with TROTH_OK. `problem` may be NULL.
 */
TROTH_MUST_USE enum troth_err troth_config_load(
	struct troth_config *c, enum troth_config_kind kind, const char *path,
	void (*problem)(void *ctx, const char *text), void *ctx, struct troth_why *why);

/*
 * Writes *c as a configuration file: every key with its help, range and default;
 * keys that nobody set are commented out. Loading the output gives *c again.
 */
void troth_config_print(const struct troth_config *c, FILE *out);

/* Writes the manual's table of keys for one kind of node, as Markdown. */
void troth_config_help(enum troth_config_kind kind, FILE *out);

/*
 * "host:port", "[v6]:port": splits it. False unless the port is 0 to 65535, and
 * the host there. `host` has room for TROTH_CONFIG_TEXT_MAX + 1 bytes.
 */
bool troth_config_address(const char *text, char *host, unsigned *port);

/* True for 127.0.0.0/8, ::1 and "localhost". */
bool troth_config_is_loopback(const char *host);

#endif
