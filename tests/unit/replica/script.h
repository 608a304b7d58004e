/*
 * script - a central that keeps everything in memory and follows a script: its
 * books, and the answers that a good central would give.
 */
#ifndef TROTH_TESTS_REPLICA_SCRIPT_H
#define TROTH_TESTS_REPLICA_SCRIPT_H

#include "memkv.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"
#include "troth/core/chain.h"
#include "troth/core/promise.h"
#include "troth/replica/gateway.h"
#include "troth/state/key.h"
#include "troth/state/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SITE    "spiffe://fed.brand.example/gw/acme/manila"
#define OTHER   "spiffe://fed.brand.example/gw/rival/oslo"
#define CENTRAL "spiffe://fed.brand.example/central"

#define KIT_ENTRIES  512
#define KIT_SUBJECTS 256
#define KIT_REQUESTS 64
#define DAY_MS       INT64_C(86400000)

struct kit_entry {
	struct troth_buf entry, blob;
	uint8_t digest[TROTH_ITEM_DIGEST_LEN];
	struct troth_id event;
	struct troth_verdict verdict;
};

struct kit_request {
	uint32_t id;
	struct troth_buf bytes;
	struct troth_bus_request m;
};

struct kit {
	/* The gateway and what it did. */
	struct memkv_disk *disk;
	const char *dir; /* A real store in this directory instead; NULL: none. */
	struct troth_kv *kv;
	struct troth_gateway *g;
	struct troth_sign_key *key;
	struct troth_signer signer;
	unsigned batch_events, batches_in_flight;
	bool restored; /* The next open says so. */
	struct troth_time now;
	uint64_t dice;
	uint32_t next_request;
	struct kit_request requests[KIT_REQUESTS];
	unsigned request_count;
	bool refuse_to_send;
	unsigned drops;
	char drop_why[TROTH_WHY_MAX];
	struct troth_buf notes; /* "event: text\n" ... */
	uint64_t stream_len;

	/* Answers to commands, in the order in which they came. */
	unsigned answered;
	struct troth_result results[256];
	uint64_t commits_at_answer;

	/* Central. */
	struct kit_entry *entries[KIT_ENTRIES];
	uint64_t size;
	struct troth_tree tree;
	struct troth_subject *subjects[KIT_SUBJECTS];
	unsigned subject_count;
	struct troth_party parties[8];
	unsigned party_count;
	struct troth_site sites[8];
	unsigned site_count;
	struct troth_agent agents[8];
	unsigned agent_count;
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	struct troth_policy *policy; /* Version 1; NULL: none has been published. */
	uint64_t incarnation, taken_seq;
	struct troth_digest head;
	uint64_t foreign_seq;
	struct troth_bus_receive received; /* Newest; its ids are in diverged. */
	unsigned receives;
	struct troth_id diverged[8];
	unsigned resent; /* Events that came again under an event id it had. */
	const struct troth_bus_mark *marks;
	size_t mark_count;
};

/* ---- Central's books ---- */

static inline bool kit_party(void *ctx, const char *name, struct troth_party *out)
{
	struct kit *k = ctx;

	for (unsigned i = 0; i < k->party_count; i++)
		if (strcmp(k->parties[i].party, name) == 0) {
			*out = k->parties[i];
			return true;
		}
	return false;
}

static inline bool kit_site(void *ctx, const char *origin, struct troth_site *out)
{
	struct kit *k = ctx;

	for (unsigned i = 0; i < k->site_count; i++)
		if (strcmp(k->sites[i].origin, origin) == 0) {
			*out = k->sites[i];
			return true;
		}
	return false;
}

static inline struct troth_subject *kit_subject(struct kit *k, const struct troth_id *id,
						enum troth_subject_kind kind)
{
	struct troth_subject *s;

	for (unsigned i = 0; i < k->subject_count; i++)
		if (troth_id_eq(&k->subjects[i]->id, id))
			return k->subjects[i];
	assert_true(k->subject_count < KIT_SUBJECTS);
	s = calloc(1, sizeof(*s));
	assert_non_null(s);
	troth_subject_init(s, kind, id);
	k->subjects[k->subject_count++] = s;
	return s;
}

static inline const struct troth_policy *kit_policy(void *ctx, uint64_t version)
{
	return version == 1 ? ((struct kit *)ctx)->policy : NULL;
}

static inline uint64_t kit_newest_policy(void *ctx)
{
	return ((struct kit *)ctx)->policy != NULL;
}

static inline const struct troth_authority *kit_authority(void *ctx, const char *party)
{
	struct troth_id id = troth_authority_id(party);
	struct troth_subject *s = kit_subject(ctx, &id, TROTH_SUBJECT_AUTHORITY);

	return troth_subject_exists(s) ? &s->authority : NULL;
}

