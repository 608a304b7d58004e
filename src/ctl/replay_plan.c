#include "replay_plan.h"

#include "troth/crypto/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_OF_DAY_MS INT64_C(86399000) /* 23:59:59 */

/* Indexes are 32 bits wide in a step. */
#define STEPS_MAX ((size_t)200000000)

enum replay_lane replay_lane_of(enum replay_kind kind)
{
	return kind == REPLAY_DELIVERED ? REPLAY_CARRIER : REPLAY_MARKET;
}

struct troth_time replay_due(const struct replay_plan *p, const struct olist_order *o)
{
	struct troth_time due = o->estimated;

	if (p->end_of_day && due.ms != 0)
		due.ms += END_OF_DAY_MS - due.ms % INT64_C(86400000);
	return due;
}

static struct troth_id make_id(struct troth_time at, const char *what, const char *number,
			       unsigned item)
{
	char text[OLIST_NUMBER_MAX + 64];
	struct troth_digest d;
	struct troth_span s;

	(void)snprintf(text, sizeof(text), "olist %s %s %u", what, number, item);
	s = troth_span_str(text);
	troth_sha256(&d, &s, 1);
	return troth_id_make(at, d.b);
}

struct troth_id replay_order_id(const struct olist_order *o)
{
	return make_id(o->purchased, "order", o->number, 0);
}

struct troth_id replay_promise_id(const struct olist_order *o,
				  const struct olist_item *item)
{
	struct troth_id id = make_id(o->purchased, "promise", o->number,
				     item != NULL ? item->number : 0);

	id.b[TROTH_ID_LEN - 1] = 0; /* The ordinals of its commitments stand there. */
	return id;
}

static struct troth_time later(struct troth_time a, struct troth_time b)
{
	return a.ms > b.ms ? a : b;
}

static void add(struct replay_plan *p, struct troth_time at, size_t order, size_t item,
		enum replay_kind kind)
{
	p->steps[p->step_count++] = (struct replay_step){ at, (uint32_t)order,
							  (uint32_t)item, kind };
}

static void add_item(struct replay_plan *p, size_t order, size_t item)
{
	const struct olist_order *o = &p->data->orders[order];
	struct troth_time made = later(o->purchased, o->approved);

	if (p->data->items[item].limit.ms == 0)
		return;
	add(p, made, order, item, REPLAY_HAND_OVER);
	if (o->collected.ms != 0)
		add(p, later(made, o->collected), order, item, REPLAY_HANDED_OVER);
}

static void add_order(struct replay_plan *p, size_t i)
{
	const struct olist_order *o = &p->data->orders[i];

	add(p, o->purchased, i, 0, REPLAY_PLACE);
	if (o->estimated.ms != 0)
		add(p, o->purchased, i, 0, REPLAY_DELIVERY);
	for (unsigned k = 0; k < o->item_count; k++)
		add_item(p, i, o->first_item + k);
	if (o->delivered.ms != 0 && o->estimated.ms != 0)
		add(p, later(o->purchased, o->delivered), i, 0, REPLAY_DELIVERED);
	if (olist_was_cancelled(o))
		add(p, later(later(o->purchased, o->approved), o->collected), i, 0,
		    REPLAY_CANCEL);
}

static int by_time(const void *a, const void *b)
{
	const struct replay_step *x = a, *y = b;

	if (x->at.ms != y->at.ms)
		return x->at.ms < y->at.ms ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->item == y->item ? 0 : x->item < y->item ? -1 : 1;
}

/* Where an order was last acted on. */
struct trace {
	size_t run; /* From 1; 0: nowhere yet. */
	enum replay_lane lane;
};

/* Cuts the steps where one needs what another gateway did in the same run. */
static void cut(struct replay_plan *p, struct trace *traces)
{
	struct replay_run *run = p->runs;

	for (size_t i = 0; i < p->step_count; i++) {
		struct trace *t = &traces[p->steps[i].order];
		enum replay_lane lane = replay_lane_of(p->steps[i].kind);

		if (t->run == (size_t)(run - p->runs) + 1 && t->lane != lane) {
			run++;
			run->first = i;
		}
		run->end = i + 1;
		*t = (struct trace){ (size_t)(run - p->runs) + 1, lane };
	}
	p->run_count = p->step_count > 0 ? (size_t)(run - p->runs) + 1 : 0;
}

enum troth_err replay_plan_make(struct replay_plan *p, const struct olist *data,
				bool end_of_day, struct troth_why *why)
{
	size_t most = 4 * data->order_count + 2 * data->item_count + 1;
	struct trace *traces = NULL;
	enum troth_err err = TROTH_OK;

	*p = (struct replay_plan){ .data = data, .end_of_day = end_of_day };
	if (most > STEPS_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "more than %zu steps", STEPS_MAX);
	p->steps = calloc(most, sizeof(*p->steps));
	p->runs = calloc(most, sizeof(*p->runs));
	traces = calloc(data->order_count + 1, sizeof(*traces));
	if (p->steps == NULL || p->runs == NULL || traces == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
		goto out;
	}
	for (size_t i = 0; i < data->order_count; i++)
		add_order(p, i);
	qsort(p->steps, p->step_count, sizeof(*p->steps), by_time);
	cut(p, traces);
out:
	free(traces);
	return err;
}

void replay_plan_free(struct replay_plan *p)
{
	free(p->steps);
	free(p->runs);
	*p = (struct replay_plan){ 0 };
}

struct troth_time replay_run_time(const struct replay_plan *p, size_t run)
{
	return p->steps[p->runs[run].end - 1].at;
}
