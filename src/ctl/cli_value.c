/* The values of options, as JSON; and answers, for people. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64 << 10)

static bool wrong(struct troth_why *why, const struct cli_option *o, const char *what)
{
	(void)troth_fail(why, TROTH_ERR_INPUT, "--%s: %s", o->name, what);
	return false;
}

/* Puts value (whose reference it takes) under "a.b" in the body. */
static bool put(json_t *body, const char *path, json_t *value)
{
	const char *dot = strchr(path, '.');
	char first[32];

	if (dot == NULL)
		return json_object_set_new(body, path, value) == 0;
	(void)snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
	if (json_object_get(body, first) == NULL)
		(void)json_object_set_new(body, first, json_object());
	return json_object_set_new(json_object_get(body, first), dot + 1, value) == 0;
}

static bool append(json_t *body, const char *name, json_t *value)
{
	if (json_object_get(body, name) == NULL)
		(void)json_object_set_new(body, name, json_array());
	return json_array_append_new(json_object_get(body, name), value) == 0;
}

static bool number(const char *text, json_int_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

/* SKU:QUANTITY[:UNIT_PRICE[:SELLER]] */
static json_t *line(char *text)
{
	json_t *o = json_object();
	char *save, *sku = strtok_r(text, ":", &save);
	char *quantity = strtok_r(NULL, ":", &save), *price = strtok_r(NULL, ":", &save);
	char *seller = strtok_r(NULL, ":", &save);
	json_int_t n, minor = 0;

	/* Nothing that was typed is left out in silence, a price least of all. */
	if (sku == NULL || quantity == NULL || !number(quantity, &n) ||
	    (price != NULL && !number(price, &minor)) ||
	    strtok_r(NULL, ":", &save) != NULL) {
		json_decref(o);
		return NULL;
	}
	(void)json_object_set_new(o, "sku", json_string(sku));
	(void)json_object_set_new(o, "quantity", json_integer(n));
	if (price != NULL)
		(void)json_object_set_new(o, "unit_price", json_integer(minor));
	if (seller != NULL)
		(void)json_object_set_new(o, "seller", json_string(seller));
	return o;
}

static bool is_number(const char *name)
{
	size_t len = strlen(name);

	return (len > 2 && strcmp(name + len - 2, "_s") == 0) ||
	       strcmp(name, "quantity") == 0 || strcmp(name, "amount") == 0;
}

/* name=value,name=value: whole numbers for some names, else text. */
static json_t *terms(char *text)
{
	json_t *o = json_object();
	char *save;

	for (char *part = strtok_r(text, ",", &save); part != NULL;
	     part = strtok_r(NULL, ",", &save)) {
		char *value = strchr(part, '=');
		json_int_t n;

		if (value == NULL) {
			json_decref(o);
			return NULL;
		}
		*value++ = '\0';

		json_t *v = is_number(part) && number(value, &n) ? json_integer(n)
								 : json_string(value);
		(void)json_object_set_new(o, part, v);
	}
	return o;
}

static json_t *list(char *text)
{
	json_t *a = json_array();
	char *save;

	for (char *word = strtok_r(text, ", ", &save); word != NULL;
	     word = strtok_r(NULL, ", ", &save))
		(void)json_array_append_new(a, json_string(word));
	return a;
}

/* PARTY/SITE: a party's name holds no slash. */
static json_t *site(const char *text)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL || slash == text || slash[1] == '\0')
		return NULL;
	return json_pack("{s:s%, s:s}", "party", text, (size_t)(slash - text), "site",
			 slash + 1);
}

