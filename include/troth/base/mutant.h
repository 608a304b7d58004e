/*
 * mutant - bugs planted on purpose, to see that the simulator finds them.
 *
 * TROTH_MUTANT(name) is false in everything that is built for use; only the
 * simulator's own copy of the layers is built with TROTH_MUTANTS and can switch
 * one of them on. A mutant that lives is a hole in the simulator.
 */
#ifndef TROTH_BASE_MUTANT_H
#define TROTH_BASE_MUTANT_H

#ifdef TROTH_MUTANTS

/* What the planted bug does. */
#define TROTH_MUTANTS_ALL(X)                                                             \
                                                                                         \
	X(central_acks_before_commit)                                                    \
	X(site_answers_before_commit)                                                    \
	X(submit_before_commit)                                                          \
	X(received_before_commit)                                                        \
	X(full_disk_is_ignored)                                                          \
	X(gap_is_taken)                                                                  \
	X(event_is_taken_twice)                                                          \
	X(seal_is_not_checked)                                                           \
	X(refusal_is_not_told)                                                           \
	X(who_left_is_fed)                                                               \
	X(backfill_misses_the_first)                                                     \
	X(downtime_is_forgiven)                                                          \
	X(key_is_not_remembered)                                                         \
	X(if_match_is_ignored)                                                           \
	X(clock_is_early)                                                                \
	X(kept_is_broken)                                                                \
	X(hold_does_not_stop)                                                            \
	X(delegate_owes_at_once)                                                         \
	X(digest_is_without_state)                                                       \
	X(cursor_is_not_kept)                                                            \
	X(outbox_is_not_emptied)                                                         \
	X(view_is_not_renewed)                                                           \
	X(incarnation_is_kept)                                                           \
	X(nothing_is_resent)                                                             \
	X(old_central_is_trusted)                                                        \
	X(fresh_does_not_wait)                                                           \
	X(recovery_not_opened)                                                           \
	X(ladder_skips_rung)                                                             \
	X(taken_does_not_stop)                                                           \
	X(finished_without_harm)                                                         \
	X(difference_is_hidden)                                                          \
	X(kept_remedy_changes_nothing)                                                   \
	X(limit_is_one_more)                                                             \
	X(customer_limit_is_ignored)                                                     \
	X(uncertified_may_promise)                                                       \
	X(suspended_may_promise)                                                         \
	X(frozen_share_is_spent)                                                         \
	X(share_is_overspent)                                                            \
	X(withdrawn_policy_is_cited)                                                     \
	X(yes_is_not_spent)                                                              \
	X(restored_site_is_not_frozen)                                                   \
	X(offer_lapses_early)                                                            \
	X(lapsed_is_not_freed)                                                           \
	X(freed_twice)                                                                   \
	X(activated_is_freed)                                                            \
	X(recall_is_ignored)                                                             \
	X(recall_is_not_taken_back)                                                      \
	X(returned_is_not_debited)                                                       \
	X(lost_is_forgotten)                                                             \
	X(allotted_beyond_the_pool)                                                      \
	X(moved_beyond_the_pool)                                                         \
	X(nobody_is_topped_up)                                                           \
	X(danger_is_ended_by_its_taker)                                                  \
	X(made_alone_is_believed)                                                        \
	X(overdrawn_pays)                                                                \
	X(danger_is_silenced)                                                            \
	X(untold_may_take)                                                               \
	X(later_ladder_is_ignored)                                                       \
	X(follow_up_is_forgotten)                                                        \
	X(unspoken_do_not_count)                                                         \
	X(limit_goes_by_made)                                                            \
	X(clock_of_a_site_is_believed)                                                   \
	X(withdrawal_is_not_placed)                                                      \
	X(old_remedies_are_cited)                                                        \
	X(helpers_are_owners)                                                            \
	X(debtor_says_it_helped)                                                         \
	X(any_customer_is_linked)

enum troth_mutant_number {
	TROTH_MUTANT_none = 0,
#define TROTH_MUTANT_NUMBER(name) TROTH_MUTANT_##name,
	TROTH_MUTANTS_ALL(TROTH_MUTANT_NUMBER)
#undef TROTH_MUTANT_NUMBER
		TROTH_MUTANT_COUNT
};

/* The one that is switched on, and how they are called. */
extern int troth_mutant;
extern const char *const troth_mutant_names[TROTH_MUTANT_COUNT];

#define TROTH_MUTANT(name) (troth_mutant == TROTH_MUTANT_##name)

#else
#define TROTH_MUTANT(name) 0
#endif

#endif
