#include "replica.h"

bool view_load(struct troth_txn *t, const struct troth_id *id,
	       enum troth_subject_kind kind, struct troth_subject *s)
{
	if (troth_state_load(t, TROTH_T_VIEWS, id, kind, s))
		return true;
	(void)troth_state_load(t, TROTH_T_SUBJECTS, id, kind, s);
	return false;
}

struct troth_verdict view_apply(struct troth_gateway *g, struct troth_subject *s,
				const struct troth_event *e)
{
	struct troth_verdict v = { .outcome = TROTH_REFUSED };
	struct troth_who who;

	v.reason = troth_who_acts(&who, &g->site, &g->lookup, e, g->central);
	if (v.reason != TROTH_REASON_NONE)
		return v;
	/* A case may be linked to an order that is not seen here yet: central knows it.
	 */
	if (e->type == TROTH_EVENT_ORDER_CASE_LINKED && !troth_subject_exists(s))
		return (struct troth_verdict){ TROTH_TAKES_EFFECT, TROTH_REASON_NONE };
	g->source.at_hand = s;
	v = troth_judge(s, &g->lookup, &who, e, e->created);
	troth_apply(s, &g->lookup, &who, e, v,
		    (struct troth_place){ .accepted = e->created });
	return v;
}

void view_put(struct troth_gateway *g, struct troth_txn *t, const struct troth_subject *s)
{
	troth_buf_reset(&g->out);
	troth_buf_put(&g->out, s->digest.b, TROTH_DIGEST_LEN);
	troth_subject_encode(s, &g->out);
	troth_txn_put_buf(t, TROTH_T_VIEWS, troth_id_span(&s->id), &g->out);
}
