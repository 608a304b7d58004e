/*
 * replica_kit - a gateway on a simulated disk, and a central that follows a script.
 *
 * The script's central keeps everything in memory. By itself it answers as a good
 * central would (kit_serve); a test may take requests away, answer them otherwise,
 * or append entries of others. One program includes it once.
 */
#ifndef TROTH_TESTS_REPLICA_KIT_H
#define TROTH_TESTS_REPLICA_KIT_H

#include "memkv.h"

#include "troth/base/text.h"
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

#define SITE    "spiffe://fed.brand.example/site/acme/manila"
#define OTHER   "spiffe://fed.brand.example/site/rival/oslo"
#define CENTRAL "spiffe://fed.brand.example/central"

#define KIT_ENTRIES  512
#define KIT_SUBJECTS 16
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
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
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

static inline void kit_federation(struct kit *k, const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_PARTY_ADDED) {
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

/* ---- What the gateway is given ---- */

static inline void kit_random(void *ctx, void *out, size_t len)
{
	struct kit *k = ctx;
	uint8_t *p = out;

	while (len-- > 0) {
		k->dice ^= k->dice << 13;
		k->dice ^= k->dice >> 7;
		k->dice ^= k->dice << 17;
		*p++ = (uint8_t)(k->dice >> 32);
	}
}

static inline uint32_t kit_send(void *ctx, struct troth_buf *payload)
{
	struct kit *k = ctx;
	struct kit_request *r = &k->requests[k->request_count];
	struct troth_why why;

	if (k->refuse_to_send)
		return 0;
	assert_true(k->request_count < KIT_REQUESTS);
	assert_true(
		memkv_is_settled(k->disk)); /* Nothing is told before it is durable. */
	*r = (struct kit_request){ .id = ++k->next_request, .bytes = *payload };
	*payload = TROTH_BUF_INIT;
	if (troth_bus_request_decode(&r->m, troth_buf_span(&r->bytes), &why) != TROTH_OK)
		fail_msg("the gateway sent what cannot be read: %s", why.text);
	k->request_count++;
	return r->id;
}

static inline void kit_drop(void *ctx, const char *why)
{
	struct kit *k = ctx;

	k->drops++;
	(void)snprintf(k->drop_why, sizeof(k->drop_why), "%s", why);
}

static inline void kit_note(void *ctx, const char *event, const char *text)
{
	troth_buf_printf(&((struct kit *)ctx)->notes, "%s: %s\n", event, text);
}

/* How often something of that name has been noted. */
static inline unsigned kit_noted(const struct kit *k, const char *event)
{
	unsigned n = 0;
	size_t len = strlen(event);

	for (size_t i = 0; i + len < k->notes.len; i++)
		n += (i == 0 || k->notes.data[i - 1] == '\n') &&
		     memcmp(k->notes.data + i, event, len) == 0 &&
		     k->notes.data[i + len] == ':';
	return n;
}

static inline void kit_advanced(void *ctx, uint64_t stream_len)
{
	((struct kit *)ctx)->stream_len = stream_len;
}

static inline enum troth_err kit_try_open(struct kit *k, const char *origin,
					  struct troth_why *why)
{
	const struct troth_gateway_io io = { k, kit_send, kit_drop, kit_note,
					     kit_advanced };
	const struct troth_gateway_config config = {
		.origin = origin,
		.party = "acme",
		.site = "manila",
		.central_origin = CENTRAL,
		.signer = &k->signer,
		.random = kit_random,
		.random_ctx = k,
		.software = "test",
		.batch_events = k->batch_events,
		.batches_in_flight = k->batches_in_flight,
	};

	enum troth_err err = k->dir == NULL
				     ? memkv_open(&k->kv, k->disk, &troth_gateway_schema,
						  why)
				     : troth_kv_open(&k->kv, k->dir,
						     &troth_gateway_schema, NULL, why);

	if (err != TROTH_OK)
		return err;
	return troth_gateway_open(&k->g, k->kv, &config, &io, why);
}

static inline void kit_open(struct kit *k)
{
	struct troth_why why = { "" };

	if (kit_try_open(k, SITE, &why) != TROTH_OK)
		fail_msg("%s", why.text);
}

static inline void kit_done(struct kit_request *r)
{
	troth_bus_request_fini(&r->m);
	troth_buf_fini(&r->bytes);
}

static inline void kit_forget_requests(struct kit *k)
{
	while (k->request_count > 0)
		kit_done(&k->requests[--k->request_count]);
}

static inline void kit_close(struct kit *k)
{
	troth_gateway_close(k->g);
	k->g = NULL;
	troth_kv_close(k->kv);
	k->kv = NULL;
	kit_forget_requests(k);
}

/* The machine dies and comes back; what was not durable is gone. */
static inline void kit_crash(struct kit *k)
{
	memkv_crash(k->disk);
	k->kv = NULL;
	troth_gateway_close(k->g);
	kit_forget_requests(k);
	kit_open(k);
}

static inline struct kit *kit_new_in(const char *dir)
{
	static const uint8_t seed[TROTH_SEED_LEN] = { 7 };
	struct kit *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->disk = memkv_disk_new();
	k->key = troth_sign_key_from_seed(seed);
	k->signer = troth_signer_of(k->key);
	k->now = (struct troth_time){ INT64_C(1790000000000) };
	k->dice = 88172645463325252u;
	k->lookup = (struct troth_lookup){ k, kit_party, kit_site, k->brand };
	k->incarnation = 1;
	k->dir = dir;
	kit_open(k);
	return k;
}

static inline struct kit *kit_new(void)
{
	return kit_new_in(NULL);
}

static inline void kit_free(struct kit *k)
{
	kit_close(k);
	memkv_disk_free(k->disk);
	troth_sign_key_free(k->key);
	troth_buf_fini(&k->notes);
	for (uint64_t i = 0; i < k->size; i++) {
		troth_buf_fini(&k->entries[i]->entry);
		troth_buf_fini(&k->entries[i]->blob);
		free(k->entries[i]);
	}
	for (unsigned i = 0; i < k->subject_count; i++)
		free(k->subjects[i]);
	free(k);
}

static inline void kit_turn(struct kit *k)
{
	struct troth_why why = { "" };

	if (troth_gateway_turn(k->g, k->now, &why) != TROTH_OK)
		fail_msg("%s", why.text);
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
			     .brand = k->brand },
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
		if (some)
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

/* Answers everything that is there but Follows with nothing to say; true: some. */
static inline bool kit_answer_all(struct kit *k, uint64_t items_at_once)
{
	static const enum troth_bus_type types[] = { TROTH_BUS_HELLO, TROTH_BUS_SUBMIT,
						     TROTH_BUS_RECEIVE, TROTH_BUS_FRESH };
	struct kit_request r;
	bool some = false;

	for (unsigned i = 0; i < TROTH_LEN(types); i++)
		while (kit_take(k, types[i], &r)) {
			kit_answer(k, &r, 0);
			kit_done(&r);
			some = true;
		}
	if (!kit_take(k, TROTH_BUS_FOLLOW, &r))
		return some;
	if (!kit_has_news(k, &r)) {
		k->requests[k->request_count++] = r; /* It goes on waiting. */
		return some;
	}
	kit_answer(k, &r, items_at_once);
	kit_done(&r);
	return true;
}

/* Turns and answers until nobody has anything to do. */
static inline void kit_serve_by(struct kit *k, uint64_t items_at_once)
{
	for (int i = 0; i < 2000; i++) {
		kit_turn(k);
		if (!kit_answer_all(k, items_at_once) &&
		    !troth_gateway_busy(k->g, k->now))
			return;
	}
	fail_msg("gateway and central do not come to rest");
}

static inline void kit_serve(struct kit *k)
{
	kit_serve_by(k, 64);
}

static inline void kit_up(struct kit *k)
{
	kit_forget_requests(k);
	k->now.ms += 20000; /* Beyond any back-off. */
	troth_gateway_up(k->g, k->now);
}

static inline void kit_down(struct kit *k)
{
	kit_forget_requests(k);
	troth_gateway_down(k->g, "the test cut the line", k->now);
}

/* A gateway that has joined and lies still. */
static inline struct kit *kit_joined(void)
{
	struct kit *k = kit_new();

	kit_found(k);
	kit_up(k);
	kit_serve(k);
	return k;
}

/* ---- What the site's people do ---- */

static inline void kit_on_done(struct troth_command *c, const struct troth_result *r)
{
	struct kit *k = c->ctx;

	assert_true(k->answered < TROTH_LEN(k->results));
	k->commits_at_answer = memkv_commits(k->disk);
	k->results[k->answered++] = *r;
	troth_command_free(c);
}

static inline struct troth_command *kit_command(struct kit *k, unsigned count)
{
	struct troth_command *c = troth_command_new(count);

	assert_non_null(c);
	c->done = kit_on_done;
	c->ctx = k;
	return c;
}

static inline struct troth_id case_id(uint8_t n)
{
	return (struct troth_id){ { 1, n, 0 } };
}

static inline struct troth_id promise_id(uint8_t n)
{
	return (struct troth_id){ { 2, n, 0 } };
}

static inline void draft_case(struct troth_event *e, uint8_t n)
{
	e->type = TROTH_EVENT_CASE_OPENED;
	e->subject_kind = TROTH_SUBJECT_CASE;
	e->subject = case_id(n);
	TROTH_TEXT_SET(e->actor, "agent-7");
	TROTH_TEXT_SET(e->u.cas.customer, "customer-1");
	TROTH_TEXT_SET(e->u.cas.reason, "late");
}

/* A spoken promise of the site's party to call back within a day. */
static inline void draft_promise(const struct kit *k, struct troth_event *e, uint8_t n,
				 uint8_t promise)
{
	e->type = TROTH_EVENT_PROMISE_MADE;
	e->subject_kind = TROTH_SUBJECT_CASE;
	e->subject = case_id(n);
	TROTH_TEXT_SET(e->actor, "agent-7");
	e->u.promise.id = promise_id(promise);
	e->u.promise.kind = TROTH_KIND_CALLBACK;
	e->u.promise.channel = TROTH_CHANNEL_PHONE;
	e->u.promise.spoken = true;
	e->u.promise.made = k->now;
	e->u.promise.due.ms = k->now.ms + DAY_MS + promise;
	TROTH_TEXT_SET(e->u.promise.reason, "late");
	e->u.promise.terms_count = 1;
	TROTH_TEXT_SET(e->u.promise.terms[0].debtor, "acme");
	e->u.promise.terms[0].action = TROTH_ACTION_CALL_BACK;
	e->u.promise.terms[0].due.ms = k->now.ms + DAY_MS;
}

static inline void draft_close(struct troth_event *e, uint8_t n)
{
	e->type = TROTH_EVENT_CASE_CLOSED;
	e->subject_kind = TROTH_SUBJECT_CASE;
	e->subject = case_id(n);
	TROTH_TEXT_SET(e->u.cas.outcome, "solved");
}

static inline void draft_release(struct troth_event *e, uint8_t n, uint8_t promise)
{
	e->type = TROTH_EVENT_PROMISE_STEP;
	e->subject_kind = TROTH_SUBJECT_CASE;
	e->subject = case_id(n);
	e->u.promise_step.promise = promise_id(promise);
	e->u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	TROTH_TEXT_SET(e->u.promise_step.reason, "waived");
}

static inline struct troth_command *cmd_case(struct kit *k, uint8_t n)
{
	struct troth_command *c = kit_command(k, 1);

	draft_case(c->drafts[0], n);
	return c;
}

static inline struct troth_command *cmd_promise(struct kit *k, uint8_t n, uint8_t promise)
{
	struct troth_command *c = kit_command(k, 1);

	draft_promise(k, c->drafts[0], n, promise);
	return c;
}

static inline struct troth_command *cmd_close(struct kit *k, uint8_t n)
{
	struct troth_command *c = kit_command(k, 1);

	draft_close(c->drafts[0], n);
	return c;
}

/* Hands the command in and takes a turn; the result. */
static inline struct troth_result kit_do(struct kit *k, struct troth_command *c)
{
	unsigned before = k->answered;

	troth_gateway_commands(k->g, c);
	kit_turn(k);
	assert_int_equal(k->answered, before + 1);
	return k->results[before];
}

/* ---- What the gateway shows ---- */

static inline bool kit_view(struct kit *k, uint8_t n, struct troth_view *out)
{
	struct troth_id id = case_id(n);
	struct troth_txn t;
	bool found;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	found = troth_query_subject(&t, TROTH_NODE_GATEWAY, &id, out);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	return found;
}

static inline uint64_t kit_count(struct kit *k, enum troth_table table)
{
	struct troth_txn t;
	uint64_t n;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	n = troth_txn_count(&t, table);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	return n;
}

static inline bool kit_has(struct troth_txn *t, enum troth_table table,
			   const struct troth_key *key)
{
	struct troth_span value;

	return troth_txn_get(t, table, troth_key_span(key), &value);
}

/* The indexes must say exactly what the views say: no more, no less. */
static inline void kit_check_indexes(struct kit *k)
{
	struct troth_view *v = calloc(1, sizeof(*v));
	uint64_t promises = 0, debts = 0, customers = 0;
	struct troth_id id, item;
	struct troth_list l;
	struct troth_txn t;

	assert_non_null(v);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	troth_list_subjects(&l, &t, TROTH_NODE_GATEWAY, TROTH_SPAN_NONE);
	while (troth_list_next(&l, &item, &id)) {
		if (!troth_query_subject(&t, TROTH_NODE_GATEWAY, &id, v))
			continue;
		customers += v->subject.customer[0] != '\0';
		promises += v->subject.promise_count;
		debts += v->subject.commitment_count;
		for (unsigned i = 0; i < v->subject.promise_count; i++) {
			const struct troth_promise *p = &v->subject.promises[i];
			struct troth_key key = { .len = 0 };

			troth_key_id(&key, &p->id);
			assert_true(kit_has(&t, TROTH_T_ITEMS, &key));
			key.len = 0;
			troth_key_u8(&key, !troth_promise_is_open(p->state));
			troth_key_u64(&key, (uint64_t)p->due.ms);
			troth_key_id(&key, &p->id);
			assert_true(kit_has(&t, TROTH_T_PROMISES, &key));
		}
	}
	troth_list_close(&l);
	assert_int_equal(troth_txn_count(&t, TROTH_T_PROMISES), promises);
	assert_int_equal(troth_txn_count(&t, TROTH_T_ITEMS), promises);
	assert_int_equal(troth_txn_count(&t, TROTH_T_DEBTS), debts);
	assert_int_equal(troth_txn_count(&t, TROTH_T_CUSTOMERS), customers);
	assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
	free(v);
}

/* With nothing pending, what stands here must be bit by bit what central has. */
static inline void kit_check_same(struct kit *k)
{
	struct troth_buf ours = TROTH_BUF_INIT, theirs = TROTH_BUF_INIT;
	struct troth_view *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	assert_int_equal(kit_count(k, TROTH_T_OWN), 0);
	assert_int_equal(kit_count(k, TROTH_T_OUTBOX_OF), 0);
	assert_int_equal(kit_count(k, TROTH_T_VIEWS), 0);
	assert_int_equal(kit_count(k, TROTH_T_FEED), k->size);
	for (unsigned i = 0; i < k->subject_count; i++) {
		const struct troth_subject *s = k->subjects[i];
		struct troth_txn t;

		if (!troth_subject_exists(s))
			continue;
		troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
		assert_true(troth_query_subject(&t, TROTH_NODE_GATEWAY, &s->id, v));
		assert_int_equal(troth_txn_commit(&t, NULL), TROTH_OK);
		troth_buf_reset(&ours);
		troth_buf_reset(&theirs);
		troth_subject_encode(&v->subject, &ours);
		troth_subject_encode(s, &theirs);
		assert_true(
			troth_span_eq(troth_buf_span(&ours), troth_buf_span(&theirs)));
		assert_true(troth_digest_eq(&v->subject.digest, &s->digest));
	}
	troth_buf_fini(&ours);
	troth_buf_fini(&theirs);
	free(v);
	kit_check_indexes(k);
}

#endif
