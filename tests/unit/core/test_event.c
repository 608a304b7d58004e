/* Whether an event is well formed by itself. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct troth_event e;

static void every_type_is_well_formed_as_the_fixture_makes_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_flaw flaw = { "", "" };

		fixture_event(&e, fixture_types[i], "acme");
		if (!troth_event_check(&e, &flaw))
			fail_msg("%s: %s %s", troth_event_type_name(e.type), flaw.field,
				 flaw.problem);
	}
}

static void every_field_at_its_limit_is_well_formed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_flaw flaw = { "", "" };

		fixture_fill(&e, fixture_types[i]);
		if (e.type == TROTH_EVENT_SITE_AVAILABILITY)
			e.created.ms--; /* It holds until later than that. */
		if (!troth_event_check(&e, &flaw))
			fail_msg("%s: %s %s", troth_event_type_name(e.type), flaw.field,
				 flaw.problem);
	}
}

#define AT(member) offsetof(struct troth_event, member)

/* One value put over a member of the usual event of a type. */
struct change {
	enum troth_event_type type;
	size_t at;
	char how; /* t: text, i: 64 bits, w: 32 bits, b: a byte. */
	const char *text;
	int64_t number;
	const char *field; /* That is named; NULL: the event stays well formed. */
};

#define TEXT(type, member, text, field)                                                  \
	{                                                                                \
		TROTH_EVENT_##type, AT(member), 't', (text), 0, (field)                  \
	}
#define NUMBER(type, member, number, field)                                              \
	{                                                                                \
		TROTH_EVENT_##type, AT(member), 'i', NULL, (number), (field)             \
	}
#define WORD(type, member, number, field)                                                \
	{                                                                                \
		TROTH_EVENT_##type, AT(member), 'w', NULL, (number), (field)             \
	}
#define BYTE(type, member, number, field)                                                \
	{                                                                                \
		TROTH_EVENT_##type, AT(member), 'b', NULL, (number), (field)             \
	}

#define LATEST TROTH_TIME_MAX_MS

/* A time that may not be there, and one that must. */
#define OPTIONAL_TIME(type, member, field)                                               \
	NUMBER(type, member, 0, NULL), NUMBER(type, member, LATEST, NULL),               \
		NUMBER(type, member, LATEST + 1, field), NUMBER(type, member, -1, field)
#define TIME(type, member, field)                                                        \
	NUMBER(type, member, 0, field), NUMBER(type, member, LATEST, NULL),              \
		NUMBER(type, member, LATEST + 1, field), NUMBER(type, member, -1, field)
/* A name that may not be there, and one that must. */
#define OPTIONAL_NAME(type, member, field)                                               \
	TEXT(type, member, "", NULL), TEXT(type, member, "a.B_c-9/x", NULL),             \
		TEXT(type, member, "-a", field), TEXT(type, member, "a b", field),       \
		TEXT(type, member, "\xc3\xa5", field)
#define NAME(type, member, field)                                                        \
	TEXT(type, member, "", field), TEXT(type, member, "a.B_c-9/x", NULL),            \
		TEXT(type, member, "-a", field), TEXT(type, member, "a b", field),       \
		TEXT(type, member, "\xc3\xa5", field)

#define TERMS(type, member)                                                              \
	NAME(type, member.debtor, "commitments.debtor"),                                 \
		OPTIONAL_NAME(type, member.creditor, "commitments.creditor"),            \
		WORD(type, member.action, 0, "commitments.action"),                      \
		WORD(type, member.action, TROTH_ACTION_LAST, NULL),                      \
		WORD(type, member.action, TROTH_ACTION_LAST + 1, "commitments.action"),  \
		TIME(type, member.due, "commitments.due"),                               \
		OPTIONAL_TIME(type, member.ack_due, "commitments.ack_due"),              \
		NUMBER(type, member.acceptance_ms, 0, NULL),                             \
		NUMBER(type, member.acceptance_ms, TROTH_ACCEPTANCE_MAX_MS, NULL),       \
		NUMBER(type, member.acceptance_ms, TROTH_ACCEPTANCE_MAX_MS + 1,          \
		       "commitments.acceptance_s"),                                      \
		NUMBER(type, member.acceptance_ms, -1, "commitments.acceptance_s")

