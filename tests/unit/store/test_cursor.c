/*
 * Cursors, by the contract of kv.h.
 */
#include "kv_rig.h"

/* ---- Cursors ---- */

static const struct place {
	const char *from;
	const char *at_or_after; /* NULL: none. */
	const char *before;
} places[] = {
	{ "a", "bb", NULL },      { "b", "bb", NULL },          { "bb", "bb", NULL },
	{ "bba", "d", "bb" },     { "c", "d", "bb" },           { "d", "d", "bb" },
	{ "d\1", "da", "d" },     { "da", "da", "d" },          { "e", "\xff", "da" },
	{ "\xff", "\xff", "da" }, { "\xff\xff", NULL, "\xff" }, { "", "bb", NULL },
};

static void check_place(struct troth_cursor *c, bool found, const char *want)
{
	assert_int_equal(found, want != NULL);
	if (want == NULL) {
		assert_int_equal(c->key.len, 0);
		assert_int_equal(c->value.len, 0);
		assert_false(troth_cursor_next(c)); /* Nowhere leads nowhere. */
		assert_false(troth_cursor_prev(c));
		return;
	}
	assert_span(c->key, want);
	assert_span(c->value, want);
}

static void seek_finds_the_first_key_from_there_and_seek_before_the_last(void **state)
{
	static const char *const keys[] = { "d", "\xff", "bb", "da" };
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	for (size_t i = 0; i < TROTH_LEN(keys); i++)
		troth_txn_insert(&r->t, THING, s(keys[i]), s(keys[i]));
	commit(r);
	for (int mode = TROTH_TXN_READ; mode <= TROTH_TXN_WRITE; mode++) {
		troth_txn_begin(&r->t, r->kv, (enum troth_txn_mode)mode);
		troth_cursor_open(&c, &r->t, THING);
		for (size_t i = 0; i < TROTH_LEN(places); i++) {
			const struct place *p = &places[i];

			check_place(&c, troth_cursor_seek(&c, s(p->from)),
				    p->at_or_after);
			check_place(&c, troth_cursor_seek_before(&c, s(p->from)),
				    p->before);
		}
		commit(r);
	}
}

static void an_empty_table_has_no_place_for_a_cursor(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	troth_cursor_open(&c, &r->t, LOG);
	assert_false(troth_cursor_next(&c));
	assert_false(troth_cursor_prev(&c));
	assert_false(troth_cursor_last(&c));
	assert_false(troth_cursor_seek(&c, TROTH_SPAN_NONE));
	assert_false(troth_cursor_seek(&c, s("a")));
	assert_false(troth_cursor_seek_before(&c, s("a")));
	commit(r);
}

static void keys_are_compared_as_unsigned_bytes_with_zeros(void **state)
{
	static const uint8_t order[][3] = { { 0 },    { 0, 0 },       { 0, 1 },
					    { 1 },    { 1, 0, 0 },    { 0x7f, 0xff },
					    { 0x80 }, { 0xff, 0x00 }, { 0xff, 0xff } };
	static const size_t len[] = { 1, 2, 2, 1, 3, 2, 1, 2, 2 };
	struct rig *r = *state;
	struct troth_cursor c;

	begin(r);
	for (size_t i = TROTH_LEN(order); i-- > 0;)
		troth_txn_insert(&r->t, THING, troth_span(order[i], len[i]), s("v"));
	troth_cursor_open(&c, &r->t, THING);
	assert_true(troth_cursor_seek(&c, TROTH_SPAN_NONE));
	for (size_t i = 0; i < TROTH_LEN(order); i++) {
		assert_true(troth_span_eq(c.key, troth_span(order[i], len[i])));
		assert_int_equal(troth_cursor_next(&c), i + 1 < TROTH_LEN(order));
	}
	commit(r);
}

