/*
 * `troth replay-run`: a federation of its own for one replay, which can be killed
 * again and again meanwhile.
 */
#include "replay_command.h"

#include "troth/crypto/random.h"
#include "troth/ctl/federation.h"
#include "troth/ctl/replay.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KILLS_MAX 100
#define LOOK_MS   5

enum { OPT_KILL = 'k', OPT_KEEP = 0x300, OPT_SEED };

struct line {
	struct replay_options o;
	unsigned kills; /* Of each node. */
	uint64_t seed;  /* 0: a random one. */
	const char *keep;
};

static const struct argp_option options[] = {
	{ "kill", OPT_KILL, "TIMES", OPTION_ARG_OPTIONAL,
	  "End each node with kill -9 so many times (1) at random points, and start it "
	  "again",
	  0 },
	{ "seed", OPT_SEED, "NUMBER", 0,
	  "Of these points; a random one if it is not said", 0 },
	{ "keep", OPT_KEEP, "DIR", 0,
	  "Make the federation in DIR, and leave its stores and logs there", 0 },
	{ 0 },
};

/* ---- Killing ---- */

struct strike {
	size_t at; /* Steps that have been taken by then. */
	unsigned node;
};

struct killer {
	struct troth_federation *f;
	const struct replay *replay;
	size_t count;
	struct strike strikes[KILLS_MAX * TROTH_FEDERATION_NODES_MAX];
	atomic_bool enough;
	struct troth_why why;
	enum troth_err err;
	/* Children die with the thread that made them, so it stays to the end. */
	pthread_mutex_t lock;
	pthread_cond_t end;
	bool at_rest, may_end;
	pthread_t thread;
};

/* Steele, Lea and Flood's SplitMix64: a seed replays the same points. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int by_point(const void *a, const void *b)
{
	const struct strike *x = a, *y = b;

	return x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

static void *kill_all(void *arg)
{
	struct killer *k = arg;

	for (size_t i = 0; i < k->count && k->err == TROTH_OK; i++) {
		while (atomic_load(&k->replay->done) < k->strikes[i].at &&
		       !atomic_load(&k->enough))
			(void)poll(NULL, 0, LOOK_MS);
		troth_federation_kill(k->f, k->strikes[i].node);
		k->err = troth_federation_start(k->f, k->strikes[i].node, &k->why);
	}
	(void)pthread_mutex_lock(&k->lock);
	k->at_rest = true;
	(void)pthread_cond_broadcast(&k->end);
	while (!k->may_end)
		(void)pthread_cond_wait(&k->end, &k->lock);
	(void)pthread_mutex_unlock(&k->lock);
	return NULL;
}

static enum troth_err killer_start(struct killer *k, const struct line *l,
				   struct troth_why *why)
{
	unsigned nodes = troth_federation_count(k->f);
	uint64_t seed = l->seed;
	int rc;

	while (seed == 0)
		troth_random(&seed, sizeof(seed));
	if (l->kills > 0)
		(void)fprintf(stderr, "killing each node %u times, --seed=%llu\n",
			      l->kills, (unsigned long long)seed);
	for (unsigned i = 0; i < l->kills * nodes; i++)
		k->strikes[k->count++] = (struct strike){
			.at = (size_t)(next_random(&seed) % k->replay->plan->step_count),
			.node = i % nodes,
		};
	qsort(k->strikes, k->count, sizeof(k->strikes[0]), by_point);
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->end, NULL);
	rc = pthread_create(&k->thread, NULL, kill_all, k);
	return rc == 0 ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_IO, "thread: %s", strerror(rc));
}

/* Waits until it is through with what it had to do; the thread itself stays. */
static enum troth_err killer_rest(struct killer *k, struct troth_why *why)
{
	atomic_store(&k->enough, true);
	(void)pthread_mutex_lock(&k->lock);
	while (!k->at_rest)
		(void)pthread_cond_wait(&k->end, &k->lock);
	(void)pthread_mutex_unlock(&k->lock);
	if (k->err != TROTH_OK)
		*why = k->why;
	return k->err;
}

static void killer_end(struct killer *k)
{
	(void)pthread_mutex_lock(&k->lock);
	k->may_end = true;
	(void)pthread_cond_broadcast(&k->end);
	(void)pthread_mutex_unlock(&k->lock);
	(void)pthread_join(k->thread, NULL);
	(void)pthread_cond_destroy(&k->end);
	(void)pthread_mutex_destroy(&k->lock);
}