static inline uint32_t kit_level(void *ctx, const char *party, const char *actor,
				 struct troth_time at)
{
	const struct kit *k = ctx;
	uint32_t level = 0;

	(void)at;
	for (unsigned i = 0; i < k->agent_count; i++)
		if (strcmp(k->agents[i].party, party) == 0 &&
		    strcmp(k->agents[i].actor, actor) == 0)
			level = k->agents[i].level;
	return level;
}

static inline int64_t kit_given(void *ctx, const char *party, const char *grant,
				const char *customer, struct troth_time at,
				int64_t period_ms)
{
	const struct kit *k = ctx;
	int64_t sum = 0;

	for (unsigned i = 0; i < k->subject_count; i++)
		for (unsigned j = 0; j < k->subjects[i]->promise_count; j++) {
			const struct troth_promise *p = &k->subjects[i]->promises[j];

			if (strcmp(k->subjects[i]->customer, customer) == 0 &&
			    strcmp(p->party, party) == 0 &&
			    strcmp(p->grant, grant) == 0 &&
			    llabs(p->written.created.ms - at.ms) <= period_ms &&
			    !troth_promise_came_to_nothing(p->state))
				sum += p->cost;
		}
	return sum;
}

static inline void kit_federation(struct kit *k, const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_AGENT_CERTIFIED) {
		k->agents[k->agent_count++] = e->u.agent;
	} else if (e->type == TROTH_EVENT_PARTY_ADDED) {
		k->parties[k->party_count++] = e->u.party;
		if (e->u.party.role == TROTH_ROLE_BRAND)
			TROTH_TEXT_SET(k->brand, e->u.party.party);
	} else if (e->type == TROTH_EVENT_SITE_ADDED) {
		struct troth_site *s = &k->sites[k->site_count++];

		*s = (struct troth_site){ .key_count = 1 };
		TROTH_TEXT_SET(s->party, e->u.site.party);
		TROTH_TEXT_SET(s->site, e->u.site.site);
		TROTH_TEXT_SET(s->origin, e->u.site.origin);
		memcpy(s->keys[0].key, e->u.site.key, 32);
	}
}

/* Judges and appends an event whose bytes are `body`. Returns its position. */
static inline uint64_t kit_append(struct kit *k, const struct troth_event *e,
				  struct troth_span body, struct troth_span blob)
{
	struct kit_entry *n = calloc(1, sizeof(*n));
	struct troth_subject *s = kit_subject(k, &e->subject, e->subject_kind);
	struct troth_digest leaf, record[TROTH_TREE_LEVELS + 1];
	struct troth_buf state = TROTH_BUF_INIT;
	struct troth_site site;
	struct troth_who who;
	enum troth_reason r;

	assert_non_null(n);
	assert_true(k->size < KIT_ENTRIES);
	r = troth_who_acts(&who, &site, &k->lookup, e, CENTRAL);
	n->verdict = (struct troth_verdict){ TROTH_REFUSED, r };
	if (r == TROTH_REASON_NONE)
		n->verdict = troth_judge(s, &k->lookup, &who, e, k->now);
	n->event = e->id;
	troth_entry_encode(&(struct troth_entry){ body, n->verdict, k->now }, &n->entry);
	troth_buf_put_span(&n->blob, blob);
	troth_tree_leaf(&leaf, troth_buf_span(&n->entry));
	(void)troth_tree_append(&k->tree, &leaf, record);
	k->entries[k->size++] = n;
	/* A refused event about nothing only goes to its author (digest ABSENT). */
	if (n->verdict.outcome != TROTH_REFUSED || troth_subject_exists(s)) {
		troth_apply(s, &k->lookup, &who, e, n->verdict,
			    (struct troth_place){ k->size, k->now });
		troth_subject_seal(s, &leaf, &state);
		memcpy(n->digest, s->digest.b, sizeof(n->digest));
		if (n->verdict.outcome != TROTH_REFUSED)
			kit_federation(k, e);
	}
	troth_buf_fini(&state);
	return k->size;
}

/* An event of somebody else's, from `origin`. */
static inline uint64_t kit_foreign(struct kit *k, const char *origin,
				   struct troth_event *e)
{
	struct troth_buf body = TROTH_BUF_INIT;
	struct troth_flaw flaw;
	uint64_t position;
	uint8_t random[10] = { 9 };

	k->foreign_seq++;
	memcpy(random + 2, &k->foreign_seq, sizeof(k->foreign_seq));
	e->id = troth_id_make(k->now, random);
	TROTH_TEXT_SET(e->origin, origin);
	e->incarnation = 1;
	e->origin_seq = k->foreign_seq;
	e->created = k->now;
	assert_true(troth_event_check(e, &flaw));
	troth_body_encode(e, &body);
	position = kit_append(k, e, troth_buf_span(&body), TROTH_SPAN_NONE);
	troth_buf_fini(&body);
	return position;
}

