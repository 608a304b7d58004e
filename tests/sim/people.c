/*
 * The people: clients of the API at each node. They make one thing at a time, wait
 * for an answer, ask again under the same idempotency key when none comes, read,
 * and remember what they were told.
 */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 4000
#define ATTEMPTS    4
#define FOUNDATION  22 /* Parties, sites, and what they may promise. */

struct op *op_new(struct sim *s, unsigned node)
{
	struct op *op = calloc(1, sizeof(*op));

	if (op == NULL)
		abort();
	if (s->op_count == s->op_cap) {
		s->op_cap = s->op_cap == 0 ? 256 : 2 * s->op_cap;
		s->ops = realloc(s->ops, s->op_cap * sizeof(struct op *));
		if (s->ops == NULL)
			abort();
	}
	op->number = (unsigned)s->op_count;
	op->node = node;
	op->thing = -1;
	op->key_of = op->number;
	op->began = s->told_count;
	op->restores = s->nodes[node].restores;
	s->ops[s->op_count++] = op;
	return op;
}

static void op_end(struct op *op)
{
	op->ended = true;
	for (unsigned i = 0; i < TROTH_COMMAND_EVENTS_MAX; i++) {
		free(op->drafts[i]);
		op->drafts[i] = NULL;
	}
}

/* ---- Making ---- */

static void hash_number(struct troth_digest *out, const char *what, unsigned number)
{
	char text[48];
	struct troth_span part;

	(void)snprintf(text, sizeof(text), "%s %u", what, number);
	part = troth_span_str(text);
	troth_sha256(out, &part, 1);
}

static void client_later(struct sim *s, struct client *c, int64_t ms)
{
	sim_push(s, s->now + ms, SIM_CLIENT, c->number, ++c->stamp);
}

static void done(struct troth_command *command, const struct troth_result *r);

/* What the callback is given: the run, the asker and what was asked. */
struct call {
	struct sim *sim;
	struct client *client;
	struct op *op;
	struct call *next, **link;
};

static void call_free(struct call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	free(call);
}

static struct troth_command *command_of(struct sim *s, struct op *op)
{
	struct troth_command *command = troth_command_new(op->question ? 2 : op->count);

	if (command == NULL)
		abort();
	for (unsigned i = 0; i < op->count; i++) {
		*command->drafts[i] = *op->drafts[i];
		if (op->named)
			continue;
		(void)snprintf(command->drafts[i]->actor,
			       sizeof(command->drafts[i]->actor), "op-%u", op->number);
		if (op->words[0] != '\0') {
			struct troth_personal *p = troth_command_personal(command, i);

			if (p == NULL)
				abort();
			(void)snprintf(p->words, sizeof(p->words), "as promised in %s",
				       op->words);
			if (op->drafts[i]->type == TROTH_EVENT_ORDER_PLACED)
				(void)strcpy(p->order_number, op->words);
		}
	}
	command->is_question = op->question;
	command->asked = op->asked;
	if (op->question)
		command->item = op->drafts[0]->u.promise.id;
	command->has_if_match = op->has_if_match;
	command->if_match = op->if_match;
	command->has_key = op->has_key;
	hash_number(&command->key, "key", op->key_of);
	hash_number(&command->payload, "payload", op->number);
	command->done = done;
	(void)s;
	return command;
}

static void ask(struct sim *s, struct client *c, struct op *op)
{
	struct node *n = &s->nodes[op->node];
	struct call *call = calloc(1, sizeof(*call));
	struct troth_command *command = command_of(s, op);

	if (call == NULL)
		abort();
	*call = (struct call){ s, c, op, s->calls, &s->calls };
	if (call->next != NULL)
		call->next->link = &call->next;
	s->calls = call;
	command->ctx = call;
	op->attempts++;
	book_attempt(s, op);
	if (n->number == 0)
		troth_hub_commands(n->hub, command);
	else
		troth_gateway_commands(n->gateway, command);
	node_poke(s, n);
}

static const char *status_name(enum troth_status v)
{
	static const char *const names[] = { "nothing", "done",     "declined",
					     "stale",   "flawed",   "key reused",
					     "no room", "stopping", "no brand" };

	return (size_t)v < TROTH_LEN(names) ? names[v] : "?";
}

static void learn_thing(struct sim *s, struct op *op, const struct troth_result *r)
{
	if (op->thing >= 0 && r->status == TROTH_DONE)
		s->things[op->thing].id = r->subject;
}

