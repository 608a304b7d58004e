/*
 * bench_replica - how many commands a second one core of a site saves and submits.
 *
 *     bench_replica [directory [commands [at_once]]]
 *
 * Each command is decided on the view and saved with its indexes on a real store
 * with a real fsync for every `at_once` commands; half of them open a case, the
 * other half make a promise on it. Then all of it is sealed and sent to a central
 * that is not there. "cpu" is what one core could do if the disk took no time.
 */
#include "../unit/replica/replica_kit.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static unsigned done;

static void on_done(struct troth_command *c, const struct troth_result *r)
{
	assert_int_equal(r->status, TROTH_DONE);
	troth_command_free(c);
	done++;
}

static double wall(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void number(struct troth_id *id, uint8_t kind, unsigned n)
{
	*id = (struct troth_id){ { kind, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
				   (uint8_t)(n >> 8), (uint8_t)n } };
}

static struct troth_command *command(struct kit *k, unsigned n)
{
	struct troth_command *c = n % 2 == 0 ? cmd_case(k, 1) : cmd_promise(k, 1, 1);

	number(&c->drafts[0]->subject, 1, n / 2);
	if (n % 2 == 1) {
		number(&c->drafts[0]->u.promise.id, 2, n / 2);
		TROTH_TEXT_SET(troth_command_personal(c, 0)->words,
			       "We call you back by tomorrow, I promise.");
	}
	c->has_key = true;
	kit_random(k, &c->key, sizeof(c->key));
	c->done = on_done;
	return c;
}

static void report(const char *what, unsigned n, double seconds, double cpu_seconds)
{
	(void)printf("%-22s %7u  wall %8.0f/s  cpu %8.0f/s\n", what, n, n / seconds,
		     n / cpu_seconds);
}

static void save(struct kit *k, unsigned commands, unsigned at_once)
{
	double begun = wall(), used = 0, mark;

	for (unsigned n = 0; n < commands;) {
		for (unsigned i = 0; i < at_once && n < commands; i++)
			troth_gateway_commands(k->g, command(k, n++));
		k->now.ms++;
		mark = cpu();
		kit_turn(k);
		used += cpu() - mark;
	}
	assert_int_equal(done, commands);
	report("decided and saved", commands, wall() - begun, used);
}

static void submit(struct kit *k, unsigned commands)
{
	double begun, mark;
	uint64_t sent = 0;
	struct kit_request r;

	kit_up(k);
	kit_turn(k);
	assert_true(kit_take(k, TROTH_BUS_HELLO, &r));
	kit_answer_hello(k, &r);
	kit_done(&r);
	begun = wall();
	mark = cpu();
	while (sent < commands) {
		kit_turn(k);
		while (kit_take(k, TROTH_BUS_SUBMIT, &r)) {
			struct troth_bus_reply m = { .type = TROTH_BUS_SUBMIT };

			sent = r.m.u.submit.first_seq + r.m.u.submit.count - 1;
			m.u.submit.taken_seq = sent;
			kit_reply(k, r.id, &m);
			kit_done(&r);
		}
	}
	report("sealed and submitted", commands, wall() - begun, cpu() - mark);
}

int main(int argc, char **argv)
{
	char place[] = "/tmp/troth-bench-XXXXXX";
	const char *dir = argc > 1 ? argv[1] : mkdtemp(place);
	unsigned commands = argc > 2 ? (unsigned)atoi(argv[2]) : 100000;
	unsigned at_once = argc > 3 ? (unsigned)atoi(argv[3]) : 256;
	struct kit *k;

	if (dir == NULL || commands == 0 || at_once == 0) {
		(void)fprintf(stderr,
			      "usage: bench_replica [directory [commands [at_once]]]\n");
		return 2;
	}
	k = kit_new_in(dir);
	kit_found(k);
	kit_up(k);
	kit_serve(k);
	kit_down(k);
	save(k, commands, at_once);
	submit(k, commands);
	kit_free(k);
	return 0;
}