static void an_iteration_goes_on_from_its_key_whatever_is_written(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c, back;

	store(r, "bdfh");
	begin(r);
	troth_cursor_open(&c, &r->t, THING);
	troth_cursor_open(&back, &r->t, THING);
	assert_true(troth_cursor_seek(&c, s("d")));
	assert_true(troth_cursor_seek(&back, s("d")));
	(void)troth_txn_del(&r->t, THING, s("d"));
	troth_txn_put(&r->t, THING, s("e"), s("e"));
	troth_txn_put(&r->t, THING, s("c"), s("c"));
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "e");
	assert_true(troth_cursor_prev(&back));
	assert_span(back.key, "c");

	troth_txn_put(&r->t, THING, s("e"), s("rewritten"));
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "f");
	assert_true(troth_cursor_next(&c));
	assert_span(c.key, "h");
	(void)troth_txn_del(&r->t, THING, s("h"));
	assert_true(troth_cursor_prev(&c)); /* From behind everything. */
	assert_span(c.key, "f");
	troth_txn_put(&r->t, THING, s("z"), s("z"));
	(void)troth_txn_del(&r->t, THING, s("f"));
	(void)troth_txn_del(&r->t, THING, s("z"));
	assert_false(troth_cursor_next(&c));
	assert_int_equal(c.key.len, 0);
	commit(r);
	assert_listing(r, THING, "b=b c=c e=rewritten");
}

static void a_table_can_be_emptied_while_iterating(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c;
	uint8_t key[8];
	unsigned n = 0;

	begin(r);
	for (unsigned i = 0; i < 3000; i++) {
		troth_store_u64be(key, i);
		troth_txn_append(&r->t, LOG, troth_span(key, 8), troth_span(key, 8));
	}
	commit(r);
	begin(r);
	troth_cursor_open(&c, &r->t, LOG);
	for (bool on = troth_cursor_seek(&c, TROTH_SPAN_NONE); on;
	     on = troth_cursor_next(&c), n++) {
		assert_int_equal(troth_load_u64be(c.key.data), n);
		/* The key is borrowed from the very record that goes. */
		assert_true(troth_txn_del(&r->t, LOG, c.key));
	}
	assert_int_equal(n, 3000);
	assert_int_equal(troth_txn_count(&r->t, LOG), 0);
	commit(r);
	assert_listing(r, LOG, "");
}

static void eight_cursors_are_open_at_one_time_and_close_in_any_order(void **state)
{
	struct rig *r = *state;
	struct troth_cursor c[TROTH_TXN_CURSORS_MAX], zero = { 0 };

	store(r, "abcdefgh");
	troth_cursor_close(&zero);
	for (int round = 0; round < 3; round++) {
		troth_txn_begin(&r->t, r->kv, TROTH_TXN_READ);
		for (size_t i = 0; i < TROTH_LEN(c); i++) {
			troth_cursor_open(&c[i], &r->t, THING);
			assert_true(
				troth_cursor_seek(&c[i], troth_span(&"abcdefgh"[i], 1)));
		}
		troth_cursor_close(&c[3]);
		troth_cursor_close(&c[3]);
		troth_cursor_open(&c[3], &r->t, THING);
		assert_true(troth_cursor_last(&c[3]));
		assert_true(troth_cursor_prev(&c[7]));
		assert_span(c[7].key, "g");
		assert_span(c[0].key, "a");
		commit(r);
	}
}

static const struct kv_test all[] = {
	TEST(seek_finds_the_first_key_from_there_and_seek_before_the_last),
	TEST(an_empty_table_has_no_place_for_a_cursor),
	TEST(keys_are_compared_as_unsigned_bytes_with_zeros),
	TEST(an_iteration_goes_on_from_its_key_whatever_is_written),
	TEST(a_table_can_be_emptied_while_iterating),
	TEST(eight_cursors_are_open_at_one_time_and_close_in_any_order),
};

int main(void)
{
	return run_with_every_backend(all, TROTH_LEN(all));
}
