#include "tally.h"

#include <stdlib.h>
#include <string.h>

const char *const outcome_names[OUTCOMES] = {
	[KEPT] = "kept",           [LATE] = "breached_late",
	[WITHDRAWN] = "withdrawn", [OVERDUE] = "overdue_open",
	[PENDING] = "pending",     [NO_DUE] = "no_due",
};

enum outcome outcome_named(const char *name)
{
	int i = 0;

	while (i < OUTCOMES && strcmp(outcome_names[i], name) != 0)
		i++;
	return (enum outcome)i;
}

void tally_counts(const struct tally *t, enum outcome n, json_t *out)
{
	for (int i = 0; i < (int)n; i++)
		(void)json_object_set_new(out, outcome_names[i],
					  json_integer((json_int_t)t->of[i]));
}

double tally_ratio(const struct tally *t, int strict)
{
	uint64_t below = t->of[KEPT] + t->of[LATE] + (strict ? t->of[OVERDUE] : 0);

	if (below == 0)
		return -1;
	return (double)(uint64_t)((double)t->of[KEPT] / (double)below * 1e6 + 0.5) / 1e6;
}

void tally_ratios(const struct tally *t, json_t *out)
{
	static const char *const names[] = { "kept_ratio", "kept_ratio_strict" };

	for (int strict = 0; strict < 2; strict++) {
		double ratio = tally_ratio(t, strict);

		(void)json_object_set_new(out, names[strict],
					  ratio < 0 ? json_null() : json_real(ratio));
	}
}

uint64_t tally_promises(const struct tally *t)
{
	uint64_t all = 0;

	for (int i = 0; i < NO_DUE; i++)
		all += t->of[i];
	return all;
}

void tally_out(const struct tally *t, json_t *out)
{
	tally_counts(t, OUTCOMES, out);
	(void)json_object_set_new(out, "promises",
				  json_integer((json_int_t)tally_promises(t)));
	tally_ratios(t, out);
}

struct tally *months_of(struct months *m, const char *text)
{
	size_t i = m->count;
	struct month *grown;

	while (i > 0 && strncmp(m->at[i - 1].name, text, 7) > 0)
		i--;
	if (i > 0 && strncmp(m->at[i - 1].name, text, 7) == 0)
		return &m->at[i - 1].t;
	grown = reallocarray(m->at, m->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	m->at = grown;
	memmove(&grown[i + 1], &grown[i], (m->count - i) * sizeof(*grown));
	m->count++;
	grown[i] = (struct month){ .name = "" };
	memcpy(grown[i].name, text, strnlen(text, 7));
	return &grown[i].t;
}

void months_free(struct months *m)
{
	free(m->at);
	*m = (struct months){ 0 };
}
