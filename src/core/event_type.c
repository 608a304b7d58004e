/* What a type of event is: its topic and name, what it may be about, if it is a fact. */
#include "check.h"
#include "subject.h"

enum troth_topic troth_event_topic(enum troth_event_type type)
{
	switch (type) {
	case TROTH_EVENT_NONE:
		break;
	case TROTH_EVENT_PARTY_ADDED:
		return TROTH_TOPIC_PARTY;
	case TROTH_EVENT_SITE_ADDED:
	case TROTH_EVENT_SITE_KEY_ADDED:
	case TROTH_EVENT_SITE_KEY_REVOKED:
		return TROTH_TOPIC_SITE;
	case TROTH_EVENT_SITE_AVAILABILITY:
		return TROTH_TOPIC_AVAILABILITY;
	case TROTH_EVENT_POLICY_PUBLISHED:
	case TROTH_EVENT_POLICY_WITHDRAWN:
		return TROTH_TOPIC_POLICY;
	case TROTH_EVENT_ORDER_PLACED:
	case TROTH_EVENT_ORDER_CORRECTED:
		return TROTH_TOPIC_ORDER;
	case TROTH_EVENT_ORDER_SHIPPED:
	case TROTH_EVENT_ORDER_DELIVERED:
		return TROTH_TOPIC_AT;
	case TROTH_EVENT_ORDER_CANCELLED:
		return TROTH_TOPIC_CANCEL;
	case TROTH_EVENT_ORDER_CASE_LINKED:
	case TROTH_EVENT_CASE_ORDER_LINKED:
		return TROTH_TOPIC_LINK;
	case TROTH_EVENT_CASE_OPENED:
	case TROTH_EVENT_CASE_HANDED_OVER:
	case TROTH_EVENT_CASE_CLOSED:
		return TROTH_TOPIC_CASE;
	case TROTH_EVENT_PROMISE_MADE:
		return TROTH_TOPIC_PROMISE;
	case TROTH_EVENT_PROMISE_STEP:
		return TROTH_TOPIC_PROMISE_STEP;
	case TROTH_EVENT_COMMITMENT_ADDED:
		return TROTH_TOPIC_COMMITMENT;
	case TROTH_EVENT_COMMITMENT_STEP:
		return TROTH_TOPIC_COMMITMENT_STEP;
	case TROTH_EVENT_POOL_SET:
		return TROTH_TOPIC_POOL;
	case TROTH_EVENT_GRANT_GIVEN:
	case TROTH_EVENT_GRANT_WITHDRAWN:
		return TROTH_TOPIC_GRANT;
	case TROTH_EVENT_AGENT_CERTIFIED:
		return TROTH_TOPIC_AGENT;
	case TROTH_EVENT_PARTY_SUSPENDED:
	case TROTH_EVENT_PARTY_RESUMED:
		return TROTH_TOPIC_STANDING;
	case TROTH_EVENT_SHARE_ALLOTTED:
	case TROTH_EVENT_SHARE_RECALLED:
	case TROTH_EVENT_SHARE_RETURNED:
	case TROTH_EVENT_SHARE_SPENT:
	case TROTH_EVENT_SHARE_FREED:
	case TROTH_EVENT_SHARE_FROZEN:
	case TROTH_EVENT_SHARE_THAWED:
		return TROTH_TOPIC_SHARE;
	case TROTH_EVENT_ALARM_RAISED:
	case TROTH_EVENT_ALARM_TOLD:
	case TROTH_EVENT_ALARM_TAKEN:
	case TROTH_EVENT_ALARM_ENDED:
		return TROTH_TOPIC_ALARM;
	case TROTH_EVENT_RECOVERY_OPENED:
	case TROTH_EVENT_RECOVERY_STEP:
	case TROTH_EVENT_COMPLAINT:
	case TROTH_EVENT_COMPLAINT_DENIED:
	case TROTH_EVENT_DENIAL_APPEALED:
	case TROTH_EVENT_APPEAL_DECIDED:
		return TROTH_TOPIC_RECOVERY;
	}
	return TROTH_TOPIC_NONE;
}

#define ON(kind) (1u << TROTH_SUBJECT_##kind)

unsigned troth_event_subjects(enum troth_event_type type)
{
	switch (troth_event_topic(type)) {
	case TROTH_TOPIC_NONE:
		break;
	case TROTH_TOPIC_PARTY:
	case TROTH_TOPIC_SITE:
	case TROTH_TOPIC_AVAILABILITY:
	case TROTH_TOPIC_POLICY:
		return ON(FEDERATION);
	case TROTH_TOPIC_ORDER:
	case TROTH_TOPIC_AT:
	case TROTH_TOPIC_CANCEL:
		return ON(ORDER);
	case TROTH_TOPIC_LINK:
		return type == TROTH_EVENT_ORDER_CASE_LINKED ? ON(ORDER) : ON(CASE);
	case TROTH_TOPIC_CASE:
		return ON(CASE);
	case TROTH_TOPIC_PROMISE:
	case TROTH_TOPIC_PROMISE_STEP:
	case TROTH_TOPIC_COMMITMENT:
	case TROTH_TOPIC_COMMITMENT_STEP:
	case TROTH_TOPIC_ALARM:
	case TROTH_TOPIC_RECOVERY:
		return ON(ORDER) | ON(CASE);
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_SHARE:
		return ON(AUTHORITY);
	}
	return 0;
}

