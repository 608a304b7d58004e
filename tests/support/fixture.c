#include "fixture.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN(party) "spiffe://" FIXTURE_DOMAIN "/gw/" party "/main"

static const struct troth_party parties[] = {
	{ "brand", TROTH_ROLE_BRAND, "The Brand", "" },
	{ "acme", TROTH_ROLE_VENDOR, "Acme BPO", "" },
	{ "zeta", TROTH_ROLE_VENDOR, "Zeta Care", "" },
	{ "swift", TROTH_ROLE_CARRIER, "Swift Parcels", "" },
	{ "slow", TROTH_ROLE_CARRIER, "Slow Parcels", "" },
	{ "handy", TROTH_ROLE_CARRIER, "Handy Fitters", "acme" },
	{ "shop", TROTH_ROLE_SELLER, "Web Shop", "" },
	{ "mall", TROTH_ROLE_SELLER, "Mall", "" },
};

const enum troth_event_type fixture_types[] = {
	TROTH_EVENT_PARTY_ADDED,      TROTH_EVENT_SITE_ADDED,
	TROTH_EVENT_SITE_KEY_ADDED,   TROTH_EVENT_SITE_KEY_REVOKED,
	TROTH_EVENT_POLICY_PUBLISHED, TROTH_EVENT_POLICY_WITHDRAWN,
	TROTH_EVENT_ORDER_PLACED,     TROTH_EVENT_ORDER_CORRECTED,
	TROTH_EVENT_ORDER_SHIPPED,    TROTH_EVENT_ORDER_DELIVERED,
	TROTH_EVENT_ORDER_CANCELLED,  TROTH_EVENT_ORDER_CASE_LINKED,
	TROTH_EVENT_CASE_OPENED,      TROTH_EVENT_CASE_ORDER_LINKED,
	TROTH_EVENT_CASE_HANDED_OVER, TROTH_EVENT_CASE_CLOSED,
	TROTH_EVENT_PROMISE_MADE,     TROTH_EVENT_PROMISE_STEP,
	TROTH_EVENT_COMMITMENT_ADDED, TROTH_EVENT_COMMITMENT_STEP,
	TROTH_EVENT_POOL_SET,         TROTH_EVENT_GRANT_GIVEN,
	TROTH_EVENT_GRANT_WITHDRAWN,  TROTH_EVENT_AGENT_CERTIFIED,
	TROTH_EVENT_PARTY_SUSPENDED,  TROTH_EVENT_PARTY_RESUMED,
	TROTH_EVENT_ALARM_RAISED,     TROTH_EVENT_ALARM_TOLD,
	TROTH_EVENT_ALARM_TAKEN,      TROTH_EVENT_ALARM_ENDED,
	TROTH_EVENT_RECOVERY_OPENED,  TROTH_EVENT_RECOVERY_STEP,
	TROTH_EVENT_COMPLAINT,        TROTH_EVENT_COMPLAINT_DENIED,
	TROTH_EVENT_DENIAL_APPEALED,  TROTH_EVENT_APPEAL_DECIDED,
	TROTH_EVENT_SHARE_ALLOTTED,   TROTH_EVENT_SHARE_RECALLED,
	TROTH_EVENT_SHARE_RETURNED,   TROTH_EVENT_SHARE_SPENT,
	TROTH_EVENT_SHARE_FREED,      TROTH_EVENT_SHARE_FROZEN,
	TROTH_EVENT_SHARE_THAWED,     TROTH_EVENT_SITE_AVAILABILITY,
};
const unsigned fixture_type_count = TROTH_LEN(fixture_types);

static bool find_party(void *ctx, const char *name, struct troth_party *out)
{
	(void)ctx;
	for (size_t i = 0; i < TROTH_LEN(parties); i++) {
		if (strcmp(parties[i].party, name) == 0) {
			*out = parties[i];
			return true;
		}
	}
	return false;
}

static bool find_site(void *ctx, const char *origin, struct troth_site *out)
{
	(void)ctx;
	for (size_t i = 0; i < TROTH_LEN(parties); i++) {
		char have[TROTH_ORIGIN_MAX + 1];

		snprintf(have, sizeof(have), ORIGIN("%.32s"), parties[i].party);
		if (strcmp(have, origin) != 0 || parties[i].operator_party[0] != '\0')
			continue;
		*out = (struct troth_site){ .site = "main", .key_count = 1 };
		strcpy(out->party, parties[i].party);
		strcpy(out->origin, origin);
		memset(out->keys[0].key, (int)i + 1, sizeof(out->keys[0].key));
		return true;
	}
	return false;
}

