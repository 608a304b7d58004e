#include "daemon.h"

#include "troth/crypto/random.h"
#include "troth/node/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* After a turn that failed the same work is tried again, but not in a tight loop. */
#define RETRY_MS 200

/* ---- The engine: what the API may ask of the core, from its own thread. ---- */

static void submit(void *ctx, struct troth_command *commands)
{
	struct troth_daemon *d = ctx;
	struct troth_daemon_desk *desk = &d->desk;

	if (commands == NULL)
		return;
	(void)pthread_mutex_lock(&desk->lock);
	*desk->commands_end = commands;
	while (commands->next != NULL)
		commands = commands->next;
	desk->commands_end = &commands->next;
	(void)pthread_mutex_unlock(&desk->lock);
	troth_inbox_nudge(&d->inbox);
}

static void ask(void *ctx, struct troth_question *q)
{
	struct troth_daemon *d = ctx;
	struct troth_daemon_desk *desk = &d->desk;

	q->next = NULL;
	(void)pthread_mutex_lock(&desk->lock);
	*desk->questions_end = q;
	desk->questions_end = &q->next;
	(void)pthread_mutex_unlock(&desk->lock);
	troth_inbox_nudge(&d->inbox);
}

static void link_state(void *ctx, struct troth_link_state *out)
{
	struct troth_daemon *d = ctx;

	(void)pthread_mutex_lock(&d->desk.lock);
	*out = d->desk.link;
	(void)pthread_mutex_unlock(&d->desk.lock);
}

static struct troth_time now(void *ctx)
{
	struct troth_daemon *d = ctx;

	return troth_clock_now(&d->clock);
}

static bool set_clock(void *ctx, struct troth_time to)
{
	struct troth_daemon *d = ctx;
	char text[TROTH_TIME_TEXT];

	if (!troth_clock_set(&d->clock, to))
		return false;
	troth_time_format(text, to);
	troth_log(TROTH_LOG_clock_set, troth_str("to", text));
	troth_inbox_nudge(&d->inbox); /* What is due by then is due now. */
	return true;
}

void daemon_core_init(struct troth_daemon *d)
{
	troth_inbox_init(&d->inbox, (size_t)d->config.inbox_mib << 20);
	troth_inbox_init(&d->control, 0);
	troth_clock_init_real(&d->wall);
	(void)pthread_mutex_init(&d->desk.lock, NULL);
	d->desk.commands_end = &d->desk.commands;
	d->desk.questions_end = &d->desk.questions;
	d->engine = (struct troth_engine){
		.ctx = d,
		.kind = d->role->kind,
		.kv = d->kv,
		.origin = d->self.origin,
		.party = d->self.identity.party,
		.site = d->self.identity.site,
		.zones = &troth_zones_of_system,
		.submit = submit,
		.ask = ask,
		.link = link_state,
		.now = now,
		.set_clock = set_clock,
	};
}

void daemon_core_fini(struct troth_daemon *d)
{
	(void)pthread_mutex_destroy(&d->desk.lock);
	troth_inbox_fini(&d->control);
	troth_inbox_fini(&d->inbox);
}

/* ---- The core thread. ---- */

/* From here on the key that was read again seals; what is sealed stays as it is. */
static void take_key(struct troth_daemon *d)
{
	struct troth_sign_key *key = atomic_exchange(&d->next_key, NULL);

	if (key == NULL)
		return;
	troth_sign_key_free(d->self.key);
	d->self.key = key;
	d->signer = troth_signer_of(key);
}

/* Hands the node all that has come in. */
static void take_in(struct troth_daemon *d, struct troth_mail *mail)
{
	struct troth_daemon_desk *desk = &d->desk;
	struct troth_time at = troth_clock_now(&d->wall);
	struct troth_command *commands;
	struct troth_question *questions, *q;
	struct troth_mail *next;

	(void)pthread_mutex_lock(&desk->lock);
	commands = desk->commands;
	questions = desk->questions;
	desk->commands = NULL;
	desk->commands_end = &desk->commands;
	desk->questions = NULL;
	desk->questions_end = &desk->questions;
	(void)pthread_mutex_unlock(&desk->lock);

	for (; mail != NULL; mail = next) {
		next = mail->next;
		d->role->mail(d, mail, at);
	}
	if (commands != NULL)
		d->role->commands(d, commands);
	while ((q = questions) != NULL) {
		questions = q->next;
		q->next = NULL;
		d->role->ask(d, q, at);
	}
}