static const struct change changes[] = {
	NUMBER(ORDER_SHIPPED, incarnation, 0, "origin_seq"),
	NUMBER(ORDER_SHIPPED, origin_seq, 0, "origin_seq"),
	TEXT(ORDER_SHIPPED, origin, "", "origin"),
	TEXT(ORDER_SHIPPED, origin, "a\nb", "origin"),
	TIME(ORDER_SHIPPED, created, "created"),
	OPTIONAL_NAME(ORDER_SHIPPED, on_behalf, "on_behalf"),
	OPTIONAL_NAME(ORDER_SHIPPED, actor, "actor"),
	WORD(ORDER_SHIPPED, type, 0, "type"),
	WORD(ORDER_SHIPPED, type, 99, "type"),
	WORD(ORDER_SHIPPED, subject_kind, 0, "subject_kind"),
	WORD(ORDER_SHIPPED, subject_kind, TROTH_SUBJECT_CASE, "subject_kind"),
	WORD(CASE_CLOSED, subject_kind, TROTH_SUBJECT_ORDER, "subject_kind"),
	WORD(PROMISE_MADE, subject_kind, TROTH_SUBJECT_CASE, NULL),
	WORD(PROMISE_MADE, subject_kind, TROTH_SUBJECT_FEDERATION, "subject_kind"),
	BYTE(PARTY_ADDED, subject, 1, "subject"),

	TEXT(PARTY_ADDED, u.party.party, "", "party"),
	TEXT(PARTY_ADDED, u.party.party, "a b", "party"),
	TEXT(PARTY_ADDED, u.party.party, "a/b", "party"),
	TEXT(PARTY_ADDED, u.party.name, "\xc3\x85sa & Co.", NULL),
	TEXT(PARTY_ADDED, u.party.name, "a\nb", "name"),
	TEXT(PARTY_ADDED, u.party.name, "\xff", "name"),
	OPTIONAL_NAME(PARTY_ADDED, u.party.operator_party, "operator"),
	WORD(PARTY_ADDED, u.party.role, 0, "role"),
	WORD(PARTY_ADDED, u.party.role, 5, "role"),
	TEXT(SITE_ADDED, u.site.party, "", "party"),
	TEXT(SITE_ADDED, u.site.party, "a b", "party"),
	TEXT(SITE_ADDED, u.site.party, "zeta", "origin"), /* It is another's. */
	TEXT(SITE_ADDED, u.site.site, "other", "origin"),
	TEXT(SITE_ADDED, u.site.site, "", "site"),
	TEXT(SITE_ADDED, u.site.site, "a b", "site"),
	TEXT(SITE_ADDED, u.site.site, "a/b", "site"),
	TEXT(SITE_ADDED, u.site.origin, "", "origin"),
	TEXT(SITE_KEY_ADDED, u.site.origin, "https://x", "origin"),
	TEXT(SITE_KEY_REVOKED, u.site.origin, "spiffe://\xff", "origin"),
	NAME(SITE_KEY_REVOKED, u.site.reason, "reason"),
	WORD(POLICY_PUBLISHED, u.policy.version, 0, "version"),
	WORD(POLICY_WITHDRAWN, u.policy.version, 0, "version"),
	NAME(POLICY_WITHDRAWN, u.policy.reason, "reason"),
	WORD(SITE_AVAILABILITY, u.availability.agents, TROTH_ON_DUTY_MAX, NULL),
	WORD(SITE_AVAILABILITY, u.availability.agents, TROTH_ON_DUTY_MAX + 1, "agents"),
	WORD(SITE_AVAILABILITY, u.availability.agents, 0, "wait_s"), /* No wait then. */
	WORD(SITE_AVAILABILITY, u.availability.queue, TROTH_QUEUE_MAX, NULL),
	WORD(SITE_AVAILABILITY, u.availability.queue, TROTH_QUEUE_MAX + 1, "queue"),
	WORD(SITE_AVAILABILITY, u.availability.wait_s, 0, NULL),
	WORD(SITE_AVAILABILITY, u.availability.wait_s, TROTH_WAIT_MAX_S, NULL),
	WORD(SITE_AVAILABILITY, u.availability.wait_s, TROTH_WAIT_MAX_S + 1, "wait_s"),
	NUMBER(SITE_AVAILABILITY, u.availability.until.ms, FIXTURE_NOW, "until"),
	NUMBER(SITE_AVAILABILITY, u.availability.until.ms, FIXTURE_NOW + 1, NULL),
	NUMBER(SITE_AVAILABILITY, u.availability.until.ms,
	       FIXTURE_NOW + TROTH_AVAILABLE_MAX_MS, NULL),
	NUMBER(SITE_AVAILABILITY, u.availability.until.ms,
	       FIXTURE_NOW + TROTH_AVAILABLE_MAX_MS + 1, "until"),

	NAME(ORDER_PLACED, u.order.customer, "customer"),
	NAME(ORDER_PLACED, u.order.seller, "seller"),
	OPTIONAL_NAME(ORDER_PLACED, u.order.carrier, "carrier"),
	TEXT(ORDER_PLACED, u.order.currency, "", NULL),
	TEXT(ORDER_PLACED, u.order.currency, "EU", "currency"),
	TEXT(ORDER_PLACED, u.order.currency, "eur", "currency"),
	OPTIONAL_TIME(ORDER_PLACED, u.order.deliver_by, "deliver_by"),
	TIME(ORDER_PLACED, u.order.at, "placed"),
	NAME(ORDER_PLACED, u.order.lines[0].sku, "lines.sku"),
	OPTIONAL_NAME(ORDER_PLACED, u.order.lines[0].seller, "lines.seller"),
	WORD(ORDER_PLACED, u.order.lines[0].quantity, 0, "lines.quantity"),
	WORD(ORDER_PLACED, u.order.lines[0].quantity, TROTH_QUANTITY_MAX, NULL),
	WORD(ORDER_PLACED, u.order.lines[0].quantity, TROTH_QUANTITY_MAX + 1,
	     "lines.quantity"),
	NUMBER(ORDER_PLACED, u.order.lines[0].unit_price, 0, NULL),
	NUMBER(ORDER_PLACED, u.order.lines[0].unit_price, TROTH_AMOUNT_MAX, NULL),
	NUMBER(ORDER_PLACED, u.order.lines[0].unit_price, TROTH_AMOUNT_MAX + 1,
	       "lines.unit_price"),
	NUMBER(ORDER_PLACED, u.order.lines[0].unit_price, -1, "lines.unit_price"),
	WORD(ORDER_CORRECTED, u.order.version, 1, "version"),
	WORD(ORDER_CORRECTED, u.order.version, 2, NULL),
	NAME(ORDER_CORRECTED, u.order.reason, "reason"),
	NAME(ORDER_CORRECTED, u.order.lines[0].sku, "lines.sku"),
	TIME(ORDER_SHIPPED, u.at, "at"),
	TIME(ORDER_DELIVERED, u.at, "at"),
	NAME(ORDER_CANCELLED, u.cancel.reason, "reason"),
	WORD(ORDER_CANCELLED, u.cancel.initiator, 0, "initiator"),
	WORD(ORDER_CANCELLED, u.cancel.initiator, 3, "initiator"),
	BYTE(ORDER_CANCELLED, u.cancel.has_tell, 1, "commitments.debtor"),
	NAME(ORDER_CASE_LINKED, u.link.vendor, "vendor"),
	NAME(CASE_OPENED, u.cas.customer, "customer"),
	NAME(CASE_OPENED, u.cas.reason, "reason"),
	NAME(CASE_HANDED_OVER, u.cas.to, "to"),
	NAME(CASE_HANDED_OVER, u.cas.reason, "reason"),
	NAME(CASE_CLOSED, u.cas.outcome, "outcome"),

	BYTE(PROMISE_MADE, u.promise.id.b[15], 1, "promise"),
	OPTIONAL_NAME(PROMISE_MADE, u.promise.customer, "customer"),
	WORD(PROMISE_MADE, u.promise.kind, 0, "kind"),
	WORD(PROMISE_MADE, u.promise.kind, TROTH_KIND_LAST, NULL),
	WORD(PROMISE_MADE, u.promise.kind, TROTH_KIND_LAST + 1, "kind"),
	WORD(PROMISE_MADE, u.promise.kind, TROTH_KIND_REFUND, "amount"),
	WORD(PROMISE_MADE, u.promise.channel, TROTH_CHANNEL_LAST, NULL),
	WORD(PROMISE_MADE, u.promise.channel, TROTH_CHANNEL_LAST + 1, "channel"),
	NAME(PROMISE_MADE, u.promise.sku, "sku"), /* Of a gift. */
	WORD(PROMISE_MADE, u.promise.quantity, 0, "quantity"),
	WORD(PROMISE_MADE, u.promise.quantity, TROTH_QUANTITY_MAX, NULL),
	WORD(PROMISE_MADE, u.promise.quantity, TROTH_QUANTITY_MAX + 1, "quantity"),
	NUMBER(PROMISE_MADE, u.promise.amount, 1, "currency"),
	NUMBER(PROMISE_MADE, u.promise.amount, -1, "amount"),
	NUMBER(PROMISE_MADE, u.promise.amount, TROTH_AMOUNT_MAX + 1, "amount"),
	TEXT(PROMISE_MADE, u.promise.currency, "EUR", "currency"),
	TIME(PROMISE_MADE, u.promise.due, "due"),
	TIME(PROMISE_MADE, u.promise.made, "made"),
	OPTIONAL_TIME(PROMISE_MADE, u.promise.lapses, "lapses"), /* It was spoken. */
	BYTE(PROMISE_MADE, u.promise.spoken, 0, "lapses"),
	NAME(PROMISE_MADE, u.promise.reason, "reason"),
	WORD(PROMISE_MADE, u.promise.terms_count, 0, "commitments"),
	TERMS(PROMISE_MADE, u.promise.terms[0]),

	BYTE(PROMISE_STEP, u.promise_step.promise.b[15], 1, "promise"),
	WORD(PROMISE_STEP, u.promise_step.action, 0, "action"),
	WORD(PROMISE_STEP, u.promise_step.action, TROTH_PROMISE_DO_REMEDY, NULL),
	WORD(PROMISE_STEP, u.promise_step.action, TROTH_PROMISE_DO_KEEP, "action"),
	WORD(PROMISE_STEP, u.promise_step.action, TROTH_PROMISE_ACTION_LAST + 1,
	     "action"),
	WORD(PROMISE_STEP, u.promise_step.action, TROTH_PROMISE_DO_REJECT, "reason"),
	WORD(PROMISE_STEP, u.promise_step.action, TROTH_PROMISE_DO_CANCEL, "reason"),
	OPTIONAL_NAME(PROMISE_STEP, u.promise_step.reason, "reason"),
	BYTE(PROMISE_STEP, u.promise_step.has_tell, 1, "tell"),
	BYTE(COMMITMENT_ADDED, u.commitment.promise.b[15], 1, "promise"),
	TERMS(COMMITMENT_ADDED, u.commitment.terms),

	BYTE(COMMITMENT_STEP, u.commitment_step.commitment.b[15], 0, "commitment"),
	BYTE(COMMITMENT_STEP, u.commitment_step.commitment.b[15], 255, NULL),
	WORD(COMMITMENT_STEP, u.commitment_step.action, 0, "action"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_ACTION_LAST,
	     NULL),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_ACTION_LAST + 1,
	     "action"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_DECLINE,
	     "reason"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_CANCEL,
	     "reason"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_HOLD,
	     "reason"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_REOPEN,
	     "reason"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_DELEGATE,
	     "party"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_COUNTER,
	     "due"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_FULFIL, "at"),
	WORD(COMMITMENT_STEP, u.commitment_step.action, TROTH_COMMITMENT_DO_REQUEST,
	     NULL),
	OPTIONAL_NAME(COMMITMENT_STEP, u.commitment_step.reason, "reason"),
	OPTIONAL_NAME(COMMITMENT_STEP, u.commitment_step.party, "party"),
	OPTIONAL_TIME(COMMITMENT_STEP, u.commitment_step.due, "due"),
	OPTIONAL_TIME(COMMITMENT_STEP, u.commitment_step.at, "at"),
	WORD(COMMITMENT_STEP, u.commitment_step.evidence, TROTH_EVIDENCE_CODE,
	     "evidence"),
	WORD(COMMITMENT_STEP, u.commitment_step.evidence, TROTH_EVIDENCE_LAST + 1,
	     "evidence"),
	BYTE(COMMITMENT_STEP, u.commitment_step.has_photo, 1, "photo_sha256"),
};

