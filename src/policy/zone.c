#include "troth/policy/zone.h"

#include "troth/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool troth_zone_name_ok(const char *name)
{
	bool begins = true;

	if (strnlen(name, TROTH_ZONE_NAME_MAX + 1) > TROTH_ZONE_NAME_MAX)
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		bool letter = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
		bool other = (*p >= '0' && *p <= '9') || strchr("+-_", *p) != NULL;

		if (!letter && (begins || (!other && *p != '/')))
			return false;
		begins = *p == '/';
	}
	return !begins;
}

enum troth_err troth_zone_load(struct troth_zone *out, const char *dir, const char *name,
			       struct troth_why *why)
{
	enum troth_err err = TROTH_OK;
	struct troth_why inner = { "" };
	uint8_t *bytes = NULL;
	char path[512];
	FILE *f = NULL;
	size_t len;

	*out = (struct troth_zone){ .count = 0 };
	if (!troth_zone_name_ok(name) ||
	    snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return troth_fail(why, TROTH_ERR_INPUT, "not the name of a time zone");
	f = fopen(path, "re");
	if (f == NULL) {
		err = errno == ENOENT || errno == ENOTDIR ? TROTH_ERR_NOTFOUND
							  : TROTH_ERR_IO;
		err = troth_fail(why, err, "%s: %s", path, strerror(errno));
		goto out;
	}
	bytes = malloc(TROTH_ZONE_FILE_MAX + 1);
	if (bytes == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
		goto out;
	}
	len = fread(bytes, 1, TROTH_ZONE_FILE_MAX + 1, f);
	if (ferror(f) != 0) { /* A directory, for one. */
		err = troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	err = troth_zone_decode(out, troth_span(bytes, len), &inner);
	if (err != TROTH_OK)
		err = troth_fail(why, err, "%s: %s", path, inner.text);
	TROTH_TEXT_SET(out->name, name);
out:
	free(bytes);
	if (f != NULL)
		(void)fclose(f);
	return err;
}

static enum troth_err find_in_system(void *ctx, const char *name, struct troth_zone *out,
				     struct troth_why *why)
{
	(void)ctx;
	return troth_zone_load(out, TROTH_ZONE_DIR, name, why);
}

const struct troth_zone_source troth_zones_of_system = { find_in_system, NULL };

static enum troth_err find_utc(void *ctx, const char *name, struct troth_zone *out,
			       struct troth_why *why)
{
	(void)ctx;
	troth_zone_utc(out);
	return strcmp(name, "UTC") == 0
		       ? TROTH_OK
		       : troth_fail(why, TROTH_ERR_NOTFOUND, "there is only UTC");
}

const struct troth_zone_source troth_zones_utc = { find_utc, NULL };
