/*
 * take - what comes in: batches of the sites, and commands of HQ's own people.
 *
 * A batch is checked whole before its first effect. What is malformed or under
 * a wrong identity is turned away at the door and kept as evidence; everything
 * else gets a position and a verdict.
 */
#include "ledger.h"

#include "troth/base/err.h"
#include "troth/base/mutant.h"
#include "troth/base/text.h"

#include <stdio.h>
#include <string.h>

/* So much evidence is kept of one site; it is told of the rest, and so is the log. */
#define EVIDENCE_MAX 1000

/* Counts one more piece of evidence against the site; false: there is enough. */
static bool has_room_for(struct troth_ledger *l, const char *origin)
{
	char key[TROTH_ORIGIN_MAX + 16];
	uint64_t n;

	(void)snprintf(key, sizeof(key), "turned_away %s", origin);
	n = troth_state_meta(&l->txn, key);
	if (n < EVIDENCE_MAX)
		troth_state_set_meta(&l->txn, key, n + 1);
	return n < EVIDENCE_MAX;
}

static void turn_away(struct troth_ledger *l, const char *origin, uint64_t seq,
		      struct troth_span body, const char *reason)
{
	struct troth_buf b = TROTH_BUF_INIT;
	uint8_t key[8];

	if (!has_room_for(l, origin))
		return;

	troth_buf_put_u64be(&b, (uint64_t)l->now.ms);
	troth_buf_put_str(&b, origin);
	troth_buf_put_u8(&b, 0);
	troth_buf_put_u64be(&b, seq);
	troth_buf_put_str(&b, reason);
	troth_buf_put_u8(&b, 0);
	troth_buf_put(&b, body.data,
		      body.len < TROTH_BODY_MAX ? body.len : TROTH_BODY_MAX);
	troth_store_u64be(key, ++l->next_turned_away);
	troth_txn_put_buf(&l->txn, TROTH_T_TURNED_AWAY, troth_span(key, 8), &b);
	troth_buf_fini(&b);
	l->dirty = true;
}

static void refuse(struct troth_taken *out, enum troth_bus_error code, const char *text)
{
	out->code = code;
	out->text = text;
}

/* Turns one event away; `text` lives in the ledger until the next call. */
static void refuse_event(struct troth_ledger *l, struct troth_taken *out,
			 const char *origin, uint64_t seq, struct troth_span body,
			 const char *what, const char *detail)
{
	static _Thread_local char text[TROTH_WHY_MAX];

	(void)snprintf(text, sizeof(text), "%s %s", what, detail);
	turn_away(l, origin, seq, body, text);
	refuse(out, TROTH_BUS_E_TURNED_AWAY, text);
	out->origin_seq = seq;
}

static bool personal_ok(struct troth_ledger *l, const struct troth_event *e,
			struct troth_span blob, struct troth_why *why)
{
	struct troth_digest hash;

	if (e->has_personal != (blob.len > 0)) {
		(void)troth_fail(why, TROTH_ERR_INPUT, "personal_hash without its bytes");
		return false;
	}
	if (blob.len == 0)
		return true;
	troth_sha256(&hash, &blob, 1);
	if (!troth_digest_eq(&hash, &e->personal_hash)) {
		(void)troth_fail(why, TROTH_ERR_INPUT, "personal_hash is of other bytes");
		return false;
	}
	return troth_personal_decode(l->personal, blob, why) == TROTH_OK;
}

/* Decodes and checks event i of the batch into *e; it must go on from *o, and moves it.
 */
static bool check_event(struct troth_ledger *l, const char *origin,
			const struct troth_bus_submit *m, size_t i, struct troth_event *e,
			struct origin_state *o, struct troth_taken *out)
{
	struct troth_span body = m->bodies[i];
	uint64_t seq = m->first_seq + i;
	struct troth_why why = { "" };
	struct troth_flaw flaw;

