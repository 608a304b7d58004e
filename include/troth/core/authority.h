/*
 * authority - what a party may promise without asking, and out of what.
 *
 * Each party has an authority subject, seen by the brand and by itself. HQ puts
 * grants into it, suspends the party, and central allots shares of pools to its
 * sites. A share is spent by its site alone, so a site that is cut off can go on
 * promising and the pool still cannot be overspent:
 *
 *   available = allotted - spent + freed - returned - lost
 *
 * Only central's events raise it, apart from what the site itself frees. At the
 * site, the view with its own pending events is therefore exact; elsewhere it is
 * an upper bound of what is left. Pools are on the brand's authority subject.
 * Everything here is pure.
 */
#ifndef TROTH_CORE_AUTHORITY_H
#define TROTH_CORE_AUTHORITY_H

#include "troth/core/subject.h"

/* The actor of what a site's gateway does by itself. */
#define TROTH_SITE_ACTOR "gateway"

/*
 * The id of the authority subject of a party: a UUIDv8 (RFC 9562 5.8), by which it can be
 * told from all that goes by the time it was made.
 */
struct troth_id troth_authority_id(const char *party);
/*
 * True for all of these. No order or case has such an id: before HQ has granted the party
 * anything, somebody else could stand in its place.
 */
bool troth_is_authority_id(const struct troth_id *id);

/* Index by name, or -1. */
int troth_authority_pool(const struct troth_authority *a, const char *pool);
int troth_authority_grant(const struct troth_authority *a, const char *grant);
int troth_authority_share(const struct troth_authority *a, const char *site,
			  const char *pool);

/* What the site may still spend of it, frozen or not. Never below 0. */
int64_t troth_share_available(const struct troth_share *s);

/*
 * What of the pool is not the pool's any more because of this share: what it
 * holds, what it has spent for good, and what was lost. Summed over all shares
 * it never exceeds the pool's total.
 */
int64_t troth_share_out(const struct troth_share *s);

/* True once what was spent on a promise in that state is free again. */
bool troth_promise_came_to_nothing(enum troth_promise_state s);

/* True if the grant is over such a promise at all (in kind, goods and currency). */
bool troth_grant_covers(const struct troth_grant *g, enum troth_kind kind,
			const char *sku, const char *currency);
bool troth_grant_in_force(const struct troth_grant *g, struct troth_time at);

/* What a promise takes from a grant: its amount in money, else its pieces (at least 1).
 */
int64_t troth_promise_cost(uint32_t quantity, int64_t amount);

/*
 * When an event was written that is judged at `now`: by its site's clock, but not later
 * than now, and not before central had accepted what the site had heard of by then.
 */
struct troth_time troth_written(const struct troth_lookup *lookup,
				const struct troth_event *e, struct troth_time now);

/*
 * What speaks against a promise that was (or is to be) told to a customer, by
 * what HQ has published: policy and grant, without the share. NONE where nothing
 * does, and wherever no policy has been published yet. What counts is whose order or
 * case s is (not whom the event names as its customer) and when it was told, which is
 * not later than now. Who had heard of a suspension, or that the grant or the policy was
 * withdrawn (seen_size), cannot have told before it: what it says of the time is then
 * not believed. It never counts for the limit per customer: there each promise stands
 * at the instant at which it was written.
 */
enum troth_reason troth_promise_unauthorised(const struct troth_lookup *lookup,
					     const struct troth_subject *s,
					     const struct troth_who *who,
					     const struct troth_event *e,
					     struct troth_time now);

/*
 * What speaks against the step `e`, by which a supervisor approves p on s: all that
 * would speak against p if the supervisor had promised it now. A supervisor stands in
 * for the certificate that a colleague has not, and for nothing else.
 */
enum troth_reason troth_approval_unauthorised(const struct troth_lookup *lookup,
					      const struct troth_subject *s,
					      const struct troth_promise *p,
					      const struct troth_event *e,
					      struct troth_time now);

#endif