static json_t *contents(const char *path, struct troth_why *why)
{
	static char text[FILE_MAX + 1];
	FILE *f = fopen(path, "re");
	json_t *v;
	size_t len;

	if (f == NULL) {
		(void)troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (len > FILE_MAX) {
		(void)troth_fail(why, TROTH_ERR_LIMIT, "%s: longer than 64 KiB", path);
		return NULL;
	}
	v = json_stringn(text, len);
	if (v == NULL)
		(void)troth_fail(why, TROTH_ERR_INPUT, "%s: is not UTF-8 text", path);
	return v;
}

static bool set_terms(json_t *body, const struct cli_option *o, const char *field,
		      const char *value, struct troth_why *why)
{
	bool one = strcmp(field, "tell") == 0 || strcmp(field, "instead") == 0;
	char *copy = strdup(value);
	json_t *v = NULL;

	if (copy != NULL)
		v = o->type == CLI_LINE ? line(copy) : terms(copy);
	free(copy);
	if (v == NULL)
		return wrong(why, o, o->help);
	return one ? put(body, field, v) : append(body, field, v);
}

bool cli_set(json_t *body, const struct cli_option *o, const char *value,
	     struct troth_why *why)
{
	const char *field = o->field != NULL ? o->field : o->name;
	char *copy;
	json_t *v = NULL;
	json_int_t n;

	switch (o->type) {
	case CLI_TEXT:
		v = json_string(value);
		return v != NULL ? put(body, field, v) : wrong(why, o, "is not UTF-8");
	case CLI_WORDS:
		copy = strdup(value);
		for (char *p = copy; p != NULL && *p != '\0'; p++)
			if (*p == ',')
				*p = ' ';
		v = copy != NULL ? json_string(copy) : NULL;
		free(copy);
		return v != NULL ? put(body, field, v) : wrong(why, o, "is not UTF-8");
	case CLI_NUMBER:
		return number(value, &n) ? put(body, field, json_integer(n))
					 : wrong(why, o, "is not a whole number");
	case CLI_FLAG:
		return put(body, field, json_true());
	case CLI_FILE:
		v = contents(value, why);
		return v != NULL && put(body, field, v);
	case CLI_SITE:
		v = site(value);
		return v != NULL ? put(body, field, v) : wrong(why, o, "is PARTY/SITE");
	case CLI_LIST:
		copy = strdup(value);
		v = copy != NULL ? list(copy) : NULL;
		free(copy);
		return v != NULL && put(body, field, v);
	case CLI_LINE:
	case CLI_TERMS:
		return set_terms(body, o, field, value, why);
	case CLI_IF_MATCH:
		break;
	}
	return wrong(why, o, "cannot stand in a body");
}

static void print_scalar(const json_t *v)
{
	if (json_is_string(v))
		(void)fputs(json_string_value(v), stdout);
	else
		(void)json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
}

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

static bool is_empty(const json_t *v)
{
	return json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0) ||
	       (!is_scalar(v) && json_object_size(v) == 0 && json_array_size(v) == 0);
}

/* Depth is bounded by jansson's own limit on what it parsed. */
static void print_tree(const json_t *v, int indent) // NOLINT(misc-no-recursion)
{
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)v, name, member)
	{
		if (is_empty(member))
			continue;
		(void)printf("%*s%s: ", indent, "", name);
		if (is_scalar(member)) {
			print_scalar(member);
			(void)putchar('\n');
			continue;
		}
		(void)putchar('\n');
		print_tree(member, indent + 2);
	}
	json_array_foreach(v, i, member)
	{
		(void)printf("%*s- ", indent, "");
		if (is_scalar(member)) {
			print_scalar(member);
			(void)putchar('\n');
			continue;
		}
		(void)putchar('\n');
		print_tree(member, indent + 2);
	}
}

/* Of a list only words and numbers, with commas between. */
static void print_words(const json_t *list, const char *name, bool *first)
{
	json_t *member;
	size_t i;
	bool any = false;

	json_array_foreach(list, i, member)
	{
		if (!is_scalar(member))
			continue;
		if (any)
			(void)putchar(',');
		else
			(void)printf("%s%s=", *first ? "" : "  ", name);
		print_scalar(member);
		any = true;
	}
	*first = *first && !any;
}

/* "name=value  inner.name=value ...", in the order in which they came. */
static void print_members(const json_t *o, const char *in, // NOLINT(misc-no-recursion)
			  bool *first)
{
	const char *name;
	json_t *member;
	char path[128];

	json_object_foreach((json_t *)o, name, member)
	{
		(void)snprintf(path, sizeof(path), "%s%s%s", in, in[0] != '\0' ? "." : "",
			       name);
		if (json_is_object(member)) {
			print_members(member, path, first);
		} else if (json_is_array(member)) {
			print_words(member, path, first);
		} else {
			(void)printf("%s%s=", *first ? "" : "  ", path);
			print_scalar(member);
			*first = false;
		}
	}
}

/* One line a record; what is a list of records itself is left to `show`. */
static void print_list(const json_t *items)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		bool first = true;

		print_members(item, "", &first);
		(void)putchar('\n');
	}
}

void cli_print(const json_t *answer, const char *lists, bool trees)
{
	char name[32];
	size_t len;

	if (lists == NULL) {
		print_tree(answer, 0);
		return;
	}
	for (; *lists != '\0'; lists += len + (lists[len] == ' ')) {
		len = strcspn(lists, " ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, lists);
		if (trees)
			print_tree(json_object_get(answer, name), 0);
		else
			print_list(json_object_get(answer, name));
	}

	const char *next = json_string_value(json_object_get(answer, "next"));
	if (next != NULL)
		(void)printf("next: %s\n", next);
}
