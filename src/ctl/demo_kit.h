/*
 * demo_kit - the stage on which the story is played: a federation with a screen at each
 * node, and what the story does there: it asks, watches, and tells what it sees.
 */
#ifndef TROTH_CTL_DEMO_KIT_H
#define TROTH_CTL_DEMO_KIT_H

#include "troth/ctl/events.h"
#include "troth/ctl/federation.h"
#include "troth/ctl/http.h"

#include <pthread.h>
#include <stdbool.h>

enum demo_node {
	DEMO_HQ,
	DEMO_VENDOR,
	DEMO_SELLER,
	DEMO_CARRIER,
	DEMO_NODES,
};

#define DEMO_EVENTS_MAX 256
#define DEMO_WAIT_S     20.0
#define DEMO_LOOK_UP_MS 100 /* How late it may notice that it is called off. */

/* What came out of one node's event stream. */
struct demo_screen {
	struct troth_events *events;
	struct {
		char *data;
		double at;
	} seen[DEMO_EVENTS_MAX];
	unsigned count;
	pthread_mutex_t lock;
	pthread_cond_t more;
};

struct demo {
	struct troth_federation *federation;
	struct troth_http *http[DEMO_NODES];
	struct demo_screen screen[DEMO_NODES];
	unsigned step, keys;
	bool failed;
	struct troth_why why;
	/* What the story is about. */
	char order[40], cas[40], cable[40], call[40]; /* ids */
	char cable_owed[40], call_owed[40];
	double asked; /* When the last request was sent. */
	double answered;
};

extern const char *const demo_names[DEMO_NODES];

/* Monotonic seconds. */
double demo_now(void);

/*
 * True once SIGINT, SIGTERM or SIGHUP came, which the caller has blocked in all threads:
 * nothing of the demo waits for long after that.
 */
bool demo_is_called_off(void);

/* Starts everything; false: d->why says what failed. */
bool demo_open(struct demo *d);
void demo_close(struct demo *d);

/* Prints the next step's heading. */
void demo_step(struct demo *d, const char *text);
/* Prints a line under the step, unless the story has gone wrong. */
void demo_say(const struct demo *d, const char *fmt, ...) TROTH_PRINTF(2, 3);
/*
 * The story has gone wrong: says how, once, unless it was called off; everything after it
 * does nothing.
 */
void demo_fail(struct demo *d, const char *fmt, ...) TROTH_PRINTF(2, 3);

/*
 * POSTs `body` (JSON with ' for ") to the node; the status must be `status`. The
 * reply's JSON is the caller's to decref (NULL after a failure).
 */
json_t *demo_post(struct demo *d, enum demo_node at, long status, const char *path,
		  const char *etag, const char *body);
/* GETs from the node; likewise. */
json_t *demo_get(struct demo *d, enum demo_node at, const char *path);

/* Copies a text of the reply into out[40]; the story fails if it is not there. */
void demo_take(struct demo *d, const json_t *reply, const char *name, char out[40]);

/* Waits until the node's screen shows the event about the id, and says after how long. */
void demo_seen(struct demo *d, enum demo_node at, const char *type, const char *id);
/* How often the node's screen has shown the event about the id. */
unsigned demo_count(struct demo *d, enum demo_node at, const char *type, const char *id);

#endif
