/*
 * olist_replay - what happened to the orders of the Olist set, as steps.
 *
 *   PLACE        market    at purchase
 *   DELIVERY     market    the delivery promise, at purchase
 *   HAND_OVER    market    one promise for each item, at approval, else purchase
 *   HANDED_OVER  market    the seller's evidence, when the carrier collected
 *   DELIVERED    carrier   the carrier's evidence
 *   CANCEL       market    called off, without having been delivered
 *
 * Evidence in the files may precede the promise that it fulfils; it is then
 * reported when the promise is made, and says its true time.
 */
#include "olist.h"
#include "olist_report.h"
#include "replay_run.h"

#include <stdlib.h>
#include <string.h>

#define END_OF_DAY_MS INT64_C(86399000) /* 23:59:59 */

/* Which gateway is which; MARKET and CARRIER have lanes. */
enum part { MARKET, CARRIER, SERVICE };

static const struct replay_kind kinds[] = {
	[OLIST_PLACE] = { "place", REPLAY_FIRST },
	[OLIST_DELIVERY] = { "delivery", REPLAY_PROMISES },
	[OLIST_HAND_OVER] = { "hand_over", REPLAY_PROMISES | REPLAY_ITEM },
	[OLIST_HANDED_OVER] = { "handed_over", REPLAY_WAITS | REPLAY_ITEM },
	[OLIST_DELIVERED] = { "delivered", REPLAY_WAITS },
	[OLIST_CANCEL] = { "cancel", REPLAY_WAITS | REPLAY_ENDS | REPLAY_ETAG },
};

static const struct olist *data_of(const struct replay_plan *p)
{
	return p->data;
}

static const struct olist_order *order_of(const struct replay_plan *p,
					  const struct replay_step *s)
{
	return &data_of(p)->orders[s->subject];
}

static const struct olist_item *item_of(const struct replay_plan *p,
					const struct replay_step *s)
{
	return &data_of(p)->items[s->item];
}

/* ---- The plan ---- */

/* The due of an order's delivery promise under the plan's rule; 0: it has none. */
static struct troth_time due_of(const struct replay_plan *p, const struct olist_order *o)
{
	struct troth_time due = o->estimated;

	if (p->end_of_day && due.ms != 0)
		due.ms += END_OF_DAY_MS - due.ms % INT64_C(86400000);
	return due;
}

static void add(struct replay_plan *p, struct troth_time at, size_t order, size_t item,
		enum olist_kind kind)
{
	replay_plan_add(p, (struct replay_step){
				   .at = at,
				   .subject = (uint32_t)order,
				   .item = (uint32_t)item,
				   .kind = (uint8_t)kind,
				   .lane = kind == OLIST_DELIVERED ? CARRIER : MARKET,
			   });
}

static void add_item(struct replay_plan *p, size_t order, size_t item)
{
	const struct olist_order *o = &data_of(p)->orders[order];
	struct troth_time made = replay_later(o->purchased, o->approved);

	if (data_of(p)->items[item].limit.ms == 0)
		return;
	add(p, made, order, item, OLIST_HAND_OVER);
	if (o->collected.ms != 0)
		add(p, replay_later(made, o->collected), order, item, OLIST_HANDED_OVER);
}

static void add_order(struct replay_plan *p, size_t i)
{
	const struct olist_order *o = &data_of(p)->orders[i];

	add(p, o->purchased, i, 0, OLIST_PLACE);
	if (o->estimated.ms != 0)
		add(p, o->purchased, i, 0, OLIST_DELIVERY);
	for (unsigned k = 0; k < o->item_count; k++)
		add_item(p, i, o->first_item + k);
	if (o->delivered.ms != 0 && o->estimated.ms != 0)
		add(p, replay_later(o->purchased, o->delivered), i, 0, OLIST_DELIVERED);
	if (olist_was_cancelled(o))
		add(p,
		    replay_later(replay_later(o->purchased, o->approved), o->collected),
		    i, 0, OLIST_CANCEL);
}

