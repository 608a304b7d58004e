/*
 * What a node shows, read from tables that are filled here by hand or by the
 * state module: prefixes that almost match, pages, pending views.
 */
#include "memkv.h"

#include "troth/state/key.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct memkv_disk *disk;
	struct troth_kv *kv;
	struct troth_txn t;
	struct troth_view *view;
};

static int start(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct troth_why why;

	assert_non_null(r);
	r->disk = memkv_disk_new();
	r->view = calloc(1, sizeof(*r->view));
	assert_non_null(r->view);
	assert_int_equal(memkv_open(&r->kv, r->disk, &troth_gateway_schema, &why),
			 TROTH_OK);
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
	*state = r;
	return 0;
}

static int stop(void **state)
{
	struct rig *r = *state;
	struct troth_why why;

	assert_int_equal(troth_txn_commit(&r->t, &why), TROTH_OK);
	troth_kv_close(r->kv);
	memkv_disk_free(r->disk);
	free(r->view);
	free(r);
	return 0;
}

static struct troth_id id_of(uint8_t n)
{
	return (struct troth_id){ { 1, [14] = n } };
}

static void put_subject(struct rig *r, unsigned table, uint8_t n, const char *customer)
{
	struct troth_subject *s = &r->view->subject;
	struct troth_indexed before = { .promise_count = 0 };
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_digest leaf = { { n } };
	struct troth_id id = id_of(n);

	troth_subject_init(s, TROTH_SUBJECT_ORDER, &id);
	(void)strcpy(s->customer, customer);
	s->participant_count = 1;
	(void)strcpy(s->participants[0].party, "acme");
	s->participants[0].active = true;
	s->revision = 1;
	s->promise_count = 1;
	s->promises[0] = (struct troth_promise){
		.id = { { 2, [14] = n } },
		.state = TROTH_PROMISE_ACTIVE,
		.kind = TROTH_KIND_GIFT,
		.due = { 1000 * n },
		.commitment_count = 1,
	};
	s->commitment_count = 1;
	s->commitments[0] = (struct troth_commitment){
		.promise = s->promises[0].id,
		.ordinal = 1,
		.state = TROTH_COMMITMENT_REQUESTED,
		.action = TROTH_ACTION_DELIVER,
		.debtor = "fleet",
		.due = { 1000 * n },
	};
	troth_subject_seal(s, &leaf, &b);
	troth_txn_put(&r->t, table, troth_id_span(&id), troth_buf_span(&b));
	troth_state_reindex(&r->t, &before, s);
	troth_buf_fini(&b);
}

static unsigned walk(struct troth_list *l, uint8_t *numbers)
{
	struct troth_id item, subject;
	unsigned n = 0;

	while (troth_list_next(l, &item, &subject))
		numbers[n++] = subject.b[14];
	troth_list_close(l);
	return n;
}

static void a_list_gives_its_own_prefix_and_nothing_beside_it(void **state)
{
	struct rig *r = *state;
	struct troth_list l;
	uint8_t got[8];

	put_subject(r, TROTH_T_SUBJECTS, 1, "ann");
	put_subject(r, TROTH_T_SUBJECTS, 2, "anna");
	put_subject(r, TROTH_T_SUBJECTS, 3, "ann");
	troth_list_customer(&l, &r->t, "ann", TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 2);
	assert_int_equal(got[0], 1);
	assert_int_equal(got[1], 3);
	troth_list_customer(&l, &r->t, "an", TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 0);
	troth_list_customer(&l, &r->t, "", TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 0);
}

static void a_name_at_the_limit_is_found_and_a_longer_one_is_not(void **state)
{
	struct rig *r = *state;
	char name[TROTH_CUSTOMER_MAX + 2];
	struct troth_list l;
	uint8_t got[8];

	memset(name, 'x', sizeof(name));
	name[TROTH_CUSTOMER_MAX] = '\0';
	put_subject(r, TROTH_T_SUBJECTS, 1, name);
	troth_list_customer(&l, &r->t, name, TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 1);
	name[TROTH_CUSTOMER_MAX] = 'x';
	name[TROTH_CUSTOMER_MAX + 1] = '\0';
	troth_list_customer(&l, &r->t, name, TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 0);
}

