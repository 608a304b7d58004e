#include "troth/policy/policy.h"

#include "read.h"

#include "troth/base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- Phrases ---- */

static bool language_ok(const char *tag)
{
	size_t part = 0;

	for (const char *p = tag; *p != '\0'; p++) {
		part = *p == '-' ? 0 : part + 1;
		if (part > 8 || *p == '_' || *p == '*' || (*p == '-' && p[1] == '-'))
			return false;
	}
	return part > 0 && strcspn(tag, "-") >= 2 && strlen(tag) <= TROTH_LANGUAGE_MAX;
}

/* Copies text to where all of them lie; there is room, for the source is longer. */
static const char *keep(struct reading *r, const char *text)
{
	char *at = r->p->text + r->text_len;
	size_t len = strlen(text) + 1;

	memcpy(at, text, len);
	r->text_len += len;
	return at;
}

static bool take_phrase(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_phrase *f = into;

	if (!read_name_of(r, s, f->name, TROTH_CODE_MAX) ||
	    !read_is_group(r, s, TROTH_LANGUAGES_MAX, "languages"))
		return false;
	if (config_setting_length(s) == 0)
		return read_fail(r, TROTH_ERR_INPUT, s, "has no words");
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *w = config_setting_get_elem(s, (unsigned)i);
		const char *tag = config_setting_name(w);
		const char *text = read_string(r, w);

		if (text == NULL)
			return false;
		if (!language_ok(tag))
			return read_fail(r, TROTH_ERR_INPUT, w,
					 "is no language, such as en or pt-BR");
		if (text[0] == '\0' || strlen(text) > TROTH_PHRASE_MAX)
			return read_fail(r, TROTH_ERR_LIMIT, w, "must be 1 to %d bytes",
					 TROTH_PHRASE_MAX);
		TROTH_TEXT_SET(f->in[f->count].language, tag);
		f->in[f->count++].text = keep(r, text);
	}
	return true;
}

/* ---- On-call lists ---- */

/* Whom a rung of a ladder may name beside the on-call lists. */
static bool is_capacity(const char *to)
{
	return strcmp(to, "debtor") == 0 || strcmp(to, "maker") == 0 ||
	       strcmp(to, "owner") == 0 || strcmp(to, "brand") == 0;
}

struct shift {
	char actor[TROTH_ACTOR_MAX + 1];
	char party[TROTH_PARTY_MAX + 1];
	int calendar;
};

static const struct read_key shift_keys[] = {
	{ "actor", READ_NAME, offsetof(struct shift, actor), true, TROTH_ACTOR_MAX },
	{ "party", READ_NAME, offsetof(struct shift, party), true, TROTH_PARTY_MAX },
	{ "calendar", READ_CALENDAR, offsetof(struct shift, calendar) },
};

static bool take_on_call(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_on_call *l = into;

	if (!read_name_of(r, s, l->name, TROTH_CODE_MAX) ||
	    !read_is_list(r, s, TROTH_SHIFTS_MAX))
		return false;
	if (is_capacity(l->name))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "debtor, maker, owner and brand are no names of lists");
	for (int i = 0; i < config_setting_length(s); i++) {
		struct shift one = { .calendar = -1 };

		if (!read_group(r, config_setting_get_elem(s, (unsigned)i), shift_keys,
				TROTH_LEN(shift_keys), &one))
			return false;
		TROTH_TEXT_SET(l->shifts[i].actor, one.actor);
		TROTH_TEXT_SET(l->shifts[i].party, one.party);
		l->shifts[i].calendar = one.calendar;
		l->count++;
	}
	return true;
}

/* ---- Rules ---- */

static const char *kind_word(int n)
{
	return troth_kind_name((enum troth_kind)n);
}

static const struct read_key rule_keys[] = {
	{ "kind", READ_WORD, offsetof(struct troth_rule, kind),
	  .number = troth_kind_number, .word = kind_word },
	{ "sku", READ_SKUS, offsetof(struct troth_rule, sku) },
	{ "forbidden", READ_FLAG, offsetof(struct troth_rule, forbidden) },
	{ "most", READ_NUMBER, offsetof(struct troth_rule, most), false,
	  TROTH_AMOUNT_MAX },
	{ "earliest", READ_WAIT, offsetof(struct troth_rule, earliest) },
	{ "offer", READ_WAIT, offsetof(struct troth_rule, offer) },
	{ "grace", READ_WAIT, offsetof(struct troth_rule, grace) },
	{ "say", READ_PHRASE, offsetof(struct troth_rule, phrase) },
};

