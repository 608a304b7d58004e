#include "read.h"

#include "troth/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct troth_render troth_read_render(struct troth_call *c)
{
	return (struct troth_render){
		.t = c->t,
		.node = c->api->engine->kind,
		.personal = troth_call_may_see_personal(c),
		.now = troth_call_now(c),
		.policies = c->api->policies,
	};
}

struct troth_out troth_read_bare(struct troth_call *c)
{
	(void)troth_call_reply(c, 200);
	troth_buf_reset(&c->reply);
	return troth_out(&c->reply);
}

/* ---- The item in the path ---- */

static void no_item(struct troth_call *c)
{
	switch (c->id_kind) {
	case TROTH_ID_COMMITMENT:
		troth_call_declined(c, TROTH_REASON_NO_COMMITMENT);
		break;
	case TROTH_ID_ALARM:
		troth_call_declined(c, TROTH_REASON_NO_ALARM);
		break;
	case TROTH_ID_RECOVERY:
		troth_call_declined(c, TROTH_REASON_NO_RECOVERY);
		break;
	case TROTH_ID_PROMISE:
	case TROTH_ID_ORDER:
	case TROTH_ID_CASE:
	case TROTH_ID_EVENT:
	case TROTH_ID_AUTHORITY:
		troth_call_declined(c, TROTH_REASON_NO_PROMISE);
		break;
	}
}

bool troth_read_subject_of(struct troth_call *c)
{
	struct troth_id subject;
	bool found = c->id_kind == TROTH_ID_ALARM
			     ? troth_query_alarm(c->t, &c->id, &subject)
			     : troth_query_item(c->t, &c->id, &subject);

	found = found &&
		troth_query_subject(c->t, c->api->engine->kind, &subject, c->api->view);
	if (!found)
		no_item(c);
	return found;
}

bool troth_read_item(struct troth_call *c, int *index)
{
	const struct troth_subject *s = &c->api->view->subject;

	if (!troth_read_subject_of(c))
		return false;
	*index = c->id_kind == TROTH_ID_PROMISE      ? troth_subject_promise(s, &c->id)
		 : c->id_kind == TROTH_ID_COMMITMENT ? troth_subject_commitment(s, &c->id)
		 : c->id_kind == TROTH_ID_ALARM      ? troth_subject_alarm(s, &c->id)
						     : troth_subject_recovery(s, &c->id);
	if (*index < 0)
		no_item(c);
	return *index >= 0;
}

/* ---- Parameters of the query ---- */

bool troth_read_bad(struct troth_call *c, const char *name, const char *detail)
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
		return troth_read_bad(c, "limit", detail);
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
		return troth_read_bad(c, "after", "is not one that this list gave");
	troth_text_copy(out, size, text);
	return true;
}

bool troth_read_after_number(struct troth_call *c, uint64_t *out)
{
	const char *text = troth_call_query(c, "after");

	*out = 0;
	return text == NULL || troth_read_digits(text, out) ||
	       troth_read_bad(c, "after", "must be a number, as this list gave it");
}

bool troth_read_time(struct troth_call *c, const char *name, struct troth_time *out)
{
	const char *text = troth_call_query(c, name);

	*out = (struct troth_time){ 0 };
	if (text == NULL || troth_time_parse(out, text))
		return true;
	return troth_read_bad(c, name,
			      "must be an instant, such as 2026-11-14T10:32:00Z");
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

/* ---- The end of an answer ---- */

void troth_read_end(struct troth_call *c, const struct troth_render *r,
		    struct troth_out *o)
{
	troth_out_uint(o, "etag", troth_view_etag(c->api->view));
	troth_render_freshness(r, o, c->api->view->pending);
	troth_out_end_object(o);
	c->has_etag = true;
	c->etag = troth_view_etag(c->api->view);
}
