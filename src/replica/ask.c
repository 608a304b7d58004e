#include "replica.h"

#define NOT_YET UINT64_MAX /* Central has not said yet what to wait for. */

/* Answers q, which is no longer in the list. */
static void answer(struct troth_question *q, bool ok, const char *why)
{
	q->ok = ok;
	if (!ok)
		(void)troth_fail(&q->why, TROTH_ERR_AGAIN, "%s", why);
	q->done(q);
}

static uint32_t send_question(struct troth_gateway *g, const struct troth_question *q)
{
	struct troth_bus_request m = { .type = q->find ? TROTH_BUS_FIND
						       : TROTH_BUS_FRESH };
	struct troth_buf bytes = TROTH_BUF_INIT;
	uint32_t request = 0;

	if (q->find)
		m.u.find.order_number = q->order_number;
	troth_bus_request_encode(&m, &bytes);
	if (!bytes.failed)
		request = g->io.send(g->io.ctx, &bytes);
	troth_buf_fini(&bytes);
	return request;
}

void troth_gateway_ask(struct troth_gateway *g, struct troth_question *q,
		       struct troth_time now)
{
	char since[TROTH_TIME_TEXT];
	struct troth_why why;

	q->found_count = 0;
	q->wait_for = NOT_YET;
	q->deadline = (struct troth_time){ now.ms + q->timeout_ms };
	q->request = 0;
	if (g->phase == PHASE_LIVE)
		q->request = send_question(g, q);
	if (q->request != 0) {
		q->next = g->questions;
		g->questions = q;
		return;
	}
	troth_time_format(since, g->since);
	(void)troth_fail(&why, TROTH_ERR_AGAIN, "no link to central since %s%s%s", since,
			 g->trouble[0] != '\0' ? ": " : "", g->trouble);
	answer(q, false,
	       g->phase == PHASE_LIVE ? "too many questions to central wait" : why.text);
}

struct troth_question *questions_find(struct troth_gateway *g, uint32_t request)
{
	struct troth_question *q = g->questions;

	while (q != NULL && q->request != request)
		q = q->next;
	return q;
}

static void take_out(struct troth_gateway *g, const struct troth_question *q)
{
	struct troth_question **at = &g->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
}

void questions_on_answer(struct troth_gateway *g, struct troth_question *q,
			 const struct troth_bus_reply *reply)
{
	struct troth_why why;

	q->request = 0;
	if (reply->type == TROTH_BUS_FRESH) {
		q->wait_for = reply->u.fresh.feed_len;
		return; /* Ready as soon as all of that is applied. */
	}
	take_out(g, q);
	if (reply->type == TROTH_BUS_ERROR) {
		(void)troth_fail(&why, TROTH_ERR_AGAIN, "central declined: %s",
				 reply->u.error.text);
		answer(q, false, why.text);
		return;
	}
	while (q->found_count < reply->u.find.count &&
	       q->found_count < TROTH_LEN(q->found)) {
		q->found[q->found_count] = reply->u.find.orders[q->found_count];
		q->found_count++;
	}
	answer(q, true, NULL);
}

static bool ready(const struct troth_gateway *g, const struct troth_question *q)
{
	return q->wait_for != NOT_YET &&
	       (q->wait_for <= g->kept.cursor || TROTH_MUTANT(fresh_does_not_wait));
}

void questions_settle(struct troth_gateway *g)
{
	struct troth_question *q = g->questions, *next;
	struct troth_why why;

	for (; q != NULL; q = next) {
		next = q->next;
		if (ready(g, q)) {
			take_out(g, q);
			answer(q, true, NULL);
		} else if (q->deadline.ms <= g->raw_ms) {
			take_out(g, q);
			(void)troth_fail(
				&why, TROTH_ERR_AGAIN,
				q->wait_for == NOT_YET
					? "no word from central within %lld ms"
					: "central has answered, but its entries "
					  "did not come within %lld ms",
				(long long)q->timeout_ms);
			answer(q, false, why.text);
		}
	}
}

void questions_fail(struct troth_gateway *g, const char *why)
{
	while (g->questions != NULL) {
		struct troth_question *q = g->questions;

		g->questions = q->next;
		answer(q, false, why);
	}
}

int64_t questions_due_ms(const struct troth_gateway *g)
{
	int64_t due = INT64_MAX;

	for (const struct troth_question *q = g->questions; q != NULL; q = q->next) {
		if (ready(g, q))
			return g->raw_ms;
		if (q->deadline.ms < due)
			due = q->deadline.ms;
	}
	return due;
}
