/*
 * page - one page of a list: from a cursor, at most so many, by filters.
 */
#ifndef TROTH_API_PAGE_H
#define TROTH_API_PAGE_H

#include "read.h"

struct troth_page {
	struct troth_call *c;
	struct troth_render r;
	struct troth_list list;
	unsigned limit;
	struct troth_time due_before;
	uint8_t after[TROTH_LIST_CURSOR_MAX];
	size_t after_len;
	/* Filters. */
	bool closed, any;
	enum troth_promise_state promise_state; /* 0: any. */
	enum troth_commitment_state commitment_state;
	enum troth_subject_kind kind;
	struct troth_view *maker; /* Of approvals: scratch for the maker's authority. */
};

/* Writes the item, or nothing if it does not fit the filter: then false. */
typedef bool troth_write_item(struct troth_page *p, struct troth_out *o,
			      const struct troth_id *item);

/* Reads limit, cursor and due_before. False: answered with a problem. */
bool troth_page_begin(struct troth_page *p, struct troth_call *c);

/* The key behind which the list p->list is to begin. */
static inline struct troth_span troth_page_after(const struct troth_page *p)
{
	return troth_span(p->after, p->after_len);
}

/* Answers with the page; `write` finds each item's subject in the scratch view. */
void troth_page_write(struct troth_page *p, troth_write_item *write);

#endif