	if (troth_body_decode(e, body, &why) != TROTH_OK) {
		refuse_event(l, out, origin, seq, body, "malformed:", why.text);
		return false;
	}
	if (!troth_event_check(e, &flaw)) {
		refuse_event(l, out, origin, seq, body, flaw.field, flaw.problem);
		return false;
	}
	if (strcmp(e->origin, origin) != 0) {
		refuse_event(l, out, origin, seq, body, "origin",
			     "is not the site that sends it");
		return false;
	}
	if (!personal_ok(l, e, m->blobs[i], &why)) {
		refuse_event(l, out, origin, seq, body, "personal part:", why.text);
		return false;
	}
	if (TROTH_MUTANT(gap_is_taken))
		o->head = e->origin_prev;
	if (e->incarnation != m->incarnation || e->origin_seq != seq ||
	    !troth_digest_eq(&e->origin_prev, &o->head)) {
		refuse(out, TROTH_BUS_E_CHAIN, "the batch does not continue the chain");
		return false;
	}
	if (e->seen_size > l->next_tree.size) {
		refuse(out, TROTH_BUS_E_WENT_BACK,
		       "the site has seen more than there is here");
		return false;
	}
	/* What a site has heard of it cannot unhear: its events are judged by that. */
	if (e->seen_size < o->seen) {
		refuse_event(l, out, origin, seq, body, "seen_size",
			     "is less than in the event before");
		return false;
	}
	o->seen = e->seen_size;
	troth_chain_head(&o->head, &e->origin_prev, body);
	return true;
}

static bool seal_ok(const struct troth_site *site, const struct origin_state *o,
		    const uint8_t seal[TROTH_SEAL_LEN])
{
	uint8_t message[TROTH_SEAL_MESSAGE];
	struct troth_span m = troth_seal_message(message, site->origin, o->incarnation,
						 o->taken_seq, &o->head);

	for (unsigned i = 0; i < site->key_count; i++)
		if (!site->keys[i].revoked && troth_verify(site->keys[i].key, m, seal))
			return true;
	return false;
}

/*
 * Whether the batch may continue o at all; moves o into a new incarnation where
 * the site says that its store went back in time.
 */
static bool continues(const struct troth_bus_submit *m, struct origin_state *o,
		      struct troth_taken *out)
{
	/* One that was never announced may have been put back and begun another. */
	if (m->incarnation > o->incarnation)
		*o = (struct origin_state){ .incarnation = m->incarnation };
	if (m->incarnation == 0 || m->incarnation != o->incarnation) {
		refuse(out, TROTH_BUS_E_INCARNATION, "not the current incarnation");
		return false;
	}
	out->taken_seq = o->taken_seq;
	if (TROTH_MUTANT(gap_is_taken) && m->first_seq > o->taken_seq + 1)
		o->taken_seq = m->first_seq - 1;
	if (m->first_seq == 0 || m->first_seq > o->taken_seq + 1) {
		out->resend_from = o->taken_seq + 1;
		return false;
	}
	return m->count == 0 || m->first_seq + m->count - 1 > o->taken_seq;
}

/* An empty batch only says that the site's store has gone back in time. */
static bool announces(const struct troth_bus_submit *m, const struct origin_state *o)
{
	return m->incarnation > 1 && m->incarnation > o->incarnation && m->first_seq == 1;
}

static bool known(struct troth_ledger *l, const struct troth_id *event)
{
	struct troth_span value;

	if (TROTH_MUTANT(event_is_taken_twice))
		return false;
	return troth_txn_get(&l->txn, TROTH_T_EVENTS, troth_id_span(event), &value);
}

static struct troth_verdict judge(struct troth_ledger *l, struct troth_who *who,
				  struct troth_site *site, const struct troth_event *e)
{
	enum troth_reason r = troth_who_acts(who, site, &l->lookup, e, l->config.origin);
	struct troth_verdict v;

	ledger_load(l, &e->subject, e->subject_kind);
	if (r != TROTH_REASON_NONE) {
		who->party = site->party; /* Told to the site, not to whom it named. */
		return (struct troth_verdict){ TROTH_REFUSED, r };
	}
	/* Whoever knows the id of a promise could hide it behind one of its own. */
	if (troth_state_item_elsewhere(&l->txn, e))
		return (struct troth_verdict){ TROTH_REFUSED, TROTH_REASON_EXISTS };
	v = troth_judge(l->subject, &l->lookup, who, e, l->now);
	if (v.outcome != TROTH_REFUSED)
		r = pools_asks_hq(l, e) ? TROTH_REASON_WRONG_STATE : spends_judge(l, e);
	if (r != TROTH_REASON_NONE)
		return (struct troth_verdict){ TROTH_REFUSED, r };
	if (v.outcome == TROTH_TAKES_EFFECT)
		r = spends_unpaid(l, e);
	return r == TROTH_REASON_NONE ? v : (struct troth_verdict){ TROTH_FLAGGED, r };
}

