/*
 * reply - what whoever answers a call needs of it: what its query says, what its caller
 * may see, what time it is, and where the answer goes.
 */
#include "api.h"

#include <string.h>

const char *troth_call_query(const struct troth_call *c, const char *name)
{
	size_t len = strlen(name);

	for (const char *q = c->query; *q != '\0'; q += strlen(q) + 1)
		if (strncmp(q, name, len) == 0 && q[len] == '=')
			return q + len + 1;
	return NULL;
}

struct troth_time troth_call_now(const struct troth_call *c)
{
	return c->api->engine->now(c->api->engine->ctx);
}

struct troth_out troth_call_reply(struct troth_call *c, unsigned status)
{
	struct troth_out o;

	troth_buf_reset(&c->reply);
	c->status = status;
	c->content_type = NULL;
	c->done = true;
	o = troth_out(&c->reply);
	troth_out_object(&o, NULL);
	return o;
}

bool troth_call_may_see_personal(const struct troth_call *c)
{
	return (c->caller.scopes & TROTH_SCOPE_PERSONAL) != 0;
}
