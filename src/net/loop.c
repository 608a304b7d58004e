#include "loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __SANITIZE_THREAD__
/*
 * nng counts references to dialers with atomics that the sanitizer cannot see in
 * a library built without it, so it takes the last owner's destruction of a mutex
 * for a race with an earlier lock.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race_top:pthread_mutex_destroy\n";
}
#endif

static uint64_t monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

enum troth_err loop_init(struct bus_loop *l, const struct bus_owner *owner,
			 struct troth_why *why)
{
	pthread_condattr_t attr;
	int failed;

	memset(l, 0, sizeof(*l));
	l->ready_end = &l->ready;
	l->owner = *owner;
	l->now_ms = monotonic_ms();
	troth_wheel_init(&l->wheel, l->now_ms);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	failed = pthread_cond_init(&l->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (failed != 0)
		return troth_fail(why, TROTH_ERR_MEMORY, "condition variable: %s",
				  strerror(failed));
	return TROTH_OK;
}

/* With l->lock held. */
static void wake(struct bus_loop *l)
{
	if (l->asleep) {
		l->asleep = false;
		(void)pthread_cond_signal(&l->wake);
	}
}

bool loop_reserve(struct bus_loop *l, size_t n)
{
	struct bus_cmds *c = &l->inbox;
	size_t cap = c->cap == 0 ? 64 : c->cap;
	struct bus_cmd *items;

	while (cap < c->count + n)
		cap *= 2;
	if (cap == c->cap)
		return true;
	items = realloc(c->items, cap * sizeof(*items));
	if (items == NULL)
		return false;
	c->items = items;
	c->cap = cap;
	return true;
}

void loop_put(struct bus_loop *l, const struct bus_cmd *cmd)
{
	assert(l->inbox.count < l->inbox.cap);
	l->inbox.items[l->inbox.count++] = *cmd;
	wake(l);
}

bool loop_post(struct bus_loop *l, const struct bus_cmd *cmd)
{
	bool room;

	(void)pthread_mutex_lock(&l->lock);
	room = loop_reserve(l, 1);
	if (room)
		loop_put(l, cmd);
	(void)pthread_mutex_unlock(&l->lock);
	return room;
}

/* On one of nng's threads: there are few of them, and they serve everybody. */
static void io_finished(void *arg)
{
	struct bus_io *io = arg;
	struct bus_loop *l = io->loop;

	(void)pthread_mutex_lock(&l->lock);
	io->next = NULL;
	*l->ready_end = io;
	l->ready_end = &io->next;
	wake(l);
	(void)pthread_mutex_unlock(&l->lock);
}

bool io_init(struct bus_io *io, struct bus_loop *l, void *owner,
	     void (*done)(void *owner))
{
	*io = (struct bus_io){ .loop = l, .owner = owner, .done = done };
	if (nng_aio_alloc(&io->aio, io_finished, io) != 0) {
		io->aio = NULL;
		return false;
	}
	/* Time-outs are ours: an expiring nng timer costs up to 170 us of CPU. */
	nng_aio_set_timeout(io->aio, NNG_DURATION_INFINITE);
	return true;
}

void io_fini(struct bus_io *io)
{
	assert(!io->busy);
	if (io->aio != NULL)
		nng_aio_free(io->aio);
	io->aio = NULL;
}

void io_begin(struct bus_io *io)
{
	assert(!io->busy);
	io->busy = true;
	io->loop->busy++;
}

void loop_timer_init(struct bus_timer *t, void *owner, void (*fire)(void *owner))
{
	*t = (struct bus_timer){ .fire = fire, .owner = owner };
	t->timer.owner = t;
}

void loop_timer_set(struct bus_loop *l, struct bus_timer *t, uint64_t at_ms)
{
	troth_wheel_set(&l->wheel, &t->timer, at_ms);
}

void loop_timer_clear(struct bus_loop *l, struct bus_timer *t)
{
	troth_wheel_clear(&l->wheel, &t->timer);
}

/* With l->lock held: returns when there is something to do. */
static void sleep_until_work(struct bus_loop *l, bool stopping)
{
	uint64_t wait_ms = troth_wheel_wait(&l->wheel, monotonic_ms());
	uint64_t at_ms = monotonic_ms() + (wait_ms < 3600000 ? wait_ms : 3600000);
	struct timespec at = { .tv_sec = (time_t)(at_ms / 1000),
			       .tv_nsec = (long)(at_ms % 1000) * 1000000 };
	int rc = 0;

	while (l->ready == NULL && l->inbox.count == 0 && l->stop == stopping &&
	       wait_ms > 0 && rc == 0) {
		l->asleep = true;
		rc = pthread_cond_timedwait(&l->wake, &l->lock, &at);
	}
	l->asleep = false;
}

static void run_round(struct bus_loop *l, struct bus_io *ready, struct bus_cmds *cmds)
{
	struct troth_timer *due;

	while (ready != NULL) {
		struct bus_io *io = ready;

		ready = io->next;
		io->busy = false;
		l->busy--;
		io->done(io->owner);
	}
	for (size_t i = 0; i < cmds->count; i++)
		l->owner.on_cmd(l->owner.ctx, &cmds->items[i]);
	cmds->count = 0;
	while ((due = troth_wheel_due(&l->wheel, l->now_ms)) != NULL) {
		struct bus_timer *t = due->owner;

		t->fire(t->owner);
	}
	l->owner.round_end(l->owner.ctx);
}

static void *run(void *arg)
{
	struct bus_loop *l = arg;
	struct bus_cmds work = { 0 };
	bool stopping = false;

	l->owner.round_end(l->owner.ctx); /* Begins what the owner always has running. */
	while (!stopping || l->busy > 0) {
		struct bus_cmds taken;
		struct bus_io *ready;
		bool stop;

		(void)pthread_mutex_lock(&l->lock);
		sleep_until_work(l, stopping);
		ready = l->ready;
		l->ready = NULL;
		l->ready_end = &l->ready;
		taken = l->inbox;
		l->inbox = work;
		stop = l->stop;
		(void)pthread_mutex_unlock(&l->lock);

		work = taken;
		l->now_ms = monotonic_ms();
		run_round(l, ready, &work);
		if (stop && !stopping) {
			stopping = true;
			l->owner.on_stop(l->owner.ctx);
			l->owner.round_end(l->owner.ctx);
		}
	}
	free(work.items);
	return NULL;
}

enum troth_err loop_start(struct bus_loop *l, struct troth_why *why)
{
	sigset_t all, before;
	int failed;

	/* Signals are for the program's main thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&l->thread, NULL, run, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return troth_fail(why, TROTH_ERR_MEMORY, "bus thread: %s",
				  strerror(failed));
	l->running = true;
	return TROTH_OK;
}

void loop_stop(struct bus_loop *l)
{
	if (!l->running)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->stop = true;
	wake(l);
	(void)pthread_mutex_unlock(&l->lock);
	(void)pthread_join(l->thread, NULL);
	l->running = false;
}

void loop_fini(struct bus_loop *l)
{
	for (size_t i = 0; i < l->inbox.count; i++)
		troth_buf_fini(&l->inbox.items[i].payload);
	free(l->inbox.items);
	(void)pthread_cond_destroy(&l->wake);
	(void)pthread_mutex_destroy(&l->lock);
}