static void pages_continue_where_the_last_one_ended(void **state)
{
	struct rig *r = *state;
	struct troth_id item, subject;
	struct troth_list l, m;

	for (uint8_t n = 1; n <= 3; n++)
		put_subject(r, TROTH_T_SUBJECTS, n, "ann");
	troth_list_promises(&l, &r->t, false, (struct troth_time){ 0 }, TROTH_SPAN_NONE);
	for (uint8_t n = 1; n <= 3; n++) {
		assert_true(troth_list_next(&l, &item, &subject));
		assert_int_equal(item.b[0], 2);
		assert_int_equal(subject.b[14], n);
		troth_list_promises(&m, &r->t, false, (struct troth_time){ 0 },
				    troth_span(l.after, l.after_len));
		assert_int_equal(troth_list_next(&m, &item, &subject), n < 3);
		assert_true(n == 3 || subject.b[14] == n + 1);
		troth_list_close(&m);
	}
	troth_list_close(&l);
}

static void a_foreign_cursor_gives_an_empty_list(void **state)
{
	struct rig *r = *state;
	uint8_t foreign[TROTH_LIST_CURSOR_MAX] = { 0xff };
	struct troth_list l;
	uint8_t got[8];

	put_subject(r, TROTH_T_SUBJECTS, 1, "ann");
	troth_list_customer(&l, &r->t, "ann", troth_span(foreign, 4));
	assert_int_equal(walk(&l, got), 0);
	troth_list_customer(&l, &r->t, "ann", troth_span(foreign, sizeof(foreign)));
	assert_int_equal(walk(&l, got), 0);
	foreign[0] = 0;
	troth_list_customer(&l, &r->t, "ann", troth_span(foreign, 1));
	assert_int_equal(walk(&l, got), 0);
}

static void a_list_by_due_stops_before_the_instant_asked_for(void **state)
{
	struct rig *r = *state;
	struct troth_list l;
	uint8_t got[8];

	for (uint8_t n = 1; n <= 3; n++)
		put_subject(r, TROTH_T_SUBJECTS, n, "ann");
	troth_list_promises(&l, &r->t, false, (struct troth_time){ 3000 },
			    TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 2);
	troth_list_promises(&l, &r->t, false, (struct troth_time){ 3001 },
			    TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 3);
	troth_list_promises(&l, &r->t, true, (struct troth_time){ 0 }, TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 0);
	troth_list_commitments(&l, &r->t, "fleet", false, (struct troth_time){ 2000 },
			       TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 1);
	troth_list_commitments(&l, &r->t, "fle", false, (struct troth_time){ 0 },
			       TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 0);
}

static void all_subjects_are_those_sequenced_and_those_only_here_each_once(void **state)
{
	struct rig *r = *state;
	struct troth_list l;
	uint8_t got[8];

	put_subject(r, TROTH_T_SUBJECTS, 1, "ann");
	put_subject(r, TROTH_T_VIEWS, 2, "ann");
	put_subject(r, TROTH_T_SUBJECTS, 3, "ann");
	put_subject(r, TROTH_T_VIEWS, 3, "ann");
	put_subject(r, TROTH_T_VIEWS, 4, "ann");
	troth_list_subjects(&l, &r->t, TROTH_NODE_GATEWAY, TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 4);
	for (uint8_t n = 1; n <= 4; n++)
		assert_int_equal(got[n - 1], n);
	troth_list_subjects(&l, &r->t, TROTH_NODE_CENTRAL, TROTH_SPAN_NONE);
	assert_int_equal(walk(&l, got), 2);
}