const struct troth_lookup fixture_lookup = {
	.party = find_party,
	.site = find_site,
	.brand = "brand",
};

struct troth_id fixture_id(uint64_t n)
{
	uint8_t random[10] = { 0 };

	random[8] = (uint8_t)n;
	random[7] = (uint8_t)(n >> 8);
	random[6] = (uint8_t)(n >> 16);
	return troth_id_make((struct troth_time){ FIXTURE_NOW + (int64_t)n }, random);
}

struct troth_terms fixture_terms(const char *debtor)
{
	struct troth_terms t = { .action = TROTH_ACTION_DELIVER,
				 .due = { FIXTURE_NOW + FIXTURE_DAY },
				 .ack_due = { FIXTURE_NOW + FIXTURE_HOUR },
				 .acceptance_ms = FIXTURE_DAY };

	strcpy(t.debtor, debtor);
	return t;
}

static void fill_site(struct troth_event *e)
{
	strcpy(e->u.site.origin, ORIGIN("acme"));
	memset(e->u.site.key, 7, sizeof(e->u.site.key));
	if (e->type == TROTH_EVENT_SITE_ADDED) {
		strcpy(e->u.site.party, "acme");
		strcpy(e->u.site.site, "main");
	}
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED)
		strcpy(e->u.site.reason, "lost");
}

static void fill_order(struct troth_event *e)
{
	struct troth_order_content *o = &e->u.order;

	strcpy(o->carrier, "swift");
	o->deliver_by.ms = FIXTURE_NOW + 3 * FIXTURE_DAY;
	o->line_count = 1;
	o->lines[0] = (struct troth_line){ .sku = "TV-55",
					   .quantity = 1,
					   .unit_price = 59900 };
	if (e->type == TROTH_EVENT_ORDER_CORRECTED) {
		o->version = 2;
		strcpy(o->reason, "wrong_model");
		return;
	}
	strcpy(o->customer, "cust-1");
	strcpy(o->seller, "shop");
	strcpy(o->currency, "EUR");
	o->at.ms = FIXTURE_NOW;
}

static void fill_promise(struct troth_event *e)
{
	e->u.promise.id = fixture_id(10);
	strcpy(e->u.promise.customer, "cust-1");
	e->u.promise.kind = TROTH_KIND_GIFT;
	strcpy(e->u.promise.sku, "HDMI-2M");
	e->u.promise.quantity = 1;
	e->u.promise.due.ms = FIXTURE_NOW + FIXTURE_DAY;
	strcpy(e->u.promise.reason, "late_delivery");
	e->u.promise.policy_version = 3;
	e->u.promise.channel = TROTH_CHANNEL_PHONE;
	e->u.promise.spoken = true;
	e->u.promise.made.ms = FIXTURE_NOW;
	e->u.promise.terms_count = 1;
	e->u.promise.terms[0] = fixture_terms("swift");
}

/* Of an alarm or a recovery. */
static bool is_recovery(enum troth_event_type type)
{
	return type >= TROTH_EVENT_ALARM_RAISED && type <= TROTH_EVENT_APPEAL_DECIDED;
}

static void fill_party(struct troth_event *e)
{
	strcpy(e->u.party.party, "nova");
	e->u.party.role = TROTH_ROLE_VENDOR;
	strcpy(e->u.party.name, "Nova Contact Ltd.");
}

static void fill_policy(struct troth_event *e)
{
	e->u.policy.version = 1;
	if (e->type == TROTH_EVENT_POLICY_PUBLISHED)
		e->u.policy.policy_text = troth_span_str(FIXTURE_POLICY);
	else
		strcpy(e->u.policy.reason, "mistake");
}

static void fill_availability(struct troth_event *e)
{
	e->u.availability.agents = 3;
	e->u.availability.queue = 5;
	e->u.availability.wait_s = 120;
	e->u.availability.until.ms = FIXTURE_NOW + 900000;
}

static void fill_link(struct troth_event *e)
{
	bool order = e->type == TROTH_EVENT_CASE_ORDER_LINKED;

	e->u.link.id = fixture_id(order ? 1 : 2);
	if (!order)
		strcpy(e->u.link.vendor, "acme");
}

