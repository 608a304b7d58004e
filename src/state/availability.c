#include "troth/state/availability.h"

#include "troth/state/key.h"

#include <string.h>

void troth_state_apply_availability(struct troth_txn *t, const struct troth_event *e,
				    uint64_t position)
{
	struct troth_buf b = TROTH_BUF_INIT;

	troth_buf_put(&b, e->id.b, TROTH_ID_LEN);
	troth_buf_put_u64be(&b, position);
	troth_buf_put_u64be(&b, (uint64_t)e->created.ms);
	troth_buf_put_u64be(&b, (uint64_t)e->u.availability.until.ms);
	troth_buf_put_u64be(&b, e->u.availability.agents);
	troth_buf_put_u64be(&b, e->u.availability.queue);
	troth_buf_put_u64be(&b, e->u.availability.wait_s);
	troth_txn_put_buf(t, TROTH_T_AVAILABILITY, troth_span_str(e->origin), &b);
	troth_buf_fini(&b);
}

static bool decode(struct troth_span value, struct troth_availability *out)
{
	struct troth_reader r = troth_reader(value);

	troth_read_bytes(&r, out->event.b, TROTH_ID_LEN);
	out->position = troth_read_u64be(&r);
	out->said.ms = (int64_t)troth_read_u64be(&r);
	out->until.ms = (int64_t)troth_read_u64be(&r);
	out->agents = (uint32_t)troth_read_u64be(&r);
	out->queue = (uint32_t)troth_read_u64be(&r);
	out->wait_s = (uint32_t)troth_read_u64be(&r);
	return troth_read_done(&r);
}

/* What this site has said and central has not sequenced yet: the last of it. */
static void add_pending(struct troth_txn *t, const char *origin,
			struct troth_availability *out)
{
	static const struct troth_id federation = { { 0 } };
	struct troth_span body, blob;
	struct troth_event e;
	struct troth_why why;
	uint64_t seq = 0;

	while (troth_query_pending(t, &federation, &seq, &body, &blob)) {
		if (troth_body_decode(&e, body, &why) != TROTH_OK) {
			troth_txn_fail(t, TROTH_ERR_CORRUPT, "outbox: number %llu: %s",
				       (unsigned long long)seq, why.text);
			return;
		}
		if (e.type != TROTH_EVENT_SITE_AVAILABILITY ||
		    strcmp(e.origin, origin) != 0)
			continue;
		*out = (struct troth_availability){
			.event = e.id,
			.said = e.created,
			.until = e.u.availability.until,
			.agents = e.u.availability.agents,
			.queue = e.u.availability.queue,
			.wait_s = e.u.availability.wait_s,
		};
	}
}

bool troth_query_availability(struct troth_txn *t, enum troth_node_kind node,
			      const char *origin, struct troth_availability *out)
{
	struct troth_span value;

	*out = (struct troth_availability){ .position = 0 };
	if (troth_txn_get(t, TROTH_T_AVAILABILITY, troth_span_str(origin), &value) &&
	    !decode(value, out))
		troth_txn_fail(t, TROTH_ERR_CORRUPT, "availability: record of %s",
			       origin);
	if (node == TROTH_NODE_GATEWAY)
		add_pending(t, origin, out);
	return !troth_id_is_zero(&out->event);
}

enum troth_open troth_availability_at(const struct troth_availability *a,
				      struct troth_time now)
{
	if (troth_id_is_zero(&a->event) || a->until.ms <= now.ms)
		return TROTH_OPEN_UNKNOWN;
	return a->agents > 0 ? TROTH_OPEN : TROTH_OPEN_CLOSED;
}

const char *troth_open_name(enum troth_open v)
{
	static const char *const names[] = {
		[TROTH_OPEN_UNKNOWN] = "unknown",
		[TROTH_OPEN] = "open",
		[TROTH_OPEN_CLOSED] = "closed",
	};

	return (unsigned)v < TROTH_LEN(names) ? names[v] : NULL;
}
