#include "troth/store/backend.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT "format"
#define KIND   "kind"

/* Decimal digits without sign, space or leading zero; 0 if it is not that. */
static uint32_t read_format(struct troth_span s)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 10 || s.data[0] == '0')
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return 0;
		v = v * 10 + (s.data[i] - '0');
	}
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

static void write_format(struct troth_txn *t, uint32_t format)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, format);
	troth_txn_put(t, TROTH_TABLE_META, troth_span_str(FORMAT), troth_span_str(text));
}

static const struct troth_migration *migration_from(const struct troth_schema *s,
						    uint32_t from)
{
	for (unsigned i = 0; i < s->migration_index; i++)
		if (s->migrations[i].from == from)
			return &s->migrations[i];
	return NULL;
}

static bool all_empty(struct troth_txn *t)
{
	for (unsigned i = 0; i < t->kv->schema->table_index; i++)
		if (troth_txn_count(t, i) != 0)
			return false;
	return troth_txn_sound(t);
}

/*
 * Fails t unless what is stored is ours and at most as new as this program.
 * *format is 0 for a database that nobody has written to.
 */
static void inspect(struct troth_txn *t, const char *path, uint32_t *format)
{
	const struct troth_schema *s = t->kv->schema;
	struct troth_span v;

	*format = 0;
	if (all_empty(t) || !troth_txn_sound(t))
		return;
	if (!troth_txn_get(t, TROTH_TABLE_META, troth_span_str(KIND), &v)) {
		troth_txn_fail(t, TROTH_ERR_CORRUPT,
			       "%s: has records, but meta has no kind", path);
		return;
	}
	if (!troth_span_eq(v, troth_span_str(s->kind))) {
		troth_txn_fail(t, TROTH_ERR_INPUT,
			       "%s: is the database of a %.*s, not of a %s", path,
			       v.len > 32 ? 32 : (int)v.len, (const char *)v.data,
			       s->kind);
		return;
	}
	(void)troth_txn_get(t, TROTH_TABLE_META, troth_span_str(FORMAT), &v);
	*format = read_format(v);
	if (*format == 0)
		troth_txn_fail(t, TROTH_ERR_CORRUPT,
			       "%s: meta has no readable format number", path);
	else if (*format > s->format)
		troth_txn_fail(t, TROTH_ERR_INPUT,
			       "%s: format %" PRIu32 " is newer than %" PRIu32
			       ", the newest this program knows",
			       path, *format, s->format);
}

static void migrate(struct troth_txn *t, const char *path, uint32_t from)
{
	const struct troth_migration *m = migration_from(t->kv->schema, from);

	if (m == NULL) {
		troth_txn_fail(t, TROTH_ERR_INPUT,
			       "%s: this program cannot read format %" PRIu32, path,
			       from);
		return;
	}
	m->run(t);
	write_format(t, from + 1);
}

static enum troth_err look_only(struct troth_kv *kv, const char *path,
				struct troth_why *why)
{
	struct troth_txn t;
	uint32_t format;

	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	inspect(&t, path, &format);
	if (format < kv->schema->format)
		troth_txn_fail(&t, TROTH_ERR_INPUT,
			       "%s: format %" PRIu32 "; the program that owns it must "
			       "first bring it to %" PRIu32,
			       path, format, kv->schema->format);
	return troth_txn_commit(&t, why);
}

enum troth_err troth_kv_settle_schema(struct troth_kv *kv, const char *path,
				      struct troth_why *why)
{
	const struct troth_schema *s = kv->schema;
	struct troth_txn t;
	enum troth_err err = TROTH_OK;
	uint32_t format = 0;

	if (kv->read_only)
		return look_only(kv, path, why);

	/* One transaction a step, so that the longest migration bounds the size. */
	while (err == TROTH_OK && format != s->format) {
		troth_txn_begin(&t, kv, TROTH_TXN_WRITE);
		inspect(&t, path, &format);
		if (format == 0) {
			troth_txn_put(&t, TROTH_TABLE_META, troth_span_str(KIND),
				      troth_span_str(s->kind));
			write_format(&t, s->format);
			format = s->format;
		} else if (troth_txn_sound(&t) && format < s->format) {
			migrate(&t, path, format);
			format++;
		} else if (troth_txn_sound(&t)) {
			troth_txn_abort(&t); /* Nothing to do: no commit for nothing. */
			break;
		}
		err = troth_txn_commit(&t, why);
	}
	return err;
}
