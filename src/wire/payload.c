/*
 * Which field of each payload is which member of struct troth_event.
 */
#include "payload.h"

#include "troth/core/event.h"
#include "troth/core/policy.h"

#include "troth/v1/event.pb-c.h"

#define E(member) offsetof(struct troth_event, member)
#define T(member) offsetof(struct troth_terms, member)
#define L(member) offsetof(struct troth_line, member)

static const struct troth_map_field terms_fields[] = {
	NAME(T(debtor), TROTH_PARTY_MAX),
	NAME(T(creditor), TROTH_PARTY_MAX),
	U32(T(action)),
	TIME(T(due)),
	TIME(T(ack_due)),
	U63_TO(T(acceptance_ms), TROTH_ACCEPTANCE_MAX_MS),
};
MAP(terms, commitment_terms);

static const struct troth_map_field line_fields[] = {
	NAME(L(sku), TROTH_SKU_MAX),
	U32(L(quantity)),
	I64(L(unit_price)),
	NAME(L(seller), TROTH_PARTY_MAX),
};
MAP(line, order_line);

static const struct troth_map_field party_added_fields[] = {
	NAME(E(u.party.party), TROTH_PARTY_MAX),
	U32(E(u.party.role)),
	NAME(E(u.party.name), TROTH_FIRM_MAX),
	NAME(E(u.party.operator_party), TROTH_PARTY_MAX),
};
MAP(party_added, party_added);

static const struct troth_map_field site_added_fields[] = {
	NAME(E(u.site.party), TROTH_PARTY_MAX), NAME(E(u.site.site), TROTH_SITE_MAX),
	NAME(E(u.site.origin), TROTH_ORIGIN_MAX), BYTES(E(u.site.key), 32)
};
MAP(site_added, site_added);

static const struct troth_map_field site_key_added_fields[] = {
	NAME(E(u.site.origin), TROTH_ORIGIN_MAX),
	BYTES(E(u.site.key), 32),
};
MAP(site_key_added, site_key_added);

static const struct troth_map_field site_key_revoked_fields[] = {
	NAME(E(u.site.origin), TROTH_ORIGIN_MAX),
	BYTES(E(u.site.key), 32),
	NAME(E(u.site.reason), TROTH_CODE_MAX),
};
MAP(site_key_revoked, site_key_revoked);

static const struct troth_map_field policy_published_fields[] = {
	U64(E(u.policy.version)),
	SPAN(E(u.policy.policy_text), TROTH_POLICY_TEXT_MAX),
};
MAP(policy_published, policy_published);

static const struct troth_map_field policy_withdrawn_fields[] = {
	U64(E(u.policy.version)), NAME(E(u.policy.reason), TROTH_CODE_MAX)
};
MAP(policy_withdrawn, policy_withdrawn);

static const struct troth_map_field site_availability_fields[] = {
	U32(E(u.availability.agents)),
	U32(E(u.availability.queue)),
	U32(E(u.availability.wait_s)),
	TIME(E(u.availability.until)),
};
MAP(site_availability, site_availability);

#define LINES                                                                            \
	LIST(E(u.order.lines), TROTH_LINES_MAX, E(u.order.line_count), &line,            \
	     sizeof(struct troth_line))

static const struct troth_map_field order_placed_fields[] = {
	NAME(E(u.order.customer), TROTH_CUSTOMER_MAX),
	NAME(E(u.order.seller), TROTH_PARTY_MAX),
	NAME(E(u.order.carrier), TROTH_PARTY_MAX),
	NAME(E(u.order.currency), 3),
	TIME(E(u.order.deliver_by)),
	LINES,
	TIME(E(u.order.at)),
};
MAP(order_placed, order_placed);

static const struct troth_map_field order_corrected_fields[] = {
	U32(E(u.order.version)),
	NAME(E(u.order.carrier), TROTH_PARTY_MAX),
	TIME(E(u.order.deliver_by)),
	LINES,
	NAME(E(u.order.reason), TROTH_CODE_MAX),
};
MAP(order_corrected, order_corrected);

