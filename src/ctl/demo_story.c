/*
 * The story: a television, a mistyped order, a promised cable, and a driver who
 * knows about it before he rings.
 */
#include "demo_story.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MS 5

/* An instant some hours from now, as the API has it. */
static void in_hours(char out[TROTH_TIME_TEXT], int hours)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	troth_time_format(
		out, (struct troth_time){ ((int64_t)t.tv_sec + hours * 3600) * 1000 });
}

static void say_saved(const struct demo *d)
{
	demo_say(d, "saved, fsynced and answered after %.1f ms",
		 (d->answered - d->asked) * 1e3);
}

/* What may be promised, who then owes it, and what to say. */
static const char policy[] =
	"phrases: {\n"
	"  cable: { en = \"You get an HDMI cable with it, free of charge.\"; };\n"
	"  ring: { en = \"The driver rings half an hour before he comes.\"; };\n"
	"};\n"
	"rules: (\n"
	"  { kind = \"gift\"; sku = \"HDMI-*\"; say = \"cable\"; },\n"
	"  { kind = \"callback\"; say = \"ring\"; },\n"
	"  { kind = \"credit\"; earliest = \"1 hour\"; }\n"
	");\n"
	"routes: (\n"
	"  { kind = \"gift\"; on = \"order\"; owed: ( { debtor = \"carrier\";\n"
	"    action = \"hand_over\"; acknowledge = \"15 minutes\"; acceptance = \"1 day\"; } ); },\n"
	"  { kind = \"callback\"; on = \"order\"; owed: ( { debtor = \"carrier\";\n"
	"    action = \"call_back\"; acknowledge = \"15 minutes\"; acceptance = \"1 day\"; } ); },\n"
	"  { kind = \"credit\"; owed: ( { debtor = \"brand\"; action = \"pay\"; } ); }\n"
	");\n";

static void policy_published(struct demo *d)
{
	json_t *body = json_pack("{s:s}", "text", policy);
	char *text = body == NULL ? NULL : json_dumps(body, 0);

	if (text == NULL)
		demo_fail(d, "no memory");
	else
		json_decref(demo_post(d, DEMO_HQ, 200, "/v1/policies", NULL, text));
	free(text);
	json_decref(body);
}

/* What HQ lays down beforehand, so that nobody has to ask it in every call. */
static void delegated(struct demo *d)
{
	static const char *const grants[] = {
		"{'party':'acme','grant':'service','kinds':['callback','answer'],"
		"'most':1}",
		"{'party':'acme','grant':'credits','kinds':['credit'],"
		"'currency':'EUR','most':2000}",
		"{'party':'acme','grant':'cables','kinds':['gift'],"
		"'skus':['HDMI-2M'],'most':1,'pool':'cables'}",
	};

	demo_step(d, "HQ lays down what may be promised, and lends the call centre 30 of "
		     "100 cables.");
	policy_published(d);
	json_decref(demo_post(d, DEMO_HQ, 200, "/v1/pools", NULL,
			      "{'pool':'cables','sku':'HDMI-2M','total':100,'share':30,"
			      "'low':10}"));
	for (size_t i = 0; i < TROTH_LEN(grants); i++)
		json_decref(demo_post(d, DEMO_HQ, 200, "/v1/grants", NULL, grants[i]));
	demo_seen(d, DEMO_VENDOR, "share_allotted", "cables");
}

static void order_mistyped(struct demo *d)
{
	char body[1024], by[TROTH_TIME_TEXT];
	json_t *r;

	demo_step(d, "The seller takes the order, and types the wrong television.");
	in_hours(by, 24);
	(void)snprintf(
		body, sizeof(body),
		"{'customer':'family-lin','seller':'webshop','carrier':'swift',"
		"'currency':'EUR','deliver_by':'%s',"
		"'lines':[{'sku':'TV-50','quantity':1,'unit_price':69900}],"
		"'personal':{'order_number':'TV-20417','customer_name':'Lin Hui 林慧'}}",
		by);
	r = demo_post(d, DEMO_SELLER, 201, "/v1/orders", NULL, body);
	say_saved(d);
	demo_take(d, r, "id", d->order);
	json_decref(r);
	demo_seen(d, DEMO_CARRIER, "order_placed", d->order);
	demo_seen(d, DEMO_HQ, "order_placed", d->order);
}