static void append_taken(struct troth_ledger *l, const struct troth_event *e,
			 struct troth_span body, struct troth_span blob,
			 struct troth_taken *out)
{
	struct troth_site site;
	struct troth_who who;
	struct troth_verdict verdict;
	struct troth_why why;
	struct move move;

	if (known(l, &e->id)) {
		/* Made again under a new number by a site that was restored. */
		turn_away(l, e->origin, e->origin_seq, body, "in the ledger already");
		return;
	}
	verdict = judge(l, &who, &site, e);
	move = pools_move_of(l, e);
	l->personal->order_number[0] = '\0';
	if (blob.len > 0 && e->type == TROTH_EVENT_ORDER_PLACED &&
	    troth_personal_decode(l->personal, blob, &why) != TROTH_OK)
		l->personal->order_number[0] = '\0';
	out->last_position = ledger_append(
		l, &(struct incoming){
			   .e = e,
			   .body = body,
			   .blob = blob,
			   .order_number = l->personal->order_number,
			   .who = &who,
			   .verdict = verdict,
		   });
	if (verdict.outcome != TROTH_REFUSED)
		pools_moved(l, &move);
}

void troth_ledger_submit(struct troth_ledger *l, const char *origin,
			 const struct troth_bus_submit *m, struct troth_taken *out)
{
	struct origin_state o;
	struct troth_site site;
	uint64_t before;

	*out = (struct troth_taken){ 0 };
	if (!troth_state_site(&l->txn, origin, &site)) {
		refuse(out, TROTH_BUS_E_UNKNOWN_SITE, "the site is not registered");
		return;
	}
	(void)origin_load(&l->txn, origin, &o);
	before = o.incarnation;
	if (m->count > TROTH_BATCH_MAX || (m->count == 0 && !announces(m, &o))) {
		refuse(out, TROTH_BUS_E_MALFORMED, "a batch has 1 to 1024 events");
		return;
	}
	if (!continues(m, &o, out))
		return;

	size_t skip = (size_t)(o.taken_seq + 1 - m->first_seq);
	for (size_t i = skip; i < m->count; i++)
		if (!check_event(l, origin, m, i, &l->events[i], &o, out))
			return;
	o.taken_seq = m->first_seq + m->count - 1;
	if (!seal_ok(&site, &o, m->seal) && !TROTH_MUTANT(seal_is_not_checked)) {
		refuse(out, TROTH_BUS_E_SEAL, "the seal is of no live key of this site");
		return;
	}

	if (o.incarnation != before && o.incarnation > 1)
		pools_freeze(l, &site);
	for (size_t i = skip; i < m->count; i++)
		append_taken(l, &l->events[i], m->bodies[i], m->blobs[i], out);
	origin_store(&l->txn, origin, &o);
	seal_store(&l->txn, origin, &o, m->seal);
	l->dirty = true;
	out->taken_seq = o.taken_seq;
	if (out->last_position == 0)
		out->last_position = l->next_tree.size;
}

/* ---- HQ's own people ---- */

/* A version that says what the newest says would only be taken for a change. */
static bool is_newest_text(struct troth_ledger *l, const struct troth_event *e)
{
	struct troth_policy_record newest;
	uint64_t version = troth_state_newest_policy(&l->txn);

	return e->u.policy.version == version + 1 &&
	       troth_state_policy(&l->txn, version, &newest) &&
	       newest.withdrawn.ms == 0 &&
	       troth_span_eq(newest.text, e->u.policy.policy_text);
}

/* Fills what the caller of a command leaves to the node, so that it can be checked. */
static bool draft_ok(struct troth_ledger *l, struct troth_event *e,
		     struct troth_result *out)
{
	static const uint8_t some[10] = { 1 };

