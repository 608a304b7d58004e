/* An agent who asks and never speaks does not hold back the share from the others. */
#include "shares_kit.h"

#define PLENTY 40

/* A site with enough of a share for everybody who asks. */
static struct kit *kit_with_plenty(void)
{
	struct kit *k = kit_with_share();

	central_says(k, TROTH_EVENT_SHARE_ALLOTTED, PLENTY - SHARE);
	kit_serve(k);
	assert_int_equal(available(k), PLENTY);
	return k;
}

static struct troth_result ask(struct kit *k, const char *actor, uint8_t promise)
{
	struct troth_command *c = cmd_may(k, 1, promise);
	struct troth_result r;

	TROTH_TEXT_SET(c->drafts[0]->actor, actor);
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_DONE);
	assert_true(r.has_answer);
	return r;
}

static void yes(struct kit *k, const char *actor, uint8_t promise)
{
	assert_int_equal(ask(k, actor, promise).answer.answer, TROTH_ANSWER_YES);
}

static void no(struct kit *k, const char *actor, uint8_t promise)
{
	int64_t left = available(k);
	struct troth_result r = ask(k, actor, promise);

	assert_int_equal(r.answer.answer, TROTH_ANSWER_NO);
	assert_int_equal(r.answer.reason, TROTH_REASON_UNSPOKEN_OFFERS);
	assert_int_equal(state_of(k, 1, promise), TROTH_PROMISE_NONE);
	assert_int_equal(available(k), left);
}

/* The agent holds as many as one may, under the first ids. */
static void fill(struct kit *k, const char *actor)
{
	for (uint8_t i = 1; i <= TROTH_UNSPOKEN_MAX; i++)
		yes(k, actor, i);
}

static void so_many_one_agent_may_hold_and_not_one_more(void **state)
{
	struct kit *k = kit_with_plenty();

	(void)state;
	fill(k, "ann");
	no(k, "ann", 20);
	no(k, "ann", 21);
	assert_int_equal(available(k), PLENTY - TROTH_UNSPOKEN_MAX);
	yes(k, "bob", 22); /* It is nobody else's loss. */
	kit_serve(k);
	no(k, "ann", 23); /* Nor is it any different when central has them. */
	kit_check_same(k);
	kit_free(k);
}

static void what_is_told_taken_back_or_lapses_is_held_no_more(void **state)
{
	struct kit *k = kit_with_plenty();

	(void)state;
	fill(k, "ann");
	step(k, 1, 3, TROTH_PROMISE_DO_ACTIVATE);
	yes(k, "ann", 20);
	no(k, "ann", 21);
	step(k, 1, 20, TROTH_PROMISE_DO_EXPIRE);
	yes(k, "ann", 22);
	no(k, "ann", 23);
	pass(k, OFFER_MS - 1);
	no(k, "ann", 24);
	pass(k, 2);
	for (uint8_t i = 30; i < 30 + TROTH_UNSPOKEN_MAX; i++)
		yes(k, "ann", i);
	no(k, "ann", 50);
	assert_int_equal(available(k), PLENTY - 1 - TROTH_UNSPOKEN_MAX);
	kit_free(k);
}

static void who_speaks_to_every_customer_is_never_told_no(void **state)
{
	struct kit *k = kit_with_plenty();

	(void)state;
	for (uint8_t i = 1; i <= PLENTY; i++) {
		yes(k, "ann", i);
		step(k, 1, i, TROTH_PROMISE_DO_ACTIVATE);
	}
	kit_free(k);
}

static enum memkv_fate is_full(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)ctx;
	(void)writes;
	(void)bytes;
	return MEMKV_FULL;
}

static void it_is_known_after_a_crash_and_after_a_commit_that_failed(void **state)
{
	struct kit *k = kit_with_plenty();
	struct troth_result r;

	(void)state;
	fill(k, "ann");
	kit_crash(k);
	no(k, "ann", 20);
	step(k, 1, 1, TROTH_PROMISE_DO_EXPIRE);
	memkv_disk_on_commit(k->disk, is_full, NULL);
	r = kit_do(k, cmd_may(k, 1, 21));
	assert_int_equal(r.status, TROTH_NO_ROOM);
	memkv_disk_on_commit(k->disk, NULL, NULL);
	k->now.ms += 2000;
	kit_turn(k);
	yes(k, "ann", 22); /* What was not saved is not held, */
	no(k, "ann", 23);  /* and what was, is. */
	kit_free(k);
}

static struct troth_result cite(struct kit *k, uint8_t promise)
{
	struct troth_command *c = cmd_promise(k, 1, promise);
	struct troth_event *e = c->drafts[0];

	TROTH_TEXT_SET(e->actor, "ann");
	e->u.promise.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(e->u.promise.sku, "HDMI-2M");
	e->u.promise.quantity = 1;
	TROTH_TEXT_SET(e->u.promise.grant, "gifts");
	e->u.promise.spoken = false;
	e->u.promise.lapses.ms = k->now.ms + OFFER_MS;
	return kit_do(k, c);
}

static void an_offer_that_cites_the_grant_counts_like_a_yes(void **state)
{
	struct kit *k = kit_with_plenty();
	struct troth_result r;

	(void)state;
	for (uint8_t i = 1; i < TROTH_UNSPOKEN_MAX; i++)
		yes(k, "ann", i);
	r = cite(k, 20);
	assert_int_equal(r.status, TROTH_DONE);
	r = cite(k, 21);
	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, TROTH_REASON_UNSPOKEN_OFFERS);
	no(k, "ann", 22);
	assert_int_equal(available(k), PLENTY - TROTH_UNSPOKEN_MAX);
	kit_free(k);
}

/* Places are given back when the offers have lapsed. */
static void agents_come_and_go_by_the_hundred(void **state)
{
	struct kit *k = kit_with_plenty();

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		uint8_t n = (uint8_t)(2 + i / PLENTY);
		struct troth_command *c;

		if (i % PLENTY == 0) {
			pass(k, OFFER_MS + 1);
			assert_int_equal(kit_do(k, cmd_case(k, n)).status, TROTH_DONE);
		}
		k->answered = 0;
		c = cmd_may(k, n, 0);
		c->item = (struct troth_id){ { 3, (uint8_t)(i / 200),
					       (uint8_t)(i + 1) } };
		(void)snprintf(c->drafts[0]->actor, sizeof(c->drafts[0]->actor),
			       "agent-%u", i);
		assert_int_equal(kit_do(k, c).answer.answer, TROTH_ANSWER_YES);
	}
	pass(k, OFFER_MS + 1);
	fill(k, "ann");
	no(k, "ann", 20);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_one_agent_may_hold_and_not_one_more),
		cmocka_unit_test(what_is_told_taken_back_or_lapses_is_held_no_more),
		cmocka_unit_test(who_speaks_to_every_customer_is_never_told_no),
		cmocka_unit_test(
			it_is_known_after_a_crash_and_after_a_commit_that_failed),
		cmocka_unit_test(an_offer_that_cites_the_grant_counts_like_a_yes),
		cmocka_unit_test(agents_come_and_go_by_the_hundred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