static const struct troth_map_field order_shipped_fields[] = {
	TIME(E(u.at)),
};
MAP(order_shipped, order_shipped);
static const struct troth_map_field order_delivered_fields[] = {
	TIME(E(u.at)),
};
MAP(order_delivered, order_delivered);

static const struct troth_map_field order_cancelled_fields[] = {
	NAME(E(u.cancel.reason), TROTH_CODE_MAX),
	U32(E(u.cancel.initiator)),
	STRUCT_IF(E(u.cancel.tell), E(u.cancel.has_tell), &terms),
};
MAP(order_cancelled, order_cancelled);

static const struct troth_map_field order_case_linked_fields[] = {
	BYTES(E(u.link.id), TROTH_ID_LEN),
	NAME(E(u.link.vendor), TROTH_PARTY_MAX),
};
MAP(order_case_linked, order_case_linked);

static const struct troth_map_field case_opened_fields[] = {
	NAME(E(u.cas.customer), TROTH_CUSTOMER_MAX),
	NAME(E(u.cas.reason), TROTH_CODE_MAX),
	U64(E(u.cas.policy_version)),
};
MAP(case_opened, case_opened);

static const struct troth_map_field case_order_linked_fields[] = {
	BYTES(E(u.link.id), TROTH_ID_LEN),
};
MAP(case_order_linked, case_order_linked);

static const struct troth_map_field case_handed_over_fields[] = {
	NAME(E(u.cas.to), TROTH_PARTY_MAX),
	NAME(E(u.cas.reason), TROTH_CODE_MAX),
};
MAP(case_handed_over, case_handed_over);

static const struct troth_map_field case_closed_fields[] = {
	NAME(E(u.cas.outcome), TROTH_CODE_MAX),
};
MAP(case_closed, case_closed);

static const struct troth_map_field promise_made_fields[] = {
	BYTES(E(u.promise.id), TROTH_ID_LEN),
	NAME(E(u.promise.customer), TROTH_CUSTOMER_MAX),
	U32(E(u.promise.kind)),
	NAME(E(u.promise.sku), TROTH_SKU_MAX),
	U32(E(u.promise.quantity)),
	I64(E(u.promise.amount)),
	NAME(E(u.promise.currency), 3),
	TIME(E(u.promise.due)),
	NAME(E(u.promise.reason), TROTH_CODE_MAX),
	U64(E(u.promise.policy_version)),
	U32(E(u.promise.channel)),
	BOOL(E(u.promise.spoken)),
	TIME(E(u.promise.made)),
	TIME(E(u.promise.lapses)),
	LIST(E(u.promise.terms), TROTH_TERMS_MAX, E(u.promise.terms_count), &terms,
	     sizeof(struct troth_terms)),
	NAME(E(u.promise.grant), TROTH_CODE_MAX),
	NAME(E(u.promise.pool), TROTH_CODE_MAX),
	U63_TO(E(u.promise.cost), TROTH_AMOUNT_MAX),
	BYTES_ZERO(E(u.promise.recovers), TROTH_ID_LEN),
	U32(E(u.promise.asked)),
};
MAP(promise_made, promise_made);

static const struct troth_map_field instead_fields[] = {
	U32(E(u.promise_step.instead.kind)),
	NAME(E(u.promise_step.instead.sku), TROTH_SKU_MAX),
	U32(E(u.promise_step.instead.quantity)),
	I64(E(u.promise_step.instead.amount)),
	NAME(E(u.promise_step.instead.currency), 3),
};
MAP(instead, instead);

