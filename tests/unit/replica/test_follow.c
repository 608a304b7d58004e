/* What central has sequenced comes here, once and in order, and shows in the view. */
#include "replica_kit.h"

#include "troth/base/time.h"

static void own_events_that_come_back_leave_the_view_as_it_was(void **state)
{
	struct kit *k = kit_joined();
	struct troth_view *before = calloc(2, sizeof(*before)), *after = before + 1;
	struct troth_link_state link;

	(void)state;
	assert_non_null(before);
	kit_down(k);
	(void)kit_do(k, cmd_case(k, 1));
	(void)kit_do(k, cmd_promise(k, 1, 1));
	(void)kit_do(k, cmd_promise(k, 1, 2));
	assert_true(kit_view(k, 1, before));
	kit_up(k);
	kit_serve(k);
	assert_true(kit_view(k, 1, after));
	assert_int_equal(after->pending, 0);
	assert_int_equal(troth_view_etag(after), troth_view_etag(before));
	assert_int_equal(after->subject.promise_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(troth_id_eq(&after->subject.promises[i].id,
					&before->subject.promises[i].id));
		assert_int_equal(after->subject.promises[i].state,
				 before->subject.promises[i].state);
		assert_int_not_equal(after->subject.promises[i].position, 0);
	}
	troth_gateway_link(k->g, &link);
	assert_int_equal(link.backlog, 0);
	kit_check_same(k);
	free(before);
	kit_free(k);
}

static void a_refused_own_event_rolls_the_view_back_and_can_be_seen(void **state)
{
	struct kit *k = kit_joined();
	struct troth_span entry, blob;
	struct troth_entry decoded;
	struct troth_view v;
	struct troth_txn t;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	kit_down(k);
	assert_int_equal(kit_do(k, cmd_close(k, 1)).status, TROTH_DONE);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.subject.cas.state, TROTH_CASE_CLOSED);
	foreign_promise(k, 1, 1); /* Meanwhile HQ has promised something. */
	kit_up(k);
	kit_serve(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.subject.cas.state, TROTH_CASE_OPEN);
	assert_int_equal(v.pending, 0);
	assert_int_equal(kit_noted(k, "conflict"), 1);
	kit_check_same(k);

	/* In the stream, with its verdict and the reason. */
	assert_int_equal(k->stream_len, k->size);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert_true(troth_query_entry(
		&t, troth_query_stream(&t, TROTH_NODE_GATEWAY, k->stream_len), &entry,
		&blob));
	assert_int_equal(troth_entry_decode(&decoded, entry, NULL), TROTH_OK);
	assert_int_equal(decoded.verdict.outcome, TROTH_REFUSED);
	assert_int_equal(decoded.verdict.reason, TROTH_REASON_OPEN_PROMISE);
	troth_txn_abort(&t);
	kit_free(k);
}

static void entries_of_others_go_under_own_pending_ones(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	kit_down(k);
	(void)kit_do(k, cmd_promise(k, 1, 1));
	(void)kit_do(k, cmd_promise(k, 1, 2));
	foreign_promise(k, 1, 3);
	k->batch_events = 1;
	kit_close(k);
	kit_open(k);
	kit_up(k);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	kit_turn(k);

	/* HQ's is sequenced first, so both of ours move behind it. */
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer_follow(k, &r, 64);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 2);
	assert_int_equal(v.subject.promise_count, 3);
	assert_int_equal(v.subject.promises[0].id.b[1], 3);
	assert_int_equal(v.subject.promises[1].id.b[1], 1);
	kit_check_indexes(k);

	/* One of ours comes back, between two of HQ's. */
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	foreign_promise(k, 1, 4);
	kit_answer_submit(k, &r);
	kit_done(&r);
	foreign_promise(k, 1, 5);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer_follow(k, &r, 64);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 1);
	assert_int_equal(v.subject.promise_count, 5);
	assert_int_equal(v.subject.promises[4].id.b[1], 2);
	kit_check_indexes(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void a_pending_event_that_no_longer_fits_is_not_shown(void **state)
{
	struct kit *k = kit_joined();
	struct troth_event e = { 0 };
	struct troth_command *c;
	struct kit_request r;
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	(void)kit_do(k, cmd_promise(k, 1, 1));
	kit_serve(k);
	kit_down(k);
	c = kit_command(k, 1);
	draft_release(c->drafts[0], 1, 1);
	assert_int_equal(kit_do(k, c).status, TROTH_DONE);
	draft_release(&e, 1, 1); /* HQ was first. */
	TROTH_TEXT_SET(e.u.promise_step.reason, "by-hq");
	(void)kit_foreign(k, CENTRAL, &e);
	kit_up(k);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer_follow(k, &r, 64);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.pending, 1);
	assert_string_equal(v.subject.promises[0].settle_reason, "by-hq");
	kit_serve(k);
	assert_int_equal(kit_noted(k, "conflict"), 1);
	kit_check_same(k);
	kit_free(k);
}

