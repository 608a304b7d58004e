#include "page.h"

#include <string.h>

/* So many records are looked at for one page, however few of them fit the filter. */
#define LOOKED_AT_MAX 1000

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
		return troth_read_bad(c, "cursor", "is not one that this list gave");
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
