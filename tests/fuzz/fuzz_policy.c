/* A policy's text: whatever is taken is within its limits and can be asked. */
#include "troth/policy/policy.h"

#include "fuzz.h"

#include <string.h>

#define NOW INT64_C(1794650400000)

/* Zones that need no files. */
static enum troth_err find(void *ctx, const char *name, struct troth_zone *out,
			   struct troth_why *why)
{
	(void)ctx;
	troth_zone_utc(out);
	if (strcmp(name, "UTC") == 0 ||
	    (strcmp(name, "Europe/Berlin") == 0 &&
	     troth_zone_rule(out, "CET-1CEST,M3.5.0,M10.5.0/3")))
		return TROTH_OK;
	return troth_fail(why, TROTH_ERR_NOTFOUND, "no such zone");
}

static const struct troth_zone_source zones = { find, NULL };

static void wait(const struct troth_policy *p, const struct troth_wait *w)
{
	struct troth_time end;

	MUST(w->calendar < (int)p->calendar_count);
	MUST(w->ms <= TROTH_WAIT_MAX_MS && w->days <= TROTH_WORKING_DAYS_MAX);
	if (troth_wait_end(p, w, (struct troth_time){ NOW }, &end))
		MUST(end.ms >= NOW && end.ms <= NOW + 11 * TROTH_WAIT_MAX_MS);
}

static void ask(const struct troth_policy *p)
{
	static struct troth_subject s;
	struct troth_terms terms[TROTH_TERMS_MAX];
	const struct troth_on_call *list;

	s.kind = TROTH_SUBJECT_ORDER;
	for (unsigned i = 0; i < p->rule_count; i++) {
		wait(p, &p->rules[i].earliest);
		wait(p, &p->rules[i].offer);
		wait(p, &p->rules[i].grace);
	}
	for (int kind = 1; kind <= TROTH_KIND_LAST; kind++) {
		(void)troth_policy_rule(p, (enum troth_kind)kind, "HDMI-2M");
		MUST(troth_policy_route(p, &s, "acme", "brand", (enum troth_kind)kind,
					"HDMI-2M", (struct troth_time){ NOW + 1000000 },
					(struct troth_time){ NOW },
					terms) <= TROTH_ROUTE_TERMS_MAX);
	}
	for (unsigned i = 0; i < p->phrase_count; i++) {
		const char *words = troth_policy_words(p, (int)i, "pt-BR");

		MUST(words != NULL && strlen(words) <= TROTH_PHRASE_MAX);
	}
	for (unsigned i = 0; i < p->on_call_count; i++) {
		int shift = troth_policy_on_call(p, p->on_call[i].name,
						 (struct troth_time){ NOW }, &list);

		MUST(shift >= 0 && (unsigned)shift < list->count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct troth_policy *p = NULL;
	struct troth_why why = { "" };

	if (troth_policy_parse((const char *)data, len, &zones, &p, &why) == TROTH_OK)
		ask(p);
	else
		MUST(p == NULL && why.text[0] != '\0');
	troth_policy_free(p);
	return 0;
}