static void a_subject_that_differs_is_named_to_central(void **state)
{
	struct kit *k = kit_joined();
	struct troth_id id = case_id(1);

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	foreign_promise(k, 1, 1);
	k->entries[k->size - 1]->digest[7] ^= 1;
	kit_serve(k);
	assert_int_equal(kit_noted(k, "diverged"), 1);
	assert_int_equal(k->received.diverged_count, 1);
	assert_true(troth_id_eq(&k->diverged[0], &id));
	foreign_promise(k, 1, 2);
	kit_serve(k);
	assert_int_equal(k->received.diverged_count, 0); /* Said once. */
	kit_free(k);
}

static void what_differs_while_a_receive_is_on_its_way_is_in_the_next(void **state)
{
	struct kit *k = kit_joined();
	struct troth_id second = case_id(2);
	struct kit_request r;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	(void)kit_do(k, cmd_case(k, 2));
	kit_serve(k);
	let_rest(k);
	for (uint8_t i = 1; i <= 2; i++) {
		foreign_promise(k, i, i);
		k->entries[k->size - 1]->digest[0] ^= 1;
		assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
		kit_answer_follow(k, &r, 64);
		kit_done(&r);
		kit_turn(k);
	}
	assert_true(kit_take(k, TROTH_BUS_RECEIVE, &r));
	assert_int_equal(r.m.u.receive.diverged_count, 1);
	kit_answer_receive(k, &r);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_RECEIVE, &r));
	assert_int_equal(r.m.u.receive.diverged_count, 1);
	assert_true(troth_id_eq(&r.m.u.receive.diverged[0], &second));
	kit_done(&r);
	kit_free(k);
}

static void an_entry_that_cannot_be_read_is_kept_and_gone_past(void **state)
{
	static const char junk[] = "this is no entry";
	struct kit *k = kit_joined();
	struct troth_span entry, blob;
	struct troth_view v;
	struct troth_txn t;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	foreign_promise(k, 1, 1);
	troth_buf_reset(&k->entries[k->size - 1]->entry);
	troth_buf_put_str(&k->entries[k->size - 1]->entry, junk);
	(void)kit_do(k, cmd_case(k, 2));
	kit_serve(k);
	assert_int_equal(kit_noted(k, "bad_entry"), 1);
	assert_int_equal(k->drops, 0);
	assert_true(kit_view(k, 2, &v));
	assert_int_equal(v.pending, 0);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert_true(troth_query_entry(&t, k->size - 1, &entry, &blob));
	assert_true(troth_span_eq(entry, troth_span_str(junk)));
	troth_txn_abort(&t);
	kit_free(k);
}

static void a_blob_that_was_not_hashed_is_dropped(void **state)
{
	struct kit *k = kit_joined();
	struct troth_command *c = cmd_case(k, 1);
	struct kit_request r;

	(void)state;
	TROTH_TEXT_SET(troth_command_personal(c, 0)->note, "as it was");
	(void)kit_do(k, c);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_answer_submit(k, &r);
	kit_done(&r);
	k->entries[k->size - 1]->blob.data[3] ^= 1;
	kit_serve(k);
	assert_int_equal(kit_noted(k, "blob_changed"), 1);
	assert_int_equal(kit_count(k, TROTH_T_BLOBS), 0);
	kit_check_same(k);
	kit_free(k);
}

