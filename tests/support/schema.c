#include "schema.h"

#include "troth/base/time.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

struct check {
	const json_t *doc;
	char path[256];
	char *flaw;
};

static bool wrong(struct check *c, const char *what)
{
	(void)snprintf(c->flaw, SCHEMA_FLAW, "%s: %s", c->path, what);
	return false;
}

const json_t *schema_of(const json_t *doc, const json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));

	if (ref == NULL)
		return schema;
	if (ref[0] != '#')
		return NULL;
	for (ref += 2; doc != NULL && *ref != '\0';) {
		char name[64];
		size_t len = strcspn(ref, "/");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, ref);
		doc = json_object_get(doc, name);
		ref += len + (ref[len] == '/');
	}
	return doc;
}

static bool type_is(const char *type, const json_t *v)
{
	return (strcmp(type, "object") == 0 && json_is_object(v)) ||
	       (strcmp(type, "array") == 0 && json_is_array(v)) ||
	       (strcmp(type, "string") == 0 && json_is_string(v)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(v)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(v)) ||
	       (strcmp(type, "null") == 0 && json_is_null(v));
}

static bool check_type(struct check *c, const json_t *schema, const json_t *v)
{
	const json_t *type = json_object_get(schema, "type");

	if (type == NULL)
		return true;
	if (json_is_string(type))
		return type_is(json_string_value(type), v) ||
		       wrong(c, json_string_value(type));
	for (size_t i = 0; i < json_array_size(type); i++)
		if (type_is(json_string_value(json_array_get(type, i)), v))
			return true;
	return wrong(c, "none of its types");
}

static bool check_text(struct check *c, const json_t *schema, const json_t *v)
{
	const char *s = json_string_value(v);
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));
	const json_t *max = json_object_get(schema, "maxLength");
	const char *format = json_string_value(json_object_get(schema, "format"));
	struct troth_time t;
	regex_t re;
	bool ok;

	if (max != NULL && json_string_length(v) > (size_t)json_integer_value(max))
		return wrong(c, "too long");
	if (format != NULL && !troth_time_parse(&t, s))
		return wrong(c, "no instant");
	if (pattern == NULL)
		return true;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return wrong(c, "a pattern that is none");
	ok = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return ok || wrong(c, pattern);
}

static bool check_number(struct check *c, const json_t *schema, const json_t *v)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");

	if ((min != NULL && json_integer_value(v) < json_integer_value(min)) ||
	    (max != NULL && json_integer_value(v) > json_integer_value(max)))
		return wrong(c, "out of range");
	return true;
}

static bool check_value(struct check *c, const json_t *schema, const json_t *v);

static bool check_object(struct check *c, const json_t *schema, const json_t *v)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required");
	size_t len = strlen(c->path);
	const char *name;
	json_t *member;

	for (size_t i = 0; i < json_array_size(required); i++)
		if (json_object_get(v, json_string_value(json_array_get(required, i))) ==
		    NULL) {
			(void)snprintf(c->path + len, sizeof(c->path) - len, ".%s",
				       json_string_value(json_array_get(required, i)));
			return wrong(c, "is missing");
		}
	json_object_foreach((json_t *)v, name, member)
	{
		const json_t *p = json_object_get(properties, name);

		(void)snprintf(c->path + len, sizeof(c->path) - len, ".%s", name);
		if (p == NULL &&
		    json_is_false(json_object_get(schema, "additionalProperties")))
			return wrong(c, "is not in the schema");
		if (p != NULL && !check_value(c, p, member))
			return false;
	}
	c->path[len] = '\0';
	return true;
}

static bool check_array(struct check *c, const json_t *schema, const json_t *v)
{
	const json_t *min = json_object_get(schema, "minItems");
	const json_t *max = json_object_get(schema, "maxItems");
	size_t len = strlen(c->path), n = json_array_size(v);

	if ((min != NULL && n < (size_t)json_integer_value(min)) ||
	    (max != NULL && n > (size_t)json_integer_value(max)))
		return wrong(c, "too few or too many");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(c->path + len, sizeof(c->path) - len, "[%zu]", i);
		if (!check_value(c, json_object_get(schema, "items"),
				 json_array_get(v, i)))
			return false;
	}
	c->path[len] = '\0';
	return true;
}

static bool check_words(struct check *c, const json_t *words, const json_t *v)
{
	if (words == NULL)
		return true;
	for (size_t i = 0; i < json_array_size(words); i++)
		if (json_equal(json_array_get(words, i), v))
			return true;
	return wrong(c, "is not one of the words");
}

static bool check_any(struct check *c, const json_t *any, const json_t *v)
{
	size_t len = strlen(c->path);

	if (any == NULL)
		return true;
	for (size_t i = 0; i < json_array_size(any); i++) {
		if (check_value(c, json_array_get(any, i), v))
			return true;
		c->path[len] = '\0';
	}
	return false;
}

static bool check_value(struct check *c, const json_t *schema, const json_t *v)
{
	const json_t *s = schema_of(c->doc, schema);

	if (s == NULL)
		return wrong(c, "has no schema");
	if (!check_type(c, s, v) || !check_words(c, json_object_get(s, "enum"), v) ||
	    !check_any(c, json_object_get(s, "anyOf"), v))
		return false;
	if (json_is_object(v))
		return check_object(c, s, v);
	if (json_is_array(v))
		return check_array(c, s, v);
	if (json_is_string(v))
		return check_text(c, s, v);
	return !json_is_integer(v) || check_number(c, s, v);
}

bool schema_holds(const json_t *doc, const json_t *schema, const json_t *v,
		  char flaw[SCHEMA_FLAW])
{
	struct check c = { .doc = doc, .path = "$", .flaw = flaw };

	flaw[0] = '\0';
	return check_value(&c, schema, v);
}

/* A path against "/v1/orders/{order}"; what is in braces stands for one segment. */
static bool path_is(const char *pattern, const char *path)
{
	while (*pattern != '\0' && *path != '\0' && *path != '?') {
		if (*pattern == '{') {
			pattern += strcspn(pattern, "}") + 1;
			path += strcspn(path, "/?");
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *pattern == '\0' && (*path == '\0' || *path == '?');
}

const json_t *schema_of_reply(const json_t *doc, const char *method, const char *path,
			      int status)
{
	const char *key = strcmp(method, "GET") == 0 ? "get" : "post";
	const char *pattern, *type;
	json_t *methods, *responses = NULL, *content;
	char code[8];

	/* In the order of the document: exact paths stand before those with {step}. */
	json_object_foreach(json_object_get(doc, "paths"), pattern, methods)
	{
		if (responses == NULL && path_is(pattern, path))
			responses = json_object_get(json_object_get(methods, key),
						    "responses");
	}
	(void)snprintf(code, sizeof(code), "%d", status);
	if (json_object_get(responses, code) == NULL)
		(void)snprintf(code, sizeof(code), "default");
	json_object_foreach(json_object_get(json_object_get(responses, code), "content"),
			    type, content)
	{
		if (strstr(type, "json") != NULL)
			return json_object_get(content, "schema");
	}
	return NULL;
}
