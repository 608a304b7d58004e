/*
 * self - who this node is, from its own certificates, and what it signs with.
 *
 * certs_dir/tls.pem says the identity; sign.pem must say the same; both must
 * hold at this moment before the federation's CAs and lists, just as a peer
 * would judge them, so that what is wrong shows at the start of the program and
 * not at every handshake.
 */
#ifndef TROTH_NODE_SELF_H
#define TROTH_NODE_SELF_H

#include "troth/crypto/trust.h"

struct troth_self {
	struct troth_identity identity;
	char origin[TROTH_IDENTITY_TEXT]; /* The identity as text. */
	struct troth_sign_key *key;
	struct troth_time tls_end, sign_end; /* When the certificates end, */
	struct troth_time lists_end;         /* and the first of the lists. */
};

/*
 * Loads and judges everything at the instant `now`. Fails with what is wrong and
 * in which file, *self all zero: a missing file, a key open to group or others,
 * a key that is not the certificate's, a certificate that does not hold (ended,
 * revoked, of another domain), lists that have ended, the identity of the other
 * kind of node, or two identities. The caller owes a fini.
 */
TROTH_MUST_USE enum troth_err troth_self_load(
	struct troth_self *self, const char *certs_dir, const char *trust_domain,
	enum troth_identity_kind kind, struct troth_time now, struct troth_why *why);

/* Frees the key. Accepts what a failed load left. */
void troth_self_fini(struct troth_self *self);

#endif
