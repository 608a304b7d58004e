/*
 * replay_set - a data set that can be replayed, as the engine sees it.
 *
 * What happened is a plan: steps in the order of time, each of them one request
 * to one gateway. A step bears the id of what it makes or acts on; ids follow
 * from the numbers in the files, so a replay that is begun again speaks of the
 * same subjects, promises and commitments. Steps are cut into runs; in a run the
 * lanes of the first phase take their steps, all at the same time and each in its
 * own order, then those of the next. No step needs what another lane does in the
 * same phase. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_REPLAY_SET_H
#define TROTH_SRC_CTL_REPLAY_SET_H

#include "troth/base/err.h"
#include "troth/base/id.h"
#include "troth/base/span.h"
#include "troth/base/time.h"
#include "troth/ctl/federation.h"

#include <jansson.h>
#include <stdio.h>

#define REPLAY_PARTS_MAX 4

struct replay;
struct replay_set;
struct facts;

struct replay_step {
	struct troth_time at;
	uint32_t subject, item; /* Indexes; item only where the kind is about one. */
	uint8_t kind;           /* Index in the set's kinds. */
	uint8_t lane;           /* Index in the set's parts: whose gateway. */
};

struct replay_run {
	size_t first, end;
};

struct replay_plan {
	const struct replay_set *set;
	const void *data; /* Borrowed: what the set has loaded. */
	bool end_of_day;  /* A day that was promised counts as a whole. */
	size_t subject_count, step_count, run_count;
	struct replay_step *steps;
	struct replay_run *runs;
};

#define REPLAY_FIRST    0x01u /* Makes the subject. */
#define REPLAY_PROMISES 0x02u /* Makes a promise. */
#define REPLAY_ENDS     0x04u /* Ends something: the wrong state says it was done. */
#define REPLAY_WAITS    0x08u /* What it acts on must be saved before it is sent. */
#define REPLAY_ETAG     0x10u /* Needs the newest ETag of its subject. */
#define REPLAY_ITEM     0x20u /* Is about an item. */

struct replay_kind {
	const char *name; /* Stands in idempotency keys and in what is said. */
	unsigned flags;
};

/* What a gateway is here for, by the role of its party. */
struct replay_part {
	const char *role;
	unsigned phase; /* In which its lane takes its steps. */
};

/* A party of the files, operated by that of a part. */
struct replay_party {
	const char *id, *role;
	unsigned part;
};

struct replay_set {
	const char *name;
	const char *as_of; /* RFC 3339: if the command line does not say. */
	const char *needs; /* "a seller, a carrier and a vendor" */
	bool has_rule;     /* --rule says something here. */
	enum troth_id_kind id_kind;
	const char *path; /* Of a subject, "/v1/orders/". */
	const char *word; /* "order" */
	const struct replay_kind *kinds;
	unsigned part_count, lane_count, phase_count;
	struct replay_part parts[REPLAY_PARTS_MAX]; /* Lanes before the others. */
	const char *actions[4]; /* Of its commitments; ends with NULL. */

	/* The federation that is made for it. */
	unsigned firm_count, site_count;
	const struct troth_federation_party *firms;
	const struct troth_federation_site *sites;

	/* Reads DIR. INPUT and so on say file and line. `free` is owed in any case. */
	enum troth_err (*load)(void **data, const char *dir, struct troth_why *why);
	void (*free)(void *data);
	/* Fills a plan that is zero but for set, data and rule. */
	enum troth_err (*plan)(struct replay_plan *p, struct troth_why *why);
	size_t (*party_count)(const void *data);
	struct replay_party (*party)(const void *data, size_t i);
	struct troth_id (*subject_id)(const struct replay_plan *p, uint32_t subject);
	/* Of the promise that a step of a kind with REPLAY_PROMISES makes. */
	struct troth_id (*promise_id)(const struct replay_plan *p,
				      const struct replay_step *s);
	/* How people know it. */
	const char *(*number)(const struct replay_plan *p, uint32_t subject);
	/* Which of its subject; 0 where the kind is not about one. */
	unsigned (*item_number)(const struct replay_plan *p, const struct replay_step *s);
	/* About how many bytes the step's request takes, generously. */
	size_t (*size)(const struct replay_plan *p, const struct replay_step *s);
	/* Writes path and body as members of a request; all texts in it are names,
	 * which need no escape in JSON. */
	void (*put)(struct troth_buf *b, const struct replay *r,
		    const struct replay_step *s, uint64_t etag);
	/* The report (doc/replay.md); NULL: no memory. */
	json_t *(*report)(const struct replay_plan *p, const struct facts *f,
			  struct troth_time as_of);
	void (*print)(const json_t *report, FILE *out);
};

extern const struct replay_set replay_olist, replay_boston311;

/* ---- Plans ---- */

/* Room for so many steps, and as many runs. */
TROTH_MUST_USE enum troth_err replay_plan_room(struct replay_plan *p, size_t steps,
					       struct troth_why *why);
void replay_plan_add(struct replay_plan *p, struct replay_step step);
/* Sorts the steps by time; then subject, kind and item. */
void replay_plan_sort(struct replay_plan *p);
void replay_plan_free(struct replay_plan *p);

/* When the last step of a run is taken. */
struct troth_time replay_run_time(const struct replay_plan *p, size_t run);

/* An id from what stands in the files: `at`, and a digest of "set what number item". */
struct troth_id replay_make_id(const struct replay_set *set, struct troth_time at,
			       const char *what, const char *number, unsigned item);

static inline struct troth_time replay_later(struct troth_time a, struct troth_time b)
{
	return a.ms > b.ms ? a : b;
}

/* ---- Parts of requests ---- */

void replay_put_time(struct troth_buf *b, const char *name, struct troth_time t);
void replay_put_id(struct troth_buf *b, enum troth_id_kind kind, struct troth_id id);

#endif