/* The order's ETag as the node shows it, with its quotes. */
static void etag_of(struct demo *d, enum demo_node at, char out[32])
{
	char path[96];
	json_t *r;

	(void)snprintf(path, sizeof(path), "/v1/orders/%s", d->order);
	r = demo_get(d, at, path);
	(void)snprintf(out, 32, "\"%" JSON_INTEGER_FORMAT "\"",
		       json_integer_value(json_object_get(r, "etag")));
	json_decref(r);
}

static void order_corrected(struct demo *d)
{
	char body[512], by[TROTH_TIME_TEXT], path[96], etag[32];
	json_t *r;

	demo_step(
		d,
		"The seller corrects it; delivery slips by a day, and everybody is told.");
	in_hours(by, 48);
	etag_of(d, DEMO_SELLER, etag);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/corrections", d->order);
	(void)snprintf(body, sizeof(body),
		       "{'reason':'wrong_model','carrier':'swift','deliver_by':'%s',"
		       "'lines':[{'sku':'TV-55','quantity':1,'unit_price':89900}]}",
		       by);
	r = demo_post(d, DEMO_SELLER, 200, path, etag, body);
	say_saved(d);
	json_decref(r);
	demo_seen(d, DEMO_CARRIER, "order_corrected", d->order);
	demo_seen(d, DEMO_HQ, "order_corrected", d->order);
	r = demo_post(d, DEMO_SELLER, 412, path, etag, body);
	json_decref(r);
	demo_say(d, "a second correction of the old version is refused: 412");
}

static void case_opened(struct demo *d)
{
	char path[96], body[96];
	json_t *r, *items;

	demo_step(
		d,
		"The family calls. The agent at the outsourced call centre finds the order "
		"by its number.");
	r = demo_post(d, DEMO_VENDOR, 201, "/v1/cases", NULL,
		      "{'customer':'family-lin','reason':'late_delivery'}");
	demo_take(d, r, "id", d->cas);
	json_decref(r);
	r = demo_get(d, DEMO_VENDOR, "/v1/orders?number=TV-20417&fresh=true");
	items = json_object_get(r, "items");
	if (!d->failed && json_array_size(items) != 1)
		demo_fail(d, "the order is not found by its number");
	json_decref(r);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/cases", d->order);
	(void)snprintf(body, sizeof(body), "{'case':'%s'}", d->cas);
	r = demo_post(d, DEMO_VENDOR, 200, path, NULL, body);
	json_decref(r);
	demo_seen(d, DEMO_VENDOR, "order_corrected", d->order);
	demo_say(d,
		 "with its whole history; before the case was linked it had none of it");
}

/* "May I promise this?" The rest of the body behind the due is `what`. */
static json_t *may_i(struct demo *d, const char *what, const char *want)
{
	char body[512], path[96], due[TROTH_TIME_TEXT];
	const char *answer;
	json_t *r;

	in_hours(due, 48);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/may-i", d->order);
	(void)snprintf(body, sizeof(body),
		       "{'due':'%s','reason':'late_delivery','channel':'phone',"
		       "'language':'en',%s}",
		       due, what);
	r = demo_post(d, DEMO_VENDOR, 201, path, NULL, body);
	answer = json_string_value(json_object_get(r, "answer"));
	if (!d->failed && (answer == NULL || strcmp(answer, want) != 0))
		demo_fail(d, "the answer is %s, not %s", answer == NULL ? "none" : answer,
			  want);
	return r;
}

/* Asks, gets a yes, tells the customer, and says so. */
static void promise_made(struct demo *d, const char *what, char promise[40],
			 char owed[40])
{
	json_t *r = may_i(d, what, "yes"), *left, *first;
	char path[96];

	left = json_object_get(json_object_get(r, "left"), "share");
	demo_say(d, "\"May I promise this?\" - yes, after %.1f ms%s",
		 (d->answered - d->asked) * 1e3,
		 json_is_integer(left) ? ", out of the site's own share" : "");
	demo_say(d, "the words to say: %s",
		 json_string_value(json_object_get(r, "words")));
	demo_take(d, r, "promise", promise);
	first = json_array_get(json_object_get(r, "commitments"), 0);
	demo_take(d, first, "id", owed);
	json_decref(r);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/activate", promise);
	r = demo_post(d, DEMO_VENDOR, 200, path, NULL, "{}");
	demo_say(d, "\"I have told the customer.\"");
	say_saved(d);
	json_decref(r);
}

