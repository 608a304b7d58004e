/*
 * Delegated authority, as people have to do with it: HQ publishes policies, gives
 * grants and pools, and moves them about; agents ask "may I", speak, or do not.
 */
#include "book.h"

#include "troth/base/text.h"
#include "troth/core/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW       8 /* Of the kinds that are asked about. */
#define BIT(kind) (1u << TROTH_KIND_##kind)

/* What odd versions and even ones say. */
#define ROUTES                                                                           \
	"routes: ("                                                                      \
	" { kind = \"redelivery\"; on = \"order\"; owed = ("                             \
	"   { debtor = \"carrier\"; action = \"deliver\"; acceptance = \"2 seconds\"; }" \
	" ); },"                                                                         \
	" { kind = \"replacement\"; owed = ("                                            \
	"   { debtor = \"brand\"; action = \"pack\"; before_due = \"20 seconds\"; },"    \
	"   { debtor = \"maker\"; action = \"tell_customer\"; } ); },"                   \
	" { owed = ( { debtor = \"maker\"; action = \"pack\";"                           \
	"   acceptance = \"1 second\"; } ); } );"

static const char *const rules[] = {
	"rules: ("
	" { kind = \"gift\"; earliest = \"40 seconds\"; offer = \"6 seconds\";"
	"   grace = \"5 seconds\"; }, { kind = \"delivery\"; },"
	" { kind = \"credit\"; most = 4000; earliest = \"70 seconds\"; offer = \"9 "
	"seconds\"; grace = \"3 seconds\"; },"
	" { kind = \"callback\"; earliest = \"30 seconds\"; offer = \"4 seconds\"; },"
	" { kind = \"redelivery\"; earliest = \"50 seconds\"; offer = \"5 seconds\"; },"
	" { kind = \"refund\"; forbidden = true; },"
	" { kind = \"replacement\"; earliest = \"90 seconds\"; } );" ROUTES,

	"rules: ("
	" { kind = \"gift\"; most = 3; earliest = \"50 seconds\"; offer = \"3 seconds\"; "
	"},"
	" { kind = \"credit\"; most = 3500; earliest = \"20 seconds\"; offer = \"12 "
	"seconds\"; },"
	" { kind = \"callback\"; earliest = \"60 seconds\"; offer = \"5 seconds\"; "
	"grace = \"1 second\"; },"
	" { kind = \"redelivery\"; earliest = \"40 seconds\"; offer = \"5 seconds\"; },"
	" { kind = \"refund\"; forbidden = true; },"
	" { kind = \"repair\"; forbidden = true; },"
	" { kind = \"replacement\"; earliest = \"60 seconds\"; } );" ROUTES,
};

int64_t policy_grace_ms(uint64_t version, enum troth_kind kind)
{
	if (version % 2 == 1 && kind == TROTH_KIND_CREDIT)
		return 3000;
	if (version % 2 == 1 && kind == TROTH_KIND_GIFT)
		return 5000;
	return version > 0 && version % 2 == 0 && kind == TROTH_KIND_CALLBACK ? 1000 : 0;
}

bool policy_forbids(uint64_t version, enum troth_kind kind, int64_t cost)
{
	bool odd = version % 2 == 1;

	switch ((unsigned)kind) {
	case TROTH_KIND_REFUND:
		return true;
	case TROTH_KIND_REPAIR:
		return !odd;
	case TROTH_KIND_CREDIT:
		return cost > (odd ? 4000 : 3500);
	case TROTH_KIND_GIFT:
		return !odd && cost > 3;
	default:
		return false;
	}
}

/* ---- What HQ gives at first ---- */

