#include "replay_run.h"

#include "troth/base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTIES_BATCH 500
#define LINE_EVERY_MS INT64_C(10000)
#define TTY_EVERY_MS  INT64_C(200)

/* ---- Who is who ---- */

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

/* The role of the node's party, from central's list of parties. */
static enum troth_err find_role(struct replay *r, struct replay_node *n,
				struct troth_why *why)
{
	char path[96] = "/v1/parties?limit=200";
	enum troth_err err;

	while ((err = replay_node_get(r->central, path, why)) == TROTH_OK) {
		const json_t *items = json_object_get(r->central->reply.json, "items");
		const json_t *party;
		size_t i;

		json_array_foreach(items, i, party)
		{
			const char *role = text_of(party, "role");

			if (strcmp(text_of(party, "party"), n->party) == 0 &&
			    strlen(role) < sizeof(n->role)) {
				TROTH_TEXT_SET(n->role, role);
				return TROTH_OK;
			}
		}
		if (json_object_get(r->central->reply.json, "next") == NULL)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: its party \"%s\" is not known at %s",
					  troth_http_url(n->http), n->party,
					  troth_http_url(r->central->http));
		party = json_array_get(items, json_array_size(items) - 1);
		(void)snprintf(path, sizeof(path), "/v1/parties?limit=200&after=%.40s",
			       text_of(party, "party"));
	}
	return err;
}

/* The part that a gateway plays, by its party's role; NULL: none that is left. */
static struct replay_node **part_of(struct replay *r, const char *role)
{
	const struct replay_set *set = r->plan->set;

	for (unsigned i = 0; i < set->part_count; i++)
		if (strcmp(set->parts[i].role, role) == 0 && r->parts[i] == NULL)
			return &r->parts[i];
	return strcmp(role, "brand") == 0 && r->sees_all == NULL ? &r->sees_all : NULL;
}

static enum troth_err give_part(struct replay *r, struct replay_node *n,
				struct troth_why *why)
{
	struct replay_node **part;
	enum troth_err err = find_role(r, n, why);

	if (err != TROTH_OK)
		return err;
	part = part_of(r, n->role);
	if (part == NULL)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: one more gateway of a %s than is of use",
				  troth_http_url(n->http), n->role);
	*part = n;
	return TROTH_OK;
}

static enum troth_err all_parts_given(const struct replay *r, struct troth_why *why)
{
	for (unsigned i = 0; i < r->plan->set->part_count; i++)
		if (r->parts[i] == NULL)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "no gateway of a %s is left; a replay of %s "
					  "needs one of each of %s",
					  r->plan->set->parts[i].role, r->plan->set->name,
					  r->plan->set->needs);
	return TROTH_OK;
}

/* ---- Where to go on ---- */

static enum troth_err other_history(const struct replay *r, struct troth_time clock,
				    const char *what, struct troth_why *why)
{
	char text[TROTH_TIME_TEXT];

	troth_time_format(text, clock);
	return troth_fail(why, TROTH_ERR_INPUT,
			  "%s: at %s, %s: the history of this federation is another one",
			  troth_http_url(r->central->http), text, what);
}

/* The last subject of the runs before `run` must be there. */
static enum troth_err check_history(struct replay *r, size_t run, struct troth_time clock,
				    struct troth_why *why)
{
	const struct replay_plan *p = r->plan;
	const struct replay_set *set = p->set;
	size_t at = p->runs[run - 1].end - 1;
	char path[64], id[TROTH_ID_TEXT], missing[64];
	struct troth_id subject;
	enum troth_err err;

	/* The first step of all is one. */
	while ((set->kinds[p->steps[at].kind].flags & REPLAY_FIRST) == 0)
		at--;
	subject = set->subject_id(p, p->steps[at].subject);
	troth_id_format(id, set->id_kind, &subject);
	(void)snprintf(path, sizeof(path), "%s%s", set->path, id);
	(void)snprintf(missing, sizeof(missing), "the %s of that time is missing",
		       set->word);
	err = replay_node_get(r->central, path, why);
	return err == TROTH_ERR_NOTFOUND ? other_history(r, clock, missing, why) : err;
}

/*
 * The run to begin with: the first that ends after the latest clock, because a
 * clock is set to a run's end only when all of the run is sequenced. Clocks stand
 * nowhere else, unless somebody else has moved them.
 */
static enum troth_err find_start(struct replay *r, struct troth_why *why)
{
	const struct replay_plan *p = r->plan;
	struct troth_time latest = { 0 };
	enum troth_err err = TROTH_OK;
	size_t i = 0;

