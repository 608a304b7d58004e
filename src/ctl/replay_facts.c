#include "replay_facts.h"

#include "troth/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 500

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct fact *)a)->id.b, ((const struct fact *)b)->id.b,
		      TROTH_ID_LEN);
}

int fact_by_place(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind > y->kind ? -1 : 1;
	return x->item == y->item ? 0 : x->item < y->item ? -1 : 1;
}

static enum troth_err expect(struct facts *r, const struct replay_plan *p,
			     struct troth_why *why)
{
	r->at = calloc(p->step_count + 1, sizeof(*r->at));
	if (r->at == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory");
	for (size_t i = 0; i < p->step_count; i++) {
		const struct replay_step *s = &p->steps[i];

		if ((p->set->kinds[s->kind].flags & REPLAY_PROMISES) == 0)
			continue;
		r->at[r->count++] = (struct fact){ .id = p->set->promise_id(p, s),
						   .subject = s->subject,
						   .item = s->item,
						   .kind = s->kind };
	}
	qsort(r->at, r->count, sizeof(*r->at), by_id);
	return TROTH_OK;
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

static bool read_row(struct facts *r, const json_t *row)
{
	const char *evidence = text_of(row, "evidence");
	const char *debtor = text_of(
		json_array_get(json_object_get(row, "commitments"), 0), "debtor");
	struct fact key, *f;

	if (!troth_id_parse(&key.id, TROTH_ID_PROMISE, text_of(row, "id")))
		return false;
	f = bsearch(&key, r->at, r->count, sizeof(key), by_id);
	if (f == NULL)
		return true; /* Somebody else's. */
	f->found = true;
	f->outcome = outcome_named(text_of(row, "outcome"));
	if (strlen(debtor) >= sizeof(f->debtor))
		return false;
	TROTH_TEXT_SET(f->debtor, debtor);
	return f->outcome < NO_DUE && troth_time_parse(&f->due, text_of(row, "due")) &&
	       (evidence[0] == '\0' || troth_time_parse(&f->evidence, evidence));
}

typedef bool read_page(struct facts *r, const struct replay_plan *p, const json_t *page);

/* Reads all pages of one of the two lists of scores. */
static enum troth_err read_all(struct facts *r, struct replay_node *node,
			       const struct replay_plan *p, const char *path,
			       struct troth_time as_of, read_page *read,
			       struct troth_why *why)
{
	char url[512], text[TROTH_TIME_TEXT];
	enum troth_err err;

	troth_time_format(text, as_of);
	(void)snprintf(url, sizeof(url), "%s?as_of=%s&limit=%d", path, text, PAGE);
	while ((err = replay_node_get(node, url, why)) == TROTH_OK) {
		const char *next = text_of(node->reply.json, "next");

		if (!read(r, p, node->reply.json) || strlen(next) >= sizeof(url))
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s%s: this is not what a node answers",
					  troth_http_url(node->http), path);
		if (next[0] == '\0')
			break;
		memcpy(url, next, strlen(next) + 1);
	}
	return err;
}

static bool read_rows(struct facts *r, const struct replay_plan *p, const json_t *page)
{
	const json_t *items = json_object_get(page, "items"), *row;
	bool ok = json_is_array(items);
	size_t i;

	(void)p;
	json_array_foreach(items, i, row) ok = read_row(r, row) && ok;
	return ok;
}

static bool is_ours(const struct replay_set *set, const char *action)
{
	for (unsigned i = 0; set->actions[i] != NULL; i++)
		if (strcmp(set->actions[i], action) == 0)
			return true;
	return false;
}

/* Adds up what the node counts of the set's actions, commitment by commitment. */
static bool read_sums(struct facts *r, const struct replay_plan *p, const json_t *page)
{
	const json_t *groups = json_object_get(page, "commitments"), *g;
	size_t i;

	r->subjects += (uint64_t)json_integer_value(json_object_get(page, "subjects"));
	json_array_foreach(groups, i, g)
	{
		if (!is_ours(p->set, text_of(g, "action")))
			continue;
		for (int v = 0; v < NO_DUE; v++)
			r->sums.of[v] += (uint64_t)json_integer_value(
				json_object_get(g, outcome_names[v]));
	}
	return json_is_array(groups);
}

/* The node's own sums, made another way, must say what its list says. */
static enum troth_err compare(const struct facts *r, const struct replay_plan *p,
			      const struct replay_node *node, struct troth_why *why)
{
	struct tally mine = { { 0 } };

	if (r->subjects < p->subject_count)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: it has %llu orders and cases, the files have %zu",
				  troth_http_url(node->http),
				  (unsigned long long)r->subjects, p->subject_count);
	for (size_t i = 0; i < r->count; i++) {
		const struct fact *f = &r->at[i];

		if (!f->found)
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: a promise of %s %s is not there",
					  troth_http_url(node->http), p->set->word,
					  p->set->number(p, f->subject));
		mine.of[f->outcome]++;
	}
	for (int v = 0; v < NO_DUE; v++)
		if (mine.of[v] > r->sums.of[v])
			return troth_fail(why, TROTH_ERR_INPUT,
					  "%s: its sums have %llu %s, its list %llu",
					  troth_http_url(node->http),
					  (unsigned long long)r->sums.of[v],
					  outcome_names[v],
					  (unsigned long long)mine.of[v]);
	return TROTH_OK;
}

enum troth_err facts_read(struct facts *f, struct replay_node *node,
			  const struct replay_plan *plan, struct troth_time as_of,
			  struct troth_why *why)
{
	enum troth_err err;

	*f = (struct facts){ 0 };
	err = expect(f, plan, why);
	if (err == TROTH_OK)
		err = read_all(f, node, plan, "/v1/scores/promises", as_of, read_rows,
			       why);
	if (err == TROTH_OK)
		err = read_all(f, node, plan, "/v1/scores", as_of, read_sums, why);
	if (err == TROTH_OK)
		err = compare(f, plan, node, why);
	if (err == TROTH_OK)
		qsort(f->at, f->count, sizeof(*f->at), fact_by_place);
	return err;
}

void facts_free(struct facts *f)
{
	free(f->at);
	*f = (struct facts){ 0 };
}
