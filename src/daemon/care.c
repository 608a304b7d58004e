#include "daemon.h"

#include "troth/node/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS        (INT64_C(24) * 3600 * 1000)
#define CERT_SOON_MS  (7 * DAY_MS)
#define LISTS_SOON_MS (3 * DAY_MS)
/* A step of the system's clock below this is its ordinary correction. */
#define STEP_MS 1000

struct troth_time daemon_wall_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (struct troth_time){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

static void warn_of_end(const struct troth_daemon *d, const char *file,
			struct troth_time end, int64_t soon_ms, struct troth_time now,
			enum troth_log_event event)
{
	char text[TROTH_TIME_TEXT];
	char path[TROTH_CONFIG_TEXT_MAX + 32];

	if (end.ms - now.ms > soon_ms)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", d->config.certs_dir, file);
	troth_time_format(text, end);
	troth_log(event, troth_str("file", path), troth_str("end", text));
}

/* Once a day is enough to be heard, and not too much to be read. */
static void look_at_certs(struct troth_daemon *d)
{
	struct troth_time now = daemon_wall_clock();

	if (d->warned_ms != 0 && now.ms - d->warned_ms < DAY_MS)
		return;
	d->warned_ms = now.ms;
	warn_of_end(d, "tls.pem", d->self.tls_end, CERT_SOON_MS, now,
		    TROTH_LOG_cert_ends_soon);
	warn_of_end(d, "sign.pem", d->self.sign_end, CERT_SOON_MS, now,
		    TROTH_LOG_cert_ends_soon);
	warn_of_end(d, "crl.pem", d->self.lists_end, LISTS_SOON_MS, now,
		    d->self.lists_end.ms <= now.ms ? TROTH_LOG_crl_ended
						   : TROTH_LOG_crl_ends_soon);
}

static void look_at_room(struct troth_daemon *d)
{
	static const enum troth_log_event events[] = { TROTH_LOG_room_ok,
						       TROTH_LOG_room_alarm,
						       TROTH_LOG_room_refuse };
	struct troth_kv_usage usage;
	struct troth_why why;

	if (troth_kv_usage(d->kv, &usage, &why) != TROTH_OK || usage.room == d->room)
		return;
	d->room = usage.room;
	troth_log(events[usage.room], troth_num("used", (int64_t)usage.used_bytes),
		  troth_num("limit", (int64_t)usage.limit_bytes),
		  troth_num("disk", (int64_t)usage.room_bytes));
}

void daemon_care(struct troth_daemon *d)
{
	struct troth_why why = { "" };
	unsigned freed = 0;
	int64_t back;

	if (troth_kv_maintain(d->kv, &freed, &why) != TROTH_OK)
		troth_log(TROTH_LOG_store_maintain_failed, troth_str("why", why.text));
	if (freed > 0)
		troth_log(TROTH_LOG_store_readers_freed, troth_num("n", freed));
	look_at_room(d);
	look_at_certs(d);
	back = troth_clock_went_back(&d->wall);
	if (back > STEP_MS)
		troth_log(TROTH_LOG_clock_went_back, troth_num("ms", back));
}

/* Hands the core the key of *fresh if it is another one. */
static void reload_key(struct troth_daemon *d, struct troth_self *fresh)
{
	uint8_t key[TROTH_PUBLIC_KEY_LEN];

	troth_sign_key_public(fresh->key, key);
	if (memcmp(key, d->key, sizeof(key)) == 0)
		return;
	memcpy(d->key, key, sizeof(key));
	troth_sign_key_free(atomic_exchange(&d->next_key, fresh->key));
	fresh->key = NULL;
	troth_inbox_nudge(&d->inbox);
	troth_log(TROTH_LOG_sign_key_changed, troth_str("dir", d->config.certs_dir));
}

/* The new files are taken only if they make the node that this one is. */
static enum troth_err reload_certs(struct troth_daemon *d, struct troth_why *why)
{
	struct troth_self fresh;
	enum troth_err err;

	err = troth_self_load(&fresh, d->config.certs_dir, d->config.trust_domain,
			      d->role->identity, daemon_wall_clock(), why);
	if (err != TROTH_OK)
		return err;
	if (strcmp(fresh.origin, d->self.origin) != 0)
		err = troth_fail(why, TROTH_ERR_IDENTITY, "%s: is now of %s",
				 d->config.certs_dir, fresh.origin);
	if (err == TROTH_OK)
		err = troth_api_reload(d->api, why);
	if (err == TROTH_OK)
		err = d->role->reload(d, why);
	if (err != TROTH_OK)
		goto out;
	d->self.tls_end = fresh.tls_end;
	d->self.sign_end = fresh.sign_end;
	d->self.lists_end = fresh.lists_end;
	d->warned_ms = 0;
	reload_key(d, &fresh);
out:
	troth_self_fini(&fresh);
	return err;
}

/* All is judged before anything changes. Of the configuration the log level alone does.
 */
static enum troth_err reload(struct troth_daemon *d, struct troth_why *why)
{
	struct troth_config *fresh = malloc(sizeof(*fresh));
	enum troth_err err;

	if (fresh == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	err = troth_config_load(fresh, d->config.kind, d->config.file, NULL, NULL, why);
	if (err == TROTH_OK)
		err = reload_certs(d, why);
	if (err == TROTH_OK) {
		d->config.log_level = fresh->log_level;
		troth_log_set_level((enum troth_log_level)fresh->log_level);
	}
	free(fresh);
	return err;
}

void daemon_reload(struct troth_daemon *d)
{
	struct troth_why why = { "" };

	if (reload(d, &why) != TROTH_OK)
		troth_log(TROTH_LOG_reload_failed, troth_str("why", why.text));
	else
		troth_log(TROTH_LOG_reloaded);
}