static void put(const struct change *c)
{
	uint8_t *at = (uint8_t *)&e + c->at;
	uint32_t word = (uint32_t)c->number;
	uint8_t byte = (uint8_t)c->number;

	if (c->how == 't')
		memcpy(at, c->text, strlen(c->text) + 1);
	else if (c->how == 'i')
		memcpy(at, &c->number, sizeof(c->number));
	else if (c->how == 'w')
		memcpy(at, &word, sizeof(word));
	else
		memcpy(at, &byte, sizeof(byte));
}

static void each_field_is_held_to_its_rule_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_LEN(changes); i++) {
		const struct change *c = &changes[i];
		struct troth_flaw flaw = { "", "" };
		bool ok;

		fixture_event(&e, c->type, "acme");
		put(c);
		ok = troth_event_check(&e, &flaw);
		if (ok != (c->field == NULL))
			fail_msg("row %zu (%s): %s %s", i, c->field ? c->field : "good",
				 flaw.field, flaw.problem);
		if (!ok)
			assert_string_equal(flaw.field, c->field);
		if (!ok)
			assert_true(flaw.problem[0] != '\0');
	}
}

static void ids_that_must_be_there_are_missed(void **state)
{
	static const struct {
		enum troth_event_type type;
		size_t at;
		const char *field;
	} ids[] = {
		{ TROTH_EVENT_ORDER_SHIPPED, AT(id), "event_id" },
		{ TROTH_EVENT_ORDER_SHIPPED, AT(subject), "subject" },
		{ TROTH_EVENT_PROMISE_MADE, AT(u.promise.id), "promise" },
		{ TROTH_EVENT_PROMISE_STEP, AT(u.promise_step.promise), "promise" },
		{ TROTH_EVENT_COMMITMENT_ADDED, AT(u.commitment.promise), "promise" },
		{ TROTH_EVENT_COMMITMENT_STEP, AT(u.commitment_step.commitment),
		  "commitment" },
		{ TROTH_EVENT_ORDER_CASE_LINKED, AT(u.link.id), "case" },
		{ TROTH_EVENT_CASE_ORDER_LINKED, AT(u.link.id), "order" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(ids); i++) {
		struct troth_flaw flaw;

		fixture_event(&e, ids[i].type, "acme");
		memset((uint8_t *)&e + ids[i].at, 0, TROTH_ID_LEN);
		assert_false(troth_event_check(&e, &flaw));
		assert_string_equal(flaw.field, ids[i].field);
	}
}

static void evidence_stands_with_fulfilment_and_only_there(void **state)
{
	struct troth_flaw flaw;

	(void)state;
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "swift");
	e.u.commitment_step.action = TROTH_COMMITMENT_DO_FULFIL;
	e.u.commitment_step.at.ms = FIXTURE_NOW;
	assert_false(troth_event_check(&e, &flaw));
	assert_string_equal(flaw.field, "evidence");
	for (int v = TROTH_EVIDENCE_CODE; v <= TROTH_EVIDENCE_LAST; v++) {
		e.u.commitment_step.evidence = (enum troth_evidence)v;
		e.u.commitment_step.has_photo = v == TROTH_EVIDENCE_PHOTO;
		assert_true(troth_event_check(&e, &flaw));
		e.u.commitment_step.has_photo = v != TROTH_EVIDENCE_PHOTO;
		assert_false(troth_event_check(&e, &flaw));
		assert_string_equal(flaw.field, "photo_sha256");
	}
}