bool troth_event_is_fact(const struct troth_event *e)
{
	switch (troth_event_topic(e->type)) {
	case TROTH_TOPIC_AT:
	case TROTH_TOPIC_AVAILABILITY:
		return true;
	case TROTH_TOPIC_PROMISE:
		return e->u.promise.spoken || e->u.promise.grant[0] != '\0';
	case TROTH_TOPIC_PROMISE_STEP:
		return e->u.promise_step.action == TROTH_PROMISE_DO_SPEAK ||
		       e->u.promise_step.action == TROTH_PROMISE_DO_ACTIVATE;
	case TROTH_TOPIC_COMMITMENT_STEP:
		return e->u.commitment_step.action == TROTH_COMMITMENT_DO_FULFIL;
	case TROTH_TOPIC_SHARE:
		return e->type == TROTH_EVENT_SHARE_SPENT;
	case TROTH_TOPIC_NONE:
	case TROTH_TOPIC_PARTY:
	case TROTH_TOPIC_SITE:
	case TROTH_TOPIC_POLICY:
	case TROTH_TOPIC_ORDER:
	case TROTH_TOPIC_CANCEL:
	case TROTH_TOPIC_LINK:
	case TROTH_TOPIC_CASE:
	case TROTH_TOPIC_COMMITMENT:
	case TROTH_TOPIC_POOL:
	case TROTH_TOPIC_GRANT:
	case TROTH_TOPIC_AGENT:
	case TROTH_TOPIC_STANDING:
	case TROTH_TOPIC_ALARM:
	case TROTH_TOPIC_RECOVERY:
		break;
	}
	return false;
}

const char *troth_event_type_name(enum troth_event_type type)
{
	static const char *const names[] = {
		[TROTH_EVENT_PARTY_ADDED] = "party_added",
		[TROTH_EVENT_SITE_ADDED] = "site_added",
		[TROTH_EVENT_SITE_KEY_ADDED] = "site_key_added",
		[TROTH_EVENT_SITE_KEY_REVOKED] = "site_key_revoked",
		[TROTH_EVENT_POLICY_PUBLISHED] = "policy_published",
		[TROTH_EVENT_POLICY_WITHDRAWN] = "policy_withdrawn",
		[TROTH_EVENT_ORDER_PLACED] = "order_placed",
		[TROTH_EVENT_ORDER_CORRECTED] = "order_corrected",
		[TROTH_EVENT_ORDER_SHIPPED] = "order_shipped",
		[TROTH_EVENT_ORDER_DELIVERED] = "order_delivered",
		[TROTH_EVENT_ORDER_CANCELLED] = "order_cancelled",
		[TROTH_EVENT_ORDER_CASE_LINKED] = "order_case_linked",
		[TROTH_EVENT_CASE_OPENED] = "case_opened",
		[TROTH_EVENT_CASE_ORDER_LINKED] = "case_order_linked",
		[TROTH_EVENT_CASE_HANDED_OVER] = "case_handed_over",
		[TROTH_EVENT_CASE_CLOSED] = "case_closed",
		[TROTH_EVENT_PROMISE_MADE] = "promise_made",
		[TROTH_EVENT_PROMISE_STEP] = "promise_step",
		[TROTH_EVENT_COMMITMENT_ADDED] = "commitment_added",
		[TROTH_EVENT_COMMITMENT_STEP] = "commitment_step",
		[TROTH_EVENT_POOL_SET] = "pool_set",
		[TROTH_EVENT_GRANT_GIVEN] = "grant_given",
		[TROTH_EVENT_GRANT_WITHDRAWN] = "grant_withdrawn",
		[TROTH_EVENT_AGENT_CERTIFIED] = "agent_certified",
		[TROTH_EVENT_PARTY_SUSPENDED] = "party_suspended",
		[TROTH_EVENT_PARTY_RESUMED] = "party_resumed",
		[TROTH_EVENT_SHARE_ALLOTTED] = "share_allotted",
		[TROTH_EVENT_SHARE_RECALLED] = "share_recalled",
		[TROTH_EVENT_SHARE_RETURNED] = "share_returned",
		[TROTH_EVENT_SHARE_SPENT] = "share_spent",
		[TROTH_EVENT_SHARE_FREED] = "share_freed",
		[TROTH_EVENT_SHARE_FROZEN] = "share_frozen",
		[TROTH_EVENT_SHARE_THAWED] = "share_thawed",
		[TROTH_EVENT_ALARM_RAISED] = "alarm_raised",
		[TROTH_EVENT_ALARM_TOLD] = "alarm_told",
		[TROTH_EVENT_ALARM_TAKEN] = "alarm_taken",
		[TROTH_EVENT_ALARM_ENDED] = "alarm_ended",
		[TROTH_EVENT_RECOVERY_OPENED] = "recovery_opened",
		[TROTH_EVENT_RECOVERY_STEP] = "recovery_step",
		[TROTH_EVENT_COMPLAINT] = "complaint",
		[TROTH_EVENT_COMPLAINT_DENIED] = "complaint_denied",
		[TROTH_EVENT_DENIAL_APPEALED] = "denial_appealed",
		[TROTH_EVENT_APPEAL_DECIDED] = "appeal_decided",
		[TROTH_EVENT_SITE_AVAILABILITY] = "site_availability",
	};

	return (unsigned)type < TROTH_LEN(names) ? names[type] : NULL;
}

const char *troth_authority_party(const struct troth_event *e)
{
	enum troth_topic topic = troth_event_topic(e->type);

	if (topic == TROTH_TOPIC_GRANT)
		return e->u.grant.party;
	if (topic == TROTH_TOPIC_AGENT)
		return e->u.agent.party;
	if (topic == TROTH_TOPIC_STANDING)
		return e->u.standing.party;
	return topic == TROTH_TOPIC_SHARE ? e->u.share.party : "";
}
