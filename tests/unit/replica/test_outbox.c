/* What the site's people do is saved first and answered then, come what may. */
#include "replica_kit.h"

static void an_answer_comes_after_the_commit_and_says_what_was_saved(void **state)
{
	struct kit *k = kit_joined();
	struct troth_view v;
	uint64_t commits = memkv_commits(k->disk);
	struct troth_result r = kit_do(k, cmd_case(k, 1));

	(void)state;
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(k->commits_at_answer, commits + 1);
	assert_int_equal(r.etag, 1);
	assert_int_equal(r.position, 0);
	assert_int_equal(r.at.ms, k->now.ms);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 1);
	assert_string_equal(v.subject.cas.handler, "acme");
	kit_check_indexes(k);
	kit_free(k);
}

static void commands_that_wait_share_one_commit(void **state)
{
	struct kit *k = kit_joined();
	uint64_t commits = memkv_commits(k->disk);

	(void)state;
	for (uint8_t i = 1; i <= 100; i++)
		troth_gateway_commands(k->g, cmd_case(k, i));
	assert_true(troth_gateway_busy(k->g, k->now));
	kit_turn(k);
	assert_int_equal(k->answered, 100);
	assert_int_equal(memkv_commits(k->disk), commits + 1);
	kit_free(k);
}

static void commands_of_one_turn_build_on_each_other(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *both = kit_command(k, 2), *stale = cmd_promise(k, 1, 9);
	struct troth_command *match = cmd_promise(k, 1, 2);
	struct troth_view v;

	(void)state;
	kit_down(k);
	/* The promise of the pair is good, but with it the case cannot be closed. */
	draft_promise(k, both->drafts[0], 1, 8);
	draft_close(both->drafts[1], 1);
	stale->has_if_match = match->has_if_match = true;
	stale->if_match = 1;
	match->if_match = 2;
	troth_gateway_commands(k->g, cmd_case(k, 1));
	troth_gateway_commands(k->g, cmd_promise(k, 1, 1));
	troth_gateway_commands(k->g, stale);
	troth_gateway_commands(k->g, both);
	troth_gateway_commands(k->g, cmd_close(k, 1));
	troth_gateway_commands(k->g, match);
	troth_gateway_commands(k->g, cmd_case(k, 2));
	troth_gateway_commands(k->g, cmd_promise(k, 1, 3));
	kit_turn(k);
	assert_int_equal(k->answered, 8);
	assert_int_equal(k->results[1].status, TROTH_DONE);
	assert_int_equal(k->results[1].etag, 2);
	assert_int_equal(k->results[2].status, TROTH_STALE);
	assert_int_equal(k->results[2].etag, 2);
	assert_int_equal(k->results[3].status, TROTH_DECLINED);
	assert_int_equal(k->results[4].reason, TROTH_REASON_OPEN_PROMISE);
	assert_int_equal(k->results[5].status, TROTH_DONE);
	assert_int_equal(k->results[5].etag, 3);
	assert_int_equal(k->results[6].etag, 1);
	assert_int_equal(k->results[7].etag, 4);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 4);
	assert_int_equal(v.subject.promise_count, 3);
	kit_check_indexes(k);

	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void keys_are_let_go_of_two_days_later(void **state)
{
	struct kit *k = kit_joined();

	(void)state;
	for (uint8_t i = 1; i <= TROTH_KEYS_FORGET + 1; i++) {
		struct troth_command *c = cmd_case(k, i);

		c->has_key = true;
		c->key = (struct troth_digest){ { i } };
		(void)kit_do(k, c);
	}
	k->now.ms += DAY_MS;
	(void)kit_do(k, cmd_case(k, 101));
	assert_int_equal(kit_count(k, TROTH_T_KEYS), TROTH_KEYS_FORGET + 1);
	k->now.ms += DAY_MS;
	(void)kit_do(k, cmd_case(k, 102));
	assert_int_equal(kit_count(k, TROTH_T_KEYS), 1);
	(void)kit_do(k, cmd_case(k, 103));
	assert_int_equal(kit_count(k, TROTH_T_KEYS), 0);
	kit_free(k);
}

