#include "central_kit.h"

#include "troth/core/chain.h"
#include "troth/state/query.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void counted(void *ctx, void *out, size_t len)
{
	struct kit *k = ctx;
	uint8_t *p = out;

	k->random++;
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(k->random >> (8 * (i % 8)));
}

static void open_ledger(struct kit *k)
{
	struct troth_ledger_config config = { .origin = FIXTURE_CENTRAL,
					      .signer = &k->signer,
					      .random = counted,
					      .random_ctx = k,
					      .restored = k->restored };
	struct troth_why why = { "" };

	if (memkv_open(&k->kv, k->disk, &troth_central_schema, &why) != TROTH_OK ||
	    troth_ledger_open(&k->ledger, k->kv, &config, &why) != TROTH_OK) {
		(void)fprintf(stderr, "kit: %s\n", why.text);
		assert(!"the ledger opens");
	}
}

static void done(struct troth_command *c, const struct troth_result *r)
{
	(void)c;
	(void)r;
}

static void command(struct kit *k, const struct troth_event *e)
{
	struct troth_command *c = troth_command_new(1);
	struct troth_result r;

	*c->drafts[0] = *e;
	c->done = done;
	troth_ledger_command(k->ledger, c, &r);
	assert(r.status == TROTH_DONE);
	troth_command_free(c);
}

static void found_party(struct kit *k, const char *party)
{
	struct troth_event e = { .type = TROTH_EVENT_PARTY_ADDED,
				 .subject_kind = TROTH_SUBJECT_FEDERATION };

	assert(fixture_lookup.party(NULL, party, &e.u.party));
	command(k, &e);
}

static void found_site(struct kit *k, struct kit_site *s, const char *party, uint8_t n)
{
	struct troth_event e = { .type = TROTH_EVENT_SITE_ADDED,
				 .subject_kind = TROTH_SUBJECT_FEDERATION };
	uint8_t seed[TROTH_SEED_LEN];

	memset(seed, n, sizeof(seed));
	*s = (struct kit_site){ .party = party, .incarnation = 1 };
	s->key = troth_sign_key_from_seed(seed);
	(void)snprintf(s->origin, sizeof(s->origin),
		       "spiffe://" FIXTURE_DOMAIN "/gw/%s/main", party);
	(void)strcpy(e.u.site.party, party);
	(void)strcpy(e.u.site.site, "main");
	(void)strcpy(e.u.site.origin, s->origin);
	troth_sign_key_public(s->key, e.u.site.key);
	command(k, &e);
}

void kit_init(struct kit *k)
{
	static const char *const parties[] = { "brand", "acme",  "zeta", "swift",
					       "slow",  "handy", "shop", "mall" };
	uint8_t seed[TROTH_SEED_LEN] = { 99 };
	struct troth_why why = { "" };

	*k = (struct kit){ .now = { FIXTURE_NOW } };
	k->central_key = troth_sign_key_from_seed(seed);
	k->signer = troth_signer_of(k->central_key);
	k->disk = memkv_disk_new();
	open_ledger(k);
	troth_ledger_begin(k->ledger, k->now);
	for (size_t i = 0; i < TROTH_LEN(parties); i++)
		found_party(k, parties[i]);
	found_site(k, &k->acme, "acme", 1);
	found_site(k, &k->zeta, "zeta", 2);
	found_site(k, &k->swift, "swift", 3);
	found_site(k, &k->slow, "slow", 4);
	found_site(k, &k->shop, "shop", 5);
	assert(troth_ledger_commit(k->ledger, &why) == TROTH_OK);
}

void kit_fini(struct kit *k)
{
	struct kit_site *sites[] = { &k->acme, &k->zeta, &k->swift, &k->slow, &k->shop };

	troth_ledger_close(k->ledger);
	memkv_disk_free(k->disk);
	for (size_t i = 0; i < TROTH_LEN(sites); i++)
		troth_sign_key_free(sites[i]->key);
	troth_sign_key_free(k->central_key);
}

int kit_setup(void **state)
{
	kit_init(*state);
	return 0;
}

int kit_teardown(void **state)
{
	kit_fini(*state);
	return 0;
}

void kit_crash(struct kit *k)
{
	troth_ledger_close(k->ledger);
	memkv_crash(k->disk);
	open_ledger(k);
}

void kit_batch_init(struct kit_batch *b, struct kit_site *site)
{
	*b = (struct kit_batch){ .site = site };
	b->m.incarnation = site->incarnation;
	b->m.first_seq = site->seq + 1;
	b->m.bodies = b->body_spans;
	b->m.blobs = b->blob_spans;
}

void kit_batch_fini(struct kit_batch *b)
{
	for (size_t i = 0; i < KIT_BATCH_MAX; i++) {
		troth_buf_fini(&b->bodies[i]);
		troth_buf_fini(&b->blobs[i]);
	}
}

