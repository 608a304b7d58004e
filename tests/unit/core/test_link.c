/* Which cases are linked to which orders. */
#include "story.h"

#include "troth/base/span.h"
#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define OK TROTH_REASON_NONE

static struct story st;
static struct troth_event e;

/* What the node has of the other one: nothing, or that customer's. */
static const char *other_customer;

static bool find_customer(void *ctx, const struct troth_id *subject,
			  enum troth_subject_kind kind, char out[TROTH_CUSTOMER_MAX + 1])
{
	(void)ctx;
	assert_true(troth_id_eq(subject, &e.u.link.id));
	/* An order is linked to a case, and a case to an order. */
	assert_int_equal(kind, e.subject_kind == TROTH_SUBJECT_ORDER
				       ? TROTH_SUBJECT_CASE
				       : TROTH_SUBJECT_ORDER);
	if (other_customer == NULL)
		return false;
	troth_text_copy(out, TROTH_CUSTOMER_MAX + 1, other_customer);
	return true;
}

static void a_case_is_linked_to_orders_of_its_customer_alone(void **state)
{
	static const char *const customers[] = { NULL, "cust-1", "cust-2" };
	static const enum troth_event_type types[] = { TROTH_EVENT_ORDER_CASE_LINKED,
						       TROTH_EVENT_CASE_ORDER_LINKED };
	struct troth_lookup lookup = fixture_lookup;

	(void)state;
	lookup.customer = find_customer;
	for (unsigned i = 0; i < 3 * 2 * 2 * 2; i++) {
		bool central = (i & 1) != 0, hq = (i & 2) != 0, order = (i & 4) != 0;
		const char *by = hq ? "brand" : "acme";
		bool same = i / 8 == 0 ? !central : i / 8 == 1;

		other_customer = customers[i / 8];
		lookup.has_all = central;
		story_begin_usual(&st, order ? TROTH_SUBJECT_ORDER : TROTH_SUBJECT_CASE);
		st.lookup = &lookup;
		fixture_event(&e, types[order ? 0 : 1], by);
		assert_int_equal(story_tell(&st, &e),
				 same || hq ? OK : TROTH_REASON_OTHER_CUSTOMER);
		assert_int_equal(st.s.link_count, same || hq ? 1 : 0);
	}
}

static void a_stored_record_tells_whose_it_is_and_a_torn_one_does_not(void **state)
{
	static const struct troth_digest leaf;
	struct troth_buf record = TROTH_BUF_INIT;
	char customer[TROTH_CUSTOMER_MAX + 1] = "";
	size_t least = 0;

	(void)state;
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	troth_subject_seal(&st.s, &leaf, &record);
	for (size_t len = 0; len <= record.len; len++) {
		bool told = troth_subject_customer(troth_span(record.data, len),
						   TROTH_SUBJECT_ORDER, customer);

		if (told && least == 0)
			least = len;
		assert_int_equal(told, least != 0);
	}
	assert_true(least > TROTH_DIGEST_LEN && least < record.len);
	assert_string_equal(customer, "cust-1");
	assert_false(troth_subject_customer(troth_buf_span(&record), TROTH_SUBJECT_CASE,
					    customer)); /* It is none. */
	troth_buf_reset(&record);
	story_begin(&st, TROTH_SUBJECT_ORDER); /* It is not there. */
	troth_subject_seal(&st.s, &leaf, &record);
	assert_false(troth_subject_customer(troth_buf_span(&record), TROTH_SUBJECT_ORDER,
					    customer));
	troth_buf_fini(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_is_linked_to_orders_of_its_customer_alone),
		cmocka_unit_test(
			a_stored_record_tells_whose_it_is_and_a_torn_one_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
