/* A site promises out of its own share, with a link or without, and never more. */
#include "shares_kit.h"

static void a_yes_promises_and_reserves_in_one_commit(void **state)
{
	struct kit *k = kit_with_share();
	uint64_t commits = memkv_commits(k->disk);
	struct troth_result r = kit_do(k, cmd_may(k, 1, 1));

	(void)state;
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.answer.answer, TROTH_ANSWER_YES);
	assert_int_equal(r.answer.left_share, SHARE);
	assert_int_equal(r.answer.phrase, 0);
	assert_int_equal(memkv_commits(k->disk), commits + 1);
	assert_int_equal(available(k), SHARE - 1);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_PROPOSED);
	step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(troth_share_available(&(struct troth_share){ 0 }), 0);
	assert_int_equal(central_share(k).spent, 1);
	kit_free(k);
}

static void without_a_link_exactly_the_share_is_promised_and_one_more_is_asked(
	void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result r;

	(void)state;
	kit_down(k);
	for (uint8_t i = 1; i <= SHARE; i++) {
		offer(k, 1, i);
		kit_crash(k);
	}
	assert_int_equal(available(k), 0);
	r = kit_do(k, cmd_may(k, 1, SHARE + 1));
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.answer.answer, TROTH_ANSWER_ASK);
	assert_int_equal(r.answer.reason, TROTH_REASON_SHARE_EMPTY);
	assert_int_equal(state_of(k, 1, SHARE + 1), TROTH_PROMISE_PENDING_APPROVAL);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(central_share(k).spent, SHARE);
	kit_free(k);
}

static void a_no_saves_nothing_and_is_repeated_by_its_key(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result first, again;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct troth_command *c = cmd_may(k, 1, 1);

		c->asked.kind = TROTH_KIND_REFUND;
		c->has_key = true;
		c->key.b[0] = 9;
		*(i == 0 ? &first : &again) = kit_do(k, c);
	}
	assert_int_equal(first.status, TROTH_DONE);
	assert_int_equal(first.answer.answer, TROTH_ANSWER_NO);
	assert_int_equal(first.answer.reason, TROTH_REASON_FORBIDDEN);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 0);
	assert_true(again.repeated);
	again.repeated = false;
	assert_memory_equal(&again, &first, sizeof(first));
	kit_free(k);
}

static void a_yes_is_repeated_by_its_key_and_spent_once(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result first = { 0 }, r;

	(void)state;
	for (uint8_t i = 1; i <= 3; i++) {
		struct troth_command *c = cmd_may(k, 1, i);

		c->has_key = true;
		c->key.b[0] = 9;
		r = kit_do(k, c);
		if (i == 1)
			first = r;
		kit_crash(k);
		assert_int_equal(r.repeated, i > 1);
		r.repeated = false;
		assert_memory_equal(&r, &first, sizeof(first));
	}
	assert_int_equal(available(k), SHARE - 1);
	kit_free(k);
}

static void an_offer_that_nobody_spoke_lapses_without_a_link_once(void **state)
{
	struct kit *k = kit_with_share();

	(void)state;
	kit_down(k);
	offer(k, 1, 1);
	assert_int_equal(troth_gateway_wake(k->g).ms, k->now.ms + OFFER_MS + 1);
	pass(k, OFFER_MS); /* The last instant at which it stands. */
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_PROPOSED);
	kit_crash(k);
	pass(k, 1);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_EXPIRED);
	assert_int_equal(available(k), SHARE);
	kit_crash(k);
	pass(k, DAY_MS);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 1);
	assert_int_equal(central_share(k).freed, 1);
	kit_free(k);
}

static enum memkv_fate lose_it(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)writes;
	(void)bytes;
	return *(enum memkv_fate *)ctx;
}

