#include "given.h"

#include "troth/base/mutant.h"
#include "troth/core/authority.h"
#include "troth/state/key.h"
#include "troth/state/query.h"
#include "troth/wire/event.h"

#include <string.h>

/* ---- Agents ---- */

static struct troth_key agent_key(const char *party, const char *actor)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, party);
	troth_key_text(&k, actor);
	k.len--; /* The actor is the rest of it. */
	return k;
}

void troth_state_apply_agent(struct troth_txn *t, const struct troth_event *e)
{
	struct troth_key k = agent_key(e->u.agent.party, e->u.agent.actor);
	uint8_t value[9];

	value[0] = (uint8_t)e->u.agent.level;
	troth_store_u64be(value + 1, (uint64_t)e->u.agent.until.ms);
	troth_txn_put(t, TROTH_T_AGENTS, troth_key_span(&k),
		      troth_span(value, sizeof(value)));
}

uint32_t troth_state_level(struct troth_txn *t, const char *party, const char *actor,
			   struct troth_time at)
{
	struct troth_key k = { .len = 0 };
	struct troth_span v;
	int64_t until;

	if (strlen(party) > TROTH_PARTY_MAX || strlen(actor) > TROTH_ACTOR_MAX)
		return 0;
	k = agent_key(party, actor);
	if (!troth_txn_get(t, TROTH_T_AGENTS, troth_key_span(&k), &v))
		return 0;
	if (v.len != 9) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "agents: record of %s", actor);
		return 0;
	}
	until = (int64_t)troth_load_u64be(v.data + 1);
	return until == 0 || at.ms < until ? v.data[0] : 0;
}

static bool read_agent(struct troth_span key, struct troth_span value,
		       struct troth_agent *out)
{
	const uint8_t *end = memchr(key.data, 0, key.len);
	size_t party = end != NULL ? (size_t)(end - key.data) : key.len;
	size_t actor = end != NULL ? key.len - party - 1 : 0;

	if (end == NULL || value.len != 9 || party > TROTH_PARTY_MAX ||
	    actor > TROTH_ACTOR_MAX)
		return false;
	memcpy(out->party, key.data, party + 1);
	memcpy(out->actor, end + 1, actor);
	out->actor[actor] = '\0';
	out->level = value.data[0];
	out->until.ms = (int64_t)troth_load_u64be(value.data + 1);
	return true;
}

bool troth_query_next_agent(struct troth_txn *t, struct troth_agent *at)
{
	struct troth_key k = agent_key(at->party, at->actor);
	struct troth_cursor c;
	bool found;

	if (at->actor[0] != '\0')
		k.b[k.len++] = 0; /* Behind this one. */
	troth_cursor_open(&c, t, TROTH_T_AGENTS);
	found = troth_cursor_seek(&c, troth_key_span(&k));
	if (found && !read_agent(c.key, c.value, at)) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "agents: a record of %zu bytes",
			       c.key.len);
		found = false;
	}
	troth_cursor_close(&c);
	return found;
}

uint32_t given_level(void *ctx, const char *party, const char *actor,
		     struct troth_time at)
{
	return troth_state_level(((struct troth_source *)ctx)->t, party, actor, at);
}

/* ---- Authority subjects ---- */

const struct troth_authority *given_authority(void *ctx, const char *party)
{
	struct troth_source *s = ctx;
	struct troth_id id = troth_authority_id(party);

	if (s->at_hand != NULL && troth_id_eq(&s->at_hand->id, &id))
		return troth_subject_exists(s->at_hand) ? &s->at_hand->authority : NULL;
	if (!troth_state_load(s->t, TROTH_T_SUBJECTS, &id, TROTH_SUBJECT_AUTHORITY,
			      s->authority) ||
	    !troth_subject_exists(s->authority))
		return NULL;
	return &s->authority->authority;
}

/* ---- What has been given ---- */

bool given_counts(const struct troth_promise *p)
{
	return p->grant[0] != '\0' && !troth_promise_came_to_nothing(p->state);
}

bool given_is_central(struct troth_txn *t)
{
	struct troth_span v;

	return troth_txn_get(t, TROTH_T_META, troth_span_str("kind"), &v) &&
	       troth_span_eq(v, troth_span_str(troth_central_schema.kind));
}

/* Only central has every entry, so at gateways nothing may rest on those that are there.
 */
static struct troth_time accepted_at(struct troth_txn *t, uint64_t position)
{
	static const struct troth_time unknown = { 0 };
	struct troth_entry entry;
	struct troth_span v;
	struct troth_why why;
	uint8_t key[8];

	if (position == 0 || !given_is_central(t))
		return unknown;
	troth_store_u64be(key, position - 1);
	if (troth_txn_get(t, TROTH_T_ENTRIES, troth_span(key, 8), &v) &&
	    troth_entry_decode(&entry, v, &why) == TROTH_OK)
		return entry.accepted;
	troth_txn_fail(t, TROTH_ERR_CORRUPT, "entries: position %llu",
		       (unsigned long long)position);
	return unknown;
}

struct troth_time given_accepted(void *ctx, uint64_t position)
{
	return accepted_at(((struct troth_source *)ctx)->t, position);
}