static const struct troth_map_field promise_step_fields[] = {
	BYTES(E(u.promise_step.promise), TROTH_ID_LEN),
	U32(E(u.promise_step.action)),
	NAME(E(u.promise_step.reason), TROTH_CODE_MAX),
	STRUCT_IF(E(u.promise_step.tell), E(u.promise_step.has_tell), &terms),
	STRUCT_IF(0, E(u.promise_step.has_instead), &instead),
	NAME(E(u.promise_step.pool), TROTH_CODE_MAX),
	I64(E(u.promise_step.cost)),
	NAME(E(u.promise_step.grant), TROTH_CODE_MAX),
};
MAP(promise_step, promise_step);

static const struct troth_map_field commitment_added_fields[] = {
	BYTES(E(u.commitment.promise), TROTH_ID_LEN),
	STRUCT(E(u.commitment.terms), &terms),
};
MAP(commitment_added, commitment_added);

static const struct troth_map_field commitment_step_fields[] = {
	BYTES(E(u.commitment_step.commitment), TROTH_ID_LEN),
	U32(E(u.commitment_step.action)),
	NAME(E(u.commitment_step.reason), TROTH_CODE_MAX),
	NAME(E(u.commitment_step.party), TROTH_PARTY_MAX),
	TIME(E(u.commitment_step.due)),
	U32(E(u.commitment_step.evidence)),
	BYTES_IF(E(u.commitment_step.photo), E(u.commitment_step.has_photo),
		 TROTH_DIGEST_LEN),
	TIME(E(u.commitment_step.at)),
};
MAP(commitment_step, commitment_step);

static const struct troth_map_field pool_set_fields[] = {
	NAME(E(u.pool.pool), TROTH_CODE_MAX),
	NAME(E(u.pool.sku), TROTH_SKU_MAX),
	NAME(E(u.pool.currency), 3),
	U63_TO(E(u.pool.total), TROTH_AMOUNT_MAX),
	U63_TO(E(u.pool.share), TROTH_AMOUNT_MAX),
	U63_TO(E(u.pool.low), TROTH_AMOUNT_MAX),
	U63_TO(E(u.pool.idle_ms), TROTH_PERIOD_MAX_MS),
};
MAP(pool_set, pool_set);

static const struct troth_map_field sku_fields[] = {
	NAME(offsetof(struct troth_grant_sku, sku), TROTH_SKU_MAX),
};
MAP(sku, grant_sku);

static const struct troth_map_field grant_given_fields[] = {
	NAME(E(u.grant.party), TROTH_PARTY_MAX),
	NAME(E(u.grant.grant.grant), TROTH_CODE_MAX),
	U32(E(u.grant.grant.kinds)),
	LIST(E(u.grant.grant.skus), TROTH_GRANT_SKUS_MAX, E(u.grant.grant.sku_count),
	     &sku, sizeof(struct troth_grant_sku)),
	NAME(E(u.grant.grant.currency), 3),
	U63_TO(E(u.grant.grant.most), TROTH_AMOUNT_MAX),
	U63_TO(E(u.grant.grant.per_customer), TROTH_AMOUNT_MAX),
	U63_TO(E(u.grant.grant.period_ms), TROTH_PERIOD_MAX_MS),
	NAME(E(u.grant.grant.pool), TROTH_CODE_MAX),
	U32_TO(E(u.grant.grant.level), TROTH_LEVEL_MAX),
	TIME(E(u.grant.grant.from)),
	TIME(E(u.grant.grant.until)),
};
MAP(grant_given, grant_given);

static const struct troth_map_field grant_withdrawn_fields[] = {
	NAME(E(u.grant.party), TROTH_PARTY_MAX),
	NAME(E(u.grant.grant.grant), TROTH_CODE_MAX),
	NAME(E(u.grant.reason), TROTH_CODE_MAX),
};
MAP(grant_withdrawn, grant_withdrawn);

static const struct troth_map_field agent_certified_fields[] = {
	NAME(E(u.agent.party), TROTH_PARTY_MAX),
	NAME(E(u.agent.actor), TROTH_ACTOR_MAX),
	U32_TO(E(u.agent.level), TROTH_LEVEL_MAX),
	TIME(E(u.agent.until)),
};
MAP(agent_certified, agent_certified);