/* The brand, a vendor with the site under test, and two other firms. */
static inline void kit_found(struct kit *k)
{
	static const struct {
		const char *party, *site, *origin;
		enum troth_role role;
	} all[] = {
		{ "brand", NULL, NULL, TROTH_ROLE_BRAND },
		{ "acme", "manila", SITE, TROTH_ROLE_VENDOR },
		{ "rival", "oslo", OTHER, TROTH_ROLE_VENDOR },
		{ "shop", NULL, NULL, TROTH_ROLE_SELLER },
	};

	for (unsigned i = 0; i < TROTH_LEN(all); i++) {
		struct troth_event e = { .type = TROTH_EVENT_PARTY_ADDED,
					 .subject_kind = TROTH_SUBJECT_FEDERATION };

		TROTH_TEXT_SET(e.u.party.party, all[i].party);
		TROTH_TEXT_SET(e.u.party.name, "A firm");
		e.u.party.role = all[i].role;
		(void)kit_foreign(k, CENTRAL, &e);
		if (all[i].site == NULL)
			continue;
		e = (struct troth_event){ .type = TROTH_EVENT_SITE_ADDED,
					  .subject_kind = TROTH_SUBJECT_FEDERATION };
		TROTH_TEXT_SET(e.u.site.party, all[i].party);
		TROTH_TEXT_SET(e.u.site.site, all[i].site);
		TROTH_TEXT_SET(e.u.site.origin, all[i].origin);
		memcpy(e.u.site.key, k->signer.public_key, 32);
		(void)kit_foreign(k, CENTRAL, &e);
	}
	assert_int_equal(k->entries[k->size - 1]->verdict.outcome, TROTH_TAKES_EFFECT);
}

/* ---- Central's answers ---- */

static inline void kit_reply(struct kit *k, uint32_t request,
			     const struct troth_bus_reply *m)
{
	struct troth_buf bytes = TROTH_BUF_INIT;

	troth_bus_reply_encode(m, &bytes);
	assert_false(bytes.failed);
	troth_gateway_reply(k->g, request, troth_buf_span(&bytes), k->now);
	troth_buf_fini(&bytes);
}

static inline void kit_error(struct kit *k, uint32_t request, enum troth_bus_error code,
			     const char *text, uint64_t origin_seq)
{
	kit_reply(k, request,
		  &(struct troth_bus_reply){ .type = TROTH_BUS_ERROR,
					     .u.error = { code, text, origin_seq } });
}

/* Takes the oldest request of that type out; the caller owes a kit_done. */
static inline bool kit_take(struct kit *k, enum troth_bus_type type,
			    struct kit_request *out)
{
	for (unsigned i = 0; i < k->request_count; i++) {
		if (k->requests[i].m.type != type)
			continue;
		*out = k->requests[i];
		k->request_count--;
		memmove(&k->requests[i], &k->requests[i + 1],
			(k->request_count - i) * sizeof(k->requests[0]));
		return true;
	}
	return false;
}

static inline unsigned kit_waiting(const struct kit *k, enum troth_bus_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k->request_count; i++)
		n += k->requests[i].m.type == type;
	return n;
}

static inline void kit_answer_hello(struct kit *k, const struct kit_request *r)
{
	struct troth_bus_reply m = {
		.type = TROTH_BUS_HELLO,
		.u.hello = { .version = 1,
			     .feed_len = k->size,
			     .size = k->size,
			     .now = k->now,
			     .brand = k->brand,
			     .marks = k->mark_count },
	};

	if (k->taken_seq > 0 || k->incarnation > 1)
		m.u.hello.top_incarnation = k->incarnation;
	if (r->m.u.hello.incarnation == k->incarnation) {
		m.u.hello.taken_seq = k->taken_seq;
		m.u.hello.taken_head = k->head;
	}
	troth_tree_root(&k->tree, &m.u.hello.root);
	kit_reply(k, r->id, &m);
}

static inline bool kit_knows(const struct kit *k, const struct troth_id *event)
{
	for (uint64_t i = 0; i < k->size; i++)
		if (troth_id_eq(&k->entries[i]->event, event))
			return true;
	return false;
}

static inline void kit_check_seal(struct kit *k, const struct troth_bus_submit *s)
{
	uint8_t message[TROTH_SEAL_MESSAGE];

	assert_true(
		troth_verify(k->signer.public_key,
			     troth_seal_message(message, SITE, s->incarnation,
						s->first_seq + s->count - 1, &k->head),
			     s->seal));
}