static bool take_rule(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_rule *rule = into;

	*rule = (struct troth_rule){ .earliest = TROTH_NO_WAIT,
				     .offer = TROTH_NO_WAIT,
				     .grace = TROTH_NO_WAIT,
				     .phrase = -1 };
	return read_group(r, s, rule_keys, TROTH_LEN(rule_keys), rule);
}

/* ---- Routes ---- */

/* "party" is said by naming it. */
static int debtor_number(const char *text)
{
	int n = troth_debtor_number(text);

	return n == TROTH_DEBTOR_PARTY ? -1 : n;
}

static const char *debtor_word(int n)
{
	return troth_debtor_name((enum troth_debtor_is)n);
}

static const char *action_word(int n)
{
	return troth_action_name((enum troth_action)n);
}

static const struct read_key owed_keys[] = {
	{ "debtor", READ_WORD, offsetof(struct troth_route_terms, debtor),
	  .number = debtor_number, .word = debtor_word },
	{ "party", READ_NAME, offsetof(struct troth_route_terms, party), false,
	  TROTH_PARTY_MAX },
	{ "action", READ_WORD, offsetof(struct troth_route_terms, action), true,
	  .number = troth_action_number, .word = action_word },
	{ "before_due", READ_CLOCK, offsetof(struct troth_route_terms, before_due) },
	{ "acknowledge", READ_WAIT, offsetof(struct troth_route_terms, acknowledge) },
	{ "acceptance", READ_CLOCK, offsetof(struct troth_route_terms, acceptance) },
};

static bool take_owed(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_route *route = into;

	if (!read_is_list(r, s, TROTH_ROUTE_TERMS_MAX))
		return false;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *one = config_setting_get_elem(s, (unsigned)i);
		struct troth_route_terms *t = &route->terms[i];

		*t = (struct troth_route_terms){ .before_due = TROTH_NO_WAIT,
						 .acknowledge = TROTH_NO_WAIT,
						 .acceptance = TROTH_NO_WAIT };
		if (!read_group(r, one, owed_keys, TROTH_LEN(owed_keys), t))
			return false;
		if ((t->debtor == 0) == (t->party[0] == '\0'))
			return read_fail(r, TROTH_ERR_INPUT, one,
					 "must have either a debtor or a party");
		if (t->debtor == 0)
			t->debtor = TROTH_DEBTOR_PARTY;
		route->count++;
	}
	return true;
}

static int subject_number(const char *text)
{
	if (strcmp(text, "order") == 0)
		return TROTH_SUBJECT_ORDER;
	return strcmp(text, "case") == 0 ? TROTH_SUBJECT_CASE : -1;
}

static const char *subject_word(int n)
{
	return n == TROTH_SUBJECT_ORDER  ? "order"
	       : n == TROTH_SUBJECT_CASE ? "case"
					 : NULL;
}

static const struct read_key route_keys[] = {
	{ "kind", READ_WORD, offsetof(struct troth_route, kind),
	  .number = troth_kind_number, .word = kind_word },
	{ "sku", READ_SKUS, offsetof(struct troth_route, sku) },
	{ "on", READ_WORD, offsetof(struct troth_route, on), .number = subject_number,
	  .word = subject_word },
	{ "owed", READ_WITH, 0, true, .with = take_owed },
};

static bool take_route(struct reading *r, const config_setting_t *s, void *into)
{
	return read_group(r, s, route_keys, TROTH_LEN(route_keys), into);
}

/* ---- Remedies ---- */

static const struct read_key offer_keys[] = {
	{ "kind", READ_WORD, offsetof(struct troth_offer, kind), true,
	  .number = troth_kind_number, .word = kind_word },
	{ "sku", READ_SKU, offsetof(struct troth_offer, sku) },
	{ "quantity", READ_COUNT, offsetof(struct troth_offer, quantity), false,
	  TROTH_QUANTITY_MAX },
	{ "amount", READ_NUMBER, offsetof(struct troth_offer, amount), false,
	  TROTH_AMOUNT_MAX },
	{ "currency", READ_CURRENCY, offsetof(struct troth_offer, currency) },
	{ "due", READ_WAIT, offsetof(struct troth_offer, due), true },
	{ "say", READ_PHRASE, offsetof(struct troth_offer, phrase) },
};