static void fill_case(struct troth_event *e)
{
	if (e->type == TROTH_EVENT_CASE_OPENED) {
		strcpy(e->u.cas.customer, "cust-1");
		strcpy(e->u.cas.reason, "late_delivery");
	} else if (e->type == TROTH_EVENT_CASE_HANDED_OVER) {
		strcpy(e->u.cas.to, "zeta");
		strcpy(e->u.cas.reason, "language");
	} else {
		strcpy(e->u.cas.outcome, "solved");
	}
}

static void fill_commitment_step(struct troth_event *e)
{
	e->u.commitment_step.commitment = fixture_id(10);
	e->u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = 1;
	e->u.commitment_step.action = TROTH_COMMITMENT_DO_ACCEPT;
}

static void fill_payload(struct troth_event *e)
{
	switch (troth_event_topic(e->type)) {
	case TROTH_TOPIC_NONE:
		break;
	case TROTH_TOPIC_PARTY:
		fill_party(e);
		break;
	case TROTH_TOPIC_SITE:
		fill_site(e);
		break;
	case TROTH_TOPIC_AVAILABILITY:
		fill_availability(e);
		break;
	case TROTH_TOPIC_POLICY:
		fill_policy(e);
		break;
	case TROTH_TOPIC_ORDER:
		fill_order(e);
		break;
	case TROTH_TOPIC_AT:
		e->u.at.ms = FIXTURE_NOW;
		break;
	case TROTH_TOPIC_CANCEL:
		strcpy(e->u.cancel.reason, "changed_mind");
		e->u.cancel.initiator = TROTH_BY_CUSTOMER;
		break;
	case TROTH_TOPIC_LINK:
		fill_link(e);
		break;
	case TROTH_TOPIC_CASE:
		fill_case(e);
		break;
	case TROTH_TOPIC_PROMISE:
		fill_promise(e);
		break;
	case TROTH_TOPIC_PROMISE_STEP:
		e->u.promise_step.promise = fixture_id(10);
		e->u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
		break;
	case TROTH_TOPIC_COMMITMENT:
		e->u.commitment.promise = fixture_id(10);
		e->u.commitment.terms = fixture_terms("swift");
		break;
	case TROTH_TOPIC_COMMITMENT_STEP:
		fill_commitment_step(e);
		break;
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		fixture_authority(e);
		break;
	case TROTH_TOPIC_ALARM:
	case TROTH_TOPIC_RECOVERY:
		fixture_recovery(e);
		break;
	}
}

void fixture_origin(struct troth_event *e, const char *party)
{
	if (strcmp(party, "brand") == 0)
		strcpy(e->origin, FIXTURE_CENTRAL);
	else
		snprintf(e->origin, sizeof(e->origin), ORIGIN("%.32s"), party);
}

void fixture_event(struct troth_event *e, enum troth_event_type type, const char *party)
{
	static uint64_t seq;

	memset(e, 0, sizeof(*e));
	e->type = type;
	e->origin_seq = ++seq;
	e->id = fixture_id(1000 + seq);
	memset(e->salt, 0x5a, sizeof(e->salt));
	fixture_origin(e, party);
	e->incarnation = 1;
	memset(e->origin_prev.b, 0x11, sizeof(e->origin_prev.b));
	e->created.ms = FIXTURE_NOW;
	strcpy(e->actor, "agent-7");
	if (type < TROTH_EVENT_ORDER_PLACED || type >= TROTH_EVENT_SITE_AVAILABILITY) {
		e->subject_kind = TROTH_SUBJECT_FEDERATION;
	} else if (type >= TROTH_EVENT_POOL_SET && !is_recovery(type)) {
		e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	} else if (type >= TROTH_EVENT_CASE_OPENED && type < TROTH_EVENT_PROMISE_MADE) {
		e->subject_kind = TROTH_SUBJECT_CASE;
		e->subject = fixture_id(2);
	} else {
		e->subject_kind = TROTH_SUBJECT_ORDER;
		e->subject = fixture_id(1);
	}
	fill_payload(e);
}

/* A name of exactly `len` bytes. */
static void name(char *out, size_t len)
{
	memset(out, 'n', len);
	out[len] = '\0';
}

static void fill_terms(struct troth_terms *t)
{
	*t = fixture_terms("");
	name(t->debtor, TROTH_PARTY_MAX);
	name(t->creditor, TROTH_PARTY_MAX);
	t->due.ms = t->ack_due.ms = TROTH_TIME_MAX_MS;
	t->acceptance_ms = TROTH_ACCEPTANCE_MAX_MS;
}

