/*
 * boston_replay - what happened to cases of Boston's 311 service, as steps.
 *
 *   OPEN      calls             when the case was opened
 *   PROMISE   calls             then too: answered by its due, owed by the department
 *   ANSWER    field or office   the department's evidence: when the case was closed
 *   CLOSE     calls             the case itself, in the week after
 *
 * Cases do not depend on each other, and nobody who answers one waits for anything
 * but its promise: so a run is a week, in which those who take the calls come
 * first and the departments behind them. A case without a due is opened and
 * closed, and nothing is promised. Evidence in the files may precede the promise;
 * it is then reported when the promise is made, and says its true time.
 */
#include "boston.h"
#include "replay_run.h"

#include <string.h>

#define WEEK_MS INT64_C(604800000)

/* Which gateway is which; all have lanes. */
enum part { CALLS, FIELD, OFFICE };

static const struct replay_kind kinds[] = {
	[BOSTON_OPEN] = { "open", REPLAY_FIRST },
	[BOSTON_PROMISE] = { "promise", REPLAY_PROMISES },
	[BOSTON_ANSWER] = { "answer", REPLAY_WAITS },
	[BOSTON_CLOSE] = { "close", REPLAY_ENDS },
};

static const struct boston *data_of(const struct replay_plan *p)
{
	return p->data;
}

static const struct boston_case *case_of(const struct replay_plan *p,
					 const struct replay_step *s)
{
	return &data_of(p)->cases[s->subject];
}

/* ---- The plan ---- */

/* The departments take turns, by name: who works for them follows from the files. */
static unsigned part_of(const struct boston *b, const char *department)
{
	return FIELD + boston_department(b, department) % 2;
}

static void add(struct replay_plan *p, struct troth_time at, size_t i,
		enum boston_kind kind, unsigned lane)
{
	replay_plan_add(p, (struct replay_step){ .at = at,
						 .subject = (uint32_t)i,
						 .kind = (uint8_t)kind,
						 .lane = (uint8_t)lane });
}

/* All but the closing of what was promised. */
static void add_case(struct replay_plan *p, size_t i)
{
	const struct boston *b = data_of(p);
	const struct boston_case *c = &b->cases[i];
	struct troth_time closed = replay_later(c->opened, c->closed);

	add(p, c->opened, i, BOSTON_OPEN, CALLS);
	if (c->due.ms != 0)
		add(p, c->opened, i, BOSTON_PROMISE, CALLS);
	if (c->due.ms != 0 && c->closed.ms != 0)
		add(p, closed, i, BOSTON_ANSWER, part_of(b, c->department));
	else if (c->closed.ms != 0)
		add(p, closed, i, BOSTON_CLOSE, CALLS);
}

static int64_t week_of(const struct replay_plan *p, struct troth_time at)
{
	return (at.ms - p->steps[0].at.ms) / WEEK_MS;
}

/*
 * A case with a promise is closed once central's clock has seen the promise end:
 * when the next week begins, unless the steps end before that.
 */
static void add_closings(struct replay_plan *p)
{
	size_t count = p->step_count;
	struct troth_time last = p->steps[count - 1].at;

	for (size_t i = 0; i < count; i++) {
		const struct replay_step *s = &p->steps[i];
		struct troth_time at = { p->steps[0].at.ms +
					 (week_of(p, s->at) + 1) * WEEK_MS };

		if (s->kind == BOSTON_ANSWER && at.ms <= last.ms)
			add(p, at, s->subject, BOSTON_CLOSE, CALLS);
	}
	replay_plan_sort(p);
}

static void cut(struct replay_plan *p)
{
	struct replay_run *run = p->runs;

	for (size_t i = 0; i < p->step_count; i++) {
		if (i > 0 &&
		    week_of(p, p->steps[i].at) != week_of(p, p->steps[i - 1].at)) {
			run++;
			run->first = i;
		}
		run->end = i + 1;
	}
	p->run_count = (size_t)(run - p->runs) + 1;
}

static enum troth_err make_plan(struct replay_plan *p, struct troth_why *why)
{
	enum troth_err err = replay_plan_room(p, 4 * data_of(p)->case_count, why);

	if (err != TROTH_OK)
		return err;
	p->subject_count = data_of(p)->case_count;
	for (size_t i = 0; i < p->subject_count; i++)
		add_case(p, i);
	replay_plan_sort(p);
	add_closings(p);
	cut(p);
	return TROTH_OK;
}

/* ---- Who and what ---- */

static size_t party_count(const void *data)
{
	return ((const struct boston *)data)->department_count;
}

static struct replay_party party(const void *data, size_t i)
{
	const struct boston *b = data;

	return (struct replay_party){ b->departments[i].id, "vendor",
				      part_of(b, b->departments[i].id) };
}

static struct troth_id case_id(const struct replay_plan *p, uint32_t subject)
{
	const struct boston_case *c = &data_of(p)->cases[subject];

	return replay_make_id(p->set, c->opened, "case", c->number, 0);
}

static struct troth_id promise_id(const struct replay_plan *p,
				  const struct replay_step *s)
{
	const struct boston_case *c = case_of(p, s);
	struct troth_id id = replay_make_id(p->set, c->opened, "promise", c->number, 0);

	id.b[TROTH_ID_LEN - 1] = 0; /* The ordinals of its commitments stand there. */
	return id;
}

