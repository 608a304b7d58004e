/* A case on which a promise breaks or somebody complains, and what is done about it. */
#ifndef TROTH_TEST_RECOVERY_KIT_H
#define TROTH_TEST_RECOVERY_KIT_H

#include "story.h"

#include "troth/core/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define OK    TROTH_REASON_NONE
#define DUE   (FIXTURE_NOW + FIXTURE_DAY)
#define DO(a) TROTH_RECOVERY_DO_##a
#define IN(s) TROTH_RECOVERY_##s

/* ---- A policy that says what makes good for what ---- */

static struct troth_policy policy;
static struct troth_lookup lookup;
static struct story st;
static struct troth_event e;

static struct troth_policy generous; /* The version before it. */

static inline const struct troth_policy *find_policy(void *ctx, uint64_t version)
{
	(void)ctx;
	if (version == generous.version && version != 0)
		return &generous;
	return version == policy.version ? &policy : NULL;
}

static inline void offer(const char *failure, struct troth_offer o)
{
	struct troth_remedy *r = NULL;

	for (unsigned i = 0; i < policy.remedy_count; i++)
		if (strcmp(policy.remedies[i].failure, failure) == 0)
			r = &policy.remedies[i];
	if (r == NULL) {
		r = &policy.remedies[policy.remedy_count++];
		TROTH_TEXT_SET(r->failure, failure);
	}
	r->offers[r->count++] = o;
}

static inline void publish(void)
{
	memset(&policy, 0, sizeof(policy));
	policy.version = 3;
	for (int i = 0; i < 2; i++) {
		const char *failure = i == 0 ? "broken_gift" : "rude";

		offer(failure, (struct troth_offer){ .choice = TROTH_CHOICE_GOODS,
						     .kind = TROTH_KIND_GIFT,
						     .sku = "HDMI-3M",
						     .quantity = 1 });
		offer(failure, (struct troth_offer){ .choice = TROTH_CHOICE_MONEY,
						     .kind = TROTH_KIND_REFUND,
						     .amount = 1500,
						     .currency = "EUR" });
		offer(failure, (struct troth_offer){ .choice = TROTH_CHOICE_CREDIT,
						     .kind = TROTH_KIND_CREDIT,
						     .amount = 2000,
						     .currency = "EUR" });
	}
	lookup = fixture_lookup;
	lookup.policy = find_policy;
}

static inline const struct troth_recovery *recovery(void)
{
	return &st.s.recoveries[st.s.recovery_count - 1];
}

/* A promise was told in a case, under the policy. */
static inline void told_in_a_case(void)
{
	publish();
	story_begin(&st, TROTH_SUBJECT_CASE);
	st.lookup = &lookup;
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_OPENED, "acme"), OK);
	assert_int_equal(story_promise(&st, "acme", true), OK);
}

/* A promise of acme's on its case has been broken. */
static inline void break_it(void)
{
	told_in_a_case();
	(void)story_clock(&st, DUE + 1);
	assert_int_equal(st.s.recovery_count, 1);
}

static inline enum troth_reason step(const char *party, enum troth_recovery_action action)
{
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, party);
	e.u.recovery.id = recovery()->id;
	e.u.recovery.action = action;
	if (action != DO(HARMS))
		e.u.recovery.practical[0] = e.u.recovery.felt[0] = '\0';
	return story_tell(&st, &e);
}

static inline enum troth_reason choose(enum troth_choice choice, unsigned number)
{
	const struct troth_remedy *r = troth_policy_remedy(&policy, recovery()->failure);

	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	memset(&e.u.recovery, 0, sizeof(e.u.recovery));
	e.u.recovery.id = recovery()->id;
	e.u.recovery.action = DO(CHOOSE);
	e.u.recovery.choice = choice;
	e.u.recovery.offer = number;
	e.u.recovery.policy_version = 3;
	if (number > 0 && r != NULL && number <= r->count) {
		const struct troth_offer *o = &r->offers[number - 1];
		struct troth_value *v = &e.u.recovery.value;

		v->kind = o->kind;
		TROTH_TEXT_SET(v->sku, o->sku);
		v->quantity = o->quantity;
		v->amount = o->amount;
		TROTH_TEXT_SET(v->currency, o->currency);
	}
	return story_tell(&st, &e);
}

/* Promises offer `number` as the remedy; its id is fixture_id(n). */
static inline void promise_remedy(unsigned number, uint64_t n)
{
	const struct troth_remedy *r = troth_policy_remedy(&policy, recovery()->failure);
	const struct troth_offer *o = &r->offers[number - 1];

	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "acme");
	e.u.promise.id = fixture_id(n);
	e.u.promise.recovers = recovery()->id;
	e.u.promise.kind = o->kind;
	TROTH_TEXT_SET(e.u.promise.sku, o->sku);
	e.u.promise.quantity = o->quantity;
	e.u.promise.amount = o->amount;
	TROTH_TEXT_SET(e.u.promise.currency, o->currency);
	e.u.promise.due.ms = st.now.ms + FIXTURE_DAY;
	e.u.promise.terms[0] = fixture_terms("acme");
	e.u.promise.terms[0].due.ms = st.now.ms + FIXTURE_DAY;
	e.u.promise.terms[0].acceptance_ms = 0;
	assert_int_equal(story_tell(&st, &e), OK);
}

static inline void keep_remedy(uint64_t n)
{
	fixture_event(&e, TROTH_EVENT_COMMITMENT_STEP, "acme");
	e.u.commitment_step.commitment = fixture_id(n);
	e.u.commitment_step.commitment.b[TROTH_ID_LEN - 1] = 1;
	e.u.commitment_step.action = TROTH_COMMITMENT_DO_FULFIL;
	e.u.commitment_step.evidence = TROTH_EVIDENCE_CODE;
	e.u.commitment_step.at = st.now;
	assert_int_equal(story_tell(&st, &e), OK);
}

static inline enum troth_reason of_complaint(enum troth_event_type type,
					     const char *party, const char *actor)
{
	fixture_event(&e, type, party);
	TROTH_TEXT_SET(e.actor, actor);
	return story_tell(&st, &e);
}

static inline void complain(void)
{
	publish();
	story_begin(&st, TROTH_SUBJECT_CASE);
	st.lookup = &lookup;
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_OPENED, "acme"), OK);
	assert_int_equal(story_do(&st, TROTH_EVENT_COMPLAINT, "acme"), OK);
	assert_int_equal(recovery()->state, IN(OPEN));
	assert_true(recovery()->complaint);
	assert_string_equal(recovery()->owner, "acme");
}

#endif