static void fill_order_full(struct troth_event *e)
{
	struct troth_order_content *o = &e->u.order;

	name(o->carrier, TROTH_PARTY_MAX);
	o->deliver_by.ms = TROTH_TIME_MAX_MS;
	o->line_count = TROTH_LINES_MAX;
	for (unsigned i = 0; i < o->line_count; i++) {
		name(o->lines[i].sku, TROTH_SKU_MAX);
		o->lines[i].quantity = TROTH_QUANTITY_MAX;
		o->lines[i].unit_price = TROTH_AMOUNT_MAX;
		name(o->lines[i].seller, TROTH_PARTY_MAX);
	}
	if (e->type == TROTH_EVENT_ORDER_CORRECTED) {
		o->version = UINT32_MAX;
		name(o->reason, TROTH_CODE_MAX);
		return;
	}
	name(o->customer, TROTH_CUSTOMER_MAX);
	name(o->seller, TROTH_PARTY_MAX);
	o->at.ms = TROTH_TIME_MAX_MS;
}

static void fill_promise_full(struct troth_event *e)
{
	name(e->u.promise.customer, TROTH_CUSTOMER_MAX);
	name(e->u.promise.sku, TROTH_SKU_MAX);
	e->u.promise.quantity = TROTH_QUANTITY_MAX;
	e->u.promise.amount = TROTH_AMOUNT_MAX;
	strcpy(e->u.promise.currency, "JPY");
	e->u.promise.due.ms = TROTH_TIME_MAX_MS;
	name(e->u.promise.reason, TROTH_CODE_MAX);
	e->u.promise.policy_version = UINT64_MAX;
	e->u.promise.made.ms = e->u.promise.lapses.ms = TROTH_TIME_MAX_MS;
	name(e->u.promise.grant, TROTH_CODE_MAX);
	name(e->u.promise.pool, TROTH_CODE_MAX);
	e->u.promise.cost = TROTH_AMOUNT_MAX;
	e->u.promise.recovers = fixture_id(11);
	e->u.promise.terms_count = TROTH_TERMS_MAX;
	for (unsigned i = 0; i < TROTH_TERMS_MAX; i++)
		fill_terms(&e->u.promise.terms[i]);
}

static void fill_steps_full(struct troth_event *e)
{
	if (e->type == TROTH_EVENT_ORDER_CANCELLED) {
		name(e->u.cancel.reason, TROTH_CODE_MAX);
		e->u.cancel.has_tell = true;
		fill_terms(&e->u.cancel.tell);
	} else if (e->type == TROTH_EVENT_PROMISE_STEP) {
		name(e->u.promise_step.reason, TROTH_CODE_MAX);
		e->u.promise_step.action = TROTH_PROMISE_DO_CANCEL;
		e->u.promise_step.has_tell = true;
		fill_terms(&e->u.promise_step.tell);
		name(e->u.promise_step.pool, TROTH_CODE_MAX);
		name(e->u.promise_step.grant, TROTH_CODE_MAX);
		e->u.promise_step.cost = TROTH_AMOUNT_MAX;
	} else if (e->type == TROTH_EVENT_COMMITMENT_ADDED) {
		fill_terms(&e->u.commitment.terms);
	} else if (e->type == TROTH_EVENT_COMMITMENT_STEP) {
		name(e->u.commitment_step.reason, TROTH_CODE_MAX);
		name(e->u.commitment_step.party, TROTH_PARTY_MAX);
		e->u.commitment_step.action = TROTH_COMMITMENT_DO_FULFIL;
		e->u.commitment_step.due.ms = TROTH_TIME_MAX_MS;
		e->u.commitment_step.at.ms = TROTH_TIME_MAX_MS;
		e->u.commitment_step.evidence = TROTH_EVIDENCE_PHOTO;
		e->u.commitment_step.has_photo = true;
		memset(e->u.commitment_step.photo.b, 9, TROTH_DIGEST_LEN);
	}
}

static void fill_policy_full(struct troth_event *e)
{
	static uint8_t text[TROTH_POLICY_TEXT_MAX];

	e->u.policy.version = UINT64_MAX;
	if (e->type == TROTH_EVENT_POLICY_WITHDRAWN) {
		name(e->u.policy.reason, TROTH_CODE_MAX);
		return;
	}
	memset(text, '\n', sizeof(text));
	e->u.policy.policy_text = troth_span(text, sizeof(text));
}

