/* The run of one seed: the queue, the clock, the trace, the phases. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After healing, all must have converged within so much simulated time. */
#define CONVERGE_MS (6 * 60000)
/* No due lies further ahead than this (draft.c), holds included. */
#define LAST_DUE_MS (8 * 60000)
/* What shares are moved about for comes to rest within so much, idleness included. */
#define SHARES_REST_MS (100 * 1000)

/* ---- The trace ---- */

static void mix(struct sim *s, const char *text)
{
	for (; *text != '\0'; text++)
		s->hash = (s->hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
}

void sim_log(struct sim *s, const char *fmt, ...)
{
	char *line = s->log[s->log_count++ % LOG_LINES];
	int n = snprintf(line, LOG_WIDTH, "%9.3f ", (double)(s->now - START_MS) / 1000);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line + n, LOG_WIDTH - (size_t)n, fmt, ap);
	va_end(ap);
	mix(s, line);
	if (s->options.trace)
		printf("%s\n", line);
}

void sim_fail(struct sim *s, const char *invariant, const char *fmt, ...)
{
	uint64_t first = s->log_count > LOG_LINES ? s->log_count - LOG_LINES : 0;
	va_list ap;

	for (uint64_t i = first;
	     i < s->log_count && !s->options.trace && !s->options.brief; i++)
		printf("  %s\n", s->log[i % LOG_LINES]);
	printf("seed %llu: %s: ", (unsigned long long)s->seed, invariant);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	(void)fflush(stdout);
	_Exit(1);
}

/* ---- The queue: a binary heap by time, then by order of asking ---- */

