/*
 * Random operations on LMDB, on the simulated disk, and on a sorted array that is
 * too simple to be wrong: all three must agree on every answer.
 *
 * TROTH_SEED=n replays one run.
 */
#include "lmdb_rig.h"
#include "memkv.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define RECORDS_MAX 4800 /* There are no more different keys. */
#define STEPS       60000

struct entry {
	uint8_t key_len, value_len;
	uint8_t key[4], value[64];
};

struct model {
	size_t n[TABLES];
	struct entry at[TABLES][RECORDS_MAX];
};

enum { LMDB, MEMORY, BACKENDS };

struct world {
	uint64_t dice;
	struct rig *rig;
	struct memkv_disk *disk;
	struct troth_kv *kv[BACKENDS];
	struct troth_txn t[BACKENDS];
	bool cursors; /* Are open, on `table`, and stand at `place`. */
	unsigned table;
	struct troth_cursor c[BACKENDS];
	struct entry place; /* key_len 0: nowhere. */
	struct model *durable, *now;
	unsigned commits, refusals, aborts, crashes, moves;
};

static uint32_t roll(struct world *w, uint32_t sides)
{
	w->dice ^= w->dice << 13;
	w->dice ^= w->dice >> 7;
	w->dice ^= w->dice << 17;
	return (uint32_t)(w->dice >> 33) % sides;
}

/* ---- The model ---- */

