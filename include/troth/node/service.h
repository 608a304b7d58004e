/*
 * service - a daemon's dealings with the system: signals and systemd.
 *
 * Signals are waited for by a thread of their own, so that nothing runs in a
 * signal handler:
 *
 *   SIGTERM, SIGINT   on_stop; a second one ends the process at once with 1
 *   SIGHUP            on_reload
 *   SIGALRM           stopping has taken too long: ends the process with 1
 *   SIGPIPE           ignored
 *
 * systemd is told READY, STATUS, STOPPING; and, while the core thread says that
 * it makes progress, that the watchdog need not bite. Without systemd all of
 * that costs nothing.
 */
#ifndef TROTH_NODE_SERVICE_H
#define TROTH_NODE_SERVICE_H

#include "troth/base/err.h"

#include <stdint.h>

struct troth_service;

/* Called on the signal thread, which they must not hold up. */
struct troth_service_callbacks {
	void *ctx;
	void (*on_stop)(void *ctx); /* Once. */
	void (*on_reload)(void *ctx);
};

/*
 * Begins to wait for signals. To be called before any other thread is made,
 * because threads inherit what is blocked. `callbacks` is copied. Once in a
 * process at a time.
 */
TROTH_MUST_USE enum troth_err troth_service_open(
	struct troth_service **out, const struct troth_service_callbacks *callbacks,
	struct troth_why *why);

/* Ends the signal thread; signals are blocked from then on. NULL is accepted. */
void troth_service_close(struct troth_service *service);

/* The node serves. `status` is for `systemctl status`. */
void troth_service_ready(struct troth_service *service, const char *status);
void troth_service_status(struct troth_service *service, const char *status);

/* The node is going down. If it still runs after `limit_ms`, the process ends with 1. */
void troth_service_stopping(struct troth_service *service, int64_t limit_ms);

/*
 * From the core thread, as often as it goes round: it is alive. Cheap; systemd
 * is told no more often than it needs. Returns the ms after which it must be
 * called again, INT64_MAX if nobody watches.
 */
int64_t troth_service_alive(struct troth_service *service);

#endif