/* Where an order was last acted on. */
struct trace {
	size_t run; /* From 1; 0: nowhere yet. */
	uint8_t lane;
};

/* Cuts the steps where one needs what another gateway did in the same run. */
static void cut(struct replay_plan *p, struct trace *traces)
{
	struct replay_run *run = p->runs;

	for (size_t i = 0; i < p->step_count; i++) {
		struct trace *t = &traces[p->steps[i].subject];

		if (t->run == (size_t)(run - p->runs) + 1 &&
		    t->lane != p->steps[i].lane) {
			run++;
			run->first = i;
		}
		run->end = i + 1;
		*t = (struct trace){ (size_t)(run - p->runs) + 1, p->steps[i].lane };
	}
	p->run_count = p->step_count > 0 ? (size_t)(run - p->runs) + 1 : 0;
}

static enum troth_err make_plan(struct replay_plan *p, struct troth_why *why)
{
	const struct olist *data = data_of(p);
	struct trace *traces = calloc(data->order_count + 1, sizeof(*traces));
	enum troth_err err = replay_plan_room(
		p, 4 * data->order_count + 2 * data->item_count, why);

	if (err != TROTH_OK)
		goto out;
	if (traces == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
		goto out;
	}
	p->subject_count = data->order_count;
	for (size_t i = 0; i < data->order_count; i++)
		add_order(p, i);
	replay_plan_sort(p);
	cut(p, traces);
out:
	free(traces);
	return err;
}

/* ---- Who and what ---- */

static enum troth_err load(void **data, const char *dir, struct troth_why *why)
{
	struct olist *o = calloc(1, sizeof(*o));
	enum troth_err err;

	*data = o;
	if (o == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	err = olist_load(o, dir, why);
	if (err == TROTH_OK && o->order_count == 0)
		err = troth_fail(why, TROTH_ERR_INPUT, "%s: holds no orders", dir);
	if (err == TROTH_OK && o->stray_items > 0)
		(void)fprintf(stderr,
			      "%zu items of orders that are not in %s are left out\n",
			      o->stray_items, dir);
	return err;
}

static void unload(void *data)
{
	if (data != NULL)
		olist_free(data);
	free(data);
}

static size_t party_count(const void *data)
{
	return ((const struct olist *)data)->seller_count;
}

static struct replay_party party(const void *data, size_t i)
{
	return (struct replay_party){ ((const struct olist *)data)->sellers[i].id,
				      "seller", MARKET };
}

static struct troth_id order_id(const struct replay_plan *p, uint32_t subject)
{
	const struct olist_order *o = &data_of(p)->orders[subject];