static bool before(const struct happening *a, const struct happening *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_push(struct sim *s, int64_t at, enum what what, unsigned who, uint64_t of)
{
	struct queue *q = &s->queue;
	struct happening h = { at < s->now ? s->now : at, ++q->order, what, who, of };
	size_t i;

	if (q->count == q->cap) {
		q->cap = q->cap == 0 ? 256 : 2 * q->cap;
		q->all = realloc(q->all, q->cap * sizeof(*q->all));
		if (q->all == NULL)
			abort();
	}
	for (i = q->count++; i > 0 && before(&h, &q->all[(i - 1) / 2]); i = (i - 1) / 2)
		q->all[i] = q->all[(i - 1) / 2];
	q->all[i] = h;
}

static struct happening pop(struct queue *q)
{
	struct happening first = q->all[0], last = q->all[--q->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < q->count) {
		if (child + 1 < q->count && before(&q->all[child + 1], &q->all[child]))
			child++;
		if (before(&last, &q->all[child]))
			break;
		q->all[i] = q->all[child];
		i = child;
	}
	q->all[i] = last;
	return first;
}

/* ---- What happens ---- */

int64_t node_time(const struct sim *s, const struct node *n)
{
	return s->now + n->skew;
}

static void happen(struct sim *s, const struct happening *h)
{
	struct node *n = h->what == SIM_CLIENT ? NULL : &s->nodes[h->who];

	switch (h->what) {
	case SIM_ARRIVE:
		net_arrive(s, h->what_of, (enum direction)h->who);
		break;
	case SIM_CONNECT:
		n->connecting = false;
		net_connect(s, n);
		break;
	case SIM_TURN:
		if (h->what_of == n->turn_stamp && n->up)
			node_turn(s, n);
		break;
	case SIM_CLIENT:
		people_act(s, &s->clients[h->who], h->what_of);
		break;
	case SIM_FAULT:
		if (!s->calm)
			fault_strike(s);
		break;
	case SIM_BOOT:
		if (!n->up && h->what_of == n->boots)
			node_boot(s, n);
		break;
	case SIM_WINDOW_ENDS:
		fault_window_ends(s);
		break;
	case SIM_HEAL:
		break;
	}
}

/* Lets everything happen up to `until`; false: the queue is empty. */
static void run_until(struct sim *s, int64_t until)
{
	while (s->queue.count > 0 && s->queue.all[0].at <= until) {
		struct happening h = pop(&s->queue);

		s->now = h.at;
		s->steps++;
		happen(s, &h);
	}
	s->now = until;
}

static void run_steps(struct sim *s, uint64_t steps)
{
	for (uint64_t i = 0; i < steps && s->queue.count > 0; i++) {
		struct happening h = pop(&s->queue);

		s->now = h.at;
		s->steps++;
		happen(s, &h);
	}
}

/* ---- The phases ---- */

static void make_nodes(struct sim *s)
{
	static const struct {
		const char *party, *site;
	} sites[] = {
		{ "acme", "main" },   { "acme", "cebu" }, { "zeta", "main" },
		{ "swift", "depot" }, { "shop", "web" },  { "brand", "hq" },
	};
	unsigned count = (unsigned)dice_between(&s->dice, 2, SITES_MAX);
	unsigned from = (unsigned)dice_below(&s->dice, TROTH_LEN(sites));

	s->node_count = count + 1;
	for (unsigned i = 0; i < s->node_count; i++) {
		struct node *n = &s->nodes[i];
		static struct troth_sign_key *keys[NODES_MAX];
		uint8_t seed[TROTH_SEED_LEN] = { (uint8_t)(i + 1), 7 };

		n->sim = s;
		n->number = i;
		n->disk = memkv_disk_new();
		if (keys[i] == NULL)
			keys[i] = troth_sign_key_from_seed(seed);
		n->signer = troth_signer_of(keys[i]);
		if (i == 0) {
			(void)strcpy(n->origin, CENTRAL);
			continue;
		}
		/* Some have never had the right time. */
		if (dice_percent(&s->dice, 25))
			n->skew = dice_between(&s->dice, -120000, 20000);
		unsigned which = (from + i - 1) % TROTH_LEN(sites);
		(void)strcpy(n->party, sites[which].party);
		(void)strcpy(n->feed_party, sites[which].party);
		(void)strcpy(n->site, sites[which].site);
		(void)snprintf(n->origin, sizeof(n->origin), DOMAIN "/gw/%s/%s",
			       sites[which].party, sites[which].site);
		sim_log(s, "site %u is %s", i, n->origin);
	}
}

/* Everything is repaired; all that was promised must come true in bounded time. */
static void converge(struct sim *s, const char *when)
{
	int64_t deadline = s->now + CONVERGE_MS;
	const char *missing;

	while ((missing = final_missing(s)) != NULL) {
		if (s->now >= deadline)
			sim_fail(s, "liveness", "%s, after %d s: %s", when,
				 CONVERGE_MS / 1000, missing);
		run_until(s, s->now + 1000);
	}
	sim_log(s, "%s: all has converged", when);
}

/* HQ looks into every share that is still frozen; then what follows may follow. */
static void thaw_all(struct sim *s)
{
	bool any = book_is_frozen(s);

	for (unsigned i = 0; book_is_frozen(s); i++) {
		struct op *op = op_new(s, 0);

		if (i > 100)
			sim_fail(s, "shares", "a share stays frozen, whatever HQ does");
		if (authority_thaw(s, op))
			people_hq(s, op);
		run_until(s, s->now + 5000);
	}
	if (any)
		run_until(s, s->now + SHARES_REST_MS);
}

static void finish(struct sim *s)
{
	sim_log(s, "calm from here on");
	s->calm = true;
	fault_heal(s);
	converge(s, "after the troubles");
	final_check(s);
	/* Now nobody says anything any more, and the clock alone works. */
	run_until(s, s->now + LAST_DUE_MS);
	converge(s, "after the last due");
	thaw_all(s);
	converge(s, "after the last thaw");
	final_check(s);
	final_settled(s);
	book_settled(s);
}

static void sim_free(struct sim *s)
{
	people_fini(s);
	for (unsigned i = 0; i < s->node_count; i++) {
		struct node *n = &s->nodes[i];

		if (n->up)
			node_kill(s, n);
		for (unsigned k = 0; k < IMAGES_MAX; k++)
			memkv_image_free(n->images[k]);
		memkv_disk_free(n->disk);
		troth_buf_fini(&n->last_submit);
	}
	net_fini(s);
	oracle_free(s->oracle);
	free(s->queue.all);
	free(s->view);
	free(s->scratch);
	free(s);
}

static void tell_stats(const struct sim *s)
{
	const struct counts *c = &s->counts;

	printf("seed %llu: sites %u steps %llu sim-s %lld | done %llu declined %llu stale %llu "
	       "flawed %llu reused %llu no_room %llu stopping %llu no_brand %llu | retries "
	       "%llu repeated %llu reads %llu fresh %llu/%llu | entries %llu refused %llu "
	       "flagged %llu broken %llu kept %llu violated %llu expired %llu discharged "
	       "%llu ack_overdue %llu | cuts %llu crashes %llu restores %llu back %llu "
	       "rogues %llu full %llu dooms %llu | yes %llu ask %llu no %llu spoken %llu late "
	       "%llu allotted %llu recalled %llu returned %llu freed %llu frozen %llu thawed "
	       "%llu supervised %llu | hash %016llx\n",
	       (unsigned long long)s->seed, s->node_count - 1,
	       (unsigned long long)s->steps, (long long)(s->now - START_MS) / 1000,
	       (unsigned long long)c->told[1], (unsigned long long)c->told[2],
	       (unsigned long long)c->told[3], (unsigned long long)c->told[4],
	       (unsigned long long)c->told[5], (unsigned long long)c->told[6],
	       (unsigned long long)c->told[7], (unsigned long long)c->told[8],
	       (unsigned long long)c->retries, (unsigned long long)c->repeated,
	       (unsigned long long)c->reads, (unsigned long long)c->fresh_ok,
	       (unsigned long long)(c->fresh_ok + c->fresh_no),
	       (unsigned long long)c->entries, (unsigned long long)c->refused,
	       (unsigned long long)c->flagged, (unsigned long long)c->broken,
	       (unsigned long long)c->kept, (unsigned long long)c->violated,
	       (unsigned long long)c->expired, (unsigned long long)c->discharged,
	       (unsigned long long)c->ack_overdue, (unsigned long long)c->cuts,
	       (unsigned long long)c->crashes, (unsigned long long)c->restores,
	       (unsigned long long)c->went_back, (unsigned long long)c->rogues,
	       (unsigned long long)c->full, (unsigned long long)c->dooms,
	       (unsigned long long)c->answers[TROTH_ANSWER_YES],
	       (unsigned long long)c->answers[TROTH_ANSWER_ASK],
	       (unsigned long long)c->answers[TROTH_ANSWER_NO],
	       (unsigned long long)c->spoken, (unsigned long long)c->late,
	       (unsigned long long)c->allotted, (unsigned long long)c->recalled,
	       (unsigned long long)c->returned, (unsigned long long)c->freed,
	       (unsigned long long)c->frozen, (unsigned long long)c->thawed,
	       (unsigned long long)c->supervised, (unsigned long long)s->hash);
}

uint64_t sim_run(uint64_t seed, const struct options *options)
{
	struct sim *s = calloc(1, sizeof(*s));
	uint64_t hash;

	if (s == NULL)
		abort();
	s->seed = seed;
	s->options = *options;
	s->hash = UINT64_C(14695981039346656037);
	s->now = START_MS;
	s->view = calloc(1, sizeof(*s->view));
	s->scratch = calloc(1, sizeof(*s->scratch));
	s->oracle = oracle_new();
	if (s->view == NULL || s->scratch == NULL)
		abort();
	dice_seed(&s->dice, seed);
	make_nodes(s);
	for (unsigned i = 0; i < s->node_count; i++)
		node_boot(s, &s->nodes[i]);
	people_init(s);
	fault_init(s);
	run_steps(s, s->options.steps);
	finish(s);
	hash = s->hash;
	if (s->options.stats)
		tell_stats(s);
	sim_free(s);
	return hash;
}