static const struct {
	const char *party;
	struct troth_grant grant;
} grants[] = {
	{ "acme",
	  { .grant = "gifts",
	    .kinds = BIT(GIFT),
	    .sku_count = 1,
	    .skus = { { "HDMI-2M" } },
	    .most = 2,
	    .per_customer = 6,
	    .period_ms = 30000,
	    .pool = "cables" } },
	{ "acme",
	  { .grant = "credits",
	    .kinds = BIT(CREDIT) | BIT(REFUND),
	    .currency = "EUR",
	    .most = 2000,
	    .per_customer = 5000,
	    .period_ms = 60000,
	    .pool = "goodwill" } },
	{ "acme",
	  { .grant = "second-tries", .kinds = BIT(REDELIVERY), .most = 1, .level = 2 } },
	{ "acme",
	  { .grant = "calls",
	    .kinds = BIT(CALLBACK),
	    .most = 1,
	    .per_customer = 2,
	    .period_ms = 40000 } },
	{ "zeta",
	  { .grant = "gifts",
	    .kinds = BIT(GIFT),
	    .sku_count = 1,
	    .skus = { { "HDMI-2M" } },
	    .most = 1,
	    .pool = "cables" } },
	{ "zeta",
	  { .grant = "credits",
	    .kinds = BIT(CREDIT) | BIT(REFUND),
	    .currency = "EUR",
	    .most = 2500,
	    .pool = "goodwill" } },
	{ "mall",
	  { .grant = "gifts",
	    .kinds = BIT(GIFT),
	    .sku_count = 1,
	    .skus = { { "HDMI-2M" } },
	    .most = 2,
	    .per_customer = 3,
	    .period_ms = 60000,
	    .pool = "cables" } },
};

static const struct troth_agent agents[] = {
	{ .party = "acme", .actor = "ann", .level = 2 },
	{ .party = "acme", .actor = "bob", .level = 1 },
};

static const char *const actors[] = { "ann", "bob", "cyd" };

static struct troth_event *draft(struct op *op, enum troth_event_type type,
				 const char *party)
{
	struct troth_event *e = calloc(1, sizeof(*e));

	if (e == NULL)
		abort();
	op->drafts[op->count++] = e;
	e->type = type;
	if (party == NULL)
		return e; /* About the federation. */
	e->subject_kind = TROTH_SUBJECT_AUTHORITY;
	e->subject = troth_authority_id(party);
	return e;
}

static struct troth_span text_of(size_t i)
{
	static char texts[TROTH_LEN(rules)][6000];

	if (texts[i][0] == '\0')
		(void)snprintf(texts[i], sizeof(texts[i]), "%s\n%s", rules[i],
			       recovery_policy((unsigned)i + 1));
	return troth_span_str(texts[i]);
}

static void publish(struct sim *s, struct op *op)
{
	struct troth_event *e = draft(op, TROTH_EVENT_POLICY_PUBLISHED, NULL);
	uint64_t newest = oracle_policies(s);

	if (newest >= POLICIES_MAX - 1)
		newest = 0; /* Enough of them: this one is declined. */
	e->subject_kind = TROTH_SUBJECT_FEDERATION;
	e->u.policy.version = newest + 1;
	e->u.policy.policy_text = text_of(newest % TROTH_LEN(rules));
}

static void set_pool(struct sim *s, struct op *op, bool money)
{
	struct troth_event *e = draft(op, TROTH_EVENT_POOL_SET, "brand");
	struct troth_pool *p = &e->u.pool;

	TROTH_TEXT_SET(p->pool, money ? "goodwill" : "cables");
	TROTH_TEXT_SET(p->currency, money ? "EUR" : "");
	TROTH_TEXT_SET(p->sku, money ? "" : "HDMI-2M");
	p->total = money ? dice_between(&s->dice, 4000, 16000)
			 : dice_between(&s->dice, 4, 24);
	p->share = money ? 4000 : 5;
	p->low = money ? 1500 : 2;
	p->idle_ms = dice_percent(&s->dice, 50) ? dice_between(&s->dice, 8000, 60000) : 0;
}

bool authority_found(struct sim *s, struct op *op)
{
	struct troth_event *e;

	if (oracle_policies(s) == 0) {
		publish(s, op);
		return true;
	}
	for (int money = 0; money < 2; money++)
		if (!book_has_pool(s, money ? "goodwill" : "cables")) {
			set_pool(s, op, money != 0);
			return true;
		}
	for (size_t i = 0; i < TROTH_LEN(grants); i++)
		if (!book_has_grant(s, grants[i].party, grants[i].grant.grant)) {
			e = draft(op, TROTH_EVENT_GRANT_GIVEN, grants[i].party);
			TROTH_TEXT_SET(e->u.grant.party, grants[i].party);
			e->u.grant.grant = grants[i].grant;
			return true;
		}
	for (size_t i = 0; i < TROTH_LEN(agents); i++)
		if (!book_has_agent(s, agents[i].party, agents[i].actor)) {
			e = draft(op, TROTH_EVENT_AGENT_CERTIFIED, agents[i].party);
			e->u.agent = agents[i];
			return true;
		}
	return false;
}