static const char cable[] = "'kind':'gift','sku':'HDMI-2M','quantity':1";
static const char ring[] = "'kind':'callback'";

static void cable_promised(struct demo *d)
{
	demo_step(d, "The agent apologises and promises a free HDMI cable.");
	promise_made(d, cable, d->cable, d->cable_owed);
	demo_seen(d, DEMO_CARRIER, "activate", d->cable);
	demo_seen(d, DEMO_HQ, "activate", d->cable);
	demo_seen(d, DEMO_SELLER, "activate", d->cable);
	demo_say(d, "the driver's screen: HDMI cable x1, free, do not charge");
}

/* What is beyond the agent's authority: HQ answers while the customer waits. */
static void too_much_asked(struct demo *d)
{
	char promise[40] = "", path[96];
	json_t *r;

	demo_step(d, "The family wants 50 euros as well. That is for HQ to decide.");
	r = may_i(d, "'kind':'credit','amount':5000,'currency':'EUR'", "ask");
	demo_say(d, "\"May I promise this?\" - ask: %s",
		 json_string_value(json_object_get(r, "reason")));
	demo_take(d, r, "promise", promise);
	json_decref(r);
	demo_seen(d, DEMO_HQ, "\"ask\"", promise);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/reject", promise);
	r = demo_post(d, DEMO_HQ, 200, path, NULL,
		      "{'reason':'too_much','instead':{'kind':'credit','amount':1500,"
		      "'currency':'EUR'}}");
	json_decref(r);
	demo_seen(d, DEMO_VENDOR, "instead", promise);
	demo_say(d, "no, but the agent may offer 15 euros instead");
	json_decref(may_i(d, "'kind':'credit','amount':1500,'currency':'EUR'", "yes"));
	demo_say(d, "the family prefers the cable; the offer lapses by itself");
}

/* When the site of `party` received the promise, as the vendor's gateway knows; "": not.
 */
static void received(struct demo *d, const char *promise, const char *party, char out[40])
{
	char path[96];
	json_t *r, *one;
	size_t i;

	out[0] = '\0';
	(void)snprintf(path, sizeof(path), "/v1/promises/%s/known-by", promise);
	r = demo_get(d, DEMO_VENDOR, path);
	json_array_foreach(json_object_get(json_object_get(r, "known_by"), "received"), i,
			   one)
	{
		const char *who = json_string_value(json_object_get(one, "party"));
		const char *at = json_string_value(json_object_get(one, "at"));

		if (who != NULL && at != NULL && strcmp(who, party) == 0)
			(void)snprintf(out, 40, "%s", at);
	}
	json_decref(r);
}

static void await_received(struct demo *d, const char *promise, const char *party)
{
	double until = demo_now() + DEMO_WAIT_S;
	char at[40] = "";

	while (!d->failed && demo_now() < until) {
		received(d, promise, party, at);
		if (at[0] != '\0')
			break;
		(void)poll(NULL, 0, POLL_MS);
	}
	if (at[0] == '\0')
		demo_fail(d, "known by: %s has not received it", party);
	else
		demo_say(d, "known by, at the call centre: received by %s at %s", party,
			 at);
}

static void acknowledged(struct demo *d)
{
	char path[96];
	json_t *r;

	demo_step(d, "The carrier's dispatcher presses Got it.");
	await_received(d, d->cable, "swift");
	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/accept", d->cable_owed);
	r = demo_post(d, DEMO_CARRIER, 200, path, NULL, "{}");
	json_decref(r);
	say_saved(d);
	demo_seen(d, DEMO_VENDOR, "commitment_step", d->cable_owed);
	demo_seen(d, DEMO_HQ, "commitment_step", d->cable_owed);
}

