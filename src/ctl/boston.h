/*
 * boston - cases of the city of Boston's 311 service, in memory.
 *
 * They stand in the order of their numbers. Times are naive: they are taken as
 * UTC, as they are written; 0 where the file has none. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_BOSTON_H
#define TROTH_SRC_CTL_BOSTON_H

#include "replay_facts.h"

#define BOSTON_NUMBER_MAX     32
#define BOSTON_DEPARTMENT_MAX 32
#define BOSTON_CODE_MAX       32
#define BOSTON_TEXT_MAX       80
#define BOSTON_WORD_MAX       15

struct boston_case {
	char number[BOSTON_NUMBER_MAX + 1];
	struct troth_time opened, due, closed;
	char on_time[BOSTON_WORD_MAX + 1]; /* What the city says of it. */
	char status[BOSTON_WORD_MAX + 1];
	char reason[BOSTON_CODE_MAX + 1]; /* As a code: "street_cleaning". */
	char department[BOSTON_DEPARTMENT_MAX + 1];
	char queue[BOSTON_TEXT_MAX + 1];
	char type[BOSTON_TEXT_MAX + 1];
	char source[BOSTON_TEXT_MAX + 1];
	char extract[BOSTON_TEXT_MAX + 1];
};

struct boston_department {
	char id[BOSTON_DEPARTMENT_MAX + 1];
};

struct boston {
	size_t case_count, department_count;
	struct boston_case *cases;
	struct boston_department *departments; /* Each once, sorted. */
};

/* As struct replay_set has them. */
TROTH_MUST_USE enum troth_err boston_load(void **data, const char *dir,
					  struct troth_why *why);
void boston_free(void *data);

/* The department of that name, which must be there: its index. */
size_t boston_department(const struct boston *b, const char *id);

/* The kinds of steps, in the order in which those of one instant are taken. */
enum boston_kind { BOSTON_OPEN, BOSTON_PROMISE, BOSTON_ANSWER, BOSTON_CLOSE };

json_t *boston_report(const struct replay_plan *p, const struct facts *f,
		      struct troth_time as_of);
void boston_print(const json_t *report, FILE *out);

#endif
