/*
 * What has been delegated, and what is left of it: pools, grants, agents, shares.
 *
 * A node shows what it sees: central and the brand's gateways all of it, others
 * what is their party's own.
 */
#include "handlers.h"
#include "page.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"

#include <stdio.h>
#include <string.h>

/* The authority of a party as this node sees it, in the view; false: none. */
static const struct troth_authority *authority_of(struct troth_call *c, const char *party)
{
	struct troth_id id = troth_authority_id(party);
	struct troth_subject *s = &c->api->view->subject;

	return troth_query_subject(c->t, c->api->engine->kind, &id, c->api->view) &&
			       s->kind == TROTH_SUBJECT_AUTHORITY
		       ? &s->authority
		       : NULL;
}

/* ---- Parties, one after the other, or the one that the query names ---- */

struct walk {
	struct troth_call *c;
	const char *only;
	struct troth_party party; /* The one whose authority was given last. */
	bool done;
};

/* A party that is none is not one without anything. False: answered so. */
static bool is_party(struct troth_call *c, const char *party)
{
	struct troth_party p;

	if (party == NULL || troth_state_party(c->t, party, &p))
		return true;
	troth_call_declined(c, TROTH_REASON_NO_PARTY);
	return false;
}

/* The next party's authority, NULL at the end; what has none is passed over. */
static const struct troth_authority *next_authority(struct walk *w)
{
	const struct troth_authority *a = NULL;

	if (w->only != NULL) {
		if (!w->done && troth_state_party(w->c->t, w->only, &w->party))
			a = authority_of(w->c, w->only);
		w->done = true;
		return a;
	}
	while (a == NULL && troth_query_next_party(w->c->t, w->party.party, &w->party))
		a = authority_of(w->c, w->party.party);
	return a;
}

/* ---- Grants ---- */

static void out_standing(struct troth_call *c, struct troth_out *o, const char *party,
			 const struct troth_authority *a)
{
	troth_out_object(o, NULL);
	troth_out_text(o, "party", party);
	troth_out_bool(o, "suspended", a->suspended.ms != 0);
	troth_out_some_time(o, "since", a->suspended);
	troth_out_some_text(o, "reason", a->reason);
	troth_out_array(o, "grants");
	for (unsigned i = 0; i < a->grant_count; i++) {
		troth_out_object(o, NULL);
		troth_render_grant(o, &a->grants[i]);
		troth_out_bool(o, "in_force",
			       troth_grant_in_force(&a->grants[i], troth_call_now(c)));
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
	troth_out_uint(o, "etag", troth_view_etag(c->api->view));
	troth_out_end_object(o);
}

void troth_get_grants(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	const struct troth_authority *a;
	unsigned limit, given = 0;
	struct walk w = { .c = c, .only = troth_call_query(c, "party") };
	struct troth_out o;

	if (!troth_read_limit(c, &limit) ||
	    !troth_read_after(c, w.party.party, sizeof(w.party.party)) ||
	    !is_party(c, w.only))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (given < limit && (a = next_authority(&w)) != NULL) {
		out_standing(c, &o, w.party.party, a);
		given++;
	}
	troth_out_end_array(&o);
	if (given == limit && w.only == NULL)
		troth_read_next(c, &o, "after", w.party.party, 0);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}

/* ---- Agents ---- */

/* Where the page before ended: "party/agent", and a party's name has no slash. */
static bool begin_agents(struct troth_call *c, const char *party, struct troth_agent *at)
{
	const char *after = troth_call_query(c, "after");
	const char *slash = after != NULL ? strchr(after, '/') : NULL;

	*at = (struct troth_agent){ .level = 0 };
	if (!is_party(c, party))
		return false;
	if (party != NULL)
		TROTH_TEXT_SET(at->party, party);
	if (after == NULL)
		return true;
	if (slash == NULL || slash - after > TROTH_PARTY_MAX || slash[1] == '\0' ||
	    strlen(slash + 1) > TROTH_ACTOR_MAX) {
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "after",
				   "is not one that this list gave");
		return false;
	}
	memcpy(at->party, after, (size_t)(slash - after));
	at->party[slash - after] = '\0';
	TROTH_TEXT_SET(at->actor, slash + 1);
	return true;
}

static void out_agent(struct troth_call *c, struct troth_out *o,
		      const struct troth_agent *a)
{
	struct troth_time now = troth_call_now(c);

	troth_out_object(o, NULL);
	troth_out_text(o, "party", a->party);
	troth_out_text(o, "agent", a->actor);
	troth_out_uint(o, "level", a->level);
	troth_out_some_time(o, "until", a->until);
	troth_out_bool(o, "certified",
		       a->level > 0 && (a->until.ms == 0 || now.ms < a->until.ms));
	troth_out_end_object(o);
}

void troth_get_agents(struct troth_call *c)
{
	const char *party = troth_call_query(c, "party");
	struct troth_render r = troth_read_render(c);
	char last[TROTH_PARTY_MAX + TROTH_ACTOR_MAX + 2];
	struct troth_agent at;
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) || !begin_agents(c, party, &at))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (given < limit && troth_query_next_agent(c->t, &at) &&
	       (party == NULL || strcmp(at.party, party) == 0)) {
		out_agent(c, &o, &at);
		given++;
	}
	troth_out_end_array(&o);
	(void)snprintf(last, sizeof(last), "%s/%s", at.party, at.actor);
	if (given == limit)
		troth_read_next(c, &o, "after", last, 0);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}

/* ---- Pools and shares ---- */

/* The books of a pool: what all its shares come to. */
struct book {
	struct troth_pool pool;
	int64_t out, spent, lost;
};

struct books {
	unsigned count;
	struct book of[TROTH_POOLS_MAX];
};