static void nothing_can_be_done_before_the_site_is_in_the_federation(void **state)
{
	struct kit *k = kit_new();

	(void)state;
	assert_int_equal(kit_do(k, cmd_case(k, 1)).status, TROTH_NO_BRAND);
	kit_found(k);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(kit_do(k, cmd_case(k, 1)).status, TROTH_DONE);
	kit_free(k);
}

static void a_promise_on_a_case_that_is_not_sequenced_yet_is_possible(void **state)
{
	struct kit *k = kit_joined();
	struct troth_view v;
	struct troth_result r;

	(void)state;
	kit_down(k);
	assert_int_equal(kit_do(k, cmd_case(k, 1)).status, TROTH_DONE);
	r = kit_do(k, cmd_promise(k, 1, 1));
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.etag, 2);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 2);
	assert_int_equal(v.subject.promise_count, 1);
	assert_int_equal(v.subject.promises[0].position, 0);
	kit_check_indexes(k);

	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_promise_without_customer_gets_the_subject_s(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = kit_command(k, 2);
	struct troth_span body, blob;
	struct troth_event e;
	struct troth_id id = case_id(1);
	struct troth_txn t;
	uint64_t seq = 1;

	(void)state;
	draft_case(c->drafts[0], 1);
	draft_promise(k, c->drafts[1], 1, 1);
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert_true(troth_query_pending(&t, &id, &seq, &body, &blob));
	assert_int_equal(troth_body_decode(&e, body, NULL), TROTH_OK);
	assert_string_equal(e.u.promise.customer, "customer-1");
	troth_txn_abort(&t);
	kit_free(k);
}

static void a_refused_request_is_declined_at_once_and_saves_nothing(void **state)
{
	struct kit *k = kit_joined();
	struct troth_result r;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	r = kit_do(k, cmd_case(k, 1));
	assert_int_equal(r.status, TROTH_DECLINED);
	assert_int_equal(r.reason, TROTH_REASON_EXISTS);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 1);
	kit_free(k);
}

static void two_events_of_one_command_are_saved_both_or_neither(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = kit_command(k, 2);
	struct troth_view v;

	(void)state;
	draft_case(c->drafts[0], 1);
	draft_release(c->drafts[1], 1, 9); /* There is no such promise. */
	assert_int_equal(kit_do(k, c).status, TROTH_DECLINED);
	assert_false(kit_view(k, 1, &v));
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 0);

	c = kit_command(k, 2);
	draft_case(c->drafts[0], 1);
	draft_case(c->drafts[1], 2);
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	assert_true(kit_view(k, 1, &v));
	assert_true(kit_view(k, 2, &v));
	kit_check_indexes(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_case_may_be_linked_to_an_order_that_is_not_seen_here_yet(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = kit_command(k, 2);
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	c->drafts[0]->type = TROTH_EVENT_ORDER_CASE_LINKED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_ORDER;
	c->drafts[0]->subject = case_id(7);
	c->drafts[0]->u.link.id = case_id(1);
	(void)strcpy(c->drafts[0]->u.link.vendor, "acme");
	c->drafts[1]->type = TROTH_EVENT_CASE_ORDER_LINKED;
	c->drafts[1]->subject_kind = TROTH_SUBJECT_CASE;
	c->drafts[1]->subject = case_id(1);
	c->drafts[1]->u.link.id = case_id(7);
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	assert_false(kit_view(k, 7, &v)); /* Nothing is pretended about the order. */
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.subject.link_count, 1);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 3);
	kit_check_indexes(k);
	kit_free(k);
}

