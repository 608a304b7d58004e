#include "troth/wire/event.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Compares the members that the type has: what lies behind a count is nobody's. */
static void assert_same(const struct troth_event *a, const struct troth_event *b)
{
	size_t head = offsetof(struct troth_event, u);

	assert_memory_equal(a, b, head);
	if (a->type == TROTH_EVENT_ORDER_PLACED || a->type == TROTH_EVENT_ORDER_CORRECTED)
		assert_memory_equal(&a->u.order, &b->u.order,
				    offsetof(struct troth_order_content, lines) +
					    a->u.order.line_count *
						    sizeof(struct troth_line));
	else if (a->type == TROTH_EVENT_PROMISE_MADE)
		assert_memory_equal(&a->u.promise, &b->u.promise,
				    offsetof(struct troth_event, u.promise.terms) - head +
					    a->u.promise.terms_count *
						    sizeof(struct troth_terms));
	else
		assert_memory_equal(&a->u.site, &b->u.site, sizeof(a->u.site));
}

static struct troth_buf encoded(const struct troth_event *e)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_body_encode(e, &b);
	assert_false(b.failed);
	return b;
}

static void round_trip(const struct troth_event *e)
{
	static struct troth_event back;
	struct troth_buf once = encoded(e), twice;
	struct troth_why why = { "" };

	memset(&back, 0xee, sizeof(back));
	if (troth_body_decode(&back, troth_buf_span(&once), &why) != TROTH_OK)
		fail_msg("%s: %s", troth_event_type_name(e->type), why.text);
	assert_same(e, &back);
	twice = encoded(&back);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
	troth_buf_fini(&once);
	troth_buf_fini(&twice);
}

static void every_type_of_event_round_trips(void **state)
{
	static struct troth_event e;

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		fixture_event(&e, fixture_types[i], "acme");
		round_trip(&e);
	}
}

static void every_field_at_its_limit_round_trips(void **state)
{
	static struct troth_event e;

	(void)state;
	for (unsigned i = 0; i < fixture_type_count; i++) {
		struct troth_buf b;

		fixture_fill(&e, fixture_types[i]);
		round_trip(&e);
		b = encoded(&e);
		assert_true(b.len <= TROTH_BODY_MAX);
		troth_buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_event_round_trips),
		cmocka_unit_test(every_field_at_its_limit_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
