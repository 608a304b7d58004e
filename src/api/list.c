/*
 * Lists: promises by due, commitments by debtor, orders and cases.
 */
#include "handlers.h"
#include "page.h"

#include "troth/core/authority.h"
#include "troth/core/commitment.h"

#include <stdlib.h>
#include <string.h>

/* ---- Promises ---- */

static bool write_promise(struct troth_page *p, struct troth_out *o,
			  const struct troth_id *item)
{
	const struct troth_subject *s = &p->c->api->view->subject;
	int i = troth_subject_promise(s, item);

	if (i < 0 || (p->promise_state != 0 && s->promises[i].state != p->promise_state))
		return false;
	troth_render_promise(&p->r, o, NULL, p->c->api->view, (unsigned)i);
	return true;
}

void troth_get_promises(struct troth_call *c)
{
	const char *state = troth_call_query(c, "state");
	struct troth_page p;

	if (!troth_page_begin(&p, c))
		return;
	p.closed = state != NULL && strcmp(state, "closed") == 0;
	if (state != NULL && !p.closed && strcmp(state, "open") != 0) {
		int v = troth_promise_state_number(state);

		if (v <= 0) {
			(void)troth_read_bad(c, "state",
					     "must be open, closed, or a state");
			return;
		}
		p.promise_state = (enum troth_promise_state)v;
		if (p.promise_state == TROTH_PROMISE_PROPOSED) {
			(void)troth_read_bad(
				c, "state",
				"what is only offered is in no list by due: see its "
				"order or case");
			return;
		}
		p.closed = !troth_promise_is_open(p.promise_state);
	}
	troth_list_promises(&p.list, c->t, p.closed, p.due_before, troth_page_after(&p));
	troth_page_write(&p, write_promise);
}

/* ---- Approvals ---- */

/* HQ sees what waits for it; others what they themselves wait for. */
static bool is_asked_here(struct troth_page *p, const struct troth_promise *m)
{
	const char *own = p->c->api->engine->party;
	char brand[TROTH_PARTY_MAX + 1], feed[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;

	if (m->state != TROTH_PROMISE_PENDING_APPROVAL)
		return false;
	troth_state_lookup(&lookup, &(struct troth_source){ .t = p->c->t }, brand);
	if (own[0] == '\0' || strcmp(own, brand) == 0)
		return true;
	troth_state_feed_party(p->c->t, m->party, feed);
	return strcmp(feed, own) == 0;
}

static bool write_approval(struct troth_page *p, struct troth_out *o,
			   const struct troth_id *item)
{
	const struct troth_view *view = p->c->api->view;
	int i = troth_subject_promise(&view->subject, item);
	struct troth_id maker;
	bool known;

	if (i < 0 || !is_asked_here(p, &view->subject.promises[i]))
		return false;
	maker = troth_authority_id(view->subject.promises[i].party);
	known = troth_query_subject(p->c->t, p->r.node, &maker, p->maker);
	troth_render_approval(&p->r, o, view, (unsigned)i,
			      known ? &p->maker->subject.authority : NULL);
	return true;
}

void troth_get_approvals(struct troth_call *c)
{
	struct troth_page p;

	if (!troth_page_begin(&p, c))
		return;
	p.maker = malloc(sizeof(*p.maker));
	if (p.maker == NULL)
		return; /* The call then says that there was no memory. */
	troth_list_asked(&p.list, c->t, troth_page_after(&p));
	troth_page_write(&p, write_approval);
	free(p.maker);
}

/* ---- Commitments ---- */

static bool write_commitment(struct troth_page *p, struct troth_out *o,
			     const struct troth_id *item)
{
	const struct troth_subject *s = &p->c->api->view->subject;
	int i = troth_subject_commitment(s, item);

	if (i < 0 ||
	    (p->commitment_state != 0 && s->commitments[i].state != p->commitment_state))
		return false;
	troth_render_commitment(&p->r, o, NULL, p->c->api->view, (unsigned)i);
	return true;
}

void troth_get_commitments(struct troth_call *c)
{
	const char *state = troth_call_query(c, "state");
	const char *party = troth_call_query(c, "party");
	struct troth_page p;

	if (!troth_page_begin(&p, c))
		return;
	if (party == NULL)
		party = c->api->engine->party;
	if (party[0] == '\0') {
		(void)troth_read_bad(c, "party", "must say whose commitments");
		return;
	}
	p.closed = state != NULL && strcmp(state, "closed") == 0;
	if (state != NULL && !p.closed && strcmp(state, "open") != 0) {
		int v = troth_commitment_state_number(state);

		if (v <= 0) {
			(void)troth_read_bad(c, "state",
					     "must be open, closed, or a state");
			return;
		}
		p.commitment_state = (enum troth_commitment_state)v;
		p.closed = !troth_commitment_is_open(p.commitment_state);
	}
	troth_list_commitments(&p.list, c->t, party, p.closed, p.due_before,
			       troth_page_after(&p));
	troth_page_write(&p, write_commitment);
}

/* ---- Orders and cases ---- */

static bool write_subject(struct troth_page *p, struct troth_out *o,
			  const struct troth_id *item)
{
	(void)item;
	if (p->c->api->view->subject.kind != p->kind)
		return false;
	troth_render_subject(&p->r, o, NULL, p->c->api->view);
	return true;
}

/* Central's answer to a search: orders of that number, visible here or not. */
static void write_found(struct troth_page *p)
{
	struct troth_call *c = p->c;
	const struct troth_question *q = &c->question;
	struct troth_out o = troth_call_reply(c, 200);

	troth_out_array(&o, "items");
	for (unsigned i = 0; i < q->found_count; i++) {
		if (troth_query_subject(c->t, c->api->engine->kind, &q->found[i],
					c->api->view)) {
			troth_render_subject(&p->r, &o, NULL, c->api->view);
			continue;
		}
		troth_out_object(&o, NULL);
		troth_out_id(&o, "id", TROTH_ID_ORDER, &q->found[i]);
		troth_out_bool(&o, "visible", false);
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	troth_render_freshness(&p->r, &o, 0);
	troth_out_end_object(&o);
}

static void get_subjects(struct troth_call *c, enum troth_subject_kind kind)
{
	const char *customer = troth_call_query(c, "customer");
	const char *number = troth_call_query(c, "number");
	struct troth_page p;

	if (!troth_page_begin(&p, c))
		return;
	p.kind = kind;
	if (number != NULL && c->asked) {
		write_found(&p);
		return;
	}
	if (number != NULL)
		troth_list_number(&p.list, c->t, number, troth_page_after(&p));
	else if (customer != NULL)
		troth_list_customer(&p.list, c->t, customer, troth_page_after(&p));
	else
		troth_list_subjects(&p.list, c->t, c->api->engine->kind,
				    troth_page_after(&p));
	troth_page_write(&p, write_subject);
}

void troth_get_orders(struct troth_call *c)
{
	get_subjects(c, TROTH_SUBJECT_ORDER);
}

void troth_get_cases(struct troth_call *c)
{
	get_subjects(c, TROTH_SUBJECT_CASE);
}