static void open_books(struct troth_call *c, struct books *books)
{
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	const struct troth_authority *a;

	troth_state_lookup(&lookup, &(struct troth_source){ .t = c->t }, brand);
	a = authority_of(c, brand);
	books->count = a != NULL ? a->pool_count : 0;
	for (unsigned i = 0; i < books->count; i++)
		books->of[i] = (struct book){ .pool = a->pools[i] };
}

static void enter(struct books *books, const struct troth_share *s)
{
	for (unsigned i = 0; i < books->count; i++) {
		struct book *b = &books->of[i];

		if (strcmp(b->pool.pool, s->pool) != 0)
			continue;
		b->out += troth_share_out(s);
		b->spent += s->spent - s->freed;
		b->lost += s->lost;
	}
}

static void out_share(struct troth_out *o, const char *party, const struct troth_share *s)
{
	troth_out_object(o, NULL);
	troth_out_text(o, "party", party);
	troth_out_text(o, "site", s->site);
	troth_out_text(o, "pool", s->pool);
	troth_out_int(o, "available", troth_share_available(s));
	troth_out_int(o, "allotted", s->allotted);
	troth_out_int(o, "spent", s->spent);
	troth_out_int(o, "freed", s->freed);
	troth_out_int(o, "returned", s->returned);
	troth_out_int(o, "lost", s->lost);
	troth_out_int(o, "recalled", s->recalled);
	troth_out_some_text(o, "to_party", s->to_party);
	troth_out_some_text(o, "to_site", s->to_site);
	troth_out_bool(o, "frozen", s->frozen);
	troth_out_some_time(o, "used", s->used);
	troth_out_end_object(o);
}

/* Enters every share there is. */
static void enter_all(struct troth_call *c, struct books *books)
{
	const struct troth_authority *a;
	struct walk w = { .c = c };

	while ((a = next_authority(&w)) != NULL)
		for (unsigned i = 0; i < a->share_count; i++)
			enter(books, &a->shares[i]);
}

static void out_books(struct troth_out *o, const char *key, const struct books *books,
		      const char *only)
{
	troth_out_array(o, key);
	for (unsigned i = 0; i < books->count; i++) {
		const struct book *b = &books->of[i];

		if (only != NULL && strcmp(only, b->pool.pool) != 0)
			continue;
		troth_out_object(o, NULL);
		troth_render_pool(o, &b->pool);
		troth_out_int(o, "out", b->out);
		troth_out_int(o, "free", b->pool.total - b->out);
		troth_out_int(o, "spent", b->spent);
		troth_out_int(o, "lost", b->lost);
		troth_out_end_object(o);
	}
	troth_out_end_array(o);
}

void troth_get_pools(struct troth_call *c)
{
	struct troth_render r = troth_read_render(c);
	struct books books;
	struct troth_out o;

	open_books(c, &books);
	enter_all(c, &books);
	o = troth_call_reply(c, 200);
	out_books(&o, "items", &books, NULL);
	troth_render_freshness(&r, &o, 0);
	troth_out_end_object(&o);
}

/* ---- Shares, page by page ---- */

/* Where a page ended: party, site and pool, each with its zero byte. */
static size_t place_of(const char *party, const struct troth_share *s,
		       uint8_t out[TROTH_LIST_CURSOR_MAX])
{
	const char *const names[] = { party, s->site, s->pool };
	size_t len = 0;

	for (unsigned i = 0; i < TROTH_LEN(names); i++) {
		memcpy(out + len, names[i], strlen(names[i]) + 1);
		len += strlen(names[i]) + 1;
	}
	return len;
}

struct shares {
	struct troth_page page;
	const char *pool;
	unsigned given;
	bool begun, more;
	uint8_t last[TROTH_LIST_CURSOR_MAX];
	size_t last_len;
};

/* Writes the share if it is on the page. Shares of a party stay in their order. */
static void show(struct shares *l, struct troth_out *o, const char *party,
		 const struct troth_share *s)
{
	uint8_t place[TROTH_LIST_CURSOR_MAX];
	size_t len = place_of(party, s, place);

	if (!l->begun) {
		l->begun = len == l->page.after_len &&
			   memcmp(place, l->page.after, len) == 0;
	} else if (l->pool == NULL || strcmp(l->pool, s->pool) == 0) {
		l->more = l->given == l->page.limit;
		if (l->more)
			return;
		l->given++;
		out_share(o, party, s);
		memcpy(l->last, place, len);
		l->last_len = len;
	}
}

static void out_shares(struct shares *l, struct walk *w, struct troth_out *o)
{
	const struct troth_authority *a;

	while (!l->more && (a = next_authority(w)) != NULL)
		for (unsigned i = 0; i < a->share_count && !l->more; i++)
			show(l, o, w->party.party, &a->shares[i]);
}

void troth_get_shares(struct troth_call *c)
{
	struct walk w = { .c = c, .only = troth_call_query(c, "party") };
	struct shares l = { .pool = troth_call_query(c, "pool") };
	char cursor[2 * TROTH_LIST_CURSOR_MAX + 1];
	struct books books;
	struct troth_out o;

	if (!troth_page_begin(&l.page, c) || !is_party(c, w.only))
		return;
	l.begun = l.page.after_len == 0;
	open_books(c, &books);
	enter_all(c, &books);
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	out_shares(&l, &w, &o);
	if (!l.begun) {
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "cursor",
				   "is not one that this list gave");
		return;
	}
	troth_out_end_array(&o);
	out_books(&o, "pools", &books, l.pool);
	if (l.more) {
		troth_hex(cursor, l.last, l.last_len);
		troth_read_next(c, &o, "cursor", cursor, 0);
	}
	troth_render_freshness(&l.page.r, &o, 0);
	troth_out_end_object(&o);
}
