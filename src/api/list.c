/*
 * Lists: promises by due, commitments by debtor, orders and cases.
 */
#include "body.h"
#include "page.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"
#include "troth/core/commitment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many records are looked at for one page, however few of them fit the filter. */
#define LOOKED_AT_MAX 1000

struct troth_out troth_read_bare(struct troth_call *c)
{
	(void)troth_call_reply(c, 200);
	troth_buf_reset(&c->reply);
	return troth_out(&c->reply);
}

static bool bad(struct troth_call *c, const char *name, const char *detail)
{
	troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, name, detail);
	return false;
}

bool troth_read_digits(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

bool troth_read_count(struct troth_call *c, unsigned standard, unsigned max,
		      unsigned *limit)
{
	const char *text = troth_call_query(c, "limit");
	uint64_t v = standard;
	char detail[32];

	if (text != NULL && (!troth_read_digits(text, &v) || v < 1 || v > max)) {
		(void)snprintf(detail, sizeof(detail), "must be 1 to %u", max);
		return bad(c, "limit", detail);
	}
	*limit = (unsigned)v;
	return true;
}

bool troth_read_limit(struct troth_call *c, unsigned *limit)
{
	return troth_read_count(c, TROTH_API_PAGE, TROTH_API_PAGE_MAX, limit);
}

bool troth_read_after(struct troth_call *c, char *out, size_t size)
{
	const char *text = troth_call_query(c, "after");

	out[0] = '\0';
	if (text == NULL)
		return true;
	if (text[0] == '\0' || strlen(text) >= size)
		return bad(c, "after", "is not one that this list gave");
	troth_text_copy(out, size, text);
	return true;
}

bool troth_read_after_number(struct troth_call *c, uint64_t *out)
{
	const char *text = troth_call_query(c, "after");

	*out = 0;
	return text == NULL || troth_read_digits(text, out) ||
	       bad(c, "after", "must be a number, as this list gave it");
}

bool troth_read_time(struct troth_call *c, const char *name, struct troth_time *out)
{
	const char *text = troth_call_query(c, name);

	*out = (struct troth_time){ 0 };
	if (text == NULL || troth_time_parse(out, text))
		return true;
	return bad(c, name, "must be an instant, such as 2026-11-14T10:32:00Z");
}

/* The bytes of a parameter as they must stand in a link. */
static void put_escaped(struct troth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			     (*s >= '0' && *s <= '9') || strchr("-_.~:", *s) != NULL;

		if (plain)
			troth_buf_put_u8(b, (uint8_t)*s);
		else
			troth_buf_printf(b, "%%%02X", (uint8_t)*s);
	}
}

void troth_read_next(struct troth_call *c, struct troth_out *o, const char *name,
		     const char *cursor, uint64_t number)
{
	struct troth_buf link = TROTH_BUF_INIT;
	size_t name_len = strlen(name);

	troth_buf_printf(&link, "%s?%s=", c->path, name);
	if (cursor != NULL)
		troth_buf_put_str(&link, cursor);
	else
		troth_buf_printf(&link, "%llu", (unsigned long long)number);
	for (const char *q = c->query; *q != '\0'; q += strlen(q) + 1) {
		size_t len = strcspn(q, "=");

		if ((len == name_len && memcmp(q, name, len) == 0) ||
		    strncmp(q, "fresh=", 6) == 0)
			continue;
		troth_buf_put_u8(&link, '&');
		troth_buf_put(&link, q, len + 1);
		put_escaped(&link, q + len + 1);
	}
	troth_out_span(o, "next", troth_buf_span(&link));
	troth_buf_fini(&link);
}

/* ---- One page ---- */

bool troth_page_begin(struct troth_page *p, struct troth_call *c)
{
	const char *cursor = troth_call_query(c, "cursor");

	memset(p, 0, sizeof(*p));
	p->c = c;
	p->r = troth_read_render(c);
	if (!troth_read_limit(c, &p->limit) ||
	    !troth_read_time(c, "due_before", &p->due_before))
		return false;
	if (cursor == NULL)
		return true;
	p->after_len = strlen(cursor) / 2;
	if (p->after_len == 0 || p->after_len >= sizeof(p->after) ||
	    !troth_unhex(p->after, p->after_len, cursor))
		return bad(c, "cursor", "is not one that this list gave");
	return true;
}

void troth_page_write(struct troth_page *p, troth_write_item *write)
{
	struct troth_call *c = p->c;
	struct troth_id item, subject, loaded = { { 0 } };
	struct troth_out o = troth_call_reply(c, 200);
	unsigned given = 0, looked_at = 0;
	bool more = true, visible = false;
	char cursor[2 * TROTH_LIST_CURSOR_MAX + 1];

	troth_out_array(&o, "items");
	while (given < p->limit && looked_at++ < LOOKED_AT_MAX &&
	       (more = troth_list_next(&p->list, &item, &subject))) {
		if (!troth_id_eq(&subject, &loaded))
			visible = troth_query_subject(c->t, c->api->engine->kind,
						      &subject, c->api->view);
		loaded = subject;
		if (visible && write(p, &o, &item))
			given++;
	}
	troth_out_end_array(&o);
	if (more) {
		troth_hex(cursor, p->list.after, p->list.after_len);
		troth_read_next(c, &o, "cursor", cursor, 0);
	}
	troth_list_close(&p->list);
	troth_render_freshness(&p->r, &o, 0);
	troth_out_end_object(&o);
}

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
			(void)bad(c, "state", "must be open, closed, or a state");
			return;
		}
		p.promise_state = (enum troth_promise_state)v;
		if (p.promise_state == TROTH_PROMISE_PROPOSED) {
			(void)bad(c, "state",
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
		(void)bad(c, "party", "must say whose commitments");
		return;
	}
	p.closed = state != NULL && strcmp(state, "closed") == 0;
	if (state != NULL && !p.closed && strcmp(state, "open") != 0) {
		int v = troth_commitment_state_number(state);

		if (v <= 0) {
			(void)bad(c, "state", "must be open, closed, or a state");
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
