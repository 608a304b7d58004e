/*
 * What is asked about orders and cases.
 */
#include "body.h"
#include "handlers.h"

#include "troth/base/text.h"

#include <string.h>

#define LINE(name, form, member)                                                         \
	{                                                                                \
		(name), (form), 0, offsetof(struct troth_line, member),                  \
			sizeof(((struct troth_line *)0)->member)                         \
	}
static const struct troth_in_field line_fields[] = {
	LINE("sku", TROTH_IN_TEXT, sku),
	LINE("quantity", TROTH_IN_U32, quantity),
	LINE("unit_price", TROTH_IN_I64, unit_price),
	LINE("seller", TROTH_IN_TEXT, seller),
};
static const struct troth_in_table line_table = { line_fields, TROTH_LEN(line_fields),
						  NULL };

#define FIELD_LINES                                                                      \
	{                                                                                \
		.name = "lines", .form = TROTH_IN_ARRAY, .base = TROTH_BASE_EVENT,       \
		.offset = offsetof(struct troth_event, u.order.lines),                   \
		.size = sizeof(struct troth_line), .of = &line_table,                    \
		.max = TROTH_LINES_MAX,                                                  \
		.count_offset = offsetof(struct troth_event, u.order.line_count),        \
	}

static const struct troth_in_field personal_fields[] = {
	TROTH_FIELD_P("order_number", TROTH_IN_TEXT, order_number),
	TROTH_FIELD_P("customer_name", TROTH_IN_TEXT, customer_name),
	TROTH_FIELD_P("customer_phone", TROTH_IN_TEXT, customer_phone),
	TROTH_FIELD_P("address", TROTH_IN_LINES, address),
};
static const struct troth_in_table personal_table = { personal_fields,
						      TROTH_LEN(personal_fields), NULL };

static const struct troth_in_field placed_fields[] = {
	{ .name = "id",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, subject),
	  .id = TROTH_ID_ORDER },
	TROTH_FIELD_E("customer", TROTH_IN_TEXT, u.order.customer),
	TROTH_FIELD_E("seller", TROTH_IN_TEXT, u.order.seller),
	TROTH_FIELD_E("carrier", TROTH_IN_TEXT, u.order.carrier),
	TROTH_FIELD_E("currency", TROTH_IN_TEXT, u.order.currency),
	TROTH_FIELD_E("deliver_by", TROTH_IN_TIME, u.order.deliver_by),
	TROTH_FIELD_E("placed", TROTH_IN_TIME, u.order.at),
	FIELD_LINES,
	{ .name = "personal",
	  .form = TROTH_IN_OBJECT,
	  .base = TROTH_BASE_BODY,
	  .of = &personal_table,
	  .count_offset = offsetof(struct troth_body, has_personal) },
};
const struct troth_in_table troth_in_order = { placed_fields, TROTH_LEN(placed_fields),
					       &troth_in_common };

static const struct troth_in_field corrected_fields[] = {
	TROTH_FIELD_E("carrier", TROTH_IN_TEXT, u.order.carrier),
	TROTH_FIELD_E("deliver_by", TROTH_IN_TIME, u.order.deliver_by),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.order.reason),
	FIELD_LINES,
};
const struct troth_in_table troth_in_correction = { corrected_fields,
						    TROTH_LEN(corrected_fields),
						    &troth_in_common };

static const struct troth_in_field moved_fields[] = {
	TROTH_FIELD_E("at", TROTH_IN_TIME, u.at),
};
const struct troth_in_table troth_in_move = { moved_fields, TROTH_LEN(moved_fields),
					      &troth_in_common };

static int initiator_number(const char *text)
{
	if (strcmp(text, "customer") == 0)
		return TROTH_BY_CUSTOMER;
	return strcmp(text, "firm") == 0 ? TROTH_BY_FIRM : -1;
}

static const struct troth_in_field cancelled_fields[] = {
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.cancel.reason),
	TROTH_FIELD_WORD("initiator", u.cancel.initiator, initiator_number),
	TROTH_FIELD_TELL,
};
const struct troth_in_table troth_in_cancellation = { cancelled_fields,
						      TROTH_LEN(cancelled_fields),
						      &troth_in_common };

static const struct troth_in_field linked_fields[] = {
	{ .name = "case",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_BODY,
	  .offset = offsetof(struct troth_body, other),
	  .id = TROTH_ID_CASE },
};
const struct troth_in_table troth_in_link = { linked_fields, TROTH_LEN(linked_fields),
					      &troth_in_common };

static const struct troth_in_field opened_fields[] = {
	{ .name = "id",
	  .form = TROTH_IN_ID,
	  .base = TROTH_BASE_EVENT,
	  .offset = offsetof(struct troth_event, subject),
	  .id = TROTH_ID_CASE },
	TROTH_FIELD_E("customer", TROTH_IN_TEXT, u.cas.customer),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.cas.reason),
};
const struct troth_in_table troth_in_case = { opened_fields, TROTH_LEN(opened_fields),
					      &troth_in_common };

static const struct troth_in_field handed_fields[] = {
	TROTH_FIELD_E("to", TROTH_IN_TEXT, u.cas.to),
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.cas.reason),
};
const struct troth_in_table troth_in_handover = { handed_fields, TROTH_LEN(handed_fields),
						  &troth_in_common };