	for (unsigned k = 0; k < r->node_count; k++)
		if (r->nodes[k].clock.ms > latest.ms)
			latest = r->nodes[k].clock;
	while (i < p->run_count && replay_run_time(p, i).ms < latest.ms)
		i++;
	r->first_run = i;
	if (i < p->run_count && replay_run_time(p, i).ms == latest.ms) {
		/* Of several runs that end at this instant, which are done? All again. */
		if (i + 1 == p->run_count || replay_run_time(p, i + 1).ms > latest.ms)
			r->first_run = ++i;
	} else if (i < p->run_count && latest.ms > p->steps[0].at.ms) {
		return other_history(r, latest, "where no replay of these files stops",
				     why);
	}
	for (unsigned k = 0; k < r->node_count && err == TROTH_OK; k++)
		err = replay_node_set_clock(&r->nodes[k], latest, why);
	return err == TROTH_OK && i > 0 ? check_history(r, i, latest, why) : err;
}

enum troth_err replay_meet(struct replay *r, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < r->node_count && err == TROTH_OK; i++) {
		struct replay_node *n = &r->nodes[i];

		err = replay_node_status(n, why);
		if (err == TROTH_OK) /* Where it is: refused if it is not simulated. */
			err = replay_node_set_clock(n, n->clock, why);
		if (err == TROTH_OK && n->central != (i == 0))
			err = troth_fail(why, TROTH_ERR_INPUT, "%s: is %s",
					 troth_http_url(n->http),
					 n->central ? "central, not a gateway"
						    : "a gateway, not central");
	}
	r->central = &r->nodes[0];
	for (unsigned i = 1; i < r->node_count && err == TROTH_OK; i++)
		err = give_part(r, &r->nodes[i], why);
	if (err == TROTH_OK)
		err = all_parts_given(r, why);
	return err == TROTH_OK ? find_start(r, why) : err;
}

/* ---- Parties ---- */

static void put_party(const struct replay *r, struct troth_buf *b, size_t i)
{
	const struct replay_set *set = r->plan->set;
	struct replay_party p = set->party(r->plan->data, i);

	troth_buf_printf(b,
			 "{\"method\":\"POST\",\"path\":\"/v1/parties\","
			 "\"idempotency_key\":\"%s-party-%s\",\"body\":{"
			 "\"party\":\"%s\",\"role\":\"%s\",\"name\":\"%s\","
			 "\"operator\":\"%s\"}}",
			 set->name, p.id, p.id, p.role, p.id, r->parts[p.part]->party);
}

static enum troth_err add_parties(struct replay *r, size_t first, size_t end,
				  struct troth_why *why)
{
	struct troth_http_call call = { .method = "POST", .path = "/v1/batch" };
	struct troth_buf b = TROTH_BUF_INIT;
	char problem[TROTH_WHY_MAX];
	const json_t *answers, *a;
	enum troth_err err;
	size_t i;

	for (i = first; i < end; i++) {
		troth_buf_put_str(&b, i > first ? "," : "{\"requests\":[");
		put_party(r, &b, i);
	}
	troth_buf_put_str(&b, "]}");
	call.body = troth_buf_span(&b);
	err = replay_node_call(r->central, &call, why);
	answers = json_object_get(r->central->reply.json, "responses");
	if (err == TROTH_OK && json_array_size(answers) != end - first) {
		troth_http_problem(r->central->reply.json, r->central->reply.status,
				   problem, sizeof(problem));
		err = troth_fail(why, TROTH_ERR_INPUT, "%s/v1/batch: %s",
				 troth_http_url(r->central->http), problem);
	}
	json_array_foreach(answers, i, a)
	{
		long status = (long)json_integer_value(json_object_get(a, "status"));
		const json_t *body = json_object_get(a, "body");

		if (err != TROTH_OK || status < 300 ||
		    strcmp(text_of(body, "type"), "urn:troth:problem:exists") == 0)
			continue;
		troth_http_problem(body, status, problem, sizeof(problem));
		err = troth_fail(why, TROTH_ERR_INPUT, "%s: party %s: %s",
				 troth_http_url(r->central->http),
				 r->plan->set->party(r->plan->data, first + i).id,
				 problem);
	}
	troth_buf_fini(&b);
	return err;
}

/* For a node that is to be as new as central, and has nothing of its own to hand over. */
static const struct troth_id no_subject = { { 1 } };

static enum troth_err settle_node(struct replay *r, struct replay_node *n,
				  const struct troth_id *subject, struct troth_why *why)
{
	const struct replay_set *set = r->plan->set;

	return replay_node_settle(n, set->path, set->id_kind, subject, why);
}

enum troth_err replay_parties(struct replay *r, struct troth_why *why)
{
	size_t n = r->plan->set->party_count(r->plan->data);
	enum troth_err err = TROTH_OK;

	for (size_t i = 0; i < n && err == TROTH_OK; i += PARTIES_BATCH)
		err = add_parties(r, i, i + PARTIES_BATCH < n ? i + PARTIES_BATCH : n,
				  why);
	for (unsigned i = 0; i < r->plan->set->lane_count && err == TROTH_OK; i++)
		err = settle_node(r, r->parts[i], &no_subject, why);
	return err;
}

/* ---- Progress ---- */

struct progress {
	int64_t began_ms, said_ms;
	size_t began_at;
	bool tty;
};