/* ---- What HQ does later ---- */

static void change_grant(struct sim *s, struct op *op)
{
	size_t i = (size_t)dice_below(&s->dice, TROTH_LEN(grants));
	bool withdraw = dice_percent(&s->dice, 30);
	struct troth_event *e = draft(
		op, withdraw ? TROTH_EVENT_GRANT_WITHDRAWN : TROTH_EVENT_GRANT_GIVEN,
		grants[i].party);
	struct troth_grant *g = &e->u.grant.grant;

	TROTH_TEXT_SET(e->u.grant.party, grants[i].party);
	if (withdraw) {
		TROTH_TEXT_SET(g->grant, grants[i].grant.grant);
		TROTH_TEXT_SET(e->u.grant.reason, "changed");
		return;
	}
	*g = grants[i].grant;
	if (g->currency[0] != '\0')
		g->most = dice_between(&s->dice, 5, 30) * 100;
	else
		g->most = dice_between(&s->dice, 1, 3);
}

static void certify(struct sim *s, struct op *op)
{
	const struct troth_agent *a = &agents[dice_below(&s->dice, TROTH_LEN(agents))];
	struct troth_event *e = draft(op, TROTH_EVENT_AGENT_CERTIFIED, a->party);

	e->u.agent = *a;
	e->u.agent.level = (uint32_t)dice_between(&s->dice, 0, 3);
}

static void stand(struct sim *s, struct op *op)
{
	const char *party = grants[dice_below(&s->dice, TROTH_LEN(grants))].party;
	/* Mostly what leads somewhere; few are suspended for long. */
	bool resume = book_is_suspended(s, party) || dice_percent(&s->dice, 20);
	struct troth_event *e = draft(
		op, resume ? TROTH_EVENT_PARTY_RESUMED : TROTH_EVENT_PARTY_SUSPENDED,
		party);

	TROTH_TEXT_SET(e->u.standing.party, party);
	if (!resume)
		TROTH_TEXT_SET(e->u.standing.reason, "audit");
}

static void withdraw_policy(struct sim *s, struct op *op)
{
	struct troth_event *e = draft(op, TROTH_EVENT_POLICY_WITHDRAWN, NULL);

	e->subject_kind = TROTH_SUBJECT_FEDERATION;
	e->u.policy.version = oracle_policies(s);
	TROTH_TEXT_SET(e->u.policy.reason, "wrong");
}

/* Asks a share back, for another site or for nobody; takes that back; or freezes it. */
static void move_share(struct sim *s, struct op *op, bool freeze)
{
	const struct held *from = book_any_share(s), *to = book_any_share(s);
	struct troth_event *e;

	if (from == NULL)
		return;
	e = draft(op, freeze ? TROTH_EVENT_SHARE_FROZEN : TROTH_EVENT_SHARE_RECALLED,
		  from->party);
	TROTH_TEXT_SET(e->u.share.party, from->party);
	TROTH_TEXT_SET(e->u.share.site, from->site);
	TROTH_TEXT_SET(e->u.share.pool, from->pool);
	TROTH_TEXT_SET(e->u.share.reason, freeze ? "doubt" : "moved");
	if (freeze || (from->recalled > 0 && dice_percent(&s->dice, 40)))
		return; /* The amount is 0. */
	e->u.share.amount = strcmp(from->pool, "goodwill") == 0
				    ? dice_between(&s->dice, 1, 3000)
				    : dice_between(&s->dice, 1, 4);
	if (to != from && strcmp(to->pool, from->pool) == 0) {
		TROTH_TEXT_SET(e->u.share.to_party, to->party);
		TROTH_TEXT_SET(e->u.share.to_site, to->site);
	}
}

bool authority_thaw(struct sim *s, struct op *op)
{
	const struct held *h = book_to_thaw(s);
	struct troth_event *e;

	if (h == NULL)
		return false;
	e = draft(op, TROTH_EVENT_SHARE_THAWED, h->party);
	TROTH_TEXT_SET(e->u.share.party, h->party);
	TROTH_TEXT_SET(e->u.share.site, h->site);
	TROTH_TEXT_SET(e->u.share.pool, h->pool);
	e->u.share.amount = book_truth(s, h);
	return true;
}

