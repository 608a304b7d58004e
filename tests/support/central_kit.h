/*
 * central_kit - a ledger on the simulated disk, and sites that submit to it.
 *
 * The federation is that of fixture.h; every site has a key of its own. Batches
 * are real: encoded bodies, chained and sealed.
 */
#ifndef TROTH_TEST_CENTRAL_KIT_H
#define TROTH_TEST_CENTRAL_KIT_H

#include "fixture.h"
#include "memkv.h"

#include "troth/ledger/ledger.h"

#define KIT_BATCH_MAX 8

struct kit_site {
	const char *party;
	char origin[TROTH_ORIGIN_MAX + 1];
	struct troth_sign_key *key;
	uint64_t incarnation, seq;
	struct troth_digest head;
};

/* A batch under construction, and what it is made of. */
struct kit_batch {
	struct kit_site *site;
	struct troth_bus_submit m;
	struct troth_buf bodies[KIT_BATCH_MAX], blobs[KIT_BATCH_MAX];
	struct troth_span body_spans[KIT_BATCH_MAX], blob_spans[KIT_BATCH_MAX];
};

struct kit {
	struct memkv_disk *disk;
	struct troth_kv *kv;
	struct troth_sign_key *central_key;
	struct troth_signer signer;
	struct troth_ledger *ledger;
	bool restored; /* The next open says so. */
	struct troth_time now;
	struct troth_time sites_say; /* What time it is; 0: what it is. */
	uint64_t random;
	struct kit_site acme, zeta, swift, slow, shop;
	struct troth_id event_id; /* Of the next event of a site; zero: a new one. */
};

/* A ledger with all parties and sites in it. */
void kit_init(struct kit *k);
void kit_fini(struct kit *k);

/* The same as cmocka wants it, for a test whose prestate is its struct kit. */
int kit_setup(void **state);
int kit_teardown(void **state);

/* The power goes and comes back: the ledger is opened again. */
void kit_crash(struct kit *k);

/* Begins a batch of the site, from the number after its last event on. */
void kit_batch_init(struct kit_batch *b, struct kit_site *site);
void kit_batch_fini(struct kit_batch *b);

/*
 * Adds an event to the batch: its envelope is filled, its chain goes on. The
 * order number (may be NULL) becomes its personal part.
 */
void kit_batch_add(struct kit *k, struct kit_batch *b, struct troth_event *e,
		   const char *order_number);
void kit_batch_seal(struct kit_batch *b);

/* Submits in a batch of its own, commits, and gives central's word. */
struct troth_taken kit_submit(struct kit *k, const struct kit_batch *b);

/* One event of a site on its way from making to commit; it must be taken. */
uint64_t kit_take(struct kit *k, struct kit_site *site, struct troth_event *e,
		  const char *order_number);

/*
 * An order of shop's with carrier swift and number A-1001, under the id that
 * fixture_event gives to orders. *e is its event.
 */
void kit_place_order(struct kit *k, struct troth_event *e);

/* Its customer calls acme: a case, which is linked to the order. *e is the link. */
void kit_link_case(struct kit *k, struct troth_event *e);

/* What stands at a position. Borrowed strings: none; the event is decoded into *e. */
struct troth_verdict kit_entry(struct kit *k, uint64_t position, struct troth_event *e);

/* Positions and digest marks of the whole feed of a site; returns how many. */
size_t kit_feed(struct kit *k, const struct kit_site *site, uint64_t *positions,
		uint8_t (*marks)[TROTH_ITEM_DIGEST_LEN], size_t max);

/* The state of a subject by the last commit. */
void kit_subject(struct kit *k, const struct troth_id *id, struct troth_subject *s);

#endif