static const struct troth_in_field closed_fields[] = {
	TROTH_FIELD_E("outcome", TROTH_IN_TEXT, u.cas.outcome),
};
const struct troth_in_table troth_in_close = { closed_fields, TROTH_LEN(closed_fields),
					       &troth_in_common };

/* Begins a command about the subject in the path, or a new one. */
static bool begin(struct troth_body *b, struct troth_call *c, enum troth_event_type type,
		  enum troth_subject_kind kind, bool is_new)
{
	if (!troth_body_begin(b, c, 1))
		return false;
	b->e->type = type;
	b->e->subject_kind = kind;
	b->e->subject = is_new ? troth_body_new_id(c) : c->id;
	return true;
}

void troth_post_order(struct troth_call *c)
{
	struct troth_body b;

	if (!begin(&b, c, TROTH_EVENT_ORDER_PLACED, TROTH_SUBJECT_ORDER, true) ||
	    !troth_body_read(&b) || !troth_body_may_choose_id(&b))
		return;
	if (b.e->u.order.at.ms == 0)
		b.e->u.order.at = troth_call_now(c);
}

void troth_post_correction(struct troth_call *c)
{
	struct troth_view *view = c->api->view;
	struct troth_body b;

	if (!troth_query_subject(c->t, c->api->engine->kind, &c->id, view)) {
		troth_call_declined(c, TROTH_REASON_NO_SUBJECT);
		return;
	}
	if (!begin(&b, c, TROTH_EVENT_ORDER_CORRECTED, TROTH_SUBJECT_ORDER, false) ||
	    !troth_body_read(&b))
		return;
	/* Of two corrections on one version, If-Match and the judge let one through. */
	b.e->u.order.version = view->subject.order.version + 1;
}

static void moved(struct troth_call *c, enum troth_event_type type)
{
	struct troth_body b;

	if (!begin(&b, c, type, TROTH_SUBJECT_ORDER, false) || !troth_body_read(&b))
		return;
	if (b.e->u.at.ms == 0)
		b.e->u.at = troth_call_now(c);
}

void troth_post_shipment(struct troth_call *c)
{
	moved(c, TROTH_EVENT_ORDER_SHIPPED);
}

void troth_post_delivery(struct troth_call *c)
{
	moved(c, TROTH_EVENT_ORDER_DELIVERED);
}

void troth_post_cancellation(struct troth_call *c)
{
	struct troth_body b;

	if (!begin(&b, c, TROTH_EVENT_ORDER_CANCELLED, TROTH_SUBJECT_ORDER, false) ||
	    !troth_body_read(&b))
		return;
	b.e->u.cancel.has_tell = b.has_tell > 0;
	if (b.has_tell > 0)
		troth_body_terms(&b.e->u.cancel.tell, &b.tell[0],
				 (struct troth_time){ 0 }, troth_call_now(c));
}

/* The vendor that brings the case: who handles it, as far as it is known here. */
static const char *vendor_of(struct troth_call *c, const struct troth_body *b)
{
	struct troth_view *view = c->api->view;

	if (troth_query_subject(c->t, c->api->engine->kind, &b->other, view) &&
	    view->subject.kind == TROTH_SUBJECT_CASE)
		return view->subject.cas.handler;
	return b->e->on_behalf[0] != '\0' ? b->e->on_behalf : c->api->engine->party;
}

void troth_post_order_case(struct troth_call *c)
{
	struct troth_event *second;
	struct troth_body b;

	if (!troth_body_begin(&b, c, 2))
		return;
	b.e->type = TROTH_EVENT_ORDER_CASE_LINKED;
	b.e->subject_kind = TROTH_SUBJECT_ORDER;
	b.e->subject = c->id;
	if (!troth_body_read(&b))
		return;
	if (troth_id_is_zero(&b.other)) {
		troth_body_flaw(&b, "case", "is missing");
		return;
	}
	b.e->u.link.id = b.other;
	TROTH_TEXT_SET(b.e->u.link.vendor, vendor_of(c, &b));

	second = c->command->drafts[1];
	second->type = TROTH_EVENT_CASE_ORDER_LINKED;
	second->subject_kind = TROTH_SUBJECT_CASE;
	second->subject = b.other;
	second->u.link.id = c->id;
	TROTH_TEXT_SET(second->actor, b.e->actor);
	TROTH_TEXT_SET(second->on_behalf, b.e->on_behalf);
}

void troth_post_case(struct troth_call *c)
{
	struct troth_body b;

	if (!begin(&b, c, TROTH_EVENT_CASE_OPENED, TROTH_SUBJECT_CASE, true) ||
	    !troth_body_read(&b) || !troth_body_may_choose_id(&b))
		return;
	/* By its clock somebody is told when nobody acts on the case. */
	b.e->u.cas.policy_version = troth_state_newest_policy(c->t);
}

void troth_post_handover(struct troth_call *c)
{
	struct troth_body b;

	if (begin(&b, c, TROTH_EVENT_CASE_HANDED_OVER, TROTH_SUBJECT_CASE, false))
		(void)troth_body_read(&b);
}

void troth_post_close(struct troth_call *c)
{
	struct troth_body b;

	if (begin(&b, c, TROTH_EVENT_CASE_CLOSED, TROTH_SUBJECT_CASE, false))
		(void)troth_body_read(&b);
}
