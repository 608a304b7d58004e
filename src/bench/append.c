/*
 * append - what central's writer does, without the network: sealed batches of
 * eight sites through the hub and the ledger, every commit on the disk.
 *
 * The batches are made before the clock starts: orders, then promises on them
 * with one commitment each, as a vendor's gateway would submit them.
 */
#include "bench.h"

#include "troth/base/text.h"
#include "troth/core/chain.h"
#include "troth/crypto/random.h"
#include "troth/ledger/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITES              8
#define BATCH              256
#define PROMISES_PER_ORDER 4
#define CENTRAL            "spiffe://bench.example/central"
#define START_MS           INT64_C(1800000000000)
#define DUE_MS             (START_MS + INT64_C(864000000))

struct site {
	char origin[TROTH_ORIGIN_MAX + 1];
	char party[TROTH_PARTY_MAX + 1];
	struct troth_sign_key *key;
	uint64_t seq;
	struct troth_digest head;
	struct troth_buf *messages; /* Encoded Submit requests. */
	size_t count;
};

struct run {
	struct troth_kv *kv;
	struct troth_sign_key *central_key;
	struct troth_signer signer;
	struct troth_ledger *ledger;
	struct troth_hub *hub;
	struct site sites[SITES];
	uint64_t taken; /* Events that central has acknowledged. */
	bool refused;
	struct troth_time now;
};

static void random_bytes(void *ctx, void *out, size_t len)
{
	(void)ctx;
	troth_random(out, len);
}

static void on_reply(void *ctx, uint64_t conn, uint32_t request,
		     struct troth_buf *payload)
{
	struct run *r = ctx;
	struct troth_bus_reply m;
	struct troth_why why;

	(void)conn;
	(void)request;
	if (troth_bus_reply_decode(&m, troth_buf_span(payload), &why) != TROTH_OK)
		return;
	if (m.type == TROTH_BUS_ERROR)
		r->refused = true;
	troth_bus_reply_fini(&m);
}

static void on_close(void *ctx, uint64_t conn, const char *why)
{
	struct run *r = ctx;

	(void)conn;
	(void)why;
	r->refused = true;
}

static void on_note(void *ctx, const char *event, const char *origin, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "troth bench: %s %s: %s\n", event, origin, text);
}

static void on_advanced(void *ctx, uint64_t size)
{
	(void)ctx;
	(void)size;
}

/* ---- The load, made beforehand ---- */

static void envelope(struct site *s, struct troth_event *e, struct troth_time at)
{
	uint8_t random[10];

	troth_random(random, sizeof(random));
	e->id = troth_id_make(at, random);
	troth_random(e->salt, sizeof(e->salt));
	TROTH_TEXT_SET(e->origin, s->origin);
	e->incarnation = 1;
	e->origin_seq = ++s->seq;
	e->origin_prev = s->head;
	e->created = at;
	e->subject_kind = TROTH_SUBJECT_ORDER;
	TROTH_TEXT_SET(e->actor, "agent-7");
}

static void order_event(struct troth_event *e, const struct site *s)
{
	e->type = TROTH_EVENT_ORDER_PLACED;
	memset(&e->u.order, 0, sizeof(e->u.order));
	TROTH_TEXT_SET(e->u.order.customer, "c-10023");
	TROTH_TEXT_SET(e->u.order.seller, s->party);
	TROTH_TEXT_SET(e->u.order.carrier, "carrier");
	TROTH_TEXT_SET(e->u.order.currency, "EUR");
	e->u.order.at.ms = START_MS;
	e->u.order.line_count = 1;
	TROTH_TEXT_SET(e->u.order.lines[0].sku, "TV-55-OLED");
	e->u.order.lines[0].quantity = 1;
	e->u.order.lines[0].unit_price = 89900;
}

static void promise_event(struct troth_event *e, struct troth_time at)
{
	uint8_t random[10];

	e->type = TROTH_EVENT_PROMISE_MADE;
	memset(&e->u.promise, 0, sizeof(e->u.promise));
	troth_random(random, sizeof(random));
	random[9] = 0;
	e->u.promise.id = troth_id_make(at, random);
	TROTH_TEXT_SET(e->u.promise.customer, "c-10023");
	e->u.promise.kind = TROTH_KIND_GIFT;
	TROTH_TEXT_SET(e->u.promise.sku, "HDMI-2M");
	e->u.promise.quantity = 1;
	e->u.promise.due.ms = DUE_MS;
	TROTH_TEXT_SET(e->u.promise.reason, "late_delivery");
	e->u.promise.channel = TROTH_CHANNEL_PHONE;
	e->u.promise.spoken = true;
	e->u.promise.made = at;
	e->u.promise.terms_count = 1;
	TROTH_TEXT_SET(e->u.promise.terms[0].debtor, "carrier");
	e->u.promise.terms[0].action = TROTH_ACTION_HAND_OVER;
	e->u.promise.terms[0].due.ms = DUE_MS;
	e->u.promise.terms[0].acceptance_ms = 86400000;
}