static const char *number_of(const struct replay_plan *p, uint32_t subject)
{
	return data_of(p)->cases[subject].number;
}

static unsigned item_number(const struct replay_plan *p, const struct replay_step *s)
{
	(void)p;
	(void)s;
	return 0;
}

static size_t size_of(const struct replay_plan *p, const struct replay_step *s)
{
	(void)p;
	(void)s;
	return 1024;
}

/* ---- Requests ---- */

static const char *channel_of(const struct boston_case *c)
{
	if (strcmp(c->source, "Constituent Call") == 0)
		return "phone";
	if (strcmp(c->source, "Self Service") == 0 ||
	    strcmp(c->source, "Citizens Connect App") == 0)
		return "web";
	return "other";
}

static void put_promise(struct troth_buf *b, const struct replay *r,
			const struct replay_step *s)
{
	const struct boston_case *c = case_of(r->plan, s);
	char day[TROTH_TIME_TEXT];

	troth_time_format(day, c->due);
	troth_buf_put_str(b, "/promises\",\"body\":{\"id\":\"");
	replay_put_id(b, TROTH_ID_PROMISE, promise_id(r->plan, s));
	troth_buf_printf(b,
			 "\",\"kind\":\"answer\",\"reason\":\"%s\",\"words\":\"It is "
			 "dealt with by %.10s.\",\"language\":\"en\"",
			 c->reason, day);
	replay_put_time(b, "due", c->due);
	replay_put_time(b, "made", c->opened);
	troth_buf_printf(b,
			 ",\"channel\":\"%s\",\"spoken\":true,\"commitments\":[{"
			 "\"debtor\":\"%s\",\"action\":\"other\",\"acceptance_s\":0}]}",
			 channel_of(c), c->department);
}

static void put_answer(struct troth_buf *b, const struct replay *r,
		       const struct replay_step *s)
{
	const struct boston_case *c = case_of(r->plan, s);
	struct troth_id id = promise_id(r->plan, s);

	id.b[TROTH_ID_LEN - 1] = 1; /* The promise has this one commitment. */
	troth_buf_put_str(b, "\"/v1/commitments/");
	replay_put_id(b, TROTH_ID_COMMITMENT, id);
	troth_buf_printf(b,
			 "/fulfil\",\"body\":{\"evidence\":{\"kind\":\"code\"},"
			 "\"on_behalf\":\"%s\"",
			 c->department);
	replay_put_time(b, "at", c->closed);
	troth_buf_put_str(b, "}");
}

static void put(struct troth_buf *b, const struct replay *r, const struct replay_step *s,
		uint64_t etag)
{
	const struct boston_case *c = case_of(r->plan, s);
	struct troth_id id = case_id(r->plan, s->subject);

	(void)etag;
	if (s->kind == BOSTON_ANSWER) {
		put_answer(b, r, s);
		return;
	}
	if (s->kind == BOSTON_OPEN) {
		troth_buf_put_str(b, "\"/v1/cases\",\"body\":{\"id\":\"");
		replay_put_id(b, TROTH_ID_CASE, id);
		troth_buf_printf(b, "\",\"customer\":\"caller-%s\",\"reason\":\"%s\"}",
				 c->number, c->reason);
		return;
	}
	troth_buf_put_str(b, "\"/v1/cases/");
	replay_put_id(b, TROTH_ID_CASE, id);
	if (s->kind == BOSTON_PROMISE)
		put_promise(b, r, s);
	else
		troth_buf_put_str(b, "/close\",\"body\":{\"outcome\":\"closed\"}");
}

/* ---- The set ---- */

static const struct troth_federation_party firms[] = {
	{ "boston", "brand", "City of Boston", NULL },
	{ "calls", "vendor", "Boston 311", NULL },
	{ "field", "vendor", "Departments in the field", NULL },
	{ "office", "vendor", "Departments in the office", NULL },
};
static const struct troth_federation_site sites[] = {
	{ .party = "calls", .site = "desk" },
	{ .party = "field", .site = "depot" },
	{ .party = "office", .site = "hall" },
	{ .party = "boston", .site = "hq2" },
};

const struct replay_set replay_boston311 = {
	.name = "boston311",
	.as_of = "2026-01-01T00:00:00Z",
	.needs = "three vendors (who takes the calls first)",
	.id_kind = TROTH_ID_CASE,
	.path = "/v1/cases/",
	.word = "case",
	.kinds = kinds,
	.part_count = 3,
	.lane_count = 3,
	.phase_count = 2,
	.parts = { [CALLS] = { "vendor", 0 },
		   [FIELD] = { "vendor", 1 },
		   [OFFICE] = { "vendor", 1 } },
	.actions = { "other" },
	.firm_count = TROTH_LEN(firms),
	.firms = firms,
	.site_count = TROTH_LEN(sites),
	.sites = sites,
	.load = boston_load,
	.free = boston_free,
	.plan = make_plan,
	.party_count = party_count,
	.party = party,
	.subject_id = case_id,
	.promise_id = promise_id,
	.number = number_of,
	.item_number = item_number,
	.size = size_of,
	.put = put,
	.report = boston_report,
	.print = boston_print,
};
