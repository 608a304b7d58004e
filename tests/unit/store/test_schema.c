/*
 * Kind, format and migrations, by the contract of kv.h.
 */
#include "kv_rig.h"

/* ---- Kind and format ---- */

static void another_kind_and_a_newer_format_are_refused(void **state)
{
	struct rig *r = *state;
	struct troth_schema other = schema, newer = schema;

	store(r, "a");
	other.kind = "gateway";
	newer.format = 2;
	newer.migrations = (const struct troth_migration[]){ { 0 } };
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &other), TROTH_ERR_INPUT);
	assert_null(r->kv);
	assert_non_null(strstr(r->why.text, "central"));
	assert_non_null(strstr(r->why.text, "gateway"));
	assert_int_equal(open_as(r, &newer), TROTH_ERR_INPUT); /* No way up. */
	assert_non_null(strstr(r->why.text, "format 1"));

	assert_int_equal(open_as(r, &schema), TROTH_OK);
	begin(r);
	troth_txn_put(&r->t, META, s("format"), s("2"));
	commit(r);
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_ERR_INPUT);
	assert_non_null(strstr(r->why.text, "format 2 is newer than 1"));
}

static void a_format_that_is_no_number_or_missing_is_corrupt(void **state)
{
	static const char *const bad[] = { "",   "0",   "01",         "-1",
					   "1 ", "0x1", "4294967296", "99999999999" };
	struct rig *r = *state;

	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		begin(r);
		troth_txn_put(&r->t, META, s("format"), s(bad[i]));
		commit(r);
		troth_kv_close(r->kv);
		assert_int_equal(open_as(r, &schema), TROTH_ERR_CORRUPT);
		assert_non_null(strstr(r->why.text, "format"));
		start_over(r);
	}
	begin(r);
	(void)troth_txn_del(&r->t, META, s("kind"));
	commit(r);
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &schema), TROTH_ERR_CORRUPT);
	assert_non_null(strstr(r->why.text, "no kind"));
}

static unsigned first_runs, second_runs;
static bool second_fails;

static void first(struct troth_txn *t)
{
	first_runs++;
	troth_txn_insert(t, THING, s("first"), s("done"));
}

static void second(struct troth_txn *t)
{
	struct troth_span v;

	second_runs++;
	assert_true(troth_txn_get(t, THING, s("first"), &v));
	troth_txn_insert(t, THING, s("second"), s("done"));
	if (second_fails)
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "thing: not as format 2 has it");
}

static void migrations_run_once_each_in_order_and_all_or_nothing(void **state)
{
	static const struct troth_migration steps[] = { { 2, second }, { 1, first } };
	struct troth_schema three = schema;
	struct rig *r = *state;

	three.format = 3;
	three.migrations = steps;
	three.migration_index = TROTH_LEN(steps);
	first_runs = second_runs = 0;
	store(r, "a");
	troth_kv_close(r->kv);

	second_fails = true;
	assert_int_equal(open_as(r, &three), TROTH_ERR_CORRUPT);
	assert_string_equal(r->why.text, "thing: not as format 2 has it");
	second_fails = false;
	assert_int_equal(open_as(r, &three), TROTH_OK);
	assert_int_equal(first_runs, 1); /* The first step had been committed. */
	assert_int_equal(second_runs, 2);
	assert_listing(r, META, "format=3 kind=central");
	assert_listing(r, THING, "a=a first=done second=done");
	troth_kv_close(r->kv);
	assert_int_equal(open_as(r, &three), TROTH_OK);
	assert_int_equal(first_runs + second_runs, 3);
	assert_listing(r, THING, "a=a first=done second=done");
}

static const struct kv_test all[] = {
	TEST(another_kind_and_a_newer_format_are_refused),
	TEST(a_format_that_is_no_number_or_missing_is_corrupt),
	TEST(migrations_run_once_each_in_order_and_all_or_nothing),
};

int main(void)
{
	return run_with_every_backend(all, TROTH_LEN(all));
}
