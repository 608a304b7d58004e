#include "troth/core/model.h"

#include "names.h"

static const char *const roles[] = {
	NULL, "brand", "vendor", "carrier", "seller",
};

static const char *const kinds[] = {
	NULL,         "gift",     "credit",   "refund", "replacement", "repair",
	"redelivery", "delivery", "callback", "answer", "other",
};

static const char *const channels[] = {
	"unknown", "phone", "chat", "email", "web", "shop", "door", "other",
};

static const char *const actions[] = {
	NULL,      "pack",          "hand_over",
	"deliver", "call_back",     "pay",
	"repair",  "tell_customer", "confirm_with_customer",
	"other",
};

static const char *const evidences[] = {
	"none", "code", "photo", "tracking", "note",
};

static const char *const order_states[] = {
	NULL, "placed", "shipped", "delivered", "cancelled",
};

static const char *const case_states[] = {
	NULL,
	"open",
	"closed",
};

static const char *const promise_states[] = {
	"none",     "proposed", "pending_approval", "approved", "rejected",  "expired",
	"active",   "kept",     "broken",           "released", "cancelled", "confirmed",
	"reopened", "remedied",
};

static const char *const promise_actions[] = {
	NULL,    "activate", "ask",    "approve", "reject", "speak",  "expire",
	"break", "release",  "cancel", "confirm", "reopen", "remedy", "keep",
};

static const char *const commitment_states[] = {
	"none",        "requested", "accepted",   "declined", "countered",
	"in_progress", "fulfilled", "discharged", "reopened", "violated",
	"released",    "cancelled", "delegated",  "held",
};

static const char *const commitment_actions[] = {
	NULL,        "accept", "decline", "counter",     "start",  "fulfil",
	"discharge", "reopen", "violate", "release",     "cancel", "delegate",
	"hold",      "resume", "request", "ack_overdue",
};

const char *troth_role_name(enum troth_role v)
{
	return name_of(NAMES(roles), (unsigned)v);
}

const char *troth_kind_name(enum troth_kind v)
{
	return name_of(NAMES(kinds), (unsigned)v);
}

const char *troth_channel_name(enum troth_channel v)
{
	return name_of(NAMES(channels), (unsigned)v);
}

const char *troth_action_name(enum troth_action v)
{
	return name_of(NAMES(actions), (unsigned)v);
}

const char *troth_evidence_name(enum troth_evidence v)
{
	return name_of(NAMES(evidences), (unsigned)v);
}

const char *troth_order_state_name(enum troth_order_state v)
{
	return name_of(NAMES(order_states), (unsigned)v);
}

const char *troth_case_state_name(enum troth_case_state v)
{
	return name_of(NAMES(case_states), (unsigned)v);
}

const char *troth_promise_state_name(enum troth_promise_state v)
{
	return name_of(NAMES(promise_states), (unsigned)v);
}

const char *troth_promise_action_name(enum troth_promise_action v)
{
	return name_of(NAMES(promise_actions), (unsigned)v);
}

const char *troth_commitment_state_name(enum troth_commitment_state v)
{
	return name_of(NAMES(commitment_states), (unsigned)v);
}

const char *troth_commitment_action_name(enum troth_commitment_action v)
{
	return name_of(NAMES(commitment_actions), (unsigned)v);
}

int troth_role_number(const char *text)
{
	return number_of(NAMES(roles), text);
}

int troth_kind_number(const char *text)
{
	return number_of(NAMES(kinds), text);
}

int troth_channel_number(const char *text)
{
	return number_of(NAMES(channels), text);
}

int troth_action_number(const char *text)
{
	return number_of(NAMES(actions), text);
}

int troth_evidence_number(const char *text)
{
	return number_of(NAMES(evidences), text);
}

int troth_promise_state_number(const char *text)
{
	return number_of(NAMES(promise_states), text);
}

int troth_promise_action_number(const char *text)
{
	return number_of(NAMES(promise_actions), text);
}

int troth_commitment_state_number(const char *text)
{
	return number_of(NAMES(commitment_states), text);
}

int troth_commitment_action_number(const char *text)
{
	return number_of(NAMES(commitment_actions), text);
}
