#include "slice.h"

#define SUBJECTS_DEFAULT 500
#define SUBJECTS_MAX     2000

bool troth_slice_begin(struct troth_slice *s, struct troth_call *c)
{
	const char *cursor = troth_call_query(c, "cursor");
	struct troth_id after = { { 0 } };

	*s = (struct troth_slice){ .c = c };
	if (!troth_read_time(c, "as_of", &s->as_of) ||
	    !troth_read_count(c, SUBJECTS_DEFAULT, SUBJECTS_MAX, &s->limit))
		return false;
	if (s->as_of.ms == 0)
		s->as_of = troth_read_render(c).now;
	if (cursor != NULL && !troth_unhex(after.b, sizeof(after.b), cursor)) {
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "cursor",
				   "is not one that this list gave");
		return false;
	}
	troth_list_subjects(&s->list, c->t, c->api->engine->kind,
			    cursor != NULL ? troth_span(after.b, sizeof(after.b))
					   : TROTH_SPAN_NONE);
	s->more = true;
	return true;
}

bool troth_slice_next(struct troth_slice *s, bool full)
{
	struct troth_id item, id;

	if (full || s->subjects == s->limit)
		return false;
	do {
		s->more = troth_list_next(&s->list, &item, &id);
	} while (s->more && !troth_query_subject(s->c->t, s->c->api->engine->kind, &id,
						 s->c->api->view));
	s->subjects += s->more;
	return s->more;
}

void troth_slice_end(struct troth_slice *s, struct troth_out *o, const char *more)
{
	struct troth_render r = troth_read_render(s->c);
	struct troth_buf link = TROTH_BUF_INIT;
	char cursor[2 * TROTH_LIST_CURSOR_MAX + 1], as_of[TROTH_TIME_TEXT];

	troth_out_uint(o, "subjects", s->subjects);
	troth_out_time(o, "scored_as_of", s->as_of);
	if (s->more) {
		troth_hex(cursor, s->list.after, s->list.after_len);
		troth_time_format(as_of, s->as_of);
		troth_buf_printf(&link, "%s?cursor=%s&as_of=%s&limit=%u%s", s->c->path,
				 cursor, as_of, s->limit, more);
		troth_out_span(o, "next", troth_buf_span(&link));
		troth_buf_fini(&link);
	}
	troth_list_close(&s->list);
	troth_render_freshness(&r, o, 0);
	troth_out_end_object(o);
}