static void what_has_a_name_has_a_topic_and_something_that_it_is_about(void **state)
{
	unsigned types = 0;

	(void)state;
	for (int n = 0; n < 256; n++) {
		enum troth_event_type t = (enum troth_event_type)n;
		bool named = troth_event_type_name(t) != NULL;

		types += named;
		assert_int_equal(troth_event_topic(t) != TROTH_TOPIC_NONE, named);
	}
	assert_int_equal(types, fixture_type_count);
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_flaw flaw = { "", "" };

		fixture_event(&e, fixture_types[i], "acme");
		e.subject_kind = (enum troth_subject_kind)(TROTH_SUBJECT_LAST + 1);
		assert_false(troth_event_check(&e, &flaw));
		assert_string_equal(flaw.field, "subject_kind");
	}
}

static void only_what_has_happened_outside_is_a_fact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		enum troth_event_type t = fixture_types[i];

		fixture_event(&e, t, "acme");
		assert_int_equal(troth_event_is_fact(&e),
				 t == TROTH_EVENT_ORDER_SHIPPED ||
					 t == TROTH_EVENT_ORDER_DELIVERED ||
					 t == TROTH_EVENT_PROMISE_MADE ||
					 t == TROTH_EVENT_SHARE_SPENT ||
					 t == TROTH_EVENT_SITE_AVAILABILITY);
	}
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.spoken = false;
	assert_false(troth_event_is_fact(&e));
	strcpy(e.u.promise.grant, "gifts"); /* The agent has been told yes. */
	assert_true(troth_event_is_fact(&e));
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, "acme");
	for (int a = 1; a <= TROTH_PROMISE_ACTION_LAST; a++) {
		e.u.promise_step.action = (enum troth_promise_action)a;
		assert_int_equal(troth_event_is_fact(&e),
				 a == TROTH_PROMISE_DO_SPEAK ||
					 a == TROTH_PROMISE_DO_ACTIVATE);
	}
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "acme");
	for (int a = 1; a <= TROTH_COMMITMENT_ACTION_LAST; a++) {
		e.u.commitment_step.action = (enum troth_commitment_action)a;
		assert_int_equal(troth_event_is_fact(&e),
				 a == TROTH_COMMITMENT_DO_FULFIL);
	}
}

