/* What comes from central goes to whom it is for. */
#include "replica.h"

static struct flight *flight_of(struct troth_gateway *g, uint32_t request)
{
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		if (g->flights[i].request == request)
			return &g->flights[i];
	return NULL;
}

static void dispatch(struct troth_gateway *g, const struct flight *f,
		     struct troth_bus_reply *reply)
{
	if (reply->type == TROTH_BUS_ERROR) {
		uplink_on_error(g, f, &reply->u.error);
		return;
	}
	if (reply->type != f->type) {
		replica_lose(g, "central answered another question than was asked");
		return;
	}
	switch (reply->type) {
	case TROTH_BUS_HELLO:
		uplink_on_hello(g, &reply->u.hello);
		break;
	case TROTH_BUS_SUBMIT:
		uplink_on_submit(g, f, &reply->u.submit);
		break;
	case TROTH_BUS_FOLLOW:
		follow_on_answer(g, reply);
		break;
	case TROTH_BUS_RECEIVE:
		follow_on_reported(g, f);
		break;
	case TROTH_BUS_FRESH:
	case TROTH_BUS_FIND:
	case TROTH_BUS_ERROR:
		break;
	}
}

void troth_gateway_reply(struct troth_gateway *g, uint32_t request,
			 struct troth_span bytes, struct troth_time now)
{
	struct troth_bus_reply reply = { .owner = NULL };
	struct troth_question *q;
	struct troth_why why;
	struct flight *found, f;

	replica_set_clock(g, now);
	if (request == 0 || g->phase == PHASE_DOWN)
		return;
	found = flight_of(g, request);
	q = found == NULL ? questions_find(g, request) : NULL;
	if (found == NULL && q == NULL)
		return; /* Of a connection that is gone, or over its time. */
	if (troth_bus_reply_decode(&reply, bytes, &why) != TROTH_OK) {
		replica_note(g, "bad_answer", "%s", why.text);
		replica_lose(g, "central's answer cannot be read: %s", why.text);
		return;
	}
	if (found != NULL) {
		f = *found;
		found->request = 0;
		if (reply.type == TROTH_BUS_SUBMIT)
			replica_grow(&g->submit_bytes, f.bytes);
		else if (reply.type == TROTH_BUS_FOLLOW)
			follow_aim(g, bytes.len);
		dispatch(g, &f, &reply);
	} else if (reply.type == TROTH_BUS_ERROR ||
		   reply.type == (q->find ? TROTH_BUS_FIND : TROTH_BUS_FRESH)) {
		questions_on_answer(g, q, &reply);
	} else {
		replica_lose(g, "central answered another question than was asked");
	}
	troth_bus_reply_fini(&reply);
}
