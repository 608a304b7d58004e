#include "troth/node/service.h"

#include "troth/node/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

struct troth_service {
	struct troth_service_callbacks callbacks;
	sigset_t signals;
	pthread_t thread;
	int64_t ping_ms; /* Between two signs of life; 0: nobody watches. */
	int64_t pinged_at_ms;
};

/* Ours, to tell the thread to end: nobody outside has a use for it. */
#define SIGNAL_END SIGUSR2

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void *wait_for_signals(void *arg)
{
	struct troth_service *s = arg;
	bool stopping = false;
	siginfo_t info;
	int number;

	for (;;) {
		number = sigwaitinfo(&s->signals, &info);
		if (number == SIGNAL_END && info.si_pid == getpid())
			return NULL;
		if (number == SIGALRM) {
			troth_log(TROTH_LOG_stop_late);
			_exit(1);
		}
		if (number == SIGHUP)
			s->callbacks.on_reload(s->callbacks.ctx);
		if (number != SIGTERM && number != SIGINT)
			continue;
		if (stopping) {
			troth_log(TROTH_LOG_stop_forced);
			_exit(1);
		}
		stopping = true;
		s->callbacks.on_stop(s->callbacks.ctx);
	}
}

enum troth_err troth_service_open(struct troth_service **out,
				  const struct troth_service_callbacks *callbacks,
				  struct troth_why *why)
{
	struct troth_service *s = calloc(1, sizeof(*s));
	uint64_t watchdog_us = 0;
	int rc;

	*out = NULL;
	if (s == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "service: no memory");
	s->callbacks = *callbacks;
	(void)sigemptyset(&s->signals);
	(void)sigaddset(&s->signals, SIGTERM);
	(void)sigaddset(&s->signals, SIGINT);
	(void)sigaddset(&s->signals, SIGHUP);
	(void)sigaddset(&s->signals, SIGALRM);
	(void)sigaddset(&s->signals, SIGNAL_END);
	(void)pthread_sigmask(SIG_BLOCK, &s->signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		s->ping_ms = (int64_t)(watchdog_us / 3000) + 1;
	rc = pthread_create(&s->thread, NULL, wait_for_signals, s);
	if (rc != 0) {
		free(s);
		return troth_fail(why, TROTH_ERR_IO, "signal thread: %s", strerror(rc));
	}
	*out = s;
	return TROTH_OK;
}

void troth_service_close(struct troth_service *service)
{
	static const struct itimerval never;

	if (service == NULL)
		return;
	(void)setitimer(ITIMER_REAL, &never, NULL);
	(void)pthread_kill(service->thread, SIGNAL_END);
	(void)pthread_join(service->thread, NULL);
	free(service);
}

void troth_service_ready(struct troth_service *service, const char *status)
{
	(void)service;
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void troth_service_status(struct troth_service *service, const char *status)
{
	(void)service;
	(void)sd_notifyf(0, "STATUS=%s", status);
}

void troth_service_stopping(struct troth_service *service, int64_t limit_ms)
{
	const struct itimerval limit = { .it_value = { limit_ms / 1000,
						       limit_ms % 1000 * 1000 } };

	(void)service;
	(void)setitimer(ITIMER_REAL, &limit, NULL);
	(void)sd_notify(0, "STOPPING=1");
}

int64_t troth_service_alive(struct troth_service *service)
{
	int64_t now;

	if (service->ping_ms == 0)
		return INT64_MAX;
	now = monotonic_ms();
	if (service->pinged_at_ms == 0 ||
	    now - service->pinged_at_ms >= service->ping_ms) {
		service->pinged_at_ms = now;
		(void)sd_notify(0, "WATCHDOG=1");
	}
	return service->ping_ms;
}