/*
 * Where it stands in the customer's period: at central as in troth_written, at a gateway
 * by the clock of its site, for by its own clock it is what it has given that counts.
 */
static struct troth_time given_at(struct troth_txn *t, const struct troth_writing *w)
{
	struct troth_time at = w->created, heard;

	if (!given_is_central(t) || TROTH_MUTANT(clock_of_a_site_is_believed))
		return at;
	if (at.ms > w->accepted.ms)
		at = w->accepted;
	heard = accepted_at(t, w->heard);
	return heard.ms > at.ms ? heard : at;
}

static struct troth_key given_key(const char *customer, const char *party,
				  const char *grant, struct troth_time at)
{
	struct troth_key k = { .len = 0 };

	troth_key_text(&k, customer);
	troth_key_text(&k, party);
	troth_key_text(&k, grant);
	troth_key_u64(&k, (uint64_t)at.ms);
	return k;
}

static void put(struct troth_txn *t, const struct troth_subject *s,
		const struct troth_indexed_promise *p)
{
	struct troth_key k = given_key(s->customer, p->party, p->grant,
				       given_at(t, &p->written));
	uint8_t value[8 + TROTH_ID_LEN];

	troth_key_id(&k, &p->id);
	troth_store_u64be(value, (uint64_t)p->cost);
	memcpy(value + 8, s->id.b, TROTH_ID_LEN);
	troth_txn_put(t, TROTH_T_GIVEN, troth_key_span(&k),
		      troth_span(value, sizeof(value)));
}

static void del(struct troth_txn *t, const char *customer,
		const struct troth_indexed_promise *p)
{
	struct troth_key k = given_key(customer, p->party, p->grant,
				       given_at(t, &p->written));

	troth_key_id(&k, &p->id);
	(void)troth_txn_del(t, TROTH_T_GIVEN, troth_key_span(&k));
}

void given_move(struct troth_txn *t, const char *customer,
		const struct troth_indexed_promise *was, const struct troth_subject *s,
		const struct troth_indexed_promise *is)
{
	bool from = was != NULL && was->given, to = is != NULL && is->given;

	if (from && to && memcmp(&was->written, &is->written, sizeof(is->written)) == 0 &&
	    was->cost == is->cost && strcmp(was->party, is->party) == 0 &&
	    strcmp(was->grant, is->grant) == 0 && strcmp(customer, s->customer) == 0)
		return;
	if (from)
		del(t, customer, was);
	if (to)
		put(t, s, is);
}

/* What is asked for: the instants from first to last. */
struct span_of_time {
	int64_t first_ms, last_ms;
};

static struct span_of_time around(const struct troth_source *s, struct troth_time at,
				  int64_t period_ms)
{
	struct span_of_time span = { at.ms - period_ms, at.ms + period_ms };

	if (span.first_ms < 0)
		span.first_ms = 0;
	if (s->until.ms != 0 && s->until.ms < span.last_ms)
		span.last_ms = s->until.ms;
	return span;
}

static bool within(const struct span_of_time *span, int64_t at_ms)
{
	return at_ms >= span->first_ms && at_ms <= span->last_ms;
}

/* What the subject at hand says, whatever the index says of it. */
static int64_t sum_at_hand(const struct troth_source *s, const char *party,
			   const char *grant, const char *customer,
			   const struct span_of_time *span)
{
	int64_t sum = 0;

	if (s->at_hand == NULL || strcmp(s->at_hand->customer, customer) != 0)
		return 0;
	for (unsigned i = 0; i < s->at_hand->promise_count; i++) {
		const struct troth_promise *p = &s->at_hand->promises[i];

		if (given_counts(p) && strcmp(p->party, party) == 0 &&
		    strcmp(p->grant, grant) == 0 &&
		    within(span, given_at(s->t, &p->written).ms))
			sum += p->cost;
	}
	return sum;
}

int64_t given_sum(void *ctx, const char *party, const char *grant, const char *customer,
		  struct troth_time at, int64_t period_ms)
{
	struct troth_source *s = ctx;
	struct span_of_time span = around(s, at, period_ms);
	struct troth_key k = given_key(customer, party, grant,
				       (struct troth_time){ span.first_ms });
	int64_t sum = sum_at_hand(s, party, grant, customer, &span);
	size_t named = k.len - 8; /* What all keys of these three begin with. */
	struct troth_cursor c;

	troth_cursor_open(&c, s->t, TROTH_T_GIVEN);
	for (bool more = troth_cursor_seek(&c, troth_key_span(&k));
	     more && c.key.len == k.len + TROTH_ID_LEN &&
	     memcmp(c.key.data, k.b, named) == 0 &&
	     within(&span, (int64_t)troth_load_u64be(c.key.data + named));
	     more = troth_cursor_next(&c)) {
		if (c.value.len != 8 + TROTH_ID_LEN) {
			troth_txn_fail(s->t, TROTH_ERR_CORRUPT, "given: a record of %s",
				       customer);
			break;
		}
		if (s->at_hand != NULL &&
		    memcmp(c.value.data + 8, s->at_hand->id.b, TROTH_ID_LEN) == 0)
			continue;
		sum += (int64_t)troth_load_u64be(c.value.data);
	}
	troth_cursor_close(&c);
	return sum;
}
