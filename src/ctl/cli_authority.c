/* What HQ delegates, and asking for what has not been. */
#include "cli_options.h"

static const struct cli_option pool_set[] = {
	TEXT("pool", NULL, true, "Its name"),
	TEXT("sku", NULL, false, "Goods, counted in pieces; or else"),
	TEXT("currency", NULL, false, "money: an ISO 4217 code"),
	{ "total", NULL, CLI_NUMBER, false,
	  "Pieces or minor units in all; a new pool needs it" },
	{ "share", NULL, CLI_NUMBER, false, "What a site is to hold" },
	{ "low", NULL, CLI_NUMBER, false, "Below which a site is topped up" },
	{ "idle-s", "idle_s", CLI_NUMBER, false,
	  "Seconds after which an unused share flows back; 0: never" },
	END,
};

static const struct cli_option pool_list[] = { FRESH, END };

const struct cli_verb cli_pool_verbs[] = {
	{ "set", "POST", "/v1/pools",
	  "Set up a pool, or change of one what is given and leave the rest (central)",
	  pool_set, NULL },
	{ "list", "GET", "/v1/pools", "The pools, and what of them is out", pool_list,
	  "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option grant_give[] = {
	TEXT("party", NULL, true, "Who may promise"),
	TEXT("grant", NULL, true, "Its name; the same again replaces it"),
	{ "kinds", NULL, CLI_LIST, true,
	  "Some of gift, credit, refund, replacement, repair, redelivery, delivery, "
	  "callback, answer, other, joined by commas" },
	{ "skus", NULL, CLI_LIST, false, "Goods; a last * stands for any rest" },
	TEXT("currency", NULL, false, "It is over money: an ISO 4217 code"),
	{ "most", NULL, CLI_NUMBER, true, "In one promise: minor units, or pieces" },
	{ "per-customer", "per_customer", CLI_NUMBER, false,
	  "To one customer in a period" },
	{ "period-s", "period_s", CLI_NUMBER, false, "That period, in seconds" },
	TEXT("pool", NULL, false, "What it is taken from, if it can run out"),
	{ "level", NULL, CLI_NUMBER, false, "The agent must be certified to, 1 to 9" },
	TEXT("from", NULL, false, "RFC 3339 time, if not now"),
	TEXT("until", NULL, false, "RFC 3339 time"),
	END,
};

static const struct cli_option grant_withdraw[] = {
	TEXT("party", NULL, true, "Whose"),
	TEXT("grant", NULL, true, "Its name"),
	TEXT("reason", NULL, true, "A code"),
	END,
};

static const struct cli_option grant_list[] = {
	TEXT("party", NULL, false, "Of this party"),
	TEXT("limit", NULL, false, "At most so many parties"),
	TEXT("after", NULL, false, "Behind this party"),
	FRESH,
	END,
};

const struct cli_verb cli_grant_verbs[] = {
	{ "give", "POST", "/v1/grants", "Let a party promise without asking (central)",
	  grant_give, NULL },
	{ "withdraw", "POST", "/v1/grants/withdraw", "End a grant (central)",
	  grant_withdraw, NULL },
	{ .name = "list",
	  .method = "GET",
	  .path = "/v1/grants",
	  .help = "What may be promised, and who is suspended",
	  .options = grant_list,
	  .list = "items",
	  .trees = true },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option agent_certify[] = {
	TEXT("party", NULL, true, "Whose agent"),
	TEXT("agent", NULL, true, "The name of the agent's token"),
	{ "level", NULL, CLI_NUMBER, true, "1 to 9; 0: not certified any more" },
	TEXT("until", NULL, false, "RFC 3339 time"),
	END,
};

static const struct cli_option agent_list[] = {
	TEXT("party", NULL, false, "Of this party"),
	LIMIT,
	TEXT("after", NULL, false, "Behind this one: PARTY/AGENT"),
	FRESH,
	END,
};

const struct cli_verb cli_agent_verbs[] = {
	{ "certify", "POST", "/v1/agents", "Say what an agent is certified to (central)",
	  agent_certify, NULL },
	{ "list", "GET", "/v1/agents", "To what agents are certified", agent_list,
	  "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

const struct cli_option cli_suspend[] = {
	TEXT("party", NULL, true, "Who may promise nothing more by itself"),
	TEXT("reason", NULL, true, "A code"),
	END,
};

const struct cli_option cli_resume[] = {
	TEXT("party", NULL, true, "Who may again"),
	END,
};

static const struct cli_option share_list[] = {
	TEXT("party", NULL, false, "Of this party"),
	TEXT("pool", NULL, false, "Of this pool"),
	PAGE,
	END,
};

static const struct cli_option share_move[] = {
	TEXT("pool", NULL, true, "Of which pool"),
	{ "amount", NULL, CLI_NUMBER, true, "Pieces or minor units" },
	{ "from", NULL, CLI_SITE, true, "PARTY/SITE that is asked for it" },
	{ "to", NULL, CLI_SITE, false, "PARTY/SITE that then gets it; none: the pool" },
	TEXT("reason", NULL, false, "A code"),
	END,
};

#define SHARE_OF                                                                         \
	TEXT("party", NULL, true, "Whose"), TEXT("site", NULL, true, "Which site's"),    \
		TEXT("pool", NULL, true, "Of which pool")

static const struct cli_option share_keep[] = {
	SHARE_OF,
	TEXT("reason", NULL, false, "A code"),
	END,
};

static const struct cli_option share_freeze[] = {
	SHARE_OF,
	TEXT("reason", NULL, true, "A code, such as restored"),
	END,
};

static const struct cli_option share_thaw[] = {
	SHARE_OF,
	{ "lost", NULL, CLI_NUMBER, false,
	  "What the site had promised and knows no more of" },
	END,
};

const struct cli_verb cli_share_verbs[] = {
	{ "list", "GET", "/v1/shares", "What each site holds of each pool", share_list,
	  "pools items" },
	{ "move", "POST", "/v1/shares/move",
	  "Ask a site for some of its share, for another (central)", share_move, NULL },
	{ "keep", "POST", "/v1/shares/keep",
	  "Let a site keep what it was asked for and has not returned (central)",
	  share_keep, NULL },
	{ "freeze", "POST", "/v1/shares/freeze",
	  "Let nothing more be spent of a share (central)", share_freeze, NULL },
	{ "thaw", "POST", "/v1/shares/thaw",
	  "Let a frozen share be spent again, less what was lost (central)", share_thaw,
	  NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option ask[] = {
	TEXT("kind", NULL, true,
	     "gift, credit, refund, replacement, repair, redelivery, delivery, callback, "
	     "answer, other"),
	TEXT("sku", NULL, false, "Goods"),
	{ "quantity", NULL, CLI_NUMBER, false, "Of the goods" },
	{ "amount", NULL, CLI_NUMBER, false, "Money in minor units" },
	TEXT("currency", NULL, false, "ISO 4217 code"),
	TEXT("due", NULL, false, "RFC 3339 time; as early as it can be kept if absent"),
	TEXT("reason", NULL, true, "A code, such as late_delivery"),
	TEXT("channel", NULL, false, "phone, chat, email, web, shop, door, other"),
	TEXT("language", NULL, false, "Of the words to say, such as en or zh-CN"),
	TEXT("recovers", NULL, false,
	     "Recovery (or broken promise) that this makes good"),
	ON_BEHALF,
	ACTOR,
	END,
};

const struct cli_verb cli_ask_verbs[] = {
	{ "order", "POST", "/v1/orders/{id}/may-i", "May I promise this on an order?",
	  ask, NULL },
	{ "case", "POST", "/v1/cases/{id}/may-i", "May I promise this on a case?", ask,
	  NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option approve_list[] = {
	PAGE,
	END,
};

static const struct cli_option approve_yes[] = {
	TEXT("reason", NULL, false, "A code"),
	ACTOR,
	END,
};

static const struct cli_option approve_no[] = {
	TEXT("reason", NULL, true, "A code"),
	{ "instead", NULL, CLI_TERMS, false,
	  "What may be promised: kind=..[,sku=..,quantity=..][,amount=..,currency=..]" },
	ACTOR,
	END,
};

const struct cli_verb cli_approve_verbs[] = {
	{ .name = "list",
	  .method = "GET",
	  .path = "/v1/approvals",
	  .help = "What waits for HQ's word",
	  .options = approve_list,
	  .list = "items",
	  .trees = true },
	{ "yes", "POST", "/v1/promises/{id}/approve", "It may be promised (HQ)",
	  approve_yes, NULL },
	{ "no", "POST", "/v1/promises/{id}/reject",
	  "It may not; but perhaps something else (HQ)", approve_no, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};