static void a_lapse_that_a_crash_interrupts_happens_once(void **state)
{
	static enum memkv_fate fate;

	(void)state;
	for (fate = MEMKV_IO; fate <= MEMKV_LOST; fate++) {
		struct kit *k = kit_with_share();
		struct troth_why why;

		kit_down(k);
		offer(k, 1, 1);
		offer(k, 1, 2);
		k->now.ms += OFFER_MS + 1;
		memkv_disk_on_commit(k->disk, lose_it, &fate);
		assert_int_equal(troth_gateway_turn(k->g, k->now, &why), TROTH_ERR_IO);
		memkv_disk_on_commit(k->disk, NULL, NULL);
		kit_crash(k);
		pass(k, 0);
		kit_up(k);
		kit_serve(k);
		kit_check_same(k);
		assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 2);
		assert_int_equal(available(k), SHARE);
		kit_free(k);
	}
}

static void a_full_disk_puts_the_lapse_off(void **state)
{
	static enum memkv_fate fate = MEMKV_FULL;
	struct kit *k = kit_with_share();

	(void)state;
	kit_down(k);
	offer(k, 1, 1);
	k->now.ms += OFFER_MS + 1;
	memkv_disk_on_commit(k->disk, lose_it, &fate);
	kit_turn(k);
	assert_false(troth_gateway_busy(k->g, k->now)); /* It does not spin. */
	memkv_disk_on_commit(k->disk, NULL, NULL);
	pass(k, 1000);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_EXPIRED);
	assert_int_equal(available(k), SHARE);
	kit_free(k);
}

static void many_offers_lapse_in_bounded_turns(void **state)
{
	struct kit *k = kit_with_share();
	unsigned turns = 0;

	(void)state;
	central_says(k, TROTH_EVENT_SHARE_ALLOTTED, 600);
	for (uint8_t n = 2; n <= 7; n++)
		(void)kit_do(k, cmd_case(k, n));
	kit_serve(k);
	kit_down(k);
	for (unsigned i = 0; i < 300; i++) {
		struct troth_command *c = cmd_may(k, (uint8_t)(2 + i / 50), 0);

		c->item = (struct troth_id){ { 3, (uint8_t)(i / 200), (uint8_t)i } };
		(void)snprintf(c->drafts[0]->actor, sizeof(c->drafts[0]->actor),
			       "agent-%u", i / TROTH_UNSPOKEN_MAX);
		troth_gateway_commands(k->g, c);
		if (i % 100 == 99) {
			k->answered = 0;
			kit_turn(k);
		}
	}
	assert_int_equal(available(k), 305);
	k->now.ms += OFFER_MS + 1;
	for (; troth_gateway_busy(k->g, k->now); turns++)
		kit_turn(k);
	assert_true(turns >= 2);
	assert_int_equal(available(k), 605);
	kit_free(k);
}

static void what_was_spoken_in_time_is_never_freed(void **state)
{
	struct kit *k = kit_with_share();

	(void)state;
	kit_down(k);
	offer(k, 1, 1);
	pass(k, OFFER_MS);
	step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE);
	pass(k, DAY_MS / 2);
	kit_up(k);
	kit_serve(k);
	pass(k, OFFER_MS);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_ACTIVE);
	assert_int_equal(available(k), SHARE - 1);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 0);
	kit_check_same(k);
	kit_free(k);
}

static void what_is_said_after_the_lapse_is_spent_again(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result r;

	(void)state;
	kit_down(k);
	offer(k, 1, 1);
	pass(k, OFFER_MS + 1);
	assert_int_equal(available(k), SHARE);
	r = kit_do(k, cmd_step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE));
	assert_int_equal(r.status, TROTH_DONE);
	pass(k, 1);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_ACTIVE);
	assert_int_equal(available(k), SHARE - 1);
	kit_up(k);
	kit_serve_by(k, 1);
	pass(k, DAY_MS / 2);
	kit_check_same(k);
	assert_int_equal(central_share(k).spent, 2);
	assert_int_equal(central_share(k).freed, 1);
	kit_free(k);
}

