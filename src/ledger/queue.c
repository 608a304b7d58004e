#include "queue.h"

#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *q)
{
	*q = (struct queue){ .first = NULL };
	q->last = &q->first;
}

void work_free(struct work *w)
{
	troth_bus_request_fini(&w->message);
	free(w);
}

void queue_fini(struct queue *q)
{
	for (struct work *w = q->first, *next; w != NULL; w = next) {
		next = w->next;
		work_free(w);
	}
	queue_init(q);
}

static bool is_urgent(const struct work *w)
{
	return w->message.type != TROTH_BUS_RECEIVE;
}

/* Whether the site may have one more request of `len` bytes waiting. */
static bool has_room(const struct queue *q, const char *origin, size_t len)
{
	unsigned count = 0;

	if (q->count >= QUEUE_MAX || q->len + len > QUEUE_BYTES_MAX)
		return false;
	for (const struct work *w = q->first; w != NULL; w = w->next)
		if (strcmp(w->origin, origin) == 0) {
			count++;
			len += w->len;
		}
	return count < QUEUE_SITE_MAX && len <= QUEUE_SITE_BYTES_MAX;
}

bool queue_put(struct queue *q, const struct work *from)
{
	struct work *w = has_room(q, from->origin, from->len) ? malloc(sizeof(*w)) : NULL;

	if (w == NULL)
		return false;
	*w = *from;
	w->next = NULL;
	*q->last = w;
	q->last = &w->next;
	q->count++;
	q->urgent += is_urgent(w);
	q->len += w->len;
	return true;
}

/* What one site has had of a turn. */
struct share {
	const char *origin;
	size_t events;
};

static size_t events_of(const struct work *w)
{
	return w->message.type == TROTH_BUS_SUBMIT ? w->message.u.submit.count : 1;
}

/* Counts w for its site, unless that has had its share; the first always passes. */
static bool is_in_turn(struct share shares[QUEUE_TURN_MAX], unsigned *count,
		       const struct work *w)
{
	unsigned i = 0;

	while (i < *count && strcmp(shares[i].origin, w->origin) != 0)
		i++;
	if (i == *count)
		shares[(*count)++] = (struct share){ w->origin, 0 };
	else if (shares[i].events + events_of(w) > QUEUE_TURN_SITE_MAX) {
		shares[i].events = QUEUE_TURN_SITE_MAX; /* Nothing overtakes it. */
		return false;
	}
	shares[i].events += events_of(w);
	return true;
}

struct work *queue_take(struct queue *q)
{
	struct share shares[QUEUE_TURN_MAX];
	struct work *taken = NULL, **end = &taken, **at = &q->first;
	unsigned count = 0, n = 0;

	while (*at != NULL && n < QUEUE_TURN_MAX) {
		struct work *w = *at;

		if (!is_in_turn(shares, &count, w)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		if (w->next == NULL)
			q->last = at;
		q->count--;
		q->urgent -= is_urgent(w);
		q->len -= w->len;
		w->next = NULL;
		*end = w;
		end = &w->next;
		n++;
	}
	return taken;
}
