#include "handlers.h"

#define AGENT       TROTH_SCOPE_AGENT
#define DISPATCHER  TROTH_SCOPE_DISPATCHER
#define APPROVER    TROTH_SCOPE_APPROVER
#define MANAGER     TROTH_SCOPE_MANAGER
#define INTEGRATION TROTH_SCOPE_INTEGRATION
#define ANY         TROTH_SCOPE_ANY

#define GET  TROTH_GET
#define POST TROTH_POST

#define KEY      TROTH_ROUTE_KEY
#define MATCH    TROTH_ROUTE_IF_MATCH
#define CREATES  TROTH_ROUTE_CREATES
#define OPEN     TROTH_ROUTE_OPEN
#define ALONE    TROTH_ROUTE_NO_BATCH
#define FRESH    TROTH_ROUTE_FRESH
#define ITEM     TROTH_ROUTE_ITEM
#define ALARM    TROTH_ROUTE_ALARM
#define RECOVERY TROTH_ROUTE_RECOVERY
#define SPEAKERS (AGENT | MANAGER | INTEGRATION)
#define MOVERS   (DISPATCHER | AGENT | MANAGER | INTEGRATION)

#define Q_FRESH " fresh "
#define Q_PAGE  " limit cursor fresh "
#define Q_SCORE " limit cursor fresh as_of "
#define Q_DUE   " limit cursor fresh state due_before "