void kit_batch_add(struct kit *k, struct kit_batch *b, struct troth_event *e,
		   const char *order_number)
{
	struct kit_site *s = b->site;
	size_t i = b->m.count++;
	uint8_t random[10];

	assert(i < KIT_BATCH_MAX);
	counted(k, random, sizeof(random));
	e->id = troth_id_is_zero(&k->event_id) ? troth_id_make(k->now, random)
					       : k->event_id;
	k->event_id = (struct troth_id){ { 0 } };
	(void)strcpy(e->origin, s->origin);
	e->incarnation = s->incarnation;
	e->origin_seq = ++s->seq;
	e->origin_prev = s->head;
	e->created = k->sites_say.ms != 0 ? k->sites_say : k->now;
	e->has_personal = false;
	if (order_number != NULL) {
		struct troth_personal p = { "" };

		(void)strcpy(p.order_number, order_number);
		troth_personal_encode(&p, &b->blobs[i]);
		b->blob_spans[i] = troth_buf_span(&b->blobs[i]);
		e->has_personal = true;
		troth_sha256(&e->personal_hash, &b->blob_spans[i], 1);
	}
	troth_body_encode(e, &b->bodies[i]);
	b->body_spans[i] = troth_buf_span(&b->bodies[i]);
	troth_chain_head(&s->head, &e->origin_prev, b->body_spans[i]);
}

void kit_batch_seal(struct kit_batch *b)
{
	uint8_t message[TROTH_SEAL_MESSAGE];
	struct kit_site *s = b->site;

	troth_sign(
		s->key,
		troth_seal_message(message, s->origin, s->incarnation, s->seq, &s->head),
		b->m.seal);
}

struct troth_taken kit_submit(struct kit *k, const struct kit_batch *b)
{
	struct troth_why why = { "" };
	struct troth_taken taken;

	troth_ledger_begin(k->ledger, k->now);
	troth_ledger_submit(k->ledger, b->site->origin, &b->m, &taken);
	assert(troth_ledger_commit(k->ledger, &why) == TROTH_OK);
	return taken;
}

uint64_t kit_take(struct kit *k, struct kit_site *site, struct troth_event *e,
		  const char *order_number)
{
	struct kit_batch b;
	struct troth_taken taken;

	kit_batch_init(&b, site);
	kit_batch_add(k, &b, e, order_number);
	kit_batch_seal(&b);
	taken = kit_submit(k, &b);
	kit_batch_fini(&b);
	assert(taken.code == 0);
	return taken.last_position;
}

void kit_place_order(struct kit *k, struct troth_event *e)
{
	fixture_event(e, TROTH_EVENT_ORDER_PLACED, "shop");
	(void)kit_take(k, &k->shop, e, "A-1001");
}

void kit_link_case(struct kit *k, struct troth_event *e)
{
	fixture_event(e, TROTH_EVENT_CASE_OPENED, "acme");
	(void)kit_take(k, &k->acme, e, NULL);
	fixture_event(e, TROTH_EVENT_ORDER_CASE_LINKED, "acme");
	(void)kit_take(k, &k->acme, e, NULL);
}

struct troth_verdict kit_entry(struct kit *k, uint64_t position, struct troth_event *e)
{
	struct troth_span bytes, blob;
	struct troth_entry entry;
	struct troth_why why;
	struct troth_txn t;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert(troth_query_entry(&t, position, &bytes, &blob));
	assert(troth_entry_decode(&entry, bytes, &why) == TROTH_OK);
	assert(troth_body_decode(e, entry.body, &why) == TROTH_OK);
	troth_txn_abort(&t);
	return entry.verdict;
}

size_t kit_feed(struct kit *k, const struct kit_site *site, uint64_t *positions,
		uint8_t (*marks)[TROTH_ITEM_DIGEST_LEN], size_t max)
{
	struct troth_bus_follow m = { .max_bytes = 4096 };
	struct troth_bus_reply r;
	struct troth_why why;
	size_t n = 0;

	for (;;) {
		struct troth_buf out = TROTH_BUF_INIT;
		size_t got;

		m.after = n;
		assert(troth_ledger_follow(k->ledger, site->origin, &m, k->now,
					   &(unsigned){ 0 }, &out) >= 0);
		assert(troth_bus_reply_decode(&r, troth_buf_span(&out), &why) ==
		       TROTH_OK);
		got = r.u.follow.item_count;
		for (size_t i = 0; i < got && n < max; i++, n++) {
			positions[n] = r.u.follow.items[i].position;
			if (marks != NULL)
				memcpy(marks[n], r.u.follow.items[i].digest,
				       TROTH_ITEM_DIGEST_LEN);
		}
		troth_bus_reply_fini(&r);
		troth_buf_fini(&out);
		if (got == 0 || n == max)
			return n;
	}
}

void kit_subject(struct kit *k, const struct troth_id *id, struct troth_subject *s)
{
	struct troth_txn t;

	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	assert(troth_state_load(&t, TROTH_T_SUBJECTS, id, TROTH_SUBJECT_ORDER, s));
	troth_txn_abort(&t);
}
