/*
 * The ledger, entry by entry, beside central: every verdict is judged again, every
 * change of a promise or a commitment must be a legal one, and who is to see what
 * follows from the rules of the model, not from central's feeds.
 */
#include "book.h"

#include "troth/base/text.h"
#include "troth/core/chain.h"
#include "troth/core/commitment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known_subject *oracle_subject(struct oracle *o, const struct troth_id *id)
{
	for (unsigned i = 0; i < o->subject_count; i++)
		if (troth_id_eq(&o->subjects[i].s->id, id))
			return &o->subjects[i];
	return NULL;
}

static struct known_subject *subject_for(struct sim *s, const struct troth_event *e)
{
	struct oracle *o = s->oracle;
	struct known_subject *k = oracle_subject(o, &e->subject);

	if (k != NULL)
		return k;
	if (o->subject_count == SUBJECTS_MAX)
		sim_fail(s, "oracle", "too many subjects");
	k = &o->subjects[o->subject_count++];
	k->s = calloc(1, sizeof(*k->s));
	if (k->s == NULL)
		abort();
	troth_subject_init(k->s, e->subject_kind, &e->subject);
	return k;
}

static void note_revision(struct known_subject *k, uint64_t position)
{
	if (k->digest_count == k->digest_cap) {
		k->digest_cap = k->digest_cap == 0 ? 16 : 2 * k->digest_cap;
		k->digests = realloc(k->digests, k->digest_cap * sizeof(*k->digests));
		k->positions = realloc(k->positions, k->digest_cap * sizeof(uint64_t));
		if (k->digests == NULL || k->positions == NULL)
			abort();
	}
	k->positions[k->digest_count] = position;
	k->digests[k->digest_count++] = k->s->digest;
}

/* ---- Who is to have it ---- */

const char *oracle_feed_party(const struct oracle *o, const char *party)
{
	for (unsigned i = 0; i < o->party_count; i++)
		if (strcmp(o->parties[i].party, party) == 0 &&
		    o->parties[i].operator_party[0] != '\0')
			return o->parties[i].operator_party;
	return party;
}

static void give(struct sim *s, const char *party, uint64_t position, enum given how)
{
	struct known_entry *e = &s->oracle->entries[position - 1];

	for (unsigned i = 1; i < s->node_count; i++)
		if (strcmp(s->nodes[i].feed_party, oracle_feed_party(s->oracle, party)) ==
			    0 &&
		    e->to[i] < how)
			e->to[i] = how;
}

bool oracle_sees(const struct sim *s, const struct troth_subject *k, const struct node *n)
{
	for (unsigned i = 0; i < k->participant_count; i++)
		if (k->participants[i].active &&
		    strcmp(oracle_feed_party(s->oracle, k->participants[i].party),
			   n->feed_party) == 0)
			return true;
	return false;
}

static void distribute(struct sim *s, const struct known_subject *k, uint64_t position)
{
	const struct troth_subject *before = s->oracle->before, *after = k->s;

	for (unsigned i = 0; i < after->participant_count; i++) {
		const struct troth_participant *p = &after->participants[i];
		bool was = i < before->participant_count &&
			   before->participants[i].active;

		if (!p->active && !was)
			continue;
		give(s, p->party, position, GIVEN);
		if (was)
			continue;

		uint64_t left = i < before->participant_count
					? before->participants[i].left
					: 0;
		for (uint64_t r = left; r < before->revision; r++)
			give(s, p->party, k->positions[r], GIVEN);
	}
}

/* ---- The federation ---- */

static void federate(struct sim *s, const struct troth_event *e)
{
	struct oracle *o = s->oracle;

	if (e->type == TROTH_EVENT_POLICY_PUBLISHED ||
	    e->type == TROTH_EVENT_POLICY_WITHDRAWN)
		oracle_learn_policy(s, e);
	if (e->type == TROTH_EVENT_PARTY_ADDED && o->party_count < PARTIES_MAX) {
		o->parties[o->party_count++] = e->u.party;
		if (e->u.party.role == TROTH_ROLE_BRAND)
			(void)strcpy(o->brand, e->u.party.party);
	}
	if (e->type == TROTH_EVENT_SITE_ADDED && o->site_count < NODES_MAX) {
		struct troth_site *site = &o->sites[o->site_count++];

		*site = (struct troth_site){ .key_count = 1 };
		(void)strcpy(site->party, e->u.site.party);
		(void)strcpy(site->site, e->u.site.site);
		(void)strcpy(site->origin, e->u.site.origin);
		memcpy(site->keys[0].key, e->u.site.key, 32);
		for (unsigned i = 1; i < s->node_count; i++)
			if (strcmp(s->nodes[i].origin, site->origin) == 0)
				s->nodes[i].added = true;
	}
}

/* ---- An entry ---- */

