/*
 * handlers - what can be asked: the table of routes (route.c), whose rows name the
 * handlers and the tables of their bodies, each by the file that has it.
 */
#ifndef TROTH_API_HANDLERS_H
#define TROTH_API_HANDLERS_H

#include "api.h"
#include "in.h"

extern const struct troth_api_route troth_routes[];
extern const unsigned troth_routes_count;

/* ---- Handlers, by file ---- */

void troth_get_order(struct troth_call *c);
void troth_get_orders(struct troth_call *c);
void troth_get_case(struct troth_call *c);
void troth_get_cases(struct troth_call *c);
/* A promise, a commitment, an alarm or a recovery. */
void troth_get_item(struct troth_call *c);
void troth_get_promises(struct troth_call *c);
void troth_get_known_by(struct troth_call *c);
void troth_get_commitments(struct troth_call *c);
void troth_get_history(struct troth_call *c);
void troth_get_scores(struct troth_call *c);
void troth_get_score_promises(struct troth_call *c);
void troth_get_scorecards(struct troth_call *c);
void troth_get_availability(struct troth_call *c);
void troth_post_availability(struct troth_call *c);

void troth_post_order(struct troth_call *c);
void troth_post_correction(struct troth_call *c);
void troth_post_shipment(struct troth_call *c);
void troth_post_delivery(struct troth_call *c);
void troth_post_cancellation(struct troth_call *c);
void troth_post_order_case(struct troth_call *c);
void troth_post_case(struct troth_call *c);
void troth_post_handover(struct troth_call *c);
void troth_post_close(struct troth_call *c);
void troth_post_promise(struct troth_call *c);
void troth_post_promise_step(struct troth_call *c);
void troth_post_commitment(struct troth_call *c);
void troth_post_commitment_step(struct troth_call *c);

void troth_post_alarm(struct troth_call *c);
void troth_post_alarm_step(struct troth_call *c);
void troth_get_alarms(struct troth_call *c);
void troth_post_complaint(struct troth_call *c);
void troth_post_recovery_step(struct troth_call *c);
void troth_get_recoveries(struct troth_call *c);
void troth_get_remedies(struct troth_call *c);

void troth_post_party(struct troth_call *c);
void troth_get_parties(struct troth_call *c);
void troth_post_site(struct troth_call *c);
void troth_get_sites(struct troth_call *c);
void troth_post_site_key(struct troth_call *c);
void troth_post_site_revocation(struct troth_call *c);
void troth_post_token(struct troth_call *c);
void troth_get_tokens(struct troth_call *c);
void troth_post_token_revocation(struct troth_call *c);
void troth_post_clock(struct troth_call *c);

/* All that is posted about pools, grants, agents, suspensions and shares. */
void troth_post_authority(struct troth_call *c);
void troth_get_pools(struct troth_call *c);
void troth_get_grants(struct troth_call *c);
void troth_get_agents(struct troth_call *c);
void troth_get_shares(struct troth_call *c);

void troth_post_policy(struct troth_call *c);
void troth_post_policy_withdrawal(struct troth_call *c);
void troth_get_policies(struct troth_call *c);
void troth_get_policy(struct troth_call *c);

void troth_post_may_i(struct troth_call *c);
void troth_get_approvals(struct troth_call *c);

void troth_get_status(struct troth_call *c);
void troth_get_openapi(struct troth_call *c);
void troth_get_metrics(struct troth_call *c);
void troth_get_health(struct troth_call *c);
void troth_get_ready(struct troth_call *c);
void troth_post_batch(struct troth_call *c);
void troth_get_events(struct troth_call *c); /* The server streams; never called. */

/* ---- What their bodies may hold ---- */

extern const struct troth_in_table troth_in_availability;
extern const struct troth_in_table troth_in_order;
extern const struct troth_in_table troth_in_correction;
extern const struct troth_in_table troth_in_move;
extern const struct troth_in_table troth_in_cancellation;
extern const struct troth_in_table troth_in_link;
extern const struct troth_in_table troth_in_case;
extern const struct troth_in_table troth_in_handover;
extern const struct troth_in_table troth_in_close;
extern const struct troth_in_table troth_in_promise;
extern const struct troth_in_table troth_in_commitment_step;
extern const struct troth_in_table troth_in_promise_step;
extern const struct troth_in_table troth_in_commitment;
extern const struct troth_in_table troth_in_alarm;
extern const struct troth_in_table troth_in_alarm_step;
extern const struct troth_in_table troth_in_complaint;
extern const struct troth_in_table troth_in_recovery_step;
extern const struct troth_in_table troth_in_party;
extern const struct troth_in_table troth_in_site;
extern const struct troth_in_table troth_in_token;
extern const struct troth_in_table troth_in_clock;
extern const struct troth_in_table troth_in_site_key;
extern const struct troth_in_table troth_in_name;
extern const struct troth_in_table troth_in_pool;
extern const struct troth_in_table troth_in_grant;
extern const struct troth_in_table troth_in_withdrawal;
extern const struct troth_in_table troth_in_agent;
extern const struct troth_in_table troth_in_suspension;
extern const struct troth_in_table troth_in_resumption;
extern const struct troth_in_table troth_in_share_move;
extern const struct troth_in_table troth_in_share_keep;
extern const struct troth_in_table troth_in_share_freeze;
extern const struct troth_in_table troth_in_share_thaw;
extern const struct troth_in_table troth_in_may_i;
extern const struct troth_in_table troth_in_policy;
extern const struct troth_in_table troth_in_policy_withdrawal;

#endif
