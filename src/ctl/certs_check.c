#include "certs_native.h"

#include "troth/crypto/trust.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* From this long before the end a line reminds the operator. */
#define REMIND_TLS_MS   INT64_C(2592000000) /* 30 days: renewal is due. */
#define REMIND_SIGN_MS  INT64_C(2592000000)
#define REMIND_LISTS_MS INT64_C(604800000) /* 7 days: new ones come daily. */

/* One run: what is looked at, and how many problems were found. */
struct look {
	const char *dir;
	char domain[TROTH_TRUST_DOMAIN_MAX + 1];
	struct troth_trust *trust; /* NULL if it could not be read. */
	struct troth_time at;
	int problems;
};

static void problem(struct look *l, const struct troth_why *why)
{
	printf("problem: %s\n", why->text);
	l->problems++;
}

/* The first domain to which the issuing CA's names are confined; empty if none. */
static void domain_of_ca(char out[TROTH_TRUST_DOMAIN_MAX + 1], X509 *ca)
{
	NAME_CONSTRAINTS *nc = X509_get_ext_d2i(ca, NID_name_constraints, NULL, NULL);
	STACK_OF(GENERAL_SUBTREE) *permitted = nc == NULL ? NULL : nc->permittedSubtrees;

	for (int i = 0; i < sk_GENERAL_SUBTREE_num(permitted) && out[0] == '\0'; i++) {
		const GENERAL_NAME *n = sk_GENERAL_SUBTREE_value(permitted, i)->base;

		if (n->type == GEN_URI &&
		    ASN1_STRING_length(n->d.ia5) <= TROTH_TRUST_DOMAIN_MAX)
			snprintf(out, TROTH_TRUST_DOMAIN_MAX + 1, "%.*s",
				 ASN1_STRING_length(n->d.ia5),
				 (const char *)ASN1_STRING_get0_data(n->d.ia5));
	}
	NAME_CONSTRAINTS_free(nc);
}

static void find_domain(struct look *l)
{
	struct troth_why why;
	char path[PATH_MAX];
	X509 *ca = NULL;

	snprintf(path, sizeof(path), "%s/issuing.pem", l->dir);

	FILE *f = fopen(path, "re");
	if (f != NULL)
		ca = PEM_read_X509(f, NULL, NULL, NULL);
	if (ca != NULL)
		domain_of_ca(l->domain, ca);
	if (l->domain[0] == '\0') {
		if (f == NULL)
			troth_fail(&why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
		else
			troth_fail(&why, TROTH_ERR_INPUT,
				   "%s: names no trust domain; give one with --domain",
				   path);
		problem(l, &why);
	}
	X509_free(ca);
	if (f != NULL)
		fclose(f);
}

static void remind(const struct look *l, const char *file, struct troth_time end,
		   int64_t before_ms)
{
	char text[TROTH_TIME_TEXT];

	if (end.ms < l->at.ms || end.ms - l->at.ms > before_ms)
		return;
	troth_time_format(text, end);
	printf("soon: %s/%s ends %s\n", l->dir, file, text);
}

static void check_lists(struct look *l)
{
	struct troth_time end = troth_trust_lists_end(l->trust);
	struct troth_why why;
	char text[TROTH_TIME_TEXT];

	if (end.ms <= l->at.ms) {
		troth_time_format(text, end);
		troth_fail(&why, TROTH_ERR_IDENTITY,
			   "%s/crl.pem: stale, a revocation list ended %s", l->dir, text);
		problem(l, &why);
	}
	remind(l, "crl.pem", end, REMIND_LISTS_MS);
}

static void check_key(struct look *l, const char *name)
{
	struct troth_credential c;
	struct troth_why why;

	if (troth_credential_load(&c, l->dir, name, &why) != TROTH_OK)
		problem(l, &why);
	troth_credential_fini(&c);
}

/* True, and *facts, if the leaf holds for that use. */
static bool check_leaf(struct look *l, const char *file, enum troth_cert_use use,
		       struct troth_cert_facts *facts, int64_t remind_ms)
{
	struct troth_why why;
	char path[PATH_MAX];

	if (l->trust == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/%s", l->dir, file);
	if (troth_trust_judge_file(l->trust, path, use, l->at, facts, &why) != TROTH_OK) {
		problem(l, &why);
		return false;
	}
	if (use != TROTH_CERT_SERVER)
		remind(l, file, facts->not_after, remind_ms);
	return true;
}

static void check_node(struct look *l)
{
	struct troth_cert_facts tls, sign;
	struct troth_why why;
	char id[TROTH_IDENTITY_TEXT], other[TROTH_IDENTITY_TEXT];
	bool tls_good = check_leaf(l, "tls.pem", TROTH_CERT_CLIENT, &tls, REMIND_TLS_MS);
	bool sign_good = check_leaf(l, "sign.pem", TROTH_CERT_SIGN, &sign,
				    REMIND_SIGN_MS);

	if (tls_good && tls.identity.kind == TROTH_IDENTITY_CENTRAL)
		tls_good = check_leaf(l, "tls.pem", TROTH_CERT_SERVER, &tls, 0);
	check_key(l, "tls");
	check_key(l, "sign");
	if (!tls_good || !sign_good)
		return;
	troth_identity_format(id, &tls.identity);
	if (!troth_identity_eq(&tls.identity, &sign.identity)) {
		troth_identity_format(other, &sign.identity);
		troth_fail(&why, TROTH_ERR_IDENTITY,
			   "%s/sign.pem: is of %s, but tls.pem of %s", l->dir, other, id);
		problem(l, &why);
	} else if (l->problems == 0) {
		printf("good: %s is %s\n", l->dir, id);
	}
}

int troth_certs_check(const char *dir, const char *domain, struct troth_time at)
{
	struct look l = { .dir = dir, .at = at };
	struct troth_why why;
	DIR *d = opendir(dir);

	if (d == NULL || strlen(dir) > PATH_MAX - 32) {
		fprintf(stderr, "troth certs: %s: %s\n", dir,
			strerror(d == NULL ? errno : ENAMETOOLONG));
		if (d != NULL)
			closedir(d);
		return 2;
	}
	closedir(d);
	if (domain != NULL && !troth_identity_domain_ok(domain)) {
		fprintf(stderr,
			"troth certs: --domain %s: not a DNS name in lower case\n",
			domain);
		return 2;
	}
	if (domain != NULL)
		memcpy(l.domain, domain, strlen(domain));
	else
		find_domain(&l);
	if (l.domain[0] != '\0' &&
	    troth_trust_open(&l.trust, dir, l.domain, &why) != TROTH_OK)
		problem(&l, &why);
	if (l.trust != NULL)
		check_lists(&l);
	check_node(&l);
	troth_trust_close(l.trust);
	return l.problems == 0 ? 0 : 1;
}
