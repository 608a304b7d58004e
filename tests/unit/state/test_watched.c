/* The indexes of alarms and recoveries, held against looking at every subject. */
#include "memkv.h"

#include "troth/base/err.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUBJECTS 4
#define ROUNDS   3000

struct rig {
	struct memkv_disk *disk;
	struct troth_kv *kv;
	struct troth_txn t;
	struct troth_subject s[SUBJECTS];
	struct troth_indexed before;
	uint32_t dice;
};

static int start(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct troth_why why;

	assert_non_null(r);
	r->disk = memkv_disk_new();
	assert_int_equal(memkv_open(&r->kv, r->disk, &troth_central_schema, &why),
			 TROTH_OK);
	troth_txn_begin(&r->t, r->kv, TROTH_TXN_WRITE);
	for (uint8_t i = 0; i < SUBJECTS; i++) {
		struct troth_id id = { { 1, i } };

		troth_subject_init(&r->s[i], TROTH_SUBJECT_CASE, &id);
	}
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
	free(r);
	return 0;
}

static unsigned roll(struct rig *r, unsigned sides)
{
	r->dice = r->dice * 1664525u + 1013904223u;
	return (r->dice >> 16) % sides;
}

static struct troth_id new_id(struct rig *r, uint8_t sort)
{
	struct troth_id id = { { sort } };

	for (int i = 1; i < TROTH_ID_LEN - 1; i++)
		id.b[i] = (uint8_t)roll(r, 256);
	return id;
}

/* What an entry might do; at a gateway things may also vanish again. */
static void change(struct rig *r, struct troth_subject *s)
{
	struct troth_alarm *a = &s->alarms[roll(r, TROTH_ALARMS_MAX)];
	struct troth_recovery *v = &s->recoveries[roll(r, TROTH_RECOVERIES_MAX)];

	switch (roll(r, 6)) {
	case 0: /* Another alarm, behind the others or in place of one. */
		if (s->alarm_count < 6)
			a = &s->alarms[s->alarm_count++];
		*a = (struct troth_alarm){ .id = new_id(r, 9),
					   .state = TROTH_ALARM_RAISED,
					   .raised.ms = 1 + roll(r, 50) };
		a->id.b[TROTH_ID_LEN - 1] = (uint8_t)roll(r, 256);
		break;
	case 1:
		a->state = TROTH_ALARM_ENDED;
		break;
	case 2:
		if (s->recovery_count < 6)
			s->recoveries[s->recovery_count++] = (struct troth_recovery){
				.id = new_id(r, 8),
				.state = TROTH_RECOVERY_OPEN,
				.complaint = roll(r, 2) == 0,
				.opened.ms = 1 + roll(r, 50),
			};
		break;
	case 3:
		v->state = TROTH_RECOVERY_DONE;
		break;
	case 4:
		v->state = TROTH_RECOVERY_REOPENED;
		break;
	default:
		s->alarm_count -= s->alarm_count > 0 && roll(r, 4) == 0;
		s->recovery_count -= s->recovery_count > 0 && roll(r, 4) == 0;
		break;
	}
}

static const struct troth_subject *subject_of(const struct rig *r,
					      const struct troth_id *id)
{
	for (unsigned i = 0; i < SUBJECTS; i++)
		if (troth_id_eq(&r->s[i].id, id))
			return &r->s[i];
	return NULL;
}

static unsigned walk(struct rig *r, bool alarms, bool closed)
{
	struct troth_id item, subject, found;
	struct troth_list l;
	int64_t last = 0;
	unsigned n = 0;

	if (alarms)
		troth_list_alarms(&l, &r->t, closed, TROTH_SPAN_NONE);
	else
		troth_list_recoveries(&l, &r->t, closed, TROTH_SPAN_NONE);
	while (troth_list_next(&l, &item, &subject)) {
		const struct troth_subject *s = subject_of(r, &subject);
		int i = alarms ? troth_subject_alarm(s, &item)
			       : troth_subject_recovery(s, &item);
		int64_t since = alarms ? s->alarms[i].raised.ms
				       : s->recoveries[i].opened.ms;

		assert_true(i >= 0);
		assert_int_equal(alarms ? s->alarms[i].state == TROTH_ALARM_ENDED
					: !troth_recovery_is_open(s->recoveries[i].state),
				 closed);
		assert_true(since >= last);
		last = since;
		if (alarms || s->recoveries[i].complaint) {
			assert_true(troth_query_alarm(&r->t, &item, &found));
			assert_true(troth_id_eq(&found, &subject));
		}
		n++;
	}
	troth_list_close(&l);
	return n;
}

static void the_indexes_say_what_the_subjects_say(void **state)
{
	struct rig *r = *state;
	struct troth_id gone;

	for (unsigned n = 0; n < ROUNDS; n++) {
		struct troth_subject *s = &r->s[roll(r, SUBJECTS)];
		unsigned alarms = 0, recoveries = 0;

		gone = s->alarms[s->alarm_count > 0 ? s->alarm_count - 1 : 0].id;
		troth_state_indexed(s, &r->before);
		change(r, s);
		troth_state_reindex(&r->t, &r->before, s);
		for (unsigned i = 0; i < SUBJECTS; i++) {
			alarms += r->s[i].alarm_count;
			recoveries += r->s[i].recovery_count;
		}
		assert_int_equal(walk(r, true, false) + walk(r, true, true), alarms);
		assert_int_equal(walk(r, false, false) + walk(r, false, true),
				 recoveries);
		if (!troth_id_is_zero(&gone) && troth_subject_alarm(s, &gone) < 0)
			assert_false(troth_query_alarm(&r->t, &gone, &gone));
	}
}

/* Whoever knows an id could hide behind it what it stands for. */
static void a_complaint_under_a_foreign_id_is_found_out(void **state)
{
	struct rig *r = *state;
	struct troth_event e = { .type = TROTH_EVENT_COMPLAINT, .subject = r->s[1].id };

	e.u.recovery.id = new_id(r, 8);
	assert_false(troth_state_item_elsewhere(&r->t, &e));
	troth_state_indexed(&r->s[0], &r->before);
	r->s[0].recoveries[r->s[0].recovery_count++] = (struct troth_recovery){
		.id = e.u.recovery.id,
		.state = TROTH_RECOVERY_OPEN,
		.complaint = true,
	};
	troth_state_reindex(&r->t, &r->before, &r->s[0]);
	assert_true(troth_state_item_elsewhere(&r->t, &e));
	e.subject = r->s[0].id;
	assert_false(troth_state_item_elsewhere(&r->t, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_indexes_say_what_the_subjects_say),
		cmocka_unit_test(a_complaint_under_a_foreign_id_is_found_out),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
