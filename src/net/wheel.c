#include "troth/net/wheel.h"

#include <assert.h>

/* First tick at which a timer for `ms` may fire. */
static uint64_t tick_of(uint64_t ms)
{
	return (ms + TROTH_WHEEL_TICK_MS - 1) / TROTH_WHEEL_TICK_MS;
}

void troth_wheel_init(struct troth_wheel *w, uint64_t now_ms)
{
	*w = (struct troth_wheel){ .tick = now_ms / TROTH_WHEEL_TICK_MS };
	for (size_t i = 0; i < TROTH_WHEEL_SLOTS; i++)
		w->slots[i].next = w->slots[i].prev = &w->slots[i];
}

void troth_wheel_clear(struct troth_wheel *w, struct troth_timer *t)
{
	if (!troth_timer_is_set(t))
		return;
	/* Alone in its ring: what is left is the head, and the slot is empty. */
	if (t->next == t->prev) {
		size_t slot = (size_t)(t->next - w->slots);

		w->used[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	}
	t->next->prev = t->prev;
	t->prev->next = t->next;
	t->next = t->prev = NULL;
	w->count--;
}

void troth_wheel_set(struct troth_wheel *w, struct troth_timer *t, uint64_t at_ms)
{
	uint64_t tick = tick_of(at_ms);
	size_t slot;

	troth_wheel_clear(w, t);
	if (tick < w->tick)
		tick = w->tick;
	slot = tick % TROTH_WHEEL_SLOTS;
	t->at_ms = at_ms;
	t->next = &w->slots[slot];
	t->prev = w->slots[slot].prev;
	t->prev->next = t;
	t->next->prev = t;
	w->used[slot / 64] |= UINT64_C(1) << slot % 64;
	w->count++;
}

/* Distance from w->tick to the next slot in use after it; a whole turn if none is. */
static uint64_t next_used(const struct troth_wheel *w)
{
	uint64_t skipped = 1;

	while (skipped < TROTH_WHEEL_SLOTS) {
		size_t slot = (w->tick + skipped) % TROTH_WHEEL_SLOTS;
		uint64_t word = w->used[slot / 64] >> slot % 64;

		if (word != 0) {
			skipped += (uint64_t)__builtin_ctzll(word);
			break;
		}
		skipped += 64 - slot % 64;
	}
	return skipped < TROTH_WHEEL_SLOTS ? skipped : TROTH_WHEEL_SLOTS;
}

/* One of the slot of w->tick that is due by `tick`, or NULL. */
static struct troth_timer *find_due(const struct troth_wheel *w, uint64_t tick)
{
	const struct troth_timer *head = &w->slots[w->tick % TROTH_WHEEL_SLOTS];

	/* Others in the ring belong to a later turn. */
	for (struct troth_timer *t = head->next; t != head; t = t->next)
		if (tick_of(t->at_ms) <= tick)
			return t;
	return NULL;
}

struct troth_timer *troth_wheel_due(struct troth_wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / TROTH_WHEEL_TICK_MS;

	while (w->tick <= now) {
		struct troth_timer *t = find_due(w, now);

		if (t != NULL) {
			troth_wheel_clear(w, t);
			return t;
		}
		/* The slot of the present tick may still get timers: stay at it. */
		if (w->tick == now)
			break;
		w->tick = w->count == 0 ? now : w->tick + 1;
	}
	return NULL;
}

uint64_t troth_wheel_wait(const struct troth_wheel *w, uint64_t now_ms)
{
	uint64_t at;

	if (w->count == 0)
		return UINT64_MAX;
	if (find_due(w, w->tick) != NULL)
		return 0;
	at = (w->tick + next_used(w)) * TROTH_WHEEL_TICK_MS;
	return at > now_ms ? at - now_ms : 0;
}
