#include "troth/state/command.h"

#include "troth/base/mutant.h"
#include "troth/state/key.h"

#include <stdlib.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

struct troth_command *troth_command_new(unsigned count)
{
	struct troth_command *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	for (c->count = 0; c->count < count; c->count++) {
		c->drafts[c->count] = calloc(1, sizeof(struct troth_event));
		if (c->drafts[c->count] == NULL) {
			troth_command_free(c);
			return NULL;
		}
	}
	return c;
}

void troth_command_free(struct troth_command *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < TROTH_COMMAND_EVENTS_MAX; i++) {
		free(c->drafts[i]);
		free(c->personal[i]);
	}
	free(c->policy_text);
	free(c);
}

bool troth_command_is_approval(const struct troth_command *c)
{
	return c->count == 1 && c->drafts[0]->type == TROTH_EVENT_PROMISE_STEP &&
	       c->drafts[0]->u.promise_step.action == TROTH_PROMISE_DO_APPROVE;
}

struct troth_personal *troth_command_personal(struct troth_command *c, unsigned i)
{
	if (c->personal[i] == NULL)
		c->personal[i] = calloc(1, sizeof(struct troth_personal));
	return c->personal[i];
}

static struct troth_key day_key(uint64_t day, const struct troth_digest *hash)
{
	struct troth_key k = { .len = 0 };

	troth_key_u64(&k, day);
	memcpy(k.b + k.len, hash->b, TROTH_DIGEST_LEN);
	k.len += TROTH_DIGEST_LEN;
	return k;
}

static void encode_answer(struct troth_buf *b, const struct troth_answered *a)
{
	troth_buf_put_u8(b, (uint8_t)a->answer);
	troth_buf_put_u16be(b, (uint16_t)a->reason);
	troth_buf_put_u64be(b, a->policy_version);
	troth_buf_put_u64be(b, (uint64_t)a->due.ms);
	troth_buf_put_u64be(b, (uint64_t)a->earliest.ms);
	troth_buf_put_u64be(b, (uint64_t)a->lapses.ms);
	troth_buf_put_text(b, a->grant);
	troth_buf_put_text(b, a->pool);
	troth_buf_put_u64be(b, (uint64_t)a->cost);
	troth_buf_put_u64be(b, (uint64_t)a->left_promise);
	troth_buf_put_u64be(b, (uint64_t)a->left_customer);
	troth_buf_put_u64be(b, (uint64_t)a->left_share);
	troth_buf_put_u32be(b, (uint32_t)a->phrase);
}

static void decode_answer(struct troth_reader *r, struct troth_answered *a)
{
	a->answer = (enum troth_answer)troth_read_u8(r);
	a->reason = (enum troth_reason)troth_read_u16be(r);
	a->policy_version = troth_read_u64be(r);
	a->due.ms = (int64_t)troth_read_u64be(r);
	a->earliest.ms = (int64_t)troth_read_u64be(r);
	a->lapses.ms = (int64_t)troth_read_u64be(r);
	troth_read_text(r, a->grant, sizeof(a->grant));
	troth_read_text(r, a->pool, sizeof(a->pool));
	a->cost = (int64_t)troth_read_u64be(r);
	a->left_promise = (int64_t)troth_read_u64be(r);
	a->left_customer = (int64_t)troth_read_u64be(r);
	a->left_share = (int64_t)troth_read_u64be(r);
	a->phrase = (int)troth_read_u32be(r);
}

static bool decode(struct troth_span value, struct troth_digest *payload,
		   struct troth_result *out)
{
	struct troth_reader r = troth_reader(value);

	*out = (struct troth_result){ .repeated = true };
	troth_read_bytes(&r, payload->b, sizeof(payload->b));
	out->status = (enum troth_status)troth_read_u8(&r);
	out->reason = (enum troth_reason)troth_read_u16be(&r);
	out->subject_kind = (enum troth_subject_kind)troth_read_u8(&r);
	troth_read_bytes(&r, out->subject.b, TROTH_ID_LEN);
	troth_read_bytes(&r, out->item.b, TROTH_ID_LEN);
	troth_read_bytes(&r, out->event.b, TROTH_ID_LEN);
	out->etag = troth_read_u64be(&r);
	out->position = troth_read_u64be(&r);
	out->at.ms = (int64_t)troth_read_u64be(&r);
	out->has_answer = r.pos < value.len;
	if (out->has_answer)
		decode_answer(&r, &out->answer);
	return troth_read_done(&r);
}

bool troth_command_recall(struct troth_txn *t, const struct troth_command *c,
			  struct troth_time now, struct troth_result *result)
{
	uint64_t today = (uint64_t)(now.ms / MS_PER_DAY);
	struct troth_digest payload;
	struct troth_span value;

	if (!c->has_key)
		return false;
	for (uint64_t back = 0; back < 2; back++) {
		struct troth_key k = day_key(today - back, &c->key);

		if (!troth_txn_get(t, TROTH_T_KEYS, troth_key_span(&k), &value))
			continue;
		if (!decode(value, &payload, result)) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT, "keys: a record");
			return false;
		}
		if (!troth_digest_eq(&payload, &c->payload))
			*result = (struct troth_result){ .status = TROTH_KEY_REUSED };
		return true;
	}
	return false;
}

void troth_command_forget(struct troth_txn *t, struct troth_time now, unsigned max)
{
	uint64_t today = (uint64_t)(now.ms / MS_PER_DAY);
	struct troth_cursor cursor;

	if (max == 0)
		return;
	troth_cursor_open(&cursor, t, TROTH_T_KEYS);
	for (unsigned i = 0; i < max; i++) {
		uint8_t key[8 + TROTH_DIGEST_LEN];

		if (!troth_cursor_seek(&cursor, TROTH_SPAN_NONE) ||
		    cursor.key.len != sizeof(key) ||
		    troth_load_u64be(cursor.key.data) + 1 >= today)
			break;
		memcpy(key, cursor.key.data, sizeof(key));
		(void)troth_txn_del(t, TROTH_T_KEYS, troth_span(key, sizeof(key)));
	}
	troth_cursor_close(&cursor);
}

void troth_command_remember(struct troth_txn *t, const struct troth_command *c,
			    const struct troth_result *result, struct troth_time now)
{
	uint64_t today = (uint64_t)(now.ms / MS_PER_DAY);
	struct troth_buf b = TROTH_BUF_INIT;
	struct troth_key k;

	if (!c->has_key || TROTH_MUTANT(key_is_not_remembered))
		return;
	troth_buf_put(&b, c->payload.b, sizeof(c->payload.b));
	troth_buf_put_u8(&b, (uint8_t)result->status);
	troth_buf_put_u16be(&b, (uint16_t)result->reason);
	troth_buf_put_u8(&b, (uint8_t)result->subject_kind);
	troth_buf_put(&b, result->subject.b, TROTH_ID_LEN);
	troth_buf_put(&b, result->item.b, TROTH_ID_LEN);
	troth_buf_put(&b, result->event.b, TROTH_ID_LEN);
	troth_buf_put_u64be(&b, result->etag);
	troth_buf_put_u64be(&b, result->position);
	troth_buf_put_u64be(&b, (uint64_t)result->at.ms);
	if (result->has_answer)
		encode_answer(&b, &result->answer);
	k = day_key(today, &c->key);
	troth_txn_put_buf(t, TROTH_T_KEYS, troth_key_span(&k), &b);
	troth_buf_fini(&b);
}