static void check_order(struct sim *s, const struct troth_event *e,
			const struct troth_entry *entry, struct known_entry *k)
{
	struct oracle *o = s->oracle;
	uint64_t position = o->count;

	for (size_t i = 0; i + 1 < o->count; i++)
		if (troth_id_eq(&o->entries[i].event, &e->id))
			sim_fail(s, "I2", "the event at %llu is also at %zu",
				 (unsigned long long)position, i + 1);
	if (entry->accepted.ms < o->accepted)
		sim_fail(s, "I3", "position %llu was accepted before the one before it",
			 (unsigned long long)position);
	if (entry->accepted.ms > s->now)
		sim_fail(s, "I3", "position %llu was accepted in the future",
			 (unsigned long long)position);
	o->accepted = entry->accepted.ms;
	if (k->node == NODES_MAX)
		sim_fail(s, "I11", "position %llu is from %s",
			 (unsigned long long)position, e->origin);
	if (e->incarnation < o->incarnations[k->node] ||
	    (e->incarnation == o->incarnations[k->node] &&
	     e->origin_seq <= o->seqs[k->node]))
		sim_fail(s, "I2", "position %llu: number %llu of %s comes after %llu",
			 (unsigned long long)position, (unsigned long long)e->origin_seq,
			 e->origin, (unsigned long long)o->seqs[k->node]);
	/* Without a backup put back there is no reason for a gap. */
	if (s->nodes[k->node].restores == 0 && e->origin_seq != o->seqs[k->node] + 1)
		sim_fail(s, "I1", "position %llu: number %llu of %s follows %llu",
			 (unsigned long long)position, (unsigned long long)e->origin_seq,
			 e->origin, (unsigned long long)o->seqs[k->node]);
	o->incarnations[k->node] = e->incarnation;
	o->seqs[k->node] = e->origin_seq;
}

static struct known_entry *new_entry(struct sim *s, struct troth_span bytes)
{
	struct oracle *o = s->oracle;
	const struct troth_event *e = &o->event;
	struct known_entry *k;

	if (o->count == o->cap) {
		o->cap = o->cap == 0 ? 512 : 2 * o->cap;
		o->entries = realloc(o->entries, o->cap * sizeof(*o->entries));
		if (o->entries == NULL)
			abort();
	}
	k = &o->entries[o->count++];
	*k = (struct known_entry){ .event = e->id,
				   .subject = e->subject,
				   .incarnation = e->incarnation,
				   .seq = e->origin_seq,
				   .node = NODES_MAX };
	troth_tree_leaf(&k->hash, bytes);
	for (unsigned i = 0; i < s->node_count; i++)
		if (strcmp(s->nodes[i].origin, e->origin) == 0)
			k->node = i;
	(void)sscanf(e->actor, "op-%u", &k->op);
	k->op = strncmp(e->actor, "op-", 3) == 0 ? k->op + 1 : 0;
	if (e->type == TROTH_EVENT_SHARE_SPENT)
		k->op = 0; /* It comes with what was asked, or approved. */
	if (e->type == TROTH_EVENT_PROMISE_MADE &&
	    sscanf(e->u.promise.reason, "op-%u", &k->op) == 1)
		k->op++;
	if (e->type == TROTH_EVENT_PROMISE_STEP && /* By somebody with a name. */
	    sscanf(e->u.promise_step.reason, "op-%u", &k->op) == 1)
		k->op++;
	return k;
}

static void count_op(struct sim *s, const struct known_entry *k)
{
	struct op *op;

	if (k->op == 0)
		return;
	op = s->ops[k->op - 1];
	op->entries++;
	if (op->entries > op->count && !op->waived)
		sim_fail(s, "I2", "op %u has taken effect twice", op->number);
	if (op->node != k->node)
		sim_fail(s, "I11", "op %u comes from another node", op->number);
}

static void tally(struct sim *s, const struct troth_entry *entry,
		  const struct troth_event *e)
{
	s->counts.entries++;
	s->counts.refused += entry->verdict.outcome == TROTH_REFUSED;
	s->counts.flagged += entry->verdict.outcome == TROTH_FLAGGED;
	if (e->type == TROTH_EVENT_PROMISE_STEP) {
		s->counts.broken += e->u.promise_step.action == TROTH_PROMISE_DO_BREAK;
		s->counts.expired += e->u.promise_step.action == TROTH_PROMISE_DO_EXPIRE;
	}
	if (e->type == TROTH_EVENT_COMMITMENT_STEP) {
		enum troth_commitment_action a = e->u.commitment_step.action;

		s->counts.violated += a == TROTH_COMMITMENT_DO_VIOLATE;
		s->counts.discharged += a == TROTH_COMMITMENT_DO_DISCHARGE;
		s->counts.ack_overdue += a == TROTH_COMMITMENT_DO_ACK_OVERDUE;
	}
}

