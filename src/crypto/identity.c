#include "troth/crypto/identity.h"

#include "troth/base/text.h"

#include <assert.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "spiffe://";

static bool label_ok(const char *s, size_t len)
{
	if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < '0' || s[i] > '9') &&
		    s[i] != '-')
			return false;
	}
	return true;
}

bool troth_identity_domain_ok(const char *domain)
{
	if (strnlen(domain, TROTH_TRUST_DOMAIN_MAX + 1) > TROTH_TRUST_DOMAIN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(domain, ".");

		if (!label_ok(domain, len))
			return false;
		if (domain[len] == '\0')
			return true;
		domain += len + 1;
	}
}

bool troth_identity_name_ok(const char *name)
{
	return troth_text_is_name(name, TROTH_IDENTITY_NAME_MAX) &&
	       strchr(name, '/') == NULL;
}

/*
 * Cuts the text up to the next `stop` off *at into `out`, which has room for
 * `max` bytes and a NUL. False if it is longer. *at then stands behind the stop,
 * or is NULL where the text ended.
 */
static bool cut(char *out, size_t max, const char **at, char stop)
{
	const char *end = strchr(*at, stop);
	size_t len = end == NULL ? strlen(*at) : (size_t)(end - *at);

	if (len > max)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at = end == NULL ? NULL : end + 1;
	return true;
}

static enum troth_err bad(struct troth_why *why, const char *text, const char *what)
{
	return troth_fail(why, TROTH_ERR_INPUT, "identity \"%.*s\": %s",
			  TROTH_IDENTITY_MAX, text, what);
}

/* The path, after the slash: "central" or "gw/<party>/<site>". */
static const char *parse_path(struct troth_identity *id, const char *path)
{
	if (path != NULL && strcmp(path, "central") == 0) {
		id->kind = TROTH_IDENTITY_CENTRAL;
		return NULL;
	}
	if (path == NULL || strncmp(path, "gw/", 3) != 0)
		return "the path is neither /central nor /gw/<party>/<site>";
	id->kind = TROTH_IDENTITY_GATEWAY;
	path += 3;
	if (!cut(id->party, TROTH_IDENTITY_NAME_MAX, &path, '/') ||
	    !troth_identity_name_ok(id->party))
		return "the party is not a name of 1 to 32 characters";
	if (path == NULL)
		return "there is no site after the party";
	if (strchr(path, '/') != NULL)
		return "there is more after the site";
	if (!cut(id->site, TROTH_IDENTITY_NAME_MAX, &path, '/') ||
	    !troth_identity_name_ok(id->site))
		return "the site is not a name of 1 to 32 characters";
	return NULL;
}

enum troth_err troth_identity_parse(struct troth_identity *out, struct troth_span text,
				    struct troth_why *why)
{
	struct troth_identity id = { 0 };
	char copy[TROTH_IDENTITY_TEXT];
	const char *at = copy + sizeof(scheme) - 1;

	if (text.len > TROTH_IDENTITY_MAX)
		return troth_fail(why, TROTH_ERR_INPUT,
				  "identity of %zu bytes: the limit is %d", text.len,
				  TROTH_IDENTITY_MAX);
	if (!troth_text_ok(text, false)) /* Also keeps NULs out of what follows. */
		return troth_fail(why, TROTH_ERR_INPUT, "identity: not text");
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';

	if (strncmp(copy, scheme, sizeof(scheme) - 1) != 0)
		return bad(why, copy, "does not begin with spiffe://");
	if (!cut(id.trust_domain, TROTH_TRUST_DOMAIN_MAX, &at, '/') ||
	    !troth_identity_domain_ok(id.trust_domain))
		return bad(why, copy, "the trust domain is not a DNS name in lower case");

	const char *what = parse_path(&id, at);
	if (what != NULL)
		return bad(why, copy, what);
	*out = id;
	return TROTH_OK;
}

void troth_identity_format(char out[TROTH_IDENTITY_TEXT], const struct troth_identity *id)
{
	int len;

	if (id->kind == TROTH_IDENTITY_CENTRAL)
		len = snprintf(out, TROTH_IDENTITY_TEXT, "%s%s/central", scheme,
			       id->trust_domain);
	else
		len = snprintf(out, TROTH_IDENTITY_TEXT, "%s%s/gw/%s/%s", scheme,
			       id->trust_domain, id->party, id->site);
	assert(len > 0);
	assert(len <= TROTH_IDENTITY_MAX);
}

bool troth_identity_eq(const struct troth_identity *a, const struct troth_identity *b)
{
	return a->kind == b->kind && strcmp(a->trust_domain, b->trust_domain) == 0 &&
	       strcmp(a->party, b->party) == 0 && strcmp(a->site, b->site) == 0;
}

/* The only URI among `names`, or empty and what is wrong with them. */
static struct troth_span only_uri(const GENERAL_NAMES *names, const char **what)
{
	struct troth_span uri = TROTH_SPAN_NONE;
	int found = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type != GEN_URI)
			continue;
		found++;
		uri = troth_span(
			ASN1_STRING_get0_data(n->d.uniformResourceIdentifier),
			(size_t)ASN1_STRING_length(n->d.uniformResourceIdentifier));
	}
	if (found == 1)
		return uri;
	*what = found == 0 ? "certificate names no URI (its SPIFFE id)"
			   : "certificate names more than one URI";
	return TROTH_SPAN_NONE;
}

enum troth_err troth_identity_of_cert(struct troth_identity *out,
				      const struct x509_st *cert,
				      const char *trust_domain, struct troth_why *why)
{
	enum troth_err err = TROTH_OK;
	struct troth_identity id;
	struct troth_why inner;
	const char *what = NULL;
	int several = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &several,
						NULL);

	if (names == NULL && several == -2) {
		err = troth_fail(why, TROTH_ERR_IDENTITY,
				 "certificate has more than one list of names");
		goto out;
	}

	struct troth_span uri = only_uri(names, &what);
	if (what != NULL) {
		err = troth_fail(why, TROTH_ERR_IDENTITY, "%s", what);
		goto out;
	}
	if (troth_identity_parse(&id, uri, &inner) != TROTH_OK) {
		err = troth_fail(why, TROTH_ERR_IDENTITY, "certificate: %s", inner.text);
		goto out;
	}
	if (strcmp(id.trust_domain, trust_domain) != 0) {
		err = troth_fail(why, TROTH_ERR_IDENTITY,
				 "certificate is of trust domain %s, not %s",
				 id.trust_domain, trust_domain);
		goto out;
	}
	*out = id;
out:
	GENERAL_NAMES_free(names);
	return err;
}