static void own_bytes_that_were_changed_are_noted(void **state)
{
	struct kit *k = kit_joined();
	struct troth_buf body = TROTH_BUF_INIT;
	struct kit_request r;
	struct troth_event e;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	assert_int_equal(troth_body_decode(&e, r.m.u.submit.bodies[0], NULL), TROTH_OK);
	TROTH_TEXT_SET(e.u.cas.reason, "forged");
	troth_body_encode(&e, &body);
	(void)kit_append(k, &e, troth_buf_span(&body), TROTH_SPAN_NONE);
	kit_serve(k);
	assert_int_equal(kit_noted(k, "own_event_changed"), 1);
	troth_buf_fini(&body);
	kit_done(&r);
	kit_free(k);
}

static void an_own_event_refused_on_a_strange_subject_is_seen_and_changes_nothing(
	void **state)
{
	struct kit *k = kit_joined();
	struct troth_event e = { 0 };
	struct troth_view v;
	struct kit_request r;

	(void)state;
	/* Somebody else opens a case of the same id; this party has no part in it. */
	(void)kit_do(k, cmd_case(k, 1));
	draft_case(&e, 1);
	(void)kit_foreign(k, OTHER, &e);
	assert_true(kit_take(k, TROTH_BUS_SUBMIT, &r));
	kit_answer_submit(k, &r);
	kit_done(&r);
	assert_int_equal(k->entries[k->size - 1]->verdict.reason, TROTH_REASON_EXISTS);
	memset(k->entries[k->size - 1]->digest, TROTH_ITEM_ABSENT, TROTH_ITEM_DIGEST_LEN);
	/* Central does not show the other's entry: in the feed ours stands alone. */
	troth_buf_fini(&k->entries[k->size - 2]->entry);
	troth_buf_fini(&k->entries[k->size - 2]->blob);
	free(k->entries[k->size - 2]);
	k->entries[k->size - 2] = k->entries[k->size - 1];
	k->size--;
	kit_serve(k);
	assert_int_equal(kit_noted(k, "conflict"), 1);
	assert_int_equal(kit_noted(k, "diverged"), 0);
	assert_false(kit_view(k, 1, &v));
	assert_int_equal(kit_count(k, TROTH_T_VIEWS), 0);
	kit_check_indexes(k);
	kit_free(k);
}

static void entries_of_the_past_are_applied_unchecked_and_once(void **state)
{
	struct kit *k = kit_joined();
	struct troth_bus_item items[64];
	struct troth_bus_reply m;
	struct kit_request r;
	struct troth_view v;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	let_rest(k);
	foreign_promise(k, 1, 1);
	memset(k->entries[k->size - 1]->digest, TROTH_ITEM_UNCHECKED,
	       TROTH_ITEM_DIGEST_LEN);
	kit_serve(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.subject.revision, 2);

	/* The same position under the next number of the feed. */
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_feed(k, k->size - 1, 1, items, &m);
	m.u.follow.first = k->size + 1;
	kit_reply(k, r.id, &m);
	kit_done(&r);
	kit_turn(k);
	assert_true(kit_view(k, 1, &v));
	assert_int_equal(v.subject.revision, 2);
	assert_int_equal(kit_noted(k, "diverged"), 0);
	assert_int_equal(kit_noted(k, "entry_changed"), 0);
	assert_int_equal(kit_count(k, TROTH_T_FEED), k->size + 1);
	kit_free(k);
}

/* ---- Order of effects ---- */