static void queue(struct rig *r, uint8_t subject, uint64_t seq, const char *body,
		  const char *blob)
{
	struct troth_id id = id_of(subject);
	struct troth_key k = { .len = 0 };
	struct troth_buf b = TROTH_BUF_INIT;

	troth_key_id(&k, &id);
	troth_key_u64(&k, seq);
	troth_txn_put(&r->t, TROTH_T_VIEWS, troth_key_span(&k), TROTH_SPAN_NONE);
	k.len = 0;
	troth_key_u64(&k, seq);
	troth_buf_put_u32be(&b, (uint32_t)strlen(body));
	troth_buf_put_str(&b, body);
	troth_buf_put_str(&b, blob);
	troth_txn_put(&r->t, TROTH_T_OUTBOX, troth_key_span(&k), troth_buf_span(&b));
	troth_buf_fini(&b);
}

static void a_gateway_shows_its_own_view_and_counts_what_is_pending(void **state)
{
	struct rig *r = *state;
	struct troth_id one = id_of(1), two = id_of(2), three = id_of(3), four = id_of(4);
	struct troth_span body, blob;
	uint64_t seq = 0;

	put_subject(r, TROTH_T_SUBJECTS, 1, "ann");
	put_subject(r, TROTH_T_VIEWS, 1, "bob");
	put_subject(r, TROTH_T_VIEWS, 2, "eve"); /* Made here, not sequenced yet. */
	put_subject(r, TROTH_T_SUBJECTS, 4, "dan");
	queue(r, 1, 7, "seven", "words");
	queue(r, 1, 9, "nine", "");
	queue(r, 2, 8, "eight", "");
	assert_true(troth_query_subject(&r->t, TROTH_NODE_GATEWAY, &one, r->view));
	assert_string_equal(r->view->subject.customer, "bob");
	assert_int_equal(r->view->pending, 2);
	assert_int_equal(troth_view_etag(r->view), 3);
	assert_true(troth_query_subject(&r->t, TROTH_NODE_CENTRAL, &one, r->view));
	assert_string_equal(r->view->subject.customer, "ann");
	assert_int_equal(r->view->pending, 0);
	assert_true(troth_query_subject(&r->t, TROTH_NODE_GATEWAY, &two, r->view));
	assert_int_equal(r->view->pending, 1);
	assert_true(troth_query_subject(&r->t, TROTH_NODE_GATEWAY, &four, r->view));
	assert_int_equal(r->view->pending, 0);
	assert_false(troth_query_subject(&r->t, TROTH_NODE_GATEWAY, &three, r->view));
	assert_int_equal(troth_query_pending_count(&r->t, &one), 2);
	assert_int_equal(troth_query_pending_count(&r->t, &two), 1);
	assert_int_equal(troth_query_pending_count(&r->t, &three), 0);

	assert_true(troth_query_pending(&r->t, &one, &seq, &body, &blob));
	assert_int_equal(seq, 7);
	assert_true(troth_span_eq(body, troth_span_str("seven")));
	assert_true(troth_span_eq(blob, troth_span_str("words")));
	assert_true(troth_query_pending(&r->t, &one, &seq, &body, &blob));
	assert_int_equal(seq, 9);
	assert_int_equal(blob.len, 0);
	assert_false(troth_query_pending(&r->t, &one, &seq, &body, &blob));
}

static void an_item_leads_to_its_subject_by_promise_and_by_commitment(void **state)
{
	struct rig *r = *state;
	struct troth_id item = { { 2, [14] = 5, [15] = 1 } }, subject;

	put_subject(r, TROTH_T_SUBJECTS, 5, "ann");
	assert_true(troth_query_item(&r->t, &item, &subject));
	assert_int_equal(subject.b[14], 5);
	item.b[15] = 0;
	assert_true(troth_query_item(&r->t, &item, &subject));
	item.b[14] = 6;
	assert_false(troth_query_item(&r->t, &item, &subject));
}