/* One row for each thing that can be asked; openapi.json has the same rows. */
const struct troth_api_route troth_routes[] = {
	{ GET, "/v1/orders", ANY, FRESH, troth_get_orders, Q_PAGE "customer number " },
	{ POST, "/v1/orders", SPEAKERS, KEY | CREATES, troth_post_order, NULL,
	  &troth_in_order },
	{ GET, "/v1/orders/{order}", ANY, FRESH, troth_get_order, Q_FRESH },
	{ GET, "/v1/orders/{order}/history", ANY, FRESH, troth_get_history,
	  " limit after fresh " },
	{ POST, "/v1/orders/{order}/corrections", SPEAKERS, KEY | MATCH,
	  troth_post_correction, NULL, &troth_in_correction },
	{ POST, "/v1/orders/{order}/shipments", MOVERS, KEY, troth_post_shipment, NULL,
	  &troth_in_move },
	{ POST, "/v1/orders/{order}/deliveries", MOVERS, KEY, troth_post_delivery, NULL,
	  &troth_in_move },
	{ POST, "/v1/orders/{order}/cancellation", SPEAKERS, KEY | MATCH,
	  troth_post_cancellation, NULL, &troth_in_cancellation },
	{ POST, "/v1/orders/{order}/cases", SPEAKERS, KEY, troth_post_order_case, NULL,
	  &troth_in_link },
	{ POST, "/v1/orders/{order}/alarms", MOVERS, KEY | CREATES | ALARM,
	  troth_post_alarm, NULL, &troth_in_alarm },
	{ POST, "/v1/orders/{order}/complaints", MOVERS, KEY | CREATES | ITEM | RECOVERY,
	  troth_post_complaint, NULL, &troth_in_complaint },
	{ POST, "/v1/orders/{order}/promises", SPEAKERS, KEY | CREATES | ITEM,
	  troth_post_promise, NULL, &troth_in_promise },
	{ POST, "/v1/orders/{order}/may-i", SPEAKERS, KEY | ITEM, troth_post_may_i, NULL,
	  &troth_in_may_i },

	{ GET, "/v1/cases", ANY, FRESH, troth_get_cases, Q_PAGE "customer " },
	{ POST, "/v1/cases", SPEAKERS, KEY | CREATES, troth_post_case, NULL,
	  &troth_in_case },
	{ GET, "/v1/cases/{case}", ANY, FRESH, troth_get_case, Q_FRESH },
	{ GET, "/v1/cases/{case}/history", ANY, FRESH, troth_get_history,
	  " limit after fresh " },
	{ POST, "/v1/cases/{case}/handover", SPEAKERS, KEY, troth_post_handover, NULL,
	  &troth_in_handover },
	{ POST, "/v1/cases/{case}/close", SPEAKERS, KEY, troth_post_close, NULL,
	  &troth_in_close },
	{ POST, "/v1/cases/{case}/alarms", MOVERS, KEY | CREATES | ALARM,
	  troth_post_alarm, NULL, &troth_in_alarm },
	{ POST, "/v1/cases/{case}/complaints", SPEAKERS, KEY | CREATES | ITEM | RECOVERY,
	  troth_post_complaint, NULL, &troth_in_complaint },
	{ POST, "/v1/cases/{case}/promises", SPEAKERS, KEY | CREATES | ITEM,
	  troth_post_promise, NULL, &troth_in_promise },
	{ POST, "/v1/cases/{case}/may-i", SPEAKERS, KEY | ITEM, troth_post_may_i, NULL,
	  &troth_in_may_i },

	{ GET, "/v1/promises", ANY, FRESH, troth_get_promises, Q_DUE },
	{ GET, "/v1/promises/{promise}", ANY, FRESH, troth_get_item, Q_FRESH },
	{ GET, "/v1/promises/{promise}/known-by", ANY, FRESH, troth_get_known_by,
	  Q_FRESH },
	{ POST, "/v1/promises/{promise}/commitments", SPEAKERS, KEY | ITEM,
	  troth_post_commitment, NULL, &troth_in_commitment },
	{ POST, "/v1/promises/{promise}/recovery/{step}", SPEAKERS | APPROVER,
	  KEY | ITEM | RECOVERY, troth_post_recovery_step, NULL,
	  &troth_in_recovery_step },
	{ POST, "/v1/promises/{promise}/{step}", SPEAKERS | APPROVER, KEY | ITEM,
	  troth_post_promise_step, NULL, &troth_in_promise_step },

	{ GET, "/v1/approvals", ANY, FRESH, troth_get_approvals, Q_PAGE },

	{ GET, "/v1/commitments", ANY, FRESH, troth_get_commitments, Q_DUE "party " },
	{ GET, "/v1/commitments/{commitment}", ANY, FRESH, troth_get_item, Q_FRESH },
	{ POST, "/v1/commitments/{commitment}/{step}", MOVERS, KEY | ITEM,
	  troth_post_commitment_step, NULL, &troth_in_commitment_step },

	{ GET, "/v1/alarms", ANY, FRESH, troth_get_alarms, Q_PAGE "state party " },
	{ GET, "/v1/alarms/{alarm}", ANY, FRESH, troth_get_item, Q_FRESH },
	{ POST, "/v1/alarms/{alarm}/{step}", MOVERS | APPROVER, KEY | ITEM | ALARM,
	  troth_post_alarm_step, NULL, &troth_in_alarm_step },

	{ GET, "/v1/recoveries", ANY, FRESH, troth_get_recoveries,
	  Q_PAGE "state owner differs " },
	{ GET, "/v1/recoveries/{recovery}", ANY, FRESH, troth_get_item, Q_FRESH },
	{ POST, "/v1/recoveries/{recovery}/{step}", SPEAKERS | APPROVER,
	  KEY | ITEM | RECOVERY, troth_post_recovery_step, NULL,
	  &troth_in_recovery_step },
	{ GET, "/v1/remedies", ANY, 0, troth_get_remedies, " failure language " },

	{ GET, "/v1/scores", ANY, FRESH, troth_get_scores, Q_SCORE },
	{ GET, "/v1/scores/promises", ANY, FRESH, troth_get_score_promises, Q_SCORE },
	{ GET, "/v1/scorecards", ANY, FRESH, troth_get_scorecards,
	  Q_SCORE "party site kind from to " },

	{ GET, "/v1/availability", ANY, FRESH, troth_get_availability,
	  " limit after fresh party " },
	{ POST, "/v1/availability", MOVERS, KEY, troth_post_availability, NULL,
	  &troth_in_availability },

	{ GET, "/v1/parties", ANY, 0, troth_get_parties, " limit after " },
	{ POST, "/v1/parties", MANAGER, KEY, troth_post_party, NULL, &troth_in_party },
	{ GET, "/v1/sites", ANY, 0, troth_get_sites, " limit after " },
	{ POST, "/v1/sites", MANAGER, KEY, troth_post_site, NULL, &troth_in_site },
	{ POST, "/v1/sites/keys", MANAGER, KEY, troth_post_site_key, NULL,
	  &troth_in_site_key },
	{ POST, "/v1/sites/keys/revoke", MANAGER, KEY, troth_post_site_revocation, NULL,
	  &troth_in_site_key },

	{ GET, "/v1/policies", ANY, FRESH, troth_get_policies, " limit after fresh " },
	{ POST, "/v1/policies", MANAGER, KEY, troth_post_policy, NULL, &troth_in_policy },
	{ POST, "/v1/policies/withdraw", MANAGER, KEY, troth_post_policy_withdrawal, NULL,
	  &troth_in_policy_withdrawal },
	{ GET, "/v1/policies/{version}", ANY, FRESH, troth_get_policy, Q_FRESH },

	{ GET, "/v1/pools", ANY, FRESH, troth_get_pools, Q_FRESH },
	{ POST, "/v1/pools", MANAGER, KEY, troth_post_authority, NULL, &troth_in_pool },
	{ GET, "/v1/grants", ANY, FRESH, troth_get_grants, " limit after party fresh " },
	{ POST, "/v1/grants", MANAGER, KEY, troth_post_authority, NULL, &troth_in_grant },
	{ POST, "/v1/grants/withdraw", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_withdrawal },
	{ GET, "/v1/agents", ANY, FRESH, troth_get_agents, " limit after party fresh " },
	{ POST, "/v1/agents", MANAGER, KEY, troth_post_authority, NULL, &troth_in_agent },
	{ POST, "/v1/suspensions", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_suspension },
	{ POST, "/v1/suspensions/lift", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_resumption },
	{ GET, "/v1/shares", ANY, FRESH, troth_get_shares, Q_PAGE "party pool " },
	{ POST, "/v1/shares/move", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_share_move },
	{ POST, "/v1/shares/keep", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_share_keep },
	{ POST, "/v1/shares/freeze", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_share_freeze },
	{ POST, "/v1/shares/thaw", MANAGER, KEY, troth_post_authority, NULL,
	  &troth_in_share_thaw },

	{ GET, "/v1/tokens", MANAGER, 0, troth_get_tokens, " limit after " },
	{ POST, "/v1/tokens", MANAGER, ALONE, troth_post_token, NULL, &troth_in_token },
	{ POST, "/v1/tokens/revoke", MANAGER, ALONE, troth_post_token_revocation, NULL,
	  &troth_in_name },
	{ POST, "/v1/clock", MANAGER | INTEGRATION, ALONE, troth_post_clock, NULL,
	  &troth_in_clock },
	{ POST, "/v1/batch", INTEGRATION, ALONE, troth_post_batch, NULL },

	{ GET, "/v1/events", ANY, ALONE, troth_get_events, " after type subject party " },
	{ GET, "/v1/status", ANY, 0, troth_get_status, NULL },
	{ GET, "/v1/openapi.json", 0, OPEN, troth_get_openapi, NULL },
	{ GET, "/metrics", ANY, 0, troth_get_metrics, NULL },
	{ GET, "/healthz", 0, OPEN, troth_get_health, NULL },
	{ GET, "/readyz", 0, OPEN, troth_get_ready, NULL },
};
const unsigned troth_routes_count = TROTH_LEN(troth_routes);