struct maker {
	struct troth_event e;
	struct troth_id order;
	unsigned on_order; /* Events made on it so far. */
	struct troth_time at;
	struct troth_buf bodies[BATCH];
	struct troth_span spans[BATCH];
	struct troth_span blobs[BATCH];
	struct troth_buf blob;
};

static void make_batch(struct maker *m, struct site *s, struct troth_buf *out)
{
	struct troth_bus_request r = { .type = TROTH_BUS_SUBMIT };
	uint8_t message[TROTH_SEAL_MESSAGE];
	uint8_t random[10];

	r.u.submit.incarnation = 1;
	r.u.submit.first_seq = s->seq + 1;
	for (unsigned i = 0; i < BATCH; i++) {
		struct troth_event *e = &m->e;

		m->at.ms += i % 8 == 0;
		envelope(s, e, m->at);
		if (m->on_order == 0) {
			troth_random(random, sizeof(random));
			m->order = troth_id_make(m->at, random);
			order_event(e, s);
		} else {
			promise_event(e, m->at);
		}
		m->on_order = (m->on_order + 1) % (PROMISES_PER_ORDER + 1);
		e->subject = m->order;
		m->blobs[i] = troth_buf_span(&m->blob);
		e->has_personal = true;
		troth_sha256(&e->personal_hash, &m->blobs[i], 1);
		troth_buf_reset(&m->bodies[i]);
		troth_body_encode(e, &m->bodies[i]);
		m->spans[i] = troth_buf_span(&m->bodies[i]);
		troth_chain_head(&s->head, &e->origin_prev, m->spans[i]);
	}
	r.u.submit.count = BATCH;
	r.u.submit.bodies = m->spans;
	r.u.submit.blobs = m->blobs;
	troth_sign(s->key, troth_seal_message(message, s->origin, 1, s->seq, &s->head),
		   r.u.submit.seal);
	troth_bus_request_encode(&r, out);
}

static enum troth_err make_load(struct run *r, size_t batches, struct troth_why *why)
{
	struct maker *m = calloc(1, sizeof(*m));
	struct troth_personal *p = calloc(1, sizeof(*p));
	enum troth_err err = TROTH_OK;

	if (m == NULL || p == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for the load");
		goto out;
	}
	TROTH_TEXT_SET(p->words,
		       "You get an HDMI cable with the television, free of charge.");
	TROTH_TEXT_SET(p->language, "en");
	troth_personal_encode(p, &m->blob);
	for (unsigned i = 0; i < SITES && err == TROTH_OK; i++) {
		struct site *s = &r->sites[i];

		m->on_order = 0;
		m->at.ms = START_MS;
		s->messages = calloc(batches, sizeof(*s->messages));
		if (s->messages == NULL)
			err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for the load");
		for (size_t j = 0; j < batches && err == TROTH_OK; j++)
			make_batch(m, s, &s->messages[s->count++]);
	}
	for (unsigned i = 0; i < BATCH; i++)
		troth_buf_fini(&m->bodies[i]);
	troth_buf_fini(&m->blob);
out:
	free(p);
	free(m);
	return err;
}

/* ---- The federation that it comes from ---- */

static void command_done(struct troth_command *c, const struct troth_result *res)
{
	struct run *r = c->ctx;

	if (res->status != TROTH_DONE)
		r->refused = true;
	troth_command_free(c);
}

static void add_party(struct run *r, const char *name, enum troth_role role)
{
	struct troth_command *c = troth_command_new(1);

	c->done = command_done;
	c->ctx = r;
	c->drafts[0]->type = TROTH_EVENT_PARTY_ADDED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	TROTH_TEXT_SET(c->drafts[0]->u.party.party, name);
	c->drafts[0]->u.party.role = role;
	troth_hub_commands(r->hub, c);
}

static void add_site(struct run *r, const struct site *s)
{
	struct troth_command *c = troth_command_new(1);

	c->done = command_done;
	c->ctx = r;
	c->drafts[0]->type = TROTH_EVENT_SITE_ADDED;
	c->drafts[0]->subject_kind = TROTH_SUBJECT_FEDERATION;
	TROTH_TEXT_SET(c->drafts[0]->u.site.party, s->party);
	TROTH_TEXT_SET(c->drafts[0]->u.site.site, "s1");
	TROTH_TEXT_SET(c->drafts[0]->u.site.origin, s->origin);
	troth_sign_key_public(s->key, c->drafts[0]->u.site.key);
	troth_hub_commands(r->hub, c);
}

