/*
 * Lists of alarms and recoveries, and what makes good for what.
 */
#include "handlers.h"
#include "page.h"

#include <string.h>

/* ---- Lists ---- */

static bool write_alarm(struct troth_page *p, struct troth_out *o,
			const struct troth_id *item)
{
	const struct troth_subject *s = &p->c->api->view->subject;
	const char *party = troth_call_query(p->c, "party");
	int i = troth_subject_alarm(s, item);

	if (i < 0 || (party != NULL && strcmp(s->alarms[i].party, party) != 0))
		return false;
	troth_render_alarm(o, NULL, s, (unsigned)i);
	return true;
}

/* open (the default) or closed, by either word. */
static bool read_closed(struct troth_call *c, const char *closed, bool *out)
{
	const char *state = troth_call_query(c, "state");

	*out = state != NULL && strcmp(state, closed) == 0;
	if (state == NULL || *out || strcmp(state, "open") == 0)
		return true;
	troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "state",
			   strcmp(closed, "ended") == 0 ? "must be open or ended"
							: "must be open or closed");
	return false;
}

void troth_get_alarms(struct troth_call *c)
{
	struct troth_page p;
	bool ended;

	if (!troth_page_begin(&p, c) || !read_closed(c, "ended", &ended))
		return;
	troth_list_alarms(&p.list, c->t, ended, troth_page_after(&p));
	troth_page_write(&p, write_alarm);
}

static bool write_recovery(struct troth_page *p, struct troth_out *o,
			   const struct troth_id *item)
{
	const struct troth_subject *s = &p->c->api->view->subject;
	const char *differs = troth_call_query(p->c, "differs");
	const char *owner = troth_call_query(p->c, "owner");
	int i = troth_subject_recovery(s, item);

	if (i < 0 || (owner != NULL && strcmp(s->recoveries[i].owner, owner) != 0) ||
	    (differs != NULL &&
	     (strcmp(differs, "true") == 0) != s->recoveries[i].differs))
		return false;
	troth_render_recovery(&p->r, o, NULL, p->c->api->view, (unsigned)i);
	return true;
}

void troth_get_recoveries(struct troth_call *c)
{
	const char *differs = troth_call_query(c, "differs");
	struct troth_page p;
	bool closed;

	if (!troth_page_begin(&p, c) || !read_closed(c, "closed", &closed))
		return;
	if (differs != NULL && strcmp(differs, "true") != 0 &&
	    strcmp(differs, "false") != 0) {
		troth_call_problem(c, TROTH_PROBLEM_BAD_REQUEST, "differs",
				   "must be true or false");
		return;
	}
	troth_list_recoveries(&p.list, c->t, closed, troth_page_after(&p));
	troth_page_write(&p, write_recovery);
}

/* ---- What makes good for what ---- */

/*
 * The same for everybody who asks with the same words: nothing of a customer is
 * asked here, so nothing of a customer can count.
 */
void troth_get_remedies(struct troth_call *c)
{
	const char *failure = troth_call_query(c, "failure");
	const char *language = troth_call_query(c, "language");
	uint64_t version = troth_state_newest_policy(c->t);
	const struct troth_policy *p = version != 0 ? troth_policies_get(c->api->policies,
									 c->t, version)
						    : NULL;
	struct troth_out o;

	o = troth_call_reply(c, 200);
	troth_out_uint(&o, "policy_version", version);
	troth_out_array(&o, "items");
	for (unsigned i = 0; p != NULL && i < p->remedy_count; i++)
		if (failure == NULL || strcmp(p->remedies[i].failure, failure) == 0)
			troth_render_remedy(&o, NULL, p, &p->remedies[i],
					    language != NULL ? language : "",
					    troth_call_now(c));
	troth_out_end_array(&o);
	troth_out_end_object(&o);
}
