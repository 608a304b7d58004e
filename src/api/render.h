/*
 * render - orders, cases, promises, commitments and entries as JSON.
 */
#ifndef TROTH_API_RENDER_H
#define TROTH_API_RENDER_H

#include "out.h"

#include "troth/state/engine.h"

/* A promise this near its due with something left to do is at risk. */
#define TROTH_AT_RISK_MS INT64_C(3600000)

struct troth_render {
	struct troth_txn *t;
	enum troth_node_kind node;
	bool personal; /* The reader may see names, phones and words. */
	struct troth_time now;
	struct troth_policies *policies; /* NULL: what they would say is left out. */
};

/* Which prefix the id of a subject wears. */
enum troth_id_kind troth_render_subject_kind(enum troth_subject_kind kind);

/* How new the answer is: position, as_of, pending. */
void troth_render_freshness(const struct troth_render *r, struct troth_out *o,
			    unsigned pending);

/* The whole subject: promises with commitments, links, participants. */
void troth_render_subject(const struct troth_render *r, struct troth_out *o,
			  const char *key, const struct troth_view *v);
/* Promise `i` of the view, with its commitments. */
void troth_render_promise(const struct troth_render *r, struct troth_out *o,
			  const char *key, const struct troth_view *v, unsigned i);
/* The same of one that is to be approved, with what HQ could let the maker say. */
void troth_render_approval(const struct troth_render *r, struct troth_out *o,
			   const struct troth_view *v, unsigned i,
			   const struct troth_authority *maker);
/* Commitment `i` of the view, with the promise that it belongs to. */
void troth_render_commitment(const struct troth_render *r, struct troth_out *o,
			     const char *key, const struct troth_view *v, unsigned i);
/* How far promise `i` has got: saved, sequenced, received, acknowledged. */
void troth_render_known_by(const struct troth_render *r, struct troth_out *o,
			   const char *key, const struct troth_view *v, unsigned i);

/* An event and what became of it. */
struct troth_told {
	uint64_t number;   /* In the event stream; 0: not said. */
	uint64_t revision; /* Of its subject; 0: not said. */
	uint64_t position; /* 0: not sequenced yet. */
	struct troth_verdict verdict;
	struct troth_time accepted;
	struct troth_span blob;
};
void troth_render_event(const struct troth_render *r, struct troth_out *o,
			const char *key, const struct troth_event *e,
			const struct troth_told *told);
/* The payload of an event about a party's authority, a pool as it is set, a grant. */
void troth_render_authority_event(struct troth_out *o, const struct troth_event *e);
/* Alarm `i` of the subject, and recovery `i` of the view. */
void troth_render_alarm(struct troth_out *o, const char *key,
			const struct troth_subject *s, unsigned i);
void troth_render_recovery(const struct troth_render *r, struct troth_out *o,
			   const char *key, const struct troth_view *view, unsigned i);
/* A remedy's offers, in the words of that language, due as if promised now. */
void troth_render_remedy(struct troth_out *o, const char *key,
			 const struct troth_policy *p, const struct troth_remedy *r,
			 const char *language, struct troth_time now);
/* The payload of an event about an alarm or a recovery. */
void troth_render_recovery_event(struct troth_out *o, const struct troth_event *e);
void troth_render_pool(struct troth_out *o, const struct troth_pool *p);
void troth_render_grant(struct troth_out *o, const struct troth_grant *g);
/* Member "asked": the reason why it had to be. */
void troth_render_asked(struct troth_out *o, uint32_t asked);
/* The party that acted in `e`, "" if its origin is not known here. */
void troth_render_party_of(const struct troth_render *r, const struct troth_event *e,
			   char out[TROTH_PARTY_MAX + 1]);

#endif
