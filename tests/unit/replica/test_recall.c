/* What central asks back of a site's share, and what it takes back of that. */
#include "shares_kit.h"

static void what_is_recalled_is_returned_as_far_as_it_is_there_and_later_the_rest(
	void **state)
{
	struct kit *k = kit_with_share();

	(void)state;
	for (uint8_t i = 1; i <= 4; i++)
		offer(k, 1, i);
	kit_serve(k);
	central_says(k, TROTH_EVENT_SHARE_RECALLED, 3);
	kit_serve(k);
	assert_int_equal(central_share(k).returned, 1);
	assert_int_equal(central_share(k).recalled, 2);
	kit_down(k);
	pass(k, OFFER_MS + 1); /* Four come back: two of them are owed. */
	kit_crash(k);
	assert_int_equal(available(k), 2);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(central_share(k).returned, 3);
	assert_int_equal(central_share(k).recalled, 0);
	kit_free(k);
}

/* All of the share is offered, and 3 of it are asked back: there is nothing to return. */
static struct kit *kit_asked(void)
{
	struct kit *k = kit_with_share();

	for (uint8_t i = 1; i <= SHARE; i++)
		offer(k, 1, i);
	kit_serve(k);
	central_says(k, TROTH_EVENT_SHARE_RECALLED, 3);
	kit_serve(k);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_RETURNED), 0);
	assert_int_equal(share_of(k).recalled, 3);
	return k;
}

static void what_is_not_asked_for_any_more_stays_when_it_comes_free(void **state)
{
	struct kit *k = kit_asked();

	(void)state;
	central_says(k, TROTH_EVENT_SHARE_RECALLED, 0);
	kit_serve(k);
	assert_int_equal(share_of(k).recalled, 0);
	kit_down(k);
	pass(k, OFFER_MS + 1);
	kit_crash(k);
	kit_up(k);
	kit_serve(k);
	kit_check_same(k);
	assert_int_equal(entries_of(k, TROTH_EVENT_SHARE_RETURNED), 0);
	assert_int_equal(available(k), SHARE);
	kit_free(k);
}

/* Cut off, the site returns what central takes back meanwhile; or asks for anew. */
static void what_crosses_with_its_return_is_returned_once_and_not_lost(void **state)
{
	(void)state;
	for (int64_t anew = 0; anew <= 4; anew++) {
		struct kit *k = kit_asked();
		int64_t returned = anew > 3 ? anew : 3;

		kit_down(k);
		pass(k, OFFER_MS + 1);
		assert_int_equal(available(k), SHARE - 3);
		central_says(k, TROTH_EVENT_SHARE_RECALLED, 0);
		if (anew > 0)
			central_says(k, TROTH_EVENT_SHARE_RECALLED, anew);
		kit_crash(k);
		kit_up(k);
		kit_serve(k);
		kit_check_same(k);
		/* What was on its way counts for what is asked anew. */
		assert_int_equal(central_share(k).returned, returned);
		assert_int_equal(central_share(k).recalled, 0);
		assert_int_equal(available(k), SHARE - returned);
		offer(k, 1, 11);
		kit_serve(k);
		kit_down(k);
		pass(k, OFFER_MS + 1); /* Nothing more is owed when it comes free. */
		kit_up(k);
		kit_serve(k);
		kit_check_same(k);
		assert_int_equal(available(k), SHARE - returned);
		kit_free(k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_recalled_is_returned_as_far_as_it_is_there_and_later_the_rest),
		cmocka_unit_test(what_is_not_asked_for_any_more_stays_when_it_comes_free),
		cmocka_unit_test(
			what_crosses_with_its_return_is_returned_once_and_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