	return replay_make_id(p->set, o->purchased, "order", o->number, 0);
}

/* Of the promise about an item; of the delivery promise, if the item is NULL. */
static struct troth_id id_of_promise(const struct replay_plan *p,
				     const struct olist_order *o,
				     const struct olist_item *item)
{
	struct troth_id id = replay_make_id(p->set, o->purchased, "promise", o->number,
					    item != NULL ? item->number : 0);

	id.b[TROTH_ID_LEN - 1] = 0; /* The ordinals of its commitments stand there. */
	return id;
}

static const struct olist_item *item_or_null(const struct replay_plan *p,
					     const struct replay_step *s)
{
	return (kinds[s->kind].flags & REPLAY_ITEM) != 0 ? item_of(p, s) : NULL;
}

static struct troth_id promise_id(const struct replay_plan *p,
				  const struct replay_step *s)
{
	return id_of_promise(p, order_of(p, s), item_or_null(p, s));
}

static const char *number_of(const struct replay_plan *p, uint32_t subject)
{
	return data_of(p)->orders[subject].number;
}

static unsigned item_number(const struct replay_plan *p, const struct replay_step *s)
{
	const struct olist_item *item = item_or_null(p, s);

	return item != NULL ? item->number : 0;
}

/* ---- Requests ---- */

static void put_place(struct troth_buf *b, const struct replay *r,
		      const struct replay_step *s)
{
	const struct olist_order *o = order_of(r->plan, s);
	struct troth_time due = due_of(r->plan, o);

	troth_buf_put_str(b, "\"/v1/orders\",\"body\":{\"id\":\"");
	replay_put_id(b, TROTH_ID_ORDER, order_id(r->plan, s->subject));
	troth_buf_printf(b,
			 "\",\"customer\":\"%s\",\"seller\":\"%s\",\"carrier\":\"%s\","
			 "\"currency\":\"BRL\",\"personal\":{\"order_number\":\"%s\"}",
			 o->customer, r->parts[MARKET]->party, r->parts[CARRIER]->party,
			 o->number);
	replay_put_time(b, "placed", o->purchased);
	if (due.ms != 0)
		replay_put_time(b, "deliver_by", due);
	troth_buf_put_str(b, ",\"lines\":[");
	for (unsigned i = 0; i < o->item_count; i++) {
		const struct olist_item *item =
			&data_of(r->plan)->items[o->first_item + i];

		troth_buf_printf(b,
				 "%s{\"sku\":\"%s\",\"quantity\":1,\"unit_price\":%lld,"
				 "\"seller\":\"%s\"}",
				 i > 0 ? "," : "", item->product, (long long)item->price,
				 item->seller);
	}
	troth_buf_put_str(b, "]}");
}

static void put_promise(struct troth_buf *b, const struct replay *r,
			const struct replay_step *s)
{
	bool delivery = s->kind == OLIST_DELIVERY;
	const struct olist_order *o = order_of(r->plan, s);
	const struct olist_item *item = item_or_null(r->plan, s);
	struct troth_time due = delivery ? due_of(r->plan, o) : item->limit;
	char day[TROTH_TIME_TEXT];

	troth_buf_put_str(b, "\"/v1/orders/");
	replay_put_id(b, TROTH_ID_ORDER, order_id(r->plan, s->subject));
	troth_buf_put_str(b, "/promises\",\"body\":{\"id\":\"");
	replay_put_id(b, TROTH_ID_PROMISE, promise_id(r->plan, s));
	troth_time_format(day, due);
	if (delivery)
		troth_buf_printf(b,
				 "\",\"kind\":\"delivery\",\"reason\":\"purchase\","
				 "\"words\":\"It arrives by %.10s.\",\"language\":\"en\"",
				 day);
	else
		troth_buf_put_str(b, "\",\"kind\":\"other\",\"reason\":\"hand_over\"");
	replay_put_time(b, "due", due);
	replay_put_time(b, "made",
			delivery || o->approved.ms == 0 ? o->purchased : o->approved);
	troth_buf_printf(b,
			 ",\"channel\":\"shop\",\"spoken\":true,\"commitments\":[{"
			 "\"debtor\":\"%s\",\"action\":\"%s\",\"acceptance_s\":0}]}",
			 delivery ? r->parts[CARRIER]->party : item->seller,
			 delivery ? "deliver" : "hand_over");
}

static void put_evidence(struct troth_buf *b, const struct replay *r,
			 const struct replay_step *s)
{
	bool delivered = s->kind == OLIST_DELIVERED;
	const struct olist_order *o = order_of(r->plan, s);
	struct troth_id id = promise_id(r->plan, s);

	id.b[TROTH_ID_LEN - 1] = 1; /* The promise has this one commitment. */
	troth_buf_put_str(b, "\"/v1/commitments/");
	replay_put_id(b, TROTH_ID_COMMITMENT, id);
	troth_buf_put_str(b, "/fulfil\",\"body\":{\"evidence\":{\"kind\":"
			     "\"tracking\"}");
	replay_put_time(b, "at", delivered ? o->delivered : o->collected);
	if (!delivered)
		troth_buf_printf(b, ",\"on_behalf\":\"%s\"", item_of(r->plan, s)->seller);
	troth_buf_put_str(b, "}");
}

/* The firm's own cancellation asks the service party to tell the customer. */
static void put_cancel(struct troth_buf *b, const struct replay *r,
		       const struct replay_step *s, uint64_t etag)
{
	const struct olist_order *o = order_of(r->plan, s);
	bool firm = strcmp(o->status, "unavailable") == 0;

	troth_buf_put_str(b, "\"/v1/orders/");
	replay_put_id(b, TROTH_ID_ORDER, order_id(r->plan, s->subject));
	troth_buf_printf(b,
			 "/cancellation\",\"if_match\":%llu,\"body\":{\"reason\":\"%s\","
			 "\"initiator\":\"%s\"",
			 (unsigned long long)etag, o->status, firm ? "firm" : "customer");
	if (firm) {
		troth_buf_printf(b,
				 ",\"tell\":{\"debtor\":\"%s\",\"action\":"
				 "\"tell_customer\",\"acceptance_s\":0",
				 r->parts[SERVICE]->party);
		replay_put_time(b, "due",
				(struct troth_time){ s->at.ms + INT64_C(86400000) });
		troth_buf_put_str(b, "}");
	}
	troth_buf_put_str(b, "}");
}

static void put(struct troth_buf *b, const struct replay *r, const struct replay_step *s,
		uint64_t etag)
{
	switch ((enum olist_kind)s->kind) {
	case OLIST_PLACE:
		put_place(b, r, s);
		break;
	case OLIST_DELIVERY:
	case OLIST_HAND_OVER:
		put_promise(b, r, s);
		break;
	case OLIST_HANDED_OVER:
	case OLIST_DELIVERED:
		put_evidence(b, r, s);
		break;
	case OLIST_CANCEL:
		put_cancel(b, r, s, etag);
		break;
	}
}

static size_t size_of(const struct replay_plan *p, const struct replay_step *s)
{
	return 1024 +
	       (s->kind == OLIST_PLACE ? (size_t)256 * order_of(p, s)->item_count : 0);
}

/* ---- The set ---- */

static const struct troth_federation_party firms[] = {
	{ "olist", "brand", "Olist", NULL },
	{ "market", "seller", "Marketplace", NULL },
	{ "carrier", "carrier", "Carrier", NULL },
	{ "service", "vendor", "Customer service", NULL },
};
static const struct troth_federation_site sites[] = {
	{ .party = "market", .site = "shop" },
	{ .party = "carrier", .site = "depot" },
	{ .party = "service", .site = "desk" },
	{ .party = "olist", .site = "hq2" },
};

const struct replay_set replay_olist = {
	.name = "olist",
	.as_of = "2018-10-18T00:00:00Z", /* When all of the public set was over. */
	.needs = "a seller, a carrier and a vendor",
	.has_rule = true,
	.id_kind = TROTH_ID_ORDER,
	.path = "/v1/orders/",
	.word = "order",
	.kinds = kinds,
	.part_count = 3,
	.lane_count = 2,
	.phase_count = 1,
	.parts = { [MARKET] = { "seller", 0 },
		   [CARRIER] = { "carrier", 0 },
		   [SERVICE] = { "vendor", 0 } },
	.actions = { "deliver", "hand_over" },
	.firm_count = TROTH_LEN(firms),
	.firms = firms,
	.site_count = TROTH_LEN(sites),
	.sites = sites,
	.load = load,
	.free = unload,
	.plan = make_plan,
	.party_count = party_count,
	.party = party,
	.subject_id = order_id,
	.promise_id = promise_id,
	.number = number_of,
	.item_number = item_number,
	.size = size_of,
	.put = put,
	.report = olist_report,
	.print = olist_print,
};
