#include "codec.h"

static void put_pool(struct pen *b, const struct troth_pool *p)
{
	put_text(b, p->pool);
	put_text(b, p->sku);
	put_text(b, p->currency);
	put_uint(b, (uint64_t)p->total);
	put_uint(b, (uint64_t)p->share);
	put_uint(b, (uint64_t)p->low);
	put_uint(b, (uint64_t)p->idle_ms);
}

static void get_pool(struct troth_reader *r, struct troth_pool *p)
{
	GET_TEXT(r, p->pool);
	GET_TEXT(r, p->sku);
	GET_TEXT(r, p->currency);
	p->total = (int64_t)get_uint(r);
	p->share = (int64_t)get_uint(r);
	p->low = (int64_t)get_uint(r);
	p->idle_ms = (int64_t)get_uint(r);
}

static void put_grant(struct pen *b, const struct troth_grant *g)
{
	put_text(b, g->grant);
	put_uint(b, g->kinds);
	put_uint(b, g->sku_count);
	for (unsigned i = 0; i < g->sku_count; i++)
		put_text(b, g->skus[i].sku);
	put_text(b, g->currency);
	put_uint(b, (uint64_t)g->most);
	put_uint(b, (uint64_t)g->per_customer);
	put_uint(b, (uint64_t)g->period_ms);
	put_text(b, g->pool);
	put_uint(b, g->level);
	put_time(b, g->from);
	put_time(b, g->until);
	put_uint(b, g->withdrawn_at);
}

static void get_grant(struct troth_reader *r, struct troth_grant *g)
{
	GET_TEXT(r, g->grant);
	g->kinds = get_count(r, UINT32_MAX);
	g->sku_count = get_count(r, TROTH_GRANT_SKUS_MAX);
	for (unsigned i = 0; i < g->sku_count; i++)
		GET_TEXT(r, g->skus[i].sku);
	GET_TEXT(r, g->currency);
	g->most = (int64_t)get_uint(r);
	g->per_customer = (int64_t)get_uint(r);
	g->period_ms = (int64_t)get_uint(r);
	GET_TEXT(r, g->pool);
	g->level = get_count(r, TROTH_LEVEL_MAX);
	g->from = get_time(r);
	g->until = get_time(r);
	g->withdrawn_at = get_uint(r);
}

static void put_share(struct pen *b, const struct troth_share *s)
{
	put_text(b, s->site);
	put_text(b, s->pool);
	put_uint(b, (uint64_t)s->allotted);
	put_uint(b, (uint64_t)s->spent);
	put_uint(b, (uint64_t)s->freed);
	put_uint(b, (uint64_t)s->returned);
	put_uint(b, (uint64_t)s->lost);
	put_uint(b, (uint64_t)s->recalled);
	put_text(b, s->to_party);
	put_text(b, s->to_site);
	put_uint(b, s->frozen);
	put_time(b, s->used);
}

static void get_share(struct troth_reader *r, struct troth_share *s)
{
	GET_TEXT(r, s->site);
	GET_TEXT(r, s->pool);
	s->allotted = (int64_t)get_uint(r);
	s->spent = (int64_t)get_uint(r);
	s->freed = (int64_t)get_uint(r);
	s->returned = (int64_t)get_uint(r);
	s->lost = (int64_t)get_uint(r);
	s->recalled = (int64_t)get_uint(r);
	GET_TEXT(r, s->to_party);
	GET_TEXT(r, s->to_site);
	s->frozen = get_count(r, 1) == 1;
	s->used = get_time(r);
}

void troth_put_authority(struct pen *b, const struct troth_authority *a)
{
	put_text(b, a->party);
	put_time(b, a->suspended);
	put_uint(b, a->suspended_at);
	put_text(b, a->reason);
	put_uint(b, a->pool_count);
	for (unsigned i = 0; i < a->pool_count; i++)
		put_pool(b, &a->pools[i]);
	put_uint(b, a->grant_count);
	for (unsigned i = 0; i < a->grant_count; i++)
		put_grant(b, &a->grants[i]);
	put_uint(b, a->share_count);
	for (unsigned i = 0; i < a->share_count; i++)
		put_share(b, &a->shares[i]);
}

void troth_get_authority(struct troth_reader *r, struct troth_authority *a)
{
	GET_TEXT(r, a->party);
	a->suspended = get_time(r);
	a->suspended_at = get_uint(r);
	GET_TEXT(r, a->reason);
	a->pool_count = get_count(r, TROTH_POOLS_MAX);
	for (unsigned i = 0; i < a->pool_count; i++)
		get_pool(r, &a->pools[i]);
	a->grant_count = get_count(r, TROTH_GRANTS_MAX);
	for (unsigned i = 0; i < a->grant_count; i++)
		get_grant(r, &a->grants[i]);
	a->share_count = get_count(r, TROTH_SHARES_MAX);
	for (unsigned i = 0; i < a->share_count; i++)
		get_share(r, &a->shares[i]);
}

size_t troth_longest_authority(const struct troth_authority *a)
{
	return 128 + a->pool_count * (sizeof(struct troth_pool) + 32) +
	       a->grant_count * (sizeof(struct troth_grant) + 32) +
	       a->share_count * (sizeof(struct troth_share) + 32);
}
