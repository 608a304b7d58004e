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

bool conns_add(struct conns *all, uint64_t id, const char *origin)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct conn **bucket = bucket_of(all, id);

	if (c == NULL)
		return false;
	c->id = id;
	for (unsigned i = 0; i < PARKED_MAX; i++)
		c->parked[i].conn = c;
	TROTH_TEXT_SET(c->origin, origin);
	c->next = all->newest;
	if (c->next != NULL)
		c->next->before = c;
	all->newest = c;
	c->bucket_next = *bucket;
	*bucket = c;
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
		all->newest = c->next;
	if (c->next != NULL)
		c->next->before = c->before;
	free(c);
}

void conns_fini(struct conns *all)
{
	for (struct conn *c = all->newest, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
}

struct conn *conns_oldest_of_many(const struct conns *all, const char *origin,
				  unsigned max)
{
	struct conn *oldest = NULL;
	unsigned count = 0;

	for (struct conn *c = all->newest; c != NULL; c = c->next)
		if (!c->closing && strcmp(c->origin, origin) == 0) {
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

/* ---- What is parked ---- */

static void take_out(struct conns *all, struct parked *p)
{
	*(p->sooner != NULL ? &p->sooner->later : &all->soonest) = p->later;
	*(p->later != NULL ? &p->later->sooner : &all->latest) = p->sooner;
}

/* Behind those that are over no later. Nearly all wait for the same time. */
static void put_in(struct conns *all, struct parked *p)
{
	struct parked *before = all->latest;

	while (before != NULL && before->until.ms > p->until.ms)
		before = before->sooner;
	p->sooner = before;
	p->later = before != NULL ? before->later : all->soonest;
	*(before != NULL ? &before->later : &all->soonest) = p;
	*(p->later != NULL ? &p->later->sooner : &all->latest) = p;
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
	/* Before all others, without a walk past them. */
	p->sooner = NULL;
	p->later = all->soonest;
	*(p->later != NULL ? &p->later->sooner : &all->latest) = p;
	all->soonest = p;
	return true;
}

void conns_wait(struct conns *all, struct parked *p, struct troth_time until)
{
	take_out(all, p);
	p->until = until;
	put_in(all, p);
}

void conns_unpark(struct conns *all, struct parked *p)
{
	take_out(all, p);
	p->request = 0;
}