static inline void kit_take_event(struct kit *k, uint64_t seq, struct troth_span body,
				  struct troth_span blob)
{
	struct troth_event e;
	struct troth_why why = { "" };

	if (troth_body_decode(&e, body, &why) != TROTH_OK)
		fail_msg("event %u: %s", (unsigned)seq, why.text);
	assert_int_equal(e.origin_seq, seq);
	assert_true(troth_digest_eq(&e.origin_prev, &k->head));
	troth_chain_head(&k->head, &k->head, body);
	k->taken_seq = seq;
	if (kit_knows(k, &e.id))
		k->resent++;
	else
		(void)kit_append(k, &e, body, blob);
}

static inline void kit_answer_submit(struct kit *k, const struct kit_request *r)
{
	const struct troth_bus_submit *s = &r->m.u.submit;
	struct troth_bus_reply m = { .type = TROTH_BUS_SUBMIT };

	if (s->incarnation == k->incarnation + 1) {
		k->incarnation++;
		k->taken_seq = 0;
		k->head = (struct troth_digest){ { 0 } };
	}
	assert_int_equal(s->incarnation, k->incarnation);
	if (s->first_seq > k->taken_seq + 1) {
		m.u.submit.resend_from = k->taken_seq + 1;
	} else {
		size_t i = (size_t)(k->taken_seq + 1 - s->first_seq);
		bool some = i < s->count;

		for (; i < s->count; i++)
			kit_take_event(k, s->first_seq + i, s->bodies[i], s->blobs[i]);
		if (some || s->count == 0)
			kit_check_seal(k, s);
	}
	m.u.submit.taken_seq = k->taken_seq;
	m.u.submit.last_position = k->size;
	kit_reply(k, r->id, &m);
}

/* Fills *m with at most `max` items, borrowed from the kit. */
static inline void kit_feed(struct kit *k, uint64_t after, uint64_t max,
			    struct troth_bus_item items[64], struct troth_bus_reply *m)
{
	size_t n = 0;

	for (uint64_t i = after; i < k->size && n < max && n < 64; i++, n++) {
		items[n] = (struct troth_bus_item){
			.position = i + 1,
			.entry = troth_buf_span(&k->entries[i]->entry),
			.blob = troth_buf_span(&k->entries[i]->blob),
		};
		memcpy(items[n].digest, k->entries[i]->digest, sizeof(items[n].digest));
	}
	*m = (struct troth_bus_reply){
		.type = TROTH_BUS_FOLLOW,
		.u.follow = { .first = n > 0 ? after + 1 : 0,
			      .item_count = n,
			      .items = items,
			      .upto_position = after + n,
			      .size = k->size,
			      .now = k->now,
			      .mark_count = k->mark_count,
			      .marks = k->marks,
			      .marks_upto = k->mark_count },
	};
	troth_tree_root(&k->tree, &m->u.follow.root);
}

static inline void kit_answer_follow(struct kit *k, const struct kit_request *r,
				     uint64_t max)
{
	struct troth_bus_item items[64];
	struct troth_bus_reply m;

	kit_feed(k, r->m.u.follow.after, max, items, &m);
	kit_reply(k, r->id, &m);
}

static inline void kit_answer_receive(struct kit *k, const struct kit_request *r)
{
	const struct troth_bus_receive *m = &r->m.u.receive;

	k->received = *m;
	k->receives++;
	for (size_t i = 0; i < m->diverged_count && i < TROTH_LEN(k->diverged); i++)
		k->diverged[i] = m->diverged[i];
	kit_reply(k, r->id, &(struct troth_bus_reply){ .type = TROTH_BUS_RECEIVE });
}

static inline bool kit_has_news(const struct kit *k, const struct kit_request *r)
{
	return r->m.u.follow.after < k->size || r->m.u.follow.marks_after < k->mark_count;
}

static inline void kit_answer(struct kit *k, const struct kit_request *r, uint64_t max)
{
	switch (r->m.type) {
	case TROTH_BUS_HELLO:
		kit_answer_hello(k, r);
		break;
	case TROTH_BUS_SUBMIT:
		kit_answer_submit(k, r);
		break;
	case TROTH_BUS_FOLLOW:
		kit_answer_follow(k, r, max);
		break;
	case TROTH_BUS_RECEIVE:
		kit_answer_receive(k, r);
		break;
	case TROTH_BUS_FRESH:
		kit_reply(k, r->id,
			  &(struct troth_bus_reply){
				  .type = TROTH_BUS_FRESH,
				  .u.fresh = { k->size, k->size, k->now } });
		break;
	case TROTH_BUS_FIND:
	case TROTH_BUS_ERROR:
		fail_msg("the kit does not answer this");
	}
}

#endif