static struct troth_verdict judge_again(struct oracle *o, const struct troth_subject *k,
					const struct troth_lookup *lookup,
					struct troth_who *who, struct troth_site *site,
					const struct troth_entry *entry)
{
	enum troth_reason r = troth_who_acts(who, site, lookup, &o->event, CENTRAL);
	struct troth_verdict v;

	who->clock = who->central && strcmp(o->event.actor, "clock") == 0;
	if (r != TROTH_REASON_NONE) {
		who->party = site->party;
		return (struct troth_verdict){ TROTH_REFUSED, r };
	}
	v = troth_judge(k, lookup, who, &o->event, entry->accepted);
	r = v.outcome == TROTH_REFUSED ? TROTH_REASON_NONE : book_reason(o);
	if (r != TROTH_REASON_NONE)
		return (struct troth_verdict){ TROTH_REFUSED, r };
	if (v.outcome == TROTH_TAKES_EFFECT)
		r = book_unpaid(o, k);
	return r == TROTH_REASON_NONE ? v : (struct troth_verdict){ TROTH_FLAGGED, r };
}

/* Applies the judged entry to k and tells who is to have it. */
static void take_effect(struct sim *s, struct known_subject *k,
			const struct troth_entry *entry, const struct troth_who *who,
			const struct troth_lookup *lookup,
			const struct troth_digest *leaf)
{
	struct oracle *o = s->oracle;
	struct troth_buf record = TROTH_BUF_INIT, state = TROTH_BUF_INIT;
	struct troth_digest digest;
	uint64_t position = o->count;
	bool federation = o->event.subject_kind == TROTH_SUBJECT_FEDERATION;
	bool refused = entry->verdict.outcome == TROTH_REFUSED;
	bool absent = federation || !troth_subject_exists(k->s);

	if (refused && (absent || !troth_subject_is_participant(k->s, who->party)))
		give(s, who->party, position, GIVEN_TO_AUTHOR);
	if (refused && o->event.type == TROTH_EVENT_PROMISE_MADE)
		book_refused(s, &o->event.u.promise.id);
	if (refused && absent)
		return;
	*o->before = *k->s;
	troth_apply(k->s, lookup, who, &o->event, entry->verdict,
		    (struct troth_place){ position, entry->accepted });
	troth_subject_encode(k->s, &state);

	struct troth_span parts[] = { troth_digest_span(&k->s->digest),
				      troth_digest_span(leaf), troth_buf_span(&state) };
	troth_sha256(&digest, parts, TROTH_LEN(parts));
	troth_subject_seal(k->s, leaf, &record);
	if (!troth_digest_eq(&digest, &k->s->digest))
		sim_fail(s, "I4", "the digest does not cover entry and state");
	troth_buf_fini(&record);
	troth_buf_fini(&state);
	note_revision(k, position);
	o->entries[position - 1].revision = k->s->revision;
	if (federation) {
		federate(s, &o->event);
		book_entry(s, entry);
		for (unsigned i = 1; i < s->node_count; i++)
			o->entries[position - 1].to[i] = GIVEN;
		return;
	}
	if (!refused)
		book_made(s, k, entry);
	if (!refused && o->event.type == TROTH_EVENT_AGENT_CERTIFIED)
		oracle_learn_agent(o, &o->event.u.agent);
	check_change(s, k, entry, who->clock);
	distribute(s, k, position);
	if (!refused)
		book_entry(s, entry);
	book_subject(s, k->s);
}

void replay(struct sim *s, struct troth_span bytes)
{
	struct oracle *o = s->oracle;
	struct troth_why why = { "" };
	struct troth_entry entry;
	struct known_entry *k;
	struct known_subject *subject;
	struct troth_verdict verdict;
	struct troth_lookup lookup;
	struct troth_who who;
	struct troth_site site = { .party = "" };
	char hex[9];

	if (troth_entry_decode(&entry, bytes, &why) != TROTH_OK ||
	    troth_body_decode(&o->event, entry.body, &why) != TROTH_OK)
		sim_fail(s, "I3", "position %zu cannot be read: %s", o->count + 1,
			 why.text);
	oracle_lookup(o, &lookup);
	k = new_entry(s, bytes);
	k->refused = entry.verdict.outcome == TROTH_REFUSED;
	k->accepted = entry.accepted;
	check_order(s, &o->event, &entry, k);
	count_op(s, k);
	tally(s, &entry, &o->event);
	subject = subject_for(s, &o->event);
	verdict = judge_again(o, subject->s, &lookup, &who, &site, &entry);
	TROTH_TEXT_SET(o->by, who.party);
	o->by_brand = strcmp(who.party, o->brand) == 0;
	troth_hex(hex, o->event.subject.b + 6, 4);
	sim_log(s, "ledger: %zu on %s is %s of %u.%llu.%llu op %d: %s %s", o->count, hex,
		troth_event_type_name(o->event.type), k->node,
		(unsigned long long)k->incarnation, (unsigned long long)k->seq,
		(int)k->op - 1, troth_outcome_name(entry.verdict.outcome),
		troth_reason_name(entry.verdict.reason));
	if (verdict.outcome != entry.verdict.outcome ||
	    verdict.reason != entry.verdict.reason)
		sim_fail(s, "verdict", "position %zu: %s %s, where the oracle says %s %s",
			 o->count, troth_outcome_name(entry.verdict.outcome),
			 troth_reason_name(entry.verdict.reason),
			 troth_outcome_name(verdict.outcome),
			 troth_reason_name(verdict.reason));
	take_effect(s, subject, &entry, &who, &lookup, &k->hash);
}