static void the_text_of_a_policy_has_its_length_and_its_letters(void **state)
{
	static char text[TROTH_POLICY_TEXT_MAX + 1];
	static const struct {
		size_t len;
		char last;
		bool ok;
	} rows[] = {
		{ 0, 0, false },
		{ 1, '\n', true },
		{ 1, '\t', true },
		{ 1, '\r', false },
		{ 1, '\0', false },
		{ 1, '\xff', false },
		{ TROTH_POLICY_TEXT_MAX, 'x', true },
		{ TROTH_POLICY_TEXT_MAX + 1, 'x', false },
	};

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < TROTH_LEN(rows); i++) {
		struct troth_flaw flaw = { "", "" };

		fixture_event(&e, TROTH_EVENT_POLICY_PUBLISHED, "brand");
		if (rows[i].len > 0)
			text[rows[i].len - 1] = rows[i].last;
		e.u.policy.policy_text = troth_span(text, rows[i].len);
		assert_int_equal(troth_event_check(&e, &flaw), rows[i].ok);
		assert_string_equal(flaw.field, rows[i].ok ? "" : "text");
		text[0] = 'x';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_well_formed_as_the_fixture_makes_it),
		cmocka_unit_test(every_field_at_its_limit_is_well_formed),
		cmocka_unit_test(each_field_is_held_to_its_rule_by_name),
		cmocka_unit_test(ids_that_must_be_there_are_missed),
		cmocka_unit_test(evidence_stands_with_fulfilment_and_only_there),
		cmocka_unit_test(
			what_has_a_name_has_a_topic_and_something_that_it_is_about),
		cmocka_unit_test(only_what_has_happened_outside_is_a_fact),
		cmocka_unit_test(the_text_of_a_policy_has_its_length_and_its_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