static void hq_acts(struct sim *s, struct op *op)
{
	unsigned dice = (unsigned)dice_below(&s->dice, 100);

	if (dice_percent(&s->dice, 50) && authority_thaw(s, op))
		return;
	if (book_is_withdrawn(s) && dice_percent(&s->dice, 60)) {
		publish(s, op);
		return;
	}
	if (dice < 25)
		set_pool(s, op, dice_percent(&s->dice, 50));
	else if (dice < 45)
		change_grant(s, op);
	else if (dice < 55)
		certify(s, op);
	else if (dice < 70)
		stand(s, op);
	else if (dice < 90)
		move_share(s, op, dice < 74);
	else if (dice < 96)
		publish(s, op);
	else
		withdraw_policy(s, op);
}

/* ---- May I? ---- */

/* The one who sells it, where this site works for it. */
static const char *on_behalf(struct sim *s, const struct node *n)
{
	const struct troth_subject *v = &s->view->subject;
	bool mall = troth_subject_is_participant(v, "mall") &&
		    !troth_subject_is_participant(v, "acme");

	return strcmp(n->party, "acme") == 0 && dice_percent(&s->dice, mall ? 95 : 3)
		       ? "mall"
		       : "";
}

static void value(struct sim *s, const char *party, struct troth_asked *a)
{
	bool money = a->kind == TROTH_KIND_CREDIT || a->kind == TROTH_KIND_REFUND;
	int64_t most = book_most(s, party, money ? "credits" : "gifts");

	if (money) {
		a->amount = dice_between(&s->dice, 1, 15) * 100;
		if (dice_percent(&s->dice, 25))
			a->amount = most + (int64_t)dice_below(&s->dice, 2);
		else if (dice_percent(&s->dice, 5))
			a->amount = 4001;
		if (a->amount == 0)
			a->amount = 1;
		TROTH_TEXT_SET(a->currency, "EUR");
	}
	if (a->kind == TROTH_KIND_GIFT || a->kind == TROTH_KIND_REPLACEMENT) {
		TROTH_TEXT_SET(a->sku, dice_percent(&s->dice, 95) ? "HDMI-2M" : "TV");
		a->quantity = 1;
		if (dice_percent(&s->dice, 50))
			a->quantity = (uint32_t)(most > 0 ? most : 1) +
				      dice_percent(&s->dice, 25);
	}
}

static bool takes_part(struct sim *s, struct node *n, const struct thing *thing)
{
	const struct troth_subject *v = &s->view->subject;

	if (!draft_look(s, n, thing))
		return false;
	if (!troth_subject_is_participant(v, n->party) &&
	    (strcmp(n->party, "acme") != 0 || !troth_subject_is_participant(v, "mall")))
		return false;
	return thing->kind == TROTH_SUBJECT_ORDER
		       ? v->order.state != TROTH_ORDER_CANCELLED
		       : v->cas.state != TROTH_CASE_CLOSED;
}

static bool has_policy(const struct node *n)
{
	struct troth_txn t;
	bool has;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	has = troth_state_newest_policy(&t) > 0;
	troth_txn_abort(&t);
	return has;
}

