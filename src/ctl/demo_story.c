/*
 * The story: a television, a mistyped order, a promised cable, and a driver who
 * knows about it before he rings.
 */
#include "demo.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
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
	if (!d->failed)
		demo_say("saved, fsynced and answered after %.1f ms",
			 (d->answered - d->asked) * 1e3);
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
	if (!d->failed)
		demo_say("a second correction of the old version is refused: 412");
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
	if (!d->failed)
		demo_say(
			"with its whole history; before the case was linked it had none of it");
}

/* `terms` is the body but for the due, which begins it. */
static void promise_made(struct demo *d, const char *terms, char promise[40],
			 char owed[40])
{
	char body[1024], path[96], due[TROTH_TIME_TEXT];
	json_t *r;

	in_hours(due, 48);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s/promises", d->order);
	(void)snprintf(body, sizeof(body), "{'due':'%s',%s", due, terms);
	r = demo_post(d, DEMO_VENDOR, 201, path, NULL, body);
	say_saved(d);
	demo_take(d, r, "id", promise);
	demo_take_first(d, r, "commitments", owed);
	json_decref(r);
}

static const char cable[] =
	"'kind':'gift','sku':'HDMI-2M','quantity':1,'language':'en',"
	"'words':'You get an HDMI cable with it, free of charge.',"
	"'reason':'late_delivery','channel':'phone',"
	"'commitments':[{'debtor':'swift','action':'hand_over','ack_within_s':900}]}";

static const char ring[] =
	"'kind':'callback','language':'en',"
	"'words':'The driver rings half an hour before he comes.',"
	"'reason':'late_delivery','channel':'phone',"
	"'commitments':[{'debtor':'swift','action':'call_back','ack_within_s':900}]}";

static void cable_promised(struct demo *d)
{
	demo_step(d, "The agent apologises and promises a free HDMI cable.");
	promise_made(d, cable, d->cable, d->cable_owed);
	demo_seen(d, DEMO_CARRIER, "promise_made", d->cable);
	demo_seen(d, DEMO_HQ, "promise_made", d->cable);
	demo_seen(d, DEMO_SELLER, "promise_made", d->cable);
	if (!d->failed)
		demo_say("the driver's screen: HDMI cable x1, free, do not charge");
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
	struct timespec t;
	char at[40] = "";
	time_t until;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	for (until = t.tv_sec + (time_t)DEMO_WAIT_S; !d->failed && t.tv_sec < until;) {
		received(d, promise, party, at);
		if (at[0] != '\0')
			break;
		(void)poll(NULL, 0, POLL_MS);
		(void)clock_gettime(CLOCK_MONOTONIC, &t);
	}
	if (at[0] == '\0')
		demo_fail(d, "known by: %s has not received it", party);
	else
		demo_say("known by, at the call centre: received by %s at %s", party, at);
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
	demo_say("the agent has promised a call before the delivery meanwhile");
	demo_seen(d, DEMO_HQ, "promise_made", d->call);
	received(d, d->call, "swift", at);
	if (!d->failed &&
	    (at[0] != '\0' || demo_count(d, DEMO_CARRIER, "promise_made", d->call)))
		demo_fail(d, "the carrier has it although it is cut off");
	demo_say("known by: not yet received by swift, and nobody pretends otherwise");
	(void)snprintf(path, sizeof(path), "/v1/commitments/%s/start", d->cable_owed);
	r = demo_post(d, DEMO_CARRIER, 200, path, NULL, "{}");
	json_decref(r);
	say_saved(d);
	demo_say("the driver has loaded the cable, at a depot without a link");
}

static void healed(struct demo *d)
{
	demo_step(d, "The link heals. What was held up arrives by itself, once.");
	if (d->failed)
		return;
	d->asked = 0;
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	d->asked = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	troth_federation_heal(d->federation, DEMO_CARRIER);
	demo_seen(d, DEMO_CARRIER, "promise_made", d->call);
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
	else if (!d->failed)
		demo_say("HQ accepts the evidence: the promise is kept");
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
	else if (!d->failed)
		demo_say(
			"the carrier has never seen the case itself: it saw the promises");
}

void demo_play(struct demo *d)
{
	order_mistyped(d);
	order_corrected(d);
	case_opened(d);
	cable_promised(d);
	acknowledged(d);
	cut_off(d);
	healed(d);
	delivered(d);
}