static void done(struct troth_command *command, const struct troth_result *r)
{
	struct call *call = command->ctx;
	struct sim *s = call->sim;
	struct client *c = call->client;
	struct op *op = call->op;

	call_free(call);
	troth_command_free(command);
	if (s->silent)
		return;
	sim_log(s, "op %u: told %s%s reason %d etag %llu%s%s%s%s", op->number,
		status_name(r->status), r->repeated ? " again" : "", (int)r->reason,
		(unsigned long long)r->etag, r->status == TROTH_FLAWED ? " " : "",
		r->status == TROTH_FLAWED ? r->flaw.field : "",
		r->status == TROTH_FLAWED ? " " : "",
		r->status == TROTH_FLAWED ? r->flaw.problem : "");
	if (r->status == TROTH_DONE && r->has_answer)
		sim_log(s, "op %u: may I? %s: %s, %lld of %lld", op->number,
			troth_answer_name(r->answer.answer),
			troth_reason_name(r->answer.reason), (long long)r->answer.cost,
			(long long)r->answer.left_share);
	s->counts.told[r->status]++;
	s->counts.repeated += r->repeated;
	learn_thing(s, op, r);
	oracle_told(s, op, r);
	if (c->op != op)
		return;
	if ((r->status == TROTH_NO_ROOM || r->status == TROTH_STOPPING) &&
	    op->attempts < ATTEMPTS && !s->calm) {
		client_later(s, c, dice_between(&s->dice, 100, 2000));
		return;
	}
	c->op = NULL;
	op_end(op);
	/* HQ first makes the federation, and hurries. */
	client_later(s, c,
		     dice_between(&s->dice, 5, oracle_size(s) < FOUNDATION ? 50 : 1500));
}

/* ---- Reading ---- */

static void check_etag(struct sim *s, struct node *n, unsigned thing, uint64_t etag)
{
	if (etag < n->etags[thing])
		sim_fail(s, "I7", "site %u showed thing %u with etag %llu, now with %llu",
			 n->number, thing, (unsigned long long)n->etags[thing],
			 (unsigned long long)etag);
	n->etags[thing] = etag;
}

static void read_some(struct sim *s, struct node *n)
{
	unsigned thing = (unsigned)dice_below(&s->dice, s->thing_count);
	struct troth_freshness fresh;
	struct troth_txn t;

	s->counts.reads++;
	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	troth_query_freshness(&t, &fresh);
	if (s->thing_count > 0 &&
	    troth_query_subject(&t, TROTH_NODE_GATEWAY, &s->things[thing].id, s->view))
		check_etag(s, n, thing, troth_view_etag(s->view));
	if (troth_txn_commit(&t, NULL) != TROTH_OK)
		sim_fail(s, "I12", "site %u cannot be read", n->number);
	if (fresh.position < n->seen_position || fresh.as_of.ms < n->seen_as_of)
		sim_fail(s, "I7", "site %u: position or as_of went back", n->number);
	n->seen_position = fresh.position;
	n->seen_as_of = fresh.as_of.ms;
}

/* ---- Asking central ---- */

struct asked {
	struct troth_question q;
	struct sim *sim;
	struct node *node;
	uint64_t boots;
	uint64_t visible;
	unsigned thing;
	bool known;
	uint64_t revision; /* Of that order, then. */
};

/* Who asks has left it since: away when central looked, it may be back by now. */
static bool was_left(const struct asked *a)
{
	const struct known_subject *k = oracle_subject(a->sim->oracle,
						       &a->sim->things[a->thing].id);

	for (unsigned i = 0; k != NULL && i < k->s->participant_count; i++)
		if (k->s->participants[i].left > a->revision &&
		    oracle_feeds(a->sim, a->node, k->s->participants[i].party))
			return true;
	return false;
}

static void check_found(struct asked *a)
{
	struct sim *s = a->sim;
	const struct troth_id *id = &s->things[a->thing].id;

	for (unsigned i = 0; i < a->q.found_count; i++)
		if (troth_id_eq(&a->q.found[i], id)) {
			if (!oracle_may_find(s, a->node, id, true))
				sim_fail(s, "I5", "site %u finds order %s of others",
					 a->node->number, a->q.order_number);
			return;
		}
	/* Who left it meanwhile may find it no more. */
	if (a->known && oracle_may_find(s, a->node, id, false) && !was_left(a))
		sim_fail(s, "fresh", "central did not find order %s", a->q.order_number);
}

static void answered(struct troth_question *q)
{
	struct asked *a = q->ctx;
	struct sim *s = a->sim;
	struct troth_txn t;

	if (!s->silent && q->ok && q->find) {
		check_found(a);
	} else if (!s->silent && q->ok) {
		troth_txn_begin(&t, a->node->kv, TROTH_TXN_READ);
		uint64_t have = troth_txn_count(&t, TROTH_T_ENTRIES);
		troth_txn_abort(&t);
		if (have < a->visible)
			sim_fail(s, "fresh", "site %u says fresh at %llu of %llu",
				 a->node->number, (unsigned long long)have,
				 (unsigned long long)a->visible);
	}
	if (!s->silent) {
		s->counts.fresh_ok += q->ok;
		s->counts.fresh_no += !q->ok;
		sim_log(s, "site %u: question: %s", a->node->number,
			q->ok ? "fresh" : q->why.text);
	}
	free(a);
}

