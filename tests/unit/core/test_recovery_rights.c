/* Who may say what of a recovery, and by which version of the policy it is made good. */
#include "recovery_kit.h"

/* ---- Who may do what ---- */

/* Who has which part in what went wrong on an order; acme and zeta have cases on it. */
struct scene {
	const char *maker, *debtor; /* Of the promise that it is about. */
	const char *payer;          /* Owes the remedy; "": there is none. */
	const char *complains;      /* "": the promise broke. */
};

static const char *const makers[] = { "shop", "acme", "zeta", "swift" };
static const char *const debtors[] = { "swift", "zeta", "handy" };
static const char *const payers[] = { "", "swift", "acme", "zeta", "handy" };
static const char *const complaining[] = { "", "shop", "acme", "zeta", "swift" };
static const char *const actors[] = { "brand", "shop", "acme", "zeta", "swift", "mall" };

static struct story begun; /* As the scene begins, for each who acts. */

static void link_case(const char *vendor, uint64_t n)
{
	fixture_event(&e, TROTH_EVENT_ORDER_CASE_LINKED, vendor);
	e.u.link.id = fixture_id(n);
	TROTH_TEXT_SET(e.u.link.vendor, vendor);
	assert_int_equal(story_tell(&st, &e), OK);
}

static void begin(const struct scene *of)
{
	story_begin_usual(&st, TROTH_SUBJECT_ORDER);
	link_case("acme", 2);
	link_case("zeta", 3);
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, of->maker);
	e.u.promise.terms[0] = fixture_terms(of->debtor);
	assert_int_equal(story_tell(&st, &e), OK);
	if (of->complains[0] == '\0') {
		(void)story_clock(&st, DUE + 1);
	} else {
		fixture_event(&e, TROTH_EVENT_COMPLAINT, of->complains);
		e.u.recovery.promise = fixture_id(10);
		assert_int_equal(story_tell(&st, &e), OK);
	}
	assert_int_equal(st.s.recovery_count, 1);
	if (of->payer[0] == '\0')
		return;
	fixture_event(&e, TROTH_EVENT_PROMISE_MADE, "brand");
	e.u.promise.id = fixture_id(40);
	e.u.promise.recovers = recovery()->id;
	e.u.promise.due.ms = st.now.ms + FIXTURE_DAY;
	e.u.promise.terms[0] = fixture_terms(of->payer);
	e.u.promise.terms[0].due = e.u.promise.due;
	assert_int_equal(story_tell(&st, &e), OK);
}

static const char *owner(const struct scene *of)
{
	const char *who = of->complains[0] != '\0' ? of->complains : of->maker;

	return strcmp(who, "swift") == 0 ? "brand" : who;
}

/* Its work is the actor's: acme's site acts for handy. */
static bool is_work_of(const char *worker, const char *actor)
{
	return strcmp(worker, actor) == 0 ||
	       (strcmp(worker, "handy") == 0 && strcmp(actor, "acme") == 0);
}

static bool answers_for_it(const struct scene *of, const char *actor)
{
	return strcmp(actor, "brand") == 0 || strcmp(actor, owner(of)) == 0;
}

static bool speaks_for_the_customer(const struct scene *of, const char *actor)
{
	bool vendor = strcmp(actor, "acme") == 0 || strcmp(actor, "zeta") == 0;

	return answers_for_it(of, actor) ||
	       (vendor && strcmp(of->maker, actor) != 0 &&
		!is_work_of(of->debtor, actor) && !is_work_of(of->payer, actor));
}

static bool helps(const struct scene *of, const char *actor)
{
	return answers_for_it(of, actor) ||
	       (strcmp(actor, "swift") != 0 && strcmp(actor, "mall") != 0);
}

/* Whether it is done; nothing but who acts may stand against it. */
static bool done(enum troth_reason r)
{
	assert_true(r == OK || r == TROTH_REASON_NOT_ENTITLED);
	return r == OK;
}

