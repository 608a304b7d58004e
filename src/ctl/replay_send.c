/*
 * replay_send - steps as requests, in batches.
 */
#include "replay_run.h"

#include <stdio.h>
#include <string.h>

#define BATCH_MAX      1000
#define BATCH_BODY_MAX ((size_t)3 << 20) /* Of the 4 MiB that a node takes. */
#define TRIES_MAX      50

struct batch {
	struct replay *r;
	struct replay_node *node;
	enum replay_lane lane;
	uint32_t number; /* Of this batch, in batch_of. */
	unsigned count;
	size_t steps[BATCH_MAX];
	struct troth_buf body;
};

static const struct olist_order *order_of(const struct batch *b,
					  const struct replay_step *s)
{
	return &b->r->plan->data->orders[s->order];
}

static const struct olist_item *item_of(const struct batch *b,
					const struct replay_step *s)
{
	return &b->r->plan->data->items[s->item];
}

/* ---- One request. All texts in it are names, which need no escape in JSON. ---- */

static void put_time(struct troth_buf *b, const char *name, struct troth_time t)
{
	char text[TROTH_TIME_TEXT];

	troth_time_format(text, t);
	troth_buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

static void put_id(struct troth_buf *b, enum troth_id_kind kind, struct troth_id id)
{
	char text[TROTH_ID_TEXT];

	troth_id_format(text, kind, &id);
	troth_buf_put_str(b, text);
}

static void put_place(struct batch *b, const struct replay_step *s)
{
	const struct olist_order *o = order_of(b, s);
	struct troth_time due = replay_due(b->r->plan, o);

	troth_buf_put_str(&b->body, "\"/v1/orders\",\"body\":{\"id\":\"");
	put_id(&b->body, TROTH_ID_ORDER, replay_order_id(o));
	troth_buf_printf(&b->body,
			 "\",\"customer\":\"%s\",\"seller\":\"%s\",\"carrier\":\"%s\","
			 "\"currency\":\"BRL\",\"personal\":{\"order_number\":\"%s\"}",
			 o->customer, b->r->lanes[REPLAY_MARKET]->party,
			 b->r->lanes[REPLAY_CARRIER]->party, o->number);
	put_time(&b->body, "placed", o->purchased);
	if (due.ms != 0)
		put_time(&b->body, "deliver_by", due);
	troth_buf_put_str(&b->body, ",\"lines\":[");
	for (unsigned i = 0; i < o->item_count; i++) {
		const struct olist_item *item =
			&b->r->plan->data->items[o->first_item + i];

		troth_buf_printf(&b->body,
				 "%s{\"sku\":\"%s\",\"quantity\":1,\"unit_price\":%lld,"
				 "\"seller\":\"%s\"}",
				 i > 0 ? "," : "", item->product, (long long)item->price,
				 item->seller);
	}
	troth_buf_put_str(&b->body, "]}");
}

static void put_promise(struct batch *b, const struct replay_step *s)
{
	bool delivery = s->kind == REPLAY_DELIVERY;
	const struct olist_order *o = order_of(b, s);
	const struct olist_item *item = delivery ? NULL : item_of(b, s);
	struct troth_time due = delivery ? replay_due(b->r->plan, o) : item->limit;
	char day[TROTH_TIME_TEXT];

	troth_buf_put_str(&b->body, "\"/v1/orders/");
	put_id(&b->body, TROTH_ID_ORDER, replay_order_id(o));
	troth_buf_put_str(&b->body, "/promises\",\"body\":{\"id\":\"");
	put_id(&b->body, TROTH_ID_PROMISE, replay_promise_id(o, item));
	troth_time_format(day, due);
	if (delivery)
		troth_buf_printf(&b->body,
				 "\",\"kind\":\"delivery\",\"reason\":\"purchase\","
				 "\"words\":\"It arrives by %.10s.\",\"language\":\"en\"",
				 day);
	else
		troth_buf_put_str(&b->body, "\",\"kind\":\"other\","
					    "\"reason\":\"hand_over\"");
	put_time(&b->body, "due", due);
	put_time(&b->body, "made",
		 delivery || o->approved.ms == 0 ? o->purchased : o->approved);
	troth_buf_printf(&b->body,
			 ",\"channel\":\"shop\",\"spoken\":true,\"commitments\":[{"
			 "\"debtor\":\"%s\",\"action\":\"%s\",\"acceptance_s\":0}]}",
			 delivery ? b->r->lanes[REPLAY_CARRIER]->party : item->seller,
			 delivery ? "deliver" : "hand_over");
}

static void put_evidence(struct batch *b, const struct replay_step *s)
{
	bool delivered = s->kind == REPLAY_DELIVERED;
	const struct olist_order *o = order_of(b, s);
	struct troth_id id = replay_promise_id(o, delivered ? NULL : item_of(b, s));

	id.b[TROTH_ID_LEN - 1] = 1; /* The promise has this one commitment. */
	troth_buf_put_str(&b->body, "\"/v1/commitments/");
	put_id(&b->body, TROTH_ID_COMMITMENT, id);
	troth_buf_put_str(&b->body, "/fulfil\",\"body\":{\"evidence\":{\"kind\":"
				    "\"tracking\"}");
	put_time(&b->body, "at", delivered ? o->delivered : o->collected);
	if (!delivered)
		troth_buf_printf(&b->body, ",\"on_behalf\":\"%s\"",
				 item_of(b, s)->seller);
	troth_buf_put_str(&b->body, "}");
}

/* The firm's own cancellation asks the service party to tell the customer. */
static void put_cancel(struct batch *b, const struct replay_step *s, uint64_t etag)
{
	const struct olist_order *o = order_of(b, s);
	bool firm = strcmp(o->status, "unavailable") == 0;

	troth_buf_put_str(&b->body, "\"/v1/orders/");
	put_id(&b->body, TROTH_ID_ORDER, replay_order_id(o));
	troth_buf_printf(&b->body,
			 "/cancellation\",\"if_match\":%llu,\"body\":{\"reason\":\"%s\","
			 "\"initiator\":\"%s\"",
			 (unsigned long long)etag, o->status, firm ? "firm" : "customer");
	if (firm) {
		troth_buf_printf(&b->body,
				 ",\"tell\":{\"debtor\":\"%s\",\"action\":"
				 "\"tell_customer\",\"acceptance_s\":0",
				 b->r->service->party);
		put_time(&b->body, "due",
			 (struct troth_time){ s->at.ms + INT64_C(86400000) });
		troth_buf_put_str(&b->body, "}");
	}
	troth_buf_put_str(&b->body, "}");
}

static const char *kind_name(enum replay_kind kind)
{
	switch (kind) {
	case REPLAY_PLACE:
		return "place";
	case REPLAY_DELIVERY:
		return "delivery";
	case REPLAY_HAND_OVER:
		return "hand_over";
	case REPLAY_HANDED_OVER:
		return "handed_over";
	case REPLAY_DELIVERED:
		return "delivered";
	case REPLAY_CANCEL:
		return "cancel";
	}
	return "";
}

static bool is_about_item(enum replay_kind kind)
{
	return kind == REPLAY_HAND_OVER || kind == REPLAY_HANDED_OVER;
}

static enum troth_err read_etag(struct batch *b, const struct replay_step *s,
				uint64_t *etag, struct troth_why *why)
{
	struct troth_id order = replay_order_id(order_of(b, s));
	char path[64], id[TROTH_ID_TEXT];
	enum troth_err err;

	troth_id_format(id, TROTH_ID_ORDER, &order);
	(void)snprintf(path, sizeof(path), "/v1/orders/%s", id);
	err = replay_node_get(b->node, path, why);
	if (err == TROTH_OK)
		*etag = (uint64_t)json_integer_value(
			json_object_get(b->node->reply.json, "etag"));
	return err;
}

static enum troth_err put_request(struct batch *b, const struct replay_step *s,
				  struct troth_why *why)
{
	const struct olist_order *o = order_of(b, s);
	enum troth_err err = TROTH_OK;
	uint64_t etag = 0;

	if (s->kind == REPLAY_CANCEL)
		err = read_etag(b, s, &etag, why);
	if (err != TROTH_OK)
		return err;
	troth_buf_printf(&b->body,
			 "%s{\"method\":\"POST\",\"idempotency_key\":\"olist-%s-%s-%u\","
			 "\"path\":",
			 b->body.len > 0 ? "," : "{\"requests\":[", o->number,
			 kind_name(s->kind),
			 is_about_item(s->kind) ? item_of(b, s)->number : 0);
	switch (s->kind) {
	case REPLAY_PLACE:
		put_place(b, s);
		break;
	case REPLAY_DELIVERY:
	case REPLAY_HAND_OVER:
		put_promise(b, s);
		break;
	case REPLAY_HANDED_OVER:
	case REPLAY_DELIVERED:
		put_evidence(b, s);
		break;
	case REPLAY_CANCEL:
		put_cancel(b, s, etag);
		break;
	}
	troth_buf_put_str(&b->body, "}");
	return TROTH_OK;
}

/* ---- Answers ---- */

enum fate { DONE, LATER, NEVER };

static enum fate fate_of(enum replay_kind kind, long status, const json_t *body)
{
	static const char prefix[] = "urn:troth:problem:";
	const char *type = json_string_value(json_object_get(body, "type"));
	const char *what = type != NULL && strncmp(type, prefix, sizeof(prefix) - 1) == 0
				   ? type + sizeof(prefix) - 1
				   : "";

	if (status >= 200 && status < 300)
		return DONE;
	/* What an interrupted replay had done before: ids are the same each time. */
	if (kind <= REPLAY_HAND_OVER && strcmp(what, "exists") == 0)
		return DONE;
	if (kind == REPLAY_CANCEL && strcmp(what, "wrong_state") == 0)
		return DONE;
	return status == 412 || status == 429 || status >= 500 ? LATER : NEVER;
}

static enum fate look_at_answers(struct batch *b, struct troth_why *why)
{
	const json_t *answers = json_object_get(b->node->reply.json, "responses");
	enum fate worst = DONE;

	if (b->node->reply.status != 200 || json_array_size(answers) != b->count) {
		char problem[TROTH_WHY_MAX];

		troth_http_problem(b->node->reply.json, b->node->reply.status, problem,
				   sizeof(problem));
		(void)troth_fail(why, TROTH_ERR_INPUT, "%s/v1/batch: %s",
				 troth_http_url(b->node->http), problem);
		return NEVER;
	}
	for (unsigned i = 0; i < b->count; i++) {
		const struct replay_step *s = &b->r->plan->steps[b->steps[i]];
		const json_t *a = json_array_get(answers, i);
		const json_t *body = json_object_get(a, "body");
		long status = (long)json_integer_value(json_object_get(a, "status"));
		enum fate fate = fate_of(s->kind, status, body);

		if (fate > worst) {
			char problem[TROTH_WHY_MAX];

			worst = fate;
			troth_http_problem(body, status, problem, sizeof(problem));
			(void)troth_fail(why, TROTH_ERR_INPUT, "%s: order %s, %s: %s",
					 troth_http_url(b->node->http),
					 order_of(b, s)->number, kind_name(s->kind),
					 problem);
		}
	}
	return worst;
}

/* ---- Batches ---- */

/* Writes the requests of all steps of the batch; false if they are too many. */
static enum troth_err write_body(struct batch *b, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	troth_buf_reset(&b->body);
	for (unsigned i = 0; i < b->count && err == TROTH_OK; i++)
		err = put_request(b, &b->r->plan->steps[b->steps[i]], why);
	troth_buf_put_str(&b->body, "]}");
	if (err == TROTH_OK && b->body.failed)
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	return err;
}

/* Sends the batch until all of it is done. Keys make a repetition harmless. */
static enum troth_err flush(struct batch *b, struct troth_why *why)
{
	struct troth_http_call call = { .method = "POST", .path = "/v1/batch" };
	enum fate fate = b->count > 0 ? LATER : DONE;
	enum troth_err err = TROTH_OK;
	int pause_ms = 0;

	for (int tries = 0; fate == LATER && err == TROTH_OK; tries++) {
		if (tries == TRIES_MAX)
			return TROTH_ERR_AGAIN; /* `why` is of the last one. */
		if (tries > 0)
			replay_pause(&pause_ms);
		err = write_body(b, why); /* Anew: an ETag may have been too old. */
		if (err != TROTH_OK)
			break;
		call.body = troth_buf_span(&b->body);
		err = replay_node_call(b->node, &call, why);
		if (err == TROTH_OK)
			fate = look_at_answers(b, why);
	}
	if (err == TROTH_OK && fate == NEVER)
		err = TROTH_ERR_INPUT;
	if (err == TROTH_OK)
		atomic_fetch_add(&b->r->done, b->count);
	b->count = 0;
	b->number += REPLAY_LANES; /* Each lane has numbers of its own. */
	return err;
}

/*
 * Whether the step must wait for what the batch holds: a commitment is found only
 * once its promise is saved, and an ETag is read before the batch is sent.
 */
static bool must_wait(const struct batch *b, const struct replay_step *s)
{
	return s->kind >= REPLAY_HANDED_OVER && b->r->batch_of[s->order] == b->number;
}

/* About how much the step's request takes, generously. */
static size_t size_of(const struct batch *b, const struct replay_step *s)
{
	return 1024 +
	       (s->kind == REPLAY_PLACE ? (size_t)256 * order_of(b, s)->item_count : 0);
}

enum troth_err replay_send(struct replay *r, enum replay_lane lane,
			   const struct replay_run *run, struct troth_id *last,
			   struct troth_why *why)
{
	struct batch b = { .r = r,
			   .node = r->lanes[lane],
			   .lane = lane,
			   .number = (uint32_t)(run->first * REPLAY_LANES) + 1 +
				     (uint32_t)lane };
	enum troth_err err = TROTH_OK;
	size_t size = 0;

	for (size_t i = run->first; i < run->end && err == TROTH_OK; i++) {
		const struct replay_step *s = &r->plan->steps[i];

		if (replay_lane_of(s->kind) != lane)
			continue;
		if (b.count == BATCH_MAX || size + size_of(&b, s) > BATCH_BODY_MAX ||
		    must_wait(&b, s)) {
			err = flush(&b, why);
			size = 0;
		}
		size += size_of(&b, s);
		b.steps[b.count++] = i;
		r->batch_of[s->order] = b.number;
		*last = replay_order_id(order_of(&b, s));
	}
	if (err == TROTH_OK)
		err = flush(&b, why);
	troth_buf_fini(&b.body);
	return err;
}
