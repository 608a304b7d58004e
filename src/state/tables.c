#include "troth/state/tables.h"

#define COMMON                                                                           \
	[TROTH_T_META] = "meta", [TROTH_T_ENTRIES] = "entries",                          \
	[TROTH_T_BLOBS] = "blobs", [TROTH_T_SUBJECTS] = "subjects",                      \
	[TROTH_T_HISTORY] = "history", [TROTH_T_ITEMS] = "items",                        \
	[TROTH_T_CUSTOMERS] = "customers", [TROTH_T_NUMBERS] = "numbers",                \
	[TROTH_T_PROMISES] = "promises", [TROTH_T_DEBTS] = "debts",                      \
	[TROTH_T_PARTIES] = "parties", [TROTH_T_SITES] = "sites",                        \
	[TROTH_T_RECEIVED] = "received", [TROTH_T_KEYS] = "keys",                        \
	[TROTH_T_TOKENS] = "tokens", [TROTH_T_ALARMS] = "alarms",                        \
	[TROTH_T_RECOVERIES] = "recoveries", [TROTH_T_AGENTS] = "agents",                \
	[TROTH_T_GIVEN] = "given", [TROTH_T_POLICIES] = "policies",                      \
	[TROTH_T_ASKED] = "asked", [TROTH_T_AVAILABILITY] = "availability"

static const char *const central_tables[TROTH_T_CENTRAL_COUNT] = {
	COMMON,
	[TROTH_T_HASHES] = "hashes",
	[TROTH_T_SEALS] = "seals",
	[TROTH_T_ORIGINS] = "origins",
	[TROTH_T_EVENTS] = "events",
	[TROTH_T_FEEDS] = "feeds",
	[TROTH_T_FEED_LENS] = "feed_lens",
	[TROTH_T_TIMERS] = "timers",
	[TROTH_T_MARKS] = "marks",
	[TROTH_T_SHARED] = "shared",
	[TROTH_T_TURNED_AWAY] = "turned_away",
	[TROTH_T_SHARES] = "shares",
	[TROTH_T_LOOKS] = "looks",
	[TROTH_T_AWAITED] = "awaited",
	[TROTH_T_UNPAID] = "unpaid",
};

static const char *const gateway_tables[TROTH_T_GATEWAY_COUNT] = {
	COMMON,
	[TROTH_T_VIEWS] = "views",
	[TROTH_T_OUTBOX] = "outbox",
	[TROTH_T_RENUMBERED] = "renumbered",
	[TROTH_T_FEED] = "feed",
	[TROTH_T_LAPSES] = "lapses",
	[TROTH_T_SET_ASIDE] = "set_aside",
};

const struct troth_schema troth_central_schema = {
	.kind = "central",
	.format = TROTH_FORMAT,
	.tables = central_tables,
	.table_index = TROTH_T_CENTRAL_COUNT,
};

const struct troth_schema troth_gateway_schema = {
	.kind = "gateway",
	.format = TROTH_FORMAT,
	.tables = gateway_tables,
	.table_index = TROTH_T_GATEWAY_COUNT,
};