static void the_next_follow_leaves_before_the_commit_and_receive_after_it(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	uint64_t commits;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	let_rest(k);
	foreign_promise(k, 1, 1);
	commits = memkv_commits(k->disk);
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	kit_answer_follow(k, &r, 64);
	kit_done(&r);
	assert_int_equal(memkv_commits(k->disk), commits);
	assert_int_equal(kit_waiting(k, TROTH_BUS_FOLLOW), 1);
	assert_int_equal(kit_waiting(k, TROTH_BUS_RECEIVE), 0);
	assert_int_not_equal(k->stream_len, k->size);
	kit_turn(k);
	assert_int_equal(memkv_commits(k->disk), commits + 1);
	assert_int_equal(k->stream_len, k->size);
	assert_true(kit_take(k, TROTH_BUS_RECEIVE, &r));
	assert_int_equal(r.m.u.receive.cursor, k->size);
	assert_int_equal(r.m.u.receive.position, k->size);

	/* At most one is on its way; what happens meanwhile is told together. */
	foreign_promise(k, 1, 2);
	for (struct kit_request f; kit_take(k, TROTH_BUS_FOLLOW, &f); kit_done(&f))
		kit_answer_follow(k, &f, 64);
	kit_turn(k);
	assert_int_equal(kit_waiting(k, TROTH_BUS_RECEIVE), 0);
	kit_answer_receive(k, &r);
	kit_done(&r);
	kit_serve(k);
	assert_int_equal(k->received.cursor, k->size);
	kit_free(k);
}

