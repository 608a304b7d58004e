/* The troubles. Each seed has its own mixture of them, some have none. */
#include "sim.h"

#include "troth/wire/bus.h"

#include <stdlib.h>
#include <string.h>

static unsigned some(struct sim *s, unsigned most)
{
	return dice_percent(&s->dice, 55)
		       ? (unsigned)dice_between(&s->dice, most / 3 + 1, most)
		       : 0;
}

void fault_init(struct sim *s)
{
	struct weights *w = &s->weights;

	if (dice_percent(&s->dice, 5))
		return; /* Fair weather. */
	*w = (struct weights){
		.cut = some(s, 30),
		.stall = some(s, 12),
		.partition = some(s, 10),
		.crash = some(s, 14),
		.crash_central = some(s, 8),
		.doom = some(s, 16),
		.full = some(s, 8),
		.slow = some(s, 10),
		.jump = some(s, 10),
		.snapshot = some(s, 14),
		.restore = some(s, 8),
		.central_back = some(s, 4),
		.rogue = some(s, 10),
		.stop = some(s, 6),
		.garble = some(s, 5),
	};
	if (w->restore > 0 || w->central_back > 0)
		w->snapshot += 10;
	sim_push(s, s->now + 3000, SIM_FAULT, 0, 0);
}

static struct node *any_node(struct sim *s)
{
	return &s->nodes[dice_below(&s->dice, s->node_count)];
}

static struct node *any_site(struct sim *s)
{
	return &s->nodes[1 + dice_below(&s->dice, s->node_count - 1)];
}

static void crash(struct sim *s, struct node *n)
{
	if (!n->up || (n->number == 0 && s->window))
		return;
	node_kill(s, n);
	sim_push(s,
		 s->now + (dice_percent(&s->dice, 80)
				   ? dice_between(&s->dice, 20, 5000)
				   : dice_between(&s->dice, 5000, 90000)),
		 SIM_BOOT, n->number, n->boots);
}

static void stall(struct sim *s, struct node *n, bool both)
{
	int64_t ms = dice_percent(&s->dice, 75) ? dice_between(&s->dice, 100, 8000)
						: dice_between(&s->dice, 8000, 60000);
	unsigned way = (unsigned)dice_below(&s->dice, 2);

	sim_log(s, "net: site %u is cut off %s for %lld ms", n->number,
		both                ? "both ways"
		: way == TO_CENTRAL ? "towards central"
				    : "from central",
		(long long)ms);
	for (unsigned i = 0; i < 2; i++)
		if ((both || i == way) && n->stalled_until[i] < s->now + ms)
			n->stalled_until[i] = s->now + ms;
}

static void jump(struct sim *s, struct node *n)
{
	n->skew = dice_percent(&s->dice, 50) ? dice_between(&s->dice, -180000, 180000)
					     : dice_between(&s->dice, -2000, 2000);
	sim_log(s, "site %u: its clock is now %lld ms off", n->number,
		(long long)n->skew);
	node_poke(s, n);
}

static void doom(struct sim *s, struct node *n)
{
	if (n->number == 0 && s->window)
		return;
	n->doom = dice_percent(&s->dice, 50) ? MEMKV_IO : MEMKV_LOST;
}

static void fill_disk(struct sim *s, struct node *n)
{
	n->full_until = s->now + dice_between(&s->dice, 200, 8000);
	if (dice_percent(&s->dice, 50))
		memkv_disk_set_room(n->disk, TROTH_ROOM_REFUSE);
	sim_log(s, "node %u: its disk is full", n->number);
}

static void make_room(struct sim *s)
{
	for (unsigned i = 0; i < s->node_count; i++)
		if (s->nodes[i].full_until <= s->now || s->calm)
			memkv_disk_set_room(s->nodes[i].disk, TROTH_ROOM_OK);
}