static const struct troth_map_field party_suspended_fields[] = {
	NAME(E(u.standing.party), TROTH_PARTY_MAX),
	NAME(E(u.standing.reason), TROTH_CODE_MAX),
};
MAP(party_suspended, party_suspended);

static const struct troth_map_field party_resumed_fields[] = {
	NAME(E(u.standing.party), TROTH_PARTY_MAX),
};
MAP(party_resumed, party_resumed);

#define SHARE                                                                            \
	NAME(E(u.share.party), TROTH_PARTY_MAX), NAME(E(u.share.site), TROTH_SITE_MAX),  \
		NAME(E(u.share.pool), TROTH_CODE_MAX)
#define SHARE_AMOUNT SHARE, U63_TO(E(u.share.amount), TROTH_AMOUNT_MAX)

static const struct troth_map_field share_allotted_fields[] = { SHARE_AMOUNT };
MAP(share_allotted, share_allotted);
static const struct troth_map_field share_recalled_fields[] = {
	SHARE_AMOUNT,
	NAME(E(u.share.to_party), TROTH_PARTY_MAX),
	NAME(E(u.share.to_site), TROTH_SITE_MAX),
	NAME(E(u.share.reason), TROTH_CODE_MAX),
};
MAP(share_recalled, share_recalled);
static const struct troth_map_field share_returned_fields[] = { SHARE_AMOUNT };
MAP(share_returned, share_returned);
static const struct troth_map_field share_spent_fields[] = {
	SHARE_AMOUNT,
	BYTES(E(u.share.promise), TROTH_ID_LEN),
};
MAP(share_spent, share_spent);
static const struct troth_map_field share_freed_fields[] = {
	SHARE_AMOUNT,
	BYTES(E(u.share.promise), TROTH_ID_LEN),
};
MAP(share_freed, share_freed);
static const struct troth_map_field share_frozen_fields[] = {
	SHARE,
	NAME(E(u.share.reason), TROTH_CODE_MAX),
};
MAP(share_frozen, share_frozen);
static const struct troth_map_field share_thawed_fields[] = { SHARE_AMOUNT };
MAP(share_thawed, share_thawed);
#define ALARM    BYTES(E(u.alarm.alarm), TROTH_ID_LEN)
#define RECOVERY BYTES(E(u.recovery.id), TROTH_ID_LEN)
#define CODE(at) NAME(E(at), TROTH_CODE_MAX)

static const struct troth_map_field alarm_raised_fields[] = {
	U32(E(u.alarm.cause)), BYTES_ZERO(E(u.alarm.item), TROTH_ID_LEN),
	CODE(u.alarm.code),    U64(E(u.alarm.policy_version)),
	TIME(E(u.alarm.next)),
};
MAP(alarm_raised, alarm_raised);

static const struct troth_map_field alarm_told_fields[] = {
	ALARM,
	U32(E(u.alarm.rung)),
	NAME(E(u.alarm.to), TROTH_ACTOR_MAX),
	NAME(E(u.alarm.party), TROTH_PARTY_MAX),
	TIME(E(u.alarm.next)),
};
MAP(alarm_told, alarm_told);

static const struct troth_map_field alarm_taken_fields[] = { ALARM };
MAP(alarm_taken, alarm_taken);
static const struct troth_map_field alarm_ended_fields[] = { ALARM, CODE(u.alarm.code) };
MAP(alarm_ended, alarm_ended);

static const struct troth_map_field recovery_opened_fields[] = {
	RECOVERY,
	NAME(E(u.recovery.owner), TROTH_PARTY_MAX),
	CODE(u.recovery.failure),
	U64(E(u.recovery.policy_version)),
};
MAP(recovery_opened, recovery_opened);

