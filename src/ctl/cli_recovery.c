/* The commands about alarms, recoveries and remedies. */
#include "cli_options.h"

static const struct cli_option fresh_option[] = {
	FRESH,
	END,
};

static const struct cli_option alarm_raise[] = {
	TEXT("order", "", false, "Order that it is about"),
	TEXT("case", "", false, "Case that it is about"),
	TEXT("code", NULL, true, "What it is about: a code, such as smoke"),
	TEXT("words", NULL, false, "What was said"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option alarm_list[] = {
	TEXT("state", NULL, false, "open, or ended"),
	TEXT("party", NULL, false, "Told to this party last"),
	PAGE,
	END,
};

static const struct cli_option alarm_take[] = { NOTE, ON_BEHALF, ACTOR, END };

static const struct cli_option alarm_end[] = {
	TEXT("reason", NULL, true, "A code, such as all_well"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

const struct cli_verb cli_alarm_verbs[] = {
	{ "raise", "POST", "/v1/{on}/alarms",
	  "Somebody may come to harm: tell who is on duty", alarm_raise, NULL },
	{ "list", "GET", "/v1/alarms", "Alarms, the oldest first", alarm_list, "items" },
	{ "show", "GET", "/v1/alarms/{id}", "Show an alarm", fresh_option, NULL },
	{ "take", "POST", "/v1/alarms/{id}/take",
	  "Look after it: nobody else is told (danger: up to HQ)", alarm_take, NULL },
	{ "end", "POST", "/v1/alarms/{id}/end", "Say that it is over", alarm_end, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option complain[] = {
	TEXT("order", "", false, "Order that it is about"),
	TEXT("case", "", false, "Case that it is about"),
	TEXT("failure", NULL, true, "What went wrong: a code of the policy's remedies"),
	TEXT("promise", NULL, false, "Promise that it is about"),
	TEXT("practical", NULL, false, "What it did to the customer in fact: a code"),
	TEXT("felt", NULL, false, "And in feeling: a code"),
	TEXT("words", NULL, false, "What the customer said"),
	TEXT("language", NULL, false, "Of the words, such as en or zh-CN"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option recovery_list[] = {
	TEXT("state", NULL, false, "open, or closed"),
	TEXT("owner", NULL, false, "Looked after by this party"),
	TEXT("differs", NULL, false, "true: the remedy is not what the policy offers"),
	PAGE,
	END,
};

static const struct cli_option apologise[] = {
	TEXT("words", NULL, false, "What was said"),
	TEXT("language", NULL, false, "Of the words, such as en or zh-CN"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option harms[] = {
	TEXT("practical", NULL, false, "What it did to the customer in fact: a code"),
	TEXT("felt", NULL, false, "And in feeling: a code"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option choose[] = {
	{ "offer", NULL, CLI_NUMBER, false, "Number of an offer (troth remedy list)" },
	TEXT("choice", NULL, false, "goods, money or credit, where it is another remedy"),
	TEXT("kind", NULL, false, "Kind of promise of another remedy"),
	TEXT("sku", NULL, false, "Its goods"),
	{ "quantity", NULL, CLI_NUMBER, false, "Of the goods" },
	{ "amount", NULL, CLI_NUMBER, false, "Its money in minor units" },
	TEXT("currency", NULL, false, "ISO 4217 code"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option follow_up[] = {
	TEXT("answer", NULL, true, "Did it help? yes, no, or unreached"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option deny[] = {
	TEXT("reason", NULL, true, "A code"),
	TEXT("evidence", "evidence.kind", true, "code, photo, tracking or note"),
	TEXT("evidence-text", "evidence.text", false, "The evidence itself"),
	NOTE,
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option decide[] = {
	TEXT("decision", NULL, true, "uphold, or overturn"),
	TEXT("reason", NULL, true, "A code"),
	NOTE,
	ACTOR,
	END,
};

#define STEP(verb, help, options)                                                        \
	{                                                                                \
		(verb), "POST", "/v1/recoveries/{id}/" verb, (help), (options), NULL     \
	}

const struct cli_verb cli_recovery_verbs[] = {
	{ "complain", "POST", "/v1/{on}/complaints", "The customer complains", complain,
	  NULL },
	{ "list", "GET", "/v1/recoveries", "Recoveries, the oldest first", recovery_list,
	  "items" },
	{ "show", "GET", "/v1/recoveries/{id}", "Show a recovery", fresh_option, NULL },
	STEP("apologise", "Somebody has apologised", apologise),
	STEP("harms", "What it did to the customer", harms),
	STEP("choose", "What the customer has chosen", choose),
	STEP("waive", "The customer wants no remedy", alarm_take),
	{ "follow-up", "POST", "/v1/recoveries/{id}/follow_up",
	  "What the customer says afterwards", follow_up, NULL },
	STEP("finish", "All of it is done", alarm_take),
	STEP("deny", "The complaint is denied", deny),
	STEP("appeal", "The customer does not accept the denial", alarm_take),
	STEP("decide", "HQ decides the appeal", decide),
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option remedy_list[] = {
	TEXT("failure", NULL, false, "This one only"),
	TEXT("language", NULL, false, "Of the words to say, such as en or zh-CN"),
	END,
};

const struct cli_verb cli_remedy_verbs[] = {
	{ "list", "GET", "/v1/remedies", "What makes good for what", remedy_list, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};