static void what_ends_in_the_customers_favour_is_freed_by_its_site_once(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_event e = { .type = TROTH_EVENT_PROMISE_STEP };

	(void)state;
	for (uint8_t i = 1; i <= 2; i++) {
		offer(k, 1, i);
		step(k, 1, i, TROTH_PROMISE_DO_ACTIVATE);
	}
	kit_serve(k);
	step(k, 1, 1, TROTH_PROMISE_DO_RELEASE); /* By this site itself. */
	draft_release(&e, 1, 2);
	e.u.promise_step.action = TROTH_PROMISE_DO_CANCEL; /* By HQ. */
	e.u.promise_step.has_tell = true;
	TROTH_TEXT_SET(e.u.promise_step.tell.debtor, "acme");
	e.u.promise_step.tell.action = TROTH_ACTION_TELL_CUSTOMER;
	e.u.promise_step.tell.due.ms = k->now.ms + DAY_MS;
	TROTH_TEXT_SET(e.actor, "hq-1");
	(void)kit_foreign(k, CENTRAL, &e);
	kit_serve_by(k, 1);
	kit_crash(k);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(state_of(k, 1, 2), TROTH_PROMISE_CANCELLED);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 2);
	assert_int_equal(available(k), SHARE);
	kit_free(k);
}

static void what_central_refuses_to_take_is_freed(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_event e;

	(void)state;
	kit_down(k);
	offer(k, 1, 1);
	for (uint8_t i = 1; i <= TROTH_PROMISES_MAX - TROTH_PROMISES_KEPT; i++) {
		e = (struct troth_event){ .type = TROTH_EVENT_PROMISE_MADE };
		draft_promise(k, &e, 1, (uint8_t)(100 + i));
		TROTH_TEXT_SET(e.u.promise.customer, "customer-1");
		(void)kit_foreign(k, CENTRAL, &e);
	}
	kit_up(k);
	kit_serve_by(k, 7);
	kit_check_same(k);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_NONE);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 1);
	assert_int_equal(available(k), SHARE);
	kit_free(k);
}

static void a_frozen_share_asks_and_returns_nothing_until_it_is_thawed(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result r;

	(void)state;
	central_says(k, TROTH_EVENT_SHARE_FROZEN, 0);
	central_says(k, TROTH_EVENT_SHARE_RECALLED, 1);
	kit_serve(k);
	r = kit_do(k, cmd_may(k, 1, 1));
	assert_int_equal(r.answer.answer, TROTH_ANSWER_ASK);
	assert_int_equal(r.answer.reason, TROTH_REASON_SHARE_FROZEN);
	kit_serve(k);
	assert_int_equal(central_share(k).returned, 0);
	central_says(k, TROTH_EVENT_SHARE_THAWED, 2);
	kit_serve(k);
	assert_int_equal(central_share(k).returned, 1);
	assert_int_equal(available(k), SHARE - 3);
	offer(k, 1, 2);
	kit_free(k);
}

/* Central turns the `nth` event away that it is sent next. */
static void turn_away(struct kit *k, unsigned nth)
{
	struct kit_request r;

	kit_up(k);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_error(k, r.id, TROTH_BUS_E_TURNED_AWAY, "test", r.m.u.submit.first_seq + nth);
	kit_done(&r);
	kit_serve(k);
	assert_int_equal(kit_noted(k, "set_aside"), 1);
}

static void what_is_set_aside_is_neither_spent_nor_freed_for_it(void **state)
{
	(void)state;
	for (unsigned nth = 0; nth < 2; nth++) { /* The promise, or what it costs. */
		struct kit *k = kit_with_share();

		kit_down(k);
		offer(k, 1, 1);
		turn_away(k, nth);
		assert_int_equal(state_of(k, 1, 1),
				 nth == 0 ? TROTH_PROMISE_NONE : TROTH_PROMISE_PROPOSED);
		assert_int_equal(available(k), SHARE);
		pass(k, OFFER_MS + 1);
		kit_up(k);
		kit_serve(k);
		kit_check_same(k);
		assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), nth == 0);
		assert_int_equal(available(k), SHARE);
		assert_int_equal(state_of(k, 1, 1),
				 nth == 0 ? TROTH_PROMISE_NONE : TROTH_PROMISE_EXPIRED);
		kit_free(k);
	}
}