static int compare(const struct entry *a, const struct entry *b)
{
	for (unsigned i = 0; i < a->key_len && i < b->key_len; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return (int)a->key_len - (int)b->key_len;
}

/* The first place whose key is not before that of `e`. */
static size_t lower(const struct model *m, unsigned table, const struct entry *e)
{
	size_t from = 0, to = m->n[table];

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (compare(&m->at[table][middle], e) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_at(const struct model *m, unsigned table, size_t i, const struct entry *e)
{
	return i < m->n[table] && compare(&m->at[table][i], e) == 0;
}

static void model_put(struct model *m, unsigned table, const struct entry *e)
{
	size_t i = lower(m, table, e);

	if (!is_at(m, table, i, e)) {
		assert_true(m->n[table] < RECORDS_MAX);
		memmove(&m->at[table][i + 1], &m->at[table][i],
			(m->n[table] - i) * sizeof(*e));
		m->n[table]++;
	}
	m->at[table][i] = *e;
}

static void model_del(struct model *m, unsigned table, const struct entry *e)
{
	size_t i = lower(m, table, e);

	if (!is_at(m, table, i, e))
		return;
	m->n[table]--;
	memmove(&m->at[table][i], &m->at[table][i + 1], (m->n[table] - i) * sizeof(*e));
}

/* ---- Records ---- */

static struct entry draw(struct world *w)
{
	static const uint8_t letters[] = { 0, 1, 'a', 'b', 'c', 0x7f, 0x80, 0xff };
	struct entry e = { .key_len = (uint8_t)(1 + roll(w, 4)),
			   .value_len = (uint8_t)roll(w, 65) };

	for (unsigned i = 0; i < e.key_len; i++)
		e.key[i] = letters[roll(w, TROTH_LEN(letters))];
	memset(e.value, (int)roll(w, 256), e.value_len);
	return e;
}

static struct troth_span key(const struct entry *e)
{
	return troth_span(e->key, e->key_len);
}

static struct troth_span value(const struct entry *e)
{
	return troth_span(e->value, e->value_len);
}

static void write_one(struct world *w)
{
	unsigned table = roll(w, 2) == 0 ? LOG : THING;
	struct entry e = draw(w);
	uint32_t how = roll(w, 1000);
	size_t i = lower(w->now, table, &e);
	bool there = is_at(w->now, table, i, &e), refused = false;

	for (int b = 0; b < BACKENDS; b++) {
		struct troth_txn *t = &w->t[b];

		if (how < 350) {
			assert_int_equal(troth_txn_del(t, table, key(&e)), there);
		} else if (how < 600 && (!there || how < 352)) {
			troth_txn_insert(t, table, key(&e), value(&e));
			refused = there;
		} else if (how < 602) {
			troth_txn_append(t, table, key(&e), value(&e));
			refused = i < w->now->n[table];
		} else {
			troth_txn_put(t, table, key(&e), value(&e));
		}
		assert_int_equal(troth_txn_sound(t), !refused);
	}
	if (how < 350)
		model_del(w->now, table, &e);
	else if (!refused)
		model_put(w->now, table, &e);
}

static void read_one(struct world *w)
{
	unsigned table = roll(w, 2) == 0 ? LOG : THING;
	struct entry e = draw(w);
	size_t i = lower(w->now, table, &e);
	bool there = is_at(w->now, table, i, &e);
	struct troth_span v;

	for (int b = 0; b < BACKENDS; b++) {
		assert_int_equal(troth_txn_get(&w->t[b], table, key(&e), &v), there);
		if (there)
			assert_true(troth_span_eq(v, value(&w->now->at[table][i])));
		assert_int_equal(troth_txn_count(&w->t[b], table), w->now->n[table]);
	}
}

/* ---- Cursors ---- */

static bool move(struct troth_cursor *c, uint32_t how, const struct entry *e)
{
	switch (how) {
	case 0:
		return troth_cursor_seek(c, key(e));
	case 1:
		return troth_cursor_seek_before(c, key(e));
	case 2:
		return troth_cursor_seek(c, TROTH_SPAN_NONE);
	case 3:
		return troth_cursor_last(c);
	case 4:
	case 5:
		return troth_cursor_next(c);
	default:
		return troth_cursor_prev(c);
	}
}

/* Where `how` leads in the model; n[table] or more: nowhere. */
static size_t expect(struct world *w, uint32_t how, const struct entry *e)
{
	const size_t nowhere = RECORDS_MAX;
	size_t n = w->now->n[w->table], i;

	if (how >= 4 && w->place.key_len == 0)
		return nowhere;
	switch (how) {
	case 0:
		return lower(w->now, w->table, e);
	case 1:
		i = lower(w->now, w->table, e);
		return i > 0 ? i - 1 : nowhere;
	case 2:
		return 0;
	case 3:
		return n > 0 ? n - 1 : nowhere;
	case 4:
	case 5:
		i = lower(w->now, w->table, &w->place);
		return is_at(w->now, w->table, i, &w->place) ? i + 1 : i;
	default:
		i = lower(w->now, w->table, &w->place);
		return i > 0 ? i - 1 : nowhere;
	}
}

static void step_cursor(struct world *w)
{
	struct entry e = draw(w);
	uint32_t how = roll(w, 8);
	size_t i;
	bool found;

	if (w->cursors && roll(w, 10) == 0) {
		for (int b = 0; b < BACKENDS; b++)
			troth_cursor_close(&w->c[b]);
		w->cursors = false;
	}
	if (!w->cursors) {
		w->table = roll(w, 2) == 0 ? LOG : THING;
		for (int b = 0; b < BACKENDS; b++)
			troth_cursor_open(&w->c[b], &w->t[b], w->table);
		w->cursors = true;
		w->place.key_len = 0;
	}
	i = expect(w, how, &e);
	found = i < w->now->n[w->table];
	for (int b = 0; b < BACKENDS; b++) {
		assert_int_equal(move(&w->c[b], how, &e), found);
		if (!found)
			continue;
		assert_true(troth_span_eq(w->c[b].key, key(&w->now->at[w->table][i])));
		assert_true(
			troth_span_eq(w->c[b].value, value(&w->now->at[w->table][i])));
	}
	w->place.key_len = 0;
	if (found)
		w->place = w->now->at[w->table][i];
	w->moves++;
}

/* ---- Transactions ---- */

static void begin(struct world *w)
{
	memcpy(w->now, w->durable, sizeof(*w->now));
	for (int b = 0; b < BACKENDS; b++)
		troth_txn_begin(&w->t[b], w->kv[b], TROTH_TXN_WRITE);
	w->cursors = false;
}

static void commit(struct world *w)
{
	enum troth_err want = troth_txn_sound(&w->t[0]) ? TROTH_OK : TROTH_ERR_CORRUPT;

	for (int b = 0; b < BACKENDS; b++)
		assert_int_equal(troth_txn_commit(&w->t[b], NULL), want);
	if (want == TROTH_OK)
		memcpy(w->durable, w->now, sizeof(*w->now));
	w->commits += want == TROTH_OK;
	w->refusals += want != TROTH_OK;
}

static void open_both(struct world *w)
{
	rig_open(w->rig);
	w->kv[LMDB] = w->rig->kv;
	assert_int_equal(memkv_open(&w->kv[MEMORY], w->disk, &rig_schema, NULL),
			 TROTH_OK);
}

/* The simulated machine loses its power; LMDB is closed with its work undone. */
static void crash(struct world *w)
{
	troth_txn_abort(&w->t[LMDB]);
	rig_close(w->rig);
	memkv_crash(w->disk);
	open_both(w);
	w->crashes++;
}

static void compare_all(struct world *w)
{
	for (unsigned table = LOG; table < TABLES; table++) {
		for (int b = 0; b < BACKENDS; b++) {
			struct troth_cursor c;
			size_t i = 0;

			troth_cursor_open(&c, &w->t[b], table);
			for (bool on = troth_cursor_seek(&c, TROTH_SPAN_NONE); on;
			     on = troth_cursor_next(&c), i++) {
				const struct entry *e = &w->now->at[table][i];

				assert_true(i < w->now->n[table]);
				assert_true(troth_span_eq(c.key, key(e)));
				assert_true(troth_span_eq(c.value, value(e)));
			}
			assert_int_equal(i, w->now->n[table]);
			troth_cursor_close(&c);
		}
	}
}

static void step(struct world *w)
{
	uint32_t what = roll(w, 2000);

	if (!troth_txn_sound(&w->t[0]) || what < 20) {
		commit(w);
		begin(w);
	} else if (what < 25) {
		for (int b = 0; b < BACKENDS; b++)
			troth_txn_abort(&w->t[b]);
		w->aborts++;
		begin(w);
		compare_all(w);
	} else if (what < 27) {
		crash(w);
		begin(w);
		compare_all(w);
	} else if (what < 300) {
		read_one(w);
	} else if (what < 900) {
		step_cursor(w);
	} else {
		write_one(w);
	}
}

static void lmdb_the_simulated_disk_and_a_sorted_array_agree(void **state)
{
	const char *seed = getenv("TROTH_SEED");
	struct world w = { .rig = *state };

	w.dice = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	if (w.dice == 0)
		w.dice = 1;
	print_message("replay with TROTH_SEED=%" PRIu64 "\n", w.dice);
	w.now = calloc(1, sizeof(*w.now));
	w.durable = calloc(1, sizeof(*w.durable));
	assert_non_null(w.now);
	assert_non_null(w.durable);
	w.disk = memkv_disk_new();
	open_both(&w);
	begin(&w);
	for (unsigned i = 0; i < STEPS; i++)
		step(&w);
	if (troth_txn_sound(&w.t[0]))
		compare_all(&w);
	commit(&w);
	print_message("%u commits, %u refusals, %u aborts, %u crashes, %u moves, "
		      "%zu records\n",
		      w.commits, w.refusals, w.aborts, w.crashes, w.moves,
		      w.durable->n[LOG] + w.durable->n[THING]);
	/* A run in which one of these never happened would prove less. */
	assert_true(w.commits > 0);
	assert_true(w.refusals > 0);
	assert_true(w.aborts > 0);
	assert_true(w.crashes > 0);
	assert_true(w.durable->n[LOG] > 100);
	memkv_disk_free(w.disk);
	free(w.now);
	free(w.durable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			lmdb_the_simulated_disk_and_a_sorted_array_agree, rig_setup,
			rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
