#include "config_keys.h"

#include <string.h>

static const void *value_at(const struct troth_config *c, const struct config_key *key)
{
	return (const char *)c + key->offset;
}

/* libconfig's strings know \" and \\; the loader lets no control character in. */
static void print_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void print_value(const struct troth_config *c, const struct config_key *key,
			FILE *out)
{
	const void *at = value_at(c, key);
	const struct troth_config_list *list = at;

	switch (key->type) {
	case CONFIG_NUMBER:
		(void)fprintf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case CONFIG_CHOICE:
		print_quoted(out, key->choices[*(const int64_t *)at]);
		break;
	case CONFIG_LIST:
		(void)fprintf(out, "[");
		for (unsigned i = 0; i < list->count; i++) {
			(void)fprintf(out, "%s", i > 0 ? ", " : " ");
			print_quoted(out, list->text[i]);
		}
		(void)fprintf(out, " ]");
		break;
	case CONFIG_PATH:
	case CONFIG_DOMAIN:
	case CONFIG_ADDRESS:
	case CONFIG_INSTANT:
		print_quoted(out, at);
		break;
	}
}

void troth_config_print(const struct troth_config *c, FILE *out)
{
	const char *name = c->kind == TROTH_CONFIG_CENTRAL ? "central" : "gateway";
	char what[128];

	(void)fprintf(out,
		      "# Configuration of `troth %s`. A line that is commented out shows "
		      "the default.\n"
		      "# The environment variable TROTH_<KEY> overrides a key. "
		      "`troth %s --check` judges.\n",
		      name, name);
	for (size_t i = 0; i < config_key_index; i++) {
		const struct config_key *key = &config_keys[i];

		if ((key->kinds & (unsigned)c->kind) == 0)
			continue;
		config_describe(key, what, sizeof(what));
		(void)fprintf(out, "\n# %s\n# %c%s%s.\n", key->help,
			      what[0] == 'a' || what[0] == 'o' ? what[0] - 'a' + 'A'
							       : what[0],
			      what + 1, key->required ? "; must be given" : "");
		(void)fprintf(out, "%s%s = ", (c->given >> i & 1) != 0 ? "" : "#",
			      key->name);
		print_value(c, key, out);
		(void)fprintf(out, ";\n");
	}
}

void troth_config_help(enum troth_config_kind kind, FILE *out)
{
	char what[128];

	(void)fprintf(out, "| key | what | value | default |\n"
			   "| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < config_key_index; i++) {
		const struct config_key *key = &config_keys[i];

		if ((key->kinds & (unsigned)kind) == 0)
			continue;
		config_describe(key, what, sizeof(what));
		(void)fprintf(out, "| `%s` | %s | %s | ", key->name, key->help, what);
		if (key->required)
			(void)fprintf(out, "must be given |\n");
		else if (key->def[0] == '\0')
			(void)fprintf(out, "none |\n");
		else
			(void)fprintf(out, "`%s` |\n", key->def);
	}
}