/* HQ has the grant asked of agents who are certified, and one supervisor is. */
static void central_certifies(struct kit *k)
{
	struct troth_event e = central_event(TROTH_EVENT_AGENT_CERTIFIED, "acme");

	TROTH_TEXT_SET(e.u.agent.party, "acme");
	TROTH_TEXT_SET(e.u.agent.actor, "lead-1");
	e.u.agent.level = TROTH_LEVEL_SUPERVISOR;
	(void)kit_foreign(k, CENTRAL, &e);
	e = central_event(TROTH_EVENT_GRANT_GIVEN, "acme");
	TROTH_TEXT_SET(e.u.grant.party, "acme");
	TROTH_TEXT_SET(e.u.grant.grant.grant, "gifts");
	TROTH_TEXT_SET(e.u.grant.grant.pool, "cables");
	e.u.grant.grant.kinds = 1u << TROTH_KIND_GIFT;
	e.u.grant.grant.sku_count = 1;
	TROTH_TEXT_SET(e.u.grant.grant.skus[0].sku, "HDMI-2M");
	e.u.grant.grant.most = 2;
	e.u.grant.grant.level = 1;
	(void)kit_foreign(k, CENTRAL, &e);
	kit_serve(k);
}

static struct troth_result approve(struct kit *k, uint8_t promise, const char *actor)
{
	struct troth_command *c = cmd_step(k, 1, promise, TROTH_PROMISE_DO_APPROVE);

	c->drafts[0]->u.promise_step.reason[0] = '\0';
	TROTH_TEXT_SET(c->drafts[0]->actor, actor);
	return kit_do(k, c);
}

static void a_supervisor_approves_out_of_the_sites_share_without_a_link(void **state)
{
	struct kit *k = kit_with_share();
	struct troth_result r;
	struct troth_event e = { .type = TROTH_EVENT_PROMISE_STEP };

	(void)state;
	central_certifies(k);
	kit_down(k);
	for (uint8_t i = 1; i <= SHARE + 1; i++) {
		r = kit_do(k, cmd_may(k, 1, i));
		assert_int_equal(r.answer.answer, TROTH_ANSWER_ASK);
		assert_int_equal(r.answer.reason, TROTH_REASON_UNCERTIFIED);
		r = approve(k, i, "agent-7"); /* Who has asked is no supervisor. */
		assert_int_equal(r.status, TROTH_DECLINED);
		assert_int_equal(r.reason, TROTH_REASON_NOT_ENTITLED);
		r = approve(k, i, "lead-1");
		assert_int_equal(r.status, i <= SHARE ? TROTH_DONE : TROTH_DECLINED);
		assert_int_equal(r.reason, i <= SHARE ? TROTH_REASON_NONE
						      : TROTH_REASON_SHARE_EMPTY);
		kit_crash(k);
	}
	assert_int_equal(available(k), 0);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_APPROVED);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(central_share(k).spent, SHARE);

	draft_release(&e, 1, 1); /* Nobody has spoken it: the clock ends it, */
	e.u.promise_step.action = TROTH_PROMISE_DO_EXPIRE;
	e.u.promise_step.reason[0] = '\0';
	TROTH_TEXT_SET(e.actor, TROTH_CLOCK_ACTOR);
	(void)kit_foreign(k, CENTRAL, &e);
	kit_serve(k);
	assert_int_equal(central_share(k).freed, 1); /* and the site frees it. */
	kit_check_same(k);
	kit_free(k);
}

static void asks_for_a_frozen_share(struct kit *k, uint8_t promise)
{
	struct troth_result r = kit_do(k, cmd_may(k, 1, promise));

	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.answer.answer, TROTH_ANSWER_ASK);
	assert_int_equal(r.answer.reason, TROTH_REASON_SHARE_FROZEN);
}

/* Hello, as often as it takes. */
static void reunite(struct kit *k)
{
	kit_up(k);
	for (int i = 0; i < 3; i++) {
		k->now.ms += 1000;
		kit_serve(k);
	}
}

