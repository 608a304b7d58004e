/*
 * schema - as much of JSON Schema as openapi.json uses: type, properties, required,
 * additionalProperties, items, enum, anyOf, pattern of ids, maxLength, minimum and
 * maximum, minItems and maxItems, format date-time, $ref.
 */
#ifndef TROTH_TESTS_SCHEMA_H
#define TROTH_TESTS_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_FLAW 512

/* True if `v` is as `schema` says; otherwise `flaw` tells where it is not. */
bool schema_holds(const json_t *doc, const json_t *schema, const json_t *v,
		  char flaw[SCHEMA_FLAW]);

/*
 * The schema of the JSON reply to `method` ("GET") on `path` (with its query) with
 * `status`; NULL if the document has none for it.
 */
const json_t *schema_of_reply(const json_t *doc, const char *method, const char *path,
			      int status);

/* Follows $ref; never NULL unless it leads nowhere. */
const json_t *schema_of(const json_t *doc, const json_t *schema);

#endif
