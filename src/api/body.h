/*
 * body - what a POST says, as the events it asks for.
 */
#ifndef TROTH_API_BODY_H
#define TROTH_API_BODY_H

#include "api.h"
#include "in.h"

/* What somebody is asked to owe, as callers write it. */
struct troth_in_terms {
	struct troth_terms t;
	int64_t ack_within_s; /* TROTH_NOT_SAID, */
	int64_t acceptance_s; /* or as it was said. */
};
#define TROTH_NOT_SAID INT64_MIN

#define TROTH_ACCEPTANCE_S INT64_C(86400) /* If the caller does not say. */
#define TROTH_LAPSES_MS    INT64_C(86400000)

#define TROTH_CERT_MAX 8191 /* Bytes of a PEM certificate in a body. */

/* Where the tables put what they read: base 0 the event, 1 `p`, 2 the body itself. */
struct troth_body {
	struct troth_call *c;
	struct troth_event *e;
	struct troth_personal p;
	struct troth_in_terms terms[TROTH_TERMS_MAX];
	unsigned terms_count;
	struct troth_in_terms tell[1];
	unsigned has_tell, has_personal, has_evidence, has_instead, has_from, has_to;
	int64_t seconds; /* idle_s, period_s: the model has milliseconds. */
	char language[TROTH_LANGUAGE_MAX + 1]; /* Of the words to say. */
	struct troth_id other; /* The case or order that it is linked with. */
	uint32_t policy_version;
	const char *policy_text; /* In the JSON. */
	char sign_cert[TROTH_CERT_MAX + 1];
};

enum troth_body_base { TROTH_BASE_EVENT, TROTH_BASE_PERSONAL, TROTH_BASE_BODY };

#define TROTH_FIELD_E(name, form, member)                                                \
	{                                                                                \
		(name), (form), TROTH_BASE_EVENT, offsetof(struct troth_event, member),  \
			sizeof(((struct troth_event *)0)->member)                        \
	}
#define TROTH_FIELD_P(name, form, member)                                                \
	{                                                                                \
		(name), (form), TROTH_BASE_PERSONAL,                                     \
			offsetof(struct troth_personal, member),                         \
			sizeof(((struct troth_personal *)0)->member)                     \
	}
#define TROTH_FIELD_WORD(name, member, fn)                                               \
	{                                                                                \
		(name), TROTH_IN_WORD, TROTH_BASE_EVENT,                                 \
			offsetof(struct troth_event, member), sizeof(int), (fn)          \
	}

extern const struct troth_in_table troth_in_common; /* on_behalf, actor, note */
extern const struct troth_in_table troth_in_terms;  /* Elements of "commitments". */
extern const struct troth_in_table troth_in_tell;

#define TROTH_FIELD_B(name, form, member)                                                \
	{                                                                                \
		(name), (form), TROTH_BASE_BODY, offsetof(struct troth_body, member),    \
			sizeof(((struct troth_body *)0)->member)                         \
	}
#define TROTH_FIELD_AT(name, form, base, type, member)                                   \
	{                                                                                \
		(name), (form), (base), offsetof(type, member),                          \
			sizeof(((type *)0)->member)                                      \
	}
/* The members of terms that lie at `at` ("tell[0]." or nothing) in a `type`. */
#define TROTH_FIELDS_TERMS(base, type, at)                                               \
	TROTH_FIELD_AT("debtor", TROTH_IN_TEXT, base, type, at t.debtor),                \
		TROTH_FIELD_AT("creditor", TROTH_IN_TEXT, base, type, at t.creditor),    \
		{ "action",    TROTH_IN_WORD,      base, offsetof(type, at t.action),    \
		  sizeof(int), troth_action_number },                                    \
		TROTH_FIELD_AT("due", TROTH_IN_TIME, base, type, at t.due),              \
		TROTH_FIELD_AT("ack_due", TROTH_IN_TIME, base, type, at t.ack_due),      \
		TROTH_FIELD_AT("ack_within_s", TROTH_IN_I64, base, type,                 \
			       at ack_within_s),                                         \
		TROTH_FIELD_AT("acceptance_s", TROTH_IN_I64, base, type,                 \
			       at acceptance_s)

/* Member "tell": who is asked to tell the customer. */
#define TROTH_FIELD_TELL                                                                 \
	{                                                                                \
		.name = "tell", .form = TROTH_IN_OBJECT, .base = TROTH_BASE_BODY,        \
		.of = &troth_in_tell,                                                    \
		.count_offset = offsetof(struct troth_body, has_tell),                   \
	}

/*
 * Begins a command with `count` drafts for the call and an empty *b over its
 * first. False: no memory; the call then has no command.
 */
bool troth_body_begin(struct troth_body *b, struct troth_call *c, unsigned count);

/* The same, about the order or case in the path, */
bool troth_body_begin_subject(struct troth_body *b, struct troth_call *c, unsigned count);
/*
 * or about the subject of the item in the path, which is then in c->api->view. False:
 * there is none, and the call has been answered, or no memory.
 */
bool troth_body_begin_item(struct troth_body *b, struct troth_call *c);

/*
 * Reads the call's JSON by its route's table into *b, personal part, actor and on_behalf
 * included. False: the call has been answered with a problem.
 */
bool troth_body_read(struct troth_body *b);

/*
 * An integration may choose the id of what it makes ("id"), so that it can speak
 * of it before it has been answered. False: the call has been answered with a
 * problem, because its caller is none.
 */
bool troth_body_may_choose_id(struct troth_body *b);

/*
 * True at central. Elsewhere, where the judge would say the same later, the call has
 * been answered: HQ's own node alone changes the federation and what is delegated.
 */
bool troth_body_at_central(struct troth_call *c);

/* Drops the command: nothing is to be done. The caller answers. */
void troth_body_drop(struct troth_body *b);

/* Answers with a flaw in the body and drops the command. */
void troth_body_flaw(struct troth_body *b, const char *field, const char *problem);

/* Terms as they are to be, with what the caller left out. */
void troth_body_terms(struct troth_terms *out, const struct troth_in_terms *in,
		      struct troth_time due, struct troth_time now);

/* A new id, made now. */
struct troth_id troth_body_new_id(struct troth_call *c);

#endif