static void no_more_answers_are_asked_for_than_may_wait_for_the_commit(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;
	unsigned asked = 0;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	for (uint8_t i = 1; i <= 8; i++)
		foreign_promise(k, 1, i);
	while (kit_take(k, TROTH_BUS_FOLLOW, &r)) {
		kit_answer_follow(k, &r, 1);
		kit_done(&r);
		asked++;
	}
	assert_int_equal(asked, 2);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static enum memkv_fate full_once(void *ctx, uint64_t writes, uint64_t bytes)
{
	unsigned *left = ctx;

	(void)writes;
	(void)bytes;
	return *left > 0 && (*left)-- > 0 ? MEMKV_FULL : MEMKV_OK;
}

static void a_full_disk_delays_what_was_received_and_loses_none_of_it(void **state)
{
	struct kit *k = kit_joined();
	unsigned full = 1;
	uint64_t commits;

	(void)state;
	(void)kit_do(k, cmd_case(k, 1));
	kit_serve(k);
	let_rest(k);
	foreign_promise(k, 1, 1);
	for (struct kit_request f; kit_take(k, TROTH_BUS_FOLLOW, &f); kit_done(&f))
		kit_answer_follow(k, &f, 64);
	memkv_disk_on_commit(k->disk, full_once, &full);
	commits = memkv_commits(k->disk);
	kit_turn(k);
	assert_int_equal(full, 0);
	kit_turn(k);
	assert_int_equal(memkv_commits(k->disk), commits); /* Not at once again. */
	assert_int_equal(kit_noted(k, "no_room"), 1);
	k->now = troth_gateway_wake(k->g);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void spoil_first(struct troth_bus_follow_ok *m, struct troth_bus_item *items)
{
	(void)items;
	m->first++;
}

static void spoil_position(struct troth_bus_follow_ok *m, struct troth_bus_item *items)
{
	(void)m;
	items[1].position = 0;
}

static void spoil_size(struct troth_bus_follow_ok *m, struct troth_bus_item *items)
{
	(void)items;
	m->size = 1;
}

static void spoil_root(struct troth_bus_follow_ok *m, struct troth_bus_item *items)
{
	(void)items;
	m->size -= 2; /* As large as it was before the two promises, */
	m->root.b[0] ^= 1;
}

static void a_feed_that_cannot_be_ends_the_link_and_none_of_it_is_kept(void **state)
{
	static const struct {
		void (*spoil)(struct troth_bus_follow_ok *m,
			      struct troth_bus_item *items);
		const char *why;
	} flaws[] = {
		{ spoil_first, "does not begin where we asked" },
		{ spoil_position, "has no position" },
		{ spoil_size, "shorter than one we know" },
		{ spoil_root, "another ledger of the same size" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(flaws); i++) {
		struct kit *k = kit_joined();
		struct troth_bus_item items[64];
		struct troth_bus_reply m;
		struct kit_request r;
		struct troth_view v;

		(void)kit_do(k, cmd_case(k, 1));
		kit_serve(k);
		foreign_promise(k, 1, 1);
		foreign_promise(k, 1, 2);
		assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
		kit_feed(k, k->size - 2, 64, items, &m);
		assert_int_equal(m.u.follow.item_count, 2);
		flaws[i].spoil(&m.u.follow, items);
		kit_reply(k, r.id, &m);
		kit_done(&r);
		kit_turn(k);
		assert_int_equal(k->drops, 1);
		assert_int_equal(kit_noted(k, "bad_feed"), 1);
		troth_buf_put_u8(&k->notes, 0);
		assert_non_null(strstr((const char *)k->notes.data, flaws[i].why));
		assert_true(kit_view(k, 1, &v));
		assert_int_equal(v.subject.promise_count, 0);
		kit_up(k);
		kit_serve(k);
		kit_check_same(k);
		kit_free(k);
	}
}

static void an_answer_that_cannot_be_read_costs_the_link_only(void **state)
{
	struct kit *k = kit_joined();
	struct kit_request r;

	(void)state;
	assert_true(kit_take(k, TROTH_BUS_FOLLOW, &r));
	troth_gateway_reply(k->g, r.id, troth_span("\xff\xff", 2), k->now);
	kit_done(&r);
	assert_int_equal(k->drops, 1);
	assert_int_equal(kit_noted(k, "bad_answer"), 1);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	kit_free(k);
}

static void marks_tell_when_others_have_received(void **state)
{
	const struct troth_bus_mark mark = { OTHER, 5, { 1790000012345 } };
	struct kit *k = kit_joined();
	struct troth_txn t;

	(void)state;
	k->marks = &mark;
	k->mark_count = 1;
	kit_serve(k);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert_int_equal(troth_query_received(&t, OTHER, 5).ms, 1790000012345);
	assert_int_equal(troth_query_received(&t, OTHER, 6).ms, 0);
	troth_txn_abort(&t);
	kit_crash(k);
	kit_up(k);
	kit_serve(k);
	assert_int_equal(kit_count(k, TROTH_T_RECEIVED), 1);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_events_that_come_back_leave_the_view_as_it_was),
		cmocka_unit_test(a_refused_own_event_rolls_the_view_back_and_can_be_seen),
		cmocka_unit_test(entries_of_others_go_under_own_pending_ones),
		cmocka_unit_test(a_pending_event_that_no_longer_fits_is_not_shown),
		cmocka_unit_test(a_subject_that_differs_is_named_to_central),
		cmocka_unit_test(
			what_differs_while_a_receive_is_on_its_way_is_in_the_next),
		cmocka_unit_test(an_entry_that_cannot_be_read_is_kept_and_gone_past),
		cmocka_unit_test(a_blob_that_was_not_hashed_is_dropped),
		cmocka_unit_test(own_bytes_that_were_changed_are_noted),
		cmocka_unit_test(
			an_own_event_refused_on_a_strange_subject_is_seen_and_changes_nothing),
		cmocka_unit_test(entries_of_the_past_are_applied_unchecked_and_once),
		cmocka_unit_test(
			the_next_follow_leaves_before_the_commit_and_receive_after_it),
		cmocka_unit_test(
			no_more_answers_are_asked_for_than_may_wait_for_the_commit),
		cmocka_unit_test(
			a_full_disk_delays_what_was_received_and_loses_none_of_it),
		cmocka_unit_test(
			a_feed_that_cannot_be_ends_the_link_and_none_of_it_is_kept),
		cmocka_unit_test(an_answer_that_cannot_be_read_costs_the_link_only),
		cmocka_unit_test(marks_tell_when_others_have_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