static void fill_federation_full(struct troth_event *e)
{
	if (e->type >= TROTH_EVENT_POLICY_PUBLISHED) {
		fill_policy_full(e);
		return;
	}
	if (e->type == TROTH_EVENT_PARTY_ADDED) {
		name(e->u.party.party, TROTH_PARTY_MAX);
		name(e->u.party.name, TROTH_FIRM_MAX);
		name(e->u.party.operator_party, TROTH_PARTY_MAX);
		return;
	}
	name(e->u.site.origin, TROTH_ORIGIN_MAX);
	memcpy(e->u.site.origin, "spiffe://", 9);
	if (e->type == TROTH_EVENT_SITE_ADDED) {
		char path[TROTH_PARTY_MAX + TROTH_SITE_MAX + 8];

		name(e->u.site.party, TROTH_PARTY_MAX);
		name(e->u.site.site, TROTH_SITE_MAX);
		snprintf(path, sizeof(path), "/gw/%s/%s", e->u.site.party,
			 e->u.site.site);
		strcpy(e->u.site.origin + TROTH_ORIGIN_MAX - strlen(path), path);
	}
	if (e->type == TROTH_EVENT_SITE_KEY_REVOKED)
		name(e->u.site.reason, TROTH_CODE_MAX);
}

static void fill_case_full(struct troth_event *e)
{
	if (e->type == TROTH_EVENT_ORDER_CASE_LINKED) {
		name(e->u.link.vendor, TROTH_PARTY_MAX);
	} else if (e->type == TROTH_EVENT_CASE_OPENED) {
		name(e->u.cas.customer, TROTH_CUSTOMER_MAX);
		name(e->u.cas.reason, TROTH_CODE_MAX);
		e->u.cas.policy_version = UINT64_MAX;
	} else if (e->type == TROTH_EVENT_CASE_HANDED_OVER) {
		name(e->u.cas.to, TROTH_PARTY_MAX);
		name(e->u.cas.reason, TROTH_CODE_MAX);
	} else if (e->type == TROTH_EVENT_CASE_CLOSED) {
		name(e->u.cas.outcome, TROTH_CODE_MAX);
	}
}

void fixture_fill(struct troth_event *e, enum troth_event_type type)
{
	fixture_event(e, type, "acme");
	name(e->origin, TROTH_ORIGIN_MAX);
	e->incarnation = e->origin_seq = e->seen_size = UINT64_MAX;
	memset(e->seen_root.b, 3, sizeof(e->seen_root.b));
	e->created.ms = TROTH_TIME_MAX_MS;
	name(e->on_behalf, TROTH_PARTY_MAX);
	name(e->actor, TROTH_ACTOR_MAX);
	e->has_personal = true;
	memset(e->personal_hash.b, 4, sizeof(e->personal_hash.b));
	if (type < TROTH_EVENT_ORDER_PLACED)
		fill_federation_full(e);
	else if (type == TROTH_EVENT_ORDER_PLACED || type == TROTH_EVENT_ORDER_CORRECTED)
		fill_order_full(e);
	else if (type == TROTH_EVENT_PROMISE_MADE)
		fill_promise_full(e);
	else if (type == TROTH_EVENT_ORDER_SHIPPED || type == TROTH_EVENT_ORDER_DELIVERED)
		e->u.at.ms = TROTH_TIME_MAX_MS;
	fill_steps_full(e);
	fill_case_full(e);
	if (is_recovery(type)) {
		fixture_recovery_full(e);
	} else if (type == TROTH_EVENT_SITE_AVAILABILITY) {
		e->u.availability.agents = TROTH_ON_DUTY_MAX;
		e->u.availability.queue = TROTH_QUEUE_MAX;
		e->u.availability.wait_s = TROTH_WAIT_MAX_S;
		e->u.availability.until.ms = TROTH_TIME_MAX_MS;
	} else if (type >= TROTH_EVENT_POOL_SET) {
		fixture_authority_full(e);
	}
}

void fixture_who(struct troth_who *who, struct troth_site *site,
		 const struct troth_event *e)
{
	enum troth_reason reason = troth_who_acts(who, site, &fixture_lookup, e,
						  FIXTURE_CENTRAL);

	assert(reason == TROTH_REASON_NONE);
}
