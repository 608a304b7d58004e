/* Who acts, and which parties an event may name. */
#include "judge.h"

bool judge_may(const struct bench *b, unsigned roles)
{
	return (roles & 1u << b->who->role) != 0;
}

enum troth_reason judge_party_of_role(const struct bench *b, const char *name,
				      unsigned roles)
{
	struct troth_party p;

	if (!b->lookup->party(b->lookup->ctx, name, &p))
		return TROTH_REASON_NO_PARTY;
	return (roles & 1u << p.role) != 0 ? TROTH_REASON_NONE : TROTH_REASON_WRONG_ROLE;
}

enum troth_reason judge_terms(const struct bench *b, const struct troth_terms *t)
{
	/* A case is a conversation: carriers and sellers are asked on the order. */
	unsigned roles = b->s->kind == TROTH_SUBJECT_CASE ? BRAND | VENDOR : ANYONE;
	enum troth_reason r = judge_party_of_role(b, t->debtor, roles);

	if (r == TROTH_REASON_NONE && t->creditor[0] != '\0')
		r = judge_party_of_role(b, t->creditor, ANYONE);
	return r;
}