/* The value must be of the sort that the kind needs, as for any promise. */
static bool offer_ok(struct reading *r, const config_setting_t *s, struct troth_offer *o)
{
	if (troth_kind_is_of_goods(o->kind) && o->sku[0] == '\0')
		return read_fail(r, TROTH_ERR_INPUT, s, "sku is missing");
	if (o->quantity != 0 && o->sku[0] == '\0')
		return read_fail(r, TROTH_ERR_INPUT, s, "quantity stands only with sku");
	if (o->quantity == 0 && o->sku[0] != '\0')
		o->quantity = 1;
	if (troth_kind_is_of_money(o->kind) && o->amount == 0)
		return read_fail(r, TROTH_ERR_INPUT, s, "amount is missing");
	if ((o->amount == 0) != (o->currency[0] == '\0'))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "amount and currency stand together");
	o->choice = troth_choice_of(o->kind);
	return true;
}

static bool take_offers(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_remedy *remedy = into;

	if (!read_is_list(r, s, TROTH_OFFERS_MAX))
		return false;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *one = config_setting_get_elem(s, (unsigned)i);
		struct troth_offer *o = &remedy->offers[i];

		*o = (struct troth_offer){ .phrase = -1 };
		if (!read_group(r, one, offer_keys, TROTH_LEN(offer_keys), o) ||
		    !offer_ok(r, one, o))
			return false;
		remedy->count++;
	}
	return true;
}

static const struct read_key remedy_keys[] = {
	{ "offers", READ_WITH, 0, true, .with = take_offers },
	{ "follow_up", READ_WAIT, offsetof(struct troth_remedy, follow_up) },
};

static bool take_remedy(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_remedy *remedy = into;

	remedy->follow_up = TROTH_NO_WAIT;
	return read_name_of(r, s, remedy->failure, TROTH_CODE_MAX) &&
	       read_group(r, s, remedy_keys, TROTH_LEN(remedy_keys), remedy);
}

/* ---- Ladders ---- */

static const struct read_key rung_keys[] = {
	{ "after", READ_WAIT, offsetof(struct troth_rung, after) },
	{ "to", READ_NAME, offsetof(struct troth_rung, to), true, TROTH_CODE_MAX },
};

static bool is_told(const struct troth_policy *p, const char *to)
{
	for (unsigned i = 0; i < p->on_call_count; i++)
		if (strcmp(p->on_call[i].name, to) == 0)
			return true;
	return is_capacity(to);
}

static bool take_rungs(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_ladder *ladder = into;

	if (!read_is_list(r, s, TROTH_RUNGS_MAX))
		return false;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *one = config_setting_get_elem(s, (unsigned)i);
		struct troth_rung *rung = &ladder->rungs[i];

		rung->after = TROTH_NO_WAIT;
		if (!read_group(r, one, rung_keys, TROTH_LEN(rung_keys), rung))
			return false;
		if (!is_told(r->p, rung->to))
			return read_fail(r, TROTH_ERR_INPUT, one,
					 "\"%s\" is no on-call list, nor debtor, "
					 "maker, owner or brand",
					 rung->to);
		ladder->count++;
	}
	return true;
}

static const struct read_key ladder_keys[] = {
	{ "before", READ_CLOCK, offsetof(struct troth_ladder, before) },
	{ "rungs", READ_WITH, 0, true, .with = take_rungs },
};

static bool take_ladder(struct reading *r, const config_setting_t *s, void *into)
{
	struct troth_ladder *ladder = into;
	int cause = troth_cause_number(config_setting_name(s));
	bool needs;

	ladder->before = TROTH_NO_WAIT;
	if (cause < 0)
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "is no cause: unacknowledged, at_risk, broken, "
				 "untouched, safety, over_authority or follow_up");
	ladder->cause = (enum troth_cause)cause;
	if (!read_group(r, s, ladder_keys, TROTH_LEN(ladder_keys), ladder))
		return false;
	needs = cause == TROTH_CAUSE_AT_RISK || cause == TROTH_CAUSE_UNTOUCHED;
	if (needs != troth_wait_given(&ladder->before))
		return read_fail(r, TROTH_ERR_INPUT, s,
				 "before stands with at_risk and untouched, and only "
				 "there");
	return true;
}