static void what_central_would_turn_away_is_flawed_here(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = cmd_case(k, 1);
	struct troth_result r;

	(void)state;
	c->drafts[0]->u.cas.customer[0] = '\0';
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "customer");

	c = cmd_case(k, 1);
	TROTH_TEXT_SET(troth_command_personal(c, 0)->note, "\xff");
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_FLAWED);
	assert_string_equal(r.flaw.field, "note");
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 0);
	kit_free(k);
}

static void an_empty_personal_part_is_none(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = cmd_case(k, 1);

	(void)state;
	assert_non_null(troth_command_personal(c, 0));
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	c = cmd_case(k, 2);
	TROTH_TEXT_SET(troth_command_personal(c, 0)->note, "two\nlines");
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	kit_serve(k);
	assert_int_equal(kit_count(k, TROTH_T_BLOBS), 1);
	kit_check_same(k);
	kit_free(k);
}

static void an_etag_that_is_not_the_present_one_is_stale(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c;
	struct troth_result r;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1)); /* ETag 1: pending. */
	c = cmd_promise(k, 1, 1);
	c->has_if_match = true;
	c->if_match = 0;
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_STALE);
	assert_int_equal(r.etag, 1);
	kit_serve(k); /* ETag 1: sequenced. */
	c = cmd_promise(k, 1, 1);
	c->has_if_match = true;
	c->if_match = 1;
	r = kit_do(k, c);
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.etag, 2);
	kit_free(k);
}

static struct troth_command *keyed(struct kit *k, uint8_t payload)
{
	struct troth_command *c = cmd_case(k, 1);

	c->has_key = true;
	c->key = (struct troth_digest){ { 5 } };
	c->payload = (struct troth_digest){ { payload } };
	return c;
}

static void a_key_gets_the_same_result_again_across_restarts(void **state)
{
	struct kit *k = kit_joined();
	struct troth_result first = kit_do(k, keyed(k, 1)), r;

	(void)state;
	assert_false(first.repeated);
	kit_crash(k);
	r = kit_do(k, keyed(k, 1));
	assert_true(r.repeated);
	assert_int_equal(r.status, TROTH_DONE);
	assert_true(troth_id_eq(&r.event, &first.event));
	assert_int_equal(kit_do(k, keyed(k, 2)).status, TROTH_KEY_REUSED);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 1);
	kit_free(k);
}

static enum memkv_fate fated(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)writes;
	(void)bytes;
	return *(enum memkv_fate *)ctx;
}

static void a_full_disk_answers_no_room_and_recovers_by_itself(void **state)
{
	struct kit *k = kit_joined();
	enum memkv_fate fate = MEMKV_FULL;
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	memkv_disk_on_commit(k->disk, fated, &fate);
	assert_int_equal(kit_do(k, cmd_case(k, 2)).status, TROTH_NO_ROOM);
	assert_false(kit_view(k, 2, &v));
	fate = MEMKV_OK;
	assert_int_equal(kit_do(k, cmd_case(k, 2)).status, TROTH_DONE);
	memkv_disk_on_commit(k->disk, NULL, NULL);
	k->now.ms += 60000;
	kit_up(k);
	kit_serve(k); /* The kit's central would stumble over a gap in the numbers. */
	assert_int_equal(k->taken_seq, 2);
	kit_check_same(k);
	kit_free(k);
}

static void put_state(struct kit *k, const struct troth_id *id, struct troth_span state)
{
	struct troth_txn t;
	struct troth_why why;

	troth_txn_begin(&t, k->kv, TROTH_TXN_WRITE);
	troth_txn_put(&t, TROTH_T_SUBJECTS, troth_id_span(id), state);
	assert_int_equal(troth_txn_commit(&t, &why), TROTH_OK);
}

