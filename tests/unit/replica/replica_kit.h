/*
 * replica_kit - a gateway on a simulated disk, and a central that follows a script.
 *
 * By itself the script's central answers as a good one would (kit_serve); a test
 * may take requests away, answer them otherwise, or append entries of others. One
 * program includes it once.
 */
#ifndef TROTH_TESTS_REPLICA_KIT_H
#define TROTH_TESTS_REPLICA_KIT_H

#include "script.h"

#include "troth/policy/policy.h"

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
		.restored = k->restored,
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
	k->lookup = (struct troth_lookup){
		.ctx = k,
		.party = kit_party,
		.site = kit_site,
		.brand = k->brand,
		.policy = kit_policy,
		.newest_policy = kit_newest_policy,
		.policies = k,
		.authority = kit_authority,
		.level = kit_level,
		.given = kit_given,
	};
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
	troth_policy_free(k->policy);
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

/* What waits for company, waits at most so long. */
#define KIT_LINGER_MS 20

/* Lets that time pass; false: nothing waits. */
static inline bool kit_linger(struct kit *k)
{
	struct troth_time wake = troth_gateway_wake(k->g);

	if (wake.ms <= k->now.ms || wake.ms > k->now.ms + KIT_LINGER_MS)
		return false;
	k->now = wake;
	return true;
}

/* Turns and answers until nobody has anything to do. */
static inline void kit_serve_by(struct kit *k, uint64_t items_at_once)
{
	for (int i = 0; i < 2000; i++) {
		kit_turn(k);
		if (!kit_answer_all(k, items_at_once) &&
		    !troth_gateway_busy(k->g, k->now) && !kit_linger(k))
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

/* Somebody else's promise on case `n`, sequenced by central. */
static inline void foreign_promise(struct kit *k, uint8_t n, uint8_t promise)
{
	struct troth_event e = { 0 };

	draft_promise(k, &e, n, promise);
	(void)kit_foreign(k, CENTRAL, &e);
}

/* So long that nothing waits for a command to come. */
static inline void let_rest(struct kit *k)
{
	k->now.ms += 100;
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
static inline bool kit_is_listed(const struct troth_subject *s,
				 const struct troth_id *promise)
{
	int i = troth_subject_promise(s, promise);

	return i < 0 ||
	       !troth_promise_is_mere_offer(s->promises[i].state, s->promises[i].asked);
}

static inline void kit_check_indexes(struct kit *k)
{
	struct troth_view *v = calloc(1, sizeof(*v));
	uint64_t items = 0, promises = 0, debts = 0, customers = 0;
	struct troth_id id, item;
	struct troth_cursor c;
	struct troth_list l;
	struct troth_txn t;

	assert_non_null(v);
	troth_txn_begin(&t, k->kv, TROTH_TXN_READ);
	troth_list_subjects(&l, &t, TROTH_NODE_GATEWAY, TROTH_SPAN_NONE);
	while (troth_list_next(&l, &item, &id)) {
		if (!troth_query_subject(&t, TROTH_NODE_GATEWAY, &id, v))
			continue;
		customers += v->subject.customer[0] != '\0';
		items += v->subject.promise_count;
		for (unsigned i = 0; i < v->subject.commitment_count; i++)
			debts += kit_is_listed(&v->subject,
					       &v->subject.commitments[i].promise);
		for (unsigned i = 0; i < v->subject.promise_count; i++) {
			const struct troth_promise *p = &v->subject.promises[i];
			struct troth_key key = { .len = 0 };

			troth_key_id(&key, &p->id);
			assert_true(kit_has(&t, TROTH_T_ITEMS, &key));
			if (!kit_is_listed(&v->subject, &p->id))
				continue;
			promises++;
			key.len = 0;
			troth_key_u8(&key, !troth_promise_is_open(p->state));
			troth_key_u64(&key, (uint64_t)p->due.ms);
			troth_key_id(&key, &p->id);
			assert_true(kit_has(&t, TROTH_T_PROMISES, &key));
		}
	}
	troth_list_close(&l);
	assert_int_equal(troth_txn_count(&t, TROTH_T_PROMISES), promises);
	troth_cursor_open(&c, &t, TROTH_T_ITEMS);
	for (bool more = troth_cursor_seek(&c, TROTH_SPAN_NONE); more;
	     more = troth_cursor_next(&c))
		items -= c.key.len == TROTH_ID_LEN; /* The others: what was spent. */
	troth_cursor_close(&c);
	assert_int_equal(items, 0);
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
	assert_int_equal(kit_count(k, TROTH_T_RENUMBERED), 0);
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