static void restore(struct sim *s, struct node *n)
{
	unsigned i = (unsigned)dice_below(&s->dice, IMAGES_MAX);

	if (n->images[i] != NULL && n->up && !s->window)
		node_restore(s, n, i);
}

/* ---- Central, put back from an old backup ---- */

static uint64_t seen_of(const struct node *n)
{
	struct troth_txn t;
	uint64_t position;

	troth_txn_begin(&t, n->kv, TROTH_TXN_READ);
	position = troth_state_meta(&t, TROTH_META_POSITION);
	troth_txn_abort(&t);
	return position;
}

/*
 * For some seconds central is what it was; only sites that have seen more of it
 * can reach it, and must refuse it. Then the newer state is put back.
 */
static void central_back(struct sim *s)
{
	struct node *central = &s->nodes[0];
	unsigned i = (unsigned)dice_below(&s->dice, IMAGES_MAX);
	bool witness = false;

	if (central->images[i] == NULL || !central->up || s->window)
		return;
	s->window_until = s->now + dice_between(&s->dice, 3000, 20000);
	for (unsigned k = 1; k < s->node_count; k++) {
		struct node *n = &s->nodes[k];

		if (n->up && seen_of(n) > central->image_sizes[i])
			witness = true;
		else
			n->stalled_until[0] = n->stalled_until[1] = s->window_until +
								    1000;
	}
	if (!witness)
		return;
	sim_log(s, "central: backup %u of position %llu is put back", i,
		(unsigned long long)central->image_sizes[i]);
	s->newer = memkv_snapshot(central->disk);
	node_kill(s, central);
	memkv_restore(central->disk, central->images[i]);
	s->window = true;
	sim_push(s, s->window_until, SIM_WINDOW_ENDS, 0, 0);
	node_boot(s, central);
}

void fault_window_ends(struct sim *s)
{
	struct node *central = &s->nodes[0];

	if (!s->window)
		return;
	sim_log(s, "central: its newer state is put back");
	if (central->up)
		node_kill(s, central);
	memkv_restore(central->disk, s->newer);
	memkv_image_free(s->newer);
	s->newer = NULL;
	s->window = false;
	s->window_conns = s->conn_count;
	node_boot(s, central);
}

/* ---- Bytes from somebody who has a certificate and means no good ---- */

static void say(struct sim *s, uint64_t conn, struct troth_buf *bytes)
{
	(void)net_send(s, conn, TO_CENTRAL, 0, bytes, 0);
	troth_buf_fini(bytes);
}

static void hello(struct sim *s, uint64_t conn)
{
	struct troth_bus_request m = {
		.type = TROTH_BUS_HELLO,
		.u.hello = { .version_min = 1,
			     .version_max = 1,
			     .software = "rogue",
			     .incarnation = dice_below(&s->dice, 4) },
	};
	struct troth_buf b = TROTH_BUF_INIT;

	troth_bus_request_encode(&m, &b);
	say(s, conn, &b);
}

static void junk(struct sim *s, uint64_t conn)
{
	struct troth_buf b = TROTH_BUF_INIT;
	uint8_t *bytes = troth_buf_grow(&b, (size_t)dice_between(&s->dice, 1, 200));

	dice_fill(&s->dice, bytes, b.len);
	say(s, conn, &b);
}

static void forged(struct sim *s, uint64_t conn)
{
	uint8_t body[64];
	struct troth_span bodies[2] = { { body, sizeof(body) }, { body, 1 } };
	struct troth_span blobs[2] = { TROTH_SPAN_NONE, TROTH_SPAN_NONE };
	struct troth_bus_request m = {
		.type = TROTH_BUS_SUBMIT,
		.u.submit = { .incarnation = (uint64_t)dice_between(&s->dice, 0, 3),
			      .first_seq = (uint64_t)dice_between(&s->dice, 0, 20),
			      .count = 2,
			      .bodies = bodies,
			      .blobs = blobs },
	};
	struct troth_buf b = TROTH_BUF_INIT;

	dice_fill(&s->dice, body, sizeof(body));
	troth_bus_request_encode(&m, &b);
	say(s, conn, &b);
}

