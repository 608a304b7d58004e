/*
 * fixture - a small federation and well-formed events for tests.
 *
 * The brand "brand" with one site of each other firm: vendors "acme" and "zeta",
 * carriers "swift" and "slow", sellers "shop" and "mall"; carrier "handy" has no
 * site of its own, acme's acts for it. All of it is constant: the same call
 * gives the same bytes in every run.
 */
#ifndef TROTH_TEST_FIXTURE_H
#define TROTH_TEST_FIXTURE_H

#include "troth/base/text.h"
#include "troth/core/subject.h"

#define FIXTURE_DOMAIN  "fed.example"
#define FIXTURE_CENTRAL "spiffe://" FIXTURE_DOMAIN "/central"

/* 2026-11-14T10:00:00Z, when the stories of the tests begin. */
#define FIXTURE_NOW    INT64_C(1794650400000)
#define FIXTURE_MINUTE INT64_C(60000)
#define FIXTURE_HOUR   INT64_C(3600000)
#define FIXTURE_DAY    INT64_C(86400000)

/* The text of its first policy. */
#define FIXTURE_POLICY "rules: ( { kind = \"gift\"; sku = \"HDMI-*\"; most = 2; } );\n"

/* Parties and sites of the federation above. */
extern const struct troth_lookup fixture_lookup;

/* The types of events, in order; `fixture_type_count` of them. */
extern const enum troth_event_type fixture_types[];
extern const unsigned fixture_type_count;

/* An id that is the same for the same n, and sorts by it; last byte zero. */
struct troth_id fixture_id(uint64_t n);

/*
 * A well-formed event of the type with nothing optional in it but what a
 * usual story has, about order fixture_id(1) or case fixture_id(2), made at
 * FIXTURE_NOW by the site of `party` ("brand": by central).
 */
void fixture_event(struct troth_event *e, enum troth_event_type type, const char *party);

/* Makes `e` one of the site of `party` ("brand": of central). */
void fixture_origin(struct troth_event *e, const char *party);

/* Fills every field of `e`, optional ones too, to its limit. */
void fixture_fill(struct troth_event *e, enum troth_event_type type);

/* Terms by which `debtor` owes a delivery in a day, to be acknowledged in an hour. */
struct troth_terms fixture_terms(const char *debtor);

/* The payload of an event about an alarm (fixture_id(20)) or a recovery (30, 10). */
void fixture_recovery(struct troth_event *e);
/* Fills it to its limits. */
void fixture_recovery_full(struct troth_event *e);

/* The payload and subject of an event about acme's authority (a pool: the brand's). */
void fixture_authority(struct troth_event *e);
/* The same with every field as long and as large as it may be. */
void fixture_authority_full(struct troth_event *e);

/* Who acts in e, found as central finds it. Asserts that it may. */
void fixture_who(struct troth_who *who, struct troth_site *site,
		 const struct troth_event *e);

#endif
