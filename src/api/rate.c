/*
 * rate - how many requests in a row a token may make: a bucket of tokens for each.
 */
#include "api.h"

/* Two tokens that meet in one bucket take turns in it; that costs nobody anything. */
bool troth_api_allow(struct troth_api *api, const struct troth_caller *who)
{
	size_t at = (who->id.b[0] | (size_t)who->id.b[1] << 8) % TROTH_API_BUCKETS;
	struct troth_bucket *b = &api->buckets[at];
	double rate = api->config.requests_per_s;
	int64_t now = troth_server_ms();

	if (!troth_digest_eq(&b->id, &who->id))
		*b = (struct troth_bucket){ who->id, now, 2 * rate };
	b->tokens += (double)(now - b->at_ms) * rate / 1000;
	b->at_ms = now;
	if (b->tokens > 2 * rate)
		b->tokens = 2 * rate;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}