/* What a real site has said, with one byte changed, or just again. */
static void distorted(struct sim *s, uint64_t conn, const struct node *n)
{
	struct troth_buf b = TROTH_BUF_INIT;

	if (n->last_submit.len == 0)
		return;
	troth_buf_put_span(&b, troth_buf_span(&n->last_submit));
	if (dice_percent(&s->dice, 80))
		b.data[dice_below(&s->dice, b.len)] ^= (uint8_t)(1 + dice_below(&s->dice,
										255));
	say(s, conn, &b);
}

static void rogue(struct sim *s, struct node *n)
{
	uint64_t conn;

	if (!s->nodes[0].up || s->window)
		return;
	conn = net_rogue(s, n);
	s->counts.rogues++;
	sim_log(s, "net: a stranger with the certificate of site %u connects as %llu",
		n->number, (unsigned long long)conn);
	if (dice_percent(&s->dice, 70))
		hello(s, conn);
	switch (dice_below(&s->dice, 3)) {
	case 0:
		junk(s, conn);
		break;
	case 1:
		forged(s, conn);
		break;
	case 2:
		distorted(s, conn, n);
		break;
	}
	if (dice_percent(&s->dice, 50))
		net_close(s, conn, TO_CENTRAL);
}

/* ---- One after the other ---- */

static void stop(struct sim *s, struct node *n)
{
	if (n->up && !n->stopping && !(n->number == 0 && s->window))
		node_stop(s, n);
}

static bool hit(unsigned *dice, unsigned weight)
{
	if (*dice < weight) {
		*dice = 1000;
		return true;
	}
	*dice -= *dice == 1000 ? 0 : weight;
	return false;
}

void fault_strike(struct sim *s)
{
	const struct weights *w = &s->weights;
	unsigned dice = (unsigned)dice_below(&s->dice, 110);
	struct node *site = any_site(s), *node = any_node(s);

	make_room(s);
	if (hit(&dice, w->cut) && site->conn != 0)
		net_cut(s, site->conn);
	if (hit(&dice, w->stall))
		stall(s, site, false);
	if (hit(&dice, w->partition))
		stall(s, site, true);
	if (hit(&dice, w->crash))
		crash(s, site);
	if (hit(&dice, w->crash_central))
		crash(s, &s->nodes[0]);
	if (hit(&dice, w->doom))
		doom(s, node);
	if (hit(&dice, w->full))
		fill_disk(s, node);
	if (hit(&dice, w->slow))
		node->slow_until = s->now + dice_between(&s->dice, 1000, 20000);
	if (hit(&dice, w->jump))
		jump(s, site);
	if (hit(&dice, w->snapshot) && node->up && !s->window)
		node_snapshot(s, node);
	if (hit(&dice, w->restore))
		restore(s, site);
	if (hit(&dice, w->central_back))
		central_back(s);
	if (hit(&dice, w->rogue))
		rogue(s, site);
	if (hit(&dice, w->garble))
		site->garble = true;
	if (hit(&dice, w->stop))
		stop(s, node);
	sim_push(s, s->now + dice_between(&s->dice, 20, 700), SIM_FAULT, 0, 0);
}

void fault_heal(struct sim *s)
{
	if (s->window)
		fault_window_ends(s);
	for (unsigned i = 0; i < s->node_count; i++) {
		struct node *n = &s->nodes[i];

		n->doom = MEMKV_OK;
		n->garble = false;
		n->full_until = n->slow_until = 0;
		n->stalled_until[0] = n->stalled_until[1] = 0;
	}
	make_room(s);
	for (unsigned i = 0; i < s->node_count; i++)
		if (!s->nodes[i].up)
			node_boot(s, &s->nodes[i]);
}