/* ---- Running ---- */

static atomic_bool stopped;

static void on_signal(int sig)
{
	(void)sig;
	atomic_store(&stopped, true);
}

/* Ctrl-C must not leave a federation behind: it is seen at the next request. */
static void watch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static enum troth_err open_federation(struct troth_federation **f,
				      const struct replay_job *job, const char *dir,
				      struct troth_why *why)
{
	const struct troth_federation_spec spec = {
		.domain = "replay.test",
		.dir = dir,
		/* Just before the first step: time begins with it. */
		.clock_start = { job->plan.steps[0].at.ms - 1000 },
		.settings = "api_requests_per_s = 1000000;\nlog_level = \"warn\";\n",
		.party_count = job->set->firm_count,
		.parties = job->set->firms,
		.site_count = job->set->site_count,
		.sites = job->set->sites,
	};

	return troth_federation_open(f, &spec, why);
}

static enum troth_err open_nodes(struct replay *r, const struct troth_federation *f,
				 struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < troth_federation_count(f) && err == TROTH_OK; i++) {
		const struct troth_http_config config = {
			.url = troth_federation_url(f, i),
			.token = troth_federation_token(f, i),
		};

		err = replay_node_open(&r->nodes[r->node_count++], &config, &stopped,
				       why);
	}
	return err;
}

static enum troth_err play(struct replay_job *job, const struct line *l,
			   struct troth_why *why)
{
	struct killer *k = calloc(1, sizeof(*k));
	struct troth_federation *f = NULL;
	bool killing = false;
	enum troth_err err = TROTH_OK, rest;

	if (k == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	err = open_federation(&f, job, l->keep, why);
	if (err == TROTH_OK)
		err = open_nodes(&job->replay, f, why);
	if (err != TROTH_OK)
		goto out;
	k->f = f;
	k->replay = &job->replay;
	err = killer_start(k, l, why);
	killing = err == TROTH_OK;
	if (err == TROTH_OK)
		err = replay_play(job, why);
	if (killing) {
		struct troth_why late = { "" };

		rest = killer_rest(k, &late);
		if (err == TROTH_OK && rest != TROTH_OK) {
			err = rest;
			*why = late;
		}
	}
	if (err == TROTH_OK)
		err = replay_tell(job, &l->o, why);
out:
	troth_federation_close(f);
	if (killing)
		killer_end(k);
	free(k);
	return err;
}

/* ---- The command ---- */

static uint64_t read_count(struct argp_state *state, const char *name, const char *arg,
			   uint64_t most)
{
	char *end;
	unsigned long long v = strtoull(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end != '\0' || v < 1 || v > most)
		argp_error(state, "--%s \"%s\": must be a number from 1 on", name, arg);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct line *l = state->input;

	switch (key) {
	case OPT_KILL:
		l->kills = arg == NULL
				   ? 1
				   : (unsigned)read_count(state, "kill", arg, KILLS_MAX);
		return 0;
	case OPT_SEED:
		l->seed = read_count(state, "seed", arg, UINT64_MAX);
		return 0;
	case OPT_KEEP:
		l->keep = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &l->o;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int troth_ctl_replay_run(int argc, char **argv)
{
	static char name[] = "troth replay-run";
	static const struct argp_child children[] = { { &replay_argp, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = REPLAY_ARGS,
		.doc = "Replays real orders or cases into a federation that is made for it, asks "
		       "it what became of every promise, and throws it away.\vExit "
		       "codes: 0 done; 1 a node refused or failed; 2 the command line or "
		       "the files are unusable.",
		.children = children,
	};
	struct line line = { .o = { 0 } };
	struct replay_job job = { 0 };
	struct troth_why why = { "" };
	enum troth_err err;
	int code = 2;

	argv[0] = name;
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
		return 2;
	err = replay_load(&job, &line.o, &why);
	if (err == TROTH_OK) {
		watch_signals();
		err = play(&job, &line, &why);
		code = err == TROTH_OK ? 0 : 1;
	}
	if (err != TROTH_OK)
		(void)fprintf(stderr, "%s: %s\n", name, why.text);
	replay_unload(&job);
	return code;
}