static enum troth_reason answer(const char *actor, enum troth_recovery_action action)
{
	st = begun;
	assert_int_equal(step("brand", DO(WAIVE)), OK);
	return step(actor, action);
}

static enum troth_reason release_remedy(const char *actor)
{
	st = begun;
	fixture_event(&e, TROTH_EVENT_PROMISE_STEP, actor);
	e.u.promise_step.promise = fixture_id(40);
	e.u.promise_step.action = TROTH_PROMISE_DO_RELEASE;
	return story_tell(&st, &e);
}

static void check_actor(const struct scene *of, const char *actor)
{
	bool speaks = speaks_for_the_customer(of, actor);

	st = begun;
	assert_int_equal(done(step(actor, DO(APOLOGISE))), helps(of, actor));
	st = begun;
	assert_int_equal(done(step(actor, DO(WAIVE))), speaks);
	assert_int_equal(done(answer(actor, DO(HELPED))), speaks);
	assert_int_equal(done(answer(actor, DO(NOT_HELPED))), speaks);
	assert_int_equal(done(answer(actor, DO(UNREACHED))), speaks);
	if (of->payer[0] != '\0')
		assert_int_equal(done(release_remedy(actor)), speaks);
	if (of->complains[0] == '\0')
		return;
	st = begun;
	assert_int_equal(done(of_complaint(TROTH_EVENT_COMPLAINT_DENIED, actor, "ann")),
			 answers_for_it(of, actor));
}

static void nobody_certifies_its_own_work_or_denies_what_another_answers_for(void **state)
{
	struct scene of;

	(void)state;
	for (size_t m = 0; m < TROTH_LEN(makers); m++)
		for (size_t d = 0; d < TROTH_LEN(debtors); d++)
			for (size_t p = 0; p < TROTH_LEN(payers); p++)
				for (size_t c = 0; c < TROTH_LEN(complaining); c++) {
					of = (struct scene){ makers[m], debtors[d],
							     payers[p], complaining[c] };
					begin(&of);
					begun = st;
					for (size_t a = 0; a < TROTH_LEN(actors); a++)
						check_actor(&of, actors[a]);
				}
}

static bool of_one_operator(void *ctx, const char *name, struct troth_party *out)
{
	bool found = fixture_lookup.party(ctx, name, out);

	if (found && (strcmp(name, "acme") == 0 || strcmp(name, "zeta") == 0))
		TROTH_TEXT_SET(out->operator_party, "mall");
	return found;
}

static void who_runs_both_parties_does_not_let_one_certify_the_other(void **state)
{
	const struct scene of = { "shop", "zeta", "", "" };

	(void)state;
	begin(&of);
	begun = st;
	lookup = fixture_lookup;
	st.lookup = &lookup;
	assert_int_equal(step("acme", DO(WAIVE)), OK);
	lookup.party = of_one_operator;
	st = begun;
	st.lookup = &lookup;
	assert_int_equal(step("acme", DO(WAIVE)), TROTH_REASON_NOT_ENTITLED);
	assert_int_equal(step("brand", DO(WAIVE)), OK);
}

/* ---- By which version ---- */

#define NEWEST 3
#define EVERY  (20 * INT64_C(1000)) /* An entry; each tenth publishes a version. */

static struct troth_policy versions[NEWEST + 1];

static const struct troth_policy *find_version(void *ctx, uint64_t version)
{
	(void)ctx;
	return version >= 1 && version <= NEWEST ? &versions[version] : NULL;
}

static uint64_t newest_version(void *ctx)
{
	(void)ctx;
	return NEWEST;
}

static struct troth_time accepted(void *ctx, uint64_t position)
{
	(void)ctx;
	return (struct troth_time){ position == 0
					    ? 0
					    : FIXTURE_NOW + (int64_t)position * EVERY };
}

