#include "place.h"

#include "troth/node/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN (TROTH_CONFIG_TEXT_MAX + 32)

/* In META: which kind of clock wrote this store. */
#define CLOCK_KEY "clock_kind"

enum { CLOCK_UNKNOWN = 0, CLOCK_REAL = 1, CLOCK_SIMULATED = 2 };

static void path_of(const struct troth_daemon *d, const char *name, char out[PATH_LEN])
{
	(void)snprintf(out, PATH_LEN, "%s/%s", d->config.data_dir, name);
}

/* Marks a new store with this node's kind of clock; refuses one with the other. */
static enum troth_err claim_clock(struct troth_daemon *d, struct troth_time *newest,
				  struct troth_why *why)
{
	uint64_t mine = d->config.clock == 1 ? CLOCK_SIMULATED : CLOCK_REAL, was;
	struct troth_freshness freshness = { 0 };
	struct troth_txn t;

	troth_txn_begin(&t, d->kv, TROTH_TXN_WRITE);
	was = troth_state_meta(&t, CLOCK_KEY);
	if (was == CLOCK_UNKNOWN)
		troth_state_set_meta(&t, CLOCK_KEY, mine);
	else if (was != mine)
		troth_txn_fail(&t, TROTH_ERR_INPUT,
			       "%s: was begun with a %s clock; this one is %s, which "
			       "needs a data_dir of its own",
			       d->config.data_dir,
			       was == CLOCK_REAL ? "real" : "simulated",
			       mine == CLOCK_REAL ? "real" : "simulated");
	else
		troth_query_freshness(&t, &freshness);
	*newest = freshness.as_of;
	return troth_txn_commit(&t, why);
}

enum troth_err place_open(struct troth_daemon *d, struct troth_why *why)
{
	const struct troth_config *c = &d->config;
	const struct troth_kv_options options = {
		.map_bytes = (uint64_t)c->map_gib << 30,
		.map_max_bytes = (uint64_t)c->map_max_gib << 30,
		.reserve_bytes = (uint64_t)c->reserve_mib << 20,
		.readers_max = (unsigned)c->readers_max,
	};
	struct troth_time newest;
	char path[PATH_LEN];
	enum troth_err err;

	if (mkdir(c->data_dir, 0700) != 0 && errno != EEXIST)
		return troth_fail(why, TROTH_ERR_IO,
				  "data_dir %s: %s (only it itself is made)", c->data_dir,
				  strerror(errno));
	path_of(d, "store", path);
	err = troth_kv_open(&d->kv, path, d->role->schema, &options, why);
	if (err != TROTH_OK)
		return err;
	troth_log(TROTH_LOG_store_opened, troth_str("dir", path));
	if (troth_kv_warning(d->kv)[0] != '\0')
		troth_log(TROTH_LOG_store_warning,
			  troth_str("why", troth_kv_warning(d->kv)));
	err = claim_clock(d, &newest, why);
	if (err != TROTH_OK)
		return err;
	if (c->clock == 0)
		troth_clock_init_real(&d->clock);
	else /* A restart goes on where the store stands. */
		troth_clock_init_simulated(&d->clock, newest.ms > c->clock_start_at.ms
							      ? newest
							      : c->clock_start_at);
	return TROTH_OK;
}

void place_close(struct troth_daemon *d)
{
	char path[PATH_LEN];

	if (d->kv == NULL)
		return;
	path_of(d, "addresses", path);
	(void)unlink(path);
	troth_kv_close(d->kv);
	d->kv = NULL;
}

enum troth_err place_tell(const struct troth_daemon *d, const char *bus,
			  const char *const *api, unsigned api_count,
			  struct troth_why *why)
{
	char path[PATH_LEN], fresh[PATH_LEN];
	bool ok;
	FILE *f;

	path_of(d, "addresses", path);
	path_of(d, "addresses.new", fresh);
	f = fopen(fresh, "we");
	if (f == NULL)
		goto failed;
	ok = fprintf(f, "bus %s\n", bus) > 0;
	for (unsigned i = 0; i < api_count; i++)
		ok = fprintf(f, "api %s\n", api[i]) > 0 && ok;
	ok = fclose(f) == 0 && ok;
	if (ok && rename(fresh, path) == 0)
		return TROTH_OK;
failed:
	return troth_fail(why, TROTH_ERR_IO, "%s: %s", fresh, strerror(errno));
}