static void received_is_told_by_the_first_mark_that_covers_the_position(void **state)
{
	struct rig *r = *state;
	uint8_t at[8];
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, "spiffe://t/a");
	troth_key_u64(&k, 10);
	troth_store_u64be(at, 77);
	troth_txn_put(&r->t, TROTH_T_RECEIVED, troth_key_span(&k), troth_span(at, 8));
	k.len -= 8;
	troth_key_u64(&k, 20);
	troth_store_u64be(at, 99);
	troth_txn_put(&r->t, TROTH_T_RECEIVED, troth_key_span(&k), troth_span(at, 8));
	assert_int_equal(troth_query_received(&r->t, "spiffe://t/a", 10).ms, 77);
	assert_int_equal(troth_query_received(&r->t, "spiffe://t/a", 11).ms, 99);
	assert_int_equal(troth_query_received(&r->t, "spiffe://t/a", 20).ms, 99);
	assert_int_equal(troth_query_received(&r->t, "spiffe://t/a", 21).ms, 0);
	assert_int_equal(troth_query_received(&r->t, "spiffe://t/", 1).ms, 0);
}

static void a_gateways_stream_is_its_feed_and_centrals_is_the_ledger(void **state)
{
	struct rig *r = *state;
	uint8_t position[8];

	for (uint64_t n = 1; n <= 2; n++) {
		struct troth_key k = { .len = 0 };

		troth_key_u64(&k, n);
		troth_store_u64be(position, 10 * n);
		troth_txn_put(&r->t, TROTH_T_FEED, troth_key_span(&k),
			      troth_span(position, 8));
	}
	assert_int_equal(troth_query_stream_len(&r->t, TROTH_NODE_GATEWAY), 2);
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_GATEWAY, 2), 20);
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_GATEWAY, 3), 0);
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_GATEWAY, 0), 0);
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_CENTRAL, 1), 0);
	troth_store_u64be(position, 0);
	troth_txn_put(&r->t, TROTH_T_ENTRIES, troth_span(position, 8),
		      troth_span_str("entry"));
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_CENTRAL, 1), 1);
	assert_int_equal(troth_query_stream(&r->t, TROTH_NODE_CENTRAL, 2), 0);
	assert_int_equal(troth_query_stream_len(&r->t, TROTH_NODE_CENTRAL), 1);
}

static void parties_and_sites_come_in_the_order_of_their_names(void **state)
{
	struct rig *r = *state;
	static const char *const names[] = { "b", "a", "ab" };
	struct troth_event e = { .type = TROTH_EVENT_PARTY_ADDED };
	struct troth_party p;
	struct troth_site s;

	for (unsigned i = 0; i < TROTH_LEN(names); i++) {
		e.u.party = (struct troth_party){ .role = TROTH_ROLE_VENDOR };
		(void)strcpy(e.u.party.party, names[i]);
		troth_state_apply_federation(&r->t, &e, 1);
	}
	assert_true(troth_query_next_party(&r->t, "", &p));
	assert_string_equal(p.party, "a");
	assert_true(troth_query_next_party(&r->t, "a", &p));
	assert_string_equal(p.party, "ab");
	assert_true(troth_query_next_party(&r->t, "ab", &p));
	assert_string_equal(p.party, "b");
	assert_false(troth_query_next_party(&r->t, "b", &p));
	assert_false(troth_query_next_site(&r->t, "", &s));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(a_list_gives_its_own_prefix_and_nothing_beside_it),
		T(a_name_at_the_limit_is_found_and_a_longer_one_is_not),
		T(pages_continue_where_the_last_one_ended),
		T(a_foreign_cursor_gives_an_empty_list),
		T(a_list_by_due_stops_before_the_instant_asked_for),
		T(all_subjects_are_those_sequenced_and_those_only_here_each_once),
		T(a_gateway_shows_its_own_view_and_counts_what_is_pending),
		T(an_item_leads_to_its_subject_by_promise_and_by_commitment),
		T(received_is_told_by_the_first_mark_that_covers_the_position),
		T(a_gateways_stream_is_its_feed_and_centrals_is_the_ledger),
		T(parties_and_sites_come_in_the_order_of_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