static void say_progress(struct replay *r, struct progress *p, bool last)
{
	size_t done = atomic_load(&r->done), all = r->plan->step_count;
	int64_t now = replay_monotonic_ms();
	double s = (double)(now - p->began_ms) / 1000;
	double rate = s > 0 ? (double)(done - p->began_at) / s : 0;

	if (r->quiet ||
	    (!last && now - p->said_ms < (p->tty ? TTY_EVERY_MS : LINE_EVERY_MS)))
		return;
	p->said_ms = now;
	(void)fprintf(stderr, "%s%zu of %zu steps (%.0f%%), %.0f/s, %.0f s left%s",
		      p->tty ? "\r" : "", done, all,
		      all > 0 ? 100 * (double)done / (double)all : 100, rate,
		      rate > 0 ? (double)(all - done) / rate : 0,
		      p->tty && !last ? "   " : "\n");
}

/* ---- Steps ---- */

struct task {
	struct replay *r;
	unsigned lane;
	const struct replay_run *run;
	struct troth_id last; /* Zero: it had no step. */
	struct troth_why why;
	enum troth_err err;
};

static void *send_lane(void *arg)
{
	struct task *t = arg;

	t->err = replay_send(t->r, t->lane, t->run, &t->last, &t->why);
	return NULL;
}

/* The gateways of a phase at the same time, each in its own order. */
static enum troth_err send_phase(struct replay *r, unsigned phase,
				 const struct replay_run *run,
				 struct task tasks[REPLAY_PARTS_MAX],
				 struct troth_why *why)
{
	const struct replay_set *set = r->plan->set;
	pthread_t threads[REPLAY_PARTS_MAX];
	bool started[REPLAY_PARTS_MAX] = { false };
	enum troth_err err = TROTH_OK;
	int rc = 0;

	for (unsigned i = 0; i < set->lane_count && rc == 0; i++) {
		tasks[i] = (struct task){ .r = r, .lane = i, .run = run };
		if (set->parts[i].phase != phase)
			continue;
		rc = pthread_create(&threads[i], NULL, send_lane, &tasks[i]);
		started[i] = rc == 0;
	}
	if (rc != 0)
		err = troth_fail(why, TROTH_ERR_IO, "thread: %s", strerror(rc));
	for (unsigned i = 0; i < set->lane_count; i++) {
		if (!started[i])
			continue;
		(void)pthread_join(threads[i], NULL);
		if (err == TROTH_OK && tasks[i].err != TROTH_OK) {
			err = tasks[i].err;
			*why = tasks[i].why;
		}
	}
	return err;
}

/* Waits until what was saved is sequenced, and everybody who may act next has it. */
static enum troth_err settle(struct replay *r, const struct task tasks[REPLAY_PARTS_MAX],
			     struct troth_why *why)
{
	unsigned lanes = r->plan->set->lane_count;
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < lanes && err == TROTH_OK; i++)
		if (!troth_id_is_zero(&tasks[i].last))
			err = settle_node(r, r->parts[i], &tasks[i].last, why);
	for (unsigned i = 0; i < lanes && err == TROTH_OK; i++)
		err = settle_node(r, r->parts[i], &no_subject, why);
	return err;
}

static enum troth_err take_run(struct replay *r, const struct replay_run *run,
			       struct troth_why *why)
{
	struct task tasks[REPLAY_PARTS_MAX];
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < r->plan->set->phase_count && err == TROTH_OK; i++) {
		err = send_phase(r, i, run, tasks, why);
		if (err == TROTH_OK)
			err = settle(r, tasks, why);
	}
	return err;
}

static enum troth_err set_clocks(struct replay *r, struct troth_time to,
				 struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < r->node_count && err == TROTH_OK; i++)
		err = replay_node_set_clock(&r->nodes[i], to, why);
	return err;
}

enum troth_err replay_steps(struct replay *r, struct troth_why *why)
{
	const struct replay_plan *p = r->plan;
	struct progress progress = { .began_ms = replay_monotonic_ms(),
				     .tty = isatty(STDERR_FILENO) == 1 };
	enum troth_err err = TROTH_OK;

	r->batch_of = calloc(p->subject_count + 1, sizeof(*r->batch_of));
	if (r->batch_of == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	if (r->first_run > 0)
		progress.began_at = p->runs[r->first_run - 1].end;
	atomic_store(&r->done, progress.began_at);
	progress.said_ms = progress.began_ms;
	for (size_t i = r->first_run; i < p->run_count && err == TROTH_OK; i++) {
		err = take_run(r, &p->runs[i], why);
		if (err == TROTH_OK)
			err = set_clocks(r, replay_run_time(p, i), why);
		say_progress(r, &progress, false);
	}
	if (err == TROTH_OK)
		err = set_clocks(r, r->as_of, why);
	for (unsigned k = 1; k < r->node_count && err == TROTH_OK; k++)
		err = settle_node(r, &r->nodes[k], &no_subject, why);
	say_progress(r, &progress, true);
	free(r->batch_of);
	r->batch_of = NULL;
	return err;
}