static void a_store_that_was_put_back_promises_nothing_until_central_has_settled_it(
	void **state)
{
	struct kit *k = kit_with_share();
	struct memkv_image *backup;

	(void)state;
	for (uint8_t i = 1; i <= 2; i++)
		offer(k, 1, i); /* The backup has them as offers; then one is spoken, */
	kit_serve(k);
	backup = memkv_snapshot(k->disk);
	step(k, 1, 1, TROTH_PROMISE_DO_ACTIVATE);
	offer(k, 1, 3);
	pass(k, OFFER_MS + 1); /* and the others lapse. */
	kit_up(k);
	kit_serve(k);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 2);

	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	k->restored = true;
	kit_open(k);
	k->restored = false;
	assert_int_equal(kit_noted(k, "shares_in_doubt"), 1);
	pass(k, OFFER_MS);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_PROPOSED); /* It waits. */
	asks_for_a_frozen_share(k, 4);
	kit_crash(k);
	asks_for_a_frozen_share(k, 5);
	central_says(k, TROTH_EVENT_SHARE_FROZEN, 0); /* As it does for a new life. */
	reunite(k);
	assert_int_equal(k->incarnation, 2);
	asks_for_a_frozen_share(k, 6);
	central_says(k, TROTH_EVENT_SHARE_THAWED, 1);
	kit_serve(k);
	assert_int_equal(available(k), SHARE - 2);
	offer(k, 1, 7);
	pass(k, OFFER_MS + 1);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_ACTIVE);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 3);
	assert_int_equal(central_share(k).spent - central_share(k).freed, 1);
	kit_free(k);
}

static void an_offer_of_a_lost_life_lapses_when_it_is_known_again(void **state)
{
	struct kit *k = kit_with_share();
	struct memkv_image *backup = memkv_snapshot(k->disk);

	(void)state;
	offer(k, 1, 1);
	kit_serve(k);
	kit_close(k);
	memkv_restore(k->disk, backup);
	memkv_image_free(backup);
	kit_open(k);
	reunite(k); /* The store went back, and nobody said so. */
	assert_int_equal(kit_noted(k, "restored_store"), 1);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_PROPOSED);
	assert_int_equal(available(k), SHARE - 1);
	pass(k, OFFER_MS);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(state_of(k, 1, 1), TROTH_PROMISE_EXPIRED);
	assert_int_equal(available(k), SHARE);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_FREED), 1);
	kit_check_same(k);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_yes_promises_and_reserves_in_one_commit),
		cmocka_unit_test(
			without_a_link_exactly_the_share_is_promised_and_one_more_is_asked),
		cmocka_unit_test(a_no_saves_nothing_and_is_repeated_by_its_key),
		cmocka_unit_test(a_yes_is_repeated_by_its_key_and_spent_once),
		cmocka_unit_test(an_offer_that_nobody_spoke_lapses_without_a_link_once),
		cmocka_unit_test(a_lapse_that_a_crash_interrupts_happens_once),
		cmocka_unit_test(a_full_disk_puts_the_lapse_off),
		cmocka_unit_test(many_offers_lapse_in_bounded_turns),
		cmocka_unit_test(what_was_spoken_in_time_is_never_freed),
		cmocka_unit_test(what_is_said_after_the_lapse_is_spent_again),
		cmocka_unit_test(
			what_ends_in_the_customers_favour_is_freed_by_its_site_once),
		cmocka_unit_test(what_central_refuses_to_take_is_freed),
		cmocka_unit_test(
			a_frozen_share_asks_and_returns_nothing_until_it_is_thawed),
		cmocka_unit_test(what_is_set_aside_is_neither_spent_nor_freed_for_it),
		cmocka_unit_test(
			a_supervisor_approves_out_of_the_sites_share_without_a_link),
		cmocka_unit_test(
			a_store_that_was_put_back_promises_nothing_until_central_has_settled_it),
		cmocka_unit_test(an_offer_of_a_lost_life_lapses_when_it_is_known_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