static void say_hello(struct run *r, unsigned site)
{
	struct troth_bus_request m = { .type = TROTH_BUS_HELLO };
	struct troth_buf b = TROTH_BUF_INIT;

	m.u.hello.version_min = m.u.hello.version_max = TROTH_BUS_VERSION;
	m.u.hello.software = "bench";
	m.u.hello.incarnation = 1;
	troth_bus_request_encode(&m, &b);
	troth_hub_connected(r->hub, site + 1, r->sites[site].origin);
	troth_hub_request(r->hub, site + 1, 1, troth_buf_span(&b));
	troth_buf_fini(&b);
}

static enum troth_err found(struct run *r, struct troth_why *why)
{
	enum troth_err err;

	add_party(r, "brand", TROTH_ROLE_BRAND);
	add_party(r, "carrier", TROTH_ROLE_CARRIER);
	for (unsigned i = 0; i < SITES; i++) {
		struct site *s = &r->sites[i];
		uint8_t seed[TROTH_SEED_LEN];

		troth_random(seed, sizeof(seed));
		s->key = troth_sign_key_from_seed(seed);
		(void)snprintf(s->party, sizeof(s->party), "seller-%u", i);
		(void)snprintf(s->origin, sizeof(s->origin),
			       "spiffe://bench.example/gw/seller-%u/s1", i);
		add_party(r, s->party, TROTH_ROLE_SELLER);
		add_site(r, s);
	}
	err = troth_hub_turn(r->hub, r->now, why);
	if (err == TROTH_OK && r->refused)
		err = troth_fail(why, TROTH_ERR_INPUT, "the federation was refused");
	for (unsigned i = 0; i < SITES; i++)
		say_hello(r, i);
	return err;
}

static enum troth_err open_run(struct run *r, const char *dir, struct troth_why *why)
{
	struct troth_hub_io io = { r, on_reply, on_close, on_note, on_advanced };
	struct troth_ledger_config config = { .origin = CENTRAL, .random = random_bytes };
	uint8_t seed[TROTH_SEED_LEN];
	char path[512];
	enum troth_err err;

	troth_random(seed, sizeof(seed));
	r->now.ms = START_MS;
	r->central_key = troth_sign_key_from_seed(seed);
	r->signer = troth_signer_of(r->central_key);
	config.signer = &r->signer;
	(void)snprintf(path, sizeof(path), "%s/append", dir);
	err = troth_kv_open(&r->kv, path, &troth_central_schema,
			    &(struct troth_kv_options){ 0 }, why);
	if (err == TROTH_OK)
		err = troth_ledger_open(&r->ledger, r->kv, &config, why);
	if (err == TROTH_OK)
		err = troth_hub_open(&r->hub, r->ledger, &io, why);
	return err == TROTH_OK ? found(r, why) : err;
}

static void close_run(struct run *r)
{
	troth_hub_close(r->hub);
	troth_ledger_close(r->ledger);
	troth_kv_close(r->kv);
	troth_sign_key_free(r->central_key);
	for (unsigned i = 0; i < SITES; i++) {
		struct site *s = &r->sites[i];

		for (size_t j = 0; j < s->count; j++)
			troth_buf_fini(&s->messages[j]);
		free(s->messages);
		troth_sign_key_free(s->key);
	}
}

enum troth_err bench_append(struct bench *b, struct troth_why *why)
{
	/* Enough for a machine that does 60,000 a second. */
	size_t batches = 1 + (size_t)(b->seconds * 60000 / (SITES * BATCH));
	struct run *r = calloc(1, sizeof(*r));
	enum troth_err err;

	if (r == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for a measure");
	err = open_run(r, b->dir, why);
	if (err == TROTH_OK)
		err = make_load(r, batches, why);

	uint64_t before = err == TROTH_OK ? troth_ledger_size(r->ledger) : 0;
	double start = bench_now();
	for (size_t j = 0; err == TROTH_OK && j < batches; j++) {
		for (unsigned i = 0; i < SITES; i++)
			troth_hub_request(r->hub, i + 1, (uint32_t)j + 2,
					  troth_buf_span(&r->sites[i].messages[j]));
		err = troth_hub_turn(r->hub, r->now, why);
	}
	if (err == TROTH_OK && r->refused)
		err = troth_fail(why, TROTH_ERR_INPUT, "a batch was refused");
	if (err == TROTH_OK) {
		double rate = (double)(troth_ledger_size(r->ledger) - before) /
			      (bench_now() - start);

		bench_print(b, "central_append_events_per_s", rate, "1/s",
			    "raw_lmdb_256_records_per_s", rate / b->lmdb_256_per_s);
	}
	close_run(r);
	free(r);
	return err;
}