static void a_record_that_cannot_be_read_leaves_no_command_without_an_answer(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = cmd_promise(k, 1, 1);
	const struct troth_id *id = &c->drafts[0]->subject;
	unsigned answered = k->answered;
	struct troth_why why;

	(void)state;
	put_state(k, id, troth_span("garbage", 7));
	troth_gateway_commands(k->g, c);
	assert_int_equal(troth_gateway_turn(k->g, k->now, &why), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(why.text, "subjects"));
	assert_int_equal(k->answered, answered + 1);
	assert_int_equal(k->results[answered].status, TROTH_NO_ROOM);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX), 0);
	assert_int_equal(kit_do(k, cmd_case(k, 2)).status, TROTH_DONE);
	kit_free(k);
}

static void with_little_room_new_work_is_refused_and_old_work_finished(void **state)
{
	struct kit *k = kit_joined();

	(void)state;
	kit_down(k);
	(void)kit_do(k, cmd_case(k, 1));
	memkv_disk_set_room(k->disk, TROTH_ROOM_REFUSE);
	assert_int_equal(kit_do(k, cmd_case(k, 2)).status, TROTH_NO_ROOM);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	memkv_disk_set_room(k->disk, TROTH_ROOM_OK);
	assert_int_equal(kit_do(k, cmd_case(k, 2)).status, TROTH_DONE);
	kit_free(k);
}

static void a_gateway_that_stops_takes_nothing_new(void **state)
{
	struct kit *k = kit_joined();

	(void)state;
	troth_gateway_stop(k->g);
	assert_int_equal(kit_do(k, cmd_case(k, 1)).status, TROTH_STOPPING);
	kit_free(k);
}

static void a_store_of_another_site_is_refused(void **state)
{
	struct kit *k = kit_joined();
	struct troth_why why;

	(void)state;
	kit_close(k);
	assert_int_equal(kit_try_open(k, OTHER, &why), TROTH_ERR_INPUT);
	assert_non_null(strstr(why.text, SITE));
	kit_free(k);
}

static void own_times_never_go_back(void **state)
{
	struct kit *k = kit_joined();
	struct troth_result first = kit_do(k, cmd_case(k, 1)), r;

	(void)state;
	k->now.ms -= 3600000;
	kit_crash(k);
	r = kit_do(k, cmd_case(k, 2));
	assert_int_equal(r.status, TROTH_DONE);
	assert_int_equal(r.at.ms, first.at.ms);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_answer_comes_after_the_commit_and_says_what_was_saved),
		cmocka_unit_test(commands_that_wait_share_one_commit),
		cmocka_unit_test(commands_of_one_turn_build_on_each_other),
		cmocka_unit_test(keys_are_let_go_of_two_days_later),
		cmocka_unit_test(
			nothing_can_be_done_before_the_site_is_in_the_federation),
		cmocka_unit_test(
			a_promise_on_a_case_that_is_not_sequenced_yet_is_possible),
		cmocka_unit_test(a_promise_without_customer_gets_the_subject_s),
		cmocka_unit_test(a_refused_request_is_declined_at_once_and_saves_nothing),
		cmocka_unit_test(two_events_of_one_command_are_saved_both_or_neither),
		cmocka_unit_test(
			a_case_may_be_linked_to_an_order_that_is_not_seen_here_yet),
		cmocka_unit_test(what_central_would_turn_away_is_flawed_here),
		cmocka_unit_test(an_empty_personal_part_is_none),
		cmocka_unit_test(an_etag_that_is_not_the_present_one_is_stale),
		cmocka_unit_test(a_key_gets_the_same_result_again_across_restarts),
		cmocka_unit_test(a_full_disk_answers_no_room_and_recovers_by_itself),
		cmocka_unit_test(
			a_record_that_cannot_be_read_leaves_no_command_without_an_answer),
		cmocka_unit_test(
			with_little_room_new_work_is_refused_and_old_work_finished),
		cmocka_unit_test(a_gateway_that_stops_takes_nothing_new),
		cmocka_unit_test(a_store_of_another_site_is_refused),
		cmocka_unit_test(own_times_never_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