static bool question(struct sim *s, struct node *n, struct op *op)
{
	static const enum troth_kind kinds[] = {
		TROTH_KIND_GIFT,        TROTH_KIND_GIFT,       TROTH_KIND_GIFT,
		TROTH_KIND_GIFT,        TROTH_KIND_CREDIT,     TROTH_KIND_CREDIT,
		TROTH_KIND_CREDIT,      TROTH_KIND_CREDIT,     TROTH_KIND_CALLBACK,
		TROTH_KIND_REDELIVERY,  TROTH_KIND_REDELIVERY, TROTH_KIND_REFUND,
		TROTH_KIND_REPLACEMENT, TROTH_KIND_REPAIR,
	};
	const struct thing *thing = NULL;
	struct troth_event *e;
	bool few = false; /* Only what most grants are over. */

	if (strcmp(n->party, "acme") != 0 && strcmp(n->party, "zeta") != 0 &&
	    dice_percent(&s->dice, 80))
		return false; /* Who has no authority asks rarely. */
	for (int i = 0; i < 8 && thing == NULL; i++) {
		thing = &s->things[dice_below(&s->dice, s->thing_count)];
		if (!takes_part(s, n, thing) && dice_percent(&s->dice, 99))
			thing = NULL;
	}
	if (thing == NULL)
		return false;
	e = draft(op, TROTH_EVENT_PROMISE_MADE, "");
	e->subject_kind = thing->kind;
	e->subject = thing->id;
	TROTH_TEXT_SET(e->on_behalf, on_behalf(s, n));
	if (strcmp(n->party, "acme") != 0 || e->on_behalf[0] != '\0')
		few = dice_percent(&s->dice, 85);
	TROTH_TEXT_SET(e->actor, actors[dice_below(&s->dice, TROTH_LEN(actors))]);
	e->u.promise.channel = TROTH_CHANNEL_PHONE;
	e->u.promise.id = draft_id(s, n);
	/* By its reason the promise is found again in the ledger. */
	(void)snprintf(e->u.promise.reason, sizeof(e->u.promise.reason), "op-%u",
		       op->number);
	op->question = op->named = true;
	TROTH_TEXT_SET(op->customer, s->view->subject.customer);
	op->asked = (struct troth_asked){
		.kind = kinds[dice_below(&s->dice, few ? FEW : TROTH_LEN(kinds))],
	};
	value(s, e->on_behalf[0] != '\0' ? e->on_behalf : n->party, &op->asked);
	/* Without a rule it would be due, and stand, for a day. */
	if (op->asked.kind == TROTH_KIND_REPAIR || !has_policy(n) ||
	    dice_percent(&s->dice, 30))
		op->asked.due.ms = node_time(s, n) +
				   dice_between(&s->dice,
						dice_percent(&s->dice, 10) ? -1000
									   : 20000,
						120000);
	return true;
}

/* Tells a customer what was answered yes, in time or not; or takes it back. */
static bool speak(struct sim *s, struct node *n, struct op *op)
{
	const struct yes *y = book_to_speak(s, n);
	struct troth_event *e;

	if (y == NULL)
		return false;
	e = draft(op, TROTH_EVENT_PROMISE_STEP, "");
	e->subject_kind = y->kind;
	e->subject = y->subject;
	e->u.promise_step.promise = y->promise;
	e->u.promise_step.action = y->spoken ? TROTH_PROMISE_DO_RELEASE
					     : TROTH_PROMISE_DO_ACTIVATE;
	if (strcmp(y->party, n->party) != 0)
		TROTH_TEXT_SET(e->on_behalf, y->party);
	return true;
}

/* Decides what a colleague was not certified for. */
static bool supervise(struct sim *s, struct node *n, struct op *op)
{
	const struct troth_subject *v = &s->view->subject;
	const struct troth_promise *p = NULL;
	const struct thing *thing = NULL;
	struct troth_event *e;

	for (int i = 0; i < 8 && p == NULL; i++) {
		thing = &s->things[dice_below(&s->dice, s->thing_count)];
		if (!draft_look(s, n, thing))
			continue;
		for (unsigned k = 0; k < v->promise_count; k++)
			if (v->promises[k].state == TROTH_PROMISE_PENDING_APPROVAL &&
			    v->promises[k].asked == TROTH_REASON_UNCERTIFIED)
				p = &v->promises[k];
	}
	if (p == NULL)
		return false;
	e = draft(op, TROTH_EVENT_PROMISE_STEP, "");
	e->subject_kind = thing->kind;
	e->subject = thing->id;
	e->u.promise_step.promise = p->id;
	e->u.promise_step.action = TROTH_PROMISE_DO_APPROVE;
	TROTH_TEXT_SET(e->actor, actors[dice_below(&s->dice, TROTH_LEN(actors))]);
	(void)snprintf(e->u.promise_step.reason, sizeof(e->u.promise_step.reason),
		       "op-%u", op->number);
	op->named = true;
	return true;
}

bool authority_draft(struct sim *s, struct node *n, struct op *op)
{
	if (s->thing_count < 3 || oracle_policies(s) == 0)
		return false;
	if (n->number == 0) {
		if (!dice_percent(&s->dice, 30))
			return false;
		hq_acts(s, op);
		return op->count > 0;
	}
	if (dice_percent(&s->dice, 60) && speak(s, n, op))
		return true;
	if (strcmp(n->party, "acme") == 0 && dice_percent(&s->dice, 20) &&
	    supervise(s, n, op))
		return true;
	return dice_percent(&s->dice, 35) && question(s, n, op);
}
