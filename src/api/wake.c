/*
 * wake - what other threads tell the API's thread, which wakes to hear it; and its clock.
 */
#include "sockets.h"

#include <time.h>

int64_t troth_server_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void troth_server_wake(struct troth_server *s)
{
	bool first;

	(void)pthread_mutex_lock(&s->lock);
	first = !s->woken;
	s->woken = true;
	(void)pthread_mutex_unlock(&s->lock);
	if (first)
		lws_cancel_service(s->lws);
}

void troth_server_finished(struct troth_server *s, struct troth_call *c)
{
	bool first;

	c->next = NULL;
	(void)pthread_mutex_lock(&s->lock);
	*s->finished_last = c;
	s->finished_last = &c->next;
	first = !s->woken;
	s->woken = true;
	(void)pthread_mutex_unlock(&s->lock);
	if (first)
		lws_cancel_service(s->lws);
}

struct troth_call *troth_server_take_finished(struct troth_server *s)
{
	struct troth_call *calls;

	(void)pthread_mutex_lock(&s->lock);
	calls = s->finished;
	s->finished = NULL;
	s->finished_last = &s->finished;
	s->woken = false;
	(void)pthread_mutex_unlock(&s->lock);
	return calls;
}

void troth_api_advanced(struct troth_api *api, uint64_t stream_len)
{
	atomic_store(&api->server->stream_len, stream_len);
	troth_server_wake(api->server);
}

void troth_api_ready(struct troth_api *api, bool ready)
{
	atomic_store(&api->server->ready, ready);
}

bool troth_server_is_ready(struct troth_server *s)
{
	return atomic_load(&s->ready) && !atomic_load(&s->stopping);
}