/* ---- The whole ---- */

/* A section of the text, and where its members go in the policy. */
struct section {
	const char *name;
	const char *what; /* Its members are, if it is a group of them; NULL: a list. */
	unsigned max;
	size_t first, size, count;
	bool (*take)(struct reading *r, const config_setting_t *s, void *into);
};

#define MEMBERS(array, how_many)                                                         \
	offsetof(struct troth_policy, array),                                            \
		sizeof(((struct troth_policy *)NULL)->array[0]),                         \
		offsetof(struct troth_policy, how_many)

/* In the order in which one may name what another says, whatever the text's is. */
static const struct section sections[] = {
	{ "calendars", "calendars", TROTH_CALENDARS_MAX,
	  MEMBERS(calendars, calendar_count), read_calendar },
	{ "phrases", "phrases", TROTH_PHRASES_MAX, MEMBERS(phrases, phrase_count),
	  take_phrase },
	{ "on_call", "on-call lists", TROTH_ON_CALL_MAX, MEMBERS(on_call, on_call_count),
	  take_on_call },
	{ "rules", NULL, TROTH_RULES_MAX, MEMBERS(rules, rule_count), take_rule },
	{ "routes", NULL, TROTH_ROUTES_MAX, MEMBERS(routes, route_count), take_route },
	{ "remedies", "remedies", TROTH_REMEDIES_MAX, MEMBERS(remedies, remedy_count),
	  take_remedy },
	{ "ladders", "ladders", TROTH_LADDERS_MAX, MEMBERS(ladders, ladder_count),
	  take_ladder },
};

static bool take_members(struct reading *r, const config_setting_t *s,
			 const struct section *of)
{
	char *into = (char *)r->p + of->first;
	unsigned *count = (void *)((char *)r->p + of->count);

	if (of->what != NULL ? !read_is_group(r, s, of->max, of->what)
			     : !read_is_list(r, s, of->max))
		return false;
	for (int i = 0; i < config_setting_length(s); i++, into += of->size) {
		if (!of->take(r, config_setting_get_elem(s, (unsigned)i), into))
			return false;
		++*count;
	}
	return true;
}

static void take_sections(struct reading *r, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		size_t k = 0;

		while (k < TROTH_LEN(sections) &&
		       strcmp(sections[k].name, config_setting_name(s)) != 0)
			k++;
		if (k == TROTH_LEN(sections)) {
			read_fail(r, TROTH_ERR_INPUT, s, "no such section");
			return;
		}
	}
	for (size_t k = 0; k < TROTH_LEN(sections); k++) {
		const config_setting_t *s = config_setting_get_member(root,
								      sections[k].name);

		if (s != NULL && !take_members(r, s, &sections[k]))
			return;
	}
}

enum troth_err troth_policy_parse(const char *text, size_t len,
				  const struct troth_zone_source *zones,
				  struct troth_policy **out, struct troth_why *why)
{
	struct reading r = { .zones = zones, .why = why };
	char *source = NULL;
	config_t file;

	*out = NULL;
	config_init(&file);
	r.err = read_scan(text, len, why);
	if (r.err != TROTH_OK)
		goto out;
	source = calloc(1, len + 2);
	r.p = calloc(1, sizeof(*r.p));
	if (r.p != NULL)
		r.p->text = calloc(1, len + 1);
	if (source == NULL || r.p == NULL || r.p->text == NULL) {
		r.err = troth_fail(why, TROTH_ERR_MEMORY, "no memory for a policy");
		goto out;
	}
	if (len > 0)
		memcpy(source, text, len);
	source[len] = '\n'; /* libconfig does not see a comment's end at the text's. */
	if (config_read_string(&file, source) != CONFIG_TRUE) {
		unsigned line = (unsigned)config_error_line(&file);
		unsigned last = read_line_of(text, text + len);

		r.err = troth_fail(why, TROTH_ERR_INPUT, "line %u: %s",
				   line < last ? line : last, config_error_text(&file));
		goto out;
	}
	take_sections(&r, config_root_setting(&file));
	if (r.err == TROTH_OK) {
		*out = r.p;
		r.p = NULL;
	}
out:
	config_destroy(&file);
	troth_policy_free(r.p);
	free(source);
	return r.err;
}

void troth_policy_free(struct troth_policy *p)
{
	if (p == NULL)
		return;
	free(p->text);
	free(p);
}
