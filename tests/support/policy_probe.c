/*
 * Answers questions to the calendars of a policy, for those who reckon the same in
 * another way:
 *
 *     policy_probe FILE < questions
 *
 * A question is a line "CALENDAR OPERATION NUMBER NUMBER"; the answer one number,
 * or "never". Instants are in ms, dates in days since 1970-01-01.
 */
#include "troth/policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(const struct troth_calendar *c, const char *operation, int64_t a,
		   int64_t b)
{
	struct troth_time from = { a }, end = { 0 };
	bool ends = true;

	if (strcmp(operation, "add") == 0)
		ends = troth_calendar_add(c, from, b, &end);
	else if (strcmp(operation, "days") == 0)
		ends = troth_calendar_add_days(c, from, (unsigned)b, &end);
	else if (strcmp(operation, "between") == 0)
		end.ms = troth_calendar_between(c, from, (struct troth_time){ b });
	else if (strcmp(operation, "open") == 0)
		end.ms = troth_calendar_open(c, from, NULL);
	else if (strcmp(operation, "ahead") == 0)
		end.ms = troth_zone_ahead(&c->zone, from, NULL);
	else if (strcmp(operation, "instant") == 0)
		end = troth_zone_instant(&c->zone, (int32_t)a, (int)b);
	else
		ends = false;
	if (ends)
		(void)printf("%" PRId64 "\n", end.ms);
	else
		(void)printf("never\n");
}

static struct troth_policy *load(const char *path)
{
	static char text[TROTH_POLICY_TEXT_MAX + 1];
	struct troth_policy *p = NULL;
	struct troth_why why = { "cannot be read" };
	FILE *f = fopen(path, "re");
	size_t len = f != NULL ? fread(text, 1, sizeof(text), f) : 0;

	if (f == NULL || ferror(f) != 0 ||
	    troth_policy_parse(text, len, &troth_zones_of_system, &p, &why) != TROTH_OK)
		(void)fprintf(stderr, "%s: %s\n", path, why.text);
	if (f != NULL)
		(void)fclose(f);
	return p;
}

int main(int argc, char **argv)
{
	struct troth_policy *p = argc == 2 ? load(argv[1]) : NULL;
	char line[256], operation[16];
	unsigned calendar;
	int64_t a, b;

	if (p == NULL)
		return EXIT_FAILURE;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%u %15s %" SCNd64 " %" SCNd64, &calendar, operation, &a,
			   &b) != 4 ||
		    calendar >= p->calendar_count) {
			(void)printf("what?\n");
			continue;
		}
		answer(&p->calendars[calendar], operation, a, b);
	}
	troth_policy_free(p);
	return EXIT_SUCCESS;
}
