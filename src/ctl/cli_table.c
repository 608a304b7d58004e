#include "cli_options.h"

static const struct cli_option order_place[] = {
	TEXT("customer", NULL, true, "The brand's opaque reference of the customer"),
	TEXT("seller", NULL, true, "Party that sells"),
	TEXT("carrier", NULL, false, "Party that delivers"),
	TEXT("currency", NULL, false, "ISO 4217 code of the prices"),
	TEXT("deliver-by", "deliver_by", false, "RFC 3339 time"),
	TEXT("placed", NULL, false, "RFC 3339 time it was placed, if not now"),
	{ "line", "lines", CLI_LINE, false,
	  "SKU:QUANTITY[:UNIT_PRICE[:SELLER]], the price in minor units; repeatable" },
	TEXT("number", "personal.order_number", false, "The number as people know it"),
	TEXT("customer-name", "personal.customer_name", false, "Personal"),
	TEXT("customer-phone", "personal.customer_phone", false, "Personal"),
	TEXT("address", "personal.address", false, "Personal"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option order_correct[] = {
	{ "if-match", NULL, CLI_IF_MATCH, true, "ETag of the order that you correct" },
	TEXT("reason", NULL, true, "A code, such as wrong_model"),
	TEXT("carrier", NULL, false, "Party that delivers"),
	TEXT("deliver-by", "deliver_by", false, "RFC 3339 time"),
	{ "line", "lines", CLI_LINE, false,
	  "SKU:QUANTITY[:UNIT_PRICE[:SELLER]], the price in minor units; repeatable" },
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option at_option[] = {
	TEXT("at", NULL, false, "RFC 3339 time it happened, if not now"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option order_cancel[] = {
	{ "if-match", NULL, CLI_IF_MATCH, true, "ETag of the order that you cancel" },
	TEXT("reason", NULL, true, "A code"),
	TEXT("initiator", NULL, true, "customer, or firm"),
	{ "tell", NULL, CLI_TERMS, false, "Who tells the customer: debtor=..,due=.." },
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option order_link[] = {
	TEXT("case", NULL, true, "Id of the case"),
	ACTOR,
	END,
};

static const struct cli_option order_list[] = {
	TEXT("customer", NULL, false, "Orders of this customer"),
	TEXT("number", NULL, false, "Orders of this number"),
	PAGE,
	END,
};

static const struct cli_option history_list[] = { LIMIT, AFTER, FRESH, END };

static const struct cli_option names_list[] = { LIMIT, AFTER, END };

static const struct cli_option fresh_option[] = {
	FRESH,
	END,
};

static const struct cli_verb order_verbs[] = {
	{ "place", "POST", "/v1/orders", "Place an order", order_place, NULL },
	{ "show", "GET", "/v1/orders/{id}", "Show an order", fresh_option, NULL },
	{ "list", "GET", "/v1/orders", "Orders of a customer or a number", order_list,
	  "items" },
	{ "correct", "POST", "/v1/orders/{id}/corrections",
	  "Correct an order: what is not given again is gone from it", order_correct,
	  NULL },
	{ "ship", "POST", "/v1/orders/{id}/shipments", "Say that it is on its way",
	  at_option, NULL },
	{ "deliver", "POST", "/v1/orders/{id}/deliveries", "Say that it is delivered",
	  at_option, NULL },
	{ "cancel", "POST", "/v1/orders/{id}/cancellation", "Cancel an order",
	  order_cancel, NULL },
	{ .name = "link",
	  .method = "POST",
	  .path = "/v1/orders/{id}/cases",
	  .help = "Link a case to an order, of which this site may see nothing before: "
		  "only central knows whether it is there",
	  .options = order_link,
	  .undecided = "saved; central decides whether the customer of the case has such "
		       "an order: if so `troth order show ID --fresh true` shows it; a "
		       "refusal is in the event stream alone (order_case_linked)" },
	{ "history", "GET", "/v1/orders/{id}/history", "What happened to it",
	  history_list, "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option case_open[] = {
	TEXT("customer", NULL, true, "The brand's opaque reference of the customer"),
	TEXT("reason", NULL, true, "A code, such as late_delivery"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option case_list[] = {
	TEXT("customer", NULL, true, "Cases of this customer"),
	PAGE,
	END,
};

static const struct cli_option case_hand_over[] = {
	TEXT("to", NULL, true, "Party that takes it over"),
	TEXT("reason", NULL, true, "A code"),
	ACTOR,
	END,
};

static const struct cli_option case_close[] = {
	TEXT("outcome", NULL, true, "A code, such as solved"),
	ACTOR,
	END,
};

static const struct cli_verb case_verbs[] = {
	{ "open", "POST", "/v1/cases", "Open a case", case_open, NULL },
	{ "show", "GET", "/v1/cases/{id}", "Show a case", fresh_option, NULL },
	{ "list", "GET", "/v1/cases", "Cases of a customer", case_list, "items" },
	{ "hand-over", "POST", "/v1/cases/{id}/handover", "Hand it over to another party",
	  case_hand_over, NULL },
	{ "close", "POST", "/v1/cases/{id}/close", "Close it", case_close, NULL },
	{ "history", "GET", "/v1/cases/{id}/history", "What happened to it", history_list,
	  "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option promise_make[] = {
	TEXT("order", "", false, "Order that it is about"),
	TEXT("case", "", false, "Case that it is about"),
	TEXT("kind", NULL, true,
	     "gift, credit, refund, replacement, repair, redelivery, delivery, callback, "
	     "answer, other"),
	TEXT("words", NULL, false, "What the customer was told"),
	TEXT("language", NULL, false, "Of the words, such as en or zh-CN"),
	TEXT("sku", NULL, false, "Goods"),
	{ "quantity", NULL, CLI_NUMBER, false, "Of the goods" },
	{ "amount", NULL, CLI_NUMBER, false, "Money in minor units" },
	TEXT("currency", NULL, false, "ISO 4217 code"),
	TEXT("due", NULL, true, "RFC 3339 time by which it will be kept"),
	TEXT("reason", NULL, true, "A code, such as late_delivery"),
	TEXT("recovers", NULL, false,
	     "Recovery (or broken promise) that this makes good"),
	TEXT("channel", NULL, false, "phone, chat, email, web, shop, door, other"),
	TEXT("made", NULL, false, "RFC 3339 time the customer was told, if not now"),
	{ "policy-version", "policy_version", CLI_NUMBER, false,
	  "Of the policy that it rests on" },
	TEXT("grant", NULL, false,
	     "Grant that covers it; one over a pool is for `troth ask`"),
	{ "owe", "commitments", CLI_TERMS, true,
	  "Who owes what: debtor=..,action=..[,due=..][,ack_within_s=..][,acceptance_s=..]; "
	  "actions: pack, hand_over, deliver, call_back, pay, repair, tell_customer, "
	  "confirm_with_customer, other" },
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option promise_list[] = {
	TEXT("state", NULL, false, "open, closed, or one state"),
	TEXT("due-before", "due_before", false, "RFC 3339 time"),
	PAGE,
	END,
};

static const struct cli_option reason_option[] = {
	TEXT("reason", NULL, false, "A code"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option reason_needed[] = {
	TEXT("reason", NULL, true, "A code, such as no_stock"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option promise_cancel[] = {
	TEXT("reason", NULL, true, "A code"),
	{ "tell", NULL, CLI_TERMS, true, "Who tells the customer: debtor=..,due=.." },
	ACTOR,
	END,
};

#define STEP(verb, help)                                                                 \
	{                                                                                \
		(verb), "POST", "/v1/promises/{id}/" verb, (help), reason_option, NULL   \
	}

static const struct cli_verb promise_verbs[] = {
	{ "make", "POST", "/v1/{on}/promises", "Record what the customer was told",
	  promise_make, NULL },
	{ "show", "GET", "/v1/promises/{id}", "Show a promise", fresh_option, NULL },
	{ "list", "GET", "/v1/promises", "Promises by due", promise_list, "items" },
	{ "known-by", "GET", "/v1/promises/{id}/known-by", "How far it has got, and when",
	  fresh_option, NULL },
	STEP("activate", "It is inside authority, and told"),
	STEP("ask", "Ask HQ for approval"),
	STEP("approve", "Approve it (HQ)"),
	{ "reject", "POST", "/v1/promises/{id}/reject", "Reject it (HQ)", reason_needed,
	  NULL },
	STEP("speak", "The approved promise has been told"),
	STEP("expire", "The offer was not taken, or is not asked for any more"),
	STEP("break", "It cannot be kept any more (HQ)"),
	STEP("release", "The customer waived it"),
	{ "cancel", "POST", "/v1/promises/{id}/cancel", "Cancel it (HQ)", promise_cancel,
	  NULL },
	STEP("confirm", "The customer says that it was kept"),
	STEP("reopen", "The customer says that it was not"),
	STEP("remedy", "Its recovery promise was kept (HQ)"),
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option commitment_list[] = {
	TEXT("party", NULL, false, "Who owes"),
	TEXT("state", NULL, false, "open, closed, or one state"),
	TEXT("due-before", "due_before", false, "RFC 3339 time"),
	PAGE,
	END,
};

static const struct cli_option commitment_fulfil[] = {
	TEXT("evidence", "evidence.kind", true, "code, photo, tracking or note"),
	TEXT("text", "evidence.text", false, "The code, number or note (personal)"),
	TEXT("photo-sha256", "evidence.photo_sha256", false, "Hash of the photo, hex"),
	TEXT("at", NULL, false, "RFC 3339 time it was done, if not now"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option commitment_counter[] = {
	TEXT("due", NULL, true, "RFC 3339 time offered instead"),
	TEXT("reason", NULL, false, "A code"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option commitment_delegate[] = {
	TEXT("party", NULL, true, "Who shall take it over"),
	TEXT("reason", NULL, false, "A code"),
	ON_BEHALF,
	ACTOR,
	END,
};

static const struct cli_option commitment_request[] = {
	TEXT("party", NULL, false, "Of whom, if of another"),
	TEXT("due", NULL, false, "RFC 3339 time, if another"),
	ON_BEHALF,
	ACTOR,
	END,
};

#define DEED_WITH(verb, options, help)                                                   \
	{                                                                                \
		(verb), "POST", "/v1/commitments/{id}/" verb, (help), (options), NULL    \
	}
#define DEED(verb, help) DEED_WITH(verb, reason_option, help)

static const struct cli_verb commitment_verbs[] = {
	{ "show", "GET", "/v1/commitments/{id}", "Show a commitment", fresh_option,
	  NULL },
	{ "list", "GET", "/v1/commitments", "Commitments by due", commitment_list,
	  "items" },
	DEED("accept", "Got it"),
	DEED_WITH("decline", reason_needed, "Cannot (with a reason)"),
	{ "counter", "POST", "/v1/commitments/{id}/counter", "Offer another due",
	  commitment_counter, NULL },
	DEED("start", "Begin"),
	{ "fulfil", "POST", "/v1/commitments/{id}/fulfil", "Done, with evidence",
	  commitment_fulfil, NULL },
	DEED("discharge", "Accept what was done (creditor)"),
	DEED_WITH("reopen", reason_needed,
		  "It was not done well (creditor, with a reason)"),
	DEED("release", "Waive it (creditor)"),
	DEED_WITH("cancel", reason_needed, "Cancel it (HQ, with a reason)"),
	{ "delegate", "POST", "/v1/commitments/{id}/delegate",
	  "Ask another party to take it over", commitment_delegate, NULL },
	DEED_WITH("hold", reason_needed, "Stop the clock (with a reason)"),
	DEED("resume", "Let the clock go on"),
	{ "request", "POST", "/v1/commitments/{id}/request",
	  "Request a declined one again", commitment_request, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option party_add[] = {
	TEXT("party", NULL, true, "Its id"),
	TEXT("role", NULL, true, "brand, vendor, carrier or seller"),
	TEXT("name", NULL, false, "The firm's name"),
	TEXT("operator", NULL, false, "Party whose sites act for it"),
	END,
};

static const struct cli_verb party_verbs[] = {
	{ "add", "POST", "/v1/parties", "Add a party to the federation (central)",
	  party_add, NULL },
	{ "list", "GET", "/v1/parties", "The parties", names_list, "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option site_add[] = {
	TEXT("party", NULL, true, "Whose site"),
	TEXT("site", NULL, true, "Its id"),
	{ "sign-cert", "sign_cert", CLI_FILE, true, "File with its signing certificate" },
	END,
};

static const struct cli_option site_revoke_key[] = {
	TEXT("party", NULL, true, "Whose site"),
	TEXT("site", NULL, true, "Its id"),
	{ "sign-cert", "sign_cert", CLI_FILE, true,
	  "File with the certificate of the key" },
	TEXT("reason", NULL, true, "A code, such as lost_machine"),
	END,
};

static const struct cli_verb site_verbs[] = {
	{ "add", "POST", "/v1/sites", "Add a site (central)", site_add, NULL },
	{ "list", "GET", "/v1/sites", "The sites", names_list, "items" },
	{ "add-key", "POST", "/v1/sites/keys",
	  "Add the next signing key of a site, before the site uses it (central)",
	  site_add, NULL },
	{ "revoke-key", "POST", "/v1/sites/keys/revoke",
	  "Believe a signing key of a site no more (central)", site_revoke_key, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option token_make[] = {
	TEXT("name", NULL, true, "Whom it is for; stamped on what is done with it"),
	{ "scopes", NULL, CLI_WORDS, true,
	  "Some of agent, dispatcher, approver, manager, integration, read, joined by "
	  "commas" },
	END,
};

static const struct cli_option token_revoke[] = {
	TEXT("name", NULL, true, "Whose it is"),
	END,
};

static const struct cli_verb token_verbs[] = {
	{ .name = "make",
	  .method = "POST",
	  .path = "/v1/tokens",
	  .help = "Make a token and print it, this once",
	  .options = token_make,
	  .only = "token" },
	{ "list", "GET", "/v1/tokens", "Names and scopes of the tokens", names_list,
	  "items" },
	{ "revoke", "POST", "/v1/tokens/revoke", "Make a token worthless", token_revoke,
	  NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct cli_option availability_set[] = {
	{ "agents", NULL, CLI_NUMBER, true, "On duty at this gateway's site; 0: closed" },
	{ "queue", NULL, CLI_NUMBER, false, "Customers who wait; needed unless closed" },
	{ "wait-s", "wait_s", CLI_NUMBER, false,
	  "Seconds that the next one will wait; needed unless closed" },
	TEXT("until", NULL, false, "RFC 3339 time until which it holds, if not 15 min"),
	ACTOR,
	END,
};

static const struct cli_option availability_list[] = {
	TEXT("party", NULL, false, "Sites of this party"), LIMIT, AFTER, FRESH, END,
};

static const struct cli_verb availability_verbs[] = {
	{ "set", "POST", "/v1/availability", "Say who is on duty here", availability_set,
	  NULL },
	{ "list", "GET", "/v1/availability", "What sites have said", availability_list,
	  "items" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

const struct cli_noun cli_nouns[] = {
	{ "order", "orders: place, show, correct, ship, deliver, cancel", order_verbs },
	{ "case", "cases: open, show, hand over, close", case_verbs },
	{ "promise", "promises: make, show, list, known by, and every step",
	  promise_verbs },
	{ "commitment", "commitments: accept, decline, fulfil, and every step",
	  commitment_verbs },
	{ "alarm", "alarms: raise, list, take, end", cli_alarm_verbs },
	{ "recovery", "recoveries and complaints: list, and every step",
	  cli_recovery_verbs },
	{ "remedy", "what makes good for what", cli_remedy_verbs },
	{ "party", "parties of the federation", party_verbs },
	{ "site", "sites of the federation", site_verbs },
	{ "token", "tokens for the API", token_verbs },
	{ "policy", "what HQ has decided: check, publish, show, diff, list, withdraw",
	  cli_policy_verbs },
	{ "availability", "who is on duty where", availability_verbs },
	{ "pool", "money and goods that promises are made from", cli_pool_verbs },
	{ "grant", "what parties may promise without asking", cli_grant_verbs },
	{ "agent", "what agents are certified to", cli_agent_verbs },
	{ "share", "what sites hold of pools", cli_share_verbs },
	{ "ask", "may I promise this?", cli_ask_verbs },
	{ "approve", "what HQ has been asked", cli_approve_verbs },
	{ NULL, NULL, NULL },
};

const struct cli_verb cli_plain[] = {
	{ "status", "GET", "/v1/status", "How the node is: link, backlog, room, version",
	  NULL, NULL },
	{ "suspend", "POST", "/v1/suspensions",
	  "A party may promise nothing more by itself (central)", cli_suspend, NULL },
	{ "resume", "POST", "/v1/suspensions/lift", "It may again (central)", cli_resume,
	  NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};
