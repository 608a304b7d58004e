/*
 * identity - who a node is: its SPIFFE id, as text and in a certificate.
 *
 *   spiffe://<trust-domain>/central             the one central of a federation
 *   spiffe://<trust-domain>/gw/<party>/<site>   a gateway
 *
 * A certificate says exactly one of these, as its only URI subject alternative
 * name. Everything else in it (common name, DNS names) says nothing about who
 * its holder is.
 */
#ifndef TROTH_CRYPTO_IDENTITY_H
#define TROTH_CRYPTO_IDENTITY_H

#include "troth/base/span.h"

struct x509_st; /* OpenSSL's X509. */

#define TROTH_IDENTITY_MAX      200 /* Bytes of a whole id. */
#define TROTH_IDENTITY_TEXT     (TROTH_IDENTITY_MAX + 1)
#define TROTH_IDENTITY_NAME_MAX 32  /* Bytes of a party's or a site's name. */
#define TROTH_TRUST_DOMAIN_MAX  122 /* What then remains for the trust domain. */

enum troth_identity_kind {
	TROTH_IDENTITY_CENTRAL = 1,
	TROTH_IDENTITY_GATEWAY,
};

struct troth_identity {
	enum troth_identity_kind kind;
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	char party[TROTH_IDENTITY_NAME_MAX + 1]; /* Empty for central. */
	char site[TROTH_IDENTITY_NAME_MAX + 1];  /* Empty for central. */
};

/*
 * True for a DNS name in lower case: labels of a-z 0-9 -, which neither begin
 * nor end with -, joined by dots; at most TROTH_TRUST_DOMAIN_MAX bytes.
 */
bool troth_identity_domain_ok(const char *domain);

/* True for a party's or site's name: troth_text_is_name, no '/', at most 32 bytes. */
bool troth_identity_name_ok(const char *name);

/*
 * Reads a whole id. TROTH_ERR_INPUT, with the part that is wrong in *why and
 * *out untouched, unless it is exactly one of the two forms above: no
 * upper-case scheme, port, query, fragment, escape or trailing slash.
 */
TROTH_MUST_USE enum troth_err troth_identity_parse(struct troth_identity *out,
						   struct troth_span text,
						   struct troth_why *why);

/* The id as text. The fields must be valid, as parse leaves them. */
void troth_identity_format(char out[TROTH_IDENTITY_TEXT],
			   const struct troth_identity *id);

bool troth_identity_eq(const struct troth_identity *a, const struct troth_identity *b);

/*
 * Who `cert` says its holder is. TROTH_ERR_IDENTITY, *out untouched, for a
 * certificate with no URI name or more than one, with a URI that does not
 * parse, or of another trust domain than `trust_domain`. Says nothing about
 * who signed the certificate: that is trust.h.
 */
TROTH_MUST_USE enum troth_err troth_identity_of_cert(struct troth_identity *out,
						     const struct x509_st *cert,
						     const char *trust_domain,
						     struct troth_why *why);

#endif