static void cut_off(struct demo *d)
{
	char path[96], at[40];
	json_t *r;

	demo_step(d, "The carrier's link to HQ is cut. Both sides go on working.");
	if (d->failed)
		return;
	troth_federation_cut(d->federation, DEMO_CARRIER);
	promise_made(d, ring, d->call, d->call_owed);
	demo_say(d, "the agent has promised a call before the delivery meanwhile");
	demo_seen(d, DEMO_HQ, "activate", d->call);
	received(d, d->call, "swift", at);
	if (!d->failed &&
	    (at[0] != '\0' || demo_count(d, DEMO_CARRIER, "promise_made", d->call)))
		demo_fail(d, "the carrier has it although it is cut off");
	demo_say(d, "known by: not yet received by swift, and nobody pretends otherwise");
	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/start", d->cable_owed);
	r = demo_post(d, DEMO_CARRIER, 200, path, NULL, "{}");
	json_decref(r);
	say_saved(d);
	demo_say(d, "the driver has loaded the cable, at a depot without a link");
}

static void healed(struct demo *d)
{
	demo_step(d, "The link heals. What was held up arrives by itself, once.");
	if (d->failed)
		return;
	d->asked = demo_now();
	troth_federation_heal(d->federation, DEMO_CARRIER);
	demo_seen(d, DEMO_CARRIER, "activate", d->call);
	demo_seen(d, DEMO_HQ, "\"start\"", d->cable_owed);
	await_received(d, d->call, "swift");
	if (!d->failed && (demo_count(d, DEMO_CARRIER, "promise_made", d->call) != 1 ||
			   demo_count(d, DEMO_HQ, "\"start\"", d->cable_owed) != 1))
		demo_fail(d, "something arrived more than once");
}

static void fulfilled(struct demo *d, const char *owed, const char *promise,
		      const char *evidence)
{
	char path[96];
	json_t *r;

	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/fulfil", owed);
	r = demo_post(d, DEMO_CARRIER, 200, path, NULL, evidence);
	json_decref(r);
	say_saved(d);
	demo_seen(d, DEMO_VENDOR, "fulfil", owed);
	demo_seen(d, DEMO_HQ, "fulfil", owed);
	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/discharge", owed);
	r = demo_post(d, DEMO_HQ, 200, path, NULL, "{}");
	json_decref(r);
	demo_seen(d, DEMO_VENDOR, "discharge", owed);
	(void)snprintf(path, sizeof(path), "/v1/promises/%s", promise);
	r = demo_get(d, DEMO_VENDOR, path);

	const char *state = json_string_value(
		json_object_get(json_object_get(r, "promise"), "state"));
	if (!d->failed && (state == NULL || strcmp(state, "kept") != 0))
		demo_fail(d, "the promise is %s, not kept",
			  state == NULL ? "nothing" : state);
	else
		demo_say(d, "HQ accepts the evidence: the promise is kept");
	json_decref(r);
}

static void delivered(struct demo *d)
{
	char path[96];
	json_t *r;

	demo_step(d, "The driver rings beforehand, and hands over television and cable.");
	fulfilled(d, d->call_owed, d->call,
		  "{'evidence':{'kind':'note','text':'rang 10:02'}}");
	fulfilled(d, d->cable_owed, d->cable,
		  "{'evidence':{'kind':'code','text':'4711'}}");
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/deliveries", d->order);
	r = demo_post(d, DEMO_CARRIER, 200, path, NULL, "{}");
	json_decref(r);
	demo_seen(d, DEMO_VENDOR, "order_delivered", d->order);
	(void)snprintf(path, sizeof(path), "/v1/cases/%s/close", d->cas);
	r = demo_post(d, DEMO_VENDOR, 200, path, NULL, "{'outcome':'solved'}");
	json_decref(r);
	demo_seen(d, DEMO_HQ, "case_closed", d->cas);
	if (!d->failed &&
	    demo_count(d, DEMO_CARRIER, "case_opened", d->cas) +
			    demo_count(d, DEMO_CARRIER, "case_closed", d->cas) !=
		    0)
		demo_fail(d, "the carrier has seen the case");
	else
		demo_say(
			d,
			"the carrier has never seen the case itself: it saw the promises");
}

void demo_play(struct demo *d)
{
	delegated(d);
	order_mistyped(d);
	order_corrected(d);
	case_opened(d);
	cable_promised(d);
	too_much_asked(d);
	acknowledged(d);
	cut_off(d);
	healed(d);
	delivered(d);
}
