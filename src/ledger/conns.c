#include "conns.h"
#include "hash.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The bus counts ids up, so their low bits spread them. */
static struct conn **bucket_of(struct conns *all, uint64_t id)
{
	return &all->buckets[id % CONNS_BUCKETS];
}

static struct conn **party_bucket_of(struct conns *all, const char *party)
{
	return &all->parties[troth_hash_name(party) % PARTY_BUCKETS];
}

static struct conn_site *find_site(const struct conns *all, const char *origin)
{
	struct conn_site *s = all->sites[troth_hash_name(origin) % SITE_BUCKETS];

	while (s != NULL && strcmp(s->origin, origin) != 0)
		s = s->bucket_next;
	return s;
}

static void line_up(struct conns *all, struct conn_site *s)
{
	s->before = all->last;
	s->next = NULL;
	*(s->before != NULL ? &s->before->next : &all->first) = s;
	all->last = s;
}

static void step_out(struct conns *all, struct conn_site *s)
{
	*(s->before != NULL ? &s->before->next : &all->first) = s->next;
	*(s->next != NULL ? &s->next->before : &all->last) = s->before;
}

static struct conn_site *add_site(struct conns *all, const char *origin)
{
	struct conn_site **bucket = &all->sites[troth_hash_name(origin) % SITE_BUCKETS];
	struct conn_site *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	TROTH_TEXT_SET(s->origin, origin);
	s->bucket_next = *bucket;
	*bucket = s;
	line_up(all, s);
	all->site_count++;
	return s;
}

static void remove_site(struct conns *all, struct conn_site *s)
{
	struct conn_site **at = &all->sites[troth_hash_name(s->origin) % SITE_BUCKETS];

	while (*at != s)
		at = &(*at)->bucket_next;
	*at = s->bucket_next;
	step_out(all, s);
	all->site_count--;
	free(s);
}

/* Has room for all that one connection more can park. */
static bool widen_heap(struct conns *all)
{
	unsigned cap = 2 * (all->count + 1) * PARKED_MAX;
	struct parked **heap;

	if (all->heap_cap >= (all->count + 1) * PARKED_MAX)
		return true;
	heap = realloc(all->heap, cap * sizeof(struct parked *));
	if (heap == NULL)
		return false;
	all->heap = heap;
	all->heap_cap = cap;
	return true;
}

bool conns_add(struct conns *all, uint64_t id, const char *origin)
{
	struct conn *c = widen_heap(all) ? calloc(1, sizeof(*c)) : NULL;
	struct conn **bucket = bucket_of(all, id);
	struct conn_site *s = NULL;

	if (c != NULL && (s = find_site(all, origin)) == NULL)
		s = add_site(all, origin);
	if (s == NULL) {
		free(c);
		return false;
	}
	c->id = id;
	for (unsigned i = 0; i < PARKED_MAX; i++)
		c->parked[i].conn = c;
	c->site = s;
	c->origin = s->origin;
	c->next = s->newest;
	if (c->next != NULL)
		c->next->before = c;
	s->newest = c;
	c->bucket_next = *bucket;
	*bucket = c;
	all->count++;
	return true;
}

struct conn *conns_find(const struct conns *all, uint64_t id)
{
	struct conn *c = all->buckets[id % CONNS_BUCKETS];

	while (c != NULL && c->id != id)
		c = c->bucket_next;
	return c;
}

static void leave_party(struct conns *all, struct conn *c)
{
	struct conn **at = party_bucket_of(all, c->party);

	while (*at != c)
		at = &(*at)->party_next;
	*at = c->party_next;
}

void conns_remove(struct conns *all, uint64_t id)
{
	struct conn **at = bucket_of(all, id), *c;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->bucket_next;
	c = *at;
	if (c == NULL)
		return;
	*at = c->bucket_next;
	if (c->party[0] != '\0')
		leave_party(all, c);
	for (unsigned i = 0; i < PARKED_MAX; i++)
		if (c->parked[i].request != 0)
			conns_unpark(all, &c->parked[i]);
	if (c->before != NULL)
		c->before->next = c->next;
	else
		c->site->newest = c->next;
	if (c->next != NULL)
		c->next->before = c->before;
	if (c->site->newest == NULL)
		remove_site(all, c->site);
	all->count--;
	free(c);
}