	e->id = troth_id_make(l->now, some);
	TROTH_TEXT_SET(e->origin, l->config.origin);
	e->incarnation = l->next_own.incarnation;
	e->origin_seq = l->next_own.taken_seq + 1;
	e->created = l->now;
	e->seen_size = l->tree.size; /* As it will stand: judged by it. */
	out->status = TROTH_FLAWED;
	if (!troth_event_check(e, &out->flaw))
		return false;
	if (e->type == TROTH_EVENT_POLICY_PUBLISHED &&
	    troth_policies_check(l->source.policies, &l->txn, e->u.policy.policy_text,
				 NULL) != TROTH_OK) {
		out->flaw = (struct troth_flaw){
			"text", "is no policy of parties that are in the federation"
		};
		return false;
	}
	if (e->type == TROTH_EVENT_POLICY_PUBLISHED && is_newest_text(l, e)) {
		out->flaw = (struct troth_flaw){
			"text", "is that of the newest version, which is in force"
		};
		return false;
	}
	/* Who acts here with that name would be taken for the clock everywhere. */
	if (strcmp(e->actor, TROTH_CLOCK_ACTOR) == 0) {
		out->flaw = (struct troth_flaw){ "actor",
						 "is the name of central's clock" };
		return false;
	}
	return true;
}

static bool decide(struct troth_ledger *l, struct troth_command *c, unsigned i,
		   struct troth_site *site, struct troth_who *who,
		   struct troth_verdict *verdict, struct troth_result *out)
{
	struct troth_event *e = c->drafts[i];

	if (!draft_ok(l, e, out))
		return false;
	*verdict = judge(l, who, site, e);
	if (verdict->outcome == TROTH_REFUSED) {
		out->status = TROTH_DECLINED;
		out->reason = verdict->reason;
		out->etag = l->subject->revision;
		return false;
	}
	if (e->type == TROTH_EVENT_PROMISE_MADE && e->u.promise.customer[0] == '\0')
		TROTH_TEXT_SET(e->u.promise.customer, l->subject->customer);
	if (i == 0 && c->has_if_match && c->if_match != l->subject->revision) {
		out->status = TROTH_STALE;
		out->etag = l->subject->revision;
		return false;
	}
	return true;
}

void troth_ledger_command(struct troth_ledger *l, struct troth_command *c,
			  struct troth_result *out)
{
	struct troth_site site[TROTH_COMMAND_EVENTS_MAX];
	struct troth_who who[TROTH_COMMAND_EVENTS_MAX];
	struct troth_verdict verdict[TROTH_COMMAND_EVENTS_MAX];

	if (troth_command_recall(&l->txn, c, l->now, out))
		return;
	*out = (struct troth_result){ .subject_kind = c->drafts[0]->subject_kind,
				      .subject = c->drafts[0]->subject,
				      .item = c->item,
				      .at = l->now };
	out->reason = troth_command_is_approval(c) ? pools_approve(l, c->drafts[0])
						   : TROTH_REASON_NONE;
	if (out->reason != TROTH_REASON_NONE) {
		out->status = TROTH_DECLINED;
		return;
	}
	/* Both are decided before the first is appended: all of it, or none. */
	for (unsigned i = 0; i < c->count; i++)
		if (!decide(l, c, i, &site[i], &who[i], &verdict[i], out))
			return;
	for (unsigned i = 0; i < c->count; i++) {
		ledger_load(l, &c->drafts[i]->subject, c->drafts[i]->subject_kind);

		uint64_t position = ledger_append_own(l, c->drafts[i], c->personal[i],
						      &who[i], verdict[i]);
		if (i > 0)
			continue;
		out->status = TROTH_DONE;
		out->reason = verdict[i].reason;
		out->event = c->drafts[i]->id;
		out->position = position;
		out->etag = l->subject->revision;
	}
	if (troth_command_is_approval(c))
		pools_approved(l, c->drafts[0]);
	troth_command_remember(&l->txn, c, out, l->now);
	troth_command_forget(&l->txn, l->now, TROTH_KEYS_FORGET);
}