static void publish_link(struct troth_daemon *d)
{
	struct troth_link_state link = { 0 };

	d->role->link(d, &link);
	(void)pthread_mutex_lock(&d->desk.lock);
	d->desk.link = link;
	(void)pthread_mutex_unlock(&d->desk.lock);
}

/* How long there is nothing to do unless something comes in. */
static int64_t spare_ms(struct troth_daemon *d)
{
	struct troth_time at = troth_clock_now(&d->wall), wake;

	if (d->clock.simulated)
		d->role->date(d, troth_clock_now(&d->clock));
	if (d->role->busy(d, at))
		return 0;
	wake = d->role->wake(d);
	if (wake.ms == 0)
		return INT64_MAX;
	return wake.ms > at.ms ? wake.ms - at.ms : 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* One turn, if there is anything for it to do. */
static enum troth_err turn(struct troth_daemon *d, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;

	if (spare_ms(d) == 0)
		err = d->role->turn(d, troth_clock_now(&d->wall), why);
	if (err == TROTH_ERR_IO || troth_kv_poisoned(d->kv, NULL))
		troth_daemon_die(d, why);
	publish_link(d);
	return err;
}

/* The log tells of it when it happens, not when the main thread looks next. */
static void tell_of_room(struct troth_daemon *d)
{
	enum troth_kv_room room = troth_kv_room(d->kv);

	if (room == d->room_told)
		return;
	d->room_told = room;
	troth_inbox_nudge(&d->control);
}

static void *run(void *arg)
{
	struct troth_daemon *d = arg;
	enum troth_err err = TROTH_OK, before = TROTH_OK;
	struct troth_why why = { "" };
	int64_t wait_ms;

	while (!atomic_load(&d->core_stop)) {
		wait_ms = least(troth_service_alive(d->service),
				err == TROTH_OK ? spare_ms(d) : RETRY_MS);
		take_in(d, troth_inbox_take(&d->inbox, wait_ms));
		take_key(d);
		err = turn(d, &why);
		if (err != TROTH_OK && err != before)
			troth_log(TROTH_LOG_turn_failed, troth_str("why", why.text));
		before = err;
		tell_of_room(d);
	}
	/* What has come in by now is still taken, and answered one way or the other. */
	d->role->stop(d);
	take_in(d, troth_inbox_take(&d->inbox, 0));
	(void)turn(d, &why);
	return NULL;
}

enum troth_err daemon_core_start(struct troth_daemon *d, struct troth_why *why)
{
	int rc;

	publish_link(d);
	rc = pthread_create(&d->core, NULL, run, d);
	if (rc != 0)
		return troth_fail(why, TROTH_ERR_IO, "core thread: %s", strerror(rc));
	d->core_runs = true;
	return TROTH_OK;
}

void daemon_core_stop(struct troth_daemon *d)
{
	if (!d->core_runs)
		return;
	atomic_store(&d->core_stop, true);
	troth_inbox_nudge(&d->inbox);
	(void)pthread_join(d->core, NULL);
	d->core_runs = false;
}

/* ---- For the roles. ---- */

void troth_daemon_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	troth_random(out, len);
}

void troth_daemon_advanced(struct troth_daemon *d, uint64_t stream_len)
{
	troth_api_advanced(d->api, stream_len);
}

void troth_daemon_note(const char *event, const char *peer, const char *text)
{
	enum troth_log_event e = troth_log_event_named(event);

	if (e == TROTH_LOG_EVENTS)
		troth_log(TROTH_LOG_note, troth_str("name", event),
			  troth_str("peer", peer), troth_str("text", text));
	else if (peer == NULL)
		troth_log(e, troth_str("why", text));
	else
		troth_log(e, troth_str("peer", peer), troth_str("why", text));
}

void troth_daemon_bus_event(const char *name, const char *peer, const char *address,
			    const char *why)
{
	char event[64];
	enum troth_log_event e;

	(void)snprintf(event, sizeof(event), "bus_%s", name);
	e = troth_log_event_named(event);
	troth_log(e == TROTH_LOG_EVENTS ? TROTH_LOG_note : e, troth_str("peer", peer),
		  troth_str("address", address), troth_str("why", why));
}

void troth_daemon_die(struct troth_daemon *d, const struct troth_why *why)
{
	struct troth_why store = { "" };

	if (troth_kv_poisoned(d->kv, &store))
		troth_log(TROTH_LOG_store_poisoned, troth_str("why", store.text));
	troth_log(TROTH_LOG_failed,
		  troth_str("why", why->text[0] != '\0' ? why->text : store.text));
	troth_service_stopping(d->service, d->config.stop_ms);
	_exit(1);
}
