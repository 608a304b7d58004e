#include "replay_set.h"

#include "troth/crypto/digest.h"

#include <stdlib.h>

/* Indexes are 32 bits wide in a step. */
#define STEPS_MAX ((size_t)200000000)

enum troth_err replay_plan_room(struct replay_plan *p, size_t steps,
				struct troth_why *why)
{
	if (steps > STEPS_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "more than %zu steps", STEPS_MAX);
	p->steps = calloc(steps + 1, sizeof(*p->steps));
	p->runs = calloc(steps + 1, sizeof(*p->runs));
	return p->steps != NULL && p->runs != NULL
		       ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_MEMORY, "no memory");
}

void replay_plan_add(struct replay_plan *p, struct replay_step step)
{
	p->steps[p->step_count++] = step;
}

static int by_time(const void *a, const void *b)
{
	const struct replay_step *x = a, *y = b;

	if (x->at.ms != y->at.ms)
		return x->at.ms < y->at.ms ? -1 : 1;
	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->item == y->item ? 0 : x->item < y->item ? -1 : 1;
}

void replay_plan_sort(struct replay_plan *p)
{
	qsort(p->steps, p->step_count, sizeof(*p->steps), by_time);
}

void replay_plan_free(struct replay_plan *p)
{
	free(p->steps);
	free(p->runs);
	*p = (struct replay_plan){ 0 };
}

struct troth_time replay_run_time(const struct replay_plan *p, size_t run)
{
	return p->steps[p->runs[run].end - 1].at;
}

struct troth_id replay_make_id(const struct replay_set *set, struct troth_time at,
			       const char *what, const char *number, unsigned item)
{
	char text[256];
	struct troth_digest d;
	struct troth_span s;

	(void)snprintf(text, sizeof(text), "%s %s %s %u", set->name, what, number, item);
	s = troth_span_str(text);
	troth_sha256(&d, &s, 1);
	return troth_id_make(at, d.b);
}

void replay_put_time(struct troth_buf *b, const char *name, struct troth_time t)
{
	char text[TROTH_TIME_TEXT];

	troth_time_format(text, t);
	troth_buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

void replay_put_id(struct troth_buf *b, enum troth_id_kind kind, struct troth_id id)
{
	char text[TROTH_ID_TEXT];

	troth_id_format(text, kind, &id);
	troth_buf_put_str(b, text);
}
