#include "replay_command.h"

#include "replay_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_RULE = 'r', OPT_AT = 0x200, OPT_AS_OF, OPT_JSON, OPT_REPORT, OPT_QUIET = 'q' };

static const struct argp_option options[] = {
	{ "rule", OPT_RULE, "RULE", 0,
	  "olist: instant, a delivery is due at the estimated instant (default); or "
	  "end-of-day, at 23:59:59 of that day",
	  0 },
	{ "as-of", OPT_AS_OF, "TIME", 0,
	  "When what was never done is overdue, and where the clocks are in the end "
	  "(2018-10-18T00:00:00Z with olist, 2026-01-01T00:00:00Z with boston311)",
	  0 },
	{ "at", OPT_AT, "NODE", 0,
	  "Whose state is asked for the report: central (default); gateway, the one of the "
	  "brand; or both, which must then agree",
	  0 },
	{ "report", OPT_REPORT, NULL, 0, "Print what became of the promises", 0 },
	{ "json", OPT_JSON, NULL, 0, "The same, all of it, as one JSON object", 0 },
	{ "quiet", OPT_QUIET, NULL, 0, "No progress on stderr", 0 },
	{ 0 },
};

static const struct replay_set *const sets[] = { &replay_olist, &replay_boston311 };

static void read_rule(struct argp_state *state, struct replay_options *o, const char *arg)
{
	o->rule = arg;
	o->end_of_day = strcmp(arg, "end-of-day") == 0;
	if (!o->end_of_day && strcmp(arg, "instant") != 0)
		argp_error(state, "--rule \"%s\": must be instant or end-of-day", arg);
}

static void read_at(struct argp_state *state, struct replay_options *o, const char *arg)
{
	bool both = strcmp(arg, "both") == 0;

	o->at_central = both || strcmp(arg, "central") == 0;
	o->at_gateway = both || strcmp(arg, "gateway") == 0;
	if (!o->at_central && !o->at_gateway)
		argp_error(state, "--at \"%s\": must be central, gateway or both", arg);
}

static void read_argument(struct argp_state *state, struct replay_options *o, char *arg)
{
	if (state->arg_num == 1)
		o->dir = arg;
	else if (state->arg_num > 1)
		argp_error(state, "too many arguments, from \"%s\" on", arg);
	if (state->arg_num > 0)
		return;
	for (size_t i = 0; i < TROTH_LEN(sets); i++)
		if (strcmp(arg, sets[i]->name) == 0)
			o->set = sets[i];
	if (o->set == NULL)
		argp_error(state, "\"%s\": the data sets are olist and boston311", arg);
}

static void check_all(struct argp_state *state, struct replay_options *o)
{
	if (o->dir == NULL)
		argp_error(state, "too few arguments: want " REPLAY_ARGS);
	if (o->rule != NULL && !o->set->has_rule)
		argp_error(state, "--rule says nothing of %s", o->set->name);
	if (o->as_of.ms == 0 && !troth_time_parse(&o->as_of, o->set->as_of))
		argp_error(state, "--as-of must be said");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;

	switch (key) {
	case OPT_RULE:
		read_rule(state, o, arg);
		return 0;
	case OPT_AT:
		read_at(state, o, arg);
		return 0;
	case OPT_AS_OF:
		if (!troth_time_parse(&o->as_of, arg) || o->as_of.ms == 0)
			argp_error(state, "--as-of %s: not an RFC 3339 time", arg);
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_REPORT:
		o->report = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		read_argument(state, o, arg);
		return 0;
	case ARGP_KEY_END:
		check_all(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp replay_argp = { .options = options, .parser = parse };

enum troth_err replay_load(struct replay_job *job, const struct replay_options *o,
			   struct troth_why *why)
{
	struct troth_time end;
	char text[TROTH_TIME_TEXT];
	enum troth_err err;

	job->set = o->set;
	err = o->set->load(&job->data, o->dir, why);
	if (err != TROTH_OK)
		return err;
	job->plan = (struct replay_plan){ .set = o->set,
					  .data = job->data,
					  .end_of_day = o->end_of_day };
	err = o->set->plan(&job->plan, why);
	if (err != TROTH_OK)
		return err;
	end = replay_run_time(&job->plan, job->plan.run_count - 1);
	if (o->as_of.ms < end.ms) {
		troth_time_format(text, end);
		return troth_fail(why, TROTH_ERR_INPUT,
				  "--as-of is before the last step, which is at %s",
				  text);
	}
	job->replay.plan = &job->plan;
	job->replay.as_of = o->as_of;
	job->replay.quiet = o->quiet;
	return TROTH_OK;
}

void replay_unload(struct replay_job *job)
{
	for (unsigned i = 0; i < job->replay.node_count; i++)
		replay_node_close(&job->replay.nodes[i]);
	replay_plan_free(&job->plan);
	if (job->set != NULL)
		job->set->free(job->data);
}

enum troth_err replay_play(struct replay_job *job, struct troth_why *why)
{
	enum troth_err err = replay_meet(&job->replay, why);

	if (err == TROTH_OK)
		err = replay_parties(&job->replay, why);
	if (err == TROTH_OK)
		err = replay_steps(&job->replay, why);
	return err;
}

static enum troth_err print(const struct replay_set *set, const json_t *report,
			    bool as_json, struct troth_why *why)
{
	char *text = NULL;
	bool ok = true;

	if (as_json) {
		text = json_dumps(report, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		ok = text != NULL && printf("%s\n", text) > 0;
	} else {
		set->print(report, stdout);
	}
	free(text);
	if (!ok || fflush(stdout) != 0)
		return troth_fail(why, TROTH_ERR_IO, "the report cannot be written");
	return TROTH_OK;
}

static enum troth_err make_report(json_t **out, struct replay_job *job,
				  struct replay_node *node, struct troth_time as_of,
				  struct troth_why *why)
{
	struct facts facts;
	enum troth_err err = facts_read(&facts, node, &job->plan, as_of, why);

	if (err == TROTH_OK) {
		*out = job->set->report(&job->plan, &facts, as_of);
		if (*out == NULL)
			err = troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	}
	facts_free(&facts);
	return err;
}

enum troth_err replay_tell(struct replay_job *job, const struct replay_options *o,
			   struct troth_why *why)
{
	struct replay *r = &job->replay;
	json_t *central = NULL, *gateway = NULL;
	enum troth_err err = TROTH_OK;

	if (o->at_gateway && r->sees_all == NULL)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "--at gateway needs a gateway of the brand");
	if (o->at_central || !o->at_gateway)
		err = make_report(&central, job, r->central, o->as_of, why);
	if (err == TROTH_OK && o->at_gateway)
		err = make_report(&gateway, job, r->sees_all, o->as_of, why);
	if (err == TROTH_OK && central != NULL && gateway != NULL &&
	    !json_equal(central, gateway))
		err = troth_fail(why, TROTH_ERR_INPUT, "%s and %s do not say the same",
				 troth_http_url(r->central->http),
				 troth_http_url(r->sees_all->http));
	if (err == TROTH_OK)
		err = print(o->set, central != NULL ? central : gateway, o->json, why);
	json_decref(central);
	json_decref(gateway);
	return err;
}