static void ask_central(struct sim *s, struct node *n)
{
	struct asked *a = calloc(1, sizeof(*a));

	if (a == NULL)
		abort();
	a->sim = s;
	a->node = n;
	a->visible = oracle_visible(s, n);
	a->q.done = answered;
	a->q.ctx = a;
	a->q.timeout_ms = dice_between(&s->dice, 100, 5000);
	a->thing = (unsigned)dice_below(&s->dice, s->thing_count);
	if (s->thing_count > 0 && dice_percent(&s->dice, 30)) {
		a->q.find = true;
		(void)strcpy(a->q.order_number, s->things[a->thing].number);
		a->known = oracle_knows_order(s, &s->things[a->thing].id) &&
			   oracle_may_find(s, n, &s->things[a->thing].id, false);
		if (a->known)
			a->revision = oracle_subject(s->oracle, &s->things[a->thing].id)
					      ->s->revision;
	}
	troth_gateway_ask(n->gateway, &a->q, (struct troth_time){ node_time(s, n) });
	node_poke(s, n);
}

/* ---- A client's turn ---- */

static void begin_op(struct sim *s, struct client *c)
{
	struct node *n = &s->nodes[c->node];
	struct op *op = op_new(s, c->node);

	op->has_key = dice_percent(&s->dice, 90);
	if (!(n->number == 0 && people_found(s, op)))
		draft_random(s, n, op);
	if (op->count == 0) { /* Nothing occurred to it. */
		op_end(op);
		client_later(s, c, dice_between(&s->dice, 100, 1000));
		return;
	}
	c->op = op;
	sim_log(s, "op %u: at node %u: %s%s", op->number, n->number,
		troth_event_type_name(op->drafts[0]->type),
		op->count > 1 ? " and more" : "");
	ask(s, c, op);
	client_later(s, c, PATIENCE_MS);
}

void people_act(struct sim *s, struct client *c, uint64_t stamp)
{
	struct node *n = &s->nodes[c->node];

	if (stamp != c->stamp)
		return;
	if (c->op != NULL && (c->op->attempts >= ATTEMPTS || !c->op->has_key || s->calm ||
			      dice_percent(&s->dice, 10))) {
		op_end(c->op);
		c->op = NULL;
	}
	if (s->calm)
		return;
	if (!n->up || (n->number == 0 && s->window)) {
		client_later(s, c, dice_between(&s->dice, 100, 1000));
		return;
	}
	if (c->op != NULL) {
		s->counts.retries++;
		sim_log(s, "op %u: asked again", c->op->number);
		draft_again(s, n, c->op);
		ask(s, c, c->op);
		client_later(s, c, PATIENCE_MS);
		return;
	}
	if (n->number != 0 && dice_percent(&s->dice, 25)) {
		read_some(s, n);
		client_later(s, c, dice_between(&s->dice, 1, 800));
	} else if (n->number != 0 && dice_percent(&s->dice, 8)) {
		ask_central(s, n);
		client_later(s, c, dice_between(&s->dice, 1, 800));
	} else {
		begin_op(s, c);
	}
}

void people_hq(struct sim *s, struct op *op)
{
	struct client *c = &s->clients[0];

	op->has_key = true;
	if (c->op != NULL)
		op_end(c->op);
	c->op = op;
	sim_log(s, "op %u: HQ: %s", op->number,
		troth_event_type_name(op->drafts[0]->type));
	ask(s, c, op);
}

/* The node's callers hear nothing any more; they will time out and ask again. */
void people_lose(struct sim *s, struct node *n)
{
	for (struct call *call = s->calls, *next; call != NULL; call = next) {
		next = call->next;
		if (call->op->node == n->number)
			call_free(call); /* Its command was freed with the node. */
	}
}

void people_waive(struct sim *s, struct node *n, uint64_t told_mark)
{
	for (size_t i = 0; i < s->op_count; i++) {
		struct op *op = s->ops[i];

		if (op->node != n->number)
			continue;
		if (op->told == 0 || op->told_order > told_mark)
			op->waived = true;
	}
	/* Who waits does not ask again: the disk does not remember the key. */
	for (unsigned i = 0; i < s->client_count; i++) {
		struct client *c = &s->clients[i];

		if (c->node != n->number || c->op == NULL)
			continue;
		op_end(c->op);
		c->op = NULL;
		client_later(s, c, 500);
	}
}

void people_init(struct sim *s)
{
	for (unsigned i = 0; i < s->node_count; i++) {
		unsigned count = i == 0 ? 2 : CLIENTS_EACH;

		for (unsigned k = 0; k < count; k++) {
			struct client *c = &s->clients[s->client_count];

			c->number = s->client_count++;
			c->node = i;
			client_later(s, c, i == 0 ? 1 : dice_between(&s->dice, 1, 3000));
		}
	}
}

void people_fini(struct sim *s)
{
	for (size_t i = 0; i < s->op_count; i++) {
		op_end(s->ops[i]);
		free(s->ops[i]);
	}
	free(s->ops);
}
