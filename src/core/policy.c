#include "troth/core/policy.h"

#include "names.h"

#include "troth/base/text.h"

#include <string.h>

/* ---- Names ---- */

static const char *const debtors[] = {
	NULL, "brand", "seller", "carrier", "maker", "party",
};

const char *troth_debtor_name(enum troth_debtor_is v)
{
	return name_of(NAMES(debtors), (unsigned)v);
}

int troth_debtor_number(const char *text)
{
	return number_of(NAMES(debtors), text);
}

/* ---- Waits ---- */

bool troth_wait_end(const struct troth_policy *p, const struct troth_wait *w,
		    struct troth_time from, struct troth_time *end)
{
	if (!troth_wait_given(w)) {
		*end = from;
		return true;
	}
	if (w->calendar < 0) {
		end->ms = from.ms + w->ms;
		return true;
	}
	if (w->days > 0)
		return troth_calendar_add_days(&p->calendars[w->calendar], from, w->days,
					       end);
	return troth_calendar_add(&p->calendars[w->calendar], from, w->ms, end);
}

/* ---- Rules and routes ---- */

bool troth_sku_fits(const char *pattern, const char *sku)
{
	size_t len = strlen(pattern);

	if (len == 0)
		return true;
	if (pattern[len - 1] == '*')
		return sku[0] != '\0' && strncmp(pattern, sku, len - 1) == 0;
	return strcmp(pattern, sku) == 0;
}

static bool kind_fits(enum troth_kind of, enum troth_kind kind)
{
	return of == 0 || of == kind;
}

const struct troth_rule *troth_policy_rule(const struct troth_policy *p,
					   enum troth_kind kind, const char *sku)
{
	for (unsigned i = 0; i < p->rule_count; i++)
		if (kind_fits(p->rules[i].kind, kind) &&
		    troth_sku_fits(p->rules[i].sku, sku))
			return &p->rules[i];
	return NULL;
}

/* What a route's instants are reckoned from. */
struct making {
	const struct troth_policy *p;
	const struct troth_subject *s;
	const char *maker, *brand;
	struct troth_time due, now;
};

/* On a case there is neither seller nor carrier: then it is for the brand. */
static const char *debtor(const struct making *m, const struct troth_route_terms *t)
{
	bool order = m->s->kind == TROTH_SUBJECT_ORDER;
	const char *who = "";

	switch (t->debtor) {
	case TROTH_DEBTOR_BRAND:
		break;
	case TROTH_DEBTOR_SELLER:
		who = order ? m->s->order.seller : "";
		break;
	case TROTH_DEBTOR_CARRIER:
		who = order ? m->s->order.carrier : "";
		break;
	case TROTH_DEBTOR_MAKER:
		who = m->maker;
		break;
	case TROTH_DEBTOR_PARTY:
		who = t->party;
		break;
	}
	return who[0] != '\0' ? who : m->brand;
}

static void owe(const struct making *m, const struct troth_route_terms *t,
		struct troth_terms *out)
{
	struct troth_time ack;

	*out = (struct troth_terms){
		.action = t->action,
		.due = { m->due.ms - t->before_due.ms },
		.acceptance_ms = t->acceptance.ms,
	};
	TROTH_TEXT_SET(out->debtor, debtor(m, t));
	if (out->due.ms <= m->now.ms)
		out->due = m->due;
	if (!troth_wait_given(&t->acknowledge))
		return;
	if (!troth_wait_end(m->p, &t->acknowledge, m->now, &ack) || ack.ms > out->due.ms)
		ack = out->due;
	out->ack_due = ack;
}

unsigned troth_policy_route(const struct troth_policy *p, const struct troth_subject *s,
			    const char *maker, const char *brand, enum troth_kind kind,
			    const char *sku, struct troth_time due, struct troth_time now,
			    struct troth_terms out[TROTH_TERMS_MAX])
{
	const struct making m = { p, s, maker, brand, due, now };

	for (unsigned i = 0; i < p->route_count; i++) {
		const struct troth_route *r = &p->routes[i];

		if (!kind_fits(r->kind, kind) || !troth_sku_fits(r->sku, sku) ||
		    (r->on != 0 && r->on != s->kind))
			continue;
		for (unsigned k = 0; k < r->count; k++)
			owe(&m, &r->terms[k], &out[k]);
		return r->count;
	}
	return 0;
}

/* ---- What went wrong ---- */

enum troth_choice troth_choice_of(enum troth_kind kind)
{
	if (kind == TROTH_KIND_REFUND)
		return TROTH_CHOICE_MONEY;
	return kind == TROTH_KIND_CREDIT ? TROTH_CHOICE_CREDIT : TROTH_CHOICE_GOODS;
}

const struct troth_remedy *troth_policy_remedy(const struct troth_policy *p,
					       const char *failure)
{
	for (unsigned i = 0; i < p->remedy_count; i++)
		if (strcmp(p->remedies[i].failure, failure) == 0)
			return &p->remedies[i];
	return NULL;
}

struct troth_time troth_policy_follow_up(const struct troth_policy *p,
					 const struct troth_recovery *v)
{
	const struct troth_remedy *r = p != NULL && v->state == TROTH_RECOVERY_MADE_GOOD
					       ? troth_policy_remedy(p, v->failure)
					       : NULL;
	struct troth_time due = { 0 };

	if (r == NULL || !troth_wait_given(&r->follow_up) ||
	    !troth_wait_end(p, &r->follow_up, v->made_good, &due))
		due.ms = 0;
	return due;
}

const struct troth_ladder *troth_policy_ladder(const struct troth_policy *p,
					       enum troth_cause cause)
{
	for (unsigned i = 0; i < p->ladder_count; i++)
		if (p->ladders[i].cause == cause)
			return &p->ladders[i];
	return NULL;
}

/* ---- Words and people ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Language tags are the same in either case (RFC 5646 2.1.1). */
static bool same_tag(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
		if (a[i] == '\0')
			return true;
	}
	return true;
}

const char *troth_policy_words(const struct troth_policy *p, int phrase,
			       const char *language)
{
	const struct troth_phrase *f;
	size_t main_len = strcspn(language, "-");

	if (phrase < 0 || (unsigned)phrase >= p->phrase_count)
		return NULL;
	f = &p->phrases[phrase];
	for (unsigned i = 0; i < f->count; i++)
		if (same_tag(f->in[i].language, language, strlen(language) + 1))
			return f->in[i].text;
	for (unsigned i = 0; i < f->count; i++)
		if (same_tag(f->in[i].language, language, main_len) &&
		    f->in[i].language[main_len] == '\0')
			return f->in[i].text;
	return f->count > 0 ? f->in[0].text : NULL;
}

int troth_policy_on_call(const struct troth_policy *p, const char *name,
			 struct troth_time at, const struct troth_on_call **list)
{
	for (unsigned i = 0; i < p->on_call_count; i++) {
		const struct troth_on_call *l = &p->on_call[i];
		unsigned k = 0;

		if (strcmp(l->name, name) != 0)
			continue;
		while (k + 1 < l->count && l->shifts[k].calendar >= 0 &&
		       !troth_calendar_open(&p->calendars[l->shifts[k].calendar], at,
					    NULL))
			k++;
		*list = l;
		return (int)k;
	}
	return -1;
}