void conns_fini(struct conns *all)
{
	for (struct conn_site *s = all->first, *later; s != NULL; s = later) {
		later = s->next;
		for (struct conn *c = s->newest, *older; c != NULL; c = older) {
			older = c->next;
			free(c);
		}
		free(s);
	}
	free(all->heap);
}

struct conn *conns_oldest_of_many(const struct conns *all, const char *origin,
				  unsigned max)
{
	const struct conn_site *s = find_site(all, origin);
	struct conn *oldest = NULL;
	unsigned count = 0;

	for (struct conn *c = s != NULL ? s->newest : NULL; c != NULL; c = c->next)
		if (!c->closing) {
			count++;
			oldest = c;
		}
	return count >= max ? oldest : NULL;
}

void conns_greeted(struct conns *all, struct conn *c, const char *party)
{
	struct conn **bucket = party_bucket_of(all, party);

	if (c->party[0] != '\0')
		leave_party(all, c);
	TROTH_TEXT_SET(c->party, party);
	c->party_next = *bucket;
	*bucket = c;
}

struct conn *conns_of_party(const struct conns *all, const struct conn *c,
			    const char *party)
{
	struct conn *n = c != NULL ? c->party_next
				   : all->parties[troth_hash_name(party) % PARTY_BUCKETS];

	while (n != NULL && strcmp(n->party, party) != 0)
		n = n->party_next;
	return n;
}

struct conn_site *conns_next_site(struct conns *all)
{
	struct conn_site *s = all->first;

	if (s != NULL) {
		step_out(all, s);
		line_up(all, s);
	}
	return s;
}

/* ---- What is parked ---- */

struct parked *conns_behind(const struct conn_site *s, uint64_t marks)
{
	struct parked *best = NULL;

	for (struct conn *c = s->newest; c != NULL; c = c->next)
		for (struct parked *p = c->parked; p < c->parked + PARKED_MAX; p++)
			if (p->request != 0 && p->follow.marks_after < marks &&
			    (best == NULL || p->looked < best->looked))
				best = p;
	return best;
}

void conns_looked(struct conns *all, struct parked *p)
{
	p->looked = ++all->looks;
}

struct parked *conns_soonest(const struct conns *all)
{
	return all->parked_count > 0 ? all->heap[0] : NULL;
}

/* Puts p at place i of the heap, or above or below it, where it belongs. */
static void settle(struct conns *all, unsigned i, struct parked *p)
{
	struct parked **heap = all->heap;

	for (unsigned up; i > 0; i = up) {
		up = (i - 1) / 2;
		if (heap[up]->until.ms <= p->until.ms)
			break;
		heap[i] = heap[up];
		heap[i]->at = i;
	}
	for (unsigned down; (down = 2 * i + 1) < all->parked_count; i = down) {
		if (down + 1 < all->parked_count &&
		    heap[down + 1]->until.ms < heap[down]->until.ms)
			down++;
		if (heap[down]->until.ms >= p->until.ms)
			break;
		heap[i] = heap[down];
		heap[i]->at = i;
	}
	heap[i] = p;
	p->at = i;
}

bool conns_park(struct conns *all, struct conn *c, uint32_t request,
		const struct troth_bus_follow *follow)
{
	struct parked *p = c->parked;

	while (p < c->parked + PARKED_MAX && p->request != 0)
		p++;
	if (p == c->parked + PARKED_MAX)
		return false;
	p->request = request;
	p->follow = *follow;
	p->until.ms = PARKED_NEW;
	conns_looked(all, p);
	all->parked_count++;
	settle(all, all->parked_count - 1, p);
	return true;
}

void conns_wait(struct conns *all, struct parked *p, struct troth_time until)
{
	p->until = until;
	settle(all, p->at, p);
}

void conns_unpark(struct conns *all, struct parked *p)
{
	struct parked *last = all->heap[--all->parked_count];

	if (last != p)
		settle(all, p->at, last);
	p->request = 0;
}
