#include "conns.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The bus counts ids up, so their low bits spread them. */
static struct conn **bucket_of(struct conns *all, uint64_t id)
{
	return &all->buckets[id % CONNS_BUCKETS];
}

bool conns_add(struct conns *all, uint64_t id, const char *origin)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct conn **bucket = bucket_of(all, id);

	if (c == NULL)
		return false;
	c->id = id;
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

void conns_remove(struct conns *all, uint64_t id)
{
	struct conn **at = bucket_of(all, id), *c;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->bucket_next;
	c = *at;
	if (c == NULL)
		return;
	*at = c->bucket_next;
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