/* A case under policies that came one after the other; central judges, or a gateway. */
static void published_in_turn(bool central)
{
	publish();
	for (uint64_t v = 1; v <= NEWEST; v++) {
		versions[v] = policy;
		versions[v].version = v;
		versions[v].published = accepted(NULL, 10 * v);
	}
	lookup.policy = find_version;
	lookup.newest_policy = newest_version;
	lookup.accepted = central ? accepted : NULL;
	story_begin(&st, TROTH_SUBJECT_CASE);
	st.lookup = &lookup;
	assert_int_equal(story_do(&st, TROTH_EVENT_CASE_OPENED, "acme"), OK);
}

/* What is said of a version by who had heard of so many entries. */
static enum troth_reason wanted(uint64_t version, uint64_t heard, bool central)
{
	uint64_t next = 10 * (version + 1);

	/* For a minute, or three entries, the one before does as well. */
	if (!central || version >= NEWEST || heard <= next + 3)
		return OK;
	return version == 0 ? TROTH_REASON_UNCITED : TROTH_REASON_STALE;
}

static enum troth_reason complain_by(uint64_t version, uint64_t heard)
{
	fixture_event(&e, TROTH_EVENT_COMPLAINT, "acme");
	e.u.recovery.policy_version = version;
	e.seen_size = heard;
	return story_tell(&st, &e);
}

static enum troth_reason choose_by(uint64_t version, uint64_t heard)
{
	fixture_event(&e, TROTH_EVENT_RECOVERY_STEP, "acme");
	memset(&e.u.recovery, 0, sizeof(e.u.recovery));
	e.u.recovery.id = recovery()->id;
	e.u.recovery.action = DO(CHOOSE);
	e.u.recovery.choice = TROTH_CHOICE_MONEY;
	e.u.recovery.offer = 2;
	e.u.recovery.policy_version = version;
	e.u.recovery.value = (struct troth_value){ .kind = TROTH_KIND_REFUND,
						   .amount = 1500,
						   .currency = "EUR" };
	e.seen_size = heard;
	return story_tell(&st, &e);
}

static void nobody_goes_back_to_remedies_that_it_knows_to_be_over(void **state)
{
	(void)state;
	for (unsigned central = 0; central < 2; central++)
		for (uint64_t v = 0; v <= NEWEST + 2; v++)
			for (uint64_t heard = 0; heard <= 45; heard++) {
				enum troth_reason r = wanted(v, heard, central == 1);

				published_in_turn(central == 1);
				assert_int_equal(complain_by(v, heard), r);
				assert_int_equal(st.s.recovery_count, r == OK);
				if (r == OK)
					assert_int_equal(recovery()->policy_version, v);
			}
}

static void what_rests_on_no_version_is_made_good_by_none_that_is_over(void **state)
{
	(void)state;
	for (uint64_t v = 1; v <= NEWEST + 2; v++)
		for (uint64_t heard = 0; heard <= 45; heard++) {
			enum troth_reason r = v > NEWEST ? TROTH_REASON_POLICY_UNKNOWN
							 : wanted(v, heard, true);

			published_in_turn(true);
			assert_int_equal(complain_by(0, 0), OK);
			assert_int_equal(choose_by(v, heard), r);
			assert_int_equal(recovery()->policy_version, r == OK ? v : 0);
		}
}

static void what_was_said_before_goes_on_by_its_version(void **state)
{
	(void)state;
	published_in_turn(true);
	assert_int_equal(complain_by(1, 15), OK);
	assert_int_equal(choose_by(2, 45), TROTH_REASON_OTHER_REMEDY);
	assert_int_equal(choose_by(1, 45), OK);
	assert_false(recovery()->differs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			nobody_certifies_its_own_work_or_denies_what_another_answers_for),
		cmocka_unit_test(
			who_runs_both_parties_does_not_let_one_certify_the_other),
		cmocka_unit_test(nobody_goes_back_to_remedies_that_it_knows_to_be_over),
		cmocka_unit_test(
			what_rests_on_no_version_is_made_good_by_none_that_is_over),
		cmocka_unit_test(what_was_said_before_goes_on_by_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