static const struct troth_map_field recovery_step_fields[] = {
	RECOVERY,
	U32(E(u.recovery.action)),
	CODE(u.recovery.practical),
	CODE(u.recovery.felt),
	U32(E(u.recovery.choice)),
	U32(E(u.recovery.offer)),
	U64(E(u.recovery.policy_version)),
	U32(E(u.recovery.value.kind)),
	NAME(E(u.recovery.value.sku), TROTH_SKU_MAX),
	U32(E(u.recovery.value.quantity)),
	I64(E(u.recovery.value.amount)),
	NAME(E(u.recovery.value.currency), 3),
};
MAP(recovery_step, recovery_step);

static const struct troth_map_field complaint_fields[] = {
	RECOVERY,
	BYTES_ZERO(E(u.recovery.promise), TROTH_ID_LEN),
	CODE(u.recovery.failure),
	CODE(u.recovery.practical),
	CODE(u.recovery.felt),
	U64(E(u.recovery.policy_version)),
};
MAP(complaint, complaint);

static const struct troth_map_field complaint_denied_fields[] = {
	RECOVERY,
	CODE(u.recovery.reason),
	U32(E(u.recovery.evidence)),
};
MAP(complaint_denied, complaint_denied);

static const struct troth_map_field denial_appealed_fields[] = { RECOVERY };
MAP(denial_appealed, denial_appealed);

static const struct troth_map_field appeal_decided_fields[] = {
	RECOVERY,
	U32(E(u.recovery.action)),
	CODE(u.recovery.reason),
};
MAP(appeal_decided, appeal_decided);

static const struct troth_map_field body_map_fields[] = {
	BYTES(E(id), TROTH_ID_LEN),
	BYTES(E(salt), 16),
	NAME(E(origin), TROTH_ORIGIN_MAX),
	U64(E(incarnation)),
	U64(E(origin_seq)),
	BYTES(E(origin_prev), TROTH_DIGEST_LEN),
	TIME(E(created)),
	U64(E(seen_size)),
	BYTES_ZERO(E(seen_root), TROTH_DIGEST_LEN),
	U32(E(subject_kind)),
	BYTES(E(subject), TROTH_ID_LEN),
	NAME(E(on_behalf), TROTH_PARTY_MAX),
	NAME(E(actor), TROTH_ACTOR_MAX),
	BYTES_IF(E(personal_hash), E(has_personal), TROTH_DIGEST_LEN),
	HAND(0, &party_added),
	HAND(0, &site_added),
	HAND(0, &site_key_added),
	HAND(0, &site_key_revoked),
	HAND(0, &policy_published),
	HAND(0, &policy_withdrawn),
	HAND(0, &order_placed),
	HAND(0, &order_corrected),
	HAND(0, &order_shipped),
	HAND(0, &order_delivered),
	HAND(0, &order_cancelled),
	HAND(0, &order_case_linked),
	HAND(0, &case_opened),
	HAND(0, &case_order_linked),
	HAND(0, &case_handed_over),
	HAND(0, &case_closed),
	HAND(0, &promise_made),
	HAND(0, &promise_step),
	HAND(0, &commitment_added),
	HAND(0, &commitment_step),
	HAND(0, &pool_set),
	HAND(0, &grant_given),
	HAND(0, &grant_withdrawn),
	HAND(0, &agent_certified),
	HAND(0, &party_suspended),
	HAND(0, &party_resumed),
	HAND(0, &alarm_raised),
	HAND(0, &alarm_told),
	HAND(0, &alarm_taken),
	HAND(0, &alarm_ended),
	HAND(0, &recovery_opened),
	HAND(0, &recovery_step),
	HAND(0, &complaint),
	HAND(0, &complaint_denied),
	HAND(0, &denial_appealed),
	HAND(0, &appeal_decided),
	HAND(0, &share_allotted),
	HAND(0, &share_recalled),
	HAND(0, &share_returned),
	HAND(0, &share_spent),
	HAND(0, &share_freed),
	HAND(0, &share_frozen),
	HAND(0, &share_thawed),
	HAND(0, &site_availability),
};
const struct troth_map troth_body_map = { &troth__v1__body__descriptor, body_map_fields };
